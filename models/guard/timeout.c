/* Timeout: bounds one try. It starts when the attempt is handed to what is inside it (by default
 * the network), and its expiry ends the caller's wait, not the callee's work: that goes on unless
 * the site sends a cancel and the service honours it. An answer at exactly its end is in time
 * (ranks).
 *
 * Sources: AWS Builders' Library, "Timeouts, retries and backoff with jitter"; Envoy's
 * per_try_timeout.
 */
#include "models/guard/policy.h"

const gd_counter_row gd_timeout_counters[] = {{0}};

gd_verdict gd_timeout_admit(const gd_policy_at *at, gd_outcome *outcome)
{
    (void)outcome;
    gd_policy_timer(at, ((const gd_timeout_spec *)at->spec)->after);
    return GD_PASS;
}

gd_verdict gd_timeout_ended(const gd_policy_at *at, gd_outcome *outcome, gd_time *when)
{
    (void)outcome, (void)when;
    *(uint64_t *)at->mine = 0;
    return GD_PASS;
}

void gd_timeout_cancelled(const gd_policy_at *at)
{
    *(uint64_t *)at->mine = 0;
}

gd_verdict gd_timeout_timer(const gd_policy_at *at, gd_outcome *outcome)
{
    (void)at;
    *outcome = GD_TIMEOUT;
    return GD_END;
}

uint32_t gd_timeout_call_bytes(const void *spec)
{
    (void)spec;
    return sizeof(uint64_t);
}

uint32_t gd_timeout_state_bytes(const void *spec)
{
    (void)spec;
    return 0;
}

gd_span gd_timeout_timer_span(const void *spec)
{
    return ((const gd_timeout_spec *)spec)->after;
}
