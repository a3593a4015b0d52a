#include "codec/argument_codec.h"
#include "host/answer.h"
#include "host/async_run.h"
#include "host/host_state.h"
#include "host/outbox.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

/* The method that the outermost call of a transaction, _Ledger.callWithValue, names. */
static bool is_outermost_with_value(const vmh_execution_context *context)
{
    return context->depth == 2 && context->transaction != NULL &&
           vmh_service_stack_top(context)->caller_is_given &&
           vmh_bytes_equal(context->stack[0].service, VMH_LITERAL("_Ledger"));
}

/* A run may stop only where nothing but itself waits for it: as the outermost method. */
static bool may_suspend(const vmh_execution_context *context)
{
    return !context->suspended &&
           (context->depth == context->base_depth + 1 || is_outermost_with_value(context));
}

vmh_status vmh_sdk_check_suspension(vmh_sdk_run *run, bool *may, vmh_failure *why)
{
    vmh_execution_context *context = run->context;

    *may = false;
    if (context->access_scope != VMH_ACCESS_READ_WRITE || run->call->is_read_only)
        return vmh_sdk_abort(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s", VMH_TEXT_ASYNC_READ_ONLY);
    if (context->mailbox == NULL || !may_suspend(context))
        return vmh_sdk_abort(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s", VMH_TEXT_ASYNC_NOT_HERE);
    *may = true;
    return VMH_OK;
}

vmh_status vmh_sdk_suspended(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;

    context->suspended = true;
    context->stack[context->depth - 1].line = run->call->line;
    context->waits_at = (vmh_call_site){vmh_service_stack_top(context)->service,
                                        vmh_service_stack_top(context)->method,
                                        run->call->line};
    if (context->depth == context->base_depth + 1)
        return VMH_OK;
    /* What goes on is the method that was named, not the one of _Ledger. */
    return vmh_arena_copy(context->arena, vmh_service_stack_top(context)->method,
                          &context->request.method, why);
}

/* The arguments that both calls begin with: target, method, arguments, token, amount. */
static vmh_message_draft draft_of(const vmh_sdk_run *run, vmh_message_kind kind)
{
    const vmh_argument *arguments = run->arguments;
    bool is_raw = arguments[1].value.bytes.size == 0;

    return (vmh_message_draft){
        .kind = kind,
        .target = arguments[0].value.bytes,
        .method = arguments[1].value.bytes,
        .input = is_raw ? arguments[2].value.bytes
                        : vmh_argument_array_strip_header(arguments[2].value.bytes),
        .token = arguments[3].value.bytes,
        .amount = vmh_word_from_bytes(arguments[4].value.bytes.data),
        .spent = run->call->gas_used,
        .gas = VMH_GAS_SHARE,
        .lock = VMH_GAS_SHARE,
    };
}

/* What its bytes cost counts as used by it. */
static vmh_status issue(vmh_sdk_run *run, const vmh_message_draft *draft, vmh_failure *why)
{
    uint64_t before = run->context->gas_left;
    vmh_issue_refusal refusal;
    vmh_hash32 id;
    vmh_bytes copy;
    vmh_status status;

    if (run->context->mailbox == NULL)
        return vmh_sdk_abort(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s", VMH_TEXT_ASYNC_NOT_HERE);
    status = vmh_outbox_issue(run->context, draft, &id, &refusal, why);
    if (status != VMH_OK)
        return status;
    if (run->context->aborted)
        return vmh_sdk_abort(run, refusal.code, why, "%s", refusal.text);
    if (refusal.text != NULL)
        return vmh_sdk_refuse(run, refusal.code, why, "%s", refusal.text);
    status = vmh_arena_copy(run->arena, vmh_bytes_hash(&id), &copy, why);
    if (status != VMH_OK)
        return status;
    status = vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, copy), why);
    run->result->gas_used = before - run->context->gas_left;
    return status;
}

/* The id of a raw call of kind 2 that bytecode will send: service, input, token, amount, ahead. */
vmh_status vmh_sdk_message_identify(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_message_draft draft = {
        .kind = VMH_MESSAGE_CALL,
        .target = run->arguments[0].value.bytes,
        .input = run->arguments[1].value.bytes,
        .token = run->arguments[2].value.bytes,
        .amount = vmh_word_from_bytes(run->arguments[3].value.bytes.data),
    };
    vmh_hash32 id;
    vmh_bytes copy;
    vmh_status status = vmh_outbox_identify(run->context, &draft, run->arguments[4].value.uint32,
                                            &id, why);

    if (status == VMH_OK)
        status = vmh_arena_copy(run->arena, vmh_bytes_hash(&id), &copy, why);
    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, copy), why);
}

/* A message without answer (kind 2). */
vmh_status vmh_sdk_message_send(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_message_draft draft = draft_of(run, VMH_MESSAGE_CALL);

    return issue(run, &draft, why);
}

/*
 * A call whose answer goes on with this run (kind 8): behind those of both calls stand what
 * the processor will go on from, gas and lock (VMH_GAS_SHARE: not given). After it the run ends.
 */
vmh_status vmh_sdk_message_suspend(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_message_draft draft = draft_of(run, VMH_MESSAGE_SYNC_CALL);
    bool may;
    vmh_status status = vmh_sdk_check_suspension(run, &may, why);

    if (status != VMH_OK || !may)
        return status;
    draft.language = (uint16_t)vmh_service_stack_top(context)->processor_type;
    draft.stored = run->arguments[5].value.bytes;
    draft.gas = run->arguments[6].value.uint64;
    draft.lock = run->arguments[7].value.uint64;
    /* What a run has left that owes an answer, and gives all by name, waits in its context. */
    if (vmh_owes_answer(&context->request) && draft.gas != VMH_GAS_SHARE &&
        draft.lock != VMH_GAS_SHARE)
        status = vmh_async_track(context, why);
    if (status != VMH_OK)
        return status;
    status = issue(run, &draft, why);
    return status == VMH_OK && run->result->outcome == VMH_SDK_OK ? vmh_sdk_suspended(run, why)
                                                                  : status;
}
