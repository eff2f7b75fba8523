/* Tries and waits between them, exact to the nanosecond; what a failure turns into when they are
 * spent; and how the order of the chain changes a design. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define USER(policy) "'clients': {'web': {'at': 'm', " policy "'arrivals': {'csv': '0'}}}"
#define FRONT(policy, steps)                                                                       \
    "'m': {'workers': 'unlimited', 'calls': {'s': {" policy "}}, 'operations': "                   \
    "{'op': [" steps "]}}"
#define FAILS(time, more)                                                                          \
    "'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '" time                          \
    "'}, {'fail': '100%'" more "}]}}"
#define MODEL(time, more, policy)                                                                  \
    "'services': {" FAILS(time, more) ", " FRONT(policy, "'s.op'") "}," USER("")

static const struct {
    const char *name, *model, *tries;
    double latency_ms;
} tries[] = {
    {"no retry, one try", MODEL("10ms", "", ""), "server_error 1", 10},
    {"one try is no retry", MODEL("10ms", "", "'retry': 1"), "server_error 1", 10},
    {"at once, so many in all", MODEL("10ms", "", "'retry': 3"), "server_error 3", 30},
    {"the most that there are", MODEL("1ms", "", "'retry': 255"), "server_error 255", 255},
    {"constant waits",
     MODEL("10ms", "", "'retry': {'max_attempts': 4, 'backoff': {'constant': '5ms'}}"),
     "server_error 4", 55},
    {"linear waits",
     MODEL("10ms", "", "'retry': {'max_attempts': 4, 'backoff': {'linear': '5ms'}}"),
     "server_error 4", 40 + 5 + 10 + 15},
    {"doubling waits under a cap",
     MODEL(
         "10ms", "",
         "'retry': {'max_attempts': 5, 'backoff': {'exponential': {'base': '10ms', 'max': '35ms', "
         "'multiplier': 2}}}"),
     "server_error 5", 50 + 10 + 20 + 35 + 35},
    {"what no other try can cure", MODEL("10ms", ", 'outcome': 'client_error'", "'retry': 3"),
     "client_error 1", 10},
    {"unless the model says so",
     MODEL("10ms", ", 'outcome': 'client_error'", "'retry': 3, 'on': {'client_error': 'retry'}"),
     "client_error 3", 30},
    {"what could, but the model says no",
     MODEL("10ms", ", 'outcome': 'unavailable'", "'retry': 3, 'on': {'unavailable': 'fail'}"),
     "unavailable 1", 10},
    {"any is the rest",
     MODEL("10ms", ", 'outcome': 'shed'", "'retry': 3, 'on': {'any': 'fail', 'shed': 'retry'}"),
     "shed 3", 30},
};

static void test_tries(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(tries); i++) {
        g_auto(bench) b = bench_of(tries[i].model, "");
        bench_play(&b, "");
        check_text(bench_tries(&b, "m>s.op"), tries[i].tries, "%s", tries[i].name);
        check_that(bench_latency_ms(&b, "web.op") == tries[i].latency_ms, "%s: %.6f ms",
                   tries[i].name, bench_latency_ms(&b, "web.op"));
        check_that(bench_edge(&b, "m>s.op")->calls == 1, "%s: one call", tries[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", tries[i].name);
    }
}

/* validation.json B64: three tries of 1 s, waits of 0.1 and 0.2 s, and a callee that never answers;
 * then a caller of that with three tries and no timeout of its own. */
#define HUNG "'s': {'workers': 'unlimited', 'operations': {'op': [{'wait': '1000s'}]}}"
#define RETRY3                                                                                     \
    "'retry': {'max_attempts': 3, 'backoff': {'exponential': {'base': '100ms', 'max': '1s'}}}"

static void test_timeout_arithmetic(void **unused)
{
    (void)unused;
    g_auto(bench) one = bench_of("'services': {" HUNG
                                 ", " FRONT("'timeout': '1s', " RETRY3, "'s.op'") "}," USER(""),
                                 "'duration': '1h'");
    bench_play(&one, "");
    check_that(bench_latency_ms(&one, "web.op") == 3300, "%g", bench_latency_ms(&one, "web.op"));

    g_auto(bench) two = bench_of(
        "'services': {" HUNG ", " FRONT("'timeout': '1s', " RETRY3, "'s.op'") "}," USER(RETRY3 ","),
        "'duration': '1h'");
    bench_play(&two, "");
    check_that(bench_latency_ms(&two, "web.op") == 10200, "%g", bench_latency_ms(&two, "web.op"));
    check_that(bench_edge(&two, "m>s.op")->attempts == 9, "at the bottom");
    check_text(bench_tries(&two, "m>s.op"), "timeout 9", "nine timeouts");
    check_that(bench_edge(&two, "m>s.op")->late == 9, "nobody waits for any answer");
}

