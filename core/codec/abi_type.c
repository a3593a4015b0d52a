#include "codec/abi_type.h"

#include "crypto/digest.h"

typedef struct parser {
    vmh_bytes text;
    size_t offset;
    vmh_arena *arena;
    vmh_failure *why;
} parser;

static vmh_status parse_type(parser *p, unsigned level, vmh_abi_type *out);

static vmh_status refuse(const parser *p, size_t offset, const char *what)
{
    return vmh_fail(p->why, VMH_E_INPUT, "%.*s: %s at character %zu", VMH_PRINT(p->text), what,
                    offset + 1);
}

static int peek(const parser *p)
{
    return p->offset < p->text.size ? p->text.data[p->offset] : -1;
}

static bool take(parser *p, char character)
{
    if (peek(p) != character)
        return false;
    p->offset++;
    return true;
}

static vmh_bytes text_since(const parser *p, size_t start)
{
    return vmh_bytes_of(p->text.data + start, p->offset - start);
}

static bool is_letter(int character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '_' || character == '$';
}

static bool is_digit(int character)
{
    return character >= '0' && character <= '9';
}

static vmh_bytes take_name(parser *p)
{
    size_t start = p->offset;

    while (is_letter(peek(p)) || (p->offset > start && is_digit(peek(p))))
        p->offset++;
    return text_since(p, start);
}

/* A decimal number from 1 to `limit`, without leading zeros. */
static bool parse_count(vmh_bytes digits, size_t limit, size_t *out)
{
    size_t count = 0;

    if (digits.size == 0 || digits.data[0] == '0')
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        if (!is_digit(digits.data[i]))
            return false;
        count = count * 10 + (size_t)(digits.data[i] - '0');
        if (count > limit)
            return false;
    }
    *out = count;
    return true;
}

static vmh_bytes behind(vmh_bytes text, vmh_bytes prefix)
{
    return vmh_bytes_of(text.data + prefix.size, text.size - prefix.size);
}

static bool set_integer(vmh_abi_type *type, vmh_abi_kind kind, vmh_bytes digits)
{
    size_t bits;

    if (!parse_count(digits, 256, &bits) || bits % 8 != 0)
        return false;
    type->kind = kind;
    type->bits = (unsigned)bits;
    return true;
}

static bool set_fixed_bytes(vmh_abi_type *type, vmh_abi_kind kind, size_t size)
{
    type->kind = kind;
    type->count = size;
    return true;
}

static bool set_plain(vmh_abi_type *type, vmh_abi_kind kind)
{
    type->kind = kind;
    type->is_dynamic = kind == VMH_ABI_BYTES;
    return true;
}

/* Sets what the name of a type without parts means; false if there is none. */
static bool set_named(vmh_abi_type *type, vmh_bytes name)
{
    static const vmh_bytes uint_name = VMH_LITERAL("uint");
    static const vmh_bytes int_name = VMH_LITERAL("int");
    static const vmh_bytes bytes_name = VMH_LITERAL("bytes");
    size_t size;

    if (vmh_bytes_equal(name, VMH_LITERAL("bool")))
        return set_plain(type, VMH_ABI_BOOL);
    if (vmh_bytes_equal(name, bytes_name) || vmh_bytes_equal(name, VMH_LITERAL("string")))
        return set_plain(type, VMH_ABI_BYTES);
    if (vmh_bytes_equal(name, VMH_LITERAL("address")))
        return set_fixed_bytes(type, VMH_ABI_BYTES_RIGHT, 21);
    if (vmh_bytes_equal(name, VMH_LITERAL("tokenId")) || vmh_bytes_equal(name, VMH_LITERAL("gid")))
        return set_fixed_bytes(type, VMH_ABI_BYTES_RIGHT, 10);
    if (vmh_bytes_equal(name, VMH_LITERAL("function")))
        return set_fixed_bytes(type, VMH_ABI_BYTES_LEFT, 25);
    if (vmh_bytes_begins(name, uint_name))
        return set_integer(type, VMH_ABI_UINT, behind(name, uint_name));
    if (vmh_bytes_begins(name, int_name))
        return set_integer(type, VMH_ABI_INT, behind(name, int_name));
    return vmh_bytes_begins(name, bytes_name) && parse_count(behind(name, bytes_name), 32, &size) &&
           set_fixed_bytes(type, VMH_ABI_BYTES_LEFT, size);
}

/* Adds a member to a tuple under construction. */
static void count_member(vmh_abi_type *tuple, const vmh_abi_type *member)
{
    tuple->is_dynamic = tuple->is_dynamic || member->is_dynamic;
    if (tuple->depth <= member->depth)
        tuple->depth = member->depth + 1;
    tuple->body_size += member->head_size;
    tuple->count++;
}

/*
 * The members of a tuple after its "(", and ")". A member takes at most
 * VMH_ABI_MAX_SIZE in the head and has one character at least: no sum overflows.
 */
