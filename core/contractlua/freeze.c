#include "contractlua/freeze.h"

#include <assert.h>

#include "base/ordmap.h"
#include "contractlua/frozen.h"
#include "contractlua/handle.h"
#include "contractlua/natives.h"

/*
 * Objects are numbered as they are met, and written in this order behind what leads to them, so
 * that nothing recurses.
 */
typedef struct freezing {
    const vmh_lua_state *L;
    const vmh_lua_details *details;
    vmh_buffer *out;
    size_t start;      /* of our bytes in it */
    vmh_arena arena;
    vmh_ordmap numbers; /* pointer -> number */
    vmh_lua_value *objects;
    size_t object_capacity;
    vmh_lua_census census;
    vmh_status status;
    vmh_failure *why;
} freezing;

#define COUNT(NAME) to->census.counts[VMH_LUA_CENSUS_##NAME]++

static bool is_over(freezing *to)
{
    if (to->status == VMH_OK && to->out->size - to->start > VMH_LUA_MAX_FROZEN)
        to->status = vmh_fail(to->why, VMH_E_LIMIT, "a frozen execution has at most %d bytes",
                              VMH_LUA_MAX_FROZEN);
    return to->status != VMH_OK;
}

/* ---- numbers and bytes ---- */

static void put_byte(freezing *to, unsigned byte)
{
    vmh_buffer_append_u8(to->out, (uint8_t)byte);
}

/* Seven bits a byte, the lowest first, the highest bit set on all but the last. */
static void put_count(freezing *to, uint64_t count)
{
    for (; count >= 0x80; count >>= 7)
        put_byte(to, (unsigned)(count & 0x7f) | 0x80);
    put_byte(to, (unsigned)count);
}

/* 0, -1, 1, -2, ... as 0, 1, 2, 3 ... */
static void put_integer(freezing *to, int64_t integer)
{
    put_count(to, (uint64_t)integer << 1 ^ (integer < 0 ? UINT64_MAX : 0));
}

static void put_part(freezing *to, vmh_bytes bytes)
{
    /* What does not fit is not copied first. */
    if (bytes.size > VMH_LUA_MAX_FROZEN) {
        bytes.size = 0;
        vmh_buffer_extend(to->out, VMH_LUA_MAX_FROZEN);
    }
    vmh_buffer_append(to->out, bytes);
}

static void put_bytes(freezing *to, vmh_bytes bytes)
{
    put_count(to, bytes.size);
    put_part(to, bytes);
}

static void put_word(freezing *to, const vmh_word *word)
{
    uint8_t bytes[32];
    size_t zeros = 0;

    vmh_word_to_bytes(word, bytes);
    while (zeros < sizeof bytes && bytes[zeros] == 0)
        zeros++;
    put_bytes(to, vmh_bytes_of(bytes + zeros, sizeof bytes - zeros));
}

/* ---- values ---- */

/* Keeps an object that is met first. */
static void add_object(freezing *to, vmh_lua_value value, const uint8_t *key)
{
    vmh_lua_value *grown;

    to->status = vmh_ordmap_add(&to->numbers, vmh_bytes_of(key, sizeof value.as.pointer), to->why);
    if (to->status != VMH_OK)
        return;
    grown = vmh_arena_grow(&to->arena, to->objects, &to->object_capacity, to->numbers.count,
                           sizeof *grown);
    if (grown == NULL) {
        to->status = vmh_fail_memory(to->why);
        return;
    }
    to->objects = grown;
    grown[to->numbers.count - 1] = value;
}

static vmh_lua_frozen_tag tag_of(vmh_lua_value value)
{
    switch ((vmh_lua_tag)value.tag) {
    case VMH_LUA_TABLE:
        return value.as.table->is_read_only ? VMH_LUA_FROZEN_FIXED : VMH_LUA_FROZEN_TABLE;
    case VMH_LUA_CLOSURE:
        return VMH_LUA_FROZEN_CLOSURE;
    case VMH_LUA_COROUTINE:
        return VMH_LUA_FROZEN_COROUTINE;
    case VMH_LUA_CELL:
        return VMH_LUA_FROZEN_CELL;
    case VMH_LUA_HANDLE:
        return VMH_LUA_FROZEN_HANDLE;
    default:
        assert(vmh_lua_frozen_native_of(value.as.native->native) != NULL);
        return vmh_lua_frozen_native_of(value.as.native->native)->tag;
    }
}

static void put_keys(freezing *to, const vmh_lua_handle *handle)
{
    COUNT(HANDLE);
    put_count(to, handle->kept);
    put_count(to, handle->type->depth);
    put_bytes(to, vmh_lua_handle_keys(handle, to->L->sdk->interface));
}

