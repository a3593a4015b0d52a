/*
 * Values of the contract machine: 16 bytes, a tag and a number or a pointer.
 *
 * What values point to lives in the heap of one execution (heap.h), or in code,
 * which is shared and never written. Nothing is freed alone.
 */
#ifndef VMH_CONTRACTLUA_VALUE_H
#define VMH_CONTRACTLUA_VALUE_H

#include "base/bytes.h"
#include "base/word.h"

/* Those up to FALSE are false where a condition is asked, all behind are true. */
typedef enum vmh_lua_tag {
    VMH_LUA_NIL,
    VMH_LUA_FALSE,
    VMH_LUA_TRUE,
    VMH_LUA_INTEGER,
    VMH_LUA_UINT256,
    VMH_LUA_STRING,
    VMH_LUA_TABLE,
    VMH_LUA_CLOSURE,   /* a Lua function */
    VMH_LUA_NATIVE,    /* a function of the library */
    VMH_LUA_COROUTINE,
    VMH_LUA_HANDLE,    /* of what a contract keeps in state; handle.h */
    VMH_LUA_CELL,      /* a captured local; only registers hold one, never a contract */
} vmh_lua_tag;

typedef struct vmh_lua_string vmh_lua_string;
typedef struct vmh_lua_table vmh_lua_table;
typedef struct vmh_lua_closure vmh_lua_closure;
typedef struct vmh_lua_native_object vmh_lua_native_object;
typedef struct vmh_lua_coroutine vmh_lua_coroutine;
typedef struct vmh_lua_handle vmh_lua_handle;
typedef struct vmh_lua_cell vmh_lua_cell;

typedef struct vmh_lua_value {
    uint64_t tag;
    union {
        int64_t integer;
        const vmh_word *word; /* boxed, never changed */
        vmh_lua_string *string;
        vmh_lua_table *table;
        vmh_lua_closure *closure;
        vmh_lua_native_object *native;
        vmh_lua_coroutine *coroutine;
        vmh_lua_handle *handle;
        vmh_lua_cell *cell;
        void *pointer;
    } as;
} vmh_lua_value;

/* Bytes that are never changed; equal ones may be two objects. */
struct vmh_lua_string {
    uint64_t hash; /* 0: not asked for yet; of constants it always is there */
    size_t size;
    uint8_t bytes[]; /* and a zero, which does not count */
};

struct vmh_lua_cell {
    vmh_lua_value value;
};

static inline vmh_lua_value vmh_lua_nil(void)
{
    return (vmh_lua_value){.tag = VMH_LUA_NIL, .as = {.integer = 0}};
}

static inline vmh_lua_value vmh_lua_boolean(bool is_true)
{
    return (vmh_lua_value){.tag = is_true ? VMH_LUA_TRUE : VMH_LUA_FALSE, .as = {.integer = 0}};
}

static inline vmh_lua_value vmh_lua_integer(int64_t integer)
{
    return (vmh_lua_value){.tag = VMH_LUA_INTEGER, .as = {.integer = integer}};
}

static inline vmh_lua_value vmh_lua_of_string(vmh_lua_string *string)
{
    return (vmh_lua_value){.tag = VMH_LUA_STRING, .as = {.string = string}};
}

static inline vmh_lua_value vmh_lua_of_table(vmh_lua_table *table)
{
    return (vmh_lua_value){.tag = VMH_LUA_TABLE, .as = {.table = table}};
}

static inline bool vmh_lua_is_true(vmh_lua_value value)
{
    return value.tag > VMH_LUA_FALSE;
}

static inline bool vmh_lua_is_nil(vmh_lua_value value)
{
    return value.tag == VMH_LUA_NIL;
}

static inline vmh_bytes vmh_lua_string_bytes(const vmh_lua_string *string)
{
    return vmh_bytes_of(string->bytes, string->size);
}

static inline bool vmh_lua_string_equal(const vmh_lua_string *a, const vmh_lua_string *b)
{
    return a == b || (a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* Equality without metamethods: numeric for integers and uint256, by bytes for strings. */
bool vmh_lua_raw_equal(vmh_lua_value a, vmh_lua_value b);

/* "nil", "boolean", "integer" as "number", "uint256", "string", "table", "function", "thread", "state". */
const char *vmh_lua_type_name(vmh_lua_value value);

#endif
