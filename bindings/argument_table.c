#include "argument_table.h"

#include "failure.h"
#include "field.h"
#include "word.h"

static vmh_bytes copy_word(lua_State *L, int index, const vmh_path *path, vmh_arena *arena)
{
    vmh_word word = vmh_path_check_word(L, index, path);
    uint8_t bytes[32];

    vmh_word_to_bytes(&word, bytes);
    return vmh_path_copy(L, arena, vmh_bytes_of(bytes, sizeof bytes));
}

static void check_scalar(lua_State *L, int index, const vmh_path *path, vmh_argument_type type,
                         vmh_arena *arena, vmh_argument *out)
{
    const char *name = vmh_argument_type_name(type);

    out->type = type;
    switch (type) {
    case VMH_ARGUMENT_UINT32:
        out->value.uint32 = vmh_path_check_u32(L, index, path);
        break;
    case VMH_ARGUMENT_UINT64:
        out->value.uint64 = vmh_path_check_u64(L, index, path);
        break;
    case VMH_ARGUMENT_BOOL:
        out->value.boolean = vmh_path_check_bool(L, index, path);
        break;
    case VMH_ARGUMENT_UINT256:
        out->value.bytes = copy_word(L, index, path, arena);
        break;
    case VMH_ARGUMENT_BYTES20:
        out->value.bytes =
            vmh_path_copy(L, arena, vmh_path_check_fixed(L, index, path, name, 20));
        break;
    case VMH_ARGUMENT_BYTES32:
        out->value.bytes =
            vmh_path_copy(L, arena, vmh_path_check_fixed(L, index, path, name, 32));
        break;
    default:
        out->value.bytes = vmh_path_copy(L, arena, vmh_path_check_bytes(L, index, path));
        break;
    }
}

static void check_array(lua_State *L, int index, const vmh_path *path, vmh_argument_type type,
                        vmh_arena *arena, vmh_argument *out)
{
    size_t count = vmh_path_check_list(L, index, path);
    vmh_argument *items = vmh_path_new_list(L, arena, count, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        check_scalar(L, lua_gettop(L), &item, vmh_argument_element(type), arena, &items[i]);
        lua_pop(L, 1);
    }
    out->type = type;
    out->value.array = (vmh_argument_array){items, count};
}

/* Pushes type name and value of an argument table in either form. */
static void push_type_and_value(lua_State *L, int index, const vmh_path *path)
{
    static const char *const known[] = {"type", "value", NULL};

    lua_pushliteral(L, "type");
    if (lua_rawget(L, index) != LUA_TNIL) {
        vmh_path_check_keys(L, index, path, known);
        lua_pushliteral(L, "value");
        lua_rawget(L, index);
        return;
    }
    if (lua_next(L, index) == 0 || lua_type(L, -2) != LUA_TSTRING)
        vmh_path_error(L, path, "expected { type =, value = } or one key that names the type");
    lua_pushvalue(L, -2);
    if (lua_next(L, index) != 0)
        vmh_path_error(L, path, "expected one key that names the type, got more");
}

static void check_argument_table(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 vmh_argument *out)
{
    vmh_argument_type type;
    int value;

    push_type_and_value(L, index, path);
    value = lua_gettop(L);
    if (lua_type(L, value - 1) != LUA_TSTRING ||
        !vmh_argument_type_find(vmh_bytes_text(lua_tostring(L, value - 1)), &type))
        vmh_path_error(L, path, "unknown argument type '%s'", luaL_tolstring(L, value - 1, NULL));
    if (vmh_argument_is_array(type))
        check_array(L, value, path, type, arena, out);
    else
        check_scalar(L, value, path, type, arena, out);
    lua_settop(L, value - 2);
}

void vmh_check_argument(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                        vmh_argument *out)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        check_argument_table(L, index, path, arena, out);
        break;
    case LUA_TNUMBER:
        check_scalar(L, index, path, VMH_ARGUMENT_UINT64, arena, out);
        break;
    case LUA_TSTRING:
        check_scalar(L, index, path, VMH_ARGUMENT_STRING, arena, out);
        break;
    case LUA_TBOOLEAN:
        check_scalar(L, index, path, VMH_ARGUMENT_BOOL, arena, out);
        break;
    case LUA_TUSERDATA:
        check_scalar(L, index, path, VMH_ARGUMENT_UINT256, arena, out);
        break;
    default:
        vmh_path_expected(L, path, "argument", index);
        break;
    }
}

void vmh_check_argument_array_at(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 vmh_argument_array *out)
{
    size_t count = vmh_path_check_list(L, index, path);
    vmh_argument *items = vmh_path_new_list(L, arena, count, sizeof *items);

    index = lua_absindex(L, index);
    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        vmh_check_argument(L, -1, &item, arena, &items[i]);
        lua_pop(L, 1);
    }
    *out = (vmh_argument_array){items, count};
}

void vmh_check_argument_array(lua_State *L, int index, vmh_arena *arena, vmh_argument_array *out)
{
    vmh_path root = vmh_path_root("arguments");

    vmh_check_argument_array_at(L, index, &root, arena, out);
}

static void push_argument_value(lua_State *L, const vmh_argument *argument);

static void push_array(lua_State *L, vmh_argument_array array)
{
    lua_createtable(L, array.count > INT32_MAX ? 0 : (int)array.count, 0);
    for (size_t i = 0; i < array.count; i++) {
        push_argument_value(L, &array.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* The value alone: integer, string, boolean, word, or a list of them. */
static void push_argument_value(lua_State *L, const vmh_argument *argument)
{
    vmh_word word;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (vmh_argument_is_array(argument->type)) {
        push_array(L, argument->value.array);
        return;
    }
    switch (argument->type) {
    case VMH_ARGUMENT_UINT32:
        lua_pushinteger(L, (lua_Integer)argument->value.uint32);
        break;
    case VMH_ARGUMENT_UINT64:
        lua_pushinteger(L, (lua_Integer)argument->value.uint64);
        break;
    case VMH_ARGUMENT_BOOL:
        lua_pushboolean(L, argument->value.boolean);
        break;
    case VMH_ARGUMENT_UINT256:
        word = vmh_word_from_bytes(argument->value.bytes.data);
        vmh_push_word(L, &word);
        break;
    default:
        vmh_push_bytes(L, argument->value.bytes);
        break;
    }
}

void vmh_push_argument(lua_State *L, const vmh_argument *argument)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, vmh_argument_type_name(argument->type));
    lua_setfield(L, -2, "type");
    push_argument_value(L, argument);
    lua_setfield(L, -2, "value");
}

void vmh_push_argument_array(lua_State *L, vmh_argument_array array)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, array.count > INT32_MAX ? 0 : (int)array.count, 0);
    for (size_t i = 0; i < array.count; i++) {
        vmh_push_argument(L, &array.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}
