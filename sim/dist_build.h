/* Shared by dist.c, which samples, and the files that build what it samples from. Not installed.
 *
 * What a gd_dist holds, by kind (Qn: the integer is the number x 2^n):
 *   constant          a value
 *   uniform           a low, b how many values (high - low + 1)
 *   exponential       a, shift: the mean for gd_scale_q58
 *   lognormal         a log2 of the median Q57, b sigma / ln 2 Q57
 *   normal            a mean, b standard deviation
 *   erlang, n > 0     n stages, a, shift: 16 x the mean of one, for a sum in Q54
 *   erlang, gamma     a, shift: scale for v in Q54; b 1 / (3 sqrt d) Q62, c d Q40, and for a shape
 *                     below 1 the table {log2 of the scale Q57, 1 / (shape x ln 2) Q56}
 *   weibull           a log2 of the scale Q57, b 1 / shape Q56
 *   pareto            a log2 of the lower bound Q57, b 1 / (shape x ln 2) Q56, c upper bound or 0;
 *                     bounded: the table {1 - (low / high)^shape Q64}
 *   hyperexponential  table: n tops, n mantissas, n shifts
 *   geometric         a, shift: 1 / -ln(1 - 1/mean)
 *   zipf              table: n tops, then 2^(64 - shift) + 1 guides of 32 bits
 *   mixture           table: n tops; n parts
 *   empirical         table: n values in ascending order, then n tops unless all weigh the same (a
 * = 0) quantiles         table: n rows {z Q58, log2 of the value Q57, slope to the next Q40}; b
 * lower and c upper bound A top is the highest 64-bit draw that chooses an entry or one before it.
 */
#pragma once

#include "sim/dist.h"

/* The first of n entries whose top is not below u. */
static inline uint32_t gd_top_find(const uint64_t *tops, uint32_t low, uint32_t high, uint64_t u)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tops[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sets the error and returns false, so that a check is one line. */
bool gd_dist_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

typedef bool gd_dist_builder(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out,
                             GError **error);
gd_dist_builder gd_dist_build_gamma, gd_dist_build_erlang;   /* dist_gamma.c */
gd_dist_builder gd_dist_build_zipf, gd_dist_build_empirical; /* dist_table.c */
gd_dist_builder gd_dist_build_hyperexponential, gd_dist_build_mixture;
gd_dist_builder gd_dist_build_quantiles;
int64_t gd_dist_sample_gamma(const gd_dist *dist, uint64_t u);
