#include "interrupt.h"

#include <lauxlib.h>
#include <signal.h>

#include "host/host.h"

static lua_State *interrupted_state; /* NULL: the signal is not ours */
static struct sigaction former_action;

static void raise_interrupted(lua_State *L, lua_Debug *record)
{
    (void)record;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted");
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    vmh_host_interrupt();
    /* A signal handler may set a hook: Lua's own interpreter does the same. */
    lua_sethook(interrupted_state, raise_interrupted,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* The signal sets a hook on the main thread only; another one looks for it now and then. */
static void look_for_interrupt(lua_State *L, lua_Debug *record)
{
    (void)record;
    if (interrupted_state != NULL && lua_gethook(interrupted_state) == raise_interrupted)
        luaL_error(L, "interrupted");
}

void vmh_interrupt_watch(lua_State *thread)
{
    if (interrupted_state != NULL)
        lua_sethook(thread, look_for_interrupt, LUA_MASKCOUNT, 1000);
}

int vmh_interrupt_on_sigint(lua_State *L)
{
    struct sigaction action = {0};

    luaL_checktype(L, 1, LUA_TBOOLEAN);
    if (lua_toboolean(L, 1) && interrupted_state == NULL) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
        interrupted_state = lua_tothread(L, -1);
        action.sa_handler = on_interrupt;
        sigaction(SIGINT, &action, &former_action);
    } else if (!lua_toboolean(L, 1) && interrupted_state != NULL) {
        sigaction(SIGINT, &former_action, NULL);
        interrupted_state = NULL;
        vmh_host_clear_interrupt();
    }
    return 0;
}
