#include "contractlua/kept_value.h"

static bool no_memory(vmh_lua_state *L, vmh_lua_step *step)
{
    *step = vmh_lua_host_failed(L, vmh_fail_memory(L->why));
    return false;
}

static bool stopped(vmh_lua_state *L, vmh_lua_step *step)
{
    *step = vmh_lua_stopped(L);
    return false;
}

vmh_lua_step vmh_lua_raise_bad_state(vmh_lua_state *L, const char *what, vmh_bytes bytes)
{
    return vmh_lua_raise_text(L, "state holds %zu bytes where a %s is expected", bytes.size, what);
}

/* ---- values ---- */

static bool mismatch(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_lua_value value,
                     const char *what, vmh_lua_step *step)
{
    const char *got = vmh_lua_describe_value(value, L->sdk->scratch);

    if (got == NULL)
        return no_memory(L, step);
    *step = vmh_lua_raise_text(L, "%s: %s expected, got %s", what, vmh_lua_scalar_name(scalar),
                               got);
    return false;
}

/* A number as its big-endian bytes; false where it does not fit. */
static bool put_number(vmh_lua_scalar scalar, vmh_lua_value value, uint8_t *out)
{
    vmh_word word;

    if (value.tag != VMH_LUA_INTEGER && value.tag != VMH_LUA_UINT256)
        return false;
    if (value.tag == VMH_LUA_INTEGER && value.as.integer < 0) {
        if (scalar != VMH_LUA_SCALAR_INT64)
            return false;
        vmh_put_u64_be(out, (uint64_t)value.as.integer);
        return true;
    }
    word = value.tag == VMH_LUA_UINT256 ? *value.as.word
                                        : vmh_word_of((uint64_t)value.as.integer);
    if (scalar == VMH_LUA_SCALAR_UINT256) {
        vmh_word_to_bytes(&word, out);
        return true;
    }
    if (!vmh_word_fits_u64(&word) ||
        (scalar == VMH_LUA_SCALAR_UINT32 && word.limb[0] > UINT32_MAX) ||
        (scalar == VMH_LUA_SCALAR_INT64 && word.limb[0] > INT64_MAX))
        return false;
    if (scalar == VMH_LUA_SCALAR_UINT32)
        vmh_put_u32_be(out, (uint32_t)word.limb[0]);
    else
        vmh_put_u64_be(out, word.limb[0]);
    return true;
}

static bool put_fixed(vmh_lua_scalar scalar, vmh_lua_value value, uint8_t *out)
{
    if (scalar != VMH_LUA_SCALAR_BOOL)
        return put_number(scalar, value, out);
    out[0] = value.tag == VMH_LUA_TRUE;
    return value.tag == VMH_LUA_TRUE || value.tag == VMH_LUA_FALSE;
}

bool vmh_lua_encode_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_lua_value value,
                           const char *what, vmh_bytes *out, vmh_lua_step *step)
{
    size_t size = vmh_lua_scalar_size(scalar);
    uint8_t *bytes;

    if (scalar >= VMH_LUA_SCALAR_STRING) {
        if (value.tag != VMH_LUA_STRING || (size != 0 && value.as.string->size != size))
            return mismatch(L, scalar, value, what, step);
        *out = vmh_lua_string_bytes(value.as.string);
        return true;
    }
    bytes = vmh_arena_alloc(L->sdk->scratch, size);
    if (bytes == NULL)
        return no_memory(L, step);
    if (!put_fixed(scalar, value, bytes))
        return mismatch(L, scalar, value, what, step);
    *out = vmh_bytes_of(bytes, size);
    return true;
}

static bool make_word(vmh_lua_state *L, const vmh_word *word, vmh_lua_value *out,
                      vmh_lua_step *step)
{
    *out = vmh_lua_uint256_new(&L->heap, word);
    return !vmh_lua_is_nil(*out) || stopped(L, step);
}

