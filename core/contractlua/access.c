#include "contractlua/access.h"

static bool is_function(vmh_lua_value value)
{
    return value.tag == VMH_LUA_CLOSURE || value.tag == VMH_LUA_NATIVE;
}

static vmh_lua_access stop(vmh_lua_state *L, vmh_lua_step *step)
{
    *step = vmh_lua_stopped(L);
    return VMH_LUA_ACCESS_OVER;
}

static vmh_lua_access refuse(vmh_lua_state *L, const char *action, vmh_lua_value object,
                             vmh_lua_step *step)
{
    *step = vmh_lua_raise_text(L, "attempt to %s a %s value", action, vmh_lua_type_name(object));
    return VMH_LUA_ACCESS_OVER;
}

vmh_lua_step vmh_lua_call_back(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_callback back,
                               uint32_t count)
{
    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL + VMH_LUA_GAS_NATIVE +
                               count * VMH_LUA_GAS_ARGUMENT))
        return vmh_lua_stopped(L);
    frame->is_callback_barrier = true;
    return vmh_lua_call_at(frame, back.at, count, back.phase);
}

/* A metamethod and its arguments, which lie at back.at. */
static vmh_lua_access call(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_callback back,
                           uint32_t count, vmh_lua_step *step)
{
    *step = vmh_lua_call_back(L, frame, back, count);
    return *step == VMH_LUA_STEP_CALL ? VMH_LUA_ACCESS_CALL : VMH_LUA_ACCESS_OVER;
}

vmh_lua_access vmh_lua_get(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value object,
                           vmh_lua_value key, vmh_lua_callback back, vmh_lua_step *step)
{
    vmh_lua_value *at = vmh_lua_slots(L, frame) + back.at;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_INDEX))
        return stop(L, step);
    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {
        vmh_lua_value method;

        at[0] = vmh_lua_nil();
        if (hops > 0 && !vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))
            return stop(L, step);
        if (object.tag == VMH_LUA_TABLE) {
            if (!vmh_lua_charge(L, vmh_lua_access_cost(object.as.table, key)))
                return stop(L, step);
            at[0] = vmh_lua_table_get(object.as.table, key);
            if (!vmh_lua_is_nil(at[0]))
                return VMH_LUA_ACCESS_DONE;
        }
        method = vmh_lua_metamethod(L, object, VMH_LUA_EVENT_INDEX);
        if (vmh_lua_is_nil(method)) {
            if (object.tag != VMH_LUA_TABLE)
                return refuse(L, "index", object, step);
            return VMH_LUA_ACCESS_DONE;
        }
        if (is_function(method)) {
            at[0] = method;
            at[1] = object;
            at[2] = key;
            return call(L, frame, back, 2, step);
        }
        object = method;
    }
    *step = vmh_lua_raise_text(L, "'__index' chain too long");
    return VMH_LUA_ACCESS_OVER;
}

static vmh_lua_access set_raw(vmh_lua_state *L, vmh_lua_table *table, vmh_lua_value key,
                              vmh_lua_value value, vmh_lua_step *step)
{
    if (vmh_lua_is_nil(key)) {
        *step = vmh_lua_raise_text(L, "table index is nil");
        return VMH_LUA_ACCESS_OVER;
    }
    if (vmh_lua_is_fixed(L, table)) {
        *step = vmh_lua_raise_text(L, "%s", vmh_lua_fixed_text(table));
        return VMH_LUA_ACCESS_OVER;
    }
    if (!vmh_lua_raw_set(L, table, key, value))
        return stop(L, step);
    return VMH_LUA_ACCESS_DONE;
}

