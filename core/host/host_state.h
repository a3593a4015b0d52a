/*
 * The host's own fields, for the files of this room alone.
 */
#ifndef VMH_HOST_HOST_STATE_H
#define VMH_HOST_HOST_STATE_H

#include "host/code_memory.h"
#include "host/execution_context.h"
#include "host/run_log.h"

enum { VMH_PROCESSOR_COUNT_MAX = 8 };

struct vmh_host {
    vmh_sdk_handler sdk_handler; /* first: the handler that processors hold is the host */
    vmh_state_storage *storage;
    const vmh_genesis *genesis;
    const vmh_rules *rules;
    vmh_host_processor processors[VMH_PROCESSOR_COUNT_MAX];
    size_t processor_count;
    vmh_processor *own_native; /* made here, freed here; NULL if one was given */
    vmh_processor *own_lua;    /* the same */
    vmh_processor *own_vite;   /* the same */
    vmh_connector *connector;
    vmh_committee_source *committee;
    vmh_trace *trace;
    size_t verify_threads;
    vmh_code_memory codes;
    vmh_run_log log;
    vmh_execution_context *context; /* the innermost that runs, or NULL */
    vmh_hash32 context_salt;
    uint64_t context_counter;
};

/* The type under which a processor of the host is registered. */
uint32_t vmh_host_processor_type(const vmh_host *host, const vmh_processor *processor);

/* True, once, after vmh_host_interrupt. */
bool vmh_host_take_interrupt(void);

#endif
