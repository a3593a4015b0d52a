/*
 * Functions and statements to instructions.
 *
 * What comes of the tree alone decides the charges; registers and instructions
 * never do. A stretch begins where spec/lua.md 3 says, is charged on entry, and
 * is cut where it passes VMH_LUA_LONGEST_STRETCH.
 */
#include <stdlib.h>

#include "contractlua/emitter.h"
#include "contractlua/heap.h"
#include "contractlua/symbols.h"

static void compile_block(vmh_lua_emitter *to, const vmh_lua_block *block);

/* The value in the newest registers becomes that of a local: from here on it is in scope. */
static void declare(vmh_lua_emitter *to, vmh_lua_variable *variable, uint32_t slot)
{
    variable->slot = slot;
    if (variable->is_captured) {
        vmh_lua_pay(to, VMH_LUA_GAS_OUTER);
        vmh_lua_emit(to, VMH_LUA_DO_NEW_CELL, slot, 0, 0);
    }
    vmh_lua_live_add(to, variable->is_captured ? VMH_LUA_LIVE_CELL : VMH_LUA_LIVE_LOCAL, slot);
    vmh_lua_note_local(to, variable);
}

static void compile_local(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t first = to->next_register;

    vmh_lua_pay(to, VMH_LUA_GAS_MOVE * (uint32_t)of->variable_count);
    vmh_lua_compile_list(to, of->values, of->value_count, (uint32_t)of->variable_count);
    vmh_lua_drop_registers(to, first);
    vmh_lua_take_registers(to, (uint32_t)of->variable_count);
    for (size_t i = 0; i < of->variable_count; i++)
        declare(to, of->variables[i], first + (uint32_t)i);
}

/* In scope in itself: a cell comes first, if it names itself. */
static void compile_local_function(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    vmh_lua_variable *variable = of->variables[0];
    uint32_t slot = vmh_lua_take_register(to);

    vmh_lua_pay(to, VMH_LUA_GAS_MOVE);
    if (!variable->is_captured) {
        vmh_lua_compile_into(to, of->values[0], slot);
        declare(to, variable, slot);
        return;
    }
    vmh_lua_emit(to, VMH_LUA_DO_LOAD_NIL, slot, 1, 0);
    declare(to, variable, slot);
    vmh_lua_emit(to, VMH_LUA_DO_SET_CELL, slot, vmh_lua_compile_next(to, of->values[0]), 0);
    vmh_lua_drop_registers(to, slot + 1);
}

/* Whether a value can be made in the register of a local that it may read. */
static bool is_made_at_once(const vmh_lua_expression *of)
{
    switch (of->kind) {
    case VMH_LUA_EXPR_INDEX:
    case VMH_LUA_EXPR_CALL:
    case VMH_LUA_EXPR_METHOD_CALL:
    case VMH_LUA_EXPR_TABLE:
    case VMH_LUA_EXPR_AND:
    case VMH_LUA_EXPR_OR:
    case VMH_LUA_EXPR_VARARGS:
    case VMH_LUA_EXPR_PARENTHESES:
        return false;
    default:
        return true;
    }
}

static void compile_single_assignment(vmh_lua_emitter *to, const vmh_lua_expression *left,
                                      const vmh_lua_expression *right)
{
    vmh_lua_waiting live = to->live;
    vmh_lua_target target = vmh_lua_compile_target(to, left, false);
    uint32_t from;

    vmh_lua_pay(to, VMH_LUA_GAS_MOVE);
    if (vmh_lua_is_register(to, left) && is_made_at_once(right)) {
        vmh_lua_compile_into(to, right, left->as.variable->slot);
        return;
    }
    from = vmh_lua_compile_operand(to, right);
    vmh_lua_live_drop(to, live);
    vmh_lua_compile_store(to, &target, from);
}

