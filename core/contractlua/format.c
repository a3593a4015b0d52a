/*
 * string.format. A directive is a `%`, flags, a width and a precision of up to two
 * digits, and a letter:
 *
 *     c           flag -             a byte, by its number
 *     d i         flags - + space 0  an integer, a uint256
 *     u           flags - 0          an integer, as one without a sign
 *     o x X       flags - # 0        the same, in base 8 or 16
 *     s           flag -             a text, by __tostring if there is one
 *     q           nothing            a literal that the compiler reads as the value
 *     %           nothing            itself
 *
 * There are no floats, and no addresses to print. Paid are each directive,
 * `%%` as a step, and the bytes that come out; what comes out of a uint256 is divided.
 */
#include "contractlua/access.h"
#include "contractlua/builder.h"
#include "contractlua/natives.h"

enum { START, CALLED };

/* Numbers of the frame while __tostring is called; behind the arguments lie what is built, and
   the call. */
enum { DIRECTIVE_AT, ARGUMENT, CAPACITY };

enum { MAX_DIRECTIVE = 21 }; /* without its letter */

typedef struct directive {
    vmh_bytes text; /* all of it, for errors */
    char letter;
    bool is_left, is_signed, is_spaced, is_alternate, is_zeroed;
    unsigned width;
    unsigned precision;
    bool has_precision;
} directive;

typedef struct formatting {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    const vmh_lua_string *format;
    size_t at;         /* of the format */
    uint32_t argument; /* of the directive, from 0 on */
    vmh_lua_builder builder;
    vmh_lua_step step; /* where a function below gave false */
} formatting;

static bool stop(formatting *f)
{
    f->step = vmh_lua_stopped(f->L);
    return false;
}

static bool add(formatting *f, vmh_bytes bytes)
{
    return bytes.size == 0 || vmh_lua_builder_add(f->L, &f->builder, bytes) || stop(f);
}

/* ---- reading a directive ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_flag(uint8_t c)
{
    return c == '-' || c == '+' || c == ' ' || c == '#' || c == '0';
}

static bool refuse(formatting *f, const char *what, const directive *d)
{
    f->step = vmh_lua_raise_text(f->L, what, (int)d->text.size, (const char *)d->text.data);
    return false;
}

/* Up to two digits at `*at`. */
static unsigned read_number(vmh_bytes text, size_t *at)
{
    unsigned number = 0;

    for (int i = 0; i < 2 && *at < text.size && is_digit(text.data[*at]); i++)
        number = number * 10 + (text.data[(*at)++] - (unsigned)'0');
    return number;
}

/* The flags that a letter takes; NULL: there is no such letter. */
static const char *flags_of(char letter)
{
    switch (letter) {
    case 'c':
    case 's':
        return "-";
    case 'd':
    case 'i':
        return "-+ 0";
    case 'u':
        return "-0";
    case 'o':
    case 'x':
    case 'X':
        return "-#0";
    case 'q':
        return "";
    default:
        return NULL;
    }
}

/* Takes the text apart; false where it is not as the letter wants it. */
static bool read_parts(directive *d, const char *flags)
{
    size_t at = 1;
    uint8_t c;

    while (at < d->text.size && is_flag(c = d->text.data[at])) {
        if (strchr(flags, c) == NULL)
            return false;
        d->is_left |= c == '-';
        d->is_signed |= c == '+';
        d->is_spaced |= c == ' ';
        d->is_alternate |= c == '#';
        d->is_zeroed |= c == '0';
        at++;
    }
    d->width = read_number(d->text, &at);
    if (d->text.data[at] == '.' && d->letter != 'c') {
        at++;
        d->has_precision = true;
        d->precision = read_number(d->text, &at);
    }
    return at + 1 == d->text.size;
}

/* The directive at f->at, which is a `%`. */
static bool read_directive(formatting *f, directive *d)
{
    const vmh_lua_string *format = f->format;
    const char *flags;
    size_t end = f->at + 1;

    *d = (directive){.letter = 0};
    while (end < format->size && (is_flag(format->bytes[end]) || is_digit(format->bytes[end]) ||
                                  format->bytes[end] == '.'))
        end++;
    if (end - f->at > MAX_DIRECTIVE) {
        f->step = vmh_lua_raise_text(f->L, "invalid format (too long)");
        return false;
    }
    if (end < format->size)
        d->letter = (char)format->bytes[end++];
    d->text = vmh_bytes_of(format->bytes + f->at, end - f->at);
    flags = flags_of(d->letter);
    if (flags == NULL)
        return refuse(f, "invalid conversion '%.*s' to 'format'", d);
    if (d->letter == 'q' && d->text.size != 2) {
        f->step = vmh_lua_raise_text(f->L, "specifier '%%q' cannot have modifiers");
        return false;
    }
    if (!read_parts(d, flags))
        return refuse(f, "invalid conversion specification: '%.*s'", d);
    return true;
}

