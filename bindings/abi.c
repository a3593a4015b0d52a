/// Contract call data for the Vite VM.
// Types are written as in a canonical signature; argument lists are positional.
//
//     uintN, intN         integer up to 64 bits, negative for the upper half of uint64;
//                         above that a word, int in two's complement. On input
//                         either, or decimal or 0x text, negative for intN
//     bool                boolean
//     bytesN              byte string of N bytes
//     address             21 bytes; tokenId and gid 10 bytes
//     function            25 bytes: address, selector
//     bytes, string       byte string
//     T[n], T[], (T,...)  list
//
// There is one encoding of a value, and decoding refuses any other.
// Rule: the contract ABI specification of Solidity, with the types and hashes of Vite.
// @module vmhost.abi
#include "codec/abi.h"

#include "failure.h"
#include "handle.h"
#include "path.h"
#include "word.h"

__attribute__((visibility("default"))) int luaopen_vmhost_abi(lua_State *L);

static void check_value(lua_State *L, int index, const vmh_path *path, const vmh_abi_type *type,
                        vmh_arena *arena, vmh_abi_value *out);

/* For messages: the type's text, left on the stack. */
static const char *push_type_text(lua_State *L, const vmh_abi_type *type)
{
    vmh_push_bytes(L, type->text);
    return lua_tostring(L, -1);
}

/* "-" and what a word is written as; false for anything else. */
static bool parse_integer(vmh_bytes text, vmh_word *out)
{
    bool is_negative = text.size != 0 && text.data[0] == '-';

    if (is_negative)
        text = vmh_bytes_of(text.data + 1, text.size - 1);
    if (!vmh_word_parse(text, out))
        return false;
    if (is_negative)
        *out = vmh_word_negate(out);
    return true;
}

static bool integer_fits(const vmh_abi_type *type, vmh_bytes text, const vmh_word *word)
{
    bool is_text_negative = text.size != 0 && text.data[0] == '-';

    /* Where the sign was written it has to come out as written. */
    if (text.size != 0 && type->kind == VMH_ABI_INT && !vmh_word_is_zero(word) &&
        vmh_word_is_negative(word) != is_text_negative)
        return false;
    if (type->kind == VMH_ABI_UINT && is_text_negative)
        return false;
    return vmh_abi_word_fits(type, word);
}

static vmh_word word_of_integer(const vmh_abi_type *type, lua_Integer value)
{
    vmh_word word = vmh_word_of((uint64_t)value);

    /* A uint64 is the same 64 bits; below zero every other type reads the sign. */
    return type->kind == VMH_ABI_UINT && type->bits == 64 ? word : vmh_word_sign_extend(&word, 7);
}

static vmh_word check_integer(lua_State *L, int index, const vmh_path *path,
                              const vmh_abi_type *type)
{
    const vmh_word *userdata = vmh_test_word(L, index);
    vmh_bytes text = {0};
    vmh_word word;
    bool fits = true;

    if (userdata != NULL) {
        word = *userdata;
    } else if (lua_type(L, index) == LUA_TNUMBER && lua_isinteger(L, index)) {
        word = word_of_integer(type, lua_tointeger(L, index));
        fits = type->kind == VMH_ABI_INT || type->bits == 64 || lua_tointeger(L, index) >= 0;
    } else if (lua_type(L, index) == LUA_TSTRING) {
        text = vmh_path_check_bytes(L, index, path);
        if (!parse_integer(text, &word))
            vmh_path_error(L, path, "%s out of range or no number: %s", push_type_text(L, type),
                           lua_tostring(L, index));
    } else {
        vmh_path_expected(L, path, push_type_text(L, type), index);
    }
    if (!fits || !integer_fits(type, text, &word))
        vmh_path_error(L, path, "%s out of range: %s", push_type_text(L, type),
                       luaL_tolstring(L, index, NULL));
    return word;
}

