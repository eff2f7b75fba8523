/* Intervals against published values, and their coverage against the exact binomial law. */
#include "sim/stats/interval.h"
#include "tests/check.h"

#include <math.h>

static void check_interval(gd_interval got, double low, double high, double error, const char *name)
{
    check_that(fabs(got.low - low) < error && fabs(got.high - high) < error,
               "%s: [%.6f, %.6f], wanted [%.6f, %.6f]", name, got.low, got.high, low, high);
}

static void test_published(void **unused)
{
    (void)unused;
    /* R. G. Newcombe, Statistics in Medicine 17 (1998), table I: score without continuity
     * correction, and exact. */
    check_interval(gd_interval_wilson(81, 263, 0.95), 0.2553, 0.3662, 5e-5, "81/263, score");
    check_interval(gd_interval_exact(81, 263, 0.95), 0.2527, 0.3676, 5e-5, "81/263, exact");
    check_interval(gd_interval_wilson(15, 148, 0.95), 0.0624, 0.1605, 5e-5, "15/148, score");
    check_interval(gd_interval_exact(15, 148, 0.95), 0.0578, 0.1617, 5e-5, "15/148, exact");
    check_interval(gd_interval_wilson(0, 20, 0.95), 0, 0.1611, 5e-5, "0/20, score");
    check_interval(gd_interval_exact(0, 20, 0.95), 0, 0.1684, 5e-5, "0/20, exact");
    check_interval(gd_interval_wilson(1, 29, 0.95), 0.0061, 0.1718, 5e-5, "1/29, score");
    check_interval(gd_interval_exact(1, 29, 0.95), 0.0009, 0.1776, 5e-5, "1/29, exact");
    check_interval(gd_interval_exact(0, 100, 0.95), 0, 0.0362, 5e-5, "0/100, exact");
    check_that(fabs(gd_bound_zero(100, 0.95) - 0.02951) < 5e-6, "about 3/n");
}

static void test_edges(void **unused)
{
    (void)unused;
    check_interval(gd_interval_wilson(0, 0, 0.95), 0, 1, 0x1p-52, "nothing is known");
    check_interval(gd_interval_exact(0, 0, 0.95), 0, 1, 0x1p-52, "nothing is known");
    check_that(gd_bound_zero(0, 0.95) == 1, "nothing is known");
    check_that(gd_interval_wilson(50, 50, 0.95).high == 1, "all");
    check_that(gd_interval_exact(50, 50, 0.95).high == 1, "all");
    check_that(gd_interval_wilson(50, 50, 0.95).low < 1, "never sure");
    for (uint64_t n = 1; n <= 1000; n++)
        check_that(gd_interval_wilson(0, n, 0.95).low == 0 &&
                       gd_interval_exact(0, n, 0.95).low == 0,
                   "none of %d: exactly 0", (int)n);
    for (uint64_t hits = 0; hits <= 30; hits++) {
        gd_interval one = gd_interval_wilson(hits, 30, 0.95);
        gd_interval other = gd_interval_wilson(30 - hits, 30, 0.95);
        check_that(fabs(one.low + other.high - 1) < 1e-12, "%d: symmetric", (int)hits);
        gd_interval exact = gd_interval_exact(hits, 30, 0.95);
        double share = (double)hits / 30;
        check_that(one.low <= share && share <= one.high, "%d: holds the share", (int)hits);
        check_that(exact.low <= share && share <= exact.high, "%d: holds the share", (int)hits);
        check_that(gd_interval_exact(hits, 30, 0.99).high >= exact.high, "%d: surer is wider",
                   (int)hits);
    }
}

/* How often the interval holds the true share p, by the binomial law itself. */
static double coverage(gd_interval (*interval)(uint64_t, uint64_t, double), unsigned n, double p)
{
    double covered = 0, log_odds = log(p) - log1p(-p), base = n * log1p(-p);
    for (unsigned k = 0; k <= n; k++) {
        gd_interval i = interval(k, n, 0.95);
        double choose = lgamma(n + 1.) - lgamma(k + 1.) - lgamma(n - k + 1.);
        if (i.low <= p && p <= i.high)
            covered += exp(choose + k * log_odds + base);
    }
    return covered;
}

static void test_coverage(void **unused)
{
    (void)unused;
    double sum = 0;
    unsigned n = 0;
    for (double p = 0.02; p < 0.99; p += 0.01, n++) {
        double exact = coverage(gd_interval_exact, 50, p);
        check_that(exact >= 0.95, "exact at p = %g covers %g", p, exact);
        sum += coverage(gd_interval_wilson, 50, p);
    }
    check_that(fabs(sum / n - 0.95) < 0.01, "Wilson covers %g on average", sum / n);
}

static void test_mean(void **unused)
{
    (void)unused;
    /* 1 … 5: deviation sqrt(2.5), t(4) at 97.5 % is 2.7764451. */
    static const double values[] = {1, 2, 3, 4, 5};
    double half = 2.7764451052 * sqrt(2.5) / sqrt(5);
    check_interval(gd_interval_mean(values, 5, 0.95), 3 - half, 3 + half, 1e-8, "1 to 5");
    check_that(isinf(gd_interval_mean(values, 1, 0.95).high), "one value proves nothing");
    check_that(isinf(gd_interval_mean(values, 0, 0.95).low), "nor does none");
    static const double equal[] = {0.1, 0.1, 0.1};
    check_interval(gd_interval_mean(equal, 3, 0.95), 0.1, 0.1, 0x1p-52, "no spread");
}

static void test_moments(void **unused)
{
    (void)unused;
    /* Welford: a large offset costs no digits. */
    double values[1000];
    for (unsigned i = 0; i < 1000; i++)
        values[i] = 1e9 + i % 2;
    gd_moments moments = gd_moments_of(values, 1000);
    check_that(moments.n == 1000 && fabs(moments.mean - (1e9 + 0.5)) < 1e-6, "%.9g", moments.mean);
    check_that(fabs(moments.deviation - sqrt(250. / 999)) < 1e-9, "%.12g", moments.deviation);
    check_that(gd_moments_of(values, 1).deviation == 0, "one value has no spread");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_coverage),  cmocka_unit_test(test_mean),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
