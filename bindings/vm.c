/// The virtual machine of one chain.
// Runs queries, transaction sets and pre-order checks over a state storage. It
// commits nothing: `storage:commit_state_diff(out.block)` does.
// @module vmhost.vm

#include "host/host.h"

#include "codec/argument_codec.h"
#include "contract_interface.h"
#include "convert.h"
#include "failure.h"
#include "handle.h"
#include "interrupt.h"
#include "processor.h"
#include "run_result.h"
#include "schema_table.h"
#include "scripted.h"
#include "state_storage.h"

#define VM_TYPE "vmhost.VM"

enum { SLOT_SEAMS = 2, SLOT_STATE = 3, PROCESSOR_COUNT_MAX = 8 };

typedef struct vm_handle {
    vmh_handle handle; /* core: vmh_host */
    vmh_script_state *state;
    vmh_handle *processors[PROCESSOR_COUNT_MAX]; /* handles that cannot be closed now */
    size_t processor_count;
} vm_handle;

/* ---- open and close ---- */

/* Keeps the userdata on top alive as long as the host, and pops it. */
static void anchor(lua_State *L, int vm_index)
{
    lua_getiuservalue(L, vm_index, SLOT_SEAMS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    lua_pop(L, 1);
}

static bool is_held(const vm_handle *vm, const vmh_handle *processor)
{
    for (size_t i = 0; i < vm->processor_count; i++) {
        if (vm->processors[i] == processor)
            return true;
    }
    return processor->child_count > 0;
}

/* The value of processors[type] on top becomes a processor; it is popped. */
static vmh_processor *check_processor(lua_State *L, int vm_index, vm_handle *vm)
{
    vmh_processor *processor;

    if (luaL_testudata(L, -1, VMH_PROCESSOR_TYPE) != NULL) {
        vmh_handle *handle = vmh_handle_check(L, -1, VMH_PROCESSOR_TYPE);

        if (is_held(vm, handle))
            luaL_error(L, "processors: a Processor serves one VM at a time");
        processor = handle->core;
        vm->processors[vm->processor_count++] = handle;
        anchor(L, vm_index);
        return processor;
    }
    luaL_argcheck(L, lua_istable(L, -1), 1,
                  "processors: a value is neither a Processor nor a table of functions");
    processor = vmh_push_scripted_processor(L, -1, vm->state);
    anchor(L, vm_index);
    lua_pop(L, 1);
    return processor;
}

/* In the order of their types: that of pairs differs from run to run. */
static size_t check_processors(lua_State *L, int vm_index, vm_handle *vm,
                               vmh_host_processor out[PROCESSOR_COUNT_MAX])
{
    vmh_path root = vmh_path_root("processors");
    size_t count = 0;
    int table;

    if (lua_getfield(L, 1, "processors") == LUA_TNIL)
        return 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    table = lua_absindex(L, -1);
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        uint32_t type = vmh_path_check_enum(L, -2, &root, vmh_processor_type_name);
        size_t place = count;

        if (count == PROCESSOR_COUNT_MAX)
            luaL_error(L, "processors: more than %d", PROCESSOR_COUNT_MAX);
        while (place > 0 && out[place - 1].type > type) {
            out[place] = out[place - 1];
            place--;
        }
        out[place].type = type;
        out[place].processor = check_processor(L, vm_index, vm);
        count++;
    }
    return count;
}

static void check_seams(lua_State *L, int vm_index, vm_handle *vm, vmh_host_options *options)
{
    if (lua_getfield(L, 1, "connector") != LUA_TNIL) {
        options->connector = vmh_push_scripted_connector(L, -1, vm->state);
        anchor(L, vm_index);
    }
    if (lua_getfield(L, 1, "committee") != LUA_TNIL) {
        options->committee = vmh_push_scripted_committee(L, -1, vm->state);
        anchor(L, vm_index);
    }
    if (lua_getfield(L, 1, "trace") != LUA_TNIL) {
        options->trace = vmh_push_scripted_trace(L, -1, vm->state);
        anchor(L, vm_index);
    }
    if (lua_getfield(L, 1, "verify_threads") != LUA_TNIL) {
        lua_Integer threads = luaL_checkinteger(L, -1);

        luaL_argcheck(L, threads >= 1 && threads <= 256, 1, "verify_threads must be 1 to 256");
        options->verify_threads = (size_t)threads;
    }
    lua_pop(L, 4);
}

