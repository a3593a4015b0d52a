/*
 * Runs random operations on tables and on a naive model, and compares what they
 * show after each one.
 *
 *     tables model SEED COUNT      so many sequences from a seed
 *     tables memory SEED COUNT     sequences in which each allocation fails in turn
 *     tables hash SEED COUNT       the hash of SEED in this process
 *
 * The model is a list of keys in order of insertion that is searched from its
 * beginning, with what the rules of spec/lua.md 2 say and nothing else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/siphash.h"
#include "contractlua/table.h"

void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);

static struct {
    long count;
    long fail_at; /* 0: never */
} allocations;

static bool refuse(void)
{
    allocations.count++;
    return allocations.fail_at != 0 && allocations.count >= allocations.fail_at;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}

static struct {
    uint64_t state;
    uint64_t seed; /* of the sequence that runs */
} chance;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = chance.state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
    return draw() % limit;
}

static void die(const char *what)
{
    allocations.fail_at = 0;
    printf("sequence of seed %" PRIu64 ": %s\n", chance.seed, what);
    exit(1);
}

static void expect(bool is_true, const char *what)
{
    if (!is_true)
        die(what);
}

/* The model. */

typedef struct model_key {
    vmh_lua_value key;
    vmh_lua_value value; /* nil: deleted, with no key inserted since */
} model_key;

enum { MODEL_CAPACITY = 4096 };

static struct {
    model_key keys[MODEL_CAPACITY]; /* in order of insertion */
    size_t count;
    uint64_t reach; /* the greatest length there ever was */
    uint64_t counted;
} model;

static model_key *model_find(vmh_lua_value key)
{
    for (size_t i = 0; i < model.count; i++) {
        if (vmh_lua_raw_equal(model.keys[i].key, key))
            return &model.keys[i];
    }
    return NULL;
}

static bool model_has(uint64_t integer)
{
    const model_key *found = model_find(vmh_lua_integer((int64_t)integer));

    return found != NULL && !vmh_lua_is_nil(found->value);
}

static uint64_t model_length(void)
{
    uint64_t length = 0;

    while (model_has(length + 1))
        length++;
    return length;
}

static size_t model_size(void)
{
    size_t size = 0;

    for (size_t i = 0; i < model.count; i++)
        size += !vmh_lua_is_nil(model.keys[i].value);
    return size;
}

static void model_forget_deleted(void)
{
    size_t count = 0;

    for (size_t i = 0; i < model.count; i++) {
        if (!vmh_lua_is_nil(model.keys[i].value))
            model.keys[count++] = model.keys[i];
    }
    model.count = count;
}

/* Gives the work: slots passed in the array while it keeps a hole, and keys that enter it. */
static uint64_t model_insert(vmh_lua_value key, vmh_lua_value value)
{
    uint64_t length = model_length();
    uint64_t reach = model.reach;
    uint64_t longer;

    model_forget_deleted();
    if (model.count == MODEL_CAPACITY)
        die("the model is full");
    model.keys[model.count++] = (model_key){key, value};
    model.counted += VMH_LUA_KEY_COST;
    longer = model_length();
    if (longer < reach)
        return longer > length ? longer - length - 1 : 0;
    model.reach = longer;
    if (longer > reach && length == reach)
        return longer - reach - 1;
    return longer - reach;
}

static uint64_t model_set(vmh_lua_value key, vmh_lua_value value)
{
    model_key *found = model_find(key);

    if (found != NULL && !vmh_lua_is_nil(found->value)) {
        found->value = value;
        return 0;
    }
    return vmh_lua_is_nil(value) ? 0 : model_insert(key, value);
}

static bool model_is_item(vmh_lua_value key, uint64_t *integer)
{
    for (uint64_t i = 1; i <= model.reach; i++) {
        if (vmh_lua_raw_equal(key, vmh_lua_integer((int64_t)i))) {
            *integer = i;
            return true;
        }
    }
    return false;
}

static vmh_lua_next model_next(vmh_lua_value *key, vmh_lua_value *value, uint64_t *work)
{
    uint64_t item = 0;
    size_t i = 0;
    bool is_item = vmh_lua_is_nil(*key) || model_is_item(*key, &item);

    *work = 0;
    if (!is_item) {
        const model_key *found = model_find(*key);

        if (found == NULL)
            return VMH_LUA_NEXT_INVALID;
        i = (size_t)(found - model.keys) + 1;
    }
    while (is_item && ++item <= model.reach) {
        if (model_has(item)) {
            *key = vmh_lua_integer((int64_t)item);
            *value = model_find(*key)->value;
            return VMH_LUA_NEXT_FOUND;
        }
        ++*work;
    }
    for (; i < model.count; i++) {
        if (!vmh_lua_is_nil(model.keys[i].value) && !model_is_item(model.keys[i].key, &item)) {
            *key = model.keys[i].key;
            *value = model.keys[i].value;
            return VMH_LUA_NEXT_FOUND;
        }
    }
    *key = *value = vmh_lua_nil();
    return VMH_LUA_NEXT_END;
}

