#include "crypto/address.h"
#include "native/native_contract.h"
#include "native/native_processor.h"

/* Every contract written in C, one line each. */
static const vmh_native_contract *const contracts[] = {
    &vmh_native_deployments,
    &vmh_native_global_pre_order,
    &vmh_native_info,
    &vmh_native_ledger,
    &vmh_native_committee,
    &vmh_native_triggers,
    &vmh_native_benchmark_contract,
    &vmh_native_benchmark_token,
    &vmh_native_probe,
    &vmh_native_probe_2,
    &vmh_native_probe_system,
};

static const vmh_native_contract *find(vmh_bytes name)
{
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(contracts[i]->name)))
            return contracts[i];
    }
    return NULL;
}

const char *const *vmh_native_optional_contracts(void)
{
    static const char *const names[] = {"BenchmarkContract", "BenchmarkToken", "Probe", "Probe2",
                                        "ProbeSystem", NULL};

    return names;
}

bool vmh_native_is_optional(vmh_bytes name)
{
    const vmh_native_contract *contract = find(name);

    return contract != NULL && contract->is_optional;
}

static bool is_in_genesis(const vmh_genesis *genesis, const vmh_native_contract *contract)
{
    if (!contract->is_optional)
        return true;
    for (size_t i = 0; i < genesis->native_contract_count; i++) {
        if (vmh_bytes_equal(vmh_bytes_text(contract->name), genesis->native_contracts[i]))
            return true;
    }
    return false;
}

const vmh_native_contract *vmh_native_find_contract(const vmh_genesis *genesis, vmh_bytes name)
{
    const vmh_native_contract *contract = find(name);

    return contract != NULL && is_in_genesis(genesis, contract) ? contract : NULL;
}

bool vmh_native_find_address(const vmh_genesis *genesis, const vmh_address *address,
                             vmh_bytes *name)
{
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        vmh_address own;

        *name = vmh_bytes_text(contracts[i]->name);
        vmh_address_of_contract(*name, &own);
        if (vmh_bytes_equal(vmh_bytes_address(&own), vmh_bytes_address(address)))
            return is_in_genesis(genesis, contracts[i]);
    }
    return false;
}
