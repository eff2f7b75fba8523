#include "models/guard/backoff.h"

#include "sim/fixed.h"

/* Uniform in [low, high], whole ns. */
static gd_span between(gd_span low, gd_span high, uint64_t u)
{
    if (high <= low)
        return low;
    return low + (gd_span)gd_below(u, (uint64_t)(high - low) + 1);
}

static gd_span capped(gd_span wait, gd_span max)
{
    return max > 0 && wait > max ? max : wait;
}

/* base x multiplier^(n-1), at most max. */
static gd_span exponential(const gd_backoff_spec *spec, uint32_t n)
{
    gd_span wait = spec->base;
    for (uint32_t i = 1; i < n; i++) {
        wait = gd_share_of(wait, spec->multiplier);
        if (wait == GD_NEVER || (spec->max > 0 && wait >= spec->max))
            break;
    }
    return capped(wait, spec->max);
}

/* Envoy: (2^n - 1) x base, at most max. */
static gd_span envoy_envelope(const gd_backoff_spec *spec, uint32_t n)
{
    gd_i128 wait = n < 60 ? (gd_i128)spec->base * ((INT64_C(1) << n) - 1) : GD_NEVER;
    return capped(wait > GD_NEVER ? GD_NEVER : (gd_span)wait, spec->max);
}

/* f(t) = 2^t tanh(sqrt(4 t)) in Q32, t in Q32 below 62 (Polly's RetryHelper). */
static uint64_t polly_f(uint64_t t_q32)
{
    /* x = 2 sqrt(t) in Q32; e^-2x = 2^(-2 x log2 e). */
    uint64_t x = gd_root((gd_u128)t_q32 << 32) * 2;
    int64_t exponent = gd_log2_of_ln((int64_t)((gd_i128)2 * x * GD_Q57 >> 32 > GD_NEVER / 2
                                                   ? GD_NEVER / 2
                                                   : (gd_i128)2 * x * GD_Q57 >> 32));
    int64_t small = gd_exp2_q57(40 * GD_Q57 - (exponent > 40 * GD_Q57 ? 40 * GD_Q57 : exponent));
    gd_u128 one = (gd_u128)1 << 40;
    gd_u128 tanh_q32 = ((one - (gd_u128)small) << 32) / (one + (gd_u128)small);
    gd_u128 power = (gd_u128)gd_exp2_q57((int64_t)((t_q32 & UINT32_MAX) << 25) + 30 * GD_Q57);
    unsigned whole = (unsigned)(t_q32 >> 32);
    gd_u128 f = power * tanh_q32 >> 30;
    return (uint64_t)(whole < 28 ? f << whole : (gd_u128)UINT64_MAX);
}

/* Waits are differences of f at t = (n - 1) + U, in units of base / 1.4: *before keeps f. */
static gd_span decorrelated_v2(const gd_backoff_spec *spec, uint32_t n, gd_span *before, uint64_t u)
{
    uint64_t t = ((uint64_t)(n - 1) << 32) + (u >> 32);
    uint64_t f = n < 28 ? polly_f(t) : UINT64_MAX;
    uint64_t step = f > (uint64_t)*before ? f - (uint64_t)*before : 0;
    *before = (gd_span)(f > (uint64_t)GD_NEVER ? (uint64_t)GD_NEVER : f);
    gd_u128 wait = ((gd_u128)step * (gd_u128)spec->base * 5 / 7) >> 32;
    return capped(wait > (gd_u128)GD_NEVER ? GD_NEVER : (gd_span)wait, spec->max);
}

