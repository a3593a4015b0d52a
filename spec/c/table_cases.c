/*
 * Edges of values, memory and tables of the contract machine, by name:
 *
 *     table_cases NAME
 *
 * Prints what was not as expected, with its line, and fails then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/siphash.h"
#include "contractlua/table.h"

static vmh_lua_heap heap;
static int failures;

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static void expect(bool is_true, const char *text, int line)
{
    if (is_true)
        return;
    printf("line %d: %s\n", line, text);
    failures++;
}

static vmh_lua_value integer(int64_t value)
{
    return vmh_lua_integer(value);
}

static vmh_lua_value text(const char *bytes)
{
    return vmh_lua_of_string(vmh_lua_string_new(&heap, vmh_bytes_text(bytes)));
}

static vmh_lua_value word(uint64_t low, uint64_t high)
{
    vmh_word value = {{low, 0, 0, high}};

    return vmh_lua_uint256_new(&heap, &value);
}

/* Gives the work; the value is the key. */
static uint64_t put(vmh_lua_table *table, vmh_lua_value key)
{
    uint64_t work = 0;

    EXPECT(vmh_lua_table_set(&heap, table, key, key, &work));
    return work;
}

static uint64_t cut(vmh_lua_table *table, vmh_lua_value key)
{
    uint64_t work = 0;

    EXPECT(vmh_lua_table_set(&heap, table, key, vmh_lua_nil(), &work));
    return work;
}

static vmh_lua_table *array(int64_t size)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);

    for (int64_t i = 1; i <= size; i++)
        put(table, integer(i));
    return table;
}

static bool has(const vmh_lua_table *table, vmh_lua_value key)
{
    return !vmh_lua_is_nil(vmh_lua_table_get(table, key));
}

static vmh_lua_next next_of(const vmh_lua_table *table, vmh_lua_value key)
{
    vmh_lua_value value;
    uint64_t work;

    return vmh_lua_table_next(table, &key, &value, &work);
}

/* A traversal as a text: integers and strings, with a space between. */
static bool is_in_order(const vmh_lua_table *table, const char *expected)
{
    char shown[512] = "";
    size_t size = 0;
    vmh_lua_value key = vmh_lua_nil(), value;
    uint64_t work;

    while (vmh_lua_table_next(table, &key, &value, &work) == VMH_LUA_NEXT_FOUND) {
        if (key.tag == VMH_LUA_INTEGER)
            size += (size_t)snprintf(shown + size, sizeof shown - size, " %lld",
                                     (long long)key.as.integer);
        else
            size += (size_t)snprintf(shown + size, sizeof shown - size, " %s",
                                     (const char *)key.as.string->bytes);
    }
    if (strcmp(shown, expected) != 0)
        printf("order:%s\n", shown);
    return strcmp(shown, expected) == 0;
}

static void traverse_in_order(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);

    put(table, text("b"));
    put(table, integer(2));
    put(table, text("a"));
    put(table, integer(-1));
    put(table, integer(1));
    put(table, integer(3));

    EXPECT(is_in_order(table, " 1 2 3 b a -1"));
    EXPECT(vmh_lua_table_length(table) == 3);
}

static void move_followers(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);

    for (int64_t i = 100; i > 1; i--)
        EXPECT(put(table, integer(i)) == 0);
    EXPECT(vmh_lua_table_length(table) == 0);
    EXPECT(table->reach == 0);

    EXPECT(put(table, integer(1)) == 99);
    EXPECT(vmh_lua_table_length(table) == 100);
    EXPECT(table->reach == 100);
    EXPECT(table->entries == NULL);
}

static void wait_behind_a_hole(void)
{
    vmh_lua_table *table = array(3);

    cut(table, integer(2));
    put(table, text("x"));
    put(table, integer(4));
    EXPECT(vmh_lua_table_length(table) == 1);
    EXPECT(is_in_order(table, " 1 3 x 4"));

    EXPECT(put(table, integer(2)) == 1);
    EXPECT(vmh_lua_table_length(table) == 4);
    EXPECT(is_in_order(table, " 1 2 3 4 x"));
}

