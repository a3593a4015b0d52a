#include "state/chain.h"

#include <inttypes.h>

#include "state/trie.h"

static vmh_status fail_record(const char *name, const char *fault, vmh_failure *why)
{
    return vmh_fail(why, VMH_E_STORE_CORRUPT, "%s record: %s", name, fault);
}

/* A record that must be there. */
static vmh_status read_record(vmh_store *store, vmh_record_key key, const char *name,
                              vmh_buffer *value, vmh_failure *why)
{
    bool found;
    vmh_status status = store->get(store, vmh_record_key_bytes(&key), value, &found, why);

    if (status == VMH_OK && !found)
        status = fail_record(name, "missing", why);
    return status;
}

static vmh_status check_format(vmh_bytes format, vmh_failure *why)
{
    uint32_t number = format.size == 4 ? vmh_get_u32_le(format.data) : 0;

    if (number == 0)
        return fail_record("format", "does not decode", why);
    if (number > VMH_STORE_FORMAT)
        return vmh_fail(why, VMH_E_STORE_VERSION,
                        "the store has format %" PRIu32 "; this version reads up to %d", number,
                        VMH_STORE_FORMAT);
    return VMH_OK;
}

vmh_status vmh_chain_identify(vmh_store *store, bool *is_empty, vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_format();
    vmh_store_cursor *cursor = NULL;
    vmh_buffer value;
    bool found;
    vmh_status status;

    vmh_buffer_init(&value);
    *is_empty = false;
    status = store->get(store, vmh_record_key_bytes(&key), &value, &found, why);
    if (status == VMH_OK && found)
        status = check_format(vmh_buffer_bytes(&value), why);
    if (status != VMH_OK || found)
        goto done;
    status = store->seek(store, (vmh_bytes){0}, &cursor, why);
    if (status != VMH_OK)
        goto done;
    *is_empty = cursor->at_end;
    cursor->free(cursor);
    if (!*is_empty)
        status = fail_record("format", "missing, so the store is of something else", why);

done:
    vmh_buffer_clear(&value);
    return status;
}

vmh_status vmh_chain_make(vmh_store *store, vmh_bytes genesis, bool sync, vmh_failure *why)
{
    vmh_record_key format_key = vmh_record_key_format();
    vmh_record_key genesis_key = vmh_record_key_genesis();
    vmh_store_head head = {0};
    vmh_height_info last = {.root = vmh_trie_empty()};
    vmh_write_batch batch;
    vmh_arena arena;
    uint8_t format[4];
    vmh_status status;

    vmh_put_u32_le(format, VMH_STORE_FORMAT);
    vmh_arena_init(&arena);
    vmh_write_batch_init(&batch, &arena);
    status = vmh_write_batch_put(&batch, vmh_record_key_bytes(&format_key),
                                 vmh_bytes_of(format, sizeof format), why);
    if (status == VMH_OK)
        status = vmh_write_batch_put(&batch, vmh_record_key_bytes(&genesis_key), genesis, why);
    if (status == VMH_OK)
        status = vmh_chain_stage_head(&head, &last, &batch, why);
    if (status == VMH_OK)
        status = store->write(store, batch.operations, batch.count, sync, why);
    vmh_arena_clear(&arena);
    return status;
}

vmh_status vmh_chain_read_genesis(vmh_store *store, vmh_arena *arena, vmh_bytes *out,
                                  vmh_failure *why)
{
    vmh_buffer value;
    vmh_status status;

    vmh_buffer_init(&value);
    status = read_record(store, vmh_record_key_genesis(), "genesis", &value, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&value), out, why);
    vmh_buffer_clear(&value);
    return status;
}

vmh_status vmh_chain_read_head(vmh_store *store, vmh_store_head *head, vmh_height_info *last,
                               vmh_failure *why)
{
    vmh_buffer value;
    vmh_status status;

    vmh_buffer_init(&value);
    status = read_record(store, vmh_record_key_head(), "head", &value, why);
    if (status == VMH_OK && !vmh_store_head_decode(vmh_buffer_bytes(&value), head))
        status = fail_record("head", "does not decode", why);
    vmh_buffer_clear(&value);
    return status == VMH_OK ? vmh_chain_read_height(store, head->height, last, why) : status;
}

vmh_status vmh_chain_read_height(vmh_store *store, uint64_t height, vmh_height_info *out,
                                 vmh_failure *why)
{
    vmh_buffer value;
    vmh_status status;

    vmh_buffer_init(&value);
    status = read_record(store, vmh_record_key_height(VMH_RECORD_BLOCK_INFO, height),
                         "block info", &value, why);
    if (status == VMH_OK && !vmh_height_info_decode(height, vmh_buffer_bytes(&value), out))
        status = fail_record("block info", "does not decode", why);
    vmh_buffer_clear(&value);
    return status == VMH_OK ? VMH_OK : vmh_fail_within(status, why, "block %" PRIu64, height);
}

vmh_status vmh_chain_stage_head(const vmh_store_head *head, const vmh_height_info *last,
                                vmh_write_batch *batch, vmh_failure *why)
{
    vmh_record_key head_key = vmh_record_key_head();
    vmh_record_key info_key = vmh_record_key_height(VMH_RECORD_BLOCK_INFO, head->height);
    vmh_buffer value;
    vmh_status status;

    vmh_buffer_init(&value);
    vmh_store_head_encode(head, &value);
    status = vmh_buffer_check(&value, why);
    if (status == VMH_OK)
        status = vmh_write_batch_put(batch, vmh_record_key_bytes(&head_key),
                                     vmh_buffer_bytes(&value), why);
    vmh_buffer_reset(&value);
    vmh_height_info_encode(last, &value);
    if (status == VMH_OK)
        status = vmh_buffer_check(&value, why);
    if (status == VMH_OK)
        status = vmh_write_batch_put(batch, vmh_record_key_bytes(&info_key),
                                     vmh_buffer_bytes(&value), why);
    vmh_buffer_clear(&value);
    return status;
}

uint64_t vmh_chain_oldest(const vmh_store_head *head, uint64_t history)
{
    if (history == VMH_HISTORY_ALL || head->height < history - 1 ||
        head->height - (history - 1) <= head->oldest)
        return head->oldest;
    return head->height - (history - 1);
}
