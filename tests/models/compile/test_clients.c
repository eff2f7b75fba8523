/* Clients: how they come, what they ask for, how their rate changes. */
#include "sim/rng.h"
#include "tests/models/compile/compiled.h"

#define MODEL(clients)                                                                             \
    "{'gameday': 1, 'services': {'api': {'workers': 1, 'operations': {'home': [], 'buy': [], "     \
    "'old': []}}}, 'clients': {" clients "}}"

static void test_arrivals(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        MODEL(
            "'a': {'at': 'api', 'mix': 'home', 'arrivals': {'poisson': {'rate': '3/s'}}}, 'b': "
            "{'at': 'api', 'mix': 'home', 'arrivals': {'periodic': '2/s'}, 'stop_after': 7}, 'c': "
            "{'at': 'api', 'mix': 'home', 'arrivals': {'bursts': {'on': {'exponential': {'mean': "
            "'1s'}}, 'off': '2s', 'rate': '9/s'}}}, 'd': {'at': 'api', 'mix': 'home', 'users': "
            "{'n': 5, 'think': '1s', 'over': '10s'}}, 'e': {'at': 'api', 'mix': 'home', 'users': "
            "3}"),
        NULL);
    const gd_plan_client *at = c.plan->clients;
    check_that(at[0].arrivals == GD_ARRIVE_POISSON && at[0].rate == 3 * GD_RATE_HZ &&
                   !at[0].visits && at[0].stop_after == 0,
               "poisson");
    check_that(at[1].arrivals == GD_ARRIVE_PERIODIC && at[1].stop_after == 7, "periodic");
    check_that(at[2].arrivals == GD_ARRIVE_BURSTS && at[2].rate == 9 * GD_RATE_HZ &&
                   at[2].rate_off == 0 && at[2].on != GD_NONE && at[2].off != GD_NONE &&
                   at[2].on != at[2].off,
               "bursts");
    check_that(at[3].arrivals == GD_ARRIVE_USERS && at[3].users == 5 &&
                   at[3].users_over == 10 * GD_S && at[3].think != GD_NONE,
               "users");
    check_that(at[4].users == 3 && at[4].think == GD_NONE, "a bare number of users");
    for (int i = 0; i < 5; i++)
        check_that(c.plan->zones[at[i].zone].client && at[i].profile_n == 0, "client %d", i);
    forget(&c);
}

static void test_mix(void **unused)
{
    (void)unused;
    compiled c = compile_good(MODEL("'web': {'at': 'api', 'arrivals': {'poisson': '1/s'}, 'mix': "
                                    "{'old': 0, 'home': 3, 'buy': 1}, 'timeout': '2s'}"),
                              NULL);
    const gd_plan *plan = c.plan;
    check_that(plan->n_journeys == 3 && plan->n_pages == 3 && plan->n_views == 3, "%u",
               plan->n_views);
    check_text(plan->views[0].name, "web.buy", "byte order");
    check_that(plan->views[0].useful_within == 2 * GD_S, "the one try");
    check_that(plan->journeys[0].below == UINT64_MAX / 4 + 1, "buy is a quarter");
    check_that(plan->journeys[1].below == UINT64_MAX && plan->journeys[2].below == UINT64_MAX,
               "home the rest, old never");
    check_that(plan->journeys[1].salt == gd_hash_text("home"), "by its name");
    const gd_page *page = &plan->pages[plan->journeys[1].pages_first];
    check_text(plan->sites[page->site].name, "web>api.home", "site");
    check_text(plan->views[page->op_record].name, "web.home", "record");
    check_that(plan->sites[page->site].client == 0 && plan->sites[page->site].caller_op == GD_NONE,
               "called by a client");
    forget(&c);
}

static void test_journeys(void **unused)
{
    (void)unused;
    compiled c =
        compile_good(MODEL("'web': {'at': 'api', 'visits': {'poisson': '1/s'}, 'deadline': "
                           "'9s', 'retry': {'max_attempts': 2}, 'journeys': {'look': "
                           "{'weight': 1, 'think': '5s', 'pages': ['home', 'old', 'home'], "
                           "'gives_up_after': 2}, 'buy': {'weight': 1, 'pages': ['buy']}}"
                           "}"),
                     NULL);
    const gd_plan *plan = c.plan;
    check_that(plan->clients[0].visits && plan->n_journeys == 2 && plan->n_pages == 4, "visits");
    check_that(plan->n_sites == 3, "one site for each operation: %u", plan->n_sites);
    const gd_journey *look = &plan->journeys[1];
    check_that(look->pages_n == 3 && look->gives_up_after == 2 &&
                   look->salt == gd_hash_text("look"),
               "look");
    const gd_page *pages = &plan->pages[look->pages_first];
    check_that(pages[0].site == pages[2].site && pages[0].site != pages[1].site, "the same page");
    check_that(pages[0].think != GD_NONE && plan->pages[0].think == GD_NONE, "think");
    check_that(plan->views[0].useful_within == 9 * GD_S, "a deadline is over all tries");
    forget(&c);
}

