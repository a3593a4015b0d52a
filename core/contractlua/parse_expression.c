#include "contractlua/literal.h"
#include "contractlua/scope.h"

/* As in compile_parts.h: few calls stand in each other. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* How a binary operator binds: to its left and its right; 0: the token is none. */
typedef struct binary_rule {
    uint8_t left, right;
    vmh_lua_expression_kind kind;
    vmh_lua_operator operator;
    bool makes_float;
} binary_rule;

enum { CONCAT_RIGHT = 8, UNARY_BINDING = 12, CARET_RIGHT = 13 };

#define BINARY(left, right, name) {left, right, VMH_LUA_EXPR_BINARY, VMH_LUA_OP_##name, false}

static const binary_rule binary_rules[VMH_LUA_TOKEN_COUNT] = {
    [VMH_LUA_TOKEN_OR] = {1, 1, VMH_LUA_EXPR_OR, 0, false},
    [VMH_LUA_TOKEN_AND] = {2, 2, VMH_LUA_EXPR_AND, 0, false},
    [VMH_LUA_TOKEN_LESS] = BINARY(3, 3, LT),
    [VMH_LUA_TOKEN_GREATER] = BINARY(3, 3, GT),
    [VMH_LUA_TOKEN_LESS_EQUAL] = BINARY(3, 3, LE),
    [VMH_LUA_TOKEN_GREATER_EQUAL] = BINARY(3, 3, GE),
    [VMH_LUA_TOKEN_NOT_EQUAL] = BINARY(3, 3, NE),
    [VMH_LUA_TOKEN_EQUAL] = BINARY(3, 3, EQ),
    [VMH_LUA_TOKEN_BAR] = BINARY(4, 4, BOR),
    [VMH_LUA_TOKEN_TILDE] = BINARY(5, 5, BXOR),
    [VMH_LUA_TOKEN_AMPERSAND] = BINARY(6, 6, BAND),
    [VMH_LUA_TOKEN_SHIFT_LEFT] = BINARY(7, 7, SHL),
    [VMH_LUA_TOKEN_SHIFT_RIGHT] = BINARY(7, 7, SHR),
    [VMH_LUA_TOKEN_CONCAT] = BINARY(9, CONCAT_RIGHT, CONCAT),
    [VMH_LUA_TOKEN_PLUS] = BINARY(10, 10, ADD),
    [VMH_LUA_TOKEN_MINUS] = BINARY(10, 10, SUB),
    [VMH_LUA_TOKEN_STAR] = BINARY(11, 11, MUL),
    [VMH_LUA_TOKEN_SLASHES] = BINARY(11, 11, IDIV),
    [VMH_LUA_TOKEN_PERCENT] = BINARY(11, 11, MOD),
    /* These two only to be refused; a check reads on as if they were others. */
    [VMH_LUA_TOKEN_SLASH] = {11, 11, VMH_LUA_EXPR_BINARY, VMH_LUA_OP_IDIV, true},
    [VMH_LUA_TOKEN_CARET] = {14, CARET_RIGHT, VMH_LUA_EXPR_BINARY, VMH_LUA_OP_MUL, true},
};

static vmh_lua_expression *parse_subexpression(vmh_lua_parser *parser, int limit);

static inline vmh_lua_expression *new_expression(vmh_lua_parser *parser,
                                                 vmh_lua_expression_kind kind, vmh_lua_place place)
{
    vmh_lua_expression *expression = vmh_lua_lexer_alloc(&parser->lexer,
                                                         vmh_lua_expression_size(kind));

    if (expression == NULL)
        return NULL;
    vmh_lua_begin_expression(expression, kind, place);
    return expression;
}

static inline vmh_lua_expression *new_pair(vmh_lua_parser *parser, vmh_lua_expression_kind kind,
                                           vmh_lua_place place, vmh_lua_expression *left,
                                           vmh_lua_expression *right)
{
    vmh_lua_expression *expression = new_expression(parser, kind, place);

    if (expression != NULL) {
        expression->as.pair.left = left;
        expression->as.pair.right = right;
    }
    return expression;
}

