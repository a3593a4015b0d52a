#include "async_table.h"

#include "async/call_data.h"
#include "codec/argument_codec.h"
#include "failure.h"
#include "field.h"
#include "types/enums.h"
#include "word.h"

/* ---- lists of values ---- */

vmh_bytes vmh_check_async_values(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 uint64_t *text_size)
{
    size_t count = lua_isnil(L, index) ? 0 : vmh_path_check_list(L, index, path);
    vmh_argument *items = vmh_path_new_list(L, arena, count, sizeof *items);
    vmh_bytes packed;
    vmh_failure why;

    *text_size = 0;
    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        items[i] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_path_check_bytes(L, -1, &item));
        *text_size += vmh_call_data_value_size(items[i].value.bytes.size);
        lua_pop(L, 1);
    }
    vmh_check_memory(L, vmh_argument_array_pack((vmh_argument_array){items, count}, arena,
                                                &packed, &why));
    return packed;
}

void vmh_push_async_values(lua_State *L, vmh_bytes packed, vmh_arena *arena)
{
    vmh_argument_array array;
    vmh_argument_fault fault;
    bool known;
    vmh_failure why;

    vmh_check_memory(L, vmh_argument_array_decode(packed, arena, &array, &known, &fault, &why));
    lua_createtable(L, (int)array.count, 0);
    for (size_t i = 0; i < array.count; i++) {
        vmh_push_bytes(L, array.items[i].value.bytes);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* ---- single fields ---- */

uint64_t vmh_opt_u64_field(lua_State *L, int index, const vmh_path *path, const char *name)
{
    vmh_path field;
    uint64_t value = 0;

    if (!vmh_path_push_field(L, index, path, name, &field))
        return 0;
    value = vmh_path_check_u64(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

static uint32_t opt_u32(lua_State *L, int index, const vmh_path *path, const char *name)
{
    vmh_path field;
    uint32_t value = 0;

    if (!vmh_path_push_field(L, index, path, name, &field))
        return 0;
    value = vmh_path_check_u32(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

bool vmh_opt_bool_field(lua_State *L, int index, const vmh_path *path, const char *name)
{
    vmh_path field;
    bool value = false;

    if (!vmh_path_push_field(L, index, path, name, &field))
        return false;
    value = vmh_path_check_bool(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

/* Raw bytes of a fixed size; zeros where the field is nil. */
static void opt_fixed(lua_State *L, int index, const vmh_path *path, const char *name, void *out,
                      size_t size)
{
    vmh_path field;

    memset(out, 0, size);
    if (!vmh_path_push_field(L, index, path, name, &field))
        return;
    memcpy(out, vmh_path_check_fixed(L, -1, &field, size == 32 ? "bytes32" : "bytes20", size).data,
           size);
    lua_pop(L, 1);
}

static vmh_bytes opt_values(lua_State *L, int index, const vmh_path *path, const char *name,
                            vmh_arena *arena, uint64_t *text_size, bool *is_given)
{
    vmh_path field;
    vmh_bytes packed = {0};

    *text_size = 0;
    *is_given = vmh_path_push_field(L, index, path, name, &field);
    if (!*is_given)
        return packed;
    packed = vmh_check_async_values(L, lua_gettop(L), &field, arena, text_size);
    lua_pop(L, 1);
    return packed;
}

static vmh_word opt_word(lua_State *L, int index, const vmh_path *path, const char *name)
{
    vmh_path field;
    vmh_word word = {0};

    if (!vmh_path_push_field(L, index, path, name, &field))
        return word;
    word = vmh_path_check_word(L, -1, &field);
    lua_pop(L, 1);
    return word;
}

/* ---- what the engine takes ---- */

static void check_prices(lua_State *L, int index, const vmh_path *path, vmh_async_prices *out)
{
    static const char *const known[] = {"step", "minimum_lock", "argument_byte", "record_byte",
                                        NULL};

    vmh_path_check_keys(L, index, path, known);
    *out = (vmh_async_prices){
        .step = vmh_opt_u64_field(L, index, path, "step"),
        .minimum_lock = vmh_opt_u64_field(L, index, path, "minimum_lock"),
        .argument_byte = vmh_opt_u64_field(L, index, path, "argument_byte"),
        .record_byte = vmh_opt_u64_field(L, index, path, "record_byte"),
    };
}

void vmh_check_async_options(lua_State *L, int index, vmh_async_options *out)
{
    static const char *const known[] = {"prices", "nesting", "chain", NULL};
    vmh_path path = vmh_path_root("options"), field;

    *out = (vmh_async_options){.prices = VMH_ASYNC_DEFAULT_PRICES,
                               .nesting = VMH_ASYNC_ANY_NESTING};
    if (lua_isnoneornil(L, index))
        return;
    vmh_path_check_keys(L, index, &path, known);
    out->chain = opt_u32(L, index, &path, "chain");
    if (vmh_path_push_field(L, index, &path, "prices", &field)) {
        check_prices(L, lua_gettop(L), &field, &out->prices);
        lua_pop(L, 1);
    }
    if (vmh_path_push_field(L, index, &path, "nesting", &field)) {
        out->nesting = vmh_path_check_u32(L, -1, &field);
        lua_pop(L, 1);
    }
}

void vmh_check_async_request(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                             vmh_request *out)
{
    static const char *const known[] = {"kind",   "id",     "root",        "from_chain",
                                        "signer", "method", "from_service", "answered_id",
                                        "context_id", NULL};
    uint32_t kind;

    vmh_path_check_keys(L, index, path, known);
    kind = opt_u32(L, index, path, "kind");
    if (kind > UINT16_MAX)
        vmh_path_error(L, path, "no kind of message: %I", (lua_Integer)kind);
    *out = (vmh_request){
        .kind = (uint16_t)kind,
        .from_chain = opt_u32(L, index, path, "from_chain"),
        .from_service = vmh_path_copy_field(L, index, path, "from_service", false, arena),
        .method = vmh_path_copy_field(L, index, path, "method", false, arena),
        .answered_id = vmh_path_copy_field(L, index, path, "answered_id", false, arena),
        .context_id = vmh_path_copy_field(L, index, path, "context_id", false, arena),
    };
    opt_fixed(L, index, path, "id", out->id.bytes, sizeof out->id.bytes);
    opt_fixed(L, index, path, "root", out->root.bytes, sizeof out->root.bytes);
    opt_fixed(L, index, path, "signer", out->signer.bytes, sizeof out->signer.bytes);
}

void vmh_check_async_start(lua_State *L, int index, vmh_arena *arena, vmh_async_start *out)
{
    static const char *const known[] = {"service", "method", "arguments", "request", "init",
                                        NULL};
    vmh_path path = vmh_path_root("start"), field;
    uint64_t text_size;
    bool is_given;

    vmh_path_check_keys(L, index, &path, known);
    *out = (vmh_async_start){
        .service = vmh_path_copy_field(L, index, &path, "service", true, arena),
        .method = vmh_path_copy_field(L, index, &path, "method", false, arena),
        .arguments =
            opt_values(L, index, &path, "arguments", arena, &text_size, &is_given),
        .is_init = vmh_opt_bool_field(L, index, &path, "init"),
    };
    if (vmh_path_push_field(L, index, &path, "request", &field)) {
        vmh_check_async_request(L, lua_gettop(L), &field, arena, &out->request);
        lua_pop(L, 1);
    }
}

static void check_outcome_fields(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 vmh_async_outcome *out)
{
    *out = (vmh_async_outcome){
        .code = opt_u32(L, index, path, "code"),
        .message = vmh_path_copy_field(L, index, path, "message", false, arena),
        .gas = vmh_opt_u64_field(L, index, path, "gas"),
    };
    out->values =
        opt_values(L, index, path, "values", arena, &out->values_size, &out->has_values);
}

void vmh_check_async_outcome(lua_State *L, int index, vmh_arena *arena, vmh_async_outcome *out,
                             bool *is_suspended)
{
    static const char *const known[] = {"code", "message", "values", "gas", "suspended", NULL};
    vmh_path path = vmh_path_root("outcome");

    vmh_path_check_keys(L, index, &path, known);
    check_outcome_fields(L, index, &path, arena, out);
    *is_suspended = vmh_opt_bool_field(L, index, &path, "suspended");
}

void vmh_check_async_return(lua_State *L, int index, vmh_arena *arena, vmh_async_return *out)
{
    static const char *const known[] = {"service", "from_chain", "from_service", "context_id",
                                        "call_id", "code",       "message",      "values",
                                        "gas",     NULL};
    vmh_path path = vmh_path_root("answer"), field;

    vmh_path_check_keys(L, index, &path, known);
    *out = (vmh_async_return){
        .service = vmh_path_copy_field(L, index, &path, "service", true, arena),
        .from_chain = opt_u32(L, index, &path, "from_chain"),
        .context_id = vmh_path_copy_field(L, index, &path, "context_id", true, arena),
        .call_id = vmh_path_copy_field(L, index, &path, "call_id", true, arena),
    };
    out->checks_sender = vmh_path_push_field(L, index, &path, "from_service", &field);
    if (out->checks_sender) {
        out->from_service = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &field));
        lua_pop(L, 1);
    }
    check_outcome_fields(L, index, &path, arena, &out->outcome);
}

void vmh_check_async_draft(lua_State *L, int index, vmh_arena *arena, vmh_async_draft *out)
{
    static const char *const known[] = {
        "read_only", "bad_callback", "remote",     "kept",       "group",    "to_chain", "to_service",
        "method",    "arguments",    "token",      "amount",   "gas",      "lock",
        "on_success", "on_error",    "closure",    NULL};
    vmh_path path = vmh_path_root("call"), field;
    uint64_t text_size;
    bool is_given;

    vmh_path_check_keys(L, index, &path, known);
    *out = (vmh_async_draft){
        .is_read_only = vmh_opt_bool_field(L, index, &path, "read_only"),
        .is_kept = vmh_opt_bool_field(L, index, &path, "kept"),
        .callbacks_are_valid = !vmh_opt_bool_field(L, index, &path, "bad_callback"),
        .mode = vmh_opt_bool_field(L, index, &path, "remote") ? VMH_ASYNC_REMOTE
                                                              : VMH_ASYNC_LOCAL,
        .group = vmh_path_copy_field(L, index, &path, "group", false, arena),
        .to_chain = opt_u32(L, index, &path, "to_chain"),
        .to_service = vmh_path_copy_field(L, index, &path, "to_service", true, arena),
        .method = vmh_path_copy_field(L, index, &path, "method", false, arena),
        .input = opt_values(L, index, &path, "arguments", arena, &text_size, &is_given),
        .token = vmh_path_copy_field(L, index, &path, "token", false, arena),
        .amount = opt_word(L, index, &path, "amount"),
        .lock = vmh_opt_u64_field(L, index, &path, "lock"),
        .on_success = vmh_path_copy_field(L, index, &path, "on_success", false, arena),
        .on_error = vmh_path_copy_field(L, index, &path, "on_error", false, arena),
        .closure = vmh_path_copy_field(L, index, &path, "closure", false, arena),
    };
    out->has_gas = vmh_path_push_field(L, index, &path, "gas", &field);
    if (out->has_gas) {
        out->gas = vmh_path_check_u64(L, -1, &field);
        lua_pop(L, 1);
    }
}

/* ---- what the engine shows ---- */

static void set_hash(lua_State *L, const char *name, const vmh_hash32 *hash)
{
    vmh_set_bytes_field(L, name, vmh_bytes_hash(hash));
}

static void set_bool(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_values(lua_State *L, const char *name, vmh_bytes packed, vmh_arena *arena)
{
    vmh_push_async_values(L, packed, arena);
    lua_setfield(L, -2, name);
}

static void set_value(lua_State *L, vmh_bytes token, const vmh_word *amount)
{
    vmh_set_bytes_field(L, "token", token);
    vmh_push_word(L, amount);
    lua_setfield(L, -2, "amount");
}

void vmh_push_async_request(lua_State *L, const vmh_request *request)
{
    lua_newtable(L);
    vmh_set_integer_field(L, "kind", request->kind);
    set_hash(L, "id", &request->id);
    set_hash(L, "root", &request->root);
    vmh_set_integer_field(L, "from_chain", request->from_chain);
    vmh_set_bytes_field(L, "from_service", request->from_service);
    vmh_set_bytes_field(L, "signer", vmh_bytes_address(&request->signer));
    vmh_set_bytes_field(L, "method", request->method);
    vmh_set_bytes_field(L, "answered_id", request->answered_id);
    vmh_set_bytes_field(L, "context_id", request->context_id);
}

static void set_outcome(lua_State *L, const vmh_async_outcome *outcome, vmh_arena *arena)
{
    vmh_set_integer_field(L, "code", outcome->code);
    vmh_set_integer_field(L, "gas", outcome->gas);
    if (outcome->code == VMH_CODE_OK)
        set_values(L, "values", outcome->values, arena);
    else
        vmh_set_bytes_field(L, "message", outcome->message);
}

/* The arguments of a callback: the code, then the values or the message. */
static void set_callback_arguments(lua_State *L, const vmh_async_outcome *outcome,
                                   vmh_arena *arena)
{
    uint8_t code[4];
    lua_Integer count;

    if (outcome->code == VMH_CODE_OK) {
        vmh_push_async_values(L, outcome->values, arena);
    } else {
        lua_newtable(L);
        vmh_push_bytes(L, outcome->message);
        lua_rawseti(L, -2, 1);
    }
    count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = count; i > 0; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    vmh_push_bytes(L, vmh_bytes_of(code, vmh_result_code_bytes(outcome->code, code)));
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "arguments");
}

static void set_run(lua_State *L, const vmh_async_run *run, vmh_arena *arena)
{
    set_text(L, "kind", vmh_async_kind_name(run->kind));
    vmh_set_integer_field(L, "depth", run->depth);
    vmh_set_bytes_field(L, "service", run->service);
    vmh_set_bytes_field(L, "method", run->method);
    set_hash(L, "id", &run->id);
    set_hash(L, "initiator_id", &run->initiator_id);
    vmh_set_integer_field(L, "caller_chain", run->caller_chain);
    vmh_set_bytes_field(L, "caller_service", run->caller_service);
    vmh_set_integer_field(L, "gas", run->gas);
    set_hash(L, "root", &run->root);
    vmh_set_bytes_field(L, "signer", vmh_bytes_address(&run->signer));
    if (run->kind != VMH_ASYNC_GROUP_CALLBACK)
        set_hash(L, "call_id", &run->call_id);
    if (run->kind == VMH_ASYNC_CALLEE) {
        set_values(L, "arguments", run->input, arena);
        set_value(L, run->token, &run->amount);
    } else if (run->kind == VMH_ASYNC_CALLBACK) {
        set_callback_arguments(L, &run->outcome, arena);
    } else {
        lua_newtable(L);
        vmh_push_bytes(L, run->input);
        lua_rawseti(L, -2, 1);
        lua_setfield(L, -2, "arguments");
        vmh_set_bytes_field(L, "group", run->group);
    }
}

static void set_send(lua_State *L, const vmh_async_send *send, vmh_arena *arena)
{
    const vmh_async_call *call = send->call;

    vmh_set_bytes_field(L, "service", send->from_service);
    vmh_set_integer_field(L, "to_chain", call->to_chain);
    vmh_set_bytes_field(L, "to_service", call->to_service);
    vmh_set_bytes_field(L, "method", call->method);
    set_values(L, "arguments", call->input, arena);
    set_value(L, call->token, &call->amount);
    vmh_set_integer_field(L, "gas", call->gas_limit);
    set_hash(L, "call_id", &call->id);
    vmh_set_bytes_field(L, "context_id",
                        vmh_bytes_of(send->context_id, sizeof send->context_id));
}

static void set_closed(lua_State *L, const vmh_async_closed *closed, vmh_arena *arena)
{
    set_text(L, "kind", vmh_async_kind_name(closed->kind));
    set_bool(L, "complete", closed->is_complete);
    set_outcome(L, &closed->outcome, arena);
}

static void set_answer(lua_State *L, const vmh_async_answer *answer, vmh_arena *arena)
{
    vmh_push_async_request(L, &answer->request);
    lua_setfield(L, -2, "request");
    vmh_set_bytes_field(L, "service", answer->service);
    set_bool(L, "late", answer->is_late);
    set_outcome(L, &answer->outcome, arena);
}

static void set_goes_on(lua_State *L, const vmh_async_goes_on *goes_on, vmh_arena *arena)
{
    vmh_set_bytes_field(L, "service", goes_on->service);
    set_hash(L, "id", &goes_on->id);
    vmh_set_integer_field(L, "first", goes_on->first);
    vmh_set_integer_field(L, "gas", goes_on->gas);
    lua_createtable(L, (int)goes_on->count, 0);
    for (uint32_t i = 0; i < goes_on->count; i++) {
        lua_newtable(L);
        set_outcome(L, &goes_on->outcomes[i], arena);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "outcomes");
}

void vmh_push_async_step(lua_State *L, const vmh_async_step *step, vmh_arena *arena)
{
    static const char *const names[] = {"run",   "unpaid", "send",         "undo",
                                        "settle", "ready", "read",         "write",
                                        "return_value", "refused", "answer", "go_on", "completed",
                                        "closed"};

    lua_newtable(L);
    set_text(L, "step", names[step->kind]);
    vmh_set_integer_field(L, "level", step->level);
    switch (step->kind) {
    case VMH_ASYNC_STEP_RUN:
        set_run(L, &step->run, arena);
        break;
    case VMH_ASYNC_STEP_UNPAID:
        set_text(L, "kind", vmh_async_kind_name(step->run.kind));
        vmh_set_bytes_field(L, "service", step->run.service);
        vmh_set_bytes_field(L, "method", step->run.method);
        set_hash(L, "initiator_id", &step->run.initiator_id);
        break;
    case VMH_ASYNC_STEP_SEND:
        set_send(L, &step->send, arena);
        break;
    case VMH_ASYNC_STEP_READ:
        vmh_set_bytes_field(L, "service", step->record.service);
        vmh_set_bytes_field(L, "key", step->record.key);
        break;
    case VMH_ASYNC_STEP_WRITE:
        vmh_set_bytes_field(L, "service", step->record.service);
        vmh_set_bytes_field(L, "key", step->record.key);
        vmh_set_bytes_field(L, "value", step->record.value);
        break;
    case VMH_ASYNC_STEP_RETURN_VALUE:
        vmh_set_bytes_field(L, "service", step->value.service);
        set_value(L, step->value.token, &step->value.amount);
        break;
    case VMH_ASYNC_STEP_REFUSED:
        set_text(L, "reason", step->refused);
        break;
    case VMH_ASYNC_STEP_ANSWER:
        set_answer(L, &step->answer, arena);
        break;
    case VMH_ASYNC_STEP_GO_ON:
        set_goes_on(L, &step->goes_on, arena);
        break;
    case VMH_ASYNC_STEP_COMPLETED:
        vmh_set_bytes_field(L, "service", step->completed.service);
        set_hash(L, "id", &step->completed.id);
        vmh_set_integer_field(L, "gas", step->completed.gas);
        break;
    case VMH_ASYNC_STEP_UNDO:
    case VMH_ASYNC_STEP_SETTLE:
    case VMH_ASYNC_STEP_CLOSED:
        set_closed(L, &step->closed, arena);
        break;
    case VMH_ASYNC_STEP_READY:
        break;
    }
}

void vmh_push_async_context(lua_State *L, const vmh_async_context *context)
{
    lua_newtable(L);
    set_text(L, "kind", vmh_async_kind_name(context->kind));
    vmh_set_bytes_field(L, "service", context->service);
    vmh_set_bytes_field(L, "method", context->method);
    set_hash(L, "id", &context->id);
    vmh_set_integer_field(L, "open_count", context->open_count);
    vmh_set_integer_field(L, "child_count", context->child_count);
    vmh_set_integer_field(L, "group_count", context->groups.count);
    vmh_set_integer_field(L, "gas_accumulated", context->gas_accumulated);
    vmh_set_integer_field(L, "nesting", context->nesting);
    vmh_push_async_request(L, &context->request);
    lua_setfield(L, -2, "request");
    if (context->has_parent) {
        vmh_set_bytes_field(L, "parent_service", context->parent_service);
        set_hash(L, "parent_id", &context->parent_id);
    }
}
