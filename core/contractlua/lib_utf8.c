/*
 * `utf8` (manual of Lua 5.4, section 6.5). A character is one to six bytes, of which
 * those beyond four and surrogates are taken where the caller is lax:
 *
 *     0xxxxxxx                                   below 0x80
 *     110xxxxx 10xxxxxx                          below 0x800
 *     1110xxxx 10xxxxxx * 2                      below 0x10000
 *     11110xxx 10xxxxxx * 3                      below 0x200000; strict: 0x110000
 *     111110xx 10xxxxxx * 4, 1111110x ... * 5    below 0x80000000
 *
 * A step is paid for each character read or made, and each byte passed by offset.
 */
#include "contractlua/access.h"

enum { MAX_CODE = 0x7FFFFFFF, MAX_STRICT_CODE = 0x10FFFF };

static const char invalid_code[] = "invalid UTF-8 code";

static bool is_continuation(const vmh_lua_string *string, uint64_t at)
{
    return at < string->size && (string->bytes[at] & 0xC0) == 0x80;
}

/* From 1 on, or from the end on if negative; 0 where that is before the string. */
static int64_t position_of(int64_t position, size_t size)
{
    if (position >= 0)
        return position;
    return 0 - (uint64_t)position > size ? 0 : (int64_t)size + position + 1;
}

/* How many bytes a character takes by its first one; 0: that begins none. */
static unsigned size_by_first(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC0 || first >= 0xFE)
        return 0;
    return (unsigned)__builtin_clz(~(unsigned)first << 24);
}

/* Size of the character at `at`, which is in the string; 0: none is there. */
static unsigned decode(const vmh_lua_string *string, uint64_t at, bool is_strict, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000};
    unsigned size = size_by_first(string->bytes[at]);
    uint32_t read;

    if (size <= 1) {
        *code = string->bytes[at];
        return size;
    }
    read = string->bytes[at] & (0x7Fu >> size);
    for (unsigned i = 1; i < size; i++) {
        if (!is_continuation(string, at + i))
            return 0;
        read = read << 6 | (string->bytes[at + i] & 0x3F);
    }
    *code = read;
    if (read < least[size] ||
        (is_strict && (read > MAX_STRICT_CODE || (read >= 0xD800 && read <= 0xDFFF))))
        return 0;
    return size;
}

static unsigned size_of_code(uint32_t code)
{
    return code < 0x80        ? 1
           : code < 0x800     ? 2
           : code < 0x10000   ? 3
           : code < 0x200000  ? 4
           : code < 0x4000000 ? 5
                              : 6;
}

static uint8_t *encode(uint8_t *to, uint32_t code)
{
    unsigned size = size_of_code(code);

    if (size == 1) {
        *to = (uint8_t)code;
        return to + 1;
    }
    for (unsigned i = size - 1; i > 0; i--) {
        to[i] = (uint8_t)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    to[0] = (uint8_t)(0xFF00u >> size | code);
    return to + size;
}

static vmh_lua_step utf8_char(vmh_lua_state *L, vmh_lua_frame *frame)
{
    size_t size = 0;
    vmh_lua_string *made;
    vmh_lua_step step;
    uint8_t *to;

    if (!vmh_lua_charge(L, (uint64_t)frame->argument_count * VMH_LUA_GAS_PER_STEP))
        return vmh_lua_stopped(L);
    for (uint32_t i = 0; i < frame->argument_count; i++) {
        int64_t code;

        if (!vmh_lua_check_integer(L, frame, i, &code, &step))
            return step;
        if ((uint64_t)code > MAX_CODE)
            return vmh_lua_bad_argument(L, frame, i, "value out of range");
        size += size_of_code((uint32_t)code);
    }
    made = vmh_lua_string_new_empty(&L->heap, size);
    if (made == NULL)
        return vmh_lua_stopped(L);
    to = made->bytes;
    for (uint32_t i = 0; i < frame->argument_count; i++)
        to = encode(to, (uint32_t)vmh_lua_argument(L, frame, i).as.integer);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

/* Codes go behind the arguments. */
static vmh_lua_step push_codes(vmh_lua_state *L, vmh_lua_frame *frame,
                               const vmh_lua_string *string, uint64_t first, uint64_t last)
{
    bool is_strict = !vmh_lua_is_true(vmh_lua_argument(L, frame, 3));
    uint32_t into = frame->argument_count;
    uint32_t count = 0;

    for (uint64_t at = first - 1; at < last;) {
        uint32_t code = 0;
        unsigned size;

        if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP))
            return vmh_lua_stopped(L);
        size = decode(string, at, is_strict, &code);
        if (size == 0)
            return vmh_lua_raise_text(L, "%s", invalid_code);
        if (count == VMH_LUA_MAX_VALUES)
            return vmh_lua_raise_text(L, "string slice too long");
        if (!vmh_lua_count_frame(L, frame, VMH_LUA_SLOT_COST) ||
            !vmh_lua_reserve(L, frame, (uint64_t)into + count + 1))
            return vmh_lua_stopped(L);
        vmh_lua_slots(L, frame)[into + count++] = vmh_lua_integer(code);
        at += size;
    }
    return vmh_lua_return_from(frame, into, count);
}

