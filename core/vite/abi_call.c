#include "vite/abi_call.h"

#include "codec/argument_abi.h"
#include "codec/argument_codec.h"
#include "types/host_texts.h"

/* The service and the method, as the texts name them. */
#define NAMES(world) \
    VMH_PRINT((world)->input->contract_name), VMH_PRINT((world)->input->method_name)

vmh_status vmh_vite_abi_call_open(const vmh_vite_service_world *world,
                                  vmh_abi_signature *signature, bool *valid, vmh_failure *why)
{
    vmh_status status =
        vmh_abi_signature_parse(world->input->method_name, world->arena, signature, why);

    *valid = status == VMH_OK;
    return status == VMH_E_INPUT ? VMH_OK : status;
}

/* ---- the way in ---- */

/* Whether arguments carry all members; else the refusal names the first one that they do not. */
static vmh_status check_carried(const vmh_vite_service_world *world, const vmh_abi_type *types,
                                vmh_bytes *refusal, vmh_failure *why)
{
    vmh_argument_type carrier;

    for (size_t i = 0; types != NULL && i < types->count; i++) {
        if (!vmh_argument_type_of_abi(&types->items[i], &carrier))
            return vmh_arena_format(world->arena, refusal, why, VMH_TEXT_RAW_ONLY, NAMES(world),
                                    VMH_PRINT(types->items[i].text));
    }
    return VMH_OK;
}

static vmh_status check_arguments(const vmh_vite_service_world *world, const vmh_abi_type *types,
                                  vmh_argument_array arguments, vmh_bytes *refusal,
                                  vmh_failure *why)
{
    vmh_argument_type wanted;

    if (arguments.count != types->count)
        return vmh_arena_format(world->arena, refusal, why,
                                arguments.count < types->count ? VMH_TEXT_ARGUMENTS_LESS
                                                               : VMH_TEXT_ARGUMENTS_MORE,
                                NAMES(world), types->count);
    for (size_t i = 0; i < arguments.count; i++) {
        if (vmh_argument_type_of_abi(&types->items[i], &wanted) &&
            arguments.items[i].type != wanted)
            return vmh_arena_format(world->arena, refusal, why, VMH_TEXT_ARGUMENT_TYPE,
                                    NAMES(world), i, vmh_argument_type_name(wanted),
                                    vmh_argument_type_name(arguments.items[i].type));
    }
    return VMH_OK;
}

static vmh_status read_arguments(const vmh_vite_service_world *world, const vmh_abi_type *types,
                                 vmh_argument_array *arguments, vmh_bytes *refusal,
                                 vmh_failure *why)
{
    vmh_argument_fault fault;
    bool known;
    vmh_status status = vmh_argument_array_decode(world->input->input_arguments, world->arena,
                                                  arguments, &known, &fault, why);

    if (status != VMH_OK)
        return status;
    if (!known)
        return vmh_arena_format(world->arena, refusal, why, VMH_TEXT_ARGUMENT_UNKNOWN,
                                fault.index);
    return check_arguments(world, types, *arguments, refusal, why);
}

/* What an address is, as the host knows it. */
typedef struct known_services {
    vmh_address_kinds port; /* first */
    vmh_vite_service_world *world;
} known_services;

static vmh_status find_kind(vmh_address_kinds *kinds, const vmh_address *address, uint8_t *kind,
                            vmh_failure *why)
{
    vmh_argument argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_address(address));
    vmh_vite_service_world *world = ((known_services *)kinds)->world;
    vmh_argument_array outputs;
    vmh_status status = vmh_vite_sdk(world, "Sdk.Service", "findName",
                                     (vmh_argument_array){&argument, 1}, &outputs, why);

    *kind = status == VMH_OK && world->trouble == VMH_VITE_NO_TROUBLE && outputs.count == 1 &&
            outputs.items[0].value.bytes.size != 0;
    return status;
}

