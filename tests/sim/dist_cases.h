/* The distributions that the tests of sim/dist.h share: how each is said, and what GSL, or a plain
 * definition where GSL has none, says of it with parameters worked out here, not in sim/. */
#pragma once

#include "sim/dist.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define ONE GD_SHARE_ONE

typedef struct dist_case dist_case;
struct dist_case {
    const char *name;
    gd_dist_spec spec;
    double (*cdf)(const dist_case *, double x); /* P(value <= x) */
    double a, b, c;                             /* parameters of cdf */
    bool discrete;
    bool wild;          /* its fourth moment is infinite: no test of the variance */
    const char *digest; /* of 10^5 draws: tests/sim/test_dist.c says of which */
};

static inline double uniform_cdf(const dist_case *it, double x)
{
    return fmin(fmax((floor(x) - it->a + 1) / (it->b - it->a + 1), 0), 1);
}

static inline double exponential_cdf(const dist_case *it, double x)
{
    return gsl_cdf_exponential_P(x, it->a);
}

static inline double lognormal_cdf(const dist_case *it, double x)
{
    return gsl_cdf_lognormal_P(x, it->a, it->b);
}

static inline double normal_cdf(const dist_case *it, double x)
{
    return x < 0 ? 0 : gsl_cdf_gaussian_P(x - it->a, it->b);
}

static inline double gamma_cdf(const dist_case *it, double x)
{
    return gsl_cdf_gamma_P(x, it->a, it->b);
}

static inline double weibull_cdf(const dist_case *it, double x)
{
    return gsl_cdf_weibull_P(x, it->a, it->b);
}

static inline double pareto_cdf(const dist_case *it, double x)
{
    if (it->c > 0)
        return x >= it->c
                   ? 1
                   : gsl_cdf_pareto_P(x, it->a, it->b) / gsl_cdf_pareto_P(it->c, it->a, it->b);
    return gsl_cdf_pareto_P(x, it->a, it->b);
}

static inline double hyperexponential_cdf(const dist_case *it, double x)
{
    return it->c * gsl_cdf_exponential_P(x, it->a) + (1 - it->c) * gsl_cdf_exponential_P(x, it->b);
}

static inline double geometric_cdf(const dist_case *it, double x)
{
    return gsl_cdf_geometric_P((unsigned)x, it->a);
}

/* a = n, b = s, c = the sum of all weights; adds up to x each time, so n stays small here. */
static inline double zipf_cdf(const dist_case *it, double x)
{
    double sum = 0;
    for (int k = (int)fmin(x, it->a); k >= 1; k--)
        sum += pow(k, -it->b);
    return sum / it->c;
}

static inline double mixture_cdf(const dist_case *it, double x)
{
    (void)it;
    return 0.9 * (x >= 1e6) + 0.1 * gsl_cdf_exponential_P(x, 1e7);
}

static inline double empirical_cdf(const dist_case *it, double x)
{
    (void)it;
    return (x >= 100) * 0.2 + (x >= 250) * 0.5 + (x >= 900) * 0.3;
}

/* p50 6 ms, p95 18 ms, p99 25 ms: ln x is linear in z on both sides of p95. */
static inline double quantiles_cdf(const dist_case *it, double x)
{
    (void)it;
    double z95 = gsl_cdf_ugaussian_Pinv(0.95), z99 = gsl_cdf_ugaussian_Pinv(0.99);
    if (x < 18e6)
        return gsl_cdf_ugaussian_P(z95 * log(x / 6e6) / log(3));
    return gsl_cdf_ugaussian_P(z95 + (z99 - z95) * log(x / 18e6) / log(25.0 / 18));
}

static gd_share nine_to_one[] = {9 * ONE / 10, ONE / 10};
static int64_t branch_means[] = {GD_MS, 10 * GD_MS};
static gd_dist_spec slow_path[] = {
    {.kind = GD_DIST_CONSTANT, .value = GD_MS},
    {.kind = GD_DIST_EXPONENTIAL, .mean = 10 * GD_MS},
};
static int64_t measured[] = {900, 100, 77, 250};
static gd_share measured_weights[] = {3, 2, 0, 5};
static gd_share knots[] = {ONE / 2, 95 * ONE / 100, 99 * ONE / 100};
static int64_t knot_values[] = {6 * GD_MS, 18 * GD_MS, 25 * GD_MS};

