/* The life of a run: stopped, copied, reset, on threads, always the same; no allocation once warm;
 * memory that does not grow with time; budgets that end it. */
#include "models/flow/engine.h"
#include "tests/models/bench_plan.h"

#include <glib.h>

/* ---- a malloc that counts ---------------------------------------------------------------------- */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#if !defined(__has_feature)
#define COUNTS_ALLOCATIONS 1
#elif !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer)
#define COUNTS_ALLOCATIONS 1
#endif
#endif

static unsigned long allocations;

#ifdef COUNTS_ALLOCATIONS
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_malloc(bytes);
}
__attribute__((visibility("default"))) void *calloc(size_t count, size_t bytes)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_calloc(count, bytes);
}
__attribute__((visibility("default"))) void *realloc(void *block, size_t bytes)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_realloc(block, bytes);
}
#endif

/* ---- a model with a bit of everything ---------------------------------------------------------- */
#define EVERYTHING                                                                                 \
    "'network': {'same_zone': '0.2ms', 'clients': '1ms', 'regions': {'eu': {'zones': ['a', 'b'], " \
    "'latency': {'exponential': '1ms'}}, 'far': {}}, 'links': {'wan': {'between': ['eu', 'far'], " \
    "'latency': {'uniform': {'low': '1ms', 'high': '3ms'}}, 'loss': '1%', 'bandwidth': "           \
    "'10Mbit/s', 'ordered': true}}}, 'flags': {'new': {'share': '30%'}}, 'defaults': {'service': " \
    "{'zones': ['a', 'b']}}, 'external': {'psp': {'region': 'far', 'quota': '90/s', "              \
    "'availability': '99%', 'operations': {'pay': {'exponential': '20ms'}}}}, 'services': {"       \
    "'gw': {'instances': 2, 'workers': 64, 'threads': 'async', 'cancellation': 'immediate', "      \
    "'calls': {'shop': {'deadline': '300ms', 'retry': 2, 'bulkhead': {'max': 20, 'max_wait': "     \
    "'20ms'}}, 'ads': {'timeout': '15ms', 'optional': true, 'breaker': {'window_calls': 10, "      \
    "'min_calls': 5, 'trial_calls': 2, 'open_for': '500ms'}}}, 'operations': {'home': [{'work': "  \
    "{'exponential': '1ms'}}, {'parallel': ['shop.list', 'ads.get'], 'until': 'first', 'rest': "   \
    "'cancel'}], 'buy': {'priority': 1, 'steps': [{'work': '1ms'}, {'repeat': '$items', 'at_once': "\
    "2, 'steps': ['shop.list', {'wait': '1ms'}]}, 'shop.pay']}}},"                                 \
    "'shop': {'instances': 3, 'workers': 4, 'queue': 10, 'discipline': 'priority', 'preempt': "    \
    "true, 'cancellation': 'dequeue_only', 'balancer': 'two_choices', 'calls': {'psp': {'timeout': "\
    "'80ms', 'retry': {'max_attempts': 3, 'backoff': {'decorrelated': {'base': '5ms'}}}, 'then': " \
    "{'call': 'db.log'}}}, 'operations': {'list': [{'work': {'exponential': '6ms'}}, {'if': 'new', "\
    "'then': ['db.get']}], 'pay': {'priority': 3, 'send': 4000, 'reply': 1000, 'steps': [{'work': "\
    "'3ms'}, 'psp.pay', {'call': 'db.log', 'wait': false}]}}},"                                    \
    "'ads': {'workers': 2, 'discipline': 'lifo', 'queue': 5, 'crash': {'running': 'silent'}, "     \
    "'start_up': '50ms', 'operations': {'get': [{'work': {'lognormal': {'median': '4ms', 'p99': "  \
    "'30ms'}}}, {'fail': '2%'}]}},"                                                                \
    "'db': {'workers': 2, 'discipline': 'ps', 'operations': {'get': [{'work': '2ms'}], 'log': "    \
    "[{'choose': {'hit': {'weight': 9, 'steps': [{'work': '0.5ms'}]}, 'miss': {'weight': 1, "      \
    "'steps': [{'work': '5ms'}]}}}]}}},"                                                           \
    "'clients': {'web': {'at': 'gw', 'region': 'eu', 'timeout': '250ms', 'reload': "               \
    "{'max_attempts': 2, 'after': '100ms'}, 'visits': {'poisson': '40/s'}, 'draw': {'items': "     \
    "{'geometric': {'mean': 2}}}, 'journeys': {'look': {'weight': 3, 'pages': ['home', 'home'], "  \
    "'think': {'exponential': '200ms'}, 'gives_up_after': 2}, 'buy': {'pages': ['home', 'buy']}}},"\
    "'app': {'at': 'gw', 'region': 'eu', 'users': {'n': 5, 'think': '300ms', 'over': '1s'}, "      \
    "'mix': {'home': 2, 'buy': 1}, 'draw': {'items': 1}}, 'bot': {'at': 'db', 'region': 'far', "   \
    "'mix': 'get', 'arrivals': {'bursts': {'on': '300ms', 'off': '500ms', 'rate': '100/s'}}}}"

