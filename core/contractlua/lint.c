/*
 * Warnings: one walk over the tree, then what it says of names as a whole. Nested
 * parts are walked by recursion, left ends in a loop (ast.h).
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/ordmap.h"
#include "contractlua/check.h"
#include "contractlua/parse_state.h"

/* A name that no global has, with its first place. */
typedef struct unknown {
    vmh_bytes name;
    vmh_lua_place place;
    bool is_assigned; /* there */
    uint32_t count;
} unknown;

typedef struct linter {
    vmh_arena *arena;
    vmh_lua_findings *findings;
    vmh_status status;
    vmh_failure *why;
    vmh_ordmap globals;  /* that there are */
    vmh_ordmap locals;   /* names of all of the source */
    uint32_t *lines;     /* of the first of each */
    size_t line_capacity;
    vmh_ordmap unknown_names;
    unknown *unknowns;
    size_t unknown_capacity;
} linter;

static void look_at(linter *of, const vmh_lua_expression *expression);
static void look_at_block(linter *of, const vmh_lua_block *block);

static void warn(linter *of, vmh_lua_place place, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void warn(linter *of, vmh_lua_place place, const char *hint, const char *format, ...)
{
    va_list arguments;

    if (of->status != VMH_OK)
        return;
    va_start(arguments, format);
    of->status = vmh_lua_findings_warn(of->findings, of->arena, place, hint, of->why, format,
                                       arguments);
    va_end(arguments);
}

static bool is_known(const vmh_ordmap *names, vmh_bytes name)
{
    return vmh_ordmap_find(names, name) != VMH_ORDMAP_ABSENT;
}

static void add_name(linter *of, vmh_ordmap *names, vmh_bytes name)
{
    if (of->status == VMH_OK && !is_known(names, name))
        of->status = vmh_ordmap_add(names, name, of->why);
}

/* ---- names ---- */

static void add_local(linter *of, const vmh_lua_variable *variable)
{
    size_t count = of->locals.count;
    uint32_t *lines;

    if (of->status != VMH_OK || is_known(&of->locals, variable->name->bytes))
        return;
    lines = vmh_arena_grow(of->arena, of->lines, &of->line_capacity, count + 1, sizeof *lines);
    if (lines == NULL) {
        of->status = vmh_fail_memory(of->why);
        return;
    }
    of->lines = lines;
    lines[count] = vmh_lua_place_line(variable->place);
    of->status = vmh_ordmap_add(&of->locals, variable->name->bytes, of->why);
}

static void add_locals(linter *of, vmh_lua_variable *const *variables, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        add_local(of, variables[i]);
}

static void use_global(linter *of, const vmh_lua_expression *expression, bool is_assigned)
{
    vmh_bytes name = expression->as.string->bytes;
    size_t at = of->unknown_names.count;
    unknown *unknowns;

    if (of->status != VMH_OK || is_known(&of->globals, name))
        return;
    if (is_known(&of->unknown_names, name)) {
        of->unknowns[vmh_ordmap_find(&of->unknown_names, name)].count++;
        return;
    }
    unknowns = vmh_arena_grow(of->arena, of->unknowns, &of->unknown_capacity, at + 1,
                              sizeof *unknowns);
    if (unknowns == NULL) {
        of->status = vmh_fail_memory(of->why);
        return;
    }
    of->unknowns = unknowns;
    unknowns[at] = (unknown){name, vmh_lua_place_of(expression), is_assigned, 1};
    of->status = vmh_ordmap_add(&of->unknown_names, name, of->why);
}

/* What other languages call nil, true and so on, and what stock Lua has. */
static const char *hint_of_word(vmh_bytes name)
{
    static const char *const words[][2] = {
        {"null", "write 'nil'"},
        {"NULL", "write 'nil'"},
        {"None", "write 'nil'"},
        {"undefined", "write 'nil'"},
        {"True", "write 'true'"},
        {"False", "write 'false'"},
        {"unpack", "write 'table.unpack'"},
        {"msg", "write 'sdk.caller()'"},
        {"this", "write 'self'"},
        {"require", "a contract is one source, without modules"},
        {"load", "a contract makes no code"},
        {"dofile", "a contract is one source, without modules"},
        {"os", "a contract sees no clock and no system"},
        {"io", "a contract sees no files"},
        {"debug", "a contract does not look at itself"},
        {"collectgarbage", "memory is counted, not collected"},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(words[i][0])))
            return words[i][1];
    }
    return NULL;
}

static bool find_slip(const vmh_ordmap *names, vmh_bytes name, vmh_bytes *meant)
{
    for (size_t i = 0; i < names->count && name.size > 2; i++) {
        *meant = vmh_ordmap_key(names, i);
        if (vmh_lua_is_slip(name, *meant))
            return true;
    }
    return false;
}

