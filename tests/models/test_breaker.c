/* The circuit breaker: scripts that a reader can argue with, and real runs. */
#include "tests/models/breaker_rig.h"

#include <glib.h>

/* ---- scripts --------------------------------------------------------------------------------- */
static const gd_breaker_spec by_count = {.failure_rate = GD_SHARE_ONE / 2,
                                         .slow_rate = GD_SHARE_ONE,
                                         .slow_call = GD_S,
                                         .window_calls = 4,
                                         .min_calls = 4,
                                         .trial_calls = 2,
                                         .open_for = 10 * GD_S};
static const gd_breaker_spec by_slowness = {.failure_rate = GD_SHARE_ONE,
                                            .slow_rate = GD_SHARE_ONE / 2,
                                            .slow_call = GD_S,
                                            .window_calls = 4,
                                            .min_calls = 4,
                                            .trial_calls = 2,
                                            .open_for = 10 * GD_S};
static const gd_breaker_spec by_time = {.failure_rate = GD_SHARE_ONE / 2,
                                        .slow_rate = GD_SHARE_ONE,
                                        .slow_call = 60 * GD_S,
                                        .window_type = 1,
                                        .window_seconds = 3,
                                        .min_calls = 4,
                                        .trial_calls = 2,
                                        .open_for = 10 * GD_S};
static const gd_breaker_spec impatient = {.failure_rate = GD_SHARE_ONE / 2,
                                          .slow_rate = GD_SHARE_ONE,
                                          .slow_call = GD_S,
                                          .window_calls = 2,
                                          .min_calls = 2,
                                          .trial_calls = 2,
                                          .open_for = 10 * GD_S,
                                          .half_open_for = 5 * GD_S};
static const gd_breaker_spec seven_percent = {.failure_rate = GD_SHARE_ONE / 100 * 7,
                                              .slow_rate = GD_SHARE_ONE,
                                              .slow_call = GD_S,
                                              .window_calls = 100,
                                              .min_calls = 100,
                                              .trial_calls = 1,
                                              .open_for = 10 * GD_S};
static const gd_breaker_spec hasty = {.failure_rate = GD_SHARE_ONE / 2,
                                      .slow_rate = GD_SHARE_ONE,
                                      .slow_call = GD_S,
                                      .window_calls = 10,
                                      .min_calls = 1,
                                      .trial_calls = 3,
                                      .open_for = 10 * GD_S};

/* Plays a script on a new breaker; writes its state after each step, in lower case if it refused.
 *   o  a call succeeds               (  a call begins                -  open_for passes
 *   x  a call fails                  )  the oldest begun succeeds    ~  open_for, but for 1 ns
 *   s  succeeds, but is slow         ]  the oldest begun fails       t  a second passes
 *   w  fails, and is slow            !  the oldest begun is ignored  h  half_open_for passes
 *   e  succeeds, just not slow       ?  the oldest begun is cancelled
 *   i  is ignored: not its fault */
typedef struct {
    rig r;
    size_t begun, ended; /* of ( */
} player;

static bool step(player *p, char what, const gd_breaker_spec *spec)
{
    gd_run *run = p->r.b.run;
    switch (what) {
    case '-':
        run->now += spec->open_for;
        return true;
    case '~':
        run->now += spec->open_for - 1;
        return true;
    case 't':
        run->now += GD_S;
        return true;
    case 'h':
        run->now += spec->half_open_for;
        return true;
    case '(':
        if (!rig_admit(&p->r, 1 + p->begun % (CALLS - 1)))
            return false;
        p->begun++;
        return true;
    case ')':
    case ']':
    case '!':
        rig_end(&p->r, 1 + p->ended++ % (CALLS - 1),
                what == ')'   ? GD_OK
                : what == ']' ? GD_TIMEOUT
                              : GD_RATE_LIMITED);
        return true;
    case '?':
        rig_cancel(&p->r, 1 + p->ended++ % (CALLS - 1));
        return true;
    default:
        break;
    }
    if (!rig_admit(&p->r, 0))
        return false;
    run->now += strchr("sw", what) ? spec->slow_call + 1 : what == 'e' ? spec->slow_call : 0;
    rig_end(&p->r, 0, strchr("xw", what) ? GD_SERVER_ERROR : what == 'i' ? GD_CLIENT_ERROR : GD_OK);
    return true;
}

