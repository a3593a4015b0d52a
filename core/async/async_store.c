#include "async/async_store.h"

#include "types/enums.h"

enum { RECORD_VERSION = 1, RECORD_CALL = 1, RECORD_GROUP = 2, RECORD_OUTCOME = 3 };

/* ---- keys ---- */

void vmh_async_header_key(const vmh_hash32 *id, uint8_t out[VMH_ASYNC_HEADER_KEY_SIZE])
{
    memcpy(out, VMH_PROTECTED_PREFIX "async", VMH_PROTECTED_PREFIX_SIZE + 5);
    memcpy(out + VMH_PROTECTED_PREFIX_SIZE + 5, id->bytes, sizeof id->bytes);
}

void vmh_async_record_key(const vmh_hash32 *id, uint32_t index,
                          uint8_t out[VMH_ASYNC_RECORD_KEY_SIZE])
{
    vmh_async_header_key(id, out);
    vmh_put_u32_be(out + VMH_ASYNC_HEADER_KEY_SIZE, index);
}

/* ---- encoding ---- */

void vmh_async_header_encode(const vmh_async_context *context, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u16(&writer, (uint16_t)context->kind);
    vmh_writer_u32(&writer, context->nesting);
    vmh_writer_bytes(&writer, context->method);
    vmh_request_write(&writer, &context->request);
    vmh_writer_bool(&writer, context->has_parent);
    vmh_writer_bytes(&writer, context->parent_service);
    vmh_writer_fixed(&writer, vmh_bytes_hash(&context->parent_id));
    vmh_writer_u32(&writer, context->parent_index);
    vmh_writer_fixed(&writer, vmh_bytes_hash(&context->parent_call_id));
    vmh_writer_u64(&writer, context->open_count);
    vmh_writer_u64(&writer, context->child_count);
    vmh_writer_u32(&writer, context->record_count);
    vmh_writer_u64(&writer, context->gas_accumulated);
    vmh_writer_bool(&writer, context->is_suspended);
    vmh_writer_u32(&writer, context->awaited_first);
    vmh_writer_u32(&writer, context->awaited_count);
    vmh_writer_u32(&writer, context->awaited_open);
    vmh_writer_bool(&writer, context->has_result);
    vmh_writer_u32(&writer, context->result_code);
    vmh_writer_bytes(&writer, context->result_message);
    vmh_writer_u64(&writer, context->result_gas);
    vmh_writer_bool(&writer, context->has_values_record);
}

void vmh_async_values_encode(const vmh_async_values *values, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u64(&writer, values->text_size);
    vmh_writer_bytes(&writer, vmh_bytes_of(values->data, values->size));
}

void vmh_async_call_encode(const vmh_async_call *call, vmh_buffer *out)
{
    uint8_t amount[32];
    vmh_writer writer;

    vmh_word_to_bytes(&call->amount, amount);
    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u16(&writer, RECORD_CALL);
    vmh_writer_fixed(&writer, vmh_bytes_hash(&call->id));
    vmh_writer_u16(&writer, (uint16_t)call->status);
    vmh_writer_u16(&writer, (uint16_t)call->mode);
    vmh_writer_u32(&writer, call->to_chain);
    vmh_writer_bytes(&writer, call->to_service);
    vmh_writer_bytes(&writer, call->method);
    vmh_writer_u64(&writer, call->gas_limit);
    vmh_writer_u64(&writer, call->gas_locked);
    vmh_writer_bytes(&writer, call->token);
    vmh_writer_fixed(&writer, vmh_bytes_of(amount, sizeof amount));
    vmh_writer_bytes(&writer, call->on_success);
    vmh_writer_bytes(&writer, call->on_error);
    vmh_writer_bytes(&writer, call->closure);
    vmh_writer_u32(&writer, call->group_index);
}

void vmh_async_group_encode(const vmh_call_group *group, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u16(&writer, RECORD_GROUP);
    vmh_writer_bytes(&writer, group->identifier);
    vmh_writer_bytes(&writer, group->callback);
    vmh_writer_bytes(&writer, group->data);
    vmh_writer_u64(&writer, group->gas_locked);
    vmh_writer_u64(&writer, group->open_count);
}