/* Records of user-visible operations are in byte order, whatever the order of pages. */
static void test_records(void **unused)
{
    (void)unused;
    compiled c =
        compile_good(MODEL("'web': {'at': 'api', 'visits': {'poisson': '1/s'}, 'journeys': "
                           "{'j': {'pages': ['old', 'home', 'buy']}}}"),
                     NULL);
    static const char *const wanted[] = {"web.old", "web.home", "web.buy"};
    for (uint32_t i = 0; i < 3; i++)
        check_text(c.plan->views[c.plan->pages[i].op_record].name, wanted[i], "page %u", i);
    forget(&c);
}

static void test_attributes(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        MODEL("'web': {'at': 'api', 'mix': 'buy', 'arrivals': {'poisson': '1/s'}, 'draw': {'z': 2, "
              "'items': {'geometric': {'mean': 3}}}}, 'bot': {'at': 'api', 'mix': 'home', "
              "'arrivals': {'poisson': '1/s'}}"),
        NULL);
    const gd_plan *plan = c.plan;
    check_that(plan->n_attribute_names == 2, "%u", plan->n_attribute_names);
    check_that(plan->attribute_salts[0] == gd_hash_text("items"), "byte order");
    const uint32_t *bot = &plan->attributes[plan->clients[0].attributes_first];
    const uint32_t *web = &plan->attributes[plan->clients[1].attributes_first];
    check_that(bot[0] == GD_NONE && bot[1] == GD_NONE, "a bot draws nothing");
    check_that(web[0] != GD_NONE && web[1] != GD_NONE && web[0] != web[1], "web draws both");
    forget(&c);
}

static void test_flags(void **unused)
{
    (void)unused;
    compiled c =
        compile_good("{'gameday': 1, 'flags': {'b': '25%', 'a': {'key': 'request'}}, " TINY_SERVICES
                     ", " TINY_CLIENTS "}",
                     NULL);
    check_text(c.plan->flags[0].name, "a", "byte order");
    check_that(c.plan->flags[0].on == UINT64_MAX && !c.plan->flags[0].by_user, "all requests");
    check_that(c.plan->flags[1].on == UINT64_C(1) << 62 && c.plan->flags[1].by_user, "a quarter");
    forget(&c);
}

/* ---- profiles ---------------------------------------------------------------------------------
 */
/* "0:100 60:100/ 120:200": seconds from the start of the warm-up, per cent, / where a slope begins.
 */
static char *print_profile(const gd_plan *plan)
{
    GString *out = g_string_new(NULL);
    for (uint32_t i = 0; i < plan->n_profile; i++) {
        const gd_profile_point *p = &plan->profile[i];
        g_string_append_printf(out, "%s%d:%d%s", i ? " " : "", (int)(p->at / GD_S),
                               (int)(p->factor / (GD_SHARE_ONE / 100)), p->jump ? "" : "/");
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *what, *profile, *load, *wanted;
} profiles[] = {
    {"steady", "'steady': 2", "", "0:200"},
    {"a ramp", "'ramp': {'to': 3, 'at': '10s', 'for': '20s'}", "", "0:100 20:100/ 40:300"},
    {"a ramp down", "'ramp': {'from': 2, 'to': 0, 'at': '0s', 'for': '20s'}", "",
     "0:200 10:200/ 30:0"},
    {"a step", "'step': {'at': '30s', 'factor': '50%'}", "", "0:100 40:50"},
    {"a spike", "'spike': {'at': '10s', 'for': '20s', 'factor': 4}", "", "0:100 20:400 40:100"},
    {"with slopes",
     "'spike': {'at': '10s', 'for': '20s', 'factor': 4, 'rise': '5s', 'fall': "
     "'5s'}",
     "", "0:100 20:100/ 25:400 45:400/ 50:100"},
    {"beyond the end", "'ramp': {'to': 2, 'at': '80s', 'for': '20s'}", "",
     "0:100 90:100/ 100:150/"},
    {"by the scenario", "'steady': 1",
     "'l': {'target': 'clients.web', 'step': {'at': '5s', "
     "'factor': 3}}",
     "0:100 15:300"},
    {"both multiply", "'step': {'at': '30s', 'factor': 2}",
     "'l': {'target': 'clients.web', 'step': {'at': '50s', 'factor': 3}}", "0:100 40:200 60:600"},
    {"two slopes, cut into sixteen", "'ramp': {'to': 3, 'at': '0s', 'for': '80s'}",
     "'l': {'target': 'clients.web', 'ramp': {'to': 3, 'at': '0s', 'for': '80s'}}",
     "0:100 10:100/ 15:126/ 20:156/ 25:189/ 30:225/ 35:264/ 40:306/ 45:351/ 50:400/ 55:451/ "
     "60:506/ 65:564/ 70:625/ 75:689/ 80:756/ 85:826/ 90:900"},
    {"a step on a slope", "'ramp': {'to': 3, 'at': '0s', 'for': '40s'}",
     "'l': {'target': 'clients.web', 'step': {'at': '20s', 'factor': 2}}",
     "0:100 10:100/ 30:200/ 30:400/ 50:600"},
};

static void test_profiles(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(profiles); i++) {
        g_autofree char *model =
            g_strdup_printf(MODEL("'web': {'at': 'api', 'mix': 'home', 'arrivals': {'poisson': "
                                  "'1/s'}, 'profile': {%s}}"),
                            profiles[i].profile);
        g_autofree char *scenario = g_strdup_printf(
            "{'gameday': 1, 'duration': '90s', 'warmup': '10s', 'load': {%s}}", profiles[i].load);
        compiled c = compile_good(model, scenario);
        g_autofree char *printed = print_profile(c.plan);
        check_text(printed, profiles[i].wanted, "%s", profiles[i].what);
        forget(&c);
    }
}

