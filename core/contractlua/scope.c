#include "contractlua/scope.h"

typedef struct vmh_lua_visible_label {
    vmh_lua_label label;
    vmh_lua_name *name;
    vmh_lua_function *function;
    struct vmh_lua_visible_label *hidden; /* of the same name, in a function around */
} visible_label;

typedef struct vmh_lua_open_goto {
    vmh_lua_name *name;
    vmh_lua_statement *statement;
    vmh_lua_place place; /* of the name */
    struct vmh_lua_open_goto *older; /* of the same name */
    size_t index;
    uint32_t moment;
    bool is_led;
} open_goto;

const vmh_lua_capture_link vmh_lua_no_link;

/* Functions. */

void vmh_lua_scope_open_function(vmh_lua_parser *parser, vmh_lua_function_scope *scope,
                                 vmh_lua_function *function, vmh_lua_place place)
{
    *scope = (vmh_lua_function_scope){
        .outer = parser->function,
        .function = function,
        .first_local = parser->local_count,
    };
    *function = (vmh_lua_function){
        .parent = scope->outer == NULL ? NULL : scope->outer->function,
        .number = parser->tree->function_count++,
        .place = place,
    };
    parser->function = scope;
}

bool vmh_lua_scope_close_function(vmh_lua_parser *parser)
{
    vmh_lua_function_scope *scope = parser->function;
    vmh_lua_function *function = scope->function;

    function->captures = vmh_lua_lexer_alloc(
        &parser->lexer, function->capture_count * sizeof *function->captures);
    if (function->captures == NULL)
        return false;
    for (vmh_lua_capture_link *link = scope->links, *next; link != NULL; link = next) {
        function->captures[link->index] = (vmh_lua_capture){
            .variable = &link->local->variable,
            .is_of_parent = link->local->variable.function == function->parent,
            .parent_index = link->parent_index,
        };
        next = link->next;
        link->local->link = link->outer;
        link->next = parser->free_links;
        parser->free_links = link;
    }
    parser->function = scope->outer;
    return true;
}

void vmh_lua_scope_leave_function(vmh_lua_parser *parser)
{
    for (vmh_lua_capture_link *link = parser->function->links; link != NULL; link = link->next)
        link->local->link = link->outer;
    parser->function = parser->function->outer;
}

/* Locals. */

vmh_lua_variable *vmh_lua_scope_variable(vmh_lua_local *local)
{
    return &local->variable;
}

static bool check_name(vmh_lua_parser *parser, const vmh_lua_name *name, vmh_lua_place place)
{
    if (!name->is_left_out)
        return true;
    return vmh_lua_lexer_note(
        &parser->lexer, VMH_LUA_REFUSAL_LEFT_OUT, place,
        "there is no '%.*s': globals are the names that the main chunk assigns",
        VMH_PRINT(name->bytes));
}

vmh_lua_local *vmh_lua_scope_declare(vmh_lua_parser *parser, vmh_lua_name *name,
                                     vmh_lua_place place)
{
    vmh_lua_function *function = parser->function->function;
    vmh_lua_local *local;

    if (!check_name(parser, name, place))
        return NULL;
    local = vmh_lua_lexer_alloc(&parser->lexer, sizeof *local);
    if (local == NULL)
        return NULL;
    *local = (vmh_lua_local){
        .variable = {
            .name = name,
            .place = place,
            .function = function,
            .number = function->variable_count++,
        },
        .link = &vmh_lua_no_link,
    };
    return local;
}

bool vmh_lua_scope_activate(vmh_lua_parser *parser, vmh_lua_local *local)
{
    vmh_lua_local **locals;

    if (parser->local_count - parser->function->first_local == VMH_LUA_MAX_LOCALS &&
        !vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_LIMIT, local->variable.place,
                            "more than %d locals in scope: put some into 'do ... end'",
                            VMH_LUA_MAX_LOCALS))
        return false;
    locals = vmh_lua_parser_grow(parser, parser->locals, &parser->local_capacity,
                                 parser->local_count + 1, sizeof(vmh_lua_local *));
    if (locals == NULL)
        return false;
    locals[parser->local_count++] = local;
    parser->locals = locals;
    local->hidden = local->variable.name->local;
    local->moment = parser->moment++;
    local->variable.name->local = local;
    return true;
}

