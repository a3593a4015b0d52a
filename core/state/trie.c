#include "state/trie.h"

#include <inttypes.h>
#include <stdlib.h>

#include "state/node_cache.h"
#include "state/store_record.h"

struct vmh_trie {
    vmh_store *store;
    vmh_node_cache cache;
    vmh_buffer value;
    vmh_trie_counters counters;
};

vmh_status vmh_trie_new(vmh_store *store, vmh_trie **out, vmh_failure *why)
{
    vmh_trie *trie = calloc(1, sizeof *trie);

    *out = NULL;
    if (trie == NULL)
        return vmh_fail_memory(why);
    trie->store = store;
    vmh_node_cache_init(&trie->cache);
    vmh_buffer_init(&trie->value);
    *out = trie;
    return VMH_OK;
}

void vmh_trie_free(vmh_trie *trie)
{
    if (trie == NULL)
        return;
    vmh_node_cache_clear(&trie->cache);
    vmh_buffer_clear(&trie->value);
    free(trie);
}

vmh_trie_counters vmh_trie_get_counters(const vmh_trie *trie)
{
    return trie->counters;
}

vmh_trie_ref vmh_trie_empty(void)
{
    return (vmh_trie_ref){.hash = vmh_trie_empty_root};
}

static vmh_status fail_node(const vmh_trie_ref *ref, const char *fault, vmh_failure *why)
{
    return vmh_fail(why, VMH_E_STORE_CORRUPT, "trie node %" PRIu64 ".%" PRIu32 ": %s", ref->height,
                    ref->number, fault);
}

static vmh_status read_node(vmh_trie *trie, const vmh_trie_ref *ref, vmh_trie_node *out,
                            vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_node(ref->height, ref->number);
    vmh_hash32 hash;
    bool found;
    vmh_status status =
        trie->store->get(trie->store, vmh_record_key_bytes(&key), &trie->value, &found, why);

    if (status != VMH_OK)
        return status;
    if (!found)
        return fail_node(ref, "missing", why);
    if (!vmh_trie_node_decode(vmh_buffer_bytes(&trie->value), out))
        return fail_node(ref, "does not decode", why);
    vmh_trie_node_hash(out, &hash);
    if (memcmp(&hash, &ref->hash, sizeof hash) != 0)
        return fail_node(ref, "has another hash than its parent says", why);
    return VMH_OK;
}

static vmh_status read_node_into_cache(vmh_trie *trie, const vmh_trie_ref *ref,
                                       vmh_trie_node *out, vmh_failure *why)
{
    vmh_status status = read_node(trie, ref, out, why);

    if (status == VMH_OK)
        vmh_node_cache_put(&trie->cache, ref, out);
    return status;
}

/* The node under `ref`, whose place is at bit `start` on the way to `path`. */
static vmh_status load(vmh_trie *trie, const vmh_trie_ref *ref, const vmh_hash32 *path,
                       unsigned start, vmh_trie_node *out, vmh_failure *why)
{
    trie->counters.reads++;
    if (!vmh_node_cache_find(&trie->cache, ref, out)) {
        vmh_status status = read_node_into_cache(trie, ref, out, why);

        if (status != VMH_OK)
            return status;
    }
    if (out->start != start || vmh_trie_path_common(&out->path, path, start) != start)
        return fail_node(ref, "is not in its place", why);
    return VMH_OK;
}

static int compare_changes(const void *left, const void *right)
{
    const vmh_trie_change *a = left, *b = right;
    int order = memcmp(&a->path, &b->path, sizeof a->path);

    if (order != 0)
        return order;
    return a->order < b->order ? -1 : a->order > b->order;
}

size_t vmh_trie_changes_sort(vmh_trie_change *changes, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        changes[i].order = i;
    if (count != 0)
        qsort(changes, count, sizeof *changes, compare_changes);
    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count ||
                       memcmp(&changes[i].path, &changes[i + 1].path, sizeof(vmh_hash32)) != 0;

        if (is_last)
            changes[kept++] = changes[i];
    }
    return kept;
}

/*
 * A subtree while an update is under way. A fresh one gets its hash and number
 * only when it is known where its own path begins, that is when the branch
 * above it is made: so a node that moves up on a delete is hashed once.
 */
