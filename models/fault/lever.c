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

#include <string.h>

#define RAMP_STEPS  64
#define DECAY_STEPS 16 /* of each 1/e: assumption, 6 % a step */
#define FULL        GD_SHARE_ONE
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

static gd_message_state *message_of(gd_run *run, gd_target_kind on, uint32_t target)
{
    unsigned seg = on == GD_ON_SITES ? GD_SEG_MESSAGES_S : GD_SEG_MESSAGES_L;
    return &GD_SEG(run, seg, gd_message_state)[target];
}

/* 1 + (factor - 1) x intensity. */
static gd_share part_of(gd_share factor, gd_share intensity)
{
    gd_i128 delta = (gd_i128)(factor - GD_SHARE_ONE) * intensity / FULL;
    return GD_SHARE_ONE + (gd_share)delta;
}

static bool is_less(int64_t a, int64_t b)
{
    return b == 0 || a < b;
}

/* What a single message meets; what is nothing changes nothing. */
static void compose_message(const gd_plan_fault *fault, gd_share intensity, gd_lever_state *lever,
                            gd_message_state *state)
{
    uint64_t share = gd_share_threshold(gd_share_of(fault->share, intensity));
    gd_span added = gd_share_of(fault->added, intensity);
    if (fault->lost)
        state->loss = gd_share_either(state->loss, share);
    else if (fault->doubled)
        state->doubled = gd_share_either(state->doubled, share);
    else if (fault->late)
        state->late = gd_share_either(state->late, share),
        state->late_by = MAX(state->late_by, added);
    else
        lever->added = gd_time_add(lever->added, added);
    state->jitter = gd_time_add(state->jitter, gd_share_of(fault->jitter, intensity));
    state->correlation = MAX(state->correlation, fault->correlation);
    if (fault->bytes_per_s && is_less(fault->bytes_per_s, state->bytes_per_s))
        state->bytes_per_s = fault->bytes_per_s;
    if (fault->buffer && is_less(fault->buffer, state->buffer))
        state->buffer = fault->buffer;
    if (fault->largest && is_less(fault->largest, state->largest))
        state->largest = fault->largest;
}

static void compose_request(const gd_plan_fault *fault, gd_lever_state *state)
{
    state->drawn = true;
    state->costs |= fault->hit == GD_HIT_COST;
    state->spoils |= fault->hit == GD_HIT_SPOIL;
    state->local |= fault->local;
}

/* Workers that something else holds at one instance, rounded up. */
static uint32_t taken_of(const gd_run *run, const gd_plan_fault *fault, uint32_t target,
                         gd_share intensity)
{
    uint32_t service = run->plan->instances[target].service;
    gd_i128 all = run->plan->services[service].workers;
    gd_i128 taken = (all * gd_share_of(fault->share, intensity) + FULL - 1) / FULL + fault->taken;
    return (uint32_t)MIN(taken, all);
}

/* Adds what the fault does to its target at `position`. */
static void compose(gd_run *run, uint32_t index, uint32_t position, gd_lever_state *state,
                    gd_message_state *message)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    uint32_t target = run->plan->targets[fault->targets_first + position];
    gd_share intensity = intensities(run)[index];
    switch ((gd_lever)fault->lever) {
    case GD_LEVER_DARK:
        state->dark++;
        state->down++;
        break;
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
        state->errors = gd_share_either(state->errors,
                                        gd_share_threshold(gd_share_of(fault->share, intensity)));
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
    case GD_LEVER_TAKEN:
        state->drawn = true; /* so that whom it turns away is noted */
        state->taken += MIN(taken_of(run, fault, target, intensity), UINT32_MAX - state->taken);
        break;
    case GD_LEVER_REQUEST:
        compose_request(fault, state);
        break;
    case GD_LEVER_MESSAGE:
        compose_message(fault, intensity, state, message);
        break;
    case GD_LEVER_LEAK:
        state->drawn = true;
        state->factor = gd_share_of(state->factor, gd_leak_factor(run, index, position));
        break;
    case GD_LEVER_LOAD:
    case GD_LEVER_MIX:
    case GD_LEVER_HERD:
    case GD_LEVER_FLAG:
        break;
    }
}

