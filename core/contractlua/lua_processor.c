#include "contractlua/lua_processor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/argument_codec.h"
#include "contractlua/invocation.h"
#include "crypto/digest.h"
#include "types/host_texts.h"

enum { DEPLOYMENT_PARTS = 2 };

/* ---- methods ---- */

static vmh_status refuse(vmh_lua_invocation *call, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses before any code is entered. */
static vmh_status refuse(vmh_lua_invocation *call, uint32_t code, const char *format, ...)
{
    char formatted[1024];
    vmh_bytes text;
    va_list list;
    vmh_status status;

    va_start(list, format);
    vsnprintf(formatted, sizeof formatted, format, list);
    va_end(list);
    status = vmh_arena_copy(call->arena, vmh_bytes_text(formatted), &text, call->why);
    return status == VMH_OK ? vmh_lua_invocation_fail(call, VMH_RESULT_ERROR_INPUT, code, text)
                            : status;
}

/* A callback takes whatever values an answer has. */
static vmh_status read_answer(vmh_lua_invocation *call, vmh_argument_array *out, bool *good)
{
    vmh_argument_fault fault;
    vmh_status status = vmh_argument_array_decode(call->input->input_arguments, call->arena, out,
                                                  good, &fault, call->why);

    if (status != VMH_OK || *good)
        return status;
    return refuse(call, VMH_CODE_WRONG_ARGUMENTS, VMH_TEXT_ARGUMENT_UNKNOWN, fault.index);
}

static vmh_status read_arguments(vmh_lua_invocation *call, const vmh_method *method,
                                 vmh_bytes packed, vmh_argument_array *out, bool *good)
{
    vmh_bytes refusal = {0};
    vmh_status status = vmh_method_read_arguments(method, call->input->contract_name, packed,
                                                  call->processor->genesis->rules->go_type_names,
                                                  call->arena, out, &refusal, call->why);

    *good = status == VMH_OK && refusal.size == 0;
    if (status != VMH_OK || *good)
        return status;
    return vmh_lua_invocation_fail(call, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS, refusal);
}

/* Visibility and access, before code is entered. */
static vmh_status check_scopes(vmh_lua_invocation *call, const vmh_lua_declared_method *method,
                               bool *good)
{
    const vmh_process_call_input *input = call->input;

    *good = false;
    /* One that is not declared runs when the contract is deployed too, and does nothing. */
    if (method == NULL && vmh_bytes_equal(input->method_name, VMH_LITERAL("_init")))
        return refuse(call, vmh_internal_method_code(input->method_name), VMH_TEXT_SYSTEM_ONLY,
                      VMH_PRINT(input->method_name));
    if (method == NULL)
        return refuse(call, VMH_CODE_UNKNOWN_METHOD, VMH_TEXT_METHOD_NOT_FOUND,
                      VMH_PRINT(input->method_name), VMH_PRINT(input->contract_name));
    if (method->is_callback && input->execution_kind != VMH_EXECUTION_CALLBACK &&
        input->execution_kind != VMH_EXECUTION_GROUP)
        return vmh_lua_invocation_fail_text(call, VMH_LITERAL(VMH_TEXT_ASYNC_CALLED_DIRECTLY));
    if (method->method.is_internal && input->calling_permission_scope != VMH_PERMISSION_SYSTEM)
        return refuse(call, vmh_internal_method_code(input->method_name), VMH_TEXT_SYSTEM_ONLY,
                      VMH_PRINT(input->method_name));
    if (method->method.writes && input->access_scope != VMH_ACCESS_READ_WRITE)
        return refuse(call, VMH_CODE_WRONG_ARGUMENTS, VMH_TEXT_READ_WRITE_ONLY,
                      VMH_PRINT(input->contract_name), VMH_PRINT(input->method_name));
    *good = true;
    return VMH_OK;
}

static vmh_status process_method(vmh_lua_invocation *call)
{
    const vmh_lua_declared_method *method = NULL;
    vmh_argument_array arguments;
    vmh_lua_outcome outcome;
    bool good;
    bool paid = true;
    vmh_status status = vmh_lua_invocation_load(call, &good);

    if (status == VMH_OK && good)
        status = vmh_lua_invocation_pay_entry(call, &paid);
    if (status != VMH_OK || !paid)
        return status;
    if (good)
        method = vmh_lua_interface_method(call->sdk.interface, call->input->method_name);
    status = check_scopes(call, method, &good);
    if (status == VMH_OK && good)
        status = method->is_callback
                     ? read_answer(call, &arguments, &good)
                     : read_arguments(call, &method->method, call->input->input_arguments,
                                      &arguments, &good);
    if (status == VMH_OK && good)
        status = vmh_lua_invocation_run_main(call, call->sdk.gas_limit - call->out->gas_used,
                                             &outcome, &good);
    if (status != VMH_OK || !good)
        return status;
    return vmh_lua_invocation_run_method(call, method, arguments,
                                         vmh_lua_find_function(&outcome, call->input->method_name));
}

/* ---- deployment ---- */

static vmh_status compile(vmh_lua_invocation *call, vmh_bytes source, vmh_hash32 *hash, bool *good)
{
    vmh_bytes refusal = {0};
    vmh_status status = VMH_OK;

    vmh_sha256(source, hash);
    call->contract = vmh_lua_cache_hold(hash);
    if (call->contract == NULL)
        status = vmh_lua_cache_add(hash, call->input->contract_name, source, call->arena,
                                   &call->contract, &refusal, call->why);
    *good = call->contract != NULL;
    if (status != VMH_OK || *good)
        return status;
    return vmh_lua_invocation_fail_text(call, refusal);
}

static vmh_status keep_record(vmh_lua_invocation *call, const vmh_hash32 *hash)
{
    uint8_t record[VMH_LUA_RECORD_SIZE];
    vmh_argument argument =
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(record, sizeof record));
    vmh_sdk_call asked = {
        .context_id = call->input->context_id,
        .operation_name = VMH_LITERAL("Sdk.Service"),
        .method_name = VMH_LITERAL("putCode"),
        .input_arguments = {&argument, 1},
        .permission_scope = VMH_PERMISSION_SYSTEM,
    };
    vmh_sdk_result result;

    vmh_put_u32_le(record, VMH_LUA_REVISION);
    memcpy(record + 4, hash->bytes, sizeof hash->bytes);
    return call->processor->handler->handle_sdk_call(call->processor->handler, &asked, call->arena,
                                                     &result, call->why);
}

