/* "aws_adaptive": the client-side rate limiter of the AWS SDKs' adaptive retry mode. It does
 * nothing until the first throttling error; from then on sends wait for a token, and the rate at
 * which tokens come follows CUBIC:
 *
 *   throttled   w_max = measured rate (the first time), else min(measured, fill);
 *               rate = w_max beta; K = cbrt(w_max (1 - beta) / C)
 *   else        rate = C (t - K)^3 + w_max, t the seconds since the last throttling error
 *   always      fill = min(rate, 2 x measured), at least min_rate; capacity = max(1, fill)
 *
 * The measured rate is that of answers in half-second buckets, smoothed exponentially. Waiting
 * calls go first come first served (botocore leaves that to its locks); how long they wait is what
 * is outside of it to bound.
 *
 * Rates are in millionths of a call a second, tokens in millionths; K is rounded down to 1 us.
 * Sources: botocore retries/adaptive.py, throttling.py (CubicCalculator), bucket.py.
 */
#include "models/guard/parked.h"

#define MILLION  INT64_C(1000000)
#define BUCKET   (GD_S / 2)             /* throttling.py RateClocker time_bucket_range */
#define FARTHEST INT64_C(1000000000000) /* us: beyond 11 days CUBIC is no limit any more */

enum { WAITED, THROTTLED };
static const gd_counter_row counters[] = {
    {"waited", NULL},
    {"throttled_answers", NULL},
    {0},
};

typedef struct {
    uint64_t word; /* of the timer: the first that waits may go */
    gd_parked waiting;
    gd_time last_fail, refilled;
    int64_t w_max, k_us;
    int64_t fill, capacity, tokens;
    int64_t measured, count, bucket;
    uint32_t begun, enabled;
} adaptive_state;

typedef struct {
    uint32_t parked, spare;
} adaptive_call;

/* Of up to 2^126, rounded down. */
static int64_t cube_root(gd_u128 x)
{
    uint64_t low = 0, high = UINT64_C(1) << 42;
    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;
        if ((gd_u128)middle * middle * middle <= x)
            low = middle;
        else
            high = middle - 1;
    }
    return (int64_t)low;
}

static void refill(const gd_policy_at *at)
{
    adaptive_state *s = at->state;
    gd_i128 more = (gd_i128)s->fill * (at->run->now - s->refilled) / GD_S;
    gd_i128 tokens = s->tokens + more;
    s->tokens = tokens > s->capacity ? s->capacity : (int64_t)tokens;
    s->refilled = at->run->now;
}

static void set_rate(const gd_policy_at *at, gd_i128 rate)
{
    adaptive_state *s = at->state;
    int64_t least = ((const gd_adaptive_spec *)at->spec)->min_rate / (GD_RATE_HZ / MILLION);
    refill(at);
    gd_i128 most = (gd_i128)GD_NEVER / 4;
    s->fill = rate < least ? least : (int64_t)(rate > most ? most : rate);
    s->capacity = s->fill > MILLION ? s->fill : MILLION;
    s->tokens = s->tokens > s->capacity ? s->capacity : s->tokens;
}

static void begin(const gd_policy_at *at)
{
    adaptive_state *s = at->state;
    if (s->begun)
        return;
    s->begun = 1;
    s->last_fail = s->refilled = at->run->now;
    s->bucket = at->run->now / BUCKET;
    s->w_max = ((const gd_adaptive_spec *)at->spec)->min_rate / (GD_RATE_HZ / MILLION);
    set_rate(at, s->w_max);
}

/* Lets go whom there is a token for, and sets the timer for the next. */
static void let_go(const gd_policy_at *at)
{
    adaptive_state *s = at->state;
    refill(at);
    for (uint32_t first; (first = gd_parked_first(&s->waiting)) != GD_NONE;) {
        if (s->tokens < MILLION)
            break;
        s->tokens -= MILLION;
        gd_policy_at next = gd_policy_of_call(at, first);
        gd_parked_remove(at->run, &s->waiting, first);
        ((adaptive_call *)next.mine)->parked = 0;
        gd_call_granted(at->run, first, at->level);
    }
    s->word = 0;
    if (s->waiting.n == 0)
        return;
    gd_i128 lacks = (gd_i128)(MILLION - s->tokens) * GD_S;
    gd_policy_state_timer(at, 0, (gd_span)((lacks + s->fill - 1) / s->fill));
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    adaptive_state *s = at->state;
    adaptive_call *mine = at->mine;
    *mine = (adaptive_call){0};
    begin(at);
    if (!s->enabled)
        return GD_PASS;
    refill(at);
    if (s->waiting.n == 0 && s->tokens >= MILLION) {
        s->tokens -= MILLION;
        return GD_PASS;
    }
    gd_policy_count(at, WAITED, 1);
    gd_parked_push(at->run, &s->waiting, at->call);
    mine->parked = 1;
    if (s->waiting.n == 1)
        let_go(at);
    return GD_PARK;
}

