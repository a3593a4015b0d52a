/*
 * `math`: of 64-bit integers, which wrap around. A uint256 is taken where nothing
 * is computed: by max, min and tointeger.
 */
#include "contractlua/call.h"

static vmh_lua_step math_abs(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    int64_t number;

    if (!vmh_lua_check_integer(L, frame, 0, &number, &step))
        return step;
    if (number < 0)
        number = (int64_t)(0 - (uint64_t)number);
    return vmh_lua_return(L, frame, vmh_lua_integer(number));
}

/* The remainder of a division that is cut toward zero. */
static vmh_lua_step math_fmod(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    int64_t dividend;
    int64_t divisor;

    if (!vmh_lua_check_integer(L, frame, 0, &dividend, &step) ||
        !vmh_lua_check_integer(L, frame, 1, &divisor, &step))
        return step;
    if (divisor == 0)
        return vmh_lua_bad_argument(L, frame, 1, "zero");
    /* The processor traps where the quotient would be 2^63. */
    return vmh_lua_return(L, frame, vmh_lua_integer(divisor == -1 ? 0 : dividend % divisor));
}

static bool is_number(vmh_lua_value value)
{
    return value.tag == VMH_LUA_INTEGER || value.tag == VMH_LUA_UINT256;
}

/* Of equal ones the first. */
static vmh_lua_step pick_extreme(vmh_lua_state *L, vmh_lua_frame *frame, bool is_max)
{
    vmh_lua_value best = vmh_lua_argument(L, frame, 0);
    int order;

    if (!vmh_lua_charge(L, (uint64_t)frame->argument_count * VMH_LUA_GAS_PER_STEP))
        return vmh_lua_stopped(L);
    if (!is_number(best))
        return vmh_lua_wrong_type(L, frame, 0, "number");
    for (uint32_t i = 1; i < frame->argument_count; i++) {
        vmh_lua_value other = vmh_lua_argument(L, frame, i);

        if (!is_number(other))
            return vmh_lua_wrong_type(L, frame, i, "number");
        order = vmh_lua_compare_numbers(best, other);
        if (is_max ? order < 0 : order > 0)
            best = other;
    }
    return vmh_lua_return(L, frame, best);
}

static vmh_lua_step math_max(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return pick_extreme(L, frame, true);
}

static vmh_lua_step math_min(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return pick_extreme(L, frame, false);
}

/* The number whose square is the greatest that is not above another. */
static vmh_lua_step math_isqrt(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    int64_t number;
    uint64_t root = 0;

    if (!vmh_lua_check_integer(L, frame, 0, &number, &step))
        return step;
    if (number < 0)
        return vmh_lua_bad_argument(L, frame, 0, "negative");
    for (uint64_t bit = (uint64_t)1 << 31; bit != 0; bit >>= 1) {
        if ((root | bit) * (root | bit) <= (uint64_t)number)
            root |= bit;
    }
    return vmh_lua_return(L, frame, vmh_lua_integer((int64_t)root));
}

static vmh_lua_step math_tointeger(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    vmh_lua_value value = vmh_lua_argument(L, frame, 0);

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    if (value.tag == VMH_LUA_UINT256 && vmh_word_fits_u64(value.as.word) &&
        value.as.word->limb[0] <= INT64_MAX)
        value = vmh_lua_integer((int64_t)value.as.word->limb[0]);
    return vmh_lua_return(L, frame, value.tag == VMH_LUA_INTEGER ? value : vmh_lua_nil());
}

/* "integer", or nil: a uint256 has a type of its own. */
static vmh_lua_step math_type(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    if (vmh_lua_argument(L, frame, 0).tag != VMH_LUA_INTEGER)
        return vmh_lua_return(L, frame, vmh_lua_nil());
    return vmh_lua_return_bytes(L, frame, VMH_LITERAL("integer"));
}

static vmh_lua_step math_ult(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    int64_t a;
    int64_t b;

    if (!vmh_lua_check_integer(L, frame, 0, &a, &step) ||
        !vmh_lua_check_integer(L, frame, 1, &b, &step))
        return step;
    return vmh_lua_return(L, frame, vmh_lua_boolean((uint64_t)a < (uint64_t)b));
}

const vmh_lua_native vmh_lua_math_natives[] = {
    {"abs", math_abs},
    {"fmod", math_fmod},
    {"isqrt", math_isqrt},
    {"max", math_max},
    {"min", math_min},
    {"tointeger", math_tointeger},
    {"type", math_type},
    {"ult", math_ult},
    {NULL, NULL},
};

const vmh_lua_constant vmh_lua_math_constants[] = {
    {.name = "maxinteger", .integer = INT64_MAX},
    {.name = "mininteger", .integer = INT64_MIN},
    {.name = NULL},
};
