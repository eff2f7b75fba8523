#include "models/compile/build.h"

#include <string.h>

#define NO_LINK UINT16_MAX
/* As a named link that says nothing of it: RFC 6298 with Linux's minimum. */
#define LINK_RTO (200 * GD_MS)
/* Where a model names no region: everything is in one place. */
#define ONE_PLACE "local"
/* Zones and clients: a plan looks links up in a square of them. */
#define MOST_PLACES 2000u
/* Named links that are tried for each pair of places. */
#define MOST_TRIES UINT64_C(20000000)

/* ---- zones -------------------------------------------------------------------------------- */
typedef struct {
    const char *name;
    uint32_t region;
    const gd_node *place;
} zone_entry;

static gint compare_zones(gconstpointer left, gconstpointer right)
{
    return strcmp(((const zone_entry *)left)->name, ((const zone_entry *)right)->name);
}

static void add_region_zones(gd_builder *b, GArray *zones, const gd_member *region, uint32_t index)
{
    const gd_region_spec *spec = region->spec;
    if (!spec->zones || spec->zones->kind != GD_ARRAY || !spec->zones->first) {
        if (spec->zones)
            gd_problem(b->problems, spec->zones,
                       "expected a list of names; write \"zones\": [\"a\", \"b\"]");
        zone_entry entry = {region->name, index, region->node};
        g_array_append_val(zones, entry);
        return;
    }
    for (const gd_node *name = spec->zones->first; name; name = name->next) {
        if (name->kind != GD_STRING || !gd_is_name(name->text)) {
            gd_problem(b->problems, name, "expected the name of a zone; write \"a\"");
            continue;
        }
        zone_entry entry = {name->text, index, name};
        g_array_append_val(zones, entry);
    }
}

static void check_unique(gd_builder *b, const GArray *zones)
{
    for (guint i = 1; i < zones->len; i++) {
        const zone_entry *one = &g_array_index(zones, zone_entry, i - 1);
        const zone_entry *two = &g_array_index(zones, zone_entry, i);
        if (strcmp(one->name, two->name) == 0)
            gd_problem(b->problems, two->place,
                       "there are two zones \"%s\"; give each its own name, such as \"%s-%s\"",
                       two->name, b->plan->regions[two->region], two->name);
    }
}

static uint32_t find_text(const char *const *names, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return GD_NONE;
}

static uint32_t find_zone(const gd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_zones && !plan->zones[i].client; i++)
        if (strcmp(plan->zones[i].name, name) == 0)
            return i;
    return GD_NONE;
}

/* The place of a client's users: a zone of its own, near a zone or a region when it says so. */
static void add_client_zone(gd_builder *b, const gd_member *client)
{
    gd_plan *plan = b->plan;
    const gd_client_spec *spec = client->spec;
    uint32_t region = plan->n_regions == 1 ? 0 : GD_NONE;
    if (spec->region) {
        region = find_text(plan->regions, plan->n_regions, spec->region);
        if (region == GD_NONE)
            gd_problem(b->problems, gd_node_said(client->node, "region"),
                       "there is no region \"%s\"; name one of network.regions", spec->region);
    }
    uint32_t zone = spec->zone ? find_zone(plan, spec->zone) : GD_NONE;
    if (spec->zone && zone == GD_NONE)
        gd_problem(b->problems, gd_node_said(client->node, "zone"),
                   "there is no zone \"%s\"; name one of a region's zones", spec->zone);
    if (zone != GD_NONE)
        region = plan->zones[zone].region;
    if (find_zone(plan, client->name) != GD_NONE ||
        find_text(plan->regions, plan->n_regions, client->name) != GD_NONE)
        gd_problem_key(b->problems, client->node,
                       "there is a zone or region \"%s\" too; give the client another name",
                       client->name);
    plan->zones[plan->n_zones++] =
        (gd_plan_zone){.name = client->name, .region = region, .client = true};
}

