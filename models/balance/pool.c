/* The life of a pool's state: born at first use (or at the start, where the clock drives it), asked
 * for picks, told how attempts ended, forgotten when its caller crashes. */
#include "models/balance/pool.h"

#include <string.h>

const gd_balancer_kind *gd_balancer_kind_of(gd_balancer balancer)
{
    static const gd_balancer_kind *const kinds[GD_BALANCERS] = {
#define GD_BALANCER(symbol, name) &gd_##name##_kind,
#include "models/balance/balance.def"
#undef GD_BALANCER
    };
    return kinds[balancer];
}

gd_host *gd_pool_hosts(const gd_plan_pool *pool, gd_pool_state *state)
{
    return (gd_host *)((char *)state + pool->hosts_at);
}

gd_group *gd_pool_groups(const gd_plan_pool *pool, gd_pool_state *state)
{
    return (gd_group *)((char *)state + pool->groups_at);
}

uint32_t *gd_pool_order(const gd_plan_pool *pool, gd_pool_state *state)
{
    return (uint32_t *)((char *)state + pool->order_at);
}

gd_pool_state *gd_pool_state_peek(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal)
{
    uint32_t index = GD_SEG(run, GD_SEG_STATE_INDEX, uint32_t)[pool->state_first + ordinal];
    if (index == 0)
        return NULL;
    return (gd_pool_state *)((char *)run->segs[GD_SEG_STATES].base + (size_t)(index - 1) * 16);
}

/* A process that has just begun: it believes what discovery says and holds everybody for healthy.
 */
static void be_born(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t ordinal)
{
    const gd_plan *plan = run->plan;
    bool client = pool->client != GD_NONE;
    uint64_t who = plan->clients[client ? pool->client : 0].salt;
    memset(state, 0, pool->bytes);
    state->caller =
        client ? GD_NONE : plan->services[pool->caller_service].instances_first + ordinal;
    if (!client)
        who = plan->instances[state->caller].salt;
    state->salt = gd_mix(gd_mix(run->key, pool->salt), gd_mix_n(who, ordinal));
    state->born = state->dirty = true;
    if (pool->discovery && pool->discovery_kind == GD_DISCOVERY_DNS)
        state->ignores =
            gd_mix(state->salt, GD_SALT_PUSH) < gd_share_threshold(pool->discovery->ignore_ttl);
    uint32_t n = plan->services[pool->service].instances_n;
    for (uint32_t i = 0; i < n; i++)
        gd_pool_hosts(pool, state)[i].flags = GD_H_IN_VIEW;
    if (plan->registries)
        gd_discovery_look(run, pool, state);
    for (uint32_t i = 0; i < n; i++)
        gd_pool_hosts(pool, state)[i].joined = 0; /* the slow start is for those that come later */
    state->slow_until = 0;
}

gd_pool_state *gd_pool_state_of(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal)
{
    gd_pool_state *state = gd_pool_state_peek(run, pool, ordinal);
    if (!state) {
        size_t bytes = ((size_t)pool->bytes + 15) & ~(size_t)15;
        size_t at = gd_segment_extend(&run->segs[GD_SEG_STATES], &run->memory, bytes);
        GD_SEG(run, GD_SEG_STATE_INDEX, uint32_t)
        [pool->state_first + ordinal] = (uint32_t)(at / 16) + 1;
        state = gd_pool_state_peek(run, pool, ordinal);
        state->born = false;
    }
    if (!state->born)
        be_born(run, pool, state, ordinal);
    return state;
}

void gd_pool_flag(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host,
                  unsigned flag, bool on)
{
    gd_host *h = &gd_pool_hosts(pool, state)[host];
    bool was = (h->flags & GD_H_USABLE) == GD_H_IN_VIEW;
    h->flags = (uint8_t)(on ? h->flags | flag : h->flags & ~flag);
    bool is = (h->flags & GD_H_USABLE) == GD_H_IN_VIEW;
    state->dirty = true;
    /* Envoy: slow start begins when a host joins, or passes its checks; not when it comes back
     * from an ejection. */
    if (is && !was && flag != GD_H_EJECTED && pool->spec->slow_start) {
        h->joined = run->now;
        h->current = 0;
        state->slow_until = gd_time_add(run->now, pool->spec->slow_start->window);
    }
}

/* ---- picks --------------------------------------------------------------------------------------
 */
static uint32_t ordinal_of(const gd_run *run, const gd_plan_pool *pool, uint32_t from,
                           uint64_t subject)
{
    if (pool->client == GD_NONE)
        return from - run->plan->services[pool->caller_service].instances_first;
    return pool->states_n > 1 ? (uint32_t)gd_below(gd_fin(subject), pool->states_n) : 0;
}

static gd_picking picking_of(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state,
                             gd_group *group)
{
    return (gd_picking){
        .run = run,
        .pool = pool,
        .state = state,
        .hosts = gd_pool_hosts(pool, state),
        .order = gd_pool_order(pool, state) + group->first,
        .group = group,
        .table = (char *)state + pool->table_at,
    };
}

