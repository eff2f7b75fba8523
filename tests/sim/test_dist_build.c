#include "tests/check.h"
#include "tests/sim/dist_cases.h"

#include <inttypes.h>

static gd_share ps_2[] = {ONE / 2, 99 * ONE / 100};
static gd_share ps_tail[] = {0, ONE / 2, 999 * ONE / 1000, ONE};
static gd_share ps_down[] = {99 * ONE / 100, ONE / 2};
static gd_share ps_near[] = {ONE / 2, ONE / 2 + 1};
static gd_share ps_far[] = {ONE / 2, ONE + 1};
static gd_share ps_1[] = {ONE / 2, ONE};
static int64_t rising[] = {6 * GD_MS, 25 * GD_MS};
static int64_t falling[] = {25 * GD_MS, 6 * GD_MS};
static int64_t from_zero[] = {0, 25 * GD_MS};
static int64_t tail_values[] = {2 * GD_MS, 10 * GD_MS, 2 * GD_S, 5 * GD_S};
static int64_t huge[] = {1, GD_NEVER};
static int64_t negative[] = {-1, 5};
static gd_share zero_weights[] = {0, 0};
static gd_share one_negative[] = {2, -1};
static gd_dist_spec bad_part[] = {
    {.kind = GD_DIST_CONSTANT, .value = 1},
    {.kind = GD_DIST_EXPONENTIAL},
};

