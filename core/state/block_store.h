/*
 * Committed blocks by height and by hash (spec/host.md 7.2, 7.3).
 *
 * Headers are made here, at commit. A header points to the header of the same
 * kind of the block before, by its SHA-256; the first block, which has none
 * before it, points to 32 zero bytes.
 *
 *     transactions 1 <----- transactions 2 <----- ...
 *          ^ transactions_block_hash_ptr
 *     results 1 <---------- results 2 <---------- ...
 */
#ifndef VMH_STATE_BLOCK_STORE_H
#define VMH_STATE_BLOCK_STORE_H

#include "state/state_storage.h"
#include "state/write_batch.h"

/*
 * Adds to the batch the block with its headers, and its entries by block hash
 * and by receipt id.
 */
vmh_status vmh_block_store_stage(vmh_store *store, const vmh_genesis *genesis,
                                 const vmh_block *block, const vmh_hash32 *pre_execution_root,
                                 vmh_write_batch *batch, vmh_failure *why);

/* Both fail with VMH_E_STORE_CORRUPT where a record of the height is missing or damaged. */
vmh_status vmh_block_store_read(vmh_store *store, uint64_t height, vmh_arena *arena,
                                vmh_stored_block *out, vmh_failure *why);
vmh_status vmh_block_store_read_diff(vmh_store *store, uint64_t height, vmh_arena *arena,
                                     vmh_state_diff *out, vmh_failure *why);

/* As the functions of vmh_state_storage. */
vmh_status vmh_block_store_find_block(vmh_store *store, const vmh_hash32 *block_hash,
                                      uint64_t *height, vmh_failure *why);
vmh_status vmh_block_store_find_receipt(vmh_store *store, const vmh_hash32 *id, uint64_t *height,
                                        uint32_t *index, vmh_failure *why);

#endif
