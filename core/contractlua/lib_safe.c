/*
 * `sdk.uint32` and `sdk.uint64`: arithmetic that raises where a result does not fit. A
 * number of at least 2^63 is a uint256 in the contract, as everywhere.
 */
#include "contractlua/sdk.h"

/* One operation. */
typedef struct operation {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    uint64_t greatest;
    vmh_lua_step step;
} operation;

static bool take_number(operation *of, uint32_t index, uint64_t *out)
{
    vmh_lua_value value = vmh_lua_argument(of->L, of->frame, index);
    bool fits = false;

    if (value.tag == VMH_LUA_INTEGER) {
        *out = (uint64_t)value.as.integer;
        fits = value.as.integer >= 0;
    } else if (value.tag == VMH_LUA_UINT256) {
        *out = value.as.word->limb[0];
        fits = vmh_word_fits_u64(value.as.word);
    } else {
        of->step = vmh_lua_wrong_type(of->L, of->frame, index, "number");
        return false;
    }
    if (fits && *out <= of->greatest)
        return true;
    of->step = vmh_lua_bad_argument(of->L, of->frame, index, "no uint%d",
                                    of->greatest == UINT32_MAX ? 32 : 64);
    return false;
}

static vmh_lua_step give(operation *of, bool fits, uint64_t number)
{
    vmh_word word = vmh_word_of(number);
    vmh_lua_value value;

    if (!fits || number > of->greatest)
        return vmh_lua_raise_text(of->L, "uint%d overflow in '%s'",
                                  of->greatest == UINT32_MAX ? 32 : 64,
                                  of->frame->native->native->name);
    if (number <= INT64_MAX)
        return vmh_lua_return(of->L, of->frame, vmh_lua_integer((int64_t)number));
    value = vmh_lua_uint256_new(&of->L->heap, &word);
    return vmh_lua_is_nil(value) ? vmh_lua_stopped(of->L)
                                 : vmh_lua_return(of->L, of->frame, value);
}

static vmh_lua_step calculate(vmh_lua_state *L, vmh_lua_frame *frame, uint64_t greatest,
                              char sign)
{
    operation of = {.L = L, .frame = frame, .greatest = greatest};
    uint64_t a, b, result = 0;
    bool fits = true;

    if (!take_number(&of, 0, &a) || !take_number(&of, 1, &b))
        return of.step;
    if (b == 0 && (sign == '/' || sign == '%'))
        return vmh_lua_raise_text(L, "division by zero");
    switch (sign) {
    case '+':
        fits = !__builtin_add_overflow(a, b, &result);
        break;
    case '-':
        fits = !__builtin_sub_overflow(a, b, &result);
        break;
    case '*':
        fits = !__builtin_mul_overflow(a, b, &result);
        break;
    case '/':
        result = a / b;
        break;
    default:
        result = a % b;
        break;
    }
    return give(&of, fits, result);
}

#define OPERATION(name, sign)                                                          \
    static vmh_lua_step uint32_##name(vmh_lua_state *L, vmh_lua_frame *frame)          \
    {                                                                                  \
        return calculate(L, frame, UINT32_MAX, sign);                                  \
    }                                                                                  \
    static vmh_lua_step uint64_##name(vmh_lua_state *L, vmh_lua_frame *frame)          \
    {                                                                                  \
        return calculate(L, frame, UINT64_MAX, sign);                                  \
    }
OPERATION(add, '+')
OPERATION(sub, '-')
OPERATION(mul, '*')
OPERATION(div, '/')
OPERATION(mod, '%')
#undef OPERATION

const vmh_lua_native vmh_lua_uint32_natives[] = {
    {"add", uint32_add}, {"sub", uint32_sub}, {"mul", uint32_mul},
    {"div", uint32_div}, {"mod", uint32_mod}, {NULL, NULL},
};

const vmh_lua_native vmh_lua_uint64_natives[] = {
    {"add", uint64_add}, {"sub", uint64_sub}, {"mul", uint64_mul},
    {"div", uint64_div}, {"mod", uint64_mod}, {NULL, NULL},
};