/* A plan has a link for each pair of places, but for two clients. */
static bool check_pairs(gd_builder *b)
{
    uint64_t zones = b->n_real_zones, clients = b->model->clients.n;
    uint64_t pairs = zones * zones + 2 * zones * clients;
    uint64_t links = b->model->network ? b->model->network->links.n : 0;
    if (pairs < NO_LINK && zones + clients <= MOST_PLACES && pairs * links <= MOST_TRIES)
        return true;
    gd_problem(b->problems, b->model_node,
               "%u zones and %u clients make %" G_GUINT64_FORMAT " links (of %" G_GUINT64_FORMAT
               " named ones), and a plan holds %u, for %u places; use fewer",
               b->n_real_zones, b->model->clients.n, pairs, links, NO_LINK - 1, MOST_PLACES);
    return false;
}

bool gd_build_zones(gd_builder *b)
{
    gd_plan *plan = b->plan;
    const gd_map *regions = b->model->network ? &b->model->network->regions : NULL;
    uint32_t n = regions ? regions->n : 0;
    g_autoptr(GArray) zones = g_array_new(FALSE, FALSE, sizeof(zone_entry));
    plan->n_regions = n ? n : 1;
    plan->regions = gd_arena_array(b->arena, const char *, plan->n_regions);
    plan->regions[0] = ONE_PLACE;
    for (uint32_t i = 0; i < n; i++) {
        plan->regions[i] = regions->at[i].name;
        add_region_zones(b, zones, &regions->at[i], i);
    }
    if (n == 0) {
        zone_entry entry = {ONE_PLACE, 0, NULL};
        g_array_append_val(zones, entry);
    }
    g_array_sort(zones, compare_zones);
    check_unique(b, zones);
    plan->zones = gd_arena_array(b->arena, gd_plan_zone, zones->len + b->model->clients.n);
    for (guint i = 0; i < zones->len; i++) {
        const zone_entry *entry = &g_array_index(zones, zone_entry, i);
        plan->zones[plan->n_zones++] = (gd_plan_zone){.name = entry->name, .region = entry->region};
    }
    b->n_real_zones = plan->n_zones;
    if (!check_pairs(b))
        return false;
    for (uint32_t i = 0; i < b->model->clients.n; i++)
        add_client_zone(b, &b->model->clients.at[i]);
    return true;
}

bool gd_zones_named(gd_builder *b, const char *name, GArray *out)
{
    guint before = out->len;
    uint32_t region = find_text(b->plan->regions, b->plan->n_regions, name);
    for (uint32_t i = 0; i < b->plan->n_zones; i++) {
        const gd_plan_zone *zone = &b->plan->zones[i];
        uint16_t index = (uint16_t)i; /* below MOST_PLACES */
        if (!zone->client && (zone->region == region || strcmp(zone->name, name) == 0))
            g_array_append_val(out, index);
    }
    return out->len > before;
}

bool gd_zones_of_only_region(gd_builder *b, GArray *out)
{
    return b->plan->n_regions == 1 && gd_zones_named(b, b->plan->regions[0], out);
}

/* ---- links -------------------------------------------------------------------------------- */
int gd_zone_fit(gd_builder *b, uint32_t zone, const char *name)
{
    const gd_plan_zone *at = &b->plan->zones[zone];
    if (strcmp(at->name, name) == 0)
        return at->client ? 3 : 2;
    if (at->client) {
        const gd_client_spec *spec = b->model->clients.at[zone - b->n_real_zones].spec;
        if (spec->zone && strcmp(spec->zone, name) == 0)
            return 2;
    }
    return at->region != GD_NONE && strcmp(b->plan->regions[at->region], name) == 0;
}

static int fit_pair(gd_builder *b, uint32_t from, uint32_t to, const char *start, const char *end)
{
    int one = gd_zone_fit(b, from, start), two = gd_zone_fit(b, to, end);
    return one && two ? one + two : 0;
}

static int fit_link(gd_builder *b, uint32_t from, uint32_t to, const gd_link_spec *link)
{
    if (!link->between)
        return link->from && link->to ? fit_pair(b, from, to, link->from, link->to) : 0;
    if (gd_node_count(link->between) != 2 || link->between->first->kind != GD_STRING ||
        link->between->last->kind != GD_STRING)
        return 0;
    const char *one = link->between->first->text, *two = link->between->last->text;
    return MAX(fit_pair(b, from, to, one, two), fit_pair(b, from, to, two, one));
}

