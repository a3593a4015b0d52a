#include "vite/slots.h"

#include <stdlib.h>

#include "base/siphash.h"

enum { FIRST_CAPACITY = 64 };

void vmh_vite_slots_init(vmh_vite_slots *slots)
{
    *slots = (vmh_vite_slots){0};
}

void vmh_vite_slots_clear(vmh_vite_slots *slots)
{
    free(slots->items);
    free(slots->index);
    free(slots->journal);
    *slots = (vmh_vite_slots){0};
}

void vmh_vite_slots_reset(vmh_vite_slots *slots)
{
    /* Only what was used is wiped: a small run after a big one stays small. */
    for (size_t i = 0; i < slots->count; i++)
        slots->index[slots->items[i].place] = 0;
    slots->count = 0;
    slots->journal_count = 0;
    slots->targeted_count = 0;
}

static size_t home_of(const vmh_word *key, size_t index_size)
{
    return vmh_siphash(vmh_bytes_of(key, sizeof *key)) & (index_size - 1);
}

vmh_vite_slot *vmh_vite_slots_find(const vmh_vite_slots *slots, const vmh_word *key)
{
    if (slots->count == 0)
        return NULL;
    for (size_t at = home_of(key, slots->index_size);; at = (at + 1) & (slots->index_size - 1)) {
        uint32_t number = slots->index[at];

        if (number == 0)
            return NULL;
        if (vmh_word_equal(&slots->items[number - 1].key, key))
            return &slots->items[number - 1];
    }
}

static void enter(vmh_vite_slots *slots, size_t number)
{
    size_t at = home_of(&slots->items[number].key, slots->index_size);

    while (slots->index[at] != 0)
        at = (at + 1) & (slots->index_size - 1);
    slots->index[at] = (uint32_t)number + 1;
    slots->items[number].place = (uint32_t)at;
}

/* Twice the items, and an index that is at most half full. */
static bool grow(vmh_vite_slots *slots)
{
    size_t capacity = slots->capacity == 0 ? FIRST_CAPACITY : 2 * slots->capacity;
    uint32_t *index;
    vmh_vite_slot *items;

    if (capacity > UINT32_MAX / 4)
        return false;
    items = realloc(slots->items, capacity * sizeof *items);
    if (items == NULL)
        return false;
    slots->items = items;
    index = calloc(2 * capacity, sizeof *index);
    if (index == NULL)
        return false;
    free(slots->index);
    slots->index = index;
    slots->index_size = 2 * capacity;
    slots->capacity = capacity;
    slots->allocation_count += 2;
    for (size_t i = 0; i < slots->count; i++)
        enter(slots, i);
    return true;
}

vmh_vite_slot *vmh_vite_slots_add(vmh_vite_slots *slots, const vmh_word *key,
                                  const vmh_word *value)
{
    vmh_vite_slot *slot;

    if (slots->count == slots->capacity && !grow(slots))
        return NULL;
    slot = &slots->items[slots->count];
    *slot = (vmh_vite_slot){.key = *key, .original = *value, .current = *value};
    enter(slots, slots->count++);
    return slot;
}

bool vmh_vite_slots_write(vmh_vite_slots *slots, vmh_vite_slot *slot, const vmh_word *value)
{
    if (slots->journal_count == slots->journal_capacity) {
        size_t capacity = slots->journal_capacity == 0 ? FIRST_CAPACITY
                                                       : 2 * slots->journal_capacity;
        vmh_vite_slot_change *journal = realloc(slots->journal, capacity * sizeof *journal);

        if (journal == NULL)
            return false;
        slots->journal = journal;
        slots->journal_capacity = capacity;
        slots->allocation_count++;
    }
    slots->journal[slots->journal_count++] =
        (vmh_vite_slot_change){(uint32_t)(slot - slots->items), slot->current};
    slot->current = *value;
    return true;
}

void vmh_vite_slots_undo(vmh_vite_slots *slots, size_t journal_count)
{
    while (slots->journal_count > journal_count) {
        const vmh_vite_slot_change *change = &slots->journal[--slots->journal_count];

        slots->items[change->number].current = change->previous;
    }
}
