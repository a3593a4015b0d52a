#include "contractlua/lua_processor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/argument_codec.h"
#include "contractlua/contract.h"
#include "contractlua/lib_sdk.h"
#include "contractlua/watch.h"
#include "crypto/digest.h"
#include "types/host_texts.h"

enum {
    LANGUAGE_REVISION = 1,
    KEPT_STATES = 64,     /* as many as services can be in each other */
    DEPLOYMENT_PARTS = 2,
};

typedef struct lua_call lua_call;

typedef struct lua_processor {
    vmh_processor port; /* first */
    const vmh_genesis *genesis;
    vmh_sdk_handler *handler;
    vmh_lua_state *states[KEPT_STATES]; /* not in use */
    size_t state_count;
    lua_call *running; /* the innermost */
} lua_processor;

/* One call while it is processed. */
struct lua_call {
    lua_processor *processor;
    lua_call *outer;
    const vmh_process_call_input *input;
    vmh_lua_contract *contract;
    vmh_lua_state *L;
    vmh_lua_sdk sdk;
    vmh_arena scratch;
    vmh_arena *arena;
    vmh_process_call_output *out;
    vmh_failure *why;
};

/* ---- how a call ends ---- */

static vmh_status fail(lua_call *call, vmh_execution_result result, uint32_t code, vmh_bytes text)
{
    call->out->call_result = result;
    call->out->code = code;
    call->out->error = text;
    return vmh_argument_array_pack_text(text, call->arena, &call->out->output_arguments,
                                        call->why);
}

static vmh_status refuse(lua_call *call, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses before any code is entered. */
static vmh_status refuse(lua_call *call, uint32_t code, const char *format, ...)
{
    char formatted[1024];
    vmh_bytes text;
    va_list list;
    vmh_status status;

    va_start(list, format);
    vsnprintf(formatted, sizeof formatted, format, list);
    va_end(list);
    status = vmh_arena_copy(call->arena, vmh_bytes_text(formatted), &text, call->why);
    return status == VMH_OK ? fail(call, VMH_RESULT_ERROR_INPUT, code, text) : status;
}

/* The contract fails with a text of the processor's own. */
static vmh_status fail_text(lua_call *call, vmh_bytes text)
{
    vmh_bytes copy;
    vmh_status status = vmh_arena_copy(call->arena, text, &copy, call->why);

    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_CONTRACT_FAILED, copy);
}

static vmh_status fail_by_outcome(lua_call *call, const vmh_lua_outcome *outcome)
{
    char number[80];
    uint32_t code = outcome->stop == VMH_LUA_STOP_GAS     ? VMH_CODE_OUT_OF_GAS
                    : outcome->stop == VMH_LUA_STOP_ABORT ? call->sdk.abort_code
                    : call->L->error_code != 0            ? call->L->error_code
                                                          : VMH_CODE_CONTRACT_FAILED;
    vmh_bytes text;
    vmh_status status =
        vmh_arena_copy(call->arena, vmh_lua_error_text(outcome, number), &text, call->why);

    if (outcome->trace->count != 0)
        call->out->line = outcome->trace->entries[0].line;
    call->out->ends_execution = outcome->stop != VMH_LUA_STOP_NONE;
    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, code, text);
}

/* ---- the state of a call ---- */

/* What `print` writes goes to who watches. */
static vmh_status print(void *context, vmh_bytes text, vmh_failure *why)
{
    const lua_call *call = context;
    vmh_trace *trace = call->input->trace;

    if (trace == NULL || trace->print == NULL)
        return VMH_OK;
    return trace->print(trace, call->input->contract_name, text, why);
}

/* Logical bytes that are left of the transaction's, those that nested it are still using. */
static uint64_t memory_left(const lua_call *call)
{
    uint64_t limit = call->processor->genesis->limits.lua_memory_size;

    for (const lua_call *outer = call->outer; outer != NULL; outer = outer->outer) {
        if (vmh_bytes_equal(outer->input->context_id, call->input->context_id))
            return outer->L->heap.limit - (outer->L->heap.counted < outer->L->heap.limit
                                               ? outer->L->heap.counted
                                               : outer->L->heap.limit);
    }
    return limit;
}

