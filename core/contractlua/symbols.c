#include "contractlua/symbols.h"

#include <stdlib.h>

/* Room for one item more; false after a fault, and where nobody records. */
static bool grow(vmh_lua_emitter *to, void **items, size_t *capacity, size_t count, size_t size)
{
    void *grown;

    if (to->symbols == NULL || vmh_lua_has_fault(to))
        return false;
    grown = vmh_arena_grow(&to->compiler->symbols->arena, *items, capacity, count + 1, size);
    if (grown == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return false;
    }
    *items = grown;
    return true;
}

static bool copy(vmh_lua_emitter *to, vmh_bytes bytes, vmh_bytes *out)
{
    vmh_lua_compiler *compiler = to->compiler;

    compiler->status = vmh_arena_copy(&compiler->symbols->arena, bytes, out, compiler->why);
    return compiler->status == VMH_OK;
}

/* ---- a function ---- */

bool vmh_lua_symbols_begin_proto(vmh_lua_emitter *to)
{
    vmh_lua_symbols *symbols = to->compiler->symbols;
    const vmh_lua_function *function = to->function;

    if (symbols == NULL)
        return true;
    to->symbols = &symbols->protos[function->number];
    to->statement_line = vmh_lua_place_line(function->place);
    to->symbols->capture_count = function->capture_count;
    to->symbols->captures =
        vmh_arena_alloc_array(&symbols->arena, function->capture_count + 1, sizeof(vmh_bytes));
    if (to->symbols->captures == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return false;
    }
    for (uint32_t i = 0; i < function->capture_count; i++) {
        if (!copy(to, function->captures[i].variable->name->bytes, &to->symbols->captures[i]))
            return false;
    }
    return true;
}

