/*
 * Contracts from hostile bytes: source through lexer, parser, compiler and a run
 * with small limits. An input begins with three bytes, of which the digits are
 *
 *     gas       1,000 for 0, the double for each step
 *     memory    4 KiB for 0, the double for each step
 *     failing   the number of an allocation that fails in one more run, times 7; 0: none
 *
 * and the rest is the source. What came of the first run has to come of the
 * others too: in the same state, in a fresh one, with exactly the gas and the
 * memory that it took; with less of either it has to stop for that, and what it
 * printed till then is how it began to print before.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "contractlua/details.h"
#include "contractlua/state.h"
#include "contractlua/room.h"

enum { PRINTED = 2048, SHOWN_RESULTS = 4 };

typedef struct limits {
    uint64_t gas, memory;
} limits;

/* All of a run that anyone may see. */
typedef struct seen {
    vmh_lua_stop stop;
    bool is_good;
    uint64_t gas_used, memory_counted, taken;
    uint32_t result_count;
    char texts[SHOWN_RESULTS][64];
    uint32_t trace_count, trace_left_out;
    uint32_t lines[VMH_LUA_TRACE_LENGTH];
    size_t printed_size; /* all of it, of which the begin is kept */
    uint8_t printed[PRINTED];
} seen;

/* Made once, before anything is counted; nobody writes to it. */
static vmh_lua_library *library;

static vmh_status print_to_seen(void *context, vmh_bytes text, vmh_failure *why)
{
    seen *out = context;
    size_t room = out->printed_size < PRINTED ? PRINTED - out->printed_size : 0;
    size_t kept = text.size < room ? text.size : room;

    (void)why;
    if (kept > 0)
        memcpy(out->printed + out->printed_size, text.data, kept);
    out->printed_size += text.size;
    return VMH_OK;
}

static void see_value(vmh_lua_state *L, vmh_lua_value value, char out[64])
{
    const vmh_lua_string *text;

    /* The text of a number would count, and there may be no more. */
    L->heap.limit = UINT64_MAX;
    text = vmh_lua_plain_text(L, value);
    snprintf(out, 64, "%s:%.40s", vmh_lua_type_name(value),
             text == NULL ? "" : (const char *)text->bytes);
}

static void see_outcome(vmh_lua_state *L, const vmh_lua_outcome *outcome, seen *out)
{
    out->stop = outcome->stop;
    out->is_good = outcome->is_good;
    out->gas_used = outcome->gas_used;
    out->memory_counted = outcome->memory_counted;
    out->taken = L->heap.taken;
    out->result_count = outcome->result_count;
    for (uint32_t i = 0; i < outcome->result_count && i < SHOWN_RESULTS; i++)
        see_value(L, outcome->results[i], out->texts[i]);
    if (outcome->is_good)
        return;
    if (outcome->stop == VMH_LUA_STOP_NONE)
        see_value(L, outcome->error, out->texts[0]);
    out->trace_count = outcome->trace->count;
    out->trace_left_out = outcome->trace->left_out;
    EXPECT(out->trace_count <= VMH_LUA_TRACE_LENGTH, "a trace that is too long");
    for (uint32_t i = 0; i < out->trace_count; i++)
        out->lines[i] = outcome->trace->entries[i].line;
}

/* Runs; the failures of the host aside, what comes of it is in `*out`. */
static vmh_status run(vmh_lua_state *L, const vmh_lua_code *code, limits of, seen *out)
{
    vmh_lua_outcome outcome;
    vmh_failure why;
    vmh_status status;

    memset(out, 0, sizeof *out);
    L->print = print_to_seen;
    L->print_context = out;
    status = vmh_lua_run(L, code, of.gas, of.memory, &outcome, &why);
    if (status == VMH_OK)
        see_outcome(L, &outcome, out);
    return status;
}

