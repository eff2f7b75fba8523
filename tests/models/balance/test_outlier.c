/* Outlier ejection, by hand: who is left out, for how long, and who is spared. */
#include "tests/models/balance/picks.h"

#include <string.h>

static char *model_of(unsigned n, const char *outlier)
{
    return g_strdup_printf(
        "'services': {'s': {'instances': %u, 'workers': 'unlimited', 'outlier_ejection': {%s}, "
        "'operations': {'op': [{'work': '1ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': "
        "{'poisson': {'rate': '1/s'}}}}",
        n, outlier);
}

static void end_many(picks *p, uint32_t host, gd_outcome outcome, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        picks_end(p, host, outcome);
}

static bool is_out(picks *p, uint32_t host)
{
    return picks_host(p, host)->flags & GD_H_EJECTED;
}

static void sweep(picks *p, gd_time now)
{
    p->run->now = now;
    gd_outlier_sweep(p->run, p->pool->ticks_first);
}

/* o: ok, x: server_error, t: timeout, u: unavailable, r: rate_limited, c: cancelled. */
static void play(picks *p, uint32_t host, const char *script)
{
    for (; *script; script++)
        picks_end(p, host,
                  *script == 'o'   ? GD_OK
                  : *script == 'x' ? GD_SERVER_ERROR
                  : *script == 't' ? GD_TIMEOUT
                  : *script == 'u' ? GD_UNAVAILABLE
                  : *script == 'r' ? GD_RATE_LIMITED
                                   : GD_CANCELLED);
}

static void test_in_a_row(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *fields, *script;
        bool out;
    } cases[] = {
        {"five in a row", "", "xxxxx", true},
        {"four are not five", "", "xxxx", false},
        {"one success begins anew", "", "xxxxoxxxx", false},
        {"timeouts count", "", "xtxtu", true},
        {"a refusal on purpose does not", "", "xxxxrx", false},
        {"a cancelled call says nothing", "", "xxcxxcx", true},
        {"gateway failures are off", "'consecutive_5xx': 9", "ttttttt", false},
        {"unless they are enforced", "'consecutive_5xx': 9, 'enforcing_gateway': 1", "ttttt", true},
        {"a 500 is none of them", "'consecutive_5xx': 20, 'enforcing_gateway': 1", "ttttxtttt",
         false},
        {"split: timeouts apart", "'split_local': true, 'consecutive_local': 3", "ttt", true},
        {"split: they do not add up", "'split_local': true", "xxttxxtt", false},
        {"not enforced", "'enforcing_5xx': 0", "xxxxxxxxxx", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = model_of(10, cases[i].fields);
        g_auto(picks) p = picks_of(model, "web>s.op");
        picks_next(&p);
        play(&p, 2, cases[i].script);
        check_that(is_out(&p, 2) == cases[i].out, "%s", cases[i].name);
    }
}

/* 30 s, then 60 s, then 90 s; a sweep without ejection takes one off. */
static void test_lengths(void **unused)
{
    (void)unused;
    g_autofree char *model = model_of(10, "");
    g_auto(picks) p = picks_of(model, "web>s.op");
    picks_next(&p);
    gd_time now = 5 * GD_S;
    for (unsigned n = 1; n <= 3; n++) {
        p.run->now = now;
        end_many(&p, 0, GD_SERVER_ERROR, 5);
        check_that(is_out(&p, 0), "out for the %u. time", n);
        check_that(!strchr(picks_letters(&p, 20), 'a'), "nobody asks it");
        sweep(&p, now + 30 * n * GD_S - 1);
        check_that(is_out(&p, 0), "still out just before %u s", 30 * n);
        sweep(&p, now + 30 * n * GD_S);
        check_that(!is_out(&p, 0), "back after %u s", 30 * n);
        check_that(strchr(picks_letters(&p, 20), 'a') != NULL, "and asked");
        now += (30 * n + 1) * GD_S;
    }
    sweep(&p, now); /* 3 -> 2 -> 1 */
    sweep(&p, now + 1);
    end_many(&p, 0, GD_SERVER_ERROR, 5);
    check_that(picks_host(&p, 0)->ejected_for == 60 * GD_S, "two good sweeps: 60 s again, not %g",
               (double)picks_host(&p, 0)->ejected_for / 1e9);
}

