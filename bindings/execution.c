/// Runs of contracts that stop, are frozen, and go on elsewhere.
// A program has two functions more than a contract: `await(...)` stops it, and gives what it is
// resumed with; `await_if_allowed(...)` does so where a contract may stop, and elsewhere gives its
// arguments back. With the option `sdk` the main chunk can declare a contract; from its first stop
// on all of its state reads as if nothing had been written, and all else that asks a chain is an
// error.
// @classmod vmhost.contract.Execution
#include "execution.h"

#include <lauxlib.h>

#include "contract.h"
#include "contractlua/freeze.h"
#include "contractlua/sdk.h"
#include "failure.h"
#include "handle.h"
#include "word.h"

#define EXECUTION_TYPE "vmhost.contract.Execution"

enum { SLOT_PRINT = 1 };

typedef struct execution {
    vmh_handle handle;
    vmh_contract contract;
    vmh_lua_outcome outcome;
    uint64_t gas_limit;
    uint64_t gas_used;
    bool has_sdk;
    vmh_lua_sdk sdk;
    vmh_arena scratch; /* of sdk */
} execution;

/* The chain that there is not. */
static vmh_status answer_nothing(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                 vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why)
{
    static const vmh_argument nothing = {.type = VMH_ARGUMENT_BYTES};

    (void)handler;
    (void)arena;
    (void)why;
    *result = (vmh_sdk_result){.outcome = VMH_SDK_ERROR,
                               .error = VMH_LITERAL("there is no chain here")};
    if (vmh_bytes_equal(call->operation_name, VMH_LITERAL("Sdk.State")) &&
        vmh_bytes_equal(call->method_name, VMH_LITERAL("read")))
        *result = (vmh_sdk_result){.outcome = VMH_SDK_OK,
                                   .output_arguments = {(vmh_argument *)&nothing, 1}};
    return VMH_OK;
}

static vmh_sdk_handler no_chain = {answer_nothing};

static vmh_lua_step await(vmh_lua_state *L, vmh_lua_frame *frame)
{
    (void)L;
    return vmh_lua_suspend(frame, 0, frame->argument_count);
}

static vmh_lua_step await_if_allowed(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return vmh_lua_may_suspend(L) ? vmh_lua_suspend(frame, 0, frame->argument_count)
                                  : vmh_lua_return_from(frame, 0, frame->argument_count);
}

static const vmh_lua_native natives[] = {
    {"await", await},
    {"await_if_allowed", await_if_allowed},
    {NULL, NULL},
};

static const vmh_lua_native_list awaits = {NULL, natives, NULL};

static execution *check_execution(lua_State *L)
{
    return (execution *)vmh_handle_check(L, 1, EXECUTION_TYPE);
}

static execution *check_suspended(lua_State *L)
{
    execution *of = check_execution(L);

    luaL_argcheck(L, of->outcome.is_suspended, 1, "it is not suspended");
    return of;
}

/* The function that gets what is printed lies on top of the stack while something runs. */
static void push_print(lua_State *L, execution *of, int index)
{
    index = lua_absindex(L, index);
    lua_getiuservalue(L, index, SLOT_PRINT);
    of->contract.L = L;
    of->contract.print_index = lua_gettop(L);
    if (!lua_isnil(L, -1)) {
        of->contract.state->print = vmh_contract_print;
        of->contract.state->print_context = &of->contract;
    }
}

