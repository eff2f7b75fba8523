/* Deadline: bounds the whole call, retries and waits between them included. When it passes, what is
 * out is given up and the call ends in `deadline_exceeded`; a retry that could only begin after it
 * is not made.
 *
 * Sources: gRFC A6 (the deadline applies across all attempts); Envoy's route timeout.
 */
#include "models/guard/policy.h"

const gd_counter_row gd_deadline_counters[] = {{0}};

gd_verdict gd_deadline_admit(const gd_policy_at *at, gd_outcome *outcome)
{
    (void)outcome;
    gd_span after = ((const gd_timeout_spec *)at->spec)->after;
    gd_policy_call(at)->deadline = gd_time_add(at->run->now, after);
    gd_policy_timer(at, after);
    return GD_PASS;
}

gd_verdict gd_deadline_ended(const gd_policy_at *at, gd_outcome *outcome, gd_time *when)
{
    (void)outcome, (void)when;
    *(uint64_t *)at->mine = 0;
    gd_policy_call(at)->deadline = GD_NEVER; /* a retry outside it begins a new one */
    return GD_PASS;
}

void gd_deadline_cancelled(const gd_policy_at *at)
{
    *(uint64_t *)at->mine = 0;
    gd_policy_call(at)->deadline = GD_NEVER;
}

gd_verdict gd_deadline_timer(const gd_policy_at *at, gd_outcome *outcome)
{
    gd_policy_call(at)->deadline = GD_NEVER;
    *outcome = GD_DEADLINE_EXCEEDED;
    return GD_END;
}

uint32_t gd_deadline_call_bytes(const void *spec)
{
    (void)spec;
    return sizeof(uint64_t);
}

uint32_t gd_deadline_state_bytes(const void *spec)
{
    (void)spec;
    return 0;
}

gd_span gd_deadline_timer_span(const void *spec)
{
    return ((const gd_timeout_spec *)spec)->after;
}
