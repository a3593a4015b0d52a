#include "async/async_context.h"

#include "crypto/digest.h"

void vmh_async_child_id(const vmh_hash32 *id, uint64_t number, vmh_hash32 *out)
{
    uint8_t counter[8];
    size_t skipped = 0;
    vmh_bytes parts[2] = {vmh_bytes_hash(id)};

    vmh_put_u64_be(counter, number);
    while (skipped < sizeof counter && counter[skipped] == 0)
        skipped++;
    parts[1] = vmh_bytes_of(counter + skipped, sizeof counter - skipped);
    vmh_sha256_parts(parts, 2, out);
}

void vmh_async_remote_callback_id(const vmh_hash32 *call_id, vmh_hash32 *out)
{
    static const uint8_t zero = 0;
    const vmh_bytes parts[2] = {vmh_bytes_hash(call_id), {&zero, 1}};

    vmh_sha256_parts(parts, 2, out);
}

vmh_status vmh_async_values_set(vmh_async_values *values, vmh_bytes bytes, uint64_t text_size,
                                vmh_arena *arena, vmh_failure *why)
{
    if (bytes.size > values->capacity) {
        size_t capacity = bytes.size > 2 * values->capacity ? bytes.size : 2 * values->capacity;
        uint8_t *data = vmh_arena_alloc(arena, capacity);

        if (data == NULL)
            return vmh_fail_memory(why);
        values->data = data;
        values->capacity = capacity;
    }
    if (bytes.size != 0)
        memmove(values->data, bytes.data, bytes.size);
    values->is_set = true;
    values->size = bytes.size;
    values->text_size = text_size;
    return VMH_OK;
}

void vmh_async_values_swap(vmh_async_values *a, vmh_async_values *b)
{
    vmh_async_values kept = *a;

    *a = *b;
    *b = kept;
}

bool vmh_async_owes_answer(const vmh_async_context *context)
{
    return !context->has_parent && (context->request.kind == VMH_MESSAGE_SYNC_CALL ||
                                    context->request.kind == VMH_MESSAGE_ASYNC_CALL);
}

const char *vmh_async_status_name(vmh_async_status status)
{
    static const char *const names[] = {"pending", "resolved", "rejected"};

    return names[status];
}

const char *vmh_async_kind_name(vmh_async_kind kind)
{
    static const char *const names[] = {"direct", "sync", "async", "callback", "group"};

    return names[kind];
}
