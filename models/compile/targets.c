/* Whom a fault is on: addresses become lists of instances, call sites, links or clients. */
#include "models/fault/fault.h"
#include "sim/spec/quantity.h"

#include <string.h>

/* ---- targets ------------------------------------------------------------------------------ */
/* The name behind one of the prefixes, or NULL. */
static const char *after(const char *target, const char *prefix)
{
    size_t length = strlen(prefix);
    if (g_str_has_prefix(target, "network.") && !g_str_has_prefix(prefix, "services"))
        target += strlen("network.");
    return strncmp(target, prefix, length) == 0 ? target + length : NULL;
}

/* How many of `n` instances a fault is on. */
static uint32_t count_hit(gd_fault_maker *m, uint32_t n)
{
    const gd_node *said = m->spec->instances;
    int64_t count = n;
    gd_share share = GD_SHARE_ONE;
    if (!said || (said->kind == GD_STRING && strcmp(said->text, "all") == 0))
        return n;
    if (said->kind == GD_NUMBER && !strchr(said->text, '.'))
        gd_read_count(&m->b->reader, said, 1, GD_MAX_INSTANCES, &count);
    else if (gd_read_quantity(&m->b->reader, said, GD_FIELD_SHARE, 1, GD_SHARE_ONE, &share))
        count = (int64_t)(((gd_i128)n * share + GD_SHARE_ONE - 1) / GD_SHARE_ONE);
    if (count > n)
        gd_problem(m->b->problems, said, "there are only %u instances; write a number up to that",
                   n);
    return (uint32_t)MIN(count, n);
}

/* The first instances of a service, of those in the zones where `in` is true (NULL: all). */
static void add_instances(gd_fault_maker *m, const gd_plan_service *service, const bool *in)
{
    const gd_plan *plan = m->b->plan;
    uint32_t n = 0;
    for (uint32_t i = 0; i < service->instances_n; i++)
        n += !in || in[plan->instances[service->instances_first + i].zone];
    if (n == 0)
        return;
    uint32_t left = count_hit(m, n);
    for (uint32_t i = 0; i < service->instances_n && left; i++) {
        uint32_t index = service->instances_first + i;
        if (in && !in[plan->instances[index].zone])
            continue;
        g_array_append_val(m->targets, index);
        left--;
    }
}

/* A service by its name, the name of its copies, or a pattern. */
static void target_services(gd_fault_maker *m, const char *name, bool external)
{
    m->fault.on = GD_ON_INSTANCES;
    for (uint32_t i = 0; i < m->b->plan->n_services; i++) {
        const gd_plan_service *service = &m->b->plan->services[i];
        bool same = gd_matches(name, service->name, strlen(service->name)) ||
                    strcmp(name, gd_party_of(m->b, i)->name) == 0;
        if (same && service->external == external)
            add_instances(m, service, NULL);
    }
}

/* Marks the plan's zones that a zone's, region's or client's name means. */
static bool mark_places(gd_builder *b, const char *name, bool clients, bool *in)
{
    bool any = false;
    for (uint32_t i = 0; i < b->plan->n_zones; i++) {
        bool is_client = b->plan->zones[i].client;
        in[i] = is_client ? clients && strcmp(b->plan->zones[i].name, name) == 0
                          : gd_zone_fit(b, i, name) != 0;
        any |= in[i];
    }
    return any;
}

static void cut_between(gd_fault_maker *m, const bool *a, const bool *z)
{
    bool to = m->spec->direction != 2, from = m->spec->direction != 1;
    for (guint i = 0; i < m->b->links->len; i++) {
        const gd_plan_link *link = &g_array_index(m->b->links, gd_plan_link, i);
        bool there = a[link->from] && z[link->to], back = z[link->from] && a[link->to];
        if (link->from != link->to && ((there && to) || (back && from)))
            g_array_append_val(m->targets, i);
    }
}

static bool acts_on_links(const gd_fault_maker *m)
{
    return m->fault.lever == GD_LEVER_CUT || m->fault.lever == GD_LEVER_MESSAGE;
}

