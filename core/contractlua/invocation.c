#include "contractlua/invocation.h"

#include "codec/argument_codec.h"
#include "contractlua/watch.h"
#include "types/host_texts.h"

/* Bytes of a source that are entered for nothing. */
enum { USUAL_SOURCE = 4096 };

/* ---- how a call ends ---- */

vmh_status vmh_lua_invocation_fail(vmh_lua_invocation *call, vmh_execution_result result,
                                   uint32_t code, vmh_bytes text)
{
    call->out->call_result = result;
    call->out->code = code;
    call->out->error = text;
    return vmh_argument_array_pack_text(text, call->arena, &call->out->output_arguments, call->why);
}

/* The contract fails with a text of the processor's own. */
vmh_status vmh_lua_invocation_fail_text(vmh_lua_invocation *call, vmh_bytes text)
{
    vmh_bytes copy;
    vmh_status status = vmh_arena_copy(call->arena, text, &copy, call->why);

    if (status != VMH_OK)
        return status;
    return vmh_lua_invocation_fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_CONTRACT_FAILED,
                                   copy);
}

vmh_status vmh_lua_invocation_fail_by_outcome(vmh_lua_invocation *call,
                                              const vmh_lua_outcome *outcome)
{
    char number[80];
    /* The code of an error that was caught is not that of a later stop. */
    bool is_of_host = outcome->stop == VMH_LUA_STOP_NONE && call->L->error_code != 0;
    /* The machine itself ends no execution but one that waits where it may not. */
    uint32_t ended = call->sdk.abort_code != VMH_CODE_OK ? call->sdk.abort_code
                                                         : VMH_CODE_NESTED_CALL_FAILED;
    uint32_t code = outcome->stop == VMH_LUA_STOP_GAS     ? VMH_CODE_OUT_OF_GAS
                    : outcome->stop == VMH_LUA_STOP_ABORT ? ended
                    : is_of_host                          ? call->L->error_code
                                                          : VMH_CODE_CONTRACT_FAILED;
    vmh_bytes text;
    vmh_status status =
        vmh_arena_copy(call->arena, vmh_lua_error_text(outcome, number), &text, call->why);

    if (outcome->trace->count != 0)
        call->out->line = outcome->trace->entries[0].line;
    call->out->ends_execution = outcome->stop != VMH_LUA_STOP_NONE;
    if (status != VMH_OK)
        return status;
    return vmh_lua_invocation_fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, code, text);
}

/* ---- the state of a call ---- */

/* What `print` writes goes to who watches. */
static vmh_status print(void *context, vmh_bytes text, vmh_failure *why)
{
    const vmh_lua_invocation *call = context;
    vmh_trace *trace = call->input->trace;

    if (trace == NULL || trace->print == NULL)
        return VMH_OK;
    return trace->print(trace, call->input->contract_name, text, why);
}

/* Logical bytes that are left of the transaction's, those that nested it are still using. */
uint64_t vmh_lua_invocation_memory_left(const vmh_lua_invocation *call)
{
    uint64_t limit = call->processor->genesis->limits.lua_memory_size;

    for (const vmh_lua_invocation *outer = call->outer; outer != NULL; outer = outer->outer) {
        if (vmh_bytes_equal(outer->input->context_id, call->input->context_id))
            return outer->L->heap.limit - (outer->L->heap.counted < outer->L->heap.limit
                                               ? outer->L->heap.counted
                                               : outer->L->heap.limit);
    }
    return limit;
}

