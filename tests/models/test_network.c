/* Messages on their way: latency, loss behind TCP, cut links, order, bandwidth. Times in ms. */
#include "models/flow/engine.h"
#include "tests/models/bench_plan.h"

#include <glib.h>
#include <math.h>

#define WORK      "'operations': {'op': [{'work': '10ms'}]}"
#define S         "'services': {'s': {'workers': 'unlimited', " WORK "}}"
#define WEB(at)   "'clients': {'web': {'at': 's', 'arrivals': {'csv': '" at "'}}}"
#define TWO_ZONES "'regions': {'eu': {'zones': ['a', 'b'], 'latency': '3ms'}}, 'same_zone': '1ms'"

static const struct {
    const char *name, *model;
    double latency_ms;
} ways[] = {
    {"nothing named is nothing there", S "," WEB("0"), 10},
    {"users and their service", "'network': {'clients': '20ms'}," S "," WEB("0"), 50},
    {"one way at a time",
     "'network': {'links': {'up': {'from': 'web', 'to': 'local', 'latency': '5ms'}, 'down': "
     "{'from': "
     "'local', 'to': 'web', 'latency': '7ms'}}}," S "," WEB("0"),
     22},
    {"in one zone",
     "'network': {" TWO_ZONES "}, 'services': {'s': {'zones': ['a'], 'workers': 1, 'operations': "
     "{'op': ['t.op']}}, 't': {'zones': ['a'], 'workers': 1, 'operations': {'op': [{'work': "
     "'10ms'}]}}}," WEB("0"),
     12},
    {"between two zones of a region",
     "'network': {" TWO_ZONES "}, 'services': {'s': {'zones': ['a'], 'workers': 1, 'operations': "
     "{'op': ['t.op']}}, 't': {'zones': ['b'], 'workers': 1, 'operations': {'op': [{'work': "
     "'10ms'}]}}}," WEB("0"),
     16},
    {"the nearest link wins",
     "'network': {" TWO_ZONES ", 'links': {'fast': {'between': ['a', 'b'], 'latency': '2ms'}}}, "
     "'services': {'s': {'zones': ['a'], 'workers': 1, 'operations': {'op': ['t.op']}}, 't': "
     "{'zones': "
     "['b'], 'workers': 1, 'operations': {'op': [{'work': '10ms'}]}}}," WEB("0"),
     14},
};

static void test_latency(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(bench) b = bench_of(ways[i].model, "");
        bench_play(&b, "");
        check_that(bench_latency_ms(&b, "web.op") == ways[i].latency_ms, "%s: %g ms", ways[i].name,
                   bench_latency_ms(&b, "web.op"));
    }
}

/* Each caller instance has its own way to each callee instance. */
static void test_each_pair_has_its_way(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'network': {" TWO_ZONES
        "}, 'services': {'s': {'zones': ['a', 'b'], 'instances': 2, 'workers': "
        "1, 'operations': {'op': ['t.op']}}, 't': {'zones': ['a', 'b'], 'instances': 2, 'workers': "
        "'unlimited', 'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {'web': {'at': 's', "
        "'arrivals': {'periodic': '1/s'}, 'stop_after': 200}}",
        "'duration': '1h'");
    bench_play(&b, "");
    const gd_hist *good = &bench_view(&b, "web.op")->good[GD_BEFORE];
    uint64_t near = gd_hist_count_upto(good, &b.run->hists, 13 * GD_MS);
    check_that(near > 0 && near < 200, "%lu of 200 stay in their zone", (unsigned long)near);
    check_that(good->sum == (gd_u128)(12 * GD_MS) * near + (gd_u128)(16 * GD_MS) * (200 - near),
               "12 or 16 ms, no other");
}

/* ---- loss ------------------------------------------------------------------------------------ */
/* A message that is lost j times in a row comes rto x (2^j - 1) late: P(j) = p^j (1 - p). */
static void test_loss(void **unused)
{
    (void)unused;
    enum { N = 40000 };
    g_auto(bench) b = bench_of(
        "'network': {'links': {'bad': {'from': 'web', 'to': 'local', 'latency': '5ms', 'loss': "
        "'20%', "
        "'rto': '100ms'}}}," S ", 'clients': {'web': {'at': 's', 'arrivals': {'periodic': "
        "'1000/s'}, 'stop_after': 40000}}",
        "'duration': '1h'");
    bench_play(&b, "");
    const gd_hist *good = &bench_view(&b, "web.op")->good[GD_BEFORE];
    check_that(good->count == N, "TCP loses nothing: %lu", (unsigned long)good->count);
    double p = 0.2, left = N;
    gd_span late = 0;
    uint64_t before = 0;
    for (int j = 0; j < 5; j++) {
        /* The bucket of 5 + 10 + late ms; its neighbours are 100 ms away. */
        uint64_t upto = gd_hist_count_upto(good, &b.run->hists, 15 * GD_MS + late + 10 * GD_MS);
        double share = (double)(upto - before), wanted = left * (1 - p);
        double error = 5 * sqrt(wanted * p) + 1;
        check_that(share > wanted - error && share < wanted + error, "%d losses: %g, not %g", j,
                   share, wanted);
        left *= p;
        before = upto;
        late += 100 * GD_MS << j;
    }
    check_that(gd_hist_quantile(good, &b.run->hists, 0) == 15 * GD_MS, "none is early");
}