/* What a code declares is the same whenever its main chunk gets past the declaration. */
static void declare(vmh_lua_invocation *call)
{
    if (call->sdk.made == NULL)
        return;
    vmh_lua_contract_declare(call->contract, call->sdk.made);
    call->sdk.made = NULL;
    call->sdk.interface = vmh_lua_contract_interface(call->contract);
}

static vmh_status run_init(vmh_lua_invocation *call, vmh_bytes packed,
                           const vmh_lua_outcome *outcome)
{
    static const vmh_lua_declared_method none = {
        .method = {.name = {(const uint8_t *)"_init", 5}, .writes = true}};
    const vmh_lua_declared_method *method =
        vmh_lua_interface_method(call->sdk.interface, VMH_LITERAL("_init"));
    vmh_argument_array arguments;
    bool good;
    vmh_status status = read_arguments(call, method == NULL ? &none.method : &method->method,
                                       packed, &arguments, &good);

    if (status != VMH_OK || !good || method == NULL)
        return status;
    return vmh_lua_invocation_run_method(call, method, arguments,
                                         vmh_lua_find_function(outcome, method->method.name));
}

static vmh_status process_init(vmh_lua_invocation *call)
{
    vmh_argument_array parts = {0};
    vmh_bytes source = {0}, wrong = {0};
    vmh_lua_outcome outcome;
    vmh_hash32 hash;
    bool good;
    vmh_status status = vmh_lua_invocation_parts(call, &parts);

    call->sdk.is_deploying = true;
    if (status == VMH_OK && parts.count > DEPLOYMENT_PARTS)
        return vmh_lua_invocation_fail_text(call, VMH_LITERAL(VMH_TEXT_LUA_PARTS));
    if (status == VMH_OK) {
        source = parts.items[0].value.bytes;
        status = vmh_lua_invocation_pay(call, source.size * VMH_LUA_GAS_PER_SOURCE_BYTE, &good);
    }
    if (status == VMH_OK && good)
        status = compile(call, source, &hash, &good);
    if (status != VMH_OK || !good)
        return status;
    call->sdk.interface = vmh_lua_contract_interface(call->contract);
    status = vmh_lua_invocation_run_main(call, call->sdk.gas_limit - call->out->gas_used, &outcome,
                                         &good);
    if (status == VMH_OK && good) {
        declare(call);
        status =
            vmh_lua_check_contract(call->sdk.interface, &outcome, call->arena, &wrong, call->why);
    }
    if (status == VMH_OK && wrong.size != 0)
        return vmh_lua_invocation_fail_text(call, wrong);
    if (status == VMH_OK && good)
        status = keep_record(call, &hash);
    if (status != VMH_OK || !good)
        return status;
    return run_init(call, parts.count > 1 ? parts.items[1].value.bytes : (vmh_bytes){0}, &outcome);
}

/* ---- the port ---- */

static vmh_status process_call(vmh_processor *processor, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *out, vmh_failure *why)
{
    vmh_lua_invocation call = {
        .processor = (vmh_lua_processor *)processor,
        .input = input,
        .arena = arena,
        .out = out,
        .why = why,
    };
    bool is_init = vmh_bytes_equal(input->method_name, VMH_LITERAL("_init")) &&
                   input->calling_permission_scope == VMH_PERMISSION_SYSTEM;
    vmh_status status;

    *out = (vmh_process_call_output){.call_result = VMH_RESULT_SUCCESS};
    if (call.processor->handler == NULL)
        return vmh_fail(why, VMH_E_CONTEXT, "the processor of Lua has no SDK handler yet");
    status = vmh_lua_invocation_open(&call);
    if (status == VMH_OK)
        status = input->resume != NULL ? vmh_lua_invocation_resume(&call)
                 : is_init             ? process_init(&call)
                                       : process_method(&call);
    vmh_lua_invocation_close(&call);
    return status;
}

