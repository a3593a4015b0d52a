/*
 * The interface of a contract: all that it declares, made once of the table that its main
 * chunk gives to `sdk.contract`. Shared, read-only, one per code.
 */
#ifndef VMH_CONTRACTLUA_INTERFACE_H
#define VMH_CONTRACTLUA_INTERFACE_H

#include "contractlua/declaration.h"
#include "contractlua/table.h"

typedef struct vmh_lua_interface {
    vmh_arena arena; /* holds all of it */
    vmh_lua_kept *kept;
    size_t kept_count;
    vmh_lua_declared_event *events;
    size_t event_count;
    vmh_lua_declared_method *methods;
    size_t method_count;
    uint64_t text_size; /* bytes of all texts and names, which reading them is paid by */
} vmh_lua_interface;

/*
 * Makes it of a declaration: `state` and `events`, tables of texts, and methods, texts.
 * `*wrong` is empty, or says what is wrong, in `arena`, and `*out` is NULL then. Only memory
 * fails.
 */
vmh_status vmh_lua_interface_new(const vmh_lua_table *declaration, vmh_arena *arena,
                                 vmh_lua_interface **out, vmh_bytes *wrong, vmh_failure *why);

void vmh_lua_interface_free(vmh_lua_interface *interface);

/* The method of a name, or NULL. */
const vmh_lua_declared_method *vmh_lua_interface_method(const vmh_lua_interface *interface,
                                                        vmh_bytes name);

/* The number of what is kept under a name; false where nothing is. */
bool vmh_lua_interface_kept(const vmh_lua_interface *interface, vmh_bytes name, size_t *number);

#endif