/* How many of a fault's targets it has now. */
static uint32_t reach(const gd_plan_fault *fault, gd_share intensity)
{
    if (intensity <= 0)
        return 0;
    if (fault->lever != GD_LEVER_DOWN && fault->lever != GD_LEVER_HANG &&
        fault->lever != GD_LEVER_CUT && fault->lever != GD_LEVER_DARK)
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
                                  gd_mix_n(key, instance->starts++));
    }
    start_up = gd_time_add(after, start_up);
    if (start_up <= 0) {
        started(run, at);
        return;
    }
    instance->flags |= GD_I_STARTING | GD_I_DOWN;
    uint64_t word = gd_agenda_push(&run->agenda, gd_time_add(run->now, start_up), GD_RANK_LEVER,
                                   GD_EV_STARTED, at);
    instance->start = (uint32_t)(word >> 29);
}

static unsigned flags_of(const gd_plan_service *service, const gd_lever_state *state)
{
    unsigned flags = state->hang ? GD_I_HANG : 0;
    flags |= state->errors || service->unavailable ? GD_I_ERRORS : 0;
    flags |= state->limit != GD_NONE || service->quota ? GD_I_LIMITED : 0;
    flags |= state->factor != GD_SHARE_ONE || state->added || state->costs ? GD_I_SLOW : 0;
    flags |= state->drawn ? GD_I_DRAWN : 0;
    flags |= state->drain == 2 ? GD_I_CLOSED : 0;
    flags |= state->dark ? GD_I_DARK : 0;
    flags |= state->spoils ? GD_I_SPOILS : 0;
    return flags;
}

static void instance_changed(gd_run *run, uint32_t at, const gd_lever_state *before,
                             const gd_lever_state *after)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_plan_service *service = &run->plan->services[instance->service];
    if (service->discipline == GD_PS && after->hang && !before->hang)
        gd_shared_pause(run, at);
    unsigned kept = instance->flags & ~(unsigned)GD_I_LEVERS;
    instance->flags = (uint16_t)(kept | flags_of(service, after));
    if (after->taken != before->taken)
        gd_station_resize(run, at, service->workers - MIN(after->taken, service->workers));

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
    const gd_message_state *message = message_of(run, GD_ON_LINKS, link);
    bool touched = lever->cut || lever->added || lever->factor != GD_SHARE_ONE || message->loss ||
                   message->late || message->doubled || message->jitter || message->bytes_per_s ||
                   message->largest;
    state->fast = state->plain && !touched && !run->any_site_lever && !run->any_dark;
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

static gd_lever_state composed(gd_run *run, gd_target_kind on, uint32_t target)
{
    gd_message_state none, *message = on == GD_ON_INSTANCES ? &none : message_of(run, on, target);
    memset(message, 0, sizeof *message);
    gd_lever_state state = {.factor = GD_SHARE_ONE, .limit = GD_NONE};
    for (uint32_t f = 0; f < run->plan->n_faults; f++) {
        if (run->plan->faults[f].on != on || !gd_fault_is_active(run, f))
            continue;
        uint32_t position = gd_fault_holds(run, f, target);
        if (position != GD_NONE)
            compose(run, f, position, &state, message);
    }
    return state;
}

static void recompose(gd_run *run, gd_target_kind on, uint32_t target, bool running_too)
{
    gd_lever_state *state = state_of(run, on, target);
    gd_lever_state before = *state;
    *state = composed(run, on, target);
    target_changed(run, on, target, &before, running_too);
}

/* What the loop asks before it looks any closer. */
static void look_around(gd_run *run)
{
    const gd_plan *plan = run->plan;
    bool slow = run->any_site_lever || run->any_dark;
    run->any_site_lever = run->any_dark = run->any_local = run->any_levers = false;
    run->n_hits = 0;
    for (uint32_t f = 0; f < plan->n_faults; f++) {
        const gd_plan_fault *fault = &plan->faults[f];
        if (!gd_fault_is_active(run, f))
            continue;
        run->any_levers = true;
        run->any_site_lever |= fault->on == GD_ON_SITES;
        run->any_dark |= fault->lever == GD_LEVER_DARK;
        run->any_local |= fault->local;
        if (fault->lever == GD_LEVER_REQUEST || fault->lever == GD_LEVER_LEAK)
            GD_SEG(run, GD_SEG_HITS, uint32_t)[run->n_hits++] = f;
    }
    for (uint32_t i = 0; i < plan->n_links && slow != (run->any_site_lever || run->any_dark); i++)
        set_fast(run, i);
}

