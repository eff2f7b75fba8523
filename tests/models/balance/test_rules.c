/* The rules by which one of the available instances is chosen. */
#include "tests/models/balance/picks.h"

#include <math.h>
#include <string.h>

#define MODEL(n, balancer)                                                                         \
    "'services': {'s': {'instances': " #n ", 'workers': 'unlimited', 'balancer': " balancer        \
    ", 'operations': {'op': [{'work': '1ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': "     \
    "{'poisson': {'rate': '1/s'}}}}"

/* nginx, commit 52327e0: weights 5, 1, 1. */
static void test_smooth_weighted(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(MODEL(3, "{'weighted': {'weights': {'0': 5}}}"), "web>s.op");
    check_text(picks_letters(&p, 14), "aabacaaaabacaa", "5, 1, 1");
    picks_flag(&p, 0, GD_H_FAILED, true);
    check_that(strspn(picks_letters(&p, 10), "bc") == 10, "without the first: the other two");
}

static void test_round_robin_takes_all_in_turn(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(MODEL(4, "{'round_robin': {'slow_start': '10s'}}"), "web>s.op");
    char before[9];
    strcpy(before, picks_letters(&p, 8));
    check_that(strncmp(before, before + 4, 4) == 0, "%s repeats", before);
    for (const char *c = "abcd"; *c; c++)
        check_that(strchr(before, *c) != NULL, "%s has %c", before, *c);
    picks_flag(&p, 2, GD_H_FAILED, true);
    const char *after = picks_letters(&p, 9);
    check_that(!strchr(after, 'c') && strncmp(after, after + 3, 3) == 0, "%s", after);
}

static void test_random_by_weight(void **unused)
{
    (void)unused;
    g_auto(picks) p =
        picks_of(MODEL(3, "{'random': {'weights': {'0': 6, '1': 3, '2': 0}}}"), "web>s.op");
    unsigned n[3] = {0};
    for (unsigned i = 0; i < 90000; i++)
        n[picks_next(&p)]++;
    check_that(n[2] == 0, "weight 0 gets nothing, not %u", n[2]);
    check_that(abs((int)n[0] - 60000) < 5 * 142, "%u: 60,000 within 5 standard errors", n[0]);
}

static void test_least_requests(void **unused)
{
    (void)unused;
    g_auto(picks) all = picks_of(
        MODEL(5, "{'least_requests': {'panic_threshold': '40%', 'weights': {}}}"), "web>s.op");
    static const uint32_t load[] = {4, 2, 1, 2, 3};
    for (uint32_t i = 0; i < 5; i++)
        picks_host(&all, i)->in_flight = load[i];
    (void)picks_state(&all);
    /* Weights are said, so that it is w / (in flight + 1): the third, then whoever comes round. */
    check_that(picks_ask(&all, 0) == 2, "the least busy first");

    g_auto(picks) three = picks_of(MODEL(5, "{'least_requests': {'choices': 3}}"), "web>s.op");
    unsigned n[5] = {0};
    for (unsigned i = 0; i < 50000; i++) {
        for (uint32_t k = 0; k < 5; k++)
            picks_host(&three, k)->in_flight = k; /* all different */
        n[picks_ask(&three, i)]++;
    }
    /* The least of 3 of 5 different ones: C(4-k, 2) / C(5, 3) = 6/10, 3/10, 1/10. */
    static const double share[] = {0.6, 0.3, 0.1, 0, 0};
    for (unsigned k = 0; k < 5; k++)
        check_that(fabs(n[k] - share[k] * 50000) <= 5 * sqrt(50000 * share[k] * (1 - share[k])),
                   "%u: %u, not %g", k, n[k], share[k] * 50000);
}

