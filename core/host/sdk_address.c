#include "crypto/address.h"
#include "crypto/signature.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

static vmh_status answer_address(vmh_sdk_run *run, const vmh_address *address, vmh_failure *why)
{
    vmh_bytes copy;
    vmh_status status = vmh_arena_copy(run->arena, vmh_bytes_address(address), &copy, why);

    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, copy), why);
}

vmh_status vmh_sdk_address_get_signer(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_transaction *transaction = run->context->transaction;
    vmh_address address = {0};

    if (transaction == NULL && run->context->has_request)
        return answer_address(run, &run->context->request.signer, why);
    if (transaction == NULL)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_SDK_NO_SIGNER);
    switch (transaction->signer.scheme) {
    case VMH_SIGNER_NONE:
        break; /* an unsigned query or a trigger: 20 zero bytes */
    case VMH_SIGNER_EDDSA:
        if (transaction->signer.public_key.size != VMH_ED25519_KEY_SIZE)
            return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_PUBLIC_KEY,
                                  transaction->signer.public_key.size);
        vmh_address_of_client(transaction->signer.public_key, &address);
        break;
    default:
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s",
                              VMH_TEXT_SDK_SIGNER_SCHEME);
    }
    return answer_address(run, &address, why);
}

/* The caller of the service at that depth of the stack. */
static vmh_status answer_caller(vmh_sdk_run *run, size_t depth, vmh_failure *why)
{
    const vmh_frame *stack = run->context->stack;
    vmh_address address;

    if (stack[depth - 1].caller_is_given)
        return answer_address(run, &stack[depth - 1].caller, why);
    if (depth == 1)
        return vmh_sdk_address_get_signer(run, why);
    vmh_address_of_contract(stack[depth - 2].service, &address);
    return answer_address(run, &address, why);
}

vmh_status vmh_sdk_address_get_caller(vmh_sdk_run *run, vmh_failure *why)
{
    return answer_caller(run, run->context->depth, why);
}

/*
 * Who called deployService, while `_init` runs: address (20) and 00 for a client,
 * 01 for a service. `_init` itself is called by _Deployments.
 */
vmh_status vmh_sdk_address_get_deployer(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_execution_context *context = run->context;
    uint8_t *deployer = vmh_arena_alloc(run->arena, 21);
    const vmh_frame *frame;
    vmh_status status;

    if (deployer == NULL)
        return vmh_fail_memory(why);
    if (context->depth < 2)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_NOT_DEPLOYING);
    frame = &context->stack[context->depth - 2];
    status = answer_caller(run, context->depth - 1, why);
    if (status != VMH_OK || run->result->outcome != VMH_SDK_OK)
        return status;
    memcpy(deployer, run->result->output_arguments.items[0].value.bytes.data, 20);
    deployer[20] = frame->caller_is_given ? (frame->caller_is_client ? 0 : 1)
                                          : (context->depth == 2 ? 0 : 1);
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(deployer, 21)),
                          why);
}

vmh_status vmh_sdk_address_get_own(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_address address;

    vmh_address_of_contract(vmh_service_stack_top(run->context)->service, &address);
    return answer_address(run, &address, why);
}