/* The control of a scenario without a patch is the run to which nothing happens. */
static void test_control(void **unused)
{
    (void)unused;
    static const char scenario[] =
        "{'gameday': 1, 'load': {'l': {'target': 'clients.web', 'step': {'at': '5s', 'factor': "
        "3}}}, 'faults': {'f': {'fault': 'crash', 'target': 'services.api', 'at': '1s'}}%s}";
    gd_compile_options control = {.control = true};
    g_autofree char *plain = g_strdup_printf(scenario, "");
    g_autofree char *patched =
        g_strdup_printf(scenario, ", 'control': {'patch': {'services': {'api': {'workers': 9}}}}");
    compiled c = compile_with(TINY_MODEL, plain, &control);
    check_that(c.plan && c.plan->n_targets == 0 && c.plan->n_profile == 0, "nothing happens");
    check_that(c.plan->n_faults == 1 && c.plan->faults[0].targets_n == 0 &&
                   c.plan->faults[0].start == GD_S,
               "but there is a time of the fault");
    compiled d = compile_with(TINY_MODEL, patched, &control);
    check_that(d.plan && d.plan->n_targets == 1 && d.plan->n_profile == 2 &&
                   d.plan->services[0].workers == 9,
               "or its patch");
    compiled e = compile_with(TINY_MODEL, patched, NULL);
    check_that(e.plan && e.plan->services[0].workers == 1, "which is not the scenario's");
    forget(&c);
    forget(&d);
    forget(&e);
}

static void test_daily(void **unused)
{
    (void)unused;
    compiled c = compile_good(MODEL("'web': {'at': 'api', 'mix': 'home', 'arrivals': {'poisson': "
                                    "'1/s'}, 'profile': {'daily': {'low': '50%', 'high': '150%', "
                                    "'peak_at': '14:00'}}}"),
                              "{'gameday': 1, 'duration': '24h', 'starts_at': 'Tue 02:00'}");
    gd_share most = 0, least = INT64_MAX;
    gd_time peak = 0, trough = 0;
    for (uint32_t i = 0; i < c.plan->n_profile; i++) {
        const gd_profile_point *p = &c.plan->profile[i];
        if (p->factor > most)
            peak = p->at;
        if (p->factor < least)
            trough = p->at;
        most = MAX(most, p->factor);
        least = MIN(least, p->factor);
    }
    check_that(most == GD_SHARE_ONE * 3 / 2 && peak == 12 * GD_HOUR, "noon after 2 o'clock");
    check_that(least == GD_SHARE_ONE / 2 && trough == 0, "twelve hours from it");
    forget(&c);
}

/* ---- data files -------------------------------------------------------------------------------
 */
static const char *read_text(void *user, gd_arena *arena, const char *path, const gd_node *place,
                             gd_problems *problems, size_t *length)
{
    (void)arena;
    (void)place;
    (void)problems;
    check_text(path, "a.csv", "as written");
    *length = strlen(user);
    return user;
}

#define TRACE MODEL("'web': {'at': 'api', 'mix': 'home', 'arrivals': {'csv': {'file': 'a.csv'%s}}}")

