/* Places, services and their operations, at random. */
#include "tests/random/model.h"

#define roll   gd_maker_roll
#define chance gd_maker_chance
#define say    gd_maker_say

/* ---- places ------------------------------------------------------------------------------------
 */
static void near_link(gd_maker *m, const char *a, const char *b)
{
    say(m, "'near': {");
    m->near = chance(m, 80); /* both ways: a fault may say which */
    if (m->near)
        say(m, "'between': ['%s', '%s']", a, b);
    else
        say(m, "'from': '%s', 'to': '%s'", a, b);
    if (chance(m, 85)) {
        say(m, ", 'latency': ");
        gd_maker_time(m, 1 + roll(m, 4));
    }
    bool loss = chance(m, 25);
    if (loss)
        say(m, ", 'loss': '#1..30%%'");
    if (chance(m, 40) ||
        (loss &&
         m->traits &
             GD_RANDOM_EXACT)) /* so short that the transport gives up within a run, or not */
        say(m, ", 'rto': '%s'", chance(m, 50) ? "#1..30us" : "#5..44ms");
    if (chance(m, 20)) /* by a rate that divides a message's time in whole ns, at half of it too */
        say(m, ", 'bandwidth': '%ukB/s'", (2u << roll(m, 3)) * 500 * 2 / m->stretch);
    if (chance(m, 20))
        say(m, ", 'ordered': true");
    say(m, "}");
}

void gd_maker_places(gd_maker *m)
{
    m->zones = 1 + roll(m, 3);
    m->far = m->zones > 1 && chance(m, 30);
    say(m, "'network': {'regions': {'eu': {'zones': ['z0'%s%s]",
        m->zones > 1 && !(m->far && m->zones == 2) ? ", 'z1'" : "",
        m->zones > 2 && !m->far ? ", 'z2'" : "");
    if (chance(m, 60)) {
        say(m, ", 'latency': ");
        gd_maker_time(m, 1);
    }
    say(m, "}%s}", m->far ? ", 'us': {'zones': ['y0']}" : "");
    if (chance(m, 40)) {
        say(m, ", 'same_zone': ");
        gd_maker_time(m, 1);
    }
    if (chance(m, 40)) {
        say(m, ", 'clients': ");
        gd_maker_time(m, 2);
    }
    say(m, ", 'links': {");
    if (m->far)
        say(m, "'wan': {'between': ['eu', 'us'], 'latency': '#0..5ms'}");
    else if (chance(m, 50))
        near_link(m, m->zones > 1 ? "z0" : "web", m->zones > 1 ? "z1" : "z0");
    say(m, "}}");
}

/* ---- steps -------------------------------------------------------------------------------------
 */
static void steps(gd_maker *m, unsigned service, unsigned depth);

void gd_maker_callee(gd_maker *m, unsigned from)
{
    unsigned later = m->services - from - 1, pick = roll(m, later + m->external);
    if (pick == later) {
        m->called[from][9] = true;
        say(m, "'ext.ask'");
        return;
    }
    unsigned to = from + 1 + pick;
    m->called[from][to] = true;
    if (m->copies && to == m->services - 1)
        say(m, "'%c-1.go'", 'a' + (int)to);
    else
        say(m, "'%c.%s'", 'a' + (int)to, roll(m, m->ops[to]) ? "do" : "go");
}

static bool can_call(const gd_maker *m, unsigned service)
{
    return m->calls_left > 0 && (service + 1 < m->services || m->external);
}

static void call_step(gd_maker *m, unsigned service)
{
    m->calls_left--;
    if (chance(m, 70)) {
        gd_maker_callee(m, service);
        return;
    }
    say(m, "{'call': ");
    if (m->copies && service + 1 < m->services && chance(m, 50))
        say(m, "{'one_of': '%c-*.go'}", 'a' + (int)m->services - 1);
    else
        gd_maker_callee(m, service);
    if (chance(m, 50))
        say(m, ", 'wait': false");
    if (chance(m, 50)) {
        say(m, ", ");
        gd_maker_policy(m, service, false);
    }
    say(m, "}");
}

/* A call and nothing else, or some steps. */
static void branch(gd_maker *m, unsigned service, unsigned depth)
{
    if (can_call(m, service) && chance(m, 60)) {
        m->calls_left--;
        gd_maker_callee(m, service);
    } else {
        steps(m, service, depth + 1);
    }
}

static void parallel_step(gd_maker *m, unsigned service, unsigned depth)
{
    unsigned n = 2 + roll(m, 2);
    say(m, "{'parallel': [");
    for (unsigned i = 0; i < n; i++) {
        say(m, i ? ", " : "");
        branch(m, service, depth);
    }
    say(m, "]");
    if (chance(m, 50))
        say(m, ", 'until': %s", chance(m, 60) ? "'first'" : n == 3 ? "2" : "1");
    if (chance(m, 50))
        say(m, ", 'on_failure': 'at_once'");
    if (chance(m, 50))
        say(m, ", 'rest': 'cancel'");
    say(m, "}");
}

