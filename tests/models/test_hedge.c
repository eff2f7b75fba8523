/* Copies of a call: when the next one goes, who wins, what becomes of the rest. Exact instants. */
#include "tests/models/bench_plan.h"

#include <glib.h>

#define S(more, steps)                                                                             \
    "'services': {'s': {'instances': 2, 'workers': 4, " more "'operations': {'op': [" steps "]}}}"
#define WEB(hedge, arrivals)                                                                       \
    ", 'clients': {'web': {'at': 's', " hedge ", 'arrivals': {'csv': '" arrivals "'}}}"
#define MODEL(time, hedge) S("", "{'work': '" time "'}") WEB(hedge, "0")
/* What starts before 20 ms takes ten times as long. */
#define SLOW_FIRST                                                                                 \
    "'faults': {'slow': {'fault': 'slow', 'target': 'services.s', 'at': '0s', 'for': '20ms', "     \
    "'factor': 10}}"

static const struct {
    const char *name, *model, *scenario, *story, *outcome, *tries;
    uint64_t sent, wins, duplicates;
} cases[] = {
    {"a fast answer needs no copy", MODEL("10ms", "'hedge': '20ms'"), "", "10 answer web>s.op",
     "ok 1", "ok 1", 0, 0, 0},
    {"an answer as the delay ends comes first", MODEL("20ms", "'hedge': '20ms'"), "",
     "20 answer web>s.op", "ok 1", "ok 1", 0, 0, 0},
    {"the first may still win", MODEL("100ms", "'hedge': '30ms'"), "",
     "30 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op", "ok 1", "ok 1 cancelled 1", 1,
     0, 1},
    {"a copy wins", MODEL("10ms", "'hedge': '30ms'"), SLOW_FIRST,
     "30 timer web>s.op, 40 answer web>s.op, 100 answer web>s.op", "ok 1", "ok 1 cancelled 1", 1, 1,
     1},
    {"another one every delay", MODEL("100ms", "'hedge': {'delay': '30ms', 'max_attempts': 3}"), "",
     "30 timer web>s.op, 60 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op, "
     "160 answer web>s.op",
     "ok 1", "ok 1 cancelled 2", 2, 0, 2},
    {"all at once", MODEL("10ms", "'hedge': {'delay': '0s', 'max_attempts': 3}"), "",
     "0 timer web>s.op, 0 timer web>s.op, 10 answer web>s.op, 10 answer web>s.op, "
     "10 answer web>s.op",
     "ok 1", "ok 1 cancelled 2", 2, 0, 2},
    {"the loser hears of it, and stops",
     S("'cancellation': 'immediate', ", "{'work': '100ms'}") WEB("'hedge': '30ms'", "0"), "",
     "30 timer web>s.op, 100 answer web>s.op", "ok 1", "ok 1 cancelled 1", 1, 0, 1},
    {"unless nobody tells it",
     S("'cancellation': 'immediate', ", "{'work': '100ms'}")
         WEB("'hedge': {'delay': '30ms', 'cancel_losers': false}", "0"),
     "", "30 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op", "ok 1", "ok 1 cancelled 1",
     1, 0, 1},
    {"a failure that is not fatal sends the next at once",
     S("", "{'work': '10ms'}, {'fail': '100%', 'outcome': 'unavailable'}")
         WEB("'hedge': {'delay': '1s', 'max_attempts': 3}", "0"),
     "", "10 answer web>s.op, 20 answer web>s.op, 30 answer web>s.op", "unavailable 1",
     "unavailable 3", 2, 0, 0},
    {"a fatal one ends all",
     S("", "{'work': '10ms'}, {'fail': '100%', 'outcome': 'unavailable'}")
         WEB("'hedge': {'delay': '5ms', 'non_fatal': ['shed']}", "0"),
     "", "5 timer web>s.op, 10 answer web>s.op, 15 answer web>s.op", "unavailable 1",
     "unavailable 1 cancelled 1", 1, 0, 1},
    {"all have failed: the last failure",
     S("", "{'work': '10ms'}, {'fail': '100%', 'outcome': 'unavailable'}")
         WEB("'hedge': {'delay': '5ms', 'max_attempts': 2}", "0"),
     "", "5 timer web>s.op, 10 answer web>s.op, 15 answer web>s.op", "unavailable 1",
     "unavailable 2", 1, 0, 0},
    {"Envoy: the timeout sends a copy and ends nothing",
     MODEL("100ms", "'timeout': '30ms', 'hedge': {'after_timeout': true}"), "",
     "30 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op", "ok 1", "ok 1 cancelled 1", 1,
     0, 1},
    {"the deadline ends all copies",
     MODEL("100ms", "'timeout': '30ms', 'deadline': '60ms', 'hedge': {'after_timeout': true}"), "",
     "30 timer web>s.op, 60 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op",
     "deadline_exceeded 1", "deadline_exceeded 1 cancelled 1", 1, 0, 2},
    {"a timeout of each copy",
     MODEL("100ms", "'timeout': '50ms', 'hedge': '30ms', 'on': {'timeout': 'fail'}"), "",
     "30 timer web>s.op, 50 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op", "timeout 1",
     "timeout 1 cancelled 1", 1, 0, 1},
    {"and with tries left for it the copy lives on",
     MODEL("60ms", "'timeout': '50ms', 'hedge': {'delay': '30ms'}"), "",
     "30 timer web>s.op, 50 timer web>s.op, 60 answer web>s.op, 80 timer web>s.op, "
     "90 answer web>s.op",
     "timeout 1", "timeout 2", 1, 0, 0},
    {"a copy never goes where one is out",
     "'services': {'s': {'instances': 2, 'balancer': 'random', 'workers': 1, 'operations': {'op': "
     "[{'work': '100ms'}]}}}" WEB("'hedge': '30ms'", "0"),
     "", "30 timer web>s.op, 100 answer web>s.op, 130 answer web>s.op", "ok 1", "ok 1 cancelled 1",
     1, 0, 1},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(bench) b = bench_of(cases[i].model, cases[i].scenario);
        const char *name = cases[i].name;
        check_text(bench_play(&b, "answer timer"), cases[i].story, "%s", name);
        check_text(bench_outcomes(&b, "web.op"), cases[i].outcome, "%s", name);
        check_text(bench_tries(&b, "web>s.op"), cases[i].tries, "%s", name);
        check_that(bench_counter(&b, "web>s.op", "hedge", "sent") == cases[i].sent, "%s: sent",
                   name);
        check_that(bench_counter(&b, "web>s.op", "hedge", "wins") == cases[i].wins, "%s: wins",
                   name);
        check_that(bench_counter(&b, "web>s.op", "hedge", "duplicates") == cases[i].duplicates,
                   "%s: duplicates", name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", name);
    }
}