static vmh_bytes check_fixed_bytes(lua_State *L, int index, const vmh_path *path,
                                   const vmh_abi_type *type)
{
    vmh_bytes bytes;

    if (lua_type(L, index) != LUA_TSTRING)
        vmh_path_expected(L, path, push_type_text(L, type), index);
    bytes = vmh_path_check_bytes(L, index, path);
    if (bytes.size != type->count)
        vmh_path_error(L, path, "%s expected %d bytes, got %I", push_type_text(L, type),
                       (int)type->count, (lua_Integer)bytes.size);
    return bytes;
}

static vmh_abi_values check_values(lua_State *L, int index, const vmh_path *path,
                                   const vmh_abi_type *type, vmh_arena *arena)
{
    size_t count = vmh_path_check_list(L, index, path);
    vmh_abi_values values = {.count = count};

    if (type->kind != VMH_ABI_LIST && count != type->count)
        vmh_path_error(L, path, "%s expected %I values, got %I", push_type_text(L, type),
                       (lua_Integer)type->count, (lua_Integer)count);
    values.items = vmh_path_new_list(L, arena, count, sizeof *values.items);
    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i + 1);

        lua_rawgeti(L, index, item.index);
        check_value(L, lua_gettop(L), &item, vmh_abi_type_item(type, i), arena,
                    &values.items[i]);
        lua_pop(L, 1);
    }
    return values;
}

/* `index` is absolute. Strings stay borrowed from their tables, which nobody changes meanwhile. */
static void check_value(lua_State *L, int index, const vmh_path *path, const vmh_abi_type *type,
                        vmh_arena *arena, vmh_abi_value *out)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    switch (type->kind) {
    case VMH_ABI_UINT:
    case VMH_ABI_INT:
        out->word = check_integer(L, index, path, type);
        break;
    case VMH_ABI_BOOL:
        out->word = vmh_word_of(vmh_path_check_bool(L, index, path));
        break;
    case VMH_ABI_BYTES_LEFT:
    case VMH_ABI_BYTES_RIGHT:
        out->bytes = check_fixed_bytes(L, index, path, type);
        break;
    case VMH_ABI_BYTES:
        out->bytes = vmh_path_check_bytes(L, index, path);
        break;
    default:
        out->values = check_values(L, index, path, type, arena);
    }
}

static void push_values(lua_State *L, const vmh_abi_type *type, vmh_abi_values values);

static void push_value(lua_State *L, const vmh_abi_type *type, const vmh_abi_value *value)
{
    switch (type->kind) {
    case VMH_ABI_UINT:
    case VMH_ABI_INT:
        if (type->bits <= 64)
            lua_pushinteger(L, (lua_Integer)value->word.limb[0]);
        else
            vmh_push_word(L, &value->word);
        break;
    case VMH_ABI_BOOL:
        lua_pushboolean(L, !vmh_word_is_zero(&value->word));
        break;
    case VMH_ABI_BYTES_LEFT:
    case VMH_ABI_BYTES_RIGHT:
    case VMH_ABI_BYTES:
        vmh_push_bytes(L, value->bytes);
        break;
    default:
        push_values(L, type, value->values);
    }
}

