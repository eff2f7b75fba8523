/* A distribution in one line, and what is odd about it. */
#include "sim/dist.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* A value for people: "5ms", "1.5s", or the bare number of a count. Four digits. */
static char *format_value(double value, bool is_time)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"d", 864e11}, {"h", 36e11}, {"m", 6e10}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}};
    if (!is_time || value < 1e3)
        return g_strdup_printf("%.4g%s", value, is_time && value > 0 ? "ns" : "");
    for (size_t i = 0;; i++)
        if (value >= units[i].ns || i == G_N_ELEMENTS(units) - 1)
            return g_strdup_printf("%.4g%s", value / units[i].ns, units[i].name);
}

/* Appends ", name value", without the comma after an opening bracket. */
static void add(GString *line, const char *name, const char *value)
{
    const char *comma = line->str[line->len - 1] == '(' ? "" : ", ";
    g_string_append_printf(line, "%s%s%s%s", comma, name, *name ? " " : "", value);
}

static void add_value(GString *line, const char *name, double value, bool is_time)
{
    g_autofree char *text = format_value(value, is_time);
    add(line, name, text);
}

static void add_nano(GString *line, const char *name, int64_t value)
{
    g_autofree char *text = g_strdup_printf("%.6g", (double)value / 1e9);
    add(line, name, text);
}

static void add_quantile_name(GString *line, int64_t p, double value, bool is_time)
{
    g_autofree char *name = g_strdup_printf("p%.9g", (double)p / 1e7);
    add_value(line, name, value, is_time);
}

/* mean, median, p99, min, max, sd and then the spreads, as far as they were said. */
static void add_said(GString *line, const gd_dist_spec *spec, bool is_time)
{
    const struct {
        const char *name;
        int64_t value;
    } values[] = {{"mean", spec->mean}, {"p50", spec->median}, {"p99", spec->p99},
                  {"min", spec->min},   {"max", spec->max},    {"sd", spec->sd}},
      numbers[] = {{"cv", spec->cv}, {"sigma", spec->sigma}, {"shape", spec->shape}};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].value)
            add_value(line, values[i].name, (double)values[i].value, is_time);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].value)
            add_nano(line, numbers[i].name, numbers[i].value);
    if (spec->kind == GD_DIST_ERLANG)
        add_value(line, "stages", spec->stages, false);
}

static double weight_share(const gd_dist_spec *spec, uint32_t i)
{
    double total = 0;
    for (uint32_t k = 0; k < spec->parts; k++)
        total += spec->weights ? (double)spec->weights[k] : 1;
    return (spec->weights ? (double)spec->weights[i] : 1) / total;
}

static void add_parts(GString *line, const gd_dist_spec *spec, bool is_time)
{
    for (uint32_t i = 0; i < spec->parts; i++) {
        g_autofree char *share = g_strdup_printf("%.4g%%", 100 * weight_share(spec, i));
        g_autofree char *part = NULL;
        if (spec->kind == GD_DIST_MIXTURE)
            part = gd_dist_describe(&spec->components[i], is_time);
        else
            part = format_value((double)spec->values[i], is_time);
        add(line, share, part);
    }
}

static void add_quantiles(GString *line, const gd_dist_spec *spec, bool is_time)
{
    int64_t last = 0;
    for (uint32_t i = 0; i < spec->parts; i++) {
        add_quantile_name(line, spec->ps[i], (double)spec->values[i], is_time);
        if (spec->ps[i] < GD_SHARE_ONE)
            last = spec->ps[i];
    }
    add_said(line, spec, is_time);
    g_string_append_printf(line, "; tail beyond p%.9g lognormal", (double)last / 1e7);
    if (last < 999900000) {
        double value = gd_dist_get_quantile(spec, 0.9999);
        add_quantile_name(line, 999900000, value, is_time);
    }
}

