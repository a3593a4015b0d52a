#include "base/word.h"

#include <assert.h>

#include "base/hex.h"

vmh_word vmh_word_from_short(vmh_bytes bytes)
{
    uint8_t wide[32] = {0};

    assert(bytes.size <= sizeof wide);
    if (bytes.size > 0)
        memcpy(wide + sizeof wide - bytes.size, bytes.data, bytes.size);
    return vmh_word_from_bytes(wide);
}

vmh_word vmh_word_exp(const vmh_word *base, const vmh_word *exponent)
{
    vmh_word result = vmh_word_of(1);
    vmh_word two = vmh_word_of(2);

    /* Powers of two are what compiled code asks for most: shifts, packed fields. */
    if (vmh_word_equal(base, &two))
        return vmh_word_shift_left(&result,
                                   vmh_word_fits_u64(exponent) ? exponent->limb[0] : 256);
    for (unsigned bit = vmh_word_bits(exponent); bit-- > 0;) {
        vmh_word_mul(&result, &result, &result);
        if ((exponent->limb[bit / 64] >> (bit % 64) & 1) != 0)
            vmh_word_mul(&result, base, &result);
    }
    return result;
}

/* `low` moved up by `bits` (below 64), with what moves out of `below` under it. */
static inline uint64_t move_up(uint64_t low, uint64_t below, unsigned bits)
{
    /* Two steps, because a shift by 64 is undefined. */
    return low << bits | below >> 1 >> (63 - bits);
}

static inline uint64_t move_down(uint64_t above, uint64_t high, unsigned bits)
{
    return high >> bits | above << 1 << (63 - bits);
}

/* Limbs are moved under conditions, not by an index, and so stay in registers. */
vmh_word vmh_word_shift_left(const vmh_word *a, uint64_t count)
{
    uint64_t l0 = a->limb[0], l1 = a->limb[1], l2 = a->limb[2], l3 = a->limb[3];
    unsigned bits = count % 64;

    if (count >= 256)
        return vmh_word_of(0);
    if ((count & 128) != 0) {
        l3 = l1;
        l2 = l0;
        l1 = l0 = 0;
    }
    if ((count & 64) != 0) {
        l3 = l2;
        l2 = l1;
        l1 = l0;
        l0 = 0;
    }
    return (vmh_word){{l0 << bits, move_up(l1, l0, bits), move_up(l2, l1, bits),
                       move_up(l3, l2, bits)}};
}

/* Shifts right by less than 256; limbs of `fill` come in. */
static inline vmh_word shift_right(const vmh_word *a, uint64_t count, uint64_t fill)
{
    uint64_t l0 = a->limb[0], l1 = a->limb[1], l2 = a->limb[2], l3 = a->limb[3];
    unsigned bits = count % 64;

    if ((count & 128) != 0) {
        l0 = l2;
        l1 = l3;
        l2 = l3 = fill;
    }
    if ((count & 64) != 0) {
        l0 = l1;
        l1 = l2;
        l2 = l3;
        l3 = fill;
    }
    return (vmh_word){{move_down(l1, l0, bits), move_down(l2, l1, bits), move_down(l3, l2, bits),
                       move_down(fill, l3, bits)}};
}

vmh_word vmh_word_shift_right(const vmh_word *a, uint64_t count)
{
    return count >= 256 ? vmh_word_of(0) : shift_right(a, count, 0);
}

vmh_word vmh_word_shift_right_signed(const vmh_word *a, uint64_t count)
{
    uint64_t sign = vmh_word_is_negative(a) ? UINT64_MAX : 0;

    return count >= 256 ? (vmh_word){{sign, sign, sign, sign}} : shift_right(a, count, sign);
}

vmh_word vmh_word_sign_extend(const vmh_word *a, uint64_t index)
{
    vmh_word shifted;

    if (index >= 31)
        return *a;
    shifted = vmh_word_shift_left(a, 248 - 8 * index);
    return vmh_word_shift_right_signed(&shifted, 248 - 8 * index);
}

unsigned vmh_word_bits(const vmh_word *a)
{
    for (unsigned i = 4; i-- > 0;) {
        if (a->limb[i] != 0)
            return 64 * i + 64 - (unsigned)__builtin_clzll(a->limb[i]);
    }
    return 0;
}

void vmh_word_to_decimal(const vmh_word *a, char out[79])
{
    /* 10^19 is the largest power of ten in a limb; five such parts hold 2^256. */
    const vmh_word part_size = vmh_word_of(10000000000000000000u);
    vmh_word rest = *a;
    char text[95];
    size_t at = sizeof text;

    while (!vmh_word_is_zero(&rest)) {
        vmh_word part;

        vmh_word_divide(&rest, &part_size, &rest, &part);
        for (int i = 0; i < 19; i++) {
            text[--at] = (char)('0' + part.limb[0] % 10);
            part.limb[0] /= 10;
        }
    }
    while (at < sizeof text && text[at] == '0')
        at++;
    if (at == sizeof text)
        text[--at] = '0';
    memcpy(out, text + at, sizeof text - at);
    out[sizeof text - at] = '\0';
}

static bool parse_hex(vmh_bytes digits, vmh_word *out)
{
    if (digits.size < 1 || digits.size > 64)
        return false;
    *out = vmh_word_of(0);
    for (size_t i = 0; i < digits.size; i++) {
        int digit = vmh_hex_digit(digits.data[i]);

        if (digit < 0)
            return false;
        *out = vmh_word_shift_left(out, 4);
        out->limb[0] |= (uint64_t)digit;
    }
    return true;
}

static bool parse_decimal(vmh_bytes digits, vmh_word *out)
{
    const vmh_word ten = vmh_word_of(10);

    if (digits.size < 1 || digits.size > 78)
        return false;
    *out = vmh_word_of(0);
    for (size_t i = 0; i < digits.size; i++) {
        vmh_word digit = vmh_word_of((uint64_t)digits.data[i] - '0');

        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        if (vmh_word_mul(out, &ten, out) || vmh_word_add(out, &digit, out))
            return false;
    }
    return true;
}

bool vmh_word_parse(vmh_bytes text, vmh_word *out)
{
    if (vmh_bytes_begins(text, VMH_LITERAL("0x")))
        return parse_hex(vmh_bytes_of(text.data + 2, text.size - 2), out);
    return parse_decimal(text, out);
}
