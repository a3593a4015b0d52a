/*
 * The environment of bytecode that runs as a service: state slots, balances and
 * other services, all asked of the host by SDK calls (spec/joins.md 1, 2).
 */
#ifndef VMH_VITE_SERVICE_WORLD_H
#define VMH_VITE_SERVICE_WORLD_H

#include "ports/processor.h"
#include "types/genesis.h"
#include "vite/interpreter.h"

typedef enum vmh_vite_trouble {
    VMH_VITE_NO_TROUBLE = 0,
    VMH_VITE_SDK_REFUSED, /* the contract fails with text and code */
    VMH_VITE_SDK_ABORTED, /* the execution is over */
} vmh_vite_trouble;

typedef struct vmh_vite_service_world {
    vmh_vite_environment environment; /* first */
    const vmh_process_call_input *input;
    vmh_sdk_handler *handler;
    vmh_arena *arena;
    vmh_vite_address own;
    vmh_vite_address caller;  /* of a resumed run that of its first run */
    vmh_vite_request request; /* being executed */
    size_t sent_count;        /* messages that this run has asked an id for */
    bool has_seed;
    uint64_t seed;

    /* why an SDK call did not give what was asked */
    vmh_vite_trouble trouble;
    vmh_bytes text;
    uint32_t code;
} vmh_vite_service_world;

void vmh_vite_service_world_init(vmh_vite_service_world *world,
                                 const vmh_process_call_input *input, vmh_sdk_handler *handler,
                                 vmh_arena *arena);

/*
 * One SDK call with the rights of the host. VMH_OK with `world->trouble` set is
 * a refusal; any other status is a failure of the host.
 */
vmh_status vmh_vite_sdk(vmh_vite_service_world *world, const char *operation, const char *method,
                        vmh_argument_array arguments, vmh_argument_array *outputs,
                        vmh_failure *why);

/* The service behind an address, or the address itself as `@` + 42 hex, in the arena. */
vmh_status vmh_vite_service_name(vmh_vite_service_world *world, const vmh_vite_address *address,
                                 vmh_bytes *name, vmh_failure *why);

/* Fills in who runs, who called, with which value, in answer to what. */
vmh_status vmh_vite_service_world_open(vmh_vite_service_world *world, vmh_failure *why);

/* Writes the slots of a good run, tells its logs, sends what it triggered. */
vmh_status vmh_vite_service_world_apply(vmh_vite_service_world *world,
                                        const vmh_vite_outcome *outcome, vmh_failure *why);

#endif
