/* Contexts that work off their calls: local ones, callbacks, groups, messages. */
#include "async/async_machine.h"
#include "async/call_data.h"
#include "types/enums.h"
#include "types/host_texts.h"

/* ---- walks ---- */

void vmh_async_walk_begin(vmh_async_context *context)
{
    context->next_group = context->groups.first;
    context->cursor = NULL;
}

vmh_async_call *vmh_async_walk_next(vmh_async_context *context)
{
    if (context->cursor != NULL)
        context->cursor = context->cursor->next;
    while (context->cursor == NULL && context->next_group != NULL) {
        vmh_call_group *group = context->next_group;

        context->next_group = group->next;
        if (!group->is_removed)
            context->cursor = group->first;
    }
    return context->cursor;
}

/* ---- executions of the engine's own ---- */

/* What its calls give back is the execution's own while it runs, and waits to go up later. */
static void give_back(vmh_async_context *context, uint64_t gas)
{
    uint64_t *to = context->is_base ? &context->gas_accumulated : &context->gas;

    *to = vmh_async_add_gas(*to, gas);
}

/* Where a context goes on that has dealt with a call. */
static vmh_async_phase phase_after_call(const vmh_async_context *context)
{
    return context->is_base ? VMH_ASYNC_PHASE_DECIDE : VMH_ASYNC_PHASE_LOCAL;
}

/* Pushes a child of `parent`, which is on top. */
static vmh_status push_child(vmh_async_engine *engine, vmh_async_context *parent,
                             vmh_async_kind kind, const vmh_hash32 *id, vmh_async_context **out,
                             vmh_failure *why)
{
    vmh_async_context *child;
    vmh_status status = vmh_async_push_level(engine, &child, why);

    if (status != VMH_OK)
        return status;
    child->kind = kind;
    child->nesting = parent->nesting + 1;
    child->id = *id;
    child->has_id = true;
    child->has_parent = true;
    child->parent_service = parent->service;
    child->parent_id = parent->id;
    child->service = parent->service;
    child->request = (vmh_request){
        .kind = kind == VMH_ASYNC_CALLEE ? VMH_MESSAGE_ASYNC_CALL : VMH_MESSAGE_ASYNC_ANSWER,
        .id = *id,
        .root = parent->request.root,
        .signer = parent->request.signer,
        .from_chain = engine->options.chain,
        .from_service = parent->service,
    };
    *out = child;
    return VMH_OK;
}

/* Shows the execution on top as one to be run. */
static void step_run(const vmh_async_engine *engine, const vmh_async_context *child, uint64_t gas,
                     vmh_async_step *step)
{
    bool has_base = engine->levels[0]->is_base;

    step->kind = VMH_ASYNC_STEP_RUN;
    step->level = engine->depth - 1;
    step->run = (vmh_async_run){
        .kind = child->kind,
        .depth = (uint32_t)(engine->depth - (has_base ? 1 : 0)),
        .service = child->service,
        .method = child->method,
        .id = child->id,
        .initiator_id = child->parent_id,
        .call_id = child->parent_call_id,
        .caller_chain = child->request.from_chain,
        .caller_service = child->request.from_service,
        .input = child->arguments,
        .gas = gas,
        .root = child->request.root,
        .signer = child->request.signer,
    };
}

static vmh_status start_callee(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, vmh_failure *why)
{
    vmh_async_call *call = context->call;
    vmh_async_context *callee;
    vmh_status status;

    vmh_async_number_child(engine, &call->id);
    call->has_id = true;
    status = push_child(engine, context, VMH_ASYNC_CALLEE, &call->id, &callee, why);
    if (status != VMH_OK)
        return status;
    callee->service = call->to_service;
    callee->method = callee->request.method = call->method;
    callee->arguments = call->input;
    callee->parent_index = call->index;
    callee->parent_call_id = call->id;
    step_run(engine, callee, call->gas_limit, step);
    step->run.token = call->token;
    step->run.amount = call->amount;
    return VMH_OK;
}

