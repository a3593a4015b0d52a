/*
 * Execution context: one running transaction, query or system call
 * (spec/host.md 3): who calls, what block it sees, its service stack, its
 * transient state, its events.
 *
 *     stack    [ Token, _Deployments, Counter ]     top: the current service
 *     transient state -> batch (transactions only) -> storage at read_height
 */
#ifndef VMH_HOST_EXECUTION_CONTEXT_H
#define VMH_HOST_EXECUTION_CONTEXT_H

#include "async/async_engine.h"
#include "async/mailbox.h"
#include "async/suspended_run.h"
#include "host/host.h"
#include "host/transient_state.h"

enum { VMH_SERVICE_STACK_SIZE = 64 };

/* What a run has done so far, to go back to. */
typedef struct vmh_run_mark {
    vmh_checkpoint state;
    size_t outbox_count;
    size_t issued_count;
    size_t log_count;
    size_t event_count;
} vmh_run_mark;

/* A method that is over before its processor says so (async.md 11, 12). */
typedef enum vmh_frame_end {
    VMH_FRAME_GOES_ON = 0,
    VMH_FRAME_REFUSED, /* it has failed; who called it may catch that */
    VMH_FRAME_STOPPED, /* it has ended well, at a legacy call */
} vmh_frame_end;

typedef struct vmh_frame {
    vmh_bytes service;
    vmh_bytes method;
    bool caller_is_given; /* a call on behalf of somebody else */
    bool caller_is_client;
    vmh_address caller;
    vmh_bytes token; /* call value; empty token: none */
    vmh_word amount;
    uint32_t processor_type; /* of the code that runs; set when it is pushed */
    uint32_t line;           /* of its source, where its newest call stands; 0: unknown */
    vmh_execution_kind kind;
    vmh_frame_end end;
    uint64_t number;   /* among the calls of the method beneath */
    uint64_t children; /* calls of its own, so far */
    /* Once it has an async context, see async_run.h: */
    size_t level;      /* of that in the engine, from 1; 0: it has none */
    size_t execution;  /* its place in the record, from 1 */
    uint64_t gas_given;
    vmh_bytes group;   /* of the callback of a group */
    vmh_async_refusal refusal; /* REFUSED: why */
    const vmh_run_mark *mark;  /* before it began; NULL: who called it keeps one, if anybody */
} vmh_frame;

/* Gas that a sender does not give, but leaves to the division at the end of its run. */
#define VMH_GAS_SHARE UINT64_MAX

/* A message that was issued and has not left. */
typedef struct vmh_outgoing {
    vmh_message message;
    vmh_hash32 id;
    uint64_t gas;      /* for the call, as given; VMH_GAS_SHARE: of what is divided at the end */
    uint64_t lock;     /* of a suspended run, for what goes on; likewise */
    uint16_t language; /* of a suspended run */
    vmh_bytes stored;  /* what it goes on from */
    bool is_settled;   /* its gas is given, its amount has left the sender */
    uint32_t first_call; /* not 0: no message, but a run that waits for calls from this index on;
                            `id` is that of its async context */
    bool lock_is_taken;  /* of such a run: its lock is off the gas already */
} vmh_outgoing;

typedef struct vmh_execution_context vmh_execution_context;

/* What the answer of a run has beside its outcome. */
typedef struct vmh_answer_terms {
    uint32_t from_chain; /* for whom the call was: ours, or a chain that nobody knows */
    vmh_bytes token;     /* and amount: what goes back with a failure */
    vmh_word amount;
    bool is_refused_amount; /* it was not counted as taken from its peer */
} vmh_answer_terms;

struct vmh_execution_context {
    vmh_hash32 id;
    vmh_execution_context *outer; /* the context that was running when this one began */
    vmh_host *host;
    vmh_arena *arena;
    uint64_t read_height; /* storage is read at this height */
    vmh_block_ref block;  /* what Env shows */
    vmh_access_scope access_scope;
    const vmh_transaction *transaction; /* or query; NULL for a system call */
    vmh_frame stack[VMH_SERVICE_STACK_SIZE];
    size_t depth;
    vmh_transient_state transient;
    vmh_transient_state *batch; /* NULL: nothing is merged */
    vmh_event *events;
    size_t event_count;
    size_t event_capacity;
    vmh_log *logs; /* of bytecode */
    size_t log_count;
    size_t log_capacity;
    uint64_t limited_event_count; /* those that count for the limit */
    uint64_t gas_left;

