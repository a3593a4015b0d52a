#include "codec/receipt_codec.h"

#include "codec/reader.h"
#include "codec/writer.h"

static void write_log(const vmh_log *log, vmh_writer *logs)
{
    vmh_writer message;
    size_t place = vmh_writer_begin(logs, &message);

    vmh_writer_fixed(&message, vmh_bytes_address(&log->address));
    vmh_writer_bytes(&message, log->topics);
    vmh_writer_bytes(&message, log->data);
    vmh_writer_end(logs, place);
}

static void write_further_fields(const vmh_receipt *receipt, vmh_writer *writer)
{
    vmh_writer logs;
    size_t place;

    vmh_writer_u32(writer, receipt->code);
    vmh_writer_u64(writer, receipt->gas_used);
    vmh_writer_fixed(writer, vmh_bytes_hash(&receipt->message_id));
    vmh_writer_fixed(writer, vmh_bytes_hash(&receipt->root));
    vmh_writer_bytes(writer, receipt->parent);
    vmh_writer_bool(writer, receipt->suspended);
    place = vmh_writer_begin(writer, &logs);
    for (size_t i = 0; i < receipt->log_count; i++)
        write_log(&receipt->logs[i], &logs);
    vmh_writer_end(writer, place);
}

void vmh_receipt_encode(const vmh_receipt *receipt, const vmh_rules *rules, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_bytes(&writer, vmh_bytes_hash(&receipt->txhash));
    vmh_writer_u16(&writer, (uint16_t)receipt->execution_result);
    vmh_writer_bytes(&writer, receipt->output_arguments);
    vmh_writer_bytes(&writer, receipt->output_events);
    if (rules->receipts_are_extended)
        write_further_fields(receipt, &writer);
}

static void read_log(vmh_bytes message, vmh_log *out)
{
    vmh_log log;
    vmh_reader reader;

    vmh_reader_init(&reader, message);
    memcpy(log.address.bytes, vmh_reader_fixed(&reader, 20).data, 20);
    log.topics = vmh_reader_bytes(&reader);
    log.data = vmh_reader_bytes(&reader);
    if (vmh_reader_valid(&reader))
        *out = log;
}

static vmh_status read_logs(vmh_bytes content, vmh_arena *arena, vmh_receipt *out,
                            vmh_failure *why)
{
    size_t count = vmh_items_count(content);
    vmh_items walk = vmh_items_of(content);
    vmh_log *logs;
    vmh_bytes message;

    if (count == 0)
        return VMH_OK;
    logs = vmh_arena_alloc_array(arena, count, sizeof *logs);
    if (logs == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; vmh_items_next(&walk, &message); i++)
        read_log(message, &logs[i]);
    out->logs = logs;
    out->log_count = count;
    return VMH_OK;
}

/* Hashes are length-prefixed here; one of another length is none. */
static void copy_hash(vmh_bytes bytes, vmh_hash32 *out)
{
    if (bytes.size == sizeof out->bytes)
        memcpy(out->bytes, bytes.data, sizeof out->bytes);
}

vmh_status vmh_receipt_decode(vmh_bytes bytes, vmh_arena *arena, vmh_receipt *out,
                              vmh_failure *why)
{
    vmh_receipt receipt = {0};
    vmh_reader reader;
    vmh_bytes logs;

    *out = receipt;
    vmh_reader_init(&reader, bytes);
    copy_hash(vmh_reader_bytes(&reader), &receipt.txhash);
    receipt.execution_result = (vmh_execution_result)vmh_reader_u16(&reader);
    receipt.output_arguments = vmh_reader_bytes(&reader);
    receipt.output_events = vmh_reader_bytes(&reader);
    receipt.code = vmh_reader_u32(&reader);
    receipt.gas_used = vmh_reader_u64(&reader);
    copy_hash(vmh_reader_fixed(&reader, 32), &receipt.message_id);
    copy_hash(vmh_reader_fixed(&reader, 32), &receipt.root);
    receipt.parent = vmh_reader_bytes(&reader);
    receipt.suspended = vmh_reader_bool(&reader);
    logs = vmh_reader_bytes(&reader);
    if (!vmh_reader_valid(&reader))
        return VMH_OK;
    *out = receipt;
    return read_logs(logs, arena, out, why);
}

void vmh_events_encode(const vmh_event *events, size_t count, vmh_buffer *packed)
{
    vmh_writer writer;

    vmh_writer_init(&writer, packed);
    for (size_t i = 0; i < count; i++) {
        vmh_writer message;
        size_t place = vmh_writer_begin(&writer, &message);

        vmh_writer_bytes(&message, events[i].contract_name);
        vmh_writer_bytes(&message, events[i].event_name);
        vmh_writer_bytes(&message, events[i].arguments);
        vmh_writer_end(&writer, place);
    }
}

static void read_event(vmh_bytes message, vmh_event *out)
{
    vmh_event event = {.is_undone = false};
    vmh_reader reader;

    vmh_reader_init(&reader, message);
    event.contract_name = vmh_reader_bytes(&reader);
    event.event_name = vmh_reader_bytes(&reader);
    event.arguments = vmh_reader_bytes(&reader);
    if (vmh_reader_valid(&reader))
        *out = event;
}

vmh_status vmh_events_decode(vmh_bytes packed, vmh_arena *arena, const vmh_event **events,
                             size_t *count, vmh_failure *why)
{
    vmh_items walk = vmh_items_of(packed);
    vmh_event *list = NULL;
    vmh_bytes message;

    *count = vmh_items_count(packed);
    if (*count != 0) {
        list = vmh_arena_alloc_array(arena, *count, sizeof *list);
        if (list == NULL)
            return vmh_fail_memory(why);
    }
    for (size_t i = 0; vmh_items_next(&walk, &message); i++)
        read_event(message, &list[i]);
    *events = list;
    return VMH_OK;
}
