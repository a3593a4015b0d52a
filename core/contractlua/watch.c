/*
 * An execution is told step by step: before each instruction it is known where the
 * step before stood, and what gas is left, so that what it took can be laid to lines.
 */
#include "contractlua/watch.h"

#include <stdlib.h>

#include "contractlua/call.h"
#include "contractlua/look.h"

/* Where an instruction stands. */
typedef struct step {
    const vmh_lua_coroutine *coroutine;
    uint32_t frame_count;
    const vmh_lua_proto *proto; /* NULL: there was none yet */
    uint32_t instruction;
} step;

struct vmh_lua_watch {
    vmh_trace *trace;
    const vmh_lua_code *code; /* that the symbols are of */
    vmh_lua_symbols *symbols;
    step last;
    bool has_left; /* since then its frame was told to be left */
    int64_t gas;   /* that was left then */
    vmh_lua_look look;
};

static bool wants_source(const vmh_trace *trace)
{
    return trace != NULL && (trace->line != NULL || trace->enter != NULL ||
                             trace->leave != NULL || trace->charge != NULL);
}

vmh_status vmh_lua_watch_set(vmh_lua_state *L, vmh_trace *trace, vmh_bytes name,
                             vmh_failure *why)
{
    vmh_lua_watch_free(L->watch);
    L->watch = NULL;
    if (!wants_source(trace))
        return VMH_OK;
    L->watch = calloc(1, sizeof *L->watch);
    if (L->watch == NULL)
        return vmh_fail_memory(why);
    L->watch->trace = trace;
    vmh_lua_look_init(&L->watch->look, L, name);
    return VMH_OK;
}

void vmh_lua_watch_free(vmh_lua_watch *watch)
{
    if (watch == NULL)
        return;
    vmh_lua_look_clear(&watch->look);
    vmh_lua_symbols_free(watch->symbols);
    free(watch);
}

/* The host cannot go on. */
static bool fail(vmh_lua_state *L, vmh_status status)
{
    if (status == VMH_OK)
        return true;
    L->stop = VMH_LUA_STOP_FAILED;
    L->status = status;
    return false;
}

/* ---- symbols, of the code that runs ---- */

/* Forgets the statements of lines that nobody waits for. */
static vmh_status ask_for_lines(vmh_lua_watch *watch, vmh_failure *why)
{
    vmh_trace *trace = watch->trace;

    for (uint32_t i = 0; i < watch->symbols->proto_count; i++) {
        vmh_lua_proto_symbols *of = &watch->symbols->protos[i];

        for (uint32_t k = 0; k < of->line_count; k++) {
            bool is_wanted = true;
            vmh_status status = VMH_OK;

            if (of->begun_lines[k] != 0)
                status = trace->wants_line(trace, watch->look.name, of->begun_lines[k],
                                           &is_wanted, why);
            if (status != VMH_OK)
                return status;
            if (!is_wanted)
                of->begun_lines[k] = 0;
        }
    }
    return VMH_OK;
}

static vmh_status read_symbols(vmh_lua_state *L, vmh_lua_watch *watch)
{
    vmh_status status;

    vmh_lua_symbols_free(watch->symbols);
    watch->symbols = NULL;
    watch->code = L->code;
    status = vmh_lua_symbols_new(L->code, L->library->names, L->library->global_count,
                                 &watch->symbols, L->why);
    watch->look.symbols = watch->symbols;
    if (status == VMH_OK && watch->trace->line != NULL && watch->trace->wants_line != NULL)
        status = ask_for_lines(watch, L->why);
    return status;
}

void vmh_lua_watch_begin(vmh_lua_state *L)
{
    vmh_lua_watch *watch = L->watch;

    watch->last = (step){.proto = NULL};
    watch->has_left = false;
    watch->gas = L->gas;
}

/* ---- events ---- */

static bool tell(vmh_lua_state *L,
                 vmh_status (*function)(vmh_trace *trace, const vmh_trace_step *step,
                                        vmh_failure *why),
                 bool is_before, bool is_error)
{
    vmh_lua_look *look = &L->watch->look;
    vmh_trace_step told;

    if (function == NULL)
        return true;
    vmh_arena_reset(&look->arena);
    look->is_before = is_before;
    told = (vmh_trace_step){
        .place = vmh_lua_look_place(look, vmh_lua_top_frame(L), is_before),
        .depth = L->depth,
        .gas_left = (uint64_t)L->gas,
        .is_error = is_error,
        .sight = &look->port,
    };
    return fail(L, function(L->watch->trace, &told, L->why));
}

/* ---- gas ---- */

static bool tell_charge(vmh_lua_state *L, uint32_t line, uint64_t gas)
{
    vmh_trace *trace = L->watch->trace;

    return gas == 0 ||
           fail(L, trace->charge(trace, L->watch->look.name, line, gas, L->why));
}

static bool is_test(uint8_t op)
{
    return op >= VMH_LUA_DO_TEST && op <= VMH_LUA_DO_GE_NUMBER;
}