/* ---- writing ---- */

static void fill(uint8_t **to, uint8_t byte, size_t count)
{
    memset(*to, byte, count);
    *to += count;
}

static void put(uint8_t **to, vmh_bytes bytes)
{
    if (bytes.size > 0)
        memcpy(*to, bytes.data, bytes.size);
    *to += bytes.size;
}

/* Sign or base, zeros, and digits, in the width that there is. */
static bool add_padded(formatting *f, const directive *d, vmh_bytes prefix, size_t zeros,
                       vmh_bytes body)
{
    size_t size = prefix.size + zeros + body.size;
    size_t blanks = d->width > size ? d->width - size : 0;
    uint8_t *to;

    if (size + blanks == 0)
        return true;
    to = vmh_lua_builder_extend(f->L, &f->builder, size + blanks);
    if (to == NULL)
        return stop(f);
    if (!d->is_left)
        fill(&to, ' ', blanks);
    put(&to, prefix);
    fill(&to, '0', zeros);
    put(&to, body);
    if (d->is_left)
        fill(&to, ' ', blanks);
    return true;
}

/* A number's digits with the zeros that precision or width ask for. */
static bool add_number(formatting *f, const directive *d, vmh_bytes prefix, vmh_bytes digits)
{
    size_t zeros = 0;

    if (d->has_precision)
        zeros = d->precision > digits.size ? d->precision - digits.size : 0;
    else if (d->is_zeroed && !d->is_left && d->width > prefix.size + digits.size)
        zeros = d->width - prefix.size - digits.size;
    return add_padded(f, d, prefix, zeros, digits);
}

/* Digits of a number in a base, at the end of `text`. Of 0 there are none. */
static vmh_bytes digits_of(uint64_t number, unsigned base, bool is_upper, char text[24])
{
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t at = 24;

    for (; number != 0; number /= base)
        text[--at] = digits[number % base];
    return vmh_bytes_of(text + at, 24 - at);
}

/* A precision of 0 shows no digit of 0. */
static vmh_bytes at_least_zero(const directive *d, vmh_bytes digits)
{
    if (digits.size > 0 || (d->has_precision && d->precision == 0))
        return digits;
    return VMH_LITERAL("0");
}

static bool add_decimal(formatting *f, const directive *d, vmh_lua_value value)
{
    vmh_bytes prefix = d->is_signed   ? VMH_LITERAL("+")
                       : d->is_spaced ? VMH_LITERAL(" ")
                                      : vmh_bytes_of(NULL, 0);
    char text[80];
    vmh_bytes digits;
    uint64_t number;

    if (value.tag == VMH_LUA_UINT256) {
        if (!vmh_lua_charge_number_text(f->L, value))
            return stop(f);
        digits = vmh_bytes_of(text, vmh_lua_number_text(value, text));
        if (vmh_word_is_zero(value.as.word))
            digits.size = 0;
    } else {
        number = (uint64_t)value.as.integer;
        if (value.as.integer < 0) {
            prefix = VMH_LITERAL("-");
            number = 0 - number;
        }
        digits = digits_of(number, 10, false, text);
    }
    return add_number(f, d, prefix, at_least_zero(d, digits));
}

static bool add_unsigned(formatting *f, const directive *d, uint64_t number)
{
    bool is_upper = d->letter == 'X';
    unsigned base = d->letter == 'u' ? 10 : d->letter == 'o' ? 8 : 16;
    vmh_bytes prefix = {NULL, 0};
    char text[24];
    vmh_bytes digits = digits_of(number, base, is_upper, text);
    directive octal = *d;

    if (base == 8 && d->is_alternate) {
        /* At least one zero in front; more of them, by precision or width, are enough. */
        if (octal.has_precision && octal.precision <= digits.size)
            octal.precision = (unsigned)digits.size + 1;
        else if (!octal.has_precision && number != 0 &&
                 !(d->is_zeroed && !d->is_left && d->width > digits.size))
            prefix = VMH_LITERAL("0");
        return add_number(f, &octal, prefix, at_least_zero(&octal, digits));
    }
    if (base == 16 && d->is_alternate && number != 0)
        prefix = is_upper ? VMH_LITERAL("0X") : VMH_LITERAL("0x");
    return add_number(f, d, prefix, at_least_zero(d, digits));
}

