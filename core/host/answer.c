#include "host/answer.h"

#include "host/host_state.h"
#include "host/outbox.h"

bool vmh_owes_answer(const vmh_request *request)
{
    return request->kind == VMH_MESSAGE_SYNC_CALL || request->kind == VMH_MESSAGE_ASYNC_CALL;
}

/* A message from the service that was asked to the one that asked. */
static vmh_message reply(const vmh_run_plan *plan, vmh_message_kind kind)
{
    bool is_async = plan->request.kind == VMH_MESSAGE_ASYNC_CALL;
    vmh_message message = {
        .from_chain = plan->to_chain,
        .from_service = plan->call.frame.service,
        .to_chain = plan->request.from_chain,
        .to_service = plan->request.from_service,
        .kind = (uint16_t)(is_async ? VMH_MESSAGE_ASYNC_ANSWER : kind),
        .answered_id = is_async ? plan->request.answered_id : vmh_bytes_hash(&plan->request.id),
    };

    if (is_async)
        message.context_id = plan->request.context_id;
    return message;
}

/* An answer has the form of its request: raw bytes, or packed arguments. */
static vmh_bytes answer_input(const vmh_run_plan *plan, const vmh_process_call_output *output)
{
    return plan->request.method.size == 0 ? output->raw_output : output->output_arguments;
}

vmh_status vmh_answer(vmh_execution_context *context, const vmh_run_plan *plan,
                      const vmh_process_call_output *output, uint64_t gas, vmh_failure *why)
{
    vmh_message message = reply(plan, VMH_MESSAGE_SYNC_ANSWER);

    message.input = answer_input(plan, output);
    message.gas = gas;
    return vmh_outbox_send_own(context, &message, true, why);
}

vmh_status vmh_answer_failure(vmh_execution_context *context, const vmh_run_plan *plan,
                              const vmh_process_call_output *output, vmh_failure *why)
{
    bool owes = vmh_owes_answer(&plan->request);
    vmh_message message = reply(plan, owes ? VMH_MESSAGE_SYNC_FAILURE : VMH_MESSAGE_REFUND);

    if (!owes && vmh_word_is_zero(&plan->returned_amount))
        return VMH_OK;
    message.token = plan->token;
    message.amount = plan->returned_amount;
    if (owes) {
        message.input = answer_input(plan, output);
        message.code = output->code;
        message.gas =
            plan->request.kind == VMH_MESSAGE_ASYNC_CALL ? 0 : context->gas_left;
    }
    return vmh_outbox_send_own(context, &message, !plan->is_refused_amount, why);
}
