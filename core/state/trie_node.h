/*
 * One node of the state trie (spec/host.md 7.1): its place, its hash, its bytes.
 *
 * A node knows the way to it from the root, not only its own part of it:
 *
 *     bits 0 .. start-1     the branches above and their choices
 *     bits start .. end-1   its own path, which is what is hashed
 *     bit end               of a branch: which child
 *
 * So a path that grows or shrinks changes `start` and nothing else, and a node
 * that was read can be checked to be where it was looked for.
 */
#ifndef VMH_STATE_TRIE_NODE_H
#define VMH_STATE_TRIE_NODE_H

#include "base/bytes.h"

enum { VMH_TRIE_BITS = 256, VMH_TRIE_NODE_SIZE_MAX = 125 };

/* Where a node is stored, and its hash; number 0 is the trie without keys. */
typedef struct vmh_trie_ref {
    uint64_t height; /* of the commit that made it */
    uint32_t number; /* within that commit, from 1 */
    vmh_hash32 hash;
} vmh_trie_ref;

typedef struct vmh_trie_node {
    bool is_branch;
    uint16_t start;
    uint16_t end;    /* 256 for a leaf */
    vmh_hash32 path; /* most significant bit first; bits from `end` on are zero */
    union {
        vmh_hash32 value_hash;  /* leaf */
        vmh_trie_ref child[2];  /* branch */
    };
} vmh_trie_node;

static inline unsigned vmh_trie_path_bit(const vmh_hash32 *path, unsigned bit)
{
    return (uint32_t)path->bytes[bit / 8] >> (7 - bit % 8) & 1u;
}

/* The first bit in which the two differ, at most `limit`. */
unsigned vmh_trie_path_common(const vmh_hash32 *a, const vmh_hash32 *b, unsigned limit);

/* Sets the bits from `end` on to zero. */
void vmh_trie_path_cut(vmh_hash32 *path, unsigned end);

/* Hashes over the bits start .. end-1 of `path`, inflated to a byte each. */
void vmh_trie_leaf_hash(const vmh_hash32 *value_hash, const vmh_hash32 *path, unsigned start,
                        vmh_hash32 *out);
void vmh_trie_branch_hash(const vmh_hash32 *left, const vmh_hash32 *right, const vmh_hash32 *path,
                          unsigned start, unsigned end, vmh_hash32 *out);
void vmh_trie_node_hash(const vmh_trie_node *node, vmh_hash32 *out);

/* Writes the bytes of docs/formats.md and returns how many. */
size_t vmh_trie_node_encode(const vmh_trie_node *node, uint8_t out[VMH_TRIE_NODE_SIZE_MAX]);

/* Strict; false for bytes that no encoding gives. */
bool vmh_trie_node_decode(vmh_bytes bytes, vmh_trie_node *out);

#endif
