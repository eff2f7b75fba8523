/* What faults do to instances, edges, links and clients, and that they come apart cleanly. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define S(workers, more)                                                                           \
    "'services': {'s': {'workers': " workers more ", 'operations': {'op': [{'work': '100ms'}]}}}"
#define USER(name, at) "'" name "': {'at': 's', 'arrivals': {'csv': '" at "'}}"
#define FAULT(name, kind, target, from, lasts, more)                                               \
    "'" name "': {'fault': '" kind "', 'target': '" target "', 'at': '" from "', 'for': '" lasts   \
    "'" more "}"
#define ON_S(kind, from, lasts, more)                                                              \
    "'faults': {" FAULT("f", kind, "services.s", from, lasts, more) "}"

typedef struct {
    const char *name, *model, *scenario, *story;
} story_case;

static void check_stories(const story_case *cases, size_t n, const char *kinds)
{
    for (size_t i = 0; i < n; i++) {
        g_auto(bench) b = bench_of(cases[i].model, cases[i].scenario);
        check_text(bench_play(&b, kinds), cases[i].story, "%s", cases[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s: %u in flight", cases[i].name,
                   gd_run_count_in_flight(b.run));
    }
}

/* ---- crash ----------------------------------------------------------------------------------- */
#define FOUR                                                                                       \
    "'clients': {" USER("a", "0") "," USER("b", "10ms") "," USER("c", "60ms") "," USER(            \
        "d", "70ms") "," USER("e", "100ms") "}"

