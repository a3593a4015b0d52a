#include "codec/receipt_codec.h"
#include "codec/transaction_codec.h"
#include "host/host_state.h"
#include "host/run_call.h"

static vmh_status pack_events(const vmh_execution_context *context, vmh_arena *arena,
                              vmh_bytes *out, vmh_failure *why)
{
    vmh_buffer packed;
    vmh_status status;

    vmh_buffer_init(&packed);
    vmh_events_encode(context->events, context->event_count, &packed);
    status = vmh_buffer_check(&packed, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&packed), out, why);
    vmh_buffer_clear(&packed);
    return status;
}

static vmh_status run(vmh_host *host, const vmh_block_info *info, const vmh_query *query,
                      vmh_arena *arena, vmh_query_result *out, vmh_failure *why)
{
    vmh_execution_context context;
    vmh_context_setup setup = {
        .read_height = info->block.height,
        .block = info->block,
        .access_scope = VMH_ACCESS_READ_ONLY,
        .gas_limit = host->genesis->limits.transaction_gas,
        .transaction = query,
    };
    vmh_call_request request = {
        .frame = {.service = query->contract_name, .method = query->method_name},
        .input_arguments = query->input_arguments,
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    vmh_process_call_output output;
    bool found;
    vmh_status status;

    vmh_execution_context_begin(&context, host, &setup, arena);
    status = vmh_run_call(&context, &request, &found, &output, why);
    vmh_execution_context_end(&context);
    if (status != VMH_OK)
        return status;
    out->execution_result = output.call_result;
    out->code = output.code;
    out->record.error = output.error;
    if (output.call_result != VMH_RESULT_SUCCESS)
        out->record = context.record;
    if (!found) {
        out->execution_result = VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED;
        return VMH_OK;
    }
    out->output_arguments = output.output_arguments;
    return pack_events(&context, arena, &out->output_events, why);
}

vmh_status vmh_host_process_query(vmh_host *host, uint64_t requested_height,
                                  vmh_bytes signed_query, vmh_arena *arena,
                                  vmh_query_result *out, vmh_failure *why)
{
    vmh_block_info info = *vmh_state_storage_last_block(host->storage);
    vmh_query query;
    vmh_status status;

    *out = (vmh_query_result){.reference_height = info.block.height,
                              .reference_timestamp = info.block.timestamp};
    status = vmh_signed_transaction_decode(
        signed_query, host->rules->client_messages_are_canonical, &query, why);
    if (status != VMH_OK)
        return vmh_fail_within(status, why, "signed query");
    if (requested_height != 0) {
        vmh_failure unreadable;

        status = vmh_state_storage_block_info(host->storage, requested_height, &info, &unreadable);
        if (status == VMH_E_HEIGHT_AHEAD || status == VMH_E_SNAPSHOT_PRUNED) {
            out->execution_result = VMH_RESULT_ERROR_INPUT;
            out->code = VMH_CODE_WRONG_ARGUMENTS;
            return vmh_arena_copy(arena, vmh_bytes_text(unreadable.text), &out->record.error, why);
        }
        if (status != VMH_OK) {
            *why = unreadable;
            return status;
        }
        out->reference_height = info.block.height;
        out->reference_timestamp = info.block.timestamp;
    }
    return run(host, &info, &query, arena, out, why);
}
