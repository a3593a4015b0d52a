/*
 * State diffs <-> bytes: ContractStateDiff messages (spec/host.md 2).
 */
#ifndef VMH_CODEC_STATE_DIFF_CODEC_H
#define VMH_CODEC_STATE_DIFF_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "types/state_diff.h"

/* Appends one ContractStateDiff message. */
void vmh_contract_state_diff_encode(const vmh_contract_state_diff *diff, vmh_buffer *out);

vmh_status vmh_contract_state_diff_decode(vmh_bytes bytes, vmh_arena *arena,
                                          vmh_contract_state_diff *out, vmh_failure *why);

/* state_diff_hash of a results block: SHA-256 of all messages, one after the other. */
vmh_status vmh_state_diff_hash(const vmh_state_diff *diff, vmh_hash32 *out, vmh_failure *why);

#endif
