#include "native/native_contract.h"

static bool trigger(vmh_native_call *call)
{
    return vmh_native_call_service(call, VMH_LITERAL("_Committee"), VMH_LITERAL("updateMisses"),
                                   (vmh_argument_array){0}, NULL, NULL);
}

static bool init(vmh_native_call *call)
{
    (void)call;
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "trigger", .function = trigger, .writes = true},
    {.name = "_init", .function = init, .is_internal = true},
};

/* _Triggers (spec/host.md 9.4): the node's own last transaction of a block. */
const vmh_native_contract vmh_native_triggers = {
    .name = "_Triggers",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
