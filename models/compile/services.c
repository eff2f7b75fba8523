#include "models/compile/build.h"

#include <string.h>

/* ---- reading ------------------------------------------------------------------------------ */
static uint32_t read_workers(gd_builder *b, const gd_node *node)
{
    int64_t workers = 1;
    if (node->kind == GD_STRING && strcmp(node->text, "unlimited") == 0)
        return UINT32_MAX;
    if (node->kind == GD_STRING)
        gd_problem(b->problems, node, "expected a number or \"unlimited\", found \"%s\"",
                   node->text);
    else
        gd_read_count(&b->reader, node, 1, 1000000000, &workers);
    return (uint32_t)workers;
}

/* Parts of `node` win over those of `far`; the result has the address of `node`. */
static const gd_node *overlay(gd_builder *b, const gd_node *far, const gd_node *node)
{
    if (!far || far->kind != GD_OBJECT || node->kind != GD_OBJECT)
        return node;
    gd_node *merged = gd_node_overlay(b->arena, far, node);
    merged->key = node->key;
    merged->key_at = node->key_at;
    merged->at = node->at;
    merged->source = node->source;
    merged->parent = node->parent;
    return merged;
}

static gd_party *read_service(gd_builder *b, const gd_node *node)
{
    const gd_node *far = b->model->defaults ? b->model->defaults->service : NULL;
    if (!gd_is_name(node->key))
        gd_problem_key(b->problems, node,
                       "is no name; write a lower-case letter, then letters, digits, - or _");
    const gd_node *whole = overlay(b, far, node);
    if (whole->kind == GD_OBJECT)
        whole = gd_node_present(b->arena, whole);
    whole = gd_later_refuse(b->arena, whole, GD_LATER_SERVICE, b->problems);
    gd_party *party = gd_arena_make(b->arena, gd_party);
    party->name = node->key;
    party->node = whole;
    party->spec = gd_read(&b->reader, &gd_service_shape, whole);
    const gd_node *mesh = gd_node_get(node, "mesh");
    if (!mesh)
        mesh = party->spec->mesh;
    if (!mesh && b->model->defaults)
        mesh = b->model->defaults->mesh;
    if (mesh && mesh->kind != GD_NULL)
        gd_read_mesh(b, party, mesh);
    party->workers = 1;
    if (party->spec->workers)
        party->workers = read_workers(b, party->spec->workers);
    else if (whole->kind == GD_OBJECT)
        gd_problem_key(b->problems, whole,
                       "does not say how much it does at once; write \"workers\": 16, or "
                       "\"unlimited\", here or in defaults.service");
    if (!party->spec->operations && whole->kind == GD_OBJECT)
        gd_problem_key(b->problems, whole,
                       "has no operations; write \"operations\": {\"get\": [{\"work\": "
                       "\"5ms\"}]}");
    return party;
}

static gd_party *read_external(gd_builder *b, const gd_member *member)
{
    gd_party *party = gd_arena_make(b->arena, gd_party);
    party->name = member->name;
    party->node = member->node;
    party->external = member->spec;
    party->workers = UINT32_MAX;
    return party;
}

static gint compare_parties(gconstpointer left, gconstpointer right)
{
    return strcmp((*(gd_party *const *)left)->name, (*(gd_party *const *)right)->name);
}

