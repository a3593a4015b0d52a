#include "handle.h"

#define ARENA_TYPE "vmhost.scratch_arena"
#define BUFFER_TYPE "vmhost.scratch_buffer"

static int handle_tostring(lua_State *L)
{
    const vmh_handle *handle = lua_touserdata(L, 1);

    lua_pushfstring(L, "%s (%s)", handle->type, handle->core == NULL ? "closed" : "open");
    return 1;
}

bool vmh_metatable_push(lua_State *L, const char *type)
{
    if (luaL_getmetatable(L, type) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushstring(L, type);
    lua_setfield(L, -2, "__name");
    return false;
}

void vmh_metatable_register(lua_State *L, const char *type)
{
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, type);
}

void vmh_handle_register(lua_State *L, const char *type, const luaL_Reg *methods,
                         lua_CFunction close)
{
    if (vmh_metatable_push(L, type)) {
        lua_pop(L, 1);
        return;
    }
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "close");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, handle_tostring);
    lua_setfield(L, -2, "__tostring");
    vmh_metatable_register(L, type);
    lua_pop(L, 1);
}

void vmh_handle_add_methods(lua_State *L, const char *type, const luaL_Reg *methods)
{
    luaL_getmetatable(L, type);
    lua_getfield(L, -1, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 2);
}

vmh_handle *vmh_handle_push(lua_State *L, const char *type, size_t size, int parent_index)
{
    vmh_handle *parent = NULL;
    vmh_handle *handle;

    if (parent_index != 0) {
        parent_index = lua_absindex(L, parent_index);
        parent = lua_touserdata(L, parent_index);
    }
    handle = lua_newuserdatauv(L, size, 4);
    memset(handle, 0, size);
    handle->type = type;
    handle->parent = parent;
    if (parent_index != 0) {
        lua_pushvalue(L, parent_index);
        lua_setiuservalue(L, -2, 1);
    }
    luaL_setmetatable(L, type);
    return handle;
}

void vmh_handle_opened(vmh_handle *handle, void *core)
{
    handle->core = core;
    if (handle->parent != NULL)
        handle->parent->child_count++;
}

vmh_handle *vmh_handle_check(lua_State *L, int index, const char *type)
{
    vmh_handle *handle = luaL_checkudata(L, index, type);

    if (handle->core == NULL)
        luaL_error(L, "%s is closed", type);
    return handle;
}

void *vmh_handle_take_core(lua_State *L, const char *type)
{
    vmh_handle *handle = luaL_checkudata(L, 1, type);
    void *core = handle->core;

    if (core == NULL)
        return NULL;
    if (handle->child_count > 0)
        luaL_error(L, "%s cannot be closed: %d open %s it", type, handle->child_count,
                   handle->child_count == 1 ? "handle needs" : "handles need");
    if (handle->busy > 0)
        luaL_error(L, "%s cannot be closed: a call is running", type);
    handle->core = NULL;
    if (handle->parent != NULL)
        handle->parent->child_count--;
    return core;
}

static int arena_gc(lua_State *L)
{
    vmh_arena_clear(lua_touserdata(L, 1));
    return 0;
}

static int buffer_gc(lua_State *L)
{
    vmh_buffer_clear(lua_touserdata(L, 1));
    return 0;
}

vmh_arena *vmh_push_arena(lua_State *L)
{
    vmh_arena *arena = lua_newuserdatauv(L, sizeof *arena, 0);

    vmh_arena_init(arena);
    luaL_setmetatable(L, ARENA_TYPE);
    return arena;
}

vmh_buffer *vmh_push_buffer(lua_State *L)
{
    vmh_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);

    vmh_buffer_init(buffer);
    luaL_setmetatable(L, BUFFER_TYPE);
    return buffer;
}

void vmh_clear_scratch(lua_State *L, int index)
{
    vmh_arena *arena = luaL_testudata(L, index, ARENA_TYPE);
    vmh_buffer *buffer = luaL_testudata(L, index, BUFFER_TYPE);

    if (arena != NULL)
        vmh_arena_clear(arena);
    if (buffer != NULL)
        vmh_buffer_clear(buffer);
}

static void register_scratch(lua_State *L, const char *type, lua_CFunction gc)
{
    if (!vmh_metatable_push(L, type)) {
        lua_pushcfunction(L, gc);
        lua_setfield(L, -2, "__gc");
        vmh_metatable_register(L, type);
    }
    lua_pop(L, 1);
}

void vmh_handle_init(lua_State *L)
{
    register_scratch(L, ARENA_TYPE, arena_gc);
    register_scratch(L, BUFFER_TYPE, buffer_gc);
}
