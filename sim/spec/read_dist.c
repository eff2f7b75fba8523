/* Distributions as people write them: every form of format.md section 1 becomes a gd_dist_spec. */
#include "sim/spec/families.h"
#include "sim/spec/field.h"
#include "sim/spec/preset.h"
#include "sim/spec/quantity.h"
#include "sim/spec/text.h"

#include <string.h>

/* --- the families that are lists ---------------------------------------------------------------
 */

static bool read_value(gd_reader *reader, const gd_node *node, bool is_time, int64_t *out)
{
    return gd_read_quantity(reader, node, is_time ? GD_FIELD_SPAN : GD_FIELD_WHOLE, 0, INT64_MAX,
                            out);
}

typedef struct {
    gd_share weight;
    int64_t mean;
    gd_dist_spec *of;
} part;

#define PART_WEIGHT                                                                                \
    {                                                                                              \
        .name = "weight", .type = GD_FIELD_FACTOR, .offset = offsetof(part, weight),               \
        .fallback = "1", .help = "how often, against the other parts' weights"                     \
    }

static const gd_field time_stage_fields[] = {
    PART_WEIGHT,
    {.name = "mean",
     .type = GD_FIELD_SPAN,
     .offset = offsetof(part, mean),
     .required = true,
     .min = 1,
     .max = INT64_MAX,
     .help = "mean of this part"},
    {0},
};
static const gd_field count_stage_fields[] = {
    PART_WEIGHT,
    {.name = "mean",
     .type = GD_FIELD_WHOLE,
     .offset = offsetof(part, mean),
     .required = true,
     .min = 1,
     .max = INT64_MAX,
     .help = "mean of this part"},
    {0},
};
static const gd_field time_part_fields[] = {
    PART_WEIGHT,
    {.name = "of",
     .type = GD_FIELD_DIST,
     .offset = offsetof(part, of),
     .required = true,
     .help = "distribution of this part"},
    {0},
};
static const gd_field count_part_fields[] = {
    PART_WEIGHT,
    {.name = "of",
     .type = GD_FIELD_DIST_COUNT,
     .offset = offsetof(part, of),
     .required = true,
     .help = "distribution of this part"},
    {0},
};
static const gd_shape part_shapes[2][2] = {
    {{.name = "part", .bytes = sizeof(part), .fields = count_stage_fields},
     {.name = "part", .bytes = sizeof(part), .fields = time_stage_fields}},
    {{.name = "part", .bytes = sizeof(part), .fields = count_part_fields},
     {.name = "part", .bytes = sizeof(part), .fields = time_part_fields}},
};

/* Named parts, in byte order of their names: the file's order must not matter. */
static void read_parts(gd_reader *reader, const gd_node *node, bool is_time, gd_dist_spec *spec)
{
    bool mixture = spec->kind == GD_DIST_MIXTURE;
    gd_map map = {0};
    const gd_field field = {
        .name = "parts", .type = GD_FIELD_MAP, .shape = &part_shapes[mixture][is_time]};
    gd_read_map(reader, &field, node, &map);
    if (map.n == 0) {
        if (node->kind == GD_OBJECT)
            gd_problem(reader->problems, node,
                       "expected named parts, such as {\"fast\": "
                       "{\"weight\": 9, …}, \"slow\": {\"weight\": 1, …}}");
        return;
    }
    spec->parts = map.n;
    spec->weights = gd_arena_array(reader->arena, gd_share, map.n);
    spec->values = gd_arena_array(reader->arena, int64_t, map.n);
    spec->components = mixture ? gd_arena_array(reader->arena, gd_dist_spec, map.n) : NULL;
    gd_i128 sum = 0;
    for (uint32_t i = 0; i < map.n; i++) {
        const part *p = map.at[i].spec;
        spec->weights[i] = p->weight;
        spec->values[i] = p->mean;
        sum += p->weight;
        if (mixture && p->of)
            spec->components[i] = *p->of;
    }
    if (sum == 0 || sum > INT64_MAX)
        gd_problem(reader->problems, node, "the weights add up to %s; write ones between",
                   sum ? "more than fits" : "nothing");
}

