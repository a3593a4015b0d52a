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

typedef struct vmh_process_call_input {
    vmh_bytes context_id;
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_bytes input_arguments; /* packed, as received: the processor reads it */
    vmh_access_scope access_scope;
    vmh_permission_scope calling_permission_scope;
    uint64_t gas_limit;
    vmh_trace *trace; /* may be NULL */
} vmh_process_call_input;

typedef struct vmh_process_call_output {
    vmh_execution_result call_result;
    uint32_t code;              /* vmh_outcome_code; 0 with SUCCESS */
    vmh_bytes output_arguments; /* packed, in the arena; of a failure one string */
    vmh_bytes error;            /* of a failure its text, in the arena */
    uint64_t gas_used;
} vmh_process_call_output;

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

    /* Hands over the handler for SDK calls, which lives until NULL is handed over. */
    vmh_status (*contract_sdk_call_handler)(vmh_processor *processor, vmh_sdk_handler *handler,
                                            vmh_failure *why);

    void (*free)(vmh_processor *processor);
};

#endif
