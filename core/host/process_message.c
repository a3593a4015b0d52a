#include "codec/message_codec.h"
#include "host/answer.h"
#include "host/async_run.h"
#include "host/async_values.h"
#include "host/host_state.h"
#include "host/outbox.h"
#include "host/value.h"
#include "types/host_texts.h"

/* Where the run of the next message reports to; NULL when memory is short. */
static vmh_run_report *add_report(vmh_set_run *run)
{
    vmh_run_report **messages = vmh_arena_grow(run->arena, run->messages, &run->message_capacity,
                                               run->message_count + 1, sizeof *messages);
    vmh_run_report *report = vmh_arena_alloc_array(run->arena, 1, sizeof *report);

    if (messages == NULL || report == NULL)
        return NULL;
    run->messages = messages;
    messages[run->message_count++] = report;
    return report;
}

/* What every message's plan has; `is_proved`: it is this host's own, or a peer has proved it. */
static vmh_run_plan plan_of(const vmh_genesis *genesis, const vmh_message *message,
                            const vmh_hash32 *id, bool is_proved)
{
    bool is_own = message->from_chain == genesis->virtual_chain_id;
    vmh_run_plan plan = {
        .txhash = *id,
        .run_id = *id,
        .parent = vmh_bytes_hash(&message->parent),
        .to_chain = message->to_chain,
        .request =
            {
                .kind = message->kind,
                .id = *id,
                .root = message->root,
                .from_chain = message->from_chain,
                .from_service = message->from_service,
                .signer = message->signer,
                .method = message->method,
                .answered_id = message->answered_id,
                .context_id = message->context_id,
            },
        .call = {.frame = {.service = message->to_service,
                           .method = message->method,
                           .caller_is_given = true},
                 .input_arguments = message->input,
                 .calling_permission_scope = VMH_PERMISSION_SERVICE},
        .gas_limit = message->gas,
        .token = message->token,
    };

    vmh_sender_address(genesis, message->from_chain, message->from_service,
                       &plan.call.frame.caller);
    if (message->kind == VMH_MESSAGE_ASYNC_CALL)
        plan.call.frame.kind = VMH_EXECUTION_ASYNC;
    /*
     * An asynchronous call is known by its id; its callee's context too. What a peer proves is
     * known by the message: he may name an id that a context here has, or will have.
     */
    if (message->kind == VMH_MESSAGE_ASYNC_CALL && (is_own || !is_proved) &&
        message->answered_id.size == sizeof plan.run_id.bytes) {
        memcpy(plan.run_id.bytes, message->answered_id.data, sizeof plan.run_id.bytes);
        plan.request.id = plan.run_id;
    }
    /* Whom a peer names as signer proves nothing here (joins.md 1). */
    if (!is_own)
        plan.request.signer = (vmh_address){0};
    return plan;
}

/* A run in which no code of a contract runs: `change` is what it does to the state. */
typedef vmh_status (*host_change)(vmh_execution_context *context, const vmh_message *message,
                                  vmh_failure *why);

static vmh_status run_without_code(vmh_set_run *run, const vmh_run_plan *plan,
                                   const vmh_message *message, host_change change,
                                   const vmh_process_call_output *output, vmh_run_report *report,
                                   vmh_failure *why)
{
    vmh_execution_context context;
    vmh_status status;

    vmh_set_run_begin(run, plan, &context);
    status = change(&context, message, why);
    if (status == VMH_OK && vmh_owes_answer(&plan->request))
        status = vmh_answer(&context, plan, output, plan->gas_limit, why);
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    if (status == VMH_OK)
        status = vmh_set_run_report(run, plan, &context, true, output, report, why);
    vmh_execution_context_end(&context);
    return status;
}

static vmh_status credit_target(vmh_execution_context *context, const vmh_message *message,
                                vmh_failure *why)
{
    vmh_address account;

    vmh_target_address(message->to_service, &account);
    return vmh_value_credit(context, &account, message->token, &message->amount, why);
}

/* ---- amounts of peers ---- */

/* Counts what a peer sent; `*allowed` true without a peer. */
static vmh_status take_amount(vmh_execution_context *context, const vmh_message *message,
                              bool *allowed, vmh_failure *why)
{
    const vmh_genesis_peer *peer = vmh_find_peer(context->host->genesis, message->from_chain);

    *allowed = true;
    if (peer == NULL)
        return VMH_OK;
    return vmh_value_take(context, peer, message->token, &message->amount, allowed, why);
}

