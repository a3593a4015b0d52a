/*
 * What a store holds: the keys of its records and the bytes of those that are
 * neither state values nor messages. All of it byte by byte in docs/formats.md.
 *
 * A key begins with a letter for its kind. Integers are big-endian in keys, so
 * that a walk goes by height, and little-endian in values. Each value of this
 * file begins with the version of its form, and its decoder is strict.
 */
#ifndef VMH_STATE_STORE_RECORD_H
#define VMH_STATE_STORE_RECORD_H

#include "base/arena.h"
#include "state/state_storage.h"
#include "state/trie_node.h"

/* Stores of a greater format version are refused. */
enum { VMH_STORE_FORMAT = 1 };

/* A key of bounded size. */
typedef struct vmh_record_key {
    uint8_t bytes[48];
    size_t size;
} vmh_record_key;

static inline vmh_bytes vmh_record_key_bytes(const vmh_record_key *key)
{
    return (vmh_bytes){key->bytes, key->size};
}

/* Kinds of records that exist once per height. */
typedef enum vmh_height_record {
    VMH_RECORD_HEADERS = 'b',
    VMH_RECORD_DIFFS = 'd',
    VMH_RECORD_BLOCK_INFO = 'i',
    VMH_RECORD_STALE_NODES = 'o',
    VMH_RECORD_RECEIPTS = 'r',
    VMH_RECORD_TRANSACTIONS = 't',
} vmh_height_record;

vmh_record_key vmh_record_key_height(vmh_height_record kind, uint64_t height);
vmh_record_key vmh_record_key_node(uint64_t height, uint32_t number);
vmh_record_key vmh_record_key_block_hash(const vmh_hash32 *hash);
/* What all records of an id begin with; height and index follow. */
vmh_record_key vmh_record_key_receipt_id(const vmh_hash32 *id);
vmh_record_key vmh_record_key_receipt(const vmh_hash32 *id, uint64_t height, uint32_t index);
vmh_record_key vmh_record_key_format(void);
vmh_record_key vmh_record_key_genesis(void);
vmh_record_key vmh_record_key_head(void);

/* Which heights the store has. */
typedef struct vmh_store_head {
    uint64_t height;        /* the last committed one */
    uint64_t oldest;        /* the oldest that can be read */
    uint64_t pruned;        /* up to it, what only older heights need is deleted */
    bool has_genesis_state; /* the state of height 0 was written */
} vmh_store_head;

void vmh_store_head_encode(const vmh_store_head *head, vmh_buffer *out);
bool vmh_store_head_decode(vmh_bytes bytes, vmh_store_head *out);

/* Where a height stands; its own height is in the key. */
typedef struct vmh_height_info {
    vmh_block_info info;
    vmh_trie_ref root; /* its hash is info.root */
} vmh_height_info;

void vmh_height_info_encode(const vmh_height_info *info, vmh_buffer *out);
bool vmh_height_info_decode(uint64_t height, vmh_bytes bytes, vmh_height_info *out);

void vmh_stale_nodes_encode(const vmh_trie_ref *nodes, size_t count, vmh_buffer *out);
/* The list lives in the arena; hashes are not kept. `*valid` is false for bytes of another form. */
vmh_status vmh_stale_nodes_decode(vmh_bytes bytes, vmh_arena *arena, vmh_trie_ref **nodes,
                                  size_t *count, bool *valid, vmh_failure *why);

/* A list of messages: headers, transactions, receipts or diffs of one height. */
void vmh_message_list_encode(const vmh_bytes *messages, size_t count, vmh_buffer *out);
/* Views into `bytes`, the list in the arena. */
vmh_status vmh_message_list_decode(vmh_bytes bytes, vmh_arena *arena, const vmh_bytes **messages,
                                   size_t *count, bool *valid, vmh_failure *why);

#endif
