#include "state/state_storage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hex.h"
#include "codec/genesis_codec.h"
#include "crypto/digest.h"
#include "state/block_store.h"
#include "state/state_commit.h"
#include "state/store_seal.h"
#include "state/trie_rebuild.h"

struct vmh_state_storage {
    vmh_store *store;
    uint64_t history;
    bool sync;
    vmh_arena arena; /* the genesis */
    vmh_genesis genesis;
    vmh_hash32 genesis_hash;
    vmh_trie *trie;
    vmh_flat_state flat;
    vmh_store_head head;
    vmh_height_info last; /* of head.height */
    bool in_doubt;        /* a write failed; the store alone knows whether it is there */
};

vmh_state_storage_options vmh_state_storage_options_default(void)
{
    return (vmh_state_storage_options){.history = 5, .sync = true};
}

/* Takes the head from the store; on failure nothing changes. */
static vmh_status read_head(vmh_state_storage *storage, vmh_failure *why)
{
    vmh_store_head head;
    vmh_height_info last;
    vmh_status status = vmh_chain_read_head(storage->store, &head, &last, why);

    if (status != VMH_OK)
        return status;
    head.oldest = vmh_chain_oldest(&head, storage->history);
    storage->head = head;
    storage->last = last;
    storage->in_doubt = false;
    return VMH_OK;
}

/* Every use of the store begins here. */
static vmh_status settle(vmh_state_storage *storage, vmh_failure *why)
{
    return storage->in_doubt ? read_head(storage, why) : VMH_OK;
}

/* The encoding of a genesis, in the storage's arena. */
static vmh_status encode_genesis(vmh_state_storage *storage, const vmh_genesis *genesis,
                                 vmh_bytes *out, vmh_failure *why)
{
    vmh_buffer bytes;
    vmh_status status;

    vmh_buffer_init(&bytes);
    vmh_genesis_encode(genesis, &bytes);
    status = vmh_buffer_check(&bytes, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(&storage->arena, vmh_buffer_bytes(&bytes), out, why);
    vmh_buffer_clear(&bytes);
    return status;
}

/* Keeps a genesis of its own, so that nothing of the caller's need live on. */
static vmh_status keep_genesis(vmh_state_storage *storage, vmh_bytes bytes, vmh_failure *why)
{
    vmh_status status = vmh_genesis_decode(bytes, &storage->arena, &storage->genesis, why);

    vmh_sha256(bytes, &storage->genesis_hash);
    if (status == VMH_E_MALFORMED)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "genesis record: does not decode");
    return status;
}

static vmh_status fail_mismatch(vmh_bytes stored, vmh_bytes given, vmh_failure *why)
{
    vmh_hash32 stored_hash, given_hash;
    vmh_buffer text;
    vmh_status status;

    vmh_sha256(stored, &stored_hash);
    vmh_sha256(given, &given_hash);
    vmh_buffer_init(&text);
    vmh_hex_encode(vmh_bytes_hash(&stored_hash), &text);
    vmh_hex_encode(vmh_bytes_hash(&given_hash), &text);
    status = vmh_buffer_check(&text, why);
    if (status == VMH_OK)
        status = vmh_fail(why, VMH_E_GENESIS_MISMATCH,
                          "the store is of the genesis %.64s, not of %.64s",
                          (const char *)text.data, (const char *)text.data + 64);
    vmh_buffer_clear(&text);
    return status;
}

static vmh_status open_chain(vmh_state_storage *storage, vmh_bytes given, vmh_failure *why)
{
    vmh_bytes stored;
    bool is_empty;
    vmh_status status = vmh_chain_identify(storage->store, &is_empty, why);

    if (status != VMH_OK)
        return status;
    if (is_empty) {
        if (given.size == 0)
            return vmh_fail(why, VMH_E_INPUT, "the store is empty: a genesis is needed");
        status = vmh_chain_make(storage->store, given, storage->sync, why);
        if (status != VMH_OK)
            return status;
    }
    status = vmh_chain_read_genesis(storage->store, &storage->arena, &stored, why);
    if (status != VMH_OK)
        return status;
    if (given.size != 0 && !vmh_bytes_equal(stored, given))
        return fail_mismatch(stored, given, why);
    status = keep_genesis(storage, stored, why);
    return status == VMH_OK ? read_head(storage, why) : status;
}

