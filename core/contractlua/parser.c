#include "contractlua/parser.h"

#include "contractlua/scope.h"

/* Statements. Each takes the statement to fill, and stands at its first token. */

/* Whether a token ends a block; `until` does not for labels, see there. */
static bool ends_block(vmh_lua_token_kind kind)
{
    return kind == VMH_LUA_TOKEN_END || kind == VMH_LUA_TOKEN_ELSE ||
           kind == VMH_LUA_TOKEN_ELSEIF || kind == VMH_LUA_TOKEN_UNTIL ||
           kind == VMH_LUA_TOKEN_SOURCE_END;
}

static bool parse_block(vmh_lua_parser *parser, vmh_lua_block *block, bool is_loop)
{
    vmh_lua_block_scope scope;

    vmh_lua_scope_open_block(parser, &scope, is_loop);
    return vmh_lua_parse_statements(parser, block) && vmh_lua_scope_close_block(parser, block);
}

static bool parse_single_value(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    statement->single = vmh_lua_parse_expression(parser);
    statement->values = &statement->single;
    statement->value_count = statement->single != NULL;
    return statement->single != NULL;
}

static bool parse_values(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    return vmh_lua_parse_expressions(parser, &statement->values, &statement->value_count);
}

/* Puts declared locals, the items above `mark`, in scope as the variables of the statement. */
static bool activate_locals(vmh_lua_parser *parser, size_t mark, vmh_lua_statement *statement)
{
    statement->variable_count = (uint32_t)(parser->item_count - mark);
    for (size_t i = mark; i < parser->item_count; i++) {
        if (!vmh_lua_scope_activate(parser, parser->items[i]))
            return false;
    }
    parser->item_count = mark;
    return vmh_lua_scope_list_locals(parser, statement->variable_count, &statement->variables);
}

static bool declare_local(vmh_lua_parser *parser, vmh_lua_local **local)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_name *name = vmh_lua_parser_take_name(parser);

    *local = name == NULL ? NULL : vmh_lua_scope_declare(parser, name, place);
    return *local != NULL && vmh_lua_parser_push(parser, *local);
}

/* `<const>`; behind the name. */
static bool parse_attribute(vmh_lua_parser *parser, vmh_lua_local *local)
{
    vmh_lua_place place = vmh_lua_parser_place(parser);
    vmh_lua_name *name;

    if (!vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_LESS))
        return true;
    name = vmh_lua_parser_take_name(parser);
    if (name == NULL)
        return false;
    if (vmh_bytes_equal(name->bytes, VMH_LITERAL("const")))
        vmh_lua_scope_variable(local)->is_constant = true;
    else if (vmh_bytes_equal(name->bytes, VMH_LITERAL("close")))
        vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_LEFT_OUT, place,
                           "there is no <close>: a suspended call would hold it open");
    else
        vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                           "unknown attribute %s: there is only <const>",
                           vmh_lua_show(name->bytes).text);
    return vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_GREATER);
}

/* A function whose name was refused: its body is read all the same. Gives false. */
static bool pass_function(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark,
                          vmh_lua_place place)
{
    if (vmh_lua_recover_header(parser, mark, VMH_LUA_TOKEN_OPEN))
        vmh_lua_parse_function(parser, place, NULL);
    return false;
}

static bool parse_local_function(vmh_lua_parser *parser, vmh_lua_place place,
                                 vmh_lua_statement *statement)
{
    vmh_lua_parse_mark before = vmh_lua_parser_mark(parser);
    size_t mark = parser->item_count;
    vmh_lua_local *local;
    vmh_lua_expression *function;

    statement->kind = VMH_LUA_STMT_LOCAL_FUNCTION;
    statement->values = vmh_lua_lexer_alloc(&parser->lexer, sizeof *statement->values);
    if (statement->values == NULL)
        return false;
    if (!declare_local(parser, &local))
        return pass_function(parser, &before, place);
    if (!activate_locals(parser, mark, statement))
        return false;
    function = vmh_lua_parse_function(parser, place, NULL);
    if (function == NULL)
        return false;
    statement->values[0] = function;
    statement->value_count = 1;
    return vmh_lua_parse_function_names(parser, statement);
}

