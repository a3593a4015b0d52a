#include "contractlua/literal.h"

#include <inttypes.h>

/* 2^256 - 1 */
static const char largest_uint256[] =
    "115792089237316195423570985008687907853269984665640564039457584007913129639935";

enum {
    UINT256_DIGITS = sizeof largest_uint256 - 1,
    LARGEST_EXPONENT = 1000, /* beyond all that a refusal spells out */
    UTF8_SIZE = 6,           /* of a number below 2^31 */
};

static int digit_value(uint8_t digit)
{
    return vmh_lua_is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* Numerals. */

typedef enum numeral {
    NUMERAL_MALFORMED,
    NUMERAL_INTEGER,
    NUMERAL_TOO_LARGE, /* a decimal integer above 2^63 - 1 */
    NUMERAL_FLOAT,
} numeral;

static bool is_hexadecimal(vmh_bytes text)
{
    return text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
}

/* As Lua cuts it: digits, points, and exponents with their sign, and a letter that touches. */
static vmh_bytes cut_numeral(vmh_lua_lexer *lexer)
{
    const uint8_t *begin = lexer->at, *at = begin, *end = lexer->end;
    uint8_t exponent = 'e';

    if (is_hexadecimal(vmh_bytes_of(at, (size_t)(end - at)))) {
        exponent = 'p';
        at += 2;
    }
    while (at < end) {
        if ((*at | 0x20) == exponent) {
            at++;
            at += at < end && (*at == '+' || *at == '-');
        } else if (vmh_lua_is_hex_digit(*at) || *at == '.') {
            at++;
        } else {
            break;
        }
    }
    at += at < end && vmh_lua_is_letter(*at);
    lexer->at = at;
    return vmh_bytes_of(begin, (size_t)(at - begin));
}

static size_t count_digits(vmh_bytes text, size_t from, bool hexadecimal)
{
    size_t at = from;

    while (at < text.size && (hexadecimal ? vmh_lua_is_hex_digit(text.data[at])
                                          : vmh_lua_is_digit(text.data[at])))
        at++;
    return at - from;
}

static bool is_float(vmh_bytes text)
{
    bool hexadecimal = is_hexadecimal(text);
    size_t at = hexadecimal ? 2 : 0;
    size_t digits = count_digits(text, at, hexadecimal);

    at += digits;
    if (at < text.size && text.data[at] == '.') {
        size_t decimals = count_digits(text, ++at, hexadecimal);

        at += decimals;
        digits += decimals;
    }
    if (digits > 0 && at < text.size && (text.data[at] | 0x20) == (hexadecimal ? 'p' : 'e')) {
        at++;
        at += at < text.size && (text.data[at] == '+' || text.data[at] == '-');
        digits = count_digits(text, at, false);
        at += digits;
    }
    return digits > 0 && at == text.size;
}

static numeral read_hexadecimal(vmh_bytes text, int64_t *integer)
{
    uint64_t value = 0;

    if (count_digits(text, 2, true) != text.size - 2 || text.size == 2)
        return is_float(text) ? NUMERAL_FLOAT : NUMERAL_MALFORMED;
    for (size_t i = 2; i < text.size; i++)
        value = value << 4 | (uint64_t)digit_value(text.data[i]);
    *integer = (int64_t)value;
    return NUMERAL_INTEGER;
}

static numeral read_decimal(vmh_bytes text, int64_t *integer)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.size; i++) {
        uint64_t digit = (uint64_t)text.data[i] - '0';

        if (digit > 9)
            return is_float(text) ? NUMERAL_FLOAT : NUMERAL_MALFORMED;
        if (value > (INT64_MAX - digit) / 10)
            return count_digits(text, i, false) == text.size - i ? NUMERAL_TOO_LARGE
                   : is_float(text)                              ? NUMERAL_FLOAT
                                                                 : NUMERAL_MALFORMED;
        value = value * 10 + digit;
    }
    *integer = (int64_t)value;
    return NUMERAL_INTEGER;
}

/* The exponent at `at`, bounded; 0 where there is none. */
static int exponent_at(vmh_bytes text, size_t at)
{
    bool is_negative;
    int exponent = 0;

    if (at == text.size)
        return 0;
    is_negative = text.data[++at] == '-';
    at += !vmh_lua_is_digit(text.data[at]);
    for (; at < text.size; at++)
        exponent = exponent < LARGEST_EXPONENT ? exponent * 10 + (text.data[at] - '0') : exponent;
    return is_negative ? -exponent : exponent;
}

