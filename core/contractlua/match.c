/*
 * string.find, match, gmatch and gsub. Steps of a pattern are what gas there is,
 * and one more, so that a search that uses up exactly the gas is a good one. To read
 * a pattern is a step for each of its bytes.
 */
#include "contractlua/access.h"
#include "contractlua/builder.h"
#include "contractlua/natives.h"
#include "contractlua/pattern.h"
#include "contractlua/search.h"

/* ---- searching, as a function of the library ---- */

/* A pattern, and a matcher of it. Not copied: they point into themselves. */
typedef struct search {
    vmh_lua_pattern pattern;
    vmh_lua_matcher matcher;
} search;

/* False: return *step. Else it is to be ended. */
static bool begin_search(vmh_lua_state *L, search *s, vmh_bytes subject, vmh_bytes pattern,
                         bool can_be_anchored, vmh_lua_step *step)
{
    if (!vmh_lua_charge(L, pattern.size * VMH_LUA_GAS_PER_STEP)) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    if (!vmh_lua_pattern_init(&s->pattern, &L->heap, pattern, can_be_anchored)) {
        vmh_lua_pattern_clear(&s->pattern);
        *step = vmh_lua_stopped(L);
        return false;
    }
    if (!vmh_lua_matcher_init(&s->matcher, &s->pattern, subject, 1)) {
        vmh_lua_pattern_clear(&s->pattern);
        *step = vmh_lua_stopped(L);
        return false;
    }
    return true;
}

static void end_search(search *s)
{
    vmh_lua_matcher_clear(&s->matcher);
    vmh_lua_pattern_clear(&s->pattern);
}

static vmh_lua_step refuse_pattern(vmh_lua_state *L, const search *s)
{
    const char *text = vmh_lua_pattern_error_text(s->matcher.error);

    if (s->matcher.error == VMH_LUA_PATTERN_INDEX)
        return vmh_lua_raise_text(L, "%s%u", text, s->matcher.error_index);
    return vmh_lua_raise_text(L, "%s", text);
}

/* Charged; false: return *step. */
static bool find_next(vmh_lua_state *L, search *s, size_t from, size_t forbidden_end,
                      bool *is_found, vmh_lua_step *step)
{
    uint64_t steps = (uint64_t)L->gas / VMH_LUA_GAS_PER_STEP + 1;
    vmh_lua_match match;

    s->matcher.steps = steps;
    match = vmh_lua_matcher_search(&s->matcher, from, forbidden_end);
    *is_found = match == VMH_LUA_MATCH_FOUND;
    if (!vmh_lua_charge(L, (steps - s->matcher.steps) * VMH_LUA_GAS_PER_STEP)) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    if (match == VMH_LUA_MATCH_BROKEN) {
        *step = refuse_pattern(L, s);
        return false;
    }
    return true;
}

/* ---- captures ---- */

static uint32_t value_count(const search *s)
{
    return s->pattern.capture_count == 0 ? 1 : s->pattern.capture_count;
}

/* A capture, from 0 on; the whole match is the first one of a pattern without. */
static bool find_capture(vmh_lua_state *L, const search *s, uint32_t index,
                         vmh_lua_match_capture *capture, vmh_lua_step *step)
{
    if (index < s->pattern.capture_count) {
        *capture = s->matcher.captures[index];
        if ((s->pattern.open_captures >> index & 1) == 0)
            return true;
        *step = vmh_lua_raise_text(L, "unfinished capture");
        return false;
    }
    *capture = (vmh_lua_match_capture){.start = s->matcher.start,
                                 .size = s->matcher.end - s->matcher.start};
    if (index == 0)
        return true;
    *step = vmh_lua_raise_text(L, "invalid capture index %%%u", index + 1);
    return false;
}

static bool capture_value(vmh_lua_state *L, const search *s, uint32_t index,
                          vmh_lua_value *value, vmh_lua_step *step)
{
    vmh_lua_match_capture capture;
    vmh_lua_string *string;

    if (!find_capture(L, s, index, &capture, step))
        return false;
    if (capture.is_position) {
        *value = vmh_lua_integer((int64_t)capture.start + 1);
        return true;
    }
    string = vmh_lua_charge_made(L, capture.size)
                 ? vmh_lua_string_new(&L->heap,
                                      vmh_bytes_of(s->matcher.subject.data + capture.start,
                                                   capture.size))
                 : NULL;
    if (string == NULL) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    *value = vmh_lua_of_string(string);
    return true;
}