static int compare_shares(const void *left, const void *right)
{
    const vmh_lua_share *a = left, *b = right;

    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

void vmh_lua_symbols_end_proto(vmh_lua_emitter *to)
{
    vmh_lua_proto_symbols *symbols = to->symbols;

    if (symbols == NULL || vmh_lua_has_fault(to))
        return;
    vmh_lua_note_scope_end(to, 0);
    if (symbols->share_count > 1)
        qsort(symbols->shares, symbols->share_count, sizeof *symbols->shares, compare_shares);
    symbols->begun_lines = vmh_arena_alloc_array(&to->compiler->symbols->arena,
                                                 symbols->line_count + 1, sizeof(uint32_t));
    if (symbols->begun_lines == NULL) {
        to->compiler->status = vmh_fail_memory(to->compiler->why);
        return;
    }
    for (uint32_t i = 0; i < symbols->begin_count; i++) {
        if (symbols->begins[i].instruction < symbols->line_count)
            symbols->begun_lines[symbols->begins[i].instruction] = symbols->begins[i].line;
    }
}

/* ---- lines ---- */

void vmh_lua_note_line(vmh_lua_emitter *to)
{
    vmh_lua_proto_symbols *symbols = to->symbols;

    if (symbols == NULL || !grow(to, (void **)&symbols->lines, &symbols->line_capacity,
                                 symbols->line_count, sizeof *symbols->lines))
        return;
    symbols->lines[symbols->line_count++] = to->statement_line;
}

void vmh_lua_note_turn(vmh_lua_emitter *to, uint32_t line)
{
    vmh_lua_proto_symbols *symbols = to->symbols;

    to->statement_line = line;
    if (symbols == NULL || !grow(to, (void **)&symbols->begins, &symbols->begin_capacity,
                                 symbols->begin_count, sizeof *symbols->begins))
        return;
    symbols->begins[symbols->begin_count++] =
        (vmh_lua_begin){.instruction = to->code_count, .line = line};
}

void vmh_lua_note_statement(vmh_lua_emitter *to, uint32_t line)
{
    const vmh_lua_proto_symbols *symbols = to->symbols;

    to->statement_line = line;
    if (symbols != NULL && (symbols->begin_count == 0 ||
                            symbols->begins[symbols->begin_count - 1].line != line))
        vmh_lua_note_turn(to, line);
}

/* ---- locals ---- */

void vmh_lua_note_local(vmh_lua_emitter *to, const vmh_lua_variable *variable)
{
    vmh_lua_proto_symbols *symbols = to->symbols;
    vmh_lua_symbol local = {
        .slot = variable->slot, .begin = to->code_count, .end = UINT32_MAX};

    if (symbols == NULL || !grow(to, (void **)&symbols->locals, &symbols->local_capacity,
                                 symbols->local_count, sizeof *symbols->locals) ||
        !copy(to, variable->name->bytes, &local.name))
        return;
    symbols->locals[symbols->local_count++] = local;
}

uint32_t vmh_lua_note_scope(const vmh_lua_emitter *to)
{
    return to->symbols == NULL ? 0 : to->symbols->local_count;
}

void vmh_lua_note_scope_end(vmh_lua_emitter *to, uint32_t count)
{
    vmh_lua_proto_symbols *symbols = to->symbols;

    for (uint32_t i = count; symbols != NULL && i < symbols->local_count; i++) {
        if (symbols->locals[i].end == UINT32_MAX)
            symbols->locals[i].end = to->code_count;
    }
}

/* ---- charges ---- */

void vmh_lua_note_share(vmh_lua_emitter *to, uint32_t gas)
{
    vmh_lua_proto_symbols *symbols = to->symbols;
    vmh_lua_stretch *stretch = &to->stretch;

    if (symbols == NULL)
        return;
    if (stretch->last_share != 0 &&
        symbols->shares[stretch->last_share - 1].line == to->statement_line) {
        symbols->shares[stretch->last_share - 1].gas += gas;
        return;
    }
    if (!grow(to, (void **)&symbols->shares, &symbols->share_capacity, symbols->share_count,
              sizeof *symbols->shares))
        return;
    symbols->shares[symbols->share_count++] =
        (vmh_lua_share){.place = UINT32_MAX, .line = to->statement_line, .gas = gas};
    if (stretch->last_share != 0)
        symbols->shares[stretch->last_share - 1].next = symbols->share_count;
    else
        stretch->first_share = symbols->share_count;
    stretch->last_share = symbols->share_count;
}

static void add_share(vmh_lua_emitter *to, vmh_lua_share share)
{
    vmh_lua_proto_symbols *symbols = to->symbols;

    if (grow(to, (void **)&symbols->shares, &symbols->share_capacity, symbols->share_count,
             sizeof *symbols->shares))
        symbols->shares[symbols->share_count++] = share;
}

void vmh_lua_note_charge(vmh_lua_emitter *to, const vmh_lua_stretch *stretch)
{
    if (to->symbols == NULL)
        return;
    for (uint32_t i = stretch->first_share; i != 0; i = to->symbols->shares[i - 1].next) {
        to->symbols->shares[i - 1].place = stretch->places[0];
        if (stretch->places[0] != 0 && stretch->places[1] != 0) {
            vmh_lua_share second = to->symbols->shares[i - 1];

            second.place = stretch->places[1];
            second.next = 0;
            add_share(to, second);
        }
    }
}

void vmh_lua_note_same_charge(vmh_lua_emitter *to, uint32_t at, uint32_t from)
{
    uint32_t count = to->symbols == NULL ? 0 : to->symbols->share_count;

    for (uint32_t i = 0; i < count; i++) {
        vmh_lua_share share = to->symbols->shares[i];

        if (share.place != from + 1)
            continue;
        share.place = at + 1;
        share.next = 0;
        add_share(to, share);
    }
}

const vmh_lua_share *vmh_lua_find_shares(const vmh_lua_proto_symbols *of, uint32_t place,
                                         uint32_t *count)
{
    uint32_t low = 0, high = of->share_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (of->shares[middle].place < place)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < of->share_count && of->shares[low + *count].place == place)
        (*count)++;
    return of->shares + low;
}

/* ---- of a source ---- */

vmh_status vmh_lua_symbols_new(const vmh_lua_code *code, const char *const *library,
                               size_t library_count, vmh_lua_symbols **out, vmh_failure *why)
{
    vmh_lua_symbols *symbols = calloc(1, sizeof *symbols);
    vmh_status status;

    *out = NULL;
    if (symbols == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&symbols->arena);
    symbols->proto_count = code->proto_count;
    symbols->protos =
        vmh_arena_alloc_array(&symbols->arena, code->proto_count, sizeof *symbols->protos);
    status = symbols->protos == NULL
                 ? vmh_fail_memory(why)
                 : vmh_lua_compile_again(code, library, library_count, symbols, NULL, why);
    if (status != VMH_OK) {
        vmh_lua_symbols_free(symbols);
        return status;
    }
    *out = symbols;
    return VMH_OK;
}

void vmh_lua_symbols_free(vmh_lua_symbols *symbols)
{
    if (symbols == NULL)
        return;
    vmh_arena_clear(&symbols->arena);
    free(symbols);
}