static void test_longest(void **unused)
{
    (void)unused;
    g_autofree char *model = model_of(10, "'base_ejection': '40s', 'max_ejection': '70s'");
    g_auto(picks) p = picks_of(model, "web>s.op");
    picks_next(&p);
    static const int wanted[] = {40, 70, 70, 70};
    for (unsigned n = 0; n < 4; n++) {
        end_many(&p, 0, GD_SERVER_ERROR, 5);
        check_that(picks_host(&p, 0)->ejected_for == wanted[n] * GD_S, "%u: %g s", n,
                   (double)picks_host(&p, 0)->ejected_for / 1e9);
        sweep(&p, p.run->now + 71 * GD_S);
    }
}

/* Envoy: one more must not pass max_ejection_percent. */
static void test_at_most(void **unused)
{
    (void)unused;
    static const struct {
        unsigned n;
        const char *fields;
        unsigned out;
    } cases[] = {
        {10, "", 1},
        {20, "", 2},
        {10, "'max_ejected': '30%'", 3},
        {4, "'max_ejected': '49%'", 1},
        {4, "'max_ejected': '50%'", 2},
        {4, "'always_eject_one': true", 1},
        {4, "'max_ejected': 1", 4},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = model_of(cases[i].n, cases[i].fields);
        g_auto(picks) p = picks_of(model, "web>s.op");
        picks_next(&p);
        for (uint32_t k = 0; k < cases[i].n; k++)
            end_many(&p, k, GD_SERVER_ERROR, 5);
        check_that(picks_state(&p)->ejected == cases[i].out, "%u of %u with %s",
                   picks_state(&p)->ejected, cases[i].n, cases[i].fields);
    }
}

/* Five instances at 100 requests: four at 100 %, one at s. Mean (400 + s) / 5, population
 * deviation 0.4 (100 - s): the one lies 0.8 (100 - s) below, that is 2 deviations, whatever s. */
static void test_success_rate(void **unused)
{
    (void)unused;
    static const struct {
        const char *fields;
        unsigned bad, hosts, requests;
        bool out;
    } cases[] = {
        {"", 10, 5, 100, true}, /* 2 > 1.9 */
        {"'success_rate_stdev': 2.01", 10, 5, 100, false},
        {"", 1, 5, 100, true},   /* also when it is 1 % */
        {"", 10, 4, 100, false}, /* too few to compare */
        {"", 10, 5, 99, false},  /* too few requests */
        {"", 0, 5, 100, false},
        {"'enforcing_success_rate': 0", 50, 5, 100, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *fields = g_strdup_printf("'max_ejected': 1, 'consecutive_5xx': 1000%s%s",
                                                  *cases[i].fields ? ", " : "", cases[i].fields);
        g_autofree char *model = model_of(5, fields);
        g_auto(picks) p = picks_of(model, "web>s.op");
        picks_next(&p);
        for (uint32_t k = 0; k < 5; k++)
            picks_host(&p, k)->requests = 0;
        for (uint32_t k = 0; k < cases[i].hosts; k++) {
            end_many(&p, k, GD_SERVER_ERROR, k == 0 ? cases[i].bad : 0);
            end_many(&p, k, GD_OK, cases[i].requests - (k == 0 ? cases[i].bad : 0));
        }
        sweep(&p, 10 * GD_S);
        check_that(is_out(&p, 0) == cases[i].out, "case %zu", i);
        for (uint32_t k = 1; k < 5; k++)
            check_that(!is_out(&p, k), "case %zu: the others stay", i);
    }
}

static void test_failure_percentage(void **unused)
{
    (void)unused;
    for (unsigned failed = 42; failed <= 43; failed++) { /* 85 % of 50 is 42.5 */
        g_autofree char *model =
            model_of(10, "'enforcing_failure_percentage': 1, 'enforcing_success_rate': 0, "
                         "'consecutive_5xx': 1000");
        g_auto(picks) p = picks_of(model, "web>s.op");
        for (uint32_t k = 0; k < 10; k++) {
            end_many(&p, k, GD_SERVER_ERROR, 0);
            picks_host(&p, k)->requests = 0;
            end_many(&p, k, GD_SERVER_ERROR, k == 3 ? failed : 0);
            end_many(&p, k, GD_OK, 50 - (k == 3 ? failed : 0));
        }
        sweep(&p, 10 * GD_S);
        check_that(is_out(&p, 3) == (failed == 43), "%u of 50", failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_a_row),     cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_longest),      cmocka_unit_test(test_at_most),
        cmocka_unit_test(test_success_rate), cmocka_unit_test(test_failure_percentage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
