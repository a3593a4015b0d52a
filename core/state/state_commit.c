#include "state/state_commit.h"

#include "crypto/digest.h"
#include "state/block_store.h"

/*
 * A commit forgets one height where it adds one. After the history was made
 * shorter there are more, and each commit does no more than this many.
 */
enum { FORGET_MAX = 16 };

static size_t count_records(const vmh_state_diff *diff)
{
    size_t count = 0;

    for (size_t i = 0; i < diff->contract_count; i++)
        count += diff->contracts[i].record_count;
    return count;
}

/*
 * Every record takes part, those that leave a value as it is too: under rules
 * whose paths can collide, the last record of a path decides what the trie has.
 */
static vmh_status list_trie_changes(const vmh_commit *commit, const vmh_state_diff *diff,
                                    vmh_trie_change **changes, size_t *count, vmh_failure *why)
{
    *count = 0;
    *changes =
        vmh_arena_alloc_array(commit->batch.arena, count_records(diff) + 1, sizeof **changes);
    if (*changes == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < diff->contract_count; i++) {
        const vmh_contract_state_diff *contract = &diff->contracts[i];

        for (size_t j = 0; j < contract->record_count; j++) {
            const vmh_state_record *record = &contract->records[j];
            vmh_trie_change *change = &(*changes)[(*count)++];

            vmh_trie_path(commit->genesis->rules, contract->contract_name, record->key,
                          &change->path);
            change->is_delete = record->value.size == 0;
            if (!change->is_delete)
                vmh_sha256(record->value, &change->value_hash);
        }
    }
    *count = vmh_trie_changes_sort(*changes, *count);
    return VMH_OK;
}

static vmh_status stage_node(vmh_commit *commit, const vmh_trie_fresh *fresh, vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_node(fresh->ref.height, fresh->ref.number);
    uint8_t bytes[VMH_TRIE_NODE_SIZE_MAX];
    size_t size = vmh_trie_node_encode(&fresh->node, bytes);

    return vmh_write_batch_put(&commit->batch, vmh_record_key_bytes(&key),
                               vmh_bytes_of(bytes, size), why);
}

