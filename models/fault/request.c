/* What a single request meets, drawn for each: errors, delays, costs, spoilt answers, full tables,
 * names that are not found.
 *
 * A draw is a function of the request's name and the fault's. With a correlation the next draw
 * repeats the last one so often, else it is a new one: the share stays what it is and bursts have a
 * mean length of 1 / ((1 - correlation) (1 - share)). (netem mixes the two numbers instead of
 * choosing one, x = rho x + (1 - rho) u, which draws all x towards the middle: of 1 % with a
 * correlation of 25 % hardly anything is left.)
 */
#include "models/flow/engine.h"

static gd_fault_run *fault_run(gd_run *run, uint32_t fault)
{
    return &GD_SEG(run, GD_SEG_FAULT_RUNS, gd_fault_run)[fault];
}

static void note(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_fault_record *record = &GD_SEG(run, GD_SEG_FAULT_RECORDS, gd_fault_record)[fault->main];
    gd_time at = run->now - run->plan->warmup;
    record->effective = at < record->effective ? at : record->effective;
    record->last = at;
    gd_count(run, fault->counters, 1);
}

static uint32_t op_of(const gd_run *run, const gd_frame *frame)
{
    const gd_step *step = &run->plan->steps[frame->pc];
    while (step->kind != GD_STEP_ENTER)
        step--;
    return step->a;
}

static bool concerns(const gd_run *run, uint32_t index, const gd_frame *frame, uint32_t *position)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    *position =
        gd_fault_holds(run, index, fault->on == GD_ON_SITES ? frame->site : frame->instance);
    if (*position == GD_NONE)
        return false;
    if (fault->ops_n == 0)
        return true;
    uint32_t op = op_of(run, frame);
    for (uint32_t i = 0; i < fault->ops_n; i++)
        if (run->plan->fault_ops[fault->ops_first + i] == op)
            return true;
    return false;
}

static uint64_t key_of(const gd_run *run, const gd_plan_fault *fault, uint32_t slot)
{
    uint64_t key = fault->by_request ? GD_SIDES(run)[slot].root_key : GD_FRAMES(run)[slot].key;
    return gd_mix(key, fault->salt);
}

static bool is_hit(gd_run *run, uint32_t index, uint32_t slot)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_share intensity = GD_SEG(run, GD_SEG_FAULTS, gd_share)[index];
    uint64_t u = key_of(run, fault, slot);
    bool hit = u <= gd_share_threshold(gd_share_of(fault->share, intensity));
    if (fault->correlation == 0)
        return hit;
    gd_fault_run *state = fault_run(run, index);
    if (state->drawn && gd_next(u) < gd_share_threshold(fault->correlation))
        hit = state->hit;
    state->drawn = true;
    state->hit = hit;
    return hit;
}

static gd_span after_of(gd_run *run, const gd_plan_fault *fault, uint32_t slot)
{
    if (fault->after == GD_NONE)
        return 0;
    return gd_dist_sample(&run->plan->dists[fault->after],
                          gd_mix(key_of(run, fault, slot), GD_SALT_AFTER));
}

void gd_fault_release(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_fault_run *state = fault_run(run, frame->pending - 1u);
    state->held -= state->held > 0;
    frame->pending = 0;
}

/* Keeps a request at the door; it comes again. False: as many as may be are there already. */
static bool hold(gd_run *run, uint32_t slot, uint32_t index, gd_span wait)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_fault_run *state = fault_run(run, index);
    if (fault->max_active && state->held >= fault->max_active) {
        gd_count(run, fault->counters + 3, 1);
        return false;
    }
    state->held++;
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->pending = (uint16_t)(index + 1);
    frame->flags = (uint16_t)((frame->flags | GD_F_EVENT) & ~GD_F_ARRIVED);
    gd_agenda_push(&run->agenda, gd_time_add(run->now, wait), GD_RANK_ARRIVAL, GD_EV_REQUEST, slot);
    return true;
}

