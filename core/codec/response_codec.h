/*
 * What a client is told about a request (spec/host.md 1): request status and
 * HTTP code from execution results and transaction statuses.
 */
#ifndef VMH_CODEC_RESPONSE_CODEC_H
#define VMH_CODEC_RESPONSE_CODEC_H

#include "types/enums.h"

vmh_request_status vmh_request_status_of_result(uint32_t execution_result);

/*
 * For committed transactions the status follows from the receipt's execution
 * result; others ignore it.
 */
vmh_request_status vmh_request_status_of_transaction(uint32_t transaction_status,
                                                     uint32_t execution_result);

/* 501 for a number that is no request status. */
int vmh_request_status_http_code(uint32_t request_status);

#endif
