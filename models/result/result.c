#include "models/result/parts.h"

const char *const gd_claim_words[3] = {"false", "true", "unknown"};

static const char *const end_texts[] = {
    [GD_END_DURATION] = "reached its duration",
    [GD_END_DRAINED] = "all arrivals made and answered",
    [GD_END_EVENTS] = "event budget reached",
    [GD_END_MEMORY] = "memory budget reached",
    [GD_END_STALLED] = "no progress: too many events at one instant",
    [GD_END_INTERRUPTED] = "interrupted",
};

/* The faults as one: from the first start to the last end. A fault that the run did not reach has
 * not happened. */
static void find_faults(gd_result *result)
{
    const gd_plan *plan = result->plan;
    gd_recovery *recovery = &result->recovery;
    gd_time first = GD_NEVER, last = INT64_MIN;

    for (uint32_t i = 0; i < plan->n_faults; i++) {
        const gd_plan_fault *fault = &plan->faults[i];
        if (fault->background)
            continue;
        first = MIN(first, fault->start);
        last = MAX(last, fault->end);
    }
    recovery->has_fault = first != GD_NEVER && first - plan->warmup < result->ended_at;
    recovery->fault_at = recovery->has_fault ? MAX(0, first - plan->warmup) : GD_NEVER;
    recovery->fault_end = GD_NEVER;
    if (recovery->has_fault && last != GD_NEVER)
        recovery->fault_end = MAX(0, last - plan->warmup);
    recovery->fault_ends = recovery->fault_end <= result->ended_at;
}

static void find_phases(gd_result *result)
{
    const gd_recovery *recovery = &result->recovery;
    gd_time end = result->ended_at;
    gd_time first = MIN(recovery->fault_at, end), last = MIN(recovery->fault_end, end);
    const gd_time bounds[GD_PHASES + 1] = {0, first, recovery->has_fault ? last : end, end};
    for (unsigned phase = 0; phase < GD_PHASES; phase++) {
        result->phase_start[phase] = bounds[phase];
        result->phase_end[phase] = bounds[phase + 1];
    }
    result->phase_start[GD_ALL] = 0;
    result->phase_end[GD_ALL] = end;
}

static void keep_faults(gd_result *result, const gd_record *record)
{
    const gd_plan *plan = record->plan;
    result->n_faults = plan->n_faults;
    result->faults = gd_arena_array(result->arena, gd_result_fault, plan->n_faults);
    for (uint32_t i = 0; i < plan->n_faults; i++) {
        const gd_plan_fault *fault = &plan->faults[i];
        gd_result_fault *to = &result->faults[i];
        *to = (gd_result_fault){.injected_at = GD_NEVER,
                                .effective_at = GD_NEVER,
                                .removed_at = GD_NEVER,
                                .last_affected_at = GD_NEVER};
        if (fault->main != i)
            continue;
        to->name = fault->name;
        to->kind = fault->fault;
        to->target = fault->target;
        to->background = fault->background;
        if (!record->faults)
            continue;
        const gd_fault_record *from = &record->faults[i];
        to->injected_at = from->injected;
        to->effective_at = from->effective;
        to->removed_at = from->removed;
        to->last_affected_at = from->last;
        to->times = from->times;
    }
}

static const char *keep(const gd_result *result, const char *text)
{
    return text ? gd_arena_printf(result->arena, "%s", text) : NULL;
}

static void keep_documents(gd_result *result, const gd_result_options *options)
{
    result->n_files = options->n_files;
    result->files = gd_arena_array(result->arena, gd_result_file, options->n_files);
    for (uint32_t i = 0; i < options->n_files; i++)
        result->files[i] =
            (gd_result_file){keep(result, options->files[i].path), options->files[i].digest};

    result->n_assumptions = options->n_assumptions;
    result->assumptions =
        gd_arena_array(result->arena, gd_result_assumption, options->n_assumptions);
    for (uint32_t i = 0; i < options->n_assumptions; i++) {
        const gd_result_assumption *from = &options->assumptions[i];
        result->assumptions[i] = (gd_result_assumption){
            keep(result, from->address), keep(result, from->about), keep(result, from->low),
            keep(result, from->high), keep(result, from->source)};
    }
}

static void measure_counters(gd_result *result, const gd_record *record)
{
    uint32_t n = record->counters ? record->plan->n_counters : 0;
    result->counters = gd_arena_array(result->arena, uint64_t, (size_t)n * GD_PHASES_AND_ALL);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *to = &result->counters[(size_t)i * GD_PHASES_AND_ALL];
        for (unsigned phase = 0; phase < GD_PHASES; phase++) {
            to[phase] = record->counters[(size_t)i * GD_PHASES + phase];
            to[GD_ALL] += to[phase];
        }
    }
}

gd_result *gd_result_new(const gd_record *record, const gd_result_options *options)
{
    gd_arena *arena = gd_arena_new();
    gd_result *result = gd_arena_make(arena, gd_result);

    result->arena = arena;
    result->plan = record->plan;
    result->name = record->plan->name;
    result->seed = record->seed;
    result->digest = record->digest;
    result->events = record->events;
    result->ended_at = MAX(0, record->ended_at);
    result->simulated_s = gd_seconds(result->ended_at);
    result->end = record->end;
    result->end_text = end_texts[record->end];
    result->partial = record->end != GD_END_DURATION && record->end != GD_END_DRAINED;
    result->saturated = record->saturated || (record->hists && record->hists->saturated);
    result->busiest = keep(result, record->busiest);
    result->peak_bytes = record->peak_bytes;
    result->window = record->plan->window;
    result->windows = result->window > 0 ? record->windows : 0;
    result->control = options->control;
    keep_documents(result, options);

    keep_faults(result, record);
    find_faults(result);
    find_phases(result);
    gd_result_measure_views(result, record);
    gd_result_measure_services(result, record);
    measure_counters(result, record);
    gd_result_promise(result, record);
    gd_result_judge(result);
    gd_result_spread(result);
    gd_result_recover(result, options);
    gd_result_tell(result, record);
    gd_result_observe(result, options->observed);
    gd_result_claim(result, options->expect);
    return result;
}

void gd_result_free(gd_result *result)
{
    if (result)
        gd_arena_free(result->arena);
}
