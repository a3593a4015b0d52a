#include "base/hex.h"

#include <stdio.h>

static const char digits[] = "0123456789abcdef";

void vmh_hex_encode(vmh_bytes bytes, vmh_buffer *out)
{
    uint8_t *text = NULL;

    if (bytes.size > SIZE_MAX / 2)
        out->failed = true;
    else
        text = vmh_buffer_extend(out, 2 * bytes.size);
    for (size_t i = 0; text != NULL && i < bytes.size; i++) {
        text[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
}

static vmh_status check_digits(vmh_bytes text, vmh_failure *why)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        char shown[8];

        if (vmh_hex_digit(character) >= 0)
            continue;
        if (character > ' ' && character < 0x7f)
            snprintf(shown, sizeof shown, "'%c'", character);
        else
            snprintf(shown, sizeof shown, "byte %02x", character);
        return vmh_fail(why, VMH_E_MALFORMED, "not a hex digit at offset %zu: %s", i, shown);
    }
    if (text.size % 2 != 0)
        return vmh_fail(why, VMH_E_MALFORMED,
                        "odd number of hex digits: half a byte at offset %zu", text.size - 1);
    return VMH_OK;
}

vmh_status vmh_hex_decode(vmh_bytes text, vmh_buffer *out, vmh_failure *why)
{
    vmh_status status = check_digits(text, why);
    uint8_t *bytes;

    if (status != VMH_OK)
        return status;
    bytes = vmh_buffer_extend(out, text.size / 2);
    for (size_t i = 0; bytes != NULL && i < text.size / 2; i++)
        bytes[i] = (uint8_t)(vmh_hex_digit(text.data[2 * i]) << 4 |
                             vmh_hex_digit(text.data[2 * i + 1]));
    return vmh_buffer_check(out, why);
}