/* Puts captures into slots from `at` on. */
static bool push_captures(vmh_lua_state *L, vmh_lua_frame *frame, const search *s, uint32_t at,
                          uint32_t count, vmh_lua_step *step)
{
    if (!vmh_lua_reserve(L, frame, (uint64_t)at + count)) {
        *step = vmh_lua_stopped(L);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        vmh_lua_value value;

        if (!capture_value(L, s, i, &value, step))
            return false;
        vmh_lua_slots(L, frame)[at + i] = value;
    }
    return true;
}

/* ---- find, match ---- */

static vmh_lua_step return_positions(vmh_lua_state *L, vmh_lua_frame *frame, size_t start,
                                     size_t end, uint32_t more)
{
    vmh_lua_slots(L, frame)[0] = vmh_lua_integer((int64_t)start + 1);
    vmh_lua_slots(L, frame)[1] = vmh_lua_integer((int64_t)end);
    return vmh_lua_return_from(frame, 0, 2 + more);
}

/*
 * Paid are the needle and what is passed up to the end of it. What cannot be paid
 * is not looked at.
 */
static vmh_lua_step find_plain(vmh_lua_state *L, vmh_lua_frame *frame, vmh_bytes text,
                               vmh_bytes needle, size_t from)
{
    uint64_t most;
    vmh_bytes rest = vmh_bytes_of(text.data + from, text.size - from);
    size_t at;

    if (!vmh_lua_charge(L, needle.size * VMH_LUA_GAS_PER_STEP))
        return vmh_lua_stopped(L);
    most = (uint64_t)L->gas / VMH_LUA_GAS_PER_SOUGHT * 4 + 4;
    if (rest.size > most)
        rest.size = (size_t)most;
    at = vmh_lua_search(rest, needle);
    if (!vmh_lua_charge(L, (at == SIZE_MAX ? rest.size + 3 : at + needle.size + 3) / 4 *
                               VMH_LUA_GAS_PER_SOUGHT))
        return vmh_lua_stopped(L);
    if (at == SIZE_MAX)
        return vmh_lua_return(L, frame, vmh_lua_nil());
    return return_positions(L, frame, from + at, from + at + needle.size, 0);
}

static vmh_lua_step find_pattern(vmh_lua_state *L, vmh_lua_frame *frame, vmh_bytes text,
                                 vmh_bytes pattern, size_t from, bool is_find)
{
    uint32_t first = is_find ? 2 : 0;
    bool is_found;
    uint32_t count;
    vmh_lua_step step;
    search s;

    if (!begin_search(L, &s, text, pattern, true, &step))
        return step;
    if (!find_next(L, &s, from, SIZE_MAX, &is_found, &step))
        goto done;
    if (!is_found) {
        step = vmh_lua_return(L, frame, vmh_lua_nil());
        goto done;
    }
    count = is_find ? s.pattern.capture_count : value_count(&s);
    if (!push_captures(L, frame, &s, first, count, &step))
        goto done;
    step = is_find ? return_positions(L, frame, s.matcher.start, s.matcher.end, count)
                   : vmh_lua_return_from(frame, 0, count);

done:
    end_search(&s);
    return step;
}

static vmh_lua_step find_or_match(vmh_lua_state *L, vmh_lua_frame *frame, bool is_find)
{
    bool is_plain = is_find && vmh_lua_is_true(vmh_lua_argument(L, frame, 3));
    vmh_lua_string *string;
    vmh_lua_string *pattern;
    vmh_lua_step step;
    int64_t first;
    uint64_t from;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_string(L, frame, 1, &pattern, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, 1, &first, &step))
        return step;
    from = vmh_lua_first_position(first, string->size) - 1;
    if (from > string->size)
        return vmh_lua_return(L, frame, vmh_lua_nil());
    if (is_find && (is_plain || vmh_lua_pattern_is_plain(vmh_lua_string_bytes(pattern))))
        return find_plain(L, frame, vmh_lua_string_bytes(string), vmh_lua_string_bytes(pattern),
                          (size_t)from);
    return find_pattern(L, frame, vmh_lua_string_bytes(string), vmh_lua_string_bytes(pattern),
                        (size_t)from, is_find);
}