static void know_deleted_keys(void)
{
    vmh_lua_table *table = array(2);

    put(table, text("a"));
    put(table, text("b"));
    put(table, text("c"));
    cut(table, text("a"));
    cut(table, text("b"));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_FOUND);
    EXPECT(next_of(table, text("b")) == VMH_LUA_NEXT_FOUND);
    EXPECT(next_of(table, text("never")) == VMH_LUA_NEXT_INVALID);

    put(table, text("c"));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_FOUND);

    put(table, text("d"));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_INVALID);
    EXPECT(next_of(table, text("b")) == VMH_LUA_NEXT_INVALID);
    EXPECT(is_in_order(table, " 1 2 c d"));
}

static void forget_at_an_append(void)
{
    vmh_lua_table *table = array(2);

    put(table, text("a"));
    cut(table, text("a"));
    put(table, integer(3));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_INVALID);

    put(table, text("a"));
    cut(table, integer(1));
    cut(table, text("a"));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_END);
    put(table, integer(1));
    EXPECT(next_of(table, text("a")) == VMH_LUA_NEXT_INVALID);
}

static void know_the_array(void)
{
    vmh_lua_table *table = array(5);

    for (int64_t i = 1; i <= 5; i++)
        cut(table, integer(i));
    put(table, text("a"));
    put(table, text("b"));

    EXPECT(next_of(table, integer(3)) == VMH_LUA_NEXT_FOUND);
    EXPECT(next_of(table, integer(6)) == VMH_LUA_NEXT_INVALID);
    EXPECT(next_of(table, integer(0)) == VMH_LUA_NEXT_INVALID);
    EXPECT(is_in_order(table, " a b"));
}

static void insert_at_the_end(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);

    put(table, text("a"));
    put(table, text("b"));
    cut(table, text("a"));
    put(table, text("a"));

    EXPECT(is_in_order(table, " b a"));
    EXPECT(vmh_lua_table_size(table) == 2);
}

static void pay_for_skipped(void)
{
    vmh_lua_table *table = array(10);
    vmh_lua_value key = vmh_lua_nil(), value;
    uint64_t work;

    for (int64_t i = 1; i <= 8; i++)
        cut(table, integer(i));
    EXPECT(vmh_lua_table_next(table, &key, &value, &work) == VMH_LUA_NEXT_FOUND);
    EXPECT(work == 8);
    EXPECT(key.as.integer == 9);

    cut(table, integer(10));
    EXPECT(vmh_lua_table_next(table, &key, &value, &work) == VMH_LUA_NEXT_END);
    EXPECT(work == 1);
    EXPECT(vmh_lua_is_nil(key));

    EXPECT(put(table, integer(2)) == 0);
    EXPECT(put(table, integer(1)) == 1);
    EXPECT(vmh_lua_table_length(table) == 2);
}

static void normalize_words(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);

    put(table, word(1, 0));
    EXPECT(has(table, integer(1)));
    EXPECT(vmh_lua_table_length(table) == 1);
    EXPECT(table->reach == 1);

    put(table, word(INT64_MAX, 0));
    EXPECT(has(table, integer(INT64_MAX)));

    put(table, word((uint64_t)INT64_MAX + 1, 0));
    EXPECT(!has(table, integer(INT64_MIN)));
    EXPECT(has(table, word((uint64_t)INT64_MAX + 1, 0)));

    put(table, word(1, 1));
    EXPECT(has(table, word(1, 1)));
    EXPECT(!has(table, word(2, 1)));
    EXPECT(vmh_lua_table_size(table) == 4);
}

static void tell_keys_apart(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);
    vmh_lua_value other = vmh_lua_of_table(vmh_lua_table_new(&heap));

    put(table, vmh_lua_boolean(true));
    put(table, vmh_lua_boolean(false));
    put(table, text("1"));
    put(table, text(""));
    put(table, other);
    EXPECT(has(table, vmh_lua_boolean(true)));
    EXPECT(has(table, vmh_lua_boolean(false)));
    EXPECT(has(table, text("1")));
    EXPECT(has(table, text("")));
    EXPECT(has(table, other));
    EXPECT(!has(table, integer(1)));
    EXPECT(!has(table, integer(0)));
    EXPECT(!has(table, vmh_lua_of_table(vmh_lua_table_new(&heap))));
    EXPECT(!has(table, vmh_lua_nil()));
    EXPECT(vmh_lua_table_size(table) == 5);
}

