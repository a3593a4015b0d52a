#include "contractlua/emitter.h"

#include "contractlua/heap.h"

static vmh_arena *arena_of(vmh_lua_emitter *to)
{
    return &to->compiler->code->arena;
}

static void fail_memory(vmh_lua_emitter *to)
{
    to->compiler->status = vmh_fail_memory(to->compiler->why);
}

/* Room for one item more; false after a fault. */
static bool grow(vmh_lua_emitter *to, void **items, size_t *capacity, size_t count, size_t size)
{
    void *grown;

    if (vmh_lua_has_fault(to))
        return false;
    grown = vmh_arena_grow(arena_of(to), *items, capacity, count + 1, size);
    if (grown == NULL) {
        fail_memory(to);
        return false;
    }
    *items = grown;
    return true;
}

void vmh_lua_refuse(vmh_lua_emitter *to, vmh_lua_place place, const char *text)
{
    if (vmh_lua_has_fault(to))
        return;
    to->compiler->is_refused = true;
    *to->compiler->refusal =
        (vmh_lua_refusal){.kind = VMH_LUA_REFUSAL_LIMIT, .text = vmh_bytes_text(text), .place = place};
}

/* ---- instructions ---- */

vmh_lua_instruction *vmh_lua_instruction_at(vmh_lua_emitter *to, uint32_t number)
{
    return vmh_lua_has_fault(to) ? &to->compiler->nowhere : &to->proto->code[number];
}

uint32_t vmh_lua_emit(vmh_lua_emitter *to, vmh_lua_instruction_name op, uint32_t a, uint32_t b,
                      uint32_t c)
{
    vmh_lua_proto *proto = to->proto;
    uint32_t number = proto->code_count;

    if (!grow(to, (void **)&proto->code, &to->code_capacity, number, sizeof *proto->code) ||
        !grow(to, (void **)&proto->lines, &to->line_capacity, number, sizeof *proto->lines) ||
        !grow(to, (void **)&proto->operands, &to->pair_capacity, number, sizeof *proto->operands))
        return 0;
    proto->code[number] = (vmh_lua_instruction){(uint8_t)op, (uint8_t)a, (uint16_t)b, (uint16_t)c,
                                                0};
    proto->lines[number] = to->line;
    proto->operands[number] = (vmh_lua_operand_pair){0, 0};
    proto->code_count++;
    return number;
}

uint32_t vmh_lua_emit_wide(vmh_lua_emitter *to, vmh_lua_instruction_name op, uint32_t a,
                           uint32_t wide)
{
    return vmh_lua_emit(to, op, a, wide & 0xffff, wide >> 16);
}

void vmh_lua_name_operands(vmh_lua_emitter *to, uint32_t first, uint32_t second)
{
    if (!vmh_lua_has_fault(to))
        to->proto->operands[to->proto->code_count - 1] = (vmh_lua_operand_pair){first, second};
}

/* A key of a map: a byte that tells kinds apart, then bytes. */
static bool make_key(vmh_lua_emitter *to, uint8_t kind, vmh_bytes bytes, vmh_bytes *key)
{
    uint8_t *copy = vmh_lua_has_fault(to) ? NULL : vmh_arena_alloc(arena_of(to), bytes.size + 1);

    if (copy == NULL) {
        if (!vmh_lua_has_fault(to))
            fail_memory(to);
        return false;
    }
    copy[0] = kind;
    if (bytes.size > 0)
        memcpy(copy + 1, bytes.data, bytes.size);
    *key = vmh_bytes_of(copy, bytes.size + 1);
    return true;
}

uint32_t vmh_lua_operand_number(vmh_lua_emitter *to, vmh_lua_operand_kind kind, vmh_bytes name)
{
    vmh_lua_compiler *compiler = to->compiler;
    vmh_bytes key;
    size_t number;

    if (!make_key(to, (uint8_t)kind, name, &key))
        return 0;
    number = vmh_ordmap_find(&compiler->operands, key);
    if (number != VMH_ORDMAP_ABSENT)
        return (uint32_t)number + 1;
    number = compiler->operands.count + 1;
    if (!grow(to, (void **)&compiler->operand_list, &compiler->operand_capacity, number,
              sizeof *compiler->operand_list))
        return 0;
    /* The name in the key lives as long as the code. */
    compiler->operand_list[number] =
        (vmh_lua_operand){kind, vmh_bytes_of(key.data + 1, name.size)};
    compiler->status = vmh_ordmap_add(&compiler->operands, key, compiler->why);
    return (uint32_t)number;
}

/* The number of the constant of that key; a new one is nil still. */
static uint32_t constant_number(vmh_lua_emitter *to, vmh_lua_tag tag, vmh_bytes bytes, bool *is_new)
{
    vmh_lua_proto *proto = to->proto;
    uint32_t count = proto->constant_count;
    vmh_bytes key;
    size_t number;

    *is_new = false;
    if (!make_key(to, (uint8_t)tag, bytes, &key))
        return 0;
    number = vmh_ordmap_find(&to->constants, key);
    if (number != VMH_ORDMAP_ABSENT)
        return (uint32_t)number;
    if (!grow(to, (void **)&proto->constants, &to->constant_capacity, count,
              sizeof *proto->constants))
        return 0;
    to->compiler->status = vmh_ordmap_add(&to->constants, key, to->compiler->why);
    if (vmh_lua_has_fault(to))
        return 0;
    proto->constants[count] = (vmh_lua_value){.tag = tag, .as = {.integer = 0}};
    proto->constant_count++;
    *is_new = true;
    return count;
}

