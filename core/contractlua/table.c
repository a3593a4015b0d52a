#include "contractlua/table.h"

#include <assert.h>

#include "base/siphash.h"

/*
 * The index is a power of two of slots, of which three quarters are used: by all
 * keys that came into `entries`, the deleted ones too, until it is made anew. A
 * slot holds the position in entries + 1 in as many low bits as the mask has,
 * and above them bits of the hash, so that other keys are rarely looked at.
 */
enum { SMALLEST_INDEX = 4, SMALLEST_ITEMS = 4 };

static const uint64_t LARGEST_INDEX = (uint64_t)1 << 32;
static const uint32_t NOWHERE = UINT32_MAX;
static const uint32_t empty_index[1] = {0};

static size_t entries_size(uint64_t index_size)
{
    return (size_t)(index_size / 4 * 3 * sizeof(vmh_lua_entry) + index_size * sizeof(uint32_t));
}

static uint64_t index_size_of(const vmh_lua_table *table)
{
    return table->entry_capacity == 0 ? 0 : (uint64_t)table->index_mask + 1;
}

vmh_lua_table *vmh_lua_table_new(vmh_lua_heap *heap)
{
    vmh_lua_table *table;

    if (!vmh_lua_heap_count(heap, VMH_LUA_TABLE_COST))
        return NULL;
    table = vmh_lua_heap_alloc(heap, sizeof *table);
    if (table == NULL)
        return NULL;
    *table = (vmh_lua_table){.index = empty_index};
    return table;
}

/* Keys that are equal get the same tag, and their payload where it is not pointed to. */
static inline vmh_lua_value normal_key(vmh_lua_value key)
{
    if (key.tag == VMH_LUA_UINT256 && vmh_word_fits_u64(key.as.word) &&
        key.as.word->limb[0] <= INT64_MAX)
        return vmh_lua_integer((int64_t)key.as.word->limb[0]);
    if (key.tag <= VMH_LUA_TRUE)
        key.as.integer = 0;
    return key;
}

static uint64_t hash_of(vmh_lua_value key)
{
    switch ((vmh_lua_tag)key.tag) {
    case VMH_LUA_STRING:
        return vmh_lua_string_hash(key.as.string);
    case VMH_LUA_UINT256:
        return vmh_siphash(vmh_bytes_of(key.as.word->limb, sizeof key.as.word->limb));
    case VMH_LUA_INTEGER:
        return vmh_siphash_u64((uint64_t)key.as.integer);
    default:
        return vmh_siphash_u64(key.tag << 56 ^ (uintptr_t)key.as.pointer);
    }
}

static inline bool is_same_key(vmh_lua_value a, vmh_lua_value b)
{
    if (a.tag != b.tag)
        return false;
    if (a.as.pointer == b.as.pointer)
        return true;
    if (a.tag == VMH_LUA_STRING)
        return a.as.string->hash == b.as.string->hash &&
               vmh_lua_string_equal(a.as.string, b.as.string);
    return a.tag == VMH_LUA_UINT256 && vmh_word_equal(a.as.word, b.as.word);
}

/* Position of a key in entries, deleted or not. */
static inline uint32_t find_position(const vmh_lua_table *table, vmh_lua_value key, uint64_t hash)
{
    uint32_t mask = table->index_mask;
    uint32_t high = (uint32_t)(hash >> 32);

    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        uint32_t slot = table->index[at];

        if (slot == 0)
            return NOWHERE;
        if (((slot ^ high) & ~mask) == 0) {
            uint32_t position = (slot & mask) - 1;

            if (is_same_key(table->entries[position].key, key))
                return position;
        }
    }
}

static inline vmh_lua_value *value_at(const vmh_lua_table *table, uint32_t position)
{
    vmh_lua_value *value;

    if (position == NOWHERE)
        return NULL;
    value = &table->entries[position].value;
    return value->tag == VMH_LUA_NIL ? NULL : value;
}

vmh_lua_value *vmh_lua_table_find_string(const vmh_lua_table *table, vmh_lua_string *key)
{
    return value_at(table, find_position(table, vmh_lua_of_string(key), vmh_lua_string_hash(key)));
}

vmh_lua_value *vmh_lua_table_find_again(const vmh_lua_table *table, vmh_lua_string *key,
                                        uint32_t *hint)
{
    uint32_t position =
        find_position(table, vmh_lua_of_string(key), vmh_lua_string_hash(key));

    *hint = position;
    return value_at(table, position);
}

