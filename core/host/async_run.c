#include "host/async_run.h"

#include "host/async_values.h"
#include "host/host_state.h"
#include "host/inline_run.h"
#include "host/outbox.h"
#include "host/value.h"
#include "types/host_texts.h"

/* ---- contexts ---- */

/* A method that a transaction names by way of _Ledger counts as its outermost one. */
static size_t outermost_of(const vmh_execution_context *context)
{
    return context->depth >= 2 && context->transaction != NULL &&
                   context->stack[1].caller_is_given && context->base_depth == 0 &&
                   context->stack[1].kind == VMH_EXECUTION_DIRECT &&
                   vmh_bytes_equal(context->stack[0].service, VMH_LITERAL("_Ledger"))
               ? 1
               : 0;
}

static void open_engine(vmh_execution_context *context)
{
    const vmh_genesis *genesis = context->host->genesis;
    const vmh_genesis_limits *limits = &genesis->limits;
    vmh_async_options options = {
        .prices = {.step = limits->async_step_gas,
                   .minimum_lock = limits->async_lock_gas,
                   .argument_byte = limits->async_argument_gas,
                   .record_byte = limits->async_record_gas},
        .chain = genesis->virtual_chain_id,
        .nesting = limits->async_single_level != 0 ? 0 : VMH_ASYNC_ANY_NESTING,
    };

    if (context->has_engine)
        return;
    vmh_async_init(&context->engine, &options, context->arena);
    context->has_engine = true;
}

static bool is_init(const vmh_frame *frame)
{
    return vmh_bytes_equal(frame->method, VMH_LITERAL("_init"));
}

static vmh_async_start start_of(const vmh_execution_context *context, const vmh_frame *frame)
{
    return (vmh_async_start){
        .service = frame->service,
        .method = frame->method,
        .request = context->request,
        .is_init = is_init(frame),
    };
}

/* The context that was begun or pushed last is that of a frame. */
static vmh_status bind(vmh_execution_context *context, vmh_frame *frame, vmh_failure *why)
{
    /* Of a method that goes on it is known what it was. */
    if (vmh_async_top(&context->engine)->kind != VMH_ASYNC_DIRECT)
        frame->kind = vmh_execution_kind_of(vmh_async_top(&context->engine)->kind);
    frame->level = context->engine.depth;
    return vmh_inline_note(context, frame, &frame->execution, why);
}

static vmh_status track_frame(vmh_execution_context *context, vmh_frame *frame, vmh_failure *why)
{
    vmh_async_context *beneath = vmh_async_top(&context->engine);
    vmh_status status;

    if (beneath == NULL) {
        vmh_async_start start = start_of(context, frame);

        status = vmh_async_begin(&context->engine, &start, why);
    } else {
        /* It was counted by its caller's frame so far. */
        if (frame->number != 0)
            beneath->child_count = frame->number - 1;
        status = vmh_async_push(&context->engine, frame->service, frame->method, (vmh_bytes){0},
                                is_init(frame), why);
    }
    return status == VMH_OK ? bind(context, frame, why) : status;
}

vmh_status vmh_async_track(vmh_execution_context *context, vmh_failure *why)
{
    size_t first = outermost_of(context);
    size_t next = context->depth;
    vmh_status status = VMH_OK;

    while (next > first && context->stack[next - 1].level == 0)
        next--;
    open_engine(context);
    for (; next < context->depth && status == VMH_OK; next++)
        status = track_frame(context, &context->stack[next], why);
    return status;
}

/* ---- steps ---- */

static vmh_status read_record(vmh_execution_context *context, const vmh_async_record *record,
                              vmh_failure *why)
{
    vmh_bytes value;
    vmh_status status =
        vmh_execution_context_read(context, record->service, record->key, &value, why);

    if (status == VMH_OK)
        vmh_async_loaded(&context->engine, value);
    return status;
}

/*
 * What comes back with a failed call: what the answer brings, and what the call carried at most.
 * A peer's amount counts as taken from him, and is credited as far as he may have it here.
 */
static vmh_status return_value(vmh_execution_context *context, vmh_bytes service, vmh_bytes token,
                               vmh_word amount, vmh_failure *why)
{
    const vmh_message *answer = context->answer;
    const vmh_genesis_peer *peer = NULL;
    bool allowed = true;
    vmh_address account;
    vmh_status status = VMH_OK;

    if (answer != NULL) {
        if (!vmh_bytes_equal(answer->token, token))
            return VMH_OK;
        if (vmh_word_compare(&answer->amount, &amount) < 0)
            amount = answer->amount;
        peer = vmh_find_peer(context->host->genesis, answer->from_chain);
    }
    if (peer != NULL)
        status = vmh_value_take(context, peer, token, &amount, &allowed, why);
    if (status != VMH_OK || !allowed)
        return status;
    vmh_target_address(service, &account);
    return vmh_value_credit(context, &account, token, &amount, why);
}

