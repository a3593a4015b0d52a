#include "state/flat_state.h"

#include <stdlib.h>

#include "base/ordmap.h"

enum { FORMER_ABSENT = 0, FORMER_PRESENT = 1 };

void vmh_flat_state_init(vmh_flat_state *flat, vmh_store *store)
{
    flat->store = store;
    vmh_buffer_init(&flat->key);
    vmh_buffer_init(&flat->value);
}

void vmh_flat_state_clear(vmh_flat_state *flat)
{
    vmh_buffer_clear(&flat->key);
    vmh_buffer_clear(&flat->value);
}

static void append_contract(uint8_t kind, vmh_bytes contract_name, vmh_buffer *out)
{
    vmh_buffer_reset(out);
    vmh_buffer_append_u8(out, kind);
    vmh_buffer_append_u32_be(out, (uint32_t)contract_name.size);
    vmh_buffer_append(out, contract_name);
}

void vmh_flat_key(vmh_bytes contract_name, vmh_bytes key, vmh_buffer *out)
{
    append_contract('s', contract_name, out);
    vmh_buffer_append(out, key);
}

void vmh_former_key_begin(vmh_bytes contract_name, vmh_bytes key, vmh_buffer *out)
{
    append_contract('h', contract_name, out);
    while (key.size != 0) {
        const uint8_t *zero = memchr(key.data, 0, key.size);
        size_t plain = zero == NULL ? key.size : (size_t)(zero - key.data);

        vmh_buffer_append(out, vmh_bytes_of(key.data, plain));
        if (zero == NULL)
            break;
        vmh_buffer_append(out, vmh_bytes_of("\x00\xff", 2));
        key = vmh_bytes_of(zero + 1, key.size - plain - 1);
    }
}

void vmh_former_key(vmh_bytes contract_name, vmh_bytes key, uint64_t height, vmh_buffer *out)
{
    vmh_former_key_begin(contract_name, key, out);
    vmh_buffer_append(out, vmh_bytes_of("\x00\x00", 2));
    vmh_buffer_append_u64_be(out, height);
}

bool vmh_former_value(vmh_bytes record, vmh_bytes *value)
{
    *value = (vmh_bytes){0};
    if (record.size == 1 && record.data[0] == FORMER_ABSENT)
        return true;
    if (record.size < 2 || record.data[0] != FORMER_PRESENT)
        return false;
    *value = vmh_bytes_of(record.data + 1, record.size - 1);
    return true;
}

static vmh_status read_newest(vmh_flat_state *flat, vmh_bytes contract_name, vmh_bytes key,
                              vmh_bytes *value, vmh_failure *why)
{
    bool found;
    vmh_status status;

    vmh_flat_key(contract_name, key, &flat->key);
    status = vmh_buffer_check(&flat->key, why);
    if (status == VMH_OK)
        status = flat->store->get(flat->store, vmh_buffer_bytes(&flat->key), &flat->value, &found,
                                  why);
    if (status != VMH_OK)
        return status;
    *value = found ? vmh_buffer_bytes(&flat->value) : (vmh_bytes){0};
    if (found && value->size == 0)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "contract %.*s: a stored value is empty",
                        VMH_PRINT(contract_name));
    return VMH_OK;
}

/* What the key had before the first change of it above `height`; `*found` false if none came. */
static vmh_status read_former(vmh_flat_state *flat, uint64_t height, vmh_bytes contract_name,
                              vmh_bytes key, vmh_bytes *value, bool *found, vmh_failure *why)
{
    vmh_store_cursor *cursor = NULL;
    vmh_bytes wanted;
    vmh_status status;

    vmh_former_key(contract_name, key, height + 1, &flat->key);
    status = vmh_buffer_check(&flat->key, why);
    if (status != VMH_OK)
        return status;
    status = flat->store->seek(flat->store, vmh_buffer_bytes(&flat->key), &cursor, why);
    if (status != VMH_OK)
        return status;
    wanted = vmh_buffer_bytes(&flat->key);
    wanted.size -= sizeof(uint64_t);
    *found = !cursor->at_end && cursor->key.size == flat->key.size &&
             vmh_bytes_begins(cursor->key, wanted);
    if (*found) {
        vmh_buffer_reset(&flat->value);
        vmh_buffer_append(&flat->value, cursor->value);
        status = vmh_buffer_check(&flat->value, why);
        if (status == VMH_OK && !vmh_former_value(vmh_buffer_bytes(&flat->value), value))
            status = vmh_fail(why, VMH_E_STORE_CORRUPT,
                              "contract %.*s: a former value does not decode",
                              VMH_PRINT(contract_name));
    }
    cursor->free(cursor);
    return status;
}

vmh_status vmh_flat_state_read(vmh_flat_state *flat, uint64_t height, vmh_bytes contract_name,
                               vmh_bytes key, vmh_bytes *value, vmh_failure *why)
{
    bool found = false;

    *value = (vmh_bytes){0};
    if (height != VMH_FLAT_NEWEST) {
        vmh_status status =
            read_former(flat, height, contract_name, key, value, &found, why);

        if (status != VMH_OK || found)
            return status;
    }
    return read_newest(flat, contract_name, key, value, why);
}

/* One key that a diff changes, with the last value it is given. */
typedef struct change {
    vmh_bytes record_key; /* of its newest value */
    vmh_bytes contract_name;
    vmh_bytes key;
    vmh_bytes value;
} change;

