#include "contractlua/heap.h"

#include <stdalign.h>
#include <stdlib.h>

enum {
    GRAIN = VMH_LUA_HEAP_GRAIN,
    LARGEST_PART = VMH_LUA_LARGEST_PART,
    CHUNK_SIZE = 64 * 1024,
    RESERVE_SIZE = 2 * CHUNK_SIZE,
};

/* A chunk, or a large part. */
struct vmh_lua_heap_block {
    vmh_lua_heap_block *newer, *older;
    size_t size; /* of data */
    alignas(GRAIN) uint8_t data[];
};

/* What a released part is used for: at least one grain. */
struct vmh_lua_heap_part {
    vmh_lua_heap_part *next;
    size_t size;
};

/*
 * Classes are 1, 2, 3 and 4 grains, and from there four for each doubling: 5, 6,
 * 7, 8, 10, 12, 14, 16, 20 ... A part is kept in the greatest class it fills.
 */
static inline unsigned class_of_part(size_t size)
{
    size_t grains = size / GRAIN;
    unsigned exponent;

    if (grains < 4)
        return (unsigned)grains - 1;
    exponent = 63 - (unsigned)__builtin_clzll(grains);
    return (exponent - 2) * 4 + (unsigned)(grains >> (exponent - 2)) - 1;
}

/* The least class whose parts all have that size. */
static inline unsigned class_for(size_t size)
{
    return size <= GRAIN ? 0 : class_of_part(size - GRAIN) + 1;
}

static inline size_t round_up(size_t size)
{
    return size == 0 ? GRAIN : (size + GRAIN - 1) & ~(size_t)(GRAIN - 1);
}

static void keep_part(vmh_lua_heap *heap, void *memory, size_t size)
{
    unsigned class = class_of_part(size);
    vmh_lua_heap_part *part = memory;

    part->next = heap->free_classes >> class & 1 ? heap->free_parts[class] : NULL;
    part->size = size;
    heap->free_parts[class] = part;
    heap->free_classes |= (uint64_t)1 << class;
}

/* A released part of at least that size, cut to it; NULL where there is none. */
static void *reuse_part(vmh_lua_heap *heap, size_t size)
{
    unsigned class = class_for(size);
    uint64_t classes = heap->free_classes >> class;
    vmh_lua_heap_part *part;

    if (classes == 0)
        return NULL;
    class += (unsigned)__builtin_ctzll(classes);
    part = heap->free_parts[class];
    heap->free_parts[class] = part->next;
    if (part->next == NULL)
        heap->free_classes &= ~((uint64_t)1 << class);
    if (part->size > size)
        keep_part(heap, (uint8_t *)part + size, part->size - size);
    return part;
}

static vmh_lua_heap_block *take_block(vmh_lua_heap *heap, size_t size)
{
    vmh_lua_heap_block *block = NULL;

    if (size <= SIZE_MAX / 2)
        block = malloc(sizeof *block + size);
    if (block == NULL) {
        heap->has_failed = true;
        return NULL;
    }
    block->size = size;
    heap->taken += sizeof *block + size;
    return block;
}

static void link_block(vmh_lua_heap *heap, vmh_lua_heap_block *block)
{
    block->newer = NULL;
    block->older = heap->blocks;
    if (block->older != NULL)
        block->older->newer = block;
    heap->blocks = block;
}

static void unlink_block(vmh_lua_heap *heap, vmh_lua_heap_block *block)
{
    if (block->newer != NULL)
        block->newer->older = block->older;
    else
        heap->blocks = block->older;
    if (block->older != NULL)
        block->older->newer = block->newer;
}

static vmh_lua_heap_block *block_of(void *part)
{
    return (vmh_lua_heap_block *)((uint8_t *)part - offsetof(vmh_lua_heap_block, data));
}

static void *take_large(vmh_lua_heap *heap, size_t size)
{
    vmh_lua_heap_block *block = take_block(heap, size);

    if (block == NULL)
        return NULL;
    link_block(heap, block);
    return block->data;
}

static void free_block(vmh_lua_heap *heap, vmh_lua_heap_block *block)
{
    if (block != NULL)
        heap->taken -= sizeof *block + block->size;
    free(block);
}