static inline vmh_lua_expression *new_string(vmh_lua_parser *parser, vmh_lua_name *name,
                                             vmh_lua_place place)
{
    vmh_lua_expression *expression = new_expression(parser, VMH_LUA_EXPR_STRING, place);

    vmh_lua_trail_add(&parser->lexer.trail, name, false);
    if (expression != NULL)
        expression->as.string = name;
    return expression;
}

/* UNARY or PARENTHESES. */
static inline vmh_lua_expression *new_single(vmh_lua_parser *parser, vmh_lua_expression_kind kind,
                                             vmh_lua_place place, vmh_lua_expression *operand)
{
    vmh_lua_expression *expression = new_expression(parser, kind, place);

    if (expression != NULL)
        expression->as.pair.left = operand;
    return expression;
}

/* Lists. */

static ALWAYS_INLINE bool collect_expressions(vmh_lua_parser *parser)
{
    do {
        vmh_lua_expression *expression = parse_subexpression(parser, 0);

        if (expression == NULL || !vmh_lua_parser_push(parser, expression))
            return false;
    } while (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA));
    return true;
}

bool vmh_lua_parse_expressions(vmh_lua_parser *parser, vmh_lua_expression ***list,
                               uint32_t *count)
{
    size_t mark = parser->item_count;

    return collect_expressions(parser) && vmh_lua_parser_take_list(parser, mark, list, count);
}

/* Names of functions. */

static void name_function(vmh_lua_expression *expression, vmh_bytes name)
{
    if (expression->kind == VMH_LUA_EXPR_FUNCTION && expression->as.function->name.size == 0)
        expression->as.function->name = name;
}

static bool is_name(const vmh_lua_expression *expression)
{
    vmh_bytes string;

    if (expression->kind != VMH_LUA_EXPR_STRING)
        return false;
    string = expression->as.string->bytes;
    if (string.size == 0 || vmh_lua_is_digit(string.data[0]))
        return false;
    for (size_t i = 0; i < string.size; i++) {
        if (!vmh_lua_is_letter(string.data[i]) && !vmh_lua_is_digit(string.data[i]))
            return false;
    }
    return true;
}

static vmh_bytes name_of_root(const vmh_lua_expression *expression)
{
    switch (expression->kind) {
    case VMH_LUA_EXPR_LOCAL:
    case VMH_LUA_EXPR_CAPTURE:
        return expression->as.variable->name->bytes;
    case VMH_LUA_EXPR_GLOBAL:
        return expression->as.string->bytes;
    default:
        return (vmh_bytes){0};
    }
}

/* "a.b.c" of a chain of indices by name; nothing for any other target. */
static bool name_of_target(vmh_lua_parser *parser, const vmh_lua_expression *target,
                           vmh_bytes *name)
{
    const vmh_lua_expression *part = target;
    size_t size = 0;
    uint8_t *text;

    for (; part->kind == VMH_LUA_EXPR_INDEX && is_name(part->as.pair.right);
         part = part->as.pair.left)
        size += part->as.pair.right->as.string->bytes.size + 1;
    *name = name_of_root(part);
    if (name->size == 0 || part == target)
        return true;
    size += name->size;
    text = vmh_lua_lexer_alloc(&parser->lexer, size);
    if (text == NULL)
        return false;
    memcpy(text, name->data, name->size);
    *name = vmh_bytes_of(text, size);
    for (part = target; part->kind == VMH_LUA_EXPR_INDEX; part = part->as.pair.left) {
        vmh_bytes field = part->as.pair.right->as.string->bytes;

        size -= field.size;
        memcpy(text + size, field.data, field.size);
        text[--size] = '.';
    }
    return true;
}

bool vmh_lua_parse_function_names(vmh_lua_parser *parser, const vmh_lua_statement *statement)
{
    for (uint32_t i = 0; i < statement->value_count; i++) {
        vmh_bytes name = {0};

        if (statement->values[i]->kind != VMH_LUA_EXPR_FUNCTION)
            continue;
        if (i < statement->variable_count)
            name = statement->variables[i]->name->bytes;
        else if (i < statement->target_count &&
                 !name_of_target(parser, statement->targets[i], &name))
            return false;
        name_function(statement->values[i], name);
    }
    return true;
}

