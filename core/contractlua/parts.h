/*
 * Memory of trees and codes.
 *
 * Many small objects in an arena, without what the arena adds to each: they are
 * cut from parts that double, since most sources are small and a hostile one
 * makes a hundred megabytes of tree.
 */
#ifndef VMH_CONTRACTLUA_PARTS_H
#define VMH_CONTRACTLUA_PARTS_H

#include "base/arena.h"

typedef struct vmh_lua_parts {
    vmh_arena *arena;
    uint8_t *free; /* of the newest part */
    size_t free_size;
    size_t next_size;
} vmh_lua_parts;

/* Bytes of tree for each byte of source: few sources make more. */
enum { VMH_LUA_ROOM_PER_BYTE = 36 };

/* From which size on a part is whole huge pages, for which a page more is asked for. */
enum { VMH_LUA_HUGE_PART = 4 * 1024 * 1024 };

/* The first part is of that size, or a little one. */
void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, size_t first_size);

/* As alloc, from a new part; the size is a multiple of 8. */
void *vmh_lua_parts_alloc_new(vmh_lua_parts *parts, size_t size);

/* `size` uninitialised bytes aligned to 8, some even for 0; NULL when memory is short. */
static inline void *vmh_lua_parts_alloc(vmh_lua_parts *parts, size_t size)
{
    size_t rounded = (size + 7) & ~(size_t)7;
    uint8_t *memory = parts->free;

    if (rounded > parts->free_size || memory == NULL)
        return vmh_lua_parts_alloc_new(parts, rounded);
    parts->free = memory + rounded;
    parts->free_size -= rounded;
    return memory;
}

#endif
