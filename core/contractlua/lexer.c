#include "contractlua/lexer.h"

#include <stdio.h>

#include "contractlua/literal.h"

enum { SHOWN_SIZE = 40 }; /* bytes of a token that a refusal shows */

static const char *const spellings[VMH_LUA_TOKEN_COUNT] = {
    [VMH_LUA_TOKEN_STOP] = "",
    [VMH_LUA_TOKEN_SOURCE_END] = "end of source",
    [VMH_LUA_TOKEN_NAME] = "a name",
    [VMH_LUA_TOKEN_INTEGER] = "an integer",
    [VMH_LUA_TOKEN_STRING] = "a string",
#define SPELLING(name, text) [VMH_LUA_TOKEN_##name] = (text),
    VMH_LUA_KEYWORD_LIST(SPELLING)
    VMH_LUA_SYMBOL_LIST(SPELLING)
#undef SPELLING
};

const char *vmh_lua_token_spelling(vmh_lua_token_kind kind)
{
    return spellings[kind];
}

vmh_lua_shown vmh_lua_show(vmh_bytes bytes)
{
    vmh_lua_shown shown;
    size_t size = bytes.size > SHOWN_SIZE ? SHOWN_SIZE : bytes.size;
    size_t at = 0;

    shown.text[at++] = '\'';
    for (size_t i = 0; i < size; i++)
        shown.text[at++] = bytes.data[i] >= ' ' && bytes.data[i] <= '~' ? (char)bytes.data[i] : '?';
    snprintf(shown.text + at, sizeof shown.text - at, bytes.size > size ? "...'" : "'");
    return shown;
}

vmh_lua_shown vmh_lua_show_token(const vmh_lua_token *token)
{
    vmh_lua_shown shown;

    if (token->kind != VMH_LUA_TOKEN_SOURCE_END)
        return vmh_lua_show(vmh_bytes_of(token->begin, (size_t)(token->end - token->begin)));
    snprintf(shown.text, sizeof shown.text, "%s", spellings[token->kind]);
    return shown;
}

static void stop(vmh_lua_lexer *lexer)
{
    lexer->token.kind = VMH_LUA_TOKEN_STOP;
    lexer->ahead.kind = VMH_LUA_TOKEN_STOP;
    lexer->has_ahead = false;
    lexer->at = lexer->end;
}

static bool has_stopped(const vmh_lua_lexer *lexer)
{
    return lexer->is_refused || lexer->status != VMH_OK;
}

void vmh_lua_lexer_fail(vmh_lua_lexer *lexer)
{
    if (!has_stopped(lexer))
        lexer->status = vmh_fail_memory(lexer->why);
    stop(lexer);
}

/* The text, and of it what the format has behind ": ". */
static vmh_status describe(vmh_lua_lexer *lexer, vmh_lua_refusal *refusal, const char *format,
                           va_list arguments)
{
    const char *colon = strstr(format, ": ");
    char text[256], first_format[128];
    size_t hint_at = 0;
    vmh_status status;

    if (colon != NULL && (size_t)(colon - format) < sizeof first_format) {
        va_list again;
        int size;

        memcpy(first_format, format, (size_t)(colon - format));
        first_format[colon - format] = '\0';
        va_copy(again, arguments);
        size = vsnprintf(NULL, 0, first_format, again);
        va_end(again);
        hint_at = size < 0 ? 0 : (size_t)size + 2;
    }
    vsnprintf(text, sizeof text, format, arguments);
    status = vmh_arena_copy(lexer->tree.arena, vmh_bytes_text(text), &refusal->text, lexer->why);
    if (status == VMH_OK && hint_at > 0 && hint_at < refusal->text.size)
        refusal->hint =
            vmh_bytes_of(refusal->text.data + hint_at, refusal->text.size - hint_at);
    return status;
}

/* Keeps a refusal: the only one, or one of the findings. */
static void keep(vmh_lua_lexer *lexer, vmh_lua_refusal refusal, const char *format,
                 va_list arguments)
{
    if (lexer->is_quiet)
        return;
    lexer->status = describe(lexer, &refusal, format, arguments);
    if (lexer->status != VMH_OK)
        return;
    if (lexer->findings == NULL) {
        lexer->refusal = refusal;
        return;
    }
    lexer->status =
        vmh_lua_findings_add(lexer->findings, lexer->tree.arena, refusal, lexer->why);
    lexer->is_over = lexer->findings->has_more;
}

