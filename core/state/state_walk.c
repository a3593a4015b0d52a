#include "state/flat_state.h"

/* Steps over the records of one key before the walk seeks past the rest of them. */
enum { STEPS_MAX = 16, KIND_AND_LENGTH = 5 };

/*
 * A walk at an older height goes over both kinds of records at once, in the
 * order of keys that they share:
 *
 *     newest values    a   b       d       of now
 *     former values        b   c           as of `height`; they win
 *     seen             a   b'  c'  d
 */
typedef struct merge {
    vmh_store *store;
    uint64_t height;
    const vmh_key_range *range;
    vmh_store_cursor *newest;
    vmh_bytes newest_begin; /* what the records of the range begin with */
    vmh_buffer newest_begin_bytes;
    vmh_store_cursor *former; /* NULL when there is none in the range any more */
    vmh_bytes former_begin;
    vmh_buffer former_begin_bytes;
    vmh_buffer former_key;    /* the record's key as a state key */
    vmh_buffer former_name;   /* the record's key without the height */
    vmh_buffer former_record; /* the value that counts */
    vmh_failure *why;
} merge;

static vmh_status fail_record(const merge *m, const char *fault)
{
    return vmh_fail(m->why, VMH_E_STORE_CORRUPT, "contract %.*s: %s",
                    VMH_PRINT(m->range->contract_name), fault);
}

static vmh_bytes skip(vmh_bytes bytes, size_t size)
{
    return vmh_bytes_of(bytes.data + size, bytes.size - size);
}

static bool newest_ended(const merge *m)
{
    return m->newest->at_end || !vmh_bytes_begins(m->newest->key, m->newest_begin);
}

static vmh_bytes newest_key(const merge *m)
{
    return skip(m->newest->key, KIND_AND_LENGTH + m->range->contract_name.size);
}

static bool in_former_range(const merge *m)
{
    return !m->former->at_end && vmh_bytes_begins(m->former->key, m->former_begin);
}

static void end_former(merge *m)
{
    if (m->former != NULL)
        m->former->free(m->former);
    m->former = NULL;
}

static vmh_status seek_former(merge *m, vmh_bytes from)
{
    end_former(m);
    return m->store->seek(m->store, from, &m->former, m->why);
}

/* Takes the state key out of the key of a former-value record. */
static vmh_status unescape(merge *m, vmh_bytes record_key)
{
    vmh_bytes escaped = skip(record_key, KIND_AND_LENGTH + m->range->contract_name.size);

    if (escaped.size < 2 + sizeof(uint64_t))
        return fail_record(m, "the key of a former value is cut");
    escaped.size -= 2 + sizeof(uint64_t);
    vmh_buffer_reset(&m->former_key);
    for (size_t i = 0; i < escaped.size; i++) {
        vmh_buffer_append_u8(&m->former_key, escaped.data[i]);
        if (escaped.data[i] != 0)
            continue;
        if (++i == escaped.size || escaped.data[i] != 0xff)
            return fail_record(m, "the key of a former value does not decode");
    }
    return vmh_buffer_check(&m->former_key, m->why);
}

/* Copies the part of the record's key that all records of that key share. */
static vmh_status name_former(merge *m)
{
    vmh_bytes key = m->former->key;

    vmh_buffer_reset(&m->former_name);
    vmh_buffer_append(&m->former_name, vmh_bytes_of(key.data, key.size - sizeof(uint64_t)));
    return vmh_buffer_check(&m->former_name, m->why);
}

static bool same_former_key(const merge *m)
{
    return !m->former->at_end &&
           m->former->key.size == m->former_name.size + sizeof(uint64_t) &&
           vmh_bytes_begins(m->former->key, vmh_buffer_bytes(&m->former_name));
}

static uint64_t former_height(const merge *m)
{
    return vmh_get_u64_be(m->former->key.data + m->former->key.size - sizeof(uint64_t));
}

/* Goes on to the first record of the present key above the height, or behind the key. */
static vmh_status pass_heights(merge *m, uint64_t height)
{
    size_t name_size = m->former_name.size;
    vmh_status status = VMH_OK;

    for (unsigned steps = 0; status == VMH_OK && same_former_key(m); steps++) {
        if (former_height(m) > height)
            return VMH_OK;
        if (steps == STEPS_MAX) {
            vmh_buffer_append_u64_be(&m->former_name, height + 1);
            status = vmh_buffer_check(&m->former_name, m->why);
            if (status == VMH_OK)
                status = seek_former(m, vmh_buffer_bytes(&m->former_name));
            m->former_name.size = name_size;
            return status;
        }
        status = m->former->next(m->former, m->why);
    }
    return status;
}

