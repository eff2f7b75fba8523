/* What must hold of every model, on random small ones: conservation, Little's law to the ns,
 * utilisation, pools that are empty in the end; the same run however it is cut up, copied, moved to
 * another thread or begun again; and what a change of the model must not change. */
#include "models/flow/engine.h"
#include "models/run.h"
#include "tests/check.h"
#include "tests/naive/naive.h"
#include "tests/random/model.h"

#include <inttypes.h>
#include <string.h>

#define MOST_EVENTS 200000u

/* ---- one model, one run ------------------------------------------------------------------------
 */
typedef struct {
    gd_random *documents;
    gd_arena *arena;
    gd_plan *plan; /* NULL: refused, or no small model */
    gd_run *run;
    const gd_record *record;
} played;

static void play_clear(played *p)
{
    gd_run_free(p->run);
    gd_arena_free(p->arena);
    gd_random_free(p->documents);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(played, play_clear)

static const gd_record *to_end(gd_run *run)
{
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    return gd_run_finish(run);
}

static played play(uint64_t seed, unsigned traits)
{
    played p = {.documents = gd_random_model(seed, traits), .arena = gd_arena_new()};
    g_autofree char *problems = NULL;
    p.plan = gd_random_compile(p.documents, p.arena, &problems);
    if (!p.plan)
        return p;
    p.plan->event_budget = MOST_EVENTS;
    p.run = gd_run_new(p.plan, seed);
    p.record = to_end(p.run);
    if (p.record->end != GD_END_DURATION && p.record->end != GD_END_DRAINED)
        p.plan = NULL;
    return p;
}

/* ---- conservation ------------------------------------------------------------------------------
 */
static uint64_t sum_of(const uint64_t outcomes[GD_OUTCOMES])
{
    uint64_t sum = 0;
    for (unsigned o = 0; o < GD_OUTCOMES; o++)
        sum += outcomes[o];
    return sum;
}

static void check_views(const gd_record *r, uint64_t seed)
{
    for (uint32_t i = 0; i < r->plan->n_views; i++) {
        const gd_view_record *view = &r->views[i];
        uint64_t requests = 0, ended = 0, good = 0, useful = 0, unfinished = 0;
        for (unsigned p = 0; p < GD_PHASES; p++) {
            requests += view->requests[p];
            ended += sum_of(view->outcomes[p]);
            unfinished += view->outcomes[p][GD_UNFINISHED];
            good += view->good[p].count;
            useful += view->useful[p];
        }
        check_that(requests == ended, "seed %" PRIu64 " %s: %" PRIu64 " asked, %" PRIu64 " ended",
                   seed, r->plan->views[i].name, requests, ended);
        check_that(useful <= good && good <= requests, "seed %" PRIu64, seed);
        check_that(view->users_hurt <= view->users || r->plan->warmup, "seed %" PRIu64, seed);
        check_that(r->end != GD_END_DRAINED || unfinished == 0, "seed %" PRIu64, seed);
    }
}

static void check_edges(const gd_record *r, uint64_t seed)
{
    bool drained = r->end == GD_END_DRAINED;
    for (uint32_t i = 0; i < r->plan->n_edges && r->plan->warmup == 0; i++) {
        const gd_edge_record *edge = &r->edges[i];
        uint64_t ended = sum_of(edge->outcomes), tried = sum_of(edge->tries);
        const char *name = r->plan->edges[i].name;
        check_that(ended <= edge->calls && tried <= edge->attempts,
                   "seed %" PRIu64 " %s: %" PRIu64 " of %" PRIu64 " calls, %" PRIu64 " of %" PRIu64
                   " attempts ended",
                   seed, name, ended, edge->calls, tried, edge->attempts);
        check_that(!drained || (ended == edge->calls && tried == edge->attempts),
                   "seed %" PRIu64 " %s drained: %" PRIu64 " of %" PRIu64 " calls, %" PRIu64
                   " of %" PRIu64 " attempts ended",
                   seed, name, ended, edge->calls, tried, edge->attempts);
    }
}

static void check_services(const gd_record *r, uint64_t seed)
{
    for (uint32_t i = 0; i < r->plan->n_services; i++) {
        const gd_plan_service *plan = &r->plan->services[i];
        const gd_service_record *s = &r->services[i];
        uint64_t cancelled = s->outcomes[GD_CANCELLED];
        check_that(plan->workers == UINT32_MAX || s->busy_area <= s->worker_area,
                   "seed %" PRIu64 " %s: more work than workers", seed, plan->name);
        check_that(s->wasted <= s->work, "seed %" PRIu64 " %s", seed, plan->name);
        if (r->plan->warmup || r->end != GD_END_DRAINED)
            continue;
        uint64_t left = s->completed + s->rejected + s->crashed + cancelled;
        check_that(s->arrivals == left, "seed %" PRIu64 " %s: %" PRIu64 " came, %" PRIu64 " left",
                   seed, plan->name, s->arrivals, left);
        if (s->crashed || cancelled)
            continue; /* how long these stayed is not in the histograms */
        check_that(s->system_area == s->sojourn.sum, "seed %" PRIu64 " %s: L is not lambda W", seed,
                   plan->name);
        bool plain = !plan->async && plan->discipline != GD_PS && !plan->preempt;
        check_that(!plain || s->queue_area == s->wait.sum, "seed %" PRIu64 " %s: queue", seed,
                   plan->name);
        check_that(!plain || s->busy_area == s->service.sum, "seed %" PRIu64 " %s: workers", seed,
                   plan->name);
    }
}

static void test_conservation(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        unsigned more = seed % 2 ? GD_RANDOM_MORE : 0;
        g_auto(played) p = play(seed, more | (seed % 3 ? 0 : GD_RANDOM_DRAINS));
        if (!p.plan)
            continue;
        check_views(p.record, seed);
        check_edges(p.record, seed);
        check_services(p.record, seed);
    }
}

