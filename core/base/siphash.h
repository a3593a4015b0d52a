/*
 * SipHash-1-3 under a key drawn once per process. For hash tables whose keys
 * come from contracts: nobody can choose keys that collide. Tables iterate in
 * insertion order, so no result depends on the key.
 */
#ifndef VMH_BASE_SIPHASH_H
#define VMH_BASE_SIPHASH_H

#include "base/bytes.h"

uint64_t vmh_siphash(vmh_bytes bytes);

/* As of its eight bytes, least significant first. */
uint64_t vmh_siphash_u64(uint64_t value);

#endif
