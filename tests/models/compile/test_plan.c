/* Services, places and the plan as a whole. */
#include "sim/rng.h"
#include "tests/models/compile/compiled.h"
#include "tests/models/compile/plan_text.h"

/* ---- order ------------------------------------------------------------------------------------
 */
/* Something of everything that has named members. */
#define WHOLE_MODEL                                                                                \
    "{'gameday': 1, 'name': 'whole', 'clock': {'utc_offset': '+01:00'}, 'network': {'same_zone': " \
    "'preset:same-zone', 'clients': '5ms', 'regions': {'us': {'zones': ['d', 'c']}, 'eu': "        \
    "{'zones': ['b', 'a'], 'latency': '1ms'}}, 'links': {'x': {'between': ['eu', 'us'], "          \
    "'latency': {'quantiles': {'p50': '40ms', 'p99': '50ms'}}, 'loss': '1%'}, 'near': {'from': "   \
    "'a', 'to': 'c', 'latency': '30ms', 'bandwidth': '1Gbit/s'}}}, 'policies': {'rpc': "           \
    "{'timeout': '1s', 'retry': {'max_attempts': 2}}, 'nice': {'optional': true}}, 'defaults': "   \
    "{'call': 'rpc', 'service': {'zones': ['eu', 'us'], 'workers': 4, 'queue': {'limit': 9}}}, "   \
    "'flags': {'new': '20%', 'beta': {'key': 'request'}}, 'services': {'z': {'instances': 3, "     \
    "'operations': {'b': [{'work': '2ms'}], 'a': [{'work': {'exponential': {'mean': '1ms'}}}]}}, " \
    "'api': {'calls': {'z': 'nice', 'z.a': {'deadline': '3s'}}, 'operations': {'get': "            \
    "[{'choose': {'m': {'weight': 2, 'steps': ['z.a']}, 'h': {'steps': [{'work': '9ms'}]}}}, "     \
    "{'parallel': {'q': 'z.b', 'p': ['z.a', 'psp.pay']}}, {'if': 'new', 'then': [{'call': "        \
    "{'one_of': 'leaf-*.x'}}]}, {'repeat': '$n', 'steps': ['z.a']}]}}, 'leaf': {'copies': 3, "     \
    "'operations': {'x': []}}}, 'external': {'psp': {'region': 'us', 'quota': '5/s', "             \
    "'availability': '99%', 'operations': {'pay': '80ms', 'back': '90ms'}}}, 'clients': {'web': "  \
    "{'at': 'api', 'region': 'eu', 'arrivals': {'poisson': '5/s'}, 'draw': {'n': 2, 'm': 3}, "     \
    "'profile': {'ramp': {'from': 1, 'to': 2, 'at': '1m', 'for': '1m'}}}, 'app': {'at': 'api', "   \
    "'zone': 'c', 'draw': {'n': 1}, 'visits': {'periodic': '1/s'}, 'journeys': {'two': {'pages': " \
    "['get', 'get'], 'think': '1s'}, 'one': {'weight': 3, 'pages': ['get']}}}}, 'observed': "      \
    "{'web.get': {'p50': '1s', 'errors': 0}}}"
#define WHOLE_SCENARIO                                                                             \
    "{'gameday': 1, 'name': 'storm', 'duration': '10m', 'warmup': '1m', 'faults': {'slow': "       \
    "{'fault': 'slow', 'target': 'services.z', 'at': '2m', 'for': '1m', 'factor': 3}, 'cut': "     \
    "{'fault': 'partition', 'target': 'regions.us', 'at': '1m'}}, 'load': {'more': {'target': "    \
    "'clients.web', 'step': {'at': '3m', 'factor': 2}}, 'less': {'target': 'clients.web', "        \
    "'steady': '50%'}}}"

