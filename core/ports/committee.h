/*
 * Who the committee is at a reference time: node addresses in committee order.
 * A status other than VMH_OK is a failure of the host.
 */
#ifndef VMH_PORTS_COMMITTEE_H
#define VMH_PORTS_COMMITTEE_H

#include "base/arena.h"

typedef struct vmh_committee_source vmh_committee_source;

struct vmh_committee_source {
    /* The members, in the arena. */
    vmh_status (*get_committee)(vmh_committee_source *source, uint32_t reference_time,
                                vmh_arena *arena, vmh_bytes **members, size_t *count,
                                vmh_failure *why);
};

#endif
