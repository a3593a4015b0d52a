/*
 * Lua values <-> core/types. What check_ functions give lives in the arena that
 * they are handed, so later changes of the tables do not reach it; they raise
 * with a path for wrong input and "out of memory" when the arena cannot grow.
 * Scratch memory lies on the Lua stack: nothing leaks when Lua jumps.
 */
#ifndef VMH_BINDINGS_CONVERT_H
#define VMH_BINDINGS_CONVERT_H

#include "path.h"
#include "types/block_ref.h"
#include "types/genesis.h"
#include "types/receipt.h"
#include "types/state_diff.h"

/* Events, with the fields of Event; arguments a list or packed bytes. */
void vmh_check_events(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                      const vmh_event **events, size_t *count);
void vmh_push_events(lua_State *L, const vmh_event *events, size_t count);

/* { { contract_name =, state_diffs = { { key =, value = }, ... } }, ... } */
void vmh_check_state_diff(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                          vmh_state_diff *out);
void vmh_push_state_diff(lua_State *L, const vmh_state_diff *diff);

/* { height =, timestamp =, block_proposer =, reference_time =, prev_reference_time = } */
void vmh_check_block_ref(lua_State *L, int index, const vmh_path *path, vmh_block_ref *out);
void vmh_push_block_ref(lua_State *L, const vmh_block_ref *block);

/* A genesis table; all but virtual_chain_id may be left out. Pushed with all fields. */
void vmh_check_genesis(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                       vmh_genesis *out);
void vmh_push_genesis(lua_State *L, const vmh_genesis *genesis);

#endif
