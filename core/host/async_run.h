/*
 * Asynchronous calls of a run (spec/async.md, joins.md 7): the host's part beside
 * the engine of async/async_engine.h, which says what is next. The host runs
 * bodies, moves amounts, sends messages, reads and writes records.
 *
 *     body of a method -> end_body -> local calls, callbacks -> messages -> records
 *
 * An engine, and contexts in it, are made when the first call is registered: a run
 * that registers none has neither.
 */
#ifndef VMH_HOST_ASYNC_RUN_H
#define VMH_HOST_ASYNC_RUN_H

#include "host/run_call.h"

/* Gives the method on top, and those beneath it, contexts in the engine. */
vmh_status vmh_async_track(vmh_execution_context *context, vmh_failure *why);

/*
 * Begins the context of a run before its method does: of a callee (kind 11), or of what goes on
 * after an answer. `frame` is what will be pushed.
 */
vmh_status vmh_async_open_callee(vmh_execution_context *context, vmh_frame *frame,
                                 vmh_failure *why);
vmh_status vmh_async_open_resumed(vmh_execution_context *context, vmh_frame *frame,
                                  vmh_failure *why);

/*
 * The body of the method on top, which has a context, is over: what it registered is started.
 * `out` becomes what the execution comes to. The outermost of a run may wait for the host to
 * settle it then (waits_for_settle).
 */
vmh_status vmh_async_end_method(vmh_execution_context *context, vmh_process_call_output *out,
                                vmh_failure *why);

/* The same for a method with a context that was not reached. `mark`: before it; NULL: the start. */
vmh_status vmh_async_end_unreached(vmh_execution_context *context, const vmh_run_mark *mark,
                                   const vmh_process_call_output *out, vmh_failure *why);

/*
 * The outermost execution is settled: it keeps that much gas; or, with a refusal, has failed
 * after all. Its records are written and its answers sent.
 */
vmh_status vmh_async_settle(vmh_execution_context *context, uint64_t gas,
                            vmh_async_refusal refusal, vmh_failure *why);

/*
 * Takes an answer of kind 12: callbacks run, and whatever they complete. `*output` is that of
 * the callback, or a success without one; what was used is in answer_gas_used.
 */
vmh_status vmh_async_take_answer(vmh_execution_context *context, const vmh_message *message,
                                 bool checks_sender, vmh_process_call_output *output,
                                 vmh_failure *why);

#endif