vmh_lua_step vmh_lua_string_find(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return find_or_match(L, frame, true);
}

vmh_lua_step vmh_lua_string_match(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return find_or_match(L, frame, false);
}

/* ---- gmatch ---- */

/* What the iterator keeps. */
enum { STRING, PATTERN, NEXT, LAST_END, KEPT_COUNT };

static vmh_lua_step gmatch_next(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_native_object *object = frame->native;
    vmh_bytes text = vmh_lua_string_bytes(object->kept[STRING].as.string);
    int64_t last_end = object->kept[LAST_END].as.integer;
    bool is_found;
    vmh_lua_step step;
    search s;

    if (!begin_search(L, &s, text, vmh_lua_string_bytes(object->kept[PATTERN].as.string), false,
                      &step))
        return step;
    if (!find_next(L, &s, (size_t)object->kept[NEXT].as.integer,
                   last_end < 0 ? SIZE_MAX : (size_t)last_end, &is_found, &step))
        goto done;
    if (!is_found) {
        object->kept[NEXT].as.integer = (int64_t)text.size + 1;
        step = vmh_lua_return_none(frame);
        goto done;
    }
    object->kept[NEXT].as.integer = (int64_t)s.matcher.end;
    object->kept[LAST_END].as.integer = (int64_t)s.matcher.end;
    if (push_captures(L, frame, &s, 0, value_count(&s), &step))
        step = vmh_lua_return_from(frame, 0, value_count(&s));

done:
    end_search(&s);
    return step;
}

const vmh_lua_native vmh_lua_gmatch_next = {"gmatch", gmatch_next};

vmh_lua_step vmh_lua_string_gmatch(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_native_object *object;
    vmh_lua_string *string;
    vmh_lua_string *pattern;
    vmh_lua_step step;
    int64_t first;
    uint64_t from;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_string(L, frame, 1, &pattern, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 2, 1, &first, &step))
        return step;
    from = vmh_lua_first_position(first, string->size) - 1;
    if (from > string->size)
        from = (uint64_t)string->size + 1;
    if (!vmh_lua_heap_count(&L->heap,
                            VMH_LUA_CLOSURE_COST + KEPT_COUNT * VMH_LUA_CAPTURE_COST))
        return vmh_lua_stopped(L);
    object = vmh_lua_heap_alloc(&L->heap, sizeof *object + KEPT_COUNT * sizeof object->kept[0]);
    if (object == NULL)
        return vmh_lua_stopped(L);
    object->native = &vmh_lua_gmatch_next;
    object->kept_count = KEPT_COUNT;
    object->kept[STRING] = vmh_lua_of_string(string);
    object->kept[PATTERN] = vmh_lua_of_string(pattern);
    object->kept[NEXT] = vmh_lua_integer((int64_t)from);
    object->kept[LAST_END] = vmh_lua_integer(-1);
    return vmh_lua_return(L, frame,
                          (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = object}});
}

/* ---- gsub ---- */

enum { START, REPLACED };

/* Numbers of the frame while a replacement is asked for; behind the arguments lie what is
   built, and the call. */
enum { MATCH_START, MATCH_END, COUNT, CAPACITY };

/* A gsub at work: what it was given, and how far it is. */
typedef struct replacing {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    vmh_bytes text;
    vmh_lua_value replacement;
    uint64_t limit; /* of replacements */
    uint64_t count; /* done */
    size_t at;      /* what is before is built */
    size_t last_end;
    vmh_lua_builder builder;
    search search;
    vmh_lua_step step; /* where a function below gave false */
} replacing;

static bool stop(replacing *r)
{
    r->step = vmh_lua_stopped(r->L);
    return false;
}

static bool add_bytes(replacing *r, const uint8_t *bytes, size_t size)
{
    return size == 0 || vmh_lua_builder_add(r->L, &r->builder, vmh_bytes_of(bytes, size)) ||
           stop(r);
}

static bool add_capture(replacing *r, uint32_t index)
{
    vmh_lua_match_capture capture;
    char text[80];

    if (!find_capture(r->L, &r->search, index, &capture, &r->step))
        return false;
    if (capture.is_position)
        return add_bytes(r, (const uint8_t *)text,
                         vmh_lua_number_text(vmh_lua_integer((int64_t)capture.start + 1), text));
    return add_bytes(r, r->text.data + capture.start, capture.size);
}