/* What a call brings is taken whatever becomes of its run: a failure sends it back. */
static vmh_status commit_amount(vmh_set_run *run, const vmh_run_plan *plan,
                                const vmh_message *message, bool *allowed, vmh_failure *why)
{
    vmh_execution_context context;
    vmh_status status;

    *allowed = true;
    if (vmh_word_is_zero(&message->amount) ||
        vmh_find_peer(run->host->genesis, message->from_chain) == NULL)
        return VMH_OK;
    vmh_set_run_begin(run, plan, &context);
    status = take_amount(&context, message, allowed, why);
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    vmh_execution_context_end(&context);
    return status;
}

/* An amount that comes back is credited as far as its peer may have it here. */
static vmh_status credit_returned(vmh_execution_context *context, const vmh_message *message,
                                  vmh_failure *why)
{
    bool allowed;
    vmh_status status = take_amount(context, message, &allowed, why);

    return status == VMH_OK && allowed ? credit_target(context, message, why) : status;
}

/* ---- calls ---- */

/* Kinds 2, 8 and 11: a call of a service, or a credit of a client. */
static vmh_status process_call_message(vmh_set_run *run, vmh_run_plan *plan,
                                       const vmh_message *message, vmh_run_report *report,
                                       vmh_failure *why)
{
    const vmh_process_call_output nothing = {.call_result = VMH_RESULT_SUCCESS};
    bool allowed;
    vmh_status status = commit_amount(run, plan, message, &allowed, why);

    if (status != VMH_OK)
        return status;
    if (message->to_chain != run->host->genesis->virtual_chain_id) {
        plan->refusal_code = VMH_CODE_NOT_DEPLOYED;
        status = vmh_arena_format(run->arena, &plan->refusal, why, VMH_TEXT_UNKNOWN_CHAIN,
                                  message->to_chain);
        if (status != VMH_OK)
            return status;
    } else if (!allowed) {
        plan->refusal = VMH_LITERAL(VMH_TEXT_ALLOWANCE);
        plan->refusal_code = VMH_CODE_LACK_OF_FUNDS;
        plan->is_refused_amount = true;
    } else if (vmh_target_is_client(message->to_service)) {
        return run_without_code(run, plan, message, credit_target, &nothing, report, why);
    }
    plan->call.frame.token = message->token;
    plan->call.frame.amount = message->amount;
    plan->returned_amount = message->amount;
    return vmh_set_run_execute(run, plan, report, why);
}

/* ---- answers ---- */

static vmh_status note_refused(vmh_execution_context *context, const vmh_message *message,
                               vmh_failure *why)
{
    (void)message;
    (void)why;
    context->refused = VMH_TEXT_NO_CONTEXT;
    context->record = (vmh_run_record){.error = VMH_LITERAL(VMH_TEXT_NO_CONTEXT)};
    return VMH_OK;
}

/* An answer that nobody waits for is refused before any code runs. */
static vmh_status refuse(vmh_set_run *run, vmh_run_plan *plan, const vmh_message *message,
                         vmh_run_report *report, vmh_failure *why)
{
    vmh_process_call_output output;
    vmh_status status;

    plan->request.kind = 0; /* nothing is sent for it */
    vmh_arena_reset(&run->run_arena);
    status = vmh_call_output_fail(run->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                  VMH_CODE_CONTRACT_FAILED, VMH_LITERAL(VMH_TEXT_NO_CONTEXT),
                                  &output, why);
    if (status != VMH_OK)
        return status;
    return run_without_code(run, plan, message, note_refused, &output, report, why);
}

/* A peer's answer counts at most what its call carried (joins.md 10). */
void vmh_bound_answer(const vmh_answered_call *call, vmh_message *message)
{
    if (message->gas > call->gas)
        message->gas = call->gas;
    if (!vmh_bytes_equal(message->token, call->token))
        message->amount = vmh_word_of(0);
    else if (vmh_word_compare(&message->amount, &call->amount) > 0)
        message->amount = call->amount;
}

/* The live record that this answer is for: `*found` false where there is none. */
static vmh_status find_suspended(vmh_set_run *run, const vmh_message *message,
                                 vmh_suspended_run *out, bool *found, vmh_failure *why)
{
    uint8_t key[VMH_SUSPENDED_KEY_SIZE];
    vmh_hash32 id;
    vmh_bytes record;
    vmh_status status;

    *found = false;
    if (message->answered_id.size != sizeof id.bytes)
        return VMH_OK;
    memcpy(id.bytes, message->answered_id.data, sizeof id.bytes);
    vmh_suspended_run_key(&id, key);
    status = vmh_set_run_read(run, message->to_service, vmh_bytes_of(key, sizeof key), &record,
                              why);
    if (status != VMH_OK || record.size == 0)
        return status;
    status = vmh_suspended_run_decode(record, out, why);
    *found = status == VMH_OK && out->to_chain == message->from_chain &&
             vmh_bytes_equal(out->to_service, message->from_service);
    return status;
}

