/* Who asks and how calls are made, and what happens to all of it, at random. */
#include "tests/random/model.h"

#define roll   gd_maker_roll
#define chance gd_maker_chance
#define add    gd_maker_add

/* ---- policies ----------------------------------------------------------------------------------
 */
static void retry(gd_maker *m)
{
    static const char *const kinds[] = {
        "constant", "linear",     "exponential", "proportional", "polly_basic",
        "full",     "envoy_full", "equal",       "decorrelated", "decorrelated_v2"};
    static const bool capped[] = {false, true, true, true, false, true, true, true, true, true};
    unsigned kind = roll(m, G_N_ELEMENTS(kinds));
    add(m, ", \"retry\": {\"max_attempts\": %u", 1 + roll(m, 4));
    if (chance(m, 80)) {
        unsigned base = 1 + roll(m, 20);
        add(m, ", \"backoff\": {\"%s\": {\"base\": \"%ums\"", kinds[kind], base);
        if (capped[kind] && chance(m, 60))
            add(m, ", \"max\": \"%ums\"", base + roll(m, 60));
        add(m, "}}");
    }
    add(m, "}");
}

static void breaker(gd_maker *m)
{
    unsigned calls = 2 + roll(m, 8);
    add(m, ", \"breaker\": {\"window_calls\": %u, \"min_calls\": %u, \"trial_calls\": %u, ", calls,
        1 + roll(m, calls), 1 + roll(m, 3));
    add(m, "\"failure_rate\": \"%u%%\", \"open_for\": \"%ums\"", 10 + roll(m, 91),
        1 + roll(m, 400));
    if (chance(m, 50))
        add(m, ", \"slow_call\": \"%ums\", \"slow_rate\": \"%u%%\"", 1 + roll(m, 30),
            10 + roll(m, 91));
    if (chance(m, 40))
        add(m, ", \"window_type\": \"time\", \"window_seconds\": %u", 1 + roll(m, 2));
    if (chance(m, 30))
        add(m, ", \"half_open_for\": \"%ums\"", 1 + roll(m, 200));
    add(m, "}");
}

static void order(gd_maker *m)
{
    const char *names[] = {"deadline", "retry", "breaker", "bulkhead", "timeout"};
    add(m, ", \"order\": [");
    for (unsigned left = 5; left > 0; left--) {
        unsigned pick = roll(m, left);
        add(m, "\"%s\"%s", names[pick], left > 1 ? ", " : "]");
        names[pick] = names[left - 1];
    }
}

static void then(gd_maker *m, unsigned from, bool client)
{
    unsigned kind = roll(m, client ? 2 : 4);
    if (kind == 0)
        add(m, ", \"then\": {\"answer\": \"%s\"}", chance(m, 50) ? "ok" : "degraded");
    else if (kind == 1)
        add(m, ", \"optional\": true");
    else if (kind == 2 && chance(m, 40))
        add(m, ", \"then\": \"crash\"");
    else if (kind == 3 && from + 1 < m->services) {
        add(m, ", \"then\": {\"call\": ");
        bool called[10];
        memcpy(called, m->called[from], sizeof called);
        gd_maker_callee(m, from);
        memcpy(m->called[from], called, sizeof called);
        add(m, "}");
    }
}

static void on(gd_maker *m)
{
    static const char *const outcomes[] = {"timeout",       "server_error", "unavailable",
                                           "shed",          "breaker_open", "deadline_exceeded",
                                           "bulkhead_full", "any"};
    unsigned first = roll(m, 4), second = 4 + roll(m, 4);
    add(m, ", \"on\": {\"%s\": \"%s\", \"%s\": \"%s\"}", outcomes[first],
        chance(m, 60) ? "retry" : "fail", outcomes[second], chance(m, 60) ? "retry" : "fail");
}

void gd_maker_policy(gd_maker *m, unsigned from, bool client)
{
    static const char *const balancers[] = {"round_robin", "random", "least_requests",
                                            "two_choices"};
    add(m, "\"note\": \"\"");
    if (chance(m, 45))
        add(m, ", \"timeout\": \"%ums\"", 1 + roll(m, 60));
    if (chance(m, 25))
        add(m, ", \"deadline\": \"%ums\"", 5 + roll(m, 150));
    if (chance(m, 45))
        retry(m);
    if (chance(m, 30))
        breaker(m);
    if (chance(m, 30))
        add(m, ", \"bulkhead\": {\"max\": %u, \"max_wait\": \"%ums\"}", 1 + roll(m, 4),
            chance(m, 50) ? 0 : 1 + roll(m, 20));
    if (chance(m, 40))
        on(m);
    if (chance(m, 40))
        order(m);
    if (chance(m, 45))
        then(m, from, client);
    if (chance(m, 35))
        add(m, ", \"balancer\": \"%s\"", balancers[roll(m, 4)]);
    if (chance(m, 25))
        add(m, ", \"cancel_on_timeout\": false");
}

/* ---- clients -----------------------------------------------------------------------------------
 */
