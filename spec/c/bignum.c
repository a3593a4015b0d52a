/*
 * Holds the bodies of all arithmetic instructions, the fused ones too, against
 * the big numbers of libcrypto:
 *
 *     bignum SEED COUNT
 *
 * runs each on COUNT operands, random ones and those at edges, and tells the
 * first that differs. What a body computes is said here a second time, over
 * numbers without bounds that are cut to 256 bits at the end.
 */
#include <inttypes.h>
#include <openssl/bn.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/word.h"
#include "vite/ops_arith.h"

enum { WORD_BYTES = 32, MOST_OPERANDS = 3 };

static BN_CTX *pool;
static BIGNUM *two_to_256, *two_to_255;
static uint64_t random_state;

static void need(int ok)
{
    if (ok)
        return;
    fprintf(stderr, "libcrypto failed\n");
    exit(2);
}

/* xorshift64* */
static uint64_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dU;
}

static vmh_word random_word(void)
{
    vmh_word word = {{next_random(), next_random(), next_random(), next_random()}};
    vmh_word one = vmh_word_of(1);
    unsigned bits = (unsigned)(next_random() % 257);

    /* As many bits as any other number; near a power of two; made of whole limbs. */
    switch (next_random() % 6) {
    case 0:
        return vmh_word_of(next_random() % 300);
    case 1:
        return vmh_word_shift_left(&one, bits);
    case 2:
        word = vmh_word_shift_left(&one, bits);
        vmh_word_sub(&word, &one, &word);
        return next_random() % 2 == 0 ? word : vmh_word_not(&word);
    case 3:
        for (int i = 0; i < 4; i++) {
            if (next_random() % 2 == 0)
                word.limb[i] = next_random() % 2 == 0 ? 0 : UINT64_MAX;
        }
        return word;
    default:
        return vmh_word_shift_right(&word, bits % 256);
    }
}

static void set(BIGNUM *to, const vmh_word *word)
{
    uint8_t bytes[WORD_BYTES];

    vmh_word_to_bytes(word, bytes);
    BN_zero(to); /* BN_bin2bn leaves the sign of what was there at a zero */
    need(BN_bin2bn(bytes, WORD_BYTES, to) != NULL);
}

/* Cut to 256 bits; a negative number becomes its two's complement. */
static vmh_word get(BIGNUM *number)
{
    uint8_t bytes[WORD_BYTES];

    need(BN_nnmod(number, number, two_to_256, pool));
    need(BN_bn2binpad(number, bytes, WORD_BYTES) == WORD_BYTES);
    return vmh_word_from_bytes(bytes);
}

/* What the word is as a number with a sign. */
static void take_sign(BIGNUM *number)
{
    if (BN_cmp(number, two_to_255) >= 0)
        need(BN_sub(number, number, two_to_256));
}

/* The first operand is the top of the stack. */
typedef struct operands {
    BIGNUM *a, *b, *m, *out;
} operands;

static void model_add(operands *of) { need(BN_add(of->out, of->a, of->b)); }
static void model_sub(operands *of) { need(BN_sub(of->out, of->a, of->b)); }
static void model_sub_reversed(operands *of) { need(BN_sub(of->out, of->b, of->a)); }
static void model_mul(operands *of) { need(BN_mul(of->out, of->a, of->b, pool)); }

static void model_div(operands *of)
{
    if (BN_is_zero(of->b))
        BN_zero(of->out);
    else
        need(BN_div(of->out, NULL, of->a, of->b, pool));
}

static void model_mod(operands *of)
{
    if (BN_is_zero(of->b))
        BN_zero(of->out);
    else
        need(BN_div(NULL, of->out, of->a, of->b, pool));
}

static void take_signs(operands *of)
{
    take_sign(of->a);
    take_sign(of->b);
}

/* BN_div cuts toward zero, and the rest has the sign of the dividend. */
static void model_sdiv(operands *of)
{
    take_signs(of);
    model_div(of);
}

static void model_smod(operands *of)
{
    take_signs(of);
    model_mod(of);
}

