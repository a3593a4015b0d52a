#include "contractlua/pattern.h"

#include <stdlib.h>

enum { ESCAPE = '%', MAX_RUN = UINT16_MAX };

/* Repetitions of one character, in the order of their signs; then the rest. */
enum {
    ONE,      /* which character: by `value`, see single */
    OPTION,   /* ? */
    STAR,     /* * */
    PLUS,     /* + */
    LEAST,    /* - */
    RUN,      /* characters of the text as they are */
    OPEN,     /* a capture begins: `value` */
    CLOSE,
    POSITION, /* a capture that is where it stands */
    BACK,     /* what a capture holds, again */
    BALANCE,  /* the two characters at `place` of the text */
    FRONTIER, /* of a set */
    AT_END,   /* $ */
    FAIL,
    BROKEN,   /* `value`: error, `place`: error_index */
    END,
};

/* Number of a set that is all characters, or one character: 256 + it. */
enum { ANY = 0, CHARACTER = 1, FIRST_SET = 257 };

static bool has(const vmh_lua_pattern_set *set, uint8_t c)
{
    return (set->bits[c >> 6] >> (c & 63) & 1) != 0;
}

/* ---- reading ---- */

/* What is being read. */
typedef struct reader {
    vmh_lua_pattern *pattern;
    const uint8_t *text;
    size_t size;
    size_t at;
} reader;

/*
 * What is not near is the system's: it goes with the search, and parts of the heap, which
 * are cut and never joined, would be used up by one search after the other.
 */
static bool grow(vmh_lua_heap *heap, void **part, const void *near, size_t part_size,
                 uint32_t *capacity)
{
    void *grown = realloc(*part == near ? NULL : *part, *capacity * 2 * part_size);

    if (grown == NULL) {
        heap->has_failed = true;
        return false;
    }
    if (*part == near)
        memcpy(grown, near, *capacity * part_size);
    *part = grown;
    *capacity *= 2;
    return true;
}

static bool add_item(vmh_lua_pattern *pattern, vmh_lua_pattern_item item)
{
    void *items = pattern->items;

    if (pattern->item_count == pattern->item_capacity) {
        if (!grow(pattern->heap, &items, pattern->near_items, sizeof item,
                  &pattern->item_capacity))
            return false;
        pattern->items = items;
    }
    pattern->items[pattern->item_count++] = item;
    return true;
}

static bool add_set(vmh_lua_pattern *pattern, const vmh_lua_pattern_set *set, uint32_t *number)
{
    void *sets = pattern->sets;

    if (pattern->set_count == pattern->set_capacity) {
        if (!grow(pattern->heap, &sets, pattern->near_sets, sizeof *set, &pattern->set_capacity))
            return false;
        pattern->sets = sets;
    }
    *number = FIRST_SET + pattern->set_count;
    pattern->sets[pattern->set_count++] = *set;
    return true;
}

static bool add_error(vmh_lua_pattern *pattern, vmh_lua_pattern_error error, unsigned index)
{
    return add_item(pattern, (vmh_lua_pattern_item){
                                 .kind = BROKEN, .value = (uint8_t)error, .place = index});
}

/* Bits 0 to 63 and 64 to 127 of the classes, all of them ASCII. */
typedef struct class_bits {
    char name;
    uint64_t low, high;
} class_bits;

static const class_bits classes[] = {
    {'a', 0, 0x07FFFFFE07FFFFFE},                  /* A-Z a-z */
    {'c', 0xFFFFFFFF, 0x8000000000000000},         /* 0-31, 127 */
    {'d', 0x03FF000000000000, 0},                  /* 0-9 */
    {'g', 0xFFFFFFFE00000000, 0x7FFFFFFFFFFFFFFF}, /* 33-126 */
    {'l', 0, 0x07FFFFFE00000000},                  /* a-z */
    {'p', 0xFC00FFFE00000000, 0x78000001F8000001}, /* %g without %w */
    {'s', 0x100003E00, 0},                         /* 9-13, 32 */
    {'u', 0, 0x07FFFFFE},                          /* A-Z */
    {'w', 0x03FF000000000000, 0x07FFFFFE07FFFFFE}, /* %a %d */
    {'x', 0x03FF000000000000, 0x7E0000007E},       /* 0-9 A-F a-f */
    {'z', 1, 0},                                   /* 0; stock Lua takes it, undocumented */
};