static void put_object(freezing *to, vmh_lua_value value)
{
    uint8_t *key = vmh_arena_alloc(&to->arena, sizeof value.as.pointer);
    size_t number;

    if (key == NULL) {
        to->status = vmh_fail_memory(to->why);
        return;
    }
    memcpy(key, &value.as.pointer, sizeof value.as.pointer);
    number = vmh_ordmap_find(&to->numbers, vmh_bytes_of(key, sizeof value.as.pointer));
    if (number != VMH_ORDMAP_ABSENT) {
        COUNT(SHARED);
        put_byte(to, VMH_LUA_FROZEN_SEEN);
        put_count(to, number);
        return;
    }
    put_byte(to, tag_of(value));
    if (value.tag == VMH_LUA_CLOSURE)
        put_count(to, value.as.closure->proto->number);
    if (value.tag == VMH_LUA_HANDLE)
        put_keys(to, value.as.handle);
    add_object(to, value, key);
}

/* A function or table of the library, by name; false where it is none. */
static bool put_library(freezing *to, vmh_lua_value value)
{
    vmh_lua_library_name of;
    uint64_t size = 0;

    if (!vmh_lua_library_name_of(to->L->library, value, &of))
        return false;
    COUNT(LIBRARY);
    put_byte(to, VMH_LUA_FROZEN_LIBRARY);
    for (uint32_t i = 0; i < of.count; i++)
        size += of.parts[i].size;
    put_count(to, size + of.count - 1);
    for (uint32_t i = 0; i < of.count; i++) {
        if (i > 0)
            put_byte(to, '.');
        vmh_buffer_append(to->out, of.parts[i]);
    }
    return true;
}

/* `state` and what is declared in it there is once in a run; other collections are objects. */
static void put_handle(freezing *to, vmh_lua_value value)
{
    const vmh_lua_handle *handle = value.as.handle;

    if (handle->type != NULL && handle->type->depth > 0) {
        put_object(to, value);
        return;
    }
    COUNT(STATE);
    put_byte(to, VMH_LUA_FROZEN_STATE);
    put_count(to, handle->type == NULL ? 0 : handle->kept + (uint64_t)1);
}

static void put_value(freezing *to, vmh_lua_value value)
{
    if (is_over(to))
        return;
    switch ((vmh_lua_tag)value.tag) {
    case VMH_LUA_NIL:
        COUNT(NIL);
        put_byte(to, VMH_LUA_FROZEN_NIL);
        break;
    case VMH_LUA_FALSE:
    case VMH_LUA_TRUE:
        COUNT(BOOLEAN);
        put_byte(to, value.tag == VMH_LUA_TRUE ? VMH_LUA_FROZEN_TRUE : VMH_LUA_FROZEN_FALSE);
        break;
    case VMH_LUA_INTEGER:
        COUNT(INTEGER);
        put_byte(to, VMH_LUA_FROZEN_INTEGER);
        put_integer(to, value.as.integer);
        break;
    case VMH_LUA_UINT256:
        COUNT(UINT256);
        put_byte(to, VMH_LUA_FROZEN_UINT256);
        put_word(to, value.as.word);
        break;
    case VMH_LUA_STRING:
        COUNT(STRING);
        put_byte(to, VMH_LUA_FROZEN_STRING);
        put_bytes(to, vmh_lua_string_bytes(value.as.string));
        break;
    case VMH_LUA_COROUTINE:
        if (value.as.coroutine != to->L->main) {
            put_object(to, value);
            break;
        }
        COUNT(MAIN);
        put_byte(to, VMH_LUA_FROZEN_MAIN);
        break;
    case VMH_LUA_HANDLE:
        put_handle(to, value);
        break;
    default:
        if (!put_library(to, value))
            put_object(to, value);
        break;
    }
}

static void put_cell(freezing *to, vmh_lua_cell *cell)
{
    if (!is_over(to))
        put_object(to, (vmh_lua_value){.tag = VMH_LUA_CELL, .as = {.cell = cell}});
}

/* ---- frames ---- */

/* The number of the point where a frame stands. */
static uint32_t point_of(const vmh_lua_proto_details *details, uint32_t instruction)
{
    uint32_t low = 0, high = details->point_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (details->points[middle].instruction < instruction)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low < details->point_count && details->points[low].instruction == instruction);
    return low;
}

