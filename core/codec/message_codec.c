#include "codec/message_codec.h"

#include "codec/canonical.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "crypto/digest.h"

void vmh_message_encode(const vmh_message *message, vmh_buffer *out)
{
    uint8_t amount[32];
    vmh_writer writer;

    vmh_word_to_bytes(&message->amount, amount);
    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, message->version);
    vmh_writer_u32(&writer, message->from_chain);
    vmh_writer_bytes(&writer, message->from_service);
    vmh_writer_u32(&writer, message->to_chain);
    vmh_writer_bytes(&writer, message->to_service);
    vmh_writer_u64(&writer, message->sequence);
    vmh_writer_u16(&writer, message->kind);
    vmh_writer_fixed(&writer, vmh_bytes_hash(&message->root));
    vmh_writer_fixed(&writer, vmh_bytes_hash(&message->parent));
    vmh_writer_fixed(&writer, vmh_bytes_address(&message->signer));
    vmh_writer_bytes(&writer, message->method);
    vmh_writer_bytes(&writer, message->input);
    vmh_writer_bytes(&writer, message->token);
    vmh_writer_fixed(&writer, vmh_bytes_of(amount, sizeof amount));
    vmh_writer_u64(&writer, message->gas);
    vmh_writer_bytes(&writer, message->answered_id);
    vmh_writer_bytes(&writer, message->context_id);
    vmh_writer_u32(&writer, message->code);
}

vmh_status vmh_message_decode(vmh_bytes bytes, bool canonical, vmh_message *out,
                              vmh_failure *why)
{
    vmh_reader reader;

    vmh_reader_init(&reader, bytes);
    out->version = vmh_reader_u32(&reader);
    out->from_chain = vmh_reader_u32(&reader);
    out->from_service = vmh_reader_bytes(&reader);
    out->to_chain = vmh_reader_u32(&reader);
    out->to_service = vmh_reader_bytes(&reader);
    out->sequence = vmh_reader_u64(&reader);
    out->kind = vmh_reader_u16(&reader);
    memcpy(out->root.bytes, vmh_reader_fixed(&reader, 32).data, 32);
    memcpy(out->parent.bytes, vmh_reader_fixed(&reader, 32).data, 32);
    memcpy(out->signer.bytes, vmh_reader_fixed(&reader, 20).data, 20);
    out->method = vmh_reader_bytes(&reader);
    out->input = vmh_reader_bytes(&reader);
    out->token = vmh_reader_bytes(&reader);
    out->amount = vmh_word_from_bytes(vmh_reader_fixed(&reader, 32).data);
    out->gas = vmh_reader_u64(&reader);
    out->answered_id = vmh_reader_bytes(&reader);
    out->context_id = vmh_reader_bytes(&reader);
    out->code = vmh_reader_u32(&reader);
    if (!vmh_reader_valid(&reader))
        *out = (vmh_message){0};
    return canonical ? vmh_canonical_check(&vmh_schema_message, bytes, why) : VMH_OK;
}

vmh_status vmh_message_id(const vmh_message *message, vmh_hash32 *out, vmh_failure *why)
{
    vmh_message without_gas = *message;
    vmh_buffer buffer;
    vmh_status status;

    without_gas.gas = 0;
    vmh_buffer_init(&buffer);
    vmh_message_encode(&without_gas, &buffer);
    status = vmh_buffer_check(&buffer, why);
    if (status == VMH_OK)
        vmh_sha256(vmh_buffer_bytes(&buffer), out);
    vmh_buffer_clear(&buffer);
    return status;
}
