/* What may have been meant by what is refused: habits of other languages, slips of the hand. */
#include "contractlua/parse_state.h"

#include <stdio.h>
#include <strings.h>

bool vmh_lua_is_slip(vmh_bytes name, vmh_bytes meant)
{
    size_t shorter = name.size < meant.size ? name.size : meant.size, same = 0;
    const uint8_t *a, *b;
    size_t a_size, b_size;

    while (same < shorter && name.data[same] == meant.data[same])
        same++;
    a = name.data + same, b = meant.data + same;
    a_size = name.size - same, b_size = meant.size - same;
    if (a_size == b_size)
        return (a_size > 0 && memcmp(a + 1, b + 1, a_size - 1) == 0) ||
               (a_size > 1 && a[0] == b[1] && a[1] == b[0] &&
                memcmp(a + 2, b + 2, a_size - 2) == 0);
    return a_size + 1 == b_size   ? memcmp(a, b + 1, a_size) == 0
           : b_size + 1 == a_size ? memcmp(a + 1, b, b_size) == 0
                                  : false;
}

/* A keyword that a name may stand for; STOP: none. */
static vmh_lua_token_kind find_keyword(vmh_bytes name)
{
    for (int kind = VMH_LUA_TOKEN_AND; kind <= VMH_LUA_TOKEN_WHILE; kind++) {
        const char *keyword = vmh_lua_token_spelling((vmh_lua_token_kind)kind);

        if ((strlen(keyword) > 2 && vmh_lua_is_slip(name, vmh_bytes_text(keyword))) ||
            (strlen(keyword) == name.size &&
             strncasecmp(keyword, (const char *)name.data, name.size) == 0))
            return (vmh_lua_token_kind)kind;
    }
    return VMH_LUA_TOKEN_STOP;
}

/* Those that other languages put before '='. */
static bool is_arithmetic(vmh_lua_token_kind kind)
{
    return kind >= VMH_LUA_TOKEN_PLUS && kind <= VMH_LUA_TOKEN_CONCAT &&
           kind != VMH_LUA_TOKEN_HASH && kind != VMH_LUA_TOKEN_CARET;
}

static const struct {
    const char *word, *hint;
    vmh_lua_token_kind keyword; /* that begins the same; STOP: none */
} habits[] = {
    {"continue", "write 'goto continue', and '::continue::' at the end of the loop",
     VMH_LUA_TOKEN_STOP},
    {"let", "write 'local'", VMH_LUA_TOKEN_STOP},
    {"var", "write 'local'", VMH_LUA_TOKEN_STOP},
    {"const", "write 'local name <const>'", VMH_LUA_TOKEN_STOP},
    {"elif", "write 'elseif'", VMH_LUA_TOKEN_STOP},
    {"elsif", "write 'elseif'", VMH_LUA_TOKEN_STOP},
    {"def", "write 'function'", VMH_LUA_TOKEN_FUNCTION},
    {"func", "write 'function'", VMH_LUA_TOKEN_FUNCTION},
    {"fn", "write 'function'", VMH_LUA_TOKEN_FUNCTION},
    {"switch", "write 'if ... elseif ... end'", VMH_LUA_TOKEN_STOP},
    {"try", "call the function by 'pcall'", VMH_LUA_TOKEN_STOP},
    {"throw", "call 'error'", VMH_LUA_TOKEN_STOP},
    {"import", "a contract is one source, without modules", VMH_LUA_TOKEN_STOP},
    {"class", "write a table with functions", VMH_LUA_TOKEN_STOP},
};

/* Whether `//` stands before an expression in its line, as comments of other languages begin. */
static bool is_in_comment(const vmh_lua_parser *parser, const vmh_lua_expression *expression)
{
    const vmh_lua_token *token = &parser->lexer.token;
    const uint8_t *begin = parser->source.data, *end = token->begin, *at = end;
    vmh_lua_place place = vmh_lua_place_of(expression);
    uint32_t column = vmh_lua_place_column(place);

    if (parser->lexer.refused_line == vmh_lua_place_line(place))
        return false; /* nobody hears of it: one line, long as it may be, is read once */

    /* At most to the line before: what is between is space. */
    for (uint32_t line = vmh_lua_place_line(token->place); at > begin; at--) {
        if (at[-1] == '\n' && line-- == vmh_lua_place_line(place))
            break;
    }
    if (column <= 2 || (size_t)(end - at) < column)
        return false;
    /* Behind a quote it may be part of a text. */
    for (const uint8_t *last = at + column - 2; last > at; last--) {
        if (*last == '"' || *last == '\'')
            return false;
        if (*last == '/' && last[-1] == '/')
            return true;
    }
    return false;
}

