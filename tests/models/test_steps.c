/* An operation's steps, one kind after the other: how long they take together, and how they end. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define STEPS_OF(threads, steps, arrivals)                                                         \
    "'services': {'m': {" threads ", 'operations': {'op': [" steps "]}}, "                         \
    "'y': {'workers': 'unlimited', 'operations': {'op': [{'work': '10ms'}], 'bad': [{'work': "     \
    "'4ms'}, {'fail': '100%'}]}}, 'z': {'workers': 'unlimited', 'operations': {'op': [{'work': "   \
    "'30ms'}], 'bad': [{'work': '40ms'}, {'fail': '100%'}]}}}, 'flags': {'on': {'share': "         \
    "'100%'}, "                                                                                    \
    "'off': {'share': '0%'}}, 'clients': {'a': {'at': 'm', 'draw': {'n': 3}, 'arrivals': "         \
    "{'csv': " arrivals "}}}"
#define STEPS(steps) STEPS_OF("'workers': 1, 'threads': 'async'", steps, "'0'")

static const struct {
    const char *name, *model, *outcomes;
    double latency_ms;
} steps[] = {
    {"nothing to do", STEPS(""), "ok 1", 0},
    {"work and wait", STEPS("{'work': '2ms'}, {'wait': '5ms'}, {'work': '1ms'}"), "ok 1", 8},
    {"a call after another", STEPS("'y.op', 'z.op'"), "ok 1", 40},
    {"sent and not waited for", STEPS("{'call': 'z.op', 'wait': false}, 'y.op'"), "ok 1", 10},
    {"all at once", STEPS("{'parallel': ['y.op', 'z.op']}"), "ok 1", 30},
    {"the first", STEPS("{'parallel': ['y.op', 'z.op'], 'until': 'first'}"), "ok 1", 10},
    {"two of three",
     STEPS("{'parallel': ['y.op', 'z.op', {'call': 'y.op', 'as': 'again'}], 'until': 2}"), "ok 1",
     10},
    {"one fails: it waits for the rest", STEPS("{'parallel': ['y.bad', 'z.op']}"), "server_error 1",
     30},
    {"or fails at once", STEPS("{'parallel': ['y.bad', 'z.op'], 'on_failure': 'at_once'}"),
     "server_error 1", 4},
    {"the first success counts", STEPS("{'parallel': ['y.bad', 'z.op'], 'until': 'first'}"), "ok 1",
     30},
    {"no success is left", STEPS("{'parallel': ['y.bad', 'z.bad'], 'until': 'first'}"),
     "server_error 1", 40},
    {"two of three can no longer be met",
     STEPS("{'parallel': ['y.bad', {'call': 'y.bad', 'as': 'again'}, 'z.op'], 'until': 2, "
           "'on_failure': 'at_once'}"),
     "server_error 1", 4},
    {"while they can it goes on",
     STEPS("{'parallel': ['y.bad', 'y.op', 'z.op'], 'until': 2, 'on_failure': 'at_once'}"), "ok 1",
     30},
    {"longer branches", STEPS("{'parallel': [['y.op', 'z.op'], ['y.op', {'wait': '1ms'}]]}"),
     "ok 1", 40},
    {"branches share the workers",
     STEPS("{'parallel': [[{'work': '5ms'}, {'wait': '1ms'}], [{'work': '7ms'}]]}"), "ok 1", 12},
    {"repeated", STEPS("{'repeat': 3, 'steps': ['y.op']}"), "ok 1", 30},
    {"two at a time", STEPS("{'repeat': 5, 'steps': ['y.op'], 'at_once': 2}"), "ok 1", 30},
    {"longer rounds", STEPS("{'repeat': 2, 'steps': ['y.op', {'wait': '1ms'}]}"), "ok 1", 22},
    {"not at all", STEPS("{'repeat': 0, 'steps': ['y.op']}, {'wait': '1ms'}"), "ok 1", 1},
    {"as often as the request says", STEPS("{'repeat': '$n', 'steps': ['y.op']}"), "ok 1", 30},
    {"a round fails: no more", STEPS("{'repeat': 3, 'steps': ['y.bad']}"), "server_error 1", 4},
    {"a flag that is on", STEPS("{'if': 'on', 'then': ['y.op'], 'else': ['z.op']}"), "ok 1", 10},
    {"a flag that is off", STEPS("{'if': 'off', 'then': ['y.op'], 'else': ['z.op']}"), "ok 1", 30},
    {"off and nothing else", STEPS("{'if': 'off', 'then': ['y.op']}, {'wait': '1ms'}"), "ok 1", 1},
    {"a choice with one way",
     STEPS("{'choose': {'a': {'weight': 0, 'steps': ['z.op']}, 'b': "
           "{'weight': 1, 'steps': ['y.op']}}}, {'wait': '1ms'}"),
     "ok 1", 11},
    {"it ends where it fails", STEPS("'y.op', {'fail': '100%', 'outcome': 'unavailable'}, 'z.op'"),
     "unavailable 1", 10},
    {"nested",
     STEPS("{'parallel': [[{'parallel': ['y.op', 'z.op']}, 'y.op'], [{'repeat': 2, 'steps': "
           "[{'wait': '30ms'}]}]]}"),
     "ok 1", 60},
};

static void test_steps(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_auto(bench) b = bench_of(steps[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "a.op"), steps[i].outcomes, "%s", steps[i].name);
        check_that(bench_latency_ms(&b, "a.op") == steps[i].latency_ms, "%s: %g ms", steps[i].name,
                   bench_latency_ms(&b, "a.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", steps[i].name);
        check_that(b.record->end == GD_END_DRAINED, "%s", steps[i].name);
    }
}

/* Its process hangs from 5 ms on for `lasts`: what comes back meanwhile is heard of then, and the
 * next step begins then. */
