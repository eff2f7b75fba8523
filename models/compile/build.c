#include "models/compile/build.h"

#include <stdlib.h>
#include <string.h>

static GArray *table(guint bytes)
{
    return g_array_new(FALSE, TRUE, bytes);
}

gd_builder *gd_builder_new(gd_arena *arena, const gd_compile_options *options,
                           gd_problems *problems)
{
    static const gd_compile_options plain = {.scale = GD_SHARE_ONE};
    gd_builder *b = g_new0(gd_builder, 1);
    b->arena = arena;
    b->problems = problems;
    b->problems_before = gd_problems_count(problems);
    b->options = options ? options : &plain;
    b->reader = (gd_reader){.arena = arena, .problems = problems};
    b->plan = gd_arena_make(arena, gd_plan);
    b->plan->arena = arena;
    b->parties = g_ptr_array_new();
    b->pool_callers = g_ptr_array_new();
    b->site_nodes = g_ptr_array_new();
    b->site_hows = g_ptr_array_new();
    b->pools = table(sizeof(gd_plan_pool));
    b->pool_of = table(sizeof(uint32_t));
    b->attribute_names = g_ptr_array_new();
    b->party_of = table(sizeof(uint32_t));
    b->op_nodes = table(sizeof(const gd_node *));
    b->services = g_hash_table_new(g_str_hash, g_str_equal);
    b->ops = g_hash_table_new(g_str_hash, g_str_equal);
    b->dists = g_hash_table_new(NULL, NULL);
    b->step_specs = g_hash_table_new(NULL, NULL);
    b->p99s = g_hash_table_new(g_str_hash, g_str_equal);
    b->policy_nodes = g_hash_table_new(g_str_hash, g_str_equal);
    b->layer_nodes = g_hash_table_new(NULL, NULL);
    b->load_of = g_hash_table_new(g_str_hash, g_str_equal);
    b->resolved = g_hash_table_new(g_str_hash, g_str_equal);
    b->groups = g_hash_table_new(g_str_hash, g_str_equal);
    b->edge_index = g_hash_table_new(g_str_hash, g_str_equal);
    b->flag_index = g_hash_table_new(g_str_hash, g_str_equal);
    b->steps = table(sizeof(gd_step));
    b->branches = table(sizeof(gd_branch));
    b->choices = table(sizeof(gd_choice));
    b->shares = table(sizeof(uint64_t));
    b->dist_table = table(sizeof(gd_dist));
    b->sites = table(sizeof(gd_plan_site));
    b->edges = table(sizeof(gd_plan_edge));
    b->callees = table(sizeof(uint32_t));
    b->policies = table(sizeof(gd_plan_policy));
    b->profile = table(sizeof(gd_profile_point));
    b->journeys = table(sizeof(gd_journey));
    b->pages = table(sizeof(gd_page));
    b->attributes = table(sizeof(uint32_t));
    b->views = table(sizeof(gd_plan_view));
    b->targets = table(sizeof(uint32_t));
    b->links = table(sizeof(gd_plan_link));
    b->faults = table(sizeof(gd_plan_fault));
    b->units = table(sizeof(gd_plan_unit));
    b->members = table(sizeof(uint32_t));
    b->fault_ops = table(sizeof(uint32_t));
    b->mix = table(sizeof(gd_share));
    b->site_times = table(sizeof(double));
    b->connections = table(sizeof(gd_plan_connections));
    b->drawn_by = table(sizeof(gd_attribute_use));
    b->counters = table(sizeof(gd_plan_counter));
    b->serves = table(sizeof(gd_plan_serve));
    b->segments_used = g_hash_table_new(g_str_hash, g_str_equal);
    b->counter_index = g_hash_table_new(g_str_hash, g_str_equal);
    return b;
}

