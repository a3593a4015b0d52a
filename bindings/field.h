/*
 * Single fields of option and result tables by their names.
 */
#ifndef VMH_BINDINGS_FIELD_H
#define VMH_BINDINGS_FIELD_H

#include "path.h"

/* Pushes the field of the table at `index`, read raw; false when it is nil. */
bool vmh_push_field(lua_State *L, int index, const char *name);

/* A string field, borrowed from the table; empty when absent and not `needed`. Else raises. */
vmh_bytes vmh_check_bytes_field(lua_State *L, int index, const char *name, bool needed);

/* A field of 32 bytes; raises for anything else. */
vmh_hash32 vmh_check_hash_field(lua_State *L, int index, const char *name);

/* Set a field of the table on top. */
void vmh_set_bytes_field(lua_State *L, const char *name, vmh_bytes bytes);
void vmh_set_integer_field(lua_State *L, const char *name, uint64_t value);

#endif