static const dist_case dist_cases[] = {
    {.name = "uniform",
     .spec = {.kind = GD_DIST_UNIFORM, .low = GD_US, .high = 5 * GD_MS},
     .cdf = uniform_cdf,
     .a = 1e3,
     .b = 5e6,
     .digest = "b66b2f5514adfc77"},
    {.name = "die",
     .spec = {.kind = GD_DIST_UNIFORM, .low = 1, .high = 6},
     .cdf = uniform_cdf,
     .a = 1,
     .b = 6,
     .discrete = true,
     .digest = "c1670e1cf069ab8e"},
    {.name = "exponential",
     .spec = {.kind = GD_DIST_EXPONENTIAL, .mean = 5 * GD_MS},
     .cdf = exponential_cdf,
     .a = 5e6,
     .digest = "51c2e60fa9e1961c"},
    {.name = "exponential, 30 d",
     .spec = {.kind = GD_DIST_EXPONENTIAL, .mean = 30 * GD_DAY},
     .cdf = exponential_cdf,
     .a = 2592e12,
     .digest = "41e39fbcfdada64e"},
    {.name = "exponential, median",
     .spec = {.kind = GD_DIST_EXPONENTIAL, .median = 5 * GD_MS},
     .cdf = exponential_cdf,
     .a = 7213475.204444817,
     .digest = "014f8b70303956fd"},
    {.name = "lognormal",
     .spec = {.kind = GD_DIST_LOGNORMAL, .median = 5 * GD_MS, .p99 = 20 * GD_MS},
     .cdf = lognormal_cdf,
     .a = 15.424948470398375,
     .b = 0.5959101717284923,
     .digest = "090378939b0cc00c"},
    {.name = "lognormal, cv",
     .spec = {.kind = GD_DIST_LOGNORMAL, .mean = 5 * GD_MS, .cv = 3 * ONE / 2},
     .cdf = lognormal_cdf,
     .a = 14.835620972227552,
     .b = 1.085658784490618,
     .digest = "6a1801ab950c38d8"},
    {.name = "lognormal, sigma",
     .spec = {.kind = GD_DIST_LOGNORMAL, .median = 5 * GD_MS, .sigma = ONE / 2},
     .cdf = lognormal_cdf,
     .a = 15.424948470398375,
     .b = 0.5,
     .digest = "be7448807376b4b9"},
    {.name = "normal",
     .spec = {.kind = GD_DIST_NORMAL, .mean = 5 * GD_MS, .sd = GD_MS},
     .cdf = normal_cdf,
     .a = 5e6,
     .b = 1e6,
     .digest = "2dc3d09c599c5532"},
    {.name = "normal, cut",
     .spec = {.kind = GD_DIST_NORMAL, .mean = 5 * GD_MS, .cv = ONE / 2},
     .cdf = normal_cdf,
     .a = 5e6,
     .b = 25e5,
     .discrete = true, /* at 0 */
     .digest = "9b06272a7299552e"},
    {.name = "erlang 3",
     .spec = {.kind = GD_DIST_ERLANG, .mean = 6 * GD_MS, .stages = 3},
     .cdf = gamma_cdf,
     .a = 3,
     .b = 2e6,
     .digest = "934e89c5e2c6de3a"},
    {.name = "erlang 16",
     .spec = {.kind = GD_DIST_ERLANG, .mean = 16 * GD_MS, .stages = 16},
     .cdf = gamma_cdf,
     .a = 16,
     .b = 1e6,
     .digest = "7ed779b97cff5091"},
    {.name = "erlang 40",
     .spec = {.kind = GD_DIST_ERLANG, .mean = 4 * GD_MS, .stages = 40},
     .cdf = gamma_cdf,
     .a = 40,
     .b = 1e5,
     .digest = "e64375eaff288ed1"},
    {.name = "gamma 1",
     .spec = {.kind = GD_DIST_GAMMA, .mean = 5 * GD_MS, .shape = ONE},
     .cdf = gamma_cdf,
     .a = 1,
     .b = 5e6,
     .digest = "7a742a74e0721a3a"},
    {.name = "gamma 2.5",
     .spec = {.kind = GD_DIST_GAMMA, .mean = 5 * GD_MS, .cv = 632455532},
     .cdf = gamma_cdf,
     .a = 2.5,
     .b = 2e6,
     .digest = "71c47f6bae695108"},
    {.name = "gamma 0.3",
     .spec = {.kind = GD_DIST_GAMMA, .mean = 3 * GD_S, .shape = 3 * ONE / 10},
     .cdf = gamma_cdf,
     .a = 0.3,
     .b = 1e10,
     .digest = "2193e304b52f3ae0"},
    {.name = "gamma 10000",
     .spec = {.kind = GD_DIST_GAMMA, .mean = 5 * GD_MS, .cv = ONE / 100},
     .cdf = gamma_cdf,
     .a = 1e4,
     .b = 500,
     .digest = "47c059f98bbd3b49"},
    {.name = "weibull 0.5",
     .spec = {.kind = GD_DIST_WEIBULL, .mean = 5 * GD_MS, .shape = ONE / 2},
     .cdf = weibull_cdf,
     .a = 25e5,
     .b = 0.5,
     .digest = "522062300b5b258a"},
    {.name = "weibull 2",
     .spec = {.kind = GD_DIST_WEIBULL, .median = 5 * GD_MS, .shape = 2 * ONE},
     .cdf = weibull_cdf,
     .a = 6005612.04393225,
     .b = 2,
     .digest = "b2e26891e4f7e810"},
    {.name = "pareto 2.5",
     .spec = {.kind = GD_DIST_PARETO, .min = 5 * GD_MS, .shape = 5 * ONE / 2},
     .cdf = pareto_cdf,
     .a = 2.5,
     .b = 5e6,
     .wild = true,
     .digest = "45e42e727f650243"},
    {.name = "pareto 5",
     .spec = {.kind = GD_DIST_PARETO, .mean = 5 * GD_MS, .shape = 5 * ONE},
     .cdf = pareto_cdf,
     .a = 5,
     .b = 4e6,
     .wild = true,
     .digest = "104b12dc6224329c"},
    {.name = "pareto 4, median",
     .spec = {.kind = GD_DIST_PARETO, .median = 5 * GD_MS, .shape = 4 * ONE},
     .cdf = pareto_cdf,
     .a = 4,
     .b = 4204482.076268573,
     .wild = true,
     .digest = "f1e78894c77b5241"},
    {.name = "pareto 1.1, bounded",
     .spec = {.kind = GD_DIST_PARETO, .min = GD_MS, .max = GD_S, .shape = 11 * ONE / 10},
     .cdf = pareto_cdf,
     .a = 1.1,
     .b = 1e6,
     .c = 1e9,
     .digest = "ea1d059825832a35"},
    {.name = "hyperexponential",
     .spec = {.kind = GD_DIST_HYPEREXPONENTIAL,
              .parts = 2,
              .weights = nine_to_one,
              .values = branch_means},
     .cdf = hyperexponential_cdf,
     .a = 1e6,
     .b = 1e7,
     .c = 0.9,
     .digest = "8fd96d3b8a2abccf"},
    {.name = "hyperexponential, cv",
     .spec = {.kind = GD_DIST_HYPEREXPONENTIAL, .mean = 5 * GD_MS, .cv = 3 * ONE},
     .cdf = hyperexponential_cdf,
     .a = 2639320.225002103,
     .b = 47360679.77499784,
     .c = 0.9472135954999579,
     .digest = "40ab26379324dbc6"},
    {.name = "geometric 3",
     .spec = {.kind = GD_DIST_GEOMETRIC, .mean_count = 3 * ONE},
     .cdf = geometric_cdf,
     .a = 1 / 3.0,
     .discrete = true,
     .digest = "296c830c00f45468"},
    {.name = "geometric 1.2",
     .spec = {.kind = GD_DIST_GEOMETRIC, .mean_count = 12 * ONE / 10},
     .cdf = geometric_cdf,
     .a = 1 / 1.2,
     .discrete = true,
     .digest = "edde0a4f7a97d335"},
    {.name = "geometric 5000",
     .spec = {.kind = GD_DIST_GEOMETRIC, .mean_count = 5000 * ONE},
     .cdf = geometric_cdf,
     .a = 1 / 5e3,
     .discrete = true,
     .digest = "09571d0fd29ab701"},
    {.name = "zipf 1000",
     .spec = {.kind = GD_DIST_ZIPF, .n = 1000, .s = ONE},
     .cdf = zipf_cdf,
     .a = 1000,
     .b = 1,
     .c = 7.485470860550341,
     .discrete = true,
     .digest = "b3ff6c7d9e7c5c52"},
    {.name = "zipf 100, 2.5",
     .spec = {.kind = GD_DIST_ZIPF, .n = 100, .s = 5 * ONE / 2},
     .cdf = zipf_cdf,
     .a = 100,
     .b = 2.5,
     .c = 1.340825569751464,
     .discrete = true,
     .digest = "9464068a87c5afd1"},
    {.name = "mixture",
     .spec = {.kind = GD_DIST_MIXTURE, .parts = 2, .weights = nine_to_one, .components = slow_path},
     .cdf = mixture_cdf,
     .discrete = true,
     .digest = "037af18d25117f24"},
    {.name = "empirical",
     .spec =
         {.kind = GD_DIST_EMPIRICAL, .parts = 4, .weights = measured_weights, .values = measured},
     .cdf = empirical_cdf,
     .discrete = true,
     .digest = "9b0d767fab50815a"},
    {.name = "quantiles",
     .spec = {.kind = GD_DIST_QUANTILES, .parts = 3, .ps = knots, .values = knot_values},
     .cdf = quantiles_cdf,
     .digest = "8d47966a17f80f34"},
};
