#include "contractlua/parts.h"

#include <sys/mman.h>

enum {
    FIRST_SIZE = 4 * 1024,
    LARGEST_SIZE = 16 * 1024 * 1024,
    HUGE_PAGE_SIZE = 2 * 1024 * 1024,
    PER_SOURCE_BYTE = 8, /* that many or more are needed for each byte of most sources */
};

void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, size_t source_size)
{
    *parts = (vmh_lua_parts){.arena = arena, .next_size = FIRST_SIZE};
    while (parts->next_size < LARGEST_SIZE && parts->next_size < source_size * PER_SOURCE_BYTE)
        parts->next_size *= 2;
}

/*
 * A large part is made of huge pages where the system has them: the first touch
 * of 4 KiB pages takes three times as long as the parser. It is advice, so what
 * comes of it is not asked.
 */
static uint8_t *alloc_huge(vmh_arena *arena, size_t size)
{
    uint8_t *memory = vmh_arena_alloc(arena, size + HUGE_PAGE_SIZE);
    size_t over = (uintptr_t)memory % HUGE_PAGE_SIZE;

    if (memory == NULL)
        return NULL;
    if (over != 0)
        memory += HUGE_PAGE_SIZE - over;
    madvise(memory, size / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE, MADV_HUGEPAGE);
    return memory;
}

void *vmh_lua_parts_alloc_new(vmh_lua_parts *parts, size_t size)
{
    size_t part_size = size > parts->next_size / 4 ? size : parts->next_size;
    uint8_t *part = part_size >= 2 * HUGE_PAGE_SIZE ? alloc_huge(parts->arena, part_size)
                                                    : vmh_arena_alloc(parts->arena, part_size);

    if (part == NULL)
        return NULL;
    if (part_size == size) /* the present part may be good for more */
        return part;
    if (parts->next_size < LARGEST_SIZE)
        parts->next_size *= 2;
    parts->free = part + size;
    parts->free_size = part_size - size;
    return part;
}