static bool parse_local(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    size_t mark = parser->item_count;
    vmh_lua_place place;
    vmh_lua_local *local;

    vmh_lua_parser_next(parser);
    place = vmh_lua_parser_place(parser);
    if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_FUNCTION))
        return parse_local_function(parser, place, statement);
    statement->kind = VMH_LUA_STMT_LOCAL;
    do {
        if (!declare_local(parser, &local) || !parse_attribute(parser, local))
            return false;
    } while (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA));
    if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_ASSIGN) && !parse_values(parser, statement))
        return false;
    return activate_locals(parser, mark, statement) &&
           vmh_lua_parse_function_names(parser, statement);
}

/* Whether the present statement is one of the main chunk itself. */
static bool is_in_main(const vmh_lua_parser *parser)
{
    return parser->function->outer == NULL;
}

static bool note_assigned_global(vmh_lua_parser *parser, vmh_lua_name *name)
{
    uint32_t count = parser->tree->assigned_global_count;
    vmh_lua_name **globals;

    if (name->is_assigned_global)
        return true;
    globals = vmh_lua_parser_grow(parser, parser->assigned_globals,
                                  &parser->assigned_global_capacity, count + 1, sizeof *globals);
    if (globals == NULL)
        return false;
    globals[count] = name;
    name->is_assigned_global = true;
    parser->assigned_globals = globals;
    parser->tree->assigned_global_count++;
    return true;
}

/* Whether an expression can be assigned to; notes that it is. */
static bool check_target(vmh_lua_parser *parser, const vmh_lua_expression *target)
{
    switch (target->kind) {
    case VMH_LUA_EXPR_INDEX:
        return true;
    case VMH_LUA_EXPR_GLOBAL:
        return !is_in_main(parser) || note_assigned_global(parser, target->as.string);
    case VMH_LUA_EXPR_LOCAL:
    case VMH_LUA_EXPR_CAPTURE:
        target->as.variable->is_assigned = true;
        if (!target->as.variable->is_constant)
            return true;
        return vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_place_of(target),
                                  "cannot assign to %s: it is <const> (line %u)",
                                  vmh_lua_show(target->as.variable->name->bytes).text,
                                  vmh_lua_place_line(target->as.variable->place));
    default:
        return vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, vmh_lua_place_of(target),
                                  "cannot assign to %s",
                                  target->kind == VMH_LUA_EXPR_PARENTHESES ? "parentheses"
                                                                           : "a call");
    }
}

/* `object.field.field:method`, behind `function`. Writes the place of a method to `*self_place`. */
static vmh_lua_expression *parse_function_target(vmh_lua_parser *parser,
                                                 vmh_lua_place *self_place, bool *is_method)
{
    vmh_lua_expression *target = vmh_lua_lexer_alloc(&parser->lexer,
                                                     vmh_lua_expression_size(VMH_LUA_EXPR_LOCAL));
    vmh_lua_token token = parser->lexer.token;

    *is_method = false;
    if (vmh_lua_parser_take_name(parser) == NULL || target == NULL ||
        !vmh_lua_scope_resolve(parser, &token, false, target))
        return NULL;
    while (target != NULL && !*is_method) {
        vmh_lua_place place = vmh_lua_parser_place(parser);

        *is_method = vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_COLON;
        if (!*is_method && vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_DOT)
            break;
        vmh_lua_parser_next(parser);
        *self_place = vmh_lua_parser_place(parser);
        vmh_lua_scope_note_read(target);
        target = vmh_lua_parse_field(parser, target, place);
    }
    return target;
}

static bool parse_function_statement(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_expression **pair = vmh_lua_lexer_alloc(&parser->lexer, 2 * sizeof *pair);
    vmh_lua_parse_mark mark = vmh_lua_parser_mark(parser);
    vmh_lua_place self_place;
    bool is_method;

    if (pair == NULL)
        return false;
    vmh_lua_parser_next(parser);
    statement->kind = VMH_LUA_STMT_ASSIGN;
    statement->targets = pair;
    statement->values = pair + 1;
    pair[0] = parse_function_target(parser, &self_place, &is_method);
    if (pair[0] == NULL)
        return pass_function(parser, &mark, statement->place);
    if (!check_target(parser, pair[0]))
        return false;
    pair[1] = vmh_lua_parse_function(parser, statement->place, is_method ? &self_place : NULL);
    if (pair[1] == NULL)
        return false;
    statement->target_count = statement->value_count = 1;
    return vmh_lua_parse_function_names(parser, statement);
}