#define TROUBLE                                                                                    \
    "'duration': '6s', 'warmup': '500ms', 'faults': {"                                             \
    "'down': {'fault': 'crash', 'target': 'services.ads', 'at': '1s', 'for': '200ms'},"            \
    "'half': {'fault': 'crash', 'target': 'services.shop', 'at': '1500ms', 'for': '300ms', "       \
    "'instances': 1}, 'slow': {'fault': 'slow', 'target': 'services.shop', 'at': '2s', 'for': "    \
    "'600ms', 'factor': 4, 'ramp': '200ms', 'applies_to': 'running'},"                             \
    "'hung': {'fault': 'hang', 'target': 'services.db', 'at': '3s', 'for': '100ms'},"              \
    "'wan': {'fault': 'partition', 'between': ['eu', 'far'], 'at': '3500ms', 'for': '300ms'},"     \
    "'bad': {'fault': 'errors', 'target': 'gw>ads', 'at': '4s', 'for': '300ms', 'share': '60%'},"  \
    "'rush': {'fault': 'overload', 'target': 'clients.web', 'at': '4500ms', 'for': '500ms', "      \
    "'factor': 5, 'ramp': '100ms'}, 'less': {'fault': 'rate_limit', 'target': 'external.psp', "    \
    "'at': '5s', 'for': '500ms', 'limit': '5/s'}}"

static gd_plan *everything(gd_arena *arena)
{
    return plan_from_json(arena, "{'gameday': 1, 'name': 'all', " TROUBLE
                                 ", 'model': {'gameday': 1, " EVERYTHING "}}");
}

static uint64_t to_the_end(gd_run *run)
{
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    return gd_run_get_digest(run);
}

/* Everything that was measured, as one number. */
static uint64_t fold_bytes(uint64_t hash, const void *bytes, size_t n)
{
    return gd_mix(hash, gd_hash(bytes, n));
}

static uint64_t fold_hist(uint64_t hash, const gd_hist *hist, const gd_hist_pool *pool)
{
    uint64_t numbers[] = {hist->count, hist->zeros, hist->clipped, (uint64_t)hist->sum};
    hash = fold_bytes(hash, numbers, sizeof numbers);
    for (unsigned o = 0; o < GD_HIST_OCTAVES; o++)
        if (hist->block[o])
            hash = fold_bytes(hash + o, pool->counters + (size_t)(hist->block[o] - 1) * GD_HIST_SUB,
                              GD_HIST_SUB * sizeof(uint32_t));
    return hash;
}

