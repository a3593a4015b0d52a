#include "async/call_group.h"

void vmh_call_groups_init(vmh_call_groups *groups, vmh_arena *arena)
{
    *groups = (vmh_call_groups){.arena = arena};
    vmh_ordmap_init(&groups->names, arena);
}

vmh_call_group *vmh_call_groups_find(const vmh_call_groups *groups, vmh_bytes identifier)
{
    size_t number;

    if (groups->count == 0)
        return NULL;
    number = vmh_ordmap_find(&groups->names, identifier);
    return number == VMH_ORDMAP_ABSENT ? NULL : groups->named[number];
}

/* Makes the name known, with no group as yet; gives its number. */
static vmh_status add_name(vmh_call_groups *groups, vmh_bytes identifier, size_t *number,
                           vmh_failure *why)
{
    vmh_call_group **named;

    *number = vmh_ordmap_find(&groups->names, identifier);
    if (*number != VMH_ORDMAP_ABSENT)
        return VMH_OK;
    *number = groups->names.count;
    named = vmh_arena_grow(groups->arena, groups->named, &groups->named_capacity, *number + 1,
                           sizeof *named);
    if (named == NULL)
        return vmh_fail_memory(why);
    groups->named = named;
    return vmh_ordmap_add(&groups->names, identifier, why);
}

static void append_group(vmh_call_groups *groups, vmh_call_group *group)
{
    if (groups->last == NULL)
        groups->first = group;
    else
        groups->last->next = group;
    groups->last = group;
    groups->count++;
}

vmh_status vmh_call_groups_add(vmh_call_groups *groups, vmh_bytes identifier,
                               vmh_call_group **out, vmh_failure *why)
{
    vmh_call_group *group = vmh_arena_alloc_array(groups->arena, 1, sizeof *group);
    size_t number;
    vmh_status status;

    if (group == NULL)
        return vmh_fail_memory(why);
    status = vmh_arena_copy(groups->arena, identifier, &group->identifier, why);
    if (status == VMH_OK)
        status = add_name(groups, group->identifier, &number, why);
    if (status != VMH_OK)
        return status;
    group->is_named = true;
    groups->named[number] = group;
    append_group(groups, group);
    *out = group;
    return VMH_OK;
}

vmh_status vmh_call_groups_add_unnamed(vmh_call_groups *groups, vmh_call_group **out,
                                       vmh_failure *why)
{
    vmh_call_group *group = vmh_arena_alloc_array(groups->arena, 1, sizeof *group);

    if (group == NULL)
        return vmh_fail_memory(why);
    append_group(groups, group);
    *out = group;
    return VMH_OK;
}

void vmh_call_groups_remove(vmh_call_groups *groups, vmh_call_group *group)
{
    group->is_removed = true;
    if (group->is_named)
        groups->named[vmh_ordmap_find(&groups->names, group->identifier)] = NULL;
    groups->count--;
}

void vmh_call_group_append(vmh_call_group *group, vmh_async_call *call)
{
    if (group->last == NULL)
        group->first = call;
    else
        group->last->next = call;
    group->last = call;
    group->open_count++;
    call->group = group;
}
