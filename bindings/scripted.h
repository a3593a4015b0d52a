/*
 * Seams filled from Lua: plain tables of functions behind the ports of core.
 *
 * A seam is a userdata that begins with its port; its table is its first user
 * value. Whoever opens the host keeps the userdata alive. A seam runs on a Lua
 * thread of its own while the one that called into core waits; a Lua error in it
 * is a failure of the host (VMH_E_SCRIPT, with traceback), and a yield out of it
 * is refused.
 */
#ifndef VMH_BINDINGS_SCRIPTED_H
#define VMH_BINDINGS_SCRIPTED_H

#include <lauxlib.h>
#include <lua.h>

#include "ports/committee.h"
#include "ports/connector.h"
#include "path.h"
#include "ports/processor.h"

/*
 * Which Lua thread is inside core now; one per host or processor handle. It is
 * a userdata of its own, since what a Lua-made processor was given may outlive
 * the host.
 */
typedef struct vmh_script_state {
    lua_State *L; /* NULL: nobody is inside */
} vmh_script_state;

vmh_script_state *vmh_push_script_state(lua_State *L);

/*
 * Each pushes the userdata of a seam for the table (or function, or list) at
 * `index` and returns its port. Raises, naming it, for an unknown key and for a
 * value that is no function. `state` must live as long as the seam is used.
 */
vmh_processor *vmh_push_scripted_processor(lua_State *L, int index, vmh_script_state *state);
vmh_sdk_handler *vmh_push_scripted_sdk_handler(lua_State *L, int index, vmh_script_state *state);
vmh_connector *vmh_push_scripted_connector(lua_State *L, int index, vmh_script_state *state);
vmh_committee_source *vmh_push_scripted_committee(lua_State *L, int index,
                                                  vmh_script_state *state);
vmh_trace *vmh_push_scripted_trace(lua_State *L, int index, vmh_script_state *state);

/* ---- for the files that implement seams ---- */

/* Pushes the userdata at a seam's or state's address. */
void vmh_seam_push_userdata(lua_State *L, const void *address);

/* Pushes a zeroed seam of `size` bytes that keeps the value at `index`. */
void *vmh_seam_push(lua_State *L, int index, size_t size);

/*
 * Runs `body` under protection, on a thread of its own, with the seam's value at
 * 1 and `request` as light userdata at 2. A Lua error becomes VMH_E_SCRIPT,
 * naming `what`; so does a call so deep inside of others that the C stack grows short.
 */
vmh_status vmh_seam_call(const void *seam, const vmh_script_state *state, const char *what,
                         lua_CFunction body, void *request, vmh_failure *why);

/*
 * Raises unless the table at `index` has only functions, under the given names;
 * `needs_first`: the first of them must be there.
 */
void vmh_seam_check_functions(lua_State *L, int index, const vmh_path *path,
                              const char *const *names, bool needs_first);

/* What a Lua-made processor is given as SDK handler. */
#define VMH_SDK_HANDLER_TYPE "vmhost.SdkHandler"

/*
 * Reads an SDK call table at `index`, hands it to `handler` and pushes what
 * came: a list of arguments, or nil, text and "sdk_error", "sdk_abort" or the
 * code of a host failure. Returns the number of values.
 */
int vmh_sdk_call_from_lua(lua_State *L, int index, vmh_sdk_handler *handler,
                          vmh_script_state *state);

#endif
