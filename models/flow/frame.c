/* A frame's life: request, steps, branches, answer. The steps themselves are in steps.c, workers
 * and queues in station.c. */
#include "models/flow/engine.h"

/* What comes to a process that stands still waits at its socket until it goes on. */
static bool waits_at_socket(gd_run *run, uint32_t slot, gd_event_kind kind)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_span stands = gd_instance_stands(run, frame->instance);
    if (stands == 0)
        return false;
    frame->flags |= GD_F_EVENT;
    gd_agenda_push(&run->agenda, gd_time_add(run->now, stands),
                   kind == GD_EV_REQUEST ? GD_RANK_ARRIVAL : GD_RANK_REPLY, kind, slot);
    return true;
}

/* The same of an answer, at the process that asked. */
static bool answer_waits(gd_run *run, const gd_frame *frame, uint32_t slot)
{
    uint32_t at = GD_NONE;
    if (frame->by == GD_BY_FRAME && GD_FRAMES(run)[frame->caller].age == frame->caller_age)
        at = GD_FRAMES(run)[frame->caller].instance;
    else if (frame->by == GD_BY_CALL && GD_CALLS(run)[frame->caller].age == frame->caller_age)
        at = GD_CALLS(run)[frame->caller].from;
    gd_span stands = at == GD_NONE ? 0 : gd_instance_stands(run, at);
    if (stands == 0)
        return false;
    gd_agenda_push(&run->agenda, gd_time_add(run->now, stands), GD_RANK_REPLY, GD_EV_REPLY, slot);
    return true;
}

GD_HOT void gd_frame_request(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    const gd_plan_service *service = &run->plan->services[instance->service];

    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (__builtin_expect(frame->flags & (GD_F_DEAD | GD_F_PING), 0)) {
        if (frame->flags & GD_F_DEAD && frame->pending)
            gd_fault_release(run, slot);
        if (frame->flags & GD_F_DEAD)
            gd_frame_free(run, slot);
        else
            gd_check_ping(run, slot);
        return;
    }
    if (__builtin_expect(instance->flags & GD_I_PAUSED, 0) &&
        waits_at_socket(run, slot, GD_EV_REQUEST))
        return;
    frame->flags |= GD_F_ARRIVED;
    frame->arrived = run->now;
    if (run->extras)
        gd_extra_arrived(run, slot);
    gd_outcome verdict = GD_OK;
    if (__builtin_expect(instance->flags != 0 || run->any_site_lever || frame->pending, 0)) {
        verdict = gd_lever_verdict(run, slot);
        if (verdict == GD_OUTCOMES) /* an edge that hangs has swallowed it: it is not there yet */
            return;
    }
    gd_fold(run, service->salt, GD_EV_REQUEST, frame->key);
    gd_service_window_of(run, instance->service)->arrivals++;
    if (__builtin_expect(verdict != GD_OK, 0))
        gd_frame_answer(run, slot, verdict);
    else if (__builtin_expect(instance->flags & GD_I_TIED, 0) && gd_hedge_tied_arrives(run, slot))
        gd_cancel_untie(run, slot);
    else
        gd_station_admit(run, slot);
}

void gd_frame_go_on(gd_run *run, uint32_t slot)
{
    GD_FRAMES(run)[slot].flags |= GD_F_EVENT;
    gd_follow(run, GD_EV_RUN, slot);
}

void gd_frame_follow(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (__builtin_expect(frame->flags & GD_F_DEAD, 0))
        gd_frame_free(run, slot);
    else if (__builtin_expect(frame->pending & GD_CAME_BACK, 0))
        gd_frame_came_back(run, slot);
    else
        gd_frame_run(run, slot);
}

/* Somebody on the way up to the user has given up what this is for. */
static bool is_deserted(gd_run *run, const gd_frame *frame)
{
    for (;;) {
        uint32_t parent = frame->caller, age = frame->caller_age;
        unsigned by = frame->by;
        if (by == GD_BY_CALL) {
            const gd_call *call = &GD_CALLS(run)[parent];
            if (call->age != age)
                return true;
            if (call->by == GD_BY_COPY)
                call = &GD_CALLS(run)[gd_call_whole(run, parent)];
            parent = call->parent;
            age = call->parent_age;
            by = call->by;
        }
        if (by != GD_BY_FRAME)
            return false;
        frame = &GD_FRAMES(run)[parent];
        if (frame->age != age)
            return true;
    }
}

