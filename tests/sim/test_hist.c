/* The histogram against sorted samples. */
#include "sim/rng.h"
#include "sim/stats/hist.h"
#include "tests/check.h"

#include <glib.h>

enum { SAMPLES = 2000 };

typedef struct {
    gd_hist hist;
    gd_hist_pool pool;
} holder;

static void holder_clear(holder *h)
{
    gd_hist_pool_clear(&h->pool);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(holder, holder_clear)

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Values of all sizes: a tenth are zeros, the others spread over the octaves up to 2^bits. */
static int64_t draw(uint64_t *u, unsigned bits)
{
    *u = gd_next(*u);
    if (gd_below(*u, 10) == 0)
        return 0;
    *u = gd_next(*u);
    unsigned size = (unsigned)gd_below(*u, bits) + 1;
    *u = gd_next(*u);
    return (int64_t)(*u >> (64 - size));
}

static void test_quantiles_are_within_a_256th(void **unused)
{
    (void)unused;
    static const gd_share qs[] = {0,         1,         10000000,  100000000, 250000000, 500000000,
                                  900000000, 990000000, 999000000, 999900000, 1000000000};
    for (unsigned seed = 1; seed <= 200; seed++) {
        g_auto(holder) h = {0};
        int64_t values[SAMPLES];
        uint64_t u = seed;
        gd_u128 sum = 0;
        for (unsigned i = 0; i < SAMPLES; i++) {
            values[i] = draw(&u, 8 + seed % 37);
            gd_hist_add(&h.hist, &h.pool, values[i]);
            sum += (gd_u128)values[i];
        }
        qsort(values, SAMPLES, sizeof values[0], by_value);
        check_that(h.hist.sum == sum && h.hist.count == SAMPLES, "seed %u", seed);
        check_that(gd_hist_max(&h.hist) == values[SAMPLES - 1], "seed %u", seed);
        check_that(gd_hist_mean(&h.hist) == (double)sum / SAMPLES, "seed %u", seed);
        for (size_t k = 0; k < G_N_ELEMENTS(qs); k++) {
            size_t rank = (size_t)(((gd_u128)qs[k] * SAMPLES + GD_SHARE_ONE - 1) / GD_SHARE_ONE);
            int64_t exact = values[rank ? rank - 1 : 0];
            int64_t got = gd_hist_quantile(&h.hist, &h.pool, qs[k]);
            check_that(256 * ABS(got - exact) <= exact, "seed %u q %zu: %ld for %ld", seed, k,
                       (long)got, (long)exact);
        }
    }
}

/* Small values and both ends are exact, whatever lies between. */
static void test_what_is_exact(void **unused)
{
    (void)unused;
    g_auto(holder) h = {0};
    check_that(gd_hist_quantile(&h.hist, &h.pool, GD_SHARE_ONE / 2) == -1, "empty");
    check_that(gd_hist_mean(&h.hist) < 0, "empty");
    for (int64_t v = 0; v < 256; v++)
        gd_hist_add(&h.hist, &h.pool, v);
    for (int64_t v = 0; v < 256; v++) {
        gd_share q = (gd_share)((gd_i128)(v + 1) * GD_SHARE_ONE / 256);
        check_that(gd_hist_quantile(&h.hist, &h.pool, q) == v, "%ld", (long)v);
    }
    g_auto(holder) one = {0};
    gd_hist_add(&one.hist, &one.pool, 1234567);
    check_that(gd_hist_quantile(&one.hist, &one.pool, 1) == 1234567, "clamped to what was seen");
    gd_hist_add(&one.hist, &one.pool, 1);
    check_that(gd_hist_max(&one.hist) == 1234567, "a smaller one later");
    check_that(gd_hist_quantile(&one.hist, &one.pool, 0) == 1, "the least");
}

/* Extremes in any order of arrival, 0 among them. */
static void test_extremes(void **unused)
{
    (void)unused;
    static const int64_t orders[][3] = {{0, 5000, 9000}, {9000, 5000, 0}, {5000, 0, 9000},
                                        {5000, 9000, 0}, {9000, 0, 5000}, {0, 9000, 5000}};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_auto(holder) h = {0};
        for (size_t k = 0; k < 3; k++)
            gd_hist_add(&h.hist, &h.pool, orders[i][k]);
        check_that(gd_hist_max(&h.hist) == 9000, "order %zu", i);
        check_that(gd_hist_quantile(&h.hist, &h.pool, 0) == 0, "order %zu", i);
    }
}

