/*
 * Records of unfinished async contexts <-> tables, for vmhost.async.
 */
#ifndef VMH_BINDINGS_ASYNC_RECORD_H
#define VMH_BINDINGS_ASYNC_RECORD_H

#include <lua.h>

int vmh_async_decode_record(lua_State *L);
int vmh_async_encode_record(lua_State *L);

#endif
