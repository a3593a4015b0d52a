/*
 * The Lua type of state storage, for the bindings that are given one: the core
 * object of its handle is a vmh_state_storage.
 */
#ifndef VMH_BINDINGS_STATE_STORAGE_H
#define VMH_BINDINGS_STATE_STORAGE_H

#include "handle.h"
#include "state/state_storage.h"

#define VMH_STATE_STORAGE_TYPE "vmhost.StateStorage"

/* The open storage at 1. */
static inline vmh_handle *vmh_storage_check_handle(lua_State *L)
{
    return vmh_handle_check(L, 1, VMH_STATE_STORAGE_TYPE);
}

/*
 * While core runs, a scripted store may run Lua, and that may not close the
 * storage: so every call into a store stands between enter and leave. Nothing
 * between them may raise.
 */
static inline vmh_state_storage *vmh_storage_enter(vmh_handle *handle)
{
    handle->busy++;
    return handle->core;
}

static inline void vmh_storage_leave(vmh_handle *handle)
{
    handle->busy--;
}

/* Whether the store of the open storage at `index` is made of functions of Lua. */
bool vmh_storage_is_scripted(lua_State *L, int index);

/* The methods of storage_blocks.c. */
extern const luaL_Reg vmh_storage_block_methods[];

#endif
