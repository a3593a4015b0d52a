/*
 * The keys of one service, as what keeps its own records under them sees them:
 * the mailbox, suspended runs, async contexts. Reads see what was written
 * before; bytes that are read live in the arena.
 */
#ifndef VMH_PORTS_SERVICE_STATE_H
#define VMH_PORTS_SERVICE_STATE_H

#include "base/arena.h"

typedef struct vmh_service_state vmh_service_state;

struct vmh_service_state {
    /* An absent key reads as empty. */
    vmh_status (*read)(vmh_service_state *state, vmh_bytes key, vmh_arena *arena,
                       vmh_bytes *value, vmh_failure *why);
    /* An empty value deletes. Copies both. */
    vmh_status (*write)(vmh_service_state *state, vmh_bytes key, vmh_bytes value,
                        vmh_failure *why);
};

#endif