typedef struct change_list {
    vmh_ordmap index;
    change *items;
    size_t capacity;
} change_list;

static vmh_status add_change(vmh_flat_state *flat, change_list *list, vmh_bytes contract_name,
                             const vmh_state_record *record, vmh_failure *why)
{
    vmh_arena *arena = list->index.arena;
    size_t number;
    vmh_status status;

    vmh_flat_key(contract_name, record->key, &flat->key);
    status = vmh_buffer_check(&flat->key, why);
    if (status != VMH_OK)
        return status;
    number = vmh_ordmap_find(&list->index, vmh_buffer_bytes(&flat->key));
    if (number == VMH_ORDMAP_ABSENT) {
        change *items;

        number = list->index.count;
        items = vmh_arena_grow(arena, list->items, &list->capacity, number + 1, sizeof *items);
        if (items == NULL)
            return vmh_fail_memory(why);
        list->items = items;
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&flat->key), &items[number].record_key,
                                why);
        if (status == VMH_OK)
            status = vmh_ordmap_add(&list->index, items[number].record_key, why);
        if (status != VMH_OK)
            return status;
        items[number].contract_name = contract_name;
        items[number].key = record->key;
    }
    list->items[number].value = record->value;
    return VMH_OK;
}

static int compare_changes(const void *left, const void *right)
{
    const change *a = left, *b = right;

    return vmh_bytes_compare(a->record_key, b->record_key);
}

/*
 * The changes in the order of their keys: a store that keeps keys in order is
 * then read from one end to the other.
 */
static vmh_status combine(vmh_flat_state *flat, const vmh_state_diff *diff, vmh_arena *arena,
                          change_list *list, vmh_failure *why)
{
    *list = (change_list){0};
    vmh_ordmap_init(&list->index, arena);
    for (size_t i = 0; i < diff->contract_count; i++) {
        const vmh_contract_state_diff *contract = &diff->contracts[i];

        for (size_t j = 0; j < contract->record_count; j++) {
            vmh_status status =
                add_change(flat, list, contract->contract_name, &contract->records[j], why);

            if (status != VMH_OK)
                return status;
        }
    }
    if (list->index.count != 0)
        qsort(list->items, list->index.count, sizeof *list->items, compare_changes);
    return VMH_OK;
}

static vmh_status stage_former(vmh_flat_state *flat, const change *c, vmh_bytes former,
                               uint64_t height, vmh_write_batch *batch, vmh_failure *why)
{
    uint8_t *record = vmh_arena_alloc(batch->arena, former.size + 1);
    vmh_status status;

    if (record == NULL)
        return vmh_fail_memory(why);
    record[0] = former.size == 0 ? FORMER_ABSENT : FORMER_PRESENT;
    if (former.size != 0)
        memcpy(record + 1, former.data, former.size);
    vmh_former_key(c->contract_name, c->key, height, &flat->key);
    status = vmh_buffer_check(&flat->key, why);
    if (status != VMH_OK)
        return status;
    return vmh_write_batch_put(batch, vmh_buffer_bytes(&flat->key),
                               vmh_bytes_of(record, former.size + 1), why);
}

static vmh_status count_change(vmh_bytes former, vmh_bytes value, vmh_block_info *info,
                               vmh_failure *why)
{
    if (former.size != 0 && (info->key_count == 0 || info->value_size < former.size))
        return vmh_fail(why, VMH_E_STORE_CORRUPT,
                        "the counters of keys and values are below what is stored");
    info->key_count = info->key_count - (former.size != 0) + (value.size != 0);
    info->value_size = info->value_size - former.size + value.size;
    return VMH_OK;
}

vmh_status vmh_flat_state_stage(vmh_flat_state *flat, const vmh_state_diff *diff, uint64_t height,
                                bool keep_former, vmh_block_info *info, vmh_write_batch *batch,
                                vmh_failure *why)
{
    change_list list;
    vmh_status status = combine(flat, diff, batch->arena, &list, why);

    for (size_t i = 0; status == VMH_OK && i < list.index.count; i++) {
        const change *c = &list.items[i];
        vmh_bytes former;

        status = read_newest(flat, c->contract_name, c->key, &former, why);
        if (status != VMH_OK || vmh_bytes_equal(former, c->value))
            continue;
        status = count_change(former, c->value, info, why);
        if (status == VMH_OK && keep_former)
            status = stage_former(flat, c, former, height, batch, why);
        if (status != VMH_OK)
            continue;
        if (c->value.size == 0)
            status = vmh_write_batch_delete(batch, c->record_key, why);
        else
            status = vmh_write_batch_put(batch, c->record_key, c->value, why);
    }
    return status;
}

vmh_status vmh_flat_state_stage_forget(vmh_flat_state *flat, const vmh_state_diff *diff,
                                       uint64_t height, vmh_write_batch *batch, vmh_failure *why)
{
    for (size_t i = 0; i < diff->contract_count; i++) {
        const vmh_contract_state_diff *contract = &diff->contracts[i];

        for (size_t j = 0; j < contract->record_count; j++) {
            vmh_status status;

            vmh_former_key(contract->contract_name, contract->records[j].key, height, &flat->key);
            status = vmh_buffer_check(&flat->key, why);
            if (status == VMH_OK)
                status = vmh_write_batch_delete(batch, vmh_buffer_bytes(&flat->key), why);
            if (status != VMH_OK)
                return status;
        }
    }
    return VMH_OK;
}