static vmh_status open_storage(vmh_state_storage *storage, const vmh_genesis *genesis,
                               vmh_failure *why)
{
    vmh_bytes given = {0};
    vmh_status status;

    if (storage->history == 0)
        return vmh_fail(why, VMH_E_INPUT, "a history of 0 heights keeps nothing readable");
    status = vmh_trie_new(storage->store, &storage->trie, why);
    if (status == VMH_OK && genesis != NULL)
        status = encode_genesis(storage, genesis, &given, why);
    return status == VMH_OK ? open_chain(storage, given, why) : status;
}

vmh_status vmh_state_storage_open(vmh_store *store, const vmh_state_storage_options *options,
                                  vmh_state_storage **out, vmh_failure *why)
{
    vmh_state_storage *storage;
    vmh_store *sealed;
    vmh_status status = vmh_store_seal(store, &sealed, why);

    *out = NULL;
    if (status != VMH_OK)
        return status;
    storage = calloc(1, sizeof *storage);
    if (storage == NULL) {
        sealed->close(sealed);
        return vmh_fail_memory(why);
    }
    storage->store = sealed;
    storage->history = options->history;
    storage->sync = options->sync;
    vmh_arena_init(&storage->arena);
    vmh_flat_state_init(&storage->flat, sealed);
    status = open_storage(storage, options->genesis, why);
    if (status != VMH_OK) {
        vmh_state_storage_close(storage);
        return status;
    }
    *out = storage;
    return VMH_OK;
}

void vmh_state_storage_close(vmh_state_storage *storage)
{
    if (storage == NULL)
        return;
    vmh_trie_free(storage->trie);
    vmh_flat_state_clear(&storage->flat);
    vmh_arena_clear(&storage->arena);
    storage->store->close(storage->store);
    free(storage);
}

const vmh_genesis *vmh_state_storage_genesis(const vmh_state_storage *storage)
{
    return &storage->genesis;
}

const vmh_hash32 *vmh_state_storage_genesis_hash(const vmh_state_storage *storage)
{
    return &storage->genesis_hash;
}

bool vmh_state_storage_is_new(const vmh_state_storage *storage)
{
    return !storage->head.has_genesis_state;
}

const vmh_block_info *vmh_state_storage_last_block(const vmh_state_storage *storage)
{
    return &storage->last.info;
}

uint64_t vmh_state_storage_oldest_height(const vmh_state_storage *storage)
{
    return storage->head.oldest;
}

vmh_trie_counters vmh_state_storage_trie_counters(const vmh_state_storage *storage)
{
    return vmh_trie_get_counters(storage->trie);
}

/*
 * A write that failed may be in the store all the same. The store is asked at
 * once; if it cannot answer, whoever uses the storage next asks again.
 */
static void ask_store(vmh_state_storage *storage)
{
    vmh_failure ignored;

    storage->in_doubt = true;
    (void)read_head(storage, &ignored); /* its failure is kept as in_doubt */
}

/* `block` is NULL for the state of height 0. */
static vmh_status commit_height(vmh_state_storage *storage, const vmh_block *block,
                                const vmh_state_diff *genesis_diff, vmh_failure *why)
{
    vmh_commit commit = {
        .store = storage->store,
        .genesis = &storage->genesis,
        .trie = storage->trie,
        .flat = &storage->flat,
        .history = storage->history,
        .head = storage->head,
        .last = storage->last,
    };
    vmh_arena arena;
    vmh_status status;

    vmh_arena_init(&arena);
    vmh_write_batch_init(&commit.batch, &arena);
    status = vmh_commit_prepare(&commit, block, genesis_diff, why);
    if (status != VMH_OK)
        goto done;
    status = storage->store->write(storage->store, commit.batch.operations, commit.batch.count,
                                   storage->sync, why);
    if (status != VMH_OK) {
        ask_store(storage);
        goto done;
    }

    /* Nothing below can fail. */
    vmh_trie_remember(storage->trie, &commit.trie_update);
    storage->head = commit.head;
    storage->last = commit.last;

done:
    vmh_arena_clear(&arena);
    return status;
}

