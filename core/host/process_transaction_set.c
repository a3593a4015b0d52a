#include "codec/receipt_codec.h"
#include "codec/transaction_codec.h"
#include "host/host_state.h"
#include "host/run_call.h"

typedef struct set_run {
    vmh_host *host;
    const vmh_transaction_set *set;
    vmh_arena *arena;           /* of the caller: receipts and diff */
    vmh_arena transaction_arena; /* of one transaction, used again by the next */
    vmh_transient_state batch;
    vmh_buffer scratch;
    vmh_transaction_set_result *out;
} set_run;

static vmh_status encode_events(set_run *run, const vmh_execution_context *context,
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

static vmh_status encode_receipt(set_run *run, const vmh_receipt *receipt, vmh_bytes *out,
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

/* The record lives in the transaction's arena; what is kept moves to the caller's. */
static vmh_status keep_record(set_run *run, const vmh_run_record *record, vmh_run_record *out,
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
    }
    out->calls = calls;
    out->call_count = record->call_count;
    return vmh_arena_copy(run->arena, record->error, &out->error, why);
}

static vmh_status make_receipt(set_run *run, size_t index, const vmh_transaction *transaction,
                               const vmh_execution_context *context, bool found,
                               const vmh_process_call_output *output, vmh_failure *why)
{
    vmh_receipt *receipt = &run->out->receipts[index];
    vmh_status status = VMH_OK;

    vmh_transaction_hash(transaction, &receipt->txhash);
    receipt->execution_result = output->call_result;
    receipt->code = output->code;
    receipt->gas_used = run->host->genesis->limits.transaction_gas - context->gas_left;
    vmh_transaction_request_id(&receipt->txhash, run->set->block.height, (uint32_t)index,
                               &receipt->message_id);
    receipt->root = receipt->message_id;
    if (found) {
        status = vmh_arena_copy(run->arena, output->output_arguments, &receipt->output_arguments,
                                why);
        if (status == VMH_OK)
            status = encode_events(run, context, &receipt->output_events, why);
    } else {
        /* No contract was reached: no outputs, no events (spec/host.md 4.1). */
        receipt->execution_result = VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED;
    }
    if (status == VMH_OK && output->call_result != VMH_RESULT_SUCCESS)
        status = keep_record(run, &context->record, &run->out->records[index], why);
    if (status == VMH_OK)
        status = encode_receipt(run, receipt, &run->out->receipt_messages[index], why);
    return status;
}

static vmh_status process_one(set_run *run, size_t index, const vmh_transaction *transaction,
                              vmh_failure *why)
{
    vmh_execution_context context;
    vmh_context_setup setup = {
        .read_height = run->set->block.height - 1,
        .block = run->set->block,
        .access_scope = VMH_ACCESS_READ_WRITE,
        .transaction = transaction,
        .batch = &run->batch,
    };
    vmh_call_request request = {
        .frame = {.service = transaction->contract_name, .method = transaction->method_name},
        .input_arguments = transaction->input_arguments,
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    vmh_process_call_output output;
    bool found;
    vmh_status status;

    vmh_arena_reset(&run->transaction_arena);
    vmh_execution_context_begin(&context, run->host, &setup, &run->transaction_arena);
    status = vmh_run_call(&context, &request, &found, &output, why);
    vmh_execution_context_end(&context);
    if (status == VMH_OK && found && output.call_result == VMH_RESULT_SUCCESS)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    if (status == VMH_OK)
        status = make_receipt(run, index, transaction, &context, found, &output, why);
    return status;
}

static vmh_status process_all(set_run *run, vmh_failure *why)
{
    bool canonical = run->host->rules->client_messages_are_canonical;
    size_t count = run->set->count;
    vmh_transaction *transactions = vmh_arena_alloc_array(run->arena, count, sizeof *transactions);
    vmh_status status;

    run->out->receipts = vmh_arena_alloc_array(run->arena, count, sizeof *run->out->receipts);
    run->out->receipt_messages = vmh_arena_alloc_array(run->arena, count, sizeof(vmh_bytes));
    run->out->records = vmh_arena_alloc_array(run->arena, count, sizeof *run->out->records);
    run->out->receipt_count = count;
    if (transactions == NULL || run->out->receipts == NULL || run->out->receipt_messages == NULL ||
        run->out->records == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < count; i++) {
        status = vmh_signed_transaction_decode(run->set->signed_transactions[i], canonical,
                                               &transactions[i], why);
        if (status != VMH_OK)
            return vmh_fail_within(status, why, "signed transaction %zu", i + 1);
    }
    for (size_t i = 0; i < count; i++) {
        status = process_one(run, i, &transactions[i], why);
        if (status != VMH_OK)
            return vmh_fail_within(status, why, "transaction %zu of block %llu", i + 1,
                                   (unsigned long long)run->set->block.height);
    }
    return vmh_transient_state_diff(&run->batch, &run->out->diff, why);
}

vmh_status vmh_host_process_transaction_set(vmh_host *host, const vmh_transaction_set *set,
                                            vmh_arena *arena, vmh_transaction_set_result *out,
                                            vmh_failure *why)
{
    uint64_t last = vmh_state_storage_last_block(host->storage)->block.height;
    set_run run = {.host = host, .set = set, .arena = arena, .out = out};
    vmh_status status;

    *out = (vmh_transaction_set_result){0};
    if (set->block.height != last + 1)
        return vmh_fail(why, VMH_E_INPUT, "transaction set for height %llu, but the next is %llu",
                        (unsigned long long)set->block.height, (unsigned long long)last + 1);
    vmh_arena_init(&run.transaction_arena);
    vmh_buffer_init(&run.scratch);
    vmh_transient_state_init(&run.batch, arena);

    status = process_all(&run, why);

    vmh_buffer_clear(&run.scratch);
    vmh_arena_clear(&run.transaction_arena);
    return status;
}
