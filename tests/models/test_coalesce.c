/* Who sends, who waits for whose answer, and what is shared. Exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define S(steps) "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [" steps "]}}"
#define WEB(policy, arrivals)                                                                      \
    "}, 'clients': {'web': {'at': 's', " policy ", 'arrivals': {'csv': '" arrivals "'}}}"
#define FAILS "{'work': '100ms'}, {'fail': '100%'}"

static const struct {
    const char *name, *model, *story, *outcomes, *tries;
    uint64_t shared;
} cases[] = {
    {"one is sent for all", S("{'work': '100ms'}") WEB("'coalesce': {}", "0 10ms 99ms"),
     "100 answer web>s.op", "ok 3", "ok 1", 2},
    {"the next flight is another", S("{'work': '100ms'}") WEB("'coalesce': {}", "0 10ms 100ms"),
     "100 answer web>s.op, 200 answer web>s.op", "ok 3", "ok 2", 1},
    {"a failure is shared", S(FAILS) WEB("'coalesce': {}", "0 10ms"), "100 answer web>s.op",
     "server_error 2", "server_error 1", 1},
    {"or the first that waits tries for the rest",
     S(FAILS) WEB("'coalesce': {'share_errors': false}", "0 10ms 20ms"),
     "100 answer web>s.op, 200 answer web>s.op, 300 answer web>s.op", "server_error 3",
     "server_error 3", 2},
    {"who waits, waits so long and no longer",
     S("{'work': '100ms'}") WEB("'coalesce': {'waiter_timeout': '50ms'}", "0 10ms 60ms"),
     "60 timer web>s.op, 100 answer web>s.op", "ok 2 timeout 1", "ok 1", 2},
    {"the deadline of who waits is its own",
     S("{'work': '100ms'}") WEB("'coalesce': {}, 'deadline': '95ms'", "0 10ms 20ms"),
     "95 timer web>s.op, 100 answer web>s.op, 105 timer web>s.op, 115 timer web>s.op, "
     "195 answer web>s.op, 205 answer web>s.op",
     "deadline_exceeded 3", "deadline_exceeded 3", 2},
    {"each user for himself", S("{'work': '100ms'}") WEB("'coalesce': 'user'", "0 10ms"),
     "100 answer web>s.op, 110 answer web>s.op", "ok 2", "ok 2", 0},
    {"one key is one key",
     S("{'work': '100ms'}")
         WEB("'coalesce': {'keys': {'uniform': {'low': 7, 'high': 7}}}", "0 10ms"),
     "100 answer web>s.op", "ok 2", "ok 1", 1},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(bench) b = bench_of(cases[i].model, "");
        check_text(bench_play(&b, "answer timer"), cases[i].story, "%s", cases[i].name);
        check_text(bench_outcomes(&b, "web.op"), cases[i].outcomes, "%s", cases[i].name);
        check_text(bench_tries(&b, "web>s.op"), cases[i].tries, "%s", cases[i].name);
        check_that(bench_counter(&b, "web>s.op", "coalesce", "shared") == cases[i].shared, "%s",
                   cases[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", cases[i].name);
    }
}

#define LINE                                                                                       \
    S("{'work': '100ms'}")                                                                         \
    ", 'm': {'workers': 'unlimited', 'cancellation': 'immediate', 'calls': {'s': {'coalesce': "    \
    "{}}}, 'operations': {'op': ['s.op']}}}, 'clients': {'a': {'at': 'm', 'timeout': '30ms', "     \
    "'arrivals': {'csv': '0'}}, 'b': {'at': 'm', 'timeout': '35ms', 'arrivals': {'csv': "          \
    "'10ms'}}, 'c': {'at': 'm', 'arrivals': {'csv': '20ms'}}, 'd': {'at': 'm', 'arrivals': "       \
    "{'csv': '25ms'}}}"

/* a leaves at 30: b sends anew. b leaves at 45: c sends anew, d waits for it. */
static void test_hand_over(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(LINE, "");
    check_text(bench_play(&b, "answer cancel"),
               "30 cancel m, 45 cancel m, 100 answer m>s.op, 130 answer m>s.op, "
               "145 answer m>s.op, 145 answer c>m.op, 145 answer d>m.op",
               "the line moves up");
    check_text(bench_calls(&b, "m>s.op"), "ok 2 cancelled 2", "two left");
    check_that(bench_counter(&b, "m>s.op", "coalesce", "taken_over") == 2, "twice");
    check_that(bench_counter(&b, "m>s.op", "coalesce", "flights") == 3, "three flights");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

/* The caller crashes: flights and waiters are forgotten, and the next call is a new flight. */
static void test_a_crashed_caller_starts_afresh(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        S("{'work': '500ms'}") ", 'm': {'workers': 'unlimited', 'calls': {'s': {'coalesce': "
                               "{}}}, 'operations': {'op': ['s.op']}}}, 'clients': {'web': "
                               "{'at': 'm', 'arrivals': {'csv': '0 1ms 2ms 60ms 61ms'}}}",
        "'faults': {'boom': {'fault': 'crash', 'target': 'services.m', 'at': '50ms', "
        "'for': '5ms'}}");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 2 reset 3", "a new flight");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

/* Every instance has its own flight, and calls by different keys are different flights. */
static void test_one_flight_for_each_key_and_instance(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        S("{'work': '100ms'}") ", 'm': {'instances': 3, 'workers': 'unlimited', 'calls': {'s': "
                               "{'coalesce': {}}}, 'operations': {'op': ['s.op']}}}, 'clients': "
                               "{'web': {'at': 'm', 'arrivals': {'csv': '0 0 0 1ms 1ms 1ms'}}}",
        "");
    bench_play(&b, "");
    check_text(bench_tries(&b, "m>s.op"), "ok 3", "three instances");
    check_text(bench_outcomes(&b, "web.op"), "ok 6", "all have the answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_hand_over),
        cmocka_unit_test(test_a_crashed_caller_starts_afresh),
        cmocka_unit_test(test_one_flight_for_each_key_and_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
