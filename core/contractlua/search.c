/*
 * Needles of up to four bytes are numbers. For longer ones, the two-way algorithm
 * of Crochemore and Perrin (1991): the needle is cut where its local period is that
 * of the whole; the right part is compared from left to right, then the left one,
 * and a mismatch tells how far to go on. Before anything is compared, the last four
 * bytes are looked up: how far back the needle has them is how far it can go on.
 */
#include "contractlua/search.h"

/* The greatest suffix of the needle, by one order of bytes or its reverse. */
typedef struct suffix {
    size_t at;
    size_t period;
} suffix;

static suffix greatest_suffix(vmh_bytes needle, bool is_reverse)
{
    const uint8_t *bytes = needle.data;
    suffix best = {.at = 0, .period = 1};
    size_t other = 1; /* a suffix that may be greater */
    size_t same = 0;  /* bytes in which they agree */

    while (other + same < needle.size) {
        uint8_t a = bytes[other + same];
        uint8_t b = bytes[best.at + same];

        if (a == b) {
            if (++same == best.period) {
                other += same;
                same = 0;
            }
        } else if ((a < b) != is_reverse) {
            other += same + 1;
            same = 0;
            best.period = other - best.at;
        } else {
            best = (suffix){.at = other, .period = 1};
            other++;
            same = 0;
        }
    }
    return best;
}

enum { GRAM = 4, TABLE_BITS = 8, MAX_SHIFT = UINT16_MAX };

/* By a hash of four bytes, how far before its end the needle has them last. */
typedef struct shifts {
    uint16_t by_hash[1 << TABLE_BITS];
} shifts;

static inline unsigned gram_hash(const uint8_t *bytes)
{
    return vmh_get_u32_le(bytes) * 0x9E3779B1u >> (32 - TABLE_BITS);
}

static void fill_shifts(shifts *table, vmh_bytes needle)
{
    size_t absent = needle.size - GRAM + 1;
    size_t at = needle.size - GRAM > MAX_SHIFT ? needle.size - GRAM - MAX_SHIFT : 0;

    absent = absent < MAX_SHIFT ? absent : MAX_SHIFT;
    for (size_t i = 0; i < sizeof table->by_hash / sizeof table->by_hash[0]; i++)
        table->by_hash[i] = (uint16_t)absent;
    for (; at <= needle.size - GRAM; at++)
        table->by_hash[gram_hash(needle.data + at)] = (uint16_t)(needle.size - GRAM - at);
}

/* The first place from `at` on where the needle's end may be that of the window. */
static inline size_t shift(const shifts *table, vmh_bytes text, size_t needle_size, size_t at)
{
    while (at <= text.size - needle_size) {
        size_t by = table->by_hash[gram_hash(text.data + at + needle_size - GRAM)];

        if (by == 0)
            return at;
        at += by;
    }
    return at;
}

/* The needle is no repetition of its left end: what matched need not be known. */
static size_t search_aperiodic(vmh_bytes text, vmh_bytes needle, size_t cut, const shifts *table)
{
    size_t period = (cut > needle.size - cut ? cut : needle.size - cut) + 1;
    size_t at = 0;

    while ((at = shift(table, text, needle.size, at)) <= text.size - needle.size) {
        size_t i = cut;

        while (i < needle.size && needle.data[i] == text.data[at + i])
            i++;
        if (i < needle.size) {
            at += i - cut + 1;
            continue;
        }
        i = cut;
        while (i > 0 && needle.data[i - 1] == text.data[at + i - 1])
            i--;
        if (i == 0)
            return at;
        at += period;
    }
    return SIZE_MAX;
}

/* Bytes at the left that are known to match are not compared again, nor looked up. */
static size_t search_periodic(vmh_bytes text, vmh_bytes needle, suffix cut, const shifts *table)
{
    size_t known = 0;
    size_t at = 0;

    for (;;) {
        size_t i = cut.at > known ? cut.at : known;

        if (known == 0)
            at = shift(table, text, needle.size, at);
        if (at > text.size - needle.size)
            return SIZE_MAX;
        while (i < needle.size && needle.data[i] == text.data[at + i])
            i++;
        if (i < needle.size) {
            at += i - cut.at + 1;
            known = 0;
            continue;
        }
        i = cut.at;
        while (i > known && needle.data[i - 1] == text.data[at + i - 1])
            i--;
        if (i <= known)
            return at;
        at += cut.period;
        known = needle.size - cut.period;
    }
}

static size_t search_byte(vmh_bytes text, uint8_t byte)
{
    const uint8_t *found = memchr(text.data, byte, text.size);

    return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
}

/* Two to four bytes, the last ones of a number that goes through the text. */
static size_t search_short(vmh_bytes text, vmh_bytes needle)
{
    uint32_t mask = UINT32_MAX >> (32 - 8 * needle.size);
    uint32_t wanted = 0;
    uint32_t seen = 0;

    for (size_t i = 0; i < needle.size; i++) {
        wanted = wanted << 8 | needle.data[i];
        seen = seen << 8 | (i + 1 < needle.size ? text.data[i] : 0);
    }
    seen >>= 8;
    for (size_t end = needle.size - 1; end < text.size; end++) {
        seen = seen << 8 | text.data[end];
        if ((seen & mask) == wanted)
            return end + 1 - needle.size;
    }
    return SIZE_MAX;
}

size_t vmh_lua_search(vmh_bytes text, vmh_bytes needle)
{
    suffix cut;
    suffix reverse;
    shifts table;

    if (needle.size == 0)
        return 0;
    if (needle.size > text.size)
        return SIZE_MAX;
    if (needle.size == 1)
        return search_byte(text, needle.data[0]);
    if (needle.size <= GRAM)
        return search_short(text, needle);
    cut = greatest_suffix(needle, false);
    reverse = greatest_suffix(needle, true);
    if (reverse.at > cut.at)
        cut = reverse;
    fill_shifts(&table, needle);
    if (memcmp(needle.data, needle.data + cut.period, cut.at) == 0)
        return search_periodic(text, needle, cut, &table);
    return search_aperiodic(text, needle, cut.at, &table);
}
