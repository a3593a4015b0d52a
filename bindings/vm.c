/// The virtual machine of one chain.
// Runs queries, transaction sets and pre-order checks over a state storage. It
// commits nothing: `storage:commit_state_diff(out.block)` does.
// @module vmhost.vm

#include "host/host.h"

#include "argument_table.h"
#include "codec/argument_codec.h"
#include "contract_interface.h"
#include "failure.h"
#include "handle.h"
#include "interrupt.h"
#include "processor.h"
#include "run_result.h"
#include "schema_table.h"
#include "scripted.h"
#include "state_storage.h"
#include "vm.h"

enum { SLOT_SEAMS = 2, SLOT_STATE = 3 };

/* ---- open and close ---- */

/* Keeps the userdata on top alive as long as the host, and pops it. */
static void anchor(lua_State *L, int vm_index)
{
    lua_getiuservalue(L, vm_index, SLOT_SEAMS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    lua_pop(L, 1);
}

/* Whether anything is anchored. */
static bool has_seams(lua_State *L, int vm_index)
{
    bool some;

    lua_getiuservalue(L, vm_index, SLOT_SEAMS);
    some = lua_rawlen(L, -1) != 0;
    lua_pop(L, 1);
    return some;
}

static bool is_held(const vmh_vm *vm, const vmh_handle *processor)
{
    for (size_t i = 0; i < vm->processor_count; i++) {
        if (vm->processors[i] == processor)
            return true;
    }
    return processor->child_count > 0;
}

/* The value of processors[type] on top becomes a processor; it is popped. */
static vmh_processor *check_processor(lua_State *L, int vm_index, vmh_vm *vm)
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
static size_t check_processors(lua_State *L, int vm_index, vmh_vm *vm,
                               vmh_host_processor out[VMH_VM_PROCESSORS_MAX])
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

        if (count == VMH_VM_PROCESSORS_MAX)
            luaL_error(L, "processors: more than %d", VMH_VM_PROCESSORS_MAX);
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

static void check_seams(lua_State *L, int vm_index, vmh_vm *vm, vmh_host_options *options)
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
static void hold_processors(vmh_vm *vm)
{
    for (size_t i = 0; i < vm->processor_count; i++)
        vm->processors[i]->child_count++;
}

/* They outlive the host, and must not call the handler that it was. */
static void release_processors(vmh_vm *vm)
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
    vmh_host_processor processors[VMH_VM_PROCESSORS_MAX];
    vmh_host_options options = {.processors = processors};
    vmh_handle *storage;
    vmh_vm *vm;
    vmh_host *host;
    vmh_failure why;
    vmh_status status;
    int vm_index;

    vmh_check_options(L, 1, known);
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "storage") == LUA_TNIL)
        luaL_argerror(L, 1, "option 'storage' is missing");
    storage = vmh_handle_check(L, 2, VMH_STATE_STORAGE_TYPE);
    vm = (vmh_vm *)vmh_handle_push(L, VMH_VM_TYPE, sizeof *vm, 2);
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
    vm->is_scripted = has_seams(L, vm_index) || vmh_storage_is_scripted(L, 2);
    vmh_handle_opened(&vm->handle, host);
    lua_settop(L, vm_index);
    return 1;
}

/// Closes the host; the storage stays open. Closing twice is quiet.
// @function VM:close
// @raise while a call of it is running
static int vm_close(lua_State *L)
{
    vmh_vm *vm = luaL_checkudata(L, 1, VMH_VM_TYPE);
    vmh_host *host = vmh_handle_take_core(L, VMH_VM_TYPE);

    if (host == NULL)
        return 0;
    release_processors(vm);
    vmh_host_close(host);
    return 0;
}

vmh_host *vmh_vm_check(lua_State *L, vmh_vm **vm)
{
    *vm = (vmh_vm *)vmh_handle_check(L, 1, VMH_VM_TYPE);
    return (*vm)->handle.core;
}

/// ProcessQuery: runs a read-only method; nothing is committed.
// Rule: spec/host.md 4.2; a signature is not looked at.
// @function VM:process_query
// @tparam table query signed_query (SignedQuery bytes or a table of its fields);
//   optional height: a kept past height
// @treturn[1] table execution_result, code, output_arguments, output_events,
//   output_argument_bytes and output_event_bytes (packed), reference_height,
//   reference_timestamp, calls (where a failure began) and detail (what its text leaves
//   out)
// @treturn[1] string|nil the text of a failure
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of process_transaction_set
static int vm_process_query(lua_State *L)
{
    static const char *const known[] = {"signed_query", "height", NULL};
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
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
    message = vmh_vm_check_signed(L, -1, "SignedQuery", &root, arena);
    outer = vmh_vm_enter(L, vm);
    status = vmh_host_process_query(host, height, message, arena, &result, &why);
    vmh_vm_leave(vm, outer);
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
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
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
    vmh_vm_check_block(L, 2, known, &call.block);
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
    outer = vmh_vm_enter(L, vm);
    status = vmh_host_call_system_contract(host, &call, arena, &output, &why);
    vmh_vm_leave(vm, outer);
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
static int vmh_vm_sdk_call(lua_State *L)
{
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);

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
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
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
    vmh_vm *vm;

    vmh_vm_check(L, &vm);
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
        {"process_transaction_set", vmh_vm_process_transaction_set},
        {"transaction_set_pre_order", vmh_vm_pre_order},
        {"process_query", vm_process_query},
        {"call_system_contract", vm_call_system_contract},
        {"handle_sdk_call", vmh_vm_sdk_call},
        {"describe", vm_describe},
        {"messages", vmh_vm_messages},
        {"storage", vm_storage},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"open", vm_open},
        {"commit_sets", vmh_vm_commit_sets},
        {"interrupt_on_sigint", vmh_interrupt_on_sigint},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    vmh_handle_register(L, VMH_VM_TYPE, methods, vm_close);
    luaL_newlib(L, functions);
    return 1;
}
