/*
 * Frames come and go here: calls, returns, metamethods, errors, coroutines. The
 * loop of the interpreter and the state machines of the library meet in
 * vmh_lua_settle, which runs functions of the library until a Lua frame is on top.
 */
#ifndef VMH_CONTRACTLUA_CALL_H
#define VMH_CONTRACTLUA_CALL_H

#include "contractlua/state.h"

/* What an instruction that leaves the loop's fast road came to. */
typedef enum vmh_lua_act {
    VMH_LUA_ACT_NEXT,   /* done: the next instruction */
    VMH_LUA_ACT_RELOAD, /* another frame is on top */
    VMH_LUA_ACT_RAISE,  /* L->error */
    VMH_LUA_ACT_STOP,
} vmh_lua_act;

static inline vmh_lua_frame *vmh_lua_top_frame(vmh_lua_state *L)
{
    return &L->running->frames[L->running->frame_count - 1];
}

/* Calls what lies in `slot` of the running stack with the arguments behind it. */
vmh_lua_act vmh_lua_begin_call(vmh_lua_state *L, uint32_t slot, uint32_t argument_count,
                               uint32_t wanted, vmh_lua_back back, uint32_t back_register);

/* The same in place of the running Lua frame, which is over. */
vmh_lua_act vmh_lua_begin_tail_call(vmh_lua_state *L, uint32_t slot, uint32_t argument_count);

/* The top frame ends with `count` results from `slot` on. */
vmh_lua_act vmh_lua_finish(vmh_lua_state *L, uint32_t slot, uint32_t count);

/*
 * Runs functions of the library, and raises what they raise, until a Lua frame is
 * on top. False: the execution is over.
 */
bool vmh_lua_settle(vmh_lua_state *L);

/* Takes L->error to the frame that catches it. False: nobody does, or it is over. */
bool vmh_lua_unwind(vmh_lua_state *L);

/* Notes where the Lua functions of the running coroutine stand. */
void vmh_lua_note_trace(vmh_lua_state *L);

/* Decides the test before `ip` of a Lua frame; false where its charge is not there. */
bool vmh_lua_decide(vmh_lua_state *L, vmh_lua_frame *frame, bool truth);

/* ---- what instructions do on the slow road; registers are of the top frame ---- */

vmh_lua_act vmh_lua_index(vmh_lua_state *L, vmh_lua_value object, vmh_lua_value key,
                          uint32_t into);
vmh_lua_act vmh_lua_store(vmh_lua_state *L, vmh_lua_value object, vmh_lua_value key,
                          vmh_lua_value value);
vmh_lua_act vmh_lua_arithmetic(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                               vmh_lua_value right, uint32_t into);
vmh_lua_act vmh_lua_unary(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value value,
                          uint32_t into);

/* EQ, LT or LE: NEXT with the truth in `*truth`, or a call whose truth decides the test. */
vmh_lua_act vmh_lua_compare(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                            vmh_lua_value right, bool *truth);

/* Goes on joining what concat_at and concat_count of the top frame name. */
vmh_lua_act vmh_lua_concat(vmh_lua_state *L);

/* The loop: runs until the execution is over. The second is for who is watched, or looks. */
void vmh_lua_interpret(vmh_lua_state *L);
void vmh_lua_interpret_watched(vmh_lua_state *L);

/* `next`, which a generic `for` knows. */
vmh_lua_step vmh_lua_next_native(vmh_lua_state *L, vmh_lua_frame *frame);

/* ---- errors with the names of what was wrong ---- */

vmh_lua_act vmh_lua_raise_operand(vmh_lua_state *L, const char *what, vmh_lua_value value,
                                  bool is_second);
vmh_lua_act vmh_lua_raise_plain(vmh_lua_state *L, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What 256-bit and integer arithmetic gives; in arithmetic.c. */
typedef enum vmh_lua_number {
    VMH_LUA_NUMBER_DONE,
    VMH_LUA_NUMBER_NOT,    /* an operand is no number */
    VMH_LUA_NUMBER_ERROR,  /* `*text` says why */
    VMH_LUA_NUMBER_STOP,
} vmh_lua_number;

vmh_lua_number vmh_lua_calculate(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                                 vmh_lua_value right, vmh_lua_value *out, const char **text);

/* Order of two numbers of either kind: -1, 0, 1. */
int vmh_lua_compare_numbers(vmh_lua_value left, vmh_lua_value right);

#endif
