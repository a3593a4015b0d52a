#include "codec/argument_codec.h"
#include "host/host_state.h"
#include "host/run_call.h"
#include "types/host_texts.h"

static const vmh_bytes deployments_name = {(const uint8_t *)"_Deployments", 12};

/* Runs a method of _Deployments on the native processor. */
static vmh_status call_deployments(vmh_execution_context *context, vmh_bytes method,
                                   vmh_argument_array arguments, vmh_process_call_output *out,
                                   vmh_failure *why)
{
    vmh_call_request request = {
        .frame = {.service = deployments_name, .method = method},
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    vmh_status status =
        vmh_argument_array_pack(arguments, context->arena, &request.input_arguments, why);

    if (status != VMH_OK)
        return status;
    return vmh_run_on_processor(context,
                                vmh_host_find_processor(context->host, VMH_PROCESSOR_NATIVE),
                                &request, out, why);
}

static vmh_status get_info(vmh_execution_context *context, vmh_bytes service,
                           vmh_process_call_output *out, vmh_failure *why)
{
    vmh_argument name = vmh_argument_string(service);

    return call_deployments(context, VMH_LITERAL("getInfo"), (vmh_argument_array){&name, 1}, out,
                            why);
}

static vmh_status deploy_native(vmh_execution_context *context, vmh_bytes service,
                                vmh_process_call_output *out, vmh_failure *why)
{
    vmh_argument arguments[3] = {
        vmh_argument_string(service),
        vmh_argument_uint32(VMH_PROCESSOR_NATIVE),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, (vmh_bytes){0}),
    };

    return call_deployments(context, VMH_LITERAL("deployService"),
                            (vmh_argument_array){arguments, 3}, out, why);
}

/* Deploys a native contract that nobody deployed; `*deployed` false if it cannot be. */
static vmh_status auto_deploy(vmh_execution_context *context, vmh_bytes service, bool *deployed,
                              vmh_failure *why)
{
    vmh_processor *native = vmh_host_find_processor(context->host, VMH_PROCESSOR_NATIVE);
    vmh_process_call_output out;
    vmh_permission_scope permission;
    bool has_code;
    vmh_status status;

    *deployed = false;
    if (context->access_scope != VMH_ACCESS_READ_WRITE)
        return VMH_OK;
    status = native->get_contract_info(native, vmh_bytes_hash(&context->id), service, &has_code,
                                       &permission, why);
    if (status != VMH_OK)
        return vmh_execution_context_fail(context, status, why);
    if (!has_code)
        return VMH_OK;
    status = deploy_native(context, service, &out, why);
    *deployed = status == VMH_OK && out.call_result == VMH_RESULT_SUCCESS;
    return status;
}

/* The processor type in the answer of getInfo; false if the answer has another form. */
static vmh_status read_processor_type(vmh_execution_context *context, vmh_bytes packed,
                                      uint32_t *type, bool *valid, vmh_failure *why)
{
    vmh_argument_array answer;
    vmh_argument_fault fault;
    vmh_status status =
        vmh_argument_array_decode(packed, context->arena, &answer, valid, &fault, why);

    if (status != VMH_OK)
        return status;
    *valid = *valid && answer.count != 0 && answer.items[0].type == VMH_ARGUMENT_UINT32;
    if (*valid)
        *type = answer.items[0].value.uint32;
    return VMH_OK;
}

static vmh_status refuse_type(vmh_execution_context *context, vmh_bytes service, uint32_t type,
                              vmh_process_call_output *refusal, vmh_failure *why)
{
    vmh_bytes text;
    vmh_status status = vmh_arena_format(context->arena, &text, why, VMH_TEXT_UNKNOWN_PROCESSOR,
                                         VMH_PRINT(service), type);

    if (status != VMH_OK)
        return status;
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED,
                                VMH_CODE_NOT_DEPLOYED, text, refusal, why);
}

vmh_status vmh_find_processor(vmh_execution_context *context, vmh_bytes service,
                              vmh_processor **processor, vmh_process_call_output *refusal,
                              vmh_failure *why)
{
    uint32_t type = VMH_PROCESSOR_NATIVE;
    bool valid = true;
    vmh_status status;

    *processor = NULL;
    status = get_info(context, service, refusal, why);
    if (status != VMH_OK)
        return status;
    if (refusal->call_result != VMH_RESULT_SUCCESS) {
        bool deployed = false;

        /* The code of a full stack or of an execution that is over stays. */
        if (!context->aborted && refusal->code != VMH_CODE_SERVICE_STACK) {
            refusal->code = VMH_CODE_NOT_DEPLOYED;
            status = auto_deploy(context, service, &deployed, why);
        }
        if (status != VMH_OK || !deployed)
            return status;
    } else {
        status = read_processor_type(context, refusal->output_arguments, &type, &valid, why);
        if (status != VMH_OK)
            return status;
    }
    *processor = valid ? vmh_host_find_processor(context->host, type) : NULL;
    return *processor == NULL ? refuse_type(context, service, type, refusal, why) : VMH_OK;
}
