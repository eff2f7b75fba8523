/* Cancellation: nobody wants the answer any more, and says so. A cancel travels like any message;
 * whether the callee honours it, and when, is its service's `cancellation`. */
#include "models/flow/engine.h"

#include <stdlib.h>

static uint32_t new_cancel(gd_run *run)
{
    uint32_t id = run->cancels.free;
    if (id != GD_NONE) {
        run->cancels.free = GD_SEG(run, GD_SEG_CANCELS, gd_cancel)[id].next;
    } else {
        id = run->cancels.used++;
        gd_segment_reserve(&run->segs[GD_SEG_CANCELS], &run->memory,
                           run->cancels.used * sizeof(gd_cancel));
    }
    run->cancels.live++;
    return id;
}

void gd_cancel_send(gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan *plan = run->plan;
    uint32_t service = GD_INSTANCES(run)[frame->instance].service;
    if (!(frame->flags & GD_F_LIVE) || frame->flags & (GD_F_DEAD | GD_F_REPLYING) ||
        plan->services[service].cancel == GD_CANCEL_NONE)
        return;
    /* The way there of the link that the answer would take back. */
    const gd_plan_link *back = &plan->links[frame->back];
    uint16_t index = plan->link_of[(size_t)back->to * plan->n_zones + back->from];
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_L, gd_lever_state)[index];
    const gd_lever_state *edge = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
    if (lever->cut)
        return; /* it is lost, and nobody sends it again */

    uint32_t id = new_cancel(run);
    GD_SEG(run, GD_SEG_CANCELS, gd_cancel)
    [id] = (gd_cancel){
        .key = frame->key,
        .frame = slot,
        .caller = frame->caller,
        .caller_age = frame->caller_age,
    };

    const gd_plan_link *link = &plan->links[index];
    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&plan->dists[link->latency],
                               gd_mix(gd_mix_n(frame->key, 1), GD_SALT_REQUEST));
    delay = gd_time_add(gd_share_of(delay, lever->factor), lever->added);
    delay = gd_time_add(gd_share_of(delay, edge->factor), edge->added);
    if (delay == 0)
        gd_follow(run, GD_EV_CANCEL, id);
    else
        gd_agenda_push(&run->agenda, gd_time_add(run->now, delay), GD_RANK_ARRIVAL, GD_EV_CANCEL,
                       id);
}

/* An attempt without a call record that was cancelled: its caller is gone, no answer will come. */
static void unanswered(gd_run *run, const gd_frame *frame)
{
    if (frame->by != GD_BY_FRAME)
        return;
    gd_edge_record *edge = &GD_EDGES(run)[run->plan->sites[frame->site].edge];
    edge->tries[GD_CANCELLED]++;
    edge->outcomes[GD_CANCELLED]++;
}

/* Takes a frame out of its service's accounts, unless it is a strand: its parent stands for it. */
static void leave(gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    if (frame->flags & GD_F_STRAND)
        return;
    uint32_t service = GD_INSTANCES(run)[frame->instance].service;
    gd_gauge *gauge = &GD_GAUGES(run)[service];
    gd_gauge_touch(gauge, run->now);
    gauge->system--;
    GD_SERVICES(run)[service].outcomes[GD_CANCELLED]++;
    if (GD_INSTANCES(run)[frame->instance].flags & GD_I_SERVE)
        gd_serve_finish(run, slot, GD_CANCELLED);
    unanswered(run, frame);
}

void gd_frame_cancel(gd_run *run, uint32_t slot)
{
    run->somebody_left = true;
    gd_frame_cancel_children(run, slot);
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t at = frame->instance;
    bool shared = run->plan->services[GD_INSTANCES(run)[at].service].discipline == GD_PS &&
                  frame->flags & GD_F_WORKER;
    leave(run, slot);
    if (frame->flags & GD_F_QUEUED)
        gd_station_drop(run, slot);
    if (shared)
        gd_shared_remove(run, slot);
    frame = &GD_FRAMES(run)[slot];
    bool worker = frame->flags & GD_F_WORKER && !shared;
    if (frame->flags & GD_F_EVENT) { /* its event will free it */
        frame->flags = GD_F_LIVE | GD_F_DEAD | GD_F_EVENT;
        frame->age++;
    } else {
        gd_frame_free(run, slot);
    }
    if (worker)
        gd_station_release(run, at);
}

/* ---- tied copies -------------------------------------------------------------------------------
 */
void gd_cancel_tied(gd_run *run, uint32_t slot, uint32_t from)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_span travels = gd_network_between(run, from, frame->instance, frame->key);
    if (travels == GD_NEVER || frame->flags & (GD_F_DEAD | GD_F_REPLYING))
        return;
    gd_cancel cancel = {.key = frame->key,
                        .frame = slot,
                        .caller = frame->caller,
                        .caller_age = frame->caller_age,
                        .tied = true};
    uint32_t id = new_cancel(run);
    GD_SEG(run, GD_SEG_CANCELS, gd_cancel)[id] = cancel;
    if (travels == 0)
        gd_follow(run, GD_EV_CANCEL, id);
    else
        gd_agenda_push(&run->agenda, gd_time_add(run->now, travels), GD_RANK_ARRIVAL, GD_EV_CANCEL,
                       id);
}