/* Finds the next key with a former value at the height, from the cursor on. */
static vmh_status find_former(merge *m)
{
    while (in_former_range(m)) {
        vmh_status status = unescape(m, m->former->key);

        if (status == VMH_OK)
            status = name_former(m);
        if (status == VMH_OK)
            status = pass_heights(m, m->height);
        if (status != VMH_OK)
            return status;
        if (same_former_key(m)) {
            vmh_buffer_reset(&m->former_record);
            vmh_buffer_append(&m->former_record, m->former->value);
            return vmh_buffer_check(&m->former_record, m->why);
        }
    }
    end_former(m);
    return VMH_OK;
}

static vmh_status next_former(merge *m)
{
    vmh_status status = pass_heights(m, UINT64_MAX - 1);

    return status == VMH_OK ? find_former(m) : status;
}

/* -1: the newest value comes next, 1: a former value, 0: both have the key. */
static int compare_next(const merge *m)
{
    if (m->former == NULL)
        return -1;
    if (newest_ended(m))
        return 1;
    return vmh_bytes_compare(newest_key(m), vmh_buffer_bytes(&m->former_key));
}

static vmh_status walk(merge *m, vmh_state_visit visit, void *self)
{
    uint64_t left = m->range->limit;
    vmh_status status = VMH_OK;

    while (status == VMH_OK && left != 0 && (m->former != NULL || !newest_ended(m))) {
        int order = compare_next(m);
        vmh_bytes key, value;

        if (order < 0) {
            key = newest_key(m);
            value = m->newest->value;
            if (value.size == 0)
                return fail_record(m, "a stored value is empty");
        } else {
            key = vmh_buffer_bytes(&m->former_key);
            if (!vmh_former_value(vmh_buffer_bytes(&m->former_record), &value))
                return fail_record(m, "a former value does not decode");
        }
        if (value.size != 0) {
            status = visit(self, key, value, m->why);
            left--;
        }
        if (status == VMH_OK && order <= 0)
            status = m->newest->next(m->newest, m->why);
        if (status == VMH_OK && order >= 0)
            status = next_former(m);
    }
    return status;
}

static vmh_status open_cursors(merge *m)
{
    const vmh_key_range *range = m->range;
    vmh_bytes first = vmh_bytes_compare(range->from, range->prefix) > 0 ? range->from
                                                                        : range->prefix;
    vmh_buffer start;
    vmh_status status;

    vmh_buffer_init(&start);
    vmh_flat_key(range->contract_name, range->prefix, &m->newest_begin_bytes);
    vmh_former_key_begin(range->contract_name, range->prefix, &m->former_begin_bytes);
    m->newest_begin = vmh_buffer_bytes(&m->newest_begin_bytes);
    m->former_begin = vmh_buffer_bytes(&m->former_begin_bytes);
    vmh_flat_key(range->contract_name, first, &start);
    status = vmh_buffer_check(&m->newest_begin_bytes, m->why);
    if (status == VMH_OK)
        status = vmh_buffer_check(&m->former_begin_bytes, m->why);
    if (status == VMH_OK)
        status = vmh_buffer_check(&start, m->why);
    if (status == VMH_OK)
        status = m->store->seek(m->store, vmh_buffer_bytes(&start), &m->newest, m->why);
    if (status != VMH_OK || m->height == VMH_FLAT_NEWEST)
        goto done;
    vmh_former_key_begin(range->contract_name, first, &start);
    status = vmh_buffer_check(&start, m->why);
    if (status == VMH_OK)
        status = seek_former(m, vmh_buffer_bytes(&start));
    if (status == VMH_OK)
        status = find_former(m);

done:
    vmh_buffer_clear(&start);
    return status;
}

