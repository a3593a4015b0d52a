/*
 * Argument arrays (spec/host.md 8.2, 8.3).
 *
 * packed: what transactions, receipts and processors carry, without the outer
 * length. with header: the same behind its 4-byte length, as Service.callMethod
 * and Events.emitEvent take it.
 */
#ifndef VMH_CODEC_ARGUMENT_CODEC_H
#define VMH_CODEC_ARGUMENT_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "types/argument.h"

typedef struct vmh_argument_fault {
    size_t index; /* of the argument whose selector is unknown */
} vmh_argument_fault;

/*
 * Reads one Argument message; the items of an array go into the arena, bytes
 * stay views into `message`. `*known` is false for an invalid message (empty,
 * cut, or of an unknown selector), and `*out` is then zero. Items of an array
 * that are cut read as zero or empty. Fails only with VMH_E_NO_MEMORY.
 */
vmh_status vmh_argument_decode(vmh_bytes message, vmh_arena *arena, vmh_argument *out,
                               bool *known, vmh_failure *why);

/* Appends one Argument message. */
void vmh_argument_encode(const vmh_argument *argument, vmh_buffer *out);

/*
 * Reads a packed array; items and arrays go into the arena, bytes stay views
 * into `packed`. A cut argument reads as an empty message. `*known` is false,
 * with the index in `fault` and the arguments before it in `*out`, at the first
 * argument that is no valid message: data, not a failure.
 * Fails only with VMH_E_NO_MEMORY.
 */
vmh_status vmh_argument_array_decode(vmh_bytes packed, vmh_arena *arena, vmh_argument_array *out,
                                     bool *known, vmh_argument_fault *fault, vmh_failure *why);

/* Appends the packed form. */
void vmh_argument_array_encode(vmh_argument_array array, vmh_buffer *packed);

/* Bytes of the packed form, without making it. */
uint64_t vmh_argument_array_packed_size(vmh_argument_array array);

/* Encodes into the arena. */
vmh_status vmh_argument_array_pack(vmh_argument_array array, vmh_arena *arena, vmh_bytes *packed,
                                   vmh_failure *why);

/* A packed array of one string, as failures carry it. */
vmh_status vmh_argument_array_pack_text(vmh_bytes text, vmh_arena *arena, vmh_bytes *packed,
                                        vmh_failure *why);

/* The packed part of a with-header form (a view); cut or empty input gives an empty array. */
vmh_bytes vmh_argument_array_strip_header(vmh_bytes with_header);

/* Puts the header in front, into the arena. */
vmh_status vmh_argument_array_add_header(vmh_bytes packed, vmh_arena *arena,
                                         vmh_bytes *with_header, vmh_failure *why);

#endif
