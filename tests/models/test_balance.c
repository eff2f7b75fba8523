/* Which instance a call goes to. */
#include "tests/models/bench_plan.h"

#include <glib.h>

static uint64_t good_at_once(const char *model)
{
    g_auto(bench) b = bench_of(model, "'duration': '1h'");
    bench_play(&b, "");
    return gd_hist_count_upto(&bench_view(&b, "web.op")->good[GD_BEFORE], b.record->hists,
                              10 * GD_MS);
}

/* Batches of four arrive at once, 1,000 times: how many find an idle instance. */
static void test_balancers(void **unused)
{
    (void)unused;
    static const struct {
        const char *how;
        uint64_t least, most; /* of 4,000 */
    } cases[] = {
        {"round_robin", 4000, 4000},
        {"least_requests", 4000, 4000},
        {"random", 2650, 2820},      /* 4 (1 - (3/4)^4) = 2.734 of 4; 5 standard errors */
        {"two_choices", 3303, 3475}, /* 3.3889 of 4, by enumeration */
    };
    g_autoptr(GString) instants = g_string_new("");
    for (unsigned i = 0; i < 1000; i++)
        g_string_append_printf(instants, "%s%ums %ums %ums %ums", i ? " " : "", i * 100, i * 100,
                               i * 100, i * 100);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'instances': 4, 'workers': 1, 'balancer': '%s', 'operations': "
            "{'op': "
            "[{'work': '10ms'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': {'csv': '%s'}}}",
            cases[i].how, instants->str);
        uint64_t n = good_at_once(model);
        check_that(n >= cases[i].least && n <= cases[i].most, "%s: %lu", cases[i].how,
                   (unsigned long)n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balancers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
