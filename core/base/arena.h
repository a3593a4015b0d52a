/*
 * vmh_arena: memory of one piece of work, released at once.
 *
 * A set owns one arena for its batch and lends each transaction another.
 * Nothing is freed alone. An arena that was reset keeps a chunk, so a loop over
 * transactions does not ask the system for memory each time.
 */
#ifndef VMH_BASE_ARENA_H
#define VMH_BASE_ARENA_H

#include <stdalign.h>

#include "base/bytes.h"
#include "base/status.h"

typedef struct vmh_arena_chunk vmh_arena_chunk;

typedef struct vmh_arena {
    vmh_arena_chunk *chunk; /* newest first */
    uint8_t *next;          /* what is free of the newest chunk */
    size_t left;            /* its bytes */
} vmh_arena;

void vmh_arena_init(vmh_arena *arena);

/* Releases everything; the arena is empty and usable again. */
void vmh_arena_clear(vmh_arena *arena);

/*
 * As clear, but keeps for the next use the oldest chunk, where that was made for a large piece,
 * or else the largest other one.
 */
void vmh_arena_reset(vmh_arena *arena);

/* Bytes that it has of the system. */
size_t vmh_arena_size(const vmh_arena *arena);

/* What alloc does where the newest chunk has no room. */
void *vmh_arena_alloc_slow(vmh_arena *arena, size_t size);

/* `size` uninitialised bytes aligned for any object; NULL when memory is short. */
static inline void *vmh_arena_alloc(vmh_arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    size_t rounded = (size + unit - 1) & ~(unit - 1);
    void *memory = arena->next;

    if (size > arena->left || rounded > arena->left || memory == NULL)
        return vmh_arena_alloc_slow(arena, size);
    arena->next += rounded;
    arena->left -= rounded;
    return memory;
}

/* As alloc, of `count` zeroed objects of `size` bytes; NULL also on overflow. */
void *vmh_arena_alloc_array(vmh_arena *arena, size_t count, size_t size);

/* Copies `bytes` into the arena. An empty input gives an empty output. */
vmh_status vmh_arena_copy(vmh_arena *arena, vmh_bytes bytes, vmh_bytes *out, vmh_failure *why);

/* Formats a text into the arena; the terminator is not counted in `out->size`. */
vmh_status vmh_arena_format(vmh_arena *arena, vmh_bytes *out, vmh_failure *why, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));

/*
 * An array that lives in the arena, grown to hold at least `wanted` items of
 * `item_size` bytes, new ones zeroed. Gives the array, or NULL when memory is
 * short. The old one stays behind until the arena is cleared.
 */
void *vmh_arena_grow(vmh_arena *arena, void *items, size_t *capacity, size_t wanted,
                     size_t item_size);

#endif
