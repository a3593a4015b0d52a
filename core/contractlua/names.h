/*
 * The names and texts of a source, each kept once: keywords, identifiers and strings, with
 * what the scopes and the compiler know of them. Equal ones are one pointer.
 *
 * Sources are hostile, so the hash is keyed: nobody can choose names that
 * collide. Nothing follows from the order in the table.
 */
#ifndef VMH_CONTRACTLUA_NAMES_H
#define VMH_CONTRACTLUA_NAMES_H

#include "contractlua/parts.h"

/* What few names have. */
typedef struct vmh_lua_rare {
    struct vmh_lua_visible_label *label; /* for scope.c, as `local` */
    struct vmh_lua_open_goto *open_goto; /* newest goto whose label was not met yet */
} vmh_lua_rare;

/* What a name has lies in one line of a cache: a source of many names waits for little else. */
typedef struct vmh_lua_name {
    uint64_t key;            /* of a short name its bytes, of a longer one a hash */
    vmh_bytes bytes;         /* as first mentioned, in the source, or in the arena of the tree */
    uint16_t keyword;        /* its token; 0: an identifier */
    bool is_left_out;        /* _ENV and _G */
    bool is_assigned_global; /* by the main chunk's own statements */
    uint32_t global;         /* for emitter.c: its slot + 1; 0: there is none of that name */
    union {
        struct vmh_lua_local *local; /* for scope.c: what it means at this point; NULL: nothing */
        /* For record_details.c, once no local is in scope: the newest operand of that name. */
        struct {
            uint32_t number; /* 0: none */
            uint32_t kind;
        } operand;
    };
    vmh_lua_rare *rare;          /* NULL: nothing of it */

    /* For emitter.c. */
    uint32_t constant;        /* its number in the innermost function that has it */
    uint32_t constant_holder; /* that function's number + 1; 0: none has it */
    struct vmh_lua_string *string; /* the constant; NULL: not made yet */
} vmh_lua_name;

/* Bytes of the key, and of a name that is one. */
enum { VMH_LUA_SHORT_NAME = 8 };

enum { VMH_LUA_NAME_BLOCKS = 16, VMH_LUA_NAME_SIZE = 64 };

_Static_assert(sizeof(vmh_lua_name) <= VMH_LUA_NAME_SIZE, "one line of a cache");

typedef struct vmh_lua_names {
    vmh_lua_parts *parts;
    vmh_lua_name *blocks[VMH_LUA_NAME_BLOCKS]; /* each of twice as many as the one before */
    uint32_t count;
    /* Open addressing: the number of a name + 1 below some bits of its hash; 0: free. */
    uint32_t *slots;
    size_t mask; /* one less than their number, a power of two */
    uint64_t secret[2];
    vmh_lua_name *shortest[UINT8_MAX + 2]; /* of one byte, then that of none; NULL: not there */
} vmh_lua_names;

/* False where memory is short, as below NULL. All of it lives in the parts. */
bool vmh_lua_names_init(vmh_lua_names *names, vmh_lua_parts *parts);

/* The name of these bytes, which the table borrows where it is new and of more than 8. */
vmh_lua_name *vmh_lua_names_find(vmh_lua_names *names, vmh_bytes bytes);

/* The same, at once where there is nothing to look for. */
static inline vmh_lua_name *vmh_lua_names_intern(vmh_lua_names *names, vmh_bytes bytes)
{
    vmh_lua_name **shortest;

    if (bytes.size > 1)
        return vmh_lua_names_find(names, bytes);
    shortest = &names->shortest[bytes.size == 0 ? UINT8_MAX + 1 : bytes.data[0]];
    if (*shortest == NULL)
        *shortest = vmh_lua_names_find(names, bytes);
    return *shortest;
}

/* Whether there are so many that a cache holds only some. What follows is worth it then. */
static inline bool vmh_lua_names_are_many(const vmh_lua_names *names)
{
    return names->count >= 4096;
}

/*
 * A name is about to be looked for: fetches the slot, and, once that is there, the name. Several in
 * a row, so that the processor does not wait for each.
 */
uint64_t vmh_lua_names_expect(const vmh_lua_names *names, vmh_bytes bytes);
void vmh_lua_names_expect_more(vmh_lua_names *names, uint64_t expected);

/*
 * What the names of a tree are, in order of the source, once they are many: the compiler meets them
 * nearly so, and fetches each before it is there.
 */
typedef struct vmh_lua_trail {
    vmh_lua_name **names; /* NULL: they are few yet */
    uint32_t count, capacity;
    uint32_t before; /* so many stand before the first of them */
} vmh_lua_trail;

/* From here on, in a source that goes on for so many bytes. False where memory is short. */
bool vmh_lua_trail_begin(vmh_lua_trail *trail, vmh_lua_parts *parts, size_t source_size);

/* The tree names that; nothing, where it `is_none`. */
static inline void vmh_lua_trail_add(vmh_lua_trail *trail, vmh_lua_name *name, bool is_none)
{
    if (trail->names == NULL) {
        trail->before += !is_none;
    } else if (trail->count < trail->capacity) {
        trail->names[trail->count] = name;
        trail->count += !is_none;
    }
}

/* What few names have; NULL where memory is short. */
vmh_lua_rare *vmh_lua_name_rare(vmh_lua_parts *parts, vmh_lua_name *name);

#endif
