#include "contractlua/freeze.h"

#include "contractlua/frozen.h"
#include "contractlua/handle.h"
#include "contractlua/natives.h"

/*
 * Reads what freeze.c writes, and nothing else. An object is made when it is met, empty; the parts
 * behind fill them in the same order. A fault is sticky: what is read afterwards is 0 or nil.
 */
typedef struct thawing {
    vmh_lua_state *L;
    const vmh_lua_details *details;
    vmh_bytes bytes;
    size_t at;
    vmh_arena arena;
    vmh_lua_value *objects;
    size_t object_count, object_capacity;
    vmh_lua_handle *state; /* NULL: nothing is declared */
    const char *fault;
    size_t fault_at;
} thawing;

static bool is_over(const thawing *from)
{
    return from->fault != NULL || from->L->heap.is_over || from->L->heap.has_failed;
}

static void refuse(thawing *from, const char *what)
{
    if (from->fault != NULL)
        return;
    from->fault = what;
    from->fault_at = from->at;
}

/* Counts logical bytes; false where the limit or a fault ends it. */
static bool count_bytes(thawing *from, uint64_t bytes)
{
    return !is_over(from) && vmh_lua_heap_count(&from->L->heap, bytes);
}

/* ---- numbers and bytes ---- */

static uint8_t take_byte(thawing *from)
{
    if (is_over(from))
        return 0;
    if (from->at < from->bytes.size)
        return from->bytes.data[from->at++];
    refuse(from, "it ends too early");
    return 0;
}

static uint64_t take_count(thawing *from)
{
    uint64_t count = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = take_byte(from);

        if (shift == 63 && byte > 1)
            break;
        count |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0)
                break;
            return is_over(from) ? 0 : count;
        }
    }
    refuse(from, "no shortest number");
    return 0;
}

/* At most `most`. */
static uint32_t take_index(thawing *from, uint64_t most, const char *what)
{
    uint64_t index = take_count(from);

    if (index <= most)
        return (uint32_t)index;
    refuse(from, what);
    return 0;
}

/* Of things that take a byte each at least. */
static uint32_t take_size(thawing *from)
{
    return take_index(from, from->bytes.size - from->at, "more than there is");
}

static int64_t take_integer(thawing *from)
{
    uint64_t count = take_count(from);

    return (int64_t)(count >> 1 ^ (0 - (count & 1)));
}

static vmh_bytes take_bytes(thawing *from)
{
    uint32_t size = take_size(from);
    vmh_bytes bytes = {0};

    if (is_over(from))
        return bytes;
    bytes = vmh_bytes_of(from->bytes.data + from->at, size);
    from->at += size;
    return bytes;
}

static vmh_lua_value take_string(thawing *from)
{
    vmh_bytes bytes = take_bytes(from);
    vmh_lua_string *made = is_over(from) ? NULL : vmh_lua_string_new(&from->L->heap, bytes);

    return made == NULL ? vmh_lua_nil() : vmh_lua_of_string(made);
}

static vmh_lua_value take_word(thawing *from)
{
    vmh_bytes bytes = take_bytes(from);
    vmh_word word;

    if (bytes.size > 32 || (bytes.size > 0 && bytes.data[0] == 0))
        refuse(from, "no shortest uint256");
    if (is_over(from))
        return vmh_lua_nil();
    word = vmh_word_from_short(bytes);
    return vmh_lua_uint256_new(&from->L->heap, &word);
}

/* ---- objects ---- */

static void add_object(thawing *from, vmh_lua_value object)
{
    vmh_lua_value *grown;

    if (is_over(from))
        return;
    grown = vmh_arena_grow(&from->arena, from->objects, &from->object_capacity,
                           from->object_count + 1, sizeof *grown);
    if (grown == NULL) {
        from->L->heap.has_failed = true;
        return;
    }
    from->objects = grown;
    grown[from->object_count++] = object;
}

/* Memory of an object, all zero; NULL where limit or system stop it. */
static void *make(thawing *from, size_t size, uint64_t cost)
{
    void *made = count_bytes(from, cost) ? vmh_lua_heap_alloc(&from->L->heap, size) : NULL;

    if (made != NULL)
        memset(made, 0, size);
    return made;
}

