/*
 * Parses sources of contract Lua and tells of each, in one line, what came out:
 *
 *     parse [OPTION] FILE ...      each file is a source
 *     parse [OPTION] - < FILE      sources behind their size: "5\nx = 1" "0\n" ...
 *
 *     ok
 *     syntax 3:14: expected 'then' before 'x'      also: left_out, limit
 *
 * Options:
 *     --tree      the tree behind `ok`, see print_statement
 *     --flags     as --tree, with what is known of variables: c(aptured), a(ssigned), r(ead), k(onst)
 *     --places    as --tree, with line:column before each statement and expression
 *     --format    a refusal as users read it, over several lines
 *     --time      milliseconds of the processor behind the line; the tree is not walked
 *     --memory    lets each allocation fail in turn, also in a check; expects that to be told
 *
 * A source lies in memory of just its size, so that a sanitizer sees what reads
 * beyond. Each tree is walked, printed or not, and held against what ast.h says,
 * depth too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "contractlua/check.h"
#include "contractlua/parser.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static struct {
    bool armed;
    long fail_at;
    long count;
} memory;

void *__wrap_malloc(size_t size)
{
    if (memory.armed && ++memory.count == memory.fail_at)
        return NULL;
    return __real_malloc(size);
}

static struct {
    bool tree, flags, places, format, time, memory;
} options;

static vmh_buffer out;
static uint32_t depth;

static void die(const char *what)
{
    fflush(stdout);
    fprintf(stderr, "parse: %s\n", what);
    abort();
}

static void put(const char *text)
{
    vmh_buffer_append(&out, vmh_bytes_text(text));
}

static void put_number(const char *before, int64_t number)
{
    char text[48];

    snprintf(text, sizeof text, "%s%" PRId64, before, number);
    put(text);
}

static void put_place(vmh_lua_place place)
{
    char text[48];

    if (!options.places)
        return;
    snprintf(text, sizeof text, "%u:%u ", vmh_lua_place_line(place), vmh_lua_place_column(place));
    put(text);
}

static void put_string(vmh_bytes bytes)
{
    put("\"");
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        char text[8];

        if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
            vmh_buffer_append_u8(&out, byte);
            continue;
        }
        snprintf(text, sizeof text, "\\%03d", byte);
        put(text);
    }
    put("\"");
}

/* `name#number`, of a declaration with flags. */
static void put_variable(const vmh_lua_variable *variable)
{
    vmh_buffer_append(&out, variable->name->bytes);
    put_number("#", variable->number);
    if (!options.flags)
        return;
    put(":");
    put(variable->is_constant ? "k" : "");
    put(variable->is_captured ? "c" : "");
    put(variable->is_assigned ? "a" : "");
    put(variable->is_read ? "r" : "");
}

static void put_variables(vmh_lua_variable *const *variables, size_t count)
{
    put("(");
    for (size_t i = 0; i < count; i++) {
        put(i == 0 ? "" : " ");
        put_variable(variables[i]);
    }
    put(")");
}

static void enter(void)
{
    if (++depth > VMH_LUA_MAX_NESTING)
        die("the tree is deeper than ast.h says");
}

static void print_expression(const vmh_lua_function *function,
                             const vmh_lua_expression *expression);
static void print_block(const vmh_lua_block *block, const vmh_lua_function *function);

/* `name<#number`: a local of the function around; `name<^number`: a capture of that one. */
static void put_captures(const vmh_lua_function *function)
{
    put(" (");
    for (uint32_t i = 0; i < function->capture_count; i++) {
        const vmh_lua_capture *capture = &function->captures[i];
        const vmh_lua_function *parent = function->parent;

        put(i == 0 ? "" : " ");
        vmh_buffer_append(&out, capture->variable->name->bytes);
        put_number(capture->is_of_parent ? "<#" : "<^",
                   capture->is_of_parent ? capture->variable->number : capture->parent_index);
        if (!capture->variable->is_captured || parent == NULL)
            die("a capture is of no captured variable");
        if (capture->is_of_parent ? capture->variable->function != parent
                                  : capture->parent_index >= parent->capture_count ||
                                        parent->captures[capture->parent_index].variable !=
                                            capture->variable)
            die("a capture does not lead to its variable");
    }
    put(")");
}

