#include <stdarg.h>
#include <stdio.h>

#include "codec/argument_codec.h"
#include "native/native_contract.h"
#include "types/host_texts.h"

bool vmh_native_check(vmh_native_call *call, vmh_status status)
{
    if (status == VMH_OK)
        return true;
    call->end = VMH_NATIVE_HOST_FAILED;
    call->status = status;
    return false;
}

static bool format_text(vmh_native_call *call, vmh_bytes *out, const char *format, va_list args)
{
    va_list again;
    char *text;
    int size;

    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = size < 0 ? NULL : vmh_arena_alloc(call->arena, (size_t)size + 1);
    if (text == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    vsnprintf(text, (size_t)size + 1, format, args);
    *out = vmh_bytes_of(text, (size_t)size);
    return true;
}

bool vmh_native_raise(vmh_native_call *call, uint32_t code, const char *format, ...)
{
    va_list args;
    bool formatted;

    va_start(args, format);
    formatted = format_text(call, &call->text, format, args);
    va_end(args);
    if (formatted) {
        call->end = VMH_NATIVE_RAISED;
        call->code = code;
    }
    return false;
}

bool vmh_native_join(vmh_native_call *call, vmh_bytes *out, const vmh_bytes *parts, size_t count)
{
    size_t size = 0;
    uint8_t *joined;

    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    joined = vmh_arena_alloc(call->arena, size);
    if (joined == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    *out = vmh_bytes_of(joined, size);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size != 0)
            memcpy(joined, parts[i].data, parts[i].size);
        joined += parts[i].size;
    }
    return true;
}

bool vmh_native_decimal(vmh_native_call *call, uint64_t number, vmh_bytes *out)
{
    return vmh_native_check(call, vmh_arena_format(call->arena, out, call->why, "%llu",
                                                   (unsigned long long)number));
}

bool vmh_native_hex(vmh_native_call *call, vmh_bytes bytes, vmh_bytes *out)
{
    char *hex = vmh_arena_alloc(call->arena, 2 * bytes.size + 1);

    if (hex == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    for (size_t i = 0; i < bytes.size; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes.data[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes.data[i] & 15];
    }
    hex[2 * bytes.size] = '\0';
    *out = vmh_bytes_of(hex, 2 * bytes.size);
    return true;
}

void vmh_native_return(vmh_native_call *call, vmh_argument value)
{
    call->results[call->result_count++] = value;
}

bool vmh_native_sdk_catching(vmh_native_call *call, const char *operation, const char *method,
                             vmh_argument_array arguments, vmh_argument_array *outputs,
                             vmh_native_caught *caught)
{
    vmh_sdk_call request = {
        .context_id = call->input->context_id,
        .operation_name = vmh_bytes_text(operation),
        .method_name = vmh_bytes_text(method),
        .input_arguments = arguments,
        .permission_scope = call->contract->permission,
    };
    vmh_sdk_result result;
    vmh_status status =
        call->handler->handle_sdk_call(call->handler, &request, call->arena, &result, call->why);

    if (status != VMH_OK)
        return vmh_native_check(call, status);
    if (caught != NULL)
        *caught = (vmh_native_caught){0};
    if (result.outcome == VMH_SDK_OK) {
        if (outputs != NULL)
            *outputs = result.output_arguments;
        return true;
    }
    if (result.outcome == VMH_SDK_ERROR && caught != NULL) {
        *caught = (vmh_native_caught){true, result.error};
        return true;
    }
    call->end = result.outcome == VMH_SDK_ERROR ? VMH_NATIVE_RAISED : VMH_NATIVE_ABORTED;
    call->text = result.error;
    call->code = result.code;
    return false;
}

bool vmh_native_sdk(vmh_native_call *call, const char *operation, const char *method,
                    vmh_argument_array arguments, vmh_argument_array *outputs)
{
    return vmh_native_sdk_catching(call, operation, method, arguments, outputs, NULL);
}

bool vmh_native_check_answer(vmh_native_call *call, const char *method, vmh_argument_array outputs,
                             vmh_argument_type type)
{
    if (outputs.count == 1 && outputs.items[0].type == type)
        return true;
    return vmh_native_check(call, vmh_fail(call->why, VMH_E_SCRIPT,
                                           "SDK handler answered no %s to %s",
                                           vmh_argument_type_name(type), method));
}

bool vmh_native_ask(vmh_native_call *call, const char *operation, const char *method,
                    vmh_argument_type type, vmh_argument *answer)
{
    vmh_argument_array outputs;

    if (!vmh_native_sdk(call, operation, method, (vmh_argument_array){0}, &outputs) ||
        !vmh_native_check_answer(call, method, outputs, type))
        return false;
    *answer = outputs.items[0];
    return true;
}

bool vmh_native_ask_address(vmh_native_call *call, const char *method, vmh_address *out)
{
    vmh_argument answer;

    if (!vmh_native_ask(call, "Sdk.Address", method, VMH_ARGUMENT_BYTES, &answer))
        return false;
    if (answer.value.bytes.size != sizeof out->bytes)
        return vmh_native_check(
            call, vmh_fail(call->why, VMH_E_SCRIPT, "SDK handler answered no address to %s",
                           method));
    memcpy(out->bytes, answer.value.bytes.data, sizeof out->bytes);
    return true;
}

bool vmh_native_read(vmh_native_call *call, vmh_bytes key, vmh_bytes *value)
{
    vmh_argument argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, key);
    vmh_argument_array outputs;

    if (!vmh_native_sdk(call, "Sdk.State", "read", (vmh_argument_array){&argument, 1}, &outputs) ||
        !vmh_native_check_answer(call, "State.read", outputs, VMH_ARGUMENT_BYTES))
        return false;
    *value = outputs.items[0].value.bytes;
    return true;
}

