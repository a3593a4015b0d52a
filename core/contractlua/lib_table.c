/*
 * `table` (manual of Lua 5.4, section 6.6). Elements are read and written with
 * metamethods; where a table has none, in one go.
 */
#include "contractlua/access.h"
#include "contractlua/builder.h"
#include "contractlua/natives.h"

enum {
    START,
    SIZED,        /* `#` was called */
    ITEM_READ,    /* __index was */
    ITEM_WRITTEN, /* __newindex was */
    PLACED,       /* __newindex was, for the last thing there is to do */
};

static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

enum { TO_ALL = VMH_LUA_TO_READ | VMH_LUA_TO_WRITE | VMH_LUA_TO_MEASURE };

/* The table whose elements are read, or written, without metamethods; else NULL. */
static vmh_lua_table *bare_table(vmh_lua_state *L, vmh_lua_value object, vmh_lua_event event)
{
    if (object.tag != VMH_LUA_TABLE || vmh_lua_is_fixed(L, object.as.table) ||
        !vmh_lua_is_nil(vmh_lua_metamethod(L, object, event)))
        return NULL;
    return object.as.table;
}

/* ---- moving elements, which insert, remove and move are about ---- */

/* Numbers of a frame that moves. After the last element they are one beyond it. */
enum { FROM, TO, COUNT, STRIDE };

static void advance(int64_t *numbers)
{
    numbers[FROM] = add(numbers[FROM], numbers[STRIDE]);
    numbers[TO] = add(numbers[TO], numbers[STRIDE]);
    numbers[COUNT]--;
}

/* What is left lies, and goes, where every element is present: the border stays where it is. */
static bool move_block(vmh_lua_table *table, int64_t *numbers)
{
    uint64_t count = (uint64_t)numbers[COUNT];
    uint64_t back = numbers[STRIDE] < 0 ? count - 1 : 0;
    uint64_t from = (uint64_t)numbers[FROM] - back;
    uint64_t to = (uint64_t)numbers[TO] - back;

    if (from == 0 || to == 0 || from > table->border || to > table->border ||
        count > table->border - from + 1 || count > table->border - to + 1)
        return false;
    memmove(&table->items[to - 1], &table->items[from - 1], count * sizeof *table->items);
    numbers[FROM] = add(numbers[FROM], numbers[STRIDE] * numbers[COUNT]);
    numbers[TO] = add(numbers[TO], numbers[STRIDE] * numbers[COUNT]);
    numbers[COUNT] = 0;
    return true;
}

static bool move_bare_item(vmh_lua_state *L, vmh_lua_table *source, vmh_lua_table *target,
                           const int64_t *numbers)
{
    vmh_lua_value key = vmh_lua_integer(numbers[FROM]);
    vmh_lua_value value;

    if ((uint64_t)numbers[FROM] - 1 >= source->reach &&
        !vmh_lua_charge(L, vmh_lua_access_cost(source, key)))
        return false;
    value = vmh_lua_table_get_integer(source, numbers[FROM]);
    if ((uint64_t)numbers[TO] - 1 < target->border && !vmh_lua_is_nil(value)) {
        target->items[numbers[TO] - 1] = value;
        return true;
    }
    return vmh_lua_raw_set(L, target, vmh_lua_integer(numbers[TO]), value);
}

static bool move_bare(vmh_lua_state *L, vmh_lua_table *source, vmh_lua_table *target,
                      int64_t *numbers, vmh_lua_step *step)
{
    if (!vmh_lua_charge(L, (uint64_t)numbers[COUNT] * VMH_LUA_GAS_PER_STEP)) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    while (numbers[COUNT] > 0) {
        if (source == target && move_block(source, numbers))
            return true;
        if (!move_bare_item(L, source, target, numbers)) {
            *step = vmh_lua_stopped(L);
            return false;
        }
        advance(numbers);
    }
    return true;
}

