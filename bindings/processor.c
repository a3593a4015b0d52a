/// Processors: what runs contracts.
// A processor is driven by a host (`vmhost.vm`); on its own it serves specs of
// contracts, with an SDK handler made of Lua functions.
// @module vmhost.processor

#include "processor.h"

#include "argument_table.h"
#include "codec/argument_codec.h"
#include "convert.h"
#include "failure.h"
#include "native/native_processor.h"
#include "scripted.h"

typedef struct processor_handle {
    vmh_handle handle; /* core: vmh_processor */
    vmh_script_state *state;
    vmh_arena *arena; /* of the genesis */
    vmh_genesis genesis;
} processor_handle;

enum { SLOT_STATE = 2, SLOT_ARENA = 3, SLOT_SDK_HANDLER = 4 };

static vmh_processor *check_processor(lua_State *L, processor_handle **handle)
{
    *handle = (processor_handle *)vmh_handle_check(L, 1, VMH_PROCESSOR_TYPE);
    return (*handle)->handle.core;
}

/// Makes the processor of contracts written in C.
// @function native
// @tparam table genesis a genesis table; its rule set and `native_contracts` count
// @treturn[1] Processor
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input`: an unknown native contract; `no_memory`
// @raise if the genesis table is wrong, with the path of the fault
static int processor_native(lua_State *L)
{
    vmh_path root = vmh_path_root("genesis");
    processor_handle *handle;
    vmh_processor *processor;
    vmh_failure why;

    luaL_checktype(L, 1, LUA_TTABLE);
    handle = (processor_handle *)vmh_handle_push(L, VMH_PROCESSOR_TYPE, sizeof *handle, 0);
    handle->state = vmh_push_script_state(L);
    lua_setiuservalue(L, -2, SLOT_STATE);
    handle->arena = vmh_push_arena(L);
    lua_setiuservalue(L, -2, SLOT_ARENA);
    vmh_check_genesis(L, 1, &root, handle->arena, &handle->genesis);
    if (vmh_native_processor_new(&handle->genesis, &processor, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_handle_opened(&handle->handle, processor);
    return 1;
}

/// Hands over the handler that answers the SDK calls of this processor's contracts.
// @function Processor:contract_sdk_call_handler
// @tparam table handler `{ handle_sdk_call = function(call) }`: gets context_id,
//   operation_name, method_name, input_arguments and permission_scope; gives a list
//   of arguments, or nil and a text, with `"sdk_abort"` behind it where the contract
//   may not catch it
// @raise if the handler has other keys, while a call is running, and while a VM uses
//   the processor
static int processor_sdk_handler(lua_State *L)
{
    processor_handle *handle;
    vmh_processor *processor = check_processor(L, &handle);
    vmh_sdk_handler *handler;
    vmh_failure why;

    /* The handler that is replaced may be in use, or be that of a host. */
    if (handle->handle.busy > 0 || handle->handle.child_count > 0)
        luaL_error(L, "a Processor cannot change its handler now: %s",
                   handle->handle.busy > 0 ? "a call is running" : "it serves a VM");
    handler = vmh_push_scripted_sdk_handler(L, 2, handle->state);
    lua_setiuservalue(L, 1, SLOT_SDK_HANDLER);
    if (processor->contract_sdk_call_handler(processor, handler, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    return 0;
}

static uint32_t check_scope(lua_State *L, const char *field, uint32_t absent,
                            const char *(*names)(uint32_t))
{
    vmh_path root = vmh_path_root("call");
    vmh_path path = vmh_path_field(&root, field);
    uint32_t scope = absent;

    lua_getfield(L, 2, field);
    if (!lua_isnil(L, -1))
        scope = vmh_path_check_enum(L, -1, &path, names);
    lua_pop(L, 1);
    return scope;
}

static void check_call(lua_State *L, vmh_arena *arena, vmh_process_call_input *input)
{
    static const char *const known[] = {
        "context_id",   "contract_name",            "method_name", "input_arguments",
        "access_scope", "calling_permission_scope", "gas_limit",   NULL};
    vmh_path root = vmh_path_root("call");
    vmh_path arguments_path = vmh_path_field(&root, "input_arguments");
    vmh_path gas_path = vmh_path_field(&root, "gas_limit");
    vmh_argument_array arguments = {0};
    vmh_failure why;

    vmh_path_check_keys(L, 2, &root, known);
    input->context_id = vmh_path_copy_field(L, 2, &root, "context_id", false, arena);
    input->contract_name = vmh_path_copy_field(L, 2, &root, "contract_name", true, arena);
    input->method_name = vmh_path_copy_field(L, 2, &root, "method_name", true, arena);
    input->access_scope = (vmh_access_scope)check_scope(L, "access_scope", VMH_ACCESS_READ_WRITE,
                                                        vmh_access_scope_name);
    input->calling_permission_scope = (vmh_permission_scope)check_scope(
        L, "calling_permission_scope", VMH_PERMISSION_SERVICE, vmh_permission_scope_name);
    lua_getfield(L, 2, "gas_limit");
    input->gas_limit = lua_isnil(L, -1) ? 0 : vmh_path_check_u64(L, -1, &gas_path);
    lua_getfield(L, 2, "input_arguments");
    if (lua_type(L, -1) == LUA_TSTRING) {
        input->input_arguments = vmh_path_check_bytes(L, -1, &arguments_path);
        return; /* stays on the stack */
    }
    if (!lua_isnil(L, -1))
        vmh_check_argument_array_at(L, -1, &arguments_path, arena, &arguments);
    if (vmh_argument_array_pack(arguments, arena, &input->input_arguments, &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
}

static void push_output(lua_State *L, const vmh_process_call_output *output, vmh_arena *arena)
{
    vmh_argument_array outputs;
    vmh_argument_fault fault;
    vmh_failure why;
    bool known;

    lua_createtable(L, 0, 5);
    lua_pushstring(L, vmh_execution_result_name(output->call_result));
    lua_setfield(L, -2, "call_result");
    lua_pushinteger(L, (lua_Integer)output->code);
    lua_setfield(L, -2, "code");
    lua_pushinteger(L, (lua_Integer)output->gas_used);
    lua_setfield(L, -2, "gas_used");
    if (output->call_result != VMH_RESULT_SUCCESS) {
        vmh_push_bytes(L, output->error);
        lua_setfield(L, -2, "error");
    }
    if (vmh_argument_array_decode(output->output_arguments, arena, &outputs, &known, &fault,
                                  &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
    vmh_push_argument_array(L, outputs);
    lua_setfield(L, -2, "output_arguments");
}

/// Runs one method of a contract.
// @function Processor:process_call
// @tparam table call contract_name, method_name; optional: context_id (bytes),
//   input_arguments (list of arguments, or packed bytes), access_scope (default
//   `"READ_WRITE"`), calling_permission_scope (default `"SERVICE"`), gas_limit
// @treturn[1] table call_result (name of an ExecutionResult), code, gas_used,
//   output_arguments; of a failure also error
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `script_error`, `unknown_context`, `no_memory`
static int processor_process_call(lua_State *L)
{
    processor_handle *handle;
    vmh_processor *processor = check_processor(L, &handle);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_process_call_input input = {0};
    vmh_process_call_output output;
    vmh_failure why;
    vmh_status status;
    lua_State *outer = handle->state->L;

    check_call(L, arena, &input);
    handle->handle.busy++;
    handle->state->L = L;
    status = processor->process_call(processor, &input, arena, &output, &why);
    handle->state->L = outer;
    handle->handle.busy--;
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    push_output(L, &output, arena);
    return 1;
}

/// Tells about a contract's code.
// @function Processor:get_contract_info
// @tparam table info contract_name; optional context_id
// @treturn[1] table permission_scope: `"SYSTEM"` or `"SERVICE"`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `not_found`: this processor has no such code
static int processor_contract_info(lua_State *L)
{
    static const char *const known[] = {"context_id", "contract_name", NULL};
    vmh_path root = vmh_path_root("call");
    processor_handle *handle;
    vmh_processor *processor = check_processor(L, &handle);
    vmh_permission_scope scope;
    vmh_bytes name, context_id;
    vmh_arena *arena;
    vmh_failure why;
    vmh_status status;
    lua_State *outer = handle->state->L;
    bool found;

    vmh_path_check_keys(L, 2, &root, known);
    arena = vmh_push_arena(L);
    name = vmh_path_copy_field(L, 2, &root, "contract_name", true, arena);
    context_id = vmh_path_copy_field(L, 2, &root, "context_id", false, arena);
    handle->state->L = L;
    status = processor->get_contract_info(processor, context_id, name, &found, &scope, &why);
    handle->state->L = outer;
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    if (!found) {
        lua_getfield(L, 2, "contract_name");
        return vmh_push_failure_text(L, VMH_E_NOT_FOUND, "Contract %s was not found",
                                     lua_tostring(L, -1));
    }
    lua_createtable(L, 0, 1);
    lua_pushstring(L, vmh_permission_scope_name(scope));
    lua_setfield(L, -2, "permission_scope");
    return 1;
}

void vmh_push_argument_types(lua_State *L, const vmh_argument_type *types, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, vmh_argument_type_name(types[i]));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void vmh_push_native_methods(lua_State *L, const vmh_processor *processor,
                             vmh_bytes contract_name)
{
    size_t count = vmh_native_processor_method_count(processor, contract_name);

    if (count == 0) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_native_method_description method =
            vmh_native_processor_method(processor, contract_name, i);

        lua_createtable(L, 0, 6);
        lua_pushstring(L, method.name);
        lua_setfield(L, -2, "name");
        lua_pushboolean(L, method.is_internal);
        lua_setfield(L, -2, "internal");
        lua_pushboolean(L, method.writes);
        lua_setfield(L, -2, "writes");
        lua_pushboolean(L, method.is_variadic);
        lua_setfield(L, -2, "variadic");
        vmh_push_argument_types(L, method.parameters, method.parameter_count);
        lua_setfield(L, -2, "parameters");
        vmh_push_argument_types(L, method.results, method.result_count);
        lua_setfield(L, -2, "results");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/// Describes the methods of a native contract.
// @function Processor:describe
// @tparam string contract_name
// @treturn {table,...} name, internal, writes, variadic, parameters and results
//   (lists of type names) of each method; nil where there is no such contract
static int processor_describe(lua_State *L)
{
    processor_handle *handle;
    vmh_processor *processor = check_processor(L, &handle);

    vmh_push_native_methods(L, processor, vmh_check_bytes(L, 2));
    return 1;
}

/// Closes the processor; closing twice is quiet.
// @function Processor:close
// @raise while a host that uses it is open
static int processor_close(lua_State *L)
{
    vmh_processor *processor = vmh_handle_take_core(L, VMH_PROCESSOR_TYPE);

    if (processor != NULL)
        processor->free(processor);
    return 0;
}

__attribute__((visibility("default"))) int luaopen_vmhost_processor(lua_State *L);

int luaopen_vmhost_processor(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"process_call", processor_process_call},
        {"get_contract_info", processor_contract_info},
        {"contract_sdk_call_handler", processor_sdk_handler},
        {"describe", processor_describe},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"native", processor_native}, {NULL, NULL}};
    const char *const *names = vmh_native_optional_contracts();

    vmh_handle_init(L);
    vmh_handle_register(L, VMH_PROCESSOR_TYPE, methods, processor_close);
    luaL_newlib(L, functions);
    /// Names of the contracts that a genesis may list in `native_contracts`.
    // @field native_contracts
    lua_newtable(L);
    for (lua_Integer i = 0; names[i] != NULL; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "native_contracts");
    return 1;
}
