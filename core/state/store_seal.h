/*
 * A store whose values end with a seal, a checksum over their key and
 * themselves.
 *
 *     key  ->  value, first 4 bytes of SHA-256(key, value)
 *
 * A state value may be any bytes, so a damaged one has no form to fail in and
 * would go on into receipts and roots. With the seal damage shows in every
 * record and over every backend, and so does a record that lies under another
 * key. What lies above sees plain values.
 */
#ifndef VMH_STATE_STORE_SEAL_H
#define VMH_STATE_STORE_SEAL_H

#include "ports/store.h"

/*
 * Takes `inner` over, also on failure, which is VMH_E_NO_MEMORY. Reading a
 * value whose seal is wrong fails with VMH_E_STORE_CORRUPT.
 */
vmh_status vmh_store_seal(vmh_store *inner, vmh_store **out, vmh_failure *why);

#endif