static void model_addmod(operands *of)
{
    need(BN_add(of->out, of->a, of->b));
    if (BN_is_zero(of->m))
        BN_zero(of->out);
    else
        need(BN_nnmod(of->out, of->out, of->m, pool));
}

static void model_mulmod(operands *of)
{
    need(BN_mul(of->out, of->a, of->b, pool));
    if (BN_is_zero(of->m))
        BN_zero(of->out);
    else
        need(BN_nnmod(of->out, of->out, of->m, pool));
}

static void model_exp(operands *of)
{
    need(BN_one(of->out));
    for (int bit = BN_num_bits(of->b); bit-- > 0;) {
        need(BN_mod_sqr(of->out, of->out, two_to_256, pool));
        if (BN_is_bit_set(of->b, bit))
            need(BN_mod_mul(of->out, of->out, of->a, two_to_256, pool));
    }
}

static void model_signextend(operands *of)
{
    int bits = BN_get_word(of->a) < 31 ? 8 * (int)BN_get_word(of->a) + 8 : 256;

    need(BN_copy(of->out, of->b) != NULL);
    if (bits == 256)
        return;
    if (BN_num_bits(of->out) > bits)
        need(BN_mask_bits(of->out, bits));
    if (BN_is_bit_set(of->out, bits - 1)) {
        need(BN_set_word(of->m, 1) && BN_lshift(of->m, of->m, bits));
        need(BN_sub(of->out, of->out, of->m));
    }
}

static void model_truth(operands *of, bool is_true) { need(BN_set_word(of->out, is_true)); }
static void model_lt(operands *of) { model_truth(of, BN_cmp(of->a, of->b) < 0); }
static void model_gt(operands *of) { model_truth(of, BN_cmp(of->a, of->b) > 0); }
static void model_eq(operands *of) { model_truth(of, BN_cmp(of->a, of->b) == 0); }
static void model_iszero(operands *of) { model_truth(of, BN_is_zero(of->a)); }

static void model_slt(operands *of)
{
    take_signs(of);
    model_lt(of);
}

static void model_sgt(operands *of)
{
    take_signs(of);
    model_gt(of);
}

/* Bit by bit, so that nothing is shared with the bodies. */
static void model_bits(operands *of, bool (*bit)(bool, bool))
{
    BN_zero(of->out);
    for (int i = 0; i < 256; i++) {
        if (bit(BN_is_bit_set(of->a, i), BN_is_bit_set(of->b, i)))
            need(BN_set_bit(of->out, i));
    }
}

static bool bit_and(bool a, bool b) { return a && b; }
static bool bit_or(bool a, bool b) { return a || b; }
static bool bit_xor(bool a, bool b) { return a != b; }
static bool bit_not(bool a, bool b) { return b || !a; }

static void model_and(operands *of) { model_bits(of, bit_and); }
static void model_or(operands *of) { model_bits(of, bit_or); }
static void model_xor(operands *of) { model_bits(of, bit_xor); }

static void model_not(operands *of)
{
    BN_zero(of->b);
    model_bits(of, bit_not);
}

static void model_byte(operands *of)
{
    if (BN_get_word(of->a) >= 32) {
        BN_zero(of->out);
        return;
    }
    need(BN_rshift(of->out, of->b, 8 * (31 - (int)BN_get_word(of->a))));
    if (BN_num_bits(of->out) > 8)
        need(BN_mask_bits(of->out, 8));
}

/* At 256 everything has moved out. BN_get_word gives all ones for what is larger. */
static int moved(const BIGNUM *count)
{
    return BN_get_word(count) < 256 ? (int)BN_get_word(count) : 256;
}

static void model_shl(operands *of) { need(BN_lshift(of->out, of->b, moved(of->a))); }
static void model_shr(operands *of) { need(BN_rshift(of->out, of->b, moved(of->a))); }

