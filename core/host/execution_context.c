#include "host/execution_context.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/siphash.h"
#include "host/host_state.h"
#include "types/host_texts.h"

/* Nobody who knows some of them knows another one. */
static void draw_id(vmh_host *host, vmh_hash32 *id)
{
    uint64_t count = host->context_counter++;

    for (size_t i = 0; i < sizeof id->bytes; i += 8)
        vmh_put_u64_le(id->bytes + i,
                       vmh_siphash_u64(vmh_get_u64_le(host->context_salt.bytes + i) + count));
}

void vmh_execution_context_begin(vmh_execution_context *context, vmh_host *host,
                                 const vmh_context_setup *setup, vmh_arena *arena)
{
    /* Not the stack and the failure text: they are large and written before they are read. */
    context->outer = host->context;
    context->host = host;
    context->arena = arena;
    context->read_height = setup->read_height;
    context->block = setup->block;
    context->access_scope = setup->access_scope;
    context->transaction = setup->transaction;
    context->depth = 0;
    vmh_transient_state_init(&context->transient, arena);
    context->batch = setup->batch;
    context->events = NULL;
    context->event_count = 0;
    context->event_capacity = 0;
    context->limited_event_count = 0;
    context->logs = NULL;
    context->log_count = 0;
    context->log_capacity = 0;
    context->mailbox = setup->mailbox;
    context->has_request = setup->request != NULL;
    context->request = setup->request != NULL ? *setup->request : (vmh_request){0};
    context->run_id = setup->run_id;
    context->gas_left = setup->gas_limit;
    context->outbox = NULL;
    context->outbox_count = 0;
    context->outbox_capacity = 0;
    context->issued_count = 0;
    context->suspended = false;
    context->base_depth = 0;
    context->sent = NULL;
    context->sent_count = 0;
    context->sent_capacity = 0;
    context->has_engine = false;
    context->waits_for_settle = false;
    context->refused = NULL;
    context->executions = NULL;
    context->execution_count = 0;
    context->execution_capacity = 0;
    context->gas_refunded = 0;
    context->output = NULL;
    context->answer = NULL;
    context->answer_output = NULL;
    context->answer_gas_used = 0;
    context->goes_on.count = 0;
    context->terms = setup->terms;
    context->aborted = false;
    context->abort_text = (vmh_bytes){0};
    context->abort_code = VMH_CODE_OK;
    context->host_status = VMH_OK;
    context->waits_at = (vmh_call_site){0};
    context->explained = context->detail = (vmh_bytes){0};
    context->record = (vmh_run_record){0};
    context->record_depth = 0;
    draw_id(host, &context->id);
    host->context = context;
}

vmh_status vmh_execution_context_read(vmh_execution_context *context, vmh_bytes service,
                                      vmh_bytes key, vmh_bytes *value, vmh_failure *why)
{
    vmh_status status;

    if (vmh_transient_state_get(&context->transient, service, key, value))
        return VMH_OK;
    if (context->batch != NULL && vmh_transient_state_get(context->batch, service, key, value))
        return VMH_OK;
    status = vmh_state_storage_read_keys(context->host->storage, context->read_height, service,
                                         &key, 1, context->arena, value, why);
    if (status != VMH_OK)
        return status;
    return vmh_transient_state_cache(&context->transient, service, key, *value, why);
}

void vmh_execution_context_end(vmh_execution_context *context)
{
    if (context->has_engine)
        vmh_async_clear(&context->engine);
    context->host->context = context->outer;
}

vmh_run_mark vmh_execution_context_mark(const vmh_execution_context *context)
{
    return (vmh_run_mark){
        .state = vmh_transient_state_checkpoint(&context->transient),
        .outbox_count = context->outbox_count,
        .issued_count = context->issued_count,
        .log_count = context->log_count,
        .event_count = context->event_count,
    };
}

void vmh_execution_context_undo(vmh_execution_context *context, const vmh_run_mark *mark)
{
    vmh_transient_state_restore(&context->transient, mark->state);
    context->outbox_count = mark->outbox_count;
    context->issued_count = mark->issued_count;
    context->log_count = mark->log_count;
    for (size_t i = mark->event_count; i < context->event_count; i++)
        context->events[i].is_undone = true;
}

vmh_execution_context *vmh_execution_context_find(vmh_host *host, vmh_bytes id)
{
    vmh_execution_context *context = host->context;

    while (context != NULL && !vmh_bytes_equal(id, vmh_bytes_hash(&context->id)))
        context = context->outer;
    return context;
}

bool vmh_service_stack_push(vmh_execution_context *context, const vmh_frame *frame)
{
    if (context->depth == VMH_SERVICE_STACK_SIZE)
        return false;
    context->stack[context->depth++] = *frame;
    return true;
}

void vmh_service_stack_pop(vmh_execution_context *context)
{
    context->depth--;
}

const vmh_frame *vmh_service_stack_top(const vmh_execution_context *context)
{
    return &context->stack[context->depth - 1];
}

void vmh_execution_context_abort(vmh_execution_context *context, vmh_bytes text, uint32_t code)
{
    if (context->aborted)
        return;
    context->aborted = true;
    context->abort_text = text;
    context->abort_code = code;
}

vmh_status vmh_execution_context_fail(vmh_execution_context *context, vmh_status status,
                                      const vmh_failure *why)
{
    if (context->host_status == VMH_OK) {
        context->host_status = status;
        context->host_failure = *why;
    }
    return status;
}

vmh_status vmh_execution_context_explain(vmh_execution_context *context, vmh_bytes error,
                                         vmh_failure *why, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    context->explained = error;
    return vmh_arena_copy(context->arena, vmh_bytes_text(text), &context->detail, why);
}

vmh_status vmh_execution_context_explain_gas(vmh_execution_context *context,
                                             const vmh_gas_lack *lack, vmh_failure *why)
{
    return vmh_execution_context_explain(context, VMH_LITERAL(VMH_TEXT_NOT_ENOUGH_GAS), why,
                                         "needs %llu, has %llu", (unsigned long long)lack->needs,
                                         (unsigned long long)lack->has);
}

/* What explains this failure; each explanation counts once. */
static vmh_bytes take_detail(vmh_execution_context *context, vmh_bytes error)
{
    vmh_bytes none = {0};
    vmh_bytes detail = vmh_bytes_equal(context->explained, error) ? context->detail : none;

    context->explained = context->detail = none;
    return detail;
}

vmh_status vmh_execution_context_note(vmh_execution_context *context, vmh_bytes error,
                                      uint32_t line, vmh_failure *why)
{
    bool is_of_await = context->depth == 0 && context->suspended;
    size_t count = is_of_await ? 1 : context->depth;
    vmh_call_site *calls;

    if (context->record_depth > context->depth && vmh_bytes_equal(context->record.error, error)) {
        context->record_depth = context->depth;
        return VMH_OK;
    }
    calls = vmh_arena_alloc_array(context->arena, count, sizeof *calls);
    if (calls == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < context->depth; i++)
        calls[i] = (vmh_call_site){context->stack[i].service, context->stack[i].method,
                                   context->stack[i].line};
    if (is_of_await)
        calls[0] = context->waits_at;
    else if (context->depth > 0)
        calls[context->depth - 1].line = line;
    context->record = (vmh_run_record){.error = error,
                                       .detail = take_detail(context, error),
                                       .calls = calls,
                                       .call_count = count};
    context->record_depth = context->depth;
    return VMH_OK;
}
