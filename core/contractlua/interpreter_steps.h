/*
 * What single instructions of the loop do, where that is more than a line or two.
 * Inline in each loop that there is; for interpreter_loop.h alone.
 */
#ifndef VMH_CONTRACTLUA_INTERPRETER_STEPS_H
#define VMH_CONTRACTLUA_INTERPRETER_STEPS_H

#include "contractlua/call.h"

static inline bool is_integer(const vmh_lua_value *value)
{
    return value->tag == VMH_LUA_INTEGER;
}

/* By a positive number. */
static inline int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;

    return quotient - (a % b != 0 && a < 0);
}

static inline int64_t floor_modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;

    return rest < 0 ? rest + b : rest;
}

/* How many turns a `for` has, less one; false for none. The step is not 0. */
static inline bool turns_of(int64_t start, int64_t limit, int64_t step, uint64_t *count)
{
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t distance = step > 0 ? (uint64_t)limit - (uint64_t)start
                                 : (uint64_t)start - (uint64_t)limit;

    if (stride == 0 || (step > 0 ? start > limit : start < limit))
        return false;
    *count = distance / stride;
    return true;
}

static inline vmh_lua_act begin_for(vmh_lua_state *L, vmh_lua_value *at, bool *has_turn)
{
    static const char *const parts[] = {"initial", "limit", "step"};
    static const int order[] = {1, 2, 0}; /* in which they are looked at */
    uint64_t count;

    for (int i = 0; i < 3; i++) {
        if (!is_integer(&at[order[i]]))
            return vmh_lua_raise_plain(L, "'for' %s%s must be a number", parts[order[i]],
                                       order[i] == 0 ? " value" : "");
    }
    if (at[2].as.integer == 0)
        return vmh_lua_raise_plain(L, "'for' step is zero");
    *has_turn = turns_of(at[0].as.integer, at[1].as.integer, at[2].as.integer, &count);
    if (*has_turn) {
        at[1].as.integer = (int64_t)count;
        at[3] = at[0];
    }
    return VMH_LUA_ACT_NEXT;
}

/* A closure of a child function over the registers and captures of this one. */
static inline bool make_closure(vmh_lua_state *L, const vmh_lua_frame *frame,
                                const vmh_lua_proto *proto, vmh_lua_value *into)
{
    vmh_lua_value *base = L->running->stack + frame->base;
    vmh_lua_closure *made;

    if (!vmh_lua_heap_count(&L->heap, VMH_LUA_CLOSURE_COST +
                                          (uint64_t)VMH_LUA_CAPTURE_COST * proto->capture_count))
        return false;
    made = vmh_lua_heap_alloc(&L->heap,
                              sizeof *made + proto->capture_count * sizeof(vmh_lua_cell *));
    if (made == NULL)
        return false;
    made->proto = proto;
    for (uint32_t i = 0; i < proto->capture_count; i++) {
        const vmh_lua_proto_capture *capture = &proto->captures[i];

        made->cells[i] = capture->is_of_parent ? base[capture->index].as.cell
                                               : frame->closure->cells[capture->index];
    }
    *into = (vmh_lua_value){.tag = VMH_LUA_CLOSURE, .as = {.closure = made}};
    return true;
}

static inline bool make_cell(vmh_lua_state *L, vmh_lua_value *value)
{
    vmh_lua_cell *cell;

    if (!vmh_lua_heap_count(&L->heap, VMH_LUA_CELL_COST))
        return false;
    cell = vmh_lua_heap_alloc(&L->heap, sizeof *cell);
    if (cell == NULL)
        return false;
    cell->value = *value;
    *value = (vmh_lua_value){.tag = VMH_LUA_CELL, .as = {.cell = cell}};
    return true;
}

/* Items of a constructor; they are counted and charged as any absent key. */
static inline bool set_items(vmh_lua_state *L, vmh_lua_value *table, uint64_t done,
                             uint32_t count, bool is_open)
{
    uint32_t present = 0;

    if (is_open && !vmh_lua_charge(L, (uint64_t)VMH_LUA_GAS_PER_VALUE * count))
        return false;
    /* What is behind a hole does not go to the array. */
    while (present < count && table[1 + present].tag != VMH_LUA_NIL)
        present++;
    vmh_lua_table_reserve(&L->heap, table->as.table, done + present, 0);
    for (uint32_t i = 0; i < count; i++) {
        if (!vmh_lua_raw_set(L, table->as.table, vmh_lua_integer((int64_t)(done + i + 1)),
                             table[1 + i]))
            return false;
    }
    return true;
}

static inline bool spread_varargs(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t into,
                                  uint32_t wanted, bool is_open)
{
    uint32_t count = is_open ? frame->vararg_count : wanted;
    vmh_lua_value *to;
    const vmh_lua_value *from;

    if (is_open && (!vmh_lua_charge(L, (uint64_t)VMH_LUA_GAS_PER_VALUE * count) ||
                    !vmh_lua_reserve(L, frame, (uint64_t)into + count)))
        return false;
    to = L->running->stack + frame->base + into;
    from = L->running->stack + frame->base - frame->vararg_count;
    for (uint32_t i = 0; i < count; i++)
        to[i] = i < frame->vararg_count ? from[i] : vmh_lua_nil();
    L->running->top = frame->base + into + count;
    return true;
}

