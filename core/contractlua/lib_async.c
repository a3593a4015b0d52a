/*
 * `sdk.async`: calls whose answers come back to callbacks of the contract. What is refused ends
 * the method, past every pcall; who called it may catch that.
 */
#include "codec/argument_codec.h"
#include "contractlua/lib_service.h"

/* ---- calls ---- */

/* A call with what only those of `sdk.async` have. */
typedef struct async_call {
    vmh_lua_service_call of; /* first */
    vmh_bytes on_success, on_error, closure;
    bool has_group;
    vmh_bytes group;
} async_call;

static bool take_more(vmh_lua_service_call *of, vmh_bytes name, vmh_lua_value value)
{
    async_call *call = (async_call *)of;
    const struct {
        const char *name;
        vmh_bytes *text;
    } texts[] = {
        {"on_success", &call->on_success},
        {"on_error", &call->on_error},
        {"closure", &call->closure},
        {"group", &call->group},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!vmh_bytes_equal(name, vmh_bytes_text(texts[i].name)))
            continue;
        call->has_group = call->has_group || texts[i].text == &call->group;
        if (value.tag == VMH_LUA_STRING) {
            *texts[i].text = vmh_lua_string_bytes(value.as.string);
            return true;
        }
        return vmh_lua_service_bad_field(of, name, "a string", value);
    }
    return vmh_lua_service_no_field(of, name);
}

/* The group of a call that names none. */
static vmh_bytes current_group(const vmh_lua_state *L)
{
    vmh_bytes none = {0};

    return L->sdk->group == NULL ? none : vmh_lua_string_bytes(L->sdk->group);
}

/* A lock is kept for a callback: without one there is nothing that it could be for. */
static bool check_lock(async_call *call)
{
    if (call->of.lock == VMH_LUA_LEFT_TO_HOST || call->on_success.size != 0 ||
        call->on_error.size != 0)
        return true;
    call->of.step = vmh_lua_bad_argument(call->of.L, call->of.frame, 0,
                                         "'lock' is for a callback, and there is neither "
                                         "'on_success' nor 'on_error'");
    return false;
}

static vmh_lua_step finish_call(async_call *call)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "call", VMH_PERMISSION_SERVICE};
    vmh_lua_service_call *of = &call->of;
    bool has_gas = of->gas != VMH_LUA_LEFT_TO_HOST;
    vmh_argument arguments[12] = {
        vmh_argument_string(of->service),
        vmh_argument_string(of->signature.text),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->packed),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->token),
        {.type = VMH_ARGUMENT_UINT256},
        vmh_argument_bool(has_gas),
        vmh_argument_uint64(has_gas ? of->gas : 0),
        vmh_argument_uint64(of->lock == VMH_LUA_LEFT_TO_HOST ? 0 : of->lock),
        vmh_argument_string(call->on_success),
        vmh_argument_string(call->on_error),
        vmh_argument_string(call->has_group ? call->group : current_group(of->L)),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, call->closure),
    };

    if (!vmh_lua_charge(of->L, VMH_LUA_GAS_SERVICE_CALL) ||
        !vmh_lua_charge_packed(of->L, call->closure.size))
        return vmh_lua_stopped(of->L);
    if (!vmh_lua_service_amount(of, &arguments[4]) ||
        !vmh_lua_sdk_call(of->L, &operation, (vmh_argument_array){arguments, 12}, NULL,
                          &of->step))
        return of->step;
    return vmh_lua_return_none(of->frame);
}

/*
 * sdk.async.call { service, signature, arguments..., on_success = "name" }; or without a table
 * where nothing is to come back.
 */
static vmh_lua_step async_register(vmh_lua_state *L, vmh_lua_frame *frame)
{
    async_call call = {.has_group = false};
    bool good = vmh_lua_service_begin(&call.of, L, frame);

    call.of.take_more = take_more;
    good = good && (vmh_lua_argument(L, frame, 0).tag == VMH_LUA_TABLE
                        ? vmh_lua_service_take_table(&call.of)
                        : vmh_lua_service_take(&call.of, 0));
    return good && check_lock(&call) ? finish_call(&call) : call.of.step;
}

/*
 * sdk.async.legacy(service, data[, amount]): the one legacy call, at which the method ends; its
 * callback is `callBack`.
 */
