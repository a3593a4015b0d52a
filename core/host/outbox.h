/*
 * What a run sends: messages issued while it runs, which leave only when its
 * outermost method has ended well (spec/joins.md 4, 7). A message has its
 * sequence number, and so its id, from the moment it is issued; its gas is given
 * at the end, when what is left is divided.
 */
#ifndef VMH_HOST_OUTBOX_H
#define VMH_HOST_OUTBOX_H

#include "host/execution_context.h"
#include "host/target.h"

enum { VMH_MESSAGES_PER_RUN = 256, VMH_GAS_PER_MESSAGE_BYTE = 28, VMH_AWAIT_LOCK_MAX = 1000000 };

/* What the sender says of a message; the host fills in the rest. */
typedef struct vmh_message_draft {
    vmh_message_kind kind;
    vmh_bytes target; /* see target.h */
    /* Of kind 11, whose bytes are paid for already, and which names whom it is for and from: */
    vmh_target to;
    vmh_bytes from_service;
    vmh_bytes method; /* empty: `input` is raw call data */
    vmh_bytes input;
    vmh_bytes token;
    vmh_word amount;
    uint64_t spent;    /* of its gas by the method that sends it, which it pays when it is over */
    uint64_t gas;      /* VMH_GAS_SHARE: not given */
    uint64_t lock;     /* of a suspended run; likewise */
    uint16_t language; /* of a suspended run */
    vmh_bytes stored;  /* what it goes on from */
    vmh_bytes answered_id;
    vmh_bytes context_id;
} vmh_message_draft;

/* Why a message was not issued; text NULL: it was. */
typedef struct vmh_issue_refusal {
    const char *text;
    uint32_t code;
} vmh_issue_refusal;

/* How the gas of an execution is divided at its end. */
typedef struct vmh_gas_division {
    uint64_t gas;  /* that it has left */
    bool answers;  /* a part of it goes with its answer */
    bool divides;  /* false: no gas goes with what has none of its own */
    uint64_t left; /* of it then: the answer's part; without an answer, what was not given */
    vmh_gas_lack lack; /* where it does not reach */
} vmh_gas_division;

/*
 * Issues a call of kind 2, 8 or 11, pays for its bytes, and gives its id. The amount of a kind
 * 11 leaves its sender now. Copies what the draft names.
 */
vmh_status vmh_outbox_issue(vmh_execution_context *context, const vmh_message_draft *draft,
                            vmh_hash32 *id, vmh_issue_refusal *refusal, vmh_failure *why);

/*
 * A run that waits for calls of kind 11. Its record is written when the others are settled, and
 * undone as if it were one of them.
 */
typedef struct vmh_waiting_draft {
    const vmh_hash32 *context_id;
    uint32_t first_call; /* index there */
    uint16_t language;
    vmh_bytes stored;    /* what it goes on from; paid for */
    uint64_t lock;       /* off the gas already; VMH_GAS_SHARE: a share of what is divided */
} vmh_waiting_draft;

vmh_status vmh_outbox_wait(vmh_execution_context *context, const vmh_waiting_draft *draft,
                           vmh_failure *why);

/* The lock of the run that waits in this context, where it is off the gas already. */
uint64_t vmh_outbox_lock_taken(const vmh_execution_context *context,
                               const vmh_hash32 *context_id);

/*
 * The id that a call of kind 2 would have if `ahead` other messages were issued
 * before it; issues nothing.
 */
vmh_status vmh_outbox_identify(vmh_execution_context *context, const vmh_message_draft *draft,
                               uint32_t ahead, vmh_hash32 *id, vmh_failure *why);

/*
 * After a good outermost method, or one that has gas of its own: gives the messages from `first`
 * on the gas that was given for them, and divides what is left over the others, and the answer if
 * one is owed; takes the amounts from their senders; keeps suspended runs. A refusal says that
 * gas or the balance of an account did not reach: then the run has failed.
 */
vmh_status vmh_outbox_settle(vmh_execution_context *context, size_t first,
                             vmh_gas_division *division, vmh_issue_refusal *refusal,
                             vmh_failure *why);

/*
 * Lets the settled messages go, in order: into the mailbox, or where they are for a
 * peer, into the state, for him to fetch. Those for nobody's chain are in the mailbox.
 * From now on nothing undoes them.
 */
vmh_status vmh_outbox_send(vmh_execution_context *context, vmh_failure *why);

/*
 * Sends one message of the host itself, an answer or a refund, in the same way; both
 * chains are given. `counts`: its amount is counted as sent to the peer.
 */
vmh_status vmh_outbox_send_own(vmh_execution_context *context, vmh_message *message, bool counts,
                               vmh_failure *why);

#endif