vmh_status vmh_state_storage_commit_genesis(vmh_state_storage *storage, const vmh_state_diff *diff,
                                            vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    if (storage->head.has_genesis_state)
        return vmh_fail(why, VMH_E_INPUT, "the state of height 0 was written before");
    return commit_height(storage, NULL, diff, why);
}

/* What has no name could never be read again. */
static vmh_status check_names(const vmh_state_diff *diff, vmh_failure *why)
{
    for (size_t i = 0; i < diff->contract_count; i++) {
        if (diff->contracts[i].contract_name.size == 0)
            return vmh_fail(why, VMH_E_INPUT, "state diff %zu: missing contract name", i + 1);
    }
    return VMH_OK;
}

vmh_status vmh_state_storage_commit_state_diff(vmh_state_storage *storage, const vmh_block *block,
                                               uint64_t *next_desired_height, vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status == VMH_OK)
        status = check_names(block->diff, why);
    if (status == VMH_OK && block->ref.height == storage->head.height + 1)
        status = commit_height(storage, block, NULL, why);
    *next_desired_height = storage->head.height + 1;
    return status;
}

static vmh_status check_height(const vmh_state_storage *storage, uint64_t height, vmh_failure *why)
{
    if (height > storage->head.height)
        return vmh_fail(why, VMH_E_HEIGHT_AHEAD,
                        "height %" PRIu64 " is not committed: the last one is %" PRIu64, height,
                        storage->head.height);
    if (height < storage->head.oldest)
        return vmh_fail(why, VMH_E_SNAPSHOT_PRUNED,
                        "height %" PRIu64 " is too old: the oldest kept is %" PRIu64, height,
                        storage->head.oldest);
    return VMH_OK;
}

/* Where a readable height stands. */
static vmh_status find_height(vmh_state_storage *storage, uint64_t height, vmh_height_info *out,
                              vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status == VMH_OK)
        status = check_height(storage, height, why);
    if (status != VMH_OK)
        return status;
    if (height != storage->head.height)
        return vmh_chain_read_height(storage->store, height, out, why);
    *out = storage->last;
    return VMH_OK;
}

vmh_status vmh_state_storage_block_info(vmh_state_storage *storage, uint64_t height,
                                        vmh_block_info *out, vmh_failure *why)
{
    vmh_height_info info;
    vmh_status status = find_height(storage, height, &info, why);

    if (status == VMH_OK)
        *out = info.info;
    return status;
}

vmh_status vmh_state_storage_state_hash(vmh_state_storage *storage, uint64_t height,
                                        vmh_hash32 *out, vmh_failure *why)
{
    vmh_height_info info;
    vmh_status status = find_height(storage, height, &info, why);

    if (status == VMH_OK)
        *out = info.info.root;
    return status;
}

/* Former values are looked at only for heights that have a newer one. */
static uint64_t flat_height(const vmh_state_storage *storage, uint64_t height)
{
    return height == storage->head.height ? VMH_FLAT_NEWEST : height;
}

/* Checks what every read of a contract's state at a height needs. */
static vmh_status begin_read(vmh_state_storage *storage, uint64_t height, vmh_bytes contract_name,
                             vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    if (contract_name.size == 0)
        return vmh_fail(why, VMH_E_INPUT, "the contract name is empty");
    return check_height(storage, height, why);
}

