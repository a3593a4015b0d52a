/*
 * Compiled contracts, one per hash of the source, shared read-only by all processors and
 * threads of the process, with the library that they are compiled against.
 *
 * What is held is good until it is released. Codes that nobody holds stay while there is
 * room, the least recently used ones go first. No cache changes a result or a price.
 */
#ifndef VMH_CONTRACTLUA_CODE_CACHE_H
#define VMH_CONTRACTLUA_CODE_CACHE_H

#include "contractlua/interface.h"
#include "contractlua/state.h"

typedef struct vmh_lua_contract vmh_lua_contract;

/* Begins and ends the use of the cache; the last one who ends it frees all. */
vmh_status vmh_lua_cache_open(vmh_failure *why);
void vmh_lua_cache_close(void);

/* The library with `sdk`, while the cache is open. */
const vmh_lua_library *vmh_lua_cache_library(void);

/* Holds the contract of a source's hash; NULL where there is none. */
vmh_lua_contract *vmh_lua_cache_hold(const vmh_hash32 *hash);

/*
 * Compiles a source of that hash, keeps it, and holds it. A refusal is VMH_OK with `*out` NULL
 * and its text, which names `name`, in the arena. Only memory fails.
 */
vmh_status vmh_lua_cache_add(const vmh_hash32 *hash, vmh_bytes name, vmh_bytes source,
                             vmh_arena *arena, vmh_lua_contract **out, vmh_bytes *refusal,
                             vmh_failure *why);

void vmh_lua_cache_release(vmh_lua_contract *contract); /* NULL is fine */

const vmh_lua_code *vmh_lua_contract_code(const vmh_lua_contract *contract);

/* NULL until it is known. */
const vmh_lua_interface *vmh_lua_contract_interface(const vmh_lua_contract *contract);

/* Gives the contract its interface, unless it has one; takes it over in either case. */
void vmh_lua_contract_declare(vmh_lua_contract *contract, vmh_lua_interface *interface);

#endif
