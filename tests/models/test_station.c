/* Workers and queues: who is served when. Exact small cases, times in ms. */
#include "tests/models/bench_plan.h"

#include <glib.h>

/* Users with a name each, so that the story says whose answer it is. */
#define ASKS(name, op, at) "'" name "': {'at': 's', 'mix': '" op "', 'arrivals': {'csv': '" at "'}}"
#define S(more, ops)       "'services': {'s': {" more ", 'operations': {" ops "}}}, 'clients': {"

#define WORK10 "'op': [{'work': '10ms'}]"
#define CLASSES                                                                                    \
    "'hi': {'priority': 0, 'steps': [{'work': '10ms'}]}, 'lo': {'priority': 5, 'steps': "          \
    "[{'work': '10ms'}]}"

static const struct {
    const char *name, *model, *story;
} orders[] = {
    {"fifo",
     S("'workers': 1", WORK10) ASKS("a", "op", "0") "," ASKS("b", "op", "1ms") "," ASKS(
         "c", "op", "2ms") "," ASKS("d", "op", "3ms") "}",
     "10 answer a>s.op, 20 answer b>s.op, 30 answer c>s.op, 40 answer d>s.op"},
    {"lifo: the newest first",
     S("'workers': 1, 'discipline': 'lifo'", WORK10) ASKS("a", "op", "0") "," ASKS(
         "b", "op", "1ms") "," ASKS("c", "op", "2ms") "," ASKS("d", "op", "15ms") "}",
     "10 answer a>s.op, 20 answer c>s.op, 30 answer d>s.op, 40 answer b>s.op"},
    {"two workers",
     S("'workers': 2", WORK10) ASKS("a", "op", "0") "," ASKS("b", "op", "1ms") "," ASKS(
         "c", "op", "2ms") "," ASKS("d", "op", "3ms") "}",
     "10 answer a>s.op, 11 answer b>s.op, 20 answer c>s.op, 21 answer d>s.op"},
    {"a worker freed now is usable now",
     S("'workers': 1", WORK10) ASKS("a", "op", "0") "," ASKS("b", "op", "10ms") "}",
     "10 answer a>s.op, 20 answer b>s.op"},
    {"priority: the best class, first come within it",
     S("'workers': 1, 'discipline': 'priority'", CLASSES)
         ASKS("a", "lo", "0") "," ASKS("b", "lo", "1ms") "," ASKS("c", "hi", "2ms") "," ASKS(
             "d", "lo", "3ms") "," ASKS("e", "hi", "4ms") "}",
     "10 answer a>s.lo, 20 answer c>s.hi, 30 answer e>s.hi, 40 answer b>s.lo, 50 answer d>s.lo"},
    {"pre-empting: it interrupts, and what it interrupted resumes",
     S("'workers': 1, 'discipline': 'priority', 'preempt': true", CLASSES)
         ASKS("a", "lo", "0") "," ASKS("b", "lo", "1ms") "," ASKS("c", "hi", "4ms") "}",
     "14 answer c>s.hi, 20 answer a>s.lo, 30 answer b>s.lo"},
    {"an equal does not interrupt",
     S("'workers': 1, 'discipline': 'priority', 'preempt': true", CLASSES)
         ASKS("a", "hi", "0") "," ASKS("b", "hi", "4ms") "}",
     "10 answer a>s.hi, 20 answer b>s.hi"},
    {"of two it interrupts the one begun last",
     S("'workers': 2, 'discipline': 'priority', 'preempt': true", CLASSES)
         ASKS("a", "lo", "0") "," ASKS("b", "lo", "1ms") "," ASKS("c", "hi", "5ms") "}",
     "10 answer a>s.lo, 15 answer c>s.hi, 16 answer b>s.lo"},
    {"twice interrupted",
     S("'workers': 1, 'discipline': 'priority', 'preempt': true", CLASSES)
         ASKS("a", "lo", "0") "," ASKS("c", "hi", "3ms") "," ASKS("d", "hi", "16ms") "}",
     "13 answer c>s.hi, 26 answer d>s.hi, 30 answer a>s.lo"},
    /* a alone 0-4: 4 done; with b 4-16: 6 more each; b alone 16-20 */
    {"ps: two share one worker",
     S("'workers': 1, 'discipline': 'ps'", WORK10)
         ASKS("a", "op", "0") "," ASKS("b", "op", "4ms") "}",
     "16 answer a>s.op, 20 answer b>s.op"},
    /* 0-3 a alone: 3; 3-6 two: 1.5 each; from 6 three: the least left is a's 5.5: until 22.5 */
    {"ps: three",
     S("'workers': 1, 'discipline': 'ps'", WORK10)
         ASKS("a", "op", "0") "," ASKS("b", "op", "3ms") "," ASKS("c", "op", "6ms") "}",
     "22.5 answer a>s.op, 28.5 answer b>s.op, 30 answer c>s.op"},
    {"ps: two workers, two jobs: no one is slowed",
     S("'workers': 2, 'discipline': 'ps'", WORK10)
         ASKS("a", "op", "0") "," ASKS("b", "op", "4ms") "}",
     "10 answer a>s.op, 14 answer b>s.op"},
    /* three on two workers from 4 to: a needs 6 at 2/3 */
    {"ps: two workers, three jobs",
     S("'workers': 2, 'discipline': 'ps'", WORK10)
         ASKS("a", "op", "0") "," ASKS("b", "op", "4ms") "," ASKS("c", "op", "4ms") "}",
     "13 answer a>s.op, 17 answer b>s.op, 17 answer c>s.op"},
    {"unlimited workers never wait",
     S("'workers': 'unlimited'", WORK10)
         ASKS("a", "op", "0") "," ASKS("b", "op", "1ms") "," ASKS("c", "op", "1ms") "}",
     "10 answer a>s.op, 11 answer b>s.op, 11 answer c>s.op"},
};

