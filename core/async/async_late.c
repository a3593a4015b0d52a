/* Contexts that come from the state: for an answer, and up to whoever waits for them. */
#include "async/async_machine.h"
#include "types/enums.h"
#include "types/host_texts.h"

static vmh_status fail_corrupt(const vmh_async_context *context, const char *what,
                               vmh_failure *why)
{
    return vmh_fail(why, VMH_E_STORE_CORRUPT, "async context of '%.*s': %s",
                    VMH_PRINT(context->service), what);
}

/* The return message is not taken: nothing changes. */
static vmh_status refuse(vmh_async_engine *engine, vmh_async_context *context, const char *text,
                         vmh_async_step *step, bool *is_step)
{
    engine->closed.outcome = (vmh_async_outcome){.code = VMH_CODE_CONTRACT_FAILED,
                                                 .message = vmh_bytes_text(text)};
    context->phase = VMH_ASYNC_PHASE_END;
    step->kind = VMH_ASYNC_STEP_REFUSED;
    step->refused = text;
    *is_step = true;
    return VMH_OK;
}

bool vmh_async_take_loaded(vmh_async_engine *engine, const vmh_async_context *context,
                           size_t key_size, vmh_bytes *value, vmh_async_step *step, bool *is_step)
{
    if (engine->has_loaded) {
        engine->has_loaded = false;
        *value = engine->loaded;
        return true;
    }
    step->kind = VMH_ASYNC_STEP_READ;
    step->record = (vmh_async_record){
        .service = context->service,
        .key = vmh_bytes_of(engine->scratch.data, key_size),
    };
    engine->waits = true;
    *is_step = true;
    return false;
}

/* ---- loading ---- */

/* A callback that went on after an answer set what its initiator owes; a callback owes nothing. */
static void take_values(vmh_async_engine *engine, vmh_async_context *context)
{
    if (!engine->event.values.is_set || vmh_async_is_callback(context))
        return;
    vmh_async_values_swap(&context->values, &engine->event.values);
    context->values_are_changed = true;
}

/* What happens to a context, and its values, that are there. */
static vmh_status go_on(vmh_async_engine *engine, vmh_async_context *context,
                        vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    const vmh_async_event *event = &engine->event;

    switch (event->kind) {
    case VMH_ASYNC_EVENT_RESUME:
        if (!context->is_suspended || context->awaited_count != 0)
            return fail_corrupt(context, "what waits for an answer is not suspended", why);
        context->is_suspended = false;
        context->phase = VMH_ASYNC_PHASE_BODY;
        step->kind = VMH_ASYNC_STEP_READY;
        *is_step = true;
        return VMH_OK;
    case VMH_ASYNC_EVENT_RETURN:
        if (!event->has_index || event->index == 0)
            return refuse(engine, context, VMH_TEXT_CALL_NOT_FOUND, step, is_step);
        context->phase = VMH_ASYNC_PHASE_LOAD_CALL;
        return VMH_OK;
    case VMH_ASYNC_EVENT_CALLEE:
    case VMH_ASYNC_EVENT_CALLBACK:
        context->phase = VMH_ASYNC_PHASE_LOAD_CALL;
        break;
    default:
        if (context->open_count == 0)
            return fail_corrupt(context, "no child is open", why);
        if (event->kind == VMH_ASYNC_EVENT_GROUP_CALLBACK)
            take_values(engine, context);
        context->open_count--;
        context->phase = VMH_ASYNC_PHASE_DECIDE;
        break;
    }
    context->gas_accumulated = vmh_async_add_gas(context->gas_accumulated, event->gas);
    return VMH_OK;
}

static vmh_status go_on_without_record(vmh_async_engine *engine, vmh_async_context *context,
                                       vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    if (engine->event.kind == VMH_ASYNC_EVENT_RETURN)
        return refuse(engine, context, VMH_TEXT_NO_CONTEXT, step, is_step);
    if (engine->event.kind != VMH_ASYNC_EVENT_RESUME)
        return fail_corrupt(context, "its header is missing", why);
    context->phase = VMH_ASYNC_PHASE_BODY;
    step->kind = VMH_ASYNC_STEP_READY;
    *is_step = true;
    return VMH_OK;
}

