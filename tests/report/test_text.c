#include "report/text.h"
#include "tests/check.h"

enum { WINDOWS = 8 };

/* One operation, one service, one call, one fault in windows 2 to 3. */
typedef struct {
    gd_plan plan;
    gd_plan_fault fault;
    gd_result result;
    gd_result_view view;
    gd_result_service service;
    gd_result_edge edge;
    gd_told_line line;
    gd_claim claim;
    gd_claim_part part;
    uint32_t useful[WINDOWS], failed[WINDOWS];
    int64_t p99[WINDOWS];
} story;

static void fill_view(story *s)
{
    static const uint32_t useful[] = {300, 300, 30, 30, 300, 300, 300, 300};
    static const uint32_t failed[] = {0, 0, 270, 270, 0, 0, 0, 0};
    for (size_t w = 0; w < WINDOWS; w++) {
        s->useful[w] = useful[w];
        s->failed[w] = failed[w];
        s->p99[w] = w == 2 ? -1 : 200 * GD_MS;
    }
    s->view = (gd_result_view){
        .name = "web.buy",
        .requests = {[GD_ALL] = 2400},
        .availability_ratio = {1, 0.1, 1, 0.775},
        .degraded_ratio = {[GD_ALL] = 0.025},
        .goodput_per_s = {[GD_ALL] = 23.25},
        .latency = {[GD_ALL] = {.count = 1860, .p50_ms = 120, .p99_ms = 610}},
        .outcomes =
            {[GD_ALL] = {[GD_OK] = 1800, [GD_DEGRADED] = 60, [GD_TIMEOUT] = 500, [GD_SHED] = 40}},
        .incident = {.depth_ratio = 0.9},
        .series = {.useful = s->useful, .failed = s->failed, .p99 = s->p99},
    };
}

static void fill_parts(story *s)
{
    *s = (story){
        .fault = {.name = "slow", .targets_n = 1, .start = 25 * GD_S, .end = 45 * GD_S},
        .service = {.name = "shop",
                    .instances = 2,
                    .utilization_ratio = 0.95,
                    .queue_mean = 3,
                    .queue_max = 40,
                    .arrivals = 2400,
                    .rejected = 40,
                    .wait = {.p99_ms = 50},
                    .sojourn = {.p99_ms = 90},
                    .wasted_work_ratio = 0.25},
        .edge = {.name = "shop>pay.charge",
                 .has_breaker = true,
                 .calls = 100,
                 .failed_ratio = 0.5,
                 .attempts_per_call = 2.5,
                 .latency = {.p99_ms = 900},
                 .breaker_opens = 3,
                 .outcomes = {[GD_OK] = 50, [GD_BREAKER_OPEN] = 50}},
        .line = {.at = 20 * GD_S,
                 .what = GD_TOLD_FAULT_BEGAN,
                 .shown = true,
                 .text = "slow begins: slow on services.shop"},
        .part = {.text = "web.buy.availability during fault < 0.5", .found_text = "10.0%"},
        .claim = {.name = "users-suffer", .verdict = GD_CLAIM_TRUE, .n_parts = 1},
    };
    s->claim.parts = &s->part;
}

static void fill(story *s)
{
    fill_parts(s);
    fill_view(s);
    s->plan = (gd_plan){.warmup = 5 * GD_S, .faults = &s->fault, .n_faults = 1};
    s->result = (gd_result){
        .plan = &s->plan,
        .name = "storm",
        .seed = UINT64_MAX,
        .digest = 0xabc,
        .events = 12345,
        .simulated_s = 80,
        .ended_at = 80 * GD_S,
        .peak_bytes = 13 << 20,
        .window = 10 * GD_S,
        .windows = WINDOWS,
        .views = &s->view,
        .n_views = 1,
        .services = &s->service,
        .n_services = 1,
        .edges = &s->edge,
        .n_edges = 1,
        .claims = &s->claim,
        .n_claims = 1,
        .timeline = &s->line,
        .n_timeline = 1,
        .timeline_dropped = 7,
        .degradation = {.users = {.has_baseline = true,
                                  .has_impact = true,
                                  .depth_ratio = 0.9,
                                  .lost_requests = 540,
                                  .lost_user_minutes = 9},
                        .n_operations = 1,
                        .users_ratio = 0.2},
        .recovery = {.has_fault = true,
                     .recovered = true,
                     .served_at = 40 * GD_S,
                     .recover_at = 40 * GD_S,
                     .fault_end_to_recover_s = 0,
                     .impact_to_recover_s = 20},
    };
}

static const gd_text_try tries[] = {{"breaker", "a breaker on the provider"}, {"bare", NULL}};
static const char *const choices[] = {"All", "Nothing"};
static const gd_text_context context = {
    .command = "gameday run storm.json",
    .question = "What breaks?",
    .choices = choices,
    .n_choices = 2,
    .lesson = "Slow is worse than dead.",
    .tries = tries,
    .n_tries = 2,
    .wall_s = 0.5,
};

