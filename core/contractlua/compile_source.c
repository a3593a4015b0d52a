/* A whole source to a code, and once more where something else is to be known of it. */
#include <assert.h>
#include <stdlib.h>

#include "contractlua/emitter.h"
#include "contractlua/room.h"
#include "crypto/digest.h"

/* The next slot, unless the name has one. */
static void add_global(vmh_lua_compiler *compiler, vmh_lua_name *name)
{
    vmh_lua_code *code = compiler->code;

    if (name->global != 0)
        return;
    code->globals[code->global_count] = vmh_lua_keep_name(compiler, &code->arena, name->bytes);
    name->global = ++code->global_count;
}

static vmh_status add_globals(vmh_lua_compiler *compiler, const char *const *library,
                              size_t library_count)
{
    vmh_lua_tree *tree = &compiler->tree;
    vmh_lua_code *code = compiler->code;

    code->globals = vmh_arena_alloc_array(
        &code->arena, library_count + tree->assigned_global_count + 1, sizeof *code->globals);
    code->assigned_globals = vmh_arena_alloc_array(
        &code->arena, tree->assigned_global_count + 1, sizeof *code->assigned_globals);
    if (code->globals == NULL || code->assigned_globals == NULL)
        return vmh_fail_memory(compiler->why);
    for (size_t i = 0; i < library_count; i++) {
        vmh_lua_name *name = vmh_lua_names_intern(&tree->names, vmh_bytes_text(library[i]));

        if (name == NULL)
            return vmh_fail_memory(compiler->why);
        add_global(compiler, name);
    }
    code->assigned_global_count = tree->assigned_global_count;
    for (size_t i = 0; i < tree->assigned_global_count; i++) {
        add_global(compiler, tree->assigned_globals[i]);
        code->assigned_globals[i] = tree->assigned_globals[i]->global - 1;
    }
    return compiler->status;
}

static vmh_status compile_tree(vmh_lua_compiler *compiler, const char *const *library,
                               size_t library_count)
{
    const vmh_lua_tree *tree = &compiler->tree;
    vmh_lua_code *code = compiler->code;
    vmh_status status;

    if (compiler->details != NULL)
        vmh_lua_parts_init(&compiler->kept_details, &compiler->details->arena,
                           &compiler->details->pieces, code->source.size);
    compiler->ahead = VMH_LUA_AHEAD - tree->trail.before; /* far beyond all, where it is negative */
    code->proto_count = (uint32_t)tree->function_count;
    code->protos = vmh_arena_alloc_array(&code->arena, tree->function_count,
                                         sizeof(vmh_lua_proto *));
    compiler->is_open = vmh_lua_parts_alloc(&compiler->tree.parts, tree->function_count + 1);
    if (code->protos == NULL || compiler->is_open == NULL ||
        !vmh_lua_names_init(&compiler->numbers, &compiler->tree.parts))
        return vmh_fail_memory(compiler->why);
    memset(compiler->is_open, 0, tree->function_count + 1);
    status = add_globals(compiler, library, library_count);
    if (status != VMH_OK)
        return status;
    code->main = vmh_lua_compile_proto(compiler, NULL, tree->main);
    vmh_lua_parts_end(&compiler->kept);
    vmh_lua_parts_end(&compiler->kept_details);
    return compiler->status;
}

/* What is kept of it is huge pages from the beginning. */
enum { LARGE_SOURCE = 512 * 1024 };

/* Among what is kept, whose memory is the best there is; but for what is refused for its size. */
static vmh_status keep_source(vmh_lua_compiler *compiler, vmh_bytes source)
{
    uint8_t *copy;

    if (source.size > VMH_LUA_MAX_SOURCE)
        return VMH_OK;
    copy = vmh_lua_parts_alloc(&compiler->kept, source.size);
    if (copy == NULL)
        return vmh_fail_memory(compiler->why);
    if (source.size > 0)
        memcpy(copy, source.data, source.size);
    compiler->code->source = (vmh_bytes){copy, source.size};
    return VMH_OK;
}

static vmh_status compile(vmh_lua_compiler *compiler, vmh_bytes name, vmh_bytes source,
                          const char *const *library, size_t library_count, vmh_arena *arena,
                          vmh_lua_code **out)
{
    vmh_failure *why = compiler->why;
    vmh_lua_code *code = calloc(1, sizeof *code);
    vmh_status status;

    *out = NULL;
    if (code == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&code->arena);
    compiler->code = code;
    code->is_plain = compiler->is_plain;
    code->source = source;
    vmh_lua_parts_init(&compiler->kept, &code->arena, &code->pieces,
                       source.size < LARGE_SOURCE ? source.size : VMH_LUA_HUGE_PAGE_SIZE);
    status = vmh_arena_copy(&code->arena, name, &code->name, why);
    if (status == VMH_OK && compiler->before == NULL)
        status = keep_source(compiler, source);
    if (status == VMH_OK)
        status = vmh_lua_parse(code->source, arena, &compiler->tree, &compiler->is_refused,
                               compiler->refusal, why);
    if (status == VMH_OK && !compiler->is_refused)
        status = compile_tree(compiler, library, library_count);
    vmh_lua_emit_buffers_free(compiler);
    if (status != VMH_OK || compiler->is_refused) {
        vmh_lua_code_free(code);
        return status;
    }
    if (compiler->before == NULL)
        vmh_sha256(code->source, &code->source_hash);
    *out = code;
    return VMH_OK;
}

vmh_status vmh_lua_compile(vmh_bytes name, vmh_bytes source, const char *const *library,
                           size_t library_count, vmh_arena *arena, vmh_lua_code **out,
                           vmh_lua_refusal *refusal, vmh_failure *why)
{
    vmh_lua_compiler compiler = {.refusal = refusal, .why = why};

    return compile(&compiler, name, source, library, library_count, arena, out);
}

vmh_status vmh_lua_compile_plainly(vmh_bytes name, vmh_bytes source, const char *const *library,
                                   size_t library_count, vmh_arena *arena, vmh_lua_code **out,
                                   vmh_lua_refusal *refusal, vmh_failure *why)
{
    vmh_lua_compiler compiler = {.is_plain = true, .refusal = refusal, .why = why};

    return compile(&compiler, name, source, library, library_count, arena, out);
}

/* The same source gives the same code. */
static bool is_same(const vmh_lua_code *code, const vmh_lua_code *again)
{
    bool is_same = code->proto_count == again->proto_count;

    for (uint32_t i = 0; is_same && i < code->proto_count; i++) {
        const vmh_lua_proto *one = code->protos[i], *other = again->protos[i];

        is_same = one->code_count == other->code_count &&
                  one->constant_count == other->constant_count &&
                  memcmp(one->code, other->code, one->code_count * sizeof *one->code) == 0;
    }
    return is_same;
}

vmh_status vmh_lua_compile_again(const vmh_lua_code *code, const char *const *library,
                                 size_t library_count, vmh_lua_symbols *symbols,
                                 vmh_lua_details *details, vmh_failure *why)
{
    vmh_lua_refusal refusal; /* there is none: the source was compiled before */
    vmh_lua_compiler compiler = {.is_plain = code->is_plain, .refusal = &refusal, .why = why,
                                 .before = code, .symbols = symbols, .details = details};
    vmh_arena tree = vmh_lua_room_take_tree(code->source.size);
    vmh_lua_code *again;
    vmh_status status = compile(&compiler, code->name, code->source, library, library_count,
                                &tree, &again);

    vmh_lua_room_leave_tree(tree, code->source.size);
    assert(status != VMH_OK || (again != NULL && is_same(code, again)));
    vmh_lua_code_free(again);
    return status;
}
