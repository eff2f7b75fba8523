/* Retry: tries again what failed in a way that the model calls worth it, after a back-off.
 *
 * Each failed try costs the callee another one: with independent failures p and N attempts,
 * E[attempts] = (1 - p^N) / (1 - p). Under overload failures are not independent, and retries hold
 * the overload up; a budget (budget.h) bounds that. Back-off formulas and the products that use
 * them: backoff.c. A reply may say when to come back: that replaces the back-off.
 *
 * Sources: gRFC A6 (pushback: exactly that long, then the back-off begins anew; a negative one: no
 * more; transparent retries); RFC 9110, Retry-After; Envoy route_components.proto (rate-limited
 * back-off, previous_hosts); botocore and the AWS SDK reference guide; AWS Architecture Blog,
 * "Exponential Backoff and Jitter".
 */
#include "models/guard/backoff.h"
#include "models/guard/budget.h"
#include "models/guard/policy.h"

#include <string.h>

enum {
    RETRIES,
    RETRIED,
    SAVED,
    BACKOFF_US,
    AFTER_HEARD,
    AFTER_IGNORED,
    TRANSPARENT,
    NOT_RETRYABLE,
    MAX_ATTEMPTS,
    BUDGET,
    THROTTLED,
    DEADLINE,
    PUSHBACK_STOP,
    BREAKER_OPEN
};
static const gd_counter_row counters[] = {
    {"retries", NULL},
    {"retried_calls", NULL},
    {"saved_calls", NULL},
    {"backoff_us", NULL},
    {"retry_after_heard", NULL},
    {"retry_after_ignored", NULL},
    {"transparent", NULL},
    {"stop_not_retryable", "the failure is none that its `on` calls worth another try"},
    {"stop_max_attempts", "its tries were spent"},
    {"stop_budget", "its budget had no retry left"},
    {"stop_throttled", "its throttle let no retry through"},
    {"stop_deadline", "the next try would have begun too late for its deadline"},
    {"stop_pushback", "the callee said not to come back"},
    {"stop_breaker_open", "its own breaker was open"},
    {0},
};

#define MOST_TRIED 8u /* hosts remembered: assumption, more than any count of reselections */

typedef struct {
    uint64_t word;
    gd_span before; /* the wait before this one (decorrelated) */
    uint32_t tries;
    uint32_t step; /* of the back-off: tries since it last began anew */
    uint32_t tried_n;
    bool transparent, over;
} retry_call;

/* Behind it: the hosts that were tried, where that matters, then the budget's bytes. */
static uint32_t tried_bytes(const gd_retry_spec *spec)
{
    return spec->other_host ? MOST_TRIED * (uint32_t)sizeof(uint32_t) : 0;
}

static gd_budget_at budget_at(const gd_policy_at *at)
{
    const gd_retry_spec *spec = at->spec;
    return (gd_budget_at){
        .now = at->run->now,
        .spec = spec->budget.spec,
        .mine = (char *)at->mine + sizeof(retry_call) + tried_bytes(spec),
        .state = at->state,
    };
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    *mine = (retry_call){.tries = 1, .step = 1};
    if (spec->budget_kind == GD_BUDGETS)
        return GD_PASS;
    gd_budget_at budget = budget_at(at);
    memset(budget.mine, 0, gd_budget_call_bytes(spec->budget_kind));
    gd_budget_began(spec->budget_kind, &budget);
    return GD_PASS;
}

static void sent(const gd_policy_at *at, uint32_t target)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    if (spec->other_host)
        ((uint32_t *)(mine + 1))[mine->tried_n++ % MOST_TRIED] = target;
    gd_budget_at budget = budget_at(at);
    gd_budget_sent(spec->budget_kind, &budget);
}

static bool avoids(const gd_policy_at *at, uint32_t target)
{
    const gd_retry_spec *spec = at->spec;
    const retry_call *mine = at->mine;
    if (!spec->other_host)
        return false;
    const uint32_t *tried = (const uint32_t *)(mine + 1);
    for (uint32_t i = 0; i < mine->tried_n && i < MOST_TRIED; i++)
        if (tried[i] == target)
            return true;
    return false;
}

/* The call leaves this policy. */
static void over(const gd_policy_at *at, bool good)
{
    const gd_retry_spec *spec = at->spec;
    gd_budget_at budget = budget_at(at);
    gd_budget_over(spec->budget_kind, &budget, good);
}

static gd_verdict stop(const gd_policy_at *at, unsigned why)
{
    gd_policy_count(at, why, 1);
    over(at, false);
    return GD_PASS;
}

static gd_verdict succeeded(const gd_policy_at *at)
{
    if (((const retry_call *)at->mine)->tries > 1)
        gd_policy_count(at, SAVED, 1);
    over(at, true);
    return GD_PASS;
}

/* One time, a try that its server refused before the application saw it costs nothing (gRPC:
 * REFUSED_STREAM, GOAWAY). */
static bool is_transparent(const gd_policy_at *at, const gd_reply *reply)
{
    retry_call *mine = at->mine;
    if (!((const gd_retry_spec *)at->spec)->transparent || mine->transparent || reply->reached ||
        reply->outcome != GD_REFUSED)
        return false;
    mine->transparent = true;
    gd_policy_count(at, TRANSPARENT, 1);
    return true;
}

