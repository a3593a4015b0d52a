/* Operators of two operands, and conditions, to instructions. */
#include "contractlua/compile_parts.h"

/* ---- of two operands ---- */

static bool fits_signed(const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_INTEGER && of->as.integer >= INT16_MIN &&
           of->as.integer <= INT16_MAX;
}

/* The form of an operation whose right operand is a small number; MOVE: there is none. */
static vmh_lua_instruction_name number_form(const vmh_lua_emitter *to, vmh_lua_operator operator,
                                            const vmh_lua_expression *right)
{
    bool is_positive = right->kind == VMH_LUA_EXPR_INTEGER && right->as.integer > 0;

    if (!fits_signed(right) || to->compiler->is_plain)
        return VMH_LUA_DO_MOVE;
    switch (operator) {
    case VMH_LUA_OP_ADD:
        return VMH_LUA_DO_ADD_NUMBER;
    case VMH_LUA_OP_SUB:
        return VMH_LUA_DO_SUB_NUMBER;
    case VMH_LUA_OP_MUL:
        return VMH_LUA_DO_MUL_NUMBER;
    case VMH_LUA_OP_IDIV:
        return is_positive ? VMH_LUA_DO_IDIV_NUMBER : VMH_LUA_DO_MOVE;
    case VMH_LUA_OP_MOD:
        return is_positive ? VMH_LUA_DO_MOD_NUMBER : VMH_LUA_DO_MOVE;
    default:
        return VMH_LUA_DO_MOVE;
    }
}

/* Emits a test of `left operator right`, the left one in a register. */
static ALWAYS_INLINE void emit_comparison(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                          uint32_t left, bool sense)
{
    const vmh_lua_expression *right = of->as.pair.right;
    vmh_lua_operator operator = of->operator;
    bool is_plain = to->compiler->is_plain;
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number, other;

    if (operator == VMH_LUA_OP_NE) {
        operator = VMH_LUA_OP_EQ;
        sense = !sense;
    }
    vmh_lua_wait(to, 1);
    to->live = live;
    if (fits_signed(right) && !is_plain) {
        static const vmh_lua_instruction_name forms[] = {
            VMH_LUA_DO_EQ_NUMBER, VMH_LUA_DO_EQ_NUMBER, VMH_LUA_DO_LT_NUMBER,
            VMH_LUA_DO_LE_NUMBER, VMH_LUA_DO_GT_NUMBER, VMH_LUA_DO_GE_NUMBER};

        at_line(to, of);
        vmh_lua_emit(to, forms[operator - VMH_LUA_OP_EQ], left, (uint16_t)right->as.integer,
                     sense);
    } else if (operator == VMH_LUA_OP_EQ && !is_plain &&
               (right->kind <= VMH_LUA_EXPR_TRUE || right->kind == VMH_LUA_EXPR_STRING)) {
        static const vmh_lua_tag tags[] = {VMH_LUA_NIL, VMH_LUA_FALSE, VMH_LUA_TRUE};

        number = right->kind == VMH_LUA_EXPR_STRING
                     ? vmh_lua_string_constant(to, right->as.string)
                     : vmh_lua_plain_constant(to, tags[right->kind]);
        at_line(to, of);
        if (number > UINT16_MAX)
            vmh_lua_refuse(to, vmh_lua_place_of(of), "a function names at most 65,536 constants");
        vmh_lua_emit(to, VMH_LUA_DO_EQ_CONSTANT, left, number, sense);
    } else {
        bool is_turned = operator == VMH_LUA_OP_GT || operator == VMH_LUA_OP_GE;

        vmh_lua_live_hold(to, of->as.pair.left, left, false);
        other = vmh_lua_compile_operand(to, right);
        vmh_lua_live_drop(to, live);
        at_line(to, of);
        if (operator == VMH_LUA_OP_EQ)
            vmh_lua_emit(to, VMH_LUA_DO_EQ, left, other, sense);
        else
            vmh_lua_emit(to, operator == VMH_LUA_OP_LT || operator == VMH_LUA_OP_GT
                                 ? VMH_LUA_DO_LT
                                 : VMH_LUA_DO_LE,
                         is_turned ? other : left, is_turned ? left : other, sense);
    }
    vmh_lua_point_here(to);
    vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
    vmh_lua_drop_registers(to, mark);
}

