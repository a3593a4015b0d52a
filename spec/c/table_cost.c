/*
 * What operations on tables cost where someone chose them to be dear.
 *
 *     table_cost LIMIT     up to so many logical bytes
 *
 * A line for each pattern: operations, nanoseconds of one on average and at
 * worst, units of work that they reported, nanoseconds per operation and unit,
 * and the most real bytes per logical byte at any time, without the constant that
 * each execution may have. Fails where that reaches four, or where operations
 * take so long that something must have been walked again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "contractlua/table.h"

enum {
    FREE_MEMORY = 192 * 1024, /* first chunk, and what may be reserved */
    DEAR_NS = 4000,           /* per operation and unit of work, also on a busy machine */
};

static vmh_lua_heap heap;
static vmh_lua_heap texts; /* of keys, not counted in */

static struct {
    uint64_t limit;
    uint64_t operations;
    uint64_t work;
    uint64_t begin, last, worst; /* ns */
    bool is_timed;               /* each operation */
    double ratio;
} now;

static uint64_t ns_of(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The first is cheap to ask, the second not misled by other processes. */
static uint64_t clock_ns(void)
{
    return ns_of(CLOCK_MONOTONIC);
}

static uint64_t cpu_ns(void)
{
    return ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void begin(void)
{
    now.operations = now.work = 0;
    now.last = clock_ns();
    now.begin = cpu_ns();
}

static void look_at_memory(void)
{
    double ratio;

    if (heap.taken <= FREE_MEMORY)
        return;
    ratio = (double)(heap.taken - FREE_MEMORY) / (double)heap.counted;
    if (ratio > now.ratio)
        now.ratio = ratio;
}

/* After each operation. */
static void done(uint64_t work)
{
    uint64_t time;

    now.operations++;
    now.work += work;
    if (!now.is_timed)
        return;
    time = clock_ns();
    if (time - now.last > now.worst)
        now.worst = time - now.last;
    look_at_memory();
    now.last = clock_ns();
}

static vmh_lua_table *new_table(void)
{
    return vmh_lua_table_new(&heap);
}

static bool set(vmh_lua_table *table, vmh_lua_value key, vmh_lua_value value)
{
    uint64_t work;

    if (!vmh_lua_table_set(&heap, table, key, value, &work)) {
        if (heap.has_failed)
            abort();
        return false;
    }
    done(work);
    return true;
}

static bool put(vmh_lua_table *table, int64_t key)
{
    return set(table, vmh_lua_integer(key), vmh_lua_boolean(true));
}

static bool cut(vmh_lua_table *table, int64_t key)
{
    return set(table, vmh_lua_integer(key), vmh_lua_nil());
}

static vmh_lua_next next(const vmh_lua_table *table, vmh_lua_value *key)
{
    vmh_lua_value value;
    uint64_t work;
    vmh_lua_next got = vmh_lua_table_next(table, key, &value, &work);

    done(work);
    return got;
}

/* Patterns. Those without a bound end at the limit of the heap. */

/* So many keys, or as many as leave the limit for more to come. */
static int64_t up_to(int64_t count)
{
    int64_t most = (int64_t)(now.limit / 160);

    return count < most ? count : most;
}

static void append(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t i = 1; put(table, i); i++)
        ;
}

static void fill_from_the_back(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t i = 1600000; i > 0 && put(table, i); i--)
        ;
}

static void fill_blocks_from_the_back(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t size = 1, base = 0;; base += size, size += size / 2 + 1) {
        for (int64_t i = base + size; i > base; i--) {
            if (!put(table, i))
                return;
        }
    }
}

static void insert_chosen(uint64_t (*choose)(uint64_t))
{
    vmh_lua_table *table = new_table();

    for (uint64_t i = 1; put(table, (int64_t)choose(i)); i++)
        ;
}

static uint64_t choose_random(uint64_t i)
{
    return mix(i);
}

static uint64_t choose_multiples(uint64_t i)
{
    return i << 32;
}

static uint64_t choose_negative(uint64_t i)
{
    return 0 - i;
}

static void insert_random(int64_t unused)
{
    (void)unused;
    insert_chosen(choose_random);
}

static void insert_multiples(int64_t unused)
{
    (void)unused;
    insert_chosen(choose_multiples);
}

static void insert_negative(int64_t unused)
{
    (void)unused;
    insert_chosen(choose_negative);
}

static void insert_strings(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (uint64_t i = 0;; i++) {
        char text[24];
        int size = snprintf(text, sizeof text, "%" PRIu64, i);
        vmh_lua_string *key = vmh_lua_string_new(&texts, vmh_bytes_of(text, (size_t)size));

        now.last = clock_ns();
        if (!set(table, vmh_lua_of_string(key), vmh_lua_boolean(true)))
            return;
    }
}

static void insert_words(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (uint64_t i = 1;; i++) {
        vmh_word word = {{0, 0, 0, i << 40}};
        vmh_lua_value key = vmh_lua_uint256_new(&texts, &word);

        now.last = clock_ns();
        if (!set(table, key, vmh_lua_boolean(true)))
            return;
    }
}