static const struct {
    const char *name;
    const gd_breaker_spec *spec;
    const char *script, *wanted;
} cases[] = {
    {"below the rate it stays closed", &by_count, "oooxooox", "CCCCCCCC"},
    {"at the rate it opens", &by_count, "ooxx", "CCCO"},
    {"too few outcomes prove nothing", &by_count, "xxx", "CCC"},
    {"the window forgets", &by_count, "xoooxoox", "CCCCCCCO"},
    {"open, it refuses", &by_count, "ooxxoo", "CCCOoo"},
    {"it waits the whole span, then tries", &by_count, "ooxx~o-o", "CCCOOoOH"},
    {"no more trials at once than it needs", &by_count, "ooxx-(((", "CCCOOHHh"},
    {"enough good trials close it", &by_count, "ooxx-oo", "CCCOOHC"},
    {"half of the trials fail: at the rate", &by_count, "ooxx-xo", "CCCOOHO"},
    {"in either order", &by_count, "ooxx-ox", "CCCOOHO"},
    {"it opens for its whole span again", &by_count, "ooxx-ox~o-o", "CCCOOHOOoOH"},
    {"each half-open counts its own trials", &by_count, "ooxx-ox-oo", "CCCOOHOOHC"},
    {"closed again, it starts from nothing", &by_count, "ooxx-ooxxx", "CCCOOHCCCC"},
    {"a late success is no trial", &by_count, "(ooxx-o)o", "CCCCOOHHC"},
    {"a late failure is none either", &by_count, "(ooxx-o]o", "CCCCOOHHC"},
    {"nor does it count in the next closed state", &by_count, "(ooxx-oo]xxx", "CCCCOOHCCCCC"},
    {"an open breaker does not judge late answers", &by_count, "((ooxx]])", "CCCCCOOOO"},
    {"what is not its fault counts neither way", &by_count, "xxxiiiiix", "CCCCCCCCO"},
    {"and gives its permit back", &by_count, "ooxx-i(((!(", "CCCOOHHHhHH"},
    {"so does a cancelled trial", &by_count, "ooxx-(((?(", "CCCOOHHhHH"},
    {"a cancelled call counts neither way", &by_count, "xxx(?(?x", "CCCCCCCO"},
    {"a permit of an earlier half-open state is not given back", &by_count, "ooxx-((]]-(!((",
     "CCCOOHHHOOHHHH"},
    {"slow calls open it", &by_slowness, "sooos", "CCCCC"},
    {"at their rate", &by_slowness, "soos", "CCCO"},
    {"as slow as allowed is not slow", &by_slowness, "eeee", "CCCC"},
    {"failures alone do not reach all", &by_slowness, "xxxo", "CCCC"},
    {"but all of them do", &by_slowness, "xxxx", "CCCO"},
    {"a slow failure is both", &by_slowness, "wwoo", "CCCO"},
    {"the window forgets slowness too", &by_slowness, "sooooso", "CCCCCCC"},
    {"slow trials open it again", &by_slowness, "soos-so", "CCCOOHO"},
    {"time: four in three seconds", &by_time, "xxtxtx", "CCCCCO"},
    {"time: the first is gone after three seconds", &by_time, "xxttxtx", "CCCCCCC"},
    {"time: seconds without a call pass too", &by_time, "xxxtttx", "CCCCCCC"},
    {"time: after a long pause all is gone", &by_time, "xxx-x", "CCCCC"},
    {"time: the rate is over what is left", &by_time, "ooootttxxxx", "CCCCCCCCCCO"},
    {"time: good ones dilute", &by_time, "oooootxxxx", "CCCCCCCCCC"},
    {"time: until they are not enough", &by_time, "oooootxxxxx", "CCCCCCCCCCO"},
    {"time: trials are counted, however slowly they come", &by_time, "xxxx-otttto", "CCCOOHHHHHC"},
    {"half-open without a verdict opens again", &impatient, "xx-(h(", "COOHHo"},
    {"not a moment earlier", &impatient, "xx-(tttt)(", "COOHHHHHHH"},
    {"and waits its whole span again", &impatient, "xx-(h(~(-(", "COOHHoOoOH"},
    {"a late trial of it is stale", &impatient, "xx-(h(-)o", "COOHHoOOH"},
    {"few results are enough when the model says so", &hasty, "x-o", "OOC"},
    {"each alone", &hasty, "x-x", "OOO"},
};

