/*
 * vmh_failure -> nil, message, code; and argument checks whose message names
 * the thing and the value.
 */
#ifndef VMH_BINDINGS_FAILURE_H
#define VMH_BINDINGS_FAILURE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/bytes.h"
#include "base/status.h"

/* Pushes nil, message, code and returns 3. */
int vmh_push_failure(lua_State *L, const vmh_failure *why);

/* Pushes nil, the formatted message and the code of `status`; returns 3. */
int vmh_push_failure_text(lua_State *L, vmh_status status, const char *format, ...);

/* A string argument as bytes; borrowed while it is on the stack. No numbers. */
vmh_bytes vmh_check_bytes(lua_State *L, int index);

/* The same of exactly `size` bytes. */
vmh_bytes vmh_check_bytes_of_size(lua_State *L, int index, size_t size);

/* An integer argument that is not negative. */
uint64_t vmh_check_unsigned(lua_State *L, int index);

/*
 * Raises for a key of the table at `index` that is not in the NULL-ended list,
 * and lists the known ones.
 */
void vmh_check_options(lua_State *L, int index, const char *const *known);

void vmh_push_bytes(lua_State *L, vmh_bytes bytes);

#endif
