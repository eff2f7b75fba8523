/* Pools: which calls keep a list of instances of their own, what they know of it, and who probes.
 * A balancer that is a word and no more, of a service without checks and discovery, needs none. */
#include "models/balance/pool.h"
#include "models/compile/build.h"

#include <string.h>

static const gd_counter_row pick_counters[] = {
    {"picks", NULL},
    {"same_zone", NULL},
    {"other_zone", NULL},
    {"in_panic", NULL},
    {"to_dead", NULL},
    {"in_slow_start", NULL},
    {"nobody", "a call had no instance to go to: none is in the caller's view and well"},
    {"refused_in_panic", "a call was refused: panic, and fail_on_panic is true"},
    {"rebuilds", NULL},
    {0},
};

/* What a call's balancer consists of, each part from the edge or else from the callee. */
typedef struct {
    const gd_variant *balancer, *discovery;
    const gd_health_check_spec *check;
    const gd_outlier_spec *outlier;
    const gd_node *nodes[4]; /* of balancer, health_check, outlier_ejection, discovery */
} parts;

static const char *const part_words[] = {"balancer", "health_check", "outlier_ejection",
                                         "discovery"};

static parts parts_of(const gd_resolved *how, const gd_party *callee)
{
    static const gd_variant none;
    const gd_service_spec *service = callee->spec;
    const gd_call_spec *call = how->spec;
    parts p = {.balancer = &call->balancer, .discovery = &call->discovery};
    p.check = call->health_check;
    p.outlier = call->outlier_ejection;
    for (unsigned i = 0; i < 4; i++)
        p.nodes[i] = gd_node_said(how->node, part_words[i]);
    if (!p.balancer->shape) {
        p.balancer = service ? &service->balancer : &none;
        p.nodes[0] = service ? gd_node_said(callee->node, part_words[0]) : NULL;
    }
    if (!p.outlier && service && service->outlier_ejection) {
        p.outlier = service->outlier_ejection;
        p.nodes[2] = gd_node_said(callee->node, part_words[2]);
    }
    if (!p.discovery->shape && service) {
        p.discovery = &service->discovery;
        p.nodes[3] = gd_node_said(callee->node, part_words[3]);
    }
    return p;
}

static uint8_t kind_of(const gd_variant *balancer)
{
    for (unsigned i = 0; i < GD_BALANCERS; i++)
        if (gd_balancer_shapes[i] == balancer->shape)
            return (uint8_t)i;
    return GD_ROUND_ROBIN;
}

uint8_t gd_balancer_of(const gd_resolved *how, const gd_party *callee)
{
    return kind_of(parts_of(how, callee).balancer);
}

static bool is_plain(const parts *p, const gd_party *callee)
{
    const gd_balancer_spec *spec = p->balancer->spec;
    if (p->check || p->outlier || p->discovery->shape ||
        (callee->spec && callee->spec->health_check))
        return false;
    return !spec || (kind_of(p->balancer) <= GD_TWO_CHOICES && !spec->locality.shape &&
                     !spec->subset && !spec->weights && !spec->slow_start && spec->choices == 0);
}

/* ---- names in a pool's parts -------------------------------------------------------------------
 */
/* A weight of {"a": 3, "0": 5}: by zone into `zones`, by number into `hosts` (NULL: no such). */
static void read_weight(gd_builder *b, const gd_plan_service *service, const gd_node *member,
                        uint32_t *zones, uint32_t *hosts)
{
    g_autoptr(GArray) named = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    int64_t weight = 0;
    char *end;
    uint64_t ordinal = g_ascii_strtoull(member->key, &end, 10);
    if (!gd_read_count(&b->reader, member, 0, 1000000, &weight))
        return;
    if (hosts && *end == '\0' && end != member->key && ordinal < service->instances_n) {
        hosts[ordinal] = (uint32_t)weight;
        return;
    }
    if (gd_zones_named(b, member->key, named)) {
        for (guint i = 0; i < named->len; i++)
            zones[g_array_index(named, uint16_t, i)] = (uint32_t)weight;
        return;
    }
    gd_problem_key(b->problems, member,
                   hosts ? "is no zone or region, and none of the %u instances 0 to %u"
                         : "is no zone or region",
                   service->instances_n, service->instances_n - 1);
}