static vmh_lua_value take_closure(thawing *from)
{
    const vmh_lua_code *code = from->L->code;
    const vmh_lua_proto *proto =
        code->protos[take_index(from, code->proto_count - 1, "a function that is not there")];
    vmh_lua_closure *made =
        make(from, sizeof *made + proto->capture_count * sizeof made->cells[0],
             VMH_LUA_CLOSURE_COST + (uint64_t)VMH_LUA_CAPTURE_COST * proto->capture_count);

    if (made == NULL)
        return vmh_lua_nil();
    made->proto = proto;
    return (vmh_lua_value){.tag = VMH_LUA_CLOSURE, .as = {.closure = made}};
}

static vmh_lua_value take_coroutine(thawing *from)
{
    vmh_lua_coroutine *made = make(from, sizeof *made, VMH_LUA_COROUTINE_COST);

    if (made == NULL)
        return vmh_lua_nil();
    made->status = VMH_LUA_COROUTINE_DEAD;
    return (vmh_lua_value){.tag = VMH_LUA_COROUTINE, .as = {.coroutine = made}};
}

/* What wrap gives counts no more than a function: what it keeps is its coroutine. */
static vmh_lua_value take_native(thawing *from, const vmh_lua_frozen_native *of)
{
    uint64_t kept_cost = of->tag == VMH_LUA_FROZEN_WRAP
                             ? 0
                             : (uint64_t)VMH_LUA_CAPTURE_COST * of->kept_count;
    vmh_lua_native_object *made = make(from, sizeof *made + of->kept_count * sizeof made->kept[0],
                                       VMH_LUA_CLOSURE_COST + kept_cost);

    if (made == NULL)
        return vmh_lua_nil();
    made->native = of->native;
    made->kept_count = of->kept_count;
    return (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = made}};
}

static vmh_lua_value take_table(thawing *from)
{
    vmh_lua_table *made = is_over(from) ? NULL : vmh_lua_table_new(&from->L->heap);

    return made == NULL ? vmh_lua_nil() : vmh_lua_of_table(made);
}

static const vmh_lua_interface *interface_of(const thawing *from)
{
    return from->state == NULL ? NULL : from->L->sdk->interface;
}

/* The number of a declaration of state; 0 after a fault. */
static uint32_t take_kept(thawing *from, uint64_t bias)
{
    const vmh_lua_interface *interface = interface_of(from);

    if (interface == NULL || interface->kept_count + bias == 0) {
        refuse(from, "nothing is declared");
        return 0;
    }
    return take_index(from, interface->kept_count + bias - 1, "nothing is declared");
}

static vmh_lua_value take_state(thawing *from)
{
    uint32_t number = take_kept(from, 1);

    if (is_over(from))
        return vmh_lua_nil();
    if (number == 0)
        return (vmh_lua_value){.tag = VMH_LUA_HANDLE, .as = {.handle = from->state}};
    if (vmh_lua_is_nil(from->L->sdk->handles[number - 1]))
        refuse(from, "no collection");
    return from->L->sdk->handles[number - 1];
}

/* All of it stands where it is met first: nothing can change in it. */
static vmh_lua_value take_handle(thawing *from)
{
    uint32_t kept = take_kept(from, 0);
    uint32_t depth = take_index(from, VMH_LUA_MAX_KEPT_NESTING, "no keys of state");
    vmh_bytes keys = take_bytes(from);
    vmh_lua_handle *made;
    bool is_good;

    if (is_over(from))
        return vmh_lua_nil();
    made = vmh_lua_handle_of_keys(from->L, kept, depth, keys, &is_good);
    if (!is_good)
        refuse(from, "no keys of state");
    return made == NULL ? vmh_lua_nil()
                        : (vmh_lua_value){.tag = VMH_LUA_HANDLE, .as = {.handle = made}};
}

static vmh_lua_value take_seen(thawing *from)
{
    uint32_t number = 0;

    if (from->object_count == 0)
        refuse(from, "an object that was not met");
    else
        number = take_index(from, from->object_count - 1, "an object that was not met");
    return is_over(from) ? vmh_lua_nil() : from->objects[number];
}

static vmh_lua_value take_library(thawing *from)
{
    vmh_lua_value found = vmh_lua_library_find(from->L->library, take_bytes(from));

    if (vmh_lua_is_nil(found))
        refuse(from, "nothing of the library");
    return found;
}

