#include "contractlua/parts.h"

#include "contractlua/room.h"

enum {
    FIRST_SIZE = 4 * 1024,
    LARGEST_SIZE = 8 * 1024 * 1024, /* but for the first */
};

void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, size_t first_size)
{
    *parts = (vmh_lua_parts){.arena = arena,
                             .next_size = first_size > FIRST_SIZE ? first_size : FIRST_SIZE};
}

/* So that the whole part is huge pages. */
static uint8_t *alloc_huge(vmh_arena *arena, size_t size)
{
    uint8_t *memory = vmh_arena_alloc(arena, size + VMH_LUA_HUGE_PAGE_SIZE);

    if (memory == NULL)
        return NULL;
    memory += -(uintptr_t)memory % VMH_LUA_HUGE_PAGE_SIZE;
    vmh_lua_use_huge_pages(memory, size);
    return memory;
}

void *vmh_lua_parts_alloc_new(vmh_lua_parts *parts, size_t size)
{
    size_t part_size = size > parts->next_size / 2 ? size : parts->next_size;
    uint8_t *part = part_size >= VMH_LUA_HUGE_PART ? alloc_huge(parts->arena, part_size)
                                                    : vmh_arena_alloc(parts->arena, part_size);

    if (part == NULL)
        return NULL;
    if (part_size == size) /* the present part may be good for more */
        return part;
    parts->next_size = parts->next_size < LARGEST_SIZE ? 2 * parts->next_size : LARGEST_SIZE;
    parts->free = part + size;
    parts->free_size = part_size - size;
    return part;
}
