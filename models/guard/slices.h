/* Sums over a sliding span of time, in slices: what rolling windows of real clients are. A slice
 * that has left the window takes its part of the sums with it; the window is `n` slices with the
 * one in progress, so it is up to one slice shorter than the span that it stands for.
 */
#pragma once

#include "sim/units.h"

#include <stdint.h>

/* In a policy's state, followed by n x sums cells. All zero is an empty window at time 0. */
typedef struct {
    int64_t newest; /* number of the slice in progress: time / its length */
} gd_slices;

static inline uint32_t gd_slices_bytes(uint32_t n, uint32_t sums)
{
    return (uint32_t)sizeof(gd_slices) + n * sums * (uint32_t)sizeof(int64_t);
}

/* Moves to the slice of `now`, and gives its `sums` cells; `total` loses what has left. */
static inline int64_t *gd_slices_at(gd_slices *s, uint32_t n, uint32_t sums, gd_span slice,
                                    gd_time now, int64_t *total)
{
    int64_t *cells = (int64_t *)(s + 1), present = now / slice;
    if (present - s->newest >= (int64_t)n)
        s->newest = present - n; /* all of it is gone: visited once each */
    while (s->newest < present) {
        int64_t *old = &cells[(uint64_t)++s->newest % n * sums];
        for (uint32_t k = 0; k < sums; k++) {
            total[k] -= old[k];
            old[k] = 0;
        }
    }
    return &cells[(uint64_t)present % n * sums];
}
