#include "codec/block_codec.h"

#include "codec/reader.h"
#include "codec/writer.h"
#include "crypto/digest.h"

void vmh_transactions_block_header_encode(const vmh_transactions_block_header *header,
                                          vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, header->protocol_version);
    vmh_writer_u32(&writer, header->virtual_chain_id);
    vmh_writer_u64(&writer, header->block_height);
    vmh_writer_bytes(&writer, header->prev_block_hash_ptr);
    vmh_writer_u64(&writer, header->timestamp);
    vmh_writer_bytes(&writer, header->transactions_merkle_root_hash);
    vmh_writer_bytes(&writer, header->metadata_hash);
    vmh_writer_u32(&writer, header->num_signed_transactions);
    vmh_writer_bytes(&writer, header->block_proposer_address);
    vmh_writer_u32(&writer, header->reference_time);
}

void vmh_results_block_header_encode(const vmh_results_block_header *header, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, header->protocol_version);
    vmh_writer_u32(&writer, header->virtual_chain_id);
    vmh_writer_u64(&writer, header->block_height);
    vmh_writer_bytes(&writer, header->prev_block_hash_ptr);
    vmh_writer_u64(&writer, header->timestamp);
    vmh_writer_bytes(&writer, header->receipts_merkle_root_hash);
    vmh_writer_bytes(&writer, header->state_diff_hash);
    vmh_writer_bytes(&writer, header->transactions_block_hash_ptr);
    vmh_writer_bytes(&writer, header->pre_execution_state_merkle_root_hash);
    vmh_writer_u32(&writer, header->num_transaction_receipts);
    vmh_writer_u32(&writer, header->num_contract_state_diffs);
    vmh_writer_bytes(&writer, header->block_proposer_address);
    vmh_writer_u32(&writer, header->reference_time);
}

void vmh_transactions_block_header_decode(vmh_bytes bytes, vmh_transactions_block_header *out)
{
    vmh_reader reader;

    vmh_reader_init(&reader, bytes);
    out->protocol_version = vmh_reader_u32(&reader);
    out->virtual_chain_id = vmh_reader_u32(&reader);
    out->block_height = vmh_reader_u64(&reader);
    out->prev_block_hash_ptr = vmh_reader_bytes(&reader);
    out->timestamp = vmh_reader_u64(&reader);
    out->transactions_merkle_root_hash = vmh_reader_bytes(&reader);
    out->metadata_hash = vmh_reader_bytes(&reader);
    out->num_signed_transactions = vmh_reader_u32(&reader);
    out->block_proposer_address = vmh_reader_bytes(&reader);
    out->reference_time = vmh_reader_u32(&reader);
    if (!vmh_reader_valid(&reader))
        *out = (vmh_transactions_block_header){0};
}

void vmh_results_block_header_decode(vmh_bytes bytes, vmh_results_block_header *out)
{
    vmh_reader reader;

    vmh_reader_init(&reader, bytes);
    out->protocol_version = vmh_reader_u32(&reader);
    out->virtual_chain_id = vmh_reader_u32(&reader);
    out->block_height = vmh_reader_u64(&reader);
    out->prev_block_hash_ptr = vmh_reader_bytes(&reader);
    out->timestamp = vmh_reader_u64(&reader);
    out->receipts_merkle_root_hash = vmh_reader_bytes(&reader);
    out->state_diff_hash = vmh_reader_bytes(&reader);
    out->transactions_block_hash_ptr = vmh_reader_bytes(&reader);
    out->pre_execution_state_merkle_root_hash = vmh_reader_bytes(&reader);
    out->num_transaction_receipts = vmh_reader_u32(&reader);
    out->num_contract_state_diffs = vmh_reader_u32(&reader);
    out->block_proposer_address = vmh_reader_bytes(&reader);
    out->reference_time = vmh_reader_u32(&reader);
    if (!vmh_reader_valid(&reader))
        *out = (vmh_results_block_header){0};
}

void vmh_block_hash(vmh_bytes transactions_header, vmh_bytes results_header, vmh_hash32 *out)
{
    vmh_hash32 hashes[2];

    vmh_sha256(transactions_header, &hashes[0]);
    vmh_sha256(results_header, &hashes[1]);
    vmh_sha256(vmh_bytes_of(hashes, sizeof hashes), out);
}
