/* How a run ends: its duration, drained, or a budget; and what its windows hold. */
#include "models/flow/engine.h"
#include "tests/models/everything.h"

#include <glib.h>

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
        uint64_t digest = gd_run_get_digest(b.run);
        gd_run_reset(b.run, 1);
        bench_play(&b, "");
        check_that(b.record->end == ends[i].end && b.record->ended_at == ends[i].at &&
                       b.record->digest == digest,
                   "%s: again after a reset", ends[i].name);
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

/* ---- windows --------------------------------------------------------------------------------- */
/* [start, end): what happens at a border belongs to the window that begins. */
static void test_windows(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of("'services': {'s': {'workers': 1, 'operations': {'op': [{'work': "
                               "'10ms'}]}}}, 'clients': {'web': "
                               "{'at': 's', 'arrivals': {'csv': '1s 1999ms 2s 2s 4s'}}}",
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
    check_that(v->max[1] == 29 * GD_MS, "%ld", (long)v->max[1]);
    check_that(v->max[2] == 10 * GD_MS, "of this window alone: %ld", (long)v->max[2]);
    check_that(s->busy_area[0] == (uint64_t)(11 * GD_MS), "%lu", (unsigned long)s->busy_area[0]);
    check_that(s->busy_area[1] == (uint64_t)(29 * GD_MS), "%lu", (unsigned long)s->busy_area[1]);
    check_that(s->queue_max[0] == 0 && s->queue_max[1] == 2, "queues");
    check_that(b.record->windows == 3, "closed: %u", b.record->windows);
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
