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

/* ---- contracts with a source: what is told of their lines ---- */

typedef struct vmh_trace_sight vmh_trace_sight;

/* Where a function of a source stands. */
typedef struct vmh_trace_place {
    vmh_bytes contract_name;
    vmh_bytes function_name; /* as the source has it; may be empty */
    uint32_t function_line;  /* where it begins; 0: it is the main chunk */
    uint32_t line;           /* that runs, or whose call it waits in */
} vmh_trace_place;

typedef struct vmh_trace_step {
    vmh_trace_place place;
    size_t depth;      /* of functions, those of the library too; 1 = the main chunk */
    uint64_t gas_left;
    bool is_error;     /* of leave: an error passes */
    vmh_trace_sight *sight; /* to look around with, until the function that is told returns */
} vmh_trace_step;

/* A value as text: strings are bare, tables show some of their items. */
typedef struct vmh_trace_value {
    const char *type; /* "number", "table" ... */
    vmh_bytes text;
} vmh_trace_value;

typedef struct vmh_trace_variable {
    vmh_bytes name;
    bool is_upvalue; /* of a function around */
    vmh_trace_value value;
} vmh_trace_variable;

typedef struct vmh_trace_answer {
    bool is_good;
    const vmh_trace_value *values; /* of a good one */
    size_t value_count;
    vmh_bytes error;
} vmh_trace_answer;

/*
 * A stopped moment, to be looked at. Frames are the functions of the source that run, from the
 * innermost one, 0. Nothing that is done here changes what is looked at, its gas or its memory.
 * Bytes live as long as the event.
 */
struct vmh_trace_sight {
    size_t (*frame_count)(vmh_trace_sight *sight);

    /* Of a frame that there is. */
    void (*frame)(vmh_trace_sight *sight, size_t frame, vmh_trace_place *place);

    /* Its variables that can be named, by number from 0; `*found` tells whether there is one. */
    vmh_status (*variable)(vmh_trace_sight *sight, size_t frame, size_t number,
                           vmh_trace_variable *variable, bool *found, vmh_failure *why);

    /*
     * The values of an expression, or of several between commas, as if it stood there in the
     * source. It has gas and memory of its own, and may change only what it has made.
     */
    vmh_status (*evaluate)(vmh_trace_sight *sight, size_t frame, vmh_bytes expression,
                           vmh_trace_answer *answer, vmh_failure *why);
};

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

    /*
     * Of contracts in Lua. A statement begins in a line, the first one there, or a turn of a loop;
     * a function is entered, or left; a line took gas, all of which is told once, by the line of
     * the statement that it is paid for. What gas or memory ends is not left.
     */
    vmh_status (*line)(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why);
    vmh_status (*enter)(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why);
    vmh_status (*leave)(vmh_trace *trace, const vmh_trace_step *step, vmh_failure *why);
    vmh_status (*charge)(vmh_trace *trace, vmh_bytes contract_name, uint32_t line, uint64_t gas,
                         vmh_failure *why);

    /* Breakpoints: of which lines `line` is told; asked once in each execution. NULL: of all. */
    vmh_status (*wants_line)(vmh_trace *trace, vmh_bytes contract_name, uint32_t line,
                             bool *wanted, vmh_failure *why);
};

#endif