/* Of its own, so that only integers are compared. */
static vmh_lua_value *find_integer(const vmh_lua_table *table, vmh_lua_value key)
{
    if ((uint64_t)key.as.integer - 1 < table->reach) {
        vmh_lua_value *item = &table->items[key.as.integer - 1];

        return item->tag == VMH_LUA_NIL ? NULL : item;
    }
    return value_at(table, find_position(table, vmh_lua_integer(key.as.integer),
                                         vmh_siphash_u64((uint64_t)key.as.integer)));
}

vmh_lua_value *vmh_lua_table_find(const vmh_lua_table *table, vmh_lua_value key)
{
    key = normal_key(key);
    if (key.tag == VMH_LUA_INTEGER)
        return find_integer(table, key);
    return value_at(table, find_position(table, key, hash_of(key)));
}

vmh_lua_value vmh_lua_table_get_string(const vmh_lua_table *table, vmh_lua_string *key)
{
    const vmh_lua_value *value = vmh_lua_table_find_string(table, key);

    return value == NULL ? vmh_lua_nil() : *value;
}

vmh_lua_value vmh_lua_table_get(const vmh_lua_table *table, vmh_lua_value key)
{
    const vmh_lua_value *value = vmh_lua_table_find(table, key);

    return value == NULL ? vmh_lua_nil() : *value;
}

/*
 * A deleted entry tells when it was deleted, and a later position before which
 * no entry has a value: where to look for what follows it.
 */
static vmh_lua_value deleted(uint32_t epoch, uint32_t next)
{
    return (vmh_lua_value){.tag = VMH_LUA_NIL,
                           .as = {.integer = (int64_t)((uint64_t)epoch << 32 | next)}};
}

static uint32_t next_of_deleted(const vmh_lua_entry *entry)
{
    return (uint32_t)entry->value.as.integer;
}

/*
 * The first entry with a value from `position` on. What was passed is pointed
 * straight there, so that a row of deleted entries is not walked again and again.
 * Tables that threads share are read-only from the first, and have none.
 */
static uint32_t skip_deleted(const vmh_lua_table *table, uint32_t position)
{
    uint32_t live = position;

    while (live < table->entry_count && table->entries[live].value.tag == VMH_LUA_NIL)
        live = next_of_deleted(&table->entries[live]);
    while (position < live) {
        vmh_lua_entry *entry = &table->entries[position];
        uint32_t epoch = (uint32_t)((uint64_t)entry->value.as.integer >> 32);

        position = next_of_deleted(entry);
        entry->value = deleted(epoch, live);
    }
    return live;
}

static uint32_t *index_of(vmh_lua_table *table)
{
    return (uint32_t *)(table->entries + table->entry_capacity);
}

/* In the slot of `old`, where the key was before, or in a free one where `old` is NOWHERE. */
static void add_to_index(vmh_lua_table *table, uint64_t hash, uint32_t position, uint32_t old)
{
    uint32_t *index = index_of(table);
    uint32_t mask = table->index_mask;
    uint32_t at = (uint32_t)hash & mask;

    while (index[at] != 0 && (index[at] & mask) != old + 1)
        at = (at + 1) & mask;
    index[at] = ((uint32_t)(hash >> 32) & ~mask) | (position + 1);
}

/* Drops deleted entries, of which `next` knows none, and makes the index anew. */
static void rebuild_entries(vmh_lua_table *table)
{
    uint32_t count = 0;

    memset(index_of(table), 0, (size_t)index_size_of(table) * sizeof(uint32_t));
    for (uint32_t i = 0; i < table->entry_count; i++) {
        if (table->entries[i].value.tag == VMH_LUA_NIL)
            continue;
        if (count != i)
            table->entries[count] = table->entries[i];
        add_to_index(table, hash_of(table->entries[count].key), count, NOWHERE);
        count++;
    }
    table->entry_count = count;
}

static bool resize_entries(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t index_size)
{
    vmh_lua_entry *grown = vmh_lua_heap_grow(heap, table->entries,
                                             entries_size(index_size_of(table)),
                                             entries_size(index_size));

    if (grown == NULL)
        return false;
    table->entries = grown;
    table->entry_capacity = (uint32_t)(index_size / 4 * 3);
    table->index_mask = (uint32_t)(index_size - 1);
    table->index = index_of(table);
    rebuild_entries(table);
    return true;
}

