/* Distributions that choose from a table: by weight, by rank, between quantiles. */
#include "sim/dist_build.h"

#include <stdlib.h>
#include <string.h>

/* 12 MB of table; more ranks than that are told apart by nothing that a run can see. */
#define MAX_RANKS    1000000
#define MAX_EXPONENT (10 * GD_SHARE_ONE)

/* A slope of log2(value) over z must stay below 2^22 (Q40 in 63 bits). */
#define MAX_SLOPE ((gd_i128)1 << 62)

/* The draws up to prefix / total of 2^64: the top of what ends there. 0 < prefix <= total. */
static uint64_t top_of(gd_u128 prefix, gd_u128 total)
{
    unsigned shift = total >> 64 ? 64 - (unsigned)__builtin_clzll((uint64_t)(total >> 64)) : 0;
    uint64_t part = (uint64_t)(prefix >> shift), whole = (uint64_t)(total >> shift);
    g_assert(whole > 0 && part <= whole);
    if (part == whole)
        return UINT64_MAX;
    uint64_t share = (uint64_t)(((gd_u128)part << 64) / whole);
    return share ? share - 1 : 0;
}

/* Leaves out entries of no weight: `kept` holds the indices of the others, *tops theirs. Returns
 * how many, or 0 and an error. */
static uint32_t weigh(const gd_share *weights, uint32_t parts, const char *kind, uint32_t *kept,
                      uint64_t *tops, GError **error)
{
    gd_u128 total = 0, prefix = 0;
    for (uint32_t i = 0; i < parts; i++) {
        if (weights && weights[i] < 0) {
            gd_dist_fail(error, "%s's weights must not be negative", kind);
            return 0;
        }
        total += (gd_u128)(weights ? weights[i] : 1);
    }
    if (total == 0) {
        gd_dist_fail(error, "%s's weights are all 0; give one of them a weight", kind);
        return 0;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < parts; i++) {
        gd_share weight = weights ? weights[i] : 1;
        prefix += (gd_u128)weight;
        if (weight == 0)
            continue;
        kept[n] = i;
        tops[n++] = top_of(prefix, total);
    }
    return n;
}

/* Two branches that carry half of the mean each: p = (1 + sqrt((cv^2 - 1) / (cv^2 + 1))) / 2, with
 * means mean / 2p and mean / 2(1 - p). (Balanced means: Tijms, "A First Course in Stochastic
 * Models", 2003, appendix B.) */
static bool build_balanced(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    if (spec->mean <= 0 || spec->cv < GD_SHARE_ONE)
        return gd_dist_fail(error,
                            "hyperexponential needs weights and means, or a mean above 0 and "
                            "a cv of at least 1; for a smaller cv use gamma or erlang");
    if (spec->cv > 1000 * GD_SHARE_ONE)
        return gd_dist_fail(error, "hyperexponential's cv must be at most 1000");
    gd_u128 square = (gd_u128)spec->cv * (gd_u128)spec->cv;
    gd_u128 one = (gd_u128)GD_SHARE_ONE * GD_SHARE_ONE;
    gd_u128 ratio = ((square - one) << 40) / ((square + one) >> 20);              /* Q60 */
    uint64_t root = gd_root(ratio << 62);                                         /* Q61, up to 1 */
    uint64_t twice[2] = {(UINT64_C(1) << 61) + root, (UINT64_C(1) << 61) - root}; /* 2p, Q61 */
    uint64_t *table = gd_arena_array(arena, uint64_t, 6);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t shift;
        gd_scale_make((gd_u128)spec->mean << 61, twice[i], &table[2 + i], &shift);
        table[4 + i] = shift;
    }
    table[0] = (twice[0] << 2) - 1;
    table[1] = UINT64_MAX;
    out->n = 2;
    out->table = table;
    return true;
}

bool gd_dist_build_hyperexponential(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out,
                                    GError **error)
{
    if (spec->parts == 0)
        return build_balanced(spec, arena, out, error);
    if (!spec->values || !spec->weights)
        return gd_dist_fail(error, "hyperexponential needs as many means as weights");
    for (uint32_t i = 0; i < spec->parts; i++)
        if (spec->values[i] <= 0)
            return gd_dist_fail(error, "hyperexponential's means must be above 0");
    g_autofree uint32_t *kept = g_new(uint32_t, spec->parts);
    g_autofree uint64_t *tops = g_new(uint64_t, spec->parts);
    uint32_t n = weigh(spec->weights, spec->parts, "hyperexponential", kept, tops, error);
    if (n == 0)
        return false;
    uint64_t *table = gd_arena_array(arena, uint64_t, 3 * (size_t)n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t shift;
        table[i] = tops[i];
        gd_scale_make((gd_u128)spec->values[kept[i]], 1, &table[n + i], &shift);
        table[2 * (size_t)n + i] = shift;
    }
    out->n = n;
    out->table = table;
    return true;
}