/* The value that waits for target `index` of an assignment; those that are missing are nil. */
static void hold_value(vmh_lua_emitter *to, const vmh_lua_statement *of, uint32_t index,
                       uint32_t at)
{
    static const vmh_lua_expression nothing = {.kind = VMH_LUA_EXPR_NIL};
    bool is_spread = index + 1 >= of->value_count &&
                     vmh_lua_is_open(of->values[of->value_count - 1]);

    if (is_spread)
        vmh_lua_live_add(to, VMH_LUA_LIVE_OPERAND, at);
    else
        vmh_lua_live_hold(to, index < of->value_count ? of->values[index] : &nothing, at, true);
}

/* From right to left. What waits at each store is the targets before it, each with its value. */
static void compile_stores(vmh_lua_emitter *to, const vmh_lua_statement *of,
                           vmh_lua_target *targets, uint32_t first)
{
    vmh_lua_waiting mark = to->live;

    for (uint32_t i = 0; i < of->target_count; i++) {
        targets[i].live = to->live;
        vmh_lua_target_hold(to, &targets[i], true);
        hold_value(to, of, i, first + i);
    }
    for (uint32_t i = of->target_count; i-- > 0;) {
        to->live = targets[i].live;
        vmh_lua_compile_store(to, &targets[i], first + i);
    }
    vmh_lua_live_drop(to, mark);
}

/* Objects and keys, then values, then the stores from right to left. */
static void compile_assignment(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    vmh_lua_target *targets;
    uint32_t first;

    if (of->target_count == 1 && of->value_count == 1) {
        compile_single_assignment(to, of->targets[0], of->values[0]);
        vmh_lua_drop_registers(to, mark);
        return;
    }
    targets = vmh_lua_parts_alloc(&to->compiler->tree.parts, of->target_count * sizeof *targets);
    if (targets == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return;
    }
    for (size_t i = 0; i < of->target_count; i++)
        targets[i] = vmh_lua_compile_target(to, of->targets[i], true);
    first = to->next_register;
    vmh_lua_pay(to, VMH_LUA_GAS_MOVE * (uint32_t)of->target_count);
    vmh_lua_compile_list(to, of->values, of->value_count, (uint32_t)of->target_count);
    vmh_lua_live_drop(to, live);
    compile_stores(to, of, targets, first);
    vmh_lua_drop_registers(to, mark);
}

/* ---- loops ---- */

/* A block as an arm of its own, behind a test. */
static void compile_arm(vmh_lua_emitter *to, const vmh_lua_block *block)
{
    vmh_lua_stretch around = vmh_lua_stretch_begin_here(to);

    compile_block(to, block);
    vmh_lua_stretch_end(to, around);
}

/* The turn of a loop begins: it is charged by a CHARGE on the way in, and by the jump back. */
static vmh_lua_stretch begin_turn(vmh_lua_emitter *to, uint32_t *top)
{
    vmh_lua_stretch around =
        vmh_lua_stretch_begin_at(to, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0));

    *top = vmh_lua_target_here(to);
    vmh_lua_pay(to, VMH_LUA_GAS_TURN);
    return around;
}

/*
 * The jump back, which charges the next turn: the same as the CHARGE, unless the
 * turn's first stretch has ended by now; then the jump leads to that CHARGE.
 */
static void jump_back(vmh_lua_emitter *to, uint32_t charge, uint32_t top)
{
    uint32_t at = vmh_lua_emit_wide(to, VMH_LUA_DO_JUMP, 0, 0);
    bool is_first = to->stretch.places[0] == charge + 1;

    vmh_lua_jump_set(to, at, is_first ? top : charge);
    if (is_first)
        to->stretch.places[1] = at + 1;
}

static void enter_loop(vmh_lua_emitter *to, vmh_lua_loop *loop)
{
    *loop = (vmh_lua_loop){.outer = to->loop};
    to->loop = loop;
}

static void leave_loop(vmh_lua_emitter *to, vmh_lua_loop *loop)
{
    vmh_lua_jumps_land(to, &loop->breaks);
    to->loop = loop->outer;
}

