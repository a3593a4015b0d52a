#include "base/siphash.h"

#include <sys/random.h>

static uint64_t key[2];

/* When the object is loaded: nothing to ask at each hash. */
__attribute__((constructor)) static void draw_key(void)
{
    /* Without randomness the key stays 0: slower under attack, never wrong. */
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        key[0] = key[1] = 0;
}

static inline uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void round_once(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void begin(uint64_t v[4])
{
    v[0] = key[0] ^ 0x736f6d6570736575u;
    v[1] = key[1] ^ 0x646f72616e646f6du;
    v[2] = key[0] ^ 0x6c7967656e657261u;
    v[3] = key[1] ^ 0x7465646279746573u;
}

static inline void add(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_once(v);
    v[0] ^= word;
}

static inline uint64_t finish(uint64_t v[4])
{
    v[2] ^= 0xff;
    round_once(v);
    round_once(v);
    round_once(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t vmh_siphash(vmh_bytes bytes)
{
    uint64_t v[4];
    uint64_t last = (uint64_t)bytes.size << 56;
    size_t whole = bytes.size & ~(size_t)7;

    begin(v);
    for (size_t i = 0; i < whole; i += 8)
        add(v, vmh_get_u64_le(bytes.data + i));
    for (size_t i = whole; i < bytes.size; i++)
        last |= (uint64_t)bytes.data[i] << (8 * (i - whole));
    add(v, last);
    return finish(v);
}

uint64_t vmh_siphash_u64(uint64_t value)
{
    uint64_t v[4];

    begin(v);
    add(v, value);
    add(v, (uint64_t)sizeof value << 56);
    return finish(v);
}
