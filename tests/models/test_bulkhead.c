/* Places, those who wait for one, and who gets it. Exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define S(time) "'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '" time "'}]}}"
/* One client: all its calls share one bulkhead. */
#define WEB(policy, instants)                                                                      \
    "'services': {" S("100ms") "}, 'clients': {'web': {'at': 's', " policy                         \
                               ", 'arrivals': {'csv': '" instants "'}}}"

static const struct {
    const char *name, *model, *story, *outcomes;
    uint64_t refused;
} cases[] = {
    {"so many at once, no more", WEB("'bulkhead': 2", "0 10ms 20ms 99ms 100ms"),
     "100 answer web>s.op, 110 answer web>s.op, 200 answer web>s.op", "ok 3 bulkhead_full 2", 2},
    {"a place freed now is usable now", WEB("'bulkhead': 1", "0 100ms 200ms"),
     "100 answer web>s.op, 200 answer web>s.op, 300 answer web>s.op", "ok 3", 0},
    {"who waits long enough is served in turn",
     WEB("'bulkhead': {'max': 1, 'max_wait': '1s'}", "0 10ms 20ms"),
     "100 answer web>s.op, 200 answer web>s.op, 300 answer web>s.op", "ok 3", 0},
    {"who does not is refused, and the next moves up",
     WEB("'bulkhead': {'max': 1, 'max_wait': '150ms'}", "0 10ms 20ms 180ms"),
     "100 answer web>s.op, 170 timer web>s.op, 200 answer web>s.op, 300 answer web>s.op",
     "ok 3 bulkhead_full 1", 1},
    {"a place that is freed as the wait ends is taken",
     WEB("'bulkhead': {'max': 1, 'max_wait': '90ms'}", "0 10ms"),
     "100 answer web>s.op, 200 answer web>s.op", "ok 2", 0},
    {"a nanosecond earlier the wait is over",
     WEB("'bulkhead': {'max': 1, 'max_wait': '90ms'}", "0 9999999ns"),
     "99.999999 timer web>s.op, 100 answer web>s.op", "ok 1 bulkhead_full 1", 1},
    {"a try's clock starts when it has its place",
     WEB("'bulkhead': {'max': 1, 'max_wait': '1s'}, 'timeout': '120ms'", "0 10ms 20ms"),
     "100 answer web>s.op, 200 answer web>s.op, 300 answer web>s.op", "ok 3", 0},
    {"a timeout gives the place back, though the callee goes on",
     WEB("'bulkhead': 1, 'timeout': '60ms'", "0 59ms 60ms"),
     "60 timer web>s.op, 100 answer web>s.op, 120 timer web>s.op, 160 answer web>s.op",
     "timeout 2 bulkhead_full 1", 1},
    {"a deadline ends the wait too",
     WEB("'bulkhead': {'max': 1, 'max_wait': '1s'}, 'deadline': '150ms'", "0 10ms 60ms"),
     "100 answer web>s.op, 160 timer web>s.op, 200 answer web>s.op, 210 timer web>s.op, "
     "260 answer web>s.op",
     "ok 1 deadline_exceeded 2", 0},
    {"its place goes to the one behind",
     WEB("'bulkhead': {'max': 1, 'max_wait': '1s'}, 'deadline': '95ms'", "0 1ms 90ms"),
     "95 timer web>s.op, 96 timer web>s.op, 100 answer web>s.op, 185 timer web>s.op, "
     "195 answer web>s.op, 196 answer web>s.op",
     "deadline_exceeded 3", 0},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(bench) b = bench_of(cases[i].model, "");
        check_text(bench_play(&b, "answer timer"), cases[i].story, "%s", cases[i].name);
        check_text(bench_outcomes(&b, "web.op"), cases[i].outcomes, "%s", cases[i].name);
        check_that(bench_counter(&b, "web>s.op", "bulkhead", "refused") == cases[i].refused, "%s",
                   cases[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", cases[i].name);
    }
}

/* First come, first served: callers ask one after the other, each through an operation of its own
 * at one caller instance, whose calls of s.op are one edge but not one site. */
static void test_each_site_has_its_own(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" S(
                     "100ms") ", 'm': {'workers': 'unlimited', 'calls': {'s': {'bulkhead': 1}}, "
                              "'operations': {'a': ['s.op'], 'b': ['s.op']}}}, 'clients': {'x': "
                              "{'at': 'm', 'mix': 'a', "
                              "'arrivals': {'csv': '0 1ms'}}, 'y': {'at': 'm', 'mix': 'b', "
                              "'arrivals': {'csv': '2ms'}}}",
                 "");
    bench_play(&b, "");
    check_text(bench_calls(&b, "m>s.op"), "ok 2 bulkhead_full 1", "one each");
    check_text(bench_outcomes(&b, "y.b"), "ok 1", "b has a place of its own");
}