static vmh_status open_call(lua_call *call)
{
    lua_processor *processor = call->processor;
    bool traced = call->input->trace != NULL && call->input->trace->print != NULL;

    vmh_arena_init(&call->scratch);
    call->sdk = (vmh_lua_sdk){
        .handler = processor->handler,
        .context_id = call->input->context_id,
        .scratch = &call->scratch,
        .gas_limit = call->input->gas_limit > INT64_MAX ? INT64_MAX : call->input->gas_limit,
        .argument_limit = processor->genesis->limits.argument_array_size,
    };
    call->L = processor->state_count > 0 ? processor->states[--processor->state_count]
                                         : vmh_lua_state_new(vmh_lua_cache_library());
    if (call->L == NULL)
        return vmh_fail_memory(call->why);
    call->L->sdk = &call->sdk;
    call->L->why = call->why;
    call->L->print = traced ? print : NULL;
    call->L->print_context = call;
    vmh_lua_heap_reset(&call->L->heap, 0);
    call->outer = processor->running;
    processor->running = call;
    return vmh_lua_watch_set(call->L, call->input->trace, call->input->contract_name, call->why);
}

/* What it counted stays counted in who called it. */
static void close_call(lua_call *call)
{
    lua_processor *processor = call->processor;

    vmh_arena_clear(&call->scratch);
    vmh_lua_cache_release(call->contract);
    vmh_lua_interface_free(call->sdk.made);
    if (call->L == NULL)
        return;
    processor->running = call->outer;
    for (lua_call *outer = call->outer; outer != NULL; outer = outer->outer) {
        if (!vmh_bytes_equal(outer->input->context_id, call->input->context_id))
            continue;
        vmh_lua_heap_count(&outer->L->heap, call->L->heap.counted);
        break;
    }
    call->L->sdk = NULL;
    vmh_lua_watch_free(call->L->watch);
    call->L->watch = NULL;
    vmh_lua_heap_reset(&call->L->heap, 0);
    if (processor->state_count < KEPT_STATES)
        processor->states[processor->state_count++] = call->L;
    else
        vmh_lua_state_free(call->L);
}

/* ---- the code ---- */

/* One answer of the host, before the machine runs; refusals have no place here. */
static vmh_status ask(lua_call *call, const char *method, const vmh_argument *arguments,
                      size_t count, vmh_argument_type type, vmh_argument *answer)
{
    vmh_sdk_call asked = {
        .context_id = call->input->context_id,
        .operation_name = VMH_LITERAL("Sdk.Service"),
        .method_name = vmh_bytes_text(method),
        .input_arguments = {arguments, count},
        .permission_scope = VMH_PERMISSION_SYSTEM,
    };
    vmh_sdk_result result;
    vmh_status status = call->processor->handler->handle_sdk_call(
        call->processor->handler, &asked, call->arena, &result, call->why);

    if (status != VMH_OK)
        return status;
    if (result.outcome != VMH_SDK_OK || result.output_arguments.count != 1 ||
        result.output_arguments.items[0].type != type)
        return vmh_fail(call->why, VMH_E_SCRIPT, "SDK handler answered no %s to %s",
                        vmh_argument_type_name(type), method);
    *answer = result.output_arguments.items[0];
    return VMH_OK;
}

/* What the host knows of the service. */
static vmh_status ask_of_service(lua_call *call, const char *method, vmh_argument_type type,
                                 vmh_argument *answer)
{
    vmh_argument name = vmh_argument_string(call->input->contract_name);

    return ask(call, method, &name, 1, type, answer);
}

/* The source, and the packed arguments of `_init` where they came with it. */
static vmh_status read_parts(lua_call *call, vmh_argument_array *parts)
{
    vmh_argument answer;
    vmh_status status = ask_of_service(call, "getParts", VMH_ARGUMENT_BYTES_ARRAY, &answer);

    if (status == VMH_OK && answer.value.array.count == 0)
        status = vmh_fail(call->why, VMH_E_SCRIPT, "SDK handler answered no parts");
    if (status == VMH_OK)
        *parts = answer.value.array;
    return status;
}

/* What stands under the key `code`: revision, then hash. */
enum { CODE_RECORD_SIZE = 4 + 32 };

static vmh_status read_record(lua_call *call, vmh_hash32 *hash, bool *found)
{
    vmh_argument answer;
    vmh_bytes record;
    vmh_status status = ask_of_service(call, "getCode", VMH_ARGUMENT_BYTES, &answer);

    *found = false;
    if (status != VMH_OK || answer.value.bytes.size == 0)
        return status;
    record = answer.value.bytes;
    if (record.size != CODE_RECORD_SIZE || vmh_get_u32_le(record.data) != LANGUAGE_REVISION)
        return vmh_fail(call->why, VMH_E_STORE_CORRUPT, "service '%.*s' keeps no code of revision %d",
                        VMH_PRINT(call->input->contract_name), LANGUAGE_REVISION);
    memcpy(hash->bytes, record.data + 4, sizeof hash->bytes);
    *found = true;
    return VMH_OK;
}

