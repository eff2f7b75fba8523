/* When a caller stops waiting: the timeout of a try, the deadline of a call. Exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

/* A service of one worker that needs `time`, and a user who asks it at 1 s. */
#define SERVICE(name, time, more)                                                                  \
    "'" name "': {'workers': 1, " more "'operations': {'op': [{'work': '" time "'}]}}"
#define USER(name, at, instants, policy)                                                           \
    "'" name "': {'at': '" at "', " policy "'arrivals': {'csv': '" instants "'}}"
#define ONE(time, policy)                                                                          \
    "'services': {" SERVICE("s", time, "") "}, 'clients': {" USER("web", "s", "1s", policy) "}"

static const struct {
    const char *name, *model, *outcomes;
    double latency_ms;
} alone[] = {
    {"without one it waits", ONE("9s", ""), "ok 1", 9000},
    {"an answer at its very end is in time", ONE("100ms", "'timeout': '100ms',"), "ok 1", 100},
    {"a nanosecond later is late", ONE("100000001ns", "'timeout': '100ms',"), "timeout 1", 100},
    {"so it is for a deadline", ONE("100ms", "'deadline': '100ms',"), "ok 1", 100},
    {"and a nanosecond later", ONE("100000001ns", "'deadline': '100ms',"), "deadline_exceeded 1",
     100},
    {"of two the shorter one speaks", ONE("1s", "'timeout': '100ms', 'deadline': '90ms',"),
     "deadline_exceeded 1", 90},
    {"at the same instant the try's timer was set last",
     ONE("1s", "'timeout': '100ms', 'deadline': '100ms',"), "deadline_exceeded 1", 100},
    {"the network counts", "'network': {'clients': '10ms'}," ONE("80ms", "'timeout': '100ms',"),
     "ok 1", 100},
    {"both ways", "'network': {'clients': '10ms'}," ONE("80000001ns", "'timeout': '100ms',"),
     "timeout 1", 100},
};

static void test_alone(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(alone); i++) {
        g_auto(bench) b = bench_of(alone[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), alone[i].outcomes, "%s", alone[i].name);
        check_that(bench_latency_ms(&b, "web.op") == alone[i].latency_ms, "%s: %g ms",
                   alone[i].name, bench_latency_ms(&b, "web.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", alone[i].name);
    }
}

/* x gives up at 50 ms; what becomes of its work decides when y, who came at 60 ms, is served. */
#define PAIR(more, policy)                                                                         \
    "'services': {" SERVICE("s", "100ms", more) "}, 'clients': {" USER(                            \
        "x", "s", "0", "'timeout': '50ms'," policy) "," USER("y", "s", "60ms", "") "}"

static const struct {
    const char *name, *model, *story;
    uint64_t late;
    int64_t wasted_ms;
} left_behind[] = {
    {"its work goes on, its answer finds nobody", PAIR("", ""),
     "50 timer x>s.op, 100 answer x>s.op, 200 answer y>s.op", 1, 100},
    {"a cancel that is honoured at once frees the worker", PAIR("'cancellation': 'immediate',", ""),
     "50 timer x>s.op, 50 cancel s, 160 answer y>s.op", 0, 0},
    {"before it begins only: too late here", PAIR("'cancellation': 'dequeue_only',", ""),
     "50 timer x>s.op, 50 cancel s, 100 answer x>s.op, 200 answer y>s.op", 1, 100},
    {"a cancel that is not sent",
     PAIR("'cancellation': 'immediate',", "'cancel_on_timeout': false,"),
     "50 timer x>s.op, 100 answer x>s.op, 200 answer y>s.op", 1, 100},
    {"a cancel travels like any message",
     "'network': {'clients': '5ms'}," PAIR("'cancellation': 'immediate',", ""),
     "50 timer x>s.op, 55 cancel s, 170 answer y>s.op", 0, 0},
};

static void test_what_is_left_behind(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(left_behind); i++) {
        g_auto(bench) b = bench_of(left_behind[i].model, "");
        check_text(bench_play(&b, "timer cancel answer"), left_behind[i].story, "%s",
                   left_behind[i].name);
        check_that(bench_edge(&b, "x>s.op")->late == left_behind[i].late, "%s",
                   left_behind[i].name);
        check_that(bench_service(&b, "s")->wasted == (gd_u128)(left_behind[i].wasted_ms * GD_MS),
                   "%s: %ld ns", left_behind[i].name, (long)bench_service(&b, "s")->wasted);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", left_behind[i].name);
    }
}