void vmh_async_outcome_encode(const vmh_async_outcome *outcome, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u16(&writer, RECORD_OUTCOME);
    vmh_writer_u32(&writer, outcome->code);
    vmh_writer_bytes(&writer,
                     outcome->code == VMH_CODE_OK ? outcome->values : outcome->message);
    vmh_writer_u64(&writer, outcome->gas);
}

/* ---- decoding ---- */

/*
 * Only what an encoding gives is a record. `is_sound`: what it says is possible; `again`
 * is its encoding.
 */
static vmh_status check_whole(vmh_bytes bytes, bool is_sound, vmh_buffer *again,
                              const char *what, vmh_failure *why)
{
    vmh_status status = vmh_buffer_check(again, why);

    if (status == VMH_OK && (!is_sound || !vmh_bytes_equal(vmh_buffer_bytes(again), bytes)))
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "async context: its %s does not decode", what);
    vmh_buffer_clear(again);
    return status;
}

/* What it waits for are calls that were registered, and some are not answered. */
static bool is_sound_wait(const vmh_async_context *context)
{
    if (context->awaited_count == 0)
        return context->awaited_first == 0 && context->awaited_open == 0;
    return context->is_suspended && context->awaited_first != 0 && context->awaited_open != 0 &&
           context->awaited_open <= context->awaited_count &&
           context->awaited_open <= context->open_count &&
           context->awaited_count <= context->record_count &&
           context->awaited_first - 1 <= context->record_count - context->awaited_count;
}

static bool is_sound_header(const vmh_async_context *context)
{
    bool belongs_to_call =
        context->kind == VMH_ASYNC_CALLEE || context->kind == VMH_ASYNC_CALLBACK;

    if (context->kind > VMH_ASYNC_GROUP_CALLBACK || !is_sound_wait(context) ||
        context->has_parent != (context->parent_service.size != 0))
        return false;
    if (!context->has_parent)
        return context->kind <= VMH_ASYNC_CALLEE && context->kind != VMH_ASYNC_SYNC &&
               context->parent_index == 0;
    return (context->parent_index != 0) ==
           (belongs_to_call || context->kind == VMH_ASYNC_GROUP_CALLBACK);
}

vmh_status vmh_async_header_decode(vmh_bytes bytes, vmh_async_context *out, vmh_failure *why)
{
    vmh_buffer again;
    vmh_reader reader;
    bool is_known;

    vmh_reader_init(&reader, bytes);
    is_known = vmh_reader_u32(&reader) == RECORD_VERSION;
    out->kind = (vmh_async_kind)vmh_reader_u16(&reader);
    out->nesting = vmh_reader_u32(&reader);
    out->method = vmh_reader_bytes(&reader);
    vmh_request_read(&reader, &out->request);
    out->has_parent = vmh_reader_bool(&reader);
    out->parent_service = vmh_reader_bytes(&reader);
    vmh_record_read_fixed(&reader, out->parent_id.bytes, sizeof out->parent_id.bytes);
    out->parent_index = vmh_reader_u32(&reader);
    vmh_record_read_fixed(&reader, out->parent_call_id.bytes, sizeof out->parent_call_id.bytes);
    out->open_count = vmh_reader_u64(&reader);
    out->child_count = vmh_reader_u64(&reader);
    out->record_count = vmh_reader_u32(&reader);
    out->gas_accumulated = vmh_reader_u64(&reader);
    out->is_suspended = vmh_reader_bool(&reader);
    out->awaited_first = vmh_reader_u32(&reader);
    out->awaited_count = vmh_reader_u32(&reader);
    out->awaited_open = vmh_reader_u32(&reader);
    out->has_result = vmh_reader_bool(&reader);
    out->result_code = vmh_reader_u32(&reader);
    out->result_message = vmh_reader_bytes(&reader);
    out->result_gas = vmh_reader_u64(&reader);
    out->has_values_record = vmh_reader_bool(&reader);
    vmh_buffer_init(&again);
    vmh_async_header_encode(out, &again);
    return check_whole(bytes, is_known && is_sound_header(out), &again, "header", why);
}