static void add_character(vmh_lua_pattern_set *set, uint8_t c)
{
    set->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

static void add_range(vmh_lua_pattern_set *set, uint8_t first, uint8_t last)
{
    for (unsigned word = 0; word < 4; word++) {
        unsigned low = word * 64 < first ? first - word * 64 : 0;
        unsigned high = last >= word * 64 ? last - word * 64 : 0;

        if (last < word * 64 || low > 63)
            continue;
        high = high > 63 ? 63 : high;
        if (low <= high)
            set->bits[word] |= UINT64_MAX >> (63 - (high - low)) << low;
    }
}

/* The class that a letter behind an escape names; NULL: it is the character itself. */
static const class_bits *find_class(uint8_t letter)
{
    char name = (char)(letter | 0x20);

    if (letter < 'A' || letter > 'z')
        return NULL;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].name == name)
            return &classes[i];
    }
    return NULL;
}

/* What stands behind an escape; an upper-case letter names all that is not in its class. */
static void add_escaped(vmh_lua_pattern_set *set, uint8_t letter)
{
    const class_bits *class = find_class(letter);
    uint64_t flip = (letter & 0x20) == 0 ? UINT64_MAX : 0;

    if (class == NULL) {
        add_character(set, letter);
        return;
    }
    set->bits[0] |= class->low ^ flip;
    set->bits[1] |= class->high ^ flip;
    set->bits[2] |= flip;
    set->bits[3] |= flip;
}

/* Position of the `]` that ends the set at `at`; the size of the text without one. */
static size_t end_of_set(const reader *r, size_t at)
{
    at += at + 1 < r->size && r->text[at + 1] == '^' ? 2 : 1;
    /* The first character ends nothing. */
    do {
        if (at >= r->size)
            return r->size;
        at += r->text[at] == ESCAPE && at + 1 < r->size ? 2 : 1;
    } while (at >= r->size || r->text[at] != ']');
    return at;
}

/* The characters between the brackets at `at` and `end`. */
static vmh_lua_pattern_set read_set(const reader *r, size_t at, size_t end)
{
    vmh_lua_pattern_set set = {{0}};
    uint64_t flip = 0;

    if (r->text[at + 1] == '^') {
        flip = UINT64_MAX;
        at++;
    }
    while (++at < end) {
        if (r->text[at] == ESCAPE) {
            add_escaped(&set, r->text[++at]);
        } else if (r->text[at + 1] == '-' && at + 2 < end) {
            add_range(&set, r->text[at], r->text[at + 2]);
            at += 2;
        } else {
            add_character(&set, r->text[at]);
        }
    }
    for (int i = 0; i < 4; i++)
        set.bits[i] ^= flip;
    return set;
}

/* What reading one thing came to. */
typedef enum reading {
    READ,
    READ_LAST, /* nothing behind it is ever reached */
    READ_FAILED,
} reading;

static reading refuse(reader *r, vmh_lua_pattern_error error, unsigned index)
{
    return add_error(r->pattern, error, index) ? READ_LAST : READ_FAILED;
}

static reading give(reader *r, vmh_lua_pattern_item item, size_t size)
{
    r->at += size;
    return add_item(r->pattern, item) ? READ : READ_FAILED;
}

/* `(`: the captures are numbered as they open. */
static reading read_open(reader *r)
{
    vmh_lua_pattern *pattern = r->pattern;
    bool is_position = r->at + 1 < r->size && r->text[r->at + 1] == ')';
    uint8_t number = (uint8_t)pattern->capture_count;

    if (pattern->capture_count == VMH_LUA_MAX_MATCH_CAPTURES)
        return refuse(r, VMH_LUA_PATTERN_TOO_MANY_CAPTURES, 0);
    pattern->capture_count++;
    if (is_position)
        return give(r, (vmh_lua_pattern_item){.kind = POSITION, .value = number}, 2);
    pattern->open_captures |= (uint32_t)1 << number;
    return give(r, (vmh_lua_pattern_item){.kind = OPEN, .value = number}, 1);
}

