#include "contractlua/state.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "contractlua/call.h"
#include "contractlua/coroutine.h"
#include "contractlua/watch.h"

/* Of the main chunk; a coroutine has none before it is resumed. */
enum { FIRST_STACK = 256, FIRST_FRAMES = 16 };

static_assert(VMH_LUA_NIL == 0, "zeroed values are nil");

vmh_lua_state *vmh_lua_state_new(const vmh_lua_library *library)
{
    vmh_lua_state *L = calloc(1, sizeof *L);

    if (L == NULL)
        return NULL;
    L->library = library;
    vmh_lua_heap_init(&L->heap, 0);
    return L;
}

void vmh_lua_state_free(vmh_lua_state *L)
{
    if (L == NULL)
        return;
    vmh_lua_watch_free(L->watch);
    vmh_lua_heap_clear(&L->heap);
    free(L);
}

vmh_lua_coroutine *vmh_lua_coroutine_new(vmh_lua_state *L, vmh_lua_value function)
{
    vmh_lua_coroutine *made = vmh_lua_heap_alloc(&L->heap, sizeof *made);

    if (made != NULL)
        *made = (vmh_lua_coroutine){
            .status = VMH_LUA_COROUTINE_SUSPENDED,
            .function = function,
        };
    return made;
}

void vmh_lua_coroutine_drop_stack(vmh_lua_state *L, vmh_lua_coroutine *of)
{
    vmh_lua_heap_release(&L->heap, of->stack, of->stack_size * sizeof *of->stack);
    vmh_lua_heap_release(&L->heap, of->frames, of->frame_capacity * sizeof *of->frames);
    of->stack = NULL;
    of->frames = NULL;
    of->stack_size = of->frame_capacity = of->frame_count = 0;
}

/* The coroutine of the main chunk has its stack from the first. */
static vmh_lua_coroutine *new_main(vmh_lua_state *L)
{
    vmh_lua_coroutine *made = vmh_lua_coroutine_new(L, vmh_lua_nil());

    if (made == NULL)
        return NULL;
    made->stack = vmh_lua_heap_alloc(&L->heap, FIRST_STACK * sizeof *made->stack);
    made->frames = vmh_lua_heap_alloc(&L->heap, FIRST_FRAMES * sizeof *made->frames);
    if (made->stack == NULL || made->frames == NULL)
        return NULL;
    made->stack_size = FIRST_STACK;
    made->frame_capacity = FIRST_FRAMES;
    memset(made->stack, 0, FIRST_STACK * sizeof *made->stack);
    return made;
}

/* ---- a run ---- */

/* What the outcome tells is of what runs from here on. */
static void begin_leg(vmh_lua_state *L, uint64_t gas_limit, vmh_failure *why)
{
    L->gas = gas_limit > INT64_MAX ? INT64_MAX : (int64_t)gas_limit;
    L->stop = VMH_LUA_STOP_NONE;
    L->is_suspended = false;
    L->trace = (vmh_lua_trace){.count = 0};
    L->status = VMH_OK;
    L->why = why;
}

bool vmh_lua_state_reset(vmh_lua_state *L, const vmh_lua_code *code, uint64_t memory_limit)
{
    const vmh_lua_library *library = L->library;
    uint32_t known;

    vmh_lua_heap_reset(&L->heap, memory_limit);
    L->code = code;
    L->depth = 0;
    L->stop = VMH_LUA_STOP_NONE;
    L->is_suspended = false;
    L->error = vmh_lua_nil();
    L->error_code = 0;
    L->globals = vmh_lua_heap_alloc(&L->heap, (code->global_count + 1) * sizeof *L->globals);
    if (L->globals == NULL)
        return false;
    known = (uint32_t)library->global_count;
    if (known > code->global_count)
        known = code->global_count;
    memcpy(L->globals, library->globals, known * sizeof *L->globals);
    for (uint32_t i = known; i < code->global_count; i++)
        L->globals[i] = vmh_lua_nil();
    L->main = new_main(L);
    L->running = L->main;
    return L->main != NULL;
}

/* A closure of the main chunk; NULL where there is no memory. */
static vmh_lua_closure *make_main(vmh_lua_state *L)
{
    vmh_lua_closure *main = vmh_lua_heap_alloc(&L->heap, sizeof *main);

    if (main != NULL)
        main->proto = L->code->main;
    return main;
}

