/*
 * Source to tree. What spec/lua.md 2 leaves out is refused here, with the place
 * and, where there is one, what to write instead.
 */
#ifndef VMH_CONTRACTLUA_PARSER_H
#define VMH_CONTRACTLUA_PARSER_H

#include "contractlua/ast.h"

enum {
    VMH_LUA_MAX_SOURCE = 1024 * 1024,
    VMH_LUA_MAX_LOCALS = 200,   /* in scope in one function */
    VMH_LUA_MAX_CAPTURES = 255, /* of one function */
    VMH_LUA_MAX_NESTING = 200,  /* of statements and expressions in each other; see ast.h */
    VMH_LUA_MAX_ALL_CAPTURES = 256 * 1024, /* of all functions of a source */
};

typedef enum vmh_lua_refusal_kind {
    VMH_LUA_REFUSAL_SYNTAX,   /* it is not Lua */
    VMH_LUA_REFUSAL_LEFT_OUT, /* it is Lua, but has no meaning here: floats, <close>, _ENV */
    VMH_LUA_REFUSAL_LIMIT,    /* more of something than there may be */
} vmh_lua_refusal_kind;

/* Why a source is refused: one line of text, and where. */
typedef struct vmh_lua_refusal {
    vmh_lua_refusal_kind kind;
    vmh_bytes text; /* in the arena: "'/' makes a float: write '//'" */
    vmh_lua_place place;
} vmh_lua_refusal;

/*
 * Parses. A refusal is VMH_OK with `*refused` true; only memory fails. The tree
 * borrows names and plain strings from `source`, which must outlive it.
 */
vmh_status vmh_lua_parse(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree, bool *refused,
                         vmh_lua_refusal *refusal, vmh_failure *why);

/*
 * The refusal as a user reads it, in the arena, without a newline at its end:
 *
 *     token.lua:3:14: '/' makes a float: write '//'
 *         local half = total / 2
 *                            ^
 *
 * `name` is the contract or file. A long line is cut around the place, and what
 * cannot be printed is shown as '?'.
 */
vmh_status vmh_lua_refusal_format(vmh_bytes name, vmh_bytes source, const vmh_lua_refusal *refusal,
                                  vmh_arena *arena, vmh_bytes *text, vmh_failure *why);

#endif