static const char wanted[] =
    "storm  seed 18446744073709551615  digest 0000000000000abc\n"
    "80.0s simulated, 12,345 events in 500ms (24.7k/s), peak memory 13.0 MiB\n"
    "What breaks?\n"
    "  a  All\n"
    "  b  Nothing\n"
    "\n"
    "not calibrated: the model says nothing of what production showed (`observed`)\n"
    "\n"
    "What users got, over time\n"
    "web.buy\n"
    "  goodput   ##############_____________###########################  top 30.0/s\n"
    "  failures  ______________#############___________________________  top 27.0/s\n"
    "  p99       ##############       #################################  top 200ms\n"
    "  faults                  ^^^^^^^^^^^^^\n"
    "            0:00                                              1:20\n"
    "\n"
    "What users got (good answers by phase)\n"
    "operation  requests  before  during  after  degraded    p50    p99  goodput\n"
    "web.buy       2,400    100%   10.0%   100%      2.5%  120ms  610ms   23.2/s\n"
    "web.buy failed: 500 timeout, 40 shed\n"
    "\n"
    "Services\n"
    "service   busy  queue  longest  arrivals  refused     p99  wasted\n"
    "shop     95.0%   1.50       40     2,400       40  90.0ms   25.0%\n"
    "(queue: mean and longest of one instance)\n"
    "\n"
    "Calls with trouble\n"
    "call             calls  failed  tries    p99  breaker  failures\n"
    "shop>pay.charge    100   50.0%   2.50  900ms        3  50 breaker_open\n"
    "\n"
    "How far, and back\n"
    "fell by 90.0% at worst: 540 requests lost; 1 of 1 operations and 20.0% of the\n"
    "users were hurt\n"
    "back to normal 20.0s after the impact\n"
    "\n"
    "What happened\n"
    "   0:20  slow begins: slow on services.shop\n"
    "         (and 7 more; see --json)\n"
    "\n"
    "Expected\n"
    "true     users-suffer\n"
    "         web.buy.availability during fault < 0.5: it was 10.0%\n"
    "\n"
    "The lesson\n"
    "Slow is worse than dead.\n"
    "\n"
    "Try next\n"
    "a breaker on the provider\n"
    "  gameday run storm.json --try breaker\n"
    "bare\n"
    "  gameday run storm.json --try bare\n";

static void test_story(void **unused)
{
    (void)unused;
    story s;
    fill(&s);
    g_autofree char *text = gd_text_result(&s.result, &context, (gd_text_form){.width = 80});
    check_text(text, wanted, "the whole story");
}

static char *print(const story *s, gd_text_form form)
{
    return gd_text_result(&s->result, &context, form);
}

static void test_endings(void **unused)
{
    (void)unused;
    story s;
    fill(&s);
    s.result.recovery.metastable = true;
    s.result.recovery.sustained_by = "amplification";
    g_autofree char *stuck = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(stuck, "stays down, kept there by amplification\n"), "%s", stuck);

    fill(&s);
    s.result.recovery.recover_at = 50 * GD_S;
    g_autofree char *drained = print(&s, (gd_text_form){.width = 200});
    check_that(strstr(drained, ": users served again at 0:40, queues drained at 0:50\n"), "%s",
               drained);

    fill(&s);
    s.result.recovery.recovered = false;
    s.result.recovery.recover_at = GD_NEVER;
    g_autofree char *full = print(&s, (gd_text_form){.width = 200});
    check_that(strstr(full, "served again at 0:40, but queues had not drained when the run"), "%s",
               full);
    s.result.recovery.served_at = GD_NEVER;
    s.result.recovery.metastable_observable = true;
    g_autofree char *down = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(down, "not back to normal when the run ended\n"), "%s", down);
    s.result.recovery.metastable_observable = false;
    s.result.recovery.recovering = true;
    g_autofree char *early = print(&s, (gd_text_form){.width = 200});
    check_that(strstr(early, "ended, but recovering: its queues get shorter; a longer"), "%s",
               early);

    fill(&s);
    gd_plan_client users = {.arrivals = GD_ARRIVE_USERS};
    s.plan.clients = &users;
    s.plan.n_clients = 1;
    g_autofree char *minutes = print(&s, (gd_text_form){.width = 200});
    check_that(strstr(minutes, "540 requests and 9.00 user-minutes lost"), "%s", minutes);

    fill(&s);
    s.result.degradation.users.has_impact = false;
    g_autofree char *calm = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(calm, "no operation left its normal band\n"), "%s", calm);

    fill(&s);
    s.result.partial = true;
    s.result.end_text = "its event budget is spent";
    s.result.busiest = "shop 90%";
    g_autofree char *partial = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(partial, "PARTIAL: stopped at 1:20: its event budget is spent\n"), "%s",
               partial);
    check_that(strstr(partial, "busiest: shop 90%\n"), "%s", partial);
}

