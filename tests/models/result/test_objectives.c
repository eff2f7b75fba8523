/* Error budgets and burn rates against the closed forms of the Google SRE Workbook, ch. 5: from no
 * errors to a share e of errors, a long window w crosses the burn b after b x B x w / e; after the
 * errors end, a short window w' lets go after w' x (1 - b x B / e).
 */
#include "models/result/quantity.h"
#include "models/run.h"
#include "tests/models/compile/compiled.h"
#include "tests/models/result/fixture.h"

#include <math.h>

static void errors(fixture *f, uint32_t from, uint32_t to, double share)
{
    for (uint32_t w = from; w < to; w++) {
        f->record.objective_series->bad[w] = (uint32_t)(share * TRAFFIC);
        f->record.objective_series->good[w] = TRAFFIC - (uint32_t)(share * TRAFFIC);
    }
}

static void test_detection(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        double share;
        unsigned detected_s; /* 0: not by then */
    } cases[] = {
        {"a full outage at 99.9 %", 1, 52},   /* 14.4 x 0.001 x 3600 s = 51.84 s */
        {"a tenth of the answers", 0.1, 519}, /* 518.4 s */
        {"a hundredth: not within ten minutes", 0.01, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(fixture) f = fixture_new();
        fixture_promise(f, GD_SHARE_ONE / 1000 * 999, 30 * GD_DAY);
        fixture_fault(f, 200, 900);
        errors(f, 200, 900, cases[i].share);
        g_autoptr(gd_result) result = fixture_result(f);
        gd_time at = result->objectives[0].fast_burn_at;
        gd_time wanted = cases[i].detected_s ? (200 + cases[i].detected_s) * GD_S : GD_NEVER;
        check_that(at == wanted, "%s: %g s", cases[i].name, (double)at / GD_S);
    }
}

/* A full outage of 100 s: it pages from 52 s on, and 300 s x (1 - 0.0144) after the end no longer.
 */
static void test_reset(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_promise(f, GD_SHARE_ONE / 1000 * 999, 30 * GD_DAY);
    fixture_fault(f, 200, 300);
    errors(f, 200, 300, 1);
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_result_objective *pages = &result->objectives[0];
    double wanted = 300 + 300 * (1 - 0.0144) - 252;
    check_that(fabs(pages->fast_burn_s - wanted) <= 2, "%g s", pages->fast_burn_s);
    check_that(pages->slow_burn_at == GD_NEVER, "100 s of 3 days burn 0.39, of a day 1.16");
    check_that(fabs(pages->burn_max[GD_BURN_5M] - 1000.0 / 3) < 1e-6, "%g",
               pages->burn_max[GD_BURN_5M]);
    check_that(fabs(pages->burn_max[GD_BURN_1H] - 1000.0 / 36) < 1e-6, "%g",
               pages->burn_max[GD_BURN_1H]);
}

/* 99.9 % of 30 days is 43.2 min: a full outage of 100 s takes 100 / 2592 of it. */
static void test_budget(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_promise(f, GD_SHARE_ONE / 1000 * 999, 30 * GD_DAY);
    fixture_fault(f, 200, 300);
    errors(f, 200, 300, 1);
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_result_objective *pages = &result->objectives[0];
    check_that(fabs(pages->budget_burnt_ratio - 100.0 / 2592) < 1e-9, "%g",
               pages->budget_burnt_ratio);
    check_that(fabs(pages->sli_ratio - 8.0 / 9) < 1e-9, "%g", pages->sli_ratio);
    check_that(!pages->met && pages->exhausted_at == GD_NEVER, "missed, and budget is left");
    check_that(pages->bad == 100 * TRAFFIC, "%u", (unsigned)pages->bad);

    /* An hour's budget at 99 % is 36 s of outage; a day's windows do not fit into it. */
    g_autoptr(fixture) g = fixture_new();
    fixture_promise(g, GD_SHARE_ONE / 100 * 99, GD_HOUR);
    fixture_fault(g, 200, 300);
    errors(g, 200, 300, 1);
    g_autoptr(gd_result) hour = fixture_result(g);
    check_that(hour->objectives[0].exhausted_at == 236 * GD_S, "%g s",
               (double)hour->objectives[0].exhausted_at / GD_S);
    check_that(hour->objectives[0].slow_burn_at == GD_NEVER, "longer than its period");
}

