/*
 * Bytes as hex digits, two a byte, without a prefix. Printed in lower case,
 * read in either; no locale takes part.
 */
#ifndef VMH_BASE_HEX_H
#define VMH_BASE_HEX_H

#include "base/buffer.h"

/* The value of a hex digit, or -1. */
static inline int vmh_hex_digit(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* Appends the digits of `bytes`. */
void vmh_hex_encode(vmh_bytes bytes, vmh_buffer *out);

/*
 * Appends the bytes that `text` names. Fails, appending nothing, with
 *   VMH_E_MALFORMED  an odd number of digits, or another character; the text
 *                    says which and at what offset (the first is 0)
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_hex_decode(vmh_bytes text, vmh_buffer *out, vmh_failure *why);

#endif