static void test_order_of_service(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_auto(bench) b = bench_of(orders[i].model, "");
        check_text(bench_play(&b, "answer"), orders[i].story, "%s", orders[i].name);
        check_that(b.record->end == GD_END_DRAINED, "%s", orders[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", orders[i].name);
        const gd_service_record *s = &b.record->services[0];
        check_that(s->work == s->busy_area, "%s: what was busy was work", orders[i].name);
        check_that(s->work == (gd_u128)(10 * GD_MS) * s->completed, "%s: 10 ms each, %ld",
                   orders[i].name, (long)s->work);
    }
}

/* ---- queue limits ---------------------------------------------------------------------------- */
static const struct {
    const char *name, *model, *outcomes;
    uint64_t queue_max, rejected;
} limits[] = {
    {"no limit, no refusal", S("'workers': 1", WORK10) ASKS("a", "op", "0 0 0 0 0") "}", "ok 5", 4,
     0},
    {"one more is shed", S("'workers': 1, 'queue': 2", WORK10) ASKS("a", "op", "0 0 0 0 0") "}",
     "ok 3 shed 2", 2, 2},
    {"none may wait",
     S("'workers': 2, 'queue': {'limit': 0}", WORK10) ASKS("a", "op", "0 0 0 10ms 10ms 10ms") "}",
     "ok 4 shed 2", 0, 2},
    {"a place in the queue freed now is usable now",
     S("'workers': 1, 'queue': 1", WORK10) ASKS("a", "op", "0 1ms 10ms 11ms") "}", "ok 3 shed 1", 1,
     1},
    {"lifo sheds the newcomer too",
     S("'workers': 1, 'queue': 1, 'discipline': 'lifo'", WORK10) ASKS("a", "op", "0 1ms 2ms") "}",
     "ok 2 shed 1", 1, 1},
    {"ps: workers and queue together",
     S("'workers': 1, 'queue': 1, 'discipline': 'ps'", WORK10) ASKS("a", "op", "0 1ms 2ms") "}",
     "ok 2 shed 1", 1, 1},
};

static void test_queue_limits(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_auto(bench) b = bench_of(limits[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "a.op"), limits[i].outcomes, "%s", limits[i].name);
        const gd_service_record *s = bench_service(&b, "s");
        check_that(s->queue_max == limits[i].queue_max, "%s: %lu", limits[i].name,
                   (unsigned long)s->queue_max);
        check_that(s->rejected == limits[i].rejected, "%s: %lu", limits[i].name,
                   (unsigned long)s->rejected);
        unsigned full = 0;
        for (uint32_t h = 0; h < b.record->n_happenings; h++)
            full += b.record->happenings[h].what == GD_HAPPENED_QUEUE_FULL;
        check_that(full == (limits[i].rejected > 0), "%s: said once", limits[i].name);
    }
}

/* ---- workers and calls ----------------------------------------------------------------------- */
/* m works 2 ms, asks z (10 ms), works 3 ms. Two users at once. */
#define CALLER(more)                                                                               \
    "'services': {'m': {'workers': 1, " more "'operations': {'op': [{'work': '2ms'}, 'z.op', "     \
    "{'work': '3ms'}]}}, 'z': {'workers': 'unlimited', 'operations': {'op': [{'work': "            \
    "'10ms'}]}}},"                                                                                 \
    "'clients': {"
#define USER(name, at) "'" name "': {'at': 'm', 'arrivals': {'csv': '" at "'}}"

