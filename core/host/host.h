/*
 * The host: one virtual chain's VirtualMachine (spec/host.md 3 to 6). It runs
 * queries and transaction sets through processors and gives back receipts and a
 * state diff. It commits nothing: the caller hands the diff to state storage.
 *
 *     transactions -> execution context -> processor -> SDK calls -> transient state
 *                                                        batch of the set -> diff
 *
 * Everything that an answer points to lives in the arena that the caller passes.
 * Not thread-safe; pre-order checks start threads of their own and join them.
 */
#ifndef VMH_HOST_HOST_H
#define VMH_HOST_HOST_H

#include "base/arena.h"
#include "ports/committee.h"
#include "ports/connector.h"
#include "ports/processor.h"
#include "state/state_storage.h"
#include "types/receipt.h"
#include "types/transaction.h"

typedef struct vmh_host vmh_host;

typedef struct vmh_host_processor {
    uint32_t type; /* vmh_processor_type */
    vmh_processor *processor;
} vmh_host_processor;

/* Everything is borrowed and must outlive the host. */
typedef struct vmh_host_options {
    vmh_state_storage *storage;
    const vmh_host_processor *processors; /* without NATIVE, the host makes its own */
    size_t processor_count;
    vmh_connector *connector;        /* NULL: Ethereum calls are SDK errors */
    vmh_committee_source *committee; /* NULL: committee calls are SDK errors */
    vmh_trace *trace;                /* NULL: nobody watches */
    size_t verify_threads;           /* for signatures; 0: one per processor core */
} vmh_host_options;

/*
 * Opens a host: hands its SDK handler to each processor once, and in a new
 * chain applies the genesis (services, then issues) and commits height 0.
 *
 * Fails with VMH_E_GENESIS (a service or an issue failed; its text), VMH_E_INPUT
 * (two processors of one type, an unknown native contract), and as storage does.
 */
vmh_status vmh_host_open(const vmh_host_options *options, vmh_host **out, vmh_failure *why);
void vmh_host_close(vmh_host *host); /* NULL is fine */

vmh_state_storage *vmh_host_storage(const vmh_host *host);

/* The one handler of SDK calls, as each processor gets it. */
vmh_sdk_handler *vmh_host_sdk_handler(vmh_host *host);

/* The processor of a type, or NULL. */
vmh_processor *vmh_host_find_processor(const vmh_host *host, uint32_t type);

/* The NATIVE processor that the host made itself, or NULL where one was given. */
vmh_processor *vmh_host_own_native(const vmh_host *host);

/*
 * Processor type and first part of the code of a service, at the last committed height; type 0
 * where nothing is deployed. Fails as storage does.
 */
vmh_status vmh_host_deployed_code(vmh_host *host, vmh_bytes name, vmh_arena *arena,
                                  uint32_t *processor_type, vmh_bytes *code, vmh_failure *why);

/* Whether the LUA processor is the host's own, so that its contracts are in Lua. */
bool vmh_host_runs_lua(const vmh_host *host);

/* One call of the chain that led to a failure, outermost first. */
typedef struct vmh_call_site {
    vmh_bytes contract_name;
    vmh_bytes method_name;
    uint32_t line; /* of its source, where it failed or called the next one; 0: unknown */
} vmh_call_site;

/* An execution within a run that asynchronous calls brought about, or that made some. */
typedef struct vmh_inline_execution {
    vmh_execution_kind kind;
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_hash32 id;       /* request id of the run, or the child id of async.md 3 */
    vmh_hash32 parent;   /* id of the context that it belongs to; zeros: of none */
    vmh_hash32 answered; /* of a callback: the call that it answers */
    uint64_t gas_given;
    uint64_t gas_used;
    uint32_t code;
    vmh_bytes error; /* of a failure */
    vmh_bytes detail; /* that its text leaves out; may be empty */
    uint32_t line;   /* of its source, where it failed; 0: unknown */
} vmh_inline_execution;

/* What the host knows of a run beside its receipt; not hashed (joins.md 6). */
typedef struct vmh_run_record {
    vmh_bytes error; /* empty after SUCCESS */
    vmh_bytes detail; /* names and values that a fixed text leaves out; may be empty */
    const vmh_call_site *calls; /* where the failure began */
    size_t call_count;
    bool is_refused;            /* an answer that nobody waits for: no code ran */
    const vmh_inline_execution *executions; /* in the order in which they began */
    size_t execution_count;
    const vmh_bytes *messages; /* that it sent, encoded, in order */
    size_t message_count;
    const bool *undone_events; /* of each event of the receipt: what emitted it was undone */
    size_t event_count;
    uint64_t gas_refunded; /* came back to the root of its calls when that was complete */
    vmh_bytes contract_name; /* whose method ran, or was to */
    vmh_bytes method_name;
    vmh_bytes message; /* that was run, encoded; empty: it was a transaction */
    bool is_resumed;         /* it went on with a run that waited for an answer: */
    vmh_hash32 first_run_id; /* the request id of that run's beginning */
} vmh_run_record;

