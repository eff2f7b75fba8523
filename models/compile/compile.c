#include "models/compile.h"
#include "models/compile/build.h"

#include <string.h>

/* Some minutes of a fast machine (assumption); a run that needs more says so with its own budget.
 */
#define EVENT_BUDGET UINT64_C(2000000000)
/* Leaves a program below 256 MiB (rigour 4.1). */
#define MEMORY_BUDGET (UINT64_C(176) << 20)
/* Events at one instant: no model that makes progress comes near (rigour 4.1: Zeno guard). */
#define STALL_BUDGET 1000000u

static void check_clock(gd_builder *b)
{
    const char *offset = b->model->clock ? b->model->clock->utc_offset : NULL;
    gd_span ignored;
    if (offset && ((offset[0] != '+' && offset[0] != '-') || !gd_parse_clock(offset + 1, &ignored)))
        gd_problem(b->problems, gd_node_said(b->model_node, "clock"),
                   "utc_offset \"%.20s\" is none; write \"+01:00\"", offset);
    gd_time_of_day(b);
}

/* An empty scenario, for a model alone. */
static const gd_node *empty_scenario(gd_arena *arena, const gd_node *model)
{
    gd_node *scenario = gd_node_new(arena, GD_OBJECT, NULL, NULL, model);
    gd_node_append(scenario, gd_node_new(arena, GD_NUMBER, "gameday", "1", model));
    return scenario;
}

static bool keeps_nulls(const char *section)
{
    return strcmp(section, "services") == 0 || strcmp(section, "policies") == 0 ||
           strcmp(section, "defaults") == 0;
}

/* The model without what is null, but for the sections in which null takes a policy away. */
static const gd_node *without_nulls(gd_arena *arena, const gd_node *model, gd_problems *problems)
{
    gd_node *whole = gd_node_new(arena, GD_OBJECT, model->key, NULL, model);
    whole->parent = model->parent;
    for (const gd_node *member = model->first; member; member = member->next) {
        gd_node *copy;
        if (member->kind == GD_NULL)
            continue;
        if (member->kind == GD_OBJECT && !keeps_nulls(member->key)) {
            gd_node *nothing = gd_node_new(arena, GD_OBJECT, member->key, NULL, member);
            copy = gd_node_merge(arena, nothing, member, problems);
        } else {
            copy = gd_arena_make(arena, gd_node);
            *copy = *member;
        }
        gd_node_append(whole, copy);
    }
    return whole;
}

/* Both documents as specs; false when they cannot be read at all. */
static bool read_documents(gd_builder *b, const gd_node *model, const gd_node *scenario)
{
    if (model->kind != GD_OBJECT || (scenario && scenario->kind != GD_OBJECT)) {
        gd_problem(b->problems, model->kind != GD_OBJECT ? model : scenario,
                   "expected an object; write {\"gameday\": 1, …}");
        return false;
    }
    scenario = scenario ? scenario : empty_scenario(b->arena, model);
    scenario = gd_later_refuse(b->arena, gd_node_present(b->arena, scenario), GD_LATER_SCENARIO,
                               b->problems);
    b->scenario_node = scenario;
    b->scenario = gd_read(&b->reader, &gd_scenario_shape, scenario);

    const gd_control_spec *control = b->scenario->control;
    if (b->options->control && control && control->patch)
        model = gd_model_patch(b->arena, model, control->patch, b->problems);
    model = gd_expand_files(b, model);
    b->model_node = gd_later_refuse(b->arena, without_nulls(b->arena, model, b->problems),
                                    GD_LATER_MODEL, b->problems);
    b->model = gd_read(&b->reader, &gd_model_shape, b->model_node);
    if (b->options->control && !(control && control->patch))
        ((gd_scenario_spec *)b->scenario)->load.n = 0; /* nothing happens to it */
    return true;
}

