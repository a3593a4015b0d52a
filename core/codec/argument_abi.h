/*
 * Arguments <-> values of contract call data (spec/joins.md 2).
 *
 *     uint32, uint64, uint256, bool, string, bytes, bytes20, bytes32   the same
 *     other uintN and intN             uint256; an int in two's complement
 *     address                          bytes20, without the byte that says what it is
 *     other bytesN, tokenId, gid, function    bytes of that size
 *     T[], T[n]                        an array of the above
 *
 * Tuples and arrays of arrays have no argument.
 */
#ifndef VMH_CODEC_ARGUMENT_ABI_H
#define VMH_CODEC_ARGUMENT_ABI_H

#include "codec/abi.h"
#include "types/argument.h"

/* The argument type that carries an ABI type; false where none does. */
bool vmh_argument_type_of_abi(const vmh_abi_type *type, vmh_argument_type *out);

/* "(uint64,bytes[])" for those types, in the arena. Fails with VMH_E_NO_MEMORY. */
vmh_status vmh_argument_types_text(const vmh_argument_type *types, size_t count, vmh_arena *arena,
                                   vmh_bytes *text, vmh_failure *why);

/* Who knows what an address is. */
typedef struct vmh_address_kinds vmh_address_kinds;
struct vmh_address_kinds {
    /* The byte behind `address`: 1 for a service, 0 for any other. A failure is passed on. */
    vmh_status (*find)(vmh_address_kinds *kinds, const vmh_address *address, uint8_t *kind,
                       vmh_failure *why);
};

/*
 * Makes the value of an argument of the type's argument type. `*fits` is false
 * for a number out of range, and for bytes or an array of another size. The
 * value borrows the argument's bytes; the rest of it lives in the arena.
 * `kinds` may be NULL where no type is an address. Fails with VMH_E_NO_MEMORY.
 */
vmh_status vmh_argument_to_abi(const vmh_argument *argument, const vmh_abi_type *type,
                               vmh_address_kinds *kinds, vmh_arena *arena, vmh_abi_value *out,
                               bool *fits, vmh_failure *why);

/*
 * Makes the arguments of the values of a tuple whose members all have an
 * argument type. They borrow the values' bytes. Fails with VMH_E_NO_MEMORY.
 */
vmh_status vmh_arguments_from_abi(vmh_abi_values values, const vmh_abi_type *types,
                                  vmh_arena *arena, vmh_argument_array *out, vmh_failure *why);

#endif
