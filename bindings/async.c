/// The engine of asynchronous calls, without a host around it.
// It decides and never executes: it says what is to be done next, and is told what
// came of it. One engine serves one run: a transaction, or a message. Ids have 32
// bytes, amounts are words, gas are integers; arguments and returned values are
// lists of strings. What the steps mean is told by docs/async_engine.md.
//
//    local engine = async.new { chain = 42 }
//    engine:begin { service = "shop", method = "buy", request = { id = id } }
//    local gas = engine:register({ to_service = "bank", method = "pay", gas = 5000 }, 90000)
//    engine:end_body { gas = gas }
//    repeat local step = engine:next() ... until step.step == "closed"
//
// @module vmhost.async
#include "async_table.h"

#include "async/async_store.h"
#include "async/call_data.h"
#include "async_record.h"
#include "failure.h"
#include "field.h"
#include "handle.h"

__attribute__((visibility("default"))) int luaopen_vmhost_async(lua_State *L);

#define ENGINE_TYPE "vmhost.AsyncEngine"

typedef struct engine_handle {
    vmh_handle handle; /* first; core is the handle itself while it is open */
    vmh_arena arena;
    vmh_async_engine engine;
    vmh_async_step_kind last; /* step, while the engine waits for its answer */
    bool is_spoiled;          /* memory was short in the middle of something */
} engine_handle;

static engine_handle *check_handle(lua_State *L)
{
    engine_handle *handle = (engine_handle *)vmh_handle_check(L, 1, ENGINE_TYPE);

    if (handle->is_spoiled)
        luaL_error(L, "the engine ran out of memory and is of no more use");
    return handle;
}

/* An engine in which a body runs. */
static engine_handle *check_body(lua_State *L)
{
    engine_handle *handle = check_handle(L);
    const vmh_async_context *top = vmh_async_top(&handle->engine);

    if (top == NULL || top->phase != VMH_ASYNC_PHASE_BODY)
        luaL_error(L, "no body is running");
    return handle;
}

static engine_handle *check_empty(lua_State *L)
{
    engine_handle *handle = check_handle(L);

    if (handle->engine.depth != 0)
        luaL_error(L, "a run has begun already");
    return handle;
}

static engine_handle *check_waiting(lua_State *L, vmh_async_step_kind kind, const char *name)
{
    engine_handle *handle = check_handle(L);

    if (!handle->engine.waits || handle->last != kind)
        luaL_error(L, "the last step was not '%s'", name);
    return handle;
}

/* A failure of the engine can only be one of memory or of the bytes that it was given. */
static int push_failure(lua_State *L, engine_handle *handle, const vmh_failure *why)
{
    handle->is_spoiled = true;
    return vmh_push_failure(L, why);
}

static int push_true(lua_State *L, engine_handle *handle, vmh_status status,
                     const vmh_failure *why)
{
    if (status != VMH_OK)
        return push_failure(L, handle, why);
    lua_pushboolean(L, 1);
    return 1;
}

/// Makes an engine.
// @function new
// @tparam[opt] table options `chain` (integer), `nesting` (registering is refused under more
// callees and callbacks than so many; 0 is single-level; default: no limit), `prices`: a table
// with `step`, `minimum_lock`, `argument_byte` and `record_byte` (those left out are 0; default
// 1000, 100000, 1, 28)
// @treturn AsyncEngine
static int async_new(lua_State *L)
{
    vmh_async_options options;
    engine_handle *handle;

    vmh_check_async_options(L, 1, &options);
    handle = (engine_handle *)vmh_handle_push(L, ENGINE_TYPE, sizeof *handle, 0);
    vmh_arena_init(&handle->arena);
    vmh_async_init(&handle->engine, &options, &handle->arena);
    vmh_handle_opened(&handle->handle, handle);
    return 1;
}

