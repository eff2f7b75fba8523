/* Discovery: how a caller learns which instances there are. The registry lists an instance while
 * its health checks pass, it is not draining and its heartbeats come; a caller's view follows:
 *
 * dns        asked again when the answer is older than ttl; a share of callers never asks again.
 *            An instance that fails its checks is not in the answer.
 * push       told after a propagation time (xDS, an endpoints watch): it then has the list as it
 *            is, and knows of members that are unhealthy, so that panic can still use them.
 * heartbeat  instances renew; the registry forgets who has not for `expiry`, unless fewer than
 *            self_preservation of all renew (Eureka); callers fetch the list every `refresh`.
 * Without any of them the view is the registry's at every instant.
 *
 * Sources: resolv.conf(5); Envoy EDS; Netflix Eureka wiki, self-preservation mode.
 */
#include "models/balance/pool.h"
#include "models/counter.h"

enum { LOOKS, CHANGES, KEPT_EVERYBODY, IGNORED };
const gd_counter_row gd_discovery_counters[] = {
    {"looks", NULL},
    {"changes", NULL},
    {"self_preserved",
     "an instance without heartbeats stayed: fewer than self_preservation of all sent theirs"},
    {"ignored_ttl", "a caller did not ask again: it ignores the time to live"},
    {0},
};

/* The view becomes what the registry says now. */
void gd_discovery_look(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state)
{
    const gd_plan_service *service = &run->plan->services[pool->service];
    bool members = !pool->discovery || pool->discovery_kind == GD_DISCOVERY_PUSH;
    bool changed = false;
    for (uint32_t i = 0; i < service->instances_n; i++) {
        unsigned flags = GD_ENDPOINTS(run)[service->instances_first + i].flags;
        bool unwell = flags & GD_E_UNWELL;
        bool listed = !(flags & (GD_E_DRAINING | GD_E_EXPIRED)) && (members || !unwell);
        unsigned had = gd_pool_hosts(pool, state)[i].flags;
        if (listed != (bool)(had & GD_H_IN_VIEW)) {
            changed = true;
            gd_pool_flag(run, pool, state, i, GD_H_IN_VIEW, listed);
        }
        if (members && unwell != (bool)(had & GD_H_UNWELL)) {
            changed = true;
            gd_pool_flag(run, pool, state, i, GD_H_UNWELL, unwell);
        }
    }
    if (pool->discovery_counters != GD_NONE) {
        gd_count(run, pool->discovery_counters + LOOKS, 1);
        gd_count(run, pool->discovery_counters + CHANGES, changed);
    }
    if (changed)
        gd_fold(run, run->plan->services[pool->service].salt, GD_EV_BALANCE, state->salt);
}

/* ---- what happens to the registry --------------------------------------------------------------
 */
static void tell(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal, uint32_t instance)
{
    gd_pool_state *state = gd_pool_state_peek(run, pool, ordinal);
    if (!pool->discovery) {
        if (state && state->born)
            gd_discovery_look(run, pool, state);
        return;
    }
    if (pool->discovery_kind != GD_DISCOVERY_PUSH)
        return;
    state = gd_pool_state_of(run, pool, ordinal);
    uint64_t key = gd_mix_n(gd_mix(state->salt, GD_SALT_PUSH), (uint64_t)run->now);
    gd_span after = gd_dist_sample(&run->plan->dists[pool->propagation],
                                   gd_mix(key, run->plan->instances[instance].salt));
    uint32_t tick = pool->ticks_first + ordinal * pool->ticks_n + (pool->outlier != NULL);
    gd_agenda_push(&run->agenda, gd_time_add(run->now, after), GD_RANK_CONTROL, GD_EV_BALANCE,
                   GD_TICK_EVENT(tick));
}

void gd_registry_set(gd_run *run, uint32_t instance, unsigned flag, bool on)
{
    const gd_plan *plan = run->plan;
    if (!plan->registries)
        return;
    gd_endpoint *endpoint = &GD_ENDPOINTS(run)[instance];
    unsigned flags = on ? endpoint->flags | flag : endpoint->flags & ~flag;
    if (flags == endpoint->flags)
        return;
    endpoint->flags = (uint8_t)flags;
    for (uint32_t i = 0; i < plan->n_pools; i++)
        if (plan->pools[i].service == plan->instances[instance].service)
            for (uint32_t k = 0; k < plan->pools[i].states_n; k++)
                tell(run, &plan->pools[i], k, instance);
}