static void target_place(gd_fault_maker *m, const char *name)
{
    gd_builder *b = m->b;
    g_autofree bool *in = g_new0(bool, b->plan->n_zones);
    if (!mark_places(b, name, false, in))
        return;
    if (acts_on_links(m)) {
        g_autofree bool *others = g_new0(bool, b->plan->n_zones);
        for (uint32_t i = 0; i < b->plan->n_zones; i++)
            others[i] = !in[i];
        m->fault.on = GD_ON_LINKS;
        cut_between(m, others, in);
        return;
    }
    m->fault.on = GD_ON_INSTANCES;
    for (uint32_t i = 0; i < b->plan->n_services; i++)
        add_instances(m, &b->plan->services[i], in);
}

static const gd_link_spec *find_link(gd_builder *b, const char *name)
{
    const gd_map *links = b->model->network ? &b->model->network->links : NULL;
    for (uint32_t i = 0; links && i < links->n; i++)
        if (strcmp(links->at[i].name, name) == 0)
            return links->at[i].spec;
    return NULL;
}

static void target_link(gd_fault_maker *m, const char *name)
{
    gd_builder *b = m->b;
    const gd_link_spec *spec = find_link(b, name);
    const char *end = !spec ? NULL : spec->between ? spec->between->last->text : spec->to;
    m->fault.on = GD_ON_LINKS;
    for (guint i = 0; i < b->links->len; i++) {
        const gd_plan_link *link = &g_array_index(b->links, gd_plan_link, i);
        if (!link->name || strcmp(link->name, name) != 0)
            continue;
        bool to_end = !end || gd_zone_fit(b, link->to, end) != 0;
        uint8_t direction = m->spec->direction;
        if (direction == 0 || (direction == 1) == to_end)
            g_array_append_val(m->targets, i);
    }
}

/* "a>b" or "a>b.op"; both sides may be patterns. */
static void target_edge(gd_fault_maker *m, const char *target)
{
    const char *arrow = strchr(target, '>');
    g_autofree char *caller = g_strndup(target, (size_t)(arrow - target));
    m->fault.on = GD_ON_SITES;
    for (guint i = 0; i < m->b->sites->len; i++) {
        const gd_plan_site *site = &g_array_index(m->b->sites, gd_plan_site, i);
        const char *callee = strchr(site->name, '>') + 1;
        size_t from = (size_t)(callee - 1 - site->name);
        bool same = gd_matches(caller, site->name, from) ||
                    (site->caller_service != GD_NONE &&
                     strcmp(caller, gd_party_of(m->b, site->caller_service)->name) == 0);
        if (same &&
            (strcmp(arrow + 1, callee) == 0 || gd_matches(arrow + 1, callee, strlen(callee)) ||
             gd_matches(arrow + 1, callee, strcspn(callee, "."))))
            g_array_append_val(m->targets, i);
    }
}

static void target_client(gd_fault_maker *m, const char *name)
{
    m->fault.on = GD_ON_CLIENTS;
    for (uint32_t i = 0; i < m->b->plan->n_clients; i++) {
        const gd_plan_client *client = &m->b->plan->clients[i];
        if (!gd_matches(name, client->name, strlen(client->name)))
            continue;
        g_array_append_val(m->targets, i);
        bool rate = m->fault.lever == GD_LEVER_LOAD || m->fault.lever == GD_LEVER_HERD;
        if (rate && (client->arrivals == GD_ARRIVE_USERS || client->arrivals == GD_ARRIVE_TRACE))
            gd_problem(m->b->problems, gd_node_said(m->node, "target"),
                       "%s has no rate that could grow; write arrivals or visits by poisson, "
                       "periodic or bursts",
                       client->name);
    }
}

