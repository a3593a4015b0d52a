/*
 * Stopped executions of contract Lua from hostile bytes. An input is a source behind its length of
 * two bytes, and frozen bytes of it without their head, which is put in front here.
 *
 * What thawing takes is frozen to the same bytes again, by whatever compiler; going on is the same
 * for both compilers, stop for stop, in gas, memory and bytes; and memory stays in bounds.
 */
#include "contractlua/freeze.h"
#include "crypto/digest.h"
#include "harness.h"

enum { MEMORY = 1 << 20, GAS = 20000, STOPS = 4 };

/* Of stacks whose frames keep many values at once, which count little. */
static const size_t MOST_MEMORY = 256 << 20;

static vmh_lua_step await(vmh_lua_state *L, vmh_lua_frame *frame)
{
    (void)L;
    return vmh_lua_suspend(frame, 0, frame->argument_count);
}

static const vmh_lua_native natives[] = {{"await", await}, {NULL, NULL}};
static const vmh_lua_native_list awaits = {NULL, natives, NULL};

/* One of the two compilers, and what it runs. */
typedef struct side {
    vmh_lua_code *code;
    vmh_lua_state *L;
    vmh_buffer frozen;
    vmh_lua_outcome outcome;
} side;

static bool compile(side *of, const vmh_lua_library *library, vmh_bytes source, bool is_plain)
{
    vmh_lua_refusal refusal;
    vmh_arena arena;
    vmh_status status;

    vmh_arena_init(&arena);
    if (is_plain)
        status = vmh_lua_compile_plainly(VMH_LITERAL("fuzz"), source, library->names,
                                         library->global_count, &arena, &of->code, &refusal, NULL);
    else
        status = vmh_lua_compile(VMH_LITERAL("fuzz"), source, library->names,
                                 library->global_count, &arena, &of->code, &refusal, NULL);
    EXPECT(status == VMH_OK, "a source is compiled or refused");
    vmh_arena_clear(&arena);
    vmh_buffer_init(&of->frozen);
    of->L = vmh_lua_state_new(library);
    EXPECT(of->L != NULL, "no memory");
    return of->code != NULL;
}

static void clear(side *of)
{
    vmh_buffer_clear(&of->frozen);
    vmh_lua_state_free(of->L);
    vmh_lua_code_free(of->code);
}

static void freeze(side *of)
{
    vmh_buffer_reset(&of->frozen);
    EXPECT(vmh_lua_freeze(of->L, &of->frozen, NULL, NULL) == VMH_OK, "it cannot be frozen");
}

static void go_on(side *of, int turn)
{
    vmh_lua_value values[] = {vmh_lua_integer(turn), vmh_lua_boolean(true), vmh_lua_nil()};
    vmh_lua_answer answer = {.is_error = turn % 3 == 2, .values = values, .count = 3};

    EXPECT(vmh_lua_go_on(of->L, &answer, GAS, &of->outcome, NULL) == VMH_OK, "it cannot go on");
}

static void expect_same(side *sides)
{
    const vmh_lua_outcome *a = &sides[0].outcome, *b = &sides[1].outcome;

    EXPECT(a->is_good == b->is_good && a->is_suspended == b->is_suspended &&
               a->stop == b->stop && a->result_count == b->result_count,
           "two compilers, two ends");
    EXPECT(a->gas_used == b->gas_used, "two compilers use other gas");
    EXPECT(a->memory_counted == b->memory_counted, "two compilers count other memory");
}

static void run(side *sides)
{
    for (int turn = 0; turn < STOPS; turn++) {
        for (int i = 0; i < 2; i++)
            go_on(&sides[i], turn);
        expect_same(sides);
        if (!sides[0].outcome.is_suspended)
            return;
        for (int i = 0; i < 2; i++)
            freeze(&sides[i]);
        EXPECT(vmh_bytes_equal(vmh_buffer_bytes(&sides[0].frozen),
                               vmh_buffer_bytes(&sides[1].frozen)),
               "two compilers freeze other bytes");
    }
}

static void try_frozen(side *sides, vmh_bytes frozen)
{
    vmh_status status = VMH_OK;

    for (int i = 0; i < 2; i++) {
        vmh_status now = vmh_lua_thaw(sides[i].L, sides[i].code, frozen, MEMORY, NULL);

        EXPECT(now == VMH_OK || now == VMH_E_MALFORMED, "bytes are taken or malformed");
        EXPECT(i == 0 || now == status, "one compiler takes what the other refuses");
        status = now;
    }
    EXPECT(harness_memory_peak() <= MOST_MEMORY, "thawing takes too much memory");
    if (status != VMH_OK)
        return;
    for (int i = 0; i < 2 && !sides[i].L->heap.is_over; i++) {
        freeze(&sides[i]);
        EXPECT(vmh_bytes_equal(vmh_buffer_bytes(&sides[i].frozen), frozen),
               "what was thawed is frozen to other bytes");
    }
    run(sides);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t version = 1;
    harness_input input = vmh_bytes_of(data, size);
    vmh_lua_library *library = NULL;
    side sides[2] = {{.code = NULL}};
    vmh_buffer frozen;
    vmh_bytes source;
    vmh_hash32 hash;
    bool is_good = true;

    harness_watch_memory(0);
    EXPECT(vmh_lua_library_new_with(false, &awaits, &library, NULL) == VMH_OK, "no library");
    source = harness_take_part(&input);
    vmh_sha256(source, &hash);
    vmh_buffer_init(&frozen);
    vmh_buffer_append_u8(&frozen, version);
    vmh_buffer_append(&frozen, vmh_bytes_hash(&hash));
    vmh_buffer_append(&frozen, input);
    for (int i = 0; i < 2; i++)
        is_good = compile(&sides[i], library, source, i == 1) && is_good;
    if (is_good)
        try_frozen(sides, vmh_buffer_bytes(&frozen));
    for (int i = 0; i < 2; i++)
        clear(&sides[i]);
    vmh_buffer_clear(&frozen);
    vmh_lua_library_free(library);
    harness_expect_no_memory();
    return 0;
}