static vmh_status start_callback(vmh_async_engine *engine, vmh_async_context *context,
                                 uint64_t gas, vmh_async_step *step, vmh_failure *why)
{
    vmh_async_call *call = context->call;
    vmh_async_context *callback;
    vmh_hash32 id;
    vmh_status status;

    if (vmh_async_call_is_local(call))
        vmh_async_number_child(engine, &id);
    else
        vmh_async_remote_callback_id(&call->id, &id);
    status = push_child(engine, context, VMH_ASYNC_CALLBACK, &id, &callback, why);
    if (status != VMH_OK)
        return status;
    callback->method = callback->request.method = vmh_async_call_callback(call);
    callback->request.from_chain = call->to_chain;
    callback->request.from_service = call->to_service;
    callback->parent_index = call->index;
    callback->parent_call_id = call->id;
    callback->call = call;
    step_run(engine, callback, gas, step);
    step->run.outcome = context->outcome;
    return VMH_OK;
}

static vmh_status start_group_callback(vmh_async_engine *engine, vmh_async_context *context,
                                       vmh_async_step *step, vmh_failure *why)
{
    vmh_call_group *group = context->group;
    vmh_async_context *callback;
    vmh_hash32 id;
    vmh_status status;

    vmh_async_number_child(engine, &id);
    status = push_child(engine, context, VMH_ASYNC_GROUP_CALLBACK, &id, &callback, why);
    if (status != VMH_OK)
        return status;
    context->open_count++;
    callback->method = callback->request.method = group->callback;
    callback->arguments = group->data;
    callback->parent_index = group->index;
    callback->group = group;
    step_run(engine, callback, group->gas_locked, step);
    step->run.group = group->identifier;
    return VMH_OK;
}

/* A callback that its gas does not reach for. */
static void step_unpaid(const vmh_async_context *context, vmh_async_kind kind, vmh_bytes method,
                        vmh_async_step *step)
{
    step->kind = VMH_ASYNC_STEP_UNPAID;
    step->run = (vmh_async_run){
        .kind = kind,
        .service = context->service,
        .method = method,
        .initiator_id = context->id,
        .root = context->request.root,
        .signer = context->request.signer,
    };
}

/* ---- local calls ---- */

static void fail_by_gas(vmh_async_context *context)
{
    vmh_async_fail(context, VMH_CODE_OUT_OF_GAS, VMH_LITERAL(VMH_TEXT_NOT_ENOUGH_GAS));
}

vmh_status vmh_async_do_local(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_call *call = vmh_async_walk_next(context);

    while (call != NULL && !vmh_async_call_is_local(call))
        call = vmh_async_walk_next(context);
    if (call == NULL) {
        vmh_async_walk_begin(context);
        context->phase = VMH_ASYNC_PHASE_SEND;
        return VMH_OK;
    }
    if (call->gas_limit <= engine->options.prices.step) {
        engine->lack = (vmh_gas_lack){vmh_async_add_gas(engine->options.prices.step, 1),
                                      call->gas_limit};
        fail_by_gas(context);
        return VMH_OK;
    }
    context->call = call;
    *is_step = true;
    return start_callee(engine, context, step, why);
}

/* What the arguments of a callback take in a call data string, with its name. */
static uint64_t callback_size(vmh_bytes name, const vmh_async_outcome *outcome)
{
    uint8_t code[4];
    size_t code_size = vmh_result_code_bytes(outcome->code, code);
    uint64_t size = name.size + vmh_call_data_value_size(code_size);

    return vmh_async_add_gas(size, outcome->code == VMH_CODE_OK
                                       ? outcome->values_size
                                       : vmh_call_data_value_size(outcome->message.size));
}

