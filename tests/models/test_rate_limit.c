/* Client-side limiters and throttles, pools and Envoy's limits: exact instants, worked out by hand.
 */
#include "tests/models/bench_plan.h"

#include <glib.h>

/* A service that answers at once, and users who come at these instants. */
#define ONE(work, policy, instants)                                                                \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '" work "'}]}}}, "  \
    "'clients': {'web': {'at': 's', " policy ", 'arrivals': {'csv': '" instants "'}}}"
#define LIMIT(kind, instants) ONE("1ns", "'rate_limit': {" kind "}", instants)
#define POOL(kind, instants)  ONE("100ms", "'bulkhead': {" kind "}", instants)

static const struct {
    const char *name, *model, *outcomes, *group;
    uint64_t waited_us; /* all waits together */
} limits[] = {
    {"token bucket: the burst, then no more",
     LIMIT("'token_bucket': {'rate': '10/s', 'burst': 2}", "0 1ms 2ms"), "ok 2 throttled_local 1",
     "rate_limit", 0},
    {"token bucket: a token in 100 ms, not sooner",
     LIMIT("'token_bucket': {'rate': '10/s', 'burst': 1}", "0 99999us 100ms"),
     "ok 2 throttled_local 1", "rate_limit", 0},
    /* The 2nd is due at 100 ms, the 3rd at 200: 198 ms is more than 150. */
    {"token bucket: waits its turn, up to max_wait",
     LIMIT("'token_bucket': {'rate': '10/s', 'burst': 1, 'max_wait': '150ms'}", "0 1ms 2ms"),
     "ok 2 throttled_local 1", "rate_limit", 99000},
    {"leaky bucket: one by one", LIMIT("'leaky_bucket': {'rate': '10/s', 'queue': 2}", "0 0 0 0"),
     "ok 3 throttled_local 1", "rate_limit", 300000},
    {"leaky bucket: without a queue only what is on time",
     LIMIT("'leaky_bucket': {'rate': '10/s', 'queue': 0}", "0 50ms 100ms"),
     "ok 2 throttled_local 1", "rate_limit", 0},
    {"fixed window: twice the limit around a boundary",
     LIMIT("'fixed_window': {'limit': 2, 'period': '1s'}", "999ms 999ms 999ms 1s 1s 1s"),
     "ok 4 throttled_local 2", "rate_limit", 0},
    {"sliding log: never more than the limit in a period",
     LIMIT("'sliding_log': {'limit': 2, 'period': '1s'}", "999ms 999ms 1s 1998ms 1999ms 1999ms"),
     "ok 4 throttled_local 2", "rate_limit", 0},
    {"sliding log: waits until the oldest is gone",
     LIMIT("'sliding_log': {'limit': 1, 'period': '1s', 'max_wait': '2s'}", "0 500ms 600ms"),
     "ok 3", "rate_limit", 1900000},
    /* 4 in the first second; at 1.5 s they weigh 2: two more; at 1.75 s they weigh 1: one more. */
    {"sliding window: the last period weighs what is left of it",
     LIMIT("'sliding_window': {'limit': 4, 'period': '1s'}",
           "0 0 0 0 1500ms 1500ms 1500ms 1750ms 1750ms"),
     "ok 7 throttled_local 2", "rate_limit", 0},
    /* 2 a cycle of 100 ms: the 3rd and 4th wait for the next, the 5th for the one after. */
    {"cycles: permits are reserved in later ones",
     LIMIT("'cycles': {'limit': 2, 'period': '100ms', 'max_wait': '1s'}",
           "50ms 50ms 50ms 50ms 50ms"),
     "ok 5", "rate_limit", 250000},
    {"cycles: but unused ones are lost",
     LIMIT("'cycles': {'limit': 2, 'period': '100ms', 'max_wait': '0s'}", "950ms 950ms 950ms"),
     "ok 2 throttled_local 1", "rate_limit", 0},
    {"cycles: not beyond the longest wait",
     LIMIT("'cycles': {'limit': 1, 'period': '100ms', 'max_wait': '100ms'}", "90ms 90ms 90ms"),
     "ok 2 throttled_local 1", "rate_limit", 10000},
};

static void test_limits(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_auto(bench) b = bench_of(limits[i].model, "");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), limits[i].outcomes, "%s", limits[i].name);
        uint64_t waited = bench_counter(&b, "web>s.op", limits[i].group, "waited_us");
        check_that(waited == limits[i].waited_us, "%s: %lu us", limits[i].name,
                   (unsigned long)waited);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", limits[i].name);
    }
}

