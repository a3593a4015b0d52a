#include "crypto/address.h"

#include "base/hex.h"
#include "crypto/digest.h"

static void take_last(const vmh_hash32 *digest, vmh_address *out)
{
    memcpy(out->bytes, digest->bytes + sizeof digest->bytes - sizeof out->bytes,
           sizeof out->bytes);
}

/* ---- keys ---- */

void vmh_address_of_client(vmh_bytes public_key, vmh_address *out)
{
    vmh_hash32 digest;

    vmh_sha256(public_key, &digest);
    take_last(&digest, out);
}

/* ---- contracts ---- */

/*
 * Every call asks for addresses of contracts, and mostly for the same few: each thread remembers
 * the newest ones. A name that is longer is hashed each time.
 */
enum { REMEMBERED_NAMES = 64, REMEMBERED_SIZE = 32 };

typedef struct remembered_name {
    uint8_t size; /* 0: none */
    uint8_t name[REMEMBERED_SIZE];
    vmh_address address;
} remembered_name;

static _Thread_local remembered_name remembered[REMEMBERED_NAMES];

static remembered_name *place_of(vmh_bytes name)
{
    uint32_t sum = (uint32_t)name.size;

    for (size_t i = 0; i < name.size; i++)
        sum = sum * 31 + name.data[i];
    return &remembered[(sum ^ sum >> 8) % REMEMBERED_NAMES];
}

void vmh_address_of_contract(vmh_bytes contract_name, vmh_address *out)
{
    remembered_name *place = NULL;
    vmh_hash32 digest;

    if (contract_name.size != 0 && contract_name.size <= REMEMBERED_SIZE) {
        place = place_of(contract_name);
        if (place->size == contract_name.size &&
            memcmp(place->name, contract_name.data, contract_name.size) == 0) {
            *out = place->address;
            return;
        }
    }
    vmh_sha256(contract_name, &digest);
    take_last(&digest, out);
    if (place == NULL)
        return;
    place->size = (uint8_t)contract_name.size;
    memcpy(place->name, contract_name.data, contract_name.size);
    place->address = *out;
}

void vmh_address_of_foreign_contract(uint32_t virtual_chain_id, vmh_bytes contract_name,
                                     vmh_address *out)
{
    uint8_t prefix[5] = {0};
    vmh_bytes parts[2] = {vmh_bytes_of(prefix, sizeof prefix), contract_name};
    vmh_hash32 digest;

    vmh_put_u32_le(prefix + 1, virtual_chain_id);
    vmh_sha256_parts(parts, 2, &digest);
    take_last(&digest, out);
}

void vmh_address_of_node(vmh_bytes public_key, vmh_address *out)
{
    vmh_hash32 digest;

    vmh_keccak256(public_key, &digest);
    take_last(&digest, out);
}

/*
 * Gives the letters among `digits`, lower-case hex of `bytes`, the case that
 * the checksum asks for: upper where the nibble of the digest at the same
 * place is above 7. A text longer than the digest begins it again.
 */
static void set_case(vmh_bytes bytes, vmh_checksum checksum, uint8_t *digits)
{
    vmh_hash32 digest;

    if (checksum == VMH_CHECKSUM_EIP55)
        vmh_keccak256(vmh_bytes_of(digits, 2 * bytes.size), &digest);
    else
        vmh_sha256(bytes, &digest);
    for (size_t i = 0; i < 2 * bytes.size; i++) {
        uint8_t nibble = digest.bytes[i / 2 % sizeof digest.bytes];

        nibble = i % 2 == 0 ? nibble >> 4 : nibble & 15;
        if (digits[i] >= 'a' && nibble > 7)
            digits[i] = (uint8_t)(digits[i] - 'a' + 'A');
    }
}

void vmh_address_encode_text(vmh_bytes bytes, vmh_checksum checksum, vmh_buffer *out)
{
    vmh_buffer_append(out, VMH_LITERAL("0x"));
    vmh_hex_encode(bytes, out);
    if (!out->failed)
        set_case(bytes, checksum, out->data + out->size - 2 * bytes.size);
}

void vmh_address_text(const vmh_address *address, char out[43])
{
    static const char digits[] = "0123456789abcdef";

    memcpy(out, "0x", 2);
    for (size_t i = 0; i < sizeof address->bytes; i++) {
        out[2 + 2 * i] = digits[address->bytes[i] >> 4];
        out[3 + 2 * i] = digits[address->bytes[i] & 15];
    }
    set_case(vmh_bytes_address(address), VMH_CHECKSUM_EIP55, (uint8_t *)out + 2);
    out[42] = '\0';
}

static bool has_both_cases(vmh_bytes digits)
{
    bool lower = false, upper = false;

    for (size_t i = 0; i < digits.size; i++) {
        lower = lower || (digits.data[i] >= 'a' && digits.data[i] <= 'f');
        upper = upper || (digits.data[i] >= 'A' && digits.data[i] <= 'F');
    }
    return lower && upper;
}

/* Whether `digits` are `bytes` in the case of either checksum. */
static vmh_status check_case(vmh_bytes digits, vmh_bytes bytes, bool *fits, vmh_failure *why)
{
    static const vmh_checksum checksums[] = {VMH_CHECKSUM_EIP55, VMH_CHECKSUM_SHA256};
    vmh_buffer text;
    vmh_status status = VMH_OK;

    *fits = false;
    vmh_buffer_init(&text);
    for (int i = 0; i < 2 && status == VMH_OK; i++) {
        vmh_buffer_reset(&text);
        vmh_address_encode_text(bytes, checksums[i], &text);
        status = vmh_buffer_check(&text, why);
        if (status == VMH_OK)
            *fits = *fits || vmh_bytes_equal(digits, vmh_bytes_of(text.data + 2, text.size - 2));
    }
    vmh_buffer_clear(&text);
    return status;
}

vmh_status vmh_address_decode_text(vmh_bytes text, vmh_buffer *out, vmh_failure *why)
{
    vmh_bytes digits = text;
    size_t before = out->size;
    bool fits = true;
    vmh_status status;

    if (vmh_bytes_begins(text, VMH_LITERAL("0x")))
        digits = vmh_bytes_of(text.data + 2, text.size - 2);
    status = vmh_hex_decode(digits, out, why);
    if (status == VMH_E_MALFORMED)
        return vmh_fail_within(status, why, "address '%.*s'", VMH_PRINT(text));
    if (status == VMH_OK && has_both_cases(digits))
        status = check_case(digits, vmh_bytes_of(out->data + before, out->size - before), &fits,
                            why);
    if (status == VMH_OK && !fits)
        status = vmh_fail(why, VMH_E_MALFORMED,
                          "address '%.*s': the case of its letters fits no checksum",
                          VMH_PRINT(text));
    if (status != VMH_OK)
        out->size = before;
    return status;
}
