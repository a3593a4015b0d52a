/*
 * Scopes of names while a source is read: which local a name means, what a
 * function captures, where a goto goes.
 *
 *     function scope    one for each open function, the innermost first
 *       block scope     one for each open block of it, the innermost first
 *
 * Both live on the C stack of the parser. A name knows its innermost local and
 * label, and each of those what it hides, so that a look-up is one step; leaving
 * a block puts back what was hidden.
 */
#ifndef VMH_CONTRACTLUA_SCOPE_H
#define VMH_CONTRACTLUA_SCOPE_H

#include "base/select.h"
#include "contractlua/parse_state.h"

struct vmh_lua_block_scope {
    vmh_lua_block_scope *outer; /* NULL: the body of the function */
    bool is_in_loop;
    size_t first_local;  /* of the parser's, as the next two */
    size_t first_label;
    size_t first_goto;
    size_t settled_labels; /* labels behind are met, but what follows them is not known yet */
};

struct vmh_lua_function_scope {
    vmh_lua_function_scope *outer;
    vmh_lua_function *function;
    vmh_lua_block_scope *block;
    size_t first_local;
    struct vmh_lua_capture_link *links; /* one for each capture, the last one first */
};

/* `function` is the new one, of which `parent`, `number` and `place` are set here. */
void vmh_lua_scope_open_function(vmh_lua_parser *parser, vmh_lua_function_scope *scope,
                                 vmh_lua_function *function, vmh_lua_place place);

/* Lists the captures. */
bool vmh_lua_scope_close_function(vmh_lua_parser *parser);

/* Leaves a function that was refused. */
void vmh_lua_scope_leave_function(vmh_lua_parser *parser);

void vmh_lua_scope_open_block(vmh_lua_parser *parser, vmh_lua_block_scope *scope, bool is_loop);

/* Writes what the block declared to `*block`. Refuses a goto that found no label. */
bool vmh_lua_scope_close_block(vmh_lua_parser *parser, vmh_lua_block *block);

/*
 * A new local, which is not in scope before it is activated. Locals of one
 * statement are declared, then activated in the same order.
 */
vmh_lua_local *vmh_lua_scope_declare(vmh_lua_parser *parser, vmh_lua_name *name,
                                     vmh_lua_place place);
bool vmh_lua_scope_activate(vmh_lua_parser *parser, vmh_lua_local *local);

vmh_lua_variable *vmh_lua_scope_variable(vmh_lua_local *local);

/* The newest `count` locals, for the tree. */
bool vmh_lua_scope_list_locals(vmh_lua_parser *parser, size_t count, vmh_lua_variable ***list);

/* Ends the scope of the newest `count` locals: those of a loop, or parameters. */
void vmh_lua_scope_end_locals(vmh_lua_parser *parser, size_t count);

/* Labels and gotos beyond so many are forgotten. */
void vmh_lua_scope_end_labels(vmh_lua_parser *parser, size_t count);
void vmh_lua_scope_end_gotos(vmh_lua_parser *parser, size_t count);

/*
 * For vmh_lua_scope_resolve: whether a global may be named so, or the captures that the present
 * function lacks of a local of one around it.
 */
bool vmh_lua_scope_admit(vmh_lua_parser *parser, vmh_lua_name *name, vmh_lua_place place);

/*
 * What a token means here: LOCAL, CAPTURE or GLOBAL of a NAME, else INTEGER or STRING. `is_read`: a
 * variable's value is used. Which of them it is a processor cannot foresee, so that nothing depends
 * on it but what is selected.
 */
static inline __attribute__((always_inline)) bool
vmh_lua_scope_resolve(vmh_lua_parser *parser, const vmh_lua_token *token, bool is_read,
                      vmh_lua_expression *expression)
{
    static const uint8_t kinds[3][3] = {
        {VMH_LUA_EXPR_GLOBAL, VMH_LUA_EXPR_CAPTURE, VMH_LUA_EXPR_LOCAL},
        {VMH_LUA_EXPR_INTEGER}, {VMH_LUA_EXPR_STRING}};
    static const vmh_lua_name no_name;
    const vmh_lua_function *function = parser->function->function;
    bool is_integer = token->kind == VMH_LUA_TOKEN_INTEGER;
    vmh_lua_name *name = vmh_select(token->kind == VMH_LUA_TOKEN_NAME, token->name, &no_name);
    bool is_local = name->local != NULL;
    vmh_lua_local *local = vmh_select(is_local, name->local, &parser->no_local);
    bool is_own = local->variable.function == function;
    bool is_missing = is_local & !is_own & (local->link->function != function);
    unsigned kind = kinds[token->kind - VMH_LUA_TOKEN_NAME][is_local + is_own];
    const void *meaning = vmh_select(is_local, &local->variable, token->name);

    if ((is_missing | (!is_local & name->is_left_out)) &&
        !vmh_lua_scope_admit(parser, name, token->place))
        return false;
    local->variable.is_read |= is_read;
    vmh_lua_trail_add(&parser->lexer.trail, token->name, is_local | is_integer);
    vmh_lua_begin_expression(expression, (vmh_lua_expression_kind)kind, token->place);
    expression->capture = (uint8_t)local->link->index; /* beyond the limit nobody asks */
    expression->as.integer = (int64_t)(intptr_t)vmh_select(
        is_integer, (void *)(intptr_t)token->integer, meaning);
    return true;
}

/* Notes that the value of a variable is used, where the expression is one. */
static inline void vmh_lua_scope_note_read(const vmh_lua_expression *expression)
{
    if (expression->kind == VMH_LUA_EXPR_LOCAL || expression->kind == VMH_LUA_EXPR_CAPTURE)
        expression->as.variable->is_read = true;
}

/* A label in the present block. */
vmh_lua_label *vmh_lua_scope_add_label(vmh_lua_parser *parser, vmh_lua_name *name,
                                       vmh_lua_place place);

/* Whether it was not said yet what follows the labels added last. */
static inline bool vmh_lua_scope_has_unsettled_labels(const vmh_lua_parser *parser)
{
    return parser->function->block->settled_labels != parser->label_count;
}

/*
 * Says what follows the labels added last: the end of the block, or something
 * else. Only now the gotos to them that stand before are led there.
 */
bool vmh_lua_scope_settle_labels(vmh_lua_parser *parser, bool at_block_end);

/* Leads a goto to its label, now or when the label comes. */
bool vmh_lua_scope_add_goto(vmh_lua_parser *parser, vmh_lua_name *name, vmh_lua_place place,
                            vmh_lua_statement *statement);

#endif
