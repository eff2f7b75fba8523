/* Which targets a fault has in this run, and the processes that put them there and take them away:
 * failures that come and go (a renewal process for each unit, and one for common causes), loops,
 * pauses, flapping links, leaks.
 *
 * With a share beta of common causes each unit alone fails at (1 - beta) / mtbf and all together at
 * beta / mtbf, whatever the distribution: its draws are stretched by 1 / (1 - beta) and 1 / beta.
 */
#include "models/flow/engine.h"

#define LEAK_STEPS 16 /* of the memory's fill, at which work slows down: assumption */

static gd_unit_run *unit_run(const gd_run *run, uint32_t unit)
{
    return &GD_SEG(run, GD_SEG_UNITS, gd_unit_run)[unit];
}

static uint64_t salt_of(const gd_plan *plan, const gd_plan_fault *fault, uint32_t target)
{
    switch ((gd_target_kind)fault->on) {
    case GD_ON_INSTANCES:
        return plan->instances[target].salt;
    case GD_ON_SITES:
        return plan->sites[target].salt;
    case GD_ON_CLIENTS:
        return plan->clients[target].salt;
    case GD_ON_FLAGS:
        return plan->flags[target].salt;
    case GD_ON_LINKS:
        break;
    }
    return gd_mix_n(GD_SALT_MODE, target);
}

/* How many of n targets the run draws. */
static uint32_t wanted(const gd_plan_fault *fault, uint64_t key, uint32_t n)
{
    uint64_t part = ((uint64_t)n * fault->some + 999999) / 1000000; /* rounded up: at least one */
    switch ((gd_fault_mode)fault->mode) {
    case GD_MODE_FIXED:
        return fault->some < n ? fault->some : n;
    case GD_MODE_PERCENT:
        return (uint32_t)part;
    case GD_MODE_MAX_PERCENT:
        return (uint32_t)gd_below(gd_next(key), part + 1);
    case GD_MODE_ALL:
        break;
    }
    return n;
}

/* Selection sampling (Knuth, TAOCP 3.4.2, algorithm S): each set of that size is as likely. */
void gd_unit_choose(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_target_run *targets = &GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first];
    uint64_t key = gd_mix(gd_mix(run->key, fault->salt), GD_SALT_MODE);
    uint32_t n = fault->targets_n, need = wanted(fault, key, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t salt = salt_of(run->plan, fault, run->plan->targets[fault->targets_first + i]);
        targets[i].chosen = need > 0 && gd_below(gd_mix(key, salt), n - i) < need;
        targets[i].on = 0;
        need -= targets[i].chosen;
    }
}

/* ---- renewals --------------------------------------------------------------------------------
 */
static bool is_common(const gd_plan_fault *fault, uint32_t unit)
{
    return fault->common && unit + 1 == fault->units_first + fault->units_n;
}

static uint64_t draw(const gd_run *run, const gd_plan_fault *fault, uint32_t unit, uint32_t n)
{
    uint64_t key = gd_mix(gd_mix(run->key, fault->salt), run->plan->units[unit].salt);
    return gd_mix_n(gd_mix(key, GD_SALT_UNIT), n);
}

static gd_span up_time(const gd_run *run, const gd_plan_fault *fault, uint32_t unit)
{
    const gd_unit_run *state = unit_run(run, unit);
    uint64_t u = draw(run, fault, unit, 2 * state->cycle);
    gd_i128 span = gd_dist_sample(&run->plan->dists[fault->up], u);
    if (fault->common)
        span = span * GD_SHARE_ONE /
               (is_common(fault, unit) ? fault->common : GD_SHARE_ONE - fault->common);
    if (state->cycle == 0 && !fault->in_phase)
        span = (gd_i128)(((gd_u128)(uint64_t)span * (gd_next(u) >> 1)) >> 63);
    return span < 1 ? 1 : span > GD_NEVER ? GD_NEVER : (gd_span)span;
}

static gd_span down_time(gd_run *run, const gd_plan_fault *fault, uint32_t unit)
{
    gd_unit_run *state = unit_run(run, unit);
    uint64_t u = draw(run, fault, unit, 2 * state->cycle + 1);
    gd_span span = gd_dist_sample(&run->plan->dists[fault->down], u);
    if (fault->longest_down) {
        span = state->waited ? MIN(state->waited * 2, fault->longest_down) : span;
        state->waited = span;
    }
    return span < 1 ? 1 : span;
}