/* A share that is spread over `n` instances by `keys` hashed keys; those on `lost` move. */
static void check_hash(const char *balancer_model, unsigned n, double widest, double strays)
{
    enum { KEYS = 40000 };
    g_auto(picks) p = picks_of(balancer_model, "web>s.op");
    g_autofree uint32_t *before = g_new(uint32_t, KEYS);
    unsigned count[16] = {0}, lost = 3, moved = 0, wrong = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        before[i] = picks_ask(&p, i);
        count[before[i]]++;
        check_that(picks_ask(&p, i) == before[i], "the same key, the same instance");
    }
    for (unsigned k = 0; k < n; k++)
        check_that(fabs((double)count[k] * n / KEYS - 1) < widest, "%u has %u keys of %u", k,
                   count[k], KEYS);
    picks_flag(&p, lost, GD_H_FAILED, true);
    for (unsigned i = 0; i < KEYS; i++) {
        uint32_t after = picks_ask(&p, i);
        wrong += after == lost;
        moved += before[i] != lost && after != before[i];
    }
    check_that(wrong == 0, "%u keys still go to the one that is out", wrong);
    check_that(moved <= strays * KEYS, "%u keys moved that need not", moved);
    picks_flag(&p, lost, GD_H_FAILED, false);
    for (unsigned i = 0; i < KEYS; i++)
        check_that(picks_ask(&p, i) == before[i], "all come home");
}

static void test_hashes(void **unused)
{
    (void)unused;
    /* A ring of 1,024 points for 10: shares within about 4 / sqrt(103). With 9 left each gets 114
     * instead of 103 points, so that up to 11 / 114 of the others' keys move. */
    check_hash(MODEL(10, "'ring_hash'"), 10, 0.40, 0.09);
    /* 40,000 keys by chance: 4,000 +- 5 x 60. */
    check_hash(MODEL(10, "{'ring_hash': {'min_ring': 100000}}"), 10, 0.10, 0.10);
    check_hash(MODEL(10, "'rendezvous'"), 10, 0.08, 0);
    /* Maglev, figure 12 of the paper: with M > 100 n hardly any others move; 139 of 65,537 slots
     * here, by the table of an independent program. */
    check_hash(MODEL(10, "'maglev'"), 10, 0.08, 0.004);
}

/* Slots differ by one at most. */
static void test_maglev_table(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(MODEL(7, "{'maglev': {'table_size': 1009}}"), "web>s.op");
    picks_ask(&p, 0);
    unsigned count[7] = {0};
    const uint32_t *next = (const uint32_t *)((char *)picks_state(&p) + p.pool->table_at);
    const uint16_t *table = (const uint16_t *)(next + 7);
    for (unsigned i = 0; i < 1009; i++)
        count[table[i]]++;
    for (unsigned k = 0; k < 7; k++)
        check_that(count[k] == 144 || count[k] == 145, "%u has %u of 1009 slots", k, count[k]);
}

/* Nobody holds more than the factor of the average, rounded up. */
static void test_bounded_loads(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(
        MODEL(10, "{'ring_hash': {'hash_balance': 1.25, 'keys': {'zipf': {'n': 20, 's': 1.5}}}}"),
        "web>s.op");
    for (unsigned i = 0; i < 1000; i++)
        picks_ask(&p, i); /* and stays in flight */
    unsigned most = 0, all = 0;
    for (uint32_t k = 0; k < 10; k++) {
        most = MAX(most, picks_host(&p, k)->in_flight);
        all += picks_host(&p, k)->in_flight;
    }
    check_that(all == 1000 && most <= 126, "at most 125 of 1,000 on one of 10, not %u", most);
    check_that(most > 110, "and the hot key's instance is full: %u", most);
}

static void test_pick_first(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(MODEL(3, "'pick_first'"), "web>s.op");
    check_text(picks_letters(&p, 4), "aaaa", "stays");
    picks_end(&p, 0, GD_SERVER_ERROR);
    check_text(picks_letters(&p, 2), "aa", "an error is an answer");
    picks_end(&p, 0, GD_REFUSED);
    check_text(picks_letters(&p, 2), "bb", "a broken connection is not");
    picks_flag(&p, 1, GD_H_FAILED, true);
    check_text(picks_letters(&p, 2), "cc", "and on");
    picks_end(&p, 2, GD_RESET);
    check_text(picks_letters(&p, 2), "aa", "round again");
}

/* 20 s, 2 s more or less: within 18 s never, after 22 s always a new one; in 64 of them all three.
 */
