#include "models/serve/limit.h"

/* Netflix's concurrency-limits call a sample dropped when it timed out or was refused further down;
 * its gRPC interceptor: UNAVAILABLE and DEADLINE_EXCEEDED. */
bool gd_limit_is_drop(gd_outcome outcome)
{
    return outcome == GD_SHED || outcome == GD_TIMEOUT || outcome == GD_DEADLINE_EXCEEDED ||
           outcome == GD_UNAVAILABLE || outcome == GD_RATE_LIMITED;
}

void gd_limiter_touch(const gd_serve_at *at, gd_limiter *limiter)
{
    gd_run *run = at->run;
    gd_u128 area = (gd_u128)(run->now - limiter->touched) * (uint64_t)limiter->limit;
    area = (area >> GD_LIMIT_BITS) + limiter->rest;
    gd_count(run, at->counters + GD_LIMIT_SECONDS, (uint64_t)(area / (gd_u128)GD_S));
    limiter->rest = (uint64_t)(area % (gd_u128)GD_S);
    limiter->touched = run->now;
}

void gd_limiter_set(const gd_serve_at *at, gd_limiter *limiter, int64_t limit)
{
    int64_t before = limiter->limit >> GD_LIMIT_BITS, now = limit >> GD_LIMIT_BITS;
    gd_limiter_touch(at, limiter);
    limiter->limit = limit;
    if (before != 0 && now != before)
        gd_serve_count(at, now > before ? GD_LIMIT_RAISED : GD_LIMIT_LOWERED);
}

gd_outcome gd_limiter_arrive(const gd_serve_at *at, uint32_t slot)
{
    (void)slot;
    const gd_limiter *limiter = at->mine;
    if (limiter->inside < (uint64_t)(limiter->limit >> GD_LIMIT_BITS))
        return GD_OK;
    gd_serve_count(at, GD_LIMIT_REFUSED);
    return GD_SHED;
}

void gd_limiter_enter(const gd_serve_at *at, uint32_t slot)
{
    gd_limiter *limiter = at->mine;
    GD_SIDES(at->run)[slot].inside = ++limiter->inside;
}

static bool window_is_over(const gd_limit_spec *spec, gd_limiter *limiter, gd_time now,
                           gd_limit_sample *sample)
{
    if (now < limiter->next || limiter->samples < spec->window_size)
        return false;
    *sample = (gd_limit_sample){
        .rtt = limiter->sum / limiter->samples,
        .inside = limiter->most_inside,
        .dropped = limiter->dropped,
    };
    /* WindowedLimit: twice the least round trip, between a shortest and a longest window, which are
     * one number by default. */
    limiter->next = gd_time_add(now, spec->window);
    limiter->samples = limiter->most_inside = 0;
    limiter->sum = 0;
    limiter->dropped = false;
    return true;
}

bool gd_limiter_finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome,
                       gd_limit_sample *sample)
{
    const gd_limit_spec *spec = at->spec;
    gd_limiter *limiter = at->mine;
    gd_run *run = at->run;
    limiter->inside--;
    gd_limiter_touch(at, limiter);
    bool dropped = gd_limit_is_drop(outcome);
    if (!dropped && !gd_outcome_rows[outcome].good)
        return false;
    gd_span rtt = run->now - GD_FRAMES(run)[slot].arrived;
    uint32_t inside = GD_SIDES(run)[slot].inside;
    if (spec->window == 0) {
        *sample = (gd_limit_sample){.rtt = rtt > 0 ? rtt : 1, .inside = inside, .dropped = dropped};
        return true;
    }
    limiter->samples++;
    limiter->sum = gd_time_add(limiter->sum, rtt > 0 ? rtt : 1);
    limiter->most_inside = inside > limiter->most_inside ? inside : limiter->most_inside;
    limiter->dropped |= dropped;
    return window_is_over(spec, limiter, run->now, sample);
}

void gd_limit_check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_limit_spec *limit = spec;
    if (limit->min > limit->max)
        gd_problem(problems, node, "min is %u and max is %u; write a min of at most %u", limit->min,
                   limit->max, limit->max);
    else if (limit->initial < limit->min || limit->initial > limit->max)
        gd_problem(problems, node, "initial is %u, which is not between min %u and max %u",
                   limit->initial, limit->min, limit->max);
}
