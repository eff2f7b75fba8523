/* Faults that come and go, and those that single requests and messages meet, against what the
 * theory of renewals, beta factors and runs says. */
#include "tests/models/bench_plan.h"

#include <glib.h>
#include <math.h>

#define FLEET                                                                                      \
    "'network': {'same_zone': '1ms', 'regions': {'eu': {'zones': ['a', 'b'], 'latency': '1ms'}}}," \
    "'services': {'s': {'instances': 4, 'zones': ['a', 'b'], 'workers': 9, 'operations': {'op': "  \
    "[{'work': '1ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': {'periodic': '20/s'}}}"

static double share_of(const bench *b, const char *view, gd_outcome outcome)
{
    const gd_view_record *record = bench_view(b, view);
    double n = 0, all = 0;
    for (unsigned p = 0; p < GD_PHASES; p++)
        for (unsigned o = 0; o < GD_OUTCOMES; o++) {
            all += o == GD_UNFINISHED ? 0 : (double)record->outcomes[p][o];
            n += o == outcome ? (double)record->outcomes[p][o] : 0;
        }
    return n / all;
}

/* Availability in the long run is mtbf / (mtbf + mttr), whatever the distributions. */
static void test_availability(void **unused)
{
    (void)unused;
    static const struct {
        const char *schedule;
        double up;
    } cases[] = {
        {"{'mtbf': '90s', 'mttr': '10s'}", 0.9},
        {"{'mtbf': {'weibull': {'mean': '90s', 'shape': 0.7}}, 'mttr': {'exponential': {'mean': "
         "'10s'}}}",
         0.9},
        {"{'mtbf': '90s', 'mttr': '10s', 'by': 'zone'}", 0.9},
        {"{'mtbf': '90s', 'mttr': '10s', 'by': 'rack', 'racks': 2}", 0.9},
        {"{'mtbf': '90s', 'mttr': '10s', 'by': 'all'}", 0.9},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *scenario = g_strdup_printf(
            "'duration': '40h', 'faults': {'f': {'fault': 'crash', 'target': 'services.s', 'at': "
            "'0s', 'schedule': %s}}",
            cases[i].schedule);
        g_auto(bench) b = bench_of(FLEET, scenario);
        bench_play(&b, "");
        double up = 1 - share_of(&b, "web.op", GD_REFUSED);
        /* 1,440 cycles of the group that has least: 5 standard errors of the downtime's share */
        double error = 5 * 0.1 * sqrt(2 / 1440.0) * 1.5;
        check_that(fabs(up - cases[i].up) < error, "%s: %g", cases[i].schedule, up);
    }
}

/* Beta factor: all four are down for beta q of the time; alone, for (1 - beta) q each, to first
 * order. With random balancing what is refused is the mean over instances, q in all. */
static void test_common_cause(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        FLEET,
        "'duration': '40h', 'faults': {'f': {'fault': 'crash', 'target': 'services.s', 'at': "
        "'0s', 'schedule': {'mtbf': '196s', 'mttr': {'exponential': {'mean': '4s'}}, "
        "'common_cause': '25%'}}}");
    bench_play(&b, "");
    double q = share_of(&b, "web.op", GD_REFUSED);
    check_that(fabs(q - 0.02) < 0.003, "each is down for q: %g", q);
    /* Crashes that take all four at one instant are a quarter of each one's. */
    unsigned alone = 0, together = 0;
    const gd_happening *h = b.record->happenings;
    for (uint32_t i = 0; i < b.record->n_happenings; i++) {
        unsigned n = 0;
        gd_time at = h[i].at;
        for (; i < b.record->n_happenings && h[i].at == at; i++)
            n += h[i].what == GD_HAPPENED_CRASHED;
        i--;
        alone += n == 1;
        together += n > 1;
    }
    double beta = (double)together / (together + alone / 4.0);
    check_that(fabs(beta - 0.25) < 0.05, "beta %g of %u and %u", beta, together, alone);
}

/* Bursts: the share stays p, and their mean length is 1 / ((1 - rho) (1 - p)). */
static void test_bursts(void **unused)
{
    (void)unused;
    static const struct {
        const char *share, *correlation;
        double p, rho;
    } cases[] = {{"20%", "0", 0.2, 0}, {"20%", "50%", 0.2, 0.5}, {"10%", "80%", 0.1, 0.8}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *scenario = g_strdup_printf(
            "'duration': '5h', 'faults': {'f': {'fault': 'errors', 'target': 'services.s', 'at': "
            "'0s', 'share': '%s', 'correlation': '%s', 'operations': ['op']}}",
            cases[i].share, cases[i].correlation);
        g_auto(bench) b =
            bench_of("'services': {'s': {'workers': 9, 'operations': {'op': [{'work': "
                     "'1ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': "
                     "{'periodic': '20/s'}, 'stop_after': 100000}}",
                     scenario);
        g_autoptr(GString) said = g_string_new(bench_play(&b, "answer worked"));
        double p = share_of(&b, "web.op", GD_SERVER_ERROR);
        double wide = sqrt((1 + cases[i].rho) / (1 - cases[i].rho));
        check_that(fabs(p - cases[i].p) < 5 * wide * sqrt(p * (1 - p) / 1e5), "share %g", p);
        /* A good answer has work before it; a burst ends at the first of these. */
        double errors = p * 1e5, bursts = 0;
        bool was_error = false;
        for (const char *at = said->str; (at = strstr(at, "answer")); at += 6) {
            const char *from = at > said->str + 40 ? at - 40 : said->str;
            g_autofree char *before = g_strndup(from, (gsize)(at - from));
            const char *work = g_strrstr(before, "worked"), *last = g_strrstr(before, "answer");
            bool good = work && (!last || work > last);
            bursts += !good && !was_error;
            was_error = !good;
        }
        double wanted = 1 / ((1 - cases[i].rho) * (1 - cases[i].p));
        check_that(fabs(errors / bursts / wanted - 1) < 0.05, "bursts of %g, not %g",
                   errors / bursts, wanted);
    }
}

