/* Who asks, and when: arrivals against the integral of their rate, users and their journeys. */
#include "tests/models/bench_plan.h"

#include <glib.h>
#include <math.h>

#define WORK      "'operations': {'op': [{'work': '100ms'}]}"
#define S         "'services': {'s': {'workers': 'unlimited', " WORK "}}"
#define WEB(more) S ", 'clients': {'web': {'at': 's', " more "}}"

enum { MOST = 100000 };

/* When requests were asked, in ns. */
typedef struct {
    gd_time at[MOST];
    uint64_t key[MOST];
    size_t n;
} arrivals;

static void keep_asks(void *user, const char *line)
{
    arrivals *a = user;
    if (!strstr(line, " asks "))
        return;
    assert_true(a->n < MOST);
    gd_time s = g_ascii_strtoll(line, NULL, 10);
    gd_time ns = g_ascii_strtoll(strchr(line, '.') + 1, NULL, 10);
    a->key[a->n] = g_ascii_strtoull(strrchr(line, ' ') + 1, NULL, 16);
    a->at[a->n++] = s * GD_S + ns;
}

static const arrivals *asks_of(bench *b)
{
    static arrivals a;
    a.n = 0;
    gd_run_set_trace(b->run, keep_asks, &a);
    bench_play(b, "");
    return &a;
}

static void test_instants(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *model, *story;
    } cases[] = {
        {"one at each tick, the first after one gap",
         WEB("'arrivals': {'periodic': '4/s'}, "
             "'stop_after': 3"),
         "250 asks web>s.op, 500 asks web>s.op, 750 asks web>s.op"},
        {"a rate that divides no second", WEB("'arrivals': {'periodic': '3/s'}, 'stop_after': 3"),
         "333.333333 asks web>s.op, 666.666666 asks web>s.op, 999.999999 asks web>s.op"},
        {"recorded", WEB("'arrivals': {'csv': '0 1ms 1ms 2500ms'}"),
         "0 asks web>s.op, 1 asks web>s.op, 1 asks web>s.op, 2500 asks web>s.op"},
        {"closed: think, ask, wait", WEB("'users': {'n': 1, 'think': '1s'}, 'stop_after': 3"),
         "1000 asks web>s.op, 2100 asks web>s.op, 3200 asks web>s.op"},
        {"users who begin one after the other",
         WEB("'users': {'n': 4, 'think': '1s', 'over': '2s'}, 'stop_after': 5"),
         "1000 asks web>s.op, 1500 asks web>s.op, 2000 asks web>s.op, 2100 asks web>s.op, "
         "2500 asks web>s.op"},
        {"users who do not think", WEB("'users': 2, 'stop_after': 4"),
         "0 asks web>s.op, 0 asks web>s.op, 100 asks web>s.op, 100 asks web>s.op"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(bench) b = bench_of(cases[i].model, "");
        check_text(bench_play(&b, "asks"), cases[i].story, "%s", cases[i].name);
        check_that(b.record->end == GD_END_DRAINED, "%s", cases[i].name);
        check_that(b.record->clients[0].users == bench_view(&b, "web.op")->users,
                   "%s: of one page, the client's users are the page's", cases[i].name);
    }
}

/* ---- profiles -------------------------------------------------------------------------------- */
/* Operational time at `t` seconds: the integral of the factor. */
static double of_ramp(double t) /* from 1 to 3 in the ten seconds from 5 on */
{
    double x = t < 5 ? 0 : t > 15 ? 10 : t - 5;
    return (t < 5 ? t : 5) + x + x * x / 10 + (t > 15 ? (t - 15) * 3 : 0);
}
static double of_fall(double t) /* from 2 to 0 in ten seconds from 0 on, then nothing */
{
    return t < 10 ? 2 * t - t * t / 10 : 10;
}
static double of_step(double t) /* four times from 10 s on */
{
    return t < 10 ? t : 10 + 4 * (t - 10);
}
static double of_spike(double t) /* at 5 s up to 5 in 2 s, for 3 s, back in 5 s */
{
    double up = t < 5 ? 0 : t > 7 ? 2 : t - 5, down = t < 10 ? 0 : t > 15 ? 5 : t - 10;
    double flat = t < 7 ? 0 : t > 10 ? 3 : t - 7;
    return (t < 5 ? t : 5) + up + up * up + 5 * flat + 5 * down - 0.4 * down * down +
           (t > 15 ? t - 15 : 0);
}