void vmh_lua_lexer_refuse(vmh_lua_lexer *lexer, vmh_lua_refusal_kind kind, vmh_lua_place place,
                          const char *format, ...)
{
    va_list arguments;

    if (has_stopped(lexer))
        return;
    if (lexer->refused_line != vmh_lua_place_line(place)) {
        va_start(arguments, format);
        keep(lexer, (vmh_lua_refusal){.kind = kind, .place = place}, format, arguments);
        va_end(arguments);
    }
    lexer->is_refused = lexer->status == VMH_OK;
    if (lexer->findings != NULL) {
        lexer->findings->is_broken = true;
        lexer->stopped_at = vmh_lua_lexer_reading(lexer);
        lexer->refused_line = lexer->is_quiet ? lexer->refused_line : vmh_lua_place_line(place);
    }
    stop(lexer);
}

bool vmh_lua_lexer_note(vmh_lua_lexer *lexer, vmh_lua_refusal_kind kind, vmh_lua_place place,
                        const char *format, ...)
{
    va_list arguments;

    if (has_stopped(lexer))
        return false;
    va_start(arguments, format);
    keep(lexer, (vmh_lua_refusal){.kind = kind, .place = place}, format, arguments);
    va_end(arguments);
    if (lexer->findings != NULL && lexer->status == VMH_OK && !lexer->is_over)
        return true;
    lexer->is_refused = lexer->status == VMH_OK;
    stop(lexer);
    return false;
}

/* Reading on. */

vmh_lua_reading vmh_lua_lexer_reading(const vmh_lua_lexer *lexer)
{
    return (vmh_lua_reading){lexer->token, lexer->ahead,      lexer->has_ahead,
                             lexer->at,    lexer->line_begin, lexer->line};
}

void vmh_lua_lexer_return(vmh_lua_lexer *lexer, const vmh_lua_reading *reading)
{
    lexer->token = reading->token;
    lexer->ahead = reading->ahead;
    lexer->has_ahead = reading->has_ahead;
    lexer->at = reading->at;
    lexer->line_begin = reading->line_begin;
    lexer->line = reading->line;
}

void vmh_lua_lexer_end(vmh_lua_lexer *lexer)
{
    lexer->is_over = true;
    lexer->is_refused = true;
    stop(lexer);
}

bool vmh_lua_lexer_resume(vmh_lua_lexer *lexer, bool *is_cut)
{
    const vmh_lua_reading *reading = &lexer->stopped_at;

    *is_cut = false;
    if (lexer->findings == NULL || lexer->is_over || lexer->status != VMH_OK)
        return false;
    if (!lexer->is_refused)
        return true;
    lexer->is_refused = false;
    vmh_lua_lexer_return(lexer, reading);
    *is_cut = reading->at != (reading->has_ahead ? reading->ahead.end : reading->token.end);
    if (*is_cut) {
        lexer->has_ahead = false;
        vmh_lua_lexer_next(lexer);
    }
    return true;
}

bool vmh_lua_lexer_begins_line(const vmh_lua_lexer *lexer)
{
    const uint8_t *at = lexer->token.begin;

    for (uint32_t before = vmh_lua_place_column(lexer->token.place) - 1; before > 0; before--) {
        at--;
        if (*at != ' ' && (*at < '\t' || *at > '\r'))
            return false;
    }
    return true;
}

static bool add_word(vmh_lua_lexer *lexer, const char *text, uint16_t keyword)
{
    vmh_lua_name *name = vmh_lua_names_intern(&lexer->names, vmh_bytes_text(text));

    if (name == NULL)
        return false;
    name->keyword = keyword;
    name->is_left_out = keyword == 0;
    return true;
}

static bool add_words(vmh_lua_lexer *lexer)
{
    for (int kind = VMH_LUA_TOKEN_AND; kind <= VMH_LUA_TOKEN_WHILE; kind++) {
        if (!add_word(lexer, spellings[kind], (uint16_t)kind))
            return false;
    }
    return add_word(lexer, "_ENV", 0) && add_word(lexer, "_G", 0);
}

/* A byte order mark, then a first line that is for a shell; its break stays. */
static void pass_first_line(vmh_lua_lexer *lexer)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

    if (lexer->end - lexer->at >= 3 && memcmp(lexer->at, mark, sizeof mark) == 0)
        lexer->at += sizeof mark;
    if (lexer->at == lexer->end || *lexer->at != '#')
        return;
    lexer->at = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
    if (lexer->at == NULL)
        lexer->at = lexer->end;
}

