/* A process that stands still, leaks and is killed; what is left out under load. Traces by hand. */
#include "models/serve/serve.h"
#include "tests/models/serve/rig.h"

#include <math.h>

#define GC "'gc': {'every': '20ms', 'pause': '15ms'}"

static const serve_case cases[] = {
    /* The process stands still from 20 to 35: b's work, 8 of 10 done, ends at 37. c comes at 25 and
     * is seen at 35. */
    {"a pause: work ends later, arrivals wait",
     SERVICE(GC, "10ms") ASKS("a", "0") "," ASKS("b", "12ms") "," ASKS("c", "25ms") "}",
     "10 answer a>s.op, 37 answer b>s.op, 47 answer c>s.op", "gc.pauses 1 gc.paused_us 15000",
     NULL},
    {"a pause of a shared processor",
     SERVICE("'discipline': 'ps', " GC, "10ms") ASKS("a", "12ms") "," ASKS("b", "25ms") "}",
     /* a: 8 of 10 at 20; b joins at 35: a's last 2 take 4. b: 2 then, 8 alone. */
     "39 answer a>s.op, 47 answer b>s.op", "gc.pauses 1", NULL},
    {"a pause ends, and the next comes 20 ms after its end",
     SERVICE(GC, "10ms") ASKS("a", "50ms") "}", "75 answer a>s.op", "gc.pauses 2", NULL},
    /* m asks z at 15; the answer is there at 25, and m sees it at 35. */
    {"an answer to a process that stands still waits",
     "'services': {'s': {'workers': 1, " GC
     ", 'operations': {'op': ['z.op']}}, 'z': {'workers': 1, "
     "'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {" ASKS("a", "15ms") "}",
     "35 answer s>z.op, 35 answer a>s.op", "gc.pauses 1", NULL},
    {"who waited too long is sent away when the process goes on",
     SERVICE("'queue': {'timeout': '10ms'}, " GC, "10ms")
         ASKS("a", "14ms") "," ASKS("b", "15ms") "}",
     "35 answer b>s.op, 39 answer a>s.op", "queue_timeout.timed_out 1", NULL},

    /* 1 MiB/s to 3 MiB from 1: killed at 2 s, back at 2.5 s. The one at 1.995 is lost. */
    {"a leak: killed at the limit, restarted",
     SERVICE("'memory': {'limit': '3MiB', 'base': '1MiB', 'leak': '1MiB', 'restart': '500ms'}",
             "10ms")
         ASKS("a", "0") "," ASKS("b", "1995ms") "," ASKS("c", "2400ms") "," ASKS("d", "2500ms") "}",
     "10 answer a>s.op, 2000 answer b>s.op, 2400 answer c>s.op, 2510 answer d>s.op",
     "memory.killed 1", NULL},
    /* Instances of ages 0 and 1 s: the second is killed a second earlier. */
    {"a leak: instances of different ages",
     "'services': {'s': {'workers': 1, 'instances': 2, 'memory': {'limit': '3MiB', 'base': '1MiB', "
     "'leak': '1MiB', 'restart': '1m', 'spread': '2s'}, 'operations': {'op': [{'work': '1ms'}]}}}, "
     "'clients': {" ASKS("a", "1500ms 1501ms") "}",
     NULL, "memory.killed 1", NULL},
    /* Each request takes 1 MiB while it is inside, and there is room for 2. */
    {"requests inside fill the memory",
     SERVICE("'memory': {'limit': '3MiB', 'per_request': '1MiB', 'restart': '5ms'}", "10ms")
         ASKS("a", "0") "," ASKS("b", "1ms") "," ASKS("c", "2ms") "," ASKS("d", "8ms") "}",
     "2 answer a>s.op, 2 answer b>s.op, 2 answer c>s.op, 18 answer d>s.op", "memory.killed 1",
     NULL},
    /* 2 MiB are free: the second request of 1 MiB fills them: at 20 it stands still, for 5 ms and
     * 1 MiB at 100 MiB/s: 15 ms. Its own work is done at 45. */
    {"a collection: the longer, the more lives",
     SERVICE("'memory': {'limit': '3MiB', 'base': '1MiB', 'allocates': '1MiB', 'pause': '5ms', "
             "'rate': '100MiB'}",
             "10ms") ASKS("a", "0 20ms") "," ASKS("b", "50ms") "}",
     "10 answer a>s.op, 45 answer a>s.op, 60 answer b>s.op",
     "memory.collections 1 memory.paused_us 15000 memory.room 2", NULL},

    /* p95 of the first period is 20 ms, twice the target: d = 1 - 1 = 0 from 100 on. */
    {"brownout: the optional part is left out",
     "'services': {'s': {'workers': 'unlimited', 'brownout': {'target': '10ms', 'period': '100ms', "
     "'gain': 1}, 'operations': {'op': [{'work': '5ms'}, {'optional': [{'work': '15ms'}]}]}}}, "
     "'clients': {" ASKS("a", "0 110ms") "}",
     "20 answer a>s.op, 115 answer a>s.op",
     "brownout.done 1 brownout.left_out 1 brownout.lowered 1", NULL},
    /* 5 ms is half of the target: d = 0 + 0.5 from 200 on; and full again from 300 on. */
    {"brownout: and comes back",
     "'services': {'s': {'workers': 'unlimited', 'brownout': {'target': '10ms', 'period': '100ms', "
     "'gain': 1}, 'operations': {'op': [{'work': '5ms'}, {'optional': [{'work': '15ms'}]}]}}}, "
     "'clients': {" ASKS("a", "0 110ms") "," MORE("b", "'mix': 'op'", "310ms") "}",
     NULL, "brownout.lowered 1 brownout.raised 1", NULL},
    {"brownout: the degraded path is broken",
     "'services': {'s': {'workers': 'unlimited', 'brownout': {'target': '10ms', 'period': '100ms', "
     "'gain': 1, 'latent_bug': 1}, 'operations': {'op': [{'work': '5ms'}, {'optional': [{'work': "
     "'15ms'}]}]}}}, 'clients': {" ASKS("a", "0 110ms") "}",
     "20 answer a>s.op, 115 answer a>s.op", "brownout.left_out 1", NULL},
};

