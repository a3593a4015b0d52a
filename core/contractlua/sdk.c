#include "contractlua/sdk.h"

#include <stdarg.h>
#include <stdio.h>

#include "types/host_texts.h"

uint32_t vmh_lua_current_line(const vmh_lua_state *L)
{
    for (const vmh_lua_coroutine *at = L->running; at != NULL; at = at->resumer) {
        for (uint32_t i = at->frame_count; i-- > 0;) {
            const vmh_lua_frame *frame = &at->frames[i];

            if (frame->closure != NULL) {
                return vmh_lua_line_of(frame->closure->proto, vmh_lua_frame_instruction(frame));
            }
        }
    }
    return 0;
}

vmh_lua_step vmh_lua_host_failed(vmh_lua_state *L, vmh_status status)
{
    L->stop = VMH_LUA_STOP_FAILED;
    L->status = status;
    return VMH_LUA_STEP_STOP;
}

static vmh_lua_step abort_with(vmh_lua_state *L, uint32_t code, vmh_bytes text)
{
    vmh_lua_string *string = vmh_lua_string_new(&L->heap, text);

    if (string == NULL)
        return vmh_lua_stopped(L);
    L->error = vmh_lua_of_string(string);
    L->stop = VMH_LUA_STOP_ABORT;
    L->sdk->abort_code = code;
    return VMH_LUA_STEP_STOP;
}

vmh_lua_step vmh_lua_abort(vmh_lua_state *L, uint32_t code, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return abort_with(L, code, vmh_bytes_text(text));
}

bool vmh_lua_sdk_begin(vmh_lua_state *L, const vmh_lua_frame *frame, vmh_lua_step *step)
{
    vmh_arena_reset(L->sdk->scratch);
    if (!L->sdk->is_declaring)
        return true;
    *step = vmh_lua_raise_text(L, "'%s' cannot be used in the main chunk, which only declares",
                               frame->native->native->name);
    return false;
}

/* The code goes with the error, unless the contract catches that and raises it anew. */
static vmh_lua_step raise_error(vmh_lua_state *L, uint32_t code, vmh_bytes text)
{
    vmh_lua_string *string;
    vmh_lua_step step;

    if (!vmh_lua_charge_bytes(L, text.size))
        return VMH_LUA_STEP_STOP;
    string = vmh_lua_string_new(&L->heap, text);
    if (string == NULL)
        return vmh_lua_stopped(L);
    step = vmh_lua_raise(L, vmh_lua_of_string(string));
    L->error_code = code;
    return step;
}

bool vmh_lua_sdk_call(vmh_lua_state *L, const vmh_lua_operation *operation,
                      vmh_argument_array arguments, vmh_argument_array *outputs,
                      vmh_lua_step *step)
{
    vmh_lua_sdk *sdk = L->sdk;
    vmh_sdk_call call = {
        .context_id = sdk->context_id,
        .operation_name = vmh_bytes_text(operation->operation),
        .method_name = vmh_bytes_text(operation->method),
        .input_arguments = arguments,
        .permission_scope = operation->permission,
        .is_read_only = sdk->is_read_only,
        .gas_used = sdk->gas_limit - sdk->nested_gas - (uint64_t)L->gas,
        .line = vmh_lua_current_line(L),
    };
    vmh_sdk_result result;
    vmh_status status =
        sdk->handler->handle_sdk_call(sdk->handler, &call, sdk->scratch, &result, L->why);

    if (status != VMH_OK) {
        *step = vmh_lua_host_failed(L, status);
        return false;
    }
    sdk->nested_gas += result.gas_used;
    L->gas -= (int64_t)result.gas_used;
    if (result.outcome == VMH_SDK_OK) {
        if (outputs != NULL)
            *outputs = result.output_arguments;
        return true;
    }
    *step = result.outcome == VMH_SDK_ABORT ? abort_with(L, result.code, result.error)
                                            : raise_error(L, result.code, result.error);
    return false;
}

bool vmh_lua_sdk_ask(vmh_lua_state *L, const vmh_lua_operation *operation,
                     vmh_argument_array arguments, vmh_argument_type type, vmh_argument *answer,
                     vmh_lua_step *step)
{
    vmh_argument_array outputs;

    if (!vmh_lua_sdk_call(L, operation, arguments, &outputs, step))
        return false;
    if (outputs.count == 1 && outputs.items[0].type == type) {
        *answer = outputs.items[0];
        return true;
    }
    *step = vmh_lua_host_failed(
        L, vmh_fail(L->why, VMH_E_SCRIPT, "SDK handler answered no %s to %s",
                    vmh_argument_type_name(type), operation->method));
    return false;
}