vmh_status vmh_async_do_outcome(vmh_async_engine *engine, vmh_async_context *context,
                                vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    const vmh_async_prices *prices = &engine->options.prices;
    const vmh_async_outcome *outcome = &context->outcome;
    vmh_async_call *call = context->call;
    bool is_good = outcome->code == VMH_CODE_OK;
    uint64_t gas = vmh_async_add_gas(is_good ? outcome->gas : 0, call->gas_locked);
    vmh_bytes name;
    uint64_t size, price;

    call->status = is_good ? VMH_ASYNC_RESOLVED : VMH_ASYNC_REJECTED;
    context->phase = VMH_ASYNC_PHASE_FINISH;
    name = vmh_async_call_callback(call);
    if (name.size == 0) {
        give_back(context, gas);
        return VMH_OK;
    }
    *is_step = true;
    size = callback_size(name, outcome);
    if (__builtin_mul_overflow(size, prices->argument_byte, &price))
        price = UINT64_MAX;
    price = vmh_async_add_gas(price, prices->step);
    if (gas > price)
        return start_callback(engine, context, gas - price, step, why);
    engine->lack = (vmh_gas_lack){vmh_async_add_gas(price, 1), gas};
    step_unpaid(context, VMH_ASYNC_CALLBACK, name, step);
    step->run.call_id = call->id;
    return VMH_OK;
}

vmh_status vmh_async_do_finish(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_call *call = context->call;
    size_t key_size;

    context->open_count--;
    if (!context->is_base) {
        context->group = call->group;
        context->group->open_count--;
        call->is_finished = true;
        context->phase = VMH_ASYNC_PHASE_GROUP;
        return VMH_OK;
    }
    context->phase =
        call->group_index != 0 ? VMH_ASYNC_PHASE_LOAD_GROUP : VMH_ASYNC_PHASE_DECIDE;
    key_size = vmh_async_put_record_key(engine, context, call->index);
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}

/* A group that has lost its last call is gone; then its callback runs. */
vmh_status vmh_async_do_group(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_call_group *group = context->group;

    context->phase = phase_after_call(context);
    if (group->open_count != 0)
        return VMH_OK;
    if (!context->is_base)
        vmh_call_groups_remove(&context->groups, group);
    if (!group->has_callback)
        return VMH_OK;
    *is_step = true;
    if (group->gas_locked != 0)
        return start_group_callback(engine, context, step, why);
    engine->lack = (vmh_gas_lack){1, 0};
    step_unpaid(context, VMH_ASYNC_GROUP_CALLBACK, group->callback, step);
    step->run.group = group->identifier;
    return VMH_OK;
}

/* ---- remote calls ---- */

vmh_status vmh_async_do_send(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_call *call = vmh_async_walk_next(context);

    (void)why;
    while (call != NULL && vmh_async_call_is_local(call))
        call = vmh_async_walk_next(context);
    if (call == NULL) {
        if (engine->depth == 1)
            context->phase = VMH_ASYNC_PHASE_SETTLE;
        else
            vmh_async_after_calls(context);
        return VMH_OK;
    }
    if (call->has_bad_data) {
        vmh_async_fail(context, VMH_CODE_NESTED_CALL_FAILED,
                       VMH_LITERAL(VMH_TEXT_BAD_CALL_DATA));
        return VMH_OK;
    }
    if (call->gas_limit == 0) {
        fail_by_gas(context);
        return VMH_OK;
    }
    vmh_async_number_child(engine, &call->id);
    call->has_id = true;
    step->kind = VMH_ASYNC_STEP_SEND;
    step->send = (vmh_async_send){.call = call, .from_service = context->service};
    memcpy(step->send.context_id, context->id.bytes, sizeof context->id.bytes);
    vmh_put_u32_be(step->send.context_id + sizeof context->id.bytes, call->index);
    engine->waits = true;
    *is_step = true;
    return VMH_OK;
}

/* ---- the end ---- */

vmh_async_outcome vmh_async_good_outcome(const vmh_async_context *context)
{
    return (vmh_async_outcome){
        .code = VMH_CODE_OK,
        .has_values = true,
        .values = vmh_async_values_bytes(&context->values),
        .values_size = context->values.is_set ? context->values.text_size : 0,
        .gas = context->gas,
    };
}

static vmh_async_closed closed_of(const vmh_async_context *context)
{
    return (vmh_async_closed){context->kind, vmh_async_is_complete(context),
                              vmh_async_good_outcome(context)};
}

vmh_status vmh_async_do_settle(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)why;
    engine->closed = closed_of(context);
    step->kind = VMH_ASYNC_STEP_SETTLE;
    step->closed = engine->closed;
    engine->waits = true;
    *is_step = true;
    return VMH_OK;
}

