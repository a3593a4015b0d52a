#include "contractlua/parts.h"

#include <sys/mman.h>

enum {
    FIRST_SIZE = 4 * 1024,
    LARGEST_SIZE = 16 * 1024 * 1024,
    PAGE_SIZE = 4 * 1024,
    HUGE_PAGE_SIZE = 2 * 1024 * 1024,
};

void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena)
{
    *parts = (vmh_lua_parts){.arena = arena, .next_size = FIRST_SIZE};
}

/*
 * Asks for huge pages: of a large tree, the first touch of 4 KiB pages takes
 * three times as long as the parser. It is advice, so what comes of it is not
 * asked.
 */
static void advise(uint8_t *part, size_t size)
{
    uintptr_t begin = ((uintptr_t)part + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    uintptr_t end = ((uintptr_t)part + size) & ~(uintptr_t)(PAGE_SIZE - 1);

    if (size >= 2 * HUGE_PAGE_SIZE)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void *vmh_lua_parts_alloc_new(vmh_lua_parts *parts, size_t size)
{
    size_t part_size = size > parts->next_size / 4 ? size : parts->next_size;
    uint8_t *part = vmh_arena_alloc(parts->arena, part_size);

    if (part == NULL)
        return NULL;
    advise(part, part_size);
    if (part_size == size) /* the present part may be good for more */
        return part;
    if (parts->next_size < LARGEST_SIZE)
        parts->next_size *= 2;
    parts->free = part + size;
    parts->free_size = part_size - size;
    return part;
}
