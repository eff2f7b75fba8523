/* Faults: what they do to an instance, a site or a link is worked out from the whole list whenever
 * somebody asks. Factors multiply, shares combine as 1 - product of (1 - p), the rest adds up. */
#include "tests/naive/world.h"

#define RAMP_STEPS 64

/* ---- effects -----------------------------------------------------------------------------------
 */
/* How many of its targets a fault has: of what is only on or off, the first intensity x n. */
static uint32_t reach_of(const gd_plan_fault *fault, gd_share intensity)
{
    bool on_off = fault->lever == GD_LEVER_DOWN || fault->lever == GD_LEVER_HANG ||
                  fault->lever == GD_LEVER_CUT;
    if (!on_off || intensity == 0)
        return intensity ? fault->targets_n : 0;
    return (uint32_t)(((gd_i128)fault->targets_n * intensity + GD_SHARE_ONE - 1) / GD_SHARE_ONE);
}

static bool has_target(const nv_world *w, uint32_t index, uint32_t target)
{
    const gd_plan_fault *fault = &w->plan->faults[index];
    uint32_t n = reach_of(fault, w->intensity[index]);
    for (uint32_t i = 0; i < n; i++)
        if (w->plan->targets[fault->targets_first + i] == target)
            return true;
    return false;
}

static gd_share part_of(gd_share factor, gd_share intensity)
{
    return GD_SHARE_ONE + (gd_share)((gd_i128)(factor - GD_SHARE_ONE) * intensity / GD_SHARE_ONE);
}

static uint64_t either(uint64_t a, uint64_t b)
{
    gd_u128 neither = (gd_u128)(UINT64_MAX - a) * (UINT64_MAX - b);
    return UINT64_MAX - (uint64_t)(neither >> 64);
}

nv_effect nv_effect_on(const nv_world *w, gd_target_kind on, uint32_t target)
{
    nv_effect e = {.factor = GD_SHARE_ONE, .limit = GD_NONE};
    for (uint32_t i = 0; i < w->plan->n_faults; i++) {
        const gd_plan_fault *fault = &w->plan->faults[i];
        gd_share intensity = w->intensity[i];
        if (fault->on != on || !has_target(w, i, target))
            continue;
        if (fault->lever == GD_LEVER_SLOW) {
            e.factor = gd_share_of(e.factor, part_of(fault->factor, intensity));
            e.added = gd_time_add(e.added, gd_share_of(fault->added, intensity));
        } else if (fault->lever == GD_LEVER_ERRORS) {
            e.errors = either(e.errors, gd_share_threshold(gd_share_of(fault->share, intensity)));
            e.outcome = (gd_outcome)fault->outcome;
        } else if (fault->lever == GD_LEVER_LIMIT) {
            e.limit = i;
        }
        e.down |= fault->lever == GD_LEVER_DOWN;
        e.hang |= fault->lever == GD_LEVER_HANG;
        e.cut |= fault->lever == GD_LEVER_CUT;
    }
    return e;
}

/* ---- what meets a request ----------------------------------------------------------------------
 */
/* A bucket of `burst` tokens that fills at `rate`, kept as the time at which it is full again. */
static bool take(nv_world *w, uint32_t bucket, gd_rate rate, uint32_t burst)
{
    gd_i128 token = (gd_i128)GD_RATE_HZ * GD_S / rate;
    gd_i128 full = MAX(w->buckets[bucket], w->now);
    if (full - w->now > token * (burst - 1))
        return false;
    w->buckets[bucket] = (gd_time)MIN(full + token, GD_NEVER);
    return true;
}

static bool is_limited(nv_world *w, uint32_t fault)
{
    if (fault == GD_NONE)
        return false;
    const gd_plan_fault *limit = &w->plan->faults[fault];
    return !take(w, fault, limit->limit, limit->burst);
}

gd_outcome nv_verdict_on(nv_world *w, const nv_task *task)
{
    nv_effect edge = nv_effect_on(w, GD_ON_SITES, task->site);
    nv_effect here = nv_effect_on(w, GD_ON_INSTANCES, task->instance);
    const gd_plan_service *service = nv_service_of(w, task->instance);
    uint32_t bucket = w->plan->n_faults + w->plan->instances[task->instance].service;
    if (edge.hang)
        return GD_OUTCOMES;
    if (edge.errors && gd_mix(task->key, NV_SALT_SITE_ERROR) <= edge.errors)
        return edge.outcome;
    if (is_limited(w, edge.limit))
        return GD_RATE_LIMITED;
    if (w->instances[task->instance].refuses)
        return GD_REFUSED;
    if (service->unavailable && gd_mix(task->key, NV_SALT_QUOTA) < service->unavailable)
        return GD_UNAVAILABLE;
    if (here.errors && gd_mix(task->key, NV_SALT_ERROR) <= here.errors)
        return here.outcome;
    if (is_limited(w, here.limit))
        return GD_RATE_LIMITED;
    gd_rate second = MAX(service->quota / GD_RATE_HZ, 1);
    if (service->quota && !take(w, bucket, service->quota, (uint32_t)second))
        return GD_RATE_LIMITED;
    return GD_OK;
}

/* ---- changes -----------------------------------------------------------------------------------
 */
