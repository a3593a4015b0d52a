/*
 * Amounts that the host itself moves: what a message carries leaves its sender
 * when the run that sent it ends well, and is on its receiver's account before
 * the message runs (spec/joins.md 8). Accounts are those of `_Ledger`.
 */
#ifndef VMH_HOST_VALUE_H
#define VMH_HOST_VALUE_H

#include "host/execution_context.h"

vmh_status vmh_value_balance(vmh_execution_context *context, const vmh_address *address,
                             vmh_bytes token, vmh_word *balance, vmh_failure *why);

vmh_status vmh_value_credit(vmh_execution_context *context, const vmh_address *address,
                            vmh_bytes token, const vmh_word *amount, vmh_failure *why);

/* `*enough` is false, and nothing changes, when the account has less. */
vmh_status vmh_value_debit(vmh_execution_context *context, const vmh_address *address,
                           vmh_bytes token, const vmh_word *amount, bool *enough,
                           vmh_failure *why);

#endif
