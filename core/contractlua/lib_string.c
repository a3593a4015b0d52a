/* `string` (manual of Lua 5.4, section 6.4): bytes, ASCII alone has case. */
#include "contractlua/access.h"
#include "contractlua/natives.h"

/* Numbers go behind the arguments. */
static vmh_lua_step string_byte(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t into = frame->argument_count;
    vmh_lua_string *string;
    vmh_lua_step step;
    int64_t first;
    int64_t last;
    uint64_t from;
    uint64_t to;
    vmh_lua_value *slots;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 1, 1, &first, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, first, &last, &step))
        return step;
    from = vmh_lua_first_position(first, string->size);
    to = vmh_lua_last_position(last, string->size);
    if (from > to)
        return vmh_lua_return_none(frame);
    if (to - from >= VMH_LUA_MAX_VALUES)
        return vmh_lua_raise_text(L, "string slice too long");
    if (!vmh_lua_charge(L, (to - from + 1) * VMH_LUA_GAS_PER_STEP) ||
        !vmh_lua_count_frame(L, frame, (to - from + 1) * VMH_LUA_SLOT_COST) ||
        !vmh_lua_reserve(L, frame, into + to - from + 1))
        return vmh_lua_stopped(L);
    slots = vmh_lua_slots(L, frame) + into;
    for (uint64_t i = from; i <= to; i++)
        slots[i - from] = vmh_lua_integer(string->bytes[i - 1]);
    return vmh_lua_return_from(frame, into, (uint32_t)(to - from + 1));
}

static vmh_lua_step string_char(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *made;
    vmh_lua_step step;

    if (!vmh_lua_charge(L, (uint64_t)frame->argument_count * VMH_LUA_GAS_PER_STEP))
        return vmh_lua_stopped(L);
    for (uint32_t i = 0; i < frame->argument_count; i++) {
        int64_t byte;

        if (!vmh_lua_check_integer(L, frame, i, &byte, &step))
            return step;
        if ((uint64_t)byte > UINT8_MAX)
            return vmh_lua_bad_argument(L, frame, i, "value out of range");
    }
    made = vmh_lua_string_new_empty(&L->heap, frame->argument_count);
    if (made == NULL)
        return vmh_lua_stopped(L);
    for (uint32_t i = 0; i < frame->argument_count; i++)
        made->bytes[i] = (uint8_t)vmh_lua_argument(L, frame, i).as.integer;
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

static vmh_lua_step string_len(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *string;
    vmh_lua_step step;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step))
        return step;
    return vmh_lua_return(L, frame, vmh_lua_integer((int64_t)string->size));
}

/* ---- strings of the same size ---- */

/* Eight bytes into eight. */
typedef uint64_t (*change)(uint64_t bytes);

static const uint64_t each_byte = 0x0101010101010101;

/* The high bit of each byte that is ASCII and from `first` to `last`. */
static inline uint64_t bytes_between(uint64_t bytes, uint8_t first, uint8_t last)
{
    uint64_t low_bits = bytes & each_byte * 0x7F;
    uint64_t from_first = low_bits + each_byte * (0x80u - first);
    uint64_t behind_last = low_bits + each_byte * (0x7Fu - last);

    return ~bytes & (from_first ^ behind_last) & each_byte * 0x80;
}

static inline uint64_t lower(uint64_t bytes)
{
    return bytes ^ bytes_between(bytes, 'A', 'Z') >> 2;
}

static inline uint64_t upper(uint64_t bytes)
{
    return bytes ^ bytes_between(bytes, 'a', 'z') >> 2;
}

/* The first argument, and a string of its size to be written; false: return *step. */
static bool begin_same_size(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_string **string,
                            vmh_lua_string **made, vmh_lua_step *step)
{
    if (!vmh_lua_check_string(L, frame, 0, string, step))
        return false;
    *made = vmh_lua_charge_made(L, (*string)->size)
                ? vmh_lua_string_new_empty(&L->heap, (*string)->size)
                : NULL;
    if (*made != NULL)
        return true;
    *step = vmh_lua_stopped(L);
    return false;
}