/* Runs what `act` began. */
static vmh_status run(vmh_lua_state *L, vmh_lua_act act, uint64_t gas_limit,
                      vmh_lua_outcome *outcome)
{
    if (act == VMH_LUA_ACT_RAISE && vmh_lua_unwind(L))
        act = VMH_LUA_ACT_RELOAD;
    if (act == VMH_LUA_ACT_RELOAD &&
        (vmh_lua_top_frame(L)->closure != NULL || vmh_lua_settle(L))) {
        if (L->watch != NULL || L->is_looking)
            vmh_lua_interpret_watched(L);
        else
            vmh_lua_interpret(L);
    }
    if (L->watch != NULL)
        vmh_lua_watch_end(L);
    if (L->stop != VMH_LUA_STOP_NONE)
        vmh_lua_note_trace(L);
    if (L->stop == VMH_LUA_STOP_FAILED)
        return L->status;
    *outcome = (vmh_lua_outcome){
        .is_good = L->stop == VMH_LUA_STOP_NONE && L->main->frame_count > 0 && !L->is_suspended,
        .is_suspended = L->is_suspended,
        .stop = L->stop,
        .error = L->error,
        .trace = &L->trace,
        .gas_used = L->stop == VMH_LUA_STOP_GAS ? gas_limit : gas_limit - (uint64_t)L->gas,
        .memory_counted = L->heap.counted,
    };
    if (outcome->is_good) {
        const vmh_lua_frame *last = &L->main->frames[0];

        outcome->results = L->main->stack + last->result_at;
        outcome->result_count = last->result_count;
    } else if (outcome->is_suspended) {
        const vmh_lua_frame *top = vmh_lua_top_frame(L);

        outcome->results = vmh_lua_slots(L, top) + top->call_at;
        outcome->result_count = top->call_count;
    }
    return VMH_OK;
}

/* Runs what lies at the bottom of the main stack with the `count` values behind it. */
static vmh_status run_bottom(vmh_lua_state *L, uint64_t gas_limit, uint32_t count,
                             vmh_lua_outcome *outcome)
{
    L->main->status = VMH_LUA_COROUTINE_RUNNING;
    if (L->watch != NULL)
        vmh_lua_watch_begin(L);
    return run(L, vmh_lua_begin_call(L, 0, count, VMH_LUA_OPEN, VMH_LUA_BACK_END, 0), gas_limit,
               outcome);
}

vmh_status vmh_lua_run(vmh_lua_state *L, const vmh_lua_code *code, uint64_t gas_limit,
                       uint64_t memory_limit, vmh_lua_outcome *outcome, vmh_failure *why)
{
    vmh_lua_closure *main = vmh_lua_state_reset(L, code, memory_limit) ? make_main(L) : NULL;

    if (main == NULL)
        return vmh_fail_memory(why);
    begin_leg(L, gas_limit, why);
    L->main->stack[0] = (vmh_lua_value){.tag = VMH_LUA_CLOSURE, .as = {.closure = main}};
    return run_bottom(L, (uint64_t)L->gas, 0, outcome);
}

vmh_status vmh_lua_call(vmh_lua_state *L, vmh_lua_value function, const vmh_lua_value *values,
                        uint32_t count, vmh_lua_outcome *outcome, vmh_failure *why)
{
    vmh_lua_frame bottom = {.base = 1};

    /* What ran before ended well, in the main coroutine. */
    L->why = why;
    L->running = L->main;
    L->main->frame_count = 0;
    L->main->cost = 0;
    L->depth = 0;
    if (!vmh_lua_reserve(L, &bottom, count))
        return vmh_fail_memory(why);
    L->main->stack[0] = function;
    for (uint32_t i = 0; i < count; i++)
        L->main->stack[1 + i] = values[i];
    return run_bottom(L, (uint64_t)L->gas, count, outcome);
}

/* The function that suspended it ends with the answer, or raises it. */
static vmh_lua_act give_answer(vmh_lua_state *L, const vmh_lua_answer *answer)
{
    const vmh_lua_frame *frame = vmh_lua_top_frame(L);

    if (answer->is_error) {
        L->error = answer->values[0];
        return VMH_LUA_ACT_RAISE;
    }
    if (!vmh_lua_reserve(L, frame, answer->count)) {
        vmh_lua_stopped(L);
        return VMH_LUA_ACT_STOP;
    }
    for (uint32_t i = 0; i < answer->count; i++)
        vmh_lua_slots(L, frame)[i] = answer->values[i];
    return vmh_lua_finish(L, frame->base, answer->count);
}