static vmh_status stage_node_deletes(vmh_commit *commit, const vmh_trie_ref *nodes, size_t count,
                                     vmh_failure *why)
{
    for (size_t i = 0; i < count; i++) {
        vmh_record_key key = vmh_record_key_node(nodes[i].height, nodes[i].number);
        vmh_status status =
            vmh_write_batch_delete(&commit->batch, vmh_record_key_bytes(&key), why);

        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

/* Nodes that the older heights need are only listed; with a history of one they go at once. */
static vmh_status stage_stale_nodes(vmh_commit *commit, vmh_failure *why)
{
    const vmh_trie_update *update = &commit->trie_update;
    vmh_record_key key = vmh_record_key_height(VMH_RECORD_STALE_NODES, commit->head.height);
    vmh_buffer value;
    vmh_status status;

    if (commit->history == 1)
        return stage_node_deletes(commit, update->stale, update->stale_count, why);
    if (update->stale_count == 0)
        return VMH_OK;
    vmh_buffer_init(&value);
    vmh_stale_nodes_encode(update->stale, update->stale_count, &value);
    status = vmh_buffer_check(&value, why);
    if (status == VMH_OK)
        status = vmh_write_batch_put(&commit->batch, vmh_record_key_bytes(&key),
                                     vmh_buffer_bytes(&value), why);
    vmh_buffer_clear(&value);
    return status;
}

static vmh_status stage_trie(vmh_commit *commit, const vmh_state_diff *diff, vmh_failure *why)
{
    vmh_trie_update *update = &commit->trie_update;
    vmh_trie_change *changes;
    size_t count;
    vmh_status status = list_trie_changes(commit, diff, &changes, &count, why);

    if (status == VMH_OK)
        status = vmh_trie_change_all(commit->trie, &commit->last.root, commit->head.height,
                                     changes, count, commit->batch.arena, update, why);
    if (status != VMH_OK)
        return status;
    for (size_t i = 0; status == VMH_OK && i < update->fresh_count; i++)
        status = stage_node(commit, &update->fresh[i], why);
    if (status == VMH_OK)
        status = stage_stale_nodes(commit, why);
    commit->last.root = update->root;
    commit->last.info.root = update->root.hash;
    return status;
}

/* Deletes the nodes that a height replaced, and the list of them. */
static vmh_status forget_nodes(vmh_commit *commit, uint64_t height, vmh_failure *why)
{
    vmh_record_key key = vmh_record_key_height(VMH_RECORD_STALE_NODES, height);
    vmh_trie_ref *nodes;
    vmh_buffer value;
    size_t count;
    bool found, valid;
    vmh_status status;

    vmh_buffer_init(&value);
    status =
        commit->store->get(commit->store, vmh_record_key_bytes(&key), &value, &found, why);
    /* A height that replaced nothing, or was committed under a history of one, has no list. */
    if (status != VMH_OK || !found)
        goto done;
    status = vmh_stale_nodes_decode(vmh_buffer_bytes(&value), commit->batch.arena, &nodes, &count,
                                    &valid, why);
    if (status == VMH_OK && !valid)
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "stale nodes record: does not decode");
    if (status == VMH_OK)
        status = stage_node_deletes(commit, nodes, count, why);
    if (status == VMH_OK)
        status = vmh_write_batch_delete(&commit->batch, vmh_record_key_bytes(&key), why);

done:
    vmh_buffer_clear(&value);
    return status;
}

/* What only heights below `height` need goes. */
static vmh_status forget_before(vmh_commit *commit, uint64_t height, vmh_failure *why)
{
    vmh_record_key info = vmh_record_key_height(VMH_RECORD_BLOCK_INFO, height - 1);
    vmh_state_diff diff;
    vmh_status status = vmh_write_batch_delete(&commit->batch, vmh_record_key_bytes(&info), why);

    /* With a history of one the height being committed keeps nothing for older ones. */
    if (status != VMH_OK || height == commit->head.height)
        return status;
    status = forget_nodes(commit, height, why);
    if (status == VMH_OK)
        status = vmh_block_store_read_diff(commit->store, height, commit->batch.arena, &diff, why);
    if (status == VMH_OK)
        status = vmh_flat_state_stage_forget(commit->flat, &diff, height, &commit->batch, why);
    return status;
}

static vmh_status forget(vmh_commit *commit, vmh_failure *why)
{
    unsigned heights = 0;
    vmh_status status = VMH_OK;

    commit->head.oldest = vmh_chain_oldest(&commit->head, commit->history);
    while (status == VMH_OK && commit->head.pruned < commit->head.oldest &&
           heights++ < FORGET_MAX)
        status = forget_before(commit, ++commit->head.pruned, why);
    return status;
}

static void move_head(vmh_commit *commit, const vmh_block *block)
{
    vmh_block_ref *ref = &commit->last.info.block;
    uint32_t prev_reference_time = ref->reference_time;

    commit->head.has_genesis_state = true;
    if (block == NULL)
        return;
    commit->head.height = block->ref.height;
    *ref = block->ref;
    ref->prev_reference_time = prev_reference_time;
}

vmh_status vmh_commit_prepare(vmh_commit *commit, const vmh_block *block,
                              const vmh_state_diff *genesis_diff, vmh_failure *why)
{
    const vmh_state_diff *diff = block == NULL ? genesis_diff : block->diff;
    vmh_hash32 pre_execution_root = commit->last.root.hash;
    bool keep_former = block != NULL && commit->history > 1;
    vmh_status status;

    move_head(commit, block);
    status = vmh_flat_state_stage(commit->flat, diff, commit->head.height, keep_former,
                                  &commit->last.info, &commit->batch, why);
    if (status == VMH_OK)
        status = stage_trie(commit, diff, why);
    if (status == VMH_OK && block != NULL)
        status = vmh_block_store_stage(commit->store, commit->genesis, block, &pre_execution_root,
                                       &commit->batch, why);
    if (status == VMH_OK)
        status = forget(commit, why);
    if (status == VMH_OK)
        status = vmh_chain_stage_head(&commit->head, &commit->last, &commit->batch, why);
    return status;
}
