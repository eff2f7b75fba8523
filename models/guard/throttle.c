/* Adaptive throttling: a client that has seen its callee refuse drops some of its own calls before
 * they are sent. Over a sliding window it counts requests (also those that it drops) and accepts
 * (answers that are no overload refusal), and drops with probability
 *
 *     p = max(0, (requests - K accepts) / (requests + 1))
 *
 * It begins when less than 1 / K are accepted. With K = 2 about as many doomed requests pass as are
 * accepted, so that it sees recovery soon; K near 1 saves more of the callee and may stay latched.
 *
 * Source: Google SRE book, ch. 21, eq. 21-1; requests count when they are sent, so that the
 * reaction does not lag by an answer.
 */
#include "models/guard/policy.h"
#include "models/guard/slices.h"

#define SLICES 120u /* a second each in the default window: assumption */

enum { REQUESTS, ACCEPTS, SUMS };
enum { DROPPED, ADMITTED };
static const gd_counter_row counters[] = {
    {"dropped", NULL},
    {"admitted", NULL},
    {0},
};

typedef struct {
    int64_t sums[SUMS];
    gd_slices slices;
    int64_t cells[SLICES * SUMS];
} throttle_state;

static int64_t *cells(const gd_policy_at *at)
{
    throttle_state *state = at->state;
    gd_span slice = ((const gd_throttle_spec *)at->spec)->window / SLICES;
    return gd_slices_at(&state->slices, SLICES, SUMS, slice, at->run->now, state->sums);
}

/* u < p, exactly: u (requests + 1) < requests - K accepts. */
static bool drops(const gd_policy_at *at)
{
    const gd_throttle_spec *spec = at->spec;
    const throttle_state *state = at->state;
    gd_i128 excess =
        (gd_i128)state->sums[REQUESTS] * GD_SHARE_ONE - (gd_i128)state->sums[ACCEPTS] * spec->k;
    if (excess <= 0)
        return false;
    const gd_call *call = gd_policy_call(at);
    uint64_t u = gd_mix_n(gd_mix(call->key, GD_SALT_THROTTLE), call->attempts);
    gd_i128 share = (gd_i128)(u >> 32) * (state->sums[REQUESTS] + 1);
    return share * GD_SHARE_ONE < excess << 32;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    throttle_state *state = at->state;
    int64_t *cell = cells(at);
    bool dropped = drops(at);
    cell[REQUESTS]++;
    state->sums[REQUESTS]++;
    gd_policy_count(at, dropped ? DROPPED : ADMITTED, 1);
    if (!dropped)
        return GD_PASS;
    reply->outcome = GD_THROTTLED_LOCAL;
    return GD_END;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    if (!reply->reached || reply->outcome == GD_SHED || reply->outcome == GD_RATE_LIMITED)
        return GD_PASS;
    cells(at)[ACCEPTS]++;
    ((throttle_state *)at->state)->sums[ACCEPTS]++;
    return GD_PASS;
}

const gd_policy gd_throttle_policy = {
    .admit = admit,
    .ended = ended,
    .counters = counters,
    .state_bytes = sizeof(throttle_state),
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_throttle_spec, k, GD_FIELD_FACTOR, .fallback = "2", .min = GD_SHARE_ONE,
                 .max = 100 * GD_SHARE_ONE,
                 .help =
                     "requests let through for each that is accepted; near 1 it may stay latched",
                 .source = "Google SRE book, ch. 21: 2"),
    GD_FIELD_ROW(gd_throttle_spec, window, GD_FIELD_SPAN, .fallback = "\"120s\"",
                 .min = SLICES * GD_MS, .max = GD_DAY,
                 .help = "over which both are counted; longer than the longest call",
                 .source = "Google SRE book, ch. 21: two minutes"),
    {0},
};

static const gd_concept concept = {
    .title = "Adaptive throttling",
    .idea = "A client that has seen its callee refuse drops some of its own calls, in proportion, "
            "before they are sent.",
    .cures = "Callees that spend their time on refusing.",
    .cures_not = "The lack of capacity: somebody is refused.",
    .price = "Calls dropped that would have been served, at the wrong moment.",
    .dangerous_with = "K near 1, which may stay latched; windows shorter than the longest call.",
    .numbers = "K = 2 and two minutes: it begins when less than half is accepted; the callee sees "
               "K times what it accepts.",
    .source = "Google SRE book, ch. 21, eq. 21-1",
    .pattern = "adaptive-throttling",
};

const gd_shape gd_throttle_shape = {
    .name = "sre",
    .help = "drops calls in proportion to what the callee refuses",
    .source = "Google SRE book, ch. 21, eq. 21-1",
    .bytes = sizeof(gd_throttle_spec),
    .fields = fields,
    .bare = "k",
    .concept = &concept,
};

const gd_shape *const gd_throttle_shapes[] = {&gd_throttle_shape, &gd_adaptive_shape, NULL};
