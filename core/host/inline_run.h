/*
 * Executions within a run that asynchronous calls bring about (spec/async.md 1):
 * local callees, callbacks, callbacks of groups. Each is undone alone, has gas,
 * events and messages of its own, and is listed in the record of the run.
 */
#ifndef VMH_HOST_INLINE_RUN_H
#define VMH_HOST_INLINE_RUN_H

#include "host/execution_context.h"

/* The engine's kind as processors and records know it. */
vmh_execution_kind vmh_execution_kind_of(vmh_async_kind kind);

/* Runs the execution that the engine has pushed, to its end. */
vmh_status vmh_inline_run(vmh_execution_context *context, const vmh_async_run *run,
                          vmh_failure *why);

/* Lists a callback that could not be paid. */
vmh_status vmh_inline_note_unpaid(vmh_execution_context *context, const vmh_async_run *run,
                                  vmh_failure *why);

/* Lists the execution of a method whose context is the top one; gives its place, from 1. */
vmh_status vmh_inline_note(vmh_execution_context *context, const vmh_frame *frame, size_t *place,
                           vmh_failure *why);

/* What came of it; `told` is the text of a failure as a callback sees it. */
void vmh_inline_note_end(vmh_execution_context *context, size_t place, uint64_t gas_left,
                         const vmh_process_call_output *out, vmh_bytes told);

#endif
