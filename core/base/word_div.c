/*
 * Division: Knuth's algorithm D on 64-bit limbs, each quotient limb from the
 * two leading limbs of the divisor and their reciprocal, so that the processor
 * divides once per call and multiplies from there on. The reciprocals and the
 * two division steps are those of Möller and Granlund, "Improved division by
 * invariant integers", 2011.
 */
#include "base/word.h"

/* floor((2^128 - 1) / d) - 2^64, of a divisor whose top bit is set. */
static uint64_t reciprocal_of_one(uint64_t d)
{
    return (uint64_t)(((vmh_double_limb)~d << 64 | UINT64_MAX) / d);
}

/* floor((2^192 - 1) / (d1, d0)) - 2^64, of a divisor whose top bit is set. */
static uint64_t reciprocal_of_two(uint64_t d1, uint64_t d0)
{
    uint64_t v = reciprocal_of_one(d1);
    uint64_t p = d1 * v + d0;
    vmh_double_limb t;

    if (p < d0) {
        v--;
        if (p >= d1) {
            v--;
            p -= d1;
        }
        p -= d1;
    }
    t = (vmh_double_limb)v * d0;
    p += (uint64_t)(t >> 64);
    if (p < (uint64_t)(t >> 64)) {
        v--;
        if (((vmh_double_limb)p << 64 | (uint64_t)t) >= ((vmh_double_limb)d1 << 64 | d0))
            v--;
    }
    return v;
}

/* Quotient of (u1, u0) by d; u1 is the remainder before and after. */
static inline uint64_t divide_by_one(uint64_t *u1, uint64_t u0, uint64_t d, uint64_t v)
{
    vmh_double_limb q = (vmh_double_limb)v * *u1 + ((vmh_double_limb)*u1 << 64 | u0);
    uint64_t quotient = (uint64_t)(q >> 64) + 1;
    uint64_t remainder = u0 - quotient * d;

    if (remainder > (uint64_t)q) {
        quotient--;
        remainder += d;
    }
    if (remainder >= d) {
        quotient++;
        remainder -= d;
    }
    *u1 = remainder;
    return quotient;
}

/* Quotient and remainder of (u2, u1, u0) by d of two limbs; (u2, u1) is below d. */
static inline uint64_t divide_by_two(uint64_t u2, uint64_t u1, uint64_t u0, vmh_double_limb d,
                                     uint64_t v, vmh_double_limb *remainder)
{
    vmh_double_limb q = (vmh_double_limb)v * u2 + ((vmh_double_limb)u2 << 64 | u1);
    uint64_t quotient = (uint64_t)(q >> 64);
    uint64_t r1 = u1 - quotient * (uint64_t)(d >> 64);
    vmh_double_limb r = ((vmh_double_limb)r1 << 64 | u0) - (vmh_double_limb)quotient * (uint64_t)d -
                        d;

    quotient++;
    if ((uint64_t)(r >> 64) >= (uint64_t)q) {
        quotient--;
        r += d;
    }
    if (r >= d) {
        quotient++;
        r -= d;
    }
    *remainder = r;
    return quotient;
}

/* u -= d * factor over `count` limbs; gives what is left to take from the next limb. */
static inline uint64_t subtract_multiple(uint64_t *u, const uint64_t *d, int count,
                                         uint64_t factor)
{
    uint64_t borrow = 0;

    for (int i = 0; i < count; i++) {
        vmh_double_limb product = (vmh_double_limb)d[i] * factor + borrow;

        borrow = (uint64_t)(product >> 64) + (u[i] < (uint64_t)product);
        u[i] -= (uint64_t)product;
    }
    return borrow;
}

