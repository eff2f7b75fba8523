/* Which instances a pick may choose from: health, panic and locality, worked out when something
 * changed.
 *
 * Arithmetic as Envoy's (load_balancer_base.cc): a level's health is min(100, overprovisioning x
 * available %) in whole percent; load goes to the first level up to its health, the rest to the
 * next; below 100 in all it is normalised. A level panics when less than panic_threshold of it is
 * available, unless the healthy levels carry everything: then its health is ignored.
 */
#include "models/balance/pool.h"

#include <string.h>

#define WHOLE 10000u /* normalised health, in units of a hundredth of a percent */

typedef struct {
    gd_run *run;
    const gd_plan_pool *pool;
    gd_pool_state *state;
    gd_host *hosts;
    uint32_t first, n; /* instances of the callee */
    uint16_t zone;     /* of the caller */
} grouping;

static bool is_member(const grouping *g, uint32_t host)
{
    unsigned flags = g->hosts[host].flags;
    return flags & GD_H_IN_VIEW && (!g->pool->spec->subset || flags & GD_H_CHOSEN);
}

static bool is_usable(const grouping *g, uint32_t host)
{
    return is_member(g, host) && (g->hosts[host].flags & GD_H_USABLE) == GD_H_IN_VIEW;
}

static uint16_t zone_of(const grouping *g, uint32_t host)
{
    return g->run->plan->instances[g->first + host].zone;
}

/* Same zone 0, same region 1, elsewhere 2; or as the model lists them. */
static unsigned level_of(const grouping *g, uint32_t host)
{
    const gd_plan_zone *zones = g->run->plan->zones;
    uint16_t zone = zone_of(g, host);
    if (g->pool->levels)
        return g->pool->levels[zone];
    return zone == g->zone ? 0 : zones[zone].region == zones[g->zone].region ? 1 : 2;
}

/* Adds a group of the hosts that `zone` and `level` let in; its threshold is the caller's to set.
 * Nothing when there are none. */
static gd_group *add_group(grouping *g, uint32_t zone, uint32_t level, bool panic)
{
    gd_group *groups = gd_pool_groups(g->pool, g->state);
    uint32_t *order = gd_pool_order(g->pool, g->state);
    gd_group *group = &groups[g->state->groups_n];
    uint32_t first = g->state->groups_n ? group[-1].first + group[-1].n : 0, n = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        if (zone != GD_NONE && zone_of(g, i) != zone)
            continue;
        if (level != GD_NONE && level_of(g, i) != level)
            continue;
        if (panic ? is_member(g, i) : is_usable(g, i))
            order[first + n++] = i;
    }
    if (n == 0)
        return NULL;
    uint32_t cursor = group->cursor;
    *group = (gd_group){.below = UINT64_MAX,
                        .first = first,
                        .n = n,
                        .cursor = cursor,
                        .zone = (uint16_t)(zone == GD_NONE ? level & 0xffff : zone),
                        .panic = panic};
    g->state->groups_n++;
    return group;
}

/* Shares of the groups, none of them 0, as cumulative thresholds. */
static void set_shares(const grouping *g, const uint64_t *share)
{
    gd_group *groups = gd_pool_groups(g->pool, g->state);
    gd_u128 total = 0, sum = 0;
    for (uint32_t i = 0; i < g->state->groups_n; i++)
        total += share[i];
    for (uint32_t i = 0; i < g->state->groups_n; i++) {
        sum += share[i];
        groups[i].below = sum == total ? UINT64_MAX : (uint64_t)((sum << 64) / total) - 1;
    }
}

/* ---- levels of priority ------------------------------------------------------------------------
 */
static void by_level(grouping *g)
{
    const gd_locality_spec *spec = g->pool->spec->locality.spec;
    uint32_t members[GD_PRIORITIES] = {0}, usable[GD_PRIORITIES] = {0}, health[GD_PRIORITIES];
    uint64_t share[GD_PRIORITIES], shares[GD_PRIORITIES];
    uint32_t all = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        members[level_of(g, i)] += is_member(g, i);
        usable[level_of(g, i)] += is_usable(g, i);
    }
    for (unsigned level = 0; level < GD_PRIORITIES; level++) {
        gd_u128 of = (gd_u128)spec->overprovisioning * 100 * usable[level];
        gd_u128 percent = members[level] ? of / ((gd_u128)GD_SHARE_ONE * members[level]) : 0;
        health[level] = percent > 100 ? 100 : (uint32_t)percent;
        all += health[level];
    }
    uint32_t total = all > 100 ? 100 : all, left = WHOLE, groups = 0;
    for (unsigned level = 0; level < GD_PRIORITIES; level++) {
        uint32_t want = total ? health[level] * WHOLE / total : level == 0 ? WHOLE : 0;
        share[level] = want < left ? want : left;
        left -= (uint32_t)share[level];
    }
    for (unsigned level = 0; level < GD_PRIORITIES; level++) {
        gd_u128 wanted = (gd_u128)g->pool->spec->panic_threshold * members[level];
        bool panic = total < 100 && (gd_u128)GD_SHARE_ONE * usable[level] < wanted;
        if (total == 0)
            share[level] = members[level]; /* everything is terrible: all of it, by size */
        if (share[level] == 0 || (panic && g->pool->spec->fail_on_panic))
            continue;
        if (add_group(g, GD_NONE, level, panic))
            shares[groups++] = share[level];
    }
    if (groups)
        set_shares(g, shares);
}

/* ---- zones -------------------------------------------------------------------------------------
 */
