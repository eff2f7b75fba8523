/* The interpreter of an operation's steps. It never recurses: what happens at once in another frame
 * or call goes on the follow-up list. */
#include "models/flow/engine.h"

/* The draw at a step: below the frame's name, or below the request's where the model says so. */
static uint64_t draw_of(gd_run *run, uint32_t slot, const gd_dist *dist, uint64_t salt)
{
    uint64_t key = dist->per_request ? GD_SIDES(run)[slot].root_key : GD_FRAMES(run)[slot].key;
    return gd_mix(key, salt);
}

/* How long a step's work takes here and now: levers scale the drawn value, never the draw. */
GD_HOT gd_span gd_step_work_time(gd_run *run, uint32_t slot, const gd_step *step)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_dist *dist = &run->plan->dists[step->a];
    gd_span work = gd_dist_sample(dist, draw_of(run, slot, dist, step->salt));
    const gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    if (__builtin_expect(instance->flags & GD_I_SLOW, 0)) {
        const gd_lever_state *lever =
            &GD_SEG(run, GD_SEG_LEVERS_I, gd_lever_state)[frame->instance];
        work = gd_time_add(gd_share_of(work, lever->factor), lever->added);
        gd_fault_touch(run, GD_ON_INSTANCES, frame->instance, 1u << GD_LEVER_SLOW);
    }
    if (__builtin_expect(instance->flags & GD_I_SERVE, 0) && step->kind == GD_STEP_WORK)
        work = gd_serve_slow(run, frame->instance, work);
    if (__builtin_expect(run->any_site_lever, 0)) {
        const gd_lever_state *site = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
        work = gd_share_of(work, site->factor);
        if (site->factor != GD_SHARE_ONE)
            gd_fault_touch(run, GD_ON_SITES, frame->site, 1u << GD_LEVER_SLOW);
    }
    return __builtin_expect(run->n_hits > 0, 0) ? gd_fault_cost(run, slot, work) : work;
}

static uint32_t strand_new(gd_run *run, uint32_t parent, uint32_t first, uint64_t key)
{
    uint32_t slot = gd_frame_new(run);
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_frame *from = &GD_FRAMES(run)[parent];
    uint32_t age = frame->age;
    *frame = *from;
    frame->age = age;
    frame->key = key;
    frame->pc = (uint16_t)first;
    frame->by = GD_BY_FRAME;
    frame->caller = parent;
    frame->caller_age = from->age;
    frame->outcome = GD_OK;
    frame->pending = 0;
    frame->next = GD_NONE;
    frame->flags = (uint16_t)(GD_F_LIVE | GD_F_ARRIVED | GD_F_STRAND |
                              (from->flags & (GD_F_ROOT_CALL | GD_F_LEFT)));
    if (from->flags & GD_F_ROOT) {
        frame->root = parent;
        frame->root_age = from->age;
    }
    if (run->sides) {
        gd_frame_side *side = &GD_SIDES(run)[slot];
        const gd_frame_side *model = &GD_SIDES(run)[parent];
        *side = (gd_frame_side){.root_key = model->root_key,
                                .client = model->client,
                                .user = model->user,
                                .criticality = model->criticality};
    }
    return slot;
}

/* Starts one iteration of the repeat in progress. */
static void repeat_start(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t i = GD_SIDES(run)[slot].iteration++;
    uint64_t key = gd_mix_n(gd_mix(frame->key, step->salt), i);
    frame->pending++;
    frame->mark = run->now;
    if (step->flags & GD_STEP_BARE) {
        uint32_t site = run->plan->steps[step->a].a;
        gd_call_begin(run, site, GD_BY_FRAME, slot, gd_mix(key, run->plan->sites[site].salt), 0,
                      false);
    } else {
        gd_frame_go_on(run, strand_new(run, slot, step->a, key));
    }
}

/* How often a repeat runs: a drawn count, or an attribute that the request's client draws. */
static uint32_t repeat_count(gd_run *run, uint32_t slot, const gd_step *step)
{
    const gd_plan *plan = run->plan;
    uint64_t u;
    uint32_t index = step->b;
    if (index == GD_NONE) {
        const gd_frame_side *side = &GD_SIDES(run)[slot];
        index = plan->attributes[plan->clients[side->client].attributes_first + step->c];
        u = gd_mix(side->root_key, plan->attribute_salts[step->c]);
    } else {
        u = draw_of(run, slot, &plan->dists[index], step->salt);
    }
    int64_t n = index == GD_NONE ? 0 : gd_dist_sample(&plan->dists[index], u);
    return n > (int64_t)UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)n;
}

/* True when the frame waits for iterations; false when there are none. */
static bool repeat_begin(gd_run *run, uint32_t slot, const gd_step *step)
{
    uint32_t n = repeat_count(run, slot, step);
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_frame_side *side = &GD_SIDES(run)[slot];
    side->iteration = 0;
    side->iterations = n;
    frame->mark = run->now;
    frame->pending = 0;
    frame->outcome = GD_OK;
    for (uint32_t i = 0; i < n && i < step->n; i++)
        repeat_start(run, slot, step);
    return n > 0;
}