/* 60 calls of 10 ms teach it a p95 of 10 ms, as the upper edge of a bucket: 39 x 2^18 ns. */
static void test_percentile(void **unused)
{
    (void)unused;
    g_autoptr(GString) arrivals = g_string_new(NULL);
    for (int i = 0; i < 60; i++)
        g_string_append_printf(arrivals, "%dms ", i * 100);
    g_string_append(arrivals, "7s");
    g_autofree char *model = g_strdup_printf(
        S("", "{'work': '10ms'}") WEB("'hedge': {'percentile': '95%%', 'delay': '1s'}", "%s"),
        arrivals->str);
    g_auto(bench) b =
        bench_of(model, "'faults': {'slow': {'fault': 'slow', 'target': 'services.s', 'at': "
                        "'6900ms', 'for': '101ms', 'factor': 10}}");
    check_text(bench_play(&b, "timer"), "7010.223616 timer web>s.op", "p95 of what it has seen");
    check_that(bench_counter(&b, "web>s.op", "hedge", "no_percentile") == 50, "too few at first");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

/* What was seen longer ago than the window says nothing. */
static void test_percentile_forgets(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(S("", "{'work': '10ms'}")
                     WEB("'hedge': {'percentile': '90%', 'delay': '1s', 'min_calls': 3, "
                         "'window': '2s'}",
                         "0 100ms 200ms 300ms 5s"),
                 "");
    bench_play(&b, "");
    check_that(bench_counter(&b, "web>s.op", "hedge", "no_percentile") == 4, "three, and the last");
}

#define CHAIN(more)                                                                                \
    "'services': {'s': {'instances': 2, 'workers': 4, 'cancellation': 'immediate', 'operations': " \
    "{'op': [{'work': '100ms'}]}}, 'm': {'workers': 'unlimited', 'cancellation': 'immediate', "    \
    "'calls': {'s': {'hedge': '20ms'}}, 'operations': {'op': ['s.op']}}}, 'clients': {'web': "     \
    "{'at': 'm', " more "'arrivals': {'csv': '0 1ms'}}}"

/* Whoever ends a call ends its copies. */
static void test_copies_go_with_their_call(void **unused)
{
    (void)unused;
    g_auto(bench) left = bench_of(CHAIN("'timeout': '50ms', "), "");
    bench_play(&left, "");
    check_text(bench_calls(&left, "m>s.op"), "cancelled 2", "the caller has left");
    check_text(bench_tries(&left, "m>s.op"), "cancelled 4", "two copies each");
    check_that(gd_run_count_in_flight(left.run) == 0, "all came back");

    g_auto(bench) crashed = bench_of(
        CHAIN(""), "'faults': {'boom': {'fault': 'crash', 'target': 'services.m', 'at': '50ms', "
                   "'for': '5ms'}}");
    bench_play(&crashed, "");
    check_text(bench_outcomes(&crashed, "web.op"), "reset 2", "the caller has crashed");
    check_text(bench_tries(&crashed, "m>s.op"), "cancelled 4", "two copies each");
    check_that(gd_run_count_in_flight(crashed.run) == 0, "all came back");
}

/* Each copy takes a place of what stands below it in the chain, and gives it back. */
static void test_copies_pass_what_is_below(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        MODEL("100ms", "'hedge': {'delay': '10ms', 'max_attempts': 3}, 'bulkhead': 2"), "");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 1", "two places, two copies");
    check_that(bench_counter(&b, "web>s.op", "bulkhead", "refused") == 1, "none for the third");
    check_that(gd_run_count_in_flight(b.run) == 0, "all came back");
}

