#include "sim/stats/interval.h"

#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

/* Two-sided: the quantile that leaves (1 - confidence) / 2 above it. */
static double upper_tail(double confidence)
{
    g_assert(confidence > 0 && confidence < 1);
    return (1 - confidence) / 2;
}

gd_interval gd_interval_wilson(uint64_t hits, uint64_t n, double confidence)
{
    g_assert(hits <= n);
    if (n == 0)
        return (gd_interval){0, 1};

    double tries = (double)n, share = (double)hits / tries;
    double z = gsl_cdf_ugaussian_Qinv(upper_tail(confidence)), zz = z * z;
    double centre = (share + zz / (2 * tries)) / (1 + zz / tries);
    double half =
        z / (1 + zz / tries) * sqrt(share * (1 - share) / tries + zz / (4 * tries * tries));
    return (gd_interval){
        .low = hits == 0 ? 0 : fmax(0, centre - half),
        .high = hits == n ? 1 : fmin(1, centre + half),
    };
}

gd_interval gd_interval_exact(uint64_t hits, uint64_t n, double confidence)
{
    g_assert(hits <= n);
    if (n == 0)
        return (gd_interval){0, 1};

    double tail = upper_tail(confidence), k = (double)hits, misses = (double)(n - hits);
    return (gd_interval){
        .low = hits == 0 ? 0 : gsl_cdf_beta_Pinv(tail, k, misses + 1),
        .high = hits == n ? 1 : gsl_cdf_beta_Qinv(tail, k + 1, misses),
    };
}

double gd_bound_zero(uint64_t n, double confidence)
{
    g_assert(confidence > 0 && confidence < 1);
    return n == 0 ? 1 : -expm1(log1p(-confidence) / (double)n);
}

gd_interval gd_interval_mean(const double *values, size_t n, double confidence)
{
    if (n < 2)
        return (gd_interval){-INFINITY, INFINITY};

    gd_moments moments = gd_moments_of(values, n);
    double half = gsl_cdf_tdist_Qinv(upper_tail(confidence), (double)(n - 1)) * moments.deviation /
                  sqrt((double)n);
    return (gd_interval){moments.mean - half, moments.mean + half};
}

gd_moments gd_moments_of(const double *values, size_t n)
{
    gd_moments moments = {.n = n};
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        double step = values[i] - moments.mean;
        moments.mean += step / (double)(i + 1);
        squares += step * (values[i] - moments.mean);
    }
    moments.deviation = n < 2 ? 0 : sqrt(squares / (double)(n - 1));
    return moments;
}
