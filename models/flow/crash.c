/* An instance crashes: its memory is gone. What it worked on and what it had queued is lost, and
 * its callers hear of it (`reset`) or do not (`silent`), as the service says; its own calls are
 * forgotten, and so is what its policies had learned. */
#include "models/flow/engine.h"
#include "models/guard/policy.h"

#include <stdlib.h>
#include <string.h>

static int by_arrival(const void *a, const void *b)
{
    const gd_found *x = a, *y = b;
    if (x->arrived != y->arrived)
        return x->arrived < y->arrived ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

/* Frames at an instance with any of `flags` (0: all), in order of arrival, never of slots. */
static GArray *frames_at(gd_run *run, uint32_t at, unsigned flags)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gd_found));
    for (uint32_t i = 0; i < run->frames.used; i++) {
        const gd_frame *frame = &GD_FRAMES(run)[i];
        if (frame->instance != at || !(frame->flags & GD_F_LIVE) ||
            frame->flags & (GD_F_DEAD | GD_F_REPLYING) || !(frame->flags & GD_F_ARRIVED) ||
            (flags && !(frame->flags & flags)))
            continue;
        gd_found one = {
            .arrived = frame->arrived, .key = frame->key, .slot = i, .site = frame->site};
        g_array_append_val(found, one);
    }
    if (found->len)
        qsort(found->data, found->len, sizeof(gd_found), by_arrival);
    return found;
}

GArray *gd_frames_swallowed(gd_run *run, uint32_t site)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gd_found));
    for (uint32_t i = 0; i < run->frames.used; i++) {
        const gd_frame *frame = &GD_FRAMES(run)[i];
        if (frame->site != site || !(frame->flags & GD_F_LIVE) || !(frame->flags & GD_F_HUNG) ||
            frame->flags & GD_F_ARRIVED)
            continue;
        gd_found one = {
            .arrived = frame->arrived, .key = frame->key, .slot = i, .site = frame->site};
        g_array_append_val(found, one);
    }
    if (found->len)
        qsort(found->data, found->len, sizeof(gd_found), by_arrival);
    return found;
}

static GArray *calls_from(gd_run *run, uint32_t at)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gd_found));
    for (uint32_t i = 0; i < run->calls.used; i++) {
        const gd_call *call = &GD_CALLS(run)[i];
        if (call->state == GD_CALL_FREE || call->state == GD_CALL_DEAD || call->from != at ||
            call->by == GD_BY_COPY) /* goes with its call */
            continue;
        gd_found one = {.arrived = call->begun, .key = call->key, .slot = i, .site = call->site};
        g_array_append_val(found, one);
    }
    if (found->len)
        qsort(found->data, found->len, sizeof(gd_found), by_arrival);
    return found;
}

/* The frame's answer is `reset`, or nothing. Its slot may still be owned by a pending event. */
static void lose(gd_run *run, uint32_t slot, gd_crash_mode mode)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    bool strand = frame->flags & GD_F_STRAND, event = frame->flags & GD_F_EVENT;
    bool answers = !strand && mode == GD_CRASH_RESET;
    uint32_t reply = slot;
    if (event) {
        if (answers) {
            reply = gd_frame_new(run);
            gd_frame *copy = &GD_FRAMES(run)[reply];
            frame = &GD_FRAMES(run)[slot];
            uint32_t age = copy->age;
            *copy = *frame;
            copy->age = age;
            if (run->layout->sides)
                GD_SIDES(run)[reply] = (gd_frame_side){0};
        }
        frame->flags = GD_F_LIVE | GD_F_DEAD | GD_F_EVENT;
        frame->age++;
    } else if (answers) {
        frame->age++;
    } else {
        gd_frame_free(run, slot);
    }
    if (!answers)
        return;
    frame = &GD_FRAMES(run)[reply];
    frame->outcome = GD_RESET;
    frame->flags = (uint16_t)((frame->flags & (GD_F_ROOT | GD_F_ROOT_CALL)) | GD_F_LIVE |
                              GD_F_ARRIVED | GD_F_REPLYING);
    gd_network_reply(run, reply, false);
}

