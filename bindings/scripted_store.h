/*
 * A store made of Lua functions, as test doubles are:
 *
 *     get(key)                -> value, or nil
 *     write(operations, sync)    operations: a list of { key =, value = } and
 *                                { key =, delete = true }, to be applied all or none
 *     seek(from)              -> a function that gives the next key and value,
 *                                ascending from `from`, and nil at the end
 *
 * Each may return nil and a message: VMH_E_STORE_IO. What they raise becomes
 * VMH_E_SCRIPT with a traceback. They may not yield.
 */
#ifndef VMH_BINDINGS_SCRIPTED_STORE_H
#define VMH_BINDINGS_SCRIPTED_STORE_H

#include <lua.h>

#include "ports/store.h"

/*
 * Pushes what keeps the functions of the table at `index` alive; the caller
 * keeps that value for as long as the store is open. Raises for a table that is
 * not of the form above.
 */
lua_State *vmh_push_scripted_store_functions(lua_State *L, int index);

/* The store over what was pushed. */
vmh_status vmh_scripted_store_open(lua_State *functions, vmh_store **out, vmh_failure *why);

#endif
