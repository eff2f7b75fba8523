/* Who asks and how calls are made, and what happens to all of it, at random. */
#include "tests/random/model.h"

#include <string.h>

#define roll   gd_maker_roll
#define chance gd_maker_chance
#define say    gd_maker_say

static bool is_exact(const gd_maker *m)
{
    return m->traits & GD_RANDOM_EXACT;
}

/* A rate whose gap is a whole number of ns, at half of it too. */
static void rate(gd_maker *m, const char *name)
{
    static const unsigned round[] = {10, 20, 40, 50, 100};
    unsigned n = 5 + roll(m, 70), chosen = round[roll(m, G_N_ELEMENTS(round))];
    say(m, "'%s': '%u/s'", name, is_exact(m) ? chosen / m->stretch : n);
}

/* ---- policies ----------------------------------------------------------------------------------
 */
static void retry(gd_maker *m)
{
    static const char *const kinds[] = {"constant",     "polly_basic",    "linear", "exponential",
                                        "full",         "envoy_full",     "equal",  "proportional",
                                        "decorrelated", "decorrelated_v2"};
    unsigned kind = roll(m, G_N_ELEMENTS(kinds)), base = 1 + roll(m, 20);
    if (is_exact(m) && (kind == 1 || kind > 3))
        kind = 0;
    say(m, ", 'retry': {'max_attempts': #1..4");
    if (chance(m, 80)) {
        say(m, ", 'backoff': {'%s': {'base': '#%ums'", kinds[kind], base);
        if (kind > 1 && chance(m, 60))
            say(m, ", 'max': '#%u..%ums'", base, base + 60);
        else if (kind > 1) /* the defaults are times too */
            say(m, ", 'max': '#1000ms'");
        say(m, "}}");
    }
    say(m, "}");
}

static void breaker(gd_maker *m)
{
    unsigned calls = 2 + roll(m, 8);
    say(m, ", 'breaker': {'window_calls': %u, 'min_calls': #1..%u, 'trial_calls': #1..3", calls,
        calls);
    say(m, ", 'failure_rate': '#10..100%%', 'open_for': '#1..400ms'");
    if (chance(m, 50))
        say(m, ", 'slow_call': '#1..30ms', 'slow_rate': '#10..100%%'");
    if (chance(m, 40) && !is_exact(m))
        say(m, ", 'window_type': 'time', 'window_seconds': #1..2");
    if (chance(m, 30))
        say(m, ", 'half_open_for': '#1..200ms'");
    say(m, "}");
}

static void order(gd_maker *m)
{
    const char *names[] = {"deadline", "retry", "breaker", "bulkhead", "timeout"};
    say(m, ", 'order': [");
    for (unsigned left = 5; left > 0; left--) {
        unsigned pick = roll(m, left);
        say(m, "'%s'%s", names[pick], left > 1 ? ", " : "]");
        names[pick] = names[left - 1];
    }
}

static void then(gd_maker *m, unsigned from, bool client)
{
    unsigned kind = roll(m, client ? 2 : 4);
    bool called[10];
    if (kind == 0) {
        say(m, ", 'then': {'answer': '~ok|degraded~'}");
    } else if (kind == 1) {
        say(m, ", 'optional': true");
    } else if (kind == 2 && chance(m, 40)) {
        say(m, ", 'then': 'crash'");
    } else if (kind == 3 && from + 1 < m->services) {
        memcpy(called, m->called[from], sizeof called); /* no call of its own to say more about */
        say(m, ", 'then': {'call': ");
        gd_maker_callee(m, from);
        say(m, "}");
        memcpy(m->called[from], called, sizeof called);
    }
}

