#include "vite/account.h"

#include "base/hex.h"
#include "crypto/digest.h"

enum { CORE = 20, ADDRESS_CHECK = 5, TOKEN = 10, TOKEN_CHECK = 2 };

const vmh_vite_token vmh_vite_token_vite = {{'V', 'I', 'T', 'E', ' ', 'T', 'O', 'K', 'E', 'N'}};

vmh_vite_address vmh_vite_address_of_word(const vmh_word *word)
{
    vmh_vite_address address = {{0}};
    uint64_t high = word->limb[2];

    /* Five bytes of the third limb, and two limbs. */
    if (word->limb[3] != 0 || high >> 40 != 0)
        return address;
    vmh_put_u32_be(address.bytes, (uint32_t)(high >> 8));
    address.bytes[4] = (uint8_t)high;
    vmh_put_u64_be(address.bytes + 5, word->limb[1]);
    vmh_put_u64_be(address.bytes + 13, word->limb[0]);
    return address;
}

vmh_vite_token vmh_vite_token_of_word(const vmh_word *word)
{
    vmh_vite_token token = {{0}};
    uint8_t bytes[32];

    if (vmh_word_bits(word) <= 8 * sizeof token.bytes) {
        vmh_word_to_bytes(word, bytes);
        memcpy(token.bytes, bytes + sizeof bytes - sizeof token.bytes, sizeof token.bytes);
    }
    return token;
}

vmh_word vmh_vite_address_word(const vmh_vite_address *address)
{
    /* As above: of the first eight bytes, five. */
    return (vmh_word){{vmh_get_u64_be(address->bytes + 13), vmh_get_u64_be(address->bytes + 5),
                       vmh_get_u64_be(address->bytes) >> 24, 0}};
}

vmh_word vmh_vite_token_word(const vmh_vite_token *token)
{
    return vmh_word_from_short(vmh_bytes_of(token->bytes, sizeof token->bytes));
}

vmh_vite_address vmh_vite_address_of_contract(const vmh_vite_address *from, uint64_t height,
                                              const vmh_hash32 *previous_hash)
{
    uint8_t source[sizeof from->bytes + 8 + sizeof previous_hash->bytes];
    vmh_vite_address address;

    memcpy(source, from->bytes, sizeof from->bytes);
    vmh_put_u64_be(source + sizeof from->bytes, height);
    memcpy(source + sizeof from->bytes + 8, previous_hash->bytes, sizeof previous_hash->bytes);
    vmh_blake2b(vmh_bytes_of(source, sizeof source), address.bytes, CORE);
    address.bytes[CORE] = 1;
    return address;
}

/* Bits of a contract's check sum are inverted, so that the text tells the two apart. */
static void address_check_sum(const vmh_vite_address *address, uint8_t out[ADDRESS_CHECK])
{
    vmh_blake2b(vmh_bytes_of(address->bytes, CORE), out, ADDRESS_CHECK);
    for (int i = 0; i < ADDRESS_CHECK && vmh_vite_address_is_contract(address); i++)
        out[i] = (uint8_t)~out[i];
}

static char *put_hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
    return out;
}

void vmh_vite_address_text(const vmh_vite_address *address, char out[VMH_VITE_ADDRESS_TEXT_SIZE])
{
    uint8_t check[ADDRESS_CHECK];

    address_check_sum(address, check);
    memcpy(out, "vite_", 5);
    out = put_hex(out + 5, address->bytes, CORE);
    *put_hex(out, check, sizeof check) = '\0';
}

void vmh_vite_token_text(const vmh_vite_token *token, char out[VMH_VITE_TOKEN_TEXT_SIZE])
{
    uint8_t check[TOKEN_CHECK];

    vmh_blake2b(vmh_bytes_of(token->bytes, TOKEN), check, sizeof check);
    memcpy(out, "tti_", 4);
    out = put_hex(out + 4, token->bytes, TOKEN);
    *put_hex(out, check, sizeof check) = '\0';
}

/* The `size` bytes whose digits follow the prefix. */
static bool get_hex(vmh_bytes text, vmh_bytes prefix, uint8_t *out, size_t size)
{
    if (!vmh_bytes_begins(text, prefix) || text.size != prefix.size + 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = vmh_hex_digit(text.data[prefix.size + 2 * i]);
        int low = vmh_hex_digit(text.data[prefix.size + 2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

vmh_status vmh_vite_address_parse(vmh_bytes text, vmh_vite_address *out, vmh_failure *why)
{
    uint8_t bytes[CORE + ADDRESS_CHECK];
    uint8_t check[ADDRESS_CHECK];

    if (!get_hex(text, VMH_LITERAL("vite_"), bytes, sizeof bytes))
        return vmh_fail(why, VMH_E_MALFORMED, "address %.*s: expected vite_ and 50 hex digits",
                        VMH_PRINT(text));
    memcpy(out->bytes, bytes, CORE);
    for (uint8_t last = 0; last <= 1; last++) {
        out->bytes[CORE] = last;
        address_check_sum(out, check);
        if (memcmp(check, bytes + CORE, sizeof check) == 0)
            return VMH_OK;
    }
    return vmh_fail(why, VMH_E_MALFORMED, "address %.*s: wrong check sum", VMH_PRINT(text));
}

vmh_status vmh_vite_token_parse(vmh_bytes text, vmh_vite_token *out, vmh_failure *why)
{
    uint8_t bytes[TOKEN + TOKEN_CHECK];
    uint8_t check[TOKEN_CHECK];

    if (!get_hex(text, VMH_LITERAL("tti_"), bytes, sizeof bytes))
        return vmh_fail(why, VMH_E_MALFORMED, "token %.*s: expected tti_ and 24 hex digits",
                        VMH_PRINT(text));
    memcpy(out->bytes, bytes, TOKEN);
    vmh_blake2b(vmh_bytes_of(bytes, TOKEN), check, sizeof check);
    if (memcmp(check, bytes + TOKEN, sizeof check) != 0)
        return vmh_fail(why, VMH_E_MALFORMED, "token %.*s: wrong check sum", VMH_PRINT(text));
    return VMH_OK;
}
