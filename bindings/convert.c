#include "convert.h"

#include "codec/argument_codec.h"
#include "codec/receipt_codec.h"
#include "codec/schema.h"
#include "codec/state_diff_codec.h"
#include "codec/transaction_codec.h"
#include "failure.h"
#include "field.h"
#include "handle.h"
#include "schema_table.h"
#include "word.h"

/* Arguments. */

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

/* Records that are messages: their table is written and read again. */

static vmh_bytes check_message(lua_State *L, int index, const vmh_schema *schema,
                               const vmh_path *path, vmh_arena *arena)
{
    vmh_buffer *buffer;
    vmh_bytes message;

    index = lua_absindex(L, index);
    buffer = vmh_push_buffer(L);
    vmh_encode_table(L, index, schema, path, buffer);
    message = vmh_path_copy(L, arena, vmh_buffer_bytes(buffer));
    vmh_clear_scratch(L, -1);
    lua_pop(L, 1);
    return message;
}

void vmh_check_events(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                      const vmh_event **events, size_t *count)
{
    vmh_buffer *packed;
    size_t wanted = vmh_path_check_list(L, index, path);
    vmh_event *list = vmh_path_new_list(L, arena, wanted, sizeof *list);

    index = lua_absindex(L, index);
    packed = vmh_push_buffer(L);
    for (size_t i = 0; i < wanted; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);
        const vmh_event *event;
        vmh_bytes copy;
        size_t one;

        /* One event at a time, read as a packed array of one. */
        vmh_buffer_reset(packed);
        vmh_buffer_append_u32_le(packed, 0);
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        vmh_encode_table(L, -1, &vmh_schema_event, &item, packed);
        lua_pop(L, 1);
        vmh_put_u32_le(packed->data, (uint32_t)(packed->size - 4));
        copy = vmh_path_copy(L, arena, vmh_buffer_bytes(packed));
        vmh_check_memory(L, vmh_events_decode(copy, arena, &event, &one, NULL));
        list[i] = *event;
    }
    vmh_clear_scratch(L, -1);
    lua_pop(L, 1);
    *events = list;
    *count = wanted;
}

void vmh_push_events(lua_State *L, const vmh_event *events, size_t count)
{
    vmh_buffer *message = vmh_push_buffer(L);

    lua_createtable(L, count > INT32_MAX ? 0 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        /* A packed array of one event is its message behind the length. */
        vmh_buffer_reset(message);
        vmh_events_encode(&events[i], 1, message);
        vmh_check_memory(L, vmh_buffer_check(message, NULL));
        vmh_push_message(L, &vmh_schema_event,
                         vmh_bytes_of(message->data + 4, message->size - 4));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    vmh_clear_scratch(L, -2);
    lua_remove(L, -2);
}

void vmh_check_state_diff(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                          vmh_state_diff *out)
{
    size_t count = vmh_path_check_list(L, index, path);
    vmh_contract_state_diff *list = vmh_path_new_list(L, arena, count, sizeof *list);

    index = lua_absindex(L, index);
    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);
        vmh_bytes message;

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        message = check_message(L, -1, &vmh_schema_contract_state_diff, &item, arena);
        lua_pop(L, 1);
        vmh_check_memory(L, vmh_contract_state_diff_decode(message, arena, &list[i], NULL));
    }
    *out = (vmh_state_diff){list, count};
}

static void push_records(lua_State *L, const vmh_contract_state_diff *diff)
{
    lua_createtable(L, diff->record_count > INT32_MAX ? 0 : (int)diff->record_count, 0);
    for (size_t i = 0; i < diff->record_count; i++) {
        lua_createtable(L, 0, 2);
        vmh_push_bytes(L, diff->records[i].key);
        lua_setfield(L, -2, "key");
        vmh_push_bytes(L, diff->records[i].value);
        lua_setfield(L, -2, "value");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void vmh_push_state_diff(lua_State *L, const vmh_state_diff *diff)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, diff->contract_count > INT32_MAX ? 0 : (int)diff->contract_count, 0);
    for (size_t i = 0; i < diff->contract_count; i++) {
        lua_createtable(L, 0, 2);
        vmh_push_bytes(L, diff->contracts[i].contract_name);
        lua_setfield(L, -2, "contract_name");
        push_records(L, &diff->contracts[i]);
        lua_setfield(L, -2, "state_diffs");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Block references. */

static uint64_t get_u64(lua_State *L, int index, const vmh_path *path, const char *name,
                        uint64_t default_value)
{
    uint64_t value = default_value;
    vmh_path field;

    if (vmh_path_push_field(L, index, path, name, &field))
        value = vmh_path_check_u64(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

static uint32_t get_u32(lua_State *L, int index, const vmh_path *path, const char *name,
                        uint32_t default_value)
{
    uint32_t value = default_value;
    vmh_path field;

    if (vmh_path_push_field(L, index, path, name, &field))
        value = vmh_path_check_u32(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

static void get_proposer(lua_State *L, int index, const vmh_path *path, vmh_block_ref *out)
{
    vmh_bytes proposer = {0};
    vmh_path field;

    if (vmh_path_push_field(L, index, path, "block_proposer", &field))
        proposer = vmh_path_check_bytes(L, -1, &field);
    if (proposer.size > sizeof out->proposer)
        vmh_path_error(L, &field, "expected at most %d bytes, got %I", VMH_PROPOSER_SIZE_MAX,
                       (lua_Integer)proposer.size);
    if (proposer.size != 0)
        memcpy(out->proposer, proposer.data, proposer.size);
    out->proposer_size = proposer.size;
    lua_pop(L, 1);
}

void vmh_check_block_ref(lua_State *L, int index, const vmh_path *path, vmh_block_ref *out)
{
    static const char *const known[] = {"height",         "timestamp",           "block_proposer",
                                        "reference_time", "prev_reference_time", NULL};

    index = lua_absindex(L, index);
    vmh_path_check_keys(L, index, path, known);
    *out = (vmh_block_ref){
        .height = get_u64(L, index, path, "height", 0),
        .timestamp = get_u64(L, index, path, "timestamp", 0),
        .reference_time = get_u32(L, index, path, "reference_time", 0),
        .prev_reference_time = get_u32(L, index, path, "prev_reference_time", 0),
    };
    get_proposer(L, index, path, out);
}

void vmh_push_block_ref(lua_State *L, const vmh_block_ref *block)
{
    lua_createtable(L, 0, 5);
    vmh_set_integer_field(L, "height", block->height);
    vmh_set_integer_field(L, "timestamp", block->timestamp);
    vmh_set_integer_field(L, "reference_time", block->reference_time);
    vmh_set_integer_field(L, "prev_reference_time", block->prev_reference_time);
    vmh_set_bytes_field(L, "block_proposer", vmh_block_ref_proposer(block));
}