static void measure(const gd_policy_at *at)
{
    const gd_adaptive_spec *spec = at->spec;
    adaptive_state *s = at->state;
    int64_t bucket = at->run->now / BUCKET;
    s->count++;
    if (bucket <= s->bucket)
        return;
    gd_i128 rate = (gd_i128)s->count * MILLION * (GD_S / BUCKET) / (bucket - s->bucket);
    gd_i128 mixed =
        rate * spec->smoothing + (gd_i128)s->measured * (GD_SHARE_ONE - spec->smoothing);
    s->measured = (int64_t)(mixed / GD_SHARE_ONE);
    s->count = 0;
    s->bucket = bucket;
}

static gd_i128 throttled(const gd_policy_at *at)
{
    const gd_adaptive_spec *spec = at->spec;
    adaptive_state *s = at->state;
    gd_policy_count(at, THROTTLED, 1);
    s->w_max = s->enabled && s->fill < s->measured ? s->fill : s->measured;
    gd_u128 ratio = (gd_u128)(GD_SHARE_ONE - spec->beta) * GD_SHARE_ONE / (gd_u128)spec->scale;
    s->k_us = cube_root((gd_u128)s->w_max * 1000 * ratio);
    s->last_fail = at->run->now;
    s->enabled = 1;
    return gd_share_of(s->w_max, spec->beta);
}

static gd_i128 cubic(const gd_policy_at *at)
{
    const gd_adaptive_spec *spec = at->spec;
    const adaptive_state *s = at->state;
    gd_i128 x = (at->run->now - s->last_fail) / GD_US - s->k_us;
    x = x > FARTHEST ? FARTHEST : x < -FARTHEST ? -FARTHEST : x;
    return x * x * x / FARTHEST * spec->scale / GD_SHARE_ONE + s->w_max;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    adaptive_state *s = at->state;
    if (reply->target == GD_NONE) /* it was not sent */
        return GD_PASS;
    begin(at);
    measure(at);
    bool slow_down = reply->outcome == GD_RATE_LIMITED || reply->outcome == GD_SHED;
    gd_i128 rate = slow_down ? throttled(at) : cubic(at);
    gd_i128 twice = (gd_i128)s->measured * 2;
    set_rate(at, rate < twice ? rate : twice);
    if (s->waiting.n > 0)
        let_go(at);
    return GD_PASS;
}

static void cancelled(const gd_policy_at *at)
{
    adaptive_state *s = at->state;
    adaptive_call *mine = at->mine;
    if (mine->parked)
        gd_parked_remove(at->run, &s->waiting, at->call);
    mine->parked = 0;
}

static void state_timer(const gd_policy_at *at, unsigned n)
{
    (void)n;
    let_go(at);
}

const gd_policy gd_adaptive_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .state_timer = state_timer,
    .counters = counters,
    .state_timers = 1,
    .call_bytes = sizeof(adaptive_call),
    .state_bytes = sizeof(adaptive_state),
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_adaptive_spec, beta, GD_FIELD_SHARE, .fallback = "0.7", .min = 1000000,
                 .max = GD_SHARE_ONE, .help = "of the rate that was throttled it goes on with this",
                 .source = "botocore CubicCalculator _BETA"),
    GD_FIELD_ROW(gd_adaptive_spec, scale, GD_FIELD_FACTOR, .fallback = "0.4", .min = 1000000,
                 .max = 100 * GD_SHARE_ONE, .help = "C: how steeply the rate grows again",
                 .source = "botocore CubicCalculator _SCALE_CONSTANT"),
    GD_FIELD_ROW(gd_adaptive_spec, smoothing, GD_FIELD_SHARE, .fallback = "0.8", .min = 1000000,
                 .max = GD_SHARE_ONE,
                 .help = "weight of the newest half second in the measured rate",
                 .source = "botocore RateClocker _DEFAULT_SMOOTHING"),
    GD_FIELD_ROW(gd_adaptive_spec, min_rate, GD_FIELD_RATE, .fallback = "\"0.5/s\"", .min = 1000000,
                 .help = "never slower than this", .source = "botocore TokenBucket _MIN_RATE"),
    {0},
};

static const gd_concept concept = {
    .title = "Adaptive mode (AWS)",
    .idea = "After the first throttling error, sends wait for tokens; their rate falls to 70% and "
            "grows again along a cubic, as TCP's congestion window does.",
    .cures = "Clients that run into a quota again and again.",
    .cures_not = "Slowness and errors that are no throttling: it does not hear them.",
    .price = "Latency: calls wait, as long as what is outside lets them.",
    .dangerous_with = "Many clients of one quota, each with its own view; calls without deadline.",
    .numbers = "beta 0.7, C 0.4, half-second buckets smoothed with 0.8, at least 0.5/s.",
    .source = "botocore retries/adaptive.py, throttling.py",
    .pattern = "aws-adaptive",
};

const gd_shape gd_adaptive_shape = {
    .name = "aws_adaptive",
    .help = "after the first throttling error, sends wait for tokens whose rate follows CUBIC",
    .source = "botocore retries/adaptive.py",
    .bytes = sizeof(gd_adaptive_spec),
    .fields = fields,
    .concept = &concept,
};
