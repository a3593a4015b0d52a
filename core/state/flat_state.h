/*
 * The state as keys and values: the newest value of each key, and for the
 * heights kept beside it what each changed key had before.
 *
 *     s contract key          -> value after the last height
 *     h contract key height   -> value before `height`, or that there was none
 *
 * A key at an older height x has what the first `h` record of it above x says,
 * and the newest value if there is none. So a height costs one record per key
 * that it changed, and to forget one is to delete those.
 */
#ifndef VMH_STATE_FLAT_STATE_H
#define VMH_STATE_FLAT_STATE_H

#include "state/state_storage.h"
#include "state/write_batch.h"

typedef struct vmh_flat_state {
    vmh_store *store; /* borrowed */
    vmh_buffer key;
    vmh_buffer value;
} vmh_flat_state;

void vmh_flat_state_init(vmh_flat_state *flat, vmh_store *store);
void vmh_flat_state_clear(vmh_flat_state *flat);

/* VMH_FLAT_NEWEST as a height reads the newest values. */
#define VMH_FLAT_NEWEST UINT64_MAX

/* The value is borrowed until the next call; an absent key has an empty one. */
vmh_status vmh_flat_state_read(vmh_flat_state *flat, uint64_t height, vmh_bytes contract_name,
                               vmh_bytes key, vmh_bytes *value, vmh_failure *why);

/*
 * Adds to the batch what a diff changes, and counts it in `info`. With
 * `keep_former` the former values are kept for the heights below `height`.
 * Of several records for one key the last one counts.
 */
vmh_status vmh_flat_state_stage(vmh_flat_state *flat, const vmh_state_diff *diff, uint64_t height,
                                bool keep_former, vmh_block_info *info, vmh_write_batch *batch,
                                vmh_failure *why);

/* Adds to the batch the end of what was kept when `diff` was committed at `height`. */
vmh_status vmh_flat_state_stage_forget(vmh_flat_state *flat, const vmh_state_diff *diff,
                                       uint64_t height, vmh_write_batch *batch, vmh_failure *why);

/* As vmh_state_storage_each_key; memory does not grow with the number of keys. */
typedef struct vmh_key_range {
    vmh_bytes contract_name;
    vmh_bytes prefix;
    vmh_bytes from;
    uint64_t limit;
} vmh_key_range;

vmh_status vmh_flat_state_each_key(vmh_flat_state *flat, uint64_t height,
                                   const vmh_key_range *range, vmh_state_visit visit, void *self,
                                   vmh_failure *why);

/* As vmh_state_storage_each_contract. */
vmh_status vmh_flat_state_each_contract(vmh_flat_state *flat, vmh_state_visit visit, void *self,
                                        vmh_failure *why);

/* Calls `visit` for every key of every contract. */
typedef vmh_status (*vmh_flat_visit)(void *self, vmh_bytes contract_name, vmh_bytes key,
                                     vmh_bytes value, vmh_failure *why);
vmh_status vmh_flat_state_each(vmh_flat_state *flat, vmh_flat_visit visit, void *self,
                               vmh_failure *why);

/* Keys of records; used within this part of the room. Each replaces the content of `out`. */
void vmh_flat_key(vmh_bytes contract_name, vmh_bytes key, vmh_buffer *out);

/*
 * Key bytes escaped so that a height can follow and the order stays: 00 becomes
 * 00 ff. A whole key ends with 00 00; without that, it is what all keys with
 * that beginning begin with.
 */
void vmh_former_key_begin(vmh_bytes contract_name, vmh_bytes key, vmh_buffer *out);
void vmh_former_key(vmh_bytes contract_name, vmh_bytes key, uint64_t height, vmh_buffer *out);

/* Reads the value of a former-value record; false for another form. */
bool vmh_former_value(vmh_bytes record, vmh_bytes *value);

#endif
