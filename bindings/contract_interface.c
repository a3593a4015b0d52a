#include "contract_interface.h"

#include <lauxlib.h>

#include "contractlua/contract.h"
#include "crypto/digest.h"
#include "failure.h"
#include "handle.h"
#include "processor.h"
#include "types/genesis.h"

#define HOLD_TYPE "vmhost.contract.Hold"

/* A contract that is held while its interface is read. */
typedef struct contract_hold {
    bool is_open;
    vmh_lua_contract *contract;
} contract_hold;

static int release(lua_State *L)
{
    contract_hold *hold = luaL_checkudata(L, 1, HOLD_TYPE);

    vmh_lua_cache_release(hold->contract);
    if (hold->is_open)
        vmh_lua_cache_close();
    *hold = (contract_hold){0};
    return 0;
}

static contract_hold *push_hold(lua_State *L)
{
    contract_hold *hold = lua_newuserdatauv(L, sizeof *hold, 0);

    *hold = (contract_hold){0};
    if (!vmh_metatable_push(L, HOLD_TYPE)) {
        lua_pushcfunction(L, release);
        lua_setfield(L, -2, "__gc");
        vmh_metatable_register(L, HOLD_TYPE);
    }
    lua_setmetatable(L, -2);
    return hold;
}

/* Holds the contract with its interface; `*refusal` is not empty where it has none. */
static vmh_status open_hold(contract_hold *hold, vmh_bytes name, vmh_bytes source,
                            vmh_arena *arena, vmh_bytes *refusal, vmh_failure *why)
{
    vmh_genesis genesis = vmh_genesis_default();
    vmh_bytes wrong;
    vmh_hash32 hash;
    vmh_status status = vmh_lua_cache_open(why);

    *refusal = (vmh_bytes){0};
    if (status != VMH_OK)
        return status;
    hold->is_open = true;
    vmh_sha256(source, &hash);
    hold->contract = vmh_lua_cache_hold(&hash);
    if (hold->contract == NULL)
        status = vmh_lua_cache_add(&hash, name, source, arena, &hold->contract, refusal, why);
    if (status != VMH_OK || refusal->size != 0)
        return status;
    status = vmh_lua_learn_interface(hold->contract, genesis.limits.transaction_gas,
                                     genesis.limits.lua_memory_size, arena, &wrong, why);
    if (status != VMH_OK || wrong.size == 0)
        return status;
    return vmh_arena_format(arena, refusal, why, "%.*s: %.*s", VMH_PRINT(name), VMH_PRINT(wrong));
}

static void push_names(lua_State *L, const vmh_bytes *names, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_push_bytes(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_method(lua_State *L, const vmh_lua_declared_method *declared)
{
    const vmh_method *method = &declared->method;

    lua_createtable(L, 0, 7);
    vmh_push_bytes(L, method->name);
    lua_setfield(L, -2, "name");
    lua_pushboolean(L, method->is_internal);
    lua_setfield(L, -2, "internal");
    lua_pushboolean(L, method->writes);
    lua_setfield(L, -2, "writes");
    lua_pushboolean(L, method->is_variadic);
    lua_setfield(L, -2, "variadic");
    vmh_push_argument_types(L, method->parameters, method->parameter_count);
    lua_setfield(L, -2, "parameters");
    push_names(L, declared->parameter_names, method->parameter_count);
    lua_setfield(L, -2, "parameter_names");
    if (declared->is_callback) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "callback");
    }
    vmh_push_argument_types(L, method->results, method->result_count);
    lua_setfield(L, -2, "results");
}

static void push_event(lua_State *L, const vmh_lua_declared_event *event)
{
    lua_createtable(L, 0, 3);
    vmh_push_bytes(L, event->name);
    lua_setfield(L, -2, "name");
    vmh_push_argument_types(L, event->fields, event->field_count);
    lua_setfield(L, -2, "fields");
    push_names(L, event->field_names, event->field_count);
    lua_setfield(L, -2, "field_names");
}

static void push_kept(lua_State *L, const vmh_lua_kept *kept)
{
    lua_createtable(L, 0, 2);
    vmh_push_bytes(L, kept->name);
    lua_setfield(L, -2, "name");
    vmh_push_bytes(L, kept->text);
    lua_setfield(L, -2, "type");
}

static void push_tables(lua_State *L, const vmh_lua_interface *interface)
{
    lua_createtable(L, 0, 3);
    lua_createtable(L, (int)interface->method_count, 0);
    for (size_t i = 0; i < interface->method_count; i++) {
        push_method(L, &interface->methods[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "methods");
    lua_createtable(L, (int)interface->event_count, 0);
    for (size_t i = 0; i < interface->event_count; i++) {
        push_event(L, &interface->events[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "events");
    lua_createtable(L, (int)interface->kept_count, 0);
    for (size_t i = 0; i < interface->kept_count; i++) {
        push_kept(L, &interface->kept[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "state");
}

int vmh_push_interface(lua_State *L, vmh_bytes name, vmh_bytes source)
{
    contract_hold *hold = push_hold(L);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_bytes refusal;
    vmh_failure why;

    if (open_hold(hold, name, source, arena, &refusal, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (refusal.size != 0) {
        lua_pushnil(L);
        vmh_push_bytes(L, refusal);
        lua_pushstring(L, vmh_status_code(VMH_E_INPUT));
        return 3;
    }
    push_tables(L, vmh_lua_contract_interface(hold->contract));
    return 1;
}
