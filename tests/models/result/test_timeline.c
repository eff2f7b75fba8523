/* What the engine noted and what users felt, told as one story. */
#include "tests/models/result/fixture.h"

static void happen(fixture *f, uint32_t second, gd_happened what, uint32_t about, uint32_t count)
{
    gd_record *record = &f->record;
    if (!record->happenings)
        record->happenings = gd_arena_array(f->arena, gd_happening, 4000);
    record->happenings[record->n_happenings++] =
        (gd_happening){.at = second * GD_S, .what = (uint8_t)what, .about = about, .count = count};
}

/* "200 psp-slow begins: …; 210 …": seconds and texts of all lines. Owned by the caller. */
static char *story_of(const gd_result *result)
{
    GString *story = g_string_new(NULL);
    for (uint32_t i = 0; i < result->n_timeline; i++)
        g_string_append_printf(story, "%s%d %s", i > 0 ? "\n" : "",
                               (int)(result->timeline[i].at / GD_S), result->timeline[i].text);
    return g_string_free(story, FALSE);
}

static void test_story(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, CHECKOUT, 210, 350, 100, 40);
    happen(f, 200, GD_HAPPENED_FAULT_BEGAN, 0, 0);
    happen(f, 205, GD_HAPPENED_QUEUE_FULL, PAYMENTS, 0);
    happen(f, 207, GD_HAPPENED_CRASHED, ORDERS, 0);
    happen(f, 207, GD_HAPPENED_CRASHED, ORDERS, 1);
    happen(f, 209, GD_HAPPENED_STARTED, ORDERS, 0);
    happen(f, 300, GD_HAPPENED_FAULT_ENDED, 0, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    g_autofree char *story = story_of(result);
    check_text(story,
               "200 psp-slow begins: slow on services.payments\n"
               "205 payments: queue full, requests are shed\n"
               "207 orders: 2 instances down\n"
               "209 orders: 1 instance up again\n"
               "210 web.checkout: goodput below 95.0% of baseline, 40.0% at its lowest\n"
               "300 psp-slow ends\n"
               "350 web.checkout: back to baseline",
               "in order of time");
    for (uint32_t i = 0; i < result->n_timeline; i++)
        check_that(result->timeline[i].shown, "there is room for all");
}

/* Users back before the queues; an operation that never is; answers with less in them. */
static void test_ends(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, CHECKOUT, 210, 350, 100, 40);
    for (uint32_t s = 200; s < 400; s++)
        f->record.service_series[PAYMENTS].queue_area[s] = 50 * GD_S;
    f->record.views[HOME].outcomes[GD_DURING][GD_DEGRADED] = 30;
    f->record.views[HOME].outcomes[GD_DURING][GD_OK] = 70;
    f->record.view_series[HOME].degraded[222] = 30;
    g_autoptr(gd_result) result = fixture_result(f);
    g_autofree char *story = story_of(result);
    check_text(story,
               "210 web.checkout: goodput below 95.0% of baseline, 40.0% at its lowest\n"
               "222 web.home: degraded answers, 30.0% of all during the fault\n"
               "350 web.checkout: back to baseline\n"
               "400 queues drained",
               "served, then drained");

    fixture_load(f, CHECKOUT, 210, SECONDS, 100, 0);
    g_autoptr(gd_result) down = fixture_result(f);
    check_text(down->timeline[down->n_timeline - 1].text,
               "web.checkout: still down when the run ended", "not back");
    check_that(down->timeline[down->n_timeline - 1].at == SECONDS * GD_S, "told at the end");
}

/* A breaker that flaps is one thing; one that opens again later is another. */
static void test_breakers(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    happen(f, 10, GD_HAPPENED_BREAKER_OPENED, ORDERS_PAYMENTS, 1);
    happen(f, 11, GD_HAPPENED_BREAKER_OPENED, ORDERS_PAYMENTS, 2);
    happen(f, 20, GD_HAPPENED_BREAKER_CLOSED, ORDERS_PAYMENTS, 1);
    happen(f, 21, GD_HAPPENED_BREAKER_CLOSED, ORDERS_PAYMENTS, 0);
    happen(f, 40, GD_HAPPENED_BREAKER_OPENED, ORDERS_PAYMENTS, 1);
    happen(f, 50, GD_HAPPENED_BREAKER_CLOSED, ORDERS_PAYMENTS, 0);
    happen(f, 111, GD_HAPPENED_BREAKER_OPENED, ORDERS_PAYMENTS, 1);
    g_autoptr(gd_result) result = fixture_result(f);
    g_autofree char *story = story_of(result);
    check_text(story,
               "10 orders>payments.charge: breaker opens, 2 at once, 3 times\n"
               "50 orders>payments.charge: breakers closed\n"
               "111 orders>payments.charge: breaker opens",
               "61 s of calm end a spell, 19 s do not");
    assert_int_equal(result->timeline[0].count, 2);
    assert_int_equal(result->timeline[0].times, 3);
}

/* In a control the fault marks only its time. */
static void test_control_tells_no_fault(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    f->fault.targets_n = 0;
    happen(f, 200, GD_HAPPENED_FAULT_BEGAN, 0, 0);
    happen(f, 300, GD_HAPPENED_FAULT_ENDED, 0, 0);
    g_autoptr(gd_result) result = fixture_result(f);
    assert_int_equal(result->n_timeline, 0);
    check_that(result->recovery.has_fault && result->recovery.recovered, "and it has its phases");
}

/* Faults and users come first when there is no room; what is not kept is counted. */
static void test_too_much(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 500, 600);
    for (uint32_t i = 0; i < 30; i++)
        happen(f, i, GD_HAPPENED_STARTED, PAYMENTS, i);
    for (uint32_t i = 30; i < 60; i++)
        happen(f, i, GD_HAPPENED_QUEUE_FULL, PAYMENTS, 0);
    happen(f, 500, GD_HAPPENED_FAULT_BEGAN, 0, 0);
    f->record.happenings_dropped = 5;
    g_autoptr(gd_result) result = fixture_result(f);
    uint32_t shown = 0, full = 0;
    for (uint32_t i = 0; i < result->n_timeline; i++) {
        shown += result->timeline[i].shown;
        full += result->timeline[i].shown && result->timeline[i].what == GD_TOLD_QUEUE_FULL;
        check_that(!result->timeline[i].shown || result->timeline[i].what != GD_TOLD_STARTED,
                   "starts give way");
    }
    check_that(result->timeline[result->n_timeline - 1].shown, "the fault is shown");
    check_that(shown == 24 && full == 23, "%u shown, %u of full queues", shown, full);
    assert_int_equal(result->timeline_dropped, 5);

    f->record.n_happenings = 0;
    for (uint32_t i = 0; i < 1500; i++)
        happen(f, i / 2, GD_HAPPENED_QUEUE_FULL, PAYMENTS, 0);
    g_autoptr(gd_result) more = fixture_result(f);
    assert_int_equal(more->n_timeline, 1000);
    assert_int_equal(more->timeline_dropped, 505);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),    cmocka_unit_test(test_ends),
        cmocka_unit_test(test_breakers), cmocka_unit_test(test_control_tells_no_fault),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
