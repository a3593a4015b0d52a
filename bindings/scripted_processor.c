#include "argument_table.h"
#include "codec/argument_codec.h"
#include "failure.h"
#include "handle.h"
#include "scripted.h"

typedef struct scripted_processor {
    vmh_processor port; /* first */
    vmh_script_state *state;
} scripted_processor;

/* ---- SDK calls from Lua ---- */

static void check_sdk_call(lua_State *L, int index, vmh_arena *arena, vmh_sdk_call *call)
{
    static const char *const known[] = {"context_id",      "operation_name",   "method_name",
                                        "input_arguments", "permission_scope", "gas_used",
                                        NULL};
    vmh_path root = vmh_path_root("call");
    vmh_path path = vmh_path_field(&root, "permission_scope");
    vmh_path gas_path = vmh_path_field(&root, "gas_used");

    vmh_path_check_keys(L, index, &root, known);
    call->context_id = vmh_path_copy_field(L, index, &root, "context_id", true, arena);
    call->operation_name = vmh_path_copy_field(L, index, &root, "operation_name", true, arena);
    call->method_name = vmh_path_copy_field(L, index, &root, "method_name", true, arena);
    lua_getfield(L, index, "input_arguments");
    if (!lua_isnil(L, -1)) {
        vmh_path arguments = vmh_path_field(&root, "input_arguments");

        vmh_check_argument_array_at(L, -1, &arguments, arena, &call->input_arguments);
    }
    lua_getfield(L, index, "permission_scope");
    call->permission_scope = VMH_PERMISSION_SERVICE;
    if (!lua_isnil(L, -1))
        call->permission_scope =
            (vmh_permission_scope)vmh_path_check_enum(L, -1, &path, vmh_permission_scope_name);
    lua_getfield(L, index, "gas_used");
    if (!lua_isnil(L, -1))
        call->gas_used = vmh_path_check_u64(L, -1, &gas_path);
    lua_pop(L, 3);
}

int vmh_sdk_call_from_lua(lua_State *L, int index, vmh_sdk_handler *handler,
                          vmh_script_state *state)
{
    lua_State *outer = state->L;
    vmh_sdk_call call = {0};
    vmh_sdk_result result = {0};
    vmh_arena *arena;
    vmh_failure why;
    vmh_status status;
    int scratch;

    index = lua_absindex(L, index);
    arena = vmh_push_arena(L);
    scratch = lua_gettop(L);
    check_sdk_call(L, index, arena, &call);
    state->L = L;
    status = handler->handle_sdk_call(handler, &call, arena, &result, &why);
    state->L = outer;
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    if (result.outcome == VMH_SDK_OK) {
        vmh_push_argument_array(L, result.output_arguments);
        lua_pushinteger(L, (lua_Integer)result.gas_used);
        vmh_clear_scratch(L, scratch);
        return 2;
    }
    lua_pushnil(L);
    vmh_push_bytes(L, result.error);
    lua_pushstring(L, result.outcome == VMH_SDK_ERROR ? "sdk_error" : "sdk_abort");
    lua_pushinteger(L, (lua_Integer)result.gas_used);
    lua_pushinteger(L, (lua_Integer)result.code);
    return 5;
}

/* ---- process_call ---- */

typedef struct process_request {
    const vmh_process_call_input *input;
    vmh_arena *arena;
    vmh_process_call_output *output;
    vmh_failure *why;
} process_request;

