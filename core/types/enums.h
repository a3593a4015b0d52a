/*
 * The enumerations of the wire, spec/host.md 1. Numbers are final: clients send
 * them. Every list carries the name under which Lua and texts know the value.
 */
#ifndef VMH_TYPES_ENUMS_H
#define VMH_TYPES_ENUMS_H

#include "base/bytes.h"

#define VMH_EXECUTION_RESULT_LIST(X)                                      \
    X(RESULT_RESERVED, 0, "RESERVED")                                     \
    X(RESULT_SUCCESS, 1, "SUCCESS")                                       \
    X(RESULT_ERROR_SMART_CONTRACT, 2, "ERROR_SMART_CONTRACT")             \
    X(RESULT_ERROR_INPUT, 3, "ERROR_INPUT")                               \
    X(RESULT_ERROR_CONTRACT_NOT_DEPLOYED, 4, "ERROR_CONTRACT_NOT_DEPLOYED") \
    X(RESULT_ERROR_UNEXPECTED, 5, "ERROR_UNEXPECTED")                     \
    X(RESULT_NOT_EXECUTED, 6, "NOT_EXECUTED")

#define VMH_TRANSACTION_STATUS_LIST(X)                                                  \
    X(STATUS_RESERVED, 0, "RESERVED")                                                   \
    X(STATUS_COMMITTED, 1, "COMMITTED")                                                 \
    X(STATUS_DUPLICATE_TRANSACTION_ALREADY_COMMITTED, 2,                                \
      "DUPLICATE_TRANSACTION_ALREADY_COMMITTED")                                        \
    X(STATUS_PENDING, 3, "PENDING")                                                     \
    X(STATUS_DUPLICATE_TRANSACTION_ALREADY_PENDING, 4, "DUPLICATE_TRANSACTION_ALREADY_PENDING") \
    X(STATUS_PRE_ORDER_VALID, 5, "PRE_ORDER_VALID")                                     \
    X(STATUS_NO_RECORD_FOUND, 6, "NO_RECORD_FOUND")                                     \
    X(STATUS_REJECTED_UNSUPPORTED_VERSION, 7, "REJECTED_UNSUPPORTED_VERSION")           \
    X(STATUS_REJECTED_VIRTUAL_CHAIN_MISMATCH, 8, "REJECTED_VIRTUAL_CHAIN_MISMATCH")     \
    X(STATUS_REJECTED_TIMESTAMP_WINDOW_EXCEEDED, 9, "REJECTED_TIMESTAMP_WINDOW_EXCEEDED") \
    X(STATUS_REJECTED_SIGNATURE_MISMATCH, 10, "REJECTED_SIGNATURE_MISMATCH")            \
    X(STATUS_REJECTED_UNKNOWN_SIGNER_SCHEME, 11, "REJECTED_UNKNOWN_SIGNER_SCHEME")      \
    X(STATUS_REJECTED_GLOBAL_PRE_ORDER, 12, "REJECTED_GLOBAL_PRE_ORDER")                \
    X(STATUS_REJECTED_VIRTUAL_CHAIN_PRE_ORDER, 13, "REJECTED_VIRTUAL_CHAIN_PRE_ORDER")  \
    X(STATUS_REJECTED_SMART_CONTRACT_PRE_ORDER, 14, "REJECTED_SMART_CONTRACT_PRE_ORDER") \
    X(STATUS_REJECTED_TIMESTAMP_AHEAD_OF_NODE_TIME, 15, "REJECTED_TIMESTAMP_AHEAD_OF_NODE_TIME") \
    X(STATUS_REJECTED_CONGESTION, 16, "REJECTED_CONGESTION")                            \
    X(STATUS_REJECTED_NODE_OUT_OF_SYNC, 17, "REJECTED_NODE_OUT_OF_SYNC")

#define VMH_REQUEST_STATUS_LIST(X)                 \
    X(REQUEST_RESERVED, 0, "RESERVED")             \
    X(REQUEST_COMPLETED, 1, "COMPLETED")           \
    X(REQUEST_IN_PROCESS, 2, "IN_PROCESS")         \
    X(REQUEST_BAD_REQUEST, 3, "BAD_REQUEST")       \
    X(REQUEST_CONGESTION, 4, "CONGESTION")         \
    X(REQUEST_SYSTEM_ERROR, 5, "SYSTEM_ERROR")     \
    X(REQUEST_OUT_OF_SYNC, 6, "OUT_OF_SYNC")       \
    X(REQUEST_NOT_FOUND, 7, "NOT_FOUND")

#define VMH_ACCESS_SCOPE_LIST(X)         \
    X(ACCESS_RESERVED, 0, "RESERVED")    \
    X(ACCESS_READ_ONLY, 1, "READ_ONLY")  \
    X(ACCESS_READ_WRITE, 2, "READ_WRITE")

