/* Worlds of Vite accounts as handles; see vmhost.vite_core. */
#ifndef VMH_BINDINGS_VITE_WORLD_H
#define VMH_BINDINGS_VITE_WORLD_H

#include <lua.h>

void vmh_vite_world_register(lua_State *L);

/* vite_core.world(options) */
int vmh_vite_world_open(lua_State *L);

#endif