static void print_function(const vmh_lua_function *function)
{
    put("(function ");
    put_number("", function->number);
    put(" ");
    put_string(function->name);
    put(" ");
    put_variables(function->parameters, function->parameter_count);
    put(function->is_variadic ? " ..." : "");
    put_captures(function);
    print_block(&function->body, function);
    if (options.places) {
        put(" ");
        put_place(function->end);
        put("end");
    }
    put(")");
}

static void print_table(const vmh_lua_function *function, const vmh_lua_expression *table)
{
    put("(table");
    for (uint32_t i = 0; i < table->as.table.item_count; i++) {
        const vmh_lua_item *item = &table->as.table.items[i];

        put(item->key == NULL ? " " : " (= ");
        if (item->key != NULL) {
            print_expression(function, item->key);
            put(" ");
        }
        print_expression(function, item->value);
        put(item->key == NULL ? "" : ")");
    }
    put(")");
}

static const char *operator_text(const vmh_lua_expression *expression)
{
    static const char *const texts[] = {
        [VMH_LUA_OP_ADD] = "+",   [VMH_LUA_OP_SUB] = "-",    [VMH_LUA_OP_MUL] = "*",
        [VMH_LUA_OP_IDIV] = "//", [VMH_LUA_OP_MOD] = "%",    [VMH_LUA_OP_BAND] = "&",
        [VMH_LUA_OP_BOR] = "|",   [VMH_LUA_OP_BXOR] = "~",   [VMH_LUA_OP_SHL] = "<<",
        [VMH_LUA_OP_SHR] = ">>",  [VMH_LUA_OP_CONCAT] = "..", [VMH_LUA_OP_EQ] = "==",
        [VMH_LUA_OP_NE] = "~=",   [VMH_LUA_OP_LT] = "<",     [VMH_LUA_OP_LE] = "<=",
        [VMH_LUA_OP_GT] = ">",    [VMH_LUA_OP_GE] = ">=",    [VMH_LUA_OP_NEG] = "neg",
        [VMH_LUA_OP_BNOT] = "bnot", [VMH_LUA_OP_NOT] = "not", [VMH_LUA_OP_LENGTH] = "len",
    };

    switch (expression->kind) {
    case VMH_LUA_EXPR_AND: return "and";
    case VMH_LUA_EXPR_OR: return "or";
    case VMH_LUA_EXPR_INDEX: return ".";
    case VMH_LUA_EXPR_CALL: return "call";
    case VMH_LUA_EXPR_METHOD_CALL: return ":";
    default: return texts[expression->operator];
    }
}

/* The left end of an expression that has one; else NULL. */
static const vmh_lua_expression *left_of(const vmh_lua_expression *expression)
{
    switch (expression->kind) {
    case VMH_LUA_EXPR_BINARY:
    case VMH_LUA_EXPR_AND:
    case VMH_LUA_EXPR_OR:
    case VMH_LUA_EXPR_INDEX:
        return expression->as.pair.left;
    case VMH_LUA_EXPR_CALL:
    case VMH_LUA_EXPR_METHOD_CALL:
        return expression->as.call.function;
    default:
        return NULL;
    }
}

/* What stands behind the left end. */
static void print_rest(const vmh_lua_function *function, const vmh_lua_expression *expression)
{
    bool is_call = left_of(expression) == expression->as.call.function &&
                   (expression->kind == VMH_LUA_EXPR_CALL ||
                    expression->kind == VMH_LUA_EXPR_METHOD_CALL);

    if (expression->kind == VMH_LUA_EXPR_METHOD_CALL) {
        put(" ");
        vmh_buffer_append(&out, expression->as.call.method->bytes);
    }
    if (!is_call) {
        put(" ");
        print_expression(function, expression->as.pair.right);
    }
    for (uint32_t i = 0; is_call && i < expression->as.call.argument_count; i++) {
        put(" ");
        print_expression(function, vmh_lua_arguments(expression)[i]);
    }
    put(")");
}