/* Functions. */

static bool add_parameter(vmh_lua_parser *parser, vmh_lua_name *name, vmh_lua_place place)
{
    vmh_lua_local *local = vmh_lua_scope_declare(parser, name, place);

    return local != NULL && vmh_lua_scope_activate(parser, local);
}

static bool add_self(vmh_lua_parser *parser, vmh_lua_place place)
{
    vmh_lua_name *name = vmh_lua_names_intern(&parser->lexer.names, VMH_LITERAL("self"));

    if (name == NULL)
        vmh_lua_lexer_fail(&parser->lexer);
    return name != NULL && add_parameter(parser, name, place);
}

static bool parse_parameters(vmh_lua_parser *parser, vmh_lua_function *function)
{
    vmh_lua_place open = vmh_lua_parser_place(parser);

    if (!vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_OPEN))
        return false;
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_CLOSE) {
        vmh_lua_parser_next(parser);
        return true;
    }
    do {
        vmh_lua_place place = vmh_lua_parser_place(parser);
        vmh_lua_name *name;

        if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_DOTS)) {
            function->is_variadic = true;
            break;
        }
        name = vmh_lua_parser_take_name(parser);
        if (name == NULL || !add_parameter(parser, name, place))
            return false;
    } while (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA));
    return vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_CLOSE, VMH_LUA_TOKEN_OPEN, open);
}

/* Behind `function` and a name, in the scope of the new function. */
static bool parse_function_parts(vmh_lua_parser *parser, vmh_lua_function *function,
                                 const vmh_lua_place *self_place)
{
    vmh_lua_block_scope body;
    vmh_lua_parse_mark mark;

    if (self_place != NULL && !add_self(parser, *self_place))
        return false;
    mark = vmh_lua_parser_mark(parser);
    if (!parse_parameters(parser, function) &&
        !vmh_lua_recover_header(parser, &mark, VMH_LUA_TOKEN_CLOSE))
        return false;
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_OPEN_BRACE) {
        vmh_lua_parser_refuse_token(parser, "a body ends with 'end', it has no braces");
        vmh_lua_recover_header(parser, &mark, VMH_LUA_TOKEN_END);
        return false;
    }
    function->parameter_count =
        (uint32_t)(parser->local_count - parser->function->first_local);
    if (!vmh_lua_scope_list_locals(parser, function->parameter_count, &function->parameters))
        return false;
    vmh_lua_scope_open_block(parser, &body, false);
    if (!vmh_lua_parse_statements(parser, &function->body) ||
        !vmh_lua_scope_close_block(parser, &function->body))
        return false;
    vmh_lua_scope_end_locals(parser, function->parameter_count);
    function->end = vmh_lua_parser_place(parser);
    return vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_END, VMH_LUA_TOKEN_FUNCTION,
                                       function->place);
}

vmh_lua_expression *vmh_lua_parse_function(vmh_lua_parser *parser, vmh_lua_place place,
                                           const vmh_lua_place *self_place)
{
    vmh_lua_expression *expression = new_expression(parser, VMH_LUA_EXPR_FUNCTION, place);
    vmh_lua_function *function = vmh_lua_lexer_alloc(&parser->lexer, sizeof *function);
    vmh_lua_function_scope scope;

    if (expression == NULL || function == NULL)
        return NULL;
    expression->as.function = function;
    vmh_lua_scope_open_function(parser, &scope, function, place);
    if (!parse_function_parts(parser, function, self_place)) {
        vmh_lua_scope_leave_function(parser);
        return NULL;
    }
    return vmh_lua_scope_close_function(parser) ? expression : NULL;
}

/* Tables. */

static vmh_lua_expression *take_name_as_string(vmh_lua_parser *parser)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_name *name = vmh_lua_parser_take_name(parser);

    return name == NULL ? NULL : new_string(parser, name, place);
}

