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
