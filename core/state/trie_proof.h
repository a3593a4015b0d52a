/*
 * Proofs of the state trie (spec/host.md 7.1) and their verification, which
 * opens no store. Byte form in docs/formats.md.
 *
 * A proof lists, from the root down, each branch passed: the hash of the child
 * that is not on the way and the length in bits of the branch's own path; then
 * the last node: its hash and path length; then the way walked (256 bits) and,
 * for a leaf, its value hash, for a branch, its two child hashes. The proof of
 * the empty trie has no nodes.
 */
#ifndef VMH_STATE_TRIE_PROOF_H
#define VMH_STATE_TRIE_PROOF_H

#include "base/buffer.h"
#include "types/rules.h"

typedef struct vmh_proof_node {
    vmh_hash32 hash;
    uint16_t path_bits;
} vmh_proof_node;

enum { VMH_PROOF_NODES_MAX = 257 };

typedef struct vmh_trie_proof {
    vmh_proof_node nodes[VMH_PROOF_NODES_MAX];
    size_t node_count;
    uint8_t path[32];
    vmh_hash32 left_or_value;
    bool is_branch;      /* the last node has two children */
    vmh_hash32 right;
} vmh_trie_proof;

void vmh_trie_proof_encode(const vmh_trie_proof *proof, vmh_buffer *out);

/* Strict; fails with VMH_E_MALFORMED. */
vmh_status vmh_trie_proof_decode(vmh_bytes bytes, vmh_trie_proof *out, vmh_failure *why);

/* Trie path of a key under a rule set. */
void vmh_trie_path(const vmh_rules *rules, vmh_bytes contract_name, vmh_bytes key,
                   vmh_hash32 *out);

/* The root of a trie without keys. */
extern const vmh_hash32 vmh_trie_empty_root;

/*
 * Whether the proof shows that `key` has `value`, or with an empty `value` that
 * it has none, under `root`. A proof that reaches the root but says otherwise
 * gives `*proven` false.
 *
 * Fails with VMH_E_MALFORMED (bytes) and VMH_E_PROOF (does not reach the root).
 */
vmh_status vmh_trie_proof_verify(const vmh_hash32 *root, const vmh_rules *rules,
                                 vmh_bytes contract_name, vmh_bytes key, vmh_bytes value,
                                 vmh_bytes proof, bool *proven, vmh_failure *why);

#endif
