/*
 * The operations of one commit, gathered before the store sees any of them.
 * Everything is copied into the arena; later operations on a key win.
 */
#ifndef VMH_STATE_WRITE_BATCH_H
#define VMH_STATE_WRITE_BATCH_H

#include "base/arena.h"
#include "ports/store.h"

typedef struct vmh_write_batch {
    vmh_arena *arena;
    vmh_store_operation *operations;
    size_t count;
    size_t capacity;
} vmh_write_batch;

void vmh_write_batch_init(vmh_write_batch *batch, vmh_arena *arena);

/* Both fail with VMH_E_NO_MEMORY. */
vmh_status vmh_write_batch_put(vmh_write_batch *batch, vmh_bytes key, vmh_bytes value,
                               vmh_failure *why);
vmh_status vmh_write_batch_delete(vmh_write_batch *batch, vmh_bytes key, vmh_failure *why);

#endif
