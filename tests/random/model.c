/* Places, services and their operations, at random. */
#include "tests/random/model.h"

#include "models/compile.h"

/* ---- dice --------------------------------------------------------------------------------------
 */
uint32_t gd_maker_roll(gd_maker *m, uint32_t n)
{
    m->state = gd_next(m->state);
    return (uint32_t)gd_below(m->state, n);
}

bool gd_maker_chance(gd_maker *m, uint32_t percent)
{
    return gd_maker_roll(m, 100) < percent;
}

void gd_maker_add(gd_maker *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(m->out, format, args);
    va_end(args);
}

#define roll   gd_maker_roll
#define chance gd_maker_chance
#define add    gd_maker_add

void gd_maker_time(gd_maker *m, unsigned ms)
{
    unsigned half = ms / 2 ? ms / 2 : 1;
    const char *per = chance(m, 10) ? ", \"per\": \"request\"" : "";
    switch (roll(m, 9)) {
    case 0:
        add(m, "{\"exponential\": {\"mean\": \"%ums\"}%s}", ms, per);
        break;
    case 1:
        add(m, "{\"uniform\": {\"low\": \"%ums\", \"high\": \"%ums\"}%s}", half, ms + half, per);
        break;
    case 2:
        add(m, "{\"lognormal\": {\"median\": \"%ums\", \"p99\": \"%ums\"}}", ms, ms * 5);
        break;
    case 3:
        add(m, "{\"erlang\": {\"mean\": \"%ums\", \"stages\": 2}}", ms);
        break;
    case 4:
        add(m, "{\"empirical\": {\"values\": [\"%ums\", \"%ums\", \"%ums\"]}}", half, ms, ms * 2);
        break;
    case 5:
        add(m, "\"%uus\"", 1 + roll(m, ms * 2000));
        break;
    default: /* the same few constants again and again: events coincide */
        add(m, "\"%ums\"", chance(m, 15) ? 0 : chance(m, 60) ? ms : half);
    }
}

/* ---- places ------------------------------------------------------------------------------------
 */
static void make_link(gd_maker *m, const char *name, const char *a, const char *b)
{
    add(m, "\"%s\": {", name);
    if (chance(m, 80))
        add(m, "\"between\": [\"%s\", \"%s\"]", a, b);
    else
        add(m, "\"from\": \"%s\", \"to\": \"%s\"", a, b);
    if (chance(m, 85)) {
        add(m, ", \"latency\": ");
        gd_maker_time(m, 1 + roll(m, 4));
    }
    if (chance(m, 25))
        add(m, ", \"loss\": \"%u%%\", \"rto\": \"%ums\"", 1 + roll(m, 30), 5 + roll(m, 40));
    if (chance(m, 20))
        add(m, ", \"bandwidth\": \"%uMB/s\"", 1 + roll(m, 5));
    if (chance(m, 20))
        add(m, ", \"ordered\": true");
    add(m, "}");
}

static void network(gd_maker *m)
{
    m->zones = 1 + roll(m, 3);
    m->far = m->zones > 1 && chance(m, 30);
    add(m, "\"network\": {\"regions\": {\"eu\": {\"zones\": [\"z0\"%s%s]",
        m->zones > 1 && !(m->far && m->zones == 2) ? ", \"z1\"" : "",
        m->zones > 2 && !m->far ? ", \"z2\"" : "");
    if (chance(m, 60)) {
        add(m, ", \"latency\": ");
        gd_maker_time(m, 1);
    }
    add(m, "}%s}", m->far ? ", \"us\": {\"zones\": [\"y0\"]}" : "");
    if (chance(m, 40)) {
        add(m, ", \"same_zone\": ");
        gd_maker_time(m, 1);
    }
    if (chance(m, 40)) {
        add(m, ", \"clients\": ");
        gd_maker_time(m, 2);
    }
    add(m, ", \"links\": {");
    if (m->far)
        add(m, "\"wan\": {\"between\": [\"eu\", \"us\"], \"latency\": \"%ums\"}", roll(m, 6));
    if (!m->far && m->zones > 1 && chance(m, 50))
        make_link(m, "near", "z0", "z1");
    if (!m->far && m->zones == 1 && chance(m, 50))
        make_link(m, "near", "web", "z0");
    add(m, "}}");
}

