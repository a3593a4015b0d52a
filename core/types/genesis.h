/*
 * Genesis: what a chain is made from and can never change (spec/joins.md 11).
 * It decides bytes, so all of it is hashed into the genesis hash, and a store
 * opens only with the genesis that it was made from. Plain views.
 */
#ifndef VMH_TYPES_GENESIS_H
#define VMH_TYPES_GENESIS_H

#include "types/rules.h"

/*
 * Name, default: the limits of DESIGN 4 and joins.md 5, and what asynchronous calls cost
 * (joins.md 7). `async_single_level`, not 0: what such a call started makes none itself.
 */
#define VMH_GENESIS_LIMIT_LIST(X)                        \
    X(events_per_transaction, 1)                         \
    X(argument_array_size, 1024 * 1024)                  \
    X(value_size, 1024 * 1024)                           \
    X(code_size, 1024 * 1024)                            \
    X(key_size, 1024)                                    \
    X(transaction_gas, 50000000)                         \
    X(lua_memory_size, 64 * 1024 * 1024)                 \
    X(bytecode_memory_size, 16 * 1024 * 1024)            \
    X(messages_per_set, 10000)                           \
    X(message_gas_per_set, 500000000)                    \
    X(async_step_gas, 1000)                              \
    X(async_lock_gas, 100000)                            \
    X(async_argument_gas, 1)                             \
    X(async_record_gas, 28)                              \
    X(async_single_level, 0)

typedef struct vmh_genesis_limits {
#define VMH_GENESIS_LIMIT_FIELD(name, default_value) uint64_t name;
    VMH_GENESIS_LIMIT_LIST(VMH_GENESIS_LIMIT_FIELD)
#undef VMH_GENESIS_LIMIT_FIELD
} vmh_genesis_limits;

/* A service that exists from height 0; `code` is the joined parts' list. */
typedef struct vmh_genesis_service {
    vmh_bytes name;
    uint32_t processor; /* vmh_processor_type */
    const vmh_bytes *code;
    size_t code_count;
} vmh_genesis_service;

typedef struct vmh_genesis_issue {
    vmh_address to;
    vmh_bytes token;    /* 10 bytes */
    uint8_t amount[32]; /* uint256, big-endian */
} vmh_genesis_issue;

/* How much of a token a peer may send more than it was sent. */
typedef struct vmh_genesis_allowance {
    vmh_bytes token;    /* 10 bytes */
    uint8_t amount[32]; /* uint256, big-endian */
} vmh_genesis_allowance;

/* Without an allowance it is 0 for tokens issued here, and no limit for others. */
typedef struct vmh_genesis_peer {
    uint32_t virtual_chain_id;
    vmh_hash32 host_key; /* Ed25519 public key */
    const vmh_genesis_allowance *allowances;
    size_t allowance_count;
} vmh_genesis_peer;

typedef struct vmh_genesis {
    uint32_t virtual_chain_id;
    const vmh_rules *rules;
    uint32_t revision;
    vmh_genesis_limits limits;
    vmh_bytes host_key;     /* Ed25519 public key of this host, or empty */
    vmh_bytes ledger_owner; /* 20 bytes: who may issue; empty: nobody */
    const vmh_genesis_peer *peers;
    size_t peer_count;
    const vmh_bytes *native_contracts; /* names of contracts beside the system ones */
    size_t native_contract_count;
    const vmh_genesis_service *services;
    size_t service_count;
    const vmh_genesis_issue *issues;
    size_t issue_count;
} vmh_genesis;

/* Chain 0, rule set vmhost-1, revision 1, default limits, empty lists. */
vmh_genesis vmh_genesis_default(void);

#endif
