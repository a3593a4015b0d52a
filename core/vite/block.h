/*
 * Requests and blocks of the Vite chain, and what they are hashed from
 * (spec/vite-vm.md 5.1, 6.3 to 6.5).
 */
#ifndef VMH_VITE_BLOCK_H
#define VMH_VITE_BLOCK_H

#include "base/buffer.h"
#include "vite/account.h"

/* name, number, name in texts */
#define VMH_VITE_KIND_LIST(X)                             \
    X(SEND_CREATE, 1, "SendCreate")                       \
    X(SEND_CALL, 2, "SendCall")                           \
    X(SEND_REWARD, 3, "SendReward")                       \
    X(RECEIVE, 4, "Receive")                              \
    X(RECEIVE_ERROR, 5, "ReceiveError")                   \
    X(SEND_REFUND, 6, "SendRefund")                       \
    X(GENESIS_RECEIVE, 7, "GenesisReceive")               \
    X(SEND_SYNC_CALL, 8, "SendSyncCall")                  \
    X(SEND_CALLBACK, 9, "SendCallback")                   \
    X(SEND_FAILURE_CALLBACK, 10, "SendFailureCallback")

typedef enum vmh_vite_kind {
#define VMH_VITE_KIND_ENUM(name, number, text) VMH_VITE_KIND_##name = number,
    VMH_VITE_KIND_LIST(VMH_VITE_KIND_ENUM)
#undef VMH_VITE_KIND_ENUM
} vmh_vite_kind;

/* NULL for a number that is none. */
const char *vmh_vite_kind_name(uint32_t kind);

static inline bool vmh_vite_kind_is_answer(uint32_t kind)
{
    return kind == VMH_VITE_KIND_SEND_CALLBACK || kind == VMH_VITE_KIND_SEND_FAILURE_CALLBACK;
}

/* A send block: value, token and data travel from one account to another. */
typedef struct vmh_vite_request {
    uint32_t kind;
    vmh_vite_address from;
    vmh_vite_address to;
    vmh_vite_token token;
    vmh_word amount;
    vmh_word fee;
    vmh_bytes data;
    vmh_hash32 hash;
} vmh_vite_request;

/* A request that a run triggers. */
typedef struct vmh_vite_triggered {
    vmh_vite_request request; /* its hash is set by whoever sends it */
    bool has_context;
    vmh_bytes context;        /* encoded; the older form has it in the data */
    uint32_t callback_id;     /* of a synchronous call, as the two counts */
    size_t stack_count;
    size_t memory_size;       /* bytes, trailing zeros included */
} vmh_vite_triggered;

/* Place of a block in the chain of its account; both zero for a triggered request. */
typedef struct vmh_vite_place {
    uint64_t height;
    vmh_hash32 previous_hash;
} vmh_vite_place;

typedef struct vmh_vite_log {
    size_t topic_count; /* at most 4 */
    vmh_word topics[4];
    vmh_bytes data;
} vmh_vite_log;

/* The hash of a request of a user; `nonce` is 8 bytes. */
void vmh_vite_request_hash(const vmh_vite_request *request, const vmh_vite_place *place,
                           const uint8_t nonce[8], vmh_hash32 *out);

/* The same where only the hash of the data is known. */
void vmh_vite_request_hash_of_data_hash(const vmh_vite_request *request,
                                        const vmh_vite_place *place, const uint8_t nonce[8],
                                        const vmh_hash32 *data_hash, vmh_hash32 *out);

/* The hash of request number `index` of those that the response at `host` triggers. */
void vmh_vite_triggered_hash(const vmh_vite_request *request, const vmh_vite_place *host,
                             uint8_t index, vmh_hash32 *out);

/*
 * The hash over topics and data of all logs, in order; with `account` also over
 * that address and the previous hash of its chain (from fork 1). `scratch` is
 * overwritten; fails with VMH_E_NO_MEMORY alone.
 */
vmh_status vmh_vite_logs_hash(const vmh_vite_log *logs, size_t count,
                              const vmh_vite_address *account, const vmh_hash32 *previous_hash,
                              vmh_buffer *scratch, vmh_hash32 *out, vmh_failure *why);

/* What a response block is hashed from. */
typedef struct vmh_vite_response_block {
    uint32_t kind;
    vmh_vite_place place;
    vmh_vite_address account;
    vmh_hash32 request_hash;
    vmh_bytes data;
    const vmh_hash32 *log_hash; /* NULL: no logs */
    const vmh_vite_triggered *triggered;
    size_t triggered_count;
} vmh_vite_response_block;

/* `scratch` is overwritten; fails with VMH_E_NO_MEMORY alone. */
vmh_status vmh_vite_response_hash(const vmh_vite_response_block *block, vmh_buffer *scratch,
                                  vmh_hash32 *out, vmh_failure *why);

#endif
