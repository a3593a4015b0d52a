/*
 * Bodies of instructions on memory and on bytes that come from elsewhere. What
 * lies within reach already takes the short road here; the rest goes through
 * vmh_vite_memory_reach, which charges and grows.
 */
#ifndef VMH_VITE_OPS_MEMORY_H
#define VMH_VITE_OPS_MEMORY_H

#include "crypto/digest.h"
#include "vite/frame.h"

/* The `size` bytes at `offset` where memory covers them, else NULL. */
static inline uint8_t *covered(const vmh_vite_frame *frame, const vmh_word *offset, size_t size)
{
    uint64_t reach;

    if (!vmh_word_fits_u64(offset) || __builtin_add_overflow(offset->limb[0], size, &reach) ||
        reach > frame->memory.size)
        return NULL;
    return frame->memory.data + offset->limb[0];
}

static inline vmh_vite_error reach_bytes(vmh_vite_frame *frame, const vmh_word *offset,
                                         size_t size, int64_t *left)
{
    vmh_word length = vmh_word_of(size);

    return vmh_vite_memory_reach(frame, offset, &length, 0, left);
}

static inline vmh_vite_error op_mload(vmh_vite_frame *frame, vmh_word *top, int64_t *left)
{
    const uint8_t *bytes = covered(frame, &top[0], 32);

    if (bytes == NULL) {
        vmh_vite_error error = reach_bytes(frame, &top[0], 32, left);

        if (error != VMH_VITE_ERROR_NONE)
            return error;
        bytes = frame->memory.data + top[0].limb[0];
    }
    top[0] = vmh_word_from_bytes(bytes);
    return VMH_VITE_ERROR_NONE;
}

static inline vmh_vite_error op_mstore(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    uint8_t *bytes = covered(frame, &top[0], 32);

    if (bytes == NULL) {
        vmh_vite_error error = reach_bytes(frame, &top[0], 32, left);

        if (error != VMH_VITE_ERROR_NONE)
            return error;
        bytes = frame->memory.data + top[0].limb[0];
    }
    vmh_word_to_bytes(&top[-1], bytes);
    return VMH_VITE_ERROR_NONE;
}

static inline vmh_vite_error op_mstore8(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    uint8_t *byte = covered(frame, &top[0], 1);

    if (byte == NULL) {
        vmh_vite_error error = reach_bytes(frame, &top[0], 1, left);

        if (error != VMH_VITE_ERROR_NONE)
            return error;
        byte = frame->memory.data + top[0].limb[0];
    }
    *byte = (uint8_t)top[-1].limb[0];
    return VMH_VITE_ERROR_NONE;
}

static inline uint64_t words_cost(const vmh_word *size, uint32_t price)
{
    return (size->limb[0] / 32 + (size->limb[0] % 32 != 0)) * price;
}

/* SHA3 and BLAKE2B: offset, size -> digest in place of the size. */
static inline vmh_vite_error op_hash(vmh_vite_frame *frame, vmh_word *top, bool is_keccak,
                                     int64_t *left)
{
    uint64_t cost = words_cost(&top[-1], frame->run->revision->prices.hash_word);
    vmh_vite_error error = vmh_vite_memory_reach(frame, &top[0], &top[-1], cost, left);
    uint64_t hashed;
    vmh_hash32 hash;
    vmh_bytes input;

    if (error != VMH_VITE_ERROR_NONE)
        return error;
    input = memory_slice(frame, top[0].limb[0], top[-1].limb[0]);
    hashed = input.size == 0 ? VMH_VITE_HASH_BLOCK
                             : (input.size + VMH_VITE_HASH_BLOCK - 1) / VMH_VITE_HASH_BLOCK *
                                   VMH_VITE_HASH_BLOCK;
    if (hashed > frame->run->hash_limit)
        return VMH_VITE_ERROR_HASH_LIMIT;
    frame->run->hash_limit -= hashed;
    if (is_keccak)
        vmh_keccak256(input, &hash);
    else
        vmh_blake2b(input, hash.bytes, sizeof hash.bytes);
    top[-1] = vmh_word_from_bytes(hash.bytes);
    return VMH_VITE_ERROR_NONE;
}

/* Word at an offset of bytes that end somewhere and go on as zeros. */
static inline vmh_word load_padded(vmh_bytes bytes, const vmh_word *offset)
{
    uint8_t padded[32] = {0};
    size_t left;

    if (!vmh_word_fits_u64(offset) || offset->limb[0] >= bytes.size)
        return vmh_word_of(0);
    left = bytes.size - offset->limb[0];
    if (left >= sizeof padded)
        return vmh_word_from_bytes(bytes.data + offset->limb[0]);
    memcpy(padded, bytes.data + offset->limb[0], left);
    return vmh_word_from_bytes(padded);
}

/* Memory offset, offset in `source`, size: the copy, zeros behind the source's end. */
static inline vmh_vite_error op_copy(vmh_vite_frame *frame, const vmh_word *top, vmh_bytes source,
                                     int64_t *left)
{
    uint64_t cost = words_cost(&top[-2], frame->run->revision->prices.copy_word);
    vmh_vite_error error = vmh_vite_memory_reach(frame, &top[0], &top[-2], cost, left);
    uint64_t size = top[-2].limb[0];
    uint64_t copied = 0;
    uint8_t *to;

    if (error != VMH_VITE_ERROR_NONE || size == 0)
        return error;
    to = frame->memory.data + top[0].limb[0];
    if (vmh_word_fits_u64(&top[-1]) && top[-1].limb[0] < source.size) {
        copied = source.size - top[-1].limb[0];
        if (copied > size)
            copied = size;
        memcpy(to, source.data + top[-1].limb[0], copied);
    }
    memset(to + copied, 0, size - copied);
    return VMH_VITE_ERROR_NONE;
}

/* What a callee gave: of delegated code, else of the call that an answer answers. */
static inline vmh_bytes return_data_of(const vmh_vite_frame *frame)
{
    const vmh_vite_run *run = frame->run;

    if (frame->has_return_data)
        return frame->return_data;
    if (!vmh_vite_kind_is_answer(run->kind) || run->request_data.size < 4)
        return (vmh_bytes){0};
    return vmh_bytes_of(run->request_data.data + 4, run->request_data.size - 4);
}

/* Whether the answer is too short to hold even the callback id. */
static inline bool is_cut_answer(const vmh_vite_frame *frame)
{
    return !frame->has_return_data && vmh_vite_kind_is_answer(frame->run->kind) &&
           frame->run->request_data.size < 4;
}

/* The price comes first; what is copied makes no difference once that fails. */
static inline vmh_vite_error op_returndatacopy(vmh_vite_frame *frame, const vmh_word *top,
                                               int64_t *left)
{
    vmh_bytes source = return_data_of(frame);
    vmh_vite_error error = op_copy(frame, top, source, left);
    vmh_word end;

    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (is_cut_answer(frame))
        return VMH_VITE_ERROR_CALLBACK_DATA;
    if (vmh_word_add(&top[-1], &top[-2], &end) || !vmh_word_fits_u64(&end) ||
        end.limb[0] > source.size)
        return VMH_VITE_ERROR_RETURN_DATA;
    return VMH_VITE_ERROR_NONE;
}

#endif