/* validation.json B10: layers of four tries each multiply. */
static void test_layers_multiply(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'policies': {'p': {'retry': 4}}, 'defaults': {'call': 'p'}, 'services': {"
                 "'s': {'workers': 'unlimited', 'operations': {'op': [{'fail': '100%'}]}},"
                 "'l1': {'workers': 'unlimited', 'operations': {'op': ['s.op']}},"
                 "'l2': {'workers': 'unlimited', 'operations': {'op': ['l1.op']}},"
                 "'m': {'workers': 'unlimited', 'operations': {'op': ['l2.op']}}}," USER(""),
                 "");
    bench_play(&b, "");
    check_that(bench_edge(&b, "m>l2.op")->attempts == 4, "top");
    check_that(bench_edge(&b, "l2>l1.op")->attempts == 16, "two layers");
    check_that(bench_edge(&b, "l1>s.op")->attempts == 64, "three layers");
    check_that(bench_view(&b, "web.op")->attempts == 1, "the user tried once");
}

/* ---- what a failure turns into --------------------------------------------------------------- */
#define DEAD  "'s': {'workers': 1, 'operations': {'op': [{'work': '10ms'}, {'fail': '100%'}]}}"
#define SPARE "'z': {'workers': 1, 'operations': {'op': [{'work': '7ms'}]}}"
#define THEN(more, steps)                                                                          \
    "'services': {" DEAD ", " SPARE ", " FRONT("'retry': 2, " more, steps) "}," USER("")

static const struct {
    const char *name, *model, *outcomes, *calls;
    double latency_ms;
    uint64_t answered;
} thens[] = {
    {"unsaid, it fails upwards", THEN("'then': 'fail'", "'s.op', {'work': '1ms'}"),
     "server_error 1", "server_error 1", 20, 0},
    {"optional: degraded, and on with the next step",
     THEN("'optional': true", "'s.op', {'work': '1ms'}"), "degraded 1", "server_error 1", 21, 1},
    {"the same in full", THEN("'then': {'answer': 'degraded'}", "'s.op', {'work': '1ms'}"),
     "degraded 1", "server_error 1", 21, 1},
    {"a failure that nobody sees", THEN("'then': {'answer': 'ok'}", "'s.op', {'work': '1ms'}"),
     "ok 1", "server_error 1", 21, 1},
    {"asks another instead: not what was asked for, so degraded",
     THEN("'then': {'call': 'z.op'}", "'s.op', {'work': '1ms'}"), "degraded 1", "server_error 1",
     28, 0},
};

static void test_thens(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(thens); i++) {
        g_auto(bench) b = bench_of(thens[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), thens[i].outcomes, "%s", thens[i].name);
        check_text(bench_calls(&b, "m>s.op"), thens[i].calls, "%s", thens[i].name);
        check_that(bench_latency_ms(&b, "web.op") == thens[i].latency_ms, "%s: %g ms",
                   thens[i].name, bench_latency_ms(&b, "web.op"));
        check_that(bench_edge(&b, "m>s.op")->answered == thens[i].answered, "%s", thens[i].name);
        check_that(bench_service(&b, "s")->arrivals == 2, "%s: both tries first", thens[i].name);
    }
}

/* A fallback that fails too; what it ends with is what the caller sees. */
static void test_a_fallback_fails(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" DEAD
                 ", 'z': {'workers': 1, 'operations': {'op': [{'work': '7ms'}, {'fail': "
                 "'100%', 'outcome': 'unavailable'}]}}, " FRONT("'then': {'call': 'z.op'}",
                                                                "'s.op'") "}," USER(""),
                 "");
    bench_play(&b, "");
    check_text(bench_calls(&b, "m>s.op"), "server_error 1", "the first call failed");
    check_text(bench_calls(&b, "m>z.op"), "unavailable 1", "its fallback too");
    check_text(bench_outcomes(&b, "web.op"), "unavailable 1", "the fallback's outcome goes up");
    check_that(bench_latency_ms(&b, "web.op") == 17, "%g", bench_latency_ms(&b, "web.op"));
}

/* When the whole call's time is up there is none left for a fallback. */
static void test_no_fallback_after_the_deadline(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(THEN("'deadline': '15ms', 'then': {'call': 'z.op'}", "'s.op'"), "");
    bench_play(&b, "");
    check_text(bench_calls(&b, "m>s.op"), "deadline_exceeded 1", "in its second try");
    check_that(bench_service(&b, "z")->arrivals == 0, "nobody else is asked");
    check_that(bench_latency_ms(&b, "web.op") == 15, "%g", bench_latency_ms(&b, "web.op"));
}

/* "crash" takes the caller's instance with it: its other request is reset. */
static void test_then_crash(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of("'services': {" DEAD
                 ", 'm': {'workers': 4, 'calls': {'s': {'then': 'crash'}}, 'operations': "
                 "{'op': ['s.op'], 'other': [{'work': '1s'}]}}}, 'clients': {'web': {'at': 'm', "
                 "'mix': 'op', "
                 "'arrivals': {'csv': '0'}}, 'app': {'at': 'm', 'mix': 'other', 'arrivals': "
                 "{'csv': '0 5ms'}}}",
                 "");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "reset 1", "its own request");
    check_text(bench_outcomes(&b, "app.other"), "reset 2", "and what it had in hand");
    check_that(bench_service(&b, "m")->crashed == 3, "three attempts are lost");
    check_that(gd_run_count_in_flight(b.run) == 0, "drained");
}