typedef struct subtree {
    enum { EMPTY, STORED, FRESH } kind;
    vmh_trie_ref ref;   /* STORED */
    vmh_trie_node node; /* FRESH */
} subtree;

typedef struct walk {
    vmh_trie *trie;
    uint64_t height;
    vmh_arena *arena;
    vmh_trie_update *update;
    vmh_failure *why;
} walk;

static vmh_status add_stale(walk *w, const vmh_trie_ref *ref)
{
    vmh_trie_update *update = w->update;
    vmh_trie_ref *stale = vmh_arena_grow(w->arena, update->stale, &update->stale_capacity,
                                         update->stale_count + 1, sizeof *stale);

    if (stale == NULL)
        return vmh_fail_memory(w->why);
    update->stale = stale;
    update->stale[update->stale_count++] = *ref;
    return VMH_OK;
}

/* Settles a subtree that is not empty at bit `start`; `*ref` leads to it. */
static vmh_status settle(walk *w, subtree *tree, unsigned start, vmh_trie_ref *ref)
{
    vmh_trie_update *update = w->update;
    vmh_trie_fresh *fresh;

    if (tree->kind == STORED) {
        *ref = tree->ref;
        return VMH_OK;
    }
    if (update->fresh_count >= UINT32_MAX - 1)
        return vmh_fail(w->why, VMH_E_LIMIT, "a commit changes too many trie nodes");
    fresh = vmh_arena_grow(w->arena, update->fresh, &update->fresh_capacity,
                           update->fresh_count + 1, sizeof *fresh);
    if (fresh == NULL)
        return vmh_fail_memory(w->why);
    update->fresh = fresh;
    fresh += update->fresh_count++;
    tree->node.start = (uint16_t)start;
    fresh->node = tree->node;
    fresh->ref.height = w->height;
    fresh->ref.number = (uint32_t)update->fresh_count;
    vmh_trie_node_hash(&fresh->node, &fresh->ref.hash);
    w->trie->counters.hashes++;
    *ref = fresh->ref;
    return VMH_OK;
}

/*
 * What becomes of two subtrees that part at bit `end` of `path`: a branch, or
 * the only one that is left, which takes over the path above it.
 */
static vmh_status join(walk *w, const vmh_hash32 *path, unsigned end, subtree side[2],
                       subtree *out)
{
    subtree *left_over = side[0].kind == EMPTY ? &side[1] : &side[0];
    vmh_status status;

    if (side[0].kind != EMPTY && side[1].kind != EMPTY) {
        vmh_trie_node branch = {.is_branch = true, .end = (uint16_t)end, .path = *path};

        vmh_trie_path_cut(&branch.path, end);
        for (unsigned bit = 0; bit < 2; bit++) {
            status = settle(w, &side[bit], end + 1, &branch.child[bit]);
            if (status != VMH_OK)
                return status;
        }
        *out = (subtree){.kind = FRESH, .node = branch};
        return VMH_OK;
    }
    if (left_over->kind == STORED) {
        vmh_trie_ref ref = left_over->ref;
        vmh_hash32 way = *path;

        vmh_trie_path_cut(&way, end);
        if (left_over == &side[1])
            way.bytes[end / 8] = (uint8_t)(way.bytes[end / 8] | 0x80u >> end % 8);
        status = load(w->trie, &ref, &way, end + 1, &left_over->node, w->why);
        if (status == VMH_OK)
            status = add_stale(w, &ref);
        if (status != VMH_OK)
            return status;
        left_over->kind = FRESH;
    }
    *out = *left_over;
    return VMH_OK;
}