/* A word that begins a statement elsewhere, or a keyword but for a slip. False: it is none. */
static bool refuse_word(vmh_lua_parser *parser, const vmh_lua_expression *expression,
                        vmh_lua_token_kind *keyword)
{
    const vmh_lua_token *token = &parser->lexer.token;
    vmh_bytes word;

    *keyword = VMH_LUA_TOKEN_STOP;
    if (expression->kind != VMH_LUA_EXPR_GLOBAL)
        return false;
    word = expression->as.string->bytes;
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        if (!vmh_bytes_equal(word, vmh_bytes_text(habits[i].word)))
            continue;
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_place_of(expression),
                             "'%s' is not in Lua: %s", habits[i].word, habits[i].hint);
        *keyword = habits[i].keyword;
        return true;
    }
    *keyword = is_in_comment(parser, expression) ? VMH_LUA_TOKEN_STOP : find_keyword(word);
    if (*keyword != VMH_LUA_TOKEN_STOP) {
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_place_of(expression),
                             "%s is no statement: '%s' may be meant", vmh_lua_show(word).text,
                             vmh_lua_token_spelling(*keyword));
        return true;
    }
    if (token->kind != VMH_LUA_TOKEN_NAME ||
        vmh_lua_place_line(token->place) != vmh_lua_expression_line(expression) ||
        vmh_lua_lexer_peek(&parser->lexer) != VMH_LUA_TOKEN_ASSIGN)
        return false;
    vmh_lua_parser_refuse_token(parser, "a local is declared by 'local', without a type");
    return true;
}

vmh_lua_token_kind vmh_lua_refuse_expression(vmh_lua_parser *parser,
                                             const vmh_lua_expression *expression)
{
    const vmh_lua_token *token = &parser->lexer.token;
    const uint8_t *next = token->end;
    bool has_next = next < parser->lexer.end;
    vmh_lua_token_kind keyword;

    if (refuse_word(parser, expression, &keyword))
        return keyword;
    if (has_next && *next == '=' && is_arithmetic(token->kind))
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                             "'%s=' is not in Lua: write 'x = x %s value'",
                             vmh_lua_token_spelling(token->kind),
                             token->kind == VMH_LUA_TOKEN_SLASH
                                 ? "//"
                                 : vmh_lua_token_spelling(token->kind));
    else if (has_next && *next == '+' && token->kind == VMH_LUA_TOKEN_PLUS)
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                             "'++' is not in Lua: write 'x = x + 1'");
    else if (token->kind == VMH_LUA_TOKEN_EQUAL)
        vmh_lua_parser_refuse_token(parser, "assign by '='");
    else if (is_in_comment(parser, expression))
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_place_of(expression),
                             "this is no statement: a comment begins with '--'");
    else
        vmh_lua_parser_refuse_token(parser, "an expression alone is no statement");
    return VMH_LUA_TOKEN_STOP;
}

bool vmh_lua_refuse_float(vmh_lua_parser *parser)
{
    const vmh_lua_token *token = &parser->lexer.token;
    bool is_power = token->kind == VMH_LUA_TOKEN_CARET;

    if (!is_power && token->end < parser->lexer.end && *token->end == '*') {
        vmh_lua_parser_refuse_token(parser, "a long comment is --[[ ... ]]");
        return false;
    }
    return vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_LEFT_OUT, token->place,
                              is_power
                                  ? "'^' makes a float: multiply, or write '~' for exclusive or"
                                  : "'/' makes a float: write '//'");
}

bool vmh_lua_pass_doubled(vmh_lua_parser *parser, vmh_lua_place first)
{
    const vmh_lua_token *token = &parser->lexer.token;

    if (token->begin[-1] != *token->begin)
        return true;
    if (!vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, first,
                            token->kind == VMH_LUA_TOKEN_AMPERSAND
                                ? "'&&' is not in Lua: write 'and'"
                                : "'||' is not in Lua: write 'or'"))
        return false;
    vmh_lua_parser_next(parser);
    return true;
}

void vmh_lua_refuse_operand(vmh_lua_parser *parser)
{
    const vmh_lua_token *token = &parser->lexer.token;
    uint8_t before = vmh_lua_place_column(token->place) > 1 ? token->begin[-1] : ' ';
    const char *hint = NULL;

    if (token->kind == VMH_LUA_TOKEN_GREATER && before == '<')
        hint = "'<>' is not in Lua, write '~='";
    else if (token->kind == VMH_LUA_TOKEN_ASSIGN && before == '=')
        hint = "'===' is not in Lua, write '=='";
    else if (token->kind == VMH_LUA_TOKEN_ASSIGN && before == '~')
        hint = "write '~='";
    else if (token->kind == VMH_LUA_TOKEN_GREATER && before == '=')
        hint = "'=>' is not in Lua, write '>=' or 'function(...) ... end'";
    else if (token->kind == VMH_LUA_TOKEN_LESS && before == '=')
        hint = "write '<='";
    vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                         hint == NULL ? "expected an expression before %s"
                                      : "expected an expression before %s: %s",
                         vmh_lua_show_token(token).text, hint);
}

/* ---- an `end` that is missing or too much ---- */

