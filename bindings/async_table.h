/*
 * Tables of vmhost.async <-> what the engine takes and shows. What check_ functions
 * give lives in the arena. Lists of values are strings in Lua, and packed arguments of
 * type bytes for the engine.
 */
#ifndef VMH_BINDINGS_ASYNC_TABLE_H
#define VMH_BINDINGS_ASYNC_TABLE_H

#include "async/async_engine.h"
#include "path.h"

/* A list of strings as packed arguments; nil is none. */
vmh_bytes vmh_check_async_values(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                                 uint64_t *text_size);

/* Pushes the list of strings that packed arguments are; `arena` is for scratch. */
void vmh_push_async_values(lua_State *L, vmh_bytes packed, vmh_arena *arena);

/* Fields of the table at `index`; 0 and false where they are nil. */
uint64_t vmh_opt_u64_field(lua_State *L, int index, const vmh_path *path, const char *name);
bool vmh_opt_bool_field(lua_State *L, int index, const vmh_path *path, const char *name);

void vmh_check_async_options(lua_State *L, int index, vmh_async_options *out);
void vmh_check_async_start(lua_State *L, int index, vmh_arena *arena, vmh_async_start *out);
void vmh_check_async_return(lua_State *L, int index, vmh_arena *arena, vmh_async_return *out);
void vmh_check_async_outcome(lua_State *L, int index, vmh_arena *arena, vmh_async_outcome *out,
                             bool *is_suspended);
void vmh_check_async_draft(lua_State *L, int index, vmh_arena *arena, vmh_async_draft *out);
void vmh_check_async_request(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                             vmh_request *out);

void vmh_push_async_request(lua_State *L, const vmh_request *request);

/* Pushes a step; `arena` is for scratch. */
void vmh_push_async_step(lua_State *L, const vmh_async_step *step, vmh_arena *arena);

/* Pushes what is known of a context. */
void vmh_push_async_context(lua_State *L, const vmh_async_context *context);

#endif