static uint64_t measured(gd_run *run)
{
    const gd_record *r = gd_run_finish(run);
    uint64_t h = gd_mix(r->digest, r->events + (uint64_t)r->end + r->windows);
    for (uint32_t i = 0; i < r->plan->n_views; i++) {
        const gd_view_record *v = &r->views[i];
        h = fold_bytes(h, v->outcomes, sizeof v->outcomes);
        h = fold_bytes(h, v->requests, sizeof v->requests);
        for (unsigned p = 0; p < GD_PHASES; p++)
            h = fold_hist(h, &v->all[p], r->hists);
        h = fold_bytes(h, r->view_series[i].requests, r->windows * sizeof(uint32_t));
        h = fold_bytes(h, r->view_series[i].p99, r->windows * sizeof(int64_t));
    }
    for (uint32_t i = 0; i < r->plan->n_services; i++) {
        const gd_service_record *s = &r->services[i];
        uint64_t areas[] = {(uint64_t)s->busy_area, (uint64_t)s->queue_area, (uint64_t)s->work,
                            (uint64_t)s->wasted, s->arrivals, s->queue_max};
        h = fold_bytes(h, areas, sizeof areas);
        h = fold_hist(h, &s->wait, r->hists);
        h = fold_bytes(h, r->service_series[i].busy_area, r->windows * sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < r->plan->n_edges; i++) {
        h = fold_bytes(h, r->edges[i].outcomes, sizeof r->edges[i].outcomes);
        h = fold_bytes(h, r->edges[i].tries, sizeof r->edges[i].tries);
        h = fold_bytes(h, r->edge_series[i].attempts, r->windows * sizeof(uint32_t));
    }
    return gd_mix(h, r->n_happenings);
}

/* ---- the same, however it is driven ------------------------------------------------------------ */
static void test_in_pieces(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) whole = gd_run_new(plan, 7);
    uint64_t digest = to_the_end(whole), events = gd_run_get_events(whole);
    check_that(events > 10000, "%lu events are a run", (unsigned long)events);
    uint64_t all = measured(whole);
    for (unsigned seed = 1; seed <= 20; seed++) {
        g_autoptr(gd_run) run = gd_run_new(plan, 7);
        uint64_t u = seed;
        gd_time until = 0;
        bool more = true;
        while (more) {
            u = gd_next(u);
            until += (gd_time)gd_below(u, (uint64_t)GD_S / seed);
            uint64_t before = gd_run_get_events(run), n = gd_below(gd_next(u), 2000 / seed) + 1;
            more = gd_run_until(run, until, n);
            check_that(gd_run_get_events(run) - before <= n + 200, "about as many as it may");
            check_that(gd_run_get_now(run) <= until, "not beyond");
        }
        check_that(gd_run_get_digest(run) == digest && gd_run_get_events(run) == events, "seed %u",
                   seed);
        check_that(measured(run) == all, "seed %u: the same is measured", seed);
    }
}

static void test_branches_at_random_events(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) whole = gd_run_new(plan, 8);
    uint64_t digest = to_the_end(whole), events = gd_run_get_events(whole), all = measured(whole);
    uint64_t u = 1, at[1000];
    for (unsigned i = 0; i < 1000; i++)
        at[i] = gd_below(u = gd_next(u), events);
    for (unsigned i = 0; i < 1000; i++) /* ascending, so that one run passes them all */
        for (unsigned k = i; k > 0 && at[k] < at[k - 1]; k--) {
            uint64_t t = at[k];
            at[k] = at[k - 1];
            at[k - 1] = t;
        }
    g_autoptr(gd_run) run = gd_run_new(plan, 8);
    for (unsigned i = 0; i < 1000; i++) {
        while (gd_run_get_events(run) < at[i] && gd_run_until(run, GD_NEVER, 1))
            ;
        g_autoptr(gd_run) branch = gd_run_branch(run);
        check_that(to_the_end(branch) == digest, "event %lu", (unsigned long)at[i]);
        check_that(gd_run_get_events(branch) == events, "event %lu", (unsigned long)at[i]);
        check_that(measured(branch) == all, "event %lu: the same is measured",
                   (unsigned long)at[i]);
    }
    check_that(to_the_end(run) == digest && measured(run) == all, "branches leave it alone");
}

