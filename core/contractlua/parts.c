#include "contractlua/parts.h"

#include <stdlib.h>

#include <sys/mman.h>

enum {
    FIRST_SIZE = 4 * 1024,
    LARGEST_SIZE = 8 * 1024 * 1024, /* but for the first */
    SMALL_PAGE_SIZE = 4 * 1024,
    HUGE_PAGE_SIZE = 2 * 1024 * 1024,
    LARGE_SIZE = HUGE_PAGE_SIZE, /* of a piece: a page in its place takes as long as the copy */
};

void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, size_t first_size)
{
    *parts = (vmh_lua_parts){.arena = arena,
                             .next_size = first_size > FIRST_SIZE ? first_size : FIRST_SIZE};
}

void vmh_lua_use_huge_pages(void *memory, size_t size)
{
    size_t before = (uintptr_t)memory % SMALL_PAGE_SIZE;

    if (size >= HUGE_PAGE_SIZE)
        madvise((uint8_t *)memory - before, before + size, MADV_HUGEPAGE);
}

/* So that the whole part is huge pages. */
static uint8_t *alloc_huge(vmh_arena *arena, size_t size)
{
    uint8_t *memory = vmh_arena_alloc(arena, size + HUGE_PAGE_SIZE);

    if (memory == NULL)
        return NULL;
    memory += -(uintptr_t)memory % HUGE_PAGE_SIZE;
    vmh_lua_use_huge_pages(memory, size);
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
    parts->next_size = parts->next_size < LARGEST_SIZE ? 2 * parts->next_size : LARGEST_SIZE;
    parts->free = part + size;
    parts->free_size = part_size - size;
    return part;
}

void *vmh_lua_keep_items(vmh_lua_parts *parts, vmh_lua_piece **pieces, void **items,
                         uint32_t *capacity, uint32_t count, size_t size)
{
    vmh_lua_piece *piece;
    void *kept;

    if (count * size < LARGE_SIZE) {
        kept = vmh_lua_parts_alloc(parts, count * size); /* some memory even for none */
        if (kept != NULL && count > 0)
            memcpy(kept, *items, count * size);
        return kept;
    }
    piece = vmh_lua_parts_alloc(parts, sizeof *piece);
    if (piece == NULL)
        return NULL;
    kept = realloc(*items, count * size);
    if (kept == NULL)
        kept = *items; /* less was asked for: there is what was there */
    *piece = (vmh_lua_piece){*pieces, count * size, kept};
    *pieces = piece;
    *items = NULL;
    *capacity = 0;
    return kept;
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
        free(pieces->memory);
}