static reading read_close(reader *r)
{
    uint8_t number;

    if (r->pattern->open_captures == 0)
        return refuse(r, VMH_LUA_PATTERN_CAPTURE, 0);
    number = (uint8_t)(31 - __builtin_clz(r->pattern->open_captures));
    r->pattern->open_captures ^= (uint32_t)1 << number;
    return give(r, (vmh_lua_pattern_item){.kind = CLOSE, .value = number}, 1);
}

static reading read_back(reader *r)
{
    unsigned number = r->text[r->at + 1] - (unsigned)'0';

    if (number == 0 || number > r->pattern->capture_count ||
        (r->pattern->open_captures >> (number - 1) & 1) != 0)
        return refuse(r, VMH_LUA_PATTERN_INDEX, number);
    return give(r, (vmh_lua_pattern_item){.kind = BACK, .value = (uint8_t)(number - 1)}, 2);
}

static reading read_balance(reader *r)
{
    if (r->size - r->at < 4)
        return refuse(r, VMH_LUA_PATTERN_BALANCE, 0);
    return give(r, (vmh_lua_pattern_item){.kind = BALANCE, .place = (uint32_t)(r->at + 2)}, 4);
}

static reading read_frontier(reader *r)
{
    size_t set_at = r->at + 2;
    vmh_lua_pattern_set set;
    uint32_t number;
    size_t end;

    if (set_at >= r->size || r->text[set_at] != '[')
        return refuse(r, VMH_LUA_PATTERN_FRONTIER, 0);
    end = end_of_set(r, set_at);
    if (end == r->size)
        return refuse(r, VMH_LUA_PATTERN_OPEN_SET, 0);
    set = read_set(r, set_at, end);
    if (!add_set(r->pattern, &set, &number))
        return READ_FAILED;
    return give(r, (vmh_lua_pattern_item){.kind = FRONTIER, .place = number}, end + 1 - r->at);
}

/* How the character before `at` is repeated. */
static uint8_t repetition_at(const reader *r, size_t at)
{
    if (at >= r->size)
        return ONE;
    switch (r->text[at]) {
    case '?':
        return OPTION;
    case '*':
        return STAR;
    case '+':
        return PLUS;
    case '-':
        return LEAST;
    default:
        return ONE;
    }
}

/* Adds a character or set of `size` bytes, with its repetition. */
static reading give_single(reader *r, uint32_t number, uint8_t character, size_t size)
{
    uint8_t kind = repetition_at(r, r->at + size);

    if (kind != ONE)
        r->pattern->choice_count++;
    return give(r,
                (vmh_lua_pattern_item){.kind = kind, .value = character, .place = number},
                size + (kind != ONE));
}

static reading give_set(reader *r, const vmh_lua_pattern_set *set, size_t size)
{
    uint32_t number;

    if (!add_set(r->pattern, set, &number))
        return READ_FAILED;
    return give_single(r, number, 0, size);
}

static reading read_bracket(reader *r)
{
    size_t end = end_of_set(r, r->at);
    vmh_lua_pattern_set set;

    if (end == r->size)
        return refuse(r, VMH_LUA_PATTERN_OPEN_SET, 0);
    set = read_set(r, r->at, end);
    return give_set(r, &set, end + 1 - r->at);
}

static reading read_escape(reader *r)
{
    vmh_lua_pattern_set set = {{0}};
    uint8_t letter;

    if (r->at + 1 == r->size)
        return refuse(r, VMH_LUA_PATTERN_ENDS_WITH_ESCAPE, 0);
    letter = r->text[r->at + 1];
    if (letter == 'b')
        return read_balance(r);
    if (letter == 'f')
        return read_frontier(r);
    if (letter >= '0' && letter <= '9')
        return read_back(r);
    if (find_class(letter) == NULL)
        return give_single(r, CHARACTER, letter, 2);
    add_escaped(&set, letter);
    return give_set(r, &set, 2);
}

static bool is_special(uint8_t c)
{
    return c == '^' || c == '$' || c == '*' || c == '+' || c == '?' || c == '.' || c == '(' ||
           c == ')' || c == '[' || c == ESCAPE || c == '-';
}

