#include "vite/suspension.h"

enum { REFERRER = 32, CALLBACK_ID = 4, FIXED = REFERRER + CALLBACK_ID, STACK_LENGTH = 2 };

/* The head of the older form and its type byte; shorter data than 11 bytes is plain. */
static const uint8_t head[6] = {0x00, 0x00, 0x00, 0x00, 0x76, 0x01};
enum { TYPED_HEAD = sizeof head + 1, SHORTEST_WITH_HEAD = 11 };

/* How many of 32 bytes are left without the zeros in front. */
static size_t digits_of(const uint8_t bytes[32])
{
    for (size_t i = 0; i < 32; i += 8) {
        uint64_t limb = vmh_get_u64_be(bytes + i);

        if (limb != 0)
            return 32 - i - (size_t)__builtin_clzll(limb) / 8;
    }
    return 0;
}

static size_t packed_size(const vmh_word *word)
{
    return 1 + (vmh_word_bits(word) + 7) / 8;
}

/* Writes 32 bytes as a packed word; gives the place behind it. */
static uint8_t *put_packed(uint8_t *to, const uint8_t bytes[32])
{
    size_t size = digits_of(bytes);

    *to = (uint8_t)size;
    memcpy(to + 1, bytes + 32 - size, size);
    return to + 1 + size;
}

static uint8_t *put_packed_word(uint8_t *to, const vmh_word *word)
{
    uint8_t bytes[32];

    vmh_word_to_bytes(word, bytes);
    return put_packed(to, bytes);
}

static void append_packed(vmh_buffer *out, const vmh_word *word)
{
    uint8_t bytes[33];
    const uint8_t *end = put_packed_word(bytes, word);

    vmh_buffer_append(out, vmh_bytes_of(bytes, (size_t)(end - bytes)));
}

/* The 32 bytes of memory at `at`; those that pass its end as a padded copy. */
static const uint8_t *memory_word(vmh_bytes memory, size_t at, uint8_t padded[32])
{
    if (memory.size - at >= 32)
        return memory.data + at;
    memset(padded, 0, 32);
    memcpy(padded, memory.data + at, memory.size - at);
    return padded;
}

static size_t packed_memory_size(vmh_bytes memory)
{
    uint8_t padded[32];
    size_t size = 0;

    for (size_t at = 0; at < memory.size; at += 32)
        size += 1 + digits_of(memory_word(memory, at, padded));
    return size;
}

static void append_stack_and_memory(const vmh_vite_context *context, size_t stack_size,
                                    vmh_buffer *out)
{
    size_t memory_size = packed_memory_size(context->memory);
    vmh_word length = vmh_word_of(memory_size);
    uint8_t padded[32];
    uint8_t *to = vmh_buffer_extend(out, STACK_LENGTH + stack_size + packed_size(&length) +
                                             memory_size);

    if (to == NULL)
        return;
    *to++ = (uint8_t)(stack_size >> 8);
    *to++ = (uint8_t)stack_size;
    for (size_t i = 0; i < context->stack_count; i++)
        to = put_packed_word(to, &context->stack[i]);
    to = put_packed_word(to, &length);
    for (size_t at = 0; at < context->memory.size; at += 32)
        to = put_packed(to, memory_word(context->memory, at, padded));
}

static vmh_status measure_stack(const vmh_vite_context *context, size_t *size, vmh_failure *why)
{
    *size = 0;
    for (size_t i = 0; i < context->stack_count; i++)
        *size += packed_size(&context->stack[i]);
    if (*size > UINT16_MAX)
        return vmh_fail(why, VMH_E_LIMIT, "a stack of %zu bytes does not fit into a context",
                        *size);
    return VMH_OK;
}

vmh_status vmh_vite_context_encode(const vmh_vite_context *context, vmh_buffer *out,
                                   vmh_failure *why)
{
    size_t stack_size;
    vmh_status status = measure_stack(context, &stack_size, why);

    if (status != VMH_OK)
        return status;
    vmh_buffer_append(out, vmh_bytes_hash(&context->referrer));
    vmh_buffer_append_u32_be(out, context->callback_id);
    append_stack_and_memory(context, stack_size, out);
    return vmh_buffer_check(out, why);
}

/* A cursor over encoded words; `at` is counted from the start of the whole input. */
typedef struct packed_reader {
    vmh_bytes bytes;
    size_t at;
    size_t end;
} packed_reader;