bool gd_frame_is_left(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (frame->flags & GD_F_LEFT)
        return true;

    bool left = is_deserted(run, frame);
    if (left)
        frame->flags |= GD_F_LEFT;
    return left;
}

GD_HOT void gd_frame_account(gd_run *run, uint32_t slot, gd_span work)
{
    uint32_t service = GD_INSTANCES(run)[GD_FRAMES(run)[slot].instance].service;
    gd_service_record *record = &GD_SERVICES(run)[service];
    record->work += (gd_u128)work;
    if (run->somebody_left && gd_frame_is_left(run, slot))
        record->wasted += (gd_u128)work;
}

void gd_frame_work_done(gd_run *run, uint32_t slot, uint64_t word)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (run->words && GD_SIDES(run)[slot].word != word)
        return; /* pre-empted, rescaled, or the slot serves another */
    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (__builtin_expect(frame->flags & GD_F_DEAD, 0)) {
        gd_frame_free(run, slot);
        return;
    }
    uint32_t at = frame->instance;
    gd_instance *instance = &GD_INSTANCES(run)[at];
    if (run->words)
        GD_SIDES(run)[slot].word = 0;
    if (__builtin_expect(instance->flags & GD_I_HANG, 0)) {
        frame->flags |= GD_F_HUNG;
        return;
    }
    const gd_plan_service *service = &run->plan->services[instance->service];
    gd_fold(run, service->salt, GD_EV_WORK, frame->key);
    gd_span work = run->now - frame->mark;
    gd_frame_account(run, slot, work);
    frame->pc++;
    if (service->async && run->plan->steps[frame->pc].kind != GD_STEP_REFUSE) {
        gd_service_hist(run, &GD_SERVICES(run)[instance->service].service, work);
        if (run->plan->steps[frame->pc].kind != GD_STEP_WORK) {
            frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
            gd_station_release(run, at);
        }
    }
    if (run->plan->steps[frame->pc].kind == GD_STEP_END)
        gd_frame_finish(run, slot, GD_OK);
    else
        gd_frame_run(run, slot);
}

void gd_frame_wait_done(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (frame->flags & GD_F_DEAD) {
        gd_frame_free(run, slot);
        return;
    }
    const gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    if (__builtin_expect(run->pauses, 0) && waits_at_socket(run, slot, GD_EV_WAIT))
        return;
    if (instance->flags & GD_I_HANG) {
        frame->flags |= GD_F_HUNG;
        return;
    }
    gd_fold(run, run->plan->services[instance->service].salt, GD_EV_WAIT, frame->key);
    frame->pc++;
    gd_frame_run(run, slot);
}

void gd_frame_answer(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t service = GD_INSTANCES(run)[frame->instance].service;
    GD_SERVICES(run)[service].outcomes[outcome]++;
    gd_service_window_of(run, service)->rejected++;
    frame->outcome = (uint8_t)outcome;
    frame->flags |= GD_F_REPLYING;
    gd_network_reply(run, slot, false);
}

