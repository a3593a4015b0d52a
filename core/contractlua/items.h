/*
 * Lists that grow while a source is compiled, and what a code keeps of them.
 *
 * Small ones are of malloc, large ones slabs of the room: who frees them says how large they are.
 */
#ifndef VMH_CONTRACTLUA_ITEMS_H
#define VMH_CONTRACTLUA_ITEMS_H

#include "contractlua/parts.h"

/*
 * Room for at least `count` items of that size, of which the first `used` stay; false where there
 * is no memory, with all as it was.
 */
bool vmh_lua_items_enlarge(void **items, uint32_t *capacity, size_t used, size_t count,
                           size_t size);

/* Gives back the memory that `count` items do not take. */
void vmh_lua_items_trim(void **items, uint32_t *capacity, uint32_t count, size_t size);

void vmh_lua_items_free(void *items, size_t capacity, size_t size);

/* The memory of a list that was trimmed to `count`. */
size_t vmh_lua_items_size(uint32_t capacity, uint32_t count, size_t size);

/*
 * `*items` for who keeps them: a copy among the parts, or, where they are large, they themselves,
 * taken from who had them and added to the pieces of the parts. NULL: there is no memory.
 */
void *vmh_lua_items_keep(vmh_lua_parts *parts, void **items, uint32_t *capacity, uint32_t count,
                         size_t size);

#endif
