/* Circuit breaker: stops calling what keeps failing or is too slow, then asks it gently whether it
 * is back.
 *
 *             failure or slow rate reached        open_for elapsed, at the next call
 *    CLOSED ───────────────────────────────▶ OPEN ──────────────────────────────▶ HALF_OPEN
 *       ▲                                      ▲      a rate reached again            │
 *       │                                      └──────────────────────────────────────┤
 *       └─────────────────────────────── trial_calls results, rates below ────────────┘
 *
 * One for each (call site, caller instance): N instances learn one by one. Sources: resilience4j
 * CircuitBreakerStateMachine and CircuitBreakerConfig (count and time windows, slow calls, lazy
 * half-open); sony/gobreaker's generations, so that an answer to a call that was admitted before
 * the last change of state says nothing about the new one. What less traffic could not cure
 * (client_error, rate_limited, own refusals …) is ignored and gives its permit back.
 */
#include "models/guard/policy.h"

#include <string.h>

enum { CLOSED, OPEN, HALF_OPEN };
enum { BELOW_MINIMUM, TRIALS, BELOW_RATE };
static const gd_counter_row counters[] = {
    {"below_minimum", "a failure, but fewer results than its minimum of calls: no verdict"},
    {"trials", "half open: not all of its trial calls are back"},
    {"below_rate", "a failure, but the rates stay below their thresholds"},
    {0},
};

typedef struct {
    uint32_t n, failed, slow;
} tally;

typedef struct {
    gd_time until; /* OPEN: no call before; HALF_OPEN: the longest it lasts */
    uint32_t state;
    uint32_t generation; /* the ticket of this state, from 1 */
    uint32_t permits;    /* HALF_OPEN: trials that may still be sent */
    tally all;           /* of the window */
    uint32_t next;  /* count window: the slot that the next result overwrites; time: second mod */
    int64_t second; /* time window: of the newest bucket */
} breaker_state;

#define FAILED 1u
#define SLOW   2u

typedef struct {
    uint32_t ticket; /* 0: none */
    uint32_t spare;
    gd_time admitted;
} breaker_call;

static uint8_t *results_of(breaker_state *b) /* count window */
{
    return (uint8_t *)(b + 1);
}
static tally *buckets_of(breaker_state *b) /* time window: one-second buckets */
{
    return (tally *)(b + 1);
}

static size_t window_bytes(const gd_breaker_spec *spec)
{
    return spec->window_type ? spec->window_seconds * sizeof(tally) : spec->window_calls;
}

static void enter(const gd_policy_at *at, unsigned state)
{
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    gd_run *run = at->run;
    uint32_t edge = at->site->edge;
    if ((b->state == OPEN) != (state == OPEN))
        gd_measure_breaker(run, edge, state == OPEN ? 1 : -1);
    if (state == CLOSED)
        gd_measure_happening(run, GD_HAPPENED_BREAKER_CLOSED, edge, 0);
    b->state = state;
    b->generation += b->generation == UINT32_MAX ? 2 : 1;
    b->permits = spec->trial_calls;
    b->all = (tally){0};
    b->next = 0;
    b->second = run->now / GD_S;
    b->until = state == OPEN         ? gd_time_add(run->now, spec->open_for)
               : spec->half_open_for ? gd_time_add(run->now, spec->half_open_for)
                                     : GD_NEVER;
    memset(b + 1, 0, window_bytes(spec));
}

/* Slides the time window to the present second. */
static void slide(const gd_breaker_spec *spec, breaker_state *b, gd_time now)
{
    tally *buckets = buckets_of(b);
    int64_t second = now / GD_S;
    for (int64_t gone = 0; b->second < second; gone++) {
        if (gone == spec->window_seconds) {
            b->second = second;
            break;
        }
        b->second++;
        tally *old = &buckets[b->second % spec->window_seconds];
        b->all.n -= old->n;
        b->all.failed -= old->failed;
        b->all.slow -= old->slow;
        *old = (tally){0};
    }
}

static void remember(const gd_breaker_spec *spec, breaker_state *b, unsigned result, gd_time now)
{
    if (b->state == CLOSED && spec->window_type) {
        slide(spec, b, now);
        tally *bucket = &buckets_of(b)[b->second % spec->window_seconds];
        bucket->n++;
        bucket->failed += result & FAILED;
        bucket->slow += (result & SLOW) / SLOW;
    } else if (b->state == CLOSED) {
        uint8_t *slot = &results_of(b)[b->next];
        if (b->all.n == spec->window_calls) {
            b->all.failed -= *slot & FAILED;
            b->all.slow -= (*slot & SLOW) / SLOW;
            b->all.n--;
        }
        *slot = (uint8_t)result;
        b->next = (b->next + 1) % spec->window_calls;
    }
    b->all.n++;
    b->all.failed += result & FAILED;
    b->all.slow += (result & SLOW) / SLOW;
}

/* True when a rate is at or above its threshold: compared in integers. */
static bool rate_reached(uint32_t part, uint32_t all, gd_share rate)
{
    return (gd_i128)part * GD_SHARE_ONE >= (gd_i128)all * rate;
}

