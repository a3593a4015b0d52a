/*
 * What anyone may watch. A NULL tracer means that nobody does, and costs one
 * test. A tracer sees, it decides nothing; bytes are borrowed for the call. A
 * status other than VMH_OK is a failure of the host, which ends the whole set:
 * a tracer that fails is never silent.
 */
#ifndef VMH_PORTS_TRACE_H
#define VMH_PORTS_TRACE_H

#include "base/status.h"
#include "types/enums.h"

typedef struct vmh_trace_call {
    vmh_bytes context_id;
    size_t depth; /* service stack depth, 1 = outermost */
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_bytes input_arguments; /* packed */
    vmh_access_scope access_scope;
    vmh_permission_scope calling_permission_scope;
} vmh_trace_call;

typedef struct vmh_trace_result {
    vmh_execution_result execution_result;
    uint32_t code;
    vmh_bytes output_arguments; /* packed */
    uint64_t gas_used;
} vmh_trace_result;

typedef struct vmh_trace vmh_trace;

/* Each function may be NULL. */
struct vmh_trace {
    vmh_status (*call_begin)(vmh_trace *trace, const vmh_trace_call *call, vmh_failure *why);
    vmh_status (*call_end)(vmh_trace *trace, const vmh_trace_call *call,
                           const vmh_trace_result *result, vmh_failure *why);
    vmh_status (*state_read)(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes key,
                             vmh_bytes value, vmh_failure *why);
    vmh_status (*state_write)(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes key,
                              vmh_bytes value, vmh_failure *why);
    /* What `print` of a contract writes, a part at a time. */
    vmh_status (*print)(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes text,
                        vmh_failure *why);
    vmh_status (*event)(vmh_trace *trace, vmh_bytes contract_name, vmh_bytes event_name,
                        vmh_bytes arguments, vmh_failure *why);
};

#endif
