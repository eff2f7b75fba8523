/* Levers: what faults pull. Each instance, site, link and client holds a *set* of effects, and its
 * value is their composition (factors multiply, shares combine as 1 - product of (1 - p), cuts and
 * crashes count), composed anew from all active faults whenever one changes: an end removes an
 * effect, it never restores a value, so overlapping faults come apart cleanly.
 *
 * Along a ramp the intensity grows from 0 to 1 in RAMP_STEPS equal steps (assumption: fine enough
 * that no window of the series sees one); for what is down or not (crash, hang, cut) the first
 * intensity x n of the targets are.
 */
#include "models/balance/pool.h"

#define RAMP_STEPS 64
#define FULL       GD_SHARE_ONE
/* The stages of a drain stand where others have an intensity; at FULL it is stopped. */
#define DRAIN_BEGUN  1
#define DRAIN_CLOSED 2

static gd_share *intensities(const gd_run *run)
{
    return GD_SEG(run, GD_SEG_FAULTS, gd_share);
}

static gd_lever_state *state_of(gd_run *run, gd_target_kind on, uint32_t target)
{
    static const uint8_t segs[] = {[GD_ON_INSTANCES] = GD_SEG_LEVERS_I,
                                   [GD_ON_SITES] = GD_SEG_LEVERS_S,
                                   [GD_ON_LINKS] = GD_SEG_LEVERS_L};
    return &GD_SEG(run, segs[on], gd_lever_state)[target];
}

/* 1 + (factor - 1) x intensity. */
static gd_share part_of(gd_share factor, gd_share intensity)
{
    gd_i128 delta = (gd_i128)(factor - GD_SHARE_ONE) * intensity / FULL;
    return GD_SHARE_ONE + (gd_share)delta;
}

static uint64_t either(uint64_t a, uint64_t b)
{
    uint64_t both = (uint64_t)(((gd_u128)(UINT64_MAX - a) * (UINT64_MAX - b)) >> 64);
    return UINT64_MAX - both;
}

static void compose(gd_run *run, uint32_t index, gd_lever_state *state)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_share intensity = intensities(run)[index];
    switch ((gd_lever)fault->lever) {
    case GD_LEVER_DOWN:
        state->down++;
        break;
    case GD_LEVER_SLOW:
        state->factor = gd_share_of(state->factor, part_of(fault->factor, intensity));
        state->added = gd_time_add(state->added, gd_share_of(fault->added, intensity));
        break;
    case GD_LEVER_HANG:
        state->hang++;
        break;
    case GD_LEVER_ERRORS:
        state->errors =
            either(state->errors, gd_share_threshold(gd_share_of(fault->share, intensity)));
        state->outcome = fault->outcome;
        break;
    case GD_LEVER_CUT:
        state->cut++;
        break;
    case GD_LEVER_LIMIT:
        state->limit = index;
        break;
    case GD_LEVER_DRAIN:
        state->down += intensity == FULL;
        state->drain = (uint8_t)MAX(state->drain, intensity >= DRAIN_CLOSED ? 2 : 1);
        break;
    case GD_LEVER_LOAD:
        break;
    }
}

/* How many of a fault's targets it has now. */
static uint32_t reach(const gd_plan_fault *fault, gd_share intensity)
{
    if (intensity <= 0)
        return 0;
    if (fault->lever != GD_LEVER_DOWN && fault->lever != GD_LEVER_HANG &&
        fault->lever != GD_LEVER_CUT)
        return fault->targets_n;
    gd_i128 n = (gd_i128)fault->targets_n * intensity;
    return (uint32_t)((n + FULL - 1) / FULL);
}

static void started(gd_run *run, uint32_t at)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    instance->flags = (uint16_t)(instance->flags & ~(GD_I_DOWN | GD_I_STARTING));
    gd_registry_set(run, at, GD_E_DRAINING, false);
    if (instance->flags & GD_I_SERVE)
        gd_serve_reset(run, at);
    gd_fold(run, run->plan->instances[at].salt, GD_EV_STARTED, 0);
    gd_connections_start(run, at);
    gd_measure_happening(run, GD_HAPPENED_STARTED, instance->service,
                         run->plan->instances[at].ordinal);
}