/* The digits of the packed word that stands next, at most 32. */
static vmh_status read_digits(packed_reader *reader, vmh_bytes *out, vmh_failure *why)
{
    size_t size;

    if (reader->at >= reader->end)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: a packed word is missing", reader->at);
    size = reader->bytes.data[reader->at];
    if (size > 32 || size > reader->end - reader->at - 1)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: a packed word of %zu bytes is cut",
                        reader->at, size);
    if (size > 0 && reader->bytes.data[reader->at + 1] == 0)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: a packed word has a leading zero",
                        reader->at);
    *out = vmh_bytes_of(reader->bytes.data + reader->at + 1, size);
    reader->at += 1 + size;
    return VMH_OK;
}

static vmh_status read_packed(packed_reader *reader, vmh_word *out, vmh_failure *why)
{
    vmh_bytes digits;
    vmh_status status = read_digits(reader, &digits, why);

    if (status == VMH_OK)
        *out = vmh_word_from_short(digits);
    return status;
}

/* An upper bound of the words up to `end`, exact where none is cut. */
static size_t count_words(const packed_reader *reader, size_t end)
{
    size_t count = 0;

    for (size_t at = reader->at; at < end; at += 1 + (size_t)reader->bytes.data[at])
        count++;
    return count;
}

/* The items of a stack part that ends at `end`. */
static vmh_status read_items(packed_reader *reader, size_t end, vmh_arena *arena,
                             vmh_vite_context *out, vmh_failure *why)
{
    packed_reader part = {reader->bytes, reader->at, end};
    vmh_word *words = vmh_arena_alloc_array(arena, count_words(reader, end) + 1, sizeof *words);

    if (words == NULL)
        return vmh_fail_memory(why);
    out->stack = words;
    while (part.at < end) {
        vmh_status status = read_packed(&part, &words[out->stack_count], why);

        if (status != VMH_OK)
            return status;
        out->stack_count++;
    }
    reader->at = end;
    return VMH_OK;
}

static vmh_status read_stack(packed_reader *reader, vmh_arena *arena, vmh_vite_context *out,
                             vmh_failure *why)
{
    size_t size;

    if (reader->end - reader->at < STACK_LENGTH)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: the stack is missing", reader->at);
    size = (size_t)reader->bytes.data[reader->at] << 8 | reader->bytes.data[reader->at + 1];
    reader->at += STACK_LENGTH;
    if (size > reader->end - reader->at)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: a stack of %zu bytes is cut",
                        reader->at, size);
    return read_items(reader, reader->at + size, arena, out, why);
}

/* Packed words to the end, as the 32 bytes that each stands for. */
static vmh_status read_memory_words(packed_reader *reader, uint8_t *to, vmh_failure *why)
{
    while (reader->at < reader->end) {
        vmh_bytes digits;
        vmh_status status = read_digits(reader, &digits, why);

        if (status != VMH_OK)
            return status;
        memset(to, 0, 32 - digits.size);
        memcpy(to + 32 - digits.size, digits.data, digits.size);
        to += 32;
    }
    return VMH_OK;
}

static vmh_status read_memory(packed_reader *reader, vmh_arena *arena, vmh_vite_context *out,
                              vmh_failure *why)
{
    vmh_word length;
    size_t full_size, size;
    uint8_t *bytes;
    vmh_status status = read_packed(reader, &length, why);

    if (status != VMH_OK)
        return status;
    if (!vmh_word_fits_u64(&length) || length.limb[0] != reader->end - reader->at)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: the memory has not the length that "
                        "stands before it", reader->at);
    full_size = 32 * count_words(reader, reader->end);
    bytes = vmh_arena_alloc(arena, full_size + 1);
    if (bytes == NULL)
        return vmh_fail_memory(why);
    status = read_memory_words(reader, bytes, why);
    if (status != VMH_OK)
        return status;
    size = full_size;
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    out->memory = vmh_bytes_of(bytes, size > 0 ? size : full_size);
    return VMH_OK;
}

static vmh_status read_stack_and_memory(packed_reader *reader, vmh_arena *arena,
                                        vmh_vite_context *out, vmh_failure *why)
{
    vmh_status status = read_stack(reader, arena, out, why);

    return status == VMH_OK ? read_memory(reader, arena, out, why) : status;
}

vmh_status vmh_vite_context_decode(vmh_bytes bytes, vmh_arena *arena, vmh_vite_context *out,
                                   vmh_failure *why)
{
    packed_reader reader = {bytes, FIXED, bytes.size};

    *out = (vmh_vite_context){0};
    if (bytes.size < FIXED)
        return vmh_fail(why, VMH_E_MALFORMED, "%zu bytes are no context", bytes.size);
    memcpy(out->referrer.bytes, bytes.data, REFERRER);
    out->callback_id = vmh_get_u32_be(bytes.data + REFERRER);
    return read_stack_and_memory(&reader, arena, out, why);
}

