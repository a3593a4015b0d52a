#include "state/store_backends.h"

#include <stdlib.h>

/*
 * A skip list. A write first makes every node it needs, which can fail, and
 * then links them, which cannot: so a batch is applied whole or not at all.
 * Heights of nodes come from a generator of the store, never from the keys, so
 * no choice of keys makes the list slow.
 */
enum { LEVEL_MAX = 20 };

typedef struct node {
    vmh_bytes key;   /* behind the links of this node */
    vmh_bytes value; /* behind the key */
    unsigned level_count;
    struct node *next[];
} node;

typedef struct memory_store {
    vmh_store base;
    uint64_t random;
    node *first[LEVEL_MAX];
} memory_store;

typedef struct memory_cursor {
    vmh_store_cursor base;
    const node *at;
} memory_cursor;

/* Each further level has a quarter of the nodes (xorshift64). */
static unsigned draw_level_count(memory_store *store)
{
    unsigned count = 1;
    uint64_t x = store->random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    store->random = x;
    while (count < LEVEL_MAX && (x & 3) == 0) {
        count++;
        x >>= 2;
    }
    return count;
}

static node *new_node(memory_store *store, vmh_bytes key, vmh_bytes value)
{
    unsigned level_count = draw_level_count(store);
    size_t head_size = sizeof(node) + level_count * sizeof(node *);
    node *made;
    uint8_t *data;

    if (key.size > SIZE_MAX / 4 || value.size > SIZE_MAX / 4)
        return NULL;
    made = malloc(head_size + key.size + value.size);
    if (made == NULL)
        return NULL;
    data = (uint8_t *)made + head_size;
    if (key.size != 0)
        memcpy(data, key.data, key.size);
    if (value.size != 0)
        memcpy(data + key.size, value.data, value.size);
    made->key = vmh_bytes_of(data, key.size);
    made->value = vmh_bytes_of(data + key.size, value.size);
    made->level_count = level_count;
    return made;
}

/* For each level the link that leads to the first node not less than `key`. */
static void find_links(memory_store *store, vmh_bytes key, node **links[LEVEL_MAX])
{
    node **row = store->first;

    for (unsigned level = LEVEL_MAX; level-- > 0;) {
        while (row[level] != NULL && vmh_bytes_compare(row[level]->key, key) < 0)
            row = row[level]->next;
        links[level] = &row[level];
    }
}

static node *find_from(memory_store *store, vmh_bytes key)
{
    node **links[LEVEL_MAX];

    find_links(store, key, links);
    return *links[0];
}

/* Takes the node of `key` out, where `links` lead to it. */
static void unlink_key(node **links[LEVEL_MAX], vmh_bytes key)
{
    node *old = *links[0];

    if (old == NULL || !vmh_bytes_equal(old->key, key))
        return;
    for (unsigned level = 0; level < old->level_count; level++)
        *links[level] = old->next[level];
    free(old);
}

static void link_node(node **links[LEVEL_MAX], node *made)
{
    for (unsigned level = 0; level < made->level_count; level++) {
        made->next[level] = *links[level];
        *links[level] = made;
    }
}

static void free_chain(node *chain)
{
    while (chain != NULL) {
        node *next = chain->next[0];

        free(chain);
        chain = next;
    }
}

static vmh_status memory_get(vmh_store *base, vmh_bytes key, vmh_buffer *value, bool *found,
                             vmh_failure *why)
{
    const node *at = find_from((memory_store *)base, key);

    vmh_buffer_reset(value);
    *found = at != NULL && vmh_bytes_equal(at->key, key);
    if (*found)
        vmh_buffer_append(value, at->value);
    return vmh_buffer_check(value, why);
}

/* One new node per put, chained in the order of the operations. */
static vmh_status make_nodes(memory_store *store, const vmh_store_operation *operations,
                             size_t count, node **chain, vmh_failure *why)
{
    node **last = chain;

    *chain = NULL;
    for (size_t i = 0; i < count; i++) {
        node *made;

        if (operations[i].is_delete)
            continue;
        made = new_node(store, operations[i].key, operations[i].value);
        if (made == NULL) {
            free_chain(*chain);
            *chain = NULL;
            return vmh_fail_memory(why);
        }
        made->next[0] = NULL;
        *last = made;
        last = &made->next[0];
    }
    return VMH_OK;
}

static vmh_status memory_write(vmh_store *base, const vmh_store_operation *operations,
                               size_t count, bool sync, vmh_failure *why)
{
    memory_store *store = (memory_store *)base;
    node **links[LEVEL_MAX];
    node *chain;
    vmh_status status;

    (void)sync; /* nothing outlives the process either way */
    status = make_nodes(store, operations, count, &chain, why);
    if (status != VMH_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        node *made = chain;

        find_links(store, operations[i].key, links);
        unlink_key(links, operations[i].key);
        if (operations[i].is_delete)
            continue;
        chain = chain->next[0];
        link_node(links, made);
    }
    return VMH_OK;
}

static void show(memory_cursor *cursor)
{
    static const vmh_bytes nothing;

    cursor->base.at_end = cursor->at == NULL;
    cursor->base.key = cursor->at == NULL ? nothing : cursor->at->key;
    cursor->base.value = cursor->at == NULL ? nothing : cursor->at->value;
}

static vmh_status cursor_next(vmh_store_cursor *base, vmh_failure *why)
{
    memory_cursor *cursor = (memory_cursor *)base;

    (void)why;
    if (cursor->at != NULL)
        cursor->at = cursor->at->next[0];
    show(cursor);
    return VMH_OK;
}

static void cursor_free(vmh_store_cursor *base)
{
    free(base);
}

static vmh_status memory_seek(vmh_store *base, vmh_bytes from, vmh_store_cursor **out,
                              vmh_failure *why)
{
    memory_cursor *cursor = malloc(sizeof *cursor);

    *out = NULL;
    if (cursor == NULL)
        return vmh_fail_memory(why);
    cursor->base.next = cursor_next;
    cursor->base.free = cursor_free;
    cursor->at = find_from((memory_store *)base, from);
    show(cursor);
    *out = &cursor->base;
    return VMH_OK;
}

static void memory_close(vmh_store *base)
{
    memory_store *store = (memory_store *)base;

    free_chain(store->first[0]);
    free(store);
}

vmh_status vmh_store_memory_open(vmh_store **out, vmh_failure *why)
{
    memory_store *store = calloc(1, sizeof *store);

    *out = NULL;
    if (store == NULL)
        return vmh_fail_memory(why);
    store->base.get = memory_get;
    store->base.write = memory_write;
    store->base.seek = memory_seek;
    store->base.close = memory_close;
    store->random = UINT64_C(0x9e3779b97f4a7c15);
    *out = &store->base;
    return VMH_OK;
}
