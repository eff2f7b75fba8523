/* Every back-off formula against its definition in patterns 3.3, written in floating point. */
#include "models/guard/backoff.h"
#include "sim/rng.h"
#include "tests/check.h"

#include <glib.h>
#include <math.h>

enum { CASES = 20000 };

/* U(0, 1) as the machine draws it. */
static long double unit(uint64_t u)
{
    return (long double)u / 18446744073709551616.0L;
}

/* Without a cap a wait saturates where a span does. */
static long double capped(long double wait, gd_span max)
{
    return fminl(wait, (long double)(max > 0 ? max : GD_NEVER));
}

static long double factor(const gd_backoff_spec *spec)
{
    return (long double)spec->multiplier / (long double)GD_SHARE_ONE;
}

static long double polly_f(long double t)
{
    return exp2l(t) * tanhl(sqrtl(4 * t));
}

/* The definition. *before: the last wait (decorrelated), or the last f (decorrelated_v2). */
static long double defined(gd_backoff_kind kind, const gd_backoff_spec *spec, uint32_t n,
                           long double *before, uint64_t u)
{
    long double base = (long double)spec->base, w = unit(u);
    long double h = capped(base * powl(factor(spec), (long double)n - 1), spec->max);
    long double last, f;
    switch (kind) {
    case GD_BACKOFF_NONE:
        return 0;
    case GD_BACKOFF_CONSTANT:
        return base;
    case GD_BACKOFF_LINEAR:
        return capped(base * n, spec->max);
    case GD_BACKOFF_EXPONENTIAL:
        return h;
    case GD_BACKOFF_PROPORTIONAL:
        return h * (0.8L + 0.4L * w);
    case GD_BACKOFF_POLLY_BASIC:
        return base * (0.75L + 0.5L * w);
    case GD_BACKOFF_FULL:
        return h * w;
    case GD_BACKOFF_ENVOY_FULL:
        return capped((exp2l((long double)n) - 1) * base, spec->max) * w;
    case GD_BACKOFF_EQUAL:
        return h / 2 + h / 2 * w;
    case GD_BACKOFF_DECORRELATED:
        last = *before > 0 ? *before : base;
        *before = capped(base + (3 * last - base) * w, spec->max);
        return *before;
    case GD_BACKOFF_DECORRELATED_V2:
        f = polly_f((long double)n - 1 + w);
        last = *before;
        *before = f;
        return capped((f > last ? f - last : 0) * base / 1.4L, spec->max);
    case GD_BACKOFFS:
        break;
    }
    return -1;
}

static gd_backoff_spec draw_spec(uint64_t *u)
{
    static const gd_share multipliers[] = {GD_SHARE_ONE,         GD_SHARE_ONE / 10 * 16,
                                           GD_SHARE_ONE / 2 * 3, 2 * GD_SHARE_ONE,
                                           3 * GD_SHARE_ONE,     100 * GD_SHARE_ONE};
    gd_backoff_spec spec = {.base = GD_MS + (gd_span)gd_below(*u = gd_next(*u), 10 * GD_S)};
    spec.multiplier = multipliers[gd_below(*u = gd_next(*u), G_N_ELEMENTS(multipliers))];
    if (gd_below(*u = gd_next(*u), 4))
        spec.max = spec.base + (gd_span)gd_below(*u = gd_next(*u), 100 * GD_S);
    return spec;
}

/* 1 ns, and what rounding down at each of n multiplications adds up to, relative to the base. */
static long double tolerance(gd_backoff_kind kind, const gd_backoff_spec *spec, uint32_t n,
                             long double wanted, long double f)
{
    if (kind == GD_BACKOFF_DECORRELATED_V2) /* of f itself, of which the wait is a difference */
        return 2 + 1e-6L * f * (long double)spec->base / 1.4L;
    return 2 + wanted * (long double)n * 2 / (long double)spec->base;
}

static void test_formulas(void **unused)
{
    (void)unused;
    uint64_t u = 1;
    for (unsigned kind = 0; kind < GD_BACKOFFS; kind++) {
        for (unsigned i = 0; i < CASES; i++) {
            gd_backoff_spec spec = draw_spec(&u);
            gd_span before = 0;
            long double last = 0;
            for (uint32_t n = 1; n <= 12; n++) {
                u = gd_next(u);
                long double wanted = defined((gd_backoff_kind)kind, &spec, n, &last, u);
                gd_span got = gd_backoff((gd_backoff_kind)kind, &spec, n, &before, u);
                if (wanted > 6e18L)
                    break; /* 190 years: the jitter itself saturates */
                long double allowed = tolerance((gd_backoff_kind)kind, &spec, n, wanted, last);
                check_that(fabsl((long double)got - wanted) <= allowed,
                           "kind %u case %u retry %u: %ld for %Lf", kind, i, n, (long)got, wanted);
                if (kind == GD_BACKOFF_DECORRELATED)
                    last = (long double)got; /* so that roundings do not add up */
            }
        }
    }
}

/* In the order of the enum, and by the words of a model. */
static void test_names(void **unused)
{
    (void)unused;
    static const char *const words[] = {
        "none", "constant",   "linear", "exponential",  "proportional",   "polly_basic",
        "full", "envoy_full", "equal",  "decorrelated", "decorrelated_v2"};
    assert_int_equal(G_N_ELEMENTS(words), GD_BACKOFFS);
    for (unsigned i = 0; i < GD_BACKOFFS; i++)
        check_text(gd_backoff_shapes[i]->name, words[i], "row %u", i);
    assert_null(gd_backoff_shapes[GD_BACKOFFS]);
}