/* Writes a hint for a global that there is not. */
static void find_hint(const linter *of, const unknown *global, char *hint, size_t size)
{
    size_t local = vmh_ordmap_find(&of->locals, global->name);
    const char *word = hint_of_word(global->name);
    vmh_bytes meant;

    if (word != NULL)
        snprintf(hint, size, "%s", word);
    else if (local != VMH_ORDMAP_ABSENT)
        snprintf(hint, size, "the local of line %u is not in scope here", of->lines[local]);
    else if (find_slip(&of->globals, global->name, &meant) ||
             find_slip(&of->locals, global->name, &meant))
        snprintf(hint, size, "%s may be meant", vmh_lua_show(meant).text);
    else if (global->is_assigned)
        snprintf(hint, size, "write 'local', or assign it in the main chunk first");
    else
        snprintf(hint, size, "the main chunk assigns none of that name");
}

static void warn_of_unknowns(linter *of)
{
    for (size_t i = 0; i < of->unknown_names.count && of->status == VMH_OK; i++) {
        const unknown *global = &of->unknowns[i];
        char hint[100], again[40] = "";

        if (of->findings->has_more)
            return;
        find_hint(of, global, hint, sizeof hint);
        if (global->count > 1)
            snprintf(again, sizeof again, " (%u times)", global->count);
        warn(of, global->place, hint, "there is no global %s%s%s", vmh_lua_show(global->name).text,
             global->is_assigned ? " to assign" : "", again);
    }
}

/* ---- expressions ---- */

static void look_at_function(linter *of, const vmh_lua_function *function)
{
    add_locals(of, function->parameters, function->parameter_count);
    look_at_block(of, &function->body);
}

static void look_at_list(linter *of, vmh_lua_expression *const *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] != NULL)
            look_at(of, list[i]);
    }
}

static void look_at_table(linter *of, const vmh_lua_expression *table)
{
    for (uint32_t i = 0; i < table->as.table.item_count; i++) {
        const vmh_lua_item *item = &table->as.table.items[i];

        if (item->key != NULL)
            look_at(of, item->key);
        look_at(of, item->value);
    }
}

static void look_at(linter *of, const vmh_lua_expression *expression)
{
    for (;;) {
        switch (expression->kind) {
        case VMH_LUA_EXPR_BINARY:
        case VMH_LUA_EXPR_AND:
        case VMH_LUA_EXPR_OR:
        case VMH_LUA_EXPR_INDEX:
            look_at(of, expression->as.pair.right);
            expression = expression->as.pair.left;
            continue;
        case VMH_LUA_EXPR_UNARY:
        case VMH_LUA_EXPR_PARENTHESES:
            expression = expression->as.pair.left;
            continue;
        case VMH_LUA_EXPR_CALL:
        case VMH_LUA_EXPR_METHOD_CALL:
            look_at_list(of, vmh_lua_arguments(expression), expression->as.call.argument_count);
            expression = expression->as.call.function;
            continue;
        case VMH_LUA_EXPR_TABLE:
            look_at_table(of, expression);
            return;
        case VMH_LUA_EXPR_FUNCTION:
            look_at_function(of, expression->as.function);
            return;
        case VMH_LUA_EXPR_GLOBAL:
            use_global(of, expression, false);
            return;
        default:
            return;
        }
    }
}

/* ---- locals that nobody reads ---- */

static bool has_many_values(const vmh_lua_expression *expression)
{
    return expression->kind == VMH_LUA_EXPR_CALL ||
           expression->kind == VMH_LUA_EXPR_METHOD_CALL ||
           expression->kind == VMH_LUA_EXPR_VARARGS;
}

/* One of the values of a call, kept for the sake of a later one. */
static bool keeps_place(const vmh_lua_statement *statement, uint32_t number)
{
    uint32_t count = statement->value_count;

    if (count == 0 || number + 1 < count || !has_many_values(statement->values[count - 1]))
        return false;
    for (uint32_t i = number + 1; i < statement->variable_count; i++) {
        if (statement->variables[i]->is_read)
            return true;
    }
    return false;
}

bool vmh_lua_is_contract_call(const vmh_lua_expression *expression)
{
    const vmh_lua_expression *called;

    if (expression->kind != VMH_LUA_EXPR_CALL)
        return false;
    called = expression->as.call.function;
    return called->kind == VMH_LUA_EXPR_INDEX &&
           called->as.pair.left->kind == VMH_LUA_EXPR_GLOBAL &&
           vmh_bytes_equal(called->as.pair.left->as.string->bytes, VMH_LITERAL("sdk")) &&
           called->as.pair.right->kind == VMH_LUA_EXPR_STRING &&
           vmh_bytes_equal(called->as.pair.right->as.string->bytes, VMH_LITERAL("contract"));
}