/* Holds the contract of a deployed service, with its interface. */
static vmh_status load(lua_call *call, bool *found)
{
    vmh_hash32 hash;
    vmh_argument_array parts;
    vmh_bytes refusal = {0};
    vmh_status status = read_record(call, &hash, found);

    if (status != VMH_OK || !*found)
        return status;
    call->contract = vmh_lua_cache_hold(&hash);
    if (call->contract == NULL) {
        status = read_parts(call, &parts);
        if (status == VMH_OK)
            status = vmh_lua_cache_add(&hash, call->input->contract_name,
                                       parts.items[0].value.bytes, call->arena, &call->contract,
                                       &refusal, call->why);
        if (status == VMH_OK && call->contract == NULL)
            status = vmh_fail(call->why, VMH_E_STORE_CORRUPT, "the code of a service: %.*s",
                              VMH_PRINT(refusal));
    }
    /* It declared something when it was deployed, so it does without limit too. */
    if (status == VMH_OK)
        status = vmh_lua_learn_interface(call->contract, INT64_MAX,
                                         call->processor->genesis->limits.lua_memory_size,
                                         call->arena, &refusal, call->why);
    if (status == VMH_OK && vmh_lua_contract_interface(call->contract) == NULL)
        status = vmh_fail(call->why, VMH_E_STORE_CORRUPT, "the code of service '%.*s': %.*s",
                          VMH_PRINT(call->input->contract_name), VMH_PRINT(refusal));
    if (status == VMH_OK)
        call->sdk.interface = vmh_lua_contract_interface(call->contract);
    return status;
}

/* ---- running ---- */

static void settle_gas(lua_call *call, const vmh_lua_outcome *outcome)
{
    uint64_t used = outcome->stop == VMH_LUA_STOP_GAS ? call->sdk.gas_limit
                                                      : call->sdk.gas_limit -
                                                            (uint64_t)call->L->gas;

    call->out->gas_used = used - call->sdk.nested_gas;
}

/* The main chunk, paid; `*good` false where it failed. */
static vmh_status run_main(lua_call *call, uint64_t gas, vmh_lua_outcome *outcome, bool *good)
{
    vmh_status status;

    call->sdk.is_declaring = true;
    status = vmh_lua_run(call->L, vmh_lua_contract_code(call->contract), gas, memory_left(call),
                         outcome, call->why);
    call->sdk.is_declaring = false;
    *good = status == VMH_OK && outcome->is_good;
    if (status != VMH_OK)
        return status;
    settle_gas(call, outcome);
    return *good ? VMH_OK : fail_by_outcome(call, outcome);
}

/*
 * Results of a method as its declaration has them; values beyond those are let go, as the
 * language does with what nobody asked for. A mismatch fails the contract.
 */
static vmh_status pack_results(lua_call *call, const vmh_lua_declared_method *method,
                               vmh_lua_outcome *outcome)
{
    vmh_lua_expected expected = {"result of", method->method.name, method->method.results,
                                 method->method.result_count, NULL, false};
    uint32_t count = outcome->result_count < expected.count ? outcome->result_count
                                                            : (uint32_t)expected.count;
    vmh_argument_array array;
    vmh_lua_step step;
    bool packed;
    vmh_status status;

    vmh_arena_reset(&call->scratch);
    packed = vmh_lua_check_values(call->L, &expected, outcome->results, count, &array, &step) &&
             vmh_lua_pay_for_array(call->L, array, &step);
    if (packed) {
        status = vmh_argument_array_pack(array, call->arena, &call->out->output_arguments,
                                         call->why);
        if (status != VMH_OK)
            return status;
    }
    if (call->L->stop == VMH_LUA_STOP_FAILED)
        return call->L->status;
    outcome->stop = call->L->stop;
    outcome->error = call->L->error;
    settle_gas(call, outcome);
    if (packed)
        return VMH_OK;
    outcome->is_good = false;
    return fail_by_outcome(call, outcome);
}

/* Arguments as values; false where the machine stopped. */
static bool make_values(lua_call *call, vmh_argument_array arguments, vmh_lua_value *values)
{
    for (size_t i = 0; i < arguments.count; i++) {
        if (!vmh_lua_from_argument(call->L, &arguments.items[i], &values[i])) {
            vmh_lua_stopped(call->L);
            return false;
        }
    }
    return true;
}

static vmh_status fail_by_stop(lua_call *call)
{
    vmh_lua_outcome outcome = {.stop = call->L->stop, .error = call->L->error,
                               .trace = &call->L->trace};

    if (call->L->stop == VMH_LUA_STOP_FAILED)
        return call->L->status;
    settle_gas(call, &outcome);
    return fail_by_outcome(call, &outcome);
}

