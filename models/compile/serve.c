/* What a service does to keep itself standing, as rows in the order of models/serve/serve.def. */
#include "models/serve/serve.h"
#include "models/compile/build.h"

static void add(gd_builder *b, uint32_t index, gd_serve_symbol kind, const void *spec)
{
    gd_plan_service *service = &b->plan->services[index];
    const gd_serve_kind *row = gd_serve_kinds[kind];
    if (!spec)
        return;
    gd_plan_serve serve = {.kind = (uint8_t)kind, .spec = spec, .at = service->serve_bytes};
    if (row->counters)
        serve.counters = gd_counters_for(b, GD_COUNTED_BY_SERVICE, index, row->name, row->counters);
    service->serve_bytes += row->bytes ? (row->bytes(spec) + 7u) & ~7u : 0;
    service->serves_n++;
    g_array_append_val(b->serves, serve);
}

static const void *limit_of(const gd_service_spec *spec, const gd_shape *shape)
{
    return spec->concurrency_limit.shape == shape ? spec->concurrency_limit.spec : NULL;
}

static void add_limits(gd_builder *b, uint32_t index, const gd_service_spec *spec)
{
    add(b, index, GD_SERVE_FIXED, limit_of(spec, &gd_fixed_shape));
    add(b, index, GD_SERVE_AIMD, limit_of(spec, &gd_aimd_shape));
    add(b, index, GD_SERVE_VEGAS, limit_of(spec, &gd_vegas_shape));
    add(b, index, GD_SERVE_GRADIENT2, limit_of(spec, &gd_gradient2_shape));
    add(b, index, GD_SERVE_GRADIENT, limit_of(spec, &gd_gradient_shape));
}

static void add_queue(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_queue_spec *queue = party->spec->queue;
    gd_queue_timeout_spec *timeout = NULL;
    if (!queue)
        return;
    if (queue->timeout) {
        const gd_node *node = gd_node_said(gd_node_said(party->node, "queue"), "timeout");
        timeout = gd_arena_make(b->arena, gd_queue_timeout_spec);
        timeout->dist = gd_dist_index_of(b, queue->timeout, node);
    }
    if ((timeout || queue->codel || queue->codel_enqueue) && party->spec->discipline == GD_PS)
        gd_problem(b->problems, gd_node_said(party->node, "queue"),
                   "nobody waits where all share the workers (\"ps\"), so nobody can wait too "
                   "long; write a limit, or another discipline");
    add(b, index, GD_SERVE_QUEUE_TIMEOUT, timeout);
    add(b, index, GD_SERVE_CODEL, queue->codel);
    add(b, index, GD_SERVE_CODEL_ENQUEUE, queue->codel_enqueue);
}

void gd_add_serves(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    gd_plan_service *service = &b->plan->services[index];
    service->serves_first = b->serves->len;
    if (!spec)
        return;
    if (spec->shed)
        add(b, index, GD_SERVE_RANDOM, spec->shed->random);
    add_limits(b, index, spec);
    add_queue(b, index, party);
    service->contention = spec->contention;
    add(b, index, GD_SERVE_CONTENTION, spec->contention);
    add(b, index, GD_SERVE_WARM_UP, spec->warm_up);
}
