/* `pools` of a service: which calls go by a pool, and what a handshake is at its callee: an
 * operation there that no document names ("pg.connect@orders": a name that none can write), and a
 * call site of its own with nothing but a timeout. */
#include "models/compile/build.h"

#include <string.h>

#define MARK "@"

bool gd_is_handshake(const char *op)
{
    return strstr(op, MARK) != NULL;
}

static const gd_member *find_pool(const gd_party *caller, const char *callee)
{
    size_t length = strcspn(callee, ".");
    for (uint32_t i = 0; caller->spec && i < caller->spec->pools.n; i++) {
        const gd_member *pool = &caller->spec->pools.at[i];
        if (strlen(pool->name) == length && strncmp(pool->name, callee, length) == 0)
            return pool;
    }
    return NULL;
}

const gd_connections_spec *gd_pool_for(gd_builder *b, gd_party *caller, const char *callee)
{
    const gd_member *pool = find_pool(caller, callee);
    if (!pool)
        return NULL;
    g_hash_table_add(caller->pools_used, (void *)pool->name);
    (void)b;
    return pool->spec;
}

/* ---- operations ----------------------------------------------------------------------------- */
static gd_node *add(gd_builder *b, gd_node *parent, gd_node_kind kind, const char *key,
                    const char *text, const gd_node *place)
{
    gd_node *node = gd_node_new(b->arena, kind, key, text, place);
    gd_node_append(parent, node);
    return node;
}

/* The work of one handshake, as a member "work". */
static void add_work(gd_builder *b, gd_node *step, const gd_member *pool)
{
    const gd_connections_spec *spec = pool->spec;
    if (spec->connect_work) {
        gd_node *copy = gd_arena_make(b->arena, gd_node);
        *copy = *spec->connect_work;
        copy->key = "work";
        copy->next = NULL;
        gd_node_append(step, copy);
        return;
    }
    gd_node *work = add(b, step, GD_OBJECT, "work", NULL, pool->node);
    gd_node *lognormal = add(b, work, GD_OBJECT, "lognormal", NULL, pool->node);
    add(b, lognormal, GD_STRING, "median", "4ms", pool->node);
    add(b, lognormal, GD_STRING, "p99", "10ms", pool->node);
}

/* [{"work": …}]; of an external: the time itself. */
static const gd_node *handshake(gd_builder *b, const gd_member *pool, bool external)
{
    gd_node *steps = gd_node_new(b->arena, GD_ARRAY, "connect", NULL, pool->node);
    gd_node *step = add(b, steps, GD_OBJECT, NULL, NULL, pool->node);
    add_work(b, step, pool);
    return external ? step->first : steps;
}

static const char *op_name(gd_builder *b, const char *callee, const gd_party *caller)
{
    return gd_arena_printf(b->arena, "%s.connect" MARK "%s", callee, caller->name);
}

void gd_add_handshakes(gd_builder *b, GArray *ops, uint32_t service)
{
    const char *name = b->plan->services[service].name;
    for (guint i = 0; i < b->pool_callers->len; i++) {
        const gd_party *caller = b->pool_callers->pdata[i];
        const gd_member *pool = find_pool(caller, name);
        if (!pool)
            continue;
        gd_plan_op op = {.service = service, .name = op_name(b, name, caller)};
        op.salt = gd_hash_text(op.name);
        const gd_node *node = handshake(b, pool, gd_party_of(b, service)->external != NULL);
        g_array_append_val(ops, op);
        g_array_append_val(b->op_nodes, node);
        g_hash_table_insert(b->ops, (void *)op.name, GUINT_TO_POINTER(ops->len));
    }
}

/* ---- sites ---------------------------------------------------------------------------------- */
static uint32_t add_site(gd_builder *b, uint32_t caller, const gd_member *pool)
{
    const gd_plan_service *service = &b->plan->services[caller];
    const gd_party *party = gd_party_of(b, caller);
    gd_call_at at = {.client = GD_NONE, .op = service->ops_first, .place = pool->node};
    at.callee = gd_arena_printf(b->arena, "%s.connect", pool->name);
    at.calls = op_name(b, pool->name, party);
    at.name = gd_arena_printf(b->arena, "%s" MARK "pool", at.callee);
    gd_node *policy = gd_node_new(b->arena, GD_OBJECT, NULL, NULL, pool->node);
    const gd_node *said = gd_node_said(pool->node, "connect_timeout");
    add(b, policy, GD_STRING, "timeout", said && said->kind == GD_STRING ? said->text : "5s",
        pool->node);
    at.how = gd_resolve_alone(b, policy, gd_arena_printf(b->arena, "%s>%s", party->name, at.callee),
                              pool->node);
    return gd_add_site(b, &at);
}

/* The sites of a caller that go by this pool. */
static void join_sites(gd_builder *b, uint32_t caller, uint32_t callee, uint32_t index,
                       guint n_sites)
{
    for (guint i = 0; i < n_sites; i++) {
        gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        const gd_resolved *how = b->site_hows->pdata[i];
        if (site->caller_service != caller || !how->pool)
            continue;
        uint32_t op = g_array_index(b->callees, uint32_t, site->callees_first);
        if (b->plan->ops[op].service != callee)
            continue;
        site->connections = index;
        if (site->callees_n > 1)
            gd_problem(b->problems, b->site_nodes->pdata[i],
                       "goes to one of several services, and a pool leads to one; leave out the "
                       "pool");
    }
}

static void add_pool(gd_builder *b, uint32_t caller, const gd_member *pool, uint32_t callee,
                     uint32_t *states, guint n_sites)
{
    gd_plan_connections one = {
        .spec = pool->spec, .caller = caller, .callee = callee, .first = *states};
    one.site = add_site(b, caller, pool);
    if (one.site == GD_NONE)
        return;
    *states += b->plan->services[caller].instances_n;
    join_sites(b, caller, callee, b->connections->len, n_sites);
    g_array_append_val(b->connections, one);
}

void gd_build_connections(gd_builder *b)
{
    guint n_sites = b->sites->len;
    uint32_t states = 0;
    for (uint32_t s = 0; s < b->plan->n_services; s++) {
        const gd_party *party = gd_party_of(b, s);
        for (uint32_t i = 0; party->spec && i < party->spec->pools.n; i++) {
            const gd_member *pool = &party->spec->pools.at[i];
            uint32_t callee = gd_lookup(b->services, pool->name);
            bool used = g_hash_table_contains(party->pools_used, pool->name);
            const gd_node *far = gd_node_said(gd_node_said(b->model_node, "defaults"), "service");
            bool common = gd_node_get(gd_node_said(far, "pools"), pool->name) != NULL;
            if (callee && used)
                add_pool(b, s, pool, callee - 1, &states, n_sites);
            else if (!common)
                gd_problem_key(b->problems, pool->node,
                               "%s calls no service \"%s\"; remove this, or name what it calls",
                               party->name, pool->name);
        }
    }
    b->plan->n_connection_states = states;
}

void gd_count_connections(gd_builder *b)
{
    for (guint i = 0; i < b->connections->len; i++) {
        gd_plan_connections *one = &g_array_index(b->connections, gd_plan_connections, i);
        uint32_t edge = g_array_index(b->sites, gd_plan_site, one->site).edge;
        one->counters =
            gd_counters_for(b, GD_COUNTED_BY_EDGE, edge, "connections", gd_connections_rows);
    }
}
