/* A bulkhead as a model writes it. The machines are in bulkhead.c, thread_pool.c and
 * envoy_limits.c.
 */
#include "models/guard/specs.h"

#include <string.h>

extern const gd_shape gd_thread_pool_shape, gd_envoy_limits_shape;

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_bulkhead_spec *bulkhead = spec;
    if (bulkhead->thread_pool && bulkhead->envoy)
        gd_problem(problems, node, "is a thread pool and Envoy's limits at once; keep one of them");
    if (!bulkhead->thread_pool && !bulkhead->envoy)
        return;
    for (const gd_node *m = node->kind == GD_OBJECT ? node->first : NULL; m; m = m->next)
        if (m->kind != GD_NULL && (strcmp(m->key, "max") == 0 || strcmp(m->key, "max_wait") == 0))
            gd_problem(problems, m,
                       "belongs to a semaphore, not to the kind named here; write \"%s\": null",
                       m->key);
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_bulkhead_spec, max, GD_FIELD_COUNT, .fallback = "25", .min = 1, .max = 1000000,
                 .help = "calls out at once, for each caller instance",
                 .source = "resilience4j maxConcurrentCalls"),
    GD_FIELD_ROW(gd_bulkhead_spec, max_wait, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY, .help = "how long a call waits for a place; 0: refused at once",
                 .source = "resilience4j maxWaitDuration"),
    GD_FIELD_ROW(gd_bulkhead_spec, thread_pool, GD_FIELD_OBJECT, .shape = &gd_thread_pool_shape,
                 .help = "another kind instead: a pool of threads with a queue",
                 .source = "patterns 3.9"),
    GD_FIELD_ROW(gd_bulkhead_spec, envoy, GD_FIELD_OBJECT, .shape = &gd_envoy_limits_shape,
                 .help = "another kind instead: Envoy's limits of a cluster",
                 .source = "patterns 3.8"),
    {0},
};

const gd_shape gd_bulkhead_shape = {
    .name = "bulkhead",
    .help = "limits how many calls are out at once",
    .source = "resilience4j BulkheadConfig",
    .bytes = sizeof(gd_bulkhead_spec),
    .fields = fields,
    .bare = "max",
    .check = check,
};
