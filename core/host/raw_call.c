#include "host/raw_call.h"

#include "base/hex.h"
#include "codec/argument_abi.h"
#include "codec/argument_codec.h"
#include "host/run_call.h"
#include "types/host_texts.h"

/* ---- the way in ---- */

/* Whether `data` select this method; `*signature` is made of its name and types. */
static vmh_status compare(vmh_execution_context *context, const vmh_method_description *method,
                          vmh_bytes data, vmh_abi_signature *signature, bool *selected,
                          vmh_failure *why)
{
    vmh_bytes types, text;
    vmh_hash32 hash;
    vmh_status status = vmh_argument_types_text(method->parameters, method->parameter_count,
                                                context->arena, &types, why);

    if (status == VMH_OK)
        status = vmh_arena_format(context->arena, &text, why, "%.*s%.*s", VMH_PRINT(method->name),
                                  VMH_PRINT(types));
    if (status == VMH_OK)
        status = vmh_abi_types_parse(types, context->arena, &signature->inputs, why);
    if (status != VMH_OK)
        return status;
    signature->name = method->name;
    signature->text = text;
    vmh_abi_signature_hash(signature, &hash);
    *selected = memcmp(hash.bytes, data.data, VMH_ABI_SELECTOR_SIZE) == 0;
    return VMH_OK;
}

static vmh_status select_method(vmh_execution_context *context, vmh_processor *processor,
                                const vmh_process_call_input *input, vmh_abi_signature *signature,
                                bool *selected, vmh_failure *why)
{
    vmh_method_description method;
    bool found = true;

    *selected = false;
    if (input->input_arguments.size < VMH_ABI_SELECTOR_SIZE)
        return VMH_OK;
    for (size_t i = 0; found && !*selected; i++) {
        vmh_status status = processor->describe_method(
            processor, input->context_id, input->contract_name, i, context->arena, &found, &method,
            why);

        if (status == VMH_OK && found && !method.is_variadic)
            status = compare(context, &method, input->input_arguments, signature, selected, why);
        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

static vmh_status refuse_selector(vmh_execution_context *context,
                                  const vmh_process_call_input *input,
                                  vmh_process_call_output *out, vmh_failure *why)
{
    vmh_bytes data = input->input_arguments;
    vmh_buffer hex;
    vmh_bytes text;
    vmh_status status;

    vmh_buffer_init(&hex);
    vmh_hex_encode(vmh_bytes_of(data.data, data.size < 4 ? data.size : 4), &hex);
    status = vmh_buffer_check(&hex, why);
    if (status == VMH_OK)
        status = vmh_arena_format(context->arena, &text, why, VMH_TEXT_SELECTOR,
                                  VMH_PRINT(vmh_buffer_bytes(&hex)),
                                  VMH_PRINT(input->contract_name));
    vmh_buffer_clear(&hex);
    if (status != VMH_OK)
        return status;
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_INPUT, VMH_CODE_UNKNOWN_METHOD,
                                text, out, why);
}

static vmh_status refuse_data(vmh_execution_context *context, const vmh_process_call_input *input,
                              vmh_process_call_output *out, const vmh_abi_signature *signature,
                              vmh_failure *why)
{
    vmh_bytes text;
    vmh_status status =
        vmh_arena_format(context->arena, &text, why, VMH_TEXT_CALL_DATA,
                         VMH_PRINT(input->contract_name), VMH_PRINT(signature->name),
                         VMH_PRINT(signature->inputs->text));

    if (status != VMH_OK)
        return status;
    return vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS,
                                text, out, why);
}

/* The packed arguments behind the selector; `*valid` is false for data of another shape. */
static vmh_status convert_arguments(vmh_execution_context *context, vmh_bytes data,
                                    const vmh_abi_type *types, vmh_bytes *packed, bool *valid,
                                    vmh_failure *why)
{
    vmh_argument_array arguments;
    vmh_abi_values values;
    vmh_status status = vmh_abi_decode(types,
                                       vmh_bytes_of(data.data + VMH_ABI_SELECTOR_SIZE,
                                                    data.size - VMH_ABI_SELECTOR_SIZE),
                                       context->arena, &values, why);

    *valid = status == VMH_OK;
    if (status == VMH_E_MALFORMED || status == VMH_E_LIMIT)
        return VMH_OK;
    if (status == VMH_OK)
        status = vmh_arguments_from_abi(values, types, context->arena, &arguments, why);
    if (status != VMH_OK)
        return status;
    return vmh_argument_array_pack(arguments, context->arena, packed, why);
}

/* Makes the input of the selected method; a refusal is in `out`, with `*open` false. */
static vmh_status open_call(vmh_execution_context *context, vmh_processor *processor,
                            vmh_process_call_input *input, bool *open,
                            vmh_process_call_output *out, vmh_failure *why)
{
    vmh_abi_signature signature = {.outputs = NULL};
    vmh_bytes packed = {0};
    vmh_status status = select_method(context, processor, input, &signature, open, why);

    if (status != VMH_OK)
        return status;
    if (!*open)
        return refuse_selector(context, input, out, why);
    context->stack[context->depth - 1].method = signature.name;
    status =
        convert_arguments(context, input->input_arguments, signature.inputs, &packed, open, why);
    if (status != VMH_OK)
        return status;
    if (!*open)
        return refuse_data(context, input, out, &signature, why);
    input->method_name = signature.name;
    input->input_arguments = packed;
    return VMH_OK;
}