/* An object that is met first. */
static vmh_lua_value take_object(thawing *from, uint8_t tag)
{
    vmh_lua_value object = vmh_lua_nil();

    switch (tag) {
    case VMH_LUA_FROZEN_FIXED:
    case VMH_LUA_FROZEN_TABLE:
        object = take_table(from);
        if (object.tag == VMH_LUA_TABLE)
            object.as.table->is_read_only = tag == VMH_LUA_FROZEN_FIXED;
        break;
    case VMH_LUA_FROZEN_CLOSURE:
        object = take_closure(from);
        break;
    case VMH_LUA_FROZEN_COROUTINE:
        object = take_coroutine(from);
        break;
    case VMH_LUA_FROZEN_HANDLE:
        object = take_handle(from);
        break;
    default:
        if (vmh_lua_frozen_native_of_tag(tag) != NULL)
            object = take_native(from, vmh_lua_frozen_native_of_tag(tag));
        else
            refuse(from, "no kind of value");
        break;
    }
    add_object(from, object);
    return object;
}

static vmh_lua_value take_value(thawing *from)
{
    uint8_t tag = take_byte(from);
    vmh_lua_value value;

    switch (tag) {
    case VMH_LUA_FROZEN_NIL:
        return vmh_lua_nil();
    case VMH_LUA_FROZEN_FALSE:
        return vmh_lua_boolean(false);
    case VMH_LUA_FROZEN_TRUE:
        return vmh_lua_boolean(true);
    case VMH_LUA_FROZEN_INTEGER:
        return vmh_lua_integer(take_integer(from));
    case VMH_LUA_FROZEN_UINT256:
        return take_word(from);
    case VMH_LUA_FROZEN_STRING:
        return take_string(from);
    case VMH_LUA_FROZEN_LIBRARY:
        return take_library(from);
    case VMH_LUA_FROZEN_MAIN:
        return (vmh_lua_value){.tag = VMH_LUA_COROUTINE, .as = {.coroutine = from->L->main}};
    case VMH_LUA_FROZEN_STATE:
        return take_state(from);
    case VMH_LUA_FROZEN_SEEN:
        value = take_seen(from);
        if (value.tag == VMH_LUA_CELL)
            refuse(from, "a cell in place of a value");
        return value.tag == VMH_LUA_CELL ? vmh_lua_nil() : value;
    default:
        return take_object(from, tag);
    }
}

/* A value that is of one kind; nil after a fault. */
static vmh_lua_value take_kind(thawing *from, vmh_lua_tag tag, const char *fault)
{
    vmh_lua_value value = take_value(from);

    if (value.tag == tag && !is_over(from))
        return value;
    refuse(from, fault);
    return vmh_lua_nil();
}

static bool is_function(vmh_lua_value value)
{
    return value.tag == VMH_LUA_CLOSURE || value.tag == VMH_LUA_NATIVE;
}

static vmh_lua_value take_function(thawing *from)
{
    vmh_lua_value value = take_value(from);

    if (!is_function(value))
        refuse(from, "no function");
    return value;
}

/* NULL after a fault. */
static vmh_lua_cell *take_cell(thawing *from)
{
    uint8_t tag = take_byte(from);
    vmh_lua_value value = vmh_lua_nil();

    if (tag == VMH_LUA_FROZEN_SEEN) {
        value = take_seen(from);
    } else if (tag == VMH_LUA_FROZEN_CELL) {
        vmh_lua_cell *made = make(from, sizeof *made, 0);

        if (made != NULL)
            value = (vmh_lua_value){.tag = VMH_LUA_CELL, .as = {.cell = made}};
        add_object(from, value);
    }
    if (value.tag == VMH_LUA_CELL)
        return value.as.cell;
    refuse(from, "no cell");
    return NULL;
}

/* ---- frames ---- */

/* The height of the stack with a frame, which is never above the greatest. */
static void count_frame(thawing *from, vmh_lua_coroutine *of, vmh_lua_frame *frame, uint32_t cost)
{
    frame->cost = cost;
    if (cost <= of->greatest_cost - of->cost)
        of->cost += cost;
    else
        refuse(from, "a stack above its greatest height");
}

static bool reserve(thawing *from, const vmh_lua_frame *frame, uint64_t count)
{
    return !is_over(from) && vmh_lua_reserve(from->L, frame, count);
}

