/// Digests, signatures, addresses and the ordered merkle tree.
// Bytes are Lua strings of raw bytes, never hex, unless a name says text. A
// function that can fail for want of memory gives `nil, message, code`.
// @module vmhost.crypto
#include "base/hex.h"
#include "crypto/address.h"
#include "crypto/digest.h"
#include "crypto/ordered_tree.h"
#include "crypto/signature.h"
#include "failure.h"
#include "handle.h"

__attribute__((visibility("default"))) int luaopen_vmhost_crypto(lua_State *L);

static int push_hash(lua_State *L, const vmh_hash32 *hash)
{
    vmh_push_bytes(L, vmh_bytes_hash(hash));
    return 1;
}

static int push_address(lua_State *L, const vmh_address *address)
{
    vmh_push_bytes(L, vmh_bytes_address(address));
    return 1;
}

/* Pushes the content of a scratch buffer, or the failure of one that could not grow. */
static int push_buffer_content(lua_State *L, const vmh_buffer *buffer)
{
    vmh_failure why;

    if (vmh_buffer_check(buffer, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(buffer));
    return 1;
}

static vmh_hash32 check_hash(lua_State *L, int index)
{
    vmh_hash32 hash;

    memcpy(hash.bytes, vmh_check_bytes_of_size(L, index, sizeof hash.bytes).data,
           sizeof hash.bytes);
    return hash;
}

/// SHA-256.
// @function sha256
// @tparam string bytes
// @treturn string 32 bytes
static int crypto_sha256(lua_State *L)
{
    vmh_hash32 digest;

    vmh_sha256(vmh_check_bytes(L, 1), &digest);
    return push_hash(L, &digest);
}

/// How many SHA-256 digests vmhost has computed on this thread.
// For tests that count work: take it before and after.
// @function sha256_count
// @treturn integer
static int crypto_sha256_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)vmh_sha256_count());
    return 1;
}

/// SHA3-256 of FIPS 202; for Ethereum's digest see `keccak256`.
// @function sha3_256
// @tparam string bytes
// @treturn string 32 bytes
static int crypto_sha3_256(lua_State *L)
{
    vmh_hash32 digest;

    vmh_sha3_256(vmh_check_bytes(L, 1), &digest);
    return push_hash(L, &digest);
}

/// RIPEMD-160.
// @function ripemd160
// @tparam string bytes
// @treturn string 20 bytes
static int crypto_ripemd160(lua_State *L)
{
    uint8_t digest[20];

    vmh_ripemd160(vmh_check_bytes(L, 1), digest);
    vmh_push_bytes(L, vmh_bytes_of(digest, sizeof digest));
    return 1;
}

/// Keccak-256 with its original padding, as Ethereum uses it.
// @function keccak256
// @tparam string bytes
// @treturn string 32 bytes
static int crypto_keccak256(lua_State *L)
{
    vmh_hash32 digest;

    vmh_keccak256(vmh_check_bytes(L, 1), &digest);
    return push_hash(L, &digest);
}

/// BLAKE2b without a key.
// Rule: RFC 7693. The size takes part: a shorter digest is not a longer one cut.
// @function blake2b
// @tparam string bytes
// @tparam[opt=32] integer size of the digest, 1 to 64 bytes
// @treturn string `size` bytes
// @raise for another size
static int crypto_blake2b(lua_State *L)
{
    vmh_bytes input = vmh_check_bytes(L, 1);
    lua_Integer size = luaL_optinteger(L, 2, 32);
    uint8_t digest[64];

    luaL_argcheck(L, size >= 1 && size <= 64, 2, "size must be 1 to 64");
    vmh_blake2b(input, digest, (size_t)size);
    vmh_push_bytes(L, vmh_bytes_of(digest, (size_t)size));
    return 1;
}

