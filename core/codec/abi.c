#include "codec/abi.h"

#include <assert.h>

enum { WORD_SIZE = 32 };

static size_t padded(size_t size)
{
    return (size + WORD_SIZE - 1) / WORD_SIZE * WORD_SIZE;
}

bool vmh_abi_word_fits(const vmh_abi_type *type, const vmh_word *word)
{
    vmh_word extended;

    switch (type->kind) {
    case VMH_ABI_UINT:
        return vmh_word_bits(word) <= type->bits;
    case VMH_ABI_INT:
        extended = vmh_word_sign_extend(word, type->bits / 8 - 1);
        return vmh_word_equal(word, &extended);
    default:
        return vmh_word_bits(word) <= 1;
    }
}

typedef struct encoder {
    vmh_buffer *out;
    size_t room; /* what may still be appended */
    vmh_failure *why;
} encoder;

/*
 * Appends `count` times `size` zero bytes, to be filled in. What is reserved has
 * its place in the buffer: nothing else of an encoding can fail.
 */
static vmh_status reserve(encoder *e, size_t count, size_t size)
{
    if (size != 0 && count > e->room / size)
        return vmh_fail(e->why, VMH_E_LIMIT, "encoded values take more than %zu bytes",
                        VMH_ABI_MAX_SIZE);
    e->room -= count * size;
    vmh_buffer_extend(e->out, count * size);
    return vmh_buffer_check(e->out, e->why);
}

static void put_size(encoder *e, size_t at, size_t size)
{
    vmh_put_u64_be(e->out->data + at + WORD_SIZE - 8, size);
}

static void put_bytes(encoder *e, size_t at, vmh_bytes bytes)
{
    if (bytes.size != 0)
        memcpy(e->out->data + at, bytes.data, bytes.size);
}

/* A value that has its place in the head: no offset, no tail. */
static void encode_static(encoder *e, const vmh_abi_type *type, const vmh_abi_value *value,
                          size_t at)
{
    switch (type->kind) {
    case VMH_ABI_BYTES_LEFT:
        assert(value->bytes.size == type->count);
        put_bytes(e, at, value->bytes);
        break;
    case VMH_ABI_BYTES_RIGHT:
        assert(value->bytes.size == type->count);
        put_bytes(e, at + WORD_SIZE - type->count, value->bytes);
        break;
    case VMH_ABI_ARRAY:
    case VMH_ABI_TUPLE:
        assert(value->values.count == type->count);
        for (size_t i = 0; i < type->count; i++) {
            const vmh_abi_type *item = vmh_abi_type_item(type, i);

            encode_static(e, item, &value->values.items[i], at);
            at += item->head_size;
        }
        break;
    default:
        assert(vmh_abi_word_fits(type, &value->word));
        vmh_word_to_bytes(&value->word, e->out->data + at);
    }
}

static vmh_status encode_tail(encoder *e, const vmh_abi_type *type, const vmh_abi_value *value);

/* Fills in the head at the end of the buffer, and appends the tails. */
static vmh_status encode_items(encoder *e, const vmh_abi_type *type, vmh_abi_values values,
                               size_t start)
{
    vmh_status status = VMH_OK;
    size_t at = start;

    for (size_t i = 0; status == VMH_OK && i < values.count; i++) {
        const vmh_abi_type *item = vmh_abi_type_item(type, i);

        if (item->is_dynamic) {
            put_size(e, at, e->out->size - start);
            status = encode_tail(e, item, &values.items[i]);
        } else {
            encode_static(e, item, &values.items[i], at);
        }
        at += item->head_size;
    }
    return status;
}

static vmh_status encode_bytes(encoder *e, vmh_bytes bytes)
{
    size_t start = e->out->size;
    vmh_status status = reserve(e, 1, WORD_SIZE);

    /* More than the limit is refused by its size before it is padded, which could wrap. */
    if (status == VMH_OK)
        status = reserve(e, 1, bytes.size > e->room ? bytes.size : padded(bytes.size));
    if (status != VMH_OK)
        return status;
    put_size(e, start, bytes.size);
    put_bytes(e, start + WORD_SIZE, bytes);
    return VMH_OK;
}