/* What a sequence chooses from. */

static struct {
    vmh_lua_heap heap;
    vmh_lua_heap texts; /* of keys, so that the heap above counts tables alone */
    vmh_lua_table *table;
    uint64_t width;     /* of integer keys */
    unsigned kinds;     /* of keys: how many of those below */
    uint32_t hint;
    uint32_t find_hint;
    vmh_lua_table *objects[8];
    bool is_out; /* of memory */
} run;

/* What stands for a key for which there is no memory. */
static vmh_lua_value key_of_nothing(void)
{
    return vmh_lua_boolean(true);
}

static vmh_lua_value word_key(uint64_t low, uint64_t high)
{
    vmh_word word = {{low, 0, 0, high}};
    vmh_lua_value key = vmh_lua_uint256_new(&run.texts, &word);

    return vmh_lua_is_nil(key) ? key_of_nothing() : key;
}

static vmh_lua_value text_key(uint64_t number)
{
    char text[80];
    int size = snprintf(text, sizeof text, number % 3 == 0 ? "k%" PRIu64
                        : "a key that is longer than most keys are, %" PRIu64, number);
    vmh_lua_string *string = vmh_lua_string_new(&run.texts, vmh_bytes_of(text, (size_t)size));

    return string == NULL ? key_of_nothing() : vmh_lua_of_string(string);
}

static vmh_lua_value draw_key(void)
{
    static const int64_t edges[] = {0, -1, 1000000000, INT64_MAX, INT64_MIN, 1};

    switch (below(run.kinds)) {
    case 0:
    case 1:
        return vmh_lua_integer((int64_t)below(run.width) + 1);
    case 2:
        return text_key(below(run.width));
    case 3:
        return word_key(below(run.width) + 1, 0);
    case 4:
        return word_key((uint64_t)INT64_MAX + below(3), below(2));
    case 5:
        return vmh_lua_integer(edges[below(sizeof edges / sizeof *edges)]);
    case 6:
        return vmh_lua_boolean(below(2) == 0);
    case 7:
        return vmh_lua_of_table(run.objects[below(sizeof run.objects / sizeof *run.objects)]);
    default:
        return vmh_lua_integer(-(int64_t)below(run.width));
    }
}

static vmh_lua_value draw_value(void)
{
    return vmh_lua_integer((int64_t)draw());
}

static bool is_same(vmh_lua_value a, vmh_lua_value b)
{
    return vmh_lua_raw_equal(a, b);
}

static void set(vmh_lua_value key, vmh_lua_value value)
{
    uint64_t work = 0;
    uint64_t expected;
    bool is_done;

    if (run.is_out)
        return;
    if (key.tag == VMH_LUA_INTEGER && below(2) == 0)
        is_done = vmh_lua_table_set_integer(&run.heap, run.table, key.as.integer, value, &work);
    else
        is_done = vmh_lua_table_set(&run.heap, run.table, key, value, &work);
    if (!is_done) {
        expect(run.heap.has_failed && !run.heap.is_over, "a set fails without a reason");
        expect(allocations.fail_at != 0, "a set fails with memory left");
        run.is_out = true;
        return;
    }
    expected = model_set(key, value);
    expect(work == expected, "the work of a set differs");
    expect(run.heap.counted == model.counted, "the count differs");
    expect(vmh_lua_table_length(run.table) == model_length(), "the length differs");
    expect(run.table->reach == model.reach, "the reach differs");
}

static void get(vmh_lua_value key)
{
    const model_key *found = model_find(key);
    vmh_lua_value expected = found == NULL ? vmh_lua_nil() : found->value;
    const vmh_lua_value *place = vmh_lua_table_find(run.table, key);

    /* The key itself may have been what there was no memory for. */
    if (run.is_out)
        return;
    expect(is_same(vmh_lua_table_get(run.table, key), expected), "a value differs");
    expect((place == NULL) == vmh_lua_is_nil(expected), "a key is found that is absent, or not");
    if (key.tag == VMH_LUA_INTEGER)
        expect(is_same(vmh_lua_table_get_integer(run.table, key.as.integer), expected),
               "a value of an integer differs");
    if (key.tag == VMH_LUA_STRING) {
        expect(is_same(vmh_lua_table_get_string(run.table, key.as.string), expected),
               "a value of a string differs");
        expect(vmh_lua_table_find_hinted(run.table, key.as.string, &run.find_hint) == place,
               "a hint leads elsewhere");
    }
}

