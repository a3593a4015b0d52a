/*
 * Handles: how a contract reaches what it keeps. `state` is one, and so is each collection.
 *
 *     state.count           read      state.count = 5        written
 *     state.balances        a handle  state.balances[key]    read
 *     state.allowed[a]      a handle of a map in a map
 *
 * A handle is a type and the key under which its values begin (docs/formats.md). It has no
 * state of its own: reading and writing are the functions below, found as metamethods.
 */
#ifndef VMH_CONTRACTLUA_HANDLE_H
#define VMH_CONTRACTLUA_HANDLE_H

#include "contractlua/sdk.h"

struct vmh_lua_handle {
    const vmh_lua_kept_type *type; /* NULL: `state` itself */
    uint32_t kept;                 /* number of the declaration that it belongs to */
    uint32_t size;
    uint8_t path[];
};

/* A handle, counted; NULL where limit or system stop it. */
vmh_lua_handle *vmh_lua_handle_new(vmh_lua_state *L, const vmh_lua_kept_type *type, uint32_t kept,
                                   vmh_bytes path);

/* `state`, and with it the handles of the declared collections in sdk->handles; the same. */
vmh_lua_handle *vmh_lua_handle_root(vmh_lua_state *L, const vmh_lua_interface *interface);

/*
 * The keys of a handle of a collection in a map, behind the declared name; and the handle of
 * such keys, `depth` of them, in declaration `kept`. NULL where limit or system stop it, or, with
 * `*is_good` false, where these are no such keys.
 */
vmh_bytes vmh_lua_handle_keys(const vmh_lua_handle *handle, const vmh_lua_interface *interface);
vmh_lua_handle *vmh_lua_handle_of_keys(vmh_lua_state *L, uint32_t kept, uint32_t depth,
                                       vmh_bytes keys, bool *is_good);

extern const vmh_lua_native vmh_lua_handle_index, vmh_lua_handle_newindex, vmh_lua_handle_len,
    vmh_lua_handle_pairs, vmh_lua_list_next, vmh_lua_counted_next;

/* sdk.has(handle, key), sdk.key_at(handle, position) */
vmh_lua_step vmh_lua_sdk_has(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_key_at(vmh_lua_state *L, vmh_lua_frame *frame);

#endif
