/* A document into the whole simulator: read, patched, compiled, run under small budgets, judged and
 * written as every kind of report. A run that is branched half way must end as it does itself.
 *
 * The corpus is JSON that a person can read: a scenario with its model inside, or a model alone.
 * Where a document names a CSV file, the name itself is taken for the file's bytes.
 * mutate_model.c changes trees, not bytes, so that most of what it makes is understood.
 */
#include "models/compile.h"
#include "models/run.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/text.h"

#include <string.h>

#define EVENTS  UINT64_C(10000)      /* assumption: enough to reach every kind of event */
#define BYTES   (UINT64_C(64) << 20) /* the run's memory */
#define LONGEST ((size_t)64 << 10)   /* larger documents are slow and show nothing more */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *read_name(void *user, gd_arena *arena, const char *path, const gd_node *place,
                             gd_problems *problems, size_t *length)
{
    (void)user, (void)place, (void)problems;
    *length = strlen(path);
    return gd_arena_strndup(arena, path, *length);
}

static uint64_t play_to_end(gd_run *run)
{
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    return gd_run_get_digest(run);
}

static void write_reports(const gd_run *run, const gd_result *result)
{
    g_autoptr(GString) json = gd_json_write(result, true);
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *read = gd_source_parse(arena, "result", json->str, json->len, problems);
    g_autofree char *why = gd_problems_print(problems);
    if (!read)
        g_error("the result is not JSON: %s", why);
    g_assert(result->events == gd_run_get_events(run));
    g_autoptr(GString) csv = gd_csv_series(result);
    g_assert(csv->len > 0);
    gd_text_context context = {.command = "gameday run fuzz.json"};
    g_autofree char *text = gd_text_result(result, &context, (gd_text_form){.width = 80});
    g_assert(strchr(text, '\033') == NULL);
}

static void play(const gd_plan *plan, const gd_node *expect, const gd_node *observed)
{
    g_autoptr(gd_run) run = gd_run_new(plan, 1);
    gd_run_until(run, GD_NEVER, EVENTS / 2);
    g_autoptr(gd_run) branch = gd_run_branch(run);
    uint64_t digest = play_to_end(run);
    g_assert(digest == play_to_end(branch));
    /* Looked at every so many events only. */
    g_assert(gd_run_get_events(run) <= EVENTS + 1000);
    gd_result_options options = {.expect = expect, .observed = observed};
    g_autoptr(gd_result) result = gd_result_new(gd_run_finish(run), &options);
    write_reports(run, result);
}

static void compile_and_play(const gd_node *model, const gd_node *scenario, bool control)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_compile_options options = {.control = control,
                                  .scale = GD_SHARE_ONE,
                                  .read_data = read_name,
                                  .event_budget = EVENTS,
                                  .memory_budget = BYTES};
    const gd_node *patch = scenario ? gd_node_get(scenario, "patch") : NULL;
    if (patch && patch->kind == GD_OBJECT)
        model = gd_model_patch(arena, model, patch, problems);
    gd_plan *plan =
        gd_problems_count(problems) ? NULL : gd_compile(arena, model, scenario, &options, problems);
    const gd_node *expect = scenario ? gd_node_get(scenario, "expect") : NULL;
    if (plan && expect)
        gd_expect_check(plan, expect, problems);
    g_assert(plan || gd_problems_count(problems) > 0);
    g_free(gd_problems_print(problems));
    if (plan && gd_problems_count(problems) == 0)
        play(plan, expect, gd_node_get(model, "observed"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    if (size > LONGEST)
        return 0;
    gd_node *root = gd_source_parse(arena, "fuzz", (const char *)data, size, problems);
    if (!root || root->kind != GD_OBJECT)
        return 0;
    gd_node *model = gd_node_get(root, "model");
    if (model && model->kind == GD_OBJECT) {
        model->parent = NULL;
        compile_and_play(model, root, gd_node_get(root, "control") != NULL);
    } else {
        compile_and_play(root, NULL, false);
    }
    return 0;
}
