#include "sim/spec/field.h"
#include "sim/spec/preset.h"
#include "tests/check.h"

static gd_dist_spec *read_text(gd_arena *arena, const char *text, bool is_time, char **said)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_reader reader = {.arena = arena, .problems = problems};
    gd_node *node = gd_source_parse(arena, "f.json", text, strlen(text), problems);
    check_that(node, "%s", text);
    gd_dist_spec *spec = gd_read_dist(&reader, node, is_time);
    *said = gd_problems_print(problems);
    check_that((spec == NULL) == (gd_problems_count(problems) > 0), "%s: %s", text, *said);
    return spec;
}

/* Every member that is set, so that nothing is set by accident. */
static void write_spec(GString *out, const gd_dist_spec *s)
{
    static const char *const kinds[] = {"constant", "uniform",          "exponential", "lognormal",
                                        "normal",   "erlang",           "gamma",       "weibull",
                                        "pareto",   "hyperexponential", "geometric",   "zipf",
                                        "mixture",  "empirical",        "quantiles"};
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        {"value", s->value},
        {"low", s->low},
        {"high", s->high},
        {"mean", s->mean},
        {"median", s->median},
        {"p99", s->p99},
        {"min", s->min},
        {"sd", s->sd},
        {"max", s->max},
        {"cv", s->cv},
        {"shape", s->shape},
        {"s", s->s},
        {"sigma", s->sigma},
        {"stages", s->stages},
        {"n", s->n},
        {"mean_count", s->mean_count},
        {"per", s->per_request},
    };
    g_string_append(out, kinds[s->kind]);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (members[i].value)
            g_string_append_printf(out, " %s=%" G_GINT64_FORMAT, members[i].name, members[i].value);
    for (uint32_t i = 0; i < s->parts; i++) {
        g_string_append(out, " (");
        if (s->weights)
            g_string_append_printf(out, "w%" G_GINT64_FORMAT " ", s->weights[i]);
        if (s->ps)
            g_string_append_printf(out, "p%" G_GINT64_FORMAT " ", s->ps[i]);
        if (s->components)
            write_spec(out, &s->components[i]);
        else
            g_string_append_printf(out, "%" G_GINT64_FORMAT, s->values[i]);
        g_string_append(out, ")");
    }
}

static const struct {
    const char *text, *wanted;
    bool is_count;
} understood[] = {
    {"\"5us\"", "constant value=5000", false},
    {"0", "constant", false},
    {"\"0s\"", "constant", false},
    {"7", "constant value=7", true},
    {"{\"exponential\": \"9us\"}", "exponential mean=9000", false},
    {"{\"exponential\": {\"mean\": \"9us\"}}", "exponential mean=9000", false},
    {"{\"exponential\": 4}", "exponential mean=4", true},
    {"{\"lognormal\": {\"median\": \"5us\", \"p99\": \"20us\"}}", "lognormal median=5000 p99=20000",
     false},
    {"{\"lognormal\": {\"mean\": \"5us\", \"cv\": 2}}", "lognormal mean=5000 cv=2000000000", false},
    {"{\"lognormal\": {\"median\": \"5us\", \"sigma\": 0.5}}",
     "lognormal median=5000 sigma=500000000", false},
    {"{\"uniform\": {\"low\": 0, \"high\": \"2us\"}}", "uniform high=2000", false},
    {"{\"uniform\": {\"low\": 2, \"high\": 2}}", "uniform low=2 high=2", true},
    {"{\"normal\": {\"mean\": \"5us\", \"sd\": \"1us\"}}", "normal mean=5000 sd=1000", false},
    {"{\"erlang\": {\"mean\": \"6us\", \"stages\": 3}}", "erlang mean=6000 stages=3", false},
    {"{\"erlang\": {\"stage_mean\": \"2us\", \"stages\": 3}}", "erlang mean=6000 stages=3", false},
    {"{\"gamma\": {\"mean\": \"6us\", \"shape\": 2.5}}", "gamma mean=6000 shape=2500000000", false},
    {"{\"gamma\": {\"mean\": \"6us\", \"cv\": 0.5}}", "gamma mean=6000 cv=500000000", false},
    {"{\"weibull\": {\"mean\": \"6us\", \"shape\": 0.7}}", "weibull mean=6000 shape=700000000",
     false},
    {"{\"pareto\": {\"min\": \"1us\", \"shape\": 1.5}}", "pareto min=1000 shape=1500000000", false},
    {"{\"pareto\": {\"min\": \"1us\", \"shape\": 1.5, \"max\": \"1ms\"}}",
     "pareto min=1000 max=1000000 shape=1500000000", false},
    {"{\"hyperexponential\": {\"slow\": {\"weight\": 1, \"mean\": \"9us\"}, \"fast\": {\"weight\": "
     "9, \"mean\": \"1us\"}}}",
     "hyperexponential (w9000000000 1000) (w1000000000 9000)", false},
    {"{\"geometric\": {\"mean\": 3}}", "geometric mean_count=3000000000", true},
    {"{\"geometric\": 2.5}", "geometric mean_count=2500000000", true},
    {"{\"zipf\": {\"n\": 50000, \"s\": 1.0}}", "zipf s=1000000000 n=50000", true},
    {"{\"zipf\": {\"n\": 10}}", "zipf s=1000000000 n=10", true},
    {"{\"mixture\": {\"b\": {\"weight\": \"10%\", \"of\": {\"exponential\": \"9us\"}}, \"a\": "
     "{\"weight\": 0.9, \"of\": \"1us\"}}}",
     "mixture (w900000000 constant value=1000) (w100000000 exponential mean=9000)", false},
    {"{\"mixture\": {\"a\": {\"of\": {\"geometric\": 2}}}}",
     "mixture (w1000000000 geometric mean_count=2000000000)", true},
    {"{\"empirical\": {\"values\": [\"2us\", \"1us\", \"1us\"]}}", "empirical (2000) (1000) (1000)",
     false},
    {"{\"empirical\": [3, 1]}", "empirical (3) (1)", true},
    {"{\"quantiles\": {\"p99\": \"25us\", \"p50\": \"6us\", \"p99.9\": \"30us\"}}",
     "quantiles (p500000000 6000) (p990000000 25000) (p999000000 30000)", false},
    {"{\"quantiles\": {\"p50\": 1, \"p95\": 1, \"note\": \"x\"}}",
     "quantiles (p500000000 1) (p950000000 1)", true},
    {"{\"exponential\": \"9us\", \"per\": \"request\"}", "exponential mean=9000 per=1", false},
    {"{\"exponential\": \"9us\", \"lognormal\": null, \"note\": \"x\", \"x-y\": 1}",
     "exponential mean=9000", false},
    {"{\"about\": {\"exponential\": \"9us\"}, \"source\": \"guess\"}", "exponential mean=9000",
     false},
    {"{\"about\": \"4us\", \"between\": [\"2us\", {\"exponential\": \"9us\"}]}",
     "constant value=4000", false},
    {"\"preset:same-zone\"", "lognormal median=250000 p99=1000000", false},
    {"\"preset:payment-provider\"",
     "mixture (w995000000 lognormal median=400000000 p99=3000000000) (w5000000 uniform "
     "low=5000000000 high=30000000000)",
     false},
};