/* Once nothing can raise any more, so that an open that failed holds none. */
static void hold_processors(vm_handle *vm)
{
    for (size_t i = 0; i < vm->processor_count; i++)
        vm->processors[i]->child_count++;
}

/* They outlive the host, and must not call the handler that it was. */
static void release_processors(vm_handle *vm)
{
    while (vm->processor_count > 0) {
        vmh_handle *handle = vm->processors[--vm->processor_count];
        vmh_processor *processor = handle->core;

        handle->child_count--;
        processor->contract_sdk_call_handler(processor, NULL, NULL);
    }
}

/// Opens a host over a state storage.
// In a new chain the genesis is applied: its services are deployed, its amounts
// issued, and height 0 is committed.
// @function open
// @tparam table options storage (StateStorage, required); processors (by type name or
//   number: Processor handles or tables of functions `process_call`,
//   `get_contract_info`, `contract_sdk_call_handler`, and `describe_method`, which
//   takes `{ contract_name =, index = }` and gives `{ name =, parameters = { "uint64" } }`
//   or nil behind the last method, so that bytecode can call it; NATIVE is built in); connector
//   (`{ call = function(call) }`); committee (list of addresses, or a function of the
//   reference time); trace (`call_begin`, `call_end`, `state_read`, `state_write`,
//   `event`, and `print`, which takes contract name and text, in parts); verify_threads (1 to 256; default one per core)
// @treturn[1] VM
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `genesis_failed`, `invalid_input`, `script_error`, or of the storage
// @raise for an unknown option or a value of the wrong kind
static int vm_open(lua_State *L)
{
    static const char *const known[] = {"storage",        "processors", "connector", "committee",
                                        "verify_threads", "trace",      NULL};
    vmh_host_processor processors[PROCESSOR_COUNT_MAX];
    vmh_host_options options = {.processors = processors};
    vmh_handle *storage;
    vm_handle *vm;
    vmh_host *host;
    vmh_failure why;
    vmh_status status;
    int vm_index;

    vmh_check_options(L, 1, known);
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "storage") == LUA_TNIL)
        luaL_argerror(L, 1, "option 'storage' is missing");
    storage = vmh_handle_check(L, 2, VMH_STATE_STORAGE_TYPE);
    vm = (vm_handle *)vmh_handle_push(L, VM_TYPE, sizeof *vm, 2);
    vm_index = lua_gettop(L);
    vm->state = vmh_push_script_state(L);
    lua_setiuservalue(L, vm_index, SLOT_STATE);
    lua_newtable(L);
    lua_setiuservalue(L, vm_index, SLOT_SEAMS);
    options.processor_count = check_processors(L, vm_index, vm, processors);
    check_seams(L, vm_index, vm, &options);

    hold_processors(vm);
    vm->state->L = L;
    options.storage = vmh_storage_enter(storage);
    status = vmh_host_open(&options, &host, &why);
    vmh_storage_leave(storage);
    vm->state->L = NULL;
    if (status != VMH_OK) {
        release_processors(vm);
        return vmh_push_failure(L, &why);
    }
    vmh_handle_opened(&vm->handle, host);
    lua_settop(L, vm_index);
    return 1;
}

/// Closes the host; the storage stays open. Closing twice is quiet.
// @function VM:close
// @raise while a call of it is running
static int vm_close(lua_State *L)
{
    vm_handle *vm = luaL_checkudata(L, 1, VM_TYPE);
    vmh_host *host = vmh_handle_take_core(L, VM_TYPE);

    if (host == NULL)
        return 0;
    release_processors(vm);
    vmh_host_close(host);
    return 0;
}

static vmh_host *check_vm(lua_State *L, vm_handle **vm)
{
    *vm = (vm_handle *)vmh_handle_check(L, 1, VM_TYPE);
    return (*vm)->handle.core;
}

/* Around each call into core: nothing between the two may raise. */
static lua_State *enter(lua_State *L, vm_handle *vm)
{
    lua_State *outer = vm->state->L;

    vm->handle.busy++;
    vm->state->L = L;
    return outer;
}

static void leave(vm_handle *vm, lua_State *outer)
{
    vm->state->L = outer;
    vm->handle.busy--;
}

/* ---- what comes in ---- */

/* A signed message: bytes as they are, or the message of a table's fields. */
static vmh_bytes check_signed(lua_State *L, int index, const char *schema, const vmh_path *path,
                              vmh_arena *arena)
{
    vmh_buffer *message;
    vmh_bytes copy;

    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TSTRING)
        return vmh_path_copy(L, arena, vmh_path_check_bytes(L, index, path));
    message = vmh_push_buffer(L);
    vmh_encode_table(L, index, vmh_schema_find(vmh_bytes_text(schema)), path, message);
    copy = vmh_path_copy(L, arena, vmh_buffer_bytes(message));
    vmh_clear_scratch(L, -1);
    lua_pop(L, 1);
    return copy;
}

