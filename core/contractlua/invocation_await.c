/* Executions that wait for an answer: how they are stored, and how they go on. */
#include "codec/argument_codec.h"
#include "contractlua/invocation.h"
#include "contractlua/freeze.h"

/* ---- what waits for an answer ---- */

/*
 * What is stored of a suspended execution: version 1 (u32), then, each behind its length
 * (u32), the method, the service that is asked, the signature of what it is asked, and the group
 * of asynchronous calls that name none; then the frozen execution. Of one that waits for several
 * calls: version 2, the method, a part with service and signature of each, likewise, the group, and
 * the frozen execution. Integers are little-endian.
 */
enum { STORED_CALL = 1, STORED_CALLS = 2 };

typedef struct stored_run {
    uint32_t version;
    vmh_bytes method, group, frozen;
    vmh_bytes service, signature; /* STORED_CALL */
    vmh_bytes calls;              /* STORED_CALLS */
} stored_run;

static void put_part(vmh_buffer *out, vmh_bytes part)
{
    uint8_t size[4];

    vmh_put_u32_le(size, (uint32_t)part.size);
    vmh_buffer_append(out, vmh_bytes_of(size, sizeof size));
    vmh_buffer_append(out, part);
}

/* Service and signature of each call that is waited for; false where that is too much. */
static bool put_calls(vmh_buffer *out, const vmh_lua_sdk *sdk)
{
    uint8_t bytes[4];
    uint64_t size = 0;

    for (uint32_t i = 0; i < sdk->all_awaited_count; i++)
        size += 8 + sdk->all_awaited[i].service.size + sdk->all_awaited[i].signature.size;
    if (size > VMH_LUA_MAX_FROZEN)
        return false;
    vmh_put_u32_le(bytes, (uint32_t)size);
    vmh_buffer_append(out, vmh_bytes_of(bytes, sizeof bytes));
    for (uint32_t i = 0; i < sdk->all_awaited_count; i++) {
        put_part(out, sdk->all_awaited[i].service);
        put_part(out, sdk->all_awaited[i].signature);
    }
    return true;
}

/* Writes down what is suspended; `*fits` false where that is too much. */
static vmh_status store_run(vmh_lua_invocation *call, const vmh_lua_declared_method *method,
                            vmh_buffer *out, bool *fits)
{
    const vmh_lua_awaited *awaited = &call->sdk.awaited;
    bool waits_for_all = call->sdk.all_awaited_count != 0;
    vmh_bytes group = {0};
    uint8_t version[4];
    vmh_status status;

    if (call->sdk.group != NULL)
        group = vmh_lua_string_bytes(call->sdk.group);
    vmh_put_u32_le(version, waits_for_all ? STORED_CALLS : STORED_CALL);
    vmh_buffer_append(out, vmh_bytes_of(version, sizeof version));
    put_part(out, method->method.name);
    *fits = false;
    if (waits_for_all) {
        if (!put_calls(out, &call->sdk))
            return VMH_OK;
    } else {
        put_part(out, awaited->service);
        put_part(out, awaited->signature);
    }
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
    *out = (stored_run){0};
    if (stored.size < 4)
        return false;
    out->version = vmh_get_u32_le(stored.data);
    out->frozen = vmh_bytes_of(stored.data + 4, stored.size - 4);
    if (!take_part(&out->frozen, &out->method))
        return false;
    if (out->version == STORED_CALLS)
        return take_part(&out->frozen, &out->calls) && take_part(&out->frozen, &out->group);
    return out->version == STORED_CALL && take_part(&out->frozen, &out->service) &&
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

/* Makes the list of arguments number `which` of the calls that are waited for. */
static vmh_argument item_of(const vmh_lua_awaited *awaited, size_t which, uint8_t amount[32])
{
    switch (which) {
    case 0:
        return vmh_argument_string(awaited->service);
    case 1:
        return vmh_argument_string(awaited->signature);
    case 2:
        return vmh_argument_bytes(VMH_ARGUMENT_BYTES, awaited->packed);
    case 3:
        return vmh_argument_bytes(VMH_ARGUMENT_BYTES, awaited->token);
    case 4:
        vmh_word_to_bytes(&awaited->amount, amount);
        return vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32));
    default:
        return vmh_argument_uint64(awaited->gas);
    }
}

enum { CALL_LISTS = 6 };