static vmh_lua_step utf8_codepoint(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *string;
    vmh_lua_step step;
    int64_t first;
    int64_t last;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 1, 1, &first, &step))
        return step;
    first = position_of(first, string->size);
    if (!vmh_lua_check_optional_integer(L, frame, 2, first, &last, &step))
        return step;
    last = position_of(last, string->size);
    if (first < 1)
        return vmh_lua_bad_argument(L, frame, 1, "out of bounds");
    if (last > (int64_t)string->size)
        return vmh_lua_bad_argument(L, frame, 2, "out of bounds");
    if (first > last)
        return vmh_lua_return_none(frame);
    return push_codes(L, frame, string, (uint64_t)first, (uint64_t)last);
}

static vmh_lua_step utf8_len(vmh_lua_state *L, vmh_lua_frame *frame)
{
    bool is_strict = !vmh_lua_is_true(vmh_lua_argument(L, frame, 3));
    int64_t count = 0;
    vmh_lua_string *string;
    vmh_lua_step step;
    int64_t first;
    int64_t last;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 1, 1, &first, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, -1, &last, &step))
        return step;
    first = position_of(first, string->size);
    last = position_of(last, string->size);
    if (first < 1 || first - 1 > (int64_t)string->size)
        return vmh_lua_bad_argument(L, frame, 1, "initial position out of bounds");
    if (last > (int64_t)string->size)
        return vmh_lua_bad_argument(L, frame, 2, "final position out of bounds");
    for (int64_t at = first - 1; at < last; count++) {
        uint32_t code;
        unsigned size;

        if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP))
            return vmh_lua_stopped(L);
        size = decode(string, (uint64_t)at, is_strict, &code);
        if (size == 0) {
            vmh_lua_slots(L, frame)[0] = vmh_lua_nil();
            vmh_lua_slots(L, frame)[1] = vmh_lua_integer(at + 1);
            return vmh_lua_return_from(frame, 0, 2);
        }
        at += size;
    }
    return vmh_lua_return(L, frame, vmh_lua_integer(count));
}

/*
 * Moves `at`, which is no continuation, over `count` characters in a direction, as
 * far as the string goes. `*rest` is how many it could not. False without the gas.
 */
static bool pass_characters(vmh_lua_state *L, const vmh_lua_string *string, int64_t *at,
                            int64_t count, int direction, int64_t *rest)
{
    int64_t end = direction < 0 ? 0 : (int64_t)string->size;

    while (count > 0 && *at != end) {
        do {
            if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP))
                return false;
            *at += direction;
        } while (*at != end && is_continuation(string, (uint64_t)*at));
        count--;
    }
    *rest = count;
    return true;
}

static bool find_beginning(vmh_lua_state *L, const vmh_lua_string *string, int64_t *at)
{
    while (*at > 0 && is_continuation(string, (uint64_t)*at)) {
        if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP))
            return false;
        --*at;
    }
    return true;
}