void gd_builder_free(gd_builder *b)
{
    for (guint i = 0; i < b->parties->len; i++) {
        gd_party *party = b->parties->pdata[i];
        g_clear_pointer(&party->calls, g_hash_table_unref);
        g_clear_pointer(&party->calls_used, g_hash_table_unref);
        g_clear_pointer(&party->pools_used, g_hash_table_unref);
    }
    GPtrArray *pointers[] = {b->parties, b->pool_callers, b->site_nodes, b->site_hows,
                             b->attribute_names};
    for (size_t i = 0; i < G_N_ELEMENTS(pointers); i++)
        g_ptr_array_unref(pointers[i]);
    GHashTableIter iter;
    void *client, *list;
    g_hash_table_iter_init(&iter, b->load_of);
    while (g_hash_table_iter_next(&iter, &client, &list))
        g_ptr_array_unref(list);
    GHashTable *hashes[] = {b->p99s,          b->services,     b->ops,         b->dists,
                            b->step_specs,    b->policy_nodes, b->layer_nodes, b->load_of,
                            b->resolved,      b->groups,       b->edge_index,  b->flag_index,
                            b->counter_index, b->segments_used};
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++)
        g_hash_table_unref(hashes[i]);
    GArray *arrays[] = {b->party_of,    b->op_nodes, b->steps,      b->branches,   b->choices,
                        b->shares,      b->sites,    b->dist_table, b->edges,      b->callees,
                        b->policies,    b->profile,  b->journeys,   b->pages,      b->attributes,
                        b->views,       b->targets,  b->links,      b->site_times, b->drawn_by,
                        b->connections, b->pools,    b->pool_of,    b->counters,   b->serves,
                        b->faults,      b->units,    b->members,    b->fault_ops,  b->mix};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    g_free(b);
}

static void *settle(gd_builder *b, const GArray *from, uint32_t *n)
{
    guint bytes = g_array_get_element_size((GArray *)from);
    void *to = gd_arena_alloc_array(b->arena, bytes, from->len ? from->len : 1);
    if (from->len)
        memcpy(to, from->data, (size_t)bytes * from->len);
    *n = from->len;
    return to;
}

void gd_builder_settle(gd_builder *b)
{
    gd_plan *plan = b->plan;
    uint32_t unused;
    plan->steps = settle(b, b->steps, &plan->n_steps);
    plan->branches = settle(b, b->branches, &plan->n_branches);
    plan->choices = settle(b, b->choices, &plan->n_choices);
    plan->shares = settle(b, b->shares, &plan->n_shares);
    plan->dists = settle(b, b->dist_table, &plan->n_dists);
    plan->sites = settle(b, b->sites, &plan->n_sites);
    plan->edges = settle(b, b->edges, &plan->n_edges);
    plan->callees = settle(b, b->callees, &plan->n_callees);
    plan->pools = settle(b, b->pools, &plan->n_pools);
    plan->pool_of = settle(b, b->pool_of, &plan->n_pool_of);
    plan->policies = settle(b, b->policies, &plan->n_policies);
    plan->connections = settle(b, b->connections, &plan->n_connections);
    plan->profile = settle(b, b->profile, &plan->n_profile);
    plan->journeys = settle(b, b->journeys, &plan->n_journeys);
    plan->pages = settle(b, b->pages, &plan->n_pages);
    plan->attributes = settle(b, b->attributes, &unused);
    plan->views = settle(b, b->views, &plan->n_views);
    plan->targets = settle(b, b->targets, &plan->n_targets);
    plan->faults = settle(b, b->faults, &plan->n_faults);
    plan->units = settle(b, b->units, &plan->n_units);
    plan->members = settle(b, b->members, &plan->n_members);
    plan->fault_ops = settle(b, b->fault_ops, &plan->n_fault_ops);
    plan->mix = settle(b, b->mix, &plan->n_mix);
    plan->links = settle(b, b->links, &plan->n_links);
    plan->counters = settle(b, b->counters, &plan->n_counters);
    plan->serves = settle(b, b->serves, &plan->n_serves);
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp((*(const gd_node *const *)left)->key, (*(const gd_node *const *)right)->key);
}

const gd_node **gd_members(gd_builder *b, const gd_node *object)
{
    size_t n = 0;
    const gd_node **members = gd_arena_array(b->arena, const gd_node *, gd_node_count(object) + 1);
    if (object && object->kind == GD_OBJECT)
        for (const gd_node *m = object->first; m; m = m->next)
            if (m->kind != GD_NULL && !gd_is_remark(m->key))
                members[n++] = m;
    if (n > 1)
        qsort(members, n, sizeof(void *), compare_keys);
    return members;
}