static void test_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(understood); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL;
        gd_dist_spec *spec = read_text(arena, understood[i].text, !understood[i].is_count, &said);
        check_that(spec, "%s: %s", understood[i].text, said);
        g_autoptr(GString) out = g_string_new(NULL);
        write_spec(out, spec);
        check_text(out->str, understood[i].wanted, "%s", understood[i].text);
    }
}

static const struct {
    const char *text, *said;
    bool is_count;
} refused[] = {
    {"5", "expected a duration such as \"250ms\", found 5", false},
    {"\"5\"", "\"5\" has no unit", false},
    {"\"5ms\"", "expected a whole number", true},
    {"1.5", "not a whole number", true},
    {"-1", "-1 is out of range", true},
    {"true", "expected a duration", false},
    {"[]", "expected a duration", false},
    {"null", "expected a duration", false},
    {"{}", "this object names no distribution; write \"5ms\" or", false},
    {"{\"note\": \"x\"}", "names no distribution", false},
    {"{\"uniform\": null}", "names no distribution", false},
    {"{\"unifrm\": null}", "did you mean \"uniform\"?", false},
    {"{\"per\": \"request\"}", "names no distribution", false},
    {"\"exponential\"", "\"exponential\" needs its numbers", false},
    {"{\"exponental\": \"9ms\"}", "did you mean \"exponential\"?", false},
    {"{\"geometric\": 3}", "no such member \"geometric\"", false},
    {"{\"exponential\": {}}", "the member \"mean\" is missing", false},
    {"{\"exponential\": {\"mean\": \"9ms\", \"sd\": \"1ms\"}}", "no such member \"sd\"", false},
    {"{\"exponential\": 0}", "0 is out of range", false},
    {"{\"exponential\": \"9ms\", \"uniform\": {\"low\": 0, \"high\": \"1s\"}}",
     "and \"exponential\" already does; remove one", false},
    {"{\"exponential\": \"9ms\", \"per\": \"user\"}", "expected \"request\", found \"user\"",
     false},
    {"{\"lognormal\": {\"median\": \"5ms\"}}", "write one of these pairs", false},
    {"{\"lognormal\": {\"median\": \"5ms\", \"p99\": \"9ms\", \"cv\": 1}}", "one of these pairs",
     false},
    {"{\"lognormal\": {\"median\": \"5ms\", \"p99\": \"5ms\"}}", "p99 must be larger", false},
    {"{\"uniform\": {\"low\": \"2ms\", \"high\": \"1ms\"}}", "high is below low", false},
    {"{\"uniform\": {\"low\": \"2ms\"}}", "the member \"high\" is missing", false},
    {"{\"gamma\": {\"mean\": \"2ms\"}}", "one of shape and cv", false},
    {"{\"gamma\": {\"mean\": \"2ms\", \"shape\": 2, \"cv\": 1}}", "one of shape and cv", false},
    {"{\"erlang\": {\"mean\": \"2ms\", \"stage_mean\": \"1ms\", \"stages\": 2}}",
     "by mean or by stage_mean", false},
    {"{\"erlang\": {\"stages\": 2}}", "by mean or by stage_mean", false},
    {"{\"erlang\": {\"mean\": \"2ms\", \"stages\": 0}}", "0 is out of range", false},
    {"{\"erlang\": {\"stage_mean\": \"292y\", \"stages\": 10000}}", "too large", false},
    {"{\"weibull\": {\"mean\": \"2ms\", \"scale\": \"2ms\", \"shape\": 1}}",
     "no such member \"scale\"", false},
    {"{\"pareto\": {\"min\": \"2ms\", \"shape\": 1, \"max\": \"1ms\"}}", "larger than min", false},
    {"{\"pareto\": {\"min\": \"2ms\", \"shape\": 0}}", "0 is out of range", false},
    {"{\"hyperexponential\": {}}", "expected named parts", false},
    {"{\"hyperexponential\": [1]}", "expected an object with a member for each name", false},
    {"{\"hyperexponential\": {\"a\": {\"weight\": 0, \"mean\": \"1ms\"}}}", "add up to nothing",
     false},
    {"{\"hyperexponential\": {\"a\": {\"weight\": 9e9, \"mean\": \"1ms\"}, \"b\": {\"weight\": 9e9,"
     "\"mean\": \"1ms\"}}}",
     "add up to more than fits", false},
    {"{\"hyperexponential\": {\"a\": {\"weight\": -1, \"mean\": \"1ms\"}}}", "-1 is out of range",
     false},
    {"{\"mixture\": {\"a\": {\"weight\": 1}}}", "mixture.a: the member \"of\" is missing", false},
    {"{\"mixture\": {\"a\": {\"of\": {\"mixture\": {}}}}}", "mixture.a.of.mixture: expected named",
     false},
    {"{\"geometric\": 0.5}", "0.5 is out of range; write 1 or more", true},
    {"{\"zipf\": {\"s\": 1}}", "the member \"n\" is missing", true},
    {"{\"zipf\": {\"n\": 10, \"s\": -1}}", "-1 is out of range", true},
    {"{\"empirical\": {\"values\": []}}", "expected measured values", false},
    {"{\"empirical\": {}}", "expected measured values", false},
    {"{\"empirical\": {\"values\": [\"1ms\", 3]}}", "values[1]: expected a duration", false},
    {"{\"empirical\": {\"values\": [\"1ms\"], \"weights\": [1]}}", "no such member \"weights\"",
     false},
    {"{\"quantiles\": {\"p50\": \"1ms\"}}", "expected 2 to 64 quantiles", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"note\": \"x\"}}", "one quantile says too little", false},
    {"{\"quantiles\": {\"p50\": \"2ms\", \"p99\": \"1ms\"}}", "quantiles do not fall", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"p50.0\": \"1ms\"}}", "each stands once", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"p999\": \"2ms\"}}",
     "\"p999\" is no quantile; write p50, p95, p99 or p99.9", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"p100\": \"2ms\"}}", "no quantile", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"max\": \"2ms\"}}", "no quantile", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"p5e1\": \"2ms\"}}", "no quantile", false},
    {"{\"quantiles\": {\"p50\": \"1ms\", \"p\": \"2ms\"}}", "no quantile", false},
    {"{\"quantiles\": 3}", "expected 2 to 64 quantiles", false},
    {"\"preset:same_zome\"", "there is no \"preset:same_zome\"; write \"preset:same-zone\"", false},
    {"\"preset:\"", "there is no \"preset:\"", false},
    {"\"preset:same-zone\"", "is a duration, and a count stands here", true},
    {"{\"about\": {\"exponential\": 3}, \"source\": \"guess\"}", "expected a duration", false},
    {"{\"about\": \"1ms\", \"between\": [1, 2]}", "between[1]: expected a duration", false},
    {"{\"about\": \"1ms\"}", "needs its range", false},
};

static void test_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL;
        check_that(!read_text(arena, refused[i].text, !refused[i].is_count, &said), "%s",
                   refused[i].text);
        check_that(strstr(said, refused[i].said), "%s\n  wanted %s\n  got %s", refused[i].text,
                   refused[i].said, said);
    }
}

/* Every preset can be used, has a source, and stands once. */
static void test_presets(void **unused)
{
    (void)unused;
    unsigned trips = 0;
    for (const gd_preset *preset = gd_presets; preset->name; preset++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL, *text = g_strdup_printf("\"preset:%s\"", preset->name);
        check_that(read_text(arena, text, true, &said), "%s: %s", text, said);
        check_that(preset->p50 > 0 && preset->p99 > preset->p50, "%s", preset->name);
        check_that(preset->source && preset->help && preset->year >= 2000, "%s", preset->name);
        check_that(gd_is_name(preset->name), "%s", preset->name);
        check_that(gd_preset_find(preset->name) == preset, "%s stands twice", preset->name);
        trips += preset->round_trip;
    }
    assert_int_equal(trips, 15);
    check_that(!gd_preset_find("Same-zone"), "names are compared bytewise");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_understood),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
