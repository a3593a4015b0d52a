#include "state/block_store.h"

#include <inttypes.h>

#include "codec/block_codec.h"
#include "codec/receipt_codec.h"
#include "codec/state_diff_codec.h"
#include "codec/transaction_codec.h"
#include "crypto/digest.h"
#include "crypto/ordered_tree.h"
#include "state/store_record.h"

enum { HEADER_COUNT = 2, TRANSACTIONS = 0, RESULTS = 1 };

/* What every record of a hash index holds: its key says the rest, or the height does. */
enum { INDEX_FORM = 1 };

/* A block on its way into the batch. */
typedef struct staging {
    const vmh_genesis *genesis;
    const vmh_block *block;
    vmh_write_batch *batch;
    vmh_bytes *diffs;    /* ContractStateDiff messages */
    vmh_hash32 prev[HEADER_COUNT];
    vmh_bytes headers[HEADER_COUNT];
    vmh_buffer scratch;
    vmh_failure *why;
} staging;

static const char *record_name(vmh_height_record kind)
{
    switch (kind) {
    case VMH_RECORD_HEADERS:
        return "headers";
    case VMH_RECORD_DIFFS:
        return "state diffs";
    case VMH_RECORD_RECEIPTS:
        return "receipts";
    case VMH_RECORD_TRANSACTIONS:
        return "transactions";
    case VMH_RECORD_BLOCK_INFO:
    case VMH_RECORD_STALE_NODES:
        break;
    }
    return "record";
}

static vmh_status fail_record(uint64_t height, vmh_height_record kind, const char *fault,
                              vmh_failure *why)
{
    return vmh_fail(why, VMH_E_STORE_CORRUPT, "block %" PRIu64 ": %s: %s", height,
                    record_name(kind), fault);
}

static vmh_status read_list(vmh_store *store, vmh_height_record kind, uint64_t height,
                            vmh_arena *arena, const vmh_bytes **messages, size_t *count,
                            vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_height(kind, height);
    vmh_buffer value;
    vmh_bytes bytes;
    bool found, valid;
    vmh_status status;

    vmh_buffer_init(&value);
    status = store->get(store, vmh_record_key_bytes(&key), &value, &found, why);
    if (status == VMH_OK && !found)
        status = fail_record(height, kind, "missing", why);
    if (status == VMH_OK)
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&value), &bytes, why);
    if (status == VMH_OK)
        status = vmh_message_list_decode(bytes, arena, messages, count, &valid, why);
    if (status == VMH_OK && !valid)
        status = fail_record(height, kind, "does not decode", why);
    vmh_buffer_clear(&value);
    return status;
}

static vmh_status read_headers(vmh_store *store, uint64_t height, vmh_arena *arena,
                               const vmh_bytes **headers, vmh_failure *why)
{
    size_t count;
    vmh_status status =
        read_list(store, VMH_RECORD_HEADERS, height, arena, headers, &count, why);

    if (status == VMH_OK && count != HEADER_COUNT)
        status = fail_record(height, VMH_RECORD_HEADERS, "not two of them", why);
    return status;
}

/* The hashes to which the headers of the block point back. */
static vmh_status find_prev(staging *s, vmh_store *store)
{
    const vmh_bytes *headers;
    vmh_status status;

    memset(s->prev, 0, sizeof s->prev);
    if (s->block->ref.height <= 1)
        return VMH_OK;
    status = read_headers(store, s->block->ref.height - 1, s->batch->arena, &headers, s->why);
    if (status != VMH_OK)
        return status;
    for (size_t i = 0; i < HEADER_COUNT; i++)
        vmh_sha256(headers[i], &s->prev[i]);
    return VMH_OK;
}

/* What is in the scratch buffer, moved into the arena. */
static vmh_status take_scratch(staging *s, vmh_bytes *out)
{
    vmh_status status = vmh_buffer_check(&s->scratch, s->why);

    if (status == VMH_OK)
        status = vmh_arena_copy(s->batch->arena, vmh_buffer_bytes(&s->scratch), out, s->why);
    vmh_buffer_reset(&s->scratch);
    return status;
}