/* Characters that stand for themselves; the last one may be repeated, and is not of the run. */
static reading read_run(reader *r)
{
    size_t end = r->at + 1;
    size_t size;

    while (end < r->size && !is_special(r->text[end]) && end - r->at < MAX_RUN)
        end++;
    size = end - r->at;
    if (size > 1 && repetition_at(r, end) != ONE)
        size--;
    if (size == 1)
        return give_single(r, CHARACTER, r->text[r->at], 1);
    return give(r,
                (vmh_lua_pattern_item){
                    .kind = RUN, .size = (uint16_t)size, .place = (uint32_t)r->at},
                size);
}

static reading read_next(reader *r)
{
    switch (r->text[r->at]) {
    case '(':
        return read_open(r);
    case ')':
        return read_close(r);
    case '[':
        return read_bracket(r);
    case '.':
        return give_single(r, ANY, 0, 1);
    case ESCAPE:
        return read_escape(r);
    case '$':
        if (r->at + 1 == r->size)
            return give(r, (vmh_lua_pattern_item){.kind = AT_END}, 1);
        return give_single(r, CHARACTER, '$', 1);
    default:
        return read_run(r);
    }
}

bool vmh_lua_pattern_init(vmh_lua_pattern *pattern, vmh_lua_heap *heap, vmh_bytes text,
                          bool can_be_anchored)
{
    reader r = {.pattern = pattern, .text = text.data, .size = text.size};
    reading read = READ;

    pattern->text = text;
    pattern->heap = heap;
    pattern->items = pattern->near_items;
    pattern->sets = pattern->near_sets;
    pattern->item_count = pattern->set_count = 0;
    pattern->item_capacity = VMH_LUA_NEAR_ITEMS;
    pattern->set_capacity = VMH_LUA_NEAR_SETS;
    pattern->choice_count = 0;
    pattern->capture_count = 0;
    pattern->open_captures = 0;
    pattern->is_anchored = can_be_anchored && text.size > 0 && text.data[0] == '^';
    r.at = pattern->is_anchored;
    if (text.size > INT32_MAX)
        read = refuse(&r, VMH_LUA_PATTERN_TOO_COMPLEX, 0);
    while (read == READ && r.at < r.size)
        read = pattern->item_count < VMH_LUA_MAX_PATTERN_ITEMS
                   ? read_next(&r)
                   : refuse(&r, VMH_LUA_PATTERN_TOO_COMPLEX, 0);
    if (read == READ)
        return add_item(pattern, (vmh_lua_pattern_item){.kind = END});
    return read == READ_LAST;
}

void vmh_lua_pattern_clear(vmh_lua_pattern *pattern)
{
    if (pattern->items != pattern->near_items)
        free(pattern->items);
    if (pattern->sets != pattern->near_sets)
        free(pattern->sets);
}

bool vmh_lua_pattern_is_plain(vmh_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_special(text.data[i]) && text.data[i] != ')')
            return false;
    }
    return true;
}

const char *vmh_lua_pattern_error_text(vmh_lua_pattern_error error)
{
    static const char *const texts[] = {
        [VMH_LUA_PATTERN_TOO_COMPLEX] = "pattern too complex",
        [VMH_LUA_PATTERN_ENDS_WITH_ESCAPE] = "malformed pattern (ends with '%')",
        [VMH_LUA_PATTERN_OPEN_SET] = "malformed pattern (missing ']')",
        [VMH_LUA_PATTERN_BALANCE] = "malformed pattern (missing arguments to '%b')",
        [VMH_LUA_PATTERN_FRONTIER] = "missing '[' after '%f' in pattern",
        [VMH_LUA_PATTERN_CAPTURE] = "invalid pattern capture",
        [VMH_LUA_PATTERN_INDEX] = "invalid capture index %",
        [VMH_LUA_PATTERN_TOO_MANY_CAPTURES] = "too many captures",
    };

    return texts[error];
}

/* ---- matching ---- */

bool vmh_lua_matcher_init(vmh_lua_matcher *matcher, const vmh_lua_pattern *pattern,
                          vmh_bytes subject, uint64_t steps)
{
    matcher->pattern = pattern;
    matcher->subject = subject;
    matcher->steps = steps;
    matcher->choices = matcher->near_choices;
    if (pattern->choice_count > VMH_LUA_NEAR_CHOICES)
        matcher->choices = malloc(pattern->choice_count * sizeof *matcher->choices);
    if (matcher->choices == NULL)
        pattern->heap->has_failed = true;
    return matcher->choices != NULL;
}