static vmh_lua_step async_legacy(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "callLegacy",
                                                VMH_PERMISSION_SERVICE};
    vmh_lua_service_call of;
    vmh_lua_string *service, *data;
    vmh_argument arguments[4];

    if (!vmh_lua_service_begin(&of, L, frame) ||
        !vmh_lua_service_no_more(L, frame, 3, &of.step) ||
        !vmh_lua_service_text(L, frame, 0, &service, &of.step) ||
        !vmh_lua_service_text(L, frame, 1, &data, &of.step) ||
        (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 2)) &&
         !vmh_lua_service_take_amount(&of, 2)))
        return of.step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_SERVICE_CALL) ||
        !vmh_lua_charge_packed(L, (uint64_t)service->size + data->size))
        return vmh_lua_stopped(L);
    arguments[0] = vmh_argument_string(vmh_lua_string_bytes(service));
    arguments[1] = vmh_argument_string(vmh_lua_string_bytes(data));
    arguments[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, of.token);
    if (!vmh_lua_service_amount(&of, &arguments[3]) ||
        !vmh_lua_sdk_call(L, &operation, (vmh_argument_array){arguments, 4}, NULL, &of.step))
        return of.step;
    return vmh_lua_return_none(frame);
}

/* ---- groups ---- */

/* sdk.async.group([identifier]): that of calls which name none; gives the one that was. */
static vmh_lua_step async_group(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *before = L->sdk->group;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step) || !vmh_lua_service_no_more(L, frame, 1, &step))
        return step;
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 0)) &&
        !vmh_lua_service_text(L, frame, 0, &L->sdk->group, &step))
        return step;
    if (before == NULL)
        return vmh_lua_return_bytes(L, frame, (vmh_bytes){0});
    return vmh_lua_return(L, frame, vmh_lua_of_string(before));
}

/* sdk.async.on_group(identifier, callback[, data[, gas]]) */
static vmh_lua_step async_on_group(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "setGroupCallback",
                                                VMH_PERMISSION_SERVICE};
    vmh_lua_service_call of;
    vmh_lua_string *group, *callback, *data;
    vmh_bytes note = {0};
    int64_t gas = 0;
    vmh_argument arguments[4];

    if (!vmh_lua_service_begin(&of, L, frame) ||
        !vmh_lua_service_no_more(L, frame, 4, &of.step) ||
        !vmh_lua_service_text(L, frame, 0, &group, &of.step) ||
        !vmh_lua_service_text(L, frame, 1, &callback, &of.step))
        return of.step;
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 2))) {
        if (!vmh_lua_service_text(L, frame, 2, &data, &of.step))
            return of.step;
        note = vmh_lua_string_bytes(data);
    }
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 3)) &&
        !vmh_lua_check_integer(L, frame, 3, &gas, &of.step))
        return of.step;
    if (gas < 0)
        return vmh_lua_bad_argument(L, frame, 3, "gas is an integer from 0 on, got %lld",
                                    (long long)gas);
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK) || !vmh_lua_charge_packed(L, note.size))
        return vmh_lua_stopped(L);
    arguments[0] = vmh_argument_string(vmh_lua_string_bytes(group));
    arguments[1] = vmh_argument_string(vmh_lua_string_bytes(callback));
    arguments[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, note);
    arguments[3] = vmh_argument_uint64((uint64_t)gas);
    if (!vmh_lua_sdk_call(L, &operation, (vmh_argument_array){arguments, 4}, NULL, &of.step))
        return of.step;
    return vmh_lua_return_none(frame);
}

/* ---- answers ---- */

/* sdk.async.set_return(types, values...): what is answered, in place of what was so far. */
static vmh_lua_step async_set_return(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "setReturn", VMH_PERMISSION_SERVICE};
    vmh_lua_service_call of;
    vmh_argument argument;

    if (!vmh_lua_service_begin(&of, L, frame) || !vmh_lua_service_take_values(&of, "set_return"))
        return of.step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK))
        return vmh_lua_stopped(L);
    argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, of.packed);
    if (!vmh_lua_sdk_call(L, &operation, (vmh_argument_array){&argument, 1}, NULL, &of.step))
        return of.step;
    return vmh_lua_return_none(frame);
}

/* sdk.async.closure(): in a callback, what came with the call that is answered. */
static vmh_lua_step async_closure(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Async", "getClosure", VMH_PERMISSION_SERVICE};
    vmh_argument answer;
    vmh_lua_value value;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step) || !vmh_lua_service_no_more(L, frame, 0, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK))
        return vmh_lua_stopped(L);
    if (!vmh_lua_sdk_ask(L, &operation, (vmh_argument_array){0}, VMH_ARGUMENT_BYTES, &answer,
                         &step))
        return step;
    if (!vmh_lua_from_argument(L, &answer, &value))
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, value);
}

const vmh_lua_native vmh_lua_async_natives[] = {
    {"call", async_register},
    {"legacy", async_legacy},
    {"group", async_group},
    {"on_group", async_on_group},
    {"set_return", async_set_return},
    {"closure", async_closure},
    {NULL, NULL},
};
