/*
 * What a contract says about itself, read from the texts that it gives to
 * `sdk.contract`: what it keeps, its events, its methods.
 *
 *     "map(bytes20, list(uint64))"                       kept
 *     "from bytes20, to bytes20, amount uint256"         an event
 *     "external write (to bytes20, amount uint256) bool" a method
 *     "callback"                                         one for answers
 *     "transfer(bytes20, uint256)(bool)"                 a method of another contract
 *
 * Blanks are free between words. All that is read lives in the arena.
 */
#ifndef VMH_CONTRACTLUA_DECLARATION_H
#define VMH_CONTRACTLUA_DECLARATION_H

#include "base/arena.h"
#include "codec/method.h"

enum {
    VMH_LUA_MAX_NAME = 64,        /* bytes of a declared name */
    VMH_LUA_MAX_DECLARATIONS = 256, /* of each sort in a contract */
    VMH_LUA_MAX_PARAMETERS = 64,  /* of a method or event, and results */
    VMH_LUA_MAX_KEPT_NESTING = 8, /* collections in each other */
};

/* Types of single values in state: name, bytes of it there (0: any number) */
#define VMH_LUA_SCALAR_LIST(X)  \
    X(BOOL, "bool", 1)          \
    X(UINT32, "uint32", 4)      \
    X(UINT64, "uint64", 8)      \
    X(INT64, "int64", 8)        \
    X(UINT256, "uint256", 32)   \
    X(STRING, "string", 0)      \
    X(BYTES, "bytes", 0)        \
    X(BYTES20, "bytes20", 20)   \
    X(BYTES32, "bytes32", 32)

typedef enum vmh_lua_scalar {
#define X(name, text, size) VMH_LUA_SCALAR_##name,
    VMH_LUA_SCALAR_LIST(X)
#undef X
    VMH_LUA_SCALAR_COUNT,
} vmh_lua_scalar;

const char *vmh_lua_scalar_name(vmh_lua_scalar scalar);

/* Bytes of a value in state, 0 for text and bytes. */
size_t vmh_lua_scalar_size(vmh_lua_scalar scalar);

typedef enum vmh_lua_kept_kind {
    VMH_LUA_KEPT_VALUE,
    VMH_LUA_KEPT_MAP,     /* key to value or collection; knows no keys */
    VMH_LUA_KEPT_LIST,    /* values 1..n */
    VMH_LUA_KEPT_COUNTED, /* key to value; knows its keys */
} vmh_lua_kept_kind;

typedef struct vmh_lua_kept_type vmh_lua_kept_type;

struct vmh_lua_kept_type {
    vmh_lua_kept_kind kind;
    vmh_lua_scalar scalar;       /* of a VALUE; of the keys of a MAP or COUNTED */
    const vmh_lua_kept_type *of; /* what a collection holds */
    uint32_t depth;              /* collections around it */
};

typedef struct vmh_lua_kept {
    vmh_bytes name;
    vmh_bytes text; /* as declared */
    const vmh_lua_kept_type *type;
} vmh_lua_kept;

typedef struct vmh_lua_declared_event {
    vmh_bytes name;
    const vmh_bytes *field_names; /* empty ones: not named */
    const vmh_argument_type *fields;
    size_t field_count;
} vmh_lua_declared_event;

typedef struct vmh_lua_declared_method {
    vmh_method method;
    const vmh_bytes *parameter_names; /* empty ones: not named */
    bool is_callback; /* called for answers alone, with whatever values they have */
} vmh_lua_declared_method;

/*
 * Each reads one text. `*wrong` is empty, or what is wrong with the text, and then nothing
 * else is set. Only memory fails.
 */
vmh_status vmh_lua_read_kept(vmh_bytes text, vmh_arena *arena, const vmh_lua_kept_type **out,
                             vmh_bytes *wrong, vmh_failure *why);
vmh_status vmh_lua_read_event(vmh_bytes text, vmh_arena *arena, vmh_lua_declared_event *out,
                              vmh_bytes *wrong, vmh_failure *why);
vmh_status vmh_lua_read_method(vmh_bytes text, vmh_arena *arena, vmh_lua_declared_method *out,
                               vmh_bytes *wrong, vmh_failure *why);

/* A method of another contract, whatever language that is written in. */
typedef struct vmh_lua_signature {
    vmh_bytes name;
    vmh_bytes text; /* "transfer(address,uint256)(bool)", as bytecode knows it */
    vmh_method method;
    bool has_results; /* they are told; else whatever comes is let go */
    uint32_t abi_type_count; /* of its types that only bytecode knows */
} vmh_lua_signature;

/*
 * Reads a signature, which may name types of bytecode too: `address`, `int64`, `uint8[]`.
 * `name` is put in front of a text that begins with its parameters; empty: the text has it.
 */
vmh_status vmh_lua_read_signature(vmh_bytes name, vmh_bytes text, vmh_arena *arena,
                                  vmh_lua_signature *out, vmh_bytes *wrong, vmh_failure *why);

/* Whether a name can be declared: a name of Lua's form, of at most VMH_LUA_MAX_NAME bytes. */
bool vmh_lua_is_declarable(vmh_bytes name);

#endif
