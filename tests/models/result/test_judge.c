/* How far users fell and how they came back, on curves drawn by hand. Judged windows are 10 s wide;
 * the fault lasts from 200 s to 300 s unless a case says otherwise.
 */
#include "tests/models/result/fixture.h"

#include <math.h>

static bool near(double got, double wanted)
{
    return fabs(got - wanted) < 1e-9 * fmax(1, fabs(wanted));
}

static void check_moments(const gd_recovery *recovery, gd_time impact, gd_time mitigate,
                          gd_time recover, const char *name)
{
    check_that(recovery->impact_at == impact, "%s: impact at %g s", name,
               (double)recovery->impact_at / GD_S);
    check_that(recovery->mitigate_at == mitigate, "%s: mitigated at %g s", name,
               (double)recovery->mitigate_at / GD_S);
    check_that(recovery->recover_at == recover, "%s: recovered at %g s", name,
               (double)recovery->recover_at / GD_S);
}

/* Half of checkout's answers are lost from 200 s to 350 s: a box of 150 s x 50 %. */
static void test_box(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, CHECKOUT, 200, 350, 100, 50);
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_incident *checkout = &result->views[CHECKOUT].incident;

    check_that(near(checkout->baseline_goodput_per_s, 100), "%g", checkout->baseline_goodput_per_s);
    check_that(near(checkout->band_ratio, 0.95), "a flat baseline has the slack of 5 %%: %g",
               checkout->band_ratio);
    check_that(near(checkout->depth_ratio, 0.5), "%g", checkout->depth_ratio);
    check_that(checkout->lost_requests == 150 * 50, "%u", (unsigned)checkout->lost_requests);
    check_that(near(checkout->lost_user_minutes, 7500), "%g", checkout->lost_user_minutes);
    check_that(near(checkout->resilience_loss, 150 * 50), "%g", checkout->resilience_loss);
    check_moments(&result->recovery, 200 * GD_S, 350 * GD_S, 350 * GD_S, "box");
    check_that(result->recovery.held == 300 * GD_S, "held to 5 min");
    check_that(near(result->recovery.fault_end_to_recover_s, 50), "50 s");
    check_that(near(result->recovery.impact_to_recover_s, 150), "150 s");
    check_that(near(result->recovery.fault_to_impact_s, 0), "0 s");
    check_that(result->recovery.recovered && !result->recovery.metastable, "back for good");

    /* Of both pages together it is a quarter, and home is not hurt. */
    check_that(near(result->degradation.users.depth_ratio, 0.25), "half of one page of two");
    check_that(near(result->degradation.users.resilience_loss, 150 * 25), "likewise");
    check_that(result->degradation.users.lost_requests == 7500, "all of them are checkout's");
    check_that(result->degradation.n_operations == 1 &&
                   result->degradation.operations[0] == CHECKOUT,
               "only checkout left its band");
    check_that(!result->views[HOME].incident.has_impact, "home is well");
    check_that(near(result->views[HOME].incident.depth_ratio, 0), "home is well");
}

/* A tenth of the traffic that dies does not drown in the rest. */
static void test_small_page(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, CHECKOUT, 0, SECONDS, 2, 2);
    fixture_load(f, CHECKOUT, 220, 300, 2, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    check_moments(&result->recovery, 220 * GD_S, 300 * GD_S, 300 * GD_S, "small page");
    check_that(near(result->recovery.fault_to_impact_s, 20), "20 s");
    check_that(near(result->recovery.fault_end_to_recover_s, 0), "back as the fault ends");
    check_that(near(result->degradation.users.resilience_loss, 80 * 100 * 2. / 102), "%g",
               result->degradation.users.resilience_loss);
}

static void test_nothing_happens(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 250, 260, 100, 0); /* one judged window alone is a blip */
    g_autoptr(gd_result) result = fixture_result(f);
    check_moments(&result->recovery, GD_NEVER, GD_NEVER, GD_NEVER, "blip");
    check_that(result->recovery.recovered && result->recovery.judged, "nothing to recover from");
    check_that(near(result->recovery.fault_end_to_recover_s, 0), "nobody waited");
    check_that(result->recovery.metastable_observable && !result->recovery.metastable, "stable");
    check_that(result->views[HOME].incident.lost_requests == 1000, "and yet 10 s are lost");
}