static void compile_while(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    vmh_lua_stretch around;
    vmh_lua_jumps exits = {0};
    vmh_lua_loop loop;
    uint32_t top, charge = to->code_count;

    enter_loop(to, &loop);
    to->statement_line = vmh_lua_place_line(of->place);
    around = begin_turn(to, &top);
    vmh_lua_note_turn(to, vmh_lua_place_line(of->place));
    vmh_lua_pay(to, VMH_LUA_GAS_IF);
    vmh_lua_compile_condition(to, of->values[0], true, &exits);
    compile_arm(to, &of->block);
    jump_back(to, charge, top);
    vmh_lua_stretch_end(to, around);
    vmh_lua_jumps_land(to, &exits);
    leave_loop(to, &loop);
}

static void compile_statements(vmh_lua_emitter *to, const vmh_lua_block *block);

static void compile_repeat(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t mark = to->next_register, scope = vmh_lua_note_scope(to);
    vmh_lua_waiting live = to->live;
    vmh_lua_stretch around;
    vmh_lua_jumps again = {0};
    vmh_lua_loop loop;
    uint32_t top, charge = to->code_count;
    vmh_lua_jumps exit = {0};

    enter_loop(to, &loop);
    to->statement_line = vmh_lua_place_line(of->place);
    around = begin_turn(to, &top);
    compile_statements(to, &of->block);
    vmh_lua_note_statement(to, vmh_lua_expression_line(of->values[0]));
    vmh_lua_pay(to, VMH_LUA_GAS_IF);
    vmh_lua_compile_condition(to, of->values[0], true, &again);
    vmh_lua_jump(to, &exit);
    vmh_lua_jumps_land(to, &again);
    jump_back(to, charge, top);
    vmh_lua_stretch_end(to, around);
    vmh_lua_jumps_land(to, &exit);
    vmh_lua_live_drop(to, live);
    vmh_lua_note_scope_end(to, scope);
    vmh_lua_drop_registers(to, mark);
    leave_loop(to, &loop);
}

/* The body of a `for`, whose turns are charged by the instructions `first` and `again`. */
static void compile_for_body(vmh_lua_emitter *to, const vmh_lua_statement *of, uint32_t base)
{
    uint32_t scope = vmh_lua_note_scope(to);
    vmh_lua_waiting live = to->live;

    for (size_t i = 0; i < of->variable_count; i++)
        declare(to, of->variables[i], base + (uint32_t)i);
    compile_block(to, &of->block);
    vmh_lua_live_drop(to, live);
    vmh_lua_note_scope_end(to, scope);
}

static void compile_for(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    vmh_lua_stretch around;
    vmh_lua_loop loop;
    uint32_t begin, again, top;

    for (size_t i = 0; i < of->value_count && i < 3; i++) {
        if (of->values[i] != NULL)
            vmh_lua_live_hold(to, of->values[i], vmh_lua_compile_next(to, of->values[i]), false);
    }
    vmh_lua_live_drop(to, live);
    if (of->value_count < 3 || of->values[2] == NULL)
        vmh_lua_emit_wide(to, VMH_LUA_DO_LOAD_INTEGER, vmh_lua_take_register(to), 1);
    vmh_lua_take_register(to);
    vmh_lua_pay(to, VMH_LUA_GAS_FOR);
    to->line = vmh_lua_place_line(of->place);
    begin = vmh_lua_emit_wide(to, VMH_LUA_DO_FOR_BEGIN, mark, 0);
    vmh_lua_live_add(to, VMH_LUA_LIVE_FOR, mark);
    enter_loop(to, &loop);
    around = vmh_lua_stretch_begin_at(to, begin);
    top = vmh_lua_target_here(to);
    vmh_lua_pay(to, VMH_LUA_GAS_TURN);
    /* Where the turn holds a call its first stretch is charged by then, so both know it. */
    compile_for_body(to, of, mark + 3);
    to->line = vmh_lua_place_line(of->place);
    vmh_lua_note_turn(to, vmh_lua_place_line(of->place));
    again = vmh_lua_emit_wide(to, VMH_LUA_DO_FOR_TURN, mark, 0);
    vmh_lua_jump_set(to, again, top);
    vmh_lua_stretch_end(to, around);
    vmh_lua_instruction_at(to, again)->d = vmh_lua_instruction_at(to, begin)->d;
    vmh_lua_note_same_charge(to, again, begin);
    vmh_lua_jump_set(to, begin, vmh_lua_target_here(to));
    vmh_lua_live_drop(to, live);
    vmh_lua_drop_registers(to, mark);
    leave_loop(to, &loop);
}

