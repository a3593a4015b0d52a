/* A compiled source and the state that runs it, for the functions of vmhost.contract. */
#ifndef VMH_BINDINGS_CONTRACT_H
#define VMH_BINDINGS_CONTRACT_H

#include <lua.h>

#include "contractlua/state.h"
#include "path.h"

/* All that a run holds; it lies in a userdata, and is released when that is collected, or before. */
typedef struct vmh_contract {
    vmh_lua_library *library;
    vmh_lua_state *state;
    vmh_lua_code *code;
    vmh_arena arena; /* of the tree, and of refusals */
    lua_State *L;
    int print_index; /* of the function that gets what is printed, while something runs */
} vmh_contract;

typedef struct vmh_contract_source {
    vmh_bytes name, source;
    const struct vmh_lua_native_list *more; /* beside the usual library, or NULL */
    bool with_sdk;
    bool is_plain;                          /* compiled without making anything shorter */
} vmh_contract_source;

void vmh_contract_release(vmh_contract *of);

/* Compiles; a refusal is OK with its text in `*refusal`, which is empty for a good source. */
vmh_status vmh_contract_compile(vmh_contract *of, const vmh_contract_source *from,
                                vmh_bytes *refusal, vmh_failure *why);

/* Pushes nil, the text and the code of a refusal; gives 3. */
int vmh_contract_push_refusal(lua_State *L, vmh_bytes refusal);

/* What `print` of the source writes; a function of the script that raises ends the run. */
vmh_status vmh_contract_print(void *context, vmh_bytes text, vmh_failure *why);

/* The text of a value as `tostring` has it, without metamethods; it costs the run nothing. */
void vmh_contract_push_text(lua_State *L, vmh_lua_value value);

/* The table that `run` gives. */
void vmh_contract_push_outcome(lua_State *L, const vmh_lua_outcome *outcome);

/* What all that run take from the table at 1. */
typedef struct vmh_contract_options {
    vmh_contract_source from;
    uint64_t gas_limit, memory_limit;
} vmh_contract_options;

vmh_contract_options vmh_contract_check_options(lua_State *L, const vmh_path *path);

/* A field of bytes of the table at 1, which keeps it; empty where it is absent. */
vmh_bytes vmh_contract_option_bytes(lua_State *L, const vmh_path *path, const char *name);

#endif
