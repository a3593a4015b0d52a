/*
 * Keys that belong to the host: those that begin with eight bytes which no
 * contract may read or write (spec/joins.md 3).
 */
#ifndef VMH_TYPES_PROTECTED_KEY_H
#define VMH_TYPES_PROTECTED_KEY_H

#include "base/bytes.h"

#define VMH_PROTECTED_PREFIX "\0vmhost\0"
enum { VMH_PROTECTED_PREFIX_SIZE = sizeof VMH_PROTECTED_PREFIX - 1 };

static inline bool vmh_is_protected_key(vmh_bytes key)
{
    return vmh_bytes_begins(key, VMH_LITERAL(VMH_PROTECTED_PREFIX));
}

#endif
