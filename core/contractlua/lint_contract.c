/*
 * Warnings about what a contract declares: texts that cannot be read, methods without a
 * function, functions without types. Only what stands in statements of the main chunk itself.
 */
#include "base/ordmap.h"
#include "contractlua/check.h"
#include "contractlua/declaration.h"
#include "contractlua/lexer.h"

typedef struct linter {
    vmh_arena *arena;
    vmh_lua_findings *findings;
    vmh_status status;
    vmh_failure *why;
    const vmh_lua_variable *contract; /* the local that holds it */
    vmh_ordmap declared;              /* methods */
    vmh_ordmap defined;               /* keys of the contract that get a value */
    bool has_other_keys;              /* that only running it tells */
} linter;

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

static void add_name(linter *of, vmh_ordmap *names, vmh_bytes name)
{
    if (of->status == VMH_OK && vmh_ordmap_find(names, name) == VMH_ORDMAP_ABSENT)
        of->status = vmh_ordmap_add(names, name, of->why);
}

static bool is_string(const vmh_lua_expression *expression)
{
    return expression != NULL && expression->kind == VMH_LUA_EXPR_STRING;
}

/* ---- the declaration ---- */

/* What a text may be of. */
typedef enum section {
    STATE,
    EVENT,
    METHOD,
} section;

static void check_text(linter *of, section kind, const vmh_lua_item *item)
{
    vmh_bytes text = item->value->as.string->bytes, wrong = {0};
    const vmh_lua_kept_type *type;
    vmh_lua_declared_event event;
    vmh_lua_declared_method method = {.parameter_names = NULL};

    if (of->status != VMH_OK)
        return;
    if (kind == STATE)
        of->status = vmh_lua_read_kept(text, of->arena, &type, &wrong, of->why);
    else if (kind == EVENT)
        of->status = vmh_lua_read_event(text, of->arena, &event, &wrong, of->why);
    else
        of->status = vmh_lua_read_method(text, of->arena, &method, &wrong, of->why);
    if (of->status == VMH_OK && wrong.size > 0)
        warn(of, vmh_lua_place_of(item->value), NULL, "the declaration of %s cannot be read: %.*s",
             vmh_lua_show(item->key->as.string->bytes).text, VMH_PRINT(wrong));
}

static void check_section(linter *of, section kind, const vmh_lua_expression *table)
{
    if (table->kind != VMH_LUA_EXPR_TABLE)
        return;
    for (uint32_t i = 0; i < table->as.table.item_count; i++) {
        const vmh_lua_item *item = &table->as.table.items[i];

        if (is_string(item->key) && is_string(item->value))
            check_text(of, kind, item);
    }
}

static void check_declaration(linter *of, const vmh_lua_expression *table)
{
    for (uint32_t i = 0; i < table->as.table.item_count; i++) {
        const vmh_lua_item *item = &table->as.table.items[i];

        if (!is_string(item->key)) {
            of->has_other_keys = true;
        } else if (vmh_bytes_equal(item->key->as.string->bytes, VMH_LITERAL("state"))) {
            check_section(of, STATE, item->value);
        } else if (vmh_bytes_equal(item->key->as.string->bytes, VMH_LITERAL("events"))) {
            check_section(of, EVENT, item->value);
        } else {
            add_name(of, &of->declared, item->key->as.string->bytes);
            if (is_string(item->value))
                check_text(of, METHOD, item);
        }
    }
}

/* ---- the functions ---- */

static void see_target(linter *of, const vmh_lua_expression *target,
                       const vmh_lua_expression *value)
{
    const vmh_lua_expression *object, *key;

    if (target->kind != VMH_LUA_EXPR_INDEX)
        return;
    object = target->as.pair.left;
    key = target->as.pair.right;
    if (object->kind != VMH_LUA_EXPR_LOCAL || object->as.variable != of->contract)
        return;
    if (!is_string(key)) {
        of->has_other_keys = true;
        return;
    }
    add_name(of, &of->defined, key->as.string->bytes);
    if (value != NULL && value->kind == VMH_LUA_EXPR_FUNCTION && !of->has_other_keys &&
        vmh_ordmap_find(&of->declared, key->as.string->bytes) == VMH_ORDMAP_ABSENT)
        warn(of, vmh_lua_place_of(key), "declare it in sdk.contract, or make it a local function",
             "method %s has no types", vmh_lua_show(key->as.string->bytes).text);
}

static void see_statement(linter *of, const vmh_lua_statement *statement)
{
    if (statement->kind != VMH_LUA_STMT_ASSIGN)
        return;
    for (uint32_t i = 0; i < statement->target_count; i++)
        see_target(of, statement->targets[i],
                   i < statement->value_count ? statement->values[i] : NULL);
}

static void warn_of_undefined(linter *of, const vmh_lua_expression *table)
{
    for (uint32_t i = 0; i < table->as.table.item_count && !of->has_other_keys; i++) {
        const vmh_lua_item *item = &table->as.table.items[i];

        if (is_string(item->key) &&
            vmh_ordmap_find(&of->declared, item->key->as.string->bytes) != VMH_ORDMAP_ABSENT &&
            vmh_ordmap_find(&of->defined, item->key->as.string->bytes) == VMH_ORDMAP_ABSENT)
            warn(of, vmh_lua_place_of(item->key), NULL, "method %s is declared, but has no function",
                 vmh_lua_show(item->key->as.string->bytes).text);
    }
}

/* The table that a statement gives to `sdk.contract`; NULL: it is another. */
static const vmh_lua_expression *declaration_of(const vmh_lua_statement *statement)
{
    const vmh_lua_expression *call;

    if (statement->kind != VMH_LUA_STMT_LOCAL || statement->value_count != 1 ||
        !vmh_lua_is_contract_call(statement->values[0]))
        return NULL;
    call = statement->values[0];
    if (call->as.call.argument_count != 1 ||
        vmh_lua_arguments(call)[0]->kind != VMH_LUA_EXPR_TABLE)
        return NULL;
    return vmh_lua_arguments(call)[0];
}

vmh_status vmh_lua_lint_contract(const vmh_lua_tree *tree, vmh_arena *arena,
                                 vmh_lua_findings *findings, vmh_failure *why)
{
    linter of = {.arena = arena, .findings = findings, .status = VMH_OK, .why = why};
    const vmh_lua_statement *statement = tree->main->body.first;
    const vmh_lua_expression *table = NULL;

    for (; statement != NULL && table == NULL; statement = statement->next) {
        table = declaration_of(statement);
        of.contract = statement->variable_count > 0 ? statement->variables[0] : NULL;
    }
    if (table == NULL)
        return VMH_OK;
    vmh_ordmap_init(&of.declared, arena);
    vmh_ordmap_init(&of.defined, arena);
    check_declaration(&of, table);
    for (; statement != NULL && of.status == VMH_OK; statement = statement->next)
        see_statement(&of, statement);
    warn_of_undefined(&of, table);
    return of.status;
}
