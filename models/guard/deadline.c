/* Deadline: bounds the whole call, retries and waits between them included. When it passes, what is
 * out is given up and the call ends in `deadline_exceeded`; a retry that could only begin after it
 * is not made.
 *
 * Sources: gRFC A6 (the deadline applies across all attempts); Envoy's route timeout.
 */
#include "models/guard/policy.h"

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    gd_span after = ((const gd_timeout_spec *)at->spec)->after;
    gd_policy_call(at)->deadline = gd_time_add(at->run->now, after);
    gd_policy_timer(at, 0, after);
    return GD_PASS;
}

/* A retry outside it begins a new one. */
static void over(const gd_policy_at *at)
{
    *(uint64_t *)at->mine = 0;
    gd_policy_call(at)->deadline = GD_NEVER;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    over(at);
    return GD_PASS;
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)n;
    over(at);
    reply->outcome = GD_DEADLINE_EXCEEDED;
    return GD_END;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_timeout_spec *)spec)->after;
}

const gd_policy gd_deadline_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = over,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(uint64_t),
    .timer_span = timer_span,
};
