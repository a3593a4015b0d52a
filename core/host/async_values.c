#include "host/async_values.h"

#include "async/call_data.h"
#include "codec/abi.h"
#include "codec/argument_codec.h"
#include "types/host_texts.h"

/* ---- texts ---- */

/* Of code 10: those that say more than that a call failed. */
static bool is_fixed(vmh_bytes text)
{
    static const char *const texts[] = {VMH_TEXT_BAD_CALL_DATA, VMH_TEXT_MAILBOX_FULL,
                                        VMH_TEXT_TOO_MANY_REQUESTS};

    if (vmh_bytes_begins(text, VMH_LITERAL("async: ")))
        return true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vmh_bytes_equal(text, vmh_bytes_text(texts[i])))
            return true;
    }
    return false;
}

vmh_bytes vmh_async_text(uint32_t code, vmh_bytes text)
{
    switch (code) {
    case VMH_CODE_UNKNOWN_METHOD:
        return VMH_LITERAL(VMH_TEXT_ASYNC_NO_METHOD);
    case VMH_CODE_NOT_DEPLOYED:
        return VMH_LITERAL(VMH_TEXT_ASYNC_NO_CONTRACT);
    case VMH_CODE_OUT_OF_GAS:
        return VMH_LITERAL(VMH_TEXT_NOT_ENOUGH_GAS);
    case VMH_CODE_LACK_OF_FUNDS:
        return VMH_LITERAL(VMH_TEXT_ASYNC_FUNDS);
    case VMH_CODE_NESTED_CALL_FAILED:
        return is_fixed(text) ? text : VMH_LITERAL(VMH_TEXT_ASYNC_FAILED);
    default:
        return text;
    }
}

/* ---- sizes ---- */

static size_t significant(uint64_t value)
{
    size_t size = 1;

    while (size < 8 && value >> 8 * size != 0)
        size++;
    return size;
}

static size_t significant_bytes(vmh_bytes value)
{
    size_t at = 0;

    while (at + 1 < value.size && value.data[at] == 0)
        at++;
    return value.size - at;
}

/* Of one value that is no array. */
static size_t bytes_of(const vmh_argument *argument)
{
    switch (argument->type) {
    case VMH_ARGUMENT_UINT32:
        return significant(argument->value.uint32);
    case VMH_ARGUMENT_UINT64:
        return significant(argument->value.uint64);
    case VMH_ARGUMENT_BOOL:
        return 1;
    case VMH_ARGUMENT_UINT256:
        return significant_bytes(argument->value.bytes);
    default:
        return argument->value.bytes.size;
    }
}

static uint64_t size_of(vmh_argument_array values)
{
    uint64_t size = 0;

    for (size_t i = 0; i < values.count; i++) {
        const vmh_argument *value = &values.items[i];
        size_t bytes = 0;

        if (!vmh_argument_is_array(value->type)) {
            size += vmh_call_data_value_size(bytes_of(value));
            continue;
        }
        for (size_t j = 0; j < value->value.array.count; j++)
            bytes += bytes_of(&value->value.array.items[j]);
        size += vmh_call_data_value_size(bytes);
    }
    return size;
}

vmh_status vmh_async_values_size(vmh_bytes packed, vmh_arena *arena, uint64_t *size, bool *known,
                                 vmh_failure *why)
{
    vmh_argument_array values;
    vmh_argument_fault fault;
    vmh_status status = vmh_argument_array_decode(packed, arena, &values, known, &fault, why);

    if (status == VMH_OK)
        *size = size_of(values);
    return status;
}

/* ---- outcomes ---- */

vmh_status vmh_async_outcome_of(vmh_execution_context *context,
                                const vmh_process_call_output *output, bool is_raw,
                                vmh_async_outcome *out, vmh_failure *why)
{
    bool known;

    *out = (vmh_async_outcome){.gas = context->gas_left};
    if (output->call_result != VMH_RESULT_SUCCESS) {
        out->code = output->code == VMH_CODE_OK ? VMH_CODE_CONTRACT_FAILED : output->code;
        out->message = vmh_async_text(out->code, output->error);
        return VMH_OK;
    }
    if (is_raw) {
        out->has_values = true;
        out->values = output->raw_output;
        out->values_size = vmh_call_data_value_size(out->values.size);
        return VMH_OK;
    }
    out->values = output->output_arguments;
    out->has_values = out->values.size != 0;
    return vmh_async_values_size(out->values, context->arena, &out->values_size, &known, why);
}