static void schedule(gd_run *run, uint32_t unit, gd_span wait)
{
    gd_time at = gd_time_add(run->now, wait);
    unit_run(run, unit)->word = 0;
    if (at < run->plan->horizon)
        unit_run(run, unit)->word =
            gd_agenda_push(&run->agenda, at, GD_RANK_LEVER, GD_EV_UNIT, unit);
}

/* A cause for all that are in the unit, or one less. */
static void move_targets(gd_run *run, uint32_t unit, bool down)
{
    const gd_plan_unit *u = &run->plan->units[unit];
    const gd_plan_fault *fault = &run->plan->faults[u->fault];
    gd_target_run *targets = &GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first];
    for (uint32_t i = 0; i < u->n; i++) {
        gd_target_run *target = &targets[run->plan->members[u->first + i]];
        if (target->chosen)
            target->on = (uint16_t)(target->on + (down ? 1 : target->on ? -1 : 0));
    }
}

static void toggle(gd_run *run, uint32_t unit)
{
    const gd_plan_unit *u = &run->plan->units[unit];
    gd_fault_run *state = &GD_SEG(run, GD_SEG_FAULT_RUNS, gd_fault_run)[u->fault];
    gd_unit_run *mine = unit_run(run, unit);
    mine->down = !mine->down;
    state->active += mine->down ? 1u : UINT32_MAX;
    gd_fold(run, run->plan->faults[u->fault].salt, GD_EV_UNIT, u->salt + mine->down);
    move_targets(run, unit, mine->down);
    if (mine->down && state->active == 1)
        gd_fault_note(run, u->fault, true);
    else if (state->active == 0)
        gd_fault_note(run, u->fault, false);
    gd_lever_refresh(run, u->fault, &run->plan->members[u->first], u->n);
}

/* Nobody of the unit was drawn: it does not exist in this run. */
static bool is_empty(const gd_run *run, uint32_t unit)
{
    const gd_plan_unit *u = &run->plan->units[unit];
    const gd_plan_fault *fault = &run->plan->faults[u->fault];
    for (uint32_t i = 0; i < u->n; i++)
        if (GD_SEG(run, GD_SEG_TARGETS,
                   gd_target_run)[fault->targets_first + run->plan->members[u->first + i]]
                .chosen)
            return false;
    return true;
}

/* ---- leaks -----------------------------------------------------------------------------------
 */
gd_share gd_leak_factor(const gd_run *run, uint32_t index, uint32_t position)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    uint8_t fill = unit_run(run, fault->units_first + position)->fill;
    return GD_SHARE_ONE + (fault->factor - GD_SHARE_ONE) * fill / LEAK_STEPS;
}

static gd_i128 leaked(const gd_run *run, const gd_plan_fault *fault, const gd_unit_run *unit)
{
    gd_i128 by_time = (gd_i128)(run->now - unit->born) * fault->leak_per_s / GD_S;
    return by_time + (gd_i128)unit->count * fault->leak_each;
}

/* When time alone has leaked the next sixteenth. */
static void leak_schedule(gd_run *run, const gd_plan_fault *fault, uint32_t unit)
{
    gd_unit_run *state = unit_run(run, unit);
    state->word = 0;
    if (fault->leak_per_s == 0)
        return;
    gd_i128 next = ((gd_i128)fault->leak_room * (state->fill + 1) + LEAK_STEPS - 1) / LEAK_STEPS;
    gd_i128 left = next - leaked(run, fault, state);
    gd_i128 wait = left > 0 ? (left * GD_S + fault->leak_per_s - 1) / fault->leak_per_s : 1;
    schedule(run, unit, wait > GD_NEVER ? GD_NEVER : (gd_span)wait);
}

static void leak_reset(gd_run *run, const gd_plan_fault *fault, uint32_t unit)
{
    gd_unit_run *state = unit_run(run, unit);
    state->count = 0;
    state->fill = 0;
    state->born = run->now;
    leak_schedule(run, fault, unit);
}

