#include "host/value.h"

#include "types/ledger_account.h"

static const vmh_bytes ledger = {(const uint8_t *)"_Ledger", 7};

static vmh_status read_balance(vmh_execution_context *context, const vmh_ledger_account *account,
                               vmh_word *balance, vmh_failure *why)
{
    vmh_bytes value;
    vmh_status status = vmh_execution_context_read(context, ledger,
                                                   vmh_ledger_account_key(account), &value, why);

    if (status == VMH_OK)
        *balance = value.size == 32 ? vmh_word_from_bytes(value.data) : vmh_word_of(0);
    return status;
}

/* Zero deletes. */
static vmh_status write_balance(vmh_execution_context *context, const vmh_ledger_account *account,
                                const vmh_word *balance, vmh_failure *why)
{
    uint8_t bytes[32];
    vmh_bytes value = {0};

    if (!vmh_word_is_zero(balance)) {
        vmh_word_to_bytes(balance, bytes);
        value = vmh_bytes_of(bytes, sizeof bytes);
    }
    return vmh_transient_state_write(&context->transient, ledger, vmh_ledger_account_key(account),
                                     value, why);
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
    /* Cannot overflow: the total issued of a token stays below 2^256. */
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
