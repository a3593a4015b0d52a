#include "host/inline_run.h"

#include "codec/argument_codec.h"
#include "host/async_run.h"
#include "host/async_values.h"
#include "host/host_state.h"
#include "host/outbox.h"
#include "host/value.h"
#include "types/host_texts.h"

/* ---- the record ---- */

/* The next free place; NULL when memory is short. */
static vmh_inline_execution *add(vmh_execution_context *context)
{
    vmh_inline_execution *executions =
        vmh_arena_grow(context->arena, context->executions, &context->execution_capacity,
                       context->execution_count + 1, sizeof *executions);

    if (executions == NULL)
        return NULL;
    context->executions = executions;
    return &executions[context->execution_count++];
}

/* What stands in front of the types of a signature. */
static vmh_bytes name_of(vmh_bytes method)
{
    const uint8_t *types = method.size == 0 ? NULL : memchr(method.data, '(', method.size);

    return types == NULL ? method : vmh_bytes_of(method.data, (size_t)(types - method.data));
}

vmh_status vmh_inline_note(vmh_execution_context *context, const vmh_frame *frame, size_t *place,
                           vmh_failure *why)
{
    vmh_inline_execution *execution = add(context);
    size_t depth = context->engine.depth;

    if (execution == NULL)
        return vmh_fail_memory(why);
    *execution = (vmh_inline_execution){
        .kind = frame->kind,
        .contract_name = frame->service,
        .method_name = name_of(frame->method),
        .id = *vmh_async_top_id(&context->engine),
        .gas_given = frame->gas_given,
    };
    if (depth >= 2)
        execution->parent = vmh_async_at(&context->engine, depth - 2)->id;
    *place = context->execution_count;
    return VMH_OK;
}

/* What the text of a failure leaves out: as it was noted, or in the text that it stands for. */
static vmh_bytes detail_of(const vmh_execution_context *context, vmh_bytes error, vmh_bytes told)
{
    vmh_bytes none = {0};

    if (vmh_bytes_equal(context->record.error, error) && context->record.detail.size != 0)
        return context->record.detail;
    return vmh_bytes_equal(error, told) ? none : error;
}

void vmh_inline_note_end(vmh_execution_context *context, size_t place, uint64_t gas_left,
                         const vmh_process_call_output *out, vmh_bytes told)
{
    vmh_inline_execution *execution = &context->executions[place - 1];

    execution->gas_used =
        gas_left < execution->gas_given ? execution->gas_given - gas_left : 0;
    execution->code = out->code;
    if (out->code == VMH_CODE_OK)
        return;
    execution->error = told;
    execution->detail = detail_of(context, out->error, told);
    execution->line = out->line;
}

vmh_execution_kind vmh_execution_kind_of(vmh_async_kind kind)
{
    static const vmh_execution_kind kinds[] = {
        [VMH_ASYNC_DIRECT] = VMH_EXECUTION_DIRECT,
        [VMH_ASYNC_SYNC] = VMH_EXECUTION_SYNC,
        [VMH_ASYNC_CALLEE] = VMH_EXECUTION_ASYNC,
        [VMH_ASYNC_CALLBACK] = VMH_EXECUTION_CALLBACK,
        [VMH_ASYNC_GROUP_CALLBACK] = VMH_EXECUTION_GROUP,
    };

    return kinds[kind];
}

/* Lists what the engine has pushed, or would have. */
static vmh_status note_run(vmh_execution_context *context, const vmh_async_run *run, size_t *place,
                           vmh_failure *why)
{
    vmh_inline_execution *execution = add(context);

    if (execution == NULL)
        return vmh_fail_memory(why);
    *execution = (vmh_inline_execution){
        .kind = vmh_execution_kind_of(run->kind),
        .contract_name = run->service,
        .method_name = name_of(run->method),
        .id = run->id,
        .parent = run->initiator_id,
        .gas_given = run->gas,
    };
    if (run->kind == VMH_ASYNC_CALLBACK)
        execution->answered = run->call_id;
    *place = context->execution_count;
    return VMH_OK;
}

