/// 256-bit unsigned words.
// A word is an immutable value. Arithmetic wraps at 2^256. The arithmetic,
// bitwise, shift and order operators of Lua integers and concatenation work
// between a word and anything that `new` takes; `/` and `^`, which make floats,
// do not (see `exp`). Lua never finds a word equal to a value of another type,
// and two equal words are two keys of a table: use `tostring` or `to_bytes` for
// keys. Signed operations are methods and read two's complement.
// @module vmhost.word
#include "word.h"

#include "failure.h"
#include "handle.h"

__attribute__((visibility("default"))) int luaopen_vmhost_word(lua_State *L);

static void push_metatable(lua_State *L);

void vmh_push_word(lua_State *L, const vmh_word *word)
{
    vmh_word *made = lua_newuserdatauv(L, sizeof *made, 0);

    *made = *word;
    push_metatable(L);
    lua_setmetatable(L, -2);
}

const vmh_word *vmh_test_word(lua_State *L, int index)
{
    return luaL_testudata(L, index, VMH_WORD_TYPE);
}

void vmh_check_word(lua_State *L, int index, vmh_word *out)
{
    const vmh_word *word = vmh_test_word(L, index);

    if (word != NULL) {
        *out = *word;
    } else if (lua_isinteger(L, index)) {
        *out = vmh_word_of(vmh_check_unsigned(L, index));
    } else if (lua_type(L, index) == LUA_TSTRING) {
        if (!vmh_word_parse(vmh_check_bytes(L, index), out))
            luaL_argerror(L, index,
                          lua_pushfstring(L, "not a decimal or 0x number below 2^256: '%s'",
                                          lua_tostring(L, index)));
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        luaL_argerror(L, index, "number is not an integer; large words are written as text");
    } else {
        luaL_typeerror(L, index, "word, integer or text");
    }
}

static int push(lua_State *L, vmh_word word)
{
    vmh_push_word(L, &word);
    return 1;
}

/* A count or index: whatever does not fit is as large as any that does nothing more. */
static uint64_t check_count(lua_State *L, int index)
{
    vmh_word count;

    vmh_check_word(L, index, &count);
    return vmh_word_fits_u64(&count) ? count.limb[0] : UINT64_MAX;
}

static void check_divisor(lua_State *L, const vmh_word *divisor, const char *operation)
{
    if (vmh_word_is_zero(divisor))
        luaL_error(L, "attempt to perform '%s'", operation);
}

/// Makes a word.
// @function new
// @tparam integer|string|Word value an integer that is not negative, 1 to 78
// decimal digits, `0x` and 1 to 64 hex digits, or a word
// @treturn Word
// @raise if the value is negative, a float, another text, or above 2^256 - 1
static int word_new(lua_State *L)
{
    vmh_word word;

    vmh_check_word(L, 1, &word);
    return push(L, word);
}

/// Makes a word of its bytes.
// @function from_bytes
// @tparam string bytes 32 bytes, most significant first
// @treturn Word
// @raise if there are not 32
static int word_from_bytes(lua_State *L)
{
    return push(L, vmh_word_from_bytes(vmh_check_bytes_of_size(L, 1, 32).data));
}

/// The 32 bytes of the word, most significant first.
// @function Word:to_bytes
// @treturn string 32 bytes
static int word_to_bytes(lua_State *L)
{
    uint8_t bytes[32];
    vmh_word word;

    vmh_check_word(L, 1, &word);
    vmh_word_to_bytes(&word, bytes);
    vmh_push_bytes(L, vmh_bytes_of(bytes, sizeof bytes));
    return 1;
}

/// The word as hex text: `0x` and lower-case digits without leading zeros.
// @function Word:hex
// @treturn string
static int word_hex(lua_State *L)
{
    char text[67] = "0x";
    size_t size = 2;
    unsigned digit_count;
    vmh_word word;

    vmh_check_word(L, 1, &word);
    digit_count = (vmh_word_bits(&word) + 3) / 4;
    for (unsigned i = digit_count == 0 ? 1 : digit_count; i-- > 0;)
        text[size++] = "0123456789abcdef"[word.limb[i / 16] >> (i % 16 * 4) & 15];
    lua_pushlstring(L, text, size);
    return 1;
}

/// The word as a Lua integer.
// @function Word:tointeger
// @treturn ?integer nil if it is above 2^63 - 1
static int word_tointeger(lua_State *L)
{
    vmh_word word;

    vmh_check_word(L, 1, &word);
    if (vmh_word_bits(&word) <= 63)
        lua_pushinteger(L, (lua_Integer)word.limb[0]);
    else
        lua_pushnil(L);
    return 1;
}

/// The number of significant bits, 0 for zero.
// @function Word:bits
// @treturn integer 0 to 256
static int word_bits(lua_State *L)
{
    vmh_word word;

    vmh_check_word(L, 1, &word);
    lua_pushinteger(L, vmh_word_bits(&word));
    return 1;
}

static int word_tostring(lua_State *L)
{
    char text[79];
    vmh_word word;

    vmh_check_word(L, 1, &word);
    vmh_word_to_decimal(&word, text);
    lua_pushstring(L, text);
    return 1;
}

static int word_concat(lua_State *L)
{
    for (int index = 1; index <= 2; index++) {
        if (vmh_test_word(L, index) == NULL && !lua_isstring(L, index))
            return luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, index));
    }
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

static int word_add(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    vmh_word_add(&a, &b, &a);
    return push(L, a);
}

static int word_sub(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    vmh_word_sub(&a, &b, &a);
    return push(L, a);
}

static int word_mul(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    vmh_word_mul(&a, &b, &a);
    return push(L, a);
}

