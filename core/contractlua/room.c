#include "contractlua/room.h"

#include <pthread.h>

#include <sys/mman.h>

#include "contractlua/parser.h"

/* Smaller trees have room anywhere. */
enum { LARGE_SOURCE = 64 * 1024 };

/* What a mebibyte of source makes: most take five, of 40 MiB, of which they touch a part. */
enum { SLAB_COUNT = 6, MOST_KEPT = 64 * 1024 * 1024 };

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

size_t vmh_lua_slab_size(size_t size)
{
    return (size + VMH_LUA_HUGE_PAGE_SIZE - 1) & ~(size_t)(VMH_LUA_HUGE_PAGE_SIZE - 1);
}

/* Not of malloc, which would find no use for the holes that so large pieces leave. */
static vmh_lua_slab map(size_t size)
{
    size_t mapped = size + VMH_LUA_HUGE_PAGE_SIZE, before;
    uint8_t *memory;

    /* cppcheck-suppress invalidFunctionArg; it does not know that of no file */
    memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return (vmh_lua_slab){0};
    before = -(uintptr_t)memory % VMH_LUA_HUGE_PAGE_SIZE;
    if (before > 0)
        munmap(memory, before);
    munmap(memory + before + size, mapped - before - size);
    vmh_lua_use_huge_pages(memory + before, size);
    return (vmh_lua_slab){memory + before, size};
}

/* One that is far too large is left for who needs it. */
vmh_lua_slab vmh_lua_room_take_slab(size_t size)
{
    vmh_lua_slab slab = {0}, *best = NULL;

    pthread_mutex_lock(&room.mutex);
    for (vmh_lua_slab *each = room.slabs; each < room.slabs + SLAB_COUNT; each++)
        if (each->size >= size && each->size / 4 < size &&
            (best == NULL || each->size < best->size))
            best = each;
    if (best != NULL) {
        slab = *best;
        *best = (vmh_lua_slab){0};
    }
    pthread_mutex_unlock(&room.mutex);
    return slab.memory != NULL ? slab : map(vmh_lua_slab_size(size));
}

static void release(vmh_lua_slab slab)
{
    if (slab.memory != NULL)
        munmap(slab.memory, slab.size);
}

/* In the place of the smallest. */
void vmh_lua_room_leave_slab(vmh_lua_slab slab)
{
    vmh_lua_slab left = slab, *least = room.slabs;
    size_t total = slab.size;

    pthread_mutex_lock(&room.mutex);
    for (vmh_lua_slab *each = room.slabs; each < room.slabs + SLAB_COUNT; each++) {
        total += each->size;
        if (each->size < least->size)
            least = each;
    }
    if (slab.size > least->size && total - least->size <= MOST_KEPT) {
        left = *least;
        *least = slab;
    }
    pthread_mutex_unlock(&room.mutex);
    release(left);
}

void vmh_lua_slab_use(vmh_lua_slab slab, size_t used)
{
    size_t kept = vmh_lua_slab_size(used);

    if (kept < slab.size)
        madvise((uint8_t *)slab.memory + kept, slab.size - kept, MADV_DONTNEED);
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
        release(slabs[i]);
}
