/* Client-side rate limiter: how many calls a caller instance may send in a time. What comes beyond
 * waits for its turn, up to max_wait, or is refused at once (`throttled_local`). Each kind answers
 * one question: in how long may this call go? A call that waits has its place reserved.
 *
 *   token_bucket    tokens come at `rate`, up to `burst` are saved (as GCRA: one time stamp)
 *   leaky_bucket    calls leave one by one at `rate`; `queue` of them wait
 *   fixed_window    `limit` in each period: twice that may pass around a boundary
 *   sliding_log     `limit` in any span of a period; remembers each of them
 *   sliding_window  present count + previous x (1 - elapsed / period) stays below `limit`
 *   cycles          resilience4j: permits are set to `limit` at each cycle, reserved in later ones
 *
 * Sources: resilience4j RateLimiterConfig, AtomicRateLimiter; Envoy local_rate_limit.proto; GCRA as
 * in ITU-T I.371.
 */
#include "models/guard/policy.h"

#define REFUSE ((gd_span)-1)

enum { REFUSED, WAITED, WAITED_US };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"waited", NULL},
    {"waited_us", NULL},
    {0},
};

typedef struct {
    gd_time at;       /* buckets: when the next token is due; log: unused */
    int64_t cycle;    /* windows: number of the present one */
    int64_t used;     /* of it: permits taken, also those reserved in later ones */
    int64_t before;   /* of the one before */
    uint32_t next, n; /* log: slot to overwrite, slots in use */
} limit_state;

/* ns for `n` tokens, rounded up: never more than the rate. */
static gd_i128 span_of(gd_rate rate, gd_i128 n)
{
    return (n * GD_RATE_HZ * GD_S + rate - 1) / rate;
}

static gd_span token_bucket(const gd_pace_spec *spec, limit_state *s, gd_time now)
{
    gd_i128 gap = span_of(spec->rate, 1), due = s->at > now ? s->at : now;
    gd_i128 wait = (gd_i128)s->at - gap * (spec->burst - 1) - now;
    if (wait > spec->max_wait)
        return REFUSE;
    s->at = due + gap > GD_NEVER ? GD_NEVER : (gd_time)(due + gap);
    return wait > 0 ? (gd_span)wait : 0;
}

static gd_span leaky_bucket(const gd_pace_spec *spec, limit_state *s, gd_time now)
{
    gd_i128 gap = span_of(spec->rate, 1), due = s->at > now ? s->at : now;
    if (due - now > gap * spec->queue) /* so many are before it */
        return REFUSE;
    s->at = due + gap > GD_NEVER ? GD_NEVER : (gd_time)(due + gap);
    return (gd_span)(due - now);
}

/* Also resilience4j's cycles: what is used beyond the limit is reserved in later ones. */
static gd_span window(const gd_pace_spec *spec, limit_state *s, gd_time now)
{
    g_assert(spec->limit > 0 && spec->period > 0);
    int64_t cycle = now / spec->period;
    gd_i128 renewed = (gd_i128)(cycle - s->cycle) * spec->limit;
    s->used = renewed >= s->used ? 0 : s->used - (int64_t)renewed;
    s->cycle = cycle;
    gd_span wait = 0;
    if (s->used >= spec->limit) {
        gd_i128 later = (gd_i128)(cycle + s->used / spec->limit) * spec->period - now;
        if (later > spec->max_wait)
            return REFUSE;
        wait = (gd_span)later;
    }
    s->used++;
    return wait;
}

static gd_span sliding_log(const gd_pace_spec *spec, limit_state *s, gd_time now)
{
    gd_time *log = (gd_time *)(s + 1);
    gd_time due = s->n < spec->limit ? now : gd_time_add(log[s->next], spec->period);
    due = due > now ? due : now;
    if (due - now > spec->max_wait)
        return REFUSE;
    log[s->next] = due;
    s->next = (s->next + 1) % spec->limit;
    s->n += s->n < spec->limit;
    return due - now;
}

