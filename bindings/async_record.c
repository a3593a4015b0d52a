/// Records of unfinished contexts as bytes.
// @submodule vmhost.async
#include "async_record.h"

#include "async/async_store.h"
#include "async_table.h"
#include "failure.h"
#include "field.h"
#include "handle.h"
#include "types/enums.h"
#include "word.h"

static const char *const sorts[] = {"header", "values", "call", "group", "outcome", NULL};

static const char *const kinds[] = {"direct", "sync", "async", "callback", "group", NULL};
static const char *const statuses[] = {"pending", "resolved", "rejected", NULL};

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* ---- bytes -> table ---- */

static vmh_status push_header(lua_State *L, vmh_bytes bytes, vmh_failure *why)
{
    vmh_async_context context = {0};
    vmh_status status = vmh_async_header_decode(bytes, &context, why);

    if (status != VMH_OK)
        return status;
    lua_newtable(L);
    set_text(L, "kind", vmh_async_kind_name(context.kind));
    vmh_set_integer_field(L, "nesting", context.nesting);
    vmh_set_bytes_field(L, "method", context.method);
    vmh_push_async_request(L, &context.request);
    lua_setfield(L, -2, "request");
    if (context.has_parent) {
        vmh_set_bytes_field(L, "parent_service", context.parent_service);
        vmh_set_bytes_field(L, "parent_id", vmh_bytes_hash(&context.parent_id));
        vmh_set_integer_field(L, "parent_index", context.parent_index);
        vmh_set_bytes_field(L, "parent_call_id", vmh_bytes_hash(&context.parent_call_id));
    }
    vmh_set_integer_field(L, "open_count", context.open_count);
    vmh_set_integer_field(L, "child_count", context.child_count);
    vmh_set_integer_field(L, "record_count", context.record_count);
    vmh_set_integer_field(L, "gas_accumulated", context.gas_accumulated);
    set_flag(L, "suspended", context.is_suspended);
    vmh_set_integer_field(L, "awaited_first", context.awaited_first);
    vmh_set_integer_field(L, "awaited_count", context.awaited_count);
    vmh_set_integer_field(L, "awaited_open", context.awaited_open);
    set_flag(L, "has_values", context.has_values_record);
    if (context.has_result) {
        vmh_set_integer_field(L, "code", context.result_code);
        vmh_set_bytes_field(L, "message", context.result_message);
        vmh_set_integer_field(L, "gas", context.result_gas);
    }
    return VMH_OK;
}

static vmh_status push_values(lua_State *L, vmh_bytes bytes, vmh_failure *why)
{
    vmh_bytes values;
    uint64_t text_size;
    vmh_status status = vmh_async_values_decode(bytes, &values, &text_size, why);

    if (status != VMH_OK)
        return status;
    lua_newtable(L);
    vmh_set_integer_field(L, "text_size", text_size);
    vmh_set_bytes_field(L, "packed", values);
    return VMH_OK;
}

static vmh_status push_call(lua_State *L, vmh_bytes bytes, vmh_failure *why)
{
    vmh_async_call call = {0};
    vmh_status status = vmh_async_call_decode(bytes, &call, why);

    if (status != VMH_OK)
        return status;
    lua_newtable(L);
    vmh_set_bytes_field(L, "id", vmh_bytes_hash(&call.id));
    set_text(L, "status", vmh_async_status_name(call.status));
    set_flag(L, "remote", !vmh_async_call_is_local(&call));
    vmh_set_integer_field(L, "to_chain", call.to_chain);
    vmh_set_bytes_field(L, "to_service", call.to_service);
    vmh_set_bytes_field(L, "method", call.method);
    vmh_set_integer_field(L, "gas_limit", call.gas_limit);
    vmh_set_integer_field(L, "gas_locked", call.gas_locked);
    vmh_set_bytes_field(L, "token", call.token);
    vmh_push_word(L, &call.amount);
    lua_setfield(L, -2, "amount");
    vmh_set_bytes_field(L, "on_success", call.on_success);
    vmh_set_bytes_field(L, "on_error", call.on_error);
    vmh_set_bytes_field(L, "closure", call.closure);
    vmh_set_integer_field(L, "group_index", call.group_index);
    return VMH_OK;
}

