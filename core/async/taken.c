#include "async/taken.h"

vmh_status vmh_taken_decode(vmh_bytes bytes, vmh_arena *arena, vmh_taken *out, vmh_failure *why)
{
    size_t count = bytes.size / 8;

    *out = (vmh_taken){0};
    if (bytes.size == 0)
        return VMH_OK;
    if (bytes.size % 8 != 0 || count > VMH_TAKEN_WINDOW)
        return vmh_fail(why, VMH_E_MALFORMED, "taken: %zu bytes", bytes.size);
    out->above = vmh_arena_alloc_array(arena, count, sizeof *out->above);
    if (out->above == NULL)
        return vmh_fail_memory(why);
    out->base = vmh_get_u64_le(bytes.data);
    out->capacity = count;
    out->count = count - 1;
    for (size_t i = 0; i < out->count; i++) {
        /* Ascending; base itself would have moved base. */
        uint64_t before = i == 0 ? out->base : out->above[i - 1];
        uint64_t sequence = vmh_get_u64_le(bytes.data + 8 * (i + 1));

        if (sequence <= before || vmh_taken_is_beyond(out, sequence))
            return vmh_fail(why, VMH_E_MALFORMED, "taken: %llu behind %llu",
                            (unsigned long long)sequence, (unsigned long long)before);
        out->above[i] = sequence;
    }
    return VMH_OK;
}

static void append_number(vmh_buffer *out, uint64_t number)
{
    uint8_t bytes[8];

    vmh_put_u64_le(bytes, number);
    vmh_buffer_append(out, vmh_bytes_of(bytes, sizeof bytes));
}

void vmh_taken_encode(const vmh_taken *taken, vmh_buffer *out)
{
    append_number(out, taken->base);
    for (size_t i = 0; i < taken->count; i++)
        append_number(out, taken->above[i]);
}

/* Where a number is among those above, or would be. */
static size_t place_of(const vmh_taken *taken, uint64_t sequence)
{
    size_t low = 0, high = taken->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (taken->above[middle] < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool vmh_taken_has(const vmh_taken *taken, uint64_t sequence)
{
    size_t place;

    if (sequence < taken->base)
        return true;
    place = place_of(taken, sequence);
    return place < taken->count && taken->above[place] == sequence;
}

bool vmh_taken_is_beyond(const vmh_taken *taken, uint64_t sequence)
{
    /* The greatest number has no next one, which base would be. */
    if (sequence == UINT64_MAX)
        return true;
    return sequence >= taken->base && sequence - taken->base >= VMH_TAKEN_WINDOW;
}

uint64_t vmh_taken_end(const vmh_taken *taken)
{
    return taken->count == 0 ? taken->base : taken->above[taken->count - 1] + 1;
}

/* Moves base over those that follow it without a gap. */
static void close_gap(vmh_taken *taken)
{
    size_t gone = 0;

    while (gone < taken->count && taken->above[gone] == taken->base) {
        taken->base++;
        gone++;
    }
    taken->count -= gone;
    if (gone != 0)
        memmove(taken->above, taken->above + gone, taken->count * sizeof *taken->above);
}

vmh_status vmh_taken_add(vmh_taken *taken, uint64_t sequence, vmh_arena *arena, vmh_failure *why)
{
    uint64_t *above;
    size_t place;

    if (sequence == taken->base) {
        taken->base++;
        close_gap(taken);
        return VMH_OK;
    }
    above = vmh_arena_grow(arena, taken->above, &taken->capacity, taken->count + 1,
                           sizeof *above);
    if (above == NULL)
        return vmh_fail_memory(why);
    taken->above = above;
    place = place_of(taken, sequence);
    memmove(above + place + 1, above + place, (taken->count - place) * sizeof *above);
    above[place] = sequence;
    taken->count++;
    return VMH_OK;
}

vmh_taken_key vmh_taken_key_of(uint32_t chain)
{
    vmh_taken_key key = {"Taken_"};

    vmh_put_u32_be(key.bytes + 6, chain);
    return key;
}
