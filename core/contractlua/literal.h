/*
 * The tokens that carry a value: numerals and strings. For lexer.c, which stands
 * at their first byte; they leave it behind the last one.
 */
#ifndef VMH_CONTRACTLUA_LITERAL_H
#define VMH_CONTRACTLUA_LITERAL_H

#include "contractlua/lexer.h"

/* Integers; refuses what is none, with the integer that may be meant. */
void vmh_lua_literal_read_numeral(vmh_lua_lexer *lexer, vmh_lua_token *token);

/* A string between quotes. */
void vmh_lua_literal_read_string(vmh_lua_lexer *lexer, vmh_lua_token *token);

/* How many '=' stand in the opening bracket of a long string or comment; -1: it is none. */
int vmh_lua_literal_long_level(const uint8_t *at, const uint8_t *end);

/* A string between long brackets of that level. */
void vmh_lua_literal_read_long_string(vmh_lua_lexer *lexer, vmh_lua_token *token, int level);

/* Passes a comment; at its opening bracket, while `place` is where it begins. */
void vmh_lua_literal_pass_long_comment(vmh_lua_lexer *lexer, vmh_lua_place place, int level);

/* Passes a line break, which must be there. */
static inline void vmh_lua_literal_pass_line_break(vmh_lua_lexer *lexer)
{
    lexer->at += vmh_lua_line_break(lexer->at, lexer->end);
    lexer->line++;
    lexer->line_begin = lexer->at;
}

/* Letters and '_', digits, hexadecimal digits; ASCII, whatever the locale. */
static inline bool vmh_lua_is_letter(uint8_t byte)
{
    return (uint8_t)((byte | 0x20) - 'a') < 26 || byte == '_';
}

static inline bool vmh_lua_is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

/* Of the names in a source: a letter, or a digit. */
extern const bool vmh_lua_is_name_byte[UINT8_MAX + 1];

static inline bool vmh_lua_is_hex_digit(uint8_t byte)
{
    return vmh_lua_is_digit(byte) || (uint8_t)((byte | 0x20) - 'a') < 6;
}

#endif
