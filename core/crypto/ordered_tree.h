/*
 * The ordered merkle tree of transactions and receipts (spec/host.md 7.2).
 * Leaves are used as they are; a parent is SHA-256 of its children, the smaller
 * first; an odd last node moves up unchanged.
 */
#ifndef VMH_CRYPTO_ORDERED_TREE_H
#define VMH_CRYPTO_ORDERED_TREE_H

#include "base/buffer.h"

/* 32 zero bytes for no leaves. */
vmh_status vmh_ordered_tree_root(const vmh_hash32 *leaves, size_t count, vmh_hash32 *root,
                                 vmh_failure *why);

/* Appends the sibling hashes of leaf `index`, root side first. Fails with VMH_E_INPUT. */
vmh_status vmh_ordered_tree_proof(const vmh_hash32 *leaves, size_t count, size_t index,
                                  vmh_buffer *proof, vmh_failure *why);

/* Whether `proof` leads from `leaf` to `root`. */
bool vmh_ordered_tree_verify(const vmh_hash32 *root, const vmh_hash32 *leaf, vmh_bytes proof);

#endif
