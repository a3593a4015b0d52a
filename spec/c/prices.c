/*
 * What sources of contract Lua take, beside what they pay:
 *
 *     prices GAS MEMORY ROUNDS FILE ...
 *
 * For each file a line: how it ended ("good", "gas", "memory", "refused", "error"),
 * gas, logical bytes, bytes of the system at their peak, nanoseconds of the run, bytes of the
 * source, peak of the memory of the compiler, nanoseconds of the compiler, the same two of the
 * details, and nanoseconds per gas of fib, which ran before and behind; the least of ROUNDS. With 0
 * rounds it runs once and nothing else does, for callgrind.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>

#include "contractlua/details.h"
#include "contractlua/room.h"
#include "contractlua/state.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__real_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset);
int __real_munmap(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset);
int __wrap_munmap(void *memory, size_t size);

static size_t held, peak;

static void add(size_t size)
{
    held += size;
    if (held > peak)
        peak = held;
}

static void *note(void *block)
{
    if (block != NULL)
        add(malloc_usable_size(block));
    return block;
}

void *__wrap_malloc(size_t size)
{
    return note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return note(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    size_t before = block == NULL ? 0 : malloc_usable_size(block);
    void *grown = __real_realloc(block, size);

    if (grown == NULL)
        return NULL;
    held -= before;
    return note(grown);
}

void __wrap_free(void *block)
{
    held -= block == NULL ? 0 : malloc_usable_size(block);
    __real_free(block);
}

/* Of pages that are never touched too. */
void *__wrap_mmap(void *wish, size_t size, int access, int flags, int file, off_t offset)
{
    void *memory = __real_mmap(wish, size, access, flags, file, offset);

    if (memory != MAP_FAILED)
        add(size);
    return memory;
}

int __wrap_munmap(void *memory, size_t size)
{
    held -= size;
    return __real_munmap(memory, size);
}

static void die(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

typedef struct taken {
    const char *ends;
    uint64_t gas, counted;
    size_t run_bytes, compile_bytes, details_bytes;
    double run_ns, compile_ns, details_ns;
} taken;

static vmh_status print_nothing(void *context, vmh_bytes text, vmh_failure *why)
{
    (void)context;
    (void)text;
    (void)why;
    return VMH_OK;
}

static void run_code(const vmh_lua_library *library, const vmh_lua_code *code, uint64_t gas,
                     uint64_t memory, taken *out)
{
    static const char *const stops[] = {"", "gas", "memory", "abort", "failed"};
    size_t before = held;
    vmh_lua_outcome outcome;
    vmh_failure why;
    vmh_lua_state *L = vmh_lua_state_new(library);
    double begin;

    if (L == NULL)
        die("state", "no memory");
    L->print = print_nothing;
    peak = held;
    begin = now();
    if (vmh_lua_run(L, code, gas, memory, &outcome, &why) != VMH_OK)
        die("run", why.text);
    out->run_ns = now() - begin;
    out->run_bytes = peak - before;
    out->gas = outcome.gas_used;
    out->counted = outcome.memory_counted;
    out->ends = outcome.is_good ? "good" : outcome.stop == VMH_LUA_STOP_NONE ? "error"
                                                                            : stops[outcome.stop];
    vmh_lua_state_free(L);
}

static void make_details(const vmh_lua_library *library, const vmh_lua_code *code, taken *out)
{
    size_t before;
    const vmh_lua_details *details;
    vmh_failure why;
    double begin;

    vmh_lua_room_clear();
    before = peak = held;
    begin = now();
    if (vmh_lua_details_of(code, library->names, library->global_count, &details, &why) != VMH_OK)
        die("details", why.text);
    out->details_ns = now() - begin;
    out->details_bytes = peak - before;
    vmh_lua_room_clear();
}

static taken measure(const vmh_lua_library *library, vmh_bytes source, uint64_t gas,
                     uint64_t memory)
{
    taken out = {.ends = "refused"};
    size_t before;
    vmh_lua_code *code = NULL;
    vmh_lua_refusal refusal;
    vmh_arena arena;
    vmh_failure why;
    double begin;

    vmh_lua_room_clear();
    before = held;
    vmh_arena_init(&arena);
    peak = held;
    begin = now();
    if (vmh_lua_compile(vmh_bytes_text("prices"), source, library->names, library->global_count,
                        &arena, &code, &refusal, &why) != VMH_OK)
        die("compile", why.text);
    out.compile_ns = now() - begin;
    out.compile_bytes = peak - before;
    if (code != NULL) {
        make_details(library, code, &out);
        run_code(library, code, gas, memory, &out);
    }
    vmh_lua_code_free(code);
    vmh_arena_clear(&arena);
    return out;
}

static double fib_ns_per_gas(const vmh_lua_library *library)
{
    static const char fib[] = "local function fib(n) if n < 2 then return n end "
                              "return fib(n - 1) + fib(n - 2) end return fib(22)";
    double least = 1e9;

    for (int i = 0; i < 3; i++) {
        taken of = measure(library, vmh_bytes_text(fib), INT64_MAX, 1 << 20);

        if (of.run_ns / (double)of.gas < least)
            least = of.run_ns / (double)of.gas;
    }
    return least;
}

static vmh_bytes read_file(const char *path)
{
    enum { LARGEST = 1 << 21 };
    FILE *file = fopen(path, "rb");
    char *text = __real_malloc(LARGEST);
    size_t size;

    if (file == NULL || text == NULL)
        die(path, "cannot be read");
    size = fread(text, 1, LARGEST, file);
    fclose(file);
    return vmh_bytes_of(text, size);
}

static double least_of(double a, double b)
{
    return a < b ? a : b;
}

static void show(const vmh_lua_library *library, const char *path, uint64_t gas, uint64_t memory,
                 long rounds)
{
    vmh_bytes source = read_file(path);
    double fib = rounds > 0 ? fib_ns_per_gas(library) : 0;
    taken all = measure(library, source, gas, memory);

    for (long i = 1; i < rounds; i++) {
        taken again = measure(library, source, gas, memory);

        all.run_ns = least_of(all.run_ns, again.run_ns);
        all.compile_ns = least_of(all.compile_ns, again.compile_ns);
        all.details_ns = least_of(all.details_ns, again.details_ns);
    }
    if (rounds > 0)
        fib = least_of(fib, fib_ns_per_gas(library));
    printf("%s %llu %llu %zu %.0f %zu %zu %.0f %zu %.0f %.4f\n", all.ends,
           (unsigned long long)all.gas, (unsigned long long)all.counted, all.run_bytes, all.run_ns,
           source.size, all.compile_bytes, all.compile_ns, all.details_bytes, all.details_ns, fib);
    fflush(stdout);
    __real_free((void *)(uintptr_t)source.data);
}

int main(int argc, char **argv)
{
    vmh_lua_library *library;
    vmh_failure why;

    if (argc < 5)
        die("usage", "prices GAS MEMORY ROUNDS FILE ...");
    if (vmh_lua_library_new(false, &library, &why) != VMH_OK)
        die("library", why.text);
    for (int i = 4; i < argc; i++)
        show(library, argv[i], strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10),
             atol(argv[3]));
    vmh_lua_library_free(library);
    return 0;
}