/* The same document, the members of each object the other way round. */
static void reverse_members(gd_node *node)
{
    gd_node *reversed = NULL, *next, *last = node->first;
    for (gd_node *child = node->first; child; child = next) {
        next = child->next;
        reverse_members(child);
        if (node->kind == GD_OBJECT) {
            child->next = reversed;
            reversed = child;
        }
    }
    if (node->kind != GD_OBJECT)
        return;
    node->first = reversed;
    node->last = last;
}

static void test_order_of_members_is_nothing(void **unused)
{
    (void)unused;
    compiled c = compile_good(WHOLE_MODEL, WHOLE_SCENARIO);
    compiled d = compile_good(WHOLE_MODEL, WHOLE_SCENARIO);
    reverse_members(d.model);
    reverse_members(d.scenario);
    const gd_node *first = d.model->first;
    check_text(first ? first->key : NULL, "observed", "it is turned round");
    gd_plan *turned = gd_compile(d.arena, d.model, d.scenario, NULL, d.problems);
    g_autofree char *problems = gd_problems_print(d.problems);
    check_that(turned, "%s", problems);
    g_autofree char *one = plan_text(c.plan), *two = plan_text(turned);
    check_text(two, one, "plans of one document, members shuffled");
    forget(&c);
    forget(&d);
}

/* An extra service that nobody calls moves indices but no name's salt. */
static void test_names_do_not_move(void **unused)
{
    (void)unused;
    compiled c = compile_good("{'gameday': 1, " TINY_SERVICES ", " TINY_CLIENTS "}", NULL);
    compiled d = compile_good(
        "{'gameday': 1, 'services': {'aaa': {'workers': 1, 'instances': 7, 'operations': {'x': "
        "[]}}, "
        "'api': {'workers': 1, 'operations': {'get': [{'work': '5ms'}]}}}, " TINY_CLIENTS "}",
        NULL);
    check_that(op_named(c.plan, "api.get")->salt == op_named(d.plan, "api.get")->salt, "op");
    check_that(site_named(c.plan, "web>api.get")->salt == site_named(d.plan, "web>api.get")->salt,
               "site");
    check_that(c.plan->instances[0].salt == d.plan->instances[7].salt, "instance");
    check_that(c.plan->clients[0].salt == d.plan->clients[0].salt, "client");
    forget(&c);
    forget(&d);
}

/* ---- services ---------------------------------------------------------------------------------
 */
static void test_defaults_of_a_service(void **unused)
{
    (void)unused;
    compiled c = compile_good(TINY_MODEL, NULL);
    const gd_plan_service *s = &c.plan->services[0];
    check_that(s->instances_n == 1 && s->workers == 1 && s->queue_limit == UINT32_MAX, "size");
    check_that(!s->async && s->discipline == GD_FIFO && s->cancel == GD_CANCEL_NONE, "ways");
    check_that(s->crash_running == GD_CRASH_RESET && s->start_up == 0 &&
                   s->start_up_dist == GD_NONE,
               "crash");
    check_that(!s->external && s->quota == 0 && s->unavailable == 0, "no external");
    const gd_plan_link *link = &c.plan->links[c.plan->sites[0].fixed_link];
    check_that(link->is_constant && link->constant == 0 && link->loss == 0, "no network");
    check_that(c.plan->sites[0].chain_n == 0, "no policy");
    check_that(c.plan->horizon == 60 * GD_S && c.plan->warmup == 0, "a minute");
    forget(&c);
}

