#include "codec/response_codec.h"

vmh_request_status vmh_request_status_of_result(uint32_t execution_result)
{
    switch (execution_result) {
    case VMH_RESULT_SUCCESS:
    case VMH_RESULT_ERROR_SMART_CONTRACT:
        return VMH_REQUEST_COMPLETED;
    case VMH_RESULT_ERROR_INPUT:
    case VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED:
        return VMH_REQUEST_BAD_REQUEST;
    case VMH_RESULT_ERROR_UNEXPECTED:
        return VMH_REQUEST_SYSTEM_ERROR;
    default:
        return VMH_REQUEST_RESERVED;
    }
}

vmh_request_status vmh_request_status_of_transaction(uint32_t transaction_status,
                                                     uint32_t execution_result)
{
    switch (transaction_status) {
    case VMH_STATUS_COMMITTED:
    case VMH_STATUS_DUPLICATE_TRANSACTION_ALREADY_COMMITTED:
        return vmh_request_status_of_result(execution_result);
    case VMH_STATUS_PENDING:
    case VMH_STATUS_DUPLICATE_TRANSACTION_ALREADY_PENDING:
        return VMH_REQUEST_IN_PROCESS;
    case VMH_STATUS_NO_RECORD_FOUND:
        return VMH_REQUEST_NOT_FOUND;
    case VMH_STATUS_REJECTED_UNSUPPORTED_VERSION:
    case VMH_STATUS_REJECTED_VIRTUAL_CHAIN_MISMATCH:
    case VMH_STATUS_REJECTED_TIMESTAMP_WINDOW_EXCEEDED:
    case VMH_STATUS_REJECTED_SIGNATURE_MISMATCH:
    case VMH_STATUS_REJECTED_UNKNOWN_SIGNER_SCHEME:
    case VMH_STATUS_REJECTED_GLOBAL_PRE_ORDER:
    case VMH_STATUS_REJECTED_VIRTUAL_CHAIN_PRE_ORDER:
    case VMH_STATUS_REJECTED_SMART_CONTRACT_PRE_ORDER:
    case VMH_STATUS_REJECTED_TIMESTAMP_AHEAD_OF_NODE_TIME:
        return VMH_REQUEST_BAD_REQUEST;
    case VMH_STATUS_REJECTED_CONGESTION:
        return VMH_REQUEST_CONGESTION;
    case VMH_STATUS_REJECTED_NODE_OUT_OF_SYNC:
        return VMH_REQUEST_OUT_OF_SYNC;
    default:
        return VMH_REQUEST_RESERVED;
    }
}

int vmh_request_status_http_code(uint32_t request_status)
{
    switch (request_status) {
    case VMH_REQUEST_COMPLETED:
        return 200;
    case VMH_REQUEST_IN_PROCESS:
        return 202;
    case VMH_REQUEST_BAD_REQUEST:
        return 400;
    case VMH_REQUEST_NOT_FOUND:
        return 404;
    case VMH_REQUEST_RESERVED:
    case VMH_REQUEST_SYSTEM_ERROR:
        return 500;
    case VMH_REQUEST_CONGESTION:
    case VMH_REQUEST_OUT_OF_SYNC:
        return 503;
    default:
        return 501;
    }
}
