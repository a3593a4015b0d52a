/*
 * Makes the details of a code: the compiler tells, while it compiles the source again, what it knew
 * of operands, points and what is live.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "contractlua/emitter.h"

/* ---- while compiling ---- */

/* Room for one item more; false, with the fault, where there is none. */
static bool reach(vmh_lua_emitter *to, void *items, uint32_t count, uint32_t *capacity,
                  size_t size)
{
    return !vmh_lua_has_fault(to) &&
           (count < *capacity || vmh_lua_grow_items(to, items, capacity, size,
                                                    to->compiler->code->source.size / 2));
}

void vmh_lua_record_begin(vmh_lua_emitter *to)
{
    const vmh_lua_emit_buffer *buffer = to->buffer;

    to->details = to->compiler->details;
    to->recorded = (vmh_lua_proto_details){
        .operands = buffer->operands, .points = buffer->points, .lives = buffer->lives};
}

void vmh_lua_record_end(vmh_lua_emitter *to)
{
    vmh_lua_proto_details *of = &to->recorded;
    vmh_lua_emit_buffer *buffer = to->buffer;
    vmh_lua_details *details = to->details;
    vmh_lua_parts *kept = &to->compiler->kept_details;

    if (details == NULL || vmh_lua_has_fault(to))
        return;
    of->operands = vmh_lua_items_keep(kept, (void **)&buffer->operands,
                                      &buffer->operand_capacity, of->operand_count,
                                      sizeof *of->operands);
    of->points = vmh_lua_items_keep(kept, (void **)&buffer->points,
                                    &buffer->point_capacity, of->point_count,
                                    sizeof *of->points);
    of->lives = vmh_lua_items_keep(kept, (void **)&buffer->lives,
                                   &buffer->live_capacity, of->live_count, sizeof *of->lives);
    if (of->operands == NULL || of->points == NULL || of->lives == NULL)
        vmh_lua_fail_memory(to);
    details->protos[to->function->number] = *of;
}

/* ---- names of operands ---- */

static uint32_t number_of(vmh_lua_emitter *to, vmh_lua_operand_kind kind, vmh_lua_name *name)
{
    vmh_lua_details *details = to->details;
    uint32_t number = name->operand.number;

    if (number != 0 && name->operand.kind == kind)
        return number;
    while (number != 0 && details->operands[number].kind != kind)
        number = details->operands[number].before;
    if (number != 0)
        return number;
    number = details->operand_count;
    if (vmh_lua_has_fault(to) ||
        (number == details->operand_capacity &&
         !vmh_lua_grow_items(to, (void **)&details->operands, &details->operand_capacity,
                             sizeof *details->operands,
                             to->compiler->code->source.size / VMH_LUA_BYTES_PER_NAME)))
        return 0;
    details->operands[number] = (vmh_lua_operand){
        kind, name->operand.number,
        vmh_lua_keep_name(to->compiler, &details->arena, name->bytes)};
    details->operand_count++;
    name->operand.number = number;
    name->operand.kind = kind;
    return number;
}

static uint32_t name_of(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    switch (of->kind) {
    case VMH_LUA_EXPR_LOCAL:
        return number_of(to, VMH_LUA_OPERAND_LOCAL, of->as.variable->name);
    case VMH_LUA_EXPR_CAPTURE:
        return number_of(to, VMH_LUA_OPERAND_UPVALUE,
                         to->function->captures[of->capture].variable->name);
    case VMH_LUA_EXPR_GLOBAL:
        return number_of(to, VMH_LUA_OPERAND_GLOBAL, of->as.string);
    case VMH_LUA_EXPR_STRING:
        return number_of(to, VMH_LUA_OPERAND_CONSTANT, of->as.string);
    case VMH_LUA_EXPR_INDEX:
        return of->as.pair.right->kind != VMH_LUA_EXPR_STRING
                   ? 0
                   : number_of(to, VMH_LUA_OPERAND_FIELD, of->as.pair.right->as.string);
    case VMH_LUA_EXPR_METHOD_CALL:
        return number_of(to, VMH_LUA_OPERAND_METHOD, of->as.call.method);
    default:
        return 0;
    }
}

void vmh_lua_record_operands(vmh_lua_emitter *to, const vmh_lua_expression *first,
                             const vmh_lua_expression *second)
{
    vmh_lua_proto_details *of = &to->recorded;
    vmh_lua_operand_pair pair = {to->code_count - 1, name_of(to, first),
                                 second == NULL ? 0 : name_of(to, second)};

    if ((pair.first | pair.second) != 0 &&
        reach(to, &of->operands, of->operand_count, &to->buffer->operand_capacity, sizeof pair))
        of->operands[of->operand_count++] = pair;
    to->buffer->operands = of->operands;
}

/* ---- points, and what is live at them ---- */

void vmh_lua_record_point(vmh_lua_emitter *to)
{
    vmh_lua_proto_details *of = &to->recorded;
    uint32_t newest = vmh_lua_newest_live(to->live);

    if (reach(to, &of->points, of->point_count, &to->buffer->point_capacity, sizeof *of->points))
        of->points[of->point_count++] = (vmh_lua_point){to->code_count - 1, newest};
    to->buffer->points = of->points;
    if (newest > to->live_at_point)
        to->live_at_point = newest;
}

