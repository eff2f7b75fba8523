#include "tests/models/bench_plan.h"

#include "models/compile.h"

#include <glib.h>

/* The file name is the data: instants between blanks, a row each. */
static const char *read_inline(void *user, gd_arena *arena, const char *path, const gd_node *place,
                               gd_problems *problems, size_t *length)
{
    (void)user, (void)place, (void)problems;
    char *rows = gd_arena_strndup(arena, path, strlen(path));
    *length = strlen(rows);
    return g_strdelimit(rows, " ", '\n');
}

gd_plan *plan_from_json(gd_arena *arena, const char *text)
{
    static const gd_compile_options options = {.scale = GD_SHARE_ONE, .read_data = read_inline};
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    gd_node *scenario = gd_source_parse(arena, "test.json", json, strlen(json), problems);
    gd_plan *plan = NULL;
    if (scenario)
        plan = gd_compile(arena, gd_node_get(scenario, "model"), scenario, &options, problems);
    if (!plan) {
        g_autofree char *why = gd_problems_print(problems);
        fail_msg("%s\n%s", json, why);
    }
    return plan;
}

bench bench_of(const char *model, const char *scenario)
{
    bench b = {.arena = gd_arena_new(), .story = g_string_new("")};
    const char *comma = *scenario ? "," : "";
    char *text =
        gd_arena_printf(b.arena, "{'gameday': 1, 'name': 'test', %s%s 'model': {'gameday': 1, %s}}",
                        scenario, comma, model);
    b.plan = plan_from_json(b.arena, text);
    b.run = gd_run_new(b.plan, 1);
    return b;
}

void bench_clear(bench *b)
{
    gd_run_free(b->run);
    gd_arena_free(b->arena);
    g_string_free(b->story, TRUE);
}

/* "0.500000000 worked   a 0123456789abcdef" becomes "500 worked a". */
static void keep_line(void *user, const char *line)
{
    bench *b = user;
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *said[3] = {NULL};
    for (size_t i = 0, n = 0; words[i] && n < G_N_ELEMENTS(said); i++)
        if (*words[i])
            said[n++] = words[i];
    g_auto(GStrv) wanted = g_strsplit(b->kinds, " ", -1);
    if (!g_strv_contains((const char *const *)wanted, said[1]))
        return;
    double ms = g_ascii_strtod(said[0], NULL) * 1e3;
    char time[32];
    snprintf(time, sizeof time, "%.6f", ms);
    for (char *end = time + strlen(time) - 1; *end == '0' || *end == '.'; end--) {
        bool point = *end == '.';
        *end = '\0';
        if (point)
            break;
    }
    g_string_append_printf(b->story, "%s%s %s %s", b->story->len ? ", " : "", time, said[1],
                           said[2]);
}

const char *bench_play(bench *b, const char *kinds)
{
    b->kinds = kinds;
    if (*kinds)
        gd_run_set_trace(b->run, keep_line, b);
    while (gd_run_until(b->run, GD_NEVER, UINT64_MAX))
        ;
    b->record = gd_run_finish(b->run);
    return b->story->str;
}

/* ---- by name --------------------------------------------------------------------------------- */
static void missing(const char *what, const char *name)
{
    fail_msg("the plan has no %s \"%s\"", what, name);
}

static uint32_t view_index(const gd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_views; i++)
        if (strcmp(plan->views[i].name, name) == 0)
            return i;
    missing("view", name);
    return 0;
}

const gd_view_record *bench_view(const bench *b, const char *name)
{
    return &b->record->views[view_index(b->plan, name)];
}

const gd_service_record *bench_service(const bench *b, const char *name)
{
    for (uint32_t i = 0; i < b->plan->n_services; i++)
        if (strcmp(b->plan->services[i].name, name) == 0)
            return &b->record->services[i];
    missing("service", name);
    return NULL;
}

const gd_edge_record *bench_edge(const bench *b, const char *name)
{
    for (uint32_t i = 0; i < b->plan->n_edges; i++)
        if (strcmp(b->plan->edges[i].name, name) == 0)
            return &b->record->edges[i];
    missing("edge", name);
    return NULL;
}

uint64_t bench_counter(const bench *b, const char *edge, const char *group, const char *name)
{
    uint32_t index = (uint32_t)(bench_edge(b, edge) - b->record->edges);
    return gd_record_counter(b->record, GD_COUNTED_BY_EDGE, index, group, name);
}

uint32_t bench_site(const gd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_sites; i++)
        if (strcmp(plan->sites[i].name, name) == 0)
            return i;
    missing("site", name);
    return 0;
}

/* ---- in words -------------------------------------------------------------------------------- */
static const char *in_words(const bench *b, const uint64_t counts[GD_OUTCOMES])
{
    char *text = gd_arena_printf(b->arena, "%s", "");
    for (unsigned o = 0; o < GD_OUTCOMES; o++)
        if (counts[o])
            text = gd_arena_printf(b->arena, "%s%s%s %" G_GUINT64_FORMAT, text, *text ? " " : "",
                                   gd_outcome_rows[o].name, counts[o]);
    return text;
}

const char *bench_outcomes(const bench *b, const char *view)
{
    const gd_view_record *record = bench_view(b, view);
    uint64_t sums[GD_OUTCOMES] = {0};
    for (unsigned p = 0; p < GD_PHASES; p++)
        for (unsigned o = 0; o < GD_OUTCOMES; o++)
            sums[o] += record->outcomes[p][o];
    return in_words(b, sums);
}

const char *bench_calls(const bench *b, const char *edge)
{
    return in_words(b, bench_edge(b, edge)->outcomes);
}

const char *bench_tries(const bench *b, const char *edge)
{
    return in_words(b, bench_edge(b, edge)->tries);
}

double bench_latency_ms(const bench *b, const char *view)
{
    const gd_view_record *record = bench_view(b, view);
    uint64_t count = 0;
    gd_u128 sum = 0;
    for (unsigned p = 0; p < GD_PHASES; p++) {
        count += record->all[p].count;
        sum += record->all[p].sum;
    }
    check_that(count == 1, "%s was asked and answered %lu times", view, (unsigned long)count);
    return (double)(int64_t)sum / 1e6;
}
