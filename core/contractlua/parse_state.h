/*
 * What the parts of the parser share while they read one source: the lexer, the
 * list that is being collected, and the scopes around the present token.
 *
 * Functions that make something give NULL, the others false, once the lexer has
 * stopped; the caller passes that on and says nothing itself.
 */
#ifndef VMH_CONTRACTLUA_PARSE_STATE_H
#define VMH_CONTRACTLUA_PARSE_STATE_H

#include "contractlua/lexer.h"

typedef struct vmh_lua_block_scope vmh_lua_block_scope;
typedef struct vmh_lua_function_scope vmh_lua_function_scope;

typedef struct vmh_lua_parser {
    vmh_lua_lexer lexer;
    vmh_lua_tree *tree;
    uint32_t level; /* of nesting */

    /* A stack: lists that are not complete, an inner one above the outer ones. */
    void **items;
    size_t item_count;
    size_t item_capacity;

    /* For scope.c. */
    vmh_lua_function_scope *function;
    vmh_lua_name *resolved; /* last */
    struct vmh_lua_local **locals; /* in scope, of all open functions */
    size_t local_count;
    size_t local_capacity;
    struct vmh_lua_visible_label **labels; /* likewise */
    size_t label_count;
    size_t label_capacity;
    struct vmh_lua_open_goto **gotos; /* whose label was not met when they were read */
    size_t goto_count;
    size_t goto_capacity;
    struct vmh_lua_capture_link *free_links;
    uint32_t moment;        /* counts locals and gotos, in order of the source */
    uint32_t capture_count; /* of all functions */

    vmh_bytes *assigned_globals;
    size_t assigned_global_capacity;
} vmh_lua_parser;

/* Shorter names for what every part of the parser does. */

static inline vmh_lua_token_kind vmh_lua_parser_kind(const vmh_lua_parser *parser)
{
    return parser->lexer.token.kind;
}

static inline vmh_lua_place vmh_lua_parser_place(const vmh_lua_parser *parser)
{
    return parser->lexer.token.place;
}

static inline void vmh_lua_parser_next(vmh_lua_parser *parser)
{
    vmh_lua_lexer_next(&parser->lexer);
}

/* Takes a token of that kind where there is one. */
static inline bool vmh_lua_parser_accept(vmh_lua_parser *parser, vmh_lua_token_kind kind)
{
    if (vmh_lua_parser_kind(parser) != kind)
        return false;
    vmh_lua_parser_next(parser);
    return true;
}

/* Takes it, or refuses what is there instead. */
bool vmh_lua_parser_expect(vmh_lua_parser *parser, vmh_lua_token_kind kind);

/* As expect, of what closes `opener`, which stands at `place`. */
bool vmh_lua_parser_expect_close(vmh_lua_parser *parser, vmh_lua_token_kind kind,
                                 vmh_lua_token_kind opener, vmh_lua_place place);

/* Takes a name; NULL where there is none. */
vmh_lua_name *vmh_lua_parser_take_name(vmh_lua_parser *parser);

/* Refuses the present token: "unexpected 'x'", and a hint unless it is NULL. */
void vmh_lua_parser_refuse_token(vmh_lua_parser *parser, const char *hint);

void vmh_lua_parser_refuse_nesting(vmh_lua_parser *parser, const char *hint);

/* Begins one more level of nesting, which ends by a plain `level--`. A hint may be NULL. */
static inline bool vmh_lua_parser_enter(vmh_lua_parser *parser, const char *hint)
{
    if (parser->level++ < VMH_LUA_MAX_NESTING)
        return true;
    vmh_lua_parser_refuse_nesting(parser, hint);
    return false;
}

void *vmh_lua_parser_grow_items(vmh_lua_parser *parser, void *items, size_t *capacity,
                                size_t wanted, size_t item_size);

/* As vmh_arena_grow, of what goes with the parser; stops the lexer where memory is short. */
static inline void *vmh_lua_parser_grow(vmh_lua_parser *parser, void *items, size_t *capacity,
                                        size_t wanted, size_t item_size)
{
    return wanted <= *capacity ? items
                               : vmh_lua_parser_grow_items(parser, items, capacity, wanted,
                                                           item_size);
}

/* Puts an item on the list that is collected. */
static inline bool vmh_lua_parser_push(vmh_lua_parser *parser, void *item)
{
    void **items = vmh_lua_parser_grow(parser, parser->items, &parser->item_capacity,
                                       parser->item_count + 1, sizeof *items);

    if (items == NULL)
        return false;
    items[parser->item_count++] = item;
    parser->items = items;
    return true;
}

/* Moves the items above `mark`, which are expressions, from there into the tree. */
bool vmh_lua_parser_take_list(vmh_lua_parser *parser, size_t mark, vmh_lua_expression ***list,
                              uint32_t *count);

/* parse_expression.c */

vmh_lua_expression *vmh_lua_parse_expression(vmh_lua_parser *parser);

/* Expressions between commas, into a list; at least one. */
bool vmh_lua_parse_expressions(vmh_lua_parser *parser, vmh_lua_expression ***list,
                               uint32_t *count);

/*
 * A name or parentheses, and the indices and calls behind it. A local that
 * stands alone is not noted as read: it may be the target of an assignment.
 */
vmh_lua_expression *vmh_lua_parse_suffixed(vmh_lua_parser *parser);

/* `object.name`, at the name. */
vmh_lua_expression *vmh_lua_parse_field(vmh_lua_parser *parser, vmh_lua_expression *object,
                                        vmh_lua_place place);

/* Parameters and body, behind `function` and the name; a method has `self` at `*self_place`. */
vmh_lua_expression *vmh_lua_parse_function(vmh_lua_parser *parser, vmh_lua_place place,
                                           const vmh_lua_place *self_place);

/* Gives the functions among `values` the names of what they are assigned to. */
bool vmh_lua_parse_function_names(vmh_lua_parser *parser, const vmh_lua_statement *statement);

/* parser.c */

/* Statements up to what ends a block, which stays; in the block scope that was opened last. */
bool vmh_lua_parse_statements(vmh_lua_parser *parser, vmh_lua_block *block);

#endif