/// Verifies an Ed25519 signature.
// Rule: RFC 8032 without the cofactor; s must be below the order of the group.
// A key or signature of another length is not valid.
// @function ed25519.verify
// @tparam string public_key 32 bytes
// @tparam string message what was signed; for a transaction its 32-byte hash
// @tparam string signature 64 bytes
// @treturn[1] boolean
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory` or `crypto_failed`
static int ed25519_verify(lua_State *L)
{
    vmh_bytes public_key = vmh_check_bytes(L, 1);
    vmh_bytes message = vmh_check_bytes(L, 2);
    vmh_bytes signature = vmh_check_bytes(L, 3);
    vmh_failure why;
    bool valid;

    if (vmh_ed25519_verify(public_key, message, signature, &valid, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushboolean(L, valid);
    return 1;
}

/*
 * A string field of entry `number`, which is on the top. Read raw: the list
 * keeps the string alive, and no function runs that could take it out.
 */
static vmh_bytes check_field(lua_State *L, lua_Integer number, const char *name)
{
    size_t size;
    const char *data;

    lua_pushstring(L, name);
    if (lua_rawget(L, -2) != LUA_TSTRING)
        luaL_error(L, "verifications[%I].%s: string expected, got %s", number, name,
                   luaL_typename(L, -1));
    data = lua_tolstring(L, -1, &size);
    lua_pop(L, 1);
    return vmh_bytes_of(data, size);
}

/// Verifies several Ed25519 signatures, on several threads if wanted.
// The result does not depend on the number of threads.
// @function ed25519.verify_all
// @tparam {table,...} verifications each `{ public_key=, message=, signature= }`
// as `ed25519.verify` takes them
// @tparam[opt=1] integer threads at most so many, this one included
// @treturn[1] {boolean,...} in the order of `verifications`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory` or `crypto_failed`
// @raise if an entry or field is missing
static int ed25519_verify_all(lua_State *L)
{
    lua_Integer threads = luaL_optinteger(L, 2, 1);
    size_t count;
    vmh_verification *all;
    vmh_failure why;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, threads >= 1, 2, "there must be one thread or more");
    count = lua_rawlen(L, 1);
    all = lua_newuserdatauv(L, count * sizeof *all, 0);
    for (size_t i = 0; i < count; i++) {
        lua_Integer number = (lua_Integer)i + 1;

        if (lua_rawgeti(L, 1, number) != LUA_TTABLE)
            return luaL_error(L, "verifications[%I]: table expected, got %s", number,
                              luaL_typename(L, -1));
        all[i].public_key = check_field(L, number, "public_key");
        all[i].message = check_field(L, number, "message");
        all[i].signature = check_field(L, number, "signature");
        lua_pop(L, 1);
    }
    if (vmh_ed25519_verify_all(all, count, (size_t)threads, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushboolean(L, all[i].valid);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/// Signs with Ed25519.
// @function ed25519.sign
// @tparam string seed 32 bytes: of a 64-byte private key the first half
// @tparam string message
// @treturn[1] string signature, 64 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory` or `crypto_failed`
// @raise if the seed is not 32 bytes
static int ed25519_sign(lua_State *L)
{
    vmh_bytes seed = vmh_check_bytes_of_size(L, 1, VMH_ED25519_SEED_SIZE);
    vmh_bytes message = vmh_check_bytes(L, 2);
    uint8_t signature[VMH_ED25519_SIGNATURE_SIZE];
    vmh_failure why;

    if (vmh_ed25519_sign(seed.data, message, signature, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(signature, sizeof signature));
    return 1;
}

/// The Ed25519 public key of a seed.
// @function ed25519.public_key
// @tparam string seed 32 bytes
// @treturn[1] string public key, 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory` or `crypto_failed`
// @raise if the seed is not 32 bytes
static int ed25519_public_key(lua_State *L)
{
    vmh_bytes seed = vmh_check_bytes_of_size(L, 1, VMH_ED25519_SEED_SIZE);
    uint8_t public_key[VMH_ED25519_KEY_SIZE];
    vmh_failure why;

    if (vmh_ed25519_public_key(seed.data, public_key, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(public_key, sizeof public_key));
    return 1;
}

/// Verifies a secp256k1 signature.
// A signature with s above half the order is not valid: nobody can make a
// second signature from a first. A key that is not on the curve, and a key or
// signature of another length, are not valid either.
// @function secp256k1.verify
// @tparam string public_key 64 bytes, x and y
// @tparam string digest 32 bytes
// @tparam string signature 64 bytes r and s; a 65th, v, is not looked at
// @treturn[1] boolean
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory` or `crypto_failed`
// @raise if the digest is not 32 bytes
static int secp256k1_verify(lua_State *L)
{
    vmh_bytes public_key = vmh_check_bytes(L, 1);
    vmh_hash32 digest = check_hash(L, 2);
    vmh_bytes signature = vmh_check_bytes(L, 3);
    vmh_failure why;
    bool valid;

    if (vmh_secp256k1_verify(public_key, &digest, signature, &valid, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushboolean(L, valid);
    return 1;
}

/// The public key that made a secp256k1 signature.
// Any s from 1 to the order less 1 is taken.
// @function secp256k1.recover
// @tparam string digest 32 bytes
// @tparam string signature 65 bytes: r, s, and v from 0 to 3
// @treturn[1] string public key, 64 bytes, x and y
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` if no key follows from the signature,
// `no_memory`, `crypto_failed`
// @raise if the digest is not 32 bytes
static int secp256k1_recover(lua_State *L)
{
    vmh_hash32 digest = check_hash(L, 1);
    vmh_bytes signature = vmh_check_bytes(L, 2);
    uint8_t public_key[VMH_SECP256K1_KEY_SIZE];
    vmh_failure why;
    bool found;

    if (vmh_secp256k1_recover(&digest, signature, public_key, &found, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (!found)
        return vmh_push_failure_text(L, VMH_E_INPUT, "no public key follows from the signature");
    vmh_push_bytes(L, vmh_bytes_of(public_key, sizeof public_key));
    return 1;
}

/// Signs a digest with secp256k1: deterministic (RFC 6979), with a low s.
// @function secp256k1.sign
// @tparam string secret 32 bytes
// @tparam string digest 32 bytes
// @treturn[1] string signature, 65 bytes: r, s, and v from 0 to 3
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` if the secret is 0 or not below the
// order, `no_memory`, `crypto_failed`
// @raise if secret or digest is not 32 bytes
static int secp256k1_sign(lua_State *L)
{
    vmh_bytes secret = vmh_check_bytes_of_size(L, 1, VMH_SECP256K1_SECRET_SIZE);
    vmh_hash32 digest = check_hash(L, 2);
    uint8_t signature[VMH_SECP256K1_SIGNATURE_SIZE];
    vmh_failure why;

    if (vmh_secp256k1_sign(secret.data, &digest, signature, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(signature, sizeof signature));
    return 1;
}

/// The secp256k1 public key of a secret.
// @function secp256k1.public_key
// @tparam string secret 32 bytes
// @treturn[1] string public key, 64 bytes, x and y
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` if the secret is 0 or not below the
// order, `no_memory`, `crypto_failed`
// @raise if the secret is not 32 bytes
static int secp256k1_public_key(lua_State *L)
{
    vmh_bytes secret = vmh_check_bytes_of_size(L, 1, VMH_SECP256K1_SECRET_SIZE);
    uint8_t public_key[VMH_SECP256K1_KEY_SIZE];
    vmh_failure why;

    if (vmh_secp256k1_public_key(secret.data, public_key, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(public_key, sizeof public_key));
    return 1;
}

/// A random seed for a new Ed25519 key.
// @function new_seed
// @treturn[1] string 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `crypto_failed`
static int crypto_new_seed(lua_State *L)
{
    uint8_t seed[VMH_ED25519_SEED_SIZE];
    vmh_failure why;

    if (vmh_random_bytes(seed, sizeof seed, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(seed, sizeof seed));
    return 1;
}

/// The address of a client: last 20 bytes of SHA-256 of its public key.
// @function address_of_client
// @tparam string public_key Ed25519, 32 bytes
// @treturn string 20 bytes
// @raise if the key is not 32 bytes
static int crypto_address_of_client(lua_State *L)
{
    vmh_address address;

    vmh_address_of_client(vmh_check_bytes_of_size(L, 1, VMH_ED25519_KEY_SIZE), &address);
    return push_address(L, &address);
}

/// The address of a service of the own chain: last 20 bytes of SHA-256 of its name.
// @function address_of_contract
// @tparam string contract_name
// @treturn string 20 bytes
static int crypto_address_of_contract(lua_State *L)
{
    vmh_address address;

    vmh_address_of_contract(vmh_check_bytes(L, 1), &address);
    return push_address(L, &address);
}

/// The address of a service of another chain.
// Last 20 bytes of SHA-256 of byte 00, the chain id as 4 bytes little-endian
// and the name; so it is never that of a service of the own chain.
// @function address_of_foreign_contract
// @tparam integer virtual_chain_id 0 to 2^32 - 1
// @tparam string contract_name
// @treturn string 20 bytes
// @raise if the chain id is out of range
static int crypto_address_of_foreign_contract(lua_State *L)
{
    uint64_t virtual_chain_id = vmh_check_unsigned(L, 1);
    vmh_bytes contract_name = vmh_check_bytes(L, 2);
    vmh_address address;

    luaL_argcheck(L, virtual_chain_id <= UINT32_MAX, 1, "chain id above 4294967295");
    vmh_address_of_foreign_contract((uint32_t)virtual_chain_id, contract_name, &address);
    return push_address(L, &address);
}

/// The address of a node: last 20 bytes of Keccak-256 of its public key.
// @function address_of_node
// @tparam string public_key secp256k1, 64 bytes
// @treturn string 20 bytes
// @raise if the key is not 64 bytes
static int crypto_address_of_node(lua_State *L)
{
    vmh_address address;

    vmh_address_of_node(vmh_check_bytes_of_size(L, 1, VMH_SECP256K1_KEY_SIZE), &address);
    return push_address(L, &address);
}

/// Bytes as `0x` and hex digits whose case is a checksum.
// @function address_text
// @tparam string bytes an address; other lengths work as well
// @tparam[opt="eip55"] string checksum `eip55`, or `sha256` as the JavaScript
// client prints it
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
static int crypto_address_text(lua_State *L)
{
    static const char *const names[] = {"eip55", "sha256", NULL};
    static const vmh_checksum checksums[] = {VMH_CHECKSUM_EIP55, VMH_CHECKSUM_SHA256};
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_checksum checksum = checksums[luaL_checkoption(L, 2, "eip55", names)];
    vmh_buffer *text = vmh_push_buffer(L);

    vmh_address_encode_text(bytes, checksum, text);
    return push_buffer_content(L, text);
}

/// Reads the text of an address.
// All lower or all upper case is taken as it is; mixed case must fit one of
// the two checksums. The length is the caller's to check.
// @function parse_address
// @tparam string text hex digits, with or without `0x`
// @treturn[1] string bytes
// @return[2] nil
// @treturn[2] string message naming the text and the fault
// @treturn[2] string code `malformed` or `no_memory`
static int crypto_parse_address(lua_State *L)
{
    vmh_bytes text = vmh_check_bytes(L, 1);
    vmh_buffer *bytes = vmh_push_buffer(L);
    vmh_failure why;

    if (vmh_address_decode_text(text, bytes, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return push_buffer_content(L, bytes);
}

/// Bytes as lower-case hex digits, without `0x`.
// @function hex
// @tparam string bytes
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
static int crypto_hex(lua_State *L)
{
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_buffer *text = vmh_push_buffer(L);

    vmh_hex_encode(bytes, text);
    return push_buffer_content(L, text);
}

/// Reads hex digits of either case; no `0x`, no spaces.
// @function unhex
// @tparam string text
// @treturn[1] string bytes
// @return[2] nil
// @treturn[2] string message naming the offset (from 0) of the fault
// @treturn[2] string code `malformed` or `no_memory`
static int crypto_unhex(lua_State *L)
{
    vmh_bytes text = vmh_check_bytes(L, 1);
    vmh_buffer *bytes = vmh_push_buffer(L);
    vmh_failure why;

    if (vmh_hex_decode(text, bytes, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return push_buffer_content(L, bytes);
}

/* Pushes a userdata with the hashes of the list at 1. */
static vmh_hash32 *check_leaves(lua_State *L, size_t *count)
{
    vmh_hash32 *leaves;

    luaL_checktype(L, 1, LUA_TTABLE);
    *count = lua_rawlen(L, 1);
    leaves = lua_newuserdatauv(L, *count * sizeof *leaves, 0);
    for (size_t i = 0; i < *count; i++) {
        lua_Integer number = (lua_Integer)i + 1;

        if (lua_rawgeti(L, 1, number) != LUA_TSTRING)
            luaL_error(L, "leaves[%I]: string expected, got %s", number, luaL_typename(L, -1));
        if (lua_rawlen(L, -1) != sizeof leaves[i].bytes)
            luaL_error(L, "leaves[%I]: expected 32 bytes, got %I", number,
                       (lua_Integer)lua_rawlen(L, -1));
        memcpy(leaves[i].bytes, lua_tostring(L, -1), sizeof leaves[i].bytes);
        lua_pop(L, 1);
    }
    return leaves;
}

/// The root of the ordered merkle tree of transactions or receipts.
// A parent is SHA-256 of its two children, the smaller first; an odd last node
// moves up unchanged.
// @function ordered_tree_root
// @tparam {string,...} leaves hashes of 32 bytes, used as they are
// @treturn[1] string 32 bytes; zero bytes for no leaves
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if a leaf is not 32 bytes
static int crypto_ordered_tree_root(lua_State *L)
{
    size_t count;
    const vmh_hash32 *leaves = check_leaves(L, &count);
    vmh_hash32 root;
    vmh_failure why;

    if (vmh_ordered_tree_root(leaves, count, &root, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return push_hash(L, &root);
}

/// The proof that a leaf belongs to a root.
// @function ordered_tree_proof
// @tparam {string,...} leaves hashes of 32 bytes
// @tparam integer index of the leaf, from 1
// @treturn[1] string sibling hashes, root side first; empty for a single leaf
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if a leaf is not 32 bytes, or there is no leaf `index`
static int crypto_ordered_tree_proof(lua_State *L)
{
    lua_Integer index = luaL_checkinteger(L, 2);
    size_t count;
    const vmh_hash32 *leaves = check_leaves(L, &count);
    vmh_buffer *proof = vmh_push_buffer(L);
    vmh_failure why;

    if (index < 1 || (lua_Unsigned)index > count)
        return luaL_argerror(L, 2, lua_pushfstring(L, "no leaf %I among %I", index,
                                                   (lua_Integer)count));
    if (vmh_ordered_tree_proof(leaves, count, (size_t)index - 1, proof, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return push_buffer_content(L, proof);
}

/// Whether a proof leads from a leaf to a root.
// @function ordered_tree_verify
// @tparam string root 32 bytes
// @tparam string leaf 32 bytes
// @tparam string proof as `ordered_tree_proof` gives it
// @treturn boolean false also for a proof that is not a row of hashes
// @raise if root or leaf is not 32 bytes
static int crypto_ordered_tree_verify(lua_State *L)
{
    vmh_hash32 root = check_hash(L, 1);
    vmh_hash32 leaf = check_hash(L, 2);

    lua_pushboolean(L, vmh_ordered_tree_verify(&root, &leaf, vmh_check_bytes(L, 3)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"sha256", crypto_sha256},
    {"sha256_count", crypto_sha256_count},
    {"sha3_256", crypto_sha3_256},
    {"ripemd160", crypto_ripemd160},
    {"keccak256", crypto_keccak256},
    {"blake2b", crypto_blake2b},
    {"new_seed", crypto_new_seed},
    {"address_of_client", crypto_address_of_client},
    {"address_of_contract", crypto_address_of_contract},
    {"address_of_foreign_contract", crypto_address_of_foreign_contract},
    {"address_of_node", crypto_address_of_node},
    {"address_text", crypto_address_text},
    {"parse_address", crypto_parse_address},
    {"hex", crypto_hex},
    {"unhex", crypto_unhex},
    {"ordered_tree_root", crypto_ordered_tree_root},
    {"ordered_tree_proof", crypto_ordered_tree_proof},
    {"ordered_tree_verify", crypto_ordered_tree_verify},
    {NULL, NULL},
};

static const luaL_Reg ed25519_functions[] = {
    {"verify", ed25519_verify},
    {"verify_all", ed25519_verify_all},
    {"sign", ed25519_sign},
    {"public_key", ed25519_public_key},
    {NULL, NULL},
};

static const luaL_Reg secp256k1_functions[] = {
    {"verify", secp256k1_verify},
    {"recover", secp256k1_recover},
    {"sign", secp256k1_sign},
    {"public_key", secp256k1_public_key},
    {NULL, NULL},
};

int luaopen_vmhost_crypto(lua_State *L)
{
    vmh_handle_init(L);
    luaL_newlib(L, functions);
    luaL_newlib(L, ed25519_functions);
    lua_setfield(L, -2, "ed25519");
    luaL_newlib(L, secp256k1_functions);
    lua_setfield(L, -2, "secp256k1");
    return 1;
}