/* Copies and shared answers. */
static void more(gd_maker *m)
{
    if (chance(m, 50)) {
        bool tied = chance(m, 30);
        say(m, ", 'hedge': {'delay': '#0..20ms', 'max_attempts': %s", tied ? "2" : "#2..4");
        if (tied)
            say(m, ", 'tied': true");
        if (chance(m, 30))
            say(m, ", 'budget': {'ratio': {'share': '#1..50%%', 'burst': #1..4}}");
        if (chance(m, 30))
            say(m, ", 'percentile': '~50|75|95~%%', 'min_calls': #1..9, 'window': '#20..200ms'");
        if (chance(m, 30))
            say(m, ", 'non_fatal': ['~shed|timeout~', 'server_error']");
        if (chance(m, 30))
            say(m, ", 'cancel_losers': false");
        if (chance(m, 30))
            say(m, ", 'pick_other_host': false");
        say(m, "}");
    }
    if (chance(m, 40)) {
        say(m, ", 'coalesce': {'by': '~call|call|user~'");
        if (chance(m, 40))
            say(m, ", 'keys': {'uniform': {'low': 0, 'high': #1..3}}");
        if (chance(m, 40))
            say(m, ", 'share_errors': false");
        if (chance(m, 40))
            say(m, ", 'waiter_timeout': '#1..40ms'");
        say(m, "}");
    }
}

void gd_maker_policy(gd_maker *m, unsigned from, bool client)
{
    say(m, "'note': ''");
    if (chance(m, 45))
        say(m, ", 'timeout': '#1..60ms'");
    if (chance(m, 25))
        say(m, ", 'deadline': '#5..150ms'");
    if (chance(m, 45))
        retry(m);
    if (chance(m, 30))
        breaker(m);
    if (chance(m, 30))
        say(m, ", 'bulkhead': {'max': #1..4, 'max_wait': '%s'}", chance(m, 50) ? "0s" : "#1..20ms");
    if (chance(m, 40))
        say(m, ", 'on': {'~timeout|server_error|unavailable|shed~': '~retry|retry|fail~', "
               "'~breaker_open|deadline_exceeded|bulkhead_full|any~': '~retry|retry|fail~'}");
    bool knows_more = m->traits & GD_RANDOM_MORE;
    if (knows_more)
        more(m);
    else if (chance(m, 40))
        order(m);
    if (knows_more && chance(m, 30))
        say(m, ", 'then': {'~omit|fail_silent|fail_closed|default_value~': {}}");
    else if (knows_more && chance(m, 20))
        say(m, ", 'then': {'queue_for_later': {'every': '#1..50ms', 'keep': '#1..400ms'}}");
    else if (knows_more && chance(m, 20))
        say(m, ", 'then': {'stale_cache': {'max_stale': '#1..400ms'}}");
    else if (chance(m, 45))
        then(m, from, client);
    if (chance(m, 35))
        say(m, ", 'balancer': '~round_robin|random|least_requests|two_choices~'");
    if (chance(m, 25))
        say(m, ", 'cancel_on_timeout': false");
}

/* ---- clients -----------------------------------------------------------------------------------
 */
static void arrivals(gd_maker *m, const char *name)
{
    unsigned kind = roll(m, 5);
    if (is_exact(m) && kind != 2)
        kind = 0;
    if (kind != 2)
        m->open = name;
    if (kind == 1) {
        say(m, "{'bursts': {'on': '#50..150ms', 'off': {'exponential': {'mean': '#50..300ms'}}, ");
        rate(m, "rate");
        if (chance(m, 40))
            say(m, ", 'rate_off': '#1..10/s'");
        say(m, "}}");
    } else if (kind == 2) {
        say(m, "{'csv': {'file': 'arrivals.csv'}}");
    } else {
        say(m, "{'%s': {", kind ? "poisson" : "periodic");
        rate(m, "rate");
        say(m, "}}");
    }
}

static void profile(gd_maker *m)
{
    unsigned end = m->duration, least = m->traits & GD_RANDOM_DRAINS ? 1 : 0;
    switch (roll(m, 5)) {
    case 0:
        say(m, ", 'profile': {'step': {'at': '#0..%ums', 'factor': #%u..4}}", end, least);
        break;
    case 1:
        say(m,
            ", 'profile': {'ramp': {'at': '#0..%ums', 'for': '#1..%ums', 'from': ~0|0.5~, "
            "'to': #%u..3}}",
            end, end, least);
        break;
    case 2:
        say(m, ", 'profile': {'spike': {'at': '#0..%ums', 'for': '#1..%ums', 'factor': #0..3", end,
            end);
        say(m, "~|, 'rise': '100ms', 'fall': '77ms'~}}");
        break;
    case 3:
        say(m, ", 'profile': {'daily': {'low': 0.2, 'high': 2, 'period': '1s'}}");
        break;
    default:
        say(m, ", 'profile': {'steady': {'factor': 1.5}}");
    }
}