/*
 * The outcome of an execution that is over, for an answer that comes later. What the rest
 * of a callback leaves goes to its initiator, and what a suspended run has left waits.
 */
static void keep_result(vmh_async_context *context)
{
    bool is_owed = context->kind == VMH_ASYNC_CALLEE || vmh_async_owes_answer(context);
    bool is_late_callback = context->is_resumed && context->has_parent && !is_owed;

    if (is_late_callback || (is_owed && context->is_suspended))
        context->gas_accumulated = vmh_async_add_gas(context->gas_accumulated, context->gas);
    if (!is_owed || context->is_suspended)
        return;
    context->has_result = true;
    context->result_code = VMH_CODE_OK;
    context->result_gas = context->gas;
}

void vmh_async_after_calls(vmh_async_context *context)
{
    bool is_kept = context->open_count != 0 || context->is_loaded || context->has_parent ||
                   context->ids_are_used || context->values.is_set;

    keep_result(context);
    /* What a method that waits has left, and what it owes by now, is there when it goes on. */
    is_kept = is_kept || context->gas_accumulated != 0;
    if (vmh_async_is_complete(context) && context->is_loaded) {
        context->is_base = true;
        context->phase = VMH_ASYNC_PHASE_DELETE;
    } else if (!vmh_async_is_complete(context) && is_kept) {
        context->phase = VMH_ASYNC_PHASE_SAVE;
    } else {
        context->phase = VMH_ASYNC_PHASE_CLOSE;
    }
}

static void step_answer(const vmh_async_context *context, const vmh_async_outcome *outcome,
                        vmh_async_step *step)
{
    step->kind = VMH_ASYNC_STEP_ANSWER;
    step->answer = (vmh_async_answer){
        .request = context->request,
        .service = context->service,
        .outcome = *outcome,
        .is_late = context->is_resumed,
    };
    /* A failure of kind 12 carries nothing of its limit. */
    if (outcome->code != VMH_CODE_OK && context->kind == VMH_ASYNC_CALLEE)
        step->answer.outcome.gas = 0;
}

static void close_callee(vmh_async_context *callee, vmh_async_context *caller)
{
    if (!vmh_async_is_complete(callee)) {
        caller->phase = VMH_ASYNC_PHASE_LOCAL;
        return;
    }
    caller->outcome = vmh_async_good_outcome(callee);
    caller->outcome.gas = vmh_async_add_gas(callee->gas, callee->gas_accumulated);
    vmh_async_values_swap(&caller->outcome_values, &callee->values);
    caller->phase = VMH_ASYNC_PHASE_OUTCOME;
}

static void close_callback(vmh_async_context *callback, vmh_async_context *initiator)
{
    bool is_complete = vmh_async_is_complete(callback);
    bool is_of_group = callback->kind == VMH_ASYNC_GROUP_CALLBACK;

    /* A callback owes nothing: what is set for one goes nowhere. */
    if (callback->initiator_values.is_set && !vmh_async_is_callback(initiator)) {
        vmh_async_values_swap(&initiator->values, &callback->initiator_values);
        initiator->values_are_changed = true;
    }
    give_back(initiator, callback->gas);
    if (is_complete)
        initiator->gas_accumulated =
            vmh_async_add_gas(initiator->gas_accumulated, callback->gas_accumulated);
    if (is_of_group) {
        initiator->open_count -= is_complete ? 1 : 0;
        initiator->phase = phase_after_call(initiator);
    } else if (is_complete) {
        initiator->phase = VMH_ASYNC_PHASE_FINISH;
    } else {
        initiator->phase =
            initiator->is_base ? VMH_ASYNC_PHASE_SAVE_CALL : VMH_ASYNC_PHASE_LOCAL;
    }
}

static void close_sync(const vmh_async_context *child, vmh_async_context *caller)
{
    if (vmh_async_is_complete(child))
        caller->gas_accumulated =
            vmh_async_add_gas(caller->gas_accumulated, child->gas_accumulated);
    else
        caller->open_count++;
}