/* Clients that stop, faults that end, crashes that are told: all drains, nothing is left over. */
static void test_all_drains(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        g_auto(played) p = play(seed, GD_RANDOM_DRAINS | (seed % 2 ? GD_RANDOM_MORE : 0));
        if (!p.plan)
            continue;
        check_that(p.record->end == GD_END_DRAINED, "seed %" PRIu64 " has not drained", seed);
        check_that(gd_run_count_in_flight(p.run) == 0, "seed %" PRIu64 " leaks", seed);
        for (uint32_t i = 0; i < p.plan->n_connection_states; i++) {
            const gd_conn_pool *pool = &GD_SEG(p.run, GD_SEG_CONN_POOLS, gd_conn_pool)[i];
            check_that(pool->waiting == 0 && pool->size == pool->idle + pool->opening,
                       "seed %" PRIu64 ": a connection has not come back", seed);
        }
    }
}

/* ---- the same run, however it is run -----------------------------------------------------------
 */
/* The naive result holds a record to account in every number. */
static void check_same(const nv_result *naive, gd_run *run, const char *how, uint64_t seed)
{
    g_autofree char *what = nv_compare(naive, to_end(run));
    check_that(what == NULL, "seed %" PRIu64 ", %s: %s", seed, how, what);
}

static void *run_elsewhere(void *run)
{
    to_end(run);
    return NULL;
}

/* Stopped at a random event, copied, and both go on: one here, one on another thread. */
static void check_stop(const played *p, const nv_result *naive, uint64_t stop, uint64_t seed)
{
    g_autoptr(gd_run) run = gd_run_new(p->plan, seed);
    gd_run_until(run, GD_NEVER, stop);
    gd_time at = gd_run_get_now(run);
    g_autoptr(gd_run) copy = gd_run_branch(run), second = gd_run_branch(copy);
    check_that(gd_run_get_digest(copy) == gd_run_get_digest(run), "seed %" PRIu64, seed);
    GThread *thread = g_thread_new("elsewhere", run_elsewhere, copy);
    check_same(naive, run, "stopped", seed);
    g_thread_join(thread);
    check_same(naive, copy, "copied, on a thread", seed);
    /* Small steps, of time and of events: time never goes back. */
    for (uint64_t n = 1; gd_run_until(second, at + (gd_time)(n * n) * GD_MS, n % 7 + 1); n++) {
        check_that(gd_run_get_now(second) >= at, "seed %" PRIu64, seed);
        if (n == 2000)
            break;
    }
    check_same(naive, second, "in steps", seed);
}

static void test_stops(void **state)
{
    (void)state;
    unsigned stops = 0;
    for (uint64_t seed = 1; stops < 1000; seed++) {
        g_auto(played) p = play(seed, 0);
        if (!p.plan)
            continue;
        g_autoptr(nv_result) naive = nv_run(p.plan, seed, false);
        for (unsigned i = 0; i < 4; i++, stops++)
            check_stop(&p, naive, gd_below(gd_mix_n(seed, i), p.record->events + 1), seed);
    }
}

/* With policies that the naive simulator does not know the digest tells. */
static void test_stops_of_more(void **state)
{
    (void)state;
    unsigned left_out = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        g_auto(played) p = play(seed, GD_RANDOM_MORE);
        left_out += !p.plan;
        if (!p.plan)
            continue;
        uint64_t digest = gd_run_get_digest(p.run);
        gd_run_reset(p.run, seed);
        gd_run_until(p.run, GD_NEVER, gd_below(gd_mix_n(seed, 0), p.record->events + 1));
        g_autoptr(gd_run) copy = gd_run_branch(p.run);
        to_end(p.run);
        to_end(copy);
        check_that(gd_run_get_digest(p.run) == digest, "seed %" PRIu64 " stopped", seed);
        check_that(gd_run_get_digest(copy) == digest, "seed %" PRIu64 " copied", seed);
    }
    check_that(left_out <= 10, "%u of 500 models were refused", left_out);
}

static void test_reset(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        g_auto(played) p = play(seed, 0);
        if (!p.plan)
            continue;
        g_autoptr(nv_result) naive = nv_run(p.plan, seed, false);
        gd_run_reset(p.run, seed + 1);
        uint64_t half = gd_run_until(p.run, GD_NEVER, 500) ? 500 : 0;
        gd_run_reset(p.run, seed);
        check_same(naive, p.run, half ? "after half of another" : "after another", seed);
    }
}