/* Delete the oldest of `size` keys and insert a new one. */
static void roll(int64_t size)
{
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 0; put(table, -i); i++) {
        if (i >= size)
            cut(table, size - i);
    }
}

/* Any key of a table is deleted and another inserted. */
static void replace_any(int64_t size)
{
    static int64_t keys[1 << 17];
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 0; i < size; i++) {
        keys[i] = -i;
        put(table, -i);
    }
    for (int64_t i = size;; i++) {
        int64_t *key = &keys[mix((uint64_t)i) % (uint64_t)size];

        cut(table, *key);
        *key = -i;
        if (!put(table, *key))
            return;
    }
}

static void toggle_one(int64_t size)
{
    vmh_lua_table *table = new_table();

    for (int64_t i = 0; i < size; i++)
        put(table, -i);
    while (put(table, -5))
        cut(table, -5);
}

static void work_as_queue(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t i = 1; put(table, i); i++) {
        if (i > 1000)
            cut(table, i - 1000);
    }
}

static void push_and_pop(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t i = 1; i <= 1000; i++)
        put(table, i);
    for (uint64_t i = 0;; i++) {
        int64_t depth = (int64_t)(mix(i) % 20);

        for (int64_t j = 0; j < depth; j++)
            cut(table, 1000 - j);
        for (int64_t j = depth; j > 0; j--) {
            if (!put(table, 1001 - j))
                return;
        }
    }
}

/* The first hole is filled, with another one at the end of a long way. */
static void scan_for_border(int64_t size)
{
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 1; i <= size; i++)
        put(table, i);
    cut(table, size - 1);
    for (int i = 0; i < 2000; i++) {
        cut(table, 1);
        put(table, 1);
    }
}

static void make_and_fill_holes(int64_t size)
{
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 1; i <= size; i++)
        put(table, i);
    for (uint64_t i = 50;; i++) {
        cut(table, (int64_t)(mix(i) % (uint64_t)size) + 1);
        if (!put(table, (int64_t)(mix(i - 50) % (uint64_t)size) + 1))
            return;
    }
}

/* Keys that wait behind a hole come over when it is filled. */
static void let_followers_in(int64_t unused)
{
    vmh_lua_table *table = new_table();

    (void)unused;
    for (int64_t reach = 0;; reach += 1001) {
        for (int64_t i = 1000; i > 0; i--) {
            if (!put(table, reach + 1 + i))
                return;
        }
        if (!put(table, reach + 1))
            return;
    }
}

/* Take the first key and delete it, to the end. */
static void take_first(int64_t size)
{
    vmh_lua_table *table = new_table();
    vmh_lua_value key;

    size = up_to(size);
    for (int64_t i = 0; i < size; i++)
        put(table, -i);
    while (key = vmh_lua_nil(), next(table, &key) == VMH_LUA_NEXT_FOUND)
        set(table, key, vmh_lua_nil());
}

/* As above, and each time one comes in at the end. */
static void take_first_put_last(int64_t size)
{
    vmh_lua_table *table = new_table();

    for (int64_t i = 0; put(table, -i); i++) {
        vmh_lua_value key = vmh_lua_nil();

        if (i > size && next(table, &key) == VMH_LUA_NEXT_FOUND)
            set(table, key, vmh_lua_nil());
    }
}

/* One key behind a long row of deleted ones, which is asked for from all of them. */
static void pass_deleted(int64_t size)
{
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 1; i <= size; i++)
        put(table, -i);
    for (int64_t i = size - 1; i > 0; i--)
        cut(table, -i);
    for (uint64_t i = 0; i < (uint64_t)size; i++) {
        vmh_lua_value key = vmh_lua_integer(-(int64_t)(mix(i) % (uint64_t)size) - 1);

        next(table, &key);
    }
}

static void traverse_absent(int64_t size)
{
    vmh_lua_table *table = new_table();

    size = up_to(size);
    for (int64_t i = 1; i <= size; i++)
        put(table, i);
    for (int64_t i = 1; i <= size; i++)
        cut(table, i);
    for (int i = 0; i < 100; i++) {
        vmh_lua_value key = vmh_lua_nil();

        next(table, &key);
    }
}

/* Many tables that grow at the same time, so that none can use what another outgrew. */
static void grow_side_by_side(int64_t size, bool is_divided)
{
    static vmh_lua_table *tables[1 << 20];
    size_t count = (size_t)(now.limit / (64 + (uint64_t)size * (is_divided ? 41 : 40)));

    for (size_t i = 0; i < count; i++) {
        tables[i] = new_table();
        done(0);
    }
    for (int64_t key = 0; key < size; key++) {
        for (size_t i = 0; i < count; i++) {
            if (!put(tables[i], -key))
                return;
            if (is_divided && (key & (key - 1)) == 0)
                vmh_lua_heap_alloc(&heap, 1);
        }
    }
}

static void grow_together(int64_t size)
{
    grow_side_by_side(size, false);
}

/* With something between them, so that what was outgrown cannot be joined. */
static void grow_divided(int64_t size)
{
    grow_side_by_side(size, true);
}

