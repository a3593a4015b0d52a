#include "codec/canonical.h"

#include "codec/argument_codec.h"
#include "codec/field_codec.h"

static void rewrite(const vmh_schema *schema, vmh_bytes message, vmh_writer *out);

static void rewrite_nested(const vmh_schema *schema, vmh_bytes message, vmh_writer *out)
{
    vmh_writer nested;
    size_t place = vmh_writer_begin(out, &nested);

    rewrite(schema, message, &nested);
    vmh_writer_end(out, place);
}

static void rewrite_list(const vmh_schema *schema, vmh_bytes content, vmh_writer *out)
{
    vmh_items walk = vmh_items_of(content);
    vmh_writer list;
    size_t place = vmh_writer_begin(out, &list);
    vmh_bytes item;

    while (vmh_items_next(&walk, &item))
        rewrite_nested(schema, item, &list);
    vmh_writer_end(out, place);
}

static void rewrite_argument(vmh_bytes message, vmh_writer *out)
{
    vmh_argument argument;
    vmh_arena arena;
    bool known;

    vmh_arena_init(&arena);
    if (vmh_argument_decode(message, &arena, &argument, &known, NULL) != VMH_OK)
        out->out->failed = true;
    else if (known)
        vmh_argument_encode(&argument, out->out);
    vmh_arena_clear(&arena);
}

static void rewrite_value(const vmh_field *field, const vmh_field_value *value, vmh_writer *out)
{
    if (field->type == VMH_FIELD_MESSAGE && value->bytes.size != 0)
        rewrite_nested(field->message, value->bytes, out);
    else if (field->type == VMH_FIELD_MESSAGES)
        rewrite_list(field->message, value->bytes, out);
    else if (field->type == VMH_FIELD_ARGUMENT)
        rewrite_argument(value->bytes, out);
    else
        vmh_field_write(field, value, out);
}

static void rewrite_union(const vmh_field *field, const vmh_field_value *value, vmh_writer *out)
{
    uint16_t selector = value->selector == VMH_READER_NO_UNION ? 0 : value->selector;

    vmh_writer_u16(out, selector);
    rewrite_value(&field->alternatives[selector], value, out);
}

static void rewrite(const vmh_schema *schema, vmh_bytes message, vmh_writer *out)
{
    vmh_reader reader;

    vmh_message_open(schema, message, &reader);
    for (size_t i = 0; i < schema->field_count; i++) {
        vmh_field_value value;

        if (i != 0 && i == schema->plain_field_count && vmh_reader_ended(&reader))
            break;
        vmh_field_read(&schema->fields[i], &reader, &value);
        if (schema->fields[i].type == VMH_FIELD_UNION)
            rewrite_union(&schema->fields[i], &value, out);
        else
            rewrite_value(&schema->fields[i], &value, out);
    }
}

vmh_status vmh_canonical_compare(const char *name, vmh_bytes message, vmh_bytes encoded,
                                 vmh_failure *why)
{
    size_t shorter = message.size < encoded.size ? message.size : encoded.size;
    size_t offset = 0;

    if (vmh_bytes_equal(message, encoded))
        return VMH_OK;
    while (offset < shorter && message.data[offset] == encoded.data[offset])
        offset++;
    return vmh_fail(why, VMH_E_MALFORMED, "%s of %zu bytes is not canonical at offset %zu", name,
                    message.size, offset);
}

vmh_status vmh_canonical_check(const vmh_schema *schema, vmh_bytes message, vmh_failure *why)
{
    vmh_buffer buffer;
    vmh_writer writer;
    vmh_status status;

    /* Canonical bytes are as long as their re-encoding: one growth is enough. */
    vmh_buffer_init(&buffer);
    vmh_buffer_extend(&buffer, message.size);
    status = vmh_buffer_check(&buffer, why);
    if (status != VMH_OK)
        goto done;
    vmh_buffer_reset(&buffer);
    vmh_writer_init(&writer, &buffer);
    rewrite(schema, message, &writer);
    status = vmh_buffer_check(&buffer, why);
    if (status == VMH_OK)
        status = vmh_canonical_compare(schema->name, message, vmh_buffer_bytes(&buffer), why);

done:
    vmh_buffer_clear(&buffer);
    return status;
}
