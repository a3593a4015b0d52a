/*
 * Source to tree. What spec/lua.md 2 leaves out is refused here, with the place
 * and, where there is one, what to write instead.
 */
#ifndef VMH_CONTRACTLUA_PARSER_H
#define VMH_CONTRACTLUA_PARSER_H

#include <stdarg.h>

#include "contractlua/ast.h"

enum {
    VMH_LUA_MAX_SOURCE = 1024 * 1024,
    VMH_LUA_MAX_LOCALS = 200,   /* in scope in one function */
    VMH_LUA_MAX_CAPTURES = 255, /* of one function */
    VMH_LUA_MAX_NESTING = 200,  /* of statements and expressions in each other; see ast.h */
    VMH_LUA_MAX_ALL_CAPTURES = 256 * 1024, /* of all functions of a source */
    VMH_LUA_MAX_FINDINGS = 100, /* of a check */
};

typedef enum vmh_lua_refusal_kind {
    VMH_LUA_REFUSAL_SYNTAX,   /* it is not Lua */
    VMH_LUA_REFUSAL_LEFT_OUT, /* it is Lua, but has no meaning here: floats, <close>, _ENV */
    VMH_LUA_REFUSAL_LIMIT,    /* more of something than there may be */
    VMH_LUA_REFUSAL_WARNING,  /* none: it runs, but is hardly what was meant */
} vmh_lua_refusal_kind;

/* Why a source is refused: one line of text, and where. */
typedef struct vmh_lua_refusal {
    vmh_lua_refusal_kind kind;
    vmh_bytes text; /* in the arena: "'/' makes a float: write '//'" */
    vmh_bytes hint; /* its end: what to write instead, or why; may be empty */
    vmh_lua_place place;
} vmh_lua_refusal;

/*
 * Parses. A refusal is VMH_OK with `*refused` true; only memory fails. The tree
 * borrows names and plain strings from `source`, which must outlive it.
 */
vmh_status vmh_lua_parse(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree, bool *refused,
                         vmh_lua_refusal *refusal, vmh_failure *why);

/* What a check of a whole source finds, in the order in which it is met. */
typedef struct vmh_lua_findings {
    vmh_lua_refusal *items; /* in the arena */
    size_t count, capacity;
    bool is_broken; /* something was passed over: the tree has not all of the source */
    bool has_more;  /* there were more than VMH_LUA_MAX_FINDINGS */
} vmh_lua_findings;

/*
 * Parses, and reads on behind what is refused as far as sense can be made of the rest.
 * Only memory fails. Where the findings are empty the tree is that of vmh_lua_parse.
 */
vmh_status vmh_lua_parse_on(vmh_bytes source, vmh_arena *arena, vmh_lua_tree *tree,
                            vmh_lua_findings *findings, vmh_failure *why);

/*
 * Adds a warning: a text (vprintf), of which `hint` is the end, behind ": ", unless it is NULL.
 */
vmh_status vmh_lua_findings_warn(vmh_lua_findings *findings, vmh_arena *arena, vmh_lua_place place,
                                 const char *hint, vmh_failure *why, const char *format,
                                 va_list arguments);

/* Adds one; beyond the limit it only notes that there are more. */
vmh_status vmh_lua_findings_add(vmh_lua_findings *findings, vmh_arena *arena,
                                vmh_lua_refusal found, vmh_failure *why);

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
