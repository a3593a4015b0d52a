/* Arguments as values of a contract, and back. */
#include "contractlua/sdk.h"

const char *vmh_lua_describe_value(vmh_lua_value value, vmh_arena *arena)
{
    char number[80];
    size_t size = vmh_lua_number_text(value, number);
    vmh_failure why;
    vmh_bytes text;
    vmh_status status;

    if (size != 0)
        status = vmh_arena_format(arena, &text, &why, "%s %.*s",
                                  value.tag == VMH_LUA_INTEGER ? "integer" : "uint256", (int)size,
                                  number);
    else if (value.tag == VMH_LUA_STRING)
        status = vmh_arena_format(arena, &text, &why, "string of %zu bytes",
                                  value.as.string->size);
    else
        return vmh_lua_type_name(value);
    return status == VMH_OK ? (const char *)text.data : NULL;
}

/* "uint64 expected, got integer -1" */
static bool mismatch_of(vmh_lua_value value, const char *wanted, vmh_arena *arena,
                        const char **mismatch, vmh_lua_state *L)
{
    const char *got = vmh_lua_describe_value(value, arena);
    vmh_bytes text;

    if (got == NULL ||
        vmh_arena_format(arena, &text, L->why, "%s expected, got %s", wanted, got) != VMH_OK) {
        vmh_lua_host_failed(L, vmh_fail_memory(L->why));
        *mismatch = NULL;
        return false;
    }
    *mismatch = (const char *)text.data;
    return false;
}

/* A number that is not negative and at most `greatest`. */
static bool take_u64(vmh_lua_value value, uint64_t greatest, uint64_t *out)
{
    if (value.tag == VMH_LUA_INTEGER && value.as.integer >= 0)
        *out = (uint64_t)value.as.integer;
    else if (value.tag == VMH_LUA_UINT256 && vmh_word_fits_u64(value.as.word))
        *out = value.as.word->limb[0];
    else
        return false;
    return *out <= greatest;
}

static bool take_word(vmh_lua_state *L, vmh_lua_value value, vmh_arena *arena, vmh_argument *out)
{
    vmh_word word;
    uint8_t *bytes;

    if (value.tag == VMH_LUA_UINT256)
        word = *value.as.word;
    else
        word = vmh_word_of((uint64_t)value.as.integer);
    bytes = vmh_arena_alloc(arena, 32);
    if (bytes == NULL) {
        vmh_lua_host_failed(L, vmh_fail_memory(L->why));
        return false;
    }
    vmh_word_to_bytes(&word, bytes);
    *out = vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(bytes, 32));
    return true;
}

static bool take_string(vmh_lua_value value, vmh_argument_type type, vmh_argument *out)
{
    size_t size = type == VMH_ARGUMENT_BYTES20 ? 20 : type == VMH_ARGUMENT_BYTES32 ? 32 : 0;

    if (value.tag != VMH_LUA_STRING || (size != 0 && value.as.string->size != size))
        return false;
    *out = vmh_argument_bytes(type, vmh_lua_string_bytes(value.as.string));
    return true;
}

static bool take_single(vmh_lua_state *L, vmh_lua_value value, vmh_argument_type type,
                        vmh_arena *arena, vmh_argument *out, const char **mismatch)
{
    uint64_t number;

    *mismatch = NULL;
    switch (type) {
    case VMH_ARGUMENT_UINT32:
        if (!take_u64(value, UINT32_MAX, &number))
            break;
        *out = vmh_argument_uint32((uint32_t)number);
        return true;
    case VMH_ARGUMENT_UINT64:
        if (!take_u64(value, UINT64_MAX, &number))
            break;
        *out = vmh_argument_uint64(number);
        return true;
    case VMH_ARGUMENT_BOOL:
        if (value.tag != VMH_LUA_TRUE && value.tag != VMH_LUA_FALSE)
            break;
        *out = vmh_argument_bool(value.tag == VMH_LUA_TRUE);
        return true;
    case VMH_ARGUMENT_UINT256:
        if (value.tag == VMH_LUA_UINT256 ||
            (value.tag == VMH_LUA_INTEGER && value.as.integer >= 0))
            return take_word(L, value, arena, out);
        break;
    default:
        if (take_string(value, type, out))
            return true;
        break;
    }
    return mismatch_of(value, vmh_argument_type_name(type), arena, mismatch, L);
}

