/* Records of unfinished contexts: which are written, and when they are deleted. */
#include "async/async_machine.h"

/* ---- records ---- */

size_t vmh_async_put_header_key(vmh_async_engine *engine, const vmh_async_context *context)
{
    uint8_t key[VMH_ASYNC_HEADER_KEY_SIZE];

    vmh_buffer_reset(&engine->scratch);
    vmh_async_header_key(&context->id, key);
    vmh_buffer_append(&engine->scratch, vmh_bytes_of(key, sizeof key));
    return sizeof key;
}

size_t vmh_async_put_record_key(vmh_async_engine *engine, const vmh_async_context *context,
                                uint32_t index)
{
    uint8_t key[VMH_ASYNC_RECORD_KEY_SIZE];

    vmh_buffer_reset(&engine->scratch);
    vmh_async_record_key(&context->id, index, key);
    vmh_buffer_append(&engine->scratch, vmh_bytes_of(key, sizeof key));
    return sizeof key;
}

vmh_status vmh_async_step_write(vmh_async_engine *engine, const vmh_async_context *context,
                                size_t key_size, vmh_async_step *step, bool *is_step,
                                vmh_failure *why)
{
    const vmh_buffer *record = &engine->scratch;
    vmh_status status = vmh_buffer_check(record, why);

    if (status != VMH_OK)
        return status;
    step->kind = VMH_ASYNC_STEP_WRITE;
    step->record = (vmh_async_record){
        .service = context->service,
        .key = vmh_bytes_of(record->data, key_size),
        .value = vmh_bytes_of(record->data + key_size, record->size - key_size),
    };
    *is_step = true;
    return VMH_OK;
}

/* ---- saving ---- */

enum { SAVE_HEADER, SAVE_VALUES, SAVE_GROUPS, SAVE_CALLS };

/* A sync child has its id, and a link to its caller, only when it is kept. */
static void link_sync(vmh_async_engine *engine, vmh_async_context *context)
{
    const vmh_async_context *caller;

    if (context->kind != VMH_ASYNC_SYNC || context->is_base)
        return;
    vmh_async_ensure_id(engine, engine->depth - 1);
    caller = engine->levels[engine->depth - 2];
    context->has_parent = true;
    context->parent_service = caller->service;
    context->parent_id = caller->id;
}

static vmh_status save_header(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    size_t key_size;

    link_sync(engine, context);
    if (context->values_are_changed)
        context->has_values_record = context->values.is_set;
    key_size = vmh_async_put_header_key(engine, context);
    vmh_async_header_encode(context, &engine->scratch);
    engine->save_stage = SAVE_VALUES;
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

static vmh_status save_values(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    size_t key_size;

    engine->save_stage = SAVE_GROUPS;
    context->next_group = context->groups.first;
    if (!context->values_are_changed || (!context->values.is_set && !context->is_loaded))
        return VMH_OK;
    context->values_are_changed = false;
    key_size = vmh_async_put_record_key(engine, context, 0);
    if (context->values.is_set)
        vmh_async_values_encode(&context->values, &engine->scratch);
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

static vmh_status save_group(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_call_group *group = context->next_group;
    size_t key_size;

    while (group != NULL && (group->is_removed || !group->has_callback))
        group = group->next;
    if (group == NULL) {
        engine->save_stage = SAVE_CALLS;
        vmh_async_walk_begin(context);
        return VMH_OK;
    }
    context->next_group = group->next;
    key_size = vmh_async_put_record_key(engine, context, group->index);
    vmh_async_group_encode(group, &engine->scratch);
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

static vmh_status write_call(vmh_async_engine *engine, const vmh_async_context *context,
                             const vmh_async_call *call, vmh_async_step *step, bool *is_step,
                             vmh_failure *why)
{
    size_t key_size = vmh_async_put_record_key(engine, context, call->index);

    vmh_async_call_encode(call, &engine->scratch);
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

static vmh_status save_call(vmh_async_engine *engine, vmh_async_context *context,
                            vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_call *call = vmh_async_walk_next(context);

    while (call != NULL && call->is_finished)
        call = vmh_async_walk_next(context);
    if (call != NULL) {
        call->group_index = call->group->has_callback ? call->group->index : 0;
        return write_call(engine, context, call, step, is_step, why);
    }
    engine->save_stage = SAVE_HEADER;
    context->phase = context->is_base ? VMH_ASYNC_PHASE_END : VMH_ASYNC_PHASE_CLOSE;
    return VMH_OK;
}

vmh_status vmh_async_do_save(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    switch (engine->save_stage) {
    case SAVE_HEADER:
        return save_header(engine, context, step, is_step, why);
    case SAVE_VALUES:
        return save_values(engine, context, step, is_step, why);
    case SAVE_GROUPS:
        return save_group(engine, context, step, is_step, why);
    default:
        return save_call(engine, context, step, is_step, why);
    }
}

vmh_status vmh_async_do_save_call(vmh_async_engine *engine, vmh_async_context *context,
                                  vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    context->phase = VMH_ASYNC_PHASE_DECIDE;
    return write_call(engine, context, context->call, step, is_step, why);
}

/* ---- deleting ---- */

vmh_status vmh_async_do_delete(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    size_t key_size;

    if (context->has_values_record) {
        context->has_values_record = false;
        key_size = vmh_async_put_record_key(engine, context, 0);
    } else {
        context->phase = VMH_ASYNC_PHASE_NOTIFY;
        key_size = vmh_async_put_header_key(engine, context);
    }
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}