static void test_traces(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        play_serve_case(&cases[i]);
}

/* ---- isolation --------------------------------------------------------------------------------
 */
static const char sharded[] =
    "'services': {'s': {'workers': 1, 'instances': 8, 'isolation': {'shard': 2}, 'operations': "
    "{'op': [{'work': '1ms'}]}}}, 'clients': {'a': {'at': 's', 'arrivals': {'csv': '0'}}}";

/* Of 10,000 customers: how many share 0, 1 and 2 of 8 instances with the first one. C(2, i) C(6,
 * 2 - i) / C(8, 2): 15, 12 and 1 of 28; three standard deviations of a binomial. */
static void test_shuffle_sharding(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(sharded, "");
    const gd_plan_service *service = &b.plan->services[0];
    uint32_t shared[3] = {0};
    const double wanted[3] = {15.0 / 28, 12.0 / 28, 1.0 / 28};
    uint32_t x = gd_isolation_member(service, 0, 0), y = gd_isolation_member(service, 0, 1);
    check_that(x != y && x < 8 && y < 8, "two different ones, %u %u", x, y);
    for (uint32_t customer = 1; customer <= 10000; customer++) {
        uint32_t p = gd_isolation_member(service, customer, 0);
        uint32_t q = gd_isolation_member(service, customer, 1);
        check_that(p != q && p < 8 && q < 8, "customer %u: %u %u", customer, p, q);
        check_that(gd_isolation_member(service, customer, 2) == p, "it goes round");
        shared[(p == x || p == y) + (q == x || q == y)]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        double sd = sqrt(wanted[i] * (1 - wanted[i]) / 10000);
        check_that(fabs(shared[i] / 10000.0 - wanted[i]) < 3 * sd, "%u shared: %u", i, shared[i]);
    }
}

static void test_cells(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 1, 'instances': 10, 'isolation': {'cells': 4}, "
        "'operations': "
        "{'op': [{'work': '1ms'}]}}}, 'clients': {'a': {'at': 's', 'arrivals': {'csv': '0'}}}",
        "");
    const gd_plan_service *service = &b.plan->services[0];
    uint32_t customers[4] = {0};
    for (uint32_t customer = 0; customer < 10000; customer++) {
        uint32_t cell = gd_isolation_member(service, customer, 0) % 4;
        customers[cell]++;
        for (uint32_t i = 1; i < 5; i++) {
            uint32_t member = gd_isolation_member(service, customer, i);
            check_that(member < 10 && member % 4 == cell, "customer %u stays in %u", customer,
                       cell);
        }
    }
    for (unsigned i = 0; i < 4; i++) /* a quarter each, within 5 standard deviations */
        check_that(fabs(customers[i] / 10000.0 - 0.25) < 0.0217, "cell %u: %u", i, customers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_shuffle_sharding),
        cmocka_unit_test(test_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
