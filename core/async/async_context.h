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
    bool is_set;
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t text_size; /* values_size of an outcome */
} vmh_async_values;

/* Where the engine stands with a context. */
typedef enum vmh_async_phase {
    VMH_ASYNC_PHASE_BODY = 0, /* its code runs */
    VMH_ASYNC_PHASE_LOCAL,    /* local calls are started, one by one */
    VMH_ASYNC_PHASE_OUTCOME,  /* the call at hand has its outcome */
    VMH_ASYNC_PHASE_FINISH,   /* the call at hand is finished */
    VMH_ASYNC_PHASE_GROUP,    /* its group has lost a call */
    VMH_ASYNC_PHASE_SEND,     /* remote calls are sent, one by one */
    VMH_ASYNC_PHASE_SETTLE,   /* the host settles what the outermost execution sends */
    VMH_ASYNC_PHASE_SAVE,     /* records are written */
    VMH_ASYNC_PHASE_CLOSE,    /* nothing is left to do in this run */
    VMH_ASYNC_PHASE_UNDO,     /* it has failed */
    VMH_ASYNC_PHASE_FAILED,   /* and is undone */
    VMH_ASYNC_PHASE_END,      /* the run is over */

    /* of a context that comes from the state */
    VMH_ASYNC_PHASE_LOAD,
    VMH_ASYNC_PHASE_LOAD_VALUES,
    VMH_ASYNC_PHASE_LOAD_CALL,
    VMH_ASYNC_PHASE_RETURN_VALUE,
    VMH_ASYNC_PHASE_SAVE_CALL, /* answered, and its callback is open */
    VMH_ASYNC_PHASE_KEEP,      /* answered, and its outcome waits for others */
    VMH_ASYNC_PHASE_COLLECT,   /* all outcomes are there that the body waits for */
    VMH_ASYNC_PHASE_LOAD_GROUP,
    VMH_ASYNC_PHASE_DECIDE, /* complete or not */
    VMH_ASYNC_PHASE_DELETE,
    VMH_ASYNC_PHASE_NOTIFY /* whoever waits for it */
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
    uint32_t nesting;      /* callees and callbacks around it, itself included */
    uint64_t gas_accumulated;
    bool is_suspended; /* its method waits for an answer, or for the outcomes of calls: */
    uint32_t awaited_first; /* index of the first of these; the others follow it */
    uint32_t awaited_count; /* 0: it waits for an answer, or not at all */
    uint32_t awaited_open;  /* that are not answered */
    bool has_result;   /* its execution is over, and an answer is owed later */
    uint32_t result_code;
    vmh_bytes result_message;
    uint64_t result_gas;
    bool has_values_record;
    vmh_async_values values; /* returnData, in a record of its own; of a callback that goes on
                                after an answer: what it sets for its initiator */

    /* ---- not saved ---- */
    vmh_bytes service; /* its address */
    bool has_id;       /* a sync child gets one when it is first asked for */
    vmh_hash32 id;
    uint64_t number;   /* among the children of the context beneath */
    bool ids_are_used; /* an id of a child is known outside */
    bool is_init;
    bool is_resumed;   /* goes on after an answer */
    bool is_loaded;    /* has records in the state */
    uint64_t loaded_open_count;
    bool is_base;      /* here for what happened to a child: no code of it runs */
    vmh_bytes arguments;
    vmh_async_phase phase;
    uint64_t gas; /* left, once its body is over */

    vmh_call_groups groups;    /* what it registered in this run */
    vmh_call_group *awaited;   /* those that its body waits for */
    size_t unlimited_count;    /* calls without a gas limit */
    vmh_async_refusal refusal; /* of the first registration that was refused */
    vmh_call_group *next_group; /* where a walk over the calls stands */
    vmh_async_call *cursor;

    vmh_async_call *call;            /* at hand; of a callback: the call it answers */
    vmh_call_group *group;           /* at hand; of a group callback: its group */
    vmh_async_outcome outcome;       /* of the call at hand; of its own failure */
    vmh_async_values outcome_values; /* those of `outcome` */
    vmh_async_outcome *collected; /* outcomes that its body waits for */
    uint32_t collected_count;

    bool values_are_changed;
    vmh_async_values initiator_values; /* a callback: what it set for its initiator */
} vmh_async_context;

/* The id of a child: SHA-256 of the context's id and the number's shortest bytes. */
void vmh_async_child_id(const vmh_hash32 *id, uint64_t number, vmh_hash32 *out);

/* The id of the callback of a remote call: SHA-256 of the call's id and a zero byte. */
void vmh_async_remote_callback_id(const vmh_hash32 *call_id, vmh_hash32 *out);

/* Sets a list; the bytes are copied, and may be of the list itself. */
vmh_status vmh_async_values_set(vmh_async_values *values, vmh_bytes bytes, uint64_t text_size,
                                vmh_arena *arena, vmh_failure *why);
static inline vmh_bytes vmh_async_values_bytes(const vmh_async_values *values)
{
    return vmh_bytes_of(values->data, values->is_set ? values->size : 0);
}

void vmh_async_values_swap(vmh_async_values *a, vmh_async_values *b);

/* A callback of a call or of a group. */
static inline bool vmh_async_is_callback(const vmh_async_context *context)
{
    return context->kind == VMH_ASYNC_CALLBACK || context->kind == VMH_ASYNC_GROUP_CALLBACK;
}

/* Whether a message is to be answered when the context is complete. */
bool vmh_async_owes_answer(const vmh_async_context *context);

/* "direct", "sync", "async", "callback", "group". */
const char *vmh_async_kind_name(vmh_async_kind kind);

#endif
