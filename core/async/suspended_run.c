#include "async/suspended_run.h"

enum { RECORD_VERSION = 1 };

void vmh_request_write(vmh_writer *writer, const vmh_request *request)
{
    vmh_writer_u16(writer, request->kind);
    vmh_writer_fixed(writer, vmh_bytes_hash(&request->id));
    vmh_writer_fixed(writer, vmh_bytes_hash(&request->root));
    vmh_writer_u32(writer, request->from_chain);
    vmh_writer_bytes(writer, request->from_service);
    vmh_writer_fixed(writer, vmh_bytes_address(&request->signer));
    vmh_writer_bytes(writer, request->method);
    vmh_writer_bytes(writer, request->answered_id);
    vmh_writer_bytes(writer, request->context_id);
}

void vmh_suspended_run_encode(const vmh_suspended_run *run, vmh_buffer *out)
{
    uint8_t amount[32];
    vmh_writer writer;

    vmh_word_to_bytes(&run->amount, amount);
    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, RECORD_VERSION);
    vmh_writer_u16(&writer, run->language);
    vmh_writer_bytes(&writer, run->stored);
    vmh_writer_u32(&writer, run->to_chain);
    vmh_writer_bytes(&writer, run->to_service);
    vmh_writer_bytes(&writer, run->token);
    vmh_writer_fixed(&writer, vmh_bytes_of(amount, sizeof amount));
    vmh_writer_u64(&writer, run->gas);
    vmh_writer_u64(&writer, run->lock);
    vmh_request_write(&writer, &run->request);
}

void vmh_record_read_fixed(vmh_reader *reader, void *out, size_t size)
{
    vmh_bytes bytes = vmh_reader_fixed(reader, size);

    memset(out, 0, size);
    if (bytes.size == size)
        memcpy(out, bytes.data, size);
}

void vmh_request_read(vmh_reader *reader, vmh_request *out)
{
    out->kind = vmh_reader_u16(reader);
    vmh_record_read_fixed(reader, out->id.bytes, sizeof out->id.bytes);
    vmh_record_read_fixed(reader, out->root.bytes, sizeof out->root.bytes);
    out->from_chain = vmh_reader_u32(reader);
    out->from_service = vmh_reader_bytes(reader);
    vmh_record_read_fixed(reader, out->signer.bytes, sizeof out->signer.bytes);
    out->method = vmh_reader_bytes(reader);
    out->answered_id = vmh_reader_bytes(reader);
    out->context_id = vmh_reader_bytes(reader);
}

/* Only what an encoding gives: the record is written by the host alone. */
static vmh_status check_whole(vmh_bytes bytes, const vmh_suspended_run *run, vmh_failure *why)
{
    vmh_buffer again;
    vmh_status status;

    vmh_buffer_init(&again);
    vmh_suspended_run_encode(run, &again);
    status = vmh_buffer_check(&again, why);
    if (status == VMH_OK && !vmh_bytes_equal(vmh_buffer_bytes(&again), bytes))
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "suspended run: does not decode");
    vmh_buffer_clear(&again);
    return status;
}

vmh_status vmh_suspended_run_decode(vmh_bytes bytes, vmh_suspended_run *out, vmh_failure *why)
{
    uint8_t amount[32];
    vmh_reader reader;

    memset(out, 0, sizeof *out);
    vmh_reader_init(&reader, bytes);
    if (vmh_reader_u32(&reader) != RECORD_VERSION)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "suspended run: another version");
    out->language = vmh_reader_u16(&reader);
    out->stored = vmh_reader_bytes(&reader);
    out->to_chain = vmh_reader_u32(&reader);
    out->to_service = vmh_reader_bytes(&reader);
    out->token = vmh_reader_bytes(&reader);
    vmh_record_read_fixed(&reader, amount, sizeof amount);
    out->amount = vmh_word_from_bytes(amount);
    out->gas = vmh_reader_u64(&reader);
    out->lock = vmh_reader_u64(&reader);
    vmh_request_read(&reader, &out->request);
    return check_whole(bytes, out, why);
}

void vmh_suspended_run_key(const vmh_hash32 *message_id, uint8_t out[VMH_SUSPENDED_KEY_SIZE])
{
    memcpy(out, VMH_PROTECTED_PREFIX "suspended", VMH_PROTECTED_PREFIX_SIZE + 9);
    memcpy(out + VMH_PROTECTED_PREFIX_SIZE + 9, message_id->bytes, 32);
}

void vmh_waiting_run_key(const vmh_hash32 *context_id, uint32_t first,
                         uint8_t out[VMH_WAITING_KEY_SIZE])
{
    vmh_suspended_run_key(context_id, out);
    vmh_put_u32_be(out + VMH_SUSPENDED_KEY_SIZE, first);
}
