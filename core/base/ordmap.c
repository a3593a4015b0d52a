#include "base/ordmap.h"

#include "base/siphash.h"

/* Up to this many keys a scan beats hashing. */
enum { SCAN_LIMIT = 8 };

void vmh_ordmap_init(vmh_ordmap *map, vmh_arena *arena)
{
    *map = (vmh_ordmap){.arena = arena};
}

static size_t find_slot(const vmh_ordmap *map, vmh_bytes key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t slot = (size_t)hash & mask;

    while (map->slots[slot] != 0) {
        const vmh_ordmap_entry *entry = &map->entries[map->slots[slot] - 1];

        if (entry->hash == hash && vmh_bytes_equal(entry->key, key))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

size_t vmh_ordmap_find(const vmh_ordmap *map, vmh_bytes key)
{
    size_t slot;

    if (map->slots == NULL) {
        for (size_t i = 0; i < map->count; i++) {
            if (vmh_bytes_equal(map->entries[i].key, key))
                return i;
        }
        return VMH_ORDMAP_ABSENT;
    }
    slot = find_slot(map, key, vmh_siphash(key));
    return map->slots[slot] == 0 ? VMH_ORDMAP_ABSENT : map->slots[slot] - 1;
}

/* Into free slots: all keys differ, and none is looked at. */
static void fill_slots(vmh_ordmap *map)
{
    size_t mask = map->slot_count - 1;

    for (size_t i = 0; i < map->count; i++) {
        size_t slot = (size_t)map->entries[i].hash & mask;

        while (map->slots[slot] != 0)
            slot = (slot + 1) & mask;
        map->slots[slot] = (uint32_t)(i + 1);
    }
}

static vmh_status grow_slots(vmh_ordmap *map, vmh_failure *why)
{
    size_t slot_count = map->slot_count == 0 ? 4 * SCAN_LIMIT : map->slot_count * 2;
    uint32_t *slots = vmh_arena_alloc_array(map->arena, slot_count, sizeof *slots);

    if (slots == NULL)
        return vmh_fail_memory(why);
    if (map->slots == NULL) {
        for (size_t i = 0; i < map->count; i++)
            map->entries[i].hash = vmh_siphash(map->entries[i].key);
    }
    map->slots = slots;
    map->slot_count = slot_count;
    fill_slots(map);
    return VMH_OK;
}

vmh_status vmh_ordmap_add(vmh_ordmap *map, vmh_bytes key, vmh_failure *why)
{
    vmh_ordmap_entry *entries, *entry;

    if (map->count >= UINT32_MAX / 2)
        return vmh_fail(why, VMH_E_LIMIT, "map of %zu keys is full", map->count);
    entries = vmh_arena_grow(map->arena, map->entries, &map->capacity, map->count + 1,
                             sizeof *entries);
    if (entries == NULL)
        return vmh_fail_memory(why);
    map->entries = entries;
    if (map->count >= SCAN_LIMIT && 2 * (map->count + 1) > map->slot_count) {
        vmh_status status = grow_slots(map, why);

        if (status != VMH_OK)
            return status;
    }
    entry = &map->entries[map->count];
    entry->key = key;
    entry->hash = map->slots == NULL ? 0 : vmh_siphash(key);
    if (map->slots != NULL)
        map->slots[find_slot(map, key, entry->hash)] = (uint32_t)(map->count + 1);
    map->count++;
    return VMH_OK;
}

void vmh_ordmap_truncate(vmh_ordmap *map, size_t count)
{
    if (count >= map->count)
        return;
    if (map->slots != NULL) {
        /*
         * Linear probing: newest first, each slot taken out in the reverse
         * order of insertion leaves every older probe chain as it was.
         */
        for (size_t i = map->count; i-- > count;) {
            size_t slot = find_slot(map, map->entries[i].key, map->entries[i].hash);

            map->slots[slot] = 0;
        }
    }
    map->count = count;
}