bool vmh_lua_scope_list_locals(vmh_lua_parser *parser, size_t count, vmh_lua_variable ***list)
{
    vmh_lua_local *const *newest;

    *list = NULL;
    if (count == 0)
        return true;
    newest = parser->locals + parser->local_count - count;
    *list = vmh_lua_lexer_alloc(&parser->lexer, count * sizeof **list);
    if (*list == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        (*list)[i] = &newest[i]->variable;
    return true;
}

void vmh_lua_scope_end_locals(vmh_lua_parser *parser, size_t count)
{
    for (; count > 0; count--) {
        vmh_lua_local *local = parser->locals[--parser->local_count];

        local->variable.name->local = local->hidden;
    }
}

/* Names. */

static bool add_capture(vmh_lua_parser *parser, vmh_lua_function_scope *scope,
                        vmh_lua_local *local)
{
    vmh_lua_capture_link *link = parser->free_links;

    if (link != NULL)
        parser->free_links = link->next;
    else
        link = vmh_lua_lexer_alloc_scratch(&parser->lexer, sizeof *link);
    if (link == NULL)
        return false;
    *link = (vmh_lua_capture_link){
        .outer = local->link,
        .next = scope->links,
        .local = local,
        .function = scope->function,
        .index = scope->function->capture_count++,
        .parent_index = local->link->index,
    };
    scope->links = link;
    local->link = link;
    return true;
}

static bool check_captures(vmh_lua_parser *parser, const vmh_lua_function_scope *scope,
                           vmh_lua_place place)
{
    if (scope->function->capture_count == VMH_LUA_MAX_CAPTURES &&
        !vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_LIMIT, place,
                            "the function of line %u names more than %d outer locals",
                            vmh_lua_place_line(scope->function->place), VMH_LUA_MAX_CAPTURES))
        return false;
    return parser->capture_count++ != VMH_LUA_MAX_ALL_CAPTURES ||
           vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_LIMIT, place,
                              "the functions of this source name more than %d outer locals",
                              VMH_LUA_MAX_ALL_CAPTURES);
}

/*
 * Each function between the one that declares the local and the present one
 * captures it from the one around it. Outer ones first; some may have it.
 */
static bool capture(vmh_lua_parser *parser, vmh_lua_local *local, vmh_lua_place place)
{
    const vmh_lua_function *holder = local->link != &vmh_lua_no_link ? local->link->function
                                                                     : local->variable.function;
    vmh_lua_function_scope *missing[VMH_LUA_MAX_NESTING + 1];
    size_t count = 0;

    for (vmh_lua_function_scope *scope = parser->function; scope->function != holder;
         scope = scope->outer)
        missing[count++] = scope;
    while (count > 0) {
        vmh_lua_function_scope *scope = missing[--count];

        if (!check_captures(parser, scope, place) || !add_capture(parser, scope, local))
            return false;
    }
    local->variable.is_captured = true;
    return true;
}

bool vmh_lua_scope_admit(vmh_lua_parser *parser, vmh_lua_name *name, vmh_lua_place place)
{
    return name->local == NULL ? check_name(parser, name, place)
                               : capture(parser, name->local, place);
}

/* Blocks. */

void vmh_lua_scope_open_block(vmh_lua_parser *parser, vmh_lua_block_scope *scope, bool is_loop)
{
    vmh_lua_block_scope *outer = parser->function->block;

    *scope = (vmh_lua_block_scope){
        .outer = outer,
        .is_in_loop = is_loop || (outer != NULL && outer->is_in_loop),
        .first_local = parser->local_count,
        .first_label = parser->label_count,
        .first_goto = parser->goto_count,
        .settled_labels = parser->label_count,
    };
    parser->function->block = scope;
}

static bool refuse_goto(vmh_lua_parser *parser, const open_goto *jump)
{
    vmh_bytes name = jump->name->bytes;
    bool is_continue = vmh_bytes_equal(name, VMH_LITERAL("continue"));

    return vmh_lua_lexer_note(
        &parser->lexer, VMH_LUA_REFUSAL_SYNTAX, jump->place,
        is_continue ? "no label %s is visible here: write '::continue::' at the end of the loop"
                    : "no label %s is visible here",
        vmh_lua_show(name).text);
}

/* At the end of a function, where all its gotos must have met their labels. */
static bool end_gotos(vmh_lua_parser *parser, size_t first)
{
    for (size_t i = first; i < parser->goto_count; i++) {
        if (!parser->gotos[i]->is_led && !refuse_goto(parser, parser->gotos[i]))
            return false;
    }
    parser->goto_count = first;
    return true;
}

bool vmh_lua_scope_close_block(vmh_lua_parser *parser, vmh_lua_block *block)
{
    vmh_lua_block_scope *scope = parser->function->block;

    /* What the block declared is still in scope: the newest locals. */
    block->variable_count = (uint32_t)(parser->local_count - scope->first_local);
    if (!vmh_lua_scope_list_locals(parser, block->variable_count, &block->variables))
        return false;
    for (uint32_t i = 0; i < block->variable_count; i++)
        block->has_captured |= block->variables[i]->is_captured;
    vmh_lua_scope_end_locals(parser, block->variable_count);
    vmh_lua_scope_end_labels(parser, scope->first_label);
    parser->function->block = scope->outer;
    return scope->outer != NULL || end_gotos(parser, scope->first_goto);
}

/* Labels and gotos. */

void vmh_lua_scope_end_labels(vmh_lua_parser *parser, size_t count)
{
    while (parser->label_count > count) {
        visible_label *label = parser->labels[--parser->label_count];

        label->name->rare->label = label->hidden;
    }
}