/* The record ends with its answer, and the value of a failure is back, whatever comes. */
static vmh_status commit_answer(vmh_set_run *run, const vmh_run_plan *plan,
                                const vmh_message *message, vmh_failure *why)
{
    uint8_t key[VMH_SUSPENDED_KEY_SIZE];
    vmh_execution_context context;
    vmh_hash32 id;
    vmh_status status;

    memcpy(id.bytes, message->answered_id.data, sizeof id.bytes);
    vmh_suspended_run_key(&id, key);
    status = vmh_transient_state_write(&run->batch, message->to_service,
                                       vmh_bytes_of(key, sizeof key), (vmh_bytes){0}, why);
    if (status != VMH_OK || message->kind != VMH_MESSAGE_SYNC_FAILURE)
        return status;
    vmh_set_run_begin(run, plan, &context);
    status = credit_returned(&context, message, why);
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    vmh_execution_context_end(&context);
    return status;
}

/* The run of the answer becomes that of what goes on: with the gas that came back, and the lock. */
static vmh_status go_on(vmh_set_run *run, vmh_run_plan *plan, const vmh_suspended_run *suspended,
                        const vmh_resume *resume, uint64_t gas, vmh_run_report *report,
                        vmh_failure *why)
{
    const vmh_request *request = &suspended->request;
    vmh_frame *frame = &plan->call.frame;

    plan->request = *request;
    frame->method = request->method;
    plan->call.input_arguments = (vmh_bytes){0};
    plan->call.resume = resume;
    frame->caller_is_client = request->kind == 0 && request->from_service.size == 0;
    if (frame->caller_is_client)
        frame->caller = request->signer;
    else
        vmh_sender_address(run->host->genesis, request->from_chain, request->from_service,
                           &frame->caller);
    plan->gas_limit = gas + suspended->lock;
    plan->language = suspended->language;
    return vmh_set_run_execute(run, plan, report, why);
}

/* A run that fails with the text of the answer is told with whose it is. */
static vmh_status explain_failure(vmh_set_run *run, vmh_run_plan *plan,
                                  const vmh_message *message, vmh_failure *why)
{
    vmh_status status = vmh_async_read_text(run->arena, message->input, &plan->explained, why);

    if (status != VMH_OK || plan->explained.size == 0)
        return status;
    return vmh_arena_format(run->arena, &plan->detail, why, "the answer of '%.*s'",
                            VMH_PRINT(message->from_service));
}

/* Kinds 9 and 10: the suspended run goes on. */
static vmh_status process_answer(vmh_set_run *run, vmh_run_plan *plan, vmh_message *message,
                                 vmh_run_report *report, vmh_failure *why)
{
    const vmh_genesis *genesis = run->host->genesis;
    vmh_suspended_run suspended;
    vmh_resume resume;
    bool found;
    vmh_status status = find_suspended(run, message, &suspended, &found, why);

    if (status != VMH_OK)
        return status;
    if (!found)
        return refuse(run, plan, message, report, why);
    if (vmh_find_peer(genesis, message->from_chain) != NULL)
        vmh_bound_answer(&(vmh_answered_call){suspended.token, suspended.amount, suspended.gas},
                         message);
    status = commit_answer(run, plan, message, why);
    if (status != VMH_OK)
        return status;
    resume = (vmh_resume){
        .stored = suspended.stored,
        .succeeded = message->kind == VMH_MESSAGE_SYNC_ANSWER,
        .answer = message->input,
        .code = message->code,
        .target_is_client = message->from_chain == genesis->virtual_chain_id &&
                            vmh_target_is_client(message->from_service),
    };
    memcpy(resume.answered_id.bytes, message->answered_id.data, sizeof resume.answered_id.bytes);
    vmh_sender_address(genesis, message->from_chain, message->from_service, &resume.target);
    if (!resume.succeeded)
        status = explain_failure(run, plan, message, why);
    if (status != VMH_OK)
        return status;
    return go_on(run, plan, &suspended, &resume, message->gas, report, why);
}

/* ---- answers to one of several calls ---- */

/* What a body waited for, where it outlives the run that collected it. */
static vmh_status copy_outcomes(const vmh_async_goes_on *from, vmh_arena *arena,
                                vmh_resume *resume, vmh_failure *why)
{
    vmh_call_outcome *outcomes = vmh_arena_alloc_array(arena, from->count, sizeof *outcomes);
    vmh_status status = VMH_OK;

    if (outcomes == NULL)
        return vmh_fail_memory(why);
    for (uint32_t i = 0; i < from->count && status == VMH_OK; i++) {
        const vmh_async_outcome *outcome = &from->outcomes[i];

        outcomes[i].code = outcome->code;
        status = vmh_arena_copy(arena,
                                outcome->code == VMH_CODE_OK ? outcome->values : outcome->message,
                                &outcomes[i].values, why);
    }
    resume->outcomes = outcomes;
    resume->outcome_count = from->count;
    return status;
}