static vmh_status make_values(vmh_vite_service_world *world, const vmh_abi_type *types,
                              vmh_argument_array arguments, vmh_abi_values *out,
                              vmh_bytes *refusal, vmh_failure *why)
{
    vmh_abi_value *values = vmh_arena_alloc_array(world->arena, arguments.count, sizeof *values);
    known_services services = {{find_kind}, world};
    bool fits;

    if (values == NULL)
        return vmh_fail_memory(why);
    *out = (vmh_abi_values){values, arguments.count};
    for (size_t i = 0; i < arguments.count; i++) {
        vmh_status status =
            vmh_argument_to_abi(&arguments.items[i], &types->items[i], &services.port,
                                world->arena, &values[i], &fits, why);

        if (status != VMH_OK)
            return status;
        if (!fits)
            return vmh_arena_format(world->arena, refusal, why, VMH_TEXT_ARGUMENT_RANGE,
                                    NAMES(world), i, VMH_PRINT(types->items[i].text));
    }
    return VMH_OK;
}

static vmh_status encode(const vmh_vite_service_world *world, const vmh_abi_signature *signature,
                         vmh_abi_values values, vmh_bytes *data, vmh_bytes *refusal,
                         vmh_failure *why)
{
    vmh_hash32 hash;
    vmh_buffer bytes;
    vmh_status status;

    vmh_abi_signature_hash(signature, &hash);
    vmh_buffer_init(&bytes);
    vmh_buffer_append(&bytes, vmh_bytes_of(hash.bytes, VMH_ABI_SELECTOR_SIZE));
    status = vmh_abi_encode(signature->inputs, values, &bytes, why);
    if (status == VMH_E_LIMIT)
        status = vmh_arena_format(world->arena, refusal, why, VMH_TEXT_DATA_TOO_LONG,
                                  NAMES(world), VMH_ABI_MAX_SIZE);
    else if (status == VMH_OK)
        status = vmh_buffer_check(&bytes, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(world->arena, vmh_buffer_bytes(&bytes), data, why);
    vmh_buffer_clear(&bytes);
    return status;
}

vmh_status vmh_vite_abi_call_data(vmh_vite_service_world *world,
                                  const vmh_abi_signature *signature, vmh_bytes *data,
                                  vmh_bytes *refusal, vmh_failure *why)
{
    vmh_argument_array arguments;
    vmh_abi_values values;
    vmh_status status;

    *refusal = (vmh_bytes){0};
    status = check_carried(world, signature->inputs, refusal, why);
    if (status == VMH_OK && refusal->size == 0)
        status = check_carried(world, signature->outputs, refusal, why);
    if (status == VMH_OK && refusal->size == 0)
        status = read_arguments(world, signature->inputs, &arguments, refusal, why);
    if (status == VMH_OK && refusal->size == 0)
        status = make_values(world, signature->inputs, arguments, &values, refusal, why);
    if (status == VMH_OK && refusal->size == 0)
        status = encode(world, signature, values, data, refusal, why);
    return status;
}

/* ---- the way back ---- */

static vmh_status pack_bytes(const vmh_vite_service_world *world, vmh_bytes output,
                             vmh_bytes *packed, vmh_failure *why)
{
    vmh_argument result = vmh_argument_bytes(VMH_ARGUMENT_BYTES, output);

    return vmh_argument_array_pack((vmh_argument_array){&result, 1}, world->arena, packed, why);
}

vmh_status vmh_vite_abi_call_results(const vmh_vite_service_world *world,
                                     const vmh_abi_signature *signature, vmh_bytes output,
                                     vmh_bytes *packed, vmh_bytes *refusal, vmh_failure *why)
{
    vmh_abi_values values;
    vmh_argument_array results;
    vmh_status status;

    *refusal = (vmh_bytes){0};
    if (signature->outputs == NULL)
        return pack_bytes(world, output, packed, why);
    status = vmh_abi_decode(signature->outputs, output, world->arena, &values, why);
    if (status == VMH_E_MALFORMED || status == VMH_E_LIMIT)
        return vmh_arena_format(world->arena, refusal, why, VMH_TEXT_RESULTS, NAMES(world),
                                VMH_PRINT(signature->outputs->text));
    if (status == VMH_OK)
        status = vmh_arguments_from_abi(values, signature->outputs, world->arena, &results, why);
    if (status != VMH_OK)
        return status;
    return vmh_argument_array_pack(results, world->arena, packed, why);
}