/* Toward minus infinity: floor(b / 2^a). Zero by 256 or more is the odd corner of the sheet. */
static void model_sar(operands *of)
{
    if (moved(of->a) == 256 && BN_is_zero(of->b)) {
        need(BN_set_word(of->out, 1));
        BN_set_negative(of->out, 1);
        return;
    }
    take_sign(of->b);
    need(BN_set_word(of->m, 1) && BN_lshift(of->m, of->m, moved(of->a)));
    need(BN_nnmod(of->out, of->b, of->m, pool) && BN_sub(of->b, of->b, of->out));
    need(BN_div(of->out, NULL, of->b, of->m, pool));
}

static void op_exp(vmh_word *top)
{
    top[-1] = vmh_word_exp(&top[0], &top[-1]);
}

typedef struct operation {
    const char *name;
    void (*model)(operands *of);
    int operand_count;
    /* One of these. `number` gets the upper operand as its number, `item` as another word. */
    void (*body)(vmh_word *top);
    void (*number)(vmh_word *top, uint64_t number);
    void (*item)(const vmh_word *item, vmh_word *top);
} operation;

static const operation operations[] = {
    {.name = "ADD", .model = model_add, .operand_count = 2, .body = op_add},
    {.name = "MUL", .model = model_mul, .operand_count = 2, .body = op_mul},
    {.name = "SUB", .model = model_sub, .operand_count = 2, .body = op_sub},
    {.name = "DIV", .model = model_div, .operand_count = 2, .body = op_div},
    {.name = "SDIV", .model = model_sdiv, .operand_count = 2, .body = op_sdiv},
    {.name = "MOD", .model = model_mod, .operand_count = 2, .body = op_mod},
    {.name = "SMOD", .model = model_smod, .operand_count = 2, .body = op_smod},
    {.name = "ADDMOD", .model = model_addmod, .operand_count = 3, .body = op_addmod},
    {.name = "MULMOD", .model = model_mulmod, .operand_count = 3, .body = op_mulmod},
    {.name = "EXP", .model = model_exp, .operand_count = 2, .body = op_exp},
    {.name = "SIGNEXTEND", .model = model_signextend, .operand_count = 2, .body = op_signextend},
    {.name = "LT", .model = model_lt, .operand_count = 2, .body = op_lt},
    {.name = "GT", .model = model_gt, .operand_count = 2, .body = op_gt},
    {.name = "SLT", .model = model_slt, .operand_count = 2, .body = op_slt},
    {.name = "SGT", .model = model_sgt, .operand_count = 2, .body = op_sgt},
    {.name = "EQ", .model = model_eq, .operand_count = 2, .body = op_eq},
    {.name = "ISZERO", .model = model_iszero, .operand_count = 1, .body = op_iszero},
    {.name = "AND", .model = model_and, .operand_count = 2, .body = op_and},
    {.name = "OR", .model = model_or, .operand_count = 2, .body = op_or},
    {.name = "XOR", .model = model_xor, .operand_count = 2, .body = op_xor},
    {.name = "NOT", .model = model_not, .operand_count = 1, .body = op_not},
    {.name = "BYTE", .model = model_byte, .operand_count = 2, .body = op_byte},
    {.name = "SHL", .model = model_shl, .operand_count = 2, .body = op_shl},
    {.name = "SHR", .model = model_shr, .operand_count = 2, .body = op_shr},
    {.name = "SAR", .model = model_sar, .operand_count = 2, .body = op_sar},
    {.name = "PUSH ADD", .model = model_add, .operand_count = 2, .number = add_number},
    {.name = "PUSH MUL", .model = model_mul, .operand_count = 2, .number = mul_number},
    {.name = "PUSH SUB", .model = model_sub, .operand_count = 2, .number = sub_from_number},
    {.name = "PUSH SWAP1 SUB", .model = model_sub_reversed, .operand_count = 2,
     .number = sub_number},
    {.name = "PUSH AND", .model = model_and, .operand_count = 2, .number = and_number},
    {.name = "PUSH EQ", .model = model_eq, .operand_count = 2, .number = eq_number},
    {.name = "PUSH LT", .model = model_lt, .operand_count = 2, .number = number_lt},
    {.name = "PUSH GT", .model = model_gt, .operand_count = 2, .number = number_gt},
    {.name = "PUSH SHL", .model = model_shl, .operand_count = 2, .number = shl_number},
    {.name = "PUSH SHR", .model = model_shr, .operand_count = 2, .number = shr_number},
    {.name = "DUP ADD", .model = model_add, .operand_count = 2, .item = add_item},
    {.name = "DUP MUL", .model = model_mul, .operand_count = 2, .item = mul_item},
    {.name = "DUP SUB", .model = model_sub, .operand_count = 2, .item = sub_item},
    {.name = "DUP AND", .model = model_and, .operand_count = 2, .item = and_item},
    {.name = "DUP EQ", .model = model_eq, .operand_count = 2, .item = eq_item},
    {.name = "DUP LT", .model = model_lt, .operand_count = 2, .item = lt_item},
    {.name = "DUP GT", .model = model_gt, .operand_count = 2, .item = gt_item},
};

