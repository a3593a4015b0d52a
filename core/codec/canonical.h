/*
 * Canonical messages: bytes that are exactly what writing their fields gives.
 *
 * Bytes in which a field is missing, something follows the last field, padding
 * is not zero or a nested message is invalid read as some fields all the same,
 * but another message would read as the same ones. Argument and events arrays
 * are bytes to this check: what they hold is always read leniently.
 */
#ifndef VMH_CODEC_CANONICAL_H
#define VMH_CODEC_CANONICAL_H

#include "base/status.h"
#include "codec/schema.h"

/*
 * Refuses `message` with VMH_E_MALFORMED, naming the first offset that differs
 * from its re-encoding; fails otherwise only with VMH_E_NO_MEMORY.
 */
vmh_status vmh_canonical_check(const vmh_schema *schema, vmh_bytes message, vmh_failure *why);

/* The same against a re-encoding that the caller made; `name` is of the message. */
vmh_status vmh_canonical_compare(const char *name, vmh_bytes message, vmh_bytes encoded,
                                 vmh_failure *why);

#endif
