#include "host/set_run.h"

#include "codec/receipt_codec.h"
#include "host/answer.h"
#include "host/host_state.h"
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
    };

    vmh_arena_reset(&run->run_arena);
    vmh_execution_context_begin(context, run->host, &setup, &run->run_arena);
}

/* ---- the report ---- */

/* The record lives in the run's arena; what is kept moves to the caller's. */
static vmh_status keep_record(vmh_set_run *run, const vmh_run_record *record, vmh_run_record *out,
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
    return vmh_arena_copy(run->arena, record->error, &out->error, why);
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

/* Logs of bytecode; a failed run has none. */
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
        .gas_used = plan->gas_limit - context->gas_left,
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
    if (status == VMH_OK && output->call_result == VMH_RESULT_SUCCESS)
        status = keep_logs(run, context, receipt, why);
    if (status == VMH_OK && output->call_result != VMH_RESULT_SUCCESS)
        status = keep_record(run, &context->record, &report->record, why);
    if (status == VMH_OK)
        status = encode_receipt(run, receipt, &report->message, why);
    return status;
}

/* ---- the run ---- */

static vmh_status refuse(vmh_execution_context *context, uint32_t code, const char *text,
                         vmh_process_call_output *output, vmh_failure *why)
{
    vmh_execution_result result = code == VMH_CODE_NOT_DEPLOYED
                                      ? VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED
                                      : VMH_RESULT_ERROR_SMART_CONTRACT;
    vmh_status status = vmh_call_output_fail(context->arena, result, code, vmh_bytes_text(text),
                                             output, why);

    return status == VMH_OK ? vmh_execution_context_note(context, output->error, 0, why) : status;
}

static vmh_status call(vmh_execution_context *context, const vmh_run_plan *plan, bool *found,
                       vmh_process_call_output *output, vmh_failure *why)
{
    vmh_processor *processor;

    if (plan->refusal != NULL) {
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

/* Gas, debits and records of what the run sends; too little of it fails the run. */
static vmh_status settle(vmh_execution_context *context, const vmh_run_plan *plan,
                         uint64_t *answer_gas, vmh_process_call_output *output, vmh_failure *why)
{
    bool answers = vmh_owes_answer(&plan->request) && !context->suspended;
    vmh_issue_refusal refusal;
    vmh_status status = vmh_outbox_settle(context, answers, answer_gas, &refusal, why);

    if (status != VMH_OK || refusal.text == NULL)
        return status;
    return refuse(context, refusal.code, refusal.text, output, why);
}

static vmh_status finish(vmh_execution_context *context, const vmh_run_plan *plan, bool found,
                         uint64_t answer_gas, const vmh_process_call_output *output,
                         vmh_failure *why)
{
    vmh_status status;

    if (found && output->call_result == VMH_RESULT_SUCCESS) {
        status = vmh_outbox_send(context, why);
        if (status == VMH_OK && vmh_owes_answer(&plan->request) && !context->suspended)
            status = vmh_answer(context, plan, output, answer_gas, why);
        return status;
    }
    /* All that the run did is dropped; what follows is the host's own. */
    vmh_transient_state_restore(&context->transient, 0);
    context->outbox_count = 0;
    if (plan->transaction != NULL)
        return VMH_OK;
    return vmh_answer_failure(context, plan, output, why);
}

vmh_status vmh_set_run_execute(vmh_set_run *run, const vmh_run_plan *plan, vmh_run_report *report,
                               vmh_failure *why)
{
    vmh_execution_context context;
    vmh_process_call_output output = {0};
    vmh_address account;
    uint64_t answer_gas = 0;
    bool found = false;
    vmh_status status = VMH_OK;

    vmh_set_run_begin(run, plan, &context);
    if (plan->transaction == NULL && plan->call.resume == NULL) {
        vmh_target_address(plan->call.frame.service, &account);
        status = vmh_value_credit(&context, &account, plan->call.frame.token,
                                  &plan->call.frame.amount, why);
    }
    if (status == VMH_OK)
        status = call(&context, plan, &found, &output, why);
    if (status == VMH_OK && found && output.call_result == VMH_RESULT_SUCCESS)
        status = settle(&context, plan, &answer_gas, &output, why);
    if (status == VMH_OK)
        status = finish(&context, plan, found, answer_gas, &output, why);
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    if (status == VMH_OK)
        status = vmh_set_run_report(run, plan, &context, found, &output, report, why);
    vmh_execution_context_end(&context);
    return status;
}