static void push_values(lua_State *L, const vmh_abi_type *type, vmh_abi_values values)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, (int)values.count, 0);
    for (size_t i = 0; i < values.count; i++) {
        push_value(L, vmh_abi_type_item(type, i), &values.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* What does not parse is wrong use, but for want of memory. */
static void check_parsed(lua_State *L, int index, vmh_status status, const vmh_failure *why)
{
    if (status == VMH_E_NO_MEMORY)
        vmh_check_memory(L, status);
    else if (status != VMH_OK)
        luaL_argerror(L, index, why->text);
}

static const vmh_abi_type *check_types(lua_State *L, int index, vmh_arena *arena)
{
    const vmh_abi_type *types = NULL;
    vmh_failure why;

    check_parsed(L, index, vmh_abi_types_parse(vmh_check_bytes(L, index), arena, &types, &why),
                 &why);
    return types;
}

static vmh_abi_signature check_signature(lua_State *L, int index, vmh_arena *arena)
{
    vmh_abi_signature signature = {0};
    vmh_failure why;

    check_parsed(L, index,
                 vmh_abi_signature_parse(vmh_check_bytes(L, index), arena, &signature, &why),
                 &why);
    return signature;
}

static void push_type_texts(lua_State *L, const vmh_abi_type *types)
{
    lua_createtable(L, (int)types->count, 0);
    for (size_t i = 0; i < types->count; i++) {
        vmh_push_bytes(L, types->items[i].text);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/// Takes a signature to pieces.
// @function parse
// @tparam string signature such as "add(uint256,uint256)", or with its results,
// "add(uint256,uint256)(uint256)"
// @treturn table `name`; `inputs` and, where they were given, `outputs`: lists of
// types; `text`, without results; `topic`, the 32 bytes of its BLAKE2b-256, and
// `selector`, the first 4 of them
// @raise if it is no canonical signature, as in
// "add(uint): no such type at character 5"
static int abi_parse(lua_State *L)
{
    vmh_arena *arena;
    vmh_abi_signature signature;
    vmh_hash32 hash;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    signature = check_signature(L, 1, arena);
    vmh_abi_signature_hash(&signature, &hash);
    lua_createtable(L, 0, 6);
    vmh_push_bytes(L, signature.name);
    lua_setfield(L, -2, "name");
    vmh_push_bytes(L, signature.text);
    lua_setfield(L, -2, "text");
    vmh_push_bytes(L, vmh_bytes_hash(&hash));
    lua_setfield(L, -2, "topic");
    vmh_push_bytes(L, vmh_bytes_of(hash.bytes, VMH_ABI_SELECTOR_SIZE));
    lua_setfield(L, -2, "selector");
    push_type_texts(L, signature.inputs);
    lua_setfield(L, -2, "inputs");
    if (signature.outputs != NULL) {
        push_type_texts(L, signature.outputs);
        lua_setfield(L, -2, "outputs");
    }
    vmh_clear_scratch(L, 2);
    return 1;
}

static int push_signature_hash(lua_State *L, size_t size)
{
    vmh_abi_signature signature;
    vmh_hash32 hash;

    lua_settop(L, 1);
    signature = check_signature(L, 1, vmh_push_arena(L));
    vmh_abi_signature_hash(&signature, &hash);
    vmh_clear_scratch(L, 2);
    vmh_push_bytes(L, vmh_bytes_of(hash.bytes, size));
    return 1;
}

/// The selector of a method: what its call data begins with.
// @function selector
// @tparam string signature results after the parameters do not count
// @treturn string 4 bytes
// @raise as `parse`
static int abi_selector(lua_State *L)
{
    return push_signature_hash(L, VMH_ABI_SELECTOR_SIZE);
}

/// Topic 0 of an event.
// @function topic
// @tparam string signature
// @treturn string 32 bytes
// @raise as `parse`
static int abi_topic(lua_State *L)
{
    return push_signature_hash(L, sizeof(vmh_hash32));
}

/* Pushes `prefix` and the encoding of the list at 2. */
static int push_encoded(lua_State *L, const vmh_abi_type *types, vmh_bytes prefix,
                        vmh_arena *arena)
{
    vmh_path root = vmh_path_root("values");
    vmh_abi_values values = check_values(L, 2, &root, types, arena);
    vmh_buffer *out = vmh_push_buffer(L);
    vmh_failure why;

    vmh_buffer_append(out, prefix);
    if (vmh_abi_encode(types, values, out, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(out));
    vmh_buffer_clear(out);
    vmh_arena_clear(arena);
    return 1;
}

/// Encodes values.
// @function encode
// @tparam string types such as "(uint256,string)"
// @tparam table values a list, one value for each type
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `limit` above 16 MiB
// @raise if the types do not parse, and with the path of a value that does not fit
// its type, as in "values[2][1]: uint8 out of range: 256"
static int abi_encode(lua_State *L)
{
    vmh_arena *arena;

    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    return push_encoded(L, check_types(L, 1, arena), (vmh_bytes){0}, arena);
}

/// Encodes a call: selector and values.
// @function encode_call
// @tparam string signature
// @tparam table values a list, one value for each parameter
// @treturn[1] string
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `limit` above 16 MiB
// @raise as `encode`
static int abi_encode_call(lua_State *L)
{
    vmh_arena *arena;
    vmh_abi_signature signature;
    vmh_hash32 hash;

    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    signature = check_signature(L, 1, arena);
    vmh_abi_signature_hash(&signature, &hash);
    return push_encoded(L, signature.inputs, vmh_bytes_of(hash.bytes, VMH_ABI_SELECTOR_SIZE),
                        arena);
}

static int push_decoded(lua_State *L, const vmh_abi_type *types, vmh_bytes data, vmh_arena *arena)
{
    vmh_abi_values values;
    vmh_failure why;

    if (vmh_abi_decode(types, data, arena, &values, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    push_values(L, types, values);
    vmh_arena_clear(arena);
    return 1;
}

/// Decodes values.
// What is decoded encodes to the same bytes: cut data, dirty padding, values out
// of range, offsets that overlap, leave a gap or leave the data, and bytes left
// over are refused.
// @function decode
// @tparam string types such as "(uint256,string)"
// @tparam string data
// @treturn[1] table a list, one value for each type
// @return[2] nil
// @treturn[2] string message with type and place of the fault
// @treturn[2] string code `malformed`, or `limit` above 16 MiB, or above 1,048,576 values, lists
// and tuples among them
// @raise if the types do not parse
static int abi_decode(lua_State *L)
{
    vmh_bytes data = vmh_check_bytes(L, 2);
    vmh_arena *arena;

    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    return push_decoded(L, check_types(L, 1, arena), data, arena);
}

/// Decodes a call.
// @function decode_call
// @tparam string signature
// @tparam string data selector and encoded values
// @treturn[1] table a list, one value for each parameter
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`, also for another selector; `limit`
// @raise as `parse`
static int abi_decode_call(lua_State *L)
{
    vmh_bytes data = vmh_check_bytes(L, 2);
    vmh_arena *arena;
    vmh_abi_signature signature;
    vmh_bytes selector;
    vmh_hash32 hash;

    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    signature = check_signature(L, 1, arena);
    vmh_abi_signature_hash(&signature, &hash);
    selector = vmh_bytes_of(hash.bytes, VMH_ABI_SELECTOR_SIZE);
    if (!vmh_bytes_begins(data, selector))
        return vmh_push_failure_text(L, VMH_E_MALFORMED, "data is no call of %s",
                                     lua_tostring(L, 1));
    data = vmh_bytes_of(data.data + selector.size, data.size - selector.size);
    return push_decoded(L, signature.inputs, data, arena);
}

/// Tells what the data of a revert says.
// @function decode_error
// @tparam string data output of a failed run
// @treturn table `kind`: "Error" with `message`; "Panic" with `code`, a word, and
// its `meaning`, such as "division or modulo by zero", where it has one; or "other",
// also where data that begins like either is not encoded like it
static int abi_decode_error(lua_State *L)
{
    vmh_abi_error error = vmh_abi_error_of(vmh_check_bytes(L, 1));
    static const char *const kinds[] = {
        [VMH_ABI_ERROR_OTHER] = "other",
        [VMH_ABI_ERROR_TEXT] = "Error",
        [VMH_ABI_ERROR_PANIC] = "Panic",
    };

    lua_createtable(L, 0, 3);
    lua_pushstring(L, kinds[error.kind]);
    lua_setfield(L, -2, "kind");
    if (error.kind == VMH_ABI_ERROR_TEXT) {
        vmh_push_bytes(L, error.text);
        lua_setfield(L, -2, "message");
    } else if (error.kind == VMH_ABI_ERROR_PANIC) {
        vmh_push_word(L, &error.code);
        lua_setfield(L, -2, "code");
        lua_pushstring(L, vmh_abi_panic_meaning(&error.code));
        lua_setfield(L, -2, "meaning");
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"parse", abi_parse},
    {"selector", abi_selector},
    {"topic", abi_topic},
    {"encode", abi_encode},
    {"decode", abi_decode},
    {"encode_call", abi_encode_call},
    {"decode_call", abi_decode_call},
    {"decode_error", abi_decode_error},
    {NULL, NULL},
};

int luaopen_vmhost_abi(lua_State *L)
{
    vmh_handle_init(L);
    luaL_newlib(L, functions);
    return 1;
}
