#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "crypto/signature.h"

vmh_status vmh_random_bytes(uint8_t *out, size_t size, vmh_failure *why)
{
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return vmh_fail(why, VMH_E_CRYPTO, "no randomness from the system: %s",
                            strerror(errno));
        out += got;
        size -= (size_t)got;
    }
    return VMH_OK;
}