/* Makes a value of a test that was just emitted with sense true. */
static void load_truth(vmh_lua_emitter *to, uint32_t into)
{
    vmh_lua_instruction *row = vmh_lua_emit_row(to, 4);

    if (row == NULL)
        return;
    row[0] = (vmh_lua_instruction){.op = VMH_LUA_DO_JUMP, .b = 2}; /* to LOAD_FALSE */
    row[1] = (vmh_lua_instruction){.op = VMH_LUA_DO_LOAD_TRUE, .a = (uint8_t)into};
    row[2] = (vmh_lua_instruction){.op = VMH_LUA_DO_JUMP, .b = 1}; /* over it */
    row[3] = (vmh_lua_instruction){.op = VMH_LUA_DO_LOAD_FALSE, .a = (uint8_t)into};
    vmh_lua_target_here(to);
}

/* `left of-operator right` into a register; the left one is in a register already. */
static ALWAYS_INLINE void emit_binary(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                      uint32_t left, uint32_t into)
{
    const vmh_lua_expression *right = of->as.pair.right;
    vmh_lua_instruction_name form = number_form(to, of->operator, right);
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number;

    if (is_comparison(of->operator)) {
        emit_comparison(to, of, left, true);
        load_truth(to, into);
        return;
    }
    if (form != VMH_LUA_DO_MOVE) {
        vmh_lua_wait(to, 1);
        number = (uint16_t)right->as.integer;
    } else {
        vmh_lua_live_hold(to, of->as.pair.left, left, false);
        number = vmh_lua_compile_operand(to, right);
        form = (vmh_lua_instruction_name)(VMH_LUA_DO_ADD + (of->operator - VMH_LUA_OP_ADD));
    }
    vmh_lua_live_drop(to, live);
    at_line(to, of);
    vmh_lua_emit(to, form, into, left, number);
    vmh_lua_point_here(to);
    vmh_lua_name_operands(to, of->as.pair.left, right);
    vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
    vmh_lua_drop_registers(to, mark);
}

/* A chain of binary operators, `..`, `and` and `or` left out. */
void vmh_lua_compile_binary(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    uint32_t mark = to->next_register;
    const vmh_lua_expression *first = of->as.pair.left;
    spine chain = begin_spine(to);
    uint32_t left;
    bool is_last;

    while (first->kind == VMH_LUA_EXPR_BINARY && first->operator != VMH_LUA_OP_CONCAT &&
           push_node(to, &chain, first))
        first = first->as.pair.left;
    if (vmh_lua_has_fault(to))
        return;
    left = vmh_lua_compile_operand(to, first);
    do {
        uint32_t result = left >= mark ? left : to->next_register;
        const vmh_lua_expression *node;

        is_last = chain.count == 0;
        expect_node(to, &chain);
        node = is_last ? of : pop_node(to, &chain);
        emit_binary(to, node, left, is_last ? into : result);
        if (!is_last && result == to->next_register)
            vmh_lua_take_register(to);
        left = result;
    } while (!is_last);
    vmh_lua_drop_registers(to, mark);
}

/* a .. (b .. (c ...)): all operands in a row, then one instruction. */
void vmh_lua_compile_concat(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    uint32_t first = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t count = 0;

    while (of->kind == VMH_LUA_EXPR_BINARY && of->operator == VMH_LUA_OP_CONCAT) {
        vmh_lua_live_hold(to, of->as.pair.left, vmh_lua_compile_next(to, of->as.pair.left),
                          false);
        vmh_lua_pay(to, VMH_LUA_GAS_CONCAT);
        at_line(to, of);
        of = of->as.pair.right;
        count++;
    }
    vmh_lua_compile_next(to, of);
    vmh_lua_emit(to, VMH_LUA_DO_CONCAT, into, first, count + 1);
    vmh_lua_point_here(to);
    vmh_lua_live_drop(to, live);
    vmh_lua_drop_registers(to, first);
}

