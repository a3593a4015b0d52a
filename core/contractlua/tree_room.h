/*
 * Memory for the tree of a source. New memory is slow, above all for large sources, whose trees
 * take 32 MiB: what one of them took is kept for the next, one such room per process.
 */
#ifndef VMH_CONTRACTLUA_TREE_ROOM_H
#define VMH_CONTRACTLUA_TREE_ROOM_H

#include "base/arena.h"

/* An empty arena for the tree of a source of that size; from any thread. */
vmh_arena vmh_lua_tree_room_take(size_t source_size);

/* Gives back what was taken for a source of that size; nothing in it is used any more. */
void vmh_lua_tree_room_leave(vmh_arena room, size_t source_size);

/* Releases what is kept. */
void vmh_lua_tree_room_clear(void);

#endif