/* What contradicts itself, and a part of what is said about it. */
static const struct {
    const char *wanted;
    gd_dist_spec spec;
} errors[] = {
    {"must not be negative", {.kind = GD_DIST_CONSTANT, .value = -1}},
    {"swap them", {.kind = GD_DIST_UNIFORM, .low = 2, .high = 1}},
    {"needs low", {.kind = GD_DIST_UNIFORM}},
    {"mean or median", {.kind = GD_DIST_EXPONENTIAL}},
    {"mean or median", {.kind = GD_DIST_EXPONENTIAL, .mean = 1, .median = 1}},
    {"mean or median", {.kind = GD_DIST_EXPONENTIAL, .mean = -5}},
    {"median is above its p99; swap", {.kind = GD_DIST_LOGNORMAL, .median = 20, .p99 = 5}},
    {"that is a constant", {.kind = GD_DIST_LOGNORMAL, .median = 20, .p99 = 20}},
    {"exactly one of", {.kind = GD_DIST_LOGNORMAL, .median = 20}},
    {"exactly one of", {.kind = GD_DIST_LOGNORMAL, .mean = 20, .p99 = 50}},
    {"exactly one of", {.kind = GD_DIST_LOGNORMAL, .mean = 20, .median = 10, .cv = ONE}},
    {"exactly one of", {.kind = GD_DIST_LOGNORMAL, .median = 5, .p99 = 20, .sigma = ONE}},
    {"exactly one of", {.kind = GD_DIST_LOGNORMAL, .cv = ONE}},
    {"above 0", {.kind = GD_DIST_LOGNORMAL, .mean = 20, .cv = -ONE}},
    {"at most 1000", {.kind = GD_DIST_LOGNORMAL, .mean = 20, .cv = 1001 * ONE}},
    {"does not fit in 63 bits", {.kind = GD_DIST_LOGNORMAL, .median = GD_S, .sigma = 11 * ONE}},
    {"spread is too large", {.kind = GD_DIST_LOGNORMAL, .median = GD_S, .sigma = GD_NEVER}},
    {"needs a mean", {.kind = GD_DIST_NORMAL, .sd = 5}},
    {"sd or cv", {.kind = GD_DIST_NORMAL, .mean = 5}},
    {"sd or cv", {.kind = GD_DIST_NORMAL, .mean = 5, .sd = 1, .cv = 1}},
    {"too large", {.kind = GD_DIST_NORMAL, .mean = 5, .sd = GD_NEVER}},
    {"needs stages", {.kind = GD_DIST_ERLANG, .mean = 5}},
    {"needs a mean", {.kind = GD_DIST_ERLANG, .stages = 2}},
    {"needs a mean", {.kind = GD_DIST_GAMMA, .cv = ONE}},
    {"shape or cv", {.kind = GD_DIST_GAMMA, .mean = 5}},
    {"0.05 to 1000000", {.kind = GD_DIST_GAMMA, .mean = 5, .shape = ONE / 21}},
    {"0.05 to 1000000", {.kind = GD_DIST_GAMMA, .mean = 5, .cv = 1}},
    {"0.05 to 1000000", {.kind = GD_DIST_GAMMA, .mean = 5, .shape = -ONE}},
    {"0.05 to 1000000", {.kind = GD_DIST_GAMMA, .mean = 5, .cv = GD_NEVER}},
    {"shape from 0.1", {.kind = GD_DIST_WEIBULL, .mean = 5}},
    {"mean or median", {.kind = GD_DIST_WEIBULL, .shape = ONE}},
    {"does not fit", {.kind = GD_DIST_WEIBULL, .median = GD_DAY * 100, .shape = ONE / 10}},
    {"outweighs any run", {.kind = GD_DIST_PARETO, .min = 5, .shape = -ONE}},
    {"one of min, mean", {.kind = GD_DIST_PARETO, .shape = ONE}},
    {"one of min, mean", {.kind = GD_DIST_PARETO, .shape = ONE, .min = 1, .mean = 2}},
    {"has no mean", {.kind = GD_DIST_PARETO, .shape = ONE, .mean = 2}},
    {"with max needs min", {.kind = GD_DIST_PARETO, .shape = 2 * ONE, .mean = 2, .max = 9}},
    {"max is not above its min", {.kind = GD_DIST_PARETO, .shape = ONE, .min = 9, .max = 9}},
    {"bound it with max", {.kind = GD_DIST_PARETO, .shape = ONE / 10, .min = GD_MS}},
    {"cv of at least 1", {.kind = GD_DIST_HYPEREXPONENTIAL, .mean = 5, .cv = ONE / 2}},
    {"as many means", {.kind = GD_DIST_HYPEREXPONENTIAL, .parts = 2, .values = rising}},
    {"all 0",
     {.kind = GD_DIST_HYPEREXPONENTIAL, .parts = 2, .values = rising, .weights = zero_weights}},
    {"means must be above 0",
     {.kind = GD_DIST_HYPEREXPONENTIAL, .parts = 2, .values = from_zero, .weights = ps_2}},
    {"at least 1", {.kind = GD_DIST_GEOMETRIC, .mean_count = ONE - 1}},
    {"zipf needs n", {.kind = GD_DIST_ZIPF, .s = ONE}},
    {"group the rarest", {.kind = GD_DIST_ZIPF, .n = 1000001, .s = ONE}},
    {"exponent s", {.kind = GD_DIST_ZIPF, .n = 10, .s = 10 * ONE + 1}},
    {"exponent s", {.kind = GD_DIST_ZIPF, .n = 10, .s = -1}},
    {"at least one component", {.kind = GD_DIST_MIXTURE}},
    {"component 2 of the mixture: exponential needs",
     {.kind = GD_DIST_MIXTURE, .parts = 2, .weights = ps_2, .components = bad_part}},
    {"must not be negative",
     {.kind = GD_DIST_MIXTURE, .parts = 2, .weights = one_negative, .components = bad_part}},
    {"at least one value", {.kind = GD_DIST_EMPIRICAL}},
    {"value 1 is", {.kind = GD_DIST_EMPIRICAL, .parts = 2, .values = negative}},
    {"all 0", {.kind = GD_DIST_EMPIRICAL, .parts = 2, .values = rising, .weights = zero_weights}},
    {"at least two", {.kind = GD_DIST_QUANTILES}},
    {"nothing of the spread",
     {.kind = GD_DIST_QUANTILES, .parts = 1, .ps = ps_2, .values = rising}},
    {"nothing of the spread",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_1, .values = rising}},
    {"p99 is below p50; swap",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_2, .values = falling}},
    {"p50 comes after p99",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_down, .values = rising}},
    {"p50 must be above 0",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_2, .values = from_zero}},
    {"p50.0000001 is too close",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_near, .values = huge}},
    {"between p0 and p100",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_far, .values = rising}},
    {"min is above its max",
     {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_2, .values = rising, .min = 9, .max = 8}},
};