/* No wait is above its cap; proportional's jitter comes after it, so by at most a fifth. */
static void test_caps_hold(void **unused)
{
    (void)unused;
    uint64_t u = 2;
    for (unsigned kind = 0; kind < GD_BACKOFFS; kind++) {
        if (kind == GD_BACKOFF_CONSTANT || kind == GD_BACKOFF_POLLY_BASIC)
            continue; /* these have none */
        gd_span most = 0;
        gd_backoff_spec spec = {.base = 50 * GD_MS, .max = GD_S, .multiplier = 2 * GD_SHARE_ONE};
        for (unsigned i = 0; i < 200; i++) {
            gd_span before = 0;
            for (uint32_t n = 1; n <= 255; n++) {
                gd_span wait = gd_backoff((gd_backoff_kind)kind, &spec, n, &before, u = gd_next(u));
                most = MAX(most, wait);
            }
        }
        gd_span cap = kind == GD_BACKOFF_PROPORTIONAL ? GD_S / 5 * 6 : GD_S;
        check_that(most <= cap, "kind %u: %ld", kind, (long)most);
        check_that(kind == GD_BACKOFF_NONE || most > cap - 20 * GD_MS, "kind %u reaches %ld", kind,
                   (long)most);
    }
}

/* The longest waits that a model may ask for: nothing overflows, nothing is negative. */
static void test_no_overflow(void **unused)
{
    (void)unused;
    static const uint64_t draws[] = {0, 1, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
    static const gd_backoff_spec specs[] = {
        {.base = GD_DAY, .multiplier = 100 * GD_SHARE_ONE},
        {.base = GD_DAY, .max = GD_DAY, .multiplier = 100 * GD_SHARE_ONE},
        {.base = 0, .multiplier = GD_SHARE_ONE},
        {.base = 1, .multiplier = 2 * GD_SHARE_ONE},
        {.base = GD_NEVER, .multiplier = 2 * GD_SHARE_ONE},
    };
    for (unsigned kind = 0; kind < GD_BACKOFFS; kind++)
        for (size_t s = 0; s < G_N_ELEMENTS(specs); s++)
            for (size_t d = 0; d < G_N_ELEMENTS(draws); d++) {
                gd_span before = 0;
                for (uint32_t n = 1; n <= 255; n++) {
                    gd_span wait =
                        gd_backoff((gd_backoff_kind)kind, &specs[s], n, &before, draws[d]);
                    check_that(wait >= 0 && before >= 0, "kind %u spec %zu draw %zu retry %u", kind,
                               s, d, n);
                }
            }
}

static int by_value(const void *a, const void *b)
{
    gd_span x = *(const gd_span *)a, y = *(const gd_span *)b;
    return x < y ? -1 : x > y;
}

/* Polly's own table: medians of about 0.9, 1.1, 2 and 4 times the base. */
static void test_decorrelated_v2_medians(void **unused)
{
    (void)unused;
    enum { DRAWS = 20001 };
    static gd_span waits[4][DRAWS];
    static const double wanted[4] = {0.9, 1.1, 2, 4};
    gd_backoff_spec spec = {.base = 2 * GD_S};
    uint64_t u = 3;
    for (unsigned i = 0; i < DRAWS; i++) {
        gd_span before = 0;
        for (uint32_t n = 1; n <= 4; n++)
            waits[n - 1][i] =
                gd_backoff(GD_BACKOFF_DECORRELATED_V2, &spec, n, &before, u = gd_next(u));
    }
    for (unsigned n = 0; n < 4; n++) {
        qsort(waits[n], DRAWS, sizeof(gd_span), by_value);
        double median = (double)waits[n][DRAWS / 2] / (double)spec.base;
        check_that(fabs(median - wanted[n]) < 0.1 * wanted[n], "retry %u: %g", n + 1, median);
    }
}

/* Both ends of a jitter's range can be drawn. */
static void test_ends_of_the_range(void **unused)
{
    (void)unused;
    gd_backoff_spec spec = {.base = 1000, .max = 8000, .multiplier = 2 * GD_SHARE_ONE};
    static const struct {
        gd_backoff_kind kind;
        gd_span low, high;
    } cases[] = {
        {GD_BACKOFF_PROPORTIONAL, 3200, 4800},
        {GD_BACKOFF_POLLY_BASIC, 750, 1250},
        {GD_BACKOFF_FULL, 0, 4000},
        {GD_BACKOFF_ENVOY_FULL, 0, 7000},
        {GD_BACKOFF_EQUAL, 2000, 4000},
        {GD_BACKOFF_DECORRELATED, 1000, 3000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gd_span a = 0, b = 0;
        gd_span low = gd_backoff(cases[i].kind, &spec, 3, &a, 0);
        gd_span high = gd_backoff(cases[i].kind, &spec, 3, &b, UINT64_MAX);
        check_that(low == cases[i].low && high == cases[i].high, "case %zu: %ld to %ld", i,
                   (long)low, (long)high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_caps_hold),         cmocka_unit_test(test_no_overflow),
        cmocka_unit_test(test_ends_of_the_range), cmocka_unit_test(test_decorrelated_v2_medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
