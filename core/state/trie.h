/*
 * The binary merkle trie of all state (spec/host.md 7.1), kept in a store.
 *
 * Nodes are never changed: a commit writes new ones for every way that changed
 * and says which it replaced, so that the roots of older heights stay whole
 * until those are deleted.
 *
 *     root 9.7 --- 0 --> 9.6 --- ...        number 6 and 7 of commit 9
 *          `------ 1 --> 4.2                untouched since commit 4
 *
 * An update handles all changes in one walk: each node on the ways is read and
 * hashed once. A node read from the store is checked against the hash under
 * which it was looked for, so damage shows as damage and never as another root.
 */
#ifndef VMH_STATE_TRIE_H
#define VMH_STATE_TRIE_H

#include "base/arena.h"
#include "ports/store.h"
#include "state/state_storage.h"
#include "state/trie_node.h"
#include "state/trie_proof.h"

typedef struct vmh_trie vmh_trie;

/* `store` is borrowed and outlives the trie. */
vmh_status vmh_trie_new(vmh_store *store, vmh_trie **out, vmh_failure *why);
void vmh_trie_free(vmh_trie *trie);

vmh_trie_counters vmh_trie_get_counters(const vmh_trie *trie);

/* The reference of the trie without keys. */
vmh_trie_ref vmh_trie_empty(void);

typedef struct vmh_trie_change {
    vmh_hash32 path;
    vmh_hash32 value_hash;
    bool is_delete;
    size_t order; /* set by vmh_trie_changes_sort */
} vmh_trie_change;

/* Sorts by path and keeps the last change of each path; returns how many are left. */
size_t vmh_trie_changes_sort(vmh_trie_change *changes, size_t count);

typedef struct vmh_trie_fresh {
    vmh_trie_ref ref;
    vmh_trie_node node;
} vmh_trie_fresh;

/* What an update comes to; all of it in the arena. */
typedef struct vmh_trie_update {
    vmh_trie_ref root;
    vmh_trie_fresh *fresh; /* nodes to be written */
    size_t fresh_count;
    size_t fresh_capacity;
    vmh_trie_ref *stale; /* nodes that the new root does not lead to */
    size_t stale_count;
    size_t stale_capacity;
} vmh_trie_update;

/*
 * The trie under `root` after `changes`, which are sorted; their order is
 * lost. Writes nothing: the caller puts the fresh nodes into its batch, and when
 * that is written calls vmh_trie_remember.
 *
 * Fails with VMH_E_STORE_CORRUPT, VMH_E_STORE_IO, VMH_E_NO_MEMORY.
 */
vmh_status vmh_trie_change_all(vmh_trie *trie, const vmh_trie_ref *root, uint64_t height,
                               vmh_trie_change *changes, size_t count, vmh_arena *arena,
                               vmh_trie_update *out, vmh_failure *why);

/* Keeps the nodes of an update that was written at hand. */
void vmh_trie_remember(vmh_trie *trie, const vmh_trie_update *update);

/* The proof for `path` under `root`, whether the path has a value or not. */
vmh_status vmh_trie_prove(vmh_trie *trie, const vmh_trie_ref *root, const vmh_hash32 *path,
                          vmh_trie_proof *out, vmh_failure *why);

#endif
