#include "scripted_store.h"

#include <stdlib.h>

#include "failure.h"

/*
 * The functions lie in a table on the stack of a Lua thread of their own, so
 * that a store is not tied to the coroutine that opened it. Nothing happens on
 * that thread but through run, which is protected: no error of Lua passes
 * through core.
 */
enum { FUNCTION_GET = 1, FUNCTION_WRITE, FUNCTION_SEEK, ITERATORS };

/* Stack of a protected function: the table, then the call. */
enum { ARGUMENT_FUNCTIONS = 1, ARGUMENT_CALL = 2 };

typedef struct scripted_store {
    vmh_store base;
    lua_State *L;
} scripted_store;

typedef struct scripted_cursor {
    vmh_store_cursor base;
    lua_State *L;
    int iterator; /* its reference in the table of iterators */
    vmh_buffer key;
    vmh_buffer value;
} scripted_cursor;

/* One call of a function: what goes in and what comes out. */
typedef struct call {
    vmh_bytes key;
    const vmh_store_operation *operations;
    size_t count;
    bool sync;
    vmh_buffer *value;
    bool *found;
    scripted_cursor *cursor;
    vmh_failure *why;
    vmh_status status;
} call;

static int add_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

static vmh_status run(lua_State *L, lua_CFunction body, call *c)
{
    int outcome;

    /* A function that uses the storage it serves would find this thread in use. */
    if (lua_gettop(L) != 1 || !lua_checkstack(L, LUA_MINSTACK))
        return vmh_fail(c->why, VMH_E_SCRIPT, "scripted store: called from within itself");
    c->status = VMH_OK;
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, body);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, c);
    outcome = lua_pcall(L, 2, 0, 2);
    if (outcome == LUA_ERRMEM)
        c->status = vmh_fail_memory(c->why);
    else if (outcome != LUA_OK)
        c->status = vmh_fail(c->why, VMH_E_SCRIPT, "scripted store: %s",
                             lua_isstring(L, -1) ? lua_tostring(L, -1) : "error without text");
    lua_settop(L, 1);
    return c->status;
}

/* Whether the two results on top are nil and a message; then the call has failed. */
static bool told_failure(lua_State *L, call *c)
{
    if (lua_toboolean(L, -2) || lua_isnil(L, -1))
        return false;
    c->status =
        vmh_fail(c->why, VMH_E_STORE_IO, "scripted store: %s", luaL_tolstring(L, -1, NULL));
    return true;
}

/* The string at `index`, a result of the function named. */
static vmh_bytes result_bytes(lua_State *L, int index, const char *function)
{
    size_t size;
    const char *data;

    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "%s gave a %s where a string is expected", function,
                   luaL_typename(L, index));
    data = lua_tolstring(L, index, &size);
    return vmh_bytes_of(data, size);
}

static int run_get(lua_State *L)
{
    call *c = lua_touserdata(L, ARGUMENT_CALL);

    lua_rawgeti(L, ARGUMENT_FUNCTIONS, FUNCTION_GET);
    vmh_push_bytes(L, c->key);
    lua_call(L, 1, 2);
    if (told_failure(L, c) || lua_isnil(L, -2))
        return 0;
    vmh_buffer_append(c->value, result_bytes(L, -2, "get"));
    c->status = vmh_buffer_check(c->value, c->why);
    *c->found = true;
    return 0;
}

static vmh_status scripted_get(vmh_store *base, vmh_bytes key, vmh_buffer *value, bool *found,
                               vmh_failure *why)
{
    call c = {.key = key, .value = value, .found = found, .why = why};

    vmh_buffer_reset(value);
    *found = false;
    return run(((scripted_store *)base)->L, run_get, &c);
}

static void push_operation(lua_State *L, const vmh_store_operation *operation)
{
    lua_createtable(L, 0, 2);
    vmh_push_bytes(L, operation->key);
    lua_setfield(L, -2, "key");
    if (operation->is_delete)
        lua_pushboolean(L, 1);
    else
        vmh_push_bytes(L, operation->value);
    lua_setfield(L, -2, operation->is_delete ? "delete" : "value");
}

