/*
 * Argument: the one value type that crosses between contracts, clients and the
 * host (spec/host.md 2, 8.2). Plain views: bytes are borrowed from the message
 * or the arena that the argument was read from or made in.
 */
#ifndef VMH_TYPES_ARGUMENT_H
#define VMH_TYPES_ARGUMENT_H

#include "base/bytes.h"

/* number = union selector, name, name in the texts of the Orbs node, element type */
#define VMH_ARGUMENT_TYPE_LIST(X)                              \
    X(UINT32, 0, "uint32", "uint32")                           \
    X(UINT64, 1, "uint64", "uint64")                           \
    X(STRING, 2, "string", "string")                           \
    X(BYTES, 3, "bytes", "[]uint8")                            \
    X(BOOL, 4, "bool", "bool")                                 \
    X(UINT256, 5, "uint256", "*big.Int")                       \
    X(BYTES20, 6, "bytes20", "[20]uint8")                      \
    X(BYTES32, 7, "bytes32", "[32]uint8")                      \
    X(UINT32_ARRAY, 8, "uint32[]", "[]uint32")                 \
    X(UINT64_ARRAY, 9, "uint64[]", "[]uint64")                 \
    X(STRING_ARRAY, 10, "string[]", "[]string")                \
    X(BYTES_ARRAY, 11, "bytes[]", "[][]uint8")                 \
    X(BOOL_ARRAY, 12, "bool[]", "[]bool")                      \
    X(UINT256_ARRAY, 13, "uint256[]", "[]*big.Int")            \
    X(BYTES20_ARRAY, 14, "bytes20[]", "[][20]uint8")           \
    X(BYTES32_ARRAY, 15, "bytes32[]", "[][32]uint8")

typedef enum vmh_argument_type {
#define VMH_ARGUMENT_MEMBER(name, number, text, go) VMH_ARGUMENT_##name = number,
    VMH_ARGUMENT_TYPE_LIST(VMH_ARGUMENT_MEMBER)
#undef VMH_ARGUMENT_MEMBER
    VMH_ARGUMENT_TYPE_COUNT
} vmh_argument_type;

typedef struct vmh_argument vmh_argument;

typedef struct vmh_argument_array {
    const vmh_argument *items;
    size_t count;
} vmh_argument_array;

struct vmh_argument {
    vmh_argument_type type;
    union {
        uint32_t uint32;
        uint64_t uint64;
        bool boolean;
        vmh_bytes bytes;          /* string, bytes; bytes20, bytes32; uint256 as 32 bytes BE */
        vmh_argument_array array; /* items of vmh_argument_element(type) */
    } value;
};

static inline bool vmh_argument_is_array(vmh_argument_type type)
{
    return type >= VMH_ARGUMENT_UINT32_ARRAY;
}

/* The type of an array's items. */
static inline vmh_argument_type vmh_argument_element(vmh_argument_type type)
{
    return (vmh_argument_type)(type - VMH_ARGUMENT_UINT32_ARRAY);
}

/* "uint32", "bytes[]", ... */
const char *vmh_argument_type_name(vmh_argument_type type);

/* The same as the Orbs node prints it: "[]uint8" for bytes. */
const char *vmh_argument_type_go_name(vmh_argument_type type);

/* Finds a type by its name; false if there is none. */
bool vmh_argument_type_find(vmh_bytes name, vmh_argument_type *type);

static inline vmh_argument vmh_argument_uint32(uint32_t value)
{
    return (vmh_argument){VMH_ARGUMENT_UINT32, {.uint32 = value}};
}

static inline vmh_argument vmh_argument_uint64(uint64_t value)
{
    return (vmh_argument){VMH_ARGUMENT_UINT64, {.uint64 = value}};
}

static inline vmh_argument vmh_argument_bool(bool value)
{
    return (vmh_argument){VMH_ARGUMENT_BOOL, {.boolean = value}};
}

/* `type` is string, bytes, bytes20, bytes32 or uint256, of the fitting size. */
static inline vmh_argument vmh_argument_bytes(vmh_argument_type type, vmh_bytes value)
{
    return (vmh_argument){type, {.bytes = value}};
}

static inline vmh_argument vmh_argument_string(vmh_bytes value)
{
    return vmh_argument_bytes(VMH_ARGUMENT_STRING, value);
}

#endif