static void refresh(gd_run *run, const gd_plan_site *site, const gd_plan_pool *pool,
                    gd_pool_state *state)
{
    state->dirty = false;
    gd_pool_regroup(run, pool, state);
    gd_count(run, site->balance_counters + GD_PICK_REBUILD, 1);
    const gd_balancer_kind *kind = gd_balancer_kind_of((gd_balancer)pool->balancer);
    gd_picking p = picking_of(run, pool, state, gd_pool_groups(pool, state));
    if (kind->rebuild && state->groups_n)
        kind->rebuild(&p);
}

static void count_pick(gd_run *run, const gd_plan_site *site, const gd_picking *p, uint32_t host)
{
    const gd_plan *plan = run->plan;
    uint32_t at = plan->services[p->pool->service].instances_first + host;
    uint32_t from = p->state->caller;
    uint32_t zone =
        from == GD_NONE ? plan->clients[p->pool->client].zone : plan->instances[from].zone;
    uint32_t first = site->balance_counters;
    gd_count(run, first + GD_PICK_ALL, 1);
    bool same = zone == plan->instances[at].zone;
    gd_count(run, first + (same ? GD_PICK_SAME_ZONE : GD_PICK_OTHER_ZONE), 1);
    if (p->group->panic)
        gd_count(run, first + GD_PICK_PANIC, 1);
    if (GD_INSTANCES(run)[at].flags & (GD_I_DOWN | GD_I_CLOSED))
        gd_count(run, first + GD_PICK_STALE, 1);
    const gd_slow_start_spec *slow = p->pool->spec->slow_start;
    if (slow && p->hosts[host].joined > 0 && run->now < p->hosts[host].joined + slow->window)
        gd_count(run, first + GD_PICK_YOUNG, 1);
}

static uint32_t pick_one(gd_run *run, const gd_plan_site *site, const gd_plan_pool *pool,
                         gd_pool_state *state, uint64_t key, uint64_t subject)
{
    if (state->dirty)
        refresh(run, site, pool, state);
    if (state->fails) {
        gd_count(run, site->balance_counters + GD_PICK_REFUSED, 1);
        return GD_NONE;
    }
    if (state->groups_n == 0) {
        gd_count(run, site->balance_counters + GD_PICK_NONE, 1);
        return GD_NONE;
    }
    gd_group *group = gd_pool_groups(pool, state);
    if (state->groups_n > 1) {
        uint64_t u = gd_mix(key, GD_SALT_ZONE);
        while (u > group->below)
            group++;
    }
    gd_picking p = picking_of(run, pool, state, group);
    p.u = gd_mix(key, GD_SALT_BALANCE);
    p.subject = subject;
    uint32_t host = gd_balancer_kind_of((gd_balancer)pool->balancer)->pick(&p);
    count_pick(run, site, &p, host);
    p.hosts[host].in_flight++;
    return run->plan->services[pool->service].instances_first + host;
}

static uint64_t user_key(const gd_run *run, uint32_t client, uint32_t user)
{
    return gd_mix_n(gd_mix(run->key, run->plan->clients[client].salt), user);
}

uint32_t gd_pool_pick(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t key,
                      const gd_subject *subject, uint32_t *op)
{
    const gd_plan *plan = run->plan;
    uint32_t index = 0;
    if (site->callees_n > 1)
        index = (uint32_t)gd_below(gd_mix(key, GD_SALT_CALLEE), site->callees_n);
    *op = plan->callees[site->callees_first + index];
    const gd_plan_pool *pool = &plan->pools[plan->pool_of[site->pools_first - 1 + index]];
    uint64_t user = 0, hashed = key;
    if (pool->by_subject) {
        user = user_key(run, subject->client, subject->user);
        hashed = pool->spec->hash_on == GD_HASH_REQUEST ? subject->request : user;
        if (pool->keys != GD_NONE)
            hashed = gd_fin((uint64_t)gd_dist_sample(&plan->dists[pool->keys],
                                                     gd_mix(subject->request, GD_SALT_SUBJECT)));
    }
    uint32_t ordinal = ordinal_of(run, pool, from, user);
    gd_pool_state *state = gd_pool_state_of(run, pool, ordinal);
    return pick_one(run, site, pool, state, key, hashed);
}

/* ---- ends ---------------------------------------------------------------------------------------
 */
static const gd_plan_pool *pool_at(const gd_plan *plan, const gd_plan_site *site, uint32_t service)
{
    for (uint32_t i = 0; i < site->callees_n; i++) {
        const gd_plan_pool *pool = &plan->pools[plan->pool_of[site->pools_first - 1 + i]];
        if (pool->service == service)
            return pool;
    }
    return NULL;
}

