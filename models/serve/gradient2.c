/* Gradient2: short round trips against a long exponential average of them.
 *
 *   long    the mean of the first 10 samples, then long + 2 / (long_window + 1) x (rtt - long)
 *   long / rtt > 2             long := 0.95 long (it comes down faster than it would by itself)
 *   inside < limit / 2         unchanged
 *   g     = max(0.5, min(1, tolerance x long / rtt))
 *   limit := (1 - s) limit + s (limit x g + queue_size), within [min, max]
 *
 * Source: Netflix concurrency-limits, Gradient2Limit and ExpAvgMeasurement; g takes the average
 * before it comes down, as there. The average is kept in 2^-16 ns, rounded down.
 */
#include "models/serve/limit.h"

#define WARM_UP   10u /* samples: ExpAvgMeasurement in Gradient2Limit */
#define LONG_BITS 16
#define HALF      (GD_SHARE_ONE / 2)

enum { DRIFTED = GD_LIMIT_COUNTERS };
static const gd_counter_row counters[] = {GD_LIMIT_COUNTER_ROWS, {"long_reduced", NULL}, {0}};

/* A state's bytes begin at a multiple of 8. */
typedef gd_i128 total __attribute__((aligned(8)));

typedef struct {
    gd_limiter limiter;
    total sum;        /* of the first samples */
    uint64_t average; /* long, in 2^-LONG_BITS ns */
    uint32_t samples; /* up to WARM_UP */
} gradient2;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(gradient2);
}

static void reset(const gd_serve_at *at)
{
    const gd_limit_spec *spec = at->spec;
    gradient2 *g = at->mine;
    g->limiter.touched = at->run->now;
    g->limiter.limit =
        gd_limit_clamp((int64_t)spec->initial << GD_LIMIT_BITS, spec->min, spec->max);
}

/* ExpAvgMeasurement::add. */
static uint64_t add_to_average(const gd_limit_spec *spec, gradient2 *g, gd_span rtt)
{
    gd_i128 sample = (gd_i128)(rtt < GD_HOUR ? rtt : GD_HOUR) << LONG_BITS; /* fits 64 bits */
    if (g->samples < WARM_UP) {
        g->samples++;
        g->sum += sample;
        g->average = (uint64_t)(g->sum / g->samples);
    } else {
        gd_i128 step = (sample - (gd_i128)g->average) * 2 / (spec->long_window + 1);
        g->average = (uint64_t)((gd_i128)g->average + step);
    }
    return g->average;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    const gd_limit_spec *spec = at->spec;
    gradient2 *g = at->mine;
    gd_limit_sample sample;
    if (!gd_limiter_finish(at, slot, outcome, &sample))
        return;
    uint64_t average = add_to_average(spec, g, sample.rtt);
    gd_i128 rtt = (gd_i128)sample.rtt << LONG_BITS;
    if ((gd_i128)average > 2 * rtt) {
        g->average = (uint64_t)((gd_i128)average * 95 / 100);
        gd_serve_count(at, DRIFTED);
    }
    int64_t limit = g->limiter.limit;
    if ((int64_t)sample.inside * 2 * GD_LIMIT_ONE < limit) {
        gd_serve_count(at, GD_LIMIT_IDLE);
        return;
    }
    gd_i128 ratio = (gd_i128)average * spec->tolerance / rtt;
    gd_share gradient = ratio < HALF ? HALF : ratio > GD_SHARE_ONE ? GD_SHARE_ONE : (gd_share)ratio;
    int64_t wanted = gd_share_of(limit, gradient) + (int64_t)spec->queue_size * GD_LIMIT_ONE;
    limit += (int64_t)((gd_i128)(wanted - limit) * spec->smoothing / GD_SHARE_ONE);
    gd_limiter_set(at, &g->limiter, gd_limit_clamp(limit, spec->min, spec->max));
}

const gd_serve_kind gd_serve_gradient2 = {
    .name = "gradient2",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = gd_limiter_arrive,
    .enter = gd_limiter_enter,
    .finish = finish,
};

#define S gd_limit_spec
static const gd_field fields[] = {
    GD_LIMIT_INITIAL("20", "Gradient2Limit"),
    GD_LIMIT_MIN("20", "Gradient2Limit"),
    GD_LIMIT_MAX("200", "Gradient2Limit"),
    GD_FIELD_ROW(S, smoothing, GD_FIELD_SHARE, .fallback = "0.2", .min = 1, .max = GD_SHARE_ONE,
                 .help = "how much of a change is made at once", .source = "Gradient2Limit"),
    GD_FIELD_ROW(S, long_window, GD_FIELD_COUNT, .fallback = "600", .min = 1, .max = 1000000,
                 .unit = "samples", .help = "of the long average", .source = "Gradient2Limit"),
    GD_FIELD_ROW(S, tolerance, GD_FIELD_FACTOR, .fallback = "1.5", .min = GD_SHARE_ONE,
                 .max = 100 * GD_SHARE_ONE,
                 .help = "round trips up to so many times the long average are no queue",
                 .source = "Gradient2Limit rttTolerance"),
    GD_FIELD_ROW(S, queue_size, GD_FIELD_COUNT, .fallback = "4", .min = 0, .max = 1000000,
                 .unit = "requests", .help = "a queue that is welcome", .source = "Gradient2Limit"),
    GD_LIMIT_WINDOW("\"1s\"", "Netflix concurrency-limits WindowedLimit"),
    GD_LIMIT_WINDOW_SIZE,
    {0},
};
#undef S

const gd_shape gd_gradient2_shape = {
    .name = "gradient2",
    .help = "by short round trips against their long average",
    .source = "Netflix concurrency-limits Gradient2Limit",
    .bytes = sizeof(gd_limit_spec),
    .fields = fields,
    .check = gd_limit_check,
    .concept =
        &(const gd_concept){
            .title = "Adaptive concurrency: Gradient2",
            .idea = "Compare the round trip now with its long average; shrink by their ratio.",
            .cures = "Overload with unknown capacity; sudden slowness.",
            .cures_not = "Slowness that lasts: the long average follows, and it becomes normal.",
            .price = "Limits rise by some requests a window: slow to use new capacity.",
            .dangerous_with = "Start-up, when the long average is of a cold instance.",
            .numbers = "600 samples of memory, 1.5 times tolerated, 4 queued, 20 to 200.",
            .source = "Netflix concurrency-limits; patterns 4.5",
            .pattern = "adaptive-concurrency",
        },
};
