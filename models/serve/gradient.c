/* Envoy's adaptive concurrency: the least round trip is measured now and then with nearly nobody
 * inside, and the limit follows the ratio of it to the round trips since.
 *
 *   minRTT window    limit := min_concurrency; after request_count answers minRTT := their
 *                    percentile, and the old limit is back. Again every `interval` + U(0, jitter),
 *                    and at once when the limit sat at its least for 5 sample windows in a row
 *   sample window    every update_interval: sampleRTT := the percentile of its answers
 *                    gradient = (minRTT + minRTT x buffer) / sampleRTT, within [0.5, 2]
 *                    L = limit x gradient; limit := L + sqrt(L), within [min_concurrency, max]
 *
 * Requests that began before the minRTT window began are no samples of it. An empty window changes
 * nothing. A side effect: while minRTT is measured all but a few requests are refused.
 * Source: Envoy gradient_controller.cc, adaptive_concurrency.proto. Its histogram and ours have
 * buckets: a percentile is off by at most 1/128.
 */
#include "models/serve/limit.h"
#include "models/serve/window.h"
#include "sim/fixed.h"

#define CONSECUTIVE 5u                           /* gradient_controller.cc */
#define SALT_JITTER UINT64_C(0x4772616469656e74) /* "Gradient" */

enum { MEASURED = GD_LIMIT_COUNTERS, REFUSED_MEASURING, EMPTY, AT_LEAST };
static const gd_counter_row counters[] = {
    GD_LIMIT_COUNTER_ROWS,       {"min_rtt_measured", NULL},
    {"refused_measuring", NULL}, {"empty_windows", "no answer in a sample window: the limit stays"},
    {"at_minimum", NULL},        {0},
};

typedef struct {
    uint64_t word; /* of the timer of the sample window */
    gd_limiter limiter;
    bool measuring;
    int64_t deferred; /* MEASURING: the limit that comes back */
    gd_time epoch;    /* when the last minRTT window began */
    gd_time again;    /* when the next one does */
    gd_span min_rtt;
    uint32_t consecutive, times;
    gd_window window;
} gradient;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(gradient);
}

static void measure(const gd_serve_at *at)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    g->measuring = true;
    g->epoch = at->run->now;
    g->deferred = g->limiter.limit;
    g->consecutive = 0;
    gd_window_clear(&g->window);
    gd_limiter_set(at, &g->limiter, (int64_t)spec->min_concurrency << GD_LIMIT_BITS);
}

static void reset(const gd_serve_at *at)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    g->limiter.touched = at->run->now;
    g->limiter.limit = (int64_t)spec->min_concurrency << GD_LIMIT_BITS;
    measure(at);
}

static void measured(const gd_serve_at *at)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    g->min_rtt = gd_window_quantile(&g->window, spec->percentile);
    g->measuring = false;
    gd_window_clear(&g->window);
    gd_serve_count(at, MEASURED);
    gd_limiter_set(at, &g->limiter, g->deferred);
    uint64_t key = gd_mix(at->run->key, at->run->plan->instances[at->instance].salt);
    uint64_t u = gd_mix_n(gd_mix(key, SALT_JITTER), g->times++);
    gd_span jitter = gd_share_of(spec->interval, spec->jitter);
    jitter = (gd_span)gd_below(u, (uint64_t)jitter + 1);
    g->again = gd_time_add(at->run->now, gd_time_add(spec->interval, jitter));
    gd_serve_timer(at, spec->update_interval);
}

static void update(const gd_serve_at *at)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    gd_span sample = gd_window_quantile(&g->window, spec->percentile);
    gd_window_clear(&g->window);
    gd_i128 wanted = (gd_i128)g->min_rtt * (GD_SHARE_ONE + spec->buffer);
    gd_i128 ratio = sample > 0 ? wanted / sample : 2 * GD_SHARE_ONE;
    gd_share slope = ratio < GD_SHARE_ONE / 2   ? GD_SHARE_ONE / 2
                     : ratio > 2 * GD_SHARE_ONE ? 2 * GD_SHARE_ONE
                                                : (gd_share)ratio;
    int64_t limit = gd_share_of(g->limiter.limit, slope);
    limit += (int64_t)gd_root((gd_u128)limit << GD_LIMIT_BITS);
    limit = gd_limit_clamp(limit, spec->min_concurrency, spec->max) & ~(GD_LIMIT_ONE - 1);
    int64_t least = (int64_t)spec->min_concurrency << GD_LIMIT_BITS;
    bool stays = limit == least && g->limiter.limit == least;
    g->consecutive = stays ? g->consecutive + 1 : 0;
    gd_limiter_set(at, &g->limiter, limit);
}

/* A sample window is over. */
static void timer(const gd_serve_at *at)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    if (g->window.count == 0)
        gd_serve_count(at, EMPTY);
    else
        update(at);
    if (g->consecutive == CONSECUTIVE)
        gd_serve_count(at, AT_LEAST);
    if (g->consecutive == CONSECUTIVE || at->run->now >= g->again)
        measure(at);
    else
        gd_serve_timer(at, MIN(spec->update_interval, g->again - at->run->now));
}

