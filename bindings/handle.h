/*
 * Life of what C gives to Lua.
 *
 * A handle is a userdata that begins with a pointer to its core object; NULL
 * means closed. It is made closed before core is called, so that nothing leaks
 * when Lua jumps. A child keeps its parent in a user value and is counted there.
 *
 * Scratch memory is a userdata too: almost any lua_* call may jump, and nothing
 * from malloc is held across one.
 */
#ifndef VMH_BINDINGS_HANDLE_H
#define VMH_BINDINGS_HANDLE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/arena.h"
#include "base/buffer.h"

typedef struct vmh_handle {
    void *core;           /* NULL: closed */
    const char *type;     /* the documented name, "vmhost.StateStorage" */
    int child_count;      /* open handles that need this one */
    int busy;             /* calls into core that are running: cannot be closed now */
    struct vmh_handle *parent;
} vmh_handle;

/*
 * Pushes the metatable registered as `type` and gives true, or a new one that
 * has only its __name and gives false. The new one is registered when it is
 * whole: what runs out of memory half-way is made anew the next time.
 */
bool vmh_metatable_push(lua_State *L, const char *type);

/* Registers the metatable on top, which stays there. */
void vmh_metatable_register(lua_State *L, const char *type);

/*
 * Makes the metatable `type` with `methods`, __index, __name, __tostring, and
 * `close` as __gc and __close and method "close". Leaves nothing on the stack.
 */
void vmh_handle_register(lua_State *L, const char *type, const luaL_Reg *methods,
                         lua_CFunction close);

/* Adds methods to a registered type. */
void vmh_handle_add_methods(lua_State *L, const char *type, const luaL_Reg *methods);

/*
 * Pushes a closed handle of `size` bytes (at least sizeof(vmh_handle); the rest
 * zeroed) of a registered type. With `parent_index` (0: none) the parent is kept
 * alive; call vmh_handle_opened once core is set.
 */
vmh_handle *vmh_handle_push(lua_State *L, const char *type, size_t size, int parent_index);

/* Sets the core object of a handle and counts it at its parent. */
void vmh_handle_opened(vmh_handle *handle, void *core);

/* The handle at `index`; raises "... is closed" if it is. */
vmh_handle *vmh_handle_check(lua_State *L, int index, const char *type);

/*
 * For `close` functions: the handle at 1 with its core taken out, NULL if it was
 * closed already. Raises, closing nothing, while children are open or a call runs.
 */
void *vmh_handle_take_core(lua_State *L, const char *type);

/* Pushes an empty arena or buffer that is cleared when collected. */
vmh_arena *vmh_push_arena(lua_State *L);
vmh_buffer *vmh_push_buffer(lua_State *L);

/* Clears the arena or buffer at `index` now. */
void vmh_clear_scratch(lua_State *L, int index);

/* Registers the metatables of scratch memory; every luaopen calls it first. */
void vmh_handle_init(lua_State *L);

#endif
