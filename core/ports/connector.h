/*
 * Reads from another chain on behalf of contracts (spec/host.md 5.4). All are
 * relative to the timestamp of the block that is being built, so that each node
 * gives the same answer. A connector says no with `error`; a status other than
 * VMH_OK is a failure of the host.
 */
#ifndef VMH_PORTS_CONNECTOR_H
#define VMH_PORTS_CONNECTOR_H

#include "base/arena.h"
#include "types/argument.h"

typedef struct vmh_connector_call {
    vmh_bytes method_name; /* "callMethod", "getTransactionLog", "getBlockNumber", ... */
    vmh_argument_array input_arguments;
    uint64_t reference_timestamp; /* ns */
} vmh_connector_call;

typedef struct vmh_connector_result {
    vmh_argument_array output_arguments; /* in the arena */
    vmh_bytes error;                     /* not empty: the SDK error */
} vmh_connector_result;

typedef struct vmh_connector vmh_connector;

struct vmh_connector {
    vmh_status (*call)(vmh_connector *connector, const vmh_connector_call *call, vmh_arena *arena,
                       vmh_connector_result *result, vmh_failure *why);
};

#endif
