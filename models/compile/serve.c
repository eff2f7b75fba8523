/* What a service does to keep itself standing, as rows in the order of models/serve/serve.def. */
#include "models/serve/serve.h"

#include <string.h>

#define MOST_BYTES   (64u << 20) /* of one service: assumption */
#define MOST_BUCKETS 4000000u    /* 64 MiB: assumption */
#include "models/compile/build.h"

static void add_as(gd_builder *b, uint32_t index, gd_serve_symbol kind, const char *group,
                   const void *spec)
{
    gd_plan_service *service = &b->plan->services[index];
    const gd_serve_kind *row = gd_serve_kinds[kind];
    if (!spec)
        return;
    gd_plan_serve serve = {.kind = (uint8_t)kind, .spec = spec, .at = service->serve_bytes};
    if (row->counters)
        serve.counters = gd_counters_for(b, GD_COUNTED_BY_SERVICE, index, group, row->counters);
    service->serve_bytes += row->bytes ? (row->bytes(spec) + 7u) & ~7u : 0;
    service->serves_n++;
    uint64_t all = (uint64_t)service->serve_bytes * service->instances_n;
    if (all > MOST_BYTES)
        gd_problem_key(b->problems, gd_party_of(b, index)->node,
                       "what its %u instances keep for %s and the like are %.3g MiB, and a plan "
                       "holds %u; write fewer instances, or fewer values of the segment",
                       service->instances_n, row->name, (double)all / 1048576, MOST_BYTES >> 20);
    g_array_append_val(b->serves, serve);
}

static void add(gd_builder *b, uint32_t index, gd_serve_symbol kind, const void *spec)
{
    add_as(b, index, kind, gd_serve_kinds[kind]->name, spec);
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
    if ((timeout || queue->drop_expired || queue->codel || queue->codel_enqueue) &&
        party->spec->discipline == GD_PS)
        gd_problem(b->problems, gd_node_said(party->node, "queue"),
                   "nobody waits where all share the workers (\"ps\"), so nobody can wait too "
                   "long; write a limit, or another discipline");
    add(b, index, GD_SERVE_QUEUE_TIMEOUT, timeout);
    static const gd_queue_spec expired;
    add(b, index, GD_SERVE_EXPIRED, queue->drop_expired ? &expired : NULL);
    add(b, index, GD_SERVE_CODEL, queue->codel);
    add(b, index, GD_SERVE_CODEL_ENQUEUE, queue->codel_enqueue);
}

static void add_rate_limits(gd_builder *b, uint32_t index, const gd_service_spec *spec)
{
    const gd_plan_service *service = &b->plan->services[index];
    for (uint32_t i = 0; i < spec->limits.n; i++) {
        const gd_member *member = &spec->limits.at[i];
        gd_rate_limit_spec *limit = gd_arena_make(b->arena, gd_rate_limit_spec);
        *limit = *(const gd_rate_limit_spec *)member->spec; /* copies of a service share that */
        limit->rate = limit->rate > 0 ? MAX(1, gd_scaled(b, limit->rate)) : 1;
        limit->by = gd_find_whose(b, limit->by_name, member->node, &limit->n);
        limit->first = b->plan->n_rate_buckets;
        uint64_t n = (uint64_t)limit->n * (limit->scope ? 1 : service->instances_n);
        if (n + b->plan->n_rate_buckets > MOST_BUCKETS) {
            gd_problem(b->problems, member->node,
                       "%u of them at %u instances are %" G_GUINT64_FORMAT
                       " counts, and a plan holds %u; write \"scope\": \"global\", or fewer",
                       limit->n, service->instances_n, n, MOST_BUCKETS);
            return;
        }
        b->plan->n_rate_buckets += (uint32_t)n;
        b->plan->says_retry_after |= limit->retry_after;
        add_as(b, index, GD_SERVE_RATE_LIMIT, gd_arena_printf(b->arena, "limits.%s", member->name),
               limit);
    }
}

static void read_weights(gd_builder *b, gd_fair_spec *fair)
{
    const gd_node *said = fair->weights_node;
    if (!said)
        return;
    if (fair->by >= b->plan->n_segments || !b->plan->segments[fair->by].names) {
        gd_problem(b->problems, said,
                   "weights are of a segment's values, by name; write \"by\": \"tenant\" and give "
                   "the segment values");
        return;
    }
    uint32_t *weights = gd_arena_array(b->arena, uint32_t, fair->n);
    for (uint32_t i = 0; i < fair->n; i++)
        weights[i] = 1;
    const gd_node **members = gd_members(b, said);
    for (size_t i = 0; members[i]; i++) {
        uint32_t value = gd_find_value(b, fair->by, members[i], members[i]->key);
        int64_t weight = 1;
        gd_read_count(&b->reader, members[i], 1, 1000000, &weight);
        if (value != GD_NONE)
            weights[value] = (uint32_t)weight;
    }
    fair->weights = weights;
}

