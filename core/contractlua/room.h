/*
 * Memory that large sources leave for the next: the system takes long to give new memory, above
 * all for the trees, which take 36 MiB. One room per process, for all threads.
 */
#ifndef VMH_CONTRACTLUA_ROOM_H
#define VMH_CONTRACTLUA_ROOM_H

#include "base/arena.h"

/* An empty arena for the tree of a source of that size. */
vmh_arena vmh_lua_room_take_tree(size_t source_size);

/* Gives back what was taken for a source of that size; nothing in it is used any more. */
void vmh_lua_room_leave_tree(vmh_arena tree, size_t source_size);

/* Of slabs, which are whole huge pages, where the system has them. */
enum { VMH_LUA_HUGE_PAGE_SIZE = 2 * 1024 * 1024 };

typedef struct vmh_lua_slab {
    void *memory; /* NULL: there is none */
    size_t size;
} vmh_lua_slab;

/* At least so many bytes, uninitialised. */
vmh_lua_slab vmh_lua_room_take_slab(size_t size);

void vmh_lua_room_leave_slab(vmh_lua_slab slab);

/* Asks for huge pages. It is advice, so what comes of it is not asked. */
void vmh_lua_use_huge_pages(void *memory, size_t size);

/* Releases what is kept. */
void vmh_lua_room_clear(void);

#endif