/* A branch of a branch; what they were copied from may go first. */
static void test_branches_stand_alone(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) whole = gd_run_new(plan, 9);
    uint64_t digest = to_the_end(whole);
    gd_run *run = gd_run_new(plan, 9);
    for (unsigned i = 0; i < 50; i++) {
        gd_run_until(run, GD_NEVER, 100);
        gd_run *branch = gd_run_branch(run);
        gd_run_free(run);
        run = branch;
    }
    check_that(to_the_end(run) == digest, "fifty moves");
    gd_run_free(run);
}

static void test_reset_is_a_new_run(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) used = gd_run_new(plan, 100);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        g_autoptr(gd_run) fresh = gd_run_new(plan, seed);
        gd_run_until(used, GD_NEVER, seed * 700); /* left anywhere, at last at its end */
        gd_run_reset(used, seed);
        uint64_t digest = to_the_end(fresh);
        check_that(to_the_end(used) == digest, "seed %lu", (unsigned long)seed);
        check_that(measured(used) == measured(fresh), "seed %lu", (unsigned long)seed);
        gd_run_reset(used, seed);
    }
}

static void test_seeds_differ(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    uint64_t digests[20];
    for (uint64_t seed = 0; seed < 20; seed++) {
        g_autoptr(gd_run) run = gd_run_new(plan, seed);
        digests[seed] = to_the_end(run);
        for (uint64_t before = 0; before < seed; before++)
            check_that(digests[before] != digests[seed], "%lu and %lu", (unsigned long)before,
                       (unsigned long)seed);
    }
}

typedef struct {
    const gd_plan *plan;
    uint64_t seed, digest;
} job;

static void *work(void *data)
{
    job *j = data;
    g_autoptr(gd_run) run = gd_run_new(j->plan, j->seed);
    j->digest = to_the_end(run);
    return NULL;
}

static void test_side_by_side(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    job jobs[6];
    GThread *threads[6];
    const gd_plan *plan = everything(arena);
    for (unsigned i = 0; i < 6; i++) {
        jobs[i] = (job){.plan = plan, .seed = 1 + i / 2};
        threads[i] = g_thread_new("run", work, &jobs[i]);
    }
    for (unsigned i = 0; i < 6; i++)
        g_thread_join(threads[i]);
    for (unsigned i = 0; i < 6; i += 2) {
        job alone = {.plan = plan, .seed = 1 + i / 2};
        work(&alone);
        check_that(jobs[i].digest == alone.digest && jobs[i + 1].digest == alone.digest, "seed %u",
                   1 + i / 2);
    }
}

static void count_lines(void *user, const char *line)
{
    check_that(strlen(line) > 20, "%s", line);
    ++*(unsigned *)user;
}

static void test_a_trace_changes_nothing(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) quiet = gd_run_new(plan, 3), traced = gd_run_new(plan, 3);
    unsigned lines = 0;
    gd_run_set_trace(traced, count_lines, &lines);
    check_that(to_the_end(quiet) == to_the_end(traced), "the same digest");
    check_that(lines > 10000, "%u lines", lines);
}

/* A service that nobody asks moves nothing, not even the digest. */
static void test_an_unconnected_service(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    const gd_plan *more = plan_from_json(
        arena, "{'gameday': 1, 'name': 'all', " TROUBLE ", 'model': {'gameday': 1, " EVERYTHING
               ", 'extends': []}, 'patch': {}}");
    g_autoptr(gd_run) a = gd_run_new(plan, 3), b = gd_run_new(more, 3);
    check_that(to_the_end(a) == to_the_end(b), "the same digest");
}

