/*
 * Memory of one execution: chunks from which parts are cut, with the parts that
 * tables and stacks have outgrown kept by size class for reuse. No collector:
 * all of it is given back at once.
 *
 *     chunk     [part][part][released][part]......room......
 *     own block [large part]      one each, given back when released
 *
 * Two counts are kept apart. What the allocator does can never be seen; what a
 * contract pays and is limited by is the logical count of spec/lua.md 4, which
 * the callers of vmh_lua_heap_count name. What the system gave (`taken`) stays
 * below four times the count and a constant, if those who grow parts double them.
 *
 * Once is_over or has_failed is set the execution is over: what was made is
 * valid memory, but neither whole nor to be seen by anyone.
 */
#ifndef VMH_CONTRACTLUA_HEAP_H
#define VMH_CONTRACTLUA_HEAP_H

#include "contractlua/value.h"

enum {
    VMH_LUA_STRING_COST = 32, /* and one per byte */
    VMH_LUA_UINT256_COST = 48,
    VMH_LUA_TABLE_COST = 64,
    VMH_LUA_KEY_COST = 40,    /* an absent key given a value */
    VMH_LUA_CLOSURE_COST = 48,
    VMH_LUA_CAPTURE_COST = 16, /* each outer local that a closure names */
    VMH_LUA_CELL_COST = 16,    /* such a local, each time it is declared */
    VMH_LUA_COROUTINE_COST = 512,
    VMH_LUA_FRAME_COST = 64,
    VMH_LUA_SLOT_COST = 16,   /* each parameter, declared local and passed value of a frame */
    VMH_LUA_FRAME_OPERANDS = 4, /* so many may wait in a frame before each costs a slot too */
};

enum {
    VMH_LUA_SIZE_CLASSES = 48,
    VMH_LUA_HEAP_GRAIN = 16,
    VMH_LUA_LARGEST_PART = 4 * 1024, /* of a chunk; so that little is lost at its end */
};

typedef struct vmh_lua_heap_block vmh_lua_heap_block;
typedef struct vmh_lua_heap_part vmh_lua_heap_part;

typedef struct vmh_lua_heap {
    uint8_t *next;              /* of the newest chunk: what is not cut yet */
    size_t room;
    uint64_t free_classes;      /* a bit per class that has released parts */
    vmh_lua_heap_part *free_parts[VMH_LUA_SIZE_CLASSES];
    vmh_lua_heap_block *first;  /* the chunk that a reset keeps */
    vmh_lua_heap_block *blocks; /* other chunks and large parts, newest first */
    uint64_t taken;             /* bytes that the system gave and has not got back */
    uint64_t counted;           /* logical bytes */
    uint64_t limit;
    bool is_over;               /* counted passed the limit */
    bool has_failed;            /* the system gave no memory */
} vmh_lua_heap;

/* Takes no memory yet. */
void vmh_lua_heap_init(vmh_lua_heap *heap, uint64_t limit);
void vmh_lua_heap_clear(vmh_lua_heap *heap);

/* Forgets all, in constant time but for big chunks given back; keeps the first chunk. */
void vmh_lua_heap_reset(vmh_lua_heap *heap, uint64_t limit);

/*
 * Counts logical bytes. False, with is_over set, once they pass the limit: the
 * execution is over. Callers count before they take memory.
 */
static inline bool vmh_lua_heap_count(vmh_lua_heap *heap, uint64_t bytes)
{
    if (__builtin_add_overflow(heap->counted, bytes, &heap->counted))
        heap->counted = UINT64_MAX;
    if (heap->counted <= heap->limit)
        return true;
    heap->is_over = true;
    return false;
}

/* Alloc, where there is more to do than to cut the next part. */
void *vmh_lua_heap_alloc_slow(vmh_lua_heap *heap, size_t size);

/* Uninitialised, aligned to 16; NULL with has_failed set where the system has no more. */
static inline void *vmh_lua_heap_alloc(vmh_lua_heap *heap, size_t size)
{
    size_t rounded = (size + VMH_LUA_HEAP_GRAIN - 1) & ~(size_t)(VMH_LUA_HEAP_GRAIN - 1);
    void *part = heap->next;

    if (size - 1 >= VMH_LUA_LARGEST_PART || rounded > heap->room || heap->free_classes != 0)
        return vmh_lua_heap_alloc_slow(heap, size);
    heap->next += rounded;
    heap->room -= rounded;
    return part;
}

/* Whether it lies in memory of this heap. */
bool vmh_lua_heap_owns(const vmh_lua_heap *heap, const void *part);

/* Gives back a part of exactly that size, for reuse by alloc. NULL is fine. */
void vmh_lua_heap_release(vmh_lua_heap *heap, void *part, size_t size);

/*
 * Alloc of `size` bytes that begin with those of `part`, which is released; NULL
 * for `part` if `old_size` is 0. Where it fails `part` stays.
 */
void *vmh_lua_heap_grow(vmh_lua_heap *heap, void *part, size_t old_size, size_t size);

/*
 * Whether memory that nobody has paid for yet may be taken ahead of need: not
 * where what was taken would pass one and a half times the count, and a constant.
 */
bool vmh_lua_heap_can_reserve(const vmh_lua_heap *heap, size_t size);

/*
 * Makes a string, counted. NULL where the limit or the system stops it. The
 * second leaves `size` bytes to be written by the caller.
 */
vmh_lua_string *vmh_lua_string_new(vmh_lua_heap *heap, vmh_bytes bytes);
vmh_lua_string *vmh_lua_string_new_empty(vmh_lua_heap *heap, size_t size);

/* A uint256 value, counted; as above a nil where it cannot be. */
vmh_lua_value vmh_lua_uint256_new(vmh_lua_heap *heap, const vmh_word *word);

/* Never 0. */
uint64_t vmh_lua_bytes_hash(vmh_bytes bytes);

/* The hash of a string, kept in it. */
static inline uint64_t vmh_lua_string_hash(vmh_lua_string *string)
{
    if (string->hash == 0)
        string->hash = vmh_lua_bytes_hash(vmh_lua_string_bytes(string));
    return string->hash;
}

#endif