/* Calls a method with its arguments, behind the main chunk. */
static vmh_status run_method(lua_call *call, const vmh_lua_declared_method *method,
                             vmh_argument_array arguments, vmh_lua_value function)
{
    vmh_lua_value *values =
        vmh_arena_alloc_array(call->arena, arguments.count, sizeof *values);
    vmh_lua_outcome outcome;
    vmh_status status;

    if (values == NULL)
        return vmh_fail_memory(call->why);
    if (!vmh_lua_charge_packed(call->L, call->input->input_arguments.size))
        return fail_by_stop(call);
    if (!make_values(call, arguments, values))
        return fail_by_stop(call);
    call->sdk.is_read_only = !method->method.writes;
    status = vmh_lua_call(call->L, function, values, (uint32_t)arguments.count, &outcome,
                          call->why);
    if (status != VMH_OK)
        return status;
    settle_gas(call, &outcome);
    return outcome.is_good ? pack_results(call, method, &outcome)
                           : fail_by_outcome(call, &outcome);
}

/* ---- methods ---- */

static vmh_status read_arguments(lua_call *call, const vmh_method *method, vmh_bytes packed,
                                 vmh_argument_array *out, bool *good)
{
    vmh_bytes refusal = {0};
    vmh_status status = vmh_method_read_arguments(
        method, call->input->contract_name, packed,
        call->processor->genesis->rules->go_type_names, call->arena, out, &refusal, call->why);

    *good = status == VMH_OK && refusal.size == 0;
    if (status != VMH_OK || *good)
        return status;
    return fail(call, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS, refusal);
}

/* Visibility and access, before code is entered. */
static vmh_status check_scopes(lua_call *call, const vmh_lua_declared_method *method, bool *good)
{
    const vmh_process_call_input *input = call->input;

    *good = false;
    if (method == NULL)
        return refuse(call, VMH_CODE_UNKNOWN_METHOD, VMH_TEXT_METHOD_NOT_FOUND,
                      VMH_PRINT(input->method_name), VMH_PRINT(input->contract_name));
    if (method->method.is_internal && input->calling_permission_scope != VMH_PERMISSION_SYSTEM)
        return refuse(call, VMH_CODE_UNKNOWN_METHOD, VMH_TEXT_SYSTEM_ONLY,
                      VMH_PRINT(input->method_name));
    if (method->method.writes && input->access_scope != VMH_ACCESS_READ_WRITE)
        return refuse(call, VMH_CODE_WRONG_ARGUMENTS, VMH_TEXT_READ_WRITE_ONLY,
                      VMH_PRINT(input->contract_name), VMH_PRINT(input->method_name));
    *good = true;
    return VMH_OK;
}

static vmh_status process_method(lua_call *call)
{
    const vmh_lua_declared_method *method = NULL;
    vmh_argument_array arguments;
    vmh_lua_outcome outcome;
    bool good;
    vmh_status status = load(call, &good);

    if (status == VMH_OK && good)
        method = vmh_lua_interface_method(call->sdk.interface, call->input->method_name);
    if (status == VMH_OK)
        status = check_scopes(call, method, &good);
    if (status == VMH_OK && good)
        status = read_arguments(call, &method->method, call->input->input_arguments, &arguments,
                                &good);
    if (status == VMH_OK && good)
        status = run_main(call, call->sdk.gas_limit, &outcome, &good);
    if (status != VMH_OK || !good)
        return status;
    return run_method(call, method, arguments,
                      vmh_lua_find_function(&outcome, call->input->method_name));
}

/* ---- deployment ---- */

/* Each byte of the source is paid before it is looked at. */
static vmh_status pay_for_source(lua_call *call, vmh_bytes source, bool *good)
{
    uint64_t price = source.size * VMH_LUA_GAS_PER_SOURCE_BYTE;

    *good = price <= call->sdk.gas_limit;
    call->out->gas_used = *good ? price : call->sdk.gas_limit;
    if (*good)
        return VMH_OK;
    call->out->ends_execution = true;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_OUT_OF_GAS,
                VMH_LITERAL(VMH_TEXT_OUT_OF_GAS));
}

static vmh_status compile(lua_call *call, vmh_bytes source, vmh_hash32 *hash, bool *good)
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
    return fail_text(call, refusal);
}