/* Where a frame begins that the one below called, and what becomes of its results. */
static void place_frame(const vmh_lua_frame *below, vmh_lua_frame *frame)
{
    const vmh_lua_proto *proto;
    vmh_lua_instruction at;

    *frame = (vmh_lua_frame){.wanted = VMH_LUA_OPEN, .back = VMH_LUA_BACK_END};
    if (below == NULL)
        return;
    if (below->closure == NULL) {
        frame->function_at = below->base + below->call_at;
        frame->back = VMH_LUA_BACK_NATIVE;
        return;
    }
    proto = below->closure->proto;
    at = below->ip[-1];
    frame->back = (uint8_t)vmh_lua_back_of(
        proto, &(vmh_lua_point){(uint32_t)(below->ip - 1 - proto->code), 0});
    if (frame->back == VMH_LUA_BACK_CALL) {
        frame->function_at = below->base + at.a + (at.op == VMH_LUA_DO_CALL ? 0 : 4);
        frame->wanted = at.op == VMH_LUA_DO_CALL ? at.c : at.b;
    } else {
        frame->function_at = below->base + proto->register_count;
        frame->wanted = frame->back == VMH_LUA_BACK_NOTHING ? 0 : 1;
        frame->back_register = at.a;
    }
}

static bool is_good_for(int64_t index, uint64_t left, int64_t step)
{
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t distance = step > 0 ? (uint64_t)INT64_MAX - (uint64_t)index
                                 : (uint64_t)index - (uint64_t)INT64_MIN;

    return step != 0 && left <= distance / stride;
}

static void take_for(thawing *from, vmh_lua_value *at)
{
    int64_t index = take_integer(from);
    uint64_t left = take_count(from);
    int64_t step = take_integer(from);

    if (!is_over(from) && !is_good_for(index, left, step))
        refuse(from, "no counters of a loop");
    at[0] = vmh_lua_integer(index);
    at[1] = vmh_lua_integer((int64_t)left);
    at[2] = vmh_lua_integer(step);
}

static void take_live(thawing *from, const vmh_lua_proto *proto, vmh_lua_value *base,
                      const vmh_lua_live *live)
{
    vmh_lua_value *at = base + live->at;

    switch ((vmh_lua_live_kind)live->kind) {
    case VMH_LUA_LIVE_CELL:
        *at = (vmh_lua_value){.tag = VMH_LUA_CELL, .as = {.cell = take_cell(from)}};
        break;
    case VMH_LUA_LIVE_FOR:
        take_for(from, at);
        break;
    case VMH_LUA_LIVE_FOR_IN:
        for (int i = 0; i < 3; i++)
            at[i] = take_value(from);
        break;
    case VMH_LUA_LIVE_COPY:
        *at = base[live->of];
        break;
    case VMH_LUA_LIVE_LITERAL:
        *at = vmh_lua_live_literal(proto, live);
        break;
    default:
        *at = take_value(from);
        break;
    }
}

static void take_varargs(thawing *from, vmh_lua_frame *frame)
{
    uint32_t count = take_size(from);

    if (count > VMH_LUA_MAX_VALUES)
        refuse(from, "more values than there may be");
    frame->vararg_count = count;
    frame->base += count;
    if (!reserve(from, frame, 0))
        return;
    for (uint32_t i = 0; i < count; i++) {
        /* Reading never moves a stack. */
        from->L->running->stack[frame->base - count + i] = take_value(from);
    }
}

/* Its registers, once it is known where it stands. */
static void take_registers(thawing *from, vmh_lua_frame *frame, const vmh_lua_proto *proto,
                           const vmh_lua_point *point)
{
    const vmh_lua_instruction *at = &proto->code[point->instruction];
    vmh_lua_live_list live;

    frame->ip = at + 1;
    if (at->op == VMH_LUA_DO_CONCAT) {
        frame->concat_at = frame->base + at->b;
        frame->concat_count = take_index(from, at->c - 1u, "more operands than there are");
        if (frame->concat_count == 0)
            refuse(from, "no operands");
    }
    if (!reserve(from, frame, proto->register_count))
        return;
    vmh_lua_live_at(proto, &from->details->protos[proto->number], point, frame->concat_count,
                    &live);
    for (uint32_t i = 0; i < live.count; i++)
        take_live(from, proto, from->L->running->stack + frame->base, live.items[i]);
}

