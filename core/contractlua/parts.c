#include "contractlua/parts.h"

enum {
    FIRST_SIZE = 4 * 1024,
    LARGEST_SIZE = 8 * 1024 * 1024, /* but for the first */
    /* From which size on a part is huge pages: of an arena another page is asked for. */
    LEAST_PIECE = VMH_LUA_HUGE_PAGE_SIZE,
    LEAST_OF_ARENA = 2 * VMH_LUA_HUGE_PAGE_SIZE,
};

size_t vmh_lua_pieces_size(const vmh_lua_piece *pieces)
{
    size_t size = 0;

    for (; pieces != NULL; pieces = pieces->next)
        size += pieces->size;
    return size;
}

/* A piece may lie in a slab, its own or another one's. */
void vmh_lua_pieces_free(vmh_lua_piece *pieces)
{
    while (pieces != NULL) {
        vmh_lua_slab slab = pieces->slab;

        pieces = pieces->next;
        vmh_lua_room_leave_slab(slab);
    }
}

void vmh_lua_parts_init(vmh_lua_parts *parts, vmh_arena *arena, vmh_lua_piece **pieces,
                        size_t first_size)
{
    *parts = (vmh_lua_parts){.arena = arena, .pieces = pieces,
                             .next_size = first_size > FIRST_SIZE ? first_size : FIRST_SIZE};
}

void vmh_lua_parts_end(vmh_lua_parts *parts)
{
    vmh_lua_piece *piece = parts->piece;
    size_t used;

    if (piece == NULL)
        return;
    used = (size_t)(parts->free - (uint8_t *)piece->slab.memory);
    piece->size = vmh_lua_slab_size(used);
    vmh_lua_slab_use(piece->slab, used);
    parts->free_size = 0;
}

static uint8_t *alloc_of_arena(vmh_arena *arena, size_t size)
{
    bool is_huge = size >= LEAST_OF_ARENA;
    uint8_t *memory = vmh_arena_alloc(arena, is_huge ? size + VMH_LUA_HUGE_PAGE_SIZE : size);

    if (memory == NULL || !is_huge)
        return memory;
    memory += -(uintptr_t)memory % VMH_LUA_HUGE_PAGE_SIZE;
    vmh_lua_use_huge_pages(memory, size);
    return memory;
}

/* The piece is the first in its slab; NULL where there is no memory. */
static vmh_lua_piece *add_piece(vmh_lua_piece **pieces, size_t size)
{
    vmh_lua_slab slab = vmh_lua_room_take_slab(size);
    vmh_lua_piece *piece = slab.memory;

    if (piece == NULL)
        return NULL;
    *piece = (vmh_lua_piece){*pieces, slab, slab.size};
    *pieces = piece;
    return piece;
}

/* What is large has a part of its own: the present one may be good for more. */
static void *alloc_alone(vmh_lua_parts *parts, size_t size)
{
    vmh_lua_piece *piece;

    if (parts->pieces == NULL || size < LEAST_PIECE)
        return alloc_of_arena(parts->arena, size);
    piece = add_piece(parts->pieces, size + sizeof *piece);
    if (piece == NULL)
        return NULL;
    piece->size = vmh_lua_slab_size(size + sizeof *piece);
    vmh_lua_slab_use(piece->slab, size + sizeof *piece);
    return piece + 1;
}

void *vmh_lua_parts_alloc_new(vmh_lua_parts *parts, size_t size)
{
    size_t part_size = parts->next_size;
    vmh_lua_piece *piece = NULL;
    uint8_t *part;

    if (size > part_size / 2)
        return alloc_alone(parts, size);
    if (parts->pieces != NULL && part_size >= LEAST_PIECE) {
        piece = add_piece(parts->pieces, part_size);
        if (piece == NULL)
            return NULL;
        part = (uint8_t *)(piece + 1);
        part_size -= sizeof *piece; /* whatever else the slab has: all come out alike */
    } else {
        part = alloc_of_arena(parts->arena, part_size);
        if (part == NULL)
            return NULL;
    }
    vmh_lua_parts_end(parts);
    parts->piece = piece;
    parts->next_size = parts->next_size < LARGEST_SIZE ? 2 * parts->next_size : LARGEST_SIZE;
    parts->free = part + size;
    parts->free_size = part_size - size;
    return part;
}
