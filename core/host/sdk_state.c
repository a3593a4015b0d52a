#include "host/host_state.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

/* Keys that belong to the host (joins.md 3). */
static const vmh_bytes protected_prefix = {(const uint8_t *)"\0vmhost\0", 8};

/* Fills run->result with a refusal if the key may not be used. */
static vmh_status check_key(vmh_sdk_run *run, vmh_bytes key, vmh_failure *why)
{
    uint64_t limit = run->context->host->genesis->limits.key_size;

    if (vmh_bytes_begins(key, protected_prefix))
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_PROTECTED_KEY);
    if (key.size > limit)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_KEY_TOO_LONG, key.size,
                              (unsigned long long)limit);
    return VMH_OK;
}

/* Transaction, then batch, then storage; what storage answers is kept. */
static vmh_status read_value(vmh_execution_context *context, vmh_bytes service, vmh_bytes key,
                             vmh_bytes *value, vmh_failure *why)
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
    status = read_value(context, service, key, &value, why);
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
