/*
 * Expressions to instructions.
 *
 * The tree is at most VMH_LUA_MAX_NESTING deep but for its left spines, which may
 * be as long as a source: a + b + c ..., a.b.c ..., f()()... They are walked in
 * loops: down by collecting the nodes, up by emitting them.
 */
#include <stdlib.h>

#include "contractlua/compile_parts.h"

enum { FIRST_NODES = 64, MANY_NODES = 8192 };

/* Twice as many; but many at once for all of the source: what is not touched costs nothing. */
bool vmh_lua_grow_nodes(vmh_lua_compiler *compiler)
{
    size_t most = compiler->code->source.size / 2;
    size_t capacity = compiler->node_capacity;

    capacity = capacity == 0 ? FIRST_NODES : 2 * capacity;
    if (capacity > MANY_NODES && capacity < most)
        capacity = most;
    if (vmh_lua_items_enlarge((void **)&compiler->nodes, &compiler->node_capacity,
                             compiler->node_count, capacity, sizeof *compiler->nodes))
        return true;
    compiler->status = vmh_fail_memory(compiler->why);
    return false;
}

/* ---- what needs no other value ---- */

static void load_function(vmh_lua_emitter *to, const vmh_lua_function *function, uint32_t into)
{
    vmh_lua_pay(to, VMH_LUA_GAS_FUNCTION);
    vmh_lua_pay(to, VMH_LUA_GAS_CAPTURE * (uint32_t)function->capture_count);
    vmh_lua_emit_wide(to, VMH_LUA_DO_CLOSURE, into, vmh_lua_compile_function(to, function));
}

static void load_varargs(vmh_lua_emitter *to, uint32_t into, uint32_t wanted)
{
    vmh_lua_pay(to, VMH_LUA_GAS_VARARGS);
    vmh_lua_emit(to, VMH_LUA_DO_VARARGS, into, wanted, 0);
}

/* ---- what the parts below share ---- */

static void compile_suffixes(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t base,
                             uint32_t wanted, bool is_tail);

/* The last value of a list, of which `wanted` are wanted from here. */
static ALWAYS_INLINE void compile_open(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                       uint32_t wanted)
{
    uint32_t base = vmh_lua_take_register(to);

    at_line(to, of);
    if (of->kind == VMH_LUA_EXPR_VARARGS)
        load_varargs(to, base, wanted);
    else
        compile_suffixes(to, of, base, wanted, false);
    if (wanted != VMH_LUA_OPEN && wanted > 1)
        vmh_lua_take_registers(to, wanted - 1);
}

/* ---- table constructors ---- */

/* So many items wait in registers before they are put into the table. */
enum { ITEMS_AT_ONCE = 50 };

static void flush_items(vmh_lua_emitter *to, uint32_t table, uint64_t done, uint32_t count)
{
    uint32_t at;

    if (count == 0)
        return;
    at = vmh_lua_emit_wide(to, VMH_LUA_DO_SET_LIST, table, (uint32_t)done);
    if (!vmh_lua_has_fault(to))
        to->code[at].d = (uint16_t)count;
    vmh_lua_drop_registers(to, table + 1);
}

static void compile_keyed_item(vmh_lua_emitter *to, const vmh_lua_item *item, uint32_t table)
{
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number, value;
    vmh_lua_key kind = constant_key(to, item->key, &number);

    if (kind == VMH_LUA_KEY_REGISTER) {
        number = vmh_lua_compile_next(to, item->key);
        vmh_lua_live_hold(to, item->key, number, false);
    } else {
        vmh_lua_wait(to, 1);
    }
    value = vmh_lua_compile_operand(to, item->value);
    vmh_lua_live_drop(to, live);
    at_line(to, item->key);
    vmh_lua_emit(to, store_by(kind), table, number, value);
    vmh_lua_pay(to, VMH_LUA_GAS_KEYED_ITEM);
    vmh_lua_drop_registers(to, mark);
}

