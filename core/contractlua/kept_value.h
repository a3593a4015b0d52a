/*
 * Values and keys as bytes of state (docs/formats.md), and the host's state behind them.
 * Functions give false where the contract cannot go on: return `*step`.
 */
#ifndef VMH_CONTRACTLUA_KEPT_VALUE_H
#define VMH_CONTRACTLUA_KEPT_VALUE_H

#include "contractlua/sdk.h"

/* Numbers in front of keys of a counted map: of an entry, of a place. */
enum { VMH_LUA_ENTRY_MARK = 0, VMH_LUA_PLACE_MARK = 1 };

/* The bytes of a value of a type; text and bytes stay where they are. */
bool vmh_lua_encode_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_lua_value value,
                           const char *what, vmh_bytes *out, vmh_lua_step *step);

/* The value of bytes of state. */
bool vmh_lua_decode_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_bytes bytes,
                           vmh_lua_value *out, vmh_lua_step *step);

/* What is read where nothing was written: 0, false, "", zeros. */
bool vmh_lua_zero_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_lua_value *out,
                         vmh_lua_step *step);

/* Whether a value is the one of vmh_lua_zero_scalar, which is kept as nothing. */
bool vmh_lua_is_zero_scalar(vmh_lua_scalar scalar, vmh_bytes bytes);

/* `path`, a mark if it is not negative, and the key, which tells its own end. */
bool vmh_lua_kept_key(vmh_lua_state *L, vmh_bytes path, int mark, vmh_lua_scalar scalar,
                      vmh_lua_value key, vmh_bytes *out, vmh_lua_step *step);

/* The same with a place: 8 bytes. */
bool vmh_lua_place_key(vmh_lua_state *L, vmh_bytes path, int mark, uint64_t place, vmh_bytes *out,
                       vmh_lua_step *step);

/* State of the contract, charged; no value is empty. */
bool vmh_lua_read_state(vmh_lua_state *L, vmh_bytes key, vmh_bytes *value, vmh_lua_step *step);
bool vmh_lua_write_state(vmh_lua_state *L, vmh_bytes key, vmh_bytes value, vmh_lua_step *step);

/* A counter: 8 bytes, zero where nothing is. */
bool vmh_lua_read_count(vmh_lua_state *L, vmh_bytes key, uint64_t *out, vmh_lua_step *step);
bool vmh_lua_write_count(vmh_lua_state *L, vmh_bytes key, uint64_t value, vmh_lua_step *step);

/* Two pieces of bytes, joined in scratch. */
bool vmh_lua_join(vmh_lua_state *L, vmh_bytes first, vmh_bytes second, vmh_bytes *out,
                  vmh_lua_step *step);

/* The contract's state holds what it cannot have written. */
vmh_lua_step vmh_lua_raise_bad_state(vmh_lua_state *L, const char *what, vmh_bytes bytes);

#endif