/* Element by element; metamethods are called at slot `at`. */
static bool move_each(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value source,
                      vmh_lua_value target, uint32_t at, vmh_lua_step *step)
{
    int64_t *numbers = frame->numbers;
    bool is_read = frame->phase == ITEM_READ;

    if (frame->phase == ITEM_WRITTEN)
        advance(numbers);
    while (numbers[COUNT] > 0) {
        vmh_lua_value value;

        if (is_read) {
            value = vmh_lua_called(L, frame);
        } else {
            if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_STEP)) {
                *step = vmh_lua_stopped(L);
                return false;
            }
            if (vmh_lua_get(L, frame, source, vmh_lua_integer(numbers[FROM]),
                            (vmh_lua_callback){at, ITEM_READ}, step) != VMH_LUA_ACCESS_DONE)
                return false;
            value = vmh_lua_slots(L, frame)[at];
        }
        is_read = false;
        if (vmh_lua_put(L, frame, target, vmh_lua_integer(numbers[TO]), value,
                        (vmh_lua_callback){at, ITEM_WRITTEN}, step) != VMH_LUA_ACCESS_DONE)
            return false;
        advance(numbers);
    }
    return true;
}

/* Moves as the numbers say; false: return *step, and come again. */
static bool move_items(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value source,
                       vmh_lua_value target, uint32_t at, vmh_lua_step *step)
{
    vmh_lua_table *read = bare_table(L, source, VMH_LUA_EVENT_INDEX);
    vmh_lua_table *written = bare_table(L, target, VMH_LUA_EVENT_NEWINDEX);

    if (frame->phase != ITEM_READ && frame->phase != ITEM_WRITTEN && read != NULL &&
        written != NULL)
        return move_bare(L, read, written, frame->numbers, step);
    return move_each(L, frame, source, target, at, step);
}

static void plan_move(vmh_lua_frame *frame, int64_t from, int64_t to, int64_t count,
                      int64_t stride)
{
    frame->numbers[FROM] = from;
    frame->numbers[TO] = to;
    frame->numbers[COUNT] = count;
    frame->numbers[STRIDE] = stride;
}

/* ---- insert ---- */

static bool plan_insert(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    int64_t position;
    int64_t end;

    if (!vmh_lua_check_accessible(L, frame, 0, TO_ALL, step) ||
        !vmh_lua_check_length(L, frame, (vmh_lua_callback){frame->argument_count, SIZED},
                              &end, step))
        return false;
    end = add(end, 1);
    if (frame->argument_count == 2) {
        plan_move(frame, end, end, 0, -1);
        return true;
    }
    if (frame->argument_count != 3) {
        *step = vmh_lua_raise_text(L, "wrong number of arguments to 'insert'");
        return false;
    }
    if (!vmh_lua_check_integer(L, frame, 1, &position, step))
        return false;
    if ((uint64_t)position - 1 >= (uint64_t)end) {
        *step = vmh_lua_bad_argument(L, frame, 1, "position out of bounds");
        return false;
    }
    /* An end beyond all integers is nothing to move to: stock Lua's loop, too, does nothing. */
    plan_move(frame, add(end, -1), end, end > position ? end - position : 0, -1);
    if (end <= position)
        frame->numbers[TO] = position;
    return true;
}

static vmh_lua_step table_insert(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value table = vmh_lua_argument(L, frame, 0);
    uint32_t at = frame->argument_count;
    vmh_lua_step step;

    if (frame->phase == PLACED)
        return vmh_lua_return_none(frame);
    if ((frame->phase == START || frame->phase == SIZED) && !plan_insert(L, frame, &step))
        return step;
    if (!move_items(L, frame, table, table, at, &step))
        return step;
    if (vmh_lua_put(L, frame, table, vmh_lua_integer(frame->numbers[TO]),
                    vmh_lua_argument(L, frame, frame->argument_count - 1),
                    (vmh_lua_callback){at, PLACED}, &step) != VMH_LUA_ACCESS_DONE)
        return step;
    return vmh_lua_return_none(frame);
}

/* ---- remove ---- */

enum { REMOVED_READ = PLACED + 1 };

static bool plan_remove(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    int64_t size;
    int64_t position;

    if (!vmh_lua_check_accessible(L, frame, 0, TO_ALL, step) ||
        !vmh_lua_check_length(L, frame, (vmh_lua_callback){frame->argument_count, SIZED},
                              &size, step) ||
        !vmh_lua_check_optional_integer(L, frame, 1, size, &position, step))
        return false;
    if (frame->argument_count > 1 && position != size &&
        (uint64_t)position - 1 > (uint64_t)size) {
        *step = vmh_lua_bad_argument(L, frame, 1, "position out of bounds");
        return false;
    }
    plan_move(frame, add(position, 1), position, size > position ? size - position : 0, 1);
    return true;
}

