/* The loop that tells of each line to who watches, and that evaluates for them. */
#define VMH_LUA_LOOP vmh_lua_interpret_watched
#define VMH_LUA_LOOP_IS_WATCHED 1
#include "contractlua/interpreter_loop.h"
