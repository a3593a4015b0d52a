#include "contractlua/room.h"

#include <pthread.h>
#include <stdlib.h>

#include <sys/mman.h>

#include "contractlua/parser.h"
#include "contractlua/parts.h"

/* Smaller trees have room anywhere. */
enum { LARGE_SOURCE = 64 * 1024 };

/* A source takes up to four: instructions, lines, constants, nodes. */
enum { SLAB_COUNT = 4, LARGEST_SLAB = 32 * 1024 * 1024 };

static struct {
    pthread_mutex_t mutex;
    vmh_arena tree;
    vmh_lua_slab slabs[SLAB_COUNT];
} room = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* ---- trees ---- */

static bool is_kept(size_t source_size)
{
    return source_size >= LARGE_SOURCE && source_size <= VMH_LUA_MAX_SOURCE;
}

/* Keeps `other` in the place of what is kept. */
static vmh_arena exchange_tree(vmh_arena other)
{
    vmh_arena tree;

    pthread_mutex_lock(&room.mutex);
    tree = room.tree;
    room.tree = other;
    pthread_mutex_unlock(&room.mutex);
    return tree;
}

vmh_arena vmh_lua_room_take_tree(size_t source_size)
{
    vmh_arena tree, none;

    vmh_arena_init(&none);
    tree = is_kept(source_size) ? exchange_tree(none) : none;
    if (vmh_arena_size(&tree) < source_size * VMH_LUA_ROOM_PER_BYTE)
        vmh_arena_clear(&tree);
    return tree;
}

/* What was there first is all that most trees take. */
void vmh_lua_room_leave_tree(vmh_arena tree, size_t source_size)
{
    if (is_kept(source_size)) {
        vmh_arena_reset(&tree);
        tree = exchange_tree(tree);
    }
    vmh_arena_clear(&tree);
}

/* ---- slabs ---- */

/* The first touch of small pages takes three times as long as the parser. */
void vmh_lua_use_huge_pages(void *memory, size_t size)
{
    madvise(memory, size, MADV_HUGEPAGE);
}

static vmh_lua_slab new_slab(size_t size)
{
    vmh_lua_slab slab;

    slab.size = (size + VMH_LUA_HUGE_PAGE_SIZE - 1) / VMH_LUA_HUGE_PAGE_SIZE *
                 VMH_LUA_HUGE_PAGE_SIZE;
    slab.memory = aligned_alloc(VMH_LUA_HUGE_PAGE_SIZE, slab.size);
    if (slab.memory != NULL)
        vmh_lua_use_huge_pages(slab.memory, slab.size);
    return slab;
}

/* The smallest that is large enough: what is not touched of it costs nothing. */
vmh_lua_slab vmh_lua_room_take_slab(size_t size)
{
    vmh_lua_slab slab = {0}, *best = NULL;

    pthread_mutex_lock(&room.mutex);
    for (vmh_lua_slab *each = room.slabs; each < room.slabs + SLAB_COUNT; each++)
        if (each->size >= size && (best == NULL || each->size < best->size))
            best = each;
    if (best != NULL) {
        slab = *best;
        *best = (vmh_lua_slab){0};
    }
    pthread_mutex_unlock(&room.mutex);
    return slab.memory != NULL ? slab : new_slab(size);
}

/* In the place of the smallest: large ones are good for all. */
void vmh_lua_room_leave_slab(vmh_lua_slab slab)
{
    vmh_lua_slab left = slab, *least = room.slabs;

    pthread_mutex_lock(&room.mutex);
    for (vmh_lua_slab *each = room.slabs; each < room.slabs + SLAB_COUNT; each++)
        if (each->size < least->size)
            least = each;
    if (slab.size > least->size && slab.size <= LARGEST_SLAB) {
        left = *least;
        *least = slab;
    }
    pthread_mutex_unlock(&room.mutex);
    free(left.memory);
}

void vmh_lua_room_clear(void)
{
    vmh_arena tree;
    vmh_lua_slab slabs[SLAB_COUNT];

    vmh_arena_init(&tree);
    tree = exchange_tree(tree);
    vmh_arena_clear(&tree);
    pthread_mutex_lock(&room.mutex);
    for (size_t i = 0; i < SLAB_COUNT; i++) {
        slabs[i] = room.slabs[i];
        room.slabs[i] = (vmh_lua_slab){0};
    }
    pthread_mutex_unlock(&room.mutex);
    for (size_t i = 0; i < SLAB_COUNT; i++)
        free(slabs[i].memory);
}