static uint32_t *by_zone(gd_builder *b, const gd_plan_service *service, const gd_node *node,
                         uint32_t unnamed, uint32_t *hosts)
{
    uint32_t *zones = gd_arena_array(b->arena, uint32_t, b->plan->n_zones + 1);
    for (uint32_t i = 0; i < b->plan->n_zones; i++)
        zones[i] = unnamed;
    const gd_node **members = gd_members(b, node);
    if (node->kind != GD_OBJECT)
        gd_problem(b->problems, node, "expected weights; write {\"a\": 3, \"b\": 1}");
    for (size_t i = 0; members[i]; i++)
        read_weight(b, service, members[i], zones, hosts);
    return zones;
}

static void read_weights(gd_builder *b, gd_plan_pool *pool, const gd_node *node)
{
    const gd_plan_service *service = &b->plan->services[pool->service];
    uint32_t n = service->instances_n;
    uint32_t *hosts = gd_arena_array(b->arena, uint32_t, n + 1), sum = 0;
    for (uint32_t i = 0; i < n; i++)
        hosts[i] = UINT32_MAX;
    const uint32_t *zones = by_zone(b, service, node, 1, hosts);
    for (uint32_t i = 0; i < n; i++) {
        if (hosts[i] == UINT32_MAX)
            hosts[i] = zones[b->plan->instances[service->instances_first + i].zone];
        sum |= hosts[i];
    }
    if (sum == 0)
        gd_problem(b->problems, node, "all %u instances of %s have weight 0: nobody could be asked",
                   n, service->name);
    pool->weights = hosts;
}

static void read_levels(gd_builder *b, gd_plan_pool *pool, const gd_node *node)
{
    uint8_t *levels = gd_arena_array(b->arena, uint8_t, b->plan->n_zones + 1);
    memset(levels, 0xff, b->plan->n_zones);
    uint32_t level = 0;
    for (const gd_node *list = node->first; list; list = list->next, level++) {
        if (list->kind != GD_ARRAY || level == GD_PRIORITIES) {
            gd_problem(b->problems, list,
                       "expected up to %u lists; write [[\"a\"], [\"b\", \"c\"]]", GD_PRIORITIES);
            break;
        }
        for (const gd_node *name = list->first; name; name = name->next) {
            g_autoptr(GArray) zones = g_array_new(FALSE, FALSE, sizeof(uint16_t));
            if (name->kind != GD_STRING || !gd_zones_named(b, name->text, zones))
                gd_problem(b->problems, name, "there is no such zone or region");
            for (guint i = 0; i < zones->len; i++)
                levels[g_array_index(zones, uint16_t, i)] = (uint8_t)level;
        }
    }
    const gd_plan_service *service = &b->plan->services[pool->service];
    for (uint32_t i = 0; i < service->instances_n; i++) {
        uint16_t zone = b->plan->instances[service->instances_first + i].zone;
        if (levels[zone] == 0xff) {
            gd_problem(b->problems, node, "leaves out zone %s, where %s has instances; add it",
                       b->plan->zones[zone].name, service->name);
            levels[zone] = 0;
        }
    }
    pool->levels = levels;
}

/* ---- what only the plan can say ----------------------------------------------------------------
 */
