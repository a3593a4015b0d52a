/*
 * A signed transaction or query as it came: views into the received bytes.
 * Transaction and Query have one layout (spec/host.md 2), so they are one type.
 *
 * Hashes cover the bytes as received, so `message` is kept beside the fields.
 */
#ifndef VMH_TYPES_TRANSACTION_H
#define VMH_TYPES_TRANSACTION_H

#include "types/enums.h"

typedef struct vmh_signer {
    vmh_signer_scheme scheme;
    uint32_t network_type;   /* EDDSA */
    vmh_bytes public_key;    /* EDDSA */
    vmh_bytes contract_name; /* SMART_CONTRACT_CALLER */
    vmh_bytes message;       /* the Signer message; empty when absent */
} vmh_signer;

typedef struct vmh_transaction {
    vmh_bytes signed_message; /* SignedTransaction, whole */
    vmh_bytes message;        /* Transaction: what is hashed */
    uint32_t protocol_version;
    uint32_t virtual_chain_id;
    uint64_t timestamp; /* ns since the epoch */
    vmh_signer signer;
    vmh_bytes contract_name;
    vmh_bytes method_name;
    vmh_bytes input_arguments; /* packed, without outer length */
    vmh_bytes signature;
} vmh_transaction;

/* SignedQuery has the layout of SignedTransaction. */
typedef vmh_transaction vmh_query;

#endif
