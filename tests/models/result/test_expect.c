/* Claims against a hand-made run, one a line; and what is said of claims that make no sense. */
#include "models/result/quantity.h"
#include "tests/models/result/fixture.h"

/* Checkout: good before (10 ms), half timed out during the fault, good after. 20,000 + 10,000 +
 * 60,000 requests; the fault lasts from 200 s to 300 s. */
static void measure_checkout(fixture *f)
{
    static const struct {
        uint64_t requests, ok, degraded, timeout;
        gd_span latency;
    } phases[GD_PHASES] = {
        {20000, 19000, 1000, 0, 10 * GD_MS},
        {10000, 5000, 0, 5000, 400 * GD_MS},
        {60000, 60000, 0, 0, 20 * GD_MS},
    };
    gd_view_record *view = &f->record.views[CHECKOUT];
    for (unsigned p = 0; p < GD_PHASES; p++) {
        view->requests[p] = phases[p].requests;
        view->outcomes[p][GD_OK] = phases[p].ok;
        view->outcomes[p][GD_DEGRADED] = phases[p].degraded;
        view->outcomes[p][GD_TIMEOUT] = phases[p].timeout;
        view->useful[p] = phases[p].ok + phases[p].degraded;
        for (unsigned i = 0; i < 100; i++)
            gd_hist_add(&view->good[p], &f->hists, phases[p].latency);
    }
    view->attempts = 99000;
    view->users = 1000;
    view->users_hurt = 250;
}

static fixture *make(void)
{
    fixture *f = fixture_new();
    fixture_fault(f, 200, 300);
    measure_checkout(f);
    fixture_load(f, CHECKOUT, 200, 300, 100, 50);
    gd_view_series *s = &f->record.view_series[CHECKOUT];
    for (unsigned w = 0; w < SECONDS; w++)
        s->p99[w] = (w >= 200 && w < 300 ? 400 : 10) * GD_MS;
    s->p99[250] = 900 * GD_MS;
    for (unsigned w = 260; w < 270; w++)
        s->p99[w] = -1;
    gd_edge_record *edge = &f->record.edges[ORDERS_PAYMENTS];
    edge->calls = 100;
    edge->attempts = 150;
    edge->outcomes[GD_OK] = 90;
    edge->outcomes[GD_TIMEOUT] = 9;
    edge->outcomes[GD_UNFINISHED] = 1;
    edge->breaker_opens = 3;
    gd_service_record *payments = &f->record.services[PAYMENTS];
    payments->busy_area = (gd_u128)SECONDS * GD_S;
    payments->worker_area = (gd_u128)2 * SECONDS * GD_S;
    for (unsigned w = 200; w < 300; w++)
        f->record.service_series[PAYMENTS].busy_area[w] = 2 * GD_S;
    return f;
}

static gd_node *parse(gd_arena *arena, const char *text, gd_problems *problems)
{
    return gd_source_parse(arena, "claims.json", text, strlen(text), problems);
}

