/* From counters to numbers: phases, operations, clients, services, calls, what was observed. */
#include "tests/models/result/fixture.h"

#include <math.h>

static bool near(double got, double wanted)
{
    return fabs(got - wanted) < 1e-9 * fmax(1, fabs(wanted));
}

static void check_phases(fixture *f, gd_time fault, gd_time end, const char *name)
{
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_time bounds[] = {0, fault * GD_S, end * GD_S, SECONDS * GD_S};
    for (unsigned p = 0; p < GD_PHASES; p++)
        check_that(result->phase_start[p] == bounds[p] && result->phase_end[p] == bounds[p + 1],
                   "%s: phase %u is %g to %g s", name, p, (double)result->phase_start[p] / GD_S,
                   (double)result->phase_end[p] / GD_S);
    check_that(result->phase_start[GD_ALL] == 0 && result->phase_end[GD_ALL] == SECONDS * GD_S,
               "%s: all is all", name);
}

static void test_phases(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    check_phases(f, SECONDS, SECONDS, "without a fault");
    fixture_fault(f, 200, 300);
    check_phases(f, 200, 300, "a fault");
    fixture_fault(f, 200, 0);
    check_phases(f, 200, SECONDS, "a fault without an end");
    fixture_fault(f, 200, 2000);
    check_phases(f, 200, SECONDS, "it ends after the run");
    fixture_fault(f, SECONDS, 2000);
    check_phases(f, SECONDS, SECONDS, "it begins after the run");
    fixture_fault(f, 0, 300);
    f->fault.start = 30 * GD_S; /* in the warm-up */
    check_phases(f, 0, 300, "it began before the measuring");

    gd_plan_fault two[2] = {f->fault, f->fault};
    two[0].start = f->plan.warmup + 400 * GD_S;
    two[0].end = f->plan.warmup + 450 * GD_S;
    two[1].start = f->plan.warmup + 100 * GD_S;
    two[1].end = f->plan.warmup + 420 * GD_S;
    f->plan.faults = two;
    f->plan.n_faults = 2;
    check_phases(f, 100, 450, "from the first start to the last end");
}

static void test_views(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    gd_view_record *home = &f->record.views[HOME], *checkout = &f->record.views[CHECKOUT];
    home->requests[GD_BEFORE] = 400;
    home->outcomes[GD_BEFORE][GD_OK] = 300;
    home->outcomes[GD_BEFORE][GD_DEGRADED] = 40;
    home->outcomes[GD_DURING][GD_TIMEOUT] = 50;
    home->outcomes[GD_AFTER][GD_UNFINISHED] = 10;
    home->useful[GD_BEFORE] = 320;
    home->attempts = 500;
    home->users = 80;
    home->users_hurt = 20;
    checkout->requests[GD_DURING] = 100;
    checkout->outcomes[GD_DURING][GD_OK] = 100;
    checkout->users = 20;
    for (int i = 1; i <= 100; i++)
        gd_hist_add(&home->good[GD_BEFORE], &f->hists, i * GD_MS);
    for (int i = 0; i < 100; i++)
        gd_hist_add(&checkout->good[GD_DURING], &f->hists, 1000 * GD_MS);
    f->record.view_series[HOME].max[5] = 7 * GD_MS;

    g_autoptr(gd_result) result = fixture_result(f);
    const gd_result_view *view = &result->views[HOME];
    check_that(near(view->availability_ratio[GD_BEFORE], 1), "degraded is good");
    check_that(near(view->availability_ratio[GD_DURING], 0), "all failed");
    check_that(!gd_is_known(view->availability_ratio[GD_AFTER]), "unfinished has not ended");
    check_that(near(view->availability_ratio[GD_ALL], 340. / 390), "of all that ended");
    check_that(near(view->degraded_ratio[GD_BEFORE], 40. / 340), "of all that ended");
    check_that(near(view->goodput_per_s[GD_BEFORE], 320. / 200), "in 200 s");
    check_that(near(view->goodput_per_s[GD_ALL], 320. / SECONDS), "in all");
    check_that(near(view->requests_per_s[GD_BEFORE], 2), "400 in 200 s");
    check_that(near(view->attempts_per_request, 500. / 390), "10 of 400 have not ended");
    check_that(fabs(view->latency[GD_BEFORE].p50_ms - 50) < 0.2, "%g",
               view->latency[GD_BEFORE].p50_ms);
    check_that(fabs(view->latency[GD_ALL].p99_ms - 99) < 0.4, "%g", view->latency[GD_ALL].p99_ms);
    check_that(near(view->latency[GD_ALL].mean_ms, 50.5), "%g", view->latency[GD_ALL].mean_ms);
    check_that(near(view->latency[GD_ALL].max_ms, 100), "exact");
    check_that(view->latency[GD_DURING].count == 0 && !gd_is_known(view->latency[GD_DURING].p50_ms),
               "no answers, no quantile");

    const gd_result_view *client = &result->clients[0];
    check_text(client->name, "web", "the client");
    check_that(client->requests[GD_ALL] == 500 && client->users == 100, "sums");
    check_that(near(client->availability_ratio[GD_ALL], 440. / 490), "of both");
    check_that(near(client->latency[GD_ALL].p90_ms, 1000), "of both histograms: %g",
               client->latency[GD_ALL].p90_ms);
    check_that(client->series.requests[5] == 2 * CALM && client->series.max[5] == 7 * GD_MS,
               "series add up");
    check_that(near(result->degradation.users_ratio, 0.2), "20 of 100");

    gd_client_record visitors = {.users = 60, .users_hurt = 15};
    f->record.clients = &visitors;
    g_autoptr(gd_result) each_once = fixture_result(f);
    check_that(each_once->clients[0].users == 60 && each_once->views[HOME].users == 80,
               "who asks for both pages is one user");
    check_that(near(each_once->degradation.users_ratio, 0.25), "15 of 60");
}