static void test_scripts(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        static player p;
        p = (player){0};
        rig_init(&p.r, cases[i].spec);
        char states[32] = "";
        for (size_t k = 0; cases[i].script[k]; k++) {
            bool passed = step(&p, cases[i].script[k], cases[i].spec);
            states[k] = (passed ? "COH" : "coh")[gd_breaker_get_state(p.r.state)];
        }
        bench_clear(&p.r.b);
        check_text(states, cases[i].wanted, "%s: %s", cases[i].name, cases[i].script);
    }
}

/* In floats 0.07 x 100 is more than 7: a breaker set to 7 % would sleep through 7 of 100. */
static void test_rates_are_exact(void **unused)
{
    (void)unused;
    for (unsigned failures = 6; failures <= 7; failures++) {
        static player p;
        p = (player){0};
        rig_init(&p.r, &seven_percent);
        for (unsigned i = 0; i < 100; i++)
            step(&p, i < failures ? 'x' : 'o', &seven_percent);
        check_that(gd_breaker_get_state(p.r.state) == (failures == 7), "%u of 100", failures);
        bench_clear(&p.r.b);
    }
}

/* Which outcomes count: only what less traffic could cure, and success. */
static void test_every_outcome(void **unused)
{
    (void)unused;
    static const gd_breaker_spec one = {.failure_rate = 1,
                                        .slow_rate = GD_SHARE_ONE,
                                        .slow_call = GD_S,
                                        .window_calls = 2,
                                        .min_calls = 2,
                                        .trial_calls = 1,
                                        .open_for = GD_S};
    for (unsigned o = 0; o < GD_OUTCOMES; o++) {
        static rig r;
        rig_init(&r, &one);
        for (unsigned i = 0; i < 2; i++) {
            assert_true(rig_admit(&r, 0));
            rig_end(&r, 0, (gd_outcome)o);
        }
        bool opens = gd_breaker_get_state(r.state) == 1;
        check_that(opens == gd_outcome_rows[o].breaker, "%s", gd_outcome_rows[o].name);
        /* Of two results one is a failure; a third is needed where the outcome was ignored. */
        if (!opens) {
            assert_true(rig_admit(&r, 0));
            rig_end(&r, 0, GD_TIMEOUT);
            check_that((gd_breaker_get_state(r.state) == 1) == gd_outcome_rows[o].good,
                       "%s counts as a result", gd_outcome_rows[o].name);
        }
        bench_clear(&r.b);
    }
}

/* ---- in a run -------------------------------------------------------------------------------- */
#define DOWN(from, lasts)                                                                          \
    "'duration': '60s', 'faults': {'down': {'fault': 'errors', 'target': 'services.s', 'at': "     \
    "'" from "', 'for': '" lasts "'}}"
#define WATCHED "'breaker': {'window_calls': 4, 'min_calls': 4, 'trial_calls': 2, 'open_for': '5s'}"

