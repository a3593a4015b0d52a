/*
 * vmh_ordmap: byte-keyed index, iterated in insertion order.
 *
 * Gives each distinct key the number of its first insertion, 0, 1, 2, ...; the
 * owner keeps the values in an array of its own under the same numbers. The
 * newest keys can be taken out again (truncate), which is how a checkpoint is
 * restored. All memory is of the arena; keys are borrowed and must live as long.
 */
#ifndef VMH_BASE_ORDMAP_H
#define VMH_BASE_ORDMAP_H

#include "base/arena.h"

typedef struct vmh_ordmap_entry {
    vmh_bytes key;
    uint64_t hash;
} vmh_ordmap_entry;

typedef struct vmh_ordmap {
    vmh_arena *arena;
    vmh_ordmap_entry *entries;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* entry number + 1, 0 = free; NULL while the map is small */
    size_t slot_count;
} vmh_ordmap;

#define VMH_ORDMAP_ABSENT SIZE_MAX

void vmh_ordmap_init(vmh_ordmap *map, vmh_arena *arena);

/* The number of `key`, or VMH_ORDMAP_ABSENT. */
size_t vmh_ordmap_find(const vmh_ordmap *map, vmh_bytes key);

/* Adds a key that is absent; its number is the former count. */
vmh_status vmh_ordmap_add(vmh_ordmap *map, vmh_bytes key, vmh_failure *why);

/* Takes out the keys numbered `count` and above. */
void vmh_ordmap_truncate(vmh_ordmap *map, size_t count);

static inline vmh_bytes vmh_ordmap_key(const vmh_ordmap *map, size_t number)
{
    return map->entries[number].key;
}

#endif
