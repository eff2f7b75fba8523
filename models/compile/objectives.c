/* Service level objectives: which answers of which operation count, which of them are good, what
 * share was promised, and over which period its error budget is counted.
 *
 * Sources: Google SRE book, ch. 4; the outcomes that are nobody's promise (the caller's own fault,
 * a caller that left) stand apart as in patterns 2.1.
 */
#include "models/compile/build.h"

#include <string.h>

static const gd_shape outcomes_shape = {
    .name = "outcomes",
    .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1}",
};
static const gd_field good_fields[] = {
    GD_FIELD_ROW(gd_good_spec, outcome, GD_FIELD_NODES, .fallback = "[\"ok\", \"degraded\"]",
                 .shape = &outcomes_shape, .help = "the outcomes that are good",
                 .source = "patterns 2.1: a degraded answer is good, its share reported apart"),
    GD_FIELD_ROW(gd_good_spec, within, GD_FIELD_SPAN, .min = 1, .max = GD_YEAR,
                 .help = "a good answer takes no longer, from the moment the user meant to ask. "
                         "Absent: however long"),
    {0},
};
static const gd_shape good_shape = {
    .name = "good",
    .help = "which answers are good",
    .bytes = sizeof(gd_good_spec),
    .fields = good_fields,
};

static const gd_field objective_fields[] = {
    GD_FIELD_ROW(gd_objective_spec, of, GD_FIELD_ADDRESS, .required = true,
                 .help = "a user-visible operation, \"web.checkout\", or a client, \"web\""),
    GD_FIELD_ROW(gd_objective_spec, good, GD_FIELD_OBJECT, .shape = &good_shape, .fallback = "{}",
                 .help = "which answers are good"),
    GD_FIELD_ROW(gd_objective_spec, target, GD_FIELD_SHARE, .required = true, .min = 1,
                 .max = GD_SHARE_ONE - 1, .help = "the share of good answers that was promised"),
    GD_FIELD_ROW(gd_objective_spec, window, GD_FIELD_SPAN, .fallback = "\"30d\"", .min = GD_MINUTE,
                 .max = GD_YEAR, .help = "the period over which the error budget is counted",
                 .source = "Google SRE Workbook ch. 5"),
    {0},
};
const gd_shape gd_objective_shape = {
    .name = "objective",
    .help = "what users were promised (SLO): a share of good answers over a period",
    .bytes = sizeof(gd_objective_spec),
    .fields = objective_fields,
};

/* Neither good nor bad: the caller's own fault, a conflict that it must solve, a caller that left,
 * and what was in flight at the run's end. */
#define NOBODYS                                                                                    \
    (1u << GD_CLIENT_ERROR | 1u << GD_CONFLICT | 1u << GD_CANCELLED | 1u << GD_UNFINISHED)

static uint32_t read_outcomes(gd_builder *b, const gd_node *list)
{
    uint32_t mask = 0;
    if (list->kind != GD_ARRAY || !list->first) {
        gd_problem(b->problems, list, "expected outcomes; write [\"ok\"]");
        return mask;
    }
    for (const gd_node *word = list->first; word; word = word->next) {
        uint32_t o = 0;
        while (o < GD_UNFINISHED &&
               !(word->kind == GD_STRING && strcmp(word->text, gd_outcome_words[o]) == 0))
            o++;
        if (o < GD_UNFINISHED) {
            mask |= 1u << o;
            continue;
        }
        const char *near = word->kind == GD_STRING ? gd_nearest(word->text, gd_outcome_words) : 0;
        gd_problem(b->problems, word, "is no outcome; did you mean \"%s\"?", near ? near : "ok");
    }
    return mask;
}

static bool is_of(gd_builder *b, const gd_plan_view *view, const char *of)
{
    return strcmp(view->name, of) == 0 || strcmp(b->plan->clients[view->client].name, of) == 0;
}

static void build_one(gd_builder *b, const gd_member *member)
{
    const gd_objective_spec *spec = member->spec;
    if (!spec->of || !spec->good || !spec->good->outcome)
        return; /* reported by the reader */
    gd_plan_objective *objective = &b->plan->objectives[b->plan->n_objectives++];
    *objective = (gd_plan_objective){
        .name = member->name,
        .of = spec->of,
        .good = read_outcomes(b, spec->good->outcome),
        .within = spec->good->within ? spec->good->within : GD_NEVER,
        .target = spec->target,
        .period = spec->window,
    };
    objective->valid = ~(uint32_t)NOBODYS | objective->good;
    for (guint v = 0; v < b->views->len; v++)
        if (is_of(b, &g_array_index(b->views, gd_plan_view, v), spec->of))
            return;
    gd_problem(b->problems, gd_node_said(member->node, "of"),
               "\"%s\" is neither a user-visible operation nor a client; write \"%s\"", spec->of,
               b->views->len ? g_array_index(b->views, gd_plan_view, 0).name : "web.home");
}

void gd_build_objectives(gd_builder *b)
{
    gd_plan *plan = b->plan;
    const gd_map *map = &b->model->objectives;
    plan->objectives = gd_arena_array(b->arena, gd_plan_objective, map->n + 1);
    for (uint32_t i = 0; i < map->n; i++)
        build_one(b, &map->at[i]);
    plan->view_objectives =
        gd_arena_array(b->arena, uint32_t, (size_t)plan->n_objectives * b->views->len + 1);
    for (guint v = 0; v < b->views->len; v++) {
        gd_plan_view *view = &g_array_index(b->views, gd_plan_view, v);
        view->objectives_first = plan->n_view_objectives;
        for (uint32_t i = 0; i < plan->n_objectives; i++)
            if (is_of(b, view, plan->objectives[i].of))
                plan->view_objectives[plan->n_view_objectives++] = i;
        view->objectives_n = plan->n_view_objectives - view->objectives_first;
    }
}
