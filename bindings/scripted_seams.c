#include "argument_table.h"
#include "codec/argument_codec.h"
#include "failure.h"
#include "handle.h"
#include "scripted.h"
#include "sight.h"

/* ---- SDK handler: what a processor under test talks to ---- */

typedef struct scripted_handler {
    vmh_sdk_handler port; /* first */
    vmh_script_state *state;
} scripted_handler;

typedef struct sdk_request {
    const vmh_sdk_call *call;
    vmh_arena *arena;
    vmh_sdk_result *result;
} sdk_request;

static void push_sdk_call(lua_State *L, const vmh_sdk_call *call)
{
    lua_createtable(L, 0, 5);
    vmh_push_bytes(L, call->context_id);
    lua_setfield(L, -2, "context_id");
    vmh_push_bytes(L, call->operation_name);
    lua_setfield(L, -2, "operation_name");
    vmh_push_bytes(L, call->method_name);
    lua_setfield(L, -2, "method_name");
    vmh_push_argument_array(L, call->input_arguments);
    lua_setfield(L, -2, "input_arguments");
    lua_pushstring(L, vmh_permission_scope_name(call->permission_scope));
    lua_setfield(L, -2, "permission_scope");
}

/* Outputs, or nil and a text, with "sdk_abort" behind it where nothing may catch it. */
static int handle_body(lua_State *L)
{
    const sdk_request *request = lua_touserdata(L, 2);
    vmh_path outputs = vmh_path_root("outputs");
    vmh_path text = vmh_path_root("error text");

    lua_getfield(L, 1, "handle_sdk_call");
    push_sdk_call(L, request->call);
    lua_call(L, 1, 3);
    if (!lua_isnil(L, -3)) {
        vmh_check_argument_array_at(L, -3, &outputs, request->arena,
                                    &request->result->output_arguments);
        return 0;
    }
    request->result->error =
        vmh_path_copy(L, request->arena, vmh_path_check_bytes(L, -2, &text));
    request->result->code = VMH_CODE_CONTRACT_FAILED;
    lua_pushliteral(L, "sdk_abort");
    request->result->outcome = lua_rawequal(L, -1, -2) ? VMH_SDK_ABORT : VMH_SDK_ERROR;
    return 0;
}

static vmh_status handle_sdk_call(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                  vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why)
{
    scripted_handler *scripted = (scripted_handler *)handler;
    sdk_request request = {call, arena, result};

    *result = (vmh_sdk_result){.outcome = VMH_SDK_OK};
    return vmh_seam_call(scripted, scripted->state, "handler.handle_sdk_call", handle_body,
                         &request, why);
}

vmh_sdk_handler *vmh_push_scripted_sdk_handler(lua_State *L, int index, vmh_script_state *state)
{
    static const char *const functions[] = {"handle_sdk_call", NULL};
    vmh_path path = vmh_path_root("handler");
    scripted_handler *scripted;

    index = lua_absindex(L, index);
    vmh_seam_check_functions(L, index, &path, functions, true);
    scripted = vmh_seam_push(L, index, sizeof *scripted);
    scripted->state = state;
    scripted->port.handle_sdk_call = handle_sdk_call;
    return &scripted->port;
}

/* ---- cross-chain connector ---- */

typedef struct scripted_connector {
    vmh_connector port; /* first */
    vmh_script_state *state;
} scripted_connector;

typedef struct connector_request {
    const vmh_connector_call *call;
    vmh_arena *arena;
    vmh_connector_result *result;
} connector_request;

static int connector_body(lua_State *L)
{
    const connector_request *request = lua_touserdata(L, 2);
    vmh_path outputs = vmh_path_root("outputs");
    vmh_path text = vmh_path_root("error text");

    lua_getfield(L, 1, "call");
    lua_createtable(L, 0, 3);
    vmh_push_bytes(L, request->call->method_name);
    lua_setfield(L, -2, "method_name");
    vmh_push_argument_array(L, request->call->input_arguments);
    lua_setfield(L, -2, "input_arguments");
    lua_pushinteger(L, (lua_Integer)request->call->reference_timestamp);
    lua_setfield(L, -2, "reference_timestamp");
    lua_call(L, 1, 2);
    if (!lua_isnil(L, -2)) {
        vmh_check_argument_array_at(L, -2, &outputs, request->arena,
                                    &request->result->output_arguments);
        return 0;
    }
    request->result->error =
        vmh_path_copy(L, request->arena, vmh_path_check_bytes(L, -1, &text));
    if (request->result->error.size == 0)
        luaL_error(L, "a connector that answers nil says why");
    return 0;
}

