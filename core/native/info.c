#include "native/native_contract.h"

static bool get_signer_address(vmh_native_call *call)
{
    vmh_argument signer;

    if (!vmh_native_ask(call, "Sdk.Address", "getSignerAddress", VMH_ARGUMENT_BYTES, &signer))
        return false;
    vmh_native_return(call, signer);
    return true;
}

static bool is_alive(vmh_native_call *call)
{
    vmh_native_return(call, vmh_argument_string(VMH_LITERAL("alive")));
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "getSignerAddress",
     .function = get_signer_address,
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES}},
    {.name = "isAlive",
     .function = is_alive,
     .result_count = 1,
     .results = {VMH_ARGUMENT_STRING}},
};

/* _Info (spec/host.md 9.2): what a client asks to see whether a node lives. */
const vmh_native_contract vmh_native_info = {
    .name = "_Info",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
