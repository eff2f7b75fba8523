/* Random: any of them, in proportion to weights. */
#include "models/balance/pool.h"

static uint32_t pick(const gd_picking *p)
{
    if (!p->pool->weights)
        return p->order[gd_below(p->u, p->group->n)];
    uint64_t total = 0;
    for (uint32_t i = 0; i < p->group->n; i++)
        total += p->pool->weights[p->order[i]];
    uint64_t left = total ? gd_below(p->u, total) : 0;
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint64_t weight = p->pool->weights[p->order[i]];
        if (left < weight)
            return p->order[i];
        left -= weight;
    }
    return p->order[0];
}

const gd_balancer_kind gd_random_kind = {.pick = pick};

static const gd_field fields[] = {GD_BALANCER_ROWS, GD_WEIGHT_ROW, {0}};
const gd_shape gd_random_shape = {
    .name = "random",
    .help = "any instance",
    .source = "patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_balancer_check,
    .concept =
        &(const gd_concept){
            .title = "Random choice",
            .idea = "Each call goes to an instance drawn at random; nothing is remembered.",
            .cures = "Herds: callers that know nothing of one another never march in step.",
            .cures_not = "Queues: some instances are busy by chance while others idle.",
            .price = "Waiting, as if each server had its own Poisson stream.",
            .dangerous_with = "High utilisation.",
            .numbers = "n calls on n servers: the fullest has about ln n / ln ln n.",
            .source = "Mitzenmacher (2001).",
            .pattern = "load-balancing",
        },
};
