/*
 * The call groups of one async context (spec/async.md 2.2, 14): calls in order of
 * registration, in groups in order of creation. A group is complete, and gone,
 * when its last call is finished; then its callback runs, once.
 */
#ifndef VMH_ASYNC_CALL_GROUP_H
#define VMH_ASYNC_CALL_GROUP_H

#include "async/async_call.h"
#include "base/ordmap.h"

/* Reserved for the one legacy call of an execution. */
#define VMH_LEGACY_GROUP VMH_LITERAL("LegacyAsync")

typedef struct vmh_call_group {
    vmh_bytes identifier;
    bool is_named; /* false: nothing finds it */
    bool has_callback;
    uint32_t index; /* of its record; given with the callback */
    vmh_bytes callback;
    vmh_bytes data;      /* the callback's only argument */
    uint64_t gas_locked; /* the callback's gas */
    uint64_t open_count; /* calls that are not finished */
    bool is_removed;
    vmh_async_call *first;
    vmh_async_call *last;
    struct vmh_call_group *next; /* in order of creation, removed ones too */
} vmh_call_group;

typedef struct vmh_call_groups {
    vmh_arena *arena;
    vmh_ordmap names;       /* identifier -> its newest group */
    vmh_call_group **named; /* by the number in `names`; NULL: removed */
    size_t named_capacity;
    vmh_call_group *first;
    vmh_call_group *last;
    size_t count; /* of those that are there */
} vmh_call_groups;

void vmh_call_groups_init(vmh_call_groups *groups, vmh_arena *arena);

/* The group of that identifier, or NULL. */
vmh_call_group *vmh_call_groups_find(const vmh_call_groups *groups, vmh_bytes identifier);

/* Adds a group that is absent. Copies the identifier. */
vmh_status vmh_call_groups_add(vmh_call_groups *groups, vmh_bytes identifier,
                               vmh_call_group **out, vmh_failure *why);

/* Adds a group that has no identifier. */
vmh_status vmh_call_groups_add_unnamed(vmh_call_groups *groups, vmh_call_group **out,
                                       vmh_failure *why);

/* Takes a group out. */
void vmh_call_groups_remove(vmh_call_groups *groups, vmh_call_group *group);

/* Puts a call at the end of a group. */
void vmh_call_group_append(vmh_call_group *group, vmh_async_call *call);

#endif
