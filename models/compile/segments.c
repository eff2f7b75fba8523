/* Segments of users: tenants, plans; and how much what a client asks matters. */
#include "models/compile/build.h"
#include "models/serve/specs.h"

#include <string.h>

/* Queues and buckets are for each of them. */
#define MOST_VALUES 65536u

static void read_values(gd_builder *b, gd_plan_segment *segment, const gd_node *values)
{
    const gd_node **members = gd_members(b, values);
    uint32_t n = 0;
    double total = 0;
    while (members[n])
        n++;
    if (values->kind != GD_OBJECT || n == 0 || n > MOST_VALUES) {
        gd_problem(b->problems, values,
                   "expected 1 to %u values by weight; write {\"big\": 50, \"small\": 1}",
                   MOST_VALUES);
        return;
    }
    gd_share *weights = gd_arena_array(b->arena, gd_share, n);
    uint64_t *below = gd_arena_array(b->arena, uint64_t, n);
    const char **names = gd_arena_array(b->arena, const char *, n);
    for (uint32_t i = 0; i < n; i++) {
        names[i] = members[i]->key;
        gd_read_quantity(&b->reader, members[i], GD_FIELD_FACTOR, 0, 0, &weights[i]);
        total += (double)weights[i];
    }
    if (total <= 0) {
        gd_problem(b->problems, values, "all weights are 0; give one value a weight");
        return;
    }
    gd_thresholds(weights, n, below);
    segment->n = n;
    segment->below = below;
    segment->names = names;
}

void gd_build_segments(gd_builder *b)
{
    const gd_map *map = &b->model->segments;
    gd_plan *plan = b->plan;
    plan->n_segments = map->n;
    plan->segments = gd_arena_array(b->arena, gd_plan_segment, map->n + 1);
    for (uint32_t i = 0; i < map->n; i++) {
        const gd_segment_spec *spec = map->at[i].spec;
        gd_plan_segment *segment = &plan->segments[i];
        *segment = (gd_plan_segment){
            .name = map->at[i].name,
            .salt = gd_hash_text(gd_arena_printf(b->arena, "segments.%s", map->at[i].name)),
            .by_user = spec->key == 0,
            .n = spec->count ? spec->count : 1,
        };
        if (strcmp(segment->name, "caller") == 0 || strcmp(segment->name, "all") == 0)
            gd_problem(b->problems, map->at[i].node,
                       "\"%s\" has a meaning of its own where requests are told apart; write "
                       "another name, such as \"tenant\"",
                       segment->name);
        if ((spec->values != NULL) == (spec->count > 0))
            gd_problem(b->problems, map->at[i].node,
                       "write its values by weight, or a count of values that are all alike: "
                       "one of them");
        else if (spec->values)
            read_values(b, segment, spec->values);
    }
}

/* The segment named, as an index + 1; 0 after a problem. */
static uint32_t find_segment(gd_builder *b, const char *name, const gd_node *place)
{
    for (uint32_t i = 0; i < b->plan->n_segments; i++)
        if (strcmp(b->plan->segments[i].name, name) == 0)
            return i + 1;
    gd_problem(b->problems, place,
               "there is no segment \"%s\"; name it in the model: \"segments\": {\"%s\": "
               "{\"values\": {\"big\": 1, \"small\": 9}}}",
               name, name);
    return 0;
}

static uint32_t value_named(const gd_plan_segment *segment, const char *name)
{
    for (uint32_t i = 0; segment->names && i < segment->n; i++)
        if (strcmp(segment->names[i], name) == 0)
            return i;
    return GD_NONE;
}

uint32_t gd_find_value(gd_builder *b, uint32_t index, const gd_node *place, const char *name)
{
    const gd_plan_segment *segment = &b->plan->segments[index];
    uint32_t value = value_named(segment, name);
    if (value == GD_NONE)
        gd_problem(b->problems, place,
                   segment->names ? "the segment %s has no value \"%s\"; write \"%s\" or another "
                                    "of its values"
                                  : "the segment %s has a count, and its values have no names, so "
                                    "not \"%s\" either; give it values",
                   segment->name, name, segment->names ? segment->names[0] : "");
    return value;
}

