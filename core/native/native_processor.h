/*
 * The processor of contracts written in C: the system contracts, always, and
 * those that a genesis names beside them.
 */
#ifndef VMH_NATIVE_NATIVE_PROCESSOR_H
#define VMH_NATIVE_NATIVE_PROCESSOR_H

#include "ports/processor.h"
#include "types/genesis.h"

/*
 * Makes the processor of one chain; `genesis` is borrowed. Fails with
 * VMH_E_INPUT, naming it, when genesis names a contract that is not built in.
 */
vmh_status vmh_native_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                    vmh_failure *why);

/* Names of the contracts that a genesis may name, NULL-ended. */
const char *const *vmh_native_optional_contracts(void);

/* The name of the contract at an address that this genesis has, deployed or not; or false. */
bool vmh_native_find_address(const vmh_genesis *genesis, const vmh_address *address,
                             vmh_bytes *name);

/* What tools show of one method of a native contract. */
typedef struct vmh_native_method_description {
    const char *name;
    bool is_internal; /* system contracts only */
    bool writes;      /* refused in a read-only context */
    const vmh_argument_type *parameters;
    size_t parameter_count;
    bool is_variadic; /* the last parameter takes zero or more */
    const vmh_argument_type *results;
    size_t result_count;
} vmh_native_method_description;

/* Number of methods of a native contract of that chain; 0 when it has none of that name. */
size_t vmh_native_processor_method_count(const vmh_processor *processor, vmh_bytes contract_name);

/* Method `index` of a contract, in the order of its source. */
vmh_native_method_description vmh_native_processor_method(const vmh_processor *processor,
                                                          vmh_bytes contract_name, size_t index);

#endif
