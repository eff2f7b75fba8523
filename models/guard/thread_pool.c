/* Bulkhead of threads: calls run on a pool of their own. A call takes a core thread; when all are
 * busy it goes into the queue; when that is full, a thread beyond the core is made for it; when all
 * are busy it is refused. (That order is Java's ThreadPoolExecutor: the queue fills before the pool
 * grows.) A thread beyond the core that finds nothing to do for keep_alive goes away. What waits in
 * the queue waits as long as what is outside of it lets it: put a timeout there.
 *
 * Sources: resilience4j ThreadPoolBulkheadConfig; Hystrix HystrixThreadPoolProperties (core = max =
 * 10, no queue); java.util.concurrent.ThreadPoolExecutor.
 */
#include "models/guard/parked.h"

enum { REFUSED, QUEUED };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"queued", NULL},
    {0},
};

typedef struct {
    gd_parked waiting;
    gd_time idle_since; /* of the threads beyond the core that do nothing */
    uint32_t busy, threads;
} pool_state;

typedef struct {
    uint32_t running, parked;
} pool_call;

static uint32_t most(const gd_thread_pool_spec *spec)
{
    return spec->max > spec->core ? spec->max : spec->core;
}

/* Threads that have had nothing to do for keep_alive are gone, down to the core. */
static void shrink(const gd_policy_at *at)
{
    const gd_thread_pool_spec *spec = at->spec;
    pool_state *pool = at->state;
    uint32_t least = pool->busy > spec->core ? pool->busy : spec->core;
    if (pool->threads > least && at->run->now - pool->idle_since >= spec->keep_alive)
        pool->threads = least;
}

static void run_on(const gd_policy_at *at)
{
    pool_state *pool = at->state;
    pool->busy++;
    if (pool->threads < pool->busy)
        pool->threads = pool->busy;
    ((pool_call *)at->mine)->running = 1;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_thread_pool_spec *spec = at->spec;
    pool_state *pool = at->state;
    pool_call *mine = at->mine;
    *mine = (pool_call){0};
    shrink(at);
    if (pool->busy < spec->core || pool->busy < pool->threads) {
        run_on(at);
        return GD_PASS;
    }
    if (pool->waiting.n < spec->queue) {
        gd_parked_push(at->run, &pool->waiting, at->call);
        mine->parked = 1;
        gd_policy_count(at, QUEUED, 1);
        return GD_PARK;
    }
    if (pool->busy < most(spec)) {
        run_on(at);
        return GD_PASS;
    }
    gd_policy_count(at, REFUSED, 1);
    reply->outcome = GD_BULKHEAD_FULL;
    return GD_END;
}

static void release(const gd_policy_at *at)
{
    pool_state *pool = at->state;
    pool_call *mine = at->mine;
    if (mine->parked) {
        gd_parked_remove(at->run, &pool->waiting, at->call);
        mine->parked = 0;
    }
    if (!mine->running)
        return;
    mine->running = 0;
    pool->busy--;
    pool->idle_since = at->run->now;
    uint32_t first = gd_parked_first(&pool->waiting);
    if (first == GD_NONE)
        return;
    gd_policy_at next = gd_policy_of_call(at, first);
    gd_parked_remove(at->run, &pool->waiting, first);
    ((pool_call *)next.mine)->parked = 0;
    run_on(&next);
    gd_call_granted(at->run, first, at->level);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    release(at);
    return GD_PASS;
}

const gd_policy gd_thread_pool_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = release,
    .counters = counters,
    .call_bytes = sizeof(pool_call),
    .state_bytes = sizeof(pool_state),
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_thread_pool_spec *pool = spec;
    if (pool->max && pool->max < pool->core)
        gd_problem(problems, node, "max is %u, but the core alone has %u threads; raise max",
                   pool->max, pool->core);
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_thread_pool_spec, core, GD_FIELD_COUNT, .fallback = "10", .min = 1,
                 .max = 1000000, .help = "threads that are always there",
                 .source = "Hystrix coreSize; resilience4j: processors - 1"),
    GD_FIELD_ROW(gd_thread_pool_spec, max, GD_FIELD_COUNT, .fallback = "0", .min = 0,
                 .max = 1000000, .help = "threads in all, once the queue is full; 0: as core",
                 .source = "Hystrix maximumSize; resilience4j: processors"),
    GD_FIELD_ROW(gd_thread_pool_spec, queue, GD_FIELD_COUNT, .fallback = "0", .min = 0,
                 .max = 10000000, .help = "calls that wait for a thread; 0: none does",
                 .source = "Hystrix maxQueueSize: none; resilience4j: 100"),
    GD_FIELD_ROW(gd_thread_pool_spec, keep_alive, GD_FIELD_SPAN, .fallback = "\"20ms\"", .min = 0,
                 .max = GD_DAY, .help = "a thread beyond the core stays so long with nothing to do",
                 .source = "resilience4j keepAliveDuration"),
    {0},
};

static const gd_concept concept = {
    .title = "Bulkhead of threads",
    .idea = "Calls of one dependency run on a pool of their own, with a queue before it: when it "
            "hangs, only that pool is full.",
    .cures = "One slow dependency that takes all threads.",
    .cures_not = "That dependency's own callers.",
    .price = "Threads that stand idle, hand-over costs, a wait in the queue that must be bounded.",
    .dangerous_with = "A long queue without a timeout around it.",
    .numbers = "Hystrix 10 threads and no queue; resilience4j processors - 1 and a queue of 100.",
    .source = "Hystrix; resilience4j ThreadPoolBulkhead; java.util.concurrent",
    .pattern = "thread-pool",
};

const gd_shape gd_thread_pool_shape = {
    .name = "thread_pool",
    .help = "a pool of threads with a queue before it",
    .source = "resilience4j ThreadPoolBulkheadConfig; Hystrix HystrixThreadPoolProperties",
    .bytes = sizeof(gd_thread_pool_spec),
    .fields = fields,
    .bare = "core",
    .concept = &concept,
    .check = check,
};
