#include "codec/state_diff_codec.h"

#include "codec/reader.h"
#include "codec/writer.h"
#include "crypto/digest.h"

static void write_record(const vmh_state_record *record, vmh_writer *records)
{
    vmh_writer message;
    size_t place = vmh_writer_begin(records, &message);

    vmh_writer_bytes(&message, record->key);
    vmh_writer_bytes(&message, record->value);
    vmh_writer_end(records, place);
}

void vmh_contract_state_diff_encode(const vmh_contract_state_diff *diff, vmh_buffer *out)
{
    vmh_writer writer;
    vmh_writer records;
    size_t place;

    vmh_writer_init(&writer, out);
    vmh_writer_bytes(&writer, diff->contract_name);
    place = vmh_writer_begin(&writer, &records);
    for (size_t i = 0; i < diff->record_count; i++)
        write_record(&diff->records[i], &records);
    vmh_writer_end(&writer, place);
}

static void read_record(vmh_bytes message, vmh_state_record *out)
{
    vmh_state_record record;
    vmh_reader reader;

    vmh_reader_init(&reader, message);
    record.key = vmh_reader_bytes(&reader);
    record.value = vmh_reader_bytes(&reader);
    if (vmh_reader_valid(&reader))
        *out = record;
}

static vmh_status read_records(vmh_bytes content, vmh_arena *arena, vmh_contract_state_diff *out,
                               vmh_failure *why)
{
    size_t count = vmh_items_count(content);
    vmh_items walk = vmh_items_of(content);
    vmh_state_record *records;
    vmh_bytes message;

    if (count == 0)
        return VMH_OK;
    records = vmh_arena_alloc_array(arena, count, sizeof *records);
    if (records == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; vmh_items_next(&walk, &message); i++)
        read_record(message, &records[i]);
    out->records = records;
    out->record_count = count;
    return VMH_OK;
}

vmh_status vmh_contract_state_diff_decode(vmh_bytes bytes, vmh_arena *arena,
                                          vmh_contract_state_diff *out, vmh_failure *why)
{
    vmh_reader reader;
    vmh_bytes contract_name;
    vmh_bytes records;

    *out = (vmh_contract_state_diff){0};
    vmh_reader_init(&reader, bytes);
    contract_name = vmh_reader_bytes(&reader);
    records = vmh_reader_bytes(&reader);
    if (!vmh_reader_valid(&reader))
        return VMH_OK;
    out->contract_name = contract_name;
    return read_records(records, arena, out, why);
}

vmh_status vmh_state_diff_hash(const vmh_state_diff *diff, vmh_hash32 *out, vmh_failure *why)
{
    vmh_buffer messages;
    vmh_status status;

    vmh_buffer_init(&messages);
    for (size_t i = 0; i < diff->contract_count; i++)
        vmh_contract_state_diff_encode(&diff->contracts[i], &messages);
    status = vmh_buffer_check(&messages, why);
    if (status == VMH_OK)
        vmh_sha256(vmh_buffer_bytes(&messages), out);
    vmh_buffer_clear(&messages);
    return status;
}