    /* Messages: what this run answers to, and what it sends. */
    vmh_mailbox *mailbox; /* NULL: nothing can be sent */
    bool has_request;
    vmh_request request;
    vmh_hash32 run_id; /* request id of this run itself */
    vmh_outgoing *outbox;
    size_t outbox_count;
    size_t outbox_capacity;
    size_t issued_count;
    bool suspended;
    size_t base_depth; /* stack beneath the outermost method: of this run, or of a callee or
                          callback of asynchronous calls that runs within it */
    vmh_bytes *sent;   /* messages that left, encoded; they live as long as the mailbox */
    size_t sent_count;
    size_t sent_capacity;

    /* Asynchronous calls: see async_run.h. */
    bool has_engine;
    vmh_async_engine engine;
    bool waits_for_settle; /* the outermost execution is good so far */
    vmh_async_closed closed; /* how the newest execution left the engine */
    const char *refused;   /* an answer that nobody waits for: why */
    vmh_inline_execution *executions;
    size_t execution_count;
    size_t execution_capacity;
    uint64_t gas_refunded;
    const vmh_process_call_output *output; /* of the outermost method, once it has failed */
    const vmh_message *answer; /* of kind 12, whose run this is */
    vmh_process_call_output *answer_output; /* gets that of the callback of an answer */
    uint64_t answer_gas_used;
    vmh_async_goes_on goes_on; /* by that answer; count 0: nothing does */
    vmh_answer_terms terms;

    /* The execution is over, whatever the contract does with it. */
    bool aborted;
    vmh_bytes abort_text;
    uint32_t abort_code;
    vmh_status host_status; /* the first failure of the host, VMH_OK if none */
    vmh_failure host_failure;

    vmh_call_site waits_at; /* where the run suspended: what it sends may fail it yet */

    /* What is known of the text of a failure that is to come; see explain. */
    vmh_bytes explained;
    vmh_bytes detail;

    /* Where the newest failure began. */
    vmh_run_record record;
    size_t record_depth;
};

typedef struct vmh_context_setup {
    uint64_t read_height;
    vmh_block_ref block;
    vmh_access_scope access_scope;
    const vmh_transaction *transaction;
    vmh_transient_state *batch;
    vmh_mailbox *mailbox;
    const vmh_request *request; /* NULL: a query or a call of the host itself */
    vmh_hash32 run_id;
    uint64_t gas_limit;
    vmh_answer_terms terms;
} vmh_context_setup;

/* Begins a context and makes it known to SDK calls. `context` and arena are the caller's. */
void vmh_execution_context_begin(vmh_execution_context *context, vmh_host *host,
                                 const vmh_context_setup *setup, vmh_arena *arena);

/* Ends it: from now on its id is unknown. */
void vmh_execution_context_end(vmh_execution_context *context);

/*
 * A mark, and going back to it: state, messages and logs are as they were; events stay, marked
 * as undone (joins.md 6).
 */
vmh_run_mark vmh_execution_context_mark(const vmh_execution_context *context);
void vmh_execution_context_undo(vmh_execution_context *context, const vmh_run_mark *mark);

/* Reads a key: transaction, then batch, then storage; what storage answers is kept. */
vmh_status vmh_execution_context_read(vmh_execution_context *context, vmh_bytes service,
                                      vmh_bytes key, vmh_bytes *value, vmh_failure *why);

/* The running context of that id, or NULL. */
vmh_execution_context *vmh_execution_context_find(vmh_host *host, vmh_bytes id);

/*
 * Pushes a service; false when the stack is full. A pop always follows a push,
 * also after a failure.
 */
bool vmh_service_stack_push(vmh_execution_context *context, const vmh_frame *frame);
void vmh_service_stack_pop(vmh_execution_context *context);
const vmh_frame *vmh_service_stack_top(const vmh_execution_context *context);

/* Marks the execution as over; the first mark stays. */
void vmh_execution_context_abort(vmh_execution_context *context, vmh_bytes text, uint32_t code);

/* Keeps a failure of the host, which ends the set past everything that catches. */
vmh_status vmh_execution_context_fail(vmh_execution_context *context, vmh_status status,
                                      const vmh_failure *why);

/*
 * Texts that a document fixes name nothing. What they are about is kept beside the receipt: the
 * next failure with the text `error`, which is static or lives as long as the context, is noted
 * with it.
 */
vmh_status vmh_execution_context_explain(vmh_execution_context *context, vmh_bytes error,
                                         vmh_failure *why, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of "not enough gas". */
vmh_status vmh_execution_context_explain_gas(vmh_execution_context *context,
                                             const vmh_gas_lack *lack, vmh_failure *why);

/*
 * Notes where a failed call began, unless it is the same failure on its way up. `line` is
 * that of the innermost service; 0: unknown.
 */
vmh_status vmh_execution_context_note(vmh_execution_context *context, vmh_bytes error,
                                      uint32_t line, vmh_failure *why);

#endif
