/* Pools of connections: who waits, what a handshake costs, what a timeout and a crash spoil. Exact
 * instants: 1 ms each way, handshakes of one round trip and 3 ms at the callee. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define DB(work) "'db': {'workers': 'unlimited', 'operations': {'q': [{'work': '" work "'}]}}"
#define APP(pool, more)                                                                            \
    "'app': {'workers': 'unlimited', 'pools': {'db': {'connect_work': '3ms', "                     \
    "'max_lifetime': '0s'" pool "}}, " more "'operations': {'op': ['db.q']}}"
#define WEB(more, arrivals)                                                                        \
    "'clients': {'web': {'at': 'app', " more "'arrivals': {'csv': '" arrivals "'}}}"
#define MODEL(work, pool, more, arrivals)                                                          \
    "'network': {'same_zone': '1ms'}, 'services': {" DB(work) ", " APP(pool, more) "}, " WEB(      \
        "", arrivals)

static const struct {
    const char *name, *model, *calls;
    const char *answers; /* of app>db.q, and when */
    uint64_t waits, timeouts, opened;
} cases[] = {
    {"one connection is opened beforehand, and used twice",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1", "", "10ms 40ms"), "ok 2",
     "22 answer app>db.q, 52 answer app>db.q", 0, 0, 1},
    {"a call that comes too early waits for the handshake",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1", "", "0"), "ok 1", "17 answer app>db.q", 1, 0, 1},
    {"one at a time, in order", MODEL("10ms", ", 'round_trips': 1, 'max': 1", "", "10ms 11ms 12ms"),
     "ok 3", "22 answer app>db.q, 34 answer app>db.q, 46 answer app>db.q", 2, 0, 1},
    {"opened when they are needed, up to max",
     MODEL("10ms", ", 'round_trips': 1, 'max': 2, 'min_idle': 0", "", "10ms 11ms 12ms"), "ok 3",
     "27 answer app>db.q, 32 answer app>db.q, 39 answer app>db.q", 3, 0, 2},
    {"without a limit on handshakes at once",
     MODEL("10ms", ", 'round_trips': 1, 'max': 2, 'min_idle': 0, 'max_connecting': 0", "",
           "10ms 11ms"),
     "ok 2", "27 answer app>db.q, 28 answer app>db.q", 2, 0, 2},
    {"who waits too long is refused",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1, 'acquire_timeout': '5ms'", "", "10ms 11ms"),
     "ok 1 bulkhead_full 1", "22 answer app>db.q", 1, 1, 1},
    {"so many may wait and no more",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1, 'max_waiting': 1", "", "10ms 11ms 12ms"),
     "ok 2 bulkhead_full 1", "22 answer app>db.q, 34 answer app>db.q", 1, 0, 1},
    {"none may wait",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1, 'acquire_timeout': '0s'", "", "10ms 11ms"),
     "ok 1 bulkhead_full 1", "22 answer app>db.q", 0, 0, 1},
    {"three round trips take 4 ms more", MODEL("10ms", ", 'round_trips': 3, 'max': 1", "", "0"),
     "ok 1", "21 answer app>db.q", 1, 0, 1},
    {"a timeout spoils its connection: the next waits for another",
     MODEL("20ms", ", 'round_trips': 1, 'max': 1", "'calls': {'db': {'timeout': '5ms'}}, ",
           "10ms 16ms"),
     "timeout 2", "", 1, 0, 3},
    {"after half a second it is tested first",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1", "", "1s"), "ok 1", "1014 answer app>db.q", 0, 0,
     1},
    {"unless it is not",
     MODEL("10ms", ", 'round_trips': 1, 'max': 1, 'validation': '0s'", "", "1s"), "ok 1",
     "1012 answer app>db.q", 0, 0, 1},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *name = cases[i].name;
        g_auto(bench) b = bench_of(cases[i].model, "");
        bench_play(&b, "answer");
        g_autoptr(GString) answers = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(b.story->str, ", ", -1);
        for (size_t k = 0; lines[k]; k++)
            if (g_str_has_suffix(lines[k], "app>db.q") && cases[i].answers[0])
                g_string_append_printf(answers, "%s%s", answers->len ? ", " : "", lines[k]);
        check_text(answers->str, cases[i].answers, "%s", name);
        check_text(bench_calls(&b, "app>db.q"), cases[i].calls, "%s", name);
        check_that(bench_counter(&b, "app>db.q", "connections", "waits") == cases[i].waits,
                   "%s: waits", name);
        check_that(bench_counter(&b, "app>db.q", "connections", "acquire_timeouts") ==
                       cases[i].timeouts,
                   "%s: timeouts", name);
        check_that(bench_counter(&b, "app>db.connect", "connections", "opened") == cases[i].opened,
                   "%s: %u opened", name,
                   (unsigned)bench_counter(&b, "app>db.connect", "connections", "opened"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", name);
    }
}

/* The callee crashes: idle connections are closed at once, and opened again when it is back, after
 * back-offs of 250 and 375 ms. */
static void test_callee_crashes(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        MODEL("10ms", ", 'round_trips': 1, 'max': 3, 'max_connecting': 0", "", "900ms 910ms"),
        "'faults': {'boom': {'fault': 'crash', 'target': 'services.db', 'at': '100ms', 'for': "
        "'400ms'}}");
    bench_play(&b, "");
    check_text(bench_calls(&b, "app>db.q"), "ok 2", "it is back");
    check_that(bench_counter(&b, "app>db.connect", "connections", "opened") == 6, "all anew");
    check_that(bench_counter(&b, "app>db.connect", "connections", "closed_broken") == 3, "lost");
    check_that(bench_counter(&b, "app>db.connect", "connections", "failed") == 6, "two tries each");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

#define SILENT(pool, arrivals)                                                                     \
    "'network': {'same_zone': '1ms'}, 'services': {'db': {'workers': 'unlimited', 'crash': "       \
    "{'running': 'silent'}, 'operations': {'q': [{'work': '10ms'}]}}, " APP(pool, "") "}, " WEB(   \
        "", arrivals)
#define BOOM                                                                                       \
    "'faults': {'boom': {'fault': 'crash', 'target': 'services.db', 'at': '100ms', 'for': "        \
    "'100ms'}}"

/* A silent crash is noticed when the connection is used: by a test, or by a reset. */
static void test_silent_crash(void **unused)
{
    (void)unused;
    g_auto(bench) tested = bench_of(SILENT(", 'round_trips': 1, 'max': 1", "1s 1100ms"), BOOM);
    bench_play(&tested, "");
    check_text(bench_calls(&tested, "app>db.q"), "ok 2", "found out by the test");
    check_that(bench_counter(&tested, "app>db.connect", "connections", "opened") == 2, "anew");
    g_auto(bench) used =
        bench_of(SILENT(", 'round_trips': 1, 'max': 1, 'validation': '0s'", "1s 1100ms"), BOOM);
    bench_play(&used, "");
    check_text(bench_calls(&used, "app>db.q"), "ok 1 reset 1", "found out by use");
    check_that(bench_counter(&used, "app>db.q", "connections", "resets") == 1, "a reset");
    check_that(gd_run_count_in_flight(used.run) == 0, "none is lost");
}

/* The caller crashes: its pool is gone, and filled when it is back. */
static void test_caller_crashes(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        MODEL("50ms", ", 'round_trips': 1, 'max': 2", "", "90ms 91ms 92ms 300ms"),
        "'faults': {'boom': {'fault': 'crash', 'target': 'services.app', 'at': '100ms', 'for': "
        "'50ms'}}");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 1 reset 3", "three were lost");
    check_that(bench_counter(&b, "app>db.connect", "connections", "opened") == 4, "two and two");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

/* Two operations, two call sites, one pool. */
static void test_sites_share_a_pool(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'network': {'same_zone': '1ms'}, 'services': {" DB(
            "10ms") ", 'app': {'workers': 'unlimited', 'pools': {'db': {'max': 1, 'round_trips': "
                    "1, 'connect_work': '3ms'}}, 'operations': {'a': ['db.q'], 'b': ['db.q']}}}, "
                    "'clients': {'x': {'at': 'app', 'mix': 'a', 'arrivals': {'csv': '10ms'}}, 'y': "
                    "{'at': 'app', 'mix': 'b', 'arrivals': {'csv': '11ms'}}}",
        "");
    bench_play(&b, "");
    check_that(bench_counter(&b, "app>db.q", "connections", "waits") == 1, "b waits for a");
    check_that(bench_latency_ms(&b, "y.b") == 23, "%f ms", bench_latency_ms(&b, "y.b"));
}

/* Old age: drawn up to 2.5 % early, one by one. Idleness: looked at every 30 s. */
static void test_ends_of_connections(void **unused)
{
    (void)unused;
    g_auto(bench) old = bench_of(
        "'services': {" DB("1ms") ", 'app': {'workers': 1, 'pools': {'db': {'max': 4, "
                                  "'max_lifetime': '10m'}}, 'operations': {'op': ['db.q']}}}, "
                                  "'clients': {'web': {'at': 'app', 'arrivals': {'csv': '35m'}}}",
        "'duration': '38m'");
    bench_play(&old, "");
    check_that(bench_counter(&old, "app>db.connect", "connections", "closed_old") == 12,
               "three times four, of 585 to 600 s");
    g_auto(bench) idle = bench_of(
        "'services': {" DB("1ms") ", 'app': {'workers': 9, 'pools': {'db': {'max': 4, "
                                  "'min_idle': 1, 'max_connecting': 0, 'idle_timeout': '2m'}}, "
                                  "'operations': {'op': ['db.q']}}}, 'clients': {'web': {'at': "
                                  "'app', 'arrivals': {'csv': '1s 1s 1s 1s 39m'}}}",
        "'duration': '40m'");
    bench_play(&idle, "");
    uint64_t opened = bench_counter(&idle, "app>db.connect", "connections", "opened");
    uint64_t idled = bench_counter(&idle, "app>db.connect", "connections", "closed_idle");
    check_that(opened >= 4 && idled >= 3, "%u opened, %u closed", (unsigned)opened,
               (unsigned)idled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_callee_crashes),
        cmocka_unit_test(test_silent_crash),
        cmocka_unit_test(test_caller_crashes),
        cmocka_unit_test(test_sites_share_a_pool),
        cmocka_unit_test(test_ends_of_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
