/*
 * What executions give, as the async engine carries it (spec/async.md 8): a code,
 * then packed values, or one text. Texts that async.md 11 fixes stand for those of
 * the host's own.
 */
#ifndef VMH_HOST_ASYNC_VALUES_H
#define VMH_HOST_ASYNC_VALUES_H

#include "host/execution_context.h"

/* How a method ended, with the gas that is left now. `is_raw`: it answers raw call data. */
vmh_status vmh_async_outcome_of(vmh_execution_context *context,
                                const vmh_process_call_output *output, bool is_raw,
                                vmh_async_outcome *out, vmh_failure *why);

/* What an answer of kind 12 tells; one that has no form is a failure. */
vmh_status vmh_async_outcome_of_message(vmh_execution_context *context,
                                        const vmh_message *message, vmh_async_outcome *out,
                                        vmh_failure *why);

/* The one string of a failure, or nothing. */
vmh_status vmh_async_read_text(vmh_arena *arena, vmh_bytes packed, vmh_bytes *text,
                               vmh_failure *why);

/* A failure in the form of the request that it answers. */
vmh_status vmh_async_failure_input(vmh_execution_context *context, const vmh_request *request,
                                   const vmh_async_outcome *outcome, vmh_bytes *input,
                                   vmh_failure *why);

/* Packed arguments of a callback: the code, then the values, or the message. */
vmh_status vmh_async_callback_arguments(vmh_execution_context *context,
                                        const vmh_async_outcome *outcome,
                                        vmh_bytes *packed, vmh_failure *why);

/*
 * Bytes that packed values take in a call data string, by which callbacks are priced. `*known`
 * is false for what holds an argument of no known type.
 */
vmh_status vmh_async_values_size(vmh_bytes packed, vmh_arena *arena, uint64_t *size, bool *known,
                                 vmh_failure *why);

/* The text that a callback sees of a failure. */
vmh_bytes vmh_async_text(uint32_t code, vmh_bytes text);

#endif