/* { { code =, values = }, ... }: what came of several calls; `values` of a failure is its text. */
static void push_outcomes(lua_State *L, const vmh_resume *resume)
{
    lua_createtable(L, (int)resume->outcome_count, 0);
    for (size_t i = 0; i < resume->outcome_count; i++) {
        lua_createtable(L, 0, 2);
        lua_pushinteger(L, (lua_Integer)resume->outcomes[i].code);
        lua_setfield(L, -2, "code");
        vmh_push_bytes(L, resume->outcomes[i].values);
        lua_setfield(L, -2, "values");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* { stored =, succeeded =, answer =, code =, outcomes = }: how a suspended run goes on. */
static void push_resume(lua_State *L, const vmh_resume *resume)
{
    lua_createtable(L, 0, 5);
    if (resume->outcome_count != 0) {
        push_outcomes(L, resume);
        lua_setfield(L, -2, "outcomes");
    }
    vmh_push_bytes(L, resume->stored);
    lua_setfield(L, -2, "stored");
    lua_pushboolean(L, resume->succeeded);
    lua_setfield(L, -2, "succeeded");
    vmh_push_bytes(L, resume->answer);
    lua_setfield(L, -2, "answer");
    lua_pushinteger(L, (lua_Integer)resume->code);
    lua_setfield(L, -2, "code");
}

static void push_input(lua_State *L, const process_request *request)
{
    const vmh_process_call_input *input = request->input;
    vmh_argument_array arguments;
    vmh_argument_fault fault;
    bool known = true;

    lua_createtable(L, 0, 8);
    vmh_push_bytes(L, input->context_id);
    lua_setfield(L, -2, "context_id");
    vmh_push_bytes(L, input->contract_name);
    lua_setfield(L, -2, "contract_name");
    vmh_push_bytes(L, input->method_name);
    lua_setfield(L, -2, "method_name");
    vmh_push_bytes(L, input->input_arguments);
    lua_setfield(L, -2, "input_argument_bytes");
    lua_pushstring(L, vmh_access_scope_name(input->access_scope));
    lua_setfield(L, -2, "access_scope");
    lua_pushstring(L, vmh_permission_scope_name(input->calling_permission_scope));
    lua_setfield(L, -2, "calling_permission_scope");
    lua_pushinteger(L, (lua_Integer)input->gas_limit);
    lua_setfield(L, -2, "gas_limit");
    lua_pushstring(L, vmh_execution_kind_name(input->execution_kind));
    lua_setfield(L, -2, "execution_kind");
    if (input->execution_kind == VMH_EXECUTION_GROUP) {
        vmh_push_bytes(L, input->group);
        lua_setfield(L, -2, "group");
    }
    if (input->resume != NULL) {
        push_resume(L, input->resume);
        lua_setfield(L, -2, "resume");
    }
    if (vmh_argument_array_decode(input->input_arguments, request->arena, &arguments, &known,
                                  &fault, request->why) != VMH_OK)
        luaL_error(L, "out of memory");
    /* With an argument of an unknown type there is no list, only the bytes. */
    if (known) {
        vmh_push_argument_array(L, arguments);
        lua_setfield(L, -2, "input_arguments");
    }
}

/* The failure's text, in the arena. */
static vmh_bytes take_text(lua_State *L, int index, vmh_arena *arena, const vmh_path *path)
{
    return vmh_path_copy(L, arena, vmh_path_check_bytes(L, index, path));
}

static void take_outputs(lua_State *L, int index, const process_request *request)
{
    vmh_path root = vmh_path_root("result");
    vmh_path path = vmh_path_field(&root, "output_arguments");
    vmh_argument_array outputs = {0};

    lua_getfield(L, index, "output_arguments");
    if (!lua_isnil(L, -1))
        vmh_check_argument_array_at(L, -1, &path, request->arena, &outputs);
    lua_pop(L, 1);
    if (vmh_argument_array_pack(outputs, request->arena, &request->output->output_arguments,
                                request->why) != VMH_OK)
        luaL_error(L, "out of memory");
}

static void take_failure(lua_State *L, int index, const process_request *request)
{
    vmh_path root = vmh_path_root("result");
    vmh_path path = vmh_path_field(&root, "error");
    vmh_process_call_output *output = request->output;

    lua_getfield(L, index, "error");
    output->error = lua_isnil(L, -1) ? vmh_bytes_text("")
                                     : take_text(L, -1, request->arena, &path);
    lua_pop(L, 1);
    if (output->call_result == VMH_RESULT_ERROR_UNEXPECTED)
        return;
    if (vmh_argument_array_pack_text(output->error, request->arena, &output->output_arguments,
                                     request->why) != VMH_OK)
        luaL_error(L, "out of memory");
}

/* The outcome code that goes with a result when the processor names none. */
static uint32_t default_code(vmh_execution_result result)
{
    switch (result) {
    case VMH_RESULT_SUCCESS:
        return VMH_CODE_OK;
    case VMH_RESULT_ERROR_INPUT:
        return VMH_CODE_WRONG_ARGUMENTS;
    case VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED:
        return VMH_CODE_NOT_DEPLOYED;
    default:
        return VMH_CODE_CONTRACT_FAILED;
    }
}

/* A call ends with SUCCESS and code 0, or with one of the errors and another code. */
static void check_result(lua_State *L, const vmh_path *path, const vmh_process_call_output *output)
{
    if (output->call_result < VMH_RESULT_SUCCESS ||
        output->call_result > VMH_RESULT_ERROR_UNEXPECTED)
        vmh_path_error(L, path, "no call ends with %s",
                       vmh_execution_result_name(output->call_result));
    if ((output->call_result == VMH_RESULT_SUCCESS) != (output->code == VMH_CODE_OK))
        vmh_path_error(L, path, "code %I does not go with %s", (lua_Integer)output->code,
                       vmh_execution_result_name(output->call_result));
}

static void take_result(lua_State *L, int index, const process_request *request)
{
    static const char *const known[] = {"call_result", "output_arguments", "error",
                                        "code",        "gas_used",         NULL};
    vmh_path root = vmh_path_root("result");
    vmh_path result_path = vmh_path_field(&root, "call_result");
    vmh_path code_path = vmh_path_field(&root, "code");
    vmh_path gas_path = vmh_path_field(&root, "gas_used");
    vmh_process_call_output *output = request->output;

    vmh_path_check_keys(L, index, &root, known);
    lua_getfield(L, index, "call_result");
    output->call_result = (vmh_execution_result)vmh_path_check_enum(L, -1, &result_path,
                                                                    vmh_execution_result_name);
    lua_getfield(L, index, "code");
    output->code = lua_isnil(L, -1) ? default_code(output->call_result)
                                    : vmh_path_check_u32(L, -1, &code_path);
    lua_getfield(L, index, "gas_used");
    output->gas_used = lua_isnil(L, -1) ? 0 : vmh_path_check_u64(L, -1, &gas_path);
    lua_pop(L, 3);
    check_result(L, &root, output);
    if (output->call_result == VMH_RESULT_SUCCESS)
        take_outputs(L, index, request);
    else
        take_failure(L, index, request);
}

static int process_call_body(lua_State *L)
{
    const process_request *request = lua_touserdata(L, 2);

    lua_getfield(L, 1, "process_call");
    push_input(L, request);
    lua_call(L, 1, 1);
    take_result(L, lua_absindex(L, -1), request);
    return 0;
}

static vmh_status process_call(vmh_processor *processor, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *output,
                               vmh_failure *why)
{
    scripted_processor *scripted = (scripted_processor *)processor;
    process_request request = {input, arena, output, why};

    *output = (vmh_process_call_output){0};
    return vmh_seam_call(scripted, scripted->state, "processor.process_call", process_call_body,
                         &request, why);
}

/* ---- get_contract_info ---- */

typedef struct info_request {
    vmh_bytes context_id;
    vmh_bytes contract_name;
    bool *found;
    vmh_permission_scope *permission_scope;
} info_request;

static int contract_info_body(lua_State *L)
{
    const info_request *request = lua_touserdata(L, 2);
    vmh_path root = vmh_path_root("info");
    vmh_path path = vmh_path_field(&root, "permission_scope");

    *request->found = false;
    if (lua_getfield(L, 1, "get_contract_info") == LUA_TNIL)
        return 0;
    lua_createtable(L, 0, 2);
    vmh_push_bytes(L, request->context_id);
    lua_setfield(L, -2, "context_id");
    vmh_push_bytes(L, request->contract_name);
    lua_setfield(L, -2, "contract_name");
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1))
        return 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_getfield(L, -1, "permission_scope");
    *request->permission_scope =
        (vmh_permission_scope)vmh_path_check_enum(L, -1, &path, vmh_permission_scope_name);
    *request->found = true;
    return 0;
}