bool vmh_native_write(vmh_native_call *call, vmh_bytes key, vmh_bytes value)
{
    vmh_argument arguments[2] = {
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, key),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, value),
    };

    return vmh_native_sdk(call, "Sdk.State", "write", (vmh_argument_array){arguments, 2}, NULL);
}

bool vmh_native_clear(vmh_native_call *call, vmh_bytes key)
{
    return vmh_native_write(call, key, (vmh_bytes){0});
}

bool vmh_native_read_u32(vmh_native_call *call, vmh_bytes key, uint32_t *value)
{
    vmh_bytes bytes;

    if (!vmh_native_read(call, key, &bytes))
        return false;
    *value = bytes.size < 4 ? 0 : vmh_get_u32_le(bytes.data);
    return true;
}

bool vmh_native_write_u32(vmh_native_call *call, vmh_bytes key, uint32_t value)
{
    uint8_t bytes[4];

    vmh_put_u32_le(bytes, value);
    return vmh_native_write(call, key, vmh_bytes_of(bytes, sizeof bytes));
}

bool vmh_native_read_u64(vmh_native_call *call, vmh_bytes key, uint64_t *value)
{
    vmh_bytes bytes;

    if (!vmh_native_read(call, key, &bytes))
        return false;
    *value = bytes.size < 8 ? 0 : vmh_get_u64_le(bytes.data);
    return true;
}

bool vmh_native_write_u64(vmh_native_call *call, vmh_bytes key, uint64_t value)
{
    uint8_t bytes[8];

    vmh_put_u64_le(bytes, value);
    return vmh_native_write(call, key, vmh_bytes_of(bytes, sizeof bytes));
}

bool vmh_native_read_word(vmh_native_call *call, vmh_bytes key, vmh_word *value)
{
    vmh_bytes bytes;

    if (!vmh_native_read(call, key, &bytes))
        return false;
    *value = bytes.size == 32 ? vmh_word_from_bytes(bytes.data) : vmh_word_of(0);
    return true;
}

bool vmh_native_write_word(vmh_native_call *call, vmh_bytes key, const vmh_word *value)
{
    uint8_t bytes[32];

    vmh_word_to_bytes(value, bytes);
    return vmh_native_write(call, key, vmh_bytes_of(bytes, sizeof bytes));
}

static bool pack_with_header(vmh_native_call *call, vmh_argument_array arguments, vmh_bytes *out)
{
    vmh_bytes packed;
    vmh_status status = vmh_argument_array_pack(arguments, call->arena, &packed, call->why);

    if (status == VMH_OK)
        status = vmh_argument_array_add_header(packed, call->arena, out, call->why);
    return vmh_native_check(call, status);
}

bool vmh_native_emit(vmh_native_call *call, const char *event_name, vmh_argument_array arguments)
{
    vmh_bytes packed;
    vmh_argument inputs[2];

    if (!pack_with_header(call, arguments, &packed))
        return false;
    inputs[0] = vmh_argument_string(vmh_bytes_text(event_name));
    inputs[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, packed);
    return vmh_native_sdk(call, "Sdk.Events", "emitEvent", (vmh_argument_array){inputs, 2}, NULL);
}

/* The array that a with-header answer holds. */
static bool unpack_answer(vmh_native_call *call, vmh_argument_array answer,
                          vmh_argument_array *outputs)
{
    vmh_argument_fault fault;
    bool known;
    vmh_status status;

    if (!vmh_native_check_answer(call, "callMethod", answer, VMH_ARGUMENT_BYTES))
        return false;
    status = vmh_argument_array_decode(vmh_argument_array_strip_header(answer.items[0].value.bytes),
                                       call->arena, outputs, &known, &fault, call->why);
    if (status == VMH_OK && !known)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_ARGUMENT_UNKNOWN,
                                fault.index);
    return vmh_native_check(call, status);
}

bool vmh_native_call_service(vmh_native_call *call, vmh_bytes service, vmh_bytes method,
                             vmh_argument_array arguments, vmh_argument_array *outputs,
                             vmh_native_caught *caught)
{
    vmh_argument_array answer;
    vmh_argument inputs[3];
    vmh_bytes packed;

    if (!pack_with_header(call, arguments, &packed))
        return false;
    inputs[0] = vmh_argument_string(service);
    inputs[1] = vmh_argument_string(method);
    inputs[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, packed);
    if (!vmh_native_sdk_catching(call, "Sdk.Service", "callMethod",
                                 (vmh_argument_array){inputs, 3}, &answer, caught))
        return false;
    if (outputs == NULL || (caught != NULL && caught->failed))
        return true;
    return unpack_answer(call, answer, outputs);
}

bool vmh_native_check_address(vmh_native_call *call, vmh_bytes address)
{
    if (address.size != sizeof(vmh_address))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_ADDRESS_SIZE,
                                address.size);
    return true;
}
