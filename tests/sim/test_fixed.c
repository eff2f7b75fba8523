#include "sim/fixed.h"
#include "sim/rng.h"
#include "tests/check.h"

#include <glib.h>
#include <inttypes.h>
#include <math.h>

/* x, -ln(x / 2^64) in Q58 and log2(x) in Q57, to the nearest; from decimals of 80 digits. */
static const struct {
    uint64_t x, neglog;
    int64_t log2;
} log_cases[] = {
    {UINT64_C(0x0000000000000001), UINT64_C(12786308645202655660), INT64_C(0)},
    {UINT64_C(0x0000000000000002), UINT64_C(12586522572621364165), INT64_C(144115188075855872)},
    {UINT64_C(0x0000000000000003), UINT64_C(12469655211994953478), INT64_C(228417168884608271)},
    {UINT64_C(0x0000000000003039), UINT64_C(10070888426290129440), INT64_C(1958761641877362491)},
    {UINT64_C(0x0000000080000000), UINT64_C(6592940395182619325), INT64_C(4467570830351532032)},
    {UINT64_C(0x000000003B9ACA00), UINT64_C(6813233937927674079), INT64_C(4308662629522456344)},
    {UINT64_C(0x7FFFFFFFFFFFFFFF), UINT64_C(199786072581291495), INT64_C(9079256848778919936)},
    {UINT64_C(0x8000000000000000), UINT64_C(199786072581291495), INT64_C(9079256848778919936)},
    {UINT64_C(0xC000000000000001), UINT64_C(82918711954880807), INT64_C(9163558829587672335)},
    {UINT64_C(0xFF00000000000000), UINT64_C(1128104673551053), INT64_C(9222558281345707924)},
    {UINT64_C(0xFF80000000000000), UINT64_C(563500426113300), INT64_C(9222965557219629570)},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0), INT64_C(9223372036854775807)},
    {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(138699865345581209), INT64_C(9123321232901757307)},
};

static void test_logarithms(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(log_cases); i++) {
        int64_t neglog = (int64_t)(gd_neglog_q58(log_cases[i].x) - log_cases[i].neglog);
        int64_t log2 = gd_log2_q57(log_cases[i].x) - log_cases[i].log2;
        check_that(ABS(neglog) <= 1, "-ln case %zu: off by %" PRId64, i, neglog);
        check_that(ABS(log2) <= 1, "log2 case %zu: off by %" PRId64, i, log2);
    }
    check_that(gd_neglog_q58(0) == gd_neglog_q58(1), "0 counts as 1");
    gd_i128 wide = gd_log2_q57_wide((gd_u128)3 << 100);
    check_that(wide == gd_log2_q57(3) + 100 * (gd_i128)GD_Q57, "128 bits");
}

/* y in Q57 and 2^y to the nearest integer. */
static const struct {
    int64_t y, wanted;
} exp_cases[] = {
    {INT64_C(0), INT64_C(1)},
    {INT64_C(144115188075855872), INT64_C(2)},
    {INT64_C(1513209474796486656), INT64_C(1448)},
    {INT64_C(4308662629522456613), INT64_C(1000000000)},
    {INT64_C(5782399521400211134), INT64_C(1197744053072)},
    {INT64_C(7969569900594829722), INT64_C(44356652169435463)},
    {INT64_C(8791307947603918848), INT64_C(2308966780606354388)},
    {INT64_C(9079256704663731860), INT64_C(9223365643702668898)},
    {INT64_C(-72057594037927936), INT64_C(1)},
    {INT64_C(-144115188075855872) + 64, INT64_C(1)}, /* just above 1/2, to the nearest */
    {INT64_C(-144115188075855872) - 64, INT64_C(0)},
    {INT64_MIN, INT64_C(0)},
    {63 * GD_Q57, GD_NEVER},
    {INT64_MAX, GD_NEVER},
};

static void test_powers(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(exp_cases); i++) {
        int64_t got = gd_exp2_q57(exp_cases[i].y);
        int64_t slack = exp_cases[i].wanted >> 55; /* a relative error of 2^-56 is allowed */
        check_that(ABS(got - exp_cases[i].wanted) <= slack, "case %zu: %" PRId64, i, got);
    }
}