static void check_numbers(gd_builder *b, const gd_plan_pool *pool, const parts *p)
{
    const gd_plan_service *service = &b->plan->services[pool->service];
    const gd_balancer_spec *spec = pool->spec;
    uint32_t n = service->instances_n;
    const gd_outlier_spec *outlier = pool->outlier;
    if (outlier && !outlier->always_eject_one &&
        (gd_i128)outlier->max_ejected * n < (gd_i128)GD_SHARE_ONE) {
        g_autofree char *share = gd_quantity_print(GD_FIELD_SHARE, outlier->max_ejected);
        gd_problem(b->problems, p->nodes[2],
                   "max_ejected is %s, and %s of the %u instances of %s is less than one: nobody "
                   "could ever be ejected; write \"max_ejected\": \"%u%%\" or more, or "
                   "\"always_eject_one\": true",
                   share, share, n, service->name, (100 + n - 1) / n);
    }
    if (spec->subset && spec->subset->size > n)
        gd_problem(b->problems, p->nodes[0], "a subset of %u, but %s has only %u instances",
                   spec->subset->size, service->name, n);
    const gd_locality_spec *locality = spec->locality.spec;
    if (spec->locality_kind == GD_LOCALITY_ZONE_AWARE && pool->client != GD_NONE)
        gd_problem(b->problems, spec->locality.node,
                   "users are in no zone of ours, so nothing is zone-aware; write it where a "
                   "service calls");
    else if (spec->locality_kind == GD_LOCALITY_ZONE_AWARE && locality->min_cluster_size > n)
        gd_problem(b->problems, spec->locality.node,
                   "%s has %u instances, below min_cluster_size, %u: it would never be zone-aware; "
                   "write \"min_cluster_size\": %u or less",
                   service->name, n, locality->min_cluster_size, n);
    if (pool->balancer == GD_MAGLEV && (n >= spec->table_size || n >= UINT16_MAX))
        gd_problem(
            b->problems, p->nodes[0],
            "%s has %u instances, and a table of %u slots holds fewer; write a larger prime, "
            "or another balancer",
            service->name, n, spec->table_size);
}

/* ---- probes ------------------------------------------------------------------------------------
 */
/* The call site of a prober's calls; `caller` is its edge's name for it. */
static uint32_t add_probe_site(gd_builder *b, const gd_health_check_spec *check,
                               const gd_plan_site *like, uint32_t service, const gd_node *node)
{
    const gd_plan_service *callee = &b->plan->services[service];
    uint32_t op = callee->ops_first;
    const char *caller = like->client != GD_NONE ? b->model->clients.at[like->client].name
                                                 : b->plan->services[like->caller_service].name;
    if (check->operation) {
        const char *name = gd_arena_printf(b->arena, "%s.%s", callee->name, check->operation);
        uint32_t known = gd_lookup(b->ops, name);
        if (known == 0) {
            gd_problem(b->problems, node,
                       "operation: %s has no operation \"%s\"; write one of its "
                       "own, or leave it out for a probe that the process answers by itself",
                       callee->name, check->operation);
            return GD_NONE;
        }
        op = known - 1;
    }
    if (b->sites->len >= GD_MAX_SITES) {
        gd_too_many(b, node, "call sites", GD_MAX_SITES);
        return GD_NONE;
    }
    gd_plan_site site = {.client = like->client,
                         .caller_op = GD_NONE,
                         .caller_service = like->caller_service,
                         .then_site = GD_NONE,
                         .state_first = GD_NONE,
                         .callees_first = b->callees->len,
                         .callees_n = 1,
                         .chain_first = b->policies->len};
    site.name = gd_arena_printf(b->arena, "%s>%s.health_check", caller, callee->name);
    site.hash = site.salt = gd_hash_text(site.name);
    const char *to = gd_arena_printf(b->arena, "%s.health_check", callee->name);
    site.edge = gd_find_edge(
        b, like->client != GD_NONE ? caller : gd_group_name(b, like->caller_service), to);
    site.fixed_link = site.fixed_back = UINT16_MAX;
    double never = 0;
    g_array_append_val(b->callees, op);
    g_array_append_val(b->sites, site);
    g_array_append_val(b->site_times, never);
    g_ptr_array_add(b->site_nodes, (void *)node);
    g_ptr_array_add(b->site_hows, NULL);
    return b->sites->len - 1;
}

/* ---- pools -------------------------------------------------------------------------------------
 */
static gd_plan_registry *registries_of(gd_builder *b)
{
    if (!b->plan->registries) {
        b->plan->registries = gd_arena_array(b->arena, gd_plan_registry, b->plan->n_services + 1);
        for (uint32_t i = 0; i < b->plan->n_services; i++)
            b->plan->registries[i] =
                (gd_plan_registry){.check_site = GD_NONE, .ticks_first = GD_NONE};
    }
    return b->plan->registries;
}