/* ---- memory ------------------------------------------------------------------------------------ */
static void test_no_allocation_once_warm(void **unused)
{
    (void)unused;
#ifdef COUNTS_ALLOCATIONS
    unsigned long before = allocations;
    g_free(g_malloc(1));
    check_that(allocations > before, "this malloc counts");
    g_autoptr(gd_arena) arena = gd_arena_new();
    const gd_plan *plan = everything(arena);
    g_autoptr(gd_run) run = gd_run_new(plan, 5);
    to_the_end(run);
    gd_run_reset(run, 5); /* warm: its pools have seen the same run before */
    before = allocations;
    uint64_t bytes = run->memory.bytes;
    gd_run_until(run, 1400 * GD_MS, UINT64_MAX); /* until just before a crash, which sorts */
    check_that(gd_run_get_events(run) > 1000, "%lu events", (unsigned long)gd_run_get_events(run));
    check_that(run->memory.bytes == bytes, "no pool grows");
    check_that(allocations - before <= 40, "%lu allocations", allocations - before);
#else
    skip();
#endif
}

#define STEADY(more)                                                                               \
    "{'gameday': 1, 'name': 'steady', " more ", 'model': {'gameday': 1, 'network': {'clients': "   \
    "'1ms'}, 'services': {'m': {'workers': 20, 'queue': 50, 'calls': {'s': {'timeout': '30ms', "   \
    "'retry': 3, 'breaker': {'min_calls': 50, 'open_for': '100ms'}}}, 'operations': {'op': "       \
    "[{'work': {'exponential': '2ms'}}, 's.op']}}, 's': {'workers': 4, 'queue': 20, 'operations': "\
    "{'op': [{'work': {'exponential': '8ms'}}]}}}, 'clients': {'web': {'at': 'm', 'users': {'n': " \
    "40, 'think': {'exponential': '50ms'}}}}}}"

/* Ten times as long, the same memory: what it takes is what is in flight, and its series. */
static void test_memory_is_flat(void **unused)
{
    (void)unused;
    uint64_t peaks[2];
    static const char *const texts[] = {STEADY("'duration': '60s'"), STEADY("'duration': '600s'")};
    for (int i = 0; i < 2; i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(gd_run) run = gd_run_new(plan_from_json(arena, texts[i]), 1);
        to_the_end(run);
        peaks[i] = run->memory.peak - run->segs[GD_SEG_SERIES].capacity -
                   run->segs[GD_SEG_HAPPENINGS].capacity;
        check_that(gd_run_get_events(run) > (i ? 1000000 : 100000), "%lu events",
                   (unsigned long)gd_run_get_events(run));
    }
    check_that(peaks[0] == peaks[1], "%lu and %lu bytes", (unsigned long)peaks[0],
               (unsigned long)peaks[1]);
}

/* ---- how it ends ------------------------------------------------------------------------------- */
#define TINY(steps, client)                                                                        \
    "'services': {'s': {'workers': 1, 'operations': {'op': [" steps "]}}}, 'clients': {'web': "    \
    "{'at': 's', " client "}}"

static const struct {
    const char *name, *model, *scenario;
    gd_end end;
    gd_time at;
} ends[] = {
    {"at its duration", TINY("{'work': '1ms'}", "'arrivals': {'periodic': '1/s'}"),
     "'duration': '10s', 'warmup': '5s'", GD_END_DURATION, 10 * GD_S},
    {"drained: all asked and answered",
     TINY("{'work': '1ms'}", "'arrivals': {'periodic': '1/s'}, 'stop_after': 3"), "",
     GD_END_DRAINED, 3001 * GD_MS},
    {"drained by the last arrival itself",
     TINY("", "'arrivals': {'periodic': '1/s'}, 'stop_after': 3"), "", GD_END_DRAINED, 3 * GD_S},
    {"drained when the last late answer is back",
     TINY("{'work': '5s'}", "'timeout': '1s', 'arrivals': {'csv': '0'}"), "", GD_END_DRAINED,
     5 * GD_S},
    {"not drained: an answer is out", TINY("{'work': '100s'}", "'arrivals': {'csv': '0'}"),
     "'duration': '10s'", GD_END_DURATION, 10 * GD_S},
    {"nobody comes", TINY("{'work': '1ms'}", "'arrivals': {'csv': '20s'}"), "'duration': '10s'",
     GD_END_DURATION, 10 * GD_S},
};