vmh_status vmh_lua_go_on(vmh_lua_state *L, const vmh_lua_answer *answer, uint64_t gas_limit,
                         vmh_lua_outcome *outcome, vmh_failure *why)
{
    assert(L->is_suspended && answer->count <= VMH_LUA_MAX_VALUES);
    begin_leg(L, gas_limit, why);
    if (L->watch != NULL)
        vmh_lua_watch_begin(L);
    if (L->heap.is_over || L->heap.has_failed) {
        vmh_lua_stopped(L);
        return run(L, VMH_LUA_ACT_STOP, gas_limit, outcome);
    }
    return run(L, give_answer(L, answer), (uint64_t)L->gas, outcome);
}

/* ---- what is spent ---- */

bool vmh_lua_run_out_of_gas(vmh_lua_state *L)
{
    L->gas = 0;
    L->stop = VMH_LUA_STOP_GAS;
    return false;
}

bool vmh_lua_charge_number_text(vmh_lua_state *L, vmh_lua_value value)
{
    if (value.tag == VMH_LUA_INTEGER)
        return vmh_lua_charge(L, VMH_LUA_GAS_INTEGER_TEXT);
    return value.tag != VMH_LUA_UINT256 || vmh_lua_charge(L, VMH_LUA_GAS_UINT256_TEXT);
}

vmh_lua_step vmh_lua_stopped(vmh_lua_state *L)
{
    if (L->stop != VMH_LUA_STOP_NONE)
        return VMH_LUA_STEP_STOP;
    if (L->heap.is_over) {
        L->stop = VMH_LUA_STOP_MEMORY;
    } else {
        L->stop = VMH_LUA_STOP_FAILED;
        L->status = vmh_fail_memory(L->why);
    }
    return VMH_LUA_STEP_STOP;
}

/* ---- results ---- */

vmh_lua_step vmh_lua_return_from(vmh_lua_frame *frame, uint32_t at, uint32_t count)
{
    frame->result_at = at;
    frame->result_count = count;
    return VMH_LUA_STEP_RETURN;
}

vmh_lua_step vmh_lua_return_none(vmh_lua_frame *frame)
{
    return vmh_lua_return_from(frame, 0, 0);
}

vmh_lua_step vmh_lua_return(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value value)
{
    vmh_lua_slots(L, frame)[0] = value;
    return vmh_lua_return_from(frame, 0, 1);
}

vmh_lua_step vmh_lua_return_bytes(vmh_lua_state *L, vmh_lua_frame *frame, vmh_bytes bytes)
{
    vmh_lua_string *made;

    if (!vmh_lua_charge_made(L, bytes.size))
        return VMH_LUA_STEP_STOP;
    made = vmh_lua_string_new(&L->heap, bytes);
    if (made == NULL)
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

vmh_lua_step vmh_lua_suspend(vmh_lua_frame *frame, uint32_t at, uint32_t count)
{
    frame->call_at = at;
    frame->call_count = count;
    return VMH_LUA_STEP_SUSPEND;
}

vmh_lua_step vmh_lua_call_at(vmh_lua_frame *frame, uint32_t at, uint32_t count, uint32_t phase)
{
    frame->call_at = at;
    frame->call_count = count;
    frame->phase = phase;
    return VMH_LUA_STEP_CALL;
}

/* ---- errors ---- */

vmh_lua_step vmh_lua_raise(vmh_lua_state *L, vmh_lua_value value)
{
    L->error = value;
    L->error_code = 0;
    return VMH_LUA_STEP_RAISE;
}

static vmh_lua_step raise_list(vmh_lua_state *L, const char *format, va_list list)
{
    char text[512];
    int size = vsnprintf(text, sizeof text, format, list);
    vmh_lua_string *made;

    if (size < 0)
        size = 0;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ERROR))
        return VMH_LUA_STEP_STOP;
    made = vmh_lua_string_new(
        &L->heap,
        vmh_bytes_of(text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1));
    if (made == NULL)
        return vmh_lua_stopped(L);
    return vmh_lua_raise(L, vmh_lua_of_string(made));
}

vmh_lua_step vmh_lua_raise_text(vmh_lua_state *L, const char *format, ...)
{
    va_list list;
    vmh_lua_step step;

    va_start(list, format);
    step = raise_list(L, format, list);
    va_end(list);
    return step;
}

vmh_lua_step vmh_lua_bad_argument(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                  const char *format, ...)
{
    char text[256];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return vmh_lua_raise_text(L, "bad argument #%u to '%s' (%s)", index + 1,
                              frame->native->native->name, text);
}

vmh_lua_step vmh_lua_wrong_type(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                const char *expected)
{
    const char *got = index < frame->argument_count
                          ? vmh_lua_type_name(vmh_lua_argument(L, frame, index))
                          : "no value";

    return vmh_lua_bad_argument(L, frame, index, "%s expected, got %s", expected, got);
}

