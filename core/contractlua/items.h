/*
 * Lists that grow while a source is compiled, and what a code keeps of them.
 *
 * Small ones are of malloc, large ones slabs of the room: who frees them says how large they are.
 */
#ifndef VMH_CONTRACTLUA_ITEMS_H
#define VMH_CONTRACTLUA_ITEMS_H

#include "contractlua/parts.h"

/*
 * Room for at least `count` items of that size, of which the first `used` stay; false where there
 * is no memory, with all as it was.
 */
bool vmh_lua_items_enlarge(void **items, uint32_t *capacity, size_t used, size_t count,
                           size_t size);

/* Gives back what `count` items do not take, where that is worth it. */
void vmh_lua_items_trim(void **items, uint32_t *capacity, uint32_t count, size_t size);

void vmh_lua_items_free(void *items, size_t capacity, size_t size);

/* What is large, and not worth a copy to what it belongs to. */
typedef struct vmh_lua_piece {
    struct vmh_lua_piece *next; /* among the parts */
    void *items;
    size_t capacity; /* in bytes, as the next */
    size_t size;
} vmh_lua_piece;

/*
 * `*items` for who keeps them: a copy among the parts, or, where they are large, they themselves,
 * taken from who had them and put on the list of pieces. NULL: there is no memory.
 */
void *vmh_lua_items_keep(vmh_lua_parts *parts, vmh_lua_piece **pieces, void **items,
                         uint32_t *capacity, uint32_t count, size_t size);

/* Without what no item ever was in, which is no memory. */
size_t vmh_lua_pieces_size(const vmh_lua_piece *pieces);
void vmh_lua_pieces_free(vmh_lua_piece *pieces);

#endif
