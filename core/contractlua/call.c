#include "contractlua/call.h"
#include "contractlua/natives.h"
#include "contractlua/watch.h"

#include <stdarg.h>
#include <stdio.h>

#include "contractlua/coroutine.h"
#include "contractlua/details.h"

/* Of a coroutine, when it is resumed first. */
enum { FIRST_STACK = 24, FIRST_FRAMES = 2 };

static vmh_lua_act raise_act(vmh_lua_state *L, vmh_lua_step step)
{
    (void)L;
    return step == VMH_LUA_STEP_STOP ? VMH_LUA_ACT_STOP : VMH_LUA_ACT_RAISE;
}

vmh_lua_act vmh_lua_raise_plain(vmh_lua_state *L, const char *format, ...)
{
    char text[512];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return raise_act(L, vmh_lua_raise_text(L, "%s", text));
}

/* ---- frames ---- */

/* Room for `size` slots; what is new is nil. */
static bool reach(vmh_lua_state *L, uint64_t size)
{
    vmh_lua_coroutine *running = L->running;
    uint64_t wanted = running->stack_size == 0 ? FIRST_STACK : running->stack_size;
    vmh_lua_value *stack;

    if (size <= running->stack_size)
        return true;
    while (wanted < size)
        wanted *= 2;
    stack = vmh_lua_heap_grow(&L->heap, running->stack, running->stack_size * sizeof *stack,
                              wanted * sizeof *stack);
    if (stack == NULL)
        return false;
    for (uint64_t i = running->stack_size; i < wanted; i++)
        stack[i] = vmh_lua_nil();
    running->stack = stack;
    running->stack_size = (uint32_t)wanted;
    return true;
}

bool vmh_lua_reserve(vmh_lua_state *L, const vmh_lua_frame *frame, uint64_t count)
{
    return reach(L, frame->base + count + VMH_LUA_NATIVE_ROOM);
}

/* Stacks are counted by their greatest height, and paid where they reach it. */
static bool count_frame(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t cost)
{
    vmh_lua_coroutine *running = L->running;

    frame->cost = cost;
    running->cost += cost;
    if (running->cost <= running->greatest_cost)
        return true;
    cost = running->cost - running->greatest_cost;
    running->greatest_cost = running->cost;
    return vmh_lua_heap_count(&L->heap, cost) &&
           vmh_lua_charge(L, cost / VMH_LUA_SLOT_COST * VMH_LUA_GAS_PER_STACK_SLOT);
}

/* A new top frame, of which the caller fills the rest; NULL with the act in `*act`. */
static vmh_lua_frame *push_frame(vmh_lua_state *L, uint32_t function_at, uint32_t wanted,
                                 vmh_lua_back back, uint32_t back_register, vmh_lua_act *act)
{
    vmh_lua_coroutine *running = L->running;
    vmh_lua_frame *frame;

    if (L->depth >= VMH_LUA_MAX_FRAMES) {
        *act = vmh_lua_raise_plain(L, "stack overflow");
        return NULL;
    }
    if (running->frame_count == running->frame_capacity) {
        uint32_t old = running->frame_capacity;
        uint32_t capacity = old == 0 ? FIRST_FRAMES : old + old / 2 + 1;
        vmh_lua_frame *frames = vmh_lua_heap_grow(&L->heap, running->frames,
                                                  old * sizeof *frames,
                                                  capacity * sizeof *frames);

        if (frames == NULL) {
            *act = raise_act(L, vmh_lua_stopped(L));
            return NULL;
        }
        running->frames = frames;
        running->frame_capacity = capacity;
    }
    L->depth++;
    frame = &running->frames[running->frame_count++];
    frame->closure = NULL;
    frame->native = NULL;
    frame->function_at = function_at;
    frame->vararg_count = 0;
    frame->wanted = wanted;
    frame->back = (uint8_t)back;
    frame->back_register = (uint8_t)back_register;
    frame->is_protected = false;
    frame->is_callback_barrier = false;
    frame->cost = 0;
    return frame;
}

static void pop_frame(vmh_lua_state *L)
{
    L->running->cost -= vmh_lua_top_frame(L)->cost;
    L->running->frame_count--;
    L->depth--;
}