/* The same with arrays behind, which take over what the entries were. */
static void turn_together(int64_t unused)
{
    static vmh_lua_table *tables[1 << 14];
    size_t count = sizeof tables / sizeof *tables;

    (void)unused;
    while (count * 4096 > now.limit)
        count /= 2;
    for (size_t i = 0; i < count; i++)
        tables[i] = new_table();
    for (int64_t round = 0;; round++) {
        for (int64_t key = 49; key > 0; key--) {
            for (size_t i = 0; i < count; i++) {
                if (!put(tables[i], round * 49 + key))
                    return;
            }
        }
    }
}

static void build_small(int64_t size)
{
    for (;;) {
        vmh_lua_table *table = new_table();

        if (table == NULL)
            return;
        done(0);
        for (int64_t i = 0; i < size; i++) {
            if (!put(table, -i))
                return;
        }
    }
}

static void reserve_in_vain(int64_t unused)
{
    vmh_lua_table *table;

    (void)unused;
    while ((table = new_table()) != NULL) {
        vmh_lua_table_reserve(&heap, table, 1000, 1000);
        done(0);
    }
}

static double highest_ratio, dearest;

static double run(void (*pattern)(int64_t), int64_t size, bool is_timed)
{
    vmh_lua_heap_reset(&heap, now.limit);
    vmh_lua_heap_reset(&texts, UINT64_MAX);
    now.is_timed = is_timed;
    begin();
    pattern(size);
    return (double)(cpu_ns() - now.begin);
}

/* Once with a clock at each operation, and once without. */
static void measure(const char *name, void (*pattern)(int64_t), int64_t size)
{
    double ns;

    now.worst = 0;
    now.ratio = 0;
    run(pattern, size, true);
    ns = run(pattern, size, false);
    printf("%-46s %10" PRIu64 " %8.1f %10" PRIu64 " %11" PRIu64 " %8.1f %6.2f\n", name,
           now.operations, ns / (double)now.operations, now.worst, now.work,
           ns / (double)(now.operations + now.work), now.ratio);
    if (now.ratio > highest_ratio)
        highest_ratio = now.ratio;
    if (ns / (double)(now.operations + now.work) > dearest)
        dearest = ns / (double)(now.operations + now.work);
}

static void measure_tables(void)
{
    static const int64_t sizes[] = {0, 1, 2, 4, 7, 13, 25, 49, 97, 193, 385, 1000, 10000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[64];

        snprintf(name, sizeof name, "tables of %" PRId64 " keys, one by one", sizes[i]);
        measure(name, build_small, sizes[i]);
        snprintf(name, sizeof name, "tables of %" PRId64 " keys, together", sizes[i]);
        measure(name, grow_together, sizes[i]);
        snprintf(name, sizeof name, "tables of %" PRId64 " keys, together, divided", sizes[i]);
        measure(name, grow_divided, sizes[i]);
    }
}

static void measure_patterns(void)
{
    printf("%-46s %10s %8s %10s %11s %8s %6s\n", "", "operations", "ns", "worst", "work",
           "ns/unit", "memory");
    measure("append", append, 0);
    measure("fill from the back", fill_from_the_back, 0);
    measure("fill blocks from the back", fill_blocks_from_the_back, 0);
    measure("insert random integers", insert_random, 0);
    measure("insert multiples of 2^32", insert_multiples, 0);
    measure("insert negative integers", insert_negative, 0);
    measure("insert strings", insert_strings, 0);
    measure("insert uint256", insert_words, 0);
    measure("delete the oldest of 6, insert", roll, 6);
    measure("delete the oldest of 100000, insert", roll, 100000);
    measure("delete any of 98304, insert", replace_any, 98304);
    measure("delete any of 6144, insert", replace_any, 6144);
    measure("delete and insert one of 5000", toggle_one, 5000);
    measure("queue of 1000", work_as_queue, 0);
    measure("push and pop", push_and_pop, 0);
    measure("fill the first hole, scan to the second", scan_for_border, 100000);
    measure("make and fill holes", make_and_fill_holes, 100000);
    measure("fill the hole before 1000 followers", let_followers_in, 0);
    measure("take the first key of 400000", take_first, 400000);
    measure("take the first key of 10000, put one last", take_first_put_last, 10000);
    measure("next over a row of deleted keys", pass_deleted, 400000);
    measure("next over an array of absent keys", traverse_absent, 400000);
    measure("tables that turn to arrays together", turn_together, 0);
    measure("reserve without use", reserve_in_vain, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    now.limit = strtoull(argv[1], NULL, 10);
    vmh_lua_heap_init(&heap, now.limit);
    vmh_lua_heap_init(&texts, UINT64_MAX);
    measure_patterns();
    measure_tables();
    vmh_lua_heap_clear(&heap);
    vmh_lua_heap_clear(&texts);
    printf("highest: %.2f real bytes per logical byte, %.0f ns per operation and unit of work\n",
           highest_ratio, dearest);
    return highest_ratio < 4 && dearest < DEAR_NS ? 0 : 1;
}