static bool make_string(vmh_lua_state *L, vmh_bytes bytes, vmh_lua_value *out, vmh_lua_step *step)
{
    vmh_lua_string *string =
        vmh_lua_charge_made(L, bytes.size) ? vmh_lua_string_new(&L->heap, bytes) : NULL;

    if (string == NULL)
        return stopped(L, step);
    *out = vmh_lua_of_string(string);
    return true;
}

bool vmh_lua_decode_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_bytes bytes,
                           vmh_lua_value *out, vmh_lua_step *step)
{
    size_t size = vmh_lua_scalar_size(scalar);
    vmh_word word;

    if ((size != 0 && bytes.size != size) || (scalar == VMH_LUA_SCALAR_BOOL && bytes.data[0] > 1)) {
        *step = vmh_lua_raise_bad_state(L, vmh_lua_scalar_name(scalar), bytes);
        return false;
    }
    switch (scalar) {
    case VMH_LUA_SCALAR_BOOL:
        *out = vmh_lua_boolean(bytes.data[0] != 0);
        return true;
    case VMH_LUA_SCALAR_UINT32:
        *out = vmh_lua_integer(vmh_get_u32_be(bytes.data));
        return true;
    case VMH_LUA_SCALAR_UINT64:
        word = vmh_word_of(vmh_get_u64_be(bytes.data));
        if (word.limb[0] > INT64_MAX)
            return make_word(L, &word, out, step);
        *out = vmh_lua_integer((int64_t)word.limb[0]);
        return true;
    case VMH_LUA_SCALAR_INT64:
        *out = vmh_lua_integer((int64_t)vmh_get_u64_be(bytes.data));
        return true;
    case VMH_LUA_SCALAR_UINT256:
        word = vmh_word_from_bytes(bytes.data);
        return make_word(L, &word, out, step);
    default:
        return make_string(L, bytes, out, step);
    }
}

bool vmh_lua_zero_scalar(vmh_lua_state *L, vmh_lua_scalar scalar, vmh_lua_value *out,
                         vmh_lua_step *step)
{
    static const uint8_t zeros[32];

    return vmh_lua_decode_scalar(L, scalar, vmh_bytes_of(zeros, vmh_lua_scalar_size(scalar)), out,
                                 step);
}

bool vmh_lua_is_zero_scalar(vmh_lua_scalar scalar, vmh_bytes bytes)
{
    if (vmh_lua_scalar_size(scalar) == 0)
        return bytes.size == 0;
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] != 0)
            return false;
    }
    return true;
}

/* ---- keys ---- */

/* A longer one is made for nothing, as a rule: it is paid for before the host refuses it. */
enum { USUAL_KEY = 1024 };

static bool pay_for_key(vmh_lua_state *L, size_t size)
{
    size_t above = size > USUAL_KEY ? size - USUAL_KEY : 0;

    return vmh_lua_charge(L, (above / 8 + (above % 8 != 0)) * VMH_LUA_GAS_LONG_STATE_KEY);
}

/* Room for `size` bytes behind path and mark. */
static uint8_t *begin_key(vmh_lua_state *L, vmh_bytes path, int mark, size_t size, vmh_bytes *out,
                          vmh_lua_step *step)
{
    size_t head = path.size + (mark >= 0);
    uint8_t *bytes;

    if (!pay_for_key(L, head + size)) {
        stopped(L, step);
        return NULL;
    }
    bytes = vmh_arena_alloc(L->sdk->scratch, head + size);
    if (bytes == NULL) {
        no_memory(L, step);
        return NULL;
    }
    memcpy(bytes, path.data, path.size);
    if (mark >= 0)
        bytes[path.size] = (uint8_t)mark;
    *out = vmh_bytes_of(bytes, head + size);
    return bytes + head;
}