static void test_zeros_are_counted_apart(void **unused)
{
    (void)unused;
    g_auto(holder) h = {0};
    for (int i = 0; i < 90; i++)
        gd_hist_add(&h.hist, &h.pool, 0);
    check_that(h.pool.blocks == 0, "zeros need no block");
    for (int i = 0; i < 10; i++)
        gd_hist_add(&h.hist, &h.pool, GD_MS);
    check_that(h.hist.zeros == 90 && h.hist.count == 100, "counted");
    check_that(gd_hist_quantile(&h.hist, &h.pool, 900000000) == 0, "p90 is the last zero");
    check_that(gd_hist_quantile(&h.hist, &h.pool, 900000001) == GD_MS, "then no more");
    check_that(gd_hist_count_upto(&h.hist, &h.pool, 0) == 90, "upto 0");
}

static void test_what_is_beyond_the_last_octave_is_clipped(void **unused)
{
    (void)unused;
    const int64_t end = INT64_C(1) << 44;
    g_auto(holder) h = {0};
    gd_hist_add(&h.hist, &h.pool, end - 1);
    check_that(h.hist.clipped == 0, "the last that fits");
    gd_hist_add(&h.hist, &h.pool, end);
    gd_hist_add(&h.hist, &h.pool, GD_YEAR);
    check_that(h.hist.clipped == 2 && h.hist.count == 3, "%lu", (unsigned long)h.hist.clipped);
    check_that(gd_hist_max(&h.hist) == GD_YEAR, "the maximum is exact all the same");
    check_that(h.hist.sum == (gd_u128)(end - 1) + end + GD_YEAR, "and so is the mean");
}

static uint32_t count_at(const holder *h, unsigned octave, uint32_t sub)
{
    uint32_t block = h->hist.block[octave];
    return block ? h->pool.counters[(block - 1) * GD_HIST_SUB + sub] : 0;
}

static void check_equal(const holder *a, const holder *b, unsigned seed)
{
    check_that(a->hist.count == b->hist.count && a->hist.zeros == b->hist.zeros &&
                   a->hist.clipped == b->hist.clipped && a->hist.sum == b->hist.sum &&
                   gd_hist_max(&a->hist) == gd_hist_max(&b->hist) &&
                   gd_hist_quantile(&a->hist, &a->pool, 0) ==
                       gd_hist_quantile(&b->hist, &b->pool, 0),
               "seed %u", seed);
    for (unsigned octave = 0; octave < GD_HIST_OCTAVES; octave++)
        for (uint32_t sub = 0; sub < GD_HIST_SUB; sub++)
            check_that(count_at(a, octave, sub) == count_at(b, octave, sub), "seed %u: %u/%u", seed,
                       octave, sub);
}

static void test_merging_in_any_order_is_one_pass(void **unused)
{
    (void)unused;
    enum { PARTS = 4 };
    static const unsigned orders[][PARTS] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}};
    for (unsigned seed = 1; seed <= 100; seed++) {
        g_auto(holder) whole = {0};
        holder part[PARTS] = {0};
        uint64_t u = seed;
        for (unsigned i = 0; i < 500; i++) {
            int64_t value = draw(&u, 50);
            unsigned p = (unsigned)gd_below(gd_next(u), seed % 3 ? PARTS : PARTS - 1);
            gd_hist_add(&whole.hist, &whole.pool, value);
            gd_hist_add(&part[p].hist, &part[p].pool, value);
        }
        for (size_t o = 0; o < G_N_ELEMENTS(orders); o++) {
            g_auto(holder) merged = {0};
            for (unsigned k = 0; k < PARTS; k++) {
                const holder *from = &part[orders[o][k]];
                gd_hist_merge(&merged.hist, &merged.pool, &from->hist, &from->pool);
            }
            check_equal(&merged, &whole, seed);
        }
        for (unsigned p = 0; p < PARTS; p++)
            holder_clear(&part[p]);
    }
}

