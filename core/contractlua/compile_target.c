/* Targets of assignments to instructions. */
#include "contractlua/compile_parts.h"

vmh_lua_target vmh_lua_compile_target(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                      bool keeps)
{
    vmh_lua_target target = {.expression = of};
    vmh_lua_waiting live = to->live;

    if (of->kind != VMH_LUA_EXPR_INDEX || vmh_lua_has_fault(to))
        return target;
    target.object = keeps ? vmh_lua_compile_next(to, of->as.pair.left)
                          : vmh_lua_compile_operand(to, of->as.pair.left);
    vmh_lua_live_hold(to, of->as.pair.left, target.object, keeps);
    target.key_kind = constant_key(to, of->as.pair.right, &target.key);
    if (target.key_kind == VMH_LUA_KEY_REGISTER)
        target.key = keeps ? vmh_lua_compile_next(to, of->as.pair.right)
                           : vmh_lua_compile_operand(to, of->as.pair.right);
    vmh_lua_live_drop(to, live);
    vmh_lua_target_hold(to, &target, keeps);
    return target;
}

void vmh_lua_target_hold(vmh_lua_emitter *to, const vmh_lua_target *target, bool keeps)
{
    const vmh_lua_expression *of = target->expression;

    if (of->kind != VMH_LUA_EXPR_INDEX || vmh_lua_has_fault(to))
        return;
    vmh_lua_live_hold(to, of->as.pair.left, target->object, keeps);
    if (target->key_kind == VMH_LUA_KEY_REGISTER)
        vmh_lua_live_hold(to, of->as.pair.right, target->key, keeps);
    else
        vmh_lua_wait(to, 1);
}

static void store_index(vmh_lua_emitter *to, const vmh_lua_target *target, uint32_t from)
{
    const vmh_lua_expression *of = target->expression;

    vmh_lua_emit(to, store_by(target->key_kind), target->object, target->key, from);
    vmh_lua_point_here(to);
    vmh_lua_name_operands(to, of->as.pair.left, of);
    vmh_lua_pay(to, VMH_LUA_GAS_STORE);
}

static void store_global(vmh_lua_emitter *to, vmh_lua_name *name, uint32_t from)
{
    vmh_lua_pass_name(to);
    vmh_lua_pay(to, VMH_LUA_GAS_GLOBAL);
    if (name->global == 0)
        vmh_lua_emit_wide(to, VMH_LUA_DO_NO_GLOBAL, 1, vmh_lua_string_constant(to, name));
    else
        vmh_lua_emit_wide(to, VMH_LUA_DO_SET_GLOBAL, from, name->global - 1);
}

void vmh_lua_compile_store(vmh_lua_emitter *to, const vmh_lua_target *target, uint32_t from)
{
    const vmh_lua_expression *of = target->expression;

    if (vmh_lua_has_fault(to))
        return;
    at_line(to, of);
    switch (of->kind) {
    case VMH_LUA_EXPR_LOCAL:
        if (of->as.variable->is_captured) {
            vmh_lua_pay(to, VMH_LUA_GAS_OUTER);
            vmh_lua_emit(to, VMH_LUA_DO_SET_CELL, of->as.variable->slot, from, 0);
        } else if (of->as.variable->slot != from) {
            vmh_lua_emit(to, VMH_LUA_DO_MOVE, of->as.variable->slot, from, 0);
        }
        break;
    case VMH_LUA_EXPR_CAPTURE:
        vmh_lua_pay(to, VMH_LUA_GAS_OUTER);
        vmh_lua_emit(to, VMH_LUA_DO_SET_CAPTURE, from, of->capture, 0);
        break;
    case VMH_LUA_EXPR_GLOBAL:
        store_global(to, of->as.string, from);
        break;
    default:
        store_index(to, target, from);
    }
}
