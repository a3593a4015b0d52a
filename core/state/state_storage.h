/*
 * State storage: the committed state of one chain, its recent heights, its
 * merkle trie and its blocks, over one store (spec/host.md 7).
 *
 *     height 7 <- 8 <- 9 <- 10      history 4, last committed 10
 *     commit(11): one atomic batch: state, history of changed keys, trie
 *     nodes, block info, headers, transactions, receipts, diff; prunes 7.
 *
 * Invariant: heights are consecutive; whatever happens to the process or the
 * store, a store that opens holds exactly one committed height. Memory does not
 * grow with the number of keys. Not thread-safe.
 */
#ifndef VMH_STATE_STATE_STORAGE_H
#define VMH_STATE_STATE_STORAGE_H

#include "base/arena.h"
#include "ports/store.h"
#include "types/block_ref.h"
#include "types/genesis.h"
#include "types/state_diff.h"

typedef struct vmh_state_storage vmh_state_storage;

#define VMH_HISTORY_ALL UINT64_MAX

typedef struct vmh_state_storage_options {
    const vmh_genesis *genesis; /* NULL: the one the store was made from */
    uint64_t history;           /* how many heights stay readable; at least 1 */
    bool sync;                  /* a commit survives a crash of the machine */
} vmh_state_storage_options;

/* History 5, synced. */
vmh_state_storage_options vmh_state_storage_options_default(void);

/*
 * Opens a store, or makes a new chain in an empty one. Takes `store` over, also
 * on failure. A larger history than before keeps more from now on; what was
 * pruned is gone.
 *
 * Fails, changing nothing, with
 *   VMH_E_INPUT             an empty store and no genesis, or a history of 0
 *   VMH_E_STORE_VERSION     a store of a newer format
 *   VMH_E_GENESIS_MISMATCH  a store made from another genesis
 *   VMH_E_STORE_CORRUPT     a record whose seal is wrong (store_seal.h) or that does not decode
 *   VMH_E_STORE_IO, VMH_E_NO_MEMORY
 */
vmh_status vmh_state_storage_open(vmh_store *store, const vmh_state_storage_options *options,
                                  vmh_state_storage **out, vmh_failure *why);
void vmh_state_storage_close(vmh_state_storage *storage); /* NULL is fine */

/* Borrowed; lives as long as the storage. */
const vmh_genesis *vmh_state_storage_genesis(const vmh_state_storage *storage);
const vmh_hash32 *vmh_state_storage_genesis_hash(const vmh_state_storage *storage);

/* True until the state of height 0 was written. */
bool vmh_state_storage_is_new(const vmh_state_storage *storage);

/*
 * Writes the state of height 0 (genesis services and issues), once, also when it
 * is empty. A first block that comes without it settles height 0 as empty.
 * Fails with VMH_E_INPUT when height 0 is settled, and as a commit does.
 */
vmh_status vmh_state_storage_commit_genesis(vmh_state_storage *storage, const vmh_state_diff *diff,
                                            vmh_failure *why);

typedef struct vmh_block_info {
    vmh_block_ref block;
    uint64_t key_count;  /* keys with a value */
    uint64_t value_size; /* bytes of all values */
    vmh_hash32 root;
} vmh_block_info;

/* GetLastCommittedBlockInfo; never fails. */
const vmh_block_info *vmh_state_storage_last_block(const vmh_state_storage *storage);

/* The same of a readable height. Fails with VMH_E_HEIGHT_AHEAD, VMH_E_SNAPSHOT_PRUNED. */
vmh_status vmh_state_storage_block_info(vmh_state_storage *storage, uint64_t height,
                                        vmh_block_info *out, vmh_failure *why);

/* The oldest height that can be read. */
uint64_t vmh_state_storage_oldest_height(const vmh_state_storage *storage);

typedef struct vmh_block {
    vmh_block_ref ref; /* prev_reference_time is not read: it becomes the former reference time */
    const vmh_bytes *transactions; /* SignedTransaction messages */
    size_t transaction_count;
    const vmh_bytes *receipts; /* TransactionReceipt messages, those of messages included */
    size_t receipt_count;
    const vmh_state_diff *diff;
} vmh_block;

/*
 * CommitStateDiff: makes the headers and commits everything in one batch. Of
 * several records for one key the last one wins; an empty value deletes.
 *
 * A height that is not last + 1 changes nothing and is VMH_OK;
 * `*next_desired_height` is last + 1 after the call, either way.
 * A failure leaves the storage at the height it had. Only the store knows what
 * became of a write that failed, so after one its head is read again before the
 * storage goes on: if the write is there after all, so is the block.
 */
