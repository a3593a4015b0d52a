#include "codec/reader.h"

#include <assert.h>

/* What an absent or cut fixed-size field reads as. */
static const uint8_t zeros[32];

void vmh_reader_init(vmh_reader *reader, vmh_bytes message)
{
    *reader = (vmh_reader){.message = message};
}

bool vmh_reader_valid(const vmh_reader *reader)
{
    return !reader->invalid && reader->message.size != 0;
}

bool vmh_reader_ended(const vmh_reader *reader)
{
    return reader->invalid || reader->offset == reader->message.size;
}

static size_t align(size_t offset, size_t alignment)
{
    return (offset + alignment - 1) & ~(alignment - 1);
}

/*
 * Moves over `size` bytes at `alignment` and gives their place; NULL when the
 * message has ended before them or they do not fit, which makes it invalid.
 */
static const uint8_t *take(vmh_reader *reader, size_t alignment, size_t size)
{
    size_t start = align(reader->offset, alignment);

    if (vmh_reader_ended(reader))
        return NULL;
    if (start > reader->message.size || size > reader->message.size - start) {
        reader->invalid = true;
        return NULL;
    }
    reader->offset = start + size;
    return reader->message.data + start;
}

bool vmh_reader_bool(vmh_reader *reader)
{
    return vmh_reader_u8(reader) == 1;
}

uint8_t vmh_reader_u8(vmh_reader *reader)
{
    const uint8_t *field = take(reader, 1, 1);

    return field == NULL ? 0 : *field;
}

uint16_t vmh_reader_u16(vmh_reader *reader)
{
    const uint8_t *field = take(reader, 2, 2);

    return field == NULL ? 0 : vmh_get_u16_le(field);
}

uint32_t vmh_reader_u32(vmh_reader *reader)
{
    const uint8_t *field = take(reader, 4, 4);

    return field == NULL ? 0 : vmh_get_u32_le(field);
}

uint64_t vmh_reader_u64(vmh_reader *reader)
{
    const uint8_t *field = take(reader, 4, 8);

    return field == NULL ? 0 : vmh_get_u64_le(field);
}

vmh_bytes vmh_reader_fixed(vmh_reader *reader, size_t size)
{
    const uint8_t *field = take(reader, 4, size);

    assert(size <= sizeof zeros);
    return vmh_bytes_of(field == NULL ? zeros : field, size);
}

vmh_bytes vmh_reader_bytes(vmh_reader *reader)
{
    const uint8_t *field = take(reader, 4, 4);
    uint32_t size;

    if (field == NULL)
        return (vmh_bytes){0};
    size = vmh_get_u32_le(field);
    if (size > reader->message.size - reader->offset) {
        reader->invalid = true;
        return (vmh_bytes){0};
    }
    reader->offset += size;
    return vmh_bytes_of(field + 4, size);
}

uint16_t vmh_reader_union(vmh_reader *reader, uint16_t alternatives)
{
    const uint8_t *field = take(reader, 2, 2);
    uint16_t selector;

    if (field == NULL)
        return VMH_READER_NO_UNION;
    selector = vmh_get_u16_le(field);
    /* Unlike other fields the chosen one cannot be absent. */
    if (selector >= alternatives || reader->offset == reader->message.size) {
        reader->invalid = true;
        return VMH_READER_NO_UNION;
    }
    return selector;
}

vmh_items vmh_items_of(vmh_bytes content)
{
    return (vmh_items){.content = content};
}

bool vmh_items_next(vmh_items *items, vmh_bytes *item)
{
    size_t left;
    uint32_t size;

    *item = (vmh_bytes){0};
    if (items->offset >= items->content.size)
        return false;
    left = items->content.size - items->offset;
    size = left < 4 ? 0 : vmh_get_u32_le(items->content.data + items->offset);
    if (left < 4 || size > left - 4) {
        items->offset = items->content.size;
        return true;
    }
    *item = vmh_bytes_of(items->content.data + items->offset + 4, size);
    items->offset = align(items->offset + 4 + size, 4);
    return true;
}

size_t vmh_items_count(vmh_bytes content)
{
    vmh_items items = vmh_items_of(content);
    vmh_bytes item;
    size_t count = 0;

    while (vmh_items_next(&items, &item))
        count++;
    return count;
}
