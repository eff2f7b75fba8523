/* Service level objectives: what was promised, how much of the error budget a run burns, and how
 * fast it does so over the windows that alerts look at.
 *
 * Sources: Google SRE book, ch. 4 (SLI, SLO, error budget); Google SRE Workbook, ch. 5, table 5-8
 * (multiwindow, multi-burn-rate; a threshold is budget share x period / long window).
 */
#include "models/result/parts.h"
#include "models/result/quantity.h"

#define EVENTS_LEAST                                                                               \
    10 /* assumption: with fewer in the long window, one error is a large ratio                    \
        */

static const gd_span burn_spans[GD_BURNS] = {
    [GD_BURN_5M] = 5 * GD_MINUTE, [GD_BURN_30M] = 30 * GD_MINUTE, [GD_BURN_1H] = GD_HOUR,
    [GD_BURN_2H] = 2 * GD_HOUR,   [GD_BURN_6H] = 6 * GD_HOUR,     [GD_BURN_1D] = GD_DAY,
    [GD_BURN_3D] = 3 * GD_DAY,
};

typedef struct {
    gd_burn over, shortly;
    double share; /* of the budget, spent within the long window */
    bool fast;
} rule;

static const rule rules[] = {
    {GD_BURN_1H, GD_BURN_5M, 0.02, true},
    {GD_BURN_6H, GD_BURN_30M, 0.05, true},
    {GD_BURN_1D, GD_BURN_2H, 0.10, false},
    {GD_BURN_3D, GD_BURN_6H, 0.10, false},
};

/* Sums of an objective's events from t = 0: [i] is of the windows before i. */
typedef struct {
    double *good, *bad;
    double good_per_s, bad_per_s; /* of the baseline, which stands before t = 0 */
    double allowed;               /* 1 - target */
    gd_span width;
} sums;

/* In windows [0, n). */
static void find_baseline(const gd_result *result, sums *s)
{
    uint32_t first, n;
    gd_phase_windows(result, GD_BEFORE, &first, &n);
    uint32_t all = result->windows;
    bool any = n > 0 && s->good[first + n] + s->bad[first + n] > 0;
    double seconds = gd_seconds((any ? n : all) * s->width);
    double good = any ? s->good[first + n] - s->good[first] : s->good[all];
    double bad = any ? s->bad[first + n] - s->bad[first] : s->bad[all];
    s->good_per_s = seconds > 0 ? good / seconds : 0;
    s->bad_per_s = seconds > 0 ? bad / seconds : 0;
    if (!any && result->recovery.has_fault) { /* what stood before a fault at once: nobody saw */
        s->good_per_s += s->bad_per_s;
        s->bad_per_s = 0;
    }
}

static sums sum_up(const gd_result *result, gd_arena *scratch, const gd_result_objective *objective)
{
    sums s = {
        .good = gd_arena_array(scratch, double, (size_t)result->windows + 1),
        .bad = gd_arena_array(scratch, double, (size_t)result->windows + 1),
        .allowed = objective->allowed_ratio,
        .width = result->window,
    };
    for (uint32_t i = 0; i < result->windows; i++) {
        s.good[i + 1] = s.good[i] + objective->series.good[i];
        s.bad[i + 1] = s.bad[i] + objective->series.bad[i];
    }
    find_baseline(result, &s);
    return s;
}

/* The burn rate of the span that ends with window `i`, and how many events it saw. A span that is
 * no whole number of windows is rounded down, to one at least. */
static double burn_at(const sums *s, uint32_t i, gd_span span, double *events)
{
    uint64_t wide = (uint64_t)MAX(1, span / MAX(1, s->width));
    uint32_t seen = (uint32_t)MIN(wide, (uint64_t)i + 1);
    double before = gd_seconds(s->width) * (double)(wide - seen);
    double good = s->good[i + 1] - s->good[i + 1 - seen] + s->good_per_s * before;
    double bad = s->bad[i + 1] - s->bad[i + 1 - seen] + s->bad_per_s * before;
    *events = good + bad;
    return *events > 0 ? bad / *events / s->allowed : 0;
}

