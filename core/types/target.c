#include "types/target.h"

enum { CHAIN_DIGITS_MAX = 10 };

/* A number as it is written: no sign, no zero in front. */
static bool read_chain(vmh_bytes digits, uint32_t *out)
{
    uint64_t chain = 0;

    if (digits.size == 0 || digits.size > CHAIN_DIGITS_MAX ||
        (digits.data[0] == '0' && digits.size != 1))
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        chain = chain * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *out = (uint32_t)chain;
    return chain <= UINT32_MAX;
}

vmh_target vmh_target_read(vmh_bytes text, uint32_t own_chain)
{
    vmh_target target = {own_chain, text};
    size_t at = text.size;

    while (at > 0 && text.data[at - 1] != '@')
        at--;
    /* The `@` of an address stands in front of everything. */
    if (at > 1 && read_chain(vmh_bytes_of(text.data + at, text.size - at), &target.chain))
        target.service.size = at - 1;
    else
        target.chain = own_chain;
    return target;
}
