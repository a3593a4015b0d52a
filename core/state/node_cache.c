#include "state/node_cache.h"

#include <stdlib.h>

enum { WAYS = 4, FIRST_SETS = 64, SETS_MAX = 16 * 1024 };

struct vmh_node_cache_slot {
    uint64_t height;
    uint32_t number; /* 0: free */
    bool asked_for;  /* since the clock last came by */
    vmh_trie_node node;
};

void vmh_node_cache_init(vmh_node_cache *cache)
{
    *cache = (vmh_node_cache){0};
}

void vmh_node_cache_clear(vmh_node_cache *cache)
{
    free(cache->slots);
    vmh_node_cache_init(cache);
}

static vmh_node_cache_slot *set_of(const vmh_node_cache *cache, uint64_t height, uint32_t number)
{
    uint64_t mixed = (height + (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15)) *
                     UINT64_C(0xff51afd7ed558ccd);

    return cache->slots + WAYS * ((size_t)(mixed >> 32) & (cache->set_count - 1));
}

bool vmh_node_cache_find(vmh_node_cache *cache, const vmh_trie_ref *ref, vmh_trie_node *out)
{
    vmh_node_cache_slot *set;

    if (cache->slots == NULL)
        return false;
    set = set_of(cache, ref->height, ref->number);
    for (unsigned way = 0; way < WAYS; way++) {
        if (set[way].number == ref->number && set[way].height == ref->height) {
            set[way].asked_for = true;
            *out = set[way].node;
            return true;
        }
    }
    return false;
}

/* A place in the set: a free one, else the first not asked for since the last look. */
static vmh_node_cache_slot *choose(vmh_node_cache_slot *set)
{
    for (unsigned way = 0; way < WAYS; way++) {
        if (set[way].number == 0)
            return &set[way];
    }
    for (unsigned way = 0; way < WAYS; way++) {
        if (!set[way].asked_for)
            return &set[way];
        set[way].asked_for = false;
    }
    return set;
}

static void place(vmh_node_cache *cache, const vmh_node_cache_slot *wanted)
{
    vmh_node_cache_slot *slot = choose(set_of(cache, wanted->height, wanted->number));

    if (slot->number == 0)
        cache->used++;
    *slot = *wanted;
}

/* Twice the sets, or the first ones; when memory is short nothing changes. */
static void grow(vmh_node_cache *cache)
{
    vmh_node_cache larger = {.set_count = cache->slots == NULL ? FIRST_SETS : 2 * cache->set_count};

    larger.slots = calloc(larger.set_count * WAYS, sizeof *larger.slots);
    if (larger.slots == NULL)
        return;
    for (size_t i = 0; i < cache->set_count * WAYS; i++) {
        if (cache->slots[i].number != 0)
            place(&larger, &cache->slots[i]);
    }
    free(cache->slots);
    *cache = larger;
}

void vmh_node_cache_put(vmh_node_cache *cache, const vmh_trie_ref *ref, const vmh_trie_node *node)
{
    vmh_node_cache_slot wanted = {.height = ref->height, .number = ref->number, .node = *node};

    if (cache->used >= cache->set_count * WAYS / 4 * 3 && cache->set_count < SETS_MAX)
        grow(cache);
    if (cache->slots != NULL)
        place(cache, &wanted);
}