static const struct {
    const char *name, *profile;
    double (*integral)(double t);
} profiles[] = {
    {"steady", "{'steady': 1}", NULL},
    {"ramp", "{'ramp': {'from': 1, 'to': 3, 'at': '5s', 'for': '10s'}}", of_ramp},
    {"down to nothing", "{'ramp': {'from': 2, 'to': 0, 'at': '0s', 'for': '10s'}}", of_fall},
    {"step", "{'step': {'at': '10s', 'factor': 4}}", of_step},
    {"spike", "{'spike': {'at': '5s', 'for': '3s', 'factor': 5, 'rise': '2s', 'fall': '5s'}}",
     of_spike},
};

/* The k-th of a periodic client comes when the integral of its rate reaches k: to the ns, and a ns
 * for each arrival before it. */
static void test_profiles_are_integrated(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(profiles); i++) {
        g_autofree char *model = g_strdup_printf(
            S ", 'clients': {'web': {'at': 's', 'arrivals': {'periodic': '100/s'}, 'profile': %s}}",
            profiles[i].profile);
        g_auto(bench) b = bench_of(model, "'duration': '20s'");
        const arrivals *a = asks_of(&b);
        double all = 0;
        for (size_t k = 0; k < a->n; k++) {
            double t = (double)a->at[k] / 1e9;
            double x = profiles[i].integral ? profiles[i].integral(t) : t;
            double drift = 1e-6 + 1e-9 * 500 * (double)(k + 1); /* at up to 500/s */
            check_that(fabs(x * 100 - (double)(k + 1)) < drift, "%s: the %zuth at %.9f s (%.9f)",
                       profiles[i].name, k + 1, t, x * 100);
        }
        all = (profiles[i].integral ? profiles[i].integral(20) : 20) * 100;
        check_that(fabs((double)a->n - all) <= 1, "%s: %zu, not %g", profiles[i].name, a->n, all);
    }
}

/* A day of a minute: as many as its mean, most at its peak, fewest opposite. */
static void test_daily(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        WEB("'arrivals': {'periodic': '100/s'}, 'profile': {'daily': {'low': 0.5, 'high': 1.5, "
            "'peak_at': '00:00', 'period': '1m'}}"),
        "'duration': '2m'");
    const arrivals *a = asks_of(&b);
    check_that(a->n >= 11999 && a->n <= 12001, "%zu", a->n);
    size_t peak = 0, night = 0;
    for (size_t k = 0; k < a->n; k++) {
        gd_time at = a->at[k] % GD_MINUTE;
        peak += at < 5 * GD_S || at >= 55 * GD_S;
        night += at >= 25 * GD_S && at < 35 * GD_S;
    }
    check_that(peak > 2 * 1440 && peak < 2 * 1490, "%zu", peak); /* 1.5 - a little, 20 s */
    check_that(night > 2 * 510 && night < 2 * 560, "%zu", night);
}

/* A load change of the scenario and an overload on top: factors multiply. */
static void test_load_and_overload_multiply(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(WEB("'arrivals': {'periodic': '100/s'}"),
                 "'duration': '20s', 'load': {'more': {'target': 'clients.web', 'ramp': {'from': "
                 "1, 'to': 3, "
                 "'at': '5s', 'for': '10s'}}}, 'faults': {'rush': {'fault': 'overload', 'target': "
                 "'clients.web', 'at': '10s', 'for': '5s', 'factor': 2}}");
    const arrivals *a = asks_of(&b);
    double wanted = 100 * (of_ramp(20) + of_ramp(15) - of_ramp(10));
    check_that(fabs((double)a->n - wanted) <= 2, "%zu, not %g", a->n, wanted);
}

/* ---- chance ---------------------------------------------------------------------------------- */
static void test_poisson(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(WEB("'arrivals': {'poisson': {'rate': '500/s'}}"), "'duration': '100s'");
    const arrivals *a = asks_of(&b);
    check_that(fabs((double)a->n - 50000) < 5 * sqrt(50000), "%zu in 100 s", a->n);
    /* Counts in 2,000 windows of 50 ms: variance over mean 25 is 1, +- 5 standard errors. */
    double counts[2000] = {0}, sum = 0, squares = 0;
    for (size_t k = 0; k < a->n; k++)
        counts[a->at[k] / (50 * GD_MS)]++;
    for (size_t w = 0; w < 2000; w++) {
        sum += counts[w];
        squares += counts[w] * counts[w];
    }
    double mean = sum / 2000, variance = squares / 2000 - mean * mean;
    check_that(fabs(variance / mean - 1) < 5 * sqrt(2.0 / 2000), "%g", variance / mean);
}

static void test_bursts(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(WEB("'arrivals': {'bursts': {'on': '1s', 'off': '2s', 'rate': "
                                   "'200/s', 'rate_off': '5/s'}}"),
                               "'duration': '300s'");
    const arrivals *a = asks_of(&b);
    size_t on = 0, off = 0;
    for (size_t k = 0; k < a->n; k++)
        *(a->at[k] % (3 * GD_S) < GD_S ? &on : &off) += 1;
    check_that(fabs((double)on - 20000) < 5 * sqrt(20000), "%zu while on", on);
    check_that(fabs((double)off - 1000) < 5 * sqrt(1000), "%zu while off", off);
}

