/* A small histogram of times for what decides by a quantile of its recent samples. 64 buckets an
 * octave, and a bucket stands for its middle: a quantile is off by at most 1/128. */
#pragma once

#include "sim/units.h"

#include <string.h>

#define GD_WINDOW_SUB     6u
#define GD_WINDOW_OCTAVES 38u /* up to 2^43 ns, more than two hours; beyond, it says so much */
#define GD_WINDOW_BUCKETS (GD_WINDOW_OCTAVES << GD_WINDOW_SUB)

typedef struct {
    uint32_t count;
    uint32_t buckets[GD_WINDOW_BUCKETS];
} gd_window;

static inline void gd_window_clear(gd_window *w)
{
    if (w->count)
        memset(w, 0, sizeof *w);
}

/* value = mantissa x 2^octave with a mantissa of GD_WINDOW_SUB + 1 bits; the smallest are exact. */
static inline void gd_window_add(gd_window *w, gd_span value)
{
    uint64_t v = value > 0 ? (uint64_t)value : 0;
    unsigned octave = 0;
    while (v >> octave >> (GD_WINDOW_SUB + 1))
        octave++;
    uint64_t index = ((uint64_t)octave << GD_WINDOW_SUB) + (v >> octave);
    w->count++;
    w->buckets[index < GD_WINDOW_BUCKETS ? index : GD_WINDOW_BUCKETS - 1]++;
}

/* The value that a share of the samples does not pass; 0 when there are none. */
static inline gd_span gd_window_quantile(const gd_window *w, gd_share share)
{
    uint64_t rank = (uint64_t)(((gd_i128)w->count * share + GD_SHARE_ONE - 1) / GD_SHARE_ONE);
    uint64_t below = 0;
    for (unsigned i = 0; i < GD_WINDOW_BUCKETS; i++) {
        below += w->buckets[i];
        if (w->buckets[i] == 0 || below < rank)
            continue;
        unsigned octave = i >> GD_WINDOW_SUB ? (i >> GD_WINDOW_SUB) - 1 : 0;
        uint64_t low = (uint64_t)(i - (octave << GD_WINDOW_SUB)) << octave;
        return (gd_span)(low + ((UINT64_C(1) << octave) >> 1));
    }
    return 0;
}