static vmh_status get_contract_info(vmh_processor *processor, vmh_bytes context_id,
                                    vmh_bytes contract_name, bool *found,
                                    vmh_permission_scope *permission_scope, vmh_failure *why)
{
    scripted_processor *scripted = (scripted_processor *)processor;
    info_request request = {context_id, contract_name, found, permission_scope};

    return vmh_seam_call(scripted, scripted->state, "processor.get_contract_info",
                         contract_info_body, &request, why);
}

/* ---- describe_method ---- */

typedef struct method_request {
    vmh_bytes contract_name;
    size_t index;
    vmh_arena *arena;
    bool *found;
    vmh_method_description *method;
} method_request;

/* The names of types in the list on top. */
static void take_parameters(lua_State *L, const vmh_path *root, const method_request *request)
{
    vmh_path path = vmh_path_field(root, "parameters");
    size_t count = vmh_path_check_list(L, -1, &path);
    vmh_argument_type *parameters =
        vmh_path_new_list(L, request->arena, count, sizeof *parameters);

    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(&path, (lua_Integer)i + 1);

        lua_rawgeti(L, -1, item.index);
        if (!vmh_argument_type_find(vmh_path_check_bytes(L, -1, &item), &parameters[i]))
            vmh_path_error(L, &item, "no type of an argument");
        lua_pop(L, 1);
    }
    request->method->parameters = parameters;
    request->method->parameter_count = count;
}

