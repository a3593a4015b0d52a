/*
 * The single path of every call: find the processor, push, run, pop. Queries,
 * transactions, nested service calls, system calls and genesis all come here.
 */
#ifndef VMH_HOST_RUN_CALL_H
#define VMH_HOST_RUN_CALL_H

#include "host/execution_context.h"

typedef struct vmh_call_request {
    vmh_frame frame;           /* service, method, caller, value */
    vmh_bytes input_arguments; /* packed */
    vmh_permission_scope calling_permission_scope;
    const vmh_resume *resume; /* NULL: the method begins */
} vmh_call_request;

/*
 * Looks the service up, deploys a native one that is not deployed yet, and runs
 * the method. `*found` is false, with the text in out->error, when the lookup
 * failed: no contract code was entered then, and out->code says whether the
 * service is missing or the stack is full.
 */
vmh_status vmh_run_call(vmh_execution_context *context, const vmh_call_request *request,
                        bool *found, vmh_process_call_output *out, vmh_failure *why);

/* The part without lookup: runs on a processor that is known. */
vmh_status vmh_run_on_processor(vmh_execution_context *context, vmh_processor *processor,
                                const vmh_call_request *request, vmh_process_call_output *out,
                                vmh_failure *why);

/* A failed output whose only value is `text`. */
vmh_status vmh_call_output_fail(vmh_arena *arena, vmh_execution_result result, uint32_t code,
                                vmh_bytes text, vmh_process_call_output *out, vmh_failure *why);

/*
 * Who processes this service (spec/host.md 4.5). `*processor` is NULL, with text
 * and code in `refusal`, when nobody does.
 */
vmh_status vmh_find_processor(vmh_execution_context *context, vmh_bytes service,
                              vmh_processor **processor, vmh_process_call_output *refusal,
                              vmh_failure *why);

#endif
