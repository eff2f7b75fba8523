#include "models/compile/build.h"

#include <stdlib.h>
#include <string.h>

/* ---- flags and attributes ----------------------------------------------------------------- */
static gint compare_texts(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void add_attributes(gd_builder *b, const gd_client_spec *spec, GHashTable *known)
{
    const gd_node **drawn = gd_members(b, spec->draw);
    for (size_t k = 0; drawn[k]; k++) {
        if (!gd_is_name(drawn[k]->key))
            gd_problem_key(b->problems, drawn[k], "is no name; write letters and digits");
        if (!g_hash_table_add(known, (void *)drawn[k]->key))
            continue;
        g_ptr_array_add(b->attribute_names, (void *)drawn[k]->key);
        if (b->attribute_names->len > GD_MAX_ATTRIBUTES) {
            gd_too_many(b, drawn[k], "drawn attributes", GD_MAX_ATTRIBUTES);
            g_ptr_array_set_size(b->attribute_names, GD_MAX_ATTRIBUTES);
            return;
        }
    }
}

static void collect_attributes(gd_builder *b)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t i = 0; i < b->model->clients.n && !b->too_many; i++)
        add_attributes(b, b->model->clients.at[i].spec, known);
    g_ptr_array_sort(b->attribute_names, compare_texts);
    guint n = b->attribute_names->len;
    b->plan->n_attribute_names = n;
    b->plan->attribute_salts = gd_arena_array(b->arena, uint64_t, n + 1);
    for (guint i = 0; i < n; i++)
        b->plan->attribute_salts[i] = gd_hash_text(b->attribute_names->pdata[i]);
    for (uint32_t c = 0; c < b->model->clients.n; c++) {
        const gd_client_spec *spec = b->model->clients.at[c].spec;
        for (guint i = 0; i < n; i++) {
            const gd_node *draw = gd_node_said(spec->draw, b->attribute_names->pdata[i]);
            double mean = draw ? gd_dist_mean_at(b, draw, false) : 0;
            b->attribute_means[i] = MAX(b->attribute_means[i], mean);
        }
    }
}

void gd_build_flags(gd_builder *b)
{
    const gd_map *flags = &b->model->flags;
    b->plan->n_flags = flags->n;
    b->plan->flags = gd_arena_array(b->arena, gd_plan_flag, flags->n + 1);
    for (uint32_t i = 0; i < flags->n; i++) {
        const gd_flag_spec *spec = flags->at[i].spec;
        b->plan->flags[i] = (gd_plan_flag){.name = flags->at[i].name,
                                           .salt = gd_hash_text(flags->at[i].name),
                                           .on = gd_share_threshold(spec->share),
                                           .by_user = spec->key == 0};
        g_hash_table_insert(b->flag_index, (void *)flags->at[i].name, GUINT_TO_POINTER(i + 1));
    }
    collect_attributes(b);
}

/* ---- arrivals ----------------------------------------------------------------------------- */
static void read_trace(gd_builder *b, gd_plan_client *client, const gd_variant *said)
{
    const gd_csv_spec *spec = said->spec;
    g_autoptr(GArray) rows = gd_read_csv(b, spec->file, spec->column, false, said->node);
    if (!rows)
        return;
    gd_time *times = gd_arena_array(b->arena, gd_time, rows->len);
    for (guint i = 0; i < rows->len; i++) {
        gd_time at = g_array_index(rows, gd_csv_row, i).at + b->plan->warmup;
        if (at < 0) {
            gd_problem(b->problems, said->node, "%s begins before the warm-up; write a longer one",
                       spec->file);
            return;
        }
        /* Thinned by --scale: every row of a full-size run. */
        if (gd_scaled(b, i + 1) > gd_scaled(b, i))
            times[client->trace_n++] = at;
    }
    client->trace = times;
}

static gd_rate read_rate(gd_builder *b, gd_rate rate)
{
    return rate > 0 ? MAX(1, gd_scaled(b, rate)) : 0;
}

