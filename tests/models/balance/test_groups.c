/* Whom a pick may choose from: panic, zones, weights of zones, priority levels, subsets. */
#include "tests/models/balance/picks.h"

#include <math.h>
#include <string.h>

/* `callers` and `callees` are instances in zones a, b, c in turn. */
static char *model_of(unsigned callers, unsigned callees, const char *zones, const char *balancer)
{
    return g_strdup_printf(
        "'network': {'regions': {'eu': {'zones': ['a', 'b', 'c'], 'latency': '1ms'}}, 'same_zone': "
        "'0ms'}, 'services': {'g': {'instances': %u, 'workers': 1, 'calls': {'s': {'balancer': "
        "%s}}, 'operations': {'op': ['s.op']}}, 's': {'instances': %u, 'zones': [%s], 'workers': "
        "1, 'operations': {'op': []}}}, 'clients': {'web': {'at': 'g', 'zone': 'a', 'arrivals': "
        "{'poisson': {'rate': '1/s'}}}}",
        callers, balancer, callees, zones);
}

/* Shares by zone, in percent: "60.0 20.0 20.0". */
static const char *shares_of(picks *p)
{
    static char text[64];
    picks_ask(p, 0);
    gd_pool_state *state = picks_state(p);
    const gd_group *groups = gd_pool_groups(p->pool, state);
    double share[3] = {0}, before = 0;
    uint32_t first = p->b.plan->services[p->pool->service].instances_first;
    for (uint32_t i = 0; i < state->groups_n; i++) {
        double below = (double)groups[i].below / 18446744073709551616.0;
        for (uint32_t k = 0; k < groups[i].n; k++) {
            uint32_t host = gd_pool_order(p->pool, state)[groups[i].first + k];
            const char *zone = p->b.plan->zones[p->b.plan->instances[first + host].zone].name;
            share[zone[0] - 'a'] += (below - before) / groups[i].n;
        }
        before = below;
    }
    g_snprintf(text, sizeof text, "%.1f %.1f %.1f", 100 * share[0], 100 * share[1], 100 * share[2]);
    return text;
}

static void test_zone_aware(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        unsigned callers, callees;
        const char *zones, *balancer, *wanted;
    } cases[] = {
        {"as many here as callers: all local", 3, 6, "'a','b','c'", "zone_aware", "100.0 0.0 0.0"},
        /* l = 1/3, u = 2/8: 75 % local; b and c have 3/8 - 1/3 each to spare. */
        {"fewer here: the rest spills", 3, 8, "'b','c','a'", "zone_aware", "75.0 12.5 12.5"},
        /* l = 1/3, u = 0. */
        {"none here: all to the others", 3, 6, "'b','c'", "zone_aware", "0.0 50.0 50.0"},
        {"more here: all local", 3, 7, "'a','b','c'", "zone_aware", "100.0 0.0 0.0"},
        /* Four callers: a has two of them; l = 1/2, u = 1/3: 66.7 %. */
        {"callers crowd here", 4, 6, "'a','b','c'", "zone_aware", "66.7 16.7 16.7"},
        {"too few for it", 3, 5, "'b','c','a'", "local_only", "100.0 0.0 0.0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *balancer =
            g_strdup_printf("{'random': {'locality': '%s'}}", cases[i].balancer);
        g_autofree char *model =
            model_of(cases[i].callers, cases[i].callees, cases[i].zones, balancer);
        g_auto(picks) p = picks_of(model, "g>s.op");
        check_text(shares_of(&p), cases[i].wanted, "%s", cases[i].name);
    }
}

/* Draws follow the shares. */
static void test_spill_over_is_drawn(void **unused)
{
    (void)unused;
    g_autofree char *model =
        model_of(3, 8, "'b','c','a'", "{'random': {'locality': 'zone_aware'}}");
    g_auto(picks) p = picks_of(model, "g>s.op");
    unsigned local = 0;
    for (unsigned i = 0; i < 40000; i++) {
        uint32_t host = picks_next(&p);
        local += host % 3 == 2; /* in a */
    }
    check_that(fabs(local - 30000.0) < 5 * sqrt(40000 * 0.75 * 0.25), "%u of 40,000", local);
}

/* weight x min(1, 1.4 x available / all) */
static void test_zone_weights(void **unused)
{
    (void)unused;
    g_autofree char *model = model_of(
        1, 12, "'a','b'",
        "{'random': {'panic_threshold': 0, 'locality': {'zone_weights': {'weights': {'a': 3, 'b': "
        "1}}}}}");
    g_auto(picks) p = picks_of(model, "g>s.op");
    check_text(shares_of(&p), "75.0 25.0 0.0", "all well");
    for (uint32_t k = 0; k < 6; k += 2) /* three of six in a: 1.4 x 1/2 = 0.7; 2.1 to 1 */
        picks_flag(&p, k, GD_H_FAILED, true);
    check_text(shares_of(&p), "67.7 32.3 0.0", "half of a is out");
    picks_flag(&p, 1, GD_H_FAILED, true); /* 1.4 x 5/6 > 1 */
    check_text(shares_of(&p), "67.7 32.3 0.0", "one of b makes no difference");
}

