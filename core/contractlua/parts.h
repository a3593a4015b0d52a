/*
 * Memory of trees and codes.
 *
 * Many small objects in an arena, without what the arena adds to each: they are
 * cut from parts that double, since most sources are small and a hostile one
 * makes a hundred megabytes of tree. And pieces that grew and are too large to be copied there.
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

/* The first part is of that size, or a little one. */
void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, size_t first_size);

/*
 * Huge pages for large memory, where the system has them: the first touch of 4 KiB pages takes
 * three times as long as the parser. It is advice, so what comes of it is not asked.
 */
void vmh_lua_use_huge_pages(void *memory, size_t size);

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

/* ---- pieces that grew ---- */

/* What is large, and not worth a copy to what it belongs to. */
typedef struct vmh_lua_piece {
    struct vmh_lua_piece *next; /* among the parts */
    size_t size;
    void *memory; /* of malloc */
} vmh_lua_piece;

/*
 * `*items`, of malloc, for who keeps them: a copy among the parts, or, where they are large, they
 * themselves, taken from who had them and put on the list of pieces. NULL: there is no memory.
 */
void *vmh_lua_keep_items(vmh_lua_parts *parts, vmh_lua_piece **pieces, void **items,
                         uint32_t *capacity, uint32_t count, size_t size);

size_t vmh_lua_pieces_size(const vmh_lua_piece *pieces);
void vmh_lua_pieces_free(vmh_lua_piece *pieces);

#endif