/* The arguments of a Lua function become its first registers; those beyond lie below them. */
static bool place_arguments(vmh_lua_state *L, vmh_lua_frame *frame, const vmh_lua_proto *proto,
                            uint32_t argument_count)
{
    uint32_t first = frame->function_at + 1;
    uint32_t named = proto->parameter_count;
    uint32_t extra = argument_count > named ? argument_count - named : 0;
    vmh_lua_value *stack;

    frame->base = proto->is_variadic ? first + argument_count : first;
    frame->vararg_count = proto->is_variadic ? extra : 0;
    if (!reach(L, (uint64_t)frame->base + proto->register_count + VMH_LUA_NATIVE_ROOM))
        return false;
    stack = L->running->stack;
    if (proto->is_variadic) {
        for (uint32_t i = 0; i < named && i < argument_count; i++)
            stack[frame->base + i] = stack[first + i];
        /* Those beyond the parameters end right below base: they are where they were. */
    }
    for (uint32_t i = argument_count; i < named; i++)
        stack[frame->base + i] = vmh_lua_nil();
    return count_frame(L, frame, proto->frame_cost + VMH_LUA_SLOT_COST * frame->vararg_count);
}

/* Puts the `__call` of what is called in front of it, as often as it takes. */
static vmh_lua_act find_function(vmh_lua_state *L, uint32_t slot, uint32_t *argument_count)
{
    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {
        vmh_lua_value called = L->running->stack[slot];
        vmh_lua_value method;

        if (called.tag == VMH_LUA_CLOSURE || called.tag == VMH_LUA_NATIVE)
            return VMH_LUA_ACT_NEXT;
        method = vmh_lua_metamethod(L, called, VMH_LUA_EVENT_CALL);
        if (vmh_lua_is_nil(method))
            return vmh_lua_raise_operand(L, "call", called, false);
        if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP) ||
            !vmh_lua_charge_moved(L, *argument_count) ||
            !reach(L, (uint64_t)slot + *argument_count + 2))
            return raise_act(L, vmh_lua_stopped(L));
        for (uint32_t i = *argument_count + 1; i > 0; i--)
            L->running->stack[slot + i] = L->running->stack[slot + i - 1];
        L->running->stack[slot] = method;
        (*argument_count)++;
    }
    return vmh_lua_raise_plain(L, "'__call' chain too long");
}

static vmh_lua_act enter(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t argument_count)
{
    vmh_lua_value called = L->running->stack[frame->function_at];

    if (called.tag == VMH_LUA_CLOSURE) {
        frame->closure = called.as.closure;
        frame->ip = called.as.closure->proto->code;
        if (!place_arguments(L, frame, called.as.closure->proto, argument_count) ||
            !vmh_lua_charge(L, called.as.closure->proto->entry_charge))
            return raise_act(L, vmh_lua_stopped(L));
        return VMH_LUA_ACT_RELOAD;
    }
    if (L->is_looking && called.as.native->kept_count > 0 &&
        !vmh_lua_heap_owns(&L->heap, called.as.native))
        return vmh_lua_raise_plain(L, VMH_LUA_LOOK_ONLY);
    frame->native = called.as.native;
    frame->base = frame->function_at + 1;
    frame->argument_count = argument_count;
    frame->phase = 0;
    frame->returned = 0;
    if (!reach(L, (uint64_t)frame->base + argument_count + VMH_LUA_NATIVE_ROOM) ||
        !count_frame(L, frame, VMH_LUA_FRAME_COST + VMH_LUA_SLOT_COST * argument_count) ||
        !vmh_lua_charge(L, VMH_LUA_GAS_NATIVE))
        return raise_act(L, vmh_lua_stopped(L));
    return VMH_LUA_ACT_RELOAD;
}

vmh_lua_act vmh_lua_begin_call(vmh_lua_state *L, uint32_t slot, uint32_t argument_count,
                               uint32_t wanted, vmh_lua_back back, uint32_t back_register)
{
    uint32_t named_count = argument_count;
    vmh_lua_act act = find_function(L, slot, &argument_count);
    vmh_lua_frame *frame;

    if (act != VMH_LUA_ACT_NEXT)
        return act;
    if (argument_count > VMH_LUA_MAX_VALUES)
        return vmh_lua_raise_plain(L, "too many values");
    if (argument_count != named_count)
        back |= VMH_LUA_BACK_EVENT;
    frame = push_frame(L, slot, wanted, back, back_register, &act);
    return frame == NULL ? act : enter(L, frame, argument_count);
}