static bool parse_arm(vmh_lua_parser *parser, bool has_condition);

/* A statement whose keyword was refused as another word: its block is read all the same. */
static bool pass_block(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark,
                       vmh_lua_token_kind keyword)
{
    bool is_if = keyword == VMH_LUA_TOKEN_IF;
    vmh_lua_block block = {.first = NULL};

    if (keyword == VMH_LUA_TOKEN_FUNCTION)
        return pass_function(parser, mark, mark->reading.token.place);
    if ((!is_if && keyword != VMH_LUA_TOKEN_WHILE && keyword != VMH_LUA_TOKEN_FOR) ||
        !vmh_lua_recover_header(parser, mark, is_if ? VMH_LUA_TOKEN_THEN : VMH_LUA_TOKEN_DO) ||
        !parse_block(parser, &block, true))
        return false;
    while (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSEIF ||
           vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSE) {
        if (!parse_arm(parser, vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSEIF))
            return false;
    }
    vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_END);
    return false;
}

static bool parse_call_statement(vmh_lua_parser *parser, vmh_lua_expression *call,
                                 vmh_lua_statement *statement)
{
    if (call->kind != VMH_LUA_EXPR_CALL && call->kind != VMH_LUA_EXPR_METHOD_CALL) {
        vmh_lua_parse_mark mark = vmh_lua_parser_mark(parser);

        return pass_block(parser, &mark, vmh_lua_refuse_expression(parser, call));
    }
    statement->kind = VMH_LUA_STMT_CALL;
    statement->single = call;
    statement->values = &statement->single;
    statement->value_count = 1;
    return true;
}

static bool parse_assignment(vmh_lua_parser *parser, vmh_lua_expression *target,
                             vmh_lua_statement *statement)
{
    size_t mark = parser->item_count;

    statement->kind = VMH_LUA_STMT_ASSIGN;
    if (!check_target(parser, target) || !vmh_lua_parser_push(parser, target))
        return false;
    while (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA)) {
        target = vmh_lua_parse_suffixed(parser);
        if (target == NULL || !check_target(parser, target) ||
            !vmh_lua_parser_push(parser, target))
            return false;
    }
    return vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_ASSIGN) &&
           vmh_lua_parser_take_list(parser, mark, &statement->targets,
                                     &statement->target_count) &&
           parse_values(parser, statement) && vmh_lua_parse_function_names(parser, statement);
}

static bool parse_expression_statement(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_expression *expression;

    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_SLASHES)
        vmh_lua_parser_refuse_token(parser, "a comment begins with '--'");
    expression = vmh_lua_parse_suffixed(parser);
    if (expression == NULL)
        return false;
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ASSIGN ||
        vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_COMMA)
        return parse_assignment(parser, expression, statement);
    return parse_call_statement(parser, expression, statement);
}

static bool parse_do(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    statement->kind = VMH_LUA_STMT_DO;
    vmh_lua_parser_next(parser);
    return parse_block(parser, &statement->block, false) &&
           vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_END, VMH_LUA_TOKEN_DO,
                                       statement->place);
}

static bool parse_while(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_parse_mark mark = vmh_lua_parser_mark(parser);
    bool is_good;

    statement->kind = VMH_LUA_STMT_WHILE;
    vmh_lua_parser_next(parser);
    is_good = parse_single_value(parser, statement) &&
              vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_DO);
    return (is_good || vmh_lua_recover_header(parser, &mark, VMH_LUA_TOKEN_DO)) &&
           parse_block(parser, &statement->block, true) &&
           vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_END, VMH_LUA_TOKEN_WHILE,
                                       statement->place);
}

static bool parse_repeat(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_block_scope scope;

    statement->kind = VMH_LUA_STMT_REPEAT;
    vmh_lua_parser_next(parser);
    vmh_lua_scope_open_block(parser, &scope, true);
    return vmh_lua_parse_statements(parser, &statement->block) &&
           vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_UNTIL, VMH_LUA_TOKEN_REPEAT,
                                       statement->place) &&
           parse_single_value(parser, statement) &&
           vmh_lua_scope_close_block(parser, &statement->block);
}