static void test_without_baseline(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 40, 100); /* four windows before it: too few */
    fixture_load(f, HOME, 40, 100, 100, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(!result->recovery.judged && !result->degradation.users.has_baseline, "no baseline");
    check_that(!gd_is_known(result->degradation.users.depth_ratio), "nothing to compare with");
    check_that(!result->recovery.recovered && !result->recovery.metastable_observable, "unknown");

    g_autoptr(fixture) calm = fixture_new();
    g_autoptr(gd_result) control = fixture_result(calm);
    check_that(control->recovery.judged && control->recovery.recovered, "no fault, no incident");
    check_that(control->recovery.metastable_observable && !control->recovery.metastable, "stable");
    check_that(!gd_is_known(control->recovery.fault_end_to_recover_s), "there is no fault's end");
}

/* The band follows the noise: ratios 0.8 and 1 in turn have mean 0.9 and deviation 0.1 or so. */
static void test_noisy_baseline(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    for (uint32_t s = 0; s < SECONDS; s += 20)
        fixture_load(f, HOME, s, s + 10, 100, 80);
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_incident *home = &result->views[HOME].incident;
    double deviation = sqrt(20 * 0.1 * 0.1 / 19);
    check_that(near(home->baseline_ratio, 0.9), "%g", home->baseline_ratio);
    check_that(near(home->band_ratio, 0.9 - 3 * deviation), "%g", home->band_ratio);
    check_that(!home->has_impact, "80 %% is usual here");
}

/* Back for 50 s, down again for 50 s: not recovered until it stays. */
static void test_relapse(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 200, 320, 100, 40);
    fixture_load(f, HOME, 370, 420, 100, 40);
    g_autoptr(gd_result) result = fixture_result(f);
    check_moments(&result->recovery, 200 * GD_S, 420 * GD_S, 420 * GD_S, "relapse");

    /* After 5 good minutes the incident is over; what comes then is another. */
    g_autoptr(fixture) late = fixture_new();
    fixture_fault(late, 200, 300);
    fixture_load(late, HOME, 200, 320, 100, 40);
    fixture_load(late, HOME, 620, 680, 100, 40);
    g_autoptr(gd_result) second = fixture_result(late);
    check_moments(&second->recovery, 200 * GD_S, 680 * GD_S, 320 * GD_S, "late relapse");
}

/* Good in the middle of a long fault, for 5 minutes even, is no recovery. */
static void test_fault_goes_on(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 100, 700);
    fixture_load(f, HOME, 100, 150, 100, 0);
    fixture_load(f, HOME, 600, 700, 100, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(result->recovery.recover_at == 700 * GD_S, "%g s",
               (double)result->recovery.recover_at / GD_S);
    check_that(result->recovery.held == 200 * GD_S, "to the run's end");

    /* A design that copes with the fault has recovered before its end. */
    g_autoptr(fixture) copes = fixture_new();
    fixture_fault(copes, 100, 700);
    fixture_load(copes, HOME, 100, 150, 100, 0);
    g_autoptr(gd_result) second = fixture_result(copes);
    check_that(second->recovery.recover_at == 150 * GD_S, "%g s",
               (double)second->recovery.recover_at / GD_S);
    check_that(near(second->recovery.fault_end_to_recover_s, 0), "before the fault's end");

    g_autoptr(fixture) endless = fixture_new();
    fixture_fault(endless, 100, 0);
    fixture_load(endless, HOME, 100, 150, 100, 0);
    g_autoptr(gd_result) third = fixture_result(endless);
    check_that(!third->recovery.fault_ends && third->recovery.recovered, "users are back");
    check_that(near(third->recovery.fault_end_to_recover_s, 0), "before an end that does not come");
}