vmh_lua_act vmh_lua_begin_tail_call(vmh_lua_state *L, uint32_t slot, uint32_t argument_count)
{
    uint32_t named_count = argument_count;
    vmh_lua_act act = find_function(L, slot, &argument_count);
    vmh_lua_frame *frame = vmh_lua_top_frame(L);
    vmh_lua_value *stack = L->running->stack;

    if (act != VMH_LUA_ACT_NEXT)
        return act;
    if (argument_count > VMH_LUA_MAX_VALUES)
        return vmh_lua_raise_plain(L, "too many values");
    if (!vmh_lua_charge_moved(L, argument_count))
        return VMH_LUA_ACT_STOP;
    for (uint32_t i = 0; i <= argument_count; i++)
        stack[frame->function_at + i] = stack[slot + i];
    if (argument_count != named_count)
        frame->back |= VMH_LUA_BACK_EVENT;
    L->running->cost -= frame->cost;
    frame->cost = 0;
    frame->closure = NULL;
    frame->vararg_count = 0;
    return enter(L, frame, argument_count);
}

/* ---- results ---- */

bool vmh_lua_decide(vmh_lua_state *L, vmh_lua_frame *frame, bool truth)
{
    const vmh_lua_instruction *test = frame->ip - 1;

    if (truth == (test->c != 0)) {
        frame->ip++;
        return vmh_lua_charge(L, test->d);
    }
    frame->ip += 1 + vmh_lua_signed_wide(test[1]);
    return vmh_lua_charge(L, test[1].d);
}

/* Copies results to `to`, `wanted` of them or all; gives how many are there. */
static uint32_t copy_results(vmh_lua_state *L, uint32_t to, uint32_t from, uint32_t count,
                             uint32_t wanted)
{
    vmh_lua_value *stack = L->running->stack;
    uint32_t kept = wanted == VMH_LUA_OPEN || count < wanted ? count : wanted;

    for (uint32_t i = 0; i < kept; i++)
        stack[to + i] = stack[from + i];
    if (wanted == VMH_LUA_OPEN)
        return count;
    for (uint32_t i = kept; i < wanted; i++)
        stack[to + i] = vmh_lua_nil();
    return wanted;
}

/* The coroutine ends: its results are those of the resume that it goes back to. */
static vmh_lua_act end_coroutine(vmh_lua_state *L, uint32_t from, uint32_t count);

vmh_lua_act vmh_lua_finish(vmh_lua_state *L, uint32_t slot, uint32_t count)
{
    vmh_lua_frame ended = *vmh_lua_top_frame(L);
    vmh_lua_value first = count > 0 ? L->running->stack[slot] : vmh_lua_nil();
    vmh_lua_frame *below;

    if (count > VMH_LUA_MAX_VALUES)
        return vmh_lua_raise_plain(L, "too many values");
    if (!vmh_lua_charge_moved(L, count))
        return VMH_LUA_ACT_STOP;
    ended.back &= (uint8_t)~VMH_LUA_BACK_EVENT;
    if (ended.back == VMH_LUA_BACK_END)
        return end_coroutine(L, slot, count);
    pop_frame(L);
    below = vmh_lua_top_frame(L);
    switch (ended.back) {
    case VMH_LUA_BACK_CALL:
        count = copy_results(L, ended.function_at, slot, count, ended.wanted);
        L->running->top = ended.function_at + count;
        /* The stretch behind the call. */
        if (!vmh_lua_charge(L, below->ip[-1].d))
            return VMH_LUA_ACT_STOP;
        break;
    case VMH_LUA_BACK_VALUE:
        L->running->stack[below->base + ended.back_register] = first;
        break;
    case VMH_LUA_BACK_TEST:
        if (!vmh_lua_decide(L, below, vmh_lua_is_true(first)))
            return VMH_LUA_ACT_STOP;
        break;
    case VMH_LUA_BACK_CONCAT: {
        vmh_lua_act act;

        L->running->stack[below->concat_at + below->concat_count - 1] = first;
        act = vmh_lua_concat(L);
        return act == VMH_LUA_ACT_NEXT ? VMH_LUA_ACT_RELOAD : act;
    }
    case VMH_LUA_BACK_NATIVE:
        below->returned = copy_results(L, ended.function_at, slot, count, VMH_LUA_OPEN);
        break;
    default:
        break;
    }
    return VMH_LUA_ACT_RELOAD;
}

