/*
 * What other hosts bring (spec/joins.md 10): messages, and word of what they took of
 * ours. All of it is a record of a peer's `_Mailbox`, proved against the
 * pre-execution root of a results block header that he signed.
 *
 *     header (signed) -> root -> proof -> record -> fields -> the end of the mailbox
 *
 * One that does not prove itself is listed, and without effect.
 */
#ifndef VMH_HOST_INCOMING_H
#define VMH_HOST_INCOMING_H

#include "host/set_run.h"

enum { VMH_INCOMING_PER_SET = 1000, VMH_INCOMING_MESSAGE_MAX = 16 * 1024 * 1024 };

/* Why a record was refused; docs/network.md tells more. */
#define VMH_REFUSAL_HEADER "header: not a results block header"
#define VMH_REFUSAL_PROTOCOL "header: of another protocol version"
#define VMH_REFUSAL_CHAIN "header: not of a peer"
#define VMH_REFUSAL_SIGNATURE "header: not signed by the peer's host key"
#define VMH_REFUSAL_OLD_HEIGHT "header: older than one that was seen"
#define VMH_REFUSAL_OTHER_HEADER "header: another one of that height was seen"
#define VMH_REFUSAL_PROOF "proof: does not show the record under the header's root"
#define VMH_REFUSAL_MESSAGE "message: not a message"
#define VMH_REFUSAL_TOO_LONG "message: longer than 16 MiB"
#define VMH_REFUSAL_FROM_CHAIN "message: from_chain is not the header's"
#define VMH_REFUSAL_TO_CHAIN "message: to_chain is not this chain"
#define VMH_REFUSAL_KIND "message: kind"
#define VMH_REFUSAL_FIELD "message: a field that its kind does not have"
#define VMH_REFUSAL_NO_FIELD "message: without a field that its kind has"
#define VMH_REFUSAL_GAS "message: more gas than a transaction may have"
#define VMH_REFUSAL_SEQUENCE "message: taken before"
#define VMH_REFUSAL_BEYOND "message: sequence beyond the window"
#define VMH_REFUSAL_FULL "message: mailbox full"
#define VMH_REFUSAL_COUNT "message: more than 1000 in one set"
#define VMH_REFUSAL_TAKEN "taken: not a record of what was taken"
#define VMH_REFUSAL_NOT_SENT "taken: more than was sent"

/* Takes what the set brings; lists what it refuses. */
vmh_status vmh_take_incoming(vmh_set_run *run, vmh_transaction_set_result *out, vmh_failure *why);

/* What is wrong with the fields of a message of a peer, or NULL. */
const char *vmh_find_field_fault(const vmh_message *message, uint64_t gas_limit);

#endif
