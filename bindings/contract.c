/// Contracts written in Lua: what can be done with a source without a chain.
// @module vmhost.contract
#include <lauxlib.h>
#include <lua.h>

#include "contract.h"
#include "contract_interface.h"
#include "contractlua/check.h"
#include "contractlua/room.h"
#include "contractlua/watch.h"
#include "execution.h"
#include "failure.h"
#include "handle.h"
#include "path.h"
#include "scripted.h"

#define RUN_TYPE "vmhost.contract.Run"

__attribute__((visibility("default"))) int luaopen_vmhost_contract(lua_State *L);

void vmh_contract_release(vmh_contract *of)
{
    vmh_lua_state_free(of->state);
    vmh_lua_code_free(of->code);
    vmh_lua_library_free(of->library);
    vmh_arena_clear(&of->arena);
    of->state = NULL;
    of->code = NULL;
    of->library = NULL;
}

static int collect(lua_State *L)
{
    vmh_contract_release(luaL_checkudata(L, 1, RUN_TYPE));
    return 0;
}

static vmh_contract *push_run(lua_State *L)
{
    vmh_contract *made = lua_newuserdatauv(L, sizeof *made, 0);

    *made = (vmh_contract){.L = L};
    vmh_arena_init(&made->arena);
    if (!vmh_metatable_push(L, RUN_TYPE)) {
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
        vmh_metatable_register(L, RUN_TYPE);
    }
    lua_setmetatable(L, -2);
    return made;
}

vmh_status vmh_contract_compile(vmh_contract *of, const vmh_contract_source *from,
                                vmh_bytes *refusal, vmh_failure *why)
{
    vmh_lua_refusal found = {0};
    vmh_arena tree;
    vmh_status status =
        vmh_lua_library_new_with(from->with_sdk, from->more, &of->library, why);

    *refusal = (vmh_bytes){0};
    if (status != VMH_OK)
        return status;
    tree = vmh_lua_room_take_tree(from->source.size);
    status = (from->is_plain ? vmh_lua_compile_plainly : vmh_lua_compile)(
        from->name, from->source, of->library->names, of->library->global_count, &tree, &of->code,
        &found, why);
    if (status == VMH_OK && of->code == NULL)
        status =
            vmh_lua_refusal_format(from->name, from->source, &found, &of->arena, refusal, why);
    vmh_lua_room_leave_tree(tree, from->source.size);
    return status;
}

int vmh_contract_push_refusal(lua_State *L, vmh_bytes refusal)
{
    lua_pushnil(L);
    vmh_push_bytes(L, refusal);
    lua_pushstring(L, vmh_status_code(VMH_E_INPUT));
    return 3;
}

/* Compiles name and source, the arguments; NULL after pushing `*pushed` values. */
static vmh_contract *compile_arguments(lua_State *L, int *pushed)
{
    vmh_contract_source from = {.name = vmh_check_bytes(L, 1), .source = vmh_check_bytes(L, 2),
                                .with_sdk = true};
    vmh_contract *of = push_run(L);
    vmh_failure why;
    vmh_bytes refusal;

    if (vmh_contract_compile(of, &from, &refusal, &why) != VMH_OK)
        *pushed = vmh_push_failure(L, &why);
    else if (refusal.size != 0)
        *pushed = vmh_contract_push_refusal(L, refusal);
    else
        return of;
    return NULL;
}

/// Compiles a source and forgets the result.
// Rule: spec/lua.md 2, what the compiler refuses.
// @function check
// @tparam string name of the contract or file, for the text of a refusal
// @tparam string source
// @treturn[1] boolean true
// @return[2] nil
// @treturn[2] string the refusal: name, line and column, what is wrong, the line with a caret
// @treturn[2] string code `invalid_input`
static int contract_check(lua_State *L)
{
    int pushed;
    vmh_contract *of = compile_arguments(L, &pushed);

    if (of == NULL)
        return pushed;
    vmh_contract_release(of);
    lua_pushboolean(L, true);
    return 1;
}

static void set_bytes(lua_State *L, const char *name, vmh_bytes bytes)
{
    vmh_push_bytes(L, bytes);
    lua_setfield(L, -2, name);
}