static const struct {
    const char *claim, *verdict, *found; /* of the first comparison */
} claims[] = {
    /* by phase, from the record */
    {"web.checkout.availability < 0.95", "true", "94.4%"},
    {"web.checkout.availability during fault < 0.6", "true", "50.0%"},
    {"web.checkout.availability during before >= 100%", "true", "100%"},
    {"web.checkout.failed during fault == 0.5", "true", "50.0%"},
    {"web.checkout.degraded during before > 4%", "true", "5.0%"},
    {"web.checkout.share.timeout during fault >= 50%", "true", "50.0%"},
    {"web.checkout.outcomes.timeout == 5000", "true", "5000"},
    {"web.checkout.goodput during fault < 60/s", "true", "50/s"},
    {"web.checkout.rate during after == 100/s", "true", "100/s"},
    {"web.checkout.p99 during fault < 500ms", "true", "400ms"},
    {"web.checkout.p99 during fault < 400ms", "false", "400ms"},
    {"web.checkout.max during after <= 20ms", "true", "20.0ms"},
    {"web.checkout.attempts_per_request > 1.05", "true", "1.1"},
    {"web.checkout.p999 during after < 1s", "true", "20.0ms"},
    {"web.checkout.latency_all.p50 < 1s", "unknown", "not known"},
    /* the whole client has its two pages */
    {"web.requests == 90000", "true", "90000"},
    {"web.availability during fault < 0.6", "true", "50.0%"},
    /* windows: 0.5 in each second of the fault, 1 outside */
    {"web.checkout.availability over 10s < 0.9", "false", "100%"},
    {"web.checkout.availability over 10s during fault <= 0.5", "true", "50.0%"},
    {"web.checkout.availability over 10s during after > 0.99", "true", "100%"},
    {"not (web.checkout.availability over 1m > 0.99)", "true", "98.3%"},
    {"web.checkout.availability over 101s during fault < 0.9", "unknown", "not known"},
    {"web.checkout.p99 over 5s during fault < 1s", "true", "400ms"},
    {"web.checkout.p99 over 5s during fault < 500ms", "false", "900ms"},
    {"web.checkout.rate over 30s == 100/s", "true", "100/s"},
    {"web.goodput over 10s during fault == 150/s", "true", "150/s"},
    /* services and calls */
    {"services.payments.utilization == 50%", "true", "50.0%"},
    {"services.payments.utilization during fault == 1", "true", "100%"},
    {"services.payments.utilization over 20s during after < 0.1", "true", "0%"},
    {"orders>payments.charge.attempts_per_call > 1.4", "true", "1.5"},
    {"orders>payments.charge.failed < 10%", "true", "9.1%"},
    {"orders>payments.charge.share.timeout > 9%", "true", "9.1%"},
    {"orders>payments.charge.breaker.opens == 3", "true", "3"},
    /* the incident */
    {"degradation.depth < 30%", "true", "25.0%"},
    {"degradation.lost_requests == 5000", "true", "5000"},
    {"web.checkout.depth == 0.5", "true", "50.0%"},
    {"degradation.blast_radius.operations == 1", "true", "1"},
    {"degradation.blast_radius.users < 0.3", "true", "25.0%"},
    {"recovery.fault_end_to_recover < 5m and not metastable", "true", "0"},
    {"recovery.impact_to_recover == 100s", "true", "100s"},
    {"recovered", "true", "true"},
    {"metastable", "false", "false"},
    {"recovery.recovered and recovery.metastable", "false", "true"},
    {"simulated == 15m", "true", "15m"},
    /* differences, alternatives, what a run without a control cannot say */
    {"web.checkout.p99 during fault - web.checkout.p99 during before > 300ms", "true", "390ms"},
    {"0.9 > web.checkout.availability during fault", "true", "50.0%"},
    {"web.checkout.requests < 1 or web.checkout.users == 1000", "true", "90000"},
    {"control.web.checkout.availability > 0.99", "unknown", "not known"},
    {"control.web.checkout.availability > 0.99 or recovered", "true", "not known"},
    {"control.web.checkout.availability > 0.99 and metastable", "false", "not known"},
};

static void test_verdicts(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make();
    for (size_t i = 0; i < G_N_ELEMENTS(claims); i++) {
        g_autoptr(gd_problems) problems = gd_problems_new();
        g_autofree char *text = g_strdup_printf("{\"it\": \"%s\"}", claims[i].claim);
        gd_node *expect = parse(f->arena, text, problems);
        gd_expect_check(&f->plan, expect, problems);
        g_autofree char *said = gd_problems_print(problems);
        check_that(gd_problems_count(problems) == 0, "%s: %s", claims[i].claim, said);

        g_autoptr(gd_result) result =
            gd_result_new(&f->record, &(gd_result_options){.expect = expect});
        assert_int_equal(result->n_claims, 1);
        const gd_claim *claim = &result->claims[0];
        check_text(gd_claim_words[claim->verdict], claims[i].verdict, "%s", claims[i].claim);
        check_text(claim->parts[0].found_text, claims[i].found, "%s", claims[i].claim);
        check_text(claim->text, claims[i].claim, "as written");
        assert_true(result->verdict == claim->verdict);
    }
}

