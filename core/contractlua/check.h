/*
 * All that can be said of a source without running it: each thing that is refused,
 * and where nothing that matters is refused, what runs but is hardly meant.
 *
 *   a global that nobody assigns     a local that nobody reads
 *   a statement that is never reached
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

#endif