static vmh_status connector_call(vmh_connector *connector, const vmh_connector_call *call,
                                 vmh_arena *arena, vmh_connector_result *result, vmh_failure *why)
{
    scripted_connector *scripted = (scripted_connector *)connector;
    connector_request request = {call, arena, result};

    *result = (vmh_connector_result){0};
    return vmh_seam_call(scripted, scripted->state, "connector.call", connector_body, &request,
                         why);
}

vmh_connector *vmh_push_scripted_connector(lua_State *L, int index, vmh_script_state *state)
{
    static const char *const functions[] = {"call", NULL};
    vmh_path path = vmh_path_root("connector");
    scripted_connector *scripted;

    index = lua_absindex(L, index);
    vmh_seam_check_functions(L, index, &path, functions, true);
    scripted = vmh_seam_push(L, index, sizeof *scripted);
    scripted->state = state;
    scripted->port.call = connector_call;
    return &scripted->port;
}

/* ---- committee source: a function of the reference time, or a fixed list ---- */

typedef struct scripted_committee {
    vmh_committee_source port; /* first */
    vmh_script_state *state;
} scripted_committee;

typedef struct committee_request {
    uint32_t reference_time;
    vmh_arena *arena;
    vmh_bytes **members;
    size_t *count;
} committee_request;

static int committee_body(lua_State *L)
{
    const committee_request *request = lua_touserdata(L, 2);
    vmh_path root = vmh_path_root("committee");
    vmh_bytes *members;
    int list;

    lua_pushvalue(L, 1);
    if (lua_isfunction(L, -1)) {
        lua_pushinteger(L, (lua_Integer)request->reference_time);
        lua_call(L, 1, 1);
    }
    list = lua_absindex(L, -1);
    *request->count = vmh_path_check_list(L, list, &root);
    members = vmh_path_new_list(L, request->arena, *request->count, sizeof *members);
    for (size_t i = 0; i < *request->count; i++) {
        vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);

        lua_rawgeti(L, list, (lua_Integer)i + 1);
        members[i] = vmh_path_copy(L, request->arena, vmh_path_check_bytes(L, -1, &item));
        lua_pop(L, 1);
    }
    *request->members = members;
    return 0;
}

static vmh_status get_committee(vmh_committee_source *source, uint32_t reference_time,
                                vmh_arena *arena, vmh_bytes **members, size_t *count,
                                vmh_failure *why)
{
    scripted_committee *scripted = (scripted_committee *)source;
    committee_request request = {reference_time, arena, members, count};

    return vmh_seam_call(scripted, scripted->state, "committee", committee_body, &request, why);
}

vmh_committee_source *vmh_push_scripted_committee(lua_State *L, int index,
                                                  vmh_script_state *state)
{
    vmh_path path = vmh_path_root("committee");
    scripted_committee *scripted;

    if (!lua_isfunction(L, index) && !lua_istable(L, index))
        vmh_path_expected(L, &path, "a list of addresses or a function", index);
    scripted = vmh_seam_push(L, index, sizeof *scripted);
    scripted->state = state;
    scripted->port.get_committee = get_committee;
    return &scripted->port;
}

/* ---- trace ---- */

typedef struct scripted_trace {
    vmh_trace port; /* first */
    vmh_script_state *state;
    vmh_sight_state sight;
} scripted_trace;

typedef struct trace_request {
    const char *function;
    const vmh_trace_call *call;
    const vmh_trace_result *result;
    vmh_bytes contract_name;
    vmh_bytes name; /* key, event name, or what was printed */
    vmh_bytes value; /* value, or packed arguments */
} trace_request;

