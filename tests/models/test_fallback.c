/* What stands in for a failed call, by kind; and meshes, whose tries multiply. Exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

/* s answers in 10 ms until it is down, from 100 to 400 ms. */
#define MODEL(then, arrivals)                                                                      \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '10ms'}]}}, 'm': "  \
    "{'workers': 'unlimited', 'calls': {'s': {'then': " then "}}, 'operations': {'op': "           \
    "['s.op']}}}, 'clients': {'web': {'at': 'm', 'arrivals': {'csv': '" arrivals "'}}}"
#define DOWN                                                                                       \
    "'faults': {'down': {'fault': 'crash', 'target': 'services.s', 'at': '100ms', 'for': "         \
    "'300ms'}}"

static const struct {
    const char *name, *model, *outcomes;
    const char *group, *counter;
    uint64_t counted;
} cases[] = {
    {"a fixed answer", MODEL("'default_value'", "0 150ms"), "ok 1 degraded 1", "default_value",
     "used", 1},
    {"a fixed answer that is wrong for everybody, and nobody sees it",
     MODEL("{'default_value': {'wrong': '100%'}}", "0 150ms"), "ok 2", "default_value", "wrong", 1},
    {"the last good answer", MODEL("'stale_cache'", "0 150ms"), "ok 1 degraded 1", "stale_cache",
     "used", 1},
    {"too old", MODEL("{'stale_cache': '100ms'}", "0 150ms"), "ok 1 unavailable 1", "stale_cache",
     "cold", 1},
    {"just not too old", MODEL("{'stale_cache': '140ms'}", "0 150ms"), "ok 1 degraded 1",
     "stale_cache", "used", 1},
    {"a cold cache", MODEL("'stale_cache'", "150ms"), "unavailable 1", "stale_cache", "cold", 1},
    {"nobody asked for that key",
     MODEL("{'stale_cache': {'keys': {'uniform': {'low': 0, 'high': 1000000}}}}", "0 150ms"),
     "ok 1 unavailable 1", "stale_cache", "cold", 1},
    {"a page without it", MODEL("'omit'", "0 150ms"), "ok 1 degraded 1", "omit", "used", 1},
    {"as if nothing were", MODEL("'fail_silent'", "0 150ms"), "ok 2", "fail_silent", "used", 1},
    {"permitted", MODEL("'fail_open'", "0 150ms"), "ok 2", "fail_open", "used", 1},
    {"denied", MODEL("'fail_closed'", "0 150ms"), "ok 1 server_error 1", "fail_closed", "used", 1},
    {"done later", MODEL("{'queue_for_later': {'every': '100ms'}}", "0 150ms"), "ok 1 degraded 1",
     "queue_for_later", "used", 1},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(bench) b = bench_of(cases[i].model, DOWN);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), cases[i].outcomes, "%s", cases[i].name);
        check_that(bench_counter(&b, "m>s.op", cases[i].group, cases[i].counter) ==
                       cases[i].counted,
                   "%s", cases[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", cases[i].name);
    }
}

/* Fails at 150, is tried at 250 and 350 in vain, at 450 with success. */
static void test_later(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(MODEL("{'queue_for_later': {'every': '100ms'}}", "150ms"), DOWN);
    check_text(bench_play(&b, "answer"),
               "150 answer m>s.op, 150 answer web>m.op, 250 answer m>s.op, 350 answer m>s.op, "
               "460 answer m>s.op",
               "until it is done");
    check_text(bench_tries(&b, "m>s.op"), "ok 1 refused 3", "and then no more");
    g_auto(bench) end =
        bench_of(MODEL("{'queue_for_later': {'every': '100ms', 'keep': '150ms'}}", "150ms"), DOWN);
    bench_play(&end, "");
    check_text(bench_tries(&end, "m>s.op"), "refused 2", "not for ever");
    check_that(gd_run_count_in_flight(end.run) == 0, "none is lost");
}

/* A restarted caller has forgotten the last answer. */
static void test_lost_with_its_instance(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        MODEL("'stale_cache'", "0 250ms"),
        "'faults': {'down': {'fault': 'crash', 'target': 'services.s', 'at': '100ms', 'for': "
        "'300ms'}, 'also': {'fault': 'crash', 'target': 'services.m', 'at': '200ms', 'for': "
        "'10ms'}}");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 1 unavailable 1", "cold again");
}

#define MESH(mesh, retry)                                                                          \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '10ms'}, {'fail': " \
    "'100%'}]}}, 'm': {'workers': 'unlimited', 'mesh': " mesh ", 'calls': {'s': {" retry           \
    "}}, 'operations': {'op': ['s.op']}}}, 'clients': {'web': {'at': 'm', 'arrivals': {'csv': "    \
    "'0'}}}"

/* Two tries of the mesh for each of three of the application; a hop of 1 ms each way. */
static void test_mesh(void **unused)
{
    (void)unused;
    g_auto(bench) both = bench_of(MESH("{'hop': '1ms', 'retry': 2}", "'retry': 3"), "");
    bench_play(&both, "");
    check_text(bench_tries(&both, "m>s.op"), "server_error 6", "tries multiply");
    check_that(bench_latency_ms(&both, "web.op") == 66, "%f", bench_latency_ms(&both, "web.op"));
    check_that(bench_counter(&both, "m>s.op", "retry", "retries") == 2, "the application's");
    check_that(bench_counter(&both, "m>s.op", "mesh_retry", "retries") == 3, "the mesh's");
    g_auto(bench) on = bench_of(
        MESH("{'hop': '1ms', 'retry': 2, 'on': {'server_error': 'fail'}}", "'retry': 3"), "");
    bench_play(&on, "");
    check_text(bench_tries(&on, "m>s.op"), "server_error 3", "its own `on`");
    check_that(gd_run_count_in_flight(on.run) == 0, "none is lost");
    g_auto(bench) slow = bench_of(MESH("{'hop': '1ms', 'timeout': '5ms'}", "'timeout': '8ms'"), "");
    bench_play(&slow, "");
    check_that(bench_latency_ms(&slow, "web.op") == 7, "%f: the mesh's time-out, and the way back",
               bench_latency_ms(&slow, "web.op"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_lost_with_its_instance),
        cmocka_unit_test(test_mesh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