static void read_arrivals(gd_builder *b, gd_plan_client *client, const gd_variant *said)
{
    if (said->shape == &gd_bursts_shape) {
        const gd_bursts_spec *bursts = said->spec;
        client->arrivals = GD_ARRIVE_BURSTS;
        client->rate = read_rate(b, bursts->rate);
        client->rate_off = read_rate(b, bursts->rate_off);
        client->on = gd_dist_index_of(b, bursts->on, said->node);
        client->off = gd_dist_index_of(b, bursts->off, said->node);
    } else if (said->shape == &gd_trace_shape) {
        client->arrivals = GD_ARRIVE_TRACE;
        read_trace(b, client, said);
    } else if (said->shape) {
        const gd_steady_rate_spec *steady = said->spec;
        client->arrivals =
            said->shape == &gd_periodic_shape ? GD_ARRIVE_PERIODIC : GD_ARRIVE_POISSON;
        client->rate = read_rate(b, steady->rate);
    }
}

static void read_users(gd_builder *b, gd_plan_client *client, const gd_client_spec *spec,
                       const gd_node *place)
{
    client->arrivals = GD_ARRIVE_USERS;
    client->users = (uint32_t)gd_scaled(b, spec->users->n);
    client->users_over = spec->users->over;
    client->think = gd_dist_index_of(b, spec->users->think, place);
    if (client->users == 0 && spec->users->n > 0) /* else its reader has said so */
        gd_problem(b->problems, place, "this scale leaves less than one user; use a larger one");
}

/* ---- journeys ----------------------------------------------------------------------------- */
typedef struct {
    gd_builder *b;
    uint32_t client;
    const gd_member *member;
    const char *service;
    GHashTable *pages; /* operation -> index + 1 of its view in b->views */
    GHashTable *sites; /* operation -> site + 1 */
    gd_span useful_within;
} asker;

/* A page of the client's service: its call site and its user-visible operation. */
static gd_page find_page(asker *a, const char *op, const gd_node *place)
{
    gd_builder *b = a->b;
    gd_page page = {.site = GD_NONE, .think = GD_NONE};
    uint32_t view = gd_lookup(a->pages, op);
    if (view) {
        page.op_record = view - 1;
        page.site = gd_lookup(a->sites, op) - 1;
        return page;
    }
    const char *callee = gd_arena_printf(b->arena, "%s.%s", a->service, op);
    gd_call_at at = {.client = a->client, .op = GD_NONE, .callee = callee, .place = place};
    at.name = gd_arena_printf(b->arena, "%s#0", callee);
    at.times = 1;
    page.site = gd_add_site(b, &at);
    gd_plan_view new_view = {.client = a->client, .useful_within = a->useful_within};
    new_view.name = gd_arena_printf(b->arena, "%s.%s", a->member->name, op);
    new_view.salt = gd_hash_text(new_view.name);
    page.op_record = b->views->len;
    g_array_append_val(b->views, new_view);
    g_hash_table_insert(a->pages, (void *)op, GUINT_TO_POINTER(b->views->len));
    g_hash_table_insert(a->sites, (void *)op, GUINT_TO_POINTER(page.site + 1));
    return page;
}

static void add_journeys(gd_builder *b, gd_plan_client *client, const gd_share *weights,
                         gd_journey *journeys, uint32_t n, const gd_node *place)
{
    g_autofree uint64_t *below = g_new(uint64_t, n + 1);
    double total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += (double)weights[i];
    if (total <= 0) {
        gd_problem(b->problems, place, "all weights are 0; give one of them a weight");
        return;
    }
    gd_thresholds(weights, n, below);
    client->journeys_first = b->journeys->len;
    client->journeys_n = n;
    for (uint32_t i = 0; i < n; i++) {
        journeys[i].below = below[i];
        g_array_append_val(b->journeys, journeys[i]);
    }
}

