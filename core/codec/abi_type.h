/*
 * Types of contract call data for the Vite VM, and the signatures made of them.
 *
 *     uint8 .. uint256, int8 .. int256   in steps of 8 bits
 *     bool
 *     bytes1 .. bytes32                  left aligned
 *     address 21 bytes, tokenId 10, gid 10    right aligned
 *     function                           address 21, selector 4; left aligned
 *     bytes, string
 *     T[n], T[]                          n is 1 or more
 *     (T,...)                            at least one member inside another type
 *
 * Only canonical names are read, since a selector hashes the text: no spaces,
 * no `uint`. Types live in the arena; their texts are views into what was parsed.
 */
#ifndef VMH_CODEC_ABI_TYPE_H
#define VMH_CODEC_ABI_TYPE_H

#include "base/arena.h"

typedef enum vmh_abi_kind {
    VMH_ABI_UINT,
    VMH_ABI_INT,
    VMH_ABI_BOOL,
    VMH_ABI_BYTES_LEFT,  /* bytesN, function: zeros behind */
    VMH_ABI_BYTES_RIGHT, /* address, tokenId, gid: zeros in front */
    VMH_ABI_BYTES,       /* bytes, string */
    VMH_ABI_ARRAY,       /* T[n] */
    VMH_ABI_LIST,        /* T[] */
    VMH_ABI_TUPLE
} vmh_abi_kind;

/* Arrays and tuples inside each other. Bounds every recursion over a type. */
enum { VMH_ABI_MAX_DEPTH = 16 };

/* Of a text; its types take up to 400 times as much. */
enum { VMH_ABI_MAX_TEXT_SIZE = 16 * 1024 };

/* Of encoded data, and so of what a fixed array may take. */
#define VMH_ABI_MAX_SIZE ((size_t)16 << 20)

/* Values that decode at once, lists and tuples among them: two for each word of such data. */
#define VMH_ABI_MAX_VALUES (VMH_ABI_MAX_SIZE / 32 * 2)

typedef struct vmh_abi_type vmh_abi_type;
struct vmh_abi_type {
    vmh_abi_kind kind;
    bool is_dynamic;           /* its place in the head is an offset */
    unsigned depth;            /* 0: neither array nor tuple */
    unsigned bits;             /* uint, int */
    size_t count;              /* bytes of a BYTES_LEFT or BYTES_RIGHT, items of a T[n], members */
    size_t body_size;          /* bytes of the head of a T[n] or tuple itself */
    size_t head_size;          /* bytes in the head of what it is in: body_size, 32 for an offset */
    const vmh_abi_type *items; /* the one of T[n] and T[], the members of a tuple */
    vmh_bytes text;            /* "uint256[2][]" */
};

/* The type of item or member `index`. */
static inline const vmh_abi_type *vmh_abi_type_item(const vmh_abi_type *type, size_t index)
{
    return type->kind == VMH_ABI_TUPLE ? &type->items[index] : type->items;
}

/*
 * Reads "(T,...)", which may be empty: the arguments or results of a method.
 *
 * Fails, with the text and the place of the fault, with
 *   VMH_E_INPUT  no such type, more than VMH_ABI_MAX_DEPTH levels, or a fixed
 *                array larger than VMH_ABI_MAX_SIZE
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_abi_types_parse(vmh_bytes text, vmh_arena *arena, const vmh_abi_type **out,
                               vmh_failure *why);

typedef struct vmh_abi_signature {
    vmh_bytes name;
    vmh_bytes text; /* "add(uint256,uint256)", what the hash is of */
    const vmh_abi_type *inputs;
    const vmh_abi_type *outputs; /* NULL: not said */
} vmh_abi_signature;

/*
 * Reads "add(uint256,uint256)" or "add(uint256,uint256)(uint256)", which may be the
 * method name of any transaction. Fails as above, and with VMH_E_INPUT for more
 * text than VMH_ABI_MAX_TEXT_SIZE.
 */
vmh_status vmh_abi_signature_parse(vmh_bytes text, vmh_arena *arena, vmh_abi_signature *out,
                                   vmh_failure *why);

/* BLAKE2b-256 of the text: topic 0 of an event; its first 4 bytes select a method. */
void vmh_abi_signature_hash(const vmh_abi_signature *signature, vmh_hash32 *out);

enum { VMH_ABI_SELECTOR_SIZE = 4 };

#endif
