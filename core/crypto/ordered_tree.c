#include "crypto/ordered_tree.h"

#include <stdlib.h>

#include "crypto/digest.h"

/* A tree over all the memory there is has fewer levels than a size has bits. */
enum { MAX_LEVELS = 64 };

static void hash_parent(const vmh_hash32 *a, const vmh_hash32 *b, vmh_hash32 *out)
{
    vmh_bytes children[2] = {vmh_bytes_hash(a), vmh_bytes_hash(b)};

    if (vmh_bytes_compare(children[0], children[1]) > 0) {
        children[0] = vmh_bytes_hash(b);
        children[1] = vmh_bytes_hash(a);
    }
    vmh_sha256_parts(children, 2, out);
}

/* Replaces a level of `count` nodes by the one above and gives its count. */
static size_t hash_level(vmh_hash32 *nodes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++)
        hash_parent(&nodes[2 * i], &nodes[2 * i + 1], &nodes[i]);
    if (count % 2 != 0)
        nodes[count / 2] = nodes[count - 1];
    return count / 2 + count % 2;
}

static vmh_status copy_leaves(const vmh_hash32 *leaves, size_t count, vmh_hash32 **out,
                              vmh_failure *why)
{
    *out = calloc(count, sizeof **out);
    if (*out == NULL)
        return vmh_fail_memory(why);
    memcpy(*out, leaves, count * sizeof **out);
    return VMH_OK;
}

vmh_status vmh_ordered_tree_root(const vmh_hash32 *leaves, size_t count, vmh_hash32 *root,
                                 vmh_failure *why)
{
    vmh_hash32 *nodes;
    vmh_status status;

    if (count == 0) {
        *root = (vmh_hash32){{0}};
        return VMH_OK;
    }
    status = copy_leaves(leaves, count, &nodes, why);
    if (status != VMH_OK)
        return status;
    while (count > 1)
        count = hash_level(nodes, count);
    *root = nodes[0];
    free(nodes);
    return VMH_OK;
}

vmh_status vmh_ordered_tree_proof(const vmh_hash32 *leaves, size_t count, size_t index,
                                  vmh_buffer *proof, vmh_failure *why)
{
    vmh_hash32 siblings[MAX_LEVELS];
    size_t sibling_count = 0;
    vmh_hash32 *nodes;
    vmh_status status;

    if (index >= count)
        return vmh_fail(why, VMH_E_INPUT, "leaf %zu of a tree of %zu leaves", index, count);
    status = copy_leaves(leaves, count, &nodes, why);
    if (status != VMH_OK)
        return status;
    while (count > 1) {
        /* A last node without a partner has no sibling on this level. */
        if ((index ^ 1) < count)
            siblings[sibling_count++] = nodes[index ^ 1];
        count = hash_level(nodes, count);
        index /= 2;
    }
    free(nodes);
    while (sibling_count > 0)
        vmh_buffer_append(proof, vmh_bytes_hash(&siblings[--sibling_count]));
    return vmh_buffer_check(proof, why);
}

bool vmh_ordered_tree_verify(const vmh_hash32 *root, const vmh_hash32 *leaf, vmh_bytes proof)
{
    vmh_hash32 node = *leaf;

    if (proof.size % sizeof node.bytes != 0 || proof.size / sizeof node.bytes > MAX_LEVELS)
        return false;
    for (size_t at = proof.size; at > 0; at -= sizeof node.bytes) {
        vmh_hash32 sibling;

        memcpy(sibling.bytes, proof.data + at - sizeof sibling.bytes, sizeof sibling.bytes);
        hash_parent(&node, &sibling, &node);
    }
    return vmh_bytes_equal(vmh_bytes_hash(&node), vmh_bytes_hash(root));
}
