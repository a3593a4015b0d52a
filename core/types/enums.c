#include "types/enums.h"

#define NAME_CASE(name, number, text) \
    case number:                      \
        return text;

#define NAME_FUNCTION(function, LIST)   \
    const char *function(uint32_t value) \
    {                                   \
        switch (value) {                \
            LIST(NAME_CASE)             \
        default:                        \
            return "unknown";           \
        }                               \
    }

NAME_FUNCTION(vmh_execution_result_name, VMH_EXECUTION_RESULT_LIST)
NAME_FUNCTION(vmh_transaction_status_name, VMH_TRANSACTION_STATUS_LIST)
NAME_FUNCTION(vmh_request_status_name, VMH_REQUEST_STATUS_LIST)
NAME_FUNCTION(vmh_access_scope_name, VMH_ACCESS_SCOPE_LIST)
NAME_FUNCTION(vmh_permission_scope_name, VMH_PERMISSION_SCOPE_LIST)
NAME_FUNCTION(vmh_processor_type_name, VMH_PROCESSOR_TYPE_LIST)
NAME_FUNCTION(vmh_execution_kind_name, VMH_EXECUTION_KIND_LIST)
NAME_FUNCTION(vmh_network_type_name, VMH_NETWORK_TYPE_LIST)
