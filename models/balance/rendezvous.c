/* Rendezvous hashing: for each key the instance with the largest hash(key, instance). When one of n
 * leaves, exactly its own keys move, 1/n of them. */
#include "models/balance/pool.h"

static uint32_t pick(const gd_picking *p)
{
    const gd_plan *plan = p->run->plan;
    uint32_t first = plan->services[p->pool->service].instances_first, best = p->order[0];
    uint64_t most = 0;
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint64_t h = gd_mix(p->subject, plan->instances[first + p->order[i]].salt);
        if (h >= most) {
            most = h;
            best = p->order[i];
        }
    }
    return best;
}

const gd_balancer_kind gd_rendezvous_kind = {.pick = pick};

static const gd_field fields[] = {GD_HASH_ROWS, GD_BALANCER_ROWS, {0}};
const gd_shape gd_rendezvous_shape = {
    .name = "rendezvous",
    .help = "each user or key has its instance: the largest hash of both",
    .source = "Thaler and Ravishankar (1998); patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_hash_check,
    .concept =
        &(const gd_concept){
            .title = "Rendezvous hashing",
            .idea =
                "Every caller ranks the instances for a key in the same way, and asks the first.",
            .cures = "Keys that should stay where their cache is.",
            .cures_not = "Hot keys: they stay together too.",
            .price = "A hash for each instance at each call.",
            .dangerous_with = "Skewed keys.",
            .numbers = "When one of n leaves, 1/n of the keys move, and no other.",
            .source = "Thaler and Ravishankar (1998).",
            .pattern = "sticky-routing",
        },
};
