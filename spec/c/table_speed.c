/*
 * Nanoseconds of the usual operations on tables, the best of some rounds each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "contractlua/table.h"

enum { ROUNDS = 20, TIMES = 1 << 18 };

static vmh_lua_heap heap;
static vmh_lua_table *table;

/* What was measured is used, so that no compiler leaves it out. */
static volatile uint64_t sink;

static uint64_t cpu_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The operation is any number, and may use `i`. */
#define MEASURE(name, operation)                                                                   \
    do {                                                                                           \
        uint64_t best = UINT64_MAX, total = 0;                                                     \
                                                                                                   \
        for (int round = 0; round < ROUNDS; round++) {                                             \
            uint64_t ns = cpu_ns();                                                                \
                                                                                                   \
            for (int64_t i = 0; i < TIMES; i++)                                                    \
                total += (uint64_t)(operation);                                                    \
            ns = cpu_ns() - ns;                                                                    \
            best = ns < best ? ns : best;                                                          \
        }                                                                                          \
        sink = total;                                                                              \
        printf("%-44s %7.2f\n", name, (double)best / TIMES);                                       \
    } while (false)

/* Any of `keys`, which is a power of two, below 1; in no order. */
static int64_t any_key(int64_t i, int64_t keys)
{
    return -(int64_t)(((uint64_t)i * 0x9e3779b97f4a7c15u >> 32) & (uint64_t)(keys - 1));
}

static uint64_t put(int64_t key)
{
    uint64_t work;

    return vmh_lua_table_set_integer(&heap, table, key, vmh_lua_integer(key), &work);
}

static uint64_t cut(int64_t key)
{
    uint64_t work;

    return vmh_lua_table_set_integer(&heap, table, key, vmh_lua_nil(), &work);
}

static void begin_table(void)
{
    vmh_lua_heap_reset(&heap, UINT64_MAX);
    table = vmh_lua_table_new(&heap);
}

/* Append or insert to tables of `size` keys, a new one each time one is full. */
static uint64_t put_in_tables(int64_t i, int64_t size, int64_t sign)
{
    if (i % size == 0)
        begin_table();
    return put(sign * (i % size + 1));
}

static void measure_growth(void)
{
    MEASURE("append, to 8", put_in_tables(i, 8, 1));
    MEASURE("append, to 1024", put_in_tables(i, 1024, 1));
    MEASURE("append, to 262144", put_in_tables(i, TIMES, 1));
    MEASURE("insert a sparse integer, to 8", put_in_tables(i, 8, -1));
    MEASURE("insert a sparse integer, to 1024", put_in_tables(i, 1024, -1));
    MEASURE("insert a sparse integer, to 262144", put_in_tables(i, TIMES, -1));
}

static uint64_t make_table(int64_t i)
{
    if (i % 256 == 0)
        vmh_lua_heap_reset(&heap, UINT64_MAX);
    return vmh_lua_table_new(&heap) != NULL;
}

static uint64_t make_string(int64_t i)
{
    if (i % 256 == 0)
        vmh_lua_heap_reset(&heap, UINT64_MAX);
    return vmh_lua_string_new(&heap, VMH_LITERAL("hello, world")) != NULL;
}

static void measure_array(void)
{
    begin_table();
    for (int64_t i = 1; i <= 1024; i++)
        put(i);
    MEASURE("get of an array", vmh_lua_table_get_integer(table, (i & 1023) + 1).as.integer);
    MEASURE("set of an array", put((i & 1023) + 1));
    MEASURE("pop and push", cut(1024) + put(1024));
}

static void measure_fields(int64_t fields)
{
    enum { MOST = 64 };
    vmh_lua_string *keys[MOST] = {NULL}, *absent;
    uint32_t hints[MOST] = {0};
    char name[64];
    uint64_t work;

    begin_table();
    absent = vmh_lua_string_new(&heap, VMH_LITERAL("absent"));
    vmh_lua_string_hash(absent);
    for (int64_t i = 0; i < fields; i++) {
        int size = snprintf(name, sizeof name, "field%" PRId64, i);

        keys[i] = vmh_lua_string_new(&heap, vmh_bytes_of(name, (size_t)size));
        vmh_lua_table_set(&heap, table, vmh_lua_of_string(keys[i]), vmh_lua_boolean(true), &work);
    }
    for (int64_t i = fields; i < MOST; i++)
        keys[i] = keys[i - fields];
    snprintf(name, sizeof name, "find of a string among %" PRId64, fields);
    MEASURE(name, vmh_lua_table_find_string(table, keys[i & 63]) != NULL);
    MEASURE("  with a hint",
            vmh_lua_table_find_hinted(table, keys[i & 63], &hints[i & 63]) != NULL);
    MEASURE("  of an absent one", vmh_lua_table_find_string(table, absent) != NULL);
}

static void measure_sparse(int64_t keys)
{
    char name[64];

    begin_table();
    for (int64_t i = 0; i < keys; i++)
        put(-i);
    snprintf(name, sizeof name, "get of any of %" PRId64 " sparse integers", keys);
    MEASURE(name, vmh_lua_table_get_integer(table, any_key(i, keys)).as.integer);
    MEASURE("  set", put(any_key(i, keys)));
    MEASURE("  get of an absent one", vmh_lua_table_get_integer(table, INT64_MIN + i).tag);
}

/* `key` and `hint` go on from call to call. */
static uint64_t step(vmh_lua_value *key, uint32_t *hint)
{
    vmh_lua_value value;
    uint64_t work;

    return hint == NULL ? vmh_lua_table_next(table, key, &value, &work)
                        : vmh_lua_table_next_hinted(table, hint, key, &value, &work);
}

static void measure_traversal(void)
{
    vmh_lua_value key = vmh_lua_nil();
    uint32_t hint = 0;

    begin_table();
    for (int64_t i = 1; i <= 1024; i++)
        put(i);
    MEASURE("next in an array", step(&key, NULL));
    begin_table();
    for (int64_t i = 1; i <= 1024; i++)
        put(-i);
    key = vmh_lua_nil();
    MEASURE("next in sparse integers", step(&key, NULL));
    MEASURE("  with a hint", step(&key, &hint));
}

int main(void)
{
    vmh_lua_heap_init(&heap, UINT64_MAX);
    measure_array();
    measure_fields(3);
    measure_fields(8);
    measure_fields(40);
    measure_sparse(4);
    measure_sparse(1024);
    measure_sparse(1 << 20);
    measure_traversal();
    measure_growth();
    MEASURE("new table", make_table(i));
    MEASURE("new string of 12 bytes", make_string(i));
    vmh_lua_heap_clear(&heap);
    return 0;
}
