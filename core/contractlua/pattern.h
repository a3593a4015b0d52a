/*
 * Patterns (manual of Lua 5.4, section 6.4.1). One is read into items, once for
 * each call of a function that takes it:
 *
 *     "^(%a+)=[^;]*"   ( OPEN | %a PLUS | CLOSE 0 | run "=" | [^;] STAR | END )
 *
 * and matched without recursion: the only choices there are belong to the
 * repetitions, each of which is met once on the way through a pattern, so that the
 * stack of choices is no longer than the pattern. Captures need no undoing: what
 * reads one stands behind what closed it.
 *
 * What is malformed is an item too, an error for whoever comes that far.
 *
 * A step is each item that is tried, where each character of a run is one, each
 * character that a repetition or a balance passes, and each choice that is taken back.
 * Steps are counted down; the last one that was given ends the search.
 */
#ifndef VMH_CONTRACTLUA_PATTERN_H
#define VMH_CONTRACTLUA_PATTERN_H

#include "contractlua/heap.h"

enum {
    VMH_LUA_MAX_MATCH_CAPTURES = 32,
    VMH_LUA_MAX_PATTERN_ITEMS = 10000, /* "pattern too complex" beyond */
    VMH_LUA_NEAR_ITEMS = 16,
    VMH_LUA_NEAR_SETS = 6,
    VMH_LUA_NEAR_CHOICES = 8,
};

typedef struct vmh_lua_pattern_item {
    uint8_t kind;
    uint8_t value;
    uint16_t size;  /* of a run */
    uint32_t place; /* of a run in the text, or number of a set */
} vmh_lua_pattern_item;

/* A bit for each byte that is in it. */
typedef struct vmh_lua_pattern_set {
    uint64_t bits[4];
} vmh_lua_pattern_set;

/* Holds pointers to its own parts: it is not copied. */
typedef struct vmh_lua_pattern {
    vmh_bytes text;
    vmh_lua_heap *heap; /* learns that there was no memory for what is not near */
    vmh_lua_pattern_item *items;
    vmh_lua_pattern_set *sets;
    uint32_t item_count, item_capacity;
    uint32_t set_count, set_capacity;
    uint32_t choice_count;  /* repetitions */
    uint32_t capture_count;
    uint32_t open_captures; /* a bit for each that nothing closes */
    bool is_anchored;
    vmh_lua_pattern_item near_items[VMH_LUA_NEAR_ITEMS];
    vmh_lua_pattern_set near_sets[VMH_LUA_NEAR_SETS];
} vmh_lua_pattern;

/*
 * Reads `text`, which is borrowed. `^` is an anchor, or else a character. False
 * without memory. Cleared in either case.
 */
bool vmh_lua_pattern_init(vmh_lua_pattern *pattern, vmh_lua_heap *heap, vmh_bytes text,
                          bool can_be_anchored);
void vmh_lua_pattern_clear(vmh_lua_pattern *pattern);

/* Whether no character of it means more than itself. */
bool vmh_lua_pattern_is_plain(vmh_bytes text);

typedef struct vmh_lua_match_capture {
    size_t start;
    size_t size;
    bool is_position;
} vmh_lua_match_capture;

typedef struct vmh_lua_choice {
    uint32_t item;
    size_t at;    /* where the repetition began, or stands */
    size_t count; /* of characters that it can still give back */
} vmh_lua_choice;

typedef enum vmh_lua_match {
    VMH_LUA_MATCH_FOUND,
    VMH_LUA_MATCH_NONE,
    VMH_LUA_MATCH_TIRED,  /* no steps are left */
    VMH_LUA_MATCH_BROKEN, /* the pattern is malformed: error and error_index */
} vmh_lua_match;

typedef enum vmh_lua_pattern_error {
    VMH_LUA_PATTERN_TOO_COMPLEX,
    VMH_LUA_PATTERN_ENDS_WITH_ESCAPE,
    VMH_LUA_PATTERN_OPEN_SET,
    VMH_LUA_PATTERN_BALANCE,
    VMH_LUA_PATTERN_FRONTIER,
    VMH_LUA_PATTERN_CAPTURE,
    VMH_LUA_PATTERN_INDEX, /* of a capture: error_index */
    VMH_LUA_PATTERN_TOO_MANY_CAPTURES,
} vmh_lua_pattern_error;

typedef struct vmh_lua_matcher {
    const vmh_lua_pattern *pattern;
    vmh_bytes subject;
    uint64_t steps;    /* left; 0: the search was ended */
    size_t start, end; /* of what was found, from 0 on */
    vmh_lua_pattern_error error;
    unsigned error_index;
    vmh_lua_choice *choices;
    vmh_lua_match_capture captures[VMH_LUA_MAX_MATCH_CAPTURES];
    vmh_lua_choice near_choices[VMH_LUA_NEAR_CHOICES];
} vmh_lua_matcher;

/* Both are borrowed; `steps` is not 0. False without memory; cleared in either case. */
bool vmh_lua_matcher_init(vmh_lua_matcher *matcher, const vmh_lua_pattern *pattern,
                          vmh_bytes subject, uint64_t steps);
void vmh_lua_matcher_clear(vmh_lua_matcher *matcher);

/*
 * Looks for the first match that begins at `from` or behind it, at `from` alone if
 * the pattern is anchored, and does not end at `forbidden_end` (SIZE_MAX: any).
 */
vmh_lua_match vmh_lua_matcher_search(vmh_lua_matcher *matcher, size_t from, size_t forbidden_end);

/* What is wrong with a broken pattern, "%u" being its error_index. */
const char *vmh_lua_pattern_error_text(vmh_lua_pattern_error error);

#endif