bool gd_dist_build_mixture(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    if (spec->parts == 0)
        return gd_dist_fail(error, "mixture needs at least one component");
    g_autofree uint32_t *kept = g_new(uint32_t, spec->parts);
    uint64_t *tops = gd_arena_array(arena, uint64_t, spec->parts);
    uint32_t n = weigh(spec->weights, spec->parts, "mixture", kept, tops, error);
    if (n == 0)
        return false;
    gd_dist *parts = gd_arena_array(arena, gd_dist, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!gd_dist_build(&spec->components[kept[i]], arena, &parts[i], error)) {
            g_prefix_error(error, "component %u of the mixture: ", kept[i] + 1);
            return false;
        }
    }
    out->n = n;
    out->table = tops;
    out->parts = parts;
    return true;
}

typedef struct {
    int64_t value;
    gd_share weight;
} weighted;

static int compare_weighted(const void *a, const void *b)
{
    const weighted *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

/* In ascending order, so that a higher draw is a higher value whatever the file's order. */
bool gd_dist_build_empirical(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out,
                             GError **error)
{
    if (spec->parts == 0 || !spec->values)
        return gd_dist_fail(error, "empirical needs at least one value");
    g_autofree weighted *sorted = g_new(weighted, spec->parts);
    for (uint32_t i = 0; i < spec->parts; i++) {
        if (spec->values[i] < 0)
            return gd_dist_fail(error, "empirical's values must not be negative; value %u is",
                                i + 1);
        sorted[i].value = spec->values[i];
        sorted[i].weight = spec->weights ? spec->weights[i] : 1;
    }
    qsort(sorted, spec->parts, sizeof *sorted, compare_weighted);
    g_autofree gd_share *weights = g_new(gd_share, spec->parts);
    for (uint32_t i = 0; i < spec->parts; i++)
        weights[i] = sorted[i].weight;
    g_autofree uint32_t *kept = g_new(uint32_t, spec->parts);
    g_autofree uint64_t *tops = g_new(uint64_t, spec->parts);
    uint32_t n = weigh(weights, spec->parts, "empirical", kept, tops, error);
    if (n == 0)
        return false;
    size_t words = spec->weights ? 2 * (size_t)n : n;
    uint64_t *table = gd_arena_array(arena, uint64_t, words);
    for (uint32_t i = 0; i < n; i++) {
        table[i] = (uint64_t)sorted[kept[i]].value;
        if (spec->weights)
            table[n + i] = tops[i];
    }
    out->a = spec->weights != NULL;
    out->n = n;
    out->table = table;
    return true;
}

/* Rank k weighs k^-s: 2^(62 - s log2 k) as an integer, so that what falls below 2^-63 of the first
 * rank's weight is never drawn. */
bool gd_dist_build_zipf(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out, GError **error)
{
    if (spec->n < 1 || spec->n > MAX_RANKS)
        return gd_dist_fail(error, "zipf needs n from 1 to %d; group the rarest into one",
                            MAX_RANKS);
    if (spec->s < 0 || spec->s > MAX_EXPONENT)
        return gd_dist_fail(error, "zipf needs an exponent s from 0 (all alike) to 10");
    uint32_t n = spec->n;
    if (n == 1) {
        out->kind = GD_DIST_CONSTANT;
        out->a = 1;
        return true;
    }
    unsigned guide_bits = 31 - (unsigned)__builtin_clz(n);
    size_t guides = ((size_t)1 << guide_bits) + 1;
    uint64_t *tops = gd_arena_array(arena, uint64_t, n + (guides + 1) / 2);
    gd_u128 total = 0, prefix = 0;
    for (uint32_t k = 1; k <= n; k++) { /* tops hold the weights for now */
        gd_i128 y = 62 * (gd_i128)GD_Q57 - (gd_i128)gd_log2_q57(k) * spec->s / GD_SHARE_ONE;
        tops[k - 1] = y < -GD_Q57 ? 0 : (uint64_t)gd_exp2_q57((int64_t)y);
        total += tops[k - 1];
    }
    uint32_t *guide = (uint32_t *)(tops + n);
    size_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        prefix += tops[i];
        tops[i] = top_of(prefix, total);
        while (next < guides - 1 && (uint64_t)next << (64 - guide_bits) <= tops[i])
            guide[next++] = i;
    }
    guide[guides - 1] = n - 1;
    out->n = n;
    out->shift = (uint8_t)(64 - guide_bits);
    out->table = tops;
    return true;
}