static vmh_lua_step utf8_offset(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *string;
    vmh_lua_step step;
    int64_t count;
    int64_t at;
    int64_t rest = 0;
    bool is_good;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_integer(L, frame, 1, &count, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, count >= 0 ? 1 : (int64_t)string->size + 1,
                                        &at, &step))
        return step;
    at = position_of(at, string->size) - 1;
    if (at < 0 || at > (int64_t)string->size)
        return vmh_lua_bad_argument(L, frame, 2, "position out of bounds");
    if (count != 0 && is_continuation(string, (uint64_t)at))
        return vmh_lua_raise_text(L, "initial position is a continuation byte");
    if (count == 0)
        is_good = find_beginning(L, string, &at);
    else if (count > 0)
        is_good = pass_characters(L, string, &at, count - 1, 1, &rest);
    else
        is_good = pass_characters(L, string, &at, count == INT64_MIN ? INT64_MAX : -count, -1,
                                  &rest);
    if (!is_good)
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, rest == 0 ? vmh_lua_integer(at + 1) : vmh_lua_nil());
}

/* ---- codes ---- */

/* Control is where the last character began, from 1 on; 0 at first. */
static vmh_lua_step codes_next(vmh_lua_state *L, vmh_lua_frame *frame, bool is_strict)
{
    vmh_lua_value control = vmh_lua_argument(L, frame, 1);
    uint64_t at = control.tag == VMH_LUA_INTEGER ? (uint64_t)control.as.integer : 0;
    uint32_t code = 0;
    vmh_lua_string *string;
    vmh_lua_step step;
    unsigned size;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step))
        return step;
    for (; is_continuation(string, at); at++) {
        if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP))
            return vmh_lua_stopped(L);
    }
    if (at >= string->size)
        return vmh_lua_return_none(frame);
    size = decode(string, at, is_strict, &code);
    if (size == 0 || is_continuation(string, at + size))
        return vmh_lua_raise_text(L, "%s", invalid_code);
    vmh_lua_slots(L, frame)[0] = vmh_lua_integer((int64_t)at + 1);
    vmh_lua_slots(L, frame)[1] = vmh_lua_integer(code);
    return vmh_lua_return_from(frame, 0, 2);
}

static vmh_lua_step codes_next_strict(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return codes_next(L, frame, true);
}

static vmh_lua_step codes_next_lax(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return codes_next(L, frame, false);
}

static const vmh_lua_native strict_native = {"codes", codes_next_strict};
static const vmh_lua_native lax_native = {"codes", codes_next_lax};

const vmh_lua_native_object vmh_lua_utf8_codes_next = {.native = &strict_native};
const vmh_lua_native_object vmh_lua_utf8_codes_next_lax = {.native = &lax_native};

static vmh_lua_step utf8_codes(vmh_lua_state *L, vmh_lua_frame *frame)
{
    bool is_lax = vmh_lua_is_true(vmh_lua_argument(L, frame, 1));
    const vmh_lua_native_object *next =
        is_lax ? &vmh_lua_utf8_codes_next_lax : &vmh_lua_utf8_codes_next;
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_string *string;
    vmh_lua_step step;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step))
        return step;
    if (is_continuation(string, 0))
        return vmh_lua_bad_argument(L, frame, 0, "%s", invalid_code);
    /* Values have no constant pointers; nobody writes to what keeps nothing. */
    slots[0] = (vmh_lua_value){.tag = VMH_LUA_NATIVE,
                               .as = {.native = (vmh_lua_native_object *)next}};
    slots[1] = vmh_lua_of_string(string);
    slots[2] = vmh_lua_integer(0);
    return vmh_lua_return_from(frame, 0, 3);
}

const vmh_lua_native vmh_lua_utf8_natives[] = {
    {"char", utf8_char},
    {"codepoint", utf8_codepoint},
    {"codes", utf8_codes},
    {"len", utf8_len},
    {"offset", utf8_offset},
    {NULL, NULL},
};

const vmh_lua_constant vmh_lua_utf8_constants[] = {
    {.name = "charpattern",
     .text = {(const uint8_t *)"[\0-\x7F\xC2-\xFD][\x80-\xBF]*", 14}},
    {.name = NULL},
};
