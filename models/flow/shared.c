/* Processor sharing: all jobs of an instance share its workers, each at rate min(1, workers / n).
 *
 * The usual virtual-time form: `attained` is the service that a job present since the start would
 * have had; a job that needs w is done when `attained` has grown by w. Jobs wait in a skew heap of
 * their tags (Sleator and Tarjan, "Self-adjusting heaps", 1986), linked through their side records,
 * and only the next completion is in the agenda. Attained service is an integer in 2^-12 ns,
 * rounded down at each change of n, completions rounded up to the ns: a job is late by at most 1 ns
 * plus n / workers x 2^-12 ns for each change while it ran.
 */
#include "models/flow/engine.h"
#include "models/serve/specs.h"

static gd_shared *shared_of(gd_run *run, uint32_t at)
{
    return &GD_SEG(run, GD_SEG_SHARED, gd_shared)[GD_INSTANCES(run)[at].aside];
}

/* n jobs at once take longer by so much: models/serve/contention.c. */
static gd_share slowness(const gd_run *run, const gd_instance *instance, uint32_t n)
{
    const gd_contention_spec *spec = run->plan->services[instance->service].contention;
    return spec ? gd_contention_factor(spec, n) : GD_SHARE_ONE;
}

/* Of two that are done at the same time the one that came first; `word` is its number. */
static bool before(const gd_frame_side *sides, uint32_t a, uint32_t b)
{
    if (sides[a].tag != sides[b].tag)
        return sides[a].tag < sides[b].tag;
    return sides[a].word < sides[b].word;
}

/* Top-down skew merge, without recursion. */
static uint32_t merge(gd_run *run, uint32_t a, uint32_t b)
{
    gd_frame_side *sides = GD_SIDES(run);
    uint32_t root = GD_NONE, *link = &root;
    while (a != GD_NONE && b != GD_NONE) {
        if (before(sides, b, a)) {
            uint32_t t = a;
            a = b;
            b = t;
        }
        *link = a;
        uint32_t right = sides[a].right;
        sides[a].right = sides[a].left;
        link = &sides[a].left;
        a = right;
    }
    *link = a == GD_NONE ? b : a;
    return root;
}

static void advance(const gd_run *run, const gd_instance *instance, gd_shared *shared)
{
    gd_u128 dt = (gd_u128)(run->now - shared->changed) << GD_SHARED_BITS;
    shared->changed = run->now;
    if (instance->flags & (GD_I_HANG | GD_I_PAUSED))
        return;
    if (shared->n == 0) {
        shared->attained = 0; /* so that it fits 64 bits however long the run: 52 busy days */
        return;
    }
    if (shared->n > instance->workers)
        dt = dt * instance->workers / shared->n;
    gd_share slow = slowness(run, instance, shared->n);
    if (slow != GD_SHARE_ONE)
        dt = dt * (gd_u128)GD_SHARE_ONE / (gd_u128)slow;
    shared->attained += (uint64_t)dt;
}

/* Puts the next completion into the agenda; an earlier entry becomes stale. */
static void schedule(gd_run *run, uint32_t at, gd_shared *shared)
{
    shared->word = 0;
    if (shared->root == GD_NONE || GD_INSTANCES(run)[at].flags & (GD_I_HANG | GD_I_PAUSED) ||
        GD_INSTANCES(run)[at].workers == 0)
        return;
    uint64_t tag = GD_SIDES(run)[shared->root].tag;
    gd_u128 left = tag > shared->attained ? tag - shared->attained : 0;
    uint32_t workers = GD_INSTANCES(run)[at].workers;
    if (shared->n > workers)
        left = (left * shared->n + workers - 1) / workers;
    gd_share slow = slowness(run, &GD_INSTANCES(run)[at], shared->n);
    if (slow != GD_SHARE_ONE)
        left = (left * (gd_u128)slow + (gd_u128)GD_SHARE_ONE - 1) / (gd_u128)GD_SHARE_ONE;
    gd_span wait = (gd_span)((left + ((1u << GD_SHARED_BITS) - 1)) >> GD_SHARED_BITS);
    shared->word =
        gd_agenda_push(&run->agenda, gd_time_add(run->now, wait), GD_RANK_REPLY, GD_EV_SHARED, at);
}

static void gauge_busy(gd_run *run, uint32_t at, const gd_shared *shared)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    if (__builtin_expect(instance->flags & GD_I_SERVE, 0))
        gd_serve_busy(run, at);
    uint32_t busy = shared->n < instance->workers ? shared->n : instance->workers;
    gauge->busy += busy - instance->busy;
    gauge->queue += (shared->n - busy) - instance->queued;
    instance->queued = shared->n - busy;
    instance->busy = busy;
    gd_service_window *window = gd_service_window_of(run, instance->service);
    if (instance->queued > window->queue_max)
        window->queue_max = instance->queued;
}

