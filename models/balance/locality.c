/* Which zones are asked, as a model writes it; the arithmetic is in groups.c. */
#include "models/balance/pool.h"

#define OVER_ROW                                                                                   \
    GD_FIELD_ROW(gd_locality_spec, overprovisioning, GD_FIELD_FACTOR, .fallback = "1.4",           \
                 .min = GD_SHARE_ONE, .max = 100 * GD_SHARE_ONE,                                   \
                 .help = "so much more than its share the healthy part may take",                  \
                 .source = "Envoy overprovisioning_factor: 140")

static const gd_field zone_aware_fields[] = {
    GD_FIELD_ROW(gd_locality_spec, min_cluster_size, GD_FIELD_COUNT, .fallback = "6", .min = 1,
                 .max = 1000000, .help = "with fewer instances available zones do not matter",
                 .source = "Envoy min_cluster_size: 6"),
    {0}};
static const gd_shape zone_aware_shape = {
    .name = "zone_aware",
    .help = "its own zone as far as that can carry it, the rest to zones with room",
    .source = "Envoy ZoneAwareLbConfig",
    .bytes = sizeof(gd_locality_spec),
    .fields = zone_aware_fields,
    .concept =
        &(const gd_concept){
            .title = "Zone-aware routing with spill-over",
            .idea = "Callers stay in their zone as far as its share of instances can carry them.",
            .cures = "Latency and money between zones.",
            .cures_not = "A zone that is slow but healthy: it keeps its callers.",
            .price = "Needs callers and callees spread alike; a lopsided zone spills.",
            .dangerous_with = "Strict locality without spill-over: a shortage becomes an overload.",
            .numbers =
                "l: share of callers here, u: share of instances. u >= l: all local; else u/l.",
            .source = "Envoy zone aware routing.",
            .pattern = "zone-aware",
        },
};
static const gd_field local_fields[] = {
    GD_FIELD_ROW(gd_locality_spec, min_size, GD_FIELD_COUNT, .fallback = "1", .min = 1,
                 .max = 1000000, .help = "with at least so many in its zone it asks only those",
                 .source = "Envoy force_local_zone.min_size: 1"),
    {0}};
static const gd_shape local_shape = {
    .name = "local_only",
    .help = "only its own zone while that has enough instances: no spill-over",
    .source = "Envoy force_local_zone",
    .bytes = sizeof(gd_locality_spec),
    .fields = local_fields,
};
static const gd_field weighted_fields[] = {
    GD_FIELD_ROW(gd_locality_spec, weights, GD_FIELD_NODE, .required = true,
                 .shape = &gd_host_weights_shape, .help = "by zone; unnamed: 0"),
    OVER_ROW,
    {0}};
static const gd_shape weighted_shape = {
    .name = "zone_weights",
    .help = "zones in proportion to weights, times their health",
    .source = "Envoy LocalityWeightedLbConfig",
    .bytes = sizeof(gd_locality_spec),
    .fields = weighted_fields,
};
static const gd_shape levels_shape = {
    .name = "levels",
    .schema = "{\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": {\"type\": "
              "\"string\"}}}",
};
static const gd_field priority_fields[] = {
    GD_FIELD_ROW(gd_locality_spec, levels, GD_FIELD_NODES, .shape = &levels_shape,
                 .help = "lists of zones or regions, best first: [[\"a\"], [\"b\", \"c\"]]. "
                         "Absent: its own zone, its region, the rest"),
    OVER_ROW,
    {0}};
static const gd_shape priority_shape = {
    .name = "priority",
    .help = "the best level up to its health, what is left to the next",
    .source = "Envoy priority levels",
    .bytes = sizeof(gd_locality_spec),
    .fields = priority_fields,
    .concept =
        &(const gd_concept){
            .title = "Priority levels",
            .idea = "The first level takes what its health allows, the next one the rest.",
            .cures = "All-or-nothing fail-over: load moves bit by bit as instances go.",
            .cures_not = "A second level without capacity for it.",
            .price = "A second level that is kept able.",
            .dangerous_with = "Fail-over into the ground: survivors without room (pitfall 12.13).",
            .numbers =
                "min(100, 140 x healthy %): 71 % healthy keep 99 %, 50 % keep 70 %, 25 % 35 %.",
            .source = "Envoy priority levels, overprovisioning factor 1.4.",
            .pattern = "zone-aware",
        },
};
/* In the order of gd_locality_kind, without NONE. */
const gd_shape *const gd_locality_shapes[] = {&zone_aware_shape, &local_shape, &weighted_shape,
                                              &priority_shape, NULL};

const gd_shape *const gd_balancer_shapes[GD_BALANCERS + 1] = {
#define GD_BALANCER(symbol, name) &gd_##name##_shape,
#include "models/balance/balance.def"
#undef GD_BALANCER
};

const char *const gd_hash_words[] = {"user", "request", NULL};

void gd_balancer_check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_balancer_spec *balancer = spec;
    balancer->locality_kind = GD_LOCALITY_NONE;
    for (unsigned i = 0; balancer->locality.shape && gd_locality_shapes[i]; i++)
        if (gd_locality_shapes[i] == balancer->locality.shape)
            balancer->locality_kind = (uint8_t)(i + 1);
    (void)node, (void)problems;
}

void gd_hash_check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_balancer_spec *balancer = spec;
    gd_balancer_check(spec, node, problems);
    if (balancer->locality.shape)
        gd_problem(problems, balancer->locality.node,
                   "a hash knows no zones: its table holds all instances; leave locality out, or "
                   "write another balancer");
}