static vmh_status encode_list(encoder *e, const vmh_abi_type *type, vmh_abi_values values)
{
    size_t start = e->out->size;
    vmh_status status = reserve(e, 1, WORD_SIZE);

    if (status == VMH_OK)
        status = reserve(e, values.count, type->items->head_size);
    if (status != VMH_OK)
        return status;
    put_size(e, start, values.count);
    return encode_items(e, type, values, start + WORD_SIZE);
}

static vmh_status encode_tail(encoder *e, const vmh_abi_type *type, const vmh_abi_value *value)
{
    size_t start = e->out->size;
    vmh_status status;

    if (type->kind == VMH_ABI_BYTES)
        return encode_bytes(e, value->bytes);
    if (type->kind == VMH_ABI_LIST)
        return encode_list(e, type, value->values);
    assert(value->values.count == type->count);
    status = reserve(e, 1, type->body_size);
    return status == VMH_OK ? encode_items(e, type, value->values, start) : status;
}

vmh_status vmh_abi_encode(const vmh_abi_type *types, vmh_abi_values values, vmh_buffer *out,
                          vmh_failure *why)
{
    encoder e = {.out = out, .room = VMH_ABI_MAX_SIZE, .why = why};
    vmh_abi_value value = {.values = values};

    /* A tuple lies where its tail would, whether it has dynamic members or not. */
    return encode_tail(&e, types, &value);
}

typedef struct decoder {
    vmh_bytes data;
    size_t next; /* where the next tail has to begin */
    size_t room; /* how many values may still come */
    vmh_arena *arena;
    vmh_failure *why;
} decoder;

static vmh_status malformed(const decoder *d, const vmh_abi_type *type, size_t at,
                            const char *what)
{
    return vmh_fail(d->why, VMH_E_MALFORMED, "%.*s at byte %zu: %s", VMH_PRINT(type->text), at,
                    what);
}

static bool is_zero(vmh_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] != 0)
            return false;
    }
    return true;
}

static vmh_bytes slice(const decoder *d, size_t at, size_t size)
{
    return vmh_bytes_of(d->data.data + at, size);
}

/* Takes `count` times `size` bytes at the place of the next tail. */
static bool take(decoder *d, size_t count, size_t size)
{
    if (size != 0 && count > (d->data.size - d->next) / size)
        return false;
    d->next += count * size;
    return true;
}

/* A length or an offset; more than any data has is SIZE_MAX. */
static size_t get_size(const decoder *d, size_t at)
{
    vmh_word word = vmh_word_from_bytes(d->data.data + at);

    return vmh_word_fits_u64(&word) ? (size_t)word.limb[0] : SIZE_MAX;
}

/* One word may lie in as many arrays and tuples as types nest, so values are counted. */
static vmh_status new_values(decoder *d, size_t count, vmh_abi_values *out)
{
    if (count > d->room)
        return vmh_fail(d->why, VMH_E_LIMIT, "more than %zu values in encoded data",
                        VMH_ABI_MAX_VALUES);
    d->room -= count;
    out->count = count;
    out->items = vmh_arena_alloc_array(d->arena, count, sizeof *out->items);
    return out->items == NULL && count != 0 ? vmh_fail_memory(d->why) : VMH_OK;
}

static vmh_status decode_items(decoder *d, const vmh_abi_type *type, size_t start,
                               vmh_abi_values values);

/* The content of one word. */
static vmh_status decode_word(decoder *d, const vmh_abi_type *type, size_t at, vmh_abi_value *out)
{
    size_t padding = WORD_SIZE - type->count;

    switch (type->kind) {
    case VMH_ABI_BYTES_LEFT:
        if (!is_zero(slice(d, at + type->count, padding)))
            return malformed(d, type, at, "padding is not zero");
        out->bytes = slice(d, at, type->count);
        return VMH_OK;
    case VMH_ABI_BYTES_RIGHT:
        if (!is_zero(slice(d, at, padding)))
            return malformed(d, type, at, "padding is not zero");
        out->bytes = slice(d, at + padding, type->count);
        return VMH_OK;
    default:
        out->word = vmh_word_from_bytes(d->data.data + at);
        return vmh_abi_word_fits(type, &out->word) ? VMH_OK
                                                   : malformed(d, type, at, "out of range");
    }
}