/* `given` begins with the top. */
static vmh_word run_body(const operation *of, const vmh_word given[MOST_OPERANDS])
{
    vmh_word stack[MOST_OPERANDS] = {given[2], given[1], given[0]};

    if (of->body != NULL) {
        of->body(&stack[2]);
        return stack[MOST_OPERANDS - of->operand_count];
    }
    if (of->number != NULL)
        of->number(&stack[1], given[0].limb[0]);
    else
        of->item(&given[0], &stack[1]);
    return stack[1];
}

static vmh_word run_model(const operation *of, operands *numbers,
                          const vmh_word given[MOST_OPERANDS])
{
    set(numbers->a, &given[0]);
    set(numbers->b, &given[1]);
    set(numbers->m, &given[2]);
    of->model(numbers);
    return get(numbers->out);
}

static void print_word(const char *name, const vmh_word *word)
{
    fprintf(stderr, "  %-9s 0x%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "\n", name,
            word->limb[3], word->limb[2], word->limb[1], word->limb[0]);
}

static bool compare(const operation *of, operands *numbers, long count)
{
    static const char *const names[MOST_OPERANDS] = {"top", "second", "third"};

    for (long i = 0; i < count; i++) {
        vmh_word given[MOST_OPERANDS] = {random_word(), random_word(), random_word()};
        vmh_word ours, theirs;

        if (next_random() % 16 == 0)
            given[1] = given[0];
        if (of->number != NULL)
            given[0] = vmh_word_of(given[0].limb[0]);
        ours = run_body(of, given);
        theirs = run_model(of, numbers, given);
        if (vmh_word_equal(&ours, &theirs))
            continue;
        fprintf(stderr, "%s differs\n", of->name);
        for (int operand = 0; operand < of->operand_count; operand++)
            print_word(names[operand], &given[operand]);
        print_word("ours", &ours);
        print_word("libcrypto", &theirs);
        return false;
    }
    return true;
}

int main(int argument_count, char **arguments)
{
    size_t operation_count = sizeof operations / sizeof operations[0];
    operands numbers;
    bool ok = true;
    long count;

    if (argument_count != 3) {
        fprintf(stderr, "usage: bignum SEED COUNT\n");
        return 2;
    }
    random_state = strtoull(arguments[1], NULL, 10) * 0x9e3779b97f4a7c15U | 1;
    count = strtol(arguments[2], NULL, 10);
    pool = BN_CTX_new();
    two_to_256 = BN_new();
    two_to_255 = BN_new();
    numbers = (operands){BN_new(), BN_new(), BN_new(), BN_new()};
    need(pool != NULL && two_to_256 != NULL && two_to_255 != NULL && numbers.a != NULL &&
         numbers.b != NULL && numbers.m != NULL && numbers.out != NULL);
    need(BN_set_bit(two_to_256, 256) && BN_set_bit(two_to_255, 255));
    for (size_t i = 0; i < operation_count; i++)
        ok = compare(&operations[i], &numbers, count) && ok;
    if (ok)
        printf("%zu operations, %ld operands each\n", operation_count, count);
    BN_free(numbers.a);
    BN_free(numbers.b);
    BN_free(numbers.m);
    BN_free(numbers.out);
    BN_free(two_to_256);
    BN_free(two_to_255);
    BN_CTX_free(pool);
    return ok ? 0 : 1;
}