static void compile_for_in(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t mark = to->next_register;
    vmh_lua_waiting live = to->live;
    uint32_t variable_count = (uint32_t)of->variable_count;
    vmh_lua_stretch around;
    vmh_lua_loop loop;
    uint32_t begin, again, top;

    vmh_lua_pay(to, VMH_LUA_GAS_FOR);
    vmh_lua_compile_list(to, of->values, of->value_count, 4);
    vmh_lua_take_registers(to, variable_count > 3 ? variable_count : 3);
    vmh_lua_drop_registers(to, mark + 4 + variable_count);
    to->line = vmh_lua_place_line(of->place);
    begin = vmh_lua_emit_wide(to, VMH_LUA_DO_FOR_IN_BEGIN, mark, 0);
    vmh_lua_live_add(to, VMH_LUA_LIVE_FOR_IN, mark);
    enter_loop(to, &loop);
    /* The turn is charged by the FOR_IN_TURN alone, which is not there yet. */
    around = vmh_lua_stretch_begin_at(to, begin);
    top = vmh_lua_target_here(to);
    vmh_lua_pay(to, VMH_LUA_GAS_TURN);
    compile_for_body(to, of, mark + 4);
    to->line = vmh_lua_place_line(of->place);
    vmh_lua_jump_set(to, begin, vmh_lua_target_here(to));
    vmh_lua_note_turn(to, vmh_lua_place_line(of->place));
    vmh_lua_emit(to, VMH_LUA_DO_FOR_IN_CALL, mark, variable_count, 0);
    vmh_lua_point_here(to);
    again = vmh_lua_emit_wide(to, VMH_LUA_DO_FOR_IN_TURN, mark, 0);
    vmh_lua_jump_set(to, again, top);
    vmh_lua_stretch_end(to, around);
    vmh_lua_instruction_at(to, again)->d = vmh_lua_instruction_at(to, begin)->d;
    vmh_lua_note_same_charge(to, again, begin);
    vmh_lua_instruction_at(to, begin)->d = 0;
    vmh_lua_live_drop(to, live);
    vmh_lua_drop_registers(to, mark);
    leave_loop(to, &loop);
}

/* ---- if, jumps, return ---- */

static void compile_if(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    vmh_lua_jumps end = {0};
    vmh_lua_stretch *elses = NULL; /* each the one around it */
    size_t else_count = 0;

    /* The condition of an `elseif` runs in the arm that is taken when those before are false. */
    elses = vmh_lua_parts_alloc(&to->compiler->tree.parts, of->arm_count * sizeof *elses);
    if (elses == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return;
    }
    for (size_t i = 0; i < of->arm_count && !vmh_lua_has_fault(to); i++) {
        const vmh_lua_arm *arm = &of->arms[i];
        bool is_last = i + 1 == of->arm_count;
        vmh_lua_jumps next = {0};

        if (arm->condition == NULL) {
            compile_block(to, &arm->block);
            break;
        }
        if (i > 0)
            vmh_lua_note_statement(to, vmh_lua_expression_line(arm->condition));
        vmh_lua_pay(to, VMH_LUA_GAS_IF);
        vmh_lua_compile_condition(to, arm->condition, true, &next);
        compile_arm(to, &arm->block);
        if (!is_last)
            vmh_lua_jump(to, &end);
        vmh_lua_jumps_land(to, &next);
        if (!is_last)
            elses[else_count++] = vmh_lua_stretch_begin_here(to);
    }
    while (else_count-- > 0)
        vmh_lua_stretch_end(to, elses[else_count]);
    vmh_lua_jumps_land(to, &end);
}

static void compile_goto(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t at;
    vmh_lua_goto *grown;

    vmh_lua_pay(to, VMH_LUA_GAS_JUMP);
    at = vmh_lua_emit_wide(to, VMH_LUA_DO_JUMP, 0, 0);
    if (vmh_lua_has_fault(to))
        return;
    grown = vmh_arena_grow(to->compiler->tree.parts.arena, to->gotos, &to->goto_capacity,
                           to->goto_count + 1, sizeof *grown);
    if (grown == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return;
    }
    to->gotos = grown;
    to->gotos[to->goto_count++] = (vmh_lua_goto){at, of->label};
}