static const struct {
    const char *name, *model, *lasts, *outcomes;
    double latency_ms;
} hangs[] = {
    {"a call is back: answered afterwards", STEPS("'y.op'"), "95ms", "ok 1", 100},
    {"the next call begins afterwards", STEPS("'y.op', 'z.op'"), "95ms", "ok 1", 130},
    {"over before anything is back", STEPS("'y.op', 'z.op'"), "4ms", "ok 1", 40},
    {"so is a failure answered", STEPS("'z.bad'"), "95ms", "server_error 1", 100},
    {"all branches are back", STEPS("{'parallel': ['y.op', 'z.op']}, 'y.op'"), "95ms", "ok 1", 110},
    {"one branch is: it waits for the other", STEPS("{'parallel': ['y.op', 'z.op']}, 'y.op'"),
     "15ms", "ok 1", 40},
    {"one that failed is: it waits no longer",
     STEPS("{'parallel': ['z.op', 'z.bad', 'y.op'], 'on_failure': 'at_once'}"), "45ms",
     "server_error 1", 50},
    {"the first of two is", STEPS("{'parallel': ['y.op', 'z.op'], 'until': 'first'}"), "15ms",
     "ok 1", 20},
    {"steps of a branch", STEPS("{'parallel': [['y.op', 'z.op'], ['z.op', 'y.op']]}"), "15ms",
     "ok 1", 50},
    {"the next round", STEPS("{'repeat': 3, 'steps': ['y.op']}"), "95ms", "ok 1", 120},
    {"the next rounds, two at a time", STEPS("{'repeat': 5, 'at_once': 2, 'steps': ['y.op']}"),
     "95ms", "ok 1", 120},
    {"a round failed: no more", STEPS("{'repeat': 3, 'at_once': 2, 'steps': ['z.bad']}"), "95ms",
     "server_error 1", 100},
    {"work begins afterwards", STEPS("'y.op', {'work': '7ms'}"), "95ms", "ok 1", 107},
    {"who comes meanwhile calls afterwards",
     STEPS_OF("'workers': 'unlimited'", "'y.op', 'z.op'", "'6ms'"), "95ms", "ok 1", 134},
};

static void test_a_process_hangs(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(hangs); i++) {
        g_autofree char *fault = g_strdup_printf("'faults': {'f': {'fault': 'hang', 'target': "
                                                 "'services.m', 'at': '5ms', 'for': '%s'}}",
                                                 hangs[i].lasts);
        g_auto(bench) b = bench_of(hangs[i].model, fault);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "a.op"), hangs[i].outcomes, "%s", hangs[i].name);
        check_that(bench_latency_ms(&b, "a.op") == hangs[i].latency_ms, "%s: %g ms", hangs[i].name,
                   bench_latency_ms(&b, "a.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", hangs[i].name);
    }
}

/* Two pieces of uniformly 0 to 100 ms, drawn apart: one after the other they take up to 20 ms in 2
 * % of requests (one draw for both: 10 %), side by side in 4 % (20 %). */
#define PIECE "{'wait': {'uniform': {'low': '0ms', 'high': '100ms'}}}"
#define PIECES(steps)                                                                              \
    "'services': {'m': {'workers': 'unlimited', 'threads': 'async', 'operations': {'op': [" steps  \
    "]}}, 'y': {'workers': 'unlimited', 'operations': {'op': [" PIECE "]}}}, 'clients': {'a': "    \
    "{'at': 'm', 'arrivals': {'periodic': '1000/s'}, 'stop_after': 10000}}"

static const struct {
    const char *name, *model;
    double share;
} pieces[] = {
    {"two steps of a kind", PIECES(PIECE "," PIECE), 0.02},
    {"two calls of one operation", PIECES("'y.op', 'y.op'"), 0.02},
    {"rounds of a call", PIECES("{'repeat': 2, 'steps': ['y.op']}"), 0.02},
    {"rounds of a step", PIECES("{'repeat': 2, 'steps': [" PIECE "]}"), 0.02},
    {"two rounds at once", PIECES("{'repeat': 2, 'at_once': 2, 'steps': ['y.op']}"), 0.04},
    {"branches of one call", PIECES("{'parallel': ['y.op', 'y.op']}"), 0.04},
    {"branches of one step", PIECES("{'parallel': [[" PIECE "], [" PIECE "]]}"), 0.04},
};

static void test_draws_are_apart(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_auto(bench) b = bench_of(pieces[i].model, "");
        bench_play(&b, "");
        const gd_hist *good = &bench_view(&b, "a.op")->good[GD_BEFORE];
        double n = (double)gd_hist_count_upto(good, b.record->hists, 20 * GD_MS);
        check_that(good->count == 10000, "%s", pieces[i].name);
        check_that(n > 10000 * pieces[i].share - 100 && n < 10000 * pieces[i].share + 100, "%s: %g",
                   pieces[i].name, n); /* 5 standard errors and a bucket */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_a_process_hangs),
        cmocka_unit_test(test_draws_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