static vmh_status push_group(lua_State *L, vmh_bytes bytes, vmh_failure *why)
{
    vmh_call_group group = {0};
    vmh_status status = vmh_async_group_decode(bytes, &group, why);

    if (status != VMH_OK)
        return status;
    lua_newtable(L);
    vmh_set_bytes_field(L, "identifier", group.identifier);
    vmh_set_bytes_field(L, "callback", group.callback);
    vmh_set_bytes_field(L, "data", group.data);
    vmh_set_integer_field(L, "gas_locked", group.gas_locked);
    vmh_set_integer_field(L, "open_count", group.open_count);
    return VMH_OK;
}

static vmh_status push_outcome(lua_State *L, vmh_bytes bytes, vmh_failure *why)
{
    vmh_async_outcome outcome;
    vmh_status status = vmh_async_outcome_decode(bytes, &outcome, why);

    if (status != VMH_OK)
        return status;
    lua_newtable(L);
    vmh_set_integer_field(L, "code", outcome.code);
    if (outcome.code == VMH_CODE_OK)
        vmh_set_bytes_field(L, "packed", outcome.values);
    else
        vmh_set_bytes_field(L, "message", outcome.message);
    vmh_set_integer_field(L, "gas", outcome.gas);
    return VMH_OK;
}

/// Reads a record of an unfinished context.
// @function decode_record
// @tparam string sort `header`, `values`, `call`, `group` or `outcome`
// @tparam string bytes
// @treturn table its fields; those of a header: `kind`, `method`, `nesting`, `request`,
// `parent_service`, `parent_id`, `parent_index`, `parent_call_id`, `open_count`, `child_count`,
// `record_count`, `gas_accumulated`, `suspended`, `awaited_first`, `awaited_count`,
// `awaited_open`, `has_values`, and where its outcome is kept
// `code`, `message`, `gas`; of values: `text_size`, `packed`; of a call: `id`, `status`, `remote`,
// `to_chain`, `to_service`, `method`, `gas_limit`, `gas_locked`, `token`, `amount`, `on_success`,
// `on_error`, `closure`, `group_index`; of a group: `identifier`, `callback`, `data`,
// `gas_locked`, `open_count`; of an outcome: `code`, `packed` or `message`, `gas`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `store_corrupt` for bytes that `encode_record` does not give
int vmh_async_decode_record(lua_State *L)
{
    static vmh_status (*const push[])(lua_State *, vmh_bytes, vmh_failure *) = {
        push_header, push_values, push_call, push_group, push_outcome};
    int sort = luaL_checkoption(L, 1, NULL, sorts);
    vmh_failure why;

    if (push[sort](L, vmh_check_bytes(L, 2), &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return 1;
}

/* ---- table -> bytes ---- */

static int opt_name(lua_State *L, int index, const vmh_path *path, const char *field,
                    const char *const *names)
{
    vmh_path at;
    vmh_bytes name;

    if (!vmh_path_push_field(L, index, path, field, &at))
        return 0;
    name = vmh_path_check_bytes(L, -1, &at);
    for (int i = 0; names[i] != NULL; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(names[i]))) {
            lua_pop(L, 1);
            return i;
        }
    }
    return vmh_path_error(L, &at, "unknown: '%s'", lua_tostring(L, -1));
}

static uint32_t opt_u32(lua_State *L, int index, const vmh_path *path, const char *name)
{
    uint64_t value = vmh_opt_u64_field(L, index, path, name);

    if (value > UINT32_MAX)
        vmh_path_error(L, path, "%s has 32 bits", name);
    return (uint32_t)value;
}

