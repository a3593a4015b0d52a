/*
 * Genesis <-> bytes (docs/formats.md); its hash names the chain.
 */
#ifndef VMH_CODEC_GENESIS_CODEC_H
#define VMH_CODEC_GENESIS_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "types/genesis.h"

void vmh_genesis_encode(const vmh_genesis *genesis, vmh_buffer *out);

/*
 * Strict: unknown rule set, wrong lengths, bytes that differ from their
 * re-encoding fail with VMH_E_MALFORMED. Views into `bytes`, lists in the arena.
 */
vmh_status vmh_genesis_decode(vmh_bytes bytes, vmh_arena *arena, vmh_genesis *out,
                              vmh_failure *why);

/* SHA-256 of the encoding. */
vmh_status vmh_genesis_hash(const vmh_genesis *genesis, vmh_hash32 *out, vmh_failure *why);

#endif
