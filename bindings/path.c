#include "path.h"

#include "failure.h"
#include "word.h"

static void add_path(luaL_Buffer *text, const vmh_path *path)
{
    if (path->parent != NULL)
        add_path(text, path->parent);
    if (path->key != NULL) {
        if (path->parent != NULL)
            luaL_addchar(text, '.');
        luaL_addstring(text, path->key);
    } else {
        lua_pushfstring(text->L, "[%I]", path->index);
        luaL_addvalue(text);
    }
}

int vmh_path_error(lua_State *L, const vmh_path *path, const char *format, ...)
{
    luaL_Buffer text;
    va_list args;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    luaL_where(L, 1);
    luaL_buffinit(L, &text);
    add_path(&text, path);
    luaL_addstring(&text, ": ");
    luaL_pushresult(&text);
    va_start(args, format);
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 3);
    return lua_error(L);
}

int vmh_path_expected(lua_State *L, const vmh_path *path, const char *what, int index)
{
    if (lua_type(L, index) == LUA_TNUMBER)
        return vmh_path_error(L, path, "expected %s, got number %s", what,
                              luaL_tolstring(L, index, NULL));
    return vmh_path_error(L, path, "expected %s, got %s", what, luaL_typename(L, index));
}

static bool is_known(const char *key, const char *const *known)
{
    for (size_t i = 0; known[i] != NULL; i++) {
        if (strcmp(key, known[i]) == 0)
            return true;
    }
    return false;
}

static int unknown_key(lua_State *L, const vmh_path *path, const char *const *known)
{
    const char *key = luaL_tolstring(L, -1, NULL);
    luaL_Buffer list;

    luaL_buffinit(L, &list);
    for (size_t i = 0; known[i] != NULL; i++) {
        luaL_addstring(&list, i == 0 ? "" : ", ");
        luaL_addstring(&list, known[i]);
    }
    luaL_pushresult(&list);
    return vmh_path_error(L, path, "unknown key '%s' (known: %s)", key, lua_tostring(L, -1));
}

void vmh_path_check_keys(lua_State *L, int index, const vmh_path *path, const char *const *known)
{
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        vmh_path_expected(L, path, "table", index);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING || !is_known(lua_tostring(L, -1), known))
            unknown_key(L, path, known);
    }
}

size_t vmh_path_check_list(lua_State *L, int index, const vmh_path *path)
{
    size_t count = 0;
    size_t keys = 0;

    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        vmh_path_expected(L, path, "list", index);
    while (lua_rawgeti(L, index, (lua_Integer)count + 1) != LUA_TNIL) {
        lua_pop(L, 1);
        count++;
    }
    lua_pop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1))
            vmh_path_error(L, path, "unknown key '%s' in a list", luaL_tolstring(L, -1, NULL));
        keys++;
    }
    if (keys != count)
        vmh_path_error(L, path, "list has a hole at %I", (lua_Integer)count + 1);
    return count;
}

bool vmh_path_check_bool(lua_State *L, int index, const vmh_path *path)
{
    if (!lua_isboolean(L, index))
        vmh_path_expected(L, path, "boolean", index);
    return lua_toboolean(L, index) != 0;
}

static bool is_integer(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TNUMBER && lua_isinteger(L, index);
}

uint32_t vmh_path_check_u32(lua_State *L, int index, const vmh_path *path)
{
    lua_Integer value;

    if (!is_integer(L, index))
        vmh_path_expected(L, path, "uint32", index);
    value = lua_tointeger(L, index);
    if (value < 0 || value > (lua_Integer)UINT32_MAX)
        vmh_path_error(L, path, "uint32 out of range: %I", value);
    return (uint32_t)value;
}

