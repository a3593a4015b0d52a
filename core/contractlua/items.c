#include "contractlua/items.h"

#include <stdlib.h>

#include "contractlua/room.h"

static bool is_large(size_t bytes)
{
    return bytes >= VMH_LUA_HUGE_PAGE_SIZE;
}

static vmh_lua_slab take(size_t bytes)
{
    return is_large(bytes) ? vmh_lua_room_take_slab(bytes)
                           : (vmh_lua_slab){malloc(bytes), bytes};
}

static void leave(vmh_lua_slab slab)
{
    if (is_large(slab.size))
        vmh_lua_room_leave_slab(slab);
    else
        free(slab.memory);
}

/* Of a slab, whose pages are whole: the items may leave a little over. */
static vmh_lua_slab slab_of(void *items, size_t bytes)
{
    size_t rest = bytes % VMH_LUA_HUGE_PAGE_SIZE;

    if (is_large(bytes) && rest > 0)
        bytes += VMH_LUA_HUGE_PAGE_SIZE - rest;
    return (vmh_lua_slab){items, bytes};
}

bool vmh_lua_items_enlarge(void **items, uint32_t *capacity, size_t used, size_t count,
                           size_t size)
{
    vmh_lua_slab slab = take(count * size);

    if (slab.memory == NULL)
        return false;
    if (used > 0)
        memcpy(slab.memory, *items, used * size);
    vmh_lua_items_free(*items, *capacity, size);
    *items = slab.memory;
    *capacity = (uint32_t)(slab.size / size);
    return true;
}

/* Of a large list, what was never used is no memory. */
void vmh_lua_items_trim(void **items, uint32_t *capacity, uint32_t count, size_t size)
{
    void *trimmed;

    if (is_large(*capacity * size))
        return;
    trimmed = realloc(*items, count * size);
    if (trimmed == NULL)
        return;
    *items = trimmed;
    *capacity = count;
}

void vmh_lua_items_free(void *items, size_t capacity, size_t size)
{
    leave(slab_of(items, capacity * size));
}

/* A page in the place of a large list would take as long as a copy of it. */
void *vmh_lua_items_keep(vmh_lua_parts *parts, vmh_lua_piece **pieces, void **items,
                         uint32_t *capacity, uint32_t count, size_t size)
{
    vmh_lua_piece *piece;
    void *kept;

    if (!is_large(count * size)) {
        kept = vmh_lua_parts_alloc(parts, count * size); /* some memory even for none */
        if (kept != NULL && count > 0)
            memcpy(kept, *items, count * size);
        return kept;
    }
    piece = vmh_lua_parts_alloc(parts, sizeof *piece);
    if (piece == NULL)
        return NULL;
    *piece = (vmh_lua_piece){*pieces, *items, *capacity * size, count * size};
    *pieces = piece;
    *items = NULL;
    *capacity = 0;
    return piece->items;
}

size_t vmh_lua_pieces_size(const vmh_lua_piece *pieces)
{
    size_t size = 0;

    for (; pieces != NULL; pieces = pieces->next)
        size += pieces->size;
    return size;
}

void vmh_lua_pieces_free(vmh_lua_piece *pieces)
{
    for (; pieces != NULL; pieces = pieces->next)
        vmh_lua_items_free(pieces->items, pieces->capacity, 1);
}