/* The amount leaves with the message; too little on the account refuses it. */
static vmh_status send(vmh_execution_context *context, const vmh_async_send *send,
                       vmh_failure *why)
{
    const vmh_async_call *call = send->call;
    vmh_message_draft draft = {
        .kind = VMH_MESSAGE_ASYNC_CALL,
        .to = {call->to_chain, call->to_service},
        .from_service = send->from_service,
        .method = call->method,
        .input = call->input,
        .token = call->token,
        .amount = call->amount,
        .gas = call->gas_limit,
        .answered_id = vmh_bytes_hash(&call->id),
        .context_id = vmh_bytes_of(send->context_id, sizeof send->context_id),
    };
    vmh_issue_refusal refusal;
    vmh_hash32 id;
    vmh_status status = vmh_outbox_issue(context, &draft, &id, &refusal, why);

    if (status == VMH_OK)
        vmh_async_sent(&context->engine, (vmh_async_refusal){refusal.text, refusal.code});
    return status;
}

/* An answer in the form of its request; behind all that was sent before it. */
static vmh_status send_answer(vmh_execution_context *context, const vmh_async_answer *of,
                              vmh_failure *why)
{
    const vmh_request *request = &of->request;
    bool is_async = request->kind == VMH_MESSAGE_ASYNC_CALL;
    bool failed = of->outcome.code != VMH_CODE_OK;
    vmh_message message = {
        .from_chain = of->is_late ? context->host->genesis->virtual_chain_id
                                      : context->terms.from_chain,
        .from_service = of->service,
        .to_chain = request->from_chain,
        .to_service = request->from_service,
        .kind = is_async ? VMH_MESSAGE_ASYNC_ANSWER
                : failed ? VMH_MESSAGE_SYNC_FAILURE
                         : VMH_MESSAGE_SYNC_ANSWER,
        .answered_id = is_async ? request->answered_id : vmh_bytes_hash(&request->id),
        .code = of->outcome.code,
        .gas = of->outcome.gas,
        .input = of->outcome.values,
    };
    vmh_status status = vmh_outbox_send(context, why);

    if (is_async)
        message.context_id = request->context_id;
    /* The run that answers is the one that was asked, where another one completes that. */
    if (memcmp(request->id.bytes, context->request.id.bytes, sizeof request->id.bytes) != 0) {
        context->request.root = request->root;
        context->request.signer = request->signer;
        context->run_id = request->id;
    }
    if (status == VMH_OK && failed)
        status = vmh_async_failure_input(context, request, &of->outcome, &message.input, why);
    if (failed && !of->is_late) {
        message.token = context->terms.token;
        message.amount = context->terms.amount;
    }
    if (status != VMH_OK)
        return status;
    return vmh_outbox_send_own(context, &message,
                               of->is_late || !context->terms.is_refused_amount, why);
}

static void undo(vmh_execution_context *context, const vmh_run_mark *mark)
{
    static const vmh_run_mark start;

    if (mark != NULL)
        vmh_execution_context_undo(context, mark);
    else if (context->engine.depth <= 1)
        vmh_execution_context_undo(context, &start);
    /* Else whoever made a nested service call undoes it. */
}