static void push_finding(lua_State *L, const vmh_lua_refusal *found, vmh_bytes shown)
{
    vmh_bytes text = found->text;
    const uint8_t *excerpt = memchr(shown.data, '\n', shown.size);

    if (found->hint.size > 0)
        text.size -= found->hint.size + 2;
    lua_createtable(L, 0, 7);
    lua_pushstring(L, found->kind == VMH_LUA_REFUSAL_WARNING ? "warning" : "refusal");
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, vmh_lua_place_line(found->place));
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, vmh_lua_place_column(found->place));
    lua_setfield(L, -2, "column");
    set_bytes(L, "text", text);
    if (found->hint.size > 0)
        set_bytes(L, "hint", found->hint);
    excerpt = excerpt == NULL ? shown.data + shown.size : excerpt + 1;
    set_bytes(L, "excerpt", vmh_bytes_of(excerpt, (size_t)(shown.data + shown.size - excerpt)));
    set_bytes(L, "shown", shown);
}

/// Tells all that can be said of a source without running it.
// Refusals: all of them, as far as sense can be made of what stands behind one. Warnings, where
// the syntax is right: a global that the main chunk does not assign, a local that nobody reads
// (names that begin with `_` are left out), a statement that is never reached, a declaration that
// cannot be read, a method without types or without a function.
// @function findings
// @tparam string name of the contract or file
// @tparam string source
// @treturn[1] {table,...} at most 100, by place, with `kind` ("refusal" or "warning"), `line`,
// `column`, `text`, `hint` (what to write instead, or why; may be absent), `excerpt` (the line
// and a caret), and `shown`, all of it as a user reads it
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code
static int contract_findings(lua_State *L)
{
    vmh_bytes name = vmh_check_bytes(L, 1);
    vmh_bytes source = vmh_check_bytes(L, 2);
    vmh_contract *of = push_run(L);
    vmh_lua_findings findings;
    vmh_failure why;
    vmh_status status = vmh_lua_library_new(true, &of->library, &why);

    if (status == VMH_OK)
        status = vmh_lua_check(source, of->library->names, of->library->global_count, &of->arena,
                               &findings, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, (int)findings.count, 0);
    for (size_t i = 0; i < findings.count; i++) {
        vmh_bytes shown;

        if (vmh_lua_refusal_format(name, source, &findings.items[i], &of->arena, &shown, &why) !=
            VMH_OK)
            return vmh_push_failure(L, &why);
        push_finding(L, &findings.items[i], shown);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    vmh_contract_release(of);
    return 1;
}

vmh_status vmh_contract_print(void *context, vmh_bytes text, vmh_failure *why)
{
    vmh_contract *of = context;
    lua_State *L = of->L;
    vmh_status status = VMH_OK;

    if (!lua_checkstack(L, 4))
        return vmh_fail_memory(why);
    lua_pushvalue(L, of->print_index);
    lua_pushlstring(L, (const char *)text.data, text.size);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        const char *message = lua_tostring(L, -1);

        status = vmh_fail(why, VMH_E_SCRIPT, "print: %s", message != NULL ? message : "no text");
        lua_pop(L, 1);
    }
    return status;
}

