/*
 * Call data strings, `function@hex@hex...` (spec/async.md 9): the form in which
 * legacy calls name a function and its arguments, and in which the length of a
 * callback's arguments is priced.
 */
#ifndef VMH_ASYNC_CALL_DATA_H
#define VMH_ASYNC_CALL_DATA_H

#include "base/arena.h"
#include "base/buffer.h"

typedef struct vmh_call_data {
    vmh_bytes function; /* raw; a view into the text */
    vmh_bytes *arguments;
    size_t argument_count;
} vmh_call_data;

/*
 * Reads a call data string; arguments go into the arena. `*known` is false for what is
 * none, with nothing in `*out`: data, not a failure. Fails only with VMH_E_NO_MEMORY.
 * Where `arguments_only`, the first piece may be empty.
 */
vmh_status vmh_call_data_parse(vmh_bytes text, bool arguments_only, vmh_arena *arena,
                               vmh_call_data *out, bool *known, vmh_failure *why);

/* Appends the string, hex in lower case. */
void vmh_call_data_build(const vmh_call_data *data, vmh_buffer *out);

/* What values of these sizes take behind a function's name: `@` and two digits a byte. */
static inline uint64_t vmh_call_data_value_size(size_t size)
{
    return 1 + 2 * (uint64_t)size;
}

/* A result code as an argument: one zero byte for 0, else its shortest bytes. */
static inline size_t vmh_result_code_bytes(uint32_t code, uint8_t out[4])
{
    size_t size = code > 0xffffff ? 4 : code > 0xffff ? 3 : code > 0xff ? 2 : 1;

    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(code >> 8 * (size - 1 - i));
    return size;
}

#endif