/* The memory has grown: slower work, or the end. True when it was the end. */
static bool leak_grown(gd_run *run, uint32_t index, uint32_t position)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    uint32_t unit = fault->units_first + position;
    gd_unit_run *state = unit_run(run, unit);
    gd_i128 fill = leaked(run, fault, state) * LEAK_STEPS / fault->leak_room;
    if (fill == state->fill)
        return false;
    uint32_t at = run->plan->targets[fault->targets_first + position];
    if (fill < LEAK_STEPS) {
        state->fill = (uint8_t)fill;
        leak_schedule(run, fault, unit);
        gd_lever_refresh(run, index, &position, 1);
        return false;
    }
    gd_fold(run, fault->salt, GD_EV_UNIT, run->plan->units[unit].salt);
    gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_LEAK);
    gd_lever_restart(run, at, 0); /* which resets it, and heals its slowness */
    return true;
}

bool gd_leak_request(gd_run *run, uint32_t index, uint32_t position)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    if (fault->leak_each == 0)
        return false;
    unit_run(run, fault->units_first + position)->count++;
    return leak_grown(run, index, position);
}

/* ---- from begin to end -----------------------------------------------------------------------
 */
void gd_unit_begin(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_target_run *targets = &GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first];
    if (fault->lever == GD_LEVER_LEAK)
        gd_fault_note(run, index, true);
    for (uint32_t u = fault->units_first; u < fault->units_first + fault->units_n; u++) {
        *unit_run(run, u) = (gd_unit_run){0};
        if (is_empty(run, u))
            continue;
        if (fault->lever == GD_LEVER_LEAK) {
            targets[u - fault->units_first].on = 1;
            leak_reset(run, fault, u);
        } else if (fault->up_first) {
            schedule(run, u, up_time(run, fault, u));
        } else {
            toggle(run, u);
            schedule(run, u, down_time(run, fault, u));
        }
    }
    if (fault->lever == GD_LEVER_LEAK)
        gd_lever_refresh(run, index, NULL, fault->targets_n);
}

void gd_unit_end(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_fault_run *state = &GD_SEG(run, GD_SEG_FAULT_RUNS, gd_fault_run)[index];
    gd_target_run *targets = &GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first];
    bool was = state->active > 0 || fault->lever == GD_LEVER_LEAK;
    state->active = 0;
    for (uint32_t u = fault->units_first; u < fault->units_first + fault->units_n; u++)
        *unit_run(run, u) = (gd_unit_run){0};
    for (uint32_t i = 0; i < fault->targets_n; i++)
        targets[i].on = 0;
    if (was)
        gd_fault_note(run, index, false);
}

void gd_unit_event(gd_run *run, uint32_t unit, uint64_t word)
{
    const gd_plan_unit *u = &run->plan->units[unit];
    const gd_plan_fault *fault = &run->plan->faults[u->fault];
    gd_unit_run *state = unit_run(run, unit);
    if (state->word != word)
        return;
    if (fault->lever == GD_LEVER_LEAK) {
        leak_grown(run, u->fault, unit - fault->units_first);
        return;
    }
    toggle(run, unit);
    if (state->down) {
        schedule(run, unit, down_time(run, fault, unit));
        return;
    }
    state->cycle++;
    schedule(run, unit, up_time(run, fault, unit));
}

void gd_unit_crashed(gd_run *run, uint32_t at)
{
    bool healed = false;
    for (uint32_t f = 0; f < run->plan->n_faults && run->any_levers; f++) {
        const gd_plan_fault *fault = &run->plan->faults[f];
        bool leaks = fault->lever == GD_LEVER_LEAK;
        if (fault->on != GD_ON_INSTANCES || !(leaks || fault->heals) || !gd_fault_is_active(run, f))
            continue;
        uint32_t position = gd_fault_holds(run, f, at);
        if (position == GD_NONE)
            continue;
        healed = true;
        if (leaks)
            leak_reset(run, fault, fault->units_first + position);
        else
            GD_SEG(run, GD_SEG_TARGETS, gd_target_run)
        [fault->targets_first + position] = (gd_target_run){0};
    }
    if (healed) /* not now: whoever crashed it is composing its levers */
        gd_agenda_push(&run->agenda, run->now, GD_RANK_LEVER, GD_EV_HEAL, at);
}
