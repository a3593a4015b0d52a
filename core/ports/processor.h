/*
 * What the host asks of a processor: run one method of one contract, tell about
 * a contract, and take the handler for SDK calls.
 *
 * A processor is a struct that begins with a vmh_processor.
 */
#ifndef VMH_PORTS_PROCESSOR_H
#define VMH_PORTS_PROCESSOR_H

#include "ports/sdk.h"
#include "ports/trace.h"

/* How one of several calls ended that a run waited for. */
typedef struct vmh_call_outcome {
    uint32_t code;    /* vmh_outcome_code */
    vmh_bytes values; /* packed results; of a failure its text */
} vmh_call_outcome;

/* How a suspended run goes on: what its processor stored, and what was answered. */
typedef struct vmh_resume {
    vmh_bytes stored;
    vmh_hash32 answered_id; /* id of the message that was answered */
    vmh_address target;     /* who was asked */
    bool target_is_client;
    bool succeeded;
    vmh_bytes answer; /* packed results; of a failure one string; raw where the call was raw */
    uint32_t code;    /* of a failure: vmh_outcome_code */
    const vmh_call_outcome *outcomes; /* where the run waited for several calls; then, of what
                                         stands above, there is only `stored` */
    size_t outcome_count;
} vmh_resume;

typedef struct vmh_process_call_input {
    vmh_bytes context_id;
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_bytes input_arguments; /* packed, as received: the processor reads it */
    vmh_access_scope access_scope;
    vmh_permission_scope calling_permission_scope;
    vmh_bytes request_id;   /* 32 bytes: what this run answers to; empty in a query */
    uint32_t request_kind;  /* vmh_message_kind, of the outermost method; 0: none of them */
    vmh_execution_kind execution_kind;
    vmh_bytes group;        /* of the callback of a group: which one */
    bool is_raw;            /* input_arguments are raw call data, and so is what is given back */
    size_t stack_left;      /* how many calls the service stack still takes */
    bool caller_is_client;  /* the caller's address is a client's, not a service's */
    uint64_t gas_limit;
    const vmh_resume *resume; /* NULL: the method begins */
    vmh_trace *trace;         /* may be NULL */
} vmh_process_call_input;

typedef struct vmh_process_call_output {
    vmh_execution_result call_result;
    uint32_t code;              /* vmh_outcome_code; 0 with SUCCESS */
    vmh_bytes output_arguments; /* packed, in the arena; of a failure one string */
    vmh_bytes error;            /* of a failure its text, in the arena */
    vmh_bytes raw_output;       /* answers a raw call: output, or what a revert gave */
    uint64_t gas_used; /* by the method itself, without what it called */
    bool ends_execution; /* of a failure: nobody up the stack may catch it */
    uint32_t line;       /* of a failure: where it began in the source; 0: unknown */
} vmh_process_call_output;

/* A method as call data select it. */
typedef struct vmh_method_description {
    vmh_bytes name;
    const vmh_argument_type *parameters;
    size_t parameter_count;
    bool is_variadic; /* takes a list at its end: no call data select it */
} vmh_method_description;

typedef struct vmh_processor vmh_processor;

struct vmh_processor {
    /*
     * A contract that fails is VMH_OK with a call_result. Any other status is
     * a failure of the host and ends the whole set.
     */
    vmh_status (*process_call)(vmh_processor *processor, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *output,
                               vmh_failure *why);

    /* The permission of a contract's code; `*found` false where it has no such code. */
    vmh_status (*get_contract_info)(vmh_processor *processor, vmh_bytes context_id,
                                    vmh_bytes contract_name, bool *found,
                                    vmh_permission_scope *permission_scope, vmh_failure *why);

    /*
     * Method `index` of a contract, from 0; `*found` is false behind the last.
     * What it names lives in the arena or as long as the processor. A processor
     * that has this gets no raw call data: the host converts them. May be NULL.
     */
    vmh_status (*describe_method)(vmh_processor *processor, vmh_bytes context_id,
                                  vmh_bytes contract_name, size_t index, vmh_arena *arena,
                                  bool *found, vmh_method_description *method,
                                  vmh_failure *why);

    /*
     * Whether a contract has a function of that name which may be a callback of its
     * asynchronous calls. NULL: its contracts have none.
     */
    vmh_status (*may_call_back)(vmh_processor *processor, vmh_bytes context_id,
                                vmh_bytes contract_name, vmh_bytes method_name, bool *may,
                                vmh_failure *why);

    /* Hands over the handler for SDK calls, which lives until NULL is handed over. */
    vmh_status (*contract_sdk_call_handler)(vmh_processor *processor, vmh_sdk_handler *handler,
                                            vmh_failure *why);

    void (*free)(vmh_processor *processor);

    bool pays_for_messages; /* charges gas for their bytes itself; else the host does */
};

#endif
