#include "async/async_engine.h"

#include <assert.h>

#include "async/async_machine.h"
#include "types/enums.h"
#include "types/host_texts.h"

void vmh_async_init(vmh_async_engine *engine, const vmh_async_options *options, vmh_arena *arena)
{
    *engine = (vmh_async_engine){.arena = arena, .options = *options};
    vmh_buffer_init(&engine->scratch);
}

void vmh_async_clear(vmh_async_engine *engine)
{
    vmh_buffer_clear(&engine->scratch);
}

/* ---- the stack ---- */

/* A list's memory, to be written to again. */
static vmh_async_values emptied(vmh_async_values values)
{
    return (vmh_async_values){.data = values.data, .capacity = values.capacity};
}

static void reset_context(vmh_async_context *context, vmh_arena *arena)
{
    vmh_async_values values = emptied(context->values);
    vmh_async_values outcome = emptied(context->outcome_values);
    vmh_async_values initiator = emptied(context->initiator_values);

    *context = (vmh_async_context){
        .values = values, .outcome_values = outcome, .initiator_values = initiator};
    vmh_call_groups_init(&context->groups, arena);
}

vmh_status vmh_async_push_level(vmh_async_engine *engine, vmh_async_context **out,
                                vmh_failure *why)
{
    vmh_async_context **levels = vmh_arena_grow(engine->arena, engine->levels,
                                                &engine->level_capacity, engine->depth + 1,
                                                sizeof *levels);
    vmh_async_context *context;

    if (levels == NULL)
        return vmh_fail_memory(why);
    engine->levels = levels;
    context = levels[engine->depth];
    if (context == NULL)
        context = vmh_arena_alloc_array(engine->arena, 1, sizeof *context);
    if (context == NULL)
        return vmh_fail_memory(why);
    reset_context(context, engine->arena);
    levels[engine->depth++] = context;
    *out = context;
    return VMH_OK;
}

vmh_async_context *vmh_async_at(const vmh_async_engine *engine, size_t level)
{
    assert(level < engine->depth);
    return engine->levels[level];
}

vmh_async_context *vmh_async_top(const vmh_async_engine *engine)
{
    return engine->depth == 0 ? NULL : engine->levels[engine->depth - 1];
}

void vmh_async_ensure_id(vmh_async_engine *engine, size_t level)
{
    size_t known = level;

    while (!engine->levels[known]->has_id)
        known--;
    for (; known < level; known++) {
        vmh_async_context *parent = engine->levels[known];
        vmh_async_context *child = engine->levels[known + 1];

        vmh_async_child_id(&parent->id, child->number, &child->id);
        child->request.id = child->id;
        child->has_id = true;
        parent->ids_are_used = true;
    }
}

const vmh_hash32 *vmh_async_top_id(vmh_async_engine *engine)
{
    vmh_async_ensure_id(engine, engine->depth - 1);
    return &vmh_async_top(engine)->id;
}

void vmh_async_number_child(vmh_async_engine *engine, vmh_hash32 *id)
{
    vmh_async_context *context = vmh_async_top(engine);

    vmh_async_ensure_id(engine, engine->depth - 1);
    context->ids_are_used = true;
    vmh_async_child_id(&context->id, ++context->child_count, id);
}

/* ---- executions ---- */

static vmh_status begin(vmh_async_engine *engine, const vmh_async_start *start,
                        vmh_async_context **out, vmh_failure *why)
{
    vmh_async_context *context;
    vmh_status status;

    assert(engine->depth == 0);
    status = vmh_async_push_level(engine, &context, why);
    if (status != VMH_OK)
        return status;
    context->kind =
        start->request.kind == VMH_MESSAGE_ASYNC_CALL ? VMH_ASYNC_CALLEE : VMH_ASYNC_DIRECT;
    context->nesting = context->kind == VMH_ASYNC_CALLEE ? 1 : 0;
    context->service = start->service;
    context->method = start->method;
    context->arguments = start->arguments;
    context->request = start->request;
    context->id = start->request.id;
    context->has_id = true;
    context->is_init = start->is_init;
    *out = context;
    return VMH_OK;
}

vmh_status vmh_async_begin(vmh_async_engine *engine, const vmh_async_start *start,
                           vmh_failure *why)
{
    vmh_async_context *context;

    return begin(engine, start, &context, why);
}

vmh_status vmh_async_begin_resumed(vmh_async_engine *engine, const vmh_async_start *start,
                                   vmh_failure *why)
{
    vmh_async_context *context;
    vmh_status status = begin(engine, start, &context, why);

    if (status != VMH_OK)
        return status;
    context->is_resumed = true;
    context->phase = VMH_ASYNC_PHASE_LOAD;
    engine->event = (vmh_async_event){.kind = VMH_ASYNC_EVENT_RESUME};
    return VMH_OK;
}