/* Users have their answers again at 300 s, but 50 requests stay queued until 400 s. */
static void test_backlog_must_drain(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 200, 300, 100, 0);
    for (uint32_t s = 200; s < 400; s++)
        f->record.service_series[PAYMENTS].queue_area[s] = 50 * GD_S;
    g_autoptr(gd_result) result = fixture_result(f);
    check_moments(&result->recovery, 200 * GD_S, 300 * GD_S, 400 * GD_S, "backlog");
    check_that(result->recovery.served_at == 300 * GD_S, "users do not see the queue");
}

/* From 300 s on nothing gets through. What is it? */
static void stay_down(fixture *f, uint32_t useful)
{
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 200, SECONDS, 100, useful);
    for (uint32_t s = 0; s < SECONDS; s++)
        f->record.edge_series[WEB_ORDERS].attempts[s] = 100;
}

static void test_metastable(void **unused)
{
    (void)unused;
    g_autoptr(fixture) storm = fixture_new();
    stay_down(storm, 10);
    for (uint32_t s = 200; s < SECONDS; s++)
        storm->record.edge_series[WEB_ORDERS].attempts[s] = 300;
    g_autoptr(gd_result) retries = fixture_result(storm);
    check_that(retries->recovery.metastable && !retries->recovery.recovered, "a retry storm");
    check_text(retries->recovery.sustained_by, "amplification", "a retry storm");
    check_that(retries->recovery.recover_at == GD_NEVER, "never");
    check_that(!gd_is_known(retries->recovery.fault_end_to_recover_s), "never");

    g_autoptr(fixture) queue = fixture_new();
    stay_down(queue, 10);
    for (uint32_t s = 200; s < SECONDS; s++)
        queue->record.service_series[ORDERS].queue_area[s] = 100 * GD_S;
    g_autoptr(gd_result) backlog = fixture_result(queue);
    check_text(backlog->recovery.sustained_by, "backlog", "a queue of dead work");

    g_autoptr(fixture) waste = fixture_new();
    stay_down(waste, 10);
    waste->record.services[ORDERS].work = 100;
    waste->record.services[ORDERS].wasted = 6;
    g_autoptr(gd_result) wasted = fixture_result(waste);
    check_text(wasted->recovery.sustained_by, "wasted work", "work for nobody");

    g_autoptr(fixture) stuck = fixture_new();
    stay_down(stuck, 10);
    g_autoptr(gd_result) broken = fixture_result(stuck);
    check_that(!broken->recovery.metastable && broken->recovery.metastable_observable &&
                   !broken->recovery.recovered,
               "down, but nothing keeps it there");

    g_autoptr(fixture) limps = fixture_new();
    stay_down(limps, 92);
    for (uint32_t s = 200; s < SECONDS; s++)
        limps->record.edge_series[WEB_ORDERS].attempts[s] = 300;
    g_autoptr(gd_result) above = fixture_result(limps);
    check_that(!above->recovery.metastable && !above->recovery.recovered,
               "92 %% is out of the band, but not down");
}

/* grace 60 s + hold 60 s at least must fit between the fault's end and the run's. */
static void test_metastable_needs_time(void **unused)
{
    (void)unused;
    for (uint32_t end = 770; end <= 790; end += 10) {
        g_autoptr(fixture) f = fixture_new();
        stay_down(f, 10);
        fixture_fault(f, 200, end);
        for (uint32_t s = 200; s < SECONDS; s++)
            f->record.edge_series[WEB_ORDERS].attempts[s] = 300;
        g_autoptr(gd_result) result = fixture_result(f);
        bool fits = end + 120 <= SECONDS;
        check_that(result->recovery.metastable_observable == fits, "fault ends at %u s", end);
        check_that(result->recovery.metastable == fits, "fault ends at %u s", end);
    }
    /* A client that waits 90 s may need 270 s to drain. */
    g_autoptr(fixture) patient = fixture_new();
    stay_down(patient, 10);
    fixture_fault(patient, 200, 600);
    patient->plan.views[HOME].useful_within = 90 * GD_S;
    g_autoptr(gd_result) result = fixture_result(patient);
    check_that(!result->recovery.metastable_observable, "600 + 270 + 60 > 900");
}

