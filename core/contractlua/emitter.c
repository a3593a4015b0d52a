#include "contractlua/emitter.h"

#include <stdlib.h>

#include "contractlua/heap.h"
#include "contractlua/symbols.h"

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

static uint32_t twice(uint32_t capacity)
{
    return capacity == 0 ? 128 : 2 * capacity;
}

/* Memory for `count` items of that size; false where there is none, with what was there kept. */
static bool resize(void **items, size_t count, size_t size)
{
    void *grown = realloc(*items, count * size);

    if (grown == NULL)
        return false;
    *items = grown;
    return true;
}

static void use_buffer(vmh_lua_emitter *to)
{
    to->proto->code = to->buffer->code;
    to->proto->lines = to->buffer->lines;
    to->proto->operands = to->buffer->operands;
    to->proto->points = to->buffer->points;
    to->proto->lives = to->buffer->lives;
}

/* Room for twice as many instructions. */
static bool grow_code(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    uint32_t capacity = twice(buffer->capacity);
    bool is_grown = resize((void **)&buffer->code, capacity, sizeof *buffer->code) &&
                    resize((void **)&buffer->lines, capacity, sizeof *buffer->lines) &&
                    resize((void **)&buffer->operands, capacity, sizeof *buffer->operands);

    use_buffer(to);
    if (is_grown)
        buffer->capacity = capacity;
    else
        fail_memory(to);
    return is_grown;
}

static bool grow_points(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    uint32_t capacity = twice(buffer->point_capacity);

    if (!resize((void **)&buffer->points, capacity, sizeof *buffer->points)) {
        fail_memory(to);
        return false;
    }
    buffer->point_capacity = capacity;
    use_buffer(to);
    return true;
}

static bool grow_lives(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    uint32_t capacity = twice(buffer->live_capacity);

    if (!resize((void **)&buffer->lives, capacity, sizeof *buffer->lives)) {
        fail_memory(to);
        return false;
    }
    buffer->live_capacity = capacity;
    use_buffer(to);
    return true;
}

bool vmh_lua_emitter_begin(vmh_lua_emitter *to)
{
    to->buffer = to->compiler->free_buffers;
    if (to->buffer != NULL)
        to->compiler->free_buffers = to->buffer->next;
    else
        to->buffer = calloc(1, sizeof *to->buffer);
    if (to->buffer == NULL) {
        fail_memory(to);
        return false;
    }
    use_buffer(to);
    return true;
}

/* So many instructions are kept where they grew. */
enum { LARGE_COUNT = 8192 };

/* Gives the memory of the buffer to the code. */
static bool hand_over(vmh_lua_emitter *to)
{
    vmh_lua_code *code = to->compiler->code;
    vmh_lua_emit_buffer *buffer = to->buffer;
    const vmh_lua_proto *proto = to->proto;
    vmh_lua_code_block *block = vmh_arena_alloc(arena_of(to), sizeof *block);

    if (block == NULL)
        return false;
    /* Less room: where that fails there is what was there. */
    resize((void **)&buffer->code, proto->code_count, sizeof *buffer->code);
    resize((void **)&buffer->lines, proto->code_count, sizeof *buffer->lines);
    resize((void **)&buffer->operands, proto->code_count, sizeof *buffer->operands);
    if (proto->point_count > 0)
        resize((void **)&buffer->points, proto->point_count, sizeof *buffer->points);
    if (proto->live_count > 0)
        resize((void **)&buffer->lives, proto->live_count, sizeof *buffer->lives);
    use_buffer(to);
    *block = (vmh_lua_code_block){
        code->blocks,
        proto->code_count * (sizeof *buffer->code + sizeof *buffer->lines +
                             sizeof *buffer->operands) +
            proto->point_count * sizeof *buffer->points +
            proto->live_count * sizeof *buffer->lives,
        {buffer->code, buffer->lines, buffer->operands, buffer->points, buffer->lives}};
    code->blocks = block;
    *buffer = (vmh_lua_emit_buffer){0};
    return true;
}

