#include "state/store_seal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"

enum { SEAL_SIZE = 4, SHOWN_MAX = 24 };

typedef struct sealed_store {
    vmh_store base;
    vmh_store *inner;
} sealed_store;

typedef struct sealed_cursor {
    vmh_store_cursor base;
    vmh_store_cursor *inner;
} sealed_cursor;

static vmh_hash32 hash_record(vmh_bytes key, vmh_bytes value)
{
    vmh_bytes parts[2] = {key, value};
    vmh_hash32 hash;

    vmh_sha256_parts(parts, 2, &hash);
    return hash;
}

static vmh_status fail_seal(vmh_bytes key, vmh_failure *why)
{
    char shown[2 * SHOWN_MAX + 1] = "";

    for (size_t i = 0; i < key.size && i < SHOWN_MAX; i++)
        snprintf(shown + 2 * i, 3, "%02x", key.data[i]);
    return vmh_fail(why, VMH_E_STORE_CORRUPT, "record %s%s: does not match its seal", shown,
                    key.size > SHOWN_MAX ? "..." : "");
}

/* Takes the seal off a value, in place. */
static vmh_status unseal(vmh_bytes key, vmh_bytes *value, vmh_failure *why)
{
    vmh_bytes plain = *value;
    vmh_hash32 hash;

    if (plain.size < SEAL_SIZE)
        return fail_seal(key, why);
    plain.size -= SEAL_SIZE;
    hash = hash_record(key, plain);
    if (memcmp(hash.bytes, plain.data + plain.size, SEAL_SIZE) != 0)
        return fail_seal(key, why);
    *value = plain;
    return VMH_OK;
}

static vmh_status sealed_get(vmh_store *base, vmh_bytes key, vmh_buffer *value, bool *found,
                             vmh_failure *why)
{
    vmh_store *inner = ((sealed_store *)base)->inner;
    vmh_status status = inner->get(inner, key, value, found, why);
    vmh_bytes plain = vmh_buffer_bytes(value);

    if (status != VMH_OK || !*found)
        return status;
    status = unseal(key, &plain, why);
    value->size = status == VMH_OK ? plain.size : 0;
    return status;
}

static vmh_status seal(const vmh_store_operation *operation, vmh_arena *arena, vmh_bytes *out,
                       vmh_failure *why)
{
    vmh_hash32 hash = hash_record(operation->key, operation->value);
    size_t size = operation->value.size;
    uint8_t *sealed = vmh_arena_alloc(arena, size + SEAL_SIZE);

    if (sealed == NULL)
        return vmh_fail_memory(why);
    if (size != 0)
        memcpy(sealed, operation->value.data, size);
    memcpy(sealed + size, hash.bytes, SEAL_SIZE);
    *out = vmh_bytes_of(sealed, size + SEAL_SIZE);
    return VMH_OK;
}

static vmh_status sealed_write(vmh_store *base, const vmh_store_operation *operations,
                               size_t count, bool sync, vmh_failure *why)
{
    vmh_store *inner = ((sealed_store *)base)->inner;
    vmh_store_operation *sealed;
    vmh_arena arena;
    vmh_status status = VMH_OK;

    vmh_arena_init(&arena);
    sealed = vmh_arena_alloc_array(&arena, count, sizeof *sealed);
    if (sealed == NULL)
        status = vmh_fail_memory(why);
    for (size_t i = 0; status == VMH_OK && i < count; i++) {
        sealed[i] = operations[i];
        if (!operations[i].is_delete)
            status = seal(&operations[i], &arena, &sealed[i].value, why);
    }
    if (status == VMH_OK)
        status = inner->write(inner, sealed, count, sync, why);
    vmh_arena_clear(&arena);
    return status;
}

static vmh_status show(sealed_cursor *cursor, vmh_failure *why)
{
    vmh_status status = VMH_OK;

    cursor->base.at_end = cursor->inner->at_end;
    cursor->base.key = cursor->inner->key;
    cursor->base.value = cursor->inner->value;
    if (!cursor->base.at_end)
        status = unseal(cursor->base.key, &cursor->base.value, why);
    if (status != VMH_OK)
        cursor->base.at_end = true;
    return status;
}

static vmh_status cursor_next(vmh_store_cursor *base, vmh_failure *why)
{
    sealed_cursor *cursor = (sealed_cursor *)base;
    vmh_status status = cursor->inner->next(cursor->inner, why);

    return status == VMH_OK ? show(cursor, why) : status;
}

static void cursor_free(vmh_store_cursor *base)
{
    sealed_cursor *cursor = (sealed_cursor *)base;

    cursor->inner->free(cursor->inner);
    free(cursor);
}

static vmh_status sealed_seek(vmh_store *base, vmh_bytes from, vmh_store_cursor **out,
                              vmh_failure *why)
{
    vmh_store *inner = ((sealed_store *)base)->inner;
    sealed_cursor *cursor = malloc(sizeof *cursor);
    vmh_status status;

    *out = NULL;
    if (cursor == NULL)
        return vmh_fail_memory(why);
    cursor->base.next = cursor_next;
    cursor->base.free = cursor_free;
    status = inner->seek(inner, from, &cursor->inner, why);
    if (status != VMH_OK) {
        free(cursor);
        return status;
    }
    status = show(cursor, why);
    if (status != VMH_OK) {
        cursor_free(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return VMH_OK;
}

static void sealed_close(vmh_store *base)
{
    sealed_store *store = (sealed_store *)base;

    store->inner->close(store->inner);
    free(store);
}

vmh_status vmh_store_seal(vmh_store *inner, vmh_store **out, vmh_failure *why)
{
    sealed_store *store = malloc(sizeof *store);

    *out = NULL;
    if (store == NULL) {
        inner->close(inner);
        return vmh_fail_memory(why);
    }
    store->base.get = sealed_get;
    store->base.write = sealed_write;
    store->base.seek = sealed_seek;
    store->base.close = sealed_close;
    store->inner = inner;
    *out = &store->base;
    return VMH_OK;
}
