#include "state/write_batch.h"

void vmh_write_batch_init(vmh_write_batch *batch, vmh_arena *arena)
{
    *batch = (vmh_write_batch){.arena = arena};
}

static vmh_status add(vmh_write_batch *batch, vmh_bytes key, vmh_bytes value, bool is_delete,
                      vmh_failure *why)
{
    vmh_store_operation *operations =
        vmh_arena_grow(batch->arena, batch->operations, &batch->capacity, batch->count + 1,
                       sizeof *batch->operations);
    uint8_t *copy = vmh_arena_alloc(batch->arena, key.size + value.size);

    if (operations == NULL || copy == NULL)
        return vmh_fail_memory(why);
    memcpy(copy, key.data, key.size);
    if (value.size != 0)
        memcpy(copy + key.size, value.data, value.size);
    batch->operations = operations;
    batch->operations[batch->count++] = (vmh_store_operation){
        .key = {copy, key.size},
        .value = {copy + key.size, value.size},
        .is_delete = is_delete,
    };
    return VMH_OK;
}

vmh_status vmh_write_batch_put(vmh_write_batch *batch, vmh_bytes key, vmh_bytes value,
                               vmh_failure *why)
{
    return add(batch, key, value, false, why);
}

vmh_status vmh_write_batch_delete(vmh_write_batch *batch, vmh_bytes key, vmh_failure *why)
{
    return add(batch, key, (vmh_bytes){0}, true, why);
}
