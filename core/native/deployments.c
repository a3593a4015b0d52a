#include "crypto/address.h"
#include "native/native_contract.h"
#include "types/host_texts.h"

static const vmh_bytes service_count_key = {(const uint8_t *)"Service_Count", 13};
static const vmh_bytes owner_key = {(const uint8_t *)"NativeDeploymentOwner", 21};

/* ---- keys ---- */

static bool join2(vmh_native_call *call, vmh_bytes first, vmh_bytes second, vmh_bytes *key)
{
    return vmh_native_join(call, key, (vmh_bytes[]){first, second}, 2);
}

static bool processor_key(vmh_native_call *call, vmh_bytes name, vmh_bytes *key)
{
    return join2(call, name, VMH_LITERAL(".Processor"), key);
}

static bool code_key(vmh_native_call *call, vmh_bytes name, uint32_t index, vmh_bytes *key)
{
    vmh_bytes number;

    if (index == 0)
        return join2(call, name, VMH_LITERAL(".Code"), key);
    return vmh_native_decimal(call, index, &number) &&
           vmh_native_join(call, key, (vmh_bytes[]){name, VMH_LITERAL(".Code."), number}, 3);
}

static bool code_parts_key(vmh_native_call *call, vmh_bytes name, vmh_bytes *key)
{
    return join2(call, name, VMH_LITERAL(".CodeParts"), key);
}

static bool service_key(vmh_native_call *call, uint32_t index, vmh_bytes *key)
{
    vmh_bytes number;

    return vmh_native_decimal(call, index, &number) &&
           join2(call, VMH_LITERAL("Service_At_"), number, key);
}

/* ---- reading ---- */

static bool is_system(const vmh_native_call *call, vmh_bytes name)
{
    const vmh_native_contract *contract = vmh_native_find_contract(call->genesis, name);

    return contract != NULL && contract->is_implicit;
}

static bool read_processor(vmh_native_call *call, vmh_bytes name, uint32_t *type)
{
    vmh_bytes key;

    return processor_key(call, name, &key) && vmh_native_read_u32(call, key, type);
}

static bool get_info(vmh_native_call *call)
{
    vmh_bytes name = call->arguments[0].value.bytes;
    uint32_t type = VMH_PROCESSOR_NATIVE;

    if (!is_system(call, name) && !read_processor(call, name, &type))
        return false;
    if (type == 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NOT_DEPLOYED);
    vmh_native_return(call, vmh_argument_uint32(type));
    return true;
}

static bool return_code_part(vmh_native_call *call, uint32_t index)
{
    vmh_bytes key, code;

    if (!code_key(call, call->arguments[0].value.bytes, index, &key) ||
        !vmh_native_read(call, key, &code))
        return false;
    if (code.size == 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_CODE_NOT_AVAILABLE);
    vmh_native_return(call, vmh_argument_bytes(VMH_ARGUMENT_BYTES, code));
    return true;
}

static bool get_code(vmh_native_call *call)
{
    return return_code_part(call, 0);
}

static bool get_code_part(vmh_native_call *call)
{
    return return_code_part(call, call->arguments[1].value.uint32);
}

static bool get_code_parts(vmh_native_call *call)
{
    vmh_bytes name = call->arguments[0].value.bytes;
    uint32_t type, further;
    vmh_bytes key;

    if (!read_processor(call, name, &type))
        return false;
    if (type == 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NOT_DEPLOYED);
    if (!code_parts_key(call, name, &key) || !vmh_native_read_u32(call, key, &further))
        return false;
    vmh_native_return(call, vmh_argument_uint32(further + 1));
    return true;
}

/* ---- the lock of native deployments ---- */

/* The owner as EIP-55 text. */
static bool owner_text(vmh_native_call *call, vmh_bytes owner, vmh_bytes *out)
{
    vmh_buffer text;
    vmh_status status;

    vmh_buffer_init(&text);
    vmh_address_encode_text(owner, VMH_CHECKSUM_EIP55, &text);
    vmh_buffer_append_u8(&text, '\0');
    status = vmh_buffer_check(&text, call->why);
    if (status == VMH_OK)
        status = vmh_arena_copy(call->arena, vmh_buffer_bytes(&text), out, call->why);
    vmh_buffer_clear(&text);
    return vmh_native_check(call, status);
}

static bool check_lock(vmh_native_call *call)
{
    vmh_address signer;
    vmh_bytes owner, text;

    if (!vmh_native_read(call, owner_key, &owner))
        return false;
    if (owner.size == 0)
        return true;
    if (!vmh_native_ask_address(call, "getSignerAddress", &signer))
        return false;
    if (vmh_bytes_equal(owner, vmh_bytes_address(&signer)))
        return true;
    return owner_text(call, owner, &text) &&
           vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_LOCKED,
                            (const char *)text.data);
}

static bool lock_native_deployment(vmh_native_call *call)
{
    vmh_address signer;
    vmh_bytes owner, text;

    if (!vmh_native_read(call, owner_key, &owner))
        return false;
    if (owner.size != 0)
        return owner_text(call, owner, &text) &&
               vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_LOCK_HELD,
                                (const char *)text.data);
    return vmh_native_ask_address(call, "getSignerAddress", &signer) &&
           vmh_native_write(call, owner_key, vmh_bytes_address(&signer));
}

static bool unlock_native_deployment(vmh_native_call *call)
{
    return check_lock(call) && vmh_native_clear(call, owner_key);
}

/* ---- deployService ---- */

static bool is_alphanumeric(vmh_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return name.size != 0;
}

