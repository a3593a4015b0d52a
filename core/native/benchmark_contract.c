#include "native/native_contract.h"
#include "types/host_texts.h"

static const vmh_bytes example_key = {(const uint8_t *)"example-key", 11};

static bool init(vmh_native_call *call)
{
    return vmh_native_write_u64(call, VMH_LITERAL("initialized"), 1);
}

static bool add(vmh_native_call *call)
{
    vmh_native_return(call, vmh_argument_uint64(call->arguments[0].value.uint64 +
                                                call->arguments[1].value.uint64));
    return true;
}

static bool set(vmh_native_call *call)
{
    return vmh_native_write_u64(call, example_key, call->arguments[0].value.uint64);
}

static bool get(vmh_native_call *call)
{
    uint64_t value;

    if (!vmh_native_read_u64(call, example_key, &value))
        return false;
    vmh_native_return(call, vmh_argument_uint64(value));
    return true;
}

static bool append(vmh_native_call *call, vmh_bytes bytes, uint8_t last, vmh_bytes *out)
{
    uint8_t *longer = vmh_arena_alloc(call->arena, bytes.size + 1);

    if (longer == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    if (bytes.size != 0)
        memcpy(longer, bytes.data, bytes.size);
    longer[bytes.size] = last;
    *out = vmh_bytes_of(longer, bytes.size + 1);
    return true;
}

static bool arg_types(vmh_native_call *call)
{
    vmh_bytes text, bytes;

    if (!append(call, call->arguments[2].value.bytes, '1', &text) ||
        !append(call, call->arguments[3].value.bytes, 1, &bytes))
        return false;
    vmh_native_return(call, vmh_argument_uint32(call->arguments[0].value.uint32 + 1));
    vmh_native_return(call, vmh_argument_uint64(call->arguments[1].value.uint64 + 1));
    vmh_native_return(call, vmh_argument_string(text));
    vmh_native_return(call, vmh_argument_bytes(VMH_ARGUMENT_BYTES, bytes));
    return true;
}

static bool throw_error(vmh_native_call *call)
{
    return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_BENCHMARK_ERROR);
}

static bool give_birth(vmh_native_call *call)
{
    vmh_argument arguments[2] = {call->arguments[0], vmh_argument_uint32(3)};

    return vmh_native_emit(call, "BabyBorn", (vmh_argument_array){arguments, 2});
}

static const vmh_native_method methods[] = {
    {.name = "add",
     .function = add,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_UINT64, VMH_ARGUMENT_UINT64},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT64}},
    {.name = "set",
     .function = set,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_UINT64}},
    {.name = "get", .function = get, .result_count = 1, .results = {VMH_ARGUMENT_UINT64}},
    {.name = "argTypes",
     .function = arg_types,
     .parameter_count = 4,
     .parameters = {VMH_ARGUMENT_UINT32, VMH_ARGUMENT_UINT64, VMH_ARGUMENT_STRING,
                    VMH_ARGUMENT_BYTES},
     .result_count = 4,
     .results = {VMH_ARGUMENT_UINT32, VMH_ARGUMENT_UINT64, VMH_ARGUMENT_STRING,
                 VMH_ARGUMENT_BYTES}},
    {.name = "throw", .function = throw_error},
    {.name = "giveBirth",
     .function = give_birth,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING}},
    {.name = "_init", .function = init, .is_internal = true},
};

/* BenchmarkContract (spec/host.md 9.6). */
const vmh_native_contract vmh_native_benchmark_contract = {
    .name = "BenchmarkContract",
    .permission = VMH_PERMISSION_SERVICE,
    .is_optional = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