static void run_well(vmh_lua_state *L, const vmh_lua_code *code, limits of, seen *out)
{
    EXPECT(run(L, code, of, out) == VMH_OK, "the host failed");
    EXPECT(out->gas_used <= of.gas, "more gas than there was");
    EXPECT(out->stop != VMH_LUA_STOP_GAS || out->gas_used == of.gas, "out of gas with some left");
    EXPECT((out->stop == VMH_LUA_STOP_MEMORY) == (out->memory_counted > of.memory),
           "out of memory with some left, or not");
    EXPECT(out->stop == VMH_LUA_STOP_NONE || !out->is_good, "a good end that is a stop");
    EXPECT(out->taken <= 4 * out->memory_counted + 256 * 1024, "more memory than was counted");
}

/* Where both kept what was printed: the second began as the first. */
static bool begins_alike(const seen *whole, const seen *part)
{
    size_t size = part->printed_size < PRINTED ? part->printed_size : PRINTED;

    return part->printed_size <= whole->printed_size &&
           memcmp(whole->printed, part->printed, size) == 0;
}

/* ---- the same again ---- */

static void expect_same(seen *first, seen *again, const char *what)
{
    /* What the system gave is not seen by anyone. */
    again->taken = first->taken;
    EXPECT(memcmp(first, again, sizeof *first) == 0, what);
}

static void try_less(vmh_lua_state *L, const vmh_lua_code *code, seen *first)
{
    limits exact = {first->gas_used, first->memory_counted};
    limits less_gas = {first->gas_used - 1, first->memory_counted};
    limits less_memory = {first->gas_used, first->memory_counted - 1};
    seen again;

    run_well(L, code, exact, &again);
    expect_same(first, &again, "another end with exactly what it took");
    run_well(L, code, less_memory, &again);
    EXPECT(again.stop == VMH_LUA_STOP_MEMORY, "it needs less memory than it took");
    EXPECT(begins_alike(first, &again), "with less memory it begins to print otherwise");
    if (first->gas_used == 0)
        return;
    run_well(L, code, less_gas, &again);
    EXPECT(again.stop == VMH_LUA_STOP_GAS, "it needs less gas than it took");
    EXPECT(begins_alike(first, &again), "with less gas it begins to print otherwise");
}

static void try_failing(vmh_lua_state *L, const vmh_lua_code *code, limits of, seen *first,
                        uint64_t fail_at)
{
    vmh_lua_state *fresh;
    seen again;
    vmh_status status;

    harness_watch_memory(fail_at);
    fresh = vmh_lua_state_new(library);
    status = fresh == NULL ? VMH_E_NO_MEMORY : run(fresh, code, of, &again);
    harness_watch_memory(0);
    EXPECT(status == VMH_OK || status == VMH_E_NO_MEMORY, "another status");
    if (status == VMH_OK)
        expect_same(first, &again, "another end where memory failed");
    else if (fresh != NULL) {
        run_well(fresh, code, of, &again);
        expect_same(first, &again, "another end after a run that failed");
    }
    vmh_lua_state_free(fresh);
    run_well(L, code, of, &again);
    expect_same(first, &again, "another end in a state that ran others");
}

static void try_code(const vmh_lua_code *code, limits of, uint64_t fail_at)
{
    vmh_lua_state *L = vmh_lua_state_new(library);
    seen first, again;

    if (L == NULL)
        abort();
    run_well(L, code, of, &first);
    run_well(L, code, of, &again);
    expect_same(&first, &again, "another end in the same state");
    if (first.stop == VMH_LUA_STOP_NONE)
        try_less(L, code, &first);
    if (fail_at != 0)
        try_failing(L, code, of, &first, fail_at);
    vmh_lua_state_free(L);
}

/* ---- from bytes ---- */