static int describe_method_body(lua_State *L)
{
    static const char *const known[] = {"name", "parameters", NULL};
    const method_request *request = lua_touserdata(L, 2);
    vmh_path root = vmh_path_root("method");

    lua_getfield(L, 1, "describe_method");
    lua_createtable(L, 0, 2);
    vmh_push_bytes(L, request->contract_name);
    lua_setfield(L, -2, "contract_name");
    lua_pushinteger(L, (lua_Integer)request->index + 1);
    lua_setfield(L, -2, "index");
    lua_call(L, 1, 1);
    *request->found = !lua_isnil(L, -1);
    if (!*request->found)
        return 0;
    vmh_path_check_keys(L, lua_absindex(L, -1), &root, known);
    request->method->name =
        vmh_path_copy_field(L, lua_absindex(L, -1), &root, "name", true, request->arena);
    lua_getfield(L, -1, "parameters");
    take_parameters(L, &root, request);
    return 0;
}

static vmh_status describe_method(vmh_processor *processor, vmh_bytes context_id,
                                  vmh_bytes contract_name, size_t index, vmh_arena *arena,
                                  bool *found, vmh_method_description *method, vmh_failure *why)
{
    scripted_processor *scripted = (scripted_processor *)processor;
    method_request request = {contract_name, index, arena, found, method};

    (void)context_id;
    *method = (vmh_method_description){.is_variadic = false};
    return vmh_seam_call(scripted, scripted->state, "processor.describe_method",
                         describe_method_body, &request, why);
}

/* ---- may_call_back ---- */

typedef struct callback_request {
    vmh_bytes contract_name;
    vmh_bytes method_name;
    bool *may;
} callback_request;

static int may_call_back_body(lua_State *L)
{
    const callback_request *request = lua_touserdata(L, 2);

    lua_getfield(L, 1, "may_call_back");
    lua_createtable(L, 0, 2);
    vmh_push_bytes(L, request->contract_name);
    lua_setfield(L, -2, "contract_name");
    vmh_push_bytes(L, request->method_name);
    lua_setfield(L, -2, "method_name");
    lua_call(L, 1, 1);
    *request->may = lua_toboolean(L, -1);
    return 0;
}

