/*
 * Memory that large sources leave for the next: the system takes long to give new memory, above
 * all for the trees, which take 36 MiB. One room per process, for all threads.
 */
#ifndef VMH_CONTRACTLUA_ROOM_H
#define VMH_CONTRACTLUA_ROOM_H

#include "base/arena.h"

/* Bytes of tree for each byte of source: few sources make more. */
enum { VMH_LUA_ROOM_PER_BYTE = 36 };

/* An empty arena for the tree of a source of that size. */
vmh_arena vmh_lua_room_take_tree(size_t source_size);

/* Gives back what was taken for a source of that size; nothing in it is used any more. */
void vmh_lua_room_leave_tree(vmh_arena tree, size_t source_size);

enum { VMH_LUA_HUGE_PAGE_SIZE = 2 * 1024 * 1024 };

/* Asks for huge pages. It is advice, so what comes of it is not asked. */
void vmh_lua_use_huge_pages(void *memory, size_t size);

/* Whole huge pages, where the system has them. */
typedef struct vmh_lua_slab {
    void *memory; /* NULL: there is none */
    size_t size;  /* of its addresses: what none who had it touched is no memory */
} vmh_lua_slab;

/* Of a slab for so many bytes, and of the memory that they take. */
size_t vmh_lua_slab_size(size_t size);

/* At least so many bytes, uninitialised, and less than four times as many. */
vmh_lua_slab vmh_lua_room_take_slab(size_t size);

void vmh_lua_room_leave_slab(vmh_lua_slab slab);

/* Gives the memory behind the first `used` bytes back, whoever touched it; the addresses stay. */
void vmh_lua_slab_use(vmh_lua_slab slab, size_t used);

/* Releases what is kept. */
void vmh_lua_room_clear(void);

#endif