/* a and b or c ...: each right side runs where what is there so far lets it. */
void vmh_lua_compile_logical(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    const vmh_lua_expression *first = of;
    spine chain = begin_spine(to);

    while (is_logical(first) && push_node(to, &chain, first))
        first = first->as.pair.left;
    if (vmh_lua_has_fault(to))
        return;
    vmh_lua_compile_into(to, first, into);
    while (chain.count > 0) {
        const vmh_lua_expression *node = pop_node(to, &chain);
        vmh_lua_stretch around;
        vmh_lua_jumps over = {0};

        vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
        vmh_lua_emit(to, VMH_LUA_DO_TEST, into, 0, node->kind == VMH_LUA_EXPR_AND);
        vmh_lua_jump(to, &over);
        around = vmh_lua_stretch_begin_here(to);
        vmh_lua_compile_into(to, node->as.pair.right, into);
        vmh_lua_stretch_end(to, around);
        vmh_lua_jumps_land(to, &over);
    }
}

/* ---- conditions ---- */

/* How deep conditions may look into `and` and `or`; below that they are values. */
enum { CONDITION_DEPTH = 100 };

static void compile_condition(vmh_lua_emitter *to, const vmh_lua_expression *of, bool sense,
                              vmh_lua_jumps *jumps, int depth);

static void compile_right(vmh_lua_emitter *to, const vmh_lua_expression *of, bool sense,
                          vmh_lua_jumps *jumps, int depth)
{
    vmh_lua_stretch around = vmh_lua_stretch_begin_here(to);

    compile_condition(to, of->as.pair.right, sense, jumps, depth - 1);
    vmh_lua_stretch_end(to, around);
}

static void compile_logical_condition(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                      bool sense, vmh_lua_jumps *jumps, int depth)
{
    bool goes_on = of->kind == VMH_LUA_EXPR_AND;
    vmh_lua_jumps decided = {0};

    vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
    if (sense == goes_on) {
        compile_condition(to, of->as.pair.left, sense, jumps, depth - 1);
        compile_right(to, of, sense, jumps, depth);
        return;
    }
    compile_condition(to, of->as.pair.left, !sense, &decided, depth - 1);
    compile_right(to, of, sense, jumps, depth);
    vmh_lua_jumps_land(to, &decided);
}

static void compile_condition(vmh_lua_emitter *to, const vmh_lua_expression *of, bool sense,
                              vmh_lua_jumps *jumps, int depth)
{
    uint32_t mark = to->next_register;

    if (of->kind == VMH_LUA_EXPR_PARENTHESES)
        of = of->as.pair.left;
    if (is_logical(of) && depth > 0) {
        compile_logical_condition(to, of, sense, jumps, depth);
        return;
    }
    if (of->kind == VMH_LUA_EXPR_UNARY && of->operator == VMH_LUA_OP_NOT && depth > 0) {
        vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
        compile_condition(to, of->as.pair.left, !sense, jumps, depth - 1);
        return;
    }
    if (of->kind == VMH_LUA_EXPR_BINARY && is_comparison(of->operator)) {
        uint32_t left = vmh_lua_compile_operand(to, of->as.pair.left);

        emit_comparison(to, of, left, sense);
    } else {
        vmh_lua_emit(to, VMH_LUA_DO_TEST, vmh_lua_compile_operand(to, of), 0, sense);
    }
    vmh_lua_drop_registers(to, mark);
    vmh_lua_jump(to, jumps);
}

void vmh_lua_compile_condition(vmh_lua_emitter *to, const vmh_lua_expression *of, bool sense,
                               vmh_lua_jumps *jumps)
{
    compile_condition(to, of, sense, jumps, CONDITION_DEPTH);
}