static void print_variable(const vmh_lua_function *function, const vmh_lua_expression *expression)
{
    const vmh_lua_variable *variable = expression->as.variable;

    vmh_buffer_append(&out, variable->name->bytes);
    if (expression->kind == VMH_LUA_EXPR_LOCAL) {
        put_number("#", variable->number);
        if (variable->function != function || variable->number >= function->variable_count)
            die("a local is of another function");
        return;
    }
    put_number("^", expression->capture);
    if (expression->capture >= function->capture_count ||
        function->captures[expression->capture].variable != variable)
        die("a capture is not that of the function");
}

/* An expression without a left end. */
static void print_operand(const vmh_lua_function *function, const vmh_lua_expression *expression)
{
    put_place(vmh_lua_place_of(expression));
    switch (expression->kind) {
    case VMH_LUA_EXPR_NIL: put("nil"); break;
    case VMH_LUA_EXPR_FALSE: put("false"); break;
    case VMH_LUA_EXPR_TRUE: put("true"); break;
    case VMH_LUA_EXPR_INTEGER: put_number("", expression->as.integer); break;
    case VMH_LUA_EXPR_STRING: put_string(expression->as.string->bytes); break;
    case VMH_LUA_EXPR_VARARGS: put("..."); break;
    case VMH_LUA_EXPR_FUNCTION: print_function(expression->as.function); break;
    case VMH_LUA_EXPR_LOCAL:
    case VMH_LUA_EXPR_CAPTURE: print_variable(function, expression); break;
    case VMH_LUA_EXPR_GLOBAL: vmh_buffer_append(&out, expression->as.string->bytes); break;
    case VMH_LUA_EXPR_TABLE: print_table(function, expression); break;
    case VMH_LUA_EXPR_UNARY:
    case VMH_LUA_EXPR_PARENTHESES:
        put("(");
        put(expression->kind == VMH_LUA_EXPR_UNARY ? operator_text(expression) : "paren");
        put(" ");
        print_expression(function, expression->as.pair.left);
        put(")");
        break;
    default: die("an expression of no kind");
    }
}

static void print_expression(const vmh_lua_function *function,
                             const vmh_lua_expression *expression)
{
    const vmh_lua_expression **spine;
    size_t count = 0;

    enter();
    for (const vmh_lua_expression *at = expression; at != NULL; at = left_of(at))
        count++;
    spine = malloc(count * sizeof(const vmh_lua_expression *));
    if (spine == NULL)
        die("no memory");
    count = 0;
    for (; left_of(expression) != NULL; expression = left_of(expression)) {
        put_place(vmh_lua_place_of(expression));
        put("(");
        put(operator_text(expression));
        put(" ");
        spine[count++] = expression;
    }
    print_operand(function, expression);
    while (count > 0)
        print_rest(function, spine[--count]);
    free(spine);
    depth--;
}

static void print_expressions(const vmh_lua_function *function,
                              vmh_lua_expression *const *expressions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(" ");
        print_expression(function, expressions[i]);
    }
}

/* What counts with the statement it belongs to. */
static void print_own(const vmh_lua_function *function, const vmh_lua_expression *expression)
{
    depth--;
    print_expression(function, expression);
    depth++;
}

/* Whether it may be a `function` statement, whose function counts with it. */
static bool is_of_function(const vmh_lua_statement *statement)
{
    return statement->target_count == 1 && statement->value_count == 1 &&
           statement->values[0]->kind == VMH_LUA_EXPR_FUNCTION;
}

static void print_assign(const vmh_lua_statement *statement, const vmh_lua_function *function)
{
    put("(assign (");
    for (uint32_t i = 0; i < statement->target_count; i++) {
        put(i == 0 ? "" : " ");
        print_own(function, statement->targets[i]);
    }
    put(")");
    if (is_of_function(statement)) {
        put(" ");
        print_own(function, statement->values[0]);
    } else {
        print_expressions(function, statement->values, statement->value_count);
    }
    put(")");
}

static void print_if(const vmh_lua_statement *statement, const vmh_lua_function *function)
{
    put("(if");
    for (uint32_t i = 0; i < statement->arm_count; i++) {
        const vmh_lua_arm *arm = &statement->arms[i];

        put(arm->condition == NULL ? " (else" : " (");
        if (arm->condition != NULL)
            print_expression(function, arm->condition);
        print_block(&arm->block, function);
        put(")");
    }
    put(")");
}

