/*
 * The root of a set of keys, built from nothing: the check of the trie that a
 * store keeps. It shares no code with the updates but the hash of a node.
 *
 * The space of paths is cut into equal parts, and no more than one part is in
 * memory at a time.
 */
#ifndef VMH_STATE_TRIE_REBUILD_H
#define VMH_STATE_TRIE_REBUILD_H

#include "state/trie.h"

/* A growing list of keys of one part, in the arena. */
typedef struct vmh_trie_leaves {
    vmh_arena *arena;
    vmh_trie_change *items;
    size_t count;
    size_t capacity;
} vmh_trie_leaves;

vmh_status vmh_trie_leaves_add(vmh_trie_leaves *leaves, const vmh_hash32 *path,
                               const vmh_hash32 *value_hash, vmh_failure *why);

/* Adds every key whose path has the same first `bits` bits as `part`. */
typedef vmh_status (*vmh_trie_collect)(void *self, const vmh_hash32 *part, unsigned bits,
                                       vmh_trie_leaves *leaves, vmh_failure *why);

/* `key_count` is about how many keys there are; it decides the number of parts. */
vmh_status vmh_trie_rebuild(uint64_t key_count, vmh_trie_collect collect, void *self,
                            vmh_hash32 *root, vmh_failure *why);

#endif
