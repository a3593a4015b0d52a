#include "host/host_state.h"
#include "host/run_call.h"

vmh_status vmh_host_call_system_contract(vmh_host *host, const vmh_system_call *call,
                                         vmh_arena *arena, vmh_process_call_output *out,
                                         vmh_failure *why)
{
    vmh_execution_context context;
    vmh_context_setup setup = {
        .read_height = call->block.height == 0 ? 0 : call->block.height - 1,
        .block = call->block,
        .access_scope = VMH_ACCESS_READ_ONLY,
        .gas_limit = host->genesis->limits.transaction_gas,
    };
    vmh_call_request request = {
        .frame = {.service = call->contract_name, .method = call->method_name},
        .input_arguments = call->input_arguments,
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    vmh_status status;

    setup.block.proposer_size = 0; /* meaningless here (spec/host.md 4.7) */
    vmh_execution_context_begin(&context, host, &setup, arena);
    status = vmh_run_on_processor(&context, vmh_host_find_processor(host, VMH_PROCESSOR_NATIVE),
                                  &request, out, why);
    vmh_execution_context_end(&context);
    return status;
}
