/*
 * The mailbox: messages that wait, in the order in which they are to run
 * (spec/joins.md 5). It keeps order and counts; it runs nothing.
 *
 *     stored  In_7 In_8 In_9      left by earlier sets        Head 7, Tail 10
 *     fresh   m1 m2 ...           of this set, behind them: those that other hosts
 *                                 sent, which join the stored ones, then what is sent
 *     out     Out_chain_n         for other hosts, until they tell that they took it
 *
 * Fresh messages reach the state only at the end of a set: one that was sent and
 * taken in one set leaves no record.
 */
#ifndef VMH_ASYNC_MAILBOX_H
#define VMH_ASYNC_MAILBOX_H

#include "ports/service_state.h"

/* While so many wait, calls are refused; answers and refunds never. */
enum { VMH_MAILBOX_CAPACITY = 100000, VMH_OUT_CAPACITY = 10000 };

/* A message as bytes, and its id where that is known. */
typedef struct vmh_mail {
    vmh_bytes message;
    bool has_id;
    vmh_hash32 id;
} vmh_mail;

typedef struct vmh_mailbox {
    vmh_service_state *state; /* keys of `_Mailbox` */
    vmh_arena *arena;         /* of the set */
    uint64_t head;            /* the first stored message that was not taken */
    uint64_t tail;            /* behind the last stored one */
    uint64_t first_head;      /* head as it was stored */
    vmh_mail *fresh;
    size_t fresh_count;
    size_t fresh_taken;
    size_t joined_count; /* so many of them are as good as stored */
    size_t fresh_capacity;
} vmh_mailbox;

/*
 * Reads where the stored queue begins and ends. Fails with VMH_E_STORE_CORRUPT
 * for records that no mailbox writes.
 */
vmh_status vmh_mailbox_open(vmh_mailbox *mailbox, vmh_service_state *state, vmh_arena *arena,
                            vmh_failure *why);

/* How many wait. */
uint64_t vmh_mailbox_count(const vmh_mailbox *mailbox);

/* Puts a message at the end; its bytes must live as long as the arena. */
vmh_status vmh_mailbox_add(vmh_mailbox *mailbox, const vmh_mail *mail, vmh_failure *why);

/* Makes all that was added so far as good as stored: it is from another host. */
void vmh_mailbox_join(vmh_mailbox *mailbox);

/* Takes the next stored message; `*found` is false when none is left. */
vmh_status vmh_mailbox_take_stored(vmh_mailbox *mailbox, vmh_mail *mail, bool *found,
                                   vmh_failure *why);

/* Takes the next message, stored ones first. */
vmh_status vmh_mailbox_take(vmh_mailbox *mailbox, vmh_mail *mail, bool *found, vmh_failure *why);

/* Writes the queue as it is: deletes what was taken, stores what is left. */
vmh_status vmh_mailbox_close(vmh_mailbox *mailbox, vmh_failure *why);

/*
 * The next sequence number of messages to a chain, counted up. In a run it is
 * given through the run's own state, so that it is undone with the call.
 */
vmh_status vmh_mailbox_next_sequence(vmh_service_state *state, uint32_t to_chain,
                                     vmh_arena *arena, uint64_t *sequence, vmh_failure *why);

/* How many messages to a chain were numbered. */
vmh_status vmh_mailbox_sent_before(vmh_service_state *state, uint32_t to_chain, vmh_arena *arena,
                                   uint64_t *sequence, vmh_failure *why);

/* ---- what leaves: state until its receiver tells that it took it (joins.md 10) ---- */

/* Out_, chain, sequence. */
typedef struct vmh_out_key {
    uint8_t bytes[16];
} vmh_out_key;

vmh_out_key vmh_out_key_of(uint32_t chain, uint64_t sequence);

/* How many messages to a chain are there, those of this run included. */
vmh_status vmh_out_count(vmh_service_state *state, uint32_t chain, vmh_arena *arena,
                         uint64_t *number, vmh_failure *why);

/* Counts one more. As the number of a message it is given when the call is issued. */
vmh_status vmh_out_add(vmh_service_state *state, uint32_t chain, vmh_arena *arena,
                       vmh_failure *why);

/* Deletes a record that is there. */
vmh_status vmh_out_delete(vmh_service_state *state, uint32_t chain, uint64_t sequence,
                          vmh_arena *arena, vmh_failure *why);

#endif