static inline vmh_lua_table *new_table(vmh_lua_state *L, vmh_lua_instruction of)
{
    vmh_lua_table *table = vmh_lua_table_new(&L->heap);

    if (table != NULL && (of.b != 0 || of.c != 0))
        vmh_lua_table_reserve(&L->heap, table, of.b, of.c);
    return table;
}

/* The next pair of a table for a `for` over `next` itself. */
static inline vmh_lua_act step_next(vmh_lua_state *L, vmh_lua_value *at, uint32_t wanted)
{
    uint64_t work = 0;
    vmh_lua_value key = at[2], value = vmh_lua_nil();

    switch (vmh_lua_table_next(at[1].as.table, &key, &value, &work)) {
    case VMH_LUA_NEXT_INVALID:
        return vmh_lua_raise_plain(L, "invalid key to 'next'");
    case VMH_LUA_NEXT_END:
        key = vmh_lua_nil();
        break;
    case VMH_LUA_NEXT_FOUND:
        break;
    }
    at[4] = key;
    if (wanted > 1)
        at[5] = value;
    for (uint32_t i = 2; i < wanted; i++)
        at[4 + i] = vmh_lua_nil();
    return vmh_lua_charge_slots(L, work) ? VMH_LUA_ACT_NEXT : VMH_LUA_ACT_STOP;
}

static inline vmh_lua_act step_iterator(vmh_lua_state *L, vmh_lua_value *at, uint32_t slot,
                                        uint32_t wanted)
{
    if (at[0].tag == VMH_LUA_NATIVE && at[0].as.native->native->function == vmh_lua_next_native &&
        at[1].tag == VMH_LUA_TABLE)
        return step_next(L, at, wanted);
    at[4] = at[0];
    at[5] = at[1];
    at[6] = at[2];
    return vmh_lua_begin_call(L, slot + 4, 2, wanted, VMH_LUA_BACK_CALL, 0);
}

/* Keys and tables whose access costs nothing beyond INDEX or STORE. */
static inline bool is_plain_access(const vmh_lua_table *table, const vmh_lua_string *key)
{
    return vmh_lua_table_size(table) <= 4096 && key->size <= 40;
}

/*
 * The field of an object that is a table, or of the table that its metatable names
 * as __index, one hop away: NULL for anything else, which the slow road finds.
 */
static inline const vmh_lua_value *find_method(const vmh_lua_state *L, const vmh_lua_value *object,
                                               vmh_lua_string *key, uint32_t *hops)
{
    const vmh_lua_table *table = object->as.table;
    const vmh_lua_value *found, *next;

    *hops = 0;
    if (object->tag != VMH_LUA_TABLE || !is_plain_access(table, key))
        return NULL;
    found = vmh_lua_table_find_field(table, key);
    if (found != NULL || table->metatable == NULL)
        return found;
    next = vmh_lua_table_find_field(table->metatable,
                                    L->library->event_names[VMH_LUA_EVENT_INDEX]);
    if (next == NULL || next->tag != VMH_LUA_TABLE || !is_plain_access(next->as.table, key))
        return NULL;
    *hops = 1;
    return vmh_lua_table_find_string(next->as.table, key);
}

/*
 * The usual call: of a Lua function with as many parameters as it gets, where
 * there is room for it. NULL, nothing done, where it is another.
 */
static inline vmh_lua_frame *begin_plain_call(vmh_lua_state *L, uint32_t slot,
                                              uint32_t argument_count, uint32_t wanted)
{
    vmh_lua_coroutine *running = L->running;
    const vmh_lua_value *called = &running->stack[slot];
    const vmh_lua_proto *proto;
    vmh_lua_frame *frame;

    if (called->tag != VMH_LUA_CLOSURE)
        return NULL;
    proto = called->as.closure->proto;
    if (proto->is_variadic || argument_count != proto->parameter_count ||
        L->depth >= VMH_LUA_MAX_FRAMES || running->frame_count == running->frame_capacity ||
        slot + 1 + proto->register_count + VMH_LUA_NATIVE_ROOM > running->stack_size ||
        running->cost + proto->frame_cost > running->greatest_cost)
        return NULL;
    running->cost += proto->frame_cost;
    L->depth++;
    frame = &running->frames[running->frame_count++];
    frame->closure = called->as.closure;
    frame->function_at = slot;
    frame->base = slot + 1;
    frame->vararg_count = 0;
    frame->wanted = wanted;
    frame->back = VMH_LUA_BACK_CALL;
    frame->is_protected = false;
    frame->is_callback_barrier = false;
    frame->cost = proto->frame_cost;
    frame->ip = proto->code;
    return frame;
}

#endif
