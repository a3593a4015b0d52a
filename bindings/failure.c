#include "failure.h"

#include <stdio.h>

int vmh_push_failure(lua_State *L, const vmh_failure *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why->text);
    lua_pushstring(L, vmh_status_code(why->code));
    return 3;
}

int vmh_push_failure_text(lua_State *L, vmh_status status, const char *format, ...)
{
    va_list args;

    lua_pushnil(L);
    va_start(args, format);
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_pushstring(L, vmh_status_code(status));
    return 3;
}

vmh_bytes vmh_check_bytes(lua_State *L, int index)
{
    size_t size;
    const char *data;

    luaL_checktype(L, index, LUA_TSTRING);
    data = lua_tolstring(L, index, &size);
    return vmh_bytes_of(data, size);
}

vmh_bytes vmh_check_bytes_of_size(lua_State *L, int index, size_t size)
{
    vmh_bytes bytes = vmh_check_bytes(L, index);

    if (bytes.size != size)
        luaL_argerror(L, index,
                      lua_pushfstring(L, "expected %d bytes, got %d", (int)size, (int)bytes.size));
    return bytes;
}

uint64_t vmh_check_unsigned(lua_State *L, int index)
{
    lua_Integer value = luaL_checkinteger(L, index);

    if (value < 0)
        luaL_argerror(L, index, lua_pushfstring(L, "must not be negative, got %I", value));
    return (uint64_t)value;
}

void vmh_check_options(lua_State *L, int index, const char *const *known)
{
    luaL_checktype(L, index, LUA_TTABLE);
    index = lua_absindex(L, index);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        bool found = false;

        lua_pop(L, 1);
        for (size_t i = 0; known[i] != NULL && lua_type(L, -1) == LUA_TSTRING; i++)
            found = found || strcmp(lua_tostring(L, -1), known[i]) == 0;
        if (!found) {
            luaL_Buffer list;
            const char *key = luaL_tolstring(L, -1, NULL);

            luaL_buffinit(L, &list);
            for (size_t i = 0; known[i] != NULL; i++) {
                luaL_addstring(&list, i == 0 ? "" : ", ");
                luaL_addstring(&list, known[i]);
            }
            luaL_pushresult(&list);
            luaL_argerror(L, index,
                          lua_pushfstring(L, "unknown option '%s' (known: %s)", key,
                                          lua_tostring(L, -1)));
        }
    }
}

void vmh_push_bytes(lua_State *L, vmh_bytes bytes)
{
    lua_pushlstring(L, bytes.size == 0 ? "" : (const char *)bytes.data, bytes.size);
}