/* `[key]`, of an item or an index. */
static vmh_lua_expression *parse_key(vmh_lua_parser *parser)
{
    vmh_lua_place open = vmh_lua_parser_place(parser);
    vmh_lua_expression *key;

    vmh_lua_parser_next(parser);
    key = parse_subexpression(parser, 0);
    if (key == NULL || !vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_CLOSE_BRACKET,
                                                    VMH_LUA_TOKEN_OPEN_BRACKET, open))
        return NULL;
    return key;
}

/* Pushes key, or NULL, and value. */
static ALWAYS_INLINE bool parse_item(vmh_lua_parser *parser)
{
    vmh_lua_token_kind kind = vmh_lua_parser_kind(parser);
    bool is_named = kind == VMH_LUA_TOKEN_NAME &&
                    vmh_lua_lexer_peek(&parser->lexer) == VMH_LUA_TOKEN_ASSIGN;
    vmh_lua_expression *key = NULL;
    vmh_lua_expression *value;

    if (is_named || kind == VMH_LUA_TOKEN_OPEN_BRACKET) {
        key = is_named ? take_name_as_string(parser) : parse_key(parser);
        if (key == NULL || !vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_ASSIGN))
            return false;
    }
    value = parse_subexpression(parser, 0);
    if (value == NULL)
        return false;
    if (is_named)
        name_function(value, key->as.string->bytes);
    return vmh_lua_parser_push(parser, key) && vmh_lua_parser_push(parser, value);
}

static ALWAYS_INLINE bool take_items(vmh_lua_parser *parser, size_t mark, vmh_lua_expression *table)
{
    size_t count = (parser->item_count - mark) / 2;
    vmh_lua_item *items = vmh_lua_lexer_alloc(&parser->lexer, count * sizeof *items);

    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        items[i].key = parser->items[mark + 2 * i];
        items[i].value = parser->items[mark + 2 * i + 1];
    }
    parser->item_count = mark;
    table->as.table.items = items;
    table->as.table.item_count = (uint32_t)count;
    return true;
}

static ALWAYS_INLINE vmh_lua_expression *parse_table(vmh_lua_parser *parser)
{
    vmh_lua_place open = vmh_lua_parser_place(parser);
    vmh_lua_expression *table = new_expression(parser, VMH_LUA_EXPR_TABLE, open);
    size_t mark = parser->item_count;

    if (table == NULL)
        return NULL;
    vmh_lua_parser_next(parser);
    while (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_CLOSE_BRACE) {
        if (!parse_item(parser))
            return NULL;
        if (!vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA) &&
            !vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_SEMICOLON))
            break;
    }
    if (!vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_CLOSE_BRACE, VMH_LUA_TOKEN_OPEN_BRACE,
                                     open))
        return NULL;
    return take_items(parser, mark, table) ? table : NULL;
}

/* Indices and calls. */

vmh_lua_expression *vmh_lua_parse_field(vmh_lua_parser *parser, vmh_lua_expression *object,
                                        vmh_lua_place place)
{
    vmh_lua_expression *key = take_name_as_string(parser);

    return key == NULL ? NULL : new_pair(parser, VMH_LUA_EXPR_INDEX, place, object, key);
}

static bool is_argument(vmh_lua_token_kind kind)
{
    return kind == VMH_LUA_TOKEN_OPEN || kind == VMH_LUA_TOKEN_STRING ||
           kind == VMH_LUA_TOKEN_OPEN_BRACE;
}

/* A string or a table behind a function, without parentheses. */
static ALWAYS_INLINE bool collect_single_argument(vmh_lua_parser *parser)
{
    vmh_lua_expression *argument;

    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_OPEN_BRACE) {
        argument = parse_table(parser);
    } else {
        argument = new_string(parser, parser->lexer.token.name, vmh_lua_parser_place(parser));
        vmh_lua_parser_next(parser);
    }
    return argument != NULL && vmh_lua_parser_push(parser, argument);
}

