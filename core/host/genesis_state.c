#include "host/genesis_state.h"

#include "codec/argument_codec.h"
#include "host/host_state.h"
#include "host/run_call.h"

/* One call of a system contract with its permission, as a transaction of its own. */
static vmh_status run_one(vmh_host *host, vmh_bytes contract, vmh_bytes method,
                          vmh_argument_array arguments, vmh_transient_state *batch,
                          vmh_failure *why)
{
    vmh_arena arena;
    vmh_execution_context context;
    vmh_transaction unsigned_transaction = {.signer.scheme = VMH_SIGNER_NONE};
    vmh_context_setup setup = {
        .access_scope = VMH_ACCESS_READ_WRITE,
        .gas_limit = host->genesis->limits.transaction_gas,
        .transaction = &unsigned_transaction,
        .batch = batch,
    };
    vmh_call_request request = {
        .frame = {.service = contract, .method = method},
        .calling_permission_scope = VMH_PERMISSION_SYSTEM,
    };
    vmh_process_call_output out;
    vmh_status status;

    vmh_arena_init(&arena);
    status = vmh_argument_array_pack(arguments, &arena, &request.input_arguments, why);
    if (status != VMH_OK)
        goto done;
    vmh_execution_context_begin(&context, host, &setup, &arena);
    status = vmh_run_on_processor(&context, vmh_host_find_processor(host, VMH_PROCESSOR_NATIVE),
                                  &request, &out, why);
    vmh_execution_context_end(&context);
    if (status == VMH_OK && out.call_result != VMH_RESULT_SUCCESS)
        status = vmh_fail(why, VMH_E_GENESIS, "%.*s", VMH_PRINT(out.error));
    if (status == VMH_OK)
        status = vmh_transient_state_merge(&context.transient, batch, why);

done:
    vmh_arena_clear(&arena);
    return status;
}

static vmh_status deploy(vmh_host *host, const vmh_genesis_service *service,
                         vmh_transient_state *batch, vmh_failure *why)
{
    size_t count = 2 + service->code_count;
    vmh_argument *arguments = vmh_arena_alloc_array(batch->arena, count, sizeof *arguments);

    if (arguments == NULL)
        return vmh_fail_memory(why);
    arguments[0] = vmh_argument_string(service->name);
    arguments[1] = vmh_argument_uint32(service->processor);
    for (size_t i = 0; i < service->code_count; i++)
        arguments[2 + i] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, service->code[i]);
    return run_one(host, VMH_LITERAL("_Deployments"), VMH_LITERAL("deployService"),
                   (vmh_argument_array){arguments, count}, batch, why);
}

static vmh_status issue(vmh_host *host, const vmh_genesis_issue *entry, vmh_transient_state *batch,
                        vmh_failure *why)
{
    vmh_argument arguments[3] = {
        vmh_argument_bytes(VMH_ARGUMENT_BYTES20, vmh_bytes_address(&entry->to)),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, entry->token),
        vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(entry->amount, 32)),
    };

    return run_one(host, VMH_LITERAL("_Ledger"), VMH_LITERAL("_issueGenesis"),
                   (vmh_argument_array){arguments, 3}, batch, why);
}

static vmh_status run_all(vmh_host *host, vmh_transient_state *batch, vmh_failure *why)
{
    const vmh_genesis *genesis = host->genesis;
    vmh_status status;

    for (size_t i = 0; i < genesis->service_count; i++) {
        status = deploy(host, &genesis->services[i], batch, why);
        if (status != VMH_OK)
            return vmh_fail_within(status, why, "genesis service %zu '%.*s'", i + 1,
                                   VMH_PRINT(genesis->services[i].name));
    }
    for (size_t i = 0; i < genesis->issue_count; i++) {
        status = issue(host, &genesis->issues[i], batch, why);
        if (status != VMH_OK)
            return vmh_fail_within(status, why, "genesis issue %zu", i + 1);
    }
    return VMH_OK;
}

vmh_status vmh_genesis_state_apply(vmh_host *host, vmh_failure *why)
{
    vmh_arena arena;
    vmh_transient_state batch;
    vmh_state_diff diff;
    vmh_status status;

    vmh_arena_init(&arena);
    vmh_transient_state_init(&batch, &arena);
    status = run_all(host, &batch, why);
    if (status == VMH_OK)
        status = vmh_transient_state_diff(&batch, &diff, why);
    if (status == VMH_OK)
        status = vmh_state_storage_commit_genesis(host->storage, &diff, why);
    /* Constructors looked for code where none was, at the height that has it now. */
    vmh_code_memory_forget(&host->codes, 0);
    vmh_arena_clear(&arena);
    return status;
}