vmh_status vmh_async_read_text(vmh_arena *arena, vmh_bytes packed, vmh_bytes *text,
                               vmh_failure *why)
{
    vmh_argument_array values;
    vmh_argument_fault fault;
    bool known;
    vmh_status status =
        vmh_argument_array_decode(packed, arena, &values, &known, &fault, why);

    *text = (vmh_bytes){0};
    if (status == VMH_OK && values.count != 0 && values.items[0].type == VMH_ARGUMENT_STRING)
        *text = values.items[0].value.bytes;
    return status;
}

vmh_status vmh_async_outcome_of_message(vmh_execution_context *context,
                                        const vmh_message *message, vmh_async_outcome *out,
                                        vmh_failure *why)
{
    bool known = true;
    vmh_status status;

    *out = (vmh_async_outcome){.code = message->code, .gas = message->gas};
    if (message->code != VMH_CODE_OK)
        return vmh_async_read_text(context->arena, message->input, &out->message, why);
    out->has_values = true;
    out->values = message->input;
    status = vmh_async_values_size(out->values, context->arena, &out->values_size, &known, why);
    if (status == VMH_OK && !known)
        *out = (vmh_async_outcome){.code = VMH_CODE_NESTED_CALL_FAILED,
                                   .message = VMH_LITERAL(VMH_TEXT_BAD_CALL_DATA)};
    return status;
}

/* The text of a method that failed before, as its revert data would have been then. */
static vmh_status late_revert_data(vmh_execution_context *context,
                                   const vmh_async_outcome *outcome, vmh_bytes *input,
                                   vmh_failure *why)
{
    vmh_buffer data;
    vmh_status status;

    if (outcome->code == VMH_CODE_OUT_OF_GAS)
        return VMH_OK;
    vmh_buffer_init(&data);
    status = vmh_abi_error_encode(outcome->message, &data, why);
    if (status == VMH_OK)
        status = vmh_buffer_check(&data, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(context->arena, vmh_buffer_bytes(&data), input, why);
    vmh_buffer_clear(&data);
    return status == VMH_E_LIMIT ? VMH_OK : status;
}

vmh_status vmh_async_failure_input(vmh_execution_context *context, const vmh_request *request,
                                   const vmh_async_outcome *outcome, vmh_bytes *input,
                                   vmh_failure *why)
{
    bool is_raw = request->method.size == 0;
    /* Else its failure completes another method, which has failed before it. */
    bool is_of_run = memcmp(request->id.bytes, context->request.id.bytes,
                            sizeof request->id.bytes) == 0;

    *input = (vmh_bytes){0};
    if (context->output != NULL && is_of_run &&
        (is_raw || request->kind == VMH_MESSAGE_SYNC_CALL)) {
        *input = is_raw ? context->output->raw_output : context->output->output_arguments;
        return VMH_OK;
    }
    if (is_raw)
        return is_of_run ? VMH_OK : late_revert_data(context, outcome, input, why);
    return vmh_argument_array_pack_text(outcome->message, context->arena, input, why);
}

vmh_status vmh_async_callback_arguments(vmh_execution_context *context,
                                        const vmh_async_outcome *outcome, vmh_bytes *packed,
                                        vmh_failure *why)
{
    vmh_argument_array values = {0};
    vmh_argument text = vmh_argument_string(outcome->message);
    vmh_argument *arguments;
    vmh_argument_fault fault;
    bool known;
    vmh_status status = VMH_OK;

    if (outcome->code == VMH_CODE_OK)
        status = vmh_argument_array_decode(outcome->values, context->arena, &values, &known,
                                           &fault, why);
    else
        values = (vmh_argument_array){&text, 1};
    if (status != VMH_OK)
        return status;
    arguments = vmh_arena_alloc_array(context->arena, values.count + 1, sizeof *arguments);
    if (arguments == NULL)
        return vmh_fail_memory(why);
    arguments[0] = vmh_argument_uint32(outcome->code);
    for (size_t i = 0; i < values.count; i++)
        arguments[1 + i] = values.items[i];
    return vmh_argument_array_pack((vmh_argument_array){arguments, values.count + 1},
                                   context->arena, packed, why);
}