/* How many of the caller's tier are in each zone, as placed. */
static uint32_t count_callers(const grouping *g, uint32_t *in_zone)
{
    const gd_plan *plan = g->run->plan;
    const gd_plan_service *caller = &plan->services[g->pool->caller_service];
    for (uint32_t i = 0; i < caller->instances_n; i++)
        in_zone[plan->instances[caller->instances_first + i].zone]++;
    return caller->instances_n;
}

/* Envoy's zone-aware routing: local share u / l at most, the rest to others by what they can spare.
 * l: the caller's tier in this zone, u: the callee's available instances in it, as shares. */
static bool by_zone(grouping *g)
{
    const gd_locality_spec *spec = g->pool->spec->locality.spec;
    uint32_t zones = g->run->plan->n_zones, groups = 0;
    if (g->state->usable < spec->min_cluster_size)
        return false;
    uint64_t *share =
        (uint64_t *)((char *)g->state + g->pool->groups_at + g->pool->groups_n * sizeof(gd_group));
    uint32_t *callers = (uint32_t *)(share + zones), *usable = callers + zones;
    memset(callers, 0, 2 * zones * sizeof *callers);
    uint32_t all = count_callers(g, callers), here = g->zone;
    for (uint32_t i = 0; i < g->n; i++)
        usable[zone_of(g, i)] += is_usable(g, i);
    uint64_t up = (uint64_t)usable[here] * all, need = (uint64_t)callers[here] * g->state->usable;
    uint64_t spare = 0, local = up >= need ? need : up;
    for (uint32_t z = 0; z < zones; z++) {
        uint64_t has = (uint64_t)usable[z] * all, wants = (uint64_t)callers[z] * g->state->usable;
        spare += has > wants ? has - wants : 0;
    }
    for (uint32_t z = 0; z < zones; z++) {
        uint64_t has = (uint64_t)usable[z] * all, wants = (uint64_t)callers[z] * g->state->usable;
        /* local / need to this zone; of the rest, each other one what it can spare. In 2^-32. */
        gd_u128 part = z == here ? ((gd_u128)local << 32) / need : 0;
        if (z != here && has > wants && spare > 0)
            part = (((gd_u128)(need - local) << 32) / need) * (has - wants) / spare;
        if (part > 0 && add_group(g, z, GD_NONE, false))
            share[groups++] = (uint64_t)part;
    }
    if (groups)
        set_shares(g, share);
    return groups > 0;
}

/* All local when there are enough; else as if nothing had been said. */
static bool local_only(grouping *g)
{
    const gd_locality_spec *spec = g->pool->spec->locality.spec;
    uint32_t here = 0;
    for (uint32_t i = 0; i < g->n; i++)
        here += is_usable(g, i) && zone_of(g, i) == g->zone;
    return here >= spec->min_size && add_group(g, g->zone, GD_NONE, false);
}

/* weight x min(1, overprovisioning x available / all), by zone. */
static bool by_weight(grouping *g)
{
    const gd_locality_spec *spec = g->pool->spec->locality.spec;
    uint32_t zones = g->run->plan->n_zones, groups = 0;
    uint64_t *share =
        (uint64_t *)((char *)g->state + g->pool->groups_at + g->pool->groups_n * sizeof(gd_group));
    for (uint32_t z = 0; z < zones; z++) {
        uint64_t members = 0, usable = 0;
        for (uint32_t i = 0; i < g->n; i++) {
            members += is_member(g, i) && zone_of(g, i) == z;
            usable += is_usable(g, i) && zone_of(g, i) == z;
        }
        if (members == 0 || g->pool->zone_weights[z] == 0)
            continue;
        gd_u128 health = (gd_u128)spec->overprovisioning * usable / members;
        uint64_t factor = health > (gd_u128)GD_SHARE_ONE ? GD_SHARE_ONE : (uint64_t)health;
        if (factor > 0 && add_group(g, z, GD_NONE, false))
            share[groups++] = factor * g->pool->zone_weights[z];
    }
    if (groups)
        set_shares(g, share);
    return groups > 0;
}

/* ---- all together ------------------------------------------------------------------------------
 */
static void count_hosts(grouping *g)
{
    g->state->members = g->state->usable = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        g->state->members += is_member(g, i);
        g->state->usable += is_usable(g, i);
    }
}

void gd_pool_regroup(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state)
{
    const gd_plan *plan = run->plan;
    const gd_balancer_spec *spec = pool->spec;
    grouping g = {.run = run, .pool = pool, .state = state, .hosts = gd_pool_hosts(pool, state)};
    g.first = plan->services[pool->service].instances_first;
    g.n = plan->services[pool->service].instances_n;
    g.zone = state->caller == GD_NONE ? plan->clients[pool->client].zone
                                      : plan->instances[state->caller].zone;
    if (spec->subset)
        gd_subset_choose(run, pool, state);
    count_hosts(&g);
    state->groups_n = 0;
    state->fails = false;
    gd_u128 wanted = (gd_u128)spec->panic_threshold * state->members;
    bool panic = (gd_u128)GD_SHARE_ONE * state->usable < wanted, done = false;
    if (spec->locality_kind == GD_LOCALITY_PRIORITY) {
        by_level(&g);
        state->fails = state->groups_n == 0 && state->members > 0 && spec->fail_on_panic;
        return;
    }
    if (panic && spec->fail_on_panic) {
        state->fails = true;
        return;
    }
    if (!panic && spec->locality_kind == GD_LOCALITY_ZONE_AWARE)
        done = by_zone(&g);
    else if (!panic && spec->locality_kind == GD_LOCALITY_LOCAL_ONLY)
        done = local_only(&g);
    else if (!panic && spec->locality_kind == GD_LOCALITY_WEIGHTED)
        done = by_weight(&g);
    if (!done)
        add_group(&g, GD_NONE, GD_NONE, panic);
}
