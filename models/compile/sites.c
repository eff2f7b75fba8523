#include "models/compile/build.h"

#include <string.h>

/* ---- whom a call means -------------------------------------------------------------------- */
bool gd_matches(const char *pattern, const char *text, size_t length)
{
    const char *end = text + length, *star = NULL, *back = NULL;
    while (text < end) {
        if (*pattern == '*') {
            star = pattern++;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static void report_no_callee(gd_builder *b, const char *callee, const gd_node *place)
{
    size_t length = strcspn(callee, ".");
    const char *service = gd_arena_strndup(b->arena, callee, length);
    guint looked_at = gd_problems_count(b->problems) > 40 ? 0 : b->parties->len;
    for (guint i = 0; i < looked_at; i++) {
        const gd_party *party = b->parties->pdata[i];
        if (party->spec && party->spec->copies && strcmp(party->name, service) == 0) {
            gd_problem(b->problems, place,
                       "%s has copies; write {\"one_of\": \"%s-*%s\"}, or one of them by number",
                       service, service, callee + length);
            return;
        }
    }
    const char *near = gd_nearest_key(b, b->ops, callee);
    if (near)
        gd_problem(b->problems, place, "there is no operation \"%s\"; did you mean \"%s\"?", callee,
                   near);
    else if (!callee[length])
        gd_problem(b->problems, place,
                   "\"%s\" is no operation; write \"service.operation\", or {\"work\": \"5ms\"}",
                   callee);
    else
        gd_problem(b->problems, place,
                   "there is no operation \"%s\"; name one that a service or external has", callee);
}

static gd_callees *find_group(gd_builder *b, const char *pattern)
{
    gd_callees *group = g_hash_table_lookup(b->groups, pattern);
    if (group)
        return group;
    group = gd_arena_make(b->arena, gd_callees);
    group->first = b->callees->len;
    for (uint32_t i = 0; i < b->plan->n_ops; i++)
        if (gd_matches(pattern, b->plan->ops[i].name, strlen(b->plan->ops[i].name)))
            g_array_append_val(b->callees, i);
    group->n = b->callees->len - group->first;
    g_hash_table_insert(b->groups, (void *)pattern, group);
    return group;
}

gd_callees gd_find_callees(gd_builder *b, const char *callee, const gd_node *place)
{
    if (!strchr(callee, '*')) {
        uint32_t op = gd_lookup(b->ops, callee);
        gd_callees one = {b->callees->len, op ? 1 : 0};
        if (op) {
            op--;
            g_array_append_val(b->callees, op);
        } else {
            report_no_callee(b, callee, place);
        }
        return one;
    }
    gd_callees group = *find_group(b, callee);
    if (group.n == 0)
        gd_problem(b->problems, place,
                   "no operation matches \"%s\"; write a pattern such as \"layer1-*.op\"", callee);
    return group;
}

/* ---- edges -------------------------------------------------------------------------------- */
uint32_t gd_find_edge(gd_builder *b, const char *caller, const char *callee)
{
    const char *name = gd_arena_printf(b->arena, "%s>%s", caller, callee);
    uint32_t known = gd_lookup(b->edge_index, name);
    if (known)
        return known - 1;
    gd_plan_edge edge = {.name = name, .salt = gd_hash_text(name)};
    g_array_append_val(b->edges, edge);
    g_hash_table_insert(b->edge_index, (void *)name, GUINT_TO_POINTER(b->edges->len));
    return b->edges->len - 1;
}

typedef struct {
    const char *name;
    uint32_t index;
} edge_order;

static gint compare_order(gconstpointer left, gconstpointer right)
{
    return strcmp(((const edge_order *)left)->name, ((const edge_order *)right)->name);
}

void gd_sort_edges(gd_builder *b)
{
    guint n = b->edges->len;
    g_autoptr(GArray) order = g_array_sized_new(FALSE, FALSE, sizeof(edge_order), n);
    g_autoptr(GArray) sorted = g_array_sized_new(FALSE, FALSE, sizeof(gd_plan_edge), n);
    g_autofree uint32_t *place = g_new(uint32_t, n + 1);
    for (guint i = 0; i < n; i++) {
        edge_order entry = {g_array_index(b->edges, gd_plan_edge, i).name, i};
        g_array_append_val(order, entry);
    }
    g_array_sort(order, compare_order);
    for (guint i = 0; i < n; i++) {
        uint32_t from = g_array_index(order, edge_order, i).index;
        g_array_append_val(sorted, g_array_index(b->edges, gd_plan_edge, from));
        place[from] = i;
    }
    for (guint i = 0; i < b->sites->len; i++) {
        gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        site->edge = place[site->edge];
    }
    for (guint i = 0; i < n; i++)
        g_array_index(b->edges, gd_plan_edge, i) = g_array_index(sorted, gd_plan_edge, i);
}

/* ---- sites -------------------------------------------------------------------------------- */
static void fill_caller(gd_builder *b, gd_plan_site *site, const gd_call_at *at)
{
    const gd_plan *plan = b->plan;
    const char *caller, *group, *salt_of;
    if (at->client != GD_NONE) {
        caller = group = salt_of = b->model->clients.at[at->client].name;
        site->caller_service = GD_NONE;
    } else {
        const gd_plan_op *op = &plan->ops[at->op];
        caller = plan->services[op->service].name;
        group = gd_group_name(b, op->service);
        salt_of = op->name;
        site->caller_service = op->service;
    }
    site->client = at->client;
    site->caller_op = at->op;
    site->name = gd_arena_printf(b->arena, "%s>%s", caller, at->callee);
    site->hash = gd_hash_text(site->name);
    g_autofree char *salted = g_strdup_printf("%s>%s", salt_of, at->name);
    site->salt = gd_hash_text(salted);
    site->edge = gd_find_edge(b, group, at->callee);
}

/* A cancel that no callee honours is not sent. */
static bool is_cancel_of_use(gd_builder *b, gd_callees callees)
{
    for (uint32_t i = 0; i < callees.n; i++) {
        uint32_t op = g_array_index(b->callees, uint32_t, callees.first + i);
        if (b->plan->services[b->plan->ops[op].service].cancel != GD_CANCEL_NONE)
            return true;
    }
    return false;
}

static void fill_policy(gd_builder *b, gd_plan_site *site, const gd_resolved *how,
                        gd_callees callees)
{
    const gd_plan_op *first = &b->plan->ops[g_array_index(b->callees, uint32_t, callees.first)];
    const gd_party *callee = gd_party_of(b, first->service);
    site->callees_first = callees.first;
    site->callees_n = callees.n;
    site->balancer = gd_balancer_of(how, callee);
    site->then = how->then;
    site->answer = how->answer;
    site->fallback = how->fallback;
    site->at_fallback = how->at_fallback;
    site->then_site = GD_NONE;
    site->retry_mask = how->retry_mask;
    site->hedge_mask = how->hedge_mask;
    site->hears_sent = how->hears_sent;
    site->carries = how->carries;
    site->reselects = (uint8_t)how->reselects;
    site->chain_first = how->chain_first;
    site->chain_n = how->chain_n;
    site->call_bytes = how->call_bytes;
    site->state_bytes = how->state_bytes;
    site->guarded = how->chain_n > 0;
    site->cancel_on_timeout = how->spec->cancel_on_timeout && is_cancel_of_use(b, callees);
    if (how->spec->hedge) {
        site->cancel_losers = how->spec->hedge->cancel_losers && is_cancel_of_use(b, callees);
        site->tied = how->spec->hedge->tied;
    }
    site->connections = GD_NONE; /* see gd_build_connections */
    site->state_first = GD_NONE;
    site->fixed_link = site->fixed_back = UINT16_MAX;
    if (how->spec->breaker)
        g_array_index(b->edges, gd_plan_edge, site->edge).has_breaker = true;
}

static bool is_in_chain(const gd_call_at *at, const char *callee)
{
    for (; at; at = at->instead_of)
        if (strcmp(at->callee, callee) == 0)
            return true;
    return false;
}

/* The site of the fallback, behind its own. A fallback is never its own fallback, so a `then` that
 * comes from defaults.call ends where it began. */
static void add_fallback(gd_builder *b, uint32_t index, const gd_call_at *at,
                         const gd_node *then_call)
{
    gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, index);
    if (is_in_chain(at, then_call->text)) {
        site->then = GD_THEN_FAIL;
        return;
    }
    gd_call_at fallback = *at;
    fallback.callee = then_call->text;
    fallback.place = then_call;
    fallback.step = NULL;
    fallback.name = gd_arena_printf(b->arena, "%s/then", at->name);
    fallback.passes = false;
    fallback.times = 0; /* nothing fails in the estimate of a request's calls */
    fallback.instead_of = at;
    uint32_t then_site = gd_add_site(b, &fallback);
    g_array_index(b->sites, gd_plan_site, index).then_site = then_site;
}

/* What is tried again in the background: the same call, behind a wait, with tries of its own. */
static void add_later(gd_builder *b, uint32_t index, const gd_call_at *at, const gd_resolved *how)
{
    gd_call_at later = *at;
    later.how = gd_resolve_later(b, how, at->place);
    later.name = gd_arena_printf(b->arena, "%s/later", at->name);
    later.step = NULL;
    later.passes = false;
    later.times = 0;
    uint32_t site = gd_add_site(b, &later);
    g_array_index(b->sites, gd_plan_site, index).then_site = site;
}

uint32_t gd_add_site(gd_builder *b, const gd_call_at *at)
{
    gd_callees callees = gd_find_callees(b, at->calls ? at->calls : at->callee, at->place);
    b->callees_said += callees.n;
    if (b->sites->len >= GD_MAX_SITES)
        gd_too_many(b, at->place, "call sites", GD_MAX_SITES);
    if (b->callees_said > GD_MAX_CALLEES)
        gd_too_many(b, at->place, "callees over all calls", (uint32_t)GD_MAX_CALLEES);
    const gd_resolved *how = at->how ? at->how : gd_resolve_call(b, at);
    if (callees.n == 0 || b->too_many)
        return GD_NONE;
    gd_plan_site site = {.name = NULL};
    fill_caller(b, &site, at);
    fill_policy(b, &site, how, callees);
    site.passes = at->passes;
    uint32_t index = b->sites->len;
    g_array_append_val(b->sites, site);
    g_array_append_val(b->site_times, at->times);
    g_ptr_array_add(b->site_nodes, (void *)at->place);
    g_ptr_array_add(b->site_hows, (void *)how);
    if (how->then == GD_THEN_CALL)
        add_fallback(b, index, at, how->then_call);
    else if (how->then == GD_THEN_FALLBACK && how->then_call)
        add_later(b, index, at, how);
    return index;
}

/* ---- reach -------------------------------------------------------------------------------- */
/* The first two places of caller and callee that no link joins; false when all are joined. */
static bool find_gap(gd_builder *b, const uint16_t *from, uint32_t n, const gd_plan_service *callee,
                     uint32_t *a, uint32_t *z)
{
    const gd_plan *plan = b->plan;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < MIN(callee->instances_n, plan->n_zones); k++) {
            uint16_t to = plan->instances[callee->instances_first + k].zone;
            uint16_t link = plan->link_of[(size_t)from[i] * plan->n_zones + to];
            if (link != UINT16_MAX && g_array_index(b->links, gd_plan_link, link).name)
                continue;
            *a = from[i];
            *z = to;
            return true;
        }
    return false;
}

static void check_site_reach(gd_builder *b, const gd_plan_site *site, const gd_node *place)
{
    const gd_plan *plan = b->plan;
    g_autofree uint16_t *from = g_new(uint16_t, plan->n_zones);
    uint32_t n = 0, a, z;
    if (site->client != GD_NONE) {
        from[n++] = plan->clients[site->client].zone;
    } else {
        const gd_plan_service *caller = &plan->services[site->caller_service];
        for (; n < MIN(caller->instances_n, plan->n_zones); n++)
            from[n] = plan->instances[caller->instances_first + n].zone;
    }
    for (uint32_t i = 0; i < site->callees_n; i++) {
        uint32_t op = g_array_index(b->callees, uint32_t, site->callees_first + i);
        const gd_plan_service *callee = &plan->services[plan->ops[op].service];
        if (!find_gap(b, from, n, callee, &a, &z))
            continue;
        gd_problem(
            b->problems, place,
            "no link says how %s reaches %s; write \"links\": {\"wan\": {\"between\": [\"%s\", "
            "\"%s\"], \"latency\": \"preset:cross-region-near\"}} in network",
            plan->zones[a].name, plan->zones[z].name, plan->zones[a].name, plan->zones[z].name);
        return;
    }
}

void gd_check_reach(gd_builder *b)
{
    if (b->plan->n_regions < 2 || !b->plan->link_of)
        return;
    for (guint i = 0; i < b->sites->len; i++)
        check_site_reach(b, &g_array_index(b->sites, gd_plan_site, i), b->site_nodes->pdata[i]);
    /* Links that nothing uses still need a name for the plan's readers. */
    for (guint i = 0; i < b->links->len; i++) {
        gd_plan_link *link = &g_array_index(b->links, gd_plan_link, i);
        link->name = link->name ? link->name : "unlinked";
    }
}
