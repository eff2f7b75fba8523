/* Where things lie in the states of a plan's pools, and which ticks drive them. */
#include "models/balance/pool.h"

static uint32_t aligned(uint32_t bytes)
{
    return (bytes + 15) & ~UINT32_C(15);
}

static void lay_out(const gd_plan *plan, gd_plan_pool *pool)
{
    uint32_t n = plan->services[pool->service].instances_n;
    uint32_t zones = plan->n_zones;
    const gd_balancer_kind *kind = gd_balancer_kind_of((gd_balancer)pool->balancer);
    pool->groups_n = (zones > GD_PRIORITIES ? zones : GD_PRIORITIES) + 1;
    if (pool->spec->locality_kind == GD_LOCALITY_NONE)
        pool->groups_n = 1;
    pool->hosts_at = aligned((uint32_t)sizeof(gd_pool_state));
    pool->order_at = aligned(pool->hosts_at + n * (uint32_t)sizeof(gd_host));
    /* A subset is worked out on paper behind the order; the zones' shares behind the groups. */
    uint32_t order = n * (pool->spec->subset ? 2 : 1) * (uint32_t)sizeof(uint32_t);
    pool->groups_at = aligned(pool->order_at + order);
    uint32_t groups = pool->groups_n * (uint32_t)sizeof(gd_group);
    if (pool->spec->locality_kind != GD_LOCALITY_NONE)
        groups += zones * (uint32_t)(sizeof(uint64_t) + 2 * sizeof(uint32_t));
    pool->table_at = aligned(pool->groups_at + groups);
    pool->bytes = pool->table_at + (kind->table_bytes ? kind->table_bytes(pool, n) : 0);
}

void gd_pools_finish(gd_plan *plan)
{
    plan->n_ticks = 0;
    for (uint32_t i = 0; i < plan->n_pools; i++) {
        gd_plan_pool *pool = &plan->pools[i];
        uint32_t n = plan->services[pool->service].instances_n;
        lay_out(plan, pool);
        pool->state_first = plan->n_states;
        plan->n_states += pool->states_n;
        pool->ticks_n = (pool->outlier != NULL) + (pool->discovery != NULL) + (pool->check ? n : 0);
        pool->ticks_first = pool->ticks_n ? plan->n_ticks : GD_NONE;
        plan->n_ticks += pool->ticks_n * pool->states_n;
    }
    for (uint32_t s = 0; plan->registries && s < plan->n_services; s++) {
        gd_plan_registry *registry = &plan->registries[s];
        uint32_t each = (registry->check != NULL) + registry->beats;
        registry->ticks_first = each ? plan->n_ticks : GD_NONE;
        plan->n_ticks += each * plan->services[s].instances_n;
    }
}
