/* Calls that a body waits for: their outcomes are kept until the last one is there. */
#include "async/async_machine.h"
#include "types/enums.h"

uint64_t vmh_async_awaited_gas(const vmh_async_context *context)
{
    const vmh_async_call *call = context->awaited == NULL ? NULL : context->awaited->first;
    uint64_t gas = 0;

    for (; call != NULL; call = call->next)
        gas = vmh_async_add_gas(gas, call->gas_limit);
    return gas;
}

vmh_status vmh_async_do_keep(vmh_async_engine *engine, vmh_async_context *context,
                             vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    size_t key_size;

    /* A failed call gives nothing back. */
    if (context->outcome.code != VMH_CODE_OK)
        context->outcome.gas = 0;
    context->open_count--;
    if (--context->awaited_open != 0) {
        context->phase = VMH_ASYNC_PHASE_SAVE;
        key_size = vmh_async_put_record_key(engine, context, context->call->index);
        vmh_async_outcome_encode(&context->outcome, &engine->scratch);
        return vmh_async_step_write(engine, context, key_size, step, is_step, why);
    }
    context->collected = vmh_arena_alloc_array(engine->arena, context->awaited_count,
                                               sizeof *context->collected);
    if (context->collected == NULL)
        return vmh_fail_memory(why);
    context->phase = VMH_ASYNC_PHASE_COLLECT;
    return VMH_OK;
}

/* The last outcome is there: the context waits for its body to go on. */
static vmh_status go_on(vmh_async_context *context, vmh_async_step *step, bool *is_step)
{
    uint64_t gas = 0;

    for (uint32_t i = 0; i < context->awaited_count; i++)
        gas = vmh_async_add_gas(gas, context->collected[i].gas);
    step->kind = VMH_ASYNC_STEP_GO_ON;
    step->goes_on = (vmh_async_goes_on){.service = context->service,
                                        .id = context->id,
                                        .first = context->awaited_first,
                                        .outcomes = context->collected,
                                        .count = context->awaited_count,
                                        .gas = gas};
    *is_step = true;
    context->awaited_first = context->awaited_count = 0;
    context->phase = VMH_ASYNC_PHASE_SAVE;
    return VMH_OK;
}

/* Takes the outcomes out of the state, one by one. */
vmh_status vmh_async_do_collect(vmh_async_engine *engine, vmh_async_context *context,
                                vmh_async_step *step, bool *is_step, vmh_failure *why)
{
    uint32_t index = context->awaited_first + context->collected_count;
    vmh_async_outcome *outcome = &context->collected[context->collected_count];
    vmh_bytes record = {0};
    size_t key_size;
    vmh_status status = VMH_OK;

    if (context->collected_count == context->awaited_count)
        return go_on(context, step, is_step);
    key_size = vmh_async_put_record_key(engine, context, index);
    if (index == context->call->index) {
        *outcome = context->outcome;
    } else {
        status = vmh_buffer_check(&engine->scratch, why);
        if (status != VMH_OK ||
            !vmh_async_take_loaded(engine, context, key_size, &record, step, is_step))
            return status;
        status = vmh_async_outcome_decode(record, outcome, why);
    }
    if (status != VMH_OK)
        return status;
    context->collected_count++;
    return vmh_async_step_write(engine, context, key_size, step, is_step, why);
}
