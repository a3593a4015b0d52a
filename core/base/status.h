/*
 * What can go wrong in the host itself, and how it is told.
 *
 * A contract that fails is data (an execution result in a receipt) and never a
 * status. A status that is not VMH_OK means the host could not do its work:
 * out of memory, disk, corrupt bytes, wrong height, a seam that raised.
 */
#ifndef VMH_BASE_STATUS_H
#define VMH_BASE_STATUS_H

#include <stdarg.h>

/* name, code seen from Lua */
#define VMH_STATUS_LIST(X)                    \
    X(OK, "ok")                               \
    X(E_NO_MEMORY, "no_memory")               \
    X(E_INPUT, "invalid_input")               \
    X(E_MALFORMED, "malformed")               \
    X(E_LIMIT, "limit")                       \
    X(E_NOT_FOUND, "not_found")               \
    X(E_STORE_IO, "store_io")                 \
    X(E_STORE_CORRUPT, "store_corrupt")       \
    X(E_STORE_LOCKED, "store_locked")         \
    X(E_STORE_VERSION, "store_version")       \
    X(E_GENESIS_MISMATCH, "genesis_mismatch") \
    X(E_GENESIS, "genesis_failed")            \
    X(E_HEIGHT_AHEAD, "height_ahead")         \
    X(E_SNAPSHOT_PRUNED, "snapshot_pruned")   \
    X(E_PROOF, "bad_proof")                   \
    X(E_CRYPTO, "crypto_failed")              \
    X(E_CONTEXT, "unknown_context")           \
    X(E_SCRIPT, "script_error")               \
    X(E_INTERRUPTED, "interrupted")

typedef enum vmh_status {
#define VMH_STATUS_ENUM(name, code) VMH_##name,
    VMH_STATUS_LIST(VMH_STATUS_ENUM)
#undef VMH_STATUS_ENUM
} vmh_status;

/* Room for a Lua traceback of a scripted seam; longer texts are cut. */
#define VMH_FAILURE_TEXT_SIZE 2048

typedef struct vmh_failure {
    vmh_status code;
    char text[VMH_FAILURE_TEXT_SIZE];
} vmh_failure;

/* The code as Lua sees it, e.g. "height_ahead". */
const char *vmh_status_code(vmh_status status);

/*
 * Writes `code` and the formatted text into `why` (which may be NULL) and
 * returns `code`. The only way a failure is born.
 */
vmh_status vmh_fail(vmh_failure *why, vmh_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text of `why` (which may be NULL); returns `code`. */
vmh_status vmh_fail_within(vmh_status code, vmh_failure *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The failure of every allocation: VMH_E_NO_MEMORY, "out of memory". */
vmh_status vmh_fail_memory(vmh_failure *why);

#endif
