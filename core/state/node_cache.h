/*
 * Decoded trie nodes, so that the upper levels are not read and decoded for
 * every commit. A stored node never changes, so nothing here grows old.
 *
 * Bounded: it begins small, grows while nodes come in, and from its largest
 * size (10 MiB) on gives places of nodes not asked for lately to new ones. A
 * cache that cannot grow stays as it is: it makes answers fast, never different.
 */
#ifndef VMH_STATE_NODE_CACHE_H
#define VMH_STATE_NODE_CACHE_H

#include "state/trie_node.h"

typedef struct vmh_node_cache_slot vmh_node_cache_slot;

typedef struct vmh_node_cache {
    vmh_node_cache_slot *slots; /* sets of four; NULL until the first node */
    size_t set_count;           /* a power of two */
    size_t used;
} vmh_node_cache;

void vmh_node_cache_init(vmh_node_cache *cache);
void vmh_node_cache_clear(vmh_node_cache *cache);

/* Copies the node out; false when it is not here. */
bool vmh_node_cache_find(vmh_node_cache *cache, const vmh_trie_ref *ref, vmh_trie_node *out);

void vmh_node_cache_put(vmh_node_cache *cache, const vmh_trie_ref *ref, const vmh_trie_node *node);

#endif