static const story_case crashes[] = {
    {"what runs and what waits is reset, what comes is refused", S("1", "") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 170 answer d>s.op, 270 answer e>s.op"},
    {"silent for what runs", S("1", ", 'crash': {'running': 'silent'}") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer b>s.op, 60 answer c>s.op, 170 answer d>s.op, 270 answer e>s.op"},
    {"silent for what waits", S("1", ", 'crash': {'queued': 'silent'}") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 60 answer c>s.op, 170 answer d>s.op, 270 answer e>s.op"},
    {"start-up: refused until then", S("1", ", 'start_up': '30ms'") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 70 answer d>s.op, 200 answer e>s.op"},
    {"down again while it starts", S("1", ", 'start_up': '30ms'") "," FOUR,
     "'faults': {" FAULT("f", "crash", "services.s", "50ms", "5ms",
                         "") "," FAULT("g", "crash", "services.s", "65ms", "10ms", "") "}",
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 70 answer d>s.op, 100 answer e>s.op"},
    {"two faults overlap: up when both are over", S("1", "") "," FOUR,
     "'faults': {" FAULT("f", "crash", "services.s", "50ms", "15ms",
                         "") "," FAULT("g", "crash", "services.s", "55ms", "20ms", "") "}",
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 70 answer d>s.op, 200 answer e>s.op"},
    {"lifo loses the same", S("1", ", 'discipline': 'lifo'") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 170 answer d>s.op, 270 answer e>s.op"},
    {"priority too", S("1", ", 'discipline': 'priority'") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 170 answer d>s.op, 270 answer e>s.op"},
    /* d and e share from 100 to 240; each has 70 left at 100, d's is less by 30 */
    {"processor sharing too", S("1", ", 'discipline': 'ps'") "," FOUR,
     ON_S("crash", "50ms", "20ms", ""),
     "50 answer a>s.op, 50 answer b>s.op, 60 answer c>s.op, 240 answer d>s.op, 270 answer e>s.op"},
};

static void test_crash(void **unused)
{
    (void)unused;
    check_stories(crashes, G_N_ELEMENTS(crashes), "answer");
}

/* What is silent is never answered: a timeout, or unfinished when the run ends. */
static void test_silence(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        S("1",
          ", 'crash': {'running': 'silent', 'queued': 'silent'}") ", 'clients': {'a': {'at': 's', "
                                                                  "'timeout': '1s', 'arrivals': "
                                                                  "{'csv': '0'}}," USER("b",
                                                                                        "10ms") "}",
        ON_S("crash", "50ms", "20ms", ""));
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "a.op"), "timeout 1", "it waits its time");
    check_that(bench_latency_ms(&b, "a.op") == 1000, "%g", bench_latency_ms(&b, "a.op"));
    check_text(bench_outcomes(&b, "b.op"), "unfinished 1", "for ever");
    check_that(bench_service(&b, "s")->crashed == 2, "both were lost");
}

/* Half of the instances: a request in two is refused, by round robin. */
static void test_some_instances(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 1, 'instances': 4, 'operations': {'op': [{'work': "
        "'1ms'}]}}}, "
        "'clients': {'web': {'at': 's', 'arrivals': {'periodic': '100/s'}, 'stop_after': 400}}",
        ON_S("crash", "0s", "60s", ", 'instances': '50%'"));
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 200 refused 200", "two of four");
    unsigned crashed = 0;
    for (uint32_t i = 0; i < b.record->n_happenings; i++)
        crashed += b.record->happenings[i].what == GD_HAPPENED_CRASHED;
    check_that(crashed == 2, "%u", crashed);
}

/* Its own calls are forgotten; those whom it had asked work on for nobody. */
static void test_a_caller_crashes(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 4, 'operations': {'op': ['t.op', 'u.op']}, 'calls': {'u': "
        "{'timeout': '10s'}}}, 't': {'workers': 1, 'operations': {'op': [{'work': '100ms'}]}}, "
        "'u': "
        "{'workers': 1, 'operations': {'op': [{'work': '100ms'}]}}}, 'clients': {" USER(
            "a", "0") "," USER("b", "1ms") "}",
        ON_S("crash", "150ms", "10ms", ""));
    /* At 150 a is at u (a call with a record), b at t (without one). */
    check_text(bench_play(&b, "answer"),
               "100 answer s>t.op, 150 answer a>s.op, 150 answer b>s.op, 200 answer s>t.op, "
               "200 answer s>u.op",
               "both are reset at once");
    check_that(bench_edge(&b, "s>t.op")->late == 1 && bench_edge(&b, "s>u.op")->late == 1,
               "their answers find nobody");
    check_text(bench_calls(&b, "s>u.op"), "cancelled 1", "the call ended");
    check_that(gd_run_count_in_flight(b.run) == 0, "%u", gd_run_count_in_flight(b.run));
    check_that(bench_service(&b, "t")->wasted > 0, "work for nobody");
}

/* ---- hang ------------------------------------------------------------------------------------ */
static const story_case hangs[] = {
    {"accepts, and answers when it is over", S("4", "") ", 'clients': {" USER("a", "60ms") "}",
     ON_S("hang", "50ms", "950ms", ""), "1100 answer a>s.op"},
    {"work that would end in it begins again", S("4", "") ", 'clients': {" USER("a", "0") "}",
     ON_S("hang", "50ms", "950ms", ""), "1100 answer a>s.op"},
    {"a worker is held meanwhile",
     S("1", "") ", 'clients': {" USER("a", "60ms") "," USER("b", "70ms") "}",
     ON_S("hang", "50ms", "950ms", ""), "1100 answer a>s.op, 1200 answer b>s.op"},
    {"two overlap", S("4", "") ", 'clients': {" USER("a", "60ms") "}",
     "'faults': {" FAULT("f", "hang", "services.s", "50ms", "100ms",
                         "") "," FAULT("g", "hang", "services.s", "100ms", "400ms", "") "}",
     "600 answer a>s.op"},
    {"processor sharing stands still",
     S("1", ", 'discipline': 'ps'") ", 'clients': {" USER("a", "0") "}",
     ON_S("hang", "50ms", "950ms", ""), "1050 answer a>s.op"},
    {"one edge only", S("4", "") ", 'clients': {" USER("a", "60ms") "," USER("b", "60ms") "}",
     "'faults': {" FAULT("f", "hang", "a>s", "50ms", "950ms", "") "}",
     "160 answer b>s.op, 1100 answer a>s.op"},
    {"a crash ends it for what hangs", S("4", "") ", 'clients': {" USER("a", "60ms") "}",
     "'faults': {" FAULT("f", "hang", "services.s", "50ms", "950ms",
                         "") "," FAULT("g", "crash", "services.s", "200ms", "10ms", "") "}",
     "200 answer a>s.op"},
};

static void test_hang(void **unused)
{
    (void)unused;
    check_stories(hangs, G_N_ELEMENTS(hangs), "answer");
}

/* ---- slow ------------------------------------------------------------------------------------ */
#define SLOW(from, lasts, more) ON_S("slow", from, lasts, more)
static const story_case slows[] = {
    {"work that begins meanwhile",
     S("9", "") ", 'clients': {" USER("a", "0") "," USER("b", "50ms") "," USER(
         "c", "299ms") "," USER("d", "300ms") "}",
     SLOW("50ms", "250ms", ", 'factor': 3"),
     "100 answer a>s.op, 350 answer b>s.op, 400 answer d>s.op, 599 answer c>s.op"},
    {"running too: what remains is stretched, and shrinks again",
     S("9", "") ", 'clients': {" USER("a", "0") "," USER("b", "50ms") "}",
     SLOW("50ms", "180ms", ", 'factor': 3, 'applies_to': 'running'"),
     /* a: 50 done, 50 left: 150 more; b: 180 of 300 done, 120 left: 40 */
     "200 answer a>s.op, 270 answer b>s.op"},
    {"so it is where jobs share a processor",
     S("1", ", 'discipline': 'ps'") ", 'clients': {" USER("a", "0") "," USER("b", "50ms") "}",
     SLOW("50ms", "180ms", ", 'factor': 3, 'applies_to': 'running'"),
     /* each at half speed: at 230 a has 150 - 90 left, 20 then; b 300 - 90, 70 */
     "270 answer a>s.op, 320 answer b>s.op"},
    {"an amount added", S("9", "") ", 'clients': {" USER("a", "60ms") "}",
     SLOW("50ms", "250ms", ", 'added': '7ms'"), "167 answer a>s.op"},
    {"factor first, then the amount", S("9", "") ", 'clients': {" USER("a", "60ms") "}",
     SLOW("50ms", "250ms", ", 'factor': 2, 'added': '7ms'"), "267 answer a>s.op"},
    {"factors multiply, and come apart",
     S("9", "") ", 'clients': {" USER("a", "0") "," USER("b", "20ms") "," USER(
         "c", "40ms") "," USER("d", "60ms") "}",
     "'faults': {" FAULT("f", "slow", "services.s", "10ms", "40ms", ", 'factor': 2") "," FAULT(
         "g", "slow", "services.s", "30ms", "40ms", ", 'factor': 3") "}",
     "100 answer a>s.op, 220 answer b>s.op, 360 answer d>s.op, 640 answer c>s.op"},
    /* 64 steps of 1 ms from 1/64 on: 1 + 2 x 1/64, 33/64, 1 */
    {"a ramp grows in 64 steps",
     S("9", "") ", 'clients': {" USER("a", "0") "," USER("b", "32ms") "," USER("c", "64ms") "}",
     SLOW("0s", "1s", ", 'factor': 3, 'ramp': '64ms'"),
     "103.125 answer a>s.op, 235.125 answer b>s.op, 364 answer c>s.op"},
    {"and ends at once", S("9", "") ", 'clients': {" USER("a", "32ms") "," USER("b", "40ms") "}",
     SLOW("0s", "40ms", ", 'factor': 3, 'ramp': '40ms'"), "140 answer b>s.op, 294.5 answer a>s.op"},
    {"an edge: its messages and its work",
     "'network': {'clients': '5ms'}," S("9", "") ", 'clients': {" USER("a", "0") "," USER("b",
                                                                                          "0") "}",
     "'faults': {" FAULT("f", "slow", "a>s", "0s", "1s", ", 'factor': 2, 'added': '1ms'") "}",
     "110 answer b>s.op, 222 answer a>s.op"},
};

static void test_slow(void **unused)
{
    (void)unused;
    check_stories(slows, G_N_ELEMENTS(slows), "answer");
}

static void test_slow_links(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'network': {'links': {'l': {'between': ['a', 'local'], 'latency': '5ms'}}}," S(
                     "9", "") ", "
                              "'clients': {" USER("a", "0 1s") "," USER("b", "0") "}",
                 "'faults': {" FAULT("f", "slow", "links.l", "0s", "500ms",
                                     ", 'factor': 3, 'added': '2ms'") "}");
    check_text(bench_play(&b, "answer"), "100 answer b>s.op, 134 answer a>s.op, 1110 answer a>s.op",
               "17 ms each way, then 5 again");
}

/* ---- errors ---------------------------------------------------------------------------------- */
#define MANY                                                                                       \
    "'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, 'clients': {"     \
    "'web': {'at': 's', 'arrivals': {'periodic': '100/s'}, 'stop_after': 10000}}"

static const struct {
    const char *name, *scenario;
    gd_outcome outcome;
    double share;
} errors[] = {
    {"all of them", "'duration': '5m', " ON_S("errors", "0s", "5m", ""), GD_SERVER_ERROR, 1},
    {"with another outcome", "'duration': '5m', " ON_S("errors", "0s", "5m", ", 'outcome': 'shed'"),
     GD_SHED, 1},
    {"a share", "'duration': '5m', " ON_S("errors", "0s", "5m", ", 'share': '25%'"),
     GD_SERVER_ERROR, 0.25},
    {"two of a half each leave a quarter",
     "'duration': '5m', 'faults': {" FAULT("f", "errors", "services.s", "0s", "5m",
                                           ", 'share': '50%'") "," FAULT("g", "errors",
                                                                         "services.s", "0s", "5m",
                                                                         ", 'share': '50%'") "}",
     GD_SERVER_ERROR, 0.75},
    {"half of the time", "'duration': '5m', " ON_S("errors", "0s", "50s", ""), GD_SERVER_ERROR,
     0.4999},
    {"an edge",
     "'duration': '5m', 'faults': {" FAULT("f", "errors", "web>s", "0s", "5m",
                                           ", 'share': '25%'") "}",
     GD_SERVER_ERROR, 0.25},
    {"a ramp: half on average", "'duration': '5m', " ON_S("errors", "0s", "5m", ", 'ramp': '100s'"),
     GD_SERVER_ERROR, 0.508},
};

static void test_errors(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_auto(bench) b = bench_of(MANY, errors[i].scenario);
        bench_play(&b, "");
        uint64_t n = 0;
        for (unsigned p = 0; p < GD_PHASES; p++)
            n += bench_view(&b, "web.op")->outcomes[p][errors[i].outcome];
        double share = (double)n / 10000;
        /* 5 standard errors of 10,000 draws, at most */
        double error = errors[i].share == 1 || i == 4 ? 0.00011 : 0.025;
        check_that(share >= errors[i].share - error && share <= errors[i].share + error, "%s: %g",
                   errors[i].name, share);
    }
}

/* An error is an answer without work: nothing waits for a worker. */
static void test_errors_take_no_time(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(S("1", "") ", 'clients': {" USER("a", "0") "," USER("b", "10ms") "}",
                               ON_S("errors", "5ms", "10ms", ""));
    check_text(bench_play(&b, "answer"), "10 answer b>s.op, 100 answer a>s.op", "at once");
}

/* ---- limits ---------------------------------------------------------------------------------- */
static void test_rate_limits(void **unused)
{
    (void)unused;
    /* 10/s, three saved up: three of four at 0; one more at 100 ms; none at 199, one at 200. */
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 9, 'operations': {'op': [{'wait': '1ms'}]}}}, 'clients': {"
        "'web': {'at': 's', 'arrivals': {'csv': '0 0 0 0 99ms 100ms 100ms 199ms 200ms 999ms 999ms "
        "999ms "
        "999ms'}}}",
        ON_S("rate_limit", "0s", "10s", ", 'limit': '10/s', 'burst': 3"));
    check_text(
        bench_play(&b, "answer"),
        "0 answer web>s.op, 1 answer web>s.op, 1 answer web>s.op, 1 answer web>s.op, "
        "99 answer web>s.op, 100 answer web>s.op, 101 answer web>s.op, 199 answer web>s.op, "
        "201 answer web>s.op, 999 answer web>s.op, 1000 answer web>s.op, 1000 answer web>s.op, "
        "1000 answer web>s.op",
        "a refusal is at once");
    check_text(bench_outcomes(&b, "web.op"), "ok 8 rate_limited 5", "in all");
}

/* Three quarters beyond the limit: the long-run share is limit / rate. */
static void test_quota_of_an_external(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'external': {'psp': {'quota': '25/s', 'operations': {'op': '1ms'}}}, 'services': {'s': "
        "{'workers': 9, 'operations': {'op': ['psp.op']}}}, 'clients': {'web': {'at': 's', "
        "'arrivals': "
        "{'periodic': '100/s'}, 'stop_after': 10000}}",
        "'duration': '5m'");
    bench_play(&b, "");
    check_text(bench_calls(&b, "s>psp.op"), "ok 2524 rate_limited 7476",
               "100 s of 25/s, and 25 that were saved up, less the one that is due at the end");
}

static void test_availability_of_an_external(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of("'external': {'psp': {'availability': '90%', 'operations': {'op': "
                               "'1ms'}}}, 'services': {'s': "
                               "{'workers': 9, 'operations': {'op': ['psp.op']}}}, 'clients': "
                               "{'web': {'at': 's', 'arrivals': "
                               "{'periodic': '100/s'}, 'stop_after': 10000}}",
                               "'duration': '5m'");
    bench_play(&b, "");
    uint64_t n = bench_edge(&b, "s>psp.op")->outcomes[GD_UNAVAILABLE];
    check_that(n > 1000 - 150 && n < 1000 + 150, "%lu", (unsigned long)n); /* 5 x sqrt(900) */
}

/* ---- overload and phases --------------------------------------------------------------------- */
static void test_overload_stretches_gaps(void **unused)
{
    (void)unused;
    /* Ten a second. Doubled at 230 ms: 70 ms of the gap are left, 35 at the double rate; and at
     * 430 ms 15 of 50 ms are left since 415 … 35 x 2. */
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 9, 'operations': {'op': [{'wait': '1ms'}]}}}, 'clients': "
        "{'web': "
        "{'at': 's', 'arrivals': {'periodic': '10/s'}, 'stop_after': 9}}",
        "'faults': {" FAULT("f", "overload", "clients.web", "230ms", "200ms", ", 'factor': 2") "}");
    check_text(bench_play(&b, "asks lever"),
               "100 asks web>s.op, 200 asks web>s.op, 230 lever f, 265 asks web>s.op, "
               "315 asks web>s.op, 365 asks web>s.op, 415 asks web>s.op, 430 lever f, "
               "500 asks web>s.op, 600 asks web>s.op, 700 asks web>s.op",
               "needs are stretched, not drawn anew");
}