static ALWAYS_INLINE bool collect_arguments(vmh_lua_parser *parser)
{
    vmh_lua_place open = vmh_lua_parser_place(parser);

    if (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_OPEN)
        return collect_single_argument(parser);
    vmh_lua_parser_next(parser);
    if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_CLOSE))
        return true;
    return collect_expressions(parser) &&
           vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_CLOSE, VMH_LUA_TOKEN_OPEN, open);
}

static ALWAYS_INLINE vmh_lua_expression *
parse_call(vmh_lua_parser *parser, vmh_lua_expression *function, vmh_lua_name *method)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    size_t mark = parser->item_count, count;
    vmh_lua_expression_kind kind;
    vmh_lua_expression *call, **arguments;

    if (!is_argument(vmh_lua_parser_kind(parser))) {
        vmh_lua_parser_refuse_token(parser, "a method can only be called: write '.' for a field");
        return NULL;
    }
    if (!collect_arguments(parser))
        return NULL;
    count = parser->item_count - mark;
    kind = method == NULL ? VMH_LUA_EXPR_CALL : VMH_LUA_EXPR_METHOD_CALL;
    call = vmh_lua_lexer_alloc(&parser->lexer,
                               vmh_lua_expression_size(kind) + count * sizeof *arguments);
    if (call == NULL)
        return NULL;
    vmh_lua_begin_expression(call, kind, place);
    call->as.call.function = function;
    call->as.call.argument_count = (uint32_t)count;
    if (method != NULL)
        call->as.call.method = method;
    arguments = vmh_lua_arguments(call);
    for (size_t i = 0; i < count; i++)
        arguments[i] = parser->items[mark + i];
    parser->item_count = mark;
    return call;
}

/* One index or call behind `left`; the present token begins it. */
static ALWAYS_INLINE vmh_lua_expression *parse_suffix(vmh_lua_parser *parser,
                                                      vmh_lua_expression *left)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_expression *key;
    vmh_lua_name *method = NULL;

    switch (vmh_lua_parser_kind(parser)) {
    case VMH_LUA_TOKEN_DOT:
        vmh_lua_parser_next(parser);
        return vmh_lua_parse_field(parser, left, place);
    case VMH_LUA_TOKEN_OPEN_BRACKET:
        key = parse_key(parser);
        return key == NULL ? NULL : new_pair(parser, VMH_LUA_EXPR_INDEX, place, left, key);
    case VMH_LUA_TOKEN_COLON:
        vmh_lua_parser_next(parser);
        method = vmh_lua_parser_take_name(parser);
        if (method == NULL)
            return NULL;
        vmh_lua_trail_add(&parser->lexer.trail, method, false);
        break;
    default:
        break;
    }
    return parse_call(parser, left, method);
}

static inline bool is_suffix(vmh_lua_token_kind kind)
{
    static const bool suffixes[VMH_LUA_TOKEN_COUNT] = {
        [VMH_LUA_TOKEN_DOT] = true,  [VMH_LUA_TOKEN_OPEN_BRACKET] = true,
        [VMH_LUA_TOKEN_COLON] = true, [VMH_LUA_TOKEN_OPEN] = true,
        [VMH_LUA_TOKEN_STRING] = true, [VMH_LUA_TOKEN_OPEN_BRACE] = true};

    return suffixes[kind];
}

static ALWAYS_INLINE vmh_lua_expression *parse_parentheses(vmh_lua_parser *parser)
{
    vmh_lua_place open = vmh_lua_parser_place(parser);
    vmh_lua_expression *inner;

    vmh_lua_parser_next(parser);
    inner = parse_subexpression(parser, 0);
    if (inner == NULL || !vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_CLOSE,
                                                      VMH_LUA_TOKEN_OPEN, open))
        return NULL;
    return new_single(parser, VMH_LUA_EXPR_PARENTHESES, open, inner);
}

/* What is one token and has a value. */
static bool is_simple(vmh_lua_token_kind kind)
{
    return kind == VMH_LUA_TOKEN_NAME || kind == VMH_LUA_TOKEN_INTEGER ||
           kind == VMH_LUA_TOKEN_STRING;
}

