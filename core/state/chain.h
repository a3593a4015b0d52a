/*
 * What makes a store a chain: the format it is written in, the genesis it was
 * made from, and the head, which says which heights it holds.
 */
#ifndef VMH_STATE_CHAIN_H
#define VMH_STATE_CHAIN_H

#include "state/store_record.h"
#include "state/write_batch.h"

/*
 * Tells an empty store from one that holds a chain.
 *
 * Fails with VMH_E_STORE_VERSION for a newer format and VMH_E_STORE_CORRUPT for
 * a store of something else.
 */
vmh_status vmh_chain_identify(vmh_store *store, bool *is_empty, vmh_failure *why);

/* Writes a chain without any commit into an empty store. `genesis` is an encoding. */
vmh_status vmh_chain_make(vmh_store *store, vmh_bytes genesis, bool sync, vmh_failure *why);

/* The encoded genesis, in the arena. */
vmh_status vmh_chain_read_genesis(vmh_store *store, vmh_arena *arena, vmh_bytes *out,
                                  vmh_failure *why);

/* The head, and where its height stands. */
vmh_status vmh_chain_read_head(vmh_store *store, vmh_store_head *head, vmh_height_info *last,
                               vmh_failure *why);

vmh_status vmh_chain_read_height(vmh_store *store, uint64_t height, vmh_height_info *out,
                                 vmh_failure *why);

/* Adds a new head and its height to a batch. */
vmh_status vmh_chain_stage_head(const vmh_store_head *head, const vmh_height_info *last,
                                vmh_write_batch *batch, vmh_failure *why);

/*
 * The oldest height that can be read when `history` heights are: what is
 * pruned stays so when the history becomes longer.
 */
uint64_t vmh_chain_oldest(const vmh_store_head *head, uint64_t history);

#endif
