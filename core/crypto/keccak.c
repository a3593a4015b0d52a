/*
 * The Keccak-f[1600] permutation and the two sponges of 256 bits over it. They
 * differ in one byte: SHA3-256 (FIPS 202) puts the bits 01 in front of the
 * padding, the original Keccak nothing.
 */
/* 25 lanes do not fit the registers: how they are scheduled is half of the time. */
#pragma GCC optimize("O3")

#include "crypto/digest.h"

enum { RATE = 136, LANES = RATE / 8, ROUNDS = 24 };

static const uint64_t round_constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t rotate(uint64_t lane, unsigned bits)
{
    return lane << bits | lane >> (64 - bits);
}

/*
 * Lane (x, y) is a[x + 5 * y]. Every index is a constant, so that the compiler
 * keeps the lanes in registers.
 */
#define COLUMN(a, x) ((a)[x] ^ (a)[(x) + 5] ^ (a)[(x) + 10] ^ (a)[(x) + 15] ^ (a)[(x) + 20])

#define CHI(out, y, b0, b1, b2, b3, b4)       \
    do {                                      \
        (out)[5 * (y)] = b0 ^ (~b1 & b2);     \
        (out)[5 * (y) + 1] = b1 ^ (~b2 & b3); \
        (out)[5 * (y) + 2] = b2 ^ (~b3 & b4); \
        (out)[5 * (y) + 3] = b3 ^ (~b4 & b0); \
        (out)[5 * (y) + 4] = b4 ^ (~b0 & b1); \
    } while (0)

static inline void round_once(const uint64_t a[25], uint64_t e[25], uint64_t constant)
{
    uint64_t c0 = COLUMN(a, 0), c1 = COLUMN(a, 1), c2 = COLUMN(a, 2), c3 = COLUMN(a, 3),
             c4 = COLUMN(a, 4);
    uint64_t d0 = c4 ^ rotate(c1, 1), d1 = c0 ^ rotate(c2, 1), d2 = c1 ^ rotate(c3, 1),
             d3 = c2 ^ rotate(c4, 1), d4 = c3 ^ rotate(c0, 1);
    uint64_t b0, b1, b2, b3, b4;

    b0 = a[0] ^ d0;
    b1 = rotate(a[6] ^ d1, 44);
    b2 = rotate(a[12] ^ d2, 43);
    b3 = rotate(a[18] ^ d3, 21);
    b4 = rotate(a[24] ^ d4, 14);
    CHI(e, 0, b0, b1, b2, b3, b4);
    e[0] ^= constant;

    b0 = rotate(a[3] ^ d3, 28);
    b1 = rotate(a[9] ^ d4, 20);
    b2 = rotate(a[10] ^ d0, 3);
    b3 = rotate(a[16] ^ d1, 45);
    b4 = rotate(a[22] ^ d2, 61);
    CHI(e, 1, b0, b1, b2, b3, b4);

    b0 = rotate(a[1] ^ d1, 1);
    b1 = rotate(a[7] ^ d2, 6);
    b2 = rotate(a[13] ^ d3, 25);
    b3 = rotate(a[19] ^ d4, 8);
    b4 = rotate(a[20] ^ d0, 18);
    CHI(e, 2, b0, b1, b2, b3, b4);

    b0 = rotate(a[4] ^ d4, 27);
    b1 = rotate(a[5] ^ d0, 36);
    b2 = rotate(a[11] ^ d1, 10);
    b3 = rotate(a[17] ^ d2, 15);
    b4 = rotate(a[23] ^ d3, 56);
    CHI(e, 3, b0, b1, b2, b3, b4);

    b0 = rotate(a[2] ^ d2, 62);
    b1 = rotate(a[8] ^ d3, 55);
    b2 = rotate(a[14] ^ d4, 39);
    b3 = rotate(a[15] ^ d0, 41);
    b4 = rotate(a[21] ^ d1, 2);
    CHI(e, 4, b0, b1, b2, b3, b4);
}

static inline __attribute__((always_inline)) void permute_lanes(uint64_t lanes[25])
{
    uint64_t a[25], e[25];

    memcpy(a, lanes, sizeof a);
    for (int i = 0; i < ROUNDS; i += 2) {
        round_once(a, e, round_constants[i]);
        round_once(e, a, round_constants[i + 1]);
    }
    memcpy(lanes, a, sizeof a);
}

static void permute_anywhere(uint64_t lanes[25])
{
    permute_lanes(lanes);
}

#ifdef __x86_64__
/* ANDN and a rotation into another register save a fifth of the instructions. */
__attribute__((target("bmi,bmi2"))) static void permute_with_bmi(uint64_t lanes[25])
{
    permute_lanes(lanes);
}

static void permute(uint64_t lanes[25])
{
    if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        permute_with_bmi(lanes);
    else
        permute_anywhere(lanes);
}
#else
static void permute(uint64_t lanes[25])
{
    permute_anywhere(lanes);
}
#endif

static void absorb(uint64_t lanes[25], const uint8_t block[RATE])
{
    for (int i = 0; i < LANES; i++)
        lanes[i] ^= vmh_get_u64_le(block + 8 * i);
    permute(lanes);
}

static void sponge(vmh_bytes input, uint8_t suffix, vmh_hash32 *out)
{
    uint64_t lanes[25] = {0};
    uint8_t last[RATE] = {0};

    while (input.size >= RATE) {
        absorb(lanes, input.data);
        input = vmh_bytes_of(input.data + RATE, input.size - RATE);
    }
    if (input.size > 0)
        memcpy(last, input.data, input.size);
    last[input.size] = suffix;
    last[RATE - 1] |= 0x80;
    absorb(lanes, last);
    for (int i = 0; i < 4; i++)
        vmh_put_u64_le(out->bytes + 8 * i, lanes[i]);
}

void vmh_keccak256(vmh_bytes input, vmh_hash32 *out)
{
    sponge(input, 0x01, out);
}

void vmh_sha3_256(vmh_bytes input, vmh_hash32 *out)
{
    sponge(input, 0x06, out);
}
