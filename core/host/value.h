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

/*
 * What other hosts sent and were sent, per peer and token (joins.md 8, 10). An amount
 * that leaves is on no account here until it comes back.
 */

/* Counts an amount as sent to a peer; `*fits` false: the count would pass 2^256-1. */
vmh_status vmh_value_send(vmh_execution_context *context, uint32_t chain, vmh_bytes token,
                          const vmh_word *amount, bool *fits, vmh_failure *why);

/*
 * Counts an amount as taken from a peer. `*allowed` is false, and nothing changes, when
 * what was taken less what was sent would pass what the genesis allows that peer, or
 * all of the token here 2^256-1.
 */
vmh_status vmh_value_take(vmh_execution_context *context, const vmh_genesis_peer *peer,
                          vmh_bytes token, const vmh_word *amount, bool *allowed,
                          vmh_failure *why);

#endif