static void test_silent_between_bursts(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(WEB("'arrivals': {'bursts': {'on': '1s', 'off': '2s', 'rate': '200/s'}}"),
                 "'duration': '300s'");
    const arrivals *a = asks_of(&b);
    check_that(fabs((double)a->n - 20000) < 5 * sqrt(20000), "%zu", a->n);
    for (size_t k = 0; k < a->n; k++)
        check_that(a->at[k] % (3 * GD_S) <= GD_S, "%ld ns", (long)a->at[k]);
}

/* Two designs under one seed meet the same customers at the same instants. */
static void test_a_design_moves_no_arrival(void **unused)
{
    (void)unused;
    static arrivals first;
    g_auto(bench) one = bench_of(WEB("'arrivals': {'poisson': '50/s'}"), "");
    first = *asks_of(&one);
    g_auto(bench) two = bench_of(
        "'services': {'r': {'workers': 1, 'operations': {'op': [{'work': {'exponential': "
        "'5ms'}}]}}, "
        "'s': {'workers': 1, 'queue': 3, 'operations': {'op': ['r.op', {'work': '30ms'}]}}}, "
        "'clients': "
        "{'app': {'at': 'r', 'arrivals': {'poisson': '9/s'}}, 'web': {'at': 's', 'retry': 3, "
        "'arrivals': {'poisson': '50/s'}}}",
        "");
    arrivals web = {.n = 0};
    const arrivals *all = asks_of(&two);
    for (size_t k = 0; k < all->n; k++)
        for (size_t i = web.n; i < first.n && i <= web.n; i++)
            if (first.at[i] == all->at[k] && first.key[i] == all->key[k])
                web.n++;
    check_that(first.n > 2500 && web.n == first.n, "%zu of %zu", web.n, first.n);
}

/* ---- users ----------------------------------------------------------------------------------- */
#define SHOP                                                                                       \
    "'services': {'s': {'workers': 'unlimited', 'operations': {'home': [{'work': '10ms'}], "       \
    "'cart': [{'work': '20ms'}], 'broken': [{'work': '30ms'}, {'fail': 1}]}}}, "

static const struct {
    const char *name, *journey, *story, *outcomes;
    uint64_t users, hurt;
} visits[] = {
    {"page after page", "'pages': ['home', 'cart', 'home'], 'think': '1s'",
     "1000 asks web>s.home, 2010 asks web>s.cart, 3030 asks web>s.home", NULL, 0, 0},
    {"without thinking", "'pages': ['home', 'cart']", "1000 asks web>s.home, 1010 asks web>s.cart",
     NULL, 0, 0},
    {"patient: failures are read to the end", "'pages': ['broken', 'broken', 'home']",
     "1000 asks web>s.broken, 1030 asks web>s.broken, 1060 asks web>s.home", "server_error 2", 1,
     1},
    {"gives up after one", "'pages': ['broken', 'broken', 'home'], 'gives_up_after': 1",
     "1000 asks web>s.broken", "server_error 1", 1, 1},
    {"after two in a row",
     "'pages': ['broken', 'home', 'broken', 'broken', 'home'], 'gives_up_after': 2",
     "1000 asks web>s.broken, 1030 asks web>s.home, 1040 asks web>s.broken, 1070 asks web>s.broken",
     "server_error 3", 1, 1},
};

static void test_journeys(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(visits); i++) {
        g_autofree char *model = g_strdup_printf(
            SHOP
            "'clients': {'web': {'at': 's', 'visits': {'csv': '1s'}, 'journeys': {'j': {%s}}}}",
            visits[i].journey);
        g_auto(bench) b = bench_of(model, "");
        check_text(bench_play(&b, "asks"), visits[i].story, "%s", visits[i].name);
        check_that(gd_run_count_in_flight(b.run) == 0, "%s: the visitor has left", visits[i].name);
        check_that(b.record->clients[0].users == 1, "%s: one visitor, however many pages",
                   visits[i].name);
        check_that(b.record->clients[0].users_hurt == visits[i].hurt, "%s: hurt once",
                   visits[i].name);
        if (!visits[i].outcomes)
            continue;
        check_text(bench_outcomes(&b, "web.broken"), visits[i].outcomes, "%s", visits[i].name);
        const gd_view_record *view = bench_view(&b, "web.broken");
        check_that(view->users == visits[i].users && view->users_hurt == visits[i].hurt,
                   "%s: a user is one visitor", visits[i].name);
    }
}