static const char *page(gd_maker *m)
{
    return roll(m, m->ops[0]) ? "do" : "go";
}

static void journeys(gd_maker *m)
{
    unsigned n = 1 + roll(m, 2);
    say(m, ", 'journeys': {");
    for (unsigned i = 0; i < n; i++) {
        unsigned pages = 1 + roll(m, 5);
        say(m, "%s'way-%u': {'weight': #1..5, 'pages': ['%s'", i ? ", " : "", i, page(m));
        for (unsigned p = 1; p < pages; p++)
            say(m, ", '%s'", page(m));
        say(m, "]");
        if (chance(m, 70)) {
            say(m, ", 'think': ");
            gd_maker_time(m, 1 + roll(m, 100));
        }
        if (chance(m, 40))
            say(m, ", 'gives_up_after': #1..2");
        say(m, "}");
    }
    say(m, "}");
}

static void mix(gd_maker *m)
{
    if (m->ops[0] > 1 && chance(m, 50))
        say(m, ", 'mix': {'go': #1..4, 'do': 1}");
    else
        say(m, ", 'mix': '%s'", page(m));
}

static void users(gd_maker *m)
{
    say(m, "'users': {'n': #1..6, 'think': ");
    say(m, is_exact(m) ? "'#10..200ms'" : "{'exponential': {'mean': '#10..200ms'}}");
    if (chance(m, 40) && !is_exact(m))
        say(m, ", 'over': '#0..300ms'");
    say(m, "}");
}

static void client(gd_maker *m, unsigned index)
{
    const char *name = index ? "app" : "web";
    unsigned kind = roll(m, 3);
    bool visits = kind == 1;
    say(m, "%s'%s': {'at': 'a', ", index ? ", " : "", name);
    if (kind == 2) {
        users(m);
        visits = chance(m, 50);
    } else {
        say(m, kind ? "'visits': " : "'arrivals': ");
        arrivals(m, name);
    }
    if (visits)
        journeys(m);
    else
        mix(m);
    if (m->open == name && chance(m, 35) && !is_exact(m))
        profile(m);
    if (m->traits & GD_RANDOM_DRAINS || chance(m, 40))
        say(m, ", 'stop_after': #5..64");
    if (m->attribute)
        say(m, ", 'draw': {'items': {'geometric': {'mean': 2}}}");
    if (m->far)
        say(m, ", 'region': '~eu|us~'");
    if (chance(m, 60)) {
        say(m, ", ");
        gd_maker_policy(m, 0, true);
    } else if (chance(m, 30)) {
        say(m, ", 'timeout': '#10..60ms', 'reload': {'max_attempts': 3, 'after': '#0..30ms'}");
    }
    say(m, "}");
}

void gd_maker_clients(gd_maker *m)
{
    say(m, ", 'clients': {");
    for (unsigned i = 0; i < m->clients; i++)
        client(m, i);
    say(m, "}");
}

/* ---- faults ------------------------------------------------------------------------------------
 */
static void on_service(gd_maker *m)
{
    unsigned pick = roll(m, m->services + m->external);
    if (pick == m->services)
        say(m, ", 'target': 'external.ext'");
    else
        say(m, ", 'target': 'services.%c%s'", 'a' + (int)pick,
            m->copies && pick == m->services - 1 ? "-*" : "");
    if (pick < m->services && chance(m, 40))
        say(m, ", 'instances': 1");
}

static void on_edge(gd_maker *m)
{
    for (unsigned tries = 0; tries < 12; tries++) {
        unsigned from = roll(m, m->services), to = roll(m, 10);
        bool copies = m->copies && to == m->services - 1;
        if (!m->called[from][to] || copies)
            continue;
        if (to == 9)
            say(m, ", 'target': '%c>ext.ask'", 'a' + (int)from);
        else
            say(m, ", 'target': '%c>%c'", 'a' + (int)from, 'a' + (int)to);
        return;
    }
    say(m, ", 'target': 'web>a'");
}