/* ---- coroutines ---- */

/* Goes back to who resumed, whose frame gets the values. False where there is no room. */
static bool go_back(vmh_lua_state *L, uint32_t from, uint32_t count)
{
    vmh_lua_coroutine *ended = L->running;
    vmh_lua_frame *frame;

    L->depth -= ended->frame_count;
    L->running = ended->resumer;
    ended->resumer = NULL;
    L->running->status = VMH_LUA_COROUTINE_RUNNING;
    frame = vmh_lua_top_frame(L);
    frame->is_protected = false;
    if (!vmh_lua_reserve(L, frame, (uint64_t)frame->call_at + count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        L->running->stack[frame->base + frame->call_at + i] = ended->stack[from + i];
    frame->returned = count;
    return true;
}

static vmh_lua_act end_coroutine(vmh_lua_state *L, uint32_t from, uint32_t count)
{
    vmh_lua_coroutine *ended = L->running;

    if (ended == L->main) {
        ended->top = from + count;
        vmh_lua_top_frame(L)->result_at = from;
        vmh_lua_top_frame(L)->result_count = count;
        ended->status = VMH_LUA_COROUTINE_DEAD;
        return VMH_LUA_ACT_STOP;
    }
    ended->status = VMH_LUA_COROUTINE_DEAD;
    if (!go_back(L, from, count))
        return raise_act(L, vmh_lua_stopped(L));
    vmh_lua_coroutine_drop_stack(L, ended);
    return VMH_LUA_ACT_RELOAD;
}

static bool may_yield(vmh_lua_state *L)
{
    const vmh_lua_coroutine *running = L->running;

    for (uint32_t i = 0; i < running->frame_count; i++) {
        if (running->frames[i].is_callback_barrier)
            return false;
    }
    return running != L->main;
}

static vmh_lua_act yield(vmh_lua_state *L, const vmh_lua_frame *frame)
{
    if (!may_yield(L))
        return vmh_lua_raise_plain(L, L->running == L->main
                                          ? "attempt to yield from outside a coroutine"
                                          : "attempt to yield across a callback");
    if (!vmh_lua_charge(L, VMH_LUA_GAS_RESUME) || !vmh_lua_charge_moved(L, frame->call_count) ||
        !vmh_lua_charge(L, L->running->frame_count / 8 * VMH_LUA_GAS_PER_FRAMES))
        return VMH_LUA_ACT_STOP;
    L->running->status = VMH_LUA_COROUTINE_SUSPENDED;
    if (!go_back(L, frame->base + frame->call_at, frame->call_count))
        return raise_act(L, vmh_lua_stopped(L));
    return VMH_LUA_ACT_RELOAD;
}

/* Copies the values of a resume to where the coroutine waits for them. */
static bool pass_values(vmh_lua_state *L, const vmh_lua_coroutine *from, uint32_t from_slot,
                        uint32_t to_slot, uint32_t count)
{
    if (!reach(L, (uint64_t)to_slot + count + VMH_LUA_NATIVE_ROOM))
        return false;
    for (uint32_t i = 0; i < count; i++)
        L->running->stack[to_slot + i] = from->stack[from_slot + i];
    return true;
}

static vmh_lua_act resume(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_coroutine *resumer = L->running, *resumed = L->resumed;
    uint32_t from = frame->base + frame->call_at, count = frame->call_count;
    vmh_lua_frame *waiting;

    if (L->is_looking && !vmh_lua_heap_owns(&L->heap, resumed))
        return vmh_lua_raise_plain(L, VMH_LUA_LOOK_ONLY);
    if (!vmh_lua_charge(L, VMH_LUA_GAS_RESUME) || !vmh_lua_charge_moved(L, count))
        return VMH_LUA_ACT_STOP;
    frame->is_protected = true;
    resumer->status = VMH_LUA_COROUTINE_NORMAL;
    resumed->status = VMH_LUA_COROUTINE_RUNNING;
    resumed->resumer = resumer;
    L->running = resumed;
    L->depth += resumed->frame_count;
    if (resumed->frame_count == 0) {
        if (!pass_values(L, resumer, from, 1, count))
            return raise_act(L, vmh_lua_stopped(L));
        resumed->stack[0] = resumed->function;
        return vmh_lua_begin_call(L, 0, count, VMH_LUA_OPEN, VMH_LUA_BACK_END, 0);
    }
    if (L->depth > VMH_LUA_MAX_FRAMES)
        return vmh_lua_raise_plain(L, "stack overflow");
    waiting = vmh_lua_top_frame(L);
    if (!pass_values(L, resumer, from, waiting->base + waiting->call_at, count))
        return raise_act(L, vmh_lua_stopped(L));
    waiting->returned = count;
    return VMH_LUA_ACT_RELOAD;
}

/* ---- suspension ---- */

/* Whether what a frame called may suspend the execution. */
static bool lets_suspend(const vmh_lua_frame *frame)
{
    vmh_lua_native_function function;

    if (frame->closure != NULL)
        return true;
    function = frame->native->native->function;
    return function == vmh_lua_base_pcall ||
           (function == vmh_lua_base_xpcall && frame->phase == VMH_LUA_PROTECTED_CALLED);
}

bool vmh_lua_may_suspend(const vmh_lua_state *L)
{
    const vmh_lua_coroutine *running = L->running;

    for (uint32_t i = 0; i < running->frame_count; i++) {
        const vmh_lua_frame *frame = &running->frames[i];

        if (frame->back != VMH_LUA_BACK_CALL && frame->back != VMH_LUA_BACK_NATIVE &&
            frame->back != VMH_LUA_BACK_END)
            return false;
        if (i + 1 < running->frame_count && !lets_suspend(frame))
            return false;
    }
    return running == L->main;
}

static vmh_lua_act suspend(vmh_lua_state *L)
{
    if (vmh_lua_may_suspend(L)) {
        L->is_suspended = true;
        return VMH_LUA_ACT_STOP;
    }
    if (vmh_lua_raise_text(L, "async: not allowed here") == VMH_LUA_STEP_RAISE)
        L->stop = VMH_LUA_STOP_ABORT;
    return VMH_LUA_ACT_STOP;
}

/* ---- errors ---- */

void vmh_lua_note_trace(vmh_lua_state *L)
{
    const vmh_lua_coroutine *running = L->running;
    vmh_lua_trace *trace = &L->trace;

    trace->count = trace->left_out = 0;
    for (uint32_t i = running->frame_count; i-- > 0;) {
        const vmh_lua_frame *frame = &running->frames[i];
        const vmh_lua_proto *proto;

        if (frame->closure == NULL)
            continue;
        if (trace->count == VMH_LUA_TRACE_LENGTH) {
            trace->left_out = i + 1;
            return;
        }
        proto = frame->closure->proto;
        trace->entries[trace->count++] = (vmh_lua_trace_entry){
            proto, vmh_lua_line_of(proto, vmh_lua_frame_instruction(frame))};
    }
}

bool vmh_lua_unwind(vmh_lua_state *L)
{
    if (L->stop != VMH_LUA_STOP_NONE ||
        !vmh_lua_charge(L, L->running->frame_count / 8 * VMH_LUA_GAS_PER_FRAMES))
        return false;
    vmh_lua_note_trace(L);
    for (;;) {
        vmh_lua_coroutine *running = L->running;

        while (running->frame_count > 0) {
            vmh_lua_frame *frame = vmh_lua_top_frame(L);

            if (frame->is_protected) {
                frame->is_protected = false;
                frame->phase = frame->error_phase;
                return true;
            }
            if (L->watch != NULL && !vmh_lua_watch_unwind(L))
                return false;
            pop_frame(L);
        }
        running->status = VMH_LUA_COROUTINE_DEAD;
        running->error = L->error;
        running->has_failed = true;
        if (running == L->main)
            return false;
        L->running = running->resumer;
        running->resumer = NULL;
        L->running->status = VMH_LUA_COROUTINE_RUNNING;
        vmh_lua_coroutine_drop_stack(L, running);
    }
}

static vmh_lua_act run_native(vmh_lua_state *L, vmh_lua_frame *frame)
{
    switch (frame->native->native->function(L, frame)) {
    case VMH_LUA_STEP_RETURN:
        return vmh_lua_finish(L, frame->base + frame->result_at, frame->result_count);
    case VMH_LUA_STEP_CALL:
        if (!vmh_lua_charge_moved(L, frame->call_count))
            return VMH_LUA_ACT_STOP;
        return vmh_lua_begin_call(L, frame->base + frame->call_at, frame->call_count,
                                  VMH_LUA_OPEN, VMH_LUA_BACK_NATIVE, 0);
    case VMH_LUA_STEP_RESUME:
        return resume(L, frame);
    case VMH_LUA_STEP_YIELD:
        return yield(L, frame);
    case VMH_LUA_STEP_SUSPEND:
        return suspend(L);
    case VMH_LUA_STEP_STOP:
        return VMH_LUA_ACT_STOP;
    default:
        return VMH_LUA_ACT_RAISE;
    }
}

bool vmh_lua_settle(vmh_lua_state *L)
{
    for (;;) {
        vmh_lua_frame *frame = vmh_lua_top_frame(L);
        vmh_lua_act act;

        if (frame->closure != NULL)
            return true;
        act = run_native(L, frame);
        if (act == VMH_LUA_ACT_STOP || (act == VMH_LUA_ACT_RAISE && !vmh_lua_unwind(L)))
            return false;
    }
}

static const char *operand_kind_text(vmh_lua_operand_kind kind)
{
    static const char *const texts[] = {"",      "local",  "upvalue", "global",
                                        "field", "method", "constant"};

    return texts[kind];
}

vmh_lua_act vmh_lua_raise_operand(vmh_lua_state *L, const char *what, vmh_lua_value value,
                                  bool is_second)
{
    const vmh_lua_frame *frame = vmh_lua_top_frame(L);
    const char *type = vmh_lua_type_name(value);
    const vmh_lua_operand *operand = NULL;

    /* Who looks runs functions of another source, whose operands have other numbers. */
    if (frame->closure != NULL && !L->is_looking) {
        const vmh_lua_details *details;

        if (vmh_lua_details_of(L->code, L->library->names, L->library->global_count, &details,
                               L->why) != VMH_OK)
            return raise_act(L, vmh_lua_stopped(L));
        operand = vmh_lua_operand_of(details, frame->closure->proto,
                                     vmh_lua_frame_instruction(frame), is_second);
    }
    if (operand == NULL || operand->kind == VMH_LUA_OPERAND_UNNAMED)
        return vmh_lua_raise_plain(L, "attempt to %s a %s value", what, type);
    return vmh_lua_raise_plain(L, "attempt to %s a %s value (%s '%.*s')", what, type,
                               operand_kind_text(operand->kind),
                               (int)(operand->name.size < 200 ? operand->name.size : 200),
                               (const char *)operand->name.data);
}

/* ---- tables with metamethods ---- */

uint64_t vmh_lua_access_cost(const vmh_lua_table *table, vmh_lua_value key)
{
    uint64_t size = vmh_lua_table_size(table);
    uint64_t cost = size <= 4096     ? 0
                    : size <= 65536 ? VMH_LUA_GAS_LARGE_TABLE
                                    : VMH_LUA_GAS_HUGE_TABLE;

    if (key.tag == VMH_LUA_STRING && key.as.string->size > 40)
        cost += (key.as.string->size - 40 + 31) / 32 * VMH_LUA_GAS_LONG_KEY;
    return cost;
}

static uint32_t scratch_slot(vmh_lua_state *L)
{
    const vmh_lua_frame *frame = vmh_lua_top_frame(L);

    return frame->base + frame->closure->proto->register_count;
}

static vmh_lua_act call_index(vmh_lua_state *L, vmh_lua_value method, vmh_lua_value object,
                              vmh_lua_value key, uint32_t into)
{
    uint32_t slot = scratch_slot(L);
    vmh_lua_value *at = L->running->stack + slot;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
        return VMH_LUA_ACT_STOP;
    at[0] = method;
    at[1] = object;
    at[2] = key;
    return vmh_lua_begin_call(L, slot, 2, 1, VMH_LUA_BACK_VALUE, into);
}

vmh_lua_act vmh_lua_index(vmh_lua_state *L, vmh_lua_value object, vmh_lua_value key,
                          uint32_t into)
{
    vmh_lua_value first = object;

    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {
        vmh_lua_value method, value = vmh_lua_nil();

        if (hops > 0 && !vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))
            return VMH_LUA_ACT_STOP;
        if (object.tag == VMH_LUA_TABLE) {
            if (!vmh_lua_charge(L, vmh_lua_access_cost(object.as.table, key)))
                return VMH_LUA_ACT_STOP;
            value = vmh_lua_table_get(object.as.table, key);
        }
        method = vmh_lua_is_nil(value)
                     ? vmh_lua_metamethod(L, object, VMH_LUA_EVENT_INDEX)
                     : vmh_lua_nil();
        if (vmh_lua_is_nil(method)) {
            if (object.tag != VMH_LUA_TABLE)
                return hops == 0 ? vmh_lua_raise_operand(L, "index", first, false)
                                 : vmh_lua_raise_plain(L, "attempt to index a %s value",
                                                       vmh_lua_type_name(object));
            L->running->stack[vmh_lua_top_frame(L)->base + into] = value;
            return VMH_LUA_ACT_NEXT;
        }
        if (method.tag == VMH_LUA_CLOSURE || method.tag == VMH_LUA_NATIVE)
            return call_index(L, method, object, key, into);
        object = method;
    }
    return vmh_lua_raise_plain(L, "'__index' chain too long");
}

static vmh_lua_act set_raw(vmh_lua_state *L, vmh_lua_table *table, vmh_lua_value key,
                           vmh_lua_value value)
{
    if (vmh_lua_is_nil(key))
        return vmh_lua_raise_plain(L, "table index is nil");
    if (vmh_lua_is_fixed(L, table))
        return vmh_lua_raise_plain(L, "%s", vmh_lua_fixed_text(table));
    return vmh_lua_raw_set(L, table, key, value) ? VMH_LUA_ACT_NEXT : VMH_LUA_ACT_STOP;
}

vmh_lua_act vmh_lua_store(vmh_lua_state *L, vmh_lua_value object, vmh_lua_value key,
                          vmh_lua_value value)
{
    vmh_lua_value first = object;

    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {
        vmh_lua_value method = vmh_lua_nil();
        uint32_t slot;
        vmh_lua_value *at;

        if (hops > 0 && !vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))
            return VMH_LUA_ACT_STOP;
        if (object.tag != VMH_LUA_TABLE || (object.as.table->metatable != NULL &&
                                            vmh_lua_is_nil(vmh_lua_table_get(object.as.table,
                                                                             key))))
            method = vmh_lua_metamethod(L, object, VMH_LUA_EVENT_NEWINDEX);
        if (vmh_lua_is_nil(method)) {
            if (object.tag != VMH_LUA_TABLE)
                return hops == 0 ? vmh_lua_raise_operand(L, "index", first, false)
                                 : vmh_lua_raise_plain(L, "attempt to index a %s value",
                                                       vmh_lua_type_name(object));
            return set_raw(L, object.as.table, key, value);
        }
        if (method.tag != VMH_LUA_CLOSURE && method.tag != VMH_LUA_NATIVE) {
            object = method;
            continue;
        }
        slot = scratch_slot(L);
        at = L->running->stack + slot;
        at[0] = method;
        at[1] = object;
        at[2] = key;
        at[3] = value;
        if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
            return VMH_LUA_ACT_STOP;
        return vmh_lua_begin_call(L, slot, 3, 0, VMH_LUA_BACK_NOTHING, 0);
    }
    return vmh_lua_raise_plain(L, "'__newindex' chain too long");
}