/* A copy in the arena of the code, some memory even for none. */
static void *copy_items(vmh_lua_emitter *to, const void *items, size_t count, size_t size)
{
    void *copy = vmh_arena_alloc(arena_of(to), count * size);

    if (copy != NULL && count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

static bool copy_over(vmh_lua_emitter *to)
{
    vmh_lua_proto *proto = to->proto;
    uint32_t count = proto->code_count;

    proto->code = copy_items(to, proto->code, count, sizeof *proto->code);
    proto->lines = copy_items(to, proto->lines, count, sizeof *proto->lines);
    proto->operands = copy_items(to, proto->operands, count, sizeof *proto->operands);
    proto->points = copy_items(to, proto->points, proto->point_count, sizeof *proto->points);
    proto->lives = copy_items(to, proto->lives, proto->live_count, sizeof *proto->lives);
    return proto->code != NULL && proto->lines != NULL && proto->operands != NULL &&
           proto->points != NULL && proto->lives != NULL;
}

void vmh_lua_emitter_end(vmh_lua_emitter *to)
{
    if (!(to->proto->code_count >= LARGE_COUNT ? hand_over(to) : copy_over(to)) &&
        !vmh_lua_has_fault(to))
        fail_memory(to);
    to->buffer->next = to->compiler->free_buffers;
    to->compiler->free_buffers = to->buffer;
    to->buffer = NULL;
}

void vmh_lua_emit_buffers_free(vmh_lua_compiler *compiler)
{
    free((void *)compiler->nodes);
    compiler->nodes = NULL;
    while (compiler->free_buffers != NULL) {
        vmh_lua_emit_buffer *next = compiler->free_buffers->next;

        free(compiler->free_buffers->code);
        free(compiler->free_buffers->lines);
        free(compiler->free_buffers->operands);
        free(compiler->free_buffers->points);
        free(compiler->free_buffers->lives);
        free(compiler->free_buffers);
        compiler->free_buffers = next;
    }
}

vmh_lua_instruction *vmh_lua_instruction_at(vmh_lua_emitter *to, uint32_t number)
{
    return vmh_lua_has_fault(to) ? &to->compiler->nowhere : &to->proto->code[number];
}

uint32_t vmh_lua_emit(vmh_lua_emitter *to, vmh_lua_instruction_name op, uint32_t a, uint32_t b,
                      uint32_t c)
{
    vmh_lua_proto *proto = to->proto;
    uint32_t number = proto->code_count;

    if (vmh_lua_has_fault(to))
        return 0;
    if (number == to->buffer->capacity && !grow_code(to))
        return 0;
    proto->code[number] = (vmh_lua_instruction){(uint8_t)op, (uint8_t)a, (uint16_t)b, (uint16_t)c,
                                                0};
    proto->lines[number] = to->line;
    proto->operands[number] = (vmh_lua_operand_pair){0, 0};
    proto->code_count++;
    if (to->symbols != NULL)
        vmh_lua_note_line(to);
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

/* ---- numbers of names and constants ---- */

/* Where what was found for these bytes is noted. */
static vmh_lua_found *found_place(vmh_lua_emitter *to, uint64_t owner, vmh_bytes bytes)
{
    uintptr_t place = (uintptr_t)bytes.data;

    return &to->compiler->found[(place ^ place >> 8 ^ owner * 37) % VMH_LUA_FOUND_COUNT];
}

static bool is_found(const vmh_lua_found *found, uint64_t owner, vmh_bytes bytes)
{
    return found->data == bytes.data && found->size == bytes.size && found->owner == owner &&
           bytes.size > 0;
}

static uint32_t note_found(vmh_lua_found *found, uint64_t owner, vmh_bytes bytes, uint32_t number)
{
    *found = (vmh_lua_found){bytes.data, bytes.size, owner, number, NULL};
    return number;
}

/* A key of a map, a byte that tells kinds apart and bytes, good until the next one is made. */
static bool make_key(vmh_lua_emitter *to, uint8_t kind, vmh_bytes bytes, vmh_bytes *key)
{
    vmh_lua_compiler *compiler = to->compiler;

    if (!grow(to, (void **)&compiler->key, &compiler->key_capacity, bytes.size,
              sizeof *compiler->key))
        return false;
    compiler->key[0] = kind;
    if (bytes.size > 0)
        memcpy(compiler->key + 1, bytes.data, bytes.size);
    *key = vmh_bytes_of(compiler->key, bytes.size + 1);
    return true;
}

/* Adds a copy of the key that make_key made, which lives as long as the code. */
static bool add_key(vmh_lua_emitter *to, vmh_ordmap *map, vmh_bytes *key)
{
    vmh_lua_compiler *compiler = to->compiler;

    compiler->status = vmh_arena_copy(arena_of(to), *key, key, compiler->why);
    if (compiler->status == VMH_OK)
        compiler->status = vmh_ordmap_add(map, *key, compiler->why);
    return compiler->status == VMH_OK;
}

uint32_t vmh_lua_operand_number(vmh_lua_emitter *to, vmh_lua_operand_kind kind, vmh_bytes name)
{
    vmh_lua_compiler *compiler = to->compiler;
    uint64_t owner = kind; /* those of functions are greater */
    vmh_lua_found *found = found_place(to, owner, name);
    vmh_bytes key;
    size_t number;

    if (is_found(found, owner, name))
        return found->number;
    if (!make_key(to, (uint8_t)kind, name, &key))
        return 0;
    number = vmh_ordmap_find(&compiler->operands, key);
    if (number != VMH_ORDMAP_ABSENT)
        return note_found(found, owner, name, (uint32_t)number + 1);
    number = compiler->operands.count + 1;
    if (!grow(to, (void **)&compiler->operand_list, &compiler->operand_capacity, number,
              sizeof *compiler->operand_list) ||
        !add_key(to, &compiler->operands, &key))
        return 0;
    compiler->operand_list[number] =
        (vmh_lua_operand){kind, vmh_bytes_of(key.data + 1, name.size)};
    return note_found(found, owner, name, (uint32_t)number);
}

uint32_t vmh_lua_global_slot(vmh_lua_emitter *to, vmh_bytes name)
{
    enum { GLOBALS = 100 };
    vmh_lua_found *found = found_place(to, GLOBALS, name);
    size_t slot;

    if (is_found(found, GLOBALS, name))
        return found->number;
    slot = vmh_ordmap_find(&to->compiler->globals, name);
    return note_found(found, GLOBALS, name,
                      slot == VMH_ORDMAP_ABSENT ? UINT32_MAX : (uint32_t)slot);
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
              sizeof *proto->constants) ||
        !add_key(to, &to->constants, &key))
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

/* One for all functions that name it, where that is easy: tables find it by where it lies. */
static vmh_lua_string *make_string(vmh_lua_emitter *to, vmh_bytes bytes)
{
    enum { STRINGS = 101 };
    vmh_lua_found *found = found_place(to, STRINGS, bytes);
    vmh_lua_string *made;

    if (is_found(found, STRINGS, bytes))
        return found->string;
    made = vmh_arena_alloc(arena_of(to), sizeof *made + bytes.size + 1);
    if (made == NULL) {
        fail_memory(to);
        return NULL;
    }
    made->size = bytes.size;
    made->hash = vmh_lua_bytes_hash(bytes);
    if (bytes.size > 0)
        memcpy(made->bytes, bytes.data, bytes.size);
    made->bytes[bytes.size] = 0;
    *found = (vmh_lua_found){bytes.data, bytes.size, STRINGS, 0, made};
    return made;
}

uint32_t vmh_lua_string_constant(vmh_lua_emitter *to, vmh_bytes string)
{
    enum { FUNCTIONS = 1000 };
    uint64_t owner = (uint64_t)FUNCTIONS + to->function->number;
    vmh_lua_found *found = found_place(to, owner, string);
    bool is_new;
    uint32_t number;
    vmh_lua_string *made;

    if (is_found(found, owner, string))
        return found->number;
    number = constant_number(to, VMH_LUA_STRING, string, &is_new);
    if (is_new) {
        made = make_string(to, string);
        if (made == NULL)
            return 0;
        to->proto->constants[number] = vmh_lua_of_string(made);
    }
    return vmh_lua_has_fault(to) ? 0 : note_found(found, owner, string, number);
}

/* ---- jumps ---- */

void vmh_lua_jump(vmh_lua_emitter *to, vmh_lua_jumps *jumps)
{
    jumps->newest = vmh_lua_emit_wide(to, VMH_LUA_DO_JUMP, 0, jumps->newest) + 1;
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
    uint32_t at = jumps->newest;

    jumps->newest = 0;
    if (at == 0 || vmh_lua_has_fault(to))
        return;
    vmh_lua_target_here(to);
    while (at != 0) {
        uint32_t before = vmh_lua_wide(to->proto->code[at - 1]);

        vmh_lua_jump_set(to, at - 1, to->last_target);
        at = before;
    }
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
    vmh_lua_note_charge(to, stretch);
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
    *to->stretch = (vmh_lua_stretch){.places = {at + 1, 0}};
}

void vmh_lua_stretch_next_here(vmh_lua_emitter *to)
{
    vmh_lua_stretch_next_at(to, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0));
}

void vmh_lua_pay(vmh_lua_emitter *to, uint32_t gas)
{
    to->stretch->sum += gas;
    if (to->symbols != NULL)
        vmh_lua_note_share(to, gas);
    if (to->stretch->sum > VMH_LUA_LONGEST_STRETCH)
        vmh_lua_stretch_next_here(to);
}

void vmh_lua_stretch_begin_at(vmh_lua_emitter *to, vmh_lua_stretch *stretch, uint32_t at,
                              vmh_lua_stretch **saved)
{
    *saved = to->stretch;
    *stretch = (vmh_lua_stretch){.places = {at + 1, 0}};
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

    if (!to->compiler->is_plain && count >= 2 && to->last_target < count && is_test(to->proto->code[count - 2].op) &&
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

/* ---- what a stopped execution is told by ---- */

static void add_live(vmh_lua_emitter *to, vmh_lua_live live)
{
    vmh_lua_proto *proto = to->proto;

    if (vmh_lua_has_fault(to) ||
        (proto->live_count == to->buffer->live_capacity && !grow_lives(to)))
        return;
    live.outer = to->live.newest;
    proto->lives[proto->live_count++] = live;
    to->live.newest = proto->live_count;
}

void vmh_lua_wait(vmh_lua_emitter *to, uint32_t count)
{
    to->live.operands += count;
    if (to->live.operands > to->most_waiting)
        to->most_waiting = to->live.operands;
}

void vmh_lua_live_add(vmh_lua_emitter *to, vmh_lua_live_kind kind, uint32_t at)
{
    static const uint8_t operands[] = {
        [VMH_LUA_LIVE_LOCAL] = 0, [VMH_LUA_LIVE_CELL] = 0, [VMH_LUA_LIVE_FOR] = 3,
        [VMH_LUA_LIVE_FOR_IN] = 4, [VMH_LUA_LIVE_OPERAND] = 1};

    vmh_lua_wait(to, operands[kind]);
    add_live(to, (vmh_lua_live){.kind = (uint8_t)kind, .at = (uint8_t)at});
}

void vmh_lua_live_hold(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t at,
                       bool may_change)
{
    static const vmh_lua_tag tags[] = {VMH_LUA_NIL, VMH_LUA_FALSE, VMH_LUA_TRUE};
    vmh_lua_live live = {.kind = VMH_LUA_LIVE_LITERAL, .at = (uint8_t)at};

    vmh_lua_wait(to, 1);
    while (of->kind == VMH_LUA_EXPR_PARENTHESES)
        of = of->as.pair.left;
    if (of->kind <= VMH_LUA_EXPR_TRUE) {
        live.literal = (vmh_lua_value){.tag = tags[of->kind], .as = {.integer = 0}};
    } else if (of->kind == VMH_LUA_EXPR_INTEGER) {
        live.literal = vmh_lua_integer(of->as.integer);
    } else if (of->kind == VMH_LUA_EXPR_STRING) {
        uint32_t number = vmh_lua_string_constant(to, of->as.string);

        live.literal = vmh_lua_has_fault(to) ? vmh_lua_nil() : to->proto->constants[number];
    } else if (of->kind == VMH_LUA_EXPR_LOCAL && !of->as.variable->is_captured && !may_change) {
        live.kind = VMH_LUA_LIVE_COPY;
        live.of = (uint8_t)of->as.variable->slot;
        if (live.of == at)
            return;
    } else {
        live.kind = VMH_LUA_LIVE_OPERAND;
    }
    add_live(to, live);
}

void vmh_lua_live_drop(vmh_lua_emitter *to, vmh_lua_waiting mark)
{
    to->live = mark;
    if (!vmh_lua_has_fault(to))
        to->proto->live_count =
            mark.newest > to->live_at_point ? mark.newest : to->live_at_point;
}

void vmh_lua_point_here(vmh_lua_emitter *to)
{
    vmh_lua_proto *proto = to->proto;

    if (vmh_lua_has_fault(to) ||
        (proto->point_count == to->buffer->point_capacity && !grow_points(to)))
        return;
    proto->points[proto->point_count++] = (vmh_lua_point){proto->code_count - 1, to->live.newest};
    if (to->live.newest > to->live_at_point)
        to->live_at_point = to->live.newest;
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
