#include "codec/argument_codec.h"
#include "crypto/address.h"
#include "host/host_state.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

/* Events of transactions are limited; those of queries and of system contracts are not. */
static bool counts(const vmh_sdk_run *run)
{
    const vmh_host *host = run->context->host;

    return host->rules->events_are_limited && run->context->batch != NULL &&
           host->genesis->limits.events_per_transaction != 0 &&
           run->call->permission_scope != VMH_PERMISSION_SYSTEM;
}

vmh_status vmh_sdk_events_emit_event(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    uint64_t limit = context->host->genesis->limits.events_per_transaction;
    vmh_trace *trace = context->host->trace;
    vmh_event event = {.contract_name = vmh_service_stack_top(context)->service};
    vmh_event *events;
    vmh_status status;

    if (counts(run) && context->limited_event_count >= limit)
        return vmh_sdk_abort(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SECOND_EVENT,
                             (unsigned long long)limit);
    events = vmh_arena_grow(context->arena, context->events, &context->event_capacity,
                            context->event_count + 1, sizeof *events);
    if (events == NULL)
        return vmh_fail_memory(why);
    context->events = events;
    /* The caller's arguments may not outlive its call. */
    status = vmh_arena_copy(context->arena, run->arguments[0].value.bytes, &event.event_name, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena,
                                vmh_argument_array_strip_header(run->arguments[1].value.bytes),
                                &event.arguments, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, event.contract_name, &event.contract_name, why);
    if (status != VMH_OK)
        return status;
    events[context->event_count++] = event;
    if (counts(run))
        context->limited_event_count++;
    /* Last: who watches may make SDK calls of its own. */
    if (trace == NULL || trace->event == NULL)
        return VMH_OK;
    return trace->event(trace, event.contract_name, event.event_name, event.arguments, why);
}

/* A LOG of bytecode: topics of 32 bytes each, then data; not an event, and not limited. */
vmh_status vmh_sdk_events_emit_log(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_log *logs = vmh_arena_grow(context->arena, context->logs, &context->log_capacity,
                                   context->log_count + 1, sizeof *logs);
    vmh_log log = {0};
    vmh_status status;

    if (logs == NULL)
        return vmh_fail_memory(why);
    context->logs = logs;
    vmh_address_of_contract(vmh_service_stack_top(context)->service, &log.address);
    status = vmh_arena_copy(context->arena, run->arguments[0].value.bytes, &log.topics, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, run->arguments[1].value.bytes, &log.data, why);
    if (status == VMH_OK)
        logs[context->log_count++] = log;
    return status;
}