void vmh_lua_lexer_init(vmh_lua_lexer *lexer, vmh_bytes source, vmh_arena *arena,
                        vmh_lua_findings *findings, vmh_failure *why)
{
    static const uint8_t nothing[1];
    const uint8_t *begin = source.size == 0 ? nothing : source.data;

    *lexer = (vmh_lua_lexer){
        .at = begin,
        .end = begin + source.size,
        .line_begin = begin,
        .expected = begin,
        .line = 1,
        .source_size = source.size,
        .findings = findings,
        .why = why,
    };
    vmh_lua_parts_init(&lexer->tree, arena, NULL, source.size * VMH_LUA_ROOM_PER_BYTE);
    vmh_arena_init(&lexer->scratch);
    vmh_lua_parts_init(&lexer->scratch_parts, &lexer->scratch, NULL, 0);
    if (!vmh_lua_names_init(&lexer->names, &lexer->tree) || !add_words(lexer)) {
        vmh_lua_lexer_fail(lexer);
        return;
    }
    pass_first_line(lexer);
    vmh_lua_lexer_next(lexer);
}

void vmh_lua_lexer_clear(vmh_lua_lexer *lexer)
{
    vmh_arena_clear(&lexer->scratch);
}

/* At the two minus signs. */
static void pass_comment(vmh_lua_lexer *lexer)
{
    const uint8_t *at = lexer->at + 2, *end = lexer->end;
    int level = at < end && *at == '[' ? vmh_lua_literal_long_level(at, end) : -1;

    if (level >= 0) {
        vmh_lua_place place = vmh_lua_lexer_place(lexer, lexer->at);

        lexer->at = at;
        vmh_lua_literal_pass_long_comment(lexer, place, level);
        return;
    }
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    lexer->at = at;
}