static void print_for(const vmh_lua_statement *statement, const vmh_lua_function *function)
{
    put("(for ");
    put_variable(statement->variables[0]);
    print_expressions(function, statement->values, statement->value_count);
    if ((statement->values[2] != NULL) != (statement->value_count == 3))
        die("a step is there and is not");
    put(" do");
    print_block(&statement->block, function);
    put(")");
}

static void print_for_in(const vmh_lua_statement *statement, const vmh_lua_function *function)
{
    put("(for ");
    put_variables(statement->variables, statement->variable_count);
    put(" in");
    print_expressions(function, statement->values, statement->value_count);
    put(" do");
    print_block(&statement->block, function);
    put(")");
}

static void print_label(const vmh_lua_label *label, bool is_goto)
{
    if (label == NULL)
        die("a goto leads nowhere");
    put(is_goto ? "(goto " : "(label ");
    vmh_buffer_append(&out, label->name);
    put_number(" ", is_goto ? vmh_lua_place_line(label->place) : label->scope_variable_count);
    put(!is_goto && label->is_used ? " used)" : ")");
}

static void print_statement(const vmh_lua_statement *statement, const vmh_lua_function *function)
{
    enter();
    put_place(statement->place);
    switch (statement->kind) {
    case VMH_LUA_STMT_LOCAL:
        put("(local ");
        put_variables(statement->variables, statement->variable_count);
        print_expressions(function, statement->values, statement->value_count);
        put(")");
        break;
    case VMH_LUA_STMT_LOCAL_FUNCTION:
        put("(local function ");
        put_variable(statement->variables[0]);
        put(" ");
        print_own(function, statement->values[0]);
        put(")");
        break;
    case VMH_LUA_STMT_ASSIGN:
        print_assign(statement, function);
        break;
    case VMH_LUA_STMT_CALL:
        print_own(function, statement->values[0]);
        break;
    case VMH_LUA_STMT_DO:
        put("(do");
        print_block(&statement->block, function);
        put(")");
        break;
    case VMH_LUA_STMT_WHILE:
        put("(while");
        print_expressions(function, statement->values, statement->value_count);
        put(" do");
        print_block(&statement->block, function);
        put(")");
        break;
    case VMH_LUA_STMT_REPEAT:
        put("(repeat");
        print_block(&statement->block, function);
        put(" until");
        print_expressions(function, statement->values, statement->value_count);
        put(")");
        break;
    case VMH_LUA_STMT_IF: print_if(statement, function); break;
    case VMH_LUA_STMT_FOR: print_for(statement, function); break;
    case VMH_LUA_STMT_FOR_IN: print_for_in(statement, function); break;
    case VMH_LUA_STMT_RETURN:
        put("(return");
        print_expressions(function, statement->values, statement->value_count);
        put(")");
        break;
    case VMH_LUA_STMT_BREAK: put("(break)"); break;
    case VMH_LUA_STMT_GOTO: print_label(statement->label, true); break;
    case VMH_LUA_STMT_LABEL: print_label(statement->label, false); break;
    default: die("a statement of no kind");
    }
    depth--;
}

static void print_block(const vmh_lua_block *block, const vmh_lua_function *function)
{
    bool has_captured = false;

    for (const vmh_lua_statement *at = block->first; at != NULL; at = at->next) {
        put(" ");
        print_statement(at, function);
    }
    for (uint32_t i = 0; i < block->variable_count; i++)
        has_captured |= block->variables[i]->is_captured;
    if (has_captured != block->has_captured)
        die("has_captured does not hold");
}

/* `function main`, then ` globals: a b`. */
static void print_tree(const vmh_lua_tree *tree)
{
    depth = 0;
    print_function(tree->main);
    put(" globals");
    for (uint32_t i = 0; i < tree->assigned_global_count; i++) {
        put(" ");
        vmh_buffer_append(&out, tree->assigned_globals[i]->bytes);
    }
    if (depth != 0)
        die("the walk did not come back");
}

