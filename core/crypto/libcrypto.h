/*
 * Failures of libcrypto as ours.
 */
#ifndef VMH_CRYPTO_LIBCRYPTO_H
#define VMH_CRYPTO_LIBCRYPTO_H

#include "base/status.h"

/*
 * Empties libcrypto's error queue of this thread and fails with what it held:
 * VMH_E_CRYPTO with `action` and the last reason, or VMH_E_NO_MEMORY if any
 * error tells of memory. Several allocations of libcrypto fail without leaving
 * an error, so an empty queue also means memory.
 */
vmh_status vmh_fail_libcrypto(vmh_failure *why, const char *action);

#endif