static void check_signed_list(lua_State *L, int index, vmh_arena *arena,
                              vmh_transaction_set *set)
{
    vmh_path root = vmh_path_root("signed_transactions");
    vmh_bytes *messages;

    index = lua_absindex(L, index);
    if (lua_isnil(L, index))
        vmh_path_expected(L, &root, "a list", index);
    set->count = vmh_path_check_list(L, index, &root);
    messages = vmh_path_new_list(L, arena, set->count, sizeof *messages);
    for (size_t i = 0; i < set->count; i++) {
        vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        messages[i] = check_signed(L, -1, "SignedTransaction", &item, arena);
        lua_pop(L, 1);
    }
    set->signed_transactions = messages;
}

/* The fields of a block ref out of a larger table. */
static void check_block(lua_State *L, int index, const char *const *known, vmh_block_ref *out)
{
    static const char *const fields[] = {"height", "timestamp", "block_proposer",
                                         "reference_time", "prev_reference_time"};
    vmh_path root = vmh_path_root("block");

    vmh_path_check_keys(L, index, &root, known);
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        lua_getfield(L, index, fields[i]);
        lua_setfield(L, -2, fields[i]);
    }
    vmh_check_block_ref(L, -1, &root, out);
    lua_pop(L, 1);
}

/* Bytes under `name` of the table at `index`, copied. */
static vmh_bytes check_bytes_of(lua_State *L, int index, const vmh_path *path, const char *name,
                                vmh_arena *arena)
{
    vmh_path field;
    vmh_bytes copy;

    vmh_path_push_field(L, index, path, name, &field);
    copy = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &field));
    lua_pop(L, 1);
    return copy;
}