void gd_lever_refresh(gd_run *run, uint32_t index, const uint32_t *members, uint32_t n)
{
    const gd_plan *plan = run->plan;
    const gd_plan_fault *fault = &plan->faults[index];
    look_around(run);
    if (fault->on == GD_ON_CLIENTS || fault->on == GD_ON_FLAGS) {
        gd_crowd_refresh(run, index);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t position = members ? members[i] : i;
        recompose(run, (gd_target_kind)fault->on, plan->targets[fault->targets_first + position],
                  fault->running_too);
    }
}

void gd_lever_heal(gd_run *run, uint32_t at)
{
    look_around(run);
    recompose(run, GD_ON_INSTANCES, at, false);
}

/* ---- when ------------------------------------------------------------------------------------
 */
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

/* Whether it is on each of its targets. */
static void set_targets(gd_run *run, uint32_t index, uint32_t n)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_target_run *targets = &GD_SEG(run, GD_SEG_TARGETS, gd_target_run)[fault->targets_first];
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < fault->targets_n; i++) {
        targets[i].on = targets[i].chosen && chosen < n;
        chosen += targets[i].chosen;
    }
}

static gd_span step_of(gd_span span, int64_t steps)
{
    return span / steps > 0 ? span / steps : 1;
}

/* The intensity now, and *next: how long until it is another one (0: until the end). */
static gd_share intensity_at(const gd_plan_fault *fault, gd_time now, gd_span *next)
{
    gd_span since = now - fault->start, left = fault->end == GD_NEVER ? GD_NEVER : fault->end - now;
    *next = 0;
    if (left <= 0)
        return 0;
    if (fault->lever == GD_LEVER_DRAIN)
        return drain_stage(fault, since);
    if (fault->ramp > 0 && since < fault->ramp) {
        *next = step_of(fault->ramp, RAMP_STEPS);
        int64_t steps = since / *next + 1;
        return steps >= RAMP_STEPS ? FULL : steps * (FULL / RAMP_STEPS);
    }
    if (fault->fall > 0) {
        gd_span step = step_of(fault->fall, RAMP_STEPS);
        *next = left > fault->fall ? left - fault->fall : step;
        return left > fault->fall ? FULL : (gd_share)((gd_i128)FULL * left / fault->fall);
    }
    if (fault->decay > 0) {
        gd_span past = since - fault->ramp - fault->hold;
        *next = past < 0 ? -past : step_of(fault->decay, DECAY_STEPS);
        gd_i128 powers = past < 0 ? 0 : (gd_i128)past * GD_Q57 / fault->decay;
        gd_i128 most = (gd_i128)GD_Q57 * 62;
        int64_t y = -gd_log2_of_ln((int64_t)MIN(powers, most / 2));
        gd_share share = gd_exp2_q57(y + gd_log2_q57((uint64_t)FULL));
        *next = share >= FULL / 1024 ? *next : 0;
        return share >= FULL / 1024 ? MIN(share, FULL) : 0; /* less is nothing: assumption */
    }
    return FULL;
}

static void begin(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_unit_choose(run, index);
    if (fault->units_n == 0)
        gd_fault_note(run, index, true);
    if (fault->lever == GD_LEVER_HERD)
        gd_herd_event(run, index);
}

