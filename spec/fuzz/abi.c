/*
 * Contract call data from hostile text and hostile bytes. An input is
 *
 *     types or signature | 00 | data
 *
 * The text "(T,...)" is one of types; any other is a signature, whose inputs or,
 * where they are said, outputs are those of the data.
 */
#include <stdio.h>

#include "codec/abi.h"
#include "codec/argument_abi.h"
#include "harness.h"

/*
 * Bytes that types of a text may take: of its shortest parts, "(bool)" and "[]",
 * the first opens a list with room for eight members.
 */
static size_t room_for_types(size_t size)
{
    return 512 * size + 128 * 1024;
}

/*
 * Bytes that values may take: on each level of their types at most what is
 * encoded there, and as much again that an arena leaves unused.
 */
static size_t room_for_values(size_t size)
{
    return 2 * (VMH_ABI_MAX_DEPTH + 1) * size + 128 * 1024;
}

/* ---- types ---- */

static void expect_type(harness_input *text, const vmh_abi_type *type, unsigned level);

static bool take_text(harness_input *text, const char *expected)
{
    vmh_bytes prefix = vmh_bytes_text(expected);

    if (!vmh_bytes_begins(*text, prefix))
        return false;
    harness_take_bytes(text, prefix.size);
    return true;
}

static bool take_numbered(harness_input *text, const char *name, size_t number)
{
    char expected[40];

    snprintf(expected, sizeof expected, "%s%zu", name, number);
    return take_text(text, expected);
}

static bool take_name(harness_input *text, const vmh_abi_type *type)
{
    switch (type->kind) {
    case VMH_ABI_UINT:
        return take_numbered(text, "uint", type->bits);
    case VMH_ABI_INT:
        return take_numbered(text, "int", type->bits);
    case VMH_ABI_BOOL:
        return take_text(text, "bool");
    case VMH_ABI_BYTES_LEFT:
        return take_numbered(text, "bytes", type->count) ||
               (type->count == 25 && take_text(text, "function"));
    case VMH_ABI_BYTES_RIGHT:
        return (type->count == 21 && take_text(text, "address")) ||
               (type->count == 10 && (take_text(text, "tokenId") || take_text(text, "gid")));
    default:
        return take_text(text, "bytes") || take_text(text, "string");
    }
}

static void expect_members(harness_input *text, const vmh_abi_type *tuple, unsigned level)
{
    size_t size = 0;

    EXPECT(take_text(text, "("), "a tuple does not begin");
    for (size_t i = 0; i < tuple->count; i++) {
        EXPECT(i == 0 || take_text(text, ","), "members without a comma");
        expect_type(text, &tuple->items[i], level + 1);
        size += tuple->items[i].head_size;
    }
    EXPECT(take_text(text, ")"), "a tuple does not end");
    EXPECT(tuple->body_size == size, "a tuple is not as long as its members");
}

/* The text has to say what the type is, in the one way of saying it. */
static void expect_type(harness_input *text, const vmh_abi_type *type, unsigned level)
{
    EXPECT(level <= VMH_ABI_MAX_DEPTH + 1 && type->depth <= VMH_ABI_MAX_DEPTH, "too deep");
    EXPECT(type->body_size <= VMH_ABI_MAX_SIZE && type->head_size <= VMH_ABI_MAX_SIZE &&
               type->head_size >= 32 && (!type->is_dynamic || type->head_size == 32),
           "a type of impossible size");
    switch (type->kind) {
    case VMH_ABI_TUPLE:
        expect_members(text, type, level);
        break;
    case VMH_ABI_LIST:
        expect_type(text, type->items, level + 1);
        EXPECT(take_text(text, "[]"), "no list in the text");
        break;
    case VMH_ABI_ARRAY:
        expect_type(text, type->items, level + 1);
        EXPECT(take_numbered(text, "[", type->count) && take_text(text, "]"),
               "no array in the text");
        EXPECT(type->body_size == type->count * type->items->head_size,
               "an array is not as long as its items");
        break;
    default:
        EXPECT(take_name(text, type), "another name in the text");
        break;
    }
}

static void expect_types(vmh_bytes text, const vmh_abi_type *types)
{
    EXPECT(vmh_bytes_equal(text, types->text), "types of another text");
    expect_members(&text, types, 0);
    EXPECT(text.size == 0, "text behind the types");
}

/* The types of the data; NULL where the text is refused. */
static const vmh_abi_type *parse(vmh_bytes text, vmh_arena *arena)
{
    const vmh_abi_type *types;
    vmh_abi_signature signature;

    if (text.size > 0 && text.data[0] == '(') {
        if (vmh_abi_types_parse(text, arena, &types, NULL) != VMH_OK)
            return NULL;
        expect_types(text, types);
        return types;
    }
    if (vmh_abi_signature_parse(text, arena, &signature, NULL) != VMH_OK)
        return NULL;
    EXPECT(vmh_bytes_begins(text, signature.text) &&
               vmh_bytes_begins(signature.text, signature.name),
           "a signature of another text");
    types = signature.inputs;
    expect_types(vmh_bytes_of(text.data + signature.name.size,
                              signature.text.size - signature.name.size), types);
    harness_take_bytes(&text, signature.text.size);
    EXPECT((signature.outputs != NULL) == (text.size > 0), "outputs that are not said");
    if (signature.outputs == NULL)
        return types;
    expect_types(text, signature.outputs);
    return signature.outputs;
}

/* ---- values ---- */

