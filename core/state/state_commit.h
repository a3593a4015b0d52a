/*
 * A commit on its way: everything is prepared in an arena, so that what is left
 * is one write of the store and a new head in memory.
 */
#ifndef VMH_STATE_STATE_COMMIT_H
#define VMH_STATE_STATE_COMMIT_H

#include "state/chain.h"
#include "state/flat_state.h"
#include "state/trie.h"

typedef struct vmh_commit {
    vmh_store *store; /* borrowed, like the next three */
    const vmh_genesis *genesis;
    vmh_trie *trie;
    vmh_flat_state *flat;
    uint64_t history;
    vmh_store_head head;  /* as it is; after prepare, as it will be */
    vmh_height_info last; /* the same */
    vmh_trie_update trie_update;
    vmh_write_batch batch;
} vmh_commit;

/*
 * Fills the batch, which is empty and whose arena is the caller's, with all that
 * the commit of `block` changes: state, trie, block, head, and the end of what
 * only heights need that are no longer readable. `genesis_diff` is the state of
 * height 0 where `block` is NULL.
 *
 * Fails with VMH_E_LIMIT, VMH_E_STORE_IO, VMH_E_STORE_CORRUPT, VMH_E_NO_MEMORY.
 */
vmh_status vmh_commit_prepare(vmh_commit *commit, const vmh_block *block,
                              const vmh_state_diff *genesis_diff, vmh_failure *why);

#endif
