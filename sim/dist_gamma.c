/* Gamma and Erlang draws: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables",
 * ACM TOMS 26(3), 2000, in fixed point. */
#include "sim/dist_build.h"

/* Up to this many stages a sum of exponentials is the faster way, and fits Q54. */
#define MAX_SUMMED_STAGES 16

/* Limits of the shape, an assumption: at 0.05 (cv 4.5) half of the draws are below 10^-6 of the
 * mean; at 10^6 (cv 0.001) it is a constant to anyone who looks. */
#define MIN_SHAPE  (GD_SHARE_ONE / 20)
#define MAX_SHAPE  (INT64_C(1000000) * GD_SHARE_ONE)
#define MAX_STAGES 1000000

#define SIX_LN2_Q54 INT64_C(0x010A2B23F3BAB736) /* 6 ln 2 = 4.15888308 */

/* u < 1 - 0.0331 x^4: accepted without a logarithm, 9 times in 10. x in Q58, u in Q64. */
static bool is_squeezed(int64_t x, uint64_t u)
{
    const uint64_t factor = UINT64_C(610587228839786158);           /* 0.0331 in Q64 */
    uint64_t square = (uint64_t)((gd_i128)x * x >> 60);             /* Q56: |x| < 16 */
    uint64_t fourth = (uint64_t)(((gd_u128)square * square) >> 64); /* Q48 */
    uint64_t taken = (uint64_t)(((gd_u128)fourth * factor) >> 64) + 1;
    return taken < (UINT64_C(1) << 48) && (u >> 16) < (UINT64_C(1) << 48) - taken;
}

/* The exact test: ln u < x^2/2 + d (1 - v + ln v), where v = t^3. t in Q58, v in Q54, d in Q40. */
static bool is_accepted(int64_t x, uint64_t t, uint64_t v, uint64_t d, uint64_t u)
{
    int64_t ln_v = 3 * (SIX_LN2_Q54 - (int64_t)(gd_neglog_q58(t) >> 4)); /* Q54 */
    int64_t loss = (int64_t)v - (INT64_C(1) << 54) - ln_v;
    gd_i128 gain = (gd_i128)(gd_neglog_q58(u) >> 2) + ((gd_i128)x * x >> 61); /* Q56 */
    return gain > ((gd_i128)loss * (int64_t)d >> 38);
}

/* Gamma of the shape d + 1/3, over d, in Q54; *last is the last uniform that it used. */
static uint64_t sample_v_q54(const gd_dist *dist, uint64_t u, uint64_t *last)
{
    for (;; u = gd_next(u)) {
        int64_t x = gd_normal_q58(u);
        int64_t t = GD_Q58 + (int64_t)((gd_i128)x * (int64_t)dist->b >> 62);
        u = gd_next(u);
        if (t <= 0)
            continue;
        uint64_t square = (uint64_t)(((gd_u128)(uint64_t)t * (uint64_t)t) >> 58);
        uint64_t v = (uint64_t)(((gd_u128)square * (uint64_t)t) >> 62);
        *last = u;
        if (is_squeezed(x, u) || is_accepted(x, (uint64_t)t, v, dist->c, u))
            return v;
    }
}

int64_t gd_dist_sample_gamma(const gd_dist *dist, uint64_t u)
{
    uint64_t last;
    uint64_t v = sample_v_q54(dist, u, &last);
    if (!dist->table)
        return gd_scale_q58(v, dist->a, dist->shift);
    /* Shape a < 1: gamma(a + 1) x U^(1/a), in powers of two. */
    gd_i128 y = gd_log2_q57(v + (v == 0)) - 54 * GD_Q57 + (gd_i128)(int64_t)dist->table[0];
    y -= (gd_i128)(((gd_u128)gd_exp_q58(gd_next(last)) * dist->table[1]) >> 57);
    if (y >= 63 * (gd_i128)GD_Q57)
        return GD_NEVER;
    return y < -2 * (gd_i128)GD_Q57 ? 0 : gd_exp2_q57((int64_t)y);
}