static void test_services(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    gd_service_record *orders = &f->record.services[ORDERS];
    gd_u128 second = GD_S;
    orders->worker_area = second * 7200; /* 8 workers x 900 s */
    orders->busy_area = second * 1800;
    orders->queue_area = second * 450;
    orders->system_area = second * 2250;
    orders->work = 1000;
    orders->wasted = 30;
    for (int i = 0; i < 10; i++)
        gd_hist_add(&orders->wait, &f->hists, 0);
    f->plan.services[PAYMENTS].workers = UINT32_MAX;
    f->record.service_series[ORDERS].busy_area[3] = 6 * GD_S;
    f->record.service_series[ORDERS].queue_area[3] = 5 * GD_S / 2;

    g_autoptr(gd_result) result = fixture_result(f);
    const gd_result_service *service = &result->services[ORDERS];
    check_that(near(service->utilization_ratio, 0.25), "%g", service->utilization_ratio);
    check_that(near(service->queue_mean, 0.5), "%g", service->queue_mean);
    check_that(near(service->in_system_mean, 2.5), "%g", service->in_system_mean);
    check_that(near(service->busy_mean, 2), "%g", service->busy_mean);
    check_that(near(service->wasted_work_ratio, 0.03), "%g", service->wasted_work_ratio);
    check_that(service->wait.p99_ms == 0 && service->wait.count == 10, "nobody waited");
    check_that(near(service->utilization_series[3], 6. / 8), "6 of 4 workers x 2 instances");
    check_that(near(service->queue_series[3], 2.5), "%g", service->queue_series[3]);
    check_that(!gd_is_known(result->services[PAYMENTS].utilization_ratio) &&
                   !result->services[PAYMENTS].utilization_series,
               "without a limit there is no share of it");
    check_that(!gd_is_known(result->services[PAYMENTS].wasted_work_ratio), "it did no work");
}

/* Three tries at each layer: 100 requests are 300 attempts at orders, and 2700 at payments for the
 * 900 calls that these make. */
static void test_amplification(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    f->record.edges[WEB_ORDERS] = (gd_edge_record){.calls = 100, .attempts = 300};
    f->record.edges[ORDERS_PAYMENTS] = (gd_edge_record){.calls = 300, .attempts = 900};
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(near(result->services[ORDERS].amplification, 3), "%g",
               result->services[ORDERS].amplification);
    check_that(near(result->services[PAYMENTS].amplification, 9), "3 x 3: %g",
               result->services[PAYMENTS].amplification);
    check_that(near(result->edges[ORDERS_PAYMENTS].attempts_per_call, 3), "by edge");

    /* A breaker that lets nothing through: orders has arrivals, payments none. */
    f->record.edges[ORDERS_PAYMENTS] = (gd_edge_record){.calls = 300, .breaker_refused = 300};
    g_autoptr(gd_result) open = fixture_result(f);
    check_that(near(open->services[PAYMENTS].amplification, 0), "nothing arrives");

    f->record.edges[ORDERS_PAYMENTS] = (gd_edge_record){0};
    g_autoptr(gd_result) unused_edge = fixture_result(f);
    check_that(!gd_is_known(unused_edge->services[PAYMENTS].amplification), "nobody calls");
}

