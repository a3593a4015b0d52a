#include "codec/argument_codec.h"

#include <assert.h>

#include "codec/reader.h"
#include "codec/writer.h"

/* Size on the wire of a scalar without length; 0 for string and bytes. */
static size_t scalar_size(vmh_argument_type type)
{
    switch (type) {
    case VMH_ARGUMENT_BOOL:
        return 1;
    case VMH_ARGUMENT_UINT32:
        return 4;
    case VMH_ARGUMENT_UINT64:
        return 8;
    case VMH_ARGUMENT_BYTES20:
        return 20;
    case VMH_ARGUMENT_BYTES32:
    case VMH_ARGUMENT_UINT256:
        return 32;
    default:
        return 0;
    }
}

static void read_scalar(vmh_reader *reader, vmh_argument_type type, vmh_argument *out)
{
    out->type = type;
    switch (type) {
    case VMH_ARGUMENT_BOOL:
        out->value.boolean = vmh_reader_bool(reader);
        break;
    case VMH_ARGUMENT_UINT32:
        out->value.uint32 = vmh_reader_u32(reader);
        break;
    case VMH_ARGUMENT_UINT64:
        out->value.uint64 = vmh_reader_u64(reader);
        break;
    case VMH_ARGUMENT_STRING:
    case VMH_ARGUMENT_BYTES:
        out->value.bytes = vmh_reader_bytes(reader);
        break;
    default:
        out->value.bytes = vmh_reader_fixed(reader, scalar_size(type));
        break;
    }
}

/*
 * Items of an array from its content. A cut last item reads as zero or empty,
 * as the iterators of the reference library give it.
 */
static void read_items(vmh_bytes content, vmh_argument_type element, vmh_argument *items,
                       size_t count)
{
    vmh_items walk = vmh_items_of(content);
    vmh_reader reader;

    vmh_reader_init(&reader, content);
    for (size_t i = 0; i < count; i++) {
        if (scalar_size(element) == 0) {
            items[i].type = element;
            vmh_items_next(&walk, &items[i].value.bytes);
        } else {
            read_scalar(&reader, element, &items[i]);
        }
    }
}

static vmh_status read_array(vmh_bytes content, vmh_argument_type type, vmh_arena *arena,
                             vmh_argument *out, vmh_failure *why)
{
    vmh_argument_type element = vmh_argument_element(type);
    size_t size = scalar_size(element);
    size_t count = size == 0 ? vmh_items_count(content) : (content.size + size - 1) / size;
    vmh_argument *items = NULL;

    if (count != 0) {
        items = vmh_arena_alloc_array(arena, count, sizeof *items);
        if (items == NULL)
            return vmh_fail_memory(why);
        read_items(content, element, items, count);
    }
    out->type = type;
    out->value.array = (vmh_argument_array){items, count};
    return VMH_OK;
}

vmh_status vmh_argument_decode(vmh_bytes message, vmh_arena *arena, vmh_argument *out,
                               bool *known, vmh_failure *why)
{
    vmh_bytes content = {0};
    vmh_reader reader;
    uint16_t selector;

    vmh_reader_init(&reader, message);
    selector = vmh_reader_union(&reader, VMH_ARGUMENT_TYPE_COUNT);
    if (selector >= VMH_ARGUMENT_UINT32_ARRAY)
        content = vmh_reader_bytes(&reader);
    else
        read_scalar(&reader, (vmh_argument_type)selector, out);
    *known = vmh_reader_valid(&reader);
    if (!*known)
        *out = (vmh_argument){0};
    else if (vmh_argument_is_array((vmh_argument_type)selector))
        return read_array(content, (vmh_argument_type)selector, arena, out, why);
    return VMH_OK;
}

vmh_status vmh_argument_array_decode(vmh_bytes packed, vmh_arena *arena, vmh_argument_array *out,
                                     bool *known, vmh_argument_fault *fault, vmh_failure *why)
{
    size_t count = vmh_items_count(packed);
    vmh_items walk = vmh_items_of(packed);
    vmh_argument *items = NULL;
    vmh_bytes message;

    *known = true;
    *out = (vmh_argument_array){0};
    if (count == 0)
        return VMH_OK;
    items = vmh_arena_alloc_array(arena, count, sizeof *items);
    if (items == NULL)
        return vmh_fail_memory(why);
    out->items = items;
    while (vmh_items_next(&walk, &message)) {
        vmh_status status = vmh_argument_decode(message, arena, &items[out->count], known, why);

        if (status != VMH_OK)
            return status;
        if (!*known) {
            fault->index = out->count;
            return VMH_OK;
        }
        out->count++;
    }
    return VMH_OK;
}