static void test_contradictions_are_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(GError) error = NULL;
        gd_dist out = {.kind = 99}, before = out;
        bool ok = gd_dist_build(&errors[i].spec, arena, &out, &error);
        check_that(!ok && error, "case %zu (%s) was accepted", i, errors[i].wanted);
        check_that(g_error_matches(error, GD_DIST_ERROR, 0), "case %zu: domain", i);
        check_that(strstr(error->message, errors[i].wanted) != NULL,
                   "case %zu: \"%s\" is not in \"%s\"", i, errors[i].wanted, error->message);
        check_that(out.kind == before.kind && out.table == NULL, "case %zu changed *out", i);
    }
}

static const struct {
    gd_dist_spec spec;
    bool is_count;
    const char *wanted, *odd; /* odd: a part of gd_dist_check's text, NULL for none */
} lines[] = {
    {{.kind = GD_DIST_CONSTANT, .value = 5 * GD_MS}, false, "5ms", NULL},
    {{.kind = GD_DIST_CONSTANT, .value = 0}, false, "0", NULL},
    {{.kind = GD_DIST_CONSTANT, .value = 90 * GD_MINUTE}, false, "1.5h", NULL},
    {{.kind = GD_DIST_CONSTANT, .value = 1500}, true, "1500", NULL},
    {{.kind = GD_DIST_EXPONENTIAL, .mean = 250}, false, "exponential(mean 250ns)", NULL},
    {{.kind = GD_DIST_UNIFORM, .low = GD_MS, .high = 2 * GD_S},
     false,
     "uniform(from 1ms, to 2s)",
     NULL},
    {{.kind = GD_DIST_LOGNORMAL, .median = 5 * GD_MS, .p99 = 20 * GD_MS},
     false,
     "lognormal(p50 5ms, p99 20ms; tail beyond p99 lognormal)",
     NULL},
    {{.kind = GD_DIST_NORMAL, .mean = 5 * GD_MS, .cv = ONE / 2},
     false,
     "normal(mean 5ms, cv 0.5)",
     "2.3 % of this normal lie below 0"},
    {{.kind = GD_DIST_NORMAL, .mean = 5 * GD_MS, .sd = GD_MS},
     false,
     "normal(mean 5ms, sd 1ms)",
     NULL},
    {{.kind = GD_DIST_ERLANG, .mean = GD_S, .stages = 3}, false, "erlang(mean 1s, stages 3)", NULL},
    {{.kind = GD_DIST_PARETO, .min = GD_MS, .shape = ONE},
     false,
     "pareto(min 1ms, shape 1)",
     "infinite mean"},
    {{.kind = GD_DIST_PARETO, .min = GD_MS, .shape = 3 * ONE / 2},
     false,
     "pareto(min 1ms, shape 1.5)",
     "infinite variance"},
    {{.kind = GD_DIST_GEOMETRIC, .mean_count = 3 * ONE}, true, "geometric(mean 3)", NULL},
    {{.kind = GD_DIST_ZIPF, .n = 1000, .s = ONE}, true, "zipf(n 1000, s 1)", NULL},
    {{.kind = GD_DIST_MIXTURE, .parts = 2, .weights = nine_to_one, .components = slow_path},
     false,
     "mixture(90% 1ms, 10% exponential(mean 10ms))",
     NULL},
    {{.kind = GD_DIST_EMPIRICAL, .parts = 4, .values = measured, .weights = measured_weights},
     true,
     "empirical(4 values, mean 415)",
     NULL},
    {{.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_2, .values = rising},
     false,
     "quantiles(p50 6ms, p99 25ms; tail beyond p99 lognormal, p99.99 58.75ms)",
     NULL},
    {{.kind = GD_DIST_QUANTILES, .parts = 3, .ps = ps_tail + 1, .values = tail_values + 1},
     false,
     "quantiles(p50 10ms, p99.9 2s, p100 5s; tail beyond p99.9 lognormal, p99.99 5s)",
     NULL},
};