static bool add_integer(formatting *f, const directive *d, vmh_lua_value value)
{
    bool is_decimal = d->letter == 'd' || d->letter == 'i';
    int64_t number;

    if (is_decimal && value.tag == VMH_LUA_UINT256)
        return add_decimal(f, d, value);
    if (!vmh_lua_check_integer(f->L, f->frame, f->argument, &number, &f->step))
        return false;
    if (is_decimal)
        return add_decimal(f, d, value);
    if (d->letter == 'c') {
        uint8_t byte = (uint8_t)number;

        return add_padded(f, d, vmh_bytes_of(NULL, 0), 0, vmh_bytes_of(&byte, 1));
    }
    return add_unsigned(f, d, (uint64_t)number);
}

/* ---- texts ---- */

static bool add_string(formatting *f, const directive *d, vmh_bytes text)
{
    if (d->has_precision && d->precision < text.size)
        text.size = d->precision;
    return add_padded(f, d, vmh_bytes_of(NULL, 0), 0, text);
}

/* Away with what is not in the frame: f->step is a call of __tostring. */
static bool ask_for_text(formatting *f, vmh_lua_value method, vmh_lua_value value)
{
    vmh_lua_value *slots = vmh_lua_slots(f->L, f->frame) + f->frame->argument_count;

    slots[1] = method;
    slots[2] = value;
    f->step = vmh_lua_call_back(
        f->L, f->frame, (vmh_lua_callback){f->frame->argument_count + 1, CALLED}, 1);
    f->frame->numbers[DIRECTIVE_AT] = (int64_t)f->at;
    f->frame->numbers[ARGUMENT] = f->argument;
    slots[0] = vmh_lua_builder_keep(&f->builder, &f->frame->numbers[CAPACITY]);
    return false;
}

static bool add_text(formatting *f, const directive *d, vmh_lua_value value)
{
    vmh_lua_value method;
    char text[80];
    size_t size;

    if (value.tag == VMH_LUA_STRING)
        return add_string(f, d, vmh_lua_string_bytes(value.as.string));
    method = vmh_lua_metamethod(f->L, value, VMH_LUA_EVENT_TOSTRING);
    if (!vmh_lua_is_nil(method))
        return ask_for_text(f, method, value);
    method = vmh_lua_metamethod(f->L, value, VMH_LUA_EVENT_NAME);
    if (method.tag == VMH_LUA_STRING)
        return add_string(f, d, vmh_lua_string_bytes(method.as.string));
    if (!vmh_lua_charge_number_text(f->L, value))
        return stop(f);
    size = vmh_lua_number_text(value, text);
    if (size > 0)
        return add_string(f, d, vmh_bytes_of(text, size));
    return add_string(f, d,
                      vmh_bytes_text(value.tag == VMH_LUA_TRUE    ? "true"
                                     : value.tag == VMH_LUA_FALSE ? "false"
                                                                  : vmh_lua_type_name(value)));
}

/* ---- literals ---- */

static bool is_control(uint8_t c)
{
    return c < 32 || c == 127;
}

/* How a byte of a string is written in quotes, up to 4 bytes. */
static size_t quote_byte(uint8_t c, bool is_digit_next, uint8_t out[4])
{
    size_t size = 0;

    if (c == '"' || c == '\\' || c == '\n') {
        out[0] = '\\';
        out[1] = c;
        return 2;
    }
    if (!is_control(c)) {
        out[0] = c;
        return 1;
    }
    out[size++] = '\\';
    if (is_digit_next || c >= 100)
        out[size++] = (uint8_t)('0' + c / 100);
    if (is_digit_next || c >= 10)
        out[size++] = (uint8_t)('0' + c / 10 % 10);
    out[size++] = (uint8_t)('0' + c % 10);
    return size;
}

static bool add_quoted(formatting *f, const vmh_lua_string *string)
{
    size_t plain = 0; /* where what needs no escape began */

    if (!vmh_lua_charge(f->L, string->size * VMH_LUA_GAS_PER_STEP))
        return stop(f);
    if (!add(f, VMH_LITERAL("\"")))
        return false;
    for (size_t i = 0; i < string->size; i++) {
        bool is_digit_next = i + 1 < string->size && is_digit(string->bytes[i + 1]);
        uint8_t quoted[4];
        size_t size = quote_byte(string->bytes[i], is_digit_next, quoted);

        if (size == 1)
            continue;
        if (!add(f, vmh_bytes_of(string->bytes + plain, i - plain)) ||
            !add(f, vmh_bytes_of(quoted, size)))
            return false;
        plain = i + 1;
    }
    return add(f, vmh_bytes_of(string->bytes + plain, string->size - plain)) &&
           add(f, VMH_LITERAL("\""));
}

