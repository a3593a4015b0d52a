#include "async/mailbox.h"

static const vmh_bytes head_key = {(const uint8_t *)"Head", 4};
static const vmh_bytes tail_key = {(const uint8_t *)"Tail", 4};

/* A u64 value; an absent key is 0. */
static vmh_status read_number(vmh_service_state *state, vmh_bytes key, vmh_arena *arena,
                              uint64_t *number, vmh_failure *why)
{
    vmh_bytes value;
    vmh_status status = state->read(state, key, arena, &value, why);

    if (status != VMH_OK)
        return status;
    if (value.size != 0 && value.size != 8)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "mailbox: a counter of %zu bytes", value.size);
    *number = value.size == 0 ? 0 : vmh_get_u64_le(value.data);
    return VMH_OK;
}

static vmh_status write_number(vmh_service_state *state, vmh_bytes key, uint64_t number,
                               vmh_failure *why)
{
    uint8_t value[8];

    vmh_put_u64_le(value, number);
    return state->write(state, key, vmh_bytes_of(value, sizeof value), why);
}

/* In_ and the number, big-endian, so that a walk over the keys is the queue. */
typedef struct stored_key {
    uint8_t bytes[11];
} stored_key;

static stored_key key_of(uint64_t number)
{
    stored_key key = {"In_"};

    vmh_put_u64_be(key.bytes + 3, number);
    return key;
}

static vmh_bytes key_bytes(const stored_key *key)
{
    return vmh_bytes_of(key->bytes, sizeof key->bytes);
}

vmh_status vmh_mailbox_open(vmh_mailbox *mailbox, vmh_service_state *state, vmh_arena *arena,
                            vmh_failure *why)
{
    vmh_status status;

    *mailbox = (vmh_mailbox){.state = state, .arena = arena};
    status = read_number(state, head_key, arena, &mailbox->head, why);
    if (status == VMH_OK)
        status = read_number(state, tail_key, arena, &mailbox->tail, why);
    if (status != VMH_OK)
        return status;
    if (mailbox->head > mailbox->tail)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "mailbox: head %llu is behind tail %llu",
                        (unsigned long long)mailbox->head, (unsigned long long)mailbox->tail);
    mailbox->first_head = mailbox->head;
    return VMH_OK;
}

uint64_t vmh_mailbox_count(const vmh_mailbox *mailbox)
{
    return mailbox->tail - mailbox->head + (mailbox->fresh_count - mailbox->fresh_taken);
}

vmh_status vmh_mailbox_add(vmh_mailbox *mailbox, const vmh_mail *mail, vmh_failure *why)
{
    vmh_mail *fresh = vmh_arena_grow(mailbox->arena, mailbox->fresh, &mailbox->fresh_capacity,
                                     mailbox->fresh_count + 1, sizeof *fresh);

    if (fresh == NULL)
        return vmh_fail_memory(why);
    mailbox->fresh = fresh;
    fresh[mailbox->fresh_count++] = *mail;
    return VMH_OK;
}

void vmh_mailbox_join(vmh_mailbox *mailbox)
{
    mailbox->joined_count = mailbox->fresh_count;
}

/* The next of the first `limit` fresh messages. */
static void take_fresh(vmh_mailbox *mailbox, size_t limit, vmh_mail *mail, bool *found)
{
    *found = mailbox->fresh_taken < limit;
    if (*found)
        *mail = mailbox->fresh[mailbox->fresh_taken++];
}

vmh_status vmh_mailbox_take_stored(vmh_mailbox *mailbox, vmh_mail *mail, bool *found,
                                   vmh_failure *why)
{
    stored_key key = key_of(mailbox->head);
    vmh_status status;

    *found = mailbox->head < mailbox->tail;
    if (!*found) {
        take_fresh(mailbox, mailbox->joined_count, mail, found);
        return VMH_OK;
    }
    mail->has_id = false;
    status = mailbox->state->read(mailbox->state, key_bytes(&key), mailbox->arena, &mail->message,
                                  why);
    if (status != VMH_OK)
        return status;
    if (mail->message.size == 0)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "mailbox: message %llu is missing",
                        (unsigned long long)mailbox->head);
    mailbox->head++;
    return VMH_OK;
}

vmh_status vmh_mailbox_take(vmh_mailbox *mailbox, vmh_mail *mail, bool *found, vmh_failure *why)
{
    vmh_status status = vmh_mailbox_take_stored(mailbox, mail, found, why);

    if (status == VMH_OK && !*found)
        take_fresh(mailbox, mailbox->fresh_count, mail, found);
    return status;
}

