/* `sdk`: hashes, signatures, addresses. Bytes in, bytes out. */
#include "contractlua/lib_sdk.h"
#include "crypto/address.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "types/target.h"

/* ---- hashes ---- */

typedef void (*digest)(vmh_bytes input, vmh_hash32 *out);

static vmh_lua_step hash(vmh_lua_state *L, vmh_lua_frame *frame, digest function,
                         uint64_t per_word, size_t size)
{
    vmh_lua_string *input;
    vmh_hash32 out;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step) || !vmh_lua_check_string(L, frame, 0, &input, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_HASH + (input->size / 32 + 1) * per_word))
        return vmh_lua_stopped(L);
    function(vmh_lua_string_bytes(input), &out);
    return vmh_lua_return_bytes(L, frame, vmh_bytes_of(out.bytes, size));
}

static void blake2b_256(vmh_bytes input, vmh_hash32 *out)
{
    vmh_blake2b(input, out->bytes, sizeof out->bytes);
}

static void ripemd160(vmh_bytes input, vmh_hash32 *out)
{
    vmh_ripemd160(input, out->bytes);
}

vmh_lua_step vmh_lua_sdk_sha256(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return hash(L, frame, vmh_sha256, VMH_LUA_GAS_SHA256_WORD, 32);
}

vmh_lua_step vmh_lua_sdk_keccak256(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return hash(L, frame, vmh_keccak256, VMH_LUA_GAS_KECCAK_WORD, 32);
}

vmh_lua_step vmh_lua_sdk_blake2b(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return hash(L, frame, blake2b_256, VMH_LUA_GAS_KECCAK_WORD, 32);
}

vmh_lua_step vmh_lua_sdk_ripemd160(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return hash(L, frame, ripemd160, VMH_LUA_GAS_SHA256_WORD, 20);
}

/* ---- signatures ---- */

/* Bytes of one argument; of any size where `size` is 0. */
static bool take_bytes(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index, size_t size,
                       vmh_bytes *out, vmh_lua_step *step)
{
    vmh_lua_string *string;

    if (!vmh_lua_check_string(L, frame, index, &string, step))
        return false;
    *out = vmh_lua_string_bytes(string);
    if (size == 0 || out->size == size)
        return true;
    *step = vmh_lua_bad_argument(L, frame, index, "%zu bytes expected, got %zu", size, out->size);
    return false;
}

/* sdk.ed25519_verify(public_key, message, signature) */
vmh_lua_step vmh_lua_sdk_ed25519_verify(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_bytes key, message, signature;
    bool valid;
    vmh_lua_step step;
    vmh_status status;

    if (!vmh_lua_sdk_begin(L, frame, &step) ||
        !take_bytes(L, frame, 0, VMH_ED25519_KEY_SIZE, &key, &step) ||
        !take_bytes(L, frame, 1, 0, &message, &step) ||
        !take_bytes(L, frame, 2, VMH_ED25519_SIGNATURE_SIZE, &signature, &step))
        return step;
    /* The message is hashed with SHA-512. */
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ED25519 +
                               (message.size / 32 + 1) * VMH_LUA_GAS_SHA256_WORD))
        return vmh_lua_stopped(L);
    status = vmh_ed25519_verify(key, message, signature, &valid, L->why);
    if (status != VMH_OK)
        return vmh_lua_host_failed(L, status);
    return vmh_lua_return(L, frame, vmh_lua_boolean(valid));
}

static bool take_digest(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                        vmh_hash32 *out, vmh_lua_step *step)
{
    vmh_bytes bytes;

    if (!take_bytes(L, frame, index, sizeof out->bytes, &bytes, step))
        return false;
    memcpy(out->bytes, bytes.data, sizeof out->bytes);
    return true;
}

/* sdk.secp256k1_verify(public_key, digest, signature): keys of 64 bytes, signatures of 64 or 65 */
vmh_lua_step vmh_lua_sdk_secp256k1_verify(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_bytes key, signature;
    vmh_hash32 message;
    bool valid;
    vmh_lua_step step;
    vmh_status status;

    if (!vmh_lua_sdk_begin(L, frame, &step) ||
        !take_bytes(L, frame, 0, VMH_SECP256K1_KEY_SIZE, &key, &step) ||
        !take_digest(L, frame, 1, &message, &step) ||
        !take_bytes(L, frame, 2, 0, &signature, &step))
        return step;
    if (signature.size != 64 && signature.size != VMH_SECP256K1_SIGNATURE_SIZE)
        return vmh_lua_bad_argument(L, frame, 2, "64 or 65 bytes expected, got %zu",
                                    signature.size);
    if (!vmh_lua_charge(L, VMH_LUA_GAS_SECP256K1))
        return vmh_lua_stopped(L);
    status = vmh_secp256k1_verify(key, &message, signature, &valid, L->why);
    if (status != VMH_OK)
        return vmh_lua_host_failed(L, status);
    return vmh_lua_return(L, frame, vmh_lua_boolean(valid));
}

