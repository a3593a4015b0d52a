#include "host/set_run.h"

#include "codec/receipt_codec.h"
#include "host/answer.h"
#include "host/async_run.h"
#include "host/async_values.h"
#include "host/host_state.h"
#include "host/inline_run.h"
#include "host/outbox.h"
#include "host/value.h"
#include "types/host_texts.h"

vmh_status vmh_set_run_read(vmh_set_run *run, vmh_bytes service, vmh_bytes key, vmh_bytes *value,
                            vmh_failure *why)
{
    if (vmh_transient_state_get(&run->batch, service, key, value))
        return VMH_OK;
    return vmh_state_storage_read_keys(run->host->storage, run->set->block.height - 1, service,
                                       &key, 1, run->arena, value, why);
}

void vmh_set_run_begin(vmh_set_run *run, const vmh_run_plan *plan, vmh_execution_context *context)
{
    vmh_context_setup setup = {
        .read_height = run->set->block.height - 1,
        .block = run->set->block,
        .access_scope = VMH_ACCESS_READ_WRITE,
        .transaction = plan->transaction,
        .batch = &run->batch,
        .mailbox = &run->mailbox,
        .request = &plan->request,
        .run_id = plan->run_id,
        .gas_limit = plan->gas_limit,
        .terms = {plan->to_chain, plan->token, plan->returned_amount, plan->is_refused_amount},
    };

    vmh_arena_reset(&run->run_arena);
    vmh_execution_context_begin(context, run->host, &setup, &run->run_arena);
    context->explained = plan->explained;
    context->detail = plan->detail;
}

/* ---- the report ---- */