vmh_status vmh_async_do_load(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_bytes header = {0};
    vmh_status status;
    size_t key_size;

    if (!context->has_id)
        return refuse(engine, context, VMH_TEXT_NO_CONTEXT, step, is_step);
    key_size = vmh_async_put_header_key(engine, context);
    status = vmh_buffer_check(&engine->scratch, why);
    if (status != VMH_OK ||
        !vmh_async_take_loaded(engine, context, key_size, &header, step, is_step))
        return status;
    if (header.size == 0)
        return go_on_without_record(engine, context, step, is_step, why);
    status = vmh_async_header_decode(header, context, why);
    if (status != VMH_OK)
        return status;
    if (!vmh_bytes_equal(vmh_bytes_hash(&context->request.id), vmh_bytes_hash(&context->id)))
        return fail_corrupt(context, "its header is another's", why);
    context->is_loaded = true;
    context->ids_are_used = true;
    context->loaded_open_count = context->open_count;
    if (context->has_values_record) {
        context->phase = VMH_ASYNC_PHASE_LOAD_VALUES;
        return VMH_OK;
    }
    return go_on(engine, context, step, is_step, why);
}

vmh_status vmh_async_do_load_values(vmh_async_engine *engine, vmh_async_context *context,
                                    vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    size_t key_size = vmh_async_put_record_key(engine, context, 0);
    vmh_bytes record = {0}, values;
    uint64_t text_size;
    vmh_status status = vmh_buffer_check(&engine->scratch, why);

    if (status != VMH_OK ||
        !vmh_async_take_loaded(engine, context, key_size, &record, step, is_step))
        return status;
    status = vmh_async_values_decode(record, &values, &text_size, why);
    if (status == VMH_OK)
        status = vmh_async_values_set(&context->values, values, text_size, engine->arena, why);
    return status == VMH_OK ? go_on(engine, context, step, is_step, why) : status;
}

/* ---- the call at hand ---- */

static bool is_named(const vmh_async_event *event, const vmh_async_call *call)
{
    return vmh_bytes_equal(event->call_id, vmh_bytes_hash(&call->id));
}

/* A call that the method waits for. */
static bool is_awaited(const vmh_async_context *context, const vmh_async_call *call)
{
    return call->index - context->awaited_first < context->awaited_count;
}

/* Where a context goes on with the outcome of the call at hand. */
static vmh_async_phase phase_of_outcome(const vmh_async_context *context)
{
    return is_awaited(context, context->call) ? VMH_ASYNC_PHASE_KEEP : VMH_ASYNC_PHASE_OUTCOME;
}

/* A message for the call that was loaded. */
static vmh_status take_return(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step)
{
    const vmh_async_event *event = &engine->event;
    vmh_async_call *call = context->call;

    if (!is_named(event, call) || vmh_async_call_is_local(call) ||
        call->status != VMH_ASYNC_PENDING)
        return refuse(engine, context, VMH_TEXT_CALL_NOT_FOUND, step, is_step);
    if (event->checks_sender && (event->from_chain != call->to_chain ||
                                 !vmh_bytes_equal(event->from_service, call->to_service)))
        return refuse(engine, context, VMH_TEXT_NO_CONTEXT, step, is_step);
    context->outcome = event->outcome;
    if (context->outcome.gas > call->gas_limit)
        context->outcome.gas = call->gas_limit;
    context->phase = event->outcome.code != VMH_CODE_OK && !vmh_word_is_zero(&call->amount)
                         ? VMH_ASYNC_PHASE_RETURN_VALUE
                         : phase_of_outcome(context);
    return VMH_OK;
}

vmh_status vmh_async_do_load_call(vmh_async_engine *engine, vmh_async_context *context,
                                  vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_event *event = &engine->event;
    size_t key_size = vmh_async_put_record_key(engine, context, event->index);
    bool is_return = event->kind == VMH_ASYNC_EVENT_RETURN;
    vmh_bytes record = {0};
    vmh_status status = vmh_buffer_check(&engine->scratch, why);

    if (status != VMH_OK ||
        !vmh_async_take_loaded(engine, context, key_size, &record, step, is_step))
        return status;
    if (is_return && !vmh_async_is_call_record(record))
        return refuse(engine, context, VMH_TEXT_CALL_NOT_FOUND, step, is_step);
    engine->loaded_call.index = event->index;
    status = vmh_async_call_decode(record, &engine->loaded_call, why);
    if (status != VMH_OK)
        return status;
    context->call = &engine->loaded_call;
    if (is_return)
        return take_return(engine, context, step, is_step);
    if (!is_named(event, context->call) || context->open_count == 0 ||
        (context->call->status == VMH_ASYNC_PENDING) != (event->kind == VMH_ASYNC_EVENT_CALLEE))
        return fail_corrupt(context, "a child answers a call that is another's", why);
    if (event->kind == VMH_ASYNC_EVENT_CALLBACK) {
        take_values(engine, context);
        context->phase = VMH_ASYNC_PHASE_FINISH;
        return VMH_OK;
    }
    context->outcome = event->outcome;
    vmh_async_values_swap(&context->outcome_values, &event->values);
    context->phase = VMH_ASYNC_PHASE_OUTCOME;
    return VMH_OK;
}