static vmh_status encode_diffs(staging *s)
{
    const vmh_state_diff *diff = s->block->diff;

    s->diffs = vmh_arena_alloc_array(s->batch->arena, diff->contract_count + 1, sizeof *s->diffs);
    if (s->diffs == NULL)
        return vmh_fail_memory(s->why);
    for (size_t i = 0; i < diff->contract_count; i++) {
        vmh_status status;

        vmh_contract_state_diff_encode(&diff->contracts[i], &s->scratch);
        status = take_scratch(s, &s->diffs[i]);
        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

static vmh_status transactions_root(staging *s, vmh_hash32 *root)
{
    size_t count = s->block->transaction_count;
    vmh_hash32 *leaves = vmh_arena_alloc_array(s->batch->arena, count + 1, sizeof *leaves);

    if (leaves == NULL)
        return vmh_fail_memory(s->why);
    for (size_t i = 0; i < count; i++) {
        vmh_transaction transaction;
        vmh_status status = vmh_signed_transaction_decode(s->block->transactions[i], false,
                                                          &transaction, s->why);

        if (status != VMH_OK)
            return vmh_fail_within(status, s->why, "transactions[%zu]", i + 1);
        vmh_transaction_hash(&transaction, &leaves[i]);
    }
    return vmh_ordered_tree_root(leaves, count, root, s->why);
}

static vmh_status receipts_root(staging *s, vmh_hash32 *root)
{
    size_t count = s->block->receipt_count;
    vmh_hash32 *leaves = vmh_arena_alloc_array(s->batch->arena, count + 1, sizeof *leaves);

    if (leaves == NULL)
        return vmh_fail_memory(s->why);
    for (size_t i = 0; i < count; i++)
        vmh_sha256(s->block->receipts[i], &leaves[i]);
    return vmh_ordered_tree_root(leaves, count, root, s->why);
}

static vmh_status make_transactions_header(staging *s)
{
    const vmh_block *block = s->block;
    vmh_hash32 root, metadata_hash;
    vmh_status status = transactions_root(s, &root);

    if (status != VMH_OK)
        return status;
    /* The metadata message has no fields. */
    vmh_sha256((vmh_bytes){0}, &metadata_hash);
    vmh_transactions_block_header_encode(
        &(vmh_transactions_block_header){
            .protocol_version = VMH_BLOCK_PROTOCOL_VERSION,
            .virtual_chain_id = s->genesis->virtual_chain_id,
            .block_height = block->ref.height,
            .prev_block_hash_ptr = vmh_bytes_hash(&s->prev[TRANSACTIONS]),
            .timestamp = block->ref.timestamp,
            .transactions_merkle_root_hash = vmh_bytes_hash(&root),
            .metadata_hash = vmh_bytes_hash(&metadata_hash),
            .num_signed_transactions = (uint32_t)block->transaction_count,
            .block_proposer_address = vmh_block_ref_proposer(&block->ref),
            .reference_time = block->ref.reference_time,
        },
        &s->scratch);
    return take_scratch(s, &s->headers[TRANSACTIONS]);
}

static vmh_status make_results_header(staging *s, const vmh_hash32 *pre_execution_root)
{
    const vmh_block *block = s->block;
    vmh_hash32 root, diff_hash, transactions_hash;
    vmh_status status = receipts_root(s, &root);

    if (status != VMH_OK)
        return status;
    vmh_sha256_parts(s->diffs, block->diff->contract_count, &diff_hash);
    vmh_sha256(s->headers[TRANSACTIONS], &transactions_hash);
    vmh_results_block_header_encode(
        &(vmh_results_block_header){
            .protocol_version = VMH_BLOCK_PROTOCOL_VERSION,
            .virtual_chain_id = s->genesis->virtual_chain_id,
            .block_height = block->ref.height,
            .prev_block_hash_ptr = vmh_bytes_hash(&s->prev[RESULTS]),
            .timestamp = block->ref.timestamp,
            .receipts_merkle_root_hash = vmh_bytes_hash(&root),
            .state_diff_hash = vmh_bytes_hash(&diff_hash),
            .transactions_block_hash_ptr = vmh_bytes_hash(&transactions_hash),
            .pre_execution_state_merkle_root_hash = vmh_bytes_hash(pre_execution_root),
            .num_transaction_receipts = (uint32_t)block->receipt_count,
            .num_contract_state_diffs = (uint32_t)block->diff->contract_count,
            .block_proposer_address = vmh_block_ref_proposer(&block->ref),
            .reference_time = block->ref.reference_time,
        },
        &s->scratch);
    return take_scratch(s, &s->headers[RESULTS]);
}

static vmh_status stage_list(staging *s, vmh_height_record kind, const vmh_bytes *messages,
                             size_t count)
{
    vmh_record_key key = vmh_record_key_height(kind, s->block->ref.height);
    vmh_status status;

    vmh_message_list_encode(messages, count, &s->scratch);
    status = vmh_buffer_check(&s->scratch, s->why);
    if (status == VMH_OK)
        status = vmh_write_batch_put(s->batch, vmh_record_key_bytes(&key),
                                     vmh_buffer_bytes(&s->scratch), s->why);
    vmh_buffer_reset(&s->scratch);
    return status;
}

static vmh_status stage_block_hash(staging *s)
{
    vmh_hash32 hash;
    vmh_record_key key;
    uint8_t value[9] = {INDEX_FORM};

    vmh_block_hash(s->headers[TRANSACTIONS], s->headers[RESULTS], &hash);
    key = vmh_record_key_block_hash(&hash);
    vmh_put_u64_le(value + 1, s->block->ref.height);
    return vmh_write_batch_put(s->batch, vmh_record_key_bytes(&key),
                               vmh_bytes_of(value, sizeof value), s->why);
}

static vmh_status stage_receipt_id(staging *s, const vmh_hash32 *id, uint32_t index)
{
    static const vmh_hash32 none;
    vmh_record_key key = vmh_record_key_receipt(id, s->block->ref.height, index);
    uint8_t value = INDEX_FORM;

    /* Bytes that are no receipt read as one without ids; nobody can ask for it. */
    if (memcmp(id, &none, sizeof none) == 0)
        return VMH_OK;
    return vmh_write_batch_put(s->batch, vmh_record_key_bytes(&key), vmh_bytes_of(&value, 1),
                               s->why);
}

static vmh_status stage_receipt_ids(staging *s)
{
    for (size_t i = 0; i < s->block->receipt_count; i++) {
        vmh_receipt receipt;
        vmh_status status =
            vmh_receipt_decode(s->block->receipts[i], s->batch->arena, &receipt, s->why);

        if (status != VMH_OK)
            return vmh_fail_within(status, s->why, "receipts[%zu]", i + 1);
        status = stage_receipt_id(s, &receipt.txhash, (uint32_t)i);
        if (status == VMH_OK && s->genesis->rules->receipts_are_extended)
            status = stage_receipt_id(s, &receipt.message_id, (uint32_t)i);
        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

static vmh_status stage_records(staging *s)
{
    const vmh_block *block = s->block;
    vmh_status status = stage_list(s, VMH_RECORD_HEADERS, s->headers, HEADER_COUNT);

    if (status == VMH_OK)
        status = stage_list(s, VMH_RECORD_TRANSACTIONS, block->transactions,
                            block->transaction_count);
    if (status == VMH_OK)
        status = stage_list(s, VMH_RECORD_RECEIPTS, block->receipts, block->receipt_count);
    if (status == VMH_OK)
        status = stage_list(s, VMH_RECORD_DIFFS, s->diffs, block->diff->contract_count);
    if (status == VMH_OK)
        status = stage_block_hash(s);
    if (status == VMH_OK)
        status = stage_receipt_ids(s);
    return status;
}

/* Counts and lengths are 32 bits wide in the records and on the wire. */
static bool fits_u32(const vmh_bytes *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (messages[i].size > UINT32_MAX)
            return false;
    }
    return count <= UINT32_MAX;
}

vmh_status vmh_block_store_stage(vmh_store *store, const vmh_genesis *genesis,
                                 const vmh_block *block, const vmh_hash32 *pre_execution_root,
                                 vmh_write_batch *batch, vmh_failure *why)
{
    staging s = {.genesis = genesis, .block = block, .batch = batch, .why = why};
    vmh_status status;

    if (!fits_u32(block->transactions, block->transaction_count) ||
        !fits_u32(block->receipts, block->receipt_count))
        return vmh_fail(why, VMH_E_LIMIT, "block %" PRIu64 " is too large", block->ref.height);
    vmh_buffer_init(&s.scratch);
    status = find_prev(&s, store);
    if (status == VMH_OK)
        status = encode_diffs(&s);
    if (status == VMH_OK)
        status = make_transactions_header(&s);
    if (status == VMH_OK)
        status = make_results_header(&s, pre_execution_root);
    if (status == VMH_OK)
        status = stage_records(&s);
    vmh_buffer_clear(&s.scratch);
    return status;
}

vmh_status vmh_block_store_read(vmh_store *store, uint64_t height, vmh_arena *arena,
                                vmh_stored_block *out, vmh_failure *why)
{
    const vmh_bytes *headers;
    vmh_status status = read_headers(store, height, arena, &headers, why);

    *out = (vmh_stored_block){0};
    if (status != VMH_OK)
        return status;
    out->transactions_header = headers[TRANSACTIONS];
    out->results_header = headers[RESULTS];
    status = read_list(store, VMH_RECORD_TRANSACTIONS, height, arena, &out->transactions,
                       &out->transaction_count, why);
    if (status == VMH_OK)
        status = read_list(store, VMH_RECORD_RECEIPTS, height, arena, &out->receipts,
                           &out->receipt_count, why);
    if (status == VMH_OK)
        status = read_list(store, VMH_RECORD_DIFFS, height, arena, &out->diffs, &out->diff_count,
                           why);
    return status;
}

vmh_status vmh_block_store_read_diff(vmh_store *store, uint64_t height, vmh_arena *arena,
                                     vmh_state_diff *out, vmh_failure *why)
{
    const vmh_bytes *messages;
    vmh_contract_state_diff *contracts;
    size_t count;
    vmh_status status = read_list(store, VMH_RECORD_DIFFS, height, arena, &messages, &count, why);

    if (status != VMH_OK)
        return status;
    contracts = vmh_arena_alloc_array(arena, count + 1, sizeof *contracts);
    if (contracts == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; status == VMH_OK && i < count; i++)
        status = vmh_contract_state_diff_decode(messages[i], arena, &contracts[i], why);
    *out = (vmh_state_diff){contracts, count};
    return status;
}

vmh_status vmh_block_store_find_block(vmh_store *store, const vmh_hash32 *block_hash,
                                      uint64_t *height, vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_block_hash(block_hash);
    vmh_buffer value;
    bool found;
    vmh_status status;

    vmh_buffer_init(&value);
    status = store->get(store, vmh_record_key_bytes(&key), &value, &found, why);
    if (status != VMH_OK)
        goto done;
    if (!found)
        status = vmh_fail(why, VMH_E_NOT_FOUND, "no block has this hash");
    else if (value.size != 9 || value.data[0] != INDEX_FORM)
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "a record of a block hash does not decode");
    else
        *height = vmh_get_u64_le(value.data + 1);

done:
    vmh_buffer_clear(&value);
    return status;
}

vmh_status vmh_block_store_find_receipt(vmh_store *store, const vmh_hash32 *id, uint64_t *height,
                                        uint32_t *index, vmh_failure *why)
{
    vmh_record_key begin = vmh_record_key_receipt_id(id);
    vmh_store_cursor *cursor = NULL;
    vmh_status status = store->seek(store, vmh_record_key_bytes(&begin), &cursor, why);

    if (status != VMH_OK)
        return status;
    if (cursor->at_end || !vmh_bytes_begins(cursor->key, vmh_record_key_bytes(&begin))) {
        status = vmh_fail(why, VMH_E_NOT_FOUND, "no receipt has this id");
    } else if (cursor->key.size != begin.size + 12 || cursor->value.size != 1 ||
               cursor->value.data[0] != INDEX_FORM) {
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "a record of a receipt id does not decode");
    } else {
        *height = vmh_get_u64_be(cursor->key.data + begin.size);
        *index = vmh_get_u32_be(cursor->key.data + begin.size + 8);
    }
    cursor->free(cursor);
    return status;
}