/* The integer that a decimal float is equal to: 1.50e3 is 1500. */
static bool integer_of_float(vmh_bytes text, int64_t *integer)
{
    uint64_t value = 0;
    size_t at = 0;
    size_t zeros = 0; /* read, and not yet known to stand before another digit */
    size_t decimals = 0;
    bool behind_point = false;
    int64_t shift;

    for (; at < text.size && (text.data[at] | 0x20) != 'e'; at++) {
        if (text.data[at] == '.') {
            behind_point = true;
            continue;
        }
        decimals += behind_point;
        if (text.data[at] == '0') {
            zeros++;
            continue;
        }
        for (zeros = value == 0 ? 0 : zeros; zeros > 0; zeros--) {
            if (value > INT64_MAX / 10)
                return false;
            value *= 10;
        }
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(text.data[at] - '0');
    }
    shift = exponent_at(text, at) + (int64_t)zeros - (int64_t)decimals;
    if (shift < 0 && value != 0)
        return false;
    for (; shift > 0 && value != 0; shift--) {
        if (value > INT64_MAX / 10)
            return false;
        value *= 10;
    }
    *integer = (int64_t)value;
    return true;
}

/* A decimal integer above 2^63 - 1. */
static void refuse_large(vmh_lua_lexer *lexer, vmh_lua_place place, vmh_bytes text)
{
    bool fits;

    while (*text.data == '0')
        text = vmh_bytes_of(text.data + 1, text.size - 1);
    fits = text.size < UINT256_DIGITS ||
           (text.size == UINT256_DIGITS && memcmp(text.data, largest_uint256, text.size) <= 0);
    if (fits)
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_LEFT_OUT, place,
                           "%.*s is above 2^63-1: write uint256 \"%.*s\"", VMH_PRINT(text),
                           VMH_PRINT(text));
    else
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_LEFT_OUT, place, "%s is above 2^256-1",
                           vmh_lua_show(text).text);
}

static void refuse_numeral(vmh_lua_lexer *lexer, vmh_lua_place place, vmh_bytes text, numeral kind)
{
    vmh_lua_shown shown = vmh_lua_show(text);
    int64_t integer;

    if (kind == NUMERAL_TOO_LARGE)
        refuse_large(lexer, place, text);
    else if (kind == NUMERAL_MALFORMED && memmem(text.data, text.size, "..", 2) != NULL)
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                           "%s is no numeral: write a space before '..'", shown.text);
    else if (kind == NUMERAL_MALFORMED)
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place, "%s is no numeral", shown.text);
    else if (!is_hexadecimal(text) && integer_of_float(text, &integer))
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_LEFT_OUT, place,
                           "%s is a float: write %" PRId64, shown.text, integer);
    else
        vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_LEFT_OUT, place,
                           "%s is a float: there are only integers", shown.text);
}

void vmh_lua_literal_read_numeral(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    vmh_bytes text = cut_numeral(lexer);
    int64_t integer = 0;
    numeral kind = is_hexadecimal(text) ? read_hexadecimal(text, &integer)
                                        : read_decimal(text, &integer);

    token->kind = VMH_LUA_TOKEN_INTEGER;
    token->integer = integer;
    if (kind != NUMERAL_INTEGER)
        refuse_numeral(lexer, token->place, text, kind);
}

/* Strings. What an escape stands for is never longer than the escape. */

static bool prepare_text(vmh_lua_lexer *lexer)
{
    if (lexer->text == NULL)
        lexer->text = vmh_arena_alloc(&lexer->scratch, lexer->source_size);
    if (lexer->text == NULL)
        vmh_lua_lexer_fail(lexer);
    return lexer->text != NULL;
}

static uint8_t *copy_run(uint8_t *out, const uint8_t *begin, const uint8_t *end)
{
    memcpy(out, begin, (size_t)(end - begin));
    return out + (end - begin);
}

/* The text written so far, for the tree. */
static vmh_bytes keep_text(vmh_lua_lexer *lexer, const uint8_t *text_end)
{
    size_t size = (size_t)(text_end - lexer->text);
    uint8_t *kept = vmh_lua_lexer_alloc(lexer, size);

    if (kept == NULL)
        return (vmh_bytes){0};
    memcpy(kept, lexer->text, size);
    return vmh_bytes_of(kept, size);
}

/* UTF-8 as it was before it was cut at U+10FFFF. */
static uint8_t *put_utf8(uint8_t *out, uint32_t code)
{
    uint8_t bytes[UTF8_SIZE];
    int size = 0;
    uint32_t first_limit = 0x3f; /* what fits beside the mark of the first byte */

    if (code < 0x80) {
        *out++ = (uint8_t)code;
        return out;
    }
    do {
        bytes[size++] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
        first_limit >>= 1;
    } while (code > first_limit);
    *out++ = (uint8_t)((~first_limit << 1 & 0xff) | code);
    while (size > 0)
        *out++ = bytes[--size];
    return out;
}