/* Does what the engine says until the top execution has left it, or waits for something. */
static vmh_status drive(vmh_execution_context *context, const vmh_run_mark *mark, bool *is_ready,
                        vmh_failure *why)
{
    vmh_async_step step;
    vmh_status status;

    for (;;) {
        status = vmh_async_next(&context->engine, &step, why);
        if (status != VMH_OK)
            return status;
        switch (step.kind) {
        case VMH_ASYNC_STEP_RUN:
            status = vmh_inline_run(context, &step.run, why);
            break;
        case VMH_ASYNC_STEP_UNPAID:
            status = vmh_inline_note_unpaid(context, &step.run, why);
            break;
        case VMH_ASYNC_STEP_SEND:
            status = send(context, &step.send, why);
            break;
        case VMH_ASYNC_STEP_UNDO:
            undo(context, mark);
            break;
        case VMH_ASYNC_STEP_SETTLE:
            context->waits_for_settle = true;
            context->closed = step.closed;
            return VMH_OK;
        case VMH_ASYNC_STEP_READY:
            *is_ready = true;
            return VMH_OK;
        case VMH_ASYNC_STEP_READ:
            status = read_record(context, &step.record, why);
            break;
        case VMH_ASYNC_STEP_WRITE:
            status = vmh_transient_state_write(&context->transient, step.record.service,
                                               step.record.key, step.record.value, why);
            break;
        case VMH_ASYNC_STEP_RETURN_VALUE:
            status = return_value(context, step.value.service, step.value.token,
                                  step.value.amount, why);
            break;
        case VMH_ASYNC_STEP_REFUSED:
            context->refused = step.refused;
            break;
        case VMH_ASYNC_STEP_ANSWER:
            status = send_answer(context, &step.answer, why);
            break;
        case VMH_ASYNC_STEP_GO_ON:
            context->goes_on = step.goes_on;
            break;
        case VMH_ASYNC_STEP_COMPLETED:
            context->gas_refunded += step.completed.gas;
            break;
        case VMH_ASYNC_STEP_CLOSED:
            context->closed = step.closed;
            return VMH_OK;
        }
        if (status != VMH_OK)
            return status;
    }
}

static vmh_status drive_on(vmh_execution_context *context, const vmh_run_mark *mark,
                           vmh_failure *why)
{
    bool is_ready;

    return drive(context, mark, &is_ready, why);
}

/* ---- outermost methods ---- */

vmh_status vmh_async_open_callee(vmh_execution_context *context, vmh_frame *frame,
                                 vmh_failure *why)
{
    vmh_async_start start = start_of(context, frame);
    vmh_status status;

    frame->gas_given = context->gas_left;
    open_engine(context);
    status = vmh_async_begin(&context->engine, &start, why);
    return status == VMH_OK ? bind(context, frame, why) : status;
}

vmh_status vmh_async_open_resumed(vmh_execution_context *context, vmh_frame *frame,
                                  vmh_failure *why)
{
    vmh_async_start start = start_of(context, frame);
    bool is_ready = false;
    vmh_status status;

    frame->gas_given = context->gas_left;
    open_engine(context);
    status = vmh_async_begin_resumed(&context->engine, &start, why);
    if (status == VMH_OK)
        status = drive(context, NULL, &is_ready, why);
    if (status == VMH_OK && !is_ready)
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "a suspended run has no context to go on in");
    if (status != VMH_OK)
        return status;
    /* Its calls are counted on: each child has an id of its own. */
    frame->children = vmh_async_top(&context->engine)->child_count;
    return bind(context, frame, why);
}

vmh_status vmh_async_settle(vmh_execution_context *context, uint64_t gas,
                            vmh_async_refusal refusal, vmh_failure *why)
{
    context->waits_for_settle = false;
    vmh_async_settled(&context->engine, gas, refusal);
    return drive_on(context, NULL, why);
}

vmh_status vmh_async_take_answer(vmh_execution_context *context, const vmh_message *message,
                                 bool checks_sender, vmh_process_call_output *output,
                                 vmh_failure *why)
{
    vmh_async_return answer = {
        .service = message->to_service,
        .checks_sender = checks_sender,
        .from_chain = message->from_chain,
        .from_service = message->from_service,
        .context_id = message->context_id,
        .call_id = message->answered_id,
    };
    vmh_status status = vmh_async_outcome_of_message(context, message, &answer.outcome, why);

    *output = (vmh_process_call_output){.call_result = VMH_RESULT_SUCCESS};
    if (status != VMH_OK)
        return status;
    open_engine(context);
    context->answer = message;
    context->answer_output = output;
    status = vmh_async_begin_answer(&context->engine, &answer, why);
    if (status == VMH_OK)
        status = drive_on(context, NULL, why);
    if (status == VMH_OK)
        status = vmh_outbox_send(context, why);
    context->answer_output = NULL;
    return status;
}

/* ---- the end of a method ---- */