static void test_fields_of_a_service(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        "{'gameday': 1, 'defaults': {'service': {'queue': {'limit': 3}, 'owner': 'us', 'start_up': "
        "'9s'}}, 'services': {'api': {'workers': 'unlimited', 'threads': 'async', 'discipline': "
        "'priority', 'preempt': true, 'cancellation': 'dequeue_only', 'crash': {'queued': "
        "'silent'}, "
        "'start_up': {'exponential': {'mean': '1s'}}, 'operations': {'get': {'steps': ['b.x'], "
        "'priority': 2, 'transparent': true, 'send': '1KiB', 'reply': '2KiB'}}}, 'b': {'workers': "
        "1, "
        "'queue': null, 'operations': {'x': []}}}, " TINY_CLIENTS "}",
        NULL);
    const gd_plan_service *s = &c.plan->services[0], *b = &c.plan->services[1];
    check_that(s->workers == UINT32_MAX && s->async && s->discipline == GD_PRIORITY && s->preempt,
               "ways");
    check_that(s->cancel == GD_CANCEL_DEQUEUE && s->crash_queued == GD_CRASH_SILENT &&
                   s->crash_running == GD_CRASH_RESET && s->start_up_dist != GD_NONE,
               "ends");
    check_that(s->queue_limit == 3 && b->queue_limit == UINT32_MAX, "null takes a default away");
    check_that(b->start_up == 9 * GD_S && b->start_up_dist == GD_NONE, "a constant start-up");
    check_text(b->owner, "us", "owner");
    const gd_plan_op *op = &c.plan->ops[0];
    check_that(op->priority == 2 && op->transparent && op->send_bytes == 1024 &&
                   op->reply_bytes == 2048,
               "operation");
    forget(&c);
}

static void test_externals(void **unused)
{
    (void)unused;
    compiled c = compile_good(WHOLE_MODEL, NULL);
    const gd_plan_op *pay = op_named(c.plan, "psp.pay");
    const gd_plan_service *psp = &c.plan->services[pay->service];
    check_that(psp->external && psp->workers == UINT32_MAX && psp->quota == 5 * GD_RATE_HZ, "psp");
    check_that(psp->unavailable == gd_share_threshold(GD_SHARE_ONE / 100), "availability");
    check_that(c.plan->steps[pay->first + 1].kind == GD_STEP_WAIT &&
                   c.plan->steps[pay->first + 2].kind == GD_STEP_END,
               "one wait");
    forget(&c);
}

#define GROUP                                                                                      \
    "{'gameday': 1, 'services': {'leaf': {'copies': 12, 'workers': 1, 'instances': 2, "            \
    "'operations': {'x': []}}, 'root': {'copies': 2, 'workers': 1, 'operations': {'get': "         \
    "[{'call': {'one_of': 'leaf-*.x'}}]}}}, 'clients': {'web': {'at': 'root-*', 'arrivals': "      \
    "{'poisson': '1/s'}}}}"

static void test_copies(void **unused)
{
    (void)unused;
    compiled c = compile_good(GROUP, NULL);
    check_that(c.plan->n_services == 14 && c.plan->n_instances == 26, "%u", c.plan->n_services);
    check_text(c.plan->services[0].name, "leaf-1", "without leading zeros");
    check_text(c.plan->services[1].name, "leaf-10", "in byte order");
    const gd_plan_site *site = site_named(c.plan, "root-2>leaf-*.x");
    check_that(site && site->callees_n == 12, "a random one of the group");
    check_that(c.plan->n_callees == 14, "the group is listed once: %u", c.plan->n_callees);
    check_that(c.plan->n_edges == 2, "%u", c.plan->n_edges);
    check_text(c.plan->edges[0].name, "root-*>leaf-*.x", "statistics by group");
    const gd_plan_site *web = site_named(c.plan, "web>root-*.get");
    check_that(web && web->callees_n == 2, "a client of a group");
    check_text(c.plan->views[0].name, "web.get", "user-visible");
    forget(&c);
}

/* ---- places -----------------------------------------------------------------------------------
 */
static const char *zone_of(const gd_plan *plan, const char *service, uint32_t ordinal)
{
    for (uint32_t i = 0; i < plan->n_instances; i++) {
        const gd_plan_instance *instance = &plan->instances[i];
        if (strcmp(plan->services[instance->service].name, service) == 0 &&
            instance->ordinal == ordinal)
            return plan->zones[instance->zone].name;
    }
    return NULL;
}

