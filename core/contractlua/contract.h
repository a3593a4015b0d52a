/*
 * A contract as its main chunk gives it: a table of functions, and what they are declared
 * to be.
 */
#ifndef VMH_CONTRACTLUA_CONTRACT_H
#define VMH_CONTRACTLUA_CONTRACT_H

#include "contractlua/code_cache.h"

/* The function of a method in what the main chunk gave; nil where there is none. */
vmh_lua_value vmh_lua_find_function(const vmh_lua_outcome *outcome, vmh_bytes name);

/*
 * Whether a good main chunk declared a contract, and gave a function for each method.
 * `*wrong` is empty, or the text of what is missing, in the arena. What is not declared stays the
 * contract's own. `interface` may be NULL.
 */
vmh_status vmh_lua_check_contract(const vmh_lua_interface *interface,
                                  const vmh_lua_outcome *outcome, vmh_arena *arena,
                                  vmh_bytes *wrong, vmh_failure *why);

/*
 * Runs the main chunk of a contract for what it declares, unless that is known, in a state of
 * its own. `*wrong` is empty, or why it declares nothing.
 */
vmh_status vmh_lua_learn_interface(vmh_lua_contract *contract, uint64_t gas_limit,
                                   uint64_t memory_limit, vmh_arena *arena, vmh_bytes *wrong,
                                   vmh_failure *why);

/*
 * The text of a receipt for an outcome that is not good: what was raised, where that is text or
 * a number, else the name of its type; at most 1 KiB. `number` is room for it.
 */
vmh_bytes vmh_lua_error_text(const vmh_lua_outcome *outcome, char number[80]);

#endif