/* As long as more is asked than before, the trigger is not gone. */
static void test_trigger_is_load(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    stay_down(f, 10);
    fixture_load(f, HOME, 300, SECONDS, 400, 100);
    for (uint32_t s = 200; s < SECONDS; s++)
        f->record.edge_series[WEB_ORDERS].attempts[s] = 3000;
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(!result->recovery.metastable_observable, "the load never went back");
}

/* Closed users ask at 200 s, and have no answer until 300 s. */
static void wait_for_answers(fixture *f, unsigned view)
{
    gd_view_series *series = &f->record.view_series[view];
    fixture_load(f, view, 200, 300, 0, 0);
    series->requests[200] = 30;
    series->good[299] = 30;
}

/* 50 closed users ask 100 times a second; when nothing is answered they wait, and ask no more. */
static void test_waiting_users(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    f->client.arrivals = GD_ARRIVE_USERS;
    f->client.users = 50;
    wait_for_answers(f, HOME);
    wait_for_answers(f, CHECKOUT);
    g_autoptr(gd_result) result = fixture_result(f);
    /* Of the last window the answers are there, though late: too late to be useful. */
    check_that(result->views[HOME].incident.lost_requests == 10000, "as many as before: %u",
               (unsigned)result->views[HOME].incident.lost_requests);
    check_moments(&result->recovery, 200 * GD_S, 300 * GD_S, 300 * GD_S, "waiting users");
    /* 20,000 of 140,000 answers after the fault began: a seventh of 50 users' 700 s. */
    check_that(near(result->degradation.users.lost_user_minutes, 50 * 100 / 60.), "%g",
               result->degradation.users.lost_user_minutes);

    f->client.arrivals = GD_ARRIVE_USERS;
    f->client.profile_n = 1;
    g_autoptr(gd_result) daily = fixture_result(f);
    check_that(daily->views[HOME].incident.lost_requests == 30, "a profile says that few came: %u",
               (unsigned)daily->views[HOME].incident.lost_requests);
}

/* They wait at checkout: that nobody gets to the home page any more is not its fault. */
static void test_page_that_nobody_reaches(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    f->client.arrivals = GD_ARRIVE_USERS;
    f->client.users = 50;
    wait_for_answers(f, CHECKOUT);
    fixture_load(f, HOME, 200, 300, 5, 5);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(!result->views[HOME].incident.has_impact, "all who asked were answered");
    check_that(result->views[HOME].incident.lost_requests == 0, "nothing was lost there");
    check_that(near(result->views[CHECKOUT].incident.depth_ratio, 1), "checkout is down");
    check_that(result->degradation.n_operations == 1, "and alone is hurt");
    check_that(result->clients[0].incident.lost_requests == 10000 + 9500,
               "but of the client, what users did not get to ask is lost: %u",
               (unsigned)result->clients[0].incident.lost_requests);
}

/* One answer that comes in the window after its question is no sign, nor are two in a row. */
static void test_one_request_is_chance(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 0, SECONDS, 0, 0);
    gd_view_series *home = &f->record.view_series[HOME];
    for (uint32_t s = 0; s < SECONDS; s += 2)
        home->requests[s] = home->useful[s] = home->good[s] = 1;
    home->useful[250] = home->useful[260] = 0;
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(!result->views[HOME].incident.has_impact, "4 of 5, twice");
    home->useful[252] = home->useful[262] = 0;
    g_autoptr(gd_result) worse = fixture_result(f);
    check_that(worse->views[HOME].incident.has_impact, "3 of 5, twice");
}

