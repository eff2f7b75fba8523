#include "models/balance/pool.h"

/* The link that all pairs of a site's caller and callee instances share, if there is one. */
static uint16_t shared_link(const gd_plan *plan, const gd_plan_site *site, bool back)
{
    uint32_t link = GD_NONE;
    bool client = site->client != GD_NONE;
    const gd_plan_service *caller = client ? NULL : &plan->services[site->caller_service];
    /* Instances are placed over zones in turn: the first n_zones of them are in all their zones. */
    uint32_t from_n = client                                ? 1
                      : caller->instances_n < plan->n_zones ? caller->instances_n
                                                            : plan->n_zones;
    for (uint32_t f = 0; f < from_n; f++) {
        size_t from = client ? plan->clients[site->client].zone
                             : plan->instances[caller->instances_first + f].zone;
        for (uint32_t c = 0; c < site->callees_n; c++) {
            uint32_t op = plan->callees[site->callees_first + c];
            const gd_plan_service *callee = &plan->services[plan->ops[op].service];
            for (uint32_t t = 0; t < callee->instances_n && t < plan->n_zones; t++) {
                size_t to = plan->instances[callee->instances_first + t].zone;
                uint16_t here = back ? plan->link_of[to * plan->n_zones + from]
                                     : plan->link_of[from * plan->n_zones + to];
                if (link != GD_NONE && link != here)
                    return UINT16_MAX;
                link = here;
            }
        }
    }
    return link == GD_NONE ? UINT16_MAX : (uint16_t)link;
}

static uint32_t balancer_bytes(const gd_plan *plan, const gd_plan_site *site)
{
    uint32_t op = plan->callees[site->callees_first];
    uint32_t n = plan->services[plan->ops[op].service].instances_n;
    if (site->pools_first)
        return 0; /* its pools have their own */
    if (site->balancer == GD_ROUND_ROBIN)
        return site->callees_n > 1 || n > 1 ? 8 : 0;
    if (site->balancer == GD_RANDOM)
        return 0;
    return (uint32_t)sizeof(uint32_t) * (site->callees_n > 1 ? plan->n_instances : n);
}

static uint32_t only_instance(const gd_plan *plan, const gd_plan_site *site)
{
    if (site->callees_n != 1 || site->balancer_bytes > 0 || site->pools_first)
        return GD_NONE;
    const gd_plan_service *callee =
        &plan->services[plan->ops[plan->callees[site->callees_first]].service];
    return callee->instances_n == 1 ? callee->instances_first : GD_NONE;
}

void gd_plan_finish(gd_plan *plan)
{
    plan->n_states = 0;
    plan->max_call_bytes = 0;
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        gd_plan_site *site = &plan->sites[i];
        site->fixed_link = shared_link(plan, site, false);
        site->fixed_back = shared_link(plan, site, true);
        if (site->fixed_link == UINT16_MAX || site->fixed_back == UINT16_MAX)
            site->fixed_link = site->fixed_back = UINT16_MAX;
        site->state_bytes = (site->state_bytes + 7) & ~7u;
        site->call_bytes = (site->call_bytes + 7) & ~7u;
        if (site->call_bytes > plan->max_call_bytes)
            plan->max_call_bytes = site->call_bytes;
        site->balancer_bytes = balancer_bytes(plan, site);
        site->only = only_instance(plan, site);
        site->state_first = GD_NONE;
        if (site->state_bytes + site->balancer_bytes == 0)
            continue;
        site->state_first = plan->n_states;
        plan->n_states +=
            site->client != GD_NONE ? 1 : plan->services[site->caller_service].instances_n;
    }
    gd_pools_finish(plan);
}