/* ---- steps -------------------------------------------------------------------------------------
 */
static void steps(gd_maker *m, unsigned service, unsigned depth);

void gd_maker_callee(gd_maker *m, unsigned from)
{
    unsigned later = m->services - from - 1, pick = roll(m, later + m->external);
    if (pick == later) {
        m->called[from][9] = true;
        add(m, "\"ext.ask\"");
        return;
    }
    unsigned to = from + 1 + pick;
    m->called[from][to] = true;
    if (m->copies && to == m->services - 1)
        add(m, "\"%c-1.go\"", 'a' + (int)to);
    else
        add(m, "\"%c.%s\"", 'a' + (int)to, roll(m, m->ops[to]) ? "do" : "go");
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
    add(m, "{\"call\": ");
    if (m->copies && service + 1 < m->services && chance(m, 50))
        add(m, "{\"one_of\": \"%c-*.go\"}", 'a' + (int)m->services - 1);
    else
        gd_maker_callee(m, service);
    if (chance(m, 50))
        add(m, ", \"wait\": false");
    if (chance(m, 50)) {
        add(m, ", ");
        gd_maker_policy(m, service, false);
    }
    add(m, "}");
}

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
    add(m, "{\"parallel\": [");
    for (unsigned i = 0; i < n; i++) {
        add(m, i ? ", " : "");
        branch(m, service, depth);
    }
    add(m, "]");
    if (chance(m, 50))
        add(m, ", \"until\": %s", chance(m, 60) ? "\"first\"" : n == 3 ? "2" : "1");
    if (chance(m, 50))
        add(m, ", \"on_failure\": \"at_once\"");
    if (chance(m, 50))
        add(m, ", \"rest\": \"cancel\"");
    add(m, "}");
}

static void choose_step(gd_maker *m, unsigned service, unsigned depth)
{
    add(m, "{\"choose\": {\"one\": {\"weight\": %u, \"steps\": ", 1 + roll(m, 9));
    steps(m, service, depth + 1);
    add(m, "}, \"two\": {\"weight\": 3");
    if (chance(m, 60)) {
        add(m, ", \"steps\": ");
        steps(m, service, depth + 1);
    }
    add(m, "}}}");
}

static void repeat_step(gd_maker *m, unsigned service, unsigned depth)
{
    add(m, "{\"repeat\": ");
    if (m->attribute && chance(m, 50))
        add(m, "\"$items\"");
    else if (chance(m, 50))
        add(m, "%u", roll(m, 4));
    else
        add(m, "{\"geometric\": {\"mean\": 2}}");
    if (chance(m, 50))
        add(m, ", \"at_once\": %u", 1 + roll(m, 3));
    add(m, ", \"steps\": ");
    if (can_call(m, service) && chance(m, 60)) {
        add(m, "[");
        m->calls_left--;
        gd_maker_callee(m, service);
        add(m, "]");
    } else {
        steps(m, service, depth + 1);
    }
    add(m, "}");
}

static void if_step(gd_maker *m, unsigned service, unsigned depth)
{
    add(m, "{\"if\": \"flag-%u\", \"then\": ", roll(m, m->flags));
    steps(m, service, depth + 1);
    if (chance(m, 50)) {
        add(m, ", \"else\": ");
        steps(m, service, depth + 1);
    }
    add(m, "}");
}

static void fail_step(gd_maker *m)
{
    static const char *const outcomes[] = {"server_error", "client_error", "unavailable",
                                           "degraded",     "conflict",     "wrong_result"};
    add(m, "{\"fail\": \"%u%%\", \"outcome\": \"%s\"}", chance(m, 10) ? 100 : roll(m, 40),
        outcomes[roll(m, G_N_ELEMENTS(outcomes))]);
}

static void step(gd_maker *m, unsigned service, unsigned depth)
{
    unsigned kind = roll(m, depth < 2 ? 100 : 60);
    if (kind < 32 || (kind < 54 && !can_call(m, service))) {
        add(m, "{\"work\": ");
        gd_maker_time(m, 1 + roll(m, 12));
        add(m, "}");
    } else if (kind < 54) {
        call_step(m, service);
    } else if (kind < 60) {
        add(m, "{\"wait\": ");
        gd_maker_time(m, 1 + roll(m, 8));
        add(m, "}");
    } else if (kind < 73) {
        parallel_step(m, service, depth);
    } else if (kind < 80) {
        choose_step(m, service, depth);
    } else if (kind < 88) {
        repeat_step(m, service, depth);
    } else if (kind < 94) {
        if_step(m, service, depth);
    } else {
        fail_step(m);
    }
}

