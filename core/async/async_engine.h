/*
 * The async engine: a state machine that says what is to be done next, and is
 * told what came of it (spec/async.md). It runs no code, moves no value, reads
 * and writes nothing. One engine serves one run of the host: a transaction, a
 * query, or a message.
 *
 * The contexts of the executions that are running, or whose calls are being
 * worked off, lie on a stack:
 *
 *     level 0   the run's outermost execution, or a context that was loaded
 *     level 1   a nested execution of it: sync, callee, callback, group callback
 *     ...
 *
 * The host's part:
 *
 *     begin (or begin_resumed, begin_answer)
 *     ... the body runs; it registers calls, and pushes nested service calls ...
 *     end_body
 *     do { next; do what the step says; tell it } until level 0 is CLOSED
 *
 * A nested service call does the same in between: push, body, end_body, and next
 * until its level is CLOSED, all inside the body of its caller. A step RUN is a
 * push of the engine's own: the host runs the body, and answers with end_body.
 * Every level is CLOSED once, after what its calls still do in this run.
 *
 * A level that fails leaves nothing: the engine drops what it registered, and
 * says UNDO; the host restores the state, outbox, value and logs that it noted
 * when the level began (before its call value moved).
 *
 * Memory is of the arena. What is handed in and must last longer than the call
 * is copied, unless a comment says that it is borrowed. What a step shows lives
 * until the next call of the engine, or longer.
 */
#ifndef VMH_ASYNC_ASYNC_ENGINE_H
#define VMH_ASYNC_ASYNC_ENGINE_H

#include "async/async_context.h"

/* What the host takes (spec/joins.md 7). */
typedef struct vmh_async_prices {
    uint64_t step;         /* 1,000 */
    uint64_t minimum_lock; /* 100,000 */
    uint64_t argument_byte; /* 1: of the call data string of a callback */
    uint64_t record_byte;  /* 28: of records and of the input of messages */
} vmh_async_prices;

#define VMH_ASYNC_DEFAULT_PRICES ((vmh_async_prices){1000, 100000, 1, 28})

/* Without limit: callees and callbacks may be nested in each other. */
enum { VMH_ASYNC_ANY_NESTING = UINT32_MAX };

typedef struct vmh_async_options {
    vmh_async_prices prices;
    uint32_t chain;   /* the own one */
    uint32_t nesting; /* registering is refused under more callees and callbacks than this;
                         0: single-level */
} vmh_async_options;

/* What a context is loaded for. */
typedef enum vmh_async_event_kind {
    VMH_ASYNC_EVENT_RESUME, /* its body goes on */
    VMH_ASYNC_EVENT_RETURN, /* a message for one of its calls */
    VMH_ASYNC_EVENT_CALLEE, /* a local callee is complete */
    VMH_ASYNC_EVENT_CALLBACK, /* a callback is complete */
    VMH_ASYNC_EVENT_GROUP_CALLBACK,
    VMH_ASYNC_EVENT_SYNC
} vmh_async_event_kind;

typedef struct vmh_async_event {
    vmh_async_event_kind kind;
    bool has_index; /* names a call */
    uint32_t index;
    vmh_bytes call_id;
    bool checks_sender;
    uint32_t from_chain;
    vmh_bytes from_service;
    vmh_async_outcome outcome;
    vmh_async_values values; /* of the outcome of a local callee */
    uint64_t gas;            /* that goes to gas_accumulated */
} vmh_async_event;

typedef struct vmh_async_closed {
    vmh_async_kind kind;
    bool is_complete;
    vmh_async_outcome outcome; /* with the values as they are now, and the gas that is left */
} vmh_async_closed;

typedef struct vmh_async_engine {
    vmh_arena *arena;
    vmh_async_options options;
    vmh_async_context **levels; /* those above depth are used again */
    size_t level_capacity;
    size_t depth;
    vmh_buffer scratch; /* the key and the value of a record */
    bool waits;         /* for the answer to a step */
    bool has_loaded;    /* bytes came for a READ */
    vmh_bytes loaded;
    vmh_async_event event;
    vmh_async_call loaded_call;
    vmh_call_group loaded_group;
    unsigned save_stage;
    vmh_async_closed closed; /* of the outermost execution */
    vmh_gas_lack lack; /* of what was refused, or failed, for gas last; nothing is decided by it */
} vmh_async_engine;

void vmh_async_init(vmh_async_engine *engine, const vmh_async_options *options,
                    vmh_arena *arena);

/* Frees what is not of the arena. */
void vmh_async_clear(vmh_async_engine *engine);

/* ---- executions of the host ---- */

/* The outermost execution. Names are borrowed until clear. */
typedef struct vmh_async_start {
    vmh_bytes service;
    vmh_bytes method;
    vmh_bytes arguments;  /* as get_arguments gives them */
    vmh_request request;  /* kind 11: a callee; any other: direct. `id` is the context's */
    bool is_init;         /* nothing may be registered */
} vmh_async_start;

/* Begins a run. Its body may run at once. */
vmh_status vmh_async_begin(vmh_async_engine *engine, const vmh_async_start *start,
                           vmh_failure *why);

