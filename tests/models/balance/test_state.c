/* Pools are state like any other: a run can be played again, cut in slices and branched, and a
 * caller that crashes forgets what it knew. */
#include "tests/models/bench_plan.h"

#define MODEL                                                                                      \
    "'network': {'regions': {'eu': {'zones': ['a', 'b', 'c'], 'latency': {'exponential': '1ms'}}}" \
    ", 'same_zone': '0.2ms'}, 'defaults': {'service': {'workers': 8, 'zones': ['a', 'b', 'c']}}, " \
    "'services': {"                                                                                \
    "'g': {'instances': 6, 'workers': 200, 'threads': 'async', 'health_check': {'interval': "      \
    "'1s', 'timeout': '200ms', 'operation': 'page', 'jitter': '100ms'}, 'balancer': {'ring_hash'"  \
    ": {'hash_balance': 1.5, 'min_ring': 200}}, 'discovery': {'dns': {'ttl': '2s', 'resolvers': "  \
    "5, 'ignore_ttl': '30%'}}, 'calls': {'s': {'timeout': '100ms', 'retry': 2, 'balancer': "       \
    "{'least_requests': {'locality': 'zone_aware', 'slow_start': '3s'}}, 'health_check': "         \
    "{'interval': '500ms', 'timeout': '100ms', 'unhealthy_threshold': 2}, 'outlier_ejection': "    \
    "{'max_ejected': '40%', 'base_ejection': '1s', 'interval': '500ms', 'ejection_jitter': "       \
    "'300ms'}}, 't': {'balancer': {'maglev': {'table_size': 101, 'subset': {'size': 2, "           \
    "'method': 'random'}}}}}, 'operations': {'page': ['s.op', 't.op', {'call': {'one_of': "        \
    "'u-*.op'}, 'balancer': {'peak_ewma': {}}}]}},"                                                \
    "'s': {'instances': 7, 'start_up': '200ms', 'discovery': {'push': {'propagation': "            \
    "{'exponential': '300ms'}}}, 'operations': {'op': [{'work': {'exponential': '8ms'}}]}},"       \
    "'t': {'instances': 4, 'operations': {'op': [{'work': '2ms'}]}, 'discovery': {'heartbeat': "   \
    "{'heartbeat': '300ms', 'expiry': '1s', 'refresh': '500ms', 'self_preservation': '30%'}}},"    \
    "'u': {'copies': 3, 'instances': 2, 'operations': {'op': [{'work': '1ms'}]}}},"                \
    "'clients': {'web': {'at': 'g', 'region': 'eu', 'timeout': '300ms', 'arrivals': {'poisson': "  \
    "'300/s'}}}"
#define TROUBLE                                                                                    \
    "'duration': '12s', 'warmup': '500ms', 'faults': {"                                            \
    "'caller': {'fault': 'crash', 'target': 'services.g', 'instances': 2, 'at': '2s', 'for': "     \
    "'1s'}, 'callee': {'fault': 'crash', 'target': 'services.s', 'instances': 2, 'at': '4s', "     \
    "'for': '1s'}, 'bad': {'fault': 'errors', 'target': 'services.s', 'instances': 1, 'at': "      \
    "'6s', 'for': '2s'}, 'hung': {'fault': 'hang', 'target': 'services.t', 'instances': 1, 'at': " \
    "'6s', 'for': '3s'}, 'cut': {'fault': 'partition', 'target': 'zones.b', 'at': '8s', 'for': "   \
    "'1s'}, 'drain': {'fault': 'drain', 'target': 'services.s', 'instances': 3, 'at': '9s', "      \
    "'for': '2s', 'linger': '300ms', 'grace': '1s'}}"

static uint64_t to_the_end(gd_run *run)
{
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    return gd_run_get_digest(run);
}

static void test_again_in_slices_and_branched(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(MODEL, TROUBLE);
    uint64_t digest = to_the_end(b.run), events = gd_run_get_events(b.run);
    check_that(events > 50000, "%lu events are too few to show anything", (unsigned long)events);
    gd_run_reset(b.run, 2);
    check_that(to_the_end(b.run) != digest, "another seed, another story");
    gd_run_reset(b.run, 1);
    check_that(to_the_end(b.run) == digest, "again");
    gd_run_reset(b.run, 1);
    for (uint64_t at = events / 9; gd_run_until(b.run, GD_NEVER, at);) {
        g_autoptr(gd_run) branch = gd_run_branch(b.run);
        check_that(to_the_end(branch) == digest, "a branch at %lu",
                   (unsigned long)gd_run_get_events(b.run));
    }
    check_that(gd_run_get_digest(b.run) == digest, "in slices");
}

/* All that the counters say adds up. */
static void test_counts(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(MODEL, TROUBLE);
    bench_play(&b, "");
#define OF(group, name) bench_counter(&b, "g>s.op", group, name)
    uint64_t picks = OF("balancer", "picks");
    check_that(picks == OF("balancer", "same_zone") + OF("balancer", "other_zone"), "zones");
    check_that(OF("balancer", "to_dead") > 0 && OF("balancer", "to_dead") < picks, "some stale");
    check_that(OF("outlier_ejection", "ejections") > 0, "somebody was ejected");
    check_that(OF("outlier_ejection", "returned") <= OF("outlier_ejection", "ejections"),
               "nobody returns who was not out");
    check_that(OF("health_check", "became_unhealthy") > 0, "somebody was found ill");
    check_that(OF("health_check", "prober_down") > 0, "a prober was down");
    check_that(OF("balancer", "in_slow_start") > 0, "somebody was young");
    const gd_edge_record *edge = bench_edge(&b, "g>s.health_check");
    uint64_t ended = edge->late;
    for (unsigned k = 0; k < GD_OUTCOMES; k++)
        ended += edge->outcomes[k];
    check_that(edge->calls >= ended - edge->late, "each probe ends once: %lu of %lu",
               (unsigned long)ended, (unsigned long)edge->calls);
#undef OF
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again_in_slices_and_branched),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