static int word_idiv(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    check_divisor(L, &b, "n//0");
    vmh_word_divide(&a, &b, &a, NULL);
    return push(L, a);
}

static int word_mod(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    check_divisor(L, &b, "n%%0");
    vmh_word_divide(&a, &b, NULL, &a);
    return push(L, a);
}

static int word_unm(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_negate(&a));
}

static int word_band(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    return push(L, vmh_word_and(&a, &b));
}

static int word_bor(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    return push(L, vmh_word_or(&a, &b));
}

static int word_bxor(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    return push(L, vmh_word_xor(&a, &b));
}

static int word_bnot(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_not(&a));
}

static int word_shl(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_shift_left(&a, check_count(L, 2)));
}

static int word_shr(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_shift_right(&a, check_count(L, 2)));
}

static int word_eq(lua_State *L)
{
    const vmh_word *a = vmh_test_word(L, 1);
    const vmh_word *b = vmh_test_word(L, 2);

    /* Lua also asks when only one of the two userdata is a word. */
    lua_pushboolean(L, a != NULL && b != NULL && vmh_word_equal(a, b));
    return 1;
}

static int word_lt(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    lua_pushboolean(L, vmh_word_compare(&a, &b) < 0);
    return 1;
}

static int word_le(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    lua_pushboolean(L, vmh_word_compare(&a, &b) <= 0);
    return 1;
}

/// Signed division, cut toward zero; the most negative word by -1 wraps to itself.
// @function Word:sdiv
// @tparam integer|string|Word divisor
// @treturn Word
// @raise `attempt to perform 'n//0'`
static int word_sdiv(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    check_divisor(L, &b, "n//0");
    vmh_word_divide_signed(&a, &b, &a, NULL);
    return push(L, a);
}

/// Remainder of the signed division; it has the sign of the dividend.
// @function Word:smod
// @tparam integer|string|Word divisor
// @treturn Word
// @raise `attempt to perform 'n%%0'`
static int word_smod(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    check_divisor(L, &b, "n%%0");
    vmh_word_divide_signed(&a, &b, NULL, &a);
    return push(L, a);
}

/// Whether the word is below another, both signed.
// @function Word:slt
// @tparam integer|string|Word other
// @treturn boolean
static int word_slt(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    lua_pushboolean(L, vmh_word_compare_signed(&a, &b) < 0);
    return 1;
}

/// Arithmetic shift right: copies of the sign come in.
// @function Word:sar
// @tparam integer|string|Word count bits; from 256 on only the sign is left
// @treturn Word
static int word_sar(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_shift_right_signed(&a, check_count(L, 2)));
}

/// Extends the sign of a shorter number.
// @function Word:signextend
// @tparam integer|string|Word index the byte that holds the sign, 0 is the
// least significant; from 31 on the word is unchanged
// @treturn Word
static int word_signextend(lua_State *L)
{
    vmh_word a;

    vmh_check_word(L, 1, &a);
    return push(L, vmh_word_sign_extend(&a, check_count(L, 2)));
}

/// (self + other) modulo m, of the exact sum.
// @function Word:addmod
// @tparam integer|string|Word other
// @tparam integer|string|Word m
// @treturn Word
// @raise `attempt to perform 'n%%0'`
static int word_addmod(lua_State *L)
{
    vmh_word a, b, m;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    vmh_check_word(L, 3, &m);
    check_divisor(L, &m, "n%%0");
    return push(L, vmh_word_add_mod(&a, &b, &m));
}

/// (self * other) modulo m, of the exact product.
// @function Word:mulmod
// @tparam integer|string|Word other
// @tparam integer|string|Word m
// @treturn Word
// @raise `attempt to perform 'n%%0'`
static int word_mulmod(lua_State *L)
{
    vmh_word a, b, m;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    vmh_check_word(L, 3, &m);
    check_divisor(L, &m, "n%%0");
    return push(L, vmh_word_mul_mod(&a, &b, &m));
}

/// The word to a power, modulo 2^256; to the power of 0 it is 1.
// @function Word:exp
// @tparam integer|string|Word exponent
// @treturn Word
static int word_exp(lua_State *L)
{
    vmh_word a, b;

    vmh_check_word(L, 1, &a);
    vmh_check_word(L, 2, &b);
    return push(L, vmh_word_exp(&a, &b));
}

static const luaL_Reg methods[] = {
    {"to_bytes", word_to_bytes}, {"hex", word_hex},       {"tointeger", word_tointeger},
    {"bits", word_bits},         {"sdiv", word_sdiv},     {"smod", word_smod},
    {"slt", word_slt},           {"sar", word_sar},       {"signextend", word_signextend},
    {"addmod", word_addmod},     {"mulmod", word_mulmod}, {"exp", word_exp},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__add", word_add},   {"__sub", word_sub},           {"__mul", word_mul},
    {"__idiv", word_idiv}, {"__mod", word_mod},           {"__unm", word_unm},
    {"__band", word_band}, {"__bor", word_bor},           {"__bxor", word_bxor},
    {"__bnot", word_bnot}, {"__shl", word_shl},           {"__shr", word_shr},
    {"__eq", word_eq},     {"__lt", word_lt},             {"__le", word_le},
    {"__concat", word_concat}, {"__tostring", word_tostring}, {NULL, NULL},
};

static void push_metatable(lua_State *L)
{
    if (vmh_metatable_push(L, VMH_WORD_TYPE))
        return;
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    vmh_metatable_register(L, VMH_WORD_TYPE);
}

static const luaL_Reg functions[] = {
    {"new", word_new},
    {"from_bytes", word_from_bytes},
    {NULL, NULL},
};

int luaopen_vmhost_word(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
