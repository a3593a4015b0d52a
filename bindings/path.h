/*
 * Where in a caller's table a value sits, and checks of single values there.
 *
 *     arguments[2]
 *     signed_transaction.transaction.signer.eddsa.network_type
 *
 * A path lives on the C stack of the walk and points at the one around it. Every
 * check raises with the path, the expectation and the value. Tables are read raw:
 * no metamethod runs while a conversion holds memory.
 */
#ifndef VMH_BINDINGS_PATH_H
#define VMH_BINDINGS_PATH_H

#include <lauxlib.h>
#include <lua.h>

#include "base/arena.h"
#include "base/word.h"

typedef struct vmh_path {
    const struct vmh_path *parent; /* NULL: the outermost */
    const char *key;               /* NULL: an item of a list */
    lua_Integer index;             /* from 1 */
} vmh_path;

static inline vmh_path vmh_path_root(const char *name)
{
    return (vmh_path){.key = name};
}

static inline vmh_path vmh_path_field(const vmh_path *parent, const char *key)
{
    return (vmh_path){.parent = parent, .key = key};
}

static inline vmh_path vmh_path_item(const vmh_path *parent, lua_Integer index)
{
    return (vmh_path){.parent = parent, .index = index};
}

/* Raises "<path>: <text>"; formats as lua_pushfstring. Returns never. */
int vmh_path_error(lua_State *L, const vmh_path *path, const char *format, ...);

/* Raises "<path>: expected <what>, got <the type at index>". */
int vmh_path_expected(lua_State *L, const vmh_path *path, const char *what, int index);

/* Raises for a value that is no table, and for a key that is not in the NULL-ended list. */
void vmh_path_check_keys(lua_State *L, int index, const vmh_path *path, const char *const *known);

/* The number of items of a sequence; raises for holes and for other keys. */
size_t vmh_path_check_list(lua_State *L, int index, const vmh_path *path);

bool vmh_path_check_bool(lua_State *L, int index, const vmh_path *path);
uint32_t vmh_path_check_u32(lua_State *L, int index, const vmh_path *path);

/* An integer, negative for the upper half; or decimal text. */
uint64_t vmh_path_check_u64(lua_State *L, int index, const vmh_path *path);

/* A word, an integer that is not negative, or a text as vmhost.word.new takes it. */
vmh_word vmh_path_check_word(lua_State *L, int index, const vmh_path *path);

/* A string, borrowed while it is on the stack or in its table. */
vmh_bytes vmh_path_check_bytes(lua_State *L, int index, const vmh_path *path);

/* The same of exactly `size` bytes; `type` names it in the error. */
vmh_bytes vmh_path_check_fixed(lua_State *L, int index, const vmh_path *path, const char *type,
                               size_t size);

/*
 * The number of an enumeration's value, given as its name or its number below
 * 65536. `value_name` is one of types/enums.h.
 */
uint32_t vmh_path_check_enum(lua_State *L, int index, const vmh_path *path,
                             const char *(*value_name)(uint32_t));

/* Pushes the name of a value, or the number where it has none. */
void vmh_push_enum(lua_State *L, uint32_t value, const char *(*value_name)(uint32_t));

/* Pushes the raw field `name` of the table at `index` and gives its path; false for nil. */
bool vmh_path_push_field(lua_State *L, int index, const vmh_path *path, const char *name,
                         vmh_path *field);

/*
 * Copies a string field of the table at `index`, so that it lasts whatever Lua
 * does to the table. Empty where it is nil and not `needed`; else raises.
 */
vmh_bytes vmh_path_copy_field(lua_State *L, int index, const vmh_path *path, const char *name,
                              bool needed, vmh_arena *arena);

/* Raises "out of memory" unless VMH_OK: for core calls that can fail in no other way. */
void vmh_check_memory(lua_State *L, vmh_status status);

/* Copies into the arena; raises when memory is short. */
vmh_bytes vmh_path_copy(lua_State *L, vmh_arena *arena, vmh_bytes bytes);

/* Room for `count` zeroed items in the arena, NULL for none; raises when memory is short. */
void *vmh_path_new_list(lua_State *L, vmh_arena *arena, size_t count, size_t item_size);

#endif
