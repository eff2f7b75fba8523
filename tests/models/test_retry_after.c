/* What replies say about coming back, and deadlines that travel: exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

/* One call at a time is let through: the second try meets an empty bucket until it is due. The
 * service is limited to one call in ten seconds, and says when to come back. */
#define LIMITED(after, retry)                                                                      \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '1ns'}]}}}, "       \
    "'clients': {'first': {'at': 's', 'arrivals': {'csv': '0'}}, 'web': {'at': 's', 'retry': "     \
    "{" retry "}, 'arrivals': {'csv': '1s'}}}",                                                    \
        "'faults': {'cap': {'fault': 'rate_limit', 'target': 'services.s', 'at': '0s', 'limit': "  \
        "'0.1/s', 'burst': 1" after "}}"

static const struct {
    const char *name, *model, *scenario, *outcomes;
    double low_ms, high_ms;
    const char *counter; /* that counts one at least */
} afters[] = {
    {"nobody says anything: the back-off",
     LIMITED("", "'max_attempts': 2, 'backoff': {'constant': '9s'}"), "ok 1", 9000, 9000,
     "retries"},
    {"it says when", LIMITED(", 'retry_after': '9s'", "'max_attempts': 2"), "ok 1", 9000, 9000,
     "retry_after_heard"},
    {"who does not listen comes too early",
     LIMITED(", 'retry_after': '9s'", "'max_attempts': 2, 'retry_after': 'ignore'"),
     "rate_limited 1", 0, 0, "stop_max_attempts"},
    {"stop: no more tries", LIMITED(", 'retry_after': 'stop'", "'max_attempts': 5"),
     "rate_limited 1", 0, 0, "stop_pushback"},
    {"gRPC: the back-off begins anew",
     LIMITED(", 'retry_after': '3s'",
             "'max_attempts': 4, 'retry_after': 'grpc', 'backoff': {'linear': '1s'}"),
     "ok 1", 9000, 9000, "retry_after_heard"},
    {"Envoy: up to half as long again",
     LIMITED(", 'retry_after': '9s'", "'max_attempts': 2, 'retry_after': 'envoy'"), "ok 1", 9000,
     13500, "retry_after_heard"},
    {"Envoy: too long a one is ignored",
     LIMITED(", 'retry_after': '301s'",
             "'max_attempts': 2, 'retry_after': 'envoy', 'backoff': {'constant': '9s'}"),
     "ok 1", 9000, 9000, "retry_after_ignored"},
    {"AWS: never less than its own back-off",
     LIMITED(", 'retry_after': '1s'",
             "'max_attempts': 2, 'retry_after': 'aws', 'backoff': {'constant': '9s'}"),
     "ok 1", 9000, 9000, "retry_after_heard"},
    {"AWS: and at most five seconds more",
     LIMITED(", 'retry_after': '20s'",
             "'max_attempts': 2, 'retry_after': 'aws', 'backoff': {'constant': '4s'}"),
     "ok 1", 9000, 9000, "retry_after_heard"},
    {"another back-off after throttling",
     LIMITED("", "'max_attempts': 2, 'backoff': {'constant': '1s'}, 'throttled_backoff': "
                 "{'constant': '9s'}"),
     "ok 1", 9000, 9000, "saved_calls"},
};

static void test_afters(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(afters); i++) {
        g_auto(bench) b = bench_of(afters[i].model, afters[i].scenario);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), afters[i].outcomes, "%s", afters[i].name);
        double ms = bench_latency_ms(&b, "web.op");
        check_that(afters[i].low_ms <= ms && ms <= afters[i].high_ms + 0.001, "%s: %g ms",
                   afters[i].name, ms);
        check_that(bench_counter(&b, "web>s.op", "retry", afters[i].counter) > 0, "%s: %s",
                   afters[i].name, afters[i].counter);
    }
}

/* ---- why it stopped ----------------------------------------------------------------------------
 */
#define FAILS(policy, outcome)                                                                     \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '10ms'}, {'fail': " \
    "'100%', 'outcome': '" outcome "'}]}}}, 'clients': {'web': {'at': 's', " policy                \
    ", 'arrivals': {'csv': '0'}}}"

static const struct {
    const char *model, *counter;
} stops[] = {
    {FAILS("'retry': 2", "server_error"), "stop_max_attempts"},
    {FAILS("'retry': 2", "client_error"), "stop_not_retryable"},
    {FAILS("'retry': {'backoff': {'constant': '1s'}}, 'deadline': '500ms'", "server_error"),
     "stop_deadline"},
    {FAILS("'retry': {'backoff': {'constant': '100ms'}}, 'deadline': {'after': '500ms', "
           "'min_useful': '400ms'}",
           "server_error"),
     "stop_deadline"},
    {FAILS("'retry': {'budget': {'fixed_concurrency': 0}}", "server_error"), "stop_budget"},
    {FAILS("'retry': {'budget': {'grpc_throttle': 1}}", "server_error"), "stop_throttled"},
    {FAILS("'retry': 9, 'breaker': {'consecutive': 2}", "server_error"), "stop_breaker_open"},
};

static void test_stops(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
        g_auto(bench) b = bench_of(stops[i].model, "");
        bench_play(&b, "");
        check_that(bench_counter(&b, "web>s.op", "retry", stops[i].counter) == 1, "%s",
                   stops[i].counter);
    }
}

/* ---- another host ------------------------------------------------------------------------------
 */