/* One step of both; true while there is a next key. */
static bool step(vmh_lua_value *key, vmh_lua_value *value)
{
    vmh_lua_value model_key_now = *key;
    vmh_lua_value model_value = vmh_lua_nil();
    uint64_t work, model_work;
    vmh_lua_next expected = model_next(&model_key_now, &model_value, &model_work);
    vmh_lua_next got = below(2) == 0
                           ? vmh_lua_table_next(run.table, key, value, &work)
                           : vmh_lua_table_next_hinted(run.table, &run.hint, key, value, &work);

    if (run.is_out)
        return false;
    expect(got == expected, "next has another outcome");
    if (got == VMH_LUA_NEXT_INVALID)
        return false;
    expect(work == model_work, "the work of next differs");
    expect(is_same(*key, model_key_now), "next gives another key");
    expect(is_same(*value, model_value), "next gives another value");
    return got == VMH_LUA_NEXT_FOUND;
}

/* From the first key to the last, and what may be done to present keys on the way. */
static void traverse(unsigned deletions, bool inserts)
{
    vmh_lua_value key = vmh_lua_nil();
    vmh_lua_value value;

    run.hint = (uint32_t)below(8);
    for (size_t bound = 2 * MODEL_CAPACITY; step(&key, &value) && bound > 0; bound--) {
        if (run.is_out)
            return;
        if (below(100) < deletions)
            set(key, vmh_lua_nil());
        else if (below(10) == 0)
            set(key, draw_value());
        if (below(20) == 0 && model.count > 0)
            set(model.keys[below(model.count)].key, vmh_lua_nil());
        if (inserts && below(10) == 0)
            set(draw_key(), draw_value());
    }
}

static void check_whole(void)
{
    uint32_t live = 0, followers = 0;

    expect(vmh_lua_table_size(run.table) == model_size(), "the size differs");
    for (size_t i = 0; i < model.count; i++)
        get(model.keys[i].key);
    for (uint32_t i = 0; i < run.table->entry_count; i++) {
        const vmh_lua_entry *entry = &run.table->entries[i];
        bool is_live = !vmh_lua_is_nil(entry->value);

        live += is_live;
        followers += is_live && entry->key.tag == VMH_LUA_INTEGER && entry->key.as.integer > 0;
    }
    expect(live == run.table->live_count, "the live entries are miscounted");
    expect(followers == run.table->follower_count, "the followers are miscounted");
    traverse(0, false);
}

/* Patterns, each some operations long. */

static void random_operations(unsigned deletions)
{
    for (uint64_t i = below(60); i > 0; i--) {
        vmh_lua_value key = draw_key();

        get(key);
        set(key, below(100) < deletions ? vmh_lua_nil() : draw_value());
    }
}

static void array_operations(void)
{
    for (uint64_t i = below(60); i > 0; i--) {
        uint64_t length = vmh_lua_table_length(run.table);

        if (below(3) == 0 && length > 0)
            set(vmh_lua_integer((int64_t)length), vmh_lua_nil());
        else if (model.count < MODEL_CAPACITY / 4)
            set(vmh_lua_integer((int64_t)length + 1), draw_value());
    }
}

static void queue_operations(void)
{
    int64_t tail = (int64_t)below(run.width) + 1;
    int64_t head = tail;

    for (uint64_t i = below(80); i > 0; i--) {
        if (below(2) == 0 && head < tail)
            set(vmh_lua_integer(head++), vmh_lua_nil());
        else
            set(vmh_lua_integer(tail++), draw_value());
    }
}

static void fill_from_the_back(void)
{
    for (int64_t i = (int64_t)below(run.width) + 1; i > 0; i--)
        set(vmh_lua_integer(i), draw_value());
}

static void fill_holes(void)
{
    for (uint64_t i = below(40); i > 0 && model.reach > 0; i--) {
        vmh_lua_value key = vmh_lua_integer((int64_t)below(model.reach) + 1);

        set(key, below(2) == 0 ? vmh_lua_nil() : draw_value());
    }
}

static void ask_for_any(void)
{
    for (uint64_t i = below(20); i > 0; i--) {
        vmh_lua_value key = draw_key();
        vmh_lua_value value;

        step(&key, &value);
    }
}