static void test_lines(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = gd_dist_describe(&lines[i].spec, !lines[i].is_count);
        check_text(line, lines[i].wanted, "case %zu", i);
        g_autofree char *odd = gd_dist_check(&lines[i].spec);
        check_that((odd != NULL) == (lines[i].odd != NULL), "%s: %s", line, odd ? odd : "nothing");
        check_that(!odd || strstr(odd, lines[i].odd), "%s: %s", line, odd);
    }
}

static void test_heavy_tail_is_noticed(void **unused)
{
    (void)unused;
    static gd_share ps[] = {ONE / 2, 99 * ONE / 100, 999 * ONE / 1000};
    static int64_t values[] = {10 * GD_MS, 20 * GD_MS, 10 * GD_S};
    gd_dist_spec spec = {.kind = GD_DIST_QUANTILES, .parts = 3, .ps = ps, .values = values};
    g_autofree char *odd = gd_dist_check(&spec);
    check_that(odd && strstr(odd, "beyond the last quantile"), "%s", odd ? odd : "nothing");
}

/* The facts agree with GSL's distribution functions, and quantiles with both. */
static void test_facts(void **unused)
{
    (void)unused;
    static const double levels[] = {0.01, 0.3, 0.5, 0.9, 0.99, 0.9999};
    for (size_t i = 0; i < G_N_ELEMENTS(dist_cases); i++) {
        const dist_case *it = &dist_cases[i];
        for (size_t l = 0; l < G_N_ELEMENTS(levels); l++) {
            double x = gd_dist_get_quantile(&it->spec, levels[l]);
            double p = it->cdf(it, x), own = gd_dist_get_cdf(&it->spec, x);
            check_that(fabs(p - own) < 1e-8, "%s at %g: %.12g, not %.12g", it->name, x, own, p);
            check_that(p > levels[l] - 1e-8 && (it->discrete || p < levels[l] + 1e-6),
                       "%s: quantile %g is at %g", it->name, levels[l], p);
        }
    }
}

static gd_dist build(gd_arena *arena, const gd_dist_spec *spec)
{
    gd_dist dist;
    g_autoptr(GError) error = NULL;
    check_that(gd_dist_build(spec, arena, &dist, &error), "%s", error ? error->message : "");
    return dist;
}

/* Each curve over its unit draw, against floating point: within 10^-9 of the value or half a unit,
 * far into the tails. */
static void test_curves(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    static gd_dist_spec specs[] = {
        {.kind = GD_DIST_LOGNORMAL, .median = 5 * GD_MS, .sigma = 3 * ONE},
        {.kind = GD_DIST_QUANTILES, .parts = 4, .ps = ps_tail, .values = tail_values},
        {.kind = GD_DIST_NORMAL, .mean = GD_DAY, .sd = GD_HOUR},
        {.kind = GD_DIST_EXPONENTIAL, .mean = GD_YEAR},
        {.kind = GD_DIST_WEIBULL, .median = 5 * GD_S, .shape = ONE / 3},
        {.kind = GD_DIST_PARETO, .min = 5 * GD_MS, .shape = 3 * ONE / 2},
    };
    double slope = log(200) / gsl_cdf_ugaussian_Pinv(0.999);
    for (size_t s = 0; s < G_N_ELEMENTS(specs); s++) {
        gd_dist dist = build(arena, &specs[s]);
        for (unsigned i = 0; i < 300000; i++) {
            uint64_t u = gd_mix_n(s, i);
            double z = (double)gd_normal_q58(u) * 0x1p-58, e = (double)gd_exp_q58(u) * 0x1p-58;
            double wanted[] = {
                5e6 * exp(3 * z),    fmin(fmax(1e7 * exp(slope * z), 2e6), 5e9), 864e11 + 36e11 * z,
                (double)GD_YEAR * e, 5e9 * pow(e / M_LN2, 1 / 0.333333333),      5e6 * exp(e / 1.5),
            };
            double got = (double)gd_dist_sample(&dist, u);
            check_that(fabs(got - wanted[s]) <= 1e-9 * wanted[s] + 0.51,
                       "curve %zu: %.12g, not %.12g", s, got, wanted[s]);
        }
    }
}

