/*
 * An async call: what a contract registers, what waits until its callee and its
 * callback are finished, and what becomes of it (spec/async.md 2.3).
 *
 *     registered -> started or sent -> answered -> its callback ended -> finished
 *       pending        pending         resolved or rejected
 *
 * Of a call that the body itself waits for, the outcome is kept instead, until those of all
 * calls that it waits for are there; it has no callback, is remote and in no group.
 *
 * A call has its id from the moment it is started or sent. A call is always named
 * by that id; the index says only where its record lies.
 */
#ifndef VMH_ASYNC_ASYNC_CALL_H
#define VMH_ASYNC_ASYNC_CALL_H

#include "base/arena.h"
#include "base/word.h"

typedef enum vmh_async_status {
    VMH_ASYNC_PENDING = 0,
    VMH_ASYNC_RESOLVED = 1, /* the callee ended with code 0 */
    VMH_ASYNC_REJECTED = 2
} vmh_async_status;

/* Numbers of spec/async.md 2.5; 1 to 3 are of built-in functions, which there are none of. */
typedef enum vmh_async_mode {
    VMH_ASYNC_LOCAL = 0, /* runs in the same transaction */
    VMH_ASYNC_REMOTE = 4 /* a message */
} vmh_async_mode;

/*
 * How an execution ended. `values` are opaque: a packed argument array, or raw
 * output where a raw call is answered. `values_size` is what they would take in a
 * call data string behind the result code: for each value 1, and 2 for each of
 * its bytes (vmh_call_data_value_size). Of a failure there is the message only.
 */
typedef struct vmh_async_outcome {
    uint32_t code; /* vmh_outcome_code */
    vmh_bytes message;
    bool has_values; /* false: the body returned nothing, what was set stays */
    vmh_bytes values;
    uint64_t values_size;
    uint64_t gas; /* left */
} vmh_async_outcome;

/* Why something was refused; text NULL: it was not. All are of spec/async.md 11. */
typedef struct vmh_async_refusal {
    const char *text;
    uint32_t code;
} vmh_async_refusal;

/* Gas that did not reach. */
typedef struct vmh_gas_lack {
    uint64_t needs;
    uint64_t has;
} vmh_gas_lack;

/* What a contract says of a call, and what the host knows about it. */
typedef struct vmh_async_draft {
    bool is_read_only;        /* the access scope, or the method, is */
    bool callbacks_are_valid; /* each that is named is a function that may be a callback */
    vmh_async_mode mode;      /* local: the target is deployed here */
    bool is_kept;             /* its outcome waits, with those of others, for the body to go on */
    vmh_bytes group;          /* empty: the default group, whose identifier is empty */
    uint32_t to_chain;
    vmh_bytes to_service;
    vmh_bytes method;
    vmh_bytes input; /* opaque */
    vmh_bytes token;
    vmh_word amount;
    bool has_gas; /* false: a share of what the body leaves */
    uint64_t gas;
    uint64_t lock; /* beside the minimum lock; only where a callback is named */
    vmh_bytes on_success; /* empty: none */
    vmh_bytes on_error;
    vmh_bytes closure;
} vmh_async_draft;

typedef struct vmh_async_call vmh_async_call;

struct vmh_async_call {
    uint32_t index;     /* of its record, in order of registration, from 1 */
    bool has_id;        /* started or sent */
    vmh_hash32 id;      /* CallID */
    vmh_async_status status;
    vmh_async_mode mode;
    uint32_t to_chain;
    vmh_bytes to_service;
    vmh_bytes method;
    uint64_t gas_limit; /* for the callee */
    uint64_t gas_locked; /* for the callback; stays here */
    vmh_bytes token;
    vmh_word amount;
    vmh_bytes on_success;
    vmh_bytes on_error;
    vmh_bytes closure;
    uint32_t group_index; /* record of its group; 0: a group without callback has none */

    /* While it is in memory: */
    vmh_bytes input;
    bool has_gas;
    bool has_bad_data; /* legacy: fails the caller when it is to be started */
    bool is_finished;
    struct vmh_call_group *group;
    vmh_async_call *next; /* in its group */
};

static inline bool vmh_async_call_is_local(const vmh_async_call *call)
{
    return call->mode == VMH_ASYNC_LOCAL;
}

/* The callback of its outcome; a pending call gives that of errors. May be empty. */
static inline vmh_bytes vmh_async_call_callback(const vmh_async_call *call)
{
    return call->status == VMH_ASYNC_RESOLVED ? call->on_success : call->on_error;
}

/* "pending", "resolved", "rejected". */
const char *vmh_async_status_name(vmh_async_status status);

#endif
