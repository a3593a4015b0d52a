/*
 * Bodies of arithmetic, comparison and bit instructions. Each reads its operands
 * at `top` and below and leaves its result in the lowest of them; the loop moves
 * the stack pointer.
 */
#ifndef VMH_VITE_OPS_ARITH_H
#define VMH_VITE_OPS_ARITH_H

#include "base/word.h"

static inline void op_add(vmh_word *top)
{
    vmh_word_add(&top[0], &top[-1], &top[-1]);
}

static inline void op_mul(vmh_word *top)
{
    vmh_word_mul(&top[0], &top[-1], &top[-1]);
}

static inline void op_sub(vmh_word *top)
{
    vmh_word_sub(&top[0], &top[-1], &top[-1]);
}

static inline void op_div(vmh_word *top)
{
    vmh_word_divide(&top[0], &top[-1], &top[-1], NULL);
}

static inline void op_sdiv(vmh_word *top)
{
    vmh_word_divide_signed(&top[0], &top[-1], &top[-1], NULL);
}

static inline void op_mod(vmh_word *top)
{
    vmh_word_divide(&top[0], &top[-1], NULL, &top[-1]);
}

static inline void op_smod(vmh_word *top)
{
    vmh_word_divide_signed(&top[0], &top[-1], NULL, &top[-1]);
}

static inline void op_addmod(vmh_word *top)
{
    top[-2] = vmh_word_add_mod(&top[0], &top[-1], &top[-2]);
}

static inline void op_mulmod(vmh_word *top)
{
    top[-2] = vmh_word_mul_mod(&top[0], &top[-1], &top[-2]);
}

static inline void op_signextend(vmh_word *top)
{
    uint64_t index = vmh_word_fits_u64(&top[0]) ? top[0].limb[0] : UINT64_MAX;

    top[-1] = vmh_word_sign_extend(&top[-1], index);
}

static inline bool is_less(const vmh_word *a, const vmh_word *b)
{
    vmh_word difference;

    return vmh_word_sub(a, b, &difference);
}

static inline bool is_less_signed(const vmh_word *a, const vmh_word *b)
{
    if (vmh_word_is_negative(a) != vmh_word_is_negative(b))
        return vmh_word_is_negative(a);
    return is_less(a, b);
}

static inline void op_lt(vmh_word *top)
{
    top[-1] = vmh_word_of(is_less(&top[0], &top[-1]));
}

static inline void op_gt(vmh_word *top)
{
    top[-1] = vmh_word_of(is_less(&top[-1], &top[0]));
}

static inline void op_slt(vmh_word *top)
{
    top[-1] = vmh_word_of(is_less_signed(&top[0], &top[-1]));
}

static inline void op_sgt(vmh_word *top)
{
    top[-1] = vmh_word_of(is_less_signed(&top[-1], &top[0]));
}

static inline void op_eq(vmh_word *top)
{
    top[-1] = vmh_word_of(vmh_word_equal(&top[0], &top[-1]));
}

static inline void op_iszero(vmh_word *top)
{
    top[0] = vmh_word_of(vmh_word_is_zero(&top[0]));
}

static inline void op_and(vmh_word *top)
{
    top[-1] = vmh_word_and(&top[0], &top[-1]);
}

static inline void op_or(vmh_word *top)
{
    top[-1] = vmh_word_or(&top[0], &top[-1]);
}

static inline void op_xor(vmh_word *top)
{
    top[-1] = vmh_word_xor(&top[0], &top[-1]);
}

static inline void op_not(vmh_word *top)
{
    top[0] = vmh_word_not(&top[0]);
}

static inline void op_byte(vmh_word *top)
{
    uint64_t index = top[0].limb[0];

    if (!vmh_word_fits_u64(&top[0]) || index >= 32)
        top[-1] = vmh_word_of(0);
    else
        top[-1] = vmh_word_of(top[-1].limb[3 - index / 8] >> (56 - 8 * (index % 8)) & 0xff);
}

static inline uint64_t shift_count(const vmh_word *word)
{
    return vmh_word_fits_u64(word) ? word->limb[0] : UINT64_MAX;
}

static inline void op_shl(vmh_word *top)
{
    top[-1] = vmh_word_shift_left(&top[-1], shift_count(&top[0]));
}

static inline void op_shr(vmh_word *top)
{
    top[-1] = vmh_word_shift_right(&top[-1], shift_count(&top[0]));
}

/* The reference takes zero for negative where the shift is 256 or more. */
static inline void op_sar(vmh_word *top)
{
    uint64_t count = shift_count(&top[0]);

    if (count >= 256 && vmh_word_is_zero(&top[-1]))
        top[-1] = vmh_word_not(&top[-1]);
    else
        top[-1] = vmh_word_shift_right_signed(&top[-1], count);
}

/* The same with a number of one limb as the upper operand, in place of the lower. */
static inline void add_number(vmh_word *top, uint64_t number)
{
    vmh_word word = vmh_word_of(number);

    vmh_word_add(top, &word, top);
}

/* Four products in place of ten. */
static inline void mul_number(vmh_word *top, uint64_t number)
{
    uint64_t carry = 0;

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        top->limb[i] = vmh_limb_mul_add(top->limb[i], number, 0, &carry);
    }
}

static inline void sub_number(vmh_word *top, uint64_t number)
{
    vmh_word word = vmh_word_of(number);

    vmh_word_sub(top, &word, top);
}

static inline void sub_from_number(vmh_word *top, uint64_t number)
{
    vmh_word word = vmh_word_of(number);

    vmh_word_sub(&word, top, top);
}

static inline void and_number(vmh_word *top, uint64_t number)
{
    *top = vmh_word_of(top->limb[0] & number);
}

static inline void eq_number(vmh_word *top, uint64_t number)
{
    *top = vmh_word_of(vmh_word_fits_u64(top) && top->limb[0] == number);
}

static inline void number_lt(vmh_word *top, uint64_t number)
{
    *top = vmh_word_of(!vmh_word_fits_u64(top) || number < top->limb[0]);
}

static inline void number_gt(vmh_word *top, uint64_t number)
{
    *top = vmh_word_of(vmh_word_fits_u64(top) && number > top->limb[0]);
}

static inline void shl_number(vmh_word *top, uint64_t number)
{
    *top = vmh_word_shift_left(top, number);
}

static inline void shr_number(vmh_word *top, uint64_t number)
{
    *top = vmh_word_shift_right(top, number);
}

/* The same with a copy of an item as the upper operand. */
static inline void add_item(const vmh_word *item, vmh_word *top)
{
    vmh_word_add(item, top, top);
}

static inline void mul_item(const vmh_word *item, vmh_word *top)
{
    vmh_word_mul(item, top, top);
}

static inline void sub_item(const vmh_word *item, vmh_word *top)
{
    vmh_word_sub(item, top, top);
}

static inline void and_item(const vmh_word *item, vmh_word *top)
{
    *top = vmh_word_and(item, top);
}

static inline void eq_item(const vmh_word *item, vmh_word *top)
{
    *top = vmh_word_of(vmh_word_equal(item, top));
}

static inline void lt_item(const vmh_word *item, vmh_word *top)
{
    *top = vmh_word_of(is_less(item, top));
}

static inline void gt_item(const vmh_word *item, vmh_word *top)
{
    *top = vmh_word_of(is_less(top, item));
}

#endif
