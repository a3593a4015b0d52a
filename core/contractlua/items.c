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

/* Items may leave a little over of a slab. */
static vmh_lua_slab slab_of(void *items, size_t bytes)
{
    return (vmh_lua_slab){items, vmh_lua_slab_size(bytes)};
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

void vmh_lua_items_trim(void **items, uint32_t *capacity, uint32_t count, size_t size)
{
    bool is_copied = !is_large(count * size) && count < *capacity &&
                     vmh_lua_items_enlarge(items, capacity, count, count, size);

    if (!is_copied && is_large(*capacity * size))
        vmh_lua_slab_use(slab_of(*items, *capacity * size), count * size);
}

void vmh_lua_items_free(void *items, size_t capacity, size_t size)
{
    if (is_large(capacity * size))
        vmh_lua_room_leave_slab(slab_of(items, capacity * size));
    else
        free(items);
}

size_t vmh_lua_items_size(uint32_t capacity, uint32_t count, size_t size)
{
    return is_large(capacity * size) ? vmh_lua_slab_size(count * size) : capacity * size;
}

/* A page in the place of a large list would take as long as a copy of it. */
void *vmh_lua_items_keep(vmh_lua_parts *parts, void **items, uint32_t *capacity, uint32_t count,
                         size_t size)
{
    size_t used = count * size;
    vmh_lua_piece *piece;
    void *kept;

    if (!is_large(used)) {
        kept = vmh_lua_parts_alloc(parts, used); /* some memory even for none */
        if (kept != NULL && count > 0)
            memcpy(kept, *items, used);
        return kept;
    }
    piece = vmh_lua_parts_alloc(parts, sizeof *piece);
    if (piece == NULL)
        return NULL;
    *piece = (vmh_lua_piece){*parts->pieces, slab_of(*items, *capacity * size),
                             vmh_lua_slab_size(used)};
    *parts->pieces = piece;
    vmh_lua_slab_use(piece->slab, used);
    *items = NULL;
    *capacity = 0;
    return piece->slab.memory;
}