static bool lower_case(vmh_native_call *call, vmh_bytes name, vmh_bytes *out)
{
    uint8_t *lower = vmh_arena_alloc(call->arena, name.size);

    if (lower == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    for (size_t i = 0; i < name.size; i++)
        lower[i] = (uint8_t)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + 32
                                                                        : name.data[i]);
    *out = vmh_bytes_of(lower, name.size);
    return true;
}

/*
 * Refuses a name that is listed, whatever its case. One read per deployed
 * service, as the rule has it: the reads are part of the transient state.
 */
static bool check_unused(vmh_native_call *call, vmh_bytes lower, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        vmh_bytes key, listed;

        if (!service_key(call, i, &key) ||
            !vmh_native_read(call, key, &listed))
            return false;
        if (vmh_bytes_equal(listed, lower))
            return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NAME_TAKEN);
    }
    return true;
}

static bool list_name(vmh_native_call *call, vmh_bytes name)
{
    vmh_bytes lower, key;
    uint32_t count;

    if (is_system(call, name))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NAME_SYSTEM);
    if (!is_alphanumeric(name))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NAME_INVALID);
    return lower_case(call, name, &lower) &&
           vmh_native_read_u32(call, service_count_key, &count) &&
           check_unused(call, lower, count) &&
           service_key(call, count, &key) &&
           vmh_native_write(call, key, lower) &&
           vmh_native_write_u32(call, service_count_key, count + 1);
}

/* Address_<hex> -> name: how bytecode finds a service by its address (joins.md 1). */
static bool index_address(vmh_native_call *call, vmh_bytes name)
{
    vmh_address address;
    vmh_bytes hex, key;

    if (!call->genesis->rules->deployments_index_address)
        return true;
    vmh_address_of_contract(name, &address);
    return vmh_native_hex(call, vmh_bytes_address(&address), &hex) &&
           join2(call, VMH_LITERAL("Address_"), hex, &key) && vmh_native_write(call, key, name);
}

static bool write_processor(vmh_native_call *call, vmh_bytes name, uint32_t type)
{
    uint32_t existing;
    vmh_bytes key;

    if (!read_processor(call, name, &existing))
        return false;
    if (existing != 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_ALREADY_DEPLOYED);
    return processor_key(call, name, &key) && vmh_native_write_u32(call, key, type) &&
           index_address(call, name);
}

static bool check_code_size(vmh_native_call *call)
{
    uint64_t limit = call->genesis->limits.code_size;
    uint64_t size = 0;

    for (size_t i = 2; i < call->argument_count; i++)
        size += call->arguments[i].value.bytes.size;
    if (size > limit)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_CODE_TOO_LONG,
                                (unsigned long long)size, (unsigned long long)limit);
    return true;
}

static bool write_code(vmh_native_call *call, vmh_bytes name)
{
    size_t part_count = call->argument_count - 2;

    if (part_count == 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NO_CODE);
    if (!check_code_size(call))
        return false;
    for (uint32_t i = 0; i < part_count; i++) {
        vmh_bytes key;

        if (!code_key(call, name, i, &key) ||
            !vmh_native_write(call, key, call->arguments[2 + i].value.bytes))
            return false;
        /* The counter grows with each further part: its place is after the first of them. */
        if (i > 0 &&
            !(code_parts_key(call, name, &key) && vmh_native_write_u32(call, key, i)))
            return false;
    }
    return true;
}

/* What came with the call goes on to the new service (joins.md 2). */
static bool pass_value_on(vmh_native_call *call, vmh_bytes name)
{
    vmh_argument_array value;
    vmh_argument arguments[3];
    vmh_address service;

    if (!vmh_native_sdk(call, "Sdk.Service", "getCallValue", (vmh_argument_array){0}, &value))
        return false;
    if (value.count != 2 || value.items[0].value.bytes.size == 0)
        return true;
    vmh_address_of_contract(name, &service);
    arguments[0] = vmh_argument_bytes(VMH_ARGUMENT_BYTES20, vmh_bytes_address(&service));
    arguments[1] = value.items[0];
    arguments[2] = value.items[1];
    return vmh_native_call_service(call, VMH_LITERAL("_Ledger"), VMH_LITERAL("transfer"),
                                   (vmh_argument_array){arguments, 3}, NULL, NULL);
}

static bool deploy_service(vmh_native_call *call)
{
    vmh_bytes name = call->arguments[0].value.bytes;
    uint32_t type = call->arguments[1].value.uint32;

    if (type == VMH_PROCESSOR_NATIVE && !check_lock(call))
        return false;
    return list_name(call, name) && write_processor(call, name, type) && write_code(call, name) &&
           pass_value_on(call, name) &&
           vmh_native_call_service(call, name, VMH_LITERAL("_init"), (vmh_argument_array){0}, NULL,
                                   NULL);
}

static const vmh_native_method methods[] = {
    {.name = "getInfo",
     .function = get_info,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT32}},
    {.name = "getCode",
     .function = get_code,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES}},
    {.name = "getCodePart",
     .function = get_code_part,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_UINT32},
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES}},
    {.name = "getCodeParts",
     .function = get_code_parts,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT32}},
    {.name = "deployService",
     .function = deploy_service,
     .writes = true,
     .is_variadic = true,
     .parameter_count = 3,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_UINT32, VMH_ARGUMENT_BYTES}},
    {.name = "lockNativeDeployment", .function = lock_native_deployment, .writes = true},
    {.name = "unlockNativeDeployment", .function = unlock_native_deployment, .writes = true},
};

/*
 * _Deployments (spec/host.md 9.1): which services there are, who processes
 * them, their code, and who may deploy native ones.
 */
const vmh_native_contract vmh_native_deployments = {
    .name = "_Deployments",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
