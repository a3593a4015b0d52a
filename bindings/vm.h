/*
 * The Lua type of a host, for the files of its module.
 */
#ifndef VMH_BINDINGS_VM_H
#define VMH_BINDINGS_VM_H

#include "handle.h"
#include "host/host.h"
#include "path.h"
#include "scripted.h"

#define VMH_VM_TYPE "vmhost.VM"

enum { VMH_VM_PROCESSORS_MAX = 8 };

/* Its first user value is the storage. */
typedef struct vmh_vm {
    vmh_handle handle; /* core: vmh_host */
    vmh_script_state *state;
    vmh_handle *processors[VMH_VM_PROCESSORS_MAX]; /* handles that cannot be closed now */
    size_t processor_count;
    bool is_scripted; /* it may run Lua: so it stays on the thread of Lua */
} vmh_vm;

/* The open VM at 1. */
vmh_host *vmh_vm_check(lua_State *L, vmh_vm **vm);

/* Around each call into core: nothing between the two may raise. */
static inline lua_State *vmh_vm_enter(lua_State *L, vmh_vm *vm)
{
    lua_State *outer = vm->state->L;

    vm->handle.busy++;
    vm->state->L = L;
    return outer;
}

static inline void vmh_vm_leave(vmh_vm *vm, lua_State *outer)
{
    vm->state->L = outer;
    vm->handle.busy--;
}

/* ---- vm_blocks.c ---- */

/* A signed message: bytes as they are, or the message of a table's fields. */
vmh_bytes vmh_vm_check_signed(lua_State *L, int index, const char *schema, const vmh_path *path,
                              vmh_arena *arena);

/* The fields of a block ref out of a larger table. */
void vmh_vm_check_block(lua_State *L, int index, const char *const *known, vmh_block_ref *out);

int vmh_vm_process_transaction_set(lua_State *L);
int vmh_vm_pre_order(lua_State *L);
int vmh_vm_commit_sets(lua_State *L);

/* ---- vm_messages.c ---- */

int vmh_vm_messages(lua_State *L);

#endif
