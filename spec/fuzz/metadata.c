/*
 * Suspended state from hostile bytes: stored contexts, and metadata in front of
 * call data. The first byte of an input chooses:
 *
 *     0   the rest is a context
 *     1   the rest is call data with metadata
 *     2   the rest makes a context, which is encoded in both forms
 *
 * A reader of our own, which knows nothing of that in core, says what has to be
 * taken, and what it is encoded to again: the same bytes, but for the zeros at
 * the end of memory.
 */
#include "harness.h"
#include "vite/suspension.h"

enum { FIXED = 36, HEAD = 7 };

/* Room of words that are read, in bytes: a stack and a memory of empty words, and its copy. */
static size_t room_for(size_t size)
{
    return 64 * size + 128 * 1024;
}

/* ---- the reader that core is held to ---- */

typedef struct words {
    size_t start;
    size_t count;
    size_t end; /* behind the last one that is not zero; `start` if all are */
} words;

/* Reads packed words that fill the bytes from `start` to `end`; false if they do not. */
static bool read_words(vmh_bytes bytes, size_t start, size_t end, words *out)
{
    *out = (words){.start = start, .end = start};
    for (size_t at = start; at < end; out->count++) {
        size_t size = bytes.data[at];

        if (size > 32 || at + 1 + size > end || (size > 0 && bytes.data[at + 1] == 0))
            return false;
        at += 1 + size;
        if (size > 0)
            out->end = at;
    }
    return true;
}

/* One packed word that fits 64 bits. */
static bool read_length(vmh_bytes bytes, size_t *at, uint64_t *out)
{
    size_t size;

    if (*at >= bytes.size)
        return false;
    size = bytes.data[(*at)++];
    *out = 0;
    if (size > 8 || size > bytes.size - *at || (size > 0 && bytes.data[*at] == 0))
        return false;
    for (size_t i = 0; i < size; i++)
        *out = *out << 8 | bytes.data[(*at)++];
    return true;
}

typedef struct shape {
    words stack;
    words memory;
} shape;

static bool read_shape(vmh_bytes bytes, shape *out)
{
    size_t at, stack_end;
    uint64_t length;

    if (bytes.size < 2)
        return false;
    stack_end = 2 + ((size_t)bytes.data[0] << 8 | bytes.data[1]);
    at = stack_end;
    return stack_end <= bytes.size && read_words(bytes, 2, stack_end, &out->stack) &&
           read_length(bytes, &at, &length) && length == bytes.size - at &&
           read_words(bytes, at, bytes.size, &out->memory);
}

static void append_length(vmh_buffer *out, uint64_t length)
{
    uint8_t bytes[8];
    size_t zeros = 0;

    vmh_put_u64_be(bytes, length);
    while (zeros < sizeof bytes && bytes[zeros] == 0)
        zeros++;
    vmh_buffer_append_u8(out, (uint8_t)(sizeof bytes - zeros));
    vmh_buffer_append(out, vmh_bytes_of(bytes + zeros, sizeof bytes - zeros));
}

/* Stack and memory as they are written again: without the last zeros, unless all are. */
static void append_normal(vmh_buffer *out, vmh_bytes bytes, const shape *read)
{
    size_t stack_size = 2 + ((size_t)bytes.data[0] << 8 | bytes.data[1]);
    size_t start = read->memory.start;
    size_t end = read->memory.end > start ? read->memory.end : bytes.size;

    vmh_buffer_append(out, vmh_bytes_of(bytes.data, stack_size));
    append_length(out, end - start);
    vmh_buffer_append(out, vmh_bytes_of(bytes.data + start, end - start));
}

/* ---- what core makes of it ---- */

static bool is_equal(const vmh_vite_context *a, const vmh_vite_context *b)
{
    if (a->stack_count != b->stack_count || a->callback_id != b->callback_id)
        return false;
    for (size_t i = 0; i < a->stack_count; i++) {
        if (!vmh_word_equal(&a->stack[i], &b->stack[i]))
            return false;
    }
    return vmh_bytes_equal(vmh_bytes_hash(&a->referrer), vmh_bytes_hash(&b->referrer)) &&
           vmh_bytes_equal(a->memory, b->memory);
}

static void expect_bytes(vmh_buffer *got, vmh_buffer *expected)
{
    EXPECT(vmh_bytes_equal(vmh_buffer_bytes(got), vmh_buffer_bytes(expected)),
           "what was decoded is encoded to other bytes");
    vmh_buffer_clear(got);
    vmh_buffer_clear(expected);
}