/* Condition and block behind `if` or `elseif`, or the block behind `else`. */
static bool parse_arm(vmh_lua_parser *parser, bool has_condition)
{
    vmh_lua_arm *arm = vmh_lua_lexer_alloc_scratch(&parser->lexer, sizeof *arm);
    vmh_lua_parse_mark mark;

    if (arm == NULL || !vmh_lua_parser_push(parser, arm))
        return false;
    *arm = (vmh_lua_arm){0};
    mark = vmh_lua_parser_mark(parser);
    vmh_lua_parser_next(parser);
    if (has_condition) {
        arm->condition = vmh_lua_parse_expression(parser);
        if ((arm->condition == NULL || !vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_THEN)) &&
            !vmh_lua_recover_header(parser, &mark, VMH_LUA_TOKEN_THEN))
            return false;
    }
    return parse_block(parser, &arm->block, false);
}

static bool take_arms(vmh_lua_parser *parser, size_t mark, vmh_lua_statement *statement)
{
    size_t count = parser->item_count - mark;

    statement->arms = vmh_lua_lexer_alloc(&parser->lexer, count * sizeof *statement->arms);
    if (statement->arms == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        statement->arms[i] = *(const vmh_lua_arm *)parser->items[mark + i];
    statement->arm_count = (uint32_t)count;
    parser->item_count = mark;
    return true;
}

static bool parse_if(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    size_t mark = parser->item_count;

    statement->kind = VMH_LUA_STMT_IF;
    do {
        if (!parse_arm(parser, true))
            return false;
    } while (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSEIF);
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSE && !parse_arm(parser, false))
        return false;
    return vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_END, VMH_LUA_TOKEN_IF,
                                       statement->place) &&
           take_arms(parser, mark, statement);
}

/* Body and `end` of a `for`, whose declared locals are the items above `mark`. */
static bool parse_for_body(vmh_lua_parser *parser, size_t mark, vmh_lua_statement *statement)
{
    if (!activate_locals(parser, mark, statement) ||
        !parse_block(parser, &statement->block, true))
        return false;
    vmh_lua_scope_end_locals(parser, statement->variable_count);
    return vmh_lua_parser_expect_close(parser, VMH_LUA_TOKEN_END, VMH_LUA_TOKEN_FOR,
                                       statement->place);
}

/* Behind `for name =`, up to `do`. */
static bool parse_bounds(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_expression **values = vmh_lua_lexer_alloc(&parser->lexer, 3 * sizeof *values);

    if (values == NULL)
        return false;
    statement->kind = VMH_LUA_STMT_FOR;
    statement->values = values;
    values[0] = vmh_lua_parse_expression(parser);
    if (values[0] == NULL || !vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_COMMA))
        return false;
    values[1] = vmh_lua_parse_expression(parser);
    values[2] = NULL;
    statement->value_count = 2;
    if (values[1] != NULL && vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA)) {
        values[2] = vmh_lua_parse_expression(parser);
        statement->value_count = 3;
    }
    return vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_DO);
}

/* Behind `for`, to `do`. */
static bool parse_for_header(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_local *local;

    if (!declare_local(parser, &local))
        return false;
    if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_ASSIGN))
        return parse_bounds(parser, statement);
    statement->kind = VMH_LUA_STMT_FOR_IN;
    while (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_COMMA)) {
        if (!declare_local(parser, &local))
            return false;
    }
    return vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_IN) && parse_values(parser, statement) &&
           vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_DO);
}

static bool parse_for(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_parse_mark mark = vmh_lua_parser_mark(parser);

    vmh_lua_parser_next(parser);
    return (parse_for_header(parser, statement) ||
            vmh_lua_recover_header(parser, &mark, VMH_LUA_TOKEN_DO)) &&
           parse_for_body(parser, mark.item_count, statement);
}

static bool parse_return(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_token_kind kind;

    statement->kind = VMH_LUA_STMT_RETURN;
    vmh_lua_parser_next(parser);
    kind = vmh_lua_parser_kind(parser);
    if (!ends_block(kind) && kind != VMH_LUA_TOKEN_SEMICOLON && !parse_values(parser, statement))
        return false;
    vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_SEMICOLON);
    if (ends_block(vmh_lua_parser_kind(parser)))
        return true;
    vmh_lua_parser_refuse_token(parser, "'return' is the last statement of a block");
    return false;
}

