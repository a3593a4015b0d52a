/*
 * A string in the making. What is added is charged and counted at once, 32 + size
 * in all, so that a string that is never finished was paid like any other, and what
 * is too big ends by the limit before it is there.
 *
 * A function that calls back in the middle keeps the string as a value and the
 * capacity as a number.
 */
#ifndef VMH_CONTRACTLUA_BUILDER_H
#define VMH_CONTRACTLUA_BUILDER_H

#include "contractlua/state.h"

typedef struct vmh_lua_builder {
    vmh_lua_string *string; /* its size is what was added; NULL: nothing yet */
    size_t capacity;
} vmh_lua_builder;

/* Room for `size` more bytes, which count as added; NULL: return vmh_lua_stopped(L). */
uint8_t *vmh_lua_builder_extend(vmh_lua_state *L, vmh_lua_builder *builder, uint64_t size);

bool vmh_lua_builder_add(vmh_lua_state *L, vmh_lua_builder *builder, vmh_bytes bytes);

/*
 * Adds what `..` would: a string, or the text of a number. For anything else `*is_text` is
 * false, and nothing is added.
 */
bool vmh_lua_builder_add_value(vmh_lua_state *L, vmh_lua_builder *builder, vmh_lua_value value,
                               bool *is_text);

/* The string; the builder is empty again. NULL: return vmh_lua_stopped(L). */
vmh_lua_string *vmh_lua_builder_finish(vmh_lua_state *L, vmh_lua_builder *builder);

/* Away into a slot and a number of a frame, and back. */
static inline vmh_lua_value vmh_lua_builder_keep(const vmh_lua_builder *builder, int64_t *number)
{
    *number = (int64_t)builder->capacity;
    return builder->string == NULL ? vmh_lua_nil() : vmh_lua_of_string(builder->string);
}

static inline vmh_lua_builder vmh_lua_builder_kept(vmh_lua_value value, int64_t number)
{
    return (vmh_lua_builder){
        .string = vmh_lua_is_nil(value) ? NULL : value.as.string,
        .capacity = (size_t)number,
    };
}

#endif