void vmh_lua_record_drop(vmh_lua_emitter *to)
{
    uint32_t newest = vmh_lua_newest_live(to->live);

    to->recorded.live_count = newest > to->live_at_point ? newest : to->live_at_point;
}

static void add_live(vmh_lua_emitter *to, vmh_lua_live live)
{
    vmh_lua_proto_details *of = &to->recorded;

    if (!reach(to, &of->lives, of->live_count, &to->buffer->live_capacity, sizeof live))
        return;
    to->buffer->lives = of->lives;
    live.outer = vmh_lua_newest_live(to->live);
    of->lives[of->live_count++] = live;
    to->live = (uint64_t)of->live_count << 32 | (uint32_t)to->live;
}

static void add_literal(vmh_lua_emitter *to, vmh_lua_value value, uint32_t at)
{
    vmh_lua_proto_details *of = &to->recorded;

    for (uint32_t i = 0; i < VMH_LUA_LITERAL_ROOM; i++) {
        if (!reach(to, &of->lives, of->live_count + i, &to->buffer->live_capacity,
                  sizeof *of->lives))
            return;
        to->buffer->lives = of->lives;
    }
    memcpy(&of->lives[of->live_count], &value, sizeof value);
    of->live_count += VMH_LUA_LITERAL_ROOM;
    add_live(to, (vmh_lua_live){.kind = VMH_LUA_LIVE_LITERAL, .at = (uint8_t)at});
}

void vmh_lua_record_live(vmh_lua_emitter *to, vmh_lua_live_kind kind, uint32_t at)
{
    add_live(to, (vmh_lua_live){.kind = (uint8_t)kind, .at = (uint8_t)at});
}

void vmh_lua_record_hold(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t at,
                         bool may_change)
{
    static const vmh_lua_tag tags[] = {VMH_LUA_NIL, VMH_LUA_FALSE, VMH_LUA_TRUE};

    while (of->kind == VMH_LUA_EXPR_PARENTHESES)
        of = of->as.pair.left;
    switch (of->kind) {
    case VMH_LUA_EXPR_NIL:
    case VMH_LUA_EXPR_FALSE:
    case VMH_LUA_EXPR_TRUE:
        add_literal(to, (vmh_lua_value){.tag = tags[of->kind], .as = {.integer = 0}}, at);
        return;
    case VMH_LUA_EXPR_INTEGER:
        add_literal(to, vmh_lua_integer(of->as.integer), at);
        return;
    case VMH_LUA_EXPR_STRING: /* which was loaded, so that it has a number */
        add_literal(to,
                    (vmh_lua_value){.tag = VMH_LUA_STRING,
                                    .as = {.integer = vmh_lua_string_constant(to, of->as.string)}},
                    at);
        return;
    default:
        break;
    }
    if (of->kind != VMH_LUA_EXPR_LOCAL || of->as.variable->is_captured || may_change)
        vmh_lua_record_live(to, VMH_LUA_LIVE_OPERAND, at);
    else if (of->as.variable->slot != at)
        add_live(to, (vmh_lua_live){.kind = VMH_LUA_LIVE_COPY, .at = (uint8_t)at,
                                    .of = (uint8_t)of->as.variable->slot});
}

/* ---- of a code ---- */

static vmh_status make(const vmh_lua_code *code, const char *const *library, size_t library_count,
                       vmh_lua_details *made, vmh_failure *why)
{
    vmh_status status;

    made->protos = vmh_arena_alloc_array(&made->arena, code->proto_count, sizeof *made->protos);
    made->operands = calloc(1, sizeof *made->operands);
    if (made->protos == NULL || made->operands == NULL)
        return vmh_fail_memory(why);
    made->operand_count = made->operand_capacity = 1;
    status = vmh_lua_compile_again(code, library, library_count, NULL, made, why);
    vmh_lua_items_trim((void **)&made->operands, &made->operand_capacity, made->operand_count,
                       sizeof *made->operands);
    return status;
}

vmh_status vmh_lua_details_of(const vmh_lua_code *code, const char *const *library,
                              size_t library_count, const vmh_lua_details **out,
                              vmh_failure *why)
{
    /* Who has them first leaves them there: the code is read-only but for this. */
    _Atomic(vmh_lua_details *) *place = &((vmh_lua_code *)code)->details;
    vmh_lua_details *known = atomic_load_explicit(place, memory_order_acquire), *made;
    vmh_status status;

    *out = known;
    if (known != NULL)
        return VMH_OK;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&made->arena);
    status = make(code, library, library_count, made, why);
    if (status == VMH_OK && atomic_compare_exchange_strong_explicit(
                                place, &known, made, memory_order_acq_rel, memory_order_acquire))
        known = made;
    else
        vmh_lua_details_free(made);
    *out = status == VMH_OK ? known : NULL;
    return status;
}