/* In each of the 256 rows of both tables, and at their borders: 2^log2(x) is x again, and both
 * rise with their argument. */
static void test_powers_undo_logarithms(void **unused)
{
    (void)unused;
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t x = gd_mix_n(1, i) >> 2 | UINT64_C(1) << 61;
        if (i < 512)
            x = (UINT64_C(1) << 61) + (i << 53) - (i & 1);
        double back = (double)gd_exp2_q57(gd_log2_q57(x));
        check_that(fabs(back - (double)x) <= (double)x * 0x1p-52, "%" PRIu64 ": %g", x, back);
        check_that(gd_log2_q57(x) <= gd_log2_q57(x + 64), "log2 falls at %" PRIu64, x);
        int64_t y = (int64_t)(x >> 4) % (62 * GD_Q57);
        check_that(gd_exp2_q57(y) <= gd_exp2_q57(y + 64), "2^y falls at %" PRId64, y);
    }
}

static void test_root(void **unused)
{
    (void)unused;
    check_that(gd_root(0) == 0 && gd_root(3) == 1 && gd_root(4) == 2, "small");
    check_that(gd_root(~(gd_u128)0) == UINT64_MAX, "the largest");
    for (uint64_t i = 1; i < 1000; i++) {
        uint64_t r = gd_mix_n(2, i);
        check_that(gd_root((gd_u128)r * r) == r && gd_root((gd_u128)r * r - 1) == r - 1, "%" PRIu64,
                   r);
    }
}

/* z in billionths, log2 of gamma(z) in Q57. */
static const int64_t gamma_cases[][2] = {
    {INT64_C(1000000000), INT64_C(0)},
    {INT64_C(1010000000), INT64_C(-1183096206486615)},
    {INT64_C(1500000000), INT64_C(-25112350423130250)},
    {INT64_C(2000000000), INT64_C(0)},
    {INT64_C(3250000000), INT64_C(194566572707597880)},
    {INT64_C(6000000000), INT64_C(995387837205481831)},
    {INT64_C(11000000000), INT64_C(3140422870919903267)},
    {INT64_C(20000000000), INT64_C(8179323190697637753)},
};

/* p in billionths, the normal's quantile in Q58. */
static const int64_t normal_cases[][2] = {
    {INT64_C(1), INT64_C(-1728750172021040992)},
    {INT64_C(1000), INT64_C(-1370081276540714573)},
    {INT64_C(1350000), INT64_C(-864684497053379999)},
    {INT64_C(100000000), INT64_C(-369382089794735260)},
    {INT64_C(499999999), INT64_C(-722486410)},
    {INT64_C(500000000), INT64_C(0)},
    {INT64_C(750000000), INT64_C(194408434409490731)},
    {INT64_C(900000000), INT64_C(369382089794735260)},
    {INT64_C(950000000), INT64_C(474096779610730327)},
    {INT64_C(990000000), INT64_C(670524122794526563)},
    {INT64_C(999000000), INT64_C(890698820002920549)},
    {INT64_C(999900000), INT64_C(1071933520517307817)},
    {INT64_C(999999999), INT64_C(1728750172021040992)},
};

static void test_gamma_and_normal_quantile(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(gamma_cases); i++) {
        int64_t off = gd_log2_gamma_q57(gamma_cases[i][0]) - gamma_cases[i][1];
        check_that(ABS(off) < 128, "gamma case %zu: off by %" PRId64 " x 2^-57", i, off);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(normal_cases); i++) {
        int64_t off = gd_normal_quantile_q58(normal_cases[i][0]) - normal_cases[i][1];
        check_that(ABS(off) < 1024, "normal case %zu: off by %" PRId64 " x 2^-58", i, off);
    }
    int64_t before = INT64_MIN; /* also across the change of method at z = 3 */
    for (int64_t p = 1; p < GD_SHARE_ONE; p += 99991) {
        int64_t z = gd_normal_quantile_q58(p);
        check_that(z > before, "the quantile falls at %" PRId64, p);
        before = z;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logarithms),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_powers_undo_logarithms),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_gamma_and_normal_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