static void arrivals(gd_maker *m, const char *name)
{
    unsigned rate = 5 + roll(m, 70), kind = roll(m, 5);
    if (kind != 2)
        m->open = name;
    switch (kind) {
    case 0:
        add(m, "{\"periodic\": {\"rate\": \"%u/s\"}}", chance(m, 50) ? 50 : rate);
        break;
    case 1:
        add(m, "{\"bursts\": {\"on\": ");
        gd_maker_time(m, 100);
        add(m, ", \"off\": ");
        gd_maker_time(m, 200);
        add(m, ", \"rate\": \"%u/s\"", rate);
        if (chance(m, 40))
            add(m, ", \"rate_off\": \"%u/s\"", 1 + roll(m, 10));
        add(m, "}}");
        break;
    case 2:
        add(m, "{\"csv\": {\"file\": \"arrivals.csv\"}}");
        break;
    default:
        add(m, "{\"poisson\": {\"rate\": \"%u/s\"}}", rate);
    }
}

static void profile(gd_maker *m)
{
    unsigned at = roll(m, m->duration_ms), lasts = 1 + roll(m, m->duration_ms);
    add(m, ", \"profile\": ");
    switch (roll(m, 5)) {
    case 0:
        add(m, "{\"step\": {\"at\": \"%ums\", \"factor\": %u}}", at, roll(m, 4));
        break;
    case 1:
        add(m, "{\"ramp\": {\"at\": \"%ums\", \"for\": \"%ums\", \"from\": 0.5, \"to\": %u}}", at,
            lasts, roll(m, 3));
        break;
    case 2:
        add(m, "{\"spike\": {\"at\": \"%ums\", \"for\": \"%ums\", \"factor\": 3%s}}", at, lasts,
            chance(m, 50) ? ", \"rise\": \"100ms\", \"fall\": \"77ms\"" : "");
        break;
    case 3:
        add(m, "{\"daily\": {\"low\": 0.2, \"high\": 2, \"period\": \"1s\"}}");
        break;
    default:
        add(m, "{\"steady\": {\"factor\": 1.5}}");
    }
}

static const char *page(gd_maker *m)
{
    return roll(m, m->ops[0]) ? "do" : "go";
}

static void journeys(gd_maker *m)
{
    unsigned n = 1 + roll(m, 2);
    add(m, ", \"journeys\": {");
    for (unsigned i = 0; i < n; i++) {
        unsigned pages = 1 + roll(m, 3);
        add(m, "%s\"way-%u\": {\"weight\": %u, \"pages\": [\"%s\"", i ? ", " : "", i,
            1 + roll(m, 5), page(m));
        for (unsigned p = 1; p < pages; p++)
            add(m, ", \"%s\"", page(m));
        add(m, "]");
        if (chance(m, 70)) {
            add(m, ", \"think\": ");
            gd_maker_time(m, 1 + roll(m, 100));
        }
        if (chance(m, 40))
            add(m, ", \"gives_up_after\": %u", 1 + roll(m, 2));
        add(m, "}");
    }
    add(m, "}");
}

static void mix(gd_maker *m)
{
    if (m->ops[0] > 1 && chance(m, 50))
        add(m, ", \"mix\": {\"go\": %u, \"do\": 1}", 1 + roll(m, 4));
    else
        add(m, ", \"mix\": \"%s\"", page(m));
}

static void client(gd_maker *m, unsigned index)
{
    const char *name = index ? "app" : "web";
    unsigned kind = roll(m, 3);
    add(m, "%s\"%s\": {\"at\": \"a\", ", index ? ", " : "", name);
    if (kind == 0) {
        add(m, "\"arrivals\": ");
        arrivals(m, name);
        mix(m);
    } else if (kind == 1) {
        add(m, "\"visits\": ");
        arrivals(m, name);
        journeys(m);
    } else {
        add(m, "\"users\": {\"n\": %u, \"think\": {\"exponential\": {\"mean\": \"%ums\"}}",
            1 + roll(m, 6), 10 + roll(m, 200));
        if (chance(m, 40))
            add(m, ", \"over\": \"%ums\"", roll(m, 300));
        add(m, "}");
        if (chance(m, 50))
            journeys(m);
        else
            mix(m);
    }
    if (m->open == name && chance(m, 35))
        profile(m);
    if (m->traits & GD_RANDOM_DRAINS || chance(m, 40))
        add(m, ", \"stop_after\": %u", 5 + roll(m, 60));
    if (m->attribute)
        add(m, ", \"draw\": {\"items\": {\"geometric\": {\"mean\": 2}}}");
    if (m->far)
        add(m, ", \"region\": \"%s\"", chance(m, 50) ? "eu" : "us");
    if (chance(m, 60)) {
        add(m, ", ");
        gd_maker_policy(m, 0, true);
    } else if (chance(m, 30)) {
        add(m, ", \"timeout\": \"%ums\", \"reload\": {\"max_attempts\": 3, \"after\": \"%ums\"}",
            10 + roll(m, 50), roll(m, 30));
    }
    add(m, "}");
}