void gd_pool_ended(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t instance,
                   uint32_t user, gd_outcome outcome, gd_span took)
{
    const gd_plan *plan = run->plan;
    uint32_t service = plan->instances[instance].service;
    const gd_plan_pool *pool = pool_at(plan, site, service);
    uint64_t who = 0;
    if (pool->states_n > 1 && pool->client != GD_NONE)
        who = user_key(run, pool->client, user);
    gd_pool_state *state = gd_pool_state_peek(run, pool, ordinal_of(run, pool, from, who));
    if (!state || !state->born)
        return; /* the caller has restarted since and knows nothing of it */
    uint32_t host = instance - plan->services[service].instances_first;
    gd_host *h = &gd_pool_hosts(pool, state)[host];
    if (h->in_flight > 0)
        h->in_flight--;
    const gd_balancer_kind *kind = gd_balancer_kind_of((gd_balancer)pool->balancer);
    if (kind->ended) {
        gd_picking p = picking_of(run, pool, state, gd_pool_groups(pool, state));
        kind->ended(&p, host, outcome, took);
    }
    if (pool->outlier)
        gd_outlier_ended(run, pool, state, host, outcome);
}

void gd_pool_forget(gd_run *run, uint32_t instance)
{
    const gd_plan *plan = run->plan;
    uint32_t service = plan->instances[instance].service;
    for (uint32_t i = 0; i < plan->n_pools; i++) {
        const gd_plan_pool *pool = &plan->pools[i];
        if (pool->client != GD_NONE || pool->caller_service != service)
            continue;
        uint32_t ordinal = instance - plan->services[service].instances_first;
        gd_pool_state *state = gd_pool_state_peek(run, pool, ordinal);
        if (state)
            state->born = false;
        for (uint32_t k = 0; pool->ticks_first != GD_NONE && k < pool->ticks_n; k++) {
            gd_tick *tick = &GD_TICKS(run)[pool->ticks_first + ordinal * pool->ticks_n + k];
            tick->unhealthy = tick->waits = false;
            tick->run = 0;
        }
    }
}

/* ---- the clock ----------------------------------------------------------------------------------
 */
static void start_tick(gd_run *run, uint32_t index)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    switch ((gd_tick_kind)tick->what) {
    case GD_TICK_SWEEP:
        gd_outlier_start(run, &run->plan->pools[tick->pool], index);
        break;
    case GD_TICK_REFRESH:
    case GD_TICK_BEAT:
        gd_discovery_start(run, index);
        break;
    case GD_TICK_PROBE:
        gd_check_start(run, index);
        break;
    }
}

static void lay_out_state(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal)
{
    const gd_plan *plan = run->plan;
    const gd_plan_service *callee = &plan->services[pool->service];
    uint32_t index = pool->ticks_first + ordinal * pool->ticks_n;
    gd_tick tick = {.pool = (uint32_t)(pool - plan->pools), .ordinal = ordinal};
    tick.instance = GD_NONE;
    if (pool->outlier) {
        tick.what = GD_TICK_SWEEP;
        GD_TICKS(run)[index++] = tick;
    }
    if (pool->discovery) {
        tick.what = GD_TICK_REFRESH;
        GD_TICKS(run)[index++] = tick;
    }
    tick.what = GD_TICK_PROBE;
    for (uint32_t i = 0; pool->check && i < callee->instances_n; i++) {
        tick.instance = callee->instances_first + i;
        GD_TICKS(run)[index++] = tick;
    }
}

void gd_balance_start(gd_run *run)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_pools; i++)
        for (uint32_t k = 0; plan->pools[i].ticks_first != GD_NONE && k < plan->pools[i].states_n;
             k++)
            lay_out_state(run, &plan->pools[i], k);
    for (uint32_t s = 0; plan->registries && s < plan->n_services; s++) {
        const gd_plan_registry *registry = &plan->registries[s];
        uint32_t index = registry->ticks_first;
        for (uint32_t i = 0; index != GD_NONE && i < plan->services[s].instances_n; i++) {
            gd_tick tick = {.pool = GD_NONE, .ordinal = i};
            tick.instance = plan->services[s].instances_first + i;
            tick.what = GD_TICK_PROBE;
            if (registry->check)
                GD_TICKS(run)[index++] = tick;
            tick.what = GD_TICK_BEAT;
            if (registry->beats)
                GD_TICKS(run)[index++] = tick;
        }
    }
    for (uint32_t i = 0; i < plan->n_ticks; i++)
        start_tick(run, i);
}

void gd_balance_tick(gd_run *run, uint32_t index)
{
    uint32_t at = index / 2;
    const gd_tick *tick = &GD_TICKS(run)[at];
    switch ((gd_tick_kind)tick->what) {
    case GD_TICK_SWEEP:
        gd_outlier_sweep(run, at);
        break;
    case GD_TICK_REFRESH:
        gd_discovery_refresh(run, at);
        break;
    case GD_TICK_BEAT:
        gd_discovery_beat(run, at);
        break;
    case GD_TICK_PROBE:
        if (index % 2)
            gd_check_timeout(run, at);
        else
            gd_check_probe(run, at);
        break;
    }
}
