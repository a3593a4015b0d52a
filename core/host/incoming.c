#include "host/incoming.h"

#include "async/taken.h"
#include "codec/block_codec.h"
#include "codec/message_codec.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "host/host_state.h"
#include "state/trie_proof.h"

static const vmh_bytes mailbox_name = {(const uint8_t *)"_Mailbox", 8};

enum { PEER_KEY_SIZE = 9, PEER_RECORD_SIZE = 40, PAGE = 256 };

/* What is known of one peer while a set takes what he brings. */
typedef struct peer_state {
    bool is_read;
    bool has_seen; /* a header of him */
    bool is_newer; /* than the one that is kept */
    bool has_taken;
    uint64_t height;
    vmh_hash32 header_hash;
    vmh_taken taken;
} peer_state;

/* A header that proved itself. */
typedef struct proved_header {
    vmh_bytes bytes;
    vmh_bytes signature;
    vmh_results_block_header fields;
    vmh_hash32 hash;
    const vmh_genesis_peer *peer;
} proved_header;

typedef struct intake {
    vmh_set_run *run;
    const vmh_genesis *genesis;
    peer_state *peers; /* as in the genesis */
    proved_header header; /* the newest one; its neighbours often have the same */
    size_t accepted_count;
    vmh_transaction_set_result *out;
    vmh_failure *why;
} intake;

/* Refusals are data; a status is a failure of the host. */
typedef const char *refusal;

/* ---- the records of peers ---- */

static void put_peer_key(uint32_t chain, uint8_t key[PEER_KEY_SIZE])
{
    memcpy(key, "Peer_", 5);
    vmh_put_u32_be(key + 5, chain);
}

static vmh_status fail_record(intake *in, uint32_t chain)
{
    return vmh_fail(in->why, VMH_E_STORE_CORRUPT, "mailbox: a record of peer %u does not decode",
                    chain);
}

static vmh_status read_peer(intake *in, const vmh_genesis_peer *peer, peer_state *state)
{
    vmh_taken_key taken_key = vmh_taken_key_of(peer->virtual_chain_id);
    uint8_t key[PEER_KEY_SIZE];
    vmh_bytes record, taken;
    vmh_status status;

    put_peer_key(peer->virtual_chain_id, key);
    status = vmh_set_run_read(in->run, mailbox_name, vmh_bytes_of(key, sizeof key), &record,
                              in->why);
    if (status == VMH_OK)
        status = vmh_set_run_read(in->run, mailbox_name,
                                  vmh_bytes_of(taken_key.bytes, sizeof taken_key.bytes), &taken,
                                  in->why);
    if (status == VMH_OK)
        status = vmh_taken_decode(taken, in->run->arena, &state->taken, in->why);
    if (status == VMH_E_MALFORMED ||
        (status == VMH_OK && record.size != 0 && record.size != PEER_RECORD_SIZE))
        return fail_record(in, peer->virtual_chain_id);
    if (status != VMH_OK)
        return status;
    state->is_read = true;
    state->has_seen = record.size == PEER_RECORD_SIZE;
    if (state->has_seen) {
        state->height = vmh_get_u64_le(record.data);
        memcpy(state->header_hash.bytes, record.data + 8, 32);
    }
    return VMH_OK;
}

static vmh_status find_state(intake *in, const vmh_genesis_peer *peer, peer_state **state)
{
    *state = &in->peers[peer - in->genesis->peers];
    return (*state)->is_read ? VMH_OK : read_peer(in, peer, *state);
}

static vmh_status write_peer(intake *in, const vmh_genesis_peer *peer, const peer_state *state)
{
    uint8_t key[PEER_KEY_SIZE], record[PEER_RECORD_SIZE];

    put_peer_key(peer->virtual_chain_id, key);
    vmh_put_u64_le(record, state->height);
    memcpy(record + 8, state->header_hash.bytes, 32);
    return vmh_transient_state_write(&in->run->batch, mailbox_name, vmh_bytes_of(key, sizeof key),
                                     vmh_bytes_of(record, sizeof record), in->why);
}

static vmh_status write_taken(intake *in, const vmh_genesis_peer *peer, const peer_state *state)
{
    vmh_taken_key key = vmh_taken_key_of(peer->virtual_chain_id);
    vmh_status status;

    vmh_buffer_reset(&in->run->scratch);
    vmh_taken_encode(&state->taken, &in->run->scratch);
    status = vmh_buffer_check(&in->run->scratch, in->why);
    if (status != VMH_OK)
        return status;
    return vmh_transient_state_write(&in->run->batch, mailbox_name,
                                     vmh_bytes_of(key.bytes, sizeof key.bytes),
                                     vmh_buffer_bytes(&in->run->scratch), in->why);
}