/* Factors on the weights of the client's journeys, or pages of an open mix. */
static void read_mix(gd_fault_maker *m, const gd_plan_client *client)
{
    gd_builder *b = m->b;
    m->fault.weights_first = b->mix->len;
    for (uint32_t i = 0; i < client->journeys_n; i++) {
        gd_share one = GD_SHARE_ONE;
        g_array_append_val(b->mix, one);
    }
    if (m->spec->mix->kind != GD_OBJECT || client->journeys_n < 2) {
        gd_fault_problem(m, "mix",
                         client->journeys_n < 2
                             ? "its client asks for one thing only; give it a mix or journeys"
                             : "expected factors by name; write {\"checkout\": 3}");
        return;
    }
    for (const gd_node *part = m->spec->mix->first; part; part = part->next) {
        gd_share factor = GD_SHARE_ONE;
        bool found = false, ok = gd_read_quantity(&b->reader, part, GD_FIELD_FACTOR, 0,
                                                  100000 * GD_SHARE_ONE, &factor);
        for (uint32_t i = 0; ok && i < client->journeys_n; i++)
            if (g_array_index(b->journeys, gd_journey, client->journeys_first + i).salt ==
                gd_hash_text(part->key)) {
                g_array_index(b->mix, gd_share, m->fault.weights_first + i) = factor;
                found = true;
            }
        if (ok && !found)
            gd_problem_key(b->problems, part,
                           "%s has no such page or journey; write one of its mix", client->name);
    }
}

static void target_clients(gd_fault_maker *m, const char *name)
{
    target_client(m, name);
    if (m->fault.lever != GD_LEVER_MIX || m->targets->len == 0)
        return;
    if (m->targets->len > 1)
        gd_fault_problem(m, "target", "each client has its own mix; name one of them");
    read_mix(m, &m->b->plan->clients[g_array_index(m->targets, uint32_t, 0)]);
}

static void target_flag(gd_fault_maker *m, const char *name)
{
    m->fault.on = GD_ON_FLAGS;
    for (uint32_t i = 0; i < m->b->plan->n_flags; i++)
        if (strcmp(m->b->plan->flags[i].name, name) == 0)
            g_array_append_val(m->targets, i);
}

static const struct {
    unsigned takes;
    const char *prefix, *shown;
} prefixes[] = {
    {GD_TAKES_SERVICE, "services.", "services.x"},
    {GD_TAKES_EXTERNAL, "external.", "external.x"},
    {GD_TAKES_PLACE, "zones.", "zones.x"},
    {GD_TAKES_PLACE, "regions.", "regions.x"},
    {GD_TAKES_EDGE, ">", "\"a>b.op\""},
    {GD_TAKES_LINK, "links.", "links.x"},
    {GD_TAKES_CLIENT, "clients.", "clients.x"},
    {GD_TAKES_FLAG, "flags.", "flags.x"},
};

/* "services.x, zones.x or regions.x" */
static const char *may_be(gd_fault_maker *m)
{
    const char *text = NULL;
    for (size_t i = G_N_ELEMENTS(prefixes); i-- > 0;)
        if (prefixes[i].takes & m->kind->takes)
            text = !text
                       ? prefixes[i].shown
                       : gd_arena_printf(m->b->arena, "%s%s%s", prefixes[i].shown,
                                         strstr(text, " or ") || strchr(text, ',') ? ", " : " or ",
                                         text);
    return text;
}

static unsigned kind_of_target(const char *target)
{
    if (strchr(target, '>'))
        return GD_TAKES_EDGE;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (after(target, prefixes[i].prefix))
            return prefixes[i].takes;
    return 0;
}

static void find_named(gd_fault_maker *m, const char *target, const gd_node *place)
{
    unsigned kind = kind_of_target(target);
    guint before = m->targets->len;
    const char *name;
    if (!(kind & m->kind->takes)) {
        gd_problem(m->b->problems, place, "%s cannot be on \"%.80s\"; write %s",
                   gd_fault_words[m->spec->fault], target, may_be(m));
        return;
    }
    if (kind == GD_TAKES_EDGE)
        target_edge(m, target);
    else if ((name = after(target, "services.")))
        target_services(m, name, false);
    else if ((name = after(target, "external.")))
        target_services(m, name, true);
    else if ((name = after(target, "zones.")) || (name = after(target, "regions.")))
        target_place(m, name);
    else if ((name = after(target, "links.")))
        target_link(m, name);
    else if ((name = after(target, "clients.")))
        target_clients(m, name);
    else if ((name = after(target, "flags.")))
        target_flag(m, name);
    if (m->targets->len == before)
        gd_problem(m->b->problems, place,
                   "nothing is called \"%.80s\"; write %s as the model has it", target, may_be(m));
}

