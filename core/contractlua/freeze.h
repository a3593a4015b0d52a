/*
 * A suspended execution <-> bytes, in terms of the source: docs/formats.md has them
 * byte by byte. Equal states give equal bytes, whatever the compiler makes of
 * the source, and on every machine.
 *
 *     run ... suspended -> freeze -> bytes -> thaw -> go on ...
 *
 * What is written is what the frames of the main coroutine and the globals lead to.
 * Thawing never runs the main chunk, and counts logical memory from 0: what
 * making each thawed value anew would count, each key that a table has or knows,
 * and the greatest height of each stack. So a host that goes on always thaws first, even where the state
 * is still there.
 */
#ifndef VMH_CONTRACTLUA_FREEZE_H
#define VMH_CONTRACTLUA_FREEZE_H

#include "base/buffer.h"
#include "contractlua/state.h"

enum { VMH_LUA_MAX_FROZEN = 1024 * 1024 };

/* What there is in a suspended execution: X(name, text). */
#define VMH_LUA_CENSUS_LIST(X)                                                                    \
    X(NIL, "nil") X(BOOLEAN, "boolean") X(INTEGER, "integer") X(UINT256, "uint256")               \
    X(STRING, "string") X(LIBRARY, "library") X(MAIN, "main coroutine") X(SHARED, "shared")       \
    X(TABLE, "table") X(CLOSURE, "closure") X(CELL, "cell") X(WRAP, "wrap") X(GMATCH, "gmatch")   \
    X(FRESH, "fresh coroutine") X(STOPPED, "suspended coroutine") X(DEAD, "dead coroutine")       \
    X(FAILED, "failed coroutine")                                                                 \
    X(STATE, "state") X(HANDLE, "collection in a map") X(CURSOR, "state iterator")                \
    X(EVENT, "event") X(METHOD, "service method") X(FIXED, "fixed table")                         \
    X(HOLE, "hole") X(ENTRY, "key") X(DELETED, "deleted key") X(METATABLE, "metatable")           \
    X(LUA, "frame") X(PCALL, "pcall") X(XPCALL, "xpcall") X(HANDLER, "handler")                   \
    X(PAIRS, "pairs") X(IPAIRS, "ipairs") X(YIELD, "yield") X(SUSPENDED, "await")                 \
    X(AT_CALL, "at a call") X(AT_ITERATOR, "at an iterator") X(AT_VALUE, "at an operation")       \
    X(AT_TEST, "at a comparison") X(AT_STORE, "at a store") X(AT_CONCAT, "at a concatenation")    \
    X(LOCAL, "local") X(OUTER, "outer local") X(FOR, "for") X(FOR_IN, "for in")                   \
    X(OPERAND, "operand") X(COPY, "operand that is a local") X(LITERAL, "literal operand")        \
    X(VARARG, "vararg") X(GLOBAL, "changed global")

typedef enum vmh_lua_census_item {
#define X(name, text) VMH_LUA_CENSUS_##name,
    VMH_LUA_CENSUS_LIST(X)
#undef X
    VMH_LUA_CENSUS_COUNT,
} vmh_lua_census_item;

/* How many of each. */
typedef struct vmh_lua_census {
    uint32_t counts[VMH_LUA_CENSUS_COUNT];
} vmh_lua_census;

/*
 * Appends the bytes of what is suspended in L, which stays as it is, and counts what is in it.
 * `census` may be NULL. Fails with
 *   VMH_E_LIMIT      they are more than VMH_LUA_MAX_FROZEN, or thawing passed the memory limit
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_lua_freeze(const vmh_lua_state *L, vmh_buffer *out, vmh_lua_census *census,
                          vmh_failure *why);

/*
 * Makes L, whatever ran in it, what `frozen` tells: vmh_lua_go_on comes next. `code` is of the
 * source that was frozen. Where the logical bytes pass `memory_limit` this is VMH_OK, and going
 * on ends at once with VMH_LUA_STOP_MEMORY. Fails, leaving nothing to go on with, with
 *   VMH_E_MALFORMED  the bytes are none that freezing gives, or are of another source
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_lua_thaw(vmh_lua_state *L, const vmh_lua_code *code, vmh_bytes frozen,
                        uint64_t memory_limit, vmh_failure *why);

#endif