static void try_context(vmh_bytes bytes, vmh_arena *arena)
{
    vmh_bytes body = vmh_bytes_of(bytes.data + FIXED, bytes.size < FIXED ? 0 : bytes.size - FIXED);
    vmh_vite_context context, again;
    vmh_buffer encoded, expected;
    uint32_t callback_id;
    shape read;
    bool is_whole = bytes.size >= FIXED && read_shape(body, &read);
    vmh_status status = vmh_vite_context_decode(bytes, arena, &context, NULL);

    EXPECT(vmh_vite_context_callback_id(bytes, &callback_id) == (bytes.size >= FIXED),
           "the callback id is read where it is not, or not where it is");
    EXPECT(status == (is_whole ? VMH_OK : VMH_E_MALFORMED),
           "a context is taken that is none, or refused that is one");
    EXPECT(harness_memory_peak() <= room_for(bytes.size), "a context takes too much room");
    if (!is_whole)
        return;
    EXPECT(callback_id == context.callback_id, "two callback ids");
    EXPECT(context.stack_count == read.stack.count, "a stack of another height");
    EXPECT(context.memory.size <= 32 * read.memory.count, "a larger memory");

    vmh_buffer_init(&encoded);
    vmh_buffer_init(&expected);
    vmh_buffer_append(&expected, vmh_bytes_of(bytes.data, FIXED));
    append_normal(&expected, body, &read);
    EXPECT(vmh_vite_context_encode(&context, &encoded, NULL) == VMH_OK, "it cannot be encoded");
    EXPECT(vmh_vite_context_decode(vmh_buffer_bytes(&encoded), arena, &again, NULL) == VMH_OK &&
               is_equal(&context, &again),
           "what was encoded again is decoded to something else");
    expect_bytes(&encoded, &expected);
}

/* Where the parts of metadata lie, or false for data that announces more than it has. */
static bool read_metadata(vmh_bytes data, vmh_vite_metadata *out)
{
    static const uint8_t head[] = {0, 0, 0, 0, 0x76, 1};
    size_t at = HEAD;
    uint64_t length = 0;

    *out = (vmh_vite_metadata){.call_data = data};
    if (data.size < 11 || !vmh_bytes_begins(data, vmh_bytes_of(head, sizeof head)) ||
        data.data[6] == 0 || data.data[6] > 3)
        return true;
    if (data.data[6] == 1 && !read_length(data, &at, &length))
        return false;
    out->head_size = at;
    out->size = at + 32 + (data.data[6] == 1 ? 4 : 0);
    /* More than the referrer has to be there, whatever follows it. */
    if (data.size < out->size + (data.data[6] == 1 ? 0 : 1) || length > data.size - out->size)
        return false;
    out->stack_and_memory = vmh_bytes_of(data.data + out->size, length);
    out->size += length;
    out->type = (vmh_vite_metadata_type)data.data[6];
    out->call_data = vmh_bytes_of(data.data + out->size, data.size - out->size);
    return true;
}

static void try_suspended(vmh_bytes data, const vmh_vite_metadata *metadata, vmh_arena *arena)
{
    vmh_buffer encoded, expected;
    vmh_vite_context context = {.referrer = metadata->referrer};
    shape read;
    bool is_whole = metadata->type != VMH_VITE_METADATA_SYNC_CALL ||
                    read_shape(metadata->stack_and_memory, &read);

    if (metadata->type == VMH_VITE_METADATA_SYNC_CALL) {
        vmh_status status = vmh_vite_metadata_context(metadata, arena, &context, NULL);

        EXPECT(status == (is_whole ? VMH_OK : VMH_E_MALFORMED),
               "stack and memory are taken that are none, or refused");
    }
    if (!is_whole)
        return;
    vmh_buffer_init(&encoded);
    vmh_buffer_init(&expected);
    EXPECT(vmh_vite_metadata_encode(metadata->type, &context, &encoded, NULL) == VMH_OK,
           "it cannot be encoded");
    vmh_buffer_append(&encoded, metadata->call_data);
    vmh_buffer_append(&expected, vmh_bytes_of(data.data, HEAD));
    if (metadata->type == VMH_VITE_METADATA_SYNC_CALL) {
        vmh_buffer normal;

        vmh_buffer_init(&normal);
        append_normal(&normal, metadata->stack_and_memory, &read);
        append_length(&expected, normal.size);
        vmh_buffer_append(&expected, vmh_bytes_of(data.data + metadata->head_size, FIXED));
        vmh_buffer_append(&expected, vmh_buffer_bytes(&normal));
        vmh_buffer_clear(&normal);
    } else {
        vmh_buffer_append(&expected, vmh_bytes_of(data.data + HEAD, 32));
    }
    vmh_buffer_append(&expected, metadata->call_data);
    expect_bytes(&encoded, &expected);
}

