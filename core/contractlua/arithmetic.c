/* Integers that wrap, and uint256 that does not (spec/lua.md 2). */
#include "contractlua/call.h"

static bool is_number(vmh_lua_value value)
{
    return value.tag == VMH_LUA_INTEGER || value.tag == VMH_LUA_UINT256;
}

static int64_t wrap(uint64_t value)
{
    return (int64_t)value;
}

/* Division that rounds down. The caller has looked for zero. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient;

    if (b == -1)
        return wrap(0 - (uint64_t)a);
    quotient = a / b;
    return quotient - (a % b != 0 && (a ^ b) < 0);
}

static int64_t floor_modulo(int64_t a, int64_t b)
{
    int64_t rest;

    if (b == -1)
        return 0;
    rest = a % b;
    return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

static int64_t shift_left(int64_t a, int64_t count)
{
    if (count <= -64 || count >= 64)
        return 0;
    return wrap(count >= 0 ? (uint64_t)a << count : (uint64_t)a >> -count);
}

static vmh_lua_number calculate_integers(vmh_lua_operator operator, int64_t a, int64_t b,
                                         vmh_lua_value *out, const char **text)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    int64_t result = 0;

    switch (operator) {
    case VMH_LUA_OP_ADD:
        result = wrap(x + y);
        break;
    case VMH_LUA_OP_SUB:
        result = wrap(x - y);
        break;
    case VMH_LUA_OP_MUL:
        result = wrap(x * y);
        break;
    case VMH_LUA_OP_IDIV:
        if (b == 0) {
            *text = "attempt to perform 'n//0'";
            return VMH_LUA_NUMBER_ERROR;
        }
        result = floor_divide(a, b);
        break;
    case VMH_LUA_OP_MOD:
        if (b == 0) {
            *text = "attempt to perform 'n%%0'";
            return VMH_LUA_NUMBER_ERROR;
        }
        result = floor_modulo(a, b);
        break;
    case VMH_LUA_OP_BAND:
        result = wrap(x & y);
        break;
    case VMH_LUA_OP_BOR:
        result = wrap(x | y);
        break;
    case VMH_LUA_OP_BXOR:
        result = wrap(x ^ y);
        break;
    case VMH_LUA_OP_SHL:
        result = shift_left(a, b);
        break;
    case VMH_LUA_OP_SHR:
        result = shift_left(a, b == INT64_MIN ? INT64_MAX : -b);
        break;
    default:
        return VMH_LUA_NUMBER_NOT;
    }
    *out = vmh_lua_integer(result);
    return VMH_LUA_NUMBER_DONE;
}

/* An integer as a word; false below zero. */
static bool take_word(vmh_lua_value value, vmh_word *out)
{
    if (value.tag == VMH_LUA_UINT256) {
        *out = *value.as.word;
        return true;
    }
    *out = vmh_word_of((uint64_t)value.as.integer);
    return value.as.integer >= 0;
}

static vmh_lua_number give_word(vmh_lua_state *L, const vmh_word *word, vmh_lua_value *out)
{
    *out = vmh_lua_uint256_new(&L->heap, word);
    if (out->tag == VMH_LUA_UINT256)
        return VMH_LUA_NUMBER_DONE;
    vmh_lua_stopped(L);
    return VMH_LUA_NUMBER_STOP;
}

/* NULL, or what is wrong with the operation. */
static const char *calculate_words(vmh_lua_operator operator, const vmh_word *a,
                                   const vmh_word *b, vmh_word *out)
{
    switch (operator) {
    case VMH_LUA_OP_ADD:
        return vmh_word_add(a, b, out) ? "uint256 overflow" : NULL;
    case VMH_LUA_OP_SUB:
        return vmh_word_sub(a, b, out) ? "uint256 underflow" : NULL;
    case VMH_LUA_OP_MUL:
        return vmh_word_mul(a, b, out) ? "uint256 overflow" : NULL;
    case VMH_LUA_OP_IDIV:
        if (vmh_word_is_zero(b))
            return "attempt to perform 'n//0'";
        vmh_word_divide(a, b, out, NULL);
        return NULL;
    case VMH_LUA_OP_MOD:
        if (vmh_word_is_zero(b))
            return "attempt to perform 'n%%0'";
        vmh_word_divide(a, b, NULL, out);
        return NULL;
    case VMH_LUA_OP_BAND:
        *out = vmh_word_and(a, b);
        return NULL;
    case VMH_LUA_OP_BOR:
        *out = vmh_word_or(a, b);
        return NULL;
    default:
        *out = vmh_word_xor(a, b);
        return NULL;
    }
}