void gd_maker_clients(gd_maker *m)
{
    add(m, ", \"clients\": {");
    for (unsigned i = 0; i < m->clients; i++)
        client(m, i);
    add(m, "}");
}

/* ---- faults ------------------------------------------------------------------------------------
 */
static void on_service(gd_maker *m)
{
    unsigned pick = roll(m, m->services + m->external);
    if (pick == m->services)
        add(m, ", \"target\": \"external.ext\"");
    else
        add(m, ", \"target\": \"services.%c%s\"", 'a' + (int)pick,
            m->copies && pick == m->services - 1 ? "-*" : "");
    if (pick < m->services && chance(m, 40))
        add(m, ", \"instances\": 1");
}

static void on_edge(gd_maker *m)
{
    for (unsigned tries = 0; tries < 12; tries++) {
        unsigned from = roll(m, m->services), to = roll(m, 10);
        bool copies = m->copies && to == m->services - 1;
        if (!m->called[from][to] || copies)
            continue;
        if (to == 9)
            add(m, ", \"target\": \"%c>ext.ask\"", 'a' + (int)from);
        else
            add(m, ", \"target\": \"%c>%c\"", 'a' + (int)from, 'a' + (int)to);
        return;
    }
    add(m, ", \"target\": \"web>a\"");
}

static void on_either(gd_maker *m)
{
    if (chance(m, 35))
        on_edge(m);
    else if (chance(m, 15))
        add(m, ", \"target\": \"zones.z0\"");
    else
        on_service(m);
}

static void slow(gd_maker *m)
{
    if (m->far && chance(m, 20))
        add(m, ", \"target\": \"links.wan\"");
    else
        on_either(m);
    if (chance(m, 70))
        add(m, ", \"factor\": %u", chance(m, 10) ? 0 : 2 + roll(m, 6));
    else
        add(m, ", \"added\": \"%ums\"", 1 + roll(m, 30));
    if (chance(m, 30))
        add(m, ", \"applies_to\": \"running\"");
}

static void cut(gd_maker *m)
{
    static const char *const ways[] = {"both", "to", "from"};
    if (m->far && chance(m, 60))
        add(m, ", \"target\": \"links.wan\"");
    else if (chance(m, 50))
        add(m, ", \"between\": [\"%s\", \"z0\"]", m->clients > 1 && chance(m, 50) ? "app" : "web");
    else
        add(m, ", \"target\": \"zones.z0\"");
    add(m, ", \"direction\": \"%s\"", ways[roll(m, 3)]);
}

static void fault(gd_maker *m, unsigned index)
{
    static const char *const kinds[] = {"crash",     "slow",       "hang",    "errors",
                                        "partition", "rate_limit", "overload"};
    unsigned kind = roll(m, m->open ? 7 : 6), at = roll(m, m->duration_ms);
    unsigned lasts = 1 + roll(m, m->duration_ms / 2);
    bool ends = m->traits & GD_RANDOM_DRAINS || chance(m, 80);
    add(m, "%s\"f%u\": {\"fault\": \"%s\", \"at\": \"%ums\"", index ? ", " : "", index, kinds[kind],
        at);
    if (ends)
        add(m, ", \"for\": \"%ums\"", lasts);
    if ((kind == 1 || kind == 3 || kind == 6) && chance(m, 30))
        add(m, ", \"ramp\": \"%ums\"", roll(m, lasts + 1));
    if (kind == 0)
        on_service(m);
    else if (kind == 1)
        slow(m);
    else if (kind == 2 || kind == 3)
        on_either(m);
    else if (kind == 4)
        cut(m);
    else if (kind == 5 && chance(m, 50))
        on_edge(m);
    else if (kind == 5)
        add(m, ", \"target\": \"services.a\"");
    else
        add(m, ", \"target\": \"clients.%s\", \"factor\": %u", m->open, roll(m, 5));
    if (kind == 3)
        add(m, ", \"share\": \"%u%%\", \"outcome\": \"%s\"", 1 + roll(m, 100),
            chance(m, 50) ? "server_error" : "unavailable");
    if (kind == 5)
        add(m, ", \"limit\": \"%u/s\"%s", 1 + roll(m, 60), chance(m, 50) ? ", \"burst\": 2" : "");
    add(m, "}");
}

void gd_maker_scenario(gd_maker *m)
{
    unsigned n = m->traits & GD_RANDOM_CALM ? 0 : roll(m, 5);
    add(m, "{\"gameday\": 1, \"duration\": \"%ums\"",
        m->traits & GD_RANDOM_DRAINS ? 4000000 : m->duration_ms);
    if (!(m->traits & GD_RANDOM_DRAINS) && chance(m, 40))
        add(m, ", \"warmup\": \"%ums\"", roll(m, 500));
    add(m, ", \"faults\": {");
    for (unsigned i = 0; i < n; i++)
        fault(m, i);
    add(m, "}}");
}
