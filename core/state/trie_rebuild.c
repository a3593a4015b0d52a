#include "state/trie_rebuild.h"

/* A part of this many keys takes some 10 MiB. */
enum { PART_KEYS = 64 * 1024, PART_BITS_MAX = 16 };

typedef struct rebuild {
    vmh_trie_collect collect;
    void *self;
    unsigned bits;
    vmh_arena arena;
    vmh_failure *why;
} rebuild;

/* A subtree whose own path may still grow upward: `node.start` is not set. */
typedef struct part {
    bool is_empty;
    vmh_trie_node node;
} part;

vmh_status vmh_trie_leaves_add(vmh_trie_leaves *leaves, const vmh_hash32 *path,
                               const vmh_hash32 *value_hash, vmh_failure *why)
{
    vmh_trie_change *items = vmh_arena_grow(leaves->arena, leaves->items, &leaves->capacity,
                                            leaves->count + 1, sizeof *items);

    if (items == NULL)
        return vmh_fail_memory(why);
    leaves->items = items;
    leaves->items[leaves->count++] = (vmh_trie_change){.path = *path, .value_hash = *value_hash};
    return VMH_OK;
}

static void hash_from(part *p, unsigned start, vmh_hash32 *out)
{
    p->node.start = (uint16_t)start;
    vmh_trie_node_hash(&p->node, out);
}

static void join(part *left, part *right, unsigned bit, part *out)
{
    part branch = {.node = {.is_branch = true, .end = (uint16_t)bit, .path = left->node.path}};

    if (left->is_empty || right->is_empty) {
        *out = left->is_empty ? *right : *left;
        return;
    }
    vmh_trie_path_cut(&branch.node.path, bit);
    hash_from(left, bit + 1, &branch.node.child[0].hash);
    hash_from(right, bit + 1, &branch.node.child[1].hash);
    *out = branch;
}

/* Sorted leaves; each level of the recursion parts them at a later bit, so 256 at most. */
static void build(const vmh_trie_change *leaves, size_t count, part *out)
{
    part left, right;
    unsigned bit;
    size_t left_count = 0;

    *out = (part){.is_empty = count == 0};
    if (count == 0)
        return;
    if (count == 1) {
        out->node.end = VMH_TRIE_BITS;
        out->node.path = leaves[0].path;
        out->node.value_hash = leaves[0].value_hash;
        return;
    }
    bit = vmh_trie_path_common(&leaves[0].path, &leaves[count - 1].path, VMH_TRIE_BITS);
    while (vmh_trie_path_bit(&leaves[left_count].path, bit) == 0)
        left_count++;
    build(leaves, left_count, &left);
    build(leaves + left_count, count - left_count, &right);
    join(&left, &right, bit, out);
}

static vmh_status build_part(rebuild *r, const vmh_hash32 *prefix, part *out)
{
    vmh_trie_leaves leaves = {.arena = &r->arena};
    vmh_status status;

    vmh_arena_reset(&r->arena);
    status = r->collect(r->self, prefix, r->bits, &leaves, r->why);
    if (status != VMH_OK)
        return status;
    build(leaves.items, vmh_trie_changes_sort(leaves.items, leaves.count), out);
    return VMH_OK;
}

static vmh_status build_below(rebuild *r, const vmh_hash32 *prefix, unsigned bit, part *out)
{
    vmh_hash32 right_prefix = *prefix;
    part left, right;
    vmh_status status;

    if (bit == r->bits)
        return build_part(r, prefix, out);
    right_prefix.bytes[bit / 8] = (uint8_t)(right_prefix.bytes[bit / 8] | 0x80u >> bit % 8);
    status = build_below(r, prefix, bit + 1, &left);
    if (status == VMH_OK)
        status = build_below(r, &right_prefix, bit + 1, &right);
    if (status != VMH_OK)
        return status;
    join(&left, &right, bit, out);
    return VMH_OK;
}

vmh_status vmh_trie_rebuild(uint64_t key_count, vmh_trie_collect collect, void *self,
                            vmh_hash32 *root, vmh_failure *why)
{
    rebuild r = {.collect = collect, .self = self, .why = why};
    vmh_hash32 prefix = {{0}};
    part whole;
    vmh_status status;

    while (r.bits < PART_BITS_MAX && key_count >> r.bits > PART_KEYS)
        r.bits++;
    vmh_arena_init(&r.arena);
    status = build_below(&r, &prefix, 0, &whole);
    vmh_arena_clear(&r.arena);
    if (status != VMH_OK)
        return status;
    if (whole.is_empty)
        *root = vmh_trie_empty_root;
    else
        hash_from(&whole, 0, root);
    return VMH_OK;
}
