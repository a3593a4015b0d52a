/*
 * Source to tokens, one at a time.
 *
 * The first thing that goes wrong, a refusal or an allocation that fails, stops
 * the lexer: from then on its token is STOP, which no rule of the grammar takes,
 * so that whoever reads tokens ends by itself. Later refusals are not kept.
 *
 * Where all refusals are wanted (`findings`) the lexer can be told to go on from
 * there, and what leaves no doubt is noted without stopping.
 *
 * A '#' at the very begin makes the first line a comment, and a byte order mark
 * before it is passed over, as `lua FILE` does.
 */
#ifndef VMH_CONTRACTLUA_LEXER_H
#define VMH_CONTRACTLUA_LEXER_H

#include "contractlua/names.h"
#include "contractlua/parser.h"

#define VMH_LUA_KEYWORD_LIST(X) \
    X(AND, "and")               \
    X(BREAK, "break")           \
    X(DO, "do")                 \
    X(ELSE, "else")             \
    X(ELSEIF, "elseif")         \
    X(END, "end")               \
    X(FALSE, "false")           \
    X(FOR, "for")               \
    X(FUNCTION, "function")     \
    X(GOTO, "goto")             \
    X(IF, "if")                 \
    X(IN, "in")                 \
    X(LOCAL, "local")           \
    X(NIL, "nil")               \
    X(NOT, "not")               \
    X(OR, "or")                 \
    X(REPEAT, "repeat")         \
    X(RETURN, "return")         \
    X(THEN, "then")             \
    X(TRUE, "true")             \
    X(UNTIL, "until")           \
    X(WHILE, "while")

#define VMH_LUA_SYMBOL_LIST(X) \
    X(PLUS, "+")               \
    X(MINUS, "-")              \
    X(STAR, "*")               \
    X(SLASH, "/")              \
    X(SLASHES, "//")           \
    X(PERCENT, "%")            \
    X(CARET, "^")              \
    X(HASH, "#")               \
    X(AMPERSAND, "&")          \
    X(TILDE, "~")              \
    X(BAR, "|")                \
    X(SHIFT_LEFT, "<<")        \
    X(SHIFT_RIGHT, ">>")       \
    X(CONCAT, "..")            \
    X(DOTS, "...")             \
    X(EQUAL, "==")             \
    X(NOT_EQUAL, "~=")         \
    X(LESS, "<")               \
    X(LESS_EQUAL, "<=")        \
    X(GREATER, ">")            \
    X(GREATER_EQUAL, ">=")     \
    X(ASSIGN, "=")             \
    X(OPEN, "(")               \
    X(CLOSE, ")")              \
    X(OPEN_BRACE, "{")         \
    X(CLOSE_BRACE, "}")        \
    X(OPEN_BRACKET, "[")       \
    X(CLOSE_BRACKET, "]")      \
    X(COLONS, "::")            \
    X(SEMICOLON, ";")          \
    X(COLON, ":")              \
    X(COMMA, ",")              \
    X(DOT, ".")

typedef enum vmh_lua_token_kind {
    VMH_LUA_TOKEN_STOP,
    VMH_LUA_TOKEN_SOURCE_END,
    VMH_LUA_TOKEN_NAME,
    VMH_LUA_TOKEN_INTEGER,
    VMH_LUA_TOKEN_STRING,
#define VMH_LUA_TOKEN_ENUM(name, text) VMH_LUA_TOKEN_##name,
    VMH_LUA_KEYWORD_LIST(VMH_LUA_TOKEN_ENUM)
    VMH_LUA_SYMBOL_LIST(VMH_LUA_TOKEN_ENUM)
#undef VMH_LUA_TOKEN_ENUM
    VMH_LUA_TOKEN_COUNT
} vmh_lua_token_kind;

typedef struct vmh_lua_token {
    vmh_lua_token_kind kind;
    vmh_lua_place place;
    const uint8_t *begin, *end; /* in the source */
    vmh_lua_name *name; /* of NAME and STRING */
    int64_t integer;    /* of INTEGER */
} vmh_lua_token;

/* Where reading stands. */
typedef struct vmh_lua_reading {
    vmh_lua_token token, ahead;
    bool has_ahead;
    const uint8_t *at;
    const uint8_t *line_begin;
    uint32_t line;
} vmh_lua_reading;

