/*
 * What a contract written in C is made of: a table of methods, and what a
 * method gets while it runs.
 *
 * A method returns true when it ends well and false when it raised. Everything
 * that can raise returns false too, so a method reads as a row of
 *
 *     if (!vmh_native_read_u64(call, key, &balance))
 *         return false;
 */
#ifndef VMH_NATIVE_NATIVE_CONTRACT_H
#define VMH_NATIVE_NATIVE_CONTRACT_H

#include "base/word.h"
#include "ports/processor.h"
#include "types/genesis.h"

enum { VMH_NATIVE_PARAMETER_COUNT_MAX = 6, VMH_NATIVE_RESULT_COUNT_MAX = 4 };

typedef struct vmh_native_call vmh_native_call;
typedef bool (*vmh_native_function)(vmh_native_call *call);

typedef struct vmh_native_method {
    const char *name;
    vmh_native_function function;
    bool is_internal; /* for callers with SYSTEM permission only */
    bool writes;      /* refused in a read-only context, where the rules know access */
    bool is_variadic; /* the last parameter takes zero or more */
    size_t parameter_count;
    vmh_argument_type parameters[VMH_NATIVE_PARAMETER_COUNT_MAX];
    size_t result_count;
    vmh_argument_type results[VMH_NATIVE_RESULT_COUNT_MAX];
} vmh_native_method;

typedef struct vmh_native_contract {
    const char *name;
    vmh_permission_scope permission;
    bool is_implicit; /* deployed without a record in _Deployments */
    bool is_optional; /* only in chains whose genesis names it */
    const vmh_native_method *methods;
    size_t method_count;
} vmh_native_contract;

typedef enum vmh_native_end {
    VMH_NATIVE_RAISED = 1, /* the contract failed with text and code */
    VMH_NATIVE_ABORTED,    /* the execution is over */
    VMH_NATIVE_HOST_FAILED,
} vmh_native_end;

struct vmh_native_call {
    const vmh_genesis *genesis;
    const vmh_native_contract *contract;
    const vmh_process_call_input *input;
    vmh_sdk_handler *handler;
    vmh_arena *arena;
    const vmh_argument *arguments; /* checked against the method's parameters */
    size_t argument_count;
    vmh_argument results[VMH_NATIVE_RESULT_COUNT_MAX];
    size_t result_count;

    /* how a false return came to be */
    vmh_native_end end;
    vmh_bytes text;
    uint32_t code;
    vmh_status status;
    vmh_failure *why;
};

/* Raises with a text of host_texts.h; always false. */
bool vmh_native_raise(vmh_native_call *call, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Passes a status on as a failure of the host: true for VMH_OK. */
bool vmh_native_check(vmh_native_call *call, vmh_status status);

/* Adds a result. */
void vmh_native_return(vmh_native_call *call, vmh_argument value);

/* Joins the pieces of a key into the arena. */
bool vmh_native_join(vmh_native_call *call, vmh_bytes *out, const vmh_bytes *parts, size_t count);

/* A number in decimal, in the arena. */
bool vmh_native_decimal(vmh_native_call *call, uint64_t number, vmh_bytes *out);

/* Lower-case hex of some bytes with terminator, in the arena. */
bool vmh_native_hex(vmh_native_call *call, vmh_bytes bytes, vmh_bytes *out);

/* State (spec/host.md 5.5): a value of another length reads as zero. */
bool vmh_native_read(vmh_native_call *call, vmh_bytes key, vmh_bytes *value);
bool vmh_native_write(vmh_native_call *call, vmh_bytes key, vmh_bytes value);
bool vmh_native_clear(vmh_native_call *call, vmh_bytes key);
bool vmh_native_read_u32(vmh_native_call *call, vmh_bytes key, uint32_t *value);
bool vmh_native_write_u32(vmh_native_call *call, vmh_bytes key, uint32_t value);
bool vmh_native_read_u64(vmh_native_call *call, vmh_bytes key, uint64_t *value);
bool vmh_native_write_u64(vmh_native_call *call, vmh_bytes key, uint64_t value);
bool vmh_native_read_word(vmh_native_call *call, vmh_bytes key, vmh_word *value);
bool vmh_native_write_word(vmh_native_call *call, vmh_bytes key, const vmh_word *value);

/* One SDK call with its arguments; `outputs` may be NULL. */
bool vmh_native_sdk(vmh_native_call *call, const char *operation, const char *method,
                    vmh_argument_array arguments, vmh_argument_array *outputs);

/* A failure that a contract caught. */
typedef struct vmh_native_caught {
    bool failed;
    vmh_bytes text;
} vmh_native_caught;

/* As vmh_native_sdk, but an error that may be caught gives true and stands in `caught`. */
bool vmh_native_sdk_catching(vmh_native_call *call, const char *operation, const char *method,
                             vmh_argument_array arguments, vmh_argument_array *outputs,
                             vmh_native_caught *caught);

/* Fails the host unless its SDK handler answered one value of that type. */
bool vmh_native_check_answer(vmh_native_call *call, const char *method, vmh_argument_array outputs,
                             vmh_argument_type type);

/* An Env or Address method without arguments that answers one value of that type. */
bool vmh_native_ask(vmh_native_call *call, const char *operation, const char *method,
                    vmh_argument_type type, vmh_argument *answer);
bool vmh_native_ask_address(vmh_native_call *call, const char *method, vmh_address *out);

/* Events.emitEvent of the running contract. */
bool vmh_native_emit(vmh_native_call *call, const char *event_name, vmh_argument_array arguments);

/* Service.callMethod; `outputs` may be NULL. With `caught` the failure is caught. */
bool vmh_native_call_service(vmh_native_call *call, vmh_bytes service, vmh_bytes method,
                             vmh_argument_array arguments, vmh_argument_array *outputs,
                             vmh_native_caught *caught);

/* Raises unless the bytes are an address. */
bool vmh_native_check_address(vmh_native_call *call, vmh_bytes address);

/* The contract of that name in a chain, or NULL (registry.c). */
const vmh_native_contract *vmh_native_find_contract(const vmh_genesis *genesis, vmh_bytes name);

/* Whether a contract of that name can be named by a genesis. */
bool vmh_native_is_optional(vmh_bytes name);

/* The contracts, each in its file. */
extern const vmh_native_contract vmh_native_deployments;
extern const vmh_native_contract vmh_native_global_pre_order;
extern const vmh_native_contract vmh_native_info;
extern const vmh_native_contract vmh_native_ledger;
extern const vmh_native_contract vmh_native_committee;
extern const vmh_native_contract vmh_native_triggers;
extern const vmh_native_contract vmh_native_benchmark_contract;
extern const vmh_native_contract vmh_native_benchmark_token;
extern const vmh_native_contract vmh_native_probe;
extern const vmh_native_contract vmh_native_probe_2;
extern const vmh_native_contract vmh_native_probe_system;

#endif
