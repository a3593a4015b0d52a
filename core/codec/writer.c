#include "codec/writer.h"

void vmh_writer_init(vmh_writer *writer, vmh_buffer *out)
{
    *writer = (vmh_writer){.out = out, .start = out->size};
}

/* The place of the next field, behind zero padding; NULL when memory is short. */
static inline uint8_t *place_field(vmh_writer *writer, size_t alignment, size_t size)
{
    size_t padding = (size_t)0 - (writer->out->size - writer->start);
    uint8_t *start;

    padding &= alignment - 1;
    start = vmh_buffer_place(writer->out, padding + size);
    if (start == NULL)
        return NULL;
    for (size_t i = 0; i < padding; i++)
        start[i] = 0;
    return start + padding;
}

void vmh_writer_bool(vmh_writer *writer, bool value)
{
    vmh_writer_u8(writer, value ? 1 : 0);
}

void vmh_writer_u8(vmh_writer *writer, uint8_t value)
{
    vmh_buffer_append_u8(writer->out, value);
}

void vmh_writer_u16(vmh_writer *writer, uint16_t value)
{
    uint8_t *field = place_field(writer, 2, 2);

    if (field == NULL)
        return;
    field[0] = (uint8_t)value;
    field[1] = (uint8_t)(value >> 8);
}

void vmh_writer_u32(vmh_writer *writer, uint32_t value)
{
    uint8_t *field = place_field(writer, 4, 4);

    if (field != NULL)
        vmh_put_u32_le(field, value);
}

void vmh_writer_u64(vmh_writer *writer, uint64_t value)
{
    uint8_t *field = place_field(writer, 4, 8);

    if (field != NULL)
        vmh_put_u64_le(field, value);
}

void vmh_writer_fixed(vmh_writer *writer, vmh_bytes bytes)
{
    uint8_t *field = place_field(writer, 4, bytes.size);

    if (field != NULL && bytes.size != 0)
        memcpy(field, bytes.data, bytes.size);
}

/* A length above 32 bits has no encoding: the buffer fails as when memory is short. */
static uint32_t length_of(vmh_writer *writer, size_t size)
{
    if (size > UINT32_MAX)
        writer->out->failed = true;
    return (uint32_t)size;
}

void vmh_writer_bytes(vmh_writer *writer, vmh_bytes bytes)
{
    vmh_writer_u32(writer, length_of(writer, bytes.size));
    vmh_buffer_append(writer->out, bytes);
}

size_t vmh_writer_begin(vmh_writer *writer, vmh_writer *nested)
{
    vmh_writer_u32(writer, 0);
    vmh_writer_init(nested, writer->out);
    return nested->start;
}

void vmh_writer_end(vmh_writer *writer, size_t place)
{
    uint32_t size = length_of(writer, writer->out->size - place);

    if (!writer->out->failed)
        vmh_put_u32_le(writer->out->data + place - 4, size);
}