static void test_edges(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    gd_edge_record *record = &f->record.edges[ORDERS_PAYMENTS];
    record->calls = 100;
    record->attempts = 120;
    record->outcomes[GD_OK] = 60;
    record->outcomes[GD_BREAKER_OPEN] = 30;
    record->outcomes[GD_UNFINISHED] = 10;
    record->tries[GD_OK] = 60;
    record->tries[GD_TIMEOUT] = 60;
    record->breaker_open_area = (gd_u128)45 * GD_S;
    f->record.edge_series[ORDERS_PAYMENTS].breakers_open[7] = 4;
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_result_edge *edge = &result->edges[ORDERS_PAYMENTS];
    check_that(near(edge->failed_ratio, 30. / 90), "of calls that ended: %g", edge->failed_ratio);
    check_that(near(edge->failed_attempts_ratio, 0.5), "%g", edge->failed_attempts_ratio);
    check_that(near(edge->breaker_open_s, 45), "%g", edge->breaker_open_s);
    check_that(edge->breakers_open_max == 4, "%u", edge->breakers_open_max);
}

static void test_observed(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    fixture_fault(f, 200, 300);
    gd_view_record *home = &f->record.views[HOME];
    home->requests[GD_BEFORE] = 7200;
    home->outcomes[GD_BEFORE][GD_OK] = 7128;
    home->outcomes[GD_BEFORE][GD_TIMEOUT] = 72;
    home->outcomes[GD_DURING][GD_TIMEOUT] = 1000; /* not calibrated against */
    for (int i = 0; i < 10; i++)
        gd_hist_add(&home->good[GD_BEFORE], &f->hists, 610 * GD_MS);
    static const char text[] = "{\"web.home\": {\"rate\": \"72/s\", \"p50\": \"305ms\", \"p99\": "
                               "{\"about\": \"1.22s\"}, \"errors\": \"2%\", \"source\": \"May\"}}";
    const gd_node *observed = gd_source_parse(f->arena, "m.json", text, sizeof text - 1, problems);
    assert_non_null(observed);
    g_autoptr(gd_result) result =
        gd_result_new(&f->record, &(gd_result_options){.observed = observed});

    static const struct {
        const char *quantity;
        double observed, simulated;
    } wanted[] = {{"rate", 72, 36}, {"p50", 305, 610}, {"p99", 1220, 610}, {"errors", 0.02, 0.01}};
    assert_int_equal(result->n_observations, G_N_ELEMENTS(wanted));
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const gd_observation *got = &result->observations[i];
        check_text(got->quantity, wanted[i].quantity, "in a fixed order");
        check_that(near(got->observed, wanted[i].observed), "%s: %g", got->quantity, got->observed);
        check_that(near(got->simulated, wanted[i].simulated), "%s: %g", got->quantity,
                   got->simulated);
        check_that(near(got->ratio, wanted[i].simulated / wanted[i].observed), "%s: %g",
                   got->quantity, got->ratio);
        check_text(got->source, "May", "says who");
    }
}

/* A run that stops in the middle of a window: half a second of work is half a window's. */
static void test_cut_short(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    f->record.ended_at = 605 * GD_S + GD_S / 2;
    f->record.windows = 606;
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 605, 606, 100, 0);
    fixture_load(f, HOME, 590, 600, 100, 0);
    f->record.service_series[ORDERS].busy_area[605] = 4 * GD_S / 2;
    f->record.service_series[ORDERS].queue_area[605] = 3 * GD_S / 2;
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(near(result->services[ORDERS].utilization_series[605], 0.5), "4 of 8 workers: %g",
               result->services[ORDERS].utilization_series[605]);
    check_that(near(result->services[ORDERS].queue_series[605], 3), "%g",
               result->services[ORDERS].queue_series[605]);
    check_that(!result->views[HOME].incident.has_impact, "half a window is not judged");
}

/* What a run has not, a result leaves unknown instead of dividing by it. */
static void test_empty(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    f->record.ended_at = 0;
    f->record.windows = 0;
    f->record.end = GD_END_EVENTS;
    fixture_fault(f, 200, 300);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(result->partial && result->simulated_s == 0, "stopped in the warm-up");
    check_that(!gd_is_known(result->views[HOME].goodput_per_s[GD_ALL]), "nothing was measured");
    check_that(!gd_is_known(result->services[ORDERS].queue_mean), "nothing was measured");
    check_that(!result->recovery.has_fault, "the fault was not reached");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),    cmocka_unit_test(test_views),
        cmocka_unit_test(test_services),  cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_edges),     cmocka_unit_test(test_observed),
        cmocka_unit_test(test_cut_short), cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
