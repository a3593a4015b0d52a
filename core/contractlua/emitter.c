#include "contractlua/emitter.h"

#include <stdlib.h>

#include "contractlua/heap.h"
#include "contractlua/symbols.h"

void vmh_lua_fail_memory(vmh_lua_emitter *to)
{
    to->compiler->status = vmh_fail_memory(to->compiler->why);
}

void vmh_lua_refuse(vmh_lua_emitter *to, vmh_lua_place place, const char *text)
{
    if (vmh_lua_has_fault(to))
        return;
    to->compiler->is_refused = true;
    *to->compiler->refusal = (vmh_lua_refusal){
        .kind = VMH_LUA_REFUSAL_LIMIT, .text = vmh_bytes_text(text), .place = place};
}

/* ---- instructions ---- */

enum { FIRST_COUNT = 128, LARGE_COUNT = 8192 };

/* How many there are at most, or nearly: `<a`, where `a` is a global, makes six. */
enum { INSTRUCTIONS_PER_BYTE = 3 };

/*
 * Twice as many; but the first function that is large is taken for the whole source, which has
 * at most about `most` of them: what grows is copied, and what is not touched costs nothing.
 */
static uint32_t larger(vmh_lua_emitter *to, uint32_t capacity, size_t most)
{
    vmh_lua_compiler *compiler = to->compiler;

    if (capacity == LARGE_COUNT && compiler->largest == NULL)
        compiler->largest = to->buffer;
    if (capacity == LARGE_COUNT && compiler->largest == to->buffer &&
        most > 2 * LARGE_COUNT)
        return (uint32_t)most;
    return capacity == 0 ? FIRST_COUNT : 2 * capacity;
}

static void use_buffer(vmh_lua_emitter *to)
{
    to->code = to->buffer->code;
    to->code_capacity = to->buffer->capacity;
    to->proto->lines = to->buffer->lines;
    to->proto->constants = to->buffer->constants;
}

static size_t source_size(const vmh_lua_emitter *to)
{
    return to->compiler->code->source.size;
}

bool vmh_lua_grow_items(vmh_lua_emitter *to, void **items, uint32_t *capacity, size_t size,
                        size_t most)
{
    uint32_t count = larger(to, *capacity, most);

    if (vmh_lua_items_enlarge(items, capacity, *capacity, count, size))
        return true;
    vmh_lua_fail_memory(to);
    return false;
}

bool vmh_lua_grow_code(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    bool is_grown =
        vmh_lua_grow_items(to, (void **)&buffer->code, &buffer->capacity, sizeof *buffer->code,
                           INSTRUCTIONS_PER_BYTE * source_size(to));

    use_buffer(to);
    return is_grown;
}

bool vmh_lua_mark_line(vmh_lua_emitter *to, uint32_t count)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    vmh_lua_proto *proto = to->proto;

    if (to->symbols != NULL) {
        while (count-- > 0)
            vmh_lua_note_line(to);
        return true;
    }
    if (proto->line_count == buffer->line_capacity) {
        bool is_grown = vmh_lua_grow_items(to, (void **)&buffer->lines, &buffer->line_capacity,
                                           sizeof *buffer->lines, source_size(to) / 2);

        use_buffer(to);
        if (!is_grown)
            return false;
    }
    proto->lines[proto->line_count++] = (vmh_lua_line_mark){to->code_count, to->line};
    to->marked_line = to->line;
    return true;
}

static bool grow_constants(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    bool is_grown =
        vmh_lua_grow_items(to, (void **)&buffer->constants, &buffer->constant_capacity,
                           sizeof *buffer->constants, source_size(to) / VMH_LUA_BYTES_PER_NAME);

    use_buffer(to);
    return is_grown;
}