/// Begins a run with its outermost execution, whose body may run at once.
// @function AsyncEngine:begin
// @tparam table start `service`, `method`, `arguments`, `init` (true: nothing may be registered),
// `request`: `kind` (0, 2 or 8: direct; 11: the callee of an async call), `id` (of the context),
// `root`, `from_chain`, `from_service`, `signer`, `method`, `answered_id`, `context_id`
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if a run has begun already
static int engine_begin(lua_State *L)
{
    engine_handle *handle = check_empty(L);
    vmh_async_start start;
    vmh_failure why;

    vmh_check_async_start(L, 2, &handle->arena, &start);
    return push_true(L, handle, vmh_async_begin(&handle->engine, &start, &why), &why);
}

/// Begins a run that goes on after an answer.
// The next steps are `read`, and then `ready`.
// @function AsyncEngine:begin_resumed
// @tparam table start as for `begin`; `request` is that of the first run
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
static int engine_begin_resumed(lua_State *L)
{
    engine_handle *handle = check_empty(L);
    vmh_async_start start;
    vmh_failure why;

    vmh_check_async_start(L, 2, &handle->arena, &start);
    return push_true(L, handle, vmh_async_begin_resumed(&handle->engine, &start, &why), &why);
}

/// Begins a run for a return message.
// The next steps are `read`, and then `refused` or what follows from the answer.
// @function AsyncEngine:begin_answer
// @tparam table answer `service` (that is answered), `context_id` and `call_id` as they were
// sent, `code`, `values` or `message`, `gas`; `from_service` and `from_chain`, where it is to be
// checked that the answer comes from the target of the call
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
static int engine_begin_answer(lua_State *L)
{
    engine_handle *handle = check_empty(L);
    vmh_async_return answer;
    vmh_failure why;

    vmh_check_async_return(L, 2, &handle->arena, &answer);
    return push_true(L, handle, vmh_async_begin_answer(&handle->engine, &answer, &why), &why);
}

/// Pushes a nested service call.
// @function AsyncEngine:push
// @tparam string service
// @tparam string method
// @tparam[opt] {string,...} arguments
// @tparam[opt] boolean init nothing may be registered in it
// @treturn integer its level, that of the outermost execution being 0
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if no body is running
static int engine_push(lua_State *L)
{
    engine_handle *handle = check_body(L);
    vmh_arena *arena = &handle->arena;
    vmh_path path = vmh_path_root("arguments");
    vmh_bytes service = vmh_path_copy(L, arena, vmh_check_bytes(L, 2));
    vmh_bytes method = vmh_path_copy(L, arena, vmh_check_bytes(L, 3));
    uint64_t text_size;
    vmh_bytes arguments;
    vmh_failure why;

    lua_settop(L, 5);
    arguments = vmh_check_async_values(L, 4, &path, arena, &text_size);
    if (vmh_async_push(&handle->engine, service, method, arguments, lua_toboolean(L, 5), &why) !=
        VMH_OK)
        return push_failure(L, handle, &why);
    lua_pushinteger(L, (lua_Integer)handle->engine.depth - 1);
    return 1;
}

/// Takes the top execution out as if it had never been.
// Only its number stays used, and the gas that it had accumulated goes to the one beneath. With
// one execution or none it does nothing.
// @function AsyncEngine:pop
static int engine_pop(lua_State *L)
{
    engine_handle *handle = check_handle(L);

    if (handle->engine.waits)
        luaL_error(L, "the engine waits for the answer to its last step");
    vmh_async_pop(&handle->engine);
    return 0;
}

/// Ends the body of the top execution.
// @function AsyncEngine:end_body
// @tparam table outcome `code` (0 where it is nil), `message`, `values` (nil: nothing was
// returned, what was set stays), `gas` that is left, `suspended` (it waits for an answer)
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if no body is running
static int engine_end_body(lua_State *L)
{
    engine_handle *handle = check_body(L);
    vmh_async_outcome outcome;
    bool is_suspended;
    vmh_failure why;

    vmh_check_async_outcome(L, 2, &handle->arena, &outcome, &is_suspended);
    return push_true(L, handle,
                     vmh_async_end_body(&handle->engine, &outcome, is_suspended, &why), &why);
}