vmh_status vmh_state_storage_commit_state_diff(vmh_state_storage *storage, const vmh_block *block,
                                               uint64_t *next_desired_height, vmh_failure *why);

/*
 * ReadKeys: one value per key, in the order of `keys`, in the arena; an absent
 * key reads as empty.
 *
 * Fails with VMH_E_INPUT (empty contract name, no keys), VMH_E_HEIGHT_AHEAD,
 * VMH_E_SNAPSHOT_PRUNED, VMH_E_STORE_IO, VMH_E_STORE_CORRUPT, VMH_E_NO_MEMORY.
 */
vmh_status vmh_state_storage_read_keys(vmh_state_storage *storage, uint64_t height,
                                       vmh_bytes contract_name, const vmh_bytes *keys,
                                       size_t count, vmh_arena *arena, vmh_bytes *values,
                                       vmh_failure *why);

/* GetStateHash: the merkle root of a readable height. */
vmh_status vmh_state_storage_state_hash(vmh_state_storage *storage, uint64_t height,
                                        vmh_hash32 *out, vmh_failure *why);

/* Appends the proof that `key` has its value, or none, under the root of that height. */
vmh_status vmh_state_storage_prove(vmh_state_storage *storage, uint64_t height,
                                   vmh_bytes contract_name, vmh_bytes key, vmh_buffer *proof,
                                   vmh_failure *why);

/*
 * Calls `visit` for the keys of a contract that begin with `prefix` and are not
 * less than `from`, ascending, at most `limit` times. `visit` must not change
 * the storage; a status other than VMH_OK from it ends the walk and is passed on.
 */
typedef vmh_status (*vmh_state_visit)(void *self, vmh_bytes key, vmh_bytes value,
                                      vmh_failure *why);
vmh_status vmh_state_storage_each_key(vmh_state_storage *storage, uint64_t height,
                                      vmh_bytes contract_name, vmh_bytes prefix, vmh_bytes from,
                                      uint64_t limit, vmh_state_visit visit, void *self,
                                      vmh_failure *why);

/* Calls `visit` with the name of each contract that has keys at the last height. */
vmh_status vmh_state_storage_each_contract(vmh_state_storage *storage, vmh_state_visit visit,
                                           void *self, vmh_failure *why);

/*
 * The root rebuilt from all keys of the last height; equals the stored one in a
 * sound store. (Two keys whose paths collide, which only `reference` allows,
 * share a place in the trie; which of them has it cannot be told from the keys.)
 */
vmh_status vmh_state_storage_rebuild_root(vmh_state_storage *storage, vmh_hash32 *out,
                                          vmh_failure *why);

/* A committed block as stored; everything lives in the arena. */
typedef struct vmh_stored_block {
    vmh_bytes transactions_header;
    vmh_bytes results_header;
    const vmh_bytes *transactions;
    size_t transaction_count;
    const vmh_bytes *receipts;
    size_t receipt_count;
    const vmh_bytes *diffs; /* ContractStateDiff messages */
    size_t diff_count;
} vmh_stored_block;

/* Fails with VMH_E_HEIGHT_AHEAD and, for height 0, VMH_E_NOT_FOUND. */
vmh_status vmh_state_storage_block(vmh_state_storage *storage, uint64_t height, vmh_arena *arena,
                                   vmh_stored_block *out, vmh_failure *why);

/* The height whose block has this hash (spec/host.md 7.3). VMH_E_NOT_FOUND if none. */
vmh_status vmh_state_storage_find_block(vmh_state_storage *storage, const vmh_hash32 *block_hash,
                                        uint64_t *height, vmh_failure *why);

/*
 * Where a receipt is, by transaction hash or, under rules that extend receipts,
 * by request id. A transaction that was committed twice is found where it was
 * first. VMH_E_NOT_FOUND if none.
 */
vmh_status vmh_state_storage_find_receipt(vmh_state_storage *storage, const vmh_hash32 *id,
                                          uint64_t *height, uint32_t *index, vmh_failure *why);

/* What the trie did since the storage opened, for the specs that count. */
typedef struct vmh_trie_counters {
    uint64_t hashes; /* nodes hashed for new roots */
    uint64_t reads;  /* nodes asked for, from the store or a cache */
} vmh_trie_counters;
vmh_trie_counters vmh_state_storage_trie_counters(const vmh_state_storage *storage);

#endif