/* The table is made in the newest register, `table`. */
static ALWAYS_INLINE void compile_table(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                        uint32_t table)
{
    size_t count = of->as.table.item_count;
    uint64_t done = 0;
    uint32_t waiting = 0, at_value;
    uint32_t at = vmh_lua_emit(to, VMH_LUA_DO_NEW_TABLE, table, 0, 0);
    vmh_lua_waiting outer = to->live, live;
    size_t keyed = 0;

    vmh_lua_live_add(to, VMH_LUA_LIVE_OPERAND, table);
    live = to->live;
    vmh_lua_pay(to, VMH_LUA_GAS_TABLE);
    for (size_t i = 0; i < count && !vmh_lua_has_fault(to); i++) {
        const vmh_lua_item *item = &of->as.table.items[i];

        if (item->key != NULL) {
            compile_keyed_item(to, item, table);
            keyed++;
            continue;
        }
        vmh_lua_pay(to, VMH_LUA_GAS_ITEM);
        if (i + 1 == count && vmh_lua_is_open(item->value)) {
            compile_open(to, item->value, VMH_LUA_OPEN);
            vmh_lua_live_drop(to, live);
            flush_items(to, table, done, VMH_LUA_OPEN);
            break;
        }
        at_value = vmh_lua_compile_next(to, item->value);
        vmh_lua_live_hold(to, item->value, at_value, false);
        if (++waiting == ITEMS_AT_ONCE) {
            flush_items(to, table, done, waiting);
            vmh_lua_live_drop(to, live);
            done += waiting;
            waiting = 0;
        }
    }
    flush_items(to, table, done, waiting);
    vmh_lua_live_drop(to, outer);
    done += waiting;
    if (vmh_lua_has_fault(to))
        return;
    to->code[at].b = (uint16_t)(done < UINT16_MAX ? done : UINT16_MAX);
    to->code[at].c = (uint16_t)(keyed < UINT16_MAX ? keyed : UINT16_MAX);
}

/* ---- a.b[c](d):e(f) ---- */

static bool is_suffix(const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_INDEX || of->kind == VMH_LUA_EXPR_CALL ||
           of->kind == VMH_LUA_EXPR_METHOD_CALL;
}

static const vmh_lua_expression *object_of(const vmh_lua_expression *suffix)
{
    return suffix->kind == VMH_LUA_EXPR_INDEX ? suffix->as.pair.left : suffix->as.call.function;
}

static void emit_index(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t object,
                       uint32_t into)
{
    const vmh_lua_expression *key = of->as.pair.right;
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number;
    vmh_lua_key kind = constant_key(to, key, &number);

    if (kind == VMH_LUA_KEY_REGISTER) {
        vmh_lua_live_hold(to, of->as.pair.left, object, false);
        number = vmh_lua_compile_operand(to, key);
    } else {
        vmh_lua_wait(to, 1);
    }
    vmh_lua_live_drop(to, live);
    at_line(to, of);
    vmh_lua_emit(to, kind == VMH_LUA_KEY_FIELD  ? VMH_LUA_DO_GET_FIELD
                     : kind == VMH_LUA_KEY_ITEM ? VMH_LUA_DO_GET_ITEM
                                                : VMH_LUA_DO_GET_INDEX,
                 into, object, number);
    vmh_lua_point_here(to);
    vmh_lua_name_operands(to, of->as.pair.left, of);
    vmh_lua_pay(to, VMH_LUA_GAS_INDEX);
    vmh_lua_drop_registers(to, mark);
}

/* As vmh_lua_compile_list, of all values: here where there are few. */
static ALWAYS_INLINE uint32_t compile_all(vmh_lua_emitter *to, vmh_lua_expression *const *values,
                                          uint32_t count)
{
    vmh_lua_waiting live = to->live;

    if (count == 0)
        return 0;
    if (count > 1)
        return vmh_lua_compile_list(to, values, count, VMH_LUA_OPEN);
    if (vmh_lua_is_open(values[0])) {
        compile_open(to, values[0], VMH_LUA_OPEN);
        vmh_lua_live_drop(to, live);
        return VMH_LUA_OPEN;
    }
    if (values[0]->kind == VMH_LUA_EXPR_TABLE) {
        uint32_t table = vmh_lua_take_register(to);

        at_line(to, values[0]);
        compile_table(to, values[0], table);
    } else {
        vmh_lua_compile_next(to, values[0]);
    }
    vmh_lua_wait(to, 1);
    to->live = live;
    return 1;
}

/*
 * The arguments behind what stands in the newest register(s), and the call of it at `base`. `live`
 * is what is so without these.
 */