/* Pushes the gas that is left; or nil, text and code of a refusal, and that gas. */
static int push_gas(lua_State *L, uint64_t gas, const vmh_async_refusal *refusal)
{
    if (refusal->text == NULL) {
        lua_pushinteger(L, (lua_Integer)gas);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, refusal->text);
    lua_pushinteger(L, refusal->code);
    lua_pushinteger(L, (lua_Integer)gas);
    return 4;
}

/// Registers a call.
// A refusal fails the whole execution, whatever it does then.
// @function AsyncEngine:register
// @tparam table call `to_service`, `to_chain`, `method`, `arguments`, `token`, `amount`, `gas`
// (nil: a share of what the body leaves), `lock` (extra gas for the callback), `on_success`,
// `on_error`, `closure`, `group`, `remote` (true: to be sent as a message), `read_only`,
// `bad_callback` (true: a name is none that may be a callback), `kept` (true: the body waits for
// its outcome; such calls come last, have no callback, and make it a suspended one)
// @tparam integer gas that the body has left
// @treturn integer gas that is left after it
// @return[2] nil
// @treturn[2] string text of the refusal
// @treturn[2] integer its result code
// @treturn[2] integer gas that is left all the same
// @return[3] nil
// @treturn[3] string message
// @treturn[3] string code `no_memory`
// @raise if no body is running
static int engine_register(lua_State *L)
{
    engine_handle *handle = check_body(L);
    uint64_t gas = vmh_check_unsigned(L, 3);
    vmh_async_draft draft;
    vmh_async_refusal refusal;
    vmh_failure why;

    vmh_check_async_draft(L, 2, &handle->arena, &draft);
    if (vmh_async_register(&handle->engine, &draft, &gas, &refusal, &why) != VMH_OK)
        return push_failure(L, handle, &why);
    return push_gas(L, gas, &refusal);
}

/// Registers the one legacy call of an execution, which takes all the gas.
// The body must end now.
// @function AsyncEngine:register_legacy
// @tparam table call as for `register`; `on_success` is the fixed callback, or nil; `group`,
// `gas`, `lock`, `on_error` and `closure` are not looked at
// @tparam integer gas that the body has left
// @tparam[opt] boolean bad_data its call data string is none: it fails when it is to be sent
// @treturn integer gas that is left after it: 0
// @return[2] nil
// @treturn[2] string text of the refusal
// @treturn[2] integer its result code
// @treturn[2] integer gas that is left all the same
// @return[3] nil
// @treturn[3] string message
// @treturn[3] string code `no_memory`
static int engine_register_legacy(lua_State *L)
{
    engine_handle *handle = check_body(L);
    uint64_t gas = vmh_check_unsigned(L, 3);
    bool bad_data = lua_toboolean(L, 4);
    vmh_async_draft draft;
    vmh_async_refusal refusal;
    vmh_failure why;

    vmh_check_async_draft(L, 2, &handle->arena, &draft);
    if (vmh_async_register_legacy(&handle->engine, &draft, bad_data, &gas, &refusal, &why) !=
        VMH_OK)
        return push_failure(L, handle, &why);
    return push_gas(L, gas, &refusal);
}

