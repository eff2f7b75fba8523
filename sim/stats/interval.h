/* Inference after runs: how sure a number is. GSL gives the quantile functions; nothing here is
 * used between a seed and an event.
 *
 * Sources: E. B. Wilson, JASA 22 (1927) for a share; C. J. Clopper and E. S. Pearson, Biometrika 26
 * (1934) for a share whose coverage must not fall below its name; Student (1908) for a mean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    double low, high;
} gd_interval;

#define GD_CONFIDENCE_95  0.95
#define GD_CONFIDENCE_1E6 0.999999 /* tests against theory: one false alarm in a million */

/* A share of `hits` in `n`, by Wilson's score interval; [0, 1] when n is 0. */
gd_interval gd_interval_wilson(uint64_t hits, uint64_t n, double confidence);
/* The same by Clopper and Pearson, from the beta distribution: never covers less than it says. Of 0
 * hits the one-sided bound is wanted: gd_bound_zero. */
gd_interval gd_interval_exact(uint64_t hits, uint64_t n, double confidence);
/* One-sided upper bound of a share of which n tries showed none: about 3/n at 95 %. */
double gd_bound_zero(uint64_t n, double confidence);

/* The mean of independent replications, Student's t with n - 1 degrees; infinite when n < 2. */
gd_interval gd_interval_mean(const double *values, size_t n, double confidence);

typedef struct {
    size_t n;
    double mean, deviation; /* sample standard deviation (n - 1); 0 when n < 2 */
} gd_moments;

/* In the order given, by Welford's sums: the same bits wherever it runs. */
gd_moments gd_moments_of(const double *values, size_t n);