static vmh_status make_lists(vmh_lua_invocation *call, vmh_argument lists[CALL_LISTS])
{
    static const vmh_argument_type types[CALL_LISTS] = {
        VMH_ARGUMENT_STRING_ARRAY,  VMH_ARGUMENT_STRING_ARRAY,  VMH_ARGUMENT_BYTES_ARRAY,
        VMH_ARGUMENT_BYTES_ARRAY,   VMH_ARGUMENT_UINT256_ARRAY, VMH_ARGUMENT_UINT64_ARRAY};
    size_t count = call->sdk.all_awaited_count;
    vmh_argument *items =
        vmh_arena_alloc_array(&call->scratch, count * CALL_LISTS, sizeof *items);
    uint8_t(*amounts)[32] = vmh_arena_alloc_array(&call->scratch, count, sizeof *amounts);

    if (items == NULL || amounts == NULL)
        return vmh_fail_memory(call->why);
    for (size_t which = 0; which < CALL_LISTS; which++) {
        vmh_argument *list = items + which * count;

        for (size_t i = 0; i < count; i++)
            list[i] = item_of(&call->sdk.all_awaited[i], which, amounts[i]);
        lists[which] = (vmh_argument){types[which], {.array = {list, count}}};
    }
    return VMH_OK;
}

/* The same for several calls, whose own bytes the host is paid for. */
static vmh_status send_all_awaited(vmh_lua_invocation *call, vmh_bytes stored)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "awaitAll", VMH_PERMISSION_SERVICE};
    vmh_argument arguments[CALL_LISTS + 2];
    vmh_lua_outcome outcome = {.trace = &call->L->trace};
    vmh_lua_step step;
    vmh_status status;

    if (!vmh_lua_charge(call->L, stored.size * VMH_LUA_GAS_MESSAGE_BYTE))
        return vmh_lua_invocation_fail_by_stop(call);
    status = make_lists(call, arguments);
    if (status != VMH_OK)
        return status;
    arguments[CALL_LISTS] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, stored);
    arguments[CALL_LISTS + 1] = vmh_argument_uint64(call->sdk.awaited.lock);
    if (!vmh_lua_sdk_call(call->L, &operation, (vmh_argument_array){arguments, CALL_LISTS + 2},
                          NULL, &step))
        return vmh_lua_invocation_fail_by_stop(call);
    vmh_lua_invocation_settle_gas(call, &outcome);
    return VMH_OK;
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
        status = call->sdk.all_awaited_count != 0
                     ? send_all_awaited(call, vmh_buffer_bytes(&stored))
                     : send_awaited(call, vmh_buffer_bytes(&stored));
    }
    vmh_buffer_clear(&stored);
    return status;
}

/* ---- going on ---- */

static vmh_status fail_stored(vmh_lua_invocation *call)
{
    return vmh_fail(call->why, VMH_E_STORE_CORRUPT, "service '%.*s': a suspended execution is none",
                    VMH_PRINT(call->input->contract_name));
}

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

/* A text as a value; false where the machine stopped. */
static bool make_text(vmh_lua_invocation *call, vmh_bytes text, vmh_lua_value *out)
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

static vmh_status read_stored_signature(vmh_lua_invocation *call, vmh_bytes text,
                                        vmh_lua_signature *out)
{
    vmh_bytes wrong;
    vmh_status status = vmh_lua_read_signature((vmh_bytes){0}, text, &call->scratch, out, &wrong,
                                               call->why);

    if (status == VMH_OK && wrong.size != 0)
        status = vmh_fail(call->why, VMH_E_STORE_CORRUPT, "a suspended execution: %.*s",
                          VMH_PRINT(wrong));
    return status;
}