/* Reading on, the escape is left out. */
static uint8_t *refuse_escape(vmh_lua_lexer *lexer, vmh_lua_place place, uint8_t *out,
                              const char *text)
{
    return vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place, "%s", text) ? out : NULL;
}

static uint8_t *put_hexadecimal(vmh_lua_lexer *lexer, vmh_lua_place place, uint8_t *out)
{
    const uint8_t *digits = lexer->at;

    if (lexer->end - digits < 2 || !vmh_lua_is_hex_digit(digits[0]) ||
        !vmh_lua_is_hex_digit(digits[1]))
        return refuse_escape(lexer, place, out, "'\\x' takes two hexadecimal digits");
    *out++ = (uint8_t)(digit_value(digits[0]) << 4 | digit_value(digits[1]));
    lexer->at += 2;
    return out;
}

static uint8_t *put_decimal(vmh_lua_lexer *lexer, vmh_lua_place place, uint8_t *out)
{
    int value = 0;

    for (int i = 0; i < 3 && lexer->at < lexer->end && vmh_lua_is_digit(*lexer->at); i++)
        value = value * 10 + (*lexer->at++ - '0');
    if (value > UINT8_MAX)
        return refuse_escape(lexer, place, out, "the escape is above '\\255'");
    *out++ = (uint8_t)value;
    return out;
}

static uint8_t *put_code_point(vmh_lua_lexer *lexer, vmh_lua_place place, uint8_t *out)
{
    uint32_t code = 0;
    const uint8_t *begin;

    if (lexer->at == lexer->end || *lexer->at != '{')
        return refuse_escape(lexer, place, out, "'\\u' takes hexadecimal digits between braces");
    begin = ++lexer->at;
    for (; lexer->at < lexer->end && vmh_lua_is_hex_digit(*lexer->at); lexer->at++) {
        if (code > INT32_MAX >> 4)
            return refuse_escape(lexer, place, out, "the escape is above '\\u{7FFFFFFF}'");
        code = code << 4 | (uint32_t)digit_value(*lexer->at);
    }
    if (lexer->at == begin || lexer->at == lexer->end || *lexer->at != '}')
        return refuse_escape(lexer, place, out, "'\\u' takes hexadecimal digits between braces");
    lexer->at++;
    return put_utf8(out, code);
}

static void pass_white_space(vmh_lua_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (vmh_lua_line_break(lexer->at, lexer->end) != 0)
            vmh_lua_literal_pass_line_break(lexer);
        else if (*lexer->at == ' ' || (*lexer->at >= '\t' && *lexer->at <= '\r'))
            lexer->at++;
        else
            break;
    }
}

