/// Proofs of the state trie, checked and taken apart without any store.
// @submodule vmhost.state_storage
#include "trie_proof.h"

#include "failure.h"
#include "field.h"
#include "handle.h"
#include "state/trie_proof.h"

/* The rule set named at `index`; absent is vmhost-1. */
static const vmh_rules *opt_rules(lua_State *L, int index)
{
    const vmh_rules *rules = &vmh_rules_vmhost_1;

    if (!lua_isnil(L, index)) {
        rules = vmh_rules_find(vmh_check_bytes(L, index));
        if (rules == NULL)
            luaL_error(L, "unknown rule set '%s'", lua_tostring(L, index));
    }
    return rules;
}

/// Checks a proof without any store.
// Rule: the state trie of the merkle specification; a proof of the empty trie
// counts against the empty root only.
// @function verify_proof
// @tparam table claim
// @tparam string claim.root 32 bytes
// @tparam[opt="vmhost-1"] string claim.rule_set decides the trie path of a key
// @tparam string claim.contract contract name
// @tparam string claim.key
// @tparam[opt=""] string claim.value empty: that the key has none
// @tparam string claim.proof
// @treturn[1] boolean whether the proof shows the claim
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`, or `bad_proof` when it does not reach the root
static int verify_proof(lua_State *L)
{
    static const char *const known[] = {"root", "rule_set", "contract", "key",
                                        "value", "proof",   NULL};
    const vmh_rules *rules;
    vmh_hash32 root;
    bool proven;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 1);
    vmh_check_options(L, 1, known);
    root = vmh_check_hash_field(L, 1, "root");
    vmh_push_field(L, 1, "rule_set");
    rules = opt_rules(L, -1);
    status = vmh_trie_proof_verify(&root, rules, vmh_check_bytes_field(L, 1, "contract", true),
                                   vmh_check_bytes_field(L, 1, "key", true),
                                   vmh_check_bytes_field(L, 1, "value", false),
                                   vmh_check_bytes_field(L, 1, "proof", true), &proven, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushboolean(L, proven);
    return 1;
}

/// Takes a proof apart.
// @function decode_proof
// @tparam string proof
// @treturn[1] table `{ nodes={ { hash=, path_bits= }, ... }, path=, left_or_value=,
//   right= }`: from the root down the child beside the way and the length of the own
//   path of each node, last of all the hash of the node where the way ends; the way;
//   and of that node the value hash, or both child hashes. `left_or_value` and `right`
//   are empty where there is none
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int decode_proof(lua_State *L)
{
    vmh_trie_proof proof;
    vmh_failure why;

    if (vmh_trie_proof_decode(vmh_check_bytes(L, 1), &proof, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, 0, 4);
    lua_createtable(L, (int)proof.node_count, 0);
    for (size_t i = 0; i < proof.node_count; i++) {
        lua_createtable(L, 0, 2);
        vmh_set_bytes_field(L, "hash", vmh_bytes_hash(&proof.nodes[i].hash));
        vmh_set_integer_field(L, "path_bits", proof.nodes[i].path_bits);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "nodes");
    vmh_set_bytes_field(L, "path", vmh_bytes_of(proof.path, sizeof proof.path));
    vmh_set_bytes_field(L, "left_or_value", vmh_bytes_of(proof.left_or_value.bytes,
                                                         proof.node_count == 0 ? 0 : 32));
    vmh_set_bytes_field(L, "right", vmh_bytes_of(proof.right.bytes, proof.is_branch ? 32 : 0));
    return 1;
}

/* Reads the nodes of a proof table, which is at 1. */
static void check_proof_nodes(lua_State *L, vmh_trie_proof *out)
{
    static const char *const known[] = {"hash", "path_bits", NULL};
    vmh_path path = vmh_path_root("nodes");

    vmh_push_field(L, 1, "nodes");
    out->node_count = vmh_path_check_list(L, -1, &path);
    if (out->node_count > VMH_PROOF_NODES_MAX)
        vmh_path_error(L, &path, "at most %d nodes, got %d", VMH_PROOF_NODES_MAX,
                       (int)out->node_count);
    for (size_t i = 0; i < out->node_count; i++) {
        vmh_path item = vmh_path_item(&path, (lua_Integer)i + 1);
        vmh_path bits_path = vmh_path_field(&item, "path_bits");
        uint32_t bits;

        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        vmh_path_check_keys(L, -1, &item, known);
        out->nodes[i].hash = vmh_check_hash_field(L, lua_gettop(L), "hash");
        vmh_push_field(L, lua_gettop(L), "path_bits");
        bits = vmh_path_check_u32(L, -1, &bits_path);
        if (bits > 256)
            vmh_path_error(L, &bits_path, "a path has at most 256 bits, got %d", (int)bits);
        out->nodes[i].path_bits = (uint16_t)bits;
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

/// Puts a proof together; the inverse of `decode_proof`.
// @function encode_proof
// @tparam table proof as `decode_proof` gives it
// @treturn[1] string proof bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise for a table of another form
static int encode_proof(lua_State *L)
{
    static const char *const known[] = {"nodes", "path", "left_or_value", "right", NULL};
    vmh_trie_proof proof;
    vmh_hash32 way;
    vmh_buffer *out;
    vmh_failure why;

    lua_settop(L, 1);
    vmh_check_options(L, 1, known);
    memset(&proof, 0, sizeof proof);
    check_proof_nodes(L, &proof);
    way = vmh_check_hash_field(L, 1, "path");
    memcpy(proof.path, way.bytes, sizeof proof.path);
    if (proof.node_count != 0)
        proof.left_or_value = vmh_check_hash_field(L, 1, "left_or_value");
    proof.is_branch = vmh_check_bytes_field(L, 1, "right", false).size != 0;
    if (proof.is_branch)
        proof.right = vmh_check_hash_field(L, 1, "right");
    out = vmh_push_buffer(L);
    vmh_trie_proof_encode(&proof, out);
    if (vmh_buffer_check(out, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(out));
    return 1;
}

/// The trie path of a key.
// @function trie_path
// @tparam string rule_set
// @tparam string contract contract name
// @tparam string key
// @treturn string 32 bytes
// @raise for an unknown rule set
static int trie_path(lua_State *L)
{
    vmh_hash32 path;

    luaL_checktype(L, 1, LUA_TSTRING);
    vmh_trie_path(opt_rules(L, 1), vmh_check_bytes(L, 2), vmh_check_bytes(L, 3), &path);
    vmh_push_bytes(L, vmh_bytes_hash(&path));
    return 1;
}

const luaL_Reg vmh_trie_proof_functions[] = {
    {"verify_proof", verify_proof},
    {"decode_proof", decode_proof},
    {"encode_proof", encode_proof},
    {"trie_path", trie_path},
    {NULL, NULL},
};