static vmh_hash32 opt_hash(lua_State *L, int index, const vmh_path *path, const char *name,
                           vmh_arena *arena)
{
    vmh_bytes bytes = vmh_path_copy_field(L, index, path, name, false, arena);
    vmh_hash32 hash = {{0}};

    if (bytes.size != 0 && bytes.size != sizeof hash.bytes)
        vmh_path_error(L, path, "%s has 32 bytes", name);
    if (bytes.size != 0)
        memcpy(hash.bytes, bytes.data, sizeof hash.bytes);
    return hash;
}

static void encode_header(lua_State *L, const vmh_path *path, vmh_arena *arena, vmh_buffer *out)
{
    static const char *const known[] = {
        "kind",        "nesting",     "method",       "request",         "parent_service",
        "parent_id",   "parent_index", "parent_call_id", "open_count",   "child_count",
        "record_count", "gas_accumulated", "suspended", "has_values",    "code",
        "message",     "gas",         "awaited_first", "awaited_count",  "awaited_open",
        NULL};
    vmh_async_context context = {0};
    vmh_path field;

    vmh_path_check_keys(L, 2, path, known);
    context.kind = (vmh_async_kind)opt_name(L, 2, path, "kind", kinds);
    context.nesting = opt_u32(L, 2, path, "nesting");
    context.method = vmh_path_copy_field(L, 2, path, "method", false, arena);
    if (vmh_path_push_field(L, 2, path, "request", &field)) {
        vmh_check_async_request(L, lua_gettop(L), &field, arena, &context.request);
        lua_pop(L, 1);
    }
    context.parent_service = vmh_path_copy_field(L, 2, path, "parent_service", false, arena);
    context.has_parent = context.parent_service.size != 0;
    context.parent_id = opt_hash(L, 2, path, "parent_id", arena);
    context.parent_index = opt_u32(L, 2, path, "parent_index");
    context.parent_call_id = opt_hash(L, 2, path, "parent_call_id", arena);
    context.open_count = vmh_opt_u64_field(L, 2, path, "open_count");
    context.child_count = vmh_opt_u64_field(L, 2, path, "child_count");
    context.record_count = opt_u32(L, 2, path, "record_count");
    context.gas_accumulated = vmh_opt_u64_field(L, 2, path, "gas_accumulated");
    context.is_suspended = vmh_opt_bool_field(L, 2, path, "suspended");
    context.awaited_first = opt_u32(L, 2, path, "awaited_first");
    context.awaited_count = opt_u32(L, 2, path, "awaited_count");
    context.awaited_open = opt_u32(L, 2, path, "awaited_open");
    context.has_values_record = vmh_opt_bool_field(L, 2, path, "has_values");
    context.has_result = vmh_path_push_field(L, 2, path, "code", &field);
    if (context.has_result)
        lua_pop(L, 1);
    context.result_code = opt_u32(L, 2, path, "code");
    context.result_message = vmh_path_copy_field(L, 2, path, "message", false, arena);
    context.result_gas = vmh_opt_u64_field(L, 2, path, "gas");
    vmh_async_header_encode(&context, out);
}

static void encode_values(lua_State *L, const vmh_path *path, vmh_arena *arena, vmh_buffer *out)
{
    static const char *const known[] = {"text_size", "packed", NULL};
    vmh_bytes packed;
    vmh_async_values values = {.is_set = true};

    vmh_path_check_keys(L, 2, path, known);
    packed = vmh_path_copy_field(L, 2, path, "packed", false, arena);
    vmh_check_memory(L, vmh_async_values_set(&values, packed,
                                             vmh_opt_u64_field(L, 2, path, "text_size"), arena,
                                             NULL));
    vmh_async_values_encode(&values, out);
}

