/*
 * An async context: the bookkeeping of one execution (spec/async.md 2.1): the
 * calls it registered, and what it owes to whoever started it.
 *
 *     root transaction   direct   owes nothing
 *     message            direct   kind 8: an answer of kind 9 or 10
 *                        async    kind 11: an answer of kind 12
 *     in the same run    sync, async, callback, group: its parent context
 *
 * It is complete when no child is open and no group is left. Until then it is
 * kept in the state of its service (async_store.h).
 */
#ifndef VMH_ASYNC_ASYNC_CONTEXT_H
#define VMH_ASYNC_ASYNC_CONTEXT_H

#include "async/call_group.h"
#include "async/suspended_run.h"

typedef enum vmh_async_kind {
    VMH_ASYNC_DIRECT = 0,
    VMH_ASYNC_SYNC = 1,
    VMH_ASYNC_CALLEE = 2,
    VMH_ASYNC_CALLBACK = 3,
    VMH_ASYNC_GROUP_CALLBACK = 4
} vmh_async_kind;

/* A list of values that an execution owes; the memory is used again. */
typedef struct vmh_async_values {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t text_size; /* values_size of an outcome */
} vmh_async_values;

/* Where the engine stands with a context. */
typedef enum vmh_async_phase {
    VMH_ASYNC_PHASE_BODY = 0, /* its code runs */
    VMH_ASYNC_PHASE_LOCAL,    /* local calls are started, one by one */
    VMH_ASYNC_PHASE_OUTCOME,  /* a call has its outcome */
    VMH_ASYNC_PHASE_FINISH,   /* a call is finished */
    VMH_ASYNC_PHASE_GROUP,    /* its group may be */
    VMH_ASYNC_PHASE_SEND,     /* remote calls are sent */
    VMH_ASYNC_PHASE_SETTLE,   /* the host settles the run */
    VMH_ASYNC_PHASE_SAVE,
    VMH_ASYNC_PHASE_CLOSE,
    /* of a context that was loaded */
    VMH_ASYNC_PHASE_LOAD,
    VMH_ASYNC_PHASE_LOAD_VALUES,
    VMH_ASYNC_PHASE_LOAD_CALL,
    VMH_ASYNC_PHASE_LOAD_GROUP,
    VMH_ASYNC_PHASE_DECIDE,
    VMH_ASYNC_PHASE_DELETE,
    VMH_ASYNC_PHASE_NOTIFY,
    VMH_ASYNC_PHASE_UNDO
} vmh_async_phase;

typedef struct vmh_async_context {
    /* ---- saved ---- */
    vmh_async_kind kind;
    vmh_bytes method;    /* whose execution it is */
    vmh_request request; /* what it answers to: a message, or as if one had come */
    bool has_parent;     /* false: the outermost of its run */
    vmh_bytes parent_service;
    vmh_hash32 parent_id;
    uint32_t parent_index; /* of the call or group it belongs to; 0: a sync child */
    vmh_hash32 parent_call_id; /* of that call */
    uint64_t open_count;   /* callsCounter */
    uint64_t child_count;  /* totalCallsCounter */
    uint32_t record_count; /* indices given to calls and groups */
    uint64_t gas_accumulated;
    bool is_suspended; /* its method waits for an answer */
    bool has_result;   /* its execution is over, and an answer is owed later */
    uint32_t result_code;
    vmh_bytes result_message;
    uint64_t result_gas;
    vmh_async_values values; /* returnData; a record of its own */

    /* ---- not saved ---- */
    vmh_bytes service; /* its address */
    bool has_id;
    vmh_hash32 id;
    uint64_t number; /* among the children of the context beneath, until it has an id */
    bool ids_are_used; /* an id of a child is known outside */
    bool is_init;
    uint32_t nesting;  /* callees and callbacks on the stack, this one included */
    vmh_bytes arguments;
    vmh_call_groups groups;
    bool has_legacy;
    size_t unlimited_count; /* calls without a gas limit */
    vmh_async_refusal refusal; /* the first refused registration */
    vmh_async_phase phase;
    uint64_t gas;              /* left, once its body is over */
    vmh_async_call *call;      /* the one at hand; of a callback: the one it answers */
    vmh_call_group *group;     /* the one at hand; of a group callback: its own */
    vmh_async_outcome outcome; /* of the call at hand, or of a failed execution */
    bool sets_values;          /* of a callback: what it set for its initiator */
    vmh_async_values initiator_values;
    bool is_loaded;            /* has records in the state */
    bool is_base;              /* loaded for what happened to a child: no code of it runs */
    bool values_are_changed;
    bool has_values_record;
} vmh_async_context;

/* The id of a child: SHA-256 of the context's id and the number's shortest bytes. */
void vmh_async_child_id(const vmh_hash32 *id, uint64_t number, vmh_hash32 *out);

/* The id of the callback of a remote call: SHA-256 of the call's id and a zero byte. */
void vmh_async_remote_callback_id(const vmh_hash32 *call_id, vmh_hash32 *out);

/* "direct", "sync", "async", "callback", "group". */
const char *vmh_async_kind_name(vmh_async_kind kind);

#endif