/// Sets the callback of a group, which runs once its last call is finished.
// @function AsyncEngine:set_group_callback
// @tparam table callback `group`, `method`, `data`, `gas` (beside the minimum lock),
// `read_only`, `bad_callback`
// @tparam integer gas that the body has left
// @treturn integer gas that is left after it
// @return[2] nil
// @treturn[2] string text of the refusal
// @treturn[2] integer its result code
// @treturn[2] integer gas that is left all the same
// @return[3] nil
// @treturn[3] string message
// @treturn[3] string code `no_memory`
static int engine_set_group_callback(lua_State *L)
{
    static const char *const known[] = {"group",     "method",       "data", "gas",
                                        "read_only", "bad_callback", NULL};
    engine_handle *handle = check_body(L);
    uint64_t gas = vmh_check_unsigned(L, 3);
    vmh_path path = vmh_path_root("callback");
    vmh_group_callback callback;
    vmh_async_refusal refusal;
    vmh_failure why;

    vmh_path_check_keys(L, 2, &path, known);
    callback = (vmh_group_callback){
        .is_read_only = vmh_opt_bool_field(L, 2, &path, "read_only"),
        .is_valid = !vmh_opt_bool_field(L, 2, &path, "bad_callback"),
        .group = vmh_path_copy_field(L, 2, &path, "group", false, &handle->arena),
        .method = vmh_path_copy_field(L, 2, &path, "method", true, &handle->arena),
        .data = vmh_path_copy_field(L, 2, &path, "data", false, &handle->arena),
        .gas = vmh_opt_u64_field(L, 2, &path, "gas"),
    };
    if (vmh_async_set_group_callback(&handle->engine, &callback, &gas, &refusal, &why) != VMH_OK)
        return push_failure(L, handle, &why);
    return push_gas(L, gas, &refusal);
}

/// A group of the top execution.
// @function AsyncEngine:group
// @tparam string identifier
// @treturn ?table `identifier`, `open_count`, and of its callback `callback`, `data`,
// `gas_locked`; nil where there is none
static int engine_group(lua_State *L)
{
    engine_handle *handle = check_handle(L);
    const vmh_async_context *top = vmh_async_top(&handle->engine);
    vmh_bytes identifier = vmh_check_bytes(L, 2);
    const vmh_call_group *group =
        top == NULL ? NULL : vmh_call_groups_find(&top->groups, identifier);

    if (group == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_newtable(L);
    vmh_set_bytes_field(L, "identifier", group->identifier);
    vmh_set_integer_field(L, "open_count", group->open_count);
    if (group->has_callback) {
        vmh_set_bytes_field(L, "callback", group->callback);
        vmh_set_bytes_field(L, "data", group->data);
        vmh_set_integer_field(L, "gas_locked", group->gas_locked);
    }
    return 1;
}

/// Adds an empty group to the top execution.
// @function AsyncEngine:add_group
// @tparam string identifier
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` where it exists, `no_memory`
// @raise if no body is running
static int engine_add_group(lua_State *L)
{
    engine_handle *handle = check_body(L);
    vmh_call_groups *groups = &vmh_async_top(&handle->engine)->groups;
    vmh_bytes identifier = vmh_check_bytes(L, 2);
    vmh_call_group *group;
    vmh_failure why;

    if (vmh_call_groups_find(groups, identifier) != NULL)
        return vmh_push_failure_text(L, VMH_E_INPUT, "async call group exists already");
    return push_true(L, handle, vmh_call_groups_add(groups, identifier, &group, &why), &why);
}

/// Takes a group out of the top execution, with its calls, which never start.
// What was reserved for them stays spent. An absent group: nothing.
// @function AsyncEngine:delete_group
// @tparam string identifier
// @raise if no body is running
static int engine_delete_group(lua_State *L)
{
    vmh_async_delete_group(&check_body(L)->engine, vmh_check_bytes(L, 2));
    return 0;
}

/// Replaces the values that the top execution owes.
// In a callback or group callback they are those of its initiator, once the callback has ended
// well.
// @function AsyncEngine:set_values
// @tparam {string,...} values
// @treturn boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `no_memory`
// @raise if no body is running
static int engine_set_values(lua_State *L)
{
    engine_handle *handle = check_body(L);
    vmh_path path = vmh_path_root("values");
    uint64_t text_size;
    vmh_bytes values;
    vmh_failure why;

    luaL_checktype(L, 2, LUA_TTABLE);
    values = vmh_check_async_values(L, 2, &path, &handle->arena, &text_size);
    return push_true(L, handle, vmh_async_set_values(&handle->engine, values, text_size, &why),
                     &why);
}

/// The values that `set_values` would replace.
// @function AsyncEngine:values
// @treturn {string,...} empty where none were set
// @raise if no body is running
static int engine_values(lua_State *L)
{
    vmh_bytes values = vmh_async_get_values(&check_body(L)->engine);

    vmh_push_async_values(L, values, vmh_push_arena(L));
    return 1;
}

/// The arguments of the top execution, as it was begun or pushed with them.
// Those of a callback are in its `run` step.
// @function AsyncEngine:arguments
// @treturn {string,...}
// @raise if no body is running
static int engine_arguments(lua_State *L)
{
    vmh_bytes arguments = vmh_async_top(&check_body(L)->engine)->arguments;

    vmh_push_async_values(L, arguments, vmh_push_arena(L));
    return 1;
}

/// The closure of the call that the running callback answers.
// @function AsyncEngine:closure
// @treturn string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` in any other execution
static int engine_closure(lua_State *L)
{
    vmh_bytes closure;

    if (!vmh_async_get_closure(&check_handle(L)->engine, &closure))
        return vmh_push_failure_text(L, VMH_E_INPUT,
                                     "no callback for closure, cannot call callback directly");
    vmh_push_bytes(L, closure);
    return 1;
}

/// What is known of an execution on the stack.
// @function AsyncEngine:context
// @tparam[opt] integer level default: the one on top
// @treturn ?table `kind` (`direct`, `sync`, `async`, `callback`, `group`), `service`, `method`,
// `id`, `open_count`, `child_count`, `group_count`, `gas_accumulated`, `nesting`, `request`, and
// of one with a parent `parent_service`, `parent_id`; nil where there is none
static int engine_context(lua_State *L)
{
    engine_handle *handle = check_handle(L);
    size_t depth = handle->engine.depth;
    uint64_t level = lua_isnoneornil(L, 2) ? depth - 1 : vmh_check_unsigned(L, 2);

    if (depth == 0 || level >= depth) {
        lua_pushnil(L);
        return 1;
    }
    if (vmh_async_at(&handle->engine, 0)->has_id)
        vmh_async_ensure_id(&handle->engine, (size_t)level);
    vmh_push_async_context(L, vmh_async_at(&handle->engine, (size_t)level));
    return 1;
}

/// How many executions are on the stack.
// @function AsyncEngine:depth
// @treturn integer
static int engine_depth(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_handle(L)->engine.depth);
    return 1;
}

