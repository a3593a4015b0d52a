/*
 * The processor of contracts in Lua: ports/processor.h on top of the machine (spec/lua.md).
 *
 * A contract is deployed as one or two parts: its source, and packed arguments of `_init`.
 * Under the protected key `code` stands by which revision of the language and prices it runs,
 * and the hash of its source.
 */
#ifndef VMH_CONTRACTLUA_LUA_PROCESSOR_H
#define VMH_CONTRACTLUA_LUA_PROCESSOR_H

#include "ports/processor.h"
#include "types/genesis.h"

/* `genesis` is borrowed. Fails with VMH_E_NO_MEMORY. */
vmh_status vmh_lua_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                 vmh_failure *why);

#endif
