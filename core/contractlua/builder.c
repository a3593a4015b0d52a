#include "contractlua/builder.h"

/* Of a part of 64 bytes. */
enum { FIRST_CAPACITY = 39 };

static size_t part_size(size_t capacity)
{
    return sizeof(vmh_lua_string) + capacity + 1;
}

/* Capacity for `size` bytes; the caller has counted them, so that they are no great number. */
static bool grow(vmh_lua_state *L, vmh_lua_builder *builder, size_t size)
{
    size_t capacity = builder->capacity * 2;
    bool is_first = builder->string == NULL;
    vmh_lua_string *grown;

    if (capacity < size)
        capacity = size < FIRST_CAPACITY ? FIRST_CAPACITY : size;
    grown = vmh_lua_heap_grow(&L->heap, builder->string,
                              is_first ? 0 : part_size(builder->capacity), part_size(capacity));
    if (grown == NULL)
        return false;
    if (is_first) {
        grown->hash = 0;
        grown->size = 0;
    }
    builder->string = grown;
    builder->capacity = capacity;
    return true;
}

/* A first part, or a greater one; NULL where the limit or the system stops it. */
static uint8_t *extend_part(vmh_lua_state *L, vmh_lua_builder *builder, uint64_t size)
{
    size_t old_size = builder->string == NULL ? 0 : builder->string->size;

    if (size > SIZE_MAX / 4) {
        L->heap.is_over = true;
        return NULL;
    }
    if (!vmh_lua_heap_count(&L->heap, size + (builder->string == NULL ? VMH_LUA_STRING_COST : 0)) ||
        !grow(L, builder, old_size + (size_t)size))
        return NULL;
    builder->string->size = old_size + (size_t)size;
    return builder->string->bytes + old_size;
}

uint8_t *vmh_lua_builder_extend(vmh_lua_state *L, vmh_lua_builder *builder, uint64_t size)
{
    vmh_lua_string *string = builder->string;
    uint8_t *to;

    if (!vmh_lua_charge_made(L, size))
        return NULL;
    if (string == NULL || builder->capacity - string->size < size)
        return extend_part(L, builder, size);
    if (!vmh_lua_heap_count(&L->heap, size))
        return NULL;
    to = string->bytes + string->size;
    string->size += (size_t)size;
    return to;
}

bool vmh_lua_builder_add(vmh_lua_state *L, vmh_lua_builder *builder, vmh_bytes bytes)
{
    uint8_t *to = vmh_lua_builder_extend(L, builder, bytes.size);

    if (to == NULL)
        return false;
    if (bytes.size > 0)
        memcpy(to, bytes.data, bytes.size);
    return true;
}

bool vmh_lua_builder_add_value(vmh_lua_state *L, vmh_lua_builder *builder, vmh_lua_value value,
                               bool *is_text)
{
    char text[80];
    size_t size;

    *is_text = true;
    if (value.tag == VMH_LUA_STRING)
        return vmh_lua_builder_add(L, builder, vmh_lua_string_bytes(value.as.string));
    if (!vmh_lua_charge_number_text(L, value))
        return false;
    size = vmh_lua_number_text(value, text);
    *is_text = size > 0;
    return size == 0 || vmh_lua_builder_add(L, builder, vmh_bytes_of(text, size));
}

vmh_lua_string *vmh_lua_builder_finish(vmh_lua_state *L, vmh_lua_builder *builder)
{
    vmh_lua_string *string = builder->string;

    *builder = (vmh_lua_builder){0};
    if (string == NULL)
        return vmh_lua_string_new_empty(&L->heap, 0);
    string->bytes[string->size] = 0;
    return string;
}
