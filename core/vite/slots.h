/*
 * Storage slots that one run has touched: the value before the run, the value
 * now, and a journal by which a failed frame is undone.
 *
 *     journal   | a: 0 | b: 7 | a: 5 |      what each write replaced, oldest first
 *                 ^ checkpoint of a frame
 *
 * Memory is kept from run to run.
 */
#ifndef VMH_VITE_SLOTS_H
#define VMH_VITE_SLOTS_H

#include "base/status.h"
#include "base/word.h"

typedef struct vmh_vite_slot {
    vmh_word key;
    vmh_word original;
    vmh_word current;
    uint32_t place;   /* in the index */
    bool is_targeted; /* by an SSTORE, be it of an equal value */
} vmh_vite_slot;

typedef struct vmh_vite_slot_change {
    uint32_t number;
    vmh_word previous;
} vmh_vite_slot_change;

typedef struct vmh_vite_slots {
    vmh_vite_slot *items; /* in the order of first touch */
    size_t count, capacity;
    uint32_t *index; /* number + 1, 0 = free; open addressing */
    size_t index_size;
    vmh_vite_slot_change *journal;
    size_t journal_count, journal_capacity;
    size_t targeted_count;
    uint64_t allocation_count;
} vmh_vite_slots;

void vmh_vite_slots_init(vmh_vite_slots *slots);
void vmh_vite_slots_clear(vmh_vite_slots *slots);

/* Forgets all slots and keeps the memory. */
void vmh_vite_slots_reset(vmh_vite_slots *slots);

/* The slot, or NULL; borrowed until the next add. */
vmh_vite_slot *vmh_vite_slots_find(const vmh_vite_slots *slots, const vmh_word *key);

/* Adds a slot that is absent; NULL when memory is short. */
vmh_vite_slot *vmh_vite_slots_add(vmh_vite_slots *slots, const vmh_word *key,
                                  const vmh_word *value);

/* Sets the value now; false, changing nothing, when memory is short. */
bool vmh_vite_slots_write(vmh_vite_slots *slots, vmh_vite_slot *slot, const vmh_word *value);

/* Takes back the writes after the first `journal_count`. */
void vmh_vite_slots_undo(vmh_vite_slots *slots, size_t journal_count);

#endif