/* ---- at the instance -------------------------------------------------------------------------
 */
static bool is_full(gd_run *run, const gd_plan_fault *fault, uint32_t at)
{
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    return (uint64_t)instance->busy + instance->queued >= fault->room;
}

static bool is_off(gd_run *run, const gd_plan_fault *fault, uint32_t at)
{
    gd_span off = gd_instance_clock(run, at) - run->now;
    return (off < 0 ? -off : off) > fault->added;
}

/* Whether the fault's own condition holds, beside the draw. */
static bool is_met(gd_run *run, uint32_t index, const gd_frame *frame)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    if (fault->hit == GD_HIT_BUCKET)
        return !gd_bucket_take(run, index, fault->limit, fault->burst);
    if (fault->hit == GD_HIT_ROOM)
        return is_full(run, fault, frame->instance);
    return fault->hit != GD_HIT_CLOCK || is_off(run, fault, frame->instance);
}

static gd_outcome answer(gd_run *run, uint32_t slot, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_span wait = after_of(run, fault, slot);
    if (wait > 0 && hold(run, slot, index, wait)) {
        note(run, index);
        return GD_OUTCOMES;
    }
    if (wait > 0)
        return GD_OK;
    note(run, index);
    if (fault->retry_after != GD_RETRY_UNSAID)
        gd_frame_retry_after(run, slot, fault->retry_after);
    return (gd_outcome)fault->outcome;
}

/* The process dies of this request, which is at its instance but not in its accounts yet. */
static void die_of(gd_run *run, uint32_t at)
{
    gd_gauge *gauge = &GD_GAUGES(run)[GD_INSTANCES(run)[at].service];
    gd_gauge_touch(gauge, run->now);
    gauge->system++;
    gd_lever_restart(run, at, 0);
}

/* Held up once, it is not drawn again: it is answered, or goes on. */
static gd_outcome after_hold(gd_run *run, uint32_t slot)
{
    const gd_plan_fault *fault = &run->plan->faults[GD_FRAMES(run)[slot].pending - 1u];
    gd_fault_release(run, slot);
    if (fault->hit == GD_HIT_DELAY)
        return GD_OK;
    if (fault->retry_after != GD_RETRY_UNSAID)
        gd_frame_retry_after(run, slot, fault->retry_after);
    return (gd_outcome)fault->outcome;
}

/* One fault's verdict: GD_OK: nothing, or not yet. */
static gd_outcome meet(gd_run *run, uint32_t slot, uint32_t index, uint32_t position)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    uint32_t at = GD_FRAMES(run)[slot].instance;
    if (fault->lever == GD_LEVER_LEAK) {
        gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_LEAK);
        gd_gauge *gauge = &GD_GAUGES(run)[GD_INSTANCES(run)[at].service];
        gd_gauge_touch(gauge, run->now);
        gauge->system++; /* as in die_of() */
        if (gd_leak_request(run, index, position))
            return GD_OUTCOMES;
        gauge->system--;
        return GD_OK;
    }
    if (fault->local || fault->hit == GD_HIT_COST || fault->hit == GD_HIT_SPOIL)
        return GD_OK;
    if (!is_hit(run, index, slot)) {
        gd_count(run, fault->counters + 2, 1);
        return GD_OK;
    }
    if (!is_met(run, index, &GD_FRAMES(run)[slot]))
        return GD_OK;
    if (fault->hit == GD_HIT_CRASH) {
        note(run, index);
        die_of(run, at);
        return GD_OUTCOMES;
    }
    return answer(run, slot, index);
}

