/*
 * vmh_word: 256-bit words on 64-bit limbs, least significant limb first.
 *
 * Arithmetic wraps at 2^256. Signed operations read two's complement. Division
 * by zero gives zero, as the bytecode machine wants it; callers that must
 * refuse it test for zero. `out` may be one of the operands.
 */
#ifndef VMH_BASE_WORD_H
#define VMH_BASE_WORD_H

#include "base/bytes.h"

typedef struct vmh_word {
    uint64_t limb[4];
} vmh_word;

/* A product or a dividend of two limbs. */
typedef unsigned __int128 vmh_double_limb;

static inline vmh_word vmh_word_of(uint64_t value)
{
    return (vmh_word){{value, 0, 0, 0}};
}

static inline bool vmh_word_is_zero(const vmh_word *a)
{
    return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool vmh_word_is_negative(const vmh_word *a)
{
    return a->limb[3] >> 63 != 0;
}

static inline bool vmh_word_fits_u64(const vmh_word *a)
{
    return (a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool vmh_word_equal(const vmh_word *a, const vmh_word *b)
{
    return ((a->limb[0] ^ b->limb[0]) | (a->limb[1] ^ b->limb[1]) | (a->limb[2] ^ b->limb[2]) |
            (a->limb[3] ^ b->limb[3])) == 0;
}

/* 32 bytes, most significant first. */
static inline vmh_word vmh_word_from_bytes(const uint8_t bytes[32])
{
    return (vmh_word){{vmh_get_u64_be(bytes + 24), vmh_get_u64_be(bytes + 16),
                       vmh_get_u64_be(bytes + 8), vmh_get_u64_be(bytes)}};
}

static inline void vmh_word_to_bytes(const vmh_word *a, uint8_t out[32])
{
    vmh_word word = *a;

    vmh_put_u64_be(out, word.limb[3]);
    vmh_put_u64_be(out + 8, word.limb[2]);
    vmh_put_u64_be(out + 16, word.limb[1]);
    vmh_put_u64_be(out + 24, word.limb[0]);
}

/* At most 32 bytes, most significant first; shorter ones are small numbers. */
vmh_word vmh_word_from_short(vmh_bytes bytes);

/* -1, 0 or 1. */
static inline int vmh_word_compare(const vmh_word *a, const vmh_word *b)
{
    for (int i = 3; i > 0; i--) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return a->limb[0] < b->limb[0] ? -1 : a->limb[0] > b->limb[0];
}

static inline int vmh_word_compare_signed(const vmh_word *a, const vmh_word *b)
{
    if (vmh_word_is_negative(a) != vmh_word_is_negative(b))
        return vmh_word_is_negative(a) ? -1 : 1;
    return vmh_word_compare(a, b);
}

/*
 * Limb by limb, with the carry in between: 128 bits at once need pairs of
 * registers, which a function as long as the interpreter's loop has not got.
 */
static inline uint64_t vmh_limb_add(uint64_t a, uint64_t b, bool *carry)
{
    uint64_t sum;
    bool carry_a = __builtin_add_overflow(a, b, &sum);
    bool carry_b = __builtin_add_overflow(sum, (uint64_t)*carry, &sum);

    *carry = carry_a | carry_b;
    return sum;
}

static inline uint64_t vmh_limb_sub(uint64_t a, uint64_t b, bool *borrow)
{
    uint64_t rest;
    bool borrow_a = __builtin_sub_overflow(a, b, &rest);
    bool borrow_b = __builtin_sub_overflow(rest, (uint64_t)*borrow, &rest);

    *borrow = borrow_a | borrow_b;
    return rest;
}

/* The results wrap; the returned flag tells carry or borrow. */
static inline bool vmh_word_add(const vmh_word *a, const vmh_word *b, vmh_word *out)
{
    bool carry = false;
    uint64_t l0 = vmh_limb_add(a->limb[0], b->limb[0], &carry);
    uint64_t l1 = vmh_limb_add(a->limb[1], b->limb[1], &carry);
    uint64_t l2 = vmh_limb_add(a->limb[2], b->limb[2], &carry);
    uint64_t l3 = vmh_limb_add(a->limb[3], b->limb[3], &carry);

    *out = (vmh_word){{l0, l1, l2, l3}};
    return carry;
}

static inline bool vmh_word_sub(const vmh_word *a, const vmh_word *b, vmh_word *out)
{
    bool borrow = false;
    uint64_t l0 = vmh_limb_sub(a->limb[0], b->limb[0], &borrow);
    uint64_t l1 = vmh_limb_sub(a->limb[1], b->limb[1], &borrow);
    uint64_t l2 = vmh_limb_sub(a->limb[2], b->limb[2], &borrow);
    uint64_t l3 = vmh_limb_sub(a->limb[3], b->limb[3], &borrow);

    *out = (vmh_word){{l0, l1, l2, l3}};
    return borrow;
}

/* Low limb of a * b + addend + *carry, whose high limb becomes the carry. */
static inline uint64_t vmh_limb_mul_add(uint64_t a, uint64_t b, uint64_t addend, uint64_t *carry)
{
    vmh_double_limb product = (vmh_double_limb)a * b;
    uint64_t low = (uint64_t)product;
    uint64_t high = (uint64_t)(product >> 64);

    high += __builtin_add_overflow(low, addend, &low);
    high += __builtin_add_overflow(low, *carry, &low);
    *carry = high;
    return low;
}

/*
 * The returned flag tells that the product has more than 256 bits. Inline, so
 * that a caller who ignores the flag does not pay for it; and unrolled by
 * request, which -O2 does not do by itself and which makes it three times as fast.
 */
static inline bool vmh_word_mul(const vmh_word *a, const vmh_word *b, vmh_word *out)
{
    uint64_t low[4] = {0};
    uint64_t lost = 0; /* of what belongs to limb 4 and above, all bits or-ed */

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;

#pragma GCC unroll 4
        for (int j = 0; j < 4 - i; j++) {
            low[i + j] = vmh_limb_mul_add(a->limb[i], b->limb[j], low[i + j], &carry);
        }
        lost |= carry;
#pragma GCC unroll 4
        for (int j = 4 - i; j < 4; j++)
            lost |= a->limb[i] != 0 ? b->limb[j] : 0;
    }
    *out = (vmh_word){{low[0], low[1], low[2], low[3]}};
    return lost != 0;
}

/* quotient and remainder may be NULL. */
void vmh_word_divide(const vmh_word *a, const vmh_word *b, vmh_word *quotient,
                     vmh_word *remainder);

/* The quotient is cut toward zero; the remainder has the sign of `a`. */
void vmh_word_divide_signed(const vmh_word *a, const vmh_word *b, vmh_word *quotient,
                            vmh_word *remainder);

/* (a + b) mod m and (a * b) mod m over the exact sum and product; 0 if m is 0. */
vmh_word vmh_word_add_mod(const vmh_word *a, const vmh_word *b, const vmh_word *m);
vmh_word vmh_word_mul_mod(const vmh_word *a, const vmh_word *b, const vmh_word *m);

/* Anything to the power of 0 is 1. */
vmh_word vmh_word_exp(const vmh_word *base, const vmh_word *exponent);

static inline vmh_word vmh_word_and(const vmh_word *a, const vmh_word *b)
{
    return (vmh_word){{a->limb[0] & b->limb[0], a->limb[1] & b->limb[1], a->limb[2] & b->limb[2],
                       a->limb[3] & b->limb[3]}};
}

static inline vmh_word vmh_word_or(const vmh_word *a, const vmh_word *b)
{
    return (vmh_word){{a->limb[0] | b->limb[0], a->limb[1] | b->limb[1], a->limb[2] | b->limb[2],
                       a->limb[3] | b->limb[3]}};
}

static inline vmh_word vmh_word_xor(const vmh_word *a, const vmh_word *b)
{
    return (vmh_word){{a->limb[0] ^ b->limb[0], a->limb[1] ^ b->limb[1], a->limb[2] ^ b->limb[2],
                       a->limb[3] ^ b->limb[3]}};
}

static inline vmh_word vmh_word_not(const vmh_word *a)
{
    return (vmh_word){{~a->limb[0], ~a->limb[1], ~a->limb[2], ~a->limb[3]}};
}

static inline vmh_word vmh_word_negate(const vmh_word *a)
{
    vmh_word zero = vmh_word_of(0);
    vmh_word out;

    vmh_word_sub(&zero, a, &out);
    return out;
}

/* Counts of 256 and above give 0, or all ones for a negative arithmetic shift. */
vmh_word vmh_word_shift_left(const vmh_word *a, uint64_t count);
vmh_word vmh_word_shift_right(const vmh_word *a, uint64_t count);
vmh_word vmh_word_shift_right_signed(const vmh_word *a, uint64_t count);

/* Sign of byte `index` (0 = least significant) extended upward; 31 and above: unchanged. */
vmh_word vmh_word_sign_extend(const vmh_word *a, uint64_t index);

/* Number of significant bits, 0 for zero. */
unsigned vmh_word_bits(const vmh_word *a);

/* Decimal text with terminator; at most 78 digits. */
void vmh_word_to_decimal(const vmh_word *a, char out[79]);

/*
 * Reads 1 to 78 decimal digits, or 0x and 1 to 64 hex digits of either case.
 * False for anything else and above 2^256 - 1.
 */
bool vmh_word_parse(vmh_bytes text, vmh_word *out);

#endif
