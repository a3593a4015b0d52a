#include "sight.h"

#include <lauxlib.h>

#include "failure.h"
#include "handle.h"
#include "scripted.h"

#define SIGHT_TYPE "vmhost.contract.Event"

/* In an event, under its own metatable as key. */
typedef struct view {
    const vmh_sight_state *state; /* in the seam, which a user value keeps */
    uint64_t event;
} view;

static void set_bytes(lua_State *L, const char *name, vmh_bytes bytes)
{
    vmh_push_bytes(L, bytes);
    lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void set_place(lua_State *L, const vmh_trace_place *place)
{
    set_bytes(L, "contract_name", place->contract_name);
    set_bytes(L, "function_name", place->function_name);
    if (place->function_line != 0)
        set_integer(L, "function_line", place->function_line);
    set_integer(L, "line", place->line);
}

static vmh_trace_sight *check_sight(lua_State *L)
{
    const view *of;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "sight");
    of = luaL_checkudata(L, -1, SIGHT_TYPE);
    lua_pop(L, 1);
    if (of->state->sight == NULL || of->state->event != of->event)
        luaL_error(L, "the event is over: look around while it is told");
    return of->state->sight;
}

/* A frame by its number from 1, the innermost one. */
static size_t check_frame(lua_State *L, int index, vmh_trace_sight *sight)
{
    lua_Integer number = luaL_optinteger(L, index, 1);

    luaL_argcheck(L, number >= 1 && (size_t)number <= sight->frame_count(sight), index,
                  "there is no such frame");
    return (size_t)number - 1;
}

static int event_frames(lua_State *L)
{
    vmh_trace_sight *sight = check_sight(L);
    size_t count = sight->frame_count(sight);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_trace_place place;

        sight->frame(sight, i, &place);
        lua_createtable(L, 0, 4);
        set_place(L, &place);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static void set_value(lua_State *L, const vmh_trace_value *value)
{
    lua_pushstring(L, value->type);
    lua_setfield(L, -2, "type");
    set_bytes(L, "text", value->text);
}

static int event_variables(lua_State *L)
{
    vmh_trace_sight *sight = check_sight(L);
    size_t frame = check_frame(L, 2, sight);

    lua_newtable(L);
    for (size_t i = 0;; i++) {
        vmh_trace_variable variable;
        vmh_failure why;
        bool found;

        if (sight->variable(sight, frame, i, &variable, &found, &why) != VMH_OK)
            return luaL_error(L, "%s", why.text);
        if (!found)
            return 1;
        lua_createtable(L, 0, 4);
        set_bytes(L, "name", variable.name);
        lua_pushboolean(L, variable.is_upvalue);
        lua_setfield(L, -2, "is_upvalue");
        set_value(L, &variable.value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static int event_evaluate(lua_State *L)
{
    vmh_trace_sight *sight = check_sight(L);
    vmh_bytes expression = vmh_check_bytes(L, 2);
    size_t frame = check_frame(L, 3, sight);
    vmh_trace_answer answer;
    vmh_failure why;

    if (sight->evaluate(sight, frame, expression, &answer, &why) != VMH_OK)
        return luaL_error(L, "%s", why.text);
    if (!answer.is_good) {
        lua_pushnil(L);
        vmh_push_bytes(L, answer.error);
        return 2;
    }
    lua_createtable(L, (int)answer.value_count, 0);
    for (size_t i = 0; i < answer.value_count; i++) {
        lua_createtable(L, 0, 2);
        set_value(L, &answer.values[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* "token.lua:3: in function 'transfer'", a line for each frame. */
static int event_traceback(lua_State *L)
{
    vmh_trace_sight *sight = check_sight(L);
    size_t count = sight->frame_count(sight);
    luaL_Buffer text;

    luaL_buffinit(L, &text);
    for (size_t i = 0; i < count; i++) {
        vmh_trace_place place;

        sight->frame(sight, i, &place);
        luaL_addstring(&text, i == 0 ? "" : "\n");
        luaL_addlstring(&text, (const char *)place.contract_name.data, place.contract_name.size);
        lua_pushfstring(L, ":%d: in ", (int)place.line);
        luaL_addvalue(&text);
        if (place.function_line == 0) {
            luaL_addstring(&text, "the main chunk");
        } else if (place.function_name.size == 0) {
            lua_pushfstring(L, "the function of line %d", (int)place.function_line);
            luaL_addvalue(&text);
        } else {
            luaL_addstring(&text, "function '");
            luaL_addlstring(&text, (const char *)place.function_name.data,
                            place.function_name.size);
            luaL_addchar(&text, '\'');
        }
    }
    luaL_pushresult(&text);
    return 1;
}

static const luaL_Reg methods[] = {
    {"frames", event_frames},
    {"variables", event_variables},
    {"evaluate", event_evaluate},
    {"traceback", event_traceback},
    {NULL, NULL},
};

/* The metatable of events, which is that of their views, too. */
static void push_metatable(lua_State *L)
{
    if (vmh_metatable_push(L, SIGHT_TYPE))
        return;
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    vmh_metatable_register(L, SIGHT_TYPE);
}

void vmh_push_trace_step(lua_State *L, const vmh_trace_step *step, const void *seam,
                         const vmh_sight_state *state)
{
    view *of;

    lua_createtable(L, 0, 8);
    set_place(L, &step->place);
    set_integer(L, "depth", step->depth);
    set_integer(L, "gas_left", step->gas_left);
    lua_pushboolean(L, step->is_error);
    lua_setfield(L, -2, "is_error");
    of = lua_newuserdatauv(L, sizeof *of, 1);
    *of = (view){state, state->event};
    vmh_seam_push_userdata(L, seam);
    lua_setiuservalue(L, -2, 1);
    push_metatable(L);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "sight");
    push_metatable(L);
    lua_setmetatable(L, -2);
}
