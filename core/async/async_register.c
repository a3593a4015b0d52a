/* What the body of an execution asks for: calls, groups, values, closures. */
#include <assert.h>

#include "async/async_machine.h"
#include "types/enums.h"
#include "types/host_texts.h"

/* ---- refusals ---- */

static const vmh_async_refusal read_only = {VMH_TEXT_ASYNC_READ_ONLY,
                                            VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal not_here = {VMH_TEXT_ASYNC_NOT_HERE, VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal legacy_not_here = {VMH_TEXT_ASYNC_LEGACY,
                                                  VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal bad_callback = {VMH_TEXT_ASYNC_BAD_CALLBACK,
                                               VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal nested = {VMH_TEXT_ASYNC_NESTED, VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal no_group = {VMH_TEXT_ASYNC_NO_GROUP, VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal group_is_set = {VMH_TEXT_ASYNC_GROUP_SET,
                                               VMH_CODE_NESTED_CALL_FAILED};
static const vmh_async_refusal no_gas = {VMH_TEXT_NOT_ENOUGH_GAS, VMH_CODE_OUT_OF_GAS};

/* Any refusal fails the whole execution. */
static vmh_status refuse(vmh_async_context *context, vmh_async_refusal with,
                         vmh_async_refusal *refusal)
{
    if (context->refusal.text == NULL)
        context->refusal = with;
    *refusal = with;
    return VMH_OK;
}

/* Takes gas; all of it, and false, where it does not reach. */
static bool take(uint64_t *gas, uint64_t amount)
{
    bool is_enough = amount <= *gas;

    *gas = is_enough ? *gas - amount : 0;
    return is_enough;
}

/* ---- what it costs ---- */

static uint64_t lock_of(const vmh_async_engine *engine, uint64_t extra)
{
    return vmh_async_add_gas(engine->options.prices.minimum_lock, extra);
}

static uint64_t price_of_bytes(const vmh_async_engine *engine, uint64_t size)
{
    uint64_t price;

    return __builtin_mul_overflow(size, engine->options.prices.record_byte, &price) ? UINT64_MAX
                                                                                    : price;
}

/* A remote call is paid for by the bytes of its record and of its message's input. */
static vmh_status price_of_call(vmh_async_engine *engine, const vmh_async_call *call,
                                uint64_t *price, vmh_failure *why)
{
    *price = 0;
    if (vmh_async_call_is_local(call))
        return VMH_OK;
    vmh_buffer_reset(&engine->scratch);
    vmh_async_call_encode(call, &engine->scratch);
    *price = price_of_bytes(engine, engine->scratch.size + call->input.size);
    return vmh_buffer_check(&engine->scratch, why);
}

/* What a call takes where it is registered, in case that there is less. */
static void note_lack(vmh_async_engine *engine, uint64_t price, const vmh_async_call *call,
                      uint64_t gas)
{
    uint64_t reserved = vmh_async_add_gas(call->gas_locked, call->gas_limit);

    engine->lack = (vmh_gas_lack){
        vmh_async_add_gas(vmh_async_add_gas(engine->options.prices.step, price), reserved), gas};
}

/* ---- calls ---- */

static vmh_status copy_draft(vmh_arena *arena, const vmh_async_draft *draft, vmh_async_call **out,
                             vmh_failure *why)
{
    const vmh_bytes from[] = {draft->to_service, draft->method,   draft->input,  draft->token,
                              draft->on_success, draft->on_error, draft->closure};
    vmh_async_call *call = vmh_arena_alloc_array(arena, 1, sizeof *call);
    vmh_status status = VMH_OK;

    if (call == NULL)
        return vmh_fail_memory(why);
    {
        vmh_bytes *const to[] = {&call->to_service, &call->method,   &call->input, &call->token,
                                 &call->on_success, &call->on_error, &call->closure};

        for (size_t i = 0; i < sizeof to / sizeof to[0] && status == VMH_OK; i++)
            status = vmh_arena_copy(arena, from[i], to[i], why);
    }
    call->mode = draft->is_kept ? VMH_ASYNC_REMOTE : draft->mode;
    call->to_chain = draft->to_chain;
    call->amount = draft->amount;
    call->has_gas = draft->has_gas;
    call->gas_limit = draft->has_gas ? draft->gas : 0;
    *out = call;
    return status;
}

static bool names_callback(const vmh_async_draft *draft)
{
    return draft->on_success.size != 0 || draft->on_error.size != 0;
}

static void append_to(vmh_async_context *context, vmh_call_group *group, vmh_async_call *call)
{
    call->index = ++context->record_count;
    vmh_call_group_append(group, call);
    context->open_count++;
    context->unlimited_count += call->has_gas ? 0 : 1;
}

static vmh_status append(vmh_async_context *context, vmh_bytes identifier, vmh_async_call *call,
                         vmh_failure *why)
{
    vmh_call_group *group = vmh_call_groups_find(&context->groups, identifier);
    vmh_status status = VMH_OK;

    if (group == NULL)
        status = vmh_call_groups_add(&context->groups, identifier, &group, why);
    if (status == VMH_OK)
        append_to(context, group, call);
    return status;
}

/* One more of those that the body waits for. */
static vmh_status append_kept(vmh_async_context *context, vmh_async_call *call, vmh_failure *why)
{
    vmh_status status = VMH_OK;

    if (context->awaited == NULL)
        status = vmh_call_groups_add_unnamed(&context->groups, &context->awaited, why);
    if (status != VMH_OK)
        return status;
    append_to(context, context->awaited, call);
    if (context->awaited_count == 0)
        context->awaited_first = call->index;
    context->awaited_count++;
    context->awaited_open++;
    return VMH_OK;
}

/* A call that is kept stands right behind those before it; what is kept has no callback. */
static bool may_keep(const vmh_async_context *context, const vmh_async_draft *draft)
{
    return !draft->is_kept ||
           (!names_callback(draft) &&
            (context->awaited_count == 0 ||
             context->record_count == context->awaited_first + context->awaited_count - 1));
}

vmh_status vmh_async_register(vmh_async_engine *engine, const vmh_async_draft *draft,
                              uint64_t *gas, vmh_async_refusal *refusal, vmh_failure *why)
{
    vmh_async_context *context = vmh_async_top(engine);
    vmh_async_call *call;
    uint64_t price;
    vmh_status status;

    assert(context != NULL && context->phase == VMH_ASYNC_PHASE_BODY);
    *refusal = (vmh_async_refusal){0};
    if (draft->is_read_only)
        return refuse(context, read_only, refusal);
    if (context->is_init || !may_keep(context, draft) ||
        vmh_bytes_equal(draft->group, VMH_LEGACY_GROUP) ||
        vmh_call_groups_find(&context->groups, VMH_LEGACY_GROUP) != NULL)
        return refuse(context, not_here, refusal);
    if (names_callback(draft) && !draft->callbacks_are_valid)
        return refuse(context, bad_callback, refusal);
    status = copy_draft(engine->arena, draft, &call, why);
    if (status == VMH_OK)
        status = price_of_call(engine, call, &price, why);
    if (status != VMH_OK)
        return status;
    call->gas_locked = names_callback(draft) ? lock_of(engine, draft->lock) : 0;
    note_lack(engine, price, call, *gas);
    if (!take(gas, engine->options.prices.step) || !take(gas, price) ||
        !take(gas, call->gas_locked) || !take(gas, call->gas_limit))
        return refuse(context, no_gas, refusal);
    if (draft->is_kept)
        return append_kept(context, call, why);
    if (context->nesting > engine->options.nesting)
        return refuse(context, nested, refusal);
    return append(context, draft->group, call, why);
}

/* A legacy call is the first and only one of an execution that is no callback. */
static bool allows_legacy(const vmh_async_context *context)
{
    return !vmh_async_is_callback(context) && context->groups.count == 0 &&
           context->loaded_open_count == 0;
}

vmh_status vmh_async_register_legacy(vmh_async_engine *engine, const vmh_async_draft *draft,
                                     bool has_bad_data, uint64_t *gas,
                                     vmh_async_refusal *refusal, vmh_failure *why)
{
    vmh_async_context *context = vmh_async_top(engine);
    vmh_async_draft fixed = *draft;
    vmh_async_call *call;
    uint64_t price;
    vmh_status status;

    assert(context != NULL && context->phase == VMH_ASYNC_PHASE_BODY);
    *refusal = (vmh_async_refusal){0};
    if (draft->is_read_only)
        return refuse(context, read_only, refusal);
    if (context->is_init)
        return refuse(context, not_here, refusal);
    if (!allows_legacy(context))
        return refuse(context, legacy_not_here, refusal);
    fixed.on_error = fixed.on_success;
    fixed.closure = (vmh_bytes){0};
    fixed.has_gas = true;
    fixed.mode = has_bad_data ? VMH_ASYNC_REMOTE : draft->mode;
    status = copy_draft(engine->arena, &fixed, &call, why);
    if (status == VMH_OK)
        status = price_of_call(engine, call, &price, why);
    if (status != VMH_OK)
        return status;
    call->has_bad_data = has_bad_data;
    call->gas_locked = names_callback(&fixed) ? lock_of(engine, 0) : 0;
    note_lack(engine, price, call, *gas);
    if (!take(gas, engine->options.prices.step) || !take(gas, price) ||
        !take(gas, call->gas_locked))
        return refuse(context, no_gas, refusal);
    call->gas_limit = *gas;
    *gas = 0;
    if (context->nesting > engine->options.nesting)
        return refuse(context, nested, refusal);
    return append(context, VMH_LEGACY_GROUP, call, why);
}

/* ---- groups ---- */

vmh_status vmh_async_set_group_callback(vmh_async_engine *engine,
                                        const vmh_group_callback *callback, uint64_t *gas,
                                        vmh_async_refusal *refusal, vmh_failure *why)
{
    vmh_async_context *context = vmh_async_top(engine);
    vmh_call_group *group, made;
    vmh_status status;

    assert(context != NULL && context->phase == VMH_ASYNC_PHASE_BODY);
    *refusal = (vmh_async_refusal){0};
    if (callback->is_read_only)
        return refuse(context, read_only, refusal);
    if (context->is_init)
        return refuse(context, not_here, refusal);
    group = vmh_call_groups_find(&context->groups, callback->group);
    if (group == NULL)
        return refuse(context, no_group, refusal);
    if (group->has_callback)
        return refuse(context, group_is_set, refusal);
    if (!callback->is_valid)
        return refuse(context, bad_callback, refusal);
    made = *group;
    made.gas_locked = lock_of(engine, callback->gas);
    status = vmh_arena_copy(engine->arena, callback->method, &made.callback, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(engine->arena, callback->data, &made.data, why);
    if (status != VMH_OK)
        return status;
    vmh_buffer_reset(&engine->scratch);
    vmh_async_group_encode(&made, &engine->scratch);
    status = vmh_buffer_check(&engine->scratch, why);
    if (status != VMH_OK)
        return status;
    engine->lack = (vmh_gas_lack){
        vmh_async_add_gas(price_of_bytes(engine, engine->scratch.size), made.gas_locked), *gas};
    if (!take(gas, price_of_bytes(engine, engine->scratch.size)) || !take(gas, made.gas_locked))
        return refuse(context, no_gas, refusal);
    made.has_callback = true;
    made.index = ++context->record_count;
    *group = made;
    return VMH_OK;
}

void vmh_async_delete_group(vmh_async_engine *engine, vmh_bytes identifier)
{
    vmh_async_context *context = vmh_async_top(engine);
    vmh_call_group *group = vmh_call_groups_find(&context->groups, identifier);

    assert(context->phase == VMH_ASYNC_PHASE_BODY);
    if (group == NULL)
        return;
    context->open_count -= group->open_count;
    for (const vmh_async_call *call = group->first; call != NULL; call = call->next)
        context->unlimited_count -= call->has_gas ? 0 : 1;
    vmh_call_groups_remove(&context->groups, group);
}

/* ---- values and closures ---- */

/* The initiator of a callback, or NULL. */
static const vmh_async_context *initiator_of(const vmh_async_engine *engine)
{
    const vmh_async_context *context = vmh_async_top(engine);

    return !vmh_async_is_callback(context) || engine->depth < 2
               ? NULL
               : engine->levels[engine->depth - 2];
}

vmh_status vmh_async_set_values(vmh_async_engine *engine, vmh_bytes values, uint64_t values_size,
                                vmh_failure *why)
{
    vmh_async_context *context = vmh_async_top(engine);
    bool is_callback = initiator_of(engine) != NULL;

    assert(context->phase == VMH_ASYNC_PHASE_BODY);
    if (!is_callback)
        context->values_are_changed = true;
    return vmh_async_values_set(is_callback ? &context->initiator_values : &context->values,
                                values, values_size, engine->arena, why);
}

vmh_bytes vmh_async_get_values(const vmh_async_engine *engine)
{
    const vmh_async_context *context = vmh_async_top(engine);
    const vmh_async_context *initiator = initiator_of(engine);

    if (initiator == NULL)
        return vmh_async_values_bytes(&context->values);
    return vmh_async_values_bytes(context->initiator_values.is_set ? &context->initiator_values
                                                                   : &initiator->values);
}

bool vmh_async_get_closure(const vmh_async_engine *engine, vmh_bytes *closure)
{
    const vmh_async_context *context = vmh_async_top(engine);

    *closure = (vmh_bytes){0};
    if (context == NULL || context->kind != VMH_ASYNC_CALLBACK || context->call == NULL)
        return false;
    *closure = context->call->closure;
    return true;
}
