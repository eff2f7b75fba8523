/* Subsets: each caller knows only some of the instances, so that n callers and m instances need not
 * hold n x m connections.
 *
 * deterministic: rounds of n / size callers share one shuffle of the instances and take slice after
 * slice of it, so that each instance has as many callers as the next (Google SRE book, ch. 20).
 * random: the `size` smallest of hash(caller, instance), rendezvous with a seed for each caller
 * (gRFC A68): low churn, uneven for few callers.
 */
#include "models/balance/pool.h"

static void choose_slice(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state,
                         const uint32_t *seen, uint32_t n)
{
    uint32_t size = pool->spec->subset->size, rounds = n / size > 0 ? n / size : 1;
    uint32_t caller = 0;
    if (state->caller != GD_NONE)
        caller = run->plan->instances[state->caller].ordinal;
    uint64_t key = gd_mix_n(gd_mix(gd_mix(run->key, pool->salt), GD_SALT_SUBSET), caller / rounds);
    uint32_t *order = gd_pool_order(pool, state);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)gd_below(gd_mix_n(key, i), i + 1);
        order[i] = order[at];
        order[at] = seen[i];
    }
    for (uint32_t i = 0; i < size; i++)
        gd_pool_hosts(pool, state)[order[caller % rounds * size + i]].flags |= GD_H_CHOSEN;
}

static void choose_smallest(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state,
                            const uint32_t *seen, uint32_t n)
{
    uint32_t first = run->plan->services[pool->service].instances_first;
    gd_host *hosts = gd_pool_hosts(pool, state);
    uint64_t key = gd_mix(state->salt, GD_SALT_SUBSET);
    for (uint32_t k = 0; k < pool->spec->subset->size; k++) {
        uint32_t best = GD_NONE;
        uint64_t least = UINT64_MAX;
        for (uint32_t i = 0; i < n; i++) {
            uint64_t h = gd_mix(key, run->plan->instances[first + seen[i]].salt);
            if (hosts[seen[i]].flags & GD_H_CHOSEN || (best != GD_NONE && h >= least))
                continue;
            best = seen[i];
            least = h;
        }
        hosts[best].flags |= GD_H_CHOSEN;
    }
}

/* Of those that discovery has; `order` serves as scratch paper behind the ones that it lists. */
void gd_subset_choose(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state)
{
    uint32_t n = 0, all = run->plan->services[pool->service].instances_n;
    gd_host *hosts = gd_pool_hosts(pool, state);
    uint32_t *seen = gd_pool_order(pool, state) + all;
    for (uint32_t i = 0; i < all; i++) {
        hosts[i].flags = (uint8_t)(hosts[i].flags & ~GD_H_CHOSEN);
        if (hosts[i].flags & GD_H_IN_VIEW)
            seen[n++] = i;
    }
    if (n <= pool->spec->subset->size) {
        for (uint32_t i = 0; i < n; i++)
            hosts[seen[i]].flags |= GD_H_CHOSEN;
        return;
    }
    if (pool->spec->subset->method == GD_SUBSET_DETERMINISTIC)
        choose_slice(run, pool, state, seen, n);
    else
        choose_smallest(run, pool, state, seen, n);
}

static const char *const methods[] = {"deterministic", "random", NULL};
static const gd_field fields[] = {
    GD_FIELD_ROW(gd_subset_spec, size, GD_FIELD_COUNT, .required = true, .min = 1, .max = 1000000,
                 .help = "instances that each caller knows", .source = "Google SRE book, ch. 20"),
    GD_FIELD_ROW(gd_subset_spec, method, GD_FIELD_WORD, .words = methods,
                 .fallback = "\"deterministic\"",
                 .help = "deterministic: all instances have as many callers; random: by hash",
                 .source = "gRFC A68"),
    {0}};
const gd_shape gd_subset_shape = {
    .name = "subset",
    .help = "each caller knows only some of the instances",
    .source = "Google SRE book, ch. 20; gRFC A68",
    .bytes = sizeof(gd_subset_spec),
    .fields = fields,
    .bare = "size",
    .concept =
        &(const gd_concept){
            .title = "Subsetting",
            .idea = "Each caller talks to a few of the instances instead of to all of them.",
            .cures = "Connections and health checks that grow as callers x instances.",
            .cures_not = "Uneven callers: a busy one loads its own few instances.",
            .price = "Less spreading: a lost subset is a lost caller.",
            .dangerous_with = "Small subsets and correlated failures.",
            .numbers =
                "Deterministic: each instance has callers x size / n of them, within one round.",
            .source = "Google SRE book, ch. 20; gRFC A68.",
            .pattern = "subset",
        },
};
