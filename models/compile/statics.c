/* What can be known before a run: cycles of calls, how many calls a request makes, and how long the
 * windows of its series should be. Nothing here steers an event, so it may count in doubles. */
#include "models/compile/build.h"

#include <string.h>

/* A request that makes more calls than this is refused (rigour 4.1: fan-out bombs). */
#define MOST_CALLS     1e6
#define MOST_WINDOWS   4096
#define WANTED_WINDOWS 1800
/* Windows times the things that have a series each; one takes some 100 bytes in a run and its
 * result (assumption), and a large model's shall not pass 256 MiB. */
#define MOST_CELLS 1000000
/* A window holds some ten of the model's longest steps (assumption: less, and it shows the noise of
 * single requests), but a run has at least twenty of them. */
#define STEPS_A_WINDOW 10
#define LEAST_WINDOWS  20

/* ---- the graph of calls ------------------------------------------------------------------- */
/* Nodes are operations, then groups of callees (one_of), so that a group is walked once. */
typedef enum { NEW, OPEN, DONE } mark;
typedef struct {
    uint32_t node, next; /* next: the edge to look at */
} visit;

typedef struct {
    gd_builder *b;
    uint8_t *marks;
    double *calls;        /* per node: calls that one run of it makes, itself included */
    uint64_t *draws;      /* per node: attributes that it or what it calls repeats by */
    GHashTable *group_of; /* callees_first -> node + 1 */
    GArray *groups;       /* gd_callees */
    GArray *path;         /* visit */
} graph;

static uint32_t node_of(graph *g, const gd_plan_site *site)
{
    if (site->callees_n == 1)
        return g_array_index(g->b->callees, uint32_t, site->callees_first);
    void *key = GUINT_TO_POINTER(site->callees_first);
    uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(g->group_of, key));
    if (known)
        return known - 1;
    gd_callees group = {site->callees_first, site->callees_n};
    g_array_append_val(g->groups, group);
    known = g->b->plan->n_ops + g->groups->len;
    g_hash_table_insert(g->group_of, key, GUINT_TO_POINTER(known));
    return known - 1;
}

/* The i-th callee of a node and how often it is called, or GD_NONE. */
static uint32_t edge_at(graph *g, uint32_t node, uint32_t i, double *times)
{
    const gd_plan *plan = g->b->plan;
    if (node >= plan->n_ops) {
        const gd_callees *group = &g_array_index(g->groups, gd_callees, node - plan->n_ops);
        *times = 1.0 / group->n;
        return i < group->n ? g_array_index(g->b->callees, uint32_t, group->first + i) : GD_NONE;
    }
    const gd_plan_op *op = &plan->ops[node];
    if (i >= op->sites_n)
        return GD_NONE;
    *times = g_array_index(g->b->site_times, double, op->sites_first + i);
    return node_of(g, &g_array_index(g->b->sites, gd_plan_site, op->sites_first + i));
}

static void report_cycle(graph *g, uint32_t back)
{
    const gd_plan *plan = g->b->plan;
    g_autoptr(GString) text = g_string_new(NULL);
    guint first = g->path->len;
    while (first > 0 && g_array_index(g->path, visit, first - 1).node != back)
        first--;
    guint shown = 0;
    const char *begin = NULL;
    const gd_node *place = g->b->model_node;
    for (guint i = first ? first - 1 : 0; i < g->path->len; i++) {
        uint32_t node = g_array_index(g->path, visit, i).node;
        if (node >= plan->n_ops)
            continue;
        if (!begin) {
            begin = plan->ops[node].name;
            place = g_array_index(g->b->op_nodes, const gd_node *, node);
        }
        if (shown++ < 12)
            g_string_append_printf(text, "%s → ", plan->ops[node].name);
        else if (shown == 14)
            g_string_append(text, "… → ");
    }
    gd_problem_key(g->b->problems, place,
                   "calls go in a circle, so a request would never end: %s%s; remove one of them",
                   text->str, begin);
}

static void enter(graph *g, uint32_t node)
{
    visit v = {node, 0};
    g->marks[node] = OPEN;
    g->calls[node] = node < g->b->plan->n_ops ? 1 : 0;
    g_array_append_val(g->path, v);
}

/* Depth first, with a path of our own: a chain of calls may be as long as the model. */
static bool walk(graph *g, uint32_t root)
{
    enter(g, root);
    while (g->path->len) {
        visit *top = &g_array_index(g->path, visit, g->path->len - 1);
        double times;
        uint32_t node = top->node, callee = edge_at(g, node, top->next, &times);
        if (callee == GD_NONE) {
            g->marks[node] = DONE;
            g_array_set_size(g->path, g->path->len - 1);
        } else if (g->marks[callee] == NEW) {
            enter(g, callee);
        } else if (g->marks[callee] == OPEN) {
            report_cycle(g, callee);
            return false;
        } else {
            g->calls[node] += times * g->calls[callee];
            g->draws[node] |= g->draws[callee];
            top->next++;
        }
    }
    return true;
}

static void check_fan_out(graph *g)
{
    gd_builder *b = g->b;
    for (guint i = 0; i < b->sites->len; i++) {
        const gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        if (site->client == GD_NONE)
            continue;
        double calls = g->calls[node_of(g, site)];
        if (!(calls <= MOST_CALLS))
            gd_problem(b->problems, b->site_nodes->pdata[i],
                       "one request of %s makes about %.3g calls, and a run allows %.0g; repeat "
                       "less or fan out less",
                       site->name, calls, MOST_CALLS);
    }
}