uint32_t gd_find_whose(gd_builder *b, const char *name, const gd_node *place, uint32_t *n)
{
    *n = 1;
    if (!name || strcmp(name, "all") == 0) /* no name: its reader has said so */
        return GD_WHOSE_ALL;
    if (strcmp(name, "caller") == 0) {
        *n = b->plan->n_services + b->model->clients.n;
        return GD_WHOSE_CALLER;
    }
    uint32_t found = find_segment(b, name, place);
    if (!found)
        return GD_WHOSE_ALL;
    b->plan->needs_roots = true;
    g_hash_table_add(b->segments_used, (void *)b->plan->segments[found - 1].name);
    *n = b->plan->segments[found - 1].n;
    return found - 1;
}

/* ---- of clients --------------------------------------------------------------------------- */
void gd_read_client_segments(gd_builder *b, uint32_t client, const gd_client_spec *spec)
{
    gd_plan *plan = b->plan;
    if (client == 0) {
        size_t n = (size_t)b->model->clients.n * plan->n_segments + 1;
        plan->segment_values = gd_arena_array(b->arena, uint32_t, n);
        memset(plan->segment_values, 0xff, n * sizeof(uint32_t));
    }
    const gd_node **members = gd_members(b, spec->segments);
    for (size_t i = 0; members[i]; i++) {
        uint32_t found = find_segment(b, members[i]->key, members[i]);
        if (found && members[i]->kind != GD_STRING)
            gd_problem(b->problems, members[i], "expected the name of a value of the segment");
        else if (found)
            plan->segment_values[client * plan->n_segments + found - 1] =
                gd_find_value(b, found - 1, members[i], members[i]->text);
    }
}

static uint8_t class_named(gd_builder *b, const gd_node *node)
{
    for (uint8_t class = 0; node->kind == GD_STRING && gd_criticality_words[class]; class ++)
        if (strcmp(node->text, gd_criticality_words[class]) == 0)
            return class;
    gd_problem(b->problems, node,
               "is no class; write \"critical_plus\", \"critical\", \"sheddable_plus\" or "
               "\"sheddable\"");
    return GD_CRITICAL;
}

void gd_read_criticality(gd_builder *b, const gd_client_spec *spec, guint first_site)
{
    const gd_node *said = spec->criticality;
    uint8_t all = said && said->kind != GD_OBJECT ? class_named(b, said) : GD_CRITICAL;
    for (guint i = first_site; i < b->sites->len; i++)
        g_array_index(b->sites, gd_plan_site, i).criticality = all;
    const gd_node **members = gd_members(b, said && said->kind == GD_OBJECT ? said : NULL);
    for (size_t k = 0; members[k]; k++) {
        uint8_t class = class_named(b, members[k]);
        bool used = false;
        for (guint i = first_site; i < b->sites->len; i++) {
            gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
            const char *op = strrchr(site->name, '.');
            if (op && strcmp(op + 1, members[k]->key) == 0) {
                site->criticality = class;
                used = true;
            }
        }
        if (!used)
            gd_problem_key(b->problems, members[k],
                           "is no operation that this client asks; write one of its mix or pages");
    }
    if (said && !b->asks_criticality)
        gd_problem(b->problems, said,
                   "no service looks at it; write \"shed\": {\"cpu\": {}}, or \"discipline\": "
                   "\"priority\" with \"classes\": \"criticality\"");
}

/* A service that says which instances serve whom leaves its callers no choice. */
static void check_isolated(gd_builder *b)
{
    for (guint i = 0; i < b->sites->len; i++) {
        gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        for (uint32_t k = 0; k < site->callees_n; k++) {
            uint32_t op = g_array_index(b->callees, uint32_t, site->callees_first + k);
            site->isolated |= b->plan->services[b->plan->ops[op].service].isolation != NULL;
        }
        if (site->isolated &&
            (site->callees_n > 1 || site->pools_first || site->balancer == GD_LEAST_REQUESTS ||
             site->balancer == GD_TWO_CHOICES))
            gd_problem(b->problems, b->site_nodes->pdata[i],
                       "%s: the callee's isolation says which instance serves whom, and so do a "
                       "balancer of its own kind or a group of callees; keep one of them",
                       site->name);
    }
}

void gd_check_segments_used(gd_builder *b)
{
    check_isolated(b);
    for (uint32_t i = 0; i < b->model->segments.n; i++)
        if (!g_hash_table_contains(b->segments_used, b->model->segments.at[i].name))
            gd_problem_key(b->problems, b->model->segments.at[i].node,
                           "nothing is told apart by it; write \"by\": \"%s\" in a service's "
                           "limits, fair or isolation, or leave it out",
                           b->model->segments.at[i].name);
}
