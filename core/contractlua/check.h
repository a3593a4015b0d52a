/*
 * All that can be said of a source without running it: each thing that is refused,
 * and where nothing that matters is refused, what runs but is hardly meant.
 *
 *   a global that nobody assigns         a local that nobody reads
 *   a statement that is never reached    a declaration that cannot be read
 *   a method without types, or without a function
 */
#ifndef VMH_CONTRACTLUA_CHECK_H
#define VMH_CONTRACTLUA_CHECK_H

#include "contractlua/parser.h"

/*
 * Writes the findings, by place, to `*findings`; their texts live in `arena`. `library` names
 * the globals that there are without being assigned. Fails with VMH_E_NO_MEMORY alone.
 */
vmh_status vmh_lua_check(vmh_bytes source, const char *const *library, size_t library_count,
                         vmh_arena *arena, vmh_lua_findings *findings, vmh_failure *why);

/* The warnings alone, of a tree that has all of its source. */
vmh_status vmh_lua_lint(const vmh_lua_tree *tree, const char *const *library, size_t library_count,
                        vmh_arena *arena, vmh_lua_findings *findings, vmh_failure *why);

/* Those about what a contract declares. */
vmh_status vmh_lua_lint_contract(const vmh_lua_tree *tree, vmh_arena *arena,
                                 vmh_lua_findings *findings, vmh_failure *why);

/* Whether it is `sdk.contract(...)`. */
bool vmh_lua_is_contract_call(const vmh_lua_expression *expression);

#endif
