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

vmh_status vmh_sdk_address_get_caller(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_execution_context *context = run->context;
    const vmh_frame *top = vmh_service_stack_top(context);
    vmh_address address;

    if (top->caller_is_given)
        return answer_address(run, &top->caller, why);
    if (context->depth == 1)
        return vmh_sdk_address_get_signer(run, why);
    vmh_address_of_contract(context->stack[context->depth - 2].service, &address);
    return answer_address(run, &address, why);
}

vmh_status vmh_sdk_address_get_own(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_address address;

    vmh_address_of_contract(vmh_service_stack_top(run->context)->service, &address);
    return answer_address(run, &address, why);
}
