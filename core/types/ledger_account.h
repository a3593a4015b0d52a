/*
 * The key of an account of `_Ledger`: address (20), then token (10), see
 * spec/joins.md 8.
 */
#ifndef VMH_TYPES_LEDGER_ACCOUNT_H
#define VMH_TYPES_LEDGER_ACCOUNT_H

#include "types/message.h"

typedef struct vmh_ledger_account {
    uint8_t key[sizeof(vmh_address) + VMH_TOKEN_SIZE];
} vmh_ledger_account;

/* `token` has VMH_TOKEN_SIZE bytes. */
static inline vmh_ledger_account vmh_ledger_account_of(const vmh_address *address, vmh_bytes token)
{
    vmh_ledger_account account;

    memcpy(account.key, address->bytes, sizeof address->bytes);
    memcpy(account.key + sizeof address->bytes, token.data, VMH_TOKEN_SIZE);
    return account;
}

static inline vmh_bytes vmh_ledger_account_key(const vmh_ledger_account *account)
{
    return vmh_bytes_of(account->key, sizeof account->key);
}

#endif
