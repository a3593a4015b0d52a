/*
 * What bytecode asks of the world around it. The interpreter reads through this
 * seam and writes nothing: what a run wrote, sent and logged is its outcome,
 * and whoever ran it applies that or drops it.
 *
 * Each function must be there. Views that are handed out live until the run
 * ends. `error` is NONE before the call; a function that refuses the contract
 * sets it, and the run fails with it. A status other than VMH_OK is a failure
 * of the host and ends everything.
 */
#ifndef VMH_VITE_ENVIRONMENT_H
#define VMH_VITE_ENVIRONMENT_H

#include "vite/block.h"
#include "vite/error.h"

/* Code without the type byte, empty for none, and a hash that no other code has. */
typedef struct vmh_vite_code {
    vmh_bytes bytes;
    vmh_hash32 hash;
} vmh_vite_code;

typedef struct vmh_vite_environment vmh_vite_environment;

struct vmh_vite_environment {
    /* The value of a slot before this run; 0 if absent. */
    vmh_status (*get_storage)(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_word *key, vmh_word *value, vmh_vite_error *error,
                              vmh_failure *why);
    /* The balance with the amount of the request credited. */
    vmh_status (*get_balance)(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_vite_token *token, vmh_word *balance, vmh_failure *why);
    vmh_status (*get_code)(vmh_vite_environment *environment, const vmh_vite_address *account,
                           vmh_vite_code *code, vmh_failure *why);
    /* What a request to `account` costs, in tenths; may refuse the target. */
    vmh_status (*get_quota_ratio)(vmh_vite_environment *environment,
                                  const vmh_vite_address *account, uint32_t *ratio,
                                  vmh_vite_error *error, vmh_failure *why);
    /* A request that was sent earlier, by its hash. */
    vmh_status (*find_request)(vmh_vite_environment *environment, const vmh_hash32 *hash,
                               vmh_vite_request *request, bool *found, vmh_failure *why);
    /* The encoded context stored for a request. */
    vmh_status (*find_context)(vmh_vite_environment *environment, const vmh_hash32 *request_hash,
                               vmh_bytes *context, bool *found, vmh_failure *why);
    /* The hash that request number `index` of this run will have. */
    vmh_status (*get_request_hash)(vmh_vite_environment *environment,
                                   const vmh_vite_request *request, size_t index,
                                   vmh_hash32 *hash, vmh_failure *why);
    vmh_status (*get_seed)(vmh_vite_environment *environment, uint64_t *seed, vmh_failure *why);
    /* Random number `index` (from 0) of this run. */
    vmh_status (*get_random)(vmh_vite_environment *environment, uint64_t index, uint64_t *number,
                             vmh_failure *why);
};

#endif
