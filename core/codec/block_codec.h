/*
 * Block headers <-> bytes and the hashes made of them (spec/host.md 2, 7.3).
 */
#ifndef VMH_CODEC_BLOCK_CODEC_H
#define VMH_CODEC_BLOCK_CODEC_H

#include "base/buffer.h"
#include "base/status.h"

/* Of the headers that this host writes, and of those of peers that it understands. */
enum { VMH_BLOCK_PROTOCOL_VERSION = 1 };

typedef struct vmh_transactions_block_header {
    uint32_t protocol_version;
    uint32_t virtual_chain_id;
    uint64_t block_height;
    vmh_bytes prev_block_hash_ptr;
    uint64_t timestamp;
    vmh_bytes transactions_merkle_root_hash;
    vmh_bytes metadata_hash;
    uint32_t num_signed_transactions;
    vmh_bytes block_proposer_address;
    uint32_t reference_time;
} vmh_transactions_block_header;

typedef struct vmh_results_block_header {
    uint32_t protocol_version;
    uint32_t virtual_chain_id;
    uint64_t block_height;
    vmh_bytes prev_block_hash_ptr;
    uint64_t timestamp;
    vmh_bytes receipts_merkle_root_hash;
    vmh_bytes state_diff_hash;
    vmh_bytes transactions_block_hash_ptr;
    vmh_bytes pre_execution_state_merkle_root_hash;
    uint32_t num_transaction_receipts;
    uint32_t num_contract_state_diffs;
    vmh_bytes block_proposer_address;
    uint32_t reference_time;
} vmh_results_block_header;

void vmh_transactions_block_header_encode(const vmh_transactions_block_header *header,
                                          vmh_buffer *out);
void vmh_results_block_header_encode(const vmh_results_block_header *header, vmh_buffer *out);

/* Views into `bytes`; an invalid message reads as zero. */
void vmh_transactions_block_header_decode(vmh_bytes bytes, vmh_transactions_block_header *out);
void vmh_results_block_header_decode(vmh_bytes bytes, vmh_results_block_header *out);

/* Block hash: SHA-256 of the hashes of the two headers. */
void vmh_block_hash(vmh_bytes transactions_header, vmh_bytes results_header, vmh_hash32 *out);

#endif
