#include "state/store_record.h"

#include "state/trie_proof.h"

enum { FORM = 1, STALE_NODE_SIZE = 12 };

static void key_append(vmh_record_key *key, const void *data, size_t size)
{
    memcpy(key->bytes + key->size, data, size);
    key->size += size;
}

static void key_append_u64(vmh_record_key *key, uint64_t value)
{
    vmh_put_u64_be(key->bytes + key->size, value);
    key->size += 8;
}

static void key_append_u32(vmh_record_key *key, uint32_t value)
{
    vmh_put_u32_be(key->bytes + key->size, value);
    key->size += 4;
}

static vmh_record_key key_of_text(const char *text)
{
    vmh_record_key key = {.size = 0};

    key_append(&key, text, strlen(text));
    return key;
}

vmh_record_key vmh_record_key_height(vmh_height_record kind, uint64_t height)
{
    vmh_record_key key = {.bytes = {(uint8_t)kind}, .size = 1};

    key_append_u64(&key, height);
    return key;
}

vmh_record_key vmh_record_key_node(uint64_t height, uint32_t number)
{
    vmh_record_key key = key_of_text("n");

    key_append_u64(&key, height);
    key_append_u32(&key, number);
    return key;
}

vmh_record_key vmh_record_key_block_hash(const vmh_hash32 *hash)
{
    vmh_record_key key = key_of_text("k");

    key_append(&key, hash->bytes, sizeof hash->bytes);
    return key;
}

vmh_record_key vmh_record_key_receipt_id(const vmh_hash32 *id)
{
    vmh_record_key key = key_of_text("x");

    key_append(&key, id->bytes, sizeof id->bytes);
    return key;
}

vmh_record_key vmh_record_key_receipt(const vmh_hash32 *id, uint64_t height, uint32_t index)
{
    vmh_record_key key = vmh_record_key_receipt_id(id);

    key_append_u64(&key, height);
    key_append_u32(&key, index);
    return key;
}

vmh_record_key vmh_record_key_format(void)
{
    return key_of_text("mformat");
}

vmh_record_key vmh_record_key_genesis(void)
{
    return key_of_text("mgenesis");
}

vmh_record_key vmh_record_key_head(void)
{
    return key_of_text("mhead");
}

/*
 * A cursor over one value. A read past the end gives zeros and marks the record
 * as invalid, so that a decoder is a plain row of reads and one question.
 */
typedef struct record {
    vmh_bytes rest;
    bool invalid;
} record;

static record record_of(vmh_bytes bytes)
{
    record r = {.rest = bytes};

    r.invalid = bytes.size == 0 || bytes.data[0] != FORM;
    if (!r.invalid)
        r.rest = vmh_bytes_of(bytes.data + 1, bytes.size - 1);
    return r;
}

static vmh_bytes take(record *r, size_t size)
{
    vmh_bytes taken = {r->rest.data, size};

    if (r->invalid || r->rest.size < size) {
        r->invalid = true;
        return (vmh_bytes){0};
    }
    if (size != 0)
        r->rest = vmh_bytes_of(r->rest.data + size, r->rest.size - size);
    return taken;
}

static uint64_t take_u64(record *r)
{
    vmh_bytes bytes = take(r, 8);

    return bytes.size == 0 ? 0 : vmh_get_u64_le(bytes.data);
}

static uint32_t take_u32(record *r)
{
    vmh_bytes bytes = take(r, 4);

    return bytes.size == 0 ? 0 : vmh_get_u32_le(bytes.data);
}

static uint8_t take_u8(record *r)
{
    vmh_bytes bytes = take(r, 1);

    return bytes.size == 0 ? 0 : bytes.data[0];
}

static bool ended_well(const record *r)
{
    return !r->invalid && r->rest.size == 0;
}

void vmh_store_head_encode(const vmh_store_head *head, vmh_buffer *out)
{
    vmh_buffer_append_u8(out, FORM);
    vmh_buffer_append_u64_le(out, head->height);
    vmh_buffer_append_u64_le(out, head->oldest);
    vmh_buffer_append_u64_le(out, head->pruned);
    vmh_buffer_append_u8(out, head->has_genesis_state);
}

bool vmh_store_head_decode(vmh_bytes bytes, vmh_store_head *out)
{
    record r = record_of(bytes);
    uint8_t has_genesis_state;

    out->height = take_u64(&r);
    out->oldest = take_u64(&r);
    out->pruned = take_u64(&r);
    has_genesis_state = take_u8(&r);
    out->has_genesis_state = has_genesis_state == 1;
    return ended_well(&r) && has_genesis_state <= 1 && out->oldest <= out->height &&
           out->pruned <= out->oldest && (out->has_genesis_state || out->height == 0);
}

