/*
 * What the host answers, as Lua values: results of sets, queries, pre-order
 * checks and system calls.
 */
#ifndef VMH_BINDINGS_RUN_RESULT_H
#define VMH_BINDINGS_RUN_RESULT_H

#include <lua.h>

#include "host/host.h"

/* Pushes { receipts =, records =, state_diffs =, block = }. */
void vmh_push_transaction_set_result(lua_State *L, const vmh_transaction_set *set,
                                     const vmh_transaction_set_result *result);

/* Pushes the calls that led to a failure, outermost first. */
void vmh_push_calls(lua_State *L, const vmh_run_record *record);

/* Sets what the text of a failure leaves out, where there is something. */
void vmh_set_detail(lua_State *L, const vmh_run_record *record);

/* Sets the fields of a record that asynchronous calls and messages fill, on the table on top. */
void vmh_set_async_fields(lua_State *L, const vmh_run_record *record);

/* Pushes the list of statuses and, if one is not VALID, the first failure; returns how many. */
int vmh_push_pre_order_result(lua_State *L, const vmh_transaction_status *statuses, size_t count,
                              size_t failed, vmh_bytes refusal);

/* Each pushes the result and, of a failure, its text; returns how many. */
int vmh_push_query_result(lua_State *L, const vmh_query_result *result, vmh_arena *arena);
int vmh_push_system_call_result(lua_State *L, const vmh_process_call_output *output,
                                vmh_arena *arena);

#endif
