/* Envoy's "circuit breaker": no breaker, but limits of what is going on at once with a cluster.
 * With HTTP/1 each request has a connection of its own: beyond max_connections requests are
 * pending, beyond max_pending they are refused (503, flag UO). With HTTP/2 requests share
 * connections, and max_requests bounds them. Its fourth limit, max_retries, is the retry budget
 * fixed_concurrency.
 *
 * Source: Envoy circuit_breaker.proto (Thresholds). Envoy's limits are approximate across its
 * worker threads; here they are exact, for each caller instance.
 */
#include "models/guard/parked.h"

enum { PENDING_OVERFLOW, REQUEST_OVERFLOW, PENDING };
static const gd_counter_row counters[] = {
    {"pending_overflow", NULL},
    {"request_overflow", NULL},
    {"pending", NULL},
    {0},
};

typedef struct {
    gd_parked pending;
    uint32_t active, spare;
} limits_state;

typedef struct {
    uint32_t active, parked;
} limits_call;

static gd_verdict refuse(const gd_policy_at *at, gd_reply *reply, unsigned why)
{
    gd_policy_count(at, why, 1);
    reply->outcome = GD_BULKHEAD_FULL;
    return GD_END;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_envoy_limits_spec *spec = at->spec;
    limits_state *state = at->state;
    limits_call *mine = at->mine;
    *mine = (limits_call){0};
    uint32_t limit = spec->protocol ? spec->max_requests : spec->max_connections;
    if (state->active < limit) {
        state->active++;
        mine->active = 1;
        return GD_PASS;
    }
    if (spec->protocol)
        return refuse(at, reply, REQUEST_OVERFLOW);
    if (state->pending.n >= spec->max_pending)
        return refuse(at, reply, PENDING_OVERFLOW);
    gd_parked_push(at->run, &state->pending, at->call);
    mine->parked = 1;
    gd_policy_count(at, PENDING, 1);
    return GD_PARK;
}

static void release(const gd_policy_at *at)
{
    limits_state *state = at->state;
    limits_call *mine = at->mine;
    if (mine->parked) {
        gd_parked_remove(at->run, &state->pending, at->call);
        mine->parked = 0;
    }
    if (!mine->active)
        return;
    mine->active = 0;
    uint32_t first = gd_parked_first(&state->pending);
    if (first == GD_NONE) {
        state->active--;
        return;
    }
    gd_policy_at next = gd_policy_of_call(at, first);
    gd_parked_remove(at->run, &state->pending, first);
    *(limits_call *)next.mine = (limits_call){.active = 1};
    gd_call_granted(at->run, first, at->level);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    release(at);
    return GD_PASS;
}

const gd_policy gd_envoy_limits_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = release,
    .counters = counters,
    .call_bytes = sizeof(limits_call),
    .state_bytes = sizeof(limits_state),
};

static const char *const protocols[] = {"http1", "http2", NULL};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_envoy_limits_spec, max_connections, GD_FIELD_COUNT, .fallback = "1024",
                 .min = 1, .max = 1000000000, .help = "HTTP/1: requests that are out at once",
                 .source = "Envoy Thresholds.max_connections"),
    GD_FIELD_ROW(gd_envoy_limits_spec, max_pending, GD_FIELD_COUNT, .fallback = "1024", .min = 0,
                 .max = 1000000000, .help = "HTTP/1: requests that wait for a connection",
                 .source = "Envoy Thresholds.max_pending_requests"),
    GD_FIELD_ROW(gd_envoy_limits_spec, max_requests, GD_FIELD_COUNT, .fallback = "1024", .min = 1,
                 .max = 1000000000, .help = "HTTP/2: requests that are out at once",
                 .source = "Envoy Thresholds.max_requests"),
    GD_FIELD_ROW(gd_envoy_limits_spec, protocol, GD_FIELD_WORD, .fallback = "\"http1\"",
                 .words = protocols, .help = "which of the limits bind",
                 .source = "Envoy clusters speak HTTP/1.1 unless told otherwise"),
    {0},
};

const gd_shape gd_envoy_limits_shape = {
    .name = "envoy",
    .help = "limits of what is going on at once with a cluster",
    .source = "Envoy circuit_breaker.proto, Thresholds",
    .bytes = sizeof(gd_envoy_limits_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Envoy's circuit breaker: limits",
            .idea = "No breaker, but limits of what is going on at once with a cluster: "
                    "connections, requests, and requests that wait for a connection.",
            .cures = "Callers that pile up behind a slow callee.",
            .cures_not =
                "A callee that fails fast: nothing is ever going on for long, so no limit is met.",
            .price = "A limit that is right for today's latency is wrong for tomorrow's.",
            .dangerous_with = "The name: who expects it to open on errors has no breaker. That is "
                              "outlier detection.",
            .numbers = "By Little's law a limit of L lets L / latency pass.",
            .source = "Envoy circuit_breaker.proto, Thresholds",
        },
};
