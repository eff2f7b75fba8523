#include "study/run.h"

#include <string.h>

/* Events between two looks: a few milliseconds at 10 to 30 million events a second (scripts/bench).
 */
#define LOOK_EVENTS UINT64_C(20000)

/* ---- what a result says of its documents --------------------------------------------------------
 */

static const char *text_of(gd_arena *arena, const gd_node *node)
{
    if (!node)
        return NULL;
    if (node->kind == GD_STRING)
        return node->text;
    g_autofree char *text = gd_node_print(node, false);
    return gd_arena_strndup(arena, text, strlen(text));
}

static void add_assumption(gd_arena *arena, const gd_node *node, GArray *found)
{
    const gd_node *between = gd_node_get(node, "between"), *source = gd_node_get(node, "source");
    const gd_node *low = between ? between->first : NULL;
    g_autofree char *address = gd_node_address(node);
    gd_result_assumption assumption = {
        .address = gd_arena_strndup(arena, address, strlen(address)),
        .about = text_of(arena, gd_node_get(node, "about")),
        .low = text_of(arena, low),
        .high = text_of(arena, low ? low->next : NULL),
        .source = text_of(arena, source),
    };
    g_array_append_val(found, assumption);
}

/* Uncertain numbers ({"about": …}) in document order. Depth is bounded by the reader. */
static void find_assumptions(gd_arena *arena, const gd_node *node, GArray *found)
{
    if (node->kind == GD_OBJECT && gd_node_get(node, "about"))
        add_assumption(arena, node, found);
    for (const gd_node *child = node->first; child; child = child->next)
        find_assumptions(arena, child, found);
}

static void note_documents(gd_arm *arm)
{
    const gd_documents *documents = arm->documents;
    gd_result_file *files = gd_arena_array(arm->arena, gd_result_file, documents->n_files + 1);
    for (uint32_t i = 0; i < documents->n_files; i++)
        files[i] = (gd_result_file){documents->files[i].path, documents->files[i].digest};
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(gd_result_assumption));
    find_assumptions(arm->arena, documents->model, found);
    gd_result_assumption *assumptions =
        gd_arena_array(arm->arena, gd_result_assumption, found->len + 1);
    if (found->len)
        memcpy(assumptions, found->data, found->len * sizeof *assumptions);
    arm->noted = (gd_result_options){
        .expect = documents->expect,
        .observed = gd_node_get(documents->model, "observed"),
        .files = files,
        .n_files = documents->n_files,
        .assumptions = assumptions,
        .n_assumptions = found->len,
    };
}

/* ---- arms ---------------------------------------------------------------------------------------
 */

gd_arm *gd_arm_new(gd_documents *documents, const gd_compile_options *options,
                   gd_problems *problems)
{
    guint before = gd_problems_count(problems);
    gd_compile_options reading = *options;
    reading.read_data = gd_documents_read_data;
    reading.user = documents;

    g_autoptr(gd_arm) arm = g_new0(gd_arm, 1);
    arm->arena = gd_arena_new();
    arm->documents = documents;
    arm->plan = gd_compile(arm->arena, documents->model, documents->scenario, &reading, problems);
    if (!arm->plan)
        return NULL;
    note_documents(arm);
    if (arm->noted.expect)
        gd_expect_check(arm->plan, arm->noted.expect, problems);
    if (gd_problems_count(problems) > before)
        return NULL;
    arm->needs_control = documents->expect && gd_expect_needs_control(arm->plan, documents->expect);
    arm->needs_replay = documents->expect && gd_expect_needs_replay(arm->plan, documents->expect);
    return g_steal_pointer(&arm);
}

void gd_arm_free(gd_arm *arm)
{
    if (!arm)
        return;
    gd_arena_free(arm->arena);
    g_free(arm);
}

/* False: it was stopped. */
static bool go_on(gd_run *run, const gd_watch *watch)
{
    while (gd_run_until(run, GD_NEVER, LOOK_EVENTS)) {
        if (watch->goes_on && !watch->goes_on(watch->user, run)) {
            gd_run_interrupt(run);
            return false;
        }
    }
    return true;
}

typedef struct {
    const gd_watch *watch;
    uint64_t seed;
} replayer;

static gd_result *replay(void *user, const gd_plan *plan)
{
    const replayer *again = user;
    g_autoptr(gd_run) run = gd_run_new(plan, again->seed);
    if (!go_on(run, again->watch))
        return NULL;
    return gd_result_new(gd_run_finish(run), &(gd_result_options){0});
}

gd_result *gd_arm_play(const gd_arm *arm, gd_run *run, const gd_result *control,
                       const gd_watch *watch)
{
    static const gd_watch nobody = {0};
    if (!watch)
        watch = &nobody;
    gd_run_set_trace(run, watch->trace, watch->trace_user);
    gint64 began = g_get_monotonic_time();
    go_on(run, watch);
    if (watch->loop_s)
        *watch->loop_s = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    gd_result_options options = arm->noted;
    options.control = control;
    const gd_record *record = gd_run_finish(run);
    replayer again = {.watch = watch, .seed = record->seed};
    if (watch->replays || arm->needs_replay) {
        options.replay = replay;
        options.replay_user = &again;
    }
    return gd_result_new(record, &options);
}
