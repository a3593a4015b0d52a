/*
 * What a processor asks of the host while a contract runs: SDK calls.
 *
 * A handler is given to each processor once, when the host opens
 * (contract_sdk_call_handler). A call names its execution context by id.
 * Answers live in the arena that the caller passes.
 */
#ifndef VMH_PORTS_SDK_H
#define VMH_PORTS_SDK_H

#include "base/arena.h"
#include "types/argument.h"
#include "types/enums.h"

typedef struct vmh_sdk_call {
    vmh_bytes context_id;
    vmh_bytes operation_name; /* "Sdk.State" */
    vmh_bytes method_name;    /* "read" */
    vmh_argument_array input_arguments;
    vmh_permission_scope permission_scope; /* of the contract whose code runs */
    bool is_read_only; /* made by a method that declares that it only reads: so do all it calls */
    uint64_t gas_used; /* by the method that runs, without what it called: not there for others */
    uint32_t line;     /* of its source, where the call stands; 0: unknown */
} vmh_sdk_call;

typedef enum vmh_sdk_outcome {
    VMH_SDK_OK = 0,
    VMH_SDK_ERROR, /* the contract may catch it */
    VMH_SDK_ABORT, /* the execution is over: past every catch, at once */
} vmh_sdk_outcome;

typedef struct vmh_sdk_result {
    vmh_sdk_outcome outcome;
    vmh_argument_array output_arguments; /* OK */
    vmh_bytes error;                     /* ERROR and ABORT: the text */
    uint32_t code;                       /* ERROR and ABORT: vmh_outcome_code */
    uint64_t gas_used;                   /* by the service that was called, if one was */
} vmh_sdk_result;

typedef struct vmh_sdk_handler vmh_sdk_handler;

struct vmh_sdk_handler {
    /*
     * A status other than VMH_OK is a failure of the host (a store that cannot
     * be read, a seam that raised). The processor returns it at once; nothing
     * of the contract runs on.
     */
    vmh_status (*handle_sdk_call)(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                  vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why);
};

#endif