void vmh_lua_matcher_clear(vmh_lua_matcher *matcher)
{
    if (matcher->choices != matcher->near_choices)
        free(matcher->choices);
}

static inline bool is_single(const vmh_lua_pattern *pattern, vmh_lua_pattern_item item, uint8_t c)
{
    if (item.place == CHARACTER)
        return item.value == c;
    return item.place == ANY || has(&pattern->sets[item.place - FIRST_SET], c);
}

/* How many characters from `at` on, at most `most`, are of the item. */
static size_t span(const vmh_lua_pattern *pattern, vmh_lua_pattern_item item, const uint8_t *at,
                   size_t most)
{
    const vmh_lua_pattern_set *set;
    size_t count = 0;

    if (item.place == ANY)
        return most;
    if (item.place == CHARACTER) {
        while (count < most && at[count] == item.value)
            count++;
        return count;
    }
    set = &pattern->sets[item.place - FIRST_SET];
    while (count < most && has(set, at[count]))
        count++;
    return count;
}

/* Takes steps: false where that was the last one. */
static inline bool take(uint64_t *steps, uint64_t count)
{
    *steps = count < *steps ? *steps - count : 0;
    return *steps != 0;
}

static inline size_t least_of(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

/* Where the balanced text that begins at `at` ends; 0: none, or it was the last step. */
static size_t balance_end(vmh_bytes subject, const uint8_t pair[2], size_t at, uint64_t *steps)
{
    size_t depth = 1;

    if (at >= subject.size || subject.data[at] != pair[0])
        return 0;
    for (at++; at < subject.size && take(steps, 1); at++) {
        if (subject.data[at] == pair[1]) {
            if (--depth == 0)
                return at + 1;
        } else if (subject.data[at] == pair[0]) {
            depth++;
        }
    }
    return 0;
}

/* How many characters of a run are at `at`, at most `most`. */
static size_t run_at(const uint8_t *run, const uint8_t *at, size_t most)
{
    size_t count = 0;

    while (count < most && run[count] == at[count])
        count++;
    return count;
}

static bool is_frontier(const vmh_lua_matcher *matcher, const vmh_lua_pattern_set *set, size_t at)
{
    uint8_t before = at == 0 ? 0 : matcher->subject.data[at - 1];
    uint8_t behind = at == matcher->subject.size ? 0 : matcher->subject.data[at];

    return !has(set, before) && has(set, behind);
}

/* Whether what a capture holds is at `at` again. A position is no text. */
static bool is_again(const vmh_lua_matcher *matcher, const vmh_lua_match_capture *capture, size_t at)
{
    return !capture->is_position && capture->size <= matcher->subject.size - at &&
           memcmp(matcher->subject.data + capture->start, matcher->subject.data + at,
                  capture->size) == 0;
}

/* Steps of the loop, which are a local of it; the last one ends the match. */
#define TAKE(count)                    \
    if (!take(&steps, count)) {        \
        result = VMH_LUA_MATCH_TIRED;  \
        goto done;                     \
    }

/*
 * Tries to match at `start` alone. Where it stands is in locals; when an item
 * fails, it goes on at the newest choice.
 */
static vmh_lua_match match_at(vmh_lua_matcher *matcher, size_t start)
{
    const vmh_lua_pattern *pattern = matcher->pattern;
    const uint8_t *subject = matcher->subject.data;
    size_t size = matcher->subject.size;
    vmh_lua_choice *choices = matcher->choices;
    vmh_lua_match result = VMH_LUA_MATCH_NONE;
    uint64_t steps = matcher->steps;
    uint32_t depth = 0;
    uint32_t next = 0;
    size_t at = start;

    for (;;) {
        vmh_lua_pattern_item item = pattern->items[next];
        bool is_good = true;
        size_t count;

        TAKE(1);
        switch (item.kind) {
        case ONE:
            is_good = at < size && is_single(pattern, item, subject[at]);
            at++;
            break;
        case OPTION:
            if (at < size && is_single(pattern, item, subject[at])) {
                choices[depth++] = (vmh_lua_choice){.item = next, .at = at, .count = 0};
                at++;
            }
            break;
        case STAR:
        case PLUS:
            count = span(pattern, item, subject + at, least_of(size - at, steps));
            TAKE(count);
            if (item.kind == PLUS) {
                is_good = count > 0;
                if (!is_good)
                    break;
                at++;
                count--;
            }
            if (count > 0)
                choices[depth++] = (vmh_lua_choice){.item = next, .at = at, .count = count};
            at += count;
            break;
        case LEAST:
            choices[depth++] = (vmh_lua_choice){.item = next, .at = at, .count = 0};
            break;
        case RUN:
            count = run_at(pattern->text.data + item.place, subject + at,
                           least_of(size - at, item.size));
            is_good = count == item.size;
            /* Its first character was the step of the item. */
            TAKE(is_good ? count - 1 : count);
            at += count;
            break;
        case OPEN:
            matcher->captures[item.value] = (vmh_lua_match_capture){.start = at};
            break;
        case CLOSE:
            matcher->captures[item.value].size = at - matcher->captures[item.value].start;
            break;
        case POSITION:
            matcher->captures[item.value] = (vmh_lua_match_capture){.start = at, .is_position = true};
            break;
        case BACK:
            count = matcher->captures[item.value].size;
            TAKE(count / 32);
            is_good = is_again(matcher, &matcher->captures[item.value], at);
            at += count;
            break;
        case BALANCE:
            at = balance_end(matcher->subject, pattern->text.data + item.place, at, &steps);
            is_good = at != 0;
            break;
        case FRONTIER:
            is_good = is_frontier(matcher, &pattern->sets[item.place - FIRST_SET], at);
            break;
        case AT_END:
            is_good = at == size;
            break;
        case BROKEN:
            matcher->error = item.value;
            matcher->error_index = item.place;
            result = VMH_LUA_MATCH_BROKEN;
            goto done;
        default:
            matcher->start = start;
            matcher->end = at;
            result = VMH_LUA_MATCH_FOUND;
            goto done;
        }
        next++;
        while (!is_good) {
            vmh_lua_choice *choice;

            TAKE(depth > 0);
            if (depth == 0)
                goto done;
            choice = &choices[depth - 1];
            next = choice->item + 1;
            item = pattern->items[choice->item];
            at = choice->at;
            if (item.kind != LEAST) {
                /* One less; the last that there is to give back is no choice any more. */
                is_good = true;
                if (choice->count <= 1)
                    depth--;
                else
                    at += --choice->count;
            } else if (at < size && is_single(pattern, item, subject[at])) {
                is_good = true;
                choice->at = ++at;
            } else {
                depth--;
            }
        }
    }

done:
    matcher->steps = steps;
    return result;
}

#undef TAKE

/*
 * Passes what cannot begin a match, a step for each, where the pattern begins with a
 * character. At least one step is left to stand on.
 */
static size_t skip_to_first(vmh_lua_matcher *matcher, size_t from)
{
    vmh_lua_pattern_item first = matcher->pattern->items[0];
    size_t most = least_of(matcher->subject.size - from, matcher->steps - 1);
    const uint8_t *found;
    uint8_t character;

    if (first.kind == RUN)
        character = matcher->pattern->text.data[first.place];
    else if ((first.kind == ONE || first.kind == PLUS) && first.place == CHARACTER)
        character = first.value;
    else
        return from;
    found = most == 0 ? NULL : memchr(matcher->subject.data + from, character, most);
    if (found != NULL)
        most = (size_t)(found - (matcher->subject.data + from));
    matcher->steps -= most;
    return from + most;
}

vmh_lua_match vmh_lua_matcher_search(vmh_lua_matcher *matcher, size_t from, size_t forbidden_end)
{
    while (from <= matcher->subject.size) {
        vmh_lua_match match;

        if (!matcher->pattern->is_anchored)
            from = skip_to_first(matcher, from);
        match = match_at(matcher, from);
        if (match == VMH_LUA_MATCH_FOUND && matcher->end == forbidden_end)
            match = VMH_LUA_MATCH_NONE;
        if (match != VMH_LUA_MATCH_NONE || matcher->pattern->is_anchored)
            return match;
        from++;
    }
    return VMH_LUA_MATCH_NONE;
}