static void set_count(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

void vmh_contract_push_text(lua_State *L, vmh_lua_value value)
{
    char number[80];
    size_t size = vmh_lua_number_text(value, number);

    if (value.tag == VMH_LUA_STRING)
        vmh_push_bytes(L, vmh_lua_string_bytes(value.as.string));
    else if (size > 0)
        lua_pushlstring(L, number, size);
    else if (value.tag == VMH_LUA_TRUE || value.tag == VMH_LUA_FALSE)
        lua_pushstring(L, value.tag == VMH_LUA_TRUE ? "true" : "false");
    else
        lua_pushstring(L, vmh_lua_type_name(value));
}

static void push_trace(lua_State *L, const vmh_lua_trace *trace)
{
    lua_createtable(L, (int)trace->count, 0);
    for (uint32_t i = 0; i < trace->count; i++) {
        const vmh_lua_trace_entry *entry = &trace->entries[i];

        lua_createtable(L, 0, 2);
        if (entry->proto->number != 0) {
            vmh_push_bytes(L, entry->proto->name);
            lua_setfield(L, -2, "name");
        }
        set_count(L, "line", entry->line);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_failed(lua_State *L, const vmh_lua_outcome *outcome)
{
    static const char *const stops[] = {NULL, "gas", "memory", "abort", NULL};

    if (stops[outcome->stop] != NULL) {
        lua_pushstring(L, stops[outcome->stop]);
        lua_setfield(L, -2, "stop");
    }
    if (outcome->stop == VMH_LUA_STOP_GAS)
        lua_pushliteral(L, "out of gas");
    else if (outcome->stop == VMH_LUA_STOP_MEMORY)
        lua_pushliteral(L, "out of memory");
    else if (outcome->error.tag == VMH_LUA_STRING || outcome->error.tag == VMH_LUA_INTEGER ||
             outcome->error.tag == VMH_LUA_UINT256)
        vmh_contract_push_text(L, outcome->error);
    else
        lua_pushstring(L, vmh_lua_type_name(outcome->error));
    lua_setfield(L, -2, "error");
    push_trace(L, outcome->trace);
    lua_setfield(L, -2, "trace");
}

void vmh_contract_push_outcome(lua_State *L, const vmh_lua_outcome *outcome)
{
    lua_newtable(L);
    lua_pushboolean(L, outcome->is_good);
    lua_setfield(L, -2, "ok");
    set_count(L, "gas_used", outcome->gas_used);
    set_count(L, "memory", outcome->memory_counted);
    if (outcome->is_suspended)
        return;
    if (!outcome->is_good) {
        push_failed(L, outcome);
        return;
    }
    lua_newtable(L);
    for (uint32_t i = 0; i < outcome->result_count; i++) {
        vmh_contract_push_text(L, outcome->results[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "results");
}

/* A field that is a number of the table at 1. */
static uint64_t option_count(lua_State *L, const vmh_path *path, const char *name,
                             uint64_t if_absent)
{
    vmh_path field;
    uint64_t value = if_absent;

    if (vmh_path_push_field(L, 1, path, name, &field))
        value = vmh_path_check_u64(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

vmh_bytes vmh_contract_option_bytes(lua_State *L, const vmh_path *path, const char *name)
{
    vmh_path field;
    vmh_bytes value = {0};

    if (vmh_path_push_field(L, 1, path, name, &field))
        value = vmh_path_check_bytes(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

vmh_contract_options vmh_contract_check_options(lua_State *L, const vmh_path *path)
{
    vmh_contract_options of = {
        .from = {.name = vmh_contract_option_bytes(L, path, "name"),
                 .source = vmh_contract_option_bytes(L, path, "source")},
        .gas_limit = option_count(L, path, "gas_limit", INT64_MAX),
        .memory_limit = option_count(L, path, "memory_limit", 64u * 1024 * 1024),
    };

    if (of.from.name.size == 0)
        of.from.name = VMH_LITERAL("source");
    lua_getfield(L, 1, "print");
    luaL_argcheck(L, lua_isnil(L, -1) || lua_isfunction(L, -1), 1, "print must be a function");
    lua_pop(L, 1);
    return of;
}

/* The tracer of the program, which lies on the stack from here on; NULL: there is none. */
static vmh_trace *option_trace(lua_State *L)
{
    vmh_script_state *state;

    if (lua_getfield(L, 1, "trace") == LUA_TNIL)
        return NULL;
    state = vmh_push_script_state(L);
    state->L = L;
    return vmh_push_scripted_trace(L, -2, state);
}

/// Runs a source in the contract machine, without a chain: there is no `sdk`.
// @function run
// @tparam table program source; name (default "source"), gas_limit (default: none), memory_limit
// (logical bytes, default 64 MiB), print: a function that gets what the source prints, in parts;
// trace: a table of functions that are told what happens, see docs/watching.md
// @treturn[1] table ok; gas_used, memory (logical bytes); of a good run results, a list of
// texts; of a failed one error, trace (a list of name and line, the innermost first, a main chunk
// without name), and stop ("gas" or "memory") where nothing could catch it
// @return[2] nil
// @treturn[2] string the refusal, as of `check`, or a failure
// @treturn[2] string code
static int contract_run(lua_State *L)
{
    static const char *const known[] = {"source", "name",  "gas_limit", "memory_limit",
                                        "print",  "trace", NULL};
    vmh_path root = vmh_path_root("program");
    vmh_contract_options options;
    vmh_trace *trace;
    vmh_lua_outcome outcome;
    vmh_bytes refusal;
    vmh_failure why;
    vmh_contract *of;

    luaL_checktype(L, 1, LUA_TTABLE);
    vmh_path_check_keys(L, 1, &root, known);
    options = vmh_contract_check_options(L, &root);
    of = push_run(L);
    lua_getfield(L, 1, "print");
    if (vmh_contract_compile(of, &options.from, &refusal, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (refusal.size != 0)
        return vmh_contract_push_refusal(L, refusal);
    of->state = vmh_lua_state_new(of->library);
    if (of->state == NULL)
        return vmh_push_failure_text(L, VMH_E_NO_MEMORY, "out of memory");
    if (!lua_isnil(L, -1)) {
        of->print_index = lua_gettop(L);
        of->state->print = vmh_contract_print;
        of->state->print_context = of;
    }
    trace = option_trace(L);
    if (vmh_lua_watch_set(of->state, trace, options.from.name, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (vmh_lua_run(of->state, of->code, options.gas_limit, options.memory_limit, &outcome,
                    &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_contract_push_outcome(L, &outcome);
    vmh_contract_release(of);
    return 1;
}

/// Compiles a source and tells what came of it.
// @function compile
// @tparam string name of the contract or file, for the text of a refusal
// @tparam string source
// @treturn[1] table code_hash (32 bytes, by which compiled contracts are kept), functions (how many,
// the main chunk included), instructions, size (bytes that it takes in memory), deployment_gas (what
// a deployment pays for the source)
// @return[2] nil
// @treturn[2] string the refusal, as of `check`
// @treturn[2] string code `invalid_input`
static int contract_compile(lua_State *L)
{
    int pushed;
    vmh_contract *of = compile_arguments(L, &pushed);
    uint64_t instructions = 0;

    if (of == NULL)
        return pushed;
    for (uint32_t i = 0; i < of->code->proto_count; i++)
        instructions += of->code->protos[i]->code_count;
    lua_createtable(L, 0, 5);
    set_bytes(L, "code_hash", vmh_bytes_hash(&of->code->source_hash));
    set_count(L, "functions", of->code->proto_count);
    set_count(L, "instructions", instructions);
    set_count(L, "size", vmh_lua_code_size(of->code));
    set_count(L, "deployment_gas", of->code->source.size * VMH_LUA_GAS_PER_SOURCE_BYTE);
    vmh_contract_release(of);
    return 1;
}

/// The interface of a contract: what its main chunk declares. Runs that chunk, with the gas and
// memory of a transaction.
// Rule: spec/lua.md 6, docs/contracts.md.
// @function describe
// @tparam string name of the contract or file, for the text of a refusal
// @tparam string source
// @treturn[1] table methods, a list: name, internal, writes, variadic, parameters and results
// (names of types), parameter_names ("" where one has none), callback (true, of callbacks only);
// events, a list: name, fields,
// field_names; state, a list: name, type
// @return[2] nil
// @treturn[2] string the refusal, as of `check`, or what the main chunk does wrong
// @treturn[2] string code `invalid_input`
static int contract_describe(lua_State *L)
{
    return vmh_push_interface(L, vmh_check_bytes(L, 1), vmh_check_bytes(L, 2));
}

static const luaL_Reg functions[] = {
    {"compile", contract_compile},
    {"describe", contract_describe},
    {"check", contract_check},
    {"findings", contract_findings},
    {"run", contract_run},
    {"start", vmh_execution_start},
    {"thaw", vmh_execution_thaw},
    {NULL, NULL},
};

int luaopen_vmhost_contract(lua_State *L)
{
    vmh_handle_init(L);
    vmh_execution_register(L);
    luaL_newlib(L, functions);
    return 1;
}