static void expect_encoded(const vmh_abi_type *types, vmh_abi_values values, vmh_bytes data)
{
    vmh_buffer encoded;

    vmh_buffer_init(&encoded);
    EXPECT(vmh_abi_encode(types, values, &encoded, NULL) == VMH_OK, "it cannot be encoded");
    EXPECT(vmh_bytes_equal(vmh_buffer_bytes(&encoded), data),
           "what was decoded is encoded to other bytes");
    vmh_buffer_clear(&encoded);
}

static vmh_status find_kind(vmh_address_kinds *kinds, const vmh_address *address, uint8_t *kind,
                            vmh_failure *why)
{
    (void)kinds;
    (void)address;
    (void)why;
    *kind = 1;
    return VMH_OK;
}

static bool has_address(const vmh_abi_type *type)
{
    return type->kind == VMH_ABI_BYTES_RIGHT ? type->count == 21
                                             : type->depth == 1 && has_address(type->items);
}

/* Values that arguments can carry come back from them, addresses with a kind that is asked for. */
static void try_arguments(const vmh_abi_type *types, vmh_abi_values values, vmh_bytes data,
                          vmh_arena *arena)
{
    vmh_address_kinds kinds = {find_kind};
    vmh_argument_array arguments;
    vmh_abi_value *back = vmh_arena_alloc_array(arena, values.count + 1, sizeof *back);
    bool is_same = true;

    for (size_t i = 0; i < types->count; i++) {
        vmh_argument_type type;

        if (!vmh_argument_type_of_abi(&types->items[i], &type))
            return;
        is_same = is_same && !has_address(&types->items[i]);
    }
    EXPECT(vmh_arguments_from_abi(values, types, arena, &arguments, NULL) == VMH_OK &&
               arguments.count == values.count,
           "values give no arguments");
    for (size_t i = 0; i < arguments.count; i++) {
        vmh_argument_type type;
        bool fits;

        vmh_argument_type_of_abi(&types->items[i], &type);
        EXPECT(arguments.items[i].type == type, "an argument of another type");
        EXPECT(vmh_argument_to_abi(&arguments.items[i], &types->items[i], &kinds, arena, &back[i],
                                   &fits, NULL) == VMH_OK && fits,
               "an argument gives no value");
    }
    if (is_same)
        expect_encoded(types, (vmh_abi_values){back, values.count}, data);
}

/* There is one encoding: a word more or less is none. */
static void expect_strict(const vmh_abi_type *types, vmh_bytes data, vmh_arena *arena)
{
    static const uint8_t word[32];
    vmh_abi_values values;
    vmh_buffer longer;

    vmh_buffer_init(&longer);
    vmh_buffer_append(&longer, data);
    vmh_buffer_append(&longer, vmh_bytes_of(word, sizeof word));
    EXPECT(vmh_abi_decode(types, vmh_buffer_bytes(&longer), arena, &values, NULL) ==
               VMH_E_MALFORMED,
           "a word too many is taken");
    vmh_buffer_clear(&longer);
    EXPECT(data.size == 0 || vmh_abi_decode(types, vmh_bytes_of(data.data, data.size - 32), arena,
                                            &values, NULL) == VMH_E_MALFORMED,
           "a word too few is taken");
}

static void try_values(const vmh_abi_type *types, vmh_bytes data)
{
    size_t before;
    vmh_arena arena;
    vmh_abi_values values;
    vmh_status status;

    vmh_arena_init(&arena);
    before = harness_memory_live();
    status = vmh_abi_decode(types, data, &arena, &values, NULL);
    EXPECT(harness_memory_live() - before <= room_for_values(data.size),
           "values take too much room");
    EXPECT(status == VMH_OK || status == VMH_E_MALFORMED, "another status");
    if (status == VMH_OK) {
        EXPECT(values.count == types->count, "another number of values");
        expect_encoded(types, values, data);
        expect_strict(types, data, &arena);
        try_arguments(types, values, data, &arena);
    }
    vmh_arena_clear(&arena);
}

/* What a revert says is said in one way too. */
static void try_error(vmh_bytes data)
{
    vmh_abi_error error = vmh_abi_error_of(data);
    vmh_buffer encoded;
    uint8_t code[32];

    vmh_buffer_init(&encoded);
    if (error.kind == VMH_ABI_ERROR_TEXT) {
        EXPECT(vmh_abi_error_encode(error.text, &encoded, NULL) == VMH_OK &&
                   vmh_bytes_equal(vmh_buffer_bytes(&encoded), data),
               "the text of an error is encoded to other bytes");
    } else if (error.kind == VMH_ABI_ERROR_PANIC) {
        vmh_word_to_bytes(&error.code, code);
        EXPECT(data.size == 36 && memcmp(data.data + 4, code, sizeof code) == 0,
               "the code of a panic is not what the data says");
    }
    vmh_buffer_clear(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    size_t text_size = end != NULL ? (size_t)(end - data) : size;
    vmh_bytes values = vmh_bytes_of(data + text_size, size - text_size);
    const vmh_abi_type *types;
    vmh_arena arena;

    harness_take_bytes(&values, 1);
    harness_watch_memory(0);
    vmh_arena_init(&arena);
    types = parse(vmh_bytes_of(data, text_size), &arena);
    EXPECT(harness_memory_peak() <= room_for_types(text_size), "types take too much room");
    if (types != NULL)
        try_values(types, values);
    try_error(values);
    vmh_arena_clear(&arena);
    harness_expect_no_memory();
    return 0;
}
