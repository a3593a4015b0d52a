/*
 * State records and the diff made of them. Transient state and diff share the
 * record type (seed 002). A record with an empty value deletes its key.
 *
 * Plain views; who made a diff says in which arena it lives.
 */
#ifndef VMH_TYPES_STATE_DIFF_H
#define VMH_TYPES_STATE_DIFF_H

#include "base/bytes.h"

typedef struct vmh_state_record {
    vmh_bytes key;
    vmh_bytes value;
} vmh_state_record;

typedef struct vmh_contract_state_diff {
    vmh_bytes contract_name;
    const vmh_state_record *records;
    size_t record_count;
} vmh_contract_state_diff;

typedef struct vmh_state_diff {
    const vmh_contract_state_diff *contracts;
    size_t contract_count;
} vmh_state_diff;

#endif
