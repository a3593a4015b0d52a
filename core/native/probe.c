#include "native/native_contract.h"

static const vmh_bytes w_key = {(const uint8_t *)"w", 1};

static bool init(vmh_native_call *call)
{
    (void)call;
    return true;
}

static bool order_test(vmh_native_call *call)
{
    vmh_bytes ignored;

    return vmh_native_read(call, VMH_LITERAL("k2"), &ignored) &&
           vmh_native_write(call, VMH_LITERAL("k1"), VMH_LITERAL("a")) &&
           vmh_native_write(call, VMH_LITERAL("k2"), VMH_LITERAL("b")) &&
           vmh_native_write(call, VMH_LITERAL("k0"), VMH_LITERAL("c")) &&
           vmh_native_write(call, VMH_LITERAL("k1"), VMH_LITERAL("d"));
}

static bool write_emit(vmh_native_call *call)
{
    return vmh_native_write(call, w_key, call->arguments[0].value.bytes) &&
           vmh_native_emit(call, "E", (vmh_argument_array){call->arguments, 1});
}

static bool write_emit_fail(vmh_native_call *call)
{
    return write_emit(call) && vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "boom %.*s",
                                                VMH_PRINT(call->arguments[0].value.bytes));
}

static bool read_w(vmh_native_call *call)
{
    vmh_bytes value;

    if (!vmh_native_read(call, w_key, &value))
        return false;
    vmh_native_return(call, vmh_argument_string(value));
    return true;
}

static bool clear_w(vmh_native_call *call)
{
    return vmh_native_clear(call, w_key);
}

static bool call_failing(vmh_native_call *call, vmh_native_caught *caught)
{
    return vmh_native_write(call, VMH_LITERAL("before"), call->arguments[1].value.bytes) &&
           vmh_native_call_service(call, call->arguments[0].value.bytes,
                                   VMH_LITERAL("writeEmitFail"),
                                   (vmh_argument_array){call->arguments + 1, 1}, NULL, caught);
}

static bool call_and_catch(vmh_native_call *call)
{
    vmh_native_caught caught;

    if (!call_failing(call, &caught) ||
        !vmh_native_write(call, VMH_LITERAL("after"), VMH_LITERAL("caught")))
        return false;
    vmh_native_return(call, vmh_argument_string(caught.text));
    return true;
}

static bool call_and_propagate(vmh_native_call *call)
{
    return call_failing(call, NULL);
}

static bool call_ok(vmh_native_call *call)
{
    vmh_bytes target = call->arguments[0].value.bytes;
    vmh_argument_array outputs;

    if (!vmh_native_call_service(call, target, VMH_LITERAL("writeEmit"),
                                 (vmh_argument_array){call->arguments + 1, 1}, NULL, NULL) ||
        !vmh_native_call_service(call, target, VMH_LITERAL("readW"), (vmh_argument_array){0},
                                 &outputs, NULL))
        return false;
    if (outputs.count != 0)
        vmh_native_return(call, outputs.items[0]);
    return true;
}

static bool call_init(vmh_native_call *call)
{
    return vmh_native_call_service(call, call->arguments[0].value.bytes, VMH_LITERAL("_init"),
                                   (vmh_argument_array){0}, NULL, NULL);
}

static bool types(vmh_native_call *call)
{
    static const uint8_t numbers[32] = {1, 2, 3};

    return vmh_native_write_u32(call, VMH_LITERAL("u32"), 0x01020304) &&
           vmh_native_write_u64(call, VMH_LITERAL("u64"), 0x0102030405060708) &&
           vmh_native_write(call, VMH_LITERAL("bt"), VMH_LITERAL("\1")) &&
           vmh_native_write(call, VMH_LITERAL("bf"), VMH_LITERAL("\0")) &&
           vmh_native_write(call, VMH_LITERAL("s"), VMH_LITERAL("hello")) &&
           vmh_native_write(call, VMH_LITERAL("by"), vmh_bytes_of(numbers, 3)) &&
           vmh_native_write(call, VMH_LITERAL("b20"), vmh_bytes_of(numbers, 20)) &&
           vmh_native_write(call, VMH_LITERAL("b32"), vmh_bytes_of(numbers, 32)) &&
           vmh_native_write_u32(call, VMH_LITERAL("zero"), 0) &&
           vmh_native_clear(call, VMH_LITERAL("empty"));
}

static bool bigint(vmh_native_call *call)
{
    vmh_word number = vmh_word_of(call->arguments[0].value.uint64);

    return vmh_native_write_word(call, VMH_LITERAL("u256"), &number);
}