vmh_lua_access vmh_lua_put(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value object,
                           vmh_lua_value key, vmh_lua_value value, vmh_lua_callback back,
                           vmh_lua_step *step)
{
    vmh_lua_value *at = vmh_lua_slots(L, frame) + back.at;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_STORE))
        return stop(L, step);
    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {
        vmh_lua_value method = vmh_lua_nil();

        if (hops > 0 && !vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))
            return stop(L, step);
        if (object.tag != VMH_LUA_TABLE ||
            (object.as.table->metatable != NULL &&
             vmh_lua_is_nil(vmh_lua_table_get(object.as.table, key))))
            method = vmh_lua_metamethod(L, object, VMH_LUA_EVENT_NEWINDEX);
        if (vmh_lua_is_nil(method)) {
            if (object.tag != VMH_LUA_TABLE)
                return refuse(L, "index", object, step);
            return set_raw(L, object.as.table, key, value, step);
        }
        if (is_function(method)) {
            at[0] = method;
            at[1] = object;
            at[2] = key;
            at[3] = value;
            return call(L, frame, back, 3, step);
        }
        object = method;
    }
    *step = vmh_lua_raise_text(L, "'__newindex' chain too long");
    return VMH_LUA_ACCESS_OVER;
}

/* #object, into slot back.at. */
static vmh_lua_access get_length(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value object,
                                 vmh_lua_callback back, vmh_lua_step *step)
{
    vmh_lua_value *at = vmh_lua_slots(L, frame) + back.at;
    vmh_lua_value method;

    if (object.tag == VMH_LUA_STRING) {
        at[0] = vmh_lua_integer((int64_t)object.as.string->size);
        return VMH_LUA_ACCESS_DONE;
    }
    method = vmh_lua_metamethod(L, object, VMH_LUA_EVENT_LEN);
    if (vmh_lua_is_nil(method)) {
        if (object.tag != VMH_LUA_TABLE)
            return refuse(L, "get length of", object, step);
        at[0] = vmh_lua_integer((int64_t)vmh_lua_table_length(object.as.table));
        return VMH_LUA_ACCESS_DONE;
    }
    at[0] = method;
    at[1] = object;
    return call(L, frame, back, 1, step);
}

bool vmh_lua_check_length(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_callback back,
                          int64_t *out, vmh_lua_step *step)
{
    vmh_lua_value length;

    if (frame->phase == back.phase) {
        length = vmh_lua_called(L, frame);
    } else {
        if (get_length(L, frame, vmh_lua_argument(L, frame, 0), back, step) !=
            VMH_LUA_ACCESS_DONE)
            return false;
        length = vmh_lua_slots(L, frame)[back.at];
    }
    if (length.tag == VMH_LUA_INTEGER) {
        *out = length.as.integer;
        return true;
    }
    *step = vmh_lua_raise_text(L, "object length is not an integer");
    return false;
}

bool vmh_lua_check_accessible(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                              unsigned uses, vmh_lua_step *step)
{
    static const vmh_lua_event events[] = {VMH_LUA_EVENT_INDEX, VMH_LUA_EVENT_NEWINDEX,
                                           VMH_LUA_EVENT_LEN};
    vmh_lua_value value = vmh_lua_argument(L, frame, index);

    if (value.tag == VMH_LUA_TABLE)
        return true;
    for (unsigned i = 0; i < 3; i++) {
        if ((uses >> i & 1) != 0 && vmh_lua_is_nil(vmh_lua_metamethod(L, value, events[i]))) {
            *step = vmh_lua_wrong_type(L, frame, index, "table");
            return false;
        }
    }
    return true;
}

bool vmh_lua_count_frame(vmh_lua_state *L, vmh_lua_frame *frame, uint64_t bytes)
{
    vmh_lua_coroutine *running = L->running;
    uint64_t cost = running->cost + bytes;
    uint32_t greatest = running->greatest_cost;

    /* What no count can hold is above every limit. */
    if (bytes > UINT32_MAX || cost > UINT32_MAX) {
        L->heap.is_over = true;
        return false;
    }
    frame->cost += (uint32_t)bytes;
    running->cost = (uint32_t)cost;
    if (running->cost <= greatest)
        return true;
    running->greatest_cost = running->cost;
    greatest = running->cost - greatest;
    return vmh_lua_heap_count(&L->heap, greatest) &&
           vmh_lua_charge(L, greatest / VMH_LUA_SLOT_COST * VMH_LUA_GAS_PER_STACK_SLOT);
}