static vmh_status write_peers(intake *in)
{
    vmh_status status = VMH_OK;

    for (size_t i = 0; status == VMH_OK && i < in->genesis->peer_count; i++) {
        if (in->peers[i].is_newer)
            status = write_peer(in, &in->genesis->peers[i], &in->peers[i]);
        if (status == VMH_OK && in->peers[i].has_taken)
            status = write_taken(in, &in->genesis->peers[i], &in->peers[i]);
    }
    return status;
}

/* ---- headers ---- */

static vmh_status decode_header(intake *in, vmh_bytes bytes, vmh_results_block_header *out,
                                refusal *no)
{
    vmh_status status;

    vmh_results_block_header_decode(bytes, out);
    vmh_buffer_reset(&in->run->scratch);
    vmh_results_block_header_encode(out, &in->run->scratch);
    status = vmh_buffer_check(&in->run->scratch, in->why);
    if (status != VMH_OK)
        return status;
    if (!vmh_bytes_equal(bytes, vmh_buffer_bytes(&in->run->scratch)) ||
        out->pre_execution_state_merkle_root_hash.size != sizeof(vmh_hash32))
        *no = VMH_REFUSAL_HEADER;
    else if (out->protocol_version != VMH_BLOCK_PROTOCOL_VERSION)
        *no = VMH_REFUSAL_PROTOCOL;
    return VMH_OK;
}

/* Makes in->header the header of this record. */
static vmh_status take_header(intake *in, const vmh_peer_record *record, refusal *no)
{
    proved_header header = {.bytes = record->header, .signature = record->signature};
    bool valid;
    vmh_status status;

    if (in->header.peer != NULL && vmh_bytes_equal(in->header.bytes, record->header) &&
        vmh_bytes_equal(in->header.signature, record->signature))
        return VMH_OK;
    status = decode_header(in, record->header, &header.fields, no);
    if (status != VMH_OK || *no != NULL)
        return status;
    header.peer = vmh_find_peer(in->genesis, header.fields.virtual_chain_id);
    if (header.peer == NULL) {
        *no = VMH_REFUSAL_CHAIN;
        return VMH_OK;
    }
    vmh_sha256(record->header, &header.hash);
    status = vmh_ed25519_verify(vmh_bytes_hash(&header.peer->host_key),
                                vmh_bytes_hash(&header.hash), record->signature, &valid, in->why);
    if (status == VMH_OK && !valid)
        *no = VMH_REFUSAL_SIGNATURE;
    if (status == VMH_OK && valid)
        in->header = header;
    return status;
}

/*
 * Heights only grow; of one height there is one header. How far a peer goes ahead is his affair:
 * blocks that show us nothing do not reach us, and who signs a height that he has not reached is
 * not heard again below it.
 */
static refusal check_height(const proved_header *header, const peer_state *state)
{
    if (!state->has_seen || header->fields.block_height > state->height)
        return NULL;
    if (header->fields.block_height < state->height)
        return VMH_REFUSAL_OLD_HEIGHT;
    return memcmp(&header->hash, &state->header_hash, sizeof header->hash) == 0
               ? NULL
               : VMH_REFUSAL_OTHER_HEADER;
}

static void keep_header(const proved_header *header, peer_state *state)
{
    state->is_newer = state->is_newer || !state->has_seen ||
                      header->fields.block_height > state->height;
    state->has_seen = true;
    state->height = header->fields.block_height;
    state->header_hash = header->hash;
}

static vmh_status check_proof(intake *in, vmh_bytes key, const vmh_peer_record *record,
                              refusal *no)
{
    vmh_hash32 root;
    bool proven = false;
    vmh_status status;

    memcpy(root.bytes, in->header.fields.pre_execution_state_merkle_root_hash.data, 32);
    status = vmh_trie_proof_verify(&root, in->run->host->rules, mailbox_name, key, record->value,
                                   record->proof, &proven, in->why);
    if (status == VMH_E_MALFORMED || status == VMH_E_PROOF)
        status = VMH_OK;
    if (status == VMH_OK && !proven)
        *no = VMH_REFUSAL_PROOF;
    return status;
}

