#include "codec/transaction_codec.h"
#include "crypto/signature.h"
#include "host/host_state.h"

/* Statuses that need no signature check; the others get a verification each. */
static vmh_status prepare(const vmh_transaction_set *set, bool canonical, vmh_arena *arena,
                          vmh_verification *checks, vmh_transaction_status *statuses,
                          vmh_failure *why)
{
    vmh_hash32 *hashes = vmh_arena_alloc_array(arena, set->count, sizeof *hashes);

    if (hashes == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < set->count; i++) {
        vmh_transaction transaction;
        vmh_status status = vmh_signed_transaction_decode(set->signed_transactions[i], canonical,
                                                          &transaction, why);

        if (status != VMH_OK)
            return vmh_fail_within(status, why, "signed transaction %zu", i + 1);
        if (transaction.signer.scheme != VMH_SIGNER_EDDSA) {
            statuses[i] = VMH_STATUS_REJECTED_UNKNOWN_SIGNER_SCHEME;
            continue;
        }
        statuses[i] = VMH_STATUS_PRE_ORDER_VALID;
        vmh_transaction_hash(&transaction, &hashes[i]);
        checks[i].public_key = transaction.signer.public_key;
        checks[i].message = vmh_bytes_hash(&hashes[i]);
        checks[i].signature = transaction.signature;
    }
    return VMH_OK;
}

static vmh_status check_signatures(vmh_host *host, const vmh_transaction_set *set,
                                   vmh_arena *arena, vmh_transaction_status *statuses,
                                   vmh_failure *why)
{
    vmh_verification *checks = vmh_arena_alloc_array(arena, set->count, sizeof *checks);
    vmh_status status;

    if (checks == NULL)
        return vmh_fail_memory(why);
    status = prepare(set, host->rules->client_messages_are_canonical, arena, checks, statuses,
                     why);
    if (status == VMH_OK)
        status = vmh_ed25519_verify_all(checks, set->count, host->verify_threads, why);
    if (status != VMH_OK)
        return status;
    for (size_t i = 0; i < set->count; i++) {
        if (statuses[i] == VMH_STATUS_PRE_ORDER_VALID && !checks[i].valid)
            statuses[i] = VMH_STATUS_REJECTED_SIGNATURE_MISMATCH;
    }
    return VMH_OK;
}

/* Once per set, whatever is in it; a refusal replaces VALID and keeps rejections. */
static vmh_status approve(vmh_host *host, const vmh_transaction_set *set, vmh_arena *arena,
                          vmh_transaction_status *statuses, vmh_bytes *refusal, vmh_failure *why)
{
    vmh_system_call call = {
        .block = set->block,
        .contract_name = VMH_LITERAL("_GlobalPreOrder"),
        .method_name = VMH_LITERAL("approve"),
    };
    vmh_process_call_output out;
    vmh_status status = vmh_host_call_system_contract(host, &call, arena, &out, why);

    if (status != VMH_OK || out.call_result == VMH_RESULT_SUCCESS)
        return status;
    *refusal = out.error;
    for (size_t i = 0; i < set->count; i++) {
        if (statuses[i] == VMH_STATUS_PRE_ORDER_VALID)
            statuses[i] = VMH_STATUS_REJECTED_GLOBAL_PRE_ORDER;
    }
    return VMH_OK;
}

vmh_status vmh_host_pre_order(vmh_host *host, const vmh_transaction_set *set, vmh_arena *arena,
                              vmh_transaction_status *statuses, size_t *failed,
                              vmh_bytes *refusal, vmh_failure *why)
{
    vmh_status status;

    *failed = SIZE_MAX;
    *refusal = (vmh_bytes){0};
    status = check_signatures(host, set, arena, statuses, why);
    if (status == VMH_OK)
        status = approve(host, set, arena, statuses, refusal, why);
    if (status != VMH_OK)
        return status;
    for (size_t i = 0; i < set->count && *failed == SIZE_MAX; i++) {
        if (statuses[i] != VMH_STATUS_PRE_ORDER_VALID)
            *failed = i;
    }
    return VMH_OK;
}
