/*
 * table.sort: a stable merge from the bottom up, in runs of 1, 2, 4 ... elements.
 *
 *     slots   arguments | count | elements | as many again | a call
 *
 * Elements are read once, merged from one half to the other and back, and written
 * at the end, so that an error leaves the table as it was. Each comparison asks
 * whether the right one is less than the left one; what it answers can lead nowhere
 * but to another order.
 */
#include "contractlua/access.h"
#include "contractlua/call.h"
#include "contractlua/natives.h"

enum {
    START,
    SIZED,        /* `#` was called */
    ITEM_READ,    /* __index was */
    COMPARED,     /* the comparator was */
    ITEM_WRITTEN, /* __newindex was */
};

/* Numbers of the frame. While elements are read and written, LOW counts them. */
enum { WIDTH, LOW, LEFT, RIGHT };

/* Where things are, as pointers, which are good until a call. */
typedef struct sort {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    uint64_t count;
    vmh_lua_value *from, *to;
    uint32_t call_at;
} sort;

/* Slots of the sort; `from` is the half that the runs of this width lie in. */
static sort sort_of(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame) + frame->argument_count;
    uint64_t count = (uint64_t)slots[0].as.integer;
    bool is_second = __builtin_ctzll((uint64_t)frame->numbers[WIDTH]) % 2 != 0;

    return (sort){
        .L = L,
        .frame = frame,
        .count = count,
        .from = slots + 1 + (is_second ? count : 0),
        .to = slots + 1 + (is_second ? 0 : count),
        .call_at = frame->argument_count + 1 + 2 * (uint32_t)count,
    };
}

static bool stopped(vmh_lua_state *L, vmh_lua_step *step)
{
    *step = vmh_lua_stopped(L);
    return false;
}

/* ---- comparing ---- */

typedef enum answer {
    IS_NOT_LESS,
    IS_LESS,
    IS_ASKED, /* a call: *step */
    IS_OVER,  /* an error: *step */
} answer;

static answer ask(const sort *s, vmh_lua_value function, vmh_lua_value a, vmh_lua_value b,
                  vmh_lua_step *step)
{
    vmh_lua_value *at = vmh_lua_slots(s->L, s->frame) + s->call_at;

    at[0] = function;
    at[1] = a;
    at[2] = b;
    *step = vmh_lua_call_back(s->L, s->frame, (vmh_lua_callback){s->call_at, COMPARED}, 2);
    return *step == VMH_LUA_STEP_CALL ? IS_ASKED : IS_OVER;
}

static bool is_number(vmh_lua_value value)
{
    return value.tag == VMH_LUA_INTEGER || value.tag == VMH_LUA_UINT256;
}

static answer compare_strings(const sort *s, const vmh_lua_string *a, const vmh_lua_string *b,
                              vmh_lua_step *step)
{
    if (!vmh_lua_charge_bytes(s->L, a->size < b->size ? a->size : b->size)) {
        *step = vmh_lua_stopped(s->L);
        return IS_OVER;
    }
    return vmh_bytes_compare(vmh_lua_string_bytes(a), vmh_lua_string_bytes(b)) < 0 ? IS_LESS
                                                                                   : IS_NOT_LESS;
}

static answer refuse_to_compare(const sort *s, vmh_lua_value a, vmh_lua_value b,
                                vmh_lua_step *step)
{
    const char *type_a = vmh_lua_type_name(a);
    const char *type_b = vmh_lua_type_name(b);

    if (strcmp(type_a, type_b) == 0)
        *step = vmh_lua_raise_text(s->L, "attempt to compare two %s values", type_a);
    else
        *step = vmh_lua_raise_text(s->L, "attempt to compare %s with %s", type_a, type_b);
    return IS_OVER;
}