/* Its text may be what an allocation fails for. */
static void expect_refusal(vmh_bytes source, const vmh_lua_refusal *refusal, bool may_fail,
                           vmh_arena *arena)
{
    uint32_t line = vmh_lua_place_line(refusal->place);
    uint32_t column = vmh_lua_place_column(refusal->place);
    vmh_bytes text;
    vmh_failure why;
    vmh_status status;

    EXPECT(refusal->text.size > 0, "a refusal without a text");
    EXPECT(line >= 1 && line <= source.size + 1 && column >= 1 && column <= source.size + 1,
           "a refusal out of the source");
    status = vmh_lua_refusal_format(VMH_LITERAL("fuzz"), source, refusal, arena, &text, &why);
    if (may_fail && status == VMH_E_NO_MEMORY)
        return;
    EXPECT(status == VMH_OK && text.size > refusal->text.size, "a refusal without a format");
}

static vmh_lua_code *compile(vmh_bytes source, bool may_fail, vmh_arena *arena,
                             vmh_status *status)
{
    vmh_lua_refusal refusal = {.text = {0}};
    vmh_lua_code *code = NULL;
    vmh_failure why;

    *status = vmh_lua_compile(VMH_LITERAL("fuzz"), source, library->names, library->global_count,
                              arena, &code, &refusal, &why);
    if (*status == VMH_OK && code == NULL)
        expect_refusal(source, &refusal, may_fail, arena);
    EXPECT(*status == VMH_OK || code == NULL, "code of a failure");
    return code;
}

/* The same source with an allocation that fails. */
static void fail_compile(vmh_bytes source, uint64_t fail_at)
{
    vmh_status status;
    vmh_arena arena;

    vmh_arena_init(&arena);
    harness_watch_memory(fail_at);
    vmh_lua_code_free(compile(source, true, &arena, &status));
    harness_watch_memory(0);
    EXPECT(status == VMH_OK || status == VMH_E_NO_MEMORY, "another status of a source");
    vmh_arena_clear(&arena);
}

/* The source is compiled again, which gives the same code. */
static void try_details(vmh_bytes source, uint64_t fail_at)
{
    const vmh_lua_details *details;
    vmh_lua_code *code;
    vmh_arena arena;
    vmh_failure why;
    vmh_status status;

    vmh_arena_init(&arena);
    code = compile(source, false, &arena, &status);
    EXPECT(code != NULL, "a source that compiled before");
    harness_watch_memory(fail_at);
    status = vmh_lua_details_of(code, library->names, library->global_count, &details, &why);
    harness_watch_memory(0);
    EXPECT(status == VMH_OK || (fail_at != 0 && status == VMH_E_NO_MEMORY),
           "another status of the details");
    EXPECT((details != NULL) == (status == VMH_OK), "details of a failure");
    EXPECT(status == VMH_OK || vmh_lua_details_of(code, library->names, library->global_count,
                                                  &details, &why) == VMH_OK,
           "no details after a failure");
    vmh_lua_code_free(code);
    vmh_arena_clear(&arena);
    vmh_lua_room_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    harness_input input = vmh_bytes_of(data, size);
    limits of = {
        .gas = (uint64_t)1000 << (harness_take_number(&input, 1) & 15) % 8,
        .memory = (uint64_t)4096 << (harness_take_number(&input, 1) & 15) % 12,
    };
    uint64_t fail_at = (uint8_t)(harness_take_number(&input, 1) - '0') * 7u;
    vmh_lua_code *code;
    vmh_status status;
    vmh_arena arena;
    vmh_failure why;

    if (library == NULL)
        EXPECT(vmh_lua_library_new(false, &library, &why) == VMH_OK, "no library");
    harness_watch_memory(0);
    vmh_arena_init(&arena);
    code = compile(input, false, &arena, &status);
    EXPECT(status == VMH_OK, "the host failed to compile");
    if (code != NULL) {
        try_code(code, of, fail_at);
        try_details(input, fail_at);
    }
    if (fail_at != 0)
        fail_compile(input, fail_at);
    vmh_lua_code_free(code);
    vmh_arena_clear(&arena);
    harness_expect_no_memory();
    return 0;
}
