/* A frame's life: request, steps, branches, answer. The steps themselves are in steps.c, workers and
 * queues in station.c. */
#include "models/flow/engine.h"

void gd_frame_request(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    const gd_plan_service *service = &run->plan->services[instance->service];

    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (frame->flags & GD_F_DEAD) {
        gd_frame_free(run, slot);
        return;
    }
    frame->flags |= GD_F_ARRIVED;
    frame->arrived = run->now;
    gd_fold(run, service->salt, GD_EV_REQUEST, frame->key);
    gd_service_window_of(run, instance->service)->arrivals++;
    if (__builtin_expect(instance->flags != 0 || run->any_site_lever, 0)) {
        gd_outcome verdict = gd_lever_verdict(run, slot);
        if (verdict == GD_OUTCOMES) /* vanished: an edge that hangs */
            return;
        if (verdict != GD_OK) {
            gd_frame_answer(run, slot, verdict);
            return;
        }
    }
    gd_station_admit(run, slot);
}

bool gd_frame_is_left(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (frame->flags & GD_F_LEFT)
        return true;

    bool left = false;
    if (frame->by == GD_BY_CALL)
        left = GD_CALLS(run)[frame->caller].age != frame->caller_age;
    else if (frame->by == GD_BY_FRAME)
        left = GD_FRAMES(run)[frame->caller].age != frame->caller_age;
    if (!left && !(frame->flags & GD_F_ROOT) && frame->root != GD_NONE)
        left = frame->flags & GD_F_ROOT_CALL
                   ? GD_CALLS(run)[frame->root].age != frame->root_age
                   : GD_FRAMES(run)[frame->root].age != frame->root_age;
    if (left)
        frame->flags |= GD_F_LEFT;
    return left;
}

void gd_frame_account(gd_run *run, uint32_t slot, gd_span work)
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
    if (__builtin_expect(instance->flags & GD_I_HANG, 0)) {
        frame->flags |= GD_F_HUNG;
        return;
    }
    const gd_plan_service *service = &run->plan->services[instance->service];
    gd_fold(run, service->salt, GD_EV_WORK, frame->key);
    gd_span work = run->now - frame->mark;
    if (run->words)
        GD_SIDES(run)[slot].word = 0;
    gd_frame_account(run, slot, work);
    frame->pc++;
    if (service->async) {
        gd_hist_add(&GD_SERVICES(run)[instance->service].service, &run->hists, work);
        if (run->plan->steps[frame->pc].kind != GD_STEP_WORK) {
            frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
            gd_station_release(run, at);
        }
    }
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

void gd_frame_finish(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (outcome == GD_OK && frame->flags & GD_F_DEGRADED)
        outcome = GD_DEGRADED;
    frame->outcome = (uint8_t)outcome;
    if (frame->flags & GD_F_STRAND) {
        if (frame->flags & GD_F_WORKER) {
            frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
            gd_station_release(run, frame->instance);
        }
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
    gd_hist_add(&record->sojourn, &run->hists, run->now - frame->arrived);
    if (!plan->async && frame->flags & GD_F_WORKER)
        gd_hist_add(&record->service, &run->hists, run->now - GD_SIDES(run)[slot].started);
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

void gd_frame_reply(gd_run *run, uint32_t slot)
{
    gd_frame frame = GD_FRAMES(run)[slot];
    if (frame.flags & (GD_F_STRAND | GD_F_DEAD)) {
        if (frame.flags & GD_F_DEAD)
            gd_frame_free(run, slot);
        else
            strand_done(run, slot);
        return;
    }
    const gd_plan_site *site = &run->plan->sites[frame.site];
    gd_edge_record *edge = &GD_EDGES(run)[site->edge];
    gd_outcome outcome = (gd_outcome)frame.outcome;
    gd_fold(run, site->hash, GD_EV_REPLY, frame.key + frame.outcome);
    gd_frame_free(run, slot);

    if (frame.by == GD_BY_CALL) {
        gd_call *call = &GD_CALLS(run)[frame.caller];
        if (call->age == frame.caller_age) {
            gd_balance_ended(run, site, call->from, frame.instance);
            gd_call_attempt_ended(run, frame.caller, outcome);
        } else {
            edge->late++;
        }
        return;
    }
    edge->tries[outcome]++;
    gd_waiter who = {.caller = frame.caller, .caller_age = frame.caller_age, .by = frame.by};
    if (frame.by == GD_BY_FRAME) {
        const gd_frame *parent = &GD_FRAMES(run)[frame.caller];
        if (parent->age != frame.caller_age) {
            edge->late++;
            edge->outcomes[GD_CANCELLED]++;
            return;
        }
        gd_balance_ended(run, site, parent->instance, frame.instance);
        gd_call_conclude(run, frame.site, who, frame.key, parent->mark, 1, outcome);
        return;
    }
    gd_time begun = 0;
    if (frame.by != GD_BY_NOBODY) {
        gd_balance_ended(run, site, GD_NONE, frame.instance);
        begun = (gd_time)((uint64_t)frame.root_age << 32 | frame.root);
    }
    gd_call_conclude(run, frame.site, who, frame.key, begun, 1, outcome);
}
