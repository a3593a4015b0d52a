#include "codec/transaction_codec.h"
#include "crypto/address.h"
#include "crypto/signature.h"
#include "host/host_state.h"
#include "host/incoming.h"
#include "types/protected_key.h"

static const vmh_bytes mailbox_name = {(const uint8_t *)"_Mailbox", 8};

/* ---- the state of the set, as the mailbox sees it ---- */

static vmh_status read_mailbox(vmh_service_state *state, vmh_bytes key, vmh_arena *arena,
                               vmh_bytes *value, vmh_failure *why)
{
    (void)arena; /* that of the set */
    return vmh_set_run_read((vmh_set_run *)state, mailbox_name, key, value, why);
}

static vmh_status write_mailbox(vmh_service_state *state, vmh_bytes key, vmh_bytes value,
                                vmh_failure *why)
{
    return vmh_transient_state_write(&((vmh_set_run *)state)->batch, mailbox_name, key, value,
                                     why);
}

/* ---- transactions ---- */

/* Its address, or 20 zero bytes where the signer has none. */
static vmh_address signer_of(const vmh_transaction *transaction)
{
    vmh_address address = {0};

    if (transaction->signer.scheme == VMH_SIGNER_EDDSA &&
        transaction->signer.public_key.size == VMH_ED25519_KEY_SIZE)
        vmh_address_of_client(transaction->signer.public_key, &address);
    return address;
}

static vmh_status process_transaction(vmh_set_run *run, size_t index,
                                      const vmh_transaction *transaction, vmh_failure *why)
{
    vmh_run_plan plan = {
        .transaction = transaction,
        .request = {.signer = signer_of(transaction), .method = transaction->method_name},
        .call = {.frame = {.service = transaction->contract_name,
                           .method = transaction->method_name},
                 .input_arguments = transaction->input_arguments,
                 .calling_permission_scope = VMH_PERMISSION_SERVICE},
        .gas_limit = run->host->genesis->limits.transaction_gas,
    };

    vmh_transaction_hash(transaction, &plan.txhash);
    vmh_transaction_request_id(&plan.txhash, run->set->block.height, (uint32_t)index,
                               &plan.run_id);
    plan.request.id = plan.run_id;
    plan.request.root = plan.run_id;
    return vmh_set_run_execute(run, &plan, &run->transactions[index], why);
}

/* All of them before the first one runs: a set with a malformed one is no set. */
static vmh_status decode_all(vmh_set_run *run, vmh_transaction *transactions, vmh_failure *why)
{
    bool canonical = run->host->rules->client_messages_are_canonical;

    for (size_t i = 0; i < run->set->count; i++) {
        vmh_status status = vmh_signed_transaction_decode(run->set->signed_transactions[i],
                                                          canonical, &transactions[i], why);

        if (status != VMH_OK)
            return vmh_fail_within(status, why, "signed transaction %zu", i + 1);
    }
    return VMH_OK;
}

static vmh_status process_transactions(vmh_set_run *run, const vmh_transaction *transactions,
                                       vmh_failure *why)
{
    for (size_t i = 0; i < run->set->count; i++) {
        vmh_status status = process_transaction(run, i, &transactions[i], why);

        if (status != VMH_OK)
            return vmh_fail_within(status, why, "transaction %zu of block %llu", i + 1,
                                   (unsigned long long)run->set->block.height);
    }
    return VMH_OK;
}

/* ---- messages ---- */

typedef vmh_status (*take_function)(vmh_mailbox *mailbox, vmh_mail *mail, bool *found,
                                    vmh_failure *why);

/* How many messages may run. */
static uint64_t message_limit(const vmh_set_run *run)
{
    uint64_t limit = run->host->genesis->limits.messages_per_set;

    return run->set->limits_messages && run->set->message_limit < limit ? run->set->message_limit
                                                                        : limit;
}

/* Those that are given unproved, each run once, before all others. */
static vmh_status process_unproved(vmh_set_run *run, vmh_failure *why)
{
    for (size_t i = 0; i < run->set->unproved_count; i++) {
        vmh_status status = vmh_process_message(
            run, &(vmh_mail){.message = run->set->unproved_messages[i]}, false, why);

        if (status != VMH_OK)
            return vmh_fail_within(status, why, "unproved message %zu of block %llu", i + 1,
                                   (unsigned long long)run->set->block.height);
    }
    return VMH_OK;
}

/* Runs messages while there are any and the set's budget lasts (joins.md 5). */
static vmh_status process_messages(vmh_set_run *run, take_function take, vmh_failure *why)
{
    uint64_t gas_limit = run->host->genesis->limits.message_gas_per_set;

    while (run->message_count < message_limit(run) && run->message_gas_used < gas_limit) {
        vmh_mail mail;
        bool found;
        vmh_status status = take(&run->mailbox, &mail, &found, why);

        if (status != VMH_OK || !found)
            return status;
        status = vmh_process_message(run, &mail, true, why);
        if (status != VMH_OK)
            return vmh_fail_within(status, why, "message %zu of block %llu", run->message_count,
                                   (unsigned long long)run->set->block.height);
    }
    return VMH_OK;
}

/* ---- the result ---- */