vmh_status vmh_lua_invocation_open(vmh_lua_invocation *call)
{
    vmh_lua_processor *processor = call->processor;
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
void vmh_lua_invocation_close(vmh_lua_invocation *call)
{
    vmh_lua_processor *processor = call->processor;

    vmh_arena_clear(&call->scratch);
    vmh_lua_cache_release(call->contract);
    vmh_lua_interface_free(call->sdk.made);
    if (call->L == NULL)
        return;
    processor->running = call->outer;
    for (vmh_lua_invocation *outer = call->outer; outer != NULL; outer = outer->outer) {
        if (!vmh_bytes_equal(outer->input->context_id, call->input->context_id))
            continue;
        vmh_lua_heap_count(&outer->L->heap, call->L->heap.counted);
        break;
    }
    call->L->sdk = NULL;
    vmh_lua_watch_free(call->L->watch);
    call->L->watch = NULL;
    vmh_lua_heap_reset(&call->L->heap, 0);
    if (processor->state_count < VMH_LUA_KEPT_STATES)
        processor->states[processor->state_count++] = call->L;
    else
        vmh_lua_state_free(call->L);
}

/* ---- the code ---- */

/* One answer of the host, before the machine runs; refusals have no place here. */
static vmh_status ask(vmh_lua_invocation *call, const char *method, const vmh_argument *arguments,
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
    vmh_status status = call->processor->handler->handle_sdk_call(call->processor->handler, &asked,
                                                                  call->arena, &result, call->why);

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
static vmh_status ask_of_service(vmh_lua_invocation *call, const char *method,
                                 vmh_argument_type type, vmh_argument *answer)
{
    vmh_argument name = vmh_argument_string(call->input->contract_name);

    return ask(call, method, &name, 1, type, answer);
}

/* The source, and the packed arguments of `_init` where they came with it. */
vmh_status vmh_lua_invocation_parts(vmh_lua_invocation *call, vmh_argument_array *parts)
{
    vmh_argument answer;
    vmh_status status = ask_of_service(call, "getParts", VMH_ARGUMENT_BYTES_ARRAY, &answer);

    if (status == VMH_OK && answer.value.array.count == 0)
        status = vmh_fail(call->why, VMH_E_SCRIPT, "SDK handler answered no parts");
    if (status == VMH_OK)
        *parts = answer.value.array;
    return status;
}

static vmh_status read_record(vmh_lua_invocation *call, vmh_hash32 *hash, bool *found)
{
    vmh_argument answer;
    vmh_bytes record;
    vmh_status status = ask_of_service(call, "getCode", VMH_ARGUMENT_BYTES, &answer);

    *found = false;
    if (status != VMH_OK || answer.value.bytes.size == 0)
        return status;
    record = answer.value.bytes;
    if (record.size != VMH_LUA_RECORD_SIZE || vmh_get_u32_le(record.data) != VMH_LUA_REVISION)
        return vmh_fail(call->why, VMH_E_STORE_CORRUPT,
                        "service '%.*s' keeps no code of revision %d",
                        VMH_PRINT(call->input->contract_name), VMH_LUA_REVISION);
    memcpy(hash->bytes, record.data + 4, sizeof hash->bytes);
    *found = true;
    return VMH_OK;
}

/* Holds the contract of a deployed service, with its interface. */
vmh_status vmh_lua_invocation_load(vmh_lua_invocation *call, bool *found)
{
    vmh_hash32 hash;
    vmh_argument_array parts;
    vmh_bytes refusal = {0};
    vmh_status status = read_record(call, &hash, found);

    if (status != VMH_OK || !*found)
        return status;
    call->contract = vmh_lua_cache_hold(&hash);
    if (call->contract == NULL) {
        status = vmh_lua_invocation_parts(call, &parts);
        if (status == VMH_OK)
            status =
                vmh_lua_cache_add(&hash, call->input->contract_name, parts.items[0].value.bytes,
                                  call->arena, &call->contract, &refusal, call->why);
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

vmh_status vmh_lua_invocation_pay(vmh_lua_invocation *call, uint64_t price, bool *good)
{
    *good = price <= call->sdk.gas_limit;
    call->out->gas_used = *good ? price : call->sdk.gas_limit;
    if (*good)
        return VMH_OK;
    call->out->ends_execution = true;
    return vmh_lua_invocation_fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_OUT_OF_GAS,
                                   VMH_LITERAL(VMH_TEXT_OUT_OF_GAS));
}

vmh_status vmh_lua_invocation_pay_entry(vmh_lua_invocation *call, bool *good)
{
    size_t size = vmh_lua_contract_code(call->contract)->source.size;
    uint64_t beyond = size > USUAL_SOURCE ? size - USUAL_SOURCE : 0;

    return vmh_lua_invocation_pay(call, beyond * VMH_LUA_GAS_PER_ENTERED_BYTE, good);
}

/* ---- running ---- */

void vmh_lua_invocation_settle_gas(vmh_lua_invocation *call, const vmh_lua_outcome *outcome)
{
    uint64_t used = outcome->stop == VMH_LUA_STOP_GAS
                        ? call->sdk.gas_limit
                        : call->sdk.gas_limit - (uint64_t)call->L->gas;

    call->out->gas_used = used - call->sdk.nested_gas;
}

vmh_status vmh_lua_invocation_fail_by_stop(vmh_lua_invocation *call)
{
    vmh_lua_outcome outcome = {
        .stop = call->L->stop, .error = call->L->error, .trace = &call->L->trace};

    if (call->L->stop == VMH_LUA_STOP_FAILED)
        return call->L->status;
    vmh_lua_invocation_settle_gas(call, &outcome);
    return vmh_lua_invocation_fail_by_outcome(call, &outcome);
}

/* The main chunk, paid; `*good` false where it failed. */
vmh_status vmh_lua_invocation_run_main(vmh_lua_invocation *call, uint64_t gas,
                                       vmh_lua_outcome *outcome, bool *good)
{
    vmh_status status;

    call->sdk.is_declaring = true;
    status = vmh_lua_run(call->L, vmh_lua_contract_code(call->contract), gas,
                         vmh_lua_invocation_memory_left(call), outcome, call->why);
    call->sdk.is_declaring = false;
    *good = status == VMH_OK && outcome->is_good;
    if (status != VMH_OK)
        return status;
    vmh_lua_invocation_settle_gas(call, outcome);
    return *good ? VMH_OK : vmh_lua_invocation_fail_by_outcome(call, outcome);
}

/*
 * Results of a method as its declaration has them; values beyond those are let go, as the
 * language does with what nobody asked for. A mismatch fails the contract.
 */
static vmh_status pack_results(vmh_lua_invocation *call, const vmh_lua_declared_method *method,
                               vmh_lua_outcome *outcome)
{
    vmh_lua_expected expected = {
        "result of", method->method.name, method->method.results, method->method.result_count, NULL,
        false};
    uint32_t count =
        outcome->result_count < expected.count ? outcome->result_count : (uint32_t)expected.count;
    vmh_argument_array array;
    vmh_lua_step step;
    bool packed;
    vmh_status status;

    vmh_arena_reset(&call->scratch);
    packed = vmh_lua_check_values(call->L, &expected, outcome->results, count, &array, &step) &&
             vmh_lua_pay_for_array(call->L, array, &step);
    if (packed) {
        status =
            vmh_argument_array_pack(array, call->arena, &call->out->output_arguments, call->why);
        if (status != VMH_OK)
            return status;
    }
    if (call->L->stop == VMH_LUA_STOP_FAILED)
        return call->L->status;
    outcome->stop = call->L->stop;
    outcome->error = call->L->error;
    vmh_lua_invocation_settle_gas(call, outcome);
    if (packed)
        return VMH_OK;
    outcome->is_good = false;
    return vmh_lua_invocation_fail_by_outcome(call, outcome);
}

/* What came of the method, or of a part of it: results, a failure, or something to wait for. */
vmh_status vmh_lua_invocation_conclude(vmh_lua_invocation *call,
                                       const vmh_lua_declared_method *method,
                                       vmh_lua_outcome *outcome)
{
    if (outcome->is_suspended)
        return vmh_lua_invocation_suspend(call, method);
    vmh_lua_invocation_settle_gas(call, outcome);
    return outcome->is_good ? pack_results(call, method, outcome)
                            : vmh_lua_invocation_fail_by_outcome(call, outcome);
}

/* Arguments as values; false where the machine stopped. */
bool vmh_lua_invocation_make_values(vmh_lua_invocation *call, vmh_argument_array arguments,
                                    vmh_lua_value *values)
{
    for (size_t i = 0; i < arguments.count; i++) {
        if (!vmh_lua_from_argument(call->L, &arguments.items[i], &values[i])) {
            vmh_lua_stopped(call->L);
            return false;
        }
    }
    return true;
}

/* Calls a method with its arguments, behind the main chunk. */
vmh_status vmh_lua_invocation_run_method(vmh_lua_invocation *call,
                                         const vmh_lua_declared_method *method,
                                         vmh_argument_array arguments, vmh_lua_value function)
{
    vmh_lua_value *values = vmh_arena_alloc_array(call->arena, arguments.count, sizeof *values);
    vmh_lua_outcome outcome;
    vmh_status status;

    if (values == NULL)
        return vmh_fail_memory(call->why);
    if (!vmh_lua_charge_packed(call->L, call->input->input_arguments.size))
        return vmh_lua_invocation_fail_by_stop(call);
    if (!vmh_lua_invocation_make_values(call, arguments, values))
        return vmh_lua_invocation_fail_by_stop(call);
    call->sdk.is_read_only = !method->method.writes;
    status =
        vmh_lua_call(call->L, function, values, (uint32_t)arguments.count, &outcome, call->why);
    if (status != VMH_OK)
        return status;
    return vmh_lua_invocation_conclude(call, method, &outcome);
}