typedef struct vmh_lua_lexer {
    vmh_lua_token token; /* the one to be taken next */
    vmh_lua_token ahead; /* the one behind it, once somebody peeked */
    bool has_ahead;
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *line_begin;
    uint32_t line;
    vmh_lua_names names;
    vmh_lua_trail trail;
    const uint8_t *expected; /* what stands up to here was looked at for names */
    uint8_t *text;      /* room for the largest string there can be, once there was one to unescape */
    size_t source_size;

    vmh_lua_parts tree;     /* what the tree keeps */
    vmh_arena scratch;      /* what goes with the lexer */
    vmh_lua_parts scratch_parts;

    vmh_status status;
    bool is_refused;
    vmh_lua_refusal refusal;
    vmh_failure *why;

    vmh_lua_findings *findings; /* NULL: the first refusal is the last */
    vmh_lua_reading stopped_at; /* where the newest refusal did */
    uint32_t refused_line;      /* of that refusal: more from there say little; 0: none */
    bool is_quiet;              /* what is passed over is not refused */
    bool is_over;               /* there is no going on */
} vmh_lua_lexer;

/*
 * Reads the first token too. A lexer that was not given its memory has stopped already.
 * `findings` may be NULL.
 */
void vmh_lua_lexer_init(vmh_lua_lexer *lexer, vmh_bytes source, vmh_arena *arena,
                        vmh_lua_findings *findings, vmh_failure *why);
void vmh_lua_lexer_clear(vmh_lua_lexer *lexer);

/* Goes on to the next token. */
void vmh_lua_lexer_next(vmh_lua_lexer *lexer);

/* The kind of the token behind the present one. */
vmh_lua_token_kind vmh_lua_lexer_peek(vmh_lua_lexer *lexer);

/* Stops with a refusal; does nothing where the lexer has stopped. */
void vmh_lua_lexer_refuse(vmh_lua_lexer *lexer, vmh_lua_refusal_kind kind, vmh_lua_place place,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * As refuse, of what leaves no doubt how to read on. True: do so, all refusals
 * are wanted. False: the lexer has stopped.
 */
bool vmh_lua_lexer_note(vmh_lua_lexer *lexer, vmh_lua_refusal_kind kind, vmh_lua_place place,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Goes on where the refusal stopped. False where there is no going on. `*is_cut`: it stopped
 * within a token, which is left out.
 */
bool vmh_lua_lexer_resume(vmh_lua_lexer *lexer, bool *is_cut);

/* No going on from here. */
void vmh_lua_lexer_end(vmh_lua_lexer *lexer);

vmh_lua_reading vmh_lua_lexer_reading(const vmh_lua_lexer *lexer);

/* Back to where it stood. */
void vmh_lua_lexer_return(vmh_lua_lexer *lexer, const vmh_lua_reading *reading);

/* Of a byte of the line that is read. */
static inline vmh_lua_place vmh_lua_lexer_place(const vmh_lua_lexer *lexer, const uint8_t *at)
{
    return vmh_lua_place_at(lexer->line, (uint32_t)(at - lexer->line_begin) + 1);
}

/* Whether nothing but space stands before the present token on its line. */
bool vmh_lua_lexer_begins_line(const vmh_lua_lexer *lexer);

/* Stops with VMH_E_NO_MEMORY. */
void vmh_lua_lexer_fail(vmh_lua_lexer *lexer);

/* `size` bytes for the tree, aligned to 8; NULL where memory is short, and the lexer has stopped. */
static inline void *vmh_lua_lexer_alloc(vmh_lua_lexer *lexer, size_t size)
{
    void *memory = vmh_lua_parts_alloc(&lexer->tree, size);

    if (memory == NULL)
        vmh_lua_lexer_fail(lexer);
    return memory;
}

/* As alloc, of what goes with the lexer. */
static inline void *vmh_lua_lexer_alloc_scratch(vmh_lua_lexer *lexer, size_t size)
{
    void *memory = vmh_lua_parts_alloc(&lexer->scratch_parts, size);

    if (memory == NULL)
        vmh_lua_lexer_fail(lexer);
    return memory;
}

/* The spelling of a keyword or symbol. */
const char *vmh_lua_token_spelling(vmh_lua_token_kind kind);

/* Bytes as a refusal shows them: printable, between quotes, cut where they are long. */
typedef struct vmh_lua_shown {
    char text[64];
} vmh_lua_shown;

vmh_lua_shown vmh_lua_show(vmh_bytes bytes);

/* The token: 'end', '"text"', end of source. */
vmh_lua_shown vmh_lua_show_token(const vmh_lua_token *token);

/* Size of the line break at `at`, 0 where there is none: \n, \r, \r\n and \n\r are one each. */
static inline size_t vmh_lua_line_break(const uint8_t *at, const uint8_t *end)
{
    if (at == end || (*at != '\n' && *at != '\r'))
        return 0;
    return end - at > 1 && at[0] + at[1] == '\n' + '\r' ? 2 : 1;
}

#endif
