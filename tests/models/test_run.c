/* The life of a run: stopped, copied, reset, on threads, always the same; no allocation once warm;
 * memory that does not grow with time. */
#include "models/flow/engine.h"
#include "tests/models/everything.h"

#include <glib.h>

/* ---- a malloc that counts -------------------------------------------------------------------- */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#if !defined(__has_feature)
#define COUNTS_ALLOCATIONS 1
#elif !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer)
#define COUNTS_ALLOCATIONS 1
#endif
#endif

#ifdef COUNTS_ALLOCATIONS
static unsigned long allocations;

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
        uint64_t areas[] = {(uint64_t)s->busy_area,
                            (uint64_t)s->queue_area,
                            (uint64_t)s->work,
                            (uint64_t)s->wasted,
                            s->arrivals,
                            s->queue_max};
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

/* ---- the same, however it is driven ---------------------------------------------------------- */
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
    g_autoptr(GString) text = g_string_new("{'gameday': 1, 'name': 'all', " TROUBLE
                                           ", 'model': {'gameday': 1, " EVERYTHING "}}");
    const gd_plan *plan = plan_from_json(arena, text->str);
    g_string_replace(text, "'services': {",
                     "'services': {'aside': {'instances': 3, 'workers': 1, 'operations': {'op': "
                     "[{'work': '7ms'}, 'db.get']}}, ",
                     1);
    const gd_plan *more = plan_from_json(arena, text->str);
    check_that(more->n_services == plan->n_services + 1, "it is there");
    g_autoptr(gd_run) a = gd_run_new(plan, 3), b = gd_run_new(more, 3);
    check_that(to_the_end(a) == to_the_end(b), "the same digest");
}

/* ---- memory ---------------------------------------------------------------------------------- */
#define STEADY(more)                                                                               \
    "{'gameday': 1, 'name': 'steady', " more ", 'model': {'gameday': 1, 'network': {'clients': "   \
    "'1ms'}, 'services': {'m': {'workers': 20, 'queue': 50, 'calls': {'s': {'timeout': '30ms', "   \
    "'retry': 3, 'breaker': {'min_calls': 50, 'open_for': '100ms'}}}, 'operations': {'op': "       \
    "[{'work': {'exponential': '2ms'}}, 's.op']}}, 's': {'workers': 4, 'queue': 20, "              \
    "'operations': "                                                                               \
    "{'op': [{'work': {'exponential': '8ms'}}]}}}, 'clients': {'web': {'at': 'm', 'users': {'n': " \
    "40, 'think': {'exponential': '50ms'}}}}}}"

static void test_no_allocation_once_warm(void **unused)
{
    (void)unused;
#ifdef COUNTS_ALLOCATIONS
    unsigned long before = allocations;
    g_free(g_malloc(1));
    check_that(allocations > before, "this malloc counts");
    g_autoptr(gd_arena) arena = gd_arena_new();
    gd_plan *plan = plan_from_json(arena, STEADY("'duration': '60s'"));
    plan->window = plan->horizon; /* the memory of a series doubles as it goes */
    plan->windows = 1;
    g_autoptr(gd_run) run = gd_run_new(plan, 5);
    to_the_end(run);
    gd_run_reset(run, 5); /* warm: its pools have seen the same run before */
    before = allocations;
    uint64_t bytes = run->memory.bytes;
    to_the_end(run);
    check_that(gd_run_get_events(run) > 100000, "%lu events",
               (unsigned long)gd_run_get_events(run));
    check_that(run->memory.bytes == bytes, "no pool grows");
    check_that(allocations == before, "%lu allocations", allocations - before);
#else
    skip();
#endif
}

/* Ten times as long, the same memory: what it takes is what is in flight, and its series. */
static void test_memory_is_flat(void **unused)
{
    (void)unused;
    uint64_t bytes[2]; /* pools never shrink: at the end stands the most that they had */
    static const char *const texts[] = {STEADY("'duration': '60s'"), STEADY("'duration': '600s'")};
    for (int i = 0; i < 2; i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(gd_run) run = gd_run_new(plan_from_json(arena, texts[i]), 1);
        to_the_end(run);
        bytes[i] = run->memory.bytes - run->segs[GD_SEG_SERIES].capacity -
                   run->segs[GD_SEG_HAPPENINGS].capacity;
        check_that(gd_run_get_events(run) > (i ? 1000000 : 100000), "%lu events",
                   (unsigned long)gd_run_get_events(run));
    }
    check_that(bytes[0] == bytes[1], "%lu and %lu bytes", (unsigned long)bytes[0],
               (unsigned long)bytes[1]);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