static bool parse_break(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    statement->kind = VMH_LUA_STMT_BREAK;
    if (!parser->function->block->is_in_loop &&
        !vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, statement->place,
                            "'break' is outside of a loop"))
        return false;
    vmh_lua_parser_next(parser);
    return true;
}

static bool parse_goto(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_place place;
    vmh_lua_name *name;

    statement->kind = VMH_LUA_STMT_GOTO;
    vmh_lua_parser_next(parser);
    place = vmh_lua_parser_place(parser);
    name = vmh_lua_parser_take_name(parser);
    return name != NULL && vmh_lua_scope_add_goto(parser, name, place, statement);
}

static bool parse_label(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    vmh_lua_name *name;

    statement->kind = VMH_LUA_STMT_LABEL;
    vmh_lua_parser_next(parser);
    name = vmh_lua_parser_take_name(parser);
    if (name == NULL || !vmh_lua_parser_expect(parser, VMH_LUA_TOKEN_COLONS))
        return false;
    statement->label = vmh_lua_scope_add_label(parser, name, statement->place);
    return statement->label != NULL;
}

static bool parse_statement(vmh_lua_parser *parser, vmh_lua_statement *statement)
{
    switch (vmh_lua_parser_kind(parser)) {
    case VMH_LUA_TOKEN_IF: return parse_if(parser, statement);
    case VMH_LUA_TOKEN_WHILE: return parse_while(parser, statement);
    case VMH_LUA_TOKEN_DO: return parse_do(parser, statement);
    case VMH_LUA_TOKEN_FOR: return parse_for(parser, statement);
    case VMH_LUA_TOKEN_REPEAT: return parse_repeat(parser, statement);
    case VMH_LUA_TOKEN_FUNCTION: return parse_function_statement(parser, statement);
    case VMH_LUA_TOKEN_LOCAL: return parse_local(parser, statement);
    case VMH_LUA_TOKEN_COLONS: return parse_label(parser, statement);
    case VMH_LUA_TOKEN_RETURN: return parse_return(parser, statement);
    case VMH_LUA_TOKEN_BREAK: return parse_break(parser, statement);
    case VMH_LUA_TOKEN_GOTO: return parse_goto(parser, statement);
    default: return parse_expression_statement(parser, statement);
    }
}

/* The bytes of a statement that begins with that token: the first ones begin short statements. */
static size_t statement_size(vmh_lua_token_kind first)
{
    switch (first) {
    case VMH_LUA_TOKEN_NAME:
    case VMH_LUA_TOKEN_OPEN:
    case VMH_LUA_TOKEN_FUNCTION:
    case VMH_LUA_TOKEN_LOCAL:
    case VMH_LUA_TOKEN_RETURN:
        return offsetof(vmh_lua_statement, block);
    default:
        return sizeof(vmh_lua_statement);
    }
}

static vmh_lua_statement *add_statement(vmh_lua_parser *parser)
{
    size_t size = statement_size(vmh_lua_parser_kind(parser));
    vmh_lua_statement *statement = vmh_lua_lexer_alloc(&parser->lexer, size);

    if (statement == NULL)
        return NULL;
    if (size == sizeof *statement)
        memset(statement, 0, sizeof *statement);
    else
        memset(statement, 0, offsetof(vmh_lua_statement, block));
    statement->place = vmh_lua_parser_place(parser);
    if (!vmh_lua_parser_enter(parser, NULL) || !parse_statement(parser, statement))
        return NULL;
    parser->level--;
    return statement;
}

bool vmh_lua_parse_statements(vmh_lua_parser *parser, vmh_lua_block *block)
{
    vmh_lua_statement **next = &block->first;
    vmh_lua_parse_mark mark = {.level = 0};

    for (;;) {
        vmh_lua_token_kind kind = vmh_lua_parser_kind(parser);

        if (vmh_lua_parser_accept(parser, VMH_LUA_TOKEN_SEMICOLON))
            continue;
        /* What is behind a label decides; but a condition after `until` sees the block's locals. */
        if (kind != VMH_LUA_TOKEN_COLONS && vmh_lua_scope_has_unsettled_labels(parser) &&
            !vmh_lua_scope_settle_labels(parser, ends_block(kind) && kind != VMH_LUA_TOKEN_UNTIL))
            return false;
        if (ends_block(kind))
            return true;
        if (parser->lexer.findings != NULL)
            mark = vmh_lua_parser_mark(parser);
        *next = add_statement(parser);
        if (*next != NULL)
            next = &(*next)->next;
        else if (!vmh_lua_recover_statement(parser, &mark))
            return false;
    }
}

