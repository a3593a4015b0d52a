#include "host/value.h"

#include "types/ledger_account.h"

static const vmh_bytes ledger = {(const uint8_t *)"_Ledger", 7};
static const vmh_bytes mailbox = {(const uint8_t *)"_Mailbox", 8};

static vmh_status read_amount(vmh_execution_context *context, vmh_bytes service, vmh_bytes key,
                              vmh_word *amount, vmh_failure *why)
{
    vmh_bytes value;
    vmh_status status = vmh_execution_context_read(context, service, key, &value, why);

    if (status == VMH_OK)
        *amount = value.size == 32 ? vmh_word_from_bytes(value.data) : vmh_word_of(0);
    return status;
}

/* Zero deletes. */
static vmh_status write_amount(vmh_execution_context *context, vmh_bytes service, vmh_bytes key,
                               const vmh_word *amount, vmh_failure *why)
{
    uint8_t bytes[32];
    vmh_bytes value = {0};

    if (!vmh_word_is_zero(amount)) {
        vmh_word_to_bytes(amount, bytes);
        value = vmh_bytes_of(bytes, sizeof bytes);
    }
    return vmh_transient_state_write(&context->transient, service, key, value, why);
}

static vmh_status read_balance(vmh_execution_context *context, const vmh_ledger_account *account,
                               vmh_word *balance, vmh_failure *why)
{
    return read_amount(context, ledger, vmh_ledger_account_key(account), balance, why);
}

static vmh_status write_balance(vmh_execution_context *context, const vmh_ledger_account *account,
                                const vmh_word *balance, vmh_failure *why)
{
    return write_amount(context, ledger, vmh_ledger_account_key(account), balance, why);
}

vmh_status vmh_value_balance(vmh_execution_context *context, const vmh_address *address,
                             vmh_bytes token, vmh_word *balance, vmh_failure *why)
{
    vmh_ledger_account account = vmh_ledger_account_of(address, token);

    return read_balance(context, &account, balance, why);
}

vmh_status vmh_value_credit(vmh_execution_context *context, const vmh_address *address,
                            vmh_bytes token, const vmh_word *amount, vmh_failure *why)
{
    vmh_ledger_account account = vmh_ledger_account_of(address, token);
    vmh_word balance;
    vmh_status status;

    if (vmh_word_is_zero(amount))
        return VMH_OK;
    status = read_balance(context, &account, &balance, why);
    if (status != VMH_OK)
        return status;
    /* Cannot overflow: all that is here of a token stays below 2^256. */
    vmh_word_add(&balance, amount, &balance);
    return write_balance(context, &account, &balance, why);
}

vmh_status vmh_value_debit(vmh_execution_context *context, const vmh_address *address,
                           vmh_bytes token, const vmh_word *amount, bool *enough,
                           vmh_failure *why)
{
    vmh_ledger_account account = vmh_ledger_account_of(address, token);
    vmh_word balance;
    vmh_status status;

    *enough = true;
    if (vmh_word_is_zero(amount))
        return VMH_OK;
    status = read_balance(context, &account, &balance, why);
    if (status != VMH_OK)
        return status;
    *enough = vmh_word_compare(&balance, amount) >= 0;
    if (!*enough)
        return VMH_OK;
    vmh_word_sub(&balance, amount, &balance);
    return write_balance(context, &account, &balance, why);
}

/* ---- between hosts ---- */

/* What went to a peer and came from it in one token, and what of the token is here. */
typedef struct exchange {
    uint8_t sent_key[5 + 4 + VMH_TOKEN_SIZE];
    uint8_t taken_key[6 + 4 + VMH_TOKEN_SIZE];
    uint8_t foreign_key[8 + VMH_TOKEN_SIZE];
    uint8_t issued_key[7 + VMH_TOKEN_SIZE];
    vmh_word sent, taken;
    vmh_word foreign; /* taken from all peers less what was sent to them, modulo 2^256 */
    vmh_word issued;
} exchange;

/* A name, a chain and a token as a key. */
static void put_key(uint8_t *key, const char *name, size_t name_size, uint32_t chain,
                    vmh_bytes token)
{
    memcpy(key, name, name_size);
    vmh_put_u32_be(key + name_size, chain);
    memcpy(key + name_size + 4, token.data, VMH_TOKEN_SIZE);
}