/* a < b, as the operator has it or as the comparator says. */
static answer is_less(const sort *s, vmh_lua_value a, vmh_lua_value b, vmh_lua_step *step)
{
    vmh_lua_value function = vmh_lua_argument(s->L, s->frame, 1);

    if (!vmh_lua_is_nil(function))
        return ask(s, function, a, b, step);
    if (a.tag == VMH_LUA_INTEGER && b.tag == VMH_LUA_INTEGER)
        return a.as.integer < b.as.integer ? IS_LESS : IS_NOT_LESS;
    if (is_number(a) && is_number(b))
        return vmh_lua_compare_numbers(a, b) < 0 ? IS_LESS : IS_NOT_LESS;
    if (a.tag == VMH_LUA_STRING && b.tag == VMH_LUA_STRING)
        return compare_strings(s, a.as.string, b.as.string, step);
    function = vmh_lua_metamethod(s->L, a, VMH_LUA_EVENT_LT);
    if (vmh_lua_is_nil(function))
        function = vmh_lua_metamethod(s->L, b, VMH_LUA_EVENT_LT);
    if (vmh_lua_is_nil(function))
        return refuse_to_compare(s, a, b, step);
    return ask(s, function, a, b, step);
}

/* ---- merging ---- */

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * Merges the two runs at LOW on from LEFT and RIGHT, where it stands. `known` is
 * the answer to the comparison that stands there, if there is one.
 */
static bool merge_runs(const sort *s, answer known, vmh_lua_step *step)
{
    int64_t *numbers = s->frame->numbers;
    uint64_t width = (uint64_t)numbers[WIDTH];
    uint64_t low = (uint64_t)numbers[LOW];
    uint64_t middle = lesser(low + width, s->count);
    uint64_t high = lesser(middle + width, s->count);
    uint64_t left = (uint64_t)numbers[LEFT];
    uint64_t right = (uint64_t)numbers[RIGHT];

    while (left < middle && right < high) {
        uint64_t into = left + right - middle;

        if (known > IS_LESS)
            known = is_less(s, s->from[right], s->from[left], step);
        if (known > IS_LESS) {
            numbers[LEFT] = (int64_t)left;
            numbers[RIGHT] = (int64_t)right;
            return false;
        }
        s->to[into] = known == IS_LESS ? s->from[right++] : s->from[left++];
        known = IS_OVER;
    }
    /* One of the two is empty. */
    memcpy(&s->to[left + right - middle], &s->from[left], (middle - left) * sizeof *s->to);
    memcpy(&s->to[right], &s->from[right], (high - right) * sizeof *s->to);
    return true;
}

/* Begins the merge of the runs at `low`; false behind the last of them. */
static bool begin_runs(const sort *s, uint64_t low)
{
    int64_t *numbers = s->frame->numbers;

    numbers[LOW] = (int64_t)low;
    numbers[LEFT] = (int64_t)low;
    numbers[RIGHT] = (int64_t)lesser(low + (uint64_t)numbers[WIDTH], s->count);
    return low < s->count;
}

static bool charge_pass(const sort *s, vmh_lua_step *step)
{
    return vmh_lua_charge(s->L, s->count * VMH_LUA_GAS_PER_STEP) || stopped(s->L, step);
}

static bool merge_all(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    int64_t *numbers = frame->numbers;
    answer known = IS_OVER;
    sort s = sort_of(L, frame);

    if (frame->phase == COMPARED) {
        known = vmh_lua_is_true(vmh_lua_called(L, frame)) ? IS_LESS : IS_NOT_LESS;
    } else {
        begin_runs(&s, 0);
        if (!charge_pass(&s, step))
            return false;
    }
    for (;;) {
        do {
            if (!merge_runs(&s, known, step))
                return false;
            known = IS_OVER;
        } while (begin_runs(&s, (uint64_t)numbers[LOW] + 2 * (uint64_t)numbers[WIDTH]));
        numbers[WIDTH] *= 2;
        if ((uint64_t)numbers[WIDTH] >= s.count)
            return true;
        s = sort_of(L, frame);
        begin_runs(&s, 0);
        if (!charge_pass(&s, step))
            return false;
    }
}

/* ---- reading and writing ---- */

static vmh_lua_value *items_of(const vmh_lua_state *L, vmh_lua_value object, uint64_t count)
{
    if (object.tag != VMH_LUA_TABLE || vmh_lua_is_fixed(L, object.as.table) ||
        object.as.table->border < count)
        return NULL;
    return object.as.table->items;
}