/* A new process comes up: after that span, and its start-up. */
static void begin_start(gd_run *run, uint32_t at, gd_span after)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_plan_service *service = &run->plan->services[instance->service];
    gd_span start_up = service->start_up;
    if (service->start_up_dist != GD_NONE) {
        uint64_t key = gd_mix(gd_mix(run->key, run->plan->instances[at].salt), GD_SALT_START);
        start_up = gd_dist_sample(&run->plan->dists[service->start_up_dist],
                                  gd_mix_n(key, (uint64_t)run->now));
    }
    start_up = gd_time_add(after, start_up);
    if (start_up > 0) {
        instance->flags |= GD_I_STARTING;
        uint64_t word = gd_agenda_push(&run->agenda, gd_time_add(run->now, start_up), GD_RANK_LEVER,
                                       GD_EV_STARTED, at);
        instance->start = (uint32_t)(word >> 29);
    } else {
        started(run, at);
    }
}

static void instance_changed(gd_run *run, uint32_t at, const gd_lever_state *before,
                             const gd_lever_state *after)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_plan_service *service = &run->plan->services[instance->service];
    unsigned flags =
        instance->flags & (GD_I_STARTING | GD_I_DOWN | GD_I_SERVE | GD_I_PAUSED | GD_I_TIED);
    bool shared = service->discipline == GD_PS;
    flags |= after->errors || service->unavailable ? GD_I_ERRORS : 0;
    flags |= after->limit != GD_NONE || service->quota ? GD_I_LIMITED : 0;
    flags |= after->drain == 2 ? GD_I_CLOSED : 0;
    flags |= after->factor != GD_SHARE_ONE || after->added ? GD_I_SLOW : 0;
    if (shared && after->hang && !before->hang)
        gd_shared_pause(run, at);
    instance->flags = (uint16_t)(flags | (after->hang ? GD_I_HANG : 0));

    if (after->down && !before->down) {
        instance->flags = (uint16_t)((instance->flags | GD_I_DOWN) & ~GD_I_STARTING);
        gd_instance_crash(run, at);
    } else if (before->down && !after->down) {
        begin_start(run, at, 0);
    }
    if (after->drain || !(instance->flags & GD_I_DOWN)) /* else it joins when it has started */
        gd_registry_set(run, at, GD_E_DRAINING, after->drain > 0);
    if (before->hang && !after->hang && !(instance->flags & GD_I_DOWN))
        gd_instance_unhang(run, at);
}

void gd_lever_restart(gd_run *run, uint32_t at, gd_span after)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    if (instance->flags & GD_I_DOWN)
        return;
    instance->flags |= GD_I_DOWN | GD_I_STARTING;
    gd_instance_crash(run, at);
    begin_start(run, at, after);
}

/* Its start-up is over, unless it went down again meanwhile. */
void gd_lever_started(gd_run *run, uint32_t at, uint64_t word)
{
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    if (instance->flags & GD_I_STARTING && instance->start == (uint32_t)(word >> 29))
        started(run, at);
}

/* Requests that an edge swallowed go on when it no longer hangs, in the order of their coming. */
static void site_unhang(gd_run *run, uint32_t site)
{
    GArray *frames = gd_frames_swallowed(run, site);
    for (guint i = 0; i < frames->len; i++) {
        uint32_t slot = g_array_index(frames, gd_found, i).slot;
        gd_frame *frame = &GD_FRAMES(run)[slot];
        frame->flags = (uint16_t)(frame->flags & ~GD_F_HUNG);
        gd_agenda_push(&run->agenda, run->now, GD_RANK_ARRIVAL, GD_EV_REQUEST, slot);
    }
    g_array_free(frames, TRUE);
}

/* A message over a link needs no more than a push while no fault is on it, or on any edge. */
static void set_fast(gd_run *run, uint32_t link)
{
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_L, gd_lever_state)[link];
    gd_link_run *state = &GD_SEG(run, GD_SEG_LINKS, gd_link_run)[link];
    bool touched = lever->cut || lever->added || lever->factor != GD_SHARE_ONE;
    state->fast = state->plain && !touched && !run->any_site_lever;
}

