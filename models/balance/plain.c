/* Plain balancers: a word and no more, on the path of every call of most models.
 *
 * A balancer sees what real balancers see: its own cursor and its own requests in flight, never the
 * queues of the servers. One balancer for each (call site, caller instance). Without health checks
 * it goes on sending to instances that are down.
 */
#include "models/flow/engine.h"

typedef struct {
    uint32_t cursor; /* round robin: next + 1; 0: not placed yet */
    uint32_t spare;
} cursor_state;

static void *state_of(gd_run *run, const gd_plan_site *site, uint32_t from)
{
    return (char *)gd_site_state(run, site, from) + site->state_bytes;
}

static uint32_t round_robin(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t n)
{
    cursor_state *state = state_of(run, site, from);
    if (state->cursor == 0) {
        /* Each balancer starts at random, so that their cursors do not march in step. */
        uint64_t who = from == GD_NONE ? site->salt : run->plan->instances[from].salt;
        uint64_t u = gd_mix(gd_mix(run->key, site->salt), who + GD_SALT_BALANCE);
        state->cursor = (uint32_t)gd_below(u, n) + 1;
    }
    uint32_t pick = (state->cursor - 1) % n;
    state->cursor = pick + 2;
    return pick;
}

static uint32_t least_requests(const uint32_t *in_flight, uint32_t n, uint64_t u)
{
    uint32_t least = UINT32_MAX, ties = 0;
    for (uint32_t i = 0; i < n; i++) {
        ties = in_flight[i] < least ? 1 : ties + (in_flight[i] == least);
        least = in_flight[i] < least ? in_flight[i] : least;
    }
    uint32_t chosen = (uint32_t)gd_below(u, ties);
    for (uint32_t i = 0; i < n; i++)
        if (in_flight[i] == least && chosen-- == 0)
            return i;
    return 0;
}

static uint32_t two_choices(const uint32_t *in_flight, uint32_t n, uint64_t u)
{
    uint32_t a = (uint32_t)gd_below(u, n);
    uint32_t b = (uint32_t)gd_below(gd_next(u), n - 1);
    b += b >= a;
    return in_flight[b] < in_flight[a] ? b : a;
}

uint32_t gd_balance_pick(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t key,
                         uint32_t *op)
{
    const gd_plan *plan = run->plan;
    uint32_t index = 0;
    if (site->callees_n > 1)
        index = (uint32_t)gd_below(gd_mix(key, GD_SALT_CALLEE), site->callees_n);
    *op = plan->callees[site->callees_first + index];
    const gd_plan_service *service = &plan->services[plan->ops[*op].service];
    uint32_t n = service->instances_n, pick = 0;
    if (n == 0)
        return GD_NONE;
    if (n == 1 && site->balancer != GD_LEAST_REQUESTS && site->balancer != GD_TWO_CHOICES)
        return service->instances_first;

    uint64_t u = gd_mix(key, GD_SALT_BALANCE);
    if (site->balancer == GD_ROUND_ROBIN) {
        pick = round_robin(run, site, from, n);
    } else if (site->balancer == GD_RANDOM) {
        pick = (uint32_t)gd_below(u, n);
    } else {
        uint32_t *in_flight = state_of(run, site, from);
        if (site->callees_n > 1)
            in_flight += service->instances_first;
        if (n > 1)
            pick = site->balancer == GD_LEAST_REQUESTS ? least_requests(in_flight, n, u)
                                                       : two_choices(in_flight, n, u);
        in_flight[pick]++;
    }
    return service->instances_first + pick;
}

void gd_balance_ended(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t instance)
{
    if (site->balancer != GD_LEAST_REQUESTS && site->balancer != GD_TWO_CHOICES)
        return;
    uint32_t *in_flight = state_of(run, site, from);
    uint32_t at = instance;
    if (site->callees_n == 1)
        at -= run->plan->services[GD_INSTANCES(run)[instance].service].instances_first;
    if (in_flight[at] > 0) /* 0: the caller has restarted since and knows nothing of it */
        in_flight[at]--;
}