static void keep_great_keys_apart(void)
{
    vmh_lua_table *table = array(3);
    uint64_t taken = heap.taken;

    put(table, integer(1000000000));
    put(table, integer(INT64_MAX));
    put(table, integer(INT64_MIN));
    EXPECT(heap.taken == taken);
    EXPECT(table->reach == 3);
    EXPECT(vmh_lua_table_length(table) == 3);
    EXPECT(has(table, integer(1000000000)));
    EXPECT(!has(table, integer(999999999)));
}

static void count_as_written(void)
{
    vmh_lua_table *table;

    text("");
    EXPECT(heap.counted == 32);
    text("12345");
    EXPECT(heap.counted == 32 + 37);
    word(1, 2);
    EXPECT(heap.counted == 32 + 37 + 48);
    table = vmh_lua_table_new(&heap);
    EXPECT(heap.counted == 32 + 37 + 48 + 64);

    heap.counted = 0;
    put(table, integer(1));
    put(table, integer(7));
    put(table, integer(7));
    EXPECT(heap.counted == 80);
    cut(table, integer(7));
    cut(table, integer(7));
    cut(table, integer(1));
    cut(table, integer(9));
    EXPECT(heap.counted == 80);
    put(table, integer(1));
    put(table, integer(7));
    EXPECT(heap.counted == 160);
    put(table, integer(3));
    put(table, integer(2));
    EXPECT(heap.counted == 240);
}

static void stop_at_the_limit(void)
{
    vmh_lua_table *table;
    uint64_t work;

    vmh_lua_heap_reset(&heap, 64 + 40 + 40);
    table = vmh_lua_table_new(&heap);
    put(table, integer(1));
    put(table, integer(5));
    EXPECT(!heap.is_over);
    EXPECT(!vmh_lua_table_set(&heap, table, integer(6), integer(0), &work));
    EXPECT(heap.is_over && !heap.has_failed);
    EXPECT(vmh_lua_table_new(&heap) == NULL);
    EXPECT(vmh_lua_string_new(&heap, VMH_LITERAL("")) == NULL);
    EXPECT(vmh_lua_is_nil(word(1, 1)));

    vmh_lua_heap_reset(&heap, UINT64_MAX);
    EXPECT(!heap.is_over && heap.counted == 0);
    EXPECT(vmh_lua_string_new_empty(&heap, SIZE_MAX - 8) == NULL);
    EXPECT(heap.is_over && !heap.has_failed);

    vmh_lua_heap_reset(&heap, UINT64_MAX - 1);
    EXPECT(vmh_lua_heap_count(&heap, UINT64_MAX - 1));
    EXPECT(!vmh_lua_heap_count(&heap, 2));
    EXPECT(heap.is_over);
}

static void forget_absent_events(void)
{
    vmh_lua_table *table = array(1);

    put(table, text("__add"));
    table->absent_events = 0xff;
    put(table, text("__add"));
    cut(table, text("__add"));
    put(table, integer(2));
    EXPECT(table->absent_events == 0xff);

    put(table, text("__index"));
    EXPECT(table->absent_events == 0);
    table->absent_events = 0xff;
    put(table, text("__add"));
    EXPECT(table->absent_events == 0);
}

static void find_with_hints(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);
    vmh_lua_string *a = text("a").as.string;
    vmh_lua_string *b = text("b").as.string;
    uint32_t hint = 77;
    int64_t address;

    EXPECT(vmh_lua_table_find_hinted(table, a, &hint) == NULL);
    put(table, vmh_lua_of_string(a));
    put(table, vmh_lua_of_string(b));
    EXPECT(vmh_lua_table_find_hinted(table, b, &hint) == &table->entries[1].value);
    EXPECT(hint == 1);
    EXPECT(vmh_lua_table_find_hinted(table, a, &hint) == &table->entries[0].value);
    EXPECT(hint == 0);
    EXPECT(vmh_lua_table_find_hinted(table, text("a").as.string, &hint) ==
           &table->entries[0].value);
    cut(table, vmh_lua_of_string(a));
    EXPECT(vmh_lua_table_find_hinted(table, a, &hint) == NULL);
    put(table, vmh_lua_of_string(a));
    hint = 0;
    EXPECT(vmh_lua_table_find_hinted(table, a, &hint) == &table->entries[2].value);

    cut(table, vmh_lua_of_string(a));
    address = (int64_t)(uintptr_t)a;
    put(table, integer(address));
    hint = table->entry_count - 1;
    EXPECT(table->entries[hint].key.as.integer == address);
    EXPECT(vmh_lua_table_find_hinted(table, a, &hint) == NULL);
}