/* A run that is still down: what it did not reach is later than any duration. */
static void test_never_came(void **unused)
{
    (void)unused;
    static const struct {
        const char *claim, *verdict;
    } cases[] = {
        {"recovery.fault_end_to_recover < 10y", "false"},
        {"recovery.fault_end_to_recover > 5m", "true"},
        {"recovery.recover_at > 1h", "true"},
        {"recovery.impact_at < 4m", "true"},
        {"recovered", "false"},
    };
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, HOME, 200, SECONDS, 100, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(gd_problems) problems = gd_problems_new();
        g_autofree char *text = g_strdup_printf("{\"it\": \"%s\"}", cases[i].claim);
        gd_node *expect = parse(f->arena, text, problems);
        g_autoptr(gd_result) result =
            gd_result_new(&f->record, &(gd_result_options){.expect = expect});
        check_text(gd_claim_words[result->claims[0].verdict], cases[i].verdict, "%s",
                   cases[i].claim);
        check_that(i > 2 || strcmp(result->claims[0].parts[0].found_text, "not in this run") == 0,
                   "%s: %s", cases[i].claim, result->claims[0].parts[0].found_text);
    }
}

static void test_control(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make(), calm = make();
    memset(calm->record.views[CHECKOUT].outcomes[GD_DURING], 0,
           sizeof calm->record.views[CHECKOUT].outcomes[GD_DURING]);
    calm->record.views[CHECKOUT].outcomes[GD_DURING][GD_OK] = 10000;
    g_autoptr(gd_result) control = fixture_result(calm);
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *expect =
        parse(f->arena,
              "{\"worse\": \"control.web.checkout.availability during fault - "
              "web.checkout.availability during fault == 0.5\", \"back\": \"recovered\"}",
              problems);
    gd_expect_check(&f->plan, expect, problems);
    assert_int_equal(gd_problems_count(problems), 0);
    g_autoptr(gd_result) result =
        gd_result_new(&f->record, &(gd_result_options){.expect = expect, .control = control});
    check_text(gd_claim_words[result->claims[0].verdict], "true", "half of what the control gives");

    assert_true(gd_expect_needs_control(&f->plan, expect));
    assert_false(
        gd_expect_needs_control(&f->plan, parse(f->arena, "{\"back\": \"recovered\"}", problems)));
    assert_false(gd_expect_needs_control(&f->plan, NULL));
}

static const struct {
    const char *claim, *said;
} mistakes[] = {
    {"web.chekout.p99 < 1s", "did you mean web.checkout.p99?"},
    {"web.checkout.p98 < 1s", "web.checkout has no \\\"p98\\\"; did you mean web.checkout.p9"},
    {"services.paymnts.queue_max < 9", "no such service: \\\"paymnts\\\"; did you mean "
                                       "services.payments.queue_max?"},
    {"services.payments.wait.p98 < 1s", "did you mean services.payments.wait.p9"},
    {"orders>payment.charge.calls > 1", "did you mean orders>payments.charge.calls?"},
    {"recovery.recover < 5m", "did you mean recovery.recover"},
    {"metastabel", "did you mean metastable?"},
    {"web.checkout.outcomes.timeouts > 1", "did you mean web.checkout.outcomes.timeout?"},
    {"web.checkout.p99", "is no claim; compare it with a duration"},
    {"web.checkout.p99 < 800", "write a duration, such as 800ms"},
    {"web.checkout.availability < 5m", "write a ratio, such as 0.99 or 99%"},
    {"web.checkout.requests < 5%", "write a plain number"},
    {"web.checkout.goodput < 5", "write a rate, such as 500/s"},
    {"web.checkout.p99 < web.checkout.availability", "compares quantities of different units"},
    {"services.payments.wait.p99 during fault < 1s", "leave \\\"during fault\\\" out"},
    {"web.checkout.p90 over 1m < 1s", "leave \\\"over\\\" out"},
    {"web.p99 over 1m < 1s", "leave \\\"over\\\" out"},
    {"web.checkout.goodput over 500ms > 1/s", "windows are 1 s wide"},
    {"web.checkout.rate over 1m - web.home.rate over 2m > 1/s", "slides windows of two kinds"},
};