static bool read_items(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_step *step)
{
    sort s = sort_of(L, frame);
    vmh_lua_value object = vmh_lua_argument(L, frame, 0);
    const vmh_lua_value *items = items_of(L, object, s.count);
    int64_t *numbers = frame->numbers;

    /* Present elements ask no metamethod. */
    if (items != NULL && frame->phase != ITEM_READ) {
        memcpy(s.from, items, s.count * sizeof *items);
        return true;
    }
    if (frame->phase == ITEM_READ)
        s.from[numbers[LOW]++] = vmh_lua_called(L, frame);
    for (; (uint64_t)numbers[LOW] < s.count; numbers[LOW]++) {
        if (vmh_lua_get(L, frame, object, vmh_lua_integer(numbers[LOW] + 1),
                        (vmh_lua_callback){s.call_at, ITEM_READ}, step) != VMH_LUA_ACCESS_DONE)
            return false;
        s.from[numbers[LOW]] = vmh_lua_slots(L, frame)[s.call_at];
    }
    return true;
}

static vmh_lua_step write_items(vmh_lua_state *L, vmh_lua_frame *frame)
{
    sort s = sort_of(L, frame);
    vmh_lua_value object = vmh_lua_argument(L, frame, 0);
    int64_t *numbers = frame->numbers;
    vmh_lua_value *items;
    vmh_lua_step step;

    if (frame->phase == ITEM_WRITTEN)
        numbers[LOW]++;
    else
        numbers[LOW] = 0;
    for (; (uint64_t)numbers[LOW] < s.count; numbers[LOW]++) {
        vmh_lua_value value = s.from[numbers[LOW]];

        items = items_of(L, object, (uint64_t)numbers[LOW] + 1);
        if (items != NULL && !vmh_lua_is_nil(value)) {
            items[numbers[LOW]] = value;
            continue;
        }
        if (vmh_lua_put(L, frame, object, vmh_lua_integer(numbers[LOW] + 1), value,
                        (vmh_lua_callback){s.call_at, ITEM_WRITTEN}, &step) !=
            VMH_LUA_ACCESS_DONE)
            return step;
    }
    return vmh_lua_return_none(frame);
}

/* ---- beginning ---- */

enum { TO_SORT = VMH_LUA_TO_READ | VMH_LUA_TO_WRITE | VMH_LUA_TO_MEASURE };

static bool check_comparator(vmh_lua_state *L, const vmh_lua_frame *frame, vmh_lua_step *step)
{
    vmh_lua_value comparator = vmh_lua_argument(L, frame, 1);

    if (comparator.tag == VMH_LUA_NIL || comparator.tag == VMH_LUA_CLOSURE ||
        comparator.tag == VMH_LUA_NATIVE)
        return true;
    *step = vmh_lua_wrong_type(L, frame, 1, "function");
    return false;
}

/* Makes room for `count` elements, which are paid twice: read and written. */
static bool make_room(vmh_lua_state *L, vmh_lua_frame *frame, int64_t count, vmh_lua_step *step)
{
    if (count >= INT32_MAX / 2) {
        *step = vmh_lua_bad_argument(L, frame, 0, "array too big");
        return false;
    }
    if (!vmh_lua_charge(L, (uint64_t)count * 2 * VMH_LUA_GAS_PER_STEP) ||
        !vmh_lua_count_frame(L, frame, (uint64_t)count * VMH_LUA_SLOT_COST) ||
        !vmh_lua_reserve(L, frame, frame->argument_count + 1 + 2 * (uint64_t)count))
        return stopped(L, step);
    vmh_lua_slots(L, frame)[frame->argument_count] = vmh_lua_integer(count);
    frame->numbers[WIDTH] = 1;
    frame->numbers[LOW] = 0;
    return true;
}

vmh_lua_step vmh_lua_table_sort(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    int64_t count;

    if (frame->phase == ITEM_WRITTEN)
        return write_items(L, frame);
    if (frame->phase == START || frame->phase == SIZED) {
        if (!vmh_lua_check_accessible(L, frame, 0, TO_SORT, &step) ||
            !vmh_lua_check_length(L, frame, (vmh_lua_callback){frame->argument_count, SIZED},
                                  &count, &step))
            return step;
        if (count < 2)
            return vmh_lua_return_none(frame);
        if (!check_comparator(L, frame, &step) || !make_room(L, frame, count, &step))
            return step;
    }
    if (frame->phase != COMPARED && !read_items(L, frame, &step))
        return step;
    if (!merge_all(L, frame, &step))
        return step;
    return write_items(L, frame);
}