static void print_refusal(vmh_bytes source, const vmh_lua_refusal *refusal, vmh_arena *arena)
{
    static const char *const kinds[] = {
        [VMH_LUA_REFUSAL_SYNTAX] = "syntax",
        [VMH_LUA_REFUSAL_LEFT_OUT] = "left_out",
        [VMH_LUA_REFUSAL_LIMIT] = "limit",
    };
    vmh_bytes text;
    vmh_failure why;

    if (vmh_lua_refusal_format(VMH_LITERAL("source.lua"), source, refusal, arena, &text, &why) !=
        VMH_OK)
        die(why.text);
    if (options.format)
        printf("%.*s", VMH_PRINT(text));
    else
        printf("%s %u:%u: %.*s", kinds[refusal->kind], vmh_lua_place_line(refusal->place),
               vmh_lua_place_column(refusal->place),
               VMH_PRINT(refusal->text));
}

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Lets the n-th allocation fail, n = 1, 2, ... until all succeed. */
static void fail_each_allocation(vmh_bytes source)
{
    for (memory.fail_at = 1;; memory.fail_at++) {
        vmh_arena arena;
        vmh_lua_tree tree;
        vmh_lua_refusal refusal;
        vmh_lua_findings findings;
        bool refused;
        vmh_failure why = {0};
        vmh_bytes text;
        vmh_status status;

        vmh_arena_init(&arena);
        memory.count = 0;
        memory.armed = true;
        status = vmh_lua_parse(source, &arena, &tree, &refused, &refusal, &why);
        if (status == VMH_OK && refused)
            status = vmh_lua_refusal_format(VMH_LITERAL("x"), source, &refusal, &arena, &text,
                                            &why);
        if (status == VMH_OK)
            status = vmh_lua_check(source, NULL, 0, &arena, &findings, &why);
        memory.armed = false;
        vmh_arena_clear(&arena);
        if (memory.count < memory.fail_at) {
            if (status != VMH_OK)
                die("a failure without a cause");
            printf(" %ld allocations", memory.count);
            return;
        }
        if (status != VMH_E_NO_MEMORY || why.code != VMH_E_NO_MEMORY)
            die("an allocation failed and that was not told");
    }
}

static void print_outcome(vmh_bytes source, vmh_arena *arena, double *ms)
{
    vmh_lua_tree tree;
    vmh_lua_refusal refusal;
    bool refused;
    vmh_failure why;
    double begin = now_ms();

    if (vmh_lua_parse(source, arena, &tree, &refused, &refusal, &why) != VMH_OK)
        die(why.text);
    *ms = now_ms() - begin;
    if (refused) {
        print_refusal(source, &refusal, arena);
        return;
    }
    printf("ok");
    if (options.time)
        return;
    vmh_buffer_reset(&out);
    print_tree(&tree);
    if (options.tree)
        printf(" %.*s", (int)out.size, (const char *)out.data);
}

static void parse(vmh_bytes source)
{
    vmh_arena arena;
    double ms;

    vmh_arena_init(&arena);
    print_outcome(source, &arena, &ms);
    vmh_arena_clear(&arena);
    if (options.memory)
        fail_each_allocation(source);
    if (options.time)
        printf(" %.2f ms", ms);
    printf("\n");
}

/* `size` bytes of the file. */
static void parse_part(FILE *file, size_t size)
{
    uint8_t *data = malloc(size);

    if (data == NULL && size > 0)
        die("no memory");
    if (fread(data, 1, size, file) != size)
        die("a source is cut");
    parse(vmh_bytes_of(data, size));
    free(data);
}

static void parse_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        die(path);
    rewind(file);
    parse_part(file, (size_t)size);
    fclose(file);
}

static void parse_stream(FILE *file)
{
    size_t size;

    while (fscanf(file, "%zu", &size) == 1) {
        if (getc(file) != '\n')
            die("a newline is missing behind a size");
        parse_part(file, size);
    }
}

static bool take_option(const char *word)
{
    struct {
        const char *name;
        bool *option;
    } names[] = {
        {"--tree", &options.tree},     {"--flags", &options.flags}, {"--places", &options.places},
        {"--format", &options.format}, {"--time", &options.time},   {"--memory", &options.memory},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(word, names[i].name) == 0) {
            *names[i].option = true;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    int at = 1;

    while (at < argc && take_option(argv[at]))
        at++;
    options.tree |= options.flags || options.places;
    vmh_buffer_init(&out);
    for (; at < argc; at++) {
        if (strcmp(argv[at], "-") == 0)
            parse_stream(stdin);
        else
            parse_file(argv[at]);
    }
    vmh_buffer_clear(&out);
    return 0;
}