static bool whoami(vmh_native_call *call)
{
    vmh_argument signer, caller, own;

    if (!vmh_native_ask(call, "Sdk.Address", "getSignerAddress", VMH_ARGUMENT_BYTES, &signer) ||
        !vmh_native_ask(call, "Sdk.Address", "getCallerAddress", VMH_ARGUMENT_BYTES, &caller) ||
        !vmh_native_ask(call, "Sdk.Address", "getOwnAddress", VMH_ARGUMENT_BYTES, &own))
        return false;
    vmh_native_return(call, signer);
    vmh_native_return(call, caller);
    vmh_native_return(call, own);
    return true;
}

static bool whoami_via(vmh_native_call *call)
{
    vmh_argument_array outputs;

    if (!vmh_native_call_service(call, call->arguments[0].value.bytes, VMH_LITERAL("whoami"),
                                 (vmh_argument_array){0}, &outputs, NULL))
        return false;
    for (size_t i = 0; i < outputs.count && i < VMH_NATIVE_RESULT_COUNT_MAX; i++)
        vmh_native_return(call, outputs.items[i]);
    return true;
}

static bool env_now(vmh_native_call *call)
{
    vmh_argument height, timestamp, chain_id;

    if (!vmh_native_ask(call, "Sdk.Env", "getBlockHeight", VMH_ARGUMENT_UINT64, &height) ||
        !vmh_native_ask(call, "Sdk.Env", "getBlockTimestamp", VMH_ARGUMENT_UINT64, &timestamp) ||
        !vmh_native_ask(call, "Sdk.Env", "getVirtualChainId", VMH_ARGUMENT_UINT32, &chain_id))
        return false;
    vmh_native_return(call, height);
    vmh_native_return(call, timestamp);
    vmh_native_return(call, chain_id);
    return true;
}

static bool proposer(vmh_native_call *call)
{
    vmh_argument address;

    if (!vmh_native_ask(call, "Sdk.Env", "getBlockProposerAddress", VMH_ARGUMENT_BYTES, &address))
        return false;
    vmh_native_return(call, address);
    return true;
}

static bool variadic(vmh_native_call *call)
{
    uint32_t further = (uint32_t)(call->argument_count - 1);

    vmh_native_return(call, vmh_argument_uint32(call->arguments[0].value.uint32 + further));
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "_init", .function = init, .is_internal = true},
    {.name = "orderTest", .function = order_test},
    {.name = "writeEmit",
     .function = write_emit,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING}},
    {.name = "writeEmitFail",
     .function = write_emit_fail,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING}},
    {.name = "readW", .function = read_w, .result_count = 1, .results = {VMH_ARGUMENT_STRING}},
    {.name = "clearW", .function = clear_w},
    {.name = "callAndCatch",
     .function = call_and_catch,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_STRING}},
    {.name = "callAndPropagate",
     .function = call_and_propagate,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_STRING}},
    {.name = "callOk",
     .function = call_ok,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_STRING}},
    {.name = "callInit",
     .function = call_init,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING}},
    {.name = "types", .function = types},
    {.name = "bigint",
     .function = bigint,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_UINT64}},
    {.name = "whoami",
     .function = whoami,
     .result_count = 3,
     .results = {VMH_ARGUMENT_BYTES, VMH_ARGUMENT_BYTES, VMH_ARGUMENT_BYTES}},
    {.name = "whoamiVia",
     .function = whoami_via,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING},
     .result_count = 3,
     .results = {VMH_ARGUMENT_BYTES, VMH_ARGUMENT_BYTES, VMH_ARGUMENT_BYTES}},
    {.name = "envNow",
     .function = env_now,
     .result_count = 3,
     .results = {VMH_ARGUMENT_UINT64, VMH_ARGUMENT_UINT64, VMH_ARGUMENT_UINT32}},
    {.name = "proposer",
     .function = proposer,
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES}},
    {.name = "variadic",
     .function = variadic,
     .is_variadic = true,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_UINT32, VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT32}},
};

/*
 * Three contracts of one source that touch everything a scenario wants to see.
 * Only chains whose genesis names them have them: conformance and specs.
 */
#define PROBE(contract, contract_name, scope)                 \
    const vmh_native_contract contract = {                    \
        .name = contract_name,                                \
        .permission = scope,                                  \
        .is_optional = true,                                  \
        .methods = methods,                                   \
        .method_count = sizeof methods / sizeof methods[0],   \
    }

PROBE(vmh_native_probe, "Probe", VMH_PERMISSION_SERVICE);
PROBE(vmh_native_probe_2, "Probe2", VMH_PERMISSION_SERVICE);
PROBE(vmh_native_probe_system, "ProbeSystem", VMH_PERMISSION_SYSTEM);