static uint64_t shift_count(const vmh_word *count)
{
    return vmh_word_fits_u64(count) ? count->limb[0] : UINT64_MAX;
}

static vmh_lua_number shift_words(vmh_lua_state *L, vmh_lua_operator operator, const vmh_word *a,
                                  const vmh_word *b, vmh_lua_value *out)
{
    vmh_word result = operator == VMH_LUA_OP_SHL ? vmh_word_shift_left(a, shift_count(b))
                                                  : vmh_word_shift_right(a, shift_count(b));

    return give_word(L, &result, out);
}

vmh_lua_number vmh_lua_calculate(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                                 vmh_lua_value right, vmh_lua_value *out, const char **text)
{
    bool is_division = operator == VMH_LUA_OP_IDIV || operator == VMH_LUA_OP_MOD;
    vmh_word a, b, result;

    if (left.tag == VMH_LUA_INTEGER && right.tag == VMH_LUA_INTEGER)
        return calculate_integers(operator, left.as.integer, right.as.integer, out, text);
    if (!is_number(left) || !is_number(right))
        return VMH_LUA_NUMBER_NOT;
    if (!vmh_lua_charge(L, is_division ? VMH_LUA_GAS_UINT256_DIVISION : VMH_LUA_GAS_UINT256))
        return VMH_LUA_NUMBER_STOP;
    if (!take_word(left, &a) || !take_word(right, &b)) {
        *text = "a negative number meets a uint256";
        return VMH_LUA_NUMBER_ERROR;
    }
    if (operator == VMH_LUA_OP_SHL || operator == VMH_LUA_OP_SHR)
        return shift_words(L, operator, &a, &b, out);
    *text = calculate_words(operator, &a, &b, &result);
    return *text != NULL ? VMH_LUA_NUMBER_ERROR : give_word(L, &result, out);
}

int vmh_lua_compare_numbers(vmh_lua_value left, vmh_lua_value right)
{
    vmh_word a, b;

    if (left.tag == VMH_LUA_INTEGER && right.tag == VMH_LUA_INTEGER)
        return left.as.integer < right.as.integer ? -1 : left.as.integer > right.as.integer;
    if (!take_word(left, &a))
        return -1;
    if (!take_word(right, &b))
        return 1;
    return vmh_word_compare(&a, &b);
}

static vmh_lua_act negate(vmh_lua_state *L, vmh_lua_value value, vmh_lua_value *out)
{
    if (value.tag == VMH_LUA_INTEGER)
        *out = vmh_lua_integer(wrap(0 - (uint64_t)value.as.integer));
    else if (vmh_word_is_zero(value.as.word))
        *out = value;
    else
        return vmh_lua_raise_plain(L, "uint256 underflow");
    return VMH_LUA_ACT_NEXT;
}

static vmh_lua_act invert(vmh_lua_state *L, vmh_lua_value value, vmh_lua_value *out)
{
    vmh_word word;

    if (value.tag == VMH_LUA_INTEGER) {
        *out = vmh_lua_integer(wrap(~(uint64_t)value.as.integer));
        return VMH_LUA_ACT_NEXT;
    }
    if (!vmh_lua_charge(L, VMH_LUA_GAS_UINT256))
        return VMH_LUA_ACT_STOP;
    word = vmh_word_not(value.as.word);
    return give_word(L, &word, out) == VMH_LUA_NUMBER_DONE ? VMH_LUA_ACT_NEXT : VMH_LUA_ACT_STOP;
}

/* ---- with metamethods ---- */

static vmh_lua_value *registers(vmh_lua_state *L)
{
    return L->running->stack + vmh_lua_top_frame(L)->base;
}

/* Slots behind the registers of the top frame, which is a Lua one. */
static uint32_t scratch(vmh_lua_state *L)
{
    const vmh_lua_frame *frame = vmh_lua_top_frame(L);

    return frame->base + frame->closure->proto->register_count;
}

/* Calls a metamethod with two arguments. */
static vmh_lua_act call_event(vmh_lua_state *L, vmh_lua_value method, vmh_lua_value left,
                              vmh_lua_value right, vmh_lua_back back, uint32_t back_register)
{
    uint32_t slot = scratch(L);
    vmh_lua_value *at = L->running->stack + slot;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
        return VMH_LUA_ACT_STOP;
    at[0] = method;
    at[1] = left;
    at[2] = right;
    return vmh_lua_begin_call(L, slot, 2, 1, back, back_register);
}