/* The place whose charge was taken between two instructions of a frame; UINT32_MAX: none. */
static uint32_t charged_between(const vmh_lua_proto *proto, uint32_t before, uint32_t now)
{
    uint8_t op = proto->code[before].op;
    bool goes_on = now == before + 1;

    if (is_test(op))
        return now == before + 2 ? before + 1 : before + 2;
    switch (op) {
    case VMH_LUA_DO_JUMP:
    case VMH_LUA_DO_CHARGE:
    case VMH_LUA_DO_CALL:
        return before + 1;
    case VMH_LUA_DO_FOR_BEGIN:
        return goes_on ? before + 1 : UINT32_MAX;
    case VMH_LUA_DO_FOR_TURN:
    case VMH_LUA_DO_FOR_IN_TURN:
        return goes_on ? UINT32_MAX : before + 1;
    default:
        return UINT32_MAX;
    }
}

static bool is_same_frame(const vmh_lua_watch *watch, const step *now)
{
    return watch->last.proto == now->proto && watch->last.coroutine == now->coroutine &&
           watch->last.frame_count == now->frame_count && !watch->has_left;
}

/* The place, in the function that runs now, whose charge was taken before this instruction. */
static uint32_t charged_place(const vmh_lua_watch *watch, const step *now, bool is_entered)
{
    if (is_entered)
        return 0;
    if (is_same_frame(watch, now))
        return charged_between(now->proto, watch->last.instruction, now->instruction);
    if (now->instruction > 0 && now->proto->code[now->instruction - 1].op == VMH_LUA_DO_CALL)
        return now->instruction;
    return UINT32_MAX;
}

/* Lays what was taken since the last step to lines; what no charge of the tree explains to its. */
static bool tell_gas(vmh_lua_state *L, const step *now, bool is_entered)
{
    vmh_lua_watch *watch = L->watch;
    const vmh_lua_proto *last = watch->last.proto;
    uint64_t spent = (uint64_t)(watch->gas - L->gas), told = 0;
    uint32_t place, count, line;
    const vmh_lua_share *shares;

    watch->gas = L->gas;
    if (spent == 0 || watch->trace->charge == NULL)
        return true;
    place = now == NULL ? UINT32_MAX : charged_place(watch, now, is_entered);
    if (place != UINT32_MAX) {
        shares = vmh_lua_find_shares(&watch->symbols->protos[now->proto->number], place, &count);
        for (uint32_t i = 0; i < count; i++)
            told += shares[i].gas;
        for (uint32_t i = 0; i < count && told <= spent; i++) {
            if (!tell_charge(L, shares[i].line, shares[i].gas))
                return false;
        }
        told = told <= spent ? told : 0;
    }
    line = last == NULL ? 1 : watch->symbols->protos[last->number].lines[watch->last.instruction];
    return tell_charge(L, line, spent - told);
}

/* ---- steps ---- */

bool vmh_lua_watch_step(vmh_lua_state *L)
{
    vmh_lua_watch *watch = L->watch;
    vmh_trace *trace = watch->trace;
    const vmh_lua_frame *frame = vmh_lua_top_frame(L);
    const vmh_lua_proto *proto = frame->closure->proto;
    step now = {L->running, L->running->frame_count, proto,
                (uint32_t)(frame->ip - proto->code)};
    bool is_entered;
    uint8_t op = frame->ip->op;

    if (watch->code != L->code && !fail(L, read_symbols(L, watch)))
        return false;
    is_entered = now.instruction == 0 && !is_same_frame(watch, &now);
    if (!tell_gas(L, &now, is_entered))
        return false;
    watch->last = now;
    watch->has_left = false;
    if (is_entered && !tell(L, trace->enter, true, false))
        return false;
    if (watch->symbols->protos[proto->number].begun_lines[now.instruction] != 0 &&
        !tell(L, trace->line, true, false))
        return false;
    if (op != VMH_LUA_DO_RETURN && op != VMH_LUA_DO_TAIL_CALL)
        return true;
    watch->has_left = true;
    return tell(L, trace->leave, true, false);
}

bool vmh_lua_watch_unwind(vmh_lua_state *L)
{
    vmh_lua_watch *watch = L->watch;
    bool is_last = watch->last.coroutine == L->running &&
                   watch->last.frame_count == L->running->frame_count;

    if (vmh_lua_top_frame(L)->closure == NULL || watch->symbols == NULL)
        return true;
    if (is_last && watch->has_left)
        return true;
    watch->has_left |= is_last;
    return tell(L, watch->trace->leave, false, true);
}

void vmh_lua_watch_end(vmh_lua_state *L)
{
    vmh_lua_watch *watch = L->watch;

    if (L->stop == VMH_LUA_STOP_FAILED)
        return;
    if (watch->code != L->code && !fail(L, read_symbols(L, watch)))
        return;
    tell_gas(L, NULL, false);
    vmh_arena_reset(&watch->look.arena);
}
