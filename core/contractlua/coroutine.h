/* Coroutines as values: made here, switched by call.c. */
#ifndef VMH_CONTRACTLUA_COROUTINE_H
#define VMH_CONTRACTLUA_COROUTINE_H

#include "contractlua/state.h"

/*
 * One that has not begun, not counted; NULL where there is no memory. It gets stack and
 * frames when it is resumed first.
 */
vmh_lua_coroutine *vmh_lua_coroutine_new(vmh_lua_state *L, vmh_lua_value function);

/* Gives back the stack and frames of one that is dead. */
void vmh_lua_coroutine_drop_stack(vmh_lua_state *L, vmh_lua_coroutine *of);

#endif
