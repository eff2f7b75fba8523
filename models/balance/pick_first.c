/* Pick first: stays on one address until that fails, then goes on to the next. What an HTTP/2 or
 * database client does without a balancer: a new instance receives nothing, until connections are
 * too old and made anew (gRPC max_connection_age, with its jitter of 10 % either way). */
#include "models/balance/pool.h"

static uint64_t place_of(const gd_picking *p, uint32_t host)
{
    if (!p->pool->spec->shuffle)
        return host;
    return gd_mix_n(gd_mix_n(p->state->salt, p->state->connections), host);
}

/* The available one that comes next after `after` (its place), or the first of all. */
static uint32_t next_after(const gd_picking *p, uint64_t after, bool any)
{
    uint32_t best = GD_NONE, first = p->order[0];
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint32_t host = p->order[i];
        uint64_t place = place_of(p, host);
        if (place < place_of(p, first))
            first = host;
        if (any || place <= after)
            continue;
        if (best == GD_NONE || place < place_of(p, best))
            best = host;
    }
    return best == GD_NONE ? first : best;
}

static uint32_t connect_to(const gd_picking *p, uint32_t host)
{
    gd_pool_state *state = p->state;
    gd_span age = p->pool->spec->max_age;
    state->stays = host + 1;
    state->until = GD_NEVER;
    if (age) {
        uint64_t u = gd_mix_n(gd_mix_n(state->salt, state->connections), UINT32_MAX);
        uint64_t jitter = gd_below(u, (uint64_t)age / 5 + 1);
        state->until = gd_time_add(p->run->now, age - age / 10 + (gd_span)jitter);
    }
    return host;
}

static uint32_t pick(const gd_picking *p)
{
    gd_pool_state *state = p->state;
    uint32_t stays = state->stays;
    if (stays && p->run->now >= state->until) {
        state->connections++; /* in another order, when it shuffles */
        return connect_to(p, next_after(p, 0, true));
    }
    for (uint32_t i = 0; stays && i < p->group->n; i++)
        if (p->order[i] == stays - 1)
            return stays - 1;
    return connect_to(p, stays ? next_after(p, place_of(p, stays - 1), false)
                               : next_after(p, 0, true));
}

/* The connection is gone: the next address. */
static void ended(const gd_picking *p, uint32_t host, gd_outcome outcome, gd_span took)
{
    (void)took;
    bool broken = outcome == GD_REFUSED || outcome == GD_CONN_TIMEOUT || outcome == GD_RESET;
    if (broken && p->state->stays == host + 1 && p->state->groups_n)
        connect_to(p, next_after(p, place_of(p, host), false));
}

const gd_balancer_kind gd_pick_first_kind = {.pick = pick, .ended = ended};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_balancer_spec, shuffle, GD_FIELD_BOOL, .fallback = "false",
                 .help = "each caller has its own order", .source = "gRFC A62: shuffleAddressList"),
    GD_FIELD_ROW(gd_balancer_spec, max_age, GD_FIELD_SPAN, .min = GD_MS, .max = GD_DAY,
                 .help = "of a connection, 10 % more or less; then a new one, with `shuffle` to "
                         "anybody. Absent: for ever",
                 .source = "gRFC A9: max_connection_age, infinite"),
    GD_BALANCER_ROWS,
    {0}};
const gd_shape gd_pick_first_shape = {
    .name = "pick_first",
    .help = "stays on one instance until its connection fails",
    .source = "gRPC pick_first; patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_balancer_check,
    .concept =
        &(const gd_concept){
            .title = "Pick first (sticky connections)",
            .idea = "One long-lived connection carries all of a caller's calls.",
            .cures = "Connection set-up, and nothing else.",
            .cures_not =
                "Load: few callers leave most instances idle, and new instances get nothing.",
            .price = "Balance. Scale-out helps nobody until callers connect again.",
            .dangerous_with = "Scale-out under overload (pitfall 12.43).",
            .numbers = "c callers on n instances: c/n each, at best.",
            .source = "gRPC pick_first; gRFC A62.",
            .pattern = "sticky-routing",
        },
};
