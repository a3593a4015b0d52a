/*
 * Holds what contract Lua makes of uint256 values against the big numbers of
 * libcrypto:
 *
 *     uint256 SEED COUNT
 *
 * writes programs over COUNT pairs of operands, whose bit lengths are uniform in
 * 0 to 256, and those at edges; runs them, and tells the first line that they print otherwise
 * than the model does, the texts of errors too. One operand may be an integer, in a local or as
 * a numeral.
 */
#include <inttypes.h>
#include <openssl/bn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "contractlua/state.h"

enum { PAIRS = 20 /* in a program */, TEXT = 400 };

static BN_CTX *pool;
static BIGNUM *largest, *largest_integer, *out;
static uint64_t random_state;
static long tried, succeeded; /* of `+`, `-` and `*` */

static void need(int ok)
{
    if (ok)
        return;
    fprintf(stderr, "libcrypto or memory failed\n");
    exit(2);
}

/* xorshift64* */
static uint64_t below(uint64_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1dU >> 1) % limit;
}

/* ---- texts ---- */

static vmh_buffer source, expected, printed;

static void add(vmh_buffer *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(vmh_buffer *to, const char *format, ...)
{
    char text[2 * TEXT];
    va_list list;
    int size;

    va_start(list, format);
    size = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    need(size >= 0 && (size_t)size < sizeof text);
    vmh_buffer_append(to, vmh_bytes_of(text, (size_t)size));
}

static void expect_number(const BIGNUM *number)
{
    char *text = BN_bn2dec(number);

    need(text != NULL);
    add(&expected, "%s\n", text);
    OPENSSL_free(text);
}

static void expect_truth(bool is_true)
{
    add(&expected, "%s\n", is_true ? "true" : "false");
}

/* ---- operands ---- */

typedef struct operand {
    BIGNUM *value;
    bool is_integer;
    char text[TEXT]; /* an expression */
} operand;

static void draw_value(BIGNUM *value)
{
    int bits = (int)below(257);

    BN_zero(value);
    switch (below(8)) {
    case 0: /* a power of two, or one less */
        need(BN_set_bit(value, bits > 255 ? 255 : bits));
        if (below(2) == 0)
            need(BN_sub_word(value, 1));
        break;
    case 1:
        need(BN_copy(value, largest) != NULL && BN_sub_word(value, below(3)));
        break;
    case 2:
        need(BN_copy(value, largest_integer) != NULL && BN_add_word(value, below(3)) &&
             BN_sub_word(value, 1));
        break;
    case 3:
        need(BN_set_word(value, below(260)));
        break;
    default: /* of exactly so many bits */
        for (int i = 0; i < bits; i++) {
            if (i == bits - 1 || below(2) == 0)
                need(BN_set_bit(value, i));
        }
    }
}

/* Of the digits of a number, with zeros before them. */
static void write_literal(const BIGNUM *value, char text[TEXT])
{
    bool is_hex = below(2) == 0;
    char *digits = is_hex ? BN_bn2hex(value) : BN_bn2dec(value);
    int most = is_hex ? 64 : 78;
    char padded[TEXT];
    int size;

    need(digits != NULL);
    size = (int)strlen(digits);
    if (size < most && below(2) == 0)
        size += (int)below((uint64_t)(most - size) + 1);
    snprintf(padded, sizeof padded, "%0*d%s", size - (int)strlen(digits), 0, digits);
    snprintf(text, TEXT, "uint256 \"%s%s\"", is_hex ? "0x" : "",
             size == (int)strlen(digits) ? digits : padded);
    OPENSSL_free(digits);
}

/* An operand in a local of that name, or a numeral. */
static void draw_operand(operand *to, const char *name, bool may_be_integer)
{
    char literal[TEXT];
    char *digits;

    draw_value(to->value);
    to->is_integer = may_be_integer && BN_cmp(to->value, largest_integer) <= 0 && below(3) > 0;
    if (!to->is_integer) {
        write_literal(to->value, literal);
        add(&source, "local %s = %s\n", name, literal);
        snprintf(to->text, TEXT, "%s", name);
        return;
    }
    digits = BN_bn2dec(to->value);
    need(digits != NULL);
    if (below(4) == 0 && !BN_is_zero(to->value)) {
        BN_set_negative(to->value, 1);
        add(&source, "local %s = -%s\n", name, digits);
        snprintf(to->text, TEXT, "%s", name);
    } else if (below(2) == 0) {
        add(&source, "local %s = %s\n", name, digits);
        snprintf(to->text, TEXT, "%s", name);
    } else {
        add(&source, "local %s\n", name);
        snprintf(to->text, TEXT, "%s", digits);
    }
    OPENSSL_free(digits);
}

/* ---- the model ---- */

static bool is_negative(const operand *a, const operand *b)
{
    return BN_is_negative(a->value) || BN_is_negative(b->value);
}

/* Up to 256; libcrypto gives all ones for what is larger than its words. */
static int moved(const BIGNUM *count)
{
    return BN_get_word(count) < 256 ? (int)BN_get_word(count) : 256;
}

static void model_bits(const BIGNUM *a, const BIGNUM *b, char operator)
{
    BN_zero(out);
    for (int i = 0; i < 256; i++) {
        int x = BN_is_bit_set(a, i), y = BN_is_bit_set(b, i);

        if (operator == '&' ? x && y : operator == '|' ? x || y : x != y)
            need(BN_set_bit(out, i));
    }
}

/* Sets `out`; or gives the text of an error. */
static const char *calculate(const char *operator, const BIGNUM *a, const BIGNUM *b)
{
    switch (operator[0]) {
    case '+':
        need(BN_add(out, a, b));
        return BN_cmp(out, largest) > 0 ? "uint256 overflow" : NULL;
    case '-':
        need(BN_sub(out, a, b));
        return BN_is_negative(out) ? "uint256 underflow" : NULL;
    case '*':
        need(BN_mul(out, a, b, pool));
        return BN_cmp(out, largest) > 0 ? "uint256 overflow" : NULL;
    case '/':
        if (BN_is_zero(b))
            return "attempt to perform 'n//0'";
        need(BN_div(out, NULL, a, b, pool));
        return NULL;
    case '%':
        if (BN_is_zero(b))
            return "attempt to perform 'n%%0'";
        need(BN_div(NULL, out, a, b, pool));
        return NULL;
    case '<':
        need(BN_lshift(out, a, moved(b)));
        if (BN_num_bits(out) > 256)
            need(BN_mask_bits(out, 256));
        return NULL;
    case '>':
        need(BN_rshift(out, a, moved(b)));
        return NULL;
    default:
        model_bits(a, b, operator[0]);
        return NULL;
    }
}

static void try_calculation(const char *operator, const operand *a, const operand *b)
{
    const char *problem = is_negative(a, b) ? "a negative number meets a uint256"
                                            : calculate(operator, a->value, b->value);

    add(&source, "try(function() return %s %s %s end)\n", a->text, operator, b->text);
    if (problem != NULL)
        add(&expected, "%s\n", problem);
    else
        expect_number(out);
    if (strchr("+-*", operator[0]) != NULL && !is_negative(a, b)) {
        tried++;
        succeeded += problem == NULL;
    }
}

static void try_comparisons(const operand *a, const operand *b)
{
    int order = BN_cmp(a->value, b->value);

    add(&source, "print(%s < %s) print(%s <= %s) print(%s > %s) print(%s >= %s)\n", a->text,
        b->text, a->text, b->text, a->text, b->text, a->text, b->text);
    add(&source, "print(%s == %s) print(%s ~= %s) print(({ [%s] = 1 })[%s] == 1)\n", a->text,
        b->text, a->text, b->text, a->text, b->text);
    /* In a condition it is another instruction. */
    add(&source, "if %s < %s then print(true) else print(false) end\n", a->text, b->text);
    add(&source, "print(math.max(%s, %s)) print(math.min(%s, %s))\n", a->text, b->text, a->text,
        b->text);
    expect_truth(order < 0);
    expect_truth(order <= 0);
    expect_truth(order > 0);
    expect_truth(order >= 0);
    expect_truth(order == 0);
    expect_truth(order != 0);
    expect_truth(order == 0);
    expect_truth(order < 0);
    expect_number(order > 0 ? a->value : b->value);
    expect_number(order < 0 ? a->value : b->value);
}

/* Of an operand that is no integer. */
static void try_unary(const operand *a)
{
    add(&source, "try(function() return -%s end) print(~%s)\n", a->text, a->text);
    add(&source, "print(tostring(%s)) print(%s .. '') print(('%%d'):format(%s))\n", a->text,
        a->text, a->text);
    add(&source, "print(math.tointeger(%s)) print(uint256(tostring(%s)) == %s)\n", a->text,
        a->text, a->text);
    if (BN_is_zero(a->value))
        add(&expected, "0\n");
    else
        add(&expected, "uint256 underflow\n");
    need(BN_sub(out, largest, a->value));
    expect_number(out);
    for (int i = 0; i < 3; i++)
        expect_number(a->value);
    if (BN_cmp(a->value, largest_integer) <= 0)
        expect_number(a->value);
    else
        add(&expected, "nil\n");
    expect_truth(true);
}

/* Digits that are a uint256, or too many, or too much. */
static void try_parse(BIGNUM *value)
{
    bool is_hex = below(2) == 0;
    int most = is_hex ? 64 : 78, width = (int)below(82);
    char *digits;

    draw_value(value);
    if (below(3) == 0)
        need(BN_lshift(value, value, (int)below(8)) && BN_add_word(value, below(100)));
    digits = is_hex ? BN_bn2hex(value) : BN_bn2dec(value);
    need(digits != NULL);
    if (width < (int)strlen(digits))
        width = (int)strlen(digits);
    add(&source, "try(function() return uint256('%s", is_hex ? "0x" : "");
    for (int i = width - (int)strlen(digits); i > 0; i--)
        add(&source, "0");
    add(&source, "%s') end)\n", digits);
    if (width > most || BN_cmp(value, largest) > 0)
        add(&expected, "bad argument #1 to 'uint256' (no uint256: decimal digits or 0x and hex "
                       "digits expected)\n");
    else
        expect_number(value);
    OPENSSL_free(digits);
}

/* ---- programs ---- */

static void write_pair(operand *a, operand *b)
{
    static const char *const operators[] = {"+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>"};

    add(&source, "do\n");
    draw_operand(a, "a", below(3) == 0);
    draw_operand(b, "b", !a->is_integer && below(2) == 0);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        try_calculation(operators[i], a, b);
    try_comparisons(a, b);
    if (!a->is_integer)
        try_unary(a);
    try_parse(out);
    add(&source, "end\n");
}

static vmh_status print_to_buffer(void *context, vmh_bytes text, vmh_failure *why)
{
    (void)context;
    (void)why;
    vmh_buffer_append(&printed, text);
    return VMH_OK;
}

static void run_program(vmh_lua_state *L, const vmh_lua_library *library)
{
    vmh_lua_code *code = NULL;
    vmh_lua_refusal refusal;
    vmh_lua_outcome outcome;
    vmh_arena arena;

    vmh_arena_init(&arena);
    need(vmh_lua_compile(VMH_LITERAL("uint256"), vmh_buffer_bytes(&source), library->names,
                         library->global_count, &arena, &code, &refusal, NULL) == VMH_OK);
    if (code == NULL) {
        fprintf(stderr, "%.*s\nis refused: %.*s\n", (int)source.size, (char *)source.data,
                VMH_PRINT(refusal.text));
        exit(1);
    }
    vmh_buffer_reset(&printed);
    need(vmh_lua_run(L, code, INT64_MAX, 64 << 20, &outcome, NULL) == VMH_OK && outcome.is_good);
    vmh_lua_code_free(code);
    vmh_arena_clear(&arena);
}

/* The end of the line that `at` is in. */
static size_t line_end(vmh_bytes text, size_t at)
{
    while (at < text.size && text.data[at] != '\n')
        at++;
    return at;
}

static void compare(void)
{
    vmh_bytes ours = vmh_buffer_bytes(&printed), theirs = vmh_buffer_bytes(&expected);
    size_t at = 0;

    need(vmh_buffer_check(&printed, NULL) == VMH_OK && vmh_buffer_check(&expected, NULL) == VMH_OK);
    while (at < ours.size && at < theirs.size) {
        size_t end = line_end(ours, at);

        if (end != line_end(theirs, at) || memcmp(ours.data + at, theirs.data + at, end - at) != 0)
            break;
        at = end + 1;
    }
    if (at >= ours.size && at >= theirs.size)
        return;
    fprintf(stderr, "%.*s\ncontract: %.*s\nmodel:    %.*s\nlines before: %.*s\n", (int)source.size,
            (char *)source.data, (int)(line_end(ours, at) - at), (const char *)ours.data + at,
            (int)(line_end(theirs, at) - at), (const char *)theirs.data + at,
            (int)(at < 400 ? at : 400), (const char *)theirs.data + (at < 400 ? 0 : at - 400));
    exit(1);
}

static void run_all(long count)
{
    operand a = {.value = BN_new()}, b = {.value = BN_new()};
    vmh_lua_library *library = NULL;
    vmh_lua_state *L;

    need(a.value != NULL && b.value != NULL && vmh_lua_library_new(false, &library, NULL) == VMH_OK);
    L = vmh_lua_state_new(library);
    need(L != NULL);
    L->print = print_to_buffer;
    for (long done = 0; done < count; done += PAIRS) {
        vmh_buffer_reset(&source);
        vmh_buffer_reset(&expected);
        add(&source, "local function try(f) print(select(2, pcall(f))) end\n");
        for (int i = 0; i < PAIRS; i++)
            write_pair(&a, &b);
        run_program(L, library);
        compare();
    }
    vmh_lua_state_free(L);
    vmh_lua_library_free(library);
    BN_free(a.value);
    BN_free(b.value);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 3) {
        fprintf(stderr, "usage: uint256 SEED COUNT\n");
        return 2;
    }
    random_state = strtoull(arguments[1], NULL, 10) * 0x9e3779b97f4a7c15U | 1;
    pool = BN_CTX_new();
    largest = BN_new();
    largest_integer = BN_new();
    out = BN_new();
    need(pool != NULL && largest != NULL && largest_integer != NULL && out != NULL);
    need(BN_set_bit(largest, 256) && BN_sub_word(largest, 1));
    need(BN_set_bit(largest_integer, 63) && BN_sub_word(largest_integer, 1));
    vmh_buffer_init(&source);
    vmh_buffer_init(&expected);
    vmh_buffer_init(&printed);
    run_all(strtol(arguments[2], NULL, 10));
    printf("%ld of %ld sums, differences and products\n", succeeded, tried);
    vmh_buffer_clear(&source);
    vmh_buffer_clear(&expected);
    vmh_buffer_clear(&printed);
    BN_free(largest);
    BN_free(largest_integer);
    BN_free(out);
    BN_CTX_free(pool);
    return 0;
}