/* ---- draws ----------------------------------------------------------------------------------- */
/* Each try is a frame of its own, so a fault of half the tries is drawn anew: 1 - 1/2^n succeed. */
static void test_tries_are_drawn_apart(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'fail': '50%'}]}}},"
        "'clients': {'web': {'at': 's', 'retry': 3, 'arrivals': {'periodic': '1000/s'}, "
        "'stop_after': 40000}}",
        "'duration': '1h'");
    bench_play(&b, "");
    const gd_view_record *view = bench_view(&b, "web.op");
    double good = (double)view->outcomes[GD_BEFORE][GD_OK] / 40000;
    double attempts = (double)view->attempts / 40000;
    /* 5 standard errors of a share of 7/8, and of a mean of 1.75 with variance 0.6875 */
    check_that(good > 0.875 - 0.0083 && good < 0.875 + 0.0083, "%g", good);
    check_that(attempts > 1.75 - 0.021 && attempts < 1.75 + 0.021, "%g", attempts);
}

/* Waits are drawn anew for each try and each call; a full jitter's mean is half its envelope. */
static void test_waits_are_drawn_apart(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'fail': '100%'}]}}},"
        "'clients': {'web': {'at': 's', 'retry': {'max_attempts': 3, 'backoff': {'full': {'base': "
        "'100ms', 'max': '10s'}}}, 'arrivals': {'periodic': '1000/s'}, 'stop_after': 20000}}",
        "'duration': '1h'");
    bench_play(&b, "");
    const gd_view_record *view = bench_view(&b, "web.op");
    /* U(0, 100) + U(0, 200) ms: mean 150, variance (100^2 + 200^2) / 12, 5 standard errors */
    double mean = gd_hist_mean(&view->all[GD_BEFORE]) / 1e6;
    check_that(mean > 150 - 2.3 && mean < 150 + 2.3, "%g ms", mean);
    /* Independent: P(sum <= 30 ms) = 30^2 / (2 x 100 x 200) = 0.0225; one draw for both gives 0.1.
     */
    double low = (double)gd_hist_count_upto(&view->all[GD_BEFORE], b.record->hists, 30 * GD_MS);
    check_that(low > 450 - 120 && low < 450 + 120, "%g of 20,000", low);
    int64_t max = gd_hist_max(&view->all[GD_BEFORE]);
    check_that(max > 290 * GD_MS && max <= 300 * GD_MS, "%ld", (long)max);
}

/* ---- the order of the chain ------------------------------------------------------------------ */
#define BREAKER "'breaker': {'window_calls': 4, 'min_calls': 4, 'open_for': '1h'}, 'retry': 3"

static const struct {
    const char *name, *model, *calls, *tries;
} orders[] = {
    /* 3 tries of the first call, 1 of the second: open; after that nothing is sent. */
    {"a breaker inside the retry sees every try",
     "'services': {" DEAD "}, 'clients': {'web': {'at': 's', " BREAKER
     ", 'arrivals': {'periodic': '10/s'}, 'stop_after': 10}}",
     "server_error 1 breaker_open 9", "server_error 4"},
    /* Four whole calls of three tries each. */
    {"outside it sees calls",
     "'services': {" DEAD "}, 'clients': {'web': {'at': 's', " BREAKER
     ", 'order': ['breaker', 'retry'], 'arrivals': {'periodic': '10/s'}, 'stop_after': 10}}",
     "server_error 4 breaker_open 6", "server_error 12"},
    /* The refusals of an open breaker are tried again where the model says so: still nothing sent.
     */
    {"its refusal is no failure of the callee",
     "'services': {" DEAD "}, 'clients': {'web': {'at': 's', " BREAKER
     ", 'on': {'breaker_open': 'retry'}, 'arrivals': {'periodic': '10/s'}, 'stop_after': 10}}",
     "server_error 1 breaker_open 9", "server_error 4"},
};

static void test_order_of_the_chain(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_auto(bench) b = bench_of(orders[i].model, "");
        bench_play(&b, "");
        check_text(bench_calls(&b, "web>s.op"), orders[i].calls, "%s", orders[i].name);
        check_text(bench_tries(&b, "web>s.op"), orders[i].tries, "%s", orders[i].name);
        check_that(bench_edge(&b, "web>s.op")->breaker_opens == 1, "%s", orders[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_timeout_arithmetic),
        cmocka_unit_test(test_layers_multiply),
        cmocka_unit_test(test_thens),
        cmocka_unit_test(test_a_fallback_fails),
        cmocka_unit_test(test_no_fallback_after_the_deadline),
        cmocka_unit_test(test_then_crash),
        cmocka_unit_test(test_tries_are_drawn_apart),
        cmocka_unit_test(test_waits_are_drawn_apart),
        cmocka_unit_test(test_order_of_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