static void fill_discovery(gd_builder *b, gd_plan_pool *pool, const parts *p, bool said_here)
{
    pool->propagation = GD_NONE;
    if (!p->discovery->shape)
        return;
    pool->discovery = p->discovery->spec;
    for (uint8_t i = 0; gd_discovery_shapes[i]; i++)
        if (gd_discovery_shapes[i] == p->discovery->shape)
            pool->discovery_kind = i;
    gd_plan_registry *registries = registries_of(b);
    if (pool->discovery_kind == GD_DISCOVERY_HEARTBEAT) {
        registries[pool->service].beats = true;
        if (said_here)
            gd_problem(b->problems, p->nodes[3],
                       "its instances' heartbeats are the called service's; write it there");
    }
    if (pool->discovery->propagation)
        pool->propagation = gd_dist_index_of(b, pool->discovery->propagation, p->nodes[3]);
}

static uint32_t states_of(const gd_builder *b, const gd_plan_pool *pool)
{
    if (pool->client == GD_NONE)
        return b->plan->services[pool->caller_service].instances_n;
    bool dns = pool->discovery && pool->discovery_kind == GD_DISCOVERY_DNS;
    return dns ? pool->discovery->resolvers : 1;
}

static void fill_pool(gd_builder *b, gd_plan_pool *pool, const parts *p, const gd_resolved *how)
{
    pool->balancer = kind_of(p->balancer);
    pool->spec = p->balancer->spec;
    if (!pool->spec) {
        gd_balancer_spec *spec = gd_arena_make(b->arena, gd_balancer_spec);
        gd_read_defaults(&b->reader, &gd_round_robin_shape, p->nodes[0], spec);
        pool->spec = spec;
    }
    pool->check = p->check;
    pool->outlier = p->outlier;
    pool->check_counters = pool->outlier_counters = pool->discovery_counters = GD_NONE;
    fill_discovery(b, pool, p, how->spec->discovery.shape != NULL);
    pool->states_n = states_of(b, pool);
    pool->keys = gd_dist_index_of(b, pool->spec->keys, p->nodes[0]);
    bool hashes = pool->balancer == GD_RING_HASH || pool->balancer == GD_MAGLEV ||
                  pool->balancer == GD_RENDEZVOUS;
    pool->by_subject = hashes || (pool->client != GD_NONE && pool->states_n > 1);
    const gd_plan_service *service = &b->plan->services[pool->service];
    if (pool->spec->weights)
        read_weights(b, pool, pool->spec->weights);
    const gd_locality_spec *locality = pool->spec->locality.spec;
    if (pool->spec->locality_kind == GD_LOCALITY_WEIGHTED)
        pool->zone_weights = by_zone(b, service, locality->weights, 0, NULL);
    if (pool->spec->locality_kind == GD_LOCALITY_PRIORITY && locality->levels)
        read_levels(b, pool, locality->levels);
    check_numbers(b, pool, p);
}

/* Calls of one caller that say the same of a callee share a pool. */
static const char *pool_key(gd_builder *b, const gd_plan_site *site, uint32_t service,
                            const parts *p)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_string_append_printf(key, "%u %u %u", site->client, site->caller_service, service);
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *text = p->nodes[i] ? gd_node_print(p->nodes[i], false) : g_strdup("-");
        g_string_append_printf(key, " %s", text);
    }
    return gd_arena_strndup(b->arena, key->str, key->len);
}

static uint32_t find_pool(gd_builder *b, GHashTable *known, uint32_t index, uint32_t service,
                          const parts *p)
{
    const gd_plan_site site = g_array_index(b->sites, gd_plan_site, index);
    const char *key = pool_key(b, &site, service, p);
    uint32_t found = gd_lookup(known, key);
    if (found)
        return found - 1;
    gd_plan_pool pool = {.client = site.client,
                         .caller_service = site.caller_service,
                         .service = service,
                         .check_site = GD_NONE,
                         .salt = gd_hash_text(b->plan->services[service].name)};
    guint before = gd_problems_reported(b->problems);
    fill_pool(b, &pool, p, b->site_hows->pdata[index]);
    if (pool.check && gd_problems_reported(b->problems) == before)
        pool.check_site = add_probe_site(b, pool.check, &site, service, p->nodes[1]);
    g_array_append_val(b->pools, pool);
    g_hash_table_insert(known, (void *)key, GUINT_TO_POINTER(b->pools->len));
    return b->pools->len - 1;
}