uint32_t gd_dist_index_of(gd_builder *b, const gd_dist_spec *spec, const gd_node *place)
{
    if (!spec)
        return GD_NONE;
    uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(b->dists, spec));
    if (known)
        return known - 1;
    gd_dist dist = {0};
    g_autoptr(GError) error = NULL;
    if (!gd_dist_build(spec, b->arena, &dist, &error)) {
        gd_problem(b->problems, place, "%s", error->message);
        return GD_NONE;
    }
    g_array_append_val(b->dist_table, dist);
    g_hash_table_insert(b->dists, (void *)spec, GUINT_TO_POINTER(b->dist_table->len));
    return b->dist_table->len - 1;
}

uint32_t gd_dist_index(gd_builder *b, const gd_node *node, bool is_time)
{
    if (!node || node->kind == GD_NULL)
        return GD_NONE;
    uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(b->dists, node));
    if (known)
        return known - 1;
    uint32_t index = gd_dist_index_of(b, gd_read_dist(&b->reader, node, is_time), node);
    if (index != GD_NONE)
        g_hash_table_insert(b->dists, (void *)node, GUINT_TO_POINTER(index + 1));
    return index;
}

double gd_dist_mean_at(gd_builder *b, const gd_node *node, bool is_time)
{
    g_autoptr(gd_problems) ignored = gd_problems_new();
    gd_reader reader = {.arena = b->arena, .problems = ignored};
    const gd_dist_spec *spec = gd_read_dist(&reader, node, is_time);
    return spec && gd_problems_count(ignored) == 0 ? gd_dist_get_mean(spec) : 0;
}

void gd_thresholds(const gd_share *weights, uint32_t n, uint64_t *below)
{
    gd_u128 total = 0, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        total += (gd_u128)weights[i];
    for (uint32_t i = 0; i < n; i++) {
        sum += (gd_u128)weights[i];
        /* Both fit 96 bits at most (2^63 x 4,095 weights); scale down so that << 64 fits 128. */
        gd_u128 part = sum, whole = total;
        while (whole >> 63) {
            part >>= 1;
            whole >>= 1;
        }
        below[i] = part >= whole ? UINT64_MAX : (uint64_t)((part << 64) / whole);
    }
}

int64_t gd_scaled(const gd_builder *b, int64_t value)
{
    gd_share scale = b->options->scale > 0 ? b->options->scale : GD_SHARE_ONE;
    if (scale == GD_SHARE_ONE)
        return value;
    return (int64_t)(((gd_i128)value * scale + GD_SHARE_ONE / 2) / GD_SHARE_ONE);
}

uint32_t gd_lookup(GHashTable *names, const char *name)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(names, name));
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

const char *gd_nearest_key(gd_builder *b, GHashTable *names, const char *word)
{
    guint n;
    if (gd_problems_count(b->problems) > 40 || g_hash_table_size(names) > 5000)
        return NULL; /* twenty problems are shown, and a list that long has everything near */
    g_autofree const char **words = (const char **)g_hash_table_get_keys_as_array(names, &n);
    qsort(words, n, sizeof *words, compare_texts);
    return gd_nearest(word, words);
}

uint32_t gd_counters_for(gd_builder *b, gd_counted_by of, uint32_t about, const char *group,
                         const gd_counter_row *rows)
{
    const char *key = gd_arena_printf(b->arena, "%u %u %s", (unsigned)of, about, group);
    uint32_t known = gd_lookup(b->counter_index, key);
    if (known)
        return known - 1;
    uint32_t first = b->counters->len;
    for (; rows->name; rows++) {
        gd_plan_counter counter = {.row = rows, .group = group, .about = about, .of = (uint8_t)of};
        g_array_append_val(b->counters, counter);
    }
    g_hash_table_insert(b->counter_index, (void *)key, GUINT_TO_POINTER(first + 1));
    return first;
}

void gd_too_many(gd_builder *b, const gd_node *node, const char *what, uint32_t most)
{
    if (!b->too_many)
        gd_problem(b->problems, node, "the model has more than %u %s; make it smaller", most, what);
    b->too_many = true;
}
