#include "sim/dist_build.h"

/* Limits of the shapes of Weibull and Pareto, an assumption: at 0.1 the p99 of a Weibull is 10^8
 * times its median; at 100 the whole body lies within 5 %. */
#define MIN_SHAPE (GD_SHARE_ONE / 10)
#define MAX_SHAPE (100 * GD_SHARE_ONE)

/* A spread of a thousand means, an assumption: beyond, a digit too many is likelier than a tail. */
#define MAX_CV (1000 * GD_SHARE_ONE)

/* The normal's 99th percentile, 2.3263478740408411 (A&S table 26.1), in Q58. */
#define Z99_Q58    INT64_C(670524122794526563)
#define LN_100_Q58 INT64_C(1327349934949995907) /* -ln(1 - 0.99) = 4.6051701860 */

G_DEFINE_QUARK(gd - dist - error - quark, gd_dist_error)

bool gd_dist_fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error)
        *error = g_error_new_valist(GD_DIST_ERROR, 0, format, args);
    va_end(args);
    return false;
}

void gd_scale_make(gd_u128 numerator, gd_u128 denominator, uint64_t *mantissa, uint8_t *shift)
{
    g_assert(denominator > 0 && denominator >> 127 == 0);
    gd_u128 quotient = numerator / denominator, rest = numerator % denominator;
    unsigned bits = 58;
    for (; quotient >> 64 && bits > 1; bits--)
        quotient >>= 1;
    if (quotient >> 64)
        quotient = UINT64_MAX;
    for (; quotient >> 63 == 0 && bits < 127; bits++) {
        rest <<= 1;
        bool one = rest >= denominator;
        rest -= one ? denominator : 0;
        quotient = quotient << 1 | one;
    }
    *mantissa = (uint64_t)quotient;
    *shift = (uint8_t)bits;
}

/* log2 of a value in Q57. */
static uint64_t log2_of(int64_t value)
{
    return (uint64_t)gd_log2_q57((uint64_t)value);
}

/* 10^9 / shape in Qn for n = 56, that is 1 / shape. */
static uint64_t inverse_q56(int64_t shape)
{
    return (uint64_t)(((gd_u128)GD_SHARE_ONE << 56) / (gd_u128)shape);
}

/* 1 / (shape x ln 2) in Q56. */
static uint64_t inverse_log2_q56(int64_t shape)
{
    return (uint64_t)gd_log2_of_ln((int64_t)inverse_q56(shape));
}

/* Refuses a curve that leaves 63 bits before its p99. */
static bool fits(gd_i128 log2_p99, const char *kind, GError **error)
{
    if (log2_p99 < 63 * (gd_i128)GD_Q57)
        return true;
    return gd_dist_fail(error,
                        "this %s is too wide: its p99 does not fit in 63 bits (292 years for a "
                        "time); check the units, narrow it or bound it with max",
                        kind);
}

static bool build_constant(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    if (spec->value < 0)
        return gd_dist_fail(error, "a constant must not be negative");
    out->a = (uint64_t)spec->value;
    return true;
}

static bool build_uniform(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    if (spec->low < 0 || spec->high <= 0)
        return gd_dist_fail(error, "uniform needs low of at least 0 and high above 0");
    if (spec->low > spec->high)
        return gd_dist_fail(error, "uniform's low is above its high; swap them");
    out->a = (uint64_t)spec->low;
    out->b = (uint64_t)(spec->high - spec->low) + 1;
    return true;
}

static bool build_exponential(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out,
                              GError **error)
{
    (void)arena;
    if (spec->mean < 0 || spec->median < 0 || (spec->mean > 0) == (spec->median > 0))
        return gd_dist_fail(error, "exponential needs either mean or median, above 0");
    if (spec->mean)
        gd_scale_make((gd_u128)spec->mean, 1, &out->a, &out->shift);
    else
        gd_scale_make((gd_u128)spec->median << 58, gd_neglog_q58(UINT64_C(1) << 63), &out->a,
                      &out->shift);
    return true;
}

/* sigma^2 of the lognormal with this cv is ln(1 + cv^2): here log2(1 + cv^2), in Q57. */
static int64_t log2_variance_of_cv(int64_t cv)
{
    gd_u128 one = (gd_u128)GD_SHARE_ONE * GD_SHARE_ONE;
    gd_u128 square = (gd_u128)cv * (gd_u128)cv;
    return (int64_t)(gd_log2_q57_wide(one + square) - gd_log2_q57_wide(one));
}

