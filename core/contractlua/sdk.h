/*
 * What a contract on a chain has beside the language: the calls of `sdk`, and what its
 * execution keeps for them. The library's functions are in lib_sdk.c and its neighbours.
 *
 * An operation of the host is asked for by vmh_lua_sdk_call. What it answers lives in
 * `scratch` until the next one; what it refuses is raised in the contract, and what ends
 * the execution stops the machine, past every pcall.
 */
#ifndef VMH_CONTRACTLUA_SDK_H
#define VMH_CONTRACTLUA_SDK_H

#include "contractlua/interface.h"
#include "contractlua/state.h"
#include "ports/sdk.h"

/* What a suspended execution waits for. It lives in `scratch`. */
typedef struct vmh_lua_awaited {
    vmh_bytes service;
    vmh_bytes signature; /* in its one form */
    vmh_bytes packed;    /* arguments, with header */
    vmh_bytes token;
    vmh_word amount;
    uint64_t gas, lock; /* as given; UINT64_MAX: left to the host */
} vmh_lua_awaited;

typedef struct vmh_lua_sdk {
    vmh_sdk_handler *handler; /* NULL: nothing but declarations can be asked */
    vmh_bytes context_id;
    vmh_arena *scratch;
    bool is_declaring;  /* the main chunk runs */
    bool is_deploying;  /* `_init` runs */
    bool is_read_only;  /* a method that declares that it only reads */
    uint64_t gas_limit; /* of the run */
    uint64_t argument_limit; /* bytes of an array of arguments or results */
    uint64_t nested_gas; /* used by what was called */
    uint32_t abort_code; /* vmh_outcome_code, where the host ended the execution */
    const vmh_lua_interface *interface; /* as the code declares it; NULL: not known yet */
    vmh_lua_interface *made;            /* by this run, where it was not known */
    bool has_declared;
    vmh_lua_awaited awaited; /* of an execution that suspended */
    const vmh_lua_awaited *all_awaited; /* where it waits for several calls; then the lock is in
                                           `awaited` */
    uint32_t all_awaited_count;         /* 0: it does not */
    vmh_lua_string *group; /* of asynchronous calls that name none; NULL: the default one */
    vmh_lua_value *handles; /* of the collections that are declared, by their number; else nil */
} vmh_lua_sdk;

/* An operation of the host, with the rights of a contract or, for what it is asked about on
   the contract's behalf, of the host. */
typedef struct vmh_lua_operation {
    const char *operation; /* "Sdk.State" */
    const char *method;    /* "read" */
    vmh_permission_scope permission;
} vmh_lua_operation;

/*
 * One SDK call. False: return `*step`. `outputs` may be NULL. Arguments and answer live in
 * `scratch`.
 */
bool vmh_lua_sdk_call(vmh_lua_state *L, const vmh_lua_operation *operation,
                      vmh_argument_array arguments, vmh_argument_array *outputs,
                      vmh_lua_step *step);

/* The same for an operation that answers one value of that type. */
bool vmh_lua_sdk_ask(vmh_lua_state *L, const vmh_lua_operation *operation,
                     vmh_argument_array arguments, vmh_argument_type type, vmh_argument *answer,
                     vmh_lua_step *step);

/*
 * Begins a function of the library that asks the host: what the last one had in `scratch` is
 * gone. False in the main chunk, which has nothing but declarations: return `*step`.
 */
bool vmh_lua_sdk_begin(vmh_lua_state *L, const vmh_lua_frame *frame, vmh_lua_step *step);

/* Ends the execution with a failure of the host. */
vmh_lua_step vmh_lua_host_failed(vmh_lua_state *L, vmh_status status);

/* Ends the execution with a text that nothing in the contract can catch. */
vmh_lua_step vmh_lua_abort(vmh_lua_state *L, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The line of the innermost Lua function. */
uint32_t vmh_lua_current_line(const vmh_lua_state *L);

/*
 * A value of an argument's type, in the arena; arrays from tables. False, with what was
 * wanted and what there was in `*mismatch`, where it is none, or, with that NULL, after a
 * stop: see L->stop.
 */
bool vmh_lua_to_argument(vmh_lua_state *L, vmh_lua_value value, vmh_argument_type type,
                         vmh_arena *arena, vmh_argument *out, const char **mismatch);

/* An argument as a value: counted, charged by its bytes. False: return vmh_lua_stopped(L). */
bool vmh_lua_from_argument(vmh_lua_state *L, const vmh_argument *argument, vmh_lua_value *out);

/* What a value is, for texts: "integer -1", "string of 5 bytes", "nil". In the arena; NULL where
   memory is short. */
const char *vmh_lua_describe_value(vmh_lua_value value, vmh_arena *arena);

#endif