/* Two quantiles are a lognormal, draw by draw. */
static void test_two_quantiles_are_a_lognormal(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    gd_dist_spec two = {.kind = GD_DIST_QUANTILES, .parts = 2, .ps = ps_2, .values = rising};
    gd_dist_spec one = {.kind = GD_DIST_LOGNORMAL, .median = 6 * GD_MS, .p99 = 25 * GD_MS};
    gd_dist a = build(arena, &two), b = build(arena, &one);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t x = gd_dist_sample(&a, gd_mix_n(1, i)), y = gd_dist_sample(&b, gd_mix_n(1, i));
        check_that(ABS(x - y) <= 1, "draw %u: %" PRId64 " and %" PRId64, i, x, y);
    }
}

/* The parameters stretch the draw and do not replace it: what makes comparisons sharp. */
static void test_same_luck(void **unused)
{
    (void)unused;
    static const gd_dist_spec pairs[][2] = {
        {{.kind = GD_DIST_EXPONENTIAL, .mean = GD_MS}, {.kind = GD_DIST_EXPONENTIAL, .mean = GD_S}},
        {{.kind = GD_DIST_GAMMA, .mean = GD_MS, .shape = ONE / 2},
         {.kind = GD_DIST_GAMMA, .mean = GD_S, .shape = ONE / 2}},
        {{.kind = GD_DIST_LOGNORMAL, .mean = GD_MS, .cv = ONE},
         {.kind = GD_DIST_LOGNORMAL, .mean = GD_S, .cv = ONE}},
        {{.kind = GD_DIST_ERLANG, .mean = GD_MS, .stages = 4},
         {.kind = GD_DIST_ERLANG, .mean = GD_S, .stages = 4}},
        {{.kind = GD_DIST_HYPEREXPONENTIAL, .mean = GD_MS, .cv = 2 * ONE},
         {.kind = GD_DIST_HYPEREXPONENTIAL, .mean = GD_S, .cv = 2 * ONE}},
    };
    for (size_t p = 0; p < G_N_ELEMENTS(pairs); p++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist a = build(arena, &pairs[p][0]), b = build(arena, &pairs[p][1]);
        for (unsigned i = 0; i < 10000; i++) {
            uint64_t u = gd_mix_n(3, i);
            double x = (double)gd_dist_sample(&a, u), y = (double)gd_dist_sample(&b, u) / 1000;
            check_that(fabs(x - y) <= 0.51 + 1e-9 * y, "pair %zu draw %u: %g and %g", p, i, x, y);
        }
    }
}