/* The record lives in the run's arena; what is kept moves to the caller's. */
static vmh_status keep_failure(vmh_set_run *run, const vmh_run_record *record, vmh_run_record *out,
                               vmh_failure *why)
{
    vmh_call_site *calls = vmh_arena_alloc_array(run->arena, record->call_count, sizeof *calls);
    vmh_status status;

    if (calls == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < record->call_count; i++) {
        status = vmh_arena_copy(run->arena, record->calls[i].contract_name,
                                &calls[i].contract_name, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(run->arena, record->calls[i].method_name,
                                    &calls[i].method_name, why);
        if (status != VMH_OK)
            return status;
        calls[i].line = record->calls[i].line;
    }
    out->calls = calls;
    out->call_count = record->call_count;
    status = vmh_arena_copy(run->arena, record->detail, &out->detail, why);
    return status == VMH_OK ? vmh_arena_copy(run->arena, record->error, &out->error, why) : status;
}

static vmh_status keep_executions(vmh_set_run *run, const vmh_execution_context *context,
                                  vmh_run_record *out, vmh_failure *why)
{
    vmh_inline_execution *executions;

    if (context->execution_count == 0)
        return VMH_OK;
    executions =
        vmh_arena_alloc_array(run->arena, context->execution_count, sizeof *executions);
    if (executions == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < context->execution_count; i++) {
        const vmh_inline_execution *from = &context->executions[i];
        vmh_status status;

        executions[i] = *from;
        status = vmh_arena_copy(run->arena, from->contract_name, &executions[i].contract_name,
                                why);
        if (status == VMH_OK)
            status =
                vmh_arena_copy(run->arena, from->method_name, &executions[i].method_name, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(run->arena, from->error, &executions[i].error, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(run->arena, from->detail, &executions[i].detail, why);
        if (status != VMH_OK)
            return status;
    }
    out->executions = executions;
    out->execution_count = context->execution_count;
    return VMH_OK;
}

/* What was sent, which lives as long as the set, and which events were undone. */
static vmh_status keep_traces(vmh_set_run *run, const vmh_execution_context *context,
                              vmh_run_record *out, vmh_failure *why)
{
    vmh_bytes *messages =
        vmh_arena_alloc_array(run->arena, context->sent_count, sizeof *messages);
    bool *undone = vmh_arena_alloc_array(run->arena, context->event_count, sizeof *undone);

    if (messages == NULL || undone == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < context->sent_count; i++)
        messages[i] = context->sent[i];
    for (size_t i = 0; i < context->event_count; i++)
        undone[i] = context->events[i].is_undone;
    out->messages = messages;
    out->message_count = context->sent_count;
    out->undone_events = undone;
    out->event_count = context->event_count;
    return VMH_OK;
}

static vmh_status keep_names(vmh_set_run *run, const vmh_run_plan *plan, vmh_run_record *out,
                             vmh_failure *why)
{
    vmh_status status =
        vmh_arena_copy(run->arena, plan->call.frame.service, &out->contract_name, why);

    return status == VMH_OK
               ? vmh_arena_copy(run->arena, plan->call.frame.method, &out->method_name, why)
               : status;
}

static vmh_status keep_record(vmh_set_run *run, const vmh_run_plan *plan,
                              const vmh_execution_context *context,
                              const vmh_process_call_output *output, vmh_run_record *out,
                              vmh_failure *why)
{
    bool failed = output->call_result != VMH_RESULT_SUCCESS;
    vmh_status status = failed ? keep_failure(run, &context->record, out, why) : VMH_OK;

    out->message = plan->message;
    /* Those that no message is part of are not remembered. */
    if (plan->message.size != 0 || context->execution_count != 0 || context->sent_count != 0)
        status = status == VMH_OK ? keep_names(run, plan, out, why) : status;
    out->is_refused = context->refused != NULL;
    out->gas_refunded = context->gas_refunded;
    if (status == VMH_OK)
        status = keep_executions(run, context, out, why);
    return status == VMH_OK ? keep_traces(run, context, out, why) : status;
}

static vmh_status keep_events(vmh_set_run *run, const vmh_execution_context *context,
                              vmh_bytes *out, vmh_failure *why)
{
    vmh_status status;

    vmh_buffer_reset(&run->scratch);
    vmh_events_encode(context->events, context->event_count, &run->scratch);
    status = vmh_buffer_check(&run->scratch, why);
    if (status != VMH_OK)
        return status;
    return vmh_arena_copy(run->arena, vmh_buffer_bytes(&run->scratch), out, why);
}

/* Logs of bytecode; what was undone has none. */
static vmh_status keep_logs(vmh_set_run *run, const vmh_execution_context *context,
                            vmh_receipt *receipt, vmh_failure *why)
{
    vmh_log *logs = vmh_arena_alloc_array(run->arena, context->log_count, sizeof *logs);

    if (logs == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < context->log_count; i++) {
        vmh_status status =
            vmh_arena_copy(run->arena, context->logs[i].topics, &logs[i].topics, why);

        if (status == VMH_OK)
            status = vmh_arena_copy(run->arena, context->logs[i].data, &logs[i].data, why);
        if (status != VMH_OK)
            return status;
        logs[i].address = context->logs[i].address;
    }
    receipt->logs = logs;
    receipt->log_count = context->log_count;
    return VMH_OK;
}

static vmh_status encode_receipt(vmh_set_run *run, const vmh_receipt *receipt, vmh_bytes *out,
                                 vmh_failure *why)
{
    vmh_status status;

    vmh_buffer_reset(&run->scratch);
    vmh_receipt_encode(receipt, run->host->rules, &run->scratch);
    status = vmh_buffer_check(&run->scratch, why);
    if (status != VMH_OK)
        return status;
    return vmh_arena_copy(run->arena, vmh_buffer_bytes(&run->scratch), out, why);
}

vmh_status vmh_set_run_report(vmh_set_run *run, const vmh_run_plan *plan,
                              const vmh_execution_context *context, bool found,
                              const vmh_process_call_output *output, vmh_run_report *report,
                              vmh_failure *why)
{
    vmh_receipt *receipt = &report->receipt;
    vmh_status status;

    *receipt = (vmh_receipt){
        .txhash = plan->txhash,
        .execution_result = output->call_result,
        .code = output->code,
        .gas_used = context->gas_left < plan->gas_limit ? plan->gas_limit - context->gas_left : 0,
        .message_id = plan->run_id,
        .root = plan->request.root,
        .suspended = context->suspended && output->call_result == VMH_RESULT_SUCCESS,
    };
    report->record.is_resumed = plan->call.resume != NULL;
    report->record.first_run_id = plan->request.id;
    status = vmh_arena_copy(run->arena, plan->parent, &receipt->parent, why);
    if (status == VMH_OK && found) {
        if (!receipt->suspended)
            status = vmh_arena_copy(run->arena, output->output_arguments,
                                    &receipt->output_arguments, why);
        if (status == VMH_OK)
            status = keep_events(run, context, &receipt->output_events, why);
    } else {
        /* No contract was reached: no outputs, no events (spec/host.md 4.1). */
        receipt->execution_result = VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED;
    }
    if (status == VMH_OK)
        status = keep_logs(run, context, receipt, why);
    if (status == VMH_OK)
        status = keep_record(run, plan, context, output, &report->record, why);
    if (status == VMH_OK)
        status = encode_receipt(run, receipt, &report->message, why);
    return status;
}

/* ---- the run ---- */

static vmh_status refuse(vmh_execution_context *context, uint32_t code, vmh_bytes text,
                         vmh_process_call_output *output, vmh_failure *why)
{
    vmh_execution_result result = code == VMH_CODE_NOT_DEPLOYED
                                      ? VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED
                                      : VMH_RESULT_ERROR_SMART_CONTRACT;
    vmh_status status = vmh_call_output_fail(context->arena, result, code, text, output, why);

    return status == VMH_OK ? vmh_execution_context_note(context, output->error, 0, why) : status;
}

static vmh_status call(vmh_execution_context *context, const vmh_run_plan *plan, bool *found,
                       vmh_process_call_output *output, vmh_failure *why)
{
    vmh_processor *processor;

    if (plan->refusal.size != 0) {
        *found = true;
        return refuse(context, plan->refusal_code, plan->refusal, output, why);
    }
    if (plan->call.resume == NULL)
        return vmh_run_call(context, &plan->call, found, output, why);
    processor = vmh_host_find_processor(context->host, plan->language);
    if (processor == NULL)
        return vmh_fail(why, VMH_E_INPUT, "a suspended run needs a processor of type %u",
                        plan->language);
    *found = true;
    return vmh_run_on_processor(context, processor, &plan->call, output, why);
}

/*
 * Gas, debits and records of what the run sends; too little of it fails the run. `*left` is the
 * gas of the answer, where one goes now.
 */
static vmh_status settle(vmh_execution_context *context, bool answers, uint64_t *left,
                         vmh_process_call_output *output, vmh_failure *why)
{
    vmh_gas_division division = {.gas = context->gas_left, .answers = answers, .divides = true};
    vmh_issue_refusal refusal;
    vmh_status status = vmh_outbox_settle(context, 0, &division, &refusal, why);

    *left = division.left;
    if (status != VMH_OK || refusal.text == NULL)
        return status;
    if (refusal.code == VMH_CODE_OUT_OF_GAS) {
        context->gas_left = 0;
        status = vmh_execution_context_explain_gas(context, &division.lack, why);
        if (status != VMH_OK)
            return status;
    }
    return refuse(context, refusal.code, vmh_bytes_text(refusal.text), output, why);
}

/* The end of a run without asynchronous calls. */
static vmh_status finish(vmh_execution_context *context, const vmh_run_plan *plan, bool found,
                         vmh_process_call_output *output, vmh_failure *why)
{
    static const vmh_run_mark start;
    bool answers = vmh_owes_answer(&plan->request) && !context->suspended;
    uint64_t left = 0;
    vmh_status status = VMH_OK;

    if (found && output->call_result == VMH_RESULT_SUCCESS)
        status = settle(context, answers, &left, output, why);
    if (status != VMH_OK)
        return status;
    if (found && output->call_result == VMH_RESULT_SUCCESS) {
        status = vmh_outbox_send(context, why);
        return status == VMH_OK && answers ? vmh_answer(context, plan, output, left, why) : status;
    }
    /* All that the run did is dropped; what follows is the host's own. */
    vmh_execution_context_undo(context, &start);
    if (plan->transaction != NULL)
        return VMH_OK;
    return vmh_answer_failure(context, plan, output, why);
}

/*
 * What a run that waits for calls has given them and kept for going on: none of it is used, no
 * more than what goes with a message and waits for its answer.
 */
static uint64_t gas_of_waiting(const vmh_execution_context *context)
{
    const vmh_async_context *top = vmh_async_top(&context->engine);

    return vmh_async_awaited_gas(top) + vmh_outbox_lock_taken(context, &top->id);
}

/* The end of one with an async context, whose answer the engine gives. */
static vmh_status finish_async(vmh_execution_context *context, const vmh_run_plan *plan,
                               vmh_process_call_output *output, vmh_failure *why)
{
    vmh_async_refusal refusal = {0};
    uint64_t left = 0, given = 0;
    vmh_status status = VMH_OK;

    if (context->waits_for_settle) {
        /* A suspended run goes on in the context that it has now. */
        vmh_bytes method = context->request.method;
        bool answers = vmh_owes_answer(&plan->request) && !context->suspended &&
                       context->closed.is_complete;

        context->request = vmh_async_top(&context->engine)->request;
        context->request.method = method;
        status = settle(context, answers, &left, output, why);
        if (output->code == VMH_CODE_LACK_OF_FUNDS)
            refusal = (vmh_async_refusal){VMH_TEXT_ASYNC_FUNDS, output->code};
        else if (output->code != VMH_CODE_OK)
            refusal = (vmh_async_refusal){VMH_TEXT_NOT_ENOUGH_GAS, output->code};
        else
            given = gas_of_waiting(context);
        if (status == VMH_OK && refusal.text == NULL)
            status = vmh_outbox_send(context, why);
        if (status == VMH_OK)
            status = vmh_async_settle(context, left, refusal, why);
        context->gas_left += given;
    } else if (context->engine.depth != 0) {
        status = vmh_async_end_unreached(context, NULL, output, why);
        vmh_inline_note_end(context, plan->call.frame.execution, 0, output,
                            vmh_async_text(output->code, output->error));
    }
    /* What callbacks sent that ran because this run is complete. */
    if (status == VMH_OK)
        status = vmh_outbox_send(context, why);
    if (status != VMH_OK || output->call_result == VMH_RESULT_SUCCESS ||
        plan->transaction != NULL || vmh_owes_answer(&plan->request))
        return status;
    return vmh_answer_failure(context, plan, output, why);
}

/* A context that is there before the method is: of a callee, or of what goes on. */
static vmh_status open(vmh_execution_context *context, vmh_run_plan *plan, vmh_failure *why)
{
    if (plan->call.resume != NULL)
        return vmh_async_open_resumed(context, &plan->call.frame, why);
    if (plan->request.kind == VMH_MESSAGE_ASYNC_CALL)
        return vmh_async_open_callee(context, &plan->call.frame, why);
    return VMH_OK;
}

vmh_status vmh_set_run_execute(vmh_set_run *run, const vmh_run_plan *given, vmh_run_report *report,
                               vmh_failure *why)
{
    vmh_run_plan plan = *given;
    vmh_execution_context context;
    vmh_process_call_output output = {0};
    vmh_address account;
    bool found = false;
    vmh_status status = VMH_OK;

    vmh_set_run_begin(run, &plan, &context);
    status = open(&context, &plan, why);
    if (status == VMH_OK && plan.transaction == NULL && plan.call.resume == NULL) {
        vmh_target_address(plan.call.frame.service, &account);
        status = vmh_value_credit(&context, &account, plan.call.frame.token,
                                  &plan.call.frame.amount, why);
    }
    if (status == VMH_OK)
        status = call(&context, &plan, &found, &output, why);
    if (status == VMH_OK)
        status = context.has_engine ? finish_async(&context, &plan, &output, why)
                                    : finish(&context, &plan, found, &output, why);
    /* A callee that fails burns all that it was given. */
    if (plan.request.kind == VMH_MESSAGE_ASYNC_CALL && output.call_result != VMH_RESULT_SUCCESS)
        context.gas_left = 0;
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    if (status == VMH_OK)
        status = vmh_set_run_report(run, &plan, &context, found, &output, report, why);
    vmh_execution_context_end(&context);
    return status;
}