/* `result`: FAILED, SLOW, both or 0, of the call that has just come back. */
static void judge(const gd_policy_at *at, unsigned result)
{
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    uint32_t minimum = spec->min_calls;
    if (b->state == HALF_OPEN)
        minimum = minimum < spec->trial_calls ? minimum : spec->trial_calls;
    else if (!spec->window_type && spec->window_calls < minimum)
        minimum = spec->window_calls;
    if (b->all.n < minimum) {
        if (b->state == HALF_OPEN || result)
            gd_policy_count(at, b->state == HALF_OPEN ? TRIALS : BELOW_MINIMUM, 1);
        return;
    }
    if (rate_reached(b->all.failed, b->all.n, spec->failure_rate) ||
        rate_reached(b->all.slow, b->all.n, spec->slow_rate))
        enter(at, OPEN);
    else if (b->state == HALF_OPEN)
        enter(at, CLOSED);
    else if (result)
        gd_policy_count(at, BELOW_RATE, 1);
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    breaker_state *b = at->state;
    breaker_call *mine = at->mine;
    gd_time now = at->run->now;
    if (b->generation == 0) {
        b->generation = 1;
        b->second = now / GD_S;
    }
    if (b->state == OPEN && now >= b->until)
        enter(at, HALF_OPEN);
    else if (b->state == HALF_OPEN && now >= b->until)
        enter(at, OPEN);
    if (b->state == OPEN || (b->state == HALF_OPEN && b->permits == 0)) {
        GD_EDGES(at->run)[at->site->edge].breaker_refused++;
        reply->outcome = GD_BREAKER_OPEN;
        return GD_END;
    }
    if (b->state == HALF_OPEN)
        b->permits--;
    mine->ticket = b->generation;
    mine->admitted = now;
    return GD_PASS;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    breaker_call *mine = at->mine;
    if (mine->ticket != b->generation)
        return GD_PASS;
    mine->ticket = 0;
    bool good = gd_outcome_rows[reply->outcome].good;
    if (!good && !gd_outcome_rows[reply->outcome].breaker) { /* ignored */
        b->permits += b->state == HALF_OPEN;
        return GD_PASS;
    }
    unsigned result = good ? 0 : FAILED;
    if (at->run->now - mine->admitted > spec->slow_call)
        result |= SLOW;
    remember(spec, b, result, at->run->now);
    judge(at, result);
    return GD_PASS;
}

static void cancelled(const gd_policy_at *at)
{
    breaker_state *b = at->state;
    breaker_call *mine = at->mine;
    if (mine->ticket == b->generation && b->state == HALF_OPEN)
        b->permits++;
    mine->ticket = 0;
}

unsigned gd_breaker_get_state(const void *state)
{
    return ((const breaker_state *)state)->state;
}

/* The caller restarts: a new breaker is closed. */
static void forget(const gd_policy_at *at)
{
    if (((const breaker_state *)at->state)->state == OPEN)
        gd_measure_breaker(at->run, at->site->edge, -1);
}

static uint32_t more_state_bytes(const void *spec)
{
    return (uint32_t)window_bytes(spec);
}

const gd_policy gd_breaker_policy = {
    .counters = counters,
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .forget = forget,
    .call_bytes = sizeof(breaker_call),
    .state_bytes = sizeof(breaker_state),
    .more_state_bytes = more_state_bytes,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_breaker_spec *breaker = spec;
    if (!breaker->window_type && breaker->min_calls > breaker->window_calls)
        gd_problem(problems, node,
                   "min_calls is %u, but the window remembers only %u calls; lower min_calls or "
                   "raise window_calls",
                   breaker->min_calls, breaker->window_calls);
}

static const char *const windows[] = {"count", "time", NULL};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_breaker_spec, failure_rate, GD_FIELD_SHARE, .fallback = "\"50%\"",
                 .min = 1000000, .max = GD_SHARE_ONE,
                 .help = "opens at or above this share of failures",
                 .source = "resilience4j failureRateThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, slow_rate, GD_FIELD_SHARE, .fallback = "\"100%\"", .min = 1000000,
                 .max = GD_SHARE_ONE, .help = "opens at or above this share of slow calls",
                 .source = "resilience4j slowCallRateThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, slow_call, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = 1,
                 .max = GD_DAY, .help = "a call that takes longer is slow",
                 .source = "resilience4j slowCallDurationThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, window_type, GD_FIELD_WORD, .fallback = "\"count\"",
                 .words = windows, .help = "the window is the last calls, or the last seconds",
                 .source = "resilience4j slidingWindowType"),
    GD_FIELD_ROW(gd_breaker_spec, window_calls, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 100000, .help = "count window: how many calls it remembers",
                 .source = "resilience4j slidingWindowSize"),
    GD_FIELD_ROW(gd_breaker_spec, window_seconds, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 3600, .help = "time window: how many seconds it remembers",
                 .source = "resilience4j slidingWindowSize"),
    GD_FIELD_ROW(gd_breaker_spec, min_calls, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 100000, .help = "no verdict before so many calls",
                 .source = "resilience4j minimumNumberOfCalls"),
    GD_FIELD_ROW(gd_breaker_spec, trial_calls, GD_FIELD_COUNT, .fallback = "10", .min = 1,
                 .max = 100000, .help = "half-open: calls let through, and results waited for",
                 .source = "resilience4j permittedNumberOfCallsInHalfOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, open_for, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "refuses everything this long, then tries",
                 .source = "resilience4j waitDurationInOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, half_open_for, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY,
                 .help = "half-open without a verdict this long opens again; 0: no limit",
                 .source = "resilience4j maxWaitDurationInHalfOpenState"),
    {0},
};

const gd_shape gd_breaker_shape = {
    .name = "breaker",
    .help = "stops calling what keeps failing, then tries it gently",
    .source = "resilience4j CircuitBreaker; M. Nygard, Release It!",
    .bytes = sizeof(gd_breaker_spec),
    .fields = fields,
    .check = check,
};
