/*
 * Transient state: what a transaction, or a whole set, has read and written and
 * nobody has committed (spec/host.md 6).
 *
 *     contract A: k2 (clean) k1 (dirty)     in order of first touch
 *     contract B: k  (dirty)
 *
 * Records are those of the diff. A journal of changes lets a checkpoint be
 * restored exactly: values, order, cached reads. All memory is of the arena.
 */
#ifndef VMH_HOST_TRANSIENT_STATE_H
#define VMH_HOST_TRANSIENT_STATE_H

#include "base/ordmap.h"
#include "types/state_diff.h"

typedef struct vmh_transient_contract vmh_transient_contract;
typedef struct vmh_transient_change vmh_transient_change;

typedef struct vmh_transient_state {
    vmh_arena *arena;
    vmh_ordmap names;
    vmh_transient_contract **contracts; /* numbered as in names */
    size_t contract_capacity;
    vmh_transient_change *journal;
    size_t journal_count;
    size_t journal_capacity;
} vmh_transient_state;

void vmh_transient_state_init(vmh_transient_state *state, vmh_arena *arena);

/* Finds the value of a key, cached or written; false if it was not touched. */
bool vmh_transient_state_get(const vmh_transient_state *state, vmh_bytes contract_name,
                             vmh_bytes key, vmh_bytes *value);

/* Keeps what storage answered, as clean; the key must not be present. Copies both. */
vmh_status vmh_transient_state_cache(vmh_transient_state *state, vmh_bytes contract_name,
                                     vmh_bytes key, vmh_bytes value, vmh_failure *why);

/* Writes a value as dirty; a key that is present keeps its place. Copies both. */
vmh_status vmh_transient_state_write(vmh_transient_state *state, vmh_bytes contract_name,
                                     vmh_bytes key, vmh_bytes value, vmh_failure *why);

/* A mark to go back to. */
typedef size_t vmh_checkpoint;

vmh_checkpoint vmh_transient_state_checkpoint(const vmh_transient_state *state);
void vmh_transient_state_restore(vmh_transient_state *state, vmh_checkpoint checkpoint);

/* Writes all dirty records into `batch`, in order. */
vmh_status vmh_transient_state_merge(const vmh_transient_state *state, vmh_transient_state *batch,
                                     vmh_failure *why);

/* The dirty records as a diff, views into the state, lists in its arena. */
vmh_status vmh_transient_state_diff(const vmh_transient_state *state, vmh_state_diff *out,
                                    vmh_failure *why);

#endif
