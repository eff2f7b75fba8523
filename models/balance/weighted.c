/* Weighted round robin: in turn, in proportion to weights, smoothly. */
#include "models/balance/pool.h"

static uint32_t pick(const gd_picking *p)
{
    return gd_pool_smooth(p, NULL);
}

const gd_balancer_kind gd_weighted_kind = {.pick = pick};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_balancer_check(spec, node, problems);
    if (!((gd_balancer_spec *)spec)->weights)
        gd_problem(problems, node,
                   "has no weights; write {\"weighted\": {\"weights\": {\"a\": 3, \"b\": 1}}} by "
                   "zone, or by instance: {\"0\": 5}");
}

static const gd_field fields[] = {GD_BALANCER_ROWS, GD_WEIGHT_ROW, GD_SLOW_START_ROW, {0}};
const gd_shape gd_weighted_shape = {
    .name = "weighted",
    .help = "in turn, in proportion to weights (smooth weighted round robin)",
    .source = "nginx smooth weighted round robin; Envoy ROUND_ROBIN with weights",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Weighted round robin",
            .idea = "Instances get calls in proportion to weights that somebody set.",
            .cures = "Instances of known, unequal size; a canary's small share.",
            .cures_not = "What nobody knows beforehand: a slow disk, a noisy neighbour.",
            .price = "Weights that must be kept true by hand.",
            .dangerous_with = "Many callers that each send little: none of them comes round.",
            .numbers = "Weights 5, 1, 1 give a a b a c a a: never five in a row.",
            .source = "nginx, commit 52327e0; Envoy.",
            .pattern = "load-balancing",
        },
};
