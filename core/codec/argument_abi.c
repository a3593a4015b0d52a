#include "codec/argument_abi.h"

enum { ADDRESS_SIZE = 21 };

static bool is_address(const vmh_abi_type *type)
{
    return type->kind == VMH_ABI_BYTES_RIGHT && type->count == ADDRESS_SIZE;
}

static vmh_argument_type carrier_of_number(const vmh_abi_type *type)
{
    if (type->kind == VMH_ABI_UINT && type->bits == 32)
        return VMH_ARGUMENT_UINT32;
    if (type->kind == VMH_ABI_UINT && type->bits == 64)
        return VMH_ARGUMENT_UINT64;
    return VMH_ARGUMENT_UINT256;
}

static vmh_argument_type carrier_of_bytes(const vmh_abi_type *type)
{
    if (is_address(type) || (type->kind == VMH_ABI_BYTES_LEFT && type->count == 20))
        return VMH_ARGUMENT_BYTES20;
    if (type->kind == VMH_ABI_BYTES_LEFT && type->count == 32)
        return VMH_ARGUMENT_BYTES32;
    return VMH_ARGUMENT_BYTES;
}

/* What is neither array nor tuple. */
static vmh_argument_type carrier_of(const vmh_abi_type *type)
{
    switch (type->kind) {
    case VMH_ABI_UINT:
    case VMH_ABI_INT:
        return carrier_of_number(type);
    case VMH_ABI_BOOL:
        return VMH_ARGUMENT_BOOL;
    case VMH_ABI_BYTES:
        return vmh_bytes_equal(type->text, VMH_LITERAL("string")) ? VMH_ARGUMENT_STRING
                                                                  : VMH_ARGUMENT_BYTES;
    default:
        return carrier_of_bytes(type);
    }
}

bool vmh_argument_type_of_abi(const vmh_abi_type *type, vmh_argument_type *out)
{
    if (type->kind == VMH_ABI_TUPLE || type->depth > 1 ||
        (type->depth == 1 && type->items->kind == VMH_ABI_TUPLE))
        return false;
    if (type->depth == 0)
        *out = carrier_of(type);
    else
        *out = (vmh_argument_type)(carrier_of(type->items) + VMH_ARGUMENT_UINT32_ARRAY);
    return true;
}

vmh_status vmh_argument_types_text(const vmh_argument_type *types, size_t count, vmh_arena *arena,
                                   vmh_bytes *text, vmh_failure *why)
{
    vmh_buffer joined;
    vmh_status status;

    vmh_buffer_init(&joined);
    vmh_buffer_append(&joined, VMH_LITERAL("("));
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            vmh_buffer_append(&joined, VMH_LITERAL(","));
        vmh_buffer_append(&joined, vmh_bytes_text(vmh_argument_type_name(types[i])));
    }
    vmh_buffer_append(&joined, VMH_LITERAL(")"));
    status = vmh_buffer_check(&joined, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(arena, vmh_buffer_bytes(&joined), text, why);
    vmh_buffer_clear(&joined);
    return status;
}

/* ---- arguments to values ---- */

static vmh_status add_kind(vmh_bytes bytes, vmh_address_kinds *kinds, vmh_arena *arena,
                           vmh_bytes *out, vmh_failure *why)
{
    uint8_t *longer = vmh_arena_alloc(arena, ADDRESS_SIZE);
    vmh_address address;

    if (longer == NULL)
        return vmh_fail_memory(why);
    memcpy(address.bytes, bytes.data, sizeof address.bytes);
    memcpy(longer, bytes.data, sizeof address.bytes);
    *out = vmh_bytes_of(longer, ADDRESS_SIZE);
    return kinds->find(kinds, &address, &longer[ADDRESS_SIZE - 1], why);
}

static vmh_word word_of(const vmh_argument *argument)
{
    switch (argument->type) {
    case VMH_ARGUMENT_UINT32:
        return vmh_word_of(argument->value.uint32);
    case VMH_ARGUMENT_UINT64:
        return vmh_word_of(argument->value.uint64);
    case VMH_ARGUMENT_BOOL:
        return vmh_word_of(argument->value.boolean ? 1 : 0);
    default:
        return vmh_word_from_bytes(argument->value.bytes.data);
    }
}

