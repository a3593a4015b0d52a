/*
 * One transaction set while it is processed: the batch, the mailbox, the
 * receipts so far; and the one way in which a transaction or a message runs.
 */
#ifndef VMH_HOST_SET_RUN_H
#define VMH_HOST_SET_RUN_H

#include "async/mailbox.h"
#include "host/run_call.h"
#include "host/target.h"
typedef struct vmh_set_run {
    vmh_service_state mailbox_state; /* first: the mailbox reads and writes the batch */
    vmh_host *host;
    const vmh_transaction_set *set;
    vmh_arena *arena;    /* of the caller: receipts and diff */
    vmh_arena run_arena; /* of one run, used again by the next */
    vmh_transient_state batch;
    vmh_mailbox mailbox;
    vmh_buffer scratch;
    vmh_run_report *transactions;
    vmh_run_report **messages; /* in the order in which they ran */
    size_t message_count;
    size_t message_capacity;
    uint64_t message_gas_used;
} vmh_set_run;

/* One run: who asks, what for, with which gas. */
typedef struct vmh_run_plan {
    vmh_hash32 txhash; /* of the receipt */
    vmh_hash32 run_id; /* its message_id */
    vmh_bytes parent;
    vmh_bytes message; /* encoded; it lives as long as the set */
    const vmh_transaction *transaction; /* NULL: a message */
    uint32_t to_chain; /* of a message: for whom it was; ours, or one that nobody knows */
    vmh_request request; /* what the run answers to; of a resumed run its first run's */
    vmh_call_request call;
    uint64_t gas_limit;
    uint16_t language; /* of a resumed run */
    vmh_bytes refusal;        /* why it fails before any code runs; empty: it runs */
    uint32_t refusal_code;
    vmh_bytes explained;      /* of a resumed run: the text that it may fail with, */
    vmh_bytes detail;         /* and whose answer that is */
    vmh_word returned_amount; /* what goes back with a failure */
    bool is_refused_amount;   /* it was not counted as taken from its peer */
    vmh_bytes token;
} vmh_run_plan;

/*
 * Runs a plan, merges what it did or what its failure leaves, sends what it and
 * the host have to send, and fills in the report.
 */
vmh_status vmh_set_run_execute(vmh_set_run *run, const vmh_run_plan *plan, vmh_run_report *report,
                               vmh_failure *why);

/*
 * Runs one message out of the mailbox (process_message.c). `is_checked` false: it is not looked
 * at from whom an answer to an asynchronous call comes.
 */
vmh_status vmh_process_message(vmh_set_run *run, const vmh_mail *mail, bool is_checked,
                               vmh_failure *why);

/* What was sent with the call that an answer belongs to. */
typedef struct vmh_answered_call {
    vmh_bytes token;
    vmh_word amount;
    uint64_t gas;
} vmh_answered_call;

/* Takes an answer of a peer down to what its call carried. */
void vmh_bound_answer(const vmh_answered_call *call, vmh_message *message);

/* Reads a key of the set: the batch, then storage; the value lives in the set's arena. */
vmh_status vmh_set_run_read(vmh_set_run *run, vmh_bytes service, vmh_bytes key, vmh_bytes *value,
                            vmh_failure *why);

/* ---- for the two files that make runs ---- */

/* Begins a context for a plan; run_arena is emptied. */
void vmh_set_run_begin(vmh_set_run *run, const vmh_run_plan *plan,
                       vmh_execution_context *context);

/* Copies a finished run into its report. `found` false: no contract was reached. */
vmh_status vmh_set_run_report(vmh_set_run *run, const vmh_run_plan *plan,
                              const vmh_execution_context *context, bool found,
                              const vmh_process_call_output *output, vmh_run_report *report,
                              vmh_failure *why);

#endif