/* Windows that reach back before t = 0 are full of what stood before the fault: a steady tenth of
 * errors burns 100 times too fast from the first second on. */
static void test_baseline(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_promise(f, GD_SHARE_ONE / 1000 * 999, 30 * GD_DAY);
    errors(f, 0, SECONDS, 0.1);
    fixture_fault(f, 600, 700);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(result->objectives[0].fast_burn_at == GD_S, "at once");
    check_that(fabs(result->objectives[0].burn_max[GD_BURN_3D] - 100) < 1e-6, "%g",
               result->objectives[0].burn_max[GD_BURN_3D]);
}

static double value_of(const gd_result *result, const char *name)
{
    gd_quantity quantity;
    g_autofree char *why = NULL;
    check_that(gd_quantity_find(result->plan, name, &quantity, &why), "%s", why);
    return gd_quantity_get(result, &quantity, GD_ALL);
}

/* Five users at once before one worker: answers after 5, 10, 15, 20 and 25 ms. */
#define BURST                                                                                      \
    "{'gameday': 1, 'services': {'api': {'workers': 1, 'operations': {'get': [{'work': "           \
    "'5ms'}]}}},"                                                                                  \
    " 'clients': {'web': {'at': 'api', 'users': {'n': 5, 'think': '1s'}, 'stop_after': 5}}, "      \
    " 'objectives': {'quick': {'of': 'web.get', 'good': {'within': '15ms'}, 'target': '90%%'},"    \
    "                'all': {'of': 'web', 'target': '50%%'}%s}}"

static void test_counting(void **unused)
{
    (void)unused;
    g_autofree char *model = g_strdup_printf(BURST, "");
    compiled c = compile_good(model, "{'gameday': 1, 'duration': '10s'}");
    g_autoptr(gd_run) run = gd_run_new(c.plan, 1);
    gd_run_until(run, GD_NEVER, UINT64_MAX);
    g_autoptr(gd_result) result = gd_result_new(gd_run_finish(run), &(gd_result_options){0});
    check_that(value_of(result, "objectives.all.good") == 5, "%g",
               value_of(result, "objectives.all.good"));
    check_that(value_of(result, "objectives.quick.good") == 3, "5, 10 and 15 ms are in time: %g",
               value_of(result, "objectives.quick.good"));
    check_that(value_of(result, "objectives.quick.bad") == 2, "20 and 25 ms are not");
    check_that(value_of(result, "objectives.quick.met") == 0, "60 %% of 90 %%");
    check_that(value_of(result, "objectives.all.met") == 1, "100 %% of 50 %%");
    forget(&c);
}

static void test_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *objective, *message;
    } cases[] = {
        {"{'of': 'web.gett', 'target': '99%'}", "neither a user-visible operation nor a client"},
        {"{'of': 'web.get', 'target': '100%'}", "99.9999999%"},
        {"{'of': 'web.get'}", "target"},
        {"{'of': 'web.get', 'target': '99%', 'good': {'outcome': ['okk']}}", "did you mean \"ok\""},
        {"{'of': 'web.get', 'target': '99%', 'good': {'outcome': []}}", "write [\"ok\"]"},
        {"{'of': 'web.get', 'target': '99%', 'good': {'within': '0s'}}", "within"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *more = g_strconcat(", 'wrong': ", cases[i].objective, NULL);
        g_autofree char *model = g_strdup_printf(BURST, more);
        compiled c = compile_text(model, NULL);
        g_autofree char *problems = gd_problems_print(c.problems);
        check_that(!c.plan && strstr(problems, cases[i].message), "%s:\n%s", cases[i].objective,
                   problems);
        forget(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detection), cmocka_unit_test(test_reset),
        cmocka_unit_test(test_budget),    cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_counting),  cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
