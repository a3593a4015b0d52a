#include "base/buffer.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void vmh_buffer_init(vmh_buffer *buffer)
{
    *buffer = (vmh_buffer){0};
}

void vmh_buffer_clear(vmh_buffer *buffer)
{
    free(buffer->data);
    *buffer = (vmh_buffer){0};
}

void vmh_buffer_reset(vmh_buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

bool vmh_buffer_grow(vmh_buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity;
    uint8_t *data;

    if (buffer->failed)
        return false;
    if (more > SIZE_MAX / 4 - buffer->size) {
        buffer->failed = true;
        return false;
    }
    capacity = capacity == 0 ? FIRST_CAPACITY : capacity;
    while (capacity < buffer->size + more)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *vmh_buffer_extend(vmh_buffer *buffer, size_t size)
{
    uint8_t *start = size == 0 ? NULL : vmh_buffer_place(buffer, size);

    if (start != NULL)
        memset(start, 0, size);
    return start;
}

void vmh_buffer_append_u8(vmh_buffer *buffer, uint8_t byte)
{
    vmh_buffer_append(buffer, (vmh_bytes){&byte, 1});
}

void vmh_buffer_append_u32_le(vmh_buffer *buffer, uint32_t value)
{
    uint8_t out[4];

    vmh_put_u32_le(out, value);
    vmh_buffer_append(buffer, (vmh_bytes){out, sizeof out});
}

void vmh_buffer_append_u64_le(vmh_buffer *buffer, uint64_t value)
{
    uint8_t out[8];

    vmh_put_u64_le(out, value);
    vmh_buffer_append(buffer, (vmh_bytes){out, sizeof out});
}

void vmh_buffer_append_u32_be(vmh_buffer *buffer, uint32_t value)
{
    uint8_t out[4];

    vmh_put_u32_be(out, value);
    vmh_buffer_append(buffer, (vmh_bytes){out, sizeof out});
}

void vmh_buffer_append_u64_be(vmh_buffer *buffer, uint64_t value)
{
    uint8_t out[8];

    vmh_put_u64_be(out, value);
    vmh_buffer_append(buffer, (vmh_bytes){out, sizeof out});
}

vmh_status vmh_buffer_check(const vmh_buffer *buffer, vmh_failure *why)
{
    return buffer->failed ? vmh_fail_memory(why) : VMH_OK;
}
