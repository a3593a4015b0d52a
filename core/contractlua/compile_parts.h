/*
 * What the parts of the compiler of expressions share: compile_expression.c,
 * compile_operator.c and compile_target.c.
 */
#ifndef VMH_CONTRACTLUA_COMPILE_PARTS_H
#define VMH_CONTRACTLUA_COMPILE_PARTS_H

#include "contractlua/emitter.h"

/*
 * What stands in each other a hundred deep, again and again, is compiled by few functions that are
 * large: a processor foresees where a call returns to for some thirty calls that stand in each
 * other, not for a hundred.
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* The nodes of a left spine, the outermost first, among those of the compiler. */
typedef struct spine {
    uint32_t first, count;
} spine;

static inline spine begin_spine(const vmh_lua_emitter *to)
{
    return (spine){to->compiler->node_count, 0};
}

/* Room for more nodes. */
bool vmh_lua_grow_nodes(vmh_lua_compiler *compiler);

/*
 * A long spine goes back through all of the tree, which is more than a cache holds: fetches what
 * lies before the node.
 */
static ALWAYS_INLINE void expect_before(const vmh_lua_expression *node)
{
    enum { LINE = 64, DISTANCE = 32 * LINE };
    uintptr_t before = (uintptr_t)node - DISTANCE;

    __builtin_prefetch((const void *)before);
    __builtin_prefetch((const void *)(before - LINE));
    __builtin_prefetch((const void *)(before - 2 * LINE));
}

static ALWAYS_INLINE bool push_node(vmh_lua_emitter *to, spine *of, const vmh_lua_expression *node)
{
    enum { LONG = 16 };
    vmh_lua_compiler *compiler = to->compiler;

    if (of->count > LONG)
        expect_before(node);
    if (compiler->node_count == compiler->node_capacity && !vmh_lua_grow_nodes(compiler))
        return false;
    compiler->nodes[compiler->node_count++] = node;
    of->count++;
    return true;
}

/* Takes the innermost node of the spine that is walked. */
static inline const vmh_lua_expression *pop_node(vmh_lua_emitter *to, spine *of)
{
    of->count--;
    to->compiler->node_count = of->first + of->count;
    return to->compiler->nodes[of->first + of->count];
}

static inline void at_line(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    to->line = vmh_lua_expression_line(of);
}

/* The number of the constant of a name of the tree. */
static inline uint32_t name_constant(vmh_lua_emitter *to, vmh_lua_name *name)
{
    vmh_lua_pass_name(to);
    return vmh_lua_string_constant(to, name);
}

/* A key that is a constant: its number in the instruction. Constants pay nothing. */
static inline vmh_lua_key constant_key(vmh_lua_emitter *to, const vmh_lua_expression *key,
                                    uint32_t *number)
{
    if (to->compiler->is_plain)
        return VMH_LUA_KEY_REGISTER;
    if (key->kind == VMH_LUA_EXPR_INTEGER && key->as.integer >= 0 &&
        key->as.integer <= UINT16_MAX) {
        *number = (uint32_t)key->as.integer;
        return VMH_LUA_KEY_ITEM;
    }
    if (key->kind != VMH_LUA_EXPR_STRING)
        return VMH_LUA_KEY_REGISTER;
    *number = name_constant(to, key->as.string);
    return *number <= UINT16_MAX ? VMH_LUA_KEY_FIELD : VMH_LUA_KEY_REGISTER;
}

static inline vmh_lua_instruction_name store_by(vmh_lua_key kind)
{
    return kind == VMH_LUA_KEY_FIELD  ? VMH_LUA_DO_SET_FIELD
           : kind == VMH_LUA_KEY_ITEM ? VMH_LUA_DO_SET_ITEM
                                      : VMH_LUA_DO_SET_INDEX;
}

/* ---- what needs no other value ---- */

static inline void load_integer(vmh_lua_emitter *to, int64_t integer, uint32_t into)
{
    if (integer >= INT32_MIN && integer <= INT32_MAX)
        vmh_lua_emit_wide(to, VMH_LUA_DO_LOAD_INTEGER, into, (uint32_t)(int32_t)integer);
    else
        vmh_lua_emit_wide(to, VMH_LUA_DO_LOAD_CONSTANT, into,
                          vmh_lua_integer_constant(to, integer));
}

static inline void load_global(vmh_lua_emitter *to, vmh_lua_name *name, uint32_t into)
{
    vmh_lua_pass_name(to);
    vmh_lua_pay(to, VMH_LUA_GAS_GLOBAL);
    if (name->global == 0)
        vmh_lua_emit_wide(to, VMH_LUA_DO_NO_GLOBAL, 0, vmh_lua_string_constant(to, name));
    else
        vmh_lua_emit_wide(to, VMH_LUA_DO_GET_GLOBAL, into, name->global - 1);
}

static inline void load_local(vmh_lua_emitter *to, const vmh_lua_variable *variable, uint32_t into)
{
    if (variable->is_captured) {
        vmh_lua_pay(to, VMH_LUA_GAS_OUTER);
        vmh_lua_emit(to, VMH_LUA_DO_GET_CELL, into, variable->slot, 0);
    } else if (variable->slot != into) {
        vmh_lua_emit(to, VMH_LUA_DO_MOVE, into, variable->slot, 0);
    }
}

static inline void load_capture(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    vmh_lua_pay(to, VMH_LUA_GAS_OUTER);
    vmh_lua_emit(to, VMH_LUA_DO_GET_CAPTURE, into, of->capture, 0);
}

/* ---- operators (compile_operator.c) ---- */

static inline bool is_comparison(vmh_lua_operator operator)
{
    return operator >= VMH_LUA_OP_EQ && operator <= VMH_LUA_OP_GE;
}

static inline bool is_logical(const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_AND || of->kind == VMH_LUA_EXPR_OR;
}

/* Of BINARY; `..` has its own. */
void vmh_lua_compile_binary(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into);
void vmh_lua_compile_concat(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into);

/* Of AND and OR. */
void vmh_lua_compile_logical(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into);

#endif
