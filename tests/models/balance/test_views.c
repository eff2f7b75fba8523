/* What callers believe, and when they learn better: health checks, discovery, draining. */
#include "tests/models/balance/picks.h"

#include <math.h>
#include <string.h>

static bench play(const char *service, const char *call, const char *faults, const char *rate)
{
    g_autofree char *model = g_strdup_printf(
        "'services': {'g': {'instances': 2, 'workers': 'unlimited', 'threads': 'async', 'calls': "
        "{'s': {%s}}, 'operations': {'op': ['s.op']}}, 's': {'instances': 4, 'workers': "
        "'unlimited', %s 'operations': {'op': [{'work': '1ms'}], 'deep': ['d.op']}}, 'd': "
        "{'workers': 4, 'operations': {'op': []}}}, 'clients': {'web': {'at': 'g', 'mix': {'op': "
        "1}, 'arrivals': {'periodic': {'rate': '%s'}}}}",
        call, service, rate);
    g_autofree char *scenario = g_strdup_printf("'duration': '300s', 'faults': {%s}", faults);
    bench b = bench_of(model, scenario);
    bench_play(&b, "");
    return b;
}

#define CRASH "'f': {'fault': 'crash', 'target': 'services.s', 'instances': 1, 'at': '100s'}"

/* Nobody knows: a quarter of the calls after 100 s meets the dead one. 100/s for 200 s. */
static void test_without(void **unused)
{
    (void)unused;
    g_auto(bench) b = play("", "'balancer': {'round_robin': {'slow_start': '1s'}}", CRASH, "100/s");
    uint64_t dead = bench_counter(&b, "g>s.op", "balancer", "to_dead");
    check_that(dead >= 4990 && dead <= 5010, "%lu of 20,000 calls to the dead one",
               (unsigned long)dead);
}

/* Verdict after (u - 1) interval to u interval: a crash refuses, so that no timeout is waited for.
 * Each of two callers sends 50/s, a quarter of it to the dead one: 12.5/s. */
static void test_detection(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        play("", "'health_check': {'interval': '10s', 'timeout': '1s', 'unhealthy_threshold': 3}",
             CRASH, "100/s");
    uint64_t dead = bench_counter(&b, "g>s.op", "balancer", "to_dead");
    check_that(dead >= 2 * 20 * 12 && dead <= 2 * 30 * 13, "%lu calls: 20 s to 30 s each",
               (unsigned long)dead);
    check_that(bench_counter(&b, "g>s.op", "health_check", "became_unhealthy") == 2,
               "both find out");
    uint64_t probes = bench_counter(&b, "g>s.op", "health_check", "probes");
    check_that(probes >= 2 * 4 * 29 && probes <= 2 * 4 * 30, "%lu probes: 2 x 4 / 10 s for 300 s",
               (unsigned long)probes);
}

/* A hang is found out by timeouts, a shallow probe sees no errors, a deep one sees what is behind.
 */
static void test_what_probes_see(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *check, *faults;
        uint64_t unhealthy;
    } cases[] = {
        {"a hang", "'timeout': '1s'",
         "'f': {'fault': 'hang', 'target': 'services.s', "
         "'instances': 1, 'at': '100s'}",
         2},
        {"errors, shallow", "'timeout': '1s'",
         "'f': {'fault': 'errors', 'target': 'services.s', "
         "'instances': 1, 'at': '100s'}",
         0},
        {"errors, by request", "'operation': 'op'",
         "'f': {'fault': 'errors', 'target': "
         "'services.s', 'instances': 1, 'at': '100s'}",
         2},
        {"behind it, shallow", "'timeout': '1s'",
         "'f': {'fault': 'crash', 'target': "
         "'services.d', 'at': '100s'}",
         0},
        {"behind it, deep", "'operation': 'deep'",
         "'f': {'fault': 'crash', 'target': "
         "'services.d', 'at': '100s'}",
         8},
        {"slow, deep", "'operation': 'op'",
         "'f': {'fault': 'slow', 'added': '2s', 'target': "
         "'services.s', 'instances': 2, 'at': '100s'}",
         4},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *call = g_strdup_printf("'health_check': {%s}", cases[i].check);
        g_auto(bench) b = play("", call, cases[i].faults, "10/s");
        uint64_t n = bench_counter(&b, "g>s.op", "health_check", "became_unhealthy");
        check_that(n == cases[i].unhealthy, "%s: %lu", cases[i].name, (unsigned long)n);
    }
}

/* The registry's check, told with a delay: (2 - 1) 5 s to 2 x 5 s, and 7 s more. */
static void test_push(void **unused)
{
    (void)unused;
    g_auto(bench) b = play("'health_check': {'interval': '5s', 'unhealthy_threshold': 2}, "
                           "'discovery': {'push': {'propagation': '7s'}},",
                           "", CRASH, "100/s");
    uint64_t dead = bench_counter(&b, "g>s.op", "balancer", "to_dead");
    check_that(dead >= 295 && dead <= 430, "%lu: 12 s to 17 s of 25/s", (unsigned long)dead);
}

