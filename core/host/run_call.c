#include "host/run_call.h"

#include "codec/argument_codec.h"
#include "host/async_run.h"
#include "host/host_state.h"
#include "host/raw_call.h"
#include "types/host_texts.h"

vmh_status vmh_call_output_fail(vmh_arena *arena, vmh_execution_result result, uint32_t code,
                                vmh_bytes text, vmh_process_call_output *out, vmh_failure *why)
{
    *out = (vmh_process_call_output){.call_result = result, .code = code, .error = text};
    return vmh_argument_array_pack_text(text, arena, &out->output_arguments, why);
}

static vmh_status refuse_stack(vmh_execution_context *context, vmh_process_call_output *out,
                               vmh_failure *why)
{
    vmh_bytes text;
    vmh_status status = vmh_arena_format(context->arena, &text, why, VMH_TEXT_SERVICE_STACK,
                                         VMH_SERVICE_STACK_SIZE);

    if (status != VMH_OK)
        return status;
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                VMH_CODE_SERVICE_STACK, text, out, why);
}

static vmh_status refuse_arguments(vmh_execution_context *context, size_t size,
                                   vmh_process_call_output *out, vmh_failure *why)
{
    vmh_bytes text;
    vmh_status status =
        vmh_arena_format(context->arena, &text, why, VMH_TEXT_ARGUMENTS_TOO_LONG, size,
                         (unsigned long long)context->host->genesis->limits.argument_array_size);

    if (status != VMH_OK)
        return status;
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS,
                                text, out, why);
}

/* What a method comes to that was over before its processor said so. */
static vmh_status settle_ended(vmh_execution_context *context, const vmh_frame *frame,
                               vmh_process_call_output *out, vmh_failure *why)
{
    uint64_t gas_used = out->gas_used;
    uint32_t line = out->line;
    vmh_status status;

    if (frame->end == VMH_FRAME_STOPPED) {
        *out = (vmh_process_call_output){.call_result = VMH_RESULT_SUCCESS, .gas_used = gas_used};
        return VMH_OK;
    }
    status = vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                  frame->refusal.code, vmh_bytes_text(frame->refusal.text), out,
                                  why);
    out->gas_used = gas_used;
    out->line = line != 0 ? line : frame->line;
    return status;
}

/* What an execution that is over answers, whatever its processor made of it. */
static vmh_status settle(vmh_execution_context *context, vmh_process_call_output *out,
                         vmh_failure *why)
{
    const vmh_frame *frame = vmh_service_stack_top(context);

    if (context->host_status != VMH_OK) {
        *why = context->host_failure;
        return context->host_status;
    }
    if (frame->end != VMH_FRAME_GOES_ON && !context->aborted) {
        vmh_status status = settle_ended(context, frame, out, why);

        if (status != VMH_OK)
            return status;
    } else if (out->ends_execution) {
        vmh_execution_context_abort(context, out->error, out->code);
    }
    if (context->aborted) {
        uint64_t gas_used = out->gas_used;
        uint32_t line = out->line;
        vmh_status status = vmh_call_output_fail(
            context->arena, VMH_RESULT_ERROR_SMART_CONTRACT, context->abort_code,
            context->abort_text, out, why);

        if (status != VMH_OK)
            return status;
        out->gas_used = gas_used;
        out->line = line;
    }
    if (out->gas_used > context->gas_left)
        out->gas_used = context->gas_left;
    context->gas_left -= out->gas_used;
    if (out->call_result == VMH_RESULT_ERROR_UNEXPECTED)
        out->output_arguments = (vmh_bytes){0};
    if (out->call_result != VMH_RESULT_SUCCESS)
        return vmh_execution_context_note(context, out->error, out->line, why);
    return VMH_OK;
}

static vmh_status process(vmh_execution_context *context, vmh_processor *processor,
                          const vmh_process_call_input *input, vmh_process_call_output *out,
                          vmh_failure *why)
{
    if (input->input_arguments.size > context->host->genesis->limits.argument_array_size)
        return refuse_arguments(context, input->input_arguments.size, out, why);
    if (input->is_raw && processor->describe_method != NULL)
        return vmh_raw_call_process(context, processor, input, out, why);
    return processor->process_call(processor, input, context->arena, out, why);
}

/*
 * A method that is named by its signature, as bytecode needs it: elsewhere what stands in
 * front of its types names it, and the types are those of the arguments.
 */