#define TRIES(policy)                                                                              \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '100ms'}, "         \
    "{'fail': '100%'}]}}}, 'clients': {" USER("web", "s", "0", policy) "}"

/* A deadline is over all tries and the waits between them. */
static const struct {
    const char *name, *model, *outcomes;
    double latency_ms;
    uint64_t attempts;
} over_tries[] = {
    {"it ends the third try", TRIES("'retry': 5, 'deadline': '250ms',"), "deadline_exceeded 1", 250,
     3},
    {"a try that would begin at its end is not made", TRIES("'retry': 5, 'deadline': '300ms',"),
     "server_error 1", 300, 3},
    {"nor does it wait for one",
     TRIES("'retry': {'max_attempts': 5, 'backoff': {'constant': '100ms'}}, 'deadline': '200ms',"),
     "server_error 1", 100, 1},
    {"a nanosecond more, and one is made",
     TRIES("'retry': {'max_attempts': 5, 'backoff': {'constant': '100ms'}},"
           "'deadline': '200000001ns',"),
     "deadline_exceeded 1", 200.000001, 2},
    {"a timeout outside the retry does the same",
     TRIES("'retry': 5, 'timeout': '250ms', 'order': ['timeout', 'retry'],"), "timeout 1", 250, 3},
    {"the timer of a try that failed before is stale",
     TRIES("'retry': {'max_attempts': 2, 'backoff': {'constant': '200ms'}}, 'timeout': '150ms',"),
     "server_error 1", 400, 2},
    {"inside it begins anew with each try", TRIES("'retry': 3, 'timeout': '90ms',"), "timeout 1",
     270, 3},
    {"it may end during a wait",
     TRIES("'retry': {'max_attempts': 5, 'backoff': {'constant': '1s'}}, 'timeout': '1500ms',"
           "'order': ['timeout', 'retry'],"),
     "timeout 1", 1500, 2},
};

static void test_deadlines_are_over_all_tries(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(over_tries); i++) {
        g_auto(bench) b = bench_of(over_tries[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), over_tries[i].outcomes, "%s", over_tries[i].name);
        check_that(bench_latency_ms(&b, "web.op") == over_tries[i].latency_ms, "%s: %.6f ms",
                   over_tries[i].name, bench_latency_ms(&b, "web.op"));
        check_that(bench_edge(&b, "web>s.op")->attempts == over_tries[i].attempts, "%s: %lu",
                   over_tries[i].name, (unsigned long)bench_edge(&b, "web>s.op")->attempts);
    }
}

/* A caller's caller learns that something failed, not what: 504 and 503 are told apart below. */
static void test_outcomes_are_translated_on_the_way_up(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" SERVICE(
                     "s", "1s", "") ", 'm': {'workers': 1, 'calls': {'s': {'timeout': "
                                    "'10ms'}}, 'operations': {'op': ['s.op']}}}, 'clients': {" USER(
                                        "web", "m", "0", "") "}",
                 "");
    bench_play(&b, "");
    check_text(bench_calls(&b, "m>s.op"), "timeout 1", "below");
    check_text(bench_outcomes(&b, "web.op"), "unavailable 1", "above");
}

/* Timers of one length wait in a ring and come up in order; a random mix must give the same. */
static void test_many_at_once(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': {'uniform': "
        "{'low': '0ms', 'high': '200ms'}}}]}}}, 'clients': {'web': {'at': 's', 'timeout': '100ms', "
        "'arrivals': {'poisson': {'rate': '5000/s'}}, 'stop_after': 20000}}",
        "");
    bench_play(&b, "");
    const gd_view_record *view = bench_view(&b, "web.op");
    uint64_t ok = view->outcomes[GD_BEFORE][GD_OK], late = view->outcomes[GD_BEFORE][GD_TIMEOUT];
    check_that(ok + late == 20000, "%lu and %lu", (unsigned long)ok, (unsigned long)late);
    check_that(ok > 9700 && ok < 10300, "half of them, not %lu", (unsigned long)ok);
    check_that(gd_hist_max(&view->good[GD_BEFORE]) <= 100 * GD_MS, "none is later");
    check_that(bench_edge(&b, "web>s.op")->late == late, "each comes back after all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_what_is_left_behind),
        cmocka_unit_test(test_deadlines_are_over_all_tries),
        cmocka_unit_test(test_outcomes_are_translated_on_the_way_up),
        cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