/* Two servers, both busy for a while: web's two copies wait in both queues. The one that starts
 * first takes the other out of its queue; the servers are 1 ms apart from each other. */
#define TIED(policy, arrivals)                                                                     \
    "'network': {'same_zone': '1ms'}, 'services': {'s': {'instances': 2, 'workers': 1, "           \
    "'operations': {'op': [{'work': '10ms'}], 'long': [{'work': '100ms'}]}}}, 'clients': {'bg': "  \
    "{'at': 's', 'mix': 'long', 'arrivals': {'csv': '0 50ms'}}, 'web': {'at': 's', 'mix': 'op', "  \
    "'hedge': {'delay': '2ms', " policy "}, 'arrivals': {'csv': '" arrivals "'}}}"

static void test_tied(void **unused)
{
    (void)unused;
    g_auto(bench) both = bench_of(TIED("'cancel_losers': false", "60ms"), "");
    bench_play(&both, "");
    check_text(bench_tries(&both, "web>s.op"), "ok 1 cancelled 1", "not tied: both do the work");
    check_that(bench_service(&both, "s")->work == (gd_u128)(220 * GD_MS), "twice 10 ms");

    g_auto(bench) b = bench_of(TIED("'tied': true", "60ms"), "");
    bench_play(&b, "");
    check_text(bench_outcomes(&b, "web.op"), "ok 1", "answered");
    check_text(bench_tries(&b, "web>s.op"), "ok 1 cancelled 1", "one was taken out of its queue");
    check_that(bench_service(&b, "s")->work == (gd_u128)(210 * GD_MS), "once 10 ms");
    check_that(bench_counter(&b, "web>s.op", "hedge", "untied") == 1, "by its twin");
    check_that(bench_counter(&b, "web>s.op", "hedge", "duplicates") == 0, "no duplicate");
    check_that(gd_run_count_in_flight(b.run) == 0, "none is lost");
}

/* Both servers idle: with a delay of twice the network's the second is turned away as it arrives;
 * at once, both start within the network's delay and both do the work. */
static void test_tied_and_idle(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(TIED("'tied': true", "500ms"), "");
    bench_play(&b, "");
    check_that(bench_service(&b, "s")->work == (gd_u128)(210 * GD_MS), "the second never begins");
    check_that(bench_counter(&b, "web>s.op", "hedge", "untied") == 1, "turned away");
    g_auto(bench) race = bench_of(
        "'network': {'same_zone': '1ms'}, 'services': {'s': {'instances': 2, 'workers': 1, "
        "'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {'web': {'at': 's', 'hedge': "
        "{'delay': '0s', 'tied': true}, 'arrivals': {'csv': '0'}}}",
        "");
    bench_play(&race, "");
    check_that(bench_service(&race, "s")->work == (gd_u128)(20 * GD_MS), "both have begun");
}

/* A budget of 10 %, with nothing saved up: the first ten calls earn one copy. */
static void test_budget(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        S("", "{'work': '100ms'}")
            WEB("'hedge': {'delay': '30ms', 'budget': {'ratio': {'share': '10%', 'burst': 1}}}",
                "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"),
        "");
    bench_play(&b, "");
    uint64_t sent = bench_counter(&b, "web>s.op", "hedge", "sent");
    check_that(sent <= 3, "%u copies of 20 calls", (unsigned)sent);
    check_that(bench_counter(&b, "web>s.op", "hedge", "no_budget") == 20 - sent, "the rest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_percentile),
        cmocka_unit_test(test_percentile_forgets),
        cmocka_unit_test(test_copies_go_with_their_call),
        cmocka_unit_test(test_copies_pass_what_is_below),
        cmocka_unit_test(test_tied),
        cmocka_unit_test(test_tied_and_idle),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