static vmh_status parse_members(parser *p, unsigned level, vmh_abi_type *out)
{
    vmh_abi_type *members = NULL;
    size_t capacity = 0;

    *out = (vmh_abi_type){.kind = VMH_ABI_TUPLE, .depth = 1};
    do {
        vmh_status status;

        members = vmh_arena_grow(p->arena, members, &capacity, out->count + 1, sizeof *members);
        if (members == NULL)
            return vmh_fail_memory(p->why);
        status = parse_type(p, level + 1, &members[out->count]);
        if (status != VMH_OK)
            return status;
        count_member(out, &members[out->count]);
    } while (take(p, ','));
    if (!take(p, ')'))
        return refuse(p, p->offset, "',' or ')' expected");
    if (out->body_size > VMH_ABI_MAX_SIZE)
        return refuse(p, p->offset, "type is too large");
    out->items = members;
    out->head_size = out->is_dynamic ? 32 : out->body_size;
    return VMH_OK;
}

/* Turns a type into an array of it: "[" was taken. */
static vmh_status parse_array(parser *p, size_t start, vmh_abi_type *type)
{
    vmh_abi_type *item = vmh_arena_alloc(p->arena, sizeof *item);
    vmh_bytes digits;

    if (item == NULL)
        return vmh_fail_memory(p->why);
    *item = *type;
    *type = (vmh_abi_type){.kind = VMH_ABI_LIST, .is_dynamic = true, .depth = item->depth + 1,
                           .head_size = 32, .items = item};
    if (!take(p, ']')) {
        size_t digits_start = p->offset;

        while (is_digit(peek(p)))
            p->offset++;
        digits = text_since(p, digits_start);
        if (!parse_count(digits, VMH_ABI_MAX_SIZE / item->head_size, &type->count))
            return refuse(p, digits_start, "number of items is not from 1 to what 16 MiB hold");
        if (!take(p, ']'))
            return refuse(p, p->offset, "']' expected");
        type->kind = VMH_ABI_ARRAY;
        type->is_dynamic = item->is_dynamic;
        type->body_size = type->count * item->head_size;
        type->head_size = item->is_dynamic ? 32 : type->body_size;
    }
    type->text = text_since(p, start);
    return VMH_OK;
}

static vmh_status parse_base(parser *p, unsigned level, vmh_abi_type *out)
{
    size_t start = p->offset;
    vmh_bytes name;

    if (take(p, '(')) {
        if (level > VMH_ABI_MAX_DEPTH)
            return refuse(p, start, "type is nested too deep");
        return parse_members(p, level, out);
    }
    name = take_name(p);
    *out = (vmh_abi_type){.head_size = 32};
    if (!set_named(out, name))
        return refuse(p, start, "no such type");
    return VMH_OK;
}

static vmh_status parse_type(parser *p, unsigned level, vmh_abi_type *out)
{
    size_t start = p->offset;
    vmh_status status = parse_base(p, level, out);

    out->text = text_since(p, start);
    while (status == VMH_OK && take(p, '[')) {
        if (out->depth >= VMH_ABI_MAX_DEPTH)
            return refuse(p, start, "type is nested too deep");
        status = parse_array(p, start, out);
    }
    if (status == VMH_OK && out->depth > VMH_ABI_MAX_DEPTH)
        return refuse(p, start, "type is nested too deep");
    return status;
}

/* "(T,...)" or "()". */
static vmh_status parse_types(parser *p, const vmh_abi_type **out)
{
    size_t start = p->offset;
    vmh_abi_type *tuple = vmh_arena_alloc(p->arena, sizeof *tuple);
    vmh_status status = VMH_OK;

    if (tuple == NULL)
        return vmh_fail_memory(p->why);
    if (!take(p, '('))
        return refuse(p, start, "'(' expected");
    if (take(p, ')'))
        *tuple = (vmh_abi_type){.kind = VMH_ABI_TUPLE};
    else
        status = parse_members(p, 0, tuple);
    tuple->text = text_since(p, start);
    *out = tuple;
    return status;
}

static vmh_status check_size(const parser *p)
{
    return p->text.size <= VMH_ABI_MAX_TEXT_SIZE
               ? VMH_OK
               : refuse(p, VMH_ABI_MAX_TEXT_SIZE, "text is too long");
}

static vmh_status check_end(const parser *p)
{
    return p->offset == p->text.size ? VMH_OK : refuse(p, p->offset, "end expected");
}

vmh_status vmh_abi_types_parse(vmh_bytes text, vmh_arena *arena, const vmh_abi_type **out,
                               vmh_failure *why)
{
    parser p = {.text = text, .arena = arena, .why = why};
    vmh_status status = parse_types(&p, out);

    return status == VMH_OK ? check_end(&p) : status;
}

vmh_status vmh_abi_signature_parse(vmh_bytes text, vmh_arena *arena, vmh_abi_signature *out,
                                   vmh_failure *why)
{
    parser p = {.text = text, .arena = arena, .why = why};
    vmh_status status = check_size(&p);

    if (status != VMH_OK)
        return status;
    *out = (vmh_abi_signature){.name = take_name(&p)};
    if (out->name.size == 0)
        return refuse(&p, 0, "name expected");
    status = parse_types(&p, &out->inputs);
    if (status != VMH_OK)
        return status;
    out->text = text_since(&p, 0);
    if (peek(&p) == '(')
        status = parse_types(&p, &out->outputs);
    return status == VMH_OK ? check_end(&p) : status;
}

void vmh_abi_signature_hash(const vmh_abi_signature *signature, vmh_hash32 *out)
{
    vmh_blake2b(signature->text, out->bytes, sizeof out->bytes);
}
