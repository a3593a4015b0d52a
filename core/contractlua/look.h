/*
 * What can be seen of an execution that stands still: its frames, their variables
 * by name, and the values of expressions. For watch.c.
 */
#ifndef VMH_CONTRACTLUA_LOOK_H
#define VMH_CONTRACTLUA_LOOK_H

#include "contractlua/symbols.h"
#include "contractlua/watch.h"

enum {
    VMH_LUA_LOOK_GAS = 1000000,         /* of an evaluation */
    VMH_LUA_LOOK_MEMORY = 1024 * 1024,  /* logical bytes */
};

typedef struct vmh_lua_look {
    vmh_trace_sight port; /* first */
    vmh_lua_state *L;
    vmh_bytes name;
    const vmh_lua_symbols *symbols;
    bool is_before;           /* the innermost frame is before its instruction, else behind */
    vmh_arena arena;          /* of what the event gave away */
    vmh_lua_state *evaluator; /* made when it is needed */
} vmh_lua_look;

/* `name`, what the contract is called, is borrowed. */
void vmh_lua_look_init(vmh_lua_look *look, vmh_lua_state *L, vmh_bytes name);
void vmh_lua_look_clear(vmh_lua_look *look);

/* The instruction at which a Lua frame stands. */
uint32_t vmh_lua_look_instruction(const vmh_lua_frame *frame, bool is_before);

/* Where it is in the source. */
vmh_trace_place vmh_lua_look_place(const vmh_lua_look *look, const vmh_lua_frame *frame,
                                   bool is_before);

#endif
