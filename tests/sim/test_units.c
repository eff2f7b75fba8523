#include "sim/rng.h"
#include "sim/units.h"
#include "tests/check.h"

#include <inttypes.h>

static void test_sums_saturate(void **unused)
{
    (void)unused;
    static const struct {
        gd_time a;
        gd_span b;
        gd_time wanted;
    } cases[] = {
        {0, 0, 0},
        {GD_S, GD_MS, 1001 * GD_MS},
        {-GD_S, GD_MS, -999 * GD_MS}, /* the warm-up */
        {GD_NEVER, 0, GD_NEVER},
        {GD_NEVER, 1, GD_NEVER},
        {GD_NEVER - 1, 1, GD_NEVER},
        {GD_NEVER - 1, 2, GD_NEVER},
        {1, GD_NEVER, GD_NEVER},
        {GD_NEVER, GD_NEVER, GD_NEVER},
        {GD_HORIZON, GD_HORIZON, 20 * GD_YEAR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_that(gd_time_add(cases[i].a, cases[i].b) == cases[i].wanted, "case %zu", i);
}

static void test_shares_round_down_and_saturate(void **unused)
{
    (void)unused;
    static const struct {
        int64_t value;
        gd_share factor;
        int64_t wanted;
    } cases[] = {
        {100, GD_SHARE_ONE, 100},
        {100, 0, 0},
        {0, GD_NEVER, 0},
        {100, GD_SHARE_ONE / 1000 * 999, 99},
        {1, GD_SHARE_ONE - 1, 0},
        {GD_NEVER, GD_SHARE_ONE, GD_NEVER},
        {GD_NEVER, GD_SHARE_ONE + 1, GD_NEVER},
        {GD_NEVER, GD_NEVER, GD_NEVER},
        {GD_NEVER / 2, 2 * GD_SHARE_ONE, GD_NEVER - 1},
        {700 * GD_MS, GD_SHARE_ONE / 10 * 3, 210 * GD_MS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_that(gd_share_of(cases[i].value, cases[i].factor) == cases[i].wanted,
                   "case %zu: %" PRId64, i, gd_share_of(cases[i].value, cases[i].factor));
}

/* threshold <= share x 2^64 < threshold + 1, in integers. */
static void test_thresholds_are_exact(void **unused)
{
    (void)unused;
    check_that(gd_share_threshold(0) == 0, "nothing is below it");
    check_that(gd_share_threshold(-1) == 0, "nor below less");
    check_that(gd_share_threshold(GD_SHARE_ONE) == UINT64_MAX, "all");
    check_that(gd_share_threshold(GD_NEVER) == UINT64_MAX, "all");
    check_that(gd_share_threshold(GD_SHARE_ONE / 2) == UINT64_C(1) << 63, "half");
    uint64_t u = 1, last = 0;
    for (int i = 0; i < 100000; i++) {
        u = gd_next(u);
        gd_share share = (gd_share)gd_below(u, GD_SHARE_ONE);
        gd_u128 exact = (gd_u128)share << 64, one = (gd_u128)GD_SHARE_ONE;
        gd_u128 low = (gd_u128)gd_share_threshold(share) * one;
        check_that(low <= exact && exact - low < one, "share %" PRId64, share);
    }
    for (gd_share share = 1; share < GD_SHARE_ONE; share += 999983) {
        check_that(gd_share_threshold(share) > last, "grows at %" PRId64, share);
        last = gd_share_threshold(share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_saturate),
        cmocka_unit_test(test_shares_round_down_and_saturate),
        cmocka_unit_test(test_thresholds_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
