/*
 * What the host sends for a run that has ended: answers, failures, refunds
 * (spec/joins.md 4, 9).
 */
#ifndef VMH_HOST_ANSWER_H
#define VMH_HOST_ANSWER_H

#include "host/set_run.h"

/* Whether somebody waits for what this request comes to. */
bool vmh_owes_answer(const vmh_request *request);

/* Answers a good run with its output. */
vmh_status vmh_answer(vmh_execution_context *context, const vmh_run_plan *plan,
                      const vmh_process_call_output *output, uint64_t gas, vmh_failure *why);

/* Tells of a failed run: its code and text with the gas that is left, and its amount back. */
vmh_status vmh_answer_failure(vmh_execution_context *context, const vmh_run_plan *plan,
                              const vmh_process_call_output *output, vmh_failure *why);

#endif
