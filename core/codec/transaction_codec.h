/*
 * Signed transactions and queries <-> bytes (spec/host.md 2, 8.4).
 */
#ifndef VMH_CODEC_TRANSACTION_CODEC_H
#define VMH_CODEC_TRANSACTION_CODEC_H

#include "base/buffer.h"
#include "types/transaction.h"

/*
 * Reads a SignedTransaction (or SignedQuery). Fields are views into `bytes`. An
 * invalid message reads as zero and empty fields. With `canonical`, bytes that
 * differ from their re-encoding are refused with VMH_E_MALFORMED, naming the
 * first offset that differs.
 */
vmh_status vmh_signed_transaction_decode(vmh_bytes bytes, bool canonical, vmh_transaction *out,
                                         vmh_failure *why);

/* Reads a bare Transaction message; signature and signed_message stay empty. */
vmh_status vmh_transaction_decode(vmh_bytes bytes, bool canonical, vmh_transaction *out,
                                  vmh_failure *why);

/* Appends the Transaction message made of the fields (not of `message`). */
void vmh_transaction_encode(const vmh_transaction *transaction, vmh_buffer *out);

/* Appends the SignedTransaction message made of `message` and `signature`. */
void vmh_signed_transaction_encode(const vmh_transaction *transaction, vmh_buffer *out);

/* SHA-256 of the Transaction message as received. */
void vmh_transaction_hash(const vmh_transaction *transaction, vmh_hash32 *out);

/* Request id (joins.md 4): SHA-256 of hash, height and index. */
void vmh_transaction_request_id(const vmh_hash32 *txhash, uint64_t height, uint32_t index,
                                vmh_hash32 *out);

#endif
