/*
 * Lets allocations fail, one after the other, while a Lua chunk runs the life of
 * a chain (BACKEND none: the async engine alone), and expects of each run a clean
 * error, a store that is whole, and no block left behind.
 *
 *     oom BACKEND MODE FIRST STEP FOLDER
 *
 * MODE `one` lets the n-th allocation fail, `all` the n-th and every later one,
 * for n = FIRST, FIRST + STEP, ... until a run needs fewer. Counted are those of
 * our objects (malloc, calloc and realloc are wrapped) and those of Lua. What
 * LevelDB and libcrypto allocate for themselves is not: C++ ends the process for
 * it, and the other is not ours.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

int luaopen_vmhost_async(lua_State *L);
int luaopen_vmhost_codec(lua_State *L);
int luaopen_vmhost_crypto(lua_State *L);
int luaopen_vmhost_state_storage(lua_State *L);
int luaopen_vmhost_vm(lua_State *L);
int luaopen_vmhost_word(lua_State *L);

static struct {
    bool armed;
    bool all; /* every allocation from fail_at on */
    long fail_at;
    long count;
    long failed;
    long live_of_core; /* blocks */
    long live_of_lua;
    size_t refused_size; /* Lua asks again after a collection: refused once more */
} memory;

static bool refuse(void)
{
    bool refused;

    if (!memory.armed)
        return false;
    memory.count++;
    refused = memory.all ? memory.count >= memory.fail_at : memory.count == memory.fail_at;
    memory.failed += refused;
    return refused;
}

void *__wrap_malloc(size_t size)
{
    void *block = refuse() ? NULL : __real_malloc(size);

    memory.live_of_core += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = refuse() ? NULL : __real_calloc(count, size);

    memory.live_of_core += block != NULL;
    return block;
}

void *__wrap_realloc(void *old, size_t size)
{
    void *block = refuse() ? NULL : __real_realloc(old, size);

    memory.live_of_core += old == NULL && block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    memory.live_of_core -= block != NULL;
    __real_free(block);
}

/* Lua relies on it that a block can always be made smaller. */
static void *allocate_for_lua(void *unused, void *old, size_t old_size, size_t size)
{
    bool grows = size > 0 && (old == NULL || size > old_size);
    void *block;

    (void)unused;
    if (size == 0) {
        memory.live_of_lua -= old != NULL;
        __real_free(old);
        return NULL;
    }
    if (grows && size == memory.refused_size) {
        memory.refused_size = 0;
        return NULL;
    }
    if (grows && refuse()) {
        memory.refused_size = memory.all ? 0 : size;
        return NULL;
    }
    block = __real_realloc(old, size);
    memory.live_of_lua += old == NULL && block != NULL;
    return block;
}

static void preload(lua_State *L)
{
    static const luaL_Reg modules[] = {
        {"vmhost.async", luaopen_vmhost_async},
        {"vmhost.codec", luaopen_vmhost_codec},
        {"vmhost.crypto", luaopen_vmhost_crypto},
        {"vmhost.state_storage", luaopen_vmhost_state_storage},
        {"vmhost.vm", luaopen_vmhost_vm},
        {"vmhost.word", luaopen_vmhost_word},
        {NULL, NULL},
    };

    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, modules, 0);
    lua_pop(L, 1);
    lua_getglobal(L, "package");
    lua_pushliteral(L, "./?.lua");
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
}

static void die(long n, const char *what, const char *text)
{
    printf("allocation %ld: %s: %s\n", n, what, text == NULL ? "(no text)" : text);
    exit(1);
}

/* Calls a function of the scenario, which is at 1; with `armed` allocations fail in it. */
static int call(lua_State *L, const char *name, const char *backend, const char *folder,
                bool armed)
{
    int outcome;

    lua_getfield(L, 1, name);
    lua_pushstring(L, backend);
    lua_pushstring(L, folder);
    memory.armed = armed;
    outcome = lua_pcall(L, 2, 0, 0);
    memory.armed = false;
    memory.refused_size = 0;
    return outcome;
}

/* Lua tells of a stack for which there is no memory as of one that is too deep. */
static bool tells_of_memory(lua_State *L, int outcome)
{
    const char *text = lua_tostring(L, -1);

    return outcome == LUA_ERRMEM ||
           (text != NULL && (strcmp(text, "no_memory") == 0 || strstr(text, "memory") != NULL ||
                             strstr(text, "stack overflow") != NULL));
}

/* One run with the n-th allocation failing; false when it needed fewer. */
static bool run(long n, const char *backend, const char *folder)
{
    lua_State *L = lua_newstate(allocate_for_lua, NULL);
    int outcome;

    if (L == NULL)
        die(n, "lua_newstate", NULL);
    luaL_openlibs(L);
    preload(L);
    if (luaL_dofile(L, "spec/c/oom_scenario.lua") != LUA_OK)
        die(n, "scenario", lua_tostring(L, -1));
    lua_settop(L, 1);
    lua_gc(L, LUA_GCCOLLECT);

    memory.fail_at = n;
    memory.count = memory.failed = 0;
    outcome = call(L, "run", backend, folder, true);
    if (outcome != LUA_OK && (memory.failed == 0 || !tells_of_memory(L, outcome)))
        die(n, "run", lua_tostring(L, -1));
    lua_settop(L, 1);
    if (call(L, "check", backend, folder, false) != LUA_OK)
        die(n, "check", lua_tostring(L, -1));
    lua_close(L);
    if (memory.live_of_core != 0 || memory.live_of_lua != 0) {
        printf("allocation %ld: %ld blocks of core and %ld of Lua are left\n", n,
               memory.live_of_core, memory.live_of_lua);
        exit(1);
    }
    return memory.failed > 0;
}

int main(int argc, char **argv)
{
    char folder[512];
    long first, step, runs = 0, n;

    if (argc != 6)
        return 2;
    memory.all = strcmp(argv[2], "all") == 0;
    first = atol(argv[3]);
    step = atol(argv[4]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (n = first;; n += step, runs++) {
        snprintf(folder, sizeof folder, "%s/%ld", argv[5], n);
        if (!run(n, argv[1], folder))
            break;
    }
    printf("%s, %s: %ld of %ld allocations failed\n", argv[1], argv[2], runs, memory.count);
    return 0;
}