/* The removed value waits in the slot behind the arguments. */
static vmh_lua_step table_remove(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value table = vmh_lua_argument(L, frame, 0);
    uint32_t removed = frame->argument_count;
    uint32_t at = removed + 1;
    vmh_lua_step step;

    if (frame->phase == PLACED)
        return vmh_lua_return_from(frame, removed, 1);
    if (frame->phase == START || frame->phase == SIZED) {
        if (!plan_remove(L, frame, &step) ||
            vmh_lua_get(L, frame, table, vmh_lua_integer(frame->numbers[TO]),
                        (vmh_lua_callback){at, REMOVED_READ}, &step) != VMH_LUA_ACCESS_DONE)
            return step;
        vmh_lua_slots(L, frame)[removed] = vmh_lua_slots(L, frame)[at];
    } else if (frame->phase == REMOVED_READ) {
        vmh_lua_slots(L, frame)[removed] = vmh_lua_called(L, frame);
    }
    if (!move_items(L, frame, table, table, at, &step) ||
        vmh_lua_put(L, frame, table, vmh_lua_integer(frame->numbers[TO]), vmh_lua_nil(),
                    (vmh_lua_callback){at, PLACED}, &step) != VMH_LUA_ACCESS_DONE)
        return step;
    return vmh_lua_return_from(frame, removed, 1);
}

/* ---- move ---- */

static bool is_same(vmh_lua_value a, vmh_lua_value b)
{
    return a.tag == b.tag && a.as.pointer == b.as.pointer;
}

static bool plan_table_move(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t target,
                            vmh_lua_step *step)
{
    int64_t from;
    int64_t last;
    int64_t to;
    int64_t count;

    if (!vmh_lua_check_integer(L, frame, 1, &from, step) ||
        !vmh_lua_check_integer(L, frame, 2, &last, step) ||
        !vmh_lua_check_integer(L, frame, 3, &to, step) ||
        !vmh_lua_check_accessible(L, frame, 0, VMH_LUA_TO_READ, step) ||
        !vmh_lua_check_accessible(L, frame, target, VMH_LUA_TO_WRITE, step))
        return false;
    plan_move(frame, from, to, 0, 1);
    if (last < from)
        return true;
    if (from <= 0 && last >= INT64_MAX + from) {
        *step = vmh_lua_bad_argument(L, frame, 2, "too many elements to move");
        return false;
    }
    count = last - from + 1;
    if (to > INT64_MAX - count + 1) {
        *step = vmh_lua_bad_argument(L, frame, 3, "destination wrap around");
        return false;
    }
    /* Upward into itself: from the end, so that nothing is written over before it is read. */
    if (to > from && to <= last &&
        is_same(vmh_lua_argument(L, frame, 0), vmh_lua_argument(L, frame, target)))
        plan_move(frame, last, add(to, count - 1), count, -1);
    else
        frame->numbers[COUNT] = count;
    return true;
}

static vmh_lua_step table_move(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t target = vmh_lua_is_nil(vmh_lua_argument(L, frame, 4)) ? 0 : 4;
    vmh_lua_step step;

    if (frame->phase == START && !plan_table_move(L, frame, target, &step))
        return step;
    if (!move_items(L, frame, vmh_lua_argument(L, frame, 0), vmh_lua_argument(L, frame, target),
                    frame->argument_count, &step))
        return step;
    return vmh_lua_return_from(frame, target, 1);
}

/* ---- concat ---- */

/* Numbers and slots of concat, the latter behind the arguments. */
enum { NEXT, LAST, CAPACITY };
enum { BUILT, SEPARATOR, CONCAT_AT };