/* Takes the run that waited for these calls out of the state; it lives in the set's arena. */
static vmh_status take_waiting(vmh_set_run *run, vmh_execution_context *context,
                               vmh_suspended_run *out, vmh_failure *why)
{
    const vmh_async_goes_on *goes_on = &context->goes_on;
    uint8_t bytes[VMH_WAITING_KEY_SIZE];
    vmh_bytes key = vmh_bytes_of(bytes, sizeof bytes), record;
    vmh_status status;

    vmh_waiting_run_key(&goes_on->id, goes_on->first, bytes);
    status = vmh_execution_context_read(context, goes_on->service, key, &record, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(run->arena, record, &record, why);
    if (status == VMH_OK)
        status = vmh_suspended_run_decode(record, out, why);
    return status == VMH_OK ? vmh_transient_state_write(&context->transient, goes_on->service, key,
                                                        (vmh_bytes){0}, why)
                            : status;
}

/* Kind 12: a call is answered. */
static vmh_status process_async_answer(vmh_set_run *run, vmh_run_plan *plan,
                                       const vmh_message *message, bool is_checked,
                                       vmh_run_report *report, vmh_failure *why)
{
    vmh_execution_context context;
    vmh_process_call_output output;
    vmh_suspended_run waiting;
    vmh_resume resume = {.succeeded = true};
    uint64_t gas = 0;
    vmh_status status;

    plan->request.kind = 0; /* nothing is sent for it */
    vmh_set_run_begin(run, plan, &context);
    status = vmh_async_take_answer(&context, message, is_checked, &output, why);
    if (status == VMH_OK && context.refused != NULL) {
        vmh_bytes text = vmh_bytes_text(context.refused);

        status = vmh_call_output_fail(context.arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                      VMH_CODE_CONTRACT_FAILED, text, &output, why);
        context.record = (vmh_run_record){.error = text};
    }
    if (status == VMH_OK && context.goes_on.count != 0) {
        gas = context.goes_on.gas;
        status = take_waiting(run, &context, &waiting, why);
        if (status == VMH_OK)
            status = copy_outcomes(&context.goes_on, run->arena, &resume, why);
    }
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, &run->batch, why);
    /* Its gas is that of the executions: what a call had locked is not in the message. */
    plan->gas_limit = context.answer_gas_used;
    context.gas_left = 0;
    if (status == VMH_OK && resume.outcome_count == 0)
        status = vmh_set_run_report(run, plan, &context, true, &output, report, why);
    vmh_execution_context_end(&context);
    if (status != VMH_OK || resume.outcome_count == 0)
        return status;
    memcpy(resume.answered_id.bytes, message->answered_id.data, sizeof resume.answered_id.bytes);
    resume.stored = waiting.stored;
    return go_on(run, plan, &waiting, &resume, gas, report, why);
}

vmh_status vmh_process_message(vmh_set_run *run, const vmh_mail *mail, bool is_checked,
                               vmh_failure *why)
{
    const vmh_process_call_output nothing = {.call_result = VMH_RESULT_SUCCESS};
    vmh_run_report *report = add_report(run);
    vmh_message message;
    vmh_hash32 id = mail->id;
    vmh_run_plan plan;
    vmh_status status;

    if (report == NULL)
        return vmh_fail_memory(why);
    /* What this set itself wrote needs no check. */
    status = vmh_message_decode(mail->message, !mail->has_id, &message, why);
    if (status == VMH_OK && !mail->has_id)
        status = vmh_message_id(&message, &id, why);
    if (status == VMH_E_NO_MEMORY)
        return status;
    if (status != VMH_OK)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "mailbox: a message does not decode");
    plan = plan_of(run->host->genesis, &message, &id, is_checked);
    plan.message = mail->message;
    switch (message.kind) {
    case VMH_MESSAGE_CALL:
    case VMH_MESSAGE_SYNC_CALL:
    case VMH_MESSAGE_ASYNC_CALL:
        status = process_call_message(run, &plan, &message, report, why);
        break;
    case VMH_MESSAGE_ASYNC_ANSWER:
        status = process_async_answer(run, &plan, &message, is_checked, report, why);
        break;
    case VMH_MESSAGE_SYNC_ANSWER:
    case VMH_MESSAGE_SYNC_FAILURE:
        status = process_answer(run, &plan, &message, report, why);
        break;
    default:
        status = run_without_code(run, &plan, &message, credit_returned, &nothing, report, why);
        break;
    }
    run->message_gas_used += report->receipt.gas_used;
    return status;
}