static void empty_station(gd_run *run, uint32_t at)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    const gd_plan_service *service = &run->plan->services[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->busy -= instance->busy;
    instance->busy = instance->queued = 0;
    instance->head = instance->tail = instance->lane_head = instance->lane_tail = GD_NONE;
    if (service->discipline == GD_PRIORITY) {
        gd_classes *classes = &GD_SEG(run, GD_SEG_CLASSES, gd_classes)[instance->aside];
        memset(classes, 0xff, sizeof *classes);
    } else if (service->discipline == GD_PS) {
        GD_SEG(run, GD_SEG_SHARED, gd_shared)
        [instance->aside] = (gd_shared){.root = GD_NONE, .changed = run->now};
    }
    instance->flags = (uint16_t)(instance->flags & ~GD_I_PAUSED);
    if (run->pauses)
        GD_SEG(run, GD_SEG_PAUSES, gd_time)[at] = 0;
    if (instance->flags & GD_I_SERVE)
        gd_serve_reset(run, at);
}

/* Policies and balancers of a restarted caller know nothing. */
static void forget_states(gd_run *run, uint32_t at)
{
    const gd_plan *plan = run->plan;
    if (plan->n_pools)
        gd_pool_forget(run, at);
    const gd_plan_service *service = &plan->services[GD_INSTANCES(run)[at].service];
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        const gd_plan_site *site = &plan->sites[i];
        if (site->state_first == GD_NONE || site->client != GD_NONE ||
            site->caller_service != GD_INSTANCES(run)[at].service)
            continue;
        uint32_t ordinal = at - service->instances_first;
        if (!GD_SEG(run, GD_SEG_STATE_INDEX, uint32_t)[site->state_first + ordinal])
            continue;
        char *state = gd_site_state(run, site, at);
        for (unsigned p = 0; p < site->chain_n && site->state_bytes; p++) {
            const gd_policy *policy = gd_policies[plan->policies[site->chain_first + p].kind];
            gd_policy_at of = gd_policy_of_state(run, site, at, p);
            if (policy->forget)
                policy->forget(&of);
        }
        memset(state, 0, site->state_bytes + site->balancer_bytes);
    }
}

void gd_instance_crash(gd_run *run, uint32_t at)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_plan_service *service = &run->plan->services[instance->service];
    gd_fold(run, run->plan->instances[at].salt, GD_EV_LEVER, 1);
    gd_measure_happening(run, GD_HAPPENED_CRASHED, instance->service,
                         run->plan->instances[at].ordinal);

    run->somebody_left = true;
    gd_connections_stop(run, at);
    GArray *calls = calls_from(run, at);
    GArray *frames = frames_at(run, at, 0);
    uint32_t system = 0, queued = 0;
    for (guint i = 0; i < frames->len; i++) {
        unsigned flags = GD_FRAMES(run)[g_array_index(frames, gd_found, i).slot].flags;
        system += !(flags & GD_F_STRAND);
        queued += (flags & GD_F_QUEUED) != 0;
    }
    if (service->discipline == GD_PS)
        queued = instance->queued;
    empty_station(run, at);
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gauge->system -= system;
    gauge->queue -= queued;
    for (guint i = 0; i < calls->len; i++)
        gd_call_kill(run, g_array_index(calls, gd_found, i).slot);
    for (guint i = 0; i < frames->len; i++) {
        uint32_t slot = g_array_index(frames, gd_found, i).slot;
        bool was_queued = GD_FRAMES(run)[slot].flags & GD_F_QUEUED;
        if (!(GD_FRAMES(run)[slot].flags & GD_F_STRAND)) {
            gd_service_record *record = &GD_SERVICES(run)[GD_INSTANCES(run)[at].service];
            record->crashed++;
            record->outcomes[GD_RESET]++;
        }
        gd_crash_mode mode = was_queued ? service->crash_queued : service->crash_running;
        if (GD_INSTANCES(run)[at].flags & GD_I_DARK)
            mode = GD_CRASH_SILENT; /* nobody is left to say so */
        lose(run, slot, mode);
    }
    forget_states(run, at);
    gd_connections_forget(run, at);
    gd_connections_lost(run, at);
    if (run->any_levers)
        gd_unit_crashed(run, at);
    if (frames->len > 0)
        gd_fault_touch(run, GD_ON_INSTANCES, at, 1u << GD_LEVER_DOWN | 1u << GD_LEVER_DARK);
    g_array_free(calls, TRUE);
    g_array_free(frames, TRUE);
}