static void take_lua_frame(thawing *from, vmh_lua_coroutine *of, vmh_lua_frame *frame)
{
    vmh_lua_value function = take_kind(from, VMH_LUA_CLOSURE, "no function of the contract");
    const vmh_lua_proto *proto;
    const vmh_lua_proto_details *details;
    const vmh_lua_point *point;

    if (is_over(from))
        return;
    proto = function.as.closure->proto;
    details = &from->details->protos[proto->number];
    if (details->point_count == 0) {
        refuse(from, "a function that calls nothing");
        return;
    }
    point =
        &details->points[take_index(from, details->point_count - 1, "no point of the function")];
    if (of == from->L->main && vmh_lua_back_of(proto, point) != VMH_LUA_BACK_CALL)
        refuse(from, "a metamethod in the main coroutine");
    if (proto->is_variadic)
        take_varargs(from, frame);
    count_frame(from, of, frame, proto->frame_cost + VMH_LUA_SLOT_COST * frame->vararg_count);
    take_registers(from, frame, proto, point);
    frame->closure = function.as.closure;
}

/* A function of the library that nobody calls: the host goes on with what it gives. */
static vmh_lua_step suspended(vmh_lua_state *L, vmh_lua_frame *frame)
{
    (void)L;
    return vmh_lua_return_none(frame);
}

static const vmh_lua_native suspended_native = {"await", suspended};
static const vmh_lua_native_object suspended_object = {.native = &suspended_native};

static void take_native_frame(thawing *from, vmh_lua_coroutine *of, vmh_lua_frame *frame,
                              uint8_t kind)
{
    static const char *const names[] = {NULL,    NULL,    "pcall",           "xpcall",
                                        "xpcall", "pairs", "ipairs iterator", "coroutine.yield"};

    frame->phase = VMH_LUA_PHASE_CALLED;
    frame->call_at = kind >= VMH_LUA_FROZEN_YIELD ? 0 : 1;
    if (kind == VMH_LUA_FROZEN_SUSPENDED)
        frame->native = (vmh_lua_native_object *)&suspended_object;
    else
        frame->native =
            vmh_lua_library_find(from->L->library, vmh_bytes_text(names[kind])).as.native;
    if (kind < VMH_LUA_FROZEN_YIELD)
        frame->argument_count =
            take_index(from, VMH_LUA_MAX_VALUES, "more values than there may be");
    count_frame(from, of, frame, VMH_LUA_FRAME_COST + VMH_LUA_SLOT_COST * frame->argument_count);
    if (!reserve(from, frame, 2))
        return;
    if (kind == VMH_LUA_FROZEN_PCALL || kind == VMH_LUA_FROZEN_XPCALL) {
        frame->is_protected = true;
        frame->error_phase = VMH_LUA_PROTECTED_FAILED;
    }
    if (kind == VMH_LUA_FROZEN_XPCALL)
        of->stack[frame->base] = take_function(from);
    if (kind == VMH_LUA_FROZEN_HANDLER) {
        frame->phase = VMH_LUA_PROTECTED_HANDLED;
        frame->is_protected = true;
        frame->error_phase = VMH_LUA_PROTECTED_HANDLER_FAILED;
    }
    if (kind == VMH_LUA_FROZEN_IPAIRS)
        frame->numbers[0] = take_integer(from);
}

/* One frame; the last one is what suspended the coroutine, and no other is. */
static void take_frame(thawing *from, vmh_lua_coroutine *of, vmh_lua_frame *frame, bool is_last)
{
    bool is_main = of == from->L->main;
    uint8_t kind = take_byte(from);

    frame->base = frame->function_at + 1;
    if (kind < VMH_LUA_FROZEN_LUA || kind > VMH_LUA_FROZEN_SUSPENDED)
        refuse(from, "no kind of frame");
    else if (is_last != (kind == (is_main ? VMH_LUA_FROZEN_SUSPENDED : VMH_LUA_FROZEN_YIELD)) ||
             (!is_last && kind >= VMH_LUA_FROZEN_YIELD))
        refuse(from, "a frame that is not suspended, or not on top");
    else if (is_main && kind >= VMH_LUA_FROZEN_HANDLER && !is_last)
        refuse(from, "a metamethod or handler in the main coroutine");
    if (is_over(from))
        return;
    if (kind == VMH_LUA_FROZEN_LUA)
        take_lua_frame(from, of, frame);
    else
        take_native_frame(from, of, frame, kind);
}