static void test_mistakes(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make();
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(gd_problems) problems = gd_problems_new();
        g_autofree char *text = g_strdup_printf("{\"it\": \"%s\"}", mistakes[i].claim);
        g_autofree char *wanted = g_strcompress(mistakes[i].said);
        gd_expect_check(&f->plan, parse(f->arena, text, problems), problems);
        g_autofree char *said = gd_problems_print(problems);
        check_that(gd_problems_count(problems) == 1, "%s: %s", mistakes[i].claim, said);
        check_that(strstr(said, wanted) != NULL, "%s: %s", mistakes[i].claim, said);
        check_that(strstr(said, "claims.json:1:") == said, "%s: %s", mistakes[i].claim, said);
    }
}

/* Only windows that lie wholly within a phase count for it. */
static void test_phase_windows(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = fixture_new();
    fixture_fault(f, 200, 300);
    f->fault.start += GD_S / 2;
    f->fault.end += GD_S / 2;
    g_autoptr(gd_result) result = fixture_result(f);
    static const struct {
        unsigned phase;
        uint32_t first, n;
    } cases[] = {
        {GD_BEFORE, 0, 200}, {GD_DURING, 201, 99}, {GD_AFTER, 301, 599}, {GD_ALL, 0, SECONDS}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t first, n;
        gd_phase_windows(result, cases[i].phase, &first, &n);
        check_that(first == cases[i].first && n == cases[i].n, "phase %u: %u from %u",
                   cases[i].phase, n, first);
    }
}

/* Each row is found under its name, says what it means, and has a value when asked. */
static void test_rows(void **unused)
{
    (void)unused;
    static const char *const of[GD_SCOPES] = {
        [GD_OF_VIEW] = "web.checkout.",           [GD_OF_SERVICE] = "services.payments.",
        [GD_OF_EDGE] = "orders>payments.charge.", [GD_OF_DEGRADATION] = "degradation.",
        [GD_OF_RECOVERY] = "recovery.",           [GD_OF_RUN] = "",
        [GD_OF_OBJECTIVE] = "objectives.pages.",  [GD_OF_FAULT] = "faults.slow.",
    };
    g_autoptr(fixture) f = make();
    fixture_promise(f, GD_SHARE_ONE / 10 * 9, GD_DAY);
    fixture_fault(f, 200, 300);
    f->fault.name = "slow";
    g_autoptr(gd_result) result = fixture_result(f);
    g_autofree char *explained = gd_quantities_explain();
    for (const gd_quantity_row *row = gd_quantity_rows; row->name; row++) {
        const char *part = row->at == GD_AT_LATENCY && *row->name                    ? ".p99"
                           : row->at == GD_AT_LATENCY                                ? "p99"
                           : row->at == GD_AT_LATENCIES && !*row->name               ? "mean"
                           : row->at == GD_AT_LATENCIES && row->over == GD_OVER_NONE ? ".p99"
                           : row->at >= GD_AT_OUTCOMES && row->at <= GD_AT_SHARES_BY &&
                                   (row->at == GD_AT_OUTCOMES || row->at == GD_AT_SHARES ||
                                    row->at == GD_AT_OUTCOMES_BY || row->at == GD_AT_SHARES_BY)
                               ? ".ok"
                               : "";
        g_autofree char *name = g_strconcat(of[row->scope], row->name, part, NULL);
        g_autofree char *why = NULL;
        gd_quantity quantity;
        bool found = gd_quantity_find(&f->plan, name, &quantity, &why);
        check_that(found, "%s: %s", name, why ? why : "");
        check_that(quantity.row == row, "%s is found under another row", name);
        check_that(*row->meaning, "%s says nothing", name);
        check_that(strstr(explained, row->name) != NULL, "%s is not explained", name);
        (void)gd_quantity_get(result, &quantity, GD_ALL);
        for (unsigned phase = 0; gd_quantity_has_phases(&quantity) && phase < GD_PHASES; phase++)
            (void)gd_quantity_get(result, &quantity, phase);
        if (gd_quantity_has_windows(&quantity))
            check_that(gd_is_known(gd_quantity_over(result, &quantity, 0, 10)) ||
                           row->over == GD_OVER_WORST || row->over == GD_OVER_RATIO,
                       "%s over 10 s", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),      cmocka_unit_test(test_never_came),
        cmocka_unit_test(test_control),       cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_phase_windows), cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