/// What is to be done now.
// @function AsyncEngine:next
// @treturn table `step`: `run`, `unpaid`, `send`, `undo`, `settle`, `ready`, `read`, `write`,
// `return_value`, `refused`, `answer`, `go_on`, `completed` or `closed`; `level`; and what the step needs
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `store_corrupt` for bytes that no engine wrote, `no_memory`
// @raise if a body is running, the last step was not answered, or no run has begun
static int engine_next(lua_State *L)
{
    engine_handle *handle = check_handle(L);
    vmh_async_engine *engine = &handle->engine;
    vmh_async_step step;
    vmh_failure why;

    if (engine->depth == 0)
        luaL_error(L, "no run has begun");
    if (engine->waits)
        luaL_error(L, "the engine waits for the answer to its last step");
    if (vmh_async_top(engine)->phase == VMH_ASYNC_PHASE_BODY)
        luaL_error(L, "a body is running");
    if (vmh_async_next(engine, &step, &why) != VMH_OK)
        return push_failure(L, handle, &why);
    handle->last = step.kind;
    vmh_push_async_step(L, &step, vmh_push_arena(L));
    return 1;
}

static vmh_async_refusal check_refusal(lua_State *L, int index, engine_handle *handle)
{
    vmh_async_refusal refusal = {0};
    vmh_bytes text;

    if (lua_isnoneornil(L, index))
        return refusal;
    text = vmh_check_bytes(L, index);
    /* With its terminator. */
    text = vmh_path_copy(L, &handle->arena, vmh_bytes_of(text.data, text.size + 1));
    refusal.text = (const char *)text.data;
    refusal.code = (uint32_t)luaL_checkinteger(L, index + 1);
    luaL_argcheck(L, refusal.code != 0, index + 1, "a failure has a code other than 0");
    return refusal;
}