static void take_frames(thawing *from, vmh_lua_coroutine *of)
{
    uint32_t count = take_index(from, VMH_LUA_MAX_FRAMES, "more frames than there may be");
    vmh_lua_coroutine *running = from->L->running;
    vmh_lua_frame *frames;

    of->greatest_cost = VMH_LUA_SLOT_COST * take_index(from, UINT32_MAX / VMH_LUA_SLOT_COST,
                                                       "no height of a stack");
    if (count == 0)
        refuse(from, "no frames");
    if (!count_bytes(from, of->greatest_cost))
        return;
    if (count > of->frame_capacity) {
        frames = vmh_lua_heap_alloc(&from->L->heap, count * sizeof *frames);
        if (frames == NULL)
            return;
        vmh_lua_heap_release(&from->L->heap, of->frames, of->frame_capacity * sizeof *frames);
        of->frames = frames;
        of->frame_capacity = count;
    }
    from->L->running = of;
    for (uint32_t i = 0; i < count && !is_over(from); i++) {
        place_frame(i == 0 ? NULL : &of->frames[i - 1], &of->frames[i]);
        take_frame(from, of, &of->frames[i], i + 1 == count);
    }
    of->frame_count = is_over(from) ? 0 : count;
    from->L->running = running;
}

/* ---- globals ---- */

static size_t find_global(const vmh_lua_library *library, vmh_bytes name)
{
    for (size_t i = 0; i < library->global_count; i++) {
        if (vmh_bytes_equal(vmh_bytes_text(library->names[i]), name))
            return i;
    }
    return SIZE_MAX;
}

static bool is_assigned(const vmh_lua_code *code, size_t slot)
{
    for (uint32_t i = 0; i < code->assigned_global_count; i++) {
        if (code->assigned_globals[i] == slot)
            return true;
    }
    return false;
}

/* Those of the library to which a function gave another value, in order of their names. */
static void take_changed_globals(thawing *from)
{
    vmh_lua_state *L = from->L;
    uint32_t count = take_size(from);
    vmh_bytes last = {0};

    for (uint32_t i = 0; i < count && !is_over(from); i++) {
        vmh_bytes name = take_bytes(from);
        size_t slot = find_global(L->library, name);
        vmh_lua_value value = take_value(from);

        if (slot == SIZE_MAX || is_assigned(L->code, slot) ||
            vmh_bytes_compare(last, name) >= 0 ||
            (value.tag == L->globals[slot].tag &&
             value.as.pointer == L->globals[slot].as.pointer))
            refuse(from, "no changed global of the library");
        else
            L->globals[slot] = value;
        last = name;
    }
}

static void take_globals(thawing *from)
{
    const vmh_lua_code *code = from->L->code;

    for (uint32_t i = 0; i < code->assigned_global_count && !is_over(from); i++)
        from->L->globals[code->assigned_globals[i]] = take_value(from);
    take_changed_globals(from);
}

/* ---- what is in objects ---- */

/* Stands for what is to be deleted once all is there. */
static vmh_lua_value to_delete(void)
{
    return (vmh_lua_value){.tag = VMH_LUA_CELL, .as = {.cell = NULL}};
}

static bool set(thawing *from, vmh_lua_table *table, vmh_lua_value key, vmh_lua_value value)
{
    uint64_t work;

    return !is_over(from) && vmh_lua_table_set(&from->L->heap, table, key, value, &work);
}

static void take_items(thawing *from, vmh_lua_table *table)
{
    vmh_lua_heap *heap = &from->L->heap;
    uint64_t reach = take_count(from), at = 0;

    /* All slots are counted; what cannot be is not tried. */
    if (!is_over(from) && reach > (heap->limit - heap->counted) / VMH_LUA_KEY_COST)
        heap->is_over = true;
    for (bool is_present = true; at < reach && !is_over(from); is_present = !is_present) {
        uint64_t count = take_count(from);

        if (count > reach - at || (count == 0 && (at > 0 || !is_present)))
            refuse(from, "no row of items");
        for (; count > 0 && !is_over(from); count--) {
            vmh_lua_value value = is_present ? take_value(from) : to_delete();

            if (vmh_lua_is_nil(value))
                refuse(from, "no item");
            else
                set(from, table, vmh_lua_integer((int64_t)++at), value);
        }
    }
    for (uint64_t i = 0; i < table->reach && !is_over(from); i++) {
        if (table->items[i].tag == VMH_LUA_CELL)
            set(from, table, vmh_lua_integer((int64_t)i + 1), vmh_lua_nil());
    }
}