static int run_write(lua_State *L)
{
    call *c = lua_touserdata(L, ARGUMENT_CALL);

    lua_rawgeti(L, ARGUMENT_FUNCTIONS, FUNCTION_WRITE);
    lua_newtable(L);
    for (size_t i = 0; i < c->count; i++) {
        push_operation(L, &c->operations[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushboolean(L, c->sync);
    lua_call(L, 2, 2);
    (void)told_failure(L, c); /* sets the status of the call */
    return 0;
}

static vmh_status scripted_write(vmh_store *base, const vmh_store_operation *operations,
                                 size_t count, bool sync, vmh_failure *why)
{
    call c = {.operations = operations, .count = count, .sync = sync, .why = why};

    return run(((scripted_store *)base)->L, run_write, &c);
}

static int run_next(lua_State *L)
{
    call *c = lua_touserdata(L, ARGUMENT_CALL);
    scripted_cursor *cursor = c->cursor;

    lua_rawgeti(L, ARGUMENT_FUNCTIONS, ITERATORS);
    lua_rawgeti(L, -1, cursor->iterator);
    lua_call(L, 0, 2);
    vmh_buffer_reset(&cursor->key);
    vmh_buffer_reset(&cursor->value);
    cursor->base.at_end = true;
    if (told_failure(L, c) || lua_isnil(L, -2))
        return 0;
    vmh_buffer_append(&cursor->key, result_bytes(L, -2, "the iterator of seek"));
    vmh_buffer_append(&cursor->value, result_bytes(L, -1, "the iterator of seek"));
    c->status = vmh_buffer_check(&cursor->key, c->why);
    if (c->status == VMH_OK)
        c->status = vmh_buffer_check(&cursor->value, c->why);
    cursor->base.at_end = false;
    cursor->base.key = vmh_buffer_bytes(&cursor->key);
    cursor->base.value = vmh_buffer_bytes(&cursor->value);
    return 0;
}

static vmh_status cursor_next(vmh_store_cursor *base, vmh_failure *why)
{
    scripted_cursor *cursor = (scripted_cursor *)base;
    call c = {.cursor = cursor, .why = why};

    if (cursor->base.at_end)
        return VMH_OK;
    return run(cursor->L, run_next, &c);
}

/* Sets no new key in any table, so it needs no memory and cannot raise. */
static void cursor_free(vmh_store_cursor *base)
{
    scripted_cursor *cursor = (scripted_cursor *)base;
    lua_State *L = cursor->L;
    int top = lua_gettop(L);

    if (cursor->iterator != LUA_NOREF && lua_checkstack(L, LUA_MINSTACK)) {
        lua_rawgeti(L, 1, ITERATORS);
        luaL_unref(L, -1, cursor->iterator);
        lua_settop(L, top);
    }
    vmh_buffer_clear(&cursor->key);
    vmh_buffer_clear(&cursor->value);
    free(cursor);
}

static int run_seek(lua_State *L)
{
    call *c = lua_touserdata(L, ARGUMENT_CALL);

    lua_rawgeti(L, ARGUMENT_FUNCTIONS, FUNCTION_SEEK);
    vmh_push_bytes(L, c->key);
    lua_call(L, 1, 2);
    if (told_failure(L, c))
        return 0;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TFUNCTION)
        luaL_error(L, "seek gave a %s where a function is expected", luaL_typename(L, -1));
    lua_rawgeti(L, ARGUMENT_FUNCTIONS, ITERATORS);
    lua_insert(L, -2);
    c->cursor->iterator = luaL_ref(L, -2);
    return run_next(L);
}

static vmh_status scripted_seek(vmh_store *base, vmh_bytes from, vmh_store_cursor **out,
                                vmh_failure *why)
{
    scripted_cursor *cursor = calloc(1, sizeof *cursor);
    call c = {.key = from, .cursor = cursor, .why = why};
    vmh_status status;

    *out = NULL;
    if (cursor == NULL)
        return vmh_fail_memory(why);
    cursor->base.next = cursor_next;
    cursor->base.free = cursor_free;
    cursor->L = ((scripted_store *)base)->L;
    cursor->iterator = LUA_NOREF;
    status = run(cursor->L, run_seek, &c);
    if (status != VMH_OK) {
        cursor_free(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return VMH_OK;
}

static void scripted_close(vmh_store *base)
{
    free(base);
}

lua_State *vmh_push_scripted_store_functions(lua_State *L, int index)
{
    static const char *const names[] = {"get", "write", "seek", NULL};
    lua_State *functions;

    index = lua_absindex(L, index);
    vmh_check_options(L, index, names);
    functions = lua_newthread(L);
    lua_newtable(L);
    for (int i = 0; names[i] != NULL; i++) {
        if (lua_getfield(L, index, names[i]) != LUA_TFUNCTION)
            luaL_error(L, "scripted store: %s must be a function, got %s", names[i],
                       luaL_typename(L, -1));
        lua_rawseti(L, -2, FUNCTION_GET + i);
    }
    lua_newtable(L);
    lua_rawseti(L, -2, ITERATORS);
    lua_xmove(L, functions, 1);
    return functions;
}

vmh_status vmh_scripted_store_open(lua_State *functions, vmh_store **out, vmh_failure *why)
{
    scripted_store *store = calloc(1, sizeof *store);

    *out = NULL;
    if (store == NULL)
        return vmh_fail_memory(why);
    store->base.get = scripted_get;
    store->base.write = scripted_write;
    store->base.seek = scripted_seek;
    store->base.close = scripted_close;
    store->L = functions;
    *out = &store->base;
    return VMH_OK;
}