/* Who watches sees what never began begin and fail. */
static vmh_status trace_failure(vmh_execution_context *context, const vmh_async_run *run,
                                const vmh_process_call_output *out, vmh_failure *why)
{
    vmh_trace *trace = context->host->trace;
    vmh_trace_call seen = {
        .context_id = vmh_bytes_hash(&context->id),
        .depth = context->depth + 1,
        .contract_name = run->service,
        .method_name = run->method,
        .input_arguments = run->input,
        .access_scope = context->access_scope,
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    vmh_trace_result result = {out->call_result, out->code, out->output_arguments, 0};
    vmh_status status = VMH_OK;

    if (trace != NULL && trace->call_begin != NULL)
        status = trace->call_begin(trace, &seen, why);
    if (status == VMH_OK && trace != NULL && trace->call_end != NULL)
        status = trace->call_end(trace, &seen, &result, why);
    return status;
}

/* ---- an execution of its own ---- */

/* What it has for itself, and the execution around it gets back. */
typedef struct scope {
    bool has_request;
    vmh_request request;
    vmh_hash32 run_id;
    bool suspended;
    uint64_t limited_event_count;
    size_t base_depth;
    uint64_t gas_left;
} scope;

static scope enter(vmh_execution_context *context, const vmh_async_run *run)
{
    scope outer = {context->has_request,         context->request,    context->run_id,
                   context->suspended,           context->limited_event_count,
                   context->base_depth,          context->gas_left};

    context->has_request = true;
    context->request = vmh_async_top(&context->engine)->request;
    context->run_id = run->id;
    context->suspended = false;
    context->limited_event_count = 0;
    context->base_depth = context->depth;
    context->gas_left = run->gas;
    /* A method that was ended, and completes others by that, is over. */
    context->aborted = false;
    return outer;
}

/* What ended it does not end the execution around it. */
static void leave(vmh_execution_context *context, const scope *outer)
{
    context->has_request = outer->has_request;
    context->request = outer->request;
    context->run_id = outer->run_id;
    context->suspended = outer->suspended;
    context->limited_event_count = outer->limited_event_count;
    context->base_depth = outer->base_depth;
    context->gas_left = outer->gas_left;
    context->aborted = false;
}

static vmh_status input_of(vmh_execution_context *context, const vmh_async_run *run,
                           vmh_bytes *packed, vmh_failure *why)
{
    vmh_argument data;

    switch (run->kind) {
    case VMH_ASYNC_CALLBACK:
        return vmh_async_callback_arguments(context, &run->outcome, packed, why);
    case VMH_ASYNC_GROUP_CALLBACK:
        data = vmh_argument_bytes(VMH_ARGUMENT_BYTES, run->input);
        return vmh_argument_array_pack((vmh_argument_array){&data, 1}, context->arena, packed,
                                       why);
    default:
        *packed = run->input;
        return VMH_OK;
    }
}

static vmh_status move_amount(vmh_execution_context *context, const vmh_async_run *run,
                              bool *enough, vmh_failure *why)
{
    vmh_address from, to;
    vmh_status status;

    vmh_target_address(run->caller_service, &from);
    vmh_target_address(run->service, &to);
    status = vmh_value_debit(context, &from, run->token, &run->amount, enough, why);
    if (status != VMH_OK || !*enough)
        return status;
    return vmh_value_credit(context, &to, run->token, &run->amount, why);
}

/* Runs the method; `*found` is false where none was reached. */
static vmh_status call(vmh_execution_context *context, const vmh_async_run *run,
                       const vmh_run_mark *mark, size_t place, bool *found,
                       vmh_process_call_output *out, vmh_failure *why)
{
    vmh_call_request request = {
        .frame = {.service = run->service,
                  .method = run->method,
                  .caller_is_given = true,
                  .kind = vmh_execution_kind_of(run->kind),
                  .level = context->engine.depth,
                  .execution = place,
                  .mark = mark},
        .calling_permission_scope = VMH_PERMISSION_SERVICE,
    };
    bool enough = true;
    vmh_status status = input_of(context, run, &request.input_arguments, why);

    *found = false;
    if (run->kind == VMH_ASYNC_GROUP_CALLBACK) {
        request.frame.group = run->group;
        vmh_target_address(run->service, &request.frame.caller);
    } else {
        vmh_target_address(run->caller_service, &request.frame.caller);
    }
    if (status == VMH_OK && run->kind == VMH_ASYNC_CALLEE) {
        if (!vmh_word_is_zero(&run->amount))
            request.frame.token = run->token;
        request.frame.amount = run->amount;
        status = move_amount(context, run, &enough, why);
    }
    if (status != VMH_OK)
        return status;
    if (enough)
        return vmh_run_call(context, &request, found, out, why);
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                VMH_CODE_LACK_OF_FUNDS, VMH_LITERAL(VMH_TEXT_ASYNC_FUNDS), out,
                                why);
}