/* Goes on to the first byte of a token. */
static void pass_space(vmh_lua_lexer *lexer)
{
    const uint8_t *at = lexer->at, *end = lexer->end;

    for (; at < end && (*at <= ' ' || *at == '-'); at = lexer->at) {
        uint8_t byte;

        while (*at == ' ' && at + 1 < end)
            at++;
        byte = *at;
        lexer->at = at;
        if (byte == '\n' || byte == '\r')
            vmh_lua_literal_pass_line_break(lexer);
        else if (byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f')
            lexer->at++;
        else if (byte == '-' && end - at > 1 && at[1] == '-')
            pass_comment(lexer);
        else
            break;
    }
}

#define FOUR(byte, ...)                                                                       \
    [byte] = __VA_ARGS__, [(byte) + 1] = __VA_ARGS__, [(byte) + 2] = __VA_ARGS__,             \
    [(byte) + 3] = __VA_ARGS__
#define ALPHABET(first, ...)                                                                  \
    FOUR(first, __VA_ARGS__), FOUR((first) + 4, __VA_ARGS__), FOUR((first) + 8, __VA_ARGS__), \
        FOUR((first) + 12, __VA_ARGS__), FOUR((first) + 16, __VA_ARGS__),                     \
        FOUR((first) + 20, __VA_ARGS__), [(first) + 24] = __VA_ARGS__, [(first) + 25] = __VA_ARGS__
#define LETTERS(...) ALPHABET('A', __VA_ARGS__), ALPHABET('a', __VA_ARGS__), ['_'] = __VA_ARGS__
#define DIGITS(...)                                                                           \
    FOUR('0', __VA_ARGS__), FOUR('4', __VA_ARGS__), ['8'] = __VA_ARGS__, ['9'] = __VA_ARGS__

const bool vmh_lua_is_name_byte[UINT8_MAX + 1] = {LETTERS(true), DIGITS(true)};

/* What a byte is to the one before it. */
enum {
    A_LETTER = 1 << 0,
    A_DIGIT = 1 << 1,
    A_DOT = 1 << 2,
    AN_EQUALS = 1 << 3,
    A_LESS = 1 << 4,
    A_GREATER = 1 << 5,
    A_MINUS = 1 << 6,
    A_SLASH = 1 << 7,
    A_COLON = 1 << 8,
    A_BRACKET = 1 << 9,
};

static const uint16_t followers[UINT8_MAX + 1] = {
    LETTERS(A_LETTER), DIGITS(A_DIGIT),   ['.'] = A_DOT,   ['='] = AN_EQUALS, ['<'] = A_LESS,
    ['>'] = A_GREATER, ['-'] = A_MINUS, ['/'] = A_SLASH, [':'] = A_COLON,   ['['] = A_BRACKET,
};

/* Tokens of one byte, and what makes the byte the first one of something longer. */
static const struct {
    uint16_t longer;
    uint8_t kind;
} shortest[UINT8_MAX + 1] = {
    LETTERS({A_LETTER | A_DIGIT, VMH_LUA_TOKEN_NAME}),
    DIGITS({A_LETTER | A_DIGIT | A_DOT, VMH_LUA_TOKEN_INTEGER}),
    ['+'] = {0, VMH_LUA_TOKEN_PLUS},
    ['-'] = {A_MINUS, VMH_LUA_TOKEN_MINUS},
    ['*'] = {0, VMH_LUA_TOKEN_STAR},
    ['/'] = {A_SLASH, VMH_LUA_TOKEN_SLASH},
    ['%'] = {0, VMH_LUA_TOKEN_PERCENT},
    ['^'] = {0, VMH_LUA_TOKEN_CARET},
    ['#'] = {0, VMH_LUA_TOKEN_HASH},
    ['&'] = {0, VMH_LUA_TOKEN_AMPERSAND},
    ['~'] = {AN_EQUALS, VMH_LUA_TOKEN_TILDE},
    ['|'] = {0, VMH_LUA_TOKEN_BAR},
    ['<'] = {A_LESS | AN_EQUALS, VMH_LUA_TOKEN_LESS},
    ['>'] = {A_GREATER | AN_EQUALS, VMH_LUA_TOKEN_GREATER},
    ['='] = {AN_EQUALS, VMH_LUA_TOKEN_ASSIGN},
    ['('] = {0, VMH_LUA_TOKEN_OPEN},
    [')'] = {0, VMH_LUA_TOKEN_CLOSE},
    ['{'] = {0, VMH_LUA_TOKEN_OPEN_BRACE},
    ['}'] = {0, VMH_LUA_TOKEN_CLOSE_BRACE},
    ['['] = {A_BRACKET | AN_EQUALS, VMH_LUA_TOKEN_OPEN_BRACKET},
    [']'] = {0, VMH_LUA_TOKEN_CLOSE_BRACKET},
    [';'] = {0, VMH_LUA_TOKEN_SEMICOLON},
    [':'] = {A_COLON, VMH_LUA_TOKEN_COLON},
    [','] = {0, VMH_LUA_TOKEN_COMMA},
    ['.'] = {A_DOT | A_DIGIT, VMH_LUA_TOKEN_DOT},
};

#undef FOUR
#undef ALPHABET
#undef LETTERS
#undef DIGITS

/* A symbol that begins no longer one; STOP: there is none. */
static inline vmh_lua_token_kind single_symbol(uint8_t byte)
{
    return shortest[byte].longer == 0 ? shortest[byte].kind : VMH_LUA_TOKEN_STOP;
}

/* Short names of the next bytes, all at once; those in comments and strings do no harm. */
static void expect_names(vmh_lua_lexer *lexer)
{
    enum { WINDOW = 256 };
    const uint8_t *at = lexer->at, *begin;
    const uint8_t *end = lexer->end - at > WINDOW ? at + WINDOW : lexer->end;
    uint64_t expected[WINDOW / 3 + 1];
    uint32_t count = 0;

    lexer->expected = end;
    if (!vmh_lua_names_are_many(&lexer->names))
        return;
    if (lexer->trail.names == NULL &&
        !vmh_lua_trail_begin(&lexer->trail, &lexer->tree, (size_t)(lexer->end - at)))
        vmh_lua_lexer_fail(lexer);
    while (at < end) {
        begin = at;
        while (at < end && vmh_lua_is_name_byte[*at])
            at++;
        if (at == begin)
            at++;
        else if (at - begin >= 2 && at - begin <= VMH_LUA_SHORT_NAME)
            expected[count++] = vmh_lua_names_expect(
                &lexer->names, vmh_bytes_of(begin, (size_t)(at - begin)));
    }
    for (uint32_t i = 0; i < count; i++)
        vmh_lua_names_expect_more(&lexer->names, expected[i]);
}

static inline void read_name(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    const uint8_t *begin = lexer->at, *at = begin + 1, *end = lexer->end;
    vmh_lua_name *name;

    if (begin >= lexer->expected)
        expect_names(lexer);
    while (at < end && vmh_lua_is_name_byte[*at])
        at++;
    lexer->at = at;
    name = vmh_lua_names_intern(&lexer->names, vmh_bytes_of(begin, (size_t)(at - begin)));
    if (name == NULL) {
        vmh_lua_lexer_fail(lexer);
        return;
    }
    token->kind = name->keyword != 0 ? (vmh_lua_token_kind)name->keyword : VMH_LUA_TOKEN_NAME;
    token->name = name;
}

static void read_symbol(vmh_lua_lexer *lexer, vmh_lua_token *token, vmh_lua_token_kind kind,
                        int size)
{
    token->kind = kind;
    lexer->at += size;
}

static void refuse_byte(vmh_lua_lexer *lexer, vmh_lua_place place)
{
    uint8_t byte = *lexer->at;

    if (byte > ' ' && byte <= '~')
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place, "unexpected '%c'", byte);
    else if (byte >= 0x80)
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                           "unexpected byte \\x%02X: names are of ASCII letters, digits and '_'",
                           byte);
    else
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place, "unexpected byte \\x%02X", byte);
}