static void read_empirical(gd_reader *reader, const gd_node *node, bool is_time, gd_dist_spec *spec)
{
    static const char *const words[] = {"values", NULL};
    const gd_node *values = node->kind == GD_OBJECT ? gd_node_get(node, "values") : node;
    for (const gd_node *m = node->kind == GD_OBJECT ? node->first : NULL; m; m = m->next)
        if (m != values && !gd_is_remark(m->key))
            gd_report_unknown(reader->problems, m, words);
    if (!values || values->kind != GD_ARRAY || !values->first) {
        gd_problem(reader->problems, values ? values : node,
                   "expected measured values; write {\"values\": [%s]} or {\"file\": \"f.csv\"}",
                   is_time ? "\"4ms\", \"7ms\"" : "1, 2, 2");
        return;
    }
    spec->values = gd_arena_array(reader->arena, int64_t, gd_node_count(values));
    for (const gd_node *value = values->first; value; value = value->next)
        if (read_value(reader, value, is_time, &spec->values[spec->parts]))
            spec->parts++;
}

/* "p99.9" as 0.999; false when it is no quantile's name. */
static bool parse_quantile(const char *key, gd_share *out)
{
    g_autofree char *percent = g_strconcat(key + 1, "%", NULL);
    const char *why;
    return key[0] == 'p' && !strpbrk(key, "eE-") && gd_parse_share(percent, out, &why) &&
           *out > 0 && *out < GD_SHARE_ONE;
}

/* Inserts in order of p: people write p99 before p50 as well. */
static void insert_quantile(gd_dist_spec *spec, gd_share p, int64_t value)
{
    uint32_t i = spec->parts++;
    for (; i > 0 && spec->ps[i - 1] > p; i--) {
        spec->ps[i] = spec->ps[i - 1];
        spec->values[i] = spec->values[i - 1];
    }
    spec->ps[i] = p;
    spec->values[i] = value;
}

static void read_quantiles(gd_reader *reader, const gd_node *node, bool is_time, gd_dist_spec *spec)
{
    /* More knots than any dashboard has; insertion is quadratic. */
    enum { MOST_KNOTS = 64 };
    size_t members = node->kind == GD_OBJECT ? gd_node_count(node) : 0;
    if (members < 2 || members > MOST_KNOTS) {
        gd_problem(reader->problems, node,
                   "expected 2 to %d quantiles; write {\"p50\": %s, "
                   "\"p99\": %s}",
                   MOST_KNOTS, is_time ? "\"6ms\"" : "6", is_time ? "\"25ms\"" : "25");
        return;
    }
    spec->ps = gd_arena_array(reader->arena, gd_share, members);
    spec->values = gd_arena_array(reader->arena, int64_t, members);
    bool complete = true;
    for (const gd_node *m = node->first; m; m = m->next) {
        gd_share p;
        int64_t value;
        if (gd_is_remark(m->key))
            continue;
        if (!parse_quantile(m->key, &p)) {
            g_autofree char *key = gd_text_quote(m->key);
            gd_problem_key(reader->problems, m, "%s is no quantile; write p50, p95, p99 or p99.9",
                           key);
            complete = false;
        } else if (read_value(reader, m, is_time, &value)) {
            insert_quantile(spec, p, value);
        } else {
            complete = false;
        }
    }
    for (uint32_t i = 1; complete && i < spec->parts; i++)
        if (spec->values[i] < spec->values[i - 1] || spec->ps[i] == spec->ps[i - 1]) {
            gd_problem(reader->problems, node,
                       "quantiles do not fall; a higher one needs a value "
                       "at least as large, and each stands once");
            return;
        }
    if (complete && spec->parts < 2)
        gd_problem(reader->problems, node, "one quantile says too little; write p50 and p99");
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void read_text(gd_reader *reader, const gd_node *node, bool is_time, gd_dist_spec *spec)
{
    static const char prefix[] = "preset:";
    const gd_preset *preset = gd_preset_of(node);
    g_autofree char *found = gd_node_describe(node);
    if (preset && is_time) {
        *spec = *gd_preset_spec(preset, reader->arena);
        return;
    }
    if (preset) {
        gd_problem(reader->problems, node, "%s is a duration, and a count stands here", found);
        return;
    }
    if (strncmp(node->text, prefix, strlen(prefix)) == 0) {
        const char *near = gd_preset_nearest(node->text + strlen(prefix));
        gd_problem(reader->problems, node, "there is no %s; write \"preset:%s\" or give quantiles",
                   found, near ? near : "same-zone");
        return;
    }
    for (const gd_shape *const *s = gd_dist_shapes(is_time); *s; s++)
        if (strcmp((*s)->name, node->text) == 0) {
            gd_problem(reader->problems, node,
                       "%s needs its numbers; write {\"%s\": {…}} (gameday explain distributions)",
                       found, node->text);
            return;
        }
    read_value(reader, node, is_time, &spec->value);
}

static void read_family(gd_reader *reader, const gd_node *node, const gd_shape *shape, bool is_time,
                        gd_dist_spec *spec)
{
    spec->kind = gd_family_kind(shape, is_time);
    switch (spec->kind) {
    case GD_DIST_HYPEREXPONENTIAL:
    case GD_DIST_MIXTURE:
        read_parts(reader, node, is_time, spec);
        break;
    case GD_DIST_EMPIRICAL:
        read_empirical(reader, node, is_time, spec);
        break;
    case GD_DIST_QUANTILES:
        read_quantiles(reader, node, is_time, spec);
        break;
    case GD_DIST_CONSTANT:
    case GD_DIST_UNIFORM:
    case GD_DIST_EXPONENTIAL:
    case GD_DIST_LOGNORMAL:
    case GD_DIST_NORMAL:
    case GD_DIST_ERLANG:
    case GD_DIST_GAMMA:
    case GD_DIST_WEIBULL:
    case GD_DIST_PARETO:
    case GD_DIST_GEOMETRIC:
    case GD_DIST_ZIPF:
        gd_read_into(reader, shape, node, spec);
        break;
    case GD_DIST_KINDS:
        g_assert_not_reached();
    }
}

static bool read_per(gd_reader *reader, const gd_node *node)
{
    if (node->kind == GD_STRING && strcmp(node->text, "request") == 0)
        return true;
    g_autofree char *found = gd_node_describe(node);
    gd_problem(reader->problems, node, "expected \"request\", found %s; or leave \"per\" out",
               found);
    return false;
}

static void report_families(gd_reader *reader, const gd_node *member, bool is_time)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (const gd_shape *const *s = gd_dist_shapes(is_time); *s; s++)
        g_ptr_array_add(words, (char *)(*s)->name);
    g_ptr_array_add(words, (char *)"per");
    g_ptr_array_add(words, NULL);
    gd_report_unknown(reader->problems, member, (const char *const *)words->pdata);
}