/* What has no workers that could be held. */
static void check_workers(gd_fault_maker *m)
{
    const gd_plan *plan = m->b->plan;
    for (guint i = 0; m->fault.lever == GD_LEVER_TAKEN && i < m->targets->len; i++) {
        uint32_t index = g_array_index(m->targets, uint32_t, i);
        const gd_plan_service *service = &plan->services[plan->instances[index].service];
        if (service->workers != UINT32_MAX)
            continue;
        gd_problem(m->b->problems, gd_node_said(m->node, "target"),
                   "%s has unlimited workers, of which none can be taken; give it a number",
                   service->name);
        return;
    }
}

/* ---- partitions between pairs ------------------------------------------------------------- */
static void cut_pair(gd_fault_maker *m, const gd_node *pair)
{
    gd_builder *b = m->b;
    if (pair->kind != GD_ARRAY || gd_node_count(pair) != 2 || pair->first->kind != GD_STRING ||
        pair->last->kind != GD_STRING) {
        gd_problem(b->problems, pair, "expected two places; write [\"a\", \"b\"]");
        return;
    }
    g_autofree bool *a = g_new0(bool, b->plan->n_zones);
    g_autofree bool *z = g_new0(bool, b->plan->n_zones);
    const gd_node *ends[2] = {pair->first, pair->last};
    bool *marks[2] = {a, z};
    for (int i = 0; i < 2; i++)
        if (!mark_places(b, ends[i]->text, true, marks[i]))
            gd_problem(
                b->problems, ends[i],
                "there is no zone, region or client \"%s\"; name one of the network's places",
                ends[i]->text);
    guint before = m->targets->len;
    cut_between(m, a, z);
    if (m->targets->len == before)
        gd_problem(b->problems, pair, "no link joins these two; name others");
}

static void find_pairs(gd_fault_maker *m)
{
    m->fault.on = GD_ON_LINKS;
    const gd_node *pairs = m->spec->partial;
    if (m->spec->between)
        cut_pair(m, m->spec->between);
    else if (pairs && pairs->kind != GD_ARRAY)
        gd_problem(m->b->problems, pairs, "expected pairs; write [[\"a\", \"b\"], [\"a\", \"c\"]]");
    else if (pairs && !pairs->first)
        gd_problem(m->b->problems, pairs, "cuts nothing; write [[\"a\", \"b\"], [\"a\", \"c\"]]");
    else
        for (const gd_node *pair = pairs ? pairs->first : NULL; pair; pair = pair->next)
            cut_pair(m, pair);
    g_autofree char *text = gd_node_print(m->spec->between ? m->spec->between : pairs, false);
    m->fault.target = gd_arena_strndup(m->b->arena, text, strlen(text));
}

static gint compare_indices(gconstpointer left, gconstpointer right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Ascending, each once. */
static void add_targets(gd_fault_maker *m)
{
    g_array_sort(m->targets, compare_indices);
    m->fault.targets_first = m->b->targets->len;
    for (guint i = 0; i < m->targets->len; i++) {
        uint32_t index = g_array_index(m->targets, uint32_t, i);
        if (i == 0 || index != g_array_index(m->targets, uint32_t, i - 1))
            g_array_append_val(m->b->targets, index);
    }
    m->fault.targets_n = m->b->targets->len - m->fault.targets_first;
    if (m->b->targets->len > GD_MAX_TARGETS)
        gd_too_many(m->b, m->node, "targets of faults", GD_MAX_TARGETS);
}

void gd_find_targets(gd_fault_maker *m)
{
    const gd_node *list = m->spec->targets;
    if (list) {
        for (const gd_node *name = list->first; name; name = name->next)
            if (name->kind == GD_STRING)
                find_named(m, name->text, name);
            else
                gd_problem(m->b->problems, name, "expected an address; write \"services.x\"");
        if (!list->first)
            gd_problem(m->b->problems, list, "names nobody; write [\"services.x\"]");
        g_autofree char *text = gd_node_print(list, false);
        m->fault.target = gd_arena_strndup(m->b->arena, text, strlen(text));
    } else if (m->spec->target) {
        const gd_node *said = gd_node_said(m->node, "target");
        find_named(m, m->spec->target, said ? said : m->node);
        m->fault.target = m->spec->target;
    } else {
        find_pairs(m);
    }
    check_workers(m);
    add_targets(m);
}