/* The results of a good answer as values; what does not fit the signature is an error instead. */
static vmh_status read_answer(vmh_lua_invocation *call, const stored_run *stored,
                              vmh_lua_answer *answer)
{
    vmh_lua_signature signature;
    vmh_argument_array results;
    vmh_lua_value *values;
    vmh_lua_step step;
    vmh_status status = read_stored_signature(call, stored->signature, &signature);

    if (status != VMH_OK)
        return status;
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

/* ---- going on with the outcomes of several calls ---- */

/* The names of the fields of an outcome. */
typedef struct outcome_names {
    vmh_lua_value ok, code;
} outcome_names;

static bool set_field(vmh_lua_invocation *call, vmh_lua_table *table, vmh_lua_value key,
                      vmh_lua_value value)
{
    uint64_t work;

    if (vmh_lua_is_nil(value))
        return true;
    if (vmh_lua_charge(call->L, VMH_LUA_GAS_NEW_KEY) &&
        vmh_lua_table_set(&call->L->heap, table, key, value, &work))
        return true;
    vmh_lua_stopped(call->L);
    return false;
}

static vmh_lua_table *new_table(vmh_lua_invocation *call)
{
    vmh_lua_table *table = vmh_lua_charge(call->L, VMH_LUA_GAS_TABLE)
                               ? vmh_lua_table_new(&call->L->heap)
                               : NULL;

    if (table == NULL)
        vmh_lua_stopped(call->L);
    return table;
}

/* { ok = false, code = n, text }; false where the machine stopped. */
static bool fill_failure(vmh_lua_invocation *call, const outcome_names *names, uint32_t code,
                         vmh_lua_value text, vmh_lua_table *out)
{
    return set_field(call, out, names->ok, vmh_lua_boolean(false)) &&
           set_field(call, out, names->code, vmh_lua_integer(code)) &&
           set_field(call, out, vmh_lua_integer(1), text);
}

/*
 * { ok = true, results... }. What does not fit the signature is a failure with code 0: the callee
 * ended well, and what it did stands.
 */
static vmh_status fill_results(vmh_lua_invocation *call, const outcome_names *names,
                               vmh_bytes service, vmh_bytes signature_text, vmh_bytes packed,
                               vmh_lua_table *out)
{
    vmh_lua_signature signature;
    vmh_argument_array results;
    vmh_lua_value value;
    vmh_lua_step step;
    vmh_status status = read_stored_signature(call, signature_text, &signature);

    if (status != VMH_OK)
        return status;
    if (!vmh_lua_unpack_results(call->L, service, &signature, packed, &results, &step)) {
        if (step == VMH_LUA_STEP_RAISE)
            fill_failure(call, names, VMH_CODE_OK, call->L->error, out);
        return VMH_OK;
    }
    if (!set_field(call, out, names->ok, vmh_lua_boolean(true)))
        return VMH_OK;
    for (size_t i = 0; i < results.count; i++) {
        if (!vmh_lua_invocation_make_values(
                call, (vmh_argument_array){&results.items[i], 1}, &value) ||
            !set_field(call, out, vmh_lua_integer((int64_t)i + 1), value))
            break;
    }
    return VMH_OK;
}

static bool make_names(vmh_lua_invocation *call, outcome_names *names)
{
    return make_text(call, VMH_LITERAL("ok"), &names->ok) &&
           make_text(call, VMH_LITERAL("code"), &names->code);
}

/* The list of outcomes; where the machine stopped, L->stop tells so. */
static vmh_status make_outcomes(vmh_lua_invocation *call, const stored_run *stored,
                                vmh_lua_value *out)
{
    const vmh_resume *resume = call->input->resume;
    vmh_bytes rest = stored->calls, service, signature;
    vmh_lua_table *list = new_table(call), *table;
    vmh_lua_value text;
    outcome_names names;
    vmh_status status = VMH_OK;

    if (list == NULL || !make_names(call, &names))
        return VMH_OK;
    *out = vmh_lua_of_table(list);
    for (size_t i = 0; i < resume->outcome_count && status == VMH_OK; i++) {
        const vmh_call_outcome *outcome = &resume->outcomes[i];

        if (!take_part(&rest, &service) || !take_part(&rest, &signature))
            return fail_stored(call);
        table = new_table(call);
        if (table == NULL || !set_field(call, list, vmh_lua_integer((int64_t)i + 1),
                                        vmh_lua_of_table(table)))
            return VMH_OK;
        if (outcome->code == VMH_CODE_OK)
            status = fill_results(call, &names, service, signature, outcome->values, table);
        else if (make_text(call, outcome->values, &text))
            fill_failure(call, &names, outcome->code, text, table);
        if (call->L->stop != VMH_LUA_STOP_NONE)
            return status;
    }
    return status == VMH_OK && rest.size != 0 ? fail_stored(call) : status;
}

/* ---- what the execution goes on with ---- */

static vmh_status make_answer(vmh_lua_invocation *call, const stored_run *stored,
                              vmh_lua_value *made, vmh_lua_answer *answer)
{
    vmh_bytes text;
    vmh_status status;

    if ((stored->version == STORED_CALLS) != (call->input->resume->outcome_count != 0))
        return fail_stored(call);
    if (stored->version == STORED_CALLS) {
        *answer = (vmh_lua_answer){.values = made, .count = 1};
        return make_outcomes(call, stored, made);
    }
    if (call->input->resume->succeeded)
        return read_answer(call, stored, answer);
    status = read_failure(call, &text);
    if (status != VMH_OK)
        return status;
    *answer = (vmh_lua_answer){.is_error = true, .values = made, .count = 1};
    if (make_text(call, text, made))
        call->L->error_code = VMH_CODE_NESTED_CALL_FAILED;
    return VMH_OK;
}

vmh_status vmh_lua_invocation_resume(vmh_lua_invocation *call)
{
    const vmh_lua_declared_method *method;
    vmh_lua_value made = vmh_lua_nil();
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
    status = make_answer(call, &stored, &made, &answer);
    if (status != VMH_OK)
        return status;
    if (call->L->stop != VMH_LUA_STOP_NONE)
        return vmh_lua_invocation_fail_by_stop(call);
    status = vmh_lua_go_on(call->L, &answer, (uint64_t)call->L->gas, &outcome, call->why);
    return status == VMH_OK ? vmh_lua_invocation_conclude(call, method, &outcome) : status;
}
