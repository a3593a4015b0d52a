/*
 * Requests of the Vite chain as tables: { kind =, from =, to =, token =, amount =,
 * fee =, data =, hash = }, addresses, tokens and hashes as bytes, amounts as words.
 */
#ifndef VMH_BINDINGS_VITE_REQUEST_H
#define VMH_BINDINGS_VITE_REQUEST_H

#include "path.h"
#include "vite/block.h"

/*
 * Reads the fields of a request from the table at `index`, which may have
 * others; those that are nil are zero, the token VITE, the kind 2. Data is
 * borrowed from the table.
 */
void vmh_read_vite_request(lua_State *L, int index, const vmh_path *path, vmh_vite_request *out);

/* 21 and 10 bytes at `index` of the stack. */
vmh_vite_address vmh_check_vite_address(lua_State *L, int index);
vmh_vite_token vmh_check_vite_token(lua_State *L, int index);

/*
 * Pushes a request; a triggered one with `context`, `callback_id`, `stack_count`
 * and `memory_size` where something is suspended under it.
 */
void vmh_push_vite_request(lua_State *L, const vmh_vite_request *request);
void vmh_push_vite_triggered(lua_State *L, const vmh_vite_triggered *triggered);

/* Pushes { { topics = {32 bytes, ...}, data = }, ... }. */
void vmh_push_vite_logs(lua_State *L, const vmh_vite_log *logs, size_t count);

#endif