/* The header of a record and the state of its peer; or why it is none. */
static vmh_status begin_record(intake *in, const vmh_peer_record *record, peer_state **state,
                               refusal *no)
{
    vmh_status status = take_header(in, record, no);

    if (status == VMH_OK && *no == NULL)
        status = find_state(in, in->header.peer, state);
    if (status == VMH_OK && *no == NULL)
        *no = check_height(&in->header, *state);
    return status;
}

/* ---- messages ---- */

static vmh_status decode_message(intake *in, vmh_bytes bytes, vmh_message *out, refusal *no)
{
    vmh_status status;

    if (bytes.size > VMH_INCOMING_MESSAGE_MAX) {
        *no = VMH_REFUSAL_TOO_LONG;
        return VMH_OK;
    }
    status = vmh_message_decode(bytes, true, out, in->why);
    if (status != VMH_E_MALFORMED)
        return status;
    *no = VMH_REFUSAL_MESSAGE;
    return VMH_OK;
}

static bool is_call(const vmh_message *message)
{
    return message->kind == VMH_MESSAGE_CALL || message->kind == VMH_MESSAGE_SYNC_CALL ||
           message->kind == VMH_MESSAGE_ASYNC_CALL;
}

static refusal check_message(const intake *in, const vmh_message *message,
                             const peer_state *state)
{
    if (message->from_chain != in->header.fields.virtual_chain_id)
        return VMH_REFUSAL_FROM_CHAIN;
    if (message->to_chain != in->genesis->virtual_chain_id)
        return VMH_REFUSAL_TO_CHAIN;
    if (vmh_taken_has(&state->taken, message->sequence))
        return VMH_REFUSAL_SEQUENCE;
    if (vmh_taken_is_beyond(&state->taken, message->sequence))
        return VMH_REFUSAL_BEYOND;
    if (in->accepted_count == VMH_INCOMING_PER_SET)
        return VMH_REFUSAL_COUNT;
    if (is_call(message) && vmh_mailbox_count(&in->run->mailbox) >= VMH_MAILBOX_CAPACITY)
        return VMH_REFUSAL_FULL;
    return vmh_find_field_fault(message, in->genesis->limits.transaction_gas);
}

static vmh_status check_incoming(intake *in, const vmh_peer_record *record, vmh_message *message,
                                 peer_state **state, refusal *no)
{
    vmh_out_key key;
    vmh_status status = begin_record(in, record, state, no);

    if (status == VMH_OK && *no == NULL)
        status = decode_message(in, record->value, message, no);
    if (status == VMH_OK && *no == NULL)
        *no = check_message(in, message, *state);
    if (status != VMH_OK || *no != NULL)
        return status;
    key = vmh_out_key_of(in->genesis->virtual_chain_id, message->sequence);
    return check_proof(in, vmh_bytes_of(key.bytes, sizeof key.bytes), record, no);
}

static vmh_status take_message(intake *in, const vmh_peer_record *record, refusal *no)
{
    peer_state *state;
    vmh_message message;
    vmh_status status = check_incoming(in, record, &message, &state, no);

    if (status != VMH_OK || *no != NULL)
        return status;
    status = vmh_taken_add(&state->taken, message.sequence, in->run->arena, in->why);
    if (status != VMH_OK)
        return status;
    state->has_taken = true;
    keep_header(&in->header, state);
    in->accepted_count++;
    return vmh_mailbox_add(&in->run->mailbox, &(vmh_mail){.message = record->value}, in->why);
}

/* ---- acknowledgements ---- */

typedef struct out_page {
    uint64_t sequences[PAGE];
    size_t count;
} out_page;

static vmh_status visit_out(void *self, vmh_bytes key, vmh_bytes value, vmh_failure *why)
{
    out_page *page = self;

    (void)value;
    (void)why;
    if (key.size == sizeof(vmh_out_key))
        page->sequences[page->count++] = vmh_get_u64_be(key.data + 8);
    return VMH_OK;
}

/* Deletes the record unless an acknowledgement of this set has. */
static vmh_status delete_out(intake *in, uint32_t chain, uint64_t sequence)
{
    vmh_out_key key = vmh_out_key_of(chain, sequence);
    vmh_bytes record;
    vmh_status status = vmh_set_run_read(in->run, mailbox_name,
                                         vmh_bytes_of(key.bytes, sizeof key.bytes), &record,
                                         in->why);

    if (status != VMH_OK || record.size == 0)
        return status;
    return vmh_out_delete(&in->run->mailbox_state, chain, sequence, in->run->arena, in->why);
}