/* The constants for d = shape - 1/3, shape in billionths and at least 1. */
static void set_d(gd_dist *out, int64_t shape)
{
    gd_u128 three_d = (gd_u128)(3 * shape - GD_SHARE_ONE); /* x 10^9 */
    gd_u128 nine_d_inverse = ((gd_u128)1 << 124) / (3 * three_d) * (gd_u128)GD_SHARE_ONE; /* Q124 */
    out->b = gd_root(nine_d_inverse);
    out->c = (uint64_t)((three_d << 40) / (3 * (gd_u128)GD_SHARE_ONE));
}

static void build_large_shape(int64_t mean, int64_t shape, gd_dist *out)
{
    set_d(out, shape);
    gd_u128 three_d = (gd_u128)(3 * shape - GD_SHARE_ONE);
    gd_scale_make((gd_u128)mean * 16 * three_d, 3 * (gd_u128)shape, &out->a, &out->shift);
}

/* The value is mean / shape x d x v x U^(1/shape), where d belongs to shape + 1. */
static void build_small_shape(int64_t mean, int64_t shape, gd_arena *arena, gd_dist *out)
{
    set_d(out, shape + GD_SHARE_ONE);
    uint64_t *table = gd_arena_array(arena, uint64_t, 2);
    uint64_t three_d = (uint64_t)(3 * shape + 2 * GD_SHARE_ONE);
    int64_t scale =
        gd_log2_q57((uint64_t)mean) + gd_log2_q57(three_d) - gd_log2_q57(3 * (uint64_t)shape);
    gd_u128 ln2 = (gd_u128)gd_neglog_q58(UINT64_C(1) << 63); /* Q58 */
    table[0] = (uint64_t)scale;
    table[1] = (uint64_t)((((gd_u128)GD_SHARE_ONE << 90) / ((gd_u128)shape * ln2 >> 24)));
    out->table = table;
}

bool gd_dist_build_gamma(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    if (spec->mean <= 0)
        return gd_dist_fail(error, "gamma needs a mean above 0");
    if ((spec->shape != 0) == (spec->cv != 0))
        return gd_dist_fail(error, "gamma needs its mean and either shape or cv, above 0");
    int64_t shape = spec->shape;
    if (spec->cv) { /* shape = 1 / cv^2 */
        gd_u128 square = (gd_u128)spec->cv * (gd_u128)spec->cv;
        gd_u128 inverse =
            ((gd_u128)GD_SHARE_ONE * GD_SHARE_ONE * GD_SHARE_ONE + square / 2) / square;
        shape = inverse > (gd_u128)MAX_SHAPE ? MAX_SHAPE + 1 : (int64_t)inverse;
    }
    if (shape < MIN_SHAPE || shape > MAX_SHAPE)
        return gd_dist_fail(error, "gamma's shape (1 / cv squared) must be from 0.05 to 1000000, "
                                   "that is cv from 0.001 to 4.47; beyond, use a constant or a "
                                   "lognormal");
    if (shape >= GD_SHARE_ONE)
        build_large_shape(spec->mean, shape, out);
    else
        build_small_shape(spec->mean, shape, arena, out);
    return true;
}

bool gd_dist_build_erlang(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    if (spec->mean <= 0)
        return gd_dist_fail(error, "erlang needs a mean above 0");
    if (spec->stages < 1 || spec->stages > MAX_STAGES)
        return gd_dist_fail(error, "erlang needs stages from 1 to %d; write \"stages\": 2",
                            MAX_STAGES);
    if (spec->stages > MAX_SUMMED_STAGES) {
        build_large_shape(spec->mean, spec->stages * GD_SHARE_ONE, out);
        return true;
    }
    out->n = spec->stages;
    gd_scale_make((gd_u128)spec->mean * 16, spec->stages, &out->a, &out->shift);
    return true;
}
