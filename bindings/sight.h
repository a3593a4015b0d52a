/*
 * What a tracer made of Lua functions gets of a contract's source: a table for each
 * event, by which frames and variables can be seen as long as it is told.
 */
#ifndef VMH_BINDINGS_SIGHT_H
#define VMH_BINDINGS_SIGHT_H

#include <lua.h>

#include "ports/trace.h"

/* What can be seen now; in the seam, so that events which are over know it. */
typedef struct vmh_sight_state {
    vmh_trace_sight *sight; /* NULL: no event is told */
    uint64_t event;         /* number of the present one */
} vmh_sight_state;

/* Pushes the event. `seam` is the userdata that holds `state`. */
void vmh_push_trace_step(lua_State *L, const vmh_trace_step *step, const void *seam,
                         const vmh_sight_state *state);

#endif