static inline uint64_t add_limbs(uint64_t *u, const uint64_t *d, int count)
{
    uint64_t carry = 0;

    for (int i = 0; i < count; i++) {
        vmh_double_limb sum = (vmh_double_limb)u[i] + d[i] + carry;

        u[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return carry;
}

/*
 * One limb of the quotient: takes that multiple of d from u[0 .. count], whose
 * leading limb becomes 0. `leading` are the two leading limbs of d, v their
 * reciprocal; u[1 .. count] is below d.
 */
static inline uint64_t quotient_limb(uint64_t *u, const uint64_t *d, int count,
                                     vmh_double_limb leading, uint64_t v)
{
    uint64_t quotient, borrow;
    vmh_double_limb rest;

    if (((vmh_double_limb)u[count] << 64 | u[count - 1]) == leading) {
        /* The step by two limbs would overflow; here the quotient is known exactly. */
        u[count] -= subtract_multiple(u, d, count, UINT64_MAX);
        return UINT64_MAX;
    }
    quotient = divide_by_two(u[count], u[count - 1], u[count - 2], leading, v, &rest);
    borrow = subtract_multiple(u, d, count - 2, quotient);
    u[count - 2] = (uint64_t)(rest - borrow);
    u[count - 1] = (uint64_t)((rest - borrow) >> 64);
    u[count] = 0;
    if (rest < borrow) {
        /* The limbs below the two leading ones made the guess one too high. */
        quotient--;
        add_limbs(u, d, count);
    }
    return quotient;
}

static int significant_limbs(const uint64_t *limbs, int count)
{
    while (count > 0 && limbs[count - 1] == 0)
        count--;
    return count;
}

/* out[0 .. count] = in[0 .. count - 1] << bits, bits below 64. */
static void shift_limbs(const uint64_t *in, int count, unsigned bits, uint64_t *out)
{
    uint64_t carry = 0;

    for (int i = 0; i < count; i++) {
        out[i] = in[i] << bits | carry;
        carry = in[i] >> 1 >> (63 - bits);
    }
    out[count] = carry;
}

/*
 * Divides `count` limbs (at most 8) by b, which is not zero. `quotient`, if
 * wanted, has room for all of them; the limbs not written stay as they are.
 */
static vmh_word divide_limbs(const uint64_t *a, int count, const vmh_word *b, uint64_t *quotient)
{
    int divisor_count = significant_limbs(b->limb, 4);
    unsigned bits = (unsigned)__builtin_clzll(b->limb[divisor_count - 1]);
    uint64_t d[5], u[9], v;
    vmh_word remainder = vmh_word_of(0);

    count = significant_limbs(a, count);
    shift_limbs(b->limb, divisor_count, bits, d);
    shift_limbs(a, count, bits, u);
    if (divisor_count == 1) {
        uint64_t rest = u[count];

        v = reciprocal_of_one(d[0]);
        for (int i = count - 1; i >= 0; i--) {
            uint64_t limb = divide_by_one(&rest, u[i], d[0], v);

            if (quotient != NULL)
                quotient[i] = limb;
        }
        return vmh_word_of(rest >> bits);
    }
    v = reciprocal_of_two(d[divisor_count - 1], d[divisor_count - 2]);
    for (int i = count - divisor_count; i >= 0; i--) {
        uint64_t limb = quotient_limb(
            u + i, d, divisor_count,
            (vmh_double_limb)d[divisor_count - 1] << 64 | d[divisor_count - 2], v);

        if (quotient != NULL)
            quotient[i] = limb;
    }
    for (int i = 0; i < divisor_count && i < count + 1; i++)
        remainder.limb[i] = u[i];
    return vmh_word_shift_right(&remainder, bits);
}

void vmh_word_divide(const vmh_word *a, const vmh_word *b, vmh_word *quotient,
                     vmh_word *remainder)
{
    vmh_word q = vmh_word_of(0);
    vmh_word r = vmh_word_of(0);

    if (vmh_word_fits_u64(a) && vmh_word_fits_u64(b)) {
        if (b->limb[0] != 0) {
            q.limb[0] = a->limb[0] / b->limb[0];
            r.limb[0] = a->limb[0] % b->limb[0];
        }
    } else if (vmh_word_compare(a, b) < 0) {
        r = *a;
    } else if (!vmh_word_is_zero(b)) {
        r = divide_limbs(a->limb, 4, b, q.limb);
    }
    if (quotient != NULL)
        *quotient = q;
    if (remainder != NULL)
        *remainder = r;
}

void vmh_word_divide_signed(const vmh_word *a, const vmh_word *b, vmh_word *quotient,
                            vmh_word *remainder)
{
    bool a_negative = vmh_word_is_negative(a);
    bool b_negative = vmh_word_is_negative(b);
    vmh_word a_size = a_negative ? vmh_word_negate(a) : *a;
    vmh_word b_size = b_negative ? vmh_word_negate(b) : *b;
    vmh_word q, r;

    vmh_word_divide(&a_size, &b_size, &q, &r);
    if (quotient != NULL)
        *quotient = a_negative != b_negative ? vmh_word_negate(&q) : q;
    if (remainder != NULL)
        *remainder = a_negative ? vmh_word_negate(&r) : r;
}

static vmh_word reduce(const vmh_word *a, const vmh_word *m)
{
    vmh_word remainder;

    if (vmh_word_compare(a, m) < 0)
        return *a;
    vmh_word_divide(a, m, NULL, &remainder);
    return remainder;
}

vmh_word vmh_word_add_mod(const vmh_word *a, const vmh_word *b, const vmh_word *m)
{
    vmh_word x, y, sum;

    if (vmh_word_is_zero(m))
        return vmh_word_of(0);
    x = reduce(a, m);
    y = reduce(b, m);
    /* Both are below m, so the sum is below 2m and one subtraction reduces it. */
    if (vmh_word_add(&x, &y, &sum) || vmh_word_compare(&sum, m) >= 0)
        vmh_word_sub(&sum, m, &sum);
    return sum;
}

static void full_product(const vmh_word *a, const vmh_word *b, uint64_t out[8])
{
    memset(out, 0, 8 * sizeof *out);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;

#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            out[i + j] = vmh_limb_mul_add(a->limb[i], b->limb[j], out[i + j], &carry);
        }
        out[i + 4] = carry;
    }
}

vmh_word vmh_word_mul_mod(const vmh_word *a, const vmh_word *b, const vmh_word *m)
{
    uint64_t product[8];

    if (vmh_word_is_zero(m))
        return vmh_word_of(0);
    full_product(a, b, product);
    return divide_limbs(product, 8, m, NULL);
}
