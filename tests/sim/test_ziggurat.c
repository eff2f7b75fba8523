#include "sim/rng.h"
#include "sim/ziggurat.h"
#include "tests/check.h"
#include "tests/sim/ks.h"

#include <gsl/gsl_cdf.h>
#include <inttypes.h>

enum { N = 200000 };

static double exponential_cdf(const void *about, double x)
{
    (void)about;
    return gsl_cdf_exponential_P(x, 1);
}

static double normal_cdf(const void *about, double x)
{
    (void)about;
    return gsl_cdf_ugaussian_P(x);
}

/* Beyond the edge in *about. */
static double exponential_tail_cdf(const void *about, double x)
{
    return gsl_cdf_exponential_P(x - *(const double *)about, 1);
}

static double normal_tail_cdf(const void *about, double x)
{
    return 1 - gsl_cdf_ugaussian_Q(x) / gsl_cdf_ugaussian_Q(*(const double *)about);
}

static void test_bodies(void **unused)
{
    (void)unused;
    g_autofree double *sample = g_new(double, N);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        for (unsigned i = 0; i < N; i++)
            sample[i] = (double)gd_exp_q58(gd_mix_n(seed, i)) * 0x1p-58;
        double d = ks_statistic(sample, N, exponential_cdf, NULL, false);
        check_that(d < KS_BOUND, "exponential, seed %" PRIu64 ": %g", seed, d);
        for (unsigned i = 0; i < N; i++)
            sample[i] = (double)gd_normal_q58(gd_mix_n(seed, i)) * 0x1p-58;
        d = ks_statistic(sample, N, normal_cdf, NULL, false);
        check_that(d < KS_BOUND, "normal, seed %" PRIu64 ": %g", seed, d);
    }
}

/* A draw of layer 0 that is not inside: one in 2,000 of the exponential's, one in 4,000 of the
 * normal's, made to order. Bit 8, the sign, is cleared. */
static uint64_t tail_draw(const gd_ziggurat_row *row, uint64_t u)
{
    uint64_t draw = row->inside + gd_below(u, 0 - row->inside);
    draw &= ~UINT64_C(511);
    return draw < row->inside ? draw + 512 : draw;
}

static void test_tails(void **unused)
{
    (void)unused;
    g_autofree double *sample = g_new(double, N);
    double edge = (double)gd_exp_rows[1].width * 0x1p-58;
    for (unsigned i = 0; i < N; i++)
        sample[i] = (double)gd_exp_q58(tail_draw(&gd_exp_rows[0], gd_mix_n(11, i))) * 0x1p-58;
    double d = ks_statistic(sample, N, exponential_tail_cdf, &edge, false);
    check_that(sample[0] >= edge && d < KS_BOUND, "exponential beyond %g: %g", edge, d);

    edge = (double)gd_normal_rows[1].width * 0x1p-58;
    for (unsigned i = 0; i < N; i++)
        sample[i] = (double)gd_normal_q58(tail_draw(&gd_normal_rows[0], gd_mix_n(12, i))) * 0x1p-58;
    d = ks_statistic(sample, N, normal_tail_cdf, &edge, false);
    check_that(sample[0] >= edge && d < KS_BOUND, "normal beyond %g: %g", edge, d);
}

/* Every layer has the same area: with r the base's edge, (r + 1) e^-r for the exponential. */
static void test_layers_have_one_area(void **unused)
{
    (void)unused;
    double r = (double)gd_exp_rows[1].width * 0x1p-58, area = (r + 1) * exp(-r);
    check_that(fabs(r - 7.69711747013104972) < 1e-15, "the published edge, %.17g", r);
    for (unsigned i = 1; i < 256; i++) {
        double x = (double)gd_exp_rows[i].width * 0x1p-58;
        double next = i == 255 ? 0 : (double)gd_exp_rows[i + 1].width * 0x1p-58;
        check_that(fabs(x * (exp(-next) - exp(-x)) / area - 1) < 1e-12, "exponential layer %u", i);
        check_that(fabs((double)gd_exp_rows[i].inside * 0x1p-64 - next / x) < 1e-15, "row %u", i);
    }
    r = (double)gd_normal_rows[1].width * 0x1p-58;
    area = r * exp(-r * r / 2) + sqrt(2 * M_PI) * gsl_cdf_ugaussian_Q(r);
    check_that(fabs(r - 3.6541528853610088) < 1e-15, "the published edge, %.17g", r);
    for (unsigned i = 1; i < 256; i++) {
        double x = (double)gd_normal_rows[i].width * 0x1p-58;
        double next = i == 255 ? 0 : (double)gd_normal_rows[i + 1].width * 0x1p-58;
        double height = exp(-next * next / 2) - exp(-x * x / 2);
        check_that(fabs(x * height / area - 1) < 1e-12, "normal layer %u", i);
        check_that(fabs((double)gd_normal_rows[i].inside * 0x1p-64 - next / x) < 1e-15, "row %u",
                   i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_tails),
        cmocka_unit_test(test_layers_have_one_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
