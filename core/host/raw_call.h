/*
 * Raw call data for a service that is no bytecode (spec/joins.md 2): the first
 * four bytes select the method whose name and types hash to them, arguments and
 * results are converted, a failure's text goes back as Error(string).
 */
#ifndef VMH_HOST_RAW_CALL_H
#define VMH_HOST_RAW_CALL_H

#include "host/execution_context.h"

/*
 * Runs raw call data on a processor that describes its methods; `input` is that
 * of the service on top of the stack, which from then on runs the selected
 * method. Nothing is selected for a resumed run, whose answer is converted all
 * the same. `out->raw_output` is the answer, beside the packed one.
 */
vmh_status vmh_raw_call_process(vmh_execution_context *context, vmh_processor *processor,
                                const vmh_process_call_input *input, vmh_process_call_output *out,
                                vmh_failure *why);

/*
 * Packed results as the answer of a raw call. Fails with VMH_E_LIMIT where they are more than call
 * data hold.
 */
vmh_status vmh_raw_call_encode(vmh_execution_context *context, vmh_bytes packed, vmh_bytes *raw,
                               vmh_failure *why);

#endif