void vmh_height_info_encode(const vmh_height_info *info, vmh_buffer *out)
{
    const vmh_block_ref *block = &info->info.block;

    vmh_buffer_append_u8(out, FORM);
    vmh_buffer_append_u64_le(out, block->timestamp);
    vmh_buffer_append_u32_le(out, block->reference_time);
    vmh_buffer_append_u32_le(out, block->prev_reference_time);
    vmh_buffer_append_u8(out, (uint8_t)block->proposer_size);
    vmh_buffer_append(out, vmh_block_ref_proposer(block));
    vmh_buffer_append_u64_le(out, info->info.key_count);
    vmh_buffer_append_u64_le(out, info->info.value_size);
    vmh_buffer_append_u64_le(out, info->root.height);
    vmh_buffer_append_u32_le(out, info->root.number);
    vmh_buffer_append(out, vmh_bytes_hash(&info->root.hash));
}

bool vmh_height_info_decode(uint64_t height, vmh_bytes bytes, vmh_height_info *out)
{
    record r = record_of(bytes);
    vmh_block_ref *block = &out->info.block;
    vmh_bytes proposer, root;

    *out = (vmh_height_info){0};
    block->height = height;
    block->timestamp = take_u64(&r);
    block->reference_time = take_u32(&r);
    block->prev_reference_time = take_u32(&r);
    block->proposer_size = take_u8(&r);
    proposer = take(&r, block->proposer_size);
    out->info.key_count = take_u64(&r);
    out->info.value_size = take_u64(&r);
    out->root.height = take_u64(&r);
    out->root.number = take_u32(&r);
    root = take(&r, sizeof out->root.hash);
    if (!ended_well(&r) || block->proposer_size > sizeof block->proposer)
        return false;
    if (proposer.size != 0)
        memcpy(block->proposer, proposer.data, proposer.size);
    memcpy(out->root.hash.bytes, root.data, root.size);
    out->info.root = out->root.hash;
    return out->root.number != 0 ||
           (out->root.height == 0 && vmh_bytes_equal(root, vmh_bytes_hash(&vmh_trie_empty_root)));
}

void vmh_stale_nodes_encode(const vmh_trie_ref *nodes, size_t count, vmh_buffer *out)
{
    vmh_buffer_append_u8(out, FORM);
    for (size_t i = 0; i < count; i++) {
        vmh_buffer_append_u64_le(out, nodes[i].height);
        vmh_buffer_append_u32_le(out, nodes[i].number);
    }
}

vmh_status vmh_stale_nodes_decode(vmh_bytes bytes, vmh_arena *arena, vmh_trie_ref **nodes,
                                  size_t *count, bool *valid, vmh_failure *why)
{
    record r = record_of(bytes);

    *nodes = NULL;
    *count = 0;
    *valid = !r.invalid && r.rest.size % STALE_NODE_SIZE == 0;
    if (!*valid || r.rest.size == 0)
        return VMH_OK;
    *nodes = vmh_arena_alloc_array(arena, r.rest.size / STALE_NODE_SIZE, sizeof **nodes);
    if (*nodes == NULL)
        return vmh_fail_memory(why);
    while (r.rest.size != 0) {
        vmh_trie_ref *node = &(*nodes)[(*count)++];

        node->height = take_u64(&r);
        node->number = take_u32(&r);
    }
    return VMH_OK;
}

void vmh_message_list_encode(const vmh_bytes *messages, size_t count, vmh_buffer *out)
{
    vmh_buffer_append_u8(out, FORM);
    vmh_buffer_append_u32_le(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        vmh_buffer_append_u32_le(out, (uint32_t)messages[i].size);
        vmh_buffer_append(out, messages[i]);
    }
}

vmh_status vmh_message_list_decode(vmh_bytes bytes, vmh_arena *arena, const vmh_bytes **messages,
                                   size_t *count, bool *valid, vmh_failure *why)
{
    record r = record_of(bytes);
    uint32_t announced = take_u32(&r);
    vmh_bytes *list;

    *messages = NULL;
    *count = 0;
    /* Each message takes four bytes at least, so a wrong count cannot make the list large. */
    *valid = !r.invalid && announced <= r.rest.size / 4;
    if (!*valid)
        return VMH_OK;
    list = vmh_arena_alloc_array(arena, announced == 0 ? 1 : announced, sizeof *list);
    if (list == NULL)
        return vmh_fail_memory(why);
    for (uint32_t i = 0; i < announced; i++)
        list[i] = take(&r, take_u32(&r));
    *valid = ended_well(&r);
    *messages = list;
    *count = announced;
    return VMH_OK;
}
