/*
 * Messages between services <-> bytes, and their id (spec/joins.md 4).
 */
#ifndef VMH_CODEC_MESSAGE_CODEC_H
#define VMH_CODEC_MESSAGE_CODEC_H

#include "base/buffer.h"
#include "types/message.h"

void vmh_message_encode(const vmh_message *message, vmh_buffer *out);

/*
 * Views into `bytes`. An invalid message reads as zero. With `canonical`, bytes
 * that differ from their re-encoding are refused with VMH_E_MALFORMED.
 */
vmh_status vmh_message_decode(vmh_bytes bytes, bool canonical, vmh_message *out,
                              vmh_failure *why);

/* SHA-256 of the encoding with `gas` as 0. */
vmh_status vmh_message_id(const vmh_message *message, vmh_hash32 *out, vmh_failure *why);

#endif