static void choose_step(gd_maker *m, unsigned service, unsigned depth)
{
    say(m, "{'choose': {'one': {'weight': #1..9, 'steps': ");
    steps(m, service, depth + 1);
    say(m, "}, 'two': {'weight': 3");
    if (chance(m, 60)) {
        say(m, ", 'steps': ");
        steps(m, service, depth + 1);
    }
    say(m, "}}}");
}

static void repeat_step(gd_maker *m, unsigned service, unsigned depth)
{
    say(m, "{'repeat': ");
    if (m->attribute && chance(m, 50))
        say(m, "'$items'");
    else
        say(m, "~0|1|2|3|{'geometric': {'mean': 2}}~");
    if (chance(m, 50))
        say(m, ", 'at_once': #1..3");
    say(m, ", 'steps': ");
    if (can_call(m, service) && chance(m, 60)) {
        m->calls_left--;
        say(m, "[");
        gd_maker_callee(m, service);
        say(m, "]");
    } else {
        steps(m, service, depth + 1);
    }
    say(m, "}");
}

static void if_step(gd_maker *m, unsigned service, unsigned depth)
{
    say(m, "{'if': 'flag-#0..%u', 'then': ", m->flags - 1);
    steps(m, service, depth + 1);
    if (chance(m, 50)) {
        say(m, ", 'else': ");
        steps(m, service, depth + 1);
    }
    say(m, "}");
}

static void step(gd_maker *m, unsigned service, unsigned depth)
{
    unsigned kind = roll(m, depth < 2 ? 100 : 60);
    if (kind < 32 || (kind < 54 && !can_call(m, service))) {
        say(m, "{'work': ");
        gd_maker_time(m, 1 + roll(m, 12));
        say(m, "}");
    } else if (kind < 54) {
        call_step(m, service);
    } else if (kind < 60) {
        say(m, "{'wait': ");
        gd_maker_time(m, 1 + roll(m, 8));
        say(m, "}");
    } else if (kind < 73) {
        parallel_step(m, service, depth);
    } else if (kind < 80) {
        choose_step(m, service, depth);
    } else if (kind < 88) {
        repeat_step(m, service, depth);
    } else if (kind < 94) {
        if_step(m, service, depth);
    } else {
        say(m, "{'fail': '#0..40%%', 'outcome': '~server_error|client_error|unavailable|degraded|"
               "conflict|wrong_result~'}");
    }
}

static void steps(gd_maker *m, unsigned service, unsigned depth)
{
    unsigned n = 1 + roll(m, depth ? 2 : 3);
    say(m, "[");
    for (unsigned i = 0; i < n; i++) {
        say(m, i ? ", " : "");
        step(m, service, depth);
    }
    say(m, "]");
}

/* ---- services ----------------------------------------------------------------------------------
 */
/* Something, perhaps, before or after the call that it is there for. */
static void proxy_steps(gd_maker *m, unsigned service)
{
    say(m, "[");
    if (chance(m, 40)) {
        step(m, service, 0);
        say(m, ", ");
    }
    gd_maker_callee(m, service);
    if (chance(m, 40)) {
        say(m, ", ");
        step(m, service, 0);
    }
    say(m, "]");
}

static void operation(gd_maker *m, unsigned service)
{
    m->calls_left = service == 0 ? 4 : 2;
    if (chance(m, 60) && !m->proxy[service]) {
        steps(m, service, 0);
        return;
    }
    say(m, "{'steps': ");
    if (m->proxy[service])
        proxy_steps(m, service);
    else
        steps(m, service, 0);
    if (chance(m, 60))
        say(m, ", 'priority': #0..3");
    if (m->proxy[service])
        say(m, ", 'transparent': true");
    if (chance(m, 40))
        say(m, ", 'send': '#0..7KiB', 'reply': '#0..7KiB'");
    say(m, "}");
}

static void service_calls(gd_maker *m, unsigned service)
{
    const char *comma = "";
    say(m, ", 'calls': {");
    for (unsigned to = 0; to < 10; to++) {
        bool copies = m->copies && to == m->services - 1;
        if (!m->called[service][to] || copies || chance(m, 35))
            continue;
        if (to == 9)
            say(m, "%s'ext': {", comma);
        else
            say(m, "%s'%c': {", comma, 'a' + (int)to);
        gd_maker_policy(m, service, false);
        say(m, "}");
        comma = ", ";
    }
    say(m, "}");
}