/* Where half of the entries are deleted, there is room for as many insertions as this costs. */
static bool make_room(vmh_lua_heap *heap, vmh_lua_table *table)
{
    uint64_t index_size = index_size_of(table);

    if (index_size == 0)
        return resize_entries(heap, table, SMALLEST_INDEX);
    if (table->live_count <= table->entry_count / 2) {
        rebuild_entries(table);
        return true;
    }
    if (index_size == LARGEST_INDEX) {
        heap->is_over = true;
        return false;
    }
    return resize_entries(heap, table, 2 * index_size);
}

/* An integer above reach, which may come into the array one day. */
static bool is_follower(vmh_lua_value key)
{
    return key.tag == VMH_LUA_INTEGER && key.as.integer > 0;
}

static void remove_entry(vmh_lua_table *table, uint32_t position)
{
    vmh_lua_entry *entry = &table->entries[position];

    entry->value = deleted(table->epoch, position + 1);
    table->live_count--;
    table->follower_count -= is_follower(entry->key);
}

/* `old`: where the key lies deleted, or NOWHERE. */
static bool insert_entry(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value key,
                         vmh_lua_value value, uint64_t hash, uint32_t old)
{
    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))
        return false;
    table->epoch++;
    if (old != NOWHERE)
        table->entries[old].key = vmh_lua_nil();
    if (table->entry_count == table->entry_capacity) {
        if (!make_room(heap, table))
            return false;
        old = NOWHERE;
    }
    table->entries[table->entry_count] = (vmh_lua_entry){key, value};
    add_to_index(table, hash, table->entry_count, old);
    table->entry_count++;
    table->live_count++;
    table->follower_count += is_follower(key);
    table->absent_events = 0;
    return true;
}

static bool resize_items(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t capacity)
{
    vmh_lua_value *grown = vmh_lua_heap_grow(heap, table->items,
                                             (size_t)table->item_capacity * sizeof *grown,
                                             (size_t)capacity * sizeof *grown);

    if (grown == NULL)
        return false;
    table->items = grown;
    table->item_capacity = capacity;
    return true;
}

/* Puts a value at reach + 1, all before it being present. */
static bool push_item(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value value)
{
    if (table->reach == table->item_capacity &&
        !resize_items(heap, table, table->reach == 0 ? SMALLEST_ITEMS : 2 * table->reach))
        return false;
    table->items[table->reach] = value;
    table->reach++;
    table->present++;
    table->border++;
    return true;
}

/* With all of 1..reach present, what follows comes over from entries. */
static bool take_followers(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t *work)
{
    while (table->follower_count > 0) {
        vmh_lua_value key = vmh_lua_integer((int64_t)(table->reach + 1));
        uint32_t position = find_position(table, key, hash_of(key));
        const vmh_lua_value *value = value_at(table, position);

        if (value == NULL)
            break;
        if (!push_item(heap, table, *value))
            return false;
        remove_entry(table, position);
        table->entries[position].key = vmh_lua_nil();
        ++*work;
    }
    if (table->live_count == 0 && *work > 0) {
        vmh_lua_heap_release(heap, table->entries, entries_size(index_size_of(table)));
        table->entries = NULL;
        table->index = empty_index;
        table->index_mask = table->entry_count = table->entry_capacity = 0;
    }
    return true;
}

static bool append_item(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value value,
                        uint64_t *work)
{
    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))
        return false;
    table->epoch++;
    if (!push_item(heap, table, value))
        return false;
    return table->follower_count == 0 || take_followers(heap, table, work);
}

/* Fills a hole of the array. */
static bool fill_item(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t key, vmh_lua_value value,
                      uint64_t *work)
{
    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))
        return false;
    table->epoch++;
    table->items[key - 1] = value;
    table->present++;
    if (table->present == table->reach) {
        table->border = table->reach;
        return table->follower_count == 0 || take_followers(heap, table, work);
    }
    if (key == table->border + 1) {
        /* There is a hole, and none before: the walk ends in the array. */
        do
            table->border++;
        while (table->items[table->border].tag != VMH_LUA_NIL);
        *work = table->border - key;
    }
    return true;
}