static const struct {
    const char *name, *model, *outcomes, *answers;
} pools[] = {
    {"threads: core, no queue, refused", POOL("'thread_pool': {'core': 2}", "0 1ms 2ms"),
     "ok 2 bulkhead_full 1", "100 answer web>s.op, 101 answer web>s.op"},
    {"threads: the queue waits for one of the core",
     POOL("'thread_pool': {'core': 1, 'queue': 1}", "0 1ms 2ms"), "ok 2 bulkhead_full 1",
     "100 answer web>s.op, 200 answer web>s.op"},
    /* 2nd waits, 3rd finds the queue full: a thread is made for it, so that it overtakes. */
    {"threads: the pool grows when the queue is full",
     POOL("'thread_pool': {'core': 1, 'max': 2, 'queue': 1}", "0 1ms 2ms 3ms"),
     "ok 3 bulkhead_full 1", "100 answer web>s.op, 102 answer web>s.op, 200 answer web>s.op"},
    /* The extra thread is still there at 210 ms (10 ms idle), and gone at 330. */
    {"threads: beyond the core they stay for a while",
     POOL("'thread_pool': {'core': 1, 'max': 2, 'queue': 1, 'keep_alive': '20ms'}",
          "0 1ms 2ms 210ms 211ms 332ms 333ms"),
     "ok 7",
     "100 answer web>s.op, 102 answer web>s.op, 200 answer web>s.op, 310 answer web>s.op, "
     "311 answer web>s.op, 432 answer web>s.op, 532 answer web>s.op"},
    {"threads: a timeout outside bounds the wait",
     ONE("100ms",
         "'bulkhead': {'thread_pool': {'core': 1, 'queue': 1}}, 'timeout': '150ms', 'order': "
         "['timeout', 'bulkhead']",
         "0 1ms"),
     "ok 1 timeout 1", "100 answer web>s.op, 200 answer web>s.op"},
    {"Envoy, HTTP/1: connections, then pending, then overflow",
     POOL("'envoy': {'max_connections': 1, 'max_pending': 1}", "0 1ms 2ms"), "ok 2 bulkhead_full 1",
     "100 answer web>s.op, 200 answer web>s.op"},
    {"Envoy, HTTP/2: requests",
     POOL("'envoy': {'protocol': 'http2', 'max_requests': 2, 'max_connections': 1}", "0 1ms 2ms"),
     "ok 2 bulkhead_full 1", "100 answer web>s.op, 101 answer web>s.op"},
};

static void test_pools(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(pools); i++) {
        g_auto(bench) b = bench_of(pools[i].model, "");
        const char *story = bench_play(&b, "answer");
        check_text(bench_outcomes(&b, "web.op"), pools[i].outcomes, "%s", pools[i].name);
        check_text(story, pools[i].answers, "%s", pools[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", pools[i].name);
    }
}

/* ---- adaptive throttling -----------------------------------------------------------------------
 */
/* The callee accepts A = 100/s of L = 1,000/s offered. In equilibrium, where requests of the window
 * are R, accepts a: what is sent is R (1 - p) = R - (R - K a) = K a: K times what is accepted. */
static void check_equilibrium(const char *k, double times)
{
    g_autofree char *model = g_strdup_printf(
        "'services': {'m': {'workers': 'unlimited', 'calls': {'s': {'throttle': {'sre': {'k': %s, "
        "'window': '10s'}}}}, 'operations': {'op': ['s.op']}}}, 'external': {'s': {'quota': "
        "'100/s', 'operations': {'op': '1ms'}}}, 'clients': {'web': {'at': 'm', 'arrivals': "
        "{'poisson': '1000/s'}}}",
        k);
    g_auto(bench) b = bench_of(model, "'duration': '100s', 'warmup': '60s'");
    bench_play(&b, "");
    const gd_edge_record *edge = bench_edge(&b, "m>s.op");
    double accepted = (double)edge->tries[GD_OK];
    double sent = accepted + (double)edge->tries[GD_RATE_LIMITED];
    check_that(accepted > 9900 && accepted < 10200, "K %s: %g accepted", k, accepted);
    check_that(sent / accepted > times * 0.98 && sent / accepted < times * 1.02,
               "K %s: %g sent for each accepted", k, sent / accepted);
}

static void test_equilibrium(void **unused)
{
    (void)unused;
    check_equilibrium("2", 2);
    check_equilibrium("1.1", 1.1);
}

/* Below 1 / K refused it does nothing at all. */
static void test_no_throttle(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '1ms'}, "
        "{'fail': '30%', 'outcome': 'shed'}]}}}, 'clients': {'web': {'at': 's', 'throttle': 'sre', "
        "'arrivals': {'poisson': '100/s'}, 'stop_after': 2000}}",
        "");
    bench_play(&b, "");
    check_that(bench_counter(&b, "web>s.op", "throttle", "dropped") < 5, "the first few apart");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_equilibrium),
        cmocka_unit_test(test_no_throttle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