char *gd_dist_describe(const gd_dist_spec *spec, bool is_time)
{
    static const char *const names[GD_DIST_KINDS] = {
        "constant",  "uniform", "exponential", "lognormal", "normal",
        "erlang",    "gamma",   "weibull",     "pareto",    "hyperexponential",
        "geometric", "zipf",    "mixture",     "empirical", "quantiles",
    };
    if (spec->kind == GD_DIST_CONSTANT)
        return format_value((double)spec->value, is_time);
    GString *line = g_string_new(names[spec->kind]);
    g_string_append_c(line, '(');
    if (spec->kind == GD_DIST_UNIFORM) {
        add_value(line, "from", (double)spec->low, is_time);
        add_value(line, "to", (double)spec->high, is_time);
    } else if (spec->kind == GD_DIST_GEOMETRIC) {
        add_nano(line, "mean", spec->mean_count);
    } else if (spec->kind == GD_DIST_ZIPF) {
        add_value(line, "n", spec->n, false);
        add_nano(line, "s", spec->s);
    } else if (spec->kind == GD_DIST_EMPIRICAL) {
        add_value(line, "", spec->parts, false);
        g_string_append(line, " values");
        add_value(line, "mean", gd_dist_get_mean(spec), is_time);
    } else if (spec->kind == GD_DIST_QUANTILES) {
        add_quantiles(line, spec, is_time);
    } else {
        add_said(line, spec, is_time);
        if (spec->kind == GD_DIST_MIXTURE || spec->kind == GD_DIST_HYPEREXPONENTIAL)
            add_parts(line, spec, is_time);
        if (spec->kind == GD_DIST_LOGNORMAL && spec->p99)
            g_string_append(line, "; tail beyond p99 lognormal");
    }
    g_string_append_c(line, ')');
    return g_string_free(line, FALSE);
}

/* The share of the mean that lies beyond the last quantile which was said. */
static double get_tail_part(const gd_dist_spec *spec)
{
    enum { STEPS = 2000 };
    int64_t last = 0;
    for (uint32_t i = 0; i < spec->parts; i++)
        if (spec->ps[i] < GD_SHARE_ONE)
            last = MAX(last, spec->ps[i]);
    double from = gsl_cdf_ugaussian_Pinv((double)last / 1e9), width = (7 - from) / STEPS, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double z = from + (i + 0.5) * width;
        sum += gd_dist_get_quantile(spec, gsl_cdf_ugaussian_P(z)) * exp(-z * z / 2) * width;
    }
    return sum / sqrt(2 * M_PI) / gd_dist_get_mean(spec);
}

char *gd_dist_check(const gd_dist_spec *spec)
{
    if (spec->kind == GD_DIST_NORMAL) {
        double cut = gd_dist_get_cdf(spec, 0);
        if (cut > 0.01)
            return g_strdup_printf(
                "%.2g %% of this normal lie below 0 and become 0; use a lognormal "
                "or a gamma with the same mean and cv",
                100 * cut);
    }
    if (spec->kind == GD_DIST_PARETO && !spec->max && spec->shape <= GD_SHARE_ONE)
        return g_strdup(
            "a pareto of shape 1 or below has an infinite mean: longer runs give larger "
            "averages; bound it with max");
    if (spec->kind == GD_DIST_PARETO && !spec->max && spec->shape <= 2 * GD_SHARE_ONE)
        return g_strdup("a pareto of shape 2 or below has an infinite variance: averages settle "
                        "slowly; bound it with max");
    if (spec->kind == GD_DIST_QUANTILES) {
        double tail = get_tail_part(spec);
        if (tail > 0.5)
            return g_strdup_printf(
                "%.0f %% of the mean lie beyond the last quantile, where nothing "
                "was measured; add a higher quantile or p100",
                100 * tail);
    }
    for (uint32_t i = 0; spec->kind == GD_DIST_MIXTURE && i < spec->parts; i++) {
        char *odd = gd_dist_check(&spec->components[i]);
        if (odd)
            return odd;
    }
    return NULL;
}
