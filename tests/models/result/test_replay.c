/* What stays down is played again with its load cut: the cut's curve, and what is concluded. */
#include "models/run.h"
#include "tests/models/compile/compiled.h"
#include "tests/models/result/fixture.h"

/* ---- the cut ------------------------------------------------------------------------------------
 */

#define TICKS(profile)                                                                             \
    "{'gameday': 1, 'services': {'api': {'workers': 'unlimited', 'operations': {'get': [{'work': " \
    "'1ms'}]}}}, 'clients': {'web': {'at': 'api', 'arrivals': {'periodic': '10/s'}" profile "}}}"

/* Requests in [from, to) s. */
static double asked(const gd_result *result, gd_time from, gd_time to)
{
    double sum = 0;
    for (uint32_t i = 0; i < result->windows; i++)
        if (i * result->window >= from * GD_S && (i + 1) * result->window <= to * GD_S)
            sum += result->views[0].series.requests[i];
    return sum;
}

static void test_cut(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *model;
        gd_share to;
        double before, during, after;
    } cases[] = {
        {"steady", TICKS(""), GD_SHARE_ONE / 4, 1000, 50, 1000},
        {"nobody", TICKS(""), 0, 1000, 0, 1000},
        {"on a step", TICKS(", 'profile': {'step': {'at': '50s', 'factor': 2}}"), GD_SHARE_ONE / 2,
         500 + 1000, 200, 2000},
        /* From 1 to 5 over 400 s: 2 at 100 s, 2.2 at 120 s, 2.5 at 150 s, where the plan's curve
           ends. */
        {"on a slope",
         TICKS(", 'profile': {'ramp': {'from': 1, 'to': 5, 'at': '0s', 'for': '400s'}}"),
         GD_SHARE_ONE / 2, 1500, 210, 705 + 1750},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        compiled c = compile_good(cases[i].model, "{'gameday': 1, 'duration': '150s'}");
        gd_load_cut cut = {
            .at = 100 * GD_S, .lasts = 20 * GD_S, .until = 220 * GD_S, .to = cases[i].to};
        gd_plan *plan = gd_plan_cut_load(c.arena, c.plan, &cut);
        g_autoptr(gd_run) run = gd_run_new(plan, 1);
        gd_run_until(run, GD_NEVER, UINT64_MAX);
        g_autoptr(gd_result) result = gd_result_new(gd_run_finish(run), &(gd_result_options){0});
        const double got[] = {asked(result, 0, 100), asked(result, 100, 120),
                              asked(result, 120, 220)};
        const double wanted[] = {cases[i].before, cases[i].during, cases[i].after};
        for (unsigned k = 0; k < 3; k++)
            check_that(got[k] >= wanted[k] - 2 && got[k] <= wanted[k] + 2, "%s, part %u: %g",
                       cases[i].name, k, got[k]);
        check_that(result->ended_at == 220 * GD_S, "%s: it goes on", cases[i].name);
        forget(&c);
    }
}

/* Users who think and ask have no rate to cut. */
static void test_no_rate(void **unused)
{
    (void)unused;
    compiled c = compile_good("{'gameday': 1, " TINY_SERVICES
                              ", 'clients': {'web': {'at': 'api', 'users': {'n': 2}}}}",
                              NULL);
    gd_load_cut cut = {.at = GD_S, .lasts = GD_S, .until = 5 * GD_S};
    check_that(gd_plan_cut_load(c.arena, c.plan, &cut) == NULL, "nothing was cut");
    forget(&c);
}

/* ---- the verdict --------------------------------------------------------------------------------
 */

/* Down from 200 s on; the fault ends at 300 s, so the grace is over at 360 s. */
static fixture *down(void)
{
    fixture *f = fixture_new();
    fixture_fault(f, 200, 300);
    for (unsigned view = 0; view < VIEWS; view++)
        fixture_load(f, view, 200, SECONDS, CALM, 10);
    return f;
}

typedef struct {
    gd_share heals; /* a cut to this rest of the load, or less, brings it back */
    unsigned runs;
    fixture *played[4]; /* results borrow their plans */
} world;

static gd_result *play_again(void *user, const gd_plan *plan)
{
    world *w = user;
    gd_share least = GD_SHARE_ONE;
    for (uint32_t i = 0; i < plan->n_profile; i++)
        least = MIN(least, plan->profile[i].factor);
    fixture *f = w->played[w->runs++] = down();
    for (unsigned view = 0; view < VIEWS && least <= w->heals; view++)
        fixture_load(f, view, 400, SECONDS, CALM, CALM);
    return fixture_result(f);
}

static void test_verdict(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        gd_share heals;
        unsigned runs;
        double drop;
        gd_aftermath aftermath;
        bool feedback;
    } cases[] = {
        {"half the load is enough", GD_SHARE_ONE / 2, 1, 0.5, GD_AFTERMATH_METASTABLE, true},
        {"a tenth", GD_SHARE_ONE / 10, 3, 0.1, GD_AFTERMATH_METASTABLE, true},
        {"nobody must come", 0, 4, 0, GD_AFTERMATH_METASTABLE, true},
        {"not even that", -1, 4, -1, GD_AFTERMATH_PERMANENT, true},
        {"that it comes back shows it, also where no feedback was seen", 0, 4, 0,
         GD_AFTERMATH_METASTABLE, false},
        {"broken for good", -1, 4, -1, GD_AFTERMATH_PERMANENT, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        world w = {.heals = cases[i].heals};
        g_autoptr(fixture) f = down();
        for (uint32_t s = 200; s < SECONDS && cases[i].feedback; s++)
            f->record.edge_series[WEB_ORDERS].attempts[s] = 1000;
        gd_result_options options = {.replay = play_again, .replay_user = &w};
        g_autoptr(gd_result) result = gd_result_new(&f->record, &options);
        const gd_recovery *recovery = &result->recovery;
        check_that(w.runs == cases[i].runs, "%s: %u runs", cases[i].name, w.runs);
        check_that(recovery->aftermath == cases[i].aftermath, "%s: %s", cases[i].name,
                   gd_aftermath_words[recovery->aftermath]);
        check_that(cases[i].drop < 0 ? !gd_is_known(recovery->required_drop_ratio)
                                     : recovery->required_drop_ratio == cases[i].drop,
                   "%s: %g", cases[i].name, recovery->required_drop_ratio);
        check_that(recovery->metastable == (cases[i].aftermath == GD_AFTERMATH_METASTABLE), "%s",
                   cases[i].name);
        for (unsigned k = 0; k < w.runs; k++)
            fixture_free(w.played[k]);
    }
}

/* Who recovers is not asked again; who does so late is slow. */
static void test_recovered(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t back;
        gd_aftermath aftermath;
    } cases[] = {
        {310, GD_AFTERMATH_RECOVERED}, {360, GD_AFTERMATH_RECOVERED}, {370, GD_AFTERMATH_SLOW}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        world w = {0};
        g_autoptr(fixture) f = down();
        for (unsigned view = 0; view < VIEWS; view++)
            fixture_load(f, view, cases[i].back, SECONDS, CALM, CALM);
        gd_result_options options = {.replay = play_again, .replay_user = &w};
        g_autoptr(gd_result) result = gd_result_new(&f->record, &options);
        check_that(w.runs == 0, "back at %u s: nobody asks again", cases[i].back);
        check_that(result->recovery.aftermath == cases[i].aftermath, "back at %u s: %s",
                   cases[i].back, gd_aftermath_words[result->recovery.aftermath]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_no_rate),
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
