/*
 * Tables: the keys 1..reach in an array, all other keys in order of insertion.
 *
 *     items     [ 1 ][ 2 ][nil][ 4 ] ...        reach: greatest `#` there ever was
 *     entries   [key value][key value] ...      in order; a deleted one keeps its place
 *     index     position in entries by hash of the key, open addressing
 *
 * `reach` only grows: when all of 1..reach are present and reach + 1 is too, it
 * moves, and what follows it in `entries` comes along. So with a hole in the
 * array reach + 1 goes to `entries`, until the hole is filled.
 *
 * A deleted key of `entries` keeps its place, value nil, until any absent key is
 * given a value; then `next` no longer knows it. A key that is set again after it
 * was deleted goes to the end. 1..reach are always known to `next`. Equal keys
 * are those of vmh_lua_raw_equal: a uint256 of at most 2^63 - 1 is the integer.
 * Order by insertion, so that no hash is ever seen.
 *
 * Invariants: items[0..border) are not nil, items[border] is nil or border ==
 * reach; no key in 1..reach is in entries with a value; border == reach implies
 * that reach + 1 is absent.
 */
#ifndef VMH_CONTRACTLUA_TABLE_H
#define VMH_CONTRACTLUA_TABLE_H

#include "contractlua/heap.h"

typedef struct vmh_lua_entry {
    vmh_lua_value key;   /* nil: of no use any more */
    vmh_lua_value value; /* nil: deleted; see vmh_lua_table_knows */
} vmh_lua_entry;

struct vmh_lua_table {
    vmh_lua_value *items;
    uint64_t item_capacity;
    uint64_t reach;
    uint64_t border;       /* first: 1..border present, border + 1 absent */
    uint64_t present;      /* values in items */
    vmh_lua_entry *entries;
    const uint32_t *index; /* behind the entries, in one part; never NULL */
    uint32_t index_mask;
    uint32_t entry_count;  /* deleted ones too */
    uint32_t entry_capacity;
    uint32_t live_count;
    uint32_t follower_count; /* integers above reach among the live ones */
    uint32_t epoch;        /* counts absent keys that were given a value: 160 GiB for all */
    vmh_lua_table *metatable;
    uint8_t absent_events; /* bit per vmh_lua_event that this table, as a metatable, is known not
                              to have; 0 again when a key enters `entries` */
    bool is_read_only;     /* tables of the library */
};

/* An empty table, counted; NULL where the limit or the system stops it. */
vmh_lua_table *vmh_lua_table_new(vmh_lua_heap *heap);

/*
 * Room for so many items and entries in all; a hint that cannot be met is let go,
 * and so is one for more memory than vmh_lua_heap_can_reserve allows.
 */
void vmh_lua_table_reserve(vmh_lua_heap *heap, vmh_lua_table *table, uint64_t items,
                           uint64_t entries);

/* The value of a key, or nil. */
vmh_lua_value vmh_lua_table_get(const vmh_lua_table *table, vmh_lua_value key);
vmh_lua_value vmh_lua_table_get_string(const vmh_lua_table *table, vmh_lua_string *key);

/*
 * Where the value of a present key lies, until a key is inserted: another value
 * may be written there, but not nil. NULL for an absent key.
 */
vmh_lua_value *vmh_lua_table_find(const vmh_lua_table *table, vmh_lua_value key);
vmh_lua_value *vmh_lua_table_find_string(const vmh_lua_table *table, vmh_lua_string *key);

/*
 * As find, of a key that stands in code: among few entries the string itself is looked for
 * first, which spares the index, and in memory that no cache holds a third of the time.
 */
static inline vmh_lua_value *vmh_lua_table_find_field(const vmh_lua_table *table,
                                                      vmh_lua_string *key)
{
    if (table->entry_count <= 3) {
        for (uint32_t i = 0; i < table->entry_count; i++) {
            vmh_lua_entry *entry = &table->entries[i];

            if (entry->key.as.string == key && entry->key.tag == VMH_LUA_STRING &&
                entry->value.tag != VMH_LUA_NIL)
                return &entry->value;
        }
    }
    return vmh_lua_table_find_string(table, key);
}