static void test_ends(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_auto(bench) b = bench_of(ends[i].model, ends[i].scenario);
        bench_play(&b, "");
        check_that(b.record->end == ends[i].end, "%s: %d", ends[i].name, b.record->end);
        check_that(b.record->ended_at == ends[i].at, "%s: %ld", ends[i].name,
                   (long)b.record->ended_at);
        check_that(gd_run_has_ended(b.run), "%s", ends[i].name);
        check_that(!gd_run_until(b.run, GD_NEVER, 1), "%s: it stays so", ends[i].name);
        check_that(gd_run_finish(b.run) == b.record, "%s: finished once", ends[i].name);
    }
}

static void test_event_budget(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(TINY("{'work': '1ms'}", "'arrivals': {'periodic': '100/s'}"), "'duration': '1h'");
    b.plan->event_budget = 5000;
    gd_run_reset(b.run, 1);
    bench_play(&b, "");
    check_that(b.record->end == GD_END_EVENTS, "%d", b.record->end);
    check_that(b.record->events >= 5000 && b.record->events <= 5002, "%lu",
               (unsigned long)b.record->events);
    check_that(strstr(b.record->busiest, "web") != NULL, "\"%s\" names the agents",
               b.record->busiest);
}

static void test_memory_budget(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'idle': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}, 's': "
        "{'workers': 1, 'operations': {'op': [{'work': '1s'}]}}}, 'clients': {'web': {'at': 's', "
        "'arrivals': {'periodic': '1000/s'}}}",
        "'duration': '24h'");
    b.plan->memory_budget = 1 << 20;
    g_autoptr(gd_run) run = gd_run_new(b.plan, 1);
    to_the_end(run);
    const gd_record *record = gd_run_finish(run);
    check_that(record->end == GD_END_MEMORY, "%d", record->end);
    check_that(record->peak_bytes < 3 << 20, "%lu bytes", (unsigned long)record->peak_bytes);
    check_text(record->busiest, "s", "it names the queue that grows");
}

/* Closed users who do not think and a service that takes no time: time stands still. */
static void test_stall_budget(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(TINY("", "'users': 3"), "'duration': '1h'");
    b.plan->stall_budget = 10000;
    gd_run_reset(b.run, 1);
    bench_play(&b, "");
    check_that(b.record->end == GD_END_STALLED, "%d", b.record->end);
    check_that(b.record->events >= 10000 && b.record->events < 40000, "%lu",
               (unsigned long)b.record->events);
    check_that(strstr(b.record->busiest, "web") != NULL, "\"%s\"", b.record->busiest);
}

/* Many events at one instant are no stall. */
static void test_a_crowd_is_no_stall(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '1ms'}]}}}, "
        "'clients': {'web': {'at': 's', 'users': {'n': 1000, 'think': '1s'}, 'stop_after': 3000}}",
        "");
    b.plan->stall_budget = 9000;
    gd_run_reset(b.run, 1);
    bench_play(&b, "");
    check_that(b.record->end == GD_END_DRAINED, "%d", b.record->end);
}

static void test_interrupted(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(TINY("{'work': '1ms'}", "'arrivals': {'periodic': '1/s'}"), "'duration': '1h'");
    gd_run_until(b.run, 5 * GD_S + 1, UINT64_MAX);
    gd_run_interrupt(b.run);
    bench_play(&b, "");
    check_that(b.record->end == GD_END_INTERRUPTED, "%d", b.record->end);
    check_text(bench_outcomes(&b, "web.op"), "ok 4 unfinished 1", "what there was until then");
}