static bool build_lognormal(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    int spreads = (spec->p99 != 0) + (spec->sigma != 0) + (spec->cv != 0);
    bool by_mean = spec->mean != 0 && spec->median == 0 && spec->cv != 0;
    bool by_median = spec->median != 0 && spec->mean == 0;
    if (spreads != 1 || (!by_mean && !by_median))
        return gd_dist_fail(error, "lognormal needs exactly one of: median and p99, median and "
                                   "sigma, mean and cv; each above 0");
    if (spec->mean < 0 || spec->median < 0 || spec->p99 < 0 || spec->sigma < 0 || spec->cv < 0)
        return gd_dist_fail(error, "lognormal's values must be above 0");
    if (spec->p99 && spec->p99 < spec->median)
        return gd_dist_fail(error, "lognormal's median is above its p99; swap them");
    if (spec->p99 && spec->p99 == spec->median)
        return gd_dist_fail(error, "lognormal's median is its p99: that is a constant; write the "
                                   "value alone");
    if (spec->cv > MAX_CV)
        return gd_dist_fail(error, "lognormal's cv must be at most 1000");
    gd_i128 log2_median = (gd_i128)log2_of(by_mean ? spec->mean : spec->median);
    gd_i128 slope; /* sigma / ln 2, Q57 */
    if (spec->p99)
        slope = ((gd_i128)log2_of(spec->p99) - log2_median) * GD_Q58 / Z99_Q58;
    else if (spec->sigma)
        slope = (gd_i128)spec->sigma * gd_log2_of_ln(GD_Q57) / GD_SHARE_ONE;
    else {
        int64_t variance = log2_variance_of_cv(spec->cv); /* sigma^2 / ln 2, Q57 */
        slope = gd_root((gd_u128)gd_log2_of_ln(variance) << 57);
        log2_median -= by_mean ? variance / 2 : 0;
    }
    if (slope >= 63 * (gd_i128)GD_Q57 || log2_median < -64 * (gd_i128)GD_Q57)
        return gd_dist_fail(error, "lognormal's spread is too large; check sigma or cv");
    if (!fits(log2_median + slope * Z99_Q58 / GD_Q58, "lognormal", error))
        return false;
    out->a = (uint64_t)log2_median;
    out->b = (uint64_t)slope;
    return true;
}

static bool build_normal(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    if (spec->mean <= 0)
        return gd_dist_fail(error, "normal needs a mean above 0");
    if (spec->sd < 0 || spec->cv < 0 || (spec->sd > 0) == (spec->cv > 0))
        return gd_dist_fail(error, "normal needs its mean and either sd or cv, above 0");
    gd_i128 sd = spec->sd ? spec->sd : (gd_i128)spec->mean * spec->cv / GD_SHARE_ONE;
    if (sd > GD_NEVER / 4)
        return gd_dist_fail(error, "normal's standard deviation is too large; check sd or cv");
    out->a = (uint64_t)spec->mean;
    out->b = (uint64_t)sd;
    return true;
}

static bool check_shape(const gd_dist_spec *spec, const char *kind, GError **error)
{
    if (spec->shape >= MIN_SHAPE && spec->shape <= MAX_SHAPE)
        return true;
    return gd_dist_fail(error, "%s needs a shape from 0.1 to 100%s", kind,
                        spec->shape < MIN_SHAPE ? "; below, its tail outweighs any run" : "");
}

/* scale = median / (ln 2)^(1/shape), or mean / gamma(1 + 1/shape). */
static bool build_weibull(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    if (!check_shape(spec, "weibull", error))
        return false;
    if (spec->mean < 0 || spec->median < 0 || (spec->mean > 0) == (spec->median > 0))
        return gd_dist_fail(error, "weibull needs its shape and either mean or median, above 0");
    int64_t inverse = (int64_t)inverse_q56(spec->shape);
    int64_t log2_scale;
    if (spec->mean) {
        gd_u128 nano = (gd_u128)GD_SHARE_ONE * GD_SHARE_ONE;
        int64_t z = GD_SHARE_ONE + (int64_t)((nano + spec->shape / 2) / (gd_u128)spec->shape);
        log2_scale = (int64_t)log2_of(spec->mean) - gd_log2_gamma_q57(z);
    } else {
        int64_t log2_ln2 = gd_log2_q57(gd_neglog_q58(UINT64_C(1) << 63)) - 58 * GD_Q57;
        log2_scale = (int64_t)log2_of(spec->median) - (int64_t)((gd_i128)log2_ln2 * inverse >> 56);
    }
    int64_t log2_p99 = gd_log2_q57((uint64_t)LN_100_Q58) - 58 * GD_Q57;
    out->a = (uint64_t)log2_scale;
    out->b = (uint64_t)inverse;
    return fits(log2_scale + ((gd_i128)log2_p99 * inverse >> 56), "weibull", error);
}