static bool option_bool(lua_State *L, const vmh_path *path, const char *name, bool if_absent)
{
    vmh_path field;
    bool value = if_absent;

    if (vmh_path_push_field(L, 1, path, name, &field))
        value = vmh_path_check_bool(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

/* Compiles what the table at 1 names into a handle, pushed; else gives how many results tell why. */
static int push_execution(lua_State *L, const vmh_contract_options *options,
                          const vmh_path *path, execution **out)
{
    bool is_plain = !option_bool(L, path, "optimise", true);
    bool has_sdk = option_bool(L, path, "sdk", false);
    vmh_contract_source from = options->from;
    vmh_bytes refusal;
    vmh_failure why;
    execution *made =
        (execution *)vmh_handle_push(L, EXECUTION_TYPE, sizeof *made, 0);

    vmh_arena_init(&made->contract.arena);
    vmh_arena_init(&made->scratch);
    vmh_handle_opened(&made->handle, made);
    made->gas_limit = options->gas_limit > INT64_MAX ? INT64_MAX : options->gas_limit;
    lua_getfield(L, 1, "print");
    lua_setiuservalue(L, -2, SLOT_PRINT);
    from.more = &awaits;
    from.is_plain = is_plain;
    from.with_sdk = made->has_sdk = has_sdk;
    if (vmh_contract_compile(&made->contract, &from, &refusal, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (refusal.size != 0)
        return vmh_contract_push_refusal(L, refusal);
    made->contract.state = vmh_lua_state_new(made->contract.library);
    if (made->contract.state == NULL)
        return vmh_push_failure_text(L, VMH_E_NO_MEMORY, "out of memory");
    made->sdk = (vmh_lua_sdk){
        .handler = &no_chain, .scratch = &made->scratch, .is_declaring = true};
    if (has_sdk)
        made->contract.state->sdk = &made->sdk;
    *out = made;
    return 0;
}

/* Runs the main chunk until it stops or ends. */
static vmh_status run_main(execution *of, uint64_t memory_limit, vmh_failure *why)
{
    vmh_status status = vmh_lua_run(of->contract.state, of->contract.code, of->gas_limit,
                                    memory_limit, &of->outcome, why);

    of->sdk.is_declaring = false;
    return status;
}

/// Starts a program, which runs until it stops or ends.
// @function vmhost.contract.start
// @tparam table program source; name (default "source"), gas_limit (default: none), memory_limit
// (logical bytes, default 64 MiB), print: a function that gets what the source prints; optimise
// (default true; false compiles it without making anything shorter), sdk (default false)
// @treturn[1] Execution
// @return[2] nil
// @treturn[2] string the refusal, as of `vmhost.contract.check`, or a failure
// @treturn[2] string code
int vmh_execution_start(lua_State *L)
{
    static const char *const known[] = {"source", "name",     "gas_limit", "memory_limit",
                                        "print",  "optimise", "sdk",       NULL};
    vmh_path root = vmh_path_root("program");
    vmh_contract_options options;
    execution *made = NULL;
    vmh_failure why;
    int results;

    luaL_checktype(L, 1, LUA_TTABLE);
    vmh_path_check_keys(L, 1, &root, known);
    options = vmh_contract_check_options(L, &root);
    results = push_execution(L, &options, &root, &made);
    if (made == NULL)
        return results;
    push_print(L, made, -1);
    if (run_main(made, options.memory_limit, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    made->gas_used = made->outcome.gas_used;
    lua_pop(L, 1);
    return 1;
}

/// Makes a stopped run of its bytes: of a program that was started from the same source.
// @function vmhost.contract.thaw
// @tparam table frozen source and bytes; the rest as of `start`
// @treturn[1] Execution suspended
// @return[2] nil
// @treturn[2] string what is wrong with the bytes, the refusal of a source, or a failure
// @treturn[2] string code `malformed` where it is the bytes
int vmh_execution_thaw(lua_State *L)
{
    static const char *const known[] = {"source", "name",     "gas_limit", "memory_limit",
                                        "print",  "optimise", "sdk",       "bytes",
                                        NULL};
    vmh_path root = vmh_path_root("frozen");
    vmh_contract_options options;
    execution *made = NULL;
    vmh_failure why;
    vmh_bytes bytes;
    int results;

    luaL_checktype(L, 1, LUA_TTABLE);
    vmh_path_check_keys(L, 1, &root, known);
    options = vmh_contract_check_options(L, &root);
    bytes = vmh_contract_option_bytes(L, &root, "bytes");
    results = push_execution(L, &options, &root, &made);
    if (made == NULL)
        return results;
    /* A host knows what a source declares; here its main chunk is asked. */
    if (made->has_sdk && run_main(made, options.memory_limit, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (vmh_lua_thaw(made->contract.state, made->contract.code, bytes, options.memory_limit,
                     &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    made->outcome = (vmh_lua_outcome){
        .is_suspended = true,
        .memory_counted = made->contract.state->heap.counted,
    };
    return 1;
}

/// Tells how far it is.
// @function Execution:status
// @treturn string `suspended`, `good` or `failed`
static int execution_status(lua_State *L)
{
    const execution *of = check_execution(L);

    lua_pushstring(L, of->outcome.is_suspended ? "suspended"
                      : of->outcome.is_good    ? "good"
                                               : "failed");
    return 1;
}

/* Numbers, strings and booleans as they are; of all others their text. */
static void push_value(lua_State *L, vmh_lua_value value)
{
    switch ((vmh_lua_tag)value.tag) {
    case VMH_LUA_NIL:
        lua_pushnil(L);
        break;
    case VMH_LUA_FALSE:
    case VMH_LUA_TRUE:
        lua_pushboolean(L, value.tag == VMH_LUA_TRUE);
        break;
    case VMH_LUA_INTEGER:
        lua_pushinteger(L, value.as.integer);
        break;
    case VMH_LUA_UINT256:
        vmh_push_word(L, value.as.word);
        break;
    case VMH_LUA_STRING:
        vmh_push_bytes(L, vmh_lua_string_bytes(value.as.string));
        break;
    default:
        lua_pushstring(L, vmh_lua_type_name(value));
        break;
    }
}

/// What it was stopped with: the arguments of `await`. A thawed one has none.
// Tables, functions and coroutines are the name of their type.
// @function Execution:values
// @return each of them
static int execution_values(lua_State *L)
{
    execution *of = check_suspended(L);

    luaL_checkstack(L, (int)of->outcome.result_count + 1, "too many values");
    for (uint32_t i = 0; i < of->outcome.result_count; i++)
        push_value(L, of->outcome.results[i]);
    return (int)of->outcome.result_count;
}

/// How it ended, or what it took until it stopped.
// @function Execution:outcome
// @treturn table as of `vmhost.contract.run`, without results or error while it is suspended;
// gas_used is of the whole run since `start` or `thaw`
static int execution_outcome(lua_State *L)
{
    execution *of = check_execution(L);
    vmh_lua_outcome outcome = of->outcome;

    outcome.gas_used = of->gas_used;
    vmh_contract_push_outcome(L, &outcome);
    return 1;
}

/// The stopped run as bytes; it stays as it is.
// @function Execution:freeze
// @treturn[1] string bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `limit`: they are more than 1 MiB
static int execution_freeze(lua_State *L)
{
    const execution *of = check_suspended(L);
    vmh_buffer *out = vmh_push_buffer(L);
    vmh_failure why;

    if (vmh_lua_freeze(of->contract.state, out, NULL, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(out));
    vmh_clear_scratch(L, -2);
    return 1;
}

/// What there is in a stopped run: values, frames, and what they hold, by name.
// @function Execution:census
// @treturn[1] table name -> how many; `table`, `closure`, `frame`, `deleted key`, ...
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `freeze`
static int execution_census(lua_State *L)
{
    static const char *const names[] = {
#define X(name, text) text,
        VMH_LUA_CENSUS_LIST(X)
#undef X
    };
    const execution *of = check_suspended(L);
    vmh_buffer *out = vmh_push_buffer(L);
    vmh_lua_census census;
    vmh_failure why;

    if (vmh_lua_freeze(of->contract.state, out, &census, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, 0, VMH_LUA_CENSUS_COUNT);
    for (int i = 0; i < VMH_LUA_CENSUS_COUNT; i++) {
        lua_pushinteger(L, census.counts[i]);
        lua_setfield(L, -2, names[i]);
    }
    vmh_clear_scratch(L, -2);
    return 1;
}

/* A value for the program; where memory ends going on tells. */
static vmh_lua_value check_value(lua_State *L, vmh_lua_heap *heap, int index)
{
    const vmh_word *word = vmh_test_word(L, index);
    vmh_lua_string *made;

    if (word != NULL)
        return vmh_lua_uint256_new(heap, word);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return vmh_lua_nil();
    case LUA_TBOOLEAN:
        return vmh_lua_boolean(lua_toboolean(L, index));
    case LUA_TSTRING:
        made = vmh_lua_string_new(heap, vmh_check_bytes(L, index));
        return made == NULL ? vmh_lua_nil() : vmh_lua_of_string(made);
    default:
        return vmh_lua_integer(luaL_checkinteger(L, index));
    }
}

/// Goes on with it until it stops again or ends.
// @function Execution:resume
// @tparam boolean is_good whether the rest are what `await` gives; else the first one is raised
// where it stands
// @param ... nil, booleans, integers, strings, words
// @treturn[1] string status
// @return[2] nil
// @treturn[2] string message of a failure
// @treturn[2] string code
static int execution_resume(lua_State *L)
{
    execution *of = check_suspended(L);
    vmh_lua_state *state = of->contract.state;
    uint32_t count = lua_gettop(L) < 2 ? 0 : (uint32_t)lua_gettop(L) - 2;
    vmh_arena *arena = vmh_push_arena(L);
    vmh_lua_answer answer = {.is_error = !lua_toboolean(L, 2), .count = count};
    vmh_lua_value *values = vmh_arena_alloc_array(arena, count + 1, sizeof *values);
    vmh_failure why;

    if (values == NULL)
        return vmh_push_failure_text(L, VMH_E_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        values[i] = check_value(L, &state->heap, (int)i + 3);
    answer.values = values;
    push_print(L, of, 1);
    if (vmh_lua_go_on(state, &answer, of->gas_limit - of->gas_used, &of->outcome, &why) != VMH_OK) {
        of->outcome = (vmh_lua_outcome){.trace = &state->trace};
        return vmh_push_failure(L, &why);
    }
    of->gas_used += of->outcome.gas_used;
    return execution_status(L);
}

/// Releases it. Twice is quiet.
// @function Execution:close
static int execution_close(lua_State *L)
{
    execution *of = vmh_handle_take_core(L, EXECUTION_TYPE);

    if (of != NULL) {
        vmh_contract_release(&of->contract);
        vmh_lua_interface_free(of->sdk.made);
        vmh_arena_clear(&of->scratch);
    }
    return 0;
}

void vmh_execution_register(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"status", execution_status}, {"values", execution_values},
        {"outcome", execution_outcome}, {"freeze", execution_freeze},
        {"resume", execution_resume}, {"census", execution_census},
        {NULL, NULL},
    };

    vmh_handle_register(L, EXECUTION_TYPE, methods, execution_close);
}