/* ---- by the clock ------------------------------------------------------------------------------
 */
static gd_span period_of(const gd_plan_pool *pool)
{
    return pool->discovery_kind == GD_DISCOVERY_DNS ? pool->discovery->ttl
                                                    : pool->discovery->refresh;
}

void gd_discovery_refresh(gd_run *run, uint32_t index)
{
    const gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan_pool *pool = &run->plan->pools[tick->pool];
    gd_pool_state *state = gd_pool_state_of(run, pool, tick->ordinal);
    if (state->ignores)
        gd_count(run, pool->discovery_counters + IGNORED, 1);
    else
        gd_discovery_look(run, pool, state);
    if (pool->discovery_kind != GD_DISCOVERY_PUSH)
        gd_agenda_push(&run->agenda, gd_time_add(run->now, period_of(pool)), GD_RANK_CONTROL,
                       GD_EV_BALANCE, GD_TICK_EVENT(index));
}

static const gd_discovery_spec *beats_of(const gd_plan *plan, uint32_t service)
{
    for (uint32_t i = 0; i < plan->n_pools; i++)
        if (plan->pools[i].service == service && plan->pools[i].discovery &&
            plan->pools[i].discovery_kind == GD_DISCOVERY_HEARTBEAT)
            return plan->pools[i].discovery;
    g_assert_not_reached();
}

void gd_discovery_start(gd_run *run, uint32_t index)
{
    const gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan *plan = run->plan;
    gd_span period;
    uint64_t key;
    if (tick->what == GD_TICK_BEAT) {
        period = beats_of(plan, plan->instances[tick->instance].service)->heartbeat;
        key = gd_mix(run->key, plan->instances[tick->instance].salt);
    } else {
        const gd_plan_pool *pool = &plan->pools[tick->pool];
        key = gd_pool_state_of(run, pool, tick->ordinal)->salt;
        if (pool->discovery_kind == GD_DISCOVERY_PUSH)
            return; /* it is told */
        period = period_of(pool);
    }
    gd_agenda_push(&run->agenda,
                   (gd_time)gd_below(gd_mix(key, GD_SALT_PHASE_0 + 1), (uint64_t)period) + 1,
                   GD_RANK_CONTROL, GD_EV_BALANCE, GD_TICK_EVENT(index));
}

/* Whether so few renew that the registry rather doubts itself. */
static bool preserves(gd_run *run, const gd_plan_service *service, const gd_discovery_spec *spec)
{
    uint32_t alive = 0;
    for (uint32_t i = 0; i < service->instances_n; i++)
        alive +=
            run->now - GD_ENDPOINTS(run)[service->instances_first + i].beat_at <= spec->heartbeat;
    return (gd_i128)alive * GD_SHARE_ONE < (gd_i128)service->instances_n * spec->self_preservation;
}

static uint32_t counters_of(const gd_plan *plan, uint32_t service)
{
    for (uint32_t i = 0; i < plan->n_pools; i++)
        if (plan->pools[i].service == service && plan->pools[i].discovery_counters != GD_NONE)
            return plan->pools[i].discovery_counters;
    return GD_NONE;
}

