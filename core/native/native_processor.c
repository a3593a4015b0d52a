#include "native/native_processor.h"

#include <stdlib.h>

#include "codec/argument_codec.h"
#include "codec/method.h"
#include "native/native_contract.h"
#include "types/host_texts.h"

typedef struct native_processor {
    vmh_processor port; /* first */
    const vmh_genesis *genesis;
    vmh_sdk_handler *handler;
} native_processor;

/* A refusal of the processor itself, one string. */
static vmh_status refuse(const vmh_native_call *call, vmh_execution_result result, uint32_t code,
                         vmh_process_call_output *out)
{
    out->call_result = result;
    out->code = code;
    out->error = call->text;
    return vmh_argument_array_pack_text(call->text, call->arena, &out->output_arguments, call->why);
}

static const vmh_native_method *find_method(const vmh_native_contract *contract, vmh_bytes name)
{
    for (size_t i = 0; i < contract->method_count; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(contract->methods[i].name)))
            return &contract->methods[i];
    }
    return NULL;
}

/* Permission and access, spec/host.md 5.7. */
static bool check_scopes(vmh_native_call *call, const vmh_native_method *method)
{
    const vmh_process_call_input *input = call->input;

    if (method == NULL)
        return vmh_native_raise(call, VMH_CODE_UNKNOWN_METHOD, VMH_TEXT_METHOD_NOT_FOUND,
                                VMH_PRINT(input->method_name), VMH_PRINT(input->contract_name));
    if (method->is_internal && input->calling_permission_scope != VMH_PERMISSION_SYSTEM)
        return vmh_native_raise(call, vmh_internal_method_code(input->method_name),
                                VMH_TEXT_SYSTEM_ONLY, VMH_PRINT(input->method_name));
    if (method->writes && call->genesis->rules->access_is_declared &&
        input->access_scope != VMH_ACCESS_READ_WRITE)
        return vmh_native_raise(call, VMH_CODE_WRONG_ARGUMENTS, VMH_TEXT_READ_WRITE_ONLY,
                                VMH_PRINT(input->contract_name), VMH_PRINT(input->method_name));
    return true;
}

static bool read_arguments(vmh_native_call *call, const vmh_native_method *method)
{
    const vmh_process_call_input *input = call->input;
    vmh_method declared = {
        .name = vmh_bytes_text(method->name),
        .is_variadic = method->is_variadic,
        .parameters = method->parameters,
        .parameter_count = method->parameter_count,
    };
    vmh_argument_array arguments;
    vmh_bytes refusal = {0};
    vmh_status status = vmh_method_read_arguments(
        &declared, input->contract_name, input->input_arguments,
        call->genesis->rules->go_type_names, call->arena, &arguments, &refusal, call->why);

    if (!vmh_native_check(call, status))
        return false;
    if (refusal.size != 0)
        return vmh_native_raise(call, VMH_CODE_WRONG_ARGUMENTS, "%.*s", (int)refusal.size,
                                (const char *)refusal.data);
    call->arguments = arguments.items;
    call->argument_count = arguments.count;
    return true;
}

static vmh_status run_method(vmh_native_call *call, const vmh_native_method *method,
                             vmh_process_call_output *out)
{
    if (!method->function(call)) {
        if (call->end == VMH_NATIVE_HOST_FAILED)
            return call->status;
        return refuse(call, VMH_RESULT_ERROR_SMART_CONTRACT, call->code, out);
    }
    out->call_result = VMH_RESULT_SUCCESS;
    return vmh_argument_array_pack((vmh_argument_array){call->results, call->result_count},
                                   call->arena, &out->output_arguments, call->why);
}