static void find_burns(const gd_result *result, const sums *s, gd_result_objective *objective)
{
    double width = gd_seconds(s->width);
    gd_span period = (gd_span)(objective->period_s * (double)GD_S);
    for (uint32_t i = 0; i < result->windows; i++) {
        double burn[GD_BURNS], events[GD_BURNS];
        bool burns[2] = {false, false};
        for (gd_burn b = 0; b < GD_BURNS; b++) {
            burn[b] = burn_at(s, i, burn_spans[b], &events[b]);
            objective->burn_max[b] = MAX(objective->burn_max[b], burn[b]);
        }
        for (size_t r = 0; r < G_N_ELEMENTS(rules); r++) {
            const rule *pair = &rules[r];
            double limit = pair->share * objective->period_s / gd_seconds(burn_spans[pair->over]);
            if (burn_spans[pair->over] <= period && events[pair->over] >= EVENTS_LEAST &&
                burn[pair->over] > limit && burn[pair->shortly] > limit)
                burns[pair->fast] = true;
        }
        gd_time end = MIN(result->ended_at, (i + 1) * s->width);
        if (burns[true] && objective->fast_burn_at == GD_NEVER)
            objective->fast_burn_at = end;
        if (burns[false] && objective->slow_burn_at == GD_NEVER)
            objective->slow_burn_at = end;
        objective->fast_burn_s += burns[true] ? width : 0;
        objective->slow_burn_s += burns[false] ? width : 0;
        if (objective->exhausted_at == GD_NEVER && objective->budget > 0 &&
            s->bad[i + 1] >= objective->budget)
            objective->exhausted_at = end;
    }
}

static void measure(gd_result *result, const gd_record *record, uint32_t index)
{
    const gd_plan_objective *plan = &result->plan->objectives[index];
    gd_result_objective *objective = &result->objectives[index];
    g_autoptr(gd_arena) scratch = gd_arena_new();

    *objective = (gd_result_objective){
        .name = plan->name,
        .of = plan->of,
        .target_ratio = (double)plan->target / (double)GD_SHARE_ONE,
        .allowed_ratio = (double)(GD_SHARE_ONE - plan->target) / (double)GD_SHARE_ONE,
        .within_s = plan->within == GD_NEVER ? GD_UNKNOWN : gd_seconds(plan->within),
        .period_s = gd_seconds(plan->period),
        .fast_burn_at = GD_NEVER,
        .slow_burn_at = GD_NEVER,
        .exhausted_at = GD_NEVER,
    };
    const gd_objective_series *series =
        record->objective_series ? &record->objective_series[index] : NULL;
    objective->series.good = gd_series_copy(result, series ? series->good : NULL);
    objective->series.bad = gd_series_copy(result, series ? series->bad : NULL);
    for (uint32_t i = 0; i < result->windows; i++) {
        objective->good += objective->series.good[i];
        objective->bad += objective->series.bad[i];
    }
    double good = (double)objective->good, bad = (double)objective->bad;
    sums s = sum_up(result, scratch, objective);
    objective->sli_ratio = gd_ratio(good, good + bad);
    objective->met = objective->sli_ratio >= objective->target_ratio; /* false for the unknown */
    objective->burn_run = gd_ratio(bad, good + bad) / s.allowed;
    objective->budget = s.allowed * (s.good_per_s + s.bad_per_s) * objective->period_s;
    objective->budget_burnt_ratio = gd_ratio(bad, objective->budget);
    find_burns(result, &s, objective);
}

void gd_result_promise(gd_result *result, const gd_record *record)
{
    result->n_objectives = result->plan->n_objectives;
    result->objectives =
        gd_arena_array(result->arena, gd_result_objective, result->n_objectives + 1);
    for (uint32_t i = 0; i < result->n_objectives; i++)
        measure(result, record, i);
}
