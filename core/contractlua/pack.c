/*
 * string.pack, packsize and unpack. What depends on a machine is not there: sizes
 * and the order of bytes are always said.
 *
 *     < >         little, big endian, for what follows; an integer, or a size, of more than one
 *                 byte needs it
 *     ![n]        what follows is aligned to at most n; n is not left out; at first 1
 *     b B         an integer of one byte, signed or not
 *     i[n] I[n]   an integer of n bytes, 1 to 16; n is not left out
 *     s[n]        a string behind its size in n bytes; n is not left out
 *     z           a string that a zero ends
 *     c[n]        a string of n bytes, filled up with zeros
 *     x           a zero
 *     X op        zeros up to the alignment of op
 *     space       nothing
 *
 * Not there, beside floats (d f n): h H l L j J T and =. A step is paid for each
 * byte of the format, and the bytes that come out or are read.
 */
#include "contractlua/access.h"
#include "contractlua/builder.h"
#include "contractlua/natives.h"

enum { MAX_INTEGER_SIZE = 16, OWN_INTEGER_SIZE = 8 };

typedef enum option_kind {
    SIGNED,
    UNSIGNED,
    CHARACTERS, /* c */
    SIZED,      /* s */
    ZERO_ENDED, /* z */
    ZERO,       /* x */
    ALIGN,      /* X */
    NOTHING,
} option_kind;

typedef enum byte_order { ORDER_UNSAID, ORDER_LITTLE, ORDER_BIG } byte_order;

typedef struct option {
    option_kind kind;
    size_t size;     /* in bytes, of what has always the same; of a size */
    size_t to_align; /* zeros before it */
} option;

typedef struct reader {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    const vmh_lua_string *format;
    size_t at;
    byte_order order;
    size_t greatest_alignment;
    vmh_lua_step step; /* where a function below gave false */
} reader;

static bool stop(reader *r)
{
    r->step = vmh_lua_stopped(r->L);
    return false;
}

static bool refuse_argument(reader *r, uint32_t index, const char *text)
{
    r->step = vmh_lua_bad_argument(r->L, r->frame, index, "%s", text);
    return false;
}

/* ---- the format ---- */

/* A number at the format's place; false without one. As far as it fits, as in stock Lua. */
static bool read_number(reader *r, size_t *number)
{
    size_t first = r->at;

    *number = 0;
    while (r->at < r->format->size && *number <= (INT32_MAX - 9) / 10 &&
           r->format->bytes[r->at] >= '0' && r->format->bytes[r->at] <= '9')
        *number = *number * 10 + (size_t)(r->format->bytes[r->at++] - '0');
    return r->at > first;
}

/* The size of an integer, behind its letter. */
static bool read_size(reader *r, char letter, size_t *size)
{
    if (!read_number(r, size)) {
        r->step = vmh_lua_raise_text(r->L, "missing size for format option '%c'", letter);
        return false;
    }
    if (*size >= 1 && *size <= MAX_INTEGER_SIZE)
        return true;
    r->step = vmh_lua_raise_text(r->L, "integral size (%zu) out of limits [1,%d]", *size,
                                 MAX_INTEGER_SIZE);
    return false;
}

static bool read_kind(reader *r, option *o)
{
    char letter = (char)r->format->bytes[r->at++];

    *o = (option){.kind = NOTHING};
    switch (letter) {
    case 'b':
    case 'B':
        *o = (option){.kind = letter == 'b' ? SIGNED : UNSIGNED, .size = 1};
        return true;
    case 'i':
    case 'I':
        o->kind = letter == 'i' ? SIGNED : UNSIGNED;
        return read_size(r, letter, &o->size);
    case 's':
        o->kind = SIZED;
        return read_size(r, letter, &o->size);
    case 'c':
        o->kind = CHARACTERS;
        if (read_number(r, &o->size))
            return true;
        r->step = vmh_lua_raise_text(r->L, "missing size for format option 'c'");
        return false;
    case 'z':
        o->kind = ZERO_ENDED;
        return true;
    case 'x':
        *o = (option){.kind = ZERO, .size = 1};
        return true;
    case 'X':
        o->kind = ALIGN;
        return true;
    case ' ':
        return true;
    case '<':
        r->order = ORDER_LITTLE;
        return true;
    case '>':
        r->order = ORDER_BIG;
        return true;
    case '!':
        return read_size(r, letter, &r->greatest_alignment);
    default:
        r->step = vmh_lua_raise_text(r->L, "invalid format option '%c'", letter);
        return false;
    }
}

