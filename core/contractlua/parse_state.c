#include "contractlua/parse_state.h"

#include <stdio.h>

/* Tokens. */

void vmh_lua_parser_refuse_token(vmh_lua_parser *parser, const char *hint)
{
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_parser_place(parser),
                         hint == NULL ? "unexpected %s" : "unexpected %s: %s",
                         vmh_lua_show_token(&parser->lexer.token).text, hint);
}

bool vmh_lua_parser_is_behind_brace(const vmh_lua_parser *parser)
{
    const uint8_t *at = parser->lexer.token.begin;

    while (at > parser->source.data && (at[-1] == ' ' || (at[-1] >= '\t' && at[-1] <= '\r')))
        at--;
    return at > parser->source.data && at[-1] == '}';
}

bool vmh_lua_parser_expect(vmh_lua_parser *parser, vmh_lua_token_kind kind)
{
    vmh_lua_token_kind present = vmh_lua_parser_kind(parser);
    bool is_condition = kind == VMH_LUA_TOKEN_THEN || kind == VMH_LUA_TOKEN_DO;
    const char *hint = NULL;

    if (vmh_lua_parser_accept(parser, kind))
        return true;
    if (is_condition && present == VMH_LUA_TOKEN_ASSIGN)
        hint = "compare by '=='";
    else if (is_condition &&
             (present == VMH_LUA_TOKEN_OPEN_BRACE || vmh_lua_parser_is_behind_brace(parser)))
        hint = "a block ends with 'end', it has no braces";
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_parser_place(parser),
                         hint == NULL ? "expected '%s' before %s" : "expected '%s' before %s: %s",
                         vmh_lua_token_spelling(kind),
                         vmh_lua_show_token(&parser->lexer.token).text, hint);
    return false;
}

void vmh_lua_parser_refuse_open(vmh_lua_parser *parser, vmh_lua_token_kind kind,
                                vmh_lua_token_kind opener, vmh_lua_place place)
{
    const vmh_lua_token *present = &parser->lexer.token;
    vmh_lua_guess guess;

    guess.text[0] = '\0';
    if (present->kind == VMH_LUA_TOKEN_SOURCE_END && kind == VMH_LUA_TOKEN_END)
        guess = vmh_lua_guess_end(parser, true);
    else if (present->kind == VMH_LUA_TOKEN_ASSIGN && kind == VMH_LUA_TOKEN_CLOSE)
        snprintf(guess.text, sizeof guess.text, "compare by '=='");
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, present->place,
                         guess.text[0] == '\0'
                             ? "unexpected %s (the '%s' of line %u is not closed)"
                             : "unexpected %s (the '%s' of line %u is not closed): %s",
                         vmh_lua_show_token(present).text, vmh_lua_token_spelling(opener),
                         vmh_lua_place_line(place), guess.text);
}

vmh_lua_name *vmh_lua_parser_take_name(vmh_lua_parser *parser)
{
    vmh_lua_name *name = parser->lexer.token.name;
    vmh_lua_token_kind kind = vmh_lua_parser_kind(parser);
    bool is_keyword = kind >= VMH_LUA_TOKEN_AND && kind <= VMH_LUA_TOKEN_WHILE;
    bool is_assignment = kind == VMH_LUA_TOKEN_ASSIGN &&
                         vmh_lua_place_column(vmh_lua_parser_place(parser)) > 1 &&
                         parser->lexer.token.begin[-1] == ':';

    if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_NAME))
        return name;
    if (is_assignment)
        vmh_lua_parser_refuse_token(parser, "assign by '=' alone");
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_parser_place(parser),
                         "expected a name before %s%s",
                         vmh_lua_show_token(&parser->lexer.token).text,
                         is_keyword ? ", which is a keyword" : "");
    return NULL;
}

void vmh_lua_parser_refuse_nesting(vmh_lua_parser *parser, const char *hint)
{
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_LIMIT, vmh_lua_parser_place(parser),
                         hint == NULL ? "nested more than %d levels deep"
                                      : "nested more than %d levels deep: %s",
                         VMH_LUA_MAX_NESTING, hint);
}

/* Lists. */

void *vmh_lua_parser_grow_items(vmh_lua_parser *parser, void *items, size_t *capacity,
                                size_t wanted, size_t item_size)
{
    size_t larger = *capacity == 0 ? 8 : *capacity;
    void *grown;

    while (larger < wanted)
        larger *= 2;
    grown = vmh_lua_lexer_alloc_scratch(&parser->lexer, larger * item_size);
    if (grown == NULL)
        return NULL;
    if (*capacity != 0)
        memcpy(grown, items, *capacity * item_size);
    *capacity = larger;
    return grown;
}

bool vmh_lua_parser_take_list(vmh_lua_parser *parser, size_t mark, vmh_lua_expression ***list,
                              uint32_t *count)
{
    size_t size = (parser->item_count - mark) * sizeof **list;

    *list = vmh_lua_lexer_alloc(&parser->lexer, size);
    if (*list == NULL)
        return false;
    for (size_t i = mark; i < parser->item_count; i++)
        (*list)[i - mark] = parser->items[i];
    *count = (uint32_t)(parser->item_count - mark);
    parser->item_count = mark;
    return true;
}