static void push_packed(lua_State *L, vmh_bytes packed)
{
    vmh_arena *arena = vmh_push_arena(L);
    vmh_argument_array arguments;
    vmh_argument_fault fault;
    vmh_failure why;
    bool known;

    if (vmh_argument_array_decode(packed, arena, &arguments, &known, &fault, &why) != VMH_OK)
        luaL_error(L, "out of memory");
    if (known)
        vmh_push_argument_array(L, arguments);
    else
        vmh_push_bytes(L, packed);
    vmh_clear_scratch(L, -2);
    lua_remove(L, -2);
}

static void push_trace_call(lua_State *L, const vmh_trace_call *call)
{
    lua_createtable(L, 0, 7);
    vmh_push_bytes(L, call->context_id);
    lua_setfield(L, -2, "context_id");
    lua_pushinteger(L, (lua_Integer)call->depth);
    lua_setfield(L, -2, "depth");
    vmh_push_bytes(L, call->contract_name);
    lua_setfield(L, -2, "contract_name");
    vmh_push_bytes(L, call->method_name);
    lua_setfield(L, -2, "method_name");
    push_packed(L, call->input_arguments);
    lua_setfield(L, -2, "input_arguments");
    lua_pushstring(L, vmh_access_scope_name(call->access_scope));
    lua_setfield(L, -2, "access_scope");
    lua_pushstring(L, vmh_permission_scope_name(call->calling_permission_scope));
    lua_setfield(L, -2, "calling_permission_scope");
}

static void push_trace_result(lua_State *L, const vmh_trace_result *result)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, vmh_execution_result_name(result->execution_result));
    lua_setfield(L, -2, "execution_result");
    lua_pushinteger(L, (lua_Integer)result->code);
    lua_setfield(L, -2, "code");
    push_packed(L, result->output_arguments);
    lua_setfield(L, -2, "output_arguments");
    lua_pushinteger(L, (lua_Integer)result->gas_used);
    lua_setfield(L, -2, "gas_used");
}

static int trace_body(lua_State *L)
{
    const trace_request *request = lua_touserdata(L, 2);

    lua_getfield(L, 1, request->function);
    if (request->call != NULL) {
        push_trace_call(L, request->call);
        if (request->result != NULL)
            push_trace_result(L, request->result);
        lua_call(L, request->result == NULL ? 1 : 2, 0);
        return 0;
    }
    vmh_push_bytes(L, request->contract_name);
    vmh_push_bytes(L, request->name);
    if (strcmp(request->function, "print") == 0) {
        lua_call(L, 2, 0);
        return 0;
    }
    if (strcmp(request->function, "event") == 0)
        push_packed(L, request->value);
    else
        vmh_push_bytes(L, request->value);
    lua_call(L, 3, 0);
    return 0;
}

static vmh_status tell(vmh_trace *trace, trace_request request, vmh_failure *why)
{
    scripted_trace *scripted = (scripted_trace *)trace;

    return vmh_seam_call(scripted, scripted->state, request.function, trace_body, &request, why);
}

static vmh_status call_begin(vmh_trace *trace, const vmh_trace_call *call, vmh_failure *why)
{
    return tell(trace, (trace_request){.function = "call_begin", .call = call}, why);
}

static vmh_status call_end(vmh_trace *trace, const vmh_trace_call *call,
                           const vmh_trace_result *result, vmh_failure *why)
{
    return tell(trace, (trace_request){.function = "call_end", .call = call, .result = result},
                why);
}

static vmh_status state_read(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes key,
                             vmh_bytes value, vmh_failure *why)
{
    return tell(trace, (trace_request){"state_read", NULL, NULL, contract_name, key, value}, why);
}

static vmh_status state_write(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes key,
                              vmh_bytes value, vmh_failure *why)
{
    return tell(trace, (trace_request){"state_write", NULL, NULL, contract_name, key, value}, why);
}

static vmh_status event(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes event_name,
                        vmh_bytes arguments, vmh_failure *why)
{
    return tell(trace, (trace_request){"event", NULL, NULL, contract_name, event_name, arguments},
                why);
}

static vmh_status print(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes text,
                        vmh_failure *why)
{
    return tell(trace, (trace_request){"print", NULL, NULL, contract_name, text, {0}}, why);
}

/* ---- what is told of sources ---- */

