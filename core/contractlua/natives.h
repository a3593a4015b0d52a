/* Functions of the library that lie beside the list that names them. */
#ifndef VMH_CONTRACTLUA_NATIVES_H
#define VMH_CONTRACTLUA_NATIVES_H

#include "contractlua/state.h"

/* string: match.c, format.c, pack.c */
vmh_lua_step vmh_lua_string_find(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_match(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_gmatch(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_gsub(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_format(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_pack(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_packsize(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_string_unpack(vmh_lua_state *L, vmh_lua_frame *frame);

/*
 * lib_base.c, lib_coroutine.c: those below whose frames an execution may be suspended. Slot 0 of
 * xpcall is the handler; what pcall, xpcall, pairs and the step of ipairs call lies from slot 1 on,
 * and the last keeps its index in numbers[0].
 */
vmh_lua_step vmh_lua_base_pcall(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_base_xpcall(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_base_pairs(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_coroutine_yield(vmh_lua_state *L, vmh_lua_frame *frame);

/* What ipairs and wrap give; wrap keeps its coroutine. */
extern const vmh_lua_native_object vmh_lua_ipairs_next;
extern const vmh_lua_native vmh_lua_wrapped;

/* Phases of pcall and xpcall. */
enum {
    VMH_LUA_PROTECTED_CALLED = 1,
    VMH_LUA_PROTECTED_FAILED = 2,
    VMH_LUA_PROTECTED_HANDLED = 3, /* the handler of xpcall was called */
    VMH_LUA_PROTECTED_HANDLER_FAILED = 4,
};

/* Phase of pairs and of the step of ipairs with a metamethod, and of yield. */
enum { VMH_LUA_PHASE_CALLED = 1 };

/* table: sort.c */
vmh_lua_step vmh_lua_table_sort(vmh_lua_state *L, vmh_lua_frame *frame);

/*
 * Position in a string as the library takes them, from 1 on, negative ones from the end on:
 * where something begins, at least 1; and where it ends, at most `size`.
 */
static inline uint64_t vmh_lua_first_position(int64_t position, size_t size)
{
    if (position > 0)
        return (uint64_t)position;
    if (position == 0 || 0 - (uint64_t)position > size)
        return 1;
    return size - (0 - (uint64_t)position) + 1;
}

static inline uint64_t vmh_lua_last_position(int64_t position, size_t size)
{
    if (position >= 0)
        return (uint64_t)position < size ? (uint64_t)position : size;
    return 0 - (uint64_t)position > size ? 0 : size - (0 - (uint64_t)position) + 1;
}

#endif