static void target_changed(gd_run *run, gd_target_kind on, uint32_t target,
                           const gd_lever_state *before, bool running_too)
{
    gd_lever_state after = *state_of(run, on, target);
    if (on == GD_ON_INSTANCES) {
        instance_changed(run, target, before, &after);
        if (running_too && before->factor != after.factor)
            gd_instance_rescale(run, target, before->factor, after.factor);
    } else if (on == GD_ON_SITES) {
        if (before->hang && !after.hang)
            site_unhang(run, target);
    } else {
        set_fast(run, target);
    }
}

static bool is_target(const gd_plan *plan, const gd_plan_fault *fault, uint32_t n, uint32_t target)
{
    for (uint32_t i = 0; i < n; i++)
        if (plan->targets[fault->targets_first + i] == target)
            return true;
    return false;
}

static void recompose(gd_run *run, const gd_plan_fault *changed)
{
    const gd_plan *plan = run->plan;
    gd_target_kind on = (gd_target_kind)changed->on;
    for (uint32_t t = 0; t < changed->targets_n; t++) {
        uint32_t target = plan->targets[changed->targets_first + t];
        gd_lever_state *state = state_of(run, on, target);
        gd_lever_state before = *state;
        *state = (gd_lever_state){.factor = GD_SHARE_ONE, .limit = GD_NONE};
        for (uint32_t f = 0; f < plan->n_faults; f++) {
            const gd_plan_fault *fault = &plan->faults[f];
            if (fault->on == on && fault->lever != GD_LEVER_LOAD && intensities(run)[f] > 0 &&
                is_target(plan, fault, reach(fault, intensities(run)[f]), target))
                compose(run, f, state);
        }
        target_changed(run, on, target, &before, changed->running_too);
    }
    if (on == GD_ON_SITES) {
        run->any_site_lever = false;
        for (uint32_t f = 0; f < plan->n_faults; f++)
            run->any_site_lever |= plan->faults[f].on == GD_ON_SITES && intensities(run)[f] > 0;
        for (uint32_t i = 0; i < plan->n_links; i++)
            set_fast(run, i);
    }
}

static void reload(gd_run *run, const gd_plan_fault *changed)
{
    const gd_plan *plan = run->plan;
    for (uint32_t t = 0; t < changed->targets_n; t++) {
        uint32_t client = plan->targets[changed->targets_first + t];
        gd_share load = GD_SHARE_ONE;
        for (uint32_t f = 0; f < plan->n_faults; f++) {
            const gd_plan_fault *fault = &plan->faults[f];
            if (fault->lever == GD_LEVER_LOAD && intensities(run)[f] > 0 &&
                is_target(plan, fault, fault->targets_n, client))
                load = gd_share_of(load, part_of(fault->factor, intensities(run)[f]));
        }
        gd_client_rescale(run, client, load);
    }
}

void gd_lever_start(gd_run *run)
{
    for (uint32_t f = 0; f < run->plan->n_faults; f++) {
        const gd_plan_fault *fault = &run->plan->faults[f];
        gd_agenda_push(&run->agenda, fault->start, GD_RANK_LEVER, GD_EV_LEVER, f);
        if (fault->end != GD_NEVER)
            gd_agenda_push(&run->agenda, fault->end, GD_RANK_LEVER, GD_EV_LEVER, f);
        for (unsigned k = 0; fault->lever == GD_LEVER_DRAIN && k < 2; k++)
            gd_agenda_push(&run->agenda,
                           gd_time_add(fault->start, k ? fault->grace : fault->linger),
                           GD_RANK_LEVER, GD_EV_LEVER, f);
    }
}

static gd_share drain_stage(const gd_plan_fault *fault, gd_span since)
{
    if (since >= fault->grace)
        return FULL;
    return since >= fault->linger ? DRAIN_CLOSED : DRAIN_BEGUN;
}