static void steps(gd_maker *m, unsigned service, unsigned depth)
{
    unsigned n = 1 + roll(m, depth ? 2 : 3);
    add(m, "[");
    for (unsigned i = 0; i < n; i++) {
        add(m, i ? ", " : "");
        step(m, service, depth);
    }
    add(m, "]");
}

/* ---- services ----------------------------------------------------------------------------------
 */
static void operation(gd_maker *m, unsigned service)
{
    m->calls_left = service == 0 ? 4 : 2;
    if (chance(m, 60)) {
        steps(m, service, 0);
        return;
    }
    add(m, "{\"steps\": ");
    steps(m, service, 0);
    if (chance(m, 60))
        add(m, ", \"priority\": %u", roll(m, 4));
    if (chance(m, 15))
        add(m, ", \"transparent\": true");
    if (chance(m, 40))
        add(m, ", \"send\": \"%uKiB\", \"reply\": \"%uKiB\"", roll(m, 8), roll(m, 8));
    add(m, "}");
}

static const char *one_of(gd_maker *m, const char *const *words, unsigned n)
{
    return words[roll(m, n)];
}

static void service_calls(gd_maker *m, unsigned service)
{
    bool first = true;
    add(m, ", \"calls\": {");
    for (unsigned to = 0; to < 10; to++) {
        bool copies = m->copies && to == m->services - 1;
        if (!m->called[service][to] || copies || chance(m, 35))
            continue;
        add(m, "%s\"%s\": {", first ? "" : ", ",
            to == 9 ? "ext" : (char[2]){(char)('a' + (int)to), 0});
        gd_maker_policy(m, service, false);
        add(m, "}");
        first = false;
    }
    add(m, "}");
}

static void place(gd_maker *m)
{
    if (m->far)
        add(m, ", \"zones\": [\"z0\"%s]", chance(m, 50) ? ", \"y0\"" : "");
    else if (m->zones > 1 && chance(m, 30))
        add(m, ", \"zones\": [\"z1\"%s]", chance(m, 50) ? ", \"z0\"" : "");
}

static void service(gd_maker *m, unsigned index)
{
    static const char *const cancels[] = {"none", "dequeue_only", "immediate"};
    static const char *const disciplines[] = {"fifo", "fifo", "lifo", "priority", "ps"};
    static const char *const balancers[] = {"round_robin", "random", "least_requests",
                                            "two_choices"};
    const char *discipline = one_of(m, disciplines, 5);
    add(m, "%s\"%c\": {\"instances\": %u, \"discipline\": \"%s\"", index ? ", " : "",
        'a' + (int)index, 1 + roll(m, 3), discipline);
    if (chance(m, 90))
        add(m, ", \"workers\": %u", 1 + roll(m, 3));
    else
        add(m, ", \"workers\": \"unlimited\"");
    if (m->copies && index == m->services - 1)
        add(m, ", \"copies\": 2");
    if (g_str_equal(discipline, "priority") && chance(m, 60))
        add(m, ", \"preempt\": true");
    add(m, ", \"threads\": \"%s\"", chance(m, 50) ? "async" : "blocking");
    if (chance(m, 50))
        add(m, ", \"queue\": {\"limit\": %u}", roll(m, 6));
    add(m, ", \"cancellation\": \"%s\"", one_of(m, cancels, 3));
    add(m, ", \"balancer\": \"%s\"", one_of(m, balancers, 4));
    if (chance(m, 30))
        add(m, ", \"crash\": {\"running\": \"%s\", \"queued\": \"%s\"}",
            chance(m, 60) || m->traits & GD_RANDOM_DRAINS ? "reset" : "silent",
            chance(m, 60) || m->traits & GD_RANDOM_DRAINS ? "reset" : "silent");
    if (chance(m, 30)) {
        add(m, ", \"start_up\": ");
        gd_maker_time(m, 1 + roll(m, 300));
    }
    place(m);
    if (chance(m, 10))
        add(m, ", \"before\": [{\"work\": \"1ms\"}]");
    if (chance(m, 10))
        add(m, ", \"after\": [{\"wait\": \"1ms\"}]");
    add(m, ", \"operations\": {\"go\": ");
    operation(m, index);
    if (m->ops[index] > 1) {
        add(m, ", \"do\": ");
        operation(m, index);
    }
    add(m, "}");
    service_calls(m, index);
    add(m, "}");
}