vmh_status vmh_async_begin_answer(vmh_async_engine *engine, const vmh_async_return *answer,
                                  vmh_failure *why)
{
    vmh_bytes context_id = answer->context_id;
    vmh_async_context *context;
    vmh_status status;

    assert(engine->depth == 0);
    status = vmh_async_push_level(engine, &context, why);
    if (status != VMH_OK)
        return status;
    engine->event = (vmh_async_event){
        .kind = VMH_ASYNC_EVENT_RETURN,
        .call_id = answer->call_id,
        .checks_sender = answer->checks_sender,
        .from_chain = answer->from_chain,
        .from_service = answer->from_service,
        .outcome = answer->outcome,
    };
    if (context_id.size >= sizeof context->id.bytes) {
        memcpy(context->id.bytes, context_id.data, sizeof context->id.bytes);
        context->has_id = true;
    }
    if (context_id.size == sizeof context->id.bytes + 4) {
        engine->event.has_index = true;
        engine->event.index = vmh_get_u32_be(context_id.data + sizeof context->id.bytes);
    }
    context->service = answer->service;
    context->is_base = true;
    context->phase = VMH_ASYNC_PHASE_LOAD;
    return VMH_OK;
}

vmh_status vmh_async_push(vmh_async_engine *engine, vmh_bytes service, vmh_bytes method,
                          vmh_bytes arguments, bool is_init, vmh_failure *why)
{
    vmh_async_context *caller = vmh_async_top(engine);
    vmh_async_context *context;
    vmh_status status;

    assert(caller != NULL && caller->phase == VMH_ASYNC_PHASE_BODY);
    status = vmh_async_push_level(engine, &context, why);
    if (status != VMH_OK)
        return status;
    context->kind = VMH_ASYNC_SYNC;
    context->nesting = caller->nesting;
    context->service = service;
    context->method = method;
    context->arguments = arguments;
    context->number = ++caller->child_count;
    context->is_init = is_init;
    context->request = (vmh_request){
        .root = caller->request.root,
        .signer = caller->request.signer,
        .from_chain = engine->options.chain,
        .from_service = caller->service,
        .method = method,
    };
    return VMH_OK;
}

void vmh_async_pop(vmh_async_engine *engine)
{
    vmh_async_context *context = vmh_async_top(engine);

    if (engine->depth < 2)
        return;
    engine->depth--;
    vmh_async_top(engine)->gas_accumulated =
        vmh_async_add_gas(vmh_async_top(engine)->gas_accumulated, context->gas_accumulated);
}

/* ---- the end of a body ---- */

void vmh_async_fail(vmh_async_context *context, uint32_t code, vmh_bytes message)
{
    context->outcome = (vmh_async_outcome){.code = code, .message = message, .gas = context->gas};
    context->phase = VMH_ASYNC_PHASE_UNDO;
}

/* Groups that never had a call are complete. */
static void remove_empty_groups(vmh_async_context *context)
{
    for (vmh_call_group *group = context->groups.first; group != NULL; group = group->next) {
        if (group->open_count != 0 || group->is_removed)
            continue;
        context->gas = vmh_async_add_gas(context->gas, group->gas_locked);
        vmh_call_groups_remove(&context->groups, group);
    }
}

/* The gas that is left is divided over the calls that name no limit; the remainder stays. */
static bool divide_gas(vmh_async_context *context)
{
    uint64_t share;
    vmh_async_call *call;

    if (context->unlimited_count == 0)
        return true;
    share = context->gas / context->unlimited_count;
    if (share == 0)
        return false;
    vmh_async_walk_begin(context);
    while ((call = vmh_async_walk_next(context)) != NULL) {
        if (call->has_gas)
            continue;
        call->gas_limit = share;
        context->gas -= share;
    }
    return true;
}

static vmh_status keep_returned(vmh_async_engine *engine, vmh_async_context *context,
                                const vmh_async_outcome *outcome, vmh_failure *why)
{
    if (!outcome->has_values || vmh_async_is_callback(context))
        return VMH_OK;
    context->values_are_changed = true;
    return vmh_async_values_set(&context->values, outcome->values, outcome->values_size,
                                engine->arena, why);
}