static void set_times(gd_builder *b)
{
    gd_plan *plan = b->plan;
    const char *name = b->scenario->name ? b->scenario->name : b->model->name;
    plan->name = name ? name : "unnamed";
    plan->warmup = b->scenario->warmup;
    plan->horizon = gd_time_add(plan->warmup, MAX(1, b->scenario->duration));
    if (plan->horizon > GD_HORIZON) {
        gd_problem(b->problems, gd_node_said(b->scenario_node, "duration"),
                   "with the warm-up the run is longer than ten years; write less");
        plan->warmup = 0;
        plan->horizon = GD_S;
    }
    plan->event_budget = b->options->event_budget ? b->options->event_budget : EVENT_BUDGET;
    plan->memory_budget = b->options->memory_budget ? b->options->memory_budget : MEMORY_BUDGET;
    plan->stall_budget = STALL_BUDGET;
}

/* The members of a client that this version does not have. */
static void refuse_later_members(gd_builder *b)
{
    for (uint32_t i = 0; i < b->model->clients.n; i++)
        gd_later_refuse(b->arena, b->model->clients.at[i].node, GD_LATER_CLIENT, b->problems);
}

static void build_tables(gd_builder *b)
{
    guint before = gd_problems_count(b->problems);
    if (!gd_build_zones(b))
        return;
    gd_build_flags(b);
    gd_build_segments(b);
    gd_collect_load(b);
    gd_build_services(b);
    if (b->plan->n_services == 0 && gd_problems_count(b->problems) > before)
        return; /* too large, or nothing there to refer to */
    gd_check_policies(b);
    gd_build_steps(b);
    if (b->too_many)
        return;
    gd_build_connections(b);
    gd_build_clients(b);
    gd_build_pools(b);
    gd_build_links(b);
    gd_check_reach(b);
    gd_sort_edges(b);
    gd_count_policies(b);
    gd_count_connections(b);
    gd_count_pools(b);
    gd_check_calls_used(b);
    gd_check_segments_used(b);
    gd_build_faults(b);
    gd_check_statics(b);
    gd_set_windows(b);
}

/* ---- observed ----------------------------------------------------------------------------- */
static uint32_t find_view(gd_builder *b, const char *name)
{
    for (guint i = 0; i < b->views->len; i++)
        if (strcmp(g_array_index(b->views, gd_plan_view, i).name, name) == 0)
            return i;
    return GD_NONE;
}

/* What production showed is no part of the plan: models/result/ sets it beside what a run measured.
 */
static void check_observed(gd_builder *b)
{
    const gd_node *section = gd_node_said(b->model_node, "observed");
    if (section && section->kind != GD_OBJECT)
        gd_problem(b->problems, section,
                   "expected operations; write {\"web.home\": {\"p50\": \"80ms\"}}");
    const gd_node **members = gd_members(b, section);
    for (size_t i = 0; members[i] && gd_problems_count(b->problems) <= 40; i++) {
        gd_read(&b->reader, &gd_observed_shape, gd_node_present(b->arena, members[i]));
        if (find_view(b, members[i]->key) == GD_NONE)
            gd_problem_key(b->problems, members[i],
                           "is no user-visible operation; write \"%s\" or another "
                           "client.operation",
                           b->views->len ? g_array_index(b->views, gd_plan_view, 0).name
                                         : "web.home");
    }
}

/* ---- the whole ---------------------------------------------------------------------------- */
bool gd_build_all(gd_builder *b, const gd_node *model, const gd_node *scenario)
{
    if (!read_documents(b, model, scenario))
        return false;
    set_times(b);
    check_clock(b);
    refuse_later_members(b);
    build_tables(b);
    check_observed(b);
    gd_build_objectives(b);
    return true;
}

gd_plan *gd_compile(gd_arena *arena, const gd_node *model, const gd_node *scenario,
                    const gd_compile_options *options, gd_problems *problems)
{
    guint before = gd_problems_count(problems);
    g_autoptr(gd_builder) b = gd_builder_new(arena, options, problems);
    if (!gd_build_all(b, model, scenario) || gd_problems_count(problems) > before)
        return NULL;
    gd_builder_settle(b);
    gd_plan_finish(b->plan);
    return b->plan;
}