/* A queue of `queued` at the fault's end that drains at 60 a second: 260 served, 200 asked. */
static void drain_slowly(fixture *f, uint32_t queued)
{
    fixture_fault(f, 200, 300);
    gd_service_series *orders = &f->record.service_series[ORDERS];
    uint32_t end = MIN(SECONDS, 300 + queued / 60);
    fixture_load(f, HOME, 200, end, 100, 0);
    for (uint32_t s = 0; s < SECONDS; s++) {
        orders->arrivals[s] = 200;
        orders->completed[s] = s >= 200 && s < end ? 260 : 200;
        uint32_t queue = s < 200 ? 0 : s < 300 ? queued : s < end ? queued - (s - 300) * 60 : 0;
        orders->queue_area[s] = (uint64_t)queue * GD_S;
    }
}

/* What drains is not stuck, however long it takes. */
static void test_draining_is_not_metastable(void **unused)
{
    (void)unused;
    for (uint32_t queued = 6000; queued <= 60000; queued += 6000) {
        g_autoptr(fixture) f = fixture_new();
        drain_slowly(f, queued);
        g_autoptr(gd_result) result = fixture_result(f);
        bool in_time = 300 + queued / 60 + 20 <= SECONDS;
        check_that(!result->recovery.metastable, "%u queued", queued);
        check_that(result->recovery.recovered == in_time, "%u queued: recovered", queued);
        check_that(result->recovery.metastable_observable == in_time, "%u queued: told", queued);
        check_that(result->recovery.recovering == !in_time, "%u queued: recovering", queued);
    }
}

/* What is chance within the band counts neither for the depth nor for the area: a window on its own
 * before the impact, or after the recovery. */
static void test_chance_is_no_depth(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 210, 220, 100, 0);
    fixture_load(f, HOME, 250, 280, 100, 50);
    fixture_load(f, HOME, 800, 810, 100, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    const gd_incident *home = &result->views[HOME].incident;
    check_moments(&result->recovery, 250 * GD_S, 280 * GD_S, 280 * GD_S, "chance");
    check_that(near(home->depth_ratio, 0.5), "%g", home->depth_ratio);
    check_that(near(home->resilience_loss, 30 * 50), "%g", home->resilience_loss);
    check_that(home->lost_requests == 1000 + 1500 + 1000, "%u", (unsigned)home->lost_requests);
}

/* One good window at the very end proves nothing; two do. */
static void test_back_at_the_end(void **unused)
{
    (void)unused;
    for (uint32_t good = 10; good <= 20; good += 10) {
        g_autoptr(fixture) f = fixture_new();
        fixture_fault(f, 200, 300);
        fixture_load(f, HOME, 200, SECONDS - good, 100, 0);
        g_autoptr(gd_result) result = fixture_result(f);
        check_that(result->recovery.recovered == (good == 20), "%u s", good);
        check_that(result->recovery.held == (good == 20 ? 20 * GD_S : 0), "%u s", good);
    }
}

/* Runs under 10 min are judged in 60 windows, in whole windows of the series. */
static void test_short_run(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    f->record.ended_at = 90 * GD_S;
    f->record.windows = 90;
    fixture_fault(f, 30, 50);
    fixture_load(f, HOME, 31, 51, 100, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    check_that(result->degradation.judged_window == 2 * GD_S, "1.5 s, rounded up");
    check_moments(&result->recovery, 30 * GD_S, 52 * GD_S, 52 * GD_S, "short run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_small_page),
        cmocka_unit_test(test_nothing_happens),
        cmocka_unit_test(test_without_baseline),
        cmocka_unit_test(test_noisy_baseline),
        cmocka_unit_test(test_relapse),
        cmocka_unit_test(test_fault_goes_on),
        cmocka_unit_test(test_backlog_must_drain),
        cmocka_unit_test(test_metastable),
        cmocka_unit_test(test_metastable_needs_time),
        cmocka_unit_test(test_trigger_is_load),
        cmocka_unit_test(test_waiting_users),
        cmocka_unit_test(test_page_that_nobody_reaches),
        cmocka_unit_test(test_one_request_is_chance),
        cmocka_unit_test(test_draining_is_not_metastable),
        cmocka_unit_test(test_chance_is_no_depth),
        cmocka_unit_test(test_back_at_the_end),
        cmocka_unit_test(test_short_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