static gd_span own_wait(const gd_policy_at *at, const gd_reply *reply, uint64_t u)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    bool throttled = reply->outcome == GD_RATE_LIMITED || reply->outcome == GD_SHED;
    if (throttled && spec->throttled_backoff.shape)
        return gd_backoff((gd_backoff_kind)spec->throttled_kind, &spec->throttled_wait, mine->step,
                          &mine->before, u);
    return gd_backoff((gd_backoff_kind)spec->backoff_kind, &spec->wait, mine->step, &mine->before,
                      u);
}

/* How long to wait: as the reply says, as the product reads it, else the back-off. */
static gd_span wait_of(const gd_policy_at *at, const gd_reply *reply)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    uint64_t u = gd_mix_n(gd_mix(gd_policy_call(at)->key, GD_SALT_BACKOFF), mine->tries);
    gd_span said = reply->retry_after, own;
    bool heard = said >= 0 && spec->after_kind != GD_AFTER_IGNORE &&
                 !(spec->after_kind == GD_AFTER_ENVOY && said > spec->after_limit);
    if (said >= 0)
        gd_policy_count(at, heard ? AFTER_HEARD : AFTER_IGNORED, 1);
    if (!heard)
        return own_wait(at, reply, u);
    switch ((gd_after_kind)spec->after_kind) {
    case GD_AFTER_GRPC:
        mine->step = 0;
        mine->before = 0;
        return said;
    case GD_AFTER_ENVOY: /* between v and 1.5 v */
        return gd_time_add(said, (gd_span)gd_below(u, (uint64_t)said / 2 + 1));
    case GD_AFTER_AWS:
        own = own_wait(at, reply, u);
        if (said < own)
            return own;
        return said > gd_time_add(own, spec->after_limit) ? gd_time_add(own, spec->after_limit)
                                                          : said;
    case GD_AFTER_HTTP:
    case GD_AFTER_IGNORE:
    case GD_AFTERS:
        break;
    }
    return said;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    bool worth = (spec->mask ? spec->mask : at->site->retry_mask) >> reply->outcome & 1u;
    bool transparent = !gd_outcome_rows[reply->outcome].good && worth && is_transparent(at, reply);
    gd_budget_at budget = budget_at(at);
    gd_budget_ended(spec->budget_kind, &budget, reply, worth && !transparent);
    if (transparent)
        return GD_AGAIN;
    if (gd_outcome_rows[reply->outcome].good)
        return succeeded(at);
    if (!worth)
        return stop(at, reply->outcome == GD_BREAKER_OPEN ? BREAKER_OPEN : NOT_RETRYABLE);
    if (mine->tries >= spec->max_attempts)
        return stop(at, MAX_ATTEMPTS);
    if (reply->retry_after == GD_RETRY_STOP && spec->after_kind != GD_AFTER_IGNORE)
        return stop(at, PUSHBACK_STOP);

    gd_span wait = wait_of(at, reply);
    *when = gd_time_add(at->run->now, wait);
    if (*when >= gd_policy_call(at)->try_before)
        return stop(at, DEADLINE);
    if (!gd_budget_acquire(spec->budget_kind, &budget, reply, mine->tries))
        return stop(at, gd_budgets[spec->budget_kind]->throttles ? THROTTLED : BUDGET);
    if (mine->tries == 1)
        gd_policy_count(at, RETRIED, 1);
    gd_policy_count(at, RETRIES, 1);
    gd_policy_count(at, BACKOFF_US, (uint64_t)(wait / GD_US));
    mine->tries++;
    mine->step++;
    return GD_AGAIN;
}

static void cancelled(const gd_policy_at *at)
{
    ((retry_call *)at->mine)->word = 0;
    over(at, false);
}

/* The back-off is over: once more from the policy below. */
static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)at, (void)n, (void)reply;
    return GD_AGAIN;
}

static gd_span timer_span(const void *spec)
{
    const gd_retry_spec *retry = spec;
    return retry->backoff_kind == GD_BACKOFF_CONSTANT ? retry->wait.base : 0;
}

static uint32_t more_call_bytes(const void *spec)
{
    const gd_retry_spec *retry = spec;
    return tried_bytes(retry) + gd_budget_call_bytes(retry->budget_kind);
}

static uint32_t more_state_bytes(const void *spec)
{
    return gd_budget_state_bytes(((const gd_retry_spec *)spec)->budget_kind);
}

static uint32_t reselects(const void *spec)
{
    return ((const gd_retry_spec *)spec)->other_host;
}

static bool hears_sent(const void *spec)
{
    const gd_retry_spec *retry = spec;
    return retry->other_host > 0 ||
           (retry->budget_kind != GD_BUDGETS && gd_budgets[retry->budget_kind]->sent);
}

static bool hears_retry_after(const void *spec)
{
    return ((const gd_retry_spec *)spec)->after_kind != GD_AFTER_IGNORE;
}

const gd_policy gd_retry_policy = {
    .admit = admit,
    .sent = sent,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .avoids = avoids,
    .counters = counters,
    .timers = 1,
    .call_bytes = sizeof(retry_call),
    .more_call_bytes = more_call_bytes,
    .more_state_bytes = more_state_bytes,
    .timer_span = timer_span,
    .reselects = reselects,
    .hears_sent = hears_sent,
    .hears_retry_after = hears_retry_after,
};