/* Of more than three operations, the client as a whole and those that fell. */
static void test_many_operations(void **unused)
{
    (void)unused;
    enum { MANY = 9 };
    story s;
    fill(&s);
    gd_result_view views[MANY], client = s.view;
    char names[MANY][16];
    client.name = "web";
    client.series.p99 = NULL;
    for (unsigned i = 0; i < MANY; i++) {
        g_snprintf(names[i], sizeof names[i], "web.page-%u", i);
        views[i] = s.view;
        views[i].name = names[i];
        views[i].incident.depth_ratio = i < 7 ? 0.1 * i : 0;
    }
    s.result.views = views;
    s.result.n_views = MANY;
    s.result.clients = &client;
    s.result.n_clients = 1;
    g_autofree char *text = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(text, "over time\nweb\n  goodput "), "the client is first: %s", text);
    check_that(!strstr(text, "\nweb.page-1\n") && strstr(text, "\nweb.page-2\n"), "five: %s", text);
    check_that(!strstr(text, "\nweb.page-7\n"), "one that did not fall is left out: %s", text);
    check_that(strstr(text, "(each client; and of 9 operations the 5 that fell furthest)\n"), "%s",
               text);
}

/* Of very many, those that are worth a look; without faults, no phases. */
static void test_many_services(void **unused)
{
    (void)unused;
    enum { MANY = 60 };
    story s;
    fill(&s);
    gd_result_service services[MANY];
    char names[MANY][16];
    for (unsigned i = 0; i < MANY; i++) {
        g_snprintf(names[i], sizeof names[i], "svc-%02u", i);
        services[i] = s.service;
        services[i].name = names[i];
        services[i].rejected = i == 17 ? 1 : 0;
        services[i].utilization_ratio = i < 5 ? 0.01 : 0.5;
    }
    s.result.services = services;
    s.result.n_services = MANY;
    s.result.recovery.has_fault = false;
    g_autofree char *text = print(&s, (gd_text_form){.width = 80});
    check_that(strstr(text, "wasted\nsvc-17 "), "the one that refused is first: %s", text);
    check_that(!strstr(text, "svc-04") && strstr(text, "svc-05"), "the idle ones are left out");
    check_that(strstr(text, "(the busiest 24 of 60; see --json)\n"), "%s", text);
    check_that(!strstr(text, "before  during"), "no phases: %s", text);
}

/* No name and no text of a document may reach the terminal as a control sequence. */
static void test_hostile_names(void **unused)
{
    (void)unused;
    static const char nasty[] = "\033]0;owned\a\r\n%n\u202e";
    story s;
    fill(&s);
    s.result.name = s.view.name = s.service.name = s.edge.name = nasty;
    s.line.text = s.claim.name = s.part.text = s.part.found_text = nasty;
    s.result.partial = true;
    s.result.end_text = s.result.busiest = nasty;
    gd_observation observed = {.view = nasty, .quantity = "p99", .source = nasty, .ratio = 1};
    s.result.observations = &observed;
    s.result.n_observations = 1;
    gd_text_try attempt = {nasty, nasty};
    const char *nasty_choice = nasty;
    gd_text_context hostile = {.command = nasty,
                               .question = nasty,
                               .lesson = nasty,
                               .variant = nasty,
                               .choices = &nasty_choice,
                               .n_choices = 1,
                               .tries = &attempt,
                               .n_tries = 1};
    for (unsigned utf8 = 0; utf8 < 2; utf8++) {
        g_autofree char *text =
            gd_text_result(&s.result, &hostile, (gd_text_form){.width = 80, .utf8 = utf8});
        check_that(!strpbrk(text, "\033\a\r") && !strstr(text, "\u202e"), "utf8 %u", utf8);
        check_that(strstr(text, "\\x1b]0;owned"), "utf8 %u: it is shown, escaped", utf8);
    }
}

/* The report is wanted at 40 to 400 columns; names in it are cut, numbers never. */
static void test_width_and_colour(void **unused)
{
    (void)unused;
    story s;
    fill(&s);
    for (unsigned width = 40; width <= 120; width += 20) {
        g_autofree char *text = print(&s, (gd_text_form){.width = width, .utf8 = true});
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines + 2; *line; line++) /* the header's two are for copying */
            check_that(gd_text_columns(*line) <= width, "width %u: %s", width, *line);
        check_that(!strchr(text, '\033'), "no colour unless asked for");
    }
    g_autofree char *colour = print(&s, (gd_text_form){.width = 80, .colour = true});
    g_autofree char *plain = print(&s, (gd_text_form){.width = 80});
    g_autoptr(GRegex) codes = g_regex_new("\033\\[[0-9]*m", 0, 0, NULL);
    g_autofree char *bare = g_regex_replace_literal(codes, colour, -1, 0, "", 0, NULL);
    check_that(strcmp(colour, plain) != 0, "colour shows");
    check_text(bare, plain, "colour adds codes only");
    check_that(!strstr(colour, "\n\033[0m"), "no ink reaches into the next line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),           cmocka_unit_test(test_endings),
        cmocka_unit_test(test_many_operations), cmocka_unit_test(test_many_services),
        cmocka_unit_test(test_hostile_names),   cmocka_unit_test(test_width_and_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
