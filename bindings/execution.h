/* vmhost.contract.Execution: a run that can stop, be frozen and go on. */
#ifndef VMH_BINDINGS_EXECUTION_H
#define VMH_BINDINGS_EXECUTION_H

#include <lua.h>

void vmh_execution_register(lua_State *L);

int vmh_execution_start(lua_State *L);
int vmh_execution_thaw(lua_State *L);

#endif
