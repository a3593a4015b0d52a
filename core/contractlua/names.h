/*
 * The names of a source, each kept once: keywords, and identifiers with what the
 * scopes know of them. Equal names are one pointer.
 *
 * Sources are hostile, so the hash is keyed: nobody can choose names that
 * collide. Nothing follows from the order in the table.
 */
#ifndef VMH_CONTRACTLUA_NAMES_H
#define VMH_CONTRACTLUA_NAMES_H

#include "contractlua/parts.h"

typedef struct vmh_lua_name {
    vmh_bytes bytes;         /* as first mentioned, in the source */
    uint16_t keyword;        /* its token; 0: an identifier */
    bool is_left_out;        /* _ENV and _G */
    bool is_assigned_global; /* by the main chunk's own statements */

    /* For scope.c: what the name means at this point of the source, NULL for nothing. */
    struct vmh_lua_local *local;
    struct vmh_lua_visible_label *label;
    struct vmh_lua_open_goto *open_goto; /* newest goto whose label was not met yet */
} vmh_lua_name;

typedef struct vmh_lua_names_slot {
    uint64_t key; /* of short names the bytes themselves, of longer ones a hash */
    vmh_lua_name *name; /* NULL: free */
} vmh_lua_names_slot;

typedef struct vmh_lua_names {
    vmh_lua_parts *parts;
    vmh_lua_names_slot *slots; /* open addressing */
    size_t mask;               /* one less than their number, a power of two */
    size_t count;
    uint64_t secret[2];
} vmh_lua_names;

/* False where memory is short, as below NULL. All of it lives in the parts. */
bool vmh_lua_names_init(vmh_lua_names *names, vmh_lua_parts *parts);

/* The name of these bytes, which the table borrows where it is new. */
vmh_lua_name *vmh_lua_names_intern(vmh_lua_names *names, vmh_bytes bytes);

#endif