void gd_instance_unhang(gd_run *run, uint32_t at)
{
    GArray *frames = frames_at(run, at, GD_F_HUNG);
    for (guint i = 0; i < frames->len; i++) {
        uint32_t slot = g_array_index(frames, gd_found, i).slot;
        gd_frame *frame = &GD_FRAMES(run)[slot];
        frame->flags = (uint16_t)(frame->flags & ~GD_F_HUNG);
        gd_frame_go_on(run, slot); /* the step it hung in starts again, or hears what came back */
    }
    g_array_free(frames, TRUE);
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    if (run->plan->services[instance->service].discipline == GD_PS)
        gd_shared_wake(run, at);
}

gd_span gd_instance_stands(const gd_run *run, uint32_t at)
{
    if (!run->pauses)
        return 0;
    gd_time until = GD_SEG(run, GD_SEG_PAUSES, gd_time)[at];
    return until > run->now ? until - run->now : 0;
}

/* Nothing ends while the process stands still: what is in work is done later by as much. */
void gd_instance_pause(gd_run *run, uint32_t at, gd_span lasts)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    bool shared = run->plan->services[instance->service].discipline == GD_PS;
    if (shared)
        gd_shared_pause(run, at);
    instance->flags |= GD_I_PAUSED;
    GD_SEG(run, GD_SEG_PAUSES, gd_time)[at] = gd_time_add(run->now, lasts);
    if (shared)
        return;
    GArray *frames = frames_at(run, at, GD_F_EVENT);
    for (guint i = 0; i < frames->len; i++) {
        uint32_t slot = g_array_index(frames, gd_found, i).slot;
        gd_frame_side *side = &GD_SIDES(run)[slot];
        if (side->word == 0)
            continue;
        side->ends = gd_time_add(side->ends, lasts);
        side->word = gd_agenda_push(&run->agenda, side->ends, GD_RANK_REPLY, GD_EV_WORK, slot);
    }
    g_array_free(frames, TRUE);
}

void gd_instance_go_on(gd_run *run, uint32_t at)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    instance->flags = (uint16_t)(instance->flags & ~GD_I_PAUSED);
    GD_SEG(run, GD_SEG_PAUSES, gd_time)[at] = 0;
    if (run->plan->services[instance->service].discipline == GD_PS)
        gd_shared_wake(run, at);
}

/* "applies_to": "running": what remains of the work in progress takes after / before as long. */
void gd_instance_rescale(gd_run *run, uint32_t at, gd_share before, gd_share after)
{
    if (before == 0) /* it is done by now */
        return;
    if (run->plan->services[GD_INSTANCES(run)[at].service].discipline == GD_PS) {
        gd_shared_rescale(run, at, before, after);
        return;
    }
    GArray *frames = frames_at(run, at, GD_F_EVENT);
    for (guint i = 0; i < frames->len; i++) {
        uint32_t slot = g_array_index(frames, gd_found, i).slot;
        gd_frame_side *side = &GD_SIDES(run)[slot];
        if (side->word == 0) /* waits, does not work */
            continue;
        gd_i128 remains = (gd_i128)(side->ends - run->now) * after / before;
        side->ends = gd_time_add(run->now, remains > GD_NEVER ? GD_NEVER : (gd_span)remains);
        side->word = gd_agenda_push(&run->agenda, side->ends, GD_RANK_REPLY, GD_EV_WORK, slot);
    }
    g_array_free(frames, TRUE);
}