/* Walks the records of what was sent to a peer, page by page, and deletes what he took. */
static vmh_status delete_taken(intake *in, uint32_t chain, const vmh_taken *taken)
{
    uint64_t next = 0, end = vmh_taken_end(taken);
    vmh_out_key prefix = vmh_out_key_of(chain, 0);
    out_page page = {.count = PAGE};

    while (page.count == PAGE && next < end) {
        vmh_out_key from = vmh_out_key_of(chain, next);
        vmh_status status;

        page.count = 0;
        status = vmh_state_storage_each_key(
            in->run->host->storage, in->run->set->block.height - 1, mailbox_name,
            vmh_bytes_of(prefix.bytes, 8), vmh_bytes_of(from.bytes, sizeof from.bytes), PAGE,
            visit_out, &page, in->why);
        for (size_t i = 0; status == VMH_OK && i < page.count; i++) {
            if (vmh_taken_has(taken, page.sequences[i]))
                status = delete_out(in, chain, page.sequences[i]);
        }
        if (status != VMH_OK)
            return status;
        if (page.count != 0)
            next = page.sequences[page.count - 1] + 1;
    }
    return VMH_OK;
}

static vmh_status decode_taken(intake *in, uint32_t chain, vmh_bytes bytes, vmh_taken *out,
                               refusal *no)
{
    uint64_t sent;
    vmh_status status = vmh_taken_decode(bytes, in->run->arena, out, in->why);

    if (status == VMH_E_MALFORMED) {
        *no = VMH_REFUSAL_TAKEN;
        return VMH_OK;
    }
    if (status == VMH_OK)
        status = vmh_mailbox_sent_before(&in->run->mailbox_state, chain, in->run->arena, &sent,
                                         in->why);
    if (status == VMH_OK &&
        (out->base > sent || (out->count != 0 && out->above[out->count - 1] >= sent)))
        *no = VMH_REFUSAL_NOT_SENT;
    return status;
}

static vmh_status take_acknowledgement(intake *in, const vmh_peer_record *record, refusal *no)
{
    vmh_taken_key key = vmh_taken_key_of(in->genesis->virtual_chain_id);
    peer_state *state;
    vmh_taken taken;
    vmh_status status = begin_record(in, record, &state, no);

    if (status == VMH_OK && *no == NULL)
        status = check_proof(in, vmh_bytes_of(key.bytes, sizeof key.bytes), record, no);
    if (status == VMH_OK && *no == NULL)
        status = decode_taken(in, in->header.fields.virtual_chain_id, record->value, &taken, no);
    if (status != VMH_OK || *no != NULL)
        return status;
    keep_header(&in->header, state);
    return delete_taken(in, in->header.fields.virtual_chain_id, &taken);
}

/* ---- the lists of a set ---- */

typedef vmh_status (*take_record)(intake *in, const vmh_peer_record *record, refusal *no);

static vmh_status take_all(intake *in, const vmh_peer_record *records, size_t count,
                           bool is_acknowledgement, take_record take)
{
    for (size_t i = 0; i < count; i++) {
        refusal no = NULL;
        vmh_status status = take(in, &records[i], &no);

        if (status != VMH_OK)
            return vmh_fail_within(status, in->why, "%s %zu of block %llu",
                                   is_acknowledgement ? "acknowledgement" : "incoming message",
                                   i + 1, (unsigned long long)in->run->set->block.height);
        if (no != NULL)
            in->out->refused[in->out->refused_count++] =
                (vmh_refused_record){is_acknowledgement, i, no};
    }
    return VMH_OK;
}

vmh_status vmh_take_incoming(vmh_set_run *run, vmh_transaction_set_result *out, vmh_failure *why)
{
    const vmh_transaction_set *set = run->set;
    size_t count = set->incoming_count + set->acknowledgement_count;
    intake in = {.run = run, .genesis = run->host->genesis, .out = out, .why = why};
    vmh_status status;

    if (count == 0)
        return VMH_OK;
    in.peers = vmh_arena_alloc_array(run->arena, in.genesis->peer_count, sizeof *in.peers);
    out->refused = vmh_arena_alloc_array(run->arena, count, sizeof *out->refused);
    if (in.peers == NULL || out->refused == NULL)
        return vmh_fail_memory(why);
    status = take_all(&in, set->incoming, set->incoming_count, false, take_message);
    if (status == VMH_OK)
        status = take_all(&in, set->acknowledgements, set->acknowledgement_count, true,
                          take_acknowledgement);
    if (status == VMH_OK)
        status = write_peers(&in);
    if (status == VMH_OK)
        vmh_mailbox_join(&run->mailbox);
    return status;
}