GD_HOT void gd_frame_finish(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (outcome == GD_OK && frame->flags & GD_F_DEGRADED)
        outcome = GD_DEGRADED;
    if (__builtin_expect(run->n_hits > 0, 0) && !(frame->flags & GD_F_STRAND) &&
        gd_outcome_rows[outcome].good)
        outcome = gd_fault_spoil(run, slot, outcome);
    frame->outcome = (uint8_t)outcome;
    if (frame->flags & GD_F_STRAND) {
        if (frame->flags & GD_F_WORKER) {
            frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
            gd_station_release(run, frame->instance);
        }
        frame->flags |= GD_F_EVENT; /* a follow-up is an event of its own: who frees it leaves it */
        gd_follow(run, GD_EV_REPLY, slot);
        return;
    }
    uint32_t at = frame->instance, service = GD_INSTANCES(run)[at].service;
    const gd_plan_service *plan = &run->plan->services[service];
    gd_gauge *gauge = &GD_GAUGES(run)[service];
    gd_gauge_touch(gauge, run->now);
    gauge->system--;
    gd_service_record *record = &GD_SERVICES(run)[service];
    record->outcomes[outcome]++;
    gd_service_window_of(run, service)->completed++;
    gd_service_hist(run, &record->sojourn, run->now - frame->arrived);
    if (!plan->async && frame->flags & GD_F_WORKER)
        gd_service_hist(run, &record->service, run->now - GD_STARTS(run)[slot]);
    if (__builtin_expect(GD_INSTANCES(run)[at].flags & GD_I_SERVE, 0))
        gd_serve_finish(run, slot, outcome);
    bool worker = frame->flags & GD_F_WORKER;
    frame->flags = (uint16_t)((frame->flags & ~GD_F_WORKER) | GD_F_REPLYING);
    if (worker)
        gd_station_release(run, at);
    gd_network_reply(run, slot, true);
}

/* A branch that ran on its parent's instance is done. */
static void strand_done(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t parent = frame->caller, age = frame->caller_age;
    gd_outcome outcome = (gd_outcome)frame->outcome;
    gd_frame_free(run, slot);
    if (GD_FRAMES(run)[parent].age == age)
        gd_frame_branch_done(run, parent, outcome);
}

GD_HOT void gd_frame_reply(gd_run *run, uint32_t slot)
{
    gd_frame frame = GD_FRAMES(run)[slot];
    if (frame.flags & (GD_F_STRAND | GD_F_DEAD)) {
        if (frame.flags & GD_F_DEAD)
            gd_frame_free(run, slot);
        else
            strand_done(run, slot);
        return;
    }
    if (__builtin_expect(run->pauses, 0) && answer_waits(run, &frame, slot))
        return;
    const gd_plan_site *site = &run->plan->sites[frame.site];
    gd_edge_record *edge = &GD_EDGES(run)[site->edge];
    gd_outcome outcome = (gd_outcome)frame.outcome;
    gd_fold(run, site->hash, GD_EV_REPLY, frame.key + frame.outcome);
    gd_span after = run->extras ? GD_EXTRAS(run)[slot].retry_after : GD_RETRY_UNSAID;
    gd_frame_free(run, slot);

    if (frame.by == GD_BY_CALL) {
        gd_call *call = &GD_CALLS(run)[frame.caller];
        if (call->age == frame.caller_age) {
            if (__builtin_expect(site->pools_first != 0, 0))
                gd_pool_ended(run, site, call->from, frame.instance, call->parent_age, outcome,
                              run->now - call->sent);
            else
                gd_balance_ended(run, site, call->from, frame.instance);
            gd_reply reply = {
                .outcome = outcome,
                .retry_after = after,
                .target = frame.instance,
                .reached = frame.flags & GD_F_ARRIVED && outcome != GD_REFUSED,
            };
            gd_call_attempt_ended(run, frame.caller, reply);
        } else {
            edge->late++;
            edge->false_timeouts += frame.flags & GD_F_TIMED_OUT && gd_outcome_rows[outcome].good;
        }
        return;
    }
    if (__builtin_expect(frame.by == GD_BY_PROBE, 0)) {
        gd_check_answered(run, frame.caller, frame.caller_age, outcome);
        return;
    }
    edge->tries[outcome]++;
    gd_waiter who = {.caller = frame.caller, .caller_age = frame.caller_age, .by = frame.by};
    if (frame.by == GD_BY_FRAME) {
        gd_time mark = GD_FRAMES(run)[frame.caller].mark; /* means nothing when the caller left */
        gd_call_conclude(run, frame.site, who, frame.key, mark, 1, outcome);
        return;
    }
    gd_time begun = 0;
    if (frame.by != GD_BY_NOBODY) {
        gd_balance_ended(run, site, GD_NONE, frame.instance);
        begun = (gd_time)((uint64_t)frame.root_age << 32 | frame.root);
        who.root = frame.key;
    }
    gd_call_conclude(run, frame.site, who, frame.key, begun, 1, outcome);
}