/* Whether a key may stand among the entries: as `==` has it, and neither in 1..reach nor next. */
static bool is_entry_key(const vmh_lua_table *table, vmh_lua_value key)
{
    uint64_t end = table->reach + (table->border == table->reach);

    if (key.tag == VMH_LUA_INTEGER)
        return (uint64_t)key.as.integer - 1 >= end;
    if (key.tag == VMH_LUA_UINT256)
        return !vmh_word_fits_u64(key.as.word) || key.as.word->limb[0] > INT64_MAX;
    return key.tag != VMH_LUA_NIL;
}

static void take_entries(thawing *from, vmh_lua_table *table)
{
    uint32_t count = take_size(from);

    for (uint32_t i = 0; i < count && !is_over(from); i++) {
        vmh_lua_value key = take_value(from);
        vmh_lua_value value = take_value(from);

        if (is_over(from))
            return;
        if (!is_entry_key(table, key) || vmh_lua_table_find(table, key) != NULL)
            refuse(from, "no key of a table");
        else
            set(from, table, key, vmh_lua_is_nil(value) ? to_delete() : value);
    }
    for (uint32_t i = 0; i < table->entry_count && !is_over(from); i++) {
        if (table->entries[i].value.tag == VMH_LUA_CELL)
            set(from, table, table->entries[i].key, vmh_lua_nil());
    }
}

static void take_table_body(thawing *from, vmh_lua_table *table)
{
    vmh_lua_value metatable;

    take_items(from, table);
    take_entries(from, table);
    metatable = take_value(from);
    if (metatable.tag == VMH_LUA_TABLE)
        table->metatable = metatable.as.table;
    else if (metatable.tag != VMH_LUA_NIL)
        refuse(from, "no metatable");
}

static void take_coroutine_body(thawing *from, vmh_lua_coroutine *of)
{
    switch (take_byte(from)) {
    case VMH_LUA_FROZEN_FRESH:
        of->function = take_function(from);
        of->status = VMH_LUA_COROUTINE_SUSPENDED;
        break;
    case VMH_LUA_FROZEN_STOPPED:
        of->status = VMH_LUA_COROUTINE_SUSPENDED;
        take_frames(from, of);
        break;
    case VMH_LUA_FROZEN_DEAD:
        break;
    case VMH_LUA_FROZEN_FAILED:
        of->error = take_value(from);
        of->has_failed = true;
        break;
    default:
        refuse(from, "no state of a coroutine");
        break;
    }
}

static void take_gmatch_body(thawing *from, vmh_lua_native_object *object)
{
    uint64_t next;
    int64_t last_end, size;

    object->kept[0] = take_string(from);
    object->kept[1] = take_string(from);
    next = take_count(from);
    last_end = take_integer(from);
    if (is_over(from))
        return;
    size = (int64_t)object->kept[0].as.string->size;
    if (next > (uint64_t)size + 1 || last_end < -1 || last_end > size || last_end > (int64_t)next)
        refuse(from, "no position of gmatch");
    object->kept[2] = vmh_lua_integer((int64_t)next);
    object->kept[3] = vmh_lua_integer(last_end);
}

static void take_strings(thawing *from, vmh_lua_value *strings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        strings[i] = take_string(from);
}

static void take_event(thawing *from, vmh_lua_native_object *object)
{
    const vmh_lua_interface *interface = interface_of(from);
    uint64_t number = take_count(from);

    if (interface == NULL || number >= interface->event_count)
        refuse(from, "no event is declared");
    object->kept[0] = vmh_lua_integer((int64_t)number);
}

static void take_cursor(thawing *from, vmh_lua_native_object *object, vmh_lua_kept_kind kind)
{
    uint64_t place;

    object->kept[0] = take_kind(from, VMH_LUA_HANDLE, "no collection");
    place = take_count(from);
    if (is_over(from))
        return;
    if (object->kept[0].as.handle->type == NULL ||
        object->kept[0].as.handle->type->kind != kind || place > INT64_MAX)
        refuse(from, "no place in a collection");
    object->kept[1] = vmh_lua_integer((int64_t)place);
}