/* What an escape of the replacement's text means. */
static bool add_escape(replacing *r, vmh_bytes behind)
{
    const vmh_lua_matcher *matcher = &r->search.matcher;
    uint8_t letter = behind.size == 0 ? 0 : behind.data[0];

    if (letter == '%')
        return add_bytes(r, behind.data, 1);
    if (letter == '0')
        return add_bytes(r, r->text.data + matcher->start, matcher->end - matcher->start);
    if (letter < '1' || letter > '9') {
        r->step = vmh_lua_raise_text(r->L, "invalid use of '%%' in replacement string");
        return false;
    }
    if (letter - '1' >= (int)value_count(&r->search)) {
        r->step = vmh_lua_raise_text(r->L, "invalid capture index %%%c in replacement string",
                                     letter);
        return false;
    }
    return add_capture(r, letter - (uint32_t)'1');
}

static bool add_text(replacing *r, const vmh_lua_string *text)
{
    const uint8_t *at = text->bytes;
    const uint8_t *end = text->bytes + text->size;

    if (!vmh_lua_charge(r->L, VMH_LUA_GAS_PER_STEP))
        return stop(r);
    while (at < end) {
        const uint8_t *escape = memchr(at, '%', (size_t)(end - at));

        if (escape == NULL)
            return add_bytes(r, at, (size_t)(end - at));
        if (!add_bytes(r, at, (size_t)(escape - at)) ||
            !add_escape(r, vmh_bytes_of(escape + 1, (size_t)(end - escape - 1))))
            return false;
        at = escape + 2;
    }
    return true;
}

/* What a function or a table gave for a match. */
static bool add_value(replacing *r, vmh_lua_value value, size_t start, size_t end)
{
    bool is_text;

    if (!vmh_lua_is_true(value))
        return add_bytes(r, r->text.data + start, end - start);
    if (!vmh_lua_builder_add_value(r->L, &r->builder, value, &is_text))
        return stop(r);
    if (!is_text)
        r->step = vmh_lua_raise_text(r->L, "invalid replacement value (a %s)",
                                     vmh_lua_type_name(value));
    return is_text;
}

/* Away with what is not in the frame, before a call: r->step is that call. */
static bool wait(replacing *r)
{
    int64_t *numbers = r->frame->numbers;

    numbers[MATCH_START] = (int64_t)r->search.matcher.start;
    numbers[MATCH_END] = (int64_t)r->search.matcher.end;
    numbers[COUNT] = (int64_t)r->count;
    vmh_lua_slots(r->L, r->frame)[r->frame->argument_count] =
        vmh_lua_builder_keep(&r->builder, &numbers[CAPACITY]);
    return false;
}

static bool replace_by_function(replacing *r)
{
    uint32_t at = r->frame->argument_count + 1;
    uint32_t count = value_count(&r->search);

    if (!push_captures(r->L, r->frame, &r->search, at + 1, count, &r->step))
        return false;
    vmh_lua_slots(r->L, r->frame)[at] = r->replacement;
    /* Behind the call the pattern is read again. */
    if (!vmh_lua_charge(r->L, VMH_LUA_GAS_NATIVE))
        return stop(r);
    r->step = vmh_lua_call_back(r->L, r->frame, (vmh_lua_callback){at, REPLACED}, count);
    return wait(r);
}

static bool replace_by_table(replacing *r)
{
    uint32_t at = r->frame->argument_count + 1;
    vmh_lua_value key;

    if (!capture_value(r->L, &r->search, 0, &key, &r->step))
        return false;
    switch (vmh_lua_get(r->L, r->frame, r->replacement, key, (vmh_lua_callback){at, REPLACED},
                        &r->step)) {
    case VMH_LUA_ACCESS_DONE:
        return add_value(r, vmh_lua_slots(r->L, r->frame)[at], r->search.matcher.start,
                         r->search.matcher.end);
    case VMH_LUA_ACCESS_CALL:
        return wait(r);
    default:
        return false;
    }
}

static bool replace(replacing *r)
{
    switch (r->replacement.tag) {
    case VMH_LUA_STRING:
        return add_text(r, r->replacement.as.string);
    case VMH_LUA_TABLE:
        return replace_by_table(r);
    default:
        return replace_by_function(r);
    }
}

