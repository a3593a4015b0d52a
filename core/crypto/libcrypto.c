#include "crypto/libcrypto.h"

#include <openssl/bnerr.h>
#include <openssl/err.h>
#include <openssl/evperr.h>
#include <stdbool.h>

/*
 * Whether an error tells of a failed allocation. The second and third stand
 * for one that left no error of its own: numbers come from a pool, and our
 * keys always have the size that their set-up checks.
 */
static bool is_memory(unsigned long error)
{
    int library = ERR_GET_LIB(error);
    int reason = ERR_GET_REASON(error);

    return reason == ERR_R_MALLOC_FAILURE ||
           (library == ERR_LIB_BN && reason == BN_R_TOO_MANY_TEMPORARY_VARIABLES) ||
           (library == ERR_LIB_EVP && reason == EVP_R_KEY_SETUP_FAILED);
}

vmh_status vmh_fail_libcrypto(vmh_failure *why, const char *action)
{
    unsigned long last = 0;
    bool memory = false;
    const char *reason;

    for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error()) {
        memory = memory || is_memory(error);
        last = error;
    }
    if (memory || last == 0)
        return vmh_fail_memory(why);
    reason = ERR_reason_error_string(last);
    return vmh_fail(why, VMH_E_CRYPTO, "%s: libcrypto: %s", action,
                    reason == NULL ? "unknown error" : reason);
}