vmh_status vmh_async_do_return_value(vmh_async_engine *engine, vmh_async_context *context,
                                     vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)engine;
    (void)why;
    context->phase = phase_of_outcome(context);
    step->kind = VMH_ASYNC_STEP_RETURN_VALUE;
    step->value.service = context->service;
    step->value.token = context->call->token;
    step->value.amount = context->call->amount;
    *is_step = true;
    return VMH_OK;
}

vmh_status vmh_async_do_load_group(vmh_async_engine *engine, vmh_async_context *context,
                                   vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_call_group *group = &engine->loaded_group;
    size_t key_size = vmh_async_put_record_key(engine, context, context->call->group_index);
    vmh_bytes record = {0};
    vmh_status status = vmh_buffer_check(&engine->scratch, why);

    if (status != VMH_OK ||
        !vmh_async_take_loaded(engine, context, key_size, &record, step, is_step))
        return status;
    group->index = context->call->group_index;
    status = vmh_async_group_decode(record, group, why);
    if (status != VMH_OK)
        return status;
    group->open_count--;
    context->group = group;
    context->phase = VMH_ASYNC_PHASE_GROUP;
    if (group->open_count != 0)
        vmh_async_group_encode(group, &engine->scratch);
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

/* ---- upwards ---- */

vmh_status vmh_async_do_decide(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)engine;
    (void)step;
    (void)is_step;
    (void)why;
    context->phase =
        vmh_async_is_complete(context) ? VMH_ASYNC_PHASE_DELETE : VMH_ASYNC_PHASE_SAVE;
    return VMH_OK;
}

/* What a complete context answers, to whoever started it. */
static vmh_async_outcome result_of(const vmh_async_context *context)
{
    vmh_async_outcome result = vmh_async_good_outcome(context);

    if (context->result_code != VMH_CODE_OK)
        result = (vmh_async_outcome){.code = context->result_code,
                                     .message = context->result_message};
    result.gas = vmh_async_add_gas(context->result_gas, context->gas_accumulated);
    return result;
}

static vmh_async_event_kind event_of(vmh_async_kind kind)
{
    switch (kind) {
    case VMH_ASYNC_CALLEE:
        return VMH_ASYNC_EVENT_CALLEE;
    case VMH_ASYNC_CALLBACK:
        return VMH_ASYNC_EVENT_CALLBACK;
    case VMH_ASYNC_GROUP_CALLBACK:
        return VMH_ASYNC_EVENT_GROUP_CALLBACK;
    default:
        return VMH_ASYNC_EVENT_SYNC;
    }
}

/* Puts the parent, which is to be loaded, into the place of its child. */
static vmh_status go_up(vmh_async_engine *engine, vmh_async_context *child, vmh_failure *why)
{
    vmh_async_event *event = &engine->event;
    bool is_callee = child->kind == VMH_ASYNC_CALLEE;
    vmh_bytes service = child->parent_service;
    vmh_hash32 id = child->parent_id;
    vmh_async_context *parent;
    vmh_bytes call_id;
    vmh_status status =
        vmh_arena_copy(engine->arena, vmh_bytes_hash(&child->parent_call_id), &call_id, why);

    if (status != VMH_OK)
        return status;
    event->kind = event_of(child->kind);
    event->index = child->parent_index;
    event->call_id = call_id;
    event->outcome = (vmh_async_outcome){0};
    event->gas = is_callee ? 0 : child->gas_accumulated;
    if (is_callee)
        event->outcome = result_of(child);
    vmh_async_values_swap(&event->values, &child->values);
    engine->depth--;
    status = vmh_async_push_level(engine, &parent, why);
    if (status != VMH_OK)
        return status;
    parent->service = service;
    parent->id = id;
    parent->has_id = true;
    parent->is_base = true;
    parent->phase = VMH_ASYNC_PHASE_LOAD;
    return VMH_OK;
}

vmh_status vmh_async_do_notify(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    if (context->has_parent)
        return go_up(engine, context, why);
    context->phase = VMH_ASYNC_PHASE_END;
    *is_step = true;
    if (!vmh_async_owes_answer(context)) {
        step->kind = VMH_ASYNC_STEP_COMPLETED;
        step->completed.service = context->service;
        step->completed.id = context->id;
        step->completed.gas = context->gas_accumulated;
        return VMH_OK;
    }
    step->kind = VMH_ASYNC_STEP_ANSWER;
    step->answer = (vmh_async_answer){.request = context->request,
                                      .service = context->service,
                                      .outcome = result_of(context),
                                      .is_late = true};
    if (context->result_code != VMH_CODE_OK && context->kind == VMH_ASYNC_CALLEE)
        step->answer.outcome.gas = 0;
    return VMH_OK;
}