static void test_max_age(void **unused)
{
    (void)unused;
    g_auto(picks) p =
        picks_of(MODEL(3, "{'pick_first': {'shuffle': true, 'max_age': '20s'}}"), "web>s.op");
    unsigned seen = 0;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t connections = picks_state(&p)->connections, host = picks_next(&p);
        seen |= 1u << host;
        check_that(i == 0 || picks_state(&p)->connections == connections + 1, "%u: a new one", i);
        p.run->now += 18 * GD_S - 1;
        check_that(picks_next(&p) == host, "%u: the same for 18 s", i);
        p.run->now += 4 * GD_S + 1;
    }
    check_that(seen == 7, "all three in turn: %x", seen);
}

/* The peak counts at once, and is forgotten with tau. */
static void test_peak_ewma(void **unused)
{
    (void)unused;
    g_auto(picks) p = picks_of(MODEL(2, "{'peak_ewma': {'decay': '10s'}}"), "web>s.op");
    uint32_t first = p.b.plan->services[p.pool->service].instances_first;
    p.run->now = GD_S;
    (void)picks_ask(&p, 0);
    gd_pool_ended(p.run, p.site, p.from, first, 0, GD_OK, 100 * GD_MS);
    check_that(picks_host(&p, 0)->rtt == 100 * GD_MS, "the peak at once");
    p.run->now += 10 * GD_S;
    gd_pool_ended(p.run, p.site, p.from, first, 0, GD_OK, 10 * GD_MS);
    /* 100 / e + 10 (1 - 1 / e) = 43.109 ms */
    double ms = (double)picks_host(&p, 0)->rtt / 1e6;
    check_that(fabs(ms - 43.1091) < 1e-3, "%.6f ms", ms);
}

/* weight x max(10 %, (t / window)^(1 / aggression)) */
static void test_slow_start(void **unused)
{
    (void)unused;
    static const struct {
        const char *model;
        double t, share;
    } cases[] = {
        {MODEL(2, "{'round_robin': {'slow_start': '60s'}}"), 3, 0.1},
        {MODEL(2, "{'round_robin': {'slow_start': '60s'}}"), 30, 0.5},
        {MODEL(2, "{'round_robin': {'slow_start': {'window': '60s', 'aggression': 2}}}"), 15, 0.5},
        {MODEL(2, "{'round_robin': {'slow_start': {'window': '60s', 'min_weight': '40%'}}}"), 6,
         0.4},
        {MODEL(2, "{'round_robin': {'slow_start': '60s'}}"), 60, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(picks) p = picks_of(cases[i].model, "web>s.op");
        picks_next(&p);
        p.run->now = 100 * GD_S;
        picks_flag(&p, 1, GD_H_FAILED, true);
        picks_flag(&p, 1, GD_H_FAILED, false);
        p.run->now += (gd_time)(cases[i].t * 1e9);
        gd_picking picking = {.run = p.run,
                              .pool = p.pool,
                              .state = picks_state(&p),
                              .hosts = gd_pool_hosts(p.pool, picks_state(&p))};
        double share = (double)gd_pool_weight(&picking, 1) / (double)gd_pool_weight(&picking, 0);
        check_that(fabs(share - cases[i].share) < 1e-4, "%zu: %g, not %g", i, share,
                   cases[i].share);
        unsigned n = 0;
        for (unsigned k = 0; k < 1100; k++)
            n += picks_next(&p) == 1;
        double wanted = 1100 * cases[i].share / (1 + cases[i].share);
        check_that(fabs(n - wanted) <= 1, "%zu: %u calls, not %g", i, n, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smooth_weighted),
        cmocka_unit_test(test_round_robin_takes_all_in_turn),
        cmocka_unit_test(test_random_by_weight),
        cmocka_unit_test(test_least_requests),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_maglev_table),
        cmocka_unit_test(test_bounded_loads),
        cmocka_unit_test(test_pick_first),
        cmocka_unit_test(test_max_age),
        cmocka_unit_test(test_peak_ewma),
        cmocka_unit_test(test_slow_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
