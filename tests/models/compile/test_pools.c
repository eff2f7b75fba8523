/* How callers find and choose instances, as written: who shares a pool, and what is refused. */
#include "tests/models/compile/compiled.h"

#define MODEL(edge, service, client)                                                               \
    "{'gameday': 1, 'network': {'regions': {'eu': {'zones': ['a', 'b'], 'latency': '1ms'}}, "      \
    "'same_zone': '0ms'}, 'services': {'g': {'instances': 2, 'workers': 1, 'calls': {'s': {" edge  \
    "}}, 'operations': {'op': ['s.op', 's.other', {'call': 's.op', 'as': 'again', 'balancer': "    \
    "'maglev'}]}}, 's': {'instances': 4, 'workers': 1, " service "'operations': {'op': [], "       \
    "'other': [], 'health': []}}}, 'clients': {'web': {'at': 'g', 'zone': 'a', " client            \
    "'arrivals': {'poisson': '1/s'}}}}"

static void test_refusals(void **unused)
{
    (void)unused;
    static const struct {
        const char *what, *edge, *service, *client, *wanted;
    } cases[] = {
        {"a probe that outlasts its interval",
         "'health_check': {'interval': '2s', 'timeout': '5s'}", "", "",
         "timeout is 5s, 3s above the interval of 2s"},
        {"also while unhealthy",
         "'health_check': {'interval': '9s', 'timeout': '5s', 'unhealthy_interval': '4s'}", "", "",
         "timeout is 5s, 1s above the interval of 4s"},
        {"a threshold of none", "'health_check': {'unhealthy_threshold': 0}", "", "",
         "unhealthy_threshold"},
        {"an operation that is not there", "'health_check': {'operation': 'helth'}", "", "",
         "s has no operation \"helth\""},
        {"panic above all", "'balancer': {'random': {'panic_threshold': '120%'}}", "", "",
         "panic_threshold: "},
        {"an ejection that can never be", "'outlier_ejection': {}", "", "",
         "max_ejected is 10%, and 10% of the 4 instances of s is less than one: nobody could ever "
         "be ejected; write \"max_ejected\": \"25%\" or more"},
        {"ejections longer than the longest",
         "'outlier_ejection': {'max_ejected': 1, 'base_ejection': '10m'}", "", "",
         "max_ejection is 5m, below base_ejection, 10m"},
        {"a subset of more than all", "'balancer': {'random': {'subset': 5}}", "", "",
         "a subset of 5, but s has only 4 instances"},
        {"zones for users", "", "", "'balancer': {'random': {'locality': 'zone_aware'}}, ",
         "users are in no zone of ours"},
        {"too few for zones", "'balancer': {'random': {'locality': 'zone_aware'}}", "", "",
         "s has 4 instances, below min_cluster_size, 6: it would never be zone-aware"},
        {"a hash with zones", "'balancer': {'maglev': {'locality': 'local_only'}}", "", "",
         "a hash knows no zones"},
        {"no prime", "'balancer': {'maglev': {'table_size': 1000}}", "", "",
         "table_size 1000 is no prime"},
        {"a table that is too small", "'balancer': {'maglev': {'table_size': 3}}", "", "",
         "s has 4 instances, and a table of 3 slots holds fewer"},
        {"a ring upside down", "'balancer': {'ring_hash': {'max_ring': 100}}", "", "",
         "min_ring is 1024, above max_ring, 100"},
        {"less than all together", "'balancer': {'ring_hash': {'hash_balance': 0.5}}", "", "",
         "hash_balance is below 1"},
        {"weights of nobody", "'balancer': {'weighted': {'weights': {'9': 1}}}", "", "",
         "is no zone or region, and none of the 4 instances 0 to 3"},
        {"no weights", "'balancer': 'weighted'", "", "", "has no weights"},
        {"only zeros", "'balancer': {'random': {'weights': {'a': 0, 'b': 0}}}", "", "",
         "all 4 instances of s have weight 0"},
        {"levels that leave a zone out",
         "'balancer': {'random': {'locality': {'priority': {'levels': [['a']]}}}}", "", "",
         "leaves out zone b, where s has instances"},
        {"heartbeats on an edge", "'discovery': 'heartbeat'", "", "",
         "its instances' heartbeats are the called service's; write it there"},
        {"forgotten between heartbeats", "", "'discovery': {'heartbeat': {'expiry': '10s'}}, ", "",
         "expiry is 10s, below the 30s between heartbeats"},
        {"a misspelt balancer", "'balancer': 'least_request'", "", "",
         "did you mean \"least_requests\"?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = g_strdup_printf(MODEL("%s", "%s", "%s"), cases[i].edge,
                                                 cases[i].service, cases[i].client);
        compiled c = compile_text(model, NULL);
        g_autofree char *problems = gd_problems_print(c.problems);
        check_that(!c.plan, "%s is taken", cases[i].what);
        check_that(problems && strstr(problems, cases[i].wanted), "%s: %s\n  not: %s",
                   cases[i].what, problems, cases[i].wanted);
        forget(&c);
    }
}

static void test_drain_that_never_closes(void **unused)
{
    (void)unused;
    compiled c = compile_text(
        MODEL("", "", ""),
        "{'gameday': 1, 'duration': '10m', 'faults': {'f': {'fault': 'drain', 'target': "
        "'services.s', 'at': '1m', 'linger': '40s'}}}");
    g_autofree char *problems = gd_problems_print(c.problems);
    check_that(problems && strstr(problems, "lingers for 40s and is killed after 30s"), "%s",
               problems);
    forget(&c);
}

/* A word and no more is plain; what two calls say alike they share; each probes once. */
static void test_who_shares(void **unused)
{
    (void)unused;
    compiled plain = compile_good(MODEL("'balancer': 'two_choices'", "", ""), NULL);
    check_that(plain.plan->n_pools == 1, "only the one with a table: %u", plain.plan->n_pools);
    check_that(site_named(plain.plan, "g>s.op")->balancer == GD_TWO_CHOICES, "the edge's");
    check_that(plain.plan->n_ticks == 0 && !plain.plan->registries, "nothing by the clock");
    forget(&plain);
    compiled checked = compile_good(MODEL("'health_check': {}", "", ""), NULL);
    check_that(checked.plan->n_pools == 2, "op and other share one: %u", checked.plan->n_pools);
    check_that(checked.plan->n_ticks == 2 * 2 * 4, "%u probes: 2 pools of 2 callers of 4",
               checked.plan->n_ticks);
    check_that(site_named(checked.plan, "g>s.health_check") != NULL, "a probe has a call site");
    forget(&checked);
    compiled registry =
        compile_good(MODEL("", "'health_check': {}, 'discovery': 'push', ", ""), NULL);
    check_that(site_named(registry.plan, "s>s.health_check") != NULL, "on the spot");
    check_that(registry.plan->n_ticks == 2 * 2 + 4, "%u: a list for each caller, 4 probes",
               registry.plan->n_ticks);
    forget(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_drain_that_never_closes),
        cmocka_unit_test(test_who_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
