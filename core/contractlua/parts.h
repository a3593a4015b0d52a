/*
 * Memory of trees and codes.
 *
 * Many small objects, without what an arena adds to each: they are cut from parts
 * that double, since most sources are small and a hostile one makes a hundred
 * megabytes of tree.
 */
#ifndef VMH_CONTRACTLUA_PARTS_H
#define VMH_CONTRACTLUA_PARTS_H

#include "contractlua/room.h"

/* A slab, and how much memory it has. */
typedef struct vmh_lua_piece {
    struct vmh_lua_piece *next;
    vmh_lua_slab slab;
    size_t size;
} vmh_lua_piece;

size_t vmh_lua_pieces_size(const vmh_lua_piece *pieces);
void vmh_lua_pieces_free(vmh_lua_piece *pieces);

typedef struct vmh_lua_parts {
    vmh_arena *arena;
    vmh_lua_piece **pieces; /* where large parts go; NULL: to the arena too */
    vmh_lua_piece *piece;   /* that the newest part is; NULL: it is of the arena */
    uint8_t *free;          /* of the newest part */
    size_t free_size;
    size_t next_size;
} vmh_lua_parts;

/* The first part is of that size, or a little one. */
void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, vmh_lua_piece **pieces,
                        size_t first_size);

/* There will be no more: gives back what is left of the newest part. */
void vmh_lua_parts_end(vmh_lua_parts *parts);

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
