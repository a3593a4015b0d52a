/* Operators of two operands, and conditions, to instructions. */
#include "contractlua/compile_parts.h"

/* ---- of two operands ---- */

/* Whether the right operand stands in the instruction: small numbers do, of some operators. */
static inline bool is_in_place(const vmh_lua_emitter *to, vmh_lua_operator operator,
                               const vmh_lua_expression *right)
{
    enum { ANY = INT16_MIN, NONE = INT32_MAX };
    /* The least number. */
    static const int32_t least[VMH_LUA_OP_GE + 1] = {
        [VMH_LUA_OP_ADD] = ANY,   [VMH_LUA_OP_SUB] = ANY,   [VMH_LUA_OP_MUL] = ANY,
        [VMH_LUA_OP_IDIV] = 1,    [VMH_LUA_OP_MOD] = 1,     [VMH_LUA_OP_BAND] = NONE,
        [VMH_LUA_OP_BOR] = NONE,  [VMH_LUA_OP_BXOR] = NONE, [VMH_LUA_OP_SHL] = NONE,
        [VMH_LUA_OP_SHR] = NONE,  [VMH_LUA_OP_EQ] = ANY,    [VMH_LUA_OP_NE] = ANY,
        [VMH_LUA_OP_LT] = ANY,    [VMH_LUA_OP_LE] = ANY,    [VMH_LUA_OP_GT] = ANY,
        [VMH_LUA_OP_GE] = ANY,
    };

    return right->kind == VMH_LUA_EXPR_INTEGER && right->as.integer <= INT16_MAX &&
           right->as.integer >= least[operator] && !to->compiler->is_plain;
}

/* The register of an operand, or, `in_place`, the number itself. */
static ALWAYS_INLINE uint32_t compile_side(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                           bool in_place)
{
    uint32_t into;

    if (in_place)
        return (uint16_t)of->as.integer;
    while (of->kind == VMH_LUA_EXPR_PARENTHESES)
        of = of->as.pair.left;
    if (vmh_lua_is_register(to, of))
        return of->as.variable->slot;
    into = vmh_lua_take_register(to);
    if (vmh_lua_has_fault(to))
        return into;
    at_line(to, of);
    if (of->kind == VMH_LUA_EXPR_GLOBAL)
        load_global(to, of->as.string, into);
    else if (of->kind == VMH_LUA_EXPR_BINARY && of->operator != VMH_LUA_OP_CONCAT)
        vmh_lua_compile_binary(to, of, into);
    else if (of->kind == VMH_LUA_EXPR_CAPTURE)
        load_capture(to, of, into);
    else if (of->kind == VMH_LUA_EXPR_LOCAL)
        load_local(to, of->as.variable, into);
    else if (of->kind == VMH_LUA_EXPR_INTEGER)
        load_integer(to, of->as.integer, into);
    else
        vmh_lua_compile_into(to, of, into);
    return into;
}

/* The left operand, in a register, waits for the right one. */
static ALWAYS_INLINE void hold_left(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                    uint32_t left, bool in_place)
{
    vmh_lua_wait(to, 1);
    if (to->details != NULL && !in_place)
        vmh_lua_record_hold(to, of->as.pair.left, left, false);
}