static void test_a_client_stops_and_comes_back(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 9, 'operations': {'op': [{'wait': '1ms'}]}}}, 'clients': "
        "{'web': "
        "{'at': 's', 'arrivals': {'periodic': '10/s'}, 'stop_after': 4}}",
        "'faults': {" FAULT("f", "overload", "clients.web", "230ms", "1s", ", 'factor': 0") "}");
    check_text(bench_play(&b, "asks"),
               "100 asks web>s.op, 200 asks web>s.op, 1300 asks web>s.op, 1400 asks web>s.op",
               "70 ms were left");
}

/* Requests count in the phase in which they begin, outcomes in that in which they end. */
static void test_phases(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(S("9", "") ", 'clients': {" USER("a", "950ms 1s 1950ms 2s") "}",
                               ON_S("slow", "1s", "1s", ", 'factor': 5"));
    bench_play(&b, "");
    const gd_view_record *view = bench_view(&b, "a.op");
    check_that(view->requests[GD_BEFORE] == 1 && view->requests[GD_DURING] == 2 &&
                   view->requests[GD_AFTER] == 1,
               "begun");
    check_that(view->outcomes[GD_BEFORE][GD_OK] == 0 && view->outcomes[GD_DURING][GD_OK] == 2 &&
                   view->outcomes[GD_AFTER][GD_OK] == 2,
               "ended: at 1050, 1500 | 2100, 2450");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_some_instances),
        cmocka_unit_test(test_a_caller_crashes),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_slow_links),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_errors_take_no_time),
        cmocka_unit_test(test_rate_limits),
        cmocka_unit_test(test_quota_of_an_external),
        cmocka_unit_test(test_availability_of_an_external),
        cmocka_unit_test(test_overload_stretches_gaps),
        cmocka_unit_test(test_a_client_stops_and_comes_back),
        cmocka_unit_test(test_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
