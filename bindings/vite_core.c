/// The Vite VM without a host around it.
// Accounts, requests, suspended state as bytes, and worlds: accounts in memory
// whose contracts can be run, sent to and asked. Addresses are 21 bytes, tokens 10,
// hashes and storage keys 32; amounts are words.
// @module vmhost.vite_core
#include "failure.h"
#include "handle.h"
#include "path.h"
#include "vite/account.h"
#include "vite/opcodes.h"
#include "vite/suspension.h"
#include "vite_request.h"
#include "vite_world.h"
#include "word.h"

__attribute__((visibility("default"))) int luaopen_vmhost_vite_core(lua_State *L);

/// The text of an address: `vite_` and 50 hex digits.
// @function address_text
// @tparam string address 21 bytes
// @treturn string
static int core_address_text(lua_State *L)
{
    vmh_vite_address address;
    char text[VMH_VITE_ADDRESS_TEXT_SIZE];

    memcpy(address.bytes, vmh_check_bytes_of_size(L, 1, sizeof address.bytes).data,
           sizeof address.bytes);
    vmh_vite_address_text(&address, text);
    lua_pushstring(L, text);
    return 1;
}

/// Reads the text of an address.
// @function parse_address
// @tparam string text
// @treturn[1] string 21 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`, for a wrong check sum too
static int core_parse_address(lua_State *L)
{
    vmh_vite_address address;
    vmh_failure why;

    if (vmh_vite_address_parse(vmh_check_bytes(L, 1), &address, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(address.bytes, sizeof address.bytes));
    return 1;
}

/// The text of a token: `tti_` and 24 hex digits.
// @function token_text
// @tparam string token 10 bytes
// @treturn string
static int core_token_text(lua_State *L)
{
    vmh_vite_token token;
    char text[VMH_VITE_TOKEN_TEXT_SIZE];

    memcpy(token.bytes, vmh_check_bytes_of_size(L, 1, sizeof token.bytes).data,
           sizeof token.bytes);
    vmh_vite_token_text(&token, text);
    lua_pushstring(L, text);
    return 1;
}

/// Reads the text of a token.
// @function parse_token
// @tparam string text
// @treturn[1] string 10 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`, for a wrong check sum too
static int core_parse_token(lua_State *L)
{
    vmh_vite_token token;
    vmh_failure why;

    if (vmh_vite_token_parse(vmh_check_bytes(L, 1), &token, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_bytes_of(token.bytes, sizeof token.bytes));
    return 1;
}

/// Where a request creates its contract.
// @function contract_address
// @tparam string from sender, 21 bytes
// @tparam integer height of the request in the sender's chain
// @tparam string previous_hash 32 bytes
// @treturn string 21 bytes
static int core_contract_address(lua_State *L)
{
    vmh_vite_address from, address;
    vmh_hash32 previous;
    uint64_t height = vmh_check_unsigned(L, 2);

    memcpy(from.bytes, vmh_check_bytes_of_size(L, 1, sizeof from.bytes).data, sizeof from.bytes);
    memcpy(previous.bytes, vmh_check_bytes_of_size(L, 3, sizeof previous.bytes).data,
           sizeof previous.bytes);
    address = vmh_vite_address_of_contract(&from, height, &previous);
    vmh_push_bytes(L, vmh_bytes_of(address.bytes, sizeof address.bytes));
    return 1;
}

static void read_place(lua_State *L, int index, const vmh_path *path, const char *height_name,
                       const char *hash_name, vmh_vite_place *out)
{
    vmh_path field;

    *out = (vmh_vite_place){0};
    if (vmh_path_push_field(L, index, path, height_name, &field))
        out->height = vmh_path_check_u64(L, -1, &field);
    lua_pop(L, 1);
    if (vmh_path_push_field(L, index, path, hash_name, &field))
        memcpy(out->previous_hash.bytes,
               vmh_path_check_fixed(L, -1, &field, "bytes32", 32).data, 32);
    lua_pop(L, 1);
}

/// The hash of a request of a user.
// @function request_hash
// @tparam table request kind, from, to, token, amount, fee, data; height and
// previous_hash of its block; nonce (8 bytes); data_hash where data is not known
// @treturn string 32 bytes
static int core_request_hash(lua_State *L)
{
    static const char *const known[] = {"kind", "from", "to", "token", "amount", "fee", "data",
                                        "hash", "height", "previous_hash", "nonce", "data_hash",
                                        NULL};
    vmh_path root = vmh_path_root("request");
    vmh_path field;
    vmh_vite_request request;
    vmh_vite_place place;
    vmh_hash32 hash;
    uint8_t nonce[8] = {0};

    vmh_path_check_keys(L, 1, &root, known);
    vmh_read_vite_request(L, 1, &root, &request);
    read_place(L, 1, &root, "height", "previous_hash", &place);
    if (vmh_path_push_field(L, 1, &root, "nonce", &field))
        memcpy(nonce, vmh_path_check_fixed(L, -1, &field, "bytes8", sizeof nonce).data,
               sizeof nonce);
    lua_pop(L, 1);
    if (vmh_path_push_field(L, 1, &root, "data_hash", &field)) {
        vmh_hash32 data_hash;

        memcpy(data_hash.bytes, vmh_path_check_fixed(L, -1, &field, "bytes32", 32).data, 32);
        vmh_vite_request_hash_of_data_hash(&request, &place, nonce, &data_hash, &hash);
    } else {
        vmh_vite_request_hash(&request, &place, nonce, &hash);
    }
    vmh_push_bytes(L, vmh_bytes_hash(&hash));
    return 1;
}

/// The hash of a request that a response triggers.
// @function triggered_hash
// @tparam table request kind, from, to, token, amount, fee, data; host_height and
// host_previous_hash of the response's block; index among its requests, from 0
// @treturn string 32 bytes
static int core_triggered_hash(lua_State *L)
{
    static const char *const known[] = {"kind", "from", "to", "token", "amount", "fee", "data",
                                        "hash", "host_height", "host_previous_hash", "index",
                                        NULL};
    vmh_path root = vmh_path_root("request");
    vmh_path field;
    vmh_vite_request request;
    vmh_vite_place host;
    vmh_hash32 hash;
    uint32_t index = 0;

    vmh_path_check_keys(L, 1, &root, known);
    vmh_read_vite_request(L, 1, &root, &request);
    read_place(L, 1, &root, "host_height", "host_previous_hash", &host);
    if (vmh_path_push_field(L, 1, &root, "index", &field))
        index = vmh_path_check_u32(L, -1, &field);
    luaL_argcheck(L, index <= UINT8_MAX, 1, "index must be below 256");
    vmh_vite_triggered_hash(&request, &host, (uint8_t)index, &hash);
    vmh_push_bytes(L, vmh_bytes_hash(&hash));
    return 1;
}

static const vmh_word *read_stack(lua_State *L, const vmh_path *path, vmh_arena *arena,
                                  size_t *count)
{
    vmh_word *stack;

    *count = vmh_path_check_list(L, -1, path);
    stack = vmh_path_new_list(L, arena, *count, sizeof *stack);
    for (size_t i = 0; i < *count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);

        lua_rawgeti(L, -1, item.index);
        stack[i] = vmh_path_check_word(L, -1, &item);
        lua_pop(L, 1);
    }
    return stack;
}

/* The fields of a context in the table at 1; memory is borrowed from it. */
static void read_context(lua_State *L, const vmh_path *root, vmh_arena *arena,
                         vmh_vite_context *out)
{
    vmh_path field;

    *out = (vmh_vite_context){0};
    if (vmh_path_push_field(L, 1, root, "referrer", &field))
        memcpy(out->referrer.bytes, vmh_path_check_fixed(L, -1, &field, "bytes32", 32).data, 32);
    lua_pop(L, 1);
    if (vmh_path_push_field(L, 1, root, "callback_id", &field))
        out->callback_id = vmh_path_check_u32(L, -1, &field);
    lua_pop(L, 1);
    if (vmh_path_push_field(L, 1, root, "stack", &field))
        out->stack = read_stack(L, &field, arena, &out->stack_count);
    lua_pop(L, 1);
    if (vmh_path_push_field(L, 1, root, "memory", &field))
        out->memory = vmh_path_check_bytes(L, -1, &field);
    lua_pop(L, 1);
}

/* Pushes what the buffer holds and frees it and the arena. */
static int push_encoded(lua_State *L, vmh_arena *arena, vmh_buffer *buffer, vmh_status status,
                        const vmh_failure *why)
{
    vmh_arena_clear(arena);
    if (status != VMH_OK)
        return vmh_push_failure(L, why);
    vmh_push_bytes(L, vmh_buffer_bytes(buffer));
    vmh_buffer_clear(buffer);
    return 1;
}

/// Encodes what a suspended run leaves.
// @function encode_context
// @tparam table context referrer (32 bytes), callback_id, stack (words, bottom first), memory
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `limit`, for a stack part of more than 65,535 bytes
static int core_encode_context(lua_State *L)
{
    static const char *const known[] = {"referrer", "callback_id", "stack", "memory", NULL};
    vmh_path root = vmh_path_root("context");
    vmh_vite_context context;
    vmh_failure why;
    vmh_buffer *buffer;
    vmh_arena *arena;
    vmh_status status;

    lua_settop(L, 1);
    vmh_path_check_keys(L, 1, &root, known);
    arena = vmh_push_arena(L);
    buffer = vmh_push_buffer(L);
    read_context(L, &root, arena, &context);
    status = vmh_vite_context_encode(&context, buffer, &why);
    return push_encoded(L, arena, buffer, status, &why);
}

static void push_context_fields(lua_State *L, const vmh_vite_context *context)
{
    vmh_push_bytes(L, vmh_bytes_hash(&context->referrer));
    lua_setfield(L, -2, "referrer");
    lua_pushinteger(L, context->callback_id);
    lua_setfield(L, -2, "callback_id");
    lua_createtable(L, (int)context->stack_count, 0);
    for (size_t i = 0; i < context->stack_count; i++) {
        vmh_push_word(L, &context->stack[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "stack");
    vmh_push_bytes(L, context->memory);
    lua_setfield(L, -2, "memory");
}

/// Decodes a context. Only what encode_context gives is taken.
// @function decode_context
// @tparam string bytes
// @treturn[1] table as for encode_context; memory without its trailing zeros
// @return[2] nil
// @treturn[2] string message with the offset
// @treturn[2] string code `malformed`
static int core_decode_context(lua_State *L)
{
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_vite_context context;
    vmh_failure why;

    if (vmh_vite_context_decode(bytes, arena, &context, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_newtable(L);
    push_context_fields(L, &context);
    vmh_arena_clear(arena);
    return 1;
}

/// Encodes suspended state in the older form, in front of call data.
// @function encode_metadata
// @tparam table metadata type (1 synchronous call, 2 callback, 3 failure callback), the
// fields of a context, and call_data; that of a callback begins with its id
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `limit`
static int core_encode_metadata(lua_State *L)
{
    static const char *const known[] = {"type", "referrer", "callback_id", "stack", "memory",
                                        "call_data", NULL};
    vmh_path root = vmh_path_root("metadata");
    vmh_path field;
    vmh_vite_context context;
    vmh_failure why;
    vmh_buffer *buffer;
    vmh_arena *arena;
    vmh_status status;
    uint32_t type;

    lua_settop(L, 1);
    vmh_path_check_keys(L, 1, &root, known);
    arena = vmh_push_arena(L);
    buffer = vmh_push_buffer(L);
    read_context(L, &root, arena, &context);
    vmh_path_push_field(L, 1, &root, "type", &field);
    type = vmh_path_check_u32(L, -1, &field);
    luaL_argcheck(L, type >= 1 && type <= 3, 1, "type must be 1, 2 or 3");
    status = vmh_vite_metadata_encode((vmh_vite_metadata_type)type, &context, buffer, &why);
    if (status == VMH_OK && vmh_path_push_field(L, 1, &root, "call_data", &field)) {
        vmh_buffer_append(buffer, vmh_path_check_bytes(L, -1, &field));
        status = vmh_buffer_check(buffer, &why);
    }
    return push_encoded(L, arena, buffer, status, &why);
}

/// Takes call data of the older form apart.
// @function decode_metadata
// @tparam string data
// @treturn[1] table type (0 for plain data), call_data, size (of the metadata); and unless
// plain head_size, referrer, callback_id; of a synchronous call stack, memory and
// context_size
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int core_decode_metadata(lua_State *L)
{
    vmh_bytes data = vmh_check_bytes(L, 1);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_vite_metadata metadata;
    vmh_vite_context context;
    vmh_failure why;

    if (!vmh_vite_metadata_decode(data, &metadata))
        return vmh_push_failure_text(L, VMH_E_MALFORMED, "invalid metadata");
    context = (vmh_vite_context){.referrer = metadata.referrer,
                                 .callback_id = metadata.callback_id};
    if (metadata.type == VMH_VITE_METADATA_SYNC_CALL &&
        vmh_vite_metadata_context(&metadata, arena, &context, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_newtable(L);
    if (metadata.type != VMH_VITE_METADATA_NONE) {
        push_context_fields(L, &context);
        lua_pushinteger(L, (lua_Integer)metadata.head_size);
        lua_setfield(L, -2, "head_size");
        lua_pushinteger(L, (lua_Integer)metadata.stack_and_memory.size);
        lua_setfield(L, -2, "context_size");
    }
    lua_pushinteger(L, metadata.type);
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, (lua_Integer)metadata.size);
    lua_setfield(L, -2, "size");
    vmh_push_bytes(L, metadata.call_data);
    lua_setfield(L, -2, "call_data");
    vmh_arena_clear(arena);
    return 1;
}

/// Lists the opcodes.
// @function opcodes
// @treturn {table,...} byte, name, pops, pushes, quota_a, quota_b, fork; in the order of bytes
static int core_opcodes(lua_State *L)
{
    lua_Integer count = 0;

    lua_newtable(L);
    for (int byte = 0; byte < 256; byte++) {
        const vmh_vite_opcode_info *info = &vmh_vite_opcodes[byte];
        const struct { const char *name; int value; } numbers[] = {
            {"byte", byte},          {"pops", info->pops},       {"pushes", info->pushes},
            {"quota_a", info->quota_a}, {"quota_b", info->quota_b}, {"fork", info->fork},
        };

        if (info->name == NULL)
            continue;
        lua_newtable(L);
        lua_pushstring(L, info->name);
        lua_setfield(L, -2, "name");
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            lua_pushinteger(L, numbers[i].value);
            lua_setfield(L, -2, numbers[i].name);
        }
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

int luaopen_vmhost_vite_core(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"address_text", core_address_text},
        {"contract_address", core_contract_address},
        {"decode_context", core_decode_context},
        {"decode_metadata", core_decode_metadata},
        {"encode_context", core_encode_context},
        {"encode_metadata", core_encode_metadata},
        {"opcodes", core_opcodes},
        {"parse_address", core_parse_address},
        {"parse_token", core_parse_token},
        {"request_hash", core_request_hash},
        {"token_text", core_token_text},
        {"triggered_hash", core_triggered_hash},
        {"world", vmh_vite_world_open},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    vmh_vite_world_register(L);
    luaL_newlib(L, functions);
    return 1;
}