/* The whole source. */

/* What ends a block where none is open. */
static void refuse_end(vmh_lua_parser *parser)
{
    vmh_lua_guess guess = vmh_lua_guess_end(parser, false);

    vmh_lua_parser_refuse_token(parser, guess.text[0] == '\0' ? "no block is open here"
                                                              : guess.text);
}

static bool parse_main(vmh_lua_parser *parser, vmh_lua_function *main)
{
    vmh_lua_function_scope scope;
    vmh_lua_block_scope body;
    vmh_lua_block rest; /* behind an `end` too many */

    vmh_lua_scope_open_function(parser, &scope, main, vmh_lua_place_at(1, 1));
    main->is_variadic = true;
    vmh_lua_scope_open_block(parser, &body, false);
    if (!vmh_lua_parse_statements(parser, &main->body))
        return false;
    while (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_SOURCE_END) {
        refuse_end(parser);
        if (!vmh_lua_recover_token(parser) || !vmh_lua_parse_statements(parser, &rest))
            return false;
    }
    main->end = vmh_lua_parser_place(parser);
    return vmh_lua_scope_close_block(parser, &main->body) && vmh_lua_scope_close_function(parser);
}

static bool parse_source(vmh_lua_parser *parser, size_t source_size)
{
    vmh_lua_tree *tree = parser->tree;
    size_t globals_size;

    if (source_size > VMH_LUA_MAX_SOURCE) {
        vmh_lua_lexer_refuse(&parser->lexer, VMH_LUA_REFUSAL_LIMIT, vmh_lua_place_at(1, 1),
                             "the source has %zu bytes, more than %d", source_size,
                             VMH_LUA_MAX_SOURCE);
        return false;
    }
    tree->main = vmh_lua_lexer_alloc(&parser->lexer, sizeof *tree->main);
    if (tree->main == NULL || !parse_main(parser, tree->main))
        return false;
    globals_size = tree->assigned_global_count * sizeof *tree->assigned_globals;
    tree->assigned_globals = vmh_lua_lexer_alloc(&parser->lexer, globals_size);
    if (tree->assigned_globals == NULL)
        return false;
    if (globals_size > 0)
        memcpy(tree->assigned_globals, parser->assigned_globals, globals_size);
    return true;
}

static vmh_status parse(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree, bool *refused,
                        vmh_lua_refusal *refusal, vmh_lua_findings *findings, vmh_failure *why)
{
    vmh_lua_parser parser = {.tree = tree, .no_local = {.link = &vmh_lua_no_link}};
    size_t source_size = source.size;
    vmh_status status;

    *tree = (vmh_lua_tree){0};
    if (source_size > VMH_LUA_MAX_SOURCE)
        source.size = 0;
    parser.source = source;
    vmh_lua_lexer_init(&parser.lexer, source, arena, findings, why);
    parse_source(&parser, source_size);
    status = parser.lexer.status;
    tree->names = parser.lexer.names;
    tree->trail = parser.lexer.trail;
    tree->parts = parser.lexer.tree;
    tree->names.parts = &tree->parts;
    *refused = parser.lexer.is_refused;
    if (*refused)
        *refusal = parser.lexer.refusal;
    vmh_lua_lexer_clear(&parser.lexer);
    return status;
}

vmh_status vmh_lua_parse(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree, bool *refused,
                         vmh_lua_refusal *refusal, vmh_failure *why)
{
    return parse(source, arena, tree, refused, refusal, NULL, why);
}

vmh_status vmh_lua_parse_on(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree,
                            vmh_lua_findings *findings, vmh_failure *why)
{
    vmh_lua_refusal last;
    bool refused;

    *findings = (vmh_lua_findings){0};
    return parse(source, arena, tree, &refused, &last, findings, why);
}
