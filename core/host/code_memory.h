/*
 * What services keep as code, as it was read from storage at one height. What is committed
 * at a height never changes, so an entry is good while that height is read; what a set has
 * written so far is looked for before.
 */
#ifndef VMH_HOST_CODE_MEMORY_H
#define VMH_HOST_CODE_MEMORY_H

#include "base/arena.h"
#include "base/ordmap.h"

typedef struct vmh_code_memory {
    uint64_t height;
    size_t size; /* bytes of names and codes */
    vmh_arena arena;
    vmh_ordmap codes; /* service to index in `values` */
    vmh_bytes *values;
    size_t value_count, value_capacity;
} vmh_code_memory;

void vmh_code_memory_init(vmh_code_memory *memory);
void vmh_code_memory_clear(vmh_code_memory *memory);

/* Forgets all: the state of that height became another, as the genesis makes it. */
void vmh_code_memory_forget(vmh_code_memory *memory, uint64_t height);

/* The code of a service at a height; false where it is not remembered. It lives until the next
   remember. */
bool vmh_code_memory_find(const vmh_code_memory *memory, uint64_t height, vmh_bytes service,
                          vmh_bytes *code);

/* Remembers a copy; large ones are let go, and others where there are too many. */
vmh_status vmh_code_memory_remember(vmh_code_memory *memory, uint64_t height, vmh_bytes service,
                                    vmh_bytes code, vmh_failure *why);

#endif