/* Finds and replaces until nothing is left; false: r->step. */
static bool replace_all(replacing *r)
{
    bool is_found = true;

    while (r->count < r->limit) {
        if (!find_next(r->L, &r->search, r->at, r->last_end, &is_found, &r->step))
            return false;
        if (!is_found)
            return true;
        if (!add_bytes(r, r->text.data + r->at, r->search.matcher.start - r->at))
            return false;
        r->count++;
        r->at = r->last_end = r->search.matcher.end;
        if (!replace(r))
            return false;
        if (r->search.pattern.is_anchored)
            return true;
    }
    return true;
}

static vmh_lua_step finish(replacing *r)
{
    vmh_lua_string *made = NULL;

    if (add_bytes(r, r->text.data + r->at, r->text.size - r->at))
        made = vmh_lua_builder_finish(r->L, &r->builder);
    if (made == NULL)
        return vmh_lua_stopped(r->L);
    vmh_lua_slots(r->L, r->frame)[0] = vmh_lua_of_string(made);
    vmh_lua_slots(r->L, r->frame)[1] = vmh_lua_integer((int64_t)r->count);
    return vmh_lua_return_from(r->frame, 0, 2);
}

/* Takes up what was put away, with what the call gave. */
static bool go_on(replacing *r)
{
    const int64_t *numbers = r->frame->numbers;
    vmh_lua_value *slots = vmh_lua_slots(r->L, r->frame);

    r->count = (uint64_t)numbers[COUNT];
    r->at = r->last_end = (size_t)numbers[MATCH_END];
    r->builder =
        vmh_lua_builder_kept(slots[r->frame->argument_count], numbers[CAPACITY]);
    if (!add_value(r, vmh_lua_called(r->L, r->frame), (size_t)numbers[MATCH_START], r->at))
        return false;
    if (r->search.pattern.is_anchored)
        r->limit = r->count;
    return true;
}

static bool check_replacement(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value *replacement,
                              vmh_lua_step *step)
{
    vmh_lua_string *text;

    *replacement = vmh_lua_argument(L, frame, 2);
    switch (replacement->tag) {
    case VMH_LUA_STRING:
    case VMH_LUA_TABLE:
    case VMH_LUA_CLOSURE:
    case VMH_LUA_NATIVE:
        return true;
    case VMH_LUA_INTEGER:
    case VMH_LUA_UINT256:
        if (!vmh_lua_check_string(L, frame, 2, &text, step))
            return false;
        *replacement = vmh_lua_of_string(text);
        return true;
    default:
        *step = vmh_lua_wrong_type(L, frame, 2, "string/function/table");
        return false;
    }
}

vmh_lua_step vmh_lua_string_gsub(vmh_lua_state *L, vmh_lua_frame *frame)
{
    replacing r;
    vmh_lua_string *string;
    vmh_lua_string *pattern;
    vmh_lua_step step;
    int64_t limit;

    if (!vmh_lua_check_string(L, frame, 0, &string, &step) ||
        !vmh_lua_check_string(L, frame, 1, &pattern, &step) ||
        !check_replacement(L, frame, &r.replacement, &step) ||
        !vmh_lua_check_optional_integer(L, frame, 3, (int64_t)string->size + 1, &limit, &step))
        return step;
    /* Numbers became texts once and for all. */
    vmh_lua_slots(L, frame)[0] = vmh_lua_of_string(string);
    vmh_lua_slots(L, frame)[1] = vmh_lua_of_string(pattern);
    vmh_lua_slots(L, frame)[2] = r.replacement;
    r.L = L;
    r.frame = frame;
    r.text = vmh_lua_string_bytes(string);
    r.limit = limit < 0 ? 0 : (uint64_t)limit;
    r.count = 0;
    r.at = 0;
    r.last_end = SIZE_MAX;
    r.builder = (vmh_lua_builder){0};
    if (!begin_search(L, &r.search, r.text, vmh_lua_string_bytes(pattern), true, &step))
        return step;
    if ((frame->phase == REPLACED && !go_on(&r)) || !replace_all(&r))
        step = r.step;
    else
        step = finish(&r);
    end_search(&r.search);
    return step;
}