/* ---- windows ----------------------------------------------------------------------------------- */
/* [start, end): what happens at a border belongs to the window that begins. */
static void test_windows(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {'web': "
        "{'at': 's', 'arrivals': {'csv': '1s 1999ms 2s 2s'}}}",
        "'duration': '1h'");
    bench_play(&b, "");
    gd_span window = b.plan->window;
    const gd_view_series *v = &b.record->view_series[0];
    const gd_service_series *s = &b.record->service_series[0];
    check_that(window == 2 * GD_S, "an hour in 1,800 windows, %ld ns", (long)window);
    check_that(v->requests[0] == 2 && v->requests[1] == 2, "%u and %u", v->requests[0],
               v->requests[1]);
    check_that(v->good[0] == 1 && v->good[1] == 3, "answers count where they arrive");
    check_that(v->max[0] == 10 * GD_MS, "%ld", (long)v->max[0]);
    check_that(v->max[1] == 29 * GD_MS, "of this window alone: %ld", (long)v->max[1]);
    check_that(s->busy_area[0] == (uint64_t)(11 * GD_MS), "%lu", (unsigned long)s->busy_area[0]);
    check_that(s->busy_area[1] == (uint64_t)(29 * GD_MS), "%lu", (unsigned long)s->busy_area[1]);
    check_that(s->queue_max[0] == 0 && s->queue_max[1] == 2, "queues");
    check_that(b.record->windows == 2, "closed: %u", b.record->windows);
}

/* The series add up to the totals, whatever happens. */
static void test_series_add_up(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_run) run = gd_run_new(everything(arena), 11);
    to_the_end(run);
    const gd_record *r = gd_run_finish(run);
    for (uint32_t i = 0; i < r->plan->n_views; i++) {
        uint64_t requests = 0, ended = 0, begun = 0, good = 0, failed = 0;
        for (uint32_t w = 0; w < r->windows; w++) {
            requests += r->view_series[i].requests[w];
            good += r->view_series[i].good[w];
            failed += r->view_series[i].failed[w];
        }
        for (unsigned p = 0; p < GD_PHASES; p++) {
            begun += r->views[i].requests[p];
            for (unsigned o = 0; o < GD_OUTCOMES; o++)
                ended += r->views[i].outcomes[p][o];
        }
        uint64_t unfinished = r->views[i].outcomes[run->phase][GD_UNFINISHED];
        check_that(begun > 0 && begun == ended, "each request ends once: %lu, %lu",
                   (unsigned long)begun, (unsigned long)ended);
        check_that(requests == begun && good + failed == ended - unfinished, "view %u", i);
    }
    for (uint32_t i = 0; i < r->plan->n_services; i++) {
        uint64_t arrivals = 0;
        gd_u128 busy = 0;
        for (uint32_t w = 0; w < r->windows; w++) {
            arrivals += r->service_series[i].arrivals[w];
            busy += r->service_series[i].busy_area[w];
        }
        check_that(arrivals == r->services[i].arrivals && busy == r->services[i].busy_area,
                   "service %u", i);
        if (r->services[i].worker_area)
            check_that(r->services[i].busy_area <= r->services[i].worker_area, "service %u", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_branches_at_random_events),
        cmocka_unit_test(test_branches_stand_alone),
        cmocka_unit_test(test_reset_is_a_new_run),
        cmocka_unit_test(test_seeds_differ),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_a_trace_changes_nothing),
        cmocka_unit_test(test_an_unconnected_service),
        cmocka_unit_test(test_no_allocation_once_warm),
        cmocka_unit_test(test_memory_is_flat),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_event_budget),
        cmocka_unit_test(test_memory_budget),
        cmocka_unit_test(test_stall_budget),
        cmocka_unit_test(test_a_crowd_is_no_stall),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_series_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
