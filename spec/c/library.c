/*
 * Runs sources of contract Lua while allocations fail:
 *
 *     library STEP FILE ...
 *
 * Of each file, the n-th allocation fails, and in another run that and all behind
 * it, for n = 1, 1 + STEP ... until a run needs fewer. Expected is the failure
 * "no memory", or what came of the run with memory, gas and all, where the
 * allocation was not needed; a state whose run failed runs the source again, with
 * what came of it with memory. Nothing is left. Counted are the allocations of
 * compiling, of the library and of the run, and the parts that are cut from what was
 * allocated. Where a source calls `await` it is frozen, thawed, and goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "contractlua/details.h"
#include "contractlua/freeze.h"
#include "contractlua/room.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__real_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset);
int __real_munmap(void *pages, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset);
int __wrap_munmap(void *pages, size_t size);
void *__real_vmh_lua_heap_alloc_slow(vmh_lua_heap *heap, size_t size);
void *__wrap_vmh_lua_heap_alloc_slow(vmh_lua_heap *heap, size_t size);
void __real_vmh_lua_heap_reset(vmh_lua_heap *heap, uint64_t limit);
void __wrap_vmh_lua_heap_reset(vmh_lua_heap *heap, uint64_t limit);

static struct {
    bool is_armed;
    bool is_all; /* every one from fail_at on */
    long fail_at;
    long count;
    long live;   /* blocks */
    long mapped; /* bytes */
} memory;

static long failed;

static bool refuse(void)
{
    if (!memory.is_armed)
        return false;
    memory.count++;
    return memory.is_all ? memory.count >= memory.fail_at : memory.count == memory.fail_at;
}

void *__wrap_malloc(size_t size)
{
    void *block = refuse() ? NULL : __real_malloc(size);

    memory.live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = refuse() ? NULL : __real_calloc(count, size);

    memory.live += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t size)
{
    void *moved = refuse() ? NULL : __real_realloc(block, size);

    memory.live += block == NULL && moved != NULL;
    return moved;
}

void __wrap_free(void *block)
{
    memory.live -= block != NULL;
    __real_free(block);
}

void *__wrap_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset)
{
    void *pages = refuse() ? MAP_FAILED : __real_mmap(wish, size, access, flags, file, offset);

    if (pages != MAP_FAILED)
        memory.mapped += (long)size;
    return pages;
}

int __wrap_munmap(void *pages, size_t size)
{
    memory.mapped -= (long)size;
    return __real_munmap(pages, size);
}

/*
 * A heap is shown no room, and what there is behind `next` is kept here, so that
 * each part is cut on the slow road, where it can be refused.
 */
static struct {
    const uint8_t *next;
    size_t room;
} hidden;

static void hide_room(vmh_lua_heap *heap)
{
    hidden.next = heap->next;
    hidden.room = heap->room;
    heap->room = 0;
}

void *__wrap_vmh_lua_heap_alloc_slow(vmh_lua_heap *heap, size_t size)
{
    void *part;

    if (refuse()) {
        heap->has_failed = true;
        return NULL;
    }
    if (heap->room == 0 && heap->next == hidden.next)
        heap->room = hidden.room;
    part = __real_vmh_lua_heap_alloc_slow(heap, size);
    hide_room(heap);
    return part;
}

void __wrap_vmh_lua_heap_reset(vmh_lua_heap *heap, uint64_t limit)
{
    __real_vmh_lua_heap_reset(heap, limit);
    hide_room(heap);
}

static void die(const char *file, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "%s, allocation %ld%s: %s\n", file, memory.fail_at,
            memory.is_all ? " and all behind it" : "", what);
    abort();
}

static vmh_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = __real_malloc(1 << 20);
    size_t size;

    if (file == NULL || text == NULL)
        die(path, "cannot be read");
    size = fread(text, 1, 1 << 20, file);
    fclose(file);
    return vmh_bytes_of(text, size);
}

/* What came of a run; the text of its error or first result. */
typedef struct result {
    vmh_status status;
    vmh_lua_stop stop;
    bool is_good;
    uint64_t gas_used, memory_counted;
    char text[256];
} result;

static void keep(result *out, vmh_lua_state *L, const vmh_lua_outcome *outcome)
{
    vmh_lua_value value = outcome->error;
    vmh_lua_string *text;

    out->stop = outcome->stop;
    out->is_good = outcome->is_good;
    out->gas_used = outcome->gas_used;
    out->memory_counted = outcome->memory_counted;
    if (outcome->is_good)
        value = outcome->result_count > 0 ? outcome->results[0] : vmh_lua_nil();
    memory.is_armed = false;
    text = vmh_lua_plain_text(L, value);
    if (text != NULL)
        snprintf(out->text, sizeof out->text, "%.*s", VMH_PRINT(vmh_lua_string_bytes(text)));
}

/* Stops the execution; it goes on at once, out of its frozen bytes. */
static vmh_lua_step await(vmh_lua_state *L, vmh_lua_frame *frame)
{
    (void)L;
    return vmh_lua_suspend(frame, 0, frame->argument_count);
}

