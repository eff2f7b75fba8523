/* Addressed randomness: a draw is a function of names and ordinals, never of the order of events.
 *
 * gd_mix joins a key and a salt. With salt = i x GD_GOLDEN it is the i-th output of SplitMix64
 * (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014) seeded with
 * the key; salts of names are hashes. A run's key comes from its seed through Philox4x32-10
 * (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011). tests/sim/test_rng.c
 * holds both to their published known answers.
 */
#pragma once

#include "sim/units.h"

#define GD_GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/* SplitMix64's finaliser (Stafford's variant 13): a bijection of 64 bits. */
static inline uint64_t gd_fin(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* The key of what `salt` names below `key`, or the draw at that address: 64 uniform bits. */
static inline uint64_t gd_mix(uint64_t key, uint64_t salt)
{
    return gd_fin(key + salt);
}

/* The same for an ordinal: iteration, attempt, user. Ordinal 0 differs from the bare key. */
static inline uint64_t gd_mix_n(uint64_t key, uint64_t ordinal)
{
    return gd_fin(key + (ordinal + 1) * GD_GOLDEN);
}

/* The draw after `u` at the same address, where a sampler needs more than one. */
static inline uint64_t gd_next(uint64_t u)
{
    return gd_fin(u + GD_GOLDEN);
}

/* Uniform in [0, n): the high half of a product (bias below n / 2^64). */
static inline uint64_t gd_below(uint64_t u, uint64_t n)
{
    return (uint64_t)(((gd_u128)u * n) >> 64);
}

/* A name's salt: FNV-1a over its bytes, then finalised. Stable across versions and machines. */
uint64_t gd_hash(const char *bytes, size_t length);
uint64_t gd_hash_text(const char *text);

/* Philox4x32-10: counter and key in, four 32-bit words out. */
void gd_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The key that all of a run's names start from. */
uint64_t gd_run_key(uint64_t seed);
