/* Timeout: bounds one try. It starts when the attempt is handed to what is inside it (by default
 * the network), and its expiry ends the caller's wait, not the callee's work: that goes on unless
 * the site sends a cancel and the service honours it. An answer at exactly its end is in time
 * (ranks).
 *
 * Sources: AWS Builders' Library, "Timeouts, retries and backoff with jitter"; Envoy's
 * per_try_timeout.
 */
#include "models/guard/policy.h"

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    gd_policy_timer(at, 0, ((const gd_timeout_spec *)at->spec)->after);
    return GD_PASS;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    *(uint64_t *)at->mine = 0;
    return GD_PASS;
}

static void cancelled(const gd_policy_at *at)
{
    *(uint64_t *)at->mine = 0;
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)at, (void)n;
    reply->outcome = GD_TIMEOUT;
    return GD_END;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_timeout_spec *)spec)->after;
}

const gd_policy gd_timeout_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(uint64_t),
    .timer_span = timer_span,
};
