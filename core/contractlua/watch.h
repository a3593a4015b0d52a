/*
 * Who watches an execution: what ports/trace.h tells of lines, calls and gas, out
 * of a loop of its own. An execution that nobody watches never comes here.
 *
 * Watched or not, an execution comes to the same results, gas and memory.
 */
#ifndef VMH_CONTRACTLUA_WATCH_H
#define VMH_CONTRACTLUA_WATCH_H

#include "contractlua/state.h"
#include "ports/trace.h"

/* The text of an error, as an evaluation meets it. */
#define VMH_LUA_LOOK_ONLY "attempt to change what is watched"

typedef struct vmh_lua_watch vmh_lua_watch;

/*
 * Lets `trace` watch the executions of L from now on, until NULL is given or L is freed; the
 * former watch is over. `name` is what the contract is called; borrowed. A trace that wants nothing
 * of sources costs nothing. Fails with VMH_E_NO_MEMORY alone, and nobody watches.
 */
vmh_status vmh_lua_watch_set(vmh_lua_state *L, vmh_trace *trace, vmh_bytes name,
                             vmh_failure *why);

void vmh_lua_watch_free(vmh_lua_watch *watch);

/* ---- for the machine; false: the execution is over ---- */

/* Before anything is charged. */
void vmh_lua_watch_begin(vmh_lua_state *L);

/* Before each instruction, with ip and gas of the frame written back. */
bool vmh_lua_watch_step(vmh_lua_state *L);

/* An error is about to take the top frame. */
bool vmh_lua_watch_unwind(vmh_lua_state *L);

void vmh_lua_watch_end(vmh_lua_state *L);

#endif
