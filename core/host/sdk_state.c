#include "host/host_state.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"
#include "types/protected_key.h"

/* Fills run->result with a refusal if the key may not be used. */
static vmh_status check_key(vmh_sdk_run *run, vmh_bytes key, vmh_failure *why)
{
    uint64_t limit = run->context->host->genesis->limits.key_size;

    if (vmh_is_protected_key(key))
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_PROTECTED_KEY);
    if (key.size > limit)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_KEY_TOO_LONG, key.size,
                              (unsigned long long)limit);
    return VMH_OK;
}

vmh_status vmh_sdk_state_read(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_bytes service = vmh_service_stack_top(context)->service;
    vmh_bytes key = run->arguments[0].value.bytes;
    vmh_trace *trace = context->host->trace;
    vmh_bytes value;
    vmh_status status = check_key(run, key, why);

    if (status != VMH_OK || run->result->outcome != VMH_SDK_OK)
        return status;
    status = vmh_execution_context_read(context, service, key, &value, why);
    if (status != VMH_OK)
        return status;
    if (trace != NULL && trace->state_read != NULL)
        status = trace->state_read(trace, service, key, value, why);
    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, value), why);
}

vmh_status vmh_sdk_state_write(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_bytes service = vmh_service_stack_top(context)->service;
    vmh_bytes key = run->arguments[0].value.bytes;
    vmh_bytes value = run->arguments[1].value.bytes;
    uint64_t limit = context->host->genesis->limits.value_size;
    vmh_trace *trace = context->host->trace;
    vmh_status status = check_key(run, key, why);

    if (status != VMH_OK || run->result->outcome != VMH_SDK_OK)
        return status;
    if (value.size > limit)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_VALUE_TOO_LONG,
                              value.size, (unsigned long long)limit);
    if (trace != NULL && trace->state_write != NULL)
        status = trace->state_write(trace, service, key, value, why);
    if (status != VMH_OK)
        return status;
    return vmh_transient_state_write(&context->transient, service, key, value, why);
}
