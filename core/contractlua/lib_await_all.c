/* `sdk.await_all`: several calls that the execution waits for, sent at once. */
#include "contractlua/lib_service.h"

/* Of a name in a text about it. */
enum { SHOWN_NAME = 40 };

static const char form[] = "a list of calls without holes, and 'lock'";

static vmh_lua_step no_field(const vmh_lua_service_call *of, vmh_bytes name)
{
    if (name.size > SHOWN_NAME)
        name.size = SHOWN_NAME;
    return vmh_lua_bad_argument(of->L, of->frame, 0, "%s; there is no field '%.*s'", form,
                                VMH_PRINT(name));
}

/* What stands beside the calls. */
static bool take_fields(vmh_lua_service_call *of, const vmh_lua_table *calls)
{
    if (!vmh_lua_charge(of->L, calls->entry_count / 8)) {
        of->step = vmh_lua_stopped(of->L);
        return false;
    }
    for (uint32_t i = 0; i < calls->entry_count; i++) {
        const vmh_lua_entry *entry = &calls->entries[i];
        bool is_text = entry->key.tag == VMH_LUA_STRING;

        if (vmh_lua_is_nil(entry->value))
            continue;
        if (is_text &&
            vmh_bytes_equal(vmh_lua_string_bytes(entry->key.as.string), VMH_LITERAL("lock"))) {
            if (!vmh_lua_service_take_gas(of, VMH_LITERAL("lock"), entry->value, &of->lock))
                return false;
            continue;
        }
        of->step = is_text ? no_field(of, vmh_lua_string_bytes(entry->key.as.string))
                           : vmh_lua_bad_argument(of->L, of->frame, 0, "%s", form);
        return false;
    }
    return true;
}

/* The list and its calls; `*out` lives in scratch. */
static bool take_calls(vmh_lua_service_call *of, const vmh_lua_table *calls,
                       vmh_lua_awaited **out)
{
    uint32_t count = (uint32_t)calls->present;

    /* Paid before anything is made of them. */
    if (!vmh_lua_charge(of->L, calls->present * VMH_LUA_GAS_SERVICE_CALL)) {
        of->step = vmh_lua_stopped(of->L);
        return false;
    }
    *out = vmh_arena_alloc_array(of->L->sdk->scratch, count, sizeof **out);
    if (*out == NULL) {
        of->step = vmh_lua_host_failed(of->L, vmh_fail_memory(of->L->why));
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        vmh_lua_service_call call = *of;

        call.place = i + 1;
        if (calls->items[i].tag != VMH_LUA_TABLE) {
            of->step = vmh_lua_bad_argument(of->L, of->frame, 0, "call %u: table expected, got %s",
                                            i + 1, vmh_lua_type_name(calls->items[i]));
            return false;
        }
        if (!vmh_lua_service_take_call(&call, calls->items[i].as.table)) {
            of->step = call.step;
            return false;
        }
        (*out)[i] = (vmh_lua_awaited){call.service, call.signature.text, call.packed, call.token,
                                      call.amount,  call.gas,            0};
    }
    return true;
}

/*
 * sdk.await_all { { service, signature, arguments..., gas = }, ..., lock = }: the execution stops
 * here; the processor sends the calls, and goes on when all are answered.
 */
vmh_lua_step vmh_lua_sdk_await_all(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;
    vmh_lua_table *calls, *none;
    vmh_lua_awaited *all;

    if (!vmh_lua_service_begin(&of, L, frame) ||
        !vmh_lua_service_no_more(L, frame, 1, &of.step) ||
        !vmh_lua_check_table(L, frame, 0, &calls, &of.step))
        return of.step;
    if (vmh_lua_table_length(calls) != calls->present)
        return vmh_lua_bad_argument(L, frame, 0, "%s", form);
    if (!take_fields(&of, calls))
        return of.step;
    if (calls->present == 0) {
        none = vmh_lua_charge(L, VMH_LUA_GAS_TABLE) ? vmh_lua_table_new(&L->heap) : NULL;
        return none == NULL ? vmh_lua_stopped(L)
                            : vmh_lua_return(L, frame, vmh_lua_of_table(none));
    }
    if (!take_calls(&of, calls, &all))
        return of.step;
    L->sdk->awaited = (vmh_lua_awaited){.lock = of.lock};
    L->sdk->all_awaited = all;
    L->sdk->all_awaited_count = (uint32_t)calls->present;
    return vmh_lua_suspend(frame, 0, 0);
}
