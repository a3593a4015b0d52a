/* Memory of frames: how far it reaches, and what that costs. */
#include <stdlib.h>

#include "vite/frame.h"

/* The largest size that the reference prices. */
#define LARGEST_PRICED 0xffffffffe0u

static uint64_t words_of(uint64_t size)
{
    return size / 32 + (size % 32 != 0);
}

/* What a growth to `size` costs; 0 where there is none. */
static uint64_t growth_cost(const vmh_vite_frame *frame, uint64_t size)
{
    const vmh_vite_prices *prices = &frame->run->revision->prices;
    uint64_t words = words_of(size);
    vmh_double_limb total;

    if (words <= frame->memory.size / 32)
        return 0;
    /* Nearly always 64 bits hold the square. */
    if (words <= UINT32_MAX)
        total = words * prices->memory_word + words * words / prices->memory_divisor;
    else
        total = (vmh_double_limb)words * prices->memory_word +
                (vmh_double_limb)words * words / prices->memory_divisor;
    total -= frame->memory.charged;
    return total > UINT64_MAX ? UINT64_MAX : (uint64_t)total;
}

static vmh_vite_error extend(vmh_vite_frame *frame, uint64_t size)
{
    vmh_vite_memory *memory = &frame->memory;
    vmh_vite_run *run = frame->run;
    uint64_t added = size - memory->size;

    if (size <= memory->size)
        return VMH_VITE_ERROR_NONE;
    if (size > run->memory_limit || run->memory_size + added > run->memory_limit)
        return VMH_VITE_ERROR_MEMORY_LIMIT;
    if (size > memory->capacity) {
        size_t capacity = memory->capacity == 0 ? 4096 : memory->capacity;
        uint8_t *data;

        while (capacity < size)
            capacity *= 2;
        data = realloc(memory->data, capacity);
        if (data == NULL)
            return check_host(run, vmh_fail_memory(run->why));
        memory->data = data;
        memory->capacity = capacity;
        run->machine->counters.allocation_count++;
    }
    /* What an earlier run left there is wiped as it comes into reach. */
    memset(memory->data + memory->size, 0, added);
    memory->size = size;
    run->memory_size += added;
    return VMH_VITE_ERROR_NONE;
}

vmh_vite_error vmh_vite_memory_extend(vmh_vite_frame *frame, uint64_t size)
{
    vmh_vite_run *run = frame->run;
    uint64_t added = size <= frame->memory.size ? 0 : size - frame->memory.size;
    vmh_vite_error error = VMH_VITE_ERROR_MEMORY_LIMIT;

    if (added <= VMH_VITE_HARD_MEMORY_LIMIT - run->free_growth)
        error = extend(frame, size);
    if (error == VMH_VITE_ERROR_NONE)
        run->free_growth += added;
    return error;
}

/* offset + size, 0 for an empty size, where that has a price at all. */
static vmh_vite_error measure(const vmh_word *offset, const vmh_word *size, uint64_t *needed)
{
    *needed = 0;
    if (vmh_word_is_zero(size))
        return VMH_VITE_ERROR_NONE;
    /* Rounded up to words it has to fit too. */
    if (!vmh_word_fits_u64(offset) || !vmh_word_fits_u64(size) ||
        __builtin_add_overflow(offset->limb[0], size->limb[0], needed) ||
        *needed > UINT64_MAX - 31)
        return VMH_VITE_ERROR_MEMORY_OVERFLOW;
    return *needed > LARGEST_PRICED ? VMH_VITE_ERROR_QUOTA_OVERFLOW : VMH_VITE_ERROR_NONE;
}

vmh_vite_error vmh_vite_memory_check(const vmh_word *offset, const vmh_word *size)
{
    uint64_t needed;

    return measure(offset, size, &needed);
}

vmh_vite_error vmh_vite_memory_reach(vmh_vite_frame *frame, const vmh_word *offset,
                                     const vmh_word *size, uint64_t cost, int64_t *left)
{
    uint64_t needed, growth;
    vmh_vite_error error = measure(offset, size, &needed);

    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (left == NULL)
        return vmh_vite_memory_extend(frame, 32 * words_of(needed));
    growth = growth_cost(frame, needed);
    if (growth > UINT64_MAX - cost || growth + cost > (uint64_t)*left)
        return VMH_VITE_ERROR_OUT_OF_QUOTA;
    error = extend(frame, 32 * words_of(needed));
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    frame->memory.charged += growth;
    *left -= (int64_t)(growth + cost);
    return VMH_VITE_ERROR_NONE;
}