bool vmh_lua_kept_key(vmh_lua_state *L, vmh_bytes path, int mark, vmh_lua_scalar scalar,
                      vmh_lua_value key, vmh_bytes *out, vmh_lua_step *step)
{
    bool has_length = vmh_lua_scalar_size(scalar) == 0;
    vmh_bytes bytes;
    uint8_t *at;

    if (!vmh_lua_encode_scalar(L, scalar, key, "key", &bytes, step))
        return false;
    at = begin_key(L, path, mark, bytes.size + (has_length ? 4 : 0), out, step);
    if (at == NULL)
        return false;
    if (has_length) {
        /* Longer ones the host refuses: a key has its limit. */
        vmh_put_u32_be(at, (uint32_t)(bytes.size & UINT32_MAX));
        at += 4;
    }
    if (bytes.size != 0)
        memcpy(at, bytes.data, bytes.size);
    return true;
}

bool vmh_lua_place_key(vmh_lua_state *L, vmh_bytes path, int mark, uint64_t place, vmh_bytes *out,
                       vmh_lua_step *step)
{
    uint8_t *at = begin_key(L, path, mark, 8, out, step);

    if (at != NULL)
        vmh_put_u64_be(at, place);
    return at != NULL;
}

bool vmh_lua_join(vmh_lua_state *L, vmh_bytes first, vmh_bytes second, vmh_bytes *out,
                  vmh_lua_step *step)
{
    uint8_t *bytes = vmh_arena_alloc(L->sdk->scratch, first.size + second.size);

    if (bytes == NULL)
        return no_memory(L, step);
    memcpy(bytes, first.data, first.size);
    if (second.size != 0)
        memcpy(bytes + first.size, second.data, second.size);
    *out = vmh_bytes_of(bytes, first.size + second.size);
    return true;
}

/* ---- state ---- */

static uint64_t words_of(size_t size)
{
    return size / 32 + (size % 32 != 0);
}

bool vmh_lua_read_state(vmh_lua_state *L, vmh_bytes key, vmh_bytes *value, vmh_lua_step *step)
{
    static const vmh_lua_operation operation = {"Sdk.State", "read", VMH_PERMISSION_SERVICE};
    vmh_argument argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, key);
    vmh_argument answer;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_STATE_READ))
        return stopped(L, step);
    if (!vmh_lua_sdk_ask(L, &operation, (vmh_argument_array){&argument, 1}, VMH_ARGUMENT_BYTES,
                         &answer, step))
        return false;
    *value = answer.value.bytes;
    return vmh_lua_charge(L, words_of(value->size) * VMH_LUA_GAS_STATE_READ_WORD) ||
           stopped(L, step);
}

bool vmh_lua_write_state(vmh_lua_state *L, vmh_bytes key, vmh_bytes value, vmh_lua_step *step)
{
    static const vmh_lua_operation operation = {"Sdk.State", "write", VMH_PERMISSION_SERVICE};
    vmh_argument arguments[2] = {vmh_argument_bytes(VMH_ARGUMENT_BYTES, key),
                                 vmh_argument_bytes(VMH_ARGUMENT_BYTES, value)};

    if (!vmh_lua_charge(L, VMH_LUA_GAS_STATE_WRITE +
                               words_of(key.size + value.size) * VMH_LUA_GAS_STATE_WRITE_WORD))
        return stopped(L, step);
    return vmh_lua_sdk_call(L, &operation, (vmh_argument_array){arguments, 2}, NULL, step);
}

bool vmh_lua_read_count(vmh_lua_state *L, vmh_bytes key, uint64_t *out, vmh_lua_step *step)
{
    vmh_bytes value;

    if (!vmh_lua_read_state(L, key, &value, step))
        return false;
    if (value.size != 0 && value.size != 8) {
        *step = vmh_lua_raise_bad_state(L, "count", value);
        return false;
    }
    *out = value.size == 0 ? 0 : vmh_get_u64_be(value.data);
    return true;
}

bool vmh_lua_write_count(vmh_lua_state *L, vmh_bytes key, uint64_t value, vmh_lua_step *step)
{
    uint8_t *bytes = vmh_arena_alloc(L->sdk->scratch, 8);

    if (bytes == NULL)
        return no_memory(L, step);
    vmh_put_u64_be(bytes, value);
    return vmh_lua_write_state(L, key, vmh_bytes_of(bytes, value == 0 ? 0 : 8), step);
}