static void started(nv_world *w, void *subject, unsigned at)
{
    nv_instance *instance = subject;
    if (instance->down || !instance->refuses || w->now < instance->up_at)
        return; /* it went down again while it started */
    instance->refuses = false;
    nv_fold(w, w->plan->instances[at].salt, NV_STARTED, 0);
    nv_happened(w, GD_HAPPENED_STARTED, w->plan->instances[at].service,
                w->plan->instances[at].ordinal);
}

static void restart(nv_world *w, uint32_t at)
{
    const gd_plan_service *service = nv_service_of(w, at);
    nv_instance *instance = &w->instances[at];
    gd_span start_up = service->start_up;
    if (service->start_up_dist != GD_NONE) {
        uint64_t key = gd_mix(gd_mix(w->key, w->plan->instances[at].salt), NV_SALT_START);
        start_up = gd_dist_sample(&w->plan->dists[service->start_up_dist],
                                  gd_mix_n(key, instance->starts++));
    }
    instance->up_at = gd_time_add(w->now, start_up);
    if (start_up > 0)
        nv_at(w, instance->up_at, NV_RANK_LEVER, started, instance, at);
    else
        started(w, instance, at);
}

void nv_restart(nv_world *w, uint32_t at)
{
    if (w->instances[at].refuses)
        return; /* it is not up anyway */
    w->instances[at].refuses = true;
    nv_crash(w, at);
    restart(w, at);
}

static void instance_changed(nv_world *w, uint32_t at, bool running_too)
{
    nv_instance *instance = &w->instances[at];
    nv_effect e = nv_effect_on(w, GD_ON_INSTANCES, at);
    bool was_down = instance->down, was_hung = instance->hung;
    gd_share before = instance->factor;
    if (e.hang && !was_hung && nv_service_of(w, at)->discipline == GD_PS)
        nv_shared_pause(w, at);
    instance->down = e.down;
    instance->hung = e.hang;
    instance->factor = e.factor;
    if (e.down && !was_down) {
        instance->refuses = true;
        nv_crash(w, at);
    } else if (was_down && !e.down) {
        restart(w, at);
    }
    if (was_hung && !e.hang && !instance->refuses)
        nv_unhang(w, at);
    if (running_too && before != e.factor)
        nv_rescale(w, at, before, e.factor);
}

static bool is_swallowed(const nv_task *task, uint32_t site)
{
    return task->swallowed && task->site == site;
}

static void site_changed(nv_world *w, uint32_t site)
{
    bool hung = nv_effect_on(w, GD_ON_SITES, site).hang, before = w->site_hung[site];
    w->site_hung[site] = hung;
    if (hung || !before)
        return;
    GPtrArray *tasks = nv_tasks_where(w, is_swallowed, site);
    for (guint i = 0; i < tasks->len; i++) {
        nv_task *task = tasks->pdata[i];
        task->swallowed = false;
        nv_at(w, w->now, NV_RANK_ARRIVAL, nv_task_request, task, 0);
    }
    g_ptr_array_unref(tasks);
}

static void client_changed(nv_world *w, uint32_t client)
{
    gd_share load = GD_SHARE_ONE;
    for (uint32_t i = 0; i < w->plan->n_faults; i++)
        if (w->plan->faults[i].lever == GD_LEVER_LOAD && has_target(w, i, client))
            load = gd_share_of(load, part_of(w->plan->faults[i].factor, w->intensity[i]));
    nv_client_reload(w, client, load);
}

static void set_intensity(nv_world *w, void *subject, unsigned index)
{
    const gd_plan_fault *fault = subject;
    gd_share before = w->intensity[index], now = GD_SHARE_ONE;
    gd_span step = MAX(fault->ramp / RAMP_STEPS, 1);
    if (w->now >= fault->end) {
        now = 0;
    } else if (w->now - fault->start < fault->ramp) {
        int64_t steps = (w->now - fault->start) / step + 1;
        now = MIN(steps * (GD_SHARE_ONE / RAMP_STEPS), GD_SHARE_ONE);
        if (w->now + step < fault->end)
            nv_at(w, w->now + step, NV_RANK_LEVER, set_intensity, subject, index);
    }
    if (now == before)
        return;
    w->intensity[index] = now;
    nv_fold(w, fault->salt, NV_LEVER, (uint64_t)now);
    if (before == 0)
        nv_happened(w, GD_HAPPENED_FAULT_BEGAN, index, 0);
    else if (now == 0)
        nv_happened(w, GD_HAPPENED_FAULT_ENDED, index, 0);
    for (uint32_t t = 0; t < fault->targets_n; t++) {
        uint32_t target = w->plan->targets[fault->targets_first + t];
        if (fault->on == GD_ON_INSTANCES)
            instance_changed(w, target, fault->running_too);
        else if (fault->on == GD_ON_SITES)
            site_changed(w, target);
        else if (fault->on == GD_ON_CLIENTS)
            client_changed(w, target);
    }
}

void nv_lever_start(nv_world *w)
{
    for (uint32_t i = 0; i < w->plan->n_faults; i++) {
        const gd_plan_fault *fault = &w->plan->faults[i];
        nv_at(w, fault->start, NV_RANK_LEVER, set_intensity, (void *)fault, i);
        if (fault->end != GD_NEVER)
            nv_at(w, fault->end, NV_RANK_LEVER, set_intensity, (void *)fault, i);
    }
}