vmh_status vmh_async_do_close(vmh_async_engine *engine, vmh_async_context *context,
                              vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    vmh_async_context *beneath;
    vmh_async_outcome outcome;

    (void)why;
    if (engine->depth == 1) {
        context->phase = VMH_ASYNC_PHASE_END;
        if (!vmh_async_is_complete(context) || !vmh_async_owes_answer(context))
            return VMH_OK;
        outcome = vmh_async_good_outcome(context);
        step_answer(context, &outcome, step);
        *is_step = true;
        return VMH_OK;
    }
    beneath = engine->levels[engine->depth - 2];
    engine->depth--;
    step->kind = VMH_ASYNC_STEP_CLOSED;
    step->closed = closed_of(context);
    *is_step = true;
    if (context->kind == VMH_ASYNC_CALLEE)
        close_callee(context, beneath);
    else if (context->kind != VMH_ASYNC_SYNC)
        close_callback(context, beneath);
    else
        close_sync(context, beneath);
    return VMH_OK;
}

/* ---- failures ---- */

/*
 * A continuation of a context that is kept: what it registered is dropped, what was
 * registered before goes on, and the failure is what the context will answer.
 */
static void fail_kept(vmh_async_context *context, vmh_arena *arena)
{
    bool is_owed = context->kind == VMH_ASYNC_CALLEE || vmh_async_owes_answer(context);

    vmh_call_groups_init(&context->groups, arena);
    context->open_count = context->loaded_open_count;
    context->is_suspended = false;
    context->awaited_first = context->awaited_count = context->awaited_open = 0;
    context->has_result = is_owed;
    context->result_code = is_owed ? context->outcome.code : VMH_CODE_OK;
    context->result_message = is_owed ? context->outcome.message : (vmh_bytes){0};
    context->result_gas =
        is_owed && context->kind != VMH_ASYNC_CALLEE ? context->outcome.gas : 0;
    context->values.is_set = false;
    context->values_are_changed = true;
    context->is_base = true;
    context->phase = VMH_ASYNC_PHASE_DECIDE;
}

/* A nested execution of the engine's own has failed: its gas is burnt. */
static void end_failed(const vmh_async_context *child, vmh_async_context *parent)
{
    if (child->kind == VMH_ASYNC_CALLEE) {
        parent->outcome = child->outcome;
        parent->phase = VMH_ASYNC_PHASE_OUTCOME;
    } else if (child->kind == VMH_ASYNC_CALLBACK) {
        parent->phase = VMH_ASYNC_PHASE_FINISH;
    } else {
        parent->open_count--;
        parent->phase = phase_after_call(parent);
    }
}

vmh_status vmh_async_do_undo(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)why;
    step->kind = VMH_ASYNC_STEP_UNDO;
    step->closed = (vmh_async_closed){context->kind, true, context->outcome};
    *is_step = true;
    if (engine->depth == 1)
        engine->closed = step->closed;
    if (engine->depth == 1 && context->is_loaded)
        fail_kept(context, engine->arena);
    else
        context->phase = VMH_ASYNC_PHASE_FAILED;
    return VMH_OK;
}

vmh_status vmh_async_do_failed(vmh_async_engine *engine, vmh_async_context *context,
                               vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)why;
    if (engine->depth > 1) {
        engine->depth--;
        step->kind = VMH_ASYNC_STEP_CLOSED;
        step->closed = (vmh_async_closed){context->kind, true, context->outcome};
        *is_step = true;
        if (context->kind == VMH_ASYNC_SYNC)
            return VMH_OK;
        step->closed.outcome.gas = 0;
        end_failed(context, vmh_async_top(engine));
        return VMH_OK;
    }
    context->phase = VMH_ASYNC_PHASE_END;
    if (!vmh_async_owes_answer(context))
        return VMH_OK;
    step_answer(context, &context->outcome, step);
    *is_step = true;
    return VMH_OK;
}

vmh_status vmh_async_do_end(vmh_async_engine *engine, vmh_async_context *context,
                            vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    (void)context;
    (void)why;
    engine->depth = 0;
    step->kind = VMH_ASYNC_STEP_CLOSED;
    step->closed = engine->closed;
    *is_step = true;
    return VMH_OK;
}