/* By inversion: a higher draw is a higher rank, whatever n and s. */
static void test_ranks_rise_with_the_draw(void **unused)
{
    (void)unused;
    static const gd_dist_spec specs[] = {
        {.kind = GD_DIST_ZIPF, .n = 1},
        {.kind = GD_DIST_ZIPF, .n = 2, .s = ONE},
        {.kind = GD_DIST_ZIPF, .n = 7, .s = 0},
        {.kind = GD_DIST_ZIPF, .n = 1000000, .s = 10 * ONE},
        {.kind = GD_DIST_ZIPF, .n = 1000000, .s = ONE / 2},
        {.kind = GD_DIST_EMPIRICAL, .parts = 4, .values = measured, .weights = measured_weights},
    };
    for (size_t s = 0; s < G_N_ELEMENTS(specs); s++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        gd_dist dist = build(arena, &specs[s]);
        int64_t before = 0, first = gd_dist_sample(&dist, 0); /* 77 weighs nothing */
        check_that(first == (specs[s].kind == GD_DIST_ZIPF ? 1 : 100), "spec %zu: the first", s);
        for (uint64_t u = 0; u < UINT64_MAX - (UINT64_C(1) << 48); u += UINT64_C(1) << 48) {
            int64_t rank = gd_dist_sample(&dist, u);
            check_that(rank >= MAX(before, 1), "spec %zu at %" PRIx64, s, u);
            before = rank;
        }
        int64_t last = gd_dist_sample(&dist, UINT64_MAX);
        bool ok = specs[s].kind == GD_DIST_ZIPF ? last <= specs[s].n : last == 900;
        check_that(ok && last >= before, "spec %zu: the last is %" PRId64, s, last);
    }
}

static void test_bounds_hold(void **unused)
{
    (void)unused;
    static const uint64_t draws[] = {
        0, 1, 255, 256, UINT64_MAX, UINT64_MAX - 255, UINT64_MAX - 256};
    g_autoptr(gd_arena) arena = gd_arena_new();
    gd_dist_spec specs[] = {
        {.kind = GD_DIST_QUANTILES, .parts = 4, .ps = ps_tail, .values = tail_values},
        {.kind = GD_DIST_PARETO, .shape = ONE / 2, .min = 2 * GD_MS, .max = 5 * GD_S},
    };
    for (size_t s = 0; s < G_N_ELEMENTS(specs); s++) {
        gd_dist dist = build(arena, &specs[s]);
        for (uint64_t i = 0; i < 100000; i++) {
            uint64_t u = i < G_N_ELEMENTS(draws) ? draws[i] : gd_mix_n(9, i);
            int64_t x = gd_dist_sample(&dist, u);
            check_that(x >= 2 * GD_MS - 1 && x <= 5 * GD_S, "spec %zu: %" PRId64, s, x);
        }
    }
    gd_dist_spec long_mean = {.kind = GD_DIST_EXPONENTIAL, .mean = GD_NEVER};
    gd_dist dist = build(arena, &long_mean);
    for (uint64_t i = 0; i < 1000; i++)
        check_that(gd_dist_sample(&dist, gd_mix_n(9, i)) >= 0, "beyond 63 bits it stays there");
}

static void test_scale(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t numerator, denominator;
        int64_t wanted; /* of one, in Q58 */
    } cases[] = {
        {1, 1, 1},
        {0, 5, 0},
        {5, 2, 3},
        {1, 3, 0},
        {2, 3, 1},
        {10, 3, 3},
        {1, 1000000, 0},
        {1000000, 3, 333333},
        {INT64_MAX, 1, INT64_MAX},
        {UINT64_MAX, 1, INT64_MAX},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t mantissa;
        uint8_t shift;
        gd_scale_make(cases[i].numerator, cases[i].denominator, &mantissa, &shift);
        int64_t got = gd_scale_q58(GD_Q58, mantissa, shift);
        check_that(got == cases[i].wanted, "case %zu: %" PRId64, i, got);
    }
    uint64_t mantissa;
    uint8_t shift;
    gd_scale_make(~(gd_u128)0, 1, &mantissa, &shift);
    check_that(gd_scale_q58(UINT64_MAX, mantissa, shift) == GD_NEVER, "the largest of all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contradictions_are_refused),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_heavy_tail_is_noticed),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_two_quantiles_are_a_lognormal),
        cmocka_unit_test(test_same_luck),
        cmocka_unit_test(test_ranks_rise_with_the_draw),
        cmocka_unit_test(test_bounds_hold),
        cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
