/* A quantile of recent spans: two log-linear histograms, the newest half of a window and the older
 * one. Integers only, and no memory of its own: behind a gd_recent lie gd_recent_bytes. */
#include "models/guard/recent.h"

#include <string.h>

/* Log-linear: 32 buckets an octave, from 1 us to over an hour. A quantile is the upper edge of its
 * bucket: at most 1/32 too long. */
#define SUB_BITS 5u
#define LOWEST   10u /* 2^10 ns */
#define OCTAVES  33u
#define BUCKETS  ((OCTAVES + 1u) << SUB_BITS)

static unsigned bucket_of(gd_span latency)
{
    uint64_t x = (uint64_t)latency >> LOWEST;
    if (x < 1u << SUB_BITS)
        return (unsigned)x;
    unsigned octave = 63u - (unsigned)__builtin_clzll(x) - SUB_BITS;
    if (octave >= OCTAVES)
        return BUCKETS - 1;
    return ((octave + 1) << SUB_BITS) + (unsigned)((x >> octave) & ((1u << SUB_BITS) - 1));
}

static gd_span edge_of(unsigned bucket)
{
    unsigned octave = bucket >> SUB_BITS;
    uint64_t sub = bucket & ((1u << SUB_BITS) - 1);
    if (octave == 0)
        return (gd_span)((sub + 1) << LOWEST);
    return (gd_span)((sub + 1 + (UINT64_C(1) << SUB_BITS)) << (octave - 1 + LOWEST));
}

static uint32_t *counts_of(gd_recent *state)
{
    return (uint32_t *)(state + 1);
}

static void compute(const gd_recent_of *of, gd_recent *state)
{
    const uint32_t *a = counts_of(state), *b = a + BUCKETS;
    uint64_t n = (uint64_t)state->n[0] + state->n[1], below = 0;
    state->fresh = 0;
    state->value = 0;
    if (n < of->min_calls)
        return;
    /* The smallest edge with at least this share of answers below it. */
    for (unsigned i = 0; i < BUCKETS; i++) {
        below += a[i] + b[i];
        if ((gd_i128)below * GD_SHARE_ONE >= (gd_i128)n * of->share) {
            state->value = edge_of(i);
            return;
        }
    }
}

/* A window is two halves: the older one goes when the newest is full. */
static void turn(const gd_recent_of *of, gd_recent *state, gd_time now)
{
    gd_span half = of->window / 2;
    if (now - state->since < half)
        return;
    bool both = now - state->since >= 2 * half;
    state->newest ^= 1;
    for (unsigned i = 0; i < 2; i++) {
        if (i != state->newest && !both)
            continue;
        memset(counts_of(state) + i * BUCKETS, 0, BUCKETS * sizeof(uint32_t));
        state->n[i] = 0;
    }
    state->since = now;
    compute(of, state);
}

/* The percentile is computed anew for every so many answers: assumption, a compromise of freshness
 * and cost. */
#define EVERY 32u

uint32_t gd_recent_bytes(void)
{
    return (uint32_t)(sizeof(gd_recent) + 2 * BUCKETS * sizeof(uint32_t));
}

void gd_recent_add(gd_recent *state, const gd_recent_of *of, gd_time now, gd_span value)
{
    turn(of, state, now);
    counts_of(state)[state->newest * BUCKETS + bucket_of(value)]++;
    state->n[state->newest]++;
    if (++state->fresh >= EVERY || state->n[0] + state->n[1] == of->min_calls)
        compute(of, state);
}

gd_span gd_recent_get(gd_recent *state, const gd_recent_of *of, gd_time now)
{
    turn(of, state, now);
    return state->value;
}