/* "p99.9" for 999,000,000. */
static char *name_of(gd_share p)
{
    char *name = g_strdup_printf("p%d.%07d", (int)(p / 10000000), (int)(p % 10000000));
    size_t length = strlen(name);
    while (name[length - 1] == '0')
        name[--length] = '\0';
    if (name[length - 1] == '.')
        name[--length] = '\0';
    return name;
}

static bool check_quantiles(const gd_dist_spec *spec, GError **error)
{
    uint32_t knots = 0;
    for (uint32_t i = 0; i < spec->parts; i++) {
        g_autofree char *name = name_of(CLAMP(spec->ps[i], 0, GD_SHARE_ONE));
        if (spec->ps[i] < 0 || spec->ps[i] > GD_SHARE_ONE)
            return gd_dist_fail(error, "a quantile lies between p0 and p100");
        bool inner = spec->ps[i] > 0 && spec->ps[i] < GD_SHARE_ONE;
        knots += inner;
        if (spec->values[i] < inner)
            return gd_dist_fail(error, "%s must be above 0", name);
        if (i == 0)
            continue;
        g_autofree char *before = name_of(spec->ps[i - 1]);
        if (spec->ps[i] <= spec->ps[i - 1])
            return gd_dist_fail(error, "%s comes after %s; order them upwards, each once", name,
                                before);
        if (spec->values[i] < spec->values[i - 1])
            return gd_dist_fail(error, "%s is below %s; swap them or correct one", name, before);
    }
    if (knots < 2)
        return gd_dist_fail(error, "one quantile says nothing of the spread; add another one, such "
                                   "as p99, or write a constant");
    return true;
}

/* The knot's z and log2, and from the knot before it the slope, rounded down: never over the next.
 */
static bool add_knot(const gd_dist_spec *spec, uint32_t i, uint64_t *row, bool first,
                     GError **error)
{
    row[0] = (uint64_t)gd_normal_quantile_q58(spec->ps[i]);
    row[1] = (uint64_t)gd_log2_q57((uint64_t)spec->values[i]);
    if (first)
        return true;
    gd_i128 run = (gd_i128)(int64_t)row[0] - (int64_t)row[-3];
    gd_i128 rise = (gd_i128)(int64_t)row[1] - (int64_t)row[-2];
    if (run <= 0 || (rise << 41) / run >= MAX_SLOPE) {
        g_autofree char *name = name_of(spec->ps[i]);
        return gd_dist_fail(error, "%s is too close to the quantile before it; leave one out",
                            name);
    }
    row[-1] = row[2] = (uint64_t)((rise << 41) / run);
    return true;
}

bool gd_dist_build_quantiles(const gd_dist_spec *spec, gd_arena *arena, gd_dist *out,
                             GError **error)
{
    if (spec->parts == 0 || !spec->ps || !spec->values)
        return gd_dist_fail(error, "quantiles needs at least two, such as p50 and p99");
    if (!check_quantiles(spec, error))
        return false;
    uint64_t *row = gd_arena_array(arena, uint64_t, 3 * (size_t)spec->parts);
    out->table = row;
    out->b = (uint64_t)MAX(spec->min, 0);
    out->c = (uint64_t)(spec->max > 0 ? spec->max : GD_NEVER);
    for (uint32_t i = 0; i < spec->parts; i++) {
        if (spec->ps[i] == 0) {
            out->b = MAX(out->b, (uint64_t)spec->values[i]);
        } else if (spec->ps[i] == GD_SHARE_ONE) {
            out->c = MIN(out->c, (uint64_t)spec->values[i]);
        } else {
            if (!add_knot(spec, i, row, out->n == 0, error))
                return false;
            row += 3;
            out->n++;
        }
    }
    if (out->b > out->c)
        return gd_dist_fail(error, "quantiles' min is above its max; swap them");
    return true;
}