/* Closed users go round: their journey, then the next cycle with its own choice. */
static void test_closed_users_with_journeys(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        SHOP "'clients': {'web': {'at': 's', 'users': {'n': 1, 'think': '100ms'}, 'stop_after': 2, "
             "'journeys': {'j': {'pages': ['home', 'cart'], 'think': '10ms'}}}}",
        "");
    check_text(bench_play(&b, "asks"),
               "100 asks web>s.home, 120 asks web>s.cart, 240 asks web>s.home, 260 asks web>s.cart",
               "two cycles");
    check_that(bench_view(&b, "web.home")->users == 1, "one user, however often");
}

static void test_weights(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        SHOP
        "'clients': {'web': {'at': 's', 'arrivals': {'periodic': '1000/s'}, 'stop_after': 40000, "
        "'mix': {'home': 5, 'cart': 3, 'broken': 2}}}",
        "'duration': '1h'");
    bench_play(&b, "");
    static const struct {
        const char *view;
        double share;
    } wanted[] = {{"web.home", 0.5}, {"web.cart", 0.3}, {"web.broken", 0.2}};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        double n = (double)bench_view(&b, wanted[i].view)->requests[GD_BEFORE], p = wanted[i].share;
        check_that(fabs(n - 40000 * p) < 5 * sqrt(40000 * p * (1 - p)), "%s: %g", wanted[i].view,
                   n);
    }
}

/* An attribute is drawn once for a request: whoever asks for it gets the same number. */
static void test_attributes(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 'unlimited', 'threads': 'async', 'operations': {'op': "
        "[{'repeat': '$items', 'steps': ['y.op']}, 'm.op']}}, 'm': {'workers': 'unlimited', "
        "'operations': {'op': [{'repeat': '$items', 'steps': ['z.op']}]}}, 'y': {'workers': 9, "
        "'operations': {'op': [{'wait': '1ms'}]}}, 'z': {'workers': 9, 'operations': {'op': "
        "[{'wait': "
        "'1ms'}]}}}, 'clients': {'web': {'at': 's', 'draw': {'items': {'geometric': {'mean': 3}}}, "
        "'arrivals': {'periodic': '10/s'}, 'stop_after': 5000}}",
        "'duration': '1h'");
    bench_play(&b, "");
    uint64_t y = bench_service(&b, "y")->arrivals, z = bench_service(&b, "z")->arrivals;
    check_that(y == z, "%lu and %lu", (unsigned long)y, (unsigned long)z);
    /* mean 3, variance 6 */
    check_that(fabs((double)y / 5000 - 3) < 5 * sqrt(6.0 / 5000), "%g", (double)y / 5000);
    const gd_hist *good = &bench_view(&b, "web.op")->good[GD_BEFORE];
    for (int n = 0; n < 2; n++) /* 1 item: 2 ms; the next is 4 ms */
        check_that(gd_hist_count_upto(good, b.record->hists, (2 + n) * GD_MS) ==
                       gd_hist_count_upto(good, b.record->hists, 2 * GD_MS),
                   "an even number of ms");
}

/* What begins in the warm-up does not count, even when it ends after it. */
static void test_warm_up(void **unused)
{
    (void)unused;
    g_auto(bench) b =
        bench_of(WEB("'arrivals': {'periodic': '20/s'}"), "'warmup': '10s', 'duration': '10s'");
    const arrivals *a = asks_of(&b);
    check_that(a->n == 399, "%zu asked", a->n); /* 50 ms … 19.95 s */
    const gd_view_record *view = bench_view(&b, "web.op");
    check_that(view->requests[GD_BEFORE] == 200, "%lu: from 0 s on",
               (unsigned long)view->requests[GD_BEFORE]);
    check_text(bench_outcomes(&b, "web.op"), "ok 198 unfinished 2", "the last two are not back");
    check_that(view->good[GD_BEFORE].count == 198, "latencies of those alone");
    check_that(b.record->ended_at == 10 * GD_S, "from the end of the warm-up");
    const gd_service_record *s = bench_service(&b, "s");
    check_that(s->arrivals == 200 && s->completed == 200, "%lu in, %lu out",
               (unsigned long)s->arrivals, (unsigned long)s->completed);
    check_that(s->busy_area == (gd_u128)(20 * GD_S), "two at work at any time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_profiles_are_integrated),
        cmocka_unit_test(test_daily),
        cmocka_unit_test(test_load_and_overload_multiply),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_silent_between_bursts),
        cmocka_unit_test(test_a_design_moves_no_arrival),
        cmocka_unit_test(test_journeys),
        cmocka_unit_test(test_closed_users_with_journeys),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_warm_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