vmh_status vmh_async_values_decode(vmh_bytes bytes, vmh_bytes *values, uint64_t *text_size,
                                   vmh_failure *why)
{
    vmh_buffer again;
    vmh_reader reader;
    vmh_writer writer;
    bool is_known;

    vmh_reader_init(&reader, bytes);
    is_known = vmh_reader_u32(&reader) == RECORD_VERSION;
    *text_size = vmh_reader_u64(&reader);
    *values = vmh_reader_bytes(&reader);
    vmh_buffer_init(&again);
    vmh_writer_init(&writer, &again);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u64(&writer, *text_size);
    vmh_writer_bytes(&writer, *values);
    return check_whole(bytes, is_known, &again, "values", why);
}

bool vmh_async_is_call_record(vmh_bytes bytes)
{
    vmh_reader reader;

    vmh_reader_init(&reader, bytes);
    return vmh_reader_u32(&reader) == RECORD_VERSION && vmh_reader_u16(&reader) == RECORD_CALL;
}

vmh_status vmh_async_call_decode(vmh_bytes bytes, vmh_async_call *out, vmh_failure *why)
{
    uint8_t amount[32];
    vmh_buffer again;
    vmh_reader reader;
    bool is_known;

    vmh_reader_init(&reader, bytes);
    is_known = vmh_reader_u32(&reader) == RECORD_VERSION && vmh_reader_u16(&reader) == RECORD_CALL;
    *out = (vmh_async_call){.index = out->index, .has_id = true};
    vmh_record_read_fixed(&reader, out->id.bytes, sizeof out->id.bytes);
    out->status = (vmh_async_status)vmh_reader_u16(&reader);
    out->mode = (vmh_async_mode)vmh_reader_u16(&reader);
    out->to_chain = vmh_reader_u32(&reader);
    out->to_service = vmh_reader_bytes(&reader);
    out->method = vmh_reader_bytes(&reader);
    out->gas_limit = vmh_reader_u64(&reader);
    out->gas_locked = vmh_reader_u64(&reader);
    out->token = vmh_reader_bytes(&reader);
    vmh_record_read_fixed(&reader, amount, sizeof amount);
    out->amount = vmh_word_from_bytes(amount);
    out->on_success = vmh_reader_bytes(&reader);
    out->on_error = vmh_reader_bytes(&reader);
    out->closure = vmh_reader_bytes(&reader);
    out->group_index = vmh_reader_u32(&reader);
    is_known = is_known && out->status <= VMH_ASYNC_REJECTED &&
               (out->mode == VMH_ASYNC_LOCAL || out->mode == VMH_ASYNC_REMOTE);
    vmh_buffer_init(&again);
    vmh_async_call_encode(out, &again);
    return check_whole(bytes, is_known, &again, "call", why);
}

vmh_status vmh_async_group_decode(vmh_bytes bytes, vmh_call_group *out, vmh_failure *why)
{
    vmh_buffer again;
    vmh_reader reader;
    bool is_known;

    vmh_reader_init(&reader, bytes);
    is_known =
        vmh_reader_u32(&reader) == RECORD_VERSION && vmh_reader_u16(&reader) == RECORD_GROUP;
    *out = (vmh_call_group){.index = out->index, .has_callback = true};
    out->identifier = vmh_reader_bytes(&reader);
    out->callback = vmh_reader_bytes(&reader);
    out->data = vmh_reader_bytes(&reader);
    out->gas_locked = vmh_reader_u64(&reader);
    out->open_count = vmh_reader_u64(&reader);
    vmh_buffer_init(&again);
    vmh_async_group_encode(out, &again);
    return check_whole(bytes, is_known && out->open_count != 0, &again, "group", why);
}

vmh_status vmh_async_outcome_decode(vmh_bytes bytes, vmh_async_outcome *out, vmh_failure *why)
{
    vmh_buffer again;
    vmh_reader reader;
    vmh_bytes text;
    bool is_known;

    vmh_reader_init(&reader, bytes);
    is_known =
        vmh_reader_u32(&reader) == RECORD_VERSION && vmh_reader_u16(&reader) == RECORD_OUTCOME;
    *out = (vmh_async_outcome){.code = vmh_reader_u32(&reader)};
    text = vmh_reader_bytes(&reader);
    out->has_values = out->code == VMH_CODE_OK;
    if (out->has_values)
        out->values = text;
    else
        out->message = text;
    out->gas = vmh_reader_u64(&reader);
    vmh_buffer_init(&again);
    vmh_async_outcome_encode(out, &again);
    return check_whole(bytes, is_known, &again, "outcome", why);
}
