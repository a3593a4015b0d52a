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

typedef struct vmh_lua_local {
    vmh_lua_variable variable;
    struct vmh_lua_local *hidden; /* of the same name, in scope around */
    const struct vmh_lua_capture_link *link; /* of the innermost function that captures it */
    uint32_t moment;       /* since when it is in scope */
} vmh_lua_local;

/* Says which capture of an open function a local is; goes with the function. */
typedef struct vmh_lua_capture_link {
    const struct vmh_lua_capture_link *outer; /* of the same local */
    struct vmh_lua_capture_link *next;  /* of the same function */
    vmh_lua_local *local;
    vmh_lua_function *function;
    uint32_t index;
    uint32_t parent_index;
} vmh_lua_capture_link;

/* Of a local that no function captures. */
extern const vmh_lua_capture_link vmh_lua_no_link;

typedef struct vmh_lua_parser {
    vmh_lua_lexer lexer;
    vmh_lua_tree *tree;
    vmh_bytes source;
    uint32_t level; /* of nesting */
    bool has_guessed; /* vmh_lua_guess_end was asked, which reads the source again: once is enough */

    /* A stack: lists that are not complete, an inner one above the outer ones. */
    void **items;
    size_t item_count;
    size_t item_capacity;

    /* For scope.c. */
    vmh_lua_function_scope *function;
    vmh_lua_local **locals; /* in scope, of all open functions */
    size_t local_count;
    size_t local_capacity;
    vmh_lua_local no_local; /* what stands for a local where there is none */
    struct vmh_lua_visible_label **labels; /* likewise */
    size_t label_count;
    size_t label_capacity;
    struct vmh_lua_open_goto **gotos; /* whose label was not met when they were read */
    size_t goto_count;
    size_t goto_capacity;
    struct vmh_lua_capture_link *free_links;
    uint32_t moment;        /* counts locals and gotos, in order of the source */
    uint32_t capture_count; /* of all functions */

    vmh_lua_name **assigned_globals;
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

/* Refuses the present token, where `kind` should close `opener`, which stands at `place`. */
void vmh_lua_parser_refuse_open(vmh_lua_parser *parser, vmh_lua_token_kind kind,
                                vmh_lua_token_kind opener, vmh_lua_place place);

/* As expect, of what closes `opener`, which stands at `place`. */
static inline bool vmh_lua_parser_expect_close(vmh_lua_parser *parser, vmh_lua_token_kind kind,
                                               vmh_lua_token_kind opener, vmh_lua_place place)
{
    if (vmh_lua_parser_accept(parser, kind))
        return true;
    vmh_lua_parser_refuse_open(parser, kind, opener, place);
    return false;
}

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

/* As vmh_arena_grow, but nothing is zeroed, of what goes with the parser; NULL: it has stopped. */
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

/* recover.c: reading on behind what was refused, where all refusals are wanted. */

/* What a statement may leave behind when it is given up. */
typedef struct vmh_lua_parse_mark {
    vmh_lua_reading reading; /* at its first token */
    vmh_lua_block_scope *block;
    uint32_t level;
    size_t item_count;
    size_t local_count;
    size_t label_count;
    size_t goto_count;
} vmh_lua_parse_mark;

vmh_lua_parse_mark vmh_lua_parser_mark(const vmh_lua_parser *parser);

/*
 * After a statement that failed: goes on to where the next one may begin, or to what ends the
 * block. False: the parser has stopped for good.
 */
bool vmh_lua_recover_statement(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark);

/* Whether a '}' stands right before the present token: a block of another language, it may be. */
bool vmh_lua_parser_is_behind_brace(const vmh_lua_parser *parser);

/*
 * After what stands before a block failed: goes on behind `kind`, which should be before the
 * block, or to the next line. False: no block follows, or it has stopped for good.
 */
bool vmh_lua_recover_header(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark,
                            vmh_lua_token_kind kind);

/* Passes the token that was refused. */
bool vmh_lua_recover_token(vmh_lua_parser *parser);

/* habits.c: what may have been meant. */

/* Whether names differ by one slip of the hand: a letter more, less or other, or two turned. */
bool vmh_lua_is_slip(vmh_bytes name, vmh_bytes meant);

/*
 * An expression stands where a statement should. Gives the keyword that its name may be meant
 * to be, else STOP.
 */
vmh_lua_token_kind vmh_lua_refuse_expression(vmh_lua_parser *parser,
                                             const vmh_lua_expression *expression);

/*
 * The present token is an operator that makes a float, `/` or `^`. Whether reading goes on, as if
 * it were another one.
 */
bool vmh_lua_refuse_float(vmh_lua_parser *parser);

/*
 * The present token is `&` or `|`, behind the operator at `first`: passes it where that is the same
 * one, written twice. False: the parser has stopped.
 */
bool vmh_lua_pass_doubled(vmh_lua_parser *parser, vmh_lua_place first);

/* The present token begins no expression. */
void vmh_lua_refuse_operand(vmh_lua_parser *parser);

/*
 * At the end of the source, or at an `end` too many: the block whose own `end` is
 * missing or too much, as its lines are indented. "" where nothing tells.
 */
typedef struct vmh_lua_guess {
    char text[120];
} vmh_lua_guess;

vmh_lua_guess vmh_lua_guess_end(vmh_lua_parser *parser, bool is_missing);

/* parser.c */

/* Statements up to what ends a block, which stays; in the block scope that was opened last. */
bool vmh_lua_parse_statements(vmh_lua_parser *parser, vmh_lua_block *block);

#endif
