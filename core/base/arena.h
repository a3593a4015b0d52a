/*
 * vmh_arena: memory of one piece of work, released at once.
 *
 * A set owns one arena for its batch and lends each transaction another.
 * Nothing is freed alone. An arena that was reset keeps its first chunk, so a
 * loop over transactions does not ask the system for memory each time.
 */
#ifndef VMH_BASE_ARENA_H
#define VMH_BASE_ARENA_H

#include "base/bytes.h"
#include "base/status.h"

typedef struct vmh_arena_chunk vmh_arena_chunk;

typedef struct vmh_arena {
    vmh_arena_chunk *chunk; /* newest first */
    size_t used;            /* of the newest chunk */
} vmh_arena;

void vmh_arena_init(vmh_arena *arena);

/* Releases everything; the arena is empty and usable again. */
void vmh_arena_clear(vmh_arena *arena);

/* As clear, but keeps the oldest chunk for the next use. */
void vmh_arena_reset(vmh_arena *arena);

/* Bytes that it has of the system. */
size_t vmh_arena_size(const vmh_arena *arena);

/* `size` uninitialised bytes aligned for any object; NULL when memory is short. */
void *vmh_arena_alloc(vmh_arena *arena, size_t size);

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
