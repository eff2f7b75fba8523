#include "sim/spec/families.h"

/* Shapes, cv and exponents beyond these are no service times; assumptions that keep tables small.
 */
#define SMALLEST_NANO (GD_SHARE_ONE / 1000)
#define LARGEST_NANO  (GD_SHARE_ONE * 1000)
#define MOST_STAGES   10000
#define MOST_RANKS    100000000

/* Exactly which of the optional members stand together, and in which order they must be. */
static void check_lognormal(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_dist_spec *s = spec;
    bool quantiles = s->median && s->p99 && !s->mean && !s->cv && !s->sigma;
    bool moments = s->mean && s->cv && !s->median && !s->p99 && !s->sigma;
    bool logs = s->median && s->sigma && !s->mean && !s->cv && !s->p99;
    if (!quantiles && !moments && !logs)
        gd_problem(problems, node,
                   "a lognormal is given by median and p99, by mean and cv, or by median and "
                   "sigma; write one of these pairs");
    else if (quantiles && s->p99 <= s->median)
        gd_problem(problems, node, "p99 must be larger than the median; swap or correct them");
}

static void check_uniform(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_dist_spec *s = spec;
    if (s->high < s->low)
        gd_problem(problems, node, "high is below low; swap them");
}

static void check_gamma(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_dist_spec *s = spec;
    if (!s->shape == !s->cv)
        gd_problem(problems, node,
                   "a gamma is given by mean and shape, or by mean and cv; write one "
                   "of shape and cv");
}

static void check_erlang(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_dist_spec *s = spec;
    if (!s->mean == !s->value) {
        gd_problem(problems, node,
                   "an erlang is given by mean or by stage_mean; write one of them");
        return;
    }
    if (!s->mean && __builtin_mul_overflow(s->value, (int64_t)s->stages, &s->mean))
        gd_problem(problems, node, "stages times stage_mean is too large; write smaller ones");
    s->value = 0;
}

static void check_pareto(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_dist_spec *s = spec;
    if (s->max && s->max <= s->min)
        gd_problem(problems, node, "max must be larger than min; swap or correct them");
}

#define ROW(label, member, T, ...)                                                                 \
    {                                                                                              \
        .name = (label), .type = (T), .offset = offsetof(gd_dist_spec, member), __VA_ARGS__        \
    }
#define VALUE(label, member, ...) ROW(label, member, V, .min = 1, .max = INT64_MAX, __VA_ARGS__)
#define PURE(label, member, ...)                                                                   \
    ROW(label, member, GD_FIELD_NANO, .min = SMALLEST_NANO, .max = LARGEST_NANO, __VA_ARGS__)
#define SHAPE(word, rows, bare_field, checker, text)                                               \
    {                                                                                              \
        .name = (word), .help = (text), .bytes = sizeof(gd_dist_spec), .fields = (rows),           \
        .bare = (bare_field), .check = (checker)                                                   \
    }

/* Families that are lists: read_dist.c reads them, and their JSON Schema is spelled here. */
#define LIST(word, spelled, text)                                                                  \
    {                                                                                              \
        .name = (word), .help = (text), .bytes = sizeof(gd_dist_spec), .schema = (spelled)         \
    }
#define REF(def) "{\"$ref\": \"#/$defs/" def "\"}"
#define PARTS(member, def)                                                                         \
    "{\"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": {\"type\": "           \
    "\"object\", \"properties\": {\"weight\": " REF("factor") ", \"" member "\": " REF(            \
        def) "}, "                                                                                 \
             "\"required\": [\"" member "\"], \"additionalProperties\": false}}"
#define ITEMS(def) "{\"type\": \"array\", \"minItems\": 1, \"items\": " REF(def) "}"
#define EMPIRICAL(def)                                                                             \
    "{\"anyOf\": [" ITEMS(def) ", {\"type\": \"object\", \"properties\": {\"values\": " ITEMS(     \
        def) "}, \"required\": [\"values\"], \"additionalProperties\": false}, " MEASURED "]}"
/* A file's column, which models/compile/ reads into `values` before the families see it. */
#define MEASURED                                                                                   \
    "{\"type\": \"object\", \"properties\": {\"file\": {\"type\": \"string\"}, \"column\": "       \
    "{\"type\": \"string\"}, \"unit\": {\"type\": \"string\"}}, \"required\": [\"file\"], "        \
    "\"additionalProperties\": false}"
#define QUANTILES(def)                                                                             \
    "{\"type\": \"object\", \"minProperties\": 2, \"patternProperties\": "                         \
    "{\"^p[0-9]{1,2}(\\\\.[0-9]{1,7})?$\": " REF(def) "}, \"additionalProperties\": false}"

#define NAMED(name) time_##name
#define V           GD_FIELD_SPAN
#define VALUE_DEF   "duration"
#define DIST_DEF    "distribution"
#include "sim/spec/families.inc"
#undef NAMED
#undef V
#undef VALUE_DEF
#undef DIST_DEF

#define NAMED(name) count_##name
#define V           GD_FIELD_WHOLE
#define VALUE_DEF   "whole-number"
#define DIST_DEF    "count-distribution"
#include "sim/spec/families.inc"
#undef NAMED
#undef V
#undef VALUE_DEF
#undef DIST_DEF

static const gd_field geometric_fields[] = {
    ROW("mean", mean_count, GD_FIELD_NANO, .required = true, .min = GD_SHARE_ONE, .max = INT64_MAX,
        .help = "mean, at least 1"),
    {0},
};
static const gd_field zipf_fields[] = {
    ROW("n", n, GD_FIELD_COUNT, .required = true, .min = 1, .max = MOST_RANKS,
        .help = "number of ranks"),
    ROW("s", s, GD_FIELD_NANO, .fallback = "1", .max = 10 * GD_SHARE_ONE,
        .help = "exponent: rank k has weight 1 / k^s"),
    {0},
};
static const gd_shape geometric_shape =
    SHAPE("geometric", geometric_fields, "mean", NULL, "counts from 1 on, memoryless");
static const gd_shape zipf_shape =
    SHAPE("zipf", zipf_fields, NULL, NULL, "ranks 1 to n, few of them popular");

#define SHARED(shapes)                                                                             \
    &(shapes)[GD_DIST_EXPONENTIAL], &(shapes)[GD_DIST_LOGNORMAL], &(shapes)[GD_DIST_UNIFORM],      \
        &(shapes)[GD_DIST_NORMAL], &(shapes)[GD_DIST_ERLANG], &(shapes)[GD_DIST_GAMMA],            \
        &(shapes)[GD_DIST_WEIBULL], &(shapes)[GD_DIST_PARETO],                                     \
        &(shapes)[GD_DIST_HYPEREXPONENTIAL], &(shapes)[GD_DIST_MIXTURE],                           \
        &(shapes)[GD_DIST_EMPIRICAL], &(shapes)[GD_DIST_QUANTILES]

const gd_shape *const *gd_dist_shapes(bool is_time)
{
    static const gd_shape *const of_times[] = {SHARED(time_shapes), NULL};
    static const gd_shape *const of_counts[] = {SHARED(count_shapes), &geometric_shape, &zipf_shape,
                                                NULL};
    return is_time ? of_times : of_counts;
}

gd_dist_kind gd_family_kind(const gd_shape *shape, bool is_time)
{
    if (shape == &geometric_shape)
        return GD_DIST_GEOMETRIC;
    if (shape == &zipf_shape)
        return GD_DIST_ZIPF;
    return (gd_dist_kind)(shape - (is_time ? time_shapes : count_shapes));
}
