/* What came of a root transaction: its runs and messages as a tree of tables. */
#include "async/async_store.h"
#include "codec/message_codec.h"
#include "failure.h"
#include "field.h"
#include "run_result.h"
#include "types/host_texts.h"
#include "vm.h"
#include "word.h"

/* Stack places of vmh_vm_messages. */
enum { AT_RESULT = 3, AT_TOPS, AT_NODES, AT_RAN };

/* What a message is called by its kind. */
static const char *kind_name(uint16_t kind)
{
    switch (kind) {
    case VMH_MESSAGE_CALL:
        return "send";
    case VMH_MESSAGE_REFUND:
        return "refund";
    case VMH_MESSAGE_SYNC_CALL:
        return "await";
    case VMH_MESSAGE_SYNC_ANSWER:
    case VMH_MESSAGE_SYNC_FAILURE:
        return "await answer";
    case VMH_MESSAGE_ASYNC_CALL:
        return "async";
    default:
        return "async answer";
    }
}

static bool is_answer(uint16_t kind)
{
    return kind == VMH_MESSAGE_SYNC_ANSWER || kind == VMH_MESSAGE_SYNC_FAILURE ||
           kind == VMH_MESSAGE_ASYNC_ANSWER;
}

static vmh_message decode(lua_State *L, vmh_bytes bytes, vmh_hash32 *id)
{
    vmh_message message;
    vmh_failure why;

    if (vmh_message_decode(bytes, true, &message, &why) != VMH_OK ||
        vmh_message_id(&message, id, &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
    return message;
}

/* Fields of a message, on the table on top. */
static void set_message_fields(lua_State *L, const vmh_message *message, const vmh_hash32 *id)
{
    lua_pushstring(L, kind_name(message->kind));
    lua_setfield(L, -2, "kind");
    vmh_set_bytes_field(L, "message_id", vmh_bytes_hash(id));
    vmh_set_bytes_field(L, "from", message->from_service);
    vmh_set_integer_field(L, "from_chain", message->from_chain);
    vmh_set_bytes_field(L, "to", message->to_service);
    vmh_set_integer_field(L, "to_chain", message->to_chain);
    vmh_set_bytes_field(L, "method", message->method);
    vmh_set_integer_field(L, "gas", message->gas);
    vmh_push_word(L, &message->amount);
    lua_setfield(L, -2, "amount");
}

/* The list under `name` of the table at `index`, made where it is not there yet; pushed. */
static void push_list(lua_State *L, int index, const char *name)
{
    index = lua_absindex(L, index);
    if (lua_getfield(L, index, name) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, index, name);
}

/* Puts the value on top at the end of the list below it, and pops it. */
static void append(lua_State *L)
{
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* Makes the node on top known by an id. */
static void name_node(lua_State *L, const vmh_hash32 *id)
{
    vmh_push_bytes(L, vmh_bytes_hash(id));
    lua_pushvalue(L, -2);
    lua_rawset(L, AT_NODES);
}

/* Pushes the node of an id; false, with nothing pushed, where there is none. */
static bool push_node(lua_State *L, vmh_bytes id)
{
    vmh_push_bytes(L, id);
    if (lua_rawget(L, AT_NODES) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

/* Notes an id of what ran here, or was answered to here. */
static void add_ran(lua_State *L, vmh_bytes id)
{
    vmh_push_bytes(L, id);
    lua_pushboolean(L, true);
    lua_rawset(L, AT_RAN);
}

static void push_run(lua_State *L, const vmh_logged_run *run)
{
    const vmh_run_record *record = &run->record;

    lua_createtable(L, 0, 16);
    if (record->message.size != 0) {
        vmh_hash32 id;
        vmh_message message = decode(L, record->message, &id);

        set_message_fields(L, &message, &id);
        add_ran(L, vmh_bytes_hash(&id));
        if (is_answer(message.kind) && !record->is_refused)
            add_ran(L, message.answered_id);
    } else {
        lua_pushliteral(L, "transaction");
        lua_setfield(L, -2, "kind");
    }
    vmh_set_bytes_field(L, "id", vmh_bytes_hash(&run->id));
    vmh_set_bytes_field(L, "contract_name", record->contract_name);
    vmh_set_bytes_field(L, "method_name", record->method_name);
    vmh_set_integer_field(L, "height", run->height);
    lua_pushstring(L, vmh_execution_result_name(run->execution_result));
    lua_setfield(L, -2, "execution_result");
    vmh_set_integer_field(L, "code", run->code);
    vmh_set_integer_field(L, "gas_used", run->gas_used);
    lua_pushboolean(L, run->suspended);
    lua_setfield(L, -2, "suspended");
    if (run->execution_result != VMH_RESULT_SUCCESS) {
        vmh_set_bytes_field(L, "error", record->error);
        vmh_set_detail(L, record);
        vmh_push_calls(L, record);
        lua_setfield(L, -2, "calls");
    }
    vmh_set_async_fields(L, record);
    lua_pushnil(L);
    lua_setfield(L, -2, "messages"); /* they are nodes of their own */
}

/* Puts each run below the one that sent it, or to the others on top. */
static void add_run(lua_State *L, const vmh_logged_run *run)
{
    push_run(L, run);
    if (run->parent.size != 0 && push_node(L, run->parent)) {
        push_list(L, -1, "children");
        lua_pushvalue(L, -3);
        append(L);
        lua_pop(L, 2);
    } else {
        lua_pushvalue(L, AT_TOPS);
        lua_pushvalue(L, -2);
        append(L);
        lua_pop(L, 1);
    }
    name_node(L, &run->id);
    for (size_t i = 0; i < run->record.execution_count; i++)
        name_node(L, &run->record.executions[i].id);
    /* Of an answer, and what goes on with it, the id may be that of an earlier run. */
    name_node(L, &run->txhash);
    lua_pop(L, 1);
}

static bool has_run(lua_State *L, vmh_bytes id)
{
    bool ran;

    vmh_push_bytes(L, id);
    ran = lua_rawget(L, AT_RAN) != LUA_TNIL;
    lua_pop(L, 1);
    return ran;
}

/* Whether a message ran here, or was answered by who is elsewhere. */
static bool is_settled(lua_State *L, const vmh_message *message, const vmh_hash32 *id)
{
    if (has_run(L, vmh_bytes_hash(id)))
        return true;
    /* The answer to an asynchronous call names the call, not the message. */
    return message->kind == VMH_MESSAGE_ASYNC_CALL && has_run(L, message->answered_id);
}

/* Messages of the node on top that no run here has taken. */
static void add_pending(lua_State *L, const vmh_logged_run *run)
{
    for (size_t i = 0; i < run->record.message_count; i++) {
        vmh_hash32 id;
        vmh_message message = decode(L, run->record.messages[i], &id);

        if (is_settled(L, &message, &id))
            continue;
        push_list(L, -1, "pending");
        lua_createtable(L, 0, 9);
        set_message_fields(L, &message, &id);
        append(L);
        lua_pop(L, 1);
    }
}

/* ---- what waits, as the state has it now ---- */

static bool is_in_state(lua_State *L, vmh_host *host, vmh_bytes service, vmh_bytes key)
{
    vmh_state_storage *storage = vmh_host_storage(host);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_bytes value;
    vmh_failure why;

    if (vmh_state_storage_read_keys(storage, vmh_state_storage_last_block(storage)->block.height,
                                    service, &key, 1, arena, &value, &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
    vmh_clear_scratch(L, -1);
    lua_pop(L, 1);
    return value.size != 0;
}

static void add_waiting(lua_State *L, const char *kind, vmh_bytes service, const vmh_hash32 *id)
{
    push_list(L, -1, "waiting");
    lua_createtable(L, 0, 3);
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "kind");
    vmh_set_bytes_field(L, "contract_name", service);
    vmh_set_bytes_field(L, "id", vmh_bytes_hash(id));
    append(L);
    lua_pop(L, 1);
}

/* Contexts whose calls are open, and runs that await, of the node on top. */
static void add_all_waiting(lua_State *L, vmh_host *host, const vmh_logged_run *run)
{
    uint8_t header[VMH_ASYNC_HEADER_KEY_SIZE], suspended[VMH_SUSPENDED_KEY_SIZE];

    for (size_t i = 0; i < run->record.execution_count; i++) {
        const vmh_inline_execution *execution = &run->record.executions[i];

        vmh_async_header_key(&execution->id, header);
        if (is_in_state(L, host, execution->contract_name, vmh_bytes_of(header, sizeof header)))
            add_waiting(L, "calls", execution->contract_name, &execution->id);
    }
    for (size_t i = 0; i < run->record.message_count; i++) {
        vmh_hash32 id;
        vmh_message message = decode(L, run->record.messages[i], &id);

        if (message.kind != VMH_MESSAGE_SYNC_CALL)
            continue;
        vmh_suspended_run_key(&id, suspended);
        if (is_in_state(L, host, message.from_service,
                        vmh_bytes_of(suspended, sizeof suspended)))
            add_waiting(L, "await", message.from_service, &id);
    }
}

/// What came of a root transaction on this host: the runs of its messages, what they called, and
// what is still to come. It is told from the memory of this host object, which holds what it has
// run itself, of the newest 4096 roots that sent messages or made asynchronous calls; no block tells
// all of it. What waits is looked up in the last committed state.
// @function VM:messages
// @tparam string root the request id of the transaction: `root` or `message_id` of its receipt
// @treturn[1] table root, and tops: a list of nodes, as a rule the one of the transaction; on a
//   host where that did not run, those that came from elsewhere. A node: kind (`transaction`;
//   `send`, `refund`, `await`, `await answer`, `async`, `async answer`), id, contract_name,
//   method_name, height, execution_result, code, error, detail, calls, gas_used, suspended, executions,
//   gas_refunded and is_refused as in the records of `process_transaction_set`; of a message
//   message_id, from, from_chain, to, to_chain, method, gas, amount; children, the nodes of what
//   it sent; pending, messages that nobody here has run, nor had an answer to; waiting, a list of
//   kind (`calls` or `await`), contract_name and id
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `not_found`
int vmh_vm_messages(lua_State *L)
{
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
    vmh_bytes root = vmh_check_bytes(L, 2);
    const vmh_logged_run *runs;
    vmh_hash32 id;

    luaL_argcheck(L, root.size == sizeof id.bytes, 2, "a request id has 32 bytes");
    memcpy(id.bytes, root.data, sizeof id.bytes);
    runs = vmh_host_runs_of(host, &id);
    if (runs == NULL)
        return vmh_push_failure_text(L, VMH_E_NOT_FOUND, "no runs of that root are remembered");
    lua_settop(L, 2);
    lua_createtable(L, 0, 2);
    lua_newtable(L);
    lua_newtable(L);
    lua_newtable(L);
    for (const vmh_logged_run *run = runs; run != NULL; run = run->next)
        add_run(L, run);
    for (const vmh_logged_run *run = runs; run != NULL; run = run->next) {
        push_node(L, vmh_bytes_hash(&run->txhash));
        add_pending(L, run);
        add_all_waiting(L, host, run);
        lua_pop(L, 1);
    }
    lua_settop(L, AT_TOPS);
    lua_setfield(L, AT_RESULT, "tops");
    vmh_set_bytes_field(L, "root", root);
    return 1;
}