static vmh_status keep_record(lua_call *call, const vmh_hash32 *hash)
{
    uint8_t record[CODE_RECORD_SIZE];
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

    vmh_put_u32_le(record, LANGUAGE_REVISION);
    memcpy(record + 4, hash->bytes, sizeof hash->bytes);
    return call->processor->handler->handle_sdk_call(call->processor->handler, &asked, call->arena,
                                                     &result, call->why);
}

/* What a code declares is the same whenever its main chunk gets past the declaration. */
static void declare(lua_call *call)
{
    if (call->sdk.made == NULL)
        return;
    vmh_lua_contract_declare(call->contract, call->sdk.made);
    call->sdk.made = NULL;
    call->sdk.interface = vmh_lua_contract_interface(call->contract);
}

static vmh_status run_init(lua_call *call, vmh_bytes packed, const vmh_lua_outcome *outcome)
{
    static const vmh_lua_declared_method none = {.method = {.name = {(const uint8_t *)"_init", 5},
                                                            .writes = true}};
    const vmh_lua_declared_method *method =
        vmh_lua_interface_method(call->sdk.interface, VMH_LITERAL("_init"));
    vmh_argument_array arguments;
    bool good;
    vmh_status status = read_arguments(call, method == NULL ? &none.method : &method->method,
                                       packed, &arguments, &good);

    if (status != VMH_OK || !good || method == NULL)
        return status;
    return run_method(call, method, arguments,
                      vmh_lua_find_function(outcome, method->method.name));
}

static vmh_status process_init(lua_call *call)
{
    vmh_argument_array parts = {0};
    vmh_bytes source = {0}, wrong = {0};
    vmh_lua_outcome outcome;
    vmh_hash32 hash;
    bool good;
    vmh_status status = read_parts(call, &parts);

    call->sdk.is_deploying = true;
    if (status == VMH_OK && parts.count > DEPLOYMENT_PARTS)
        return fail_text(call, VMH_LITERAL(VMH_TEXT_LUA_PARTS));
    if (status == VMH_OK) {
        source = parts.items[0].value.bytes;
        status = pay_for_source(call, source, &good);
    }
    if (status == VMH_OK && good)
        status = compile(call, source, &hash, &good);
    if (status != VMH_OK || !good)
        return status;
    call->sdk.interface = vmh_lua_contract_interface(call->contract);
    status = run_main(call, call->sdk.gas_limit - call->out->gas_used, &outcome, &good);
    if (status == VMH_OK && good) {
        declare(call);
        status = vmh_lua_check_contract(call->sdk.interface, &outcome, call->arena, &wrong,
                                        call->why);
    }
    if (status == VMH_OK && wrong.size != 0)
        return fail_text(call, wrong);
    if (status == VMH_OK && good)
        status = keep_record(call, &hash);
    if (status != VMH_OK || !good)
        return status;
    return run_init(call, parts.count > 1 ? parts.items[1].value.bytes : (vmh_bytes){0},
                    &outcome);
}

/* ---- the port ---- */

static vmh_status process_call(vmh_processor *processor, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *out, vmh_failure *why)
{
    lua_call call = {
        .processor = (lua_processor *)processor,
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
    status = open_call(&call);
    if (status == VMH_OK)
        status = is_init ? process_init(&call) : process_method(&call);
    close_call(&call);
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
    lua_call call = {
        .processor = (lua_processor *)processor,
        .input = &input,
        .arena = arena,
        .out = &out,
        .why = why,
    };
    vmh_status status = open_call(&call);

    *found = false;
    if (status == VMH_OK)
        status = load(&call, found);
    *found = *found && status == VMH_OK && index < call.sdk.interface->method_count;
    if (*found) {
        const vmh_method *declared = &call.sdk.interface->methods[index].method;

        /* The contract may leave the cache before the answer is used. */
        method->is_variadic = declared->is_variadic;
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
    close_call(&call);
    return status;
}

static vmh_status take_handler(vmh_processor *processor, vmh_sdk_handler *handler,
                               vmh_failure *why)
{
    (void)why;
    ((lua_processor *)processor)->handler = handler;
    return VMH_OK;
}

static void free_processor(vmh_processor *processor)
{
    lua_processor *of = (lua_processor *)processor;

    while (of->state_count > 0)
        vmh_lua_state_free(of->states[--of->state_count]);
    vmh_lua_cache_close();
    free(of);
}

vmh_status vmh_lua_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                 vmh_failure *why)
{
    lua_processor *of = calloc(1, sizeof *of);
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
    of->port.contract_sdk_call_handler = take_handler;
    of->port.free = free_processor;
    of->port.pays_for_messages = true;
    of->genesis = genesis;
    *out = &of->port;
    return VMH_OK;
}