void gd_discovery_beat(gd_run *run, uint32_t index)
{
    const gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan *plan = run->plan;
    uint32_t service = plan->instances[tick->instance].service;
    const gd_discovery_spec *spec = beats_of(plan, service);
    gd_endpoint *endpoint = &GD_ENDPOINTS(run)[tick->instance];
    if (!(GD_INSTANCES(run)[tick->instance].flags & (GD_I_DOWN | GD_I_HANG))) {
        endpoint->beat_at = run->now;
        gd_registry_set(run, tick->instance, GD_E_EXPIRED, false);
    } else if (run->now - endpoint->beat_at >= spec->expiry && !(endpoint->flags & GD_E_EXPIRED)) {
        if (preserves(run, &plan->services[service], spec))
            gd_count(run, counters_of(plan, service) + KEPT_EVERYBODY, 1);
        else
            gd_registry_set(run, tick->instance, GD_E_EXPIRED, true);
    }
    gd_agenda_push(&run->agenda, gd_time_add(run->now, spec->heartbeat), GD_RANK_CONTROL,
                   GD_EV_BALANCE, GD_TICK_EVENT(index));
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
#define S gd_discovery_spec
static const gd_field dns_fields[] = {
    GD_FIELD_ROW(S, ttl, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "how long a caller keeps an answer", .source = "patterns 5.6: 60 s"),
    GD_FIELD_ROW(S, ignore_ttl, GD_FIELD_SHARE, .fallback = "\"0%\"", .max = GD_SHARE_ONE,
                 .help = "share of callers that keep their first answer for ever",
                 .source = "patterns 5.6: ignore_ttl"),
    GD_FIELD_ROW(S, resolvers, GD_FIELD_COUNT, .fallback = "1", .min = 1, .max = 10000,
                 .help = "caches among a client's users, each with its own time; a service's "
                         "instances have one each",
                 .source = "assumption"),
    {0},
};
static const gd_field push_fields[] = {
    GD_FIELD_ROW(S, propagation, GD_FIELD_DIST, .fallback = "\"5s\"",
                 .help = "from a change to a caller that knows of it",
                 .source = "patterns 4.8: endpoint_propagation_ms 5000"),
    {0},
};
static const gd_field heartbeat_fields[] = {
    GD_FIELD_ROW(S, heartbeat, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = GD_MS, .max = GD_HOUR,
                 .help = "between the renewals of an instance", .source = "Eureka: 30 s"),
    GD_FIELD_ROW(S, expiry, GD_FIELD_SPAN, .fallback = "\"90s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "without a renewal for so long it is forgotten", .source = "Eureka: 90 s"),
    GD_FIELD_ROW(S, refresh, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = GD_MS, .max = GD_HOUR,
                 .help = "between a caller's fetches of the list",
                 .source = "Eureka registryFetchIntervalSeconds: 30"),
    GD_FIELD_ROW(S, self_preservation, GD_FIELD_SHARE, .fallback = "\"85%\"", .max = GD_SHARE_ONE,
                 .help = "below this share of renewals nobody is forgotten; 0: never so",
                 .source = "Eureka renewalPercentThreshold: 0.85"),
    {0},
};

static void check_heartbeat(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_discovery_spec *discovery = spec;
    if (discovery->expiry >= discovery->heartbeat)
        return;
    g_autofree char *expiry = gd_quantity_print(GD_FIELD_SPAN, discovery->expiry);
    g_autofree char *beat = gd_quantity_print(GD_FIELD_SPAN, discovery->heartbeat);
    gd_problem(problems, node,
               "expiry is %s, below the %s between heartbeats: live instances would be forgotten; "
               "write about three times the heartbeat",
               expiry, beat);
}

static const gd_shape dns_shape = {
    .name = "dns",
    .help = "addresses from a resolver, kept for their time to live",
    .source = "resolv.conf(5); patterns 5.6",
    .bytes = sizeof(S),
    .fields = dns_fields,
    .concept =
        &(const gd_concept){
            .title = "DNS and its time to live",
            .idea = "Callers keep the addresses that they were told until the answer is too old.",
            .cures = "A lookup at every call.",
            .cures_not =
                "Callers that never ask again: some stay on the old address until restart.",
            .price = "After a fail-over the old address is used for up to the time to live.",
            .dangerous_with = "Fail-over by DNS alone.",
            .numbers = "Share on the old address: max(0, 1 - t / ttl), plus those who ignore it.",
            .source = "patterns 5.6; resolv.conf(5).",
            .pattern = "discovery",
        },
};
static const gd_shape push_shape = {
    .name = "push",
    .help = "callers are told of changes (xDS, an endpoints watch)",
    .source = "Envoy EDS; Kubernetes EndpointSlices",
    .bytes = sizeof(S),
    .fields = push_fields,
};
static const gd_shape heartbeat_shape = {
    .name = "heartbeat",
    .help = "instances renew their entry in a registry that callers poll",
    .source = "Netflix Eureka",
    .bytes = sizeof(S),
    .fields = heartbeat_fields,
    .check = check_heartbeat,
};
const gd_shape *const gd_discovery_shapes[] = {&dns_shape, &push_shape, &heartbeat_shape, NULL};