gd_outcome gd_fault_request(gd_run *run, uint32_t slot)
{
    uint32_t at = GD_FRAMES(run)[slot].instance;
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    if (GD_FRAMES(run)[slot].pending)
        return after_hold(run, slot);
    if (instance->flags & GD_I_DRAWN && instance->busy >= instance->workers)
        gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_TAKEN);
    for (uint32_t i = 0; i < run->n_hits; i++) {
        uint32_t index = GD_SEG(run, GD_SEG_HITS, uint32_t)[i], position;
        if (!concerns(run, index, &GD_FRAMES(run)[slot], &position))
            continue;
        gd_outcome verdict = meet(run, slot, index, position);
        if (verdict != GD_OK)
            return verdict;
    }
    return GD_OK;
}

/* ---- at the caller ---------------------------------------------------------------------------
 */
/* Who still has an address meets the fault only when that runs out. */
static bool is_spared(const gd_run *run, const gd_plan_fault *fault, const gd_frame *frame,
                      uint32_t from)
{
    if (fault->staggered == 0)
        return false;
    uint64_t who = from == GD_NONE ? frame->key : run->plan->instances[from].salt;
    uint64_t u = gd_mix(gd_mix(gd_mix(run->key, fault->salt), who), GD_SALT_STAGGER);
    gd_span later = (gd_span)(((gd_u128)u * (gd_u128)fault->staggered) >> 64);
    return run->now < gd_time_add(fault->start, later);
}

/* Answers a request that never leaves, or sends it later. */
static void stop_here(gd_run *run, uint32_t slot, const gd_plan_fault *fault)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_span wait = after_of(run, fault, slot);
    if (fault->hit == GD_HIT_DELAY) {
        frame->flags |= GD_F_EVENT;
        gd_agenda_push(&run->agenda, gd_time_add(run->now, wait), GD_RANK_TIMER, GD_EV_RESEND,
                       slot);
        return;
    }
    frame->outcome = fault->outcome;
    frame->flags |= GD_F_REPLYING;
    if (wait > 0)
        gd_agenda_push(&run->agenda, gd_time_add(run->now, wait), GD_RANK_REPLY, GD_EV_REPLY, slot);
    else
        gd_follow(run, GD_EV_REPLY, slot);
}

bool gd_fault_local(gd_run *run, uint32_t slot, uint32_t from)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    for (uint32_t i = 0; i < run->n_hits; i++) {
        uint32_t index = GD_SEG(run, GD_SEG_HITS, uint32_t)[i], position;
        const gd_plan_fault *fault = &run->plan->faults[index];
        if (!fault->local || !concerns(run, index, frame, &position) ||
            is_spared(run, fault, frame, from) || !is_hit(run, index, slot) ||
            !is_met(run, index, frame))
            continue;
        note(run, index);
        stop_here(run, slot, fault);
        return true;
    }
    return false;
}

/* ---- in service and after --------------------------------------------------------------------
 */
gd_span gd_fault_cost(gd_run *run, uint32_t slot, gd_span work)
{
    for (uint32_t i = 0; i < run->n_hits; i++) {
        uint32_t index = GD_SEG(run, GD_SEG_HITS, uint32_t)[i], position;
        const gd_plan_fault *fault = &run->plan->faults[index];
        if (fault->hit != GD_HIT_COST || fault->lever != GD_LEVER_REQUEST ||
            !concerns(run, index, &GD_FRAMES(run)[slot], &position) || !is_hit(run, index, slot))
            continue;
        note(run, index);
        work = gd_time_add(gd_share_of(work, fault->factor), fault->added);
    }
    return work;
}

gd_outcome gd_fault_spoil(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    for (uint32_t i = 0; i < run->n_hits; i++) {
        uint32_t index = GD_SEG(run, GD_SEG_HITS, uint32_t)[i], position;
        const gd_plan_fault *fault = &run->plan->faults[index];
        if (fault->hit != GD_HIT_SPOIL || fault->lever != GD_LEVER_REQUEST ||
            !concerns(run, index, &GD_FRAMES(run)[slot], &position) || !is_hit(run, index, slot))
            continue;
        note(run, index);
        outcome = (gd_outcome)fault->outcome;
    }
    return outcome;
}
