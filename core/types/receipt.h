/*
 * Events and receipts (spec/host.md 2, spec/joins.md 6). Plain views.
 */
#ifndef VMH_TYPES_RECEIPT_H
#define VMH_TYPES_RECEIPT_H

#include "types/enums.h"

typedef struct vmh_event {
    vmh_bytes contract_name;
    vmh_bytes event_name;
    vmh_bytes arguments; /* packed */
    bool is_undone;      /* what emitted it was undone; receipts do not tell */
} vmh_event;

/* A LOG of bytecode; each topic has 32 bytes. */
typedef struct vmh_log {
    vmh_address address;
    vmh_bytes topics;
    vmh_bytes data;
} vmh_log;

typedef struct vmh_receipt {
    vmh_hash32 txhash;
    vmh_execution_result execution_result;
    vmh_bytes output_arguments; /* packed */
    vmh_bytes output_events;    /* packed */
    /* rule set vmhost-1 only */
    uint32_t code; /* vmh_outcome_code */
    uint64_t gas_used;
    vmh_hash32 message_id; /* request id of the run */
    vmh_hash32 root;       /* request id of the root transaction */
    vmh_bytes parent;      /* request id of the sending run; empty for a transaction */
    bool suspended;
    const vmh_log *logs;
    size_t log_count;
} vmh_receipt;

#endif