static void take_native_body(thawing *from, vmh_lua_native_object *object)
{
    switch (vmh_lua_frozen_native_of(object->native)->tag) {
    case VMH_LUA_FROZEN_WRAP:
        object->kept[0] = take_kind(from, VMH_LUA_COROUTINE, "no coroutine");
        break;
    case VMH_LUA_FROZEN_GMATCH:
        take_gmatch_body(from, object);
        break;
    case VMH_LUA_FROZEN_EVENT:
        take_event(from, object);
        break;
    case VMH_LUA_FROZEN_METHOD:
        take_strings(from, object->kept, 3);
        break;
    case VMH_LUA_FROZEN_LIST_NEXT:
        take_cursor(from, object, VMH_LUA_KEPT_LIST);
        break;
    default:
        take_cursor(from, object, VMH_LUA_KEPT_COUNTED);
        break;
    }
}

static void take_body(thawing *from, vmh_lua_value object)
{
    switch ((vmh_lua_tag)object.tag) {
    case VMH_LUA_TABLE:
        take_table_body(from, object.as.table);
        break;
    case VMH_LUA_CLOSURE:
        for (uint32_t i = 0; i < object.as.closure->proto->capture_count; i++)
            object.as.closure->cells[i] = take_cell(from);
        break;
    case VMH_LUA_COROUTINE:
        take_coroutine_body(from, object.as.coroutine);
        break;
    case VMH_LUA_CELL:
        object.as.cell->value = take_value(from);
        break;
    case VMH_LUA_NATIVE:
        take_native_body(from, object.as.native);
        break;
    default: /* a handle, which is whole */
        break;
    }
}

/* ---- the whole ---- */

static void take_head(thawing *from)
{
    const vmh_hash32 *hash = &from->L->code->source_hash;

    if (take_byte(from) != VMH_LUA_FROZEN_VERSION)
        refuse(from, "another version");
    if (from->bytes.size - from->at < sizeof hash->bytes)
        refuse(from, "it ends too early");
    else if (memcmp(from->bytes.data + from->at, hash->bytes, sizeof hash->bytes) != 0)
        refuse(from, "it is of another source");
    else
        from->at += sizeof hash->bytes;
}

/* `state` and the collections in it, if the contract has any. */
static void make_state(thawing *from)
{
    vmh_lua_state *L = from->L;

    if (L->sdk != NULL && L->sdk->interface != NULL)
        from->state = vmh_lua_handle_root(L, L->sdk->interface);
}

static void take_all(thawing *from)
{
    vmh_lua_state *L = from->L;

    take_head(from);
    make_state(from);
    take_frames(from, L->main);
    take_globals(from);
    for (size_t i = 0; i < from->object_count && !is_over(from); i++)
        take_body(from, from->objects[i]);
    if (!is_over(from) && from->at != from->bytes.size)
        refuse(from, "bytes behind its end");
}

vmh_status vmh_lua_thaw(vmh_lua_state *L, const vmh_lua_code *code, vmh_bytes frozen,
                        uint64_t memory_limit, vmh_failure *why)
{
    thawing from = {.L = L, .bytes = frozen};

    if (frozen.size > VMH_LUA_MAX_FROZEN)
        return vmh_fail(why, VMH_E_MALFORMED, "a frozen execution has at most %d bytes",
                        VMH_LUA_MAX_FROZEN);
    if (!vmh_lua_state_reset(L, code, memory_limit))
        return vmh_fail_memory(why);
    if (vmh_lua_details_of(code, L->library->names, L->library->global_count, &from.details,
                           why) != VMH_OK)
        return VMH_E_NO_MEMORY;
    vmh_arena_init(&from.arena);
    take_all(&from);
    vmh_arena_clear(&from.arena);
    if (is_over(&from))
        L->main->frame_count = 0;
    if (L->heap.has_failed)
        return vmh_fail_memory(why);
    if (from.fault != NULL)
        return vmh_fail(why, VMH_E_MALFORMED, "frozen execution, byte %zu: %s", from.fault_at,
                        from.fault);
    L->main->status = VMH_LUA_COROUTINE_RUNNING;
    L->depth = L->main->frame_count;
    L->is_suspended = true;
    return VMH_OK;
}
