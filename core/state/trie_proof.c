#include "state/trie_proof.h"

#include "crypto/digest.h"
#include "state/trie_node.h"

enum { FORM = 1, NODE_SIZE = 34 };

/* What the last node of a proof is. */
enum { LAST_NONE = 0, LAST_LEAF = 1, LAST_BRANCH = 2 };

/* SHA-256 of the hash that stands for no value, itself the SHA-256 of nothing. */
const vmh_hash32 vmh_trie_empty_root = {{
    0x5d, 0xf6, 0xe0, 0xe2, 0x76, 0x13, 0x59, 0xd3, 0x0a, 0x82, 0x75, 0x05, 0x8e, 0x29, 0x9f, 0xcc,
    0x03, 0x81, 0x53, 0x45, 0x45, 0xf5, 0x5c, 0xf4, 0x3e, 0x41, 0x98, 0x3f, 0x5d, 0x4c, 0x94, 0x56,
}};

void vmh_trie_path(const vmh_rules *rules, vmh_bytes contract_name, vmh_bytes key, vmh_hash32 *out)
{
    uint8_t length[4];
    vmh_bytes parts[] = {{length, sizeof length}, contract_name, key};

    vmh_put_u32_le(length, (uint32_t)contract_name.size);
    if (rules->trie_path_names_length)
        vmh_sha256_parts(parts, 3, out);
    else
        vmh_sha256_parts(parts + 1, 2, out);
}

static void append_u16(vmh_buffer *out, uint16_t value)
{
    vmh_buffer_append_u8(out, (uint8_t)value);
    vmh_buffer_append_u8(out, (uint8_t)(value >> 8));
}

void vmh_trie_proof_encode(const vmh_trie_proof *proof, vmh_buffer *out)
{
    vmh_buffer_append_u8(out, FORM);
    append_u16(out, (uint16_t)proof->node_count);
    for (size_t i = 0; i < proof->node_count; i++) {
        vmh_buffer_append(out, vmh_bytes_hash(&proof->nodes[i].hash));
        append_u16(out, proof->nodes[i].path_bits);
    }
    vmh_buffer_append(out, vmh_bytes_of(proof->path, sizeof proof->path));
    if (proof->node_count == 0) {
        vmh_buffer_append_u8(out, LAST_NONE);
        return;
    }
    vmh_buffer_append_u8(out, proof->is_branch ? LAST_BRANCH : LAST_LEAF);
    vmh_buffer_append(out, vmh_bytes_hash(&proof->left_or_value));
    if (proof->is_branch)
        vmh_buffer_append(out, vmh_bytes_hash(&proof->right));
}

/* The bit at which the last node begins: behind all paths and choices above it. */
static unsigned last_start(const vmh_trie_proof *proof)
{
    unsigned start = 0;

    for (size_t i = 0; i + 1 < proof->node_count; i++)
        start += proof->nodes[i].path_bits + 1u;
    return start;
}

/* Whether the lengths can be those of a way through a trie. */
static bool lengths_fit(const vmh_trie_proof *proof)
{
    unsigned end;

    if (proof->node_count == 0)
        return true;
    end = last_start(proof) + proof->nodes[proof->node_count - 1].path_bits;
    return proof->is_branch ? end < VMH_TRIE_BITS : end == VMH_TRIE_BITS;
}

static bool take_hash(vmh_bytes *rest, uint8_t out[32])
{
    if (rest->size < 32)
        return false;
    memcpy(out, rest->data, 32);
    *rest = vmh_bytes_of(rest->data + 32, rest->size - 32);
    return true;
}

static bool take_nodes(vmh_bytes *rest, vmh_trie_proof *out)
{
    if (rest->size < 3 || rest->data[0] != FORM)
        return false;
    out->node_count = vmh_get_u16_le(rest->data + 1);
    *rest = vmh_bytes_of(rest->data + 3, rest->size - 3);
    if (out->node_count > VMH_PROOF_NODES_MAX || rest->size < out->node_count * NODE_SIZE)
        return false;
    for (size_t i = 0; i < out->node_count; i++) {
        memcpy(out->nodes[i].hash.bytes, rest->data + i * NODE_SIZE, 32);
        out->nodes[i].path_bits = vmh_get_u16_le(rest->data + i * NODE_SIZE + 32);
    }
    *rest = vmh_bytes_of(rest->data + out->node_count * NODE_SIZE,
                         rest->size - out->node_count * NODE_SIZE);
    return true;
}

static bool take_last(vmh_bytes *rest, vmh_trie_proof *out)
{
    uint8_t last;

    if (!take_hash(rest, out->path) || rest->size == 0)
        return false;
    last = rest->data[0];
    *rest = vmh_bytes_of(rest->data + 1, rest->size - 1);
    out->is_branch = last == LAST_BRANCH;
    if (last > LAST_BRANCH || (last == LAST_NONE) != (out->node_count == 0))
        return false;
    if (last != LAST_NONE && !take_hash(rest, out->left_or_value.bytes))
        return false;
    if (last == LAST_BRANCH && !take_hash(rest, out->right.bytes))
        return false;
    return rest->size == 0;
}