static vmh_status may_call_back(vmh_processor *processor, vmh_bytes context_id,
                                vmh_bytes contract_name, vmh_bytes method_name, bool *may,
                                vmh_failure *why)
{
    scripted_processor *scripted = (scripted_processor *)processor;
    callback_request request = {contract_name, method_name, may};

    (void)context_id;
    *may = false;
    return vmh_seam_call(scripted, scripted->state, "processor.may_call_back", may_call_back_body,
                         &request, why);
}

/* ---- contract_sdk_call_handler ---- */

/*
 * What a Lua-made processor gets as handler. It may outlive the host, so it
 * keeps the state, whose L is NULL whenever no call is running.
 */
typedef struct sdk_access {
    vmh_sdk_handler *handler;
    vmh_script_state *state;
} sdk_access;

static int sdk_access_handle(lua_State *L)
{
    const sdk_access *access = luaL_checkudata(L, 1, VMH_SDK_HANDLER_TYPE);

    /* Outside of a call into the host there is no execution context to act in. */
    if (access->state->L == NULL)
        return vmh_push_failure_text(L, VMH_E_CONTEXT, "SDK call outside of a running call");
    return vmh_sdk_call_from_lua(L, 2, access->handler, access->state);
}

static void push_sdk_access(lua_State *L, vmh_sdk_handler *handler, vmh_script_state *state)
{
    sdk_access *access = lua_newuserdatauv(L, sizeof *access, 1);

    *access = (sdk_access){handler, state};
    vmh_seam_push_userdata(L, state);
    lua_setiuservalue(L, -2, 1);
    if (!vmh_metatable_push(L, VMH_SDK_HANDLER_TYPE)) {
        lua_newtable(L);
        lua_pushcfunction(L, sdk_access_handle);
        lua_setfield(L, -2, "handle_sdk_call");
        lua_setfield(L, -2, "__index");
        vmh_metatable_register(L, VMH_SDK_HANDLER_TYPE);
    }
    lua_setmetatable(L, -2);
}

typedef struct handler_request {
    vmh_sdk_handler *handler;
    vmh_script_state *state;
} handler_request;

static int take_handler_body(lua_State *L)
{
    const handler_request *request = lua_touserdata(L, 2);

    if (lua_getfield(L, 1, "contract_sdk_call_handler") == LUA_TNIL)
        return 0;
    push_sdk_access(L, request->handler, request->state);
    lua_call(L, 1, 0);
    return 0;
}

static vmh_status take_handler(vmh_processor *processor, vmh_sdk_handler *handler,
                               vmh_failure *why)
{
    scripted_processor *scripted = (scripted_processor *)processor;
    handler_request request = {handler, scripted->state};

    return vmh_seam_call(scripted, scripted->state, "processor.contract_sdk_call_handler",
                         take_handler_body, &request, why);
}

static void free_nothing(vmh_processor *processor)
{
    (void)processor; /* Lua owns the memory */
}

vmh_processor *vmh_push_scripted_processor(lua_State *L, int index, vmh_script_state *state)
{
    static const char *const functions[] = {"process_call",    "get_contract_info",
                                            "describe_method", "may_call_back",
                                            "contract_sdk_call_handler", NULL};
    vmh_path path = vmh_path_root("processor");
    scripted_processor *scripted;

    index = lua_absindex(L, index);
    vmh_seam_check_functions(L, index, &path, functions, true);
    scripted = vmh_seam_push(L, index, sizeof *scripted);
    scripted->state = state;
    scripted->port.process_call = process_call;
    scripted->port.get_contract_info = get_contract_info;
    if (lua_getfield(L, index, "describe_method") != LUA_TNIL)
        scripted->port.describe_method = describe_method;
    if (lua_getfield(L, index, "may_call_back") != LUA_TNIL)
        scripted->port.may_call_back = may_call_back;
    lua_pop(L, 2);
    scripted->port.contract_sdk_call_handler = take_handler;
    scripted->port.free = free_nothing;
    return &scripted->port;
}