void vmh_lua_scope_end_gotos(vmh_lua_parser *parser, size_t count)
{
    while (parser->goto_count > count) {
        open_goto *jump = parser->gotos[--parser->goto_count];

        if (jump->name->rare->open_goto == jump)
            jump->name->rare->open_goto = jump->older;
    }
}

static vmh_lua_rare *rare_of(vmh_lua_parser *parser, vmh_lua_name *name)
{
    vmh_lua_rare *rare = vmh_lua_name_rare(&parser->lexer.tree, name);

    if (rare == NULL)
        vmh_lua_lexer_fail(&parser->lexer);
    return rare;
}

/* The label of that name in the present function. */
static visible_label *find_label(const vmh_lua_parser *parser, const vmh_lua_name *name)
{
    visible_label *label = name->rare == NULL ? NULL : name->rare->label;

    return label != NULL && label->function == parser->function->function ? label : NULL;
}

vmh_lua_label *vmh_lua_scope_add_label(vmh_lua_parser *parser, vmh_lua_name *name,
                                       vmh_lua_place place)
{
    visible_label *label = find_label(parser, name);
    visible_label **labels;
    vmh_lua_rare *rare;

    if (label != NULL)
        return vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, place,
                                  "label %s stands in line %u already",
                                  vmh_lua_show(name->bytes).text,
                                  vmh_lua_place_line(label->label.place))
                   ? &label->label
                   : NULL;
    labels = vmh_lua_parser_grow(parser, parser->labels, &parser->label_capacity,
                                 parser->label_count + 1, sizeof(visible_label *));
    label = vmh_lua_lexer_alloc(&parser->lexer, sizeof *label);
    rare = rare_of(parser, name);
    if (labels == NULL || label == NULL || rare == NULL)
        return NULL;
    *label = (visible_label){
        .label = {.name = name->bytes, .place = place},
        .name = name,
        .function = parser->function->function,
        .hidden = rare->label,
    };
    labels[parser->label_count++] = label;
    parser->labels = labels;
    rare->label = label;
    return &label->label;
}

/* Of a goto, the local into whose scope it jumps; NULL for none. */
static const vmh_lua_local *find_entered(const vmh_lua_parser *parser, const open_goto *jump)
{
    const vmh_lua_local *entered = NULL;

    for (size_t i = parser->local_count; i > parser->function->first_local; i--) {
        if (parser->locals[i - 1]->moment < jump->moment)
            break;
        entered = parser->locals[i - 1];
    }
    return entered;
}

static bool lead(vmh_lua_parser *parser, open_goto *jump, vmh_lua_label *label, bool at_block_end)
{
    const vmh_lua_local *entered = at_block_end ? NULL : find_entered(parser, jump);

    if (entered != NULL) {
        vmh_lua_shown shown = vmh_lua_show(entered->variable.name->bytes);

        if (!vmh_lua_lexer_note(&parser->lexer, VMH_LUA_REFUSAL_SYNTAX, jump->place,
                                "goto %s jumps into the scope of local %s of line %u",
                                vmh_lua_show(label->name).text, shown.text,
                                vmh_lua_place_line(entered->variable.place)))
            return false;
    }
    jump->statement->label = label;
    jump->is_led = true;
    label->is_used = true;
    return true;
}

bool vmh_lua_scope_settle_labels(vmh_lua_parser *parser, bool at_block_end)
{
    vmh_lua_block_scope *block = parser->function->block;
    size_t locals = at_block_end ? block->first_local : parser->local_count;

    for (size_t i = block->settled_labels; i < parser->label_count; i++) {
        visible_label *label = parser->labels[i];
        vmh_lua_rare *rare = label->name->rare;

        label->label.scope_variable_count = (uint32_t)(locals - parser->function->first_local);
        while (rare->open_goto != NULL && rare->open_goto->index >= block->first_goto) {
            if (!lead(parser, rare->open_goto, &label->label, at_block_end))
                return false;
            rare->open_goto = rare->open_goto->older;
        }
    }
    block->settled_labels = parser->label_count;
    return true;
}

bool vmh_lua_scope_add_goto(vmh_lua_parser *parser, vmh_lua_name *name, vmh_lua_place place,
                            vmh_lua_statement *statement)
{
    visible_label *label = find_label(parser, name);
    open_goto **gotos;
    open_goto *jump;
    vmh_lua_rare *rare;

    if (label != NULL) {
        statement->label = &label->label;
        label->label.is_used = true;
        return true;
    }
    gotos = vmh_lua_parser_grow(parser, parser->gotos, &parser->goto_capacity,
                                parser->goto_count + 1, sizeof(open_goto *));
    jump = vmh_lua_lexer_alloc_scratch(&parser->lexer, sizeof *jump);
    rare = rare_of(parser, name);
    if (gotos == NULL || jump == NULL || rare == NULL)
        return false;
    *jump = (open_goto){
        .name = name,
        .statement = statement,
        .place = place,
        .older = rare->open_goto,
        .index = parser->goto_count,
        .moment = parser->moment++,
    };
    gotos[parser->goto_count++] = jump;
    parser->gotos = gotos;
    rare->open_goto = jump;
    return true;
}