static bool parse_u64(vmh_bytes text, uint64_t *out)
{
    uint64_t value = 0;

    if (text.size == 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

uint64_t vmh_path_check_u64(lua_State *L, int index, const vmh_path *path)
{
    uint64_t value = 0;

    if (is_integer(L, index))
        return (uint64_t)lua_tointeger(L, index);
    if (lua_type(L, index) != LUA_TSTRING)
        vmh_path_expected(L, path, "uint64", index);
    if (!parse_u64(vmh_path_check_bytes(L, index, path), &value))
        vmh_path_error(L, path, "uint64 out of range or no decimal text: %s",
                       lua_tostring(L, index));
    return value;
}

vmh_word vmh_path_check_word(lua_State *L, int index, const vmh_path *path)
{
    const vmh_word *userdata = vmh_test_word(L, index);
    vmh_word word;

    if (userdata != NULL)
        return *userdata;
    if (is_integer(L, index)) {
        if (lua_tointeger(L, index) < 0)
            vmh_path_error(L, path, "uint256 out of range: %I", lua_tointeger(L, index));
        return vmh_word_of((uint64_t)lua_tointeger(L, index));
    }
    if (lua_type(L, index) != LUA_TSTRING)
        vmh_path_expected(L, path, "uint256", index);
    if (!vmh_word_parse(vmh_path_check_bytes(L, index, path), &word))
        vmh_path_error(L, path, "uint256 out of range or no number: %s", lua_tostring(L, index));
    return word;
}

vmh_bytes vmh_path_check_bytes(lua_State *L, int index, const vmh_path *path)
{
    const char *data;
    size_t size;

    if (lua_type(L, index) != LUA_TSTRING)
        vmh_path_expected(L, path, "string", index);
    data = lua_tolstring(L, index, &size);
    return vmh_bytes_of(data, size);
}

vmh_bytes vmh_path_check_fixed(lua_State *L, int index, const vmh_path *path, const char *type,
                               size_t size)
{
    vmh_bytes bytes = vmh_path_check_bytes(L, index, path);

    if (bytes.size != size)
        vmh_path_error(L, path, "%s expected %d bytes, got %I", type, (int)size,
                       (lua_Integer)bytes.size);
    return bytes;
}

uint32_t vmh_path_check_enum(lua_State *L, int index, const vmh_path *path,
                             const char *(*value_name)(uint32_t))
{
    if (is_integer(L, index)) {
        lua_Integer value = lua_tointeger(L, index);

        if (value < 0 || value > UINT16_MAX)
            vmh_path_error(L, path, "enum value out of range: %I", value);
        return (uint32_t)value;
    }
    if (lua_type(L, index) != LUA_TSTRING)
        vmh_path_expected(L, path, "name or number of an enum value", index);
    /* The numbers of all enumerations fit one byte. */
    for (uint32_t value = 0; value <= UINT8_MAX; value++) {
        if (strcmp(value_name(value), lua_tostring(L, index)) == 0 &&
            strcmp(value_name(value), value_name(UINT32_MAX)) != 0)
            return value;
    }
    vmh_path_error(L, path, "unknown enum value '%s'", lua_tostring(L, index));
    return 0;
}

void vmh_push_enum(lua_State *L, uint32_t value, const char *(*value_name)(uint32_t))
{
    const char *name = value_name(value);

    /* No enumeration reaches UINT32_MAX: its name is that of a number without one. */
    if (strcmp(name, value_name(UINT32_MAX)) == 0)
        lua_pushinteger(L, (lua_Integer)value);
    else
        lua_pushstring(L, name);
}

bool vmh_path_push_field(lua_State *L, int index, const vmh_path *path, const char *name,
                         vmh_path *field)
{
    *field = vmh_path_field(path, name);
    lua_pushstring(L, name);
    return lua_rawget(L, index) != LUA_TNIL;
}

void vmh_check_memory(lua_State *L, vmh_status status)
{
    if (status != VMH_OK)
        luaL_error(L, "out of memory");
}

vmh_bytes vmh_path_copy(lua_State *L, vmh_arena *arena, vmh_bytes bytes)
{
    vmh_bytes copy;

    vmh_check_memory(L, vmh_arena_copy(arena, bytes, &copy, NULL));
    return copy;
}

vmh_bytes vmh_path_copy_field(lua_State *L, int index, const vmh_path *path, const char *name,
                              bool needed, vmh_arena *arena)
{
    vmh_path field;
    vmh_bytes bytes = {0};

    if (vmh_path_push_field(L, index, path, name, &field) || needed)
        bytes = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &field));
    lua_pop(L, 1);
    return bytes;
}

void *vmh_path_new_list(lua_State *L, vmh_arena *arena, size_t count, size_t item_size)
{
    void *list = NULL;

    if (count != 0) {
        list = vmh_arena_alloc_array(arena, count, item_size);
        if (list == NULL)
            luaL_error(L, "out of memory");
    }
    return list;
}