static vmh_bytes name_of(vmh_bytes method)
{
    const uint8_t *types = method.size == 0 ? NULL : memchr(method.data, '(', method.size);

    return types == NULL ? method : vmh_bytes_of(method.data, (size_t)(types - method.data));
}

vmh_status vmh_run_on_processor(vmh_execution_context *context, vmh_processor *processor,
                                const vmh_call_request *request, vmh_process_call_output *out,
                                vmh_failure *why)
{
    vmh_trace *trace = context->host->trace;
    vmh_process_call_input input = {
        .context_id = vmh_bytes_hash(&context->id),
        .contract_name = request->frame.service,
        .method_name = request->frame.method,
        .input_arguments = request->input_arguments,
        .access_scope = context->access_scope,
        .calling_permission_scope = request->calling_permission_scope,
        .request_id = vmh_bytes_of(context->request.id.bytes, context->has_request ? 32 : 0),
        .request_kind = context->depth == context->base_depth ? context->request.kind : 0u,
        .execution_kind = request->frame.kind,
        .group = request->frame.group,
        .is_raw = request->frame.method.size == 0 && context->depth == context->base_depth &&
                  context->request.kind != 0,
        .stack_left = context->depth < VMH_SERVICE_STACK_SIZE
                          ? VMH_SERVICE_STACK_SIZE - context->depth - 1
                          : 0,
        .caller_is_client = request->frame.caller_is_given ? request->frame.caller_is_client
                                                           : context->depth == 0,
        .gas_limit = context->gas_left,
        .resume = request->resume,
        .trace = trace,
    };
    vmh_trace_call seen = {
        .context_id = input.context_id,
        .depth = context->depth + 1,
        .contract_name = input.contract_name,
        .method_name = input.method_name,
        .input_arguments = input.input_arguments,
        .access_scope = input.access_scope,
        .calling_permission_scope = input.calling_permission_scope,
    };
    vmh_frame frame = request->frame;
    vmh_status status = VMH_OK;

    *out = (vmh_process_call_output){0};
    frame.processor_type = vmh_host_processor_type(context->host, processor);
    frame.gas_given = context->gas_left;
    if (frame.processor_type != VMH_PROCESSOR_VITE)
        frame.method = input.method_name = seen.method_name = name_of(frame.method);
    if (!vmh_service_stack_push(context, &frame))
        return refuse_stack(context, out, why);
    if (trace != NULL && trace->call_begin != NULL)
        status = trace->call_begin(trace, &seen, why);
    if (status == VMH_OK)
        status = process(context, processor, &input, out, why);
    if (status == VMH_OK)
        status = settle(context, out, why);
    if (status == VMH_OK && vmh_service_stack_top(context)->level != 0)
        status = vmh_async_end_method(context, out, why);
    if (status == VMH_OK && trace != NULL && trace->call_end != NULL) {
        vmh_trace_result result = {out->call_result, out->code, out->output_arguments,
                                   out->gas_used};

        status = trace->call_end(trace, &seen, &result, why);
    }
    vmh_service_stack_pop(context);
    if (status == VMH_OK)
        return VMH_OK;
    /* A caller that met the failure may have told it in its own words: the first one counts. */
    vmh_execution_context_fail(context, status, why);
    *why = context->host_failure;
    return context->host_status;
}

/* A failed lookup is told of the call that asked, not of the lookup's own. */
static vmh_status note_refusal(vmh_execution_context *context, const vmh_call_request *request,
                               vmh_bytes error, vmh_failure *why)
{
    bool pushed = vmh_service_stack_push(context, &request->frame);
    vmh_status status = VMH_OK;

    if (vmh_bytes_equal(error, VMH_LITERAL(VMH_TEXT_NOT_DEPLOYED)))
        status = vmh_execution_context_explain(context, error, why, "'%.*s'",
                                               VMH_PRINT(request->frame.service));
    if (status == VMH_OK)
        status = vmh_execution_context_note(context, error, 0, why);
    if (pushed)
        vmh_service_stack_pop(context);
    return status;
}

vmh_status vmh_run_call(vmh_execution_context *context, const vmh_call_request *request,
                        bool *found, vmh_process_call_output *out, vmh_failure *why)
{
    vmh_processor *processor;
    vmh_status status;

    *out = (vmh_process_call_output){0};
    status = vmh_find_processor(context, request->frame.service, &processor, out, why);
    *found = status == VMH_OK && processor != NULL;
    if (status == VMH_OK && !*found)
        return note_refusal(context, request, out->error, why);
    if (status != VMH_OK)
        return status;
    return vmh_run_on_processor(context, processor, request, out, why);
}
