/*
 * Contract call data for the Vite VM: values <-> bytes (spec/vite-vm.md 8).
 *
 *     add(uint256,string)      selector, head of two words, tail of the string
 *     f26dafb6 | 00..05 | 00..40 | 00..03 "abc" 00..
 *
 * Offsets count from the head they stand in. There is one encoding of a value:
 * a tail begins where the one before it ends, padding is zero, a bool is 0 or 1,
 * nothing follows the last tail. Decoding refuses all others, so what is decoded
 * encodes to the same bytes, and takes no more room than they justify.
 */
#ifndef VMH_CODEC_ABI_H
#define VMH_CODEC_ABI_H

#include "base/buffer.h"
#include "base/word.h"
#include "codec/abi_type.h"

/* A value of a type that is given beside it. */
typedef struct vmh_abi_value vmh_abi_value;

typedef struct vmh_abi_values {
    vmh_abi_value *items;
    size_t count;
} vmh_abi_values;

struct vmh_abi_value {
    union {
        vmh_word word;         /* uint; int in two's complement; bool as 0 or 1 */
        vmh_bytes bytes;       /* BYTES_LEFT and BYTES_RIGHT of their size; BYTES of any */
        vmh_abi_values values; /* ARRAY, LIST, TUPLE */
    };
};

/* Whether a word is in the range of a uint, int or bool. */
bool vmh_abi_word_fits(const vmh_abi_type *type, const vmh_word *word);

/*
 * Appends `values`, one for each member of the tuple `types`. They have the
 * shape of the types: as many items, sizes as said, words in range.
 *
 * Fails with
 *   VMH_E_LIMIT      more than VMH_ABI_MAX_SIZE bytes
 *   VMH_E_NO_MEMORY
 * and leaves the buffer with a part of the data.
 */
vmh_status vmh_abi_encode(const vmh_abi_type *types, vmh_abi_values values, vmh_buffer *out,
                          vmh_failure *why);

/*
 * Reads the values of the tuple `types`. Values live in the arena, their bytes
 * are views into `data`. They take at most the room of the data for each level
 * of the types, so VMH_ABI_MAX_DEPTH + 1 times that.
 *
 * Fails, with the place of the fault, with
 *   VMH_E_MALFORMED  cut, dirty padding, a value out of range, an offset that
 *                    does not point to where its tail belongs, bytes left over
 *   VMH_E_LIMIT      more than VMH_ABI_MAX_SIZE bytes, or than VMH_ABI_MAX_VALUES
 *                    values, those inside each other counted each
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_abi_decode(const vmh_abi_type *types, vmh_bytes data, vmh_arena *arena,
                          vmh_abi_values *out, vmh_failure *why);

typedef enum vmh_abi_error_kind {
    VMH_ABI_ERROR_OTHER, /* neither, or not as either is encoded */
    VMH_ABI_ERROR_TEXT,  /* Error(string) */
    VMH_ABI_ERROR_PANIC  /* Panic(uint256) */
} vmh_abi_error_kind;

typedef struct vmh_abi_error {
    vmh_abi_error_kind kind;
    vmh_bytes text; /* of Error(string): a view into the data */
    vmh_word code;  /* of Panic(uint256) */
} vmh_abi_error;

/* What the data of a revert says. */
vmh_abi_error vmh_abi_error_of(vmh_bytes data);

/*
 * Appends Error(string) as revert data. Fails with VMH_E_LIMIT for a text that
 * is too long to encode, and with VMH_E_NO_MEMORY.
 */
vmh_status vmh_abi_error_encode(vmh_bytes text, vmh_buffer *out, vmh_failure *why);

/* What the compiler means by a panic code, as in "division or modulo by zero"; NULL if nothing. */
const char *vmh_abi_panic_meaning(const vmh_word *code);

#endif