/* A label that a goto names begins a stretch, which those who fall into it pay too. */
static void compile_label(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    of->label->position = vmh_lua_target_here(to);
    if (of->label->is_used)
        vmh_lua_stretch_next_here(to);
}

static bool is_call(const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_CALL || of->kind == VMH_LUA_EXPR_METHOD_CALL;
}

static void compile_return(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    uint32_t mark = to->next_register;
    uint32_t count, first = mark;

    vmh_lua_pay(to, VMH_LUA_GAS_MOVE * (uint32_t)of->value_count);
    if (of->value_count == 1 && is_call(of->values[0])) {
        vmh_lua_compile_tail_call(to, of->values[0]);
        return;
    }
    if (of->value_count == 1 && of->values[0]->kind != VMH_LUA_EXPR_VARARGS) {
        first = vmh_lua_compile_operand(to, of->values[0]);
        count = 1;
    } else {
        count = vmh_lua_compile_list(to, of->values, of->value_count, VMH_LUA_OPEN);
    }
    to->line = vmh_lua_place_line(of->place);
    vmh_lua_emit(to, VMH_LUA_DO_RETURN, first, count, 0);
    vmh_lua_drop_registers(to, mark);
}

/* ---- blocks ---- */

/* Not those whose first part is a statement, or a turn, or that do nothing. */
static bool begins_itself(vmh_lua_statement_kind kind)
{
    return kind != VMH_LUA_STMT_DO && kind != VMH_LUA_STMT_WHILE && kind != VMH_LUA_STMT_REPEAT &&
           kind != VMH_LUA_STMT_LABEL;
}

static void compile_statement(vmh_lua_emitter *to, const vmh_lua_statement *of)
{
    to->line = vmh_lua_place_line(of->place);
    if (begins_itself(of->kind))
        vmh_lua_note_statement(to, vmh_lua_place_line(of->place));
    switch (of->kind) {
    case VMH_LUA_STMT_LOCAL:
        compile_local(to, of);
        break;
    case VMH_LUA_STMT_LOCAL_FUNCTION:
        compile_local_function(to, of);
        break;
    case VMH_LUA_STMT_ASSIGN:
        compile_assignment(to, of);
        break;
    case VMH_LUA_STMT_CALL:
        vmh_lua_compile_call_statement(to, of->values[0]);
        break;
    case VMH_LUA_STMT_DO:
        compile_block(to, &of->block);
        break;
    case VMH_LUA_STMT_WHILE:
        compile_while(to, of);
        break;
    case VMH_LUA_STMT_REPEAT:
        compile_repeat(to, of);
        break;
    case VMH_LUA_STMT_IF:
        compile_if(to, of);
        break;
    case VMH_LUA_STMT_FOR:
        compile_for(to, of);
        break;
    case VMH_LUA_STMT_FOR_IN:
        compile_for_in(to, of);
        break;
    case VMH_LUA_STMT_RETURN:
        compile_return(to, of);
        break;
    case VMH_LUA_STMT_BREAK:
        vmh_lua_pay(to, VMH_LUA_GAS_JUMP);
        vmh_lua_jump(to, &to->loop->breaks);
        break;
    case VMH_LUA_STMT_GOTO:
        compile_goto(to, of);
        break;
    case VMH_LUA_STMT_LABEL:
        compile_label(to, of);
        break;
    }
}

static void compile_statements(vmh_lua_emitter *to, const vmh_lua_block *block)
{
    for (const vmh_lua_statement *statement = block->first;
         statement != NULL && !vmh_lua_has_fault(to); statement = statement->next)
        compile_statement(to, statement);
}

static void compile_block(vmh_lua_emitter *to, const vmh_lua_block *block)
{
    uint32_t mark = to->next_register, scope = vmh_lua_note_scope(to);
    vmh_lua_waiting live = to->live;

    compile_statements(to, block);
    vmh_lua_live_drop(to, live);
    vmh_lua_note_scope_end(to, scope);
    vmh_lua_drop_registers(to, mark);
}

