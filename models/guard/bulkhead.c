/* Bulkhead: at most `max` calls of this site are out at once from one caller instance; what comes
 * beyond waits up to `max_wait`, first come first served, or is refused. It turns "the dependency
 * is slow" into "fast refusal": the caller's other work keeps its workers.
 *
 * Sources: resilience4j BulkheadConfig (semaphore, fair); Hystrix semaphore isolation.
 */
#include "models/guard/parked.h"

enum { REFUSED };
static const gd_counter_row counters[] = {{"refused", NULL}, {0}};

typedef struct {
    uint32_t in_use, spare;
    gd_parked waiting;
} bulkhead_state;

typedef struct {
    uint64_t word; /* of the longest wait */
    uint32_t holds, parked;
} bulkhead_call;

static void unpark(const gd_policy_at *at)
{
    bulkhead_state *state = at->state;
    bulkhead_call *mine = at->mine;
    gd_parked_remove(at->run, &state->waiting, at->call);
    mine->parked = 0;
    mine->word = 0;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_bulkhead_spec *spec = at->spec;
    bulkhead_state *state = at->state;
    bulkhead_call *mine = at->mine;
    if (state->in_use < spec->max) {
        state->in_use++;
        mine->holds = 1;
        return GD_PASS;
    }
    if (spec->max_wait > 0) {
        gd_parked_push(at->run, &state->waiting, at->call);
        mine->parked = 1;
        gd_policy_timer(at, 0, spec->max_wait);
        return GD_PARK;
    }
    gd_policy_count(at, REFUSED, 1);
    reply->outcome = GD_BULKHEAD_FULL;
    return GD_END;
}

/* A place is free: the first that waits takes it over. */
static void release(const gd_policy_at *at)
{
    bulkhead_state *state = at->state;
    bulkhead_call *mine = at->mine;
    if (mine->parked) {
        unpark(at);
        return;
    }
    if (!mine->holds)
        return;
    mine->holds = 0;
    if (state->waiting.n == 0) {
        state->in_use--;
        return;
    }
    gd_policy_at next = gd_policy_of_call(at, gd_parked_first(&state->waiting));
    unpark(&next);
    ((bulkhead_call *)next.mine)->holds = 1;
    gd_call_granted(at->run, next.call, at->level);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    release(at);
    return GD_PASS;
}

/* The longest wait is over. */
static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)n;
    unpark(at);
    gd_policy_count(at, REFUSED, 1);
    reply->outcome = GD_BULKHEAD_FULL;
    return GD_END;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_bulkhead_spec *)spec)->max_wait;
}

const gd_policy gd_bulkhead_policy = {
    .counters = counters,
    .admit = admit,
    .ended = ended,
    .cancelled = release,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(bulkhead_call),
    .state_bytes = sizeof(bulkhead_state),
    .timer_span = timer_span,
};