static void delete_all(void)
{
    while (model.count > 0 && !run.is_out) {
        vmh_lua_value key = vmh_lua_nil();
        vmh_lua_value value;

        if (!step(&key, &value))
            return;
        set(key, vmh_lua_nil());
    }
}

static void reserve(void)
{
    vmh_lua_table_reserve(&run.heap, run.table, below(200), below(200));
    expect(!run.heap.has_failed || run.is_out, "a hint that cannot be met ends the execution");
}

static void one_pattern(void)
{
    switch (below(12)) {
    case 0:
    case 1:
        random_operations(20);
        break;
    case 2:
        random_operations(60);
        break;
    case 3:
        array_operations();
        break;
    case 4:
        queue_operations();
        break;
    case 5:
        fill_from_the_back();
        break;
    case 6:
        fill_holes();
        break;
    case 7:
        traverse(50, false);
        break;
    case 8:
        traverse(10, true);
        break;
    case 9:
        ask_for_any();
        break;
    case 10:
        reserve();
        break;
    default:
        if (below(4) == 0)
            delete_all();
    }
}

/* So that any part may be the one for which the system is asked. */
static void use_up_chunk(vmh_lua_heap *heap)
{
    uint64_t rest = below(8192);

    vmh_lua_heap_alloc(heap, 1);
    while (heap->room > rest + VMH_LUA_LARGEST_PART)
        vmh_lua_heap_alloc(heap, VMH_LUA_LARGEST_PART);
}

static bool begin_sequence(void)
{
    static const uint64_t widths[] = {3, 8, 8, 20, 20, 20, 60, 60, 60, 500};

    model.count = 0;
    model.reach = 0;
    vmh_lua_heap_reset(&run.heap, UINT64_MAX);
    vmh_lua_heap_reset(&run.texts, UINT64_MAX);
    run.is_out = false;
    run.hint = run.find_hint = 0;
    run.width = widths[below(sizeof widths / sizeof *widths)];
    run.kinds = 1 + (unsigned)below(9);
    for (size_t i = 0; i < sizeof run.objects / sizeof *run.objects; i++) {
        run.objects[i] = vmh_lua_table_new(&run.texts);
        if (run.objects[i] == NULL)
            return false;
    }
    use_up_chunk(&run.heap);
    use_up_chunk(&run.texts);
    run.table = vmh_lua_table_new(&run.heap);
    model.counted = VMH_LUA_TABLE_COST;
    return run.table != NULL;
}

static void run_sequence(uint64_t seed)
{
    chance.seed = chance.state = seed;
    if (!begin_sequence()) {
        expect(run.heap.has_failed || run.texts.has_failed, "no table with memory left");
        return;
    }
    for (uint64_t i = below(14) + 1; i > 0 && !run.is_out; i--) {
        one_pattern();
        if (!run.is_out && (i == 1 || below(3) == 0))
            check_whole();
    }
}

static void run_models(uint64_t seed, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        run_sequence(seed + i);
    printf("%" PRIu64 " sequences\n", count);
}

/* Each allocation of a sequence fails, with all behind it; then the heap is cleared. */
static void fail_allocations(uint64_t seed, uint64_t count)
{
    long failed = 0;

    for (uint64_t i = 0; i < count; i++) {
        for (allocations.fail_at = 1;; allocations.fail_at++) {
            vmh_lua_heap_clear(&run.heap);
            vmh_lua_heap_clear(&run.texts);
            allocations.count = 0;
            run_sequence(seed + i);
            if (allocations.count < allocations.fail_at)
                break;
            failed++;
        }
    }
    /* What runs at the exit, as where coverage is written, gets its memory. */
    allocations.fail_at = 0;
    printf("%ld allocations failed\n", failed);
}

int main(int argc, char **argv)
{
    uint64_t seed, count;

    if (argc != 4)
        return 2;
    seed = strtoull(argv[2], NULL, 10);
    count = strtoull(argv[3], NULL, 10);
    vmh_lua_heap_init(&run.heap, UINT64_MAX);
    vmh_lua_heap_init(&run.texts, UINT64_MAX);
    if (strcmp(argv[1], "model") == 0)
        run_models(seed, count);
    else if (strcmp(argv[1], "memory") == 0)
        fail_allocations(seed, count);
    else if (strcmp(argv[1], "hash") == 0)
        printf("%" PRIx64 " %" PRIx64 "\n", vmh_siphash_u64(seed),
               vmh_siphash(vmh_bytes_text(argv[2])));
    else
        return 2;
    vmh_lua_heap_clear(&run.heap);
    vmh_lua_heap_clear(&run.texts);
    return 0;
}