static const struct {
    const char *more, *csv, *wanted; /* times in ms; NULL: refused */
} traces[] = {
    {"", "0\n0.5\n2s\n", "0 500 2000"},
    {"", "# made by hand\nat_s,size\r\n1,9\r\n\r\n250ms,3\n", NULL}, /* goes back */
    {"", "at_s,size\r\n1,9\r\n\r\n1250ms,3", "1000 1250"},
    {", 'column': 't'", "n,t\n1,0.1\n2,0.2\n", "100 200"},
    {", 'column': 'x'", "n,t\n1,0.1\n", NULL},
    {"", "", NULL},
    {"", "1\ntwo\n", NULL},
};

static void test_traces(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
        g_autofree char *model = g_strdup_printf(TRACE, traces[i].more);
        gd_compile_options options = {.read_data = read_text, .user = (void *)traces[i].csv};
        compiled c = compile_with(model, NULL, &options);
        check_that((c.plan != NULL) == (traces[i].wanted != NULL), "%s", traces[i].csv);
        g_autoptr(GString) out = g_string_new(NULL);
        for (uint32_t k = 0; c.plan && k < c.plan->clients[0].trace_n; k++)
            g_string_append_printf(out, "%s%d", k ? " " : "",
                                   (int)(c.plan->clients[0].trace[k] / GD_MS));
        if (c.plan)
            check_text(out->str, traces[i].wanted, "%s", traces[i].csv);
        forget(&c);
    }
}

/* Measured values in a file are those of a list. */
static void test_empirical_file(void **unused)
{
    (void)unused;
    static const char model[] =
        "{'gameday': 1, 'services': {'api': {'workers': 1, 'operations': {'get': [{'work': "
        "{'empirical': %s}}, {'repeat': {'empirical': %s}, 'steps': [{'wait': "
        "'1ms'}]}]}}}, " TINY_CLIENTS "}";
    gd_compile_options options = {.read_data = read_text,
                                  .user = (void *)"size,ms\n2,1.5\n1,30\n4,2\n"};
    g_autofree char *file = g_strdup_printf(
        model, "{'file': 'a.csv', 'column': 'ms', 'unit': 'ms'}", "{'file': 'a.csv'}");
    g_autofree char *list =
        g_strdup_printf(model, "['1.5ms', '30ms', '2ms']", "{'values': [2, 1, 4]}");
    compiled c = compile_with(file, NULL, &options), d = compile_good(list, NULL);
    g_autofree char *problems = gd_problems_print(c.problems);
    check_that(c.plan, "%s", problems);
    check_that(c.plan->n_dists == 3 && d.plan->n_dists == 3, "%u", c.plan->n_dists);
    for (uint32_t i = 0; i < 3; i++)
        for (uint64_t u = 1; u; u <<= 1)
            check_that(gd_dist_sample(&c.plan->dists[i], u) == gd_dist_sample(&d.plan->dists[i], u),
                       "dist %u", i);
    forget(&c);
    forget(&d);
    options.user = (void *)"ms\nfast\n";
    compiled e = compile_with(file, NULL, &options);
    g_autofree char *wrong = gd_problems_print(e.problems);
    check_that(!e.plan && strstr(wrong, "a.csv, line 2: \"fast\" is no value"), "%s", wrong);
    forget(&e);
}

/* A smaller run keeps its share of a recording, spread over all of it. */
static void test_trace_is_thinned(void **unused)
{
    (void)unused;
    gd_compile_options options = {.read_data = read_text,
                                  .scale = GD_SHARE_ONE / 4,
                                  .user = (void *)"0\n1\n2\n3\n4\n5\n6\n7\n"};
    compiled c =
        compile_with("{'gameday': 1, 'services': {'api': {'workers': 4, 'operations': "
                     "{'home': []}}}, 'clients': {'web': {'at': 'api', 'arrivals': {'csv': "
                     "'a.csv'}}}}",
                     NULL, &options);
    check_that(c.plan && c.plan->clients[0].trace_n == 2, "two of eight");
    check_that(c.plan->clients[0].trace[1] - c.plan->clients[0].trace[0] == 4 * GD_S, "far apart");
    forget(&c);
}

static void test_profile_file(void **unused)
{
    (void)unused;
    gd_compile_options options = {.read_data = read_text, .user = (void *)"0,1\n30,3\n60,50%\n"};
    compiled c = compile_with(MODEL("'web': {'at': 'api', 'mix': 'home', 'arrivals': {'poisson': "
                                    "'1/s'}, 'profile': {'csv': 'a.csv'}}"),
                              NULL, &options);
    check_that(c.plan, "it compiles");
    g_autofree char *printed = print_profile(c.plan);
    check_text(printed, "0:100/ 30:300/ 60:50/", "lines between");
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrivals),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_journeys),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_daily),
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_trace_is_thinned),
        cmocka_unit_test(test_profile_file),
        cmocka_unit_test(test_empirical_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
