/* Executions that wait for an answer: how they are stored, and how they go on. */
#include "codec/argument_codec.h"
#include "contractlua/invocation.h"
#include "contractlua/freeze.h"

/* ---- what waits for an answer ---- */

/*
 * What is stored of a suspended execution: version 1 (u32), then, each behind its length
 * (u32), the method, the service that is asked, the signature of what it is asked, and the group
 * of asynchronous calls that name none; then the frozen execution. Integers are little-endian.
 */
enum { STORED_VERSION = 1 };

typedef struct stored_run {
    vmh_bytes method, service, signature, group, frozen;
} stored_run;

static void put_part(vmh_buffer *out, vmh_bytes part)
{
    uint8_t size[4];

    vmh_put_u32_le(size, (uint32_t)part.size);
    vmh_buffer_append(out, vmh_bytes_of(size, sizeof size));
    vmh_buffer_append(out, part);
}

/* Writes down what is suspended; `*fits` false where that is too much. */
static vmh_status store_run(vmh_lua_invocation *call, const vmh_lua_declared_method *method,
                            vmh_buffer *out, bool *fits)
{
    const vmh_lua_awaited *awaited = &call->sdk.awaited;
    vmh_bytes group = {0};
    uint8_t version[4];
    vmh_status status;

    if (call->sdk.group != NULL)
        group = vmh_lua_string_bytes(call->sdk.group);
    vmh_put_u32_le(version, STORED_VERSION);
    vmh_buffer_append(out, vmh_bytes_of(version, sizeof version));
    put_part(out, method->method.name);
    put_part(out, awaited->service);
    put_part(out, awaited->signature);
    put_part(out, group);
    status = vmh_lua_freeze(call->L, out, NULL, call->why);
    *fits = status != VMH_E_LIMIT;
    if (status == VMH_E_LIMIT)
        return VMH_OK;
    return status == VMH_OK ? vmh_buffer_check(out, call->why) : status;
}

static bool take_part(vmh_bytes *rest, vmh_bytes *part)
{
    size_t size;

    if (rest->size < 4)
        return false;
    size = vmh_get_u32_le(rest->data);
    if (size > rest->size - 4)
        return false;
    *part = vmh_bytes_of(rest->data + 4, size);
    *rest = vmh_bytes_of(rest->data + 4 + size, rest->size - 4 - size);
    return true;
}

static bool read_stored(vmh_bytes stored, stored_run *out)
{
    if (stored.size < 4 || vmh_get_u32_le(stored.data) != STORED_VERSION)
        return false;
    out->frozen = vmh_bytes_of(stored.data + 4, stored.size - 4);
    return take_part(&out->frozen, &out->method) && take_part(&out->frozen, &out->service) &&
           take_part(&out->frozen, &out->signature) && take_part(&out->frozen, &out->group);
}

/* Sends the call with what goes on from its answer. A refusal of the host ends the run. */
static vmh_status send_awaited(vmh_lua_invocation *call, vmh_bytes stored)
{
    static const vmh_lua_operation operation = {"Sdk.Message", "suspend", VMH_PERMISSION_SERVICE};
    const vmh_lua_awaited *awaited = &call->sdk.awaited;
    size_t size = stored.size + vmh_argument_array_strip_header(awaited->packed).size;
    uint8_t amount[32];
    vmh_argument arguments[8] = {
        vmh_argument_string(awaited->service),
        vmh_argument_string(awaited->signature),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, awaited->packed),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, awaited->token),
        vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, sizeof amount)),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, stored),
        vmh_argument_uint64(awaited->gas),
        vmh_argument_uint64(awaited->lock),
    };
    vmh_lua_outcome outcome = {.trace = &call->L->trace};
    vmh_lua_step step;

    if (!vmh_lua_charge(call->L, size * VMH_LUA_GAS_MESSAGE_BYTE))
        return vmh_lua_invocation_fail_by_stop(call);
    vmh_word_to_bytes(&awaited->amount, amount);
    if (vmh_lua_sdk_call(call->L, &operation, (vmh_argument_array){arguments, 8}, NULL, &step)) {
        vmh_lua_invocation_settle_gas(call, &outcome);
        return VMH_OK;
    }
    /* What cannot be sent fails the run where it stands: it is stopped, and nothing catches. */
    return vmh_lua_invocation_fail_by_stop(call);
}

vmh_status vmh_lua_invocation_suspend(vmh_lua_invocation *call,
                                      const vmh_lua_declared_method *method)
{
    vmh_lua_outcome outcome = {.stop = VMH_LUA_STOP_GAS, .trace = &call->L->trace};
    vmh_buffer stored;
    bool fits;
    vmh_status status;

    vmh_buffer_init(&stored);
    status = store_run(call, method, &stored, &fits);
    if (status == VMH_OK && !fits) {
        vmh_lua_invocation_settle_gas(call, &outcome);
        status = vmh_lua_invocation_fail_by_outcome(call, &outcome);
    } else if (status == VMH_OK) {
        status = send_awaited(call, vmh_buffer_bytes(&stored));
    }
    vmh_buffer_clear(&stored);
    return status;
}