void gd_shared_add(gd_run *run, uint32_t slot, gd_span work)
{
    uint32_t at = GD_FRAMES(run)[slot].instance;
    gd_shared *shared = shared_of(run, at);
    gd_frame_side *side = &GD_SIDES(run)[slot];
    if (GD_FRAMES(run)[slot].arrived == run->now)
        gd_hist_add(&GD_SERVICES(run)[GD_INSTANCES(run)[at].service].wait, &run->hists, 0);
    advance(run, &GD_INSTANCES(run)[at], shared);
    side->tag = shared->attained + ((uint64_t)work << GD_SHARED_BITS);
    side->remaining = work;
    side->word = ++shared->added;
    side->left = side->right = GD_NONE;
    GD_FRAMES(run)[slot].flags |= GD_F_WORKER;
    shared->n++;
    shared->root = merge(run, shared->root, slot);
    gauge_busy(run, at, shared);
    schedule(run, at, shared);
}

void gd_shared_remove(gd_run *run, uint32_t slot)
{
    uint32_t at = GD_FRAMES(run)[slot].instance;
    gd_shared *shared = shared_of(run, at);
    advance(run, &GD_INSTANCES(run)[at], shared);
    /* Found by rebuilding the heap without it: only crashes and cancellations come here. */
    uint32_t keep = GD_NONE, stack = shared->root;
    gd_frame_side *sides = GD_SIDES(run);
    while (stack != GD_NONE) {
        uint32_t top = stack;
        stack = merge(run, sides[top].left, sides[top].right);
        sides[top].left = sides[top].right = GD_NONE;
        if (top != slot)
            keep = merge(run, keep, top);
    }
    shared->root = keep;
    shared->n--;
    GD_FRAMES(run)[slot].flags = (uint16_t)(GD_FRAMES(run)[slot].flags & ~GD_F_WORKER);
    gauge_busy(run, at, shared);
    schedule(run, at, shared);
}

void gd_shared_done(gd_run *run, uint32_t at, uint64_t word)
{
    gd_shared *shared = shared_of(run, at);
    if (shared->word != word)
        return;
    advance(run, &GD_INSTANCES(run)[at], shared);
    uint32_t slot = shared->root;
    gd_frame_side *side = &GD_SIDES(run)[slot];
    if (shared->attained < side->tag)
        shared->attained = side->tag; /* the rounding of the wait, never more than stated above */
    shared->root = merge(run, side->left, side->right);
    shared->n--;
    gauge_busy(run, at, shared);
    schedule(run, at, shared);

    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan_service *service = &run->plan->services[GD_INSTANCES(run)[at].service];
    gd_span work = side->remaining;
    side->remaining = 0;
    side->word = 0;
    frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
    gd_fold(run, service->salt, GD_EV_WORK, frame->key);
    gd_frame_account(run, slot, work);
    frame->pc++;
    if (run->plan->steps[frame->pc].kind != GD_STEP_REFUSE)
        gd_hist_add(&GD_SERVICES(run)[GD_INSTANCES(run)[at].service].service, &run->hists, work);
    gd_frame_run(run, slot);
}

void gd_shared_pause(gd_run *run, uint32_t at)
{
    gd_shared *shared = shared_of(run, at);
    advance(run, &GD_INSTANCES(run)[at], shared);
    shared->word = 0;
}

void gd_shared_wake(gd_run *run, uint32_t at)
{
    gd_shared *shared = shared_of(run, at);
    shared->changed = run->now; /* nothing was attained while it hung */
    schedule(run, at, shared);
}

void gd_shared_rescale(gd_run *run, uint32_t at, gd_share was, gd_share is)
{
    gd_shared *shared = shared_of(run, at);
    advance(run, &GD_INSTANCES(run)[at], shared);
    /* The heap is built anew: rounding makes equals of jobs that were not. */
    uint32_t scaled = GD_NONE, rest = shared->root;
    gd_frame_side *sides = GD_SIDES(run);
    while (rest != GD_NONE) {
        uint32_t top = rest;
        rest = merge(run, sides[top].left, sides[top].right);
        sides[top].left = sides[top].right = GD_NONE;
        gd_i128 left = ((gd_i128)sides[top].tag - (gd_i128)shared->attained) * is / was;
        left = left < GD_NEVER ? left : GD_NEVER;
        sides[top].tag = (uint64_t)((gd_i128)shared->attained + left);
        scaled = merge(run, scaled, top);
    }
    shared->root = scaled;
    schedule(run, at, shared);
}

void gd_shared_resize(gd_run *run, uint32_t at, uint32_t workers)
{
    gd_shared *shared = shared_of(run, at);
    advance(run, &GD_INSTANCES(run)[at], shared);
    GD_INSTANCES(run)[at].workers = workers;
    gauge_busy(run, at, shared);
    schedule(run, at, shared);
}
