/* How one call is made, with the place that says so: what nearest-wins comes to. */
#include "models/compile/build.h"

#include <string.h>

typedef struct {
    gd_builder *b;
    GString *out;
    gd_layer layers[GD_MAX_LAYERS];
    uint32_t n;
} explainer;

static void row(explainer *e, const char *path, const char *value, const char *origin)
{
    g_string_append_printf(e->out, "  %-29s %-12s %s\n", path, value, origin);
}

/* The member at a dotted path of plain names below a layer. */
static const gd_node *follow(const gd_node *node, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    for (size_t i = 0; names[i] && node; i++)
        node = gd_node_get(node, names[i]);
    return node;
}

/* "policies.rpc, shop.json:11": the nearest layer that has the path. */
static char *origin_of(explainer *e, const char *path)
{
    for (uint32_t i = 0; i < e->n; i++) {
        const gd_node *node = follow(e->layers[i].node, path);
        size_t line, column;
        if (!node)
            continue;
        gd_node_place(node, true, &line, &column);
        return g_strdup_printf("%s, %s:%zu", e->layers[i].name,
                               node->source ? node->source->path : "?", line);
    }
    return g_strdup("default");
}

static const gd_shape *variant_of(const gd_field *field, const gd_node *node)
{
    const char *word = node->kind == GD_STRING ? node->text : node->first ? node->first->key : "";
    for (size_t i = 0; field->variants && field->variants[i]; i++)
        if (strcmp(field->variants[i]->name, word) == 0)
            return field->variants[i];
    return NULL;
}

static void explain_fields(explainer *e, const gd_shape *shape, const gd_node *node,
                           const char *prefix);

static void explain_said(explainer *e, const gd_field *field, const gd_node *node, const char *path)
{
    if (field->type == GD_FIELD_OBJECT && node->kind == GD_OBJECT) {
        g_autofree char *origin = origin_of(e, path);
        row(e, path, "", origin);
        explain_fields(e, field->shape, node, path);
        return;
    }
    const gd_shape *variant =
        field->type == GD_FIELD_VARIANT && node->kind == GD_OBJECT ? variant_of(field, node) : NULL;
    if (variant) {
        g_autofree char *below = g_strdup_printf("%s.%s", path, variant->name);
        explain_fields(e, variant, node->first, below);
        return;
    }
    g_autofree char *value = gd_node_print(node, false), *origin = origin_of(e, path);
    row(e, path, value, origin);
}

/* What the layers do not say, the called service may. */
static const char *const elsewhere[] = {"use", "balancer", "outlier_ejection", "discovery", NULL};

static void explain_fields(explainer *e, const gd_shape *shape, const gd_node *node,
                           const char *prefix)
{
    for (const gd_field *field = shape->fields; field && field->name; field++) {
        g_autofree char *path =
            *prefix ? g_strdup_printf("%s.%s", prefix, field->name) : g_strdup(field->name);
        const gd_node *said = gd_node_said(node, field->name);
        if (said) {
            explain_said(e, field, said, path);
            continue;
        }
        g_autofree char *origin = origin_of(e, path);
        bool taken = strcmp(origin, "default") != 0;
        if (!g_strv_contains(elsewhere, path))
            row(e, path,
                field->fallback ? field->fallback
                : taken         ? "none"
                                : "-",
                taken             ? origin
                : field->fallback ? "default"
                                  : "not named");
    }
}

/* Parts of balancing that are the callee's when the edge does not say them. */
static void explain_callees(explainer *e, const gd_plan_site *site, const gd_resolved *how)
{
    uint32_t op = g_array_index(e->b->callees, uint32_t, site->callees_first);
    const gd_node *callee = gd_party_of(e->b, e->b->plan->ops[op].service)->node;
    for (unsigned i = 2; elsewhere[i]; i++) {
        const gd_node *said = gd_node_said(callee, elsewhere[i]);
        if (gd_node_said(how->node, elsewhere[i]))
            continue;
        g_autofree char *value = said ? gd_node_print(said, false) : g_strdup("-");
        row(e, elsewhere[i], value, said ? "as the called service says" : "not named");
    }
}