/* Records of peers under `name`, whose value is called `value`; absent: none. */
static const vmh_peer_record *check_records(lua_State *L, const char *name, const char *value,
                                            vmh_arena *arena, size_t *count)
{
    const char *const known[] = {"header", "signature", value, "proof", NULL};
    vmh_path root = vmh_path_root(name);
    vmh_peer_record *records = NULL;

    *count = 0;
    if (lua_getfield(L, 2, name) != LUA_TNIL) {
        *count = vmh_path_check_list(L, -1, &root);
        records = vmh_path_new_list(L, arena, *count, sizeof *records);
        for (size_t i = 0; i < *count; i++) {
            vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);
            int index;

            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            index = lua_gettop(L);
            vmh_path_check_keys(L, index, &item, known);
            records[i].header = check_bytes_of(L, index, &item, "header", arena);
            records[i].signature = check_bytes_of(L, index, &item, "signature", arena);
            records[i].value = check_bytes_of(L, index, &item, value, arena);
            records[i].proof = check_bytes_of(L, index, &item, "proof", arena);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return records;
}

static void check_set(lua_State *L, const char *const *known, vmh_arena *arena,
                      vmh_transaction_set *set)
{
    luaL_checktype(L, 2, LUA_TTABLE);
    check_block(L, 2, known, &set->block);
    lua_getfield(L, 2, "signed_transactions");
    check_signed_list(L, -1, arena, set);
    lua_pop(L, 1);
}

/// ProcessTransactionSet: runs signed transactions in order.
// Rule: spec/host.md 4.3.
// @function VM:process_transaction_set
// @tparam table set height (last committed + 1), timestamp (ns), block_proposer
//   (bytes), reference_time and prev_reference_time (s), signed_transactions (list of
//   SignedTransaction bytes or tables of their fields); from other hosts: incoming
//   (list of `{ header=, signature=, message=, proof= }`: the ResultsBlockHeader bytes of a
//   peer, its signature by his host key over their SHA-256, Message bytes, and the proof of the
//   `Out_` record that holds them under the header's pre-execution root), acknowledgements (list
//   of `{ header=, signature=, taken=, proof= }`: the same of his `Taken_` record of this chain)
// @treturn[1] table receipts (fields of TransactionReceipt, and `message`, its bytes),
//   state_diffs, records (per receipt: error, and calls, where the failure began),
//   block (what `storage:commit_state_diff` takes), refused (list of `{ list=, index=,
//   reason= }`: what of `incoming` and `acknowledgements` did not prove itself)
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed` (names the transaction), `invalid_input` (height),
//   `script_error`, `interrupted`, or of the storage
// @raise for a table of the wrong shape, with the path of the fault
static int vm_process_transaction_set(lua_State *L)
{
    static const char *const known[] = {
        "height",         "timestamp",           "block_proposer",
        "reference_time", "prev_reference_time", "signed_transactions",
        "incoming",       "acknowledgements",    NULL};
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);
    vmh_arena *arena = vmh_push_arena(L);
    int scratch = lua_gettop(L);
    vmh_transaction_set set = {0};
    vmh_transaction_set_result result;
    vmh_failure why;
    vmh_status status;
    lua_State *outer;

    check_set(L, known, arena, &set);
    set.incoming = check_records(L, "incoming", "message", arena, &set.incoming_count);
    set.acknowledgements =
        check_records(L, "acknowledgements", "taken", arena, &set.acknowledgement_count);
    outer = enter(L, vm);
    status = vmh_host_process_transaction_set(host, &set, arena, &result, &why);
    leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_transaction_set_result(L, &set, &result,
                                    vmh_state_storage_genesis(vmh_host_storage(host))->rules);
    vmh_clear_scratch(L, scratch);
    return 1;
}

/// TransactionSetPreOrder: checks signatures, then asks `_GlobalPreOrder` once.
// Rule: spec/host.md 4.6.
// @function VM:transaction_set_pre_order
// @tparam table set as of process_transaction_set
// @treturn[1] {string,...} one TransactionStatus per transaction
// @treturn[1] table|nil the first failure: index (from 1), status, message
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of process_transaction_set
static int vm_pre_order(lua_State *L)
{
    static const char *const known[] = {
        "height",         "timestamp",           "block_proposer",
        "reference_time", "prev_reference_time", "signed_transactions",
        NULL};
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_transaction_set set = {0};
    vmh_transaction_status *statuses;
    vmh_bytes refusal;
    vmh_failure why;
    vmh_status status;
    lua_State *outer;
    size_t failed;

    check_set(L, known, arena, &set);
    statuses = vmh_path_new_list(L, arena, set.count, sizeof *statuses);
    outer = enter(L, vm);
    status = vmh_host_pre_order(host, &set, arena, statuses, &failed, &refusal, &why);
    leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    return vmh_push_pre_order_result(L, statuses, set.count, failed, refusal);
}

/// ProcessQuery: runs a read-only method; nothing is committed.
// Rule: spec/host.md 4.2; a signature is not looked at.
// @function VM:process_query
// @tparam table query signed_query (SignedQuery bytes or a table of its fields);
//   optional height: a kept past height
// @treturn[1] table execution_result, code, output_arguments, output_events,
//   output_argument_bytes and output_event_bytes (packed), reference_height,
//   reference_timestamp, calls (where a failure began)
// @treturn[1] string|nil the text of a failure
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of process_transaction_set
static int vm_process_query(lua_State *L)
{
    static const char *const known[] = {"signed_query", "height", NULL};
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);
    vmh_path root = vmh_path_root("signed_query");
    vmh_path height_path = vmh_path_root("height");
    vmh_arena *arena;
    vmh_query_result result;
    vmh_failure why;
    vmh_status status;
    vmh_bytes message;
    uint64_t height = 0;
    lua_State *outer;

    vmh_check_options(L, 2, known);
    arena = vmh_push_arena(L);
    if (lua_getfield(L, 2, "height") != LUA_TNIL)
        height = vmh_path_check_u64(L, -1, &height_path);
    if (lua_getfield(L, 2, "signed_query") == LUA_TNIL)
        vmh_path_expected(L, &root, "bytes or a table", -1);
    message = check_signed(L, -1, "SignedQuery", &root, arena);
    outer = enter(L, vm);
    status = vmh_host_process_query(host, height, message, arena, &result, &why);
    leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    return vmh_push_query_result(L, &result, arena);
}

/// CallSystemContract: runs a read-only method of a native contract without a transaction.
// Rule: spec/host.md 4.7.
// @function VM:call_system_contract
// @tparam table call height, timestamp, reference_time, prev_reference_time (what Env
//   shows), contract_name, method_name, input_arguments (list, or packed bytes)
// @treturn[1] table execution_result, code, output_arguments, output_argument_bytes
// @treturn[1] string|nil the text of a failure
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code
static int vm_call_system_contract(lua_State *L)
{
    static const char *const known[] = {"height",        "timestamp",   "reference_time",
                                        "prev_reference_time", "contract_name", "method_name",
                                        "input_arguments", NULL};
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);
    vmh_path contract_path = vmh_path_root("contract_name");
    vmh_path method_path = vmh_path_root("method_name");
    vmh_path arguments_path = vmh_path_root("input_arguments");
    vmh_arena *arena;
    vmh_system_call call = {0};
    vmh_process_call_output output;
    vmh_argument_array arguments = {0};
    vmh_failure why;
    vmh_status status;
    lua_State *outer;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    check_block(L, 2, known, &call.block);
    lua_getfield(L, 2, "contract_name");
    call.contract_name = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &contract_path));
    lua_getfield(L, 2, "method_name");
    call.method_name = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &method_path));
    if (lua_getfield(L, 2, "input_arguments") == LUA_TSTRING) {
        call.input_arguments =
            vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &arguments_path));
    } else {
        if (!lua_isnil(L, -1))
            vmh_check_argument_array_at(L, -1, &arguments_path, arena, &arguments);
        if (vmh_argument_array_pack(arguments, arena, &call.input_arguments, &why) != VMH_OK)
            return vmh_push_failure(L, &why);
    }
    outer = enter(L, vm);
    status = vmh_host_call_system_contract(host, &call, arena, &output, &why);
    leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    return vmh_push_system_call_result(L, &output, arena);
}

/// HandleSdkCall: one SDK call on behalf of a running contract.
// Rule: spec/host.md 4.8, 5.
// @function VM:handle_sdk_call
// @tparam table call context_id, operation_name (`"Sdk.State"`), method_name
//   (`"read"`), input_arguments (list), permission_scope (default `"SERVICE"`)
// @treturn[1] {table,...} output arguments
// @return[2] nil
// @treturn[2] string the text
// @treturn[2] string code `sdk_error`, `sdk_abort` (the execution is over), or of a host
//   failure: `unknown_context` where no such context is running
static int vm_handle_sdk_call(lua_State *L)
{
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);

    luaL_checktype(L, 2, LUA_TTABLE);
    return vmh_sdk_call_from_lua(L, 2, vmh_host_sdk_handler(host), vm->state);
}

/// Describes the methods of a native contract of this chain.
// @function VM:describe
// @tparam string contract_name
// @treturn[1] {table,...} as of Processor:describe, of a contract in Lua with parameter_names
// too; nil where there is no such contract, or where the processor that runs it was given by the
// script
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code
static int vm_describe(lua_State *L)
{
    vm_handle *vm;
    vmh_host *host = check_vm(L, &vm);
    vmh_bytes name = vmh_check_bytes(L, 2);
    vmh_processor *native = vmh_host_own_native(host);
    uint32_t processor_type;
    vmh_arena *arena;
    vmh_bytes code;
    vmh_failure why;

    lua_pushnil(L);
    if (native != NULL) {
        vmh_push_native_methods(L, native, name);
        if (!lua_isnil(L, -1))
            return 1;
    }
    if (!vmh_host_runs_lua(host))
        return 1;
    arena = vmh_push_arena(L);
    if (vmh_host_deployed_code(host, name, arena, &processor_type, &code, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushnil(L);
    if (processor_type != VMH_PROCESSOR_LUA)
        return 1;
    if (vmh_push_interface(L, name, code) != 1)
        return 3;
    lua_getfield(L, -1, "methods");
    return 1;
}

/// The storage that the host was opened with.
// @function VM:storage
// @treturn StateStorage
static int vm_storage(lua_State *L)
{
    vm_handle *vm;

    check_vm(L, &vm);
    lua_getiuservalue(L, 1, 1);
    return 1;
}

/// Makes Ctrl-C end what runs: Lua code with the error "interrupted", a call into a
// host with the code `interrupted`.
// @function interrupt_on_sigint
// @tparam boolean on false gives the signal back to whoever had it

__attribute__((visibility("default"))) int luaopen_vmhost_vm(lua_State *L);

int luaopen_vmhost_vm(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"process_transaction_set", vm_process_transaction_set},
        {"transaction_set_pre_order", vm_pre_order},
        {"process_query", vm_process_query},
        {"call_system_contract", vm_call_system_contract},
        {"handle_sdk_call", vm_handle_sdk_call},
        {"describe", vm_describe},
        {"storage", vm_storage},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"open", vm_open},
        {"interrupt_on_sigint", vmh_interrupt_on_sigint},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    vmh_handle_register(L, VM_TYPE, methods, vm_close);
    luaL_newlib(L, functions);
    return 1;
}