/* Two instances, one of them down: with enough reselections the second try never meets it again. */
static void test_other_host(void **unused)
{
    (void)unused;
    static const struct {
        const char *retry;
        bool all_good;
    } rows[] = {{"'max_attempts': 2, 'other_host': 8", true}, {"'max_attempts': 2", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'instances': 2, 'workers': 'unlimited', 'operations': {'op': "
            "[{'work': '1ms'}]}}}, 'clients': {'web': {'at': 's', 'balancer': 'random', 'retry': "
            "{%s}, 'arrivals': {'periodic': '100/s'}, 'stop_after': 200}}",
            rows[i].retry);
        g_auto(bench) b = bench_of(model, "'faults': {'down': {'fault': 'crash', 'target': "
                                          "'services.s', 'instances': 1, 'at': '0s'}}");
        bench_play(&b, "");
        uint64_t failed = bench_edge(&b, "web>s.op")->outcomes[GD_REFUSED];
        check_that((failed == 0) == rows[i].all_good, "%s: %lu failed", rows[i].retry,
                   (unsigned long)failed);
    }
}

/* ---- deadlines that travel ---------------------------------------------------------------------
 */
/* web -> m (works 100 ms, then asks s) -> s (works 300 ms). */
#define CHAIN(web, m)                                                                              \
    "'network': {'clients': '20ms'}, 'services': {'s': {'workers': 'unlimited', 'operations': "    \
    "{'op': [{'work': '300ms'}]}}, 'm': {'workers': 'unlimited', 'calls': {'s': {" m "}}, "        \
    "'operations': {'op': [{'work': '100ms'}, 's.op']}}}, 'clients': {'web': {'at': 'm', " web     \
    ", 'arrivals': {'csv': '0'}}}"
#define CARRIES(after) "'deadline': {'after': '" after "', 'propagate': true}"

static const struct {
    const char *name, *model, *calls, *counter;
} chains[] = {
    {"what is left is handed on", CHAIN(CARRIES("250ms"), "'deadline': {'propagate': true}"),
     "deadline_exceeded 1", "expired"},
    {"it must be said where it is handed on",
     CHAIN("'deadline': '250ms'", "'deadline': {'propagate': true}"), "ok 1", NULL},
    {"and where it is heard", CHAIN(CARRIES("250ms"), "'deadline': '1s'"), "ok 1", NULL},
    {"enough is enough", CHAIN(CARRIES("440ms"), "'deadline': {'propagate': true}"), "ok 1",
     "shortened_by_caller"},
    /* Relative: the callee counts from when it has the request: 20 ms + 380 is 400 at m. */
    {"relative: the way there is not counted",
     CHAIN(CARRIES("400ms"), "'deadline': {'propagate': true}"), "ok 1", "shortened_by_caller"},
    {"absolute: it is",
     CHAIN("'deadline': {'after': '400ms', 'propagate': true, 'encoding': 'absolute'}",
           "'deadline': {'propagate': true}"),
     "deadline_exceeded 1", "expired"},
    {"a reserve is kept",
     CHAIN(CARRIES("440ms"), "'deadline': {'propagate': true, 'reserve': '50ms'}"),
     "deadline_exceeded 1", "expired"},
    {"its own is the shorter one",
     CHAIN(CARRIES("1s"), "'deadline': {'after': '200ms', 'propagate': true}"),
     "deadline_exceeded 1", "expired"},
    {"nothing is sent for too little",
     CHAIN(CARRIES("250ms"), "'deadline': {'propagate': true, 'min_useful': '200ms'}"),
     "deadline_exceeded 1", "not_begun"},
    {"nor when it has passed", CHAIN(CARRIES("90ms"), "'deadline': {'propagate': true}"),
     "deadline_exceeded 1", "not_begun"},
};

static void test_chains(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        g_auto(bench) b = bench_of(chains[i].model, "");
        bench_play(&b, "");
        check_text(bench_calls(&b, "m>s.op"), chains[i].calls, "%s", chains[i].name);
        if (chains[i].counter)
            check_that(bench_counter(&b, "m>s.op", "deadline", chains[i].counter) == 1, "%s: %s",
                       chains[i].name, chains[i].counter);
    }
}

/* A date is read by another clock: 700 ms ahead, a second is over after 300 ms. */
static void test_clocks(void **unused)
{
    (void)unused;
    static const struct {
        const char *encoding, *calls;
    } rows[] = {{"absolute", "deadline_exceeded 1"}, {"relative", "ok 1"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *web = g_strdup_printf(
            "'deadline': {'after': '1s', 'propagate': true, 'encoding': '%s'}", rows[i].encoding);
        g_autofree char *model = g_strdup_printf(
            "'network': {'clients': '20ms'}, 'services': {'s': {'workers': 'unlimited', "
            "'operations': {'op': [{'work': '300ms'}]}}, 'm': {'workers': 'unlimited', 'calls': "
            "{'s': {'deadline': {'propagate': true}}}, 'operations': {'op': [{'work': '100ms'}, "
            "'s.op']}}}, 'clients': {'web': {'at': 'm', %s, 'arrivals': {'csv': '1s'}}}",
            web);
        g_auto(bench) b = bench_of(model, "'faults': {'ahead': {'fault': 'clock_jump', 'target': "
                                          "'services.m', 'at': '0s', 'offset': '700ms'}}");
        bench_play(&b, "");
        check_text(bench_calls(&b, "m>s.op"), rows[i].calls, "%s", rows[i].encoding);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_afters),     cmocka_unit_test(test_stops),
        cmocka_unit_test(test_other_host), cmocka_unit_test(test_chains),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