static void explain_rest(explainer *e, const gd_plan_site *site, const gd_resolved *how)
{
    if (!how->says_balancer)
        row(e, "balancer", gd_balancer_words[site->balancer], "as the called service says");
    explain_callees(e, site, how);
    g_autoptr(GString) chain = g_string_new(NULL);
    for (uint32_t i = 0; i < how->chain_n; i++)
        g_string_append_printf(
            chain, "%s%s", i ? " > " : "",
            gd_policy_names[g_array_index(e->b->policies, gd_plan_policy, how->chain_first + i)
                                .kind]);
    g_string_append_printf(e->out, "\n  chain, outermost first: %s\n",
                           chain->len ? chain->str : "none");
    g_string_append(e->out, "  tried again after:");
    size_t line = e->out->len - strlen("  tried again after:");
    for (int i = 0; i < GD_OUTCOMES; i++) {
        if (!(how->retry_mask >> i & 1))
            continue;
        if (e->out->len - line + strlen(gd_outcome_words[i]) > 78) {
            g_string_append(e->out, "\n   ");
            line = e->out->len - 3;
        }
        g_string_append_printf(e->out, " %s", gd_outcome_words[i]);
    }
    g_string_append(e->out, how->retry_mask ? "\n" : " nothing\n");
}

static uint32_t find_site(gd_builder *b, const char *edge)
{
    for (guint i = 0; i < b->sites->len; i++)
        if (strcmp(g_array_index(b->sites, gd_plan_site, i).name, edge) == 0)
            return i;
    return GD_NONE;
}

static void report_no_edge(gd_builder *b, const char *edge)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < b->sites->len; i++)
        g_hash_table_add(names, (void *)g_array_index(b->sites, gd_plan_site, i).name);
    const char *near = gd_nearest_key(b, names, edge);
    gd_problem(b->problems, NULL,
               near ? "the model has no call %s; did you mean '%s'?"
                    : "the model has no call %s; write 'caller>service.operation'",
               edge, near);
}

static char *explain_site(gd_builder *b, uint32_t index, const char *edge)
{
    const gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, index);
    const gd_node *place = b->site_nodes->pdata[index];
    if (!b->site_hows->pdata[index])
        return g_strdup_printf("%s\n  probes of a health check: no policy is on their way\n", edge);
    gd_call_at at = {.client = site->client, .op = site->caller_op, .place = place};
    at.callee = strchr(edge, '>') + 1;
    at.step = site->client == GD_NONE && place->kind == GD_OBJECT ? place : NULL;
    const gd_node *client =
        site->client == GD_NONE ? NULL : b->model->clients.at[site->client].node;
    gd_party *caller = client ? NULL : gd_party_of(b, site->caller_service);
    explainer e = {.b = b, .out = g_string_new(NULL)};
    e.n = gd_call_layers(b, caller, client, at.callee, at.step, e.layers);
    const gd_resolved *how = gd_resolve_call(b, &at);
    g_string_append_printf(e.out, "%s\n", edge);
    explain_fields(&e, &gd_call_shape, how->node, "");
    explain_rest(&e, site, how);
    return g_string_free(e.out, FALSE);
}

char *gd_explain_edge(gd_arena *arena, const gd_node *model, const char *edge,
                      gd_problems *problems)
{
    guint before = gd_problems_count(problems);
    g_autoptr(gd_builder) b = gd_builder_new(arena, NULL, problems);
    if (!gd_build_all(b, model, NULL))
        return NULL;
    uint32_t site = find_site(b, edge);
    if (site == GD_NONE)
        report_no_edge(b, edge);
    if (gd_problems_count(problems) > before)
        return NULL;
    return explain_site(b, site, edge);
}