static vmh_status read_exchange(vmh_execution_context *context, uint32_t chain, vmh_bytes token,
                                exchange *out, vmh_failure *why)
{
    vmh_status status;

    put_key(out->sent_key, "Sent_", 5, chain, token);
    put_key(out->taken_key, "Taken_", 6, chain, token);
    memcpy(out->foreign_key, "Foreign_", 8);
    memcpy(out->foreign_key + 8, token.data, VMH_TOKEN_SIZE);
    memcpy(out->issued_key, "Issued_", 7);
    memcpy(out->issued_key + 7, token.data, VMH_TOKEN_SIZE);
    status = read_amount(context, mailbox, vmh_bytes_of(out->sent_key, sizeof out->sent_key),
                         &out->sent, why);
    if (status == VMH_OK)
        status = read_amount(context, mailbox, vmh_bytes_of(out->taken_key, sizeof out->taken_key),
                             &out->taken, why);
    if (status == VMH_OK)
        status = read_amount(context, ledger,
                             vmh_bytes_of(out->foreign_key, sizeof out->foreign_key),
                             &out->foreign, why);
    if (status == VMH_OK)
        status = read_amount(context, ledger,
                             vmh_bytes_of(out->issued_key, sizeof out->issued_key), &out->issued,
                             why);
    return status;
}

static vmh_status write_exchange(vmh_execution_context *context, const exchange *of,
                                 vmh_failure *why)
{
    vmh_status status =
        write_amount(context, mailbox, vmh_bytes_of(of->sent_key, sizeof of->sent_key), &of->sent,
                     why);

    if (status == VMH_OK)
        status = write_amount(context, mailbox, vmh_bytes_of(of->taken_key, sizeof of->taken_key),
                              &of->taken, why);
    if (status == VMH_OK)
        status = write_amount(context, ledger,
                              vmh_bytes_of(of->foreign_key, sizeof of->foreign_key), &of->foreign,
                              why);
    return status;
}

/*
 * Adds to one of two counters of which only the difference matters: before it would
 * pass 2^256-1, what both have in common is taken off. False where that is not enough.
 */
static bool add_to_counter(vmh_word *counter, vmh_word *other, const vmh_word *amount)
{
    vmh_word sum, common;

    if (!vmh_word_add(counter, amount, &sum)) {
        *counter = sum;
        return true;
    }
    common = vmh_word_compare(counter, other) < 0 ? *counter : *other;
    vmh_word_sub(counter, &common, counter);
    vmh_word_sub(other, &common, other);
    return !vmh_word_add(counter, amount, counter);
}

vmh_status vmh_value_send(vmh_execution_context *context, uint32_t chain, vmh_bytes token,
                          const vmh_word *amount, bool *fits, vmh_failure *why)
{
    exchange of;
    vmh_status status;

    *fits = true;
    if (vmh_word_is_zero(amount))
        return VMH_OK;
    status = read_exchange(context, chain, token, &of, why);
    if (status != VMH_OK)
        return status;
    *fits = add_to_counter(&of.sent, &of.taken, amount);
    if (!*fits)
        return VMH_OK;
    vmh_word_sub(&of.foreign, amount, &of.foreign);
    return write_exchange(context, &of, why);
}

/* Whether a peer may have this much more here than it was sent. */
static bool is_allowed(const vmh_genesis_peer *peer, vmh_bytes token, const exchange *of)
{
    vmh_word limit, surplus;

    if (vmh_word_sub(&of->taken, &of->sent, &surplus))
        return true; /* less was taken than sent */
    for (size_t i = 0; i < peer->allowance_count; i++) {
        if (!vmh_bytes_equal(peer->allowances[i].token, token))
            continue;
        limit = vmh_word_from_bytes(peer->allowances[i].amount);
        return vmh_word_compare(&surplus, &limit) <= 0;
    }
    return vmh_word_is_zero(&of->issued) || vmh_word_is_zero(&surplus);
}

vmh_status vmh_value_take(vmh_execution_context *context, const vmh_genesis_peer *peer,
                          vmh_bytes token, const vmh_word *amount, bool *allowed,
                          vmh_failure *why)
{
    vmh_word here;
    exchange of;
    vmh_status status;

    *allowed = true;
    if (vmh_word_is_zero(amount))
        return VMH_OK;
    status = read_exchange(context, peer->virtual_chain_id, token, &of, why);
    if (status != VMH_OK)
        return status;
    /* What is here of the token: below 2^256 now, and with the amount too. */
    vmh_word_add(&of.issued, &of.foreign, &here);
    *allowed = !vmh_word_add(&here, amount, &here) &&
               add_to_counter(&of.taken, &of.sent, amount) && is_allowed(peer, token, &of);
    if (!*allowed)
        return VMH_OK;
    vmh_word_add(&of.foreign, amount, &of.foreign);
    return write_exchange(context, &of, why);
}