static bool plan_concat(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    uint32_t slots = frame->argument_count;
    vmh_lua_string *separator = NULL;
    int64_t size;

    if (!vmh_lua_check_accessible(L, frame, 0, VMH_LUA_TO_READ | VMH_LUA_TO_MEASURE, step) ||
        !vmh_lua_check_length(L, frame, (vmh_lua_callback){slots, SIZED}, &size, step))
        return false;
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 1)) &&
        !vmh_lua_check_string(L, frame, 1, &separator, step))
        return false;
    if (!vmh_lua_check_optional_integer(L, frame, 2, 1, &frame->numbers[NEXT], step) ||
        !vmh_lua_check_optional_integer(L, frame, 3, size, &frame->numbers[LAST], step))
        return false;
    vmh_lua_slots(L, frame)[slots + BUILT] = vmh_lua_nil();
    vmh_lua_slots(L, frame)[slots + SEPARATOR] =
        separator == NULL ? vmh_lua_nil() : vmh_lua_of_string(separator);
    frame->numbers[CAPACITY] = 0;
    return true;
}

/* Adds an element, and the separator if more follow. */
static bool add_item(vmh_lua_state *L, const vmh_lua_frame *frame, vmh_lua_builder *builder,
                     vmh_lua_value item, vmh_lua_step *step)
{
    vmh_lua_value separator = vmh_lua_slots(L, frame)[frame->argument_count + SEPARATOR];
    bool is_last = frame->numbers[NEXT] == frame->numbers[LAST];
    bool is_text;

    if (!vmh_lua_builder_add_value(L, builder, item, &is_text) ||
        (is_text && !is_last && !vmh_lua_is_nil(separator) &&
         !vmh_lua_builder_add(L, builder, vmh_lua_string_bytes(separator.as.string)))) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    if (!is_text)
        *step = vmh_lua_raise_text(L, "invalid value (%s) at index %lld in table for 'concat'",
                                   vmh_lua_type_name(item), (long long)frame->numbers[NEXT]);
    return is_text;
}

/* Reads the next element into `*item`; false: return *step. */
static bool read_item(vmh_lua_state *L, vmh_lua_frame *frame, const vmh_lua_table *bare,
                      uint32_t at, vmh_lua_value *item, vmh_lua_step *step)
{
    int64_t index = frame->numbers[NEXT];

    if (!vmh_lua_charge(L, 2 * VMH_LUA_GAS_PER_STEP)) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    if (bare != NULL && (uint64_t)index - 1 < bare->reach) {
        *item = bare->items[index - 1];
        return true;
    }
    if (vmh_lua_get(L, frame, vmh_lua_argument(L, frame, 0), vmh_lua_integer(index),
                    (vmh_lua_callback){at, ITEM_READ}, step) != VMH_LUA_ACCESS_DONE)
        return false;
    *item = vmh_lua_slots(L, frame)[at];
    return true;
}

static bool concat_items(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_builder *builder,
                         vmh_lua_step *step)
{
    const vmh_lua_table *bare =
        bare_table(L, vmh_lua_argument(L, frame, 0), VMH_LUA_EVENT_INDEX);
    bool is_read = frame->phase == ITEM_READ;

    while (frame->numbers[NEXT] <= frame->numbers[LAST]) {
        vmh_lua_value item;

        if (is_read)
            item = vmh_lua_called(L, frame);
        else if (!read_item(L, frame, bare, frame->argument_count + CONCAT_AT, &item, step))
            return false;
        is_read = false;
        if (!add_item(L, frame, builder, item, step))
            return false;
        if (frame->numbers[NEXT] == frame->numbers[LAST])
            return true;
        frame->numbers[NEXT]++;
    }
    return true;
}

static vmh_lua_step table_concat(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t built = frame->argument_count + BUILT;
    vmh_lua_builder builder;
    vmh_lua_string *string;
    vmh_lua_step step;

    if (frame->phase != ITEM_READ && !plan_concat(L, frame, &step))
        return step;
    builder = vmh_lua_builder_kept(vmh_lua_slots(L, frame)[built], frame->numbers[CAPACITY]);
    if (!concat_items(L, frame, &builder, &step)) {
        vmh_lua_slots(L, frame)[built] =
            vmh_lua_builder_keep(&builder, &frame->numbers[CAPACITY]);
        return step;
    }
    string = vmh_lua_builder_finish(L, &builder);
    if (string == NULL)
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, vmh_lua_of_string(string));
}

/* ---- pack, unpack ---- */

