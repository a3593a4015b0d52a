#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The first is what malloc gives and takes back fastest, the largest below the size at which it
 * maps and unmaps pages for each chunk.
 */
enum { FIRST_CHUNK_SIZE = 960, LARGEST_CHUNK_SIZE = 64 * 1024 };

/* Bytes for which a list makes room at first. */
enum { FIRST_LIST_SIZE = 512 };

struct vmh_arena_chunk {
    vmh_arena_chunk *older;
    size_t capacity;
    alignas(max_align_t) uint8_t data[];
};

void vmh_arena_init(vmh_arena *arena)
{
    *arena = (vmh_arena){0};
}

void vmh_arena_clear(vmh_arena *arena)
{
    while (arena->chunk != NULL) {
        vmh_arena_chunk *older = arena->chunk->older;

        free(arena->chunk);
        arena->chunk = older;
    }
    *arena = (vmh_arena){0};
}

/* All of it is free. */
static void begin_chunk(vmh_arena *arena, vmh_arena_chunk *chunk)
{
    arena->chunk = chunk;
    arena->next = chunk->data;
    arena->left = chunk->capacity;
}

/* Chunks double: the newest that is not there for one large piece is the largest. */
void vmh_arena_reset(vmh_arena *arena)
{
    vmh_arena_chunk *kept = NULL;

    while (arena->chunk != NULL) {
        vmh_arena_chunk *chunk = arena->chunk;
        bool is_ordinary = chunk->capacity <= LARGEST_CHUNK_SIZE;

        arena->chunk = chunk->older;
        if (is_ordinary ? kept != NULL : chunk->older != NULL) {
            free(chunk);
        } else {
            free(kept);
            kept = chunk;
        }
    }
    *arena = (vmh_arena){0};
    if (kept != NULL) {
        kept->older = NULL;
        begin_chunk(arena, kept);
    }
}

size_t vmh_arena_size(const vmh_arena *arena)
{
    size_t size = 0;

    for (const vmh_arena_chunk *chunk = arena->chunk; chunk != NULL; chunk = chunk->older)
        size += sizeof *chunk + chunk->capacity;
    return size;
}

static bool add_chunk(vmh_arena *arena, size_t size)
{
    size_t capacity = arena->chunk == NULL ? FIRST_CHUNK_SIZE : arena->chunk->capacity * 2;
    vmh_arena_chunk *chunk;

    if (capacity > LARGEST_CHUNK_SIZE)
        capacity = LARGEST_CHUNK_SIZE;
    if (capacity < size)
        capacity = size;
    chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL)
        return false;
    chunk->older = arena->chunk;
    chunk->capacity = capacity;
    begin_chunk(arena, chunk);
    return true;
}

void *vmh_arena_alloc_slow(vmh_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    /* Its chunk has room, also for none. */
    if (!add_chunk(arena, (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1)))
        return NULL;
    return vmh_arena_alloc(arena, size);
}

void *vmh_arena_alloc_array(vmh_arena *arena, size_t count, size_t size)
{
    void *memory;

    if (size != 0 && count > SIZE_MAX / 2 / size)
        return NULL;
    memory = vmh_arena_alloc(arena, count * size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

vmh_status vmh_arena_copy(vmh_arena *arena, vmh_bytes bytes, vmh_bytes *out, vmh_failure *why)
{
    uint8_t *copy;

    if (bytes.size == 0) {
        *out = (vmh_bytes){0};
        return VMH_OK;
    }
    copy = vmh_arena_alloc(arena, bytes.size);
    if (copy == NULL)
        return vmh_fail_memory(why);
    memcpy(copy, bytes.data, bytes.size);
    *out = (vmh_bytes){copy, bytes.size};
    return VMH_OK;
}

vmh_status vmh_arena_format(vmh_arena *arena, vmh_bytes *out, vmh_failure *why, const char *format,
                            ...)
{
    va_list args;
    char *text;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = size < 0 ? NULL : vmh_arena_alloc(arena, (size_t)size + 1);
    if (text == NULL)
        return vmh_fail_memory(why);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    *out = vmh_bytes_of(text, (size_t)size);
    return VMH_OK;
}

void *vmh_arena_grow(vmh_arena *arena, void *items, size_t *capacity, size_t wanted,
                     size_t item_size)
{
    size_t larger = *capacity;
    void *grown;

    if (wanted <= *capacity)
        return items;
    if (wanted > SIZE_MAX / 4)
        return NULL;
    if (larger == 0)
        larger = item_size <= FIRST_LIST_SIZE / 8 ? 8 : 2;
    while (larger < wanted)
        larger *= 2;
    if (item_size != 0 && larger > SIZE_MAX / 2 / item_size)
        return NULL;
    grown = vmh_arena_alloc(arena, larger * item_size);
    if (grown == NULL)
        return NULL;
    if (*capacity != 0)
        memcpy(grown, items, *capacity * item_size);
    memset((uint8_t *)grown + *capacity * item_size, 0, (larger - *capacity) * item_size);
    *capacity = larger;
    return grown;
}