static gd_span sliding_window(const gd_pace_spec *spec, limit_state *s, gd_time now)
{
    int64_t cycle = now / spec->period;
    if (cycle != s->cycle) {
        s->before = cycle == s->cycle + 1 ? s->used : 0;
        s->used = 0;
        s->cycle = cycle;
    }
    gd_span left = (cycle + 1) * spec->period - now;
    gd_i128 estimate = (gd_i128)s->used * spec->period + (gd_i128)s->before * left;
    if (estimate + spec->period > (gd_i128)spec->limit * spec->period)
        return REFUSE;
    s->used++;
    return 0;
}

static gd_span wait_of(const gd_pace_choice *spec, limit_state *state, gd_time now)
{
    switch ((gd_pace_kind)spec->kind) {
    case GD_PACE_TOKEN_BUCKET:
        return token_bucket(&spec->limit, state, now);
    case GD_PACE_LEAKY_BUCKET:
        return leaky_bucket(&spec->limit, state, now);
    case GD_PACE_FIXED_WINDOW:
    case GD_PACE_CYCLES:
        return window(&spec->limit, state, now);
    case GD_PACE_SLIDING_LOG:
        return sliding_log(&spec->limit, state, now);
    case GD_PACE_SLIDING_WINDOW:
        return sliding_window(&spec->limit, state, now);
    case GD_PACES:
        break;
    }
    return 0;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    gd_span wait = wait_of(at->spec, at->state, at->run->now);
    if (wait == REFUSE) {
        gd_policy_count(at, REFUSED, 1);
        reply->outcome = GD_THROTTLED_LOCAL;
        return GD_END;
    }
    if (wait == 0)
        return GD_PASS;
    gd_policy_count(at, WAITED, 1);
    gd_policy_count(at, WAITED_US, (uint64_t)(wait / GD_US));
    gd_policy_timer(at, 0, wait);
    return GD_PARK;
}

/* Its turn. */
static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)at, (void)n, (void)reply;
    return GD_AGAIN;
}

/* What it had reserved stays used. */
static void cancelled(const gd_policy_at *at)
{
    *(uint64_t *)at->mine = 0;
}

static uint32_t more_state_bytes(const void *spec)
{
    const gd_pace_choice *limit = spec;
    return limit->kind == GD_PACE_SLIDING_LOG ? limit->limit.limit * (uint32_t)sizeof(gd_time) : 0;
}