/* A key that no contract made does not count. */
static vmh_lua_string *key_n(vmh_lua_state *L)
{
    vmh_lua_string *key = vmh_lua_heap_alloc(&L->heap, sizeof *key + 2);

    if (key == NULL)
        return NULL;
    key->hash = 0;
    key->size = 1;
    memcpy(key->bytes, "n", 2);
    return key;
}

static vmh_lua_step table_pack(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_table *table;
    vmh_lua_string *n;

    if (!vmh_lua_charge(L, VMH_LUA_GAS_TABLE +
                               (uint64_t)frame->argument_count * VMH_LUA_GAS_PER_STEP))
        return vmh_lua_stopped(L);
    table = vmh_lua_table_new(&L->heap);
    n = key_n(L);
    if (table == NULL || n == NULL)
        return vmh_lua_stopped(L);
    vmh_lua_table_reserve(&L->heap, table, frame->argument_count, 1);
    for (uint32_t i = 0; i < frame->argument_count; i++) {
        vmh_lua_value value = vmh_lua_argument(L, frame, i);

        if (!vmh_lua_is_nil(value) &&
            !vmh_lua_raw_set(L, table, vmh_lua_integer((int64_t)i + 1), value))
            return vmh_lua_stopped(L);
    }
    if (!vmh_lua_raw_set(L, table, vmh_lua_of_string(n), vmh_lua_integer(frame->argument_count)))
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, vmh_lua_of_table(table));
}

/* Numbers of unpack, beside NEXT and LAST. Values go behind the arguments. */
enum { UNPACKED = CAPACITY };

static bool plan_unpack(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    int64_t last;
    uint32_t count;

    if (!vmh_lua_check_optional_integer(L, frame, 1, 1, &frame->numbers[NEXT], step))
        return false;
    if (!vmh_lua_is_nil(vmh_lua_argument(L, frame, 2))) {
        if (!vmh_lua_check_integer(L, frame, 2, &last, step))
            return false;
    } else if (!vmh_lua_check_length(L, frame, (vmh_lua_callback){frame->argument_count, SIZED},
                              &last, step)) {
        return false;
    }
    frame->numbers[LAST] = last;
    frame->numbers[UNPACKED] = 0;
    if (last < frame->numbers[NEXT])
        return true;
    if ((uint64_t)last - (uint64_t)frame->numbers[NEXT] >= VMH_LUA_MAX_VALUES) {
        *step = vmh_lua_raise_text(L, "too many results to unpack");
        return false;
    }
    count = (uint32_t)(last - frame->numbers[NEXT]) + 1;
    if (vmh_lua_count_frame(L, frame, (uint64_t)count * VMH_LUA_SLOT_COST) &&
        vmh_lua_reserve(L, frame, (uint64_t)frame->argument_count + count))
        return true;
    *step = vmh_lua_stopped(L);
    return false;
}

static vmh_lua_step table_unpack(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t into = frame->argument_count;
    const vmh_lua_table *bare =
        bare_table(L, vmh_lua_argument(L, frame, 0), VMH_LUA_EVENT_INDEX);
    bool is_read = frame->phase == ITEM_READ;
    int64_t *numbers = frame->numbers;
    vmh_lua_step step;

    if (!is_read && !plan_unpack(L, frame, &step))
        return step;
    while (numbers[NEXT] <= numbers[LAST]) {
        uint32_t at = into + (uint32_t)numbers[UNPACKED];
        vmh_lua_value item;

        if (is_read)
            item = vmh_lua_called(L, frame);
        else if (!read_item(L, frame, bare, at, &item, &step))
            return step;
        is_read = false;
        vmh_lua_slots(L, frame)[at] = item;
        numbers[UNPACKED]++;
        if (numbers[NEXT] == numbers[LAST])
            break;
        numbers[NEXT]++;
    }
    return vmh_lua_return_from(frame, into, (uint32_t)numbers[UNPACKED]);
}

const vmh_lua_native vmh_lua_table_natives[] = {
    {"concat", table_concat},
    {"insert", table_insert},
    {"move", table_move},
    {"pack", table_pack},
    {"remove", table_remove},
    {"sort", vmh_lua_table_sort},
    {"unpack", table_unpack},
    {NULL, NULL},
};