bool vmh_vite_context_callback_id(vmh_bytes bytes, uint32_t *out)
{
    if (bytes.size < FIXED)
        return false;
    *out = vmh_get_u32_be(bytes.data + REFERRER);
    return true;
}

vmh_status vmh_vite_metadata_encode(vmh_vite_metadata_type type, const vmh_vite_context *context,
                                    vmh_buffer *out, vmh_failure *why)
{
    vmh_buffer body;
    vmh_word body_size;
    size_t stack_size;
    vmh_status status;

    vmh_buffer_init(&body);
    status = measure_stack(context, &stack_size, why);
    if (status != VMH_OK)
        goto done;
    vmh_buffer_append(out, vmh_bytes_of(head, sizeof head));
    vmh_buffer_append_u8(out, (uint8_t)type);
    if (type != VMH_VITE_METADATA_SYNC_CALL) {
        vmh_buffer_append(out, vmh_bytes_hash(&context->referrer));
        status = vmh_buffer_check(out, why);
        goto done;
    }
    append_stack_and_memory(context, stack_size, &body);
    body_size = vmh_word_of(body.size);
    append_packed(out, &body_size);
    vmh_buffer_append(out, vmh_bytes_hash(&context->referrer));
    vmh_buffer_append_u32_be(out, context->callback_id);
    vmh_buffer_append(out, vmh_buffer_bytes(&body));
    status = vmh_buffer_check(&body, why);
    if (status == VMH_OK)
        status = vmh_buffer_check(out, why);

done:
    vmh_buffer_clear(&body);
    return status;
}

static bool decode_sync_call(vmh_bytes data, vmh_vite_metadata *out)
{
    packed_reader reader = {data, TYPED_HEAD, data.size};
    vmh_word length;

    if (read_packed(&reader, &length, NULL) != VMH_OK || !vmh_word_fits_u64(&length))
        return false;
    if (data.size - reader.at < FIXED || length.limb[0] > data.size - reader.at - FIXED)
        return false;
    out->head_size = reader.at;
    out->size = reader.at + FIXED + length.limb[0];
    out->callback_id = vmh_get_u32_be(data.data + reader.at + REFERRER);
    out->stack_and_memory = vmh_bytes_of(data.data + reader.at + FIXED, length.limb[0]);
    return true;
}

static bool decode_callback(vmh_bytes data, vmh_vite_metadata *out)
{
    out->head_size = TYPED_HEAD;
    out->size = TYPED_HEAD + REFERRER;
    /* The reference wants more than the referrer: an id is never absent. */
    if (data.size <= out->size)
        return false;
    if (data.size >= out->size + CALLBACK_ID)
        out->callback_id = vmh_get_u32_be(data.data + out->size);
    return true;
}

static vmh_vite_metadata_type metadata_type(vmh_bytes data)
{
    if (data.size < SHORTEST_WITH_HEAD || memcmp(data.data, head, sizeof head) != 0)
        return VMH_VITE_METADATA_NONE;
    if (data.data[sizeof head] > VMH_VITE_METADATA_FAILURE_CALLBACK)
        return VMH_VITE_METADATA_NONE;
    return (vmh_vite_metadata_type)data.data[sizeof head];
}

bool vmh_vite_metadata_decode(vmh_bytes data, vmh_vite_metadata *out)
{
    bool whole;

    *out = (vmh_vite_metadata){.type = metadata_type(data), .call_data = data};
    if (out->type == VMH_VITE_METADATA_NONE)
        return true;
    if (out->type == VMH_VITE_METADATA_SYNC_CALL)
        whole = decode_sync_call(data, out);
    else
        whole = decode_callback(data, out);
    if (!whole) {
        *out = (vmh_vite_metadata){.call_data = data};
        return false;
    }
    memcpy(out->referrer.bytes, data.data + out->head_size, REFERRER);
    out->call_data = vmh_bytes_of(data.data + out->size, data.size - out->size);
    return true;
}

vmh_status vmh_vite_metadata_context(const vmh_vite_metadata *metadata, vmh_arena *arena,
                                     vmh_vite_context *out, vmh_failure *why)
{
    packed_reader reader = {metadata->stack_and_memory, 0, metadata->stack_and_memory.size};

    *out = (vmh_vite_context){.referrer = metadata->referrer,
                              .callback_id = metadata->callback_id};
    return read_stack_and_memory(&reader, arena, out, why);
}
