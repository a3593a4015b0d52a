/*
 * A method as a processor with typed methods declares it, and the check of what
 * it is called with (spec/host.md 5.7). The texts are those of host_texts.h.
 */
#ifndef VMH_CODEC_METHOD_H
#define VMH_CODEC_METHOD_H

#include "base/arena.h"
#include "types/argument.h"

typedef struct vmh_method {
    vmh_bytes name;
    bool is_internal; /* for callers with SYSTEM permission only */
    bool writes;      /* refused in a read-only context, where the rules know access */
    bool is_variadic; /* the last parameter takes zero or more */
    const vmh_argument_type *parameters;
    size_t parameter_count;
    const vmh_argument_type *results;
    size_t result_count;
} vmh_method;

/*
 * Reads packed arguments and holds them against the parameters. `*refusal` is empty, or the
 * text of what does not fit. `go_type_names`: as the Orbs node calls the types. Only memory
 * fails.
 */
vmh_status vmh_method_read_arguments(const vmh_method *method, vmh_bytes contract_name,
                                     vmh_bytes packed, bool go_type_names, vmh_arena *arena,
                                     vmh_argument_array *out, vmh_bytes *refusal,
                                     vmh_failure *why);

/*
 * The code of a call of a method that is internal, by whoever may not: of `_init`, which runs
 * when its contract is deployed and never again (spec/async.md 11), that of a failed contract;
 * of another, that of a method which is not there.
 */
uint32_t vmh_internal_method_code(vmh_bytes name);

#endif