/* ---- functions ---- */

static void compile_body(vmh_lua_emitter *to, const vmh_lua_function *of)
{
    vmh_lua_stretch none = vmh_lua_stretch_begin_at(to, VMH_LUA_AT_ENTRY);

    to->line = vmh_lua_place_line(of->place);
    vmh_lua_take_registers(to, (uint32_t)of->parameter_count);
    for (size_t i = 0; i < of->parameter_count; i++)
        declare(to, of->parameters[i], (uint32_t)i);
    compile_statements(to, &of->body);
    to->line = vmh_lua_place_line(of->end);
    vmh_lua_emit(to, VMH_LUA_DO_RETURN, 0, 0, 0);
    vmh_lua_stretch_end(to, none);
    for (size_t i = 0; i < to->goto_count; i++)
        vmh_lua_jump_set(to, to->gotos[i].at, to->gotos[i].label->position);
}

static void describe(vmh_lua_emitter *to, const vmh_lua_function *of, vmh_lua_proto *proto)
{
    vmh_arena *arena = &to->compiler->code->arena;

    proto->parameter_count = (uint32_t)of->parameter_count;
    proto->is_variadic = of->is_variadic;
    proto->number = of->number;
    proto->line = vmh_lua_place_line(of->place);
    proto->name = vmh_lua_keep_name(to->compiler, arena, of->name);
    proto->captures = vmh_arena_alloc_array(arena, of->capture_count + 1,
                                            sizeof *proto->captures);
    if (proto->captures == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return;
    }
    proto->capture_count = (uint32_t)of->capture_count;
    for (size_t i = 0; i < of->capture_count; i++) {
        const vmh_lua_capture *capture = &of->captures[i];

        proto->captures[i].is_of_parent = capture->is_of_parent;
        proto->captures[i].index =
            capture->is_of_parent ? capture->variable->slot : capture->parent_index;
    }
}

/* Counted by the tree, so that every compiler gives the same. */
static uint32_t cost_of_frame(const vmh_lua_emitter *to, const vmh_lua_function *of)
{
    uint32_t operands = to->most_waiting <= VMH_LUA_FRAME_OPERANDS
                            ? 0
                            : to->most_waiting - VMH_LUA_FRAME_OPERANDS;

    return VMH_LUA_FRAME_COST + VMH_LUA_SLOT_COST * (of->variable_count + operands);
}

vmh_lua_proto *vmh_lua_compile_proto(vmh_lua_compiler *compiler, vmh_lua_emitter *outer,
                                     const vmh_lua_function *of)
{
    vmh_lua_emitter to = {.compiler = compiler, .outer = outer, .function = of};

    if (compiler->status != VMH_OK || compiler->is_refused)
        return NULL;
    to.proto = vmh_arena_alloc_array(&compiler->code->arena, 1, sizeof *to.proto);
    if (to.proto == NULL) {
        compiler->status = vmh_fail_memory(compiler->why);
        return NULL;
    }
    describe(&to, of, to.proto);
    compiler->code->protos[of->number] = to.proto;
    if (!vmh_lua_symbols_begin_proto(&to) || !vmh_lua_emitter_begin(&to))
        return NULL;
    compile_body(&to, of);
    to.proto->frame_cost = cost_of_frame(&to, of);
    vmh_lua_symbols_end_proto(&to);
    vmh_lua_emitter_end(&to);
    return to.proto;
}

uint32_t vmh_lua_compile_function(vmh_lua_emitter *to, const vmh_lua_function *of)
{
    vmh_lua_proto *proto = vmh_lua_compile_proto(to->compiler, to, of);
    vmh_lua_proto **children;

    if (proto == NULL)
        return 0;
    children = vmh_arena_grow(&to->compiler->code->arena, to->proto->children,
                              &to->child_capacity, to->proto->child_count + 1, sizeof *children);
    if (children == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return 0;
    }
    to->proto->children = children;
    children[to->proto->child_count] = proto;
    return to->proto->child_count++;
}