static void encode_call(lua_State *L, const vmh_path *path, vmh_arena *arena, vmh_buffer *out)
{
    static const char *const known[] = {
        "id",         "status", "remote", "to_chain",   "to_service", "method",  "gas_limit",
        "gas_locked", "token",  "amount", "on_success", "on_error",   "closure", "group_index",
        NULL};
    vmh_async_call call = {0};
    vmh_path field;

    vmh_path_check_keys(L, 2, path, known);
    call.id = opt_hash(L, 2, path, "id", arena);
    call.status = (vmh_async_status)opt_name(L, 2, path, "status", statuses);
    call.mode =
        vmh_opt_bool_field(L, 2, path, "remote") ? VMH_ASYNC_REMOTE : VMH_ASYNC_LOCAL;
    call.to_chain = opt_u32(L, 2, path, "to_chain");
    call.to_service = vmh_path_copy_field(L, 2, path, "to_service", false, arena);
    call.method = vmh_path_copy_field(L, 2, path, "method", false, arena);
    call.gas_limit = vmh_opt_u64_field(L, 2, path, "gas_limit");
    call.gas_locked = vmh_opt_u64_field(L, 2, path, "gas_locked");
    call.token = vmh_path_copy_field(L, 2, path, "token", false, arena);
    if (vmh_path_push_field(L, 2, path, "amount", &field)) {
        call.amount = vmh_path_check_word(L, -1, &field);
        lua_pop(L, 1);
    }
    call.on_success = vmh_path_copy_field(L, 2, path, "on_success", false, arena);
    call.on_error = vmh_path_copy_field(L, 2, path, "on_error", false, arena);
    call.closure = vmh_path_copy_field(L, 2, path, "closure", false, arena);
    call.group_index = opt_u32(L, 2, path, "group_index");
    vmh_async_call_encode(&call, out);
}

static void encode_group(lua_State *L, const vmh_path *path, vmh_arena *arena, vmh_buffer *out)
{
    static const char *const known[] = {"identifier", "callback",   "data",
                                        "gas_locked", "open_count", NULL};
    vmh_call_group group;

    vmh_path_check_keys(L, 2, path, known);
    group = (vmh_call_group){
        .identifier = vmh_path_copy_field(L, 2, path, "identifier", false, arena),
        .callback = vmh_path_copy_field(L, 2, path, "callback", false, arena),
        .data = vmh_path_copy_field(L, 2, path, "data", false, arena),
        .gas_locked = vmh_opt_u64_field(L, 2, path, "gas_locked"),
        .open_count = vmh_opt_u64_field(L, 2, path, "open_count"),
    };
    vmh_async_group_encode(&group, out);
}

static void encode_outcome(lua_State *L, const vmh_path *path, vmh_arena *arena, vmh_buffer *out)
{
    static const char *const known[] = {"code", "packed", "message", "gas", NULL};
    vmh_async_outcome outcome;

    vmh_path_check_keys(L, 2, path, known);
    outcome = (vmh_async_outcome){
        .code = opt_u32(L, 2, path, "code"),
        .values = vmh_path_copy_field(L, 2, path, "packed", false, arena),
        .message = vmh_path_copy_field(L, 2, path, "message", false, arena),
        .gas = vmh_opt_u64_field(L, 2, path, "gas"),
    };
    vmh_async_outcome_encode(&outcome, out);
}

/// Writes a record of an unfinished context.
// @function encode_record
// @tparam string sort `header`, `values`, `call`, `group` or `outcome`
// @tparam table record its fields, as `decode_record` gives them; those that are nil are 0, empty
// or false
// @treturn string
int vmh_async_encode_record(lua_State *L)
{
    static void (*const encode[])(lua_State *, const vmh_path *, vmh_arena *, vmh_buffer *) = {
        encode_header, encode_values, encode_call, encode_group, encode_outcome};
    int sort = luaL_checkoption(L, 1, NULL, sorts);
    vmh_path path = vmh_path_root("record");
    vmh_arena *arena;
    vmh_buffer *bytes;
    vmh_failure why;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    bytes = vmh_push_buffer(L);
    encode[sort](L, &path, arena, bytes);
    vmh_check_memory(L, vmh_buffer_check(bytes, &why));
    vmh_push_bytes(L, vmh_buffer_bytes(bytes));
    return 1;
}
