/*
 * An unfinished context as state of its service (spec/joins.md 3):
 *
 *     async, context id              header
 *     async, context id, 00000000    the values that it owes, if any
 *     async, context id, index BE    an open call, or a group with a callback; of a call that
 *                                    its method waits for, later the outcome
 *
 * all behind the protected prefix. A call that finishes touches its own record,
 * its group's and the header. Byte forms in docs/formats.md; read strictly: only
 * what an encoding gives is taken, anything else is VMH_E_STORE_CORRUPT.
 */
#ifndef VMH_ASYNC_ASYNC_STORE_H
#define VMH_ASYNC_ASYNC_STORE_H

#include "async/async_context.h"

enum {
    VMH_ASYNC_HEADER_KEY_SIZE = VMH_PROTECTED_PREFIX_SIZE + 5 + 32,
    VMH_ASYNC_RECORD_KEY_SIZE = VMH_ASYNC_HEADER_KEY_SIZE + 4
};

void vmh_async_header_key(const vmh_hash32 *id, uint8_t out[VMH_ASYNC_HEADER_KEY_SIZE]);
void vmh_async_record_key(const vmh_hash32 *id, uint32_t index,
                          uint8_t out[VMH_ASYNC_RECORD_KEY_SIZE]);

void vmh_async_header_encode(const vmh_async_context *context, vmh_buffer *out);
void vmh_async_values_encode(const vmh_async_values *values, vmh_buffer *out);
void vmh_async_call_encode(const vmh_async_call *call, vmh_buffer *out);
void vmh_async_group_encode(const vmh_call_group *group, vmh_buffer *out);
void vmh_async_outcome_encode(const vmh_async_outcome *outcome, vmh_buffer *out);

/* Views into `bytes`. Sets the saved fields only. */
vmh_status vmh_async_header_decode(vmh_bytes bytes, vmh_async_context *out, vmh_failure *why);
vmh_status vmh_async_values_decode(vmh_bytes bytes, vmh_bytes *values, uint64_t *text_size,
                                   vmh_failure *why);
/* Whether a record, of whatever sort, is that of a call. */
bool vmh_async_is_call_record(vmh_bytes bytes);

/* The index is the caller's. */
vmh_status vmh_async_call_decode(vmh_bytes bytes, vmh_async_call *out, vmh_failure *why);
vmh_status vmh_async_group_decode(vmh_bytes bytes, vmh_call_group *out, vmh_failure *why);
vmh_status vmh_async_outcome_decode(vmh_bytes bytes, vmh_async_outcome *out, vmh_failure *why);

#endif