/* Emits a test of `left operator right`, the left one in a register. */
static ALWAYS_INLINE void emit_comparison(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                          uint32_t left, bool sense)
{
    /* By whether the right operand stands in the instruction. */
    static const struct {
        uint8_t op, is_turned;
    } forms[][2] = {
        [VMH_LUA_OP_EQ] = {{VMH_LUA_DO_EQ, false}, {VMH_LUA_DO_EQ_NUMBER, false}},
        [VMH_LUA_OP_NE] = {{VMH_LUA_DO_EQ, false}, {VMH_LUA_DO_EQ_NUMBER, false}},
        [VMH_LUA_OP_LT] = {{VMH_LUA_DO_LT, false}, {VMH_LUA_DO_LT_NUMBER, false}},
        [VMH_LUA_OP_LE] = {{VMH_LUA_DO_LE, false}, {VMH_LUA_DO_LE_NUMBER, false}},
        [VMH_LUA_OP_GT] = {{VMH_LUA_DO_LT, true}, {VMH_LUA_DO_GT_NUMBER, false}},
        [VMH_LUA_OP_GE] = {{VMH_LUA_DO_LE, true}, {VMH_LUA_DO_GE_NUMBER, false}},
    };
    const vmh_lua_expression *right = of->as.pair.right;
    vmh_lua_operator operator = of->operator;
    bool in_place = is_in_place(to, operator, right);
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number;

    sense ^= operator == VMH_LUA_OP_NE;
    if ((operator == VMH_LUA_OP_EQ || operator == VMH_LUA_OP_NE) && !to->compiler->is_plain &&
        (right->kind <= VMH_LUA_EXPR_TRUE || right->kind == VMH_LUA_EXPR_STRING)) {
        static const vmh_lua_tag tags[] = {VMH_LUA_NIL, VMH_LUA_FALSE, VMH_LUA_TRUE};

        vmh_lua_wait(to, 1);
        to->live = live;
        number = right->kind == VMH_LUA_EXPR_STRING
                     ? name_constant(to, right->as.string)
                     : vmh_lua_plain_constant(to, tags[right->kind]);
        at_line(to, of);
        if (number > UINT16_MAX)
            vmh_lua_refuse(to, vmh_lua_place_of(of), "a function names at most 65,536 constants");
        vmh_lua_emit(to, VMH_LUA_DO_EQ_CONSTANT, left, number, sense);
    } else {
        bool is_turned = forms[operator][in_place].is_turned;

        hold_left(to, of, left, in_place);
        number = compile_side(to, right, in_place);
        vmh_lua_live_drop(to, live);
        at_line(to, of);
        vmh_lua_emit(to, (vmh_lua_instruction_name)forms[operator][in_place].op,
                     is_turned ? number : left, is_turned ? left : number, sense);
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
    static const uint8_t number_forms[VMH_LUA_OP_SHR + 1] = {
        [VMH_LUA_OP_ADD] = VMH_LUA_DO_ADD_NUMBER,   [VMH_LUA_OP_SUB] = VMH_LUA_DO_SUB_NUMBER,
        [VMH_LUA_OP_MUL] = VMH_LUA_DO_MUL_NUMBER,   [VMH_LUA_OP_IDIV] = VMH_LUA_DO_IDIV_NUMBER,
        [VMH_LUA_OP_MOD] = VMH_LUA_DO_MOD_NUMBER,
    };
    const vmh_lua_expression *right = of->as.pair.right;
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t number;
    bool in_place;

    if (is_comparison(of->operator)) {
        emit_comparison(to, of, left, true);
        load_truth(to, into);
        return;
    }
    in_place = is_in_place(to, of->operator, right);
    hold_left(to, of, left, in_place);
    number = compile_side(to, right, in_place);
    vmh_lua_live_drop(to, live);
    at_line(to, of);
    vmh_lua_emit(to, (vmh_lua_instruction_name)(
                         in_place ? number_forms[of->operator]
                                  : VMH_LUA_DO_ADD + (of->operator - VMH_LUA_OP_ADD)),
                 into, left, number);
    vmh_lua_point_here(to);
    vmh_lua_name_operands(to, of->as.pair.left, right);
    vmh_lua_pay(to, VMH_LUA_GAS_OPERATION);
    vmh_lua_drop_registers(to, mark);
}

/* A chain of binary operators, `..`, `and` and `or` left out. */
void vmh_lua_compile_binary(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t into)
{
    uint32_t mark = to->next_register;
    const vmh_lua_expression *first = of;
    spine chain = begin_spine(to);
    uint32_t left;

    while (first->kind == VMH_LUA_EXPR_BINARY && first->operator != VMH_LUA_OP_CONCAT &&
           push_node(to, &chain, first))
        first = first->as.pair.left;
    if (vmh_lua_has_fault(to))
        return;
    left = compile_side(to, first, false);
    while (chain.count > 0) {
        const vmh_lua_expression *node = pop_node(to, &chain);
        uint32_t next = to->next_register, result = left < mark ? next : left;

        result = chain.count == 0 ? into : result;
        emit_binary(to, node, left, result);
        vmh_lua_drop_registers(to, result);
        left = vmh_lua_take_register(to);
    }
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