static void test_placement(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        "{'gameday': 1, 'network': {'regions': {'eu': {'zones': ['c', 'a', 'b']}}}, 'services': "
        "{'api': {'workers': 1, 'instances': 4, 'zones': ['b', 'a'], 'operations': {'get': []}}, "
        "'all': {'workers': 1, 'instances': 4, 'operations': {'x': []}}}, " TINY_CLIENTS "}",
        NULL);
    check_text(zone_of(c.plan, "api", 0), "b", "as listed");
    check_text(zone_of(c.plan, "api", 1), "a", "in turn");
    check_text(zone_of(c.plan, "api", 2), "b", "round");
    check_text(zone_of(c.plan, "all", 0), "a", "all zones of the only region, in byte order");
    check_text(zone_of(c.plan, "all", 2), "c", "all");
    forget(&c);
}

static const gd_plan_link *link_between(const gd_plan *plan, const char *from, const char *to)
{
    uint32_t a = GD_NONE, z = GD_NONE;
    for (uint32_t i = 0; i < plan->n_zones; i++) {
        a = strcmp(plan->zones[i].name, from) == 0 ? i : a;
        z = strcmp(plan->zones[i].name, to) == 0 ? i : z;
    }
    uint16_t link = plan->link_of[(size_t)a * plan->n_zones + z];
    return link == UINT16_MAX ? NULL : &plan->links[link];
}

