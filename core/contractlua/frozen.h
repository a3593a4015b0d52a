/* What freeze.c writes and thaw.c reads: docs/formats.md, frozen execution. */
#ifndef VMH_CONTRACTLUA_FROZEN_H
#define VMH_CONTRACTLUA_FROZEN_H

#include "contractlua/emitter.h"
#include "contractlua/state.h"

enum { VMH_LUA_FROZEN_VERSION = 1 };

/* In front of each value. An object is told by its kind when it is met first, then by number. */
typedef enum vmh_lua_frozen_tag {
    VMH_LUA_FROZEN_NIL,
    VMH_LUA_FROZEN_FALSE,
    VMH_LUA_FROZEN_TRUE,
    VMH_LUA_FROZEN_INTEGER,
    VMH_LUA_FROZEN_UINT256,
    VMH_LUA_FROZEN_STRING,
    VMH_LUA_FROZEN_LIBRARY,
    VMH_LUA_FROZEN_MAIN, /* the main coroutine */
    VMH_LUA_FROZEN_SEEN,
    VMH_LUA_FROZEN_TABLE,
    VMH_LUA_FROZEN_CLOSURE,
    VMH_LUA_FROZEN_COROUTINE,
    VMH_LUA_FROZEN_WRAP,
    VMH_LUA_FROZEN_GMATCH,
    VMH_LUA_FROZEN_CELL, /* of a local or capture, never of a value */
    VMH_LUA_FROZEN_STATE, /* `state`, or a declared collection: by its number, there is one each */
    VMH_LUA_FROZEN_HANDLE, /* of a collection in a map of state */
    VMH_LUA_FROZEN_LIST_NEXT,
    VMH_LUA_FROZEN_COUNTED_NEXT,
    VMH_LUA_FROZEN_EVENT,
    VMH_LUA_FROZEN_METHOD,
    VMH_LUA_FROZEN_FIXED, /* a table that nobody writes to */
} vmh_lua_frozen_tag;

/* Natives that keep values: how each is told. */
typedef struct vmh_lua_frozen_native {
    vmh_lua_frozen_tag tag;
    const vmh_lua_native *native;
    uint32_t kept_count;
} vmh_lua_frozen_native;

/* The one of a tag, or of a native; NULL for any other. */
const vmh_lua_frozen_native *vmh_lua_frozen_native_of_tag(uint8_t tag);
const vmh_lua_frozen_native *vmh_lua_frozen_native_of(const vmh_lua_native *native);

typedef enum vmh_lua_frozen_frame {
    VMH_LUA_FROZEN_LUA = 1,
    VMH_LUA_FROZEN_PCALL,
    VMH_LUA_FROZEN_XPCALL,
    VMH_LUA_FROZEN_HANDLER, /* xpcall, whose handler runs */
    VMH_LUA_FROZEN_PAIRS,
    VMH_LUA_FROZEN_IPAIRS,
    VMH_LUA_FROZEN_YIELD,     /* on top of a suspended coroutine */
    VMH_LUA_FROZEN_SUSPENDED, /* on top of main */
} vmh_lua_frozen_frame;

typedef enum vmh_lua_frozen_status {
    VMH_LUA_FROZEN_FRESH,
    VMH_LUA_FROZEN_STOPPED,
    VMH_LUA_FROZEN_DEAD,
    VMH_LUA_FROZEN_FAILED,
} vmh_lua_frozen_status;

/* ---- names of what the library has (frozen_names.c) ---- */

/* "pcall"; "string", "rep"; "sdk", "uint32", "add": with dots between them. */
enum { VMH_LUA_NAME_PARTS = 3 };

typedef struct vmh_lua_library_name {
    vmh_bytes parts[VMH_LUA_NAME_PARTS];
    uint32_t count;
} vmh_lua_library_name;

/* The name of a function or table of the library; false for anything else. */
bool vmh_lua_library_name_of(const vmh_lua_library *library, vmh_lua_value value,
                             vmh_lua_library_name *out);

/* The function or table of that name, with its dots; nil where there is none. */
vmh_lua_value vmh_lua_library_find(const vmh_lua_library *library, vmh_bytes name);

/* ---- what a frame holds ---- */

/* What is live at a point, the oldest first. */
typedef struct vmh_lua_live_list {
    const vmh_lua_live *items[VMH_LUA_MAX_REGISTERS + 1];
    uint32_t count;
} vmh_lua_live_list;

/* `waiting`: of a CONCAT, how many of its operands are not joined yet, the last of them left out. */
void vmh_lua_live_at(const vmh_lua_proto *proto, const vmh_lua_proto_details *details,
                     const vmh_lua_point *point, uint32_t waiting, vmh_lua_live_list *out);

/* How the frame above one that stands at a point gives its results. */
vmh_lua_back vmh_lua_back_of(const vmh_lua_proto *proto, const vmh_lua_point *point);

#endif