static bool has_number(option_kind kind)
{
    return kind == SIGNED || kind == UNSIGNED || kind == SIZED;
}

/* The size that the option behind an X would be aligned to. */
static bool read_alignment(reader *r, size_t *alignment)
{
    option next;

    if (r->at == r->format->size)
        return refuse_argument(r, 0, "invalid next option for option 'X'");
    if (!read_kind(r, &next))
        return false;
    if (next.kind == CHARACTERS || next.size == 0)
        return refuse_argument(r, 0, "invalid next option for option 'X'");
    *alignment = next.size;
    return true;
}

/* The next option; `total` is how many bytes are before it. */
static bool read_option(reader *r, uint64_t total, option *o)
{
    size_t alignment;

    if (!read_kind(r, o))
        return false;
    if (has_number(o->kind) && o->size > 1 && r->order == ORDER_UNSAID)
        return refuse_argument(r, 0, "format says no order of bytes, '<' or '>'");
    alignment = o->size;
    if (o->kind == ALIGN && !read_alignment(r, &alignment))
        return false;
    if (alignment <= 1 || o->kind == CHARACTERS)
        return true;
    if (alignment > r->greatest_alignment)
        alignment = r->greatest_alignment;
    if ((alignment & (alignment - 1)) != 0)
        return refuse_argument(r, 0, "format asks for alignment not power of 2");
    o->to_align = (alignment - (size_t)(total & (alignment - 1))) & (alignment - 1);
    return true;
}

/* The format is the first argument. */
static bool begin(reader *r, vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_string *format;

    *r = (reader){.L = L, .frame = frame, .greatest_alignment = 1};
    if (!vmh_lua_check_string(L, frame, 0, &format, &r->step))
        return false;
    r->format = format;
    return vmh_lua_charge(L, format->size * VMH_LUA_GAS_PER_STEP) || stop(r);
}

/* ---- pack ---- */

static void put_integer(uint8_t *to, uint64_t number, size_t size, bool is_negative,
                        byte_order order)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t rest = i < OWN_INTEGER_SIZE ? number >> 8 * i : is_negative ? UINT64_MAX : 0;

        to[order == ORDER_BIG ? size - 1 - i : i] = (uint8_t)rest;
    }
}

/* Room for an option's bytes and the zeros before it. */
static uint8_t *extend(reader *r, vmh_lua_builder *builder, size_t to_align, uint64_t size)
{
    uint8_t *to = vmh_lua_builder_extend(r->L, builder, to_align + size);

    if (to == NULL) {
        stop(r);
        return NULL;
    }
    memset(to, 0, to_align);
    return to + to_align;
}

static bool pack_integer(reader *r, vmh_lua_builder *builder, const option *o, uint32_t index)
{
    int64_t number;
    uint8_t *to;

    if (!vmh_lua_check_integer(r->L, r->frame, index, &number, &r->step))
        return false;
    if (o->size < OWN_INTEGER_SIZE && o->kind == SIGNED) {
        int64_t limit = (int64_t)1 << (o->size * 8 - 1);

        if (number < -limit || number >= limit)
            return refuse_argument(r, index, "integer overflow");
    } else if (o->size < OWN_INTEGER_SIZE && (uint64_t)number >> o->size * 8 != 0) {
        return refuse_argument(r, index, "unsigned overflow");
    }
    to = extend(r, builder, o->to_align, o->size);
    if (to == NULL)
        return false;
    put_integer(to, (uint64_t)number, o->size, o->kind == SIGNED && number < 0, r->order);
    return true;
}

