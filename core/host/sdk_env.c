#include "crypto/digest.h"
#include "host/host_state.h"
#include "host/sdk_call.h"
#include "types/host_texts.h"

vmh_status vmh_sdk_env_get_block_height(vmh_sdk_run *run, vmh_failure *why)
{
    return vmh_sdk_answer(run, vmh_argument_uint64(run->context->block.height), why);
}

vmh_status vmh_sdk_env_get_block_timestamp(vmh_sdk_run *run, vmh_failure *why)
{
    return vmh_sdk_answer(run, vmh_argument_uint64(run->context->block.timestamp), why);
}

vmh_status vmh_sdk_env_get_virtual_chain_id(vmh_sdk_run *run, vmh_failure *why)
{
    return vmh_sdk_answer(run, vmh_argument_uint32(run->context->host->genesis->virtual_chain_id),
                          why);
}

/*
 * The number that bytecode calls SEED: first 8 bytes of SHA-256 of the state root
 * before the set and the request id (joins.md 2).
 */
vmh_status vmh_sdk_env_get_seed(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_execution_context *context = run->context;
    vmh_hash32 root, digest;
    vmh_bytes parts[2] = {vmh_bytes_hash(&root), vmh_bytes_hash(&context->request.id)};
    vmh_status status = vmh_state_storage_state_hash(context->host->storage, context->read_height,
                                                     &root, why);

    if (status != VMH_OK)
        return status;
    vmh_sha256_parts(parts, 2, &digest);
    return vmh_sdk_answer(run, vmh_argument_uint64(vmh_get_u64_be(digest.bytes)), why);
}

/* Refuses unless the signer is empty, which only the node itself can make. */
static vmh_status check_unsigned(vmh_sdk_run *run, const char *method, vmh_failure *why)
{
    const vmh_transaction *transaction = run->context->transaction;

    if (transaction == NULL && !run->context->has_request)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_SDK_NO_SIGNER);
    if (transaction == NULL || transaction->signer.message.size != 0)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_SIGNED, method);
    return VMH_OK;
}

vmh_status vmh_sdk_env_get_block_proposer_address(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_bytes proposer;
    vmh_status status = check_unsigned(run, "getBlockProposerAddress", why);

    if (status != VMH_OK || run->result->outcome != VMH_SDK_OK)
        return status;
    status = vmh_arena_copy(run->arena, vmh_block_ref_proposer(&run->context->block), &proposer,
                            why);
    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, proposer), why);
}

static vmh_status answer_committee(vmh_sdk_run *run, const char *method, uint32_t reference_time,
                                   vmh_failure *why)
{
    vmh_committee_source *source = run->context->host->committee;
    vmh_argument value = {.type = VMH_ARGUMENT_BYTES_ARRAY};
    vmh_argument *items;
    vmh_bytes *members;
    size_t count;
    vmh_status status;

    if (source == NULL)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_SDK_NO_COMMITTEE,
                              method);
    status = source->get_committee(source, reference_time, run->arena, &members, &count, why);
    if (status != VMH_OK)
        return status;
    items = vmh_arena_alloc_array(run->arena, count, sizeof *items);
    if (items == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < count; i++)
        items[i] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, members[i]);
    value.value.array = (vmh_argument_array){items, count};
    return vmh_sdk_answer(run, value, why);
}

vmh_status vmh_sdk_env_get_block_committee(vmh_sdk_run *run, vmh_failure *why)
{
    return answer_committee(run, "getBlockCommittee", run->context->block.prev_reference_time, why);
}

vmh_status vmh_sdk_env_get_next_block_committee(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_status status = check_unsigned(run, "getNextBlockCommittee", why);

    if (status != VMH_OK || run->result->outcome != VMH_SDK_OK)
        return status;
    return answer_committee(run, "getNextBlockCommittee", run->context->block.reference_time, why);
}
