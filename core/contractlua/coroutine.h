/* Coroutines as values: made here, switched by call.c. */
#ifndef VMH_CONTRACTLUA_COROUTINE_H
#define VMH_CONTRACTLUA_COROUTINE_H

#include "contractlua/state.h"

/* One that has not begun, with stacks of its own, not counted; NULL where there is no memory. */
vmh_lua_coroutine *vmh_lua_coroutine_new(vmh_lua_state *L, vmh_lua_value function);

#endif
