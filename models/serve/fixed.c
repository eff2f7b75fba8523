/* A fixed limit on how many requests may be inside an instance, queued or in work: one more is
 * shed. The simplest bulkhead of a server; it is as good as the number in it.
 *
 * Source: patterns 4.2 `inflight`, 4.5; Netflix concurrency-limits, FixedLimit.
 */
#include "models/serve/limit.h"

static const gd_counter_row counters[] = {GD_LIMIT_COUNTER_ROWS, {0}};

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
    limiter->limit = (int64_t)spec->max << GD_LIMIT_BITS;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    gd_limit_sample ignored;
    gd_limiter_finish(at, slot, outcome, &ignored);
}

const gd_serve_kind gd_serve_fixed = {
    .name = "fixed",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = gd_limiter_arrive,
    .enter = gd_limiter_enter,
    .finish = finish,
};

static const gd_field fields[] = {
    {.name = "limit",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(gd_limit_spec, max),
     .required = true,
     .min = 1,
     .max = 1000000,
     .unit = "requests",
     .help = "that may be inside one instance, queued or in work"},
    {0},
};

const gd_shape gd_fixed_shape = {
    .name = "fixed",
    .help = "a number that does not change",
    .source = "Netflix concurrency-limits FixedLimit",
    .bytes = sizeof(gd_limit_spec),
    .fields = fields,
    .bare = "limit",
    .concept =
        &(const gd_concept){
            .title = "Concurrency limit",
            .idea = "At most so many requests inside an instance; one more is refused at once.",
            .cures = "Queues that grow without end, memory and threads that run out.",
            .cures_not = "A capacity that changes: the number is right for one state only.",
            .price = "Somebody must find the number, and find it again after each change.",
            .dangerous_with = "Calls of very different cost behind one number.",
            .numbers = "Little: limit = wanted throughput x wanted latency.",
            .source = "patterns 4.5; Netflix concurrency-limits",
            .pattern = "concurrency-limit",
        },
};