void gd_lever_event(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_span next;
    gd_share before = intensities(run)[index], now = intensity_at(fault, run->now, &next);
    if (next > 0 && next < fault->end - run->now)
        gd_agenda_push(&run->agenda, run->now + next, GD_RANK_LEVER, GD_EV_LEVER, index);
    if (now == before)
        return;
    gd_fold(run, fault->salt, GD_EV_LEVER, (uint64_t)now);
    gd_measure_phase(run, run->now >= run->layout->last_fault    ? GD_AFTER
                          : run->now >= run->layout->first_fault ? GD_DURING
                                                                 : GD_BEFORE);
    intensities(run)[index] = now;
    if (before == 0)
        begin(run, index);
    else if (now == 0 && fault->units_n == 0)
        gd_fault_note(run, index, false);
    if (fault->units_n == 0)
        set_targets(run, index, reach(fault, now));
    else if (now == 0)
        gd_unit_end(run, index);
    gd_lever_refresh(run, index, NULL, fault->targets_n);
    if (fault->units_n && before == 0)
        gd_unit_begin(run, index);
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
        gd_fault_touch(run, GD_ON_SITES, frame->site, 1u << GD_LEVER_HANG);
        return GD_OUTCOMES;
    }
    if (lever->errors && gd_mix(frame->key, GD_SALT_SITE_ERROR) <= lever->errors) {
        gd_fault_touch(run, GD_ON_SITES, frame->site, 1u << GD_LEVER_ERRORS);
        return (gd_outcome)lever->outcome;
    }
    if (lever->limit != GD_NONE) {
        const gd_plan_fault *fault = &run->plan->faults[lever->limit];
        if (!gd_bucket_take(run, lever->limit, fault->limit, fault->burst)) {
            gd_fault_touch(run, GD_ON_SITES, frame->site, 1u << GD_LEVER_LIMIT);
            return limited(run, slot, fault->retry_after);
        }
    }
    return GD_OK;
}

static gd_outcome limit_verdict(gd_run *run, uint32_t slot, const gd_lever_state *lever)
{
    uint32_t at = GD_FRAMES(run)[slot].instance;
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_plan_service *service = &run->plan->services[instance->service];
    if (lever->limit != GD_NONE) {
        const gd_plan_fault *fault = &run->plan->faults[lever->limit];
        if (!gd_bucket_take(run, lever->limit, fault->limit, fault->burst)) {
            gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_LIMIT);
            return limited(run, slot, fault->retry_after);
        }
    }
    if (service->quota) { /* one second's worth may be saved up: assumption */
        gd_rate burst = service->quota / GD_RATE_HZ;
        if (!gd_bucket_take(run, run->plan->n_faults + instance->service, service->quota,
                            burst < 1 ? 1 : (uint32_t)burst))
            return limited(run, slot, service->quota_after);
    }
    return GD_OK;
}

/* Down, or on its way there. */
static gd_outcome down_verdict(gd_run *run, uint32_t slot, const gd_instance *instance)
{
    uint32_t at = GD_FRAMES(run)[slot].instance;
    if (instance->flags & GD_I_DARK) {
        gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_DARK);
        gd_network_vanish(run, slot);
        return GD_OUTCOMES;
    }
    if (instance->flags & GD_I_DOWN) {
        gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_DOWN);
        return GD_REFUSED;
    }
    gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_DRAIN);
    return GD_REFUSED;
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
    if (instance->flags & (GD_I_DOWN | GD_I_DARK | GD_I_CLOSED))
        return down_verdict(run, slot, instance);
    if (instance->flags & GD_I_ERRORS) {
        const gd_plan_service *service = &run->plan->services[instance->service];
        if (service->unavailable && gd_mix(frame->key, GD_SALT_QUOTA) < service->unavailable)
            return GD_UNAVAILABLE;
        if (lever->errors && gd_mix(frame->key, GD_SALT_ERROR) <= lever->errors) {
            gd_fault_touch(run, GD_ON_INSTANCES, frame->instance, 1u << GD_LEVER_ERRORS);
            return (gd_outcome)lever->outcome;
        }
    }
    gd_outcome verdict = instance->flags & GD_I_LIMITED ? limit_verdict(run, slot, lever) : GD_OK;
    if (verdict != GD_OK)
        return verdict;
    bool looks = instance->flags & GD_I_DRAWN || run->n_hits > 0;
    return looks ? gd_fault_request(run, slot) : GD_OK;
}
