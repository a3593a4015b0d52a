/* BLAKE2b as in RFC 7693, without key, salt or tree. */
#include <assert.h>

#include "crypto/digest.h"

enum { BLOCK = 128, ROUNDS = 12 };

static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* Order of the message words in each round (RFC 7693, 2.7). */
static const uint8_t schedule[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word >> bits | word << (64 - bits);
}

#define MIX(a, b, c, d, x, y)    \
    do {                         \
        a += b + (x);            \
        d = rotate(d ^ a, 32);   \
        c += d;                  \
        b = rotate(b ^ c, 24);   \
        a += b + (y);            \
        d = rotate(d ^ a, 16);   \
        c += d;                  \
        b = rotate(b ^ c, 63);   \
    } while (0)

static inline void round_once(uint64_t v[16], const uint64_t m[16], const uint8_t order[16])
{
    MIX(v[0], v[4], v[8], v[12], m[order[0]], m[order[1]]);
    MIX(v[1], v[5], v[9], v[13], m[order[2]], m[order[3]]);
    MIX(v[2], v[6], v[10], v[14], m[order[4]], m[order[5]]);
    MIX(v[3], v[7], v[11], v[15], m[order[6]], m[order[7]]);
    MIX(v[0], v[5], v[10], v[15], m[order[8]], m[order[9]]);
    MIX(v[1], v[6], v[11], v[12], m[order[10]], m[order[11]]);
    MIX(v[2], v[7], v[8], v[13], m[order[12]], m[order[13]]);
    MIX(v[3], v[4], v[9], v[14], m[order[14]], m[order[15]]);
}

/* `counted` bytes were hashed with this block; 2^64 are never reached. */
static void compress(uint64_t h[8], const uint8_t block[BLOCK], uint64_t counted, bool last)
{
    uint64_t v[16], m[16];

    for (int i = 0; i < 16; i++)
        m[i] = vmh_get_u64_le(block + 8 * i);
    memcpy(v, h, 8 * sizeof *v);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= counted;
    if (last)
        v[14] = ~v[14];
    /* Unrolled, the order is known to the compiler and costs no loads. */
#pragma GCC unroll 12
    for (int i = 0; i < ROUNDS; i++)
        round_once(v, m, schedule[i]);
    for (int i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

void vmh_blake2b(vmh_bytes input, uint8_t *out, size_t out_size)
{
    uint64_t h[8];
    uint8_t last[BLOCK] = {0};
    uint8_t full[64];
    uint64_t counted = 0;

    assert(out_size >= 1 && out_size <= sizeof full);
    memcpy(h, initial, sizeof h);
    h[0] ^= 0x01010000 ^ out_size;
    while (input.size > BLOCK) {
        counted += BLOCK;
        compress(h, input.data, counted, false);
        input = vmh_bytes_of(input.data + BLOCK, input.size - BLOCK);
    }
    if (input.size > 0)
        memcpy(last, input.data, input.size);
    compress(h, last, counted + input.size, true);
    for (int i = 0; i < 8; i++)
        vmh_put_u64_le(full + 8 * i, h[i]);
    memcpy(out, full, out_size);
}