/* What the execution came to, where that is not what its body said. */
static vmh_status take_closed(vmh_execution_context *context, bool is_raw,
                              vmh_process_call_output *out, vmh_failure *why)
{
    const vmh_async_outcome *outcome = &context->closed.outcome;
    uint64_t gas_used = out->gas_used;
    vmh_bytes text;
    vmh_status status;

    context->gas_left = outcome->gas;
    /* The engine may use its memory again. */
    if (outcome->code == VMH_CODE_OK)
        return vmh_arena_copy(context->arena, outcome->values,
                              is_raw ? &out->raw_output : &out->output_arguments, why);
    if (out->call_result != VMH_RESULT_SUCCESS)
        return VMH_OK;
    status = vmh_arena_copy(context->arena, outcome->message, &text, why);
    if (status == VMH_OK)
        status = vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                      outcome->code, text, out, why);
    out->gas_used = gas_used;
    if (status == VMH_OK && outcome->code == VMH_CODE_OUT_OF_GAS)
        status = vmh_execution_context_explain_gas(context, &context->engine.lack, why);
    return status == VMH_OK ? vmh_execution_context_note(context, text, 0, why) : status;
}

static bool answers_raw(const vmh_execution_context *context, const vmh_frame *frame)
{
    return context->depth == context->base_depth + 1 && context->request.kind != 0 &&
           context->request.method.size == 0 && frame->kind != VMH_EXECUTION_SYNC;
}

/*
 * Messages of an execution within a run share the gas of that one, after the calls that it
 * registered without a limit.
 */
static vmh_status settle_messages(vmh_execution_context *context, const vmh_frame *frame,
                                  bool suspends, vmh_process_call_output *out, vmh_failure *why)
{
    vmh_gas_division division = {
        .gas = context->gas_left,
        .answers = frame->kind == VMH_EXECUTION_ASYNC && !suspends,
        .divides = vmh_async_top(&context->engine)->unlimited_count == 0,
    };
    uint64_t gas_used = out->gas_used;
    vmh_issue_refusal refusal;
    vmh_status status;

    if (context->outbox_count == frame->mark->outbox_count)
        return VMH_OK;
    status = vmh_outbox_settle(context, frame->mark->outbox_count, &division, &refusal, why);
    if (status != VMH_OK)
        return status;
    context->gas_left = division.left;
    if (refusal.text == NULL)
        return VMH_OK;
    status = vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT, refusal.code,
                                  vmh_bytes_text(refusal.text), out, why);
    out->gas_used = gas_used;
    if (status == VMH_OK && refusal.code == VMH_CODE_OUT_OF_GAS)
        status = vmh_execution_context_explain_gas(context, &division.lack, why);
    return status == VMH_OK ? vmh_execution_context_note(context, out->error, 0, why) : status;
}

vmh_status vmh_async_end_method(vmh_execution_context *context, vmh_process_call_output *out,
                                vmh_failure *why)
{
    vmh_frame *frame = &context->stack[context->depth - 1];
    vmh_async_context *of = vmh_async_top(&context->engine);
    bool is_raw = answers_raw(context, frame);
    bool is_outermost = context->depth == context->base_depth + 1 ||
                        (frame->level == 1 && frame->kind == VMH_EXECUTION_DIRECT);
    bool suspends = is_outermost && context->suspended && out->call_result == VMH_RESULT_SUCCESS;
    size_t execution = frame->execution;
    vmh_async_outcome outcome;
    vmh_status status = VMH_OK;

    if (frame->mark != NULL && out->call_result == VMH_RESULT_SUCCESS)
        status = settle_messages(context, frame, suspends, out, why);
    if (status == VMH_OK)
        status = vmh_async_outcome_of(context, out, is_raw, &outcome, why);
    if (status != VMH_OK)
        return status;
    if (of->child_count < frame->children)
        of->child_count = frame->children;
    if (suspends)
        outcome.has_values = false;
    if (out->call_result != VMH_RESULT_SUCCESS && context->engine.depth == 1)
        context->output = out;
    status = vmh_async_end_body(&context->engine, &outcome, suspends, why);
    if (status == VMH_OK)
        status = drive_on(context, frame->mark, why);
    if (status == VMH_OK)
        status = take_closed(context, is_raw, out, why);
    context->output = NULL;
    if (status == VMH_OK)
        vmh_inline_note_end(context, execution, context->gas_left, out, out->error);
    return status;
}

vmh_status vmh_async_end_unreached(vmh_execution_context *context, const vmh_run_mark *mark,
                                   const vmh_process_call_output *out, vmh_failure *why)
{
    vmh_async_outcome outcome;
    vmh_status status = vmh_async_outcome_of(context, out, false, &outcome, why);

    if (status == VMH_OK)
        status = vmh_async_end_body(&context->engine, &outcome, false, why);
    return status == VMH_OK ? drive_on(context, mark, why) : status;
}