void gd_lever_event(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_share before = intensities(run)[index], now = FULL;
    if (run->now >= fault->end) {
        now = 0;
    } else if (fault->lever == GD_LEVER_DRAIN) {
        now = drain_stage(fault, run->now - fault->start);
    } else if (fault->ramp > 0 && run->now - fault->start < fault->ramp) {
        gd_span step = fault->ramp / RAMP_STEPS > 0 ? fault->ramp / RAMP_STEPS : 1;
        int64_t steps = (run->now - fault->start) / step + 1;
        now = steps >= RAMP_STEPS ? FULL : steps * (FULL / RAMP_STEPS);
        if (run->now + step < fault->end)
            gd_agenda_push(&run->agenda, run->now + step, GD_RANK_LEVER, GD_EV_LEVER, index);
    }
    if (now == before)
        return;
    gd_fold(run, fault->salt, GD_EV_LEVER, (uint64_t)now);
    intensities(run)[index] = now;
    if (before == 0)
        gd_measure_happening(run, GD_HAPPENED_FAULT_BEGAN, index, 0);
    else if (now == 0)
        gd_measure_happening(run, GD_HAPPENED_FAULT_ENDED, index, 0);
    if (fault->on == GD_ON_CLIENTS)
        reload(run, fault);
    else
        recompose(run, fault);
}

/* ---- what meets a request ----------------------------------------------------------------------
 */
/* GCRA: a token bucket with one timestamp. `burst` tokens may be saved up. */
bool gd_bucket_take(gd_run *run, uint32_t bucket, gd_rate rate, uint32_t burst)
{
    gd_bucket *b = &GD_SEG(run, GD_SEG_BUCKETS, gd_bucket)[bucket];
    gd_i128 period = (gd_i128)GD_RATE_HZ * GD_S / rate; /* ns a token */
    gd_i128 earliest = (gd_i128)b->full_at - period * (burst - 1);
    if (run->now < earliest)
        return false;
    gd_i128 next = (b->full_at > run->now ? b->full_at : run->now) + period;
    b->full_at = next > GD_NEVER ? GD_NEVER : (gd_time)next;
    return true;
}

static gd_outcome limited(gd_run *run, uint32_t slot, gd_span retry_after)
{
    if (retry_after != GD_RETRY_UNSAID)
        gd_frame_retry_after(run, slot, retry_after);
    return GD_RATE_LIMITED;
}

static gd_outcome site_verdict(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
    if (lever->hang) {
        frame->flags = (uint16_t)((frame->flags | GD_F_HUNG) & ~GD_F_ARRIVED);
        return GD_OUTCOMES;
    }
    if (lever->down)
        return GD_REFUSED;
    if (lever->errors && gd_mix(frame->key, GD_SALT_SITE_ERROR) <= lever->errors)
        return (gd_outcome)lever->outcome;
    if (lever->limit != GD_NONE) {
        const gd_plan_fault *fault = &run->plan->faults[lever->limit];
        if (!gd_bucket_take(run, lever->limit, fault->limit, fault->burst))
            return limited(run, slot, fault->retry_after);
    }
    return GD_OK;
}

static gd_outcome limit_verdict(gd_run *run, uint32_t slot, const gd_lever_state *lever)
{
    const gd_instance *instance = &GD_INSTANCES(run)[GD_FRAMES(run)[slot].instance];
    const gd_plan_service *service = &run->plan->services[instance->service];
    if (lever->limit != GD_NONE) {
        const gd_plan_fault *fault = &run->plan->faults[lever->limit];
        if (!gd_bucket_take(run, lever->limit, fault->limit, fault->burst))
            return limited(run, slot, fault->retry_after);
    }
    if (service->quota) { /* one second's worth may be saved up: assumption */
        gd_rate burst = service->quota / GD_RATE_HZ;
        if (!gd_bucket_take(run, run->plan->n_faults + instance->service, service->quota,
                            burst < 1 ? 1 : (uint32_t)burst))
            return limited(run, slot, service->quota_after);
    }
    return GD_OK;
}

gd_outcome gd_lever_verdict(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_I, gd_lever_state)[frame->instance];
    if (run->any_site_lever) {
        gd_outcome verdict = site_verdict(run, slot);
        if (verdict != GD_OK)
            return verdict;
    }
    if (instance->flags & (GD_I_DOWN | GD_I_CLOSED))
        return GD_REFUSED;
    if (instance->flags & GD_I_ERRORS) {
        const gd_plan_service *service = &run->plan->services[instance->service];
        if (service->unavailable && gd_mix(frame->key, GD_SALT_QUOTA) < service->unavailable)
            return GD_UNAVAILABLE;
        if (lever->errors && gd_mix(frame->key, GD_SALT_ERROR) <= lever->errors)
            return (gd_outcome)lever->outcome;
    }
    return instance->flags & GD_I_LIMITED ? limit_verdict(run, slot, lever) : GD_OK;
}
