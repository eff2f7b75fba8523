/* Kolmogorov and Smirnov's test of a sample against a distribution function.
 *
 * The bound on D sqrt(n) is 2.7: the limit law 2 exp(-2 x^2) passes it once in 10^6 samples, so the
 * 150 or so of all these tests together would raise one false alarm in 6,000 sets of seeds. The
 * seeds are fixed, so they never flicker.
 */
#pragma once

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#define KS_BOUND 2.7

typedef double ks_cdf(const void *about, double x);

static inline int ks_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* D sqrt(n). Sorts the sample. Where equal values stand for a step of the distribution (discrete),
 * only the height after the step is compared. */
static inline double ks_statistic(double *sample, size_t n, ks_cdf *cdf, const void *about,
                                  bool discrete)
{
    double distance = 0;
    qsort(sample, n, sizeof *sample, ks_compare);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && sample[end] == sample[i];)
            end++;
        double p = cdf(about, sample[i]);
        distance = fmax(distance, fabs((double)end / (double)n - p));
        if (!discrete)
            distance = fmax(distance, fabs(p - (double)i / (double)n));
    }
    return distance * sqrt((double)n);
}
