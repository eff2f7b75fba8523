/* Is this build sound? Random numbers against their published answers, each distribution and one
 * whole run against the digests that this version has everywhere. A compiler, a library or a
 * processor that gives other bits is caught here before anyone trusts a result.
 */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "models/compile.h"
#include "models/run.h"

#include <string.h>

typedef struct {
    const char *name;
    uint64_t value;
} known;

static const known knowns[] = {
#define GD_KNOWN(name, value) {name, UINT64_C(value)},
#include "cli/selftest.def"
#undef GD_KNOWN
    {0},
};

typedef struct {
    bool print; /* as rows of selftest.def */
    unsigned checked, failed;
    GString *out;
} tally;

static void compare(tally *all, const char *name, uint64_t got, uint64_t wanted)
{
    all->checked++;
    if (got == wanted)
        return;
    all->failed++;
    gd_say("%s is %016" G_GINT64_MODIFIER "x, and should be %016" G_GINT64_MODIFIER "x", name, got,
           wanted);
}

static void check_known(tally *all, const char *name, uint64_t got)
{
    if (all->print) {
        g_string_append_printf(all->out, "GD_KNOWN(\"%s\", 0x%016" G_GINT64_MODIFIER "x)\n", name,
                               got);
        return;
    }
    for (const known *row = knowns; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            compare(all, name, got, row->value);
            return;
        }
    }
    compare(all, name, got, 0);
}

/* Published answers: SplitMix64 seeded with 1234567 (its reference program, as listed by Rosetta
 * Code), and Philox4x32-10 of Random123's kat_vectors for the digits of pi. */