const gd_policy gd_rate_limit_policy = {
    .admit = admit,
    .cancelled = cancelled,
    .timer = timer,
    .counters = counters,
    .timers = 1,
    .call_bytes = sizeof(uint64_t),
    .state_bytes = sizeof(limit_state),
    .more_state_bytes = more_state_bytes,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
#define RATE                                                                                       \
    GD_FIELD_ROW(gd_pace_spec, rate, GD_FIELD_RATE, .required = true, .min = 1,                    \
                 .help = "calls of one caller instance", .source = "yours to say")
#define LIMIT(text, most)                                                                          \
    GD_FIELD_ROW(gd_pace_spec, limit, GD_FIELD_COUNT, .fallback = text, .min = 1, .max = most,     \
                 .help = "calls of one caller instance in a period",                               \
                 .source = "resilience4j limitForPeriod: 50")
#define PERIOD(text, from)                                                                         \
    GD_FIELD_ROW(gd_pace_spec, period, GD_FIELD_SPAN, .fallback = text, .min = 1, .max = GD_DAY,   \
                 .help = "the period", .source = from)
#define WAIT(text, from)                                                                           \
    GD_FIELD_ROW(gd_pace_spec, max_wait, GD_FIELD_SPAN, .fallback = text, .min = 0, .max = GD_DAY, \
                 .help = "how long a call waits for its turn; 0: refused at once", .source = from)

static const gd_field bucket_fields[] = {
    RATE,
    GD_FIELD_ROW(gd_pace_spec, burst, GD_FIELD_COUNT, .min = 1, .max = 1000000000,
                 .help = "tokens that may be saved up. Absent: one second of the rate",
                 .source = "assumption, as the quota of an external"),
    WAIT("\"0s\"", "Envoy local_rate_limit refuses at once"),
    {0},
};
static const gd_field leaky_fields[] = {
    RATE,
    GD_FIELD_ROW(gd_pace_spec, queue, GD_FIELD_COUNT, .fallback = "100", .min = 0,
                 .max = 1000000000, .help = "calls that wait to leave", .source = "assumption"),
    {0},
};
static const gd_field window_fields[] = {LIMIT("50", 1000000000),
                                         PERIOD("\"1s\"", "assumption: customary"),
                                         WAIT("\"0s\"", "assumption: customary"),
                                         {0}};
/* 4,096 time stamps: what a policy may keep for a call site (assumption: memory O(limit)). */
static const gd_field log_fields[] = {LIMIT("50", 4096),
                                      PERIOD("\"1s\"", "assumption: customary"),
                                      WAIT("\"0s\"", "assumption: customary"),
                                      {0}};
static const gd_field sliding_fields[] = {
    LIMIT("50", 1000000000), PERIOD("\"1s\"", "assumption: customary"), {0}};
static const gd_field cycle_fields[] = {LIMIT("50", 1000000000),
                                        PERIOD("\"500ns\"", "resilience4j limitRefreshPeriod"),
                                        WAIT("\"5s\"", "resilience4j timeoutDuration"),
                                        {0}};

#define SHAPE(symbol, word, rows, first, text, from)                                               \
    static const gd_shape symbol = {.name = word,                                                  \
                                    .help = text,                                                  \
                                    .source = from,                                                \
                                    .bytes = sizeof(gd_pace_spec),                                 \
                                    .fields = rows,                                                \
                                    .bare = first}
static const gd_concept concept = {
    .title = "Client-side rate limit",
    .idea = "A caller bounds how many calls it sends in a time; what is beyond waits its turn or "
            "is refused at once.",
    .cures = "One caller that takes all of a shared quota.",
    .cures_not = "Many callers whose limits add up to more than there is.",
    .price = "Refusals while capacity is free.",
    .dangerous_with = "Autoscaling: the sum of local limits grows and shrinks with the instances. "
                      "Fixed windows let twice the limit through around a boundary.",
    .numbers =
        "resilience4j 50 permits a cycle and 5 s of waiting; Envoy's bucket refuses at once.",
    .source = "resilience4j RateLimiter; Envoy local_rate_limit",
    .pattern = "client-rate-limit",
};
static const gd_shape bucket_shape = {.name = "token_bucket",
                                      .help = "a rate, and a burst that is saved up",
                                      .source = "Envoy local_rate_limit.proto; GCRA",
                                      .bytes = sizeof(gd_pace_spec),
                                      .fields = bucket_fields,
                                      .bare = "rate",
                                      .concept = &concept};
SHAPE(leaky_shape, "leaky_bucket", leaky_fields, "rate", "a queue that drains at a rate",
      "leaky bucket as a queue");
SHAPE(window_shape, "fixed_window", window_fields, "limit", "so many in each period",
      "fixed window counter");
SHAPE(log_shape, "sliding_log", log_fields, "limit", "so many in any span of a period",
      "sliding log");
SHAPE(sliding_shape, "sliding_window", sliding_fields, "limit",
      "so many in a period that slides, by two counters", "sliding window counter");
SHAPE(cycles_shape, "cycles", cycle_fields, "limit", "resilience4j's cycles, with reservations",
      "resilience4j AtomicRateLimiter");

const gd_shape *const gd_pace_shapes[GD_PACES + 1] = {
    [GD_PACE_TOKEN_BUCKET] = &bucket_shape,    [GD_PACE_LEAKY_BUCKET] = &leaky_shape,
    [GD_PACE_FIXED_WINDOW] = &window_shape,    [GD_PACE_SLIDING_LOG] = &log_shape,
    [GD_PACE_SLIDING_WINDOW] = &sliding_shape, [GD_PACE_CYCLES] = &cycles_shape,
};

gd_pace_choice gd_rate_limit_of(const gd_variant *said)
{
    gd_pace_choice spec = {.limit = *(const gd_pace_spec *)said->spec};
    while (gd_pace_shapes[spec.kind] != said->shape)
        spec.kind++;
    if (spec.limit.burst == 0)
        spec.limit.burst =
            spec.limit.rate < GD_RATE_HZ ? 1 : (uint32_t)(spec.limit.rate / GD_RATE_HZ);
    return spec;
}
