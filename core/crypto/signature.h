/*
 * Signatures: verify and recover for the host, sign and derive keys for
 * fixtures, tools and clients. Curves and fields are libcrypto's; the messages
 * here are what was signed, that is the 32-byte transaction hash.
 *
 * A wrong signature is an answer (`*valid` is false), never a failure. Every
 * function fails with VMH_E_NO_MEMORY or VMH_E_CRYPTO when libcrypto could not
 * do its work; then nothing is known about the signature.
 */
#ifndef VMH_CRYPTO_SIGNATURE_H
#define VMH_CRYPTO_SIGNATURE_H

#include "base/bytes.h"
#include "base/status.h"

enum { VMH_ED25519_KEY_SIZE = 32, VMH_ED25519_SEED_SIZE = 32, VMH_ED25519_SIGNATURE_SIZE = 64 };

enum {
    VMH_SECP256K1_SECRET_SIZE = 32,
    VMH_SECP256K1_KEY_SIZE = 64,
    VMH_SECP256K1_SIGNATURE_SIZE = 65
};

/*
 * RFC 8032 without the cofactor: R must be the encoding of sB - hA, byte for
 * byte, and s must be below the order of the group. Keys of small order are
 * taken. A key or signature of another length is not valid.
 */
vmh_status vmh_ed25519_verify(vmh_bytes public_key, vmh_bytes message, vmh_bytes signature,
                              bool *valid, vmh_failure *why);

vmh_status vmh_ed25519_public_key(const uint8_t seed[32], uint8_t public_key[32],
                                  vmh_failure *why);
vmh_status vmh_ed25519_sign(const uint8_t seed[32], vmh_bytes message, uint8_t signature[64],
                            vmh_failure *why);

typedef struct vmh_verification {
    vmh_bytes public_key;
    vmh_bytes message;
    vmh_bytes signature;
    bool valid; /* out */
} vmh_verification;

/*
 * Verifies `count` Ed25519 signatures on up to `threads` threads, the calling
 * one included. The result does not depend on how many there are; a thread
 * that cannot be started is done without. After a failure no `valid` is set
 * reliably.
 */
vmh_status vmh_ed25519_verify_all(vmh_verification *verifications, size_t count, size_t threads,
                                  vmh_failure *why);

/*
 * secp256k1: public keys are 64 bytes (x, y), signatures 65 (r, s, v with v 0
 * to 3: bit 0 is the parity of R.y, bit 1 tells that R.x is r + n).
 *
 * Verify takes signatures of 64 or 65 bytes and does not look at v. It refuses
 * s above n / 2, so that nobody can make a second signature from a first.
 */
vmh_status vmh_secp256k1_verify(vmh_bytes public_key, const vmh_hash32 *digest,
                                vmh_bytes signature, bool *valid, vmh_failure *why);

/* The key that made a signature, s of any size; `*found` is false if none follows from it. */
vmh_status vmh_secp256k1_recover(const vmh_hash32 *digest, vmh_bytes signature,
                                 uint8_t public_key[64], bool *found, vmh_failure *why);

/*
 * Both fail with VMH_E_INPUT for a secret that is 0 or not below n. Signatures
 * are deterministic (RFC 6979 with SHA-256) and have a low s.
 */
vmh_status vmh_secp256k1_public_key(const uint8_t secret[32], uint8_t public_key[64],
                                    vmh_failure *why);
vmh_status vmh_secp256k1_sign(const uint8_t secret[32], const vmh_hash32 *digest,
                              uint8_t signature[65], vmh_failure *why);

/* Fills `out` with randomness for a new key. */
vmh_status vmh_random_bytes(uint8_t *out, size_t size, vmh_failure *why);

#endif