bool vmh_lua_emitter_begin(vmh_lua_emitter *to)
{
    to->buffer = to->compiler->free_buffers;
    if (to->buffer != NULL)
        to->compiler->free_buffers = to->buffer->next;
    else
        to->buffer = calloc(1, sizeof *to->buffer);
    if (to->buffer == NULL) {
        vmh_lua_fail_memory(to);
        return false;
    }
    use_buffer(to);
    vmh_lua_record_begin(to);
    to->longest = to->symbols == NULL ? VMH_LUA_LONGEST_STRETCH : 0;
    to->first_hidden = to->compiler->hidden_count;
    to->compiler->is_open[to->function->number + 1] = true;
    return true;
}

/* What the function made, to the code. */
static bool keep(vmh_lua_emitter *to)
{
    vmh_lua_emit_buffer *buffer = to->buffer;
    vmh_lua_proto *proto = to->proto;
    vmh_lua_parts *kept = &to->compiler->kept;

    proto->code_count = to->code_count;
    proto->code = vmh_lua_items_keep(kept, (void **)&buffer->code, &buffer->capacity,
                                     proto->code_count, sizeof *proto->code);
    proto->lines = vmh_lua_items_keep(kept, (void **)&buffer->lines,
                                      &buffer->line_capacity, proto->line_count,
                                      sizeof *proto->lines);
    proto->constants = vmh_lua_items_keep(kept, (void **)&buffer->constants,
                                          &buffer->constant_capacity, proto->constant_count,
                                          sizeof *proto->constants);
    return proto->code != NULL && proto->lines != NULL && proto->constants != NULL;
}

/* Names stand for the constants of the function around again. */
static void show_constants(vmh_lua_emitter *to)
{
    vmh_lua_compiler *compiler = to->compiler;

    while (compiler->hidden_count > to->first_hidden) {
        vmh_lua_hidden_constant *hidden = &compiler->hidden[--compiler->hidden_count];

        hidden->name->constant = hidden->constant;
        hidden->name->constant_holder = hidden->holder;
    }
}

void vmh_lua_emitter_end(vmh_lua_emitter *to)
{
    if (!keep(to) && !vmh_lua_has_fault(to))
        vmh_lua_fail_memory(to);
    vmh_lua_record_end(to);
    show_constants(to);
    to->compiler->is_open[to->function->number + 1] = false;
    to->buffer->next = to->compiler->free_buffers;
    to->compiler->free_buffers = to->buffer;
    to->buffer = NULL;
}

void vmh_lua_emit_buffers_free(vmh_lua_compiler *compiler)
{
    vmh_lua_items_free((void *)compiler->nodes, compiler->node_capacity,
                       sizeof *compiler->nodes);
    vmh_lua_items_free(compiler->hidden, compiler->hidden_capacity, sizeof *compiler->hidden);
    compiler->nodes = NULL;
    compiler->hidden = NULL;
    while (compiler->free_buffers != NULL) {
        vmh_lua_emit_buffer *buffer = compiler->free_buffers;

        compiler->free_buffers = buffer->next;
        vmh_lua_items_free(buffer->code, buffer->capacity, sizeof *buffer->code);
        vmh_lua_items_free(buffer->lines, buffer->line_capacity, sizeof *buffer->lines);
        vmh_lua_items_free(buffer->operands, buffer->operand_capacity,
                           sizeof *buffer->operands);
        vmh_lua_items_free(buffer->points, buffer->point_capacity, sizeof *buffer->points);
        vmh_lua_items_free(buffer->lives, buffer->live_capacity, sizeof *buffer->lives);
        vmh_lua_items_free(buffer->constants, buffer->constant_capacity,
                           sizeof *buffer->constants);
        free(buffer);
    }
}

vmh_lua_instruction *vmh_lua_instruction_at(vmh_lua_emitter *to, uint32_t number)
{
    return vmh_lua_has_fault(to) ? &to->compiler->nowhere : &to->code[number];
}

/* ---- numbers of names and constants ---- */