/* Share on the old address: 1 - t / ttl; over the time to live, half of it: 60 s / 2 of a quarter
 * of 100/s. 400 caches: the mean of their phases is within 5 x 60 / sqrt(12 x 400) = 4.3 s. */
static void test_dns(void **unused)
{
    (void)unused;
    for (unsigned ignores = 0; ignores < 2; ignores++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'instances': 4, 'workers': 'unlimited', 'balancer': 'random', "
            "'health_check': {'interval': '100ms', 'timeout': '50ms', 'unhealthy_threshold': 1}, "
            "'discovery': {'dns': {'ttl': '60s', 'resolvers': 400, 'ignore_ttl': '%s'}}, "
            "'operations': {'op': []}}}, 'clients': {'web': {'at': 's', 'arrivals': {'periodic': "
            "{'rate': '100/s'}}}}",
            ignores ? "20%" : "0%");
        g_auto(bench) b = bench_of(model, "'duration': '300s', 'faults': {" CRASH "}");
        bench_play(&b, "");
        double dead = (double)bench_counter(&b, "web>s.op", "balancer", "to_dead");
        double wanted = 25 * 30;
        if (ignores) /* four fifths as before, the fifth to the end of the run */
            wanted = 0.8 * wanted + 0.2 * 25 * 200;
        check_that(fabs(dead - wanted) < 25 * 4.3 + 5 * sqrt(wanted) + ignores * 5 * 100,
                   "%g calls, not %g", dead, wanted);
    }
}

/* Renewed every 10 s, forgotten after 30 s, fetched every 10 s: 30 s to 50 s of 25/s. Half of four
 * silent is more than the registry believes: it keeps them all. */
static void test_heartbeat(void **unused)
{
    (void)unused;
    const char *registry = "'discovery': {'heartbeat': {'heartbeat': '10s', 'expiry': '30s', "
                           "'refresh': '10s', 'self_preservation': '60%'}},";
    g_auto(bench) b = play(registry, "", CRASH, "100/s");
    double dead = (double)bench_counter(&b, "g>s.op", "balancer", "to_dead");
    check_that(dead > 25 * 20 && dead < 25 * 51, "%g calls to the dead one", dead);
    g_auto(bench) half =
        play(registry, "",
             "'f': {'fault': 'crash', 'target': 'services.s', 'instances': 2, 'at': "
             "'100s'}",
             "100/s");
    dead = (double)bench_counter(&half, "g>s.op", "balancer", "to_dead");
    check_that(fabs(dead - 10000) < 60, "%g of 20,000: nobody is forgotten", dead);
    check_that(bench_counter(&half, "g>s.op", "discovery", "self_preserved") > 0,
               "and it says why");
}

/* Leaving first and closing after all know loses nothing; closing at once loses what comes until
 * they know: 3 s of half of 100/s. */
static void test_drain(void **unused)
{
    (void)unused;
    static const struct {
        const char *linger;
        uint64_t least, most;
    } cases[] = {{"4s", 0, 0}, {"3s", 0, 0}, {"1s", 98, 102}, {"0s", 148, 152}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *faults = g_strdup_printf(
            "'f': {'fault': 'drain', 'target': 'services.s', 'instances': 2, 'at': '100s', 'for': "
            "'60s', 'linger': '%s'}",
            cases[i].linger);
        g_auto(bench) b = play("'start_up': '5s', 'discovery': {'push': {'propagation': '3s'}},",
                               "", faults, "100/s");
        uint64_t dead = bench_counter(&b, "g>s.op", "balancer", "to_dead");
        check_that(dead >= cases[i].least && dead <= cases[i].most, "lingers %s: %lu",
                   cases[i].linger, (unsigned long)dead);
        const gd_edge_record *edge = bench_edge(&b, "g>s.op");
        check_that(edge->outcomes[GD_REFUSED] == dead, "and all of them are refused");
    }
}

/* What was in progress when the grace period ends is reset. */
static void test_grace(void **unused)
{
    (void)unused;
    for (unsigned seconds = 2; seconds <= 6; seconds += 4) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'workers': 'unlimited', 'discovery': 'push', 'operations': {'op': "
            "[{'work': '%us'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': {'csv': '99s'}}}",
            seconds);
        g_auto(bench) b = bench_of(model, "'duration': '300s', 'faults': {'f': {'fault': 'drain', "
                                          "'target': 'services.s', 'at': '100s', 'linger': '1s', "
                                          "'grace': '4s'}}");
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), seconds == 2 ? "ok 1" : "reset 1", "%u s",
                   seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_detection),
        cmocka_unit_test(test_what_probes_see),
        cmocka_unit_test(test_push),
        cmocka_unit_test(test_dns),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