/* As a run does: two histograms of one pool. */
static void test_merging_within_a_pool(void **unused)
{
    (void)unused;
    g_auto(holder) h = {0};
    gd_hist other = {0};
    for (int64_t v = 1; v < INT64_C(1) << 43; v *= 2)
        gd_hist_add(&other, &h.pool, v);
    gd_hist_merge(&h.hist, &h.pool, &other, &h.pool);
    check_that(h.hist.count == 43, "%lu", (unsigned long)h.hist.count);
    gd_hist_merge(&h.hist, &h.pool, &other, &h.pool);
    for (int64_t v = 1; v < INT64_C(1) << 43; v *= 2) {
        unsigned octave = gd_hist_octave((uint64_t)v);
        check_that(count_at(&h, octave, octave ? 0 : (uint32_t)v) == 2, "%ld", (long)v);
    }
}

static void test_saturation_shows(void **unused)
{
    (void)unused;
    g_auto(holder) h = {0}, other = {0};
    gd_hist_add(&h.hist, &h.pool, 5);
    h.pool.counters[5] = UINT32_MAX - 1;
    gd_hist_add(&h.hist, &h.pool, 5);
    check_that(!h.pool.saturated && h.pool.counters[5] == UINT32_MAX, "full, not over");
    gd_hist_add(&h.hist, &h.pool, 5);
    check_that(h.pool.saturated && h.pool.counters[5] == UINT32_MAX, "over: it stays and says so");
    check_that(h.hist.count == 3, "the 64-bit count goes on");

    gd_hist_add(&other.hist, &other.pool, 5);
    h.pool.saturated = false;
    gd_hist_merge(&h.hist, &h.pool, &other.hist, &other.pool);
    check_that(h.pool.saturated && h.pool.counters[5] == UINT32_MAX, "merging too");
}

/* Whole buckets: never fewer than there are, nor values beyond the limit's own bucket. */
static void test_count_upto(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 100; seed++) {
        g_auto(holder) h = {0};
        int64_t values[500];
        uint64_t u = seed;
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            values[i] = draw(&u, 44);
            gd_hist_add(&h.hist, &h.pool, values[i]);
        }
        qsort(values, G_N_ELEMENTS(values), sizeof values[0], by_value);
        check_that(gd_hist_count_upto(&h.hist, &h.pool, -1) == 0, "seed %u", seed);
        check_that(gd_hist_count_upto(&h.hist, &h.pool, GD_NEVER) == 500, "seed %u", seed);
        for (unsigned k = 0; k < 50; k++) {
            int64_t limit = draw(&u, 44);
            uint64_t least = 0, most = 0;
            for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                least += values[i] <= limit;
                most += values[i] <= limit + limit / 128;
            }
            uint64_t got = gd_hist_count_upto(&h.hist, &h.pool, limit);
            check_that(least <= got && got <= most, "seed %u: %lu upto %ld, not %lu to %lu", seed,
                       (unsigned long)got, (long)limit, (unsigned long)least, (unsigned long)most);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_within_a_256th),
        cmocka_unit_test(test_what_is_exact),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_zeros_are_counted_apart),
        cmocka_unit_test(test_what_is_beyond_the_last_octave_is_clipped),
        cmocka_unit_test(test_merging_in_any_order_is_one_pass),
        cmocka_unit_test(test_merging_within_a_pool),
        cmocka_unit_test(test_saturation_shows),
        cmocka_unit_test(test_count_upto),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
