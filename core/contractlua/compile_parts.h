/*
 * What the parts of the compiler of expressions share: compile_expression.c,
 * compile_operator.c and compile_target.c.
 */
#ifndef VMH_CONTRACTLUA_COMPILE_PARTS_H
#define VMH_CONTRACTLUA_COMPILE_PARTS_H

#include "contractlua/emitter.h"

/* The nodes of a left spine, the outermost first, among those of the compiler. */
typedef struct spine {
    size_t first, count;
} spine;

static inline spine begin_spine(const vmh_lua_emitter *to)
{
    return (spine){to->compiler->node_count, 0};
}

/* Room for more nodes. */
bool vmh_lua_grow_nodes(vmh_lua_compiler *compiler);

static inline bool push_node(vmh_lua_emitter *to, spine *of, const vmh_lua_expression *node)
{
    vmh_lua_compiler *compiler = to->compiler;

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
    to->line = (uint32_t)of->line;
}

/* ---- names of operands, for errors ---- */

static inline uint32_t name_of(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    switch (of->kind) {
    case VMH_LUA_EXPR_LOCAL:
        return vmh_lua_operand_number(to, VMH_LUA_OPERAND_LOCAL, of->as.variable->name);
    case VMH_LUA_EXPR_CAPTURE:
        return vmh_lua_operand_number(to, VMH_LUA_OPERAND_UPVALUE,
                                      to->function->captures[of->capture].variable->name);
    case VMH_LUA_EXPR_GLOBAL:
        return vmh_lua_operand_number(to, VMH_LUA_OPERAND_GLOBAL, of->as.string);
    case VMH_LUA_EXPR_STRING:
        return vmh_lua_operand_number(to, VMH_LUA_OPERAND_CONSTANT, of->as.string);
    case VMH_LUA_EXPR_INDEX:
        if (of->as.pair.right->kind == VMH_LUA_EXPR_STRING)
            return vmh_lua_operand_number(to, VMH_LUA_OPERAND_FIELD,
                                          of->as.pair.right->as.string);
        return 0;
    case VMH_LUA_EXPR_METHOD_CALL:
        return vmh_lua_operand_number(to, VMH_LUA_OPERAND_METHOD, of->as.call.method);
    default:
        return 0;
    }
}

/* What keys can stand in an instruction themselves. */
typedef enum key_kind { KEY_REGISTER, KEY_FIELD, KEY_ITEM } key_kind;

/* A key that is a constant: its number in the instruction. Constants pay nothing. */
static inline key_kind constant_key(vmh_lua_emitter *to, const vmh_lua_expression *key,
                                    uint32_t *number)
{
    if (to->compiler->is_plain)
        return KEY_REGISTER;
    if (key->kind == VMH_LUA_EXPR_INTEGER && key->as.integer >= 0 &&
        key->as.integer <= UINT16_MAX) {
        *number = (uint32_t)key->as.integer;
        return KEY_ITEM;
    }
    if (key->kind != VMH_LUA_EXPR_STRING)
        return KEY_REGISTER;
    *number = vmh_lua_string_constant(to, key->as.string);
    return *number <= UINT16_MAX ? KEY_FIELD : KEY_REGISTER;
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