/* A zone may hold no instance of any service, or one that nobody else has: the lonely one. */
static void on_either(gd_maker *m)
{
    if (chance(m, 35))
        on_edge(m);
    else
        on_service(m);
}

/* A service of the model's own: one whose work can be in progress. */
static bool on_workers(gd_maker *m)
{
    unsigned pick = roll(m, m->services - (m->copies ? 1 : 0));
    say(m, ", 'target': 'services.%c'", 'a' + (int)pick);
    return true;
}

static void slow(gd_maker *m)
{
    bool works = false;
    if (m->far && chance(m, 20))
        say(m, ", 'target': 'links.wan'");
    else if (chance(m, 35))
        on_edge(m);
    else if (chance(m, 50))
        on_service(m);
    else
        works = on_workers(m);
    if (chance(m, 70))
        say(m, ", 'factor': ~0|2|3|4|5|6|7|8~");
    else
        say(m, ", 'added': '#1..30ms'");
    if (works && chance(m, 60) && !is_exact(m)) /* what remains is divided */
        say(m, ", 'applies_to': 'running'");
}

static void cut(gd_maker *m)
{
    if (m->far && chance(m, 60))
        say(m, ", 'target': 'links.wan'");
    else if (m->near && chance(m, 70))
        say(m, ", 'target': 'links.near'");
    else if (chance(m, 50))
        say(m, ", 'between': ['%s', 'z0']", m->clients > 1 && chance(m, 50) ? "app" : "web");
    else
        say(m, ", 'target': 'zones.z0'");
    say(m, ", 'direction': '~both|to|from~'");
}

static void limit(gd_maker *m)
{
    if (chance(m, 50))
        on_edge(m);
    else
        say(m, ", 'target': 'services.a'");
    say(m, ", ");
    rate(m, "limit");
    if (chance(m, 50) || is_exact(m))
        say(m, ", 'burst': 2");
}

static void fault(gd_maker *m, unsigned index)
{
    static const char *const kinds[] = {"crash", "partition", "hang",    "rate_limit",
                                        "slow",  "errors",    "overload"};
    unsigned kind = roll(m, m->open && !is_exact(m) ? 7 : 6), lasts = 1 + roll(m, m->duration / 2);
    if (is_exact(m) && kind == 1)
        kind = 0; /* the transport's timeouts are not the model's: they do not double */
    say(m, "%s'f%u': {'fault': '%s', 'at': '#0..%ums'", index ? ", " : "", index, kinds[kind],
        m->duration - 1);
    if (m->traits & GD_RANDOM_DRAINS || chance(m, 80))
        say(m, ", 'for': '#%ums'", lasts);
    if (kind >= 4 && chance(m, 30) && !is_exact(m))
        say(m, ", 'ramp': '#0..%ums'", lasts);
    if (kind == 0)
        on_service(m);
    else if (kind == 1)
        cut(m);
    else if (kind == 2)
        on_either(m);
    else if (kind == 3)
        limit(m);
    else if (kind == 4)
        slow(m);
    else if (kind == 5)
        on_either(m);
    else
        say(m, ", 'target': 'clients.%s', 'factor': #0..4", m->open);
    if (kind == 5)
        say(m, ", 'share': '#1..100%%', 'outcome': '~server_error|unavailable~'");
    say(m, "}");
}

void gd_maker_scenario(gd_maker *m)
{
    unsigned n = roll(m, 5);
    say(m, "{'gameday': 1, 'duration': '#%ums'",
        m->traits & GD_RANDOM_DRAINS ? 4000000 : m->duration);
    if (!(m->traits & GD_RANDOM_DRAINS) && chance(m, 40))
        say(m, ", 'warmup': '#0..500ms'");
    say(m, ", 'faults': {");
    for (unsigned i = 0; i < n; i++)
        fault(m, i);
    say(m, "}}");
}
