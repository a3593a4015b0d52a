/*
 * Requests and responses of accounts (spec/vite-vm.md 3.4, 4.4, 5): what a
 * request of a user must pass, and what the account that receives one does with
 * it. All state is the ledger's.
 *
 *     request --send--> [ on its way ] --respond--> response block
 *                                                   + requests that it triggers
 */
#ifndef VMH_VITE_ACCOUNT_CHAIN_H
#define VMH_VITE_ACCOUNT_CHAIN_H

#include "vite/interpreter.h"

/* A contract as the request of its creation made it known. */
typedef struct vmh_vite_contract {
    bool is_known;
    bool has_code;
    uint32_t quota_ratio; /* tenths */
    uint32_t latency;     /* snapshots that a response waits for */
    uint32_t random_degree;
} vmh_vite_contract;

typedef struct vmh_vite_ledger vmh_vite_ledger;

/* What the environment lets be read, here it is also written. All take effect at once. */
struct vmh_vite_ledger {
    vmh_vite_environment environment;
    vmh_status (*get_contract)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                               vmh_vite_contract *contract, vmh_failure *why);
    vmh_status (*put_contract)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                               const vmh_vite_contract *contract, vmh_failure *why);
    /* With the type byte in front. */
    vmh_status (*put_code)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                           vmh_bytes code, vmh_failure *why);
    vmh_status (*put_storage)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                              const vmh_word *key, const vmh_word *value, vmh_failure *why);
    vmh_status (*put_context)(vmh_vite_ledger *ledger, const vmh_hash32 *request_hash,
                              vmh_bytes context, vmh_failure *why);
    vmh_status (*add_balance)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                              const vmh_vite_token *token, const vmh_word *amount,
                              vmh_failure *why);
    /* False in `is_enough`, changing nothing, where the account has less. */
    vmh_status (*subtract_balance)(vmh_vite_ledger *ledger, const vmh_vite_address *account,
                                   const vmh_vite_token *token, const vmh_word *amount,
                                   bool *is_enough, vmh_failure *why);
};

/* Requests of this depth and above are refused; those of users have depth 0. */
enum { VMH_VITE_DEPTH_LIMIT = 512 };

typedef struct vmh_vite_send_input {
    const vmh_vite_revision *revision;
    const vmh_vite_request *request; /* of kind 1 or 2; `to` and `hash` are set by sending */
    vmh_vite_place place;            /* in the chain of the sender */
    uint64_t budget;
} vmh_vite_send_input;

typedef struct vmh_vite_sent {
    vmh_vite_error error;     /* not NONE: nothing was sent */
    uint64_t quota_used;
    vmh_vite_request request; /* with its hash, and the address that a creation gives */
} vmh_vite_sent;

/* Sends a request of a user: checks it, takes amount and fee. */
vmh_status vmh_vite_send(vmh_vite_ledger *ledger, const vmh_vite_send_input *input,
                         vmh_vite_sent *sent, vmh_failure *why);

typedef struct vmh_vite_respond_input {
    const vmh_vite_revision *revision;
    const vmh_vite_rules *rules;
    const vmh_vite_request *request;
    uint32_t depth;
    uint64_t budget;
    uint64_t height;         /* of the snapshot block */
    uint64_t time;           /* of the snapshot block, seconds */
    vmh_vite_place previous; /* height and hash of the account's last block, or zero */
    uint64_t memory_limit;   /* see vmh_vite_run_input */
    bool has_unconfirmed;    /* blocks of the account that no snapshot confirms yet */
} vmh_vite_respond_input;

/* Last byte of a response's data. */
typedef enum vmh_vite_response_status {
    VMH_VITE_RESPONSE_OK = 0,
    VMH_VITE_RESPONSE_FAILED = 1,
    VMH_VITE_RESPONSE_DEPTH = 2,
} vmh_vite_response_status;

/* A refund each of amount and fee, and an answer. */
enum { VMH_VITE_FAILURE_REQUESTS = 3 };

/* Views live until the next run of the machine. */
typedef struct vmh_vite_response {
    bool is_block;         /* false: it is tried again later, or is no request to answer */
    bool is_retry;
    uint32_t kind;
    vmh_vite_response_status status;
    vmh_vite_error error;
    vmh_bytes output;
    uint64_t quota_used;   /* as the block records it */
    uint64_t quota_spent;  /* as it was taken, creations included */
    const vmh_vite_triggered *triggered;
    size_t triggered_count;
    const vmh_vite_log *logs;
    size_t log_count;
    vmh_hash32 receipt_hash;
    uint8_t data[33];      /* receipt hash and status */
    vmh_hash32 hash;
    vmh_vite_triggered failure_requests[VMH_VITE_FAILURE_REQUESTS];
} vmh_vite_response;

/*
 * Answers a request: credits, runs code, sends what that triggers, or undoes it
 * and gives the amount back. A failure leaves the ledger half changed.
 */
vmh_status vmh_vite_respond(vmh_vite_machine *machine, vmh_vite_ledger *ledger,
                            const vmh_vite_respond_input *input, vmh_vite_response *response,
                            vmh_failure *why);

#endif