static ALWAYS_INLINE void emit_call(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                    uint32_t base, uint32_t wanted, bool is_tail,
                                    vmh_lua_waiting live)
{
    uint32_t own = of->kind == VMH_LUA_EXPR_METHOD_CALL;
    uint32_t count = compile_all(to, vmh_lua_arguments(of), of->as.call.argument_count);
    uint32_t at;

    vmh_lua_pay(to, VMH_LUA_GAS_CALL);
    vmh_lua_pay(to, VMH_LUA_GAS_ARGUMENT * (uint32_t)of->as.call.argument_count);
    at_line(to, of);
    if (count != VMH_LUA_OPEN)
        count += own;
    at = vmh_lua_emit(to, is_tail ? VMH_LUA_DO_TAIL_CALL : VMH_LUA_DO_CALL, base, count, wanted);
    vmh_lua_live_drop(to, live);
    if (!is_tail)
        vmh_lua_point_here(to);
    vmh_lua_name_operands(to, own ? of : of->as.call.function, NULL);
    vmh_lua_drop_registers(to, base);
    if (!is_tail)
        vmh_lua_stretch_next_at(to, at);
}

static void emit_method(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t object,
                        uint32_t base)
{
    uint32_t name = name_constant(to, of->as.call.method);

    vmh_lua_pay(to, VMH_LUA_GAS_METHOD);
    vmh_lua_pay(to, VMH_LUA_GAS_INDEX);
    at_line(to, of);
    if (name > UINT16_MAX)
        vmh_lua_refuse(to, vmh_lua_place_of(of),
                       "a function names at most 65,536 methods and fields");
    vmh_lua_emit(to, VMH_LUA_DO_GET_METHOD, base, object, name);
    vmh_lua_live_hold(to, of->as.call.function, base + 1, false);
    vmh_lua_point_here(to);
    vmh_lua_live_add(to, VMH_LUA_LIVE_OPERAND, base);
    vmh_lua_name_operands(to, of->as.call.function, of);
}

/*
 * Applies one suffix to the object in a register. `base` is the newest register,
 * and where its value goes; a call gives `wanted` results there.
 */
static ALWAYS_INLINE void apply_suffix(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                       uint32_t object, uint32_t base, uint32_t wanted,
                                       bool is_tail)
{
    vmh_lua_waiting live = to->live;

    if (of->kind == VMH_LUA_EXPR_INDEX) {
        emit_index(to, of, object, base);
        return;
    }
    if (of->kind == VMH_LUA_EXPR_METHOD_CALL) {
        vmh_lua_take_register(to); /* of the object, behind the method */
        emit_method(to, of, object, base);
    } else {
        if (object != base)
            vmh_lua_emit(to, VMH_LUA_DO_MOVE, base, object, 0);
        vmh_lua_live_hold(to, of->as.call.function, base, false);
    }
    emit_call(to, of, base, wanted, is_tail, live);
    vmh_lua_take_register(to); /* `base` again, which the call gave back */
}

/*
 * A chain of suffixes. Its value, or `wanted` results of the call at its end,
 * begin at `base`, the newest register.
 */
static void compile_suffixes(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t base,
                             uint32_t wanted, bool is_tail)
{
    const vmh_lua_expression *first = object_of(of), *node;
    uint32_t object = base;
    spine chain = begin_spine(to);
    bool is_last;

    while (is_suffix(first) && push_node(to, &chain, first))
        first = object_of(first);
    if (vmh_lua_has_fault(to))
        return;
    if (vmh_lua_is_register(to, first))
        object = first->as.variable->slot;
    else
        vmh_lua_compile_into(to, first, base);
    do {
        is_last = chain.count == 0;
        node = is_last ? of : pop_node(to, &chain);
        apply_suffix(to, node, object, base, is_last ? wanted : 1, is_last && is_tail);
        object = base;
    } while (!is_last);
}

/* ---- operators of one operand ---- */

static ALWAYS_INLINE void compile_unary(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                        uint32_t into)
{
    uint32_t mark = to->next_register;
    uint32_t operand = vmh_lua_compile_operand(to, of->as.pair.left);

    at_line(to, of);
    vmh_lua_emit(to, (vmh_lua_instruction_name)(VMH_LUA_DO_NEG + (of->operator - VMH_LUA_OP_NEG)),
                 into, operand, 0);
    if (of->operator != VMH_LUA_OP_NOT)
        vmh_lua_point_here(to);
    vmh_lua_name_operands(to, of->as.pair.left, NULL);
    vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
    vmh_lua_drop_registers(to, mark);
}

/* ---- any expression ---- */