void gd_cancel_untie(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_hedge_untied(run, slot);
    if (frame->flags & GD_F_QUEUED) {
        leave(run, slot);
        gd_station_drop(run, slot);
    } else { /* it has not come in */
        GD_SERVICES(run)[GD_INSTANCES(run)[frame->instance].service].outcomes[GD_CANCELLED]++;
    }
    frame->outcome = GD_CANCELLED;
    frame->flags |= GD_F_REPLYING;
    gd_network_reply(run, slot, false);
}

/* ---- children ----------------------------------------------------------------------------------
 */
typedef struct {
    uint64_t key;
    uint32_t slot;
    uint16_t site;
    bool call;
} child;

static int by_key(const void *a, const void *b)
{
    const child *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

/* The one that a call step waits for. */
static void cancel_child(gd_run *run, uint32_t slot)
{
    uint32_t age = GD_FRAMES(run)[slot].age, only = GD_SIDES(run)[slot].child;
    if (GD_SIDES(run)[slot].child_is_call) {
        const gd_call *call = &GD_CALLS(run)[only];
        if (call->state != GD_CALL_FREE && call->state != GD_CALL_DEAD && call->by == GD_BY_FRAME &&
            call->parent == slot && call->parent_age == age)
            gd_call_kill(run, only);
        return;
    }
    const gd_frame *frame = &GD_FRAMES(run)[only];
    if (frame->flags & GD_F_LIVE && !(frame->flags & (GD_F_DEAD | GD_F_REPLYING)) &&
        frame->by == GD_BY_FRAME && frame->caller == slot && frame->caller_age == age)
        gd_cancel_send(run, only);
}

/* Branches are found by their caller: cancelled fan-outs are rare next to requests. Ordered by
 * name, so that the order does not depend on slots. */
static void cancel_branches(gd_run *run, uint32_t slot)
{
    uint32_t age = GD_FRAMES(run)[slot].age;
    GArray *children = g_array_new(FALSE, FALSE, sizeof(child));
    for (uint32_t i = 0; i < run->frames.used; i++) {
        const gd_frame *frame = &GD_FRAMES(run)[i];
        if (frame->flags & GD_F_LIVE && !(frame->flags & (GD_F_DEAD | GD_F_REPLYING)) &&
            frame->by == GD_BY_FRAME && frame->caller == slot && frame->caller_age == age) {
            child c = {.key = frame->key, .slot = i, .site = frame->site};
            g_array_append_val(children, c);
        }
    }
    for (uint32_t i = 0; i < run->calls.used; i++) {
        const gd_call *call = &GD_CALLS(run)[i];
        if (call->state != GD_CALL_FREE && call->state != GD_CALL_DEAD && call->by == GD_BY_FRAME &&
            call->parent == slot && call->parent_age == age) {
            child c = {.key = call->key, .slot = i, .site = call->site, .call = true};
            g_array_append_val(children, c);
        }
    }
    if (children->len)
        qsort(children->data, children->len, sizeof(child), by_key);
    for (guint i = 0; i < children->len; i++) {
        const child *c = &g_array_index(children, child, i);
        if (c->call)
            gd_call_kill(run, c->slot);
        else if (GD_FRAMES(run)[c->slot].flags & GD_F_STRAND)
            gd_frame_cancel(run, c->slot); /* as deep as the model nests its steps */
        else
            gd_cancel_send(run, c->slot);
    }
    g_array_free(children, TRUE);
}

void gd_frame_cancel_children(gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_step *step = &run->plan->steps[frame->pc];
    if (step->kind == GD_STEP_CALL && run->sides)
        cancel_child(run, slot);
    else if (step->kind == GD_STEP_PARALLEL || step->kind == GD_STEP_REPEAT ||
             step->kind == GD_STEP_CALL)
        cancel_branches(run, slot);
}

void gd_cancel_arrives(gd_run *run, uint32_t id)
{
    gd_cancel cancel = GD_SEG(run, GD_SEG_CANCELS, gd_cancel)[id];
    GD_SEG(run, GD_SEG_CANCELS, gd_cancel)[id].next = run->cancels.free;
    run->cancels.free = id;
    run->cancels.live--;

    gd_frame *frame = &GD_FRAMES(run)[cancel.frame];
    if (!(frame->flags & GD_F_LIVE) || frame->key != cancel.key || frame->caller != cancel.caller ||
        frame->caller_age != cancel.caller_age || frame->flags & (GD_F_REPLYING | GD_F_DEAD))
        return;
    const gd_plan_service *service =
        &run->plan->services[GD_INSTANCES(run)[frame->instance].service];
    gd_fold(run, service->salt, GD_EV_CANCEL, cancel.key);
    if (cancel.tied) {
        if (frame->flags & GD_F_QUEUED && !(frame->flags & GD_F_CONTINUES))
            gd_cancel_untie(run, cancel.frame);
        return;
    }
    if (!(frame->flags & GD_F_ARRIVED)) { /* it overtook the request */
        frame->flags |= GD_F_DEAD;
        unanswered(run, frame);
        return;
    }
    if (service->cancel == GD_CANCEL_IMMEDIATE || frame->flags & GD_F_QUEUED)
        gd_frame_cancel(run, cancel.frame);
}