uint32_t vmh_lua_plain_constant(vmh_lua_emitter *to, vmh_lua_tag tag)
{
    bool is_new;

    return constant_number(to, tag, (vmh_bytes){0}, &is_new);
}

uint32_t vmh_lua_integer_constant(vmh_lua_emitter *to, int64_t integer)
{
    uint8_t bytes[8];
    bool is_new;
    uint32_t number;

    vmh_put_u64_le(bytes, (uint64_t)integer);
    number = constant_number(to, VMH_LUA_INTEGER, vmh_bytes_of(bytes, sizeof bytes), &is_new);
    if (is_new)
        to->proto->constants[number] = vmh_lua_integer(integer);
    return number;
}

uint32_t vmh_lua_string_constant(vmh_lua_emitter *to, vmh_bytes string)
{
    bool is_new;
    uint32_t number = constant_number(to, VMH_LUA_STRING, string, &is_new);
    vmh_lua_string *made;

    if (!is_new)
        return number;
    made = vmh_arena_alloc(arena_of(to), sizeof *made + string.size + 1);
    if (made == NULL) {
        fail_memory(to);
        return 0;
    }
    made->size = string.size;
    made->hash = vmh_lua_bytes_hash(string);
    if (string.size > 0)
        memcpy(made->bytes, string.data, string.size);
    made->bytes[string.size] = 0;
    to->proto->constants[number] = vmh_lua_of_string(made);
    return number;
}

/* ---- jumps ---- */

void vmh_lua_jump(vmh_lua_emitter *to, vmh_lua_jumps *jumps)
{
    uint32_t at = vmh_lua_emit_wide(to, VMH_LUA_DO_JUMP, 0, 0);

    if (grow(to, (void **)&jumps->items, &jumps->capacity, jumps->count, sizeof *jumps->items))
        jumps->items[jumps->count++] = at;
}

uint32_t vmh_lua_target_here(vmh_lua_emitter *to)
{
    to->last_target = to->proto->code_count;
    return to->last_target;
}

void vmh_lua_jump_set(vmh_lua_emitter *to, uint32_t at, uint32_t target)
{
    vmh_lua_instruction *jump = vmh_lua_instruction_at(to, at);
    uint32_t wide = target - (at + 1);

    jump->b = (uint16_t)wide;
    jump->c = (uint16_t)(wide >> 16);
}

void vmh_lua_jumps_land(vmh_lua_emitter *to, vmh_lua_jumps *jumps)
{
    if (jumps->count == 0)
        return;
    vmh_lua_target_here(to);
    for (size_t i = 0; i < jumps->count; i++)
        vmh_lua_jump_set(to, jumps->items[i], to->last_target);
    jumps->count = 0;
}

/* ---- stretches ---- */

/* Writes the charge where it belongs. */
static void settle(vmh_lua_emitter *to, const vmh_lua_stretch *stretch)
{
    bool is_entry = stretch->places[0] == 0;

    if (vmh_lua_has_fault(to))
        return;
    if (is_entry)
        to->proto->entry_charge = stretch->sum;
    for (int i = 0; i < 2 && stretch->places[i] != 0; i++) {
        vmh_lua_instruction *place = &to->proto->code[stretch->places[i] - 1];

        if (place->op == VMH_LUA_DO_CHARGE)
            place->b = (uint16_t)stretch->sum;
        else
            place->d = (uint16_t)stretch->sum;
    }
}

void vmh_lua_stretch_next_at(vmh_lua_emitter *to, uint32_t at)
{
    settle(to, to->stretch);
    *to->stretch = (vmh_lua_stretch){0, {at + 1, 0}};
}

void vmh_lua_stretch_next_here(vmh_lua_emitter *to)
{
    vmh_lua_stretch_next_at(to, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0));
}

void vmh_lua_pay(vmh_lua_emitter *to, uint32_t gas)
{
    to->stretch->sum += gas;
    if (to->stretch->sum > VMH_LUA_LONGEST_STRETCH)
        vmh_lua_stretch_next_here(to);
}

void vmh_lua_stretch_begin_at(vmh_lua_emitter *to, vmh_lua_stretch *stretch, uint32_t at,
                              vmh_lua_stretch **saved)
{
    *saved = to->stretch;
    *stretch = (vmh_lua_stretch){0, {at + 1, 0}};
    to->stretch = stretch;
}

static bool is_test(uint8_t op)
{
    return op >= VMH_LUA_DO_TEST && op <= VMH_LUA_DO_GE_NUMBER;
}

void vmh_lua_stretch_begin_here(vmh_lua_emitter *to, vmh_lua_stretch *stretch,
                                vmh_lua_stretch **saved)
{
    uint32_t count = to->proto->code_count;

    if (count >= 2 && to->last_target < count && is_test(to->proto->code[count - 2].op) &&
        to->last_test != count - 1) {
        to->last_test = count - 1;
        vmh_lua_stretch_begin_at(to, stretch, count - 2, saved);
    } else {
        vmh_lua_stretch_begin_at(to, stretch, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0),
                                 saved);
    }
}

void vmh_lua_stretch_end(vmh_lua_emitter *to, vmh_lua_stretch *saved)
{
    settle(to, to->stretch);
    to->stretch = saved;
}

/* ---- registers ---- */

uint32_t vmh_lua_take_registers(vmh_lua_emitter *to, uint32_t count)
{
    uint32_t first = to->next_register;

    if (count > VMH_LUA_MAX_REGISTERS - first) {
        vmh_lua_refuse(to, (vmh_lua_place){to->line, 1},
                       "this function holds too many values at once: split the statement");
        return 0;
    }
    to->next_register += count;
    if (to->next_register > to->proto->register_count)
        to->proto->register_count = to->next_register;
    return first;
}
