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

/* A product or a dividend of two limbs, or half a word. */
typedef unsigned __int128 vmh_double_limb;

static inline vmh_word vmh_word_of(uint64_t value)
{
    return (vmh_word){{value, 0, 0, 0}};
}

static inline vmh_word vmh_word_of_halves(vmh_double_limb high, vmh_double_limb low)
{
    return (vmh_word){{(uint64_t)low, (uint64_t)(low >> 64), (uint64_t)high,
                       (uint64_t)(high >> 64)}};
}

static inline vmh_double_limb vmh_word_low_half(const vmh_word *a)
{
    return (vmh_double_limb)a->limb[1] << 64 | a->limb[0];
}

static inline vmh_double_limb vmh_word_high_half(const vmh_word *a)
{
    return (vmh_double_limb)a->limb[3] << 64 | a->limb[2];
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

/* The results wrap; the returned flag tells carry or borrow. */
static inline bool vmh_word_add(const vmh_word *a, const vmh_word *b, vmh_word *out)
{
    vmh_double_limb low = vmh_word_low_half(a) + vmh_word_low_half(b);
    vmh_double_limb high = vmh_word_high_half(a) + vmh_word_high_half(b);
    bool carry_in = low < vmh_word_low_half(b);
    bool carry_out = high < vmh_word_high_half(b);

    high += carry_in;
    carry_out = carry_out || high < carry_in;
    *out = vmh_word_of_halves(high, low);
    return carry_out;
}

static inline bool vmh_word_sub(const vmh_word *a, const vmh_word *b, vmh_word *out)
{
    vmh_double_limb low = vmh_word_low_half(a) - vmh_word_low_half(b);
    vmh_double_limb high = vmh_word_high_half(a) - vmh_word_high_half(b);
    bool borrow_in = vmh_word_low_half(a) < vmh_word_low_half(b);
    bool borrow_out = vmh_word_high_half(a) < vmh_word_high_half(b) || high < borrow_in;

    *out = vmh_word_of_halves(high - borrow_in, low);
    return borrow_out;
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
            vmh_double_limb sum = (vmh_double_limb)a->limb[i] * b->limb[j] + low[i + j] + carry;

            low[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
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
