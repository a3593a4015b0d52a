#include "codec/transaction_codec.h"

#include "codec/canonical.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "crypto/digest.h"

static void read_eddsa(vmh_bytes message, vmh_signer *out)
{
    vmh_reader reader;
    uint16_t network_type;
    vmh_bytes public_key;

    vmh_reader_init(&reader, message);
    network_type = vmh_reader_u16(&reader);
    public_key = vmh_reader_bytes(&reader);
    if (!vmh_reader_valid(&reader))
        return;
    out->network_type = network_type;
    out->public_key = public_key;
}

static void read_smart_contract_caller(vmh_bytes message, vmh_signer *out)
{
    vmh_reader reader;
    vmh_bytes contract_name;

    vmh_reader_init(&reader, message);
    contract_name = vmh_reader_bytes(&reader);
    if (vmh_reader_valid(&reader))
        out->contract_name = contract_name;
}

static void read_signer(vmh_bytes message, vmh_signer *out)
{
    vmh_reader reader;
    uint16_t scheme;
    vmh_bytes content;

    *out = (vmh_signer){.scheme = VMH_SIGNER_NONE, .message = message};
    vmh_reader_init(&reader, message);
    scheme = vmh_reader_union(&reader, 2);
    content = vmh_reader_bytes(&reader);
    if (!vmh_reader_valid(&reader))
        return;
    out->scheme = (vmh_signer_scheme)scheme;
    if (out->scheme == VMH_SIGNER_EDDSA)
        read_eddsa(content, out);
    else
        read_smart_contract_caller(content, out);
}

/* Fills the fields of the Transaction message; leaves the signed ones alone. */
static void read_transaction(vmh_bytes message, vmh_transaction *out)
{
    vmh_transaction fields = *out;
    vmh_reader reader;

    out->message = message;
    read_signer((vmh_bytes){0}, &out->signer);
    fields.message = message;
    vmh_reader_init(&reader, message);
    fields.protocol_version = vmh_reader_u32(&reader);
    fields.virtual_chain_id = vmh_reader_u32(&reader);
    fields.timestamp = vmh_reader_u64(&reader);
    read_signer(vmh_reader_bytes(&reader), &fields.signer);
    fields.contract_name = vmh_reader_bytes(&reader);
    fields.method_name = vmh_reader_bytes(&reader);
    fields.input_arguments = vmh_reader_bytes(&reader);
    if (vmh_reader_valid(&reader))
        *out = fields;
}

vmh_status vmh_signed_transaction_decode(vmh_bytes bytes, bool canonical, vmh_transaction *out,
                                         vmh_failure *why)
{
    vmh_reader reader;
    vmh_bytes message;
    vmh_bytes signature;

    vmh_reader_init(&reader, bytes);
    message = vmh_reader_bytes(&reader);
    signature = vmh_reader_bytes(&reader);
    if (!vmh_reader_valid(&reader)) {
        message = (vmh_bytes){0};
        signature = (vmh_bytes){0};
    }
    *out = (vmh_transaction){.signed_message = bytes, .signature = signature};
    read_transaction(message, out);
    return canonical ? vmh_canonical_check(&vmh_schema_signed_transaction, bytes, why) : VMH_OK;
}

vmh_status vmh_transaction_decode(vmh_bytes bytes, bool canonical, vmh_transaction *out,
                                  vmh_failure *why)
{
    *out = (vmh_transaction){0};
    read_transaction(bytes, out);
    return canonical ? vmh_canonical_check(&vmh_schema_transaction, bytes, why) : VMH_OK;
}

static void write_eddsa(const vmh_signer *signer, vmh_writer *out)
{
    vmh_writer eddsa;
    size_t place = vmh_writer_begin(out, &eddsa);

    vmh_writer_u16(&eddsa, (uint16_t)signer->network_type);
    vmh_writer_bytes(&eddsa, signer->public_key);
    vmh_writer_end(out, place);
}

static void write_smart_contract_caller(const vmh_signer *signer, vmh_writer *out)
{
    vmh_writer caller;
    size_t place = vmh_writer_begin(out, &caller);

    vmh_writer_bytes(&caller, signer->contract_name);
    vmh_writer_end(out, place);
}

static void write_signer(const vmh_signer *signer, vmh_writer *out)
{
    vmh_writer union_writer;
    size_t place = vmh_writer_begin(out, &union_writer);

    if (signer->scheme != VMH_SIGNER_NONE)
        vmh_writer_u16(&union_writer, (uint16_t)signer->scheme);
    if (signer->scheme == VMH_SIGNER_EDDSA)
        write_eddsa(signer, &union_writer);
    else if (signer->scheme == VMH_SIGNER_SMART_CONTRACT_CALLER)
        write_smart_contract_caller(signer, &union_writer);
    vmh_writer_end(out, place);
}

void vmh_transaction_encode(const vmh_transaction *transaction, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, transaction->protocol_version);
    vmh_writer_u32(&writer, transaction->virtual_chain_id);
    vmh_writer_u64(&writer, transaction->timestamp);
    write_signer(&transaction->signer, &writer);
    vmh_writer_bytes(&writer, transaction->contract_name);
    vmh_writer_bytes(&writer, transaction->method_name);
    vmh_writer_bytes(&writer, transaction->input_arguments);
}

void vmh_signed_transaction_encode(const vmh_transaction *transaction, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_bytes(&writer, transaction->message);
    vmh_writer_bytes(&writer, transaction->signature);
}

void vmh_transaction_hash(const vmh_transaction *transaction, vmh_hash32 *out)
{
    vmh_sha256(transaction->message, out);
}

void vmh_transaction_request_id(const vmh_hash32 *txhash, uint64_t height, uint32_t index,
                                vmh_hash32 *out)
{
    uint8_t input[32 + 8 + 4];

    memcpy(input, txhash->bytes, 32);
    vmh_put_u64_le(input + 32, height);
    vmh_put_u32_le(input + 40, index);
    vmh_sha256(vmh_bytes_of(input, sizeof input), out);
}