static ALWAYS_INLINE vmh_lua_expression *parse_simple(vmh_lua_parser *parser, bool is_read)
{
    vmh_lua_expression *expression = vmh_lua_lexer_alloc(
        &parser->lexer, vmh_lua_expression_size(VMH_LUA_EXPR_LOCAL));

    if (expression == NULL ||
        !vmh_lua_scope_resolve(parser, &parser->lexer.token, is_read, expression))
        return NULL;
    vmh_lua_parser_next(parser);
    return expression;
}

/* The indices and calls behind what was read. */
static ALWAYS_INLINE vmh_lua_expression *parse_suffixes(vmh_lua_parser *parser,
                                                        vmh_lua_expression *expression)
{
    while (expression != NULL && is_suffix(vmh_lua_parser_kind(parser))) {
        vmh_lua_scope_note_read(expression);
        expression = parse_suffix(parser, expression);
    }
    return expression;
}

static ALWAYS_INLINE vmh_lua_expression *parse_suffixed(vmh_lua_parser *parser)
{
    vmh_lua_expression *expression = NULL;

    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_NAME)
        expression = parse_simple(parser, false);
    else if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_OPEN)
        expression = parse_parentheses(parser);
    else
        vmh_lua_parser_refuse_token(parser, NULL);
    return parse_suffixes(parser, expression);
}

vmh_lua_expression *vmh_lua_parse_suffixed(vmh_lua_parser *parser)
{
    return parse_suffixed(parser);
}

/* Operands and operators. */

static vmh_lua_expression *parse_constant(vmh_lua_parser *parser, vmh_lua_expression_kind kind)
{
    vmh_lua_expression *expression = new_expression(parser, kind, vmh_lua_parser_place(parser));

    if (expression != NULL)
        vmh_lua_parser_next(parser);
    return expression;
}

static vmh_lua_expression *parse_varargs(vmh_lua_parser *parser)
{
    if (parser->function->function->is_variadic ||
        vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_parser_place(parser),
                           "unexpected '...': the function has no '...' among its parameters"))
        return parse_constant(parser, VMH_LUA_EXPR_VARARGS);
    return NULL;
}

static ALWAYS_INLINE vmh_lua_expression *parse_operand(vmh_lua_parser *parser)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_token_kind kind = vmh_lua_parser_kind(parser);
    vmh_lua_expression *expression;

    if (is_simple(kind)) {
        expression = parse_simple(parser, true);
        if (!is_suffix(vmh_lua_parser_kind(parser)) || kind != VMH_LUA_TOKEN_NAME)
            return expression; /* nothing is behind a numeral or a text */
        return parse_suffixes(parser, expression);
    }
    switch (kind) {
    case VMH_LUA_TOKEN_OPEN:
        return parse_suffixed(parser);
    case VMH_LUA_TOKEN_NIL:
        return parse_constant(parser, VMH_LUA_EXPR_NIL);
    case VMH_LUA_TOKEN_TRUE:
        return parse_constant(parser, VMH_LUA_EXPR_TRUE);
    case VMH_LUA_TOKEN_FALSE:
        return parse_constant(parser, VMH_LUA_EXPR_FALSE);
    case VMH_LUA_TOKEN_DOTS:
        return parse_varargs(parser);
    case VMH_LUA_TOKEN_OPEN_BRACE:
        return parse_table(parser);
    case VMH_LUA_TOKEN_FUNCTION:
        vmh_lua_parser_next(parser);
        return vmh_lua_parse_function(parser, place, NULL);
    default:
        vmh_lua_refuse_operand(parser);
        return NULL;
    }
}

static inline bool find_unary(vmh_lua_token_kind kind, vmh_lua_operator *operator)
{
    static const vmh_lua_operator operators[VMH_LUA_TOKEN_COUNT] = {
        [VMH_LUA_TOKEN_NOT] = VMH_LUA_OP_NOT,
        [VMH_LUA_TOKEN_MINUS] = VMH_LUA_OP_NEG,
        [VMH_LUA_TOKEN_TILDE] = VMH_LUA_OP_BNOT,
        [VMH_LUA_TOKEN_HASH] = VMH_LUA_OP_LENGTH,
    };

    *operator = operators[kind]; /* 0 is a binary one */
    return *operator != 0;
}

