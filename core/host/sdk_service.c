#include "codec/argument_codec.h"
#include "host/host_state.h"
#include "host/run_call.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

/*
 * What a callee's failure is to its caller: an error with the callee's text,
 * and under rules that undo failed calls, nothing else. Value never moves by
 * half, under any rules.
 */
static vmh_status fail_call(vmh_sdk_run *run, vmh_bytes service, const vmh_run_mark *mark,
                            const vmh_process_call_output *out)
{
    vmh_execution_context *context = run->context;

    if (context->host->rules->failed_call_is_undone ||
        vmh_bytes_equal(service, VMH_LITERAL("_Ledger")))
        vmh_execution_context_undo(context, mark);
    run->result->outcome = context->aborted ? VMH_SDK_ABORT : VMH_SDK_ERROR;
    run->result->error = out->error;
    run->result->code = context->aborted                        ? context->abort_code
                        : out->code == VMH_CODE_SERVICE_STACK ? VMH_CODE_SERVICE_STACK
                                                                : VMH_CODE_NESTED_CALL_FAILED;
    return VMH_OK;
}

static vmh_status call(vmh_sdk_run *run, vmh_frame frame, vmh_bytes arguments_with_header,
                       vmh_permission_scope permission, uint64_t gas_limit, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    /* Taken before the callee is looked up: an auto-deployment is undone too. */
    vmh_run_mark mark = vmh_execution_context_mark(context);
    vmh_call_request request = {
        .frame = frame,
        .input_arguments = vmh_argument_array_strip_header(arguments_with_header),
        .calling_permission_scope = permission,
    };
    vmh_access_scope access = context->access_scope;
    uint64_t spent = run->call->gas_used < context->gas_left ? run->call->gas_used
                                                             : context->gas_left;
    uint64_t left = context->gas_left - spent;
    uint64_t kept = gas_limit < left ? left - gas_limit : 0; /* out of the callee's reach */
    vmh_process_call_output out;
    vmh_bytes outputs;
    bool found;
    vmh_status status;

    context->stack[context->depth - 1].line = run->call->line;
    request.frame.number = ++context->stack[context->depth - 1].children;
    /* Names outlive the call in the record of a failure. */
    status = vmh_arena_copy(context->arena, frame.service, &request.frame.service, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, frame.method, &request.frame.method, why);
    if (status != VMH_OK)
        return status;
    /* What the caller has used it pays when it is over. */
    context->gas_left = left - kept;
    if (run->call->is_read_only)
        context->access_scope = VMH_ACCESS_READ_ONLY;
    status = vmh_run_call(context, &request, &found, &out, why);
    context->access_scope = access;
    context->gas_left += kept;
    run->result->gas_used = left - context->gas_left;
    context->gas_left += spent;
    if (status != VMH_OK)
        return status;
    if (!found || out.call_result != VMH_RESULT_SUCCESS)
        return fail_call(run, frame.service, &mark, &out);
    status = vmh_argument_array_add_header(out.output_arguments, run->arena, &outputs, why);
    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, outputs), why);
}

vmh_status vmh_sdk_service_call_method(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_frame frame = {
        .service = run->arguments[0].value.bytes,
        .method = run->arguments[1].value.bytes,
        .kind = VMH_EXECUTION_SYNC,
    };

    return call(run, frame, run->arguments[2].value.bytes, run->call->permission_scope,
                UINT64_MAX, why);
}

/* The same with at most so much gas, for those who keep the rest for themselves. */
vmh_status vmh_sdk_service_call_with_gas(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_frame frame = {
        .service = run->arguments[0].value.bytes,
        .method = run->arguments[1].value.bytes,
        .kind = VMH_EXECUTION_SYNC,
    };

    return call(run, frame, run->arguments[2].value.bytes, run->call->permission_scope,
                run->arguments[3].value.uint64, why);
}

/*
 * A call that a system contract makes for somebody else, with permission
 * SERVICE: service, method, arguments, caller, token, amount. `_Ledger` uses it
 * once it has moved the amount.
 */
vmh_status vmh_sdk_service_call_on_behalf(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_argument *arguments = run->arguments;
    vmh_frame frame = {
        .service = arguments[0].value.bytes,
        .method = arguments[1].value.bytes,
        .caller_is_given = true,
        /* The first service of a transaction is called by its signer. */
        .caller_is_client = run->context->depth == 1 && run->context->transaction != NULL,
        .kind = run->context->depth == 1 && run->context->transaction != NULL
                    ? VMH_EXECUTION_DIRECT
                    : VMH_EXECUTION_SYNC,
        .token = arguments[4].value.bytes,
        .amount = vmh_word_from_bytes(arguments[5].value.bytes.data),
    };

    if (arguments[3].value.bytes.size != sizeof frame.caller.bytes)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why,
                              VMH_TEXT_ADDRESS_SIZE, arguments[3].value.bytes.size);
    memcpy(frame.caller.bytes, arguments[3].value.bytes.data, sizeof frame.caller.bytes);
    return call(run, frame, arguments[2].value.bytes, VMH_PERMISSION_SERVICE, UINT64_MAX, why);
}

/* A service that is being deployed sees what came with its deployment. */
static const vmh_frame *valued_frame(const vmh_execution_context *context)
{
    const vmh_frame *top = vmh_service_stack_top(context);

    if (context->depth >= 2 && vmh_bytes_equal(top->method, VMH_LITERAL("_init")) &&
        vmh_bytes_equal(top[-1].service, VMH_LITERAL("_Deployments")))
        return top - 1;
    return top;
}

/* Token and amount that came with this call; an empty token where none did. */
vmh_status vmh_sdk_service_get_call_value(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_frame *frame = valued_frame(run->context);
    vmh_argument *outputs = vmh_arena_alloc_array(run->arena, 2, sizeof *outputs);
    uint8_t *amount = vmh_arena_alloc(run->arena, 32);

    if (outputs == NULL || amount == NULL)
        return vmh_fail_memory(why);
    vmh_word_to_bytes(&frame->amount, amount);
    outputs[0] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, frame->token);
    outputs[1] = vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32));
    run->result->output_arguments = (vmh_argument_array){outputs, 2};
    return VMH_OK;
}