static bool is_bitwise(vmh_lua_operator operator)
{
    return (operator >= VMH_LUA_OP_BAND && operator <= VMH_LUA_OP_SHR) ||
           operator == VMH_LUA_OP_BNOT;
}

/* Events of binary operators have their numbers. */
static vmh_lua_value event_of(vmh_lua_state *L, vmh_lua_event event, vmh_lua_value left,
                              vmh_lua_value right)
{
    vmh_lua_value method = vmh_lua_metamethod(L, left, event);

    return vmh_lua_is_nil(method) ? vmh_lua_metamethod(L, right, event) : method;
}

vmh_lua_act vmh_lua_arithmetic(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                               vmh_lua_value right, uint32_t into)
{
    vmh_lua_value result, method;
    const char *text = NULL;

    switch (vmh_lua_calculate(L, operator, left, right, &result, &text)) {
    case VMH_LUA_NUMBER_DONE:
        registers(L)[into] = result;
        return VMH_LUA_ACT_NEXT;
    case VMH_LUA_NUMBER_ERROR:
        return vmh_lua_raise_plain(L, "%s", text);
    case VMH_LUA_NUMBER_STOP:
        return VMH_LUA_ACT_STOP;
    case VMH_LUA_NUMBER_NOT:
        break;
    }
    method = event_of(L, (vmh_lua_event)operator, left, right);
    if (!vmh_lua_is_nil(method))
        return call_event(L, method, left, right, VMH_LUA_BACK_VALUE, into);
    return vmh_lua_raise_operand(L,
                                 is_bitwise(operator) ? "perform bitwise operation on"
                                                       : "perform arithmetic on",
                                 is_number(left) ? right : left, is_number(left));
}

static vmh_lua_act length_of(vmh_lua_state *L, vmh_lua_value value, uint32_t into)
{
    vmh_lua_value method;

    if (value.tag == VMH_LUA_STRING) {
        registers(L)[into] = vmh_lua_integer((int64_t)value.as.string->size);
        return VMH_LUA_ACT_NEXT;
    }
    method = vmh_lua_metamethod(L, value, VMH_LUA_EVENT_LEN);
    if (!vmh_lua_is_nil(method))
        return call_event(L, method, value, value, VMH_LUA_BACK_VALUE, into);
    if (value.tag != VMH_LUA_TABLE)
        return vmh_lua_raise_operand(L, "get length of", value, false);
    registers(L)[into] = vmh_lua_integer((int64_t)vmh_lua_table_length(value.as.table));
    return VMH_LUA_ACT_NEXT;
}

vmh_lua_act vmh_lua_unary(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value value,
                          uint32_t into)
{
    bool is_negation = operator == VMH_LUA_OP_NEG;
    vmh_lua_value result, method;
    vmh_lua_act act;

    if (operator == VMH_LUA_OP_LENGTH)
        return length_of(L, value, into);
    if (is_number(value)) {
        act = is_negation ? negate(L, value, &result) : invert(L, value, &result);
        if (act == VMH_LUA_ACT_NEXT)
            registers(L)[into] = result;
        return act;
    }
    method = vmh_lua_metamethod(L, value,
                                is_negation ? VMH_LUA_EVENT_UNM : VMH_LUA_EVENT_BNOT);
    if (!vmh_lua_is_nil(method))
        return call_event(L, method, value, value, VMH_LUA_BACK_VALUE, into);
    return vmh_lua_raise_operand(L,
                                 is_negation ? "perform arithmetic on"
                                             : "perform bitwise operation on",
                                 value, false);
}

/* ---- comparisons ---- */

static int compare_strings(const vmh_lua_string *a, const vmh_lua_string *b)
{
    size_t size = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, size);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static vmh_lua_act compare_equal(vmh_lua_state *L, vmh_lua_value left, vmh_lua_value right,
                                 bool *truth)
{
    vmh_lua_value method;

    /* Whether they are one object may not be seen, in gas neither. */
    if (left.tag == VMH_LUA_STRING && right.tag == VMH_LUA_STRING &&
        left.as.string->size == right.as.string->size &&
        !vmh_lua_charge_bytes(L, left.as.string->size))
        return VMH_LUA_ACT_STOP;
    *truth = vmh_lua_raw_equal(left, right);
    if (*truth || left.tag != VMH_LUA_TABLE || right.tag != VMH_LUA_TABLE)
        return VMH_LUA_ACT_NEXT;
    method = event_of(L, VMH_LUA_EVENT_EQ, left, right);
    if (vmh_lua_is_nil(method))
        return VMH_LUA_ACT_NEXT;
    return call_event(L, method, left, right, VMH_LUA_BACK_TEST, 0);
}

