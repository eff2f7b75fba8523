/* Round robin: the next one in the list. Each balancer has its own cursor, placed at random, so
 * that the cursors of many callers do not march in step. With weights or a slow start it is smooth
 * weighted round robin. */
#include "models/balance/pool.h"

static uint32_t pick(const gd_picking *p)
{
    if (gd_pool_is_weighted(p))
        return gd_pool_smooth(p, NULL);
    if (p->group->cursor == 0)
        p->group->cursor =
            (uint32_t)gd_below(gd_mix(p->state->salt, p->group->zone), p->group->n) + 1;
    uint32_t at = (p->group->cursor - 1) % p->group->n;
    p->group->cursor = at + 2;
    return p->order[at];
}

const gd_balancer_kind gd_round_robin_kind = {.pick = pick};

static const gd_field fields[] = {GD_BALANCER_ROWS, GD_WEIGHT_ROW, GD_SLOW_START_ROW, {0}};
const gd_shape gd_round_robin_shape = {
    .name = "round_robin",
    .help = "the next instance in the list",
    .source = "patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_balancer_check,
    .concept =
        &(const gd_concept){
            .title = "Round robin",
            .idea = "Each caller asks its instances in turn.",
            .cures = "Chance: of n calls in a row each of n instances gets exactly one.",
            .cures_not = "Calls of unequal cost, and slow instances: they get their share as well.",
            .price = "None; each caller keeps one number.",
            .dangerous_with = "Many callers whose cursors march in step.",
            .numbers = "One caller over c servers: each sees an Erlang-c arrival stream.",
            .source = "Envoy, gRPC, nginx.",
            .pattern = "load-balancing",
        },
};