static void reserve_within_bounds(void)
{
    vmh_lua_table *table = vmh_lua_table_new(&heap);
    vmh_lua_table *other = vmh_lua_table_new(&heap);
    vmh_lua_value *items;
    vmh_lua_entry *entries;
    uint64_t counted = heap.counted;

    vmh_lua_table_reserve(&heap, table, 100, 100);
    EXPECT(heap.counted == counted);
    items = table->items;
    entries = table->entries;
    for (int64_t i = 1; i <= 100; i++) {
        put(table, integer(i));
        put(table, integer(-i));
    }
    EXPECT(table->items == items && table->entries == entries);

    vmh_lua_table_reserve(&heap, other, UINT64_MAX, UINT64_MAX);
    vmh_lua_table_reserve(&heap, other, UINT64_MAX / 16, (uint64_t)1 << 32);
    vmh_lua_table_reserve(&heap, other, 1000000, 1000000);
    EXPECT(other->item_capacity == 0 && other->entry_capacity == 0);
    EXPECT(!heap.has_failed && !heap.is_over);
}

static void keep_the_first_chunk(void)
{
    void *first = vmh_lua_heap_alloc(&heap, 100);
    uint64_t taken = heap.taken;

    for (int i = 0; i < 10000; i++)
        vmh_lua_heap_alloc(&heap, 100);
    vmh_lua_heap_alloc(&heap, 1000000);
    EXPECT(heap.taken > 2000000);
    vmh_lua_heap_reset(&heap, UINT64_MAX);
    EXPECT(heap.taken == taken);
    EXPECT(vmh_lua_heap_alloc(&heap, 100) == first);
    vmh_lua_heap_clear(&heap);
    EXPECT(heap.taken == 0);
    vmh_lua_heap_clear(&heap);
}

static void reuse_parts(void)
{
    uint8_t *part = vmh_lua_heap_alloc(&heap, 448);
    uint8_t *large, *grown;
    uint64_t taken;

    vmh_lua_heap_alloc(&heap, 1);
    vmh_lua_heap_release(&heap, part, 448);
    EXPECT(vmh_lua_heap_alloc(&heap, 128) == part);
    EXPECT(vmh_lua_heap_alloc(&heap, 500) != part + 128);
    EXPECT(vmh_lua_heap_alloc(&heap, 320) == part + 128);

    taken = heap.taken;
    large = vmh_lua_heap_alloc(&heap, 100000);
    EXPECT(heap.taken >= taken + 100000);
    vmh_lua_heap_release(&heap, large, 100000);
    EXPECT(heap.taken == taken);

    part = vmh_lua_heap_alloc(&heap, 32);
    memcpy(part, "as it was", 10);
    EXPECT(vmh_lua_heap_grow(&heap, part, 32, 64) == part);
    vmh_lua_heap_alloc(&heap, 0);
    grown = vmh_lua_heap_grow(&heap, part, 64, 128);
    EXPECT(grown != part && memcmp(grown, "as it was", 10) == 0);
    grown = vmh_lua_heap_grow(&heap, grown, 128, 10000);
    EXPECT(memcmp(grown, "as it was", 10) == 0);
    grown = vmh_lua_heap_grow(&heap, grown, 10000, 20000);
    EXPECT(memcmp(grown, "as it was", 10) == 0);
    vmh_lua_heap_release(&heap, NULL, 5);

    EXPECT(vmh_lua_heap_grow(&heap, grown, 20000, SIZE_MAX - 64) == NULL);
    EXPECT(heap.has_failed);
    EXPECT(memcmp(grown, "as it was", 10) == 0);
    EXPECT(vmh_lua_heap_alloc(&heap, SIZE_MAX) == NULL);
}

