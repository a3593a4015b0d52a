/*
 * Digests under our names; none can fail. SHA-256 and RIPEMD-160 come from
 * libcrypto. Keccak-256 and BLAKE2b of any size, which it lacks, are written
 * here, and SHA3-256 with them: it is Keccak with one other byte, while
 * libcrypto's allocates.
 */
#ifndef VMH_CRYPTO_DIGEST_H
#define VMH_CRYPTO_DIGEST_H

#include "base/bytes.h"

void vmh_sha256(vmh_bytes input, vmh_hash32 *out);

/* SHA-256 over several pieces, as if they were one. */
void vmh_sha256_parts(const vmh_bytes *parts, size_t count, vmh_hash32 *out);

/* Number of SHA-256 digests computed by this thread; for the specs that count work. */
uint64_t vmh_sha256_count(void);

void vmh_sha3_256(vmh_bytes input, vmh_hash32 *out);
void vmh_ripemd160(vmh_bytes input, uint8_t out[20]);

/* The original Keccak padding, as Ethereum uses it. */
void vmh_keccak256(vmh_bytes input, vmh_hash32 *out);

/* BLAKE2b without key; `out_size` is 1 to 64. */
void vmh_blake2b(vmh_bytes input, uint8_t *out, size_t out_size);

#endif