static const struct {
    const char *name, *model, *story;
    int64_t busy_ms;
} threads[] = {
    {"blocking: the worker is held through the call",
     CALLER("") USER("a", "0") "," USER("b", "0") "}", "15 answer a>m.op, 30 answer b>m.op", 30},
    {"async: it is held for work only",
     CALLER("'threads': 'async', ") USER("a", "0") "," USER("b", "0") "}",
     "15 answer a>m.op, 18 answer b>m.op", 10},
    /* c and d arrive at 11 and 11.5 ms: c works until 13; a's second work goes before d. */
    {"async: work that goes on is served before arrivals",
     CALLER("'threads': 'async', ")
         USER("a", "0") "," USER("c", "11ms") "," USER("d", "11500us") "}",
     "16 answer a>m.op, 26 answer c>m.op, 31 answer d>m.op", 15},
    {"async: and is never refused",
     CALLER("'threads': 'async', 'queue': {'limit': 0}, ")
         USER("a", "0") "," USER("c", "11ms") "," USER("d", "11500us") "}",
     "11.5 answer d>m.op, 16 answer a>m.op, 26 answer c>m.op", 10},
    {"async and lifo: first come, first served in the lane",
     CALLER("'threads': 'async', 'discipline': 'lifo', ")
         USER("a", "0") "," USER("b", "0") "," USER("c", "10ms") "," USER("d", "11ms") "}",
     /* c works 10-12, then a 12-15 (back at 12), b 15-18 (back at 14), then d 18-20. */
     "15 answer a>m.op, 18 answer b>m.op, 25 answer c>m.op, 33 answer d>m.op", 20},
};

static void test_threads(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_auto(bench) b = bench_of(threads[i].model, "");
        g_auto(GStrv) lines = g_strsplit(bench_play(&b, "answer"), ", ", -1);
        g_autoptr(GString) users = g_string_new("");
        for (size_t k = 0; lines[k]; k++)
            if (strstr(lines[k], ">m.op"))
                g_string_append_printf(users, "%s%s", users->len ? ", " : "", lines[k]);
        check_text(users->str, threads[i].story, "%s", threads[i].name);
        check_that(bench_service(&b, "m")->busy_area == (gd_u128)(threads[i].busy_ms * GD_MS),
                   "%s: busy %ld", threads[i].name, (long)bench_service(&b, "m")->busy_area);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", threads[i].name);
    }
}

/* ---- cancellation ---------------------------------------------------------------------------- */
/* Three users of one worker, 10 ms each; b gives up at 15 ms (waiting), a at 5 ms (working). */
#define PATIENCE(mode, discipline)                                                                 \
    "'services': {'s': {'workers': 1, 'cancellation': '" mode "'" discipline ", 'operations': "    \
    "{'op': [{'work': '10ms'}]}}}, 'clients': {'a': {'at': 's', 'timeout': '5ms', 'arrivals': "    \
    "{'csv': '0'}}, 'b': {'at': 's', 'timeout': '4ms', 'arrivals': {'csv': '1ms'}}, 'c': {'at': "  \
    "'s', 'arrivals': {'csv': '2ms'}}}"

static const struct {
    const char *name, *model, *story;
} cancels[] = {
    {"none: all of it is worked off", PATIENCE("none", ""),
     "5 timer a>s.op, 5 timer b>s.op, 10 answer a>s.op, 20 answer b>s.op, 30 answer c>s.op"},
    {"before it begins", PATIENCE("dequeue_only", ""),
     "5 timer a>s.op, 5 timer b>s.op, 10 answer a>s.op, 20 answer c>s.op"},
    {"at once", PATIENCE("immediate", ""), "5 timer a>s.op, 5 timer b>s.op, 15 answer c>s.op"},
    /* lifo: c is before b in the queue */
    {"lifo, before it begins", PATIENCE("dequeue_only", ", 'discipline': 'lifo'"),
     "5 timer a>s.op, 5 timer b>s.op, 10 answer a>s.op, 20 answer c>s.op"},
    {"priority, at once", PATIENCE("immediate", ", 'discipline': 'priority'"),
     "5 timer a>s.op, 5 timer b>s.op, 15 answer c>s.op"},
    /* ps: a alone 1 ms, a and b 1 ms, three for 3 ms; from 5 ms c is alone with 9 ms left */
    {"ps, at once", PATIENCE("immediate", ", 'discipline': 'ps'"),
     "5 timer a>s.op, 5 timer b>s.op, 14 answer c>s.op"},
};

static void test_cancellation(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cancels); i++) {
        g_auto(bench) b = bench_of(cancels[i].model, "");
        check_text(bench_play(&b, "answer timer"), cancels[i].story, "%s", cancels[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s: %u left", cancels[i].name,
                   gd_run_count_in_flight(b.run));
    }
}

