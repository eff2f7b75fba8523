#include "sim/dist.h"
#include "sim/dist_build.h"

/* 2^y for y in Q57, wider than 64 bits where a tail is long. */
static int64_t power(gd_i128 y)
{
    if (y >= 63 * (gd_i128)GD_Q57)
        return GD_NEVER;
    return y < -2 * (gd_i128)GD_Q57 ? 0 : gd_exp2_q57((int64_t)y);
}

static int64_t sample_normal(const gd_dist *dist, uint64_t u)
{
    gd_i128 off = ((gd_i128)(int64_t)dist->b * gd_normal_q58(u) + GD_Q58 / 2) >> 58;
    gd_i128 value = off + (int64_t)dist->a;
    return value < 0 ? 0 : value > GD_NEVER ? GD_NEVER : (int64_t)value;
}

static int64_t sample_lognormal(const gd_dist *dist, uint64_t u)
{
    gd_i128 off = (gd_i128)(int64_t)dist->b * gd_normal_q58(u) >> 58;
    return power(off + (int64_t)dist->a);
}

static int64_t sample_erlang(const gd_dist *dist, uint64_t u)
{
    uint64_t sum = 0; /* Q54, so that 16 stages fit */
    for (uint32_t i = 0; i < dist->n; i++) {
        sum += gd_exp_q58(u) >> 4;
        u = gd_next(u);
    }
    return gd_scale_q58(sum, dist->a, dist->shift);
}

static int64_t sample_weibull(const gd_dist *dist, uint64_t u)
{
    uint64_t e = gd_exp_q58(u);
    int64_t log2_e = gd_log2_q57(e + (e == 0)) - 58 * GD_Q57;
    return power((int64_t)dist->a + ((gd_i128)log2_e * (int64_t)dist->b >> 56));
}

/* Unbounded, ln(value / low) is exponential. Bounded, u is stretched over [(low / high)^shape, 1).
 */
static int64_t sample_pareto(const gd_dist *dist, uint64_t u)
{
    uint64_t e;
    if (dist->c)
        e = gd_neglog_q58(~(uint64_t)(((gd_u128)u * dist->table[0]) >> 64));
    else
        e = gd_exp_q58(u);
    int64_t value = power((int64_t)dist->a + (gd_i128)(((gd_u128)e * dist->b) >> 57));
    return dist->c && value > (int64_t)dist->c ? (int64_t)dist->c : value;
}

static int64_t sample_hyperexponential(const gd_dist *dist, uint64_t u)
{
    uint32_t n = dist->n, i = gd_top_find(dist->table, 0, n - 1, u);
    return gd_scale_q58(gd_exp_q58(gd_next(u)), dist->table[n + i],
                        (unsigned)dist->table[2 * n + i]);
}

static int64_t sample_geometric(const gd_dist *dist, uint64_t u)
{
    gd_u128 whole = ((gd_u128)gd_exp_q58(u) * dist->a) >> dist->shift;
    return whole >= (gd_u128)GD_NEVER ? GD_NEVER : 1 + (int64_t)whole;
}

/* Indexed search (Chen and Asai, 1974): the guide brackets the rank, usually to one or two. */
static int64_t sample_zipf(const gd_dist *dist, uint64_t u)
{
    const uint32_t *guides = (const uint32_t *)(dist->table + dist->n);
    uint64_t bucket = u >> dist->shift;
    return 1 + (int64_t)gd_top_find(dist->table, guides[bucket], guides[bucket + 1], u);
}

static int64_t sample_empirical(const gd_dist *dist, uint64_t u)
{
    uint32_t n = dist->n;
    uint64_t i = dist->a ? gd_top_find(dist->table + n, 0, n - 1, u) : gd_below(u, n);
    return (int64_t)dist->table[i];
}

static int64_t sample_quantiles(const gd_dist *dist, uint64_t u)
{
    int64_t z = gd_normal_q58(u);
    const uint64_t *row = dist->table;
    for (uint32_t i = 2; i < dist->n && z >= (int64_t)row[3]; i++)
        row += 3;
    gd_i128 rise = (gd_i128)(z - (int64_t)row[0]) * (int64_t)row[2] >> 41;
    int64_t value = power(rise + (int64_t)row[1]);
    if (value < (int64_t)dist->b)
        return (int64_t)dist->b;
    return value > (int64_t)dist->c ? (int64_t)dist->c : value;
}

int64_t gd_dist_sample_slow(const gd_dist *dist, uint64_t u)
{
    while (dist->kind == GD_DIST_MIXTURE) {
        dist = &dist->parts[gd_top_find(dist->table, 0, dist->n - 1, u)];
        u = gd_next(u);
    }
    switch ((gd_dist_kind)dist->kind) {
    case GD_DIST_CONSTANT:
        return (int64_t)dist->a;
    case GD_DIST_UNIFORM:
        return (int64_t)(dist->a + gd_below(u, dist->b));
    case GD_DIST_EXPONENTIAL:
        return gd_scale_q58(gd_exp_q58(u), dist->a, dist->shift);
    case GD_DIST_LOGNORMAL:
        return sample_lognormal(dist, u);
    case GD_DIST_NORMAL:
        return sample_normal(dist, u);
    case GD_DIST_ERLANG:
        return dist->n ? sample_erlang(dist, u) : gd_dist_sample_gamma(dist, u);
    case GD_DIST_GAMMA:
        return gd_dist_sample_gamma(dist, u);
    case GD_DIST_WEIBULL:
        return sample_weibull(dist, u);
    case GD_DIST_PARETO:
        return sample_pareto(dist, u);
    case GD_DIST_HYPEREXPONENTIAL:
        return sample_hyperexponential(dist, u);
    case GD_DIST_GEOMETRIC:
        return sample_geometric(dist, u);
    case GD_DIST_ZIPF:
        return sample_zipf(dist, u);
    case GD_DIST_EMPIRICAL:
        return sample_empirical(dist, u);
    case GD_DIST_QUANTILES:
        return sample_quantiles(dist, u);
    case GD_DIST_MIXTURE:
    case GD_DIST_KINDS:
        break;
    }
    g_assert_not_reached();
}
