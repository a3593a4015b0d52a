#include <stdio.h>

#include "base/hex.h"
#include "crypto/address.h"
#include "host/host_state.h"
#include "host/sdk_call.h"
#include "host/value.h"
#include "native/native_processor.h"
#include "types/host_texts.h"
#include "types/message.h"
#include "types/protected_key.h"

/*
 * What the processor of bytecode asks for on behalf of the host: services by
 * address, and code that is kept where no contract can reach it.
 */

static const vmh_bytes code_key = {(const uint8_t *)VMH_PROTECTED_PREFIX "code",
                                   VMH_PROTECTED_PREFIX_SIZE + 4};

/* _Deployments knows what was deployed; what is built in may never have been (joins.md 1). */
static vmh_status find_name(vmh_execution_context *context, const vmh_address *address,
                            vmh_bytes *name, vmh_failure *why)
{
    vmh_buffer key;
    vmh_status status;

    vmh_buffer_init(&key);
    vmh_buffer_append(&key, VMH_LITERAL("Address_"));
    vmh_hex_encode(vmh_bytes_address(address), &key);
    status = vmh_buffer_check(&key, why);
    if (status == VMH_OK)
        status = vmh_execution_context_read(context, VMH_LITERAL("_Deployments"),
                                            vmh_buffer_bytes(&key), name, why);
    vmh_buffer_clear(&key);
    if (status == VMH_OK && name->size == 0 &&
        !vmh_native_find_address(context->host->genesis, address, name))
        *name = (vmh_bytes){0};
    return status;
}

static vmh_status refuse_address(vmh_sdk_run *run, size_t size, vmh_failure *why)
{
    return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_ADDRESS_SIZE, size);
}

/* The name of the service at an address; empty where there is none. */
vmh_status vmh_sdk_service_find_name(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_bytes bytes = run->arguments[0].value.bytes;
    vmh_address address;
    vmh_bytes name;
    vmh_status status;

    if (bytes.size != sizeof address.bytes)
        return refuse_address(run, bytes.size, why);
    memcpy(address.bytes, bytes.data, sizeof address.bytes);
    status = find_name(run->context, &address, &name, why);
    return status == VMH_OK ? vmh_sdk_answer(run, vmh_argument_string(name), why) : status;
}

/*
 * Reads code as any key is read, but what storage answers is remembered as long as its height
 * is read: each call of a service asks for it.
 */
static vmh_status read_code(vmh_execution_context *context, vmh_bytes service, vmh_bytes *code,
                            vmh_failure *why)
{
    vmh_code_memory *memory = &context->host->codes;
    vmh_status status;

    if (vmh_transient_state_get(&context->transient, service, code_key, code) ||
        (context->batch != NULL &&
         vmh_transient_state_get(context->batch, service, code_key, code)))
        return VMH_OK;
    if (!vmh_code_memory_find(memory, context->read_height, service, code)) {
        status = vmh_execution_context_read(context, service, code_key, code, why);
        return status == VMH_OK ? vmh_code_memory_remember(memory, context->read_height, service,
                                                           *code, why)
                                : status;
    }
    /* It may be forgotten while the caller still has it. */
    status = vmh_arena_copy(context->arena, *code, code, why);
    return status == VMH_OK
               ? vmh_transient_state_cache(&context->transient, service, code_key, *code, why)
               : status;
}

/* The kept code of a service; empty where it keeps none. */
vmh_status vmh_sdk_service_get_code(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_bytes code;
    vmh_status status = read_code(run->context, run->arguments[0].value.bytes, &code, why);

    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, code), why);
}

/* A key of _Deployments about a service. */
static vmh_status read_deployment(vmh_sdk_run *run, const char *suffix, vmh_bytes *value,
                                  vmh_failure *why)
{
    vmh_bytes service = run->arguments[0].value.bytes;
    vmh_bytes key;
    vmh_status status = vmh_arena_format(run->arena, &key, why, "%.*s%s", (int)service.size,
                                         (const char *)service.data, suffix);

    if (status != VMH_OK)
        return status;
    return vmh_execution_context_read(run->context, VMH_LITERAL("_Deployments"), key, value, why);
}

/*
 * The parts of what a service was deployed with, as _Deployments keeps them. They are read past
 * the service stack, so that nothing tells whether a processor had the code at hand.
 */
vmh_status vmh_sdk_service_get_parts(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_argument *parts;
    vmh_bytes further, part;
    size_t count;
    char suffix[24];
    vmh_status status = read_deployment(run, ".CodeParts", &further, why);

    if (status != VMH_OK)
        return status;
    count = 1 + (further.size == 4 ? vmh_get_u32_le(further.data) : 0);
    parts = vmh_arena_alloc_array(run->arena, count, sizeof *parts);
    if (parts == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < count; i++) {
        snprintf(suffix, sizeof suffix, i == 0 ? ".Code" : ".Code.%zu", i);
        status = read_deployment(run, suffix, &part, why);
        if (status != VMH_OK)
            return status;
        parts[i] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, part);
    }
    return vmh_sdk_answer(
        run, (vmh_argument){VMH_ARGUMENT_BYTES_ARRAY, {.array = {parts, count}}}, why);
}

/* Keeps code for the running service. */
vmh_status vmh_sdk_service_put_code(vmh_sdk_run *run, vmh_failure *why)
{
    return vmh_transient_state_write(&run->context->transient,
                                     vmh_service_stack_top(run->context)->service, code_key,
                                     run->arguments[0].value.bytes, why);
}

vmh_status vmh_sdk_service_get_balance(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_bytes bytes = run->arguments[0].value.bytes;
    vmh_bytes token = run->arguments[1].value.bytes;
    uint8_t *amount = vmh_arena_alloc(run->arena, 32);
    vmh_address address;
    vmh_word balance;
    vmh_status status;

    if (amount == NULL)
        return vmh_fail_memory(why);
    if (bytes.size != sizeof address.bytes)
        return refuse_address(run, bytes.size, why);
    if (token.size != VMH_TOKEN_SIZE)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_TOKEN_SIZE, token.size);
    memcpy(address.bytes, bytes.data, sizeof address.bytes);
    status = vmh_value_balance(run->context, &address, token, &balance, why);
    if (status != VMH_OK)
        return status;
    vmh_word_to_bytes(&balance, amount);
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32)),
                          why);
}