static void place(gd_maker *m)
{
    if (m->far)
        say(m, ", 'zones': ['z0'%s]", chance(m, 50) ? ", 'y0'" : "");
    else if (m->zones > 1 && chance(m, 30))
        say(m, ", 'zones': ['z1'%s]", chance(m, 50) ? ", 'z0'" : "");
}

static void discipline(gd_maker *m)
{
    unsigned kind = roll(m, 5);
    if (kind == 4 && !(m->traits & GD_RANDOM_EXACT))
        say(m, ", 'discipline': 'ps'");
    else if (kind == 3)
        say(m, ", 'discipline': 'priority', 'preempt': ~true|true|false~");
    else
        say(m, ", 'discipline': '~fifo|fifo|lifo~'");
}

static void fate(gd_maker *m)
{
    if (chance(m, 30) && !(m->traits & GD_RANDOM_DRAINS)) /* who has no timeout would wait on */
        say(m, ", 'crash': {'running': '~reset|reset|silent~', 'queued': '~reset|silent~'}");
    if (chance(m, 30)) {
        say(m, ", 'start_up': ");
        if (m->traits & GD_RANDOM_EXACT)
            say(m, "'#0..300ms'"); /* what is drawn anew depends on when that is */
        else
            gd_maker_time(m, 1 + roll(m, 300));
    }
}

/* Connections to some of the services that it calls. */
static void pools(gd_maker *m, unsigned service)
{
    const char *comma = "";
    say(m, ", 'pools': {");
    for (unsigned to = 0; to < 9; to++) {
        bool copies = m->copies && to == m->services - 1;
        if (!m->called[service][to] || copies || chance(m, 40))
            continue;
        say(m, "%s'%c': {'max': #1..4, 'min_idle': #0..1, 'max_connecting': #0..2, ", comma,
            'a' + (int)to);
        say(m, "'acquire_timeout': '#0..40ms', 'max_waiting': #0..3, 'round_trips': #1..3, ");
        say(m,
            "'connect_work': '#1..5ms', 'validation': '~0s|5s~', 'connect_timeout': '#5..90ms', ");
        say(m, "'reconnect': {'full': {'base': '#1..50ms'}}, 'idle_timeout': '~0s|100ms~', ");
        say(m, "'max_lifetime': '#200..900ms'}");
        comma = ", ";
    }
    say(m, "}");
}

static void service(gd_maker *m, unsigned index)
{
    say(m, "%s'%c': {'instances': #1..3", index ? ", " : "", 'a' + (int)index);
    discipline(m);
    say(m, ", 'workers': ~1|1|1|2|2|2|3|3|3|'unlimited'~");
    if (m->copies && index == m->services - 1)
        say(m, ", 'copies': %u", chance(m, 5) ? 120 : 2); /* many: measured in another way */
    say(m, ", 'threads': '~blocking|async~'");
    if (chance(m, 50))
        say(m, ", 'queue': {'limit': #0..5}");
    say(m, ", 'cancellation': '~none|dequeue_only|immediate~'");
    say(m, ", 'balancer': '~round_robin|random|least_requests|two_choices~'");
    fate(m);
    place(m);
    if (chance(m, 10))
        say(m, ", 'before': [{'work': '#1ms'}]");
    if (chance(m, 10))
        say(m, ", 'after': [{'wait': '#1ms'}]");
    say(m, ", 'operations': {'go': ");
    operation(m, index);
    if (m->ops[index] > 1) {
        say(m, ", 'do': ");
        operation(m, index);
    }
    say(m, "}");
    service_calls(m, index);
    if (m->traits & GD_RANDOM_MORE && chance(m, 60))
        pools(m, index);
    if (m->traits & GD_RANDOM_MORE && chance(m, 20))
        say(m, ", 'mesh': {'hop': '#0..2ms', 'timeout': '#5..90ms', 'retry': #1..3}");
    say(m, "}");
}

void gd_maker_parties(gd_maker *m)
{
    if (m->external) {
        say(m, ", 'external': {'ext': {");
        if (m->far)
            say(m, "'region': 'us', ");
        if (chance(m, 30) && !(m->traits & GD_RANDOM_EXACT))
            say(m, "'quota': '#1..40/s', ");
        if (chance(m, 30))
            say(m, "'availability': '#50..99%%', ");
        say(m, "'operations': {'ask': ");
        gd_maker_time(m, 1 + roll(m, 20));
        say(m, "}}}");
    }
    say(m, ", 'services': {");
    for (unsigned i = 0; i < m->services; i++)
        service(m, i);
    uint64_t state = m->state;
    if (m->traits & GD_RANDOM_LONELY)
        say(m, ", 'aa': {'workers': 2, 'instances': 3%s, 'operations': {'go': [{'work': '#1ms'}]}}",
            m->far ? ", 'zones': ['z0']" : "");
    m->state = state; /* all else is as it is without it */
    say(m, "}");
}