vmh_status vmh_async_end_body(vmh_async_engine *engine, const vmh_async_outcome *outcome,
                              bool is_suspended, vmh_failure *why)
{
    vmh_async_context *context = vmh_async_top(engine);
    vmh_bytes message;
    vmh_status status;

    assert(context != NULL && context->phase == VMH_ASYNC_PHASE_BODY);
    context->gas = outcome->gas;
    if (outcome->code == VMH_CODE_OK && context->refusal.text != NULL) {
        vmh_async_fail(context, context->refusal.code, vmh_bytes_text(context->refusal.text));
        return VMH_OK;
    }
    if (outcome->code != VMH_CODE_OK) {
        status = vmh_arena_copy(engine->arena, outcome->message, &message, why);
        if (status == VMH_OK)
            vmh_async_fail(context, outcome->code, message);
        return status;
    }
    status = keep_returned(engine, context, outcome, why);
    if (status != VMH_OK)
        return status;
    context->is_suspended = is_suspended || context->awaited_count != 0;
    remove_empty_groups(context);
    engine->lack = (vmh_gas_lack){context->unlimited_count, context->gas};
    if (!divide_gas(context)) {
        vmh_async_fail(context, VMH_CODE_OUT_OF_GAS, VMH_LITERAL(VMH_TEXT_NOT_ENOUGH_GAS));
        return VMH_OK;
    }
    vmh_async_walk_begin(context);
    context->phase = VMH_ASYNC_PHASE_LOCAL;
    return VMH_OK;
}

/* ---- what is next ---- */

static vmh_async_handler *const handlers[] = {
    [VMH_ASYNC_PHASE_LOCAL] = vmh_async_do_local,
    [VMH_ASYNC_PHASE_OUTCOME] = vmh_async_do_outcome,
    [VMH_ASYNC_PHASE_FINISH] = vmh_async_do_finish,
    [VMH_ASYNC_PHASE_GROUP] = vmh_async_do_group,
    [VMH_ASYNC_PHASE_SEND] = vmh_async_do_send,
    [VMH_ASYNC_PHASE_SETTLE] = vmh_async_do_settle,
    [VMH_ASYNC_PHASE_SAVE] = vmh_async_do_save,
    [VMH_ASYNC_PHASE_CLOSE] = vmh_async_do_close,
    [VMH_ASYNC_PHASE_UNDO] = vmh_async_do_undo,
    [VMH_ASYNC_PHASE_FAILED] = vmh_async_do_failed,
    [VMH_ASYNC_PHASE_END] = vmh_async_do_end,
    [VMH_ASYNC_PHASE_LOAD] = vmh_async_do_load,
    [VMH_ASYNC_PHASE_LOAD_VALUES] = vmh_async_do_load_values,
    [VMH_ASYNC_PHASE_LOAD_CALL] = vmh_async_do_load_call,
    [VMH_ASYNC_PHASE_RETURN_VALUE] = vmh_async_do_return_value,
    [VMH_ASYNC_PHASE_SAVE_CALL] = vmh_async_do_save_call,
    [VMH_ASYNC_PHASE_KEEP] = vmh_async_do_keep,
    [VMH_ASYNC_PHASE_COLLECT] = vmh_async_do_collect,
    [VMH_ASYNC_PHASE_LOAD_GROUP] = vmh_async_do_load_group,
    [VMH_ASYNC_PHASE_DECIDE] = vmh_async_do_decide,
    [VMH_ASYNC_PHASE_DELETE] = vmh_async_do_delete,
    [VMH_ASYNC_PHASE_NOTIFY] = vmh_async_do_notify,
};

vmh_status vmh_async_next(vmh_async_engine *engine, vmh_async_step *step, vmh_failure *why)
{
    bool is_step = false;
    vmh_status status = VMH_OK;

    assert(engine->depth != 0 && !engine->waits);
    *step = (vmh_async_step){0};
    while (status == VMH_OK && !is_step) {
        vmh_async_context *context = vmh_async_top(engine);

        assert(context->phase != VMH_ASYNC_PHASE_BODY);
        step->level = engine->depth - 1;
        status = handlers[context->phase](engine, context, step, &is_step, why);
    }
    return status;
}

void vmh_async_sent(vmh_async_engine *engine, vmh_async_refusal refusal)
{
    engine->waits = false;
    if (refusal.text != NULL)
        vmh_async_fail(vmh_async_top(engine), refusal.code, vmh_bytes_text(refusal.text));
}

void vmh_async_settled(vmh_async_engine *engine, uint64_t gas, vmh_async_refusal refusal)
{
    vmh_async_context *context = vmh_async_top(engine);

    engine->waits = false;
    if (refusal.text != NULL) {
        /* What does not reach is used up. */
        if (refusal.code == VMH_CODE_OUT_OF_GAS)
            context->gas = 0;
        vmh_async_fail(context, refusal.code, vmh_bytes_text(refusal.text));
        return;
    }
    context->gas = gas;
    engine->closed.outcome.gas = gas;
    vmh_async_after_calls(context);
}

void vmh_async_loaded(vmh_async_engine *engine, vmh_bytes value)
{
    engine->waits = false;
    engine->has_loaded = true;
    engine->loaded = value;
}
