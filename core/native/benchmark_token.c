#include "native/native_contract.h"
#include "types/host_texts.h"

static const uint64_t total_supply = 10000000000;

static bool init(vmh_native_call *call)
{
    vmh_address owner;

    return vmh_native_ask_address(call, "getSignerAddress", &owner) &&
           vmh_native_write_u64(call, vmh_bytes_address(&owner), total_supply);
}

/* The sender is written before the target is looked at: a failure undoes it. */
static bool transfer(vmh_native_call *call)
{
    uint64_t amount = call->arguments[0].value.uint64;
    vmh_bytes target = call->arguments[1].value.bytes;
    vmh_address caller;
    uint64_t balance;

    if (!vmh_native_ask_address(call, "getCallerAddress", &caller) ||
        !vmh_native_read_u64(call, vmh_bytes_address(&caller), &balance))
        return false;
    if (balance < amount)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_TOKEN_BALANCE,
                                (unsigned long long)amount, (unsigned long long)balance);
    if (!vmh_native_write_u64(call, vmh_bytes_address(&caller), balance - amount) ||
        !vmh_native_check_address(call, target) || !vmh_native_read_u64(call, target, &balance))
        return false;
    if (balance > UINT64_MAX - amount)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_OVERFLOW_ADD);
    return vmh_native_write_u64(call, target, balance + amount);
}

static bool get_balance(vmh_native_call *call)
{
    uint64_t balance;

    if (!vmh_native_check_address(call, call->arguments[0].value.bytes) ||
        !vmh_native_read_u64(call, call->arguments[0].value.bytes, &balance))
        return false;
    vmh_native_return(call, vmh_argument_uint64(balance));
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "transfer",
     .function = transfer,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_UINT64, VMH_ARGUMENT_BYTES}},
    {.name = "getBalance",
     .function = get_balance,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_BYTES},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT64}},
    {.name = "_init", .function = init, .is_internal = true},
};

/* BenchmarkToken (spec/host.md 9.6): a token whose supply goes to who deploys it. */
const vmh_native_contract vmh_native_benchmark_token = {
    .name = "BenchmarkToken",
    .permission = VMH_PERMISSION_SERVICE,
    .is_optional = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