/* Envoy's controller begins with that number, and the limiter with its bytes. */
static gd_limiter *limiter_of(const gd_serve_at *at)
{
    return &((gradient *)at->mine)->limiter;
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    (void)slot;
    const gradient *g = at->mine;
    if (g->limiter.inside < (uint64_t)(g->limiter.limit >> GD_LIMIT_BITS))
        return GD_OK;
    gd_serve_count(at, GD_LIMIT_REFUSED);
    if (g->measuring)
        gd_serve_count(at, REFUSED_MEASURING);
    return GD_SHED;
}

static void enter(const gd_serve_at *at, uint32_t slot)
{
    (void)slot;
    limiter_of(at)->inside++;
}

/* Every answer is a sample, whatever it says: the filter does not look at it. What was cancelled
 * has none (Envoy: cancelLatencySample). */
static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    const gd_gradient_spec *spec = at->spec;
    gradient *g = at->mine;
    gd_time arrived = GD_FRAMES(at->run)[slot].arrived;
    g->limiter.inside--;
    gd_limiter_touch(at, &g->limiter);
    if (outcome == GD_CANCELLED || arrived < g->epoch)
        return;
    gd_window_add(&g->window, at->run->now - arrived);
    if (g->measuring && g->window.count >= spec->request_count)
        measured(at);
}

const gd_serve_kind gd_serve_gradient = {
    .name = "gradient",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = arrive,
    .enter = enter,
    .finish = finish,
    .timer = timer,
};

#define S gd_gradient_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, min_concurrency, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 1000000,
                 .help = "the limit while the least round trip is measured, and never less",
                 .source = "Envoy min_concurrency"),
    GD_FIELD_ROW(S, max, GD_FIELD_COUNT, .fallback = "1000", .min = 1, .max = 1000000,
                 .help = "it is never more", .source = "Envoy max_concurrency_limit"),
    GD_FIELD_ROW(S, request_count, GD_FIELD_COUNT, .fallback = "50", .min = 1, .max = 1000000,
                 .help = "answers that a measurement of the least round trip takes",
                 .source = "Envoy request_count"),
    GD_FIELD_ROW(S, percentile, GD_FIELD_SHARE, .fallback = "0.5", .min = 1, .max = GD_SHARE_ONE,
                 .help = "of the round trips of a window that stands for them",
                 .source = "Envoy sample_aggregate_percentile"),
    GD_FIELD_ROW(S, buffer, GD_FIELD_SHARE, .fallback = "0.25", .min = 0, .max = GD_SHARE_ONE,
                 .help = "so much above the least round trip is no queue",
                 .source = "Envoy buffer"),
    GD_FIELD_ROW(S, interval, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "between two measurements of the least round trip",
                 .source = "Envoy min_rtt_calc_params.interval; 60 s: its example"),
    GD_FIELD_ROW(S, jitter, GD_FIELD_SHARE, .fallback = "0.15", .min = 0, .max = GD_SHARE_ONE,
                 .help = "so much of the interval is added at random", .source = "Envoy jitter"),
    GD_FIELD_ROW(S, update_interval, GD_FIELD_SPAN, .fallback = "\"100ms\"", .min = GD_MS,
                 .max = GD_HOUR, .help = "a sample window: the limit changes at its end",
                 .source = "Envoy concurrency_update_interval; 100 ms: its example"),
    {0},
};
#undef S

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_gradient_spec *s = spec;
    if (s->min_concurrency > s->max)
        gd_problem(problems, node, "min_concurrency is %u and max is %u; write at most %u",
                   s->min_concurrency, s->max, s->max);
    if (s->update_interval > s->interval)
        gd_problem(problems, node,
                   "update_interval is %g s and interval %g s: no sample window fits between two "
                   "measurements; write a shorter update_interval",
                   (double)s->update_interval / 1e9, (double)s->interval / 1e9);
}

const gd_shape gd_gradient_shape = {
    .name = "gradient",
    .help = "by the ratio of the least round trip to those of a window",
    .source = "Envoy adaptive concurrency",
    .bytes = sizeof(gd_gradient_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Adaptive concurrency: Envoy's gradient",
            .idea = "Measure the round trip of an empty server now and then; the limit follows "
                    "minRTT / sampleRTT.",
            .cures = "Overload with unknown capacity, without changes to the service.",
            .cures_not = "Services whose requests differ much in cost.",
            .price = "A burst of refusals at each measurement: the limit is 3 meanwhile.",
            .dangerous_with = "Retrying clients during a measurement; a minRTT of cache hits.",
            .numbers = "50 requests at a limit of 3 every 60 s; the square root is the headroom.",
            .source = "Envoy gradient_controller.cc; patterns 4.5",
            .pattern = "adaptive-concurrency",
        },
};

const gd_shape *const gd_limit_shapes[] = {&gd_fixed_shape,     &gd_aimd_shape,     &gd_vegas_shape,
                                           &gd_gradient2_shape, &gd_gradient_shape, NULL};