/* ---- cut links ------------------------------------------------------------------------------- */
#define CUT(from, lasts, more)                                                                     \
    "'duration': '30m', 'faults': {'cut': {'fault': 'partition', 'between': ['web', 'local'], "    \
    "'at': '" from "', 'for': '" lasts "'" more "}}"
#define NET "'network': {'clients': '1ms'},"

static const struct {
    const char *name, *model, *scenario, *outcomes;
    double latency_ms;
} cuts[] = {
    /* Asked at 10; the link is whole again at 150: the second sending, at 210, passes. */
    {"sent again after 200 ms", NET S "," WEB("10ms"), CUT("0s", "150ms", ""), "ok 1", 212},
    {"after 600", NET S "," WEB("10ms"), CUT("0s", "250ms", ""), "ok 1", 612},
    {"after 1.4 s", NET S "," WEB("10ms"), CUT("0s", "650ms", ""), "ok 1", 1412},
    {"after 3 s", NET S "," WEB("10ms"), CUT("0s", "1500ms", ""), "ok 1", 3012},
    {"at the instant that it is whole it passes", NET S "," WEB("10ms"), CUT("0s", "210ms", ""),
     "ok 1", 212},
    {"a caller who waits less",
     NET S ", 'clients': {'web': {'at': 's', 'timeout': '500ms', "
           "'arrivals': {'csv': '10ms'}}}",
     CUT("0s", "1m", ""), "timeout 1", 500},
    /* 200 ms, doubled up to 120 s, 15 times again and one last wait: Linux's 924.6 s. */
    {"the transport gives up", NET S "," WEB("10ms"), CUT("0s", "20m", ""), "reset 1", 924600},
    /* Cut while it is served: the answer is sent again. */
    {"the answer is cut off", NET S "," WEB("10ms"), CUT("15ms", "150ms", ""), "ok 1", 212},
    {"only the way there", NET S "," WEB("10ms"), CUT("0s", "150ms", ", 'direction': 'to'"), "ok 1",
     212},
    {"the way there is free", NET S "," WEB("10ms"), CUT("0s", "15ms", ", 'direction': 'from'"),
     "ok 1", 12},
    {"the way back is not", NET S "," WEB("10ms"), CUT("0s", "150ms", ", 'direction': 'from'"),
     "ok 1", 212},
    {"a link of its own timeout",
     "'network': {'links': {'l': {'between': ['web', 'local'], 'latency': '1ms', 'rto': "
     "'30ms'}}}," S "," WEB("10ms"),
     CUT("0s", "35ms", ""), "ok 1", 42},
    {"what is on its way when it is cut arrives", NET S "," WEB("10ms"), CUT("10500us", "9ms", ""),
     "ok 1", 12},
};

static void test_cut_links(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        g_auto(bench) b = bench_of(cuts[i].model, cuts[i].scenario);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), cuts[i].outcomes, "%s", cuts[i].name);
        check_that(bench_latency_ms(&b, "web.op") == cuts[i].latency_ms, "%s: %.3f ms",
                   cuts[i].name, bench_latency_ms(&b, "web.op"));
        check_that(gd_run_count_in_flight(b.run) == 0, "%s: %u in flight", cuts[i].name,
                   gd_run_count_in_flight(b.run));
    }
}

/* A zone that is cut off still reaches itself. */
static void test_zones_apart(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'network': {" TWO_ZONES
        "}, 'services': {'s': {'zones': ['a'], 'workers': 9, 'operations': "
        "{'op': ['t.op'], 'far': ['u.op']}}, 't': {'zones': ['a'], 'workers': 9, 'operations': "
        "{'op': "
        "[{'work': '10ms'}]}}, 'u': {'zones': ['b'], 'workers': 9, 'operations': {'op': [{'work': "
        "'10ms'}]}}}, 'clients': {'web': {'at': 's', 'mix': 'op', 'zone': 'a', 'arrivals': {'csv': "
        "'1s'}}, 'app': {'at': 's', 'mix': 'far', 'zone': 'a', 'arrivals': {'csv': '1s'}}}",
        "'faults': {'cut': {'fault': 'partition', 'between': ['a', 'b'], 'at': '0s', 'for': "
        "'1500ms'}}");
    bench_play(&b, "");
    check_that(bench_latency_ms(&b, "web.op") == 12, "%g", bench_latency_ms(&b, "web.op"));
    check_that(bench_latency_ms(&b, "app.far") == 616, "%g", bench_latency_ms(&b, "app.far"));
}