vmh_status vmh_trie_proof_decode(vmh_bytes bytes, vmh_trie_proof *out, vmh_failure *why)
{
    vmh_bytes rest = bytes;

    memset(out, 0, sizeof *out);
    if (!take_nodes(&rest, out) || !take_last(&rest, out))
        return vmh_fail(why, VMH_E_MALFORMED, "proof of %zu bytes does not decode", bytes.size);
    if (!lengths_fit(out))
        return vmh_fail(why, VMH_E_MALFORMED, "path lengths of the proof do not fit into %d bits",
                        VMH_TRIE_BITS);
    return VMH_OK;
}

/* The root to which the proof leads on the way to `path`. */
static void climb(const vmh_trie_proof *proof, const vmh_hash32 *path, vmh_hash32 *out)
{
    unsigned bit = last_start(proof);

    *out = proof->nodes[proof->node_count - 1].hash;
    for (size_t i = proof->node_count - 1; i-- > 0;) {
        const vmh_proof_node *node = &proof->nodes[i];

        bit--;
        if (vmh_trie_path_bit(path, bit) == 0)
            vmh_trie_branch_hash(out, &node->hash, path, bit - node->path_bits, bit, out);
        else
            vmh_trie_branch_hash(&node->hash, out, path, bit - node->path_bits, bit, out);
        bit -= node->path_bits;
    }
}

/*
 * Whether these can be bytes of a path, inflated. What is hashed for a leaf is its value hash and
 * its path, so the first 32 bytes of that path, taken for a right child, turn the leaf into a
 * branch with another path, whose proof would show that the key is absent. No true hash looks
 * like this.
 */
static bool is_inflated_path(const vmh_hash32 *hash)
{
    for (size_t i = 0; i < sizeof hash->bytes; i++) {
        if (hash->bytes[i] > 1)
            return false;
    }
    return true;
}

/* Whether some node that is said to be a branch may be a leaf. */
static bool may_hide_leaf(const vmh_trie_proof *proof)
{
    for (size_t i = 0; i + 1 < proof->node_count; i++) {
        if (is_inflated_path(&proof->nodes[i].hash))
            return true;
    }
    return proof->is_branch && is_inflated_path(&proof->right);
}

/* Whether the last node is what the proof says of it. */
static bool last_node_is_sound(const vmh_trie_proof *proof, const vmh_hash32 *way)
{
    const vmh_proof_node *last = &proof->nodes[proof->node_count - 1];
    unsigned start = last_start(proof);
    vmh_hash32 hash;

    if (proof->is_branch)
        vmh_trie_branch_hash(&proof->left_or_value, &proof->right, way, start,
                             start + last->path_bits, &hash);
    else
        vmh_trie_leaf_hash(&proof->left_or_value, way, start, &hash);
    return memcmp(&hash, &last->hash, sizeof hash) == 0;
}

/* Whether the way is that of `path` everywhere but in the last node's own bits. */
static bool way_leads_to(const vmh_trie_proof *proof, const vmh_hash32 *way,
                         const vmh_hash32 *path)
{
    unsigned start = last_start(proof);
    unsigned end = start + proof->nodes[proof->node_count - 1].path_bits;

    if (vmh_trie_path_common(way, path, start) < start)
        return false;
    for (unsigned bit = end; bit < VMH_TRIE_BITS; bit++) {
        if (vmh_trie_path_bit(way, bit) != vmh_trie_path_bit(path, bit))
            return false;
    }
    return true;
}

/* What a proof that reaches the root says about `path`. */
static bool says(const vmh_trie_proof *proof, const vmh_hash32 *way, const vmh_hash32 *path,
                 vmh_bytes value)
{
    bool same_way = memcmp(way, path, sizeof *way) == 0;
    vmh_hash32 value_hash;

    if (value.size == 0)
        return !same_way;
    vmh_sha256(value, &value_hash);
    return same_way && !proof->is_branch &&
           memcmp(&value_hash, &proof->left_or_value, sizeof value_hash) == 0;
}

vmh_status vmh_trie_proof_verify(const vmh_hash32 *root, const vmh_rules *rules,
                                 vmh_bytes contract_name, vmh_bytes key, vmh_bytes value,
                                 vmh_bytes proof, bool *proven, vmh_failure *why)
{
    vmh_trie_proof decoded;
    vmh_hash32 path, way, reached = vmh_trie_empty_root;
    vmh_status status = vmh_trie_proof_decode(proof, &decoded, why);

    *proven = false;
    if (status != VMH_OK)
        return status;
    vmh_trie_path(rules, contract_name, key, &path);
    memcpy(way.bytes, decoded.path, sizeof way.bytes);
    if (decoded.node_count != 0)
        climb(&decoded, &path, &reached);
    if (memcmp(&reached, root, sizeof reached) != 0)
        return vmh_fail(why, VMH_E_PROOF, "the proof does not reach the root");
    if (decoded.node_count == 0) {
        *proven = value.size == 0;
        return VMH_OK;
    }
    if (!way_leads_to(&decoded, &way, &path))
        return vmh_fail(why, VMH_E_PROOF, "the proof is of another key");
    if (!last_node_is_sound(&decoded, &way))
        return vmh_fail(why, VMH_E_PROOF, "the last node of the proof has another hash");
    if (may_hide_leaf(&decoded))
        return vmh_fail(why, VMH_E_PROOF, "a leaf is passed off as a branch in the proof");
    *proven = says(&decoded, &way, &path, value);
    return VMH_OK;
}
