/*
 * What waits for an answer: the record of a suspended run (spec/joins.md 9). It
 * is state of the service, under the protected key `suspended` and the id of the
 * message that is to be answered; or of its async context, where it waits for
 * several calls. Byte form in docs/formats.md.
 */
#ifndef VMH_ASYNC_SUSPENDED_RUN_H
#define VMH_ASYNC_SUSPENDED_RUN_H

#include "codec/reader.h"
#include "codec/writer.h"
#include "types/message.h"
#include "types/protected_key.h"

/* What a run answers to. Of a resumed run it is that of its first run. */
typedef struct vmh_request {
    uint16_t kind;          /* vmh_message_kind; 0: a transaction */
    vmh_hash32 id;          /* request id */
    vmh_hash32 root;        /* request id of the root transaction */
    uint32_t from_chain;    /* sender of a message */
    vmh_bytes from_service;
    vmh_address signer;
    vmh_bytes method;       /* as the request names it; empty: raw call data */
    vmh_bytes answered_id;
    vmh_bytes context_id;
} vmh_request;

/* The fields of a request inside a record. Read: zeros and empty where they are cut. */
void vmh_request_write(vmh_writer *writer, const vmh_request *request);
void vmh_request_read(vmh_reader *reader, vmh_request *out);

/* A raw field of a record; zeros where it is cut. */
void vmh_record_read_fixed(vmh_reader *reader, void *out, size_t size);

typedef struct vmh_suspended_run {
    uint16_t language; /* vmh_processor_type */
    vmh_bytes stored;  /* what the processor goes on from */
    uint32_t to_chain; /* of the call: its target, value, gas */
    vmh_bytes to_service;
    vmh_bytes token;
    vmh_word amount;
    uint64_t gas;
    uint64_t lock; /* gas that waits here for the continuation */
    vmh_request request;
} vmh_suspended_run;

void vmh_suspended_run_encode(const vmh_suspended_run *run, vmh_buffer *out);

/* Views into `bytes`. Strict: fails with VMH_E_STORE_CORRUPT. */
vmh_status vmh_suspended_run_decode(vmh_bytes bytes, vmh_suspended_run *out, vmh_failure *why);

/* The key of a record: prefix, `suspended`, message id. */
enum { VMH_SUSPENDED_KEY_SIZE = VMH_PROTECTED_PREFIX_SIZE + 9 + 32 };
void vmh_suspended_run_key(const vmh_hash32 *message_id, uint8_t out[VMH_SUSPENDED_KEY_SIZE]);

/*
 * The key of one that waits for several calls: prefix, `suspended`, id of its async context,
 * index of the first call there, 4 bytes BE. No answer of kind 9 or 10 finds it.
 */
enum { VMH_WAITING_KEY_SIZE = VMH_SUSPENDED_KEY_SIZE + 4 };
void vmh_waiting_run_key(const vmh_hash32 *context_id, uint32_t first,
                         uint8_t out[VMH_WAITING_KEY_SIZE]);

#endif
