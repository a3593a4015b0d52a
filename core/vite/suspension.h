/*
 * What a suspended run leaves, as bytes (spec/vite-vm.md 7 and 10).
 *
 *     context    referrer 32 | callback id 4 BE | stack and memory
 *     metadata   00 00 00 00 76 01 | type | ... in front of call data (the older form)
 *
 * where stack and memory are
 *
 *     length of the stack part 2 BE | packed words, bottom first |
 *     length of the memory part, a packed word | packed words of 32 bytes each
 *
 * and a packed word is one length byte, then the number without leading zeros.
 */
#ifndef VMH_VITE_SUSPENSION_H
#define VMH_VITE_SUSPENSION_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/word.h"

typedef struct vmh_vite_context {
    vmh_hash32 referrer;
    uint32_t callback_id;
    const vmh_word *stack; /* bottom first */
    size_t stack_count;
    vmh_bytes memory;
} vmh_vite_context;

/*
 * Appends the bytes of a context. Memory loses its trailing zero bytes unless
 * all of it is zero. Fails, the buffer then unusable, with
 *   VMH_E_LIMIT      the stack part has more than 65,535 bytes
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_vite_context_encode(const vmh_vite_context *context, vmh_buffer *out,
                                   vmh_failure *why);

/*
 * Reads a context into the arena. Only what encode writes is taken: the whole
 * input, no leading zeros, no length beyond what is there. Fails with
 *   VMH_E_MALFORMED  naming the fault and its offset
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_vite_context_decode(vmh_bytes bytes, vmh_arena *arena, vmh_vite_context *out,
                                   vmh_failure *why);

/* The callback id of an encoded context, without the rest; false if it is cut. */
bool vmh_vite_context_callback_id(vmh_bytes bytes, uint32_t *out);

typedef enum vmh_vite_metadata_type {
    VMH_VITE_METADATA_NONE = 0, /* plain call data */
    VMH_VITE_METADATA_SYNC_CALL = 1,
    VMH_VITE_METADATA_CALLBACK = 2,
    VMH_VITE_METADATA_FAILURE_CALLBACK = 3,
} vmh_vite_metadata_type;

/* Call data as parts: all views of the input. */
typedef struct vmh_vite_metadata {
    vmh_vite_metadata_type type;
    vmh_hash32 referrer;
    uint32_t callback_id;
    vmh_bytes stack_and_memory; /* of a synchronous call */
    size_t head_size;           /* before the referrer */
    size_t size;                /* before the call data */
    vmh_bytes call_data;        /* of a callback: the callback id and what follows */
} vmh_vite_metadata;

/*
 * Appends metadata of `type`, and for a synchronous call stack and memory. The
 * call data is appended by the caller; that of a callback begins with its id.
 * Fails as vmh_vite_context_encode.
 */
vmh_status vmh_vite_metadata_encode(vmh_vite_metadata_type type, const vmh_vite_context *context,
                                    vmh_buffer *out, vmh_failure *why);

/*
 * Takes call data apart. Data without the head is plain. False, with `out` as
 * plain data, where the head announces more than there is.
 */
bool vmh_vite_metadata_decode(vmh_bytes data, vmh_vite_metadata *out);

/* Reads stack and memory of a synchronous call; fails as vmh_vite_context_decode. */
vmh_status vmh_vite_metadata_context(const vmh_vite_metadata *metadata, vmh_arena *arena,
                                     vmh_vite_context *out, vmh_failure *why);

#endif