static void test_it_opens_and_closes_in_a_run(void **unused)
{
    (void)unused;
    /* A call a second, at 1 s, 2 s …: those at 10, 11 (of four) fail, so it opens at 11; refuses
     * 12 to 15; tries at 16 and 17, which fail; refuses 18 to 21; 22 and 23 are good. */
    g_auto(bench) b =
        bench_of("'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, "
                 "'clients': {'web': {'at': 's', " WATCHED ", 'arrivals': {'periodic': '1/s'}}}",
                 DOWN("9500ms", "11s"));
    bench_play(&b, "");
    const gd_edge_record *edge = bench_edge(&b, "web>s.op");
    check_text(bench_outcomes(&b, "web.op"), "ok 47 server_error 4 breaker_open 8", "60 s");
    check_that(edge->breaker_opens == 2 && edge->breaker_refused == 8, "%lu opens, %lu refused",
               (unsigned long)edge->breaker_opens, (unsigned long)edge->breaker_refused);
    check_that(edge->breaker_open_area == (gd_u128)(10 * GD_S), "5 s, twice");
    check_that(edge->attempts == 51, "what it refuses is not sent");
    static const struct {
        gd_time at;
        gd_happened what;
    } wanted[] = {{9500 * GD_MS, GD_HAPPENED_FAULT_BEGAN},
                  {11 * GD_S, GD_HAPPENED_BREAKER_OPENED},
                  {17 * GD_S, GD_HAPPENED_BREAKER_OPENED},
                  {20500 * GD_MS, GD_HAPPENED_FAULT_ENDED},
                  {23001 * GD_MS, GD_HAPPENED_BREAKER_CLOSED}};
    check_that(b.record->n_happenings == G_N_ELEMENTS(wanted), "%u", b.record->n_happenings);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        check_that(b.record->happenings[i].what == wanted[i].what &&
                       b.record->happenings[i].at == wanted[i].at,
                   "%zu: %u at %ld", i, b.record->happenings[i].what,
                   (long)b.record->happenings[i].at);
    check_that(b.record->edge_series[0].breakers_open[11 * b.record->windows / 60] == 1 &&
                   b.record->edge_series[0].breakers_open[40 * b.record->windows / 60] == 0,
               "the series of open breakers");
}

/* Two callers learn one by one: each needs its own failures. */
static void test_one_for_each_caller_instance(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}, 'm': "
        "{'instances': "
        "2, 'workers': 1, 'calls': {'s': {" WATCHED "}}, 'operations': {'op': ['s.op']}}}, "
        "'clients': {'web': {'at': 'm', 'arrivals': {'periodic': '10/s'}, 'stop_after': 20}}",
        DOWN("0s", "60s"));
    bench_play(&b, "");
    check_that(bench_edge(&b, "m>s.op")->breaker_opens == 2, "both");
    check_that(bench_service(&b, "s")->arrivals == 8, "four failures each");
}

/* A caller that crashes comes back with a closed breaker. */
static void test_a_crashed_caller_forgets(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of("'services': {'s': {'workers': 1, 'operations': {'op': [{'fail': "
                               "'100%'}]}}, 'm': {'workers': "
                               "1, 'calls': {'s': {" WATCHED
                               "}}, 'operations': {'op': ['s.op']}}}, 'clients': {'web': {'at': "
                               "'m', 'arrivals': {'periodic': '10/s'}, 'stop_after': 20}}",
                               "'faults': {'boom': {'fault': 'crash', 'target': 'services.m', "
                               "'at': '950ms', 'for': '10ms'}}");
    bench_play(&b, "");
    check_that(bench_service(&b, "s")->arrivals == 8, "four failures before, four after");
    const gd_edge_record *edge = bench_edge(&b, "m>s.op");
    check_that(edge->breaker_open_area == (gd_u128)((950 - 400 + 2000 - 1300) * GD_MS),
               "open from 400 to 950 ms and from 1300 on, not %ld", (long)edge->breaker_open_area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_rates_are_exact),
        cmocka_unit_test(test_every_outcome),
        cmocka_unit_test(test_it_opens_and_closes_in_a_run),
        cmocka_unit_test(test_one_for_each_caller_instance),
        cmocka_unit_test(test_a_crashed_caller_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
