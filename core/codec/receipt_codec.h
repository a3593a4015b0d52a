/*
 * Receipts and event arrays <-> bytes (spec/host.md 2, spec/joins.md 6).
 */
#ifndef VMH_CODEC_RECEIPT_CODEC_H
#define VMH_CODEC_RECEIPT_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "types/receipt.h"
#include "types/rules.h"

/* Appends the TransactionReceipt message, with the further fields where the rules extend it. */
void vmh_receipt_encode(const vmh_receipt *receipt, const vmh_rules *rules, vmh_buffer *out);

/* Reads either form; further fields that are absent read as zero. Logs go into the arena. */
vmh_status vmh_receipt_decode(vmh_bytes bytes, vmh_arena *arena, vmh_receipt *out,
                              vmh_failure *why);

/* Appends the packed events array. */
void vmh_events_encode(const vmh_event *events, size_t count, vmh_buffer *packed);

/* Reads a packed events array; views into `packed`, the list in the arena. */
vmh_status vmh_events_decode(vmh_bytes packed, vmh_arena *arena, const vmh_event **events,
                             size_t *count, vmh_failure *why);

#endif