gd_span gd_backoff(gd_backoff_kind kind, const gd_backoff_spec *spec, uint32_t n, gd_span *before,
                   uint64_t u)
{
    gd_span h;
    switch (kind) {
    case GD_BACKOFF_NONE:
        return 0;
    case GD_BACKOFF_CONSTANT:
        return spec->base;
    case GD_BACKOFF_LINEAR:
        return capped(gd_share_of(spec->base, (gd_share)n * GD_SHARE_ONE), spec->max);
    case GD_BACKOFF_EXPONENTIAL:
        return exponential(spec, n);
    case GD_BACKOFF_PROPORTIONAL: /* jitter after the cap: up to 20 % above it */
        h = exponential(spec, n);
        return between(gd_share_of(h, GD_SHARE_ONE / 5 * 4), gd_share_of(h, GD_SHARE_ONE / 5 * 6),
                       u);
    case GD_BACKOFF_POLLY_BASIC:
        return between(spec->base - spec->base / 4, gd_time_add(spec->base, spec->base / 4), u);
    case GD_BACKOFF_FULL:
        return between(0, exponential(spec, n), u);
    case GD_BACKOFF_ENVOY_FULL:
        return between(0, envoy_envelope(spec, n), u);
    case GD_BACKOFF_EQUAL:
        h = exponential(spec, n);
        return between(h / 2, h, u);
    case GD_BACKOFF_DECORRELATED:
        h = *before ? *before : spec->base;
        h = h > GD_NEVER / 3 ? GD_NEVER : h * 3;
        return *before = capped(between(spec->base, h, u), spec->max);
    case GD_BACKOFF_DECORRELATED_V2:
        return decorrelated_v2(spec, n, before, u);
    case GD_BACKOFFS:
        break;
    }
    return 0;
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
#define BASE(text, from)                                                                           \
    GD_FIELD_ROW(gd_backoff_spec, base, GD_FIELD_SPAN, .fallback = text, .min = 0, .max = GD_DAY,  \
                 .help = "the first wait, before jitter", .source = from)
#define CAP(text, from)                                                                            \
    GD_FIELD_ROW(gd_backoff_spec, max, GD_FIELD_SPAN, .fallback = text, .min = 0, .max = GD_DAY,   \
                 .help = "no wait is longer (0: no cap)", .source = from)
#define MULTIPLIER                                                                                 \
    GD_FIELD_ROW(gd_backoff_spec, multiplier, GD_FIELD_FACTOR, .fallback = "2",                    \
                 .min = GD_SHARE_ONE, .max = 100 * GD_SHARE_ONE,                                   \
                 .help = "each wait is this many times the last",                                  \
                 .source = "gRPC backoffMultiplier in gRFC A6")

static const gd_field constant_fields[] = {BASE("\"500ms\"", "resilience4j waitDuration"), {0}};
static const gd_field linear_fields[] = {
    BASE("\"2s\"", "Polly Delay"), CAP("0", "Polly: none"), {0}};
static const gd_field growing_fields[] = {
    BASE("\"100ms\"", "gRFC A6 example"), CAP("\"1s\"", "gRFC A6 example"), MULTIPLIER, {0}};
static const gd_field polly_fields[] = {BASE("\"2s\"", "Polly Delay"), {0}};
static const gd_field full_fields[] = {
    BASE("\"50ms\"", "AWS SDK, newer standard mode"), CAP("\"20s\"", "AWS SDK"), MULTIPLIER, {0}};
static const gd_field envoy_fields[] = {
    BASE("\"25ms\"", "Envoy base_interval"), CAP("\"250ms\"", "Envoy: 10 x base"), {0}};
static const gd_field decorrelated_fields[] = {
    BASE("\"50ms\"", "AWS Architecture Blog"), CAP("\"20s\"", "AWS SDK"), {0}};
static const gd_field polly_v2_fields[] = {
    BASE("\"2s\"", "Polly Delay"), CAP("0", "Polly: none"), {0}};

#define SHAPE(symbol, word, rows, text, from)                                                      \
    static const gd_shape symbol = {.name = word,                                                  \
                                    .help = text,                                                  \
                                    .source = from,                                                \
                                    .bytes = sizeof(gd_backoff_spec),                              \
                                    .fields = rows,                                                \
                                    .bare = "base"}

static const gd_field no_fields[] = {{0}};
static const gd_shape none_shape = {.name = "none",
                                    .help = "at once",
                                    .source = "teaching only",
                                    .bytes = sizeof(gd_backoff_spec),
                                    .fields = no_fields};
SHAPE(constant_shape, "constant", constant_fields, "base", "resilience4j; Polly Constant");
SHAPE(linear_shape, "linear", linear_fields, "n x base", "Polly Linear");
SHAPE(exponential_shape, "exponential", growing_fields, "min(max, base x multiplier^(n-1))",
      "without jitter clients stay in step: teaching only");
SHAPE(proportional_shape, "proportional", growing_fields, "exponential x U(0.8, 1.2)",
      "gRPC: the jitter comes after the cap");
SHAPE(polly_basic_shape, "polly_basic", polly_fields, "base x U(0.75, 1.25)",
      "Polly Constant with jitter");
SHAPE(full_shape, "full", full_fields, "U(0, min(max, base x multiplier^(n-1)))",
      "AWS full jitter; Finagle exponentialJittered");
SHAPE(envoy_full_shape, "envoy_full", envoy_fields, "U(0, min(max, (2^n - 1) x base))",
      "Envoy retry_back_off");
SHAPE(equal_shape, "equal", full_fields, "h / 2 + U(0, h / 2), h the exponential wait",
      "AWS equal jitter");
SHAPE(decorrelated_shape, "decorrelated", decorrelated_fields, "min(max, U(base, 3 x last wait))",
      "AWS decorrelated jitter");
SHAPE(decorrelated_v2_shape, "decorrelated_v2", polly_v2_fields,
      "differences of 2^t tanh(sqrt(4 t)) at t = n - 1 + U(0, 1), x base / 1.4",
      "Polly Exponential with jitter");

const gd_shape *const gd_backoff_shapes[GD_BACKOFFS + 1] = {
    &none_shape,         &constant_shape,        &linear_shape,
    &exponential_shape,  &proportional_shape,    &polly_basic_shape,
    &full_shape,         &envoy_full_shape,      &equal_shape,
    &decorrelated_shape, &decorrelated_v2_shape, NULL};