/* The disciplines behind GD_PS, in the order of their words. */
static void add_order(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    enum { ADAPTIVE_LIFO = GD_ROWS, FAIR, EDF };
    static const gd_fair_spec nothing;
    if (spec->discipline == ADAPTIVE_LIFO) {
        const gd_adaptive_lifo_spec *said = spec->adaptive_lifo;
        if (!said) {
            gd_adaptive_lifo_spec *plain = gd_arena_make(b->arena, gd_adaptive_lifo_spec);
            gd_read_defaults(&b->reader, &gd_adaptive_lifo_shape, party->node, plain);
            said = plain;
        }
        add(b, index, GD_SERVE_ADAPTIVE_LIFO, said);
    } else if (spec->discipline == EDF) {
        add(b, index, GD_SERVE_EDF, &nothing);
    } else if (spec->discipline == FAIR) {
        gd_fair_spec *fair = gd_arena_make(b->arena, gd_fair_spec);
        if (spec->fair)
            *fair = *spec->fair;
        else
            gd_read_defaults(&b->reader, &gd_fair_shape, party->node, fair);
        fair->by = gd_find_whose(b, fair->by_name, party->node, &fair->n);
        read_weights(b, fair);
        add(b, index, GD_SERVE_FAIR, fair);
    }
}

static void add_shed(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    const gd_shed_spec *shed = spec->shed;
    const gd_node *node = gd_node_said(party->node, "shed");
    if (spec->classes == 1 || (shed && shed->cpu))
        b->plan->needs_roots = b->asks_criticality = true;
    if (!shed)
        return;
    if (shed->cpu && party->workers == UINT32_MAX)
        gd_problem(b->problems, node,
                   "cpu is a share of the workers, and they are unlimited; write a number of them");
    if (shed->queue_wait && (party->workers == UINT32_MAX || spec->discipline == GD_PS))
        gd_problem(b->problems, node,
                   "queue_wait predicts a wait for one of some workers, and here nobody waits for "
                   "one; write a number of workers, and another discipline than ps");
    if (shed->queue_age && (spec->discipline == GD_PS || spec->discipline == GD_ROWS + 2))
        gd_problem(b->problems, node,
                   "queue_age needs to know who came first, and ps and edf do not keep that; write "
                   "another discipline");
    add(b, index, GD_SERVE_RANDOM, shed->random);
    add(b, index, GD_SERVE_CPU, shed->cpu);
    add(b, index, GD_SERVE_QUEUE_AGE, shed->queue_age);
    add(b, index, GD_SERVE_QUEUE_WAIT, shed->queue_wait);
    add(b, index, GD_SERVE_SUCCESS_RATE, shed->success_rate);
}

static void add_pauses(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    b->plan->pauses |= spec->gc || (spec->memory && spec->memory->allocates > 0);
    add(b, index, GD_SERVE_MEMORY, spec->memory);
    if (!spec->gc)
        return;
    if (spec->memory && spec->memory->allocates > 0)
        gd_problem(b->problems, gd_node_said(party->node, "gc"),
                   "memory says already when it collects; keep one of gc and memory.allocates");
    gd_gc_plan *plan = gd_arena_make(b->arena, gd_gc_plan);
    const gd_node *node = gd_node_said(party->node, "gc");
    plan->every = gd_dist_index_of(b, spec->gc->every, gd_node_said(node, "every"));
    plan->pause = gd_dist_index_of(b, spec->gc->pause, gd_node_said(node, "pause"));
    if (plan->every != GD_NONE && plan->pause != GD_NONE)
        add(b, index, GD_SERVE_GC, plan);
}

static void add_isolation(gd_builder *b, uint32_t index, const gd_party *party)
{
    gd_plan_service *service = &b->plan->services[index];
    const gd_isolation_spec *said = party->spec->isolation;
    const gd_node *node = gd_node_said(party->node, "isolation");
    if (!said)
        return;
    gd_isolation_spec *spec = gd_arena_make(b->arena, gd_isolation_spec);
    *spec = *said;
    uint32_t parts = MAX(spec->cells, spec->shard), n = 1;
    if (parts > service->instances_n)
        gd_problem(b->problems, node, "%s is %u, and there are %u instances; write at most %u",
                   spec->cells ? "cells" : "shard", parts, service->instances_n,
                   service->instances_n);
    spec->by = GD_WHOSE_ALL;
    if (spec->by_name && strcmp(spec->by_name, "user") != 0)
        spec->by = gd_find_whose(b, spec->by_name, node, &n);
    if (spec->by == GD_WHOSE_CALLER)
        gd_problem(b->problems, node,
                   "a customer is a user or a value of a segment, not a caller; write \"by\": "
                   "\"user\"");
    b->plan->needs_roots = true;
    service->isolation = spec;
}

void gd_add_serves(gd_builder *b, uint32_t index, const gd_party *party)
{
    const gd_service_spec *spec = party->spec;
    gd_plan_service *service = &b->plan->services[index];
    service->serves_first = b->serves->len;
    if (!spec)
        return;
    add_rate_limits(b, index, spec);
    add_shed(b, index, party);
    add_limits(b, index, spec);
    add_order(b, index, party);
    add_queue(b, index, party);
    service->contention = spec->contention;
    add(b, index, GD_SERVE_CONTENTION, spec->contention);
    add(b, index, GD_SERVE_WARM_UP, spec->warm_up);
    add_pauses(b, index, party);
    add(b, index, GD_SERVE_BROWNOUT, spec->brownout);
    add_isolation(b, index, party);
}