typedef struct step_request {
    const char *function;
    const scripted_trace *seam;
    const vmh_trace_step *step; /* or: */
    vmh_bytes contract_name;
    uint32_t line;
    uint64_t gas;
    bool *wanted;
} step_request;

static int step_body(lua_State *L)
{
    const step_request *request = lua_touserdata(L, 2);

    lua_getfield(L, 1, request->function);
    if (request->step != NULL) {
        vmh_push_trace_step(L, request->step, request->seam, &request->seam->sight);
        lua_call(L, 1, 0);
        return 0;
    }
    vmh_push_bytes(L, request->contract_name);
    lua_pushinteger(L, request->line);
    if (request->wanted != NULL) {
        lua_call(L, 2, 1);
        *request->wanted = lua_toboolean(L, -1);
        return 0;
    }
    lua_pushinteger(L, (lua_Integer)request->gas);
    lua_call(L, 3, 0);
    return 0;
}

static vmh_status tell_step(vmh_trace *trace, const char *function, const vmh_trace_step *step,
                            vmh_failure *why)
{
    scripted_trace *scripted = (scripted_trace *)trace;
    step_request request = {.function = function, .seam = scripted, .step = step};
    vmh_status status;

    scripted->sight.event++;
    scripted->sight.sight = step->sight;
    status = vmh_seam_call(scripted, scripted->state, function, step_body, &request, why);
    scripted->sight.sight = NULL;
    return status;
}

static vmh_status line(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why)
{
    return tell_step(trace, "line", step, why);
}

static vmh_status enter(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why)
{
    return tell_step(trace, "enter", step, why);
}

static vmh_status leave(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why)
{
    return tell_step(trace, "leave", step, why);
}

static vmh_status charge(vmh_trace *trace, vmh_bytes contract_name, uint32_t number, uint64_t gas,
                         vmh_failure *why)
{
    scripted_trace *scripted = (scripted_trace *)trace;
    step_request request = {
        .function = "charge", .contract_name = contract_name, .line = number, .gas = gas};

    return vmh_seam_call(scripted, scripted->state, "charge", step_body, &request, why);
}

static vmh_status wants_line(vmh_trace *trace, vmh_bytes contract_name, uint32_t number,
                             bool *wanted, vmh_failure *why)
{
    scripted_trace *scripted = (scripted_trace *)trace;
    step_request request = {.function = "wants_line",
                            .contract_name = contract_name,
                            .line = number,
                            .wanted = wanted};

    return vmh_seam_call(scripted, scripted->state, "wants_line", step_body, &request, why);
}

static bool has_function(lua_State *L, int index, const char *name)
{
    bool has = lua_getfield(L, index, name) == LUA_TFUNCTION;

    lua_pop(L, 1);
    return has;
}

vmh_trace *vmh_push_scripted_trace(lua_State *L, int index, vmh_script_state *state)
{
    static const char *const functions[] = {
        "call_begin", "call_end", "state_read", "state_write", "event",      "print",
        "line",       "enter",    "leave",      "charge",      "wants_line", NULL};
    vmh_path path = vmh_path_root("trace");
    scripted_trace *scripted;

    index = lua_absindex(L, index);
    vmh_seam_check_functions(L, index, &path, functions, false);
    scripted = vmh_seam_push(L, index, sizeof *scripted);
    scripted->state = state;
    if (has_function(L, index, "call_begin"))
        scripted->port.call_begin = call_begin;
    if (has_function(L, index, "call_end"))
        scripted->port.call_end = call_end;
    if (has_function(L, index, "state_read"))
        scripted->port.state_read = state_read;
    if (has_function(L, index, "state_write"))
        scripted->port.state_write = state_write;
    if (has_function(L, index, "event"))
        scripted->port.event = event;
    if (has_function(L, index, "print"))
        scripted->port.print = print;
    if (has_function(L, index, "line"))
        scripted->port.line = line;
    if (has_function(L, index, "enter"))
        scripted->port.enter = enter;
    if (has_function(L, index, "leave"))
        scripted->port.leave = leave;
    if (has_function(L, index, "charge"))
        scripted->port.charge = charge;
    if (has_function(L, index, "wants_line"))
        scripted->port.wants_line = wants_line;
    return &scripted->port;
}