vmh_status vmh_state_storage_read_keys(vmh_state_storage *storage, uint64_t height,
                                       vmh_bytes contract_name, const vmh_bytes *keys,
                                       size_t count, vmh_arena *arena, vmh_bytes *values,
                                       vmh_failure *why)
{
    vmh_status status = begin_read(storage, height, contract_name, why);

    if (status == VMH_OK && count == 0)
        status = vmh_fail(why, VMH_E_INPUT, "no keys to read");
    for (size_t i = 0; status == VMH_OK && i < count; i++) {
        vmh_bytes value;

        status = vmh_flat_state_read(&storage->flat, flat_height(storage, height), contract_name,
                                     keys[i], &value, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(arena, value, &values[i], why);
    }
    return status;
}

vmh_status vmh_state_storage_prove(vmh_state_storage *storage, uint64_t height,
                                   vmh_bytes contract_name, vmh_bytes key, vmh_buffer *proof,
                                   vmh_failure *why)
{
    vmh_height_info info;
    vmh_trie_proof made;
    vmh_hash32 path;
    vmh_status status = begin_read(storage, height, contract_name, why);

    if (status == VMH_OK)
        status = find_height(storage, height, &info, why);
    if (status != VMH_OK)
        return status;
    vmh_trie_path(storage->genesis.rules, contract_name, key, &path);
    status = vmh_trie_prove(storage->trie, &info.root, &path, &made, why);
    if (status != VMH_OK)
        return status;
    vmh_trie_proof_encode(&made, proof);
    return vmh_buffer_check(proof, why);
}

vmh_status vmh_state_storage_each_key(vmh_state_storage *storage, uint64_t height,
                                      vmh_bytes contract_name, vmh_bytes prefix, vmh_bytes from,
                                      uint64_t limit, vmh_state_visit visit, void *self,
                                      vmh_failure *why)
{
    vmh_key_range range = {contract_name, prefix, from, limit};
    vmh_status status = begin_read(storage, height, contract_name, why);

    if (status != VMH_OK)
        return status;
    return vmh_flat_state_each_key(&storage->flat, flat_height(storage, height), &range, visit,
                                   self, why);
}

vmh_status vmh_state_storage_each_contract(vmh_state_storage *storage, vmh_state_visit visit,
                                           void *self, vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    return vmh_flat_state_each_contract(&storage->flat, visit, self, why);
}

/* One pass over all keys, for the part of the paths that the rebuild is at. */
typedef struct collection {
    vmh_state_storage *storage;
    const vmh_hash32 *part;
    unsigned bits;
    vmh_trie_leaves *leaves;
} collection;

static vmh_status collect_key(void *self, vmh_bytes contract_name, vmh_bytes key, vmh_bytes value,
                              vmh_failure *why)
{
    collection *c = self;
    vmh_hash32 path, value_hash;

    vmh_trie_path(c->storage->genesis.rules, contract_name, key, &path);
    if (vmh_trie_path_common(&path, c->part, c->bits) < c->bits)
        return VMH_OK;
    vmh_sha256(value, &value_hash);
    return vmh_trie_leaves_add(c->leaves, &path, &value_hash, why);
}

static vmh_status collect(void *self, const vmh_hash32 *part, unsigned bits,
                          vmh_trie_leaves *leaves, vmh_failure *why)
{
    vmh_state_storage *storage = self;
    collection c = {storage, part, bits, leaves};

    return vmh_flat_state_each(&storage->flat, collect_key, &c, why);
}

vmh_status vmh_state_storage_rebuild_root(vmh_state_storage *storage, vmh_hash32 *out,
                                          vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    return vmh_trie_rebuild(storage->last.info.key_count, collect, storage, out, why);
}

vmh_status vmh_state_storage_block(vmh_state_storage *storage, uint64_t height, vmh_arena *arena,
                                   vmh_stored_block *out, vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    if (height == 0)
        return vmh_fail(why, VMH_E_NOT_FOUND, "height 0 has no block");
    if (height > storage->head.height)
        return check_height(storage, height, why);
    return vmh_block_store_read(storage->store, height, arena, out, why);
}

vmh_status vmh_state_storage_find_block(vmh_state_storage *storage, const vmh_hash32 *block_hash,
                                        uint64_t *height, vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    return vmh_block_store_find_block(storage->store, block_hash, height, why);
}

vmh_status vmh_state_storage_find_receipt(vmh_state_storage *storage, const vmh_hash32 *id,
                                          uint64_t *height, uint32_t *index, vmh_failure *why)
{
    vmh_status status = settle(storage, why);

    if (status != VMH_OK)
        return status;
    return vmh_block_store_find_receipt(storage->store, id, height, index, why);
}