static void add_pools(gd_builder *b, GHashTable *known, uint32_t index)
{
    const gd_plan_site site = g_array_index(b->sites, gd_plan_site, index);
    const gd_resolved *how = b->site_hows->pdata[index];
    uint32_t first = g_array_index(b->callees, uint32_t, site.callees_first);
    const gd_party *callee = gd_party_of(b, b->plan->ops[first].service);
    parts p = parts_of(how, callee);
    if (is_plain(&p, callee))
        return;
    uint32_t pools_first = b->pool_of->len + 1;
    for (uint32_t i = 0; i < site.callees_n; i++) {
        uint32_t op = g_array_index(b->callees, uint32_t, site.callees_first + i);
        uint32_t pool = find_pool(b, known, index, b->plan->ops[op].service, &p);
        g_array_append_val(b->pool_of, pool);
    }
    g_array_index(b->sites, gd_plan_site, index).pools_first = pools_first;
}

/* A service's own checks are made by its instances' neighbours: from where they are. */
static void add_registry(gd_builder *b, uint32_t service)
{
    const gd_party *party = gd_party_of(b, service);
    if (!party->spec || !party->spec->health_check)
        return;
    gd_plan_registry *registry = &registries_of(b)[service];
    gd_plan_site like = {.client = GD_NONE, .caller_service = service};
    registry->check = party->spec->health_check;
    registry->check_site = add_probe_site(b, registry->check, &like, service,
                                          gd_node_said(party->node, "health_check"));
}

static void check_ticks(gd_builder *b)
{
    uint64_t ticks = 0;
    for (guint i = 0; i < b->pools->len; i++) {
        const gd_plan_pool *pool = &g_array_index(b->pools, gd_plan_pool, i);
        uint64_t hosts = pool->check ? b->plan->services[pool->service].instances_n : 0;
        ticks += pool->states_n * (hosts + 2);
    }
    if (ticks + 2 * (uint64_t)b->plan->n_instances > GD_MAX_TICKS)
        gd_too_many(b, b->model_node, "pairs of callers and instances with health checks",
                    GD_MAX_TICKS);
}

void gd_build_pools(gd_builder *b)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    guint sites = b->sites->len; /* probes have none */
    for (guint i = 0; i < sites && !b->too_many; i++)
        add_pools(b, known, i);
    for (uint32_t i = 0; i < b->plan->n_services && !b->too_many; i++)
        add_registry(b, i);
    check_ticks(b);
}

void gd_count_pools(gd_builder *b)
{
    for (guint i = 0; i < b->sites->len; i++) {
        gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        if (!site->pools_first)
            continue;
        site->balance_counters =
            gd_counters_for(b, GD_COUNTED_BY_EDGE, site->edge, "balancer", pick_counters);
        for (uint32_t k = 0; k < site->callees_n; k++) {
            uint32_t at = g_array_index(b->pool_of, uint32_t, site->pools_first - 1 + k);
            gd_plan_pool *pool = &g_array_index(b->pools, gd_plan_pool, at);
            if (pool->check && pool->check_counters == GD_NONE)
                pool->check_counters = gd_counters_for(b, GD_COUNTED_BY_EDGE, site->edge,
                                                       "health_check", gd_check_counters);
            if (pool->outlier && pool->outlier_counters == GD_NONE)
                pool->outlier_counters = gd_counters_for(b, GD_COUNTED_BY_EDGE, site->edge,
                                                         "outlier_ejection", gd_outlier_counters);
            if (pool->discovery && pool->discovery_counters == GD_NONE)
                pool->discovery_counters = gd_counters_for(b, GD_COUNTED_BY_EDGE, site->edge,
                                                           "discovery", gd_discovery_counters);
        }
    }
    for (uint32_t i = 0; b->plan->registries && i < b->plan->n_services; i++)
        if (b->plan->registries[i].check)
            b->plan->registries[i].check_counters =
                gd_counters_for(b, GD_COUNTED_BY_SERVICE, i, "health_check", gd_check_counters);
}