/* Adds the pages of a journey; returns how many. */
static uint32_t add_pages(asker *a, const gd_member *member)
{
    gd_builder *b = a->b;
    const gd_journey_spec *spec = member->spec;
    uint32_t first = b->pages->len, think = gd_dist_index_of(b, spec->think, member->node);
    const gd_node *page = spec->pages && spec->pages->kind == GD_ARRAY ? spec->pages->first : NULL;
    if (!page)
        gd_problem(b->problems, member->node, "has no pages; write \"pages\": [\"home\"]");
    for (; page; page = page->next) {
        if (page->kind != GD_STRING) {
            gd_problem(b->problems, page, "expected the name of an operation of %s", a->service);
            continue;
        }
        gd_page found = find_page(a, page->text, page);
        found.think = think;
        g_array_append_val(b->pages, found);
    }
    return b->pages->len - first;
}

static void read_journeys(asker *a, gd_plan_client *client, const gd_map *map)
{
    gd_builder *b = a->b;
    g_autofree gd_share *weights = g_new0(gd_share, map->n);
    g_autofree gd_journey *journeys = g_new0(gd_journey, map->n);
    for (uint32_t i = 0; i < map->n; i++) {
        const gd_journey_spec *spec = map->at[i].spec;
        weights[i] = spec->weight;
        journeys[i].salt = gd_hash_text(map->at[i].name);
        journeys[i].gives_up_after = spec->gives_up_after;
        journeys[i].pages_first = b->pages->len;
        journeys[i].pages_n = add_pages(a, &map->at[i]);
    }
    add_journeys(b, client, weights, journeys, map->n, a->member->node);
}

/* An open mix is journeys of one page each. */
static void add_mix(asker *a, gd_plan_client *client, const char *const *ops,
                    const gd_node *const *places, const gd_share *weights, uint32_t n)
{
    gd_builder *b = a->b;
    g_autofree gd_journey *journeys = g_new0(gd_journey, n);
    for (uint32_t i = 0; i < n; i++) {
        gd_page page = find_page(a, ops[i], places[i]);
        journeys[i].salt = gd_hash_text(ops[i]);
        journeys[i].pages_first = b->pages->len;
        journeys[i].pages_n = 1;
        g_array_append_val(b->pages, page);
    }
    add_journeys(b, client, weights, journeys, n, a->member->node);
}

static void read_mix(asker *a, gd_plan_client *client, const gd_node *mix)
{
    gd_builder *b = a->b;
    const gd_node **members = gd_members(b, mix);
    uint32_t n = 0;
    while (members[n])
        n++;
    if (n == 0) {
        gd_problem(b->problems, mix,
                   "expected operations by weight; write {\"home\": 3, \"buy\": 1}");
        return;
    }
    g_autofree gd_share *weights = g_new0(gd_share, n);
    g_autofree const char **ops = g_new0(const char *, n);
    for (uint32_t i = 0; i < n; i++) {
        ops[i] = members[i]->key;
        gd_read_quantity(&b->reader, members[i], GD_FIELD_FACTOR, 0, 0, &weights[i]);
    }
    add_mix(a, client, ops, members, weights, n);
}

static void read_pages(asker *a, gd_plan_client *client, const gd_client_spec *spec,
                       const gd_plan_service *service)
{
    gd_builder *b = a->b;
    const gd_share one = GD_SHARE_ONE;
    if (spec->journeys.n) {
        read_journeys(a, client, &spec->journeys);
    } else if (spec->mix && spec->mix->kind == GD_STRING) {
        add_mix(a, client, &spec->mix->text, &spec->mix, &one, 1);
    } else if (spec->mix) {
        read_mix(a, client, spec->mix);
    } else if (service->ops_n == 1) {
        const char *op = strchr(b->plan->ops[service->ops_first].name, '.') + 1;
        add_mix(a, client, &op, &a->member->node, &one, 1);
    } else {
        gd_problem(b->problems, a->member->node,
                   "%s has %u operations; write \"mix\": {\"%s\": 1, …} to say which are asked",
                   a->service, service->ops_n,
                   service->ops_n ? strchr(b->plan->ops[service->ops_first].name, '.') + 1 : "get");
    }
}

/* ---- clients ------------------------------------------------------------------------------ */
static void read_draws(gd_builder *b, gd_plan_client *client, const gd_client_spec *spec)
{
    client->attributes_first = b->attributes->len;
    for (guint i = 0; i < b->attribute_names->len; i++) {
        const gd_node *draw = gd_node_said(spec->draw, b->attribute_names->pdata[i]);
        uint32_t dist = gd_dist_index(b, draw, false);
        g_array_append_val(b->attributes, dist);
    }
}