static vmh_status decode_static(decoder *d, const vmh_abi_type *type, size_t at,
                                vmh_abi_value *out)
{
    vmh_status status;

    if (type->kind != VMH_ABI_ARRAY && type->kind != VMH_ABI_TUPLE)
        return decode_word(d, type, at, out);
    status = new_values(d, type->count, &out->values);
    return status == VMH_OK ? decode_items(d, type, at, out->values) : status;
}

static vmh_status decode_bytes(decoder *d, const vmh_abi_type *type, vmh_bytes *out)
{
    size_t start = d->next;
    size_t size;

    if (!take(d, 1, WORD_SIZE))
        return malformed(d, type, start, "data ends within");
    size = get_size(d, start);
    if (size > d->data.size || !take(d, 1, padded(size)))
        return malformed(d, type, start, "length runs past the end");
    *out = slice(d, start + WORD_SIZE, size);
    if (!is_zero(slice(d, start + WORD_SIZE + size, padded(size) - size)))
        return malformed(d, type, start, "padding is not zero");
    return VMH_OK;
}

static vmh_status decode_list(decoder *d, const vmh_abi_type *type, vmh_abi_values *out)
{
    size_t start = d->next;
    size_t count;
    vmh_status status;

    if (!take(d, 1, WORD_SIZE))
        return malformed(d, type, start, "data ends within");
    count = get_size(d, start);
    /* Every item has a place in the head: the data bounds the memory. */
    if (!take(d, count, type->items->head_size))
        return malformed(d, type, start, "length runs past the end");
    status = new_values(d, count, out);
    return status == VMH_OK ? decode_items(d, type, start + WORD_SIZE, *out) : status;
}

static vmh_status decode_tail(decoder *d, const vmh_abi_type *type, vmh_abi_value *out)
{
    size_t start = d->next;
    vmh_status status;

    if (type->kind == VMH_ABI_BYTES)
        return decode_bytes(d, type, &out->bytes);
    if (type->kind == VMH_ABI_LIST)
        return decode_list(d, type, &out->values);
    if (!take(d, 1, type->body_size))
        return malformed(d, type, start, "data ends within");
    status = new_values(d, type->count, &out->values);
    return status == VMH_OK ? decode_items(d, type, start, out->values) : status;
}

/* The tail that the offset at `at` names, counted from `start`. */
static vmh_status decode_offset(decoder *d, const vmh_abi_type *type, size_t start, size_t at,
                                vmh_abi_value *out)
{
    size_t offset = get_size(d, at);

    if (offset > d->data.size - start)
        return malformed(d, type, at, "offset is out of range");
    if (start + offset < d->next)
        return malformed(d, type, at, "offset overlaps what is before the tail");
    if (start + offset > d->next)
        return malformed(d, type, at, "offset leaves a gap before the tail");
    return decode_tail(d, type, out);
}

/* The items whose head lies at `start`. */
static vmh_status decode_items(decoder *d, const vmh_abi_type *type, size_t start,
                               vmh_abi_values values)
{
    vmh_status status = VMH_OK;
    size_t at = start;

    for (size_t i = 0; status == VMH_OK && i < values.count; i++) {
        const vmh_abi_type *item = vmh_abi_type_item(type, i);

        if (item->is_dynamic)
            status = decode_offset(d, item, start, at, &values.items[i]);
        else
            status = decode_static(d, item, at, &values.items[i]);
        at += item->head_size;
    }
    return status;
}