/* Bytes before a string, the string, and zeros behind it. */
static bool pack_string(reader *r, vmh_lua_builder *builder, const option *o, uint32_t index)
{
    size_t before = o->kind == SIZED ? o->size : 0;
    size_t behind = o->kind == ZERO_ENDED ? 1 : 0;
    vmh_lua_string *string;
    uint8_t *to;

    if (!vmh_lua_check_string(r->L, r->frame, index, &string, &r->step))
        return false;
    if (o->kind == CHARACTERS) {
        if (string->size > o->size)
            return refuse_argument(r, index, "string longer than given size");
        behind = o->size - string->size;
    } else if (o->kind == SIZED && o->size < OWN_INTEGER_SIZE && string->size >> o->size * 8 != 0) {
        return refuse_argument(r, index, "string length does not fit in given size");
    } else if (o->kind == ZERO_ENDED) {
        if (!vmh_lua_charge_bytes(r->L, string->size))
            return stop(r);
        if (memchr(string->bytes, 0, string->size) != NULL)
            return refuse_argument(r, index, "string contains zeros");
    }
    to = extend(r, builder, o->to_align, (uint64_t)before + string->size + behind);
    if (to == NULL)
        return false;
    put_integer(to, string->size, before, false, r->order);
    memcpy(to + before, string->bytes, string->size);
    memset(to + before + string->size, 0, behind);
    return true;
}

static bool pack_option(reader *r, vmh_lua_builder *builder, const option *o, uint32_t *index)
{
    uint8_t *to;

    switch (o->kind) {
    case SIGNED:
    case UNSIGNED:
        return pack_integer(r, builder, o, (*index)++);
    case CHARACTERS:
    case SIZED:
    case ZERO_ENDED:
        return pack_string(r, builder, o, (*index)++);
    case ZERO:
    case ALIGN:
        if (o->to_align + o->size == 0)
            return true;
        to = extend(r, builder, o->to_align, o->size);
        if (to != NULL)
            memset(to, 0, o->size);
        return to != NULL;
    default:
        return true;
    }
}

vmh_lua_step vmh_lua_string_pack(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_builder builder = {0};
    uint32_t index = 1;
    vmh_lua_string *made;
    option o;
    reader r;

    if (!begin(&r, L, frame))
        return r.step;
    while (r.at < r.format->size) {
        size_t total = builder.string == NULL ? 0 : builder.string->size;

        if (!read_option(&r, total, &o) || !pack_option(&r, &builder, &o, &index))
            return r.step;
    }
    made = vmh_lua_builder_finish(L, &builder);
    if (made == NULL)
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}

vmh_lua_step vmh_lua_string_packsize(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint64_t total = 0;
    option o;
    reader r;

    if (!begin(&r, L, frame))
        return r.step;
    while (r.at < r.format->size) {
        if (!read_option(&r, total, &o))
            return r.step;
        if (o.kind == SIZED || o.kind == ZERO_ENDED)
            return vmh_lua_bad_argument(L, frame, 0, "variable-length format");
        total += o.to_align + o.size;
        if (total > INT32_MAX)
            return vmh_lua_bad_argument(L, frame, 0, "format result too large");
    }
    return vmh_lua_return(L, frame, vmh_lua_integer((int64_t)total));
}

/* ---- unpack ---- */

/* Bytes beyond a 64-bit integer must be its sign. */
static bool get_integer(reader *r, const uint8_t *from, const option *o, bool is_signed,
                        int64_t *out)
{
    uint64_t number = 0;
    uint8_t beyond;

    for (size_t i = o->size < OWN_INTEGER_SIZE ? o->size : OWN_INTEGER_SIZE; i > 0; i--)
        number = number << 8 | from[r->order == ORDER_BIG ? o->size - i : i - 1];
    if (o->size < OWN_INTEGER_SIZE && is_signed) {
        uint64_t sign = (uint64_t)1 << (o->size * 8 - 1);

        number = (number ^ sign) - sign;
    }
    beyond = is_signed && (int64_t)number < 0 ? 0xFF : 0;
    for (size_t i = OWN_INTEGER_SIZE; i < o->size; i++) {
        if (from[r->order == ORDER_BIG ? o->size - 1 - i : i] == beyond)
            continue;
        r->step = vmh_lua_raise_text(r->L, "%zu-byte integer does not fit into Lua Integer",
                                     o->size);
        return false;
    }
    *out = (int64_t)number;
    return true;
}