static void read_parties(gd_builder *b)
{
    const gd_node *services = b->model->services;
    if (services && services->kind != GD_OBJECT)
        gd_problem(b->problems, services, "expected an object with a member for each service");
    if (gd_node_count(services) > GD_MAX_STEPS / 2) {
        gd_too_many(b, services, "services", GD_MAX_STEPS / 2);
        return;
    }
    const gd_node **members = gd_members(b, services);
    for (size_t i = 0; members[i]; i++)
        g_ptr_array_add(b->parties, read_service(b, members[i]));
    for (uint32_t i = 0; i < b->model->external.n; i++)
        g_ptr_array_add(b->parties, read_external(b, &b->model->external.at[i]));
    g_ptr_array_sort(b->parties, compare_parties);
    for (guint i = 0; i < b->parties->len; i++) {
        gd_party *party = b->parties->pdata[i];
        party->calls = g_hash_table_new(g_str_hash, g_str_equal);
        party->calls_used = g_hash_table_new(g_str_hash, g_str_equal);
        party->pools_used = g_hash_table_new(g_str_hash, g_str_equal);
        if (party->spec && party->spec->pools.n)
            g_ptr_array_add(b->pool_callers, party);
        const gd_node *calls = party->spec ? gd_node_said(party->node, "calls") : NULL;
        const gd_node *call = calls && calls->kind == GD_OBJECT ? calls->first : NULL;
        for (; call; call = call->next)
            if (call->kind != GD_NULL && !gd_is_remark(call->key))
                g_hash_table_insert(party->calls, (void *)call->key, (void *)call);
    }
}

/* ---- laying out --------------------------------------------------------------------------- */
typedef struct {
    const char *name;
    uint32_t party;
} named;

static gint compare_named(gconstpointer left, gconstpointer right)
{
    return strcmp(((const named *)left)->name, ((const named *)right)->name);
}

/* Copies are named NAME-1 to NAME-N, without leading zeros: one copy more renames none of the
 * others, so their random draws stay. */
static void add_copies(gd_builder *b, GArray *out, uint32_t index)
{
    const gd_party *party = b->parties->pdata[index];
    uint32_t copies = party->spec ? party->spec->copies : 0;
    named entry = {party->name, index};
    if (copies == 0)
        g_array_append_val(out, entry);
    for (uint32_t i = 1; i <= copies; i++) {
        entry.name = gd_arena_printf(b->arena, "%s-%u", party->name, i);
        g_array_append_val(out, entry);
    }
}

/* Ceilings are looked at before anything of that size is allocated. */
static bool count_all(gd_builder *b)
{
    uint64_t instances = 0, services = 0, ops = 0;
    for (guint i = 0; i < b->parties->len; i++) {
        const gd_party *party = b->parties->pdata[i];
        uint64_t copies = party->spec && party->spec->copies ? party->spec->copies : 1;
        const gd_node *operations =
            party->spec ? party->spec->operations : party->external->operations;
        services += copies;
        ops += copies * gd_node_count(operations);
        if (ops > GD_MAX_STEPS / 2) { /* each has at least ENTER and END */
            gd_too_many(b, party->node, "operations", GD_MAX_STEPS / 2);
            return false;
        }
        instances += copies * (party->spec ? party->spec->instances : 1);
        if (instances > GD_MAX_INSTANCES || services > GD_MAX_INSTANCES) {
            gd_problem_key(b->problems, party->node,
                           "with it the model has %" G_GUINT64_FORMAT
                           " instances, and a plan holds %u; write fewer instances or copies",
                           instances, GD_MAX_INSTANCES);
            return false;
        }
    }
    b->plan->n_instances = (uint32_t)instances;
    return true;
}

static void find_zones(gd_builder *b, const gd_party *party, GArray *zones)
{
    const gd_node *list = party->spec ? party->spec->zones : NULL;
    const char *region = party->external ? party->external->region : NULL;
    if (region && !gd_zones_named(b, region, zones)) {
        gd_problem(b->problems, gd_node_said(party->node, "region"),
                   "there is no region or zone \"%s\"; name one of network.regions", region);
    } else if (list && list->kind == GD_ARRAY) {
        for (const gd_node *name = list->first; name; name = name->next)
            if (name->kind != GD_STRING || !gd_zones_named(b, name->text, zones))
                gd_problem(b->problems, name,
                           "there is no such zone; name zones or regions of the network");
    } else if (!region && !gd_zones_of_only_region(b, zones)) {
        gd_problem(b->problems, party->node,
                   "the network has several regions and nothing says where this is; write %s",
                   party->spec ? "\"zones\": [\"a\", …] here or in defaults.service"
                               : "\"region\": \"…\"");
    }
    for (guint i = 1; i < zones->len; i++)
        for (guint k = 0; k < i; k++)
            if (g_array_index(zones, uint16_t, i) == g_array_index(zones, uint16_t, k)) {
                gd_problem(b->problems, list, "names the zone %s twice; write it once",
                           b->plan->zones[g_array_index(zones, uint16_t, i)].name);
                g_array_set_size(zones, i);
            }
    if (zones->len == 0) { /* after a problem: anything, so that reading goes on */
        uint16_t first = 0;
        g_array_append_val(zones, first);
    }
}