static void check_mixers(tally *all)
{
    static const uint64_t split[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                     UINT64_C(9817491932198370423)};
    for (size_t i = 0; i < G_N_ELEMENTS(split); i++)
        compare(all, "SplitMix64", gd_mix_n(1234567, i), split[i]);

    static const uint32_t counter[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    static const uint32_t key[2] = {0xa4093822, 0x299f31d0};
    static const uint32_t philox[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    uint32_t out[4];
    gd_philox(counter, key, out);
    for (size_t i = 0; i < G_N_ELEMENTS(philox); i++)
        compare(all, "Philox4x32-10", out[i], philox[i]);
}

static int64_t hyper_means[] = {GD_MS, 100 * GD_MS};
static gd_share hyper_weights[] = {900000000, 100000000};
static int64_t empirical_values[] = {GD_MS, 2 * GD_MS, 7 * GD_MS};
static int64_t quantile_values[] = {6 * GD_MS, 18 * GD_MS, 25 * GD_MS};
static gd_share quantile_ps[] = {500000000, 950000000, 990000000};
static gd_dist_spec mixture_parts[] = {
    {.kind = GD_DIST_CONSTANT, .value = GD_MS},
    {.kind = GD_DIST_EXPONENTIAL, .mean = 50 * GD_MS},
};

/* One of each kind, in milliseconds where it is a time. */
static const struct {
    const char *name;
    gd_dist_spec spec;
} dists[] = {
    {"constant", {.kind = GD_DIST_CONSTANT, .value = 5 * GD_MS}},
    {"uniform", {.kind = GD_DIST_UNIFORM, .low = GD_MS, .high = 9 * GD_MS}},
    {"exponential", {.kind = GD_DIST_EXPONENTIAL, .mean = 5 * GD_MS}},
    {"lognormal", {.kind = GD_DIST_LOGNORMAL, .median = 5 * GD_MS, .p99 = 20 * GD_MS}},
    {"normal", {.kind = GD_DIST_NORMAL, .mean = 10 * GD_MS, .sd = 2 * GD_MS}},
    {"erlang", {.kind = GD_DIST_ERLANG, .mean = 5 * GD_MS, .stages = 3}},
    {"gamma", {.kind = GD_DIST_GAMMA, .mean = 5 * GD_MS, .shape = 2500000000}},
    {"weibull", {.kind = GD_DIST_WEIBULL, .mean = 5 * GD_MS, .shape = 700000000}},
    {"pareto", {.kind = GD_DIST_PARETO, .min = GD_MS, .shape = 1500000000}},
    {"hyperexponential",
     {.kind = GD_DIST_HYPEREXPONENTIAL,
      .parts = 2,
      .weights = hyper_weights,
      .values = hyper_means}},
    {"geometric", {.kind = GD_DIST_GEOMETRIC, .mean_count = 3000000000}},
    {"zipf", {.kind = GD_DIST_ZIPF, .n = 1000, .s = 1000000000}},
    {"mixture",
     {.kind = GD_DIST_MIXTURE, .parts = 2, .weights = hyper_weights, .components = mixture_parts}},
    {"empirical", {.kind = GD_DIST_EMPIRICAL, .parts = 3, .values = empirical_values}},
    {"quantiles",
     {.kind = GD_DIST_QUANTILES, .parts = 3, .values = quantile_values, .ps = quantile_ps}},
};

static void check_dists(tally *all)
{
    enum { DRAWS = 10000 };
    for (size_t i = 0; i < G_N_ELEMENTS(dists); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(GError) error = NULL;
        gd_dist dist;
        if (!gd_dist_build(&dists[i].spec, arena, &dist, &error)) {
            gd_say("%s: %s", dists[i].name, error->message);
            all->failed++;
            continue;
        }
        uint64_t digest = 0, key = gd_hash_text(dists[i].name);
        for (uint64_t n = 0; n < DRAWS; n++)
            digest = gd_mix(digest, (uint64_t)gd_dist_sample(&dist, gd_mix_n(key, n)));
        check_known(all, dists[i].name, digest);
    }
}

/* A shop whose store slows down: a queue, a retry, a breaker and a fault in forty lines. */
static const char model_text[] =
    "{\"gameday\": 1, \"name\": \"selftest\","
    " \"policies\": {\"rpc\": {\"timeout\": \"100ms\", \"retry\": {\"max_attempts\": 3,"
    "   \"backoff\": {\"full\": {\"base\": \"10ms\"}}}, \"breaker\": {}}},"
    " \"services\": {"
    "  \"front\": {\"instances\": 2, \"workers\": 64, \"queue\": {\"limit\": 32},"
    "   \"calls\": {\"store\": \"rpc\"},"
    "   \"operations\": {\"buy\": [{\"work\": {\"lognormal\": {\"median\": \"2ms\","
    "     \"p99\": \"9ms\"}}}, \"store.put\"]}},"
    "  \"store\": {\"workers\": 4, \"queue\": {\"limit\": 100},"
    "   \"operations\": {\"put\": [{\"work\": {\"exponential\": {\"mean\": \"10ms\"}}}]}}},"
    " \"clients\": {\"web\": {\"at\": \"front\", \"arrivals\": {\"poisson\": {\"rate\": "
    "\"300/s\"}},"
    "   \"mix\": {\"buy\": 1}, \"timeout\": \"1s\"}}}";
static const char scenario_text[] =
    "{\"gameday\": 1, \"name\": \"selftest\", \"duration\": \"60s\", \"warmup\": \"5s\","
    " \"faults\": {\"slow\": {\"fault\": \"slow\", \"target\": \"services.store\", \"at\": \"20s\","
    "   \"for\": \"20s\", \"factor\": 4}}}";

static gd_node *parse(gd_arena *arena, const char *path, const char *text, gd_problems *problems)
{
    return gd_source_parse(arena, path, text, strlen(text), problems);
}

static void check_run(tally *all)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *model = parse(arena, "selftest-model", model_text, problems);
    gd_node *scenario = parse(arena, "selftest-scenario", scenario_text, problems);
    gd_compile_options options = {.scale = GD_SHARE_ONE};
    gd_plan *plan =
        model && scenario ? gd_compile(arena, model, scenario, &options, problems) : NULL;
    if (!plan) {
        g_autofree char *lines = gd_problems_print(problems);
        gd_say_lines(lines);
        all->failed++;
        return;
    }
    g_autoptr(gd_run) run = gd_run_new(plan, 1);
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        continue;
    const gd_record *record = gd_run_finish(run);
    check_known(all, "a run of 60 s", record->digest);
    check_known(all, "events of that run", record->events);
}

int gd_command_selftest(int argc, char **argv)
{
    gboolean print = FALSE;
    const GOptionEntry entries[] = {
        {"print", 0, 0, G_OPTION_ARG_NONE, &print, "print the digests of this build instead", NULL},
        {0},
    };
    static const gd_usage usage = {
        .arguments = "",
        .purpose = "Checks that this build gives the numbers that it should: random numbers\n"
                   "against published answers, distributions and a reference run against the\n"
                   "digests of this version. Exit status 70 when one differs.",
        .examples = "Examples:\n  gameday selftest\n  gameday selftest --print\n",
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, entries, &usage, &status);
    if (!arguments)
        return status;

    tally all = {.print = print, .out = g_string_new(NULL)};
    check_mixers(&all);
    check_dists(&all);
    check_run(&all);
    if (!print)
        g_string_append_printf(all.out, "%u known answers, %u differ\n", all.checked, all.failed);
    bool printed = gd_print(all.out->str, all.out->len);
    g_string_free(all.out, TRUE);
    return all.failed ? GD_EXIT_BUG : printed ? GD_EXIT_OK : GD_EXIT_IO;
}
