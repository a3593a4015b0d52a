/*
 * Target: whom a message is for (spec/joins.md 1). A service is named, one of
 * another chain with that chain behind it: `Token@42`.
 */
#ifndef VMH_TYPES_TARGET_H
#define VMH_TYPES_TARGET_H

#include "base/bytes.h"

typedef struct vmh_target {
    uint32_t chain;
    vmh_bytes service;
} vmh_target;

/*
 * Takes a target apart, views into `text`: what follows its last `@` is a chain
 * where it is a number written as such, up to 2^32 - 1, and something stands in
 * front. Without a chain it is of the own one.
 */
vmh_target vmh_target_read(vmh_bytes text, uint32_t own_chain);

#endif