/* No contract in Lua is known beforehand. */
static vmh_status get_contract_info(vmh_processor *processor, vmh_bytes context_id,
                                    vmh_bytes contract_name, bool *found,
                                    vmh_permission_scope *permission_scope, vmh_failure *why)
{
    (void)processor;
    (void)context_id;
    (void)contract_name;
    (void)permission_scope;
    (void)why;
    *found = false;
    return VMH_OK;
}

static vmh_status describe_method(vmh_processor *processor, vmh_bytes context_id,
                                  vmh_bytes contract_name, size_t index, vmh_arena *arena,
                                  bool *found, vmh_method_description *method, vmh_failure *why)
{
    vmh_process_call_input input = {.context_id = context_id, .contract_name = contract_name};
    vmh_process_call_output out = {0};
    vmh_lua_invocation call = {
        .processor = (vmh_lua_processor *)processor,
        .input = &input,
        .arena = arena,
        .out = &out,
        .why = why,
    };
    vmh_status status = vmh_lua_invocation_open(&call);

    *found = false;
    if (status == VMH_OK)
        status = vmh_lua_invocation_load(&call, found);
    *found = *found && status == VMH_OK && index < call.sdk.interface->method_count;
    if (*found) {
        const vmh_method *declared = &call.sdk.interface->methods[index].method;

        /* The contract may leave the cache before the answer is used. */
        method->is_variadic =
            declared->is_variadic || call.sdk.interface->methods[index].is_callback;
        method->parameter_count = declared->parameter_count;
        method->parameters =
            vmh_arena_alloc_array(arena, declared->parameter_count, sizeof *method->parameters);
        if (method->parameters == NULL)
            status = vmh_fail_memory(why);
        else if (declared->parameter_count != 0)
            memcpy((vmh_argument_type *)(uintptr_t)method->parameters, declared->parameters,
                   declared->parameter_count * sizeof *method->parameters);
        if (status == VMH_OK)
            status = vmh_arena_copy(arena, declared->name, &method->name, why);
    }
    vmh_lua_invocation_close(&call);
    return status;
}

static vmh_status may_call_back(vmh_processor *processor, vmh_bytes context_id,
                                vmh_bytes contract_name, vmh_bytes method_name, bool *may,
                                vmh_failure *why)
{
    vmh_process_call_input input = {.context_id = context_id, .contract_name = contract_name};
    vmh_process_call_output out = {0};
    vmh_arena arena;
    vmh_lua_invocation call = {
        .processor = (vmh_lua_processor *)processor,
        .input = &input,
        .arena = &arena,
        .out = &out,
        .why = why,
    };
    const vmh_lua_declared_method *method = NULL;
    bool found = false;
    vmh_status status;

    vmh_arena_init(&arena);
    status = vmh_lua_invocation_open(&call);
    if (status == VMH_OK)
        status = vmh_lua_invocation_load(&call, &found);
    if (status == VMH_OK && found)
        method = vmh_lua_interface_method(call.sdk.interface, method_name);
    *may = method != NULL && method->is_callback;
    vmh_lua_invocation_close(&call);
    vmh_arena_clear(&arena);
    return status;
}

static vmh_status take_handler(vmh_processor *processor, vmh_sdk_handler *handler, vmh_failure *why)
{
    (void)why;
    ((vmh_lua_processor *)processor)->handler = handler;
    return VMH_OK;
}

static void free_processor(vmh_processor *processor)
{
    vmh_lua_processor *of = (vmh_lua_processor *)processor;

    while (of->state_count > 0)
        vmh_lua_state_free(of->states[--of->state_count]);
    vmh_lua_cache_close();
    free(of);
}

vmh_status vmh_lua_processor_new(const vmh_genesis *genesis, vmh_processor **out, vmh_failure *why)
{
    vmh_lua_processor *of = calloc(1, sizeof *of);
    vmh_status status;

    *out = NULL;
    if (of == NULL)
        return vmh_fail_memory(why);
    status = vmh_lua_cache_open(why);
    if (status != VMH_OK) {
        free(of);
        return status;
    }
    of->port.process_call = process_call;
    of->port.get_contract_info = get_contract_info;
    of->port.describe_method = describe_method;
    of->port.may_call_back = may_call_back;
    of->port.contract_sdk_call_handler = take_handler;
    of->port.free = free_processor;
    of->port.pays_for_messages = true;
    of->genesis = genesis;
    *out = &of->port;
    return VMH_OK;
}
