/*
 * vmh_buffer: bytes it owns and grows.
 *
 * A failed growth is sticky: later appends do nothing, and vmh_buffer_check
 * tells once, at the end, so that a writer is a plain row of appends.
 */
#ifndef VMH_BASE_BUFFER_H
#define VMH_BASE_BUFFER_H

#include "base/bytes.h"
#include "base/status.h"

typedef struct vmh_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed; /* a growth failed; the content is not to be used */
} vmh_buffer;

void vmh_buffer_init(vmh_buffer *buffer);

/* Frees the bytes; the buffer is empty and usable again. */
void vmh_buffer_clear(vmh_buffer *buffer);

/* Empties the buffer, forgets a failure and keeps the memory. */
void vmh_buffer_reset(vmh_buffer *buffer);

/* Makes room for `more` bytes beyond the capacity; false when memory is short. */
bool vmh_buffer_grow(vmh_buffer *buffer, size_t more);

/* Appends `size` bytes that the caller writes; NULL if a growth failed. */
static inline uint8_t *vmh_buffer_place(vmh_buffer *buffer, size_t size)
{
    uint8_t *place;

    if ((buffer->failed || size > buffer->capacity - buffer->size) &&
        !vmh_buffer_grow(buffer, size))
        return NULL;
    place = buffer->data + buffer->size;
    buffer->size += size;
    return place;
}

static inline void vmh_buffer_append(vmh_buffer *buffer, vmh_bytes bytes)
{
    uint8_t *place = bytes.size == 0 ? NULL : vmh_buffer_place(buffer, bytes.size);

    if (place != NULL)
        memcpy(place, bytes.data, bytes.size);
}

void vmh_buffer_append_u8(vmh_buffer *buffer, uint8_t byte);
void vmh_buffer_append_u32_le(vmh_buffer *buffer, uint32_t value);
void vmh_buffer_append_u64_le(vmh_buffer *buffer, uint64_t value);
void vmh_buffer_append_u32_be(vmh_buffer *buffer, uint32_t value);
void vmh_buffer_append_u64_be(vmh_buffer *buffer, uint64_t value);

/* Appends `size` zero bytes and gives their address; NULL for none and if a growth failed. */
uint8_t *vmh_buffer_extend(vmh_buffer *buffer, size_t size);

/* VMH_OK, or VMH_E_NO_MEMORY if any append failed. */
vmh_status vmh_buffer_check(const vmh_buffer *buffer, vmh_failure *why);

/* The content, borrowed until the next change of the buffer. */
static inline vmh_bytes vmh_buffer_bytes(const vmh_buffer *buffer)
{
    return (vmh_bytes){buffer->data, buffer->size};
}

#endif