typedef struct opener {
    vmh_lua_token_kind kind;
    uint32_t line;
    uint32_t indent;   /* column of the first token in its line */
    uint32_t else_if;  /* of an `if`: the line where `else if` opened another in it; 0: none */
} opener;

/* Blocks that are open, as far as the source was read again. */
typedef struct openers {
    opener items[VMH_LUA_MAX_NESTING + 1];
    size_t count;
    uint32_t line, indent; /* of the present line */
    bool loop_is_open;     /* `while` or `for`, whose `do` comes still */
} openers;

static bool opens(openers *open, vmh_lua_token_kind kind)
{
    bool is_do = kind == VMH_LUA_TOKEN_DO && !open->loop_is_open;

    if (kind == VMH_LUA_TOKEN_DO)
        open->loop_is_open = false;
    if (kind == VMH_LUA_TOKEN_WHILE || kind == VMH_LUA_TOKEN_FOR)
        open->loop_is_open = true;
    return is_do || kind == VMH_LUA_TOKEN_WHILE || kind == VMH_LUA_TOKEN_FOR ||
           kind == VMH_LUA_TOKEN_IF || kind == VMH_LUA_TOKEN_FUNCTION ||
           kind == VMH_LUA_TOKEN_REPEAT;
}

static bool closes(vmh_lua_token_kind kind)
{
    return kind == VMH_LUA_TOKEN_END || kind == VMH_LUA_TOKEN_UNTIL;
}

/* Whether an `end` at the begin of its line stands so far left, or right, that it is another's. */
static bool is_odd(const opener *closed, const vmh_lua_token *end, bool is_missing)
{
    uint32_t column = vmh_lua_place_column(end->place);

    return vmh_lua_place_line(end->place) > closed->line &&
           (is_missing ? column < closed->indent : column > closed->indent);
}

static vmh_lua_guess say_odd(const opener *closed, uint32_t line)
{
    vmh_lua_guess guess;

    if (closed->else_if != 0)
        snprintf(guess.text, sizeof guess.text,
                 "the 'else if' of line %u needs an 'end' more, or write 'elseif'",
                 closed->else_if);
    else
        snprintf(guess.text, sizeof guess.text,
                 "by its indentation the 'end' of line %u is not of the '%s' of line %u", line,
                 vmh_lua_token_spelling(closed->kind), closed->line);
    return guess;
}

/* Reads tokens from the begin; the lexer is one of its own. */
static vmh_lua_guess read_again(vmh_lua_lexer *lexer, bool is_missing)
{
    openers open = {.count = 0};
    vmh_lua_guess guess = {""};
    vmh_lua_token_kind before = VMH_LUA_TOKEN_STOP;

    for (; lexer->token.kind != VMH_LUA_TOKEN_STOP &&
           lexer->token.kind != VMH_LUA_TOKEN_SOURCE_END;
         vmh_lua_lexer_next(lexer)) {
        const vmh_lua_token *token = &lexer->token;
        uint32_t line = vmh_lua_place_line(token->place);
        bool begins_line = line != open.line;

        if (begins_line) {
            open.line = line;
            open.indent = vmh_lua_place_column(token->place);
        }
        if (closes(token->kind) && open.count == 0)
            break;
        if (closes(token->kind)) {
            const opener *closed = &open.items[--open.count];

            if (begins_line && guess.text[0] == '\0' && is_odd(closed, token, is_missing))
                guess = say_odd(closed, line);
        } else if (opens(&open, token->kind)) {
            if (open.count == VMH_LUA_MAX_NESTING)
                break;
            if (token->kind == VMH_LUA_TOKEN_IF && before == VMH_LUA_TOKEN_ELSE && !begins_line &&
                open.count > 0)
                open.items[open.count - 1].else_if = line;
            open.items[open.count++] =
                (opener){.kind = token->kind, .line = line, .indent = open.indent};
        }
        before = token->kind;
    }
    while (is_missing && guess.text[0] == '\0' && open.count-- > 0) {
        if (open.items[open.count].else_if != 0)
            guess = say_odd(&open.items[open.count], 0);
    }
    return guess;
}

vmh_lua_guess vmh_lua_guess_end(vmh_lua_parser *parser, bool is_missing)
{
    vmh_bytes source = parser->source;
    vmh_lua_findings unused = {0};
    vmh_lua_lexer lexer;
    vmh_lua_guess guess;

    if (parser->has_guessed || parser->lexer.is_refused || parser->lexer.status != VMH_OK ||
        parser->lexer.refused_line == vmh_lua_place_line(parser->lexer.token.place))
        return (vmh_lua_guess){""};
    parser->has_guessed = true;
    vmh_lua_lexer_init(&lexer, source, &parser->lexer.scratch, &unused, parser->lexer.why);
    lexer.is_quiet = true;
    guess = read_again(&lexer, is_missing);
    if (lexer.status != VMH_OK)
        vmh_lua_lexer_fail(&parser->lexer);
    vmh_lua_lexer_clear(&lexer);
    return guess;
}
