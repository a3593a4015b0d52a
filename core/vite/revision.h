/*
 * A revision: which opcodes there are and what everything costs, as the newest
 * active fork decides (spec/vite-vm.md 0 and 3). Looked up once per run; no
 * opcode asks for a fork.
 */
#ifndef VMH_VITE_REVISION_H
#define VMH_VITE_REVISION_H

#include "vite/opcodes.h"

/* Forks that change something here, by their number; the rest count as the one before. */
enum {
    VMH_VITE_FORK_SEED = 1,
    VMH_VITE_FORK_DEX = 2,
    VMH_VITE_FORK_EARTH = 6,
    VMH_VITE_FORK_10 = 10,
    VMH_VITE_FORK_VEP19 = 11,
    VMH_VITE_FORK_NEWEST = 12, /* the default: all that are active on the main net */
    VMH_VITE_FORK_X = 15,
};

/* Where suspended state lives. */
typedef enum vmh_vite_form {
    VMH_VITE_FORM_CONTEXTS, /* in the state, under the hash of the request */
    VMH_VITE_FORM_METADATA, /* the older one: in front of the call data, all requests of kind 2 */
} vmh_vite_form;

/* What bytecode may do. */
typedef enum vmh_vite_mode {
    VMH_VITE_MODE_RUN,
    VMH_VITE_MODE_QUERY,        /* writes do nothing (spec/vite-vm.md 2.5) */
    VMH_VITE_MODE_STRICT_QUERY, /* writes fail the query */
} vmh_vite_mode;

/* Quota of each thing. */
typedef struct vmh_vite_prices {
    uint32_t memory_word;
    uint32_t memory_divisor; /* of the square of the words */
    uint32_t hash_word;
    uint32_t copy_word;
    uint32_t exp_byte;
    uint32_t log_byte;
    uint32_t call_discount;
    uint32_t sstore_reset, sstore_init, sstore_clean, sstore_noop, sstore_memory;
    uint32_t transaction;
    uint32_t transaction_byte;
    uint32_t create_request, create_response;
    uint32_t code_byte;
    uint32_t snapshot;
} vmh_vite_prices;

typedef struct vmh_vite_revision {
    uint32_t fork; /* the newest active one */
    vmh_vite_form form;
    vmh_vite_mode mode;
    vmh_vite_prices prices;
    bool has[256];
    uint16_t quota[256];
    uint32_t code_limit;
    uint32_t storage_key_limit; /* different targets of SSTORE in a run */
    uint64_t creation_budget;
    bool creation_has_degree; /* the byte of the random degree in the data of a creation */
    bool log_hash_has_place;  /* address and previous hash take part in the log hash */
} vmh_vite_revision;

vmh_vite_revision vmh_vite_revision_of(uint32_t newest_fork, vmh_vite_form form,
                                       vmh_vite_mode mode);

/* Distinguishes revisions under which code reads differently. */
static inline uint32_t vmh_vite_revision_id(const vmh_vite_revision *revision)
{
    return revision->fork << 3 | (uint32_t)revision->form << 2 | (uint32_t)revision->mode;
}

#endif