/*
 * Begins a run that goes on after an answer: in the context of its first run where that
 * is kept, in a new one else. `next` gives READ steps, then READY.
 */
vmh_status vmh_async_begin_resumed(vmh_async_engine *engine, const vmh_async_start *start,
                                   vmh_failure *why);

/* A return message of kind 12 for a call of `service`. All bytes are borrowed until clear. */
typedef struct vmh_async_return {
    vmh_bytes service;      /* whose context it names: the receiver */
    bool checks_sender;     /* false: from_chain and from_service are not looked at */
    uint32_t from_chain;
    vmh_bytes from_service;
    vmh_bytes context_id;   /* of the message: context id, then the call's index, 4 bytes BE */
    vmh_bytes call_id;      /* answered_id of the message */
    vmh_async_outcome outcome; /* a failure's gas is not looked at, nor gas beyond the limit */
} vmh_async_return;

/* Begins a run for a return message. `next` gives READ steps, then REFUSED or the rest. */
vmh_status vmh_async_begin_answer(vmh_async_engine *engine, const vmh_async_return *answer,
                                  vmh_failure *why);

/* Begins a nested service call; names are borrowed while it is on the stack. */
vmh_status vmh_async_push(vmh_async_engine *engine, vmh_bytes service, vmh_bytes method,
                          vmh_bytes arguments, bool is_init, vmh_failure *why);

/*
 * The body of the top execution is over: pushed, begun, ready or of a RUN step. `outcome`
 * has the gas that it left. `is_suspended`: it waits for an answer (a good outcome without
 * values); what it registered starts, and it stays open.
 */
vmh_status vmh_async_end_body(vmh_async_engine *engine, const vmh_async_outcome *outcome,
                              bool is_suspended, vmh_failure *why);

/* Takes the top execution out as if it had never been, but for its number and its
   accumulated gas, which goes to the one beneath. With one level or none: nothing. */
void vmh_async_pop(vmh_async_engine *engine);

/* ---- what the body of the top execution asks for ---- */

/*
 * Registers a call, and takes what it costs from `*gas`; where that does not reach, all of
 * it. A refusal fails the whole execution: end_body makes it one, whatever it is told.
 * Order of the refusals: read-only, `_init` or reserved group, bad callback, gas, nesting.
 *
 * Those whose outcome is kept are registered one right behind the other, after all else, and
 * make the execution a suspended one. Any nesting allows them.
 */
vmh_status vmh_async_register(vmh_async_engine *engine, const vmh_async_draft *draft,
                              uint64_t *gas, vmh_async_refusal *refusal, vmh_failure *why);

/*
 * Registers the one legacy call; the body must stop at once. Of the draft, group, gas, lock
 * and closure are not looked at; on_success is the fixed callback, or empty.
 * `has_bad_data`: its call data string is none (the draft then has no method).
 * Order of the refusals: read-only, `_init`, legacy not allowed here, gas, nesting.
 */
vmh_status vmh_async_register_legacy(vmh_async_engine *engine, const vmh_async_draft *draft,
                                     bool has_bad_data, uint64_t *gas,
                                     vmh_async_refusal *refusal, vmh_failure *why);

typedef struct vmh_group_callback {
    bool is_read_only;
    bool is_valid; /* the name may be a callback */
    vmh_bytes group;
    vmh_bytes method;
    vmh_bytes data;
    uint64_t gas; /* beside the minimum lock */
} vmh_group_callback;

/* Sets the callback of a group: read-only, `_init`, no such group, set already, name, gas. */
vmh_status vmh_async_set_group_callback(vmh_async_engine *engine,
                                        const vmh_group_callback *callback, uint64_t *gas,
                                        vmh_async_refusal *refusal, vmh_failure *why);

/* Takes a group out with its calls, which never start; what was reserved stays spent. An
   absent one: nothing. */
void vmh_async_delete_group(vmh_async_engine *engine, vmh_bytes identifier);

/*
 * Replaces the values that the top execution owes; in a callback or group callback those
 * of its initiator, once the callback has ended well.
 */
vmh_status vmh_async_set_values(vmh_async_engine *engine, vmh_bytes values, uint64_t values_size,
                                vmh_failure *why);

/* The values that set_values would replace; borrowed until they are replaced. */
vmh_bytes vmh_async_get_values(const vmh_async_engine *engine);

/* The closure of the call that this callback answers; false in any other execution. */
bool vmh_async_get_closure(const vmh_async_engine *engine, vmh_bytes *closure);

/* The context on top, or NULL. */
vmh_async_context *vmh_async_top(const vmh_async_engine *engine);

/* Gas that goes with the calls which the body of a context waits for. */
uint64_t vmh_async_awaited_gas(const vmh_async_context *context);

/* The context of a level. */
vmh_async_context *vmh_async_at(const vmh_async_engine *engine, size_t level);

/* The id of the top context: computed when it is first asked for. */
const vmh_hash32 *vmh_async_top_id(vmh_async_engine *engine);

