#include "base/siphash.h"
#include "contractlua/heap.h"

vmh_lua_string *vmh_lua_string_new_empty(vmh_lua_heap *heap, size_t size)
{
    vmh_lua_string *string;

    if (size > SIZE_MAX / 2) {
        heap->is_over = true;
        return NULL;
    }
    if (!vmh_lua_heap_count(heap, VMH_LUA_STRING_COST + size))
        return NULL;
    string = vmh_lua_heap_alloc(heap, sizeof *string + size + 1);
    if (string == NULL)
        return NULL;
    string->hash = 0;
    string->size = size;
    string->bytes[size] = 0;
    return string;
}

vmh_lua_string *vmh_lua_string_new(vmh_lua_heap *heap, vmh_bytes bytes)
{
    vmh_lua_string *string = vmh_lua_string_new_empty(heap, bytes.size);

    if (string != NULL && bytes.size > 0)
        memcpy(string->bytes, bytes.data, bytes.size);
    return string;
}

vmh_lua_value vmh_lua_uint256_new(vmh_lua_heap *heap, const vmh_word *word)
{
    vmh_word *box;

    if (!vmh_lua_heap_count(heap, VMH_LUA_UINT256_COST))
        return vmh_lua_nil();
    box = vmh_lua_heap_alloc(heap, sizeof *box);
    if (box == NULL)
        return vmh_lua_nil();
    *box = *word;
    return (vmh_lua_value){.tag = VMH_LUA_UINT256, .as = {.word = box}};
}

uint64_t vmh_lua_bytes_hash(vmh_bytes bytes)
{
    uint64_t hash = vmh_siphash(bytes);

    return hash == 0 ? 1 : hash;
}