static ALWAYS_INLINE vmh_lua_expression *parse_unary(vmh_lua_parser *parser,
                                                     vmh_lua_operator operator)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_expression *operand, *expression;

    vmh_lua_parser_next(parser);
    operand = parse_subexpression(parser, UNARY_BINDING);
    if (operand == NULL)
        return NULL;
    expression = new_single(parser, VMH_LUA_EXPR_UNARY, place, operand);
    if (expression != NULL)
        expression->operator = operator;
    return expression;
}

/* Passes the operator that is the present token. */
static ALWAYS_INLINE bool pass_operator(vmh_lua_parser *parser, const binary_rule *rule)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);

    if (rule->makes_float && !vmh_lua_refuse_float(parser))
        return false;
    vmh_lua_parser_next(parser);
    return (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_AMPERSAND &&
            vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_BAR) ||
           vmh_lua_pass_doubled(parser, place);
}

/*
 * The operators of an expression that wait for their right side: at most one of each binding, since
 * one that binds less, or as much from the left, takes those before it as its own left side.
 * Finding that place takes no branch: a processor foresees none of them.
 */
typedef struct pending {
    uint32_t bindings; /* a bit for each, by its binding to the right; the expression's limit too */
    vmh_lua_expression **right[CARET_RIGHT + 1]; /* by binding: where its right side goes */
    uint32_t level[CARET_RIGHT + 1];             /* of nesting of that side */
} pending;

/* The operator, which is the present token, takes its place; its right side is to follow. */
static ALWAYS_INLINE bool parse_binary(vmh_lua_parser *parser, pending *of,
                                       const binary_rule *rule)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    uint32_t outer = of->bindings & ((1u << rule->left) - 1);
    int around = 31 - __builtin_clz(outer);
    vmh_lua_expression *expression;

    if (!pass_operator(parser, rule))
        return false;
    parser->level = of->level[around];
    expression = vmh_lua_lexer_alloc(&parser->lexer,
                                     vmh_lua_expression_size(VMH_LUA_EXPR_BINARY));
    if (expression == NULL ||
        !vmh_lua_parser_enter(parser, rule->right == CONCAT_RIGHT ? "write table.concat" : NULL))
        return false;
    vmh_lua_begin_expression(expression, rule->kind, place);
    expression->operator = rule->operator;
    expression->as.pair.left = *of->right[around];
    *of->right[around] = expression;
    of->bindings = outer | 1u << rule->right;
    of->right[rule->right] = &expression->as.pair.right;
    of->level[rule->right] = parser->level;
    return true;
}

/* An expression of operators that bind more than `limit`. */
static vmh_lua_expression *parse_subexpression(vmh_lua_parser *parser, int limit)
{
    vmh_lua_expression *expression = NULL, **right = &expression;
    uint32_t level = parser->level;
    pending waiting;
    const binary_rule *rule;
    vmh_lua_operator operator;
    bool goes_on = vmh_lua_parser_enter(parser, NULL);

    waiting.bindings = 1u << limit;
    waiting.right[limit] = right;
    waiting.level[limit] = parser->level;
    while (goes_on) {
        *right = find_unary(vmh_lua_parser_kind(parser), &operator) ? parse_unary(parser, operator)
                                                                  : parse_operand(parser);
        rule = &binary_rules[vmh_lua_parser_kind(parser)];
        if (*right == NULL || rule->left <= limit)
            break;
        goes_on = parse_binary(parser, &waiting, rule);
        right = waiting.right[rule->right];
    }
    parser->level = level;
    return goes_on && *right != NULL ? expression : NULL;
}

vmh_lua_expression *vmh_lua_parse_expression(vmh_lua_parser *parser)
{
    return parse_subexpression(parser, 0);
}
