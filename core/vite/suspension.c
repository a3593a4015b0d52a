#include "vite/suspension.h"

enum { REFERRER = 32, CALLBACK_ID = 4, FIXED = REFERRER + CALLBACK_ID, STACK_LENGTH = 2 };

/* The head of the older form and its type byte; shorter data than 11 bytes is plain. */
static const uint8_t head[6] = {0x00, 0x00, 0x00, 0x00, 0x76, 0x01};
enum { TYPED_HEAD = sizeof head + 1, SHORTEST_WITH_HEAD = 11 };

static size_t packed_size(const vmh_word *word)
{
    return 1 + (vmh_word_bits(word) + 7) / 8;
}

static void append_packed(vmh_buffer *out, const vmh_word *word)
{
    uint8_t bytes[33];
    size_t size = packed_size(word) - 1;

    vmh_word_to_bytes(word, bytes + 1);
    bytes[32 - size] = (uint8_t)size;
    vmh_buffer_append(out, vmh_bytes_of(bytes + 32 - size, size + 1));
}

/* Word number `index` of the memory, zeros behind its end. */
static vmh_word memory_word(vmh_bytes memory, size_t index)
{
    size_t left = memory.size - 32 * index;
    uint8_t bytes[32] = {0};

    memcpy(bytes, memory.data + 32 * index, left < sizeof bytes ? left : sizeof bytes);
    return vmh_word_from_bytes(bytes);
}

static void append_stack_and_memory(const vmh_vite_context *context, size_t stack_size,
                                    vmh_buffer *out)
{
    size_t word_count = context->memory.size / 32 + (context->memory.size % 32 != 0);
    size_t memory_size = 0;
    vmh_word length;

    vmh_buffer_append_u8(out, (uint8_t)(stack_size >> 8));
    vmh_buffer_append_u8(out, (uint8_t)stack_size);
    for (size_t i = 0; i < context->stack_count; i++)
        append_packed(out, &context->stack[i]);
    for (size_t i = 0; i < word_count; i++) {
        vmh_word word = memory_word(context->memory, i);

        memory_size += packed_size(&word);
    }
    length = vmh_word_of(memory_size);
    append_packed(out, &length);
    for (size_t i = 0; i < word_count; i++) {
        vmh_word word = memory_word(context->memory, i);

        append_packed(out, &word);
    }
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

static vmh_status read_packed(packed_reader *reader, vmh_word *out, vmh_failure *why)
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
    *out = vmh_word_from_short(vmh_bytes_of(reader->bytes.data + reader->at + 1, size));
    reader->at += 1 + size;
    return VMH_OK;
}

/* An upper bound of the words up to `end`, exact where none is cut. */
static size_t count_words(const packed_reader *reader, size_t end)
{
    size_t count = 0;

    for (size_t at = reader->at; at < end; at += 1 + (size_t)reader->bytes.data[at])
        count++;
    return count;
}

/* All packed words up to `end`. */
static vmh_status read_words(packed_reader *reader, size_t end, vmh_arena *arena,
                             vmh_word **words, size_t *count, vmh_failure *why)
{
    packed_reader part = {reader->bytes, reader->at, end};

    *count = 0;
    *words = vmh_arena_alloc_array(arena, count_words(reader, end) + 1, sizeof **words);
    if (*words == NULL)
        return vmh_fail_memory(why);
    while (part.at < end) {
        vmh_status status = read_packed(&part, &(*words)[*count], why);

        if (status != VMH_OK)
            return status;
        (*count)++;
    }
    reader->at = end;
    return VMH_OK;
}

static vmh_status read_stack(packed_reader *reader, vmh_arena *arena, vmh_vite_context *out,
                             vmh_failure *why)
{
    size_t size;
    vmh_word *words;
    vmh_status status;

    if (reader->end - reader->at < STACK_LENGTH)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: the stack is missing", reader->at);
    size = (size_t)reader->bytes.data[reader->at] << 8 | reader->bytes.data[reader->at + 1];
    reader->at += STACK_LENGTH;
    if (size > reader->end - reader->at)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: a stack of %zu bytes is cut",
                        reader->at, size);
    status = read_words(reader, reader->at + size, arena, &words, &out->stack_count, why);
    out->stack = words;
    return status;
}

static vmh_status read_memory(packed_reader *reader, vmh_arena *arena, vmh_vite_context *out,
                              vmh_failure *why)
{
    vmh_word length;
    vmh_word *words;
    size_t count, size;
    uint8_t *bytes;
    vmh_status status = read_packed(reader, &length, why);

    if (status != VMH_OK)
        return status;
    if (!vmh_word_fits_u64(&length) || length.limb[0] != reader->end - reader->at)
        return vmh_fail(why, VMH_E_MALFORMED, "offset %zu: the memory has not the length that "
                        "stands before it", reader->at);
    status = read_words(reader, reader->end, arena, &words, &count, why);
    if (status != VMH_OK)
        return status;
    bytes = vmh_arena_alloc(arena, 32 * count + 1);
    if (bytes == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < count; i++)
        vmh_word_to_bytes(&words[i], bytes + 32 * i);
    size = 32 * count;
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    out->memory = vmh_bytes_of(bytes, size > 0 ? size : 32 * count);
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