/* How many of the sorted changes, which agree before `bit`, have it zero. */
static size_t count_left(const vmh_trie_change *changes, size_t count, unsigned bit)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (vmh_trie_path_bit(&changes[middle].path, bit) == 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A subtree of nothing but puts. */
static vmh_status build(walk *w, const vmh_trie_change *changes, size_t count, subtree *out)
{
    const vmh_hash32 *first = &changes[0].path;
    subtree side[2];
    unsigned bit;
    size_t left;
    vmh_status status;

    if (count == 1) {
        *out = (subtree){.kind = FRESH, .node = {.end = VMH_TRIE_BITS, .path = *first}};
        out->node.value_hash = changes[0].value_hash;
        return VMH_OK;
    }
    bit = vmh_trie_path_common(first, &changes[count - 1].path, VMH_TRIE_BITS);
    left = count_left(changes, count, bit);
    status = build(w, changes, left, &side[0]);
    if (status == VMH_OK)
        status = build(w, changes + left, count - left, &side[1]);
    if (status != VMH_OK)
        return status;
    return join(w, first, bit, side, out);
}

/* Takes out the deletes of keys that are not under `node`; returns how many changes are left. */
static size_t drop_idle_deletes(const vmh_trie_node *node, vmh_trie_change *changes, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_idle =
            changes[i].is_delete &&
            vmh_trie_path_common(&node->path, &changes[i].path, node->end) < node->end;

        if (!is_idle)
            changes[kept++] = changes[i];
    }
    return kept;
}

static vmh_status change_node(walk *w, const vmh_trie_node *node, const vmh_trie_ref *origin,
                              vmh_trie_change *changes, size_t count, subtree *out);

/* A stored subtree under changes that all agree with `path` before `start`. */
static vmh_status change_stored(walk *w, const vmh_trie_ref *ref, unsigned start,
                                vmh_trie_change *changes, size_t count, subtree *out)
{
    vmh_trie_node node;
    vmh_status status;

    if (count == 0) {
        *out = (subtree){.kind = STORED, .ref = *ref};
        return VMH_OK;
    }
    status = load(w->trie, ref, &changes[0].path, start, &node, w->why);
    if (status != VMH_OK)
        return status;
    return change_node(w, &node, ref, changes, count, out);
}

/* The node as it was: where it is stored, or, cut loose from there, as a fresh one. */
static void keep(const vmh_trie_node *node, const vmh_trie_ref *origin, subtree *out)
{
    if (origin != NULL)
        *out = (subtree){.kind = STORED, .ref = *origin};
    else
        *out = (subtree){.kind = FRESH, .node = *node};
}

static vmh_status change_leaf(walk *w, const vmh_trie_node *leaf, const vmh_trie_ref *origin,
                              const vmh_trie_change *change, subtree *out)
{
    if (!change->is_delete &&
        memcmp(&leaf->value_hash, &change->value_hash, sizeof leaf->value_hash) == 0) {
        keep(leaf, origin, out);
        return VMH_OK;
    }
    *out = (subtree){.kind = change->is_delete ? EMPTY : FRESH, .node = *leaf};
    out->node.value_hash = change->value_hash;
    return origin == NULL ? VMH_OK : add_stale(w, origin);
}

static vmh_status change_branch(walk *w, const vmh_trie_node *branch, const vmh_trie_ref *origin,
                                vmh_trie_change *changes, size_t count, subtree *out)
{
    size_t left = count_left(changes, count, branch->end);
    subtree side[2];
    bool changed = false;
    vmh_status status;

    status = change_stored(w, &branch->child[0], branch->end + 1u, changes, left, &side[0]);
    if (status == VMH_OK)
        status = change_stored(w, &branch->child[1], branch->end + 1u, changes + left,
                               count - left, &side[1]);
    if (status != VMH_OK)
        return status;
    for (unsigned bit = 0; bit < 2; bit++)
        changed = changed || side[bit].kind != STORED;
    if (!changed) {
        keep(branch, origin, out);
        return VMH_OK;
    }
    if (origin != NULL) {
        status = add_stale(w, origin);
        if (status != VMH_OK)
            return status;
    }
    if (side[0].kind == EMPTY && side[1].kind == EMPTY) {
        *out = (subtree){.kind = EMPTY};
        return VMH_OK;
    }
    return join(w, &branch->path, branch->end, side, out);
}