/*
 * As find, with a guess at the position in `entries`, which is corrected: for keys
 * that stand in code, from where tables of one shape are met again and again.
 */
vmh_lua_value *vmh_lua_table_find_again(const vmh_lua_table *table, vmh_lua_string *key,
                                        uint32_t *hint);

static inline vmh_lua_value *vmh_lua_table_find_hinted(const vmh_lua_table *table,
                                                       vmh_lua_string *key, uint32_t *hint)
{
    if (*hint < table->entry_count) {
        vmh_lua_entry *entry = &table->entries[*hint];

        if (entry->key.as.string == key && entry->key.tag == VMH_LUA_STRING &&
            entry->value.tag != VMH_LUA_NIL)
            return &entry->value;
    }
    return vmh_lua_table_find_again(table, key, hint);
}

static inline vmh_lua_value vmh_lua_table_get_integer(const vmh_lua_table *table, int64_t key)
{
    if ((uint64_t)key - 1 < table->reach)
        return table->items[key - 1];
    return vmh_lua_table_get(table, vmh_lua_integer(key));
}

/*
 * Sets a key, which is not nil, to a value; nil deletes. `*work` becomes what this
 * took beyond a lookup: slots passed to find a border, keys moved into the array.
 * It depends on the keys, their order and reach, and on nothing else. An absent key
 * that gets a value is counted. False where limit or system stop it. The caller
 * refuses a write to a read-only table.
 */
bool vmh_lua_table_set(vmh_lua_heap *heap, vmh_lua_table *table, vmh_lua_value key,
                       vmh_lua_value value, uint64_t *work);

static inline bool vmh_lua_table_set_integer(vmh_lua_heap *heap, vmh_lua_table *table, int64_t key,
                                             vmh_lua_value value, uint64_t *work)
{
    if ((uint64_t)key - 1 < table->reach && value.tag != VMH_LUA_NIL &&
        table->items[key - 1].tag != VMH_LUA_NIL) {
        table->items[key - 1] = value;
        *work = 0;
        return true;
    }
    return vmh_lua_table_set(heap, table, vmh_lua_integer(key), value, work);
}

/* `#`: the first border. */
static inline uint64_t vmh_lua_table_length(const vmh_lua_table *table)
{
    return table->border;
}

/* How many keys are there, for the price of an access. */
static inline uint64_t vmh_lua_table_size(const vmh_lua_table *table)
{
    return table->present + table->live_count;
}

/* Whether `next` knows an entry: it has a value, or lost it after the last insertion of a key. */
static inline bool vmh_lua_table_knows(const vmh_lua_table *table, const vmh_lua_entry *entry)
{
    return entry->value.tag != VMH_LUA_NIL ||
           (entry->key.tag != VMH_LUA_NIL &&
            (uint32_t)((uint64_t)entry->value.as.integer >> 32) == table->epoch);
}

typedef enum vmh_lua_next {
    VMH_LUA_NEXT_FOUND,
    VMH_LUA_NEXT_END,
    VMH_LUA_NEXT_INVALID, /* a key that the table does not know; nothing is changed */
} vmh_lua_next;

/*
 * What follows `*key` (nil: the first), put in place of it; nil at the end.
 * `*work` becomes the number of absent keys of 1..reach that were passed.
 */
vmh_lua_next vmh_lua_table_next(const vmh_lua_table *table, vmh_lua_value *key,
                                vmh_lua_value *value, uint64_t *work);

/* As next, with a guess at the position of `*key` in `entries`, which a traversal hands on. */
vmh_lua_next vmh_lua_table_next_hinted(const vmh_lua_table *table, uint32_t *hint,
                                       vmh_lua_value *key, vmh_lua_value *value, uint64_t *work);

#endif