static vmh_status to_single(const vmh_argument *argument, const vmh_abi_type *type,
                            vmh_address_kinds *kinds, vmh_arena *arena, vmh_abi_value *out,
                            bool *fits, vmh_failure *why)
{
    *fits = true;
    switch (type->kind) {
    case VMH_ABI_UINT:
    case VMH_ABI_INT:
    case VMH_ABI_BOOL:
        out->word = word_of(argument);
        *fits = vmh_abi_word_fits(type, &out->word);
        return VMH_OK;
    default:
        if (is_address(type))
            return add_kind(argument->value.bytes, kinds, arena, &out->bytes, why);
        out->bytes = argument->value.bytes;
        *fits = type->kind == VMH_ABI_BYTES || out->bytes.size == type->count;
        return VMH_OK;
    }
}

vmh_status vmh_argument_to_abi(const vmh_argument *argument, const vmh_abi_type *type,
                               vmh_address_kinds *kinds, vmh_arena *arena, vmh_abi_value *out,
                               bool *fits, vmh_failure *why)
{
    vmh_argument_array array = argument->value.array;
    vmh_abi_value *items;

    if (type->depth == 0)
        return to_single(argument, type, kinds, arena, out, fits, why);
    *fits = type->kind == VMH_ABI_LIST || array.count == type->count;
    items = vmh_arena_alloc_array(arena, array.count, sizeof *items);
    if (items == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < array.count && *fits; i++) {
        vmh_status status =
            to_single(&array.items[i], type->items, kinds, arena, &items[i], fits, why);

        if (status != VMH_OK)
            return status;
    }
    out->values = (vmh_abi_values){items, array.count};
    return VMH_OK;
}

/* ---- values to arguments ---- */

static vmh_status from_word(const vmh_word *word, vmh_arena *arena, vmh_argument *out,
                            vmh_failure *why)
{
    uint8_t *bytes;

    switch (out->type) {
    case VMH_ARGUMENT_UINT32:
        out->value.uint32 = (uint32_t)word->limb[0];
        return VMH_OK;
    case VMH_ARGUMENT_UINT64:
        out->value.uint64 = word->limb[0];
        return VMH_OK;
    case VMH_ARGUMENT_BOOL:
        out->value.boolean = word->limb[0] != 0;
        return VMH_OK;
    default:
        bytes = vmh_arena_alloc(arena, 32);
        if (bytes == NULL)
            return vmh_fail_memory(why);
        vmh_word_to_bytes(word, bytes);
        out->value.bytes = vmh_bytes_of(bytes, 32);
        return VMH_OK;
    }
}

static vmh_status from_single(const vmh_abi_value *value, const vmh_abi_type *type,
                              vmh_arena *arena, vmh_argument *out, vmh_failure *why)
{
    out->type = carrier_of(type);
    if (type->kind == VMH_ABI_UINT || type->kind == VMH_ABI_INT || type->kind == VMH_ABI_BOOL)
        return from_word(&value->word, arena, out, why);
    out->value.bytes = value->bytes;
    if (is_address(type))
        out->value.bytes.size = sizeof(vmh_address);
    return VMH_OK;
}

static vmh_status from_value(const vmh_abi_value *value, const vmh_abi_type *type,
                             vmh_arena *arena, vmh_argument *out, vmh_failure *why)
{
    vmh_argument *items;

    if (type->depth == 0)
        return from_single(value, type, arena, out, why);
    items = vmh_arena_alloc_array(arena, value->values.count, sizeof *items);
    if (items == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < value->values.count; i++) {
        vmh_status status =
            from_single(&value->values.items[i], type->items, arena, &items[i], why);

        if (status != VMH_OK)
            return status;
    }
    out->type = (vmh_argument_type)(carrier_of(type->items) + VMH_ARGUMENT_UINT32_ARRAY);
    out->value.array = (vmh_argument_array){items, value->values.count};
    return VMH_OK;
}

vmh_status vmh_arguments_from_abi(vmh_abi_values values, const vmh_abi_type *types,
                                  vmh_arena *arena, vmh_argument_array *out, vmh_failure *why)
{
    vmh_argument *items = vmh_arena_alloc_array(arena, values.count, sizeof *items);

    if (items == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < values.count; i++) {
        vmh_status status =
            from_value(&values.items[i], &types->items[i], arena, &items[i], why);

        if (status != VMH_OK)
            return status;
    }
    *out = (vmh_argument_array){items, values.count};
    return VMH_OK;
}