static void warn_of_unread(linter *of, const vmh_lua_statement *statement)
{
    bool is_function = statement->kind == VMH_LUA_STMT_LOCAL_FUNCTION;

    /* It gives more than each contract needs. */
    if (statement->value_count == 1 && vmh_lua_is_contract_call(statement->values[0]))
        return;
    for (uint32_t i = 0; i < statement->variable_count; i++) {
        const vmh_lua_variable *variable = statement->variables[i];

        if (variable->is_read || variable->name->bytes.data[0] == '_' || keeps_place(statement, i))
            continue;
        if (variable->is_assigned && !is_function)
            warn(of, variable->place, NULL, "local %s is assigned, but never read",
                 vmh_lua_show(variable->name->bytes).text);
        else
            warn(of, variable->place, NULL, "local %s%s is never used",
                 is_function ? "function " : "", vmh_lua_show(variable->name->bytes).text);
    }
}

/* ---- statements ---- */

static bool goes_on(const vmh_lua_block *block);

static bool any_arm_goes_on(const vmh_lua_statement *statement)
{
    for (uint32_t i = 0; i < statement->arm_count; i++) {
        if (goes_on(&statement->arms[i].block))
            return true;
    }
    return statement->arms[statement->arm_count - 1].condition != NULL;
}

/* Whether what stands behind a statement is ever reached; where in doubt, it is. */
static bool statement_goes_on(const vmh_lua_statement *statement)
{
    switch (statement->kind) {
    case VMH_LUA_STMT_RETURN:
    case VMH_LUA_STMT_BREAK:
    case VMH_LUA_STMT_GOTO:
        return false;
    case VMH_LUA_STMT_DO:
        return goes_on(&statement->block);
    case VMH_LUA_STMT_IF:
        return any_arm_goes_on(statement);
    default:
        return true;
    }
}

static bool goes_on(const vmh_lua_block *block)
{
    bool is_reached = true;

    for (const vmh_lua_statement *statement = block->first; statement != NULL;
         statement = statement->next) {
        is_reached |= statement->kind == VMH_LUA_STMT_LABEL;
        is_reached = is_reached && statement_goes_on(statement);
    }
    return is_reached;
}

static void look_at_targets(linter *of, const vmh_lua_statement *statement)
{
    for (uint32_t i = 0; i < statement->target_count; i++) {
        if (statement->targets[i]->kind == VMH_LUA_EXPR_GLOBAL)
            use_global(of, statement->targets[i], true);
        else
            look_at(of, statement->targets[i]);
    }
}

static void look_at_statement(linter *of, const vmh_lua_statement *statement)
{
    add_locals(of, statement->variables, statement->variable_count);
    look_at_list(of, statement->values, statement->value_count);
    look_at_targets(of, statement);
    if (statement->kind == VMH_LUA_STMT_LOCAL || statement->kind == VMH_LUA_STMT_LOCAL_FUNCTION)
        warn_of_unread(of, statement);
    if (vmh_lua_statement_is_short(statement->kind))
        return;
    for (uint32_t i = 0; i < statement->arm_count; i++) {
        if (statement->arms[i].condition != NULL)
            look_at(of, statement->arms[i].condition);
        look_at_block(of, &statement->arms[i].block);
    }
    look_at_block(of, &statement->block);
}

static void look_at_block(linter *of, const vmh_lua_block *block)
{
    bool is_reached = true;

    for (const vmh_lua_statement *statement = block->first;
         statement != NULL && of->status == VMH_OK; statement = statement->next) {
        bool was_reached = is_reached;

        look_at_statement(of, statement);
        is_reached |= statement->kind == VMH_LUA_STMT_LABEL;
        is_reached = is_reached && statement_goes_on(statement);
        if (was_reached && !is_reached && statement->next != NULL &&
            statement->next->kind != VMH_LUA_STMT_LABEL)
            warn(of, statement->next->place, NULL, "this is never reached");
    }
}

vmh_status vmh_lua_lint(const vmh_lua_tree *tree, const char *const *library, size_t library_count,
                        vmh_arena *arena, vmh_lua_findings *findings, vmh_failure *why)
{
    linter of = {.arena = arena, .findings = findings, .status = VMH_OK, .why = why};

    vmh_ordmap_init(&of.globals, arena);
    vmh_ordmap_init(&of.locals, arena);
    vmh_ordmap_init(&of.unknown_names, arena);
    for (size_t i = 0; i < library_count; i++)
        add_name(&of, &of.globals, vmh_bytes_text(library[i]));
    for (uint32_t i = 0; i < tree->assigned_global_count; i++)
        add_name(&of, &of.globals, tree->assigned_globals[i]->bytes);
    look_at_function(&of, tree->main);
    warn_of_unknowns(&of);
    return of.status;
}