/* Bytes that begin no token. Reading on, the next token is behind them. */
static void pass_byte(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    bool is_not = *lexer->at == '!';
    bool is_unequal = is_not && lexer->end - lexer->at > 1 && lexer->at[1] == '=';

    if (*lexer->at == '?') {
        lexer->at++;
        vmh_lua_lexer_refuse(lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                             "unexpected '?': write 'condition and this or that'");
        return;
    }
    if (is_not)
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                           is_unequal ? "'!=' is not in Lua: write '~='"
                                      : "'!' is not in Lua: write 'not'");
    else
        refuse_byte(lexer, token->place);
    if (has_stopped(lexer))
        return;
    if (is_not) {
        read_symbol(lexer, token, is_unequal ? VMH_LUA_TOKEN_NOT_EQUAL : VMH_LUA_TOKEN_NOT,
                    is_unequal ? 2 : 1);
        return;
    }
    token->kind = VMH_LUA_TOKEN_COUNT;
    lexer->findings->is_broken = true;
    lexer->refused_line = lexer->is_quiet ? lexer->refused_line : vmh_lua_place_line(token->place);
    do {
        lexer->at++;
    } while (lexer->at < lexer->end && *lexer->at >= 0x80);
}

/* One byte, or two where `second` follows. */
static void read_pair(vmh_lua_lexer *lexer, vmh_lua_token *token, vmh_lua_token_kind single,
                      char second, vmh_lua_token_kind pair)
{
    bool is_pair = lexer->end - lexer->at > 1 && lexer->at[1] == (uint8_t)second;

    read_symbol(lexer, token, is_pair ? pair : single, is_pair ? 2 : 1);
}

static void read_less(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    if (lexer->end - lexer->at > 1 && lexer->at[1] == '<')
        read_symbol(lexer, token, VMH_LUA_TOKEN_SHIFT_LEFT, 2);
    else
        read_pair(lexer, token, VMH_LUA_TOKEN_LESS, '=', VMH_LUA_TOKEN_LESS_EQUAL);
}

static void read_greater(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    if (lexer->end - lexer->at > 1 && lexer->at[1] == '>')
        read_symbol(lexer, token, VMH_LUA_TOKEN_SHIFT_RIGHT, 2);
    else
        read_pair(lexer, token, VMH_LUA_TOKEN_GREATER, '=', VMH_LUA_TOKEN_GREATER_EQUAL);
}

static void read_dots(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    size_t left = (size_t)(lexer->end - lexer->at);

    if (left > 2 && lexer->at[1] == '.' && lexer->at[2] == '.')
        read_symbol(lexer, token, VMH_LUA_TOKEN_DOTS, 3);
    else if (left > 1 && vmh_lua_is_digit(lexer->at[1]))
        vmh_lua_literal_read_numeral(lexer, token);
    else
        read_pair(lexer, token, VMH_LUA_TOKEN_DOT, '.', VMH_LUA_TOKEN_CONCAT);
}

