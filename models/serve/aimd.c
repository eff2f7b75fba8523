/* AIMD: the limit grows by one while it is used and all is well, and falls by a factor at a drop or
 * at an answer later than `timeout`: TCP's congestion avoidance for requests.
 *
 *   dropped or rtt > timeout    limit := floor(limit x backoff_ratio)
 *   else inside x 2 >= limit    limit := limit + 1
 *   then within [min, max]
 *
 * Source: Netflix concurrency-limits, AIMDLimit.
 */
#include "models/serve/limit.h"

enum { DROPPED = GD_LIMIT_COUNTERS, LATE };
static const gd_counter_row counters[] = {
    GD_LIMIT_COUNTER_ROWS, {"dropped", NULL}, {"late", NULL}, {0}};

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(gd_limiter);
}

static void reset(const gd_serve_at *at)
{
    const gd_limit_spec *spec = at->spec;
    gd_limiter *limiter = at->mine;
    limiter->touched = at->run->now;
    limiter->limit = gd_limit_clamp((int64_t)spec->initial << GD_LIMIT_BITS, spec->min, spec->max);
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    const gd_limit_spec *spec = at->spec;
    gd_limiter *limiter = at->mine;
    gd_limit_sample sample;
    if (!gd_limiter_finish(at, slot, outcome, &sample))
        return;
    int64_t limit = limiter->limit;
    if (sample.dropped || sample.rtt > spec->timeout) {
        gd_serve_count(at, sample.dropped ? DROPPED : LATE);
        limit = gd_share_of(limit, spec->backoff_ratio) & ~(GD_LIMIT_ONE - 1);
    } else if ((int64_t)sample.inside * 2 >= limit >> GD_LIMIT_BITS) {
        limit += GD_LIMIT_ONE;
    } else {
        gd_serve_count(at, GD_LIMIT_IDLE);
    }
    gd_limiter_set(at, limiter, gd_limit_clamp(limit, spec->min, spec->max));
}

const gd_serve_kind gd_serve_aimd = {
    .name = "aimd",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = gd_limiter_arrive,
    .enter = gd_limiter_enter,
    .finish = finish,
};

#define S gd_limit_spec
static const gd_field fields[] = {
    GD_LIMIT_INITIAL("20", "AIMDLimit"),
    GD_LIMIT_MIN("20", "AIMDLimit"),
    GD_LIMIT_MAX("200", "AIMDLimit"),
    GD_FIELD_ROW(S, backoff_ratio, GD_FIELD_SHARE, .fallback = "0.9", .min = GD_SHARE_ONE / 2,
                 .max = GD_SHARE_ONE - 1, .help = "what is left of the limit after a drop",
                 .source = "AIMDLimit: 0.5 to below 1"),
    GD_FIELD_ROW(S, timeout, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = 1, .max = GD_HOUR,
                 .help = "a later answer counts as dropped", .source = "AIMDLimit"),
    GD_LIMIT_WINDOW("\"0s\"", "AIMDLimit by itself: each answer"),
    GD_LIMIT_WINDOW_SIZE,
    {0},
};
#undef S

const gd_shape gd_aimd_shape = {
    .name = "aimd",
    .help = "one more while all is well, a tenth less at a drop",
    .source = "Netflix concurrency-limits AIMDLimit",
    .bytes = sizeof(gd_limit_spec),
    .fields = fields,
    .check = gd_limit_check,
    .concept =
        &(const gd_concept){
            .title = "Adaptive concurrency: AIMD",
            .idea = "Add one while answers are good and the limit is used; take a tenth at a drop.",
            .cures = "Overload when nobody knows the capacity.",
            .cures_not = "Slowness that never becomes a drop or a time-out: it sees nothing else.",
            .price = "A saw-tooth: it must overload a little, again and again, to learn.",
            .dangerous_with = "Drops of another cause: it throttles for them too.",
            .numbers = "With one answer in n dropped the limit settles near 10 n.",
            .source = "Netflix concurrency-limits; patterns 4.5",
            .pattern = "adaptive-concurrency",
        },
};