static vmh_status delete_taken(vmh_mailbox *mailbox, vmh_failure *why)
{
    for (uint64_t number = mailbox->first_head; number < mailbox->head; number++) {
        stored_key key = key_of(number);
        vmh_status status =
            mailbox->state->write(mailbox->state, key_bytes(&key), (vmh_bytes){0}, why);

        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

static vmh_status store_fresh(vmh_mailbox *mailbox, vmh_failure *why)
{
    while (mailbox->fresh_taken < mailbox->fresh_count) {
        stored_key key = key_of(mailbox->tail);
        vmh_status status = mailbox->state->write(mailbox->state, key_bytes(&key),
                                                  mailbox->fresh[mailbox->fresh_taken].message,
                                                  why);

        if (status != VMH_OK)
            return status;
        mailbox->fresh_taken++;
        mailbox->tail++;
    }
    return VMH_OK;
}

vmh_status vmh_mailbox_close(vmh_mailbox *mailbox, vmh_failure *why)
{
    uint64_t stored_tail = mailbox->tail;
    vmh_status status = delete_taken(mailbox, why);

    if (status == VMH_OK)
        status = store_fresh(mailbox, why);
    if (status == VMH_OK && mailbox->head != mailbox->first_head)
        status = write_number(mailbox->state, head_key, mailbox->head, why);
    if (status == VMH_OK && mailbox->tail != stored_tail)
        status = write_number(mailbox->state, tail_key, mailbox->tail, why);
    return status;
}

/* A number kept per chain: a name of five bytes, then the chain. */
typedef struct chain_key {
    uint8_t bytes[9];
} chain_key;

static chain_key key_of_chain(const char name[5], uint32_t chain)
{
    chain_key key;

    memcpy(key.bytes, name, 5);
    vmh_put_u32_be(key.bytes + 5, chain);
    return key;
}

/* Adds to the number, which is given as it was before; 0 is no key. */
static vmh_status count(vmh_service_state *state, const chain_key *key, uint64_t change,
                        vmh_arena *arena, uint64_t *before, vmh_failure *why)
{
    vmh_bytes bytes = vmh_bytes_of(key->bytes, sizeof key->bytes);
    vmh_status status = read_number(state, bytes, arena, before, why);

    if (status != VMH_OK)
        return status;
    if (*before + change == 0)
        return state->write(state, bytes, (vmh_bytes){0}, why);
    return write_number(state, bytes, *before + change, why);
}

vmh_status vmh_mailbox_next_sequence(vmh_service_state *state, uint32_t to_chain,
                                     vmh_arena *arena, uint64_t *sequence, vmh_failure *why)
{
    chain_key key = key_of_chain("Next_", to_chain);

    return count(state, &key, 1, arena, sequence, why);
}

vmh_status vmh_mailbox_sent_before(vmh_service_state *state, uint32_t to_chain, vmh_arena *arena,
                                   uint64_t *sequence, vmh_failure *why)
{
    chain_key key = key_of_chain("Next_", to_chain);

    return read_number(state, vmh_bytes_of(key.bytes, sizeof key.bytes), arena, sequence, why);
}

/* ---- what leaves ---- */

vmh_out_key vmh_out_key_of(uint32_t chain, uint64_t sequence)
{
    vmh_out_key key = {"Out_"};

    vmh_put_u32_be(key.bytes + 4, chain);
    vmh_put_u64_be(key.bytes + 8, sequence);
    return key;
}

vmh_status vmh_out_count(vmh_service_state *state, uint32_t chain, vmh_arena *arena,
                         uint64_t *number, vmh_failure *why)
{
    chain_key key = key_of_chain("Open_", chain);

    return read_number(state, vmh_bytes_of(key.bytes, sizeof key.bytes), arena, number, why);
}

vmh_status vmh_out_add(vmh_service_state *state, uint32_t chain, vmh_arena *arena,
                       vmh_failure *why)
{
    chain_key key = key_of_chain("Open_", chain);
    uint64_t before;

    return count(state, &key, 1, arena, &before, why);
}

vmh_status vmh_out_delete(vmh_service_state *state, uint32_t chain, uint64_t sequence,
                          vmh_arena *arena, vmh_failure *why)
{
    vmh_out_key record = vmh_out_key_of(chain, sequence);
    chain_key key = key_of_chain("Open_", chain);
    uint64_t before;
    vmh_status status = state->write(state, vmh_bytes_of(record.bytes, sizeof record.bytes),
                                     (vmh_bytes){0}, why);

    return status == VMH_OK ? count(state, &key, UINT64_MAX, arena, &before, why) : status;
}
