/* Bulkhead: at most `max` calls of this site are out at once from one caller instance; what comes
 * beyond waits up to `max_wait`, first come first served, or is refused. It turns "the dependency
 * is slow" into "fast refusal": the caller's other work keeps its workers.
 *
 * Sources: resilience4j BulkheadConfig (semaphore, fair); Hystrix semaphore isolation.
 */
#include "models/guard/policy.h"

enum { REFUSED };
static const gd_counter_row counters[] = {{"refused", NULL}, {0}};

typedef struct {
    uint32_t in_use, waiting;
    uint32_t head, tail; /* parked calls, slot + 1 */
} bulkhead_state;

typedef struct {
    uint64_t word; /* of the longest wait */
    uint32_t holds, parked;
} bulkhead_call;

static void unpark(const gd_policy_at *at)
{
    bulkhead_state *state = at->state;
    bulkhead_call *mine = at->mine;
    gd_call *calls = GD_CALLS(at->run);
    uint32_t before = 0;
    for (uint32_t i = state->head; i != 0; before = i, i = calls[i - 1].next) {
        if (i - 1 != at->call)
            continue;
        if (before == 0)
            state->head = calls[i - 1].next;
        else
            calls[before - 1].next = calls[i - 1].next;
        if (state->tail == i)
            state->tail = before;
        break;
    }
    state->waiting--;
    mine->parked = 0;
    mine->word = 0;
}

static void park(const gd_policy_at *at)
{
    bulkhead_state *state = at->state;
    gd_call *calls = GD_CALLS(at->run);
    calls[at->call].next = 0;
    if (state->head == 0)
        state->head = at->call + 1;
    else
        calls[state->tail - 1].next = at->call + 1;
    state->tail = at->call + 1;
    state->waiting++;
    ((bulkhead_call *)at->mine)->parked = 1;
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
        park(at);
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
    if (state->head == 0) {
        state->in_use--;
        return;
    }
    gd_policy_at next = gd_policy_of_call(at, state->head - 1);
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

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_bulkhead_spec, max, GD_FIELD_COUNT, .fallback = "25", .min = 1, .max = 1000000,
                 .help = "calls out at once, for each caller instance",
                 .source = "resilience4j maxConcurrentCalls"),
    GD_FIELD_ROW(gd_bulkhead_spec, max_wait, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY, .help = "how long a call waits for a place; 0: refused at once",
                 .source = "resilience4j maxWaitDuration"),
    {0},
};

const gd_shape gd_bulkhead_shape = {
    .name = "bulkhead",
    .help = "limits how many calls are out at once",
    .source = "resilience4j BulkheadConfig",
    .bytes = sizeof(gd_bulkhead_spec),
    .fields = fields,
    .bare = "max",
};
