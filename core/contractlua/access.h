/*
 * Reads and writes of the library that heed metamethods. What a metamethod gives
 * comes by a call that the function of the library itself makes:
 *
 *     switch (vmh_lua_get(L, frame, object, key, (vmh_lua_callback){at, phase}, &step)) {
 *     DONE  the value lies in slot `at`
 *     CALL  return step; in `phase` the results of the call lie from `at` on
 *     OVER  return step: an error, or the end
 *
 * Slots at .. at + 3 are overwritten. Charged as where a contract does it: INDEX and
 * STORE, hops, calls, and what an access costs by the size of a table.
 */
#ifndef VMH_CONTRACTLUA_ACCESS_H
#define VMH_CONTRACTLUA_ACCESS_H

#include "contractlua/state.h"

typedef enum vmh_lua_access {
    VMH_LUA_ACCESS_DONE,
    VMH_LUA_ACCESS_CALL,
    VMH_LUA_ACCESS_OVER,
} vmh_lua_access;

/* The slot where a metamethod is called, and the phase in which its function goes on. */
typedef struct vmh_lua_callback {
    uint32_t at;
    uint32_t phase;
} vmh_lua_callback;

/* object[key] */
vmh_lua_access vmh_lua_get(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value object,
                           vmh_lua_value key, vmh_lua_callback back, vmh_lua_step *step);

/* object[key] = value; a key that is nil is an error */
vmh_lua_access vmh_lua_put(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value object,
                           vmh_lua_value key, vmh_lua_value value, vmh_lua_callback back,
                           vmh_lua_step *step);

/*
 * `#` of the first argument, an integer or an error. False: return *step; in
 * phase back.phase this, called again, takes what the metamethod gave.
 */
bool vmh_lua_check_length(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_callback back,
                          int64_t *out, vmh_lua_step *step);

/* What is to be done with an argument, or-ed. */
enum { VMH_LUA_TO_READ = 1, VMH_LUA_TO_WRITE = 2, VMH_LUA_TO_MEASURE = 4 };

/* A table, or anything with the metamethods that are needed in place of one. */
bool vmh_lua_check_accessible(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                              unsigned uses, vmh_lua_step *step);

/*
 * Calls slot `at` with the `count` values behind it; charged. No yield passes the
 * function that does this.
 */
vmh_lua_step vmh_lua_call_back(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_callback back,
                               uint32_t count);

/* The first result of the call that was made, or nil. */
static inline vmh_lua_value vmh_lua_called(vmh_lua_state *L, const vmh_lua_frame *frame)
{
    return frame->returned == 0 ? vmh_lua_nil() : vmh_lua_slots(L, frame)[frame->call_at];
}

/* Counts `bytes` as part of the frame: the stack is as much higher until the frame is over. */
bool vmh_lua_count_frame(vmh_lua_state *L, vmh_lua_frame *frame, uint64_t bytes);

#endif
