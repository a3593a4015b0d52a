#include "field.h"

#include "failure.h"

bool vmh_push_field(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, index) != LUA_TNIL;
}

vmh_bytes vmh_check_bytes_field(lua_State *L, int index, const char *name, bool needed)
{
    vmh_path path = vmh_path_root(name);
    vmh_bytes bytes = {0};

    if (vmh_push_field(L, index, name) || needed)
        bytes = vmh_path_check_bytes(L, -1, &path);
    lua_pop(L, 1);
    return bytes;
}

vmh_hash32 vmh_check_hash_field(lua_State *L, int index, const char *name)
{
    vmh_path path = vmh_path_root(name);
    vmh_hash32 hash;

    vmh_push_field(L, index, name);
    memcpy(hash.bytes, vmh_path_check_fixed(L, -1, &path, "bytes32", 32).data, 32);
    lua_pop(L, 1);
    return hash;
}

void vmh_set_bytes_field(lua_State *L, const char *name, vmh_bytes bytes)
{
    vmh_push_bytes(L, bytes);
    lua_setfield(L, -2, name);
}

void vmh_set_integer_field(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}