static void parallel_begin(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->mark = run->now;
    frame->pending = step->n;
    frame->outcome = GD_OK;
    if (step->b < step->n)
        GD_SIDES(run)[slot].succeeded = 0;
    for (uint32_t i = 0; i < step->n; i++) {
        const gd_branch *branch = &run->plan->branches[step->a + i];
        uint64_t key = GD_FRAMES(run)[slot].key;
        if (branch->bare)
            gd_call_begin(run, branch->at, GD_BY_FRAME, slot,
                          gd_mix(key, run->plan->sites[branch->at].salt), 0, false);
        else
            gd_frame_go_on(run, strand_new(run, slot, branch->at, gd_mix(key, branch->salt)));
    }
}

static bool flag_is_on(gd_run *run, uint32_t slot, uint32_t index)
{
    const gd_plan_flag *flag = &run->plan->flags[index];
    const gd_frame_side *side = &GD_SIDES(run)[slot];
    uint64_t key = side->root_key;
    if (flag->by_user)
        key = gd_mix_n(GD_SEG(run, GD_SEG_CLIENTS, gd_client_run)[side->client].key, side->user);
    uint64_t u = gd_mix(key, flag->salt), on = GD_SEG(run, GD_SEG_FLAGS, uint64_t)[index];
    if (__builtin_expect(on != flag->on, 0))
        gd_fault_touch(run, GD_ON_FLAGS, index, 1u << GD_LEVER_FLAG);
    return u < on || on == UINT64_MAX;
}

static uint16_t choose(gd_run *run, uint32_t slot, const gd_step *step)
{
    uint64_t u = gd_mix(GD_FRAMES(run)[slot].key, step->salt);
    const gd_choice *choice = &run->plan->choices[step->a];
    for (unsigned i = 1; i < step->n && u >= choice->below; i++)
        choice++;
    return (uint16_t)choice->step;
}

/* Work needs a worker: the one it holds, or in an async service the next that is free. */
static void work(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan_service *service =
        &run->plan->services[GD_INSTANCES(run)[frame->instance].service];
    if (service->async && service->discipline != GD_PS && !(frame->flags & GD_F_WORKER) &&
        !gd_station_resume(run, slot))
        return;
    gd_station_begin(run, slot, step);
}

static void wait(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->mark = run->now;
    frame->flags |= GD_F_EVENT;
    gd_agenda_push(&run->agenda, gd_time_add(run->now, gd_step_work_time(run, slot, step)),
                   GD_RANK_REPLY, GD_EV_WAIT, slot);
}

static bool fails(const gd_run *run, uint32_t slot, const gd_step *step)
{
    uint64_t share = run->plan->shares[step->a];
    return gd_mix(GD_FRAMES(run)[slot].key, step->salt) < share || share == UINT64_MAX;
}

/* A process that hangs takes no step: gd_instance_unhang goes on here. */
static bool is_stopped(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (!(GD_INSTANCES(run)[frame->instance].flags & GD_I_HANG))
        return false;
    frame->flags |= GD_F_HUNG;
    return true;
}

void gd_frame_run(gd_run *run, uint32_t slot)
{
    const gd_plan *plan = run->plan;
    if (__builtin_expect(run->any_levers, 0) && is_stopped(run, slot))
        return;
    for (;;) {
        gd_frame *frame = &GD_FRAMES(run)[slot];
        const gd_step *step = &plan->steps[frame->pc];
        switch ((gd_step_kind)step->kind) {
        case GD_STEP_WORK:
            work(run, slot, step);
            return;
        case GD_STEP_WAIT:
            wait(run, slot, step);
            return;
        case GD_STEP_CALL:
            frame->mark = run->now;
            frame->pending = 1;
            frame->outcome = GD_OK;
            gd_call_begin(run, step->a, GD_BY_FRAME, slot,
                          gd_call_key(frame->key, &plan->sites[step->a]), 0, true);
            return;
        case GD_STEP_SEND:
            gd_call_begin(run, step->a, GD_BY_NOBODY, slot,
                          gd_mix(frame->key, plan->sites[step->a].salt), 0, false);
            break;
        case GD_STEP_PARALLEL:
            parallel_begin(run, slot, step);
            return;
        case GD_STEP_CHOOSE:
            frame->pc = choose(run, slot, step);
            continue;
        case GD_STEP_REPEAT:
            if (repeat_begin(run, slot, step))
                return;
            break;
        case GD_STEP_IF:
            if (!flag_is_on(run, slot, step->a)) {
                frame->pc = (uint16_t)step->b;
                continue;
            }
            break;
        case GD_STEP_FAIL:
            if (fails(run, slot, step)) {
                gd_frame_finish(run, slot, (gd_outcome)step->n);
                return;
            }
            break;
        case GD_STEP_JUMP:
            frame->pc = (uint16_t)step->a;
            continue;
        case GD_STEP_END:
        case GD_STEP_END_STRAND:
            gd_frame_finish(run, slot, GD_OK);
            return;
        case GD_STEP_OPTIONAL: {
            gd_outcome verdict = gd_serve_optional(run, slot, step->salt);
            if (verdict == GD_OK)
                break;
            if (verdict != GD_DEGRADED) {
                gd_frame_finish(run, slot, verdict);
                return;
            }
            GD_FRAMES(run)[slot].flags |= GD_F_DEGRADED;
            GD_FRAMES(run)[slot].pc = (uint16_t)step->a;
            continue;
        }
        case GD_STEP_REFUSE:
            gd_station_refused(run, slot);
            return;
        case GD_STEP_ENTER:
            break;
        }
        GD_FRAMES(run)[slot].pc++;
    }
}

