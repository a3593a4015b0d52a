#include "host/sdk_call.h"

#include <stdarg.h>
#include <stdio.h>

#include "host/host_state.h"
#include "types/host_texts.h"

/* A new operation is a row here and its function in sdk_<area>.c. */
static const vmh_sdk_operation operations[] = {
    {"Sdk.State", "read", "bytes", false, false, vmh_sdk_state_read},
    {"Sdk.State", "write", "bytes, bytes", true, false, vmh_sdk_state_write},
    {"Sdk.Service", "callMethod", "string, string, bytes", false, false,
     vmh_sdk_service_call_method},
    {"Sdk.Service", "callMethodWithGas", "string, string, bytes, uint64", false, false,
     vmh_sdk_service_call_with_gas},
    {"Sdk.Service", "callOnBehalf", "string, string, bytes, bytes, bytes, uint256", false, true,
     vmh_sdk_service_call_on_behalf},
    {"Sdk.Service", "getCallValue", "", false, false, vmh_sdk_service_get_call_value},
    {"Sdk.Service", "findName", "bytes", false, true, vmh_sdk_service_find_name},
    {"Sdk.Service", "getCode", "string", false, true, vmh_sdk_service_get_code},
    {"Sdk.Service", "getParts", "string", false, true, vmh_sdk_service_get_parts},
    {"Sdk.Service", "putCode", "bytes", true, true, vmh_sdk_service_put_code},
    {"Sdk.Service", "getBalance", "bytes, bytes", false, true, vmh_sdk_service_get_balance},
    {"Sdk.Events", "emitLog", "bytes, bytes", true, true, vmh_sdk_events_emit_log},
    {"Sdk.Message", "identify", "string, bytes, bytes, uint256, uint32", true, true,
     vmh_sdk_message_identify},
    {"Sdk.Message", "send", "string, string, bytes, bytes, uint256", true, false,
     vmh_sdk_message_send},
    {"Sdk.Message", "suspend", "string, string, bytes, bytes, uint256, bytes, uint64, uint64",
     false, false, vmh_sdk_message_suspend},
    {"Sdk.Async", "call",
     "string, string, bytes, bytes, uint256, bool, uint64, uint64, string, string, string, bytes",
     false, false, vmh_sdk_async_call},
    {"Sdk.Async", "callLegacy", "string, string, bytes, uint256", false, false,
     vmh_sdk_async_call_legacy},
    {"Sdk.Async", "setGroupCallback", "string, string, bytes, uint64", false, false,
     vmh_sdk_async_set_group_callback},
    {"Sdk.Async", "setReturn", "bytes", false, false, vmh_sdk_async_set_return},
    {"Sdk.Async", "awaitAll",
     "string[], string[], bytes[], bytes[], uint256[], uint64[], bytes, uint64", false, false,
     vmh_sdk_async_await_all},
    {"Sdk.Async", "getClosure", "", false, false, vmh_sdk_async_get_closure},
    {"Sdk.Events", "emitEvent", "string, bytes", false, false, vmh_sdk_events_emit_event},
    {"Sdk.Address", "getSignerAddress", "", false, false, vmh_sdk_address_get_signer},
    {"Sdk.Address", "getCallerAddress", "", false, false, vmh_sdk_address_get_caller},
    {"Sdk.Address", "getDeployerAddress", "", false, true, vmh_sdk_address_get_deployer},
    {"Sdk.Address", "getOwnAddress", "", false, false, vmh_sdk_address_get_own},
    {"Sdk.Env", "getBlockHeight", "", false, false, vmh_sdk_env_get_block_height},
    {"Sdk.Env", "getBlockTimestamp", "", false, false, vmh_sdk_env_get_block_timestamp},
    {"Sdk.Env", "getBlockProposerAddress", "", false, false,
     vmh_sdk_env_get_block_proposer_address},
    {"Sdk.Env", "getBlockCommittee", "", false, false, vmh_sdk_env_get_block_committee},
    {"Sdk.Env", "getNextBlockCommittee", "", false, false, vmh_sdk_env_get_next_block_committee},
    {"Sdk.Env", "getVirtualChainId", "", false, false, vmh_sdk_env_get_virtual_chain_id},
    {"Sdk.Env", "getSeed", "", false, true, vmh_sdk_env_get_seed},
    {"Sdk.Ethereum", "callMethod", "string, string, uint64, string, bytes", false, false,
     vmh_sdk_ethereum_call},
    {"Sdk.Ethereum", "getTransactionLog", "string, string, string, string", false, false,
     vmh_sdk_ethereum_call},
    {"Sdk.Ethereum", "getBlockNumber", "", false, false, vmh_sdk_ethereum_call},
    {"Sdk.Ethereum", "getBlockNumberByTime", "uint64", false, false, vmh_sdk_ethereum_call},
    {"Sdk.Ethereum", "getBlockTime", "", false, false, vmh_sdk_ethereum_call},
    {"Sdk.Ethereum", "getBlockTimeByNumber", "uint64", false, false, vmh_sdk_ethereum_call},
};

const vmh_sdk_operation *vmh_sdk_operations(size_t *count)
{
    *count = sizeof operations / sizeof operations[0];
    return operations;
}

static const vmh_sdk_operation *find_operation(const vmh_sdk_call *call)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (vmh_bytes_equal(call->method_name, vmh_bytes_text(operations[i].method_name)) &&
            vmh_bytes_equal(call->operation_name, vmh_bytes_text(operations[i].operation_name)))
            return &operations[i];
    }
    return NULL;
}

