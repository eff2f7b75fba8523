#include "tests/check.h"
#include "tests/sim/dist_cases.h"
#include "tests/sim/ks.h"

#include <inttypes.h>

enum { SORTED = 100000, SEEDS = 3, COUNTED = 2000000 };

/* Five standard deviations, one in 1.7 million: the seeds are fixed, so nothing flickers. */
#define Z_BOUND 5.0

static gd_dist build(gd_arena *arena, const dist_case *it)
{
    gd_dist dist;
    g_autoptr(GError) error = NULL;
    bool ok = gd_dist_build(&it->spec, arena, &dist, &error);
    check_that(ok, "%s: %s", it->name, error ? error->message : "");
    return dist;
}

static double case_cdf(const void *about, double x)
{
    const dist_case *it = about;
    return it->cdf(it, x);
}

static void test_kolmogorov_smirnov(void **unused)
{
    (void)unused;
    g_autofree double *sample = g_new(double, SORTED);
    for (size_t i = 0; i < G_N_ELEMENTS(dist_cases); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist dist = build(arena, &dist_cases[i]);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            uint64_t key = gd_mix(gd_run_key(seed), gd_hash_text("work"));
            for (unsigned k = 0; k < SORTED; k++)
                sample[k] = (double)gd_dist_sample(&dist, gd_mix_n(key, k));
            double d =
                ks_statistic(sample, SORTED, case_cdf, &dist_cases[i], dist_cases[i].discrete);
            check_that(d < KS_BOUND, "%s, seed %" PRIu64 ": D sqrt(n) = %g", dist_cases[i].name,
                       seed, d);
        }
    }
}

/* E X and E X^2 from the distribution function: the integrals of 1 - F and of 2x (1 - F). Discrete
 * ones by the midpoint between whole numbers, the others in steps of e^(1/2000). */
static void integrate(const dist_case *it, double *mean, double *square)
{
    *mean = *square = 0;
    if (it->discrete && it->cdf(it, 200000) > 1 - 1e-15) {
        for (int k = 0; k < 200000; k++) {
            double above = 1 - it->cdf(it, k);
            *mean += above;
            *square += (2.0 * k + 1) * above;
        }
        return;
    }
    const double step = 1 / 2000.0;
    for (int i = 0; i * step < 63 * M_LN2; i++) { /* below 1 the integrand is 1 - F(1) */
        double x = exp((i + 0.5) * step), width = x * step, above = 1 - it->cdf(it, x);
        *mean += above * width;
        *square += 2 * x * above * width;
    }
    *mean += 1;
}

static void test_moments(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(dist_cases); i++) {
        const dist_case *it = &dist_cases[i];
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist dist = build(arena, it);
        double mean, square, sum = 0, sum2 = 0, sum4 = 0;
        integrate(it, &mean, &square);
        for (unsigned k = 0; k < COUNTED; k++) {
            double off = (double)gd_dist_sample(&dist, gd_mix_n(gd_run_key(4), k)) - mean;
            sum += off;
            sum2 += off * off;
            sum4 += off * off * off * off;
        }
        double variance = sum2 / COUNTED, error = sqrt(variance / COUNTED);
        double z = sum / COUNTED / error;
        check_that(fabs(z) < Z_BOUND, "%s: mean %g, off by %g standard errors", it->name, mean, z);
        check_that(error < mean / 50, "%s: too wide to prove anything", it->name);
        if (it->wild)
            continue;
        double wanted = square - mean * mean;
        error = sqrt((sum4 / COUNTED - variance * variance) / COUNTED);
        z = (variance - wanted) / error;
        check_that(fabs(z) < Z_BOUND, "%s: variance %g, off by %g standard errors", it->name,
                   wanted, z);
        check_that(error < wanted / 10, "%s: too wide to prove anything", it->name);
    }
}

/* How many of two million lie beyond a quantile: within Z_BOUND of the binomial's. At p99.99 that
 * is 200 +- 71. A discrete one is counted beyond the value where its quantile lies. */
static void test_tails(void **unused)
{
    (void)unused;
    static const double levels[] = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};
    g_autofree int64_t *sample = g_new(int64_t, COUNTED);
    for (size_t i = 0; i < G_N_ELEMENTS(dist_cases); i++) {
        const dist_case *it = &dist_cases[i];
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist dist = build(arena, it);
        for (unsigned k = 0; k < COUNTED; k++)
            sample[k] = gd_dist_sample(&dist, gd_mix_n(gd_run_key(5), k));
        for (size_t l = 0; l < G_N_ELEMENTS(levels); l++) {
            int64_t at = (int64_t)floor(gd_dist_get_quantile(&it->spec, levels[l]) + 1e-6);
            double share = 1 - it->cdf(it, (double)at + (it->discrete ? 0 : 0.5));
            unsigned beyond = 0;
            for (unsigned k = 0; k < COUNTED; k++)
                beyond += sample[k] > at;
            check_that(it->discrete || fabs(share / (1 - levels[l]) - 1) < 0.01,
                       "%s: quantile %g is at %g", it->name, levels[l], 1 - share);
            double sd = sqrt(COUNTED * share * (1 - share));
            check_that(fabs(beyond - COUNTED * share) <= Z_BOUND * sd + 1e-6,
                       "%s: %u beyond p%g, not %g", it->name, beyond, 100 * levels[l],
                       COUNTED * share);
        }
    }
}

/* The same bits from every compiler, option and machine. A change here changes every run. */
static void test_digests(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(dist_cases); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist dist = build(arena, &dist_cases[i]);
        uint64_t digest = 0;
        for (unsigned k = 0; k < 100000; k++)
            digest = gd_mix(digest, (uint64_t)gd_dist_sample(&dist, gd_mix_n(gd_run_key(2026), k)));
        char text[17];
        snprintf(text, sizeof text, "%016" PRIx64, digest);
        check_text(text, dist_cases[i].digest, "%s", dist_cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kolmogorov_smirnov),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_tails),
        cmocka_unit_test(test_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
