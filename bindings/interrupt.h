/*
 * Ctrl-C in scripts that stay: a running call ends, the program does not.
 */
#ifndef VMH_BINDINGS_INTERRUPT_H
#define VMH_BINDINGS_INTERRUPT_H

#include <lua.h>

/* vmhost.vm.interrupt_on_sigint(on). */
int vmh_interrupt_on_sigint(lua_State *L);

/* Lets Ctrl-C end what runs on this thread too, if it is switched on. */
void vmh_interrupt_watch(lua_State *thread);

#endif