/* A run as the host remembers it, see vmh_host_runs_of. */
typedef struct vmh_logged_run {
    const struct vmh_logged_run *next; /* of the same root; NULL: the last one */
    uint64_t height;
    vmh_hash32 id;     /* request id */
    vmh_hash32 txhash; /* of a message: its id */
    vmh_bytes parent;  /* id of the run or execution that sent it; empty: a transaction */
    vmh_execution_result execution_result;
    uint32_t code;
    uint64_t gas_used;
    bool suspended;
    vmh_run_record record; /* without where a failure began, and without events */
} vmh_logged_run;

typedef struct vmh_query_result {
    vmh_execution_result execution_result;
    uint32_t code;
    vmh_bytes output_arguments; /* packed */
    vmh_bytes output_events;    /* packed */
    vmh_run_record record;
    uint64_t reference_height;
    uint64_t reference_timestamp;
} vmh_query_result;

/*
 * ProcessQuery on the last committed height, or on a kept one when
 * `requested_height` is not 0. `signed_query` is a SignedQuery message; its
 * signature is not looked at. A query that fails is VMH_OK with its result.
 *
 * Fails with VMH_E_MALFORMED and as storage and processors do.
 */
vmh_status vmh_host_process_query(vmh_host *host, uint64_t requested_height,
                                  vmh_bytes signed_query, vmh_arena *arena,
                                  vmh_query_result *out, vmh_failure *why);

/*
 * A record of a peer's `_Mailbox`, proved: under the pre-execution root of a results block
 * header, whose hash his host key signed.
 */
typedef struct vmh_peer_record {
    vmh_bytes header;
    vmh_bytes signature;
    vmh_bytes value; /* a Message, or what the peer has taken of ours */
    vmh_bytes proof;
} vmh_peer_record;

typedef struct vmh_transaction_set {
    vmh_block_ref block; /* the block that is being built */
    const vmh_bytes *signed_transactions;
    size_t count;
    /* Those who step through a chain may run fewer messages than the genesis lets them. */
    bool limits_messages;
    uint64_t message_limit;
    /* Encoded messages that run first, as if another host had proved them: for tests. */
    const vmh_bytes *unproved_messages;
    size_t unproved_count;
    const vmh_peer_record *incoming; /* messages of other hosts (spec/joins.md 10) */
    size_t incoming_count;
    const vmh_peer_record *acknowledgements;
    size_t acknowledgement_count;
} vmh_transaction_set;

/* A record that did not prove itself; it has no effect. */
typedef struct vmh_refused_record {
    bool is_acknowledgement;
    size_t index;
    const char *reason;
} vmh_refused_record;

/* What came of one transaction or message. */
typedef struct vmh_run_report {
    vmh_receipt receipt;
    vmh_bytes message; /* the receipt, encoded */
    vmh_run_record record;
} vmh_run_report;

typedef struct vmh_transaction_set_result {
    const vmh_run_report **reports; /* of the transactions, then of the messages */
    vmh_bytes *receipts;            /* their encoded receipts */
    size_t report_count;
    vmh_state_diff diff;
    vmh_refused_record *refused;
    size_t refused_count;
} vmh_transaction_set_result;

/*
 * ProcessTransactionSet: takes what other hosts bring, runs the messages that wait,
 * all transactions in order, and what they send, reading the state of block.height - 1. A transaction that fails has its receipt and the set goes
 * on; a failure of the host ends the set without receipts.
 *
 * Fails with VMH_E_MALFORMED (names the transaction), VMH_E_INPUT (a height that
 * does not follow the last committed one), and as storage and processors do.
 */
vmh_status vmh_host_process_transaction_set(vmh_host *host, const vmh_transaction_set *set,
                                            vmh_arena *arena, vmh_transaction_set_result *out,
                                            vmh_failure *why);

/*
 * The runs of a root transaction (its request id) and of all that came of it here, in order, as
 * far as this host object has run them itself: of the newest roots that sent messages or made
 * asynchronous calls. NULL: none are known. They live until the next set is processed.
 */
const vmh_logged_run *vmh_host_runs_of(const vmh_host *host, const vmh_hash32 *root);

/*
 * TransactionSetPreOrder: one status per transaction; `*failed` is the index of
 * the first that is not VALID, or SIZE_MAX; `*refusal` the text of
 * _GlobalPreOrder where it refused the set, else empty.
 */
vmh_status vmh_host_pre_order(vmh_host *host, const vmh_transaction_set *set, vmh_arena *arena,
                              vmh_transaction_status *statuses, size_t *failed,
                              vmh_bytes *refusal, vmh_failure *why);

typedef struct vmh_system_call {
    vmh_block_ref block; /* Env shows it; the proposer is not used */
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_bytes input_arguments; /* packed */
} vmh_system_call;

/* CallSystemContract: read-only, on the native processor, without a signer. */
vmh_status vmh_host_call_system_contract(vmh_host *host, const vmh_system_call *call,
                                         vmh_arena *arena, vmh_process_call_output *out,
                                         vmh_failure *why);

/*
 * Makes every running call end at its next SDK call with VMH_E_INTERRUPTED.
 * May be called from a signal handler.
 */
void vmh_host_interrupt(void);

/* Forgets an interrupt that no call has met. */
void vmh_host_clear_interrupt(void);

#endif
