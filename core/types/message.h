/*
 * Message: how services call each other across runs and hosts (spec/joins.md 4).
 * Plain views.
 */
#ifndef VMH_TYPES_MESSAGE_H
#define VMH_TYPES_MESSAGE_H

#include "base/word.h"

typedef enum vmh_message_kind {
    VMH_MESSAGE_CALL = 2,         /* without answer */
    VMH_MESSAGE_REFUND = 6,       /* of a failed CALL */
    VMH_MESSAGE_SYNC_CALL = 8,    /* SYNCCALL, sdk.await */
    VMH_MESSAGE_SYNC_ANSWER = 9,
    VMH_MESSAGE_SYNC_FAILURE = 10,
    VMH_MESSAGE_ASYNC_CALL = 11,  /* of an async context */
    VMH_MESSAGE_ASYNC_ANSWER = 12 /* or its failure, told by the code */
} vmh_message_kind;

enum { VMH_MESSAGE_VERSION = 1, VMH_TOKEN_SIZE = 10 };

/* The token of amounts for which none is named. */
#define VMH_DEFAULT_TOKEN VMH_LITERAL("VITE TOKEN")

typedef struct vmh_message {
    uint32_t version;
    uint32_t from_chain;
    vmh_bytes from_service;
    uint32_t to_chain;
    vmh_bytes to_service;
    uint64_t sequence; /* from 0, per receiving chain */
    uint16_t kind;     /* vmh_message_kind */
    vmh_hash32 root;   /* request id of the root transaction */
    vmh_hash32 parent; /* request id of the run that sent it */
    vmh_address signer;
    vmh_bytes method; /* empty: `input` is raw call data */
    vmh_bytes input;  /* else packed arguments */
    vmh_bytes token;
    vmh_word amount;
    uint64_t gas; /* not part of the message id */
    vmh_bytes answered_id;
    vmh_bytes context_id;
    uint32_t code; /* vmh_outcome_code */
} vmh_message;

#endif