static void put_live(freezing *to, const vmh_lua_proto *proto, const vmh_lua_value *base,
                     const vmh_lua_live *live)
{
    const vmh_lua_value *at = base + live->at;

    switch ((vmh_lua_live_kind)live->kind) {
    case VMH_LUA_LIVE_LOCAL:
        COUNT(LOCAL);
        put_value(to, *at);
        break;
    case VMH_LUA_LIVE_CELL:
        COUNT(OUTER);
        put_cell(to, at->as.cell);
        break;
    case VMH_LUA_LIVE_FOR:
        COUNT(FOR);
        put_integer(to, at[0].as.integer);
        put_count(to, (uint64_t)at[1].as.integer);
        put_integer(to, at[2].as.integer);
        break;
    case VMH_LUA_LIVE_FOR_IN:
        COUNT(FOR_IN);
        for (int i = 0; i < 3; i++)
            put_value(to, at[i]);
        break;
    case VMH_LUA_LIVE_OPERAND:
        COUNT(OPERAND);
        put_value(to, *at);
        break;
    case VMH_LUA_LIVE_COPY:
        COUNT(COPY);
        assert(at->tag == base[live->of].tag && vmh_lua_raw_equal(*at, base[live->of]));
        break;
    case VMH_LUA_LIVE_LITERAL:
        COUNT(LITERAL);
        assert(at->tag == vmh_lua_live_literal(proto, live).tag &&
               vmh_lua_raw_equal(*at, vmh_lua_live_literal(proto, live)));
        break;
    }
}

static void count_point(freezing *to, const vmh_lua_proto *proto, const vmh_lua_point *point)
{
    COUNT(LUA);
    switch (vmh_lua_back_of(proto, point)) {
    case VMH_LUA_BACK_CALL:
        if (proto->code[point->instruction].op == VMH_LUA_DO_CALL)
            COUNT(AT_CALL);
        else
            COUNT(AT_ITERATOR);
        break;
    case VMH_LUA_BACK_TEST:
        COUNT(AT_TEST);
        break;
    case VMH_LUA_BACK_NOTHING:
        COUNT(AT_STORE);
        break;
    case VMH_LUA_BACK_CONCAT:
        COUNT(AT_CONCAT);
        break;
    default:
        COUNT(AT_VALUE);
        break;
    }
}

static void put_lua_frame(freezing *to, const vmh_lua_coroutine *of, const vmh_lua_frame *frame)
{
    const vmh_lua_proto *proto = frame->closure->proto;
    const vmh_lua_proto_details *details = &to->details->protos[proto->number];
    const vmh_lua_value *base = of->stack + frame->base;
    uint32_t number = point_of(details, (uint32_t)(frame->ip - 1 - proto->code));
    const vmh_lua_point *point = &details->points[number];
    vmh_lua_live_list live;

    count_point(to, proto, point);
    put_byte(to, VMH_LUA_FROZEN_LUA);
    put_value(to, (vmh_lua_value){.tag = VMH_LUA_CLOSURE, .as = {.closure = frame->closure}});
    put_count(to, number);
    if (proto->is_variadic)
        put_count(to, frame->vararg_count);
    for (uint32_t i = 0; i < frame->vararg_count; i++) {
        COUNT(VARARG);
        put_value(to, base[(int64_t)i - frame->vararg_count]);
    }
    if (proto->code[point->instruction].op == VMH_LUA_DO_CONCAT)
        put_count(to, frame->concat_count);
    vmh_lua_live_at(proto, details, point, frame->concat_count, &live);
    for (uint32_t i = 0; i < live.count; i++)
        put_live(to, proto, base, live.items[i]);
}

static void put_native_frame(freezing *to, const vmh_lua_coroutine *of,
                             const vmh_lua_frame *frame)
{
    vmh_lua_native_function function = frame->native->native->function;
    bool is_handled = frame->phase == VMH_LUA_PROTECTED_HANDLED;

    if (of == to->L->main && frame == &of->frames[of->frame_count - 1]) {
        COUNT(SUSPENDED);
        put_byte(to, VMH_LUA_FROZEN_SUSPENDED);
    } else if (function == vmh_lua_base_pcall) {
        COUNT(PCALL);
        put_byte(to, VMH_LUA_FROZEN_PCALL);
        put_count(to, frame->argument_count);
    } else if (function == vmh_lua_base_xpcall && is_handled) {
        COUNT(HANDLER);
        put_byte(to, VMH_LUA_FROZEN_HANDLER);
        put_count(to, frame->argument_count);
    } else if (function == vmh_lua_base_xpcall) {
        COUNT(XPCALL);
        put_byte(to, VMH_LUA_FROZEN_XPCALL);
        put_count(to, frame->argument_count);
        put_value(to, of->stack[frame->base]);
    } else if (function == vmh_lua_base_pairs) {
        COUNT(PAIRS);
        put_byte(to, VMH_LUA_FROZEN_PAIRS);
        put_count(to, frame->argument_count);
    } else if (frame->native == &vmh_lua_ipairs_next) {
        COUNT(IPAIRS);
        put_byte(to, VMH_LUA_FROZEN_IPAIRS);
        put_count(to, frame->argument_count);
        put_integer(to, frame->numbers[0]);
    } else {
        /* Below all others nothing can be suspended. */
        assert(function == vmh_lua_coroutine_yield);
        COUNT(YIELD);
        put_byte(to, VMH_LUA_FROZEN_YIELD);
    }
}