static bool set_item(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t key, vmh_lua_value value,
                     uint64_t *work)
{
    vmh_lua_value *item = &table->items[key - 1];

    if (value.tag == VMH_LUA_NIL) {
        if (item->tag != VMH_LUA_NIL) {
            *item = vmh_lua_nil();
            table->present--;
            if (key <= table->border)
                table->border = key - 1;
        }
        return true;
    }
    if (item->tag == VMH_LUA_NIL)
        return fill_item(heap, table, key, value, work);
    *item = value;
    return true;
}

static bool set_entry(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value key,
                      vmh_lua_value value)
{
    uint64_t hash = hash_of(key);
    uint32_t position = find_position(table, key, hash);

    if (value_at(table, position) == NULL)
        return value.tag == VMH_LUA_NIL || insert_entry(heap, table, key, value, hash, position);
    if (value.tag == VMH_LUA_NIL)
        remove_entry(table, position);
    else
        table->entries[position].value = value;
    return true;
}

bool vmh_lua_table_set(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value key,
                       vmh_lua_value value, uint64_t *work)
{
    assert(key.tag != VMH_LUA_NIL);
    *work = 0;
    key = normal_key(key);
    if (key.tag == VMH_LUA_INTEGER) {
        uint64_t before = (uint64_t)key.as.integer - 1;

        if (before < table->reach)
            return set_item(heap, table, before + 1, value, work);
        if (before == table->reach && table->border == table->reach)
            return value.tag == VMH_LUA_NIL || append_item(heap, table, value, work);
    }
    return set_entry(heap, table, key, value);
}

void vmh_lua_table_reserve(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t items,
                           uint64_t entries)
{
    uint64_t index_size = SMALLEST_INDEX;
    bool had_failed = heap->has_failed;

    if (items > table->item_capacity && items < SIZE_MAX / sizeof *table->items &&
        vmh_lua_heap_can_reserve(heap, (size_t)items * sizeof *table->items))
        resize_items(heap, table, items);
    while (index_size < LARGEST_INDEX && index_size / 4 * 3 < entries)
        index_size *= 2;
    if (entries > 0 && table->entry_count == 0 && index_size > index_size_of(table) &&
        vmh_lua_heap_can_reserve(heap, entries_size(index_size)))
        resize_entries(heap, table, index_size);
    heap->has_failed = had_failed;
}

/* Position in entries of a key that `next` knows, or NOWHERE. */
static uint32_t known_position(const vmh_lua_table *table, uint32_t hint, vmh_lua_value key)
{
    uint32_t position = hint;

    if (hint >= table->entry_count || table->entries[hint].key.tag != key.tag ||
        table->entries[hint].key.as.pointer != key.as.pointer)
        position = find_position(table, key, hash_of(key));
    if (position == NOWHERE || !vmh_lua_table_knows(table, &table->entries[position]))
        return NOWHERE;
    return position;
}

vmh_lua_next vmh_lua_table_next_hinted(const vmh_lua_table *table, uint32_t *hint,
                                       vmh_lua_value *key, vmh_lua_value *value, uint64_t *work)
{
    vmh_lua_value from = normal_key(*key);
    uint64_t item = 0;
    uint32_t position = 0;

    *work = 0;
    if (from.tag == VMH_LUA_INTEGER && (uint64_t)from.as.integer - 1 < table->reach) {
        item = (uint64_t)from.as.integer;
    } else if (from.tag != VMH_LUA_NIL) {
        position = known_position(table, *hint, from);
        if (position == NOWHERE)
            return VMH_LUA_NEXT_INVALID;
        item = table->reach;
        position++;
    }
    for (; item < table->reach; item++, ++*work) {
        if (table->items[item].tag != VMH_LUA_NIL) {
            *key = vmh_lua_integer((int64_t)item + 1);
            *value = table->items[item];
            return VMH_LUA_NEXT_FOUND;
        }
    }
    position = skip_deleted(table, position);
    *hint = position;
    if (position == table->entry_count) {
        *key = *value = vmh_lua_nil();
        return VMH_LUA_NEXT_END;
    }
    *key = table->entries[position].key;
    *value = table->entries[position].value;
    return VMH_LUA_NEXT_FOUND;
}

vmh_lua_next vmh_lua_table_next(const vmh_lua_table *table, vmh_lua_value *key,
                                vmh_lua_value *value, uint64_t *work)
{
    uint32_t hint = 0;

    return vmh_lua_table_next_hinted(table, &hint, key, value, work);
}