static void test_links(void **unused)
{
    (void)unused;
    compiled c = compile_good(WHOLE_MODEL, NULL);
    static const struct {
        const char *from, *to, *name;
        gd_span constant; /* -1: drawn */
    } wanted[] = {
        {"a", "a", "same_zone", -1},
        {"a", "b", "eu", GD_MS},
        {"b", "c", "x", -1},
        {"c", "b", "x", -1},
        {"a", "c", "near", 30 * GD_MS},
        {"c", "a", "x", -1},
        {"c", "d", "us", -1},
        {"web", "a", "client", 5 * GD_MS},
        {"web", "c", "x", -1}, /* its region's link is nearer than nothing */
        {"app", "a", "x", -1},
        {"a", "app", "near", 30 * GD_MS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const gd_plan_link *link = link_between(c.plan, wanted[i].from, wanted[i].to);
        check_text(link ? link->name : "none", wanted[i].name, "%s to %s", wanted[i].from,
                   wanted[i].to);
        check_that(link->is_constant == (wanted[i].constant >= 0), "%s", wanted[i].name);
        check_that(!link->is_constant || link->constant == wanted[i].constant,
                   "%s to %s: "
                   "%" G_GINT64_FORMAT,
                   wanted[i].from, wanted[i].to, link->constant);
    }
    check_that(link_between(c.plan, "web", "app") == NULL, "users do not talk to each other");
    const gd_plan_link *x = link_between(c.plan, "b", "c"), *near = link_between(c.plan, "a", "c");
    check_that(x->loss == gd_share_threshold(GD_SHARE_ONE / 100) && x->rto == 200 * GD_MS, "loss");
    check_that(near->bytes_per_s == 125000000 && x->bytes_per_s == 0, "bandwidth");
    forget(&c);
}

/* A network preset is a round trip, and a latency is one way. */
static void test_presets_are_halved(void **unused)
{
    (void)unused;
    compiled c =
        compile_good("{'gameday': 1, 'network': {'same_zone': 'preset:same-zone'}, " TINY_SERVICES
                     ", " TINY_CLIENTS "}",
                     NULL);
    compiled d = compile_good("{'gameday': 1, 'network': {'same_zone': {'lognormal': {'median': "
                              "'125us', 'p99': '500us'}}}, " TINY_SERVICES ", " TINY_CLIENTS "}",
                              NULL);
    const gd_dist *one = &c.plan->dists[c.plan->links[0].latency];
    const gd_dist *two = &d.plan->dists[d.plan->links[0].latency];
    for (uint64_t u = 1; u; u <<= 1)
        check_that(gd_dist_sample(one, u) == gd_dist_sample(two, u), "%" G_GUINT64_FORMAT, u);
    forget(&c);
    forget(&d);
}

/* ---- times and sizes --------------------------------------------------------------------------
 */
static void test_windows(void **unused)
{
    (void)unused;
    static const struct {
        const char *duration, *work;
        gd_span window;
    } cases[] = {
        {"60s", "0.1ms", 50 * GD_MS}, /* 33 ms, rounded up */
        {"60s", "30ms", 500 * GD_MS}, /* ten steps of the longest */
        {"60s", "30s", 5 * GD_S},     /* but at least twelve windows here */
        {"1h", "1ms", 2 * GD_S},      {"3650d", "1ms", 200000 * GD_S}, {"1ns", "1ms", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *model = g_strdup_printf(
            "{'gameday': 1, 'services': {'api': {'workers': 1, 'operations': {'get': [{'work': "
            "'%s'}]}}}, " TINY_CLIENTS "}",
            cases[i].work);
        g_autofree char *scenario =
            g_strdup_printf("{'gameday': 1, 'duration': '%s'}", cases[i].duration);
        compiled c = compile_good(model, scenario);
        check_that(c.plan->window == cases[i].window, "%s of %s: %" G_GINT64_FORMAT,
                   cases[i].duration, cases[i].work, c.plan->window);
        gd_span duration = c.plan->horizon - c.plan->warmup;
        check_that((gd_span)c.plan->windows * c.plan->window >= duration &&
                       (gd_span)(c.plan->windows - 1) * c.plan->window < duration &&
                       c.plan->windows <= 4096,
                   "%u", c.plan->windows);
        forget(&c);
    }
}

static void test_scale(void **unused)
{
    (void)unused;
    gd_compile_options half = {.scale = GD_SHARE_ONE / 4};
    const char *model =
        "{'gameday': 1, 'services': {'api': {'workers': 10, 'queue': {'limit': 8}, 'operations': "
        "{'get': []}}}, 'external': {'psp': {'quota': '8/s', 'operations': {'x': '1ms'}}}, "
        "'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '100/s'}, 'stop_after': 40}, "
        "'team': {'at': 'api', 'users': 12}}}";
    compiled c = compile_with(model, NULL, &half);
    check_that(c.plan, "it compiles");
    check_that(c.plan->services[0].workers == 3 && c.plan->services[0].queue_limit == 2, "%u",
               c.plan->services[0].workers);
    check_that(c.plan->services[1].quota == 2 * GD_RATE_HZ, "quota");
    check_that(c.plan->services[1].workers == UINT32_MAX, "unlimited stays unlimited");
    check_that(c.plan->clients[1].rate == 25 * GD_RATE_HZ && c.plan->clients[1].stop_after == 10,
               "web");
    check_that(c.plan->clients[0].users == 3, "team");
    gd_compile_options tiny = {.scale = GD_SHARE_ONE / 100};
    compiled d = compile_with(model, NULL, &tiny);
    g_autofree char *problems = gd_problems_print(d.problems);
    check_that(!d.plan && strstr(problems, "services.api: has 10 workers"), "%s", problems);
    forget(&c);
    forget(&d);
}

/* A chain as long as a plan allows is walked without recursion. */
static void test_long_chain(void **unused)
{
    (void)unused;
    g_autoptr(GString) model = g_string_new("{'gameday': 1, 'services': {");
    for (int i = 0; i < 16000; i++)
        g_string_append_printf(model, "'s%d': {'workers': 1, 'operations': {'x': ['s%d.x']}}, ", i,
                               i + 1);
    g_string_append(model, "'s16000': {'workers': 1, 'operations': {'x': []}}}, 'clients': {'web': "
                           "{'at': 's0', 'arrivals': {'poisson': '1/s'}}}}");
    compiled c = compile_good(model->str, NULL);
    check_that(c.plan->n_sites == 16001, "%u", c.plan->n_sites);
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_members_is_nothing),
        cmocka_unit_test(test_names_do_not_move),
        cmocka_unit_test(test_defaults_of_a_service),
        cmocka_unit_test(test_fields_of_a_service),
        cmocka_unit_test(test_externals),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_placement),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_presets_are_halved),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