static const vmh_lua_native natives[] = {{"await", await}, {NULL, NULL}};
static const vmh_lua_native_list awaits = {NULL, natives, NULL};

static vmh_status freeze_and_go_on(vmh_lua_state *L, const vmh_lua_code *code,
                                   vmh_lua_outcome *outcome, vmh_failure *why)
{
    vmh_lua_answer answer = {.count = 0};
    vmh_buffer frozen;
    vmh_status status;

    vmh_buffer_init(&frozen);
    status = vmh_lua_freeze(L, &frozen, NULL, why);
    if (status == VMH_OK)
        status = vmh_lua_thaw(L, code, vmh_buffer_bytes(&frozen), 64 << 20, why);
    vmh_buffer_clear(&frozen);
    return status == VMH_OK ? vmh_lua_go_on(L, &answer, 1000000000, outcome, why) : status;
}

static void expect_same(const char *file, const result *wanted, const result *got)
{
    if (got->stop != wanted->stop || got->is_good != wanted->is_good)
        die(file, got->text);
    if (strcmp(got->text, wanted->text) != 0)
        die(file, got->text);
    if (got->gas_used != wanted->gas_used || got->memory_counted != wanted->memory_counted)
        die(file, "other gas, or memory");
}

static vmh_status run_once(vmh_lua_state *L, const vmh_lua_code *code, result *out,
                           vmh_failure *why)
{
    vmh_lua_outcome outcome;
    vmh_status status = vmh_lua_run(L, code, 1000000000, 64 << 20, &outcome, why);

    while (status == VMH_OK && outcome.is_suspended)
        status = freeze_and_go_on(L, code, &outcome, why);
    if (status == VMH_OK)
        keep(out, L, &outcome);
    return status;
}

/* `wanted`: what a run with memory gave; NULL in that run itself. */
static vmh_status run_code(const char *file, const vmh_lua_library *library,
                           const vmh_lua_code *code, const result *wanted, result *out,
                           vmh_failure *why)
{
    vmh_lua_state *L = vmh_lua_state_new(library);
    vmh_status status;

    if (L == NULL)
        return VMH_E_NO_MEMORY;
    status = run_once(L, code, out, why);
    if (status != VMH_OK && wanted != NULL) {
        result again;

        memory.is_armed = false;
        if (run_once(L, code, &again, why) != VMH_OK)
            die(file, "no run after one that failed");
        expect_same(file, wanted, &again);
    }
    vmh_lua_state_free(L);
    return status;
}

static result run_source(const char *file, vmh_bytes source, const result *wanted)
{
    long live = memory.live;
    result out = {.status = VMH_OK};
    vmh_lua_library *library = NULL;
    vmh_lua_code *code = NULL;
    const vmh_lua_details *details;
    vmh_lua_refusal refusal;
    vmh_arena arena;
    vmh_failure why;

    vmh_arena_init(&arena);
    memory.count = 0;
    memory.is_armed = memory.fail_at != 0;
    out.status = vmh_lua_library_new_with(false, &awaits, &library, &why);
    if (out.status == VMH_OK)
        out.status = vmh_lua_compile(vmh_bytes_text(file), source, library->names,
                                     library->global_count, &arena, &code, &refusal, &why);
    if (out.status == VMH_OK && code == NULL)
        snprintf(out.text, sizeof out.text, "refused: %.*s", VMH_PRINT(refusal.text));
    else if (out.status == VMH_OK)
        out.status = vmh_lua_details_of(code, library->names, library->global_count, &details,
                                        &why);
    if (out.status == VMH_OK && code != NULL)
        out.status = run_code(file, library, code, wanted, &out, &why);
    memory.is_armed = false;
    vmh_lua_code_free(code);
    vmh_lua_library_free(library);
    vmh_arena_clear(&arena);
    vmh_lua_room_clear();
    if (memory.live != live || memory.mapped != 0)
        die(file, "memory is left");
    return out;
}

static void fail_each(const char *file, vmh_bytes source, const result *wanted, long step)
{
    for (memory.fail_at = 1;; memory.fail_at += step) {
        result got = run_source(file, source, wanted);

        if (got.status != VMH_OK && got.status != VMH_E_NO_MEMORY)
            die(file, "another failure");
        if (got.status == VMH_OK)
            expect_same(file, wanted, &got);
        if (memory.count < memory.fail_at)
            break;
        failed++;
    }
    memory.fail_at = 0;
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        vmh_bytes source = read_file(argv[i]);
        result wanted = run_source(argv[i], source, NULL);

        if (wanted.status != VMH_OK ||
            (!wanted.is_good && strncmp(wanted.text, "refused: ", 9) != 0))
            die(argv[i], wanted.text);
        for (int all = 0; all < 2; all++) {
            memory.is_all = all != 0;
            fail_each(argv[i], source, &wanted, atol(argv[1]));
        }
        __real_free((void *)(uintptr_t)source.data);
    }
    printf("%ld allocations failed\n", failed);
    return 0;
}
