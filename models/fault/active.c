/* Which faults are on what, who was hit, and what can be seen of it from outside. */
#include "models/flow/engine.h"

bool gd_fault_is_active(const gd_run *run, uint32_t index)
{
    if (GD_SEG(run, GD_SEG_FAULTS, gd_share)[index] <= 0)
        return false;
    const gd_plan_fault *fault = &run->plan->faults[index];
    return fault->units_n == 0 || fault->lever == GD_LEVER_LEAK ||
           GD_SEG(run, GD_SEG_FAULT_RUNS, gd_fault_run)[index].active > 0;
}

uint32_t gd_fault_holds(const gd_run *run, uint32_t index, uint32_t target)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    const uint32_t *targets = &run->plan->targets[fault->targets_first];
    uint32_t low = 0, high = fault->targets_n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (targets[middle] < target)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == fault->targets_n || targets[low] != target)
        return GD_NONE;
    return GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first + low].on ? low
                                                                                     : GD_NONE;
}

void gd_fault_touch(gd_run *run, gd_target_kind on, uint32_t target, unsigned levers)
{
    for (uint32_t f = 0; f < run->plan->n_faults && run->any_levers; f++) {
        const gd_plan_fault *fault = &run->plan->faults[f];
        if (fault->on != on || !(levers >> fault->lever & 1) || !gd_fault_is_active(run, f) ||
            gd_fault_holds(run, f, target) == GD_NONE)
            continue;
        gd_fault_record *record = &GD_SEG(run, GD_SEG_FAULT_RECORDS, gd_fault_record)[fault->main];
        gd_time at = run->now - run->plan->warmup;
        record->effective = at < record->effective ? at : record->effective;
        record->last = at;
        gd_count(run, fault->counters, 1);
    }
}

uint64_t gd_share_either(uint64_t a, uint64_t b)
{
    uint64_t neither = (uint64_t)(((gd_u128)(UINT64_MAX - a) * (UINT64_MAX - b)) >> 64);
    return UINT64_MAX - neither;
}

void gd_fault_hide(gd_run *run, uint32_t link)
{
    for (uint32_t f = 0; f < run->plan->n_faults; f++) {
        const gd_plan_fault *fault = &run->plan->faults[f];
        if (fault->doubled && gd_fault_is_active(run, f) && gd_fault_holds(run, f, link) != GD_NONE)
            gd_count(run, fault->counters + 1, 1);
    }
}

/* Parts that begin or end speak for the whole only when no other part is active. */
static bool other_part_is_active(const gd_run *run, uint32_t index)
{
    uint32_t main_at = run->plan->faults[index].main;
    for (uint32_t f = main_at; f < run->plan->n_faults && run->plan->faults[f].main == main_at; f++)
        if (f != index && gd_fault_is_active(run, f))
            return true;
    return false;
}

void gd_fault_note(gd_run *run, uint32_t index, bool begins)
{
    uint32_t main_at = run->plan->faults[index].main;
    gd_fault_record *record = &GD_SEG(run, GD_SEG_FAULT_RECORDS, gd_fault_record)[main_at];
    gd_time at = run->now - run->plan->warmup;
    if (other_part_is_active(run, index))
        return;
    record->injected = begins && at < record->injected ? at : record->injected;
    record->removed = begins ? GD_NEVER : at;
    record->times += begins;
    gd_measure_happening(run, begins ? GD_HAPPENED_FAULT_BEGAN : GD_HAPPENED_FAULT_ENDED, main_at,
                         0);
}

gd_time gd_instance_clock(const gd_run *run, uint32_t instance)
{
    gd_time clock = run->now;
    for (uint32_t i = 0; i < run->n_hits; i++) {
        uint32_t f = GD_SEG(run, GD_SEG_HITS, uint32_t)[i];
        const gd_plan_fault *fault = &run->plan->faults[f];
        if (fault->hit != GD_HIT_CLOCK || fault->on != GD_ON_INSTANCES ||
            gd_fault_holds(run, f, instance) == GD_NONE)
            continue;
        gd_i128 drift = (gd_i128)(run->now - fault->start) * fault->drift / GD_SHARE_ONE;
        clock += fault->skew + (gd_span)drift;
    }
    return clock;
}

bool gd_instance_is_silent(const gd_run *run, uint32_t at)
{
    unsigned flags = GD_INSTANCES(run)[at].flags;
    if (flags & (GD_I_PAUSED | GD_I_DARK))
        return true;
    bool stuck = GD_INSTANCES(run)[at].workers == 0;
    for (uint32_t f = 0; f < run->plan->n_faults && (flags & GD_I_HANG || stuck); f++) {
        const gd_plan_fault *fault = &run->plan->faults[f];
        bool mute = fault->lever == GD_LEVER_HANG || (stuck && fault->lever == GD_LEVER_TAKEN);
        if (mute && !fault->silent && fault->on == GD_ON_INSTANCES && gd_fault_is_active(run, f) &&
            gd_fault_holds(run, f, at) != GD_NONE)
            return true;
    }
    return false;
}