/* The newest register and `into` may be the same, or `into` is a local that is given a value. */
static ALWAYS_INLINE void compile_in_place(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                           uint32_t into)
{
    bool is_newest = into + 1 == to->next_register;
    uint32_t base = is_newest ? into : vmh_lua_take_register(to);

    if (is_suffix(of))
        compile_suffixes(to, of, base, 1, false);
    else if (is_logical(of))
        vmh_lua_compile_logical(to, of, base);
    else
        compile_table(to, of, base);
    if (is_newest)
        return;
    vmh_lua_emit(to, VMH_LUA_DO_MOVE, into, base, 0);
    vmh_lua_drop_registers(to, base);
}

void vmh_lua_compile_into(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    if (vmh_lua_has_fault(to))
        return;
    at_line(to, of);
    switch (of->kind) {
    case VMH_LUA_EXPR_NIL:
        vmh_lua_emit(to, VMH_LUA_DO_LOAD_NIL, into, 1, 0);
        break;
    case VMH_LUA_EXPR_FALSE:
        vmh_lua_emit(to, VMH_LUA_DO_LOAD_FALSE, into, 0, 0);
        break;
    case VMH_LUA_EXPR_TRUE:
        vmh_lua_emit(to, VMH_LUA_DO_LOAD_TRUE, into, 0, 0);
        break;
    case VMH_LUA_EXPR_INTEGER:
        load_integer(to, of->as.integer, into);
        break;
    case VMH_LUA_EXPR_STRING:
        vmh_lua_emit_wide(to, VMH_LUA_DO_LOAD_CONSTANT, into,
                          name_constant(to, of->as.string));
        break;
    case VMH_LUA_EXPR_VARARGS:
        load_varargs(to, into, 1);
        break;
    case VMH_LUA_EXPR_FUNCTION:
        load_function(to, of->as.function, into);
        break;
    case VMH_LUA_EXPR_LOCAL:
        load_local(to, of->as.variable, into);
        break;
    case VMH_LUA_EXPR_CAPTURE:
        load_capture(to, of, into);
        break;
    case VMH_LUA_EXPR_GLOBAL:
        load_global(to, of->as.string, into);
        break;
    case VMH_LUA_EXPR_UNARY:
        compile_unary(to, of, into);
        break;
    case VMH_LUA_EXPR_BINARY:
        if (of->operator == VMH_LUA_OP_CONCAT)
            vmh_lua_compile_concat(to, of, into);
        else
            vmh_lua_compile_binary(to, of, into);
        break;
    case VMH_LUA_EXPR_PARENTHESES:
        vmh_lua_compile_into(to, of->as.pair.left, into);
        break;
    default:
        compile_in_place(to, of, into);
    }
}

uint32_t vmh_lua_compile_list(vmh_lua_emitter *to, vmh_lua_expression *const *values, size_t count,
                              uint32_t wanted)
{
    bool is_all = wanted == VMH_LUA_OPEN;
    vmh_lua_waiting live = to->live;

    for (size_t i = 0; i < count && !vmh_lua_has_fault(to); i++) {
        uint32_t mark = to->next_register;
        bool is_last = i + 1 == count;

        if (is_last && vmh_lua_is_open(values[i]) && (is_all || i + 1 < wanted)) {
            compile_open(to, values[i], is_all ? VMH_LUA_OPEN : wanted - (uint32_t)i);
            vmh_lua_live_drop(to, live);
            return is_all ? VMH_LUA_OPEN : wanted;
        }
        vmh_lua_compile_next(to, values[i]);
        if (!is_all && i >= wanted)
            vmh_lua_drop_registers(to, mark); /* evaluated, and not wanted */
        else if (is_last)
            vmh_lua_wait(to, 1);
        else
            vmh_lua_live_hold(to, values[i], mark, false);
    }
    vmh_lua_live_drop(to, live);
    if (is_all)
        return (uint32_t)count;
    if (count < wanted) {
        uint32_t missing = wanted - (uint32_t)count;

        vmh_lua_emit(to, VMH_LUA_DO_LOAD_NIL, vmh_lua_take_registers(to, missing), missing, 0);
    }
    return wanted;
}

void vmh_lua_compile_call_statement(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    uint32_t base = vmh_lua_take_register(to);

    compile_suffixes(to, of, base, 0, false);
    vmh_lua_drop_registers(to, base);
}

void vmh_lua_compile_tail_call(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    uint32_t base = vmh_lua_take_register(to);

    compile_suffixes(to, of, base, VMH_LUA_OPEN, true);
    vmh_lua_drop_registers(to, base);
}
