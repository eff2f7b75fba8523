#include "sim/rng.h"

#include <string.h>

/* Fowler-Noll-Vo hash, 64 bits, variant 1a (draft-eastlake-fnv): offset basis and prime. */
#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x00000100000001B3)

/* Philox4x32's multipliers and Weyl constants: Random123, philox.h. */
#define PHILOX_M0     UINT64_C(0xD2511F53)
#define PHILOX_M1     UINT64_C(0xCD9E8D57)
#define PHILOX_W0     UINT32_C(0x9E3779B9)
#define PHILOX_W1     UINT32_C(0xBB67AE85)
#define PHILOX_ROUNDS 10

uint64_t gd_hash(const char *bytes, size_t length)
{
    uint64_t h = FNV_BASIS;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)bytes[i]) * FNV_PRIME;
    return gd_fin(h);
}

uint64_t gd_hash_text(const char *text)
{
    return gd_hash(text, strlen(text));
}

void gd_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t p0 = PHILOX_M0 * c0;
        uint64_t p1 = PHILOX_M1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t gd_run_key(uint64_t seed)
{
    const uint32_t counter[4] = {0};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t out[4];
    gd_philox(counter, key, out);
    return (uint64_t)out[1] << 32 | out[0];
}