vmh_status vmh_sdk_answer(vmh_sdk_run *run, vmh_argument value, vmh_failure *why)
{
    vmh_argument *output = vmh_arena_alloc(run->arena, sizeof *output);

    if (output == NULL)
        return vmh_fail_memory(why);
    *output = value;
    run->result->output_arguments = (vmh_argument_array){output, 1};
    return VMH_OK;
}

static vmh_status format_error(vmh_sdk_run *run, uint32_t code, vmh_failure *why,
                               const char *format, va_list args)
{
    char text[512];

    vsnprintf(text, sizeof text, format, args);
    run->result->code = code;
    /* In the context's arena: an abort outlives the call that met it. */
    return vmh_arena_copy(run->context->arena, vmh_bytes_text(text), &run->result->error, why);
}

vmh_status vmh_sdk_refuse(vmh_sdk_run *run, uint32_t code, vmh_failure *why, const char *format,
                          ...)
{
    va_list args;
    vmh_status status;

    run->result->outcome = VMH_SDK_ERROR;
    va_start(args, format);
    status = format_error(run, code, why, format, args);
    va_end(args);
    return status;
}

vmh_status vmh_sdk_abort(vmh_sdk_run *run, uint32_t code, vmh_failure *why, const char *format, ...)
{
    va_list args;
    vmh_status status;

    run->result->outcome = VMH_SDK_ABORT;
    va_start(args, format);
    status = format_error(run, code, why, format, args);
    va_end(args);
    if (status == VMH_OK)
        vmh_execution_context_abort(run->context, run->result->error, code);
    return status;
}

/* Compares the arguments with a row's "bytes, bytes". */
static bool arguments_fit(vmh_argument_array arguments, const char *wanted)
{
    for (size_t i = 0; i < arguments.count; i++) {
        const char *name = vmh_argument_type_name(arguments.items[i].type);
        size_t size = strlen(name);

        if (i != 0 && strncmp(wanted, ", ", 2) != 0)
            return false;
        wanted += i == 0 ? 0 : 2;
        if (strncmp(wanted, name, size) != 0)
            return false;
        wanted += size;
        if (*wanted != ',' && *wanted != '\0')
            return false;
    }
    return *wanted == '\0';
}

static vmh_status check_and_run(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_sdk_call *call = run->call;
    const vmh_sdk_operation *operation = find_operation(call);
    vmh_execution_context *context = run->context;

    if (operation == NULL)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_UNKNOWN,
                              VMH_PRINT(call->operation_name), VMH_PRINT(call->method_name));
    if (operation->needs_system && call->permission_scope != VMH_PERMISSION_SYSTEM)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_SYSTEM_ONLY,
                              VMH_PRINT(call->operation_name), VMH_PRINT(call->method_name));
    if (operation->needs_write &&
        (context->access_scope != VMH_ACCESS_READ_WRITE || call->is_read_only))
        return vmh_sdk_abort(run, VMH_CODE_CONTRACT_FAILED, why, "%s",
                             context->host->rules->write_refusal_names_error
                                 ? VMH_TEXT_WRITE_REFUSED_NAMED
                                 : VMH_TEXT_WRITE_REFUSED);
    if (!arguments_fit(call->input_arguments, operation->arguments))
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_ARGUMENTS,
                              VMH_PRINT(call->operation_name), VMH_PRINT(call->method_name),
                              operation->arguments[0] == '\0' ? "no arguments"
                                                              : operation->arguments);
    return operation->function(run, why);
}

vmh_status vmh_host_handle_sdk_call(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                    vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why)
{
    vmh_host *host = (vmh_host *)handler;
    vmh_sdk_run run = {
        .context = vmh_execution_context_find(host, call->context_id),
        .call = call,
        .arguments = call->input_arguments.items,
        .arena = arena,
        .result = result,
    };
    vmh_status status;

    *result = (vmh_sdk_result){.outcome = VMH_SDK_OK};
    if (run.context == NULL)
        return vmh_fail(why, VMH_E_CONTEXT, "SDK call %.*s.%.*s: the execution context is unknown",
                        VMH_PRINT(call->operation_name), VMH_PRINT(call->method_name));
    if (run.context->host_status != VMH_OK) {
        *why = run.context->host_failure;
        return run.context->host_status;
    }
    if (run.context->aborted) {
        *result = (vmh_sdk_result){.outcome = VMH_SDK_ABORT,
                                   .error = run.context->abort_text,
                                   .code = run.context->abort_code};
        return VMH_OK;
    }
    if (run.context->depth != 0 && vmh_service_stack_top(run.context)->end != VMH_FRAME_GOES_ON)
        return vmh_sdk_async_refuse_ended(&run, why);
    if (run.context->depth == 0)
        return vmh_fail(why, VMH_E_CONTEXT, "SDK call %.*s.%.*s: no service is running",
                        VMH_PRINT(call->operation_name), VMH_PRINT(call->method_name));
    if (vmh_host_take_interrupt())
        status = vmh_fail(why, VMH_E_INTERRUPTED, "interrupted in %.*s.%.*s",
                          VMH_PRINT(vmh_service_stack_top(run.context)->service),
                          VMH_PRINT(vmh_service_stack_top(run.context)->method));
    else
        status = check_and_run(&run, why);
    if (status != VMH_OK)
        vmh_execution_context_fail(run.context, status, why);
    return status;
}