/* Gives the context of a level, and those beneath that have none, their ids. */
void vmh_async_ensure_id(vmh_async_engine *engine, size_t level);

/* ---- what is next ---- */

typedef enum vmh_async_step_kind {
    VMH_ASYNC_STEP_RUN,          /* `run`: run a body, then end_body */
    VMH_ASYNC_STEP_UNPAID,       /* `run`: a callback that cannot be paid fails with code 5 */
    VMH_ASYNC_STEP_SEND,         /* `send`: send a message of kind 11, then sent */
    VMH_ASYNC_STEP_UNDO,         /* `level`, `closed`: restore what was when the level began */
    VMH_ASYNC_STEP_SETTLE,       /* `closed`: the outermost execution is good so far; settled */
    VMH_ASYNC_STEP_READY,        /* a resumed body may run, then end_body */
    VMH_ASYNC_STEP_READ,         /* `record`: read a key, then loaded */
    VMH_ASYNC_STEP_WRITE,        /* `record`: write a key; an empty value deletes */
    VMH_ASYNC_STEP_RETURN_VALUE, /* `value`: a failed call's amount is back */
    VMH_ASYNC_STEP_REFUSED,      /* `refused`: the return message; nothing changed */
    VMH_ASYNC_STEP_ANSWER,       /* `answer`: send kind 9, 10 or 12 */
    VMH_ASYNC_STEP_GO_ON,        /* `goes_on`: a body may go on, in a run of its own */
    VMH_ASYNC_STEP_COMPLETED,    /* `completed`: a root that was open is complete */
    VMH_ASYNC_STEP_CLOSED        /* `level`, `closed`: an execution has left the stack */
} vmh_async_step_kind;

/* An execution that the engine has pushed. */
typedef struct vmh_async_run {
    vmh_async_kind kind;
    uint32_t depth; /* executions on the stack, this one included */
    vmh_bytes service;
    vmh_bytes method;
    vmh_hash32 id;
    vmh_hash32 initiator_id; /* the context beneath */
    vmh_hash32 call_id;      /* of a callback: of the call that it answers */
    uint32_t caller_chain;   /* of a callback: the target of that call */
    vmh_bytes caller_service;
    vmh_bytes input;         /* of a callee; the data of a group callback */
    vmh_async_outcome outcome; /* of a callback: code, then values or message, are its arguments */
    vmh_bytes group;         /* identifier of a group callback's group */
    uint64_t gas;            /* all that it may use */
    vmh_bytes token;         /* of a callee: moves before the body runs */
    vmh_word amount;
    vmh_hash32 root;
    vmh_address signer;
} vmh_async_run;

typedef struct vmh_async_send {
    const vmh_async_call *call; /* target, method, input, token, amount; gas_limit is its gas */
    vmh_bytes from_service;
    uint8_t context_id[36]; /* of the message */
} vmh_async_send;

typedef struct vmh_async_record {
    vmh_bytes service;
    vmh_bytes key;
    vmh_bytes value;
} vmh_async_record;

typedef struct vmh_async_answer {
    vmh_request request;       /* what is answered: kind 8 or 11 */
    vmh_bytes service;         /* that answers */
    vmh_async_outcome outcome; /* its gas is what the answer carries */
    bool is_late;              /* not by its first run: an amount does not go back */
} vmh_async_answer;

/*
 * All calls are answered that a body waits for. Once this run is over, one may begin in which it
 * goes on (begin_resumed): with the gas that came back, and what was kept for it.
 */
typedef struct vmh_async_goes_on {
    vmh_bytes service;
    vmh_hash32 id;
    uint32_t first; /* index of the first of the calls */
    const vmh_async_outcome *outcomes; /* in the order of their registration; has_values, or a
                                          message */
    uint32_t count;
    uint64_t gas;
} vmh_async_goes_on;

typedef struct vmh_async_step {
    vmh_async_step_kind kind;
    size_t level;
    union {
        vmh_async_run run;
        vmh_async_send send;
        vmh_async_record record;
        struct {
            vmh_bytes service; /* whose account is credited */
            vmh_bytes token;
            vmh_word amount;
        } value;
        const char *refused; /* "no_context" or "call_not_found" */
        vmh_async_answer answer;
        vmh_async_goes_on goes_on;
        struct {
            vmh_bytes service;
            vmh_hash32 id;
            uint64_t gas; /* that came back after its transaction */
        } completed;
        vmh_async_closed closed;
    };
} vmh_async_step;

/* What is to be done now. May be called only when the last step was answered. */
vmh_status vmh_async_next(vmh_async_engine *engine, vmh_async_step *step, vmh_failure *why);

/* Answers SEND: text NULL, or why it could not be sent, which fails the caller. */
void vmh_async_sent(vmh_async_engine *engine, vmh_async_refusal refusal);

/* Answers SETTLE: the gas that stays with the execution; or why the run failed after all. */
void vmh_async_settled(vmh_async_engine *engine, uint64_t gas, vmh_async_refusal refusal);

/* Answers READ; an absent key is empty. Borrowed until clear. */
void vmh_async_loaded(vmh_async_engine *engine, vmh_bytes value);

#endif