/* The bytes up to a zero at the beginning of `rest`; no more is looked at than can be paid. */
static bool find_zero(reader *r, vmh_bytes rest, vmh_bytes *bytes)
{
    uint64_t most = (uint64_t)r->L->gas / VMH_LUA_GAS_PER_WORD * 32 + 32;
    const uint8_t *end;

    if (rest.size > most)
        rest.size = (size_t)most;
    end = rest.size == 0 ? NULL : memchr(rest.data, 0, rest.size);
    *bytes = vmh_bytes_of(rest.data, end == NULL ? rest.size : (size_t)(end - rest.data));
    if (!vmh_lua_charge_bytes(r->L, bytes->size))
        return stop(r);
    return end != NULL || refuse_argument(r, 1, "unfinished string for format 'z'");
}

/* The bytes of a string option at `*at`, which goes behind it. */
static bool find_string(reader *r, vmh_bytes data, const option *o, size_t *at, vmh_bytes *bytes)
{
    int64_t size = 0;

    switch (o->kind) {
    case CHARACTERS:
        *bytes = vmh_bytes_of(data.data + *at, o->size);
        *at += o->size;
        return true;
    case SIZED:
        if (!get_integer(r, data.data + *at, o, false, &size))
            return false;
        *at += o->size;
        if ((uint64_t)size > data.size - *at)
            return refuse_argument(r, 1, "data string too short");
        *bytes = vmh_bytes_of(data.data + *at, (size_t)size);
        *at += (size_t)size;
        return true;
    default:
        if (!find_zero(r, vmh_bytes_of(data.data + *at, data.size - *at), bytes))
            return false;
        *at += bytes->size + 1;
        return true;
    }
}

/* The value of an option, which has one. */
static bool unpack_value(reader *r, vmh_bytes data, const option *o, size_t *at,
                         vmh_lua_value *value)
{
    vmh_lua_string *string;
    vmh_bytes bytes;
    int64_t number;

    if (o->kind == SIGNED || o->kind == UNSIGNED) {
        if (!get_integer(r, data.data + *at, o, o->kind == SIGNED, &number))
            return false;
        *at += o->size;
        *value = vmh_lua_integer(number);
        return true;
    }
    if (!find_string(r, data, o, at, &bytes))
        return false;
    if (!vmh_lua_charge_made(r->L, bytes.size))
        return stop(r);
    string = vmh_lua_string_new(&r->L->heap, bytes);
    if (string == NULL)
        return stop(r);
    *value = vmh_lua_of_string(string);
    return true;
}

static bool unpack_option(reader *r, vmh_bytes data, const option *o, size_t *at,
                          uint32_t *count)
{
    uint32_t into = r->frame->argument_count + *count;
    vmh_lua_value value;

    if (o->to_align + o->size > data.size - *at)
        return refuse_argument(r, 1, "data string too short");
    *at += o->to_align;
    if (o->kind >= ZERO) {
        *at += o->size;
        return true;
    }
    if (*count + 1 >= VMH_LUA_MAX_VALUES) {
        r->step = vmh_lua_raise_text(r->L, "too many results");
        return false;
    }
    if (!vmh_lua_count_frame(r->L, r->frame, VMH_LUA_SLOT_COST) ||
        !vmh_lua_reserve(r->L, r->frame, (uint64_t)into + 1))
        return stop(r);
    if (!unpack_value(r, data, o, at, &value))
        return false;
    vmh_lua_slots(r->L, r->frame)[into] = value;
    ++*count;
    return true;
}

vmh_lua_step vmh_lua_string_unpack(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t count = 0;
    vmh_lua_string *data;
    int64_t position;
    option o;
    size_t at;
    reader r;

    if (!begin(&r, L, frame) || !vmh_lua_check_string(L, frame, 1, &data, &r.step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, 1, &position, &r.step))
        return r.step;
    if (vmh_lua_first_position(position, data->size) - 1 > data->size)
        return vmh_lua_bad_argument(L, frame, 2, "initial position out of string");
    at = (size_t)vmh_lua_first_position(position, data->size) - 1;
    while (r.at < r.format->size) {
        if (!read_option(&r, at, &o) ||
            !unpack_option(&r, vmh_lua_string_bytes(data), &o, &at, &count))
            return r.step;
    }
    /* Where the next would begin comes last; there always is room for that. */
    vmh_lua_slots(L, frame)[frame->argument_count + count] = vmh_lua_integer((int64_t)at + 1);
    return vmh_lua_return_from(frame, frame->argument_count, count + 1);
}
