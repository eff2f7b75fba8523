/* Distributions, sampled in integers: the same bits on every machine.
 *
 * A distribution is parsed into a gd_dist_spec (exact decimal parameters), built once into a
 * gd_dist (scaled integers and tables, part of the plan), and sampled with one 64-bit draw. No libm
 * and no double lies between the draw and the value; what needs a table builds it in integers too.
 * Values are ns for times, whole numbers for counts: whatever unit the spec's numbers had.
 *
 * A unit draw (uniform, exponential, normal) depends on the address alone, the parameters only
 * stretch it: two designs that differ in a mean or a spread meet the same luck. What needs more
 * than one uniform takes gd_next(u), gd_next(gd_next(u)) and so on, so a caller must not use these
 * for something else at the same address.
 *
 * Quantiles: ln(value) is linear in the normal quantile z(p) between the knots, so two knots are
 * exactly a lognormal. Below the first knot the first segment goes on, beyond the last one the last
 * (a lognormal tail: monotone, and all its moments are finite, where a power law through a steep
 * p99 would have no mean). `min` and `max`, or p0 and p100, cut it off. The knots are the user's
 * own, uneven as they are, and nothing is tabulated between them: the error at p99.99 against the
 * same curve in floating point is below 10^-9 of the value, or half a unit.
 */
#pragma once

#include "sim/arena.h"
#include "sim/fixed.h"
#include "sim/rng.h"
#include "sim/units.h"
#include "sim/ziggurat.h"

#include <glib.h>

typedef enum {
    GD_DIST_CONSTANT,
    GD_DIST_UNIFORM,
    GD_DIST_EXPONENTIAL,
    GD_DIST_LOGNORMAL,
    GD_DIST_NORMAL, /* a draw below 0 becomes 0; gd_dist_check warns when that is > 1 % */
    GD_DIST_ERLANG,
    GD_DIST_GAMMA,
    GD_DIST_WEIBULL,
    GD_DIST_PARETO,
    GD_DIST_HYPEREXPONENTIAL,
    GD_DIST_GEOMETRIC, /* counts >= 1 */
    GD_DIST_ZIPF,      /* ranks 1..n */
    GD_DIST_MIXTURE,
    GD_DIST_EMPIRICAL,
    GD_DIST_QUANTILES,
    GD_DIST_KINDS
} gd_dist_kind;

/* A decimal number, exact: digits x 10^-9 (shapes, cv, exponents) or in the unit of the value. */
typedef int64_t gd_nano; /* billionths of one */

/* The ways to say each kind; anything else is refused with the remedy:
 *   constant     value                    erlang       stages, mean
 *   uniform      low, high (both can be   gamma        mean, and shape or cv
 *                drawn)                   weibull      shape, and mean or median
 *   exponential  mean or median           pareto       shape, and min (lower bound), mean or
 *   normal       mean, and sd or cv                    median; with min also max (upper bound)
 *   lognormal    median, and p99, sigma   hyperexponential  weights and values (means), or mean
 *                or cv; or mean and cv                 and cv: two branches of balanced means
 *   zipf         n <= 10^6, s in 0..10    geometric    mean_count
 *   mixture      components, weights      empirical    values, weights (NULL: equal)
 *   quantiles    ps, values; min and max cut it off
 */
typedef struct gd_dist_spec gd_dist_spec;
struct gd_dist_spec {
    gd_dist_kind kind;
    /* Values, in the unit of what is drawn (ns or whole numbers). Which ones are set depends on
     * `kind` and on how the user said it; 0 means not said. */
    int64_t value;                  /* constant */
    int64_t low, high;              /* uniform */
    int64_t mean, median, p99, min; /* min: lower bound of pareto and quantiles */
    int64_t sd;                     /* normal */
    int64_t max;                    /* pareto, quantiles: bounded above when > 0 */
    gd_nano cv, shape, s, sigma;    /* sigma: of the value's natural logarithm */
    uint32_t stages, n;             /* erlang k; zipf n */
    gd_nano mean_count;             /* geometric: mean >= 1, in billionths */
    uint32_t parts;                 /* mixture, hyperexponential, empirical, quantiles */
    gd_share *weights;              /* sum > 0; NULL = equal */
    gd_dist_spec *components;       /* mixture: `parts` of them */
    int64_t *values;                /* hyperexponential means, empirical values, quantile values */
    gd_share *ps;                   /* quantiles: the probabilities, ascending */
    bool per_request;               /* drawn from the request's root key: "per": "request" */
};

typedef struct gd_dist gd_dist;
struct gd_dist {
    uint8_t kind; /* gd_dist_kind */
    uint8_t shift, shift2;
    bool per_request;
    uint32_t n;
    uint64_t a, b, c;      /* meaning by kind: sim/dist_build.h */
    const uint64_t *table; /* in the plan's arena */
    const gd_dist *parts;
};

#define GD_DIST_ERROR (gd_dist_error_quark())
GQuark gd_dist_error_quark(void);

/* Fills *out; tables live in `arena`. False and an error (no place; the caller adds it) when the
 * parameters contradict each other. */
bool gd_dist_build(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error);

/* One value >= 0 from one address. 4 to 12 ns for the common kinds. Slow kinds are out of line. */
int64_t gd_dist_sample_slow(const gd_dist *dist, uint64_t u);

/* q58 x mantissa x 2^-shift, to the nearest unit of the value; shift is 1 to 127. */
static inline int64_t gd_scale_q58(uint64_t q58, uint64_t mantissa, unsigned shift)
{
    gd_u128 twice = ((gd_u128)q58 * mantissa) >> (shift - 1);
    return twice >= (gd_u128)GD_NEVER * 2 ? GD_NEVER : (int64_t)(((uint64_t)twice + 1) >> 1);
}
/* mean = numerator / denominator as mantissa and shift for gd_scale_q58; denominator < 2^127. */
void gd_scale_make(gd_u128 numerator, gd_u128 denominator, uint64_t *mantissa, uint8_t *shift);

static inline int64_t gd_dist_sample(const gd_dist *dist, uint64_t u)
{
    if (dist->kind == GD_DIST_EXPONENTIAL)
        return gd_scale_q58(gd_exp_q58(u), dist->a, dist->shift);
    if (dist->kind == GD_DIST_CONSTANT)
        return (int64_t)dist->a;
    return gd_dist_sample_slow(dist, u);
}

/* For a spec that gd_dist_build accepted (sim/stats/dist_facts.c): the mean, infinite for a pareto
 * of shape <= 1 without max, and a quantile, 0 < p < 1. Doubles: for estimates and `explain`, never
 * for events. */
double gd_dist_get_mean(const gd_dist_spec *spec);
double gd_dist_get_quantile(const gd_dist_spec *spec, double p);
/* P(value <= x) of the value before it is rounded to whole units. */
double gd_dist_get_cdf(const gd_dist_spec *spec, double x);
/* One line: "lognormal(p50 5ms, p99 20ms; tail beyond p99 lognormal)". Owned by the caller. */
char *gd_dist_describe(const gd_dist_spec *spec, bool is_time);
/* What is allowed but seldom meant (a normal cut at 0, an infinite mean), or NULL. Owned by the
 * caller. */
char *gd_dist_check(const gd_dist_spec *spec);