static void write_scalar(vmh_writer *writer, const vmh_argument *argument)
{
    switch (argument->type) {
    case VMH_ARGUMENT_BOOL:
        vmh_writer_bool(writer, argument->value.boolean);
        break;
    case VMH_ARGUMENT_UINT32:
        vmh_writer_u32(writer, argument->value.uint32);
        break;
    case VMH_ARGUMENT_UINT64:
        vmh_writer_u64(writer, argument->value.uint64);
        break;
    case VMH_ARGUMENT_STRING:
    case VMH_ARGUMENT_BYTES:
        vmh_writer_bytes(writer, argument->value.bytes);
        break;
    default:
        assert(argument->value.bytes.size == scalar_size(argument->type));
        vmh_writer_fixed(writer, argument->value.bytes);
        break;
    }
}

static void write_argument(vmh_writer *writer, const vmh_argument *argument)
{
    vmh_writer items;
    size_t place;

    vmh_writer_u16(writer, (uint16_t)argument->type);
    if (!vmh_argument_is_array(argument->type)) {
        write_scalar(writer, argument);
        return;
    }
    place = vmh_writer_begin(writer, &items);
    for (size_t i = 0; i < argument->value.array.count; i++)
        write_scalar(&items, &argument->value.array.items[i]);
    vmh_writer_end(writer, place);
}

void vmh_argument_encode(const vmh_argument *argument, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    write_argument(&writer, argument);
}

void vmh_argument_array_encode(vmh_argument_array array, vmh_buffer *packed)
{
    vmh_writer writer;

    vmh_writer_init(&writer, packed);
    for (size_t i = 0; i < array.count; i++) {
        vmh_writer message;
        size_t place = vmh_writer_begin(&writer, &message);

        write_argument(&message, &array.items[i]);
        vmh_writer_end(&writer, place);
    }
}

static uint64_t aligned(uint64_t at)
{
    return (at + 3) & ~(uint64_t)3;
}

/* Where a scalar that is written at `at` ends. */
static uint64_t end_of_scalar(uint64_t at, const vmh_argument *argument)
{
    size_t size = scalar_size(argument->type);

    if (argument->type == VMH_ARGUMENT_BOOL)
        return at + 1;
    return size != 0 ? aligned(at) + size : aligned(at) + 4 + argument->value.bytes.size;
}

/* Of one message, behind its selector of 2 bytes. */
static uint64_t message_size(const vmh_argument *argument)
{
    uint64_t size = 0;

    if (!vmh_argument_is_array(argument->type))
        return end_of_scalar(2, argument);
    for (size_t i = 0; i < argument->value.array.count; i++)
        size = end_of_scalar(size, &argument->value.array.items[i]);
    return 4 + 4 + size;
}

uint64_t vmh_argument_array_packed_size(vmh_argument_array array)
{
    uint64_t size = 0;

    for (size_t i = 0; i < array.count; i++)
        size = aligned(size) + 4 + message_size(&array.items[i]);
    return size;
}

vmh_status vmh_argument_array_pack(vmh_argument_array array, vmh_arena *arena, vmh_bytes *packed,
                                   vmh_failure *why)
{
    vmh_buffer buffer;
    vmh_status status;

    vmh_buffer_init(&buffer);
    vmh_argument_array_encode(array, &buffer);
    status = vmh_buffer_check(&buffer, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&buffer), packed, why);
    vmh_buffer_clear(&buffer);
    return status;
}

vmh_status vmh_argument_array_pack_text(vmh_bytes text, vmh_arena *arena, vmh_bytes *packed,
                                        vmh_failure *why)
{
    vmh_argument argument = vmh_argument_string(text);

    return vmh_argument_array_pack((vmh_argument_array){&argument, 1}, arena, packed, why);
}

vmh_bytes vmh_argument_array_strip_header(vmh_bytes with_header)
{
    vmh_reader reader;

    vmh_reader_init(&reader, with_header);
    return vmh_reader_bytes(&reader);
}

vmh_status vmh_argument_array_add_header(vmh_bytes packed, vmh_arena *arena,
                                         vmh_bytes *with_header, vmh_failure *why)
{
    uint8_t *message;

    if (packed.size > UINT32_MAX)
        return vmh_fail(why, VMH_E_LIMIT, "argument array of %zu bytes has no header",
                        packed.size);
    message = vmh_arena_alloc(arena, packed.size + 4);
    if (message == NULL)
        return vmh_fail_memory(why);
    vmh_put_u32_le(message, (uint32_t)packed.size);
    if (packed.size != 0)
        memcpy(message + 4, packed.data, packed.size);
    *with_header = vmh_bytes_of(message, packed.size + 4);
    return VMH_OK;
}
