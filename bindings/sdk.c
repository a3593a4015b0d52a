/// SDK calls: the operations that the host offers to contracts.
// @module vmhost.sdk

#include "host/sdk_call.h"

#include "failure.h"
#include "handle.h"

/// Lists every operation of the host's SDK.
// @function operations
// @treturn {table,...} operation_name, method_name, arguments (type names, as
//   `"bytes, bytes"`), needs_write (refused in a read-only context), needs_system
//   (only for contracts with SYSTEM permission)
static int sdk_operations(lua_State *L)
{
    size_t count;
    const vmh_sdk_operation *operations = vmh_sdk_operations(&count);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 5);
        lua_pushstring(L, operations[i].operation_name);
        lua_setfield(L, -2, "operation_name");
        lua_pushstring(L, operations[i].method_name);
        lua_setfield(L, -2, "method_name");
        lua_pushstring(L, operations[i].arguments);
        lua_setfield(L, -2, "arguments");
        lua_pushboolean(L, operations[i].needs_write);
        lua_setfield(L, -2, "needs_write");
        lua_pushboolean(L, operations[i].needs_system);
        lua_setfield(L, -2, "needs_system");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/// Checks a handler made of Lua functions and gives it back.
// @function handler
// @tparam table handler `{ handle_sdk_call = function(call) }`, see
//   `vmhost.processor`, Processor:contract_sdk_call_handler
// @treturn table the same
// @raise for another key, and when the function is missing
static int sdk_handler(lua_State *L)
{
    static const char *const known[] = {"handle_sdk_call", NULL};

    vmh_check_options(L, 1, known);
    if (lua_getfield(L, 1, "handle_sdk_call") != LUA_TFUNCTION)
        luaL_argerror(L, 1, "an SDK handler needs a function 'handle_sdk_call'");
    lua_settop(L, 1);
    return 1;
}

__attribute__((visibility("default"))) int luaopen_vmhost_sdk(lua_State *L);

int luaopen_vmhost_sdk(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"operations", sdk_operations},
        {"handler", sdk_handler},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    luaL_newlib(L, functions);
    return 1;
}