vmh_status vmh_abi_decode(const vmh_abi_type *types, vmh_bytes data, vmh_arena *arena,
                          vmh_abi_values *out, vmh_failure *why)
{
    decoder d = {.data = data, .room = VMH_ABI_MAX_VALUES, .arena = arena, .why = why};
    vmh_abi_value value;
    vmh_status status;

    if (data.size > VMH_ABI_MAX_SIZE)
        return vmh_fail(why, VMH_E_LIMIT, "%zu bytes of encoded values, more than %zu", data.size,
                        VMH_ABI_MAX_SIZE);
    status = decode_tail(&d, types, &value);
    if (status != VMH_OK)
        return status;
    if (d.next != data.size)
        return malformed(&d, types, d.next, "bytes are left over");
    *out = value.values;
    return VMH_OK;
}

/* Selectors by BLAKE2b of Error(string) and Panic(uint256). */
static const uint8_t error_selector[VMH_ABI_SELECTOR_SIZE] = {0x4b, 0x2b, 0xae, 0x7e};
static const uint8_t panic_selector[VMH_ABI_SELECTOR_SIZE] = {0xe0, 0xf8, 0xf8, 0x55};

static const vmh_abi_type error_member = {
    .kind = VMH_ABI_BYTES, .is_dynamic = true, .head_size = WORD_SIZE};
static const vmh_abi_type panic_member = {
    .kind = VMH_ABI_UINT, .bits = 256, .head_size = WORD_SIZE};

/* The one value behind a selector; needs no memory, so that it cannot fail otherwise. */
static bool decode_single(const vmh_abi_type *member, vmh_bytes data, vmh_abi_value *out)
{
    decoder d = {.data = data, .next = WORD_SIZE};
    vmh_status status;

    if (data.size < WORD_SIZE)
        return false;
    status = member->is_dynamic ? decode_offset(&d, member, 0, 0, out)
                                : decode_word(&d, member, 0, out);
    return status == VMH_OK && d.next == data.size;
}

vmh_abi_error vmh_abi_error_of(vmh_bytes data)
{
    vmh_abi_error error = {.kind = VMH_ABI_ERROR_OTHER};
    vmh_abi_value value;
    vmh_bytes arguments;

    if (data.size < VMH_ABI_SELECTOR_SIZE)
        return error;
    arguments = vmh_bytes_of(data.data + VMH_ABI_SELECTOR_SIZE, data.size - VMH_ABI_SELECTOR_SIZE);
    if (memcmp(data.data, error_selector, sizeof error_selector) == 0 &&
        decode_single(&error_member, arguments, &value)) {
        error.kind = VMH_ABI_ERROR_TEXT;
        error.text = value.bytes;
    } else if (memcmp(data.data, panic_selector, sizeof panic_selector) == 0 &&
               decode_single(&panic_member, arguments, &value)) {
        error.kind = VMH_ABI_ERROR_PANIC;
        error.code = value.word;
    }
    return error;
}

vmh_status vmh_abi_error_encode(vmh_bytes text, vmh_buffer *out, vmh_failure *why)
{
    const vmh_abi_type types = {.kind = VMH_ABI_TUPLE, .is_dynamic = true, .depth = 1, .count = 1,
                                .body_size = WORD_SIZE, .head_size = WORD_SIZE,
                                .items = &error_member};
    vmh_abi_value value = {.bytes = text};

    vmh_buffer_append(out, vmh_bytes_of(error_selector, sizeof error_selector));
    return vmh_abi_encode(&types, (vmh_abi_values){&value, 1}, out, why);
}

const char *vmh_abi_panic_meaning(const vmh_word *code)
{
    static const struct {
        uint8_t code;
        const char *meaning;
    } panics[] = {
        {0x00, "generic panic"},
        {0x01, "assertion failed"},
        {0x11, "arithmetic overflow or underflow"},
        {0x12, "division or modulo by zero"},
        {0x21, "value out of range of an enum"},
        {0x22, "storage byte array is encoded wrongly"},
        {0x31, "pop from an empty array"},
        {0x32, "array index out of bounds"},
        {0x41, "too much memory allocated"},
        {0x51, "call of a function variable that is not set"},
    };

    for (size_t i = 0; i < sizeof panics / sizeof panics[0]; i++) {
        if (vmh_word_fits_u64(code) && code->limb[0] == panics[i].code)
            return panics[i].meaning;
    }
    return NULL;
}
