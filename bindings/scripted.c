#include "scripted.h"

#include "failure.h"
#include "handle.h"

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

vmh_status vmh_seam_call(const void *seam, const vmh_script_state *state, const char *what,
                         lua_CFunction body, void *request, vmh_failure *why)
{
    lua_State *L = state->L;
    seam_call call = {seam, body, request};
    vmh_status status = VMH_OK;
    int top, outcome;

    if (L == NULL)
        return vmh_fail(why, VMH_E_SCRIPT, "%s: called from outside of Lua", what);
    if (!lua_checkstack(L, 8))
        return vmh_fail(why, VMH_E_SCRIPT, "%s: Lua stack overflow", what);
    top = lua_gettop(L);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_body);
    lua_pushlightuserdata(L, &call);
    outcome = lua_pcall(L, 1, 0, top + 1);
    if (outcome == LUA_ERRMEM)
        status = vmh_fail_memory(why);
    else if (outcome != LUA_OK)
        status = vmh_fail(why, VMH_E_SCRIPT, "%s: %s", what,
                          lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                         : "error without a text");
    lua_settop(L, top);
    return status;
}

void vmh_seam_check_functions(lua_State *L, int index, const char *const *names)
{
    vmh_check_options(L, index, names);
    for (size_t i = 0; names[i] != NULL; i++) {
        int type = lua_getfield(L, index, names[i]);

        if (type != LUA_TNIL && type != LUA_TFUNCTION)
            luaL_argerror(L, index, lua_pushfstring(L, "'%s' must be a function, got %s", names[i],
                                                    lua_typename(L, type)));
        lua_pop(L, 1);
    }
}