/* ---- the way back ---- */

/* Every argument is a value of the ABI type of its own name. */
static vmh_status encode_results(vmh_execution_context *context, vmh_argument_array results,
                                 vmh_buffer *out, vmh_failure *why)
{
    vmh_argument_type *names = vmh_arena_alloc_array(context->arena, results.count, sizeof *names);
    vmh_abi_value *values = vmh_arena_alloc_array(context->arena, results.count, sizeof *values);
    const vmh_abi_type *types;
    bool fits;
    vmh_bytes text;
    vmh_status status;

    if (names == NULL || values == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < results.count; i++)
        names[i] = results.items[i].type;
    status = vmh_argument_types_text(names, results.count, context->arena, &text, why);
    if (status == VMH_OK)
        status = vmh_abi_types_parse(text, context->arena, &types, why);
    for (size_t i = 0; i < results.count && status == VMH_OK; i++)
        status = vmh_argument_to_abi(&results.items[i], &types->items[i], NULL, context->arena,
                                     &values[i], &fits, why);
    if (status != VMH_OK)
        return status;
    return vmh_abi_encode(types, (vmh_abi_values){values, results.count}, out, why);
}

vmh_status vmh_raw_call_encode(vmh_execution_context *context, vmh_bytes packed, vmh_bytes *raw,
                               vmh_failure *why)
{
    vmh_argument_array results;
    vmh_argument_fault fault;
    vmh_buffer answer;
    bool known;
    vmh_status status =
        vmh_argument_array_decode(packed, context->arena, &results, &known, &fault, why);

    if (status != VMH_OK)
        return status;
    vmh_buffer_init(&answer);
    status = encode_results(context, results, &answer, why);
    if (status == VMH_OK)
        status = vmh_buffer_check(&answer, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, vmh_buffer_bytes(&answer), raw, why);
    vmh_buffer_clear(&answer);
    return status;
}

static vmh_status encode_answer(vmh_execution_context *context, const vmh_process_call_output *out,
                                vmh_buffer *answer, vmh_failure *why)
{
    vmh_argument_array results;
    vmh_argument_fault fault;
    bool known;
    vmh_status status;

    if (out->call_result == VMH_RESULT_ERROR_UNEXPECTED)
        return VMH_OK;
    if (out->call_result != VMH_RESULT_SUCCESS)
        return vmh_abi_error_encode(out->error, answer, why);
    status = vmh_argument_array_decode(out->output_arguments, context->arena, &results, &known,
                                       &fault, why);
    return status == VMH_OK ? encode_results(context, results, answer, why) : status;
}

/* A method whose answer no call data hold has failed. */
static vmh_status refuse_answer(vmh_execution_context *context, vmh_process_call_output *out,
                                vmh_failure *why)
{
    const vmh_frame *frame = vmh_service_stack_top(context);
    uint64_t gas_used = out->gas_used;
    vmh_bytes text;
    vmh_status status =
        vmh_arena_format(context->arena, &text, why, VMH_TEXT_DATA_TOO_LONG,
                         VMH_PRINT(frame->service), VMH_PRINT(frame->method), VMH_ABI_MAX_SIZE);

    if (status == VMH_OK)
        status = vmh_call_output_fail(context->arena, VMH_RESULT_ERROR_SMART_CONTRACT,
                                      VMH_CODE_CONTRACT_FAILED, text, out, why);
    out->gas_used = gas_used;
    return status;
}

static vmh_status close_call(vmh_execution_context *context, vmh_process_call_output *out,
                             vmh_failure *why)
{
    vmh_buffer answer;
    vmh_status status;

    vmh_buffer_init(&answer);
    status = encode_answer(context, out, &answer, why);
    if (status == VMH_E_LIMIT) {
        vmh_buffer_reset(&answer);
        status = refuse_answer(context, out, why);
    }
    if (status == VMH_OK)
        status = vmh_buffer_check(&answer, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, vmh_buffer_bytes(&answer), &out->raw_output, why);
    vmh_buffer_clear(&answer);
    return status;
}

vmh_status vmh_raw_call_process(vmh_execution_context *context, vmh_processor *processor,
                                const vmh_process_call_input *input, vmh_process_call_output *out,
                                vmh_failure *why)
{
    vmh_process_call_input converted = *input;
    bool open = true;
    vmh_status status = VMH_OK;

    converted.is_raw = false;
    if (input->resume == NULL)
        status = open_call(context, processor, &converted, &open, out, why);
    if (status == VMH_OK && open)
        status = processor->process_call(processor, &converted, context->arena, out, why);
    return status == VMH_OK ? close_call(context, out, why) : status;
}