static gd_span useful_within(const gd_client_spec *spec)
{
    if (spec->policy.deadline && spec->policy.deadline->after)
        return spec->policy.deadline->after;
    bool tries_again = spec->reload || spec->policy.retry;
    return spec->policy.timeout && !tries_again ? spec->policy.timeout : GD_NEVER;
}

/* The service that a client is at; of a group, one of it. */
static uint32_t find_service(gd_builder *b, const char *name, const gd_node *place)
{
    if (!name)
        return GD_NONE;
    for (uint32_t i = 0; i < b->plan->n_services; i++)
        if (gd_matches(name, b->plan->services[i].name, strlen(b->plan->services[i].name)))
            return i;
    const char *near = gd_nearest_key(b, b->services, name);
    gd_problem(b->problems, place,
               near ? "there is no service \"%s\"; did you mean \"%s\"?"
                    : "there is no service \"%s\"; name one of `services`",
               name, near);
    return GD_NONE;
}

static void build_client(gd_builder *b, uint32_t index)
{
    const gd_member *member = &b->model->clients.at[index];
    const gd_client_spec *spec = member->spec;
    gd_plan_client *client = &b->plan->clients[index];
    client->name = member->name;
    client->salt = gd_hash_text(member->name);
    client->zone = (uint16_t)(b->n_real_zones + index);
    client->on = client->off = client->think = GD_NONE;
    client->visits = spec->visits.shape != NULL;
    client->stop_after = spec->stop_after ? (uint64_t)MAX(1, gd_scaled(b, spec->stop_after)) : 0;
    if (spec->users)
        read_users(b, client, spec, gd_node_said(member->node, "users"));
    else
        read_arrivals(b, client, client->visits ? &spec->visits : &spec->arrivals);
    gd_build_profile(b, client, member);
    read_draws(b, client, spec);
    gd_read_client_segments(b, index, spec);
    guint first_site = b->sites->len;

    uint32_t at = find_service(b, spec->at, gd_node_said(member->node, "at"));
    if (at == GD_NONE)
        return;
    asker a = {b,
               index,
               member,
               spec->at,
               g_hash_table_new(g_str_hash, g_str_equal),
               g_hash_table_new(g_str_hash, g_str_equal),
               useful_within(spec)};
    read_pages(&a, client, spec, &b->plan->services[at]);
    gd_read_criticality(b, spec, first_site);
    g_hash_table_unref(a.pages);
    g_hash_table_unref(a.sites);
}

/* ---- user-visible operations -------------------------------------------------------------- */
typedef struct {
    gd_plan_view view;
    uint32_t index;
} view_order;

static gint compare_views(gconstpointer left, gconstpointer right)
{
    return strcmp(((const view_order *)left)->view.name, ((const view_order *)right)->view.name);
}

static void sort_views(gd_builder *b)
{
    guint n = b->views->len;
    g_autoptr(GArray) order = g_array_sized_new(FALSE, FALSE, sizeof(view_order), n);
    g_autofree uint32_t *place = g_new(uint32_t, n + 1);
    for (guint i = 0; i < n; i++) {
        view_order entry = {g_array_index(b->views, gd_plan_view, i), i};
        g_array_append_val(order, entry);
    }
    g_array_sort(order, compare_views);
    for (guint i = 0; i < n; i++) {
        const view_order *entry = &g_array_index(order, view_order, i);
        g_array_index(b->views, gd_plan_view, i) = entry->view;
        place[entry->index] = i;
    }
    for (guint i = 0; i < b->pages->len; i++) {
        gd_page *page = &g_array_index(b->pages, gd_page, i);
        page->op_record = place[page->op_record];
    }
}

void gd_build_clients(gd_builder *b)
{
    b->plan->n_clients = b->model->clients.n;
    b->plan->clients = gd_arena_array(b->arena, gd_plan_client, b->model->clients.n + 1);
    for (uint32_t i = 0; i < b->model->clients.n; i++)
        build_client(b, i);
    sort_views(b);
}
