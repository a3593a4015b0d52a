#include "state/trie_node.h"

#include "crypto/digest.h"

enum { LEAF = 1, BRANCH = 2, HEAD_SIZE = 5, REF_SIZE = 44 };

unsigned vmh_trie_path_common(const vmh_hash32 *a, const vmh_hash32 *b, unsigned limit)
{
    unsigned bit = 0;

    while (bit + 8 <= limit && a->bytes[bit / 8] == b->bytes[bit / 8])
        bit += 8;
    while (bit < limit && vmh_trie_path_bit(a, bit) == vmh_trie_path_bit(b, bit))
        bit++;
    return bit;
}

void vmh_trie_path_cut(vmh_hash32 *path, unsigned end)
{
    unsigned whole = end / 8;

    if (whole == sizeof path->bytes)
        return;
    path->bytes[whole] = (uint8_t)(path->bytes[whole] & ~(0xffu >> end % 8));
    memset(path->bytes + whole + 1, 0, sizeof path->bytes - whole - 1);
}

/* SHA-256 of `head` and the inflated bits; `head_size` is 32 or 64. */
static void hash_with_path(const uint8_t *head, size_t head_size, const vmh_hash32 *path,
                           unsigned start, unsigned end, vmh_hash32 *out)
{
    uint8_t input[64 + VMH_TRIE_BITS];

    memcpy(input, head, head_size);
    for (unsigned bit = start; bit < end; bit++)
        input[head_size + bit - start] = (uint8_t)vmh_trie_path_bit(path, bit);
    vmh_sha256(vmh_bytes_of(input, head_size + end - start), out);
}

void vmh_trie_leaf_hash(const vmh_hash32 *value_hash, const vmh_hash32 *path, unsigned start,
                        vmh_hash32 *out)
{
    hash_with_path(value_hash->bytes, sizeof value_hash->bytes, path, start, VMH_TRIE_BITS, out);
}

void vmh_trie_branch_hash(const vmh_hash32 *left, const vmh_hash32 *right, const vmh_hash32 *path,
                          unsigned start, unsigned end, vmh_hash32 *out)
{
    uint8_t children[64];

    memcpy(children, left->bytes, 32);
    memcpy(children + 32, right->bytes, 32);
    hash_with_path(children, sizeof children, path, start, end, out);
}

void vmh_trie_node_hash(const vmh_trie_node *node, vmh_hash32 *out)
{
    if (node->is_branch)
        vmh_trie_branch_hash(&node->child[0].hash, &node->child[1].hash, &node->path, node->start,
                             node->end, out);
    else
        vmh_trie_leaf_hash(&node->value_hash, &node->path, node->start, out);
}

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

static uint8_t *put_ref(uint8_t *out, const vmh_trie_ref *ref)
{
    vmh_put_u64_le(out, ref->height);
    vmh_put_u32_le(out + 8, ref->number);
    memcpy(out + 12, ref->hash.bytes, 32);
    return out + REF_SIZE;
}

static bool get_ref(const uint8_t *in, vmh_trie_ref *ref)
{
    ref->height = vmh_get_u64_le(in);
    ref->number = vmh_get_u32_le(in + 8);
    memcpy(ref->hash.bytes, in + 12, 32);
    return ref->number != 0;
}

size_t vmh_trie_node_encode(const vmh_trie_node *node, uint8_t out[VMH_TRIE_NODE_SIZE_MAX])
{
    size_t path_size = (node->end + 7u) / 8;
    uint8_t *at = out + HEAD_SIZE + path_size;

    out[0] = node->is_branch ? BRANCH : LEAF;
    put_u16(out + 1, node->start);
    put_u16(out + 3, node->end);
    memcpy(out + HEAD_SIZE, node->path.bytes, path_size);
    if (node->is_branch) {
        at = put_ref(at, &node->child[0]);
        at = put_ref(at, &node->child[1]);
    } else {
        memcpy(at, node->value_hash.bytes, 32);
        at += 32;
    }
    return (size_t)(at - out);
}

/* Reads kind and path; false unless they can be those of a node. */
static bool decode_place(vmh_bytes bytes, vmh_trie_node *out, size_t *path_size)
{
    vmh_hash32 cut;

    if (bytes.size < HEAD_SIZE || (bytes.data[0] != LEAF && bytes.data[0] != BRANCH))
        return false;
    out->is_branch = bytes.data[0] == BRANCH;
    out->start = vmh_get_u16_le(bytes.data + 1);
    out->end = vmh_get_u16_le(bytes.data + 3);
    if (out->start > out->end || out->end > VMH_TRIE_BITS ||
        out->is_branch != (out->end < VMH_TRIE_BITS))
        return false;
    *path_size = (out->end + 7u) / 8;
    if (bytes.size < HEAD_SIZE + *path_size)
        return false;
    memcpy(out->path.bytes, bytes.data + HEAD_SIZE, *path_size);
    cut = out->path;
    vmh_trie_path_cut(&cut, out->end);
    return memcmp(&cut, &out->path, sizeof cut) == 0;
}

bool vmh_trie_node_decode(vmh_bytes bytes, vmh_trie_node *out)
{
    const uint8_t *content;
    size_t path_size;

    *out = (vmh_trie_node){0};
    if (!decode_place(bytes, out, &path_size))
        return false;
    content = bytes.data + HEAD_SIZE + path_size;
    if (bytes.size != HEAD_SIZE + path_size + (out->is_branch ? 2 * REF_SIZE : 32))
        return false;
    if (out->is_branch)
        return get_ref(content, &out->child[0]) && get_ref(content + REF_SIZE, &out->child[1]);
    memcpy(out->value_hash.bytes, content, 32);
    return true;
}