/// Answers a step `send`.
// @function AsyncEngine:sent
// @tparam[opt] string message why it could not be sent, which fails the caller
// @tparam[opt] integer code
// @raise if the last step was another
static int engine_sent(lua_State *L)
{
    engine_handle *handle = check_waiting(L, VMH_ASYNC_STEP_SEND, "send");
    vmh_async_refusal refusal = check_refusal(L, 2, handle);

    vmh_async_sent(&handle->engine, refusal);
    return 0;
}

/// Answers a step `settle`.
// @function AsyncEngine:settled
// @tparam integer gas that stays with the execution
// @tparam[opt] string message why the run failed after all
// @tparam[opt] integer code
// @raise if the last step was another
static int engine_settled(lua_State *L)
{
    engine_handle *handle = check_waiting(L, VMH_ASYNC_STEP_SETTLE, "settle");
    uint64_t gas = vmh_check_unsigned(L, 2);
    vmh_async_refusal refusal = check_refusal(L, 3, handle);

    vmh_async_settled(&handle->engine, gas, refusal);
    return 0;
}

/// Answers a step `read`.
// @function AsyncEngine:loaded
// @tparam string value empty where the key is absent
// @raise if the last step was another
static int engine_loaded(lua_State *L)
{
    engine_handle *handle = check_waiting(L, VMH_ASYNC_STEP_READ, "read");

    vmh_async_loaded(&handle->engine,
                     vmh_path_copy(L, &handle->arena, vmh_check_bytes(L, 2)));
    return 0;
}

/// Closes the engine.
// @function AsyncEngine:close
static int engine_close(lua_State *L)
{
    engine_handle *handle = vmh_handle_take_core(L, ENGINE_TYPE);

    if (handle == NULL)
        return 0;
    vmh_async_clear(&handle->engine);
    vmh_arena_clear(&handle->arena);
    return 0;
}

/* ---- functions of the module ---- */

/// Writes a call data string, `function@hex@hex...`.
// @function build_call_data
// @tparam string name
// @tparam[opt] {string,...} arguments
// @treturn string
static int async_build_call_data(lua_State *L)
{
    vmh_path path = vmh_path_root("arguments");
    vmh_call_data data = {.function = vmh_check_bytes(L, 1)};
    vmh_arena *arena;
    vmh_buffer *text;
    vmh_failure why;

    lua_settop(L, 2);
    data.argument_count = lua_isnil(L, 2) ? 0 : vmh_path_check_list(L, 2, &path);
    arena = vmh_push_arena(L);
    data.arguments = vmh_path_new_list(L, arena, data.argument_count, sizeof *data.arguments);
    for (size_t i = 0; i < data.argument_count; i++) {
        vmh_path item = vmh_path_item(&path, (lua_Integer)i + 1);

        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        data.arguments[i] = vmh_path_check_bytes(L, -1, &item);
        lua_pop(L, 1);
    }
    text = vmh_push_buffer(L);
    vmh_call_data_build(&data, text);
    vmh_check_memory(L, vmh_buffer_check(text, &why));
    vmh_push_bytes(L, vmh_buffer_bytes(text));
    return 1;
}