static inline vmh_lua_step change_bytes(vmh_lua_state *L, vmh_lua_frame *frame, change how)
{
    vmh_lua_string *string;
    vmh_lua_string *made;
    vmh_lua_step step;
    uint64_t bytes = 0;
    size_t at = 0;

    if (!begin_same_size(L, frame, &string, &made, &step))
        return step;
    for (; string->size - at >= sizeof bytes; at += sizeof bytes)
        vmh_put_u64_le(made->bytes + at, how(vmh_get_u64_le(string->bytes + at)));
    memcpy(&bytes, string->bytes + at, string->size - at);
    bytes = how(bytes);
    memcpy(made->bytes + at, &bytes, string->size - at);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

static vmh_lua_step string_lower(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return change_bytes(L, frame, lower);
}

static vmh_lua_step string_upper(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return change_bytes(L, frame, upper);
}

static vmh_lua_step string_reverse(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *string;
    vmh_lua_string *made;
    vmh_lua_step step;
    size_t at = 0;

    if (!begin_same_size(L, frame, &string, &made, &step))
        return step;
    for (; string->size - at >= 8; at += 8)
        vmh_put_u64_be(made->bytes + string->size - at - 8, vmh_get_u64_le(string->bytes + at));
    for (; at < string->size; at++)
        made->bytes[string->size - at - 1] = string->bytes[at];
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

/* ---- strings of other sizes ---- */

/* The first `unit` bytes of `bytes` again and again, up to `size`. */
static void repeat(uint8_t *bytes, size_t unit, size_t size)
{
    while (unit < size) {
        size_t more = unit < size - unit ? unit : size - unit;

        memcpy(bytes + unit, bytes, more);
        unit += more;
    }
}

/* `string` and `separator` in turn, ending with the former. */
static vmh_lua_step repeat_string(vmh_lua_state *L, vmh_lua_frame *frame, vmh_bytes string,
                                  vmh_bytes separator, uint64_t count)
{
    uint64_t unit = (uint64_t)string.size + separator.size;
    vmh_lua_string *made;
    uint64_t size;

    if (unit != 0 && unit > INT64_MAX / count)
        return vmh_lua_raise_text(L, "resulting string too large");
    size = unit * count - separator.size;
    if (!vmh_lua_charge_made(L, size))
        return vmh_lua_stopped(L);
    made = vmh_lua_string_new_empty(&L->heap, size);
    if (made == NULL)
        return vmh_lua_stopped(L);
    if (string.size > 0)
        memcpy(made->bytes, string.data, string.size);
    if (separator.size > 0 && count > 1)
        memcpy(made->bytes + string.size, separator.data, separator.size);
    if (unit > 0)
        repeat(made->bytes, unit, size);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

static vmh_lua_step string_rep(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_bytes separator = {NULL, 0};
    vmh_lua_string *string;
    vmh_lua_string *between;
    vmh_lua_step step;
    int64_t count;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_integer(L, frame, 1, &count, &step))
        return step;
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 2))) {
        if (!vmh_lua_check_string(L, frame, 2, &between, &step))
            return step;
        separator = vmh_lua_string_bytes(between);
    }
    if (count <= 0)
        return vmh_lua_return_bytes(L, frame, vmh_bytes_of(NULL, 0));
    return repeat_string(L, frame, vmh_lua_string_bytes(string), separator, (uint64_t)count);
}

static vmh_lua_step string_sub(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *string;
    vmh_lua_step step;
    int64_t first;
    int64_t last;
    uint64_t from;
    uint64_t to;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_integer(L, frame, 1, &first, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, -1, &last, &step))
        return step;
    from = vmh_lua_first_position(first, string->size);
    to = vmh_lua_last_position(last, string->size);
    return vmh_lua_return_bytes(L, frame,
                                from > to ? vmh_bytes_of(NULL, 0)
                                          : vmh_bytes_of(string->bytes + from - 1, to - from + 1));
}

const vmh_lua_native vmh_lua_string_natives[] = {
    {"byte", string_byte},
    {"char", string_char},
    {"find", vmh_lua_string_find},
    {"format", vmh_lua_string_format},
    {"gmatch", vmh_lua_string_gmatch},
    {"gsub", vmh_lua_string_gsub},
    {"len", string_len},
    {"lower", string_lower},
    {"match", vmh_lua_string_match},
    {"pack", vmh_lua_string_pack},
    {"packsize", vmh_lua_string_packsize},
    {"rep", string_rep},
    {"reverse", string_reverse},
    {"sub", string_sub},
    {"unpack", vmh_lua_string_unpack},
    {"upper", string_upper},
    {NULL, NULL},
};