vmh_status vmh_flat_state_each_key(vmh_flat_state *flat, uint64_t height,
                                   const vmh_key_range *range, vmh_state_visit visit, void *self,
                                   vmh_failure *why)
{
    merge m = {.store = flat->store, .height = height, .range = range, .why = why};
    vmh_status status = open_cursors(&m);

    if (status == VMH_OK)
        status = walk(&m, visit, self);
    end_former(&m);
    if (m.newest != NULL)
        m.newest->free(m.newest);
    vmh_buffer_clear(&m.newest_begin_bytes);
    vmh_buffer_clear(&m.former_begin_bytes);
    vmh_buffer_clear(&m.former_key);
    vmh_buffer_clear(&m.former_name);
    vmh_buffer_clear(&m.former_record);
    return status;
}

/* Splits the key of a newest-value record; false for another form. */
static bool split_key(vmh_bytes record_key, vmh_bytes *contract_name, vmh_bytes *key)
{
    uint32_t size;

    if (record_key.size < KIND_AND_LENGTH)
        return false;
    size = vmh_get_u32_be(record_key.data + 1);
    if (record_key.size - KIND_AND_LENGTH < size)
        return false;
    *contract_name = vmh_bytes_of(record_key.data + KIND_AND_LENGTH, size);
    *key = skip(record_key, KIND_AND_LENGTH + size);
    return true;
}

static vmh_status take_newest(const vmh_store_cursor *cursor, vmh_bytes *contract_name,
                              vmh_bytes *key, vmh_failure *why)
{
    if (!split_key(cursor->key, contract_name, key) || cursor->value.size == 0)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "a state record does not decode");
    return VMH_OK;
}

static bool is_newest(const vmh_store_cursor *cursor)
{
    return !cursor->at_end && vmh_bytes_begins(cursor->key, VMH_LITERAL("s"));
}

vmh_status vmh_flat_state_each(vmh_flat_state *flat, vmh_flat_visit visit, void *self,
                               vmh_failure *why)
{
    vmh_store_cursor *cursor = NULL;
    vmh_status status = flat->store->seek(flat->store, VMH_LITERAL("s"), &cursor, why);

    if (status != VMH_OK)
        return status;
    while (status == VMH_OK && is_newest(cursor)) {
        vmh_bytes contract_name, key;

        status = take_newest(cursor, &contract_name, &key, why);
        if (status == VMH_OK)
            status = visit(self, contract_name, key, cursor->value, why);
        if (status == VMH_OK)
            status = cursor->next(cursor, why);
    }
    cursor->free(cursor);
    return status;
}

/* The first key behind all that begin with `prefix`, in place; the first byte is never ff. */
static void step_behind(vmh_buffer *prefix)
{
    while (prefix->data[prefix->size - 1] == 0xff)
        prefix->size--;
    prefix->data[prefix->size - 1]++;
}

/*
 * Moves behind the contract whose records begin with `begin`, which is used up. A small contract is
 * stepped over: in a store on disk a new cursor costs as much as hundreds of steps.
 */
static vmh_status pass_contract(vmh_flat_state *flat, vmh_buffer *begin, vmh_store_cursor **cursor,
                                vmh_failure *why)
{
    vmh_status status = VMH_OK;

    for (unsigned steps = 0; status == VMH_OK && !(*cursor)->at_end &&
                             vmh_bytes_begins((*cursor)->key, vmh_buffer_bytes(begin));
         steps++) {
        if (steps == STEPS_MAX) {
            step_behind(begin);
            (*cursor)->free(*cursor);
            return flat->store->seek(flat->store, vmh_buffer_bytes(begin), cursor, why);
        }
        status = (*cursor)->next(*cursor, why);
    }
    return status;
}

vmh_status vmh_flat_state_each_contract(vmh_flat_state *flat, vmh_state_visit visit, void *self,
                                        vmh_failure *why)
{
    vmh_store_cursor *cursor = NULL;
    vmh_buffer begin;
    vmh_status status = flat->store->seek(flat->store, VMH_LITERAL("s"), &cursor, why);

    vmh_buffer_init(&begin);
    while (status == VMH_OK && is_newest(cursor)) {
        vmh_bytes contract_name, key;

        status = take_newest(cursor, &contract_name, &key, why);
        if (status != VMH_OK)
            break;
        vmh_flat_key(contract_name, (vmh_bytes){0}, &begin);
        status = vmh_buffer_check(&begin, why);
        if (status == VMH_OK)
            status = visit(self, contract_name, (vmh_bytes){0}, why);
        if (status == VMH_OK)
            status = pass_contract(flat, &begin, &cursor, why);
    }
    if (cursor != NULL)
        cursor->free(cursor);
    vmh_buffer_clear(&begin);
    return status;
}