static void read_bracket(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    int level = vmh_lua_literal_long_level(lexer->at, lexer->end);

    if (level >= 0)
        vmh_lua_literal_read_long_string(lexer, token, level);
    else if (lexer->end - lexer->at < 2 || lexer->at[1] != '=' ||
             vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, token->place,
                                "'[=' opens no long string: write '[=['"))
        read_symbol(lexer, token, VMH_LUA_TOKEN_OPEN_BRACKET, 1);
}

static void read_token(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    switch (*lexer->at) {
    case '-': read_symbol(lexer, token, VMH_LUA_TOKEN_MINUS, 1); return; /* it is no comment */
    case '/': read_pair(lexer, token, VMH_LUA_TOKEN_SLASH, '/', VMH_LUA_TOKEN_SLASHES); return;
    case '~': read_pair(lexer, token, VMH_LUA_TOKEN_TILDE, '=', VMH_LUA_TOKEN_NOT_EQUAL); return;
    case '<': read_less(lexer, token); return;
    case '>': read_greater(lexer, token); return;
    case '=': read_pair(lexer, token, VMH_LUA_TOKEN_ASSIGN, '=', VMH_LUA_TOKEN_EQUAL); return;
    case '[': read_bracket(lexer, token); return;
    case ':': read_pair(lexer, token, VMH_LUA_TOKEN_COLON, ':', VMH_LUA_TOKEN_COLONS); return;
    case '.': read_dots(lexer, token); return;
    case '"':
    case '\'': vmh_lua_literal_read_string(lexer, token); return;
    default:
        if (vmh_lua_is_digit(*lexer->at))
            vmh_lua_literal_read_numeral(lexer, token);
        else
            pass_byte(lexer, token);
    }
}

/*
 * A token of one byte, a name only if it was met before; false: something else, not read. Which of
 * them it is a processor cannot foresee, so nothing here depends on that.
 */
static inline bool read_at_once(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    const uint8_t *at = lexer->at;
    vmh_lua_name *name;
    unsigned kind;

    if (lexer->end - at < 3)
        return false;
    at += *at == ' ';
    kind = shortest[*at].kind;
    name = lexer->names.shortest[*at];
    if (kind == VMH_LUA_TOKEN_STOP || (shortest[*at].longer & followers[at[1]]) != 0 ||
        ((kind ^ VMH_LUA_TOKEN_NAME) | (uintptr_t)name) == 0)
        return false;
    token->kind = (vmh_lua_token_kind)kind;
    token->place = vmh_lua_lexer_place(lexer, at);
    token->name = name;
    token->integer = *at - '0';
    token->begin = at;
    token->end = lexer->at = at + 1;
    return true;
}

static void read_slowly(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    do {
        const uint8_t *at;

        if (lexer->at < lexer->end && (*lexer->at <= ' ' || *lexer->at == '-'))
            pass_space(lexer);
        at = lexer->at;
        token->begin = at;
        token->place = vmh_lua_lexer_place(lexer, at);
        if (at < lexer->end && single_symbol(*at) != VMH_LUA_TOKEN_STOP) {
            token->kind = single_symbol(*at);
            token->end = lexer->at = at + 1;
            return;
        }
        if (at == lexer->end)
            token->kind = VMH_LUA_TOKEN_SOURCE_END;
        else if (vmh_lua_is_letter(*at))
            read_name(lexer, token);
        else
            read_token(lexer, token);
        token->end = lexer->at;
        if (has_stopped(lexer))
            stop(lexer);
    } while (token->kind == VMH_LUA_TOKEN_COUNT);
}

void vmh_lua_lexer_next(vmh_lua_lexer *lexer)
{
    if (lexer->has_ahead) {
        lexer->token = lexer->ahead;
        lexer->has_ahead = false;
    } else if (!read_at_once(lexer, &lexer->token)) {
        read_slowly(lexer, &lexer->token);
    }
}

vmh_lua_token_kind vmh_lua_lexer_peek(vmh_lua_lexer *lexer)
{
    if (!lexer->has_ahead && lexer->at < lexer->end &&
        single_symbol(*lexer->at) != VMH_LUA_TOKEN_STOP)
        return single_symbol(*lexer->at);
    if (!lexer->has_ahead) {
        lexer->has_ahead = true;
        if (!read_at_once(lexer, &lexer->ahead))
            read_slowly(lexer, &lexer->ahead);
    }
    return lexer->ahead.kind;
}