/* Who gives up while it waits leaves its place to another. */
static void test_a_place_in_the_queue_is_free_again(void **unused)
{
    (void)unused;
    static const char *const disciplines[] = {"fifo", "lifo", "priority"};
    for (size_t i = 0; i < G_N_ELEMENTS(disciplines); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'workers': 1, 'queue': 1, 'cancellation': 'dequeue_only', "
            "'discipline': '%s', 'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {'a': "
            "{'at': 's', 'arrivals': {'csv': '0'}}, 'b': {'at': 's', 'timeout': '4ms', 'arrivals': "
            "{'csv': '1ms'}}, 'c': {'at': 's', 'arrivals': {'csv': '6ms'}}}",
            disciplines[i]);
        g_auto(bench) b = bench_of(model, "");
        check_text(bench_play(&b, "answer timer"),
                   "5 timer b>s.op, 10 answer a>s.op, 20 answer c>s.op", "%s", disciplines[i]);
    }
}

/* Areas under the counts are sums of times, to the nanosecond: Little's law of a drained run. */
static void test_areas_are_sums(void **unused)
{
    (void)unused;
    static const char *const disciplines[] = {"fifo", "lifo", "priority"};
    for (size_t i = 0; i < G_N_ELEMENTS(disciplines); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'instances': 2, 'workers': 2, 'queue': 9, 'discipline': '%s', "
            "'operations': {'op': [{'work': {'exponential': '10ms'}}]}}}, 'clients': {'a': {'at': "
            "'s', 'arrivals': {'poisson': '380/s'}, 'stop_after': 5000}}",
            disciplines[i]);
        g_auto(bench) b = bench_of(model, "'duration': '1h'");
        bench_play(&b, "");
        const gd_service_record *s = bench_service(&b, "s");
        check_that(s->rejected > 0 && s->completed + s->rejected == 5000, "%s", disciplines[i]);
        check_that(s->queue_area == s->wait.sum && s->wait.sum > 0, "%s: waits", disciplines[i]);
        check_that(s->busy_area == s->service.sum, "%s: work", disciplines[i]);
        check_that(s->system_area == s->sojourn.sum, "%s: stays", disciplines[i]);
        check_that(s->sojourn.sum == s->wait.sum + s->service.sum, "%s", disciplines[i]);
    }
}

/* A cancel goes on to what the callee has asked in turn. */
static void test_cancels_reach_down(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of("'services': {'m': {'workers': 1, 'cancellation': 'immediate', "
                               "'operations': {'op': ['z.op']}},"
                               "'z': {'workers': 1, 'cancellation': 'immediate', 'operations': "
                               "{'op': [{'work': '10ms'}]}}},"
                               "'clients': {'a': {'at': 'm', 'timeout': '5ms', 'arrivals': {'csv': "
                               "'0'}}, 'b': {'at': 'm', "
                               "'arrivals': {'csv': '1ms'}}}",
                               "");
    check_text(bench_play(&b, "answer timer cancel"),
               "5 timer a>m.op, 5 cancel m, 5 cancel z, 15 answer m>z.op, 15 answer b>m.op",
               "both workers are free at 5");
}

/* Losers of a race, cancelled or left to run. */
static void test_rest_of_a_parallel(void **unused)
{
    (void)unused;
    static const char *const rests[] = {"abandon", "cancel"};
    for (size_t i = 0; i < G_N_ELEMENTS(rests); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'m': {'workers': 1, 'operations': {'op': [{'parallel': ['y.op', 'z.op'], "
            "'until': 'first', 'rest': '%s'}]}}, 'y': {'workers': 1, 'operations': {'op': "
            "[{'work': "
            "'10ms'}]}}, 'z': {'workers': 1, 'cancellation': 'immediate', 'operations': {'op': "
            "[{'work': '30ms'}]}}}, 'clients': {'a': {'at': 'm', 'arrivals': {'csv': '0'}}, 'b': "
            "{'at': 'z', 'arrivals': {'csv': '11ms'}}}",
            rests[i]);
        g_auto(bench) b = bench_of(model, "");
        bench_play(&b, "");
        check_that(bench_latency_ms(&b, "a.op") == 10, "%s", rests[i]);
        check_that(bench_latency_ms(&b, "b.op") == (i ? 30 : 49), "%s: %g", rests[i],
                   bench_latency_ms(&b, "b.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", rests[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_service),
        cmocka_unit_test(test_queue_limits),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_cancellation),
        cmocka_unit_test(test_a_place_in_the_queue_is_free_again),
        cmocka_unit_test(test_areas_are_sums),
        cmocka_unit_test(test_cancels_reach_down),
        cmocka_unit_test(test_rest_of_a_parallel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