static void try_metadata(vmh_bytes data, vmh_arena *arena)
{
    vmh_vite_metadata metadata, expected;
    bool is_whole = read_metadata(data, &expected);

    EXPECT(vmh_vite_metadata_decode(data, &metadata) == is_whole,
           "metadata is taken that is none, or refused");
    if (!is_whole)
        return;
    EXPECT(metadata.type == expected.type && metadata.size == expected.size &&
               vmh_bytes_equal(metadata.call_data, expected.call_data) &&
               vmh_bytes_equal(metadata.stack_and_memory, expected.stack_and_memory),
           "metadata has other parts");
    if (metadata.type == VMH_VITE_METADATA_NONE)
        return;
    EXPECT(memcmp(metadata.referrer.bytes, data.data + expected.head_size, 32) == 0,
           "another referrer");
    try_suspended(data, &metadata, arena);
    EXPECT(harness_memory_peak() <= room_for(data.size), "metadata takes too much room");
}

/* ---- from a context to bytes and back ---- */

static vmh_vite_context take_context(harness_input *input, vmh_arena *arena)
{
    vmh_bytes referrer = harness_take_bytes(input, 32);
    vmh_vite_context context = {.callback_id = (uint32_t)harness_take_number(input, 4)};
    size_t count = (size_t)harness_take_number(input, 1);
    vmh_word word = vmh_word_of(0);
    vmh_word *stack;

    /* As many as may be too many. */
    if (count == 255)
        count = 2000;
    stack = vmh_arena_alloc_array(arena, count + 1, sizeof *stack);
    EXPECT(stack != NULL, "no memory");
    if (referrer.size > 0)
        memcpy(context.referrer.bytes, referrer.data, referrer.size);
    for (size_t i = 0; i < count; i++) {
        /* A last word stands for all that are missing. */
        if (input->size > 0)
            word = vmh_word_from_short(
                harness_take_bytes(input, (size_t)harness_take_number(input, 1) % 33));
        stack[i] = word;
    }
    context.stack = stack;
    context.stack_count = count;
    context.memory = *input;
    return context;
}

/* Memory as it comes back: in whole words, without its last zeros unless all are. */
static vmh_bytes normal_memory(vmh_bytes memory, vmh_arena *arena)
{
    size_t whole = (memory.size + 31) / 32 * 32, size = whole;
    uint8_t *bytes = vmh_arena_alloc_array(arena, whole + 1, 1);

    EXPECT(bytes != NULL, "no memory");
    if (memory.size > 0)
        memcpy(bytes, memory.data, memory.size);
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    return vmh_bytes_of(bytes, size > 0 ? size : whole);
}

static void try_encoding(harness_input input, vmh_arena *arena)
{
    vmh_vite_context context = take_context(&input, arena), read;
    vmh_vite_metadata metadata;
    vmh_buffer encoded;
    vmh_status status;

    vmh_buffer_init(&encoded);
    status = vmh_vite_context_encode(&context, &encoded, NULL);
    if (status == VMH_OK) {
        EXPECT(vmh_vite_context_decode(vmh_buffer_bytes(&encoded), arena, &read, NULL) == VMH_OK,
               "what was encoded is refused");
        vmh_buffer_reset(&encoded);
        EXPECT(vmh_vite_metadata_encode(VMH_VITE_METADATA_SYNC_CALL, &context, &encoded, NULL) ==
                       VMH_OK &&
                   vmh_vite_metadata_decode(vmh_buffer_bytes(&encoded), &metadata) &&
                   metadata.type == VMH_VITE_METADATA_SYNC_CALL && metadata.call_data.size == 0,
               "what was encoded is no metadata");
        context.memory = normal_memory(context.memory, arena);
        EXPECT(is_equal(&context, &read), "a context comes back as another one");
        EXPECT(vmh_vite_metadata_context(&metadata, arena, &read, NULL) == VMH_OK &&
                   is_equal(&context, &read),
               "a context in metadata comes back as another one");
    }
    EXPECT(status == VMH_OK || (status == VMH_E_LIMIT && context.stack_count >= 65536 / 33),
           "a context that fits is refused");
    vmh_buffer_clear(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    harness_input input = vmh_bytes_of(data, size);
    uint64_t choice = harness_take_number(&input, 1) % 3;
    vmh_arena arena;

    harness_watch_memory(0);
    vmh_arena_init(&arena);
    if (choice == 0)
        try_context(input, &arena);
    else if (choice == 1)
        try_metadata(input, &arena);
    else
        try_encoding(input, &arena);
    vmh_arena_clear(&arena);
    harness_expect_no_memory();
    return 0;
}