static void put_frames(freezing *to, const vmh_lua_coroutine *of)
{
    put_count(to, of->frame_count);
    put_count(to, of->greatest_cost / VMH_LUA_SLOT_COST);
    for (uint32_t i = 0; i < of->frame_count && !is_over(to); i++) {
        const vmh_lua_frame *frame = &of->frames[i];

        if (frame->closure != NULL)
            put_lua_frame(to, of, frame);
        else
            put_native_frame(to, of, frame);
    }
}

/* ---- globals ---- */

static bool is_assigned(const vmh_lua_code *code, uint32_t slot)
{
    for (uint32_t i = 0; i < code->assigned_global_count; i++) {
        if (code->assigned_globals[i] == slot)
            return true;
    }
    return false;
}

/* Whether a function gave a global of the library another value, which no statement of main does. */
static bool is_changed(const freezing *to, uint32_t slot)
{
    vmh_lua_value now = to->L->globals[slot], before = to->L->library->globals[slot];

    return (now.tag != before.tag || now.as.pointer != before.as.pointer) &&
           !is_assigned(to->L->code, slot);
}

/* The changed one whose name follows that of `last` (SIZE_MAX: the first); SIZE_MAX: none. */
static size_t next_changed(const freezing *to, size_t last)
{
    const char *const *names = to->L->library->names;
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < to->L->library->global_count; i++) {
        if ((last == SIZE_MAX || strcmp(names[i], names[last]) > 0) &&
            (found == SIZE_MAX || strcmp(names[i], names[found]) < 0) &&
            is_changed(to, (uint32_t)i))
            found = i;
    }
    return found;
}

static void put_globals(freezing *to)
{
    const vmh_lua_state *L = to->L;
    size_t count = 0;

    for (uint32_t i = 0; i < L->code->assigned_global_count; i++)
        put_value(to, L->globals[L->code->assigned_globals[i]]);
    for (size_t i = next_changed(to, SIZE_MAX); i != SIZE_MAX; i = next_changed(to, i))
        count++;
    put_count(to, count);
    for (size_t i = next_changed(to, SIZE_MAX); i != SIZE_MAX; i = next_changed(to, i)) {
        COUNT(GLOBAL);
        put_bytes(to, vmh_bytes_text(L->library->names[i]));
        put_value(to, L->globals[i]);
    }
}

/* ---- objects ---- */

/* The keys 1 to reach: how many are present, those, how many are absent, and so on. */
static void put_items(freezing *to, const vmh_lua_table *table)
{
    uint64_t at = 0;
    bool is_present = true;

    put_count(to, table->reach);
    while (at < table->reach && !is_over(to)) {
        uint64_t end = at;

        while (end < table->reach && (table->items[end].tag != VMH_LUA_NIL) == is_present)
            end++;
        put_count(to, end - at);
        for (; at < end && is_present; at++)
            put_value(to, table->items[at]);
        if (!is_present)
            COUNT(HOLE);
        at = end;
        is_present = !is_present;
    }
}

/* All other keys in order, with those that `next` still knows after they were deleted. */
static void put_entries(freezing *to, const vmh_lua_table *table)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < table->entry_count; i++)
        count += vmh_lua_table_knows(table, &table->entries[i]);
    put_count(to, count);
    for (uint32_t i = 0; i < table->entry_count && !is_over(to); i++) {
        const vmh_lua_entry *entry = &table->entries[i];

        if (!vmh_lua_table_knows(table, entry))
            continue;
        COUNT(ENTRY);
        if (vmh_lua_is_nil(entry->value))
            COUNT(DELETED);
        put_value(to, entry->key);
        put_value(to, entry->value);
    }
}

