#include "codec/field_codec.h"

static void read_rest(vmh_reader *reader, vmh_field_value *out)
{
    if (vmh_reader_ended(reader))
        return;
    out->bytes = vmh_bytes_of(reader->message.data + reader->offset,
                              reader->message.size - reader->offset);
    reader->offset = reader->message.size;
}

static void read_plain(vmh_field_type type, vmh_reader *reader, vmh_field_value *out)
{
    switch (type) {
    case VMH_FIELD_BOOL:
        out->number = vmh_reader_bool(reader);
        break;
    case VMH_FIELD_U16:
        out->number = vmh_reader_u16(reader);
        break;
    case VMH_FIELD_U32:
        out->number = vmh_reader_u32(reader);
        break;
    case VMH_FIELD_U64:
        out->number = vmh_reader_u64(reader);
        break;
    case VMH_FIELD_UINT256:
    case VMH_FIELD_BYTES32:
        out->bytes = vmh_reader_fixed(reader, 32);
        break;
    case VMH_FIELD_BYTES20:
        out->bytes = vmh_reader_fixed(reader, 20);
        break;
    case VMH_FIELD_ARGUMENT:
        read_rest(reader, out);
        break;
    default:
        out->bytes = vmh_reader_bytes(reader);
        break;
    }
}

void vmh_field_read(const vmh_field *field, vmh_reader *reader, vmh_field_value *out)
{
    *out = (vmh_field_value){.selector = VMH_READER_NO_UNION};
    if (field->type == VMH_FIELD_UNION) {
        out->selector = vmh_reader_union(reader, (uint16_t)field->alternative_count);
        if (out->selector == VMH_READER_NO_UNION)
            return;
        field = &field->alternatives[out->selector];
    }
    read_plain(field->type, reader, out);
}

bool vmh_message_open(const vmh_schema *schema, vmh_bytes message, vmh_reader *reader)
{
    vmh_field_value value;

    vmh_reader_init(reader, message);
    for (size_t i = 0; i < schema->field_count; i++)
        vmh_field_read(&schema->fields[i], reader, &value);
    if (!vmh_reader_valid(reader)) {
        vmh_reader_init(reader, (vmh_bytes){0});
        return false;
    }
    vmh_reader_init(reader, message);
    return true;
}

void vmh_field_write(const vmh_field *field, const vmh_field_value *value, vmh_writer *writer)
{
    switch (field->type) {
    case VMH_FIELD_BOOL:
        vmh_writer_bool(writer, value->number != 0);
        break;
    case VMH_FIELD_U16:
        vmh_writer_u16(writer, (uint16_t)value->number);
        break;
    case VMH_FIELD_U32:
        vmh_writer_u32(writer, (uint32_t)value->number);
        break;
    case VMH_FIELD_U64:
        vmh_writer_u64(writer, value->number);
        break;
    case VMH_FIELD_UINT256:
    case VMH_FIELD_BYTES32:
    case VMH_FIELD_BYTES20:
        vmh_writer_fixed(writer, value->bytes);
        break;
    case VMH_FIELD_ARGUMENT:
        vmh_buffer_append(writer->out, value->bytes);
        break;
    default:
        vmh_writer_bytes(writer, value->bytes);
        break;
    }
}