/* The link that says how `from` reaches `to`, or NULL; two that say it equally well are refused. */
static const gd_member *nearest_link(gd_builder *b, uint32_t from, uint32_t to)
{
    const gd_map *links = b->model->network ? &b->model->network->links : NULL;
    const gd_member *best = NULL;
    int best_fit = 0;
    for (uint32_t i = 0; links && i < links->n; i++) {
        int how = fit_link(b, from, to, links->at[i].spec);
        if (how && how == best_fit && from < to)
            gd_problem_key(b->problems, links->at[i].node,
                           "%s and %s both join %s and %s; name a zone or a client in one of them, "
                           "or remove it",
                           best->name, links->at[i].name, b->plan->zones[from].name,
                           b->plan->zones[to].name);
        if (how > best_fit) {
            best_fit = how;
            best = &links->at[i];
        }
    }
    return best;
}

static void set_latency(gd_builder *b, gd_plan_link *link, const gd_dist_spec *spec,
                        const gd_node *place)
{
    link->latency = gd_dist_index_of(b, spec, place);
    link->is_constant = !spec || spec->kind == GD_DIST_CONSTANT;
    link->constant = spec && spec->kind == GD_DIST_CONSTANT ? spec->value : 0;
}

static gd_plan_link make_link(gd_builder *b, uint32_t from, uint32_t to)
{
    const gd_network_spec *network = b->model->network;
    const gd_plan_zone *start = &b->plan->zones[from], *end = &b->plan->zones[to];
    gd_plan_link link = {
        .name = "same_zone", .rto = LINK_RTO, .from = (uint16_t)from, .to = (uint16_t)to};
    const gd_member *named = from == to ? NULL : nearest_link(b, from, to);
    const gd_dist_spec *latency = network ? network->same_zone : NULL;
    const gd_node *place = network ? gd_node_said(b->model_node, "network") : NULL;

    if (named) {
        const gd_link_spec *spec = named->spec;
        link.name = named->name;
        link.loss = gd_share_threshold(spec->loss);
        link.rto = spec->rto;
        link.bytes_per_s = spec->bandwidth;
        link.ordered = spec->ordered;
        latency = spec->latency;
        place = named->node;
    } else if (start->client || end->client) {
        link.name = "client";
        latency = network ? network->clients : NULL;
    } else if (start->region != end->region) {
        link.name = NULL; /* nothing says how: refused where a call needs it */
        latency = NULL;
    } else if (from != to && network && network->regions.n) {
        const gd_region_spec *region = network->regions.at[start->region].spec;
        link.name = b->plan->regions[start->region];
        latency = region->latency ? region->latency : latency;
        place = network->regions.at[start->region].node;
    }
    set_latency(b, &link, latency, place);
    return link;
}

/* Each end of a link must be a place; a link that joins nothing has no effect. */
static void check_link_ends(gd_builder *b)
{
    const gd_map *links = b->model->network ? &b->model->network->links : NULL;
    for (uint32_t i = 0; links && i < links->n; i++) {
        const gd_link_spec *spec = links->at[i].spec;
        const char *ends[2] = {spec->from, spec->to};
        if (spec->between && gd_node_count(spec->between) == 2) {
            ends[0] = spec->between->first->text;
            ends[1] = spec->between->last->text;
        }
        for (int e = 0; e < 2; e++) {
            bool known = false;
            for (uint32_t z = 0; ends[e] && z < b->plan->n_zones && !known; z++)
                known = gd_zone_fit(b, z, ends[e]) != 0;
            if (ends[e] && !known)
                gd_problem(b->problems, links->at[i].node,
                           "there is no zone, region or client \"%s\"; name one of the network's "
                           "places",
                           ends[e]);
        }
    }
}

void gd_build_links(gd_builder *b)
{
    gd_plan *plan = b->plan;
    uint32_t n = plan->n_zones;
    check_link_ends(b);
    plan->link_of = gd_arena_array(b->arena, uint16_t, (size_t)n * n);
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++) {
            uint16_t *link_of = &plan->link_of[(size_t)from * n + to];
            *link_of = NO_LINK;
            if (plan->zones[from].client && plan->zones[to].client)
                continue;
            gd_plan_link link = make_link(b, from, to);
            *link_of = (uint16_t)b->links->len;
            g_array_append_val(b->links, link);
        }
}