/* mean = low x shape / (shape - 1); median = low x 2^(1/shape). */
static bool build_pareto(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    if (!check_shape(spec, "pareto", error))
        return false;
    if (spec->min < 0 || spec->mean < 0 || spec->median < 0 || spec->max < 0 ||
        (spec->min > 0) + (spec->mean > 0) + (spec->median > 0) != 1)
        return gd_dist_fail(error,
                            "pareto needs its shape and one of min, mean and median, above 0");
    if (spec->max && !spec->min)
        return gd_dist_fail(error,
                            "a pareto with max needs min: its mean and median depend on both");
    if (spec->max && spec->max <= spec->min)
        return gd_dist_fail(error, "pareto's max is not above its min; swap them");
    if (spec->mean && spec->shape <= GD_SHARE_ONE)
        return gd_dist_fail(error,
                            "a pareto of shape 1 or below has no mean; say min or median, or "
                            "raise the shape");
    gd_i128 log2_low = (gd_i128)log2_of(spec->min + spec->mean + spec->median);
    if (spec->mean)
        log2_low += (gd_i128)log2_of(spec->shape - GD_SHARE_ONE) - (gd_i128)log2_of(spec->shape);
    if (spec->median)
        log2_low -= (gd_i128)(inverse_q56(spec->shape) * 2);
    out->a = (uint64_t)log2_low;
    out->b = inverse_log2_q56(spec->shape);
    if (!spec->max)
        return fits(log2_low + (LN_100_Q58 * (gd_i128)out->b >> 57), "pareto", error);
    gd_i128 log2_ratio = (gd_i128)log2_of(spec->max) - log2_low;
    gd_i128 y = 63 * (gd_i128)GD_Q57 - log2_ratio * spec->shape / GD_SHARE_ONE;
    uint64_t *table = gd_arena_array(arena, uint64_t, 1);
    table[0] = -(uint64_t)(y < -GD_Q57 ? 0 : gd_exp2_q57((int64_t)y)) * 2 - 1;
    out->table = table;
    out->c = (uint64_t)spec->max;
    return true;
}

/* -ln(1 - 1/m) = 2 artanh(t), t = 1 / (2m - 1): its inverse is (m - 1/2) / (1 + t^2/3 + t^4/5 ...).
 * Below m = 2 the logarithms of m and m - 1 are far enough apart. */
static bool build_geometric(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    (void)arena;
    int64_t mean = spec->mean_count;
    if (mean < GD_SHARE_ONE)
        return gd_dist_fail(error, "geometric counts from 1, so it needs a mean of at least 1");
    if (mean == GD_SHARE_ONE) {
        out->kind = GD_DIST_CONSTANT;
        out->a = 1;
        return true;
    }
    if (mean < 2 * GD_SHARE_ONE) {
        int64_t log2 = gd_log2_q57((uint64_t)mean) - gd_log2_q57((uint64_t)(mean - GD_SHARE_ONE));
        gd_scale_make((gd_u128)GD_Q57, (gd_u128)gd_ln_of_log2(log2), &out->a, &out->shift);
        return true;
    }
    uint64_t odd = 2 * (uint64_t)mean - (uint64_t)GD_SHARE_ONE; /* 2m - 1 in billionths */
    uint64_t t = (uint64_t)(((gd_u128)GD_SHARE_ONE << 60) / odd);
    uint64_t square = (uint64_t)(((gd_u128)t * t) >> 60);
    uint64_t sum = UINT64_C(1) << 60;
    uint64_t term = sum;
    for (unsigned n = 3; term > 0; n += 2) {
        term = (uint64_t)(((gd_u128)term * square) >> 60);
        sum += term / n;
    }
    gd_scale_make((gd_u128)odd << 60, (gd_u128)sum * 2 * (gd_u128)GD_SHARE_ONE, &out->a,
                  &out->shift);
    return true;
}

bool gd_dist_build(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    static gd_dist_builder *const builders[GD_DIST_KINDS] = {
        [GD_DIST_CONSTANT] = build_constant,
        [GD_DIST_UNIFORM] = build_uniform,
        [GD_DIST_EXPONENTIAL] = build_exponential,
        [GD_DIST_LOGNORMAL] = build_lognormal,
        [GD_DIST_NORMAL] = build_normal,
        [GD_DIST_ERLANG] = gd_dist_build_erlang,
        [GD_DIST_GAMMA] = gd_dist_build_gamma,
        [GD_DIST_WEIBULL] = build_weibull,
        [GD_DIST_PARETO] = build_pareto,
        [GD_DIST_HYPEREXPONENTIAL] = gd_dist_build_hyperexponential,
        [GD_DIST_GEOMETRIC] = build_geometric,
        [GD_DIST_ZIPF] = gd_dist_build_zipf,
        [GD_DIST_MIXTURE] = gd_dist_build_mixture,
        [GD_DIST_EMPIRICAL] = gd_dist_build_empirical,
        [GD_DIST_QUANTILES] = gd_dist_build_quantiles,
    };
    g_assert(spec->kind < GD_DIST_KINDS);
    gd_dist dist = {.kind = (uint8_t)spec->kind, .per_request = spec->per_request};
    if (!builders[spec->kind](spec, arena, &dist, error))
        return false;
    *out = dist;
    return true;
}