static vmh_lua_act raise_comparison(vmh_lua_state *L, vmh_lua_value left, vmh_lua_value right)
{
    const char *a = vmh_lua_type_name(left), *b = vmh_lua_type_name(right);

    if (strcmp(a, b) == 0)
        return vmh_lua_raise_plain(L, "attempt to compare two %s values", a);
    return vmh_lua_raise_plain(L, "attempt to compare %s with %s", a, b);
}

vmh_lua_act vmh_lua_compare(vmh_lua_state *L, vmh_lua_operator operator, vmh_lua_value left,
                            vmh_lua_value right, bool *truth)
{
    bool is_less = operator == VMH_LUA_OP_LT;
    vmh_lua_value method;
    int order;

    if (operator == VMH_LUA_OP_EQ)
        return compare_equal(L, left, right, truth);
    if (is_number(left) && is_number(right)) {
        order = vmh_lua_compare_numbers(left, right);
    } else if (left.tag == VMH_LUA_STRING && right.tag == VMH_LUA_STRING) {
        size_t size = left.as.string->size < right.as.string->size ? left.as.string->size
                                                                   : right.as.string->size;

        if (!vmh_lua_charge_bytes(L, size))
            return VMH_LUA_ACT_STOP;
        order = compare_strings(left.as.string, right.as.string);
    } else {
        method = event_of(L, is_less ? VMH_LUA_EVENT_LT : VMH_LUA_EVENT_LE, left, right);
        if (vmh_lua_is_nil(method))
            return raise_comparison(L, left, right);
        return call_event(L, method, left, right, VMH_LUA_BACK_TEST, 0);
    }
    *truth = is_less ? order < 0 : order <= 0;
    return VMH_LUA_ACT_NEXT;
}

/* ---- joining ---- */

/* The size of a string or of a number's text; false for anything else. */
static bool text_size(vmh_lua_value value, size_t *size)
{
    char text[80];

    if (value.tag == VMH_LUA_STRING)
        *size = value.as.string->size;
    else
        *size = vmh_lua_number_text(value, text);
    return value.tag == VMH_LUA_STRING || *size > 0;
}

static uint8_t *put_text(uint8_t *to, vmh_lua_value value)
{
    char text[80];
    size_t size;

    if (value.tag == VMH_LUA_STRING) {
        memcpy(to, value.as.string->bytes, value.as.string->size);
        return to + value.as.string->size;
    }
    size = vmh_lua_number_text(value, text);
    memcpy(to, text, size);
    return to + size;
}

/* Joins the last `count` operands, all of them texts, into the first of them. */
static bool join(vmh_lua_state *L, vmh_lua_value *operands, uint32_t count, size_t size)
{
    vmh_lua_string *joined;
    uint8_t *to;

    for (uint32_t i = 0; i < count; i++) {
        if (!vmh_lua_charge_number_text(L, operands[i]))
            return false;
    }
    if (!vmh_lua_charge_made(L, size))
        return false;
    joined = vmh_lua_string_new_empty(&L->heap, size);
    if (joined == NULL) {
        vmh_lua_stopped(L);
        return false;
    }
    to = joined->bytes;
    for (uint32_t i = 0; i < count; i++)
        to = put_text(to, operands[i]);
    operands[0] = vmh_lua_of_string(joined);
    return true;
}

vmh_lua_act vmh_lua_concat(vmh_lua_state *L)
{
    vmh_lua_frame *frame = vmh_lua_top_frame(L);
    vmh_lua_value *operands = L->running->stack + frame->concat_at;

    while (frame->concat_count > 1) {
        uint32_t count = 0;
        size_t size = 0, part;
        vmh_lua_value left, right, method;

        while (count < frame->concat_count &&
               text_size(operands[frame->concat_count - 1 - count], &part)) {
            size += part;
            count++;
        }
        if (count >= 2) {
            if (!join(L, operands + frame->concat_count - count, count, size))
                return VMH_LUA_ACT_STOP;
            frame->concat_count -= count - 1;
            continue;
        }
        left = operands[frame->concat_count - 2];
        right = operands[frame->concat_count - 1];
        method = event_of(L, VMH_LUA_EVENT_CONCAT, left, right);
        if (vmh_lua_is_nil(method))
            return vmh_lua_raise_operand(L, "concatenate",
                                         text_size(left, &part) ? right : left, false);
        frame->concat_count--;
        return call_event(L, method, left, right, VMH_LUA_BACK_CONCAT, 0);
    }
    L->running->stack[frame->base + frame->ip[-1].a] = operands[0];
    return VMH_LUA_ACT_NEXT;
}