static uint32_t scaled_workers(gd_builder *b, const gd_party *party)
{
    if (party->workers == UINT32_MAX)
        return UINT32_MAX;
    int64_t workers = gd_scaled(b, party->workers);
    if (workers >= 1)
        return (uint32_t)workers;
    gd_problem_key(b->problems, party->node,
                   "has %u workers an instance, and this scale leaves less than one; use a larger "
                   "scale, or fewer instances with more workers",
                   party->workers);
    return 1;
}

static void fill_service(gd_builder *b, gd_plan_service *service, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    service->salt = gd_hash_text(service->name);
    service->workers = scaled_workers(b, party);
    service->queue_limit = UINT32_MAX;
    service->start_up_dist = GD_NONE;
    service->refusal = GD_NONE;
    if (!spec) {
        service->external = true;
        service->async = true;
        service->quota = gd_scaled(b, party->external->quota);
        service->quota_after = gd_read_retry_after(b, party->external->retry_after);
        service->unavailable = gd_share_threshold(GD_SHARE_ONE - party->external->availability);
        return;
    }
    service->owner = spec->owner;
    service->async = spec->threads == 1;
    service->discipline = MIN(spec->discipline, GD_ROWS);
    service->by_criticality = spec->classes == 1;
    service->ageing = spec->ageing;
    service->cancel = spec->cancellation;
    service->preempt = spec->preempt;
    if (spec->crash) {
        service->crash_running = spec->crash->running;
        service->crash_queued = spec->crash->queued;
    }
    if (spec->queue && spec->queue->limit < GD_NO_QUEUE_LIMIT)
        service->queue_limit = (uint32_t)gd_scaled(b, spec->queue->limit);
    if (spec->start_up && spec->start_up->kind == GD_DIST_CONSTANT)
        service->start_up = spec->start_up->value;
    else
        service->start_up_dist =
            gd_dist_index_of(b, spec->start_up, gd_node_said(party->node, "start_up"));
}

static void place_instances(gd_builder *b, gd_plan_service *service, uint32_t index,
                            const GArray *zones, uint32_t *next)
{
    service->instances_first = *next;
    for (uint32_t i = 0; i < service->instances_n; i++) {
        gd_plan_instance *instance = &b->plan->instances[(*next)++];
        instance->service = index;
        instance->ordinal = i;
        instance->zone = g_array_index(zones, uint16_t, i % zones->len);
        instance->salt = gd_mix_n(service->salt, i);
    }
}

/* ---- operations --------------------------------------------------------------------------- */
static void fill_op(gd_builder *b, gd_plan_op *op, const gd_party *party, const gd_node *node)
{
    if (party->external || node->kind != GD_OBJECT) {
        if (!party->external && node->kind != GD_ARRAY)
            gd_problem(b->problems, node,
                       "expected a list of steps; write [{\"work\": \"5ms\"}, \"other.op\"]");
        return;
    }
    const gd_node *kept = gd_later_refuse(b->arena, node, GD_LATER_OP, b->problems);
    const gd_op_spec *spec = gd_read(&b->reader, &gd_op_shape, kept);
    op->priority = (uint8_t)spec->priority;
    op->transparent = spec->transparent;
    op->send_bytes = spec->send;
    op->reply_bytes = spec->reply;
}

