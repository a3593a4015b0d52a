/*
 * SDK calls: the table of operations and what a row's handler gets. Scope and
 * arguments are checked once, by the table; a handler only does its work.
 */
#ifndef VMH_HOST_SDK_CALL_H
#define VMH_HOST_SDK_CALL_H

#include "host/execution_context.h"

typedef struct vmh_sdk_run {
    vmh_execution_context *context;
    const vmh_sdk_call *call;
    const vmh_argument *arguments; /* checked against the row */
    vmh_arena *arena;              /* of the caller: answers live here */
    vmh_sdk_result *result;
} vmh_sdk_run;

typedef vmh_status (*vmh_sdk_function)(vmh_sdk_run *run, vmh_failure *why);

typedef struct vmh_sdk_operation {
    const char *operation_name;
    const char *method_name;
    const char *arguments; /* "bytes, bytes"; "" for none: as docs and texts print it */
    bool needs_write;      /* refused, past every catch, in a read-only context */
    bool needs_system;     /* only code with SYSTEM permission */
    vmh_sdk_function function;
} vmh_sdk_operation;

/* The table, for those who list it. */
const vmh_sdk_operation *vmh_sdk_operations(size_t *count);

/* ports/sdk.h on top of the table; `handler` is the host. */
vmh_status vmh_host_handle_sdk_call(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                    vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why);

/* Answers one value; it is copied into the arena. */
vmh_status vmh_sdk_answer(vmh_sdk_run *run, vmh_argument value, vmh_failure *why);

/* Answers an error that the contract may catch. */
vmh_status vmh_sdk_refuse(vmh_sdk_run *run, uint32_t code, vmh_failure *why, const char *format,
                          ...) __attribute__((format(printf, 4, 5)));

/* Ends the execution, past everything that catches. */
vmh_status vmh_sdk_abort(vmh_sdk_run *run, uint32_t code, vmh_failure *why, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

/* What any operation answers to a method that is over already (sdk_async.c). */
vmh_status vmh_sdk_async_refuse_ended(vmh_sdk_run *run, vmh_failure *why);

/* Whether the method on top may stop and wait; where not, the execution is ended (sdk_message.c). */
vmh_status vmh_sdk_check_suspension(vmh_sdk_run *run, bool *may, vmh_failure *why);

/* It has stopped. */
vmh_status vmh_sdk_suspended(vmh_sdk_run *run, vmh_failure *why);

/* The rows' functions, by file: sdk_state.c, sdk_service.c, sdk_events.c, ... */
vmh_status vmh_sdk_state_read(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_state_write(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_call_method(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_call_with_gas(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_call_on_behalf(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_get_call_value(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_find_name(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_get_code(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_get_parts(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_put_code(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_service_get_balance(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_events_emit_log(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_message_identify(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_message_send(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_message_suspend(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_call(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_call_legacy(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_set_group_callback(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_set_return(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_await_all(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_async_get_closure(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_events_emit_event(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_address_get_signer(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_address_get_caller(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_address_get_deployer(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_address_get_own(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_block_height(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_block_timestamp(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_block_proposer_address(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_block_committee(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_next_block_committee(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_virtual_chain_id(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_env_get_seed(vmh_sdk_run *run, vmh_failure *why);
vmh_status vmh_sdk_ethereum_call(vmh_sdk_run *run, vmh_failure *why);

#endif