/* ---- going on ---- */

/* The text that a failed call came back with. */
static vmh_status read_failure(vmh_lua_invocation *call, vmh_bytes *text)
{
    vmh_argument_array answer;
    vmh_argument_fault fault;
    bool known;
    vmh_status status = vmh_argument_array_decode(call->input->resume->answer, call->arena, &answer,
                                                  &known, &fault, call->why);

    *text = (vmh_bytes){0};
    if (status == VMH_OK && answer.count != 0 && answer.items[0].type == VMH_ARGUMENT_STRING)
        *text = answer.items[0].value.bytes;
    return status;
}

/* An error that is raised where the execution waits. */
static bool make_error(vmh_lua_invocation *call, vmh_bytes text, vmh_lua_value *out)
{
    vmh_lua_string *string =
        vmh_lua_charge_bytes(call->L, text.size) ? vmh_lua_string_new(&call->L->heap, text) : NULL;

    if (string == NULL) {
        vmh_lua_stopped(call->L);
        return false;
    }
    *out = vmh_lua_of_string(string);
    return true;
}

/* The results of a good answer as values; what does not fit the signature is an error instead. */
static vmh_status read_answer(vmh_lua_invocation *call, const stored_run *stored,
                              vmh_lua_answer *answer)
{
    vmh_lua_signature signature;
    vmh_argument_array results;
    vmh_lua_value *values;
    vmh_bytes wrong;
    vmh_lua_step step;
    vmh_status status = vmh_lua_read_signature((vmh_bytes){0}, stored->signature, &call->scratch,
                                               &signature, &wrong, call->why);

    if (status != VMH_OK)
        return status;
    if (wrong.size != 0)
        return vmh_fail(call->why, VMH_E_STORE_CORRUPT, "a suspended execution: %.*s",
                        VMH_PRINT(wrong));
    if (!vmh_lua_unpack_results(call->L, stored->service, &signature, call->input->resume->answer,
                                &results, &step)) {
        answer->is_error = step == VMH_LUA_STEP_RAISE;
        answer->values = &call->L->error;
        answer->count = 1;
        return VMH_OK;
    }
    values = vmh_arena_alloc_array(call->arena, results.count, sizeof *values);
    if (values == NULL)
        return vmh_fail_memory(call->why);
    vmh_lua_invocation_make_values(call, results, values);
    *answer = (vmh_lua_answer){.values = values, .count = (uint32_t)results.count};
    return VMH_OK;
}

static vmh_status make_answer(vmh_lua_invocation *call, const stored_run *stored,
                              vmh_lua_value *error, vmh_lua_answer *answer)
{
    vmh_bytes text;
    vmh_status status;

    if (call->input->resume->succeeded)
        return read_answer(call, stored, answer);
    status = read_failure(call, &text);
    if (status != VMH_OK)
        return status;
    *answer = (vmh_lua_answer){.is_error = true, .values = error, .count = 1};
    if (make_error(call, text, error))
        call->L->error_code = VMH_CODE_NESTED_CALL_FAILED;
    return VMH_OK;
}

static vmh_status fail_stored(vmh_lua_invocation *call)
{
    return vmh_fail(call->why, VMH_E_STORE_CORRUPT, "service '%.*s': a suspended execution is none",
                    VMH_PRINT(call->input->contract_name));
}

vmh_status vmh_lua_invocation_resume(vmh_lua_invocation *call)
{
    const vmh_lua_declared_method *method;
    vmh_lua_value error = vmh_lua_nil();
    vmh_lua_answer answer = {.count = 0};
    vmh_lua_outcome outcome;
    stored_run stored;
    bool found;
    vmh_status status = vmh_lua_invocation_load(call, &found);

    if (status != VMH_OK)
        return status;
    if (!found || !read_stored(call->input->resume->stored, &stored))
        return fail_stored(call);
    method = vmh_lua_interface_method(call->sdk.interface, stored.method);
    if (method == NULL)
        return fail_stored(call);
    status = vmh_lua_invocation_pay_entry(call, &found);
    if (status != VMH_OK || !found)
        return status;
    status = vmh_lua_thaw(call->L, vmh_lua_contract_code(call->contract), stored.frozen,
                          vmh_lua_invocation_memory_left(call), call->why);
    if (status == VMH_E_MALFORMED)
        return fail_stored(call);
    if (status != VMH_OK)
        return status;
    call->L->gas = (int64_t)(call->sdk.gas_limit - call->out->gas_used);
    if (stored.group.size != 0) {
        call->sdk.group = vmh_lua_string_new(&call->L->heap, stored.group);
        if (call->sdk.group == NULL)
            return vmh_lua_invocation_fail_by_stop(call);
    }
    status = make_answer(call, &stored, &error, &answer);
    if (status != VMH_OK)
        return status;
    if (call->L->stop != VMH_LUA_STOP_NONE)
        return vmh_lua_invocation_fail_by_stop(call);
    status = vmh_lua_go_on(call->L, &answer, (uint64_t)call->L->gas, &outcome, call->why);
    return status == VMH_OK ? vmh_lua_invocation_conclude(call, method, &outcome) : status;
}
