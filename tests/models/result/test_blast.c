/* Whom a fault touched, how much more work it made, and which timeouts were false: runs small
 * enough to work out by hand. */
#include "models/result/quantity.h"
#include "models/run.h"
#include "tests/models/compile/compiled.h"

static double value_of(const gd_result *result, const char *name)
{
    gd_quantity quantity;
    g_autofree char *why = NULL;
    check_that(gd_quantity_find(result->plan, name, &quantity, &why), "%s", why);
    return gd_quantity_get(result, &quantity, GD_ALL);
}

typedef struct {
    compiled c;
    gd_run *run;
    gd_result *result;
} played;

static played play(const char *model, const char *scenario)
{
    played p = {.c = compile_good(model, scenario)};
    p.run = gd_run_new(p.c.plan, 1);
    gd_run_until(p.run, GD_NEVER, UINT64_MAX);
    p.result = gd_result_new(gd_run_finish(p.run), &(gd_result_options){0});
    return p;
}

static void forget_played(played *p)
{
    gd_result_free(p->result);
    gd_run_free(p->run);
    forget(&p->c);
}

/* ---- false timeouts -----------------------------------------------------------------------------
 */

/* Work of 80 ms behind a timeout of 50 ms, once each second. */
#define LATE(how, steps)                                                                           \
    "{'gameday': 1, 'services': {'api': {'workers': 'unlimited', 'calls': {'db': {'timeout': "     \
    "'50ms'}}, 'operations': {'get': ['db.get']}}, 'db': {'workers': 4, " how                      \
    "'operations': {'get': [" steps "]}}}, 'clients': {'web': {'at': 'api', 'arrivals': "          \
    "{'periodic': '1/s'}, 'stop_after': 10}}}"

static void test_false_timeouts(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *model;
        double share; /* below 0: unknown */
    } cases[] = {
        {"the answer was on its way", LATE("", "{'work': '80ms'}"), 1},
        {"nobody knows of an answer that was cancelled",
         LATE("'cancellation': 'immediate', ", "{'work': '80ms'}"), 0},
        {"a failure that came late would not have helped",
         LATE("", "{'work': '80ms'}, {'fail': '100%'}"), 0},
        {"without a timeout there is no share", LATE("", "{'work': '20ms'}"), -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        played p = play(cases[i].model, "{'gameday': 1, 'duration': '60s'}");
        double share = value_of(p.result, "api>db.get.false_timeout");
        check_that(cases[i].share < 0 ? !gd_is_known(share) : share == cases[i].share, "%s: %g",
                   cases[i].name, share);
        forget_played(&p);
    }
}

/* ---- blast radius -------------------------------------------------------------------------------
 */

/* Pages that need `pay` and pages that do not, in one pool of `workers`. */
#define SHOP(workers)                                                                              \
    "{'gameday': 1, 'services': {'shop': {'workers': " workers                                     \
    ", 'queue': {'limit': 4}, 'operations': {'buy': ['pay.charge'], 'look': ['list.get']}}, "      \
    "'pay': {'workers': 100, 'operations': {'charge': [{'work': '10ms'}]}}, "                      \
    "'list': {'workers': 100, 'operations': {'get': [{'work': '10ms'}]}}}, "                       \
    "'clients': {'web': {'at': 'shop', 'arrivals': {'periodic': '40/s'}, "                         \
    "'mix': {'buy': 1, 'look': 1}, 'timeout': '3s'}}}"
#define SLOW_PAY                                                                                   \
    "{'gameday': 1, 'duration': '3m', 'faults': {'slow': {'fault': 'slow', 'target': "             \
    "'services.pay', 'factor': 400, 'at': '90s', 'for': '60s'}}}"

static void test_outside(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *model;
        double operations, outside, services;
    } cases[] = {
        {"a shared pool: looking needs no payment, and fails with it", SHOP("4"), 2, 1, 2},
        {"room for all who wait: only buying fails", SHOP("1000"), 1, 0, 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        played p = play(cases[i].model, SLOW_PAY);
        const char *name = cases[i].name;
        double operations = value_of(p.result, "degradation.blast_radius.operations");
        double outside = value_of(p.result, "degradation.blast_radius.outside");
        check_that(operations == cases[i].operations, "%s: %g", name, operations);
        check_that(outside == cases[i].outside, "%s: %g outside", name, outside);
        check_that(!p.result->services[0].hurt, "%s: the list is well", name);
        forget_played(&p);
    }
}

/* Users have no services: a spike of load has no outside. */
static void test_no_outside(void **unused)
{
    (void)unused;
    played p = play(SHOP("4"), "{'gameday': 1, 'duration': '3m', 'faults': {'more': {'fault': "
                               "'overload', 'target': 'clients.web', 'factor': 30, 'at': '90s'}}}");
    check_that(!gd_is_known(value_of(p.result, "degradation.blast_radius.outside")), "unknown");
    forget_played(&p);
}

/* ---- amplification ------------------------------------------------------------------------------
 */

static void test_peak(void **unused)
{
    (void)unused;
    played p = play(
        "{'gameday': 1, 'services': {'api': {'workers': 'unlimited', 'calls': {'db': {'retry': "
        "{'max_attempts': 3, 'backoff': 'none'}}}, 'operations': {'get': ['db.get']}}, 'db': "
        "{'workers': 'unlimited', 'operations': {'get': [{'work': '1ms'}]}}}, 'clients': {'web': "
        "{'at': 'api', 'arrivals': {'periodic': '10/s'}}}}",
        "{'gameday': 1, 'duration': '10m', 'faults': {'down': {'fault': 'errors', 'target': "
        "'services.db', 'at': '300s', 'for': '60s'}}}");
    check_that(value_of(p.result, "services.db.amplification_peak") == 3, "three tries each: %g",
               value_of(p.result, "services.db.amplification_peak"));
    check_that(value_of(p.result, "services.api.amplification_peak") == 1, "%g",
               value_of(p.result, "services.api.amplification_peak"));
    forget_played(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_false_timeouts),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_no_outside),
        cmocka_unit_test(test_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