vmh_bytes vmh_lua_keep_name(vmh_lua_compiler *compiler, vmh_arena *arena, vmh_bytes name)
{
    vmh_bytes source = compiler->code->source;
    vmh_bytes kept = {0};

    if (name.size == 0 || (source.size != 0 && name.data >= source.data &&
                           name.data < source.data + source.size))
        return name;
    if (compiler->status == VMH_OK)
        compiler->status = vmh_arena_copy(arena, name, &kept, compiler->why);
    return kept;
}

/* Until the function ends the name stands for its constant, not for that of one around. */
static bool hide_constant(vmh_lua_emitter *to, vmh_lua_name *name)
{
    vmh_lua_compiler *compiler = to->compiler;

    if (compiler->hidden_count == compiler->hidden_capacity &&
        !vmh_lua_grow_items(to, (void **)&compiler->hidden, &compiler->hidden_capacity,
                            sizeof *compiler->hidden, source_size(to) / VMH_LUA_BYTES_PER_NAME))
        return false;
    compiler->hidden[compiler->hidden_count++] =
        (vmh_lua_hidden_constant){name, name->constant, name->constant_holder};
    return true;
}

/* The number of the constant of that name; a new one is nil still. */
static uint32_t constant_number(vmh_lua_emitter *to, vmh_lua_name *name, vmh_lua_tag tag,
                                bool *is_new)
{
    vmh_lua_proto *proto = to->proto;
    vmh_lua_emit_buffer *buffer = to->buffer;
    uint32_t holder = to->function->number + 1;

    *is_new = false;
    if (name->constant_holder == holder)
        return name->constant;
    if (vmh_lua_has_fault(to) ||
        (proto->constant_count == buffer->constant_capacity && !grow_constants(to)) ||
        (to->compiler->is_open[name->constant_holder] && !hide_constant(to, name)))
        return 0;
    name->constant = proto->constant_count++;
    name->constant_holder = holder;
    proto->constants[name->constant] = (vmh_lua_value){.tag = tag, .as = {.integer = 0}};
    *is_new = true;
    return name->constant;
}

/* The same of what is no string. */
static uint32_t number_constant(vmh_lua_emitter *to, vmh_bytes bytes, vmh_lua_tag tag,
                                bool *is_new)
{
    vmh_lua_name *name = vmh_lua_names_intern(&to->compiler->numbers, bytes);

    *is_new = false;
    if (name == NULL) {
        vmh_lua_fail_memory(to);
        return 0;
    }
    return constant_number(to, name, tag, is_new);
}

uint32_t vmh_lua_plain_constant(vmh_lua_emitter *to, vmh_lua_tag tag)
{
    uint8_t byte = (uint8_t)tag;
    bool is_new;

    return number_constant(to, vmh_bytes_of(&byte, 1), tag, &is_new);
}

uint32_t vmh_lua_integer_constant(vmh_lua_emitter *to, int64_t integer)
{
    uint8_t bytes[8];
    bool is_new;
    uint32_t number;

    vmh_put_u64_le(bytes, (uint64_t)integer);
    number = number_constant(to, vmh_bytes_of(bytes, sizeof bytes), VMH_LUA_INTEGER, &is_new);
    if (is_new)
        to->proto->constants[number] = vmh_lua_integer(integer);
    return number;
}

/* One for all functions that name it: tables find it by where it lies. */
static vmh_lua_string *make_string(vmh_lua_emitter *to, vmh_bytes bytes)
{
    vmh_lua_string *made =
        vmh_lua_parts_alloc(&to->compiler->kept, sizeof *made + bytes.size + 1);

    if (made == NULL) {
        vmh_lua_fail_memory(to);
        return NULL;
    }
    made->size = bytes.size;
    made->hash = vmh_lua_bytes_hash(bytes);
    if (bytes.size > 0)
        memcpy(made->bytes, bytes.data, bytes.size);
    made->bytes[bytes.size] = 0;
    return made;
}

