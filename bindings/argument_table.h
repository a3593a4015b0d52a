/*
 * Arguments <-> Lua values, as convert.h has the other types of core.
 */
#ifndef VMH_BINDINGS_ARGUMENT_TABLE_H
#define VMH_BINDINGS_ARGUMENT_TABLE_H

#include "path.h"
#include "types/argument.h"

/*
 * An argument: { type = "uint64", value = 17 }, { uint64 = 17 }, or an integer
 * (uint64), string, boolean or word (uint256) as it is.
 */
void vmh_check_argument(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                        vmh_argument *out);

/* A list of arguments. Errors begin with "arguments", or with the path. */
void vmh_check_argument_array(lua_State *L, int index, vmh_arena *arena, vmh_argument_array *out);
void vmh_check_argument_array_at(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 vmh_argument_array *out);

/* Pushes { type =, value = }, and a list of them. */
void vmh_push_argument(lua_State *L, const vmh_argument *argument);
void vmh_push_argument_array(lua_State *L, vmh_argument_array array);

#endif