/* Envoy, priority levels: the table of its documentation. */
static void test_priorities(void **unused)
{
    (void)unused;
    static const struct {
        unsigned bad; /* of 100 in a */
        unsigned others;
        const char *wanted;
    } cases[] = {
        {0, 0, "100.0 0.0 0.0"},
        {28, 0, "100.0 0.0 0.0"},
        {29, 0, "99.0 1.0 0.0"},
        {50, 0, "70.0 30.0 0.0"},
        {75, 0, "35.0 65.0 0.0"},
        {100, 0, "0.0 100.0 0.0"},
        /* 35 and 35: normalised to a half each; and 25 % of each is panic, health is ignored. */
        {75, 75, "50.0 50.0 0.0"},
    };
    g_autofree char *model =
        model_of(1, 200, "'a','b'",
                 "{'random': {'locality': {'priority': {'levels': [['a'], ['b', "
                 "'c']]}}}}");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(picks) p = picks_of(model, "g>s.op");
        for (uint32_t k = 0; k < cases[i].bad; k++)
            picks_flag(&p, 2 * k, GD_H_FAILED, true);
        for (uint32_t k = 0; k < cases[i].others; k++)
            picks_flag(&p, 2 * k + 1, GD_H_FAILED, true);
        check_text(shares_of(&p), cases[i].wanted, "%u of 100 bad", cases[i].bad);
    }
}

static void test_panic(void **unused)
{
    (void)unused;
    static const struct {
        const char *balancer;
        unsigned bad;
        const char *wanted; /* whom 40 calls reach */
    } cases[] = {
        {"{'round_robin': {'slow_start': '1s'}}", 2, "cd"}, /* half is not below half */
        {"{'round_robin': {'slow_start': '1s'}}", 3, "abcd"},
        {"{'round_robin': {'slow_start': '1s', 'panic_threshold': 0}}", 3, "d"},
        {"{'round_robin': {'slow_start': '1s', 'panic_threshold': 0}}", 4, "-"},
        {"{'round_robin': {'slow_start': '1s', 'panic_threshold': '80%'}}", 1, "abcd"},
        {"{'round_robin': {'slow_start': '1s', 'fail_on_panic': true}}", 3, "-"},
        {"{'round_robin': {'slow_start': '1s', 'locality': 'priority', 'panic_threshold': 0}}", 4,
         "-"},
        {"{'round_robin': {'slow_start': '1s', 'locality': 'priority'}}", 4, "abcd"},
        {"{'round_robin': {'slow_start': '1s', 'locality': 'priority', 'fail_on_panic': true}}", 4,
         "-"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = model_of(1, 4, "'a'", cases[i].balancer);
        g_auto(picks) p = picks_of(model, "g>s.op");
        for (uint32_t k = 0; k < cases[i].bad; k++)
            picks_flag(&p, k, GD_H_FAILED, true);
        const char *got = picks_letters(&p, 40);
        char seen[6] = "";
        for (const char *c = "-abcd"; *c; c++)
            if (strchr(got, *c))
                seen[strlen(seen)] = *c;
        check_text(seen, cases[i].wanted, "%s with %u bad", cases[i].balancer, cases[i].bad);
    }
}

/* Deterministic: 6 callers of 12 instances, 4 each: two rounds of three; every instance has 2. */
static void test_subsets(void **unused)
{
    (void)unused;
    for (unsigned random = 0; random < 2; random++) {
        g_autofree char *balancer =
            g_strdup_printf("{'random': {'subset': {'size': 4, 'method': '%s'}}}",
                            random ? "random" : "deterministic");
        g_autofree char *model = model_of(6, 12, "'a'", balancer);
        g_auto(picks) p = picks_of(model, "g>s.op");
        unsigned callers[12] = {0};
        for (uint32_t c = 0; c < 6; c++) {
            gd_pool_state *state = gd_pool_state_of(p.run, p.pool, c);
            gd_pool_regroup(p.run, p.pool, state);
            check_that(state->members == 4, "%u instead of 4", state->members);
            for (uint32_t k = 0; k < 12; k++)
                callers[k] += (gd_pool_hosts(p.pool, state)[k].flags & GD_H_CHOSEN) != 0;
        }
        unsigned all = 0, most = 0;
        for (uint32_t k = 0; k < 12; k++) {
            all += callers[k];
            most = MAX(most, callers[k]);
        }
        check_that(all == 24 && (random || most == 2), "%u in all, %u at most", all, most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_aware),   cmocka_unit_test(test_spill_over_is_drawn),
        cmocka_unit_test(test_zone_weights), cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_panic),        cmocka_unit_test(test_subsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
