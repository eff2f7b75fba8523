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
#include "models/guard/breaker.h"

#include <string.h>

enum { CLOSED = GD_CLOSED, OPEN = GD_OPEN, HALF_OPEN = GD_HALF_OPEN };
enum { BELOW_MINIMUM, TRIALS, BELOW_RATE, METRICS_ONLY };
static const gd_counter_row counters[] = {
    {"below_minimum", "a failure, but fewer results than its minimum of calls: no verdict"},
    {"trials", "half open: not all of its trial calls are back"},
    {"below_rate", "a failure, but the rates stay below their thresholds"},
    {"metrics_only", "its verdict was to open, but it only measures"},
    {0},
};

typedef struct {
    uint32_t n, failed, slow;
} tally;

typedef struct {
    gd_breaker_head head;
    tally all;      /* of the window */
    uint32_t next;  /* count window: the slot that the next result overwrites; time: second mod */
    int64_t second; /* time window: of the newest bucket */
} breaker_state;

#define FAILED 1u
#define SLOW   2u

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
    gd_time now = at->run->now;
    gd_breaker_enter(at, state);
    b->head.permits = spec->trial_calls;
    b->all = (tally){0};
    b->next = 0;
    b->second = now / GD_S;
    memset(b + 1, 0, window_bytes(spec));
    b->head.word = 0;
    gd_span lasts =
        state == OPEN ? gd_breaker_wait(&b->head, spec->open_for, spec->open_growth, spec->open_max)
                      : spec->half_open_for;
    b->head.until = state == OPEN || lasts ? gd_time_add(now, lasts) : GD_NEVER;
    if (state == OPEN && spec->auto_half_open)
        gd_policy_state_timer(at, 0, lasts);
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
    if (b->head.state == CLOSED && spec->window_type) {
        slide(spec, b, now);
        tally *bucket = &buckets_of(b)[b->second % spec->window_seconds];
        bucket->n++;
        bucket->failed += result & FAILED;
        bucket->slow += (result & SLOW) / SLOW;
    } else if (b->head.state == CLOSED) {
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
    if (b->head.state == HALF_OPEN)
        minimum = minimum < spec->trial_calls ? minimum : spec->trial_calls;
    else if (!spec->window_type && spec->window_calls < minimum)
        minimum = spec->window_calls;
    if (b->all.n < minimum) {
        if (b->head.state == HALF_OPEN || result)
            gd_policy_count(at, b->head.state == HALF_OPEN ? TRIALS : BELOW_MINIMUM, 1);
        return;
    }
    bool reached = rate_reached(b->all.failed, b->all.n, spec->failure_rate) ||
                   rate_reached(b->all.slow, b->all.n, spec->slow_rate);
    if (reached && spec->mode == GD_MODE_METRICS_ONLY)
        gd_policy_count(at, METRICS_ONLY, 1);
    else if (reached)
        enter(at, OPEN);
    else if (b->head.state == HALF_OPEN)
        enter(at, CLOSED);
    else if (result)
        gd_policy_count(at, BELOW_RATE, 1);
}

/* Time alone may change the state: lazily, at the next call. */
static void move_on(const gd_policy_at *at)
{
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    gd_time now = at->run->now;
    if (b->head.generation == 0) {
        b->head.generation = 1;
        b->second = now / GD_S;
    }
    if (b->head.state == OPEN && now >= b->head.until)
        enter(at, HALF_OPEN);
    else if (b->head.state == HALF_OPEN && now >= b->head.until)
        enter(at, spec->after_half_open ? CLOSED : OPEN);
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    gd_breaker_call *mine = at->mine;
    if (spec->mode == GD_MODE_DISABLED)
        return GD_PASS;
    if (spec->mode == GD_MODE_FORCED_OPEN)
        return gd_breaker_refuse(at, reply);
    move_on(at);
    if (b->head.state == OPEN || (b->head.state == HALF_OPEN && b->head.permits == 0))
        return gd_breaker_refuse(at, reply);
    if (b->head.state == HALF_OPEN)
        b->head.permits--;
    mine->ticket = b->head.generation;
    mine->admitted = at->run->now;
    return GD_PASS;
}

/* "auto_half_open": nobody has to call first. */
static void state_timer(const gd_policy_at *at, unsigned n)
{
    (void)n;
    if (((const breaker_state *)at->state)->head.state == OPEN)
        enter(at, HALF_OPEN);
}

/* Only what less traffic could cure is a failure, unless the model says otherwise. */
static gd_counts_as counts_as(const gd_breaker_spec *spec, gd_outcome outcome)
{
    gd_counts_as said = (gd_counts_as)spec->counts[outcome];
    if (said != GD_COUNTS_UNSAID)
        return said;
    if (gd_outcome_rows[outcome].good)
        return GD_COUNTS_SUCCESS;
    return gd_outcome_rows[outcome].breaker ? GD_COUNTS_FAILURE : GD_COUNTS_IGNORED;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    const gd_breaker_spec *spec = at->spec;
    breaker_state *b = at->state;
    const gd_breaker_call *mine = at->mine;
    gd_time admitted = mine->admitted;
    if (!gd_breaker_is_current(at))
        return GD_PASS;
    gd_counts_as as = counts_as(spec, reply->outcome);
    if (as == GD_COUNTS_IGNORED) {
        b->head.permits += b->head.state == HALF_OPEN;
        return GD_PASS;
    }
    unsigned result = as == GD_COUNTS_FAILURE ? FAILED : 0;
    if (at->run->now - admitted > spec->slow_call)
        result |= SLOW;
    remember(spec, b, result, at->run->now);
    judge(at, result);
    return GD_PASS;
}

static uint32_t more_state_bytes(const void *spec)
{
    return (uint32_t)window_bytes(spec);
}

const gd_policy gd_breaker_policy = {
    .state_timer = state_timer,
    .counters = counters,
    .state_timers = 1,
    .admit = admit,
    .ended = ended,
    .cancelled = gd_breaker_cancelled,
    .forget = gd_breaker_forget,
    .call_bytes = sizeof(gd_breaker_call),
    .state_bytes = sizeof(breaker_state),
    .more_state_bytes = more_state_bytes,
};