static void add_ops(gd_builder *b, GArray *ops, gd_plan_service *service, uint32_t index)
{
    const gd_party *party = gd_party_of(b, index);
    const gd_node *operations = party->spec ? party->spec->operations : party->external->operations;
    service->ops_first = ops->len;
    if (operations && operations->kind != GD_OBJECT)
        gd_problem(b->problems, operations, "expected an object with a member for each operation");
    const gd_node **members = gd_members(b, operations);
    if (operations && operations->kind == GD_OBJECT && !members[0])
        gd_problem(b->problems, operations,
                   "has no operation; write \"get\": [{\"work\": \"5ms\"}]");
    for (size_t i = 0; members[i]; i++) {
        if (!gd_is_name(members[i]->key))
            gd_problem_key(b->problems, members[i],
                           "is no name; write a lower-case letter, then letters, digits, - or _");
        gd_plan_op op = {.service = index};
        op.name = gd_arena_printf(b->arena, "%s.%s", service->name, members[i]->key);
        op.salt = gd_hash_text(op.name);
        fill_op(b, &op, party, members[i]);
        g_array_append_val(ops, op);
        g_array_append_val(b->op_nodes, members[i]);
        g_hash_table_insert(b->ops, (void *)op.name, GUINT_TO_POINTER(ops->len));
    }
    gd_add_handshakes(b, ops, index);
    service->ops_n = ops->len - service->ops_first;
}

gd_party *gd_party_of(gd_builder *b, uint32_t service)
{
    return b->parties->pdata[g_array_index(b->party_of, uint32_t, service)];
}

const char *gd_group_name(gd_builder *b, uint32_t service)
{
    const gd_party *party = gd_party_of(b, service);
    if (!party->spec || !party->spec->copies)
        return b->plan->services[service].name;
    return gd_arena_printf(b->arena, "%s-*", party->name);
}

static void lay_out(gd_builder *b, const GArray *names, GArray *ops)
{
    gd_plan *plan = b->plan;
    uint32_t next = 0;
    for (guint i = 0; i < names->len; i++) {
        const named *entry = &g_array_index(names, named, i);
        const gd_party *party = b->parties->pdata[entry->party];
        g_autoptr(GArray) zones = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        gd_plan_service *service = &plan->services[i];
        g_array_append_val(b->party_of, entry->party);
        service->name = entry->name;
        service->instances_n = party->spec ? party->spec->instances : 1;
        if (g_hash_table_contains(b->services, entry->name))
            gd_problem_key(b->problems, party->node,
                           "there are two services or externals \"%s\"; rename one", entry->name);
        g_hash_table_insert(b->services, (void *)entry->name, GUINT_TO_POINTER(i + 1));
        find_zones(b, party, zones);
        fill_service(b, service, party);
        gd_add_serves(b, i, party);
        place_instances(b, service, i, zones, &next);
        add_ops(b, ops, service, i);
    }
}

void gd_build_services(gd_builder *b)
{
    gd_plan *plan = b->plan;
    read_parties(b);
    if (b->too_many || !count_all(b))
        return;
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(named));
    for (guint i = 0; i < b->parties->len; i++)
        add_copies(b, names, i);
    g_array_sort(names, compare_named);
    plan->n_services = names->len;
    plan->services = gd_arena_array(b->arena, gd_plan_service, names->len + 1);
    plan->instances = gd_arena_array(b->arena, gd_plan_instance, plan->n_instances + 1);
    g_autoptr(GArray) ops = g_array_new(FALSE, TRUE, sizeof(gd_plan_op));
    lay_out(b, names, ops);
    plan->n_ops = ops->len;
    plan->ops = gd_arena_array(b->arena, gd_plan_op, ops->len + 1);
    if (ops->len)
        memcpy(plan->ops, ops->data, ops->len * sizeof(gd_plan_op));
}