static bool add_chunk(vmh_lua_heap *heap)
{
    vmh_lua_heap_block *chunk = take_block(heap, CHUNK_SIZE - sizeof *chunk);

    if (chunk == NULL)
        return false;
    if (heap->room >= GRAIN)
        keep_part(heap, heap->next, heap->room);
    if (heap->first == NULL)
        heap->first = chunk;
    else
        link_block(heap, chunk);
    heap->next = chunk->data;
    heap->room = chunk->size;
    return true;
}

void vmh_lua_heap_init(vmh_lua_heap *heap, uint64_t limit)
{
    *heap = (vmh_lua_heap){.limit = limit};
}

void vmh_lua_heap_reset(vmh_lua_heap *heap, uint64_t limit)
{
    while (heap->blocks != NULL) {
        vmh_lua_heap_block *older = heap->blocks->older;

        free_block(heap, heap->blocks);
        heap->blocks = older;
    }
    heap->next = heap->first == NULL ? NULL : heap->first->data;
    heap->room = heap->first == NULL ? 0 : heap->first->size;
    heap->free_classes = 0;
    heap->counted = 0;
    heap->limit = limit;
    heap->is_over = heap->has_failed = false;
}

void vmh_lua_heap_clear(vmh_lua_heap *heap)
{
    vmh_lua_heap_reset(heap, 0);
    free_block(heap, heap->first);
    *heap = (vmh_lua_heap){0};
}

void *vmh_lua_heap_alloc_slow(vmh_lua_heap *heap, size_t size)
{
    size_t rounded;
    void *part;

    if (size > LARGEST_PART)
        return take_large(heap, size);
    rounded = round_up(size);
    if (heap->free_classes != 0) {
        part = reuse_part(heap, rounded);
        if (part != NULL)
            return part;
    }
    if (heap->room < rounded && !add_chunk(heap))
        return NULL;
    part = heap->next;
    heap->next += rounded;
    heap->room -= rounded;
    return part;
}

void vmh_lua_heap_release(vmh_lua_heap *heap, void *part, size_t size)
{
    vmh_lua_heap_block *block;

    if (part == NULL)
        return;
    if (size <= LARGEST_PART) {
        keep_part(heap, part, round_up(size));
        return;
    }
    block = block_of(part);
    unlink_block(heap, block);
    free_block(heap, block);
}

static void *grow_large(vmh_lua_heap *heap, void *part, size_t size)
{
    vmh_lua_heap_block *block = block_of(part);
    size_t old_size = block->size;
    vmh_lua_heap_block *grown = NULL;

    unlink_block(heap, block);
    if (size <= SIZE_MAX / 2)
        grown = realloc(block, sizeof *block + size);
    if (grown == NULL) {
        link_block(heap, block);
        heap->has_failed = true;
        return NULL;
    }
    grown->size = size;
    heap->taken += size - old_size;
    link_block(heap, grown);
    return grown->data;
}

/* A part of a chunk is made longer where it lies, if nothing was cut behind it. */
static bool extend(vmh_lua_heap *heap, const uint8_t *part, size_t old_size, size_t size)
{
    size_t more;

    if (part == NULL || size > LARGEST_PART || part + round_up(old_size) != heap->next)
        return false;
    more = round_up(size) - round_up(old_size);
    if (more > heap->room)
        return false;
    heap->next += more;
    heap->room -= more;
    return true;
}

void *vmh_lua_heap_grow(vmh_lua_heap *heap, void *part, size_t old_size, size_t size)
{
    void *grown;

    if (old_size > LARGEST_PART)
        return grow_large(heap, part, size);
    if (extend(heap, part, old_size, size))
        return part;
    grown = vmh_lua_heap_alloc(heap, size);
    if (grown != NULL && part != NULL) {
        memcpy(grown, part, old_size);
        vmh_lua_heap_release(heap, part, old_size);
    }
    return grown;
}

bool vmh_lua_heap_can_reserve(const vmh_lua_heap *heap, size_t size)
{
    return heap->counted <= UINT64_MAX / 4 && size <= SIZE_MAX / 4 &&
           heap->taken + size <= heap->counted + heap->counted / 2 + RESERVE_SIZE;
}

static bool holds(const vmh_lua_heap_block *block, const uint8_t *part)
{
    return part >= block->data && part < block->data + block->size;
}

bool vmh_lua_heap_owns(const vmh_lua_heap *heap, const void *part)
{
    if (heap->first != NULL && holds(heap->first, part))
        return true;
    for (const vmh_lua_heap_block *block = heap->blocks; block != NULL; block = block->older) {
        if (holds(block, part))
            return true;
    }
    return false;
}