/* The host's own records that come and go within the set are not in its diff (joins.md 3). */
static vmh_status drop_passing(vmh_set_run *run, vmh_contract_state_diff *diff, vmh_failure *why)
{
    bool is_mailbox = vmh_bytes_equal(diff->contract_name, mailbox_name);
    vmh_state_record *records = (vmh_state_record *)diff->records;
    size_t kept = 0;

    for (size_t i = 0; i < diff->record_count; i++) {
        bool is_own = is_mailbox || vmh_is_protected_key(records[i].key);
        vmh_bytes before = {0};

        if (is_own && records[i].value.size == 0) {
            vmh_status status = vmh_state_storage_read_keys(
                run->host->storage, run->set->block.height - 1, diff->contract_name,
                &records[i].key, 1, run->arena, &before, why);

            if (status != VMH_OK)
                return status;
            if (before.size == 0)
                continue;
        }
        records[kept++] = records[i];
    }
    diff->record_count = kept;
    return VMH_OK;
}

static vmh_status make_diff(vmh_set_run *run, vmh_state_diff *out, vmh_failure *why)
{
    vmh_contract_state_diff *contracts;
    size_t kept = 0;
    vmh_status status = vmh_transient_state_diff(&run->batch, out, why);

    if (status != VMH_OK)
        return status;
    contracts = (vmh_contract_state_diff *)out->contracts;
    for (size_t i = 0; i < out->contract_count; i++) {
        status = drop_passing(run, &contracts[i], why);
        if (status != VMH_OK)
            return status;
        if (contracts[i].record_count != 0)
            contracts[kept++] = contracts[i];
    }
    out->contract_count = kept;
    return VMH_OK;
}

/* Receipts of transactions, then of messages. */
static vmh_status make_result(vmh_set_run *run, vmh_transaction_set_result *out, vmh_failure *why)
{
    size_t count = run->set->count + run->message_count;

    out->reports = vmh_arena_alloc_array(run->arena, count, sizeof *out->reports);
    out->receipts = vmh_arena_alloc_array(run->arena, count, sizeof *out->receipts);
    if (out->reports == NULL || out->receipts == NULL)
        return vmh_fail_memory(why);
    out->report_count = count;
    for (size_t i = 0; i < count; i++) {
        const vmh_run_report *report = i < run->set->count
                                           ? &run->transactions[i]
                                           : run->messages[i - run->set->count];
        vmh_status status =
            vmh_run_log_add(&run->host->log, run->set->block.height, &report->receipt,
                            &report->record, why);

        if (status != VMH_OK)
            return status;
        out->reports[i] = report;
        out->receipts[i] = report->message;
    }
    return make_diff(run, &out->diff, why);
}

static vmh_status open_mailbox(vmh_set_run *run, vmh_failure *why)
{
    vmh_status status = vmh_mailbox_open(&run->mailbox, &run->mailbox_state, run->arena, why);

    if (status == VMH_OK)
        return VMH_OK;
    return vmh_fail_within(status, why, "mailbox of block %llu",
                           (unsigned long long)run->set->block.height);
}

/* The order of joins.md 5: what other hosts bring, what waited, the transactions, what was sent since. */
static vmh_status process_all(vmh_set_run *run, vmh_transaction_set_result *out, vmh_failure *why)
{
    vmh_transaction *transactions =
        vmh_arena_alloc_array(run->arena, run->set->count, sizeof *transactions);
    vmh_status status;

    run->transactions =
        vmh_arena_alloc_array(run->arena, run->set->count, sizeof *run->transactions);
    if (transactions == NULL || run->transactions == NULL)
        return vmh_fail_memory(why);
    status = decode_all(run, transactions, why);
    if (status == VMH_OK)
        status = open_mailbox(run, why);
    if (status == VMH_OK)
        status = vmh_take_incoming(run, out, why);
    if (status == VMH_OK)
        status = process_unproved(run, why);
    if (status == VMH_OK)
        status = process_messages(run, vmh_mailbox_take_stored, why);
    if (status == VMH_OK)
        status = process_transactions(run, transactions, why);
    if (status == VMH_OK)
        status = process_messages(run, vmh_mailbox_take, why);
    if (status == VMH_OK)
        status = vmh_mailbox_close(&run->mailbox, why);
    return status == VMH_OK ? make_result(run, out, why) : status;
}

vmh_status vmh_host_process_transaction_set(vmh_host *host, const vmh_transaction_set *set,
                                            vmh_arena *arena, vmh_transaction_set_result *out,
                                            vmh_failure *why)
{
    uint64_t last = vmh_state_storage_last_block(host->storage)->block.height;
    vmh_set_run run = {
        .mailbox_state = {read_mailbox, write_mailbox}, .host = host, .set = set, .arena = arena};
    vmh_status status;

    *out = (vmh_transaction_set_result){0};
    if (set->block.height != last + 1)
        return vmh_fail(why, VMH_E_INPUT, "transaction set for height %llu, but the next is %llu",
                        (unsigned long long)set->block.height, (unsigned long long)last + 1);
    vmh_run_log_forget(&host->log, set->block.height);
    vmh_arena_init(&run.run_arena);
    vmh_buffer_init(&run.scratch);
    vmh_transient_state_init(&run.batch, arena);

    status = process_all(&run, out, why);

    vmh_buffer_clear(&run.scratch);
    vmh_arena_clear(&run.run_arena);
    return status;
}