/* ---- arguments ---- */

bool vmh_lua_check_integer(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                           int64_t *out, vmh_lua_step *step)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, index);

    if (value.tag == VMH_LUA_INTEGER) {
        *out = value.as.integer;
        return true;
    }
    *step = vmh_lua_wrong_type(L, frame, index, "number");
    return false;
}

bool vmh_lua_check_optional_integer(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                    int64_t if_absent, int64_t *out, vmh_lua_step *step)
{
    if (vmh_lua_is_nil(vmh_lua_argument(L, frame, index))) {
        *out = if_absent;
        return true;
    }
    return vmh_lua_check_integer(L, frame, index, out, step);
}

bool vmh_lua_check_string(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                          vmh_lua_string **out, vmh_lua_step *step)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, index);
    char text[80];
    size_t size;

    if (value.tag == VMH_LUA_STRING) {
        *out = value.as.string;
        return true;
    }
    size = vmh_lua_number_text(value, text);
    if (size == 0) {
        *step = vmh_lua_wrong_type(L, frame, index, "string");
        return false;
    }
    *out = vmh_lua_charge_number_text(L, value) && vmh_lua_charge_made(L, size)
               ? vmh_lua_string_new(&L->heap, vmh_bytes_of(text, size))
               : NULL;
    if (*out != NULL)
        return true;
    *step = vmh_lua_stopped(L);
    return false;
}

bool vmh_lua_check_table(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                         vmh_lua_table **out, vmh_lua_step *step)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, index);

    if (value.tag == VMH_LUA_TABLE) {
        *out = value.as.table;
        return true;
    }
    *step = vmh_lua_wrong_type(L, frame, index, "table");
    return false;
}

bool vmh_lua_check_any(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                       vmh_lua_step *step)
{
    if (index < frame->argument_count)
        return true;
    *step = vmh_lua_bad_argument(L, frame, index, "value expected");
    return false;
}

/* ---- values ---- */

vmh_lua_value vmh_lua_metamethod(vmh_lua_state *L, vmh_lua_value value, vmh_lua_event event)
{
    vmh_lua_table *metatable = NULL;

    if (value.tag == VMH_LUA_TABLE)
        metatable = value.as.table->metatable;
    else if (value.tag == VMH_LUA_STRING)
        metatable = L->library->string_metatable;
    else if (value.tag == VMH_LUA_HANDLE)
        return L->library->handle_methods[event];
    if (metatable == NULL)
        return vmh_lua_nil();
    return vmh_lua_table_get_string(metatable, L->library->event_names[event]);
}

static size_t integer_text(int64_t integer, char out[80])
{
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char digits[20];
    size_t at = sizeof digits;
    size_t sign = integer < 0;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    out[0] = '-';
    memcpy(out + sign, digits + at, sizeof digits - at);
    return sign + sizeof digits - at;
}

size_t vmh_lua_number_text(vmh_lua_value value, char out[80])
{
    if (value.tag == VMH_LUA_INTEGER)
        return integer_text(value.as.integer, out);
    if (value.tag != VMH_LUA_UINT256)
        return 0;
    vmh_word_to_decimal(value.as.word, out);
    return strlen(out);
}

vmh_lua_string *vmh_lua_plain_text(vmh_lua_state *L, vmh_lua_value value)
{
    char number[80];
    size_t size = vmh_lua_number_text(value, number);
    const char *text;

    if (value.tag == VMH_LUA_STRING)
        return value.as.string;
    if (size > 0)
        return vmh_lua_string_new(&L->heap, vmh_bytes_of(number, size));
    text = value.tag == VMH_LUA_TRUE    ? "true"
           : value.tag == VMH_LUA_FALSE ? "false"
                                        : vmh_lua_type_name(value);
    return vmh_lua_string_new(&L->heap, vmh_bytes_text(text));
}

bool vmh_lua_raw_set(vmh_lua_state *L, vmh_lua_table *table, vmh_lua_value key,
                     vmh_lua_value value)
{
    uint64_t before = vmh_lua_table_size(table), work = 0;

    if (!vmh_lua_charge(L, vmh_lua_access_cost(table, key)))
        return false;
    if (!vmh_lua_table_set(&L->heap, table, key, value, &work)) {
        vmh_lua_stopped(L);
        return false;
    }
    if (vmh_lua_table_size(table) > before && !vmh_lua_charge(L, VMH_LUA_GAS_NEW_KEY))
        return false;
    return vmh_lua_charge_slots(L, work);
}