static vmh_status process_call(vmh_processor *processor, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *out, vmh_failure *why)
{
    native_processor *native = (native_processor *)processor;
    const vmh_native_method *method;
    vmh_native_call call = {
        .genesis = native->genesis,
        .contract = vmh_native_find_contract(native->genesis, input->contract_name),
        .input = input,
        .handler = native->handler,
        .arena = arena,
        .why = why,
    };

    *out = (vmh_process_call_output){0};
    if (call.contract == NULL) {
        vmh_native_raise(&call, VMH_CODE_NOT_DEPLOYED, VMH_TEXT_CODE_NOT_FOUND,
                         VMH_PRINT(input->contract_name));
        if (call.end == VMH_NATIVE_HOST_FAILED)
            return call.status;
        return refuse(&call, VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED, call.code, out);
    }
    method = find_method(call.contract, input->method_name);
    if (!check_scopes(&call, method) || !read_arguments(&call, method)) {
        if (call.end == VMH_NATIVE_HOST_FAILED)
            return call.status;
        return refuse(&call, VMH_RESULT_ERROR_INPUT, call.code, out);
    }
    if (native->handler == NULL)
        return vmh_fail(why, VMH_E_CONTEXT, "native processor has no SDK handler yet");
    return run_method(&call, method, out);
}

static vmh_status get_contract_info(vmh_processor *processor, vmh_bytes context_id,
                                    vmh_bytes contract_name, bool *found,
                                    vmh_permission_scope *permission_scope, vmh_failure *why)
{
    native_processor *native = (native_processor *)processor;
    const vmh_native_contract *contract = vmh_native_find_contract(native->genesis, contract_name);

    (void)context_id;
    (void)why;
    *found = contract != NULL;
    if (*found)
        *permission_scope = contract->permission;
    return VMH_OK;
}

static vmh_status describe_method(vmh_processor *processor, vmh_bytes context_id,
                                  vmh_bytes contract_name, size_t index, vmh_arena *arena,
                                  bool *found, vmh_method_description *method, vmh_failure *why)
{
    const vmh_native_contract *contract =
        vmh_native_find_contract(((native_processor *)processor)->genesis, contract_name);

    (void)context_id;
    (void)arena;
    (void)why;
    *found = contract != NULL && index < contract->method_count;
    if (*found)
        *method = (vmh_method_description){
            .name = vmh_bytes_text(contract->methods[index].name),
            .parameters = contract->methods[index].parameters,
            .parameter_count = contract->methods[index].parameter_count,
            .is_variadic = contract->methods[index].is_variadic,
        };
    return VMH_OK;
}

static vmh_status take_handler(vmh_processor *processor, vmh_sdk_handler *handler, vmh_failure *why)
{
    (void)why;
    ((native_processor *)processor)->handler = handler;
    return VMH_OK;
}

static void free_processor(vmh_processor *processor)
{
    free(processor);
}

vmh_status vmh_native_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                    vmh_failure *why)
{
    native_processor *native;

    *out = NULL;
    for (size_t i = 0; i < genesis->native_contract_count; i++) {
        if (!vmh_native_is_optional(genesis->native_contracts[i]))
            return vmh_fail(why, VMH_E_INPUT, "genesis names an unknown native contract '%.*s'",
                            VMH_PRINT(genesis->native_contracts[i]));
    }
    native = calloc(1, sizeof *native);
    if (native == NULL)
        return vmh_fail_memory(why);
    native->port.process_call = process_call;
    native->port.get_contract_info = get_contract_info;
    native->port.describe_method = describe_method;
    native->port.contract_sdk_call_handler = take_handler;
    native->port.free = free_processor;
    native->genesis = genesis;
    *out = &native->port;
    return VMH_OK;
}

size_t vmh_native_processor_method_count(const vmh_processor *processor, vmh_bytes contract_name)
{
    const vmh_native_contract *contract =
        vmh_native_find_contract(((const native_processor *)processor)->genesis, contract_name);

    return contract == NULL ? 0 : contract->method_count;
}

vmh_native_method_description vmh_native_processor_method(const vmh_processor *processor,
                                                          vmh_bytes contract_name, size_t index)
{
    const vmh_native_method *method =
        &vmh_native_find_contract(((const native_processor *)processor)->genesis, contract_name)
             ->methods[index];

    return (vmh_native_method_description){
        .name = method->name,
        .is_internal = method->is_internal,
        .writes = method->writes,
        .parameters = method->parameters,
        .parameter_count = method->parameter_count,
        .is_variadic = method->is_variadic,
        .results = method->results,
        .result_count = method->result_count,
    };
}
