/* Vegas: the least round trip ever seen is that of an empty instance; what is above it is queue.
 * The limit grows while the queue is short and falls when it is long, before anything is dropped.
 *
 *   queue = ceil(limit x (1 - rtt0 / rtt)), L = log10 of the limit, at least 1
 *   dropped              limit - L
 *   inside x 2 < limit   unchanged
 *   queue <= L           limit + 6 L
 *   queue < 3 L          limit + L
 *   queue > 6 L          limit - L
 *   then within [1, max], and smoothed: (1 - s) old + s new
 *
 * rtt0 is measured anew now and then: when the samples since the last time are j x 30 x limit, with
 * j uniform in [0.5, 1), the sample of that moment is the new rtt0. A smaller rtt replaces it too.
 * Source: Netflix concurrency-limits, VegasLimit.
 */
#include "models/serve/limit.h"

#define SALT_PROBE UINT64_C(0x5665676173203031) /* "Vegas 01": the share of the probe's count */

enum { PROBES = GD_LIMIT_COUNTERS, DROPPED, IN_BETWEEN };
static const gd_counter_row counters[] = {
    GD_LIMIT_COUNTER_ROWS,
    {"probes", NULL},
    {"dropped", NULL},
    {"in_between", "the queue is neither short nor long: the limit stays"},
    {0},
};

typedef struct {
    gd_limiter limiter;
    gd_span rtt0;    /* 0: none yet */
    uint64_t since;  /* samples since the last probe */
    uint64_t jitter; /* 2^-64: the next probe's */
    uint32_t probes;
} vegas;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(vegas);
}

/* U(0.5, 1) in 2^-64, addressed by the instance and the number of the probe. */
static uint64_t jitter_of(const gd_serve_at *at, uint32_t probe)
{
    uint64_t key = gd_mix(at->run->key, at->run->plan->instances[at->instance].salt);
    uint64_t u = gd_mix_n(gd_mix(key, SALT_PROBE), probe);
    return UINT64_C(1) << 63 | u >> 1;
}

static void reset(const gd_serve_at *at)
{
    const gd_limit_spec *spec = at->spec;
    vegas *v = at->mine;
    v->limiter.touched = at->run->now;
    v->limiter.limit =
        gd_limit_clamp((int64_t)spec->initial << GD_LIMIT_BITS, spec->min, spec->max);
    v->jitter = jitter_of(at, 0);
}

static bool is_probe(const gd_limit_spec *spec, const vegas *v)
{
    gd_u128 wanted = (gd_u128)v->jitter * spec->probe_multiplier * (uint64_t)v->limiter.limit;
    return (gd_u128)v->since << GD_LIMIT_BITS >= wanted >> 64;
}

static int64_t log10_of(int64_t limit)
{
    int64_t log = 0;
    for (int64_t n = limit >> GD_LIMIT_BITS; n >= 10; n /= 10)
        log++;
    return log > 1 ? log : 1;
}

/* Source's updateEstimatedLimit, before clamping. */
static int64_t next_limit(const gd_serve_at *at, const vegas *v, const gd_limit_sample *sample)
{
    int64_t limit = v->limiter.limit, step = log10_of(limit);
    if (sample->dropped) {
        gd_serve_count(at, DROPPED);
        return limit - step * GD_LIMIT_ONE;
    }
    if ((int64_t)sample->inside * 2 * GD_LIMIT_ONE < limit) {
        gd_serve_count(at, GD_LIMIT_IDLE);
        return limit;
    }
    gd_i128 whole = (gd_i128)limit * (sample->rtt - v->rtt0);
    gd_i128 one = (gd_i128)sample->rtt << GD_LIMIT_BITS;
    int64_t queue = (int64_t)((whole + one - 1) / one);
    if (queue <= step)
        return limit + 6 * step * GD_LIMIT_ONE;
    if (queue < 3 * step)
        return limit + step * GD_LIMIT_ONE;
    if (queue > 6 * step)
        return limit - step * GD_LIMIT_ONE;
    gd_serve_count(at, IN_BETWEEN);
    return limit;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    const gd_limit_spec *spec = at->spec;
    vegas *v = at->mine;
    gd_limit_sample sample;
    if (!gd_limiter_finish(at, slot, outcome, &sample))
        return;
    v->since++;
    if (is_probe(spec, v)) {
        gd_serve_count(at, PROBES);
        v->since = 0;
        v->jitter = jitter_of(at, ++v->probes);
        v->rtt0 = sample.rtt;
        return;
    }
    if (v->rtt0 == 0 || sample.rtt < v->rtt0) {
        v->rtt0 = sample.rtt;
        return;
    }
    int64_t limit = next_limit(at, v, &sample);
    if (limit == v->limiter.limit)
        return;
    limit = gd_limit_clamp(limit, spec->min, spec->max);
    limit = v->limiter.limit +
            (int64_t)((gd_i128)(limit - v->limiter.limit) * spec->smoothing / GD_SHARE_ONE);
    gd_limiter_set(at, &v->limiter, limit);
}

const gd_serve_kind gd_serve_vegas = {
    .name = "vegas",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = gd_limiter_arrive,
    .enter = gd_limiter_enter,
    .finish = finish,
};

#define S gd_limit_spec
static const gd_field fields[] = {
    GD_LIMIT_INITIAL("20", "VegasLimit"),
    GD_LIMIT_MIN("1", "VegasLimit"),
    GD_LIMIT_MAX("1000", "VegasLimit"),
    GD_FIELD_ROW(S, smoothing, GD_FIELD_SHARE, .fallback = "1", .min = 1, .max = GD_SHARE_ONE,
                 .help = "how much of a change is made at once", .source = "VegasLimit"),
    GD_FIELD_ROW(S, probe_multiplier, GD_FIELD_COUNT, .fallback = "30", .min = 1, .max = 1000000,
                 .help = "the least round trip is measured anew after some so many times the "
                         "limit of answers",
                 .source = "VegasLimit"),
    GD_LIMIT_WINDOW("\"0s\"", "VegasLimit by itself: each answer"),
    GD_LIMIT_WINDOW_SIZE,
    {0},
};
#undef S

const gd_shape gd_vegas_shape = {
    .name = "vegas",
    .help = "by the queue that the least round trip lets it guess",
    .source = "Netflix concurrency-limits VegasLimit",
    .bytes = sizeof(gd_limit_spec),
    .fields = fields,
    .check = gd_limit_check,
    .concept =
        &(const gd_concept){
            .title = "Adaptive concurrency: Vegas",
            .idea = "Round trips above the least one are queue; keep the queue at a few requests.",
            .cures = "Overload with unknown capacity, before anything is dropped.",
            .cures_not = "Service times that differ by nature: slow requests look like a queue.",
            .price = "A wrong least round trip (cache hits, a quiet hour) makes the limit fall.",
            .dangerous_with = "Mixed costs behind one limit; cold caches.",
            .numbers = "Queue kept between 3 and 6 log10(limit) requests.",
            .source = "Netflix concurrency-limits; patterns 4.5, 12.16",
            .pattern = "adaptive-concurrency",
        },
};