uint32_t vmh_lua_string_constant(vmh_lua_emitter *to, vmh_lua_name *string)
{
    bool is_new;
    uint32_t number = constant_number(to, string, VMH_LUA_STRING, &is_new);

    if (!is_new)
        return number;
    if (string->string == NULL)
        string->string = make_string(to, string->bytes);
    if (string->string == NULL)
        return 0;
    to->proto->constants[number] = vmh_lua_of_string(string->string);
    return number;
}

/* ---- jumps ---- */

void vmh_lua_jump(vmh_lua_emitter *to, vmh_lua_jumps *jumps)
{
    jumps->newest = vmh_lua_emit_wide(to, VMH_LUA_DO_JUMP, 0, jumps->newest) + 1;
}

uint32_t vmh_lua_target_here(vmh_lua_emitter *to)
{
    to->last_target = to->code_count;
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
        uint32_t before = vmh_lua_wide(to->code[at - 1]);

        vmh_lua_jump_set(to, at - 1, to->last_target);
        at = before;
    }
}

/* ---- stretches ---- */

/* Writes the charge of the running one where it belongs. */
static void settle(vmh_lua_emitter *to)
{
    const vmh_lua_stretch *stretch = &to->stretch;
    bool is_entry = stretch->places[0] == 0;

    if (vmh_lua_has_fault(to))
        return;
    if (is_entry)
        to->proto->entry_charge = stretch->sum;
    if (to->symbols != NULL)
        vmh_lua_note_charge(to, stretch);
    for (int i = 0; i < 2 && stretch->places[i] != 0; i++) {
        vmh_lua_instruction *place = &to->code[stretch->places[i] - 1];

        if (place->op == VMH_LUA_DO_CHARGE)
            place->b = (uint16_t)stretch->sum;
        else
            place->d = (uint16_t)stretch->sum;
    }
}

void vmh_lua_stretch_next_at(vmh_lua_emitter *to, uint32_t at)
{
    settle(to);
    to->stretch = (vmh_lua_stretch){.places = {at + 1, 0}};
}

void vmh_lua_stretch_next_here(vmh_lua_emitter *to)
{
    vmh_lua_stretch_next_at(to, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0));
}

void vmh_lua_pay_beyond(vmh_lua_emitter *to, uint32_t gas)
{
    if (to->symbols != NULL)
        vmh_lua_note_share(to, gas);
    if (to->stretch.sum > VMH_LUA_LONGEST_STRETCH)
        vmh_lua_stretch_next_here(to);
}

vmh_lua_stretch vmh_lua_stretch_begin_at(vmh_lua_emitter *to, uint32_t at)
{
    vmh_lua_stretch around = to->stretch;

    to->stretch = (vmh_lua_stretch){.places = {at + 1, 0}};
    return around;
}

static bool is_test(uint8_t op)
{
    return op >= VMH_LUA_DO_TEST && op <= VMH_LUA_DO_GE_NUMBER;
}

vmh_lua_stretch vmh_lua_stretch_begin_here(vmh_lua_emitter *to)
{
    uint32_t count = to->code_count;

    if (!to->compiler->is_plain && count >= 2 && to->last_target < count &&
        is_test(to->code[count - 2].op) && to->last_test != count - 1) {
        to->last_test = count - 1;
        return vmh_lua_stretch_begin_at(to, count - 2);
    }
    return vmh_lua_stretch_begin_at(to, vmh_lua_emit_wide(to, VMH_LUA_DO_CHARGE, 0, 0));
}

void vmh_lua_stretch_end(vmh_lua_emitter *to, vmh_lua_stretch around)
{
    settle(to);
    to->stretch = around;
}

/* ---- registers ---- */

uint32_t vmh_lua_refuse_registers(vmh_lua_emitter *to)
{
    vmh_lua_refuse(to, vmh_lua_place_at(to->line, 1),
                   "this function holds too many values at once: split the statement");
    return 0;
}
