/* A proxy: putting it between two services changes no draw behind it, whatever it does itself, and
 * however calls are guarded. */
#include "tests/models/bench_plan.h"

#define SHOP(calls, op, before)                                                                    \
    "'services': {"                                                                                \
    "'a': {'workers': 'unlimited', " calls "  'operations': {'go': ['" op                          \
    "', {'repeat': 2, 'steps': ['" op "']}]}},"                                                    \
    "'p': {'workers': 'unlimited', 'operations':"                                                  \
    "  {'do': {'transparent': true, 'steps': [" before "'q.do']},"                                 \
    "   'opaque': ['s.do']}},"                                                                     \
    "'q': {'workers': 'unlimited', 'operations':"                                                  \
    "  {'do': {'transparent': true, 'steps': ['s.do', {'wait': {'exponential': {'mean': "          \
    "'1ms'}}}]}}},"                                                                                \
    "'s': {'workers': 'unlimited', 'operations': {'do': ["                                         \
    "  {'work': {'exponential': {'mean': '5ms'}}}, {'fail': '20%'}]}}},"                           \
    "'clients': {'web': {'at': 'a', 'mix': 'go', 'arrivals': {'poisson': {'rate': '50/s'}},"       \
    "  'stop_after': 500}}"

static bench play(const char *model)
{
    bench b = bench_of(model, "'duration': '1h'");
    bench_play(&b, "");
    return b;
}

static void check_same(bench *direct, bench *behind, bool same)
{
    const gd_service_record *x = bench_service(direct, "s"), *y = bench_service(behind, "s");
    bool equal = x->work == y->work && x->arrivals == y->arrivals &&
                 x->outcomes[GD_OK] == y->outcomes[GD_OK] && x->sojourn.sum == y->sojourn.sum &&
                 x->sojourn.low == y->sojourn.low && x->sojourn.spread == y->sojourn.spread;
    check_that(equal == same, "%lu and %lu arrivals, %g and %g ms of work",
               (unsigned long)x->arrivals, (unsigned long)y->arrivals, (double)x->work / 1e6,
               (double)y->work / 1e6);
}

static void test_draws_behind(void **unused)
{
    (void)unused;
    g_auto(bench) direct = play(SHOP("", "s.do", ""));
    g_auto(bench) proxy = play(SHOP("", "q.do", ""));
    g_auto(bench) two = play(SHOP("", "p.do", "{'work': {'exponential': {'mean': '3ms'}}}, "));
    g_auto(bench) opaque = play(SHOP("", "p.opaque", ""));
    check_same(&direct, &proxy, true);
    check_same(&direct, &two, true);
    check_same(&direct, &opaque, false);
}

/* Its caller's tries are tries of what is behind it. */
static void test_tries(void **unused)
{
    (void)unused;
    g_auto(bench) direct = play(SHOP("'calls': {'s': {'retry': 3}},", "s.do", ""));
    g_auto(bench) proxy = play(SHOP("'calls': {'p': {'retry': 3}},", "p.do", ""));
    check_that(bench_edge(&direct, "a>s.do")->attempts > 1700, "a fifth is tried again");
    check_same(&direct, &proxy, true);
}

/* The proxy's own work and the work behind it are not one draw. */
static void test_own_draws(void **unused)
{
    (void)unused;
    g_auto(bench) b = play(SHOP("", "p.do", "{'work': {'exponential': {'mean': '5ms'}}}, "));
    const gd_service_record *own = bench_service(&b, "p"), *behind = bench_service(&b, "s");
    check_that(own->arrivals == behind->arrivals && own->work != behind->work,
               "the same mean, other draws");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_behind),
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_own_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