/* ---- attributes --------------------------------------------------------------------------- */
/* A repeat by an attribute needs every client that gets there to draw it. */
static void check_site_attributes(graph *g, const gd_plan_site *site)
{
    gd_builder *b = g->b;
    const gd_plan_client *client = &b->plan->clients[site->client];
    uint64_t needed = g->draws[node_of(g, site)];
    for (guint i = 0; needed && i < b->attribute_names->len; i++) {
        uint32_t dist = g_array_index(b->attributes, uint32_t, client->attributes_first + i);
        const char *name = b->attribute_names->pdata[i];
        if ((needed >> i & 1) && dist == GD_NONE)
            gd_problem(b->problems, b->model->clients.at[site->client].node,
                       "its requests of %s come to a repeat by $%s, and it draws none; write "
                       "\"draw\": {\"%s\": {\"geometric\": {\"mean\": 3}}}",
                       strchr(site->name, '>') + 1, name, name);
    }
}

static void check_attributes(graph *g)
{
    for (guint i = 0; i < g->b->sites->len && g->b->drawn_by->len; i++) {
        const gd_plan_site *site = &g_array_index(g->b->sites, gd_plan_site, i);
        if (site->client != GD_NONE)
            check_site_attributes(g, site);
    }
}

static void mark_draws(graph *g)
{
    for (guint i = 0; i < g->b->drawn_by->len; i++) {
        const gd_attribute_use *use = &g_array_index(g->b->drawn_by, gd_attribute_use, i);
        g->draws[use->op] |= UINT64_C(1) << use->attribute;
    }
}

/* Policies and balancers may keep something for each call and each instance that makes it. */
static void check_states(gd_builder *b)
{
    uint64_t states = 0;
    for (guint i = 0; i < b->sites->len; i++) {
        const gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        states += site->client != GD_NONE ? 1 : b->plan->services[site->caller_service].instances_n;
        if (states > GD_MAX_STATES) {
            gd_too_many(b, b->site_nodes->pdata[i], "calls times instances that make them",
                        (uint32_t)GD_MAX_STATES);
            return;
        }
    }
}

void gd_check_statics(gd_builder *b)
{
    check_states(b);
    uint32_t nodes = b->plan->n_ops + g_hash_table_size(b->groups) + 1;
    graph g = {.b = b};
    g.marks = g_new0(uint8_t, nodes);
    g.calls = g_new0(double, nodes);
    g.draws = g_new0(uint64_t, nodes);
    mark_draws(&g);
    g.group_of = g_hash_table_new(NULL, NULL);
    g.groups = g_array_new(FALSE, FALSE, sizeof(gd_callees));
    g.path = g_array_new(FALSE, FALSE, sizeof(visit));
    bool acyclic = true;
    for (uint32_t i = 0; i < b->plan->n_ops && acyclic; i++)
        acyclic = g.marks[i] == DONE || walk(&g, i);
    if (acyclic) {
        for (guint i = 0; i < b->sites->len; i++) {
            uint32_t node = node_of(&g, &g_array_index(b->sites, gd_plan_site, i));
            if (g.marks[node] == NEW) /* a group that only clients call */
                walk(&g, node);
        }
        check_fan_out(&g);
        check_attributes(&g);
    }
    g_free(g.marks);
    g_free(g.calls);
    g_free(g.draws);
    g_hash_table_unref(g.group_of);
    g_array_unref(g.groups);
    g_array_unref(g.path);
}

/* ---- windows ------------------------------------------------------------------------------ */
/* The next of 1, 2, 5, 10, 20, 50 … ns that is not less. */
static gd_span round_up(gd_span span)
{
    gd_span unit = 1;
    while (unit <= INT64_MAX / 10 && unit * 10 <= span)
        unit *= 10;
    return span <= unit       ? unit
           : span <= 2 * unit ? 2 * unit
           : span <= 5 * unit ? 5 * unit
                              : 10 * unit;
}

/* The longest step that anything takes, on average. */
static double longest_step(gd_builder *b)
{
    double longest = 0;
    GHashTableIter iter;
    void *node, *spec;
    g_hash_table_iter_init(&iter, b->step_specs);
    while (g_hash_table_iter_next(&iter, &node, &spec)) {
        gd_step_word word = gd_step_word_of(node);
        if (word == GD_SAYS_WORK || word == GD_SAYS_WAIT) {
            double mean = gd_dist_mean_at(b, ((const gd_step_spec *)spec)->body, true);
            longest = MAX(longest, mean);
        }
    }
    return longest;
}

void gd_set_windows(gd_builder *b)
{
    gd_plan *plan = b->plan;
    gd_span duration = plan->horizon - plan->warmup;
    double most = (double)duration / LEAST_WINDOWS, scale = STEPS_A_WINDOW * longest_step(b);
    gd_span window = duration / WANTED_WINDOWS + (duration % WANTED_WINDOWS != 0);
    window = MAX(window, (gd_span)MIN(scale, most));
    window = round_up(window);
    gd_span things = plan->n_services + b->edges->len + b->views->len + 1;
    gd_span room = CLAMP(MOST_CELLS / things, LEAST_WINDOWS, MOST_WINDOWS);
    while ((duration - 1) / window >= room)
        window = round_up(window + 1);
    plan->window = window;
    plan->windows = (uint32_t)((duration - 1) / window + 1);
}