/* ---- order and bandwidth --------------------------------------------------------------------- */
#define JITTER(ordered)                                                                            \
    "'network': {'links': {'l': {'between': ['web', 'local'], 'latency': {'uniform': {'low': "     \
    "'1ms', 'high': '100ms'}}, 'ordered': " ordered "}}}, 'services': {'s': {'workers': 1, "       \
    "'operations': {'op': [{'wait': '0s'}]}}}, 'clients': {'web': {'at': 's', 'arrivals': "        \
    "{'periodic': '1000/s'}, 'stop_after': 500}}"

/* Who arrives after somebody that was sent later. */
typedef struct {
    uint64_t salt; /* of the site: a frame's key is its request's, mixed with it */
    uint64_t sent[500];
    unsigned n, latest, overtaken, arrived;
} race;

static void watch_race(void *user, const char *line)
{
    race *r = user;
    uint64_t key = g_ascii_strtoull(strrchr(line, ' ') + 1, NULL, 16);
    if (strstr(line, " asks ")) {
        r->sent[r->n++] = gd_mix(key, r->salt);
    } else if (strstr(line, " request ")) {
        unsigned i = 0;
        while (i < r->n && r->sent[i] != key)
            i++;
        check_that(i < r->n, "it was sent");
        r->overtaken += i < r->latest;
        r->latest = i > r->latest ? i : r->latest;
        r->arrived++;
    }
}

static void test_ordered_links(void **unused)
{
    (void)unused;
    for (int ordered = 0; ordered < 2; ordered++) {
        g_auto(bench) b = bench_of(ordered ? JITTER("true") : JITTER("false"), "");
        race r = {.salt = b.plan->sites[0].salt};
        gd_run_set_trace(b.run, watch_race, &r);
        bench_play(&b, "");
        check_text(bench_outcomes(&b, "web.op"), "ok 500", "all arrive");
        check_that(r.arrived == 500, "%u", r.arrived);
        check_that(ordered ? r.overtaken == 0 : r.overtaken > 200, "%u", r.overtaken);
    }
}

/* 8 Mbit/s is 1 kB a millisecond; a request has 5 kB, an answer 2 kB. Each direction by itself. */
#define WIRE(instants)                                                                             \
    "'network': {'links': {'l': {'between': ['web', 'local'], 'latency': '1ms', 'bandwidth': "     \
    "'8Mbit/s'}}}, 'services': {'s': {'workers': 'unlimited', 'operations': {'op': {'send': "      \
    "5000, 'reply': 2000, 'steps': [{'work': '10ms'}]}}}}, 'clients': {'web': {'at': 's', "        \
    "'arrivals': {'csv': '" instants "'}}}"

static const struct {
    const char *name, *model, *story;
} wires[] = {
    {"alone", WIRE("0"), "6 request s, 19 answer web>s.op"},
    {"two at once: the second waits for the wire", WIRE("0 0"),
     "6 request s, 11 request s, 19 answer web>s.op, 24 answer web>s.op"},
    {"the wire is free again", WIRE("0 5ms"),
     "6 request s, 11 request s, 19 answer web>s.op, 24 answer web>s.op"},
    {"for a while", WIRE("0 3ms 20ms"),
     "6 request s, 11 request s, 19 answer web>s.op, 24 answer web>s.op, 26 request s, "
     "39 answer web>s.op"},
};

static void test_bandwidth(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(wires); i++) {
        g_auto(bench) b = bench_of(wires[i].model, "");
        check_text(bench_play(&b, "request answer"), wires[i].story, "%s", wires[i].name);
    }
}

/* Answers of unequal work meet on the way back: 2 ms each, one after the other. */
static void test_answers_queue_too(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'network': {'links': {'l': {'between': ['web', 'local'], 'bandwidth': '8Mbit/s'}}}, "
        "'services': {'s': {'workers': 'unlimited', 'operations': {'op': {'reply': 2000, 'steps': "
        "[{'work': '10ms'}]}}}}, 'clients': {'web': {'at': 's', 'arrivals': {'csv': '0 0 1ms "
        "20ms'}}}",
        "");
    check_text(bench_play(&b, "answer"),
               "12 answer web>s.op, 14 answer web>s.op, 16 answer web>s.op, 32 answer web>s.op",
               "one after the other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency),     cmocka_unit_test(test_each_pair_has_its_way),
        cmocka_unit_test(test_loss),        cmocka_unit_test(test_cut_links),
        cmocka_unit_test(test_zones_apart), cmocka_unit_test(test_ordered_links),
        cmocka_unit_test(test_bandwidth),   cmocka_unit_test(test_answers_queue_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