/* ---- what a change must not change -------------------------------------------------------------
 */
static void say_counts(GString *text, const uint64_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, " %" PRIu64, counts[i]);
}

static void say_hist(GString *text, const gd_hist *hist, unsigned stretch)
{
    g_string_append_printf(text, " [%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "]", hist->count,
                           (uint64_t)(hist->sum / stretch), hist->count ? hist->low / stretch : 0,
                           hist->count ? gd_hist_max(hist) / stretch : 0);
}

static void say_area(GString *text, gd_u128 area, unsigned stretch)
{
    g_string_append_printf(text, " %" PRIu64, (uint64_t)(area / stretch));
}

/* Every number of a record by name, times divided by `stretch`; service "aa" left out. */
static char *say_record(const gd_record *r, unsigned stretch)
{
    const gd_plan *plan = r->plan;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%d %" PRId64, (int)r->end, r->ended_at / stretch);
    for (uint32_t i = 0; i < plan->n_views; i++) {
        const gd_view_record *v = &r->views[i];
        g_string_append_printf(text, "\n%s %" PRIu64 " %" PRIu64 " %" PRIu64, plan->views[i].name,
                               v->attempts, v->users, v->users_hurt);
        say_counts(text, v->requests, GD_PHASES);
        say_counts(text, v->outcomes[0], (size_t)GD_PHASES * GD_OUTCOMES);
        say_counts(text, v->useful, GD_PHASES);
        for (unsigned p = 0; p < GD_PHASES; p++)
            say_hist(text, &v->all[p], stretch);
    }
    for (uint32_t i = 0; i < plan->n_services; i++) {
        const gd_service_record *s = &r->services[i];
        if (g_str_equal(plan->services[i].name, "aa"))
            continue;
        g_string_append_printf(text, "\n%s", plan->services[i].name);
        say_counts(text, s->outcomes, GD_OUTCOMES);
        say_counts(text, (uint64_t[]){s->arrivals, s->completed, s->rejected, s->crashed}, 4);
        say_counts(text, &s->queue_max, 1);
        say_hist(text, &s->wait, stretch);
        say_hist(text, &s->service, stretch);
        say_hist(text, &s->sojourn, stretch);
        say_area(text, s->busy_area, stretch);
        say_area(text, s->queue_area, stretch);
        say_area(text, s->work, stretch);
        say_area(text, s->wasted, stretch);
    }
    for (uint32_t i = 0; i < plan->n_edges; i++) {
        const gd_edge_record *e = &r->edges[i];
        g_string_append_printf(text, "\n%s %" PRIu64 " %" PRIu64 " %" PRIu64, plan->edges[i].name,
                               e->calls, e->attempts, e->late);
        say_counts(text, e->outcomes, GD_OUTCOMES);
        say_counts(text, e->tries, GD_OUTCOMES);
        say_hist(text, &e->latency, stretch);
        say_area(text, e->breaker_open_area, stretch);
    }
    return g_string_free(text, FALSE);
}

static void check_lines(const char *got, const char *wanted, uint64_t seed)
{
    g_auto(GStrv) a = g_strsplit(got, "\n", -1), b = g_strsplit(wanted, "\n", -1);
    for (unsigned i = 0; a[i] && b[i]; i++)
        check_text(a[i], b[i], "seed %" PRIu64, seed);
    check_that(g_strv_length(a) == g_strv_length(b), "seed %" PRIu64, seed);
}

/* A service that nobody calls moves the others in every table, and no event. */
static void test_lonely_service(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        g_auto(played) p = play(seed, 0), with = play(seed, GD_RANDOM_LONELY);
        if (!p.plan || !with.plan || strstr(p.documents->scenario, "zones."))
            continue;
        check_that(with.plan->n_services == p.plan->n_services + 1, "seed %" PRIu64, seed);
        g_autofree char *one = say_record(p.record, 1), *two = say_record(with.record, 1);
        check_that(p.record->digest == with.record->digest, "seed %" PRIu64, seed);
        check_lines(two, one, seed);
    }
}

/* Of constants and whole factors all times double to the ns, and no count moves. */
static void test_doubled_times(void **state)
{
    (void)state;
    unsigned tested = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        g_auto(played) p = play(seed, GD_RANDOM_EXACT);
        g_auto(played) twice = play(seed, GD_RANDOM_EXACT | GD_RANDOM_TWICE);
        if (!p.plan || !twice.plan)
            continue;
        g_autofree char *one = say_record(p.record, 1), *two = say_record(twice.record, 2);
        check_lines(two, one, seed);
        tested++;
    }
    check_that(tested > 900, "only %u of 1000 models could be doubled", tested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conservation),  cmocka_unit_test(test_all_drains),
        cmocka_unit_test(test_stops),         cmocka_unit_test(test_stops_of_more),
        cmocka_unit_test(test_reset),         cmocka_unit_test(test_lonely_service),
        cmocka_unit_test(test_doubled_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