/* Some put leaves the node's path at bit `bit`: the node moves below a new branch there. */
static vmh_status split(walk *w, const vmh_trie_node *node, const vmh_trie_ref *origin,
                        unsigned bit, vmh_trie_change *changes, size_t count, subtree *out)
{
    unsigned node_side = vmh_trie_path_bit(&node->path, bit);
    size_t left = count_left(changes, count, bit);
    vmh_trie_change *part[2] = {changes, changes + left};
    size_t part_count[2] = {left, count - left};
    subtree side[2];
    vmh_status status = origin == NULL ? VMH_OK : add_stale(w, origin);

    if (status != VMH_OK)
        return status;
    status = change_node(w, node, NULL, part[node_side], part_count[node_side], &side[node_side]);
    if (status == VMH_OK)
        status = build(w, part[1 - node_side], part_count[1 - node_side], &side[1 - node_side]);
    if (status != VMH_OK)
        return status;
    return join(w, &node->path, bit, side, out);
}

/* `origin` is where the node is stored, NULL once it is stale. */
static vmh_status change_node(walk *w, const vmh_trie_node *node, const vmh_trie_ref *origin,
                              vmh_trie_change *changes, size_t count, subtree *out)
{
    unsigned first, last, bit;

    count = drop_idle_deletes(node, changes, count);
    if (count == 0) {
        keep(node, origin, out);
        return VMH_OK;
    }
    first = vmh_trie_path_common(&node->path, &changes[0].path, node->end);
    last = vmh_trie_path_common(&node->path, &changes[count - 1].path, node->end);
    bit = first < last ? first : last;
    if (bit < node->end)
        return split(w, node, origin, bit, changes, count, out);
    if (node->is_branch)
        return change_branch(w, node, origin, changes, count, out);
    return change_leaf(w, node, origin, &changes[0], out);
}

/* A node on the way of some changes, for reading ahead. */
typedef struct wanted {
    vmh_trie_ref ref;
    const vmh_trie_change *changes;
    size_t count;
} wanted;

typedef struct wanted_list {
    wanted *items;
    size_t count;
} wanted_list;

static int compare_wanted(const void *left, const void *right)
{
    const vmh_trie_ref *a = &((const wanted *)left)->ref, *b = &((const wanted *)right)->ref;

    if (a->height != b->height)
        return a->height < b->height ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static bool leads_below(const vmh_trie_node *branch, const vmh_hash32 *path)
{
    return vmh_trie_path_common(&branch->path, path, branch->end) == branch->end;
}

/* Adds the children of a node to which changes lead. */
static void want_children(const wanted *from, const vmh_trie_node *node, wanted_list *next)
{
    const vmh_trie_change *changes = from->changes;
    size_t count = from->count, left;

    if (!node->is_branch)
        return;
    while (count != 0 && !leads_below(node, &changes[0].path)) {
        changes++;
        count--;
    }
    while (count != 0 && !leads_below(node, &changes[count - 1].path))
        count--;
    left = count_left(changes, count, node->end);
    if (left != 0)
        next->items[next->count++] = (wanted){node->child[0], changes, left};
    if (left != count)
        next->items[next->count++] = (wanted){node->child[1], changes + left, count - left};
}

/* Reads a level's nodes that are not at hand, in the order in which the store has them. */
static vmh_status read_level(vmh_trie *trie, wanted_list *level, wanted_list *next,
                             vmh_failure *why)
{
    vmh_trie_node node;
    size_t missing = 0;

    next->count = 0;
    for (size_t i = 0; i < level->count; i++) {
        if (vmh_node_cache_find(&trie->cache, &level->items[i].ref, &node))
            want_children(&level->items[i], &node, next);
        else
            level->items[missing++] = level->items[i];
    }
    if (missing != 0)
        qsort(level->items, missing, sizeof *level->items, compare_wanted);
    for (size_t i = 0; i < missing; i++) {
        vmh_status status = read_node_into_cache(trie, &level->items[i].ref, &node, why);

        if (status != VMH_OK)
            return status;
        want_children(&level->items[i], &node, next);
    }
    return VMH_OK;
}

/*
 * Brings the nodes on the ways of all changes into the cache, level by level.
 * The walk itself goes from branch to branch, and to a large store that means
 * one place after the other; this way each level is read from one end to the
 * other. What the cache cannot hold is read again by the walk.
 */
static vmh_status read_ahead(vmh_trie *trie, const vmh_trie_ref *root,
                             const vmh_trie_change *changes, size_t count, vmh_arena *arena,
                             vmh_failure *why)
{
    wanted_list level = {vmh_arena_alloc_array(arena, count, sizeof(wanted)), 0};
    wanted_list next = {vmh_arena_alloc_array(arena, count, sizeof(wanted)), 0};
    vmh_status status = VMH_OK;

    if (level.items == NULL || next.items == NULL)
        return vmh_fail_memory(why);
    if (count != 0)
        level.items[level.count++] = (wanted){*root, changes, count};
    while (status == VMH_OK && level.count != 0) {
        wanted_list read = level;

        status = read_level(trie, &read, &next, why);
        level = next;
        next.items = read.items;
    }
    return status;
}

static size_t drop_deletes(vmh_trie_change *changes, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!changes[i].is_delete)
            changes[kept++] = changes[i];
    }
    return kept;
}