/* Patterns 9.3: SYNs at 1, 3, 7 … s after the first, given up after 127 s. */
static void test_syn_times(void **unused)
{
    (void)unused;
    static const struct {
        const char *lasts, *outcome;
        double ms;
    } cases[] = {
        {"500ms", "ok 1", 1000 + 10},     {"2s", "ok 1", 3000 + 10},   {"5s", "ok 1", 7000 + 10},
        {"10s", "ok 1", 15000 + 10},      {"20s", "ok 1", 31000 + 10}, {"40s", "ok 1", 63000 + 10},
        {"3h", "conn_timeout 1", 127000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *scenario = g_strdup_printf("'duration': '4h', 'faults': {'f': {'fault': "
                                                    "'host_down', 'target': 'services.s', 'at': "
                                                    "'0s', 'for': '%s'}}",
                                                    cases[i].lasts);
        g_auto(bench) b =
            bench_of("'services': {'s': {'workers': 9, 'operations': {'op': [{'work': "
                     "'10ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': {'csv': "
                     "'0'}}}",
                     scenario);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), cases[i].outcome, "%s", cases[i].lasts);
        check_that(fabs(bench_latency_ms(&b, "web.op") - cases[i].ms) < cases[i].ms / 250, "%g",
                   bench_latency_ms(&b, "web.op"));
    }
}

/* Whatever the order in which overlapping faults end, nothing of them is left. */
static void test_they_come_apart(void **unused)
{
    (void)unused;
    static const char *const kinds[] = {
        "'fault': 'slow', 'factor': 3, 'target': 'services.s'",
        "'fault': 'errors', 'share': '50%', 'target': 'services.s'",
        "'fault': 'deadlock', 'share': '50%', 'target': 'services.s'",
        "'fault': 'delay_response', 'delay': '30ms', 'share': '50%', 'target': 'web>s'",
        "'fault': 'dns_slow', 'delay': '20ms', 'target': 'web>s'",
        "'fault': 'noisy_neighbour', 'mode': 'all', 'target': 'services.s'",
        "'fault': 'io_slow', 'added': '5ms', 'target': 'services.s'",
        "'fault': 'drain', 'target': 'services.s', 'instances': 1",
        "'fault': 'host_down', 'target': 'services.s', 'mode': 'one'",
        "'fault': 'latency', 'added': '5ms', 'jitter': '4ms', 'target': 'web>s'",
    };
    for (unsigned turn = 0; turn < 10; turn++) {
        g_autoptr(GString) faults = g_string_new("'duration': '60s', 'faults': {");
        for (unsigned i = 0; i < 10; i++)
            g_string_append_printf(faults, "%s'f%u': {%s, 'at': '%ums', 'for': '%us'}",
                                   i ? ", " : "", i, kinds[(i + turn) % 10], 10 * i,
                                   1 + (7 * i + turn) % 10);
        g_string_append(faults, "}");
        g_auto(bench) b = bench_of("'services': {'s': {'instances': 3, 'workers': 2, 'operations': "
                                   "{'op': [{'work': '10ms'}]}}}, 'clients': {'late': {'at': 's', "
                                   "'arrivals': {'csv': '51s'}}, 'web': {'at': 's', "
                                   "'timeout': '1s', 'arrivals': {'periodic': '50/s'}, "
                                   "'stop_after': 1000}}",
                                   faults->str);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "late.op"), "ok 1", "turn %u", turn);
        check_that(bench_latency_ms(&b, "late.op") == 10, "turn %u: %g ms", turn,
                   bench_latency_ms(&b, "late.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "turn %u: %u", turn,
                   gd_run_count_in_flight(b.run));
    }
}

/* Every fault says when it began, when it was first met, when it was over, when last met. */
static void test_records(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 9, 'operations': {'op': [{'work': '10ms'}]}}}, 'clients': "
        "{'web': {'at': 's', 'arrivals': {'csv': '1s 3s 4s 9s 15s'}}}",
        "'duration': '20s', 'faults': {'f': {'fault': 'slow', 'factor': 2, 'target': 'services.s', "
        "'at': '2s', 'for': '5s'}, 'g': {'fault': 'crash', 'target': 'services.s', 'at': '12s', "
        "'for': '1s'}}");
    bench_play(&b, "");
    const gd_fault_record *f = &b.record->faults[0], *g = f + 1;
    check_that(f->injected == 2 * GD_S && f->effective == 3 * GD_S && f->removed == 7 * GD_S &&
                   f->last == 4 * GD_S && f->times == 1,
               "f");
    check_that(g->injected == 12 * GD_S && g->effective == GD_NEVER && g->removed == 13 * GD_S &&
                   g->last == GD_NEVER,
               "nobody met g");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_availability),    cmocka_unit_test(test_common_cause),
        cmocka_unit_test(test_bursts),          cmocka_unit_test(test_syn_times),
        cmocka_unit_test(test_they_come_apart), cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
