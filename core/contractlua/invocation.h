/*
 * One call of a contract while its processor works on it: what it needs, how it ends, and
 * the ways that all calls go. The processor's own file knows methods and deployments;
 * invocation_await.c what suspends and goes on.
 *
 *     open -> load -> run_main -> run_method -> conclude -> close
 */
#ifndef VMH_CONTRACTLUA_INVOCATION_H
#define VMH_CONTRACTLUA_INVOCATION_H

#include "contractlua/contract.h"
#include "contractlua/lib_sdk.h"
#include "ports/processor.h"
#include "types/genesis.h"

enum { VMH_LUA_KEPT_STATES = 64 /* as many as services can be in each other */ };

typedef struct vmh_lua_invocation vmh_lua_invocation;

typedef struct vmh_lua_processor {
    vmh_processor port; /* first */
    const vmh_genesis *genesis;
    vmh_sdk_handler *handler;
    vmh_lua_state *states[VMH_LUA_KEPT_STATES]; /* not in use */
    size_t state_count;
    vmh_lua_invocation *running; /* the innermost */
} vmh_lua_processor;

struct vmh_lua_invocation {
    vmh_lua_processor *processor;
    vmh_lua_invocation *outer;
    const vmh_process_call_input *input;
    vmh_lua_contract *contract;
    vmh_lua_state *L;
    vmh_lua_sdk sdk;
    vmh_arena scratch;
    vmh_arena *arena;
    vmh_process_call_output *out;
    vmh_failure *why;
};

/* Takes a state for it, and gives it back; a close always follows an open, also a failed one. */
vmh_status vmh_lua_invocation_open(vmh_lua_invocation *call);
void vmh_lua_invocation_close(vmh_lua_invocation *call);

/* ---- how it ends; each writes the output, VMH_OK ---- */

vmh_status vmh_lua_invocation_fail(vmh_lua_invocation *call, vmh_execution_result result,
                                   uint32_t code, vmh_bytes text);

/* The contract fails with a text of the processor's own. */
vmh_status vmh_lua_invocation_fail_text(vmh_lua_invocation *call, vmh_bytes text);

vmh_status vmh_lua_invocation_fail_by_outcome(vmh_lua_invocation *call,
                                              const vmh_lua_outcome *outcome);

/* By what stopped the machine outside of a run: see L->stop. */
vmh_status vmh_lua_invocation_fail_by_stop(vmh_lua_invocation *call);

/* What the run has used so far, without what it called. */
void vmh_lua_invocation_settle_gas(vmh_lua_invocation *call, const vmh_lua_outcome *outcome);

/* ---- the code ---- */

/* What stands under the key `code`: revision of the language, 4 bytes LE, then the hash. */
enum { VMH_LUA_REVISION = 1, VMH_LUA_RECORD_SIZE = 4 + 32 };

/* The source, and the packed arguments of `_init` where they came with it. */
vmh_status vmh_lua_invocation_parts(vmh_lua_invocation *call, vmh_argument_array *parts);

/* Holds the contract of a deployed service, with its interface. */
vmh_status vmh_lua_invocation_load(vmh_lua_invocation *call, bool *found);

/* Pays before the machine runs; `*good` false, with the output written, where the gas is short. */
vmh_status vmh_lua_invocation_pay(vmh_lua_invocation *call, uint64_t price, bool *good);

/*
 * Pays for a large source, whatever comes of the call: it may have to be compiled again, and
 * no price tells whether it was.
 */
vmh_status vmh_lua_invocation_pay_entry(vmh_lua_invocation *call, bool *good);

/* ---- running ---- */

/* Logical bytes that are left of the transaction's, those that nested it are still using. */
uint64_t vmh_lua_invocation_memory_left(const vmh_lua_invocation *call);

/* The main chunk, paid; `*good` false where it failed. */
vmh_status vmh_lua_invocation_run_main(vmh_lua_invocation *call, uint64_t gas,
                                       vmh_lua_outcome *outcome, bool *good);

/* Calls a method with its arguments, behind the main chunk. */
vmh_status vmh_lua_invocation_run_method(vmh_lua_invocation *call,
                                         const vmh_lua_declared_method *method,
                                         vmh_argument_array arguments, vmh_lua_value function);

/* What came of the method, or of a part of it: results, a failure, or something to wait for. */
vmh_status vmh_lua_invocation_conclude(vmh_lua_invocation *call,
                                       const vmh_lua_declared_method *method,
                                       vmh_lua_outcome *outcome);

/* Arguments as values; false where the machine stopped. */
bool vmh_lua_invocation_make_values(vmh_lua_invocation *call, vmh_argument_array arguments,
                                    vmh_lua_value *values);

/* ---- invocation_await.c ---- */

/* Stores what is suspended and sends what it waits for. */
vmh_status vmh_lua_invocation_suspend(vmh_lua_invocation *call,
                                      const vmh_lua_declared_method *method);

/* Goes on with what was stored, and with what came for an answer. */
vmh_status vmh_lua_invocation_resume(vmh_lua_invocation *call);

#endif