bool vmh_lua_to_argument(vmh_lua_state *L, vmh_lua_value value, vmh_argument_type type,
                         vmh_arena *arena, vmh_argument *out, const char **mismatch)
{
    vmh_argument *items;
    uint64_t count;

    if (!vmh_argument_is_array(type))
        return take_single(L, value, type, arena, out, mismatch);
    if (value.tag != VMH_LUA_TABLE)
        return mismatch_of(value, vmh_argument_type_name(type), arena, mismatch, L);
    *mismatch = NULL;
    count = vmh_lua_table_length(value.as.table);
    if (!vmh_lua_charge(L, count * VMH_LUA_GAS_PACKED_ITEM))
        return false;
    items = vmh_arena_alloc_array(arena, (size_t)count, sizeof *items);
    if (items == NULL) {
        vmh_lua_host_failed(L, vmh_fail_memory(L->why));
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        vmh_lua_value item = vmh_lua_table_get_integer(value.as.table, (int64_t)i + 1);

        if (!take_single(L, item, vmh_argument_element(type), arena, &items[i], mismatch))
            return false;
    }
    *out = (vmh_argument){type, {.array = {items, (size_t)count}}};
    return true;
}

/* ---- the other way ---- */

static bool make_word(vmh_lua_state *L, const vmh_word *word, vmh_lua_value *out)
{
    *out = vmh_lua_uint256_new(&L->heap, word);
    return !vmh_lua_is_nil(*out);
}

static bool make_single(vmh_lua_state *L, const vmh_argument *argument, vmh_lua_value *out)
{
    vmh_word word;
    vmh_lua_string *string;

    switch (argument->type) {
    case VMH_ARGUMENT_UINT32:
        *out = vmh_lua_integer(argument->value.uint32);
        return true;
    case VMH_ARGUMENT_UINT64:
        word = vmh_word_of(argument->value.uint64);
        if (argument->value.uint64 > INT64_MAX)
            return make_word(L, &word, out);
        *out = vmh_lua_integer((int64_t)argument->value.uint64);
        return true;
    case VMH_ARGUMENT_BOOL:
        *out = vmh_lua_boolean(argument->value.boolean);
        return true;
    case VMH_ARGUMENT_UINT256:
        word = vmh_word_from_bytes(argument->value.bytes.data);
        return make_word(L, &word, out);
    default:
        if (!vmh_lua_charge_bytes(L, argument->value.bytes.size))
            return false;
        string = vmh_lua_string_new(&L->heap, argument->value.bytes);
        if (string == NULL)
            return false;
        *out = vmh_lua_of_string(string);
        return true;
    }
}

bool vmh_lua_from_argument(vmh_lua_state *L, const vmh_argument *argument, vmh_lua_value *out)
{
    vmh_argument_array array = argument->value.array;
    vmh_lua_table *table;
    uint64_t work;

    if (!vmh_argument_is_array(argument->type))
        return make_single(L, argument, out);
    if (!vmh_lua_charge(L, array.count * VMH_LUA_GAS_NEW_KEY))
        return false;
    table = vmh_lua_table_new(&L->heap);
    if (table == NULL)
        return false;
    for (size_t i = 0; i < array.count; i++) {
        vmh_lua_value item;

        if (!make_single(L, &array.items[i], &item) ||
            !vmh_lua_table_set_integer(&L->heap, table, (int64_t)i + 1, item, &work))
            return false;
    }
    *out = vmh_lua_of_table(table);
    return true;
}
