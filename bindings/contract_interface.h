/* What a contract in Lua declares, as tables. */
#ifndef VMH_BINDINGS_CONTRACT_INTERFACE_H
#define VMH_BINDINGS_CONTRACT_INTERFACE_H

#include <lua.h>

#include "base/bytes.h"

/*
 * Pushes the interface of a source, as vmhost.contract.describe gives it, and gives 1; or
 * pushes nil, message and code, and gives 3.
 */
int vmh_push_interface(lua_State *L, vmh_bytes name, vmh_bytes source);

#endif
