#include "scripted.h"

#include "handle.h"
#include "interrupt.h"

/* Weak table in the registry: seam pointer -> its userdata. */
static const char seams_key = 's';

static void push_seams(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &seams_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &seams_key);
}

void vmh_seam_push_userdata(lua_State *L, const void *address)
{
    push_seams(L);
    lua_rawgetp(L, -1, address);
    lua_remove(L, -2);
}

/* Makes the userdata on top findable by its address, for as long as it lives. */
static void remember(lua_State *L, const void *address)
{
    push_seams(L);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, address);
    lua_pop(L, 1);
}

vmh_script_state *vmh_push_script_state(lua_State *L)
{
    vmh_script_state *state = lua_newuserdatauv(L, sizeof *state, 0);

    state->L = NULL;
    remember(L, state);
    return state;
}

void *vmh_seam_push(lua_State *L, int index, size_t size)
{
    void *seam;

    index = lua_absindex(L, index);
    seam = lua_newuserdatauv(L, size, 1);
    memset(seam, 0, size);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    remember(L, seam);
    return seam;
}

/* Where the C stack of this thread stands at the outermost seam; 0 outside of any. */
static _Thread_local uintptr_t outermost_frame;

enum { SEAM_STACK_SIZE = 2 * 1024 * 1024 };

static int add_traceback(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);

    luaL_traceback(L, L, text, 1);
    return 1;
}

typedef struct seam_call {
    const void *seam;
    lua_CFunction body;
    void *request;
    int outcome; /* of the body, LUA_OK or an error that run_on_own_stack gives back */
} seam_call;

static int run_body(lua_State *L)
{
    const seam_call *call = lua_touserdata(L, 1);

    lua_settop(L, 0);
    vmh_seam_push_userdata(L, call->seam);
    lua_getiuservalue(L, 1, 1);
    lua_remove(L, 1);
    lua_pushlightuserdata(L, call->request);
    return call->body(L);
}

/*
 * Lua bounds the C calls of one thread. On a thread of its own a seam has all
 * of them, so that what it does cannot depend on how deep the script stands that
 * called into core.
 */
static int run_on_own_stack(lua_State *L)
{
    seam_call *call = lua_touserdata(L, 1);
    lua_State *own = lua_newthread(L);

    vmh_interrupt_watch(own);
    lua_pushcfunction(own, add_traceback);
    lua_pushcfunction(own, run_body);
    lua_pushlightuserdata(own, call);
    call->outcome = lua_pcall(own, 1, 0, 1);
    if (call->outcome == LUA_OK)
        return 0;
    lua_xmove(own, L, 1);
    return 1;
}

/* `outcome` of Lua as a status; the error, if it is one, is on top. */
static vmh_status status_of(lua_State *L, int outcome, const char *what, vmh_failure *why)
{
    if (outcome == LUA_OK)
        return VMH_OK;
    if (outcome == LUA_ERRMEM)
        return vmh_fail_memory(why);
    return vmh_fail(why, VMH_E_SCRIPT, "%s: %s", what,
                    lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "error without a text");
}

/*
 * Whether seams inside of each other leave too little of the C stack, which no
 * longer is bounded by Lua. A full service stack takes less than half of this.
 */
static bool is_too_deep(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t used = here < outermost_frame ? outermost_frame - here : here - outermost_frame;

    return outermost_frame != 0 && used > SEAM_STACK_SIZE;
}

vmh_status vmh_seam_call(const void *seam, const vmh_script_state *state, const char *what,
                         lua_CFunction body, void *request, vmh_failure *why)
{
    lua_State *L = state->L;
    seam_call call = {.seam = seam, .body = body, .request = request};
    bool is_outermost = outermost_frame == 0;
    vmh_status status;
    int top, outcome;

    if (L == NULL)
        return vmh_fail(why, VMH_E_SCRIPT, "%s: called from outside of Lua", what);
    if (is_too_deep() || !lua_checkstack(L, 8))
        return vmh_fail(why, VMH_E_SCRIPT, "%s: too many calls inside of each other", what);
    top = lua_gettop(L);
    lua_pushcfunction(L, run_on_own_stack);
    lua_pushlightuserdata(L, &call);
    if (is_outermost)
        outermost_frame = (uintptr_t)__builtin_frame_address(0);
    outcome = lua_pcall(L, 1, 1, 0);
    if (is_outermost)
        outermost_frame = 0;
    status = status_of(L, outcome != LUA_OK ? outcome : call.outcome, what, why);
    lua_settop(L, top);
    return status;
}

void vmh_seam_check_functions(lua_State *L, int index, const vmh_path *path,
                              const char *const *names, bool needs_first)
{
    vmh_path_check_keys(L, index, path, names);
    for (size_t i = 0; names[i] != NULL; i++) {
        vmh_path field = vmh_path_field(path, names[i]);
        int type = lua_getfield(L, index, names[i]); /* a metatable may give it */

        if (type != LUA_TFUNCTION && (type != LUA_TNIL || (needs_first && i == 0)))
            vmh_path_expected(L, &field, "function", -1);
        lua_pop(L, 1);
    }
}
