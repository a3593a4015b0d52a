#include "host/host_state.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

/* All six methods: the connector knows them by name. */
vmh_status vmh_sdk_ethereum_call(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_connector *connector = run->context->host->connector;
    vmh_connector_call call = {
        .method_name = run->call->method_name,
        .input_arguments = run->call->input_arguments,
        .reference_timestamp = run->context->block.timestamp,
    };
    vmh_connector_result result = {0};
    vmh_status status;

    if (connector == NULL)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_NO_CONNECTOR,
                              VMH_PRINT(call.method_name));
    status = connector->call(connector, &call, run->arena, &result, why);
    if (status != VMH_OK)
        return status;
    if (result.error.size != 0) {
        /* Whole: it is no text of the host, and may hold any bytes. */
        run->result->outcome = VMH_SDK_ERROR;
        run->result->code = VMH_CODE_CONTRACT_FAILED;
        return vmh_arena_copy(run->context->arena, result.error, &run->result->error, why);
    }
    run->result->output_arguments = result.output_arguments;
    return VMH_OK;
}