/* A failure that no code had a part in. */
static vmh_status end_unreached(vmh_execution_context *context, const vmh_async_run *run,
                                const vmh_run_mark *mark, size_t place,
                                const vmh_process_call_output *out, vmh_failure *why)
{
    vmh_process_call_output told = *out;
    vmh_status status;

    told.error = vmh_async_text(out->code, out->error);
    status = vmh_argument_array_pack_text(told.error, context->arena, &told.output_arguments, why);
    if (status == VMH_OK)
        status = trace_failure(context, run, &told, why);
    if (status == VMH_OK)
        status = vmh_async_end_unreached(context, mark, out, why);
    vmh_inline_note_end(context, place, 0, out, told.error);
    return status;
}

/* Of an answer's run, in which no method lies beneath: what its receipt tells. */
static void tell_answer(vmh_execution_context *context, const vmh_async_run *run, uint64_t left,
                        const vmh_process_call_output *out)
{
    if (context->depth != 0)
        return;
    context->answer_gas_used += run->gas - (left < run->gas ? left : run->gas);
    if (context->answer_output != NULL && run->kind == VMH_ASYNC_CALLBACK) {
        *context->answer_output = *out;
        context->answer_output = NULL;
    }
}

vmh_status vmh_inline_run(vmh_execution_context *context, const vmh_async_run *given,
                          vmh_failure *why)
{
    const vmh_async_run run = *given; /* the engine goes on meanwhile */
    vmh_run_mark mark = vmh_execution_context_mark(context);
    scope outer = enter(context, &run);
    vmh_process_call_output out = {0};
    bool found;
    size_t place;
    vmh_status status = note_run(context, &run, &place, why);

    if (status == VMH_OK)
        status = call(context, &run, &mark, place, &found, &out, why);
    if (status == VMH_OK && !found)
        status = end_unreached(context, &run, &mark, place, &out, why);
    if (status == VMH_OK)
        tell_answer(context, &run, context->closed.outcome.gas, &out);
    leave(context, &outer);
    return status;
}

vmh_status vmh_inline_note_unpaid(vmh_execution_context *context, const vmh_async_run *run,
                                  vmh_failure *why)
{
    vmh_process_call_output out;
    size_t place;
    vmh_status status = vmh_call_output_fail(
        context->arena, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_OUT_OF_GAS,
        VMH_LITERAL(VMH_TEXT_NOT_ENOUGH_GAS), &out, why);

    if (status == VMH_OK)
        status = note_run(context, run, &place, why);
    if (status == VMH_OK)
        status = vmh_execution_context_explain_gas(context, &context->engine.lack, why);
    if (status == VMH_OK)
        status = vmh_execution_context_note(context, out.error, 0, why);
    if (status != VMH_OK)
        return status;
    context->record_depth = 0; /* no other failure is this one on its way up */
    vmh_inline_note_end(context, place, 0, &out, out.error);
    tell_answer(context, run, 0, &out);
    return trace_failure(context, run, &out, why);
}