static void put_table(freezing *to, const vmh_lua_table *table)
{
    COUNT(TABLE);
    if (table->metatable != NULL)
        COUNT(METATABLE);
    put_items(to, table);
    put_entries(to, table);
    put_value(to, table->metatable == NULL ? vmh_lua_nil() : vmh_lua_of_table(table->metatable));
}

static void put_coroutine(freezing *to, const vmh_lua_coroutine *of)
{
    if (of->status == VMH_LUA_COROUTINE_DEAD && of->has_failed) {
        COUNT(FAILED);
        put_byte(to, VMH_LUA_FROZEN_FAILED);
        put_value(to, of->error);
    } else if (of->status == VMH_LUA_COROUTINE_DEAD) {
        COUNT(DEAD);
        put_byte(to, VMH_LUA_FROZEN_DEAD);
    } else if (of->frame_count == 0) {
        COUNT(FRESH);
        put_byte(to, VMH_LUA_FROZEN_FRESH);
        put_value(to, of->function);
    } else {
        COUNT(STOPPED);
        put_byte(to, VMH_LUA_FROZEN_STOPPED);
        put_frames(to, of);
    }
}

static void put_strings(freezing *to, const vmh_lua_value *strings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_bytes(to, vmh_lua_string_bytes(strings[i].as.string));
}

static void put_native_body(freezing *to, vmh_lua_frozen_tag tag,
                            const vmh_lua_native_object *object)
{
    switch (tag) {
    case VMH_LUA_FROZEN_WRAP:
        COUNT(WRAP);
        put_value(to, object->kept[0]);
        break;
    case VMH_LUA_FROZEN_GMATCH:
        COUNT(GMATCH);
        put_strings(to, object->kept, 2);
        put_count(to, (uint64_t)object->kept[2].as.integer);
        put_integer(to, object->kept[3].as.integer);
        break;
    case VMH_LUA_FROZEN_EVENT:
        COUNT(EVENT);
        put_count(to, (uint64_t)object->kept[0].as.integer);
        break;
    case VMH_LUA_FROZEN_METHOD:
        COUNT(METHOD);
        put_strings(to, object->kept, 3);
        break;
    default:
        COUNT(CURSOR);
        put_value(to, object->kept[0]);
        put_count(to, (uint64_t)object->kept[1].as.integer);
        break;
    }
}

static void put_body(freezing *to, vmh_lua_value object)
{
    vmh_lua_frozen_tag tag = tag_of(object);

    switch (tag) {
    case VMH_LUA_FROZEN_FIXED:
        COUNT(FIXED);
        put_table(to, object.as.table);
        break;
    case VMH_LUA_FROZEN_TABLE:
        put_table(to, object.as.table);
        break;
    case VMH_LUA_FROZEN_CLOSURE:
        COUNT(CLOSURE);
        for (uint32_t i = 0; i < object.as.closure->proto->capture_count; i++)
            put_cell(to, object.as.closure->cells[i]);
        break;
    case VMH_LUA_FROZEN_COROUTINE:
        put_coroutine(to, object.as.coroutine);
        break;
    case VMH_LUA_FROZEN_CELL:
        COUNT(CELL);
        put_value(to, object.as.cell->value);
        break;
    case VMH_LUA_FROZEN_HANDLE:
        break; /* it is whole where it was met */
    default:
        put_native_body(to, tag, object.as.native);
        break;
    }
}

/* ---- the whole ---- */

vmh_status vmh_lua_freeze(const vmh_lua_state *L, vmh_buffer *out, vmh_lua_census *census,
                          vmh_failure *why)
{
    freezing to = {.L = L, .out = out, .start = out->size, .why = why};

    assert(L->is_suspended && L->running == L->main);
    if (L->heap.is_over)
        return vmh_fail(why, VMH_E_LIMIT, "the execution is out of memory");
    to.status = vmh_lua_details_of(L->code, L->library->names, L->library->global_count,
                                   &to.details, why);
    if (to.status != VMH_OK)
        return to.status;
    vmh_arena_init(&to.arena);
    vmh_ordmap_init(&to.numbers, &to.arena);
    put_byte(&to, VMH_LUA_FROZEN_VERSION);
    vmh_buffer_append(out, vmh_bytes_hash(&L->code->source_hash));
    put_frames(&to, L->main);
    put_globals(&to);
    for (size_t i = 0; i < to.numbers.count && !is_over(&to); i++)
        put_body(&to, to.objects[i]);
    is_over(&to);
    if (census != NULL)
        *census = to.census;
    vmh_arena_clear(&to.arena);
    return to.status == VMH_OK ? vmh_buffer_check(out, why) : to.status;
}