/* A backslash, and what stands for one byte. */
static uint8_t plain_escape(uint8_t letter)
{
    static const char pairs[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"''";

    for (const char *pair = pairs; *pair != '\0'; pair += 2) {
        if (letter == (uint8_t)pair[0])
            return (uint8_t)pair[1];
    }
    return 0;
}

/* At a backslash. NULL: refused. */
static uint8_t *put_escape(vmh_lua_lexer *lexer, uint8_t *out)
{
    vmh_lua_place place = vmh_lua_lexer_place(lexer, lexer->at);
    uint8_t letter;

    if (++lexer->at == lexer->end)
        return out; /* the string is not closed */
    letter = *lexer->at;
    if (vmh_lua_line_break(lexer->at, lexer->end) != 0) {
        vmh_lua_literal_pass_line_break(lexer);
        *out++ = '\n';
        return out;
    }
    if (vmh_lua_is_digit(letter))
        return put_decimal(lexer, place, out);
    lexer->at++;
    if (letter == 'x')
        return put_hexadecimal(lexer, place, out);
    if (letter == 'u')
        return put_code_point(lexer, place, out);
    if (letter == 'z') {
        pass_white_space(lexer);
        return out;
    }
    *out = plain_escape(letter);
    if (*out != 0)
        return out + 1;
    return vmh_lua_lexer_note(lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                              "%s is no escape: write '\\\\' for a backslash",
                              vmh_lua_show(vmh_bytes_of(lexer->at - 2, 2)).text)
               ? out
               : NULL;
}

/* Goes on to what ends a run of plain bytes. */
static void pass_run(vmh_lua_lexer *lexer, uint8_t quote)
{
    const uint8_t *at = lexer->at, *end = lexer->end;

    while (at < end && *at != quote && *at != '\\' && *at != '\n' && *at != '\r')
        at++;
    lexer->at = at;
}

static void refuse_open_string(vmh_lua_lexer *lexer, vmh_lua_place place)
{
    vmh_lua_lexer_refuse(lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                         lexer->at == lexer->end ? "the string is not closed"
                                                 : "the string is not closed on its line");
}

/* From the first escape of a string that began at `begin`. */
static vmh_bytes read_escaped(vmh_lua_lexer *lexer, const uint8_t *begin, vmh_lua_place place,
                              uint8_t quote)
{
    uint8_t *out;

    if (!prepare_text(lexer))
        return (vmh_bytes){0};
    out = copy_run(lexer->text, begin, lexer->at);
    while (lexer->at < lexer->end && *lexer->at == '\\') {
        out = put_escape(lexer, out);
        if (out == NULL)
            return (vmh_bytes){0};
        begin = lexer->at;
        pass_run(lexer, quote);
        out = copy_run(out, begin, lexer->at);
    }
    if (lexer->at == lexer->end || *lexer->at != quote) {
        refuse_open_string(lexer, place);
        return (vmh_bytes){0};
    }
    lexer->at++;
    return keep_text(lexer, out);
}

static void take_string(vmh_lua_lexer *lexer, vmh_lua_token *token, vmh_bytes bytes)
{
    token->kind = VMH_LUA_TOKEN_STRING;
    token->name = vmh_lua_names_intern(&lexer->names, bytes);
    if (token->name == NULL)
        vmh_lua_lexer_fail(lexer);
}

void vmh_lua_literal_read_string(vmh_lua_lexer *lexer, vmh_lua_token *token)
{
    uint8_t quote = *lexer->at;
    const uint8_t *begin = ++lexer->at;

    pass_run(lexer, quote);
    if (lexer->at < lexer->end && *lexer->at == quote)
        take_string(lexer, token, vmh_bytes_of(begin, (size_t)(lexer->at++ - begin)));
    else if (lexer->at < lexer->end && *lexer->at == '\\')
        take_string(lexer, token, read_escaped(lexer, begin, token->place, quote));
    else
        refuse_open_string(lexer, token->place);
}

/* Long brackets. */

int vmh_lua_literal_long_level(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *begin = ++at;

    while (at < end && *at == '=')
        at++;
    return at < end && *at == '[' ? (int)(at - begin) : -1;
}

/* Whether the bracket at `at` closes the level; else `*next` is where to look on. */
static bool closes(const uint8_t *at, const uint8_t *end, int level, const uint8_t **next)
{
    const uint8_t *begin = ++at;

    while (at < end && *at == '=')
        at++;
    *next = at;
    return at < end && *at == ']' && at - begin == level;
}

/* What stands between the brackets, with each line break as a newline. */
static vmh_bytes normalize(vmh_lua_lexer *lexer, vmh_bytes bytes)
{
    const uint8_t *begin = bytes.data, *end;
    uint8_t *out;

    if (bytes.size == 0 || memchr(begin, '\r', bytes.size) == NULL)
        return bytes;
    if (!prepare_text(lexer))
        return (vmh_bytes){0};
    end = begin + bytes.size;
    out = lexer->text;
    while (begin < end) {
        size_t size = vmh_lua_line_break(begin, end);

        *out++ = size > 0 ? '\n' : *begin;
        begin += size > 0 ? size : 1;
    }
    return keep_text(lexer, out);
}

/* The bytes between the brackets. */
static vmh_bytes pass_long(vmh_lua_lexer *lexer, vmh_lua_place place, int level, const char *what)
{
    const uint8_t *begin, *end = lexer->end, *next;

    lexer->at += level + 2;
    if (vmh_lua_line_break(lexer->at, end) != 0)
        vmh_lua_literal_pass_line_break(lexer);
    begin = lexer->at;
    while (lexer->at < end) {
        if (*lexer->at == ']') {
            const uint8_t *bracket = lexer->at;
            bool is_closed = closes(bracket, end, level, &next);

            lexer->at = next + is_closed;
            if (is_closed)
                return vmh_bytes_of(begin, (size_t)(bracket - begin));
        } else if (vmh_lua_line_break(lexer->at, end) != 0) {
            vmh_lua_literal_pass_line_break(lexer);
        } else {
            lexer->at++;
        }
    }
    vmh_lua_lexer_refuse(lexer, VMH_LUA_REFUSAL_SYNTAX, place, "the long %s is not closed", what);
    return (vmh_bytes){0};
}

void vmh_lua_literal_read_long_string(vmh_lua_lexer *lexer, vmh_lua_token *token, int level)
{
    vmh_bytes bytes = pass_long(lexer, token->place, level, "string");

    take_string(lexer, token, normalize(lexer, bytes));
}

void vmh_lua_literal_pass_long_comment(vmh_lua_lexer *lexer, vmh_lua_place place, int level)
{
    pass_long(lexer, place, level, "comment");
}