static void align_parts(void)
{
    for (size_t size = 0; size < 9000; size += 7) {
        uint8_t *part = vmh_lua_heap_alloc(&heap, size);

        EXPECT((uintptr_t)part % 16 == 0);
        memset(part, 1, size);
        if (size % 3 == 0)
            vmh_lua_heap_release(&heap, part, size);
    }
}

static void compare_values(void)
{
    EXPECT(vmh_lua_raw_equal(integer(5), word(5, 0)));
    EXPECT(vmh_lua_raw_equal(word(5, 0), integer(5)));
    EXPECT(!vmh_lua_raw_equal(word(5, 1), integer(5)));
    EXPECT(!vmh_lua_raw_equal(word(UINT64_MAX, 0), integer(-1)));
    EXPECT(vmh_lua_raw_equal(word(5, 6), word(5, 6)));
    EXPECT(vmh_lua_raw_equal(text("a\xff"), text("a\xff")));
    EXPECT(!vmh_lua_raw_equal(text("a"), text("b")));
    EXPECT(!vmh_lua_raw_equal(text("1"), integer(1)));
    EXPECT(vmh_lua_raw_equal(vmh_lua_nil(), vmh_lua_nil()));
    EXPECT(!vmh_lua_raw_equal(vmh_lua_boolean(false), vmh_lua_nil()));
    EXPECT(!vmh_lua_raw_equal(vmh_lua_boolean(false), vmh_lua_boolean(true)));
}

static void name_types(void)
{
    static const char *const names[] = {"nil",    "boolean", "boolean",  "number",   "uint256",
                                        "string", "table",   "function", "function", "thread",
                                        "state"};

    for (uint64_t tag = VMH_LUA_NIL; tag < VMH_LUA_CELL; tag++)
        EXPECT(strcmp(vmh_lua_type_name((vmh_lua_value){.tag = tag, .as = {0}}), names[tag]) == 0);
}

static void hash_alike(void)
{
    uint8_t bytes[8];

    for (uint64_t i = 1; i != 0; i <<= 1) {
        vmh_put_u64_le(bytes, i - 3);
        EXPECT(vmh_siphash(vmh_bytes_of(bytes, sizeof bytes)) == vmh_siphash_u64(i - 3));
    }
    EXPECT(vmh_lua_string_hash(text("abc").as.string) == vmh_lua_bytes_hash(VMH_LITERAL("abc")));
}

static const struct {
    const char *name;
    void (*check)(void);
} cases[] = {
    {"traverse_in_order", traverse_in_order},
    {"move_followers", move_followers},
    {"wait_behind_a_hole", wait_behind_a_hole},
    {"know_deleted_keys", know_deleted_keys},
    {"forget_at_an_append", forget_at_an_append},
    {"know_the_array", know_the_array},
    {"insert_at_the_end", insert_at_the_end},
    {"pay_for_skipped", pay_for_skipped},
    {"normalize_words", normalize_words},
    {"tell_keys_apart", tell_keys_apart},
    {"keep_great_keys_apart", keep_great_keys_apart},
    {"count_as_written", count_as_written},
    {"stop_at_the_limit", stop_at_the_limit},
    {"forget_absent_events", forget_absent_events},
    {"find_with_hints", find_with_hints},
    {"reserve_within_bounds", reserve_within_bounds},
    {"keep_the_first_chunk", keep_the_first_chunk},
    {"reuse_parts", reuse_parts},
    {"align_parts", align_parts},
    {"compare_values", compare_values},
    {"name_types", name_types},
    {"hash_alike", hash_alike},
};

int main(int argc, char **argv)
{
    bool is_found = false;

    vmh_lua_heap_init(&heap, UINT64_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].check();
            is_found = true;
        }
    }
    vmh_lua_heap_clear(&heap);
    if (!is_found)
        printf("no such case\n");
    return is_found && failures == 0 ? 0 : 1;
}