vmh_status vmh_trie_change_all(vmh_trie *trie, const vmh_trie_ref *root, uint64_t height,
                               vmh_trie_change *changes, size_t count, vmh_arena *arena,
                               vmh_trie_update *out, vmh_failure *why)
{
    walk w = {.trie = trie, .height = height, .arena = arena, .update = out, .why = why};
    subtree tree = {.kind = EMPTY};
    vmh_status status = VMH_OK;

    *out = (vmh_trie_update){.root = vmh_trie_empty()};
    if (root->number != 0) {
        status = read_ahead(trie, root, changes, count, arena, why);
        if (status == VMH_OK)
            status = change_stored(&w, root, 0, changes, count, &tree);
    } else {
        count = drop_deletes(changes, count);
        if (count != 0)
            status = build(&w, changes, count, &tree);
    }
    if (status != VMH_OK || tree.kind == EMPTY)
        return status;
    return settle(&w, &tree, 0, &out->root);
}

void vmh_trie_remember(vmh_trie *trie, const vmh_trie_update *update)
{
    for (size_t i = 0; i < update->fresh_count; i++)
        vmh_node_cache_put(&trie->cache, &update->fresh[i].ref, &update->fresh[i].node);
}

/* Puts the bits of `node` over those of `path`, from its start to its end. */
static void walk_over(const vmh_trie_node *node, uint8_t path[32])
{
    for (unsigned bit = node->start; bit < node->end; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> bit % 8);

        if (vmh_trie_path_bit(&node->path, bit) != 0)
            path[bit / 8] = (uint8_t)(path[bit / 8] | mask);
        else
            path[bit / 8] = (uint8_t)(path[bit / 8] & ~mask);
    }
}

static void end_proof(const vmh_trie_ref *ref, const vmh_trie_node *last, vmh_trie_proof *out)
{
    out->nodes[out->node_count++] =
        (vmh_proof_node){ref->hash, (uint16_t)(last->end - last->start)};
    walk_over(last, out->path);
    out->is_branch = last->is_branch;
    if (last->is_branch) {
        out->left_or_value = last->child[0].hash;
        out->right = last->child[1].hash;
    } else {
        out->left_or_value = last->value_hash;
    }
}

vmh_status vmh_trie_prove(vmh_trie *trie, const vmh_trie_ref *root, const vmh_hash32 *path,
                          vmh_trie_proof *out, vmh_failure *why)
{
    vmh_trie_ref ref = *root;
    vmh_trie_node node;
    unsigned start = 0;

    memset(out, 0, sizeof *out);
    memcpy(out->path, path->bytes, sizeof out->path);
    while (ref.number != 0) {
        vmh_status status = load(trie, &ref, path, start, &node, why);
        unsigned bit;

        if (status != VMH_OK)
            return status;
        if (!node.is_branch || !leads_below(&node, path)) {
            end_proof(&ref, &node, out);
            break;
        }
        bit = vmh_trie_path_bit(path, node.end);
        out->nodes[out->node_count++] =
            (vmh_proof_node){node.child[1 - bit].hash, (uint16_t)(node.end - node.start)};
        ref = node.child[bit];
        start = node.end + 1u;
    }
    return VMH_OK;
}