static void parties(gd_maker *m)
{
    if (m->external) {
        add(m, ", \"external\": {\"ext\": {");
        if (m->far)
            add(m, "\"region\": \"us\", ");
        if (chance(m, 30))
            add(m, "\"quota\": \"%u/s\", ", 1 + roll(m, 40));
        if (chance(m, 30))
            add(m, "\"availability\": \"%u%%\", ", 50 + roll(m, 50));
        add(m, "\"operations\": {\"ask\": ");
        gd_maker_time(m, 1 + roll(m, 20));
        add(m, "}}}");
    }
    add(m, ", \"services\": {");
    for (unsigned i = 0; i < m->services; i++)
        service(m, i);
    add(m, "}");
}

/* ---- documents ---------------------------------------------------------------------------------
 */
gd_random *gd_random_model(uint64_t seed, unsigned traits)
{
    gd_random *documents = g_new0(gd_random, 1);
    gd_maker m = {.state = gd_mix(seed, 1), .traits = traits, .out = g_string_new(NULL)};
    documents->seed = seed;
    m.services = 2 + roll(&m, 4);
    m.external = chance(&m, 40);
    m.attribute = chance(&m, 30);
    m.copies = chance(&m, 20);
    m.flags = 1 + roll(&m, 2);
    m.clients = 1 + chance(&m, 40);
    m.duration_ms = 500 + 500 * roll(&m, 5);
    for (unsigned i = 0; i < m.services; i++)
        m.ops[i] = 1 + chance(&m, 50);
    add(&m, "{\"gameday\": 1, \"flags\": {");
    for (unsigned i = 0; i < m.flags; i++)
        add(&m, "%s\"flag-%u\": {\"share\": \"%u%%\", \"key\": \"%s\"}", i ? ", " : "", i,
            roll(&m, 101), chance(&m, 50) ? "user" : "request");
    add(&m, "}, ");
    network(&m);
    parties(&m);
    gd_maker_clients(&m);
    add(&m, "}");
    documents->model = g_string_free(m.out, FALSE);

    m.out = g_string_new(NULL);
    gd_maker_scenario(&m);
    documents->scenario = g_string_free(m.out, FALSE);

    m.out = g_string_new("at\n");
    unsigned at = 0, n = 5 + roll(&m, 40);
    for (unsigned i = 0; i < n; i++)
        add(&m, "%ums\n", at += roll(&m, 3) * roll(&m, 40));
    documents->arrivals = g_string_free(m.out, FALSE);
    return documents;
}

void gd_random_free(gd_random *documents)
{
    if (!documents)
        return;
    g_free(documents->model);
    g_free(documents->scenario);
    g_free(documents->arrivals);
    g_free(documents);
}

static const char *read_arrivals(void *user, gd_arena *arena, const char *path, const gd_node *at,
                                 gd_problems *problems, size_t *length)
{
    (void)path, (void)at, (void)problems;
    const gd_random *documents = user;
    *length = strlen(documents->arrivals);
    return gd_arena_strndup(arena, documents->arrivals, *length);
}

gd_plan *gd_random_compile(const gd_random *documents, gd_arena *arena, char **problems)
{
    g_autoptr(gd_problems) found = gd_problems_new();
    gd_compile_options options = {.read_data = read_arrivals, .user = (void *)documents};
    const gd_node *model =
        gd_source_parse(arena, "model.json", documents->model, strlen(documents->model), found);
    const gd_node *scenario = gd_source_parse(arena, "scenario.json", documents->scenario,
                                              strlen(documents->scenario), found);
    gd_plan *plan = NULL;
    if (model && scenario)
        plan = gd_compile(arena, model, scenario, &options, found);
    *problems = plan ? NULL : gd_problems_print(found);
    return plan;
}