#define VMH_PERMISSION_SCOPE_LIST(X)      \
    X(PERMISSION_RESERVED, 0, "RESERVED") \
    X(PERMISSION_SYSTEM, 1, "SYSTEM")     \
    X(PERMISSION_SERVICE, 2, "SERVICE")

#define VMH_PROCESSOR_TYPE_LIST(X)           \
    X(PROCESSOR_RESERVED, 0, "RESERVED")     \
    X(PROCESSOR_NATIVE, 1, "NATIVE")         \
    X(PROCESSOR_JAVASCRIPT, 2, "JAVASCRIPT") \
    X(PROCESSOR_LUA, 3, "LUA")               \
    X(PROCESSOR_VITE, 4, "VITE")

/*
 * How an execution came about (spec/async.md 1): by a transaction or a message that is no
 * asynchronous call; by a service call; by an asynchronous one; to answer one; to end a group.
 */
#define VMH_EXECUTION_KIND_LIST(X)           \
    X(EXECUTION_DIRECT, 0, "direct")         \
    X(EXECUTION_SYNC, 1, "sync")             \
    X(EXECUTION_ASYNC, 2, "async")           \
    X(EXECUTION_CALLBACK, 3, "callback")     \
    X(EXECUTION_GROUP, 4, "group")

#define VMH_NETWORK_TYPE_LIST(X)         \
    X(NETWORK_RESERVED, 0, "RESERVED")   \
    X(NETWORK_MAIN_NET, 77, "MAIN_NET")  \
    X(NETWORK_TEST_NET, 84, "TEST_NET")

#define VMH_ENUM_MEMBER(name, number, text) VMH_##name = number,
typedef enum vmh_execution_result {
    VMH_EXECUTION_RESULT_LIST(VMH_ENUM_MEMBER)
} vmh_execution_result;
typedef enum vmh_transaction_status {
    VMH_TRANSACTION_STATUS_LIST(VMH_ENUM_MEMBER)
} vmh_transaction_status;
typedef enum vmh_request_status {
    VMH_REQUEST_STATUS_LIST(VMH_ENUM_MEMBER)
} vmh_request_status;
typedef enum vmh_access_scope {
    VMH_ACCESS_SCOPE_LIST(VMH_ENUM_MEMBER)
} vmh_access_scope;
typedef enum vmh_permission_scope {
    VMH_PERMISSION_SCOPE_LIST(VMH_ENUM_MEMBER)
} vmh_permission_scope;
typedef enum vmh_processor_type {
    VMH_PROCESSOR_TYPE_LIST(VMH_ENUM_MEMBER)
} vmh_processor_type;
typedef enum vmh_execution_kind {
    VMH_EXECUTION_KIND_LIST(VMH_ENUM_MEMBER)
} vmh_execution_kind;
typedef enum vmh_network_type {
    VMH_NETWORK_TYPE_LIST(VMH_ENUM_MEMBER)
} vmh_network_type;
#undef VMH_ENUM_MEMBER

/* Position of the alternative in the Signer union; NONE is an absent signer. */
typedef enum vmh_signer_scheme {
    VMH_SIGNER_EDDSA = 0,
    VMH_SIGNER_SMART_CONTRACT_CALLER = 1,
    VMH_SIGNER_NONE = 0xffff,
} vmh_signer_scheme;

/*
 * Outcome codes of DESIGN 4: what a receipt's `code` and a callback carry.
 * SUCCESS is 0.
 */
typedef enum vmh_outcome_code {
    VMH_CODE_OK = 0,
    VMH_CODE_UNKNOWN_METHOD = 1,
    VMH_CODE_WRONG_ARGUMENTS = 2,
    VMH_CODE_NOT_DEPLOYED = 3,
    VMH_CODE_CONTRACT_FAILED = 4,
    VMH_CODE_OUT_OF_GAS = 5,
    VMH_CODE_LACK_OF_FUNDS = 7,
    VMH_CODE_SERVICE_STACK = 8,
    VMH_CODE_NESTED_CALL_FAILED = 10,
} vmh_outcome_code;

/* Name of an enumeration's value, "unknown" for a number that has none. */
const char *vmh_execution_result_name(uint32_t value);
const char *vmh_transaction_status_name(uint32_t value);
const char *vmh_request_status_name(uint32_t value);
const char *vmh_access_scope_name(uint32_t value);
const char *vmh_permission_scope_name(uint32_t value);
const char *vmh_processor_type_name(uint32_t value);
const char *vmh_execution_kind_name(uint32_t value);
const char *vmh_network_type_name(uint32_t value);

#endif