/// Reads a call data string.
// @function parse_call_data
// @tparam string text
// @tparam[opt] boolean arguments_only its first piece may be empty
// @treturn string function name
// @treturn {string,...} arguments
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int async_parse_call_data(lua_State *L)
{
    vmh_bytes text = vmh_check_bytes(L, 1);
    bool arguments_only = lua_toboolean(L, 2);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_call_data data;
    bool known;
    vmh_failure why;

    vmh_check_memory(L,
                     vmh_call_data_parse(text, arguments_only, arena, &data, &known, &why));
    if (!known)
        return vmh_push_failure_text(L, VMH_E_MALFORMED, "tokenize failed");
    vmh_push_bytes(L, data.function);
    lua_createtable(L, (int)data.argument_count, 0);
    for (size_t i = 0; i < data.argument_count; i++) {
        vmh_push_bytes(L, data.arguments[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 2;
}

/// The id of a child of a context.
// @function child_id
// @tparam string id of the context, 32 bytes
// @tparam integer number of the child, from 1
// @treturn string 32 bytes
static int async_child_id(lua_State *L)
{
    vmh_hash32 id, child;

    memcpy(id.bytes, vmh_check_bytes_of_size(L, 1, sizeof id.bytes).data, sizeof id.bytes);
    vmh_async_child_id(&id, vmh_check_unsigned(L, 2), &child);
    vmh_push_bytes(L, vmh_bytes_hash(&child));
    return 1;
}

/// The id of the callback of a remote call.
// @function remote_callback_id
// @tparam string call_id 32 bytes
// @treturn string 32 bytes
static int async_remote_callback_id(lua_State *L)
{
    vmh_hash32 call_id, id;

    memcpy(call_id.bytes, vmh_check_bytes_of_size(L, 1, sizeof call_id.bytes).data,
           sizeof call_id.bytes);
    vmh_async_remote_callback_id(&call_id, &id);
    vmh_push_bytes(L, vmh_bytes_hash(&id));
    return 1;
}

/// The key of a record of a context.
// @function record_key
// @tparam string id of the context, 32 bytes
// @tparam[opt] integer index of a call or group, 0 for the values; nil: the header
// @treturn string
static int async_record_key(lua_State *L)
{
    vmh_hash32 id;
    uint8_t key[VMH_ASYNC_RECORD_KEY_SIZE];

    memcpy(id.bytes, vmh_check_bytes_of_size(L, 1, sizeof id.bytes).data, sizeof id.bytes);
    if (lua_isnoneornil(L, 2)) {
        vmh_async_header_key(&id, key);
        vmh_push_bytes(L, vmh_bytes_of(key, VMH_ASYNC_HEADER_KEY_SIZE));
        return 1;
    }
    luaL_argcheck(L, vmh_check_unsigned(L, 2) <= UINT32_MAX, 2, "an index has 32 bits");
    vmh_async_record_key(&id, (uint32_t)vmh_check_unsigned(L, 2), key);
    vmh_push_bytes(L, vmh_bytes_of(key, sizeof key));
    return 1;
}

int luaopen_vmhost_async(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"build_call_data", async_build_call_data},
        {"child_id", async_child_id},
        {"decode_record", vmh_async_decode_record},
        {"encode_record", vmh_async_encode_record},
        {"new", async_new},
        {"parse_call_data", async_parse_call_data},
        {"record_key", async_record_key},
        {"remote_callback_id", async_remote_callback_id},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"add_group", engine_add_group},
        {"arguments", engine_arguments},
        {"begin", engine_begin},
        {"begin_answer", engine_begin_answer},
        {"begin_resumed", engine_begin_resumed},
        {"closure", engine_closure},
        {"context", engine_context},
        {"delete_group", engine_delete_group},
        {"depth", engine_depth},
        {"end_body", engine_end_body},
        {"group", engine_group},
        {"loaded", engine_loaded},
        {"next", engine_next},
        {"pop", engine_pop},
        {"push", engine_push},
        {"register", engine_register},
        {"register_legacy", engine_register_legacy},
        {"sent", engine_sent},
        {"set_group_callback", engine_set_group_callback},
        {"set_values", engine_set_values},
        {"settled", engine_settled},
        {"values", engine_values},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    vmh_handle_register(L, ENGINE_TYPE, methods, engine_close);
    luaL_newlib(L, functions);
    return 1;
}
