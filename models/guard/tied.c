/* Tied copies: each knows where its twin is. The server that starts one says so to the other's,
 * which takes it out of its queue, or turns it away when it comes; both answer `cancelled` without
 * service. A server that has begun goes on: when both were idle and the copies were sent within the
 * time of that message, both do the work.
 *
 * Source: Dean, Barroso, "The Tail at Scale", CACM 2013 (a second copy after twice the network's
 * delay).
 */
#include "models/guard/hedge.h"
#include "models/guard/policy.h"

/* The hedge of the call that a tied frame is a copy of; false: nobody waits for it any more. */
static bool find_twins(gd_run *run, const gd_frame *frame, gd_policy_at *at)
{
    const gd_plan *plan = run->plan;
    const gd_plan_site *site = &plan->sites[frame->site];
    if (!site->tied || frame->by != GD_BY_CALL ||
        GD_CALLS(run)[frame->caller].age != frame->caller_age)
        return false;
    uint32_t whole = gd_call_whole(run, frame->caller);
    for (uint32_t level = 0; level < site->chain_n; level++) {
        const gd_plan_policy *policy = &plan->policies[site->chain_first + level];
        if (policy->kind != GD_POLICY_HEDGE)
            continue;
        *at = (gd_policy_at){.run = run,
                             .site = site,
                             .spec = policy->spec,
                             .call = whole,
                             .level = level,
                             .counters = policy->counters};
        *at = gd_policy_of_call(at, whole);
        return true;
    }
    return false;
}

static void untie(const gd_policy_at *at, uint32_t call, uint32_t starter)
{
    const gd_call *twin = &GD_CALLS(at->run)[call];
    if (twin->state != GD_CALL_SENT || twin->target == starter)
        return;
    const gd_frame *frame = &GD_FRAMES(at->run)[twin->frame];
    if (frame->by == GD_BY_CALL && frame->caller == call && frame->caller_age == twin->age)
        gd_cancel_tied(at->run, twin->frame, starter);
}

void gd_hedge_tied_starts(gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_policy_at at;
    if (!find_twins(run, frame, &at))
        return;
    gd_hedge_call *mine = at.mine;
    if (mine->started != 0)
        return;
    uint32_t starter = frame->instance;
    mine->started = run->now + 1;
    mine->starter = starter;
    untie(&at, at.call, starter);
    for (uint32_t i = GD_CALLS(run)[at.call].copies; i != 0;
         i = (uint32_t)GD_CALLS(run)[i - 1].begun)
        untie(&at, i - 1, starter);
}

bool gd_hedge_tied_arrives(gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_policy_at at;
    if (!find_twins(run, frame, &at))
        return false;
    const gd_hedge_call *mine = at.mine;
    if (mine->started == 0 || mine->starter == frame->instance)
        return false;
    gd_span travels = gd_network_between(run, mine->starter, frame->instance, frame->key);
    return gd_time_add(mine->started - 1, travels) <= run->now;
}

void gd_hedge_untied(gd_run *run, uint32_t slot)
{
    gd_policy_at at;
    if (find_twins(run, &GD_FRAMES(run)[slot], &at))
        gd_policy_count(&at, GD_HEDGE_UNTIED, 1);
}