static void test_each_caller_instance_has_its_own(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {" S("100ms") ", 'm': {'instances': 3, 'workers': 'unlimited', 'calls': {'s': "
                                   "{'bulkhead': 1}}, 'operations': {'op': ['s.op']}}}, 'clients': "
                                   "{'x': {'at': 'm', "
                                   "'arrivals': {'csv': '0 0 0 1ms 1ms'}}}",
        "");
    bench_play(&b, "");
    check_text(bench_calls(&b, "m>s.op"), "ok 3 bulkhead_full 2", "three places, in turn");
}

/* A parked caller is served in order of arrival, whatever slots its calls have: names tell. */
static void test_parking_order(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" S("100ms") ", 'm': {'workers': 'unlimited', 'calls': {'s': "
                                            "{'bulkhead': {'max': 1, 'max_wait': '10s'}}},"
                                            "'operations': {'op': ['s.op']}}}, 'clients': {"
                                            "'c1': {'at': 'm', 'arrivals': {'csv': '0 310ms'}}, "
                                            "'c2': {'at': 'm', 'arrivals': {'csv': "
                                            "'30ms'}}, 'c3': {'at': 'm', 'arrivals': {'csv': "
                                            "'20ms'}}, 'c4': {'at': 'm', 'arrivals': "
                                            "{'csv': '10ms 320ms'}}}",
                 "");
    check_text(bench_play(&b, "answer"),
               "100 answer m>s.op, 100 answer c1>m.op, 200 answer m>s.op, 200 answer c4>m.op, "
               "300 answer m>s.op, 300 answer c3>m.op, 400 answer m>s.op, 400 answer c2>m.op, "
               "500 answer m>s.op, 500 answer c1>m.op, 600 answer m>s.op, 600 answer c4>m.op",
               "first come, first served");
}

#define LINE                                                                                       \
    "'services': {" S("100ms") ", 'm': {'workers': 'unlimited', 'cancellation': 'immediate', "     \
                               "'calls': {'s': {'bulkhead': {'max': 1, 'max_wait': '10s'}}}, "     \
                               "'operations': {'op': ["                                            \
                               "'s.op']}}}, 'clients': {'h': {'at': 'm', 'arrivals': {'csv': "     \
                               "'0'}}, 'a': {'at': 'm', "                                          \
                               "'arrivals': {'csv': '10ms'}}, 'b': {'at': 'm', 'timeout': "        \
                               "'15ms', 'arrivals': {'csv': "                                      \
                               "'20ms'}}, 'd': {'at': 'm', 'timeout': '15ms', 'arrivals': "        \
                               "{'csv': '30ms'}}, 'e': {'at': "                                    \
                               "'m', 'arrivals': {'csv': '46ms'}}, 'f': {'at': 'm', 'arrivals': "  \
                               "{'csv': '150ms'}}}"

/* Who is cancelled while it waits leaves the line, in its middle or at its end; the rest stay in
 * order. b and d give up at 35 and 45 ms. */
static void test_leaving_the_line(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(LINE, "");
    check_text(bench_play(&b, "answer cancel"),
               "35 cancel m, 45 cancel m, 100 answer m>s.op, 100 answer h>m.op, 200 answer m>s.op, "
               "200 answer a>m.op, 300 answer m>s.op, 300 answer e>m.op, 400 answer m>s.op, "
               "400 answer f>m.op",
               "nobody is lost");
    check_text(bench_calls(&b, "m>s.op"), "ok 4 cancelled 2", "two gave up");
    check_that(gd_run_count_in_flight(b.run) == 0, "%u", gd_run_count_in_flight(b.run));
}

/* Between two tries a call holds no place. */
static void test_a_retry_asks_again(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '10ms'}, "
        "{'fail': "
        "'100%'}], 'good': [{'work': '10ms'}]}}}, 'clients': {'web': {'at': 's', 'mix': 'op', "
        "'retry': "
        "{'max_attempts': 2, 'backoff': {'constant': '20ms'}}, 'bulkhead': 1, 'arrivals': {'csv': "
        "'0 15ms'}}}",
        "");
    /* The first fails at 10 and comes again at 30; the second begins at 15, fails at 25 and comes
     * again at 45: they never meet. */
    check_text(bench_play(&b, "answer"),
               "10 answer web>s.op, 25 answer web>s.op, 40 answer web>s.op, 55 answer web>s.op",
               "taking turns");
    check_text(bench_outcomes(&b, "web.op"), "server_error 2", "none is refused");
}

/* When the caller crashes its places and its waiting calls are forgotten. */
static void test_a_crashed_caller_starts_afresh(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" S("500ms") ", 'm': {'workers': 'unlimited', 'calls': {'s': "
                                            "{'bulkhead': {'max': 1, 'max_wait': '10s'}}},"
                                            "'operations': {'op': ['s.op']}}}, 'clients': {'web': "
                                            "{'at': 'm', 'arrivals': {'csv': "
                                            "'0 1ms 2ms 60ms'}}}",
                 "'faults': {'boom': {'fault': 'crash', 'target': 'services.m', 'at': '50ms', "
                 "'for': '5ms'}}");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 1 reset 3", "the last finds a free place");
    check_that(gd_hist_max(&bench_view(&b, "web.op")->good[GD_AFTER]) == 500 * GD_MS, "at once");
    check_that(gd_run_count_in_flight(b.run) == 0, "nothing is lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_each_site_has_its_own),
        cmocka_unit_test(test_each_caller_instance_has_its_own),
        cmocka_unit_test(test_parking_order),
        cmocka_unit_test(test_leaving_the_line),
        cmocka_unit_test(test_a_retry_asks_again),
        cmocka_unit_test(test_a_crashed_caller_starts_afresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