/* sdk.secp256k1_recover(digest, signature): the key of 64 bytes, nil where none follows */
vmh_lua_step vmh_lua_sdk_secp256k1_recover(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint8_t key[VMH_SECP256K1_KEY_SIZE];
    vmh_bytes signature;
    vmh_hash32 message;
    bool found;
    vmh_lua_step step;
    vmh_status status;

    if (!vmh_lua_sdk_begin(L, frame, &step) || !take_digest(L, frame, 0, &message, &step) ||
        !take_bytes(L, frame, 1, VMH_SECP256K1_SIGNATURE_SIZE, &signature, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_SECP256K1))
        return vmh_lua_stopped(L);
    status = vmh_secp256k1_recover(&message, signature, key, &found, L->why);
    if (status != VMH_OK)
        return vmh_lua_host_failed(L, status);
    if (!found)
        return vmh_lua_return(L, frame, vmh_lua_nil());
    return vmh_lua_return_bytes(L, frame, vmh_bytes_of(key, sizeof key));
}

/* ---- addresses ---- */

static vmh_lua_step return_address(vmh_lua_state *L, vmh_lua_frame *frame,
                                   const vmh_address *address)
{
    return vmh_lua_return_bytes(L, frame, vmh_bytes_address(address));
}

static bool begin_address(vmh_lua_state *L, const vmh_lua_frame *frame, size_t size,
                          vmh_bytes *out, vmh_lua_step *step)
{
    if (!vmh_lua_sdk_begin(L, frame, step) || !take_bytes(L, frame, 0, size, out, step))
        return false;
    if (vmh_lua_charge(L, VMH_LUA_GAS_ADDRESS_TEXT +
                              (out->size / 32 + 1) * VMH_LUA_GAS_SHA256_WORD))
        return true;
    *step = vmh_lua_stopped(L);
    return false;
}

/* What is behind a name with a chain is an account of this one where it is this one's own. */
static bool is_foreign(vmh_lua_state *L, const vmh_target *target, bool *foreign,
                       vmh_lua_step *step)
{
    static const vmh_lua_operation operation = {"Sdk.Env", "getVirtualChainId",
                                                VMH_PERMISSION_SERVICE};
    vmh_argument own;

    if (!vmh_lua_sdk_ask(L, &operation, (vmh_argument_array){0}, VMH_ARGUMENT_UINT32, &own, step))
        return false;
    *foreign = target->chain != own.value.uint32;
    return true;
}

/* sdk.address_of_service(name), or of another chain, name@chain */
vmh_lua_step vmh_lua_sdk_address_of_service(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_address address;
    vmh_target target;
    vmh_bytes name;
    vmh_lua_step step;
    bool foreign = false;

    if (!begin_address(L, frame, 0, &name, &step))
        return step;
    target = vmh_target_read(name, 0);
    if (target.service.size != name.size && !is_foreign(L, &target, &foreign, &step))
        return step;
    if (foreign)
        vmh_address_of_foreign_contract(target.chain, target.service, &address);
    else
        vmh_address_of_contract(target.service, &address);
    return return_address(L, frame, &address);
}

/* sdk.address_of_key(public_key): of a client's Ed25519 key */
vmh_lua_step vmh_lua_sdk_address_of_key(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_address address;
    vmh_bytes key;
    vmh_lua_step step;

    if (!begin_address(L, frame, VMH_ED25519_KEY_SIZE, &key, &step))
        return step;
    vmh_address_of_client(key, &address);
    return return_address(L, frame, &address);
}

/* sdk.address_text(address): as EIP-55 */
vmh_lua_step vmh_lua_sdk_address_text(vmh_lua_state *L, vmh_lua_frame *frame)
{
    char text[43];
    vmh_address address;
    vmh_bytes bytes;
    vmh_lua_step step;

    if (!begin_address(L, frame, sizeof address.bytes, &bytes, &step))
        return step;
    memcpy(address.bytes, bytes.data, sizeof address.bytes);
    vmh_address_text(&address, text);
    return vmh_lua_return_bytes(L, frame, vmh_bytes_text(text));
}

/* sdk.address(text): nil where the text is none */
vmh_lua_step vmh_lua_sdk_address(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_failure unreadable;
    vmh_buffer decoded;
    vmh_bytes text;
    vmh_lua_step step;
    vmh_status status;

    if (!begin_address(L, frame, 0, &text, &step))
        return step;
    if (text.size != 42)
        return vmh_lua_return(L, frame, vmh_lua_nil());
    vmh_buffer_init(&decoded);
    status = vmh_address_decode_text(text, &decoded, &unreadable);
    if (status == VMH_E_NO_MEMORY) {
        *L->why = unreadable;
        step = vmh_lua_host_failed(L, status);
    } else if (status != VMH_OK || vmh_buffer_bytes(&decoded).size != 20) {
        step = vmh_lua_return(L, frame, vmh_lua_nil());
    } else {
        step = vmh_lua_return_bytes(L, frame, vmh_buffer_bytes(&decoded));
    }
    vmh_buffer_clear(&decoded);
    return step;
}