static bool add_literal(formatting *f, const directive *d, vmh_lua_value value)
{
    switch ((vmh_lua_tag)value.tag) {
    case VMH_LUA_STRING:
        return add_quoted(f, value.as.string);
    case VMH_LUA_INTEGER:
        /* There is no numeral for it but this one. */
        if (value.as.integer == INT64_MIN)
            return add(f, VMH_LITERAL("0x8000000000000000"));
        return add_decimal(f, d, value);
    case VMH_LUA_NIL:
    case VMH_LUA_FALSE:
    case VMH_LUA_TRUE:
        return add_text(f, d, value);
    default:
        f->step = vmh_lua_bad_argument(f->L, f->frame, f->argument, "value has no literal form");
        return false;
    }
}

/* ---- all of it ---- */

/* What a directive makes of its argument. */
static bool add_argument(formatting *f, const directive *d)
{
    vmh_lua_value value = vmh_lua_argument(f->L, f->frame, f->argument);

    switch (d->letter) {
    case 's':
        return add_text(f, d, value);
    case 'q':
        return add_literal(f, d, value);
    default:
        return add_integer(f, d, value);
    }
}

/* The directive at f->at; `*text` is what __tostring gave for it, or NULL. */
static bool add_directive(formatting *f, const vmh_lua_value *text)
{
    directive d;

    if (text == NULL) {
        if (!vmh_lua_charge(f->L, VMH_LUA_GAS_DIRECTIVE))
            return stop(f);
        if (++f->argument >= f->frame->argument_count) {
            f->step = vmh_lua_bad_argument(f->L, f->frame, f->argument, "no value");
            return false;
        }
    }
    if (!read_directive(f, &d))
        return false;
    if (text != NULL && text->tag != VMH_LUA_STRING) {
        f->step = vmh_lua_raise_text(f->L, "'__tostring' must return a string");
        return false;
    }
    if (!(text != NULL ? add_string(f, &d, vmh_lua_string_bytes(text->as.string))
                       : add_argument(f, &d)))
        return false;
    f->at += d.text.size;
    return true;
}

static bool add_all(formatting *f)
{
    const vmh_lua_string *format = f->format;

    while (f->at < format->size) {
        const uint8_t *from = format->bytes + f->at;
        const uint8_t *escape = memchr(from, '%', format->size - f->at);
        size_t plain = escape == NULL ? format->size - f->at : (size_t)(escape - from);

        if (!add(f, vmh_bytes_of(from, plain)))
            return false;
        f->at += plain;
        if (escape == NULL)
            return true;
        if (f->at + 1 < format->size && escape[1] == '%') {
            if (!vmh_lua_charge(f->L, VMH_LUA_GAS_PER_STEP))
                return stop(f);
            if (!add(f, VMH_LITERAL("%")))
                return false;
            f->at += 2;
        } else if (!add_directive(f, NULL)) {
            return false;
        }
    }
    return true;
}

static bool go_on(formatting *f)
{
    const int64_t *numbers = f->frame->numbers;
    vmh_lua_value text = vmh_lua_called(f->L, f->frame);

    f->at = (size_t)numbers[DIRECTIVE_AT];
    f->argument = (uint32_t)numbers[ARGUMENT];
    f->builder = vmh_lua_builder_kept(vmh_lua_slots(f->L, f->frame)[f->frame->argument_count],
                                      numbers[CAPACITY]);
    return add_directive(f, &text);
}

vmh_lua_step vmh_lua_string_format(vmh_lua_state *L, vmh_lua_frame *frame)
{
    formatting f = {.L = L, .frame = frame};
    vmh_lua_string *format;
    vmh_lua_string *made;

    if (!vmh_lua_check_string(L, frame, 0, &format, &f.step))
        return f.step;
    vmh_lua_slots(L, frame)[0] = vmh_lua_of_string(format);
    f.format = format;
    if ((frame->phase == CALLED && !go_on(&f)) || !add_all(&f))
        return f.step;
    made = vmh_lua_builder_finish(L, &f.builder);
    if (made == NULL)
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, vmh_lua_of_string(made));
}
