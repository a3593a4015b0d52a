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
