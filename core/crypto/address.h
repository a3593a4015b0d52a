/*
 * Addresses of 20 bytes (spec/host.md 8.5) and their checksummed text.
 */
#ifndef VMH_CRYPTO_ADDRESS_H
#define VMH_CRYPTO_ADDRESS_H

#include "base/buffer.h"

/* Client: last 20 bytes of SHA-256 of the 32-byte Ed25519 public key. */
void vmh_address_of_client(vmh_bytes public_key, vmh_address *out);

/* Service of the own chain: last 20 bytes of SHA-256 of its name. */
void vmh_address_of_contract(vmh_bytes contract_name, vmh_address *out);

/* Service of another chain (joins.md 1): SHA-256 of byte 00, chain id LE, name. */
void vmh_address_of_foreign_contract(uint32_t virtual_chain_id, vmh_bytes contract_name,
                                     vmh_address *out);

/* Node: last 20 bytes of Keccak-256 of the 64-byte secp256k1 public key. */
void vmh_address_of_node(vmh_bytes public_key, vmh_address *out);

/* Checksums that a client may print: EIP-55, or the JavaScript client's. */
typedef enum vmh_checksum { VMH_CHECKSUM_EIP55, VMH_CHECKSUM_SHA256 } vmh_checksum;

/* Appends 0x and hex digits in the checksum's mixed case; of any length. */
void vmh_address_encode_text(vmh_bytes bytes, vmh_checksum checksum, vmh_buffer *out);

/* EIP-55 text of 20 bytes with terminator. */
void vmh_address_text(const vmh_address *address, char out[43]);

/*
 * Reads hex text, with or without 0x. All lower or all upper case is taken as
 * it is; mixed case must fit one of the two checksums. Fails with
 * VMH_E_MALFORMED naming the text and the fault.
 */
vmh_status vmh_address_decode_text(vmh_bytes text, vmh_buffer *out, vmh_failure *why);

#endif
