#include "vite_request.h"

#include "failure.h"
#include "word.h"

static void read_fixed(lua_State *L, int index, const vmh_path *path, const char *name,
                       const char *type, uint8_t *out, size_t size)
{
    vmh_path field;

    if (vmh_path_push_field(L, index, path, name, &field))
        memcpy(out, vmh_path_check_fixed(L, -1, &field, type, size).data, size);
    lua_pop(L, 1);
}

static void read_word(lua_State *L, int index, const vmh_path *path, const char *name,
                      vmh_word *out)
{
    vmh_path field;

    if (vmh_path_push_field(L, index, path, name, &field))
        *out = vmh_path_check_word(L, -1, &field);
    lua_pop(L, 1);
}

void vmh_read_vite_request(lua_State *L, int index, const vmh_path *path, vmh_vite_request *out)
{
    vmh_path field;

    index = lua_absindex(L, index);
    *out = (vmh_vite_request){.kind = VMH_VITE_KIND_SEND_CALL, .token = vmh_vite_token_vite};
    if (vmh_path_push_field(L, index, path, "kind", &field))
        out->kind = vmh_path_check_u32(L, -1, &field);
    if (vmh_vite_kind_name(out->kind) == NULL)
        vmh_path_error(L, &field, "no kind of request: %I", (lua_Integer)out->kind);
    lua_pop(L, 1);
    read_fixed(L, index, path, "from", "address", out->from.bytes, sizeof out->from.bytes);
    read_fixed(L, index, path, "to", "address", out->to.bytes, sizeof out->to.bytes);
    read_fixed(L, index, path, "token", "token", out->token.bytes, sizeof out->token.bytes);
    read_fixed(L, index, path, "hash", "bytes32", out->hash.bytes, sizeof out->hash.bytes);
    read_word(L, index, path, "amount", &out->amount);
    read_word(L, index, path, "fee", &out->fee);
    if (vmh_path_push_field(L, index, path, "data", &field))
        out->data = vmh_path_check_bytes(L, -1, &field);
    lua_pop(L, 1);
}

vmh_vite_address vmh_check_vite_address(lua_State *L, int index)
{
    vmh_vite_address address;

    memcpy(address.bytes, vmh_check_bytes_of_size(L, index, sizeof address.bytes).data,
           sizeof address.bytes);
    return address;
}

vmh_vite_token vmh_check_vite_token(lua_State *L, int index)
{
    vmh_vite_token token;

    memcpy(token.bytes, vmh_check_bytes_of_size(L, index, sizeof token.bytes).data,
           sizeof token.bytes);
    return token;
}

static void set_bytes(lua_State *L, const char *name, const void *bytes, size_t size)
{
    vmh_push_bytes(L, vmh_bytes_of(bytes, size));
    lua_setfield(L, -2, name);
}

void vmh_push_vite_request(lua_State *L, const vmh_vite_request *request)
{
    lua_newtable(L);
    lua_pushinteger(L, request->kind);
    lua_setfield(L, -2, "kind");
    set_bytes(L, "from", request->from.bytes, sizeof request->from.bytes);
    set_bytes(L, "to", request->to.bytes, sizeof request->to.bytes);
    set_bytes(L, "token", request->token.bytes, sizeof request->token.bytes);
    set_bytes(L, "hash", request->hash.bytes, sizeof request->hash.bytes);
    set_bytes(L, "data", request->data.data, request->data.size);
    vmh_push_word(L, &request->amount);
    lua_setfield(L, -2, "amount");
    vmh_push_word(L, &request->fee);
    lua_setfield(L, -2, "fee");
}

void vmh_push_vite_triggered(lua_State *L, const vmh_vite_triggered *triggered)
{
    vmh_push_vite_request(L, &triggered->request);
    if (!triggered->has_context)
        return;
    set_bytes(L, "context", triggered->context.data, triggered->context.size);
    lua_pushinteger(L, triggered->callback_id);
    lua_setfield(L, -2, "callback_id");
    lua_pushinteger(L, (lua_Integer)triggered->stack_count);
    lua_setfield(L, -2, "stack_count");
    lua_pushinteger(L, (lua_Integer)triggered->memory_size);
    lua_setfield(L, -2, "memory_size");
}

void vmh_push_vite_logs(lua_State *L, const vmh_vite_log *logs, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_newtable(L);
        lua_createtable(L, (int)logs[i].topic_count, 0);
        for (size_t topic = 0; topic < logs[i].topic_count; topic++) {
            uint8_t bytes[32];

            vmh_word_to_bytes(&logs[i].topics[topic], bytes);
            vmh_push_bytes(L, vmh_bytes_of(bytes, sizeof bytes));
            lua_rawseti(L, -2, (lua_Integer)topic + 1);
        }
        lua_setfield(L, -2, "topics");
        set_bytes(L, "data", logs[i].data.data, logs[i].data.size);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}