/* Those who are still out find nobody: the frame takes a new age. */
static void abandon_rest(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (frame->pending == 0)
        return;
    if (step->flags & GD_STEP_CANCEL)
        gd_frame_cancel_children(run, slot);
    run->somebody_left = true;
    GD_FRAMES(run)[slot].age++;
    GD_FRAMES(run)[slot].pending = 0;
}

static void fail_step(gd_run *run, uint32_t slot, const gd_step *step, gd_outcome outcome)
{
    abandon_rest(run, slot, step);
    gd_outcome up = (gd_outcome)gd_outcome_rows[outcome].upstream;
    gd_frame_finish(run, slot, GD_FRAMES(run)[slot].flags & GD_F_STRAND ? outcome : up);
}

static void go_on(gd_run *run, uint32_t slot)
{
    GD_FRAMES(run)[slot].pc++;
    gd_frame_run(run, slot);
}

/* What a parallel comes to. All must succeed, or the first k of n. */
static void parallel_verdict(gd_run *run, uint32_t slot, const gd_step *step)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_outcome first_failure = (gd_outcome)frame->outcome;
    if (step->b == step->n) {
        if (first_failure != GD_OK && (frame->pending == 0 || step->flags & GD_STEP_AT_ONCE))
            fail_step(run, slot, step, first_failure);
        else if (frame->pending == 0)
            go_on(run, slot);
        return;
    }
    const gd_frame_side *side = &GD_SIDES(run)[slot];
    if (side->succeeded >= step->b) {
        abandon_rest(run, slot, step);
        go_on(run, slot);
    } else if (frame->pending == 0 ||
               (step->flags & GD_STEP_AT_ONCE && side->succeeded + frame->pending < step->b)) {
        fail_step(run, slot, step, first_failure);
    }
}

/* What the step in progress comes to, now that something of it is back. */
static void verdict(gd_run *run, uint32_t slot, const gd_step *step, gd_outcome outcome)
{
    if (step->kind == GD_STEP_PARALLEL) {
        parallel_verdict(run, slot, step);
        return;
    }
    if (!gd_outcome_rows[outcome].good) {
        fail_step(run, slot, step, outcome);
        return;
    }
    if (step->kind == GD_STEP_REPEAT) {
        const gd_frame_side *side = &GD_SIDES(run)[slot];
        while (side->iteration < side->iterations && GD_FRAMES(run)[slot].pending < step->n) {
            repeat_start(run, slot, step);
            side = &GD_SIDES(run)[slot];
        }
        if (GD_FRAMES(run)[slot].pending > 0)
            return;
    }
    go_on(run, slot);
}

/* Whoever hangs hears of what is back when it hangs no longer. */
static bool hears_later(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (!is_stopped(run, slot) && !(frame->pending & GD_CAME_BACK))
        return false;
    frame->pending |= GD_CAME_BACK;
    if (!gd_outcome_rows[outcome].good && frame->outcome == GD_OK)
        frame->outcome = (uint8_t)outcome;
    return true;
}

void gd_frame_came_back(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    if (is_stopped(run, slot))
        return;
    frame->pending = (uint16_t)(frame->pending & ~GD_CAME_BACK);
    verdict(run, slot, &run->plan->steps[frame->pc], (gd_outcome)frame->outcome);
}

void gd_frame_branch_done(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_step *step = &run->plan->steps[frame->pc];
    bool good = gd_outcome_rows[outcome].good;
    frame->pending--;
    if (outcome == GD_DEGRADED)
        frame->flags |= GD_F_DEGRADED;
    if (step->kind == GD_STEP_PARALLEL) {
        if (!good && frame->outcome == GD_OK)
            frame->outcome = (uint8_t)outcome;
        if (step->b < step->n) {
            gd_frame_side *side = &GD_SIDES(run)[slot];
            side->succeeded = (uint16_t)(side->succeeded + good);
        }
    }
    if (__builtin_expect(run->any_levers || frame->pending & GD_CAME_BACK, 0) &&
        hears_later(run, slot, outcome))
        return;
    g_assert(step->kind == GD_STEP_CALL || step->kind == GD_STEP_PARALLEL ||
             step->kind == GD_STEP_REPEAT);
    if (step->kind == GD_STEP_CALL && good)
        go_on(run, slot);
    else
        verdict(run, slot, step, outcome);
}
