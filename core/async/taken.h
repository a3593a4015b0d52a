/*
 * Which messages of a peer were taken: all below `base`, and some above it, within
 * a window (spec/joins.md 10). It is one value of `_Mailbox`, so that it can be
 * proved back to the peer: base, then those above, ascending, 8 bytes LE each.
 *
 *     0 1 2 3 4 . 6 7 . . 10        base 5, above 6 7 10
 */
#ifndef VMH_ASYNC_TAKEN_H
#define VMH_ASYNC_TAKEN_H

#include "base/arena.h"
#include "base/buffer.h"

/* From base on, so many numbers may be taken. */
enum { VMH_TAKEN_WINDOW = 10000 };

typedef struct vmh_taken {
    uint64_t base;
    uint64_t *above;
    size_t count;
    size_t capacity;
} vmh_taken;

/*
 * Strict: fails with VMH_E_MALFORMED for what no host writes. No bytes: nothing was
 * taken. What it makes is of the arena.
 */
vmh_status vmh_taken_decode(vmh_bytes bytes, vmh_arena *arena, vmh_taken *out, vmh_failure *why);
void vmh_taken_encode(const vmh_taken *taken, vmh_buffer *out);

bool vmh_taken_has(const vmh_taken *taken, uint64_t sequence);

/* Whether a number lies behind the window: it can be taken later. */
bool vmh_taken_is_beyond(const vmh_taken *taken, uint64_t sequence);

/* Behind all that was taken. */
uint64_t vmh_taken_end(const vmh_taken *taken);

/* Takes a number that is neither taken nor beyond. Fails with VMH_E_NO_MEMORY. */
vmh_status vmh_taken_add(vmh_taken *taken, uint64_t sequence, vmh_arena *arena,
                         vmh_failure *why);

/* `Taken_` and the peer. */
typedef struct vmh_taken_key {
    uint8_t bytes[10];
} vmh_taken_key;

vmh_taken_key vmh_taken_key_of(uint32_t chain);

#endif
