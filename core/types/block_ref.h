/*
 * vmh_block_ref: everything that identifies and dates one block, always one
 * struct. It owns its proposer.
 */
#ifndef VMH_TYPES_BLOCK_REF_H
#define VMH_TYPES_BLOCK_REF_H

#include "base/bytes.h"

enum { VMH_PROPOSER_SIZE_MAX = 32 };

typedef struct vmh_block_ref {
    uint64_t height;
    uint64_t timestamp;            /* ns since the epoch */
    uint32_t reference_time;       /* s since the epoch */
    uint32_t prev_reference_time;  /* that of the block before */
    uint8_t proposer[VMH_PROPOSER_SIZE_MAX];
    size_t proposer_size;          /* 0 for genesis; a node address has 20 */
} vmh_block_ref;

static inline vmh_bytes vmh_block_ref_proposer(const vmh_block_ref *block)
{
    return (vmh_bytes){block->proposer, block->proposer_size};
}

#endif