static const gd_shape *find_family(const char *word, bool is_time)
{
    for (const gd_shape *const *s = gd_dist_shapes(is_time); *s; s++)
        if (strcmp((*s)->name, word) == 0)
            return *s;
    return NULL;
}

static void read_object(gd_reader *reader, const gd_node *node, bool is_time, gd_dist_spec *spec)
{
    guint before = gd_problems_reported(reader->problems);
    const gd_node *family = NULL;
    bool per_request = false;
    for (const gd_node *m = node->first; m; m = m->next) {
        const gd_shape *shape = find_family(m->key, is_time);
        if (gd_is_remark(m->key) || (shape && m->kind == GD_NULL))
            continue;
        if (strcmp(m->key, "per") == 0)
            per_request = read_per(reader, m);
        else if (!shape)
            report_families(reader, m, is_time);
        else if (family)
            gd_problem_key(reader->problems, m,
                           "one member names the distribution, and \"%s\" already does; remove one "
                           "(in a patch: \"%s\": null)",
                           family->key, family->key);
        else {
            family = m;
            read_family(reader, m, shape, is_time, spec);
        }
    }
    spec->per_request = per_request;
    if (!family && gd_problems_reported(reader->problems) == before)
        gd_problem(reader->problems, node, "this object names no distribution; write %s",
                   is_time ? "\"5ms\" or {\"exponential\": \"5ms\"}" : "3 or {\"geometric\": 3}");
}

/* The ends of an uncertain distribution must be readable too, though a run never draws from them.
 */
static const gd_node *open_uncertain(gd_reader *reader, const gd_node *node, bool is_time)
{
    const gd_node *low, *high;
    const gd_node *about = gd_uncertain_open(reader, node, &low, &high);
    if (low) {
        gd_read_dist(reader, low, is_time);
        gd_read_dist(reader, high, is_time);
    }
    return about;
}

gd_dist_spec *gd_read_dist(gd_reader *reader, const gd_node *node, bool is_time)
{
    guint before = gd_problems_reported(reader->problems);
    if (gd_node_get(node, "about"))
        node = open_uncertain(reader, node, is_time);
    if (!node)
        return NULL;
    gd_dist_spec *spec = gd_arena_make(reader->arena, gd_dist_spec);
    if (node->kind == GD_OBJECT)
        read_object(reader, node, is_time, spec);
    else if (node->kind == GD_STRING && (is_time || gd_preset_of(node)))
        read_text(reader, node, is_time, spec);
    else
        read_value(reader, node, is_time, &spec->value);
    return gd_problems_reported(reader->problems) == before ? spec : NULL;
}
